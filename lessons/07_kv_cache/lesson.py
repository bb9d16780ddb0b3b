# %% [markdown] key="title" lang="ja"
# # KVキャッシュ：見積もってから測る
#
# 文章を1トークンずつ生成するモデルは、前のトークンのキーとバリューを保存して使い回します。これがKVキャッシュ（KV cache）です。このレッスンでは、その大きさをバイト単位で予想し、本物のモデルとぴったり一致することを確かめます。そのあと、大きさを決める工夫と、手元のGPUに収まるかどうかを調べます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | config.jsonからKVキャッシュのバイト数を手で計算できる。長さ、ヘッド、ウィンドウ、量子化がどう効くかを、測った数で説明できる |
# | 前提知識 | レッスン01（キー、バリュー、ヘッド、因果マスク）とレッスン04（1トークンずつの生成）。バイトとビットの違い |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |
#
# 進め方は、これまでと同じく「予想する、実行する、比べる」です。`guess = None`の`None`を、自分の予想した数に書き換えてから実行しましょう。図や表を作るコードは、読み飛ばしてかまいません。

# %% [markdown] key="title" lang="zh-tw"
# # KV 快取：先估算，再實測
#
# 一次產生一個詞元的模型，會把前面詞元的鍵和值存起來重複使用，這就是 KV 快取（KV cache）。這一課要先以位元組為單位猜它有多大，再和真正的模型比對，一個位元組都不差。接著研究哪些設計會改變它的大小，以及自己的 GPU 放不放得下。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能從 config.json 親手算出 KV 快取的位元組數；能用實測的數字，說明長度、注意力頭、視窗、量化各有什麼影響 |
# | 先備知識 | 第 01 課（鍵、值、注意力頭、因果遮罩）與第 04 課（一次產生一個詞元）；位元組與位元的差別 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |
#
# 進行方式和前面一樣：「先猜、再執行、再比較」。請先把 `guess = None` 的 `None` 改成你猜的數字再執行。畫圖和做表格的程式碼可以跳過不看。

# %% key="imports"
import matplotlib.pyplot as plt
import torch
from transformers import GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM
from transformers import T5Config, T5ForConditionalGeneration

from helpers import kv_cache
from helpers.classroom import claims, predict
from helpers.display import charts, figures, show
from helpers.instruments import measure
from helpers.models import decoder
from helpers.world import corpus, tokenizer

figures.use(LANG)
_ = torch.manual_seed(0)
_ = torch.set_grad_enabled(False)
torch.set_num_threads(1)

# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# 元のページは、KVキャッシュとGPUのメモリ（VRAM）について、こう書いています。
#
# > デコーダー専用モデルでは、KVキャッシュシーケンス長に比例して増加します。10万単語のコンテキストウィンドウは8千単語のものよりも大幅に多くのVRAMを必要とします。そのため、量子化なしで長文コンテキストモデルをローカルに展開することは困難です。
#
# 主張は3つあります。長さに比例すること（C19）、10万と8千で大きく違うこと（C20）、量子化なしでは難しいこと（C21）です。1つずつ、数で確かめます。
#
# このレッスンで使う単位は、次の4つです。GBとGiBは違うので、注意しましょう。
#
# | 書き方 | 意味 |
# |---|---|
# | トークン | モデルが数える単位。単語でも文字でもない |
# | バイト（B） | 8ビット。bfloat16の数は1つで2バイト |
# | GB | 1,000,000,000バイト |
# | GiB | 1,073,741,824バイト。GBより約7%大きい |

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# 關於 KV 快取和 GPU 的記憶體（VRAM），原網頁是這樣寫的：
#
# > 在僅解碼器模型中,KV 快取隨序列長度線性增長。10萬上下文視窗所需之 VRAM 显著超過 8 千視窗,因此若無量化技術,本地部署長上下文模型將極具挑戰性。
#
# 這裡有 3 個說法：大小與長度成正比（C19）；10 萬和 8 千差很多（C20）；不用量化就很困難（C21）。接著用數字逐一檢驗。
#
# 這一課會用到下面 4 種單位。GB 和 GiB 不一樣，要特別小心。
#
# | 寫法 | 意思 |
# |---|---|
# | 詞元（token） | 模型計數的單位，不是詞，也不是字 |
# | 位元組（B） | 8 個位元。bfloat16 的數字一個占 2 個位元組 |
# | GB | 1,000,000,000 個位元組 |
# | GiB | 1,073,741,824 個位元組，比 GB 多大約 7% |

# %% [markdown] key="why" lang="ja"
# ## 1. なぜ保存するのか
#
# レッスン04のデコーダーに、同じ文を2通りの方法で書かせます。
#
# - 毎回、最初のトークンから全部を計算し直す
# - 前のトークンのキーとバリューを`past_key_values`に保存し、新しい1トークンだけを計算する
#
# `measure.cost`は、行列積のFLOPsを数えます。
#
# 予想：20トークンを生成します。全部を計算し直す方法のFLOPsは、保存する方法の何倍でしょうか。

# %% [markdown] key="why" lang="zh-tw"
# ## 1. 為什麼要存起來
#
# 讓第 04 課的解碼器用兩種方法寫同一個句子。
#
# - 每次都從第一個詞元開始，全部重算
# - 把前面詞元的鍵和值存進 `past_key_values`，只計算新的 1 個詞元
#
# `measure.cost` 會數出矩陣乘法的 FLOPs。
#
# 先猜猜看：要產生 20 個詞元。全部重算的 FLOPs，是存起來的方法的幾倍？

# %% key="why-model"
model = decoder.load()
#| ja: 計算を数えられる実装に切り替える
#| zh-tw: 換成可以計數的實作
model.set_attn_implementation("eager")
start = decoder.TOKENIZER(tokenizer.tagged("", LANG), return_tensors="pt").input_ids[:, :-1]


# %% key="why-ways"
def recompute(ids, n):
    for _ in range(n):
        logits = model(input_ids=ids, use_cache=False).logits
        ids = torch.cat([ids, logits[:, -1:].argmax(-1)], 1)
    return ids


def with_cache(ids, n):
    new, past = ids, None
    for _ in range(n):
        out = model(input_ids=new, past_key_values=past, use_cache=True)
        new, past = out.logits[:, -1:].argmax(-1), out.past_key_values
        ids = torch.cat([ids, new], 1)
    return ids


# %% key="why-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

with measure.cost() as slow:
    text_recomputed = recompute(start, 20)
with measure.cost() as fast:
    text_cached = with_cache(start, 20)

assert torch.equal(text_recomputed, text_cached)
predict.compare(guess, slow.flops / fast.flops, T(ja="倍", zh_tw=" 倍"))

# %% key="why-flops"
print(decoder.TOKENIZER.decode(text_cached[0]).split("</s>")[0].split(">")[-1])
print(T(ja="計算し直す：", zh_tw="全部重算："), f"{slow.flops / 1e6:.1f} MFLOPs")
print(T(ja="保存する：", zh_tw="存起來："), f"{fast.flops / 1e6:.1f} MFLOPs")

# %% [markdown] key="why-after" lang="ja"
# 書かれたトークンは、まったく同じです。因果マスクでは、後ろに何を足しても前の出力が変わらないので（レッスン01の9節）、前のキーとバリューは計算し直さなくてよいのです。
#
# では、キャッシュを使えば、どんなに長くても1トークンの計算は同じでしょうか。「KVキャッシュで生成はO(1)になる」という説明を見かけます。長さを変えて、1トークン分のFLOPsを数えてみましょう。

# %% [markdown] key="why-after" lang="zh-tw"
# 寫出來的詞元完全一樣。使用因果遮罩時，不管後面加上什麼，前面的輸出都不會變（第 01 課第 9 節），所以前面的鍵和值不必重算。
#
# 那麼，只要有快取，不管多長，產生 1 個詞元的運算量都一樣嗎？常聽到「有了 KV 快取，生成就變成 O(1)」這種說法。換幾種長度，數一數產生 1 個詞元要多少 FLOPs。

# %% key="not-constant"
longer = GPT2LMHeadModel(decoder.config(n_positions=4096))
longer.eval().set_attn_implementation("eager")
past_lengths = [256, 512, 1024, 2048]
step_flops = []
for n in past_lengths:
    past = longer(input_ids=torch.ones(1, n, dtype=torch.long), use_cache=True).past_key_values
    with measure.cost() as spent:
        longer(input_ids=torch.ones(1, 1, dtype=torch.long), past_key_values=past)
    step_flops.append(spent.flops)
    print(f"n = {n:5,}  {spent.flops:9,} FLOPs")

#| ja: どの層でも、保存した1トークンごとにqkᵀで`2 * 64`、バリューの和で`2 * 64`。2層ある
#| zh-tw: 每一層，存起來的每個詞元：qkᵀ 要 `2 * 64`，值的加總也要 `2 * 64`；一共 2 層
assert step_flops[1] - step_flops[0] == 2 * (2 * 64 + 2 * 64) * 256

# %% [markdown] key="not-constant-after" lang="ja"
# 保存したトークンが1つ増えるたびに、FLOPsは同じだけ（ここでは512）増えます。新しいクエリは、保存したすべてのキーと内積を取るからです。つまり、1トークンの計算はO(1)ではなくO(n)です。しかも、そのたびにキャッシュ全体をメモリから読み出します。

# %% [markdown] key="not-constant-after" lang="zh-tw"
# 每多存 1 個詞元，FLOPs 就增加同樣的量（這裡是 512），因為新的查詢要和存起來的每一個鍵算內積。也就是說，產生 1 個詞元的運算量不是 O(1)，而是 O(n)；而且每次都要從記憶體讀出整份快取。

# %% [markdown] key="hand" lang="ja"
# ## 2. 手で計算する
#
# 1つの層が1トークンのために保存するのは、キーとバリューだけです。そのバイト数は、次の式で求まります。
#
# $$\text{bytes} = 2 \times n_\text{kv} \times d_h \times b$$
#
# - $2$：キーとバリュー
# - $n_\text{kv}$：キーとバリューのヘッドの数（`num_key_value_heads`）。クエリのヘッドの数ではない
# - $d_h$：ヘッド1つの次元（`head_dim`）
# - $b$：数1つのバイト数。bfloat16なら2
#
# Llama 3 8Bは32層で、クエリのヘッドは32、キーとバリューのヘッドは8、$d_h$ は128です。
#
# 予想：bfloat16で、1トークンが増えると、全部の層で何バイト増えるでしょうか。

# %% [markdown] key="hand" lang="zh-tw"
# ## 2. 親手算算看
#
# 一層為一個詞元保留的，只有鍵和值。位元組數可以用下面的公式算出來。
#
# $$\text{bytes} = 2 \times n_\text{kv} \times d_h \times b$$
#
# - $2$：鍵和值
# - $n_\text{kv}$：鍵和值的注意力頭數（`num_key_value_heads`），不是查詢的注意力頭數
# - $d_h$：每個頭的維度（`head_dim`）
# - $b$：一個數字占的位元組數。bfloat16 是 2
#
# Llama 3 8B 有 32 層，查詢的注意力頭有 32 個，鍵和值的注意力頭有 8 個，$d_h$ 是 128。
#
# 先猜猜看：用 bfloat16 時，每多 1 個詞元，所有的層一共增加多少位元組？

# %% key="hand-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

llama = kv_cache.config("llama-3-8b")
by_hand = 2 * llama.num_key_value_heads * (llama.hidden_size // llama.num_attention_heads) * 2
by_hand *= llama.num_hidden_layers
predict.compare(guess, by_hand, T(ja="バイト", zh_tw=" 個位元組"))

# %% [markdown] key="roads" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# $2 \times 8 \times 128 \times 2 = 4096$ バイトが、32層分です。
#
# </details>
#
# この計算が正しいことを、3つの方法で確かめます。
#
# - 式：`kv_cache.formula`は、設定だけから計算する
# - `meta`：`kv_cache.on_meta`は、本物のモデルのコードを本物の大きさで動かす。PyTorchの`meta`デバイスはテンソルの形だけを計算するので、重みもキャッシュもメモリを使わない
# - 実測：`kv_cache.measured`は、本物のキャッシュのテンソルを1つずつ数える

# %% [markdown] key="roads" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 一層是 $2 \times 8 \times 128 \times 2 = 4096$ 個位元組，一共有 32 層。
#
# </details>
#
# 用 3 種方法確認這個算法是對的。
#
# - 公式：`kv_cache.formula` 只用設定來計算
# - `meta`：`kv_cache.on_meta` 以真正的大小，執行真正的模型程式碼。PyTorch 的 `meta` 裝置只計算張量的形狀，權重和快取都不占記憶體
# - 實測：`kv_cache.measured` 把真正的快取裡的張量逐一數過

# %% key="roads-formula"
by_formula = kv_cache.formula(llama, 100_000)
by_formula

# %% key="roads-meta"
on_meta = kv_cache.on_meta(llama, 100_000)
print(on_meta.sentence())
print(T(ja="パラメータ数：", zh_tw="參數數量："), f"{kv_cache.parameter_count(llama):,}")
assert by_formula.total_bytes == on_meta.total_bytes == 100_000 * by_hand

# %% [markdown] key="roads-after" lang="ja"
# 80億個のパラメータを持つモデルのコードが、形だけとはいえ、手元で最後まで動きました。パラメータ数も、公表されている8.03B（Bは10億）と一致します。設定の書き間違いはなさそうです。
#
# 3つ目の方法では、同じクラスの小さなモデルを実際に作り、キャッシュの中身を数えます。

# %% [markdown] key="roads-after" lang="zh-tw"
# 有 80 億個參數的模型，雖然只算形狀，程式碼卻真的在自己的電腦上跑完了。參數數量也和公布的 8.03B（B 是 10 億）一致，可見設定沒有寫錯。
#
# 第三種方法是實際建立一個同類別的小模型，再數一數快取的內容。

# %% key="roads-measured"
small = LlamaConfig(
    vocab_size=100,
    hidden_size=128,
    intermediate_size=256,
    num_hidden_layers=4,
    num_attention_heads=8,
    num_key_value_heads=2,
)
real = kv_cache.measured(LlamaForCausalLM(small).eval(), 200)
assert real.total_bytes == kv_cache.formula(small, 200, dtype="float32").total_bytes
real

# %% [markdown] key="linear" lang="ja"
# ## 3. 長さに比例するか
#
# 小さなLlamaのキャッシュを5つの長さで測り、原点を通る直線を当てはめます。直線からのずれ（残差）が0なら、完全に比例しています。
#
# 予想：残差の最大値は何バイトでしょうか。

# %% [markdown] key="linear" lang="zh-tw"
# ## 3. 真的與長度成正比嗎
#
# 用 5 種長度測量小 Llama 的快取，再配上一條通過原點的直線。如果和直線的差距（殘差）是 0，就是完全成正比。
#
# 先猜猜看：殘差最大是多少位元組？

# %% key="linear-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

tiny = LlamaForCausalLM(small).eval()
lengths = [16, 50, 128, 300, 512]
sizes = [kv_cache.measured(tiny, n).total_bytes for n in lengths]
slope = (sizes[-1] - sizes[0]) / (lengths[-1] - lengths[0])
residual = max(abs(size - slope * n) for n, size in zip(lengths, sizes))
predict.compare(guess, residual, T(ja="バイト", zh_tw=" 個位元組"))

# %% key="linear-sizes"
for n, size in zip(lengths, sizes):
    print(T(ja=f"{n:4}トークン　{size:9,}バイト", zh_tw=f"{n:4} 個詞元　{size:9,} 個位元組"))

# %% [markdown] key="window" lang="ja"
# 残差は0です。では、すべてのモデルで比例するでしょうか。Mistral 7B v0.1は、近くの4,096トークンだけを参照するスライディングウィンドウを使います。Gemma 3 27Bでは、6層ごとに5層がウィンドウ（1,024トークン）で、1層だけがすべてのトークンを参照します。MambaとJambaの多くの層は、アテンションの代わりに、大きさの決まった状態を持ちます。

# %% [markdown] key="window" lang="zh-tw"
# 殘差是 0。那麼，所有的模型都成正比嗎？Mistral 7B v0.1 使用滑動視窗，只看附近的 4,096 個詞元。Gemma 3 27B 每 6 層就有 5 層是視窗（1,024 個詞元），只有 1 層看全部的詞元。Mamba，還有 Jamba 的大部分層，用的不是注意力，而是大小固定的狀態。

# %% key="window-figure" hide=true
shown = ["llama-2-7b", "llama-3-8b", "gemma-3-27b", "mistral-7b-v0.1", "mamba-2.8b"]
curve = [1_024 * 2**i for i in range(8)]
fig, ax = plt.subplots(figsize=(8, 4.4))
for key in shown:
    config = kv_cache.config(key)
    gib = [kv_cache.formula(config, n).gib for n in curve]
    ax.plot(curve, gib, label=f"{config.name_or_path}（{gib[-1]:.2f}）")
x = T(ja="長さ（トークン）", zh_tw="長度（詞元）")
charts.frame(ax, x, T(ja="KVキャッシュ（GiB）", zh_tw="KV 快取（GiB）"), log="xy", ticks=curve)
ax.yaxis.set_major_formatter("{x:g}")
ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
last = {key: kv_cache.formula(kv_cache.config(key), curve[-1]).gib for key in shown}
names = "、".join(f"{kv_cache.config(key).name_or_path} {gib:.2f} GiB" for key, gib in last.items())
figures.show(
    fig,
    T(
        ja=f"横軸は長さ（1,024から131,072トークン）、縦軸はKVキャッシュの大きさ（GiB）で、どちらも対数目盛りです。bfloat16、バッチサイズ1です。凡例の数は、右端の131,072トークンでの大きさで、{names}です。Llamaの2つの線は平行な直線です。Gemma 3 27Bは、はじめは緩やかに増え、長くなるとLlamaの線と平行に近づきます。Mistral 7B v0.1は4,095トークンから、Mamba 2.8Bは最初から水平です。",
        zh_tw=f"橫軸是長度（1,024 到 131,072 個詞元），縱軸是 KV 快取的大小（GiB），都是對數刻度。bfloat16，批次大小 1。圖例的數字是最右端 131,072 個詞元時的大小：{names}。2 條 Llama 的線是平行的直線。Gemma 3 27B 一開始增加得比較慢，越長就越接近與 Llama 平行。Mistral 7B v0.1 從 4,095 個詞元開始、Mamba 2.8B 從一開始，就是水平線。",
    ),
)

# %% [markdown] key="window-after" lang="ja"
# このライブラリのウィンドウの層が保存するのは、$W$ 個ではなく $W - 1$ 個です。次のトークン自身を加えて $W$ 個になるからです。ただし、これは実装によって違います。$W - 1$ 個なのは、transformersの`DynamicSlidingWindowLayer`です。先に場所を確保する`StaticSlidingWindowLayer`は $W$ 個分、vLLMなどの推論エンジンはブロック単位の場所を使います。
#
# もう1つ、測って初めてわかることがあります。長い入力を読んだ直後のウィンドウの層は、長いテンソルの最後の部分だけを見せています。残りは見えませんが、メモリは解放されていません。小さなMistralで、見えているバイト数と、実際に押さえているバイト数を比べましょう。

# %% [markdown] key="window-after" lang="zh-tw"
# 在這個函式庫裡，視窗層保留的不是 $W$ 個，而是 $W - 1$ 個，因為加上下一個詞元自己，剛好是 $W$ 個。不過，這取決於實作：保留 $W - 1$ 個的是 transformers 的 `DynamicSlidingWindowLayer`；事先占好位置的 `StaticSlidingWindowLayer` 是 $W$ 個，vLLM 等推論引擎則以區塊為單位。
#
# 還有一件事要實測才知道。剛讀完很長的輸入時，視窗層只露出長張量的最後一段；其餘的部分看不到，記憶體卻沒有釋放。用一個小 Mistral，比較看得到的位元組數和實際占住的位元組數。

# %% key="window-cache" hide=true
from transformers import MistralConfig, MistralForCausalLM

small_mistral = MistralConfig(
    vocab_size=100,
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    sliding_window=16,
)
mistral = MistralForCausalLM(small_mistral).eval()
cache = mistral(torch.ones(1, 1000, dtype=torch.long), use_cache=True).past_key_values
after_reading = kv_cache.measured(cache).held
mistral(torch.ones(1, 1, dtype=torch.long), past_key_values=cache, use_cache=True)
after_writing = kv_cache.measured(cache).held

# %% key="window-held" hide=true
moments = {
    T(ja="1,000トークンを読んだ直後", zh_tw="剛讀完 1,000 個詞元"): after_reading,
    T(ja="次の1トークンを生成したあと", zh_tw="又產生 1 個詞元之後"): after_writing,
}
head = [
    "",
    T(ja="見えているバイト数", zh_tw="看得到的位元組數"),
    T(ja="押さえているバイト数", zh_tw="占住的位元組數"),
]
rows = [[name, f"{held.payload:,}", f"{held.storage:,}"] for name, held in moments.items()]
show.tabulate(head, rows)
assert after_reading.payload == after_writing.payload

# %% [markdown] key="window-held-text" lang="ja"
# 見えているバイト数は同じでも、読んだ直後に押さえているメモリは60倍以上です。次の1トークンを生成すると、余分は解放されます。見積もりでは、両方を考える必要があります（8節）。

# %% [markdown] key="window-held-text" lang="zh-tw"
# 看得到的位元組數一樣，但剛讀完時占住的記憶體是 60 倍以上；再產生 1 個詞元，多餘的部分才會釋放。估算時，兩者都要考慮（第 8 節）。

# %% [markdown] key="pair" lang="ja"
# ## 4. エンコーダー・デコーダー型にもある
#
# 元のページの主張は、デコーダー型のモデルについてのものです。では、T5のようなエンコーダー・デコーダー型には、KVキャッシュがないのでしょうか。小さなT5で、入力と出力の長さを変えて測ります。
#
# 予想：入力を256トークンに固定し、出力を8トークンから64トークンへ、8倍にします。交差注意のキャッシュは何倍になるでしょうか。

# %% [markdown] key="pair" lang="zh-tw"
# ## 4. 編碼器－解碼器也有
#
# 原網頁的說法只針對 decoder-only 的模型。那麼，像 T5 這樣的編碼器－解碼器，就沒有 KV 快取嗎？用一個小 T5，改變輸入和輸出的長度來測量。
#
# 先猜猜看：輸入固定為 256 個詞元，輸出從 8 個詞元增加到 64 個詞元，也就是 8 倍。交叉注意力的快取會變成幾倍？

# %% key="pair-model"
small_t5 = T5Config(
    vocab_size=100,
    d_model=64,
    d_ff=128,
    d_kv=16,
    num_heads=4,
    num_layers=2,
    decoder_start_token_id=0,
)
t5 = T5ForConditionalGeneration(small_t5).eval()

# %% key="pair-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

parts = {}
for source, target in ((256, 8), (256, 64), (512, 8)):
    parts[source, target] = kv_cache.measured(t5, target, encoder_len=source).parts

cross_growth = parts[256, 64]["cross_keys"] / parts[256, 8]["cross_keys"]
predict.compare(guess, cross_growth, T(ja="倍", zh_tw=" 倍"))

# %% key="pair-sizes"
for (source, target), part in parts.items():
    own, cross = part["keys"] + part["values"], part["cross_keys"] + part["cross_values"]
    print(
        T(
            ja=f"入力{source}、出力{target:2}：自己注意 {own:7,}バイト　交差注意 {cross:7,}バイト",
            zh_tw=f"輸入 {source}、輸出 {target:2}：自注意力 {own:7,} 個位元組　交叉注意力 {cross:7,} 個位元組",
        )
    )

# %% key="c19" hide=true
windowed = kv_cache.config("mistral-7b-v0.1")
claims.check(
    "C19",
    {
        "residual": residual,
        "window_growth": kv_cache.formula(windowed, 100_000).bytes_per_token,
        "cross_growth": cross_growth,
        "own_growth": parts[256, 64]["keys"] / parts[256, 8]["keys"],
    },
)

# %% [markdown] key="pair-after" lang="ja"
# エンコーダー・デコーダー型には、キャッシュが2つあります。自己注意の分は、出力とともに増えます。交差注意の分は、入力の長さで決まり、そのあとは増えません。BERTのようなエンコーダー型は、1トークンずつ生成しないので、0バイトです。

# %% [markdown] key="pair-after" lang="zh-tw"
# 編碼器－解碼器有兩份快取：自注意力的部分會隨輸出增加；交叉注意力的部分由輸入的長度決定，之後不再增加。像 BERT 這樣只有編碼器的模型，不會一次產生一個詞元，所以是 0 個位元組。

# %% [markdown] key="kinds" lang="ja"
# ## 5. 1トークンを小さくする工夫
#
# 同じ大きさのモデル（32層、クエリのヘッド32、$d_h = 128$）で、キーとバリューの持ち方だけを変えてみます。
#
# - MHA（マルチヘッドアテンション）：キーとバリューのヘッドが32
# - GQA（グループ化クエリアテンション）：キーとバリューのヘッドが8つ。クエリのヘッド4つずつで共有
# - MQA（マルチクエリアテンション）：1つのヘッドを、すべてのクエリのヘッドで共有
# - MLA（マルチヘッド潜在アテンション）：全ヘッドに共通の、圧縮した512個の数と、位置の64個の数だけを保存
# - GQAとウィンドウ：GQAと同じヘッドで、最後の4,095トークンだけを保存
#
# 予想：MHAの1トークンは、GQAの1トークンの何倍でしょうか。

# %% [markdown] key="kinds" lang="zh-tw"
# ## 5. 讓一個詞元變小的設計
#
# 模型大小相同（32 層、32 個查詢的注意力頭、$d_h = 128$），只改變鍵和值的保存方式。
#
# - MHA（多頭注意力）：鍵和值有 32 個頭
# - GQA（分組查詢注意力）：鍵和值有 8 個頭，每個頭由 4 個查詢的頭共用
# - MQA（多查詢注意力）：只有 1 個頭，所有查詢的頭共用
# - MLA（多頭潛在注意力）：只保存所有的頭共用、壓縮過的 512 個數字，再加上位置的 64 個數字
# - GQA 加視窗：頭的數量和 GQA 一樣，但只保留最後 4,095 個詞元
#
# 先猜猜看：MHA 的 1 個詞元，是 GQA 的 1 個詞元的幾倍？

# %% key="kinds-numbers"
layers, head_dim, bytes_each = 32, 128, 2
#| ja: 1層が1トークンのために保存する数と、長さnで残っているトークン
#| zh-tw: 一層為一個詞元保存多少數字，以及長度 n 時保留幾個詞元
numbers = {
    "MHA": 2 * 32 * head_dim,
    "GQA": 2 * 8 * head_dim,
    "MQA": 2 * 1 * head_dim,
    "MLA": 512 + 64,
    T(ja="GQAとウィンドウ", zh_tw="GQA 加視窗"): 2 * 8 * head_dim,
}
windowed = list(numbers)[-1]

# %% key="kinds-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


def design_bytes(name, n):
    kept = min(n, 4096 - 1) if name == windowed else n
    return layers * numbers[name] * bytes_each * kept


predict.compare(guess, numbers["MHA"] / numbers["GQA"], T(ja="倍", zh_tw=" 倍"))

# %% key="kinds-table"
lengths_shown = (8_192, 100_000)
head = ["", T(ja="1トークン（バイト）", zh_tw="1 個詞元（位元組）")]
head += [T(ja=f"{n:,}トークン（GiB）", zh_tw=f"{n:,} 個詞元（GiB）") for n in lengths_shown]
rows = []
for name in numbers:
    gib = [f"{design_bytes(name, n) / 2**30:.2f}" for n in lengths_shown]
    rows.append([name, f"{design_bytes(name, 1):,}", *gib])
show.tabulate(head, rows)

# %% [markdown] key="kinds-check" lang="ja"
# 手で計算した値を、本物のモデルのコードで確かめます。5つの設計を、すべて同じ大きさで`meta`の上に作ります。MLAには、DeepSeek-V3のコードを使います。

# %% [markdown] key="kinds-check" lang="zh-tw"
# 用真正的模型程式碼，確認親手算出的值。5 種設計都以相同的大小建立在 `meta` 上；MLA 用的是 DeepSeek-V3 的程式碼。

# %% key="kinds-designs"
from transformers import DeepseekV3Config

same = {"hidden_size": 4096, "num_hidden_layers": layers, "num_attention_heads": 32}
designs = {
    "MHA": LlamaConfig(**same, num_key_value_heads=32),
    "GQA": LlamaConfig(**same, num_key_value_heads=8),
    "MQA": LlamaConfig(**same, num_key_value_heads=1),
    "MLA": DeepseekV3Config(**same, num_key_value_heads=32, kv_lora_rank=512, qk_rope_head_dim=64),
    windowed: MistralConfig(**same, num_key_value_heads=8, sliding_window=4096),
}

# %% key="kinds-check-code"
for name, design in designs.items():
    found = kv_cache.on_meta(design, 8_192).total_bytes
    assert found == design_bytes(name, 8_192), name
    print(name, f"{found:,}")

deepseek = kv_cache.formula(kv_cache.config("deepseek-v3"), 8_192)
print(deepseek.sentence())
assert deepseek.bytes_per_token == 61 * numbers["MLA"] * bytes_each

# %% [markdown] key="kinds-after" lang="ja"
# すべて、ぴったり一致しました。最後の文は、本物のDeepSeek-V3（61層、パラメータは6,710億個）のものです。パラメータが80倍以上あるのに、トークンあたりのキャッシュは、Llama 3 8Bの131,072バイトより小さくなっています。キャッシュの大きさは、モデルの大きさではなく、層の数とキー・バリューの持ち方で決まります。

# %% [markdown] key="kinds-after" lang="zh-tw"
# 全部一致，一個位元組都不差。最後一句是真正的 DeepSeek-V3（61 層，6,710 億個參數）：參數是 80 倍以上，一個詞元的快取卻比 Llama 3 8B 的 131,072 個位元組還小。快取的大小不是由模型大小決定，而是由層數，以及鍵和值的保存方式決定。

# %% [markdown] key="lengths" lang="ja"
# ## 6. 8千トークンと10万トークン
#
# 元のページの2つ目の主張です。ここでの「8千」は8,192トークン、「10万」は100,000トークンとします。
#
# 予想：Llama 3 8BのKVキャッシュは、100,000トークンのとき、8,192トークンのときの何倍でしょうか。

# %% [markdown] key="lengths" lang="zh-tw"
# ## 6. 8 千個詞元和 10 萬個詞元
#
# 這是原網頁的第二個說法。這裡的「8 千」是 8,192 個詞元，「10 萬」是 100,000 個詞元。
#
# 先猜猜看：Llama 3 8B 的 KV 快取，在 100,000 個詞元時是 8,192 個詞元時的幾倍？

# %% key="lengths-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

growth, rows = {}, []
for key in shown:
    config = kv_cache.config(key)
    short, long = (kv_cache.formula(config, n) for n in lengths_shown)
    growth[key] = long.total_bytes / short.total_bytes
    rows.append([config.name_or_path, f"{short.gib:.2f}", f"{long.gib:.2f}", f"{growth[key]:.1f}"])
predict.compare(guess, growth["llama-3-8b"], T(ja="倍", zh_tw=" 倍"))

# %% key="lengths-table"
head = [T(ja="モデル", zh_tw="模型"), *head[2:], T(ja="倍率", zh_tw="倍率")]
show.tabulate(head, rows)

# %% key="c20"
claims.check(
    "C20",
    {
        "full": growth["llama-3-8b"],
        "mixed": growth["gemma-3-27b"],
        "window": growth["mistral-7b-v0.1"],
        "gib": kv_cache.formula(llama, 100_000).gib,
    },
)

# %% [markdown] key="characters" lang="ja"
# 12.2倍になるのは、すべての層が全トークンを保存するモデルだけです。
#
# 単位にも注意しましょう。日本語のページは単語で数えていますが、正しい単位はトークンです。10万トークンが何文字になるかは、トークナイザーによって違います。公表されている値と、この教材の文章で数えた値を並べてみましょう。「2.0から2.6文字」のように幅がある値は、小さいほうを使います。

# %% [markdown] key="characters" lang="zh-tw"
# 只有每一層都保留全部詞元的模型，才會變成 12.2 倍。
#
# 單位也要注意。中文網頁沒有寫單位，其實數的是詞元。10 萬個詞元是多少個字，要看用的是哪個分詞器（tokenizer）。把公布的數字，和用這份教材的文章數出來的數字放在一起看看；像「2.0 到 2.6 個字」這種範圍，就用比較小的數字。

# %% key="characters-code"
rows = []
for entry in kv_cache.characters().values():
    if entry.lang == LANG:
        whole = f"{entry.characters * 100_000:,.0f}"
        rows.append([entry.name, f"{entry.characters}", whole, entry.source])
head = [
    T(ja="トークナイザー", zh_tw="分詞器"),
    T(ja="1トークンの文字数", zh_tw="1 個詞元的字數"),
    T(ja="100,000トークンの文字数", zh_tw="100,000 個詞元的字數"),
    T(ja="出典", zh_tw="出處"),
]
show.tabulate(head, rows)

# %% [markdown] key="quant" lang="ja"
# ## 7. 量子化：ビットを減らす
#
# 量子化（quantization）は、数を少ないビットで表すことです。LLMで量子化するものは、2つあります。
#
# - 重みの量子化：モデルのパラメータを小さくする。効果は、長さに関係しない
# - KVキャッシュの量子化：この節の主題。系列が長いほど効く
#
# 4ビットで表せるのは、16種類の値だけです。そこで、数を64個ずつのグループに分け、グループごとに「最小値」と「間隔」を16ビットずつで保存します。この2つを、ここでは「目盛り」と呼びます。
#
# 予想：64個ずつのグループで4ビットに量子化すると、1つの数は平均で何ビットになるでしょうか。

# %% [markdown] key="quant" lang="zh-tw"
# ## 7. 量化：減少位元
#
# 量化（quantization）是用比較少的位元來表示數字。在 LLM 裡，可以量化的東西有 2 種。
#
# - 權重量化：讓模型的參數變小，效果與長度無關
# - KV 快取量化：這一節的主題，序列越長越有效果
#
# 4 個位元只能表示 16 種值。所以把數字每 64 個分成一組，每組另外保存「最小值」和「間隔」，各用 16 個位元。這 2 個數字，以下稱為「刻度」。
#
# 先猜猜看：每 64 個一組，量化成 4 個位元，平均一個數字是幾個位元？

# %% key="quant-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

x = torch.randn(64, 128).half()
packed = kv_cache.quantise(x, bits=4, group_size=64)
bits_each = packed.bytes * 8 / x.numel()
predict.compare(guess, bits_each, T(ja="ビット", zh_tw=" 個位元"))

# %% [markdown] key="quant-bits" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 4ビットではなく、4.5ビットです。16ビットの4分の1ではなく、約3.6分の1になります。
#
# </details>

# %% [markdown] key="quant-bits" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 不是 4 個位元，而是 4.5 個位元。所以不是 16 個位元的 4 分之 1，大約是 3.6 分之 1。
#
# </details>

# %% [markdown] key="quant-real" lang="ja"
# transformersの量子化キャッシュでも、見積もりと実物を比べましょう。ここで使うfp8（8ビットの浮動小数点数）は、追加のパッケージが不要です。目盛りは、テンソル1つに4バイトだけです。比べるのは、3節の小さなLlamaのfloat32のキャッシュです。

# %% [markdown] key="quant-real" lang="zh-tw"
# 用 transformers 的量化快取，也來比較估算和實物。這裡用的 fp8（8 個位元的浮點數）不需要額外的套件，一個張量的刻度只占 4 個位元組。比較的對象是第 3 節那個小 Llama 的 float32 快取。

# %% key="quant-real-code"
from transformers import QuantizedCache

fp8 = QuantizedCache(backend="fp8", config=small)
tiny(input_ids=torch.ones(1, 200, dtype=torch.long), past_key_values=fp8, use_cache=True)
held = kv_cache.measured(fp8).total_bytes
estimate = kv_cache.quantised(small, 200, bits=8, backend="fp8").total_bytes
print(T(ja="float32：", zh_tw="float32："), f"{real.total_bytes:,}")
print(T(ja="fp8（見積もり）：", zh_tw="fp8（估算）："), f"{estimate:,}")
print(T(ja="fp8（実測）：", zh_tw="fp8（實測）："), f"{held:,}")
assert held == estimate

# %% [markdown] key="quant-error" lang="ja"
# 小さくした分、値はずれます。そのずれは、どこまで伝わるのでしょうか。学習済みのデコーダー（レッスン04）に、本物の文の最初の8トークンを読ませます。キャッシュを量子化してから続きを書かせ、4か所で比べます。
#
# - キーとバリュー：値のずれの大きさ÷もとの値の大きさ
# - アテンションの出力：同じく、ずれの大きさ÷もとの大きさ
# - 次のトークンの確率：KLダイバージェンス（0なら同じ分布）
# - 答え：書き終えた文が変わった割合と、正しい文の割合（小さな世界の文法で判定）
#
# キーはチャネルごと、バリューはトークンごとにグループを作る方法が、KIVIという論文で提案されています。このデコーダーは小さいので、グループの大きさは8にします。

# %% [markdown] key="quant-error" lang="zh-tw"
# 變小的代價是數值會有誤差。這個誤差會傳到哪裡？讓訓練好的解碼器（第 04 課）讀真正的句子的前 8 個詞元，把快取量化之後再讓它接著寫，然後在 4 個地方比較。
#
# - 鍵和值：數值誤差的大小÷原本的大小
# - 注意力的輸出：一樣是誤差的大小÷原本的大小
# - 下一個詞元的機率：KL 散度（0 代表分布相同）
# - 答案：寫完的句子有多少比例變了、有多少比例是正確的句子（用小世界的文法判斷）
#
# 論文 KIVI 提出的方法是：鍵依通道分組，值依詞元分組。這個解碼器很小，所以每組的大小設成 8。

# %% key="quant-read"
told = [corpus.sentence(event, LANG).text for event in corpus.exam("plain", 200)]
rows = decoder.TOKENIZER([tokenizer.tagged(text, LANG) for text in told]).input_ids
n_read = 8
ids = torch.tensor([row[: n_read + 1] for row in rows])
model.set_attn_implementation("sdpa")

attended = []
for block in model.transformer.h:
    block.attn.register_forward_hook(lambda module, given, out: attended.append(out[0][:, -1]))


# %% key="quant-write"
def write_on(restore=None, n=24):
    T(
        ja="""n_read個のトークンを読み、キャッシュをrestoreで変えて、n個のトークンを書く""",
        zh_tw="""讀 n_read 個詞元，用 restore 改變快取，再寫 n 個詞元""",
    )
    cache = model(input_ids=ids[:, :n_read], use_cache=True).past_key_values
    for layer in cache.layers if restore else ():
        layer.keys, layer.values = restore(layer.keys, layer.values)
    new, written = ids[:, n_read:], [ids]
    attended.clear()
    for step in range(n):
        out = model(input_ids=new, past_key_values=cache, use_cache=True)
        if step == 0:
            log_p, outputs = out.logits[:, -1].log_softmax(-1), torch.stack(attended)
        new = out.logits[:, -1:].argmax(-1)
        written.append(new)
    texts = decoder.TOKENIZER.batch_decode(torch.cat(written, 1))
    answers = [text.split("</s>")[0].split(">")[-1] for text in texts]
    return outputs, log_p, answers


# %% key="quant-written"
outputs, log_p, answers = write_on()
print(answers[:2])
assert all(corpus.parse(text, LANG) for text in answers)

# %% [markdown] key="quant-guess" lang="ja"
# 予想：キャッシュを2ビットにすると、200の文のうち、正しい文は何%になるでしょうか（量子化しないときは100%）。計算では求まらないので、次の3つから選び、`guess`に`"a"`のように書きましょう。
#
# - `a`：50%未満
# - `b`：50%から90%
# - `c`：90%以上

# %% [markdown] key="quant-guess" lang="zh-tw"
# 先猜猜看：快取改成 2 個位元之後，200 個句子裡，正確的句子占百分之多少？（不量化時是 100%）這沒辦法用算的，請從下面 3 個選項裡選，在 `guess` 寫上 `"a"` 這樣的字。
#
# - `a`：不到 50%
# - `b`：50% 到 90%
# - `c`：90% 以上

# %% key="quant-off"
errors = {}


def off(changed, original):
    return ((changed - original).norm() / original.norm()).item()


# %% key="quant-answers"
def quantised_answers(bits, per):
    found = {"K": [], "V": [], "bytes": 0}

    def restore(k, v):
        packed = {"K": (k, per), "V": (v, "token")}
        back = []
        for name, (x, direction) in packed.items():
            small_x = kv_cache.quantise(x.half(), bits, 8, direction)
            back.append(small_x.restore().float())
            found["bytes"] += small_x.bytes / len(ids)
            found[name].append(off(back[-1], x))
        return back

    outputs_now, log_p_now, answers_now = write_on(restore)
    found |= {name: sum(found[name]) / len(found[name]) for name in "KV"}
    found["attention"] = off(outputs_now, outputs)
    #| ja: KL(もとの分布 ‖ 量子化したあとの分布)
    #| zh-tw: KL（原本的分布 ‖ 量化之後的分布）
    found["KL"] = (log_p.exp() * (log_p - log_p_now)).sum(-1).mean().item()
    same = torch.nn.functional.kl_div(log_p_now, log_p, reduction="batchmean", log_target=True)
    assert abs(found["KL"] - same.item()) < 1e-6 + 1e-3 * abs(same.item())
    found["changed"] = sum(a != b for a, b in zip(answers, answers_now)) / len(answers)
    valid = [corpus.parse(text, LANG) is not None for text in answers_now]
    return found | {"valid": sum(valid) / len(valid)}


# %% key="quant-errors"
for bits in (8, 4, 3, 2, 1):
    for per in ("channel", "token"):
        errors[bits, per] = quantised_answers(bits, per)
    #| ja: 2つの方法で違うのは、キーの分け方だけ
    #| zh-tw: 2 種方法只有鍵的分組不同
    assert errors[bits, "channel"]["V"] == errors[bits, "token"]["V"]
    assert errors[bits, "channel"]["K"] != errors[bits, "token"]["K"]
for kind in ("K", "V", "attention", "KL"):
    assert errors[2, "channel"][kind] > 10 * errors[8, "channel"][kind]

# %% key="quant-error-code"
#| ja: Noneを、選んだ記号（"a"、"b"、"c"のどれか）に書き換える
#| zh-tw: 把 None 改成你選的代號（"a"、"b"、"c" 其中一個）
guess = None

valid = errors[2, "channel"]["valid"]
options = {
    "a": T(ja="50%未満", zh_tw="不到 50%"),
    "b": T(ja="50%から90%", zh_tw="50% 到 90%"),
    "c": T(ja="90%以上", zh_tw="90% 以上"),
}
predict.choose(guess, options, "a" if valid < 0.5 else "b" if valid < 0.9 else "c")

# %% key="quant-table"
table = []
per_names = {
    "channel": T(ja="チャネルごと", zh_tw="依通道"),
    "token": T(ja="トークンごと", zh_tw="依詞元"),
}
for bits in (8, 4, 3, 2, 1):
    for per in ("channel", "token"):
        e = errors[bits, per]
        numbers_shown = [f"{e['bytes']:,.0f}", *(f"{e[k]:.4f}" for k in ("K", "V", "attention"))]
        shares = [f"{e['KL']:.6f}", f"{e['changed']:.1%}", f"{e['valid']:.1%}"]
        table.append([f"{bits}", per_names[per], *numbers_shown, *shares])
head = [
    T(ja="ビット", zh_tw="位元"),
    T(ja="キーの分け方", zh_tw="鍵的分組"),
    T(ja="文あたりのバイト数", zh_tw="每句的位元組數"),
    T(ja="キーのずれ", zh_tw="鍵的誤差"),
    T(ja="バリューのずれ", zh_tw="值的誤差"),
    T(ja="アテンションのずれ", zh_tw="注意力的誤差"),
    "KL",
    T(ja="変わった文", zh_tw="改變的句子"),
    T(ja="正しい文", zh_tw="正確的句子"),
]
show.tabulate(head, table)

# %% key="quant-figure"
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
order = (8, 4, 3, 2, 1)
sizes_kivi = [errors[bits, "channel"]["bytes"] for bits in order]
names = {
    "K": T(ja="キー", zh_tw="鍵"),
    "V": T(ja="バリュー", zh_tw="值"),
    "attention": T(ja="アテンションの出力", zh_tw="注意力的輸出"),
}
labels = {
    "channel": T(ja="キーはチャネルごと", zh_tw="鍵依通道分組"),
    "token": T(ja="キーもトークンごと", zh_tw="鍵也依詞元分組"),
}
off_by = {name: [errors[bits, "channel"][k] for bits in order] for k, name in names.items()}
charts.lines(left, sizes_kivi, off_by)
moved = {name: [errors[bits, per]["KL"] for bits in order] for per, name in labels.items()}
charts.lines(right, sizes_kivi, moved)
whole_bytes = 2 * 2 * n_read * 64 * 2
x_label = T(
    ja=f"文あたりのキャッシュ（バイト。16ビットなら{whole_bytes:,}）",
    zh_tw=f"每句的快取（位元組；16 個位元時是 {whole_bytes:,}）",
)
ticks = {size: f"{size:,.0f}\n({bits})" for size, bits in zip(sizes_kivi, order)}
kl = T(ja="次のトークンの確率の変化（KL）", zh_tw="下一個詞元的機率變化（KL）")
for ax, y in ((left, T(ja="ずれの割合", zh_tw="誤差的比例")), (right, kl)):
    charts.frame(ax, x_label, y, log="y", ticks=ticks)
    ax.legend()
best, worst = (errors[bits, "channel"] for bits in (8, 2))
figures.show(
    fig,
    T(
        ja=f"横軸は、8トークン分のキャッシュのバイト数です（括弧の中は数あたりのビット数）。縦軸は対数目盛りです。左の図は、キーをチャネルごとに量子化したときのずれの割合です。ビットを減らすほど大きくなり、キーのずれは8ビットで{best['K']:.2g}、2ビットで{worst['K']:.2g}です。アテンションの出力のずれは、キーやバリューのずれより小さくなっています。右の図は、次のトークンの確率の変化です。8ビットで{best['KL']:.2g}、2ビットで{worst['KL']:.2g}です。",
        zh_tw=f"橫軸是 8 個詞元的快取有多少位元組（括號裡是每個數字的位元數），縱軸是對數刻度。左圖是鍵依通道量化時的誤差比例：位元越少，誤差越大；鍵的誤差在 8 個位元時是 {best['K']:.2g}，2 個位元時是 {worst['K']:.2g}。注意力輸出的誤差，比鍵和值的誤差小。右圖是下一個詞元的機率變化：8 個位元時是 {best['KL']:.2g}，2 個位元時是 {worst['KL']:.2g}。",
    ),
)

# %% [markdown] key="quant-after" lang="ja"
# バイト数と誤差は、引き換えです。8ビットでは、予測も答えもほとんど変わりません。ビットを減らすと、まず文が変わり始めます。ただし、変わった文がすぐに誤りになるわけではありません。文法に合う、別の文になることも多いのです。値のずれだけでは、答えの良し悪しはわかりません。最後は、使いたいタスクで測る必要があります。
#
# この小さなデコーダーでは、どちらのキーの分け方がよいとは言えません。KLは、チャネルごとのほうが小さいときも、トークンごとのほうが小さいときもあります。KIVIが報告しているのは、一部のチャネルだけがとても大きくなる、大規模なモデルでの差です。
#
# グループが小さいと誤差は減りますが、目盛りの分だけバイト数が増えます（ここではグループが8個なので、1つの数に4ビットも余分にかかります）。速くなるとは限りません。使うたびに元の数に戻す計算が必要だからです。

# %% [markdown] key="quant-after" lang="zh-tw"
# 位元組數和誤差，是拿一個換另一個。8 個位元時，預測和答案幾乎沒有改變。位元變少時，首先是句子開始不一樣。不過，句子變了不代表就錯了，很多時候只是變成另一個合乎文法的句子。只看數值的誤差，看不出答案好不好；最後還是要用自己想做的任務來測量。
#
# 在這個小小的解碼器上，說不上哪一種鍵的分組方式比較好：KL 有時是依通道的比較小，有時是依詞元的比較小。KIVI 報告的差別，出現在部分通道特別大的大型模型。
#
# 每組越小，誤差越少，但刻度會占掉更多位元組（這裡每組只有 8 個，一個數字就要多花 4 個位元）。而且不一定會變快，因為每次使用都要先還原成原來的數字。

# %% [markdown] key="fit" lang="ja"
# ## 8. 手元のGPUに収まるか
#
# メモリを使うのは、KVキャッシュだけではありません。`kv_cache.fits`は、重み、KVキャッシュ、計算の途中の値、実行環境を別々の行にします。残りがGPUの1割に満たないときは「収まらない」とします。見積もりには、次の仮定があります。
#
# - 途中の値：長い入力を一度に読むと、とても大きくなります。そこで推論エンジンは、入力を小さく分けて順に読みます（chunked prefill）。ここでも512トークンずつ読むとします（`chunk=512`）。全体を一度に読むときは、`chunk=None`です
# - 重みの量子化：小さくするのは、層の中の行列だけです。埋め込みと出力の行列は16ビットのままとします（transformersの量子化も、出力の行列を変換しません）
# - 実行環境：1 GiBとします
# - GPUのメモリ：名前にある数ではなく、ドライバーが報告する量と比べます（48 GBのL40Sなら44.99 GiB）
#
# 予想：Llama 3 8B（重みは16ビット）で100,000トークンを扱うには、全部で何GiB必要でしょうか。

# %% [markdown] key="fit" lang="zh-tw"
# ## 8. 自己的 GPU 放得下嗎
#
# 使用記憶體的不只是 KV 快取。`kv_cache.fits` 會把權重、KV 快取、計算的中間結果（計算過程中暫存的張量）、執行環境分別列出。剩下的空間不到 GPU 的 1 成時，就判定「放不進」。這個估算有下面幾項假設。
#
# - 中間結果：如果一次讀完很長的輸入，中間結果會非常大，所以推論引擎會把輸入切成小段，依序讀取（chunked prefill）。這裡也假設每段 512 個詞元（`chunk=512`）；一次讀完整段輸入則是 `chunk=None`
# - 權重量化：變小的只有各層裡面的矩陣，嵌入和輸出的矩陣維持 16 個位元（transformers 的量化同樣不會轉換輸出的矩陣）
# - 執行環境：假設是 1 GiB
# - GPU 的記憶體：不是和產品名稱上的數字比，而是和驅動程式回報的量比（48 GB 的 L40S 是 44.99 GiB）
#
# 先猜猜看：Llama 3 8B（權重 16 個位元）要處理 100,000 個詞元，一共需要多少 GiB？

# %% key="fit-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

fit = kv_cache.fits("llama-3-8b", "rtx-4090", 100_000)
predict.compare(guess, fit.total_bytes / 2**30, " GiB")

# %% key="fit-shown"
fit

# %% [markdown] key="fit-table" lang="ja"
# 次の表は、Llama 3 8BのKVキャッシュ（GiB）です。int8とint4の列には、目盛りの分も入っています（8.5ビットと4.5ビット）。fp8の目盛りはテンソル1つに1つだけなので、ちょうど8ビットです。Llama 3 8Bが学習した長さは8,192トークンなので、それより長い行は計算上の値です。

# %% [markdown] key="fit-table" lang="zh-tw"
# 下表是 Llama 3 8B 的 KV 快取（GiB）。int8 和 int4 的欄位已經包含刻度（8.5 個位元和 4.5 個位元）；fp8 一個張量只有一個刻度，所以剛好是 8 個位元。Llama 3 8B 訓練時的長度是 8,192 個詞元，更長的列只是計算出來的數字。

# %% key="fit-table-code"
rows = []
for n in (8_192, 32_768, 100_000, 131_072):
    gib = kv_cache.formula(llama, n).gib
    cells = [f"{gib * kv_cache.stored_bits(bits) / 16:.2f}" for bits in (16, 8, "fp8", 4)]
    rows.append([f"{n:,}", *cells])
head = [T(ja="トークン", zh_tw="詞元"), "fp16", "int8", "fp8", "int4"]
show.tabulate(head, rows)

# %% key="c21-choices"
choices = {
    "none": (T(ja="量子化なし", zh_tw="不量化"), {}),
    "weights4": (T(ja="重みを4ビット", zh_tw="權重 4 個位元"), {"weight_bits": 4}),
    "cache8": (T(ja="キャッシュを8ビット", zh_tw="快取 8 個位元"), {"cache_bits": 8}),
    "both4": (
        T(ja="両方を4ビット", zh_tw="兩者都是 4 個位元"),
        {"weight_bits": 4, "cache_bits": 4},
    ),
    "one_shot": (
        T(ja="量子化なし、入力を一度に読む", zh_tw="不量化，一次讀完輸入"),
        {"chunk": None},
    ),
}
windows = {
    "window": (T(ja="量子化なし", zh_tw="不量化"), {}),
    "window_one_shot": (
        T(ja="量子化なし、入力を一度に読む", zh_tw="不量化，一次讀完輸入"),
        {"chunk": None},
    ),
}

# %% key="c21-code"
needed, rows = {}, []
for model_key, ways in (("llama-3-8b", choices), ("mistral-7b-v0.1", windows)):
    for key, (name, how) in ways.items():
        fit = kv_cache.fits(model_key, "rtx-4090", 100_000, **how)
        card = kv_cache.smallest(model_key, 100_000, **how)
        #| ja: 仮定した実行環境の分を除いた量（GiB）
        #| zh-tw: 扣掉假設的執行環境之後的量（GiB）
        needed[key] = (fit.total_bytes - fit.lines["overhead"]) / 2**30
        rows.append([fit.model, name, f"{fit.total_bytes / 2**30:.1f}", f"{card.gib} GB"])
head = [
    T(ja="モデル", zh_tw="模型"),
    T(ja="方法", zh_tw="做法"),
    T(ja="必要な量（GiB）", zh_tw="需要的量（GiB）"),
    T(ja="収まるGPU", zh_tw="放得下的 GPU"),
]
show.tabulate(head, rows)

# %% key="c21"
claims.check("C21", needed)

# %% [markdown] key="fit-after" lang="ja"
# 量子化なしのLlama 3 8Bで100,000トークンを扱うには、約28.2 GiBが必要で、32 GBのGPUに収まります。ただし、余裕はわずかです。キャッシュだけを8ビットにしても、24 GBのGPUでは1割の余裕が残りません。重みを4ビットにすると24 GB、キャッシュも4ビットにすると12 GBのGPUに収まります。
#
# 入力を分けずに一度に読むと、途中の値だけで約11 GiBになります。また、3節で見たように、ウィンドウの層は、見えない部分のメモリも読んだ直後には押さえています。ウィンドウを使うMistral 7B v0.1のキャッシュは0.50 GiBですが、一度に読むと12.21 GiBを押さえます。分けて読めば、量子化なしでも24 GBのGPUに収まります（そのかわり、遠くのトークンは直接には参照できません）。
#
# つまり、方法は量子化だけではありません。GQAやMLA、ウィンドウのモデルを選ぶ、入力を分けて読む、キャッシュをCPUのメモリに移す、共通のプロンプトを共有する、といった方法もあります。
#
# ここまでのバイト数は、transformersのキャッシュのものです。vLLMなどの推論エンジンは、16トークンなどのブロック単位でメモリを割り当てます。すべての層が全トークンを保存するモデルなら、多くなるのは、系列1つにつきブロック1つ分までです。ウィンドウの層が混ざるモデルでは、違うことがあります。層の種類ごとに分けて割り当てる機能が働かないと、ウィンドウの層にも全トークン分のブロックが割り当てられます。Gemma 3 27Bの131,072トークンなら、それは5.96倍です。

# %% [markdown] key="fit-after" lang="zh-tw"
# 不用量化的話，Llama 3 8B 要處理 100,000 個詞元，大約需要 28.2 GiB，放得進 32 GB 的 GPU，不過餘裕不多。只把快取改成 8 個位元，在 24 GB 的 GPU 上還是留不出 1 成的餘裕。權重改成 4 個位元，就放得進 24 GB；快取也改成 4 個位元，就放得進 12 GB 的 GPU。
#
# 如果不分段、一次讀完輸入，光是中間結果就大約 11 GiB。而且就像第 3 節看到的，視窗層剛讀完時，還占著看不到的那部分記憶體。使用視窗的 Mistral 7B v0.1，快取是 0.50 GiB，一次讀完卻會占住 12.21 GiB；分段讀取的話，不用量化也放得進 24 GB 的 GPU（代價是沒辦法直接看到遠處的詞元）。
#
# 所以，方法不是只有量化。選擇 GQA、MLA 或視窗的模型、分段讀取輸入、把快取移到 CPU 的記憶體、共用相同的提示，也都是方法。
#
# 以上的位元組數，都是 transformers 的快取。vLLM 等推論引擎以區塊（例如 16 個詞元）為單位配置記憶體。每一層都保留全部詞元的模型，每個序列最多只會多出 1 個區塊的量。混有視窗層的模型就不一定了：如果依層的種類分開配置的功能沒有作用，視窗層也會分配到全部詞元的區塊。以 Gemma 3 27B 的 131,072 個詞元來說，會是 5.96 倍。

# %% [markdown] key="explore" lang="ja"
# ## 9. 自分で動かす
#
# モデル、長さ、GPU、ビット数を変えて、棒がGPUの線を超えるところを探しましょう。どの棒も、前の棒の終わりから始まります。点線は、GPUのドライバーが報告するメモリの量です。その上の数は、製品名にあるGBです。入力は512トークンずつ読むとします。

# %% [markdown] key="explore" lang="zh-tw"
# ## 9. 自己試試看
#
# 改變模型、長度、GPU、位元數，找找看長條在哪裡超過 GPU 的線。每個長條都從前一個長條的尾端開始。虛線是 GPU 驅動程式回報的記憶體，上面的數字是產品名稱上的 GB。這裡假設輸入每段讀 512 個詞元。

# %% key="explore-code"
from helpers.widgets import Explorer, Range, Select

keys = ["llama-3-8b", "llama-2-7b", "llama-3-70b", "mistral-7b-v0.1", "gemma-3-27b", "qwen3-8b"]
decoders = {kv_cache.models()[key].name: key for key in keys}
gpus = {f"{g.name} ({g.gib} GB)": key for key, g in kv_cache.gpus().items()}
formats = {"bfloat16": 16, "float32": 32, "fp8": "fp8", "int8": 8, "int4": 4}


def draw(model, length, batch, gpu, weight_bits, cache_bits):
    bits = {"weight_bits": weight_bits, "cache_bits": cache_bits}
    fit = kv_cache.fits(model, gpu, length, batch_size=batch, **bits)
    return kv_cache.waterfall(fit, list(kv_cache.gpus().values())), fit.sentence()


Explorer(
    T(ja="メモリの内訳", zh_tw="記憶體用在哪裡"),
    draw,
    Select("model", T(ja="モデル", zh_tw="模型"), decoders),
    Range("length", T(ja="長さ", zh_tw="長度"), [1024 * 2**i for i in range(8)], value=8192),
    Range("batch", T(ja="バッチサイズ", zh_tw="批次大小"), [1, 2, 4, 8, 16], value=1),
    Select("gpu", "GPU", gpus),
    Select("weight_bits", T(ja="重みの形式", zh_tw="權重的格式"), formats),
    Select("cache_bits", T(ja="KVキャッシュの形式", zh_tw="KV 快取的格式"), formats),
)

# %% [markdown] key="errata" lang="ja"
# ## 10. 誤りを探す
#
# 公開されている記事の数字を、同じ道具で検算します。「倍率」は、記事の値÷計算した値です。トークンが1の行は、1トークンあたりの大きさです。どの行が誤りでしょうか。

# %% [markdown] key="errata" lang="zh-tw"
# ## 10. 找出錯誤
#
# 用同樣的工具，驗算公開文章裡的數字。「倍率」是文章的值÷算出的值。詞元是 1 的列，是每個詞元的大小。哪幾列是錯的？

# %% key="errata-code"
factors, rows = {}, []
for name, entry in kv_cache.published().items():
    size = kv_cache.formula(kv_cache.config(entry.model), max(entry.tokens, 2))
    ours = size.bytes_per_token if entry.tokens == 1 else size.total_bytes
    factors[name] = entry.says_bytes / ours
    cells = [entry.article, f"{entry.tokens:,}", f"{entry.says_bytes:,}", f"{ours:,}"]
    rows.append([*cells, f"{factors[name]:.2f}", entry.source])
head = [
    T(ja="記事のモデル", zh_tw="文章裡的模型"),
    T(ja="トークン", zh_tw="詞元"),
    T(ja="記事（バイト）", zh_tw="文章（位元組）"),
    T(ja="計算（バイト）", zh_tw="算出（位元組）"),
    T(ja="倍率", zh_tw="倍率"),
    T(ja="出典", zh_tw="出處"),
]
show.tabulate(head, rows)
assert abs(factors["llama-70b-128k"] - 1) < 0.001 and factors["llama-70b-2k-wrong"] > 7

# %% [markdown] key="errata-guess" lang="ja"
# 最後の行は、Llama 2 70Bが2,048トークンで「5.24 GB」になるという記事です。このモデルは80層で、クエリのヘッドは64、キーとバリューのヘッドは8、$d_h$ は128です（キャッシュに関する数は、Llama 3 70Bと同じです）。記事の数は、どう計算したものでしょうか。次のセルを実行する前に、考えてみましょう。

# %% [markdown] key="errata-guess" lang="zh-tw"
# 最後一列的文章說，Llama 2 70B 在 2,048 個詞元時是「5.24 GB」。這個模型有 80 層，查詢的注意力頭有 64 個，鍵和值的注意力頭有 8 個，$d_h$ 是 128（與快取有關的數字和 Llama 3 70B 相同）。文章的數字是怎麼算出來的？執行下一個儲存格之前，先想想看。

# %% key="errata-found"
with_query_heads = 2 * 80 * 64 * 128 * 2 * 2048
with_kv_heads = 2 * 80 * 8 * 128 * 2 * 2048
print(T(ja="クエリのヘッドで計算：", zh_tw="用查詢的頭計算："), f"{with_query_heads:,}")
print(T(ja="それを1,024で割る：", zh_tw="再除以 1,024："), f"{with_query_heads / 1024:,.0f}")
print(T(ja="正しい計算：", zh_tw="正確的計算："), f"{with_kv_heads:,}")
assert with_query_heads / 1024 == 5_242_880

# %% [markdown] key="errata-after" lang="ja"
# 誤りは2つと考えられます。まず、キーとバリューのヘッドの8ではなく、クエリのヘッドの64を使ったことです。これで8倍になりました。次に、単位の混同です。1,024で割った値（5,242,880 KiB）を、そのまま「5.24 GB」と書いています。正しくは671,088,640バイトです。GBでは0.67、GiBでは0.625になります。

# %% [markdown] key="errata-after" lang="zh-tw"
# 錯誤看來有 2 個。第一，應該用鍵和值的 8 個頭，卻用了查詢的 64 個頭，所以變成 8 倍。第二，單位弄混了：把除以 1,024 的值（5,242,880 KiB）直接寫成「5.24 GB」。正確的是 671,088,640 個位元組；換成 GB 是 0.67，換成 GiB 是 0.625。

# %% [markdown] key="own" lang="ja"
# ## 11. 自分のconfig.json
#
# モデルを公開しているサイトで、config.jsonの中身を見つけましょう。次のセルの`{`から`}`までを消し、代わりに、config.jsonの中身をそのまま貼り付けます。前後の`r"""`と`"""`は残してください。ファイルのパスを書くこともできます。
#
# 画像も扱うモデルなど、いくつかの部分からできたモデルでは、言語モデルの部分を計算します。

# %% [markdown] key="own" lang="zh-tw"
# ## 11. 用自己的 config.json
#
# 到公開模型的網站找一份 config.json。刪掉下面儲存格裡從 `{` 到 `}` 的內容，再把 config.json 的內容原封不動貼進去；前後的 `r"""` 和 `"""` 要留著。也可以寫檔案的路徑。
#
# 像可以看圖片的模型，是由幾個部分組成的，這時計算的是語言模型的部分。

# %% key="own-code"
config = r"""
{
  "model_type": "qwen3",
  "head_dim": 128,
  "hidden_size": 4096,
  "max_position_embeddings": 40960,
  "num_attention_heads": 32,
  "num_hidden_layers": 36,
  "num_key_value_heads": 8,
  "sliding_window": null,
  "tie_word_embeddings": false
}
"""
kv_cache.formula(config, 100_000)

# %% [markdown] key="own-missing" lang="ja"
# 必要な項目がファイルにないと、どうなるでしょうか。層の数のように、なければ計算できない項目のときは、その名前を伝えて、数を返しません。ほかの項目は、transformersのクラスが決まった値で補います。その値が本物と同じとはかぎらないので、補った項目を文の最後に並べます。上の例から`num_key_value_heads`を除くと、どうなるでしょうか。

# %% [markdown] key="own-missing" lang="zh-tw"
# 如果檔案缺少需要的項目，會怎樣呢？像層數這種沒有就算不出來的項目，會告訴你缺了哪一個，不給任何數字。其他的項目，transformers 的類別會用固定的值補上；但這個值不一定和真正的模型一樣，所以會在句子最後列出補上的項目。如果從上面的例子拿掉 `num_key_value_heads`，會變成怎樣？

# %% key="own-missing-code"
without_heads = {"model_type": "qwen3", "num_hidden_layers": 36, "hidden_size": 4096}
without_heads |= {"num_attention_heads": 32, "head_dim": 128}
print(kv_cache.formula(without_heads, 100_000).sentence())
try:
    kv_cache.formula({"model_type": "qwen3", "head_dim": 128}, 100_000)
except kv_cache.Refused as refusal:
    print(refusal)

# %% [markdown] key="own-after" lang="ja"
# キャッシュは4倍になりました。補われた32は、クエリのヘッドの数と同じです。10節の記事と同じ間違いを、項目が1つないだけで、してしまうわけです。補った項目があるときは、本物の値を確かめましょう。

# %% [markdown] key="own-after" lang="zh-tw"
# 快取變成 4 倍。補上的 32 和查詢的注意力頭數相同，也就是說，只是少了一個項目，就犯了和第 10 節那篇文章一樣的錯。看到有補上的項目時，請確認真正的值。

# %% [markdown] key="further-tiles" lang="ja" further=true
# ### さらにくわしく：n×nの行列を作らずに計算する
#
# キャッシュのほかにも、系列とともに増えるメモリがあります。計算の途中に置くスコアの行列です。元のページは、FlashAttentionのおかげでデコーダー型は長い系列を扱いやすい、とも述べています（C29）。何が減り、何が減らないのかを測ります。

# %% [markdown] key="further-tiles" lang="zh-tw" further=true
# ### 更進一步：不建立 n×n 的矩陣
#
# 隨著序列變長而增加的記憶體，不只有快取，還有計算過程中的分數矩陣。原網頁也說，有了 FlashAttention，decoder-only 就比較容易處理長上下文（C29）。到底少了什麼、什麼沒有少，接下來實測看看。

# %% [markdown] key="tiles" lang="ja"
# トークンが $n$ 個なら、スコアは $n^2$ 個です。float32なら $4 n^2$ バイトで、行列積2つ（$QK^\top$ と、アテンション重み×$V$）のFLOPsは $4 n^2 d_k$ です。$n$ を2倍にすると、どちらも4倍になります。この行列は、どうしても作らなければならないのでしょうか。FlashAttentionは、アテンションをGPUで速く計算する手法で、この行列を作らずに済ませます。キーとバリューを小さなタイルに分け、次の3つを更新しながら進みます。
#
# - $m$：これまでに見たスコアの最大値
# - $l$：これまでの $e^{s-m}$ の合計
# - $a$：これまでの $e^{s-m} v$ の合計
#
# 新しいタイルで最大値が変わったら、これまでの $l$ と $a$ に $e^{m_\text{old} - m_\text{new}}$ を掛けて、基準を新しい最大値にそろえます。最後の $a / l$ は、アテンション重みでバリューを混ぜた結果と同じです。softmaxで使った「最大値を引く」工夫（レッスン01の4節）が、ここでも役に立ちます。
#
# まず、クエリが1つ、スコアが4つの小さな例で、2つずつのタイルに分けてみましょう。

# %% [markdown] key="tiles" lang="zh-tw"
# $n$ 個詞元有 $n^2$ 個分數。用 float32 就是 $4 n^2$ 個位元組；兩次矩陣乘法（$QK^\top$，還有注意力權重乘上 $V$）的 FLOPs 是 $4 n^2 d_k$。$n$ 變成 2 倍，兩者都變成 4 倍。這個矩陣，真的非建立不可嗎？FlashAttention 是在 GPU 上快速計算注意力的方法，它不建立這個矩陣。先把鍵和值切成小塊，再一塊一塊往下算，同時更新下面 3 個量。
#
# - $m$：到目前為止看過的最大分數
# - $l$：到目前為止 $e^{s-m}$ 的總和
# - $a$：到目前為止 $e^{s-m} v$ 的總和
#
# 如果新的一塊讓最大值變了，就把先前的 $l$ 和 $a$ 乘上 $e^{m_\text{old} - m_\text{new}}$，讓基準換成新的最大值。最後的 $a / l$，就等於用注意力權重混合值的結果。softmax 用過的「先減最大值」（第 01 課第 4 節），在這裡也派上用場。
#
# 先看一個小例子：查詢 1 個，分數 4 個，切成兩個一塊。

# %% key="tiles-small"
import math

from helpers.models import tiles
from helpers.models.triad import attention

s, values = torch.tensor([1.0, 3.0, 2.0, 5.0]), torch.tensor([10.0, 20.0, 30.0, 40.0])
m, l, a = -math.inf, 0.0, 0.0
for tile in (slice(0, 2), slice(2, 4)):
    m_new = max(m, s[tile].max().item())
    shrink = math.exp(m - m_new)
    p = (s[tile] - m_new).exp()
    l = l * shrink + p.sum().item()
    a = a * shrink + (p * values[tile]).sum().item()
    m = m_new
    print(f"m = {m:.0f}  l = {l:.4f}  a = {a:.4f}")

by_tiles, at_once = a / l, (s.softmax(-1) * values).sum().item()
print(
    f"a / l = {by_tiles:.5f}",
    T(ja=f"一度に計算した値 = {at_once:.5f}", zh_tw=f"一次算完的值 = {at_once:.5f}"),
)
assert abs(by_tiles - at_once) < 1e-4

# %% [markdown] key="tiles-many" lang="ja"
# 同じことを、たくさんのクエリとキーで行います。クエリもタイルに分けるので、ループは二重です。因果マスク（`causal=True`）も使えるようにします。クエリごとの $m + \log l$（スコアの $\log \sum_j e^{s_j}$ に等しい）も返し、あとで勾配の計算に使います。

# %% [markdown] key="tiles-many" lang="zh-tw"
# 接著對許多查詢和鍵做同樣的事。查詢也切成小塊，所以是雙層迴圈。另外也讓它支援因果遮罩（`causal=True`）。每個查詢的 $m + \log l$（等於分數的 $\log \sum_j e^{s_j}$）也一起回傳，之後計算梯度時會用到。


# %% key="tiles-code"
def tiled_attention(q, k, v, causal=False, tile=64):
    """(n, d), (n, d), (n, d_v) → (n, d_v), (n, 1)"""
    out, lse = torch.empty(len(q), v.size(-1)), torch.empty(len(q), 1)
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
        out[i : i + tile], lse[i : i + tile] = a / l, m + l.log()
    return out, lse


# %% [markdown] key="tiles-guess" lang="ja"
# `measure.cost`は、行列積のFLOPs、最大のテンソルのバイト数、同時に置かれているテンソルのバイト数の最大値（ピーク）を数えます。
#
# 予想：$n = 2048$ で、タイル計算のFLOPs（行列積）は、普通の計算の何倍でしょうか。半分なら0.5、同じなら1と書きましょう。

# %% [markdown] key="tiles-guess" lang="zh-tw"
# `measure.cost` 會數出矩陣乘法的 FLOPs、最大張量的位元組數，以及同時存在的張量合計位元組數的最大值（峰值）。
#
# 先猜猜看：$n = 2048$ 時，分塊計算的 FLOPs（矩陣乘法）是一般計算的幾倍？一半就寫 0.5，一樣就寫 1。

# %% key="tiles-measure"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

lengths, d = [256, 512, 1024, 2048], 64
plain_cost, tiled_cost = {}, {}
for n in lengths:
    q_, k_, v_ = torch.randn(3, n, d)
    with measure.cost() as plain_cost[n]:
        attention(q_, k_, v_)
    assert plain_cost[n].flops == 4 * n**2 * d and plain_cost[n].largest_bytes == 4 * n**2
    with measure.cost() as tiled_cost[n]:
        tiled_attention(q_, k_, v_)

flops_ratio = tiled_cost[2048].flops / plain_cost[2048].flops
predict.compare(guess, flops_ratio, T(ja="倍", zh_tw=" 倍"))

# %% key="tiles-result"
for name, spent in (
    (T(ja="普通の計算", zh_tw="一般計算"), plain_cost),
    (T(ja="タイル計算", zh_tw="分塊計算"), tiled_cost),
):
    for n in lengths:
        mflops, mib = spent[n].flops / 1e6, spent[n].peak_bytes / 2**20
        peak = T(ja=f"ピーク {mib:6.2f} MiB", zh_tw=f"峰值 {mib:6.2f} MiB")
        print(f"{name}  n = {n:5,}  {mflops:8,.1f} MFLOPs  {peak}")

# %% [markdown] key="tiles-check" lang="ja"
# 結果が普通の計算と同じになることも、マスクなしと因果マスクの両方で確かめます。
#
# 学習では、逆伝播も必要です。普通の計算では、アテンション重み（$n \times n$）を取っておいて使います。タイル計算では取っておかないので、逆伝播のときにスコアをもう一度計算します。`tiles.backward`は、この方法で勾配を計算する関数です。勾配がPyTorchの自動微分と一致することを確かめ、順伝播と逆伝播を合わせたFLOPsを比べます。

# %% [markdown] key="tiles-check" lang="zh-tw"
# 也確認結果和一般計算相同，沒有遮罩和因果遮罩都要比。
#
# 訓練時還需要反向傳播。一般計算會把注意力權重（$n \times n$）留下來用；分塊計算沒有留，所以反向傳播時要把分數再算一次。`tiles.backward` 就是用這個方法計算梯度的函式。確認梯度和 PyTorch 的自動微分一致之後，再比較前向與反向合計的 FLOPs。

# %% key="tiles-check-code"
n, d = 1024, 64
q_, k_, v_ = torch.randn(3, n, d)
gaps = []
for causal, mask in ((False, None), (True, torch.ones(n, n).tril().bool())):
    difference = tiled_attention(q_, k_, v_, causal)[0] - attention(q_, k_, v_, mask)[0]
    gaps.append(difference.abs().max().item())
tiled_gap = torch.tensor(gaps).max().item()

# %% key="tiles-gradient"
leaves = [tensor.clone().requires_grad_() for tensor in (q_, k_, v_)]
out_grad = torch.randn_like(q_)
with torch.enable_grad(), measure.cost() as plain_training:
    attention(*leaves)[0].backward(out_grad)
with measure.cost() as tiled_training:
    out, lse = tiled_attention(q_, k_, v_)
    grads = tiles.backward(q_, k_, v_, out, lse, out_grad)
gaps = [(leaf.grad - grad).abs().max().item() for leaf, grad in zip(leaves, grads)]
gradient_gap = torch.tensor(gaps).max().item()
training_ratio = tiled_training.flops / plain_training.flops

# %% key="tiles-claim"
claims.check(
    "C29",
    {
        "tiled_gap": tiled_gap,
        "gradient_gap": gradient_gap,
        "peak_ratio": tiled_cost[2048].peak_bytes / plain_cost[2048].peak_bytes,
        "peak_growth": tiled_cost[2048].peak_bytes / tiled_cost[1024].peak_bytes,
        "flops_ratio": flops_ratio,
        "flops_growth": tiled_cost[2048].flops / tiled_cost[1024].flops,
        "training_ratio": training_ratio,
    },
)

# %% [markdown] key="tiles-after" lang="ja"
# FlashAttentionが変えるもの、変えないものを整理します。
#
# | 量 | タイル計算（FlashAttentionの考え方） |
# |---|---|
# | 結果 | 同じ（近似ではない） |
# | 途中のメモリ | $n^2$ に比例 → $n$ に比例 |
# | 行列積のFLOPs（順伝播） | 変わらない。$n^2$ に比例したまま |
# | 行列積のFLOPs（学習） | 増える。順伝播の2つと逆伝播の4つに、スコアの再計算が1つ加わり、$\frac{7}{6}$ 倍（約1.17倍） |
# | KVキャッシュ | 変わらない。$k$ と $v$ は全部必要 |
#
# FlashAttentionが速い主な理由は、計算が減るからではありません。GPUの、容量は大きいが遅いメモリ（HBM）との読み書きが減るからです。因果マスクでは、未来のトークンだけのタイルを飛ばすと、計算は約半分になります。上のコードでは飛ばしていません。
#
# マスクなしでも使えるので、原理としてはデコーダー型だけの利点ではありません。実際のソフトウェアがどの型に対応しているかは別の問題で、レッスン08で調べます。

# %% [markdown] key="tiles-after" lang="zh-tw"
# 整理一下，FlashAttention 改變了什麼、沒有改變什麼。
#
# | 項目 | 分塊計算（FlashAttention 的想法） |
# |---|---|
# | 結果 | 相同（不是近似） |
# | 運算過程占用的記憶體 | 與 $n^2$ 成正比 → 與 $n$ 成正比 |
# | 矩陣乘法的 FLOPs（前向） | 不變，仍與 $n^2$ 成正比 |
# | 矩陣乘法的 FLOPs（訓練） | 增加：前向 2 次、反向 4 次之外，還要重算 1 次分數，變成 $\frac{7}{6}$ 倍（約 1.17 倍） |
# | KV 快取 | 不變，$k$ 和 $v$ 全都需要 |
#
# FlashAttention 之所以快，主要不是因為計算變少，而是因為減少了對 GPU 主記憶體（HBM，容量大但比較慢）的讀寫。如果是因果遮罩，還可以跳過整塊都屬於未來的部分，讓計算減少將近一半；上面的程式沒有這樣做。
#
# 沒有遮罩時也能用，所以原理上並不是 decoder-only 獨有的優點。實際的軟體支援哪些架構，則是另一個問題，第 08 課會查證。

# %% [markdown] key="tiles-terminal" lang="ja"
# 50万個を超えるキーでも、同じ方法が使えます。次のセルのターミナルで、実験`online-softmax`を実行してみましょう。キーとバリューはタイルごとに作って捨てるので、すべてが同時にメモリに載ることはありません。
#
# 予想：タイルは128個あります。最大値 $m$ が新しい値に変わるのは、そのうち何回でしょうか。ヒント：1番目のタイルでは必ず変わります。2番目が1番目を超える確率は $\frac{1}{2}$、3番目がそれまでの2つを超える確率は $\frac{1}{3}$ です。進み方を示す行の $m$ に注目しましょう。

# %% [markdown] key="tiles-terminal" lang="zh-tw"
# 就算有 50 萬個以上的鍵，同樣的方法也能用。請在下面儲存格的終端機執行實驗 `online-softmax`。鍵和值都是一塊一塊產生、用完就丟，不會全部同時放在記憶體裡。
#
# 先猜猜看：總共 128 塊，其中有幾次會讓最大值 $m$ 換成新的值？提示：第 1 塊一定會換；第 2 塊超過第 1 塊的機率是 $\frac{1}{2}$，第 3 塊超過前面 2 塊的機率是 $\frac{1}{3}$。執行時，請留意進度那一行的 $m$。

# %% key="tiles-terminal-code"
from helpers.widgets import Terminal

terminal = Terminal("online-softmax")
terminal

# %% [markdown] key="tiles-terminal-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 回数の平均は、$1 + \frac{1}{2} + \frac{1}{3} + \dots + \frac{1}{128} \approx 5.4$ です。基準をそろえ直す計算は、ほとんどのタイルで不要です。
#
# </details>

# %% [markdown] key="tiles-terminal-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 次數的平均是 $1 + \frac{1}{2} + \frac{1}{3} + \dots + \frac{1}{128} \approx 5.4$。大部分的小塊，都不需要更換基準。
#
# </details>

# %% [markdown] key="summary" lang="ja"
# ## 12. まとめ
#
# | 元のページの主張 | 実験でわかったこと |
# |---|---|
# | KVキャッシュは長さに比例する（デコーダー型） | すべての層が全トークンを保存するモデルでは、残差0で比例する。ウィンドウの層は途中で止まり、状態を持つ層は増えない。エンコーダー・デコーダー型にもある |
# | 10万は8千よりはるかに多くのVRAMが必要 | 単位はトークン。Llama 3 8Bのキャッシュは12.2倍（1.00 GiBから12.21 GiB）。Gemma 3 27Bは7.8倍、Mistral 7B v0.1は1.0倍 |
# | 量子化なしでは手元で動かすのは困難 | Llama 3 8Bと100,000トークンなら、量子化なしで32 GB、重みを4ビットにすれば24 GBのGPUが必要（入力を分けて読む場合）。GQA、MLA、ウィンドウも同じくらい効く |

# %% [markdown] key="summary" lang="zh-tw"
# ## 12. 整理
#
# | 原網頁的說法 | 我們實測的結果 |
# |---|---|
# | KV 快取與長度成正比（decoder-only） | 每一層都保留全部詞元的模型，殘差是 0，完全成正比。視窗層到一半就停止，有狀態的層不會增加。編碼器－解碼器也有快取 |
# | 10 萬需要的 VRAM 遠超過 8 千 | 單位是詞元。Llama 3 8B 的快取是 12.2 倍（從 1.00 GiB 到 12.21 GiB）。Gemma 3 27B 是 7.8 倍，Mistral 7B v0.1 是 1.0 倍 |
# | 不用量化，很難在自己的電腦上執行 | Llama 3 8B 加上 100,000 個詞元，不量化需要 32 GB 的 GPU，權重改成 4 個位元則需要 24 GB（以分段讀取輸入為前提）。GQA、MLA、視窗的效果也差不多大 |

# %% [markdown] key="quiz-text" lang="ja"
# ## 13. 確認クイズ
#
# 成績には関係しません。間違えた選択肢の説明も読んでみましょう。

# %% [markdown] key="quiz-text" lang="zh-tw"
# ## 13. 小測驗
#
# 不列入成績。選錯的選項也有說明，不妨讀一讀。

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 14. 演習問題
#
# 続きは[演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)で練習しましょう。プロンプトを共有するキャッシュ、ブロック単位の割り当て、GPUに収まる最大のバッチ、量子化したキャッシュの本当の大きさを、自分で計算します。

# %% [markdown] key="next" lang="zh-tw"
# ## 14. 練習題
#
# 接著到[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)動手寫：共用提示的快取、以區塊配置記憶體、GPU 放得下的最大批次，以及量化快取真正的大小。
