# %% [markdown] key="title" lang="ja"
# # 演習04：次のトークンを、もっと上手に使う
#
# レッスン04の考え方を使い、実際のLLMの学習と生成で使われている3つの計算を書きます。答えはレッスンにも補助モジュールにもない、一歩進んだ問題です。どれも、モデルではなく、渡された数とテンソルだけで計算する関数です。
#
# | 課題 | 内容 | 配点 |
# |---|---|---|
# | `packed_loss` | 複数の文書を詰めた系列の損失 | 3 |
# | `min_p` | min-pサンプリングの確率 | 2 |
# | `beam_step` | ビームサーチの1ステップ | 4 |
# | 記述 | デコーダー型と穴埋めについての意見を検討する | 4 |
#
# 目安は60分です。`raise NotImplementedError`の行を消して、そこにコードを書きましょう。すぐ下の確認セルを実行すると、「未完成」「おしい」「正解」のどれかとヒントが表示されます。コードが途中で止まったときは、エラーの内容が表示されます。提出後の採点では、別の入力でも確かめます。

# %% [markdown] key="title" lang="zh-tw"
# # 練習 04：「預測下一個詞元」的進階應用
#
# 運用第 04 課學到的想法，動手寫出 LLM 在訓練和生成時實際使用的 3 種計算。答案不在課文裡，也不在輔助模組裡：每一題都要再往前想一步。這些函式都不需要模型，只用傳入的數和張量來計算。
#
# | 題目 | 內容 | 配分 |
# |---|---|---|
# | `packed_loss` | 把多份文件接成一個序列時的損失 | 3 |
# | `min_p` | min-p 取樣的機率 | 2 |
# | `beam_step` | 集束搜尋的 1 步 | 4 |
# | 問答題 | 評論一段關於解碼器與填空的意見 | 4 |
#
# 大約需要 60 分鐘。請刪掉 `raise NotImplementedError` 那一行，把程式碼寫在那裡，再執行緊接在下面的檢查儲存格，就會看到「尚未作答」、「還差一點」或「答對了」，以及小提示。程式執行到一半出錯時，會顯示錯誤內容。繳交後批改時，還會用別的輸入再檢查一次。

# %% key="imports"
import math

import torch
import torch.nn.functional as F

from helpers.classroom import check

torch.set_num_threads(1)

# %% [markdown] key="packed-text" lang="ja"
# ## 課題1：`packed_loss`（3点）
#
# 学習では、短い文書をつなげて、1本の長い系列にすることがあります。このとき、ある文書の最後のトークンから、次の文書の最初のトークンを当てさせるのは、意味のない問題です。この問題を数えずに、次のトークンの予測の損失を計算してください。
#
# - `logits`：形状は`(n, V)`。各位置のロジット
# - `ids`：形状は`(n,)`。トークンの番号
# - `lengths`：文書の長さのリスト。合計は`n`
#
# 損失は、数える問題すべての交差エントロピーの平均（0次元のテンソル）です。どの問題も同じ重みで数えます。長さ1の文書には、当てる問題がありません。長さ2以上の文書が、少なくとも1つあるとします。
#
# 例：`lengths=[3, 1, 2]`なら、6つのトークンのうち、数える問題は3つです。どの`logits`も均等なら、損失は $\log V$ です。

# %% [markdown] key="packed-text" lang="zh-tw"
# ## 第 1 題：`packed_loss`（3 分）
#
# 訓練時，常把許多短文件接成一個長序列。這時，如果要模型從前一份文件的最後一個詞元，猜下一份文件的第一個詞元，這種題目沒有意義。請不要把它們算進去，計算「猜下一個詞元」的損失。
#
# - `logits`：形狀是 `(n, V)`，每個位置的 logits
# - `ids`：形狀是 `(n,)`，詞元的編號
# - `lengths`：文件長度的串列，總和是 `n`
#
# 損失是所有列入計算的題目的交叉熵平均（0 維張量），每一題的權重都相同。長度 1 的文件沒有題目可猜。至少會有一份長度 2 以上的文件。
#
# 例如：`lengths=[3, 1, 2]` 時，6 個詞元裡，列入計算的題目有 3 題。如果所有 `logits` 都相等，損失就是 $\log V$。


# %% key="packed" task="packed_loss"
def packed_loss(logits, ids, lengths):
    """logits: (n, V)  ids: (n,)  lengths: list of int, sum n → ()"""
    ### BEGIN SOLUTION
    document = torch.repeat_interleave(torch.tensor(lengths))  # 0 0 0 1 2 2
    inside = document[1:] == document[:-1]
    return F.cross_entropy(logits[:-1][inside], ids[1:][inside])
    ### END SOLUTION


# %% key="packed-check" points=3
def made_up_text(n):
    T(
        ja="""乱数を使わない例 → logits (n, 7), ids (n,)""",
        zh_tw="""不用亂數的例子 → logits (n, 7), ids (n,)""",
    )
    return (torch.arange(7 * n) * 7 % 11).reshape(n, 7) / 2, torch.arange(n) * 3 % 7


with check.task("packed_loss"):
    #| ja: 期待する値は、問題を1つずつ計算して求めた
    #| zh-tw: 期望的值，是一題一題計算求出的
    logits, ids = made_up_text(5)
    check.close(
        packed_loss(logits, ids, [5]),
        torch.tensor(2.780491),
        atol=1e-4,
        hint=T(
            ja="文書が1つのときから違います。ある位置のロジットは、どの位置のトークンの予測でしょうか。",
            zh_tw="只有一份文件時就不對了。某個位置的 logits，預測的是哪個位置的詞元？",
        ),
    )
    logits, ids = made_up_text(9)
    check.close(
        packed_loss(logits, ids, [3, 3, 3]),
        torch.tensor(2.558359),
        atol=1e-4,
        hint=T(
            ja="文書の境目をまたぐ問題は、全部除けているでしょうか。残した問題の数で割っているでしょうか。",
            zh_tw="跨越文件交界的題目，都排除了嗎？是不是除以留下來的題數？",
        ),
    )
    check.close(
        packed_loss(logits, ids, [2, 7]),
        torch.tensor(2.577366),
        atol=1e-4,
        hint=T(
            ja="文書の長さが違うときに、ずれます。短い文書の問題だけ、重く数えていないでしょうか。",
            zh_tw="文件長度不同時，結果就不對。短文件的題目，是不是算得特別重？",
        ),
    )
    check.close(
        packed_loss(logits, ids, [1, 5, 1, 2]),
        torch.tensor(3.569997),
        atol=1e-4,
        hint=T(
            ja="長さ1の文書があるときの結果を確かめましょう。当てる問題はいくつあるでしょうか。",
            zh_tw="請檢查有長度 1 的文件時的結果。這份文件有幾題可以猜？",
        ),
    )

    ### BEGIN HIDDEN TESTS
    def one_document_at_a_time(logits, ids, lengths):
        T(
            ja="""文書ごと、問題ごとに計算する""",
            zh_tw="""逐一計算每份文件的每一題""",
        )
        each = []
        for part, words in zip(logits.split(lengths), ids.split(lengths)):
            for t in range(len(words) - 1):
                each.append(-math.log(part[t].softmax(-1)[words[t + 1]].item()))
        return torch.tensor(sum(each) / len(each))

    def random_text(n, v, seed):
        g = torch.Generator().manual_seed(seed)
        return 3 * torch.randn(n, v, generator=g), torch.randint(v, (n,), generator=g)

    for seed, lengths in enumerate(([4, 4], [1, 1, 2], [10], [2, 1, 6, 3], [3, 20, 1])):
        logits, ids = random_text(sum(lengths), 11, 10 + seed)
        hidden = T(
            ja="別の長さの組でも確かめてみましょう。", zh_tw="請用其他的長度組合再檢查一次。"
        )
        want = one_document_at_a_time(logits, ids, lengths)
        check.close(packed_loss(logits, ids, lengths), want, hint=hidden)
    ### END HIDDEN TESTS


# %% key="packed-wrong-not-shifted" wrong="packed_loss"
def packed_loss(logits, ids, lengths):
    document = torch.repeat_interleave(torch.tensor(lengths))
    inside = torch.cat([document[1:] == document[:-1], torch.tensor([False])])
    return F.cross_entropy(logits[inside], ids[inside])


# %% key="packed-wrong-borders" wrong="packed_loss"
def packed_loss(logits, ids, lengths):
    return F.cross_entropy(logits[:-1], ids[1:])


# %% key="packed-wrong-mean-of-means" wrong="packed_loss"
def packed_loss(logits, ids, lengths):
    parts = zip(logits.split(lengths), ids.split(lengths))
    each = [F.cross_entropy(part[:-1], words[1:]) for part, words in parts if len(words) > 1]
    return torch.stack(each).mean()


# %% key="packed-wrong-short-documents" wrong="packed_loss"
def packed_loss(logits, ids, lengths):
    total, count = torch.tensor(0.0), 0
    for part, words in zip(logits.split(lengths), ids.split(lengths)):
        total = total + F.cross_entropy(part[:-1], words[1:], reduction="sum")
        count += max(1, len(words) - 1)
    return total / count


# %% [markdown] key="min-p-text" lang="ja"
# ## 課題2：`min_p`（2点）
#
# top-pは、確率の合計で残すトークンを決めます。min-p（Nguyen et al. 2024）は、最も高い確率との比で決めます。モデルに自信があるときは確率の低いトークンを厳しく捨て、迷っているときは候補を多く残せます。
#
# 次の順番で、サンプリングに使う確率を計算してください。
#
# - ロジットを温度`temperature`で割り、softmaxで確率にする
# - いちばん高い確率の`p`倍以上の確率をもつトークンだけを残す。ほかのトークンの確率は0にする
# - 残した確率の合計が1になるようにする
#
# `logits`の形状は`(…, V)`です。`…`は、バッチなど、0個以上の次元です。行ごとに計算します。`p`は0以上1以下で、`p`が0なら全部を残します。
#
# 例：確率が`[0.5, 0.3, 0.15, 0.05]`で`p=0.4`なら、しきい値は0.2です。答えは`[0.625, 0.375, 0, 0]`です。

# %% [markdown] key="min-p-text" lang="zh-tw"
# ## 第 2 題：`min_p`（2 分）
#
# top-p 用機率的總和決定留下哪些詞元；min-p（Nguyen et al. 2024）則用「和最高機率的比」來決定。模型有把握時，機率低的詞元會丟得比較多；猶豫時，就留下較多的候選。
#
# 請依照下面的順序，計算取樣要用的機率。
#
# - 把 logits 除以溫度 `temperature`，用 softmax 變成機率
# - 只留下機率在「最高機率的 `p` 倍」以上的詞元，其他詞元的機率設成 0
# - 讓留下來的機率總和變成 1
#
# `logits` 的形狀是 `(…, V)`，`…` 是批次等維度，可能有 0 個或更多。每一列分開計算。`p` 大於等於 0、小於等於 1；`p` 是 0 時全部留下。
#
# 例如：機率是 `[0.5, 0.3, 0.15, 0.05]`、`p=0.4` 時，門檻是 0.2，答案是 `[0.625, 0.375, 0, 0]`。


# %% key="min-p" task="min_p"
def min_p(logits, p, temperature=1.0):
    """logits: (…, V) → probabilities (…, V)"""
    ### BEGIN SOLUTION
    probabilities = (logits / temperature).softmax(-1)
    kept = probabilities >= p * probabilities.amax(-1, keepdim=True)
    probabilities = probabilities * kept
    return probabilities / probabilities.sum(-1, keepdim=True)
    ### END SOLUTION


# %% key="min-p-check" points=2
with check.task("min_p"):
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    got = min_p(logits, 0.4)
    check.shape(got, (4,))
    check.that(
        got[2] == 0 and got[3] == 0,
        hint=T(
            ja="捨てるはずのトークンに確率が残っています。しきい値は、いちばん高い確率から決まります。",
            zh_tw="應該丟掉的詞元還有機率。門檻是由最高的機率決定的。",
        ),
    )
    check.that(
        got[1] > 0,
        hint=T(
            ja="残すはずのトークンがありません。しきい値は、`p`そのものではありません。",
            zh_tw="應該留下的詞元不見了。門檻並不是 `p` 本身。",
        ),
    )
    check.close(
        got,
        torch.tensor([0.625, 0.375, 0.0, 0.0]),
        hint=T(
            ja="残すトークンは合っています。確率の合計はいくつでしょうか。",
            zh_tw="留下的詞元是對的。機率的總和是多少？",
        ),
    )
    check.close(
        min_p(logits, 0.4, temperature=2.0),
        torch.tensor([0.430604, 0.333544, 0.235852, 0.0]),
        hint=T(
            ja="温度を変えると違います。しきい値と比べるのは、温度で割る前でしょうか、あとでしょうか。",
            zh_tw="改變溫度時不對。和門檻比較，是在除以溫度之前，還是之後？",
        ),
    )
    check.close(
        min_p(torch.stack([logits, logits.flip(0), 4 * logits]), 0.4)[1],
        torch.tensor([0.0, 0.0, 0.375, 0.625]),
        hint=T(
            ja="複数の行を渡すと違います。いちばん高い確率は、行ごとに決まります。",
            zh_tw="傳入多列時不對。最高的機率是每一列各自決定的。",
        ),
    )
    ### BEGIN HIDDEN TESTS
    for seed, (p, temperature) in enumerate(((0, 1), (1, 1), (0.05, 0.7), (0.2, 1.5))):
        logits = 2 * torch.randn(3, 4, 30, generator=torch.Generator().manual_seed(seed))
        want = torch.zeros_like(logits)
        for a, b in torch.cartesian_prod(torch.arange(3), torch.arange(4)).tolist():
            row = [math.exp(s / temperature) for s in logits[a, b].tolist()]
            row = [e if e >= p * max(row) - 1e-12 else 0 for e in row]
            want[a, b] = torch.tensor(row) / sum(row)
        hidden = T(ja="別の値でも確かめてみましょう。", zh_tw="請用其他的值再檢查一次。")
        check.close(min_p(logits, p, temperature), want, hint=hidden)
    ### END HIDDEN TESTS


# %% key="min-p-wrong-absolute" wrong="min_p"
def min_p(logits, p, temperature=1.0):
    probabilities = (logits / temperature).softmax(-1)
    probabilities = probabilities * (probabilities >= p)
    return probabilities / probabilities.sum(-1, keepdim=True)


# %% key="min-p-wrong-sum" wrong="min_p"
def min_p(logits, p, temperature=1.0):
    probabilities = (logits / temperature).softmax(-1)
    return probabilities * (probabilities >= p * probabilities.amax(-1, keepdim=True))


# %% key="min-p-wrong-order" wrong="min_p"
def min_p(logits, p, temperature=1.0):
    cold = logits.softmax(-1)
    kept = cold >= p * cold.amax(-1, keepdim=True)
    return (logits / temperature).masked_fill(~kept, -math.inf).softmax(-1)


# %% key="min-p-wrong-rows" wrong="min_p"
def min_p(logits, p, temperature=1.0):
    probabilities = (logits / temperature).softmax(-1)
    probabilities = probabilities * (probabilities >= p * probabilities.max())
    return probabilities / probabilities.sum(-1, keepdim=True)


# %% [markdown] key="beam-text" lang="ja"
# ## 課題3：`beam_step`（4点）
#
# 貪欲法は、その場で確率の高いトークンを選ぶので、文全体ではもっと確率の高い文を見落とすことがあります。ビームサーチは、文全体の $\log p$ が高い候補を、いつも`B`本残しながら進みます。その1ステップを書いてください。
#
# - `scores`：形状は`(B,)`。いまある`B`本の候補の $\log p$
# - `logp`：形状は`(B, V)`。それぞれの候補の、次のトークンの $\log p$
# - `finished`：形状は`(B,)`、dtypeは`torch.bool`。`True`の候補は、もう`</s>`を書き終えている
# - `eos`：`</s>`の番号
#
# 終わっていない候補は、`V`通りに延びます。終わった候補は延びません。`eos`を付けた1通りだけを、$\log p$ を変えずに残します。すべての通りの中から、$\log p$ の高い順に`B`本を選び、次の3つを、この順のタプルで返してください。形状はどれも`(B,)`です。
#
# - 新しい $\log p$（高い順）
# - 親：何番目の候補から延びたか（dtypeは`torch.int64`）
# - 付けたトークンの番号（dtypeは`torch.int64`）
#
# 例：`V`は3で、候補0の $\log p$ は $\log 0.6$、候補1は $\log 0.4$ です。次の確率が`[0.4, 0.3, 0.3]`と`[0.9, 0.1, 0.0]`なら、選ばれるのは、候補1にトークン0を付けたもの（0.36）と、候補0にトークン0を付けたもの（0.24）です。

# %% [markdown] key="beam-text" lang="zh-tw"
# ## 第 3 題：`beam_step`（4 分）
#
# 貪婪解碼每次都選當下機率最高的詞元，因此可能錯過整句機率更高的句子。集束搜尋（beam search）則一路保留整句 $\log p$ 最高的 `B` 個候選。請寫出其中的 1 步。
#
# - `scores`：形狀是 `(B,)`，目前 `B` 個候選的 $\log p$
# - `logp`：形狀是 `(B, V)`，每個候選的下一個詞元的 $\log p$
# - `finished`：形狀是 `(B,)`，dtype 是 `torch.bool`。`True` 的候選已經寫完 `</s>`
# - `eos`：`</s>` 的編號
#
# 還沒寫完的候選，會延伸出 `V` 種；已經寫完的候選不再延伸，只留下接上 `eos` 的 1 種，而且 $\log p$ 不變。請從全部的可能裡，依 $\log p$ 由高到低選出 `B` 個，再依序用 tuple 回傳下面 3 樣東西，形狀都是 `(B,)`。
#
# - 新的 $\log p$（由高到低）
# - 上一步：是從第幾個候選延伸來的（dtype 是 `torch.int64`）
# - 接上的詞元編號（dtype 是 `torch.int64`）
#
# 例如：`V` 是 3，候選 0 的 $\log p$ 是 $\log 0.6$，候選 1 是 $\log 0.4$。如果接下來的機率是 `[0.4, 0.3, 0.3]` 和 `[0.9, 0.1, 0.0]`，選出的就是候選 1 接詞元 0（0.36），以及候選 0 接詞元 0（0.24）。


# %% key="beam" task="beam_step"
def beam_step(scores, logp, finished, eos):
    """scores: (B,)  logp: (B, V)  finished: (B,) bool → scores, parents, tokens: (B,) each"""
    ### BEGIN SOLUTION
    stay = torch.full_like(logp, -math.inf)
    stay[:, eos] = 0.0
    total = scores[:, None] + torch.where(finished[:, None], stay, logp)  # (B, V)
    best = total.flatten().topk(len(scores))
    return best.values, best.indices // logp.size(1), best.indices % logp.size(1)
    ### END SOLUTION


# %% key="beam-check" points=4
def try_beam(scores, logp, finished=None, eos=0):
    finished = torch.zeros(len(scores), dtype=torch.bool) if finished is None else finished
    scores, parents, tokens = check.unpack(beam_step(scores, logp, finished, eos), 3)
    for answer in (parents, tokens):
        check.shape(answer, scores.shape, torch.int64)
    return scores, parents, tokens


with check.task("beam_step"):
    scores = torch.tensor([0.6, 0.4]).log()
    logp = torch.tensor([[0.4, 0.3, 0.3], [0.9, 0.1, 0.0]]).log()
    got, parents, tokens = try_beam(scores, logp)
    check.close(
        got.exp(),
        torch.tensor([0.36, 0.24]),
        hint=T(
            ja="文全体の確率は、これまでの確率と次の確率の積です。対数ではどうなるでしょうか。高い順に並べましたか。",
            zh_tw="整句的機率，是目前的機率乘上下一個的機率。取對數之後會變成怎樣？有沒有由高到低排列？",
        ),
    )
    check.that(
        parents.tolist() == [1, 0] and tokens.tolist() == [0, 0],
        hint=T(
            ja="スコアは合っています。親とトークンを、もう一度確かめましょう。",
            zh_tw="分數是對的。請再確認上一步的候選和詞元。",
        ),
    )
    scores = torch.tensor([0.9, 0.1]).log()
    logp = torch.tensor([[0.5, 0.4, 0.1], [0.8, 0.1, 0.1]]).log()
    got, parents, tokens = try_beam(scores, logp)
    check.that(
        parents.tolist() == [0, 0] and tokens.tolist() == [0, 1],
        hint=T(
            ja="同じ候補から2本が選ばれることもあります。候補ごとに1本ずつ選んでいないでしょうか。",
            zh_tw="同一個候選可能選出兩個。你是不是從每個候選各選了一個？",
        ),
    )
    scores = torch.tensor([0.3, 0.2]).log()
    logp = torch.tensor([[0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]).log()
    done = torch.tensor([False, True])
    got, parents, tokens = try_beam(scores, logp, done, eos=2)
    check.close(
        got.exp(),
        torch.tensor([0.24, 0.2]),
        hint=T(
            ja="書き終えた候補の確率が変わっています。書き終えた候補に、次の確率は掛かりません。",
            zh_tw="寫完的候選，機率改變了。寫完之後，就不再乘上下一個的機率。",
        ),
    )
    scores = torch.tensor([0.9, 0.05]).log()
    logp = torch.tensor([[0.4, 0.4, 0.2], [0.3, 0.3, 0.4]]).log()
    got, parents, tokens = try_beam(scores, logp, torch.tensor([True, False]), eos=2)
    check.that(
        got.exp().allclose(torch.tensor([0.9, 0.02])) and tokens.tolist() == [2, 2],
        hint=T(
            ja="書き終えた候補が2本に増えていないでしょうか。残るのは`eos`を付けた1通りだけです。",
            zh_tw="寫完的候選是不是變成兩個了？只會留下接上 `eos` 的那 1 種。",
        ),
    )
    ### BEGIN HIDDEN TESTS
    for seed, (b, v) in enumerate(((3, 5), (4, 9), (1, 6), (5, 7))):
        g = torch.Generator().manual_seed(seed)
        scores = -3 * torch.rand(b, generator=g)
        logp = (2 * torch.randn(b, v, generator=g)).log_softmax(-1)
        done = torch.rand(b, generator=g) < 0.3
        options = []
        for i in range(b):
            if done[i]:
                options.append((scores[i].item(), i, v - 1))
            else:
                options += [((scores[i] + logp[i, k]).item(), i, k) for k in range(v)]
        options = sorted(options, reverse=True)[:b]
        want, parents, tokens = map(torch.tensor, zip(*options))
        hidden = T(ja="別の大きさでも確かめてみましょう。", zh_tw="請用其他大小再檢查一次。")
        got = try_beam(scores, logp, done, eos=v - 1)
        check.close(got[0], want, hint=hidden)
        check.equal(got[1], parents, hint=hidden)
        check.equal(got[2], tokens, hint=hidden)
    ### END HIDDEN TESTS


# %% key="beam-wrong-product" wrong="beam_step"
def beam_step(scores, logp, finished, eos):
    best = (scores[:, None] * logp).flatten().topk(len(scores))
    return best.values, best.indices // logp.size(1), best.indices % logp.size(1)


# %% key="beam-wrong-divide-by-beams" wrong="beam_step"
def beam_step(scores, logp, finished, eos):
    stay = torch.full_like(logp, -math.inf)
    stay[:, eos] = 0.0
    total = scores[:, None] + torch.where(finished[:, None], stay, logp)
    best = total.flatten().topk(len(scores))
    return best.values, best.indices // len(scores), best.indices % len(scores)


# %% key="beam-wrong-one-each" wrong="beam_step"
def beam_step(scores, logp, finished, eos):
    stay = torch.full_like(logp, -math.inf)
    stay[:, eos] = 0.0
    total = scores[:, None] + torch.where(finished[:, None], stay, logp)
    best, tokens = total.max(-1)
    order = best.argsort(descending=True)
    return best[order], order, tokens[order]


# %% key="beam-wrong-goes-on" wrong="beam_step"
def beam_step(scores, logp, finished, eos):
    best = (scores[:, None] + logp).flatten().topk(len(scores))
    return best.values, best.indices // logp.size(1), best.indices % logp.size(1)


# %% key="beam-wrong-copies" wrong="beam_step"
def beam_step(scores, logp, finished, eos):
    total = scores[:, None] + logp.masked_fill(finished[:, None], 0.0)
    best = total.flatten().topk(len(scores))
    tokens = best.indices % logp.size(1)
    parents = best.indices // logp.size(1)
    return best.values, parents, torch.where(finished[parents], eos, tokens)


# %% [markdown] key="essay-text" lang="ja"
# ## 記述問題（4点）
#
# ある人が、次のように言いました。
#
# 「デコーダー型は左から右へ順に処理するので、学習でもトークンの数だけ実行する必要がある。右側が見えないので、穴埋めは解けない。よく学習させれば、どんな文でも書ける。」
#
# この意見の正しい点と誤っている点を、レッスン04で測った値を2つ以上使って、300字前後で説明してください。
#
# | 観点 | 点 |
# |---|---|
# | 学習と生成で、モデルを実行する回数がどう違うかを述べている | 1 |
# | 1回の計算では穴埋めの正解率に上限があることを、測った値で述べている | 1 |
# | 文全体を採点する方法の結果と、その代償を述べている | 1 |
# | 学習させたモデルが書いた文について、測った値で述べている | 1 |

# %% [markdown] key="essay-text" lang="zh-tw"
# ## 問答題（4 分）
#
# 有人這樣說：
#
# 「解碼器從左到右依序處理，所以訓練時，詞元有幾個，模型就得執行幾次。它看不到右邊，所以不會填空。只要訓練得夠好，什麼句子都寫得出來。」
#
# 請說明這段話哪裡對、哪裡不對。至少要用到 2 個在第 04 課測出的數字，約 300 字。
#
# | 評分項目 | 分數 |
# |---|---|
# | 說明訓練和生成時，執行模型的次數有什麼不同 | 1 |
# | 用實測數字說明：只計算 1 次時，填空的正確率有上限 | 1 |
# | 說明替整句評分的結果，以及付出的代價 | 1 |
# | 用實測數字說明訓練好的模型寫出的句子 | 1 |

# %% [markdown] key="essay" lang="ja" points=4
# ### BEGIN SOLUTION
# 順次処理が必要なのは、生成だけです。学習では文が全部あり、未来を変えても過去の出力の変化はちょうど0.0なので、1回の実行で全位置を計算できます。1回の計算と $n$ 回の計算のロジットの差は、丸め誤差だけでした。右側が見えないのは、1回の計算の場合です。右に手がかりがある動詞と助数詞の空欄では、正解率は0.27で、理論上の上限は0.29でした。しかし、同じモデルで文全体の確率を比べると、正解率は1.00でした。代償として、候補の数（4から18）だけ文を計算します。学習させたモデルの文は0.96が文法に合い、その0.87は学習データにない文でした（文法から作り直しても0.90です）。ただし、学習から除いた人と場所の組み合わせは0.001しかなく、文法の0.20よりずっと少ないです。
# ### END SOLUTION

# %% [markdown] key="essay" lang="zh-tw" points=4
# ### BEGIN SOLUTION
# 必須依序進行的只有生成。訓練時句子已經全部都有了，而且改動未來時，過去輸出的變化剛好是 0.0，所以執行 1 次就能算完所有位置；計算一次與計算 $n$ 次的 logits 只差捨入誤差。看不到右邊，指的是只計算一次的情形：線索在右邊的動詞和量詞空格，正確率是 0.27，理論上限是 0.29。但用同一個模型比較整句的機率，正確率是 1.00；代價是候選字有幾個（4 到 18 個），就要計算幾句。訓練好的模型寫出的句子，有 0.96 符合文法，其中 0.87 是訓練資料裡沒有的句子（從文法重新抽也是 0.90）。不過，訓練時拿掉的人與地點組合只占 0.001，遠少於文法的 0.20。
# ### END SOLUTION
