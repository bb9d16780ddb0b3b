"""Pairs of submissions that are more alike than chance, which the class itself says.

    I(A) = Σ log₂(n / df) over the shingles of an answer A: what it says that others do not
    likeness of two answers to a task:  I(A ∩ B)² / max(I(A), I(B))
    X = −ln(share of the class's pairs that are at least as alike in this task)
    S = Σ X over the tasks;  listed where P(S or more) ≤ RATE / number of pairs

n students answered, df of them hold a shingle; one that nobody else has says nothing on a pair, so
that lines added to a copy change little.  P is that of pairs whose answers are drawn at
random in each task, independently of the other tasks: what permutations of the students within
each task would give, here without drawing, by convolution.  So a short task, in which many answers
are the same, adds next to nothing, and a single task never lists anybody.

Source: the rarity of a shingle is Spärck Jones 1972 (idf); the bound over all pairs, Bonferroni's.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .shingles import Shingles

RATE = 0.001  # of a thousand classes of independent answers, one would have a pair in the list
COMMON = 0.5  # of the class: a shingle that so many have tells nothing
STEP = 0.01  # of X, in the distribution of S
ROUNDS = 20  # at most, in each of which listed pairs are left out of what is chance


@dataclass(frozen=True)
class Pair:
    """Two students whose answers are alike in several tasks.

    unlikely: S.  tasks: {task: X}.
    """

    one: str
    other: str
    unlikely: float
    tasks: Mapping[str, float]


@dataclass(frozen=True)
class AlikePairs:
    """What a class's answers show: the pairs above the line, the most alike first.

    line: the least S that is listed; highest: that of all pairs, listed or not
    """

    pairs: tuple[Pair, ...]
    line: float
    highest: float
    n_pairs: int


def alike(answers: Mapping[str, Mapping[str, Shingles]]) -> AlikePairs:
    """Return the pairs above the line.  answers: {task: {student: shingles}}, less what all had.

    Who did not answer a task is alike with nobody in it.
    """
    students = sorted({student for of in answers.values() for student in of})
    at = np.triu_indices(len(students), 1)
    if not len(at[0]):
        return AlikePairs((), math.inf, 0.0, 0)
    likeness = {task: matrix(of, students)[at] for task, of in answers.items()}
    listed = np.zeros(len(at[0]), dtype=bool)
    for _ in range(ROUNDS):
        tasks, total, line = unlikely(likeness, listed)
        now = listed | (total >= line)
        if (now == listed).all() or now.all():
            break
        listed = now
    order = sorted(np.flatnonzero(listed), key=lambda k: -total[k])
    made = [Pair(students[at[0][k]], students[at[1][k]], float(total[k]),
                 {task: float(x[k]) for task, x in tasks.items()}) for k in order]  # fmt: skip
    return AlikePairs(tuple(made), line, float(total.max()), len(at[0]))


def unlikely(
    likeness: Mapping[str, np.ndarray], listed: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray, float]:
    """Return X of every pair by task, their sum S, and the line.  Listed pairs are no chance."""
    tasks = {task: surprise(values, values[~listed]) for task, values in likeness.items()}
    line = bound([x[~listed] for x in tasks.values()], len(listed))
    return tasks, np.sum([*tasks.values()], axis=0), line


def bits(answers: Mapping[str, Shingles]) -> dict[int, float]:
    """Return {shingle: log₂(n / df)}, of those that two hold and not most of the class."""
    df, n = Counter(shingle for found in answers.values() for shingle in found), len(answers)
    return {s: math.log2(n / m) for s, m in df.items() if 1 < m <= max(2, COMMON * n)}


def matrix(answers: Mapping[str, Shingles], students: Sequence[str]) -> np.ndarray:
    """Return how alike any two students' answers to one task are: (students, students), in bits.

    What both share, times its part of the answer that says more: a short answer that is the same
    throughout is more alike than two long ones that share as much.
    """
    told = bits(answers)
    column = {shingle: k for k, shingle in enumerate(told)}
    rows, columns = [], []
    for place, student in enumerate(students):
        mine = [column[s] for s in answers.get(student, ()) if s in column]
        rows += [place] * len(mine)
        columns += mine
    weights = np.sqrt(np.array([*told.values()]))
    held = sparse.csr_array((weights[columns], (rows, columns)), (len(students), len(told)))
    both = (held @ held.T).toarray()
    larger = np.maximum.outer(both.diagonal(), both.diagonal())
    found = np.divide(both**2, larger, out=np.zeros_like(both), where=larger > 0)
    return np.round(found, 3)  # sums in another order are the same


def surprise(values: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Return −ln of the share of the pairs of `chance` that are at least so alike.

    No share is less than one pair of all: what was never seen is not impossible.
    """
    ordered = np.sort(chance)
    at_least = len(ordered) - np.searchsorted(ordered, values, "left")
    return -np.log(np.maximum(at_least, 1) / max(1, len(ordered)))


def bound(chance: Sequence[np.ndarray], n_pairs: int) -> float:
    """Return the least S that randomly paired answers reach with RATE / n_pairs at most."""
    whole = np.ones(1)
    for x in chance:
        steps = np.ceil(np.round(x / STEP, 6)).astype(int)  # upwards: chance is not made less
        whole = np.convolve(whole, np.bincount(steps) / len(x))
    tail = np.cumsum(whole[::-1])[::-1]
    rare = np.flatnonzero(tail <= RATE / n_pairs * (1 + 1e-9))
    return float(rare[0] * STEP) if len(rare) else math.inf
