"""Japanese: です・ます, and what textlint finds (its rules: tools/node/textlint.json)."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..authoring.problems import Problem
from ..authoring.sentences import around, sentences, without_code
from ..authoring.texts import Text
from ..command import ROOT

CONFIGURATION = ROOT / "tools" / "node" / "textlint.json"
PLAIN = re.compile(r"[うくぐすつぬぶむるいただ]$")  # a verb or adjective; a noun may end a label
POLITE = re.compile(r"(です|ます|でした|ました|ましょう|でしょう|ください)$")
TEXTS = 100  # in one file: textlint's time grows with the square of a file's length
NO_SENTENCE = ("|", "#", "- ", "!")  # a row of a table, a heading, a list, a picture
IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
GAP = re.compile(r" ?\0 ?")  # a formula or a {value} may have spaces around it
WORDS = re.compile(r"[^ -~、。]+(?: [^ -~、。]+)+")  # a list for .split() is no sentence
# A fault for each kind of rule that we rely on: textlint must find every one in every run.
PLANTED = {
    "これは GPU のメモリです。": "ja-space-between-half-and-full-width",
    "引数 `mask` を渡します。": "ja-space-around-code",
    "計算することができます。": "ja-no-redundant-expression",
    "図が見れます。": "no-dropping-the-ra",
    "速くならないことはないです。": "no-double-negative-ja",
}


class LinterError(Exception):
    """textlint did not do its work, so nothing is known about the prose."""


def plain_forms(texts: Iterable[Text]) -> Iterator[Problem]:
    """Yield sentences that are not です・ます."""
    for text in texts:
        for offset, line in sentences(text) if text.lang == "ja" else ():
            start = text.words.split("\n")[offset]
            if line.endswith("。") and not (text.markdown and start.startswith(NO_SENTENCE)):
                for sentence in line.split("。"):
                    if PLAIN.search(sentence) and not POLITE.search(sentence):
                        what = f"not です・ます: 「{sentence[-16:]}。」"
                        yield text.problem(offset, what, "end in です or ます")


def textlint(texts: Iterable[Text], node: Path, rules: Path = CONFIGURATION) -> list[Problem]:
    """Return what textlint finds in all texts.  LinterError if it misses a planted fault.

    node: the folder where npm put its packages
    """
    japanese = [text for text in texts if text.lang == "ja"]
    if not japanese:
        raise LinterError("there is no text to read")
    parts = {
        f"{n}.md": [line for text in japanese[n : n + TEXTS] for line in _markdown(text)]
        for n in range(0, len(japanese), TEXTS)
    }
    with tempfile.TemporaryDirectory() as folder:
        contents = {name: "\n".join(line for _, _, line in part) for name, part in parts.items()}
        for name, content in (contents | {"planted.md": "\n\n".join(PLANTED)}).items():
            Path(folder, name).write_text(content, encoding="utf-8")
        found = _run(node, rules, *sorted(Path(folder).iterdir()))
    missed = set(PLANTED.values()) - {_rule(fault) for fault in found["planted.md"]}
    if missed:
        raise LinterError(f"textlint does not find the planted {', '.join(sorted(missed))}")
    return [
        _problem(parts[name][fault["line"] - 1], fault) for name in parts for fault in found[name]
    ]


def _markdown(text: Text) -> Iterator[tuple[Text, int, str]]:
    """Yield (text, line's offset, the line as textlint should read it)."""
    rest = IMAGE.sub("", without_code(text, code="`x`", formula="\0", value="\0"))
    for offset, line in enumerate(rest.split("\n")):
        if not WORDS.fullmatch(line):
            yield text, offset, GAP.sub("`x`", line)
        if not text.markdown:
            yield text, offset, ""
    yield text, 0, ""


def _run(node: Path, rules: Path, *files: Path) -> dict[str, list[dict]]:
    """Return {file name: textlint's messages}."""
    program = node / "node_modules/textlint/bin/textlint.js"
    options = ["--config", rules, "--rules-base-directory", node / "node_modules", *files]
    words = [shutil.which("node") or "node", program, "--format", "json", *options]
    done = subprocess.run([*map(str, words)], capture_output=True, encoding="utf-8", timeout=1800)
    try:
        found = {Path(one["filePath"]).name: one["messages"] for one in json.loads(done.stdout)}
    except ValueError:
        raise LinterError(f"textlint said: {done.stdout[-800:]}{done.stderr[-800:]}") from None
    if done.returncode not in (0, 1) or found.keys() != {file.name for file in files}:
        raise LinterError(f"textlint ended with {done.returncode}: {done.stderr[-800:]}")
    return found


def _rule(fault: dict) -> str:
    return fault["ruleId"].split("/")[-1]


def _problem(read: tuple[Text, int, str], fault: dict) -> Problem:
    text, offset, line = read
    place = around(line, fault["column"] - 1, fault["column"])
    what = f"{_rule(fault)} in 「{place}」: {' '.join(fault['message'].split())}"
    return text.problem(offset, what, "mend the sentence, or tune tools/node/textlint.json")
