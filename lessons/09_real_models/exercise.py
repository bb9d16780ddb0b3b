# %% [markdown] key="title" lang="ja"
# # 演習09：ほかの人のモデルを測る道具を作る
#
# レッスン09の測り方を、どのモデルにも使える関数にします。答えはレッスンにも補助モジュールにもない、一歩進んだ問題です。重みを取得していなくても、すべての課題を解けます。
#
# | 課題 | 内容 | 配点 |
# |---|---|---|
# | `tokens_per_character` | マージの表から、文字あたりのトークン数を求める | 3 |
# | `settled_at` | 予測が、何層目から最後まで変わらないか | 3 |
# | `induction_heads` | 繰り返しのある文章から、帰納ヘッドを選ぶ | 4 |
# | `net_saving` | トークナイザーを替えて節約できるトークンとバイト | 3 |
# | 記述 | 小さなモデルの実験をめぐる意見を検討する | 4 |
#
# 目安は75分です。`raise NotImplementedError`の行を消して、そこにコードを書きましょう。すぐ下の確認セルを実行すると、「未完成」「おしい」「正解」のどれかとヒントが表示されます。コードが途中で止まったときは、エラーの内容が表示されます。提出後の採点では、別の入力でも確かめます。

# %% [markdown] key="title" lang="zh-tw"
# # 練習 09：製作測量工具，檢查別人的模型
#
# 把第 09 課的測量方法，寫成任何模型都能用的函式。答案不在課文裡，也不在輔助模組裡：每一題都要再往前想一步。就算還沒有下載權重，也能解完所有題目。
#
# | 題目 | 內容 | 配分 |
# |---|---|---|
# | `tokens_per_character` | 從合併規則的表，求出一篇文章平均每個字是幾個詞元 | 3 |
# | `settled_at` | 預測從第幾層開始就不再改變 | 3 |
# | `induction_heads` | 用有重複的文章，選出歸納頭 | 4 |
# | `net_saving` | 換一個分詞器，能省下多少詞元和位元組 | 3 |
# | 問答題 | 評論一段關於小模型實驗的意見 | 4 |
#
# 大約需要 75 分鐘。請刪掉 `raise NotImplementedError` 那一行，把程式碼寫在那裡，再執行緊接在下面的檢查儲存格，就會看到「尚未作答」、「還差一點」或「答對了」，以及小提示。程式執行到一半出錯時，會顯示錯誤內容。繳交後批改時，還會用別的輸入再檢查一次。

# %% key="imports"
import math
from itertools import pairwise

import torch

from helpers.classroom import check

torch.set_num_threads(1)

# %% [markdown] key="bpe-text" lang="ja"
# ## 課題1：`tokens_per_character`（3点）
#
# BPEのトークナイザーは、マージの表を順に使います。新しい文章も、まずUTF-8のバイトに分け、表の上から順に、隣り合う組をまとめていきます。1つのマージでは、文章の左から右へ、重ならないようにまとめます（`a a a`に`(a, a)`を使うと、`aa a`です）。
#
# 文章`text`の、文字あたりの平均トークン数を返してください（小数）。
#
# - 引数`merges`はリスト：要素は、左と右のバイト列のタプル。例：`[(b"\xe3", b"\x81"), (b"\xe3\x81", b"\xae")]`
# - 引数`text`は空でない文字列
#
# 例：この2つのマージでは、「の」を2つ並べた文章は2トークンなので、答えは1.0です。

# %% [markdown] key="bpe-text" lang="zh-tw"
# ## 第 1 題：`tokens_per_character`（3 分）
#
# BPE 分詞器會依序使用合併規則的表。新的文章也是先拆成 UTF-8 的位元組，再從表的最上面開始，依序把相鄰的組合接起來。每一條規則都從文章的左邊往右接，而且不重疊（對 `a a a` 使用 `(a, a)`，會變成 `aa a`）。
#
# 請回傳文章 `text` 平均每個字是幾個詞元（小數）。
#
# - 引數 `merges` 是串列：元素是左、右位元組串的 tuple，例如 `[(b"\xe3", b"\x81"), (b"\xe3\x81", b"\xae")]`
# - 引數 `text` 是非空字串
#
# 例如用這 2 條規則，把 2 個「の」排在一起的文章會變成 2 個詞元，所以答案是 1.0。


# %% key="bpe" task="tokens_per_character"
def tokens_per_character(merges, text):
    """→ float"""
    ### BEGIN SOLUTION
    tokens = [bytes([byte]) for byte in text.encode("utf-8")]
    for left, right in merges:
        joined = []
        for token in tokens:
            if joined and joined[-1] == left and token == right:
                joined[-1] = left + right
            else:
                joined.append(token)
        tokens = joined
    return len(tokens) / len(text)
    ### END SOLUTION


# %% key="bpe-check" points=3
KANA = [(b"\xe3", b"\x81"), (b"\xe3\x81", b"\xae")]

with check.task("tokens_per_character"):
    check.that(
        tokens_per_character([(b"a", b"b")], "ab\u306e") != 2 / 3,
        hint=T(
            ja="最初のトークンは、文字ではなくバイトです。かな1つは何バイトでしょうか。",
            zh_tw="一開始的詞元不是字，而是位元組。1 個假名是幾個位元組？",
        ),
    )
    check.that(
        tokens_per_character([(b"a", b"b")], "ab\u306e") != 4 / 5,
        hint=T(
            ja="割る数を確かめましょう。求めるのは、バイトあたりではなく文字あたりの数です。",
            zh_tw="請檢查除以什麼：要求的不是每個位元組，而是每個字的數量。",
        ),
    )
    check.that(
        abs(tokens_per_character([(b"a", b"b")], "ab\u306e") - 4 / 3) < 1e-9,
        hint=T(
            ja="マージが1つだけのときから違います。トークンの数と文字の数を、手で数えてみましょう。",
            zh_tw="只有一條規則時就不對了。先動手數數看有幾個詞元、幾個字。",
        ),
    )
    check.that(
        abs(tokens_per_character(KANA, "\u306e\u306e") - 1) < 1e-9,
        hint=T(
            ja="2つのマージで文字になるはずです。まとめたものを、次のマージに渡しているでしょうか。",
            zh_tw="用 2 條規則應該會接成一個字。接好的結果，有沒有交給下一條規則？",
        ),
    )
    check.that(
        abs(tokens_per_character([(b"a", b"a")], "aaa") - 2 / 3) < 1e-9,
        hint=T(
            ja="同じバイトが3つ続くときを確かめましょう。左から重ならないようにまとめます。",
            zh_tw="請檢查同一個位元組連續 3 次的情形：從左邊開始接，而且不重疊。",
        ),
    )
    order = [(b"b", b"c"), (b"a", b"b"), (b"c", b"d")]
    check.that(
        abs(tokens_per_character(order, "abcd") - 3 / 4) < 1e-9,
        hint=T(
            ja="先のマージで使われたバイトは、あとのマージでは使えません。長い順ではなく、表の順です。",
            zh_tw="前面的規則用掉的位元組，後面的規則就不能再用。不是從長的開始，而是照表的順序。",
        ),
    )
    ### BEGIN HIDDEN TESTS
    hidden = T(ja="別の文章でも確かめてみましょう。", zh_tw="請用其他文章再檢查一次。")
    for merges, text, want in (
        ([(b"b", b"a"), (b"a", b"b"), (b"ba", b"ba")], "ababab", 3 / 6),
        ([*KANA, (b"\xe3\x81", b"\xaf")], "\u306f\u306e\u3042x", 5 / 4),
        ([(b"x", b"x"), (b"xx", b"xx")], "xxxxxxx", 3 / 7),
        (KANA[::-1], "\u306e", 2.0),
    ):
        check.that(abs(tokens_per_character(merges, text) - want) < 1e-9, hint=hidden)
    ### END HIDDEN TESTS


# %% key="bpe-wrong-characters" wrong="tokens_per_character"
def tokens_per_character(merges, text):
    tokens = [character.encode() for character in text]
    for left, right in merges:
        joined = []
        for token in tokens:
            if joined and joined[-1] == left and token == right:
                joined[-1] = left + right
            else:
                joined.append(token)
        tokens = joined
    return len(tokens) / len(text)


# %% key="bpe-wrong-per-byte" wrong="tokens_per_character"
def tokens_per_character(merges, text):
    tokens = [bytes([byte]) for byte in text.encode()]
    for left, right in merges:
        joined = []
        for token in tokens:
            if joined and joined[-1] == left and token == right:
                joined[-1] = left + right
            else:
                joined.append(token)
        tokens = joined
    return len(tokens) / len(text.encode())


# %% key="bpe-wrong-overlap" wrong="tokens_per_character"
def tokens_per_character(merges, text):
    tokens = [bytes([byte]) for byte in text.encode()]
    for left, right in merges:
        pairs = sum(pair == (left, right) for pair in pairwise(tokens))
        joined = []
        for token in tokens:
            if joined and joined[-1] == left and token == right:
                joined[-1] = left + right
            else:
                joined.append(token)
        if left == right:
            joined = joined[: len(tokens) - pairs]
        tokens = joined
    return len(tokens) / len(text)


# %% key="bpe-wrong-longest" wrong="tokens_per_character"
def tokens_per_character(merges, text):
    known = sorted({a + b for a, b in merges}, key=len, reverse=True)
    data, tokens = text.encode(), 0
    while data:
        data = data[len(next((k for k in known if data.startswith(k)), data[:1])) :]
        tokens += 1
    return tokens / len(text)


# %% key="bpe-wrong-only-bytes" wrong="tokens_per_character"
def tokens_per_character(merges, text):
    tokens = [bytes([byte]) for byte in text.encode()]
    return (len(tokens) - sum(pair in merges for pair in pairwise(tokens))) / len(text)


# %% [markdown] key="settled-text" lang="ja"
# ## 課題2：`settled_at`（3点）
#
# レッスン09では、途中の層で最後と同じ予測になる位置の割合を測りました。ここでは、位置ごとに予測が決まった層を求めます。何層を通ったあとから、最後まで予測が一度も変わらないでしょうか。途中でたまたま最後と同じになり、また変わった場合は、まだ決まっていません。
#
# - `streams`：形は`(L + 1, n, d)`。`streams[k]`は、`k`層を通ったあとの残差ストリーム（どれも正規化の前）
# - `weight`：形は`(d,)`。最後のRMSNormで掛ける数。`eps`はその小さな数
# - `matrix`：形は`(V, d)`。出力の行列
#
# 形が`(n,)`の整数のテンソルを返してください。0なら埋め込みの時点で決まっていて、`L`なら最後の層で初めて決まっています。

# %% [markdown] key="settled-text" lang="zh-tw"
# ## 第 2 題：`settled_at`（3 分）
#
# 第 09 課測的是：中途某一層的預測，有多少比例的位置和最後相同。這裡要逐一求出每個位置在哪一層決定：通過幾層之後，預測就一次都不再改變？如果中途碰巧和最後相同、後來又變了，就還不算決定。
#
# - `streams`：形狀是 `(L + 1, n, d)`，`streams[k]` 是通過 `k` 層之後的殘差流（都還沒有正規化）
# - `weight`：形狀是 `(d,)`，最後的 RMSNorm 要乘上的數；`eps` 是防止除數為零的數
# - `matrix`：形狀是 `(V, d)`，輸出的矩陣
#
# 請回傳形狀是 `(n,)` 的整數張量。0 表示在嵌入時就決定了，`L` 表示到最後一層才決定。


# %% key="settled" task="settled_at"
def settled_at(streams, weight, eps, matrix):
    """streams: (L + 1, n, d)  weight: (d,)  matrix: (V, d) → (n,)"""
    ### BEGIN SOLUTION
    scale = (streams.square().mean(-1, keepdim=True) + eps).rsqrt()
    guesses = (streams * scale * weight @ matrix.T).argmax(-1)  # (L + 1, n)
    same = (guesses == guesses[-1]).long().flip(0).cumprod(0)  # from the last layer back
    return len(streams) - same.sum(0)
    ### END SOLUTION


# %% key="settled-check" points=3
def made_up_streams(guesses):
    T(ja="""予測がguessesになる残差ストリーム""", zh_tw="""預測會是 guesses 的殘差流""")
    return torch.nn.functional.one_hot(torch.tensor(guesses), 4).double() + 0.5


ONES, EYE = torch.ones(4, dtype=torch.float64), torch.eye(4, dtype=torch.float64)

with check.task("settled_at"):
    check.equal(
        settled_at(made_up_streams([[0, 3], [1, 3], [1, 3]]), ONES, 1e-6, EYE),
        torch.tensor([1, 0]),
        hint=T(
            ja="最も簡単な場合です。1つ目の位置は1層通ったあとで決まり、2つ目の位置は最初から同じです。",
            zh_tw="最簡單的情形：左邊的位置在通過 1 層之後決定，第 2 個位置一開始就相同。",
        ),
    )
    turning = settled_at(made_up_streams([[2], [0], [2], [1], [2]]), ONES, 1e-6, EYE)
    check.that(
        turning.tolist() != [0],
        hint=T(
            ja="初めて最後と同じ予測になった層ではありません。あとで変われば、まだ決まっていません。",
            zh_tw="不是第一次和最後相同的那一層；後來又變了，就還不算決定。",
        ),
    )
    check.equal(
        turning,
        torch.tensor([4]),
        hint=T(
            ja="最後と同じ予測だった層の数では求まりません。最後の層から前へ、続いている間だけ数えます。",
            zh_tw="不能只數有幾層和最後相同。要從最後一層往前，只數連續相同的部分。",
        ),
    )
    weight = torch.tensor([1, 1, 1, 4], dtype=torch.float64)
    check.equal(
        settled_at(made_up_streams([[0, 1], [3, 1], [0, 0]]), weight, 1e-6, EYE),
        torch.tensor([0, 0]),
        hint=T(
            ja="RMSNormで掛ける数によって、予測は変わります。正規化してから、出力の行列に通しましょう。",
            zh_tw="RMSNorm 要乘上的數會改變預測。請先正規化，再通過輸出的矩陣。",
        ),
    )

    ### BEGIN HIDDEN TESTS
    def one_by_one(streams, weight, eps, matrix):
        found = []
        for n in range(streams.size(1)):
            layer, last = len(streams) - 1, None
            for k in reversed(range(len(streams))):
                x = streams[k, n]
                x = x / torch.sqrt((x * x).mean() + eps) * weight
                guess = int((matrix @ x).argmax())
                last = guess if last is None else last
                if guess != last:
                    break
                layer = k
            found.append(layer)
        return found

    generator = torch.Generator().manual_seed(5)
    for layers, n, d, v in ((6, 40, 8, 3), (12, 25, 5, 2), (1, 9, 4, 6)):
        x = torch.randn(layers + 1, n, d, generator=generator, dtype=torch.float64).cumsum(0)
        w = torch.rand(d, generator=generator, dtype=torch.float64) * 3
        u = torch.randn(v, d, generator=generator, dtype=torch.float64)
        check.equal(
            settled_at(x, w, 1e-5, u),
            torch.tensor(one_by_one(x, w, 1e-5, u)),
            hint=T(ja="別の値でも確かめてみましょう。", zh_tw="請用其他的值再檢查一次。"),
        )
    ### END HIDDEN TESTS


# %% key="settled-wrong-first" wrong="settled_at"
def settled_at(streams, weight, eps, matrix):
    scale = (streams.square().mean(-1, keepdim=True) + eps).rsqrt()
    guesses = (streams * scale * weight @ matrix.T).argmax(-1)
    return (guesses == guesses[-1]).long().argmax(0)


# %% key="settled-wrong-no-weight" wrong="settled_at"
def settled_at(streams, weight, eps, matrix):
    guesses = (streams @ matrix.T).argmax(-1)
    same = (guesses == guesses[-1]).long().flip(0).cumprod(0)
    return len(streams) - same.sum(0)


# %% key="settled-wrong-from-one" wrong="settled_at"
def settled_at(streams, weight, eps, matrix):
    scale = (streams.square().mean(-1, keepdim=True) + eps).rsqrt()
    guesses = (streams * scale * weight @ matrix.T).argmax(-1)
    same = (guesses == guesses[-1]).long().flip(0).cumprod(0)
    return len(streams) - same.sum(0) + 1


# %% key="settled-wrong-layers-that-agree" wrong="settled_at"
def settled_at(streams, weight, eps, matrix):
    scale = (streams.square().mean(-1, keepdim=True) + eps).rsqrt()
    guesses = (streams * scale * weight @ matrix.T).argmax(-1)
    return len(streams) - (guesses == guesses[-1]).sum(0)


# %% [markdown] key="heads-text" lang="ja"
# ## 課題3：`induction_heads`（4点）
#
# レッスン09では、列を2回続けて読ませました。実際の文章では、同じトークンがいろいろな間隔で何度も現れます。そこで、どんな文章でも使える測り方にします。
#
# 位置`t`のトークンが前にも現れていれば、そのすべての位置`j`（`j < t`）について、`j + 1`が目標です。ただし、`j + 1`が`t`自身になる場合は、目標に数えません。目標が1つ以上ある位置だけについて、目標への重みの合計を求め、その平均をヘッドの値とします。
#
# - `weights`：形は`(layers, heads, T, T)`。アテンション重み（行がクエリ）
# - `ids`：形は`(T,)`。トークンの番号
# - `least`：この値以上のヘッドを選ぶ
#
# 選んだヘッドの`(layer, head)`（どちらも0から）のリストを、値の大きい順に返してください（値が同じヘッドの順は問いません）。目標が1つもない文章では、空のリストです。

# %% [markdown] key="heads-text" lang="zh-tw"
# ## 第 3 題：`induction_heads`（4 分）
#
# 第 09 課是把同一個序列連續讀 2 遍。實際的文章裡，同樣的詞元會以各種間隔出現好幾次。所以這裡要寫成任何文章都能用的測量方法。
#
# 位置 `t` 的詞元如果前面出現過，對它出現過的每一個位置 `j`（`j < t`），`j + 1` 都是目標。不過 `j + 1` 就是 `t` 自己時，不算目標。只看至少有 1 個目標的位置，求出放在目標上的權重總和，再取平均，當作這個頭的值。
#
# - `weights`：形狀是 `(layers, heads, T, T)`，注意力權重（橫列是查詢）
# - `ids`：形狀是 `(T,)`，詞元的編號
# - `least`：選出大於或等於這個值的頭
#
# 請回傳選出的 `(layer, head)`（都從 0 開始）的串列，由值大的排到小的（值相同的頭，先後不拘）。完全沒有目標的文章，回傳空的串列。


# %% key="heads" task="induction_heads"
def induction_heads(weights, ids, least):
    """weights: (layers, heads, T, T)  ids: (T,) → [(layer, head), …]"""
    ### BEGIN SOLUTION
    n = len(ids)
    target = torch.zeros(n, n, dtype=torch.bool)
    target[:, 1:] = (ids[:, None] == ids[None, :])[:, :-1]  # key j + 1 where j has t's token
    target = target.tril(-1)
    asked = target.any(1)
    if not asked.any():
        return []
    scores = (weights * target).sum(-1)[..., asked].mean(-1)  # (layers, heads)
    order = scores.flatten().argsort(descending=True).tolist()
    heads = [divmod(index, scores.size(1)) for index in order]
    return [(layer, head) for layer, head in heads if scores[layer, head] >= least]
    ### END SOLUTION


# %% key="heads-check" points=4
def looks_at(pairs, n):
    T(ja="""重みの行列を作る → (n, n)""", zh_tw="""做出權重的矩陣 → (n, n)""")
    made = torch.zeros(n, n, dtype=torch.float64)
    for query, keys in pairs.items():
        for key, weight in keys.items():
            made[query, key] = weight
    return made


IDS = torch.tensor([5, 6, 7, 5, 8, 5])

with check.task("induction_heads"):
    after = looks_at({3: {1: 0.9}, 5: {1: 0.7, 4: 0.1}}, 6)
    same = looks_at({3: {0: 0.9}, 5: {0: 0.4, 3: 0.5}}, 6)
    recent = looks_at({3: {1: 0.6}, 5: {4: 0.6}}, 6)
    found = induction_heads(torch.stack([after, same])[:, None], IDS, 0.45)
    check.that(
        found != [(1, 0)],
        hint=T(
            ja="目標は、同じトークンの位置ではなく、その次の位置です。",
            zh_tw="目標不是同一個詞元的位置，而是它的下一個位置。",
        ),
    )
    check.that(
        found == [(0, 0)],
        hint=T(
            ja="平均するのは、目標のある位置だけです。ない位置の0を混ぜると、値が小さくなります。",
            zh_tw="只對有目標的位置取平均；把沒有目標的 0 也算進去，值就會變小。",
        ),
    )
    found = induction_heads(torch.stack([recent, after])[None], IDS, 0.59)
    check.that(
        sorted(found) == [(0, 0), (0, 1)],
        hint=T(
            ja="前に2度以上現れたトークンでは、すべての目標への重みを足します。",
            zh_tw="前面出現 2 次以上的詞元，要把放在所有目標上的權重加起來。",
        ),
    )
    check.that(
        found == [(0, 1), (0, 0)],
        hint=T(ja="値の大きい順に並べましょう。", zh_tw="請由值大的排到小的。"),
    )
    twice = looks_at({1: {1: 1.0}, 2: {1: 0.2, 2: 0.8}}, 3)
    check.that(
        induction_heads(twice[None, None], torch.tensor([4, 4, 4]), 0.5) == [],
        hint=T(
            ja="同じトークンが続くときを確かめましょう。自分自身の位置は、目標に数えません。",
            zh_tw="請檢查同樣的詞元連續出現的情形：自己的位置不算目標。",
        ),
    )
    check.that(
        induction_heads(torch.ones(2, 2, 3, 3), torch.tensor([1, 2, 3]), 0.0) == [],
        hint=T(
            ja="繰り返しがない文章では、空のリストです。", zh_tw="沒有重複的文章，要回傳空的串列。"
        ),
    )

    ### BEGIN HIDDEN TESTS
    def by_loops(weights, ids, least):
        scores = {}
        for layer in range(weights.size(0)):
            for head in range(weights.size(1)):
                sums = []
                for t in range(len(ids)):
                    keys = [j + 1 for j in range(t) if ids[j] == ids[t] and j + 1 < t]
                    if keys:
                        sums.append(sum(float(weights[layer, head, t, k]) for k in keys))
                if sums and sum(sums) / len(sums) >= least:
                    scores[layer, head] = sum(sums) / len(sums)
        return sorted(scores, key=scores.get, reverse=True)

    generator = torch.Generator().manual_seed(3)
    for layers, heads, n, kinds in ((3, 4, 20, 4), (2, 3, 30, 12), (1, 6, 9, 2)):
        w = torch.randn(layers, heads, n, n, generator=generator, dtype=torch.float64)
        w = w.masked_fill(torch.ones(n, n).triu(1).bool(), -torch.inf).softmax(-1)
        text = torch.randint(kinds, (n,), generator=generator)
        for least in (0.0, 0.15, 0.25):
            check.that(
                induction_heads(w, text, least) == by_loops(w, text, least),
                hint=T(ja="別の文章でも確かめてみましょう。", zh_tw="請用其他文章再檢查一次。"),
            )
    ### END HIDDEN TESTS


# %% key="heads-wrong-same-token" wrong="induction_heads"
def induction_heads(weights, ids, least):
    target = (ids[:, None] == ids[None, :]).tril(-1)
    asked = target.any(1)
    if not asked.any():
        return []
    scores = (weights * target).sum(-1)[..., asked].mean(-1)
    order = scores.flatten().argsort(descending=True).tolist()
    heads = [divmod(index, scores.size(1)) for index in order]
    return [(a, b) for a, b in heads if scores[a, b] >= least]


# %% key="heads-wrong-most-recent" wrong="induction_heads"
def induction_heads(weights, ids, least):
    found, words = [], ids.tolist()
    for t, word in enumerate(words):
        before = [j for j in range(t - 1) if words[j] == word]
        found += [(t, before[-1] + 1)] if before else []
    if not found:
        return []
    scores = torch.stack([weights[..., t, k] for t, k in found]).mean(0)
    order = scores.flatten().argsort(descending=True).tolist()
    heads = [divmod(index, scores.size(1)) for index in order]
    return [(a, b) for a, b in heads if scores[a, b] >= least]


# %% key="heads-wrong-all-queries" wrong="induction_heads"
def induction_heads(weights, ids, least):
    n = len(ids)
    target = torch.zeros(n, n, dtype=torch.bool)
    target[:, 1:] = (ids[:, None] == ids[None, :])[:, :-1]
    target = target.tril(-1)
    scores = (weights * target).sum(-1).mean(-1)
    order = scores.flatten().argsort(descending=True).tolist()
    heads = [divmod(index, scores.size(1)) for index in order]
    return [(a, b) for a, b in heads if target.any() and scores[a, b] >= least]


# %% key="heads-wrong-itself" wrong="induction_heads"
def induction_heads(weights, ids, least):
    n = len(ids)
    target = torch.zeros(n, n, dtype=torch.bool)
    target[:, 1:] = (ids[:, None] == ids[None, :])[:, :-1]
    target = target.tril(0)
    asked = target.any(1)
    if not asked.any():
        return []
    scores = (weights * target).sum(-1)[..., asked].mean(-1)
    order = scores.flatten().argsort(descending=True).tolist()
    heads = [divmod(index, scores.size(1)) for index in order]
    return [(a, b) for a, b in heads if scores[a, b] >= least]


# %% key="heads-wrong-order" wrong="induction_heads"
def induction_heads(weights, ids, least):
    n = len(ids)
    target = torch.zeros(n, n, dtype=torch.bool)
    target[:, 1:] = (ids[:, None] == ids[None, :])[:, :-1]
    target = target.tril(-1)
    asked = target.any(1)
    if not asked.any():
        return []
    scores = (weights * target).sum(-1)[..., asked].mean(-1)
    return [tuple(pair) for pair in (scores >= least).nonzero().tolist()]


# %% [markdown] key="saving-text" lang="ja"
# ## 課題4：`net_saving`（3点）
#
# 自分の言語に強いトークナイザーに替えると、同じ文章のトークンが減ります。一方で、語彙が大きければ、埋め込みの行列も大きくなります。差し引きで、いくら節約できるでしょうか。
#
# - 引数`model`は辞書：`{"layers": 30, "n_heads": 9, "n_kv_heads": 3, "head_dim": 64, "bytes": 2, "tied": True}`。幅は`n_heads * head_dim`
# - 引数`old`と`new`は辞書：`{"vocab_size": 49152, "characters": 0.53}`。`characters`は1トークンに入る平均の文字数
# - 引数`texts`はリスト：同時にキャッシュを保存する文章の、それぞれの文字数
#
# 文章のトークン数は、文章ごとに切り上げます。`bytes`は数1つのバイト数で、重みにもキャッシュにも使います。`tied`が`False`なら、出力の行列も別にあります。
#
# 減るトークン数の合計と、減るバイト数（減るキャッシュから、増える行列を引いた数。負にもなります）を、この順のタプルで返してください。どちらも整数です。

# %% [markdown] key="saving-text" lang="zh-tw"
# ## 第 4 題：`net_saving`（3 分）
#
# 換成擅長自己語言的分詞器，同一篇文章的詞元就會變少；另一方面，詞彙表變大，嵌入的矩陣也會變大。兩相抵消，能省下多少？
#
# - 引數 `model` 是字典：`{"layers": 30, "n_heads": 9, "n_kv_heads": 3, "head_dim": 64, "bytes": 2, "tied": True}`，寬度是 `n_heads * head_dim`
# - 引數 `old` 和 `new` 是字典：`{"vocab_size": 49152, "characters": 0.53}`，`characters` 是平均 1 個詞元裝得下的字數
# - 引數 `texts` 是串列：同時保存快取的各篇文章的字數
#
# 詞元數要對每篇文章各自無條件進位。`bytes` 是一個數字的位元組數，權重和快取都用它。`tied` 是 `False` 時，另外還有輸出的矩陣。
#
# 請依序以 tuple 回傳減少的詞元總數，以及減少的位元組數（減少的快取，扣掉增加的矩陣；可能是負的）。兩者都是整數。


# %% key="saving" task="net_saving"
def net_saving(model, old, new, texts):
    """→ tokens, bytes"""
    ### BEGIN SOLUTION
    tokens = sum(math.ceil(n / old["characters"]) - math.ceil(n / new["characters"]) for n in texts)
    one_token = 2 * model["layers"] * model["n_kv_heads"] * model["head_dim"] * model["bytes"]
    matrices = 1 if model["tied"] else 2
    row = model["n_heads"] * model["head_dim"] * model["bytes"]
    return tokens, tokens * one_token - matrices * row * (new["vocab_size"] - old["vocab_size"])
    ### END SOLUTION


# %% key="saving-check" points=3
SMALL = {"layers": 2, "n_heads": 4, "n_kv_heads": 2, "head_dim": 8, "bytes": 2, "tied": True}
OLD, NEW = {"vocab_size": 100, "characters": 0.5}, {"vocab_size": 150, "characters": 1.25}

with check.task("net_saving"):
    check.that(
        net_saving(SMALL, OLD, NEW | {"vocab_size": 100}, [1000]) == (1200, 1200 * 128),
        hint=T(
            ja="語彙が同じ大きさのときから違います。1トークンのキャッシュは、キーとバリューのヘッドで決まります。",
            zh_tw="詞彙表一樣大時就不對了。每個詞元的快取，由鍵和值的頭數決定。",
        ),
    )
    check.that(
        net_saving(SMALL, OLD, NEW, [1000]) == (1200, 1200 * 128 - 50 * 64),
        hint=T(
            ja="語彙が増えたときに、増える行列の大きさを確かめましょう。行の長さは、モデルの幅です。",
            zh_tw="詞彙表變大時，矩陣增加了多少？每個橫列的長度是模型的寬度。",
        ),
    )
    check.that(
        net_saving(SMALL | {"tied": False}, OLD, NEW, [1000]) == (1200, 1200 * 128 - 2 * 50 * 64),
        hint=T(
            ja="出力の行列が別にあるときは、増える行列がいくつありますか。",
            zh_tw="另外有輸出的矩陣時，增加的矩陣有幾個？",
        ),
    )
    check.that(
        net_saving(SMALL, OLD, NEW | {"vocab_size": 100}, [2, 2, 2]) == (6, 6 * 128),
        hint=T(
            ja="短い文章がいくつもあるときを確かめましょう。切り上げるのは、文章ごとです。",
            zh_tw="請檢查有好幾篇短文章的情形：每篇文章各自無條件進位。",
        ),
    )
    ### BEGIN HIDDEN TESTS
    for model, texts in (
        (SMALL | {"bytes": 4, "n_kv_heads": 1}, [7, 3, 11]),
        (
            {
                "layers": 30,
                "n_heads": 9,
                "n_kv_heads": 3,
                "head_dim": 64,
                "bytes": 2,
                "tied": False,
            },
            [4000],
        ),
        (SMALL, []),
    ):
        kept = dict.fromkeys(("old", "new"), 0)
        for n in texts:
            kept["old"] += -int(-n // OLD["characters"])
            kept["new"] += -int(-n // NEW["characters"])
        width = model["n_heads"] * model["head_dim"]
        saved = kept["old"] - kept["new"]
        cache = saved * model["layers"] * model["n_kv_heads"] * model["head_dim"] * 2
        added = width * 50 * (2 - model["tied"])
        check.that(
            net_saving(model, OLD, NEW, texts) == (saved, (cache - added) * model["bytes"]),
            hint=T(ja="別の数でも確かめてみましょう。", zh_tw="請用其他數字再檢查一次。"),
        )
    ### END HIDDEN TESTS


# %% key="saving-wrong-query-heads" wrong="net_saving"
def net_saving(model, old, new, texts):
    tokens = sum(math.ceil(n / old["characters"]) - math.ceil(n / new["characters"]) for n in texts)
    row = model["n_heads"] * model["head_dim"] * model["bytes"]
    matrices = 1 if model["tied"] else 2
    grown = matrices * row * (new["vocab_size"] - old["vocab_size"])
    return tokens, tokens * 2 * model["layers"] * row - grown


# %% key="saving-wrong-no-vocabulary" wrong="net_saving"
def net_saving(model, old, new, texts):
    tokens = sum(math.ceil(n / old["characters"]) - math.ceil(n / new["characters"]) for n in texts)
    one_token = 2 * model["layers"] * model["n_kv_heads"] * model["head_dim"] * model["bytes"]
    return tokens, tokens * one_token


# %% key="saving-wrong-one-matrix" wrong="net_saving"
def net_saving(model, old, new, texts):
    tokens = sum(math.ceil(n / old["characters"]) - math.ceil(n / new["characters"]) for n in texts)
    one_token = 2 * model["layers"] * model["n_kv_heads"] * model["head_dim"] * model["bytes"]
    row = model["n_heads"] * model["head_dim"] * model["bytes"]
    return tokens, tokens * one_token - row * (new["vocab_size"] - old["vocab_size"])


# %% key="saving-wrong-all-at-once" wrong="net_saving"
def net_saving(model, old, new, texts):
    tokens = math.ceil(sum(texts) / old["characters"]) - math.ceil(sum(texts) / new["characters"])
    one_token = 2 * model["layers"] * model["n_kv_heads"] * model["head_dim"] * model["bytes"]
    matrices = 1 if model["tied"] else 2
    row = model["n_heads"] * model["head_dim"] * model["bytes"]
    return tokens, tokens * one_token - matrices * row * (new["vocab_size"] - old["vocab_size"])


# %% [markdown] key="essay-text" lang="ja"
# ## 記述問題（4点）
#
# ある人が、次のように言いました。
#
# 「小さなモデルの実験は、おもちゃにすぎない。本物のモデルの中は違うのだから、最初から本物だけを調べればよい。本物で1つ見つかれば、大きなモデルはみなそうだと言える。」
#
# この意見の正しい点と誤っている点を、レッスン09で測った数を2つ以上使って、300字前後で説明してください。
#
# | 観点 | 点 |
# |---|---|
# | 小さなモデルと同じだった結果を、測った数で述べている | 1 |
# | 小さなモデルとは違った結果を、測った数で述べている | 1 |
# | 基準や対照と比べた例を挙げている | 1 |
# | 2つのモデルからは言えないことを、理由とともに述べている | 1 |

# %% [markdown] key="essay-text" lang="zh-tw"
# ## 問答題（4 分）
#
# 有人這樣說：
#
# 「小模型的實驗只是玩具。真正的模型裡面不一樣，所以一開始就該只研究真正的模型。在真正的模型裡找到一個現象，就能說大模型全都是這樣。」
#
# 請說明這段話哪裡對、哪裡不對。至少要用到 2 個在第 09 課測出的數字，約 300 字。
#
# | 評分項目 | 分數 |
# |---|---|
# | 用實測數字說明與小模型相同的結果 | 1 |
# | 用實測數字說明與小模型不同的結果 | 1 |
# | 舉出與基準或對照組比較的例子 | 1 |
# | 說明從 2 個模型還不能說什麼，並寫出理由 | 1 |

# %% [markdown] key="essay" lang="ja" points=4
# ### BEGIN SOLUTION
# 小さなモデルと違うことがある、という点は正しいです。最初のトークンを17番目以降から見えなくすると、SmolLM2の損失は約2.9増えましたが、2層のGPT-2では変わりませんでした。最後と同じ予測の割合も、半分の層で0.08と0.79という差がありました。しかし、おもちゃにすぎないとは言えません。後ろのトークンの影響は、どちらも0.0でした。小さなモデルで見つけた帰納ヘッドも、SmolLM2にありました。最も強い5つを止めると、写す割合は約0.6からほぼ0になり、ほかの5つを止めた対照では少ししか下がりませんでした。測り方を先に小さなモデルで確かめていたから、できた比較です。また、1つのモデルで見つかっても、みなそうだとは言えません。2つのモデルは大きさも学習データも違うので、どちらのためかも区別できません。
# ### END SOLUTION

# %% [markdown] key="essay" lang="zh-tw" points=4
# ### BEGIN SOLUTION
# 「可能和小模型不同」這一點是對的：讓第 17 個起的詞元看不到第一個詞元，SmolLM2 的損失大約增加 2.9；2 層的 GPT-2 則沒有變；與最後預測相同的比例，一半的層數時也是 0.08 對 0.79。但是不能說只是玩具。後面詞元的影響，兩邊都是 0.0；在小模型找到的歸納頭，SmolLM2 也有：停掉最強的 5 個，照抄的正確率從大約 0.6 變成幾乎是 0，而停掉其他 5 個的對照組只降低一點。因為先在小模型上確認了測量方法，才能這樣比較。另外，在一個模型裡找到，也不能說全都是這樣；這 2 個模型的大小和訓練資料都不同，分不出是哪一項造成的。
# ### END SOLUTION
