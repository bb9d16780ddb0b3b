# %% [markdown] key="title" lang="ja"
# # 注意機構：softmax(QKᵀ/√d_k)Vを手で計算する
#
# 「黒い猫が窓辺で眠る」という文について「色は？」と聞かれたら、だれでも「黒い」を見ます。では、モデルはどこを見るかをどうやって決めるのでしょうか。
#
# 答えはTransformerの中心にあるアテンション（attention、注意機構）の式です。この式を部品から組み立て、1秒ほどの学習で「黒い」を見つけさせます。そして、重みが答えの理由といえるかを調べ、最後にBERTとGPTのマスクを比べます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | 式を計算し、各部品の役割を説明できる。アテンション重みから何が言えるかを区別できる。マスクから、変更の届く範囲を判断できる |
# | 前提知識 | Pythonの関数と内包表記、PyTorchのテンソル、行列積、平均と分散、勾配と損失の考え方 |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |

# %% [markdown] key="title" lang="zh-tw"
# # 注意力機制：親手算一次 softmax(QKᵀ/√d_k)V
#
# 看到「一隻黑色的貓在窗邊睡覺」這句話，有人問「顏色？」，你的眼睛一定會去找「黑色的」。那麼，模型是怎麼決定要看哪裡的呢？
#
# 答案就是 Transformer 的核心：注意力（attention）的公式。這一課會從零件開始，把公式一步一步組起來，再花 1 秒左右訓練，讓模型自己找到「黑色的」。接著用實驗確認：注意力權重算不算答案的理由？最後比較 BERT 和 GPT 的遮罩有什麼不同。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能自己算出這個公式，並說明每個零件的用途；能分辨從注意力權重看得出什麼、看不出什麼；能從遮罩判斷一處改動會影響到哪裡 |
# | 先備知識 | Python 的函式與串列生成式、PyTorch 張量、矩陣乘法、平均與變異數、梯度與損失的概念 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |

# %% key="imports"
import math
from functools import partial

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

from helpers.classroom import claims, predict
from helpers.display import charts, figures
from helpers.instruments import sharpness
from helpers.models import facts

figures.use(LANG)
torch.manual_seed(0)
torch.set_num_threads(1)
#| ja: 0にごく近い数（非正規化数）は計算が何倍も遅いので、0とみなす
#| zh-tw: 極接近 0 的數（非正規化數）會讓計算慢好幾倍，所以當作 0
_ = torch.set_flush_denormal(True)

# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# この教材は、あるWebページ（以下「元のページ」）の主張（C01など）を、順に実験で確かめます。ここでは次の部分を扱います。
#
# > この変化の中心にあるのは、文脈内の異なる語の重要性を評価できる自己注意機構(Self-Attention)です:
# >
# > $$Attention(Q, K, V) = softmax\left(\frac{QK^T}{\sqrt{d_k}}\right)V$$
#
# 引用文の「この変化」とは、1つのモデルを事前学習し、さまざまなタスクに使う方法への変化です。この式は本当に語の重要性を評価しているのでしょうか。右辺を内側から順に計算していきましょう。コメントの`T`は文の長さ（6節ではクエリの数）、`S`はキーの数、`B`はバッチサイズです。

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# 這門課以一個介紹 Transformer 的網頁（以下稱為「原網頁」）為題材，用實驗逐一檢驗它的說法（編號 C01 等）。這一課檢驗的是下面這一段。
#
# > 這一轉變的核心在於自注意力機制，它使模型能夠權衡序列中不同詞彙的重要性：
# >
# > $$Attention(Q, K, V) = softmax\left(\frac{QK^T}{\sqrt{d_k}}\right)V$$
#
# 引文裡的「這一轉變」，指的是轉向「先預訓練一個模型，再用在各種任務上」。這個公式，真的是在權衡詞的重要性嗎？接著就從等號右邊的最裡面開始，一步一步算出來。註解裡的 `T` 是句子的長度（第 6 節裡是查詢的數量），`S` 是鍵的數量，`B` 是批次大小。

# %% [markdown] key="tokens" lang="ja"
# ## 1. トークンをベクトルにする
#
# モデルは文字のままでは計算できません。そこで、文をトークン（token）に分け、種類ごとに1本のベクトルを割り当てます。これを埋め込み（embedding）と呼びます（学習前はランダムです）。
#
# このレッスンの文は、4つの色、4種類の動物、4つの場所、4つの動作の組み合わせで、1つの単語を1トークンにしました（実際のLLMでは、一致するとはかぎりません）。

# %% [markdown] key="tokens" lang="zh-tw"
# ## 1. 把詞元變成向量
#
# 模型沒辦法直接拿文字來計算，所以要先把句子切成詞元（token），再替每一種詞元準備一個向量，叫做嵌入（embedding）。訓練之前，嵌入都是隨機的數字。
#
# 這一課的句子很簡單，由四種顏色、四種動物、四個地點、四種動作組成。為了方便，把一個詞當成一個詞元（真正的 LLM 裡不一定相同）。

# %% key="world"
slots = [
    T(ja="黒い 白い 茶色い 灰色の", zh_tw="黑色的 白色的 咖啡色的 灰色的").split(),
    T(ja="猫 犬 うさぎ 羊", zh_tw="貓 狗 兔子 羊").split(),
    T(ja="窓辺 公園 庭 森", zh_tw="窗邊 公園 院子 森林").split(),
    T(ja="眠る 走る 鳴く 遊ぶ", zh_tw="睡覺 跑步 叫 玩耍").split(),
]
questions = T(ja="色は？ 動物は？ 場所は？ 動作は？", zh_tw="顏色？ 動物？ 地點？ 動作？").split()


def sentence(colour, animal, place, action):
    return T(
        ja=f"{colour} {animal} が {place} で {action}",
        zh_tw=f"一隻 {colour} {animal} 在 {place} {action}",
    ).split()


particles = T(ja="が で", zh_tw="一隻 在").split()
task = facts.ask(slots, questions, sentence)
print(T(ja=f"文の数：{len(task.sentences)}", zh_tw=f"句子數：{len(task.sentences)}"))

# %% key="embed-code"
d_model, d_k = 32, 32
embedding = torch.randn(len(task.number), d_model)

tokens = task.sentences[0]
x = embedding[[task.number[word] for word in tokens]]  # (T, d_model)
print(tokens, tuple(x.shape))

# %% [markdown] key="qkv" lang="ja"
# ## 2. クエリ、キー、バリューを作る
#
# 「色は？」に答えるには、色の語を探し、その中身を受け取る必要があります。アテンションではこの役割を3本のベクトルに分けます。
#
# - クエリ（query）：探しているもの（「色は？」なら、色の語）
# - キー（key）：探される側の目印（「黒い」なら、色の語だということ）
# - バリュー（value）：選ばれたときに渡す中身（「黒い」なら、黒だということ）
#
# 「色は？」と「黒い」は、意味が似ているわけではありません。だから、同じ $x$ に別々の重み行列（元のページの式にはありません）を掛けて作ります。3つとも同じ系列から作るので、自己注意（self-attention）と呼びます。

# %% [markdown] key="qkv" lang="zh-tw"
# ## 2. 算出查詢、鍵、值
#
# 要回答「顏色？」，得先找到表示顏色的詞，再拿到那個詞的內容。注意力把這件事分給三個向量。
#
# - 查詢（query）：想找的東西（「顏色？」要找的是顏色的詞）
# - 鍵（key）：被別人找的時候，亮出來的名牌（「黑色的」亮出「我是顏色」）
# - 值（value）：被選中時，交出去的內容（「黑色的」交出「黑」）
#
# 「顏色？」和「黑色的」意思並不相近，拿嵌入直接互相比較是找不到的。所以要把同一個 $x$ 乘上不同的權重矩陣，做出三個向量（原網頁的公式沒有寫出這些權重矩陣）。像這樣全都來自同一個序列的注意力，叫做自注意力（self-attention）。

# %% key="qkv-code"
#| ja: 要素の分散を約1にそろえる（式の√d_kとは別）
#| zh-tw: 讓元素的變異數維持在 1 左右（和公式裡的 √d_k 是兩回事）
w_q, w_k, w_v = (torch.randn(d_model, d_k) / math.sqrt(d_model) for _ in range(3))

#| ja: どれも (T, d_k)
#| zh-tw: 都是 (T, d_k)
q, k, v = x @ w_q, x @ w_k, x @ w_v

# %% [markdown] key="scores-guess" lang="ja"
# ## 3. スコア：どのトークンがどれに合うか
#
# クエリとキーがどのくらい合うかは、内積で測ります。この内積をアテンションスコアと呼び、すべてのクエリとすべてのキーの組を、行列積 $QK^\top$（$\top$ は転置）で一度に計算します。
#
# 予想：この文の6トークンでは、スコアは全部で何個になるでしょうか。

# %% [markdown] key="scores-guess" lang="zh-tw"
# ## 3. 分數：誰和誰最搭
#
# 查詢和鍵有多搭，用內積（dot product，又稱點積）來測量，結果叫做注意力分數。用矩陣乘法 $QK^\top$（$\top$ 是轉置），就能一次算出所有查詢與所有鍵的組合。
#
# 預測：這個句子有 6 個詞元，分數總共有幾個？

# %% key="scores"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

scores = q @ k.T  # (T, T)
#| ja: 3番目のクエリと1番目のキーのスコアは、その2本の内積
#| zh-tw: 第 3 個查詢和第 1 個鍵的分數，就是這兩個向量的內積
assert torch.isclose(scores[2, 0], sum(q[2] * k[0]))
predict.compare(guess, scores.numel())

# %% [markdown] key="softmax-naive" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# $6 \times 6 = 36$ 個です。$n$ トークンなら $n^2$ 個で、長さが2倍になると4倍です。
#
# </details>
#
# ## 4. softmax：スコアを重みに変える
#
# スコアを「どれをどの割合で見るか」に変えるのがsoftmaxです。結果は合計1の正の数で、アテンション重みと呼びます。
#
# $$\operatorname{softmax}(s)_i = \frac{e^{s_i}}{\sum_j e^{s_j}}$$
#
# 式のとおりに書いて、大きなスコアも入れてみましょう。

# %% [markdown] key="softmax-naive" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# $6 \times 6 = 36$ 個。有 $n$ 個詞元就有 $n^2$ 個分數：序列變成 2 倍長，分數就變成 4 倍。
#
# </details>
#
# ## 4. softmax：把分數變成權重
#
# 分數有正有負，也可能很大。要變成「各看多少比例」，就必須都是正數，而且總和為 1。負責這件事的是 softmax，算出來的就是注意力權重。
#
# $$\operatorname{softmax}(s)_i = \frac{e^{s_i}}{\sum_j e^{s_j}}$$
#
# 先照公式直接寫，也放進很大的分數試試看。


# %% key="softmax-naive-code"
def naive_softmax(s):
    return s.exp() / s.exp().sum(-1, keepdim=True)


small, large = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([1000.0, 1001.0, 1002.0])
print(naive_softmax(small))
print(naive_softmax(large))

# %% [markdown] key="softmax-stable" lang="ja"
# 出力の2行目は`nan`（数ではない値）です。$e^{1000}$ が32ビットの浮動小数点数に収まらず、無限大÷無限大になりました。
#
# 分子と分母に同じ数 $e^{-m}$ を掛けても、結果は変わりません。これはすべてのスコアから $m$ を引くのと同じです。そこで、$m$ にスコアの最大値を選ぶと、指数はどれも0以下になり、あふれません。

# %% [markdown] key="softmax-stable" lang="zh-tw"
# 輸出的第 2 行全是 `nan`（不是數字）。$e^{1000}$ 超出了 32 位元浮點數的範圍，分子和分母都變成無限大。
#
# 分子和分母同乘 $e^{-m}$，結果不變，等於把所有的分數都減掉 $m$。所以讓 $m$ 等於最大的分數：指數全部小於或等於 0，就不會溢位了。


# %% key="softmax-stable-code"
def softmax(s):
    e = (s - s.amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True)


print(softmax(large))
assert torch.equal(softmax(large), large.softmax(-1))

# %% [markdown] key="scale-guess" lang="ja"
# ## 5. √d_kで割るのはなぜか
#
# softmaxの前に、スコアを $\sqrt{d_k}$（$d_k$ はクエリとキーの次元）で割ります。割らないと、何が困るのでしょうか。
#
# クエリとキーの要素が、どれも平均0、分散1で互いに独立だとします。内積 $q \cdot k = \sum_{i=1}^{d_k} q_i k_i$ は、$d_k$ 個の項の和です。
#
# 予想：$d_k$ を16から1024へ、64倍にすると、内積の分散は何倍になるでしょうか。

# %% [markdown] key="scale-guess" lang="zh-tw"
# ## 5. 為什麼要除以 √d_k？
#
# 公式裡還有一個零件：在 softmax 之前，分數要先除以 $\sqrt{d_k}$（$d_k$ 是查詢和鍵的維度）。不除的話，會有什麼問題？
#
# 假設查詢和鍵的每個元素，平均都是 0、變異數都是 1，而且彼此獨立。內積 $q \cdot k = \sum_{i=1}^{d_k} q_i k_i$ 是 $d_k$ 項的總和。
#
# 預測：把 $d_k$ 從 16 增加到 1024，也就是 64 倍，內積的變異數會變成幾倍？


# %% key="variance"
def random_qk(d_k, seed, n_queries=256, n_keys=32):
    """q (n_queries, d_k), k (n_keys, d_k)"""
    g = torch.Generator().manual_seed(seed)
    return torch.randn(n_queries, d_k, generator=g), torch.randn(n_keys, d_k, generator=g)


def variance(d_k):
    pairs = [random_qk(d_k, seed) for seed in range(10)]
    return sum((q @ k.T).var().item() for q, k in pairs) / 10


#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

predict.compare(guess, variance(1024) / variance(16), T(ja="倍", zh_tw=" 倍"))

# %% [markdown] key="scale-effect" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# どの項の分散も1で、項どうしに相関がないので、和の分散は $d_k$ です（乱数で測ったので、64から少しずれます）。
#
# </details>
#
# そこで、標準偏差の $\sqrt{d_k}$ で割ると、スコアの分散は約1にそろいます。割らないとsoftmaxに何が起こるかを、2つの量で調べます。
#
# - エントロピー（ビット）：重みの散らばり。32個のキーに均等なら5、1個に集中すると0
# - 勾配がほとんど届かないクエリの割合：$q$ を少し変えても重み $w$ がほぼ変わらないクエリ（$\partial w / \partial q$ の大きさが、全クエリの平均の10分の1未満）の割合

# %% [markdown] key="scale-effect" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 每一項的變異數都是 1，而且各項互不相關，所以總和的變異數是 $d_k$（因為用亂數測量，和 64 有一點差距）。
#
# </details>
#
# 所以，除以標準差 $\sqrt{d_k}$，分數的變異數就在 1 左右。不除的話，softmax 會怎樣？用兩個量來觀察。
#
# - 熵（entropy，單位是位元）：權重的分散程度。平均分給 32 個鍵時是 5，集中在一處時是 0
# - 幾乎得不到梯度的查詢所占的比例：$q$ 稍微改變，權重 $w$ 卻幾乎不變（$\partial w / \partial q$ 的大小，不到所有查詢平均值的 10 分之 1）；這樣的查詢很難靠訓練修正

# %% key="scale-measure"
sizes = [4, 16, 64, 256, 1024]
measured = {}
for scaled in (False, True):
    rows = []
    for d in sizes:
        divisor = math.sqrt(d) if scaled else 1
        rows.append(torch.stack([sharpness.of(*random_qk(d, s), divisor) for s in range(5)]))
    measured[scaled] = torch.stack(rows)  # (5 d_k, 5 seeds, 3 quantities)
last = {scaled: rows[-1].mean(0).tolist() for scaled, rows in measured.items()}  # d_k = 1024

# %% key="scale-figure" hide=true
labels = {
    False: T(ja="割らない", zh_tw="不除"),
    True: T(ja=r"$\sqrt{d_k}$で割る", zh_tw=r"除以 $\sqrt{d_k}$"),
}
titles = T(
    ja="スコアの分散|エントロピー（ビット）|勾配がほとんど届かない割合",
    zh_tw="分數的變異數|熵（位元）|幾乎得不到梯度的比例",
).split("|")
fig, axes = plt.subplots(1, 3, figsize=(11, 3.4))
for i, (ax, title) in enumerate(zip(axes, titles)):
    for (scaled, label), style in zip(labels.items(), ("o-", "s--")):
        y = measured[scaled][..., i]
        ax.errorbar(sizes, y.mean(1), yerr=y.std(1), fmt=style, capsize=3, label=label)
    charts.frame(ax, "$d_k$", log="x" if i else "xy", ticks={d: str(d) for d in sizes}, title=title)
axes[0].legend()
raw, divided = ([f"{value:.2f}" for value in last[scaled]] for scaled in labels)
figures.show(
    fig,
    T(
        ja=f"横軸はd_k（4から1024）、エラーバーは5回の測定の標準偏差です。d_k = 1024での分散、エントロピー（ビット）、勾配がほとんど届かないクエリの割合は、割らないと{'、'.join(raw)}、√d_kで割ると{'、'.join(divided)}です。割った場合は、d_kが変わってもほぼ一定です。",
        zh_tw=f"橫軸是 d_k（4 到 1024），誤差線是 5 次測量的標準差。d_k = 1024 時的變異數、熵（位元）、幾乎得不到梯度的查詢所占的比例，不除的話是 {'、'.join(raw)}；除以 √d_k 則是 {'、'.join(divided)}，而且 d_k 改變時也幾乎不變。",
    ),
)

# %% [markdown] key="scale-after" lang="ja"
# 割らないと、$d_k$ が大きいときに重みがほぼ1か所に集中し、半分以上のクエリに勾配がほとんど届きません。学習が本当に変わるかは、7節で確かめます。
#
# 次のセルで $d_k$ を大きくし、棒の形の変化を見てみましょう。

# %% [markdown] key="scale-after" lang="zh-tw"
# 不除的話，$d_k$ 一變大，注意力權重幾乎全部集中在一處，一半以上的查詢幾乎得不到梯度。訓練會不會真的因此不同，第 7 節再來確認。
#
# 在下面的儲存格把 $d_k$ 調大，看看長條的形狀怎麼變。

# %% key="scale-explore-code"
from helpers.widgets import SoftmaxExplorer

SoftmaxExplorer()

# %% [markdown] key="function" lang="ja"
# ## 6. 式を1つの関数にまとめる
#
# 最後に、アテンション重みでバリューを混ぜます（重み付き平均）。`mask`（7、9節）が`False`の場所は、スコアを $-\infty$ にするので、重みが0になります。`k.mT`は最後の2つの次元の転置です。

# %% [markdown] key="function" lang="zh-tw"
# ## 6. 把公式寫成一個函式
#
# 零件都齊了。最後一步，是用注意力權重把值混合起來（加權平均）。`mask`（第 7、9 節會用到）是 `False` 的位置，分數設成 $-\infty$，權重就是 0。`k.mT` 是把最後兩個維度轉置。


# %% key="attention"
def attention(q, k, v, mask=None):
    """q: (…, T, d_k)  k: (…, S, d_k)  v: (…, S, d_v)  mask: (T, S) → (…, T, d_v), (…, T, S)"""
    scores = q @ k.mT / math.sqrt(q.size(-1))  # (…, T, S)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = softmax(scores)
    return weights @ v, weights


# %% [markdown] key="by-hand" lang="ja"
# 紙と鉛筆でも計算しましょう。$d_k = 1$ で、1つのクエリは $1$、2つのキーは $0$ と $\log 3$（自然対数）とします。スコアは $0$ と $\log 3$ で、$e^0 = 1$、$e^{\log 3} = 3$ なので、アテンション重みは $\frac{1}{4}$ と $\frac{3}{4}$ です。
#
# 予想：重みが1/4と3/4、バリューが10と20のとき、出力はいくつでしょうか。

# %% [markdown] key="by-hand" lang="zh-tw"
# 用紙筆也算得出來。設 $d_k = 1$，一個查詢是 $1$，兩個鍵是 $0$ 和 $\log 3$（自然對數）。分數是 $0$ 和 $\log 3$；因為 $e^0 = 1$、$e^{\log 3} = 3$，注意力權重就是 $\frac{1}{4}$ 和 $\frac{3}{4}$。
#
# 預測：注意力權重是 1/4 和 3/4，值是 10 和 20 時，輸出是多少？

# %% key="by-hand-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

out, weights = attention(
    torch.tensor([[1.0]]), torch.tensor([[0.0], [math.log(3)]]), torch.tensor([[10.0], [20.0]])
)
predict.compare(guess, out.item())

# %% [markdown] key="function-check" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# $10 \times \frac{1}{4} + 20 \times \frac{3}{4} = 17.5$ です。
#
# </details>
#
# 次に、この関数をPyTorchの`scaled_dot_product_attention`と比べ、そのあと文を逆順にします。
#
# 予想：文を逆順にすると、出力はどうなるでしょうか（`"a"`：同じ出力が逆順に並ぶ、`"b"`：どの出力も変わる）。

# %% [markdown] key="function-check" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# $10 \times \frac{1}{4} + 20 \times \frac{3}{4} = 17.5$。
#
# </details>
#
# 這個函式算得對不對？下一個儲存格和 PyTorch 的 `scaled_dot_product_attention` 比較；再下一個，把句子倒過來輸入。
#
# 預測：把句子倒過來輸入，輸出會怎樣？（`"a"`：同樣的輸出，只是順序倒過來；`"b"`：每個輸出都變了。）

# %% key="function-check-code" hide=true
gaps = []
for n, d in ((6, 32), (64, 16), (200, 64)):
    q_, k_, v_ = torch.randn(3, n, d)
    want = F.scaled_dot_product_attention(q_, k_, v_)
    gaps.append((attention(q_, k_, v_)[0] - want).abs().max().item())
torch_gap = torch.tensor(gaps).max().item()
print(
    T(ja=f"PyTorchとの差の最大値：{torch_gap:.2g}", zh_tw=f"與 PyTorch 的最大差距：{torch_gap:.2g}")
)


# %% key="order-code"
def self_attention(x, mask=None):
    return attention(x @ w_q, x @ w_k, x @ w_v, mask)[0]


def order_gap(position):
    reversed_output = self_attention(x + position).flip(0)
    output_of_reversed = self_attention(x.flip(0) + position)
    return (reversed_output - output_of_reversed).abs().max().item()


#| ja: Noneを、"a"か"b"に書き換える
#| zh-tw: 把 None 改成 "a" 或 "b"
guess = None

shuffled = order_gap(torch.zeros(len(x), d_model))
with_positions = order_gap(torch.randn(len(x), d_model))
options = {
    "a": T(ja="同じ出力が逆順に並ぶ", zh_tw="同樣的輸出，順序倒過來"),
    "b": T(ja="どの出力も変わる", zh_tw="每個輸出都變了"),
}
predict.choose(guess, options, "a" if shuffled < 1e-4 else "b")

# %% [markdown] key="train" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# PyTorchとの差は丸め誤差だけで、文を逆順にすると、同じ出力が逆順に並びます。つまり、アテンションだけでは、語順を区別できません。何番目かを表すベクトルを足すと差が出ます（`with_positions`、値は7節の表C04、方法はレッスン02の7節）。
#
# </details>
#
# ## 7. 学習前と学習後のアテンション重み
#
# モデルに「黒い」を見つけさせましょう。文の後ろに質問トークンを付け、答えの単語を当てさせます。クエリは質問から、キーとバリューは文から作り、混ぜたバリューを、行列`w_words`で全単語の点数（ロジット、logit）に変えます。
#
# 損失は交差エントロピー $-\log p$（$p$ は正解の確率）です。文の4分の3で200ステップ学習させ、残りで評価します。

# %% [markdown] key="train" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 和 PyTorch 相比，只差捨入誤差。句子倒過來，得到的是同樣的輸出，只是順序也倒過來：光靠注意力，分不出詞的順序。加上表示「第幾個」的向量，差別就出來了（`with_positions`；數值列在第 7 節的表格 C04，做法見第 02 課第 7 節）。
#
# </details>
#
# ## 7. 訓練前與訓練後的注意力權重
#
# 現在要讓「顏色？」自己找到「黑色的」：在句子後面接上一個問題詞元，讓模型回答是哪個詞。查詢來自問題，鍵和值來自句子；混合好的值，再用矩陣 `w_words` 轉成每個詞的分數（logits）。
#
# 損失是交叉熵 $-\log p$（$p$ 是正確答案的機率）。用 4 分之 3 的句子訓練 200 步，其餘用來評估。


# %% key="train-model-code"
def look_up(inputs, parameters, visible=None, scaled=True, add_question=False):
    """inputs: (B, T + 1), visible: (B, 1, T) → (B, vocabulary), (B, T)"""
    embedding, w_q, w_k, w_v, w_words = parameters
    x = embedding[inputs]  # (B, T + 1, d_model)
    #| ja: 最後のトークンが質問、その前が文（visible、scaled、add_questionは、あとで使う）
    #| zh-tw: 最後一個詞元是問題，前面是句子（visible、scaled、add_question 後面才用到）
    context, question = x[:, :-1], x[:, -1:]
    q, k, v = question @ w_q, context @ w_k, context @ w_v
    if not scaled:
        #| ja: attentionが割る分を、前もって掛けておく
        #| zh-tw: attention 會除掉的部分，先乘回來
        q = q * math.sqrt(q.size(-1))
    out, weights = attention(q, k, v, visible)
    if add_question:
        out = out + question
    return (out @ w_words)[:, 0], weights[:, 0]


# %% key="train-run"
before = facts.untrained(len(task.number), d_model, seed=0)
after, losses = facts.train(look_up, before, task)
for name, parameters in (
    (T(ja="学習前", zh_tw="訓練前"), before),
    (T(ja="学習後", zh_tw="訓練後"), after),
):
    right = facts.accuracy(look_up, parameters, task)
    print(
        T(
            ja=f"{name}の正解率（評価用）：{right:.3f}",
            zh_tw=f"{name}的正確率（評估資料）：{right:.3f}",
        )
    )

_, all_weights = look_up(task.inputs, after)  # (B, T)
is_answer = task.inputs[:, :-1] == task.answers[:, None]
on_answer = all_weights[is_answer & task.held_out[:, None]].mean().item()

# %% key="heat-figure" hide=true
fig, axes = plt.subplots(1, 2, figsize=(12, 3.4))
for ax, parameters, title in (
    (axes[0], before, T(ja="学習前（小さな乱数）", zh_tw="訓練前（很小的亂數）")),
    (axes[1], after, T(ja="学習後", zh_tw="訓練後")),
):
    #| ja: 最初の文（評価用）の4つの質問 (4, T)
    #| zh-tw: 第一個句子（評估用）的四個問題 (4, T)
    _, heat = look_up(task.inputs[:4], parameters)
    figures.matrix(ax, heat, rows=questions, columns=tokens, vmin=0, vmax=1)
    ax.set_title(title)

looked = "、".join(
    T(
        ja=f"「{question}」では「{tokens[row.argmax()]}」の{row.max():.2f}",
        zh_tw=f"「{question}」看「{tokens[row.argmax()]}」{row.max():.2f}",
    )
    for question, row in zip(questions, heat)
)
figures.show(
    fig,
    T(
        ja=f"行は質問、列は文のトークン、マスの中の数字はアテンション重みです。左は学習前で、小さな乱数から始めるので、重みはほぼ均等です。右は学習後で、最大の重みは、{looked}です。",
        zh_tw=f"橫列是問題，直行是句子的詞元，格子裡的數字是注意力權重。左邊是訓練前，因為從很小的亂數開始，權重幾乎平均；右邊是訓練後，最大的權重是：{looked}。",
    ),
)

# %% [markdown] key="unscaled-guess" lang="ja"
# 均等だった重みが、答えの語に集まりました。どこを見るかは教えていないのに、答えを当てる学習だけで見つけたのです。
#
# ### √d_kで割らずに学習させる
#
# 5節の割り算をやめると、どうなるでしょうか。$d_k$（と $d_\text{model}$）を32と256にして、3つの乱数シードで学習させます（10秒ほど）。
#
# 予想：$d_k = 256$ で割らないと、評価用の正解率はどうなるでしょうか（種類がわかれば、4つの候補から当てずっぽうで0.25）。
#
# - `"a"`：割った場合と同じくらい高い
# - `"b"`：割った場合より低いが、0.25よりは高い
# - `"c"`：0.25くらい

# %% [markdown] key="unscaled-guess" lang="zh-tw"
# 訓練前幾乎平均的權重，訓練後集中到答案的詞上。問題換了，即使是同一個句子，看的地方也會跟著換。沒有人告訴模型該看哪個詞；它只靠著練習回答，就自己找到了。
#
# ### 不除以 √d_k 就訓練
#
# 那麼，拿掉第 5 節的除法，訓練會變得如何？把 $d_k$ 設成 32 和 256（$d_\text{model}$ 也一樣大），比較除和不除，各用三個亂數種子訓練。全部大約 10 秒。
#
# 預測：$d_k = 256$ 時不除就訓練，評估資料的正確率會怎樣（如果知道問的是哪一類，從四個候選詞裡亂猜是 0.25）？
#
# - `"a"`：和有除的時候差不多高
# - `"b"`：比有除的時候低，但高於 0.25
# - `"c"`：0.25 左右

# %% key="unscaled"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

reached = {}
for d in (32, 256):
    for scaled in (True, False):
        model = partial(look_up, scaled=scaled)
        reached[d, scaled] = []
        for seed in range(3):
            trained, _ = facts.train(model, facts.untrained(len(task.number), d, seed), task)
            reached[d, scaled].append(facts.accuracy(model, trained, task))
mean_reached = {key: sum(three) / 3 for key, three in reached.items()}

options = {
    "a": T(ja="同じくらい高い", zh_tw="差不多高"),
    "b": T(ja="低いが、0.25よりは高い", zh_tw="比較低，但高於 0.25"),
    "c": T(ja="0.25くらい", zh_tw="0.25 左右"),
}
without = mean_reached[256, False]
same = mean_reached[256, True] - without < 0.1
predict.choose(guess, options, "a" if same else "b" if without > 0.35 else "c")

# %% key="formula-claim"
for (d, scaled), three in reached.items():
    label = T(ja="割る", zh_tw="除以 √d_k") if scaled else T(ja="割らない", zh_tw="不除")
    print(f"d_k = {d:3}  ", "  ".join(f"{value:.2f}" for value in three), f"  {label}")
claims.check(
    "C05",
    {
        "torch_gap": torch_gap,
        "variance": last[False][0] / 1024,
        "scaled_variance": last[True][0],
        "entropy_raw": last[False][1],
        "entropy_scaled": last[True][1],
        "unreached_raw": last[False][2],
        "unreached_scaled": last[True][2],
        "trained_raw": mean_reached[256, False],
        "trained_scaled": mean_reached[256, True],
    },
)

# %% [markdown] key="knock-guess" lang="ja"
# $d_k = 256$ で割らないと、正解率が上がりきらないシードがありました。数ステップで重みが1か所に固まり、勾配が届きにくくなるためと考えられます。学習率を0.01から0.001に下げると平均0.9ほどになりますが（別に調べた8つのシード）、$\sqrt{d_k}$ で割っておけば、$d_k$ が変わっても同じ設定で学習できます。
#
# ### 重みは、答えの理由か
#
# 「黒い」の重みはほぼ1でしたが、それは答えの理由なのでしょうか。隠しても答えが変わらないかを調べます。
#
# 予想：重みが最大のトークンを隠すと、評価用の正解率はどうなるでしょうか。
#
# - `"a"`：ほとんど下がらない
# - `"b"`：半分くらいになる
# - `"c"`：0.25か、それより低くなる

# %% [markdown] key="knock-guess" lang="zh-tw"
# $d_k = 256$ 時不除的話，有的種子學到一個程度就卡住了。應該是因為幾步之內，權重就固定在一處，之後得不到能改變它的梯度。另外查過八個種子，把學習率從 0.01 降到 0.001，不除也能到平均 0.9 左右；但只要除以 $\sqrt{d_k}$，$d_k$ 改變時用同樣的設定就能訓練。
#
# ### 權重是不是答案的理由？
#
# 圖裡「黑色的」的權重幾乎是 1。那麼，可以說「黑色的」就是答案的理由嗎？把權重最大的詞元遮住，看看答案會不會改變。
#
# 預測：把權重最大的詞元遮住，評估資料的正確率會怎樣？
#
# - `"a"`：幾乎沒有下降
# - `"b"`：剩下一半左右
# - `"c"`：0.25 或更低

# %% key="knock-out"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

knocked = []
for rank in range(len(tokens)):
    #| ja: 重みの大きさがrank番目（0から）のトークンだけを隠す
    #| zh-tw: 只遮住權重排名第 rank 個（從 0 開始）的詞元
    visible = facts.hide(all_weights, rank)
    knocked.append(facts.accuracy(look_up, after, task, visible))
knocked_others = sum(knocked[1:]) / len(knocked[1:])

drops = {
    "a": T(ja="ほとんど下がらない", zh_tw="幾乎沒有下降"),
    "b": T(ja="半分くらい", zh_tw="一半左右"),
    "c": T(ja="0.25以下", zh_tw="0.25 以下"),
}


def fallen(right):
    return "a" if right > 0.75 else "b" if right > 0.35 else "c"


predict.choose(guess, drops, fallen(knocked[0]))

# %% [markdown] key="sink-guess" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 多くの質問で別の種類の語を答え、0.25より低くなります。ほかの1つを隠しても、ほとんど変わりません（値は表C04）。このモデルでは、重みの大きいトークンが答えを決めます。
#
# </details>
#
# いつもそうでしょうか。重みの合計は必ず1なので、見るものがなくても、どこかに付きます。そこで、5つ目の質問「（質問なし）」を加えます（正解も「（質問なし）」です）。文を見なくても答えられるように、質問の埋め込みを出力に足したモデル（`add_question`）を、3つのシードで600ステップずつ学習させます。
#
# 予想：「（質問なし）」で、重みが最大のトークンを隠すと、正解率はどうなるでしょうか（選択肢は上と同じです）。

# %% [markdown] key="sink-guess" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 正確率比 0.25 還低：模型多半答成別類的詞。改遮其他任何一個詞元，則幾乎沒有改變（數值在下面的表格 C04）。在這個模型裡，決定答案的確實是權重大的詞元。
#
# </details>
#
# 每次都能這樣說嗎？權重的總和一定是 1，就算沒有東西要看，權重也得放在某個地方。所以再加上第 5 個問題「（不提問）」：正確答案就是「（不提問）」本身，不必看句子。把問題的嵌入加到輸出上（`add_question`），讓模型不看也答得出來，再用三個種子各訓練 600 步。
#
# 預測：遇到「（不提問）」時，把權重最大的詞元遮住，正確率會怎樣？（選項和上面一樣。）

# %% key="sink"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

silent = facts.with_silence(task, T(ja="（質問なし）", zh_tw="（不提問）"))
is_silent = silent.answers == len(task.number)
answering = partial(look_up, add_question=True)
sinks = []
for seed in range(3):
    start = facts.untrained(len(silent.number), d_model, seed)
    #| ja: decay：重み減衰（weight decay、毎ステップ、重みを少し0に近づける）
    #| zh-tw: decay：權重衰減（weight decay，每一步都把權重往 0 拉近一點）
    model, _ = facts.train(answering, start, silent, steps=600, decay=3e-4)
    _, weights = answering(silent.inputs, model)
    on_particles = (weights * silent.is_any(particles)).sum(-1)[is_silent & silent.held_out]
    visible = facts.hide(weights, 0)
    rights = [facts.accuracy(answering, model, silent, visible, r) for r in (is_silent, ~is_silent)]
    sinks.append([on_particles.mean().item(), *rights])
sink_weight, sink_hidden, asked_hidden = torch.tensor(sinks).mean(0).tolist()
predict.choose(guess, drops, fallen(sink_hidden))

# %% key="weights-claim"
claims.check(
    "C04",
    {
        "on_answer": on_answer,
        "knocked_top": knocked[0],
        "knocked_others": knocked_others,
        "sink_weight": sink_weight,
        "sink_hidden": sink_hidden,
        "asked_hidden": asked_hidden,
        "shuffled": shuffled,
        "with_positions": with_positions,
    },
)

# %% [markdown] key="heads" lang="ja"
# 「（質問なし）」では、重みの大部分が「が」と「で」に付いたのに、最大のものを隠しても答えは変わりません。同じモデルでも、ほかの質問では正解率が約0.25に下がります（学習に重み減衰を使わないと、「（質問なし）」でも下がるシードがあります）。手がかりにならないのに重みを集めるトークンを、アテンションシンク（attention sink）と呼びます。多くのLLMでは系列の最初のトークンです（Gu et al. 2024）。
#
# つまり、アテンション重みはバリューを混ぜる割合で、答えの理由かどうかは、隠すなどして確かめる必要があります。
#
# ## 8. マルチヘッドアテンション
#
# アテンション重みが1組だけでは、参照のしかたも1通りです。そこで、クエリ、キー、バリューの $d_\text{model}$ 次元を $h$ 個のヘッド（$d_\text{model}/h$ 次元ずつ）に分けて別々に計算し、出力をつないで行列 $W^O$ で混ぜます。重み行列の大きさは変わりません（利点は、レッスン02の2節で測ります）。

# %% [markdown] key="heads" lang="zh-tw"
# 遇到「（不提問）」時，大部分的權重落在「一隻」和「在」；可是把最大的遮住，答案還是一樣。同一個模型，遇到其他問題時，一遮正確率就降到 0.25 左右（訓練時不用權重衰減的話，有的種子遇到「（不提問）」也會下降）。收集了權重、本身卻不是線索的詞元，叫做 attention sink（注意力匯聚點）；許多 LLM 裡，是序列的第一個詞元（Gu et al. 2024）。
#
# 所以，注意力權重是混合各個值的比例；它是不是答案的理由，要實際遮住看看才知道。
#
# ## 8. 多頭注意力
#
# 只有一組注意力權重的話，每個查詢只能有一種分配注意力的方式。所以把查詢、鍵、值的 $d_\text{model}$ 維分成 $h$ 個注意力頭（attention head，各 $d_\text{model}/h$ 維），各自計算注意力，最後把輸出接起來，乘上矩陣 $W^O$ 混合。注意力頭再多，權重矩陣也不會變大（分開有什麼好處，第 02 課第 2 節會實測）。


# %% key="heads-code"
def multi_head(x, w_q, w_k, w_v, w_o, n_heads):
    """x: (T, d_model), w: (d_model, d_model) → (T, d_model), (n_heads, T, T)"""

    def split(y):  # (T, d_model) → (T, n_heads, head_dim) → (n_heads, T, head_dim)
        return y.view(len(y), n_heads, -1).transpose(0, 1)

    out, weights = attention(split(x @ w_q), split(x @ w_k), split(x @ w_v))
    return out.transpose(0, 1).reshape(x.shape) @ w_o, weights


# %% key="heads-check-code" hide=true
n_heads = 4
reference = torch.nn.MultiheadAttention(d_model, n_heads, bias=False, batch_first=True)
#| ja: PyTorchは3つの重み行列を縦に積み、転置した形で持っている
#| zh-tw: PyTorch 把三個權重矩陣轉置之後疊成一個
in_weights = [w.detach().T for w in reference.in_proj_weight.chunk(3)]
mine, my_weights = multi_head(x, *in_weights, reference.out_proj.weight.detach().T, n_heads)
with torch.no_grad():
    theirs, their_weights = reference(x[None], x[None], x[None], average_attn_weights=False)

out_gap = (mine - theirs[0]).abs().max().item()
weights_gap = (my_weights - their_weights[0]).abs().max().item()
print(
    T(
        ja=f"PyTorchの`MultiheadAttention`との差：出力 {out_gap:.2g}　重み {weights_gap:.2g}",
        zh_tw=f"與 PyTorch 的 `MultiheadAttention` 的差距：輸出 {out_gap:.2g}　權重 {weights_gap:.2g}",
    )
)
assert out_gap < 1e-6 and weights_gap < 1e-6

# %% [markdown] key="masks" lang="ja"
# ## 9. 1つの関数、4つのマスク
#
# Transformerの3つの型で異なるのは、計算の式ではありません。どこを参照してよいか（マスク）と、どの系列からクエリ、キー、バリューを作るか（つなぎ方）です。
#
# | マスク | 参照できるトークン | 使う場所 |
# |---|---|---|
# | 全体（full） | すべて | BERT、T5のエンコーダー |
# | 因果（causal） | 自分と、それより前 | GPT、T5のデコーダー |
# | プレフィックス（prefix） | 入力のすべてと、自分と、それより前 | プレフィックス言語モデル |
# | 交差（cross） | 別の系列のすべて | T5のデコーダー（交差注意） |
#
# 交差だけは、マスクではなく、キーとバリューの出どころが違います。T5は $\sqrt{d_k}$ で割らず、距離で決まる数（バイアス）も足します（レッスン05）。

# %% [markdown] key="masks" lang="zh-tw"
# ## 9. 一個函式，四種遮罩
#
# Transformer 的三大架構，是編碼器、解碼器、編碼器－解碼器。它們的差別不在注意力的計算，而在可以看哪裡（遮罩），以及查詢、鍵、值各來自哪個序列（接法）。
#
# | 遮罩 | 看得到的詞元 | 用在哪裡 |
# |---|---|---|
# | 全部（full） | 全部 | BERT、T5 的編碼器 |
# | 因果（causal） | 自己與前面的詞元 | GPT、T5 的解碼器 |
# | 前綴（prefix） | 輸入的全部，以及自己與前面的詞元 | 前綴語言模型 |
# | 交叉（cross） | 另一個序列的全部 | T5 的解碼器（交叉注意力） |
#
# 只有「交叉」的特別之處不在遮罩的形狀，而在鍵和值來自另一個序列。另外，T5 不除以 $\sqrt{d_k}$，還會加上由距離決定的數（偏差；第 05 課）。

# %% key="masks-code"
n, n_target, prefix = 6, 4, 3
causal = torch.ones(n, n).tril().bool()
masks = {
    T(ja="全体（full）", zh_tw="全部（full）"): torch.ones(n, n).bool(),
    T(ja="因果（causal）", zh_tw="因果（causal）"): causal,
    T(ja="プレフィックス（prefix）", zh_tw="前綴（prefix）"): causal | (torch.arange(n) < prefix),
    T(ja="交差（cross）", zh_tw="交叉（cross）"): torch.ones(n_target, n).bool(),
}

# %% key="masks-figure" hide=true
x_label, y_label = T(ja="キーの位置", zh_tw="鍵的位置"), T(ja="クエリの位置", zh_tw="查詢的位置")
fig = charts.masks(masks, x_label, y_label, size=(12, 3.6), legend=True)
shares = "、".join(f"{title} {int(mask.sum())}/{mask.numel()}" for title, mask in masks.items())
figures.show(
    fig,
    T(
        ja=f"4つのマスクです。行がクエリ、列がキーで、●は参照できる、×は参照できないことを表します。参照できる組の数は、{shares}です。因果マスクでは、右上の三角形が×です。プレフィックスでは、左の3列が●で、残りは因果マスクと同じです。",
        zh_tw=f"四種遮罩。橫列是查詢，直行是鍵；● 表示看得到，× 表示看不到。看得到的組合數：{shares}。因果遮罩的右上三角形是 ×。前綴遮罩左邊的三個直行是 ●，其餘和因果遮罩相同。",
    ),
)

# %% [markdown] key="leak-guess" lang="ja"
# マスクはどのくらい厳密に効くのでしょうか。6トークンのうち1つを書き換えて調べます。
#
# 予想：因果マスクで4番目だけを書き換えると、6つの出力のうちいくつが変わるでしょうか。

# %% [markdown] key="leak-guess" lang="zh-tw"
# 遮罩擋得有多徹底？6 個詞元中只改一個，看看哪些位置的輸出會受到影響。
#
# 預測：使用因果遮罩，只改第 4 個，6 個輸出裡會有幾個改變？


# %% key="leak"
def changes(mask, token):
    #| ja: トークンを1つ書き換えたときの、各出力の変化 (T,)
    #| zh-tw: 改動一個詞元時，每個輸出的變化 (T,)
    changed = x.clone()
    changed[token] += 1.0
    return (self_attention(changed, mask) - self_attention(x, mask)).abs().amax(-1)


#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

full_mask, causal_mask, prefix_mask, _ = masks.values()
predict.compare(guess, int((changes(causal_mask, token=3) > 0).sum()))

# %% key="leak-claim"
for token in (3, 2):
    print(T(ja=f"{token + 1}番目を書き換える", zh_tw=f"改動第 {token + 1} 個"))
    for title, mask in list(masks.items())[:3]:
        print("  ", title, [f"{value:.3g}" for value in changes(mask, token).tolist()])

gaps = []
for mask in masks.values():
    q_, k_, v_ = torch.randn(len(mask), d_k), torch.randn(n, d_k), torch.randn(n, d_k)
    want = F.scaled_dot_product_attention(q_, k_, v_, attn_mask=mask)
    gaps.append((attention(q_, k_, v_, mask)[0] - want).abs().max().item())
claims.check(
    "C01",
    {
        "mask_gap": torch.tensor(gaps).max().item(),
        "causal_leak": changes(causal_mask, token=3)[:3].max().item(),
        "prefix_leak": changes(prefix_mask, token=3)[:3].max().item(),
        #| ja: 3番目のトークンは、プレフィックスの中にある
        #| zh-tw: 第 3 個詞元在前綴裡
        "prefix_inside": changes(prefix_mask, token=2)[:2].max().item(),
        "full_leak": changes(full_mask, token=3)[:3].max().item(),
    },
)

# %% [markdown] key="explore" lang="ja"
# 因果マスクでは、書き換えたトークンより前の出力の変化は、ちょうど0.0です。層を重ねても同じなので、デコーダー型は、前のトークンのキーとバリューを保存して使い回せます（KVキャッシュ、レッスン07）。プレフィックスマスクとの違いは、3番目（プレフィックスの中）を書き換えると現れます。
#
# 次のセルで文を書き換え（単語は空白で区切ります）、マスクを選んで、重みが0になる場所を確かめましょう。

# %% [markdown] key="explore" lang="zh-tw"
# 使用因果遮罩時，改動的詞元之前，輸出的變化都是 0.0。疊了好幾層也一樣，所以解碼器能把前面詞元的鍵和值存起來重複使用（KV 快取，第 07 課）。前綴遮罩的差別，只有改動前綴裡面（第 3 個）時才看得出來。
#
# 在下面的儲存格輸入句子、選遮罩，確認哪些地方的權重變成 0（詞和詞之間用空格隔開）。

# %% key="explore-code" hide=true
from helpers.widgets import Explorer, Select, Text, attention_view, knows


def draw(text, mask):
    keys = text.split()
    #| ja: 交差では、クエリは別の系列（4つの質問）から作る
    #| zh-tw: 交叉時，查詢來自另一個序列（四個問題）
    queries = questions if mask == "cross" else keys
    allowed = torch.ones(len(queries), len(keys)).bool()  # (T, S)
    if mask in ("causal", "prefix"):
        allowed = allowed.tril()
    if mask == "prefix":
        allowed[:, :prefix] = True
    x_q, x_k = (embedding[[task.number[word] for word in some]] for some in (queries, keys))
    _, weights = attention(x_q @ w_q, x_k @ w_k, x_k @ w_v, allowed)
    return attention_view(weights, queries, keys, cross=mask == "cross")


text = Text(
    "text", T(ja="文", zh_tw="句子"), " ".join(tokens), knows(task.number), list(task.number)
)
kinds = dict(zip(masks, ("full", "causal", "prefix", "cross")))
Explorer(
    T(ja="マスクの形", zh_tw="遮罩的形狀"),
    draw,
    text,
    Select("mask", T(ja="マスク", zh_tw="遮罩"), kinds),
)

# %% [markdown] key="further-explain" lang="ja" further=true
# ### さらにくわしく：重みを「説明」と呼べるか

# %% [markdown] key="further-explain" lang="zh-tw" further=true
# ### 更進一步：權重算不算「解釋」？

# %% [markdown] key="unseen" lang="ja"
# もし答えの単語が見えなければ、重みはどこに付き、モデルは何と答えるのでしょうか。4種類それぞれの最初の単語（「黒い」「猫」「窓辺」「眠る」）だけを、どの質問からも参照できなくして、7節のモデルを最初から学習させます。
#
# 予想：この4つの単語が答えになる評価用の質問に、モデルはどのくらい正解するでしょうか。
#
# - `"a"`：まったく当たらない
# - `"b"`：当てずっぽうの0.25くらい
# - `"c"`：0.4より高い

# %% [markdown] key="unseen" lang="zh-tw"
# 如果看不到答案的詞，權重會放到哪裡，模型又會怎麼回答？把 4 類詞各自的第一個（「黑色的」「貓」「窗邊」「睡覺」）遮住，任何問題都看不到，再從頭訓練第 7 節的模型。
#
# 預測：評估資料中，答案是這四個詞的問題，模型能答對多少？
#
# - `"a"`：完全答不對
# - `"b"`：和亂猜的 0.25 差不多
# - `"c"`：比 0.4 高

# %% key="unseen-code"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

never_seen = [slot[0] for slot in slots]
asked = torch.isin(task.answers, torch.tensor([task.number[word] for word in never_seen]))
visible = ~task.is_any(never_seen)[:, None]  # (B, 1, T)
is_particle = task.is_any(particles)  # (B, T)
blind = []
for seed in range(3):
    model, _ = facts.train(look_up, facts.untrained(len(task.number), d_model, seed), task, visible)
    _, weights = look_up(task.inputs, model, visible)
    on_particles = (weights * is_particle).sum(-1)[asked & task.held_out].mean().item()
    without = visible & ~is_particle[:, None]
    rights = [facts.accuracy(look_up, model, task, seen, asked) for seen in (visible, without)]
    blind.append([*rights, on_particles])
unseen_right, unseen_without, unseen_on_particles = torch.tensor(blind).mean(0).tolist()

options = {"a": T(ja="当たらない", zh_tw="答不對"), "b": T(ja="0.25くらい", zh_tw="0.25 左右")}
options["c"] = T(ja="0.4より高い", zh_tw="比 0.4 高")
predict.choose(guess, options, "a" if unseen_right < 0.1 else "b" if unseen_right < 0.4 else "c")

# %% key="unseen-claim"
_, _, _, w_v_, w_words_ = after
values_ = after[0][task.inputs[:, :-1]] @ w_v_  # (B, T, d_k)
#| ja: 出力への寄与の大きさ ‖α·v·W‖
#| zh-tw: 對輸出的貢獻大小 ‖α·v·W‖
contribution = (all_weights[..., None] * (values_ @ w_words_)).norm(dim=-1)  # (B, T)
same_top = (contribution.argmax(-1) == all_weights.argmax(-1))[task.held_out].float().mean().item()
claims.check(
    "E11",
    {
        "unseen_right": unseen_right,
        "unseen_on_particles": unseen_on_particles,
        "unseen_without": unseen_without,
        "same_top": same_top,
    },
)

# %% [markdown] key="unseen-after" lang="ja"
# 見えない単語なのに、多くの質問に正解しました。重みが集まったのは、どの文にもある「が」と「で」で、この2つを隠すと、正解は1つもなくなりました。隠したのは種類ごとに最初の語だけなので、たとえば色の語がまったく見えなければ、答えは「黒い」に決まります。このモデルは、そのときの答えを、2つの助詞のバリューに覚えたと考えられます。
#
# この重みはモデルが使った場所を正しく示しています（忠実、faithful）。しかし、「『が』だから黒い」という説明に納得する人はいません（もっともらしくない、implausible）。アテンションが説明になるかという論争は、この2つの基準の違いに関わります。Jain and Wallace（2019）は、おもにRNN（レッスン02）の上のアテンションを調べ、重みは勾配で測った重要度と相関しないことが多く、違う重みからも同じ予測が得られると報告しました。Wiegreffe and Pinter（2019）は、結論は「説明」の定義で変わり、モデル全体を調べる必要があるとして、4つの検査を提案しました。アテンションが無用と示されたわけではない、という結論です。
#
# Kobayashi et al.（2020）は、重み $\alpha$ と、混ぜるベクトルの大きさを合わせて測ることを提案し、BERTの特殊トークン（文の外に置く`[CLS]`など）は、重みが大きくても寄与は小さいと報告しました。7節のモデルでは、重みが最大のトークンは、寄与 $\lVert \alpha v W \rVert$（$W$ は`w_words`）も最大でした。

# %% [markdown] key="unseen-after" lang="zh-tw"
# 明明看不到那些詞，許多問題卻答對了，而權重集中在每一句都有的「一隻」和「在」。把這兩個詞遮住，就一題也答不對。每一類只遮住最前面那個詞，所以，例如看不到任何表示顏色的詞時，答案一定是「黑色的」；看來模型是把「這時候該怎麼回答」，記在這 2 個詞元的值裡。
#
# 這裡的權重正確指出了模型用到的地方（忠實，faithful）；可是「因為有『一隻』，所以是黑色的」，這種解釋沒有人會接受（不合理，implausible）。注意力算不算解釋的爭論，就和這兩種標準的差別有關。Jain and Wallace（2019）研究的主要是 RNN（第 02 課）上的注意力。他們指出，權重和用梯度測出的重要性經常不相關，而且完全不同的權重也能得到相同的預測。Wiegreffe and Pinter（2019）則認為，結論取決於「解釋」怎麼定義，也要檢查整個模型，並提出四種檢驗；他們的結論是，先前的研究並沒有證明注意力不能用來解釋。
#
# Kobayashi et al.（2020）主張，除了權重 $\alpha$，還要連同被混合的向量的大小一起測量；他們發現，BERT 的特殊詞元（`[CLS]` 等不屬於句子的記號）權重很大，貢獻卻很小。第 7 節的模型裡，權重最大的詞元，貢獻 $\lVert \alpha v W \rVert$（$W$ 是 `w_words`）也最大。

# %% [markdown] key="summary" lang="ja"
# ## 10. できるようになったこと
#
# - 式を計算し、$\sqrt{d_k}$ で割る理由と、語順を区別できない理由を説明できる（クイズの問1、2、4）
# - アテンション重みから言えることと、隠さないと言えないことを区別できる（問3）
# - マスクから、変更の届く出力と、参照できる組の数がわかる（問5、6）

# %% [markdown] key="summary" lang="zh-tw"
# ## 10. 學會了什麼
#
# - 能算出公式，並說明為什麼要除以 $\sqrt{d_k}$、為什麼分不出順序（小測驗第 1、2、4 題）
# - 能分辨哪些話看注意力權重就能說，哪些要遮住看看才能說（第 3 題）
# - 能從遮罩判斷改動會影響哪些輸出、看得到的組合有幾個（第 5、6 題）

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 11. 演習問題
#
# [演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)で新しいマスクなどを書いてから、[レッスン02](02_block.ipynb)に進みましょう。アテンションをほかの部品と組み合わせます。

# %% [markdown] key="next" lang="zh-tw"
# ## 11. 練習題
#
# 先到[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)動手寫，例如做出新的遮罩；再前往[第 02 課](02_block.ipynb)，把注意力和其他零件組合起來。
