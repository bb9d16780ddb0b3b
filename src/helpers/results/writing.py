"""What lesson 04's decoder writes while it learns, judged by the exact grammar.

    python -m helpers.results.writing

Writes writing.json after every run: {"runs": [{seed, judged: {step: [texts, valid, new, unseen]},
cpu_seconds}], "versions"}; the counts are those of samples.Judged, both languages together.  Runs
that are there are not made again.  About 4 minutes of one CPU core each (OMP_NUM_THREADS=1).
"""

import json
import time
from pathlib import Path
from typing import Any

from ..models import decoder, training
from ..world import samples
from ..world.corpus import LANGUAGES
from . import versions, write

FILE = Path(__file__).with_suffix(".json")
SEEDS, TEXTS = (0, 1), 500  # TEXTS: of each language, at every look
LOOKS = (100, 200, 400, 800, 1600, 3200, decoder.STEPS)  # after these steps


def run(seed: int, looks: tuple[int, ...] = LOOKS, texts: int = TEXTS) -> dict[str, Any]:
    """Train one decoder as the shipped one was trained, and judge what it writes on the way."""
    model, rows, judged = decoder.new(seed), decoder.rows(), {}
    known = set(decoder.TOKENIZER.batch_decode(rows, skip_special_tokens=True))

    def look(step: int) -> None:
        if step in looks:
            told = {lang: decoder.sample(model, lang, texts) for lang in LANGUAGES}
            counts = samples.both(samples.judge(told[lang], lang, known) for lang in LANGUAGES)
            judged[str(step)] = list(counts)

    started = time.process_time()
    batch = decoder.next_batch(rows, seed)
    training.train(model, batch, looks[-1], decoder.LEARNING_RATE, look)
    spent = round(time.process_time() - started)
    return {"seed": seed, "judged": judged, "cpu_seconds": spent}


def main(path: Path = FILE) -> int:
    """Make the runs that are not there."""
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []
    for seed in [seed for seed in SEEDS if seed not in [made["seed"] for made in runs]]:
        runs.append(run(seed))
        write(path, {"runs": runs, "versions": versions()}, indent=None)
        print(runs[-1], flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
