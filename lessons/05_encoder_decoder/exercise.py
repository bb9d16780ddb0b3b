# %% [markdown] key="title" lang="ja"
# # 演習05：T5の部品を作る
#
# レッスン05の考え方を使い、T5の学習と計算に必要な3つの部品を書きます。答えはレッスンにも補助モジュールにもない、一歩進んだ問題です。
#
# | 課題 | 内容 | 配点 |
# |---|---|---|
# | `restore` | span corruptionの入力と出力側から、もとの系列を復元する | 3 |
# | `teacher_forcing` | 長さの違う正解の集まりから、デコーダーの入力とラベルを作る | 2 |
# | `bucket` | T5の相対位置のバケット | 3 |
# | 記述 | 「満点のモデル」についての意見を検討する | 4 |
#
# 目安は60分です。`raise NotImplementedError`の行を消して、そこにコードを書きましょう。すぐ下の確認セルを実行すると、「未完成」「おしい」「正解」のどれかとヒントが表示されます。コードが途中で止まったときは、エラーの内容が表示されます。提出後の採点では、別の入力でも確かめます。

# %% [markdown] key="title" lang="zh-tw"
# # 練習 05：製作 T5 的零件
#
# 運用第 05 課學到的想法，寫出 T5 訓練和計算時需要的三個零件。答案不在課文裡，也不在輔助模組裡：每一題都要再往前想一步。
#
# | 題目 | 內容 | 配分 |
# |---|---|---|
# | `restore` | 從 span corruption 的輸入和輸出，還原原本的序列 | 3 |
# | `teacher_forcing` | 從長度不同的正確答案，做出解碼器的輸入和標籤 | 2 |
# | `bucket` | T5 相對位置的 bucket | 3 |
# | 問答題 | 評論一段關於「滿分模型」的意見 | 4 |
#
# 大約需要 60 分鐘。請刪掉 `raise NotImplementedError` 那一行，把程式碼寫在那裡，再執行緊接在下面的檢查儲存格，就會看到「尚未作答」、「還差一點」或「答對了」，以及小提示。程式執行到一半出錯時，會顯示錯誤內容。繳交後批改時，還會用別的輸入再檢查一次。

# %% key="imports"
import math
import random

import torch

from helpers.classroom import check

torch.set_num_threads(1)

# %% [markdown] key="restore-text" lang="ja"
# ## 課題1：`restore`（3点）
#
# span corruptionの入力`source`と出力側`target`から、もとの系列を復元してください。どちらも文字列のリストで、要素1つが1トークンです。目印（センチネルトークン）は`<extra_id_0>`、`<extra_id_1>`、…です。
#
# 出力側はモデルが書くこともあり、正しい形とは限りません。次の場合は`None`を返してください。
#
# - 出力側が目印で始まっていない
# - `source`の目印の並びと、`target`の目印の並び（最後の1つを除く）が一致しない
# - `target`の最後のトークンが、次の番号の目印ではない（`source`の目印が $n$ 個なら、番号は $n$）
#
# 抜いた区間の長さは0でもかまいません（モデルは、何も書かずに次の目印を書くことがあります）。
#
# 例：`source = ["A", "<extra_id_0>", "D"]`、`target = ["<extra_id_0>", "B", "C", "<extra_id_1>"]`なら、`["A", "B", "C", "D"]`です。

# %% [markdown] key="restore-text" lang="zh-tw"
# ## 第 1 題：`restore`（3 分）
#
# 請從 span corruption 的輸入 `source` 和輸出 `target`，還原原本的序列。兩者都是字串的串列，一個元素是一個詞元。記號（哨兵詞元）是 `<extra_id_0>`、`<extra_id_1>`、……
#
# 輸出也可能是模型寫出來的，形式不一定正確。遇到下列情形，請回傳 `None`。
#
# - 輸出不是以記號開頭
# - 依序列出 `source` 的記號和 `target` 的記號（不含最後一個），兩者不一致
# - `target` 的最後一個詞元，不是下一個編號的記號（`source` 的記號有 $n$ 個時，編號是 $n$）
#
# 挖掉的片段長度可以是 0（模型有可能什麼都不寫，就接著寫下一個記號）。
#
# 例如：`source = ["A", "<extra_id_0>", "D"]`、`target = ["<extra_id_0>", "B", "C", "<extra_id_1>"]` 時，答案是 `["A", "B", "C", "D"]`。


# %% key="restore" task="restore"
def restore(source, target):
    """source, target: list[str] → list[str], None"""
    ### BEGIN SOLUTION
    spans, marks = [], []
    for token in target:
        if token.startswith("<extra_id_"):
            marks.append(token)
            spans.append([])
        elif spans:
            spans[-1].append(token)
        else:
            return None
    expected = [token for token in source if token.startswith("<extra_id_")]
    if marks != [*expected, f"<extra_id_{len(expected)}>"] or spans[-1]:
        return None
    filling = dict(zip(marks, spans, strict=True))
    return [piece for token in source for piece in filling.get(token, [token])]
    ### END SOLUTION


# %% key="restore-check" points=3
def corrupted(tokens, holes):
    T(
        ja="""holes：抜く区間（始まり、終わり）→ 入力、出力側""",
        zh_tw="""holes：要挖掉的片段（起點、終點）→ 輸入、輸出""",
    )
    source, target, at = [], [], 0
    for n, (start, end) in enumerate(holes):
        source += [*tokens[at:start], f"<extra_id_{n}>"]
        target += [f"<extra_id_{n}>", *tokens[start:end]]
        at = end
    return source + tokens[at:], [*target, f"<extra_id_{len(holes)}>"]


with check.task("restore"):
    tokens = list("健太昨天在公園讀三本書")
    check.that(
        restore(*corrupted(tokens, [(2, 4)])) == tokens,
        hint=T(
            ja="目印が1つの、いちばん簡単な場合です。目印の場所に、抜いたトークンを全部入れましょう。",
            zh_tw="這是只有一個記號、最簡單的情形。請把挖掉的詞元全部放回記號的位置。",
        ),
    )
    check.that(
        restore(*corrupted(tokens, [(0, 3), (4, 5), (7, 11)])) == tokens,
        hint=T(
            ja="目印が3つの場合です。それぞれの区間は、同じ目印の場所に戻ります。端の区間も確かめましょう。",
            zh_tw="這是有 3 個記號的情形。每個片段都要回到同樣記號的位置；也要注意頭尾的片段。",
        ),
    )
    check.that(
        restore(*corrupted(tokens, [(1, 1), (3, 6)])) == tokens,
        hint=T(
            ja="長さ0の区間があると、結果が違います。区間の数と目印の数を、別々に数えていないでしょうか。",
            zh_tw="有長度 0 的片段時，結果不對。是不是把片段的個數和記號的個數分開數了？",
        ),
    )
    many = [str(n) for n in range(60)]
    check.that(
        restore(*corrupted(many, [(4 * n, 4 * n + 2) for n in range(12)])) == many,
        hint=T(
            ja="目印が12個の場合です。文字列として並べると、10番は2番より前に来ます。",
            zh_tw="這是有 12 個記號的情形。當成字串排序的話，10 號會排在 2 號前面。",
        ),
    )
    source, target = corrupted(tokens, [(0, 3), (5, 7)])
    check.that(
        restore(source, target[:-1]) is None and restore(source, [*target, "書"]) is None,
        hint=T(
            ja="出力側の終わりが正しくないときは、Noneを返します。最後の目印の番号と、そのあとにトークンがないかを確かめましょう。",
            zh_tw="輸出的結尾不對時，要回傳 None。請檢查最後一個記號的編號，以及它後面有沒有詞元。",
        ),
    )
    swapped = ["<extra_id_1>", "讀", "<extra_id_0>", "昨", "<extra_id_2>"]
    check.that(
        restore(source, swapped) is None and restore(source, ["昨", *target]) is None,
        hint=T(
            ja="目印の順番が違うときや、目印の前にトークンがあるときも、Noneを返します。",
            zh_tw="記號的順序不對，或是記號前面還有詞元時，也要回傳 None。",
        ),
    )
    ### BEGIN HIDDEN TESTS
    rng = random.Random(4)
    for _ in range(30):
        tokens = [str(rng.randrange(9)) for _ in range(rng.randrange(5, 80))]
        cuts = sorted(rng.choices(range(len(tokens) + 1), k=2 * rng.randrange(1, 14)))
        source, target = corrupted(tokens, list(zip(cuts[::2], cuts[1::2], strict=True)))
        hidden = T(ja="別の系列でも確かめてみましょう。", zh_tw="請用其他的序列再檢查一次。")
        check.that(restore(source, target) == tokens, hint=hidden)
        check.that(restore([*source, "<extra_id_99>"], target) is None, hint=hidden)
        check.that(restore(source, target[1:]) is None, hint=hidden)
    ### END HIDDEN TESTS


# %% key="restore-wrong-first-token-only" wrong="restore"
def restore(source, target):
    first = {a: target[n + 1] for n, a in enumerate(target[:-1]) if a.startswith("<extra")}
    return [first.get(token, token) for token in source]


# %% key="restore-wrong-sorted" wrong="restore"
def restore(source, target):
    spans, mark = {}, None
    for token in target:
        if token.startswith("<extra_id_"):
            mark = token
            spans[mark] = []
        else:
            spans[mark].append(token)
    pieces = iter([spans[mark] for mark in sorted(spans)])
    return [x for t in source for x in (next(pieces) if t.startswith("<extra_id_") else [t])]


# %% key="restore-wrong-no-empty" wrong="restore"
def restore(source, target):
    text = "\n".join("|" if token.startswith("<extra_id_") else token for token in target)
    spans = [piece.split() for piece in text.split("|") if piece.strip()]
    pieces = iter(spans)
    return [x for t in source for x in (next(pieces, []) if t.startswith("<extra_id_") else [t])]


# %% key="restore-wrong-trusting" wrong="restore"
def restore(source, target):
    spans, mark = {}, None
    for token in target:
        if token.startswith("<extra_id_"):
            mark = token
            spans[mark] = []
        else:
            spans.setdefault(mark, []).append(token)
    return [x for token in source for x in spans.get(token, [token])]


# %% key="restore-wrong-only-the-end-is-checked" wrong="restore"
def restore(source, target):
    spans, marks = {}, []
    for token in target:
        if token.startswith("<extra_id_"):
            marks.append(token)
            spans[token] = []
        elif marks:
            spans[marks[-1]].append(token)
    n = sum(token.startswith("<extra_id_") for token in source)
    if target[-1] != f"<extra_id_{n}>":
        return None
    return [x for token in source for x in spans.get(token, [token])]


# %% [markdown] key="forcing-text" lang="ja"
# ## 課題2：`teacher_forcing`（2点）
#
# 学習では、正解を1つ右にずらしてデコーダーに入力します（教師強制、teacher forcing）。長さの違う正解をまとめたバッチから、次の2つのテンソルを、この順のタプルで返してください。dtypeはどちらも`torch.int64`、形状は`(B, T + 1)`です（`B`は正解の数、`T`は最も長い正解の長さ）。
#
# - デコーダーの入力：先頭は`start`、そのあとに正解が続く。余りは`pad`
# - ラベル：正解のあとに、終わりの`eos`が付く。余りは`-100`（損失の計算で無視される番号）
#
# 引数`targets`は、整数のリストのリストです。
#
# 例：`targets=[[7, 8, 9], [5]]`、`start=0`、`eos=1`、`pad=0`のとき、入力とラベルは次のとおりです。
#
# ```
# 0 7 8 9      7 8 9    1
# 0 5 0 0      5 1 -100 -100
# ```

# %% [markdown] key="forcing-text" lang="zh-tw"
# ## 第 2 題：`teacher_forcing`（2 分）
#
# 訓練時，會把正確答案往右移一格，輸入解碼器（教師強迫，teacher forcing）。請把一批長度不同的正確答案，做成下面兩個張量，依序用 tuple 回傳。dtype 都是 `torch.int64`，形狀是 `(B, T + 1)`（`B` 是答案的數量，`T` 是最長的答案的長度）。
#
# - 解碼器的輸入：第一個是 `start`，後面接答案；剩下的位置填 `pad`
# - 標籤：答案後面加上表示結束的 `eos`；剩下的位置填 `-100`（計算損失時會忽略的編號）
#
# 引數 `targets` 是整數串列的串列。
#
# 例如：`targets=[[7, 8, 9], [5]]`、`start=0`、`eos=1`、`pad=0` 時，輸入和標籤如下。
#
# ```
# 0 7 8 9      7 8 9    1
# 0 5 0 0      5 1 -100 -100
# ```


# %% key="forcing" task="teacher_forcing"
def teacher_forcing(targets, start, eos, pad):
    """targets: list[list[int]] → inputs (B, T + 1), labels (B, T + 1), T = max(len)"""
    ### BEGIN SOLUTION
    size = max(map(len, targets)) + 1
    inputs = torch.full((len(targets), size), pad)
    labels = torch.full((len(targets), size), -100)
    for row, ids in enumerate(targets):
        inputs[row, : len(ids) + 1] = torch.tensor([start, *ids])
        labels[row, : len(ids) + 1] = torch.tensor([*ids, eos])
    return inputs, labels
    ### END SOLUTION


# %% key="forcing-check" points=2
with check.task("teacher_forcing"):
    inputs, labels = check.unpack(teacher_forcing([[7, 8, 9], [5]], 2, 1, 0), 2)
    check.shape(inputs, (2, 4), torch.int64)
    check.shape(labels, (2, 4), torch.int64)
    check.equal(
        inputs[:1],
        torch.tensor([[2, 7, 8, 9]]),
        hint=T(
            ja="いちばん長い正解の入力です。先頭はstartで、同じ位置のラベルはまだ見せません。",
            zh_tw="這是最長的答案的輸入。第一個是 start；不能讓模型先看到同一個位置的標籤。",
        ),
    )
    check.equal(
        labels[:1],
        torch.tensor([[7, 8, 9, 1]]),
        hint=T(
            ja="モデルは、いつ書き終えるかも学びます。ラベルの最後は何でしょうか。",
            zh_tw="模型也要學會什麼時候該停筆。標籤的最後應該是什麼？",
        ),
    )
    check.equal(
        labels[1:],
        torch.tensor([[5, 1, -100, -100]]),
        hint=T(
            ja="短い正解の余りです。padの番号のままだと、パディングも損失に入ってしまいます。",
            zh_tw="這是較短的答案剩下的位置。如果是 pad 的編號，填補的部分也會算進損失。",
        ),
    )
    check.equal(
        inputs[1:],
        torch.tensor([[2, 5, 0, 0]]),
        hint=T(
            ja="入力に、埋め込みのない番号（-100）や、終わりの番号が混ざっていないでしょうか。",
            zh_tw="輸入裡是不是混進了沒有嵌入的編號（-100），或是表示結束的編號？",
        ),
    )
    ### BEGIN HIDDEN TESTS
    for targets, start, eos, pad in (
        ([[3], [3, 4, 5, 6], [9, 9]], 0, 1, 0),
        ([[], [4]], 8, 2, 7),
        ([[5, 5, 5]], 0, 5, 0),
    ):
        size = max(map(len, targets)) + 1
        want = [
            [[start, *ids] + [pad] * (size - 1 - len(ids)) for ids in targets],
            [[*ids, eos] + [-100] * (size - 1 - len(ids)) for ids in targets],
        ]
        hidden = T(ja="別のバッチでも確かめてみましょう。", zh_tw="請用其他的批次再檢查一次。")
        for got, rows in zip(check.unpack(teacher_forcing(targets, start, eos, pad), 2), want):
            check.equal(got, torch.tensor(rows), hint=hidden)
    ### END HIDDEN TESTS


# %% key="forcing-wrong-not-shifted" wrong="teacher_forcing"
def teacher_forcing(targets, start, eos, pad):
    size = max(map(len, targets)) + 1
    labels = torch.tensor([[*ids, eos] + [-100] * (size - 1 - len(ids)) for ids in targets])
    return labels.masked_fill(labels == -100, pad), labels


# %% key="forcing-wrong-no-end" wrong="teacher_forcing"
def teacher_forcing(targets, start, eos, pad):
    size = max(map(len, targets)) + 1
    inputs = torch.tensor([[start, *ids] + [pad] * (size - 1 - len(ids)) for ids in targets])
    labels = torch.tensor([[*ids] + [-100] * (size - len(ids)) for ids in targets])
    return inputs, labels


# %% key="forcing-wrong-padding-counts" wrong="teacher_forcing"
def teacher_forcing(targets, start, eos, pad):
    size = max(map(len, targets)) + 1
    inputs = torch.tensor([[start, *ids] + [pad] * (size - 1 - len(ids)) for ids in targets])
    labels = torch.tensor([[*ids, eos] + [pad] * (size - 1 - len(ids)) for ids in targets])
    return inputs, labels


# %% key="forcing-wrong-shifted-labels" wrong="teacher_forcing"
def teacher_forcing(targets, start, eos, pad):
    size = max(map(len, targets)) + 1
    labels = torch.tensor([[*ids, eos] + [-100] * (size - 1 - len(ids)) for ids in targets])
    inputs = labels.roll(1, dims=1)
    inputs[:, 0] = start
    return inputs, labels


# %% [markdown] key="bucket-text" lang="ja"
# ## 課題3：`bucket`（3点）
#
# T5の相対位置バイアスは、距離を少数のバケットにまとめ、バケットごと、ヘッドごとに1つの数を学習します（Raffel et al. 2020、§2.1）。整数の距離`relative`（キーの位置−クエリの位置）から、バケットの番号（`int`）を返してください。
#
# まず、どちらの向きかを決めます。
#
# - `causal=False`（エンコーダー）：バケットの前半を0以下の距離に、後半を正の距離に使う。それぞれの側の個数は $m = \lfloor N/2 \rfloor$。距離の絶対値を $r$ とし、正の距離なら番号に $m$ を足す
# - `causal=True`（デコーダー）：未来は参照しないので、正の距離は $r = 0$ とする。負の距離は $r = -$`relative`。個数は $m = N$
#
# $N$ は引数`n_buckets`、$D$ は`max_distance`です。次に、その側の中の番号を決めます。$e = \lfloor m/2 \rfloor$ とします。
#
# - $r < e$ なら、番号は $r$
# - それ以外なら、番号は $e + \left\lfloor \frac{\log(r/e)}{\log(D/e)} (m - e) \right\rfloor$。ただし、$m - 1$ を超えない
#
# 例：$N = 8$、$D = 16$、`causal=False`のとき、距離が −20から4までの一部は次のとおりです。
#
# | 距離 | −20 | −6 | −5 | −2 | −1 | 0 | 1 | 2 | 4 |
# |---|---|---|---|---|---|---|---|---|---|
# | 番号 | 3 | 3 | 2 | 2 | 1 | 0 | 5 | 6 | 6 |

# %% [markdown] key="bucket-text" lang="zh-tw"
# ## 第 3 題：`bucket`（3 分）
#
# T5 的相對位置偏差，會把距離合併成少數幾個 bucket，每個頭的每個 bucket 各學一個數（Raffel et al. 2020，§2.1）。請從整數的距離 `relative`（鍵的位置減查詢的位置），回傳 bucket 的編號（`int`）。
#
# 先決定方向。
#
# - `causal=False`（編碼器）：前半的 bucket 給小於或等於 0 的距離，後半給正的距離；每一邊各有 $m = \lfloor N/2 \rfloor$ 個。距離的絕對值是 $r$；如果距離是正的，編號要加上 $m$
# - `causal=True`（解碼器）：看不到未來，所以正的距離當成 $r = 0$；負的距離是 $r = -$`relative`。個數是 $m = N$
#
# $N$ 是引數 `n_buckets`，$D$ 是 `max_distance`。接著決定在這一邊裡的編號。設 $e = \lfloor m/2 \rfloor$。
#
# - $r < e$ 時，編號是 $r$
# - 其他情形，編號是 $e + \left\lfloor \frac{\log(r/e)}{\log(D/e)} (m - e) \right\rfloor$，但不超過 $m - 1$
#
# 例如：$N = 8$、$D = 16$、`causal=False` 時，距離從 −20 到 4 的一部分如下。
#
# | 距離 | −20 | −6 | −5 | −2 | −1 | 0 | 1 | 2 | 4 |
# |---|---|---|---|---|---|---|---|---|---|
# | 編號 | 3 | 3 | 2 | 2 | 1 | 0 | 5 | 6 | 6 |


# %% key="bucket" task="bucket"
def bucket(relative, n_buckets, max_distance, causal=False):
    """relative: int → int, 0 … n_buckets - 1"""
    ### BEGIN SOLUTION
    side, first = (n_buckets, 0) if causal else (n_buckets // 2, 0)
    if causal:
        r = max(0, -relative)
    else:
        r, first = abs(relative), side if relative > 0 else 0
    exact = side // 2
    if r < exact:
        return first + r
    far = math.log(r / exact) / math.log(max_distance / exact) * (side - exact)
    return first + min(exact + int(far), side - 1)
    ### END SOLUTION


# %% key="bucket-check" points=3
def numbers(distances, *settings, **named):
    return [bucket(d, *settings, **named) for d in distances]


with check.task("bucket"):
    check.that(
        numbers([0, -1, -2, -3], 16, 64) == [0, 1, 2, 3],
        hint=T(
            ja="近い距離は、1つずつ別の番号です。その側の個数mと、1つずつ分ける個数eを確かめましょう。",
            zh_tw="近的距離，各有各的編號。請確認這一邊的個數 m，以及逐一分開的個數 e。",
        ),
    )
    check.that(
        numbers([1, 2, 3], 16, 64) == [9, 10, 11],
        hint=T(
            ja="正の距離です。後半のバケットは、何番から始まるでしょうか。",
            zh_tw="這是正的距離。後半的 bucket 從幾號開始？",
        ),
    )
    check.that(
        numbers([-100, 100], 16, 64) == [7, 15],
        hint=T(
            ja="とても遠い距離です。どちらの側の番号も、その側の個数に収まっているでしょうか。",
            zh_tw="這是非常遠的距離。不論哪一邊，編號有沒有超出這一邊的個數？",
        ),
    )
    check.that(
        numbers([-20, -6, -5, -2, 4], 8, 16) == [3, 3, 2, 2, 6],
        hint=T(
            ja="中くらいの距離です。e以上の距離は、1つずつではなく、対数でまとめます。",
            zh_tw="這是中等的距離。e 以上的距離不是逐一分開，而是用對數合併。",
        ),
    )
    check.that(
        numbers([0, -3, -7, 2, 30], 16, 64, causal=True) == [0, 3, 7, 0, 0],
        hint=T(
            ja="causal=Trueでは、すべてのバケットを過去に使います。未来の距離は、どう扱うでしょうか。",
            zh_tw="causal=True 時，所有的 bucket 都給過去用。未來的距離要怎麼處理？",
        ),
    )
    print(numbers(range(-12, 13), 8, 16))
    ### BEGIN HIDDEN TESTS
    from transformers.models.t5.modeling_t5 import T5Attention

    for n_buckets, max_distance in ((32, 128), (32, 64), (12, 40)):
        for causal in (False, True):
            distances = torch.arange(-150, 151)
            want = T5Attention._relative_position_bucket(
                distances, not causal, n_buckets, max_distance
            )
            got = numbers(distances.tolist(), n_buckets, max_distance, causal=causal)
            #| ja: 対数の丸めで、境目だけは1つ違ってよい
            #| zh-tw: 對數的捨入，邊界可以差 1
            check.that(
                all(isinstance(n, int) for n in got)
                and sum(a != b for a, b in zip(got, want.tolist())) <= 4
                and all(abs(a - b) <= 1 for a, b in zip(got, want.tolist())),
                hint=T(ja="別の大きさでも確かめてみましょう。", zh_tw="請用其他大小再檢查一次。"),
            )
    ### END HIDDEN TESTS


# %% key="bucket-wrong-one-side" wrong="bucket"
def bucket(relative, n_buckets, max_distance, causal=False):
    r, half = abs(relative), n_buckets // 2
    exact = half // 2
    if r < exact:
        return r
    far = math.log(r / exact) / math.log(max_distance / exact) * (half - exact)
    return min(exact + int(far), half - 1)


# %% key="bucket-wrong-no-halving" wrong="bucket"
def bucket(relative, n_buckets, max_distance, causal=False):
    r, first = abs(relative), n_buckets // 2 if relative > 0 else 0
    exact = n_buckets // 2
    if r < exact:
        return first + r
    far = math.log(r / exact) / math.log(max_distance / exact) * (n_buckets - exact)
    return first + min(exact + int(far), n_buckets - 1)


# %% key="bucket-wrong-linear" wrong="bucket"
def bucket(relative, n_buckets, max_distance, causal=False):
    side = n_buckets if causal else n_buckets // 2
    r = max(0, -relative) if causal else abs(relative)
    first = side if relative > 0 and not causal else 0
    return first + min(r, side - 1)


# %% key="bucket-wrong-future-counts" wrong="bucket"
def bucket(relative, n_buckets, max_distance, causal=False):
    side = n_buckets if causal else n_buckets // 2
    r, first = abs(relative), side if relative > 0 and not causal else 0
    exact = side // 2
    if r < exact:
        return first + r
    far = math.log(r / exact) / math.log(max_distance / exact) * (side - exact)
    return first + min(exact + int(far), side - 1)


# %% [markdown] key="essay-text" lang="ja"
# ## 記述問題（4点）
#
# ある人が、次のように言いました。
#
# 「このモデルの正解率は、4つのタスクのどれでもほぼ1.00だ。テストの文は学習データにない。だから否定を理解していて、新しい形容詞の否定文にも正しく答えられる。」
#
# この意見の正しい点と誤っている点を、レッスン05で測った数を2つ以上使って、300字前後で説明してください。
#
# | 観点 | 点 |
# |---|---|
# | 正しい点を、何が新しい組み合わせだったかとともに述べている | 1 |
# | 誤っている点を、反証となる実験で測った数とともに述べている | 1 |
# | モデルが代わりに何を学んだと考えられるかを述べている | 1 |
# | 意見を確かめる、または改善する方法を1つ、具体的に挙げている | 1 |

# %% [markdown] key="essay-text" lang="zh-tw"
# ## 問答題（4 分）
#
# 有人這樣說：
#
# 「這個模型在四種任務的正確率幾乎都是 1.00。測驗的句子不在訓練資料裡，所以它理解否定；換成新的形容詞的否定句，也能答對。」
#
# 請說明這段話哪裡對、哪裡不對。至少要用到 2 個在第 05 課測出的數字，約 300 字。
#
# | 評分項目 | 分數 |
# |---|---|
# | 說出對的地方，並說明新的是哪一種組合 | 1 |
# | 說出不對的地方，並引用推翻它的實驗數字 | 1 |
# | 說明模型可能學到了什麼 | 1 |
# | 舉出 1 個具體的方法，用來檢驗這個看法，或是改善模型 | 1 |

# %% [markdown] key="essay" lang="ja" points=4
# ### BEGIN SOLUTION
# 正解率が4つともほぼ1.00であること、テストの文が学習データにないことは正しいです。ただし、新しいのは人と場所の組み合わせだけで、形容詞と否定の組み合わせは12種類すべて学習で見ていました。2個の形容詞の否定を一度も見せずに学習させると、その否定の正解率はシードによって0.25か0.50で、同じ言語の2個の両方に正解したことは一度もありませんでした（二択のチャンスレベルは0.5）。見せた言い方では1.00のままです。モデルは、否定が意味をひっくり返す規則ではなく、言い方と答えの組を覚えていたと考えられます。確かめるには、測りたい組み合わせそのものを学習から除いて評価します。改善には、形容詞の意味と否定を順に書かせてから答えさせる方法があり、この実験では8通りすべてに正解しました。
# ### END SOLUTION

# %% [markdown] key="essay" lang="zh-tw" points=4
# ### BEGIN SOLUTION
#四種任務的正確率幾乎都是 1.00、測驗的句子不在訓練資料裡，這兩點是對的。不過，新的只有人物和地點的組合；形容詞和否定的 12 種組合，訓練時全都看過。如果從訓練資料拿掉其中兩個形容詞的否定句，那些否定句的正確率，依亂數種子是 0.25 或 0.50（二選一的隨機水準是 0.5），同一種語言的 2 個從來沒有都答對過。看過的說法則仍是 1.00。可見模型並不是學會了「否定會把意思反過來」的規則，而是把說法和答案一組一組背下來。要檢驗這個看法，就要把想測的組合從訓練資料裡拿掉，再來評估。要改善的話，可以讓模型先寫出有沒有否定和形容詞的意思，再寫答案；在這個實驗裡，8 種說法全部答對。
# ### END SOLUTION
