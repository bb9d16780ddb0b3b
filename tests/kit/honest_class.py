# ruff: noqa: E501  (a way to write an answer stays on its line)
"""Answers to sheet 01 as students write them on their own: a grammar of different solutions.

Each student has habits that show in every task (methods or functions, temporaries, loops), so that
tasks are not independent: what the likeness of answers must bear without naming anybody.
"""

import random
from collections.abc import Callable

TASKS = ("merge", "window", "grouped", "packed")
COMMENTS = ("先算總和", "こちらが重み", "check the shape", "TODO", "這樣比較快", "形状に注意")
NAMES = [
    "w",
    "r",
    "s",
    "t",
    "u",
    "p",
    "m",
    "x1",
    "y1",
    "out_",
    "tmp",
    "res",
    "val",
    "big",
    "part",
    "left",
    "right",
    "acc",
    "total",
    "cur",
    "nxt",
]


class Student:
    """A pseudo-random student.

    habits: how each kind of choice is usually made; strength: how often the habit decides it.
    """

    def __init__(self, seed: object, strength: float = 2 / 3):
        self.random, self.strength = random.Random(f"{seed}"), strength
        self.habits = {kind: self.random.random() for kind in HABITS}
        self.names = self.random.sample(NAMES, len(NAMES))

    def pick(self, *options: str, by: str = "") -> str:
        """One of the options; by: the habit that may decide."""
        if by and self.random.random() < self.strength:
            return options[int(self.habits[by] * len(options))]
        return self.random.choice(options)

    # --- ways to write one thing -----------------------------------------------------------------

    def exp(self, x: str) -> str:
        return self.pick(f"({x}).exp()", f"torch.exp({x})", f"math.e ** ({x})", by="method")

    def wide(self, x: str) -> str:
        forms = f"({x})[..., None]", f"({x}).unsqueeze(-1)", f"torch.unsqueeze({x}, -1)"
        return self.pick(*forms, by="none")

    def let(self, lines: list[str], value: str) -> str:
        """The value itself, or a new name for it."""
        if self.pick("name", "inline", by="terse") == "inline":
            return f"({value})"
        name = f"{self.names[len(lines) % len(self.names)]}{len(lines)}"
        lines.append(f"{name} = {value}")
        return name

    def both(self, a: str, b: str) -> tuple[str, str]:
        return (a, b) if self.random.random() < 0.5 else (b, a)

    def times(self, a: str, b: str) -> str:
        a, b = self.both(a, b)
        return self.pick(f"{a} * {b}", f"{a} * {b}", f"torch.mul({a}, {b})", by="method")

    def plus(self, a: str, b: str) -> str:
        a, b = self.both(a, b)
        return self.pick(f"{a} + {b}", f"{a} + {b}", f"torch.add({a}, {b})", by="method")

    def column(self, n: str) -> str:
        return self.pick(f"torch.arange({n})[:, None]", f"torch.arange({n}).unsqueeze(1)",
                         f"torch.arange({n}).view(-1, 1)", f"torch.arange({n}).reshape({n}, 1)",
                         by="none")  # fmt: skip

    def also(self, a: str, b: str) -> str:
        a, b = self.both(f"({a})", f"({b})")
        return self.pick(f"{a} & {b}", f"torch.logical_and({a}, {b})", f"{a} * {b}", by="method")

    def either(self, a: str, b: str) -> str:
        a, b = self.both(f"({a})", f"({b})")
        return self.pick(f"{a} | {b}", f"torch.logical_or({a}, {b})", by="method")

    def least(self, a: str, b: str) -> str:
        return self.pick(f"{a} >= {b}", f"{b} <= {a}", f"{a} > {b} - 1", f"{b} < {a} + 1")

    def written(self, head: str, lines: list[str]) -> str:
        """The function with comments and lines that print, here and there."""
        made = [f"def {head}:"]
        for line in lines:
            if self.random.random() < 0.15:
                made.append(f"    # {self.random.choice(COMMENTS)}")
            made.append(f"    {line}")
        return "\n".join(made) + "\n"


HABITS = ("method", "none", "terse", "loop")


# --- merge ------------------------------------------------------------------------------------


def by_shares(s: Student) -> list[str]:
    lines: list[str] = []
    pair = "torch.stack([lse_a, lse_b])"
    whole = s.pick(
        "torch.logaddexp(lse_a, lse_b)",
        "torch.logaddexp(lse_b, lse_a)",
        f"torch.logsumexp({pair}, 0)",
        f"{pair}.logsumexp(dim=0)",
        "torch.stack((lse_a, lse_b), -1).logsumexp(-1)",
    )
    lines.append(f"lse = {whole}")
    a, b = s.let(lines, s.exp("lse_a - lse")), s.let(lines, s.exp("lse_b - lse"))
    if s.pick("rest", "own") == "rest":
        b = f"(1 - {a})"
    out = s.plus(s.times(s.wide(a), "out_a"), s.times(s.wide(b), "out_b"))
    return [*lines, f"return {out}, lse"]


def by_softmax(s: Student) -> list[str]:
    lines: list[str] = []
    both = s.let(lines, s.pick("torch.stack([lse_a, lse_b])", "torch.stack((lse_a, lse_b), dim=0)"))
    soft = s.pick(f"{both}.softmax(0)", f"torch.softmax({both}, 0)", f"F.softmax({both}, dim=0)",
                  by="method")  # fmt: skip
    weight = s.let(lines, soft)
    outs = s.let(lines, s.pick("torch.stack([out_a, out_b])", "torch.stack((out_a, out_b))"))
    mixed = s.pick(
        f"({s.wide(weight)} * {outs}).sum(0)",
        f"torch.sum({outs} * {s.wide(weight)}, dim=0)",
        f"torch.einsum('a...,a...d->...d', {weight}, {outs})",
        f"{s.wide(f'{weight}[0]')} * out_a + {s.wide(f'{weight}[1]')} * out_b",
    )
    lse = s.pick(
        f"{both}.logsumexp(0)", f"torch.logsumexp({both}, 0)", "torch.logaddexp(lse_a, lse_b)"
    )
    return [*lines, f"return {mixed}, {lse}"]


def by_largest(s: Student) -> list[str]:
    m = s.pick("torch.maximum(lse_a, lse_b)", "torch.max(lse_a, lse_b)", "lse_a.maximum(lse_b)",
               "torch.where(lse_a > lse_b, lse_a, lse_b)")  # fmt: skip
    lines = [f"m = {m}"]
    lines += [f"ea = {s.exp('lse_a - m')}", f"eb = {s.exp('lse_b - m')}"]
    total = s.let(lines, s.plus("ea", "eb"))
    log = s.pick(f"torch.log({total})", f"({total}).log()", by="method")
    over = s.pick("top", "each")
    if over == "top":
        top = s.plus(s.times(s.wide("ea"), "out_a"), s.times(s.wide("eb"), "out_b"))
        out = s.pick(f"({top}) / {s.wide(total)}", f"torch.div({top}, {s.wide(total)})")
    else:
        a, b = s.let(lines, f"ea / {total}"), s.let(lines, f"eb / {total}")
        out = s.plus(s.times(s.wide(a), "out_a"), s.times(s.wide(b), "out_b"))
    return [*lines, f"out = {out}", f"return out, {s.plus('m', log)}"]


def by_difference(s: Student) -> list[str]:
    lines: list[str] = []
    gap = s.let(lines, s.pick("lse_a - lse_b", "torch.sub(lse_a, lse_b)"))
    share = s.pick(f"torch.sigmoid({gap})", f"{gap}.sigmoid()", f"F.sigmoid({gap})",
                   f"1 / (1 + {s.exp(f'-{gap}')})", by="method")  # fmt: skip
    lines.append(f"share = {s.wide(share)}")
    out = s.pick("out_b + share * (out_a - out_b)", "share * out_a + (1 - share) * out_b",
                 "torch.lerp(out_b, out_a, share)", "out_a * share + out_b - share * out_b")  # fmt: skip
    lse = s.pick(f"lse_b + F.softplus({gap})", f"lse_a + F.softplus(-{gap})",
                 f"lse_a - F.logsigmoid({gap})", "torch.logaddexp(lse_a, lse_b)")  # fmt: skip
    return [*lines, f"return {out}, {lse}"]


# --- window -----------------------------------------------------------------------------------


def by_grid(s: Student) -> list[str]:
    lines = s.pick(f"i = {s.column('n')}\nj = torch.arange(n)",
                   "i, j = torch.meshgrid(torch.arange(n), torch.arange(n), indexing='ij')",
                   f"j = torch.arange(n)\ni = {s.column('n')}",
                   f"i, j = {s.column('n')}, torch.arange(n)[None, :]",
                   "j = torch.arange(n)\ni = j.view(n, 1)").split("\n")  # fmt: skip
    near = s.let(lines, s.pick("i - j < window", "window > i - j", "j > i - window",
                               "i - window < j", "i - j <= window - 1", "j + window > i"))  # fmt: skip
    first = s.let(lines, s.pick("j < n_global", "n_global > j", "j <= n_global - 1"))
    past = s.let(lines, s.least("i", "j"))
    if s.pick("or", "each") == "or":
        made = s.also(s.either(near, first), past)
    else:
        made = s.either(s.also(near, past), s.also(first, past))
    return [*lines, f"return {s.pick(made, f'({made}).bool()', f'({made}).to(torch.bool)')}"]


def by_triangles(s: Student) -> list[str]:
    ones = s.pick("torch.ones(n, n, dtype=torch.bool)", "torch.ones((n, n)).bool()",
                  "torch.full((n, n), True)", "torch.ones(n, n) > 0")  # fmt: skip
    lines = [f"full = {ones}"]
    band = s.pick("full.triu(1 - window)", "torch.triu(full, 1 - window)", "~full.tril(-window)",
                  "torch.triu(full, diagonal=-(window - 1))", by="method")  # fmt: skip
    lines.append(f"made = {band}")
    lines += s.pick("made[:, :n_global] = True", "made[:, 0:n_global] = 1",
                    "if n_global > 0:\n    made[:, :n_global] = True",
                    "made = made | (torch.arange(n) < n_global)",
                    "made.index_fill_(1, torch.arange(min(n, n_global)), True)").split("\n")  # fmt: skip
    return [*lines, s.pick("return made.tril()", "return torch.tril(made)",
                           "return made & full.tril()", "return made * torch.tril(full)",
                           by="method")]  # fmt: skip


def by_loops(s: Student) -> list[str]:
    lines = [
        f"mask = {s.pick('torch.zeros(n, n, dtype=torch.bool)', 'torch.zeros((n, n)).bool()', 'torch.full((n, n), False)')}"
    ]
    lines.append("for i in range(n):")
    inner = s.pick(
        "    for j in range(i + 1):\n        if i - j < window or j < n_global:\n"
        "            mask[i, j] = True",
        "    for j in range(n):\n        if j > i:\n            continue\n"
        "        mask[i, j] = i - j < window or j < n_global",
        "    mask[i, max(0, i - window + 1) : i + 1] = True\n    mask[i, : min(n_global, i + 1)] = True",
        "    start = max(i - window + 1, 0)\n    for j in range(start, i + 1):\n"
        "        mask[i][j] = True\n    for j in range(min(n_global, i + 1)):\n"
        "        mask[i][j] = True",
        "    for j in range(n):\n        near = 0 <= i - j < window\n"
        "        glob = j < n_global and j <= i\n        mask[i, j] = near or glob",
        "    lo = i - window\n    for j in range(0, i + 1):\n        if j > lo or n_global > j:\n"
        "            mask[i][j] = 1",
    )
    return [*lines, *inner.split("\n"), "return mask"]


def by_lists(s: Student) -> list[str]:
    test = s.pick("i - j < window or j < n_global", "j < n_global or i - j < window",
                  "j > i - window or j < n_global", "(j < n_global) | (i - j < window)")  # fmt: skip
    past = s.pick("j <= i", "i >= j", "not j > i", "i - j >= 0")
    rows = s.pick(f"[[{past} and ({test}) for j in range(n)] for i in range(n)]",
                  f"[[({test}) and {past} for j in range(n)] for i in range(n)]",
                  f"[[True if {past} and ({test}) else False for j in range(n)] for i in range(n)]")  # fmt: skip
    lines: list[str] = []
    rows = s.let(lines, rows)
    made = s.pick(
        "torch.tensor({0})", "torch.tensor({0}, dtype=torch.bool)", "torch.BoolTensor({0})"
    )
    return [*lines, f"return {made.format(rows)}"]


# --- grouped ----------------------------------------------------------------------------------


def heads(s: Student, w: str) -> str:
    """(d_model, n * dim) → (n, d_model, dim)"""
    return s.pick(f"{w}.view(len({w}), n_heads, -1).transpose(0, 1)",
                  f"{w}.reshape({w}.shape[0], n_heads, dim).permute(1, 0, 2)",
                  f"torch.stack({w}.chunk(n_heads, 1))", f"torch.stack({w}.split(dim, 1))",
                  f"torch.stack([{w}[:, h * dim : (h + 1) * dim] for h in range(n_heads)])",
                  f"{w}.unflatten(1, (n_heads, dim)).movedim(1, 0)")  # fmt: skip


def pooled(s: Student, w: str) -> str:
    """(n, d_model, dim) → (n_kv, d_model, dim)"""
    return s.pick(f"{w}.unflatten(0, (n_kv_heads, size)).mean(1)",
                  f"{w}.view(n_kv_heads, size, -1, dim).mean(dim=1)",
                  f"{w}.reshape(n_kv_heads, size, *{w}.shape[1:]).mean(1)",
                  f"torch.stack([{w}[g * size : (g + 1) * size].mean(0) for g in range(n_kv_heads)])",
                  f"torch.stack([p.mean(0) for p in {w}.split(size)])",
                  f"{w}.reshape(n_kv_heads, size, -1, dim).sum(1) / size")  # fmt: skip


def attention(s: Student, q: str, k: str, v: str) -> list[str]:
    if s.pick("own", "torch", by="method") == "torch":
        return [f"return F.scaled_dot_product_attention({q}, {k}, {v})"]
    back = s.pick(
        f"{k}.mT", f"{k}.transpose(-2, -1)", f"{k}.transpose(1, 2)", f"{k}.permute(0, 2, 1)"
    )
    scale = s.pick("math.sqrt(dim)", "dim**0.5", "torch.tensor(dim).sqrt()")
    scores = s.pick(f"{q} @ {back} / {scale}", f"torch.matmul({q}, {back}) / {scale}",
                    f"torch.bmm({q}, {back}) / {scale}",
                    f"torch.einsum('htd,hsd->hts', {q}, {k}) / {scale}")  # fmt: skip
    lines = [f"scores = {scores}"]
    soft = s.pick("scores.softmax(-1)", "torch.softmax(scores, dim=-1)", "F.softmax(scores, -1)",
                  by="method")  # fmt: skip
    return [*lines, s.pick(f"return {soft} @ {v}", f"return torch.matmul({soft}, {v})",
                           f"weights = {soft}\nreturn weights @ {v}",
                           f"weights = {soft}\nreturn torch.bmm(weights, {v})")]  # fmt: skip


def by_tensors(s: Student) -> list[str]:
    dim = s.pick("w_q.shape[1] // n_heads", "w_q.size(1) // n_heads", "w_k.shape[-1] // n_heads",
                 "int(w_q.shape[1] / n_heads)")  # fmt: skip
    lines = [
        f"dim = {dim}",
        f"size = {s.pick('n_heads // n_kv_heads', 'int(n_heads / n_kv_heads)')}",
    ]
    lines += [f"hq = {heads(s, 'w_q')}", f"hk = {heads(s, 'w_k')}", f"hv = {heads(s, 'w_v')}"]
    lines += [f"hk = {pooled(s, 'hk')}", f"hv = {pooled(s, 'hv')}"]
    widen = s.pick("{0}.repeat_interleave(size, 0)", "{0}.repeat_interleave(size, dim=0)",
                   "torch.repeat_interleave({0}, size, 0)", "{0}[torch.arange(n_heads) // size]",
                   "torch.stack([{0}[h // size] for h in range(n_heads)])")  # fmt: skip
    if s.pick("before", "after") == "before":
        lines += [f"hk = {widen.format('hk')}", f"hv = {widen.format('hv')}"]
        lines += ["q = x @ hq", "k = x @ hk", "v = x @ hv"]
    else:
        lines += [
            "q = x @ hq",
            f"k = {widen.format('(x @ hk)')}",
            f"v = {widen.format('(x @ hv)')}",
        ]
    return "\n".join([*lines, *attention(s, "q", "k", "v")]).split("\n")


def by_heads(s: Student) -> list[str]:
    dim = s.pick("w_q.shape[1] // n_heads", "w_q.size(1) // n_heads", "w_v.shape[-1] // n_heads")
    lines = [f"dim = {dim}", "size = n_heads // n_kv_heads", "found = []"]
    lines.append("for h in range(n_heads):")
    group = s.pick("h // size", "int(h / size)", "(h - h % size) // size")
    lines.append(f"    g = {group}")
    cut = s.pick("{0}[:, {1} * dim : ({1} + 1) * dim]", "{0}.narrow(1, {1} * dim, dim)",
                 "{0}[:, {1} * dim : {1} * dim + dim]", "{0}.split(dim, 1)[{1}]")  # fmt: skip
    mean = s.pick(
        "sum({c} for m in range(g * size, (g + 1) * size)) / size",
        "torch.stack([{c} for m in range(g * size, g * size + size)]).mean(0)",
        "torch.stack([{c} for m in range(n_heads) if m // size == g]).mean(dim=0)",
    )
    lines.append(f"    q = x @ {cut.format('w_q', 'h')}")
    lines.append(f"    k = x @ ({mean.format(c=cut.format('w_k', 'm'))})")
    lines.append(f"    v = x @ ({mean.format(c=cut.format('w_v', 'm'))})")
    if s.pick("own", "torch", by="method") == "torch":
        out = "F.scaled_dot_product_attention(q, k, v)"
    else:
        scale = s.pick("math.sqrt(dim)", "dim**0.5", "k.size(-1) ** 0.5")
        soft = s.pick("(q @ k.T / {0}).softmax(-1)", "torch.softmax(q @ k.T / {0}, dim=-1)",
                      "F.softmax(torch.matmul(q, k.T) / {0}, -1)")  # fmt: skip
        out = f"{soft.format(scale)} @ v"
    lines.append(f"    found.append({out})")
    return [*lines, s.pick("return torch.stack(found)", "return torch.stack(found, dim=0)",
                           "return torch.cat([one[None] for one in found])")]  # fmt: skip


# --- packed -----------------------------------------------------------------------------------


def by_numbers(s: Student) -> list[str]:
    ids = s.pick(
        "torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))",
        "torch.arange(len(lengths)).repeat_interleave(torch.tensor(lengths))",
        "torch.cat([torch.full((m,), k) for k, m in enumerate(lengths)])",
        "torch.tensor([k for k, m in enumerate(lengths) for _ in range(m)])",
        "torch.tensor(sum([[k] * m for k, m in enumerate(lengths)], []))",
    )
    lines = [f"doc = {ids}"]
    same = s.let(lines, s.pick("doc[:, None] == doc", "doc.unsqueeze(1) == doc.unsqueeze(0)",
                               "doc[:, None] == doc[None, :]", "doc.view(-1, 1).eq(doc)",
                               "(doc[:, None] - doc) == 0", by="none"))  # fmt: skip
    past = s.pick(f"({same}).tril()", f"torch.tril({same})",
                  f"({same}) & torch.ones(len(doc), len(doc)).tril().bool()", by="method")  # fmt: skip
    lines.append(f"mask = {past}")
    return [*lines, *positions(s)]


def positions(s: Student) -> list[str]:
    return s.pick(
        "return mask, torch.cat([torch.arange(m) for m in lengths])",
        "pos = torch.tensor([k for m in lengths for k in range(m)])\nreturn mask, pos",
        "pos = torch.cat([torch.arange(m) for m in lengths])\nreturn mask, pos",
        "return mask, mask.sum(1) - 1",
        "return mask, torch.hstack([torch.arange(0, m) for m in lengths])",
        "pos = []\nfor m in lengths:\n    pos += list(range(m))\nreturn mask, torch.tensor(pos)",
        "pos = []\nfor m in lengths:\n    pos.extend(range(m))\nreturn mask, torch.tensor(pos)",
        "start = torch.tensor([0, *lengths[:-1]]).cumsum(0)\n"
        "pos = torch.arange(sum(lengths)) - start.repeat_interleave(torch.tensor(lengths))\n"
        "return mask, pos",
    ).split("\n")


def by_blocks(s: Student) -> list[str]:
    if s.pick("diag", "fill", "fill", by="method") == "diag":
        one = s.pick("torch.ones(m, m).tril().bool()", "torch.tril(torch.ones(m, m)).bool()",
                     "torch.ones(m, m, dtype=torch.bool).tril()",
                     "torch.arange(m)[:, None] >= torch.arange(m)")  # fmt: skip
        call = s.pick("torch.block_diag(*[{0} for m in lengths])",
                      "torch.block_diag(*({0} for m in lengths))")  # fmt: skip
        return [f"mask = {call.format(one)}.bool()", *positions(s)]
    size = s.pick("sum(lengths)", "int(torch.tensor(lengths).sum())")
    lines = [
        f"n = {size}",
        f"mask = {s.pick('torch.zeros(n, n, dtype=torch.bool)', 'torch.zeros((n, n)).bool()', 'torch.full((n, n), False)')}",
    ]
    lines += [s.pick("at = 0", "at = int(0)"), "for m in lengths:"]
    lines += s.pick(
        "    mask[at : at + m, at : at + m] = torch.ones(m, m).tril().bool()\n    at += m",
        "    for i in range(m):\n        for j in range(i + 1):\n            mask[at + i, at + j] = True\n    at += m",
        "    for i in range(at, at + m):\n        mask[i, at : i + 1] = True\n    at = at + m",
        "    end = at + m\n    mask[at:end, at:end] = True\n    at = end",
        "    for i in range(at, at + m):\n        for j in range(at, i + 1):\n            mask[i][j] = 1\n    at += m",
    ).split("\n")
    return [*lines, s.pick("mask = mask.tril()", "mask = torch.tril(mask)"), *positions(s)]


Way = Callable[[Student], list[str]]
WAYS: dict[str, tuple[str, tuple[Way, ...]]] = {
    "merge": (
        "merge(out_a, lse_a, out_b, lse_b)",
        (by_shares, by_softmax, by_largest, by_difference),
    ),
    "window": ("window_mask(n, window, n_global=0)", (by_grid, by_triangles, by_loops, by_lists)),
    "grouped": ("grouped(x, w_q, w_k, w_v, n_heads, n_kv_heads)", (by_tensors, by_heads)),
    "packed": ("packed(lengths)", (by_numbers, by_blocks)),
}


def code(student: Student, task: str) -> str:
    head, ways = WAYS[task]
    way = ways[int(student.pick(*map(str, range(len(ways))), by="loop"))]
    return student.written(head, way(student))


# --- essay ------------------------------------------------------------------------------------

POINTS = """
這段話｜這個意見｜作者｜他的說法 / 有一部分｜大致｜前半 / 說得通｜是對的｜沒有錯｜可以接受
  / ，｜，畢竟｜，因為 / 權重確實是混合的比例｜輸出就是值的加權平均｜比例大的詞元，值也混得多
不過｜但是｜可是｜然而 / 權重大｜權重高｜分到 0.8 / 不等於｜不代表｜不能證明 / 那個詞元很重要｜少了它就不行｜答案靠它決定
  / ，｜； / 遮住之後才知道｜要做遮住的實驗｜得拿掉它再看一次
第 1 課｜我們｜上課時｜實驗裡 / 把句號遮住｜遮掉權重最大的鍵｜拿掉最亮的那一格
  / ，機率｜，輸出的機率｜，正確答案的機率 / 只從 0.91 變成 0.90｜幾乎沒有變｜差不到百分之一
另外｜還有｜此外｜再說 / 同一層有好幾個頭｜別的頭也會搬資訊｜資訊可以繞別的路
  / ，｜，所以 / 只看一張圖不夠｜一張圖看不出全部｜不能只憑一個頭下結論
值的大小｜值的長度｜V 的內容 / 也要算進去｜同樣有影響｜不能忽略
  / ：｜， / 權重大但值很小，貢獻還是小｜值接近 0 的話，搬過來的也是 0｜要看權重乘上值
殘差連接｜殘差 / 讓原來的資訊留著｜會把前一層直接帶過來｜不經過注意力
  / ，｜，因此 / 圖上看不到這條路｜權重畫不出來｜光看權重會漏掉
總之｜結論是｜所以我認為｜因此 / 權重圖｜注意力圖｜那張圖 / 可以拿來猜｜適合提出假設｜是線索
  / ，｜，但 / 要用實驗確認｜不能當成證據｜還得驗證
小模型的結果｜這裡的數字｜我們的例子 / 不一定｜未必 / 適用於大模型｜能推到別的句子｜到處都成立
  / ，｜； / 換一句要重測｜最好多試幾句｜要看更多資料
"""  # each point: what may stand in its first place, in its second, …


def points() -> list[list[list[str]]]:
    whole = POINTS.strip().replace("\n  /", " /").splitlines()
    return [[place.split("｜") for place in line.split(" / ")] for line in whole]


def essay(student: Student) -> str:
    chosen = student.random.sample(points(), student.random.randint(4, 7))
    return "。".join("".join(map(student.random.choice, point)) for point in chosen) + "。"


def answers(seed: object, strength: float = 2 / 3) -> dict[str, str]:
    """All answers of one student."""
    student = Student(seed, strength)
    return {task: code(student, task) for task in TASKS} | {"essay": essay(student)}


def honest(n: int, seed: object, strength: float = 2 / 3) -> dict[str, dict[str, str]]:
    """{student: answers} of a class in which everybody worked alone."""
    return {f"s{k:04}": answers(f"{seed}/{k}", strength) for k in range(n)}
