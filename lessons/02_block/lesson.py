# %% [markdown] key="title" lang="ja"
# # ブロック：アテンションからTransformerへ
#
# 「2層、幅64のBERT」の「層」に入っているのは、アテンションだけではありません。このレッスンでは、部品を外したり替えたりして学習させ、それぞれの役割を測ります。最後に、120行のコードで3つの型を組み立て、学習済みのモデルと同じ出力になることを確かめます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | 部品の役割を実験の結果で説明し、1つのブロックから3つの型を組み立て、`config.json`からモデルの大きさを計算できる |
# | 前提知識 | レッスン01の内容、勾配と損失の考え方 |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |
#
# 元のページにブロックの説明はないので、この教材自身の主張（E01など）を確かめます。

# %% [markdown] key="title" lang="zh-tw"
# # 區塊：從注意力到 Transformer
#
# 這門課的 BERT 是「2 層、寬度 64」，但每一層並不只有注意力。這一課把零件拿掉或換掉、重新訓練，測量每個零件負責什麼；最後用 120 行的程式組出三大架構，確認它們的輸出和訓練好的模型相同。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能根據拿掉零件的實驗結果，說明區塊裡各零件的用途；能用同一種區塊組出三大架構；能從 `config.json` 算出模型的大小 |
# | 先備知識 | 第 01 課的內容、梯度與損失的概念 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |
#
# 原網頁沒有說明區塊，所以這一課主要檢驗這門課自己的說法（編號 E01 等）。

# %% key="imports"
import inspect

import matplotlib.pyplot as plt
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
# アテンションの出力は、バリューの重み付き平均なので、ばらつきは小さくなります。では、何層も重ねると、トークンの違いはどこまで残るのでしょうか。
#
# ランダムな6本のベクトル20組を、ランダムな重みのアテンション（レッスン01の関数）に通し、違うトークンどうしの向きを、コサイン類似度の平均で比べます（無関係なら約0、同じなら1）。1層の値は、次のセルに出ます。
#
# 予想：4層のあとの類似度は、どれに最も近いでしょうか。
#
# - `"a"`：0.2
# - `"b"`：0.6
# - `"c"`：1.0

# %% [markdown] key="alone" lang="zh-tw"
# ## 1. 只疊注意力，會怎麼樣？
#
# 注意力的輸出是值的加權平均，而取平均會讓差異變小。那麼，一層又一層疊上去，詞元之間的差異還剩下多少？
#
# 準備六個隨機向量（20 組），讓它們通過一層又一層的注意力（第 01 課的函式，權重矩陣也隨機），再看不同詞元之間餘弦相似度的平均（方向無關時約為 0，全都相同時是 1）。下一個儲存格先測出 1 層之後的值。
#
# 預測：通過 4 層之後，相似度最接近哪一個？
#
# - `"a"`：0.2
# - `"b"`：0.6
# - `"c"`：1.0

# %% key="alone-code"
from helpers.models.triad import attention

width = 64
start = torch.randn(20, 6, width)  # (20, T, width)


def similarity(x):
    #| ja: 違うトークンどうしのコサイン類似度の平均（x: (T, width)）
    #| zh-tw: 不同詞元之間餘弦相似度的平均（x: (T, width)）
    cosines = F.normalize(x) @ F.normalize(x).T  # (T, T)
    return cosines[~torch.eye(len(x)).bool()].mean().item()


def only_attention(x, layers, add=False):
    for _ in range(layers):
        w_q, w_k, w_v = torch.randn(3, width, width) / width**0.5
        out, _ = attention(x @ w_q, x @ w_k, x @ w_v)
        x = x + out if add else out
    return x


def after(layers, add=False):
    return sum(similarity(only_attention(x, layers, add)) for x in start) / len(start)


print(T(ja="1層のあと：", zh_tw="1 層之後："), f"{after(1):.2f}")


# %% key="alone-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

alone = after(4)
options = {"a": "0.2", "b": "0.6", "c": "1.0"}
nearest = min(options, key=lambda key: abs(float(options[key]) - alone))
predict.choose(guess, options, nearest)

# %% [markdown] key="block" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# ほぼ1です。平均を重ねて見分けられなくなったトークンからは、同じ答えしか出ません。
#
# </details>
#
# 違いを残し、値の大きさを保ち、トークンごとに計算する仕組みも要ります。これらとアテンションを組み合わせた単位が、ブロック（block）です（何番目かの情報はあとの節）。「2層、幅64」は、ブロックを2つ重ね、その間を流れるベクトルが64次元だという意味です（$d = 64$）。

# %% [markdown] key="block" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 相似度幾乎等於 1。平均了一次又一次，詞元之間就分不出誰是誰，得到的答案也就都一樣。
#
# </details>
#
# 另外還缺少在每個詞元內部做計算的地方、維持數值大小的機制，以及「排第幾個」的資訊。所以要把這些零件和注意力組合成一個單位，這就是區塊（block）。「2 層」是疊了兩個區塊；「寬度 64」是指區塊之間傳遞的向量有 64 維（$d = 64$）。接下來逐一檢查這些零件，圖裡的用語也會在各節說明（圖上沒有畫出位置資訊：有的模型在進入第一個區塊之前就加好了）。

# %% key="block-diagram"
from helpers.display import block_diagrams

block_diagrams.block("pre")

# %% [markdown] key="heads" lang="ja"
# ## 2. ヘッドを分けるのはなぜか
#
# ヘッドを分けても、重み行列の大きさは変わらないのに（レッスン01の8節）、何がよくなるのでしょうか。1つのヘッドの重みは合計1なので、参照先が2つあれば、重みを分け合うか、片方をあきらめるしかありません。そこで、2つの事実を使う問題を解かせます。
#
# - 文：6トークン（どれも、人の名前と好きな色の組。色は4色）
# - 質問：1トークン（2人の名前の組）。答えは2人の色（2つとも当たれば正解）
#
# アテンション1層だけのモデルで、ヘッドが2つなら、正解率は1になります。
#
# 予想：ヘッドを1つにすると、正解率はどれに最も近いでしょうか。
#
# - `"a"`：$1$（2色とも答えられる）
# - `"b"`：$\frac{5}{8}$（2色はわかるが、順番は当てずっぽう）
# - `"c"`：$\frac{1}{4}$（片方の色しかわからない）

# %% [markdown] key="heads" lang="zh-tw"
# ## 2. 為什麼要分成好幾個頭？
#
# 分成好幾個頭，權重矩陣的大小並沒有改變（第 01 課第 8 節）。那麼好處在哪裡？一個頭的權重總和是 1，要看的地方有 2 處時，不是把權重分給兩邊，就是放棄其中一邊。所以來出一種要用到 2 項事實的題目。
#
# - 句子：6 個詞元，每個詞元是一個人的名字和他喜歡的顏色（四種之一）
# - 問題：一個詞元，裡面放了兩個人的名字；所以要找答案的，只有一個查詢。兩個人的顏色分開回答，2 個都對才算答對
#
# 模型只有 1 層注意力；用兩個頭的話，正確率會達到 1。
#
# 預測：改成一個頭，正確率最接近哪一個？
#
# - `"a"`：$1$（兩種顏色都答得出來）
# - `"b"`：$\frac{5}{8}$（知道是哪兩種顏色，但誰是哪一種只能亂猜）
# - `"c"`：$\frac{1}{4}$（只知道其中一個人的顏色）

# %% key="heads-code"
from helpers.models import block_tasks
from helpers.models.variants import Switches


def learned(task, steps, rate=1e-2, seed=0, **switches):
    #| ja: 小さなモデルを学習させ、新しい問題での正解率を返す
    #| zh-tw: 訓練小模型，回傳它在新題目上的正確率
    model, _ = block_tasks.trained(task, Switches(**switches), steps, rate, seed)
    return block_tasks.accuracy(model, task)


# %% key="heads-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

by_heads = {}
for heads in (1, 2):
    runs = [learned("pair", 400, seed=s, heads=heads, feed_forward="none") for s in (0, 1)]
    by_heads[heads] = sum(runs) / 2

options = {
    "a": "1",
    "b": "5/8",
    "c": "1/4",
}
values = {"a": 1, "b": 5 / 8, "c": 1 / 4}
nearest = min(values, key=lambda key: abs(values[key] - by_heads[1]))
predict.choose(guess, options, nearest)

# %% [markdown] key="query-key" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約 $\frac{1}{4}$ です。分け合うほうがよいのに、片方をあきらめました。別に調べた4つのシードでも、片方の色だけが当たります。理由は調べていませんが、ヘッド1つの限界ではありません。教材の記録（3つのシード）では、FFN（6節）を足して学習率を下げると、ヘッドが1つでも解けました。
#
# </details>
#
# ## 3. クエリとキーの行列は、なぜ別々なのか
#
# クエリもキーも同じ $x$ から作ります。行列も同じにすると（$W^Q = W^K$）、$i$ から $j$ へのスコアは、$j$ から $i$ へのスコアと等しくなります。「次を探す」ヘッドが、前も参照してしまいそうです。
#
# 円く並んだ7つの場所に、4種類の贈り物があります（1トークンが、場所と贈り物の組。並びはばらばら）。場所ごとに、次の場所の贈り物を答えさせます。
#
# 予想：次と前を区別できず、どちらかを当てずっぽうで選ぶと、正解率はいくつでしょうか（前の場所の贈り物も、$\frac{1}{4}$ の確率で次の場所と同じ種類です）。

# %% [markdown] key="query-key" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 $\frac{1}{4}$：分給兩邊明明比較好，模型卻放棄了其中一邊。另外查過四個種子，也都是其中一個人的顏色全部答對，另一個人的只能亂猜。為什麼沒學到比較好的分法，這裡沒有查明；但這不是一個頭的極限：根據教材附的紀錄（三個種子），加上前饋網路（FFN，第 6 節）並調低學習率之後，一個頭也答得出來。
#
# </details>
#
# ## 3. 查詢和鍵的矩陣，為什麼要分開？
#
# 查詢和鍵都從同一個 $x$ 算出來，為什麼不共用矩陣？如果 $W^Q = W^K$，$i$ 對 $j$ 的分數，就等於 $j$ 對 $i$ 的分數。原本要「找下一個」的頭，恐怕也會看到前一個。
#
# 把這一點做成題目：七個地點依固定順序排成一圈，各有四種禮物之一；詞元是「地點和禮物」，順序打亂。對每個地點，都要回答下一個地點的禮物。
#
# 預測：假設分不出下一個和前一個，只能任選一邊的禮物回答，正確率是多少？（前一個地點的禮物，也有 $\frac{1}{4}$ 的機率和下一個地點同種。）

# %% key="query-key-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

by_matrices = {}
for one_matrix in (True, False):
    switches = {"heads": 1, "one_matrix": one_matrix, "feed_forward": "none"}
    by_matrices[one_matrix] = learned("next", 400, **switches)
predict.compare(guess, by_matrices[True])

# %% key="heads-claim"
print(
    T(
        ja=f"行列が2つのとき：{by_matrices[False]:.2f}",
        zh_tw=f"用兩個矩陣時：{by_matrices[False]:.2f}",
    )
)
claims.check(
    "E02",
    {
        "one_head": by_heads[1],
        "two_heads": by_heads[2],
        "one_matrix": by_matrices[True],
        "two_matrices": by_matrices[False],
    },
)

# %% [markdown] key="residual" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 計算では、$\frac{1}{2} \times 1 + \frac{1}{2} \times \frac{1}{4} = 0.625$ ですが、測定値は、もっと低いこともあります。行列が2つなら、探すものと目印を別々に決められるので、正解率は1です。
#
# </details>
#
# ## 4. 残差接続：置き換えずに、足す
#
# 1節で消えたトークンの違いを残すには、部品の出力で置き換えずに、入力に足せばよいのです。
#
# $$x \leftarrow x + f(x)$$
#
# これを残差接続（residual connection）と呼びます。どの部品の出力も足すだけなら、最後のベクトル（正規化の前）は、埋め込みと全部品の出力の和になるはずです。部品の出力が足されていくこのベクトルを、残差ストリーム（residual stream）と呼びます。
#
# 予想：学習済みの小さなGPT-2（2層）の最後のベクトルは、埋め込みに、いくつの出力を足したものでしょうか（1節の図）。

# %% [markdown] key="residual" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 照計算是 $\frac{1}{2} \times 1 + \frac{1}{2} \times \frac{1}{4} = 0.625$；實測值可能更低，每個種子不同。用兩個矩陣，「要找什麼」和「被找時亮出什麼」就能分開決定，正確率就是 1。
#
# </details>
#
# ## 4. 殘差連接：不取代，而是相加
#
# 第 1 節裡，詞元的差異消失了。要留住差異，最簡單的方法，是把零件的輸出加到輸入上，而不是取代輸入。
#
# $$x \leftarrow x + f(x)$$
#
# 這叫做殘差連接（residual connection）。既然每個零件的輸出都只是加上去，最後的向量（在最後一次正規化之前），應該等於嵌入加上所有零件的輸出。一路累加的這個向量，叫做殘差流（residual stream）。用訓練好的小型 GPT-2（2 層）來確認。
#
# 預測：最後的向量，是嵌入加上幾個輸出（參考第 1 節的圖）？

# %% key="residual-parts"
from helpers.models import decoder, triad, weights


def added_by(stream, layer, design, mask):
    #| ja: 1つのブロックで、アテンションとFFNが足すもの（stream: (1, n, width)）
    #| zh-tw: 一個區塊裡，注意力和 FFN 各加上了什麼（stream: (1, n, width)）
    x = triad.norm(stream, layer["norms"]["0"], design)
    attended = triad.multi_head(x, x, layer["attention"], design, mask)
    x = triad.norm(stream + attended, layer["norms"]["1"], design)
    return attended, triad.feed_forward(x, layer["ffn"], design)


# %% key="residual-sum"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

gpt2 = decoder.load()
w, design = weights.take(gpt2)
ids = decoder.rows(1)[:1]  # (1, n)
n = ids.size(1)
parts = [w["embedding"]["weight"][ids] + w["positions"]["weight"][:n]]
for layer in w["blocks"].values():
    parts += added_by(sum(parts), layer, design, torch.ones(n, n).tril().bool())

predict.compare(guess, len(parts) - 1, T(ja="個", zh_tw=" 個"))

# %% key="residual-gap"
last = triad.norm(sum(parts), w["norm"], design)
with torch.no_grad():
    sum_gap = (last - gpt2.transformer(ids).last_hidden_state).abs().max().item()
names = T(
    ja="埋め込み|1層目のアテンション|1層目のFFN|2層目のアテンション|2層目のFFN",
    zh_tw="嵌入|第 1 層的注意力|第 1 層的 FFN|第 2 層的注意力|第 2 層的 FFN",
).split("|")
print(
    T(ja="和を正規化したあとの、GPT-2との差：", zh_tw="總和經過最後的正規化，與 GPT-2 的差距："),
    f"{sum_gap:.2g}",
)
print(
    T(
        ja="ベクトルの長さの平均（足したもの、足したあと）",
        zh_tw="向量的平均長度（加上的、加完之後的）",
    )
)
stream = 0
for name, part in zip(names, parts):
    stream = stream + part
    added, total = (y.norm(dim=-1).mean().item() for y in (part, stream))
    print(f"{added:6.1f} {total:6.1f}  {name}")

# %% [markdown] key="residual-train" lang="ja"
# GPT-2と一致しました。では、残差接続を外すと、どうなるでしょうか。8種類の記号を16個並べ、2番目からの各位置で「1つ前の記号」を答えさせます。残差接続があれば、8層でも150ステップで正解率が1になります。
#
# 予想：8層の残差接続だけを外すと、正解率はどうなるでしょうか（当てずっぽうなら0.125）。
#
# - `"a"`：ほぼ1
# - `"b"`：0.6くらい
# - `"c"`：0.3以下

# %% [markdown] key="residual-train" lang="zh-tw"
# 加起來果然和 GPT-2 一致。那麼，拿掉殘差連接，還學得會嗎？排出 16 個符號（共八種），從第 2 個位置起，每個位置都要回答「前一個符號」。有殘差連接的話，就算 8 層，150 步也能讓正確率達到 1。
#
# 預測：8 層的模型只拿掉殘差連接，正確率會怎樣（亂猜是 0.125）？
#
# - `"a"`：幾乎是 1
# - `"b"`：0.6 左右
# - `"c"`：0.3 以下

# %% key="residual-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

reached = {}
for depth, residual in ((2, False), (8, True), (8, False)):
    switches = {"depth": depth, "residual": residual, "position": "learned"}
    reached[depth, residual] = learned("before", 150, **switches)
without = reached[8, False]
options = {
    "a": T(ja="ほぼ1", zh_tw="幾乎是 1"),
    "b": T(ja="0.6くらい", zh_tw="0.6 左右"),
    "c": T(ja="0.3以下", zh_tw="0.3 以下"),
}
predict.choose(guess, options, "a" if without > 0.9 else "b" if without > 0.3 else "c")

# %% key="residual-claim"
claims.check("E01", {"alone": alone, "added": after(4, add=True)})
claims.check(
    "E03",
    {
        "sum_gap": sum_gap,
        "parts": len(parts) - 1,
        "with": reached[8, True],
        "without": without,
        "shallow": reached[2, False],
    },
)

# %% [markdown] key="norm" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# ほとんど学習しません（2層なら、別に調べた6つのシードで0.79〜1）。$x + f(x)$ の微分は $1 + f'(x)$ なので、勾配の一部は、部品を通らずに最初の層まで届きます。外すと、$f'(x)$ を掛けるうちに勾配が失われ、1節のようにトークンの違いも消えると考えられます。
#
# </details>
#
# ## 5. 正規化：部品に渡す前に、大きさをそろえる
#
# 足し続けるとベクトルは大きくなります（4節）。ところが、softmaxも活性化関数（6節）も、入力の大きさで振る舞いが変わります。そこで、部品の前で、トークンごとに大きさをそろえます（pre-normという置き方です）。
#
# - LayerNorm（層正規化、layer normalization）：要素の平均を引いてから、標準偏差で割る
# - RMSNorm：平均は引かず、要素の2乗の平均の平方根で割る
#
# 実際はさらに学習した数を掛けます（LayerNormでは足しもします）。
#
# 予想：RMSNormの出力が変わらないのは、どの場合でしょうか。
#
# - `"a"`：ベクトルを3倍にした場合だけ
# - `"b"`：すべての要素に3を足した場合だけ
# - `"c"`：両方

# %% [markdown] key="norm" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 幾乎學不起來（2 層的話，另外查過六個種子，正確率是 0.79～1）。$x + f(x)$ 的微分是 $1 + f'(x)$，所以一部分梯度可以不經過零件，直接傳到第一層；拿掉之後，梯度要不斷乘上 $f'(x)$，應該是傳到半路就消失了；第 1 節看到的「詞元變得一樣」也可能是原因。
#
# </details>
#
# ## 5. 正規化：交給零件之前，先把大小調成一致
#
# 從第 4 節印出的長度看得出，一直加下去，向量會越來越大；可是 softmax 和啟動函數（activation function，第 6 節）的反應，都會隨輸入的大小改變。所以在進入零件之前，要替每個詞元把大小調成一致，這就是正規化（放在零件之前的做法，叫做 pre-norm）。
#
# - LayerNorm（層正規化，layer normalization）：先減去各元素的平均，再除以標準差
# - RMSNorm：不減平均，只除以「各元素平方的平均」的平方根
#
# 實際的模型還會再乘上訓練出來的數（LayerNorm 也會加上訓練出來的數）。
#
# 預測：哪一種情形，RMSNorm 的輸出不會變？
#
# - `"a"`：只有把向量變成 3 倍時
# - `"b"`：只有把每個元素都加上 3 時
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
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 3倍にすると分子も分母も3倍になるので、どちらの正規化でも変わりません。3を足すと、LayerNormでは平均も3増えて打ち消されますが、RMSNormでは変わります。RMSNormは、平均を引かない分だけ計算が軽く、Llamaなどで使われています。
#
# </details>
#
# ## 6. フィードフォワード層：受け取ったものから計算する
#
# アテンションは、トークンの間で情報を運び、混ぜるだけです。集めた情報を材料に計算するのが、フィードフォワード層（feed-forward network、FFN）です。
#
# $$\operatorname{FFN}(x) = W_2\, f(W_1 x)$$
#
# $W_1$ は $d$ 次元を $4d$ 次元（中間の幅）に広げ、1次式でない活性化関数 $f$（GELUなど）を要素ごとに適用し、$W_2$ が $d$ 次元に戻します。どのトークンにも同じ行列を使い、ほかのトークンは見ません。
#
# 予想：アテンションには、$d \times d$ の行列が4つあります。ブロックの行列の要素のうち、FFNが占めるのは何%でしょうか。

# %% [markdown] key="ffn" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 變成 3 倍時，分子和分母都變成 3 倍，所以不管哪種正規化都不變。加上 3 時，LayerNorm 的平均也會增加 3，互相抵消；RMSNorm 則會改變。RMSNorm 少了減去平均這一步，運算量比較少，Llama 等模型都採用它。
#
# </details>
#
# ## 6. 前饋網路：用收到的資訊做計算
#
# 注意力只是把資訊從一個詞元搬到另一個詞元，再混合起來。拿這些資訊來計算的，是前饋網路（feed-forward network，FFN）。
#
# $$\operatorname{FFN}(x) = W_2\, f(W_1 x)$$
#
# $W_1$ 把 $d$ 維放大成 $4d$ 維（中間的寬度），對每個元素套用啟動函數 $f$（例如 GELU，一種平滑的 ReLU），再由 $W_2$ 變回 $d$ 維。每個詞元用的都是同樣的矩陣，而且看不到其他詞元。
#
# 預測：注意力有四個 $d \times d$ 的矩陣。區塊裡所有矩陣的元素當中，FFN 占百分之幾？

# %% key="ffn-share"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

sizes = {}
for part in ("attention", "ffn"):
    matrices = [m["weight"] for m in w["blocks"]["0"][part].values()]
    sizes[part] = sum(matrix.numel() for matrix in matrices)
ffn_share = sizes["ffn"] / sum(sizes.values())
predict.compare(guess, 100 * ffn_share, "%")

# %% [markdown] key="ffn-without" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# FFNは $8d^2$、アテンションは $4d^2$ なので、約67%です。Llama 3 8BのFFNは、2つの行列の結果を（片方は活性化関数を通して）掛け合わせてから戻すSwiGLU（行列は3つ、中間の幅は $3.5d$）です。アテンションはキーとバリューを共有し（GQA）$2.5d^2$ で、FFNが81%です（10節）。
#
# </details>
#
# FFNは何をしているのでしょうか。アテンションが2色を1つのトークンに運んだとして、同じ色かどうかを答えさせます。入力は2色の埋め込みの和で（半分は同じ色）、正規化は外します。FFNがあれば、正解率は1です。
#
# 予想：FFNを外すと、正解率はどれに最も近いでしょうか。
#
# - `"a"`：1.0
# - `"b"`：0.75
# - `"c"`：0.5

# %% [markdown] key="ffn-without" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# FFN 的矩陣合計 $8d^2$，注意力的矩陣合計 $4d^2$，所以大約是 67%。Llama 3 8B 用的是 SwiGLU：把兩個矩陣的結果逐元素相乘（其中一個先經過啟動函數），再由第 3 個矩陣變回原來的維度。中間的寬度是 $3.5d$；鍵和值的頭又比較少（GQA，注意力的矩陣合計只有 $2.5d^2$），所以 FFN 占 81%（個數見第 10 節的表格）。
#
# </details>
#
# FFN 到底做了什麼？假設注意力已經把兩種顏色搬到同一個詞元，接下來要判斷是否相同。輸入是兩種顏色的嵌入相加；題目有一半是同色，模型不用正規化。有 FFN 時，正確率是 1。
#
# 預測：拿掉 FFN，正確率最接近哪一個？
#
# - `"a"`：1.0
# - `"b"`：0.75
# - `"c"`：0.5

# %% key="ffn-code"
from helpers.models import training
from helpers.models.variants import Transformer

pairs = torch.cartesian_prod(torch.arange(4), torch.arange(4))
alike = pairs[:, 0] == pairs[:, 1]
pairs = torch.cat([pairs[~alike], *[pairs[alike]] * 3])  # (24, 2)
batch = {
    "input_ids": (pairs + torch.tensor([0, 4]))[:, None],  # (24, 1, 2)
    "labels": (pairs[:, :1] == pairs[:, 1:]).long(),
}


def compared(kind, seed):
    model = Transformer(Switches(norm="none", feed_forward=kind), 8, 2, seed)
    training.train(model, lambda: batch, 200, 1e-2, tell_loss=False)
    right = model(**batch).logits.argmax(-1) == batch["labels"]
    return right.double().mean().item()


# %% key="ffn-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

same = {
    kind: sum(compared(kind, seed) for seed in range(3)) / 3 for kind in ("none", "gelu", "swiglu")
}
options = {"a": "1.0", "b": "0.75", "c": "0.5"}
nearest = min(options, key=lambda key: abs(float(options[key]) - same["none"]))
predict.choose(guess, options, nearest)

# %% key="ffn-claim"
claims.check("E05", {"share": ffn_share, **same})

# %% [markdown] key="positions" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約0.5です。トークンが1つならアテンション重みは1で、出力は入力の1次式です。「同じかどうか」は、色ごとの点数の和では決められず（正解率は最大でも0.75）、損失を最小にする答えは、どの組でも確率 $\frac{1}{2}$ です。なお、softmaxと正規化も1次式ではありません。
#
# </details>
#
# ## 7. 位置：何番目かを伝える方法
#
# 残るのは、語順を区別する位置の情報で、モデルは次のどれかで伝えます。
#
# | 方法 | どこに入れるか | モデル |
# |---|---|---|
# | 学習する位置埋め込み | 埋め込みに足す | BERT、GPT-2 |
# | 学習しない正弦波 | 埋め込みに足す | 最初のTransformer |
# | 相対位置バイアス | 距離ごとの数を、スコアに足す | T5 |
# | RoPE（rotary position embedding） | クエリとキーを、位置に応じて回す | Llama 3 |
#
# RoPEは、位置 $m$ のクエリを角度 $m\theta$、位置 $n$ のキーを角度 $n\theta$ だけ回します（2要素の組ごとに、違う $\theta$ を使います）。
#
# 予想：位置5のクエリと位置3のキーを、どちらも100ずつ後ろへずらすと、スコアはどうなるでしょうか。
#
# - `"a"`：変わらない
# - `"b"`：小さくなる
# - `"c"`：大きくなる

# %% [markdown] key="positions" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 正確率大約是 0.5。只有一個詞元時，注意力的權重是 1，所以輸出是輸入的一次式（線性），只能把每種顏色的分數加起來。「是不是相同」沒辦法用分數的和決定：分數選得再好，正確率也只有 0.75。而讓損失最小的答案，是不管哪一組都回答機率 $\frac{1}{2}$。不過，FFN 以外，softmax 和正規化也不是線性的。
#
# </details>
#
# ## 7. 位置：告訴模型「第幾個」的方法
#
# 剩下的是位置資訊（沒有的話，就分不出語序）。實際的模型會用下面其中一種方法。
#
# | 方法 | 放在哪裡 | 模型 |
# |---|---|---|
# | 可訓練的位置嵌入 | 加到嵌入上 | BERT、GPT-2 |
# | 不訓練的正弦波（sinusoidal） | 加到嵌入上 | 最早的 Transformer |
# | 相對位置偏差（relative position bias） | 每種距離一個數，加到分數上 | T5 |
# | RoPE（旋轉位置嵌入，rotary position embedding） | 依位置旋轉查詢和鍵 | Llama 3 |
#
# RoPE 把位置 $m$ 的查詢轉 $m\theta$ 的角度，位置 $n$ 的鍵轉 $n\theta$ 的角度（元素每兩個一組，每組用不同的 $\theta$）。
#
# 預測：把位置 5 的查詢和位置 3 的鍵，都往後移 100，分數會怎樣？
#
# - `"a"`：不變
# - `"b"`：變小
# - `"c"`：變大

# %% key="rope-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

q, k = torch.randn(2, 1, 16, dtype=torch.float64)


def score(m, n):
    places = torch.tensor([[m], [n]], dtype=torch.float64)
    return (triad.rotated(q, places[0]) @ triad.rotated(k, places[1]).T).item()


near, far = score(5, 3), score(105, 103)
options = {
    "a": T(ja="変わらない", zh_tw="不變"),
    "b": T(ja="小さくなる", zh_tw="變小"),
    "c": T(ja="大きくなる", zh_tw="變大"),
}
change = far - near
predict.choose(guess, options, "a" if abs(change) < 1e-9 else "b" if change < 0 else "c")

# %% key="rope-table"
from helpers.models import positions

drift = {kind: positions.drift(positions.scores(kind)) for kind in positions.KINDS}
labels = T(
    ja="位置の情報なし|学習する位置埋め込み|正弦波|相対位置バイアス|RoPE",
    zh_tw="沒有位置資訊|可訓練的位置嵌入|正弦波|相對位置偏差|RoPE",
).split("|")
show.tabulate(
    T(
        ja="方法|距離が同じスコアどうしの差の最大値（0なら、距離だけで決まる）",
        zh_tw="方法|距離相同時，分數的最大差距（0：只由距離決定）",
    ),
    [[label, f"{gap:.2g}"] for label, gap in zip(labels, drift.values())],
)

# %% [markdown] key="rope-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 変わりません。内積を決める角度の差は、どちらも $2\theta$ です。表で差がほぼ0なのは、位置の情報がない場合を除くと、スコアが距離だけで決まる、相対位置バイアスとRoPEです。
#
# </details>
#
# 次のセルで部品を選び、4節の問題の学習曲線を見ましょう。

# %% [markdown] key="rope-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 不變。決定內積的角度差，不管哪種情形都是 $2\theta$。在表格裡，差距幾乎是 0 的，除了分數和位置完全無關的「沒有位置資訊」，就是相對位置偏差和 RoPE：它們的分數只由距離決定。
#
# </details>
#
# 在下面的儲存格改變零件的組合，看看第 4 節那種題目的訓練曲線（事先記錄的）。

# %% key="explore"
from helpers.widgets import BlockExplorer

BlockExplorer()

# %% [markdown] key="real" lang="ja"
# ## 8. 本物のブロックを、1つの関数で計算する
#
# ここまでの部品で、本物のブロックを組み立てられるでしょうか。ライブラリ`transformers`の4つのブロックと、関数`triad.block`に、同じ重みと入力を渡して比べます。変えるのは、設定（`Design`）、マスク、スコアのバイアスだけです。

# %% [markdown] key="real" lang="zh-tw"
# ## 8. 用一個函式算出真正的區塊
#
# 到目前為止的零件，足以組成真正的區塊嗎？把同樣的權重和輸入，交給 `transformers`（公開模型常用的函式庫）的四種區塊，以及同一個函式 `triad.block` 來比較。改變的只有設定（`Design`）、遮罩，以及加到分數上的偏差。

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
properties = "norm subtracts_mean norms_first is_causal knows_order divisor adds_vectors kv_heads"
properties += " activation ffn_matrices"
names = T(
    ja="正規化|平均を引く（引かないのはRMSNorm）|部品の前で正規化|因果マスク（T5はエンコーダー）|ブロックの中で位置を使う",
    zh_tw="正規化|減去平均（不減的是 RMSNorm）|在零件之前正規化|因果遮罩（T5 是編碼器的區塊）|在區塊裡使用位置",
).split("|")
names += T(
    ja="スコアを割る数（次元16の平方根は4）|行列を掛けたあとにベクトルを足す|キーとバリューのヘッド（クエリは4、少なければGQA）|活性化関数|FFNの行列",
    zh_tw="分數除以（每個頭 16 維，平方根是 4）|乘完矩陣後再加上向量|鍵和值的頭（查詢是 4，比它少就是 GQA）|啟動函數|FFN 的矩陣",
).split("|")
found = real_blocks.differences()
rows = []
for name, label in zip(properties.split(), names):
    values = [block[name] for block in found.values()]
    marks = {"True": "○", "False": "×"}
    rows.append([label, *(marks.get(str(value), str(value)) for value in values)])
show.tabulate(["", *found], rows)
claims.check("E07", block_gaps)

# %% [markdown] key="triad" lang="ja"
# ## 9. 3つの型を、1つのファイルで
#
# 8節の4つは、どれも一致しました。では、同じ部品から、なぜ3つの型ができるのでしょうか。最初のTransformer（Vaswani et al. 2017）は、翻訳のためのエンコーダー・デコーダー型でした。BERTはエンコーダー（1つ目の図の左）だけを残し、GPTはデコーダー（右）から交差注意を取り除きました。2017年の正規化は、足したあとにありました（post-norm、もう1つの図）。

# %% [markdown] key="triad" lang="zh-tw"
# ## 9. 用一個檔案組出三大架構
#
# 第 8 節的四種區塊都一致。那麼，同樣的零件為什麼能組出三種架構？最早的 Transformer（Vaswani et al. 2017）是為翻譯設計的編碼器－解碼器。BERT 只留下它的編碼器（下面第一張圖的左邊）；GPT 則留下解碼器（右邊），並拿掉參考編碼器的交叉注意力。第二張圖的正規化放在相加之後：這是 2017 年的放法，叫做 post-norm（前面那張區塊的圖，則是 pre-norm）。

# %% key="triad-diagram"
block_diagrams.family()

# %% key="triad-cut"
block_diagrams.cut("bert", "gpt")

# %% [markdown] key="triad-source-text" lang="ja"
# 次のセルに`helpers/models/triad.py`の全体を表示します。ブロックを計算する`block`、それを重ねる`stack`、最後の3つの関数を読みましょう。`encoder`と`decoder`の違いは、`causal`と、`stack`のあとだけです。

# %% [markdown] key="triad-source-text" lang="zh-tw"
# 下面的儲存格會印出 `helpers/models/triad.py` 的全文。請讀計算區塊的 `block`、把區塊疊起來的 `stack`，以及最後的三個函式。`encoder` 和 `decoder` 的差別，只有 `causal` 和 `stack` 之後的部分。

# %% key="triad-source"
#| ja: memory：エンコーダーの出力、real：Falseは長さをそろえるパディング（padding）、written：デコーダーの入力
#| zh-tw: memory：編碼器的輸出；real：False 的是填補（padding），不是真的詞元；written：解碼器的輸入
#| ja: encoderは、stackのあと、行列、活性化関数、正規化を通してから、ロジットを求める
#| zh-tw: encoder 在 stack 之後，先經過矩陣、啟動函數和正規化，才算出 logits
#| ja: distance_biasは、T5だけが使うので、飛ばしてかまわない（レッスン05）
#| zh-tw: distance_bias 只有 T5 用到，可以先跳過（第 05 課）
print(inspect.getsource(triad))

# %% key="triad-check"
from helpers.models import encoder, encoder_decoder

bert, t5 = encoder.load(), encoder_decoder.load()
pairs = encoder_decoder.next_batch(encoder_decoder.examples(50))()
told, seen = pairs["input_ids"], pairs["attention_mask"].bool()
#| ja: 正解を右へ1つずらして、デコーダーの入力にする
#| zh-tw: 把正確答案往右移 1 格，當作解碼器的輸入
written = t5._shift_right(pairs["labels"])
masked = encoder.next_batch(encoder.rows(50))()
hidden, filled = masked["input_ids"], masked["attention_mask"].bool()

with torch.no_grad():
    logits = {
        "BERT": (
            triad.encoder(hidden, *weights.take(bert), filled[:, None, None]),
            bert(hidden, filled),
        ),
        "GPT-2": (triad.decoder(ids, w, design), gpt2(ids)),
        "T5": (
            triad.encoder_decoder(told, written, *weights.take(t5), seen[:, None, None]),
            t5(told, seen, decoder_input_ids=written),
        ),
    }

# %% key="triad-claim"
relative = {
    name: ((ours - theirs.logits).abs().max() / theirs.logits.abs().max()).item()
    for name, (ours, theirs) in logits.items()
}
claims.check("C01", {name.lower().replace("-", ""): gap for name, gap in relative.items()})

# %% [markdown] key="cost" lang="ja"
# 3つとも一致しました。型を分けるのは、マスクとつなぎ方です。
#
# ## 10. 設計図から、大きさを求める
#
# 公開されたモデルの設計図`config.json`とモデルの種類から、パラメータ数を1個単位まで計算できます。
#
# 予想：Llama 3 8B（`vocab_size`は128,256、`hidden_size`は4,096）で、埋め込みの行列を出力にも使うと（`tie_word_embeddings`が`true`）、パラメータは何億個減るでしょうか。

# %% [markdown] key="cost" lang="zh-tw"
# 三種都和訓練好的模型一致。區分架構的是遮罩和接法。
#
# ## 10. 從設計圖算出大小
#
# 公開的模型通常附有設計圖 `config.json`。知道是哪一類模型，就能靠它把參數量算得一個不差。
#
# 預測：Llama 3 8B（`vocab_size` 是 128,256，`hidden_size` 是 4,096）如果把嵌入的矩陣也用來計算輸出（`tie_word_embeddings` 設成 `true`），參數會減少幾億個？

# %% key="cost-guess"
from helpers import blueprint

#| ja: Noneを、予想した数（億個）に書き換える
#| zh-tw: 把 None 改成你預測的數字（億個）
guess = None

llama = blueprint.config("llama-3-8b")
apart = sum(blueprint.parts(llama).values())
tied = sum(blueprint.parts(llama | {"tie_word_embeddings": True}).values())
predict.compare(guess, (apart - tied) / 1e8, T(ja="億個", zh_tw=" 億個"))

# %% key="cost-table"
models = ("bert-base", "gpt2", "t5-base", "llama-3-8b")
counted = {name: blueprint.parts(blueprint.config(name)) for name in models}
kinds = ["embedding", "positions", "attention", "cross_attention", "ffn", "norms", "head"]
names = T(
    ja="埋め込み|位置|アテンション|交差注意|FFN|正規化|出力など",
    zh_tw="嵌入|位置|注意力|交叉注意力|FFN|正規化|輸出等",
).split("|")
rows = []
for kind, name in zip(kinds, names):
    rows.append([name, *(f"{found.get(kind, 0):,}" for found in counted.values())])
total = [f"{sum(found.values()):,}" for found in counted.values()]
rows.append([T(ja="合計", zh_tw="合計"), *total])
show.tabulate(["", *counted], rows)
print(
    T(
        ja="行列を共有して減るのは、埋め込みの行列1つ分、128,256 × 4,096個です。表の数も同じように計算できます。たとえばBERTのFFNは、ブロック12個に、行列2つと足すベクトルで、12 × (2 × 4 × 768² + 5 × 768)個です。",
        zh_tw="共用之後，減少的正是一個嵌入矩陣，也就是 128,256 × 4,096 個。表格裡的數也是這樣算出來的：例如 BERT 的 FFN，12 個區塊各有兩個矩陣和加上的向量，共 12 × (2 × 4 × 768² + 5 × 768) 個。",
    )
)

# %% [markdown] key="further-config" lang="ja" further=true
# ### さらにくわしく：`config.json`の項目
#
# 本物の設計図を読むときと、問8で使います。

# %% [markdown] key="further-config" lang="zh-tw" further=true
# ### 更進一步：`config.json` 的項目
#
# 要讀真正的設計圖，或是要答小測驗第 8 題時，再展開。

# %% [markdown] key="cost-fields" lang="ja"
# 上の表で、T5のアテンションがGPT-2のほぼ2倍なのは、エンコーダーとデコーダーに12ブロックずつあるからです。BERTの「出力など」は、文の分類に使う行列（pooler）と、そのあとに足すベクトルです。
#
# 項目を1つずつ変えてモデルを作り直し、どの行列の形が変わるかを調べました（Llamaの場合）。
#
# | 項目 | 意味 | 形が変わるもの |
# |---|---|---|
# | `vocab_size` | 語彙（トークンの種類）の大きさ | 埋め込み、出力の行列 |
# | `hidden_size` | 幅 $d$ | すべて |
# | `num_hidden_layers` | ブロックの数 | なし（ブロックの数が変わる） |
# | `num_attention_heads` | クエリのヘッドの数 | $W^K$、$W^V$（ヘッドの次元が変わるため） |
# | `num_key_value_heads` | キーとバリューのヘッドの数 | $W^K$、$W^V$ |
# | `intermediate_size` | FFNの中間の幅 | FFNの3つの行列 |
# | `tie_word_embeddings` | 埋め込みと出力で行列を共有するか | 出力の行列の有無 |
# | `hidden_act` | 活性化関数 | なし |
# | `rope_theta` | RoPEの角度の基準（大きいほど、ゆっくり回る） | なし |
# | `rms_norm_eps` | RMSNormで、0で割らないために足す数 | なし |
# | `max_position_embeddings` | 想定する最大の長さ | なし（BERTとGPT-2では、位置埋め込みの行数） |

# %% [markdown] key="cost-fields" lang="zh-tw"
# 上面的表格裡，T5 的注意力差不多是 GPT-2 的 2 倍，因為編碼器和解碼器各有 12 個區塊。BERT 的「輸出等」，是用來替句子分類的矩陣（pooler），以及乘完之後加上的向量。
#
# 每次只改一個項目、重新建立模型，檢查哪些矩陣的形狀變了（以 Llama 為例）。
#
# | 項目 | 意思 | 形狀改變的部分 |
# |---|---|---|
# | `vocab_size` | 詞彙表（所有種類的詞元）的大小 | 嵌入、輸出的矩陣 |
# | `hidden_size` | 寬度 $d$ | 全部 |
# | `num_hidden_layers` | 區塊的數量 | 無（改變的是區塊的數量） |
# | `num_attention_heads` | 查詢的頭數 | $W^K$、$W^V$（因為每個頭的維度改變） |
# | `num_key_value_heads` | 鍵和值的頭數 | $W^K$、$W^V$ |
# | `intermediate_size` | FFN 中間的寬度 | FFN 的三個矩陣 |
# | `tie_word_embeddings` | 嵌入和輸出是否共用矩陣 | 有沒有輸出的矩陣 |
# | `hidden_act` | 啟動函數 | 無 |
# | `rope_theta` | RoPE 角度的基準（越大，轉得越慢） | 無 |
# | `rms_norm_eps` | RMSNorm 為了避免除以 0 而加上的數 | 無 |
# | `max_position_embeddings` | 預設的最大長度 | 無（在 BERT 和 GPT-2 是位置嵌入的橫列數） |

# %% key="cost-claim"
fields = blueprint.changes(llama)
shapeless = ("hidden_act", "rope_theta", "rms_norm_eps", "max_position_embeddings")
bert_base = blueprint.config("bert-base")
claims.check(
    "E08",
    {
        "bert": sum(counted["bert-base"].values()),
        "t5": sum(counted["t5-base"].values()),
        "llama": sum(counted["llama-3-8b"].values()),
        "shapeless": sum(not fields[name] for name in shapeless),
        "matrices": sum(blueprint.block(bert_base).values()) / 768**2,
        "equal_at": blueprint.crossover(bert_base) / 768,
    },
)

# %% [markdown] key="further-norm" lang="ja" further=true
# ### さらにくわしく：正規化を置く場所

# %% [markdown] key="further-norm" lang="zh-tw" further=true
# ### 更進一步：正規化放在哪裡

# %% [markdown] key="norm-warm" lang="ja"
# 最初のTransformerとBERTは、足したあとに正規化します（post-norm）。GPT-2以降のモデルの多くは、部品の前で正規化します（pre-norm）。post-normでは、残差ストリームそのものが部品ごとに正規化されます。この違いは学習に影響するでしょうか。最初に学習率を少しずつ上げていく方法を、ウォームアップ（warm-up）と呼びます。4節の問題を、6層のモデルに、まずウォームアップなしで学習させます。
#
# 予想：学習率を最初から0.01にすると、どうなるでしょうか。
#
# - `"a"`：どちらも学習する
# - `"b"`：pre-normだけが学習する
# - `"c"`：どちらも学習しない

# %% [markdown] key="norm-warm" lang="zh-tw"
# 最早的 Transformer 和 BERT 在相加之後正規化（post-norm），從 GPT-2 開始的許多模型在零件之前正規化（pre-norm）。用 post-norm 時，連殘差流本身也會在每個零件之後正規化。這對訓練有沒有影響？在訓練剛開始時慢慢調高學習率，叫做學習率預熱（warm-up）。用第 4 節的題目訓練 6 層的模型，先不預熱。
#
# 預測：學習率從一開始就是 0.01 的話，會怎樣？
#
# - `"a"`：都學得會
# - `"b"`：只有 pre-norm 學得會
# - `"c"`：都學不會

# %% key="norm-diagram"
block_diagrams.block("pre", "post")


# %% key="norm-train"
def losses(norm, warm_up):
    switches = Switches(depth=6, norm=norm, position="learned")
    return block_tasks.trained("before", switches, 200, 1e-2, warm_up=warm_up)[1].losses


# %% key="norm-curves"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

curves = {
    (norm, warm_up): losses(norm, warm_up)
    for norm, warm_up in (("pre", 1), ("post", 1), ("post", 100))
}
ends = {key: sum(curve[-10:]) / 10 for key, curve in curves.items()}
options = {
    "a": T(ja="どちらも学習する", zh_tw="都學得會"),
    "b": T(ja="pre-normだけ", zh_tw="只有 pre-norm"),
    "c": T(ja="どちらも学習しない", zh_tw="都學不會"),
}
did = [ends[norm, 1] < 0.5 for norm in ("pre", "post")]
predict.choose(guess, options, "a" if all(did) else "b" if did[0] else "c")

# %% key="norm-figure"
names = {
    ("pre", 1): T(ja="pre-norm、ウォームアップなし", zh_tw="pre-norm，沒有預熱"),
    ("post", 1): T(ja="post-norm、ウォームアップなし", zh_tw="post-norm，沒有預熱"),
    ("post", 100): T(ja="post-norm、ウォームアップ100ステップ", zh_tw="post-norm，預熱 100 步"),
}
fig, ax = plt.subplots(figsize=(7, 3.4))
charts.lines(ax, range(1, 201), {names[key]: curve for key, curve in curves.items()})
charts.frame(ax, T(ja="ステップ", zh_tw="步數"), T(ja="損失", zh_tw="損失"))
ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2))
told = "、".join(f"{names[key]} {end:.2f}" for key, end in ends.items())
figures.show(
    fig,
    T(
        ja=f"横軸は学習のステップ、縦軸は損失です。最後の10ステップの平均は、{told}です。",
        zh_tw=f"橫軸是訓練步數，縱軸是損失。最後 10 步的平均：{told}。",
    ),
)

# %% key="norm-claim"
from helpers.models import norms

effects = norms.effects()
claims.check(
    "E04",
    {
        "layer_scaled": effects["LayerNorm"]["3x"],
        "layer_shifted": effects["LayerNorm"]["x + 1"],
        "rms_scaled": effects["RMSNorm"]["3x"],
        "rms_shifted": effects["RMSNorm"]["x + 1"],
        "pre": ends["pre", 1],
        "post": ends["post", 1],
        "post_warm": ends["post", 100],
    },
)

# %% [markdown] key="norm-after" lang="ja"
# post-normは、ウォームアップがないとまったく学習せず、あれば学習しました。pre-normはなくても学習しました（どちらも、別に調べた4つのシードで同じ結果です）。post-normの深いモデルは、大きな学習率で始めると学習が壊れやすいことが知られています。pre-normが壊れにくいのは、残差ストリームが正規化を通らず、勾配がそのまま流れるからだと説明されています（Xiong et al. 2020）。多くのLLMがpre-normを選ぶ理由の1つです。

# %% [markdown] key="norm-after" lang="zh-tw"
# post-norm 沒有預熱時完全學不會，有預熱就學得會；pre-norm 沒有預熱也學得會（另外查過四個種子，結果都一樣）。研究指出，層數多的 post-norm 模型如果一開始就用很大的學習率，訓練很容易失敗；pre-norm 的殘差流不經過正規化，梯度可以直接傳過去，所以比較不怕（Xiong et al. 2020）。許多 LLM 選擇 pre-norm，這是理由之一。

# %% [markdown] key="norm-scale" lang="ja"
# では、LayerNormの代わりにRMSNormを使うと、正解率は下がるのでしょうか。同じ問題を、ウォームアップ50ステップを含む150ステップで学習させた記録を見ます（シードは3つ）。

# %% [markdown] key="norm-scale" lang="zh-tw"
# 那麼，把 LayerNorm 換成 RMSNorm，正確率會不會下降？看看同一個題目訓練 150 步（其中預熱 50 步）的紀錄，亂數種子有三個。

# %% key="norm-scales"
from helpers.results import variants

kinds = {"layer": "LayerNorm", "rms": "RMSNorm"}
rows = []
for norm in ("pre", "post"):
    for scale, name in kinds.items():
        found = variants.best_runs("warm_up", norm=norm, scale=scale, warm_up=50)
        rows.append([f"{norm}-norm", name, " ".join(f"{run['accuracy']:.2f}" for run in found)])
show.tabulate(["", "", T(ja="正解率（3回）", zh_tw="正確率（3 次）")], rows)

# %% [markdown] key="norm-scale-after" lang="ja"
# pre-normではどちらの正規化でも学習したので、平均を引く計算がなくても困りませんでした。post-normは、ウォームアップが上の半分の長さで、3回のばらつきが大きく、どちらがよいとも言えません。

# %% [markdown] key="norm-scale-after" lang="zh-tw"
# pre-norm 用哪一種正規化都學得會，可見減去平均這一步，少了也沒有妨礙。post-norm 的預熱只有上面的一半，3 次的差異太大，看不出哪一種比較好。

# %% [markdown] key="further-length" lang="ja" further=true
# ### さらにくわしく：学習した長さを超えると

# %% [markdown] key="further-length" lang="zh-tw" further=true
# ### 更進一步：超出訓練的長度

# %% [markdown] key="beyond" lang="ja"
# 学習したときより長い系列では、位置の伝え方によって正解率が変わります。4節の「1つ前の記号」を長さ16で学習させ、長さ64で測ります。
#
# 予想：学習する位置埋め込みでは、17番目からの位置のベクトルが、ランダムなまま残ります。先頭の16個では必ず正解し、残りの48個では当てずっぽう（0.125）だとすると、正解率はいくつになるでしょうか（1番目の記号は問題にしません）。

# %% [markdown] key="beyond" lang="zh-tw"
# 序列比訓練時長的話，傳達位置的方法不同，正確率也不同。用長度 16 訓練第 4 節的「前一個符號」，再用長度 64 測量。
#
# 預測：可訓練的位置嵌入，從第 17 個位置起，向量都還是隨機的。假設開頭 16 個一定答對，其餘 48 個是亂猜（0.125），正確率是多少？（第 1 個符號不列入題目。）


# %% key="beyond-code"
def lengths(position):
    #| ja: 長さ16で学習したモデルの、長さ16、32、64での正解率
    #| zh-tw: 用長度 16 訓練的模型，在長度 16、32、64 的正確率
    model, _ = block_tasks.trained("before", Switches(position=position), 200, 1e-2)
    return {n: block_tasks.accuracy(model, "before", 100, length=n) for n in (16, 32, 64)}


beyond = {kind: lengths(kind) for kind in ("none", "learned", "sinusoidal", "bias", "rope")}

# %% key="beyond-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

predict.compare(guess, beyond["learned"][64])

# %% key="beyond-figure"
fig, ax = plt.subplots(figsize=(7, 3.4))
series = {label: list(shares.values()) for label, shares in zip(labels, beyond.values())}
charts.lines(ax, [16, 32, 64], series, markevery=1)
x, y = T(ja="系列長", zh_tw="序列長度"), T(ja="正解率", zh_tw="正確率")
charts.frame(ax, x, y, log="x", ticks=[16, 32, 64], ylim=(0, 1.05))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
told = "、".join(f"{label} {y[16]:.2f}→{y[64]:.2f}" for label, y in zip(labels, beyond.values()))
figures.show(
    fig,
    T(
        ja=f"横軸は系列長（学習したのは16だけ）、縦軸は正解率です。長さ16から64への変化は、{told}です。",
        zh_tw=f"橫軸是序列長度（只用 16 訓練），縱軸是正確率。長度從 16 變成 64 時：{told}。",
    ),
)

# %% key="positions-claim"
claims.check(
    "E06",
    {
        "rope_drift": drift["rotary"],
        "sinusoidal_drift": drift["sinusoidal"],
        "none": beyond["none"][16],
        "trained": min(beyond[p][16] for p in ("learned", "sinusoidal", "bias", "rope")),
        "learned": beyond["learned"][64],
        "best": max(shares[64] for shares in beyond.values()),
    },
)

# %% [markdown] key="beyond-after" lang="ja"
# 学習する位置埋め込みでは、予想の式（$\frac{15 + 48 \times 0.125}{63} \approx 0.33$）に近い値になりました。ほかの方法の下がり方はもっと緩やかですが、どれも1のままではありません（RoPEは長さ16でも0.95なので、まだ学習の途中です）。RoPEのスコアは距離だけで決まるのに、なぜ下がるのでしょうか。長い系列には、学習で見なかった距離のキーがあり、重みを奪うからだと考えられます。Code Llama（Rozière et al. 2023）は対策として、角度の基準`rope_theta`を大きくして、長い系列で学習を続けました。

# %% [markdown] key="beyond-after" lang="zh-tw"
# 可訓練的位置嵌入，結果接近這樣算出的值（$\frac{15 + 48 \times 0.125}{63} \approx 0.33$）。其他方法下降得比較慢，但沒有一種維持在 1（RoPE 在長度 16 也只有 0.95，還沒完全學好）。RoPE 的分數只由距離決定，為什麼還是會下降？應該是因為長序列裡有訓練時沒見過的距離，那些鍵搶走了權重。Code Llama（Rozière et al. 2023）的對策，是把角度的基準 `rope_theta` 調大，再用長序列繼續訓練。

# %% [markdown] key="further-world" lang="ja" further=true
# ### さらにくわしく：FFNのない穴埋め

# %% [markdown] key="further-world" lang="zh-tw" further=true
# ### 更進一步：克漏字也需要 FFN 嗎？

# %% [markdown] key="world" lang="ja"
# 6節で解かせたのは、FFNがないと解けないように作った問題でした。では、言葉の問題ではどうでしょうか。レッスン03で使う小さな世界の文の穴埋めを600ステップ学習させ、学習に出なかった文で損失を比べます。FFNを外すとパラメータがほぼ半分になるので、その分だけブロックを増やしたモデルも用意しました。学習率は5通りから選び、シードは3つです（教材の記録）。
#
# 予想：損失が最も小さいのはどれでしょうか。
#
# - `"a"`：2層、FFNあり
# - `"b"`：2層、FFNなし
# - `"c"`：6層、FFNなし（パラメータ数は`"a"`とほぼ同じ）

# %% [markdown] key="world" lang="zh-tw"
# 第 6 節的題目，是刻意設計成沒有 FFN 就解不開的。換成語言的題目會怎樣？這裡拿第 03 課的人造句子做克漏字，訓練 600 步，再用訓練時沒出現過的句子比較損失。拿掉 FFN 之後，參數差不多少了一半，所以另外準備一個把區塊加多、補回參數量的模型。學習率從五種裡選，亂數種子有三個（教材附的紀錄）。
#
# 預測：哪一個的損失最小？
#
# - `"a"`：2 層，有 FFN
# - `"b"`：2 層，沒有 FFN
# - `"c"`：6 層，沒有 FFN（參數量和 `"a"` 差不多）

# %% key="world-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

makes = {
    "a": (T(ja="2層、FFNあり", zh_tw="2 層，有 FFN"), {"depth": 2, "feed_forward": "gelu"}),
    "b": (T(ja="2層、FFNなし", zh_tw="2 層，沒有 FFN"), {"depth": 2, "feed_forward": "none"}),
    "c": (T(ja="6層、FFNなし", zh_tw="6 層，沒有 FFN"), {"depth": 6, "feed_forward": "none"}),
}
runs = {key: variants.best_runs("world", **switches) for key, (_, switches) in makes.items()}
losses_of = {key: [run["loss"] for run in found] for key, found in runs.items()}
least = min(runs, key=lambda key: sum(losses_of[key]))
predict.choose(guess, {key: name for key, (name, _) in makes.items()}, least)

# %% key="world-table"
head = T(ja="モデル|パラメータ|損失（3回）", zh_tw="模型|參數量|損失（3 次）").split("|")
rows = [
    [makes[key][0], f"{found[0]['parameters']:,}", " ".join(f"{v:.2f}" for v in losses_of[key])]
    for key, found in runs.items()
]
show.tabulate(head, rows)

# %% [markdown] key="world-after" lang="ja"
# 予想どおりでしたか。FFNのない2層のモデルが、半分のパラメータで最も低い損失になりました。この世界の文法は単純で、空欄はほとんど「ほかの単語の情報を運ぶ」ことで決まるからだと考えられます。また、600ステップでは、どのモデルも学習の途中です。FFNがいつも要るとも、要らないとも、この表からは言えません。言えるのは、FFNがなければ解けない問題（6節）も、なくても解ける問題もあることです。

# %% [markdown] key="world-after" lang="zh-tw"
# 結果也許出乎意料：2 層、沒有 FFN 的模型，用一半的參數就得到最低的損失。這種句子的文法很簡單，空格大多只要找到別的詞、搬來它的資訊就能決定，原因大概就在這裡。而且 600 步時，每個模型都還沒學完，所以這張表不能說明 FFN 一定需要，或一定不需要。能說的是：有些題目沒有 FFN 就解不開（第 6 節），有些題目沒有也行。

# %% [markdown] key="further-flops" lang="ja" further=true
# ### さらにくわしく：系列長と計算量
#
# トークンの組ごとの計算は、$n = 6d$ でブロックの計算量の半分になります。なぜでしょうか（問6）。

# %% [markdown] key="further-flops" lang="zh-tw" further=true
# ### 更進一步：序列長度與運算量
#
# 逐組計算（每對詞元算一次），在 $n = 6d$ 時占區塊運算量的一半。為什麼？（小測驗第 6 題會用到。）

# %% [markdown] key="flops" lang="ja"
# 中間の幅が $4d$ のブロックでは、トークンあたりのFLOPs（掛け算と足し算の回数）は、行列を掛ける部分が $2 \times 12 d^2 = 24 d^2$（要素ごとに、掛けて足す）、トークンの組ごとに計算する部分が $4 n d$（$QK^\top$ とバリューの平均が $2nd$ ずつ）です。2つは $n = 6d$ で等しくなります。図は組ごとの計算が占める割合です。

# %% [markdown] key="flops" lang="zh-tw"
# 中間寬度是 $4d$ 的區塊，每個詞元的 FLOPs（乘法與加法的次數）分成兩個部分：乘上矩陣的部分是 $2 \times 12 d^2 = 24 d^2$（每個元素乘一次、加一次），逐組計算的部分是 $4 n d$（$QK^\top$ 和值的加權平均各 $2nd$）。兩者在 $n = 6d$ 時相等。下圖是逐組計算所占的比例。

# %% key="flops-figure"
lengths = [2**k for k in range(6, 21)]
shares = {}
for d in (64, 768, 4096):
    linear, square = zip(*(blueprint.flops(n, d) for n in lengths))
    shares[f"d = {d:,}"] = [s / (a + s) for a, s in zip(linear, square)]

fig, ax = plt.subplots(figsize=(7, 3.6))
charts.lines(ax, lengths, shares)
ax.axhline(0.5, color="black", linestyle=":")
x, y = T(ja="系列長n", zh_tw="序列長度 n"), T(ja="組ごとの計算の割合", zh_tw="逐組計算的比例")
charts.frame(ax, x, y, log="x", ticks=lengths[::2], ylim=(0, 1.05))
ax.tick_params(axis="x", rotation=45)
ax.legend()
figures.show(
    fig,
    T(
        ja="横軸は系列長（対数目盛り）、縦軸は組ごとの計算がFLOPsに占める割合です。点線は0.5で、dが64、768、4,096のとき、曲線はそれぞれn = 384、4,608、24,576で点線と交わります。",
        zh_tw="橫軸是序列長度（對數刻度），縱軸是逐組計算占 FLOPs 的比例。點線是 0.5；d 是 64、768、4,096 時，曲線分別在 n = 384、4,608、24,576 與點線相交。",
    ),
)

# %% [markdown] key="flops-after" lang="ja"
# 「長さを2倍にすると計算は4倍」に近づくのは、$6d$ よりずっと長い系列だけです。幅4,096なら、24,576トークンまでは、計算の半分以上がトークンごとの行列積です。

# %% [markdown] key="flops-after" lang="zh-tw"
# 「長度變成 2 倍，運算量就變成 4 倍」，只在序列遠比 $6d$ 長時才大致成立。寬度 4,096 的話，在 24,576 個詞元以內，運算有一半以上是逐詞元的矩陣乘法。

# %% [markdown] key="further-rnn" lang="ja" further=true
# ### さらにくわしく：RNNからTransformerへ

# %% [markdown] key="further-rnn" lang="zh-tw" further=true
# ### 更進一步：Transformer 為什麼取代了 RNN

# %% [markdown] key="rnn" lang="ja"
# Transformer以前は、再帰型ニューラルネットワーク（RNN）が主流でした。RNNは、1つ前の状態が求まるまで、次の状態を計算できません。前の結果を待つ計算が何段つながるかを数えると（テンソルの演算1つを1段とします）、RNNでは、系列の長さにほぼ比例します。
#
# 予想：長さを16から64へ、4倍にすると、アテンションの段数は何倍になるでしょうか。

# %% [markdown] key="rnn" lang="zh-tw"
# 在 Transformer 之前，用的是遞迴神經網路（RNN）。RNN 要等前一個狀態算完，才能算下一個狀態。數一數必須依序等待的計算有幾段（1 個張量運算算 1 段）：在 RNN，段數大致和序列的長度成正比。
#
# 預測：長度從 16 變成 64，也就是 4 倍，注意力的段數變成幾倍？

# %% key="rnn-guess"
from helpers.models import recurrent

#| ja: Noneを、予想した倍率に書き換える
#| zh-tw: 把 None 改成你預測的倍數
guess = None

chains = {"RNN": {}, "attention": {}}
for n in (16, 64):
    x = torch.randn(1, n, 32, requires_grad=True)
    states = recurrent.recurrent(x, torch.nn.RNNCell(32, 32))
    chains["RNN"][n] = recurrent.longest_chain(states)
    chains["attention"][n] = recurrent.longest_chain(attention(x, x, x)[0])
predict.compare(guess, chains["attention"][64] / chains["attention"][16], T(ja="倍", zh_tw=" 倍"))

# %% key="rnn-claim"
claims.check(
    "E09",
    {
        "recurrent": chains["RNN"][64] / chains["RNN"][16],
        "attention": chains["attention"][64] / chains["attention"][16],
    },
)

# %% [markdown] key="rnn-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 1倍、つまり変わりません。どのトークンの出力も、ほかのトークンの出力を待たずに計算できるからです。RNNの段数は約4倍でした。GPUは多くの計算を同時に行えるので、待つ段数の少ないアテンションのほうが、学習でGPUを生かせます。
#
# </details>

# %% [markdown] key="rnn-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 1 倍，也就是不變：每個詞元的輸出，都不必等其他詞元的輸出算完。RNN 的段數則大約變成 4 倍。GPU 可以同時做很多計算，要等的段數少，訓練時才能充分利用 GPU。
#
# </details>

# %% [markdown] key="summary" lang="ja"
# ## 11. できるようになったこと
#
# - 部品の役割を、測った結果で説明できる（クイズの問1、2、3、5）
# - `config.json`を読み、行列の形と計算量を求められる（問4。問6、8は「さらにくわしく」）
# - 1つのブロックから、3つの型を組み立てられる（問7）

# %% [markdown] key="summary" lang="zh-tw"
# ## 11. 學會了什麼
#
# - 能根據實測的結果，說明每個零件的用途（小測驗第 1、2、3、5 題）
# - 能讀 `config.json`，求出矩陣的形狀與運算量（第 4 題；第 6、8 題要先讀「更進一步」）
# - 能用同一種區塊，組出三大架構（第 7 題）

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 12. 演習問題
#
# [演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)で練習してから、[レッスン03](03_encoder.ipynb)に進みましょう。全体マスクのブロックを重ねたBERTに、穴埋めを学習させます。

# %% [markdown] key="next" lang="zh-tw"
# ## 12. 練習題
#
# 先到[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)動手寫，再前往[第 03 課](03_encoder.ipynb)：把使用全部（full）遮罩的區塊疊成 BERT，讓它學習克漏字。
