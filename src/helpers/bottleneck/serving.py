"""Many users on one GPU, simulated: static batches against continuous batching."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .designs import StackDesign
from .scenario import seconds_of_reading, seconds_of_token

LENGTHS = (32, 512)  # tokens of a summary, drawn evenly between them


@dataclass
class Request:
    """A summary that a user waits for: `length` tokens of it, asked for at second `arrives`.

    tokens: the seconds at which its tokens came out
    """

    arrives: float
    length: int
    tokens: list[float] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Tell whether the last token is out."""
        return len(self.tokens) >= self.length

    @property
    def ttft(self) -> float:
        """Seconds to the first token, waiting included."""
        return self.tokens[0] - self.arrives

    @property
    def tpot(self) -> float:
        """Seconds per output token behind the first: (last − first) / (n − 1), n ≥ 2."""
        return (self.tokens[-1] - self.tokens[0]) / (len(self.tokens) - 1)


def requests(n: int, rate: float, seed: int) -> list[Request]:
    """Draw n requests, `rate` of them a second (Poisson arrivals); rate 0: all at second 0."""
    draw = np.random.default_rng(seed)
    lengths = draw.integers(LENGTHS[0], LENGTHS[1] + 1, n)
    gaps = draw.exponential(1 / rate, n) if rate else np.zeros(n)
    return [Request(float(at), int(k)) for at, k in zip(gaps.cumsum(), lengths, strict=True)]


def serve(
    asked: list[Request],
    slots: int,
    reading: float,
    token: Callable[[int], float],
    continuous: bool,
) -> None:
    """Serve the requests in their order, and note when each token comes out.

    reading: seconds to read one document   token: {batch size: seconds of one more token for each}
    static: a batch is filled while none runs, and it runs until its longest summary is done
    continuous: a finished request gives its slot to the next one at once
    """
    clock, waiting = 0.0, list(asked)
    batch: list[Request] = []
    while waiting or batch:
        may_enter = len(batch) < slots and (continuous or not any(r.tokens[1:] for r in batch))
        if may_enter and waiting and waiting[0].arrives <= clock:
            clock += reading
            batch.append(waiting.pop(0))
            batch[-1].tokens.append(clock)  # reading gives the first token
        elif batch:
            clock += token(len(batch))
            for request in batch:
                if not request.is_done:
                    request.tokens.append(clock)
        else:
            clock = waiting[0].arrives
        if continuous or all(request.is_done for request in batch):
            batch = [request for request in batch if not request.is_done]


def served(
    design: StackDesign,
    document: int,
    card: str,
    continuous: bool,
    *,
    slots: int = 16,
    n: int = 200,
    rate: float = 0.0,
    seed: int = 0,
) -> dict[str, float]:
    """Simulate a service with the lower bounds of the scenario as times.

    Returns {"throughput": tokens a second, "ttft_p50", "ttft_p95", "tpot_p50", "tpot_p95"}, in
    seconds, percentiles over the requests.
    """
    asked = requests(n, rate, seed)
    reading = seconds_of_reading(design, document, 0, card)
    times = [seconds_of_token(design, document, batch, card) for batch in range(slots + 1)]
    serve(asked, slots, reading, times.__getitem__, continuous)
    seconds = max(request.tokens[-1] for request in asked) - asked[0].arrives
    found = {"throughput": sum(request.length for request in asked) / seconds}
    for name in ("ttft", "tpot"):
        p50, p95 = np.percentile([getattr(request, name) for request in asked], [50, 95])
        found |= {f"{name}_p50": float(p50), f"{name}_p95": float(p95)}
    return found
