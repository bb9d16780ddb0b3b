"""A folder in which nbval runs notebooks by the rules of this course, and nothing else is there."""

import shutil
from pathlib import Path

import forked_kernels
from places import ROOT


def begun(root: Path) -> Path:
    """Put what nbval needs of the course into a folder, which needs notebooks yet."""
    kit = root / "tests" / "kit"
    kit.mkdir(parents=True)
    shutil.copy(ROOT / "conftest.py", root)
    for name in ("places", "turns", "kept_runs"):
        shutil.copy(ROOT / f"tests/kit/{name}.py", kit)
    forks = Path(forked_kernels.__file__).read_text(encoding="utf-8")
    assert '"torch"' in forks
    # these notebooks import nothing slow: only the kernel is imported for them
    (kit / "forked_kernels.py").write_text(f"{forks}\n\ndel PRELOADED[1:]\n", "utf-8")
    shutil.copytree(ROOT / "src" / "helpers", root / "src" / "helpers")
    return root
