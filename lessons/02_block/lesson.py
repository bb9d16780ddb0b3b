# %% [markdown] key="title" lang="ja"
# # ブロック：アテンションからTransformerへ
#
# レッスン01では、アテンションの式を手で計算しました。しかし、「2層、幅64のBERT」というときの層に入っているのは、アテンションだけではありません。このレッスンでは、層の部品を1つずつ取り外して学習させ、それぞれが何を受け持っているのかを測ります。最後に、120行に収まるコードで3つの型を組み立て、学習済みのモデルと同じ出力になることを確かめます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | ブロックの部品がそれぞれ何のためにあるかを、外した実験の結果で説明できる。3つの型を、同じ1つのブロックから組み立てられる。`config.json`を読み、モデルの大きさと計算量を求められる |
# | 前提知識 | レッスン01の内容（アテンション、マスク、位置の情報）、勾配と損失の考え方 |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |
#
# 元のページは、ブロックについて何も書いていません。そこで、このレッスンでは、このコースが立てた主張を確かめます。元のページの主張（C01など）と区別して、E01から番号を付けました。

# %% [markdown] key="title" lang="zh-tw"
# # 區塊：從注意力到 Transformer
#
# 第 01 課算出了注意力的公式。不過，當我們說「2 層、寬度 64 的 BERT」時，每一層裡裝的並不只有注意力。這一課要把層裡的零件逐一拆掉、重新訓練，測量每個零件負責什麼。最後用不到 120 行的程式組出三大架構，確認它們的輸出和訓練好的模型相同。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能根據拆掉零件的實驗結果，說明區塊裡每個零件的用途；能用同一種區塊組出三大架構；能讀懂 `config.json`，算出模型的大小和運算量 |
# | 先備知識 | 第 01 課的內容（注意力、遮罩、位置資訊）、梯度與損失的概念 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |
#
# 原網頁完全沒有提到區塊，所以這一課檢驗的是這門課自己提出的說法。為了和原網頁的說法（C01 等）區別，編號從 E01 開始。

# %% key="imports"
import torch
import torch.nn.functional as F

from helpers.classroom import claims, predict
from helpers.display import charts, figures, show

figures.use(LANG)
_ = torch.manual_seed(0)
torch.set_num_threads(1)

# %% [markdown] key="alone" lang="ja"
# ## 1. アテンションだけを重ねると、どうなるか
#
# アテンションの出力は、バリューの重み付き平均です。そして、平均を取れば、ばらつきは小さくなります。それなら、アテンションだけを何層も重ねると、トークンの違いはどこまで残るのでしょうか。
#
# ランダムな6本のベクトルを、重み行列もランダムなアテンション（レッスン01と同じ関数）に、繰り返し通します。違うトークンのベクトルどうしがどれだけ同じ向きかを、コサイン類似度の平均で測りましょう。向きがばらばらなら0に近く、どれも同じ向きなら1です。
#
# 予想：4層を通したあとの類似度は、どれに最も近いでしょうか。
#
# - `"a"`：0.2
# - `"b"`：0.6
# - `"c"`：1.0

# %% [markdown] key="alone" lang="zh-tw"
# ## 1. 只疊注意力，會怎麼樣？
#
# 注意力的輸出是值的加權平均，而取平均會讓差異變小。那麼，如果一層又一層只疊注意力，詞元之間的差異還剩下多少？
#
# 這裡準備 6 個隨機向量，反覆送進權重矩陣也是隨機的注意力（就是第 01 課的函式），再用餘弦相似度的平均，測量不同詞元的向量方向有多接近。方向各不相同時接近 0，方向全都一樣時是 1。
#
# 先猜猜看：通過 4 層之後，相似度最接近哪一個？
#
# - `"a"`：0.2
# - `"b"`：0.6
# - `"c"`：1.0

# %% key="alone-code"
from helpers.models.triad import attention

d = 64


def similarity(x):
    """x: (T, d) → the mean cosine of two different tokens"""
    cosines = F.normalize(x) @ F.normalize(x).T  # (T, T)
    return cosines[~torch.eye(len(x)).bool()].mean().item()


def only_attention(x, layers):
    for _ in range(layers):
        w_q, w_k, w_v = torch.randn(3, d, d) / d**0.5
        x, _ = attention(x @ w_q, x @ w_k, x @ w_v)
    return x

# %% key="alone-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

start = torch.randn(20, 6, d)  # 20 sentences
alike = {n: sum(similarity(only_attention(x, n)) for x in start) / 20 for n in (0, 1, 2, 4)}
options = {"a": "0.2", "b": "0.6", "c": "1.0"}
nearest = min(options, key=lambda key: abs(float(options[key]) - alike[4]))
predict.choose(guess, options, nearest)

# %% [markdown] key="block" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 4層でほぼ1になり、6つのトークンは見分けられなくなります。見分けられないベクトルからは、何を計算しても同じ答えしか出ません。
#
# </details>
#
# このほかにも、アテンションだけでは足りないものがあります。受け取った情報をもとに、トークンごとに計算する場所。層を重ねても、値の大きさを保つ仕組み。そして、どのトークンが何番目かという情報です。
#
# Transformerは、これらを補う部品をアテンションと組み合わせて、1つの単位にします。この単位がブロック（block）です。「2層」のモデルはブロックを2つ重ねたもので、「幅64」は、ブロックからブロックへ渡すベクトルが64次元だという意味です（$d = 64$）。次の図が、その中身です。以下の節では、図の部品を1つずつ外して、何が失われるかを測ります。

# %% [markdown] key="block" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 才 4 層就幾乎等於 1 了。6 個詞元已經分不出誰是誰；從這樣的向量，不管怎麼算，都只會得到一樣的答案。
#
# </details>
#
# 光靠注意力，還缺少別的東西：收到資訊之後，在每個詞元內部做計算的地方；疊了許多層，數值的大小仍然維持得住的機制；還有「哪個詞元排第幾個」的資訊。
#
# Transformer 把補足這些的零件和注意力組合成一個單位，這個單位就是區塊（block）。「2 層」的模型，就是疊了 2 個區塊；「寬度 64」，是指區塊之間傳遞的向量有 64 維（$d = 64$）。下圖就是區塊的內容。接下來的每一節，都會拆掉圖中的一個零件，測量少了什麼。

# %% key="block-diagram"
from helpers.display import block_diagrams

block_diagrams.block("pre")

# %% [markdown] key="residual" lang="ja"
# ## 4. 残差接続：置き換えずに、足す
#
# 1節では、重ねるうちにトークンの違いが消えました。違いを残す一番簡単な方法は、部品の出力で入力を置き換えるのをやめて、入力に足すことです。
#
# $$x \leftarrow x + f(x)$$
#
# これを残差接続（residual connection）と呼びます。どの部品も足すだけなので、最後のベクトルは、埋め込みと、すべての部品の出力との和になるはずです。各部品が書き足していくこのベクトルの流れを、残差ストリーム（residual stream）と呼びます。
#
# 学習済みの小さなGPT-2（2層）で、本当に和になっているかを確かめましょう。
#
# 予想：最後のベクトルは、埋め込みに、いくつの部品の出力を足したものでしょうか。

# %% [markdown] key="residual" lang="zh-tw"
# ## 4. 殘差連接：不取代，而是相加
#
# 在第 1 節，疊著疊著，詞元的差異就消失了。要留住差異，最簡單的方法是：不要用零件的輸出取代輸入，而是加到輸入上。
#
# $$x \leftarrow x + f(x)$$
#
# 這叫做殘差連接（residual connection）。每個零件都只做加法，所以最後的向量應該等於嵌入加上所有零件的輸出。各個零件不斷往上加的這一串向量，叫做殘差流（residual stream）。
#
# 用訓練好的小型 GPT-2（2 層）來確認，是不是真的等於總和。
#
# 先猜猜看：最後的向量，是嵌入再加上幾個零件的輸出？

# %% key="residual-parts"
from helpers.models import decoder, triad, weights


def added_by(stream, layer, design, mask):
    """stream: (1, n, width) → what the attention and the feed-forward layer of a block add"""
    x = triad.norm(stream, layer["norms"]["0"], design)
    attended = triad.multi_head(x, x, layer["attention"], design, mask)
    x = triad.norm(stream + attended, layer["norms"]["1"], design)
    return attended, triad.feed_forward(x, layer["ffn"], design)

# %% key="residual-sum"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

gpt2 = decoder.load()
w, design = weights.take(gpt2)
ids = decoder.rows(1)[:1]  # (1, n)
n = ids.size(1)
added = [w["embedding"]["weight"][ids] + w["positions"]["weight"][:n]]
for layer in w["blocks"].values():
    added += added_by(sum(added), layer, design, torch.ones(n, n).tril().bool())

predict.compare(guess, len(added) - 1, T(ja="個", zh_tw=" 個"))

# %% key="residual-gap"
last = triad.norm(sum(added), w["norm"], design)
with torch.no_grad():
    sum_gap = (last - gpt2.transformer(ids).last_hidden_state).abs().max().item()
names = T(
    ja="埋め込み|1層目のアテンション|1層目のFFN|2層目のアテンション|2層目のFFN",
    zh_tw="嵌入|第 1 層的注意力|第 1 層的 FFN|第 2 層的注意力|第 2 層的 FFN",
).split("|")
print(T(ja=f"GPT-2との差：{sum_gap:.2g}", zh_tw=f"與 GPT-2 的差距：{sum_gap:.2g}"))
for name, part in zip(names, added):
    print(f"{part.norm(dim=-1).mean().item():6.1f}  {name}")

# %% [markdown] key="norm" lang="ja"
# ## 5. 正規化：部品に渡す前に、大きさをそろえる
#
# 足し続けると、ベクトルは層を追うごとに大きくなっていきます。ところが、softmaxも活性化関数も、入力の大きさによって振る舞いが変わります。そこで、トークンごとに大きさをそろえる部品を入れます。これが正規化です。
#
# - LayerNorm（層正規化、layer normalization）：要素の平均を引いてから、標準偏差で割る
# - RMSNorm：平均は引かず、要素の2乗の平均の平方根で割る
#
# どちらも、最後に、要素ごとに学習した数を掛けます（LayerNormは、学習した数を足しもします）。引き算が1つあるかないかの違いは、どこに現れるでしょうか。
#
# 予想：あるトークンのベクトル $x$ を、3倍にした場合と、すべての要素に3を足した場合を考えます。RMSNormの出力が変わらないのは、どちらでしょうか（丸め誤差は除きます）。
#
# - `"a"`：3倍にした場合だけ
# - `"b"`：3を足した場合だけ
# - `"c"`：両方

# %% [markdown] key="norm" lang="zh-tw"
# ## 5. 正規化：交給零件之前，先把大小調成一致
#
# 一直加下去，向量會一層比一層大。可是 softmax 和啟動函數的行為，都會隨輸入的大小改變。所以要放進一種零件，替每個詞元把大小調成一致，這就是正規化。
#
# - LayerNorm（層正規化，layer normalization）：先減去各元素的平均，再除以標準差
# - RMSNorm：不減平均，只除以各元素平方的平均再開根號
#
# 兩者最後都會對每個元素乘上一個訓練出來的數（LayerNorm 還會再加上一個）。差別只在有沒有那一次減法，這會反映在哪裡？
#
# 先猜猜看：把某個詞元的向量 $x$ 變成 3 倍，或是把每個元素都加上 3。哪一種情形，RMSNorm 的輸出不會變（不計捨入誤差）？
#
# - `"a"`：只有變成 3 倍時
# - `"b"`：只有加上 3 時
# - `"c"`：都不變

# %% key="norm-code"
def layer_norm(x):
    x = x - x.mean(-1, keepdim=True)
    return x / x.square().mean(-1, keepdim=True).sqrt()


def rms_norm(x):
    return x / x.square().mean(-1, keepdim=True).sqrt()

# %% key="norm-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

x = torch.randn(32, width, dtype=torch.float64)
change = {}
for f in (layer_norm, rms_norm):
    for name, y in (("3x", 3 * x), ("x + 3", x + 3)):
        change[f, name] = (f(y) - f(x)).abs().max().item()

options = {
    "a": T(ja="3倍にした場合だけ", zh_tw="只有變成 3 倍時"),
    "b": T(ja="3を足した場合だけ", zh_tw="只有加上 3 時"),
    "c": T(ja="両方", zh_tw="都不變"),
}
same = [change[rms_norm, name] < 1e-9 for name in ("3x", "x + 3")]
predict.choose(guess, options, "c" if all(same) else "a" if same[0] else "b")

# %% [markdown] key="ffn" lang="ja"
# ## 6. フィードフォワード層：受け取ったものから計算する
#
# アテンションがするのは、トークンからトークンへ情報を運び、混ぜることまでです。運ばれてきたものを材料に計算するのが、フィードフォワード層（feed-forward network、FFN）です。
#
# $$\operatorname{FFN}(x) = W_2\, f(W_1 x)$$
#
# $W_1$ は幅 $d$ のベクトルを $4d$ に広げ、活性化関数 $f$（GELUなど）を要素ごとにかけたあと、$W_2$ が $d$ に戻します。どのトークンにも同じ行列を使い、ほかのトークンは見ません。
#
# 予想：アテンションには $d \times d$ の行列が4つあります（$W^Q$、$W^K$、$W^V$、$W^O$）。ブロックの行列の要素のうち、FFNの割合は何%でしょうか。

# %% [markdown] key="ffn" lang="zh-tw"
# ## 6. 前饋網路：用收到的資訊做計算
#
# 注意力做的事，只到「把資訊從一個詞元搬到另一個詞元，再混合起來」。拿這些資訊來計算的，是前饋網路（feed-forward network，FFN）。
#
# $$\operatorname{FFN}(x) = W_2\, f(W_1 x)$$
#
# $W_1$ 把寬度 $d$ 的向量放大成 $4d$，對每個元素套用啟動函數 $f$（例如 GELU），再由 $W_2$ 變回 $d$。每個詞元用的都是同樣的矩陣，而且看不到其他詞元。
#
# 先猜猜看：注意力有 4 個 $d \times d$ 的矩陣（$W^Q$、$W^K$、$W^V$、$W^O$）。區塊裡所有矩陣的元素當中，FFN 占百分之幾？

# %% key="ffn-share"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

sizes = {}
for part in ("attention", "ffn"):
    matrices = [m["weight"] for m in w["blocks"]["0"][part].values()]
    sizes[part] = sum(matrix.numel() for matrix in matrices)
ffn_share = sizes["ffn"] / sum(sizes.values())
predict.compare(guess, 100 * ffn_share, "%")

# %% [markdown] key="positions" lang="ja"
# ## 7. 位置：何番目かを伝える5つの方法
#
# 残る部品は、位置の情報です。レッスン01の10節では、位置の情報がないと、トークンを並べ替えても出力が同じように並べ替わるだけでした。では、どう伝えればよいのでしょうか。実際のモデルは、次のどれかを使います。
#
# | 方法 | どこに入れるか | 使うモデル |
# |---|---|---|
# | なし | 入れない（因果マスクだけが順序を伝える） | 一部のデコーダー |
# | 学習する位置埋め込み | 位置ごとのベクトルを、埋め込みに足す | BERT、GPT-2 |
# | 正弦波 | 決まった波の値を、埋め込みに足す | 最初のTransformer |
# | 相対位置バイアス | 距離ごとの数を、スコアに足す | T5 |
# | RoPE | 位置の角度だけ、クエリとキーを回転させる | Llama 3 |
#
# RoPE（回転位置埋め込み、rotary position embedding）では、位置 $m$ のクエリを角度 $m\theta$、位置 $n$ のキーを角度 $n\theta$ だけ回します（要素を2つずつ組にし、組ごとに違う $\theta$ を使います）。内積は、2本のベクトルがなす角だけで決まります。
#
# 予想：位置5のクエリと位置3のキーのスコアを計算します。次に、同じベクトルを100ずつ後ろへずらし、位置105と位置103に置きます。スコアはどうなるでしょうか。
#
# - `"a"`：変わらない
# - `"b"`：遠くへ動かした分、小さくなる
# - `"c"`：まったく別の値になる

# %% [markdown] key="positions" lang="zh-tw"
# ## 7. 位置：告訴模型「第幾個」的 5 種方法
#
# 剩下的零件是位置資訊。第 01 課第 10 節看過，沒有位置資訊時，打亂詞元的順序，輸出只會跟著換位置。那要怎麼告訴模型呢？實際的模型會用下面其中一種方法。
#
# | 方法 | 放在哪裡 | 使用的模型 |
# |---|---|---|
# | 沒有 | 不放（只靠因果遮罩透露順序） | 一部分的解碼器 |
# | 可訓練的位置嵌入 | 每個位置一個向量，加到嵌入上 | BERT、GPT-2 |
# | 正弦波 | 固定的波的數值，加到嵌入上 | 最早的 Transformer |
# | 相對位置偏差 | 每種距離一個數，加到分數上 | T5 |
# | RoPE | 依位置的角度，旋轉查詢和鍵 | Llama 3 |
#
# RoPE（旋轉位置嵌入，rotary position embedding）把位置 $m$ 的查詢轉 $m\theta$ 的角度，位置 $n$ 的鍵轉 $n\theta$ 的角度（元素兩個一組，每組用不同的 $\theta$）。內積只由兩個向量的夾角決定。
#
# 先猜猜看：算出位置 5 的查詢和位置 3 的鍵的分數。接著把同樣的向量都往後移 100，放到位置 105 和 103。分數會怎樣？
#
# - `"a"`：不變
# - `"b"`：移到遠處，所以變小
# - `"c"`：變成完全不同的值

# %% key="rope-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

q, k = torch.randn(2, 1, 16, dtype=torch.float64)


def score(m, n):
    turned = [triad.rotated(x, torch.tensor([1.0 * place])) for x, place in ((q, m), (k, n))]
    return (turned[0] @ turned[1].T).item()


near, far = score(5, 3), score(105, 103)
options = {
    "a": T(ja="変わらない", zh_tw="不變"),
    "b": T(ja="小さくなる", zh_tw="變小"),
    "c": T(ja="別の値になる", zh_tw="變成不同的值"),
}
changed = abs(near - far) > 1e-6
predict.choose(guess, options, "a" if not changed else "b" if abs(far) < abs(near) / 2 else "c")

# %% key="rope-table"
from helpers.models import positions

drift = {kind: positions.drift(positions.scores(kind)) for kind in positions.KINDS}
labels = T(
    ja="なし|学習する位置埋め込み|正弦波|相対位置バイアス|RoPE",
    zh_tw="沒有|可訓練的位置嵌入|正弦波|相對位置偏差|RoPE",
).split("|")
show.tabulate(
    T(ja="方法|距離が同じスコアのずれの最大値", zh_tw="方法|距離相同的分數，最大的差距"),
    [[label, f"{gap:.2g}"] for label, gap in zip(labels, drift.values())],
)

# %% [markdown] key="real" lang="ja"
# ## 8. 本物のブロックを、手で計算する
#
# ここまでの部品で、本物のモデルのブロックを説明できるのでしょうか。確かめる方法は1つです。`transformers`のブロックと同じ重み、同じ入力で、手で書いたブロックが同じ出力になるかを見ます。BERT、GPT-2、T5、Llamaの4つを、1つの関数`triad.block`で計算します。4つの違いは、関数に渡す設定（`Design`）だけです。

# %% [markdown] key="real" lang="zh-tw"
# ## 8. 親手算出真正的區塊
#
# 到目前為止的零件，真的足以說明實際模型的區塊嗎？確認的方法只有一個：用和 `transformers` 的區塊相同的權重、相同的輸入，看看自己寫的區塊能不能算出相同的輸出。BERT、GPT-2、T5、Llama 這 4 種，都用同一個函式 `triad.block` 計算；這 4 種的差別，只在傳給函式的設定（`Design`）。

# %% key="real-gaps"
from helpers.models import real_blocks

x = torch.randn(2, 10, width)
block_gaps = {}
for name in real_blocks.BLOCKS:
    block, config = real_blocks.make(name)
    theirs, ours = (f(block, config, x) for f in (real_blocks.run, real_blocks.by_hand))
    block_gaps[name] = (ours - theirs).abs().max().item()
    print(f"{name:18} {block_gaps[name]:.2g}")

# %% key="real-table"
properties = T(
    ja="norm:正規化|norms_first:部品の前で正規化|is_causal:因果マスク|knows_order:ブロックの中で位置を使う|divisor:スコアを割る数|adds_vectors:バイアスを足す|kv_heads:キーとバリューのヘッド（クエリは4）|activation:活性化関数|ffn_matrices:FFNの行列",
    zh_tw="norm:正規化|norms_first:在零件之前正規化|is_causal:因果遮罩|knows_order:在區塊裡使用位置|divisor:分數除以|adds_vectors:加上偏差|kv_heads:鍵和值的頭（查詢是 4）|activation:啟動函數|ffn_matrices:FFN 的矩陣",
)
found = real_blocks.differences()
rows = []
for line in properties.split("|"):
    name, label = line.split(":")
    values = [block[name] for block in found.values()]
    rows.append([label, *({True: "○", False: "×"}.get(v, f"{v}") if isinstance(v, bool) else f"{v}" for v in values)])
show.tabulate(["", *found], rows)

# %% [markdown] key="triad" lang="ja"
# ## 9. 3つの型を、1つのファイルで
#
# 同じブロックから、なぜ3つの型ができるのでしょうか。最初のTransformer（Vaswani et al. 2017）は、翻訳のためのエンコーダー・デコーダー型でした。BERTは、その左半分（エンコーダー）だけを残したものです。GPTは、右半分（デコーダー）から、エンコーダーを見る交差注意を取り除いたものです。図の灰色の部分が、取り除かれた部品です。

# %% [markdown] key="triad" lang="zh-tw"
# ## 9. 用一個檔案組出三大架構
#
# 同樣的區塊，為什麼能組出 3 種架構？最早的 Transformer（Vaswani et al. 2017）是為翻譯設計的編碼器－解碼器。BERT 只留下它的左半邊（編碼器）；GPT 則是留下右半邊（解碼器），再拿掉用來看編碼器的交叉注意力。圖中灰色的部分，就是拿掉的零件。

# %% key="triad-diagram"
block_diagrams.family()

# %% key="triad-source"
import inspect

print(inspect.getsource(triad))

# %% key="triad-check"
from helpers.models import encoder, encoder_decoder

bert, t5 = encoder.load(), encoder_decoder.load()
pairs = encoder_decoder.next_batch(encoder_decoder.examples(50))()
told, seen = pairs["input_ids"], pairs["attention_mask"].bool()
written = t5._shift_right(pairs["labels"])
masked = encoder.next_batch(encoder.rows(50))()
hidden, filled = masked["input_ids"], masked["attention_mask"].bool()

with torch.no_grad():
    logits = {
        "BERT": (triad.encoder(hidden, *weights.take(bert), filled[:, None, None]), bert(hidden, filled)),
        "GPT-2": (triad.decoder(ids, w, design), gpt2(ids)),
        "T5": (
            triad.encoder_decoder(told, written, *weights.take(t5), seen[:, None, None]),
            t5(told, seen, decoder_input_ids=written),
        ),
    }

# %% [markdown] key="triad-after" lang="ja"
# 3つとも、学習済みのモデルと同じ出力になりました。3つの型の違いは、ブロックの中身ではありません。エンコーダー型は全体マスク、デコーダー型は因果マスクで同じブロックを重ね、エンコーダー・デコーダー型は、その2つを交差注意でつなぎます。これからのレッスンで「層」と書くときは、このファイルの`block`を指します。

# %% [markdown] key="triad-after" lang="zh-tw"
# 3 種的輸出都和訓練好的模型相同。三大架構的差別，並不在區塊的內容：encoder-only 用全部遮罩、decoder-only 用因果遮罩來疊同樣的區塊，編碼器－解碼器則是用交叉注意力把這樣的兩組區塊接起來。之後的課寫到「層」的時候，指的就是這個檔案裡的 `block`。

# %% [markdown] key="cost" lang="ja"
# ## 10. 設計図から、大きさを求める
#
# 公開されたモデルには、`config.json`という設計図が付いています。ブロックの中身がわかったので、読むだけでパラメータの数を1個単位まで計算できます。Llama 3 8Bで試しましょう。
#
# 予想：`tie_word_embeddings`が`true`なら、埋め込みの行列を、出力を計算する行列としても使います。Llama 3 8Bは`false`で、2つの行列を別々に持ちます。`true`にすると、パラメータは何億個減るでしょうか（`vocab_size`は128,256、`hidden_size`は4,096）。

# %% [markdown] key="cost" lang="zh-tw"
# ## 10. 從設計圖算出大小
#
# 公開的模型都附有一份設計圖 `config.json`。既然已經知道區塊的內容，只要讀設計圖，就能把參數的數量算到個位數。用 Llama 3 8B 試試看。
#
# 先猜猜看：`tie_word_embeddings` 是 `true` 的話，嵌入的矩陣也拿來當作計算輸出的矩陣。Llama 3 8B 是 `false`，兩個矩陣分開存放。如果改成 `true`，參數會減少幾億個？（`vocab_size` 是 128,256，`hidden_size` 是 4,096。）

# %% [markdown] key="flops" lang="ja"
# ## 11. 系列長と計算量
#
# 計算量も、同じ設計図から求まります。FFNの中間の幅が $4d$ のブロックでは、1トークンあたりのFLOPsは、行列を掛ける部分が $24 d^2$、トークンの組ごとに計算する部分（$QK^\top$ と、重み×$V$）が $4 n d$ です。前者は系列長 $n$ によらず、後者は $n$ に比例します。2つが等しくなるのは $n = 6d$ のときで、レッスン01の11節で測った境目は、ここから来ています。
#
# 次の図は、$d$ が64、768、4,096の場合に、組ごとの計算が占める割合です。

# %% [markdown] key="flops" lang="zh-tw"
# ## 11. 序列長度與運算量
#
# 運算量也能從同一份設計圖求出。FFN 中間寬度是 $4d$ 的區塊，每個詞元的 FLOPs 分成兩部分：乘上矩陣的部分是 $24 d^2$，逐組計算的部分（$QK^\top$，以及權重乘上 $V$）是 $4 n d$。前者與序列長度 $n$ 無關，後者與 $n$ 成正比。$n = 6d$ 時這兩個部分相等，第 01 課第 11 節測到的分界，就是這樣來的。
#
# 下圖是 $d$ 為 64、768、4,096 時，逐組計算所占的比例。

# %% key="flops-figure"
import matplotlib.pyplot as plt

lengths = [2**k for k in range(6, 21)]
fig, ax = plt.subplots(figsize=(7, 3.6))
for d in (64, 768, 4096):
    ax.plot(lengths, [n / (n + 6 * d) for n in lengths], label=f"d = {d:,}")
charts.frame(ax, T(ja="系列長 n", zh_tw="序列長度 n"), T(ja="組ごとの計算の割合", zh_tw="逐組計算的比例"), log="x")
ax.axhline(0.5, color="black", linestyle=":")
ax.legend()
figures.show(fig, T(ja="…", zh_tw="…"))

# %% [markdown] key="flops-after" lang="ja"
# 「長さを2倍にすると計算は4倍」になるのは、$6d$ よりずっと長い系列だけです。幅4,096のモデルなら、24,576トークンまでは、計算の半分以上をトークンごとの行列積が占めます。

# %% [markdown] key="flops-after" lang="zh-tw"
# 「長度變成 2 倍，運算量就變成 4 倍」，只在序列遠比 $6d$ 長時才成立。寬度 4,096 的模型，在 24,576 個詞元以內，運算有一半以上是逐詞元的矩陣乘法。

# %% [markdown] key="summary" lang="ja"
# ## 14. できるようになったこと
#
# - 部品を1つ外すと何が失われるかを、測った結果で説明できる
# - `config.json`を読み、行列の形、パラメータの数、計算量を求められる
# - 1つのブロックから、マスクとつなぎ方を変えて、3つの型を組み立てられる
#
# 次のクイズで確かめましょう。問1から問3と問5は1番目に、問4、問6、問8は2番目に、問7は3番目に対応します。どの問題も、答えは本文に書かれていません。成績には関係しませんが、間違えた選択肢の説明も読んでみてください。

# %% [markdown] key="summary" lang="zh-tw"
# ## 14. 現在你會的事
#
# - 能根據實測的結果，說明拆掉一個零件會少了什麼
# - 能讀 `config.json`，求出矩陣的形狀、參數的數量與運算量
# - 能用同一種區塊，靠改變遮罩和接法，組出三大架構
#
# 用下面的小測驗確認：第 1 到第 3 題和第 5 題對應第 1 項，第 4、6、8 題對應第 2 項，第 7 題對應第 3 項。每一題的答案，課文裡都沒有直接寫。不列入成績，不過選錯的選項也有說明，不妨讀一讀。

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ブロックの中身がわかったので、次は、それを重ねたモデルに何を学習させるかです。[レッスン03](03_encoder.ipynb)では、全体マスクのブロックを重ねたBERTに、穴埋めを学習させます。

# %% [markdown] key="next" lang="zh-tw"
# 知道區塊的內容之後，接下來的問題是：疊好的模型要學什麼？[第 03 課](03_encoder.ipynb)會讓用全部遮罩的區塊疊成的 BERT，學習克漏字。
