# %% [markdown] key="title" lang="ja"
# # 総合課題：長い文書の要約にはどの型を選ぶか
#
# 長い文書を読み、短い要約を書くサービスを作るとします。デコーダー型とエンコーダー・デコーダー型の、どちらを選べばよいでしょうか。このレッスンでは、計算量、メモリ、時間を同じ条件で測り、測った数を根拠に、自分で選びます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | 2つの型のFLOPsとKVキャッシュを式で求め、実測と照合できる。どの条件でどちらが有利かを、自分の数で論じられる |
# | 前提知識 | レッスン01（マスク）、レッスン05（交差注意）、レッスン07（KVキャッシュ、FlashAttention） |
# | 時間 | 読んで書く時間は約120分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |
#
# 前半（1〜9節）では、測りながら材料を集めます。後半（10〜13節）では、自分のシナリオについて、元のページの課題に答えます。

# %% [markdown] key="title" lang="zh-tw"
# # 綜合挑戰：做長文件摘要，該選哪種架構
#
# 假設要做一個服務：讀很長的文件，寫很短的摘要。decoder-only 和編碼器－解碼器，該選哪一種？這一課會在相同的條件下測量運算量、記憶體和時間，再根據測出的數字，由你自己選擇。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能用公式算出兩種架構的 FLOPs 和 KV 快取，並和實測對照；能用自己的數字，說明在什麼條件下哪一種比較有利 |
# | 先備知識 | 第 01 課（遮罩）、第 05 課（交叉注意力）、第 07 課（KV 快取、FlashAttention） |
# | 時間 | 閱讀與寫作約 120 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |
#
# 前半（第 1～9 節）邊測量邊蒐集材料；後半（第 10～13 節）針對你自己的情境，回答原網頁的挑戰。

# %% key="imports"
import time
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch

from helpers import bottleneck, kv_cache
from helpers.classroom import claims, predict
from helpers.display import charts, figures, show
from helpers.instruments import measure

figures.use(LANG)
torch.manual_seed(0)
torch.set_grad_enabled(False)
torch.set_num_threads(1)
# %% [markdown] key="page" lang="ja"
# ## 元のページの課題
#
# 元のページは、最後にこんな課題を出しています（原文は英語）。
#
# > 課題：アーキテクチャのボトルネック。入力がとても長い、リアルタイムの文書要約のためのモデルを作るとします。現在のデプロイで、エンコーダー・デコーダー型よりもデコーダー型のモデルが好まれることがあるのはなぜか、説明してください。
# >
# > ステップ1：コンテキストの処理に関する、アーキテクチャのボトルネックを挙げてください。
# >
# > ステップ2：スケーリング則を使って、その選択を正当化してください。
#
# 課題は「デコーダー型が好まれる」ことを前提にしています（C24）。C24のような番号は、元のページの主張の番号です。解答例にある主張（C25〜C30）を先に調べ、前提そのものは10節で確かめます。測るのは次の量です。
#
# | 量 | 意味 |
# |---|---|
# | 読むFLOPs | 文書を全部読むまでの計算（デコーダー型ではプリフィル、prefill） |
# | 書くFLOPs | 要約の1トークンを書く計算 |
# | KVキャッシュ | 自己注意の分と、交差注意の分 |
# | 途中の値 | 計算の途中で同時に存在するテンソルの合計バイト数の、最大値 |
# | 時間 | 最初のトークンまでと、次の1トークンまで |

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的挑戰
#
# 原網頁的最後出了這個挑戰（原文是英文）：
#
# > 挑戰：架構的瓶頸。假設要做一個即時文件摘要的模型，而且輸入非常長。請說明為什麼在現在的部署環境裡，decoder-only 模型可能比編碼器－解碼器模型更受青睞。
# >
# > 步驟 1：指出與上下文處理有關的架構瓶頸。
# >
# > 步驟 2：用規模定律說明這個選擇有道理。
#
# 這個挑戰的前提是「decoder-only 更受青睞」（C24）。C24 之類的編號，是原網頁各項說法的編號。先逐一檢查參考答案裡的說法（C25～C30），最後在第 10 節回頭檢驗前提本身。要測量的是下面這些量：
#
# | 量 | 意思 |
# |---|---|
# | 讀的 FLOPs | 把文件全部讀完的運算（decoder-only 的預填充，prefill） |
# | 寫的 FLOPs | 寫摘要 1 個詞元的運算 |
# | KV 快取 | 自注意力的部分，以及交叉注意力的部分 |
# | 中間結果 | 計算過程中暫存的張量：同時存在的張量合計起來，最多占多少位元組 |
# | 時間 | 到第一個詞元為止，以及到下一個詞元為止 |

# %% [markdown] key="designs" lang="ja"
# ## 1. 同じ条件をそろえる
#
# 比べるときは、何をそろえるかで結論が変わります。ここでは、同じ形のブロックを積んだ3つのモデルを使います。デコーダー型はGPT-2、エンコーダー・デコーダー型はBARTのコードです。重みは、学習していない乱数のままです（FLOPsもメモリも、学習したかどうかでは変わりません）。
#
# 幅を $d$ とすると、1つのブロックの重みは、アテンションが $4d^2$、MLPが $8d^2$ で、合わせて $12d^2$ です。エンコーダー・デコーダー型のデコーダーのブロックには、交差注意の $4d^2$ も加わります。
#
# 予想：エンコーダー6層、デコーダー6層のモデルと、ブロックの重みの数が同じになるデコーダー型は、何層でしょうか。

# %% [markdown] key="designs" lang="zh-tw"
# ## 1. 先讓條件相同
#
# 比較的時候，讓什麼相同，會影響結論。這裡用 3 個模型，都由形狀相同的區塊堆成。decoder-only 用 GPT-2 的程式碼，編碼器－解碼器用 BART 的程式碼。權重都是沒有訓練過的隨機數（FLOPs 和記憶體，與有沒有訓練過無關）。
#
# 假設寬度是 $d$，一個區塊的權重有注意力的 $4d^2$ 和 MLP 的 $8d^2$，合計 $12d^2$。編碼器－解碼器的解碼器區塊，還要加上交叉注意力的 $4d^2$。
#
# 先猜猜看：有一個模型，編碼器 6 層、解碼器 6 層。區塊權重的數量和它一樣的 decoder-only，是幾層？

# %% key="designs-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

pair = bottleneck.plain(
    T(ja="エンコーダー・デコーダー型（6＋6層）", zh_tw="編碼器－解碼器（6＋6 層）"), 6, 6
)
block = bottleneck.plain("", 0, 1)
layers = pair.weights // block.weights
predict.compare(guess, layers, T(ja="層", zh_tw=" 層"))

# %% key="designs-code"
deep = bottleneck.plain(
    T(ja=f"デコーダー型（{layers}層）", zh_tw=f"decoder-only（{layers} 層）"), 0, layers
)
shallow = bottleneck.plain(T(ja="デコーダー型（6層）", zh_tw="decoder-only（6 層）"), 0, 6)
for design in (pair, deep, shallow):
    print(f"{design.weights:9,}  {design.name}")

assert deep.weights == pair.weights
#| ja: 同じ形で、本物の幅のもの
#| zh-tw: 形狀相同，換成真正的寬度
wide = {
    design: bottleneck.plain(design.name, design.n_encoder, design.n_decoder, 3_072, 24)
    for design in (pair, deep, shallow)
}

# %% [markdown] key="designs-after" lang="ja"
# 12層ではなく、14層です。$6 \times 12 + 6 \times 16 = 168 = 14 \times 12$ だからです。ここでは $d = 96$（ヘッドは6個）なので、重みの数は $14 \times 12 \times 96^2 = 1{,}548{,}288$ です。
#
# このあと、14層のデコーダー型を「重みの数が同じ」、6層のデコーダー型を「深さが同じ」（デコーダーの層の数が同じ）相手として比べます。深さが同じデコーダー型の重みは、半分以下です。
#
# $d = 96$ のモデルは、数えた値と式を照合するためのものです。式が正しいとわかれば、本物の幅（$d = 3{,}072$ など）の値は、式で求められます。

# %% [markdown] key="designs-after" lang="zh-tw"
# 不是 12 層，而是 14 層，因為 $6 \times 12 + 6 \times 16 = 168 = 14 \times 12$。這裡 $d = 96$（6 個注意力頭），所以權重的數量是 $14 \times 12 \times 96^2 = 1{,}548{,}288$。
#
# 接下來，14 層的 decoder-only 是「權重數量相同」的對手，6 層的 decoder-only 是「深度相同」（解碼器層數相同）的對手。深度相同的 decoder-only，權重不到一半。
#
# $d = 96$ 的模型，是用來核對計數和公式的。確認公式正確之後，真正的寬度（例如 $d = 3{,}072$）就可以用公式計算。

# %% [markdown] key="reading" lang="ja"
# ## 2. 文書を読む
#
# 元のページの解答には、「エンコーダー・デコーダー型は、長い入力全体をエンコーダーで処理しなければならない」とあります（C25）。では、デコーダー型は、入力全体を処理しなくてよいのでしょうか。
#
# 読むFLOPsを数えます。関数`read`は、文書を読み、要約の最初のトークンのスコアまでを計算します。
#
# 予想：重みの数が同じ2つのモデルで、2,048トークンを読みます。デコーダー型のFLOPsは、エンコーダー・デコーダー型の何倍でしょうか。

# %% [markdown] key="reading" lang="zh-tw"
# ## 2. 讀文件
#
# 原網頁的答案說，「編碼器－解碼器必須用編碼器處理整份長輸入」（C25）。那麼，decoder-only 就不必處理整份輸入嗎？
#
# 來數一數讀的 FLOPs。函式 `read` 會讀文件，並算到摘要第一個詞元的分數為止。
#
# 先猜猜看：兩個權重數量相同的模型，讀 2,048 個詞元。decoder-only 的 FLOPs 是編碼器－解碼器的幾倍？


# %% key="reading-read"
def read(model, n, use_cache=True):
    T(
        ja="""nトークンの文書を読み、要約の最初のトークンのスコアを求める""",
        zh_tw="""讀 n 個詞元的文件，求出摘要第一個詞元的分數""",
    )
    ids = torch.ones(1, n, dtype=torch.long, device=model.device)
    if model.config.is_encoder_decoder:
        return model(input_ids=ids, decoder_input_ids=ids[:, :1], use_cache=use_cache)
    #| ja: 全部が1のマスクは、「パディングはない」という意味
    #| zh-tw: 全部是 1 的遮罩，意思是「沒有填補」
    no_padding = torch.ones_like(ids)
    return model(input_ids=ids, attention_mask=no_padding, use_cache=use_cache, logits_to_keep=1)


# %% key="reading-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

counted = {}
for design in (pair, deep, shallow):
    #| ja: `meta`は、形だけを計算するデバイス（レッスン07）
    #| zh-tw: `meta` 是只計算形狀的裝置（第 07 課）
    for n, device in ((512, "cpu"), (512, "meta"), (2_048, "meta"), (65_536, "meta")):
        model = bottleneck.build(design, longest=n, device=device)
        with measure.cost() as spent:
            read(model, n)
        assert spent.flops == bottleneck.first_token_flops(design, n)
        assert counted.setdefault((design, n), spent.flops) == spent.flops
#| ja: 幅3,072でも、数えた値と式は一致する
#| zh-tw: 寬度 3,072 時，計數和公式也一致
for design in wide.values():
    model = bottleneck.build(design, longest=512, device="meta")
    with measure.cost() as spent:
        read(model, 512)
    assert spent.flops == bottleneck.first_token_flops(design, 512)

predict.compare(guess, counted[deep, 2_048] / counted[pair, 2_048], T(ja="倍", zh_tw=" 倍"))

# %% key="reading-table"
lengths = (512, 2_048, 65_536)
header = [T(ja="読むFLOPs（GFLOPs）", zh_tw="讀的 FLOPs（GFLOPs）")]
header += [T(ja=f"{n:,}トークン", zh_tw=f"{n:,} 個詞元") for n in lengths]
rows = [
    [design.name, *(f"{counted[design, n] / 1e9:,.2f}" for n in lengths)]
    for design in (pair, deep, shallow)
]
show.tabulate(header, rows)

# %% [markdown] key="reading-formula" lang="ja"
# `assert`が確かめたとおり、PyTorchのカウンターが数えたFLOPsは、次の式とぴったり一致しました（出力のスコアと、デコーダーが開始トークンを読む分は略します）。$n$ は文書のトークンの数、$L$ はデコーダー型の層の数、$L_e$ と $L_d$ はエンコーダー・デコーダー型の、エンコーダーとデコーダーの層の数、$h d_h$ はヘッドの数とヘッドの次元の積です。最初の2は、掛け算と足し算の2回分です。
#
# - デコーダー型：$L \, (2 \cdot 12 d^2 \cdot n + 4 h d_h n^2)$
# - エンコーダー：$L_e \, (2 \cdot 12 d^2 \cdot n + 4 h d_h n^2)$
# - 交差注意のキーとバリュー：$L_d \cdot 2 \cdot 2 d^2 \cdot n$（一度だけ）
#
# どちらの型も、入力のすべてのトークンを計算します。違うのは層の数です。デコーダー型は14層すべてを通りますが、エンコーダー・デコーダー型は、エンコーダーの6層しか通りません。
#
# ただし、このカウンターは、因果マスクで捨てるクエリとキーの組の分も数えています。FlashAttentionのような実装は、その分を飛ばします。飛ばしたときの組の数は $n^2$ ではなく $n(n+1)/2$ です。エンコーダーには、飛ばせる組がありません。
#
# もう1つ、式からわかることがあります。ここでは $h d_h = d$ なので、どの項も $d^2 n$ で割ると、残るのは $x = n/d$ だけです。たとえば、因果マスクの分を飛ばすと、14層と6＋6層の比は、ほぼ $14(24 + 2x) \div 6(28 + 4x)$ です。比は、文書の長さそのものではなく、長さ÷幅で決まります。アテンションの計算がほかの計算と同じ量になるのは、普通の計算では $x = 6$ のときです（$d = 3{,}072$ なら18,432トークン）。そこで、FLOPsの比の横には、いつも $n/d$ を書きます。

# %% [markdown] key="reading-formula" lang="zh-tw"
# `assert` 已經確認：PyTorch 的計數器數出的 FLOPs，和下面的公式完全一致（省略輸出分數，以及解碼器讀起始詞元的部分）。$n$ 是文件的詞元數，$L$ 是 decoder-only 的層數，$L_e$ 和 $L_d$ 是編碼器－解碼器的編碼器和解碼器的層數，$h d_h$ 是注意力頭的數量乘上每個頭的維度。最前面的 2，是乘法和加法這 2 次。
#
# - decoder-only：$L \, (2 \cdot 12 d^2 \cdot n + 4 h d_h n^2)$
# - 編碼器：$L_e \, (2 \cdot 12 d^2 \cdot n + 4 h d_h n^2)$
# - 交叉注意力的鍵和值：$L_d \cdot 2 \cdot 2 d^2 \cdot n$（只算一次）
#
# 不管哪一種架構，都要計算輸入的每一個詞元。差別在於層數：decoder-only 要通過全部 14 層，編碼器－解碼器只通過編碼器的 6 層。
#
# 不過，這個計數器連因果遮罩會丟掉的「查詢和鍵的配對」也算進去。FlashAttention 之類的實作會跳過那些配對；跳過之後，配對的數量不是 $n^2$，而是 $n(n+1)/2$。編碼器沒有可以跳過的配對。
#
# 從公式還可以看出一件事。這裡 $h d_h = d$，所以每一項除以 $d^2 n$ 之後，剩下的只有 $x = n/d$。例如跳過因果遮罩部分時，14 層和 6＋6 層的倍率大約是 $14(24 + 2x) \div 6(28 + 4x)$。決定倍率的不是文件的長度本身，而是長度÷寬度。一般的計算，注意力的運算和其他運算一樣多，是在 $x = 6$ 的時候（$d = 3{,}072$ 就是 18,432 個詞元）。所以 FLOPs 的倍率旁邊，都會寫出 $n/d$。


# %% key="reading-ratios"
def reading_ratios(designs, n):
    its_pair, its_deep, its_shallow = designs
    return (
        bottleneck.read_flops(its_deep, n) / bottleneck.read_flops(its_pair, n),
        bottleneck.read_flops(its_deep, n, skipping=True) / bottleneck.read_flops(its_pair, n),
        bottleneck.read_flops(its_shallow, n, skipping=True) / bottleneck.read_flops(its_pair, n),
    )


# %% key="reading-skipping"
rows = []
for designs, lengths in (
    ((pair, deep, shallow), (512, 8_192, 131_072)),
    (tuple(wide.values()), (8_192, 32_768, 131_072, 262_144)),
):
    d = designs[0].d_model
    for n in lengths:
        ratios = [f"{ratio:.2f}" for ratio in reading_ratios(designs, n)]
        rows.append([f"{d:,}", f"{n:,}", f"{n / d:,.1f}", *ratios])
show.tabulate(
    T(
        ja="幅d|トークンn|n/d|普通の計算|飛ばす|飛ばし、深さが同じ",
        zh_tw="寬度 d|詞元 n|n/d|一般的計算|跳過|跳過，深度相同",
    ),
    rows,
)

# %% [markdown] key="reading-after" lang="ja"
# 比はどれも「デコーダー型÷エンコーダー・デコーダー型」です。「飛ばす」は因果マスクの分を飛ばしたとき、最後の列は、飛ばしたうえで深さが同じときです。
#
# - $n/d$ が同じなら、幅が違っても比は同じ（$n/d$ が85.3の2行）。$d = 96$ の8,192トークンは、$d = 3{,}072$ の262,144トークンに当たる
# - 重みの数が同じ2つのモデル（6＋6層と14層）では、読む計算はデコーダー型のほうが多い。飛ばす実装では、$d = 3{,}072$ のとき、8,192トークンで1.77倍、32,768トークンで1.50倍、131,072トークンで1.28倍と、長いほど比が下がる
# - 深さが同じなら、デコーダー型のほうが少ない。ただし、重みは半分以下
#
# 「入力全体を処理しなければならない」のは、どちらも同じです。
#
# 小さなモデルに長い文書を読ませると、アテンションの割合を大きく見せてしまいます。そこで、これから先の比は、ことわりがなければ $d = 3{,}072$（30億パラメータほどのモデルの幅）で求めます。
#
# $n/d$ がとても大きくなると、アテンションの計算がほとんどを占めるので、飛ばしたときの比は $(L/2)/L_e$ に近づきます。$14 \div 2 \div 6 \approx 1.17$ です。つまり、勝ち負けは層の分け方で決まります。重みの数は同じまま、エンコーダーを深く、または浅くしてみましょう。長さは131,072トークン（$n/d \approx 42.7$）です。

# %% [markdown] key="reading-after" lang="zh-tw"
# 倍率都是「decoder-only÷編碼器－解碼器」。「跳過」是跳過因果遮罩部分的倍率，最後一欄是跳過而且深度相同時的倍率。
#
# - 只要 $n/d$ 一樣，就算寬度不同，倍率也一樣（$n/d$ 是 85.3 的 2 列）。$d = 96$ 的 8,192 個詞元，相當於 $d = 3{,}072$ 的 262,144 個詞元
# - 權重數量相同的 2 個模型（6＋6 層和 14 層），decoder-only 讀的運算比較多。用會跳過的實作，$d = 3{,}072$ 時，8,192 個詞元是 1.77 倍，32,768 個詞元是 1.50 倍，131,072 個詞元是 1.28 倍，文件越長，倍率越低
# - 深度相同時，decoder-only 比較少；但它的權重不到一半
#
# 「必須處理整份輸入」這一點，哪一種架構都一樣。
#
# 讓小模型讀長文件，會高估注意力所占的比例。所以接下來的倍率，沒有特別說明的話，都用 $d = 3{,}072$（大約 30 億個參數的模型的寬度）計算。
#
# $n/d$ 非常大時，運算幾乎都花在注意力上，所以跳過時的倍率會接近 $(L/2)/L_e$，也就是 $14 \div 2 \div 6 \approx 1.17$。換句話說，誰勝誰負要看層數怎麼分配。權重的數量不變，把編碼器變深或變淺看看。長度是 131,072 個詞元（$n/d \approx 42.7$）。

# %% key="reading-split"
n, by_split, base = 131_072, {}, wide[deep]
for layers in ((6, 6), (10, 3), (2, 9)):
    split = bottleneck.plain("", *layers, 3_072, 24)
    assert split.weights == base.weights
    reading = bottleneck.read_flops(base, n, skipping=True) / bottleneck.read_flops(split, n)
    writing = bottleneck.write_flops(base, n, 256) / bottleneck.write_flops(split, n, 256)
    by_split[layers] = reading
    line = T(
        ja="エンコーダー{}層、デコーダー{}層：読む {:.2f}倍、書く {:.2f}倍",
        zh_tw="編碼器 {} 層，解碼器 {} 層：讀 {:.2f} 倍，寫 {:.2f} 倍",
    )
    print(line.format(*layers, reading, writing))

# %% key="c25" show=true
naive, _, same_depth = reading_ratios(wide.values(), n)
claims.check(
    "C25",
    {
        "naive": naive,
        "skipping": by_split[6, 6],
        "same_depth": same_depth,
        "deep_encoder": by_split[10, 3],
    },
)

# %% [markdown] key="reading-split-after" lang="ja"
# エンコーダーを10層にすると、読む計算はデコーダー型のほうが少なくなります（0.78倍）。そのかわり、デコーダーが浅いので、書く計算の差は開きます。境目になるエンコーダーの深さは、文書が長いほど $L/2 = 7$ 層に近づきます。このレッスンの「重みの数が同じなら」は、エンコーダーとデコーダーの層の数が等しいとき（6＋6層）の話です。

# %% [markdown] key="reading-split-after" lang="zh-tw"
# 編碼器改成 10 層時，讀的運算是 decoder-only 比較少（0.78 倍）；不過這時解碼器比較淺，所以寫的運算差距更大。剛好打平的編碼器深度，文件越長，就越接近 $L/2 = 7$ 層。這一課說的「權重數量相同時」，是指編碼器和解碼器層數相等（6＋6 層）的情況。

# %% [markdown] key="writing" lang="ja"
# ## 3. 要約を書く計算と、KVキャッシュ
#
# 元のページの解答は、交差注意を含む計算が「重くなりうる」とも書いています（C26）。1トークンを書くFLOPsと、KVキャッシュを測ります。文書は512トークンです。
#
# 予想：重みの数が同じとき、デコーダー型のKVキャッシュは、エンコーダー・デコーダー型の何倍でしょうか。

# %% [markdown] key="writing" lang="zh-tw"
# ## 3. 寫摘要的運算，與 KV 快取
#
# 原網頁的答案還說，加上交叉注意力之後，「運算負擔可能很重」（C26）。來測量寫 1 個詞元的 FLOPs 和 KV 快取。文件是 512 個詞元。
#
# 先猜猜看：權重數量相同時，decoder-only 的 KV 快取是編碼器－解碼器的幾倍？


# %% key="writing-write"
def write(model, before):
    T(
        ja="""キャッシュを使って、次の1トークンのスコアを求める""",
        zh_tw="""使用快取，求出下一個詞元的分數""",
    )
    one = torch.ones(1, 1, dtype=torch.long, device=model.device)
    if model.config.is_encoder_decoder:
        encoded = (before.encoder_last_hidden_state,)
        past = before.past_key_values
        return model(encoder_outputs=encoded, decoder_input_ids=one, past_key_values=past)
    return model(input_ids=one, past_key_values=before.past_key_values)


# %% key="writing-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


n, held, written = 512, {}, {}
for design in (pair, deep, shallow):
    model = bottleneck.build(design, longest=n + 1)
    before = read(model, n)
    with measure.cost() as spent:
        after = write(model, before)
    #| ja: エンコーダー・デコーダー型のデコーダーは、開始トークンに続く2つ目
    #| zh-tw: 編碼器－解碼器的解碼器，這是接在起始詞元後面的第 2 個
    t = 2 if design.is_encoder_decoder else 1
    assert spent.flops == bottleneck.write_flops(design, n, t)
    held[design] = kv_cache.measured(after.past_key_values).total_bytes
    parts = bottleneck.cache_bytes(design, n, t, number=4)
    assert sum(parts.values()) == held[design]
    written[design] = (spent.flops, parts["self"], parts["cross"])

predict.compare(guess, held[deep] / held[pair], T(ja="倍", zh_tw=" 倍"))

# %% key="writing-table"
line = T(
    ja="{:10,} FLOPs、自己注意{:9,}バイト、交差注意{:9,}バイト、{}",
    zh_tw="{:10,} FLOPs，自注意力 {:9,} 位元組，交叉注意力 {:9,} 位元組，{}",
)
for design, numbers in written.items():
    print(line.format(*numbers, design.name))

# %% [markdown] key="writing-after" lang="ja"
# 式は、カウンターとも、本物のキャッシュとも、ぴったり一致しました。要約の $t$ 番目のトークンを書くFLOPsは、次のとおりです（出力のスコアの分は略します）。
#
# - デコーダー型：$L \, (24 d^2 + 4 h d_h (n + t))$
# - エンコーダー・デコーダー型：$L_d \, (28 d^2 + 4 h d_h (n + t))$。$28 d^2$ のうち $4 d^2$ は、交差注意のクエリと出力の計算
#
# KVキャッシュは、どちらも $2 L \cdot h d_h \cdot (n + t)$ 個の数です（エンコーダー・デコーダー型では、$L$ を $L_d$ に置き換えます）。最初の2は、キーとバリューの分です。このモデルでは、数1つが4バイトです。
#
# エンコーダーは一度だけ計算し、交差注意のキーとバリューも一度だけ作ります。そのあと、1トークンごとに計算するのはデコーダーの6層だけです。キャッシュを持つのも、この6層だけです。
#
# 次のセルでは、8,192トークンの文書から256トークンの要約を書く場合で、全部をまとめます（$d = 3{,}072$、$n/d \approx 2.7$）。

# %% [markdown] key="writing-after" lang="zh-tw"
# 公式和計數器、真正的快取都完全一致。寫摘要的第 $t$ 個詞元，FLOPs 如下（省略輸出分數的部分）：
#
# - decoder-only：$L \, (24 d^2 + 4 h d_h (n + t))$
# - 編碼器－解碼器：$L_d \, (28 d^2 + 4 h d_h (n + t))$。$28 d^2$ 裡的 $4 d^2$，是交叉注意力的查詢和輸出的計算
#
# KV 快取，不管哪一種架構，都是 $2 L \cdot h d_h \cdot (n + t)$ 個數字（編碼器－解碼器要把 $L$ 換成 $L_d$）。最前面的 2，是因為鍵和值都要存。在這個模型裡，一個數字是 4 個位元組。
#
# 編碼器只計算一次，交叉注意力的鍵和值也只做一次。之後每個詞元只要計算解碼器的 6 層；保留快取的，也只有這 6 層。
#
# 下一個儲存格整理全部的結果：讀 8,192 個詞元的文件，寫 256 個詞元的摘要（$d = 3{,}072$，$n/d \approx 2.7$）。

# %% key="c26-compared"
n, t = 8_192, 256
its_pair, its_deep, its_shallow = wide.values()


def compared(flops_or_bytes):
    T(
        ja="""エンコーダー・デコーダー型を1としたときの、重みの数が同じ型と、深さが同じ型""",
        zh_tw="""以編碼器－解碼器為 1，權重數量相同的架構，和深度相同的架構""",
    )
    unit = flops_or_bytes(its_pair)
    return flops_or_bytes(its_deep) / unit, flops_or_bytes(its_shallow) / unit


# %% key="c26" show=true
whole = compared(lambda x: bottleneck.summary_flops(x, n, t, skipping=True))
write_one = compared(lambda x: bottleneck.write_flops(x, n, t))
cache = compared(lambda x: sum(bottleneck.cache_bytes(x, n, t).values()))
claims.check(
    "C26",
    {
        "whole_job": whole[0],
        "whole_job_same_depth": whole[1],
        "write": write_one[0],
        "cache": cache[0],
        "cache_same_depth": cache[1],
        "write_same_depth": write_one[1],
    },
)

# %% [markdown] key="c26-after" lang="ja"
# 重みの数が同じなら、エンコーダー・デコーダー型のほうが、計算もキャッシュも少なくて済みます。「重い」のは、むしろデコーダー型です。
#
# 深さが同じなら、元のページのとおりです。文書を読んで要約を書き終えるまでの計算は、デコーダー型なら約76%で済みます（エンコーダーがないからです。重みも半分以下です）。この割合も $n/d$ によります。文書が長くなると50%に近づき、131,072トークン（$n/d \approx 42.7$）では約55%です。KVキャッシュは等しくなります。入力の分を、自己注意として持つか、交差注意として持つかの違いだけだからです。

# %% [markdown] key="c26-after" lang="zh-tw"
# 權重數量相同時，編碼器－解碼器的運算和快取都比較少。負擔重的反而是 decoder-only。
#
# 深度相同時，原網頁說得沒錯：讀完文件並寫完摘要，decoder-only 的運算只要大約 76%（因為沒有編碼器；權重也不到一半）。這個比例也要看 $n/d$：文件越長越接近 50%，131,072 個詞元（$n/d \approx 42.7$）時大約是 55%。KV 快取則一樣大，因為輸入那一段都要保留，差別只在於放在自注意力還是交叉注意力的快取裡。

# %% [markdown] key="memory" lang="ja"
# ## 4. 途中の値：n×nの行列を作るかどうか
#
# 元のページの解答は、「FlashAttentionがあれば、デコーダー型では長いコンテキストを扱いやすい」と書いています（C29）。途中の値のバイト数を、2つの実装で比べましょう。
#
# - 普通の計算（`eager`）：スコアの行列を作る。2,048トークンまでは実際に測り、その先は`meta`で数える
# - メモリを節約する計算（`sdpa`）：スコアの行列を作らない。8,192トークンまで実際に測る
#
# `bottleneck.peak`は、同時に存在したテンソルのバイト数の最大値を数えます。KVキャッシュは途中の値ではないので、ここでは残さない設定（`use_cache=False`）で測ります。すると、途中の値は層を1つ計算し終えるたびに捨てられ、層の数によりません。そこで、2層だけのモデルで測ります（14層や6＋6層でも同じ値になることを、`assert`で確かめます）。表示するのは、8,192トークンのときの値です。
#
# 予想：普通の計算で、長さを8,192から16,384へ、2倍にします。途中の値は何倍になるでしょうか。

# %% [markdown] key="memory" lang="zh-tw"
# ## 4. 中間結果：要不要建立 n×n 的矩陣
#
# 原網頁的答案說，「有了 FlashAttention，decoder-only 就比較容易處理長上下文」（C29）。用兩種實作，比較中間結果（計算過程中暫存的張量）占多少位元組。
#
# - 一般的計算（`eager`）：建立分數矩陣。2,048 個詞元以內實際測量，更長的用 `meta` 來數
# - 節省記憶體的計算（`sdpa`）：不建立分數矩陣。實際測量到 8,192 個詞元
#
# `bottleneck.peak` 會數出同時存在的張量最多占多少位元組。KV 快取不是中間結果，所以這裡用不保留快取的設定（`use_cache=False`）來測量。這樣一來，每算完一層，中間結果就會丟掉，大小與層數無關，因此只用 2 層的模型來測量（會用 `assert` 確認：14 層和 6＋6 層的值也一樣）。顯示的是 8,192 個詞元時的值。
#
# 先猜猜看：用一般的計算，把長度從 8,192 增加到 16,384，也就是 2 倍。中間結果會變成幾倍？

# %% key="memory-peak"
thin = {
    T(ja="デコーダー型", zh_tw="decoder-only"): bottleneck.plain("", 0, 2),
    T(ja="エンコーダー・デコーダー型", zh_tw="編碼器－解碼器"): bottleneck.plain("", 2, 2),
}
decoder_name, pair_name = thin


def peak_bytes(design, n, attention, device="cpu"):
    model = bottleneck.build(design, n, attention, device)
    with bottleneck.peak() as spent:
        read(model, n, use_cache=False)
    return spent.bytes


# %% key="memory-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

eager, efficient = {}, {}
for (name, design), many_layers in zip(thin.items(), (deep, pair), strict=True):
    for n in (1_024, 2_048):
        measured = peak_bytes(design, n, "eager")
        assert measured == peak_bytes(design, n, "eager", "meta")
        assert measured == peak_bytes(many_layers, n, "eager", "meta")
    for n in (512, 1_024, 2_048, 4_096, 8_192, 16_384):
        eager[name, n] = peak_bytes(design, n, "eager", "meta")
    for n in (512, 1_024, 2_048, 4_096, 8_192):
        efficient[name, n] = peak_bytes(design, n, "sdpa")
    line = T(
        ja="普通の計算 {:7,.1f} MiB  節約する計算 {:5.1f} MiB  {}",
        zh_tw="一般的計算 {:7,.1f} MiB  節省記憶體的計算 {:5.1f} MiB  {}",
    )
    print(line.format(eager[name, 8_192] / 2**20, efficient[name, 8_192] / 2**20, name))

quadratic = eager[decoder_name, 16_384] / eager[decoder_name, 8_192]
predict.compare(guess, quadratic, T(ja="倍", zh_tw=" 倍"))

# %% key="memory-figure"
fig, ax = plt.subplots(figsize=(7.6, 4.2))
for values, how in (
    (eager, T(ja="普通の計算", zh_tw="一般的計算")),
    (efficient, T(ja="節約する計算", zh_tw="節省記憶體的計算")),
):
    for name in thin:
        points = {n: size / 2**20 for (its, n), size in values.items() if its == name}
        ax.plot(
            list(points),
            list(points.values()),
            label=T(ja=f"{name}、{how}", zh_tw=f"{name}，{how}"),
        )
x = T(ja="文書の長さ（トークン）", zh_tw="文件的長度（詞元）")
y = T(ja="途中の値（MiB）", zh_tw="中間結果（MiB）")
charts.frame(ax, x, y, log="xy", ticks=[512 * 2**i for i in range(6)])
ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
figures.show(
    fig,
    T(
        ja=f"横軸は文書の長さ（512から16,384トークン）、縦軸は途中の値（MiB）で、どちらも対数目盛りです。普通の計算では、どちらの型も長さの2乗に近い増え方をして、8,192トークンではデコーダー型が{eager[decoder_name, 8_192] / 2**20:,.0f} MiB、エンコーダー・デコーダー型が{eager[pair_name, 8_192] / 2**20:,.0f} MiBです。節約する計算では、どちらも長さに比例し、{efficient[decoder_name, 8_192] / 2**20:.0f} MiBと{efficient[pair_name, 8_192] / 2**20:.0f} MiBです。",
        zh_tw=f"橫軸是文件的長度（512 到 16,384 個詞元），縱軸是中間結果（MiB），都是對數刻度。一般的計算，不管哪一種架構，都大致和長度的平方成正比：8,192 個詞元時，decoder-only 是 {eager[decoder_name, 8_192] / 2**20:,.0f} MiB，編碼器－解碼器是 {eager[pair_name, 8_192] / 2**20:,.0f} MiB。節省記憶體的計算，不管哪一種架構都與長度成正比，分別是 {efficient[decoder_name, 8_192] / 2**20:.0f} MiB 和 {efficient[pair_name, 8_192] / 2**20:.0f} MiB。",
    ),
)

# %% key="c29"
claims.check(
    "C29",
    {
        "naive_growth": quadratic,
        "decoder_growth": efficient[decoder_name, 8_192] / efficient[decoder_name, 4_096],
        "pair_growth": efficient[pair_name, 8_192] / efficient[pair_name, 4_096],
        "decoder_flops": bottleneck.read_flops(wide[deep], 131_072, skipping=True)
        / bottleneck.read_flops(wide[deep], 131_072),
    },
)

# %% [markdown] key="memory-after" lang="ja"
# メモリを節約する効果は、エンコーダーでも同じです。デコーダー型だけの利点ではありません。ただし、計算については、デコーダー型にだけ効くことがあります。因果マスクの分を飛ばせるので、アテンションの計算が約半分になります。読むFLOPs全体では、$d = 3{,}072$、131,072トークン（$n/d \approx 42.7$）で約56%です。2節の比が、同じ長さで2.29倍から1.28倍に下がったのは、そのためです。
#
# なお、キーとバリューは全部必要なので、KVキャッシュは減りません（レッスン07の「n×nの行列を作らずに計算する」）。
#
# カウンターが見ているのは、PyTorchの演算が作るテンソルだけです。実装の内部で使う小さな作業領域は、入っていません。節約する計算でも2つのモデルに差があるのは、コードの書き方の違い（たとえば、GPT-2はクエリ、キー、バリューを一度に計算する）もあるためです。型だけの違いとは言えません。

# %% [markdown] key="memory-after" lang="zh-tw"
# 節省記憶體的效果，在編碼器上也一樣，不是 decoder-only 獨有的優點。不過在運算方面，有一點只對 decoder-only 有效：可以跳過因果遮罩的部分，注意力的運算大約減半。以讀的 FLOPs 全體來說，$d = 3{,}072$、131,072 個詞元（$n/d \approx 42.7$）時大約是 56%。第 2 節的倍率，在同樣的長度從 2.29 倍降到 1.28 倍，就是這個原因。
#
# 另外，鍵和值全都需要，所以 KV 快取並不會變小（第 07 課「不建立 n×n 的矩陣」）。
#
# 計數器看得到的，只有 PyTorch 的運算所建立的張量；實作內部使用的小塊工作空間，並沒有算進去。節省記憶體的計算，2 個模型還是有差距，部分是因為程式的寫法不同（例如 GPT-2 一次算出查詢、鍵、值），不能說全是架構的差別。

# %% [markdown] key="times" lang="ja"
# ## 5. 時間を見る
#
# 同じモデルで、時間も測ります。1,024トークンの文書（$d = 96$、$n/d \approx 10.7$）で、左が最初のトークンまで、右が次の1トークンまでです。最初の1回は準備の時間も入って長くなるので捨て、そのあとの5回のうち、最も短い時間を表示します。
#
# それでも、時間は、機械や、同時に動いているほかの仕事によって変わります。混んだ機械では、順番が入れ替わることもあります。そこで、表示するだけで、結論には使いません。

# %% [markdown] key="times" lang="zh-tw"
# ## 5. 看看時間
#
# 用同樣的模型，也測量時間。文件是 1,024 個詞元（$d = 96$，$n/d \approx 10.7$），左邊是到第一個詞元為止，右邊是到下一個詞元為止。最初那次包含準備的時間，會比較久，所以不算；顯示的是接下來 5 次裡最短的時間。
#
# 即使這樣，時間還是會隨機器、以及同時執行的其他工作而改變，機器很忙的時候，連順序都可能對調。所以這裡只顯示，不拿來下結論。

# %% key="times-seconds"
n = 1_024


def seconds(model):
    T(
        ja="""最初のトークンまでの秒数と、次の1トークンの秒数""",
        zh_tw="""到第一個詞元的秒數，以及下一個詞元的秒數""",
    )
    start = time.perf_counter()
    before = read(model, n)
    first = time.perf_counter()
    write(model, before)
    return first - start, time.perf_counter() - first


# %% key="times-code"
for design in (pair, deep, shallow):
    model = bottleneck.build(design, longest=n + 1, attention="sdpa")
    seconds(model)
    first, token = map(min, zip(*(seconds(model) for _ in range(5)), strict=True))
    print(f"{first:6.2f} s  {1e3 * token:6.1f} ms  {design.name}")

# %% [markdown] key="real" lang="ja"
# ## 6. 本物の大きさで：型の違いと、ヘッドの持ち方の違い
#
# 式は、本物の大きさのモデルでも成り立つでしょうか。Llama 2 7B、Llama 3 8B、T5-11Bを`meta`の上で動かし、8,192トークンの文書で確かめます。
#
# 予想：Llama 3 8BのKVキャッシュは、Llama 2 7Bの何倍でしょうか。どちらも32層のデコーダー型ですが、キーとバリューのヘッドは、Llama 2 7Bが32、Llama 3 8Bが8です。

# %% [markdown] key="real" lang="zh-tw"
# ## 6. 真正的大小：架構的差別，與注意力頭的差別
#
# 公式在真正大小的模型上也成立嗎？在 `meta` 上執行 Llama 2 7B、Llama 3 8B、T5-11B，用 8,192 個詞元的文件來確認。
#
# 先猜猜看：Llama 3 8B 的 KV 快取是 Llama 2 7B 的幾倍？兩者都是 32 層的 decoder-only，但鍵和值的注意力頭，Llama 2 7B 有 32 個，Llama 3 8B 有 8 個。

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
        read(model, n)
    assert spent.flops == bottleneck.first_token_flops(real[key], n)
    parts = bottleneck.cache_bytes(real[key], n, 1)
    lengths = {"encoder_len": n} if real[key].is_encoder_decoder else {}
    in_cache = 1 if lengths else n + 1
    assert sum(parts.values()) == kv_cache.formula(config, in_cache, **lengths).total_bytes

# %% key="real-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

gqa = sum(bottleneck.cache_bytes(real["llama-3-8b"], n, 1).values())
mha = sum(bottleneck.cache_bytes(real["llama-2-7b"], n, 1).values())
predict.compare(guess, gqa / mha, T(ja="倍", zh_tw=" 倍"))

# %% key="real-table"
for design in real.values():
    flops = bottleneck.first_token_flops(design, n) / 1e12
    cached = sum(bottleneck.cache_bytes(design, n, 1).values()) / 2**30
    print(f"{flops:7.1f} TFLOPs  {cached:6.2f} GiB  {design.name}")

# %% [markdown] key="real-grid" lang="ja"
# T5-11Bは、Llama 3 8Bの約12倍のキャッシュを持ちます。これは、エンコーダー・デコーダー型だからでしょうか。型とヘッドの持ち方を、別々に変えてみます。Llama 2 7Bのブロックを使い、14＋14層のエンコーダー・デコーダー型も考えます（実在しないモデルです）。100,000トークンのKVキャッシュを比べます。

# %% [markdown] key="real-grid" lang="zh-tw"
# T5-11B 的快取大約是 Llama 3 8B 的 12 倍。這是因為它是編碼器－解碼器嗎？把架構和注意力頭分開來改變看看。使用 Llama 2 7B 的區塊，另外設想一個 14＋14 層的編碼器－解碼器（實際上不存在的模型）。比較 100,000 個詞元的 KV 快取。

# %% key="real-pair"
base = real["llama-2-7b"]
pair_7b = replace(base, n_encoder=14, n_decoder=14)
line = T(ja="重み：約{:.1f}億個、{}", zh_tw="權重：約 {:.1f} 億個，{}")
for name, design in ((decoder_name, base), (pair_name, pair_7b)):
    print(line.format(design.weights / 1e8, name))

# %% key="real-grid-code"
grid = {}
for n_kv_heads, kind in ((32, "MHA"), (8, "GQA")):
    for name, design in ((decoder_name, base), (pair_name, pair_7b)):
        its = replace(design, n_kv_heads=n_kv_heads)
        grid[kind, name] = sum(bottleneck.cache_bytes(its, 100_000, 0).values()) / 2**30
        print(f"{kind}  {grid[kind, name]:6.2f} GiB  {name}")

by_kind = grid["MHA", decoder_name] / grid["MHA", pair_name]
by_heads = grid["MHA", decoder_name] / grid["GQA", decoder_name]
print(T(ja="型だけを変えると、元の", zh_tw="只換架構：原來的"), f"{100 / by_kind:.0f}%")
print(T(ja="MHAをGQAに変えると、元の", zh_tw="把 MHA 換成 GQA：原來的"), f"{100 / by_heads:.0f}%")
assert by_heads > by_kind

# %% [markdown] key="real-after" lang="ja"
# 100,000トークンのキャッシュは、型を変えると約44%、MHAをGQAに変えると25%になります。この例（キーとバリューのヘッドを32から8に減らす）では、ヘッドの持ち方のほうが、型よりも大きく効きます。32から16に減らすだけなら50%で、型のほうが大きく効きます。T5-11Bのキャッシュが大きいのは、型のせいではなく、128個のヘッドがすべてキーとバリューを持つからです。GQAを使うエンコーダー・デコーダー型（T5Gemmaなど）もあります。

# %% [markdown] key="real-after" lang="zh-tw"
# 100,000 個詞元的快取，換架構之後大約是原來的 44%，把 MHA 換成 GQA 之後則是原來的 25%。在這個例子裡（鍵和值的頭從 32 個減到 8 個），注意力頭的做法，影響比架構更大；如果只從 32 個減到 16 個，就是 50%，反而是架構的影響比較大。T5-11B 的快取很大，不是架構造成的，而是因為 128 個頭全都有自己的鍵和值。也有使用 GQA 的編碼器－解碼器（例如 T5Gemma）。

# %% [markdown] key="growing" lang="ja"
# ## 7. 文書が少しずつ届くとき
#
# ここまでは、文書が一度に届く場合でした。会議の字幕のように、少しずつ届くならどうでしょうか（C30）。
#
# まず、後ろの16トークンだけを書き換えて、前の48トークンの状態（最後の層の出力）が変わるかどうかを測ります。デコーダー型については、前の48トークンをキャッシュに入れ、残りを続けて読む方法とも比べます。

# %% [markdown] key="growing" lang="zh-tw"
# ## 7. 文件分批送達的時候
#
# 到目前為止，文件都是一次送達。如果像會議的字幕一樣分批送達呢（C30）？
#
# 先只改後面的 16 個詞元，測量前面 48 個詞元的狀態（最後一層的輸出）會不會改變。decoder-only 還要比較另一種做法：先把前面 48 個詞元放進快取，再接著讀剩下的。

# %% key="growing-models"
g = torch.Generator().manual_seed(0)
text = torch.randint(3, 320, (1, 64), generator=g)
other_end = text.clone()
other_end[:, 48:] = torch.randint(3, 320, (1, 16), generator=g)

decoder = bottleneck.build(bottleneck.plain("", 0, 2), 64, "sdpa").transformer
encoder = bottleneck.build(bottleneck.plain("", 2, 2), 64, "sdpa").get_encoder()


def states(model, ids, **cache):
    return model(input_ids=ids, **cache).last_hidden_state  # (1, T, d)


def largest_change(a, b):
    return (a - b).abs().max().item()


# %% key="growing-states"
before = decoder(input_ids=text[:, :48], use_cache=True)
continued = states(decoder, text[:, 48:], past_key_values=before.past_key_values)
changes = {
    "causal": largest_change(states(decoder, text)[:, :48], states(decoder, other_end)[:, :48]),
    "chunk": largest_change(states(decoder, text)[:, 48:], continued),
    "encoder": largest_change(states(encoder, text)[:, :48], states(encoder, other_end)[:, :48]),
}

# %% key="growing-changes"
for key, name in (
    ("causal", T(ja="デコーダー型：後ろを変えたとき", zh_tw="decoder-only：改動後面時")),
    ("chunk", T(ja="デコーダー型：続きを読んだとき", zh_tw="decoder-only：接著讀時")),
    ("encoder", T(ja="エンコーダー：後ろを変えたとき", zh_tw="編碼器：改動後面時")),
):
    print(f"{changes[key]:8.2g}  {name}")
size = states(encoder, text).abs().mean().item()
print(
    f"{size:8.2g}", T(ja=" （参考）状態の値の、平均の大きさ", zh_tw=" （參考）狀態的數值，平均大小")
)

# %% [markdown] key="growing-count" lang="ja"
# 同じ形の入力では、デコーダー型の変化はちょうど0です。途中までをキャッシュに入れて続きを読んでも、違いがあるとすれば丸め誤差だけです。だから、古い部分は計算し直さなくてよいのです。エンコーダーでは、古いトークンの状態も変わります。学習していないこのモデルでは、状態の値の大きさの1%ほどですが、丸め誤差（100万分の1ほど）よりずっと大きな変化です。新しい部分が届くたびに、全部を計算し直すことになります。
#
# 1,024トークンの文書（$n/d \approx 10.7$。$d = 3{,}072$ なら32,768トークンに当たる）が、何回かに分けて届く場合のFLOPsを、実際に数えましょう。届くたびに、そこまでを読み終えた状態にします。
#
# 予想：文書が8回に分けて届くと、エンコーダー・デコーダー型が読むFLOPsは、一度に届くときの何倍でしょうか。

# %% [markdown] key="growing-count" lang="zh-tw"
# 輸入的形狀相同時，decoder-only 的變化剛好是 0。先放進快取再接著讀，就算有差別，也只是捨入誤差（換一台電腦，數字可能不同）。所以舊的部分不必重算。編碼器則連舊詞元的狀態都會改變：在這個沒有訓練過的模型裡，大約是狀態數值大小的 1%，但遠大於捨入誤差（大約 100 萬分之 1）。每次有新的部分送達，就要全部重算。
#
# 實際數一數：1,024 個詞元的文件（$n/d \approx 10.7$，相當於 $d = 3{,}072$ 的 32,768 個詞元）分成幾次送達時的 FLOPs。每次送達，都要讀完到那裡為止的內容。
#
# 先猜猜看：文件分 8 次送達時，編碼器－解碼器讀的 FLOPs 是一次送達的幾倍？

# %% key="growing-ways"
n = 1_024
gpt2 = bottleneck.build(deep, longest=n, device="meta")
bart = bottleneck.build(pair, longest=n, device="meta")
document = torch.ones(1, n, dtype=torch.long, device="meta")
cross = [layer.encoder_attn for layer in bart.get_decoder().layers]


def grow_decoder(updates):
    past = None
    for part in document.chunk(updates, 1):
        past = gpt2.transformer(
            input_ids=part, past_key_values=past, use_cache=True
        ).past_key_values


def grow_pair(updates):
    for k in range(1, updates + 1):
        encoded = bart.get_encoder()(input_ids=document[:, : n // updates * k]).last_hidden_state
        for attention in cross:
            attention.k_proj(encoded), attention.v_proj(encoded)


# %% key="growing-flops"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

counted_growth = {}
for updates in (1, 4, 8):
    for design, grow in ((deep, grow_decoder), (pair, grow_pair)):
        with measure.cost() as spent:
            grow(updates)
        assert spent.flops == bottleneck.growing_flops(design, n, updates)
        counted_growth[design, updates] = spent.flops

predict.compare(guess, counted_growth[pair, 8] / counted_growth[pair, 1], T(ja="倍", zh_tw=" 倍"))

# %% key="growing-grown" hide=true
n, times = 1_024, [1, 2, 4, 8, 16]
#| ja: 数えた値と一致した式で、16回まで計算する
#| zh-tw: 用和計數一致的公式，算到 16 次
grown = {
    design: [bottleneck.growing_flops(design, n, updates) for updates in times]
    for design in (deep, pair)
}
skipping = [bottleneck.growing_flops(deep, n, updates, skipping=True) for updates in times]
each = (grown[pair][-1] - grown[pair][0]) / 15 / 1e9

# %% key="growing-figure"
fig, ax = plt.subplots(figsize=(6.4, 5))
whole = T(ja="デコーダー型（14層、普通の計算）", zh_tw="decoder-only（14 層，一般的計算）")
skips = T(
    ja="デコーダー型（14層、因果マスクの分を飛ばす）",
    zh_tw="decoder-only（14 層，跳過因果遮罩部分）",
)
totals = {whole: grown[deep], skips: skipping, pair.name: grown[pair]}
charts.lines(ax, times, {name: np.divide(flops, 1e9) for name, flops in totals.items()})
x = T(ja="文書が届く回数", zh_tw="文件分幾次送達")
y = T(ja="読むFLOPsの合計（GFLOPs）", zh_tw="讀的 FLOPs 合計（GFLOPs）")
charts.frame(ax, x, y, log="x", ticks=times)
ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.14))
figures.show(
    fig,
    T(
        ja=f"横軸は文書が届く回数（1回から16回、対数目盛り）、縦軸は読むFLOPsの合計です。エンコーダー・デコーダー型は、1回の{grown[pair][0] / 1e9:.1f} GFLOPsから、16回の{grown[pair][-1] / 1e9:.1f} GFLOPsまで増えます。1回増えるごとに、平均で約{each:.1f} GFLOPsずつ増えます（横軸が対数なので、曲がって見えます）。デコーダー型は、1回の{grown[deep][0] / 1e9:.1f} GFLOPsから、16回の{grown[deep][-1] / 1e9:.1f} GFLOPsへ減ります。因果マスクの分を飛ばすと、回数によらず{skipping[0] / 1e9:.1f} GFLOPsです。線は、2回と4回のあいだで交わります。",
        zh_tw=f"橫軸是文件分幾次送達（1 次到 16 次，對數刻度），縱軸是讀的 FLOPs 合計。編碼器－解碼器從 1 次的 {grown[pair][0] / 1e9:.1f} GFLOPs 增加到 16 次的 {grown[pair][-1] / 1e9:.1f} GFLOPs；每多送 1 次，平均多出大約 {each:.1f} GFLOPs（橫軸是對數刻度，所以線看起來越來越陡）。decoder-only 從 1 次的 {grown[deep][0] / 1e9:.1f} GFLOPs 減少到 16 次的 {grown[deep][-1] / 1e9:.1f} GFLOPs；跳過因果遮罩部分時，不管幾次都是 {skipping[0] / 1e9:.1f} GFLOPs。線在 2 次和 4 次之間交叉。",
    ),
)

# %% key="c30"
claims.check(
    "C30",
    {
        "causal": changes["causal"],
        "chunk": changes["chunk"],
        "encoder": changes["encoder"],
        "skipping_growth": skipping[-1] / skipping[0],
        "encoder_growth": grown[pair][-1] / grown[pair][0],
        "ratio": grown[pair][-1] / skipping[-1],
    },
)

# %% [markdown] key="growing-after" lang="ja"
# エンコーダー・デコーダー型は、8回に分けると約3.7倍です（$n/d \approx 10.7$）。8倍にならないのは、前の回ほど文書が短いからです。文書を固まりごとに別々にエンコードする方法（[Fusion-in-Decoder](https://arxiv.org/abs/2007.01282)など）や、固まりの単位で因果的に見るエンコーダーなら、計算し直さずに済みます。そのかわり、前の固まりからは、後ろの固まりが見えません。
#
# 線は、2回と4回のあいだで交わります。一度に届くならエンコーダー・デコーダー型、何度も届くならデコーダー型が有利です。普通の計算のデコーダー型で、回数が増えるとFLOPsが減るのは、捨てる組（新しい部分の中の、右上の三角形）が減るからです。
#
# 共通のプロンプト（prompt）も、同じ理由で共有できます。始まりが同じなら、デコーダー型のキーとバリューも同じなので、キャッシュは1つで済みます（プレフィックスキャッシュ）。エンコーダーの出力は後ろの文によって変わるので、共有できません。
#
# 予想：8人が使い、8,192トークンの入力のうち、最初の6,144トークンが共通だとします。それぞれが256トークンの要約を書き終えたとき、デコーダー型のキャッシュの合計は、共有しないときの何倍でしょうか。

# %% [markdown] key="growing-after" lang="zh-tw"
# 編碼器－解碼器分 8 次時，大約是 3.7 倍（$n/d \approx 10.7$）。沒有變成 8 倍，是因為越前面的幾次，文件越短。如果把文件切成幾塊分別編碼（例如 [Fusion-in-Decoder](https://arxiv.org/abs/2007.01282)），或以塊為單位、採用因果方式的編碼器，就不必重算；代價是前面的塊看不到後面的塊。
#
# 線在 2 次和 4 次之間交叉：一次送達時，編碼器－解碼器有利；多次送達時，decoder-only 有利。一般計算的 decoder-only，次數越多 FLOPs 反而越少，是因為要丟掉的配對（新的部分裡，右上角的三角形）變少了。
#
# 共用的提示（prompt）也可以共用快取，理由相同。只要開頭一樣，decoder-only 的鍵和值就一樣，快取只要留一份（前綴快取）。編碼器的輸出會隨後面的句子改變，所以不能共用。
#
# 先猜猜看：有 8 位使用者，8,192 個詞元的輸入裡，最前面的 6,144 個詞元是共用的，每人另外寫 256 個詞元的摘要。全部寫完時，decoder-only 的快取合計，是不共用時的幾倍？

# %% key="sharing"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

shared = {design: bottleneck.batch_bytes(design, 8_192, 256, 8, shared=6_144) for design in held}
apart = {design: bottleneck.batch_bytes(design, 8_192, 256, 8) for design in held}
predict.compare(guess, shared[deep] / apart[deep], T(ja="倍", zh_tw=" 倍"))

# %% key="sharing-table"
line = T(
    ja="別々 {:5.1f} MiB  共有 {:5.1f} MiB  {}", zh_tw="分開 {:5.1f} MiB  共用 {:5.1f} MiB  {}"
)
for design in (pair, deep, shallow):
    print(line.format(apart[design] / 2**20, shared[design] / 2**20, design.name))

# %% [markdown] key="sharing-after" lang="ja"
# 始まりを共有すると、14層のデコーダー型でも、エンコーダー・デコーダー型より小さくなります。
#
# 文書が丸ごと同じなら、どうでしょうか。質問をエンコーダーではなくデコーダーに入れれば、エンコーダーの出力も、交差注意のキーとバリューも、文書だけで決まります。エンコーダー・デコーダー型でも、それらを1つだけ持てば済みます。

# %% [markdown] key="sharing-after" lang="zh-tw"
# 共用開頭時，就算是 14 層的 decoder-only，快取也比編碼器－解碼器小。
#
# 如果整份文件都一樣呢？只要把問題放進解碼器，而不是編碼器，編碼器的輸出、交叉注意力的鍵和值，就只由文件決定。這樣一來，編碼器－解碼器也只要各留一份。

# %% key="same-document"
#| ja: 8人が同じ8,192トークンの文書に、64トークンの質問をして、256トークンの答えを受け取る
#| zh-tw: 8 人針對同一份 8,192 個詞元的文件，各問 64 個詞元的問題，得到 256 個詞元的答案
own = bottleneck.cache_bytes(pair, 8_192, 64 + 256)
same_document = {
    pair: own["cross"] + 8 * own["self"],
    deep: bottleneck.batch_bytes(deep, 8_192, 64 + 256, 8, shared=8_192),
}
for design, size in same_document.items():
    print(f"{size / 2**20:6.1f} MiB  {design.name}")

# %% [markdown] key="same-document-after" lang="ja"
# 今度は、エンコーダー・デコーダー型のほうが小さくなりました。始まりだけが共通なのか、文書が丸ごと共通なのかを、先に確かめましょう。

# %% [markdown] key="same-document-after" lang="zh-tw"
# 這次變成編碼器－解碼器比較小。共用的只有開頭，還是整份文件？要先弄清楚。

# %% [markdown] key="uniform" lang="ja"
# ## 8. すべてを一様に処理することの代償
#
# 元のページの解答は、「デコーダー型は、すべてを一様に処理する」とも書いています（C28）。1種類の層、1種類のマスク、1種類のキャッシュで済むのは確かです。エンコーダー・デコーダー型には、自己注意と交差注意の2種類のキャッシュがあります。
#
# その代わりに、何を失うのでしょうか。文書の後ろに質問を置いて、質問だけを変えてみます。文書の部分の状態は、質問によって変わるでしょうか。後ろの質問については、7節の測定が、そのまま答えです（前の48トークンを文書、後ろの16トークンを質問と考えます）。次のセルでは、質問を文書の前に置いた場合も測り、キャッシュの種類を、本物のモデルが返したもので数えます。

# %% [markdown] key="uniform" lang="zh-tw"
# ## 8. 用同一種方式處理的代價
#
# 原網頁的答案還說，「decoder-only 對所有東西都用同一種方式處理」（C28）。只要 1 種層、1 種遮罩、1 種快取，這一點沒錯。編碼器－解碼器則有自注意力和交叉注意力 2 種快取。
#
# 代價是什麼？把問題放在文件的後面，只改變問題。文件那一段的狀態，會隨問題改變嗎？問題放在後面的情況，第 7 節的測量就是答案（把前面 48 個詞元當成文件，後面 16 個詞元當成問題）。下面的儲存格也測量把問題放在文件前面的情況，並用真正的模型回傳的快取，數一數有幾種。

# %% key="c28-caches" hide=true
from transformers import EncoderDecoderCache


def caches(design):
    T(
        ja="""モデルが返したキャッシュを、種類ごとに分ける""",
        zh_tw="""把模型回傳的快取，依種類分開""",
    )
    model = bottleneck.build(design, longest=48)
    inputs = {"decoder_input_ids": text[:, :1]} if design.is_encoder_decoder else {}
    cache = model(input_ids=text[:, :48], use_cache=True, **inputs).past_key_values
    if isinstance(cache, EncoderDecoderCache):
        return {"self": cache.self_attention_cache, "cross": cache.cross_attention_cache}
    return {"self": cache}


kinds = {}
for design in (deep, pair):
    kinds[design] = {name: kept.get_seq_length() for name, kept in caches(design).items()}
    print(kinds[design], design.name)

# %% key="c28"
document, question, other = text[:, :48], text[:, 48:], other_end[:, 48:]
question_first = largest_change(
    states(decoder, torch.cat([question, document], 1))[:, 16:],
    states(decoder, torch.cat([other, document], 1))[:, 16:],
)
claims.check(
    "C28",
    {
        "kinds": len(kinds[deep]),
        "kinds_pair": len(kinds[pair]),
        "document_sees_question": changes["causal"],
        "question_first": question_first,
        "encoder_sees_question": changes["encoder"],
    },
)

# %% [markdown] key="uniform-after" lang="ja"
# 辞書の数は、それぞれのキャッシュに入っているトークンの数です（`self`が自己注意、`cross`が交差注意）。
#
# デコーダー型では、文書の部分の状態には、後ろに置いた質問が反映されません。「古い状態が変わらない」という利点と、「後ろを見て読めない」という欠点は、同じ事実の表と裏です。質問を文書の前に置くか、入力の部分だけを双方向にするマスク（レッスン01のプレフィックス）を使えば、質問が反映されます。そのかわり、文書の状態が質問ごとに変わり、使い回せなくなります。
#
# この違いで、答えの品質がどれだけ変わるかは、ここでは測っていません。

# %% [markdown] key="uniform-after" lang="zh-tw"
# 字典裡的數字，是每種快取裡有幾個詞元（`self` 是自注意力，`cross` 是交叉注意力）。
#
# decoder-only 計算文件的狀態時，還看不到後面的問題。「舊的狀態不會變」這個優點，和「讀的時候看不到後面」這個缺點，是同一件事的兩面。把問題放到文件前面，或只讓輸入的部分使用雙向的遮罩（第 01 課的前綴），文件的狀態就會反映問題；代價是文件的狀態會隨問題改變，沒辦法重複使用。
#
# 這個差別會讓回答的品質差多少，這裡沒有測量。

# %% [markdown] key="engineering" lang="ja"
# ## 9. 実装の事情（日付つき）
#
# 元のページの解答のうち、「最適化が複雑」（C27）は、構造ではなく実装の話です。まず、インストールされているtransformersで調べてみましょう。

# %% [markdown] key="engineering" lang="zh-tw"
# ## 9. 實作的現況（附日期）
#
# 原網頁的答案裡，「最佳化很複雜」（C27）說的不是架構，而是實作。先查查已安裝的 transformers。

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
# 表示したのは、それぞれの実装を選べるモデルとして、transformersに登録されているかどうかです（速さの話ではありません）。`flash`はFlashAttention、`sdpa`は4節の節約する計算、`flex`はPyTorchのFlexAttentionです。`False`の理由は、モデルによって違います（2026年11月、transformers 5.23）。GPT-2の`flex`のように、登録がないだけのこともあります。
#
# - T5Gemmaの`sdpa`：アテンションのスコアを一定の範囲に抑える処理（softcapping）を、`sdpa`が受け付けないから。ソースコードに`sdpa does not support softcapping`と書いてある。デコーダー型のGemma 2も、同じ理由で`False`
# - T5の`flash`：スコアに相対位置バイアスを足すから。BARTとT5Gemmaは使えるので、エンコーダー・デコーダー型だから、ではない。T5でも`flex`は`True`で、FlexAttentionなら、スコアにバイアスを足す計算を組み込める
# - T5Gemma 2の`flash`と`flex`：自己注意と交差注意を1つにまとめたので、まとめたマスクがどちらの実装とも合わないから（ソースコードの注釈）。これは、2種類の注意を持つ構造から来ている
#
# 「エンコーダー・デコーダー型はFlashAttentionを使えない」とひとまとめには言えません。T5の理由はバイアスで、T5Gemma 2の理由は、注意のまとめ方です。
#
# T5では、節約する計算を選んでも、バイアスの行列が $n \times n$ の大きさで残ります。4節のBARTのコードと並べて、途中の値を測ってみましょう。

# %% [markdown] key="engineering-t5" lang="zh-tw"
# 上面顯示的，是 transformers 有沒有標明這個模型可以選用各種實作（和速度無關）。`flash` 是 FlashAttention，`sdpa` 是第 4 節節省記憶體的計算，`flex` 是 PyTorch 的 FlexAttention。標成 `False` 的原因，每個模型不一樣（2026 年 11 月，transformers 5.23）。有的只是沒有標明，例如 GPT-2 的 `flex`；其他的原因如下：
#
# - T5Gemma 的 `sdpa`：它會把注意力的分數壓在一定的範圍裡（softcapping），而 `sdpa` 不接受這種處理。原始碼裡寫著 `sdpa does not support softcapping`。decoder-only 的 Gemma 2 也因為同樣的原因標成 `False`
# - T5 的 `flash`：因為要在分數上加相對位置偏差。BART 和 T5Gemma 都可以用，所以不是因為它是編碼器－解碼器。T5 的 `flex` 是 `True`，因為 FlexAttention 可以把「在分數上加偏差」寫進計算裡
# - T5Gemma 2 的 `flash` 和 `flex`：它把自注意力和交叉注意力合併成 1 個，合併後的遮罩和哪一種實作都不相容（原始碼的註解）。這一點就來自有 2 種注意力的架構
#
# 所以不能一概而論地說「編碼器－解碼器不能用 FlashAttention」：T5 是因為偏差，T5Gemma 2 則是因為合併注意力的方式。
#
# T5 就算選擇節省記憶體的計算，偏差矩陣還是 $n \times n$ 的大小。和第 4 節的 BART 程式碼並列，測量中間結果看看。

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
        read(t5, n, use_cache=False)
    t5_peak[n] = spent.bytes
    bart_peak[n] = peak_bytes(thin[pair_name], n, "sdpa")
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
# | 2026-02 | vLLMの公式ドキュメントに、BARTを動かすプラグインが載る | [vLLM 33905](https://github.com/vllm-project/vllm/pull/33905) |
# | 2026-05 | TensorRT-LLMの新しいPyTorch版でも、T5とBARTの対応を提案（のちに取り込まれた） | [TensorRT-LLM 13919](https://github.com/NVIDIA/TensorRT-LLM/pull/13919) |
# | 2026-07 | transformersで、T5を節約する計算に対応させる変更が議論される（のちに取り込まれた） | [transformers 47014](https://github.com/huggingface/transformers/pull/47014) |
#
# 一度は対応し、対応をやめ、別の形で戻ったことがわかります。2種類のキャッシュと2つの段階を扱う手間は、確かにあります。ただし、それは構造の優劣ではなく、開発の手間の問題で、時期によって変わります。「いつの、どのソフトウェアの話か」を必ず添えましょう。

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
# | 2026-02 | vLLM 的官方文件加入可以執行 BART 的外掛 | [vLLM 33905](https://github.com/vllm-project/vllm/pull/33905) |
# | 2026-05 | 有人提議讓 TensorRT-LLM 新的 PyTorch 版也支援 T5 和 BART（後來已合併） | [TensorRT-LLM 13919](https://github.com/NVIDIA/TensorRT-LLM/pull/13919) |
# | 2026-07 | transformers 討論讓 T5 支援節省記憶體的計算（後來已合併） | [transformers 47014](https://github.com/huggingface/transformers/pull/47014) |
#
# 可以看到：曾經支援，後來移除，又以別的形式回來。要處理 2 種快取和 2 個階段，確實比較麻煩。不過，那是開發上費不費工的問題，不是架構的優劣，而且會隨時間改變。引用時一定要寫清楚「是什麼時候、哪個軟體」。

# %% [markdown] key="explore" lang="ja"
# ## 10. 条件を動かして、交わるところを探す
#
# 30億パラメータほどの2つの候補（28層のデコーダー型と、重みの数が同じエンコーダー・デコーダー型）で、条件を自由に変えられます。短い棒に◎が付きます（少ないほうが有利）。図の下の文には、勝ち負けが入れ替わるところも書かれます。時間は、H100の公称性能から求めた下限です。
#
# - 共通のプロンプトの割合を上げると、何が変わるでしょうか
# - ヘッドの数を片方だけ減らすと、キャッシュはどうなるでしょうか
# - 文書が届く回数を16にすると、最初のトークンまでと、書き終えるまでとで、◎が付くのは同じ型でしょうか
# - エンコーダーを20層、デコーダーを6層にすると、読む計算と書く計算はどう変わるでしょうか

# %% [markdown] key="explore" lang="zh-tw"
# ## 10. 改變條件，找出交叉點
#
# 兩個候選架構都大約有 30 億個參數（28 層的 decoder-only，以及權重數量相同的編碼器－解碼器），條件可以自由改變。比較短的長條會標上 ◎（越少越有利）。圖下面的句子也會說明，在哪裡勝負會對調。時間是用 H100 官方規格的效能算出的下限。
#
# - 提高共用提示的比例，什麼會改變？
# - 只減少其中一邊的注意力頭，快取會怎樣？
# - 文件分 16 次送達時，到第一個詞元和到寫完為止，標上 ◎ 的是同一種架構嗎？
# - 編碼器 20 層、解碼器 6 層時，讀和寫的運算會怎麼改變？

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

# %% [markdown] key="premise" lang="ja"
# 課題の前提（C24）は、条件によって成り立ったり、成り立たなかったりします。同じ2つの候補（12＋12層）で、32,768トークンの文書（$n/d \approx 10.7$）が一度に届くときと、16回に分けて届くときの、読むFLOPsを比べます。一度に届くときの比は、2節の表の、$d = 3{,}072$、32,768トークンの行と同じです（28層と12＋12層の比は、14層と6＋6層の比と等しい）。
#
# 届くたびに要約も書き直すなら、書く計算も加わります。それは次の節で、自分のシナリオの時間として考えます。

# %% [markdown] key="premise" lang="zh-tw"
# 挑戰的前提（C24）有時成立，有時不成立，要看條件。用同樣的兩個候選架構（12＋12 層），比較 32,768 個詞元的文件（$n/d \approx 10.7$）一次送達，和分 16 次送達時，讀的 FLOPs。一次送達時的倍率，和第 2 節的表裡 $d = 3{,}072$、32,768 個詞元的那一列一樣（28 層和 12＋12 層的倍率，等於 14 層和 6＋6 層的倍率）。
#
# 如果每次送達都要重寫摘要，還要加上寫的運算；這一點留到下一節，用你的情境的時間來考慮。

# %% key="c24"
first, second = bottleneck.DECODER, bottleneck.ENCODER_DECODER
ratios = {}
for updates in (1, 16):
    needs = [bottleneck.growing_flops(x, 32_768, updates, skipping=True) for x in (first, second)]
    ratios[updates] = needs[0] / needs[1]
claims.check("C24", {"at_once": ratios[1], "growing": ratios[16]})

# %% [markdown] key="scenario" lang="ja"
# ## 11. 自分のシナリオ
#
# 次のセルは、シナリオを1つ配ります。文書の長さと届き方、全員に共通の部分、GPU、目標だけでなく、2つの候補の層の分け方とヘッドの数も、人によって違います（何度実行しても、自分のものは変わりません）。「シナリオ」のすぐ後ろの4文字（たとえばD7E6）が、シナリオの番号です。提出するときに書いてください。
#
# 表の時間は「FLOPs÷GPUの公称性能」と「読み出すバイト数÷メモリ帯域幅」のうち、長いほうを取った下限です。実際には、これより必ず長くかかります。
#
# - 下限が目標を超えていれば、間に合わないと言える
# - 下限が目標より短くても、間に合うとは言えない
#
# 「ひとり」は、ほかに使う人がいないときの値です。「全員が同時」は、全員分を読み終えてから、全員分を並べて書くときの値です。目標は、最初のトークンまでの時間のことも、要約を書き終えるまでの時間のこともあります（表の【目標の量】の行）。
#
# どちらの時間で比べるかで、結論は変わります。配られうるすべてのシナリオを計算すると、文書が16回に分けて届く場合、最初のトークンは、どれもデコーダー型が先です。ところが、要約を書き終えるのは、63%でエンコーダー・デコーダー型が先です（全員が同時なら54%）。最初のトークンまでには、おもに読む時間がかかり、書き終えるまでには、書く時間もかかるからです。層の分け方とヘッドの数も、勝ち負けを変えます。
#
# どのシナリオでも、少なくとも1つの型は、メモリに収まり（レッスン07と同じく、1割の余裕を残す）、ひとりなら下限が目標以内です。ただし、全員が同時に使うと、どちらも間に合わないことがあります。そのときは、どちらが目標に近いかを論じましょう。

# %% [markdown] key="scenario" lang="zh-tw"
# ## 11. 你自己的情境
#
# 下面的儲存格會發給你一個情境。不只文件的長度和送達的方式、所有人共用的部分、GPU、目標，連兩個候選架構的層數分配和注意力頭的數量，每個人都不一樣（不管執行幾次，你的情境都不會變）。「情境」後面的 4 個字元（例如 D7E6）是情境編號，繳交時請寫上。
#
# 表裡的時間，是「FLOPs÷GPU 官方規格的效能」和「讀取的位元組數÷記憶體頻寬」之中比較長的那一個，也就是下限，實際上一定會更久。
#
# - 下限超過目標，就可以說來不及
# - 下限比目標短，還不能說來得及
#
# 「單人」是沒有別人在用的時候；「所有人同時」是先讀完所有人的，再一起寫所有人的。目標有時是到第一個詞元為止的時間，有時是到寫完摘要為止的時間（表裡標示【目標項目】的那一列）。
#
# 用哪一種時間來比，結論會不一樣。計算所有可能發到的情境：文件分 16 次送達時，第一個詞元全都是 decoder-only 比較早；可是先寫完摘要的，有 63% 是編碼器－解碼器（所有人同時的話是 54%）。因為到第一個詞元為止，主要是讀的時間；到寫完為止，還要加上寫的時間。層數分配和注意力頭的數量，也會改變勝負。
#
# 不管是哪個情境，至少有一種架構放得進記憶體（和第 07 課一樣，留 1 成的餘裕），而且單人使用時的下限在目標以內。不過，所有人同時使用時，可能都來不及；這時請討論哪一種比較接近目標。

# %% key="scenario-code"
mine = bottleneck.scenario()
mine

# %% [markdown] key="step1" lang="ja"
# ## 12. ステップ1：コンテキストの処理のボトルネック
#
# 自分のシナリオでは、どちらの型を選びますか。どちらかを必ず選び、理由を300字前後で書いてください。
#
# - `choice`は`"decoder"`か`"encoder_decoder"`
# - シナリオの表の数を2つ以上、単位を付けて引用する（課題で与えられた数は数えない）
# - 最初のトークンまでと、要約を書き終えるまでを、分けて考える
# - 選ばなかったほうの利点（数で）と、この比較の限界にも触れる
#
# セルを実行すると、引用した数が表のどれと合うか、触れていない観点はどれかを表示します。単位を換えた数（ミリ秒と秒など）や、人数や要約の長さを掛けた数、「7分の1」のような割合も照らし合わせます。もう一方の型の数を書いたように読めるところは、たずねます。数の使い方が正しいかどうかはわからないので、文章の採点はしません。

# %% [markdown] key="step1" lang="zh-tw"
# ## 12. 步驟 1：上下文處理的瓶頸
#
# 在你的情境裡，你會選哪一種架構？請一定要選一種，並用大約 300 字寫出理由。
#
# - `choice` 是 `"decoder"` 或 `"encoder_decoder"`
# - 至少引用 2 個情境表裡的數字，並寫上單位（題目給的數字不算）
# - 把「到第一個詞元為止」和「到寫完摘要為止」分開來想
# - 也要用數字說明沒選的那一種有什麼優點，以及這個比較的限制
#
# 執行儲存格，就會顯示引用的數字和表裡的哪一個相符，還有哪些面向沒有提到。換過單位的數字（例如毫秒和秒）、乘上使用者人數或摘要長度的數字、「7 分之 1」這樣的比例，也會一起比對。如果讀起來像是寫成了另一種架構的數字，它會問你。數字用得對不對，它看不出來，所以不會替文章評分。

# %% key="step1-code"
choice = None
step1 = """

"""
first_review = bottleneck.review(1, choice, step1, mine)
first_review

# %% [markdown] key="step1-answer" lang="ja"
# 書き終えたら、次のセルを実行しましょう。教員用の版では、元のページの解答例と、直した解答例（シナリオ0230の例）が並びます。学生用の版には入っていません。

# %% [markdown] key="step1-answer" lang="zh-tw"
# 寫完以後，請執行下面的儲存格。教師版會並排顯示原網頁的參考答案和修正後的參考答案（情境 0230 的例子）；學生版沒有附參考答案，執行後只會顯示這項說明。

# %% key="step1-answer-code"
bottleneck.model_answer(first_review)

# %% [markdown] key="step2" lang="ja"
# ## 13. ステップ2：スケーリング則で正当化できるか
#
# ステップ1の選択を、スケーリング則で正当化できるでしょうか。できる部分と、できない部分を、200字前後で書いてください。次の3つを参考にしましょう（2つの論文は、要旨を開いて確かめました）。
#
# - [Zhangほか2025（RedLLM）](https://arxiv.org/abs/2510.26622)：約150Mから約8Bまでの比較では、事前学習の計算効率は全体としてデコーダー型が上だった。エンコーダー・デコーダー型の伸び方も同程度で、指示チューニング後は、同等以上の結果と、はるかによい推論の効率を示した
# - [Zhangほか2024](https://arxiv.org/abs/2301.13848)：ゼロショットの要約能力の鍵は、モデルの大きさではなく、指示チューニングだった
# - レッスン06：スケーリング則が予測するのは損失で、個々のタスクの成績ではない

# %% [markdown] key="step2" lang="zh-tw"
# ## 13. 步驟 2：規模定律能支持這個選擇嗎
#
# 步驟 1 的選擇，規模定律能支持嗎？請用大約 200 字，寫出哪些部分可以、哪些部分不可以。可以參考下面 3 項（2 篇論文都開啟摘要確認過）。
#
# - [Zhang 等人 2025（RedLLM）](https://arxiv.org/abs/2510.26622)：在大約 150M 到 8B 的比較中，預訓練的運算效率整體上是 decoder-only 較好；編碼器－解碼器在模型變大時，進步的幅度也差不多；指令微調之後，結果相當或更好，推論效率則好得多
# - [Zhang 等人 2024](https://arxiv.org/abs/2301.13848)：零樣本摘要能力的關鍵不是模型大小，而是指令微調
# - 第 06 課：規模定律預測的是損失，不是個別任務的成績

# %% key="step2-code"
step2 = """

"""
second_review = bottleneck.review(2, choice, step2, mine)
second_review

# %% key="step2-answer-code"
bottleneck.model_answer(second_review)

# %% [markdown] key="summary" lang="ja"
# ## 14. まとめ
#
# 読むFLOPsの比は $n/d$ で変わるので、幅 $d = 3{,}072$ のときの値を書きます。
#
# | 元のページの主張 | 実験でわかったこと |
# |---|---|
# | リアルタイムの長文要約では、デコーダー型が好まれる | 文書が何度にも分けて届くなら、読む計算と、最初のトークンまでの時間については、そのとおり。一度に届くなら、重みの数が同じエンコーダー・デコーダー型（6＋6層）のほうが、計算もキャッシュも少ない。書き終えるまでの時間では、何度にも分けて届いても、入れ替わることが多い |
# | エンコーダー・デコーダー型は入力全体を処理しなければならない | そのとおりだが、デコーダー型も同じ。重みの数が同じ6＋6層と14層では、因果マスクの分を飛ばすと、読む計算はデコーダー型が1.77倍（8,192トークン、$n/d \approx 2.7$）から1.28倍（131,072トークン、$n/d \approx 42.7$）。長い文書では、エンコーダーを深くすれば逆になる |
# | 交差注意が重い | 深さが同じなら、そのとおり（8,192トークン、$n/d \approx 2.7$ で、デコーダー型は約76%）。重みの数が同じなら、逆。エンコーダーの計算も交差注意のキーとバリューも一度だけで、KVキャッシュは約43%。ヘッドの持ち方（MHAとGQA）のほうが大きく効くこともある |
# | 最適化が複雑 | 実装と時期の問題としては正しい。T5のバイアス、T5Gemma 2のまとめた注意、2種類のキャッシュ、推論エンジンの対応 |
# | すべてを一様に処理する | 層もキャッシュも1種類で済む。そのかわり、文書の部分の状態には、後ろの質問が反映されない |
# | FlashAttentionで長くしやすい | 途中の値は、どちらの型でも長さに比例するようになる。アテンションの計算が約半分になるのは、因果マスクのあるデコーダー型だけ |
# | KVキャッシュの工夫 | 本当の構造的な利点は、追記しても古い状態が変わらないこと（変化はちょうど0） |

# %% [markdown] key="summary" lang="zh-tw"
# ## 14. 整理
#
# 讀的 FLOPs 的倍率會隨 $n/d$ 改變，以下是寬度 $d = 3{,}072$ 時的值。
#
# | 原網頁的說法 | 我們實測的結果 |
# |---|---|
# | 即時的長文件摘要，decoder-only 更受青睞 | 文件分很多次送達時，就讀的運算和到第一個詞元的時間來說沒錯；一次送達時，權重數量相同的編碼器－解碼器（6＋6 層），運算和快取都比較少。看寫完為止的時間，就算分很多次送達，也常常會對調 |
# | 編碼器－解碼器必須處理整份輸入 | 沒錯，但 decoder-only 也一樣。權重數量相同的 6＋6 層和 14 層相比，跳過因果遮罩部分時，decoder-only 讀的運算是 1.77 倍（8,192 個詞元，$n/d \approx 2.7$）到 1.28 倍（131,072 個詞元，$n/d \approx 42.7$）；文件很長時，編碼器變深的話就相反 |
# | 交叉注意力的運算負擔很重 | 深度相同時沒錯（8,192 個詞元，$n/d \approx 2.7$，decoder-only 大約是 76%）；權重數量相同時正好相反：編碼器的計算、交叉注意力的鍵和值，都只做一次，KV 快取大約是 43%。注意力頭的做法（MHA 與 GQA），影響有時更大 |
# | 最佳化很複雜 | 就實作與時間點來說，是對的：T5 的偏差、T5Gemma 2 的合併注意力、2 種快取、推論引擎的支援 |
# | 用同一種方式處理 | 層和快取都只要 1 種；代價是計算文件的狀態時，還看不到後面的問題 |
# | 有了 FlashAttention，就容易處理長上下文 | 不管哪一種架構，中間結果都會變成與長度成正比；注意力的運算大約減半的，只有使用因果遮罩的 decoder-only |
# | KV 快取的技巧 | 真正的架構優勢，是接上新內容時，舊的狀態不會變（變化剛好是 0） |

# %% [markdown] key="decisions" lang="ja"
# ### 用途から型を選ぶ
#
# 最後に、測ったことを、用途から引ける表にまとめます。初めの表の理由に書いた数は、どれもかっこの中のレッスンで測った値です。条件が違うときは、自分で測り直しましょう。次の表は、その型の公開モデルの例です。ライセンスと大きさは公開資料で確かめましたが、品質は比べていません。
#
# モデルの名前は、すぐに古くなります（2026年11月に確認）。型を選ぶ理由は測った構造から来るので、名前が入れ替わっても使えます。GemmaとLlamaのライセンスには独自の条件があるので、使う前にリンク先で確かめてください。

# %% [markdown] key="decisions" lang="zh-tw"
# ### 依用途選架構
#
# 最後，把測量結果整理成可以依用途查的表。前一張表的理由裡，數字都是括號裡那一課測出來的；條件不同時，請自己重新測量。後一張表舉出屬於該架構的公開模型：授權和大小查過公開資料，但沒有比較品質。
#
# 模型名稱很快就會過時（2026 年 11 月查閱）；選架構的理由則來自測量過的結構，名稱換了還是適用。Gemma 和 Llama 的授權另有條件，使用前請到連結的網頁確認。

# %% key="decisions-code"
bottleneck.show_decisions()

# %% [markdown] key="quiz-text" lang="ja"
# ## 15. 確認クイズ
#
# 成績には関係しません。間違えた選択肢の説明も読んでみましょう。

# %% [markdown] key="quiz-text" lang="zh-tw"
# ## 15. 小測驗
#
# 不列入成績。選錯的選項也有說明，不妨讀一讀。

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 16. 演習問題
#
# 続きは[演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)で練習しましょう。2つの設計の全体のFLOPsが入れ替わる要約の長さ、文書が少しずつ届くときのFLOPsの合計、書く時間がメモリ帯域幅で決まらなくなるバッチサイズを、自分で計算します。ステップ1とステップ2の答えも、そこに提出します。

# %% [markdown] key="next" lang="zh-tw"
# ## 16. 練習題
#
# 接著到[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)動手寫：摘要要多長，兩種設計的總 FLOPs 才會勝負對調；文件分批送達時的總 FLOPs；以及寫的時間不再由記憶體頻寬決定的批次大小。步驟 1 和步驟 2 的答案，也在那裡繳交。
