# %% [markdown] key="title" lang="ja"
# # 注意機構：softmax(QKᵀ/√d_k)Vを手で計算する
#
# Transformerの中心にあるのは、アテンション（attention、注意機構）の1つの式です。このレッスンでは、式の部品を1つずつ計算し、PyTorchの実装と同じ値になることを確かめます。そのあと、式に書かれていないもの（ヘッド、マスク、位置）を、実験で調べます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | アテンションを計算するコードを自分で書ける。√d_kで割る理由とマスクの役割を、測った数で説明できる |
# | 前提知識 | Pythonの関数と内包表記、PyTorchのテンソル、行列積、平均と分散、勾配と損失の考え方 |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |
#
# 進め方は「予想する、実行する、比べる」です。`guess = None`と書かれたセルでは、`None`を自分の予想に書き換えてから実行しましょう。測定値は、予想を書くまで表示されません。予想が外れたところほど、記憶に残ります。図を描くコードは、読み飛ばしてかまいません。

# %% [markdown] key="title" lang="zh-tw"
# # 注意力機制：親手算一次 softmax(QKᵀ/√d_k)V
#
# Transformer 的核心，是一個注意力（attention）公式。這一課要把公式的零件逐一算出來，確認結果和 PyTorch 的實作相同；接著再用實驗，研究公式裡沒寫的東西（注意力頭、遮罩、位置）。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能自己寫出計算注意力的程式；能用實測的數字，說明為什麼要除以 √d_k、遮罩有什麼作用 |
# | 先備知識 | Python 的函式與串列生成式、PyTorch 張量、矩陣乘法、平均與變異數、梯度與損失的概念 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |
#
# 進行方式是「先猜、再執行、再比較」。看到寫著 `guess = None` 的儲存格，請先把 `None` 改成你的猜測再執行；寫下猜測之後，才會顯示實測值。猜錯的地方，往往記得最牢。畫圖的程式碼可以跳過不看。

# %% key="imports"
import math
from itertools import product

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

from helpers.classroom import claims, predict
from helpers.display import charts, figures

figures.use(LANG)
torch.manual_seed(0)
torch.set_num_threads(1)
#| ja: 0にごく近い数（非正規化数）は計算が何倍も遅いので、0とみなす
#| zh-tw: 極接近 0 的數（非正規化數）會讓計算慢好幾倍，所以當作 0
torch.set_flush_denormal(True)

# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# この教材は、Transformerを紹介するあるWebページ（以下「元のページ」）の説明を、順に実験で確かめます。このレッスンでは、おもに次の部分を扱い、3つの型についての主張も確かめます。
#
# > この変化の中心にあるのは、文脈内の異なる語の重要性を評価できる自己注意機構(Self-Attention)です:
# >
# > $$Attention(Q, K, V) = softmax\left(\frac{QK^T}{\sqrt{d_k}}\right)V$$
#
# 引用文の「この変化」とは、タスクごとに専用のモデルを作る方法から、1つのモデルを事前学習してさまざまなタスクに使う方法への変化です。関数名の字体と転置の記号を、ふつうの書き方に直すとこうなります。
#
# $$\operatorname{Attention}(Q, K, V) = \operatorname{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V$$
#
# 右辺を、内側から順に計算していきましょう。記号の意味は、出てくるたびに説明します。迷ったら、この表に戻ってください。
#
# | 記号 | 意味 |
# |---|---|
# | $Q, K, V$ | クエリ、キー、バリューを1行に1つずつ並べた行列（2節） |
# | $d_k$ | クエリとキーの次元 |
# | $d_\text{model}$（コードの`d_model`） | 埋め込みの次元（このレッスンではおもに32） |
# | $n$ | トークンの数（系列長） |
# | $\top$ | 転置（行と列の入れ替え） |
# | コメントの`T`、`S`、`B` | クエリの数、キーの数、バッチサイズ |

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# 這套教材以一個介紹 Transformer 的網頁（以下稱為「原網頁」）為題材，用實驗逐一檢驗它的說法。這一課主要檢驗下面這一段，也會檢驗關於三大架構的說法。
#
# > 這一轉變的核心在於自注意力機制，它使模型能夠權衡序列中不同詞彙的重要性：
# >
# > $$Attention(Q, K, V) = softmax\left(\frac{QK^T}{\sqrt{d_k}}\right)V$$
#
# 引文裡的「這一轉變」，指的是從「一個任務訓練一個模型」，變成「先預訓練一個模型，再用在各種任務上」。把函數名稱的字體和轉置的符號改成一般的寫法，就是這樣：
#
# $$\operatorname{Attention}(Q, K, V) = \operatorname{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V$$
#
# 接著就從等號右邊的最裡面開始，一步一步算出來。每個符號出現時都會說明；忘記的話，可以回來查這張表。
#
# | 符號 | 意思 |
# |---|---|
# | $Q, K, V$ | 每個橫列是一個詞元的查詢（鍵、值）的矩陣（第 2 節） |
# | $d_k$ | 查詢和鍵的維度 |
# | $d_\text{model}$（程式裡的 `d_model`） | 嵌入的維度（這一課大多是 32） |
# | $n$ | 詞元的數量（序列長度） |
# | $\top$ | 轉置（橫列與直行互換） |
# | 註解裡的 `T`、`S`、`B` | 查詢的數量、鍵的數量、批次大小 |

# %% [markdown] key="tokens" lang="ja"
# ## 1. トークンをベクトルにする
#
# モデルは文字を直接は計算できません。文をトークン（token）に分け、トークンごとに番号を付け、番号ごとに1本のベクトルを割り当てます。このベクトルを埋め込み（embedding）と呼びます。
#
# このレッスンの文は、4つの色、4種類の動物、4つの場所、4つの動作の組み合わせだけでできています。わかりやすいように、単語をそのまま1つのトークンにしました。実際のLLMのトークンは、単語より短いことも、長いこともあります。

# %% [markdown] key="tokens" lang="zh-tw"
# ## 1. 把詞元變成向量
#
# 模型沒辦法直接拿文字來計算。要先把句子切成詞元（token），替每個詞元編號，再替每個編號準備一個向量。這個向量叫做嵌入（embedding）。
#
# 這一課的句子很簡單，只由 4 種顏色、4 種動物、4 個地點、4 種動作組成。為了方便理解，直接把一個詞當成一個詞元；真正的 LLM 裡，詞元可能比詞短，也可能比詞長。

# %% key="world-slots"
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


# %% key="world"
facts = list(product(*slots))
sentences = [sentence(*fact) for fact in facts]
words = sorted({word for s in sentences for word in s} | set(questions))
number = {word: i for i, word in enumerate(words)}

print(
    T(
        ja=f"文の数：{len(sentences)}　語彙の大きさ：{len(words)}",
        zh_tw=f"句子數：{len(sentences)}　詞彙表大小：{len(words)}",
    )
)
print(sentences[0], "→", [number[word] for word in sentences[0]])

# %% [markdown] key="embed" lang="ja"
# 最初の文を埋め込みにします。6トークンに、32次元のベクトルが1本ずつ付きます。埋め込みは、まだランダムな数です。意味のある数になるのは、学習（7節）のあとです。

# %% [markdown] key="embed" lang="zh-tw"
# 把第一個句子轉成嵌入：6 個詞元，各有一個 32 維的向量。現在的嵌入還是隨機的數字，要到第 7 節訓練之後才有意義。

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
# どれも、同じ $x$ に別々の重み行列を掛けて作ります。このように、3つとも同じ系列から作るアテンションを、自己注意（self-attention）と呼びます。元のページの式には、この重み行列が書かれていません。
#
# コードの`math.sqrt(d_model)`は、クエリなどの要素の分散を約1にそろえるための数です。式の $\sqrt{d_k}$ とは別のものです。

# %% [markdown] key="qkv" lang="zh-tw"
# ## 2. 算出查詢、鍵、值
#
# 在注意力裡，每個詞元都有 3 個角色。
#
# - 查詢（query）：這個詞元想找的東西
# - 鍵（key）：被別人找的時候，亮出來的名牌
# - 值（value）：被選中時，交出去的內容
#
# 它們都是把同一個 $x$ 乘上不同的權重矩陣得到的。像這樣，三個都來自同一個序列的注意力，叫做自注意力（self-attention）。原網頁的公式沒有寫出這些權重矩陣。
#
# 程式裡的 `math.sqrt(d_model)`，是為了讓查詢等向量的元素變異數維持在 1 左右，和公式裡的 $\sqrt{d_k}$ 是兩回事。

# %% key="qkv-code"
w_q, w_k, w_v = (torch.randn(d_model, d_k) / math.sqrt(d_model) for _ in range(3))

#| ja: どれも (T, d_k)
#| zh-tw: 都是 (T, d_k)
q, k, v = x @ w_q, x @ w_k, x @ w_v
for name, tensor in zip("qkv", (q, k, v)):
    print(name, tuple(tensor.shape))

# %% [markdown] key="scores-guess" lang="ja"
# ## 3. スコア：どのトークンがどれに合うか
#
# クエリとキーの内積を、アテンションスコアと呼びます。内積が大きいほど「よく合う」という意味です。すべてのクエリとすべてのキーの組を、行列積 $QK^\top$ で一度に計算します。
#
# 予想：この文は6トークンです。スコアは全部で何個になるでしょうか。

# %% [markdown] key="scores-guess" lang="zh-tw"
# ## 3. 分數：誰和誰最搭
#
# 查詢和鍵的點積（dot product，即內積）叫做注意力分數，越大代表「越搭」。用矩陣乘法 $QK^\top$，就能一次算出所有查詢與所有鍵的組合。
#
# 先猜猜看：這個句子有 6 個詞元，分數總共有幾個？

# %% key="scores"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

scores = q @ k.T  # (T, T)
predict.compare(guess, scores.numel())

# %% [markdown] key="scores-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# クエリが6つ、キーが6つなので、$6 \times 6 = 36$ 個です。$n$ トークンなら、スコアは $n^2$ 個です。系列の長さが2倍になると、スコアは4倍になります。
#
# </details>
#
# 次のセルでは、3番目のトークンのクエリと、1番目のトークンのキーを選び、行列積の要素と、別に計算した内積を並べます。

# %% [markdown] key="scores-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 查詢有 6 個，鍵也有 6 個，所以是 $6 \times 6 = 36$ 個。有 $n$ 個詞元，就有 $n^2$ 個分數：序列變成 2 倍長，分數就變成 4 倍。
#
# </details>
#
# 下面的儲存格選出第 3 個詞元的查詢、第 1 個詞元的鍵，把矩陣乘積裡的元素，和另外算出的內積排在一起。

# %% key="scores-one"
print(f"{scores[2, 0].item():.6f}", f"{sum(q[2] * k[0]).item():.6f}")

# %% [markdown] key="softmax-naive" lang="ja"
# ## 4. softmax：スコアを重みに変える
#
# softmaxは、スコアを「合計1の重み」に変える関数です。この重みを、アテンション重みと呼びます。
#
# $$\operatorname{softmax}(s)_i = \frac{e^{s_i}}{\sum_j e^{s_j}}$$
#
# 式のとおりに書いて、大きなスコアも入れてみましょう。

# %% [markdown] key="softmax-naive" lang="zh-tw"
# ## 4. softmax：把分數變成權重
#
# softmax 會把分數變成「總和為 1 的權重」。這個權重叫做注意力權重。
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
# 出力の2行目は`nan`（数ではない値）です。$e^{1000}$ は32ビットの浮動小数点数に収まらず、無限大÷無限大になります。
#
# 分子と分母に同じ数 $e^{-m}$ を掛けても、結果は変わりません。これは、すべてのスコアから $m$ を引くのと同じです。そこで、スコアの最大値を $m$ に選びます。指数はどれも0以下になるので、あふれません。

# %% [markdown] key="softmax-stable" lang="zh-tw"
# 輸出的第 2 行全是 `nan`（不是數字）。$e^{1000}$ 超出了 32 位元浮點數的範圍，變成無限大除以無限大。
#
# 分子和分母同乘 $e^{-m}$，結果不變，等於把所有的分數都減掉 $m$。所以讓 $m$ 等於最大的分數：指數全部小於或等於 0，就不會溢位了。


# %% key="softmax-stable-code"
def softmax(s):
    e = (s - s.amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True)


gap = (softmax(large) - large.softmax(-1)).abs().max().item()
print(softmax(large))
print(T(ja=f"PyTorchのsoftmaxとの差：{gap}", zh_tw=f"與 PyTorch 的 softmax 的差距：{gap}"))

# %% [markdown] key="scale-guess" lang="ja"
# ## 5. √d_kで割るのはなぜか
#
# クエリとキーの要素が、どれも平均0、分散1で、互いに独立だとします。このとき、内積 $q \cdot k = \sum_{i=1}^{d_k} q_i k_i$ は、$d_k$ 個の項の和です。
#
# 予想：$d_k$ を16から1024へ、64倍にします。内積の分散は何倍になるでしょうか。

# %% [markdown] key="scale-guess" lang="zh-tw"
# ## 5. 為什麼要除以 √d_k？
#
# 假設查詢和鍵的每個元素，平均都是 0、變異數都是 1，而且彼此獨立。這時，內積 $q \cdot k = \sum_{i=1}^{d_k} q_i k_i$ 就是 $d_k$ 項的總和。
#
# 先猜猜看：把 $d_k$ 從 16 增加到 1024，也就是 64 倍，內積的變異數會變成幾倍？


# %% key="variance-spread"
def random_qk(d_k, seed, n_queries=256, n_keys=32):
    """q (n_queries, d_k), k (n_keys, d_k)"""
    g = torch.Generator().manual_seed(seed)
    return torch.randn(n_queries, d_k, generator=g), torch.randn(n_keys, d_k, generator=g)


def spread(q, k, divisor=1.0):
    return (q @ k.T / divisor).var().item()


def variance(d_k):
    return sum(spread(*random_qk(d_k, seed)) for seed in range(10)) / 10


# %% key="variance"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


predict.compare(guess, variance(1024) / variance(16), T(ja="倍", zh_tw=" 倍"))

# %% [markdown] key="scale-effect" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# どの項 $q_i k_i$ の分散も1で、項どうしに相関がないので、和の分散は $d_k$ です。測定値が64から少しずれるのは、乱数で測ったからです。
#
# </details>
#
# 内積の標準偏差は $\sqrt{d_k}$ です。そこで、内積を $\sqrt{d_k}$ で割ると、分散は $d_k$ によらず約1にそろいます。
#
# では、そろえないと何が困るのでしょうか。スコアの分散に加えて、softmaxのあとの量を2つ測ります。
#
# - エントロピー（ビット）：アテンション重みの散らばり。32個のキーに均等なら5、1か所に集中すると0
# - 勾配がほとんど届かないクエリの割合：クエリ $q$ を少し動かしたとき、アテンション重み $w$ がどれだけ動くかを、$\partial w / \partial q$ の大きさ（すべての要素の2乗和の平方根）で測る。これが全クエリの平均の10分の1に満たないクエリを数える
#
# $\partial w / \partial q$ を見るのは、学習で重み行列を直すための勾配が、必ずここを通るからです。

# %% [markdown] key="scale-effect" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 每一項 $q_i k_i$ 的變異數都是 1，而且各項互不相關，所以總和的變異數是 $d_k$。實測值和 64 有一點差距，是因為用亂數測量。
#
# </details>
#
# 內積的標準差是 $\sqrt{d_k}$。所以把內積除以 $\sqrt{d_k}$，不管 $d_k$ 是多少，變異數都會維持在 1 左右。
#
# 那麼，不除會有什麼問題？除了分數的變異數，再測量經過 softmax 之後的兩個量。
#
# - 熵（entropy，單位是位元）：注意力權重的分散程度。平均分給 32 個鍵時是 5，集中在一處時是 0
# - 幾乎得不到梯度的查詢所占的比例：查詢 $q$ 稍微改變時，注意力權重 $w$ 會跟著改變多少，用 $\partial w / \partial q$ 的大小（所有元素平方和的平方根）來測量；再數出有多少查詢，連全部查詢平均的 10 分之 1 都不到
#
# 之所以看 $\partial w / \partial q$，是因為訓練時用來修正權重矩陣的梯度，一定會經過這裡。


# %% key="scale-quantities"
def entropy(q, k, divisor):
    #| ja: -Σ w log₂ w（ビット）の、行の平均
    #| zh-tw: -Σ w log₂ w（位元），對各橫列取平均
    w = softmax(q @ k.T / divisor)
    return -(w * w.clamp_min(1e-30).log2()).sum(-1).mean().item()


# %% key="scale-gradients"
def gradients(q, k, divisor):
    """‖∂w/∂q‖ (n_queries,)"""
    #| ja: s = q·k÷divisorなので、∂w/∂q = ∂w/∂s·k÷divisor。∂w_i/∂s_jは、i = jのときw_i (1 - w_i)、i ≠ jのとき-w_i w_j
    #| zh-tw: s = q·k÷divisor，所以 ∂w/∂q = ∂w/∂s·k÷divisor。∂w_i/∂s_j 在 i = j 時是 w_i (1 - w_i)，i ≠ j 時是 -w_i w_j
    w = softmax(q @ k.T / divisor)
    dw_ds = torch.diag_embed(w) - w[:, :, None] * w[:, None, :]  # (n_queries, n_keys, n_keys)
    return (dw_ds @ k / divisor).flatten(1).norm(dim=1)


def unreached(q, k, divisor):
    size = gradients(q, k, divisor)
    return (size < size.mean() / 10).float().mean().item()


# %% key="scale-measure"
sizes = [4, 16, 64, 256, 1024]
titles = {
    spread: T(ja="スコアの分散", zh_tw="分數的變異數"),
    entropy: T(ja="エントロピー（ビット）", zh_tw="熵（位元）"),
    unreached: T(ja="勾配がほとんど届かない割合", zh_tw="幾乎得不到梯度的比例"),
}
measured = {}
for quantity in titles:
    for scaled in (False, True):
        rows = []
        for d in sizes:
            divisor = math.sqrt(d) if scaled else 1
            rows.append([quantity(*random_qk(d, seed), divisor) for seed in range(5)])
        measured[quantity, scaled] = torch.tensor(rows)  # (5 d_k, 5 seeds)

# %% key="scale-last"
last = {key: y[-1].mean().item() for key, y in measured.items()}  # d_k = 1024
for divisor in (1, math.sqrt(1024)):
    size = torch.cat([gradients(*random_qk(1024, seed), divisor) for seed in range(5)])
    print(
        T(
            ja=f"d_k = 1024、÷{divisor:.0f}：∂w/∂qの大きさの平均 {size.mean():.3f}　中央値 {size.median():.3f}",
            zh_tw=f"d_k = 1024，÷{divisor:.0f}：∂w/∂q 的大小，平均 {size.mean():.3f}　中位數 {size.median():.3f}",
        )
    )

# %% key="scale-figure"
lines = (
    (False, "o-", T(ja="割らない", zh_tw="不除")),
    (True, "s--", T(ja=r"$\sqrt{d_k}$で割る", zh_tw=r"除以 $\sqrt{d_k}$")),
)
fig, axes = plt.subplots(1, 3, figsize=(11, 3.4))
for ax, (quantity, title) in zip(axes, titles.items()):
    for scaled, style, label in lines:
        y = measured[quantity, scaled]
        ax.errorbar(sizes, y.mean(1), yerr=y.std(1), fmt=style, capsize=3, label=label)
    ax.set(title=title, xlabel="$d_k$", xscale="log")
    ax.set_xticks(sizes, [str(d) for d in sizes])
axes[0].set_yscale("log")
axes[0].legend()

figures.show(
    fig,
    T(
        ja=f"横軸はd_k（4から1024）、エラーバーは5回の測定の標準偏差です。割らないと、d_k = 1024で分散は{last[spread, False]:.0f}、エントロピーは{last[entropy, False]:.2f}ビット、勾配がほとんど届かないクエリの割合は{last[unreached, False]:.2f}です。√d_kで割ると、それぞれ{last[spread, True]:.2f}、{last[entropy, True]:.2f}ビット、{last[unreached, True]:.2f}で、d_kが変わってもほぼ一定です。",
        zh_tw=f"橫軸是 d_k（4 到 1024），誤差線是 5 次測量的標準差。不除的話，d_k = 1024 時變異數是 {last[spread, False]:.0f}，熵是 {last[entropy, False]:.2f} 位元，幾乎得不到梯度的查詢占 {last[unreached, False]:.2f}。除以 √d_k 之後分別是 {last[spread, True]:.2f}、{last[entropy, True]:.2f} 位元、{last[unreached, True]:.2f}，d_k 改變時也幾乎不變。",
    ),
)

# %% [markdown] key="scale-after" lang="ja"
# 割らない場合、$d_k$ が大きくなると、アテンション重みはほぼ1か所に集中します。このとき、勾配の平均はむしろ大きくなります。変わるのは配られ方です。大きな勾配を受け取るのは、上位のキーがたまたま競り合っている一部のクエリだけで、$d_k = 1024$ では、半分以上のクエリにほとんど届きません（中央値がほぼ0です）。$\sqrt{d_k}$ で割ると、どのクエリにも同じくらいの勾配が届きます。これで学習が本当に変わるかどうかは、7節で、割らずに学習させて確かめます。
#
# 実は、T5というモデルは、この割り算をしません。代わりに、重み行列の初期値の大きさで調整しています。元のページは、この式が変化の中心にあると説明し、例外には触れていません。しかし、T5にはそのままでは当てはまりません。証拠は、T5を扱うレッスン05で示します。

# %% [markdown] key="scale-after" lang="zh-tw"
# 不除的話，$d_k$ 一變大，注意力權重幾乎全部集中在一處。這時梯度的平均反而變大，變的是分配的方式：只有前幾名的鍵剛好不相上下的少數查詢，才得到很大的梯度；$d_k = 1024$ 時，一半以上的查詢幾乎得不到梯度（中位數接近 0）。除以 $\sqrt{d_k}$，每個查詢得到的梯度都差不多。訓練會不會真的因此不同，第 7 節會用「不除就訓練」的實驗來確認。
#
# 其實，有個叫 T5 的模型並不做這個除法，而是靠權重矩陣初始值的大小來調整。原網頁說，這個公式是轉變的核心，沒有提到例外；但對 T5 並不完全成立。證據留到介紹 T5 的第 05 課。

# %% [markdown] key="scale-explore-guess" lang="ja"
# キーを16個に減らし、1つのクエリの重みを見てみましょう。$d_k = 1024$ とし、$\sqrt{d_k}$ で割ります。もし均等なら、どの重みも $\frac{1}{16}$（約0.06）です。
#
# 予想：いちばん大きい重みは、256個のクエリの平均でどのくらいになるでしょうか。次から選びましょう。
#
# - `"a"`：約0.07（ほぼ均等）
# - `"b"`：約0.25
# - `"c"`：約0.9（ほぼ1か所）

# %% [markdown] key="scale-explore-guess" lang="zh-tw"
# 把鍵減少到 16 個，看看一個查詢的權重。設 $d_k = 1024$，並且除以 $\sqrt{d_k}$。如果平均分配，每個權重都是 $\frac{1}{16}$（大約 0.06）。
#
# 先猜猜看：256 個查詢各自最大的權重，平均大約是多少？請選一個。
#
# - `"a"`：約 0.07（幾乎平均分配）
# - `"b"`：約 0.25
# - `"c"`：約 0.9（幾乎集中在一處）

# %% key="scale-explore-compare"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

candidates = {"a": 0.07, "b": 0.25, "c": 0.9}
q_, k_ = random_qk(1024, seed=0, n_keys=16)
largest = softmax(q_ @ k_.T / math.sqrt(1024)).amax(-1).mean().item()
closest = min(candidates, key=lambda key: abs(candidates[key] - largest))
predict.choose(guess, {key: f"{value:g}" for key, value in candidates.items()}, closest)

# %% [markdown] key="scale-explore" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 割っても、均等にはなりません。内積の大小が、そのまま重みの差になるので、いちばん大きい重みは均等なときの約4倍です。
#
# </details>
#
# 次のセルでは、$d_k$ と「√d_kで割る」を自分で動かせます。スライダーは、マウスでも、左右の矢印キーでも動きます。割らずに $d_k$ を大きくしたとき、棒の形とエントロピーがどう変わるかを見てみましょう。乱数シードを変えると、別のクエリとキーになります。

# %% [markdown] key="scale-explore" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 除以 √d_k 之後，也不會變成平均分配。內積有大有小，權重也就有大有小；最大的權重大約是平均分配時的 4 倍。
#
# </details>
#
# 在下面的儲存格，可以自己改變 $d_k$ 和「除以 √d_k」。滑桿用滑鼠或左右方向鍵都能移動。不除的時候，把 $d_k$ 調大，看看長條的形狀和熵怎麼變。改變亂數種子，就會換成另一組查詢和鍵。

# %% key="scale-explore-code"
from helpers.widgets import SoftmaxExplorer

SoftmaxExplorer()

# %% [markdown] key="function" lang="ja"
# ## 6. 式を1つの関数にまとめる
#
# 部品がそろいました。最後に、アテンション重みでバリューを混ぜます（重み付き平均）。その結果が、アテンションの出力です。
#
# マスク（9節で使います）の引数も付けておきます。`mask`が`True`の場所は参照してよく、`False`の場所はスコアを $-\infty$ にして重みを0にします。`k.mT`は、最後の2つの次元の転置です。

# %% [markdown] key="function" lang="zh-tw"
# ## 6. 把公式寫成一個函式
#
# 零件都齊了。最後一步，是用注意力權重把值混合起來（加權平均），結果就是注意力的輸出。
#
# 順便加上遮罩的引數（第 9 節會用到）：`mask` 是 `True` 的位置可以看；是 `False` 的位置，就把分數設成 $-\infty$，讓權重變成 0。`k.mT` 是把最後兩個維度轉置。


# %% key="attention"
def attention(q, k, v, mask=None):
    """q: (…, T, d_k)  k: (…, S, d_k)  v: (…, S, d_v)  mask: (T, S) → (…, T, d_v), (…, T, S)"""
    scores = q @ k.mT / math.sqrt(q.size(-1))  # (…, T, S)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = softmax(scores)
    return weights @ v, weights


# %% [markdown] key="by-hand" lang="ja"
# まず、紙と鉛筆で計算できる例です。$d_k = 1$ で、1つのクエリは $1$、2つのキーは $0$ と $\log 3$（自然対数）とします。スコアは $0$ と $\log 3$ です。$e^0 = 1$、$e^{\log 3} = 3$ なので、アテンション重みは $\frac{1}{4}$ と $\frac{3}{4}$ です。
#
# 予想：バリューが10と20のとき、出力はいくつになるでしょうか。

# %% [markdown] key="by-hand" lang="zh-tw"
# 先看一個用紙筆就能算的例子：$d_k = 1$，一個查詢是 $1$，兩個鍵是 $0$ 和 $\log 3$（自然對數）。分數是 $0$ 和 $\log 3$；因為 $e^0 = 1$、$e^{\log 3} = 3$，注意力權重就是 $\frac{1}{4}$ 和 $\frac{3}{4}$。
#
# 先猜猜看：值是 10 和 20 時，輸出是多少？

# %% key="by-hand-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
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
# PyTorchの`scaled_dot_product_attention`も、同じ計算をする関数です。大きさの違う3通りの入力で比べます。

# %% [markdown] key="function-check" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# $10 \times \frac{1}{4} + 20 \times \frac{3}{4} = 17.5$。
#
# </details>
#
# PyTorch 的 `scaled_dot_product_attention` 也是做同樣計算的函式。用 3 種大小的輸入來比較看看。

# %% key="function-check-code" hide=true
gaps = []
for n, d in ((6, 32), (64, 16), (200, 64)):
    q_, k_, v_ = torch.randn(3, n, d)
    want = F.scaled_dot_product_attention(q_, k_, v_)
    gaps.append((attention(q_, k_, v_)[0] - want).abs().max().item())
torch_gap = torch.tensor(gaps).max().item()
print(T(ja=f"差の最大値：{torch_gap:.2g}", zh_tw=f"最大差距：{torch_gap:.2g}"))

# %% [markdown] key="first-weights" lang="ja"
# 最初の文のアテンション重みも見ておきましょう。行がクエリ、列がキーで、どの行も合計は1です。埋め込みも重み行列もランダムなので、この数にはまだ意味がありません。

# %% [markdown] key="first-weights" lang="zh-tw"
# 也來看看第一個句子的注意力權重。橫列是查詢，直行是鍵，每一橫列的總和都是 1。嵌入和權重矩陣都還是隨機的，所以這些數字還沒有意義。

# %% key="first-weights-figure"
out, weights = attention(q, k, v)

fig, ax = plt.subplots(figsize=(5.2, 4.2))
figures.matrix(ax, weights, rows=tokens, columns=tokens, vmin=0, vmax=1)
figures.show(
    fig,
    T(
        ja=f"{len(tokens)}行{len(tokens)}列のアテンション重みです。ランダムな重み行列から計算しました。いちばん大きい重みは{weights.max():.2f}、いちばん小さい重みは{weights.min():.2f}で、どの行も合計は1です。",
        zh_tw=f"{len(tokens)} 橫列 {len(tokens)} 直行的注意力權重，由隨機的權重矩陣算出。最大的權重是 {weights.max():.2f}，最小的權重是 {weights.min():.2f}，每一橫列的總和都是 1。",
    ),
)

# %% [markdown] key="train" lang="ja"
# ## 7. 学習前と学習後のアテンション重み
#
# ここまでは、埋め込みも重み行列もランダムでした。今度は学習させます。タスクは「調べもの」です。文のうしろに質問トークンを1つ付け（例：「色は？」）、答えの単語を当てさせます。答えは必ず文の中にあります。
#
# クエリは質問トークンから、キーとバリューは文のトークンから作ります。学習には文の4分の3だけを使い、残りの4分の1は評価に取っておきます。評価用の文は、学習では一度も使いません。

# %% [markdown] key="train" lang="zh-tw"
# ## 7. 訓練前與訓練後的注意力權重
#
# 到目前為止，嵌入和權重矩陣都是隨機的，現在來訓練它們。任務是「查資料」：在句子後面接上一個問題詞元（例如「顏色？」），讓模型回答是哪個詞。答案一定在句子裡。
#
# 查詢來自問題詞元，鍵和值來自句子的詞元。只用 3/4 的句子訓練，剩下的 1/4 留下來評估。評估用的句子，訓練時完全不會用到。

# %% key="train-data"
rows, answers, held_out = [], [], []
for fact, words_of in zip(facts, sentences):
    #| ja: 4つの単語の、リストの中での位置（0から3）の和を4で割り、余りが0の文を評価に使う
    #| zh-tw: 把 4 個詞在各自串列裡的位置（0 到 3）加起來除以 4，餘數是 0 的句子用來評估
    for_test = sum(slot.index(word) for slot, word in zip(slots, fact)) % 4 == 0
    for question, answer in zip(questions, fact):
        rows.append([number[word] for word in [*words_of, question]])
        answers.append(number[answer])
        held_out.append(for_test)
inputs, answers, held_out = torch.tensor(rows), torch.tensor(answers), torch.tensor(held_out)
counts = (~held_out).sum().item(), held_out.sum().item()
print(
    T(
        ja=f"学習用：{counts[0]}問　評価用：{counts[1]}問",
        zh_tw=f"訓練用：{counts[0]} 題　評估用：{counts[1]} 題",
    )
)

# %% [markdown] key="train-model" lang="ja"
# モデルは、埋め込み、アテンション、そして出力を語彙のスコアに変える行列`w_words`だけです。

# %% [markdown] key="train-model" lang="zh-tw"
# 模型只有嵌入、注意力，以及把輸出轉成詞彙表分數的矩陣 `w_words`。


# %% key="train-model-code"
def look_up(inputs, parameters, visible=None, scaled=True):
    """(B, T + 1), visible: (B, 1, T) → (B, vocabulary), (B, T)"""
    embedding, w_q, w_k, w_v, w_words = parameters
    x = embedding[inputs]  # (B, T + 1, d_model)
    #| ja: 最後のトークンが質問、その前が文
    #| zh-tw: 最後一個詞元是問題，前面是句子
    context, question = x[:, :-1], x[:, -1:]
    q, k, v = question @ w_q, context @ w_k, context @ w_v
    if not scaled:
        #| ja: attentionが割る分を、前もって掛けておく
        #| zh-tw: attention 會除掉的部分，先乘回來
        q = q * math.sqrt(q.size(-1))
    out, weights = attention(q, k, v, visible)
    return (out @ w_words)[:, 0], weights[:, 0]


# %% key="train-untrained"
def untrained(d, seed):
    torch.manual_seed(seed)
    shapes = [(len(words), d), *[(d, d)] * 3, (d, len(words))]
    return [0.1 * torch.randn(shape) for shape in shapes]


# %% [markdown] key="train-loop" lang="ja"
# 正解の単語の確率を上げるように（損失は交差エントロピー）、200ステップ学習します。1秒ほどで終わります。

# %% [markdown] key="train-loop" lang="zh-tw"
# 接著訓練 200 步，讓正確答案的機率變高（損失是交叉熵）。大約 1 秒就結束。

# %% key="train-loop-code"
everything = torch.ones(len(inputs), 1, len(tokens)).bool()
train_rows = (~held_out).nonzero()[:, 0]


def train(parameters, visible=everything, scaled=True, steps=200):
    """→ trained parameters, the loss of each step"""
    parameters, losses = [p.clone().requires_grad_() for p in parameters], []
    optimizer = torch.optim.Adam(parameters, lr=1e-2)
    for _ in range(steps):
        batch = train_rows[torch.randint(len(train_rows), (64,))]
        logits, _ = look_up(inputs[batch], parameters, visible[batch], scaled)
        loss = F.cross_entropy(logits, answers[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return [p.detach() for p in parameters], losses


# %% key="train-run"
before = untrained(d_model, seed=0)
after, losses = train(before)
for step in (1, 20, 40, 80, 200):
    print(
        T(
            ja=f"{step}ステップ　損失 {losses[step - 1]:.3f}",
            zh_tw=f"第 {step} 步　損失 {losses[step - 1]:.3f}",
        )
    )


# %% key="train-test"
def accuracy(parameters, visible=everything, scaled=True):
    logits, _ = look_up(inputs[held_out], parameters, visible[held_out], scaled)
    return (logits.argmax(-1) == answers[held_out]).float().mean().item()


_, all_weights = look_up(inputs, after)  # (B, T)
is_answer = inputs[:, :-1] == answers[:, None]
on_answer = all_weights[is_answer & held_out[:, None]].mean().item()
print(
    T(
        ja=f"評価用の正解率：学習前 {accuracy(before):.3f}　学習後 {accuracy(after):.3f}",
        zh_tw=f"評估資料的正確率：訓練前 {accuracy(before):.3f}　訓練後 {accuracy(after):.3f}",
    )
)
print(
    T(
        ja=f"答えのトークンに付いた重みの平均：{on_answer:.3f}",
        zh_tw=f"落在答案詞元上的平均權重：{on_answer:.3f}",
    )
)

# %% [markdown] key="heat" lang="ja"
# 評価用の文を1つ選び、4つの質問それぞれについて、質問トークンが文のどこを参照したかを見ます。マスの中の数字は、アテンション重みです。左は学習前（埋め込みも重み行列もランダム）、右は学習後です。

# %% [markdown] key="heat" lang="zh-tw"
# 從評估用的句子挑一句，看看 4 個問題詞元各自參考了句子的哪裡。格子裡的數字是注意力權重。左邊是訓練前（嵌入和權重矩陣都是隨機的），右邊是訓練後。

# %% key="heat-figure"
fig, axes = plt.subplots(1, 2, figsize=(12, 3.4))
for ax, parameters, title in (
    (axes[0], before, T(ja="学習前（重み行列はランダム）", zh_tw="訓練前（權重矩陣是隨機的）")),
    (axes[1], after, T(ja="学習後", zh_tw="訓練後")),
):
    #| ja: 最初の文の4つの質問 (4, T)
    #| zh-tw: 第一個句子的 4 個問題 (4, T)
    _, heat = look_up(inputs[:4], parameters)
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
        ja=f"行は質問、列は文のトークン、マスの中の数字はアテンション重みです。左は学習前で、重みはほぼ均等です。右は学習後で、最大の重みは、{looked}です。",
        zh_tw=f"橫列是問題，直行是句子的詞元，格子裡的數字是注意力權重。左邊是訓練前，權重幾乎平均；右邊是訓練後，最大的權重是：{looked}。",
    ),
)

# %% [markdown] key="heat-after" lang="ja"
# 質問が変わると、同じ文でも参照先が変わります。この実験では位置の情報を使っていないので、手がかりはトークンの内容だけです。
#
# では、アテンション重みを見れば、答えの理由がわかるのでしょうか。確かめるには、トークンを1つ選んで参照できなくし（重みを0にし）、答えが変わるかどうかを見ます。
#
# 予想：質問ごとに、いちばん重みの大きいトークンを隠します。評価用の正解率はどうなるでしょうか。でたらめに答えると0.25です。
#
# - `"a"`：ほとんど下がらない
# - `"b"`：半分くらいになる
# - `"c"`：0.25か、それより低くなる

# %% [markdown] key="heat-after" lang="zh-tw"
# 問題換了，即使是同一個句子，參考的地方也會跟著換。這個實驗沒有用到位置資訊，所以線索只有詞元的內容。
#
# 那麼，看注意力權重，就能知道答案是怎麼來的嗎？要確認的話，就選一個詞元讓模型看不到（權重變成 0），看看答案會不會改變。
#
# 先猜猜看：每個問題都把權重最大的那個詞元遮住，評估資料的正確率會怎樣？亂猜的話是 0.25。
#
# - `"a"`：幾乎沒有下降
# - `"b"`：剩下一半左右
# - `"c"`：0.25 或更低

# %% key="knock-out-rank"
order = all_weights.argsort(-1, descending=True)  # (B, T)


def without(rank):
    #| ja: 重みの大きさがrank番目（0から）のトークンだけを隠す
    #| zh-tw: 只遮住權重排名第 rank 個（從 0 開始）的詞元
    visible = everything[:, 0].scatter(1, order[:, rank : rank + 1], False)
    return accuracy(after, visible[:, None])


# %% key="knock-out"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

knocked = [without(rank) for rank in range(len(tokens))]
options = {
    "a": T(ja="ほとんど下がらない", zh_tw="幾乎沒有下降"),
    "b": T(ja="半分くらい", zh_tw="一半左右"),
    "c": T(ja="0.25以下", zh_tw="0.25 以下"),
}
predict.choose(guess, options, "a" if knocked[0] > 0.75 else "b" if knocked[0] > 0.35 else "c")

# %% key="knock-out-result"
knocked_others = sum(knocked[1:]) / len(knocked[1:])
_, _, _, w_v_, w_words_ = after
values_ = after[0][inputs[:, :-1]] @ w_v_  # (B, T, d_k)
#| ja: 出力への寄与の大きさ ‖α·v·W‖
#| zh-tw: 對輸出的貢獻大小 ‖α·v·W‖
contribution = (all_weights[..., None] * (values_ @ w_words_)).norm(dim=-1)  # (B, T)
same_top = (contribution.argmax(-1) == order[:, 0])[held_out].float().mean().item()
print(
    T(
        ja=f"正解率：隠さない {accuracy(after):.3f}　重みが最大のトークンを隠す {knocked[0]:.3f}　ほかの1つを隠した平均 {knocked_others:.3f}",
        zh_tw=f"正確率：不遮 {accuracy(after):.3f}　遮住權重最大的詞元 {knocked[0]:.3f}　遮住其他 1 個的平均 {knocked_others:.3f}",
    )
)
print(
    T(
        ja=f"重みが最大のトークンと、寄与が最大のトークンが一致する割合：{same_top:.3f}",
        zh_tw=f"權重最大的詞元，也是貢獻最大的詞元的比例：{same_top:.3f}",
    )
)

# %% [markdown] key="unseen" lang="ja"
# このモデルでは、重みの大きいトークンが、たしかに答えを決めていました。ただし、それがわかったのは隠してみたからです。もう1つ試しましょう。
#
# 4種類それぞれの最初の単語（「黒い」「猫」「窓辺」「眠る」）だけを、どの質問からも参照できなくして、同じモデルを最初から学習させます。
#
# 予想：この4つの単語が答えになる評価用の質問に、モデルはどのくらい正解するでしょうか。
#
# - `"a"`：まったく当たらない
# - `"b"`：でたらめの0.25くらい
# - `"c"`：0.4より高い

# %% [markdown] key="unseen" lang="zh-tw"
# 在這個模型裡，決定答案的確實是權重大的詞元；不過，要實際遮住之後才能確定。再做一個實驗。
#
# 只讓 4 類詞各自的第一個（「黑色的」「貓」「窗邊」「睡覺」）對任何問題都看不到，再從頭訓練同樣的模型。
#
# 先猜猜看：評估資料中，答案是這 4 個詞的問題，模型能答對多少？
#
# - `"a"`：完全答不對
# - `"b"`：和亂猜的 0.25 差不多
# - `"c"`：比 0.4 高

# %% key="unseen-code"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

never_seen = torch.tensor([number[slot[0]] for slot in slots])
visible = ~torch.isin(inputs[:, :-1], never_seen)[:, None]  # (B, 1, T)
blind, _ = train(untrained(d_model, seed=0), visible)
asked = held_out & torch.isin(answers, never_seen)
logits, blind_weights = look_up(inputs[asked], blind, visible[asked])
unseen_right = (logits.argmax(-1) == answers[asked]).float().mean().item()

options = {
    "a": T(ja="まったく当たらない", zh_tw="完全答不對"),
    "b": T(ja="0.25くらい", zh_tw="0.25 左右"),
    "c": T(ja="0.4より高い", zh_tw="比 0.4 高"),
}
predict.choose(guess, options, "a" if unseen_right < 0.1 else "b" if unseen_right < 0.4 else "c")

# %% key="unseen-result"
particles = T(ja="が で", zh_tw="一隻 在").split()
is_particle = torch.isin(inputs[:, :-1], torch.tensor([number[word] for word in particles]))


def on_particles(rows, parameters, visible):
    weights = look_up(inputs[rows], parameters, visible[rows])[1]
    return (weights * is_particle[rows]).sum(-1).mean().item()


unseen_on_particles = on_particles(asked, blind, visible)
print(T(ja=f"正解率：{unseen_right:.3f}", zh_tw=f"正確率：{unseen_right:.3f}"))
names = T(ja="と", zh_tw="和").join(f"「{word}」" for word in particles)
print(
    T(
        ja=f"{names}に付いた重みの合計：{unseen_on_particles:.3f}（隠さずに学習したモデルでは{on_particles(asked, after, everything):.3f}）",
        zh_tw=f"落在{names}上的權重合計：{unseen_on_particles:.3f}（不遮就訓練的模型是 {on_particles(asked, after, everything):.3f}）",
    )
)

# %% [markdown] key="unseen-after" lang="ja"
# 見えない単語なのに、多くの質問に正解しました。しかも、重みが集まったのは「が」と「で」です。ほかの3つの色がどれも見えないことが、「黒い」と答える手がかりになったと考えられます（消去法）。図だけを見て「『が』が答えの理由だ」と読むと、間違えます。アテンション重みは、バリューを混ぜる割合です。答えの理由を言うには、隠してみるなど、別の確認が要ります。
#
# アテンション重みが説明になるかどうかは、研究者の間でも意見が分かれています。Jain and Wallace（2019）は、重みと、勾配で測った重要度は、相関しないことが多いと報告しました。Wiegreffe and Pinter（2019）は、それは「説明」の定義しだいだと反論しました。Kobayashi et al.（2020）は、上の「寄与」のように、バリューの大きさも合わせて測ることを提案しています。

# %% [markdown] key="unseen-after" lang="zh-tw"
# 明明看不到那些詞，許多問題卻答對了；而且權重集中在「一隻」和「在」。可能的原因是：其他 3 種顏色全都沒看到，這件事本身就成了回答「黑色的」的線索（消去法）。如果只看圖就說「答案是根據『一隻』來的」，就錯了。注意力權重是混合值的比例；要說明答案怎麼來的，還需要另外確認，例如實際遮住看看。
#
# 注意力權重能不能當作解釋，研究者之間也有不同意見。Jain and Wallace（2019）指出，權重和用梯度測出的重要性，經常不相關。Wiegreffe and Pinter（2019）反駁說，這取決於「解釋」怎麼定義。Kobayashi et al.（2020）則主張連同值的大小一起測量，也就是上面的「貢獻」。

# %% [markdown] key="unscaled-guess" lang="ja"
# ### √d_kで割らずに学習させる
#
# 5節の続きです。同じタスクと同じコードで、$d_k$ を32と256にして、$\sqrt{d_k}$ で割る場合と割らない場合を、それぞれ3つの乱数シードで学習させます（$d_\text{model}$ も同じ大きさにします）。全部で10秒ほどかかります。
#
# 予想：$d_k = 256$ で割らずに学習させると、評価用の正解率はどうなるでしょうか。
#
# - `"a"`：割った場合と同じくらい高い
# - `"b"`：割った場合より低いが、0.25よりは高い
# - `"c"`：0.25くらい

# %% [markdown] key="unscaled-guess" lang="zh-tw"
# ### 不除以 √d_k 就訓練
#
# 這是第 5 節的後續。用同樣的任務、同樣的程式，把 $d_k$ 設成 32 和 256（$d_\text{model}$ 也設成一樣大），比較除以 $\sqrt{d_k}$ 和不除，各用 3 個亂數種子訓練。全部大約 10 秒。
#
# 先猜猜看：$d_k = 256$ 時不除就訓練，評估資料的正確率會怎樣？
#
# - `"a"`：和有除的時候差不多高
# - `"b"`：比有除的時候低，但高於 0.25
# - `"c"`：0.25 左右

# %% key="unscaled-reached"
reached = {}
for d in (32, 256):
    for scaled in (True, False):
        runs = [train(untrained(d, seed), scaled=scaled)[0] for seed in range(3)]
        reached[d, scaled] = [accuracy(run, scaled=scaled) for run in runs]
mean_reached = {key: sum(three) / 3 for key, three in reached.items()}

# %% key="unscaled"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

lost = mean_reached[256, True] - mean_reached[256, False]
options = {
    "a": T(ja="同じくらい高い", zh_tw="差不多高"),
    "b": T(ja="低いが、0.25よりは高い", zh_tw="比較低，但高於 0.25"),
    "c": T(ja="0.25くらい", zh_tw="0.25 左右"),
}
predict.choose(
    guess, options, "a" if lost < 0.1 else "b" if mean_reached[256, False] > 0.35 else "c"
)

# %% key="unscaled-result"
for (d, scaled), three in reached.items():
    label = T(ja="割る", zh_tw="除以 √d_k") if scaled else T(ja="割らない", zh_tw="不除")
    print(f"d_k = {d:3}  ", "  ".join(f"{value:.2f}" for value in three), f"  {label}")

# %% [markdown] key="unscaled-after" lang="ja"
# $d_k = 256$ では、割らないと、多くのシードで、学習が途中で止まったようになります。スコアが256個の項の和なので、少しのステップで重みが1か所に固まり、そこから動かす勾配が届きにくくなるためと考えられます。$d_k = 32$ では、差はずっと小さくなります。
#
# 学習率を10分の1（0.001）にすると、$d_k = 256$ で割らなくても、平均0.9ほどまで上がりました（4つのシードで確認）。それでも、割った場合の1.00には届きません。割らなくても学習できないわけではありませんが、$\sqrt{d_k}$ で割っておけば、$d_k$ が変わっても同じ設定で学習できます。

# %% [markdown] key="unscaled-after" lang="zh-tw"
# $d_k = 256$ 時不除的話，大多數種子的訓練都好像卡在半路。分數是 256 項的總和，只要幾步，權重就固定在一處；之後能讓它改變的梯度很難傳到，這應該就是原因。$d_k = 32$ 時，差距小得多。
#
# 如果把學習率改成 10 分之 1（0.001），$d_k = 256$ 不除也能到平均 0.9 左右（用 4 個種子確認），但還是不到有除時的 1.00。不除並不是完全不能訓練；除以 $\sqrt{d_k}$ 的好處是，$d_k$ 改變時，同樣的設定仍然能訓練。

# %% [markdown] key="heads" lang="ja"
# ## 8. マルチヘッドアテンション
#
# アテンション重みが1組だけでは、1つのクエリにつき、参照のしかたは1通りだけです。そこで、クエリ、キー、バリューの $d_\text{model}$ 次元を $h$ 個のヘッドに分け、別々にアテンションを計算します。最後に、出力をつないで行列 $W^O$ を掛け、ヘッドの結果を混ぜます。これがマルチヘッドアテンションです。

# %% [markdown] key="heads" lang="zh-tw"
# ## 8. 多頭注意力
#
# 只有一組注意力權重的話，每個查詢只能有一種分配注意力的方式。所以把查詢、鍵、值的 $d_\text{model}$ 維分成 $h$ 個注意力頭（attention head），各自計算注意力。最後把輸出接起來，乘上矩陣 $W^O$，把各個頭的結果混合。這就是多頭注意力。


# %% key="heads-code"
def multi_head(x, w_q, w_k, w_v, w_o, n_heads):
    """x: (T, d_model), w: (d_model, d_model) → (T, d_model), (n_heads, T, T)"""

    def split(y):  # (T, d_model) → (n_heads, T, head_dim)
        return y.view(len(y), n_heads, -1).transpose(0, 1)

    out, weights = attention(split(x @ w_q), split(x @ w_k), split(x @ w_v))
    return out.transpose(0, 1).reshape(x.shape) @ w_o, weights


# %% [markdown] key="heads-check" lang="ja"
# PyTorchの`MultiheadAttention`と比べます。PyTorchは $W^Q$、$W^K$、$W^V$ を縦に積み、転置した形で持っているので、取り出して転置を戻し、同じ重み行列を渡します。

# %% [markdown] key="heads-check" lang="zh-tw"
# 和 PyTorch 的 `MultiheadAttention` 比較。PyTorch 把 $W^Q$、$W^K$、$W^V$ 轉置之後疊成一個矩陣，所以要先拆開、轉置回來，再傳入相同的權重矩陣。

# %% key="heads-check-code"
n_heads = 4
reference = torch.nn.MultiheadAttention(d_model, n_heads, bias=False, batch_first=True)
in_weights = [w.detach().T for w in reference.in_proj_weight.chunk(3)]
mine, my_weights = multi_head(x, *in_weights, reference.out_proj.weight.detach().T, n_heads)
with torch.no_grad():
    theirs, their_weights = reference(x[None], x[None], x[None], average_attn_weights=False)

out_gap = (mine - theirs[0]).abs().max().item()
weights_gap = (my_weights - their_weights[0]).abs().max().item()
print(
    T(
        ja=f"PyTorchとの差：出力 {out_gap:.2g}　重み {weights_gap:.2g}",
        zh_tw=f"與 PyTorch 的差距：輸出 {out_gap:.2g}　權重 {weights_gap:.2g}",
    )
)
assert out_gap < 1e-6 and weights_gap < 1e-6

# %% [markdown] key="heads-after" lang="ja"
# 同じ重み行列を渡すと、同じ出力になりました。ヘッドを増やしても、重み行列の大きさは変わりません。1つの大きな内積を4つの小さな内積に分けたので、1つのクエリから、同時に4通りの参照ができます。
#
# 元のページの式について、ここまでに測った量をまとめます。次の表の「C05」は、元のページの主張に付けた番号です。表では、測定値と、前もって決めた範囲を並べます。

# %% [markdown] key="heads-after" lang="zh-tw"
# 給一樣的權重矩陣，就得到一樣的輸出。增加注意力頭，並不會讓權重矩陣變大。把一個大的內積拆成 4 個小的內積，一個查詢就能同時用 4 種方式分配注意力。
#
# 關於原網頁的公式，把到目前為止測量的結果整理在一起。下面表格裡的「C05」，是替原網頁的說法編的號碼。表格會把實測值和事先決定的範圍排在一起。

# %% key="formula-claim"
claims.check(
    "C05",
    {
        "torch_gap": torch_gap,
        "variance": last[spread, False] / 1024,
        "scaled_variance": last[spread, True],
        "entropy_raw": last[entropy, False],
        "entropy_scaled": last[entropy, True],
        "unreached_raw": last[unreached, False],
        "unreached_scaled": last[unreached, True],
        "trained_raw": mean_reached[256, False],
        "trained_scaled": mean_reached[256, True],
    },
)

# %% [markdown] key="masks" lang="ja"
# ## 9. 1つの関数、4つのマスク
#
# Transformerには、エンコーダー型（BERTなど）、デコーダー型（GPTなど）、エンコーダー・デコーダー型（T5など）の3つの型があります。型の違いは、アテンションの関数ではなく、マスクと、どの系列からクエリ、キー、バリューを作るか（つなぎ方）にあります。
#
# | マスク | 参照できるトークン | 使う場所 |
# |---|---|---|
# | 全体（full） | すべて | BERT、T5のエンコーダー |
# | 因果（causal） | 自分と、それより前 | GPT、T5のデコーダー |
# | プレフィックス（prefix） | 入力部分のすべて。生成部分は、自分と、それより前 | プレフィックス言語モデル（1つのモデルで、入力は双方向に、出力は因果的に読む） |
# | 交差（cross） | 別の系列のすべて | T5のデコーダー（エンコーダーの出力を参照） |
#
# 交差だけは、マスクの形ではなく、キーとバリューの出どころが違います（交差注意）。
#
# マスクの形はこの表のとおりですが、T5では、関数のほうも少し違います。スコアを $\sqrt{d_k}$ で割らず、代わりに、位置で決まる数（バイアス）を足します。6節の`attention`で計算できるのは、Transformerの最初の論文と、それと同じ式を使うモデルです。

# %% [markdown] key="masks" lang="zh-tw"
# ## 9. 一個函式，四種遮罩
#
# Transformer 有三大架構：編碼器（例如 BERT）、解碼器（例如 GPT）、編碼器－解碼器（例如 T5）。架構的差別不在注意力函式，而在遮罩，以及查詢、鍵、值各來自哪個序列（接法）。
#
# | 遮罩 | 看得到的詞元 | 用在哪裡 |
# |---|---|---|
# | 全部（full） | 全部 | BERT、T5 的編碼器 |
# | 因果（causal） | 自己與前面的詞元 | GPT、T5 的解碼器 |
# | 前綴（prefix） | 輸入部分全都看得到；生成部分只看得到自己與前面 | 前綴語言模型（同一個模型，輸入雙向讀取，輸出用因果遮罩） |
# | 交叉（cross） | 另一個序列的全部 | T5 的解碼器（參考編碼器的輸出） |
#
# 只有「交叉」的特別之處不在遮罩的形狀，而在鍵和值來自另一個序列（交叉注意力）。
#
# 遮罩的形狀就是這張表，不過 T5 連函式都有點不同：分數不除以 $\sqrt{d_k}$，而是加上一個由位置決定的數（偏差）。第 6 節的 `attention` 能計算的，是提出 Transformer 的論文，以及使用相同公式的模型。

# %% key="masks-code"
n, n_target, prefix = 6, 4, 3
causal = torch.ones(n, n).tril().bool()
masks = {
    T(ja="全体（full）", zh_tw="全部（full）"): torch.ones(n, n).bool(),
    T(ja="因果（causal）", zh_tw="因果（causal）"): causal,
    T(ja="プレフィックス（prefix）", zh_tw="前綴（prefix）"): causal | (torch.arange(n) < prefix),
    T(ja="交差（cross）", zh_tw="交叉（cross）"): torch.ones(n_target, n).bool(),
}

# %% key="masks-count"
#| ja: 参照できる組の数。三角形は`n (n + 1) / 2`、プレフィックスはそこに`prefix (prefix - 1) / 2`を足す
#| zh-tw: 看得到的組合數。三角形是 `n (n + 1) / 2`，前綴再加上 `prefix (prefix - 1) / 2`
triangle = n * (n + 1) // 2
counts = [int(mask.sum()) for mask in masks.values()]
assert counts == [n * n, triangle, triangle + prefix * (prefix - 1) // 2, n_target * n]

# %% key="masks-figure"
x_label, y_label = T(ja="キーの位置", zh_tw="鍵的位置"), T(ja="クエリの位置", zh_tw="查詢的位置")
fig = charts.masks(masks, x_label, y_label, size=(12, 3.6), legend=True)
shares = "、".join(f"{title} {int(mask.sum())}/{mask.numel()}" for title, mask in masks.items())
figures.show(
    fig,
    T(
        ja=f"4つのマスクです。行がクエリ、列がキーで、●は参照できる、×は参照できないことを表します。参照できる組の数は、{shares}です。因果マスクでは、右上の三角形が×です。プレフィックスでは、左の3列が●で、残りは因果マスクと同じです。",
        zh_tw=f"4 種遮罩。橫列是查詢，直行是鍵；● 表示看得到，× 表示看不到。看得到的組合數：{shares}。因果遮罩的右上三角形是 ×。前綴遮罩左邊的 3 個直行是 ●，其餘和因果遮罩相同。",
    ),
)

# %% [markdown] key="masks-check" lang="ja"
# 4種類のマスクを同じ関数に渡し、PyTorchの結果と比べます。交差では、クエリが4つ、キーとバリューが6つです。

# %% [markdown] key="masks-check" lang="zh-tw"
# 把 4 種遮罩交給同一個函式，和 PyTorch 的結果比較。交叉注意力有 4 個查詢，鍵和值各有 6 個。

# %% key="masks-check-code"
gaps = []
for mask in masks.values():
    q_, k_, v_ = torch.randn(len(mask), d_k), torch.randn(n, d_k), torch.randn(n, d_k)
    want = F.scaled_dot_product_attention(q_, k_, v_, attn_mask=mask)
    gaps.append((attention(q_, k_, v_, mask)[0] - want).abs().max().item())
mask_gap = torch.tensor(gaps).max().item()
print(
    T(ja=f"PyTorchとの差の最大値：{mask_gap:.2g}", zh_tw=f"與 PyTorch 的最大差距：{mask_gap:.2g}")
)

# %% [markdown] key="leak-guess" lang="ja"
# 次に、マスクの効き目を確かめます。6トークンのうち4番目だけを書き換えて、どの出力まで変わるかを調べます。
#
# 予想：因果マスクのとき、6つの出力のうちいくつが変わるでしょうか。

# %% [markdown] key="leak-guess" lang="zh-tw"
# 接著確認遮罩的效果，看資訊會不會漏到前面：6 個詞元中只改第 4 個，看看哪些位置的輸出會受到影響。
#
# 先猜猜看：使用因果遮罩時，6 個輸出裡會有幾個改變？


# %% key="leak-changes"
def self_attention(x, mask=None):
    return attention(x @ w_q, x @ w_k, x @ w_v, mask)[0]


def changes(mask, token):
    #| ja: トークンを1つ書き換えたときの、各出力の変化 (T,)
    #| zh-tw: 改動 1 個詞元時，每個輸出的變化 (T,)
    changed = x.clone()
    changed[token] += 1.0
    return (self_attention(changed, mask) - self_attention(x, mask)).abs().amax(-1)


# %% key="leak"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


full_mask, causal_mask, prefix_mask, _ = masks.values()
predict.compare(guess, int((changes(causal_mask, token=3) > 0).sum()))

# %% key="leak-result"
for token in (3, 2):
    print(T(ja=f"{token + 1}番目を書き換える", zh_tw=f"改動第 {token + 1} 個"))
    for title, mask in list(masks.items())[:3]:
        print("  ", title, [f"{value:.3g}" for value in changes(mask, token).tolist()])

# %% key="leak-claim"
claims.check(
    "C01",
    {
        "mask_gap": mask_gap,
        "causal_leak": changes(causal_mask, token=3)[:3].max().item(),
        "prefix_leak": changes(prefix_mask, token=3)[:3].max().item(),
        #| ja: 3番目のトークンは、プレフィックスの中にある
        #| zh-tw: 第 3 個詞元在前綴裡
        "prefix_inside": changes(prefix_mask, token=2)[:2].max().item(),
        "full_leak": changes(full_mask, token=3)[:3].max().item(),
    },
)

# %% [markdown] key="leak-after" lang="ja"
# 因果マスクでは、4番目を書き換えても、1番目から3番目の出力の変化はちょうど0.0です。「ほとんど変わらない」のではなく、1ビットも変わりません。この性質があるので、デコーダー型は、前のトークンのキーとバリューを保存して使い回せます。この仕組みをKVキャッシュ（KV cache）と呼びます。
#
# プレフィックスマスクでも、4番目（プレフィックスの外）を書き換えたときは0.0です。3番目（プレフィックスの中）を書き換えると、それより前の出力も変わります。因果マスクとの違いは、ここにだけ現れます。

# %% [markdown] key="leak-after" lang="zh-tw"
# 使用因果遮罩時，改動第 4 個詞元，第 1 到第 3 個輸出的變化剛好是 0.0。不是「幾乎沒變」，而是連 1 個位元都沒變。正因為這樣，解碼器才能把前面詞元的鍵和值存起來，一直重複使用，這就是 KV 快取（KV cache）。
#
# 前綴遮罩在改動第 4 個詞元（不在前綴裡）時，變化也是 0.0；改動第 3 個詞元（在前綴裡）時，比它前面的輸出也會改變。和因果遮罩的差別，只出現在這裡。

# %% [markdown] key="explore-guess" lang="ja"
# マスクの形を、好きな文で確かめましょう。
#
# 予想：6トークンの文に因果マスクをかけます。36個のアテンション重みのうち、ちょうど0になるのは何個でしょうか。

# %% [markdown] key="explore-guess" lang="zh-tw"
# 接著換成自己想的句子，確認遮罩的形狀。
#
# 先猜猜看：對 6 個詞元的句子使用因果遮罩，36 個注意力權重裡，剛好是 0 的有幾個？


# %% key="explore-look"
def look(text, mask):
    keys = text.split()
    #| ja: 交差では、クエリは別の系列（4つの質問）から作る
    #| zh-tw: 交叉時，查詢來自另一個序列（4 個問題）
    queries = questions if mask == "cross" else keys
    allowed = torch.ones(len(queries), len(keys)).bool()  # (T, S)
    if mask in ("causal", "prefix"):
        allowed = allowed.tril()
    if mask == "prefix":
        allowed[:, :prefix] = True
    x_q, x_k = (embedding[[number[word] for word in some]] for some in (queries, keys))
    return queries, keys, attention(x_q @ w_q, x_k @ w_k, x_k @ w_v, allowed)[1]


# %% key="explore-compare"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


*_, causal_weights = look(" ".join(tokens), "causal")
predict.compare(guess, int((causal_weights == 0).sum()))

# %% [markdown] key="explore" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 対角線より右上の、$6 \times 5 / 2 = 15$ 個です。
#
# </details>
#
# 次のセルでは、文とマスクを自分で選べます。単語は空白で区切りましょう。図のマスは、マウスを重ねるか、Tabキーと矢印キーで選ぶと、1つずつ読めます。
#
# 重み行列は2節のランダムなものなので、重みの大きさに意味はありません。見るのは、0になる場所の形です。

# %% [markdown] key="explore" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 就是對角線右上方的 $6 \times 5 / 2 = 15$ 個。
#
# </details>
#
# 在下面的儲存格，可以自己選句子和遮罩；詞和詞之間用空格隔開。把滑鼠移到格子上，或用 Tab 鍵與方向鍵選格子，就能逐格查看數值。
#
# 權重矩陣還是第 2 節的隨機數字，所以權重的大小沒有意義，要看的是哪些地方變成 0。

# %% key="explore-code"
from helpers.widgets import Explorer, Select, Text, attention_view, knows


def draw(text, mask):
    queries, keys, weights = look(text, mask)
    return attention_view(weights, queries, keys, cross=mask == "cross")


Explorer(
    T(ja="マスクの形", zh_tw="遮罩的形狀"),
    draw,
    Text("text", T(ja="文", zh_tw="句子"), " ".join(tokens), knows(words), words),
    Select(
        "mask",
        T(ja="マスク", zh_tw="遮罩"),
        dict(zip(masks, ("full", "causal", "prefix", "cross"))),
    ),
)

# %% [markdown] key="order" lang="ja"
# ## 10. 順番を入れ替えるとどうなるか
#
# 人間にとって、語順は大切です。アテンションにとってはどうでしょうか。トークンを逆順に並べ替えて、次の2つの出力を比べます。
#
# - もとの出力を逆順に並べたもの
# - 逆順の入力から計算した出力
#
# さらに、位置の情報を足した場合も比べます。ここでは、サイン波とコサイン波の値を埋め込みに足します（位置符号化）。Transformerの最初の論文の方法です。
#
# 結果の表には、7節で測った値も並べます。

# %% [markdown] key="order" lang="zh-tw"
# ## 10. 把順序打亂會怎樣？
#
# 對人來說，詞的順序很重要。對注意力來說呢？把詞元倒過來排，再比較下面兩個輸出。
#
# - 把原本的輸出倒過來排
# - 用倒過來的輸入算出的輸出
#
# 另外也比較加上位置資訊的情形。這裡把正弦波和餘弦波的值加到嵌入上（位置編碼），這是提出 Transformer 的論文所用的方法。
#
# 結果表格也會列出第 7 節測出的值。


# %% key="order-gap"
def sinusoidal(n, d_model):
    """Vaswani et al. 2017, §3.5 → (n, d_model)"""
    angles = torch.arange(n)[:, None] / 10_000 ** (torch.arange(0, d_model, 2) / d_model)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


position = sinusoidal(len(x), d_model)


def order_gap(position):
    reversed_output = self_attention(x + position).flip(0)
    output_of_reversed = self_attention(x.flip(0) + position)
    return (reversed_output - output_of_reversed).abs().max().item()


# %% key="order-code" show=true
another = torch.randperm(len(x))
assert (self_attention(x)[another] - self_attention(x[another])).abs().max() < 1e-5

claims.check(
    "C04",
    {
        "on_answer": on_answer,
        "knocked_top": knocked[0],
        "knocked_others": knocked_others,
        "unseen_right": unseen_right,
        "unseen_on_particles": unseen_on_particles,
        "shuffled": order_gap(torch.zeros(len(x), d_model)),
        "with_positions": order_gap(position),
    },
)

# %% [markdown] key="order-after" lang="ja"
# 位置の情報がないと、2つの出力は（丸め誤差を除いて）同じです。ほかの並べ替えでも同じです。つまり、マスクのないアテンションだけでは、「犬が猫を追う」と「猫が犬を追う」を区別できません。位置の情報を足すと、差が出ます。

# %% [markdown] key="order-after" lang="zh-tw"
# 沒有位置資訊時，兩個輸出是一樣的（只差捨入誤差）；換成其他的排列方式也一樣。也就是說，光靠沒有遮罩的注意力，分不出「狗追貓」和「貓追狗」。加上位置資訊，差別就出來了。

# %% [markdown] key="summary" lang="ja"
# ## 11. まとめ
#
# | 元のページの主張 | 実験でわかったこと |
# |---|---|
# | アテンションは語の重要性を評価する | 重みが付くのは語ではなくトークンで、値は入力の内容に応じて変わる。重みは混ぜる割合で、答えの理由かどうかは、隠すなどして別に確かめる |
# | 変化の中心に、この式がある | 式はPyTorchと一致し、$\sqrt{d_k}$ で割ると学習が安定した。ただし、マスク、ヘッド、4つの重み行列、位置の情報は書かれていない。T5は $\sqrt{d_k}$ で割らない |
# | Transformerには3つの型がある | 違いは、マスクとつなぎ方。同じ式のモデルなら、1つの関数で計算できる。T5は式も少し違う |

# %% [markdown] key="summary" lang="zh-tw"
# ## 11. 整理
#
# | 原網頁的說法 | 我們實測的結果 |
# |---|---|
# | 注意力會權衡詞的重要性 | 權重的對象是詞元而不是詞，而且隨輸入內容改變；權重是混合的比例，是不是答案的理由，要另外確認（例如遮住看看） |
# | 轉變的核心是這個公式 | 公式與 PyTorch 一致，除以 $\sqrt{d_k}$ 之後訓練比較穩定；但沒有寫出遮罩、注意力頭、4 個權重矩陣與位置資訊。T5 不除以 $\sqrt{d_k}$ |
# | Transformer 有三大架構 | 差別在遮罩和接法；公式相同的模型，用一個函式就能計算。T5 連公式都有點不同 |

# %% [markdown] key="quiz-text" lang="ja"
# ## 12. 確認クイズ
#
# 成績には関係しません。間違えた選択肢の説明も読んでみましょう。

# %% [markdown] key="quiz-text" lang="zh-tw"
# ## 12. 小測驗
#
# 不列入成績。選錯的選項也有說明，不妨讀一讀。

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 13. 演習問題
#
# 続きは[演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)で練習しましょう。部分ごとのアテンションの統合、スライディングウィンドウ、グループ化クエリアテンション、文書を詰めた系列のマスクを、自分で書きます。
#
# アテンションは、Transformerの部品の1つです。ほかの部品と組み合わせると何ができるのかは、[レッスン02](02_block.ipynb)で測ります。

# %% [markdown] key="next" lang="zh-tw"
# ## 13. 練習題
#
# 接著到[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)動手寫：合併分段算出的注意力、滑動視窗、分組查詢注意力，以及把多份文件接在一起時的遮罩。
#
# 注意力只是 Transformer 的零件之一。和其他零件組合起來之後能做什麼，[第 02 課](02_block.ipynb)會實測。
