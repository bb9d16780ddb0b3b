"""Lessons, sheets, experiments under each of PyTorch's CPU capabilities, with one thread and two.

Their sums are rounded in another order; so are those of the tests that compare what is computed.
TRIAD_ALL=1 runs it: over half an hour on two cores.
"""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from places import ROOT

from helpers import experiments
from helpers.language.say import COMPLETE as LANGUAGES
from helpers.launch import execution, runner

ALL = bool(os.environ.get("TRIAD_ALL"))
BEST = ""  # the widest instructions that this processor has
VARIANTS = list(product(("default", "avx2", BEST), (1, 2))) if ALL else []
NOTEBOOKS = [
    path
    for lang in LANGUAGES
    for pattern in (f"notebooks/{lang}/*.ipynb", f"solutions/{lang}/*/*.ipynb")
    for path in sorted(ROOT.glob(pattern))
]
COMPUTED = [  # tests that say "equal", and how nearly
    *("tests/helpers/instruments", "tests/helpers/test_any_model.py"),
    *(f"tests/helpers/models/test_{name}.py" for name in ("adam", "inside", "positions", "triad")),
    *(f"tests/helpers/kv_cache/test_{name}.py" for name in ("chunked", "writing_on")),
]
# PyTorch's own choice of instructions is not that of its libraries, of numpy's or of C's
LIBRARIES = {
    "default": {"MKL_CBWR": "COMPATIBLE", "ONEDNN_MAX_CPU_ISA": "SSE41"}
    | {"OPENBLAS_CORETYPE": "Prescott", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA"},
    "avx2": {"MKL_CBWR": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2", "OPENBLAS_CORETYPE": "Haswell"},
    BEST: {},
}
ONE_THREAD = "torch.set_num_threads(1)"  # what every lesson that computes says at its top
CAPABILITY = "import torch; print(torch.backends.cpu.get_cpu_capability())"


def settings(capability: str, threads: int) -> dict[str, str]:
    found = {"OMP_NUM_THREADS": f"{threads}", "MKL_NUM_THREADS": f"{threads}"}
    return found | ({"ATEN_CPU_CAPABILITY": capability} if capability else {})


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda v: f"{v[0] or 'best'}-{v[1]}")
def variant(request) -> tuple[dict[str, str], int]:
    """(environment, threads); skipped where the processor has no such instructions."""
    ours = settings(*request.param)
    command = [sys.executable, "-c", CAPABILITY]
    got = subprocess.check_output(command, env=os.environ | ours, encoding="utf-8").strip()
    if request.param[0] and got.lower() != request.param[0]:
        pytest.skip(f"this processor has {got}, not {request.param[0]}")
    return ours, request.param[1]


def name_of(notebook: Path) -> str:
    return "/".join(notebook.relative_to(ROOT).parts[:3])


@pytest.mark.parametrize("path", NOTEBOOKS if ALL else [], ids=name_of)
def test_a_notebook_holds(path, variant, tmp_path):
    ours, threads = variant
    copy, log = tmp_path / path.name, tmp_path / "claims.jsonl"
    text = path.read_text(encoding="utf-8")
    copy.write_text(text.replace(ONE_THREAD, f"torch.set_num_threads({threads})"), encoding="utf-8")
    env = runner.kernel_environment(tmp_path, log) | ours
    if path.is_relative_to(ROOT / "solutions"):
        env["TRIAD_STRICT"] = "claims,tasks"
    outcome = execution.execute(copy, env, limit_seconds=1800)
    assert outcome.failures == []


def test_what_is_computed_is_equal_as_nearly_as_it_is_said(variant):
    ours, threads = variant
    if threads > 1:
        pytest.skip("what a second thread changes, the notebooks show")
    capability = ours.get("ATEN_CPU_CAPABILITY", BEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *COMPUTED]
    env = os.environ | ours | LIBRARIES[capability]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout[-5000:]


@pytest.mark.parametrize("name", list(experiments.EXPERIMENTS) if ALL else [])
def test_an_experiment_runs(name, variant):
    command = [sys.executable, "-m", "helpers.experiments", name]
    done = subprocess.run(command, env=os.environ | variant[0], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
