"""How far two markers agree who marked the same answers without knowing of each other.

    exact = share of the answers with the same points
    kappa = 1 - sum (x_i - y_i)^2 / (1/n sum_i sum_j (x_i - y_j)^2)

Cohen's kappa with quadratic weights (Cohen 1968): 1 where both always give the same, 0 where one
marker's points say nothing of the other's beyond how often each gives them.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# Of markers who know nothing, kappa is 0 on average with a standard error of about 1/sqrt(n): below
# 25 answers that is more than 0.2, and "fair agreement" (Landis & Koch 1977) may be nothing at all.
FEWEST = 25

Pairs = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Agreement:
    """Of n answers: the share with the same points; kappa, None if nothing varies; the bias.

    bias: how many points more the second marker gives on average
    """

    n: int
    exact: float
    kappa: float | None
    bias: float

    @property
    def too_few(self) -> bool:
        """Whether there are too few answers for kappa to say anything."""
        return self.n < FEWEST


def agreement(pairs: Pairs) -> Agreement | None:
    """Return how far (first, second) points agree; None where there are none."""
    if not pairs:
        return None
    exact = sum(abs(x - y) < 1e-9 for x, y in pairs) / len(pairs)
    bias = statistics.fmean(y - x for x, y in pairs)
    return Agreement(len(pairs), exact, weighted_kappa(pairs), bias)


def weighted_kappa(pairs: Pairs) -> float | None:
    """Return Cohen's kappa with quadratic weights; None where both give everybody the same."""
    seen = sum((x - y) ** 2 for x, y in pairs)
    expected = sum((x - y) ** 2 for x, _ in pairs for _, y in pairs) / len(pairs)
    return None if expected < 1e-12 else 1 - seen / expected
