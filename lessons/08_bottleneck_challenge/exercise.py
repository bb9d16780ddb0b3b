# %% [markdown] key="title" lang="ja"
# # 演習08：どの型を選ぶか、自分の式で決める
#
# レッスン08の式を、設計の判断に使う3つの場面に広げます。答えはレッスンにも補助モジュールにもありません。最後に、ステップ1とステップ2の答えを提出します。
#
# | 課題 | 内容 | 配点 |
# |---|---|---|
# | `crossing` | 2つの設計の全体のFLOPsが入れ替わる、要約の長さ | 3 |
# | `streamed` | 少しずつ届く文書の要約を、届くたびに書き直すFLOPs | 3 |
# | `busy_batch` | 書く時間がメモリ帯域幅で決まらなくなるバッチサイズ | 4 |
# | 記述 | ステップ1とステップ2 | 10 |
#
# 目安は90分です。`raise NotImplementedError`の行を消して、そこにコードを書きましょう。すぐ下の確認セルを実行すると、「未完成」「おしい」「正解」のどれかとヒントが表示されます。提出後の採点では、別の数でも確かめます。
#
# 設計は、課題1と2では次の形の辞書です。`encoder`と`decoder`は層の数（デコーダー型では`encoder`が0）、`width`は幅 $d$ です。
#
# ```
# {"encoder": 6, "decoder": 6, "width": 96}
# ```
#
# ブロックの形はレッスン08の1節と同じです（アテンションの重みが $4d^2$、FFNが $8d^2$。ヘッドを全部合わせた次元は $d$）。出力のスコアを求める計算は、数えません。

# %% [markdown] key="title" lang="zh-tw"
# # 練習 08：用自己的公式決定架構
#
# 把第 08 課的公式，延伸到做設計決定時的三種情況。答案不在課文裡，也不在輔助模組裡。最後要繳交步驟 1 和步驟 2 的答案。
#
# | 題目 | 內容 | 配分 |
# |---|---|---|
# | `crossing` | 摘要要多長，兩種設計的總 FLOPs 才會優劣逆轉 | 3 |
# | `streamed` | 文件分批送達，每次都重寫摘要的總 FLOPs | 3 |
# | `busy_batch` | 解碼時間不再由記憶體頻寬決定的批次大小 | 4 |
# | 問答題 | 步驟 1 和步驟 2 | 10 |
#
# 大約需要 90 分鐘。請刪掉 `raise NotImplementedError` 那一行，把程式碼寫在那裡，再執行緊接在下面的檢查儲存格，就會看到「尚未作答」、「還差一點」或「答對了」，以及小提示。繳交後批改時，還會用別的數字再檢查一次。
#
# 第 1、2 題的設計是下面這種字典。`encoder` 和 `decoder` 是層數（decoder-only 的 `encoder` 是 0），`width` 是寬度 $d$。
#
# ```
# {"encoder": 6, "decoder": 6, "width": 96}
# ```
#
# 區塊的形狀和第 08 課第 1 節相同（注意力的權重是 $4d^2$，FFN 是 $8d^2$；所有注意力頭的維度合計是 $d$）。求輸出分數的計算不算在內。

# %% key="imports"
import math

from helpers.classroom import check

# %% [markdown] key="crossing-text" lang="ja"
# ## 課題1：`crossing`（3点）
#
# エンコーダーが深く、デコーダーが浅い設計は、読むのは重く、書くのは軽くなります。そのため、要約が長いほど有利になります。
#
# `document`トークンの文書を読み、`t`トークンの要約を書く全体のFLOPsを考えます。設計`first`のFLOPsが設計`second`のFLOPsより少なくなる、最小の`t`（1以上の整数）を返してください。`longest`まで調べてもないときは`None`を返します。
#
# 数え方は次のとおりです。
#
# - 読む：因果マスクのアテンションでは、捨てるクエリとキーの組を数えない（自分自身との組は数える）。エンコーダーは、すべての組を数える
# - 交差注意のキーとバリューは、文書を読むときに一度だけ作る
# - 書く：要約のトークンは、1つにつき1回、デコーダーを通る。`i`番目のトークンは、文書のすべてと、要約の1番目から`i`番目までを参照する

# %% [markdown] key="crossing-text" lang="zh-tw"
# ## 第 1 題：`crossing`（3 分）
#
# 編碼器很深、解碼器很淺的設計，讀的時候比較重，寫的時候比較輕，所以摘要越長越有利。
#
# 考慮讀 `document` 個詞元的文件、再寫 `t` 個詞元的摘要的總 FLOPs。請回傳讓設計 `first` 的總 FLOPs 比設計 `second` 少的最小的 `t`（1 以上的整數）。一直找到 `longest` 都沒有的話，就回傳 `None`。
#
# 計算的規則如下：
#
# - 讀：使用因果遮罩的注意力，不算被丟掉的「查詢和鍵的配對」（和自己的配對要算）；編碼器則所有的配對都算
# - 交叉注意力的鍵和值，只在讀文件時做一次
# - 寫：摘要的詞元，每個都通過解碼器 1 次。第 `i` 個詞元會看整份文件，以及摘要的第 1 個到第 `i` 個


# %% key="crossing" task="crossing"
def crossing(first, second, document, longest=4096):
    """→ number of summary tokens, or None"""

    ### BEGIN SOLUTION
    def total(design, t):
        d, has_encoder = design["width"], design["encoder"] > 0
        seen = t * document + t * (t + 1) // 2
        writing = design["decoder"] * ((28 if has_encoder else 24) * d * d * t + 4 * d * seen)
        if has_encoder:
            encoder = design["encoder"] * (24 * d * d * document + 4 * d * document**2)
            return encoder + design["decoder"] * 4 * d * d * document + writing
        half = document * (document + 1) // 2
        return design["decoder"] * (24 * d * d * document + 4 * d * half) + writing

    lengths = range(1, longest + 1)
    return next((t for t in lengths if total(first, t) < total(second, t)), None)
    ### END SOLUTION


# %% key="crossing-check" points=3
DEEP = {"encoder": 16, "decoder": 2, "width": 64}
PLAIN = {"encoder": 0, "decoder": 8, "width": 64}

with check.task("crossing"):
    check.that(
        crossing(DEEP, PLAIN, 16, 8) is None,
        hint=T(
            ja="longestまでに入れ替わらないときは、Noneを返します。",
            zh_tw="長度到 longest 都沒有逆轉的話，要回傳 None。",
        ),
    )
    check.that(
        crossing(
            {"encoder": 20, "decoder": 1, "width": 32},
            {"encoder": 0, "decoder": 12, "width": 32},
            20,
        )
        == 16,
        hint=T(
            ja="エンコーダーは、文書を読むときに何回計算しますか。",
            zh_tw="編碼器在讀文件時要計算幾次？",
        ),
    )
    check.that(
        crossing(
            {"encoder": 12, "decoder": 2, "width": 16},
            {"encoder": 0, "decoder": 10, "width": 16},
            20,
        )
        == 8,
        hint=T(
            ja="デコーダー型が文書を読むとき、参照できる組はいくつありますか。数え終わった組を、さらに半分にしていませんか。",
            zh_tw="decoder-only 讀文件時，看得到的配對有幾個？有沒有把已經數好的配對又減半？",
        ),
    )
    check.that(
        crossing(
            {"encoder": 12, "decoder": 4, "width": 64},
            {"encoder": 0, "decoder": 12, "width": 64},
            20,
        )
        == 3,
        hint=T(
            ja="交差注意のために、文書を読むときに一度だけ必要な計算があります。",
            zh_tw="為了交叉注意力，讀文件時有一項只需要做一次的運算。",
        ),
    )
    check.that(
        crossing(
            {"encoder": 20, "decoder": 2, "width": 32},
            {"encoder": 8, "decoder": 8, "width": 32},
            100,
        )
        == 140,
        hint=T(
            ja="要約の1トークンは、どのトークンを参照しますか。文書の分と、要約の分を確かめましょう。",
            zh_tw="摘要的 1 個詞元會看哪些詞元？請確認文件的部分和摘要的部分。",
        ),
    )
    ### BEGIN HIDDEN TESTS
    hidden = T(ja="別の数でも確かめてみましょう。", zh_tw="請用其他數字再檢查一次。")

    def cost_by_loops(design, document, t):
        d, layers = design["width"], design["decoder"]
        block, flops = 12 * d * d, 0
        if design["encoder"]:
            for _ in range(design["encoder"]):
                flops += document * (2 * block + 4 * d * document)
            flops += layers * document * 2 * 2 * d * d
        else:
            flops += sum(layers * (2 * block + 4 * d * (i + 1)) for i in range(document))
        for k in range(1, t + 1):
            flops += layers * (2 * block + 4 * d * (document + k))
            if design["encoder"]:
                flops += layers * 2 * 2 * d * d
        return flops

    for a, b, n in (
        ({"encoder": 10, "decoder": 3, "width": 32}, {"encoder": 0, "decoder": 7, "width": 32}, 90),
        ({"encoder": 12, "decoder": 4, "width": 48}, {"encoder": 6, "decoder": 6, "width": 48}, 70),
        (PLAIN, {"encoder": 0, "decoder": 9, "width": 64}, 20),
    ):
        got = crossing(a, b, n, 600)
        for t in (got - 1, got) if got and got > 1 else (1,):
            fewer = cost_by_loops(a, n, t) < cost_by_loops(b, n, t)
            check.that(got is not None and fewer == (t == got), hint=hidden)
    ### END HIDDEN TESTS


# %% key="crossing-wrong-no-cross-keys" wrong="crossing"
def crossing(first, second, document, longest=4096):
    def total(design, t):
        d, e, l = design["width"], design["encoder"], design["decoder"]
        seen = t * document + t * (t + 1) // 2
        writing = l * ((28 if e else 24) * d * d * t + 4 * d * seen)
        if e:
            return e * (24 * d * d * document + 4 * d * document**2) + writing
        half = document * (document + 1) // 2
        return l * (24 * d * d * document + 4 * d * half) + writing

    return next((t for t in range(1, longest + 1) if total(first, t) < total(second, t)), None)


# %% key="crossing-wrong-encoder-twice" wrong="crossing"
def crossing(first, second, document, longest=4096):
    def total(design, t):
        d, e, l = design["width"], design["encoder"], design["decoder"]
        seen = t * document + t * (t + 1) // 2
        writing = l * ((28 if e else 24) * d * d * t + 4 * d * seen)
        if e:
            encoder = e * (24 * d * d * document + 4 * d * document**2)
            return 2 * encoder + l * 4 * d * d * document + writing
        half = document * (document + 1) // 2
        return l * (24 * d * d * document + 4 * d * half) + writing

    return next((t for t in range(1, longest + 1) if total(first, t) < total(second, t)), None)


# %% key="crossing-wrong-half-twice" wrong="crossing"
def crossing(first, second, document, longest=4096):
    def total(design, t):
        d, e, l = design["width"], design["encoder"], design["decoder"]
        seen = t * document + t * (t + 1) // 2
        writing = l * ((28 if e else 24) * d * d * t + 4 * d * seen)
        if e:
            encoder = e * (24 * d * d * document + 4 * d * document**2)
            return encoder + l * 4 * d * d * document + writing
        half = document * (document + 1) // 2 / 2
        return l * (24 * d * d * document + 4 * d * half) + writing

    return next((t for t in range(1, longest + 1) if total(first, t) < total(second, t)), None)


# %% key="crossing-wrong-document-not-seen" wrong="crossing"
def crossing(first, second, document, longest=4096):
    def total(design, t):
        d, e, l = design["width"], design["encoder"], design["decoder"]
        seen = t * (t + 1) // 2 + (0 if e else t * document)
        writing = l * ((28 if e else 24) * d * d * t + 4 * d * seen)
        if e:
            encoder = e * (24 * d * d * document + 4 * d * document**2)
            return encoder + l * 4 * d * d * document + writing
        half = document * (document + 1) // 2
        return l * (24 * d * d * document + 4 * d * half) + writing

    return next((t for t in range(1, longest + 1) if total(first, t) < total(second, t)), None)


# %% [markdown] key="streamed-text" lang="ja"
# ## 課題2：`streamed`（3点）
#
# 会議の字幕が、`chunk`トークンずつ届きます。最後の1回は、`chunk`より短いことがあります。届くたびに、そこまでの文書から`summary`トークンの要約を書き直します。古い要約は捨て、その分はキャッシュからも取り除きます。
#
# `document`トークンがすべて届き、最後の要約を書き終えるまでに使う、FLOPsの合計を整数で返してください。数え方は課題1と同じです。デコーダー型は、前に届いた部分のキャッシュを使います。エンコーダーは、届くたびに、そこまでの全部を計算し直し、交差注意のキーとバリューも作り直します。

# %% [markdown] key="streamed-text" lang="zh-tw"
# ## 第 2 題：`streamed`（3 分）
#
# 會議的字幕每次送來 `chunk` 個詞元，最後一次可能比 `chunk` 短。每次送達，都要根據到目前為止的文件，重寫 `summary` 個詞元的摘要。舊的摘要會丟掉，也會從快取裡移除。
#
# 請計算從開始到 `document` 個詞元全部送達、寫完最後一份摘要的總 FLOPs，以整數回傳。計算的規則和第 1 題相同。decoder-only 會使用先前送達部分的快取；編碼器則每次都要把到目前為止的全部重算，交叉注意力的鍵和值也要重做。


# %% key="streamed" task="streamed"
def streamed(design, document, chunk, summary):
    """→ FLOPs"""
    ### BEGIN SOLUTION
    d, layers, flops = design["width"], design["decoder"], 0
    for known in range(0, document, chunk):
        new = min(chunk, document - known)
        there = known + new
        if design["encoder"]:
            flops += design["encoder"] * (24 * d * d * there + 4 * d * there * there)
            flops += layers * 4 * d * d * there
        else:
            flops += layers * (24 * d * d * new + 4 * d * (known * new + new * (new + 1) // 2))
        seen = summary * there + summary * (summary + 1) // 2
        flops += layers * ((28 if design["encoder"] else 24) * d * d * summary + 4 * d * seen)
    return flops
    ### END SOLUTION


# %% key="streamed-check" points=3
with check.task("streamed"):
    tiny = {"encoder": 0, "decoder": 1, "width": 1}
    both = {"encoder": 1, "decoder": 1, "width": 1}
    check.that(
        streamed(tiny, 4, 4, 0) == 24 * 4 + 4 * 10,
        hint=T(
            ja="デコーダー型が一度に読むだけの場合です。4トークンで、参照できる組はいくつありますか。数え終わった組を、さらに半分にしていませんか。",
            zh_tw="這是 decoder-only 一次讀完的情況。4 個詞元裡，看得到的配對有幾個？有沒有把已經數好的配對又減半？",
        ),
    )
    check.that(
        streamed(both, 4, 4, 0) == 24 * 4 + 4 * 16 + 4 * 4,
        hint=T(
            ja="エンコーダー・デコーダー型が一度に読むだけの場合です。エンコーダーを1回と、交差注意のキーとバリューを1回。ほかに何か足していませんか。",
            zh_tw="這是編碼器－解碼器一次讀完的情況：編碼器 1 次，交叉注意力的鍵和值 1 次。有沒有多算了什麼？",
        ),
    )
    check.that(
        streamed(tiny, 6, 2, 0) == streamed(tiny, 6, 6, 0),
        hint=T(
            ja="デコーダー型では、何回に分けて読んでも、参照できる組の合計は同じです。新しい部分は、前の部分も参照します。",
            zh_tw="decoder-only 不管分幾次讀，看得到的配對合計都一樣。新的部分也會看前面的部分。",
        ),
    )
    check.that(
        streamed(both, 4, 2, 0) == (24 * 2 + 4 * 4 + 4 * 2) + (24 * 4 + 4 * 16 + 4 * 4),
        hint=T(
            ja="エンコーダーは、新しい部分だけを計算すればよいでしょうか。古いトークンの状態は変わりませんか。",
            zh_tw="編碼器只要計算新的部分就好嗎？舊詞元的狀態不會改變嗎？",
        ),
    )
    check.that(
        streamed(tiny, 5, 2, 0) == streamed(tiny, 5, 5, 0),
        hint=T(
            ja="割り切れないとき、最後の短い部分も読みましたか。",
            zh_tw="不能整除的時候，最後比較短的部分有沒有讀？",
        ),
    )
    check.that(
        streamed(tiny, 4, 2, 1) - streamed(tiny, 4, 2, 0) == (24 + 4 * 3) + (24 + 4 * 5),
        hint=T(
            ja="要約は、届くたびに書き直します。それぞれの要約が参照するのは、そのときまでに届いた部分です。",
            zh_tw="每次送達都要重寫摘要；每份摘要看的，是當時已經送達的部分。",
        ),
    )
    ### BEGIN HIDDEN TESTS
    hidden = T(ja="別の数でも確かめてみましょう。", zh_tw="請用其他數字再檢查一次。")
    for design, document, chunk, summary in (
        ({"encoder": 3, "decoder": 2, "width": 8}, 23, 5, 4),
        ({"encoder": 0, "decoder": 5, "width": 16}, 30, 7, 3),
        ({"encoder": 2, "decoder": 1, "width": 4}, 9, 20, 2),
    ):
        d, there, want = design["width"], 0, 0
        while there < document:
            before, there = there, min(there + chunk, document)
            if design["encoder"]:
                want += design["encoder"] * there * (24 * d * d + 4 * d * there)
                want += design["decoder"] * there * 4 * d * d
            else:
                for i in range(before, there):
                    want += design["decoder"] * (24 * d * d + 4 * d * (i + 1))
            for k in range(summary):
                step = 24 * d * d + 4 * d * (there + k + 1)
                want += design["decoder"] * (step + (4 * d * d if design["encoder"] else 0))
        check.that(streamed(design, document, chunk, summary) == want, hint=hidden)
    ### END HIDDEN TESTS


# %% key="streamed-wrong-half-twice" wrong="streamed"
def streamed(design, document, chunk, summary):
    d, layers, flops = design["width"], design["decoder"], 0
    for known in range(0, document, chunk):
        new = min(chunk, document - known)
        there = known + new
        if design["encoder"]:
            flops += design["encoder"] * (24 * d * d * there + 4 * d * there * there)
            flops += layers * 4 * d * d * there
        else:
            flops += layers * (24 * d * d * new + 2 * d * (known * new + new * (new + 1) // 2))
        seen = summary * there + summary * (summary + 1) // 2
        flops += layers * ((28 if design["encoder"] else 24) * d * d * summary + 4 * d * seen)
    return flops


# %% key="streamed-wrong-encoder-twice" wrong="streamed"
def streamed(design, document, chunk, summary):
    d, layers, flops = design["width"], design["decoder"], 0
    for known in range(0, document, chunk):
        new = min(chunk, document - known)
        there = known + new
        if design["encoder"]:
            flops += 2 * design["encoder"] * (24 * d * d * there + 4 * d * there * there)
            flops += layers * 4 * d * d * there
        else:
            flops += layers * (24 * d * d * new + 4 * d * (known * new + new * (new + 1) // 2))
        seen = summary * there + summary * (summary + 1) // 2
        flops += layers * ((28 if design["encoder"] else 24) * d * d * summary + 4 * d * seen)
    return flops


# %% key="streamed-wrong-encoder-appends" wrong="streamed"
def streamed(design, document, chunk, summary):
    d, layers, flops = design["width"], design["decoder"], 0
    for known in range(0, document, chunk):
        new = min(chunk, document - known)
        there = known + new
        if design["encoder"]:
            flops += design["encoder"] * (24 * d * d * new + 4 * d * new * there)
            flops += layers * 4 * d * d * new
        else:
            flops += layers * (24 * d * d * new + 4 * d * (known * new + new * (new + 1) // 2))
        seen = summary * there + summary * (summary + 1) // 2
        flops += layers * ((28 if design["encoder"] else 24) * d * d * summary + 4 * d * seen)
    return flops


# %% key="streamed-wrong-no-rest" wrong="streamed"
def streamed(design, document, chunk, summary):
    d, layers, flops = design["width"], design["decoder"], 0
    for known in range(0, document // chunk * chunk, chunk):
        there = known + chunk
        if design["encoder"]:
            flops += design["encoder"] * (24 * d * d * there + 4 * d * there * there)
            flops += layers * 4 * d * d * there
        else:
            flops += layers * (
                24 * d * d * chunk + 4 * d * (known * chunk + chunk * (chunk + 1) // 2)
            )
        seen = summary * there + summary * (summary + 1) // 2
        flops += layers * ((28 if design["encoder"] else 24) * d * d * summary + 4 * d * seen)
    return flops


# %% key="streamed-wrong-one-summary" wrong="streamed"
def streamed(design, document, chunk, summary):
    d, layers, flops = design["width"], design["decoder"], 0
    for known in range(0, document, chunk):
        new = min(chunk, document - known)
        there = known + new
        if design["encoder"]:
            flops += design["encoder"] * (24 * d * d * there + 4 * d * there * there)
            flops += layers * 4 * d * d * there
        else:
            flops += layers * (24 * d * d * new + 4 * d * (known * new + new * (new + 1) // 2))
    seen = summary * document + summary * (summary + 1) // 2
    return flops + layers * ((28 if design["encoder"] else 24) * d * d * summary + 4 * d * seen)


# %% [markdown] key="busy-text" lang="ja"
# ## 課題3：`busy_batch`（4点）
#
# 1トークンずつ書くとき、GPUは、重みとKVキャッシュをメモリから読み出します。重みは、バッチの系列がいくつあっても、1回読み出せば足ります。KVキャッシュは、系列ごとに読み出します。
#
# 読み出す時間（バイト数÷`bytes_per_second`）より、計算の時間（FLOPs÷`flops_per_second`）のほうが長いか等しくなる、最小のバッチサイズを整数で返してください。どれだけ大きくしてもそうならないときは`None`を返します。
#
# 引数の`model`は、次の形の辞書です。
#
# ```
# {"encoder_weights": 0, "decoder_weights": 3000000000, "layers": 28, "heads": 24, "kv_heads": 8, "head_dim": 128}
# ```
#
# - `decoder_weights`：1トークンを書くのに使う重みの数。1トークンの計算は、重み1つにつき2 FLOPs
# - `encoder_weights`：エンコーダーの重みの数（デコーダー型では0）
# - `layers`：デコーダーの層の数。新しいトークンは、`layers`個の層のそれぞれで、文書の`document`トークンと、要約の`summary`トークンを参照する。エンコーダー・デコーダー型では、文書の分が交差注意になる（数は同じ）
# - アテンションのFLOPsは、参照する1トークンにつき`4 * heads * head_dim`
# - 重みもキャッシュも、数1つが2バイト

# %% [markdown] key="busy-text" lang="zh-tw"
# ## 第 3 題：`busy_batch`（4 分）
#
# 一次寫 1 個詞元時，GPU 要從記憶體讀出權重和 KV 快取。不管批次裡有幾個序列，權重只要讀 1 次；KV 快取則每個序列都要讀。
#
# 請以整數回傳：讓計算的時間（FLOPs÷`flops_per_second`）大於或等於讀取的時間（位元組數÷`bytes_per_second`）的最小批次大小。不管多大都做不到的話，就回傳 `None`。
#
# 引數 `model` 是下面這種字典。
#
# ```
# {"encoder_weights": 0, "decoder_weights": 3000000000, "layers": 28, "heads": 24, "kv_heads": 8, "head_dim": 128}
# ```
#
# - `decoder_weights`：寫 1 個詞元要用到的權重數。1 個詞元的計算，每個權重是 2 FLOPs
# - `encoder_weights`：編碼器的權重數（decoder-only 是 0）
# - `layers`：解碼器的層數。新的詞元在這 `layers` 層的每一層，都會看文件的 `document` 個詞元和摘要的 `summary` 個詞元。編碼器－解碼器的文件部分是交叉注意力（數量相同）
# - 注意力的 FLOPs：每看 1 個詞元是 `4 * heads * head_dim`
# - 權重和快取，一個數字都是 2 個位元組


# %% key="busy" task="busy_batch"
def busy_batch(model, document, summary, flops_per_second, bytes_per_second):
    """→ batch size, or None"""
    ### BEGIN SOLUTION
    seen = document + summary
    attention = 4 * model["layers"] * model["heads"] * model["head_dim"] * seen
    flops_each = 2 * model["decoder_weights"] + attention
    cache_each = 2 * model["layers"] * model["kv_heads"] * model["head_dim"] * 2 * seen
    once = 2 * model["decoder_weights"]
    gained = flops_each * bytes_per_second - cache_each * flops_per_second
    return math.ceil(once * flops_per_second / gained) if gained > 0 else None
    ### END SOLUTION


# %% key="busy-check" points=4
def toy(**changes):
    return {
        "encoder_weights": 0,
        "decoder_weights": 1_000_000,
        "layers": 10,
        "heads": 8,
        "kv_heads": 1,
        "head_dim": 64,
    } | changes


with check.task("busy_batch"):
    check.that(
        busy_batch(toy(), 0, 0, 200, 1) == 200,
        hint=T(
            ja="参照するトークンがない場合です。重みを読み出すのは、系列ごとではなく1回です。",
            zh_tw="這是沒有詞元要看的情況。權重不是每個序列都讀，只讀 1 次。",
        ),
    )
    check.that(
        busy_batch(toy(encoder_weights=5_000_000), 0, 0, 200, 1) == 200,
        hint=T(
            ja="1トークンを書くとき、エンコーダーの重みも読み出すでしょうか。",
            zh_tw="寫 1 個詞元的時候，也要讀編碼器的權重嗎？",
        ),
    )
    check.that(
        busy_batch(toy(), 0, 100, 10, 1) == 14,
        hint=T(
            ja="要約だけを参照する場合です。キャッシュはどの系列でも読み出します。キーとバリューの両方で、数1つは2バイトです。",
            zh_tw="這是只看摘要的情況。每個序列都要讀快取，鍵和值都要，而且一個數字是 2 個位元組。",
        ),
    )
    check.that(
        busy_batch(toy(encoder_weights=1_000_000), 900, 100, 7, 1) == 4,
        hint=T(
            ja="エンコーダー・デコーダー型でも、文書の分のキャッシュ（交差注意）を読み出します。",
            zh_tw="編碼器－解碼器也要讀文件部分的快取（交叉注意力）。",
        ),
    )
    check.that(
        busy_batch(toy(kv_heads=8), 1_000_000, 100, 200, 1) is None,
        hint=T(
            ja="系列を1つ増やすと、計算の時間と読み出す時間は、どちらが大きく増えますか。追いつけないときはNoneです。",
            zh_tw="多 1 個序列時，計算的時間和讀取的時間，哪一個增加得比較多？追不上的話就是 None。",
        ),
    )
    ### BEGIN HIDDEN TESTS
    hidden = T(ja="別の数でも確かめてみましょう。", zh_tw="請用其他數字再檢查一次。")
    for document, summary, heads in (
        (4_096, 256, 1),
        (16_384, 512, 2),
        (100, 10, 8),
        (200_000, 9, 8),
    ):
        model = toy(kv_heads=heads, decoder_weights=50_000_000, layers=12)
        seen, peak, speed = document + summary, 990, 3

        def is_busy(batch, model=model, seen=seen, peak=peak, speed=speed):
            work = batch * (2 * model["decoder_weights"] + 4 * 12 * 8 * 64 * seen)
            moved = 2 * model["decoder_weights"]
            moved += batch * 12 * seen * 2 * model["kv_heads"] * 64 * 2
            return work * speed >= moved * peak

        got = busy_batch(model, document, summary, peak, speed)
        if got is None:
            check.that(not is_busy(10**15), hint=hidden)
        else:
            check.that(is_busy(got) and (got == 1 or not is_busy(got - 1)), hint=hidden)
    ### END HIDDEN TESTS


# %% key="busy-wrong-weights-for-each" wrong="busy_batch"
def busy_batch(model, document, summary, flops_per_second, bytes_per_second):
    seen = document + summary
    attention = 4 * model["layers"] * model["heads"] * model["head_dim"] * seen
    work = (2 * model["decoder_weights"] + attention) / flops_per_second
    cache = 4 * model["layers"] * model["kv_heads"] * model["head_dim"] * seen
    return 1 if work >= (2 * model["decoder_weights"] + cache) / bytes_per_second else None


# %% key="busy-wrong-encoder-read" wrong="busy_batch"
def busy_batch(model, document, summary, flops_per_second, bytes_per_second):
    seen = document + summary
    attention = 4 * model["layers"] * model["heads"] * model["head_dim"] * seen
    work = (2 * model["decoder_weights"] + attention) / flops_per_second
    cache = 4 * model["layers"] * model["kv_heads"] * model["head_dim"] * seen / bytes_per_second
    once = 2 * (model["encoder_weights"] + model["decoder_weights"]) / bytes_per_second
    return math.ceil(once / (work - cache)) if work > cache else None


# %% key="busy-wrong-no-values" wrong="busy_batch"
def busy_batch(model, document, summary, flops_per_second, bytes_per_second):
    seen = document + summary
    attention = 4 * model["layers"] * model["heads"] * model["head_dim"] * seen
    work = (2 * model["decoder_weights"] + attention) / flops_per_second
    cache = 2 * model["layers"] * model["kv_heads"] * model["head_dim"] * seen / bytes_per_second
    once = 2 * model["decoder_weights"] / bytes_per_second
    return math.ceil(once / (work - cache)) if work > cache else None


# %% key="busy-wrong-no-cross-cache" wrong="busy_batch"
def busy_batch(model, document, summary, flops_per_second, bytes_per_second):
    seen = document + summary
    kept = summary if model["encoder_weights"] else seen
    attention = 4 * model["layers"] * model["heads"] * model["head_dim"] * seen
    work = (2 * model["decoder_weights"] + attention) / flops_per_second
    cache = 4 * model["layers"] * model["kv_heads"] * model["head_dim"] * kept / bytes_per_second
    once = 2 * model["decoder_weights"] / bytes_per_second
    return math.ceil(once / (work - cache)) if work > cache else None


# %% key="busy-wrong-always-some" wrong="busy_batch"
def busy_batch(model, document, summary, flops_per_second, bytes_per_second):
    seen = document + summary
    attention = 4 * model["layers"] * model["heads"] * model["head_dim"] * seen
    work = (2 * model["decoder_weights"] + attention) / flops_per_second
    cache = 4 * model["layers"] * model["kv_heads"] * model["head_dim"] * seen / bytes_per_second
    once = 2 * model["decoder_weights"] / bytes_per_second
    return math.ceil(once / abs(work - cache))


# %% [markdown] key="essay-text" lang="ja"
# ## 記述問題（10点）
#
# レッスン08の8節のシナリオについて、ステップ1とステップ2に答えてください。レッスンで自己確認をしてから、ここに清書しましょう。最初の行に、シナリオの番号（4文字）と、選んだ型を書きます。採点する人は、`bottleneck.scenario(...)`で同じ表を作れます。
#
# | ステップ1（300字前後）の観点 | 点 |
# |---|---|
# | どちらかを選び、シナリオの条件（届き方、目標の量と時間、GPU、候補の層とヘッド）と結び付けている。どちらも届かない条件では「こちらのほうが近い」でもよい | 2 |
# | 表と合う数を2つ以上、単位を付けて引用している（課題で与えられた数は数えない） | 2 |
# | 選ばなかった型の利点を、数とともに認めている | 1 |
# | 比較の限界（下限であること、測っていないこと）を述べている。下限が目標より短いだけで「間に合う」と言い切っていない | 1 |
#
# | ステップ2（200字前後）の観点 | 点 |
# |---|---|
# | スケーリング則が示すこと（損失）と、示さないこと（型の優劣）を区別している | 2 |
# | ゼロショットの要約について、モデルの大きさ以外の理由を述べている | 1 |
# | 報告されている内容を、出典や時期とともに述べている | 1 |

# %% [markdown] key="essay-text" lang="zh-tw"
# ## 問答題（10 分）
#
# 請針對第 08 課第 8 節的情境，回答步驟 1 和步驟 2。先在課文裡自我檢查，再謄到這裡。第一行請寫情境編號（4 個字元）和你選的架構。批改的人可以用 `bottleneck.scenario(...)` 做出同樣的表。
#
# | 步驟 1（約 300 字）的評分項目 | 分數 |
# |---|---|
# | 選了一種架構，並和情境的條件（送達方式、目標的項目和時間、GPU、候選架構的層數和頭）連結起來。如果條件是哪一種都達不到，可以寫「這一種比較接近」 | 2 |
# | 引用至少 2 個和表相符的數字，並寫上單位（題目給的數字不算） | 2 |
# | 用數字承認沒選的架構的優點 | 1 |
# | 說明比較的限制（是下限、有些東西沒有測）。沒有只因為下限比目標短，就斷定「來得及」 | 1 |
#
# | 步驟 2（約 200 字）的評分項目 | 分數 |
# |---|---|
# | 分清規模定律說明了什麼（損失），沒有說明什麼（架構的優劣） | 2 |
# | 說明零樣本摘要除了模型大小以外的原因 | 1 |
# | 附上出處或時間，說明已有的報告 | 1 |

# %% [markdown] key="step-1" lang="ja" points=6
# ### BEGIN SOLUTION
# #### 元のページの解答例（原文は英語）
#
# > エンコーダー・デコーダー型は、長い入力全体をエンコーダーで処理し、そのあとデコーダーで交差注意を計算しなければなりません。系列がとても長いと、計算が重く、最適化も複雑になりえます。デコーダー型は、すべてを一様に処理します。FlashAttentionやKVキャッシュの最適化といった現在の手法を使えば、デコーダー型では、コンテキストウィンドウをより楽に広げられ、リアルタイムの生成も効率よくできます。
#
# #### 直した解答例
#
# シナリオ0230の目標は最初のトークンまで1秒なので、デコーダー型を選びます。16回に分けて届いても、因果マスクなら古い状態は変わらず、最後の部分を読む計算は235.9 TFLOPsです。エンコーダーは20層で全部を読み直すので2,778 TFLOPsで、下限の7.67秒が目標を超えます。デコーダー型の下限は0.652秒です。2人が同時なら1.30秒と15.3秒で、どちらも届きません。
#
# 一方、書き終えるのは、ひとりならエンコーダー・デコーダー型が先です（10.4秒と11.1秒。2人なら19.5秒と18.5秒で逆）。KVキャッシュもデコーダー型が4.67倍ですが、GPUに収まります。書き終えるまでが目標なら、選択は変わりえます。
#
# 時間は下限なので、間に合うとは言い切れません。品質は測っていません。
# ### END SOLUTION

# %% [markdown] key="step-1" lang="zh-tw" points=6
# ### BEGIN SOLUTION
# #### 原網頁的參考答案（原文是英文）
#
# > 編碼器－解碼器必須先用編碼器處理整份長輸入，再由解碼器計算交叉注意力。序列非常長時，運算負擔可能很重，最佳化也可能很複雜。decoder-only 對所有東西都用同一種方式處理。有了 FlashAttention 和 KV 快取最佳化等現代技術，decoder-only 要擴大上下文視窗會更簡便，即時產生也更有效率。
#
# #### 修正後的參考答案
#
# 情境 0230 的目標是 1 秒內寫出第一個詞元，所以我選 decoder-only。文件分 16 次送達，使用因果遮罩時舊的狀態不會變，所以讀最後一段只要 235.9 TFLOPs。編碼器有 20 層，而且要全部重讀，需要 2,778 TFLOPs，下限的 7.67 秒超過了目標。decoder-only 的下限，單人使用是 0.652 秒。2 人同時是 1.30 秒對 15.3 秒，哪一種都達不到。
#
# 不過，單人使用時，先寫完摘要的是編碼器－解碼器（10.4 秒對 11.1 秒；2 人時相反，19.5 秒對 18.5 秒）。KV 快取也是 decoder-only 較大，為 4.67 倍，但放得進 GPU。如果目標是整份寫完的時間，選擇就可能不同。
#
# 時間都是下限，不能斷定來得及；摘要的品質則沒有測。
# ### END SOLUTION

# %% [markdown] key="step-2" lang="ja" points=4
# ### BEGIN SOLUTION
# #### 元のページの解答例（原文は英語）
#
# > デコーダー型のモデルは、パラメータと学習データを増やしたときの性能の向上を、とてもよく予測できることを示してきました（スケーリング則）。この巨大な規模が「創発的能力」を引き出します。1つのデコーダー型モデルで、小さなエンコーダー・デコーダー型によく必要とされるタスク別のファインチューニングなしに、ゼロショットの要約がとても効果的にできます。
#
# #### 直した解答例
#
# スケーリング則が予測するのは損失で、個々のタスクの成績ではありません。1つの型の中で当てはめた法則なので、型の優劣も示しません。RedLLMの論文（2025年）は、事前学習の計算効率は全体としてデコーダー型が上ですが、伸び方は同程度だと報告しています。要約の鍵は、大きさより指示チューニングだとされます（Zhang et al. 2023）。創発的能力には議論があります。
#
# 一方、指示チューニング済みの大きなモデルは、2026年の時点ではデコーダー型に多く、選ぶ理由になります。品質は測っていません。
# ### END SOLUTION

# %% [markdown] key="step-2" lang="zh-tw" points=4
# ### BEGIN SOLUTION
# #### 原網頁的參考答案（原文是英文）
#
# > decoder-only 模型已經證明：增加參數和訓練資料時，效能的提升非常容易預測（規模定律）。這樣龐大的規模會引出「湧現能力」，讓單一個 decoder-only 模型就能非常有效地做零樣本摘要，不必像較小的編碼器－解碼器那樣，常常需要針對任務微調。
#
# #### 修正後的參考答案
#
# 規模定律預測的是損失，不是個別任務的成績；它是在同一種架構裡擬合出來的，也不能說明架構的優劣。RedLLM 的論文（2025 年）報告：預訓練的運算效率整體上是 decoder-only 較好，但成長的趨勢差不多。另有報告指出，零樣本摘要的關鍵不是模型大小，而是指令微調（Zhang et al. 2023）。湧現能力仍有爭議。
#
# 不過，就 2026 年這個時間點來說，經過指令微調的大型模型以 decoder-only 居多，這可以是選擇的理由。摘要的品質則沒有測。
# ### END SOLUTION
