# %% [markdown] key="title" lang="ja"
# # 演習02：ブロックを分解し、設計し直す
#
# レッスン02の考え方を使い、実際のLLMの研究や設計で使われている4つの計算を書きます。答えがレッスンにも補助モジュールにもない、一歩進んだ問題です。どれも、モデルは使わず、渡された数とテンソルだけで計算する関数です。
#
# | 課題 | 内容 | 配点 |
# |---|---|---|
# | `logit_shares` | ロジットの差を、部品ごとの寄与に分ける | 3 |
# | `fold` | LayerNormを、あとに続く行列に組み込む | 3 |
# | `rope_speeds` | 長い系列のために、RoPEの回る速さを変える | 3 |
# | `intermediate_size` | 大きさを変えずに、ブロックを設計し直す | 2 |
# | 記述 | ブロックの部品についての意見を検討する | 4 |
#
# 目安は60分です。`raise NotImplementedError`の行を消して、そこにコードを書きましょう。すぐ下の確認セルを実行すると、「未完成」「おしい」「正解」のどれかとヒントが表示されます。コードが途中で止まったときは、エラーの内容が表示されます。提出後の採点では、別の入力でも確かめます。

# %% [markdown] key="title" lang="zh-tw"
# # 練習 02：拆解區塊，重新設計
#
# 運用第 02 課學到的想法，動手寫出研究和設計 LLM 時實際使用的 4 種計算。答案不在課文裡，也不在輔助模組裡：每一題都要再往前想一步。這些函式都不需要模型，只用傳入的數和張量來計算。
#
# | 題目 | 內容 | 配分 |
# |---|---|---|
# | `logit_shares` | 把 logits 的差，拆成每個零件的貢獻 | 3 |
# | `fold` | 把 LayerNorm 併入後面的矩陣 | 3 |
# | `rope_speeds` | 為了更長的序列，調整 RoPE 旋轉的速度 | 3 |
# | `intermediate_size` | 大小不變，重新設計區塊 | 2 |
# | 問答題 | 評論一段關於區塊零件的意見 | 4 |
#
# 大約需要 60 分鐘。請刪掉 `raise NotImplementedError` 那一行，把程式碼寫在那裡，再執行緊接在下面的檢查儲存格，就會看到「尚未作答」、「還差一點」或「答對了」，以及小提示。程式執行到一半出錯時，會顯示錯誤內容。繳交後批改時，還會用別的輸入再檢查一次。

# %% key="imports"
import math

import torch
import torch.nn.functional as F

from helpers.classroom import check

torch.set_num_threads(1)

# %% [markdown] key="shares-text" lang="ja"
# ## 課題1：`logit_shares`（3点）
#
# レッスン02の4節では、最後のベクトルが、埋め込みとすべての部品の出力との和になりました。ロジットは、この和を正規化し、行列を掛けて計算します。それなら、モデルがある答えを選んだとき、どの部品がどれだけ後押ししたのかも計算できるはずです。モデルの内部を調べる研究では、実際にこの値を使います（direct logit attribution）。
#
# 位置ごとに2つのトークンを選び、`right`のロジットから`other`のロジットを引いた差を考えます。この差に対するそれぞれの部品の寄与（その部品が差に足した分）を、形状`(P, T)`のテンソルで返してください。最後の正規化は、Llamaと同じRMSNormです（0で割らないための小さな数は足しません）。正規化が割る数には、モデルが実際に割る数をそのまま使います。
#
# - `parts`：埋め込みと部品の出力、`(P, T, d)`。`P`個を足すと、最後のベクトルになる
# - `gain`：正規化の最後に、要素ごとに掛ける数、`(d,)`
# - `head`：ロジットを計算する行列、`(V, d)`
# - `right`、`other`：比べるトークンの番号、どちらも`(T,)`
#
# `P`個の寄与を足すと、元の差と等しくなります。出力がすべて0の部品の寄与は、0です。

# %% [markdown] key="shares-text" lang="zh-tw"
# ## 第 1 題：`logit_shares`（3 分）
#
# 第 02 課第 4 節看到，最後的向量等於嵌入加上所有零件的輸出。把這個總和正規化，再乘上矩陣，就是 logits。這麼說來，模型選出某個答案時，每個零件各推了多少，應該也算得出來。研究模型內部的人，真的會用到這個值（direct logit attribution）。
#
# 每個位置選出 2 個詞元，考慮 `right` 的 logit 減去 `other` 的 logit 的差。請算出每個零件對這個差的貢獻（這個零件在差裡加了多少），回傳形狀是 `(P, T)` 的張量。最後的正規化和 Llama 一樣，是 RMSNorm（不加上用來避免除以 0 的微小數值）。正規化要除以的數，就用模型實際除的那一個。
#
# - `parts`：嵌入與各零件的輸出，`(P, T, d)`。把 `P` 個加起來，就是最後的向量
# - `gain`：正規化的最後，對每個元素乘上的數，`(d,)`
# - `head`：計算 logits 的矩陣，`(V, d)`
# - `right`、`other`：要比較的詞元編號，都是 `(T,)`
#
# 把 `P` 個零件的貢獻加起來，會等於原本的差；輸出全是 0 的零件，貢獻就是 0。


# %% key="shares" task="logit_shares"
def logit_shares(parts, gain, head, right, other):
    """parts: (P, T, d)  gain: (d,)  head: (V, d)  right, other: (T,) → (P, T)"""
    ### BEGIN SOLUTION
    one_over_rms = parts.sum(0).square().mean(-1, keepdim=True).rsqrt()  # (T, 1)
    direction = (head[right] - head[other]) * gain  # (T, d)
    return torch.einsum("ptd,td->pt", parts * one_over_rms, direction)
    ### END SOLUTION


# %% key="shares-check" points=3
def logit_gap(x, gain, head, right, other):
    T(
        ja="""最後のベクトルから計算した、ロジットの差：x (T, d) → (T,)""",
        zh_tw="""從最後的向量算出 logits 的差：x (T, d) → (T,)""",
    )
    logits = F.rms_norm(x, gain.shape, gain, 0.0) @ head.T
    place = torch.arange(len(x))
    return logits[place, right] - logits[place, other]


def made_up(n_parts, n_tokens, seed=0, width=8):
    g = torch.Generator().manual_seed(seed)
    parts = torch.randn(n_parts, n_tokens, width, generator=g)
    gain, head = torch.rand(width, generator=g) + 0.5, torch.randn(11, width, generator=g)
    place = torch.arange(n_tokens)
    return parts, gain, head, 3 * place % 11, (5 * place + 1) % 11


with check.task("logit_shares"):
    parts, gain, head, right, other = made_up(1, 1)
    got = logit_shares(parts, torch.ones(8), head, right, other)
    want = logit_gap(parts[0], torch.ones(8), head, right, other)
    check.shape(got, (1, 1))
    check.that(
        (got[0] * want > 0).all(),
        hint=T(
            ja="正と負が反対です。どちらのロジットからどちらを引くのでしょうか。",
            zh_tw="正負相反了。是用哪一個 logits 減去哪一個？",
        ),
    )
    check.close(
        got[0],
        want,
        hint=T(
            ja="部品が1つ、トークンも1つで、`gain`が1のときから違います。RMSNormが割る数を、5節で確かめましょう。",
            zh_tw="只有 1 個零件、1 個詞元，而且 `gain` 是 1 的時候就不對了。請在第 5 節確認 RMSNorm 是除以什麼數。",
        ),
    )
    check.close(
        logit_shares(parts, gain, head, right, other)[0],
        logit_gap(parts[0], gain, head, right, other),
        hint=T(
            ja="`gain`が1でないと違います。正規化のあと、行列に入る前に、何があるでしょうか。",
            zh_tw="`gain` 不是 1 時就不對了。正規化之後、乘上矩陣之前，還有什麼？",
        ),
    )
    parts, gain, head, right, other = made_up(1, 3)
    parts = parts * torch.tensor([0.1, 1.0, 10.0])[:, None]
    check.close(
        logit_shares(parts, gain, head, right, other)[0],
        logit_gap(parts[0], gain, head, right, other),
        hint=T(
            ja="トークンの大きさがばらばらだと違います。正規化は、何をそろえるのでしょうか。",
            zh_tw="各個詞元大小不一時就不對了。正規化是替什麼把大小調成一致？",
        ),
    )
    parts, gain, head, right, other = made_up(3, 4)
    got = logit_shares(parts, gain, head, right, other)
    check.shape(got, (3, 4))
    check.close(
        got.sum(0),
        logit_gap(parts.sum(0), gain, head, right, other),
        hint=T(
            ja="部品が2つ以上になると、足しても差に等しくなりません。ロジットを計算するとき、最後の正規化は何回行われますか。",
            zh_tw="零件有 2 個以上時，加起來不等於原本的差。計算 logits 時，最後的正規化做了幾次？",
        ),
    )
    parts[1] = 0
    check.that(
        logit_shares(parts, gain, head, right, other)[1].abs().max() < 1e-5,
        hint=T(
            ja="足すと差に等しくなりますが、何も出力しない部品の寄与が0ではありません。",
            zh_tw="加起來等於原本的差，不過什麼都沒輸出的零件，貢獻卻不是 0。",
        ),
    )
    parts[1] = 3 * parts[0]
    got = logit_shares(parts, gain, head, right, other)
    check.close(
        got[1],
        3 * got[0],
        hint=T(
            ja="2つの部品の出力が、同じ向きで3倍の大きさなら、寄与も3倍になるはずです。",
            zh_tw="2 個零件的輸出方向相同、大小是 3 倍時，貢獻也應該是 3 倍。",
        ),
    )
    ### BEGIN HIDDEN TESTS
    for seed, (n_parts, n_tokens, width) in enumerate(((2, 3, 6), (5, 1, 16), (9, 7, 32))):
        parts, gain, head, right, other = made_up(n_parts, n_tokens, 10 + seed, width)
        want = torch.zeros(n_parts, n_tokens)
        for t in range(n_tokens):
            rms = math.sqrt(sum(v**2 for v in parts[:, t].sum(0).tolist()) / width)
            for p in range(n_parts):
                logits = [(parts[p, t] / rms * gain * row).sum().item() for row in head]
                want[p, t] = logits[right[t]] - logits[other[t]]
        hidden = T(ja="別の大きさでも確かめてみましょう。", zh_tw="請用其他大小再檢查一次。")
        got = logit_shares(parts, gain, head, right, other)
        check.close(got, want, atol=1e-4, hint=hidden)
    ### END HIDDEN TESTS


# %% key="shares-wrong-sign" wrong="logit_shares"
def logit_shares(parts, gain, head, right, other):
    x = parts / parts.sum(0).square().mean(-1, keepdim=True).sqrt() * gain
    return (x * (head[other] - head[right])).sum(-1)


# %% key="shares-wrong-length" wrong="logit_shares"
def logit_shares(parts, gain, head, right, other):
    x = parts / parts.sum(0).norm(dim=-1, keepdim=True) * gain
    return (x * (head[right] - head[other])).sum(-1)


# %% key="shares-wrong-no-gain" wrong="logit_shares"
def logit_shares(parts, gain, head, right, other):
    x = parts / parts.sum(0).square().mean(-1, keepdim=True).sqrt()
    return (x * (head[right] - head[other])).sum(-1)


# %% key="shares-wrong-all-tokens" wrong="logit_shares"
def logit_shares(parts, gain, head, right, other):
    x = parts / parts.sum(0).square().mean().sqrt() * gain
    return (x * (head[right] - head[other])).sum(-1)


# %% key="shares-wrong-each-normed" wrong="logit_shares"
def logit_shares(parts, gain, head, right, other):
    x = F.rms_norm(parts, gain.shape, gain, 0.0)
    return (x * (head[right] - head[other])).sum(-1)


# %% key="shares-wrong-equal" wrong="logit_shares"
def logit_shares(parts, gain, head, right, other):
    x = F.rms_norm(parts.sum(0), gain.shape, gain, 0.0)
    return (x * (head[right] - head[other])).sum(-1).expand(len(parts), -1) / len(parts)


# %% [markdown] key="fold-text" lang="ja"
# ## 課題2：`fold`（3点）
#
# LayerNormは、平均を引き、標準偏差で割ったあと、要素ごとに、学習した数を掛け（`gain`）、別の学習した数を足します（`shift`）。pre-normのブロックでは、そのすぐあとに必ず行列があります。学習が終われば、重みはもう変わりません。そこで、LayerNormの計算のうち、割り算だけを残し、ほかはすべて行列に組み込んでしまいましょう。使うときの計算が減り、モデルの内部を調べるのも楽になります。
#
# 左辺は元のモデル、右辺は書き換えたモデルです。
#
# $$W\,\operatorname{LayerNorm}(x) + b = W'\,\frac{x}{\sigma(x)} + b'$$
#
# $\sigma(x)$ は、LayerNormが割る数です（これを求めるときは平均を引きます）。割られる $x$ からは、平均を引いていません。どんな $x$ でもこの式が成り立つような $W'$ と $b'$ を、この順のタプルで返してください。
#
# - `gain`、`shift`：どちらも`(d,)`
# - `weight`：$W$、`(out, d)`
# - `bias`：$b$、`(out,)`
#
# 例：$d = 2$ で、`gain`が1、`shift`が0なら、$W = (1, 0)$ に対する答えは $W' = (0.5, -0.5)$ です。

# %% [markdown] key="fold-text" lang="zh-tw"
# ## 第 2 題：`fold`（3 分）
#
# LayerNorm 會先減去平均、除以標準差，再對每個元素乘上訓練出來的數（`gain`）、加上訓練出來的數（`shift`）。在 pre-norm 的區塊裡，緊接在後面的一定是矩陣。訓練結束之後，權重就不會再變了。所以 LayerNorm 可以只留下除法，其他的全部併入矩陣。這樣推論時的計算變少，研究模型內部也比較方便。
#
# 左邊是原本的模型，右邊是改寫後的模型。
#
# $$W\,\operatorname{LayerNorm}(x) + b = W'\,\frac{x}{\sigma(x)} + b'$$
#
# $\sigma(x)$ 是 LayerNorm 除以的數（求它的時候會減去平均）。請注意，右邊被除的 $x$ 沒有減去平均。請求出對任何 $x$ 都能讓這個式子成立的 $W'$ 和 $b'$，依序用 tuple 回傳。
#
# - `gain`、`shift`：都是 `(d,)`
# - `weight`：$W$，`(out, d)`
# - `bias`：$b$，`(out,)`
#
# 例如：$d = 2$，`gain` 是 1、`shift` 是 0 時，$W = (1, 0)$ 的答案是 $W' = (0.5, -0.5)$。


# %% key="fold" task="fold"
def fold(gain, shift, weight, bias):
    """gain, shift: (d,)  weight: (out, d)  bias: (out,) → weight (out, d), bias (out,)"""
    ### BEGIN SOLUTION
    scaled = weight * gain
    #| ja: 各行の合計が0なら、xの平均は、掛けると消える
    #| zh-tw: 每個橫列的總和是 0，乘上去之後，x 的平均就會消失
    return scaled - scaled.mean(-1, keepdim=True), bias + weight @ shift
    ### END SOLUTION


# %% key="fold-check" points=3
def original(x, gain, shift, weight, bias):
    T(ja="""左辺：LayerNormと行列""", zh_tw="""左邊：LayerNorm 和矩陣""")
    return F.linear(F.layer_norm(x, gain.shape, gain, shift), weight, bias)


def rewritten(x, new_weight, new_bias):
    T(ja="""右辺：割り算と行列""", zh_tw="""右邊：除法和矩陣""")
    sigma = (x.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()
    return F.linear(x / sigma, new_weight, new_bias)


def same_output(x, learned, hint):
    answer = check.unpack(fold(*learned), 2)
    for part, like in zip(answer, learned[2:], strict=True):
        check.shape(part, like.shape)
    check.close(rewritten(x, *answer), original(x, *learned), atol=1e-4, hint=hint)


with check.task("fold"):
    g = torch.Generator().manual_seed(1)
    x, weight = torch.randn(6, 8, generator=g), torch.randn(5, 8, generator=g)
    gain, shift, bias = (torch.randn(n, generator=g) for n in (8, 8, 5))
    x = x - x.mean(-1, keepdim=True)
    one, zero = torch.ones(8), torch.zeros(8)
    same_output(
        x,
        (one, zero, weight, bias),
        hint=T(
            ja="`x`の平均が0、`gain`が1、`shift`が0のときから違います。行列のどの数が、`x`のどの要素に掛かるでしょうか。",
            zh_tw="`x` 的平均是 0、`gain` 是 1、`shift` 是 0 時就不對了。矩陣的哪個數，會乘到 `x` 的哪個元素？",
        ),
    )
    same_output(
        x + 2,
        (one, zero, weight, bias),
        hint=T(
            ja="`x`のすべての要素に2を足すと違います。左辺はどうなるでしょうか。右辺も同じになるようにしましょう。",
            zh_tw="把 `x` 的每個元素都加上 2 之後就不對了。左邊會怎樣？想想怎麼讓右邊也一樣。",
        ),
    )
    same_output(
        x + 2,
        (gain, zero, weight, bias),
        hint=T(
            ja="`gain`が1でないと違います。LayerNormの計算を、`x`に近いものから順に、行列の積として並べてみましょう。",
            zh_tw="`gain` 不是 1 時就不對了。把 LayerNorm 的每一步，從最靠近 `x` 的開始，依序寫成矩陣的乘積看看。",
        ),
    )
    same_output(
        x + 2,
        (one, shift, weight, bias),
        hint=T(
            ja="`shift`が0でないと違います。足された`shift`は、そのあと何を通るでしょうか。",
            zh_tw="`shift` 不是 0 時就不對了。加上去的 `shift`，接下來會經過什麼？",
        ),
    )
    same_output(
        x + 2,
        (gain, shift, weight, bias),
        hint=T(
            ja="`gain`と`shift`の両方があると違います。掛けるのと足すのは、どちらが先でしょうか。",
            zh_tw="`gain` 和 `shift` 同時存在時就不對了。乘和加，哪個在先？",
        ),
    )
    ### BEGIN HIDDEN TESTS
    for seed, (out, d) in enumerate(((1, 4), (16, 16), (7, 33))):
        g = torch.Generator().manual_seed(20 + seed)
        x = 3 * torch.randn(2, 5, d, generator=g) + torch.randn(2, 5, 1, generator=g)
        learned = [torch.randn(*n, generator=g) for n in ((d,), (d,), (out, d), (out,))]
        hidden = T(ja="別の大きさでも確かめてみましょう。", zh_tw="請用其他大小再檢查一次。")
        same_output(x, learned, hint=hidden)
    ### END HIDDEN TESTS


# %% key="fold-wrong-outputs" wrong="fold"
def fold(gain, shift, weight, bias):
    scaled = weight * gain
    return scaled - scaled.mean(0), bias + weight @ shift


# %% key="fold-wrong-mean" wrong="fold"
def fold(gain, shift, weight, bias):
    return weight * gain, bias + weight @ shift


# %% key="fold-wrong-order" wrong="fold"
def fold(gain, shift, weight, bias):
    return (weight - weight.mean(-1, keepdim=True)) * gain, bias + weight @ shift


# %% key="fold-wrong-bias" wrong="fold"
def fold(gain, shift, weight, bias):
    scaled = weight * gain
    return scaled - scaled.mean(-1, keepdim=True), bias


# %% key="fold-wrong-shift" wrong="fold"
def fold(gain, shift, weight, bias):
    scaled = weight * gain
    return scaled - scaled.mean(-1, keepdim=True), bias + scaled @ shift


# %% [markdown] key="rope-text" lang="ja"
# ## 課題3：`rope_speeds`（3点）
#
# RoPEは、`d_k`個の要素を2つずつ組にし、位置が1つ進むたびに、組 $i$ を $b^{-2i/d_k}$ ラジアンずつ回します（$i = 0, 1, 2, \dots$）。この値を、組の速さと呼ぶことにします。スコアに現れるのは、位置の差に速さを掛けた角度です。
#
# 位置の差が`trained`までの系列で学習したモデルを、`longer`まで使いたいとします。速い組は、`trained`までに1周以上回るので、どの角度も学習で見ています。遅い組は1周しないので、`trained`を超えると、見たことのない角度になります。そこで、速さを次のように変えます。
#
# - `trained`までに1周以上回る組は、元の速さのままにする
# - 1周しない組は、もっと遅くする。位置の差が`longer`のときの角度が、元の速さで位置の差が`trained`のときの角度と、ちょうど同じになるようにする
#
# 各組の新しい速さを、形状`(d_k // 2,)`のテンソルで返してください。引数の`theta`は、底の $b$（`rope_theta`）です。Llama 3.1の設定`rope_scaling`も、同じ考え方です（1周から4周の組だけは、2つの速さの間の値にします）。
#
# 例：`d_k=4`、`theta=100`なら、元の速さは1と0.1です。`trained=30`、`longer=60`のとき、速さ0.1の組は $30 \times 0.1 = 3$ ラジアンしか回らないので、速さを0.05にします。

# %% [markdown] key="rope-text" lang="zh-tw"
# ## 第 3 題：`rope_speeds`（3 分）
#
# RoPE 把 `d_k` 個元素每 2 個分成一組，位置每前進 1 個，第 $i$ 組就轉 $b^{-2i/d_k}$ 弧度（$i = 0, 1, 2, \dots$）。這個值叫做這一組的速度。影響分數的角度，是位置的差乘上速度。
#
# 有一個模型，訓練用的序列裡，位置的差最多到 `trained`；現在想用到 `longer`。快的組在 `trained` 以內就轉了 1 圈以上，所以什麼角度都在訓練時看過。慢的組轉不到 1 圈，一超過 `trained`，就會遇到沒看過的角度。所以要這樣調整速度：
#
# - 在 `trained` 以內轉了 1 圈以上的組，維持原本的速度
# - 轉不到 1 圈的組，要再放慢：讓位置的差是 `longer` 時的角度，剛好等於用原本的速度、位置的差是 `trained` 時的角度
#
# 請回傳每一組的新速度，形狀是 `(d_k // 2,)` 的張量。引數 `theta` 就是底數 $b$（`rope_theta`）。Llama 3.1 的設定 `rope_scaling` 也是同樣的想法（只有轉 1 到 4 圈的組，會用介於 2 種速度之間的值）。
#
# 例如：`d_k=4`、`theta=100` 時，原本的速度是 1 和 0.1。`trained=30`、`longer=60` 的話，速度 0.1 的那一組只轉了 $30 \times 0.1 = 3$ 弧度，所以速度要改成 0.05。


# %% key="rope" task="rope_speeds"
def rope_speeds(d_k, theta, trained, longer):
    """→ (d_k // 2,), radians for each position"""
    ### BEGIN SOLUTION
    speed = theta ** (-torch.arange(0, d_k, 2) / d_k)
    saw_all = trained * speed >= 2 * math.pi
    return torch.where(saw_all, speed, speed * trained / longer)
    ### END SOLUTION


# %% key="rope-check" points=3
with check.task("rope_speeds"):
    #| ja: 元の速さは1、0.1、0.01、0.001
    #| zh-tw: 原本的速度是 1、0.1、0.01、0.001
    before = torch.tensor([1.0, 0.1, 0.01, 0.001])
    check.close(
        rope_speeds(8, 10_000, 100, 100),
        before,
        atol=1e-6,
        hint=T(
            ja="`longer`が`trained`と同じなら、元の速さのままのはずです。組の番号から速さを求める式を確かめましょう。",
            zh_tw="`longer` 和 `trained` 相同時，速度應該不變。請確認由組的編號算出速度的式子。",
        ),
    )
    got = rope_speeds(8, 10_000, 100, 200)
    check.that(
        (got <= before * 1.0001).all(),
        hint=T(
            ja="元より速くなった組があります。速くすると、見たことのない角度に、もっと早く達してしまいます。",
            zh_tw="有的組變得比原本快了。變快的話，會更早遇到沒看過的角度。",
        ),
    )
    check.that(
        got[3] < 0.0009,
        hint=T(
            ja="いちばん遅い組が、元の速さのままです。位置の差が200のとき、この組の角度は、学習で見た範囲に入っていますか。",
            zh_tw="最慢的那一組，速度還是和原本一樣。位置的差是 200 時，這一組的角度還在訓練時看過的範圍裡嗎？",
        ),
    )
    check.close(
        got[:2],
        before[:2],
        atol=1e-6,
        hint=T(
            ja="いちばん速い2つの組は、位置の差が100になるまでに、何周しますか。",
            zh_tw="最快的 2 組，在位置的差到 100 之前，轉了幾圈？",
        ),
    )
    check.close(
        rope_speeds(8, 10_000, 300, 600),
        torch.tensor([1.0, 0.1, 0.005, 0.0005]),
        atol=1e-6,
        hint=T(
            ja="速さ0.01の組は、位置の差が300になるまでに3ラジアン回ります。これは何周でしょうか。",
            zh_tw="速度 0.01 的那一組，在位置的差到 300 之前轉了 3 弧度。這是幾圈？",
        ),
    )
    check.close(
        rope_speeds(8, 10_000, 100, 1000),
        torch.tensor([1.0, 0.1, 0.001, 0.0001]),
        atol=1e-6,
        hint=T(
            ja="`longer`がずっと長いときに違います。どの角度を見たかは、いつの系列の長さで決まりますか。",
            zh_tw="`longer` 長很多時就不對了。看過哪些角度，是由什麼時候的序列長度決定的？",
        ),
    )
    ### BEGIN HIDDEN TESTS
    for d_k, theta, trained, longer in (
        (128, 500_000, 8192, 131_072),
        (64, 10_000.0, 2048, 4096),
        (6, 50, 20, 90),
        (2, 10_000, 5, 50),
    ):
        want = []
        for i in range(d_k // 2):
            speed = math.exp(-2 * i / d_k * math.log(theta))
            want.append(speed if trained * speed / math.tau >= 1 else speed / (longer / trained))
        hidden = T(ja="別の長さでも確かめてみましょう。", zh_tw="請用其他長度再檢查一次。")
        got = rope_speeds(d_k, theta, trained, longer)
        check.close(got.log(), torch.tensor(want).log(), atol=1e-4, hint=hidden)
    ### END HIDDEN TESTS


# %% key="rope-wrong-exponent" wrong="rope_speeds"
def rope_speeds(d_k, theta, trained, longer):
    speed = theta ** (-torch.arange(d_k // 2) / d_k)
    return torch.where(trained * speed >= 2 * math.pi, speed, speed * trained / longer)


# %% key="rope-wrong-faster" wrong="rope_speeds"
def rope_speeds(d_k, theta, trained, longer):
    speed = theta ** (-torch.arange(0, d_k, 2) / d_k)
    return torch.where(trained * speed >= 2 * math.pi, speed, speed * longer / trained)


# %% key="rope-wrong-fast-ones" wrong="rope_speeds"
def rope_speeds(d_k, theta, trained, longer):
    speed = theta ** (-torch.arange(0, d_k, 2) / d_k)
    return torch.where(trained * speed < 2 * math.pi, speed, speed * trained / longer)


# %% key="rope-wrong-all" wrong="rope_speeds"
def rope_speeds(d_k, theta, trained, longer):
    return theta ** (-torch.arange(0, d_k, 2) / d_k) * trained / longer


# %% key="rope-wrong-radian" wrong="rope_speeds"
def rope_speeds(d_k, theta, trained, longer):
    speed = theta ** (-torch.arange(0, d_k, 2) / d_k)
    return torch.where(trained * speed > 1.5, speed, speed * trained / longer)


# %% key="rope-wrong-longer" wrong="rope_speeds"
def rope_speeds(d_k, theta, trained, longer):
    speed = theta ** (-torch.arange(0, d_k, 2) / d_k)
    return torch.where(longer * speed >= 2 * math.pi, speed, speed * trained / longer)


# %% [markdown] key="size-text" lang="ja"
# ## 課題4：`intermediate_size`（2点）
#
# GQAにすると、$W^K$ と $W^V$ が小さくなります。Llama 2の論文（Touvron et al. 2023、付録A.2.1）は、マルチヘッドアテンションとGQAを比べる実験で、減った分を補うようにFFNを広げ、モデルの大きさをほぼ同じにしました。広げたあとの中間の幅を求めてください。
#
# - 元のブロック：マルチヘッドアテンションと、GELUのFFN。中間の幅は`hidden_size`の4倍
# - 新しいブロック：キーとバリューのヘッドが`n_kv_heads`個のGQAと、SwiGLUのFFN。ヘッド1つの次元は、元のブロックと同じ
#
# 新しいブロックの行列の要素は、全部で、元のブロックより多くなってはいけません。その範囲で、いちばん大きい中間の幅を、整数で返してください。GPUで計算しやすくするために、中間の幅は`multiple`の倍数にします。行列でないもの（バイアスや正規化）は数えません。
#
# 例：`hidden_size=512`、`n_heads=8`、`n_kv_heads=8`、`multiple=1`なら、答えは1,365です。

# %% [markdown] key="size-text" lang="zh-tw"
# ## 第 4 題：`intermediate_size`（2 分）
#
# 改用 GQA 之後，$W^K$ 和 $W^V$ 會變小。Llama 2 的論文（Touvron et al. 2023，附錄 A.2.1）在比較多頭注意力和 GQA 的實驗裡，把 FFN 加寬，補上減少的部分，讓模型的大小差不多。請求出加寬之後，FFN 中間的寬度。
#
# - 原本的區塊：多頭注意力，以及 GELU 的 FFN。中間的寬度是 `hidden_size` 的 4 倍
# - 新的區塊：GQA（鍵和值的頭有 `n_kv_heads` 個），以及 SwiGLU 的 FFN。一個頭的維度和原本的區塊相同
#
# 新區塊所有矩陣的元素，合計不可以比原本的區塊多。請在這個範圍內，以整數回傳最大的中間寬度。為了讓 GPU 方便計算，中間的寬度要是 `multiple` 的倍數。不是矩陣的東西（偏差、正規化）不算在內。
#
# 例如：`hidden_size=512`、`n_heads=8`、`n_kv_heads=8`、`multiple=1` 時，答案是 1,365。


# %% key="size" task="intermediate_size"
def intermediate_size(hidden_size, n_heads, n_kv_heads, multiple):
    """→ int, a multiple of multiple"""
    ### BEGIN SOLUTION
    kv_width = hidden_size // n_heads * n_kv_heads
    attention = 2 * hidden_size * (hidden_size + kv_width)  # q and o, k and v
    left = 12 * hidden_size**2 - attention
    return left // (3 * hidden_size * multiple) * multiple
    ### END SOLUTION


# %% key="size-check" points=2
with check.task("intermediate_size"):
    check.that(
        intermediate_size(768, 1, 1, 1) == 2048,
        hint=T(
            ja="ヘッドが1つのときから違います。元のブロックの要素を数え、SwiGLUの行列がいくつあるか、6節で確かめましょう。",
            zh_tw="只有 1 個頭時就不對了。先數出原本區塊的元素，再到第 6 節確認 SwiGLU 有幾個矩陣。",
        ),
    )
    got = intermediate_size(768, 12, 6, 1)
    check.that(
        got != 2048,
        hint=T(
            ja="キーとバリューのヘッドを半分にしても、中間の幅が変わっていません。空いた分を使いましょう。",
            zh_tw="鍵和值的頭少了一半，中間的寬度卻沒有變。請把省下來的用掉。",
        ),
    )
    check.that(
        got <= 2304,
        hint=T(
            ja="ヘッドが12、キーとバリューのヘッドが6のとき、元のブロックより大きくなりました。キーのベクトルは、何次元になるでしょうか。",
            zh_tw="頭有 12 個、鍵和值的頭有 6 個時，變得比原本的區塊大。鍵的向量會是幾維？",
        ),
    )
    check.that(
        got == 2304,
        hint=T(
            ja="ヘッドが12、キーとバリューのヘッドが6のとき、まだ広げられます。GQAで小さくなる行列は、いくつありますか。",
            zh_tw="頭有 12 個、鍵和值的頭有 6 個時，還可以更寬。用 GQA 會變小的矩陣有幾個？",
        ),
    )
    check.that(
        intermediate_size(512, 8, 8, 1) == 1365,
        hint=T(
            ja="割り切れないときに違います。元のブロックより、少しでも大きくなってはいけません。",
            zh_tw="除不盡時就不對了。只要比原本的區塊大一點點，就不行。",
        ),
    )
    check.that(
        intermediate_size(4096, 32, 32, 256) == 10_752,
        hint=T(
            ja="`multiple`が256のときに違います。倍数にするとき、大きいほうと小さいほうのどちらを選べばよいでしょうか。",
            zh_tw="`multiple` 是 256 時就不對了。要變成倍數時，該選比較大的，還是比較小的？",
        ),
    )
    ### BEGIN HIDDEN TESTS
    for d, heads, kv_heads, multiple in (
        (8192, 64, 8, 1024),
        (4096, 32, 1, 1),
        (576, 9, 3, 64),
        (1000, 10, 2, 7),
        (64, 4, 4, 32),
    ):
        most, width = 4 * d * d + 2 * d * 4 * d, 0
        own = d * d + d * d + 2 * d * (d * kv_heads // heads)
        while own + 3 * d * (width + multiple) <= most:
            width += multiple
        hidden = T(ja="別の設計でも確かめてみましょう。", zh_tw="請用其他設計再檢查一次。")
        check.that(intermediate_size(d, heads, kv_heads, multiple) == width, hint=hidden)
    ### END HIDDEN TESTS


# %% key="size-wrong-two-matrices" wrong="intermediate_size"
def intermediate_size(hidden_size, n_heads, n_kv_heads, multiple):
    kv_width = hidden_size // n_heads * n_kv_heads
    left = 12 * hidden_size**2 - 2 * hidden_size * (hidden_size + kv_width)
    return left // (2 * hidden_size * multiple) * multiple


# %% key="size-wrong-no-gqa" wrong="intermediate_size"
def intermediate_size(hidden_size, n_heads, n_kv_heads, multiple):
    return 8 * hidden_size // (3 * multiple) * multiple


# %% key="size-wrong-head-dim" wrong="intermediate_size"
def intermediate_size(hidden_size, n_heads, n_kv_heads, multiple):
    kv_width = hidden_size // n_heads
    left = 12 * hidden_size**2 - 2 * hidden_size * (hidden_size + kv_width)
    return left // (3 * hidden_size * multiple) * multiple


# %% key="size-wrong-keys-only" wrong="intermediate_size"
def intermediate_size(hidden_size, n_heads, n_kv_heads, multiple):
    kv_width = hidden_size // n_heads * n_kv_heads
    left = 12 * hidden_size**2 - hidden_size * (3 * hidden_size + kv_width)
    return left // (3 * hidden_size * multiple) * multiple


# %% key="size-wrong-up" wrong="intermediate_size"
def intermediate_size(hidden_size, n_heads, n_kv_heads, multiple):
    kv_width = hidden_size // n_heads * n_kv_heads
    left = 12 * hidden_size**2 - 2 * hidden_size * (hidden_size + kv_width)
    return math.ceil(left / (3 * hidden_size * multiple)) * multiple


# %% key="size-wrong-nearest" wrong="intermediate_size"
def intermediate_size(hidden_size, n_heads, n_kv_heads, multiple):
    kv_width = hidden_size // n_heads * n_kv_heads
    left = 12 * hidden_size**2 - 2 * hidden_size * (hidden_size + kv_width)
    return round(left / (3 * hidden_size * multiple)) * multiple


# %% [markdown] key="essay-text" lang="ja"
# ## 記述問題（4点）
#
# ある人が、次のように言いました。
#
# 「ブロックで大事なのは、情報を運ぶアテンションだけだ。ヘッドを分けても行列の大きさは同じなので、1つで足りる。残差接続とFFNは補助にすぎず、アテンションを重ねるだけで、同じ問題が解ける。」
#
# この意見の正しい点と誤っている点を、レッスン02で測った数を3つ以上使って、300字前後で説明してください。
#
# | 観点 | 点 |
# |---|---|
# | 残差接続を外した結果を、測った数で述べている | 1 |
# | FFNを外した結果を、測った数と理由で述べている | 1 |
# | ヘッドを分ける効果を、測った数で述べている | 1 |
# | 意見の正しい点や、実験からは言い切れないことを、理由とともに述べている | 1 |

# %% [markdown] key="essay-text" lang="zh-tw"
# ## 問答題（4 分）
#
# 有人這樣說：
#
# 「區塊裡真正重要的，只有負責搬運資訊的注意力。分不分頭，矩陣的大小都一樣，所以 1 個頭就夠了。殘差連接和 FFN 只是輔助，光是把注意力疊起來，同樣的題目也解得出來。」
#
# 請說明這段話哪裡對、哪裡不對。至少要用到 3 個在第 02 課測出的數字，約 300 字。
#
# | 評分項目 | 分數 |
# |---|---|
# | 用實測數字說明拿掉殘差連接的結果 | 1 |
# | 用實測數字說明拿掉 FFN 的結果，並寫出理由 | 1 |
# | 用實測數字說明分頭的效果 | 1 |
# | 說明這段話哪裡對，或是實驗還不能斷定什麼，並寫出理由 | 1 |

# %% [markdown] key="essay" lang="ja" points=4
# ### BEGIN SOLUTION
# ほかのトークンの情報を運ぶのがアテンションだけなのは、正しいです。しかし、ヘッドは1つで足りるとは限りません。2人の色を答える問題の正解率は、1つのヘッドでは0.25、2つでは1.00でした。1組の重みを、2人に分けるしかないからです。残差接続も、ただの補助ではありません。8層のモデルから外すと、正解率は1.00から0.13に下がり、当てずっぽう（0.125）とほぼ同じになりました。FFNを外すと、2色の埋め込みの和から同じ色かを答える問題は、1.00から0.51に下がりました。同じかどうかは、1次式では表せないからです。ただし、どれも小さなモデルの結果です。残差接続がなくても2層なら学習し、FFNを加えればヘッド1つでも色の組を答えられたので、どの部品も絶対に必要だとまでは言えません。
# ### END SOLUTION

# %% [markdown] key="essay" lang="zh-tw" points=4
# ### BEGIN SOLUTION
# 能從其他詞元搬來資訊的只有注意力，這一點是對的。但是，只有 1 個頭不一定夠：回答 2 個人的顏色時，用 1 個頭的正確率是 0.25，換成 2 個頭就是 1.00，因為一個頭只有一組權重，必須分給 2 個人。殘差連接也不只是輔助：8 層的模型拿掉它之後，正確率從 1.00 掉到 0.13，和亂猜（0.125）幾乎一樣。拿掉 FFN，從 2 種顏色的嵌入的和判斷是否同色的題目，正確率從 1.00 掉到 0.51，因為一次式沒辦法表示「是不是相同」。不過，這些都是小模型的結果：沒有殘差連接，2 層的模型也學得起來；加上 FFN，只用 1 個頭也能答對顏色的組合。所以，不能說哪個零件絕對不可少。
# ### END SOLUTION
