# %% [markdown] key="title" lang="ja"
# # 注意機構：softmax(QKᵀ/√d_k)Vを手で計算する
#
# Transformerの中心には、アテンション（attention）の式が1つあります。この課では、式の部品を1つずつ計算し、PyTorchの実装と同じ値になることを確かめます。そのあと、式に書かれていないもの（マスク、ヘッド、位置、計算量）を測ります。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | アテンションを自分で書ける。√d_kで割る理由、マスクの役割、計算量の増え方を、測った数で説明できる |
# | 前提知識 | Pythonの関数、行列積、平均と分散 |
# | 時間 | 読んで考える時間は約90分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |
#
# 進め方は「予想する、実行する、比べる」です。`guess = None`と書かれたセルでは、`None`を自分の予想した数に書き換えてから実行しましょう。外れた予想ほど、よく覚えられます。

# %% [markdown] key="title" lang="zh-tw"
# # 注意力機制：親手算一次 softmax(QKᵀ/√d_k)V
#
# Transformer 的核心，是一個注意力（attention）公式。這一課要把公式的零件逐一算出來，確認結果和 PyTorch 的實作相同，接著再測量公式裡沒寫的東西（遮罩、注意力頭、位置、運算量）。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能自己寫出注意力；能用實測的數字，說明為什麼要除以 √d_k、遮罩有什麼作用、運算量怎麼成長 |
# | 先備知識 | Python 函式、矩陣乘法、平均與變異數 |
# | 時間 | 閱讀與思考約 90 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |
#
# 進行方式是「先猜、再執行、再比較」。看到寫著 `guess = None` 的儲存格，請先把 `None` 改成你猜的數字再執行。猜錯的地方，往往記得最牢。

# %% key="imports"
import math
from itertools import product

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

from helpers import claims, figures, measure, predict

figures.use(LANG)
torch.set_num_threads(1)
torch.manual_seed(0);

# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# この教材は、あるWebページの説明を、順に実験で確かめます。この課で扱うのは、次の部分です。
#
# > この変化の中心にあるのは、文脈内の異なる語の重要性を評価できる自己注意機構(Self-Attention)です:
# >
# > $$Attention(Q, K, V) = softmax\left(\frac{QK^T}{\sqrt{d_k}}\right)V$$
#
# 同じ式を、ふつうの書き方に直すとこうなります。
#
# $$\operatorname{Attention}(Q, K, V) = \operatorname{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V$$
#
# 右辺を、内側から順に計算していきましょう。

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# 這套教材會用實驗，逐一檢驗某個網頁的說明。這一課處理的是下面這一段。
#
# > 這一轉變的核心在於自注意力機制，它使模型能夠權衡序列中不同詞彙的重要性:
# >
# > $$Attention(Q, K, V) = softmax\left(\frac{QK^T}{\sqrt{d_k}}\right)V$$
#
# 同一個公式，用一般的寫法是這樣：
#
# $$\operatorname{Attention}(Q, K, V) = \operatorname{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V$$
#
# 接著就從等號右邊的最裡面開始，一步一步算出來。

# %% [markdown] key="tokens" lang="ja"
# ## 1. トークンをベクトルにする
#
# モデルは文字を直接は計算できません。文をトークン（token）に分け、トークンごとに番号を付け、番号ごとに1本のベクトルを割り当てます。このベクトルを埋め込み（embedding）と呼びます。
#
# ここでは、4つの色、4種類の動物、4つの場所、4つの動作からなる小さな世界を使います。わかりやすいように、単語をそのまま1つのトークンにしました。実際のLLMのトークンは、単語より短いことも、長いこともあります。

# %% [markdown] key="tokens" lang="zh-tw"
# ## 1. 把詞元變成向量
#
# 模型沒辦法直接拿文字來計算。要先把句子切成詞元（token），替每個詞元編號，再替每個編號準備一個向量。這個向量叫做嵌入（embedding）。
#
# 這裡用一個小小的世界：4 種顏色、4 種動物、4 個地點、4 種動作。為了方便理解，直接把一個詞當成一個詞元；真正的 LLM 裡，詞元可能比詞短，也可能比詞長。

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


facts = list(product(*slots))
sentences = [sentence(*fact) for fact in facts]
words = sorted({word for s in sentences for word in s} | set(questions))
number = {word: i for i, word in enumerate(words)}

print(T(ja=f"文の数：{len(sentences)}　語彙の大きさ：{len(words)}", zh_tw=f"句子數：{len(sentences)}　詞彙表大小：{len(words)}"))
print(sentences[0], "→", [number[word] for word in sentences[0]])

# %% [markdown] key="embed" lang="ja"
# 最初の文を埋め込みにします。埋め込みはまだランダムな値です。学習（7節）で意味のある値に変わります。

# %% [markdown] key="embed" lang="zh-tw"
# 把第一個句子轉成嵌入。現在的嵌入還是隨機的值，要到第 7 節訓練之後才有意義。

# %% key="embed-code"
d_model, d_k = 32, 32
embedding = torch.randn(len(words), d_model)

tokens = sentences[0]
x = embedding[[number[word] for word in tokens]]  # (T, d_model)
x.shape

# %% [markdown] key="qkv" lang="ja"
# ## 2. クエリ、キー、バリューを作る
#
# アテンションでは、1つのトークンが3つの役割を持ちます。
#
# - クエリ（query）：このトークンが探しているもの
# - キー（key）：このトークンが「探される側」として見せる目印
# - バリュー（value）：選ばれたときに渡す中身
#
# どれも、同じ $x$ に別々の重み行列を掛けて作ります。ページの式には、この重み行列が書かれていません。

# %% [markdown] key="qkv" lang="zh-tw"
# ## 2. 算出查詢、鍵、值
#
# 在注意力裡，每個詞元都有 3 個角色。
#
# - 查詢（query）：這個詞元想找的東西
# - 鍵（key）：被別人找的時候，亮出來的標記
# - 值（value）：被選中時，交出去的內容
#
# 這三者都是把同一個 $x$ 乘上不同的權重矩陣得到的。原網頁的公式沒有寫出這些權重矩陣。

# %% key="qkv-code"
w_q, w_k, w_v = (torch.randn(d_model, d_k) / math.sqrt(d_model) for _ in range(3))

q, k, v = x @ w_q, x @ w_k, x @ w_v  # (T, d_k) each
for name, tensor in zip("qkv", (q, k, v)):
    print(name, tuple(tensor.shape))

# %% [markdown] key="scores-guess" lang="ja"
# ## 3. スコア：どのトークンがどれに合うか
#
# クエリとキーの内積を、アテンションスコアと呼びます。内積が大きいほど「よく合う」という意味です。すべてのクエリとすべてのキーの組を、行列積 $QK^\top$ で一度に計算します。
#
# 予想：この文は6トークンです。スコアは全部で何個になるでしょうか。

# %% [markdown] key="scores-guess" lang="zh-tw"
# ## 3. 分數：誰和誰比較合
#
# 查詢和鍵的點積（dot product，即內積）叫做注意力分數，越大代表「越合」。用矩陣乘法 $QK^\top$，就能一次算出所有查詢與所有鍵的組合。
#
# 先猜猜看：這個句子有 6 個詞元，分數總共有幾個？

# %% key="scores"
guess = None  # <-

scores = q @ k.T  # (T, T)
predict.compare(guess, scores.numel())
print(scores[2, 0].item(), "=", sum(q[2] * k[0]).item())

# %% [markdown] key="scores-after" lang="ja"
# $n$ トークンなら $n^2$ 個です。この2乗が、11節と12節の主役になります。下の行の2つの数は、行列積の要素の1つが、内積の1つと（丸め誤差を除いて）同じであることを示しています。

# %% [markdown] key="scores-after" lang="zh-tw"
# 有 $n$ 個詞元，就有 $n^2$ 個分數。這個平方正是第 11 節和第 12 節的主角。最下面那行的兩個數字說明：矩陣乘積裡的一個元素，就是一個內積（只差捨入誤差）。

# %% [markdown] key="scale-guess" lang="ja"
# ## 4. √d_kで割るのはなぜか
#
# 要素がどれも平均0、分散1で、互いに独立なら、内積 $q \cdot k = \sum_{i=1}^{d_k} q_i k_i$ は $d_k$ 個の項の和です。
#
# 予想：$d_k$ を16から1024へ、64倍にします。内積の分散は何倍になるでしょうか。

# %% [markdown] key="scale-guess" lang="zh-tw"
# ## 4. 為什麼要除以 √d_k？
#
# 如果每個元素的平均都是 0、變異數都是 1，而且彼此獨立，那麼內積 $q \cdot k = \sum_{i=1}^{d_k} q_i k_i$ 就是 $d_k$ 項的總和。
#
# 先猜猜看：把 $d_k$ 從 16 增加到 1024，也就是 64 倍，內積的變異數會變成幾倍？

# %% key="variance"
guess = None  # <-


def random_scores(d_k, seed, n_queries=256, n_keys=32):
    """q·k (n_queries, n_keys)"""
    g = torch.Generator().manual_seed(seed)
    return torch.randn(n_queries, d_k, generator=g) @ torch.randn(n_keys, d_k, generator=g).T


def variance(d_k):
    return sum(random_scores(d_k, seed).var().item() for seed in range(10)) / 10


predict.compare(guess, variance(1024) / variance(16), T(ja="倍", zh_tw="倍"))

# %% [markdown] key="scale-effect" lang="ja"
# 分散は $d_k$ に比例し、標準偏差は $\sqrt{d_k}$ に比例します。そこで $\sqrt{d_k}$ で割ると、分散は $d_k$ によらず約1にそろいます。
#
# では、そろえないと何が困るのでしょうか。softmaxに入れたあとの2つの量を測ります。
#
# - エントロピー（ビット）：重みがどれだけ散らばっているか。32個のキーに均等なら5、1か所に集中すると0です。
# - 勾配の大きさ：スコアを少し動かしたとき、重みがどれだけ動くか。0に近いと、学習が進みません。

# %% [markdown] key="scale-effect" lang="zh-tw"
# 變異數與 $d_k$ 成正比，標準差與 $\sqrt{d_k}$ 成正比。所以除以 $\sqrt{d_k}$ 之後，不管 $d_k$ 是多少，變異數都會維持在 1 左右。
#
# 那麼，不除會有什麼問題？來測量通過 softmax 之後的兩個量。
#
# - 熵（entropy，單位是位元）：權重分散的程度。平均分給 32 個鍵時是 5，集中在一處時是 0。
# - 梯度的大小：分數稍微改變時，權重會跟著改變多少。接近 0 的話，訓練就很難有進展。

# %% key="scale-measure"
def entropy(weights):
    """-Σ w log₂ w in bits, averaged over the rows"""
    return -(weights * weights.clamp_min(1e-30).log2()).sum(-1).mean().item()


def gradient(scores):
    """‖∂ softmax(s) / ∂ s‖, averaged over the rows"""
    jacobian = torch.func.vmap(torch.func.jacrev(lambda s: s.softmax(-1)))(scores)
    return jacobian.flatten(1).norm(dim=1).mean().item()


sizes, seeds = [4, 16, 64, 256, 1024], range(5)
measures = {"variance": lambda s: s.var().item(), "entropy": lambda s: entropy(s.softmax(-1)), "gradient": gradient}
result = {}  # (quantity, scaled): (sizes, seeds)
for name, f in measures.items():
    for scaled in (False, True):
        rows = [[f(random_scores(d, s) / (math.sqrt(d) if scaled else 1)) for s in seeds] for d in sizes]
        result[name, scaled] = torch.tensor(rows)

# %% key="scale-figure"
titles = {
    "variance": T(ja="スコアの分散", zh_tw="分數的變異數"),
    "entropy": T(ja="エントロピー（ビット）", zh_tw="熵（位元）"),
    "gradient": T(ja="勾配の大きさ", zh_tw="梯度的大小"),
}
fig, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
for ax, (name, title) in zip(axes, titles.items()):
    for scaled, style, label in (
        (False, "o-", T(ja="割らない", zh_tw="不除")),
        (True, "s--", T(ja=r"$\sqrt{d_k}$で割る", zh_tw=r"除以 $\sqrt{d_k}$")),
    ):
        y = result[name, scaled]
        ax.errorbar(sizes, y.mean(1), yerr=y.std(1), fmt=style, capsize=3, label=label)
    ax.set(title=title, xlabel="$d_k$", xscale="log")
    ax.set_xticks(sizes, [str(d) for d in sizes])
axes[0].set_yscale("log")
axes[0].legend()

last = {key: y[-1].mean().item() for key, y in result.items()}
figures.show(fig, T(
    ja=f"横軸はd_k（4から1024）、エラーバーは5回の標準偏差です。割らないと、d_k = 1024で分散は{last['variance', False]:.0f}、エントロピーは{last['entropy', False]:.2f}ビット、勾配は{last['gradient', False]:.3f}です。√d_kで割ると、それぞれ{last['variance', True]:.2f}、{last['entropy', True]:.2f}ビット、{last['gradient', True]:.3f}で、d_kが変わってもほぼ一定です。",
    zh_tw=f"橫軸是 d_k（4 到 1024），誤差線是 5 次的標準差。不除的話，d_k = 1024 時變異數是 {last['variance', False]:.0f}，熵是 {last['entropy', False]:.2f} 位元，梯度是 {last['gradient', False]:.3f}。除以 √d_k 之後分別是 {last['variance', True]:.2f}、{last['entropy', True]:.2f} 位元、{last['gradient', True]:.3f}，d_k 改變時也幾乎不變。",
))

# %% [markdown] key="scale-after" lang="ja"
# 割らない場合、$d_k$ が大きくなるとsoftmaxはほぼ1か所だけを選び、勾配も小さくなります。$\sqrt{d_k}$ で割るのは、softmaxを「選び方を学べる範囲」に保つためです。
#
# 実は、T5はこの割り算をしません。代わりに、重みの初期値の大きさで調整しています。ページは「3つの型すべての中心にこの式がある」と読めますが、T5には当てはまりません。証拠は、T5を扱う課で示します。

# %% [markdown] key="scale-after" lang="zh-tw"
# 不除的話，$d_k$ 一變大，softmax 幾乎只會選一個位置，梯度也跟著變小。除以 $\sqrt{d_k}$，就是為了讓 softmax 留在「還學得動」的範圍裡。
#
# 其實，T5 並不做這個除法，而是靠權重初始值的大小來調整。原網頁讀起來像是「三大架構的核心都是這個公式」，但 T5 並不符合。等到介紹 T5 的那一課，再拿出證據。

# %% [markdown] key="softmax-naive" lang="ja"
# ## 5. 大きな数でも壊れないsoftmax
#
# softmaxは、スコアを「合計1の重み」に変える関数です。
#
# $$\operatorname{softmax}(s)_i = \frac{e^{s_i}}{\sum_j e^{s_j}}$$
#
# 式のとおりに書いて、大きなスコアを入れてみましょう。

# %% [markdown] key="softmax-naive" lang="zh-tw"
# ## 5. 數字很大也不會出錯的 softmax
#
# softmax 會把分數變成「總和為 1 的權重」。
#
# $$\operatorname{softmax}(s)_i = \frac{e^{s_i}}{\sum_j e^{s_j}}$$
#
# 先照公式直接寫，再放進很大的分數試試看。

# %% key="softmax-naive-code"
def naive_softmax(s):
    return s.exp() / s.exp().sum(-1, keepdim=True)


small, large = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([1000.0, 1001.0, 1002.0])
print(naive_softmax(small))
print(naive_softmax(large))

# %% [markdown] key="softmax-stable" lang="ja"
# 2行目は`nan`です。$e^{1000}$ は32ビットの浮動小数点数に収まらず、無限大÷無限大になります。
#
# 分子と分母に同じ数 $e^{-m}$ を掛けても、値は変わりません。そこで $m$ に最大値を選び、先に引いておきます。指数はどれも0以下になるので、あふれません。

# %% [markdown] key="softmax-stable" lang="zh-tw"
# 第 2 行是 `nan`。$e^{1000}$ 超出了 32 位元浮點數的範圍，變成無限大除以無限大。
#
# 分子和分母同乘 $e^{-m}$，結果不變。所以把 $m$ 取成最大值，先減掉它，指數就全部小於或等於 0，不會溢位。

# %% key="softmax-stable-code"
def softmax(s):
    e = (s - s.amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True)


print(softmax(large), T(ja="PyTorchとの差：", zh_tw="與 PyTorch 的差距："), (softmax(large) - large.softmax(-1)).abs().max().item())

# %% [markdown] key="function" lang="ja"
# ## 6. 式を1つの関数にまとめる
#
# 部品がそろいました。マスク（9節で使います）の引数も付けておきます。`mask`が`True`の場所は参照してよく、`False`の場所はスコアを $-\infty$ にして重みを0にします。

# %% [markdown] key="function" lang="zh-tw"
# ## 6. 把公式寫成一個函式
#
# 零件都齊了。順便加上遮罩的引數（第 9 節會用到）：`mask` 是 `True` 的位置可以看；是 `False` 的位置，就把分數設成 $-\infty$，讓權重變成 0。

# %% key="attention"
def attention(q, k, v, mask=None):
    """q: (…, T, d_k)  k: (…, S, d_k)  v: (…, S, d_v)  mask: (T, S) → (…, T, d_v), (…, T, S)"""
    scores = q @ k.mT / math.sqrt(q.size(-1))  # (…, T, S)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = softmax(scores)
    return weights @ v, weights


out, weights = attention(q, k, v)
print(tuple(out.shape), tuple(weights.shape), weights.sum(-1))

# %% [markdown] key="function-check" lang="ja"
# PyTorchには、同じ計算をする`scaled_dot_product_attention`があります。大きさを変えて3通り比べます。

# %% [markdown] key="function-check" lang="zh-tw"
# PyTorch 有一個做同樣計算的函式 `scaled_dot_product_attention`。換 3 種大小來比較看看。

# %% key="function-check-code"
gaps = []
for n, d in ((6, 32), (64, 16), (200, 64)):
    q_, k_, v_ = torch.randn(3, n, d)
    gaps.append((attention(q_, k_, v_)[0] - F.scaled_dot_product_attention(q_, k_, v_)).abs().max().item())

claims.check("C05", {
    "torch_gap": max(gaps),
    "variance": last["variance", False] / 1024,
    "entropy_raw": last["entropy", False],
    "entropy_scaled": last["entropy", True],
})

# %% [markdown] key="train" lang="ja"
# ## 7. 学習した重みを見る
#
# ここまでの重み行列はランダムでした。今度は学習させます。課題は「調べもの」です。文のうしろに質問トークンを1つ付け（例：「色は？」）、答えの単語を当てさせます。答えは必ず文の中にあります。
#
# 質問トークンからクエリを、文のトークンからキーとバリューを作ります。学習には文の4分の3だけを使い、残りの4分の1は評価に取っておきます。損失は交差エントロピーで、200ステップ学習します（1秒ほど）。

# %% [markdown] key="train" lang="zh-tw"
# ## 7. 看看訓練出來的權重
#
# 到目前為止，權重矩陣都是隨機的，現在來訓練它。任務是「查資料」：在句子後面接上一個問題詞元（例如「顏色？」），讓模型回答是哪個詞。答案一定在句子裡。
#
# 查詢來自問題詞元，鍵和值來自句子的詞元。訓練只用 4 分之 3 的句子，剩下的 4 分之 1 留下來評估。損失函數是交叉熵，訓練 200 步（大約 1 秒）。

# %% key="train-data"
rows, answers, held_out = [], [], []
for fact, words_of in zip(facts, sentences):
    for question, answer in zip(questions, fact):
        rows.append([number[word] for word in [*words_of, question]])
        answers.append(number[answer])
        held_out.append(sum(slot.index(word) for slot, word in zip(slots, fact)) % 4 == 0)
inputs, answers, held_out = torch.tensor(rows), torch.tensor(answers), torch.tensor(held_out)
print(T(ja="学習用：", zh_tw="訓練用："), (~held_out).sum().item(), T(ja="評価用：", zh_tw="評估用："), held_out.sum().item())

# %% key="train-code"
def look_up(inputs, embedding, w_q, w_k, w_v, w_o):
    """inputs: (B, T + 1), the question last → logits (B, vocabulary), weights (B, T)"""
    x = embedding[inputs]  # (B, T + 1, d_model)
    context, question = x[:, :-1], x[:, -1:]
    out, weights = attention(question @ w_q, context @ w_k, context @ w_v)
    return (out @ w_o)[:, 0], weights[:, 0]


torch.manual_seed(0)
shapes = [(len(words), d_model), *[(d_model, d_k)] * 3, (d_k, len(words))]
before = [0.1 * torch.randn(shape) for shape in shapes]
after = [p.clone().requires_grad_() for p in before]

optimizer = torch.optim.Adam(after, lr=1e-2)
train_rows = (~held_out).nonzero()[:, 0]
for step in range(201):
    batch = train_rows[torch.randint(len(train_rows), (64,))]
    loss = F.cross_entropy(look_up(inputs[batch], *after)[0], answers[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step in (0, 20, 40, 80, 200):
        print(T(ja=f"{step}ステップ　損失 {loss.item():.3f}", zh_tw=f"第 {step} 步　損失 {loss.item():.3f}"))
after = [p.detach() for p in after]


def accuracy(parameters):
    return (look_up(inputs[held_out], *parameters)[0].argmax(-1) == answers[held_out]).float().mean().item()


heat = look_up(inputs[held_out], *after)[1]  # (B, T)
on_answer = heat[inputs[held_out][:, :-1] == answers[held_out][:, None]].mean().item()
print(T(ja="評価用の正解率：", zh_tw="評估用的正確率："), accuracy(before), "→", accuracy(after))
print(T(ja="答えの単語にかかる重みの平均：", zh_tw="答案那個詞的平均權重："), on_answer)

# %% [markdown] key="heat" lang="ja"
# 評価用の文を1つ選び、4つの質問それぞれについて、質問トークンが文のどこを参照したかを見ます。左は学習前（ランダムな重み）、右は学習後です。

# %% [markdown] key="heat" lang="zh-tw"
# 從評估用的句子挑一句，看看 4 個問題詞元各自參考了句子的哪裡。左邊是訓練前（隨機權重），右邊是訓練後。

# %% key="heat-figure"
fig, axes = plt.subplots(1, 2, figsize=(12, 3.4), layout="constrained")
for ax, parameters, title in (
    (axes[0], before, T(ja="ランダムな重み（学習前）", zh_tw="隨機權重（訓練前）")),
    (axes[1], after, T(ja="学習した重み", zh_tw="訓練後的權重")),
):
    heat = look_up(inputs[:4], *parameters)[1]  # (4, T): the first sentence, four questions
    figures.matrix(ax, heat, rows=questions, columns=tokens, vmin=0, vmax=1)
    ax.set_title(title)

looked = "、".join(
    T(ja=f"「{question}」では「{tokens[row.argmax()]}」に{row.max():.2f}", zh_tw=f"「{question}」看「{tokens[row.argmax()]}」{row.max():.2f}")
    for question, row in zip(questions, heat)
)
figures.show(fig, T(
    ja=f"行は質問、列は文のトークン、マスの数は重みです。左は学習前で、重みはほぼ均等です。右は学習後で、最大の重みは、{looked}です。",
    zh_tw=f"橫列是問題，直行是句子的詞元，格子裡的數字是權重。左邊是訓練前，權重幾乎平均；右邊是訓練後，最大的權重是：{looked}。",
))

# %% [markdown] key="heat-after" lang="ja"
# 質問が変わると、同じ文でも参照先が変わります。重みは、入力の内容に応じて決まるからです。
#
# ただし、重みは出力の「理由」ではありません。重みを変えずに、バリューだけをすべて同じにしてみます。重みは質問ごとに違うのに、出力は同じになります。出力を決めるのは、重みとバリューの両方です。

# %% [markdown] key="heat-after" lang="zh-tw"
# 問題換了，即使是同一個句子，參考的地方也會跟著換，因為權重是依照輸入內容算出來的。
#
# 不過，權重並不等於輸出的「理由」。保持權重不變，只把值全部換成一樣的：雖然每個問題的權重都不同，輸出卻完全相同。輸出是由權重和值一起決定的。

# %% key="equal-values"
trained = dict(zip(("embedding", "w_q", "w_k"), after))
x_ = trained["embedding"][inputs[:4]]  # (4, T + 1, d_model)
same = torch.ones(4, len(tokens), d_k)
out_, weights_ = attention(x_[:, -1:] @ trained["w_q"], x_[:, :-1] @ trained["w_k"], same)

equal_values = (out_ - out_[:1]).abs().max().item()
print(T(ja="重みの差：", zh_tw="權重的差："), (weights_ - weights_[:1]).abs().max().item())
print(T(ja="出力の差：", zh_tw="輸出的差："), equal_values)

# %% [markdown] key="heads" lang="ja"
# ## 8. マルチヘッドアテンション
#
# 1組の重みでは、1つのクエリにつき1通りの選び方しかできません。そこで $d_\text{model}$ 次元を $h$ 個のヘッドに分け、別々にアテンションを計算してからつなぎ、最後に $W^O$ を掛けます。これがマルチヘッドアテンションです。

# %% [markdown] key="heads" lang="zh-tw"
# ## 8. 多頭注意力
#
# 只有一組權重的話，每個查詢只有一種選法。所以把 $d_\text{model}$ 維分成 $h$ 個注意力頭（attention head），各自計算注意力，再接起來，最後乘上 $W^O$。這就是多頭注意力。

# %% key="heads-code"
def multi_head(x, w_q, w_k, w_v, w_o, n_heads):
    """x: (T, d_model), each w: (d_model, d_model) → (T, d_model), weights (n_heads, T, T)"""

    def split(y):  # (T, d_model) → (n_heads, T, head_dim)
        return y.view(len(y), n_heads, -1).transpose(0, 1)

    out, weights = attention(split(x @ w_q), split(x @ w_k), split(x @ w_v))
    return out.transpose(0, 1).reshape(x.shape) @ w_o, weights


n_heads = 4
reference = torch.nn.MultiheadAttention(d_model, n_heads, bias=False, batch_first=True)
in_weights = [w.detach().T for w in reference.in_proj_weight.chunk(3)]
mine, my_weights = multi_head(x, *in_weights, reference.out_proj.weight.detach().T, n_heads)
with torch.no_grad():
    theirs, their_weights = reference(x[None], x[None], x[None], average_attn_weights=False)

heads_gap = max((mine - theirs[0]).abs().max().item(), (my_weights - their_weights[0]).abs().max().item())
print(T(ja="PyTorchの`MultiheadAttention`との差：", zh_tw="與 PyTorch 的 `MultiheadAttention` 的差距："), heads_gap)
assert heads_gap < 1e-6

# %% [markdown] key="heads-after" lang="ja"
# 同じ重みを渡すと、同じ出力になりました。ヘッドを増やしても、重み行列の大きさは変わりません。1つの大きな内積を、4つの小さな内積に分けただけです。

# %% [markdown] key="heads-after" lang="zh-tw"
# 給一樣的權重，就得到一樣的輸出。增加注意力頭，並不會讓權重矩陣變大，只是把一個大的內積拆成 4 個小的內積。

# %% [markdown] key="masks" lang="ja"
# ## 9. 1つの関数、4つのマスク
#
# Transformerの型の違いは、アテンションの関数ではなく、マスクと、クエリとキーの出どころにあります。
#
# | マスク | 参照できるトークン | 使う型 |
# |---|---|---|
# | 全体（full） | すべて | エンコーダー型（BERT）、T5のエンコーダー |
# | 因果（causal） | 自分と、それより前 | デコーダー型（GPT）、T5のデコーダー |
# | プレフィックス（prefix） | 入力部分はすべて、生成部分は因果 | プレフィックス言語モデル |
# | 交差（cross） | 別の系列のすべて | T5のデコーダーからエンコーダーへ |

# %% [markdown] key="masks" lang="zh-tw"
# ## 9. 一個函式，四種遮罩
#
# Transformer 各種架構的差別，不在注意力函式本身，而在遮罩，以及查詢和鍵從哪裡來。
#
# | 遮罩 | 看得到的詞元 | 哪種架構使用 |
# |---|---|---|
# | 全部（full） | 全部 | 編碼器（BERT）、T5 的編碼器 |
# | 因果（causal） | 自己與前面的詞元 | 解碼器（GPT）、T5 的解碼器 |
# | 前綴（prefix） | 輸入部分全部可看，生成部分用因果 | 前綴語言模型 |
# | 交叉（cross） | 另一個序列的全部 | T5 的解碼器看編碼器 |

# %% key="masks-code"
n, m, prefix = 6, 4, 3
causal = torch.ones(n, n).tril().bool()
masks = {
    T(ja="全体（full）", zh_tw="全部（full）"): torch.ones(n, n).bool(),
    T(ja="因果（causal）", zh_tw="因果（causal）"): causal,
    T(ja="プレフィックス（prefix）", zh_tw="前綴（prefix）"): causal | (torch.arange(n) < prefix),
    T(ja="交差（cross）", zh_tw="交叉（cross）"): torch.ones(m, n).bool(),
}

visible = [int(mask.sum()) for mask in masks.values()]
assert visible == [n * n, n * (n + 1) // 2, (n * (n + 1) + prefix * (prefix - 1)) // 2, m * n]

mask_gap = 0.0
for mask in masks.values():
    q_, k_, v_ = torch.randn(len(mask), d_k), torch.randn(n, d_k), torch.randn(n, d_k)
    want = F.scaled_dot_product_attention(q_, k_, v_, attn_mask=mask)
    mask_gap = max(mask_gap, (attention(q_, k_, v_, mask)[0] - want).abs().max().item())
print(T(ja="PyTorchとの差の最大値：", zh_tw="與 PyTorch 的最大差距："), mask_gap)

# %% key="masks-figure"
fig, axes = plt.subplots(1, 4, figsize=(12, 3.6), layout="constrained")
for ax, (title, mask) in zip(axes, masks.items()):
    figures.mask(ax, mask, rows=range(1, len(mask) + 1), columns=range(1, n + 1))
    ax.set(title=title, xlabel=T(ja="キーの位置", zh_tw="鍵的位置"), ylabel=T(ja="クエリの位置", zh_tw="查詢的位置"))
counts = "、".join(f"{title} {int(mask.sum())}/{mask.numel()}" for title, mask in masks.items())
figures.show(fig, T(
    ja=f"4つのマスクです。行がクエリ、列がキーで、●は参照できる、×は参照できないことを表します。参照できる組の数は、{counts}です。因果マスクでは、右上の三角形が×です。プレフィックスでは、左の3列が●で、残りは因果マスクと同じです。",
    zh_tw=f"4 種遮罩。橫列是查詢，直行是鍵；● 表示看得到，× 表示看不到。看得到的組合數：{counts}。因果遮罩的右上三角形是 ×。前綴遮罩左邊的 3 個直行是 ●，其餘和因果遮罩相同。",
))

# %% [markdown] key="leak-guess" lang="ja"
# マスクの効き目を、漏れの実験で確かめます。6トークンのうち4番目だけを書き換えて、出力のどの行が変わるかを数えます。
#
# 予想：因果マスクのとき、6つの出力のうちいくつが変わるでしょうか。

# %% [markdown] key="leak-guess" lang="zh-tw"
# 接著用「洩漏實驗」確認遮罩的效果：6 個詞元中只改第 4 個，數一數有幾個位置的輸出改變了。
#
# 先猜猜看：使用因果遮罩時，6 個輸出裡會有幾個改變？

# %% key="leak"
guess = None  # <-


def self_attention(x, mask=None):
    return attention(x @ w_q, x @ w_k, x @ w_v, mask)[0]


changed = x.clone()
changed[3] += 1.0  # the 4th token
leak = {}
for title, mask in list(masks.items())[:3]:
    difference = (self_attention(changed, mask) - self_attention(x, mask)).abs().amax(-1)  # (T,)
    leak[title] = difference
    print(title, [f"{value:.3g}" for value in difference.tolist()])

full_leak, causal_leak, prefix_leak = (difference[:3].max().item() for difference in leak.values())
predict.compare(guess, int((list(leak.values())[1] > 0).sum()))

# %% key="leak-claim"
claims.check("C01", {
    "mask_gap": mask_gap,
    "causal_leak": causal_leak,
    "prefix_leak": prefix_leak,
    "full_leak": full_leak,
})

# %% [markdown] key="leak-after" lang="ja"
# 因果マスクでは、1番目から3番目の出力の変化が、ちょうど0.0です。「ほとんど変わらない」のではなく、1ビットも変わりません。この性質のおかげで、デコーダー型は前のトークンの計算結果を捨てずに使い回せます（KVキャッシュ）。

# %% [markdown] key="leak-after" lang="zh-tw"
# 使用因果遮罩時，第 1 到第 3 個輸出的變化剛好是 0.0。不是「幾乎沒變」，而是連 1 個位元都沒變。正因為這樣，解碼器才能保留前面詞元的計算結果，一直重複使用（KV 快取）。

# %% [markdown] key="order" lang="ja"
# ## 10. 順番を入れ替えるとどうなるか
#
# 人間にとって、語順は大切です。アテンションにとってはどうでしょうか。トークンを逆順に並べ替えて、次の2つの出力を比べます。
#
# - もとの出力を逆順に並べたもの
# - 逆順の入力から計算した出力
#
# 位置の情報は、サイン波とコサイン波を埋め込みに足して与えます（Transformerの最初の論文の方法です）。

# %% [markdown] key="order" lang="zh-tw"
# ## 10. 把順序打亂會怎樣？
#
# 對人來說，詞的順序很重要。對注意力來說呢？把詞元倒過來排，再比較這兩個輸出。
#
# - 把原本的輸出倒過來排
# - 用倒過來的輸入算出的輸出
#
# 位置資訊的做法，是把正弦波和餘弦波加到嵌入上（這是 Transformer 第一篇論文的方法）。

# %% key="order-code"
def sinusoidal(n, d_model):
    """Vaswani et al. 2017, §3.5 → (n, d_model)"""
    angles = torch.arange(n)[:, None] / 10_000 ** (torch.arange(0, d_model, 2) / d_model)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


position = sinusoidal(len(x), d_model)
shuffled = (self_attention(x).flip(0) - self_attention(x.flip(0))).abs().max().item()
with_positions = (self_attention(x + position).flip(0) - self_attention(x.flip(0) + position)).abs().max().item()

claims.check("C04", {
    "on_answer": on_answer,
    "equal_values": equal_values,
    "shuffled": shuffled,
    "with_positions": with_positions,
})

# %% [markdown] key="order-after" lang="ja"
# 位置の情報がないと、2つの出力は（丸め誤差を除いて）同じです。つまり、マスクのないアテンションだけでは、「犬が猫を追う」と「猫が犬を追う」を区別できません。位置の情報を足すと、差が出ます。

# %% [markdown] key="order-after" lang="zh-tw"
# 沒有位置資訊時，兩個輸出是一樣的（只差捨入誤差）。也就是說，光靠沒有遮罩的注意力，分不出「狗追貓」和「貓追狗」。加上位置資訊，差別就出來了。

# %% [markdown] key="square-guess" lang="ja"
# ## 11. 系列長の2乗を測る
#
# 行列積は2つあります。$QK^\top$ と、重み×$V$ です。掛け算と足し算を1つずつ数えると、FLOPs（浮動小数点演算の回数）は合わせて $4 n^2 d_k$ です。スコアの行列は、float32なら $4 n^2$ バイトを使います。
#
# 予想：$n$ を256から1024へ、4倍にします。FLOPsは何倍になるでしょうか。

# %% [markdown] key="square-guess" lang="zh-tw"
# ## 11. 測出序列長度的平方
#
# 矩陣乘法有兩個：$QK^\top$，還有權重乘上 $V$。把乘法和加法各算一次，FLOPs（浮點運算次數）合計是 $4 n^2 d_k$。分數矩陣如果是 float32，要用 $4 n^2$ 個位元組。
#
# 先猜猜看：把 $n$ 從 256 增加到 1024，也就是 4 倍，FLOPs 會變成幾倍？

# %% key="square"
guess = None  # <-

lengths, d = [256, 512, 1024, 2048], 64
plain_cost = {}
for n in lengths:
    q_, k_, v_ = torch.randn(3, n, d)
    with measure.cost() as plain_cost[n]:
        attention(q_, k_, v_)
    assert plain_cost[n].flops == 4 * n**2 * d and plain_cost[n].largest_bytes == 4 * n**2
    print(f"n = {n:5,}  {plain_cost[n].flops / 1e6:8,.1f} MFLOPs  {plain_cost[n].largest_bytes / 2**20:6.2f} MiB")

predict.compare(guess, plain_cost[1024].flops / plain_cost[256].flops, T(ja="倍", zh_tw="倍"))

# %% [markdown] key="square-after" lang="ja"
# 測った値は、式と完全に一致しました（`assert`が確かめています）。長さを2倍にすると、計算もメモリも4倍です。

# %% [markdown] key="square-after" lang="zh-tw"
# 實測值和公式完全相同（由 `assert` 確認）。長度變成 2 倍，運算量和記憶體都變成 4 倍。

# %% [markdown] key="tiles" lang="ja"
# ## 12. タイルに分けて計算する
#
# $n \times n$ の行列は、どうしても作らなければならないのでしょうか。FlashAttentionは、作らずに済ませます。キーとバリューを小さなタイルに分け、次の3つを更新しながら進みます。
#
# - $m$：これまでに見たスコアの最大値
# - $l$：これまでの $e^{s-m}$ の合計
# - $a$：これまでの $e^{s-m} v$ の合計
#
# 新しいタイルで最大値が変わったら、これまでの $l$ と $a$ に $e^{m_\text{old} - m_\text{new}}$ を掛けて、基準をそろえます。最後に $a / l$ を計算すれば、softmaxを掛けた結果です。5節の「最大値を引く」が、ここで効いてきます。

# %% [markdown] key="tiles" lang="zh-tw"
# ## 12. 分塊計算
#
# $n \times n$ 的矩陣，真的非建立不可嗎？FlashAttention 的做法是不建立它。把鍵和值切成小塊，一邊前進，一邊更新下面 3 個量。
#
# - $m$：到目前為止看過的最大分數
# - $l$：到目前為止 $e^{s-m}$ 的總和
# - $a$：到目前為止 $e^{s-m} v$ 的總和
#
# 如果新的一塊讓最大值變了，就把先前的 $l$ 和 $a$ 乘上 $e^{m_\text{old} - m_\text{new}}$，讓基準一致。最後算 $a / l$，就是套用 softmax 之後的結果。第 5 節的「先減最大值」，在這裡派上用場。

# %% key="tiles-code"
def tiled_attention(q, k, v, causal=False, tile=64):
    """The same result as attention(); no tensor is larger than n × max(tile, d)."""
    out = torch.empty(len(q), v.size(-1))
    for i in range(0, len(q), tile):
        q_i = q[i : i + tile] / math.sqrt(q.size(-1))
        m = torch.full((len(q_i), 1), -math.inf)
        l = torch.zeros(len(q_i), 1)
        a = torch.zeros(len(q_i), v.size(-1))
        for j in range(0, len(k), tile):
            s = q_i @ k[j : j + tile].T  # (tile, tile)
            if causal:
                future = torch.arange(j, j + s.size(1)) > torch.arange(i, i + len(s))[:, None]
                s = s.masked_fill(future, -math.inf)
            m_new = torch.maximum(m, s.amax(-1, keepdim=True))
            p, shrink = (s - m_new).exp(), (m - m_new).exp()
            l = l * shrink + p.sum(-1, keepdim=True)
            a = a * shrink + p @ v[j : j + tile]
            m = m_new
        out[i : i + tile] = a / l
    return out

# %% [markdown] key="tiles-guess" lang="ja"
# 予想：$n = 2048$ で、タイル計算のFLOPs（行列積）は、普通の計算の何倍でしょうか。半分なら0.5、同じなら1と書きましょう。

# %% [markdown] key="tiles-guess" lang="zh-tw"
# 先猜猜看：$n = 2048$ 時，分塊計算的 FLOPs（矩陣乘法）是一般計算的幾倍？一半就寫 0.5，一樣就寫 1。

# %% key="tiles-measure"
guess = None  # <-

tiled_cost, tiled_gap = {}, 0.0
for n in (1024, 2048):
    q_, k_, v_ = torch.randn(3, n, d)
    with measure.cost() as tiled_cost[n]:
        tiled_out = tiled_attention(q_, k_, v_)
    lower = torch.ones(n, n).tril().bool()
    gaps = [tiled_out - attention(q_, k_, v_)[0], tiled_attention(q_, k_, v_, causal=True) - attention(q_, k_, v_, lower)[0]]
    tiled_gap = max(tiled_gap, *(gap.abs().max().item() for gap in gaps))

flops_ratio = tiled_cost[2048].flops / plain_cost[2048].flops
predict.compare(guess, flops_ratio, T(ja="倍", zh_tw="倍"))
for name, spent in ((T(ja="普通の計算", zh_tw="一般計算"), plain_cost[2048]), (T(ja="タイル計算", zh_tw="分塊計算"), tiled_cost[2048])):
    print(f"{name}  {spent.flops / 1e6:,.1f} MFLOPs  {spent.largest_bytes / 2**20:.2f} MiB")

# %% key="tiles-claim"
claims.check("C29", {
    "tiled_gap": tiled_gap,
    "largest_ratio": tiled_cost[2048].largest_bytes / plain_cost[2048].largest_bytes,
    "flops_ratio": flops_ratio,
    "flops_growth": tiled_cost[2048].flops / tiled_cost[1024].flops,
})

# %% [markdown] key="tiles-after" lang="ja"
# FlashAttentionが変えるもの、変えないものを整理します。
#
# | 量 | タイル計算（FlashAttentionの考え方） |
# |---|---|
# | 結果 | 同じ（近似ではない） |
# | 途中のメモリ | $n^2$ に比例 → $n$ に比例 |
# | 行列積のFLOPs | 変わらない。$n^2$ に比例したまま |
# | KVキャッシュ | 変わらない。$k$ と $v$ は全部必要 |
#
# 速くなる主な理由は、計算が減ることではなく、GPUの遅いメモリとの往復が減ることです。因果マスクなら、全部が未来のタイルを飛ばして計算を約半分にもできますが、このセルでは飛ばしていません。

# %% [markdown] key="tiles-after" lang="zh-tw"
# 整理一下，FlashAttention 改變了什麼、沒有改變什麼。
#
# | 項目 | 分塊計算（FlashAttention 的想法） |
# |---|---|
# | 結果 | 相同（不是近似） |
# | 過程中的記憶體 | 與 $n^2$ 成正比 → 與 $n$ 成正比 |
# | 矩陣乘法的 FLOPs | 不變，仍與 $n^2$ 成正比 |
# | KV 快取 | 不變，$k$ 和 $v$ 全都需要 |
#
# 會變快，主要不是因為計算變少，而是因為減少了與 GPU 較慢記憶體之間的來回搬運。如果是因果遮罩，還可以跳過全部屬於未來的小塊，讓計算減少將近一半；這個儲存格沒有這麼做。

# %% [markdown] key="summary" lang="ja"
# ## 13. まとめ
#
# | 元のページの主張 | 実験でわかったこと |
# |---|---|
# | アテンションは語の重要性を評価する | 語ではなくトークンの重みで、入力の内容に応じて変わる。重みだけでは出力を説明できない |
# | 3つの型の中心に同じ式がある | 式はPyTorchと一致した。ただしマスク、ヘッド、4つの重み行列、位置の情報は書かれていない。T5は $\sqrt{d_k}$ で割らない |
# | FlashAttentionはデコーダー型に有利 | どのマスクでも使える。メモリは減るが、FLOPsは $n^2$ のまま |

# %% [markdown] key="summary" lang="zh-tw"
# ## 13. 整理
#
# | 原網頁的說法 | 我們實測的結果 |
# |---|---|
# | 注意力會權衡詞的重要性 | 權衡的是詞元而不是詞，而且隨輸入內容改變；只看權重，無法說明輸出 |
# | 三大架構的核心是同一個公式 | 公式與 PyTorch 一致；但沒有寫出遮罩、注意力頭、4 個權重矩陣與位置資訊。T5 不除以 $\sqrt{d_k}$ |
# | FlashAttention 對 decoder-only 有利 | 任何遮罩都能用；記憶體變少，但 FLOPs 仍是 $n^2$ |

# %% [markdown] key="quiz-text" lang="ja"
# ## 14. 確認クイズ
#
# 成績には関係しません。間違えた選択肢の説明も読んでみましょう。

# %% [markdown] key="quiz-text" lang="zh-tw"
# ## 14. 小測驗
#
# 不列入成績。選錯的選項也有說明，不妨讀一讀。

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 15. 演習問題
#
# 続きは[演習シート](../../exercises/{{lang}}/{{lesson}}/{{lesson}}.ipynb)で練習しましょう。部分ごとのアテンションの統合、スライディングウィンドウ、グループ化クエリアテンション、文書を詰めた系列のマスクを、自分で書きます。

# %% [markdown] key="next" lang="zh-tw"
# ## 15. 練習題
#
# 接著到[練習單](../../exercises/{{lang}}/{{lesson}}/{{lesson}}.ipynb)動手寫：合併分段算出的注意力、滑動視窗、分組查詢注意力，以及把多份文件接在一起時的遮罩。
