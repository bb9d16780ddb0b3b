# %% [markdown] key="title" lang="ja"
# # 総合課題：長い文書の要約にはどの型を選ぶか
#
# 長い文書を読んで短い要約を書くサービスには、デコーダー型とエンコーダー・デコーダー型のどちらを選べばよいでしょうか。計算量、メモリ、時間を同じ条件で求め、自分のシナリオの答えを数で決めます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | 2つの型の費用を比べ、時間を決めるのが計算か帯域幅かを見分け、条件に合う型を選べる |
# | 前提知識 | レッスン02（ブロックの計算量）、05（交差注意）、07（KVキャッシュ） |
# | 時間 | 読んで書く時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |

# %% [markdown] key="title" lang="zh-tw"
# # 綜合挑戰：做長文件摘要，該選哪種架構
#
# 假設要做一個服務：讀很長的文件，寫很短的摘要。decoder-only 和編碼器－解碼器，該選哪一種？這一課在相同的條件下求出運算量、記憶體和時間，最後由你根據測量值，為自己的情境做決定。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能比較兩種架構的成本；能判斷時間是由運算還是由頻寬決定；能選出適合某個條件的架構 |
# | 先備知識 | 第 02 課（區塊的運算量）、第 05 課（交叉注意力）、第 07 課（KV 快取） |
# | 時間 | 閱讀與寫作約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |

# %% key="imports"
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch

from helpers import bottleneck, kv_cache
from helpers.classroom import claims, predict
from helpers.display import charts, figures, show
from helpers.hardware import cards
from helpers.instruments import measure

figures.use(LANG)
torch.set_grad_enabled(False)
torch.set_num_threads(1)
# %% [markdown] key="page" lang="ja"
# ## 元のページの課題
#
# 元のページは、この課題で終わります（英語）。
#
# > 課題：アーキテクチャのボトルネック。入力がとても長い、リアルタイムの文書要約のためのモデルを作るとします。現在のデプロイで、エンコーダー・デコーダー型よりもデコーダー型のモデルが好まれることがあるのはなぜか、説明してください。
# >
# > ステップ1：コンテキストの処理に関する、アーキテクチャのボトルネックを挙げてください。
# >
# > ステップ2：スケーリング則を使って、その選択を正当化してください。
#
# 「デコーダー型が好まれる」は前提です（C24）。ページの解答例の理由（C25〜C30。C27とC29は補足）を測り、前提に戻ります。

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的挑戰
#
# 原網頁在最後出了這個挑戰（原文是英文）：
#
# > 挑戰：架構的瓶頸。假設要做一個即時文件摘要的模型，而且輸入非常長。請說明為什麼在現在的部署環境裡，decoder-only 模型可能比編碼器－解碼器模型更受青睞。
# >
# > 步驟 1：指出與上下文處理有關的架構瓶頸。
# >
# > 步驟 2：用規模定律說明這個選擇有道理。
#
# 「decoder-only 更受青睞」是題目的前提（C24）。先測量原網頁的參考答案舉出的理由（C25～C30；C27 和 C29 在「更進一步」），再回頭檢驗前提本身。

# %% [markdown] key="designs" lang="ja"
# ## 1. 何をそろえて比べるか
#
# 大きさの違いを除くため、同じ形のブロックを積んだモデルどうしを比べます。幅は $d = 3{,}072$（30億パラメータほどのモデルの幅）です。
#
# 1つのブロックの重みは、アテンションが $4d^2$、FFNが $8d^2$ で、計 $12d^2$ でした。エンコーダー・デコーダー型のデコーダーには、交差注意の $4d^2$ も加わります。
#
# 予想：エンコーダー6層、デコーダー6層のモデルと同じパラメータ数のデコーダー型は、何層でしょうか（埋め込みと出力は除く）。

# %% [markdown] key="designs" lang="zh-tw"
# ## 1. 控制變因：要讓什麼相同
#
# 拿大模型和小模型相比，只看得出大小的差別。想知道架構的差別，就要比較由同樣的區塊堆成的模型。寬度都是 $d = 3{,}072$（和大約 30 億個參數的模型一樣寬）。
#
# 一個區塊的權重，注意力是 $4d^2$，FFN 是 $8d^2$，合計 $12d^2$；編碼器－解碼器的解碼器，還要加上交叉注意力的 $4d^2$。
#
# 預測：有一個模型，編碼器 6 層、解碼器 6 層。參數量和它相同的 decoder-only 是幾層（不算嵌入和輸出的矩陣）？

# %% key="designs-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

d, heads = 3_072, 24
pair = bottleneck.plain(
    T(ja="エンコーダー・デコーダー型（6＋6層）", zh_tw="編碼器－解碼器（6＋6 層）"), 6, 6, d, heads
)
block = bottleneck.plain("", 0, 1, d, heads)
layers = pair.weights // block.weights
predict.compare(guess, layers, T(ja="層", zh_tw=" 層"))

# %% key="designs-code"
deep = bottleneck.plain(
    T(ja=f"デコーダー型（{layers}層）", zh_tw=f"decoder-only（{layers} 層）"), 0, layers, d, heads
)
shallow = bottleneck.plain(
    T(ja="デコーダー型（6層）", zh_tw="decoder-only（6 層）"), 0, 6, d, heads
)
models = {
    design: bottleneck.build(design, longest=131_073, device="meta")
    for design in (pair, deep, shallow)
}
for design in models:
    print(f"{design.weights / 1e9:5.2f}B  {design.name}")
assert deep.weights == pair.weights

# %% [markdown] key="reading" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 12層ではなく、14層です。$6 \times 12 + 6 \times 16 = 168 = 14 \times 12$ だからです。
#
# </details>
#
# 6＋6層のモデルを、パラメータ数が同じ14層、デコーダーの層の数が同じ6層の両方と比べます。GPT-2とBART（6＋6層と同じ型）のコードを、`meta`（レッスン07）で動かします。
#
# ## 2. 文書を読む：プリフィル
#
# 1つ目の理由は、「エンコーダー・デコーダー型は、長い入力全体をエンコーダーで処理しなければならない」です（C25）。では、デコーダー型は処理しなくてよいでしょうか。文書を読み、最初のトークンのスコアを求める計算（プリフィル、prefill）を数えます。
#
# 予想：8,192トークンを読むとき、14層のFLOPsは6＋6層の何倍でしょうか。

# %% [markdown] key="reading" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 不是 12 層，而是 14 層，因為 $6 \times 12 + 6 \times 16 = 168 = 14 \times 12$。
#
# </details>
#
# 所以 6＋6 層的模型要和下面的對手相比：參數量相同的 14 層，以及解碼器層數相同的 6 層。執行的是 GPT-2 和 BART（與 6＋6 層同樣架構的公開模型）的程式碼；不需要權重的數值，所以用 `meta`（第 07 課）。
#
# ## 2. 讀文件：預填充
#
# 第一個理由是：「編碼器－解碼器必須用編碼器處理整份長輸入」（C25）。那麼，decoder-only 就不必處理嗎？要確認這一點，就來數預填充（prefill）的運算，也就是讀完文件、算出第一個詞元的分數。
#
# 預測：讀 8,192 個詞元時，14 層的 FLOPs 是 6＋6 層的幾倍？

# %% key="reading-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

counted = {}
for design, model in models.items():
    for n in (512, 8_192, 131_072):
        with measure.cost() as spent:
            bottleneck.read(model, n)
        assert spent.flops == bottleneck.first_token_flops(design, n)
        counted[design, n] = spent.flops

predict.compare(guess, counted[deep, 8_192] / counted[pair, 8_192], T(ja="倍", zh_tw=" 倍"))

# %% [markdown] key="reading-formula" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約2.1倍です。全トークンが通るのは、14層に対してエンコーダーの6層だけ（と、交差注意のキーとバリュー）だからです。
#
# </details>
#
# `assert`のとおり、数えた値は次の式と一致しました（$n$ は文書のトークン数。最初のトークンの分は略します。項の由来はレッスン02の補足）。
#
# - デコーダー型（$L$ 層）：$L (24 d^2 n + 4 d n^2)$
# - エンコーダー・デコーダー型（$L_e + L_d$ 層）：$L_e (24 d^2 n + 4 d n^2) + 4 L_d d^2 n$。最後の項は、一度だけ作る交差注意のキーとバリュー
#
# 因果マスクで捨てるクエリとキーの組も数えています。FlashAttentionなどはそれを飛ばし、デコーダー型の $n^2$ は約半分になります（エンコーダーに飛ばせる組はありません）。各項を $d^2 n$ で割ると、残るのは $n/d$ だけなので、FLOPsの比は長さではなく $n/d$ で決まります。

# %% [markdown] key="reading-formula" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 2.1 倍。不管哪一種架構，都要計算每一個詞元，差別在於經過 14 層，還是只經過編碼器的 6 層（再加上交叉注意力的鍵和值）。
#
# </details>
#
# `assert` 已經確認，數出的值和下面的公式完全一致（$n$ 是文件的詞元數；省略第一個詞元的部分；各項的由來見第 02 課的「更進一步」）。
#
# - decoder-only（$L$ 層）：$L (24 d^2 n + 4 d n^2)$
# - 編碼器－解碼器（$L_e + L_d$ 層）：$L_e (24 d^2 n + 4 d n^2) + 4 L_d d^2 n$。最後一項是交叉注意力的鍵和值，只做一次
#
# 這樣數，連因果遮罩會丟掉的「查詢和鍵的配對」也算在內。FlashAttention 之類的實作會跳過它們，所以 decoder-only 的 $n^2$ 大約減半（編碼器沒有可以跳過的配對）。另外，每一項除以 $d^2 n$ 之後，剩下的變數只有 $n/d$，所以決定 FLOPs 倍率的不是長度，而是 $n/d$。


# %% key="reading-ratios" hide=true
def reading_ratios(n):
    its_pair = bottleneck.read_flops(pair, n)
    return (
        bottleneck.read_flops(deep, n) / its_pair,
        bottleneck.read_flops(deep, n, skipping=True) / its_pair,
        bottleneck.read_flops(shallow, n, skipping=True) / its_pair,
    )


rows = []
for n in (8_192, 32_768, 131_072):
    ratios = [f"{ratio:.2f}" for ratio in reading_ratios(n)]
    rows.append([f"{n:,}", f"{n / d:,.1f}", *ratios])
show.tabulate(
    T(
        ja="トークンn|n/d|14層|14層、飛ばす|6層、飛ばす",
        zh_tw="詞元 n|n/d|14 層|14 層，跳過|6 層，跳過",
    ),
    rows,
)

# %% [markdown] key="reading-after" lang="ja"
# 表は読むFLOPsの「デコーダー型÷エンコーダー・デコーダー型」です。パラメータ数が同じなら（14層）、計算が多いのはデコーダー型です。飛ばすと、長いほど差は縮みますが、$(L/2)/L_e \approx 1.17$ までです。デコーダーの層の数が同じなら（6層）、少ないのはデコーダー型です。次の表の最後の行は、パラメータ数を保ってエンコーダー10層、デコーダー3層にした場合です。

# %% [markdown] key="reading-after" lang="zh-tw"
# 表裡是預填充的 FLOPs：「decoder-only÷編碼器－解碼器」。參數量相同時（14 層），decoder-only 的運算比較多；跳過的話，文件越長差距越小，但再長也只會接近 $(L/2)/L_e \approx 1.17$。解碼器層數相同時（6 層），則是 decoder-only 比較少。下表的最後一個橫列，是參數量不變，改成編碼器 10 層、解碼器 3 層的情況。

# %% key="c25" show=true
naive, skipping, same_depth = reading_ratios(131_072)
deep_encoder = bottleneck.plain("", 10, 3, d, heads)
assert deep_encoder.weights == deep.weights
ours = bottleneck.read_flops(deep, 131_072, skipping=True)
claims.check(
    "C25",
    {
        "naive": naive,
        "skipping": skipping,
        "same_depth": same_depth,
        "deep_encoder": ours / bottleneck.read_flops(deep_encoder, 131_072),
    },
)

# %% [markdown] key="writing" lang="ja"
# 入力全体を処理するのはどちらも同じで、計算の多さは比べる層の数で決まります。
#
# ## 3. 要約を書く：デコードとKVキャッシュ
#
# 2つ目の理由は、交差注意も加わって計算が「重くなりうる」ことです（C26）。1トークンを書く計算（デコード、decode）とKVキャッシュを測ります。
#
# 予想：パラメータ数が同じとき、デコーダー型のKVキャッシュはエンコーダー・デコーダー型の何倍でしょうか。

# %% [markdown] key="writing" lang="zh-tw"
# 也就是說，「處理整份輸入」這一點，哪一種架構都一樣；哪一種的運算比較多，要看比較的是各幾層。
#
# ## 3. 寫摘要：解碼與 KV 快取
#
# 第二個理由是，再加上交叉注意力，「運算負擔可能很重」（C26）。所以接著測量生成一個詞元的運算（解碼，decode）和 KV 快取。
#
# 預測：參數量相同時，decoder-only 的 KV 快取是編碼器－解碼器的幾倍？

# %% key="writing-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

n, held = 8_192, {}
for design, model in models.items():
    before = bottleneck.read(model, n)
    with measure.cost() as spent:
        after = bottleneck.write(model, before)
    #| ja: エンコーダー・デコーダー型では、開始トークンに続く2つ目になる
    #| zh-tw: 編碼器－解碼器的話，這是接在起始詞元後面的第 2 個
    t = 2 if design.is_encoder_decoder else 1
    assert spent.flops == bottleneck.write_flops(design, n, t)
    held[design] = kv_cache.measured(after.past_key_values).total_bytes
    assert held[design] == sum(bottleneck.cache_bytes(design, n, t, number=4).values())

predict.compare(guess, held[deep] / held[pair], T(ja="倍", zh_tw=" 倍"))

# %% [markdown] key="writing-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# $14 \div 6 \approx 2.33$ 倍です。文書の分を自己注意で持つか、交差注意で持つかが違うだけで、持つのはデコーダーの層です。
#
# </details>
#
# $t$ 番目のトークンを書くFLOPsも、式と一致しました（出力のスコアの分は略します）。
#
# - デコーダー型：$L (24 d^2 + 4 d (n + t))$
# - エンコーダー・デコーダー型：$L_d (28 d^2 + 4 d (n + t))$
#
# エンコーダーは一度だけ計算するので、層とトークンごとに加わるのは交差注意のクエリと出力の $4 d^2$ です。8,192トークンを読み（$n/d \approx 2.7$）、256トークンを書き終えるまでを比べましょう。

# %% [markdown] key="writing-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# $14 \div 6 \approx 2.33$ 倍。保留快取的只有解碼器的層；文件那一段不是放在自注意力，就是放在交叉注意力的快取裡。
#
# </details>
#
# 生成第 $t$ 個詞元的 FLOPs，也和公式一致（省略輸出分數的部分）。
#
# - decoder-only：$L (24 d^2 + 4 d (n + t))$
# - 編碼器－解碼器：$L_d (28 d^2 + 4 d (n + t))$
#
# 編碼器只計算一次，所以每層、每個詞元多出來的，只有交叉注意力的查詢和輸出，也就是 $4 d^2$。接著比較讀完 8,192 個詞元（$n/d \approx 2.7$）並寫完 256 個詞元的全部成本。


# %% key="c26" show=true
def compared(need):
    T(
        ja="""14層と6層が必要とする量を、6＋6層の量で割る""",
        zh_tw="""14 層和 6 層需要的量，除以 6＋6 層需要的量""",
    )
    return need(deep) / need(pair), need(shallow) / need(pair)


n, t = 8_192, 256
whole = compared(lambda x: bottleneck.summary_flops(x, n, t, skipping=True))
token = compared(lambda x: bottleneck.write_flops(x, n, t))
cache = compared(lambda x: sum(bottleneck.cache_bytes(x, n, t).values()))
names = ("whole_job", "write", "cache")
found = dict(zip(names, (whole, token, cache), strict=True))
claims.check(
    "C26",
    {name: both[0] for name, both in found.items()}
    | {f"{name}_same_depth": both[1] for name, both in found.items()},
)

# %% [markdown] key="roofline" lang="ja"
# 交差注意が「重い」のはデコーダーの層をそろえたときだけです（書くFLOPsはデコーダー型が約0.9倍）。パラメータ数をそろえるとFLOPsもキャッシュもエンコーダー・デコーダー型が下回ります。
#
# ## 4. 時間を決めるのは、計算か、帯域幅か
#
# FLOPsが2倍なら、時間も2倍でしょうか。GPUが毎秒読み書きできるバイト数の上限が、メモリ帯域幅です。FLOPs÷バイト数が算術強度（arithmetic intensity）です。これがGPUの「計算の速さ÷帯域幅」（境目、ridge point）より小さければ、時間は帯域幅で決まります（ルーフラインモデル）。
#
# この節と6節では28層のデコーダー型と、パラメータ数がほぼ同じ12＋12層を使います（どちらもGQA）。重みはバッチで共有し、キャッシュは系列ごとに読み書きします。
#
# 予想：H100の境目は約295です。キャッシュがほとんどないとき（$n = 1$）、デコードの強度がこれに届くのはバッチがいくつのときでしょうか。2バイトの重み1つにつき、系列ごとに掛け算と足し算を1回ずつ行います。

# %% [markdown] key="roofline" lang="zh-tw"
# 交叉注意力「負擔很重」，只有控制層數時才成立（生成一個詞元的 FLOPs，decoder-only 大約是 0.9 倍）。控制參數量的話，FLOPs 和快取都是編碼器－解碼器比較少。
#
# ## 4. 決定時間的，是運算還是頻寬？
#
# FLOPs 是 2 倍，時間也會是 2 倍嗎？GPU 還要從記憶體讀權重、讀寫快取。FLOPs÷位元組數叫做算術強度（arithmetic intensity）；如果它小於 GPU 的「運算速度÷記憶體頻寬」（轉折點，ridge point），時間就由頻寬決定。這種看法叫做屋頂線（roofline）模型。
#
# 這一節和第 6 節改用 28 層，以及參數量幾乎相同的 12＋12 層（都是 GQA）。同一批次的序列共用權重，快取則每個序列各自讀寫。
#
# 預測：H100 的轉折點大約是 295。幾乎沒有快取時（$n = 1$），批次要多大，解碼的強度才會到達它？提示：每個權重占 2 個位元組，每個序列要用它做一次乘法和一次加法。

# %% key="roofline-intensity"
grouped = replace(bottleneck.DECODER, n_kv_heads=8)
grouped_pair = replace(bottleneck.ENCODER_DECODER, n_kv_heads=8)


def intensity(design, n, batch, writing):
    T(
        ja="""FLOPs÷バイト。nトークンの文書を読む、または次の1トークンを書く""",
        zh_tw="""FLOPs÷位元組。讀 n 個詞元的文件，或生成下一個詞元""",
    )
    if writing:
        flops = bottleneck.write_flops(design, n, 1)
        weights = design.writing_weights + design.head
    else:
        flops = bottleneck.read_flops(design, n, skipping=True)
        weights = design.reading_weights
    cache = sum(bottleneck.cache_bytes(design, n, 1).values())
    return batch * flops / (2 * weights + batch * cache)


# %% key="roofline-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None


def ridge(card):
    return card.flops_per_second / card.bytes_per_second


def enough(card, n, most=10_000):
    T(
        ja="""デコードの強度が境目に届く、最小のバッチ。なければNone""",
        zh_tw="""讓解碼的強度到達轉折點的最小批次；沒有就是 None""",
    )
    batches = range(1, most + 1)
    return next((b for b in batches if intensity(grouped, n, b, True) >= ridge(card)), None)


h100 = cards.gpus()["h100"]
predict.compare(guess, enough(h100, 1))

# %% [markdown] key="roofline-length" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約300です。2バイトの重み1つにつき、系列の数だけ2 FLOPsを行うので、強度はバッチサイズとほぼ同じです。
#
# </details>
#
# では、長い文書のキャッシュも読むとどうなるでしょうか。初めの表は強度、次の表はデコードが境目に届くバッチです（「—」は10,000でも届かない）。

# %% [markdown] key="roofline-length" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 300。每個占 2 個位元組的權重，每個序列都做 2 FLOPs，所以強度幾乎等於批次大小。
#
# </details>
#
# 那麼，如果連長文件的快取也要讀呢？前一張表是強度，後一張表是解碼到達轉折點的批次大小（「—」代表加到 10,000 也到不了）。

# %% key="roofline-table" hide=true
rows = []
for batch in (1, 8, 64):
    cells = [
        f"{intensity(design, 8_192, batch, writing):,.1f}"
        for writing in (False, True)
        for design in (grouped, grouped_pair)
    ]
    rows.append([f"{batch}", *cells])
show.tabulate(
    T(
        ja="8,192トークン、バッチ|読む：28層|読む：12＋12層|書く：28層|書く：12＋12層",
        zh_tw="8,192 個詞元，批次|讀：28 層|讀：12＋12 層|寫：28 層|寫：12＋12 層",
    ),
    rows,
)
four = [card for card in cards.gpus().values() if card.tflops]
lengths = (1, 128, 256, 512, 8_192)
rows = [
    [card.name, f"{ridge(card):.0f}", *(f"{enough(card, n) or '—'}" for n in lengths)]
    for card in four
]
header = [T(ja="GPU", zh_tw="GPU"), T(ja="境目", zh_tw="轉折點")]
show.tabulate([*header, *(f"n = {n:,}" for n in lengths)], rows)

# %% key="roofline-claim"
claims.check(
    "E80",
    {
        "prefill": intensity(grouped, 8_192, 1, False),
        "decode": intensity(grouped, 8_192, 1, True),
        "decode_batch": intensity(grouped, 8_192, 64, True),
        "enough": enough(h100, 1),
        "enough_128": enough(h100, 128),
        "most_512": intensity(grouped, 512, 10**9, True),
    },
)

# %% [markdown] key="growing" lang="ja"
# 長いプリフィルはバッチ1でも計算で決まります。デコードは反対で、この28層は512トークンもあれば、どのGPUでも、バッチをいくら増やしても境目に届きません。系列ごとのキャッシュで強度が頭打ちになるからです。だから読む時間はFLOPsで、書く時間はバイト数（重みとキャッシュ）で比べます。
#
# ## 5. 文書が少しずつ届くとき
#
# デコーダー型は「リアルタイムの生成が効率よくできる」（C30）といいます。文書が少しずつ届くときもそうでしょうか。小さなモデル（$d = 96$）で、64トークンの後ろの16だけを書き換え、前の48トークンの状態の変化を測ります。

# %% [markdown] key="growing" lang="zh-tw"
# 長的預填充，批次是 1 也由運算決定。解碼正好相反：這個 28 層的模型，文件有 512 個詞元時，不管哪一種 GPU，批次再大也到不了轉折點，因為每個序列都要讀自己的快取，強度會碰到上限。所以預填充的時間用 FLOPs 比，解碼的時間用位元組數（權重和快取）比。
#
# ## 5. 文件分批送達的時候
#
# 「讓即時生成更有效率」（C30），在文件像會議的字幕一樣分批送達時，也成立嗎？先用小模型（$d = 96$），只改寫 64 個詞元裡後面的 16 個，測量前面 48 個詞元的狀態會不會改變。

# %% key="growing-states"
torch.manual_seed(0)
text = torch.randint(3, 320, (1, 64))
other_end = torch.cat([text[:, :48], torch.randint(3, 320, (1, 16))], 1)
decoder = bottleneck.build(bottleneck.plain("", 0, 2), 64, "sdpa").transformer
encoder = bottleneck.build(bottleneck.plain("", 2, 2), 64, "sdpa").get_encoder()


def states(model, ids, **cache):
    return model(input_ids=ids, **cache).last_hidden_state  # (1, T, d)


def largest_change(a, b):
    return (a - b).abs().max().item()


before = decoder(input_ids=text[:, :48], use_cache=True)
continued = states(decoder, text[:, 48:], past_key_values=before.past_key_values)
changes = {
    "causal": largest_change(states(decoder, text)[:, :48], states(decoder, other_end)[:, :48]),
    "chunk": largest_change(states(decoder, text)[:, 48:], continued),
    "encoder": largest_change(states(encoder, text)[:, :48], states(encoder, other_end)[:, :48]),
}

# %% key="growing-changes" hide=true
for key, name in (
    ("causal", T(ja="デコーダー型：後ろを変えたとき", zh_tw="decoder-only：改動後面時")),
    (
        "chunk",
        T(ja="デコーダー型：キャッシュに続けて読んだとき", zh_tw="decoder-only：用快取接著讀時"),
    ),
    ("encoder", T(ja="エンコーダー：後ろを変えたとき", zh_tw="編碼器：改動後面時")),
):
    print(f"{changes[key]:8.2g}  {name}")

# %% [markdown] key="growing-count" lang="ja"
# デコーダー型の変化はちょうど0です。続きを読んでも差は丸め誤差だけなので、古い部分の計算し直しは要りません。エンコーダーでは古い状態も変わり、届くたびに全部を計算し直します。
#
# 予想：32,768トークンの文書（$n/d \approx 10.7$）が8回に分けて届きます。エンコーダー・デコーダー型が読むFLOPsの合計は、一度に届くときの何倍でしょうか。

# %% [markdown] key="growing-count" lang="zh-tw"
# decoder-only 的變化剛好是 0；用快取接著讀，差距也只有捨入誤差，所以舊的部分不必重算。編碼器則連舊的狀態都會改變，每次送達都要全部重算。
#
# 預測：32,768 個詞元的文件（$n/d \approx 10.7$）分 8 次送達。編碼器－解碼器預填充的 FLOPs 合計，是一次送達的幾倍？

# %% key="growing-flops"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

n, growth = 32_768, {}
for design in (deep, pair):
    for updates in (1, 8):
        with measure.cost() as spent:
            bottleneck.read_in_parts(models[design], n, updates)
        assert spent.flops == bottleneck.growing_flops(design, n, updates)
        growth[design, updates] = spent.flops

predict.compare(guess, growth[pair, 8] / growth[pair, 1], T(ja="倍", zh_tw=" 倍"))

# %% key="growing-figure" hide=true
n, times = 32_768, [1, 2, 4, 8, 16]
#| ja: 数えた値と一致した式で、16回まで計算する
#| zh-tw: 用和計數一致的公式，算到 16 次
grown = [bottleneck.growing_flops(pair, n, updates) for updates in times]
skipping = [bottleneck.growing_flops(deep, n, updates, skipping=True) for updates in times]
fig, ax = plt.subplots(figsize=(6.4, 4.4))
skips = T(ja="デコーダー型（14層、飛ばす）", zh_tw="decoder-only（14 層，跳過）")
totals = {skips: skipping, pair.name: grown}
charts.lines(ax, times, {name: np.divide(flops, 1e12) for name, flops in totals.items()})
x = T(ja="文書が届く回数", zh_tw="文件分幾次送達")
y = T(ja="読むFLOPsの合計（TFLOPs）", zh_tw="預填充的 FLOPs 合計（TFLOPs）")
charts.frame(ax, x, y, log="x", ticks=times, ylim=(0, None))
ax.legend()
figures.show(
    fig,
    T(
        ja=f"横軸は文書が届く回数（1回から16回、対数目盛り）、縦軸は読むFLOPsの合計です。エンコーダー・デコーダー型は、1回の{grown[0] / 1e12:.0f} TFLOPsから、16回の{grown[-1] / 1e12:.0f} TFLOPsまで増えます。デコーダー型（因果マスクの分を飛ばす）は、回数によらず{skipping[0] / 1e12:.0f} TFLOPsです。線は、2回と4回のあいだで交わります。",
        zh_tw=f"橫軸是文件分幾次送達（1 次到 16 次，對數刻度），縱軸是預填充的 FLOPs 合計。編碼器－解碼器從 1 次的 {grown[0] / 1e12:.0f} TFLOPs 增加到 16 次的 {grown[-1] / 1e12:.0f} TFLOPs；decoder-only（跳過因果遮罩部分）不管幾次都是 {skipping[0] / 1e12:.0f} TFLOPs。線在 2 次和 4 次之間交叉。",
    ),
)

# %% key="c30" show=true
claims.check(
    "C30",
    {
        "causal": changes["causal"],
        "chunk": changes["chunk"],
        "encoder": changes["encoder"],
        "skipping_growth": skipping[-1] / skipping[0],
        "encoder_growth": grown[-1] / grown[0],
        "ratio": grown[-1] / skipping[-1],
    },
)
claims.check("C24", {"at_once": skipping[0] / grown[0], "growing": skipping[-1] / grown[-1]})

# %% [markdown] key="growing-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約3.7倍です。8倍にならないのは、前の回ほど文書が短いからです。
#
# </details>
#
# 前提（C24）の答えです。6＋6層と14層で読む計算が少ないのは、一度に届くならエンコーダー・デコーダー型、何度にも分けて届くならデコーダー型です。始まりだけが全員に共通のとき、キャッシュを共有できるのもデコーダー型だけです（プレフィックスキャッシュ）。
#
# 「すべてを一様に処理する」（C28）ので、キャッシュは1種類で済みます。ただし代償もあり、後ろの16トークンを質問と見れば、文書を読むときに質問が見えません（変化0）。

# %% [markdown] key="growing-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 3.7 倍。沒有變成 8 倍，是因為越前面的幾次，文件越短。
#
# </details>
#
# 前提（C24）的答案出來了：參數量相同的 6＋6 層和 14 層相比，預填充的運算，一次送達是編碼器－解碼器比較少，分很多次送達是 decoder-only 比較少。所有人的開頭都相同時，那一段只要讀一次、快取共用一份（前綴快取），這也只有 decoder-only 做得到。
#
# decoder-only「對所有東西都用同一種方式處理」（C28），快取只要一種。不過也有代價：把後面的 16 個詞元看成問題，讀文件時就看不到問題（變化是 0）。


# %% key="c28" hide=true
def kinds(model):
    cache = bottleneck.read(model, 48).past_key_values
    if hasattr(cache, "cross_attention_cache"):
        return len([cache.self_attention_cache, cache.cross_attention_cache])
    return len([cache])


document, question, other = text[:, :48], text[:, 48:], other_end[:, 48:]
question_first = largest_change(
    states(decoder, torch.cat([question, document], 1))[:, 16:],
    states(decoder, torch.cat([other, document], 1))[:, 16:],
)
claims.check(
    "C28",
    {
        "kinds": kinds(models[deep]),
        "kinds_pair": kinds(models[pair]),
        "document_sees_question": changes["causal"],
        "question_first": question_first,
        "encoder_sees_question": changes["encoder"],
    },
)

# %% [markdown] key="further-memory" lang="ja" further=true
# ### さらにくわしく：計算の途中のメモリ

# %% [markdown] key="further-memory" lang="zh-tw" further=true
# ### 更進一步：計算過程的記憶體

# %% [markdown] key="memory" lang="ja"
# 解答例は、「FlashAttentionがあれば、デコーダー型では長いコンテキストを扱いやすい」とも書いています（C29）。スコアの行列（$n \times n$）を作る普通の計算（`eager`）と、作らずに節約する計算（`sdpa`）で、途中の計算結果（アクティベーション）が同時に占めるバイト数の最大値を比べましょう。キャッシュを残さなければこの値は層の数によらないので、2層、$d = 96$ のモデルで測ります。
#
# 予想：普通の計算で長さを8,192から16,384へ2倍にすると、途中の計算結果は何倍になるでしょうか。

# %% [markdown] key="memory" lang="zh-tw"
# 參考答案還說，「有了 FlashAttention，decoder-only 就比較容易處理長上下文」（C29）。這裡比較會建立分數矩陣（$n \times n$）的一般計算（`eager`）和不建立、節省記憶體的計算（`sdpa`），中間結果（activation）同時最多占多少位元組。不保留快取的話，這個值與層數無關，所以用 2 層、$d = 96$ 的模型來測量。
#
# 預測：用一般的計算，把長度從 8,192 增加到 16,384，也就是 2 倍。中間結果會變成幾倍？

# %% key="memory-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

thin = {
    T(ja="デコーダー型", zh_tw="decoder-only"): bottleneck.plain("", 0, 2),
    T(ja="エンコーダー・デコーダー型", zh_tw="編碼器－解碼器"): bottleneck.plain("", 2, 2),
}
decoder_name, pair_name = thin
eager, efficient = {}, {}
for (name, design), layers in zip(thin.items(), ((0, 14), (6, 6)), strict=True):
    many = bottleneck.plain("", *layers)
    measured = bottleneck.peak_of_reading(design, 1_024, "eager")
    assert measured == bottleneck.peak_of_reading(many, 1_024, "eager", "meta")
    for n in (8_192, 16_384):
        eager[name, n] = bottleneck.peak_of_reading(design, n, "eager", "meta")
    for n in (4_096, 8_192):
        efficient[name, n] = bottleneck.peak_of_reading(design, n, "sdpa")

quadratic = eager[decoder_name, 16_384] / eager[decoder_name, 8_192]
predict.compare(guess, quadratic, T(ja="倍", zh_tw=" 倍"))

# %% key="memory-table" hide=true
rows = []
for name in thin:
    both = (eager[name, 8_192], efficient[name, 8_192])
    rows.append([name, *(f"{size / 2**20:,.1f} MiB" for size in both)])
show.tabulate(
    T(ja="8,192トークン|普通の計算|節約する計算", zh_tw="8,192 個詞元|一般的計算|節省記憶體的計算"),
    rows,
)

# %% key="c29"
claims.check(
    "C29",
    {
        "naive_growth": quadratic,
        "decoder_growth": efficient[decoder_name, 8_192] / efficient[decoder_name, 4_096],
        "pair_growth": efficient[pair_name, 8_192] / efficient[pair_name, 4_096],
        "decoder_flops": bottleneck.read_flops(deep, 131_072, skipping=True)
        / bottleneck.read_flops(deep, 131_072),
    },
)

# %% [markdown] key="memory-after" lang="ja"
# 普通の計算では約4倍です。節約すると長さに比例するのは、エンコーダーでも同じです。デコーダー型だけの利点は、因果マスクの分を飛ばせることです。アテンションの計算は約半分になり、読むFLOPs全体では約56%になります（131,072トークン、$n/d \approx 42.7$）。キーとバリューは全部必要なので、KVキャッシュは減りません。
#
# このカウンターが見ているのは、PyTorchの演算が作るテンソルだけで、実装の内部の作業領域は除きます。また、節約する計算での2つの型の差には、コードの書き方の違いも含まれます。

# %% [markdown] key="memory-after" lang="zh-tw"
# 一般的計算大約是 4 倍。省下之後與長度成正比，這一點編碼器也一樣。只對 decoder-only 有效的，是可以跳過因果遮罩的部分：注意力的運算大約減半，預填充的 FLOPs 整體大約變成 56%（131,072 個詞元，$n/d \approx 42.7$）。鍵和值全都需要，所以 KV 快取並不會變小。
#
# 這個計數器看得到的，只有 PyTorch 的運算所建立的張量，不包含實作內部的小塊工作空間。節省記憶體的計算，兩種架構還有差距，部分是因為程式的寫法不同。

# %% [markdown] key="further-real" lang="ja" further=true
# ### さらにくわしく：本物のモデルと、3つ目の設計

# %% [markdown] key="further-real" lang="zh-tw" further=true
# ### 更進一步：真正的模型與第 3 種設計

# %% [markdown] key="real" lang="ja"
# ここまでの式は、本物のモデルでも成り立つでしょうか。Llama 2 7B、Llama 3 8B、T5-11Bを`meta`で動かし、8,192トークンの文書で確かめます。
#
# 予想：Llama 3 8BのKVキャッシュは、Llama 2 7Bの何倍でしょうか。どちらも32層のデコーダー型ですが、キーとバリューのヘッドは、Llama 2 7Bが32、Llama 3 8Bが8です。

# %% [markdown] key="real" lang="zh-tw"
# 前面的公式，對真正的模型也成立嗎？在 `meta` 上執行 Llama 2 7B、Llama 3 8B、T5-11B，用 8,192 個詞元的文件確認。
#
# 預測：Llama 3 8B 的 KV 快取是 Llama 2 7B 的幾倍？兩者都是 32 層的 decoder-only，但鍵和值的頭，Llama 2 7B 有 32 個，Llama 3 8B 有 8 個。

# %% key="real-models"
from transformers import LlamaForCausalLM, T5ForConditionalGeneration

n, real = 8_192, {}
for key, kind in (
    ("llama-2-7b", LlamaForCausalLM),
    ("llama-3-8b", LlamaForCausalLM),
    ("t5-11b", T5ForConditionalGeneration),
):
    config = kv_cache.config(key)
    config.max_position_embeddings = 2 * n
    real[key] = bottleneck.of(config)
    with torch.device("meta"):
        model = kind(config).eval()
    model.set_attn_implementation("eager")
    with measure.cost() as spent:
        bottleneck.read(model, n)
    assert spent.flops == bottleneck.first_token_flops(real[key], n)
    parts = bottleneck.cache_bytes(real[key], n, 1)
    lengths = {"encoder_len": n} if real[key].is_encoder_decoder else {}
    in_cache = 1 if lengths else n + 1
    assert sum(parts.values()) == kv_cache.formula(config, in_cache, **lengths).total_bytes

# %% key="real-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

gib = {key: sum(bottleneck.cache_bytes(x, n, 1).values()) / 2**30 for key, x in real.items()}
for key, design in real.items():
    flops = bottleneck.first_token_flops(design, n) / 1e12
    print(f"{flops:7.1f} TFLOPs  {gib[key]:6.2f} GiB  {key}")
predict.compare(guess, gib["llama-3-8b"] / gib["llama-2-7b"], T(ja="倍", zh_tw=" 倍"))

# %% [markdown] key="real-grid" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 0.25倍です。キャッシュの大きさは、キーとバリューのヘッドの数に比例します。
#
# </details>
#
# T5-11Bのキャッシュは、Llama 3 8Bの約12倍ですが、これは型のせいでしょうか。Llama 2 7Bのブロックで、パラメータ数がほぼ同じになる14＋14層のエンコーダー・デコーダー型を考えます（実在しないモデルです）。型とヘッドの数を別々に変えて、100,000トークンのKVキャッシュを比べます。

# %% [markdown] key="real-grid" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 0.25 倍。快取的大小與鍵和值的頭數成正比。
#
# </details>
#
# T5-11B 的快取大約是 Llama 3 8B 的 12 倍。這是架構造成的嗎？用 Llama 2 7B 的區塊，設想參數量差不多的 14＋14 層編碼器－解碼器（實際上不存在），把架構和頭數分開來改變，比較 100,000 個詞元的 KV 快取。

# %% key="real-grid-code"
base, grid = real["llama-2-7b"], {}
both = {
    T(ja="デコーダー型", zh_tw="decoder-only"): base,
    T(ja="エンコーダー・デコーダー型", zh_tw="編碼器－解碼器"): replace(
        base, n_encoder=14, n_decoder=14
    ),
}
for n_kv_heads, how in ((32, "MHA"), (8, "GQA")):
    for name, design in both.items():
        its = replace(design, n_kv_heads=n_kv_heads)
        grid[how, name] = sum(bottleneck.cache_bytes(its, 100_000, 0).values()) / 2**30
        print(f"{how}  {grid[how, name]:6.2f} GiB  {name}")
assert list(grid.values()) == sorted(grid.values(), reverse=True)

# %% [markdown] key="real-after" lang="ja"
# 型を変えると約44%、キーとバリューのヘッドを32から8に減らすと25%になりました。この例では、ヘッドの数のほうが型よりも大きく効きます（32から16なら50%で、型のほうが大きく効きます）。T5-11Bのキャッシュが大きいのは、128個のヘッドがすべてキーとバリューを持つからです。T5Gemmaのように、GQAを使うエンコーダー・デコーダー型もあります。

# %% [markdown] key="real-after" lang="zh-tw"
# 換架構大約變成 44%，把鍵和值的頭從 32 個減到 8 個則是 25%。在這個例子裡，頭數的影響比架構大（如果只從 32 個減到 16 個，是 50%，反而是架構的影響大）。T5-11B 的快取很大，是因為 128 個頭全都有自己的鍵和值。也有使用 GQA 的編碼器－解碼器，例如 T5Gemma。

# %% [markdown] key="merged" lang="ja"
# T5Gemma 2（[2025年12月の論文](https://arxiv.org/abs/2512.14856)）は、型の内部も変えました。デコーダーの自己注意と交差注意を1つにまとめ、同じ行列で作った文書と要約のキーとバリューを、1つのクエリで参照します（transformersのソースコードでは`T5Gemma2MergedAttention`）。
#
# 予想：6＋6層のモデルの自己注意と交差注意をこのようにまとめると、パラメータ数が同じになるデコーダー型は、何層でしょうか。

# %% [markdown] key="merged" lang="zh-tw"
# T5Gemma 2（[2025 年 12 月的論文](https://arxiv.org/abs/2512.14856)）連架構的內部也改了：把解碼器的自注意力和交叉注意力合併，用同樣的矩陣算出文件和摘要的鍵與值，再用同一個查詢去看（transformers 的原始碼裡叫做 `T5Gemma2MergedAttention`）。
#
# 預測：把 6＋6 層的模型這樣合併注意力之後，參數量相同的 decoder-only 是幾層？

# %% key="merged-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

third = bottleneck.merged(pair)
equal_layers = third.weights // block.weights
predict.compare(guess, equal_layers, T(ja="層", zh_tw=" 層"))

# %% [markdown] key="merged-costs" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 12層です。デコーダーのブロックも、エンコーダーと同じ $12 d^2$ になるからです。
#
# </details>
#
# パラメータ数が同じ12層のデコーダー型と、費用を比べてみましょう。式は、T5Gemma 2のコードを小さくしたもののFLOPsとキャッシュに一致することを、教材のテストで確かめてあります。

# %% [markdown] key="merged-costs" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 12 層，因為解碼器的區塊也變成和編碼器一樣的 $12 d^2$。
#
# </details>
#
# 和參數量相同的 12 層 decoder-only 比較成本。教材的測試已經確認，公式和縮小的 T5Gemma 2 程式碼的 FLOPs 與快取一致。

# %% key="merged-claim" show=true
twelve, n = bottleneck.plain("", 0, equal_layers, d, heads), 8_192
reading, writing, cache = (
    need(twelve) / need(third)
    for need in (
        lambda x: bottleneck.read_flops(x, n, skipping=True),
        lambda x: bottleneck.write_flops(x, n, 256),
        lambda x: sum(bottleneck.cache_bytes(x, n, 256).values()),
    )
)
found = {"layers": equal_layers, "read": reading, "write": writing, "cache": cache}
claims.check("E82", found)

# %% [markdown] key="merged-after" lang="ja"
# まとめた型のキャッシュは、デコーダー型のちょうど半分で（ウィンドウなしの場合）、書く計算も、出力のスコアの分を除けば半分です。書くときに働くのが、12のブロックのうちデコーダーの6つだけだからです。交差注意を別に持つ6＋6層では、この差に交差注意の重みの分が混ざっていました。まとめた型は、「読む層」と「書く層」を分けることの効果を、最も純粋に見せてくれます。

# %% [markdown] key="merged-after" lang="zh-tw"
# 合併之後，快取剛好是 decoder-only 的一半（省略滑動視窗的層）；解碼的運算，不算輸出分數的話也是一半，因為寫的時候要用到的，只有 12 個區塊裡解碼器的 6 個。沒有合併的 6＋6 層，和 decoder-only 的差別裡還混著交叉注意力的權重。合併之後的架構，最能單純看出把「讀取的層」和「生成的層」分開有什麼效果。

# %% [markdown] key="further-shared" lang="ja" further=true
# ### さらにくわしく：何が共有できるか

# %% [markdown] key="further-shared" lang="zh-tw" further=true
# ### 更進一步：什麼相同，才能共用快取

# %% [markdown] key="shared" lang="ja"
# 8人が8,192トークンの入力を持ち、最初の6,144トークンが共通だとします。デコーダー型では、その分のキーとバリューも同じなので、キャッシュは1つで済みます。
#
# 予想：それぞれが256トークンを書き終えたとき、14層のデコーダー型のキャッシュの合計は、共有しないときの何倍でしょうか。

# %% [markdown] key="shared" lang="zh-tw"
# 假設有 8 位使用者，每人的輸入是 8,192 個詞元，最前面的 6,144 個詞元相同。decoder-only 那一段的鍵和值也相同，所以快取只要留一份。
#
# 預測：每個人都寫完 256 個詞元時，14 層的 decoder-only 的快取合計，是不共用時的幾倍？

# %% key="sharing"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

line = T(
    ja="別々 {:5.1f} GiB  共有 {:5.1f} GiB  {}", zh_tw="分開 {:5.1f} GiB  共用 {:5.1f} GiB  {}"
)
for design in (pair, shallow, deep):
    apart = bottleneck.batch_bytes(design, 8_192, 256, 8)
    shared = bottleneck.batch_bytes(design, 8_192, 256, 8, shared=6_144)
    print(line.format(apart / 2**30, shared / 2**30, design.name))
predict.compare(guess, shared / apart, T(ja="倍", zh_tw=" 倍"))

# %% [markdown] key="sharing-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約0.36倍です。共通の6,144トークンは1つ、残りの2,048トークンと要約は人数分を持ちます。14層のデコーダー型でも、6＋6層より小さくなりました。
#
# </details>
#
# では、文書が丸ごと同じならどうでしょうか。質問をデコーダーに入れれば、交差注意のキーとバリューは文書だけで決まるので、エンコーダー・デコーダー型でも1つで済みます。8人が同じ8,192トークンの文書に64トークンの質問をして、256トークンの答えを受け取る場合です。

# %% [markdown] key="sharing-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 0.36 倍。相同的 6,144 個詞元留一份，其餘的 2,048 個詞元和摘要每個人各一份。就算是 14 層的 decoder-only，也比 6＋6 層小。
#
# </details>
#
# 那麼，整份文件都相同呢？只要把問題放進解碼器，交叉注意力的鍵和值就只由文件決定，編碼器－解碼器也只要留一份。考慮 8 個人針對同一份 8,192 個詞元的文件，各問 64 個詞元的問題，得到 256 個詞元的答案。

# %% key="same-document"
own = bottleneck.cache_bytes(pair, 8_192, 64 + 256)
same_document = {
    pair: own["cross"] + 8 * own["self"],
    deep: bottleneck.batch_bytes(deep, 8_192, 64 + 256, 8, shared=8_192),
}
for design, size in same_document.items():
    print(f"{size / 2**30:6.2f} GiB  {design.name}")
assert same_document[pair] < same_document[deep]

# %% [markdown] key="same-document-after" lang="ja"
# 今度は、エンコーダー・デコーダー型のほうが小さくなりました。だから、始まりだけが共通なのか、文書が丸ごと共通なのかを、先に確かめる必要があります。
#
# なお、文書を固まりごとに別々にエンコードする方法（[Fusion-in-Decoder](https://arxiv.org/abs/2007.01282)など）なら、エンコーダーでも計算し直さずに済みます。そのかわり、固まりどうしは互いに見えません。

# %% [markdown] key="same-document-after" lang="zh-tw"
# 這次是編碼器－解碼器比較小。所以要先弄清楚：相同的只有開頭，還是整份文件？
#
# 另外，如果把文件切成幾塊、分別編碼（例如 [Fusion-in-Decoder](https://arxiv.org/abs/2007.01282)），編碼器也不必重算；代價是各塊彼此看不到。

# %% [markdown] key="further-speculative" lang="ja" further=true
# ### さらにくわしく：投機的デコーディング

# %% [markdown] key="further-speculative" lang="zh-tw" further=true
# ### 更進一步：推測解碼

# %% [markdown] key="speculative" lang="ja"
# デコードの時間は帯域幅で決まるので、1回の読み出しで何トークンも確かめられれば得です。投機的デコーディング（speculative decoding）では、小さなモデルの下書きを大きなモデルが1回の計算で採点し、退けた所は書き直し、全部通れば1つ書き足します。レッスン04のデコーダー（2層、幅64）用に、1層、幅32のモデルを学習させます。
#
# 予想：4トークンずつ下書きすると、大きなモデルの1回の計算で、平均何トークン進むでしょうか（最大で5）。

# %% [markdown] key="speculative" lang="zh-tw"
# 解碼的時間由頻寬決定，所以讀一次權重就確認好幾個詞元，比較划算。推測解碼（speculative decoding）讓小模型先草擬幾個詞元，再由大模型一次計算、一起檢查：退回的地方改寫，全部通過就多寫 1 個。這裡替第 04 課的解碼器（2 層，寬度 64）訓練一個負責草擬的模型（1 層，寬度 32）。
#
# 預測：每次草擬 4 個詞元，大模型計算一次，平均可以前進幾個詞元（最多 5 個）？

# %% key="speculative-source"
import inspect

from helpers.models import decoder as lesson_04
from helpers.models import speculative

target, draft = lesson_04.load(), speculative.drafter()
start = speculative.beginning(LANG)
print(inspect.getsource(speculative.accepts), inspect.getsource(speculative.speculate), sep="\n")

# %% key="speculative-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

torch.manual_seed(0)
gained = {ahead: speculative.per_pass(target, draft, start, ahead) for ahead in (1, 4)}
predict.compare(guess, gained[4], T(ja="トークン", zh_tw=" 個詞元"))

# %% [markdown] key="speculative-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 3トークン前後です。下書きが途中で退けられると、その先は使えないので、5には届きません。
#
# </details>
#
# では、出てくる文は、大きなモデルだけで書いたときと同じ分布でしょうか。文の初めの主語に続く2トークンの確率は、どの組についても正確に計算できます。それをもとに、投機的デコーディングで書いた600組の度数をχ²検定の統計量で調べましょう（自由度で割った値が1に近ければ、同じ分布と見てよい）。比べるために、下書きのモデルだけで書いた600組も調べます。

# %% [markdown] key="speculative-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 3 個詞元。草擬的詞元一旦被退回，後面的就用不到，所以到不了 5。
#
# </details>
#
# 那麼，寫出來的句子，和只用大模型寫的分布相同嗎？句子開頭的主詞後面 2 個詞元，每一種組合的機率都可以準確算出來。以它為準，用 χ² 檢定的統計量檢查推測解碼寫出的 600 組（除以自由度之後接近 1，就可以看成相同的分布）；為了比較，也檢查只用草擬模型寫的 600 組。

# %% key="speculative-claim" show=true
begun = speculative.beginning(LANG, T(ja="健太が", zh_tw="志明"))
exact = speculative.exact_pairs(target, begun)
drawn = speculative.drawn_pairs(target, draft, begun, 2, 600)
drafted = speculative.drawn_pairs(draft, draft, begun, 2, 600)
claims.check(
    "E83",
    {
        "misfit": speculative.misfit(drawn, exact),
        "misfit_draft": speculative.misfit(drafted, exact),
        "one": gained[1],
        "four": gained[4],
    },
)

# %% [markdown] key="speculative-end" lang="ja"
# 分布はそのままで、大きなモデルを動かす回数だけが減りました。ただし、下書きにも時間がかかり、短い文脈でバッチが大きく、時間が計算で決まるときは、得が小さくなります。

# %% [markdown] key="speculative-end" lang="zh-tw"
# 分布不變，只有大模型的計算次數變少了。不過，草擬也要花時間；上下文短、批次大到時間由運算決定時，好處會變小。

# %% [markdown] key="speculative-record" lang="ja"
# 2トークンだけでなく、文全体でも分布は同じでしょうか。同じ言葉（「昨日、健太」など）で始まる文は、文法で言えるものを全部数え上げられるので、大きなモデルがどの文をどの確率で書くかも正確に計算できます。そこで、続きを300文ずつ書かせた記録を、文の形と場所で分けて数え、χ²検定をしました。受け入れ方を間違えた2つの書き方、「下書きを全部受け入れる」と「$p/q$ ではなく $p$ の確率で受け入れる」も並べます（$p$ は大きなモデル、$q$ は下書きのモデルの確率で、正しくは両者の比の確率で受け入れます）。$P$ 値は、同じ分布なら、これ以上のずれが偶然に起こる確率です。
#
# 2つ目の表は、下書きのモデルの学習ステップ数を変えた記録です。一致度は $\sum_x \min(p(x), q(x))$ の平均で、下書き1トークンが受け入れられる確率に当たります。どのトークンも同じ確率 $a$ で受け入れられるなら、4トークンの下書きで進むのは、平均 $1 + a + a^2 + a^3 + a^4$ トークンです（文が終わると残りの下書きを捨てるので、数えた値はこれより少し小さくなります）。

# %% [markdown] key="speculative-record" lang="zh-tw"
# 不只 2 個詞元，整個句子的分布也一樣嗎？符合文法、開頭相同（「健太昨天」等）的句子可以全部列出來，所以大模型用多少機率寫出哪一句，也能準確算出來。這裡把各寫 300 句的紀錄，依句型和地點分開計數，做 χ² 檢定。也放上 2 種接受規則寫錯的做法：「草擬的全部接受」，以及「用 $p$ 而不是 $p/q$ 的機率接受」（$p$ 是大模型給這個詞元的機率，$q$ 是草擬模型給的；正確的做法，是以兩者的比當作機率來接受）。$P$ 值是分布相同時，碰巧偏差這麼大或更大的機率。
#
# 第 2 張表，是改變草擬模型訓練步數的紀錄。一致程度是 $\sum_x \min(p(x), q(x))$ 的平均，也就是草擬的 1 個詞元被接受的機率。如果每個詞元被接受的機率都是 $a$，草擬 4 個詞元，平均可以前進 $1 + a + a^2 + a^3 + a^4$ 個詞元（句子一結束，剩下的草擬就丟掉，所以數出來的會再少一點）。

# %% key="speculative-table" hide=true
from helpers import results
from helpers.models import speculative

made = results.load("speculative")
rules = {
    "right": T(ja="正しい受け入れ方", zh_tw="正確的接受規則"),
    "all": T(ja="全部受け入れる", zh_tw="全部接受"),
    "p": T(ja="pの確率で受け入れる", zh_tw="用 p 的機率接受"),
}
p_values, rows = {rule: [] for rule in rules}, []
for fit in made["fits"]:
    p_values[fit["rule"]].append(fit["p"])
    of = [rules[fit["rule"]], fit["lang"], f"{fit['seed']}", f"{fit['chi_square']:.1f}"]
    rows.append([*of, f"{fit['freedom']}", f"{fit['p']:.2g}"])
head = T(ja="受け入れ方|言語|シード|χ²|自由度|P値", zh_tw="接受規則|語言|亂數種子|χ²|自由度|P 值")
show.tabulate(head, rows)

# %% key="speculative-agreement" hide=true
rows, counted = [], {}
for steps in sorted({d["steps"] for d in made["drafts"]}):
    of = [d for d in made["drafts"] if d["steps"] == steps]
    agreement, tokens = np.mean([[d["agreement"], d["tokens"]["4"]] for d in of], 0)
    spread = np.std([d["tokens"]["4"] for d in of], ddof=1)
    counted[steps] = (agreement, tokens, speculative.expected(agreement, 4))
    rows.append([f"{steps:,}", f"{agreement:.2f}", f"{tokens:.2f} ± {spread:.2f}"])
    rows[-1].append(f"{counted[steps][2]:.2f}")
show.tabulate(
    T(
        ja="下書きのステップ数|一致度|1回で進むトークン（数えた値）|式の値",
        zh_tw="草擬模型的步數|一致程度|計算一次前進的詞元（數出來的）|式子的值",
    ),
    rows,
)
ratios = [tokens / told for _, tokens, told in counted.values()]
claims.check(
    "E84",
    {
        "right": min(p_values["right"]),
        "all": max(p_values["all"]),
        "p": max(p_values["p"]),
        "least": counted[25][1],
        "most": counted[1600][1],
        "formula": min(ratios),
    },
)

# %% [markdown] key="serving" lang="ja"
# ## 6. 同じGPUを大勢で使う
#
# 重みは共有するので、まとめて書くほど得です。ところが、全員が書き終えるまで次の人を入れない静的バッチでは、早く終わった席が空いたままです。そこへ次の人をすぐ入れるのが連続バッチ（continuous batching）です。FLOPs÷計算の速さとバイト数÷帯域幅（4節）の長いほうを時間の下限とし、シミュレーションしましょう。文書は8,192トークン、要約は32〜512トークン、16席、H100です（GPUでは測っていません）。
#
# 予想：200人が同時に申し込むとき、連続バッチのスループット（毎秒のトークン数）は、静的バッチの何倍でしょうか。`"a"`：1.1、`"b"`：1.5、`"c"`：3

# %% [markdown] key="serving" lang="zh-tw"
# ## 6. 很多人共用一張 GPU
#
# 權重由所有人共用，所以把好幾個人的摘要一起生成，比較划算。可是每個人的摘要長度不同：如果等所有人都寫完，才讓下一批進來（靜態批次），先寫完的人留下的位子就一直空著。一有空位就讓下一個人進來，叫做連續批次（continuous batching）。用第 4 節的看法，取「FLOPs÷官方規格的效能」和「位元組數÷頻寬」中比較長的當作時間下限來模擬（沒有在實際的 GPU 上測量；文件 8,192 個詞元，摘要 32～512 個詞元，16 個位子，H100）。
#
# 預測：200 個人同時送出請求，連續批次的吞吐量（每秒生成的詞元數）大約是靜態批次的幾倍？`"a"`：1.1、`"b"`：1.5、`"c"`：3

# %% key="serving-source"
import inspect

from helpers.bottleneck import serving

print(inspect.getsource(serving.serve))

# %% key="serving-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None


def simulated(design, continuous, rate=0):
    T(ja="""それぞれの量の、5つのシードの値""", zh_tw="""每個量在五個種子的值""")
    runs = [
        serving.served(design, 8_192, "h100", continuous, rate=rate, seed=seed) for seed in range(5)
    ]
    return {name: np.array([run[name] for run in runs]) for name in runs[0]}


static, continuous = (simulated(grouped, how) for how in (False, True))
options = {"a": "1.1", "b": "1.5", "c": "3"}
gain = (continuous["throughput"] / static["throughput"]).mean()
nearest = min(options, key=lambda key: abs(float(options[key]) - gain))
predict.choose(guess, options, nearest)

# %% key="serving-figure" hide=true
rates, shown = (3, 4, 5, 6, 8), {"ttft_p95": {}, "tpot_p95": {}}
fig, both = plt.subplots(1, 2, figsize=(9.6, 4.4))
for design, kind in (
    (grouped, T(ja="デコーダー型", zh_tw="decoder-only")),
    (grouped_pair, T(ja="エンコーダー・デコーダー型", zh_tw="編碼器－解碼器")),
):
    for how, name in ((False, T(ja="静的", zh_tw="靜態")), (True, T(ja="連続", zh_tw="連續"))):
        label = T(ja=f"{kind}、{name}", zh_tw=f"{kind}，{name}")
        runs = [simulated(design, how, rate) for rate in rates]
        for ax, (name, lines) in zip(both, shown.items(), strict=True):
            values = 1_000 * np.stack([run[name] for run in runs], 1)
            lines[label], error = charts.spread(values)
            ax.errorbar(rates, lines[label], error, label=label, capsize=4)
x = T(ja="毎秒の申し込み", zh_tw="每秒的請求數")
for ax, name in zip(both, ("TTFT", "TPOT"), strict=True):
    y = T(ja=f"{name}の95パーセンタイル（ms）", zh_tw=f"{name} 的第 95 百分位數（ms）")
    charts.frame(ax, x, y, log="y", ticks=rates)
both[1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
ttft, tpot = (charts.listed(lines, ".1f") for lines in shown.values())
figures.show(
    fig,
    T(
        ja=f"横軸は毎秒の申し込み（{rates[0]}から{rates[-1]}）、縦軸は95パーセンタイル（ミリ秒、対数目盛り）で、5つのシードの平均です。エラーバーは、最小から最大までを示します。申し込みの少ない順に、左は最初のトークンまでの時間（TTFT）で、{ttft}。右は、そのあとの1トークンあたりの時間（TPOT）で、{tpot}。",
        zh_tw=f"橫軸是每秒的請求數（{rates[0]} 到 {rates[-1]}），縱軸是第 95 百分位數（毫秒，對數刻度），取五個種子的平均。誤差線是最小值到最大值。依請求數由少到多，左圖是 TTFT：{ttft}。右圖是 TPOT：{tpot}。",
    ),
)

# %% key="serving-claim"
pair_rate = simulated(grouped_pair, True)["throughput"]
before, after = (simulated(grouped, how, rate=3) for how in (False, True))
claims.check(
    "E81",
    {
        "gain": gain,
        "wait": (after["ttft_p50"] / before["ttft_p50"]).mean(),
        "tpot": (after["tpot_p50"] / before["tpot_p50"]).mean(),
        "tpot_full": (continuous["tpot_p50"] / static["tpot_p50"]).mean(),
        "pair": (pair_rate / continuous["throughput"]).mean(),
    },
)

# %% [markdown] key="explore" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約1.5倍です。静的バッチの書く時間は長さの平均（272）ではなく16人の最長（500近く）で決まります（読む時間は同じ）。
#
# </details>
#
# 待つ時間の差は大きく、静的だと28層は毎秒約4人、12＋12層は約8人で列が伸び続けます。一方、連続だと満員のとき次の人の文書を読む間は書けず、TPOTの中央値は静的の約1.2倍です（vLLMは分けて読み、その間も書く）。
#
# ## 7. 条件を動かして、交わるところを探す
#
# 次の図では、短い棒に◎が付き、下の文に優劣が入れ替わるところが出ます（デコーダー型は28層）。文書が16回に分けて届くとき、最初のトークンまでと、書き終えるまでとで、◎が付くのは同じ型でしょうか。

# %% [markdown] key="explore" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 1.5 倍。決定靜態批次寫多久的，是 16 個人裡最長的（將近 500），而不是平均長度（272）；預填充的時間則一樣。
#
# </details>
#
# 等待時間的差別更大：用靜態批次的話，28 層每秒約 4 人、12＋12 層約 8 人，等待的隊伍就越來越長。不過連續批次的位子全滿時，讀下一個人的文件那段時間，別人都不能寫，所以 TPOT 的中位數大約是靜態批次的 1.2 倍（vLLM 把文件分段讀，讀的同時也能寫）。
#
# ## 7. 改變條件，找出交叉點
#
# 下圖比較候選架構的成本：比較短的長條會標上 ◎，下面的句子會說明優劣在哪裡逆轉（decoder-only 是 28 層）。文件分 16 次送達時，看第一個詞元的時間，和看寫完的時間，標上 ◎ 的是同一種架構嗎？

# %% key="explore-draw" hide=true
from helpers.widgets import Explorer, Range, Select


def draw(document, summary, users, shared, updates, split, kv_decoder, kv_pair):
    first = replace(bottleneck.DECODER, n_kv_heads=kv_decoder)
    second = replace(bottleneck.ENCODER_DECODER, n_kv_heads=kv_pair)
    second = replace(second, n_encoder=split[0], n_decoder=split[1])
    return bottleneck.explore(first, second, document, summary, users, shared, updates)


# %% key="explore-code"
heads = [1, 2, 4, 8, 24]
Explorer(
    T(ja="どちらが少なくて済むか", zh_tw="哪一種需要的比較少"),
    draw,
    Range(
        "document",
        T(ja="文書（トークン）", zh_tw="文件（詞元）"),
        [1024 * 2**i for i in range(8)],
        32_768,
    ),
    Range(
        "summary",
        T(ja="要約（トークン）", zh_tw="摘要（詞元）"),
        [64, 128, 256, 512, 1024, 4096],
        256,
    ),
    Range("users", T(ja="同時に使う人数", zh_tw="同時使用的人數"), [1, 2, 4, 8, 16, 32], 8),
    Range(
        "shared", T(ja="共通のプロンプトの割合", zh_tw="共用提示的比例"), range(0, 100, 10), 0, " %"
    ),
    Range("updates", T(ja="文書が届く回数", zh_tw="文件分幾次送達"), [1, 2, 4, 8, 16, 32], 1),
    Select(
        "split",
        T(ja="エンコーダーとデコーダーの層", zh_tw="編碼器和解碼器的層數"),
        {f"{encoder} + {decoder}": (encoder, decoder) for encoder, decoder in bottleneck.SPLITS},
        (12, 12),
    ),
    Range("kv_decoder", T(ja="デコーダー型のKVヘッド", zh_tw="decoder-only 的 KV 頭"), heads, 24),
    Range(
        "kv_pair",
        T(ja="エンコーダー・デコーダー型のKVヘッド", zh_tw="編碼器－解碼器的 KV 頭"),
        heads,
        24,
    ),
)

# %% [markdown] key="scenario" lang="ja"
# ## 8. 自分のシナリオ
#
# 次のセルが配るシナリオは、文書の届き方、共通の部分、GPU、目標、候補の層とヘッドの数が人によって違います。「シナリオ」の後ろの4文字が番号です（提出時に書きます）。
#
# 時間は6節の下限なので、目標を超えれば間に合わず、下回っても間に合うとは言えません。
#
# 目標は、最初のトークンまで（TTFT）か、書き終えるまでです。16回に分けて届くシナリオでは最初のトークンはどれもデコーダー型が先ですが、書く時間が効き、その76%でエンコーダー・デコーダー型が先に書き終えました（ひとりのとき。全員が同時なら64%）。

# %% [markdown] key="scenario" lang="zh-tw"
# ## 8. 你自己的情境
#
# 下面的儲存格會發給你一個情境。文件送達的方式、共用的部分、GPU、目標、候選架構的層數和頭數，每個人都不一樣。「情境」後面的 4 個字元是編號，繳交時請寫上。
#
# 時間和第 6 節一樣，用的是下限。下限超過目標，就一定來不及；比目標短，還不能說來得及。
#
# 目標有時是第一個詞元的時間（TTFT），有時是寫完的時間。在分 16 次送達的所有情境裡，第一個詞元全都是 decoder-only 比較早；可是看寫完的時間，一個人用時，其中 76% 的情境是編碼器－解碼器比較早（所有人同時用則是 64%）。

# %% key="scenario-code"
mine = bottleneck.scenario()
mine

# %% [markdown] key="step1" lang="ja"
# ## 9. ステップ1：コンテキストの処理のボトルネック
#
# どちらかの型を選び、理由を300字前後で書いてください。
#
# - `choice`は`"decoder"`か`"encoder_decoder"`
# - 表の数を2つ以上、単位を付けて引用する（課題で与えられた数は数えない）
# - 選ばなかったほうの利点（数で）と、比較の限界にも触れる
#
# 実行すると、表と合う数（「約4割」や「7分の1」も）と、触れていない観点を示し、型を取り違えたらしい数には確認を求めます。採点はしません。その下は教員用です（シナリオ0230の解答例）。

# %% [markdown] key="step1" lang="zh-tw"
# ## 9. 步驟 1：上下文處理的瓶頸
#
# 請一定要選一種架構，並用大約 300 字寫出理由。
#
# - `choice` 是 `"decoder"` 或 `"encoder_decoder"`
# - 至少引用 2 個表裡的數字，並寫上單位（題目給的數字不算）
# - 也要用數字說明沒選的那一種有什麼優點，以及這個比較的限制
#
# 執行儲存格，就會顯示和表相符的數字（「大約 4 成」、「7 分之 1」也看得懂），以及沒有提到的面向；數字好像算到另一種架構頭上時，會請你確認。這項檢查不評分。再下面的儲存格，只有教師版才會顯示參考答案（情境 0230 的例子）。

# %% key="step1-code"
choice = None
step1 = """

"""
first_review = bottleneck.review(1, choice, step1, mine)
first_review

# %% key="step1-answer-code"
bottleneck.model_answer(first_review)

# %% [markdown] key="step2" lang="ja"
# ## 10. ステップ2：スケーリング則で正当化できるか
#
# 次をもとに、正当化できる部分とできない部分を200字前後で書きましょう。
#
# - レッスン06：スケーリング則が予測するのは損失で、個々のタスクの成績ではない
# - [RedLLM（Zhang et al. 2025）](https://arxiv.org/abs/2510.26622)：事前学習の計算効率は、全体としてデコーダー型が上。指示チューニング後のエンコーダー・デコーダー型は、結果が同等以上で、推論の効率がはるかによい
# - [Zhang et al. 2023](https://arxiv.org/abs/2301.13848)：ゼロショット要約の鍵は、モデルの大きさではなく、指示チューニング

# %% [markdown] key="step2" lang="zh-tw"
# ## 10. 步驟 2：規模定律能支持這個選擇嗎
#
# 請根據下面的資料，用大約 200 字，寫出哪些部分能用規模定律支持、哪些部分不能。
#
# - 第 06 課：規模定律預測的是損失，不是個別任務的成績
# - [RedLLM（Zhang et al. 2025）](https://arxiv.org/abs/2510.26622)：預訓練的運算效率整體上是 decoder-only 較好；指令微調之後的編碼器－解碼器，結果相當或更好，推論效率則好得多
# - [Zhang et al. 2023](https://arxiv.org/abs/2301.13848)：零樣本摘要能力的關鍵不是模型大小，而是指令微調

# %% key="step2-code"
step2 = """

"""
second_review = bottleneck.review(2, choice, step2, mine)
second_review

# %% key="step2-answer-code"
bottleneck.model_answer(second_review)

# %% [markdown] key="engineering" lang="ja" further=true
# ### さらにくわしく：実装の事情（日付つき）

# %% [markdown] key="engineering" lang="zh-tw" further=true
# ### 更進一步：實作的現況（附日期）

# %% [markdown] key="engineering-text" lang="ja"
# 解答例のうち、「最適化が複雑」（C27）だけは、主に実装の話です。インストールされているtransformersに、それぞれの実装が登録されているかどうかを調べてみましょう。

# %% [markdown] key="engineering-text" lang="zh-tw"
# 參考答案的理由裡，只有「最佳化很複雜」（C27）說的主要是實作。那就查一下已安裝的 transformers 登記了哪些實作。

# %% key="engineering-code"
import transformers

names = ["LlamaForCausalLM", "GPT2LMHeadModel", "BertForMaskedLM", "ModernBertForMaskedLM"]
names += ["BartForConditionalGeneration", "T5ForConditionalGeneration"]
names += ["WhisperForConditionalGeneration", "Gemma2ForCausalLM"]
names += ["T5GemmaForConditionalGeneration", "T5Gemma2ForConditionalGeneration"]
print(f"transformers {transformers.__version__}")
flash = {}
for name in names:
    kind = getattr(transformers, name)
    flash[name] = kind._supports_flash_attn
    print(
        f"flash {kind._supports_flash_attn!s:6} sdpa {kind._supports_sdpa!s:6} "
        f"flex {kind._supports_flex_attn!s:6} {name}"
    )

# %% [markdown] key="engineering-t5" lang="ja"
# `flash`はFlashAttention、`sdpa`はメモリを節約する計算、`flex`はPyTorchのFlexAttentionです（速さの話ではありません）。`False`の理由は、モデルによって違います（2026年11月、transformers 5.23）。GPT-2の`flex`のように、登録がないだけのこともあります。
#
# - T5Gemmaの`sdpa`：アテンションのスコアを一定の範囲に抑える処理（softcapping）を、`sdpa`が受け付けないから。ソースコードに`sdpa does not support softcapping`と書いてある。デコーダー型のGemma 2も、同じ理由で`False`
# - T5の`flash`：スコアに相対位置バイアスを足すから。BARTとT5Gemmaは使えるので、エンコーダー・デコーダー型だから、ではない。T5でも`flex`は`True`で、FlexAttentionなら、スコアにバイアスを足す計算を組み込める
# - T5Gemma 2の`flash`と`flex`：マスクが合わないから（ソースコードの注釈）。`flash`は作り方が特別でウィンドウもあること、`flex`は作ったあとでまとめることが理由
#
# 「エンコーダー・デコーダー型はFlashAttentionを使えない」とひとまとめには言えません。T5の理由はバイアスで、T5Gemma 2の理由は、マスクの作り方です。
#
# T5では、節約する計算を選んでも、バイアスの行列が $n \times n$ の大きさで残ります。BARTのコードと並べて、途中の計算結果を測ってみましょう。

# %% [markdown] key="engineering-t5" lang="zh-tw"
# `flash` 是 FlashAttention，`sdpa` 是節省記憶體的計算，`flex` 是 PyTorch 的 FlexAttention；這裡只看支不支援，不比速度。標成 `False` 的原因，每個模型不一樣（2026 年 11 月，transformers 5.23）。有的只是沒有標明，例如 GPT-2 的 `flex`；其他的原因如下：
#
# - T5Gemma 的 `sdpa`：它會把注意力的分數壓在一定的範圍裡（softcapping），而 `sdpa` 不接受這種處理。原始碼裡寫著 `sdpa does not support softcapping`。decoder-only 的 Gemma 2 也因為同樣的原因標成 `False`
# - T5 的 `flash`：因為要在分數上加相對位置偏差。BART 和 T5Gemma 都可以用，所以不是因為它是編碼器－解碼器。T5 的 `flex` 是 `True`，因為 FlexAttention 可以把「在分數上加偏差」寫進計算裡
# - T5Gemma 2 的 `flash` 和 `flex`：遮罩不相容（原始碼的註解）。`flash` 是因為特殊的建立方式和滑動視窗，`flex` 是因為遮罩在建立之後才合併
#
# 所以不能一概而論地說「編碼器－解碼器不能用 FlashAttention」：T5 是因為偏差，T5Gemma 2 則是因為建立遮罩的方式。
#
# T5 就算選擇節省記憶體的計算，偏差矩陣還是 $n \times n$ 的大小。和 BART 的程式碼並列，測量中間結果。

# %% key="engineering-t5-model" hide=true
from transformers import T5Config

small_t5 = T5Config(
    vocab_size=320,
    d_model=96,
    d_ff=384,
    d_kv=16,
    num_heads=6,
    num_layers=2,
    decoder_start_token_id=0,
)

# %% key="engineering-t5-code" hide=true
t5_peak, bart_peak = {}, {}
for n in (1_024, 2_048):
    t5 = transformers.T5ForConditionalGeneration(small_t5).eval()
    t5.set_attn_implementation("sdpa" if t5._supports_sdpa else "eager")
    with bottleneck.peak() as spent:
        bottleneck.read(t5, n, use_cache=False)
    t5_peak[n] = spent.bytes
    bart_peak[n] = bottleneck.peak_of_reading(bottleneck.plain("", 2, 2), n, "sdpa")
    sizes = f"T5 {t5_peak[n] / 2**20:6.1f} MiB  BART {bart_peak[n] / 2**20:4.1f} MiB"
    print(f"{n:6,}", T(ja="トークン", zh_tw="個詞元"), sizes)

# %% key="c27"
claims.check(
    "C27",
    {
        "t5_flash": flash["T5ForConditionalGeneration"],
        "bart_flash": flash["BartForConditionalGeneration"],
        "merged_flash": flash["T5Gemma2ForConditionalGeneration"],
        "t5_growth": t5_peak[2_048] / t5_peak[1_024],
        "bart_growth": bart_peak[2_048] / bart_peak[1_024],
    },
)

# %% [markdown] key="engineering-when" lang="ja"
# 推論エンジンの対応も、年とともに変わります。次の表は、実際に開いて確かめたページの要点を、まとめたものです。
#
# | 日付 | 出来事 | 出典 |
# |---|---|---|
# | 2023-07 | FlashAttentionの作者が、T5のバイアスには未対応と回答 | [flash-attention 332](https://github.com/Dao-AILab/flash-attention/issues/332) |
# | 2023-11 | TensorRT-LLMの更新で、T5の系統に対応 | [TensorRT-LLM 422](https://github.com/NVIDIA/TensorRT-LLM/pull/422) |
# | 2024-07 | llama.cppが、T5とFLAN-T5に対応 | [llama.cpp 8141](https://github.com/ggml-org/llama.cpp/pull/8141) |
# | 2024-08 | vLLMにエンコーダー・デコーダー型の対応が入り、残りの課題が整理される | [vLLM 7366](https://github.com/vllm-project/vllm/issues/7366) |
# | 2025-09 | vLLMが、Whisper以外のエンコーダー・デコーダー型を削除 | [vLLM 24907](https://github.com/vllm-project/vllm/pull/24907) |
# | 2025-12 | vLLMに、T5Gemma 2への対応の要望が出る（2026年11月に見た写しでは、未解決） | [vLLM 31004](https://github.com/vllm-project/vllm/issues/31004) |
# | 2026-02 | vLLMの公式ドキュメントに、BARTを動かすプラグインが載る | [vLLM 33905](https://github.com/vllm-project/vllm/pull/33905) |
# | 2026-05 | TensorRT-LLMの新しいPyTorch版でも、T5とBARTの対応を提案（のちに取り込まれた） | [TensorRT-LLM 13919](https://github.com/NVIDIA/TensorRT-LLM/pull/13919) |
# | 2026-07 | transformersで、T5を節約する計算に対応させる変更が議論される（のちに取り込まれた） | [transformers 47014](https://github.com/huggingface/transformers/pull/47014) |
#
# vLLMは、一度対応してからやめ、別の形で戻りました。2種類のキャッシュと2つの段階を扱う手間は、確かにあります。ただし、それは構造の優劣ではなく、開発の手間の問題で、時期によって変わります。「いつの、どのソフトウェアの話か」を必ず添えましょう。

# %% [markdown] key="engineering-when" lang="zh-tw"
# 推論引擎的支援情況，也會逐年改變。下表是實際開啟並確認過的網頁的重點。
#
# | 日期 | 事件 | 出處 |
# |---|---|---|
# | 2023-07 | FlashAttention 的作者回覆，還不支援 T5 的偏差 | [flash-attention 332](https://github.com/Dao-AILab/flash-attention/issues/332) |
# | 2023-11 | TensorRT-LLM 更新，支援 T5 系列 | [TensorRT-LLM 422](https://github.com/NVIDIA/TensorRT-LLM/pull/422) |
# | 2024-07 | llama.cpp 支援 T5 和 FLAN-T5 | [llama.cpp 8141](https://github.com/ggml-org/llama.cpp/pull/8141) |
# | 2024-08 | vLLM 加入編碼器－解碼器的支援，並整理剩下的問題 | [vLLM 7366](https://github.com/vllm-project/vllm/issues/7366) |
# | 2025-09 | vLLM 移除 Whisper 以外的編碼器－解碼器 | [vLLM 24907](https://github.com/vllm-project/vllm/pull/24907) |
# | 2025-12 | 有人請 vLLM 支援 T5Gemma 2（2026 年 11 月看到的副本裡，還沒有解決） | [vLLM 31004](https://github.com/vllm-project/vllm/issues/31004) |
# | 2026-02 | vLLM 的官方文件加入可以執行 BART 的外掛 | [vLLM 33905](https://github.com/vllm-project/vllm/pull/33905) |
# | 2026-05 | 有人提議讓 TensorRT-LLM 新的 PyTorch 版也支援 T5 和 BART（後來已合併） | [TensorRT-LLM 13919](https://github.com/NVIDIA/TensorRT-LLM/pull/13919) |
# | 2026-07 | transformers 討論讓 T5 支援節省記憶體的計算（後來已合併） | [transformers 47014](https://github.com/huggingface/transformers/pull/47014) |
#
# vLLM 曾經支援，後來移除，又以別的形式回來。要處理兩種快取和兩個階段，確實比較麻煩。不過，那是開發上費不費工的問題，不是架構的優劣，而且會隨時間改變。所以引用時，一定要寫清楚時間和軟體。

# %% [markdown] key="decisions" lang="ja"
# ## 11. 用途から型を選ぶ
#
# 要約以外ではどうでしょうか。初めの表の数は、かっこ内のレッスンの値です。次の表のモデルは、ライセンスと大きさを確かめました（2026年11月）が、品質は比べていません。

# %% [markdown] key="decisions" lang="zh-tw"
# ## 11. 依用途選架構
#
# 除了摘要，其他用途呢？前一張表的數字，都是括號裡那一課測出來的。後一張表的模型，授權和大小查過公開資料（2026 年 11 月），但沒有比較品質。

# %% key="decisions-code"
bottleneck.show_decisions()

# %% [markdown] key="summary" lang="ja"
# ## 12. できるようになったこと
#
# - そろえた条件を明らかにして、2つの型のFLOPsとKVキャッシュを比べられる（クイズの問1、2、3）
# - 時間を決めるのが計算か帯域幅かを、算術強度から言える（問4、5）
# - 文書の届き方と目標に合う型を、数をもとに選べる（問6、7、8）

# %% [markdown] key="summary" lang="zh-tw"
# ## 12. 學會了什麼
#
# - 能先說清楚控制了哪個變因，再比較這兩種架構的 FLOPs 和 KV 快取（小測驗第 1、2、3 題）
# - 能根據算術強度，說出時間是由運算還是由頻寬決定（第 4、5 題）
# - 能根據測量值，選出適合文件送達方式和目標的架構（第 6、7、8 題）

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 13. 演習問題
#
# [演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)で練習し、ステップ1と2の答えも提出したら、[レッスン09](09_real_models.ipynb)で本物のモデルを測りましょう。

# %% [markdown] key="next" lang="zh-tw"
# ## 13. 練習題
#
# 先到[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)動手寫，步驟 1 和 2 的答案也在那裡繳交；再前往[第 09 課](09_real_models.ipynb)，改用別人訓練好的真正的模型來測量。
