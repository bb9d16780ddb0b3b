# %% [markdown] key="title" lang="ja"
# # KVキャッシュ：見積もってから測る
#
# 文章を1トークンずつ生成するモデルは、前のトークンのキーとバリューを保存して使い回します。これがKVキャッシュ（KV cache）です。このレッスンでは、その大きさをバイト単位で予想し、本物のモデルとぴったり一致することを確かめます。そのあと、大きさを決める工夫と、手元のGPUに収まるかどうかを調べます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | config.jsonからKVキャッシュのバイト数を手で計算できる。長さ、ヘッド、ウィンドウ、量子化がどう効くかを、測った数で説明できる |
# | 前提知識 | レッスン01（キー、バリュー、ヘッド、因果マスク）とレッスン03（1トークンずつの生成）。バイトとビットの違い |
# | 時間 | 読んで考える時間は約90分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |
#
# 進め方は「予想する、実行する、比べる」です。`guess = None`の`None`を、自分の予想した数に書き換えてから実行しましょう。図や表を作るコードは、読み飛ばしてかまいません。

# %% [markdown] key="title" lang="zh-tw"
# # KV 快取：先估算，再實測
#
# 一次產生一個詞元的模型，會把前面詞元的鍵和值存起來重複使用，這就是 KV 快取（KV cache）。這一課要以位元組為單位，先猜它有多大，再確認和真正的模型一個位元組都不差。接著研究哪些設計會改變它的大小，以及自己的 GPU 放不放得下。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能從 config.json 親手算出 KV 快取的位元組數；能用實測的數字，說明長度、注意力頭、視窗、量化各有什麼影響 |
# | 先備知識 | 第 01 課（鍵、值、注意力頭、因果遮罩）與第 03 課（一次產生一個詞元）；位元組與位元的差別 |
# | 時間 | 閱讀與思考約 90 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |
#
# 進行方式是「先猜、再執行、再比較」。請先把 `guess = None` 的 `None` 改成你猜的數字再執行。畫圖和做表格的程式碼可以跳過不看。

# %% key="imports"
import matplotlib.pyplot as plt
import torch
from transformers import GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM
from transformers import T5Config, T5ForConditionalGeneration

from helpers import claims, corpus, decoder, figures, kv_cache, measure, predict, tokenizer

figures.use(LANG)
torch.manual_seed(0)
torch.set_num_threads(1)
torch.set_grad_enabled(False)
# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# 元のページは、KVキャッシュとGPUのメモリ（VRAM）について、こう書いています。
#
# > デコーダー専用モデルでは、KVキャッシュシーケンス長に比例して増加します。10万単語のコンテキストウィンドウは8千単語のものよりも大幅に多くのVRAMを必要とします。そのため、量子化なしで長文コンテキストモデルをローカルに展開することは困難です。
#
# 主張は3つあります。長さに比例すること（C19）、10万と8千で大きく違うこと（C20）、量子化なしでは難しいこと（C21）です。1つずつ、数で確かめます。
#
# 単位に注意しましょう。
#
# | 書き方 | 意味 |
# |---|---|
# | トークン | モデルが数える単位。単語でも文字でもない |
# | バイト（B） | 8ビット。bfloat16の数は1つで2バイト |
# | GB | 1,000,000,000バイト |
# | GiB | 1,073,741,824バイト。GBより約7 %大きい |

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# 關於 KV 快取和 GPU 的記憶體（VRAM），原網頁是這樣寫的：
#
# > 在僅解碼器模型中,KV 快取隨序列長度線性增長。10萬上下文視窗所需之 VRAM 显著超過 8 千視窗,因此若無量化技術,本地部署長上下文模型將極具挑戰性。
#
# 這裡有 3 個說法：大小與長度成正比（C19）；10 萬和 8 千差很多（C20）；不用量化就很困難（C21）。接著用數字逐一檢驗。
#
# 請特別注意單位。
#
# | 寫法 | 意思 |
# |---|---|
# | 詞元（token） | 模型計數的單位，不是詞，也不是字 |
# | 位元組（B） | 8 個位元。bfloat16 的數字一個占 2 個位元組 |
# | GB | 1,000,000,000 個位元組 |
# | GiB | 1,073,741,824 個位元組，比 GB 大約 7 % |

# %% [markdown] key="why" lang="ja"
# ## 1. なぜ保存するのか
#
# レッスン03のデコーダーで、同じ文の続きを2通りの方法で書かせます。
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
# 讓第 03 課的解碼器用兩種方法，接著寫同一個句子。
#
# - 每次都從第一個詞元開始，全部重算
# - 把前面詞元的鍵和值存進 `past_key_values`，只計算新的 1 個詞元
#
# `measure.cost` 會數出矩陣乘法的 FLOPs。
#
# 先猜猜看：要產生 20 個詞元。全部重算的 FLOPs，是存起來的方法的幾倍？

# %% key="why-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

model = decoder.load()
#| ja: 計算を数えられる実装に切り替える
#| zh-tw: 換成可以計數的實作
model.set_attn_implementation("eager")
start = decoder.TOKENIZER(tokenizer.tagged("", LANG), return_tensors="pt").input_ids[:, :-1]


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


with measure.cost() as slow:
    text_recomputed = recompute(start, 20)
with measure.cost() as fast:
    text_cached = with_cache(start, 20)

print(decoder.TOKENIZER.decode(text_cached[0], skip_special_tokens=True))
print(f"{slow.flops / 1e6:.1f} MFLOPs   {fast.flops / 1e6:.1f} MFLOPs")
assert torch.equal(text_recomputed, text_cached)
predict.compare(guess, slow.flops / fast.flops, T(ja="倍", zh_tw=" 倍"))

# %% [markdown] key="why-after" lang="ja"
# 書かれたトークンは、まったく同じです。因果マスクでは、後ろに何を足しても前の出力が変わらないので（レッスン01の9節）、前のキーとバリューは計算し直さなくてよいのです。
#
# では、キャッシュを使えば、どんなに長くても1トークンの計算は同じでしょうか。「KVキャッシュで生成はO(1)になる」という説明を見かけます。長さを変えて、1トークン分のFLOPsを数えてみましょう。

# %% [markdown] key="why-after" lang="zh-tw"
# 寫出來的詞元完全一樣。使用因果遮罩時，不管後面加上什麼，前面的輸出都不會變（第 01 課第 9 節），所以前面的鍵和值不必重算。
#
# 那麼，只要有快取，不管多長，產生 1 個詞元的運算量都一樣嗎？有人說「有了 KV 快取，生成就變成 O(1)」。換幾種長度，數一數產生 1 個詞元要多少 FLOPs。

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

#| ja: 2層、幅64なので、トークンごとに`2 * 4 * 64` FLOPs増える
#| zh-tw: 2 層，寬度 64，所以每個詞元增加 `2 * 4 * 64` FLOPs
assert step_flops[1] - step_flops[0] == 2 * 4 * 64 * 256

# %% [markdown] key="not-constant-after" lang="ja"
# 増え方は一定で、長さに比例する部分があります。新しいクエリは、保存したすべてのキーと内積を取るからです。つまり、1トークンの計算はO(1)ではなくO(n)です。しかも、そのたびにキャッシュ全体をメモリから読み出します。

# %% [markdown] key="not-constant-after" lang="zh-tw"
# 增加的幅度固定，有一部分與長度成正比，因為新的查詢要和存起來的每一個鍵算內積。也就是說，產生 1 個詞元的運算量不是 O(1)，而是 O(n)；而且每次都要從記憶體讀出整份快取。

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
# この計算が正しいことを、3つの方法で確かめます。
#
# - 式：`kv_cache.formula`は、設定だけから計算する
# - `meta`：`kv_cache.on_meta`は、本物のモデルのコードを本物の大きさで動かす。PyTorchの`meta`デバイスは、形だけを計算し、メモリを使わない
# - 実測：`kv_cache.measured`は、本物のキャッシュのテンソルを1つずつ数える

# %% [markdown] key="roads" lang="zh-tw"
# 用 3 種方法確認這個算法是對的。
#
# - 公式：`kv_cache.formula` 只用設定來計算
# - `meta`：`kv_cache.on_meta` 用真正的大小，執行真正的模型程式碼。PyTorch 的 `meta` 裝置只計算形狀，不使用記憶體
# - 實測：`kv_cache.measured` 把真正的快取裡的張量逐一數過

# %% key="roads-formula"
by_formula = kv_cache.formula(llama, 100_000)
by_formula

# %% key="roads-meta"
on_meta = kv_cache.on_meta(llama, 100_000)
print(on_meta.sentence())
print(f"{kv_cache.parameter_count(llama):,}")
assert by_formula.total_bytes == on_meta.total_bytes == 100_000 * by_hand

# %% [markdown] key="roads-after" lang="ja"
# 80億個のパラメータを持つモデルを、メモリを使わずに動かしました。パラメータ数も公表されている8.03Bと一致するので、大きさを間違えたモデルではありません。
#
# 3つ目の方法では、同じクラスの小さなモデルを実際に作り、キャッシュの中身を数えます。

# %% [markdown] key="roads-after" lang="zh-tw"
# 不占用記憶體，就執行了有 80 億個參數的模型。參數數量也和公布的 8.03B 一致，可見模型的大小沒有弄錯。
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
# 小さなLlamaのキャッシュを5つの長さで測り、直線を当てはめます。直線からのずれ（残差）が0なら、完全に比例しています。
#
# 予想：残差の最大値は何バイトでしょうか。

# %% [markdown] key="linear" lang="zh-tw"
# ## 3. 真的與長度成正比嗎
#
# 用 5 種長度測量小 Llama 的快取，再配上一條直線。如果和直線的差距（殘差）是 0，就是完全成正比。
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
for n, size in zip(lengths, sizes):
    print(f"{n:4}  {size:10,}")
predict.compare(guess, residual, T(ja="バイト", zh_tw=" 個位元組"))

# %% [markdown] key="window" lang="ja"
# 残差は0です。では、すべてのモデルで比例するでしょうか。Mistral 7B v0.1は、近くの4,096トークンだけを参照するスライディングウィンドウを使います。Gemma 3は、6層のうち5層がウィンドウ（1,024トークン）で、1層だけがすべてを参照します。MambaとJambaの多くの層は、アテンションの代わりに、大きさの決まった状態を持ちます。

# %% [markdown] key="window" lang="zh-tw"
# 殘差是 0。那麼，所有的模型都成正比嗎？Mistral 7B v0.1 使用滑動視窗，只看附近的 4,096 個詞元。Gemma 3 每 6 層裡有 5 層是視窗（1,024 個詞元），只有 1 層看全部。Mamba 和 Jamba 的很多層沒有注意力，只有大小固定的狀態。

# %% key="window-figure"
shown = ["llama-2-7b", "llama-3-8b", "gemma-3-27b", "mistral-7b-v0.1", "mamba-2.8b"]
curve = [1_024 * 2**i for i in range(8)]
fig, ax = plt.subplots(figsize=(8, 4.4))
for key in shown:
    config = kv_cache.config(key)
    gib = [kv_cache.formula(config, n).gib for n in curve]
    ax.plot(curve, gib, label=f"{config.name_or_path}（{gib[-1]:.2f}）")
ax.set(
    xscale="log",
    yscale="log",
    xlabel=T(ja="長さ（トークン）", zh_tw="長度（詞元）"),
    ylabel=T(ja="KVキャッシュ（GiB）", zh_tw="KV 快取（GiB）"),
)
ax.set_xticks(curve, [f"{n:,}" for n in curve])
ax.minorticks_off()
ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
last = {key: kv_cache.formula(kv_cache.config(key), curve[-1]).gib for key in shown}
names = "、".join(f"{kv_cache.config(key).name_or_path} {gib:.2f} GiB" for key, gib in last.items())
figures.show(
    fig,
    T(
        ja=f"横軸は長さ（1,024から131,072トークン）、縦軸はKVキャッシュの大きさ（GiB）で、どちらも対数目盛りです。bfloat16、バッチサイズ1です。131,072トークンでは{names}です。Mistral 7B v0.1は4,095トークンから、Mamba 2.8Bは最初から、長くなっても増えません。Gemma 3 27Bは、途中から傾きが小さくなります。",
        zh_tw=f"橫軸是長度（1,024 到 131,072 個詞元），縱軸是 KV 快取的大小（GiB），都是對數刻度。bfloat16，批次大小 1。131,072 個詞元時是{names}。Mistral 7B v0.1 從 4,095 個詞元開始、Mamba 2.8B 從一開始，長度增加都不會再變大。Gemma 3 27B 到後面斜率會變小。",
    ),
)

# %% [markdown] key="window-after" lang="ja"
# ウィンドウの層が保存するのは、$W$ 個ではなく $W - 1$ 個です。新しいトークン自身を加えて $W$ 個になるからです。
#
# もう1つ、測ってわかることがあります。長い入力を読んだ直後のウィンドウの層は、長いテンソルの最後の部分だけを見せています。残りは見えませんが、メモリは解放されていません。小さなMistralで、見えているバイト数と、実際に押さえているバイト数を比べましょう。

# %% [markdown] key="window-after" lang="zh-tw"
# 視窗層保留的不是 $W$ 個，而是 $W - 1$ 個，因為加上新的詞元自己，剛好是 $W$ 個。
#
# 還有一件事要實測才知道。剛讀完很長的輸入時，視窗層只露出長張量的最後一段；其餘的部分看不到，記憶體卻沒有釋放。用一個小 Mistral，比較看得到的位元組數和實際占住的位元組數。

# %% key="window-held"
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
after_prompt = mistral(input_ids=torch.ones(1, 1000, dtype=torch.long), use_cache=True)
cache = after_prompt.past_key_values
print(kv_cache.measured(cache).held)
mistral(input_ids=torch.ones(1, 1, dtype=torch.long), past_key_values=cache, use_cache=True)
print(kv_cache.measured(cache).held)

# %% [markdown] key="window-held-text" lang="ja"
# 上の行が入力を読んだ直後、下の行が次の1トークンを生成したあとです。`payload`が見えているバイト数、`storage`が押さえているバイト数です。見積もりでは、両方を考える必要があります。

# %% [markdown] key="window-held-text" lang="zh-tw"
# 上面那行是剛讀完輸入的時候，下面那行是又產生 1 個詞元之後。`payload` 是看得到的位元組數，`storage` 是占住的位元組數。估算時，兩者都要考慮。

# %% [markdown] key="pair" lang="ja"
# ## 4. エンコーダー・デコーダー型にもある
#
# 元のページの主張は、デコーダー型のモデルについてのものです。T5のようなエンコーダー・デコーダー型には、KVキャッシュがないのでしょうか。小さなT5で、入力と出力の長さを変えて測ります。
#
# 予想：入力を256トークンに固定し、出力を8トークンから64トークンへ、8倍にします。交差注意のキャッシュは何倍になるでしょうか。

# %% [markdown] key="pair" lang="zh-tw"
# ## 4. 編碼器－解碼器也有
#
# 原網頁的說法只針對 decoder-only 的模型。像 T5 這樣的編碼器－解碼器，就沒有 KV 快取嗎？用一個小 T5，改變輸入和輸出的長度來測量。
#
# 先猜猜看：輸入固定為 256 個詞元，輸出從 8 個詞元增加到 64 個詞元，也就是 8 倍。交叉注意力的快取會變成幾倍？

# %% key="pair-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

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
parts = {}
for source, target in ((256, 8), (256, 64), (512, 8)):
    parts[source, target] = kv_cache.measured(t5, target, encoder_len=source).parts
    own = parts[source, target]["keys"] + parts[source, target]["values"]
    cross = parts[source, target]["cross_keys"] + parts[source, target]["cross_values"]
    print(
        T(
            ja=f"入力{source}、出力{target:2}：自己注意 {own:7,}バイト　交差注意 {cross:7,}バイト",
            zh_tw=f"輸入 {source}、輸出 {target:2}：自注意力 {own:7,} 個位元組　交叉注意力 {cross:7,} 個位元組",
        )
    )

cross_growth = parts[256, 64]["cross_keys"] / parts[256, 8]["cross_keys"]
predict.compare(guess, cross_growth, T(ja="倍", zh_tw=" 倍"))

# %% key="c19"
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
# エンコーダー・デコーダー型には、キャッシュが2つあります。自己注意の分は出力とともに増え、交差注意の分は入力の長さで決まり、そのあとは増えません。BERTのようなエンコーダー型は、1トークンずつ生成しないので、0バイトです。

# %% [markdown] key="pair-after" lang="zh-tw"
# 編碼器－解碼器有兩份快取：自注意力的部分隨輸出增加；交叉注意力的部分由輸入的長度決定，之後不再增加。像 BERT 這樣只有編碼器的模型，不會一次產生一個詞元，所以是 0 個位元組。

# %% [markdown] key="kinds" lang="ja"
# ## 5. 1トークンを小さくする工夫
#
# 同じ大きさのモデル（32層、クエリのヘッド32、$d_h = 128$）で、キーとバリューの持ち方だけを変えてみます。
#
# - MHA（マルチヘッドアテンション）：キーとバリューのヘッドが32
# - GQA（グループ化クエリアテンション）：キーとバリューのヘッドが8つ。クエリのヘッド4つずつで共有
# - MQA（マルチクエリアテンション）：1つのヘッドを、すべてのクエリのヘッドで共有
# - MLA（Multi-head Latent Attention）：全ヘッドに共通の、圧縮した512個の数と、位置の64個の数だけを保存
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
# - MLA（Multi-head Latent Attention）：只保存所有的頭共用、壓縮過的 512 個數字，再加上位置的 64 個數字
#
# 先猜猜看：MHA 的 1 個詞元，是 GQA 的 1 個詞元的幾倍？

# %% key="kinds-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

layers, head_dim, bytes_each = 32, 128, 2
numbers = {
    "MHA": 2 * 32 * head_dim,
    "GQA": 2 * 8 * head_dim,
    "MQA": 2 * 1 * head_dim,
    "MLA": 512 + 64,
}
per_token = {name: layers * n * bytes_each for name, n in numbers.items()}
for name, size in per_token.items():
    print(f"{name}  {size:8,}  {size * 100_000 / 2**30:6.2f} GiB")
predict.compare(guess, per_token["MHA"] / per_token["GQA"], T(ja="倍", zh_tw=" 倍"))

# %% [markdown] key="kinds-check" lang="ja"
# 手で計算した値を、本物のモデルのコードで確かめます。Llama 2 7BはMHA、Llama 3 8BはGQAです。DeepSeek-V3は61層のMLAで、パラメータは6,710億個あります。

# %% [markdown] key="kinds-check" lang="zh-tw"
# 用真正的模型程式碼，確認親手算出的值。Llama 2 7B 是 MHA，Llama 3 8B 是 GQA。DeepSeek-V3 是 61 層的 MLA，有 6,710 億個參數。

# %% key="kinds-check-code"
found = {
    key: kv_cache.on_meta(kv_cache.config(key), 4096).bytes_per_token
    for key in ("llama-2-7b", "llama-3-8b", "deepseek-v3")
}
print(found)
assert found["llama-2-7b"] == per_token["MHA"] and found["llama-3-8b"] == per_token["GQA"]
assert found["deepseek-v3"] == 61 * numbers["MLA"] * bytes_each

# %% [markdown] key="kinds-after" lang="ja"
# パラメータが80倍以上あるDeepSeek-V3のほうが、Llama 3 8Bより、1トークンのキャッシュは小さくなりました。キャッシュの大きさは、モデルの大きさではなく、層の数とキー・バリューの持ち方で決まります。

# %% [markdown] key="kinds-after" lang="zh-tw"
# DeepSeek-V3 的參數是 80 倍以上，一個詞元的快取卻比 Llama 3 8B 小。快取的大小不是由模型大小決定，而是由層數，以及鍵和值的保存方式決定。

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

growth = {}
for key in ("llama-2-7b", "llama-3-8b", "gemma-3-27b", "mistral-7b-v0.1", "mamba-2.8b"):
    config = kv_cache.config(key)
    short, long = (kv_cache.formula(config, n) for n in (8_192, 100_000))
    growth[key] = long.total_bytes / short.total_bytes
    print(f"{config.name_or_path:16} {short.gib:6.2f} GiB {long.gib:6.2f} GiB  × {growth[key]:.1f}")
predict.compare(guess, growth["llama-3-8b"], T(ja="倍", zh_tw=" 倍"))

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
# 単位にも注意しましょう。日本語のページは単語で数えていますが、正しい単位はトークンです。10万トークンが何文字になるかは、トークナイザーによって違います。公表されている値を使って計算します。

# %% [markdown] key="characters" lang="zh-tw"
# 只有每一層都保留全部詞元的模型，才會變成 12.2 倍。
#
# 單位也要注意。中文網頁沒有寫單位，其實數的是詞元。10 萬個詞元是多少個字，要看用的是哪個分詞器（tokenizer）。用公布的數字來算算看。

# %% key="characters-code"
for entry in kv_cache.characters().values():
    if entry.lang == LANG:
        print(
            T(
                ja=f"{entry.name:12} 1トークンは{entry.characters}文字、10万トークンは{entry.characters * 100_000:,.0f}文字（{entry.source}）",
                zh_tw=f"{entry.name:12} 1 個詞元是 {entry.characters} 個字，10 萬個詞元是 {entry.characters * 100_000:,.0f} 個字（{entry.source}）",
            )
        )

# %% [markdown] key="quant" lang="ja"
# ## 7. 量子化：ビットを減らす
#
# 量子化（quantization）は、数を少ないビットで表すことです。LLMでは、2つの別のものを量子化します。
#
# - 重みの量子化：モデルのパラメータを小さくする。長さに関係しない
# - KVキャッシュの量子化：この節の主題。長いほど効く
#
# 4ビットなら、16種類の値しか表せません。そこで、数を64個ずつのグループに分け、グループごとに「最小値」と「間隔」を16ビットで保存します。
#
# 予想：64個ずつのグループで4ビットに量子化すると、1つの数は平均で何ビットになるでしょうか。

# %% [markdown] key="quant" lang="zh-tw"
# ## 7. 量化：減少位元
#
# 量化（quantization）是用比較少的位元來表示數字。在 LLM 裡，有兩種不同的東西可以量化。
#
# - 權重量化：讓模型的參數變小，與長度無關
# - KV 快取量化：這一節的主題，越長越有效果
#
# 4 個位元只能表示 16 種值。所以把數字每 64 個分成一組，每組另外用 16 個位元保存「最小值」和「間隔」。
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

# %% [markdown] key="quant-real" lang="ja"
# 4ビットではなく、4.5ビットです。16ビットの4分の1ではなく、約3.6分の1になります。transformersの量子化キャッシュでも同じことを確かめましょう。追加のパッケージなしで使えるfp8（8ビットの浮動小数点数）で、見積もりと実物を比べます。

# %% [markdown] key="quant-real" lang="zh-tw"
# 不是 4 個位元，而是 4.5 個位元。所以不是 16 個位元的 4 分之 1，大約是 3.6 分之 1。用 transformers 的量化快取也來確認一下。這裡用不需要額外套件的 fp8（8 個位元的浮點數），比較估算和實物。

# %% key="quant-real-code"
from transformers import QuantizedCache

fp8 = QuantizedCache(backend="fp8", config=small)
tiny(input_ids=torch.ones(1, 200, dtype=torch.long), past_key_values=fp8, use_cache=True)
held = kv_cache.measured(fp8).total_bytes
assert held == kv_cache.quantised(small, 200, bits=8, backend="fp8").total_bytes
print(f"{held:,}   {real.total_bytes:,}")

# %% [markdown] key="quant-error" lang="ja"
# 小さくした分、値はずれます。学習済みのデコーダーに本物の文を読ませ、キャッシュを量子化してから、次のトークンの予測がどれだけ変わるかを測りましょう。調べるのは次の2つです。
#
# - 予測の分布の変化：KLダイバージェンス（0なら同じ）
# - 予測の変わった割合：いちばん確率の高いトークンが変わった割合
#
# キーはチャネルごと、バリューはトークンごとにグループを作る方法が、KIVIという論文で提案されています。このデコーダーは小さいので、グループの大きさは8にします。

# %% [markdown] key="quant-error" lang="zh-tw"
# 變小的代價，是數值會有誤差。讓訓練好的解碼器讀真正的句子，把快取量化之後，再測量下一個詞元的預測改變了多少。要看的是下面兩個量。
#
# - 預測分布的變化：KL 散度（0 代表相同）
# - 預測改變的比例：機率最高的詞元有多少比例變了
#
# 論文 KIVI 提出的方法是：鍵依通道分組，值依詞元分組。這個解碼器很小，所以每組的大小設成 8。

# %% key="quant-error-code"
told = [corpus.sentence(event, LANG).text for event in corpus.exam("plain", 200)]
rows = decoder.TOKENIZER([tokenizer.tagged(text, LANG) for text in told]).input_ids
#| ja: 同じ長さの文だけを使う。最後の1トークンの予測を調べる
#| zh-tw: 只用一樣長的句子，檢查對最後 1 個詞元的預測
n_read = 8
ids = torch.tensor([row[: n_read + 1] for row in rows if len(row) > n_read + 1])
model.set_attn_implementation("sdpa")


def predicted(restore=None):
    T(
        ja="""n_read個のトークンを読み、キャッシュを量子化して元に戻し、次の予測を求める""",
        zh_tw="""讀 n_read 個詞元，把快取量化再還原，求下一個詞元的預測""",
    )
    cache = model(input_ids=ids[:, :n_read], use_cache=True).past_key_values
    if restore is not None:
        for layer in cache.layers:
            layer.keys, layer.values = restore(layer.keys, layer.values)
    return model(input_ids=ids[:, n_read:], past_key_values=cache).logits[:, -1].log_softmax(-1)


whole = predicted()
errors = {}
for bits in (8, 4, 3, 2):
    for per in ("channel", "token"):

        def restore(k, v, bits=bits, per=per):
            return (
                kv_cache.quantise(k, bits, 8, per).restore(),
                kv_cache.quantise(v, bits, 8, "token").restore(),
            )

        changed = predicted(restore)
        kl = (whole.exp() * (whole - changed)).sum(-1).mean().item()
        flips = (whole.argmax(-1) != changed.argmax(-1)).float().mean().item()
        errors[bits, per] = kl, flips
        print(f"{bits}  {per:8}  KL {kl:.6f}  {flips:6.1%}")

assert errors[2, "channel"][0] > 100 * errors[8, "channel"][0]

# %% key="quant-figure"
fig, ax = plt.subplots(figsize=(7, 4))
labels = {
    "channel": T(ja="キーはチャネルごと", zh_tw="鍵依通道分組"),
    "token": T(ja="キーもトークンごと", zh_tw="鍵也依詞元分組"),
}
for per, label in labels.items():
    #| ja: グループ8個、目盛りは16ビット2つ
    #| zh-tw: 每組 8 個，刻度是 2 個 16 位元的數字
    stored = [bits + 32 / 8 for bits in (8, 4, 3, 2)]
    ax.plot(stored, [errors[bits, per][0] for bits in (8, 4, 3, 2)], label=label)
ax.set(
    yscale="log",
    xlabel=T(ja="1つの数のビット数（目盛りを含む）", zh_tw="一個數字的位元數（包含刻度）"),
    ylabel=T(ja="予測の変化（KL）", zh_tw="預測的變化（KL）"),
)
ax.legend()
worst, best = errors[2, "channel"][0], errors[8, "channel"][0]
figures.show(
    fig,
    T(
        ja=f"横軸は1つの数を保存するビット数、縦軸は予測の変化（KL、対数目盛り）です。ビットを減らすほど、予測は大きく変わります。キーをチャネルごとに量子化したとき、8ビットで{best:.2g}、2ビットで{worst:.2g}です。",
        zh_tw=f"橫軸是保存一個數字的位元數，縱軸是預測的變化（KL，對數刻度）。位元越少，預測的變化就越大。鍵依通道量化時，8 個位元是 {best:.2g}，2 個位元是 {worst:.2g}。",
    ),
)

# %% [markdown] key="quant-after" lang="ja"
# バイト数と誤差は、引き換えです。8ビットでは、予測はほとんど変わりません。この小さなデコーダーでは、キーの分け方による差も大きくありません。KIVIが報告しているのは、一部のチャネルだけがとても大きくなる、大規模なモデルでの差です。
#
# グループが小さいと誤差は減りますが、目盛りの分だけバイト数が増えます（ここではグループが8個なので、1つの数に4ビットも余分にかかります）。速くなるとは限りません。使うたびに元の数に戻す計算が必要だからです。

# %% [markdown] key="quant-after" lang="zh-tw"
# 位元組數和誤差，是互相交換的關係。8 個位元時，預測幾乎沒有改變。在這個小小的解碼器上，鍵的分組方式差別也不大；KIVI 報告的差別，出現在部分通道特別大的大型模型。
#
# 每組越小，誤差越少，但刻度會占掉更多位元組（這裡每組只有 8 個，一個數字就要多花 4 個位元）。而且不一定會變快，因為每次使用都要先還原成原來的數字。

# %% [markdown] key="fit" lang="ja"
# ## 8. 手元のGPUに収まるか
#
# メモリを使うのは、KVキャッシュだけではありません。`kv_cache.fits`は、重み、KVキャッシュ、計算の途中の値、実行環境を別々の行にします。途中の値は見積もり、実行環境は1 GiBという仮定です。残りがGPUの1割に満たないときは「収まらない」とします。
#
# 予想：Llama 3 8B（重みは16ビット）で100,000トークンを扱うには、全部で何GiB必要でしょうか。

# %% [markdown] key="fit" lang="zh-tw"
# ## 8. 自己的 GPU 放得下嗎
#
# 使用記憶體的不只是 KV 快取。`kv_cache.fits` 會把權重、KV 快取、計算過程中的值、執行環境分別列出。過程中的值是估計，執行環境則假設是 1 GiB。剩下的空間不到 GPU 的 1 成時，就算「放不進」。
#
# 先猜猜看：Llama 3 8B（權重 16 個位元）要處理 100,000 個詞元，一共需要多少 GiB？

# %% key="fit-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

fit = kv_cache.fits("llama-3-8b", "rtx-4090", 100_000)
predict.compare(guess, fit.total_bytes / 2**30, " GiB")
fit

# %% [markdown] key="fit-table" lang="ja"
# 次の表は、Llama 3 8BのKVキャッシュ（GiB）です。int8とint4の列には、目盛りの分も入っています（8.5ビットと4.5ビット）。

# %% [markdown] key="fit-table" lang="zh-tw"
# 下表是 Llama 3 8B 的 KV 快取（GiB）。int8 和 int4 的欄位已經包含刻度（8.5 個位元和 4.5 個位元）。

# %% key="fit-table-code"
print(f"{'':>9} {'fp16':>7} {'int8':>7} {'int4':>7}")
for n in (8_192, 32_768, 100_000, 131_072):
    gib = kv_cache.formula(llama, n).gib
    cells = [f"{gib * kv_cache.stored_bits(bits) / 16:7.2f}" for bits in (16, 8, 4)]
    print(f"{n:9,} {' '.join(cells)}")

# %% key="c21"
choices = {
    "none": {},
    "weights4": {"weight_bits": 4},
    "cache8": {"cache_bits": 8},
    "both4": {"weight_bits": 4, "cache_bits": 4},
}
smallest = {}
for name, how in choices.items():
    smallest[name] = kv_cache.smallest("llama-3-8b", 100_000, **how)
    print(f"{name:9} {smallest[name].name} ({smallest[name].gib} GiB)")

claims.check(
    "C21",
    {
        "none": smallest["none"].gib,
        "weights4": smallest["weights4"].gib,
        "both4": smallest["both4"].gib,
        "no_quantisation_window": kv_cache.smallest("mistral-7b-v0.1", 100_000).gib,
    },
)

# %% [markdown] key="fit-after" lang="ja"
# 量子化なしのLlama 3 8Bで100,000トークンを扱うには、48 GiBのGPUが必要です。重みを4ビットにすると24 GiB、キャッシュも4ビットにすると12 GiBのGPUに収まります。
#
# ただし、量子化だけが方法ではありません。ウィンドウを使うMistral 7B v0.1は、量子化なしでも24 GiBのGPUに収まります（そのかわり、遠くのトークンは直接には参照できません）。GQAやMLAのモデルを選ぶ、キャッシュをCPUのメモリに移す、共通のプロンプトを共有する、といった方法もあります。
#
# ここまでのバイト数は、transformersのキャッシュのものです。vLLMなどの推論エンジンは、16トークンなどのブロック単位でメモリを割り当てるので、最大で、ブロック1つ分だけ多くなります。

# %% [markdown] key="fit-after" lang="zh-tw"
# 不用量化的話，Llama 3 8B 要處理 100,000 個詞元，需要 48 GiB 的 GPU。權重改成 4 個位元，就放得進 24 GiB；快取也改成 4 個位元，就放得進 12 GiB 的 GPU。
#
# 不過，方法不是只有量化。使用視窗的 Mistral 7B v0.1，不用量化也放得進 24 GiB 的 GPU（代價是沒辦法直接看到遠處的詞元）。選擇 GQA 或 MLA 的模型、把快取移到 CPU 的記憶體、共用相同的提示詞，也都是方法。
#
# 以上的位元組數，都是 transformers 的快取。vLLM 等推論引擎是以區塊（例如 16 個詞元）為單位配置記憶體，所以最多會再多 1 個區塊。

# %% [markdown] key="explore" lang="ja"
# ## 9. 自分で動かす
#
# モデル、長さ、GPU、ビット数を変えて、棒がGPUの線を超えるところを探しましょう。棒は、前の棒の終わりから始まります。点線の上の数は、GPUのメモリ（GiB）です。

# %% [markdown] key="explore" lang="zh-tw"
# ## 9. 自己試試看
#
# 改變模型、長度、GPU、位元數，找找看長條在哪裡超過 GPU 的線。每個長條都從前一個長條的尾端開始。虛線上的數字是 GPU 的記憶體（GiB）。

# %% key="explore-code"
from helpers.widgets import Explorer, Range, Select

decoders = {
    kv_cache.models()[key].name: key
    for key in (
        "llama-3-8b",
        "llama-2-7b",
        "llama-3-70b",
        "mistral-7b-v0.1",
        "gemma-3-27b",
        "qwen3-8b",
    )
}


def draw(model, length, batch, gpu, weight_bits, cache_bits):
    fit = kv_cache.fits(
        model, gpu, length, batch_size=batch, weight_bits=weight_bits, cache_bits=cache_bits
    )
    return kv_cache.waterfall(fit, list(kv_cache.gpus().values())), fit.sentence()


Explorer(
    T(ja="メモリの内訳", zh_tw="記憶體用在哪裡"),
    draw,
    Select("model", T(ja="モデル", zh_tw="模型"), decoders),
    Range("length", T(ja="長さ", zh_tw="長度"), [1024 * 2**i for i in range(8)], value=8192),
    Range("batch", T(ja="バッチサイズ", zh_tw="批次大小"), [1, 2, 4, 8, 16], value=1),
    Select("gpu", "GPU", {f"{g.name} ({g.gib} GiB)": key for key, g in kv_cache.gpus().items()}),
    Select("weight_bits", T(ja="重みのビット数", zh_tw="權重的位元數"), {"16": 16, "8": 8, "4": 4}),
    Select(
        "cache_bits",
        T(ja="KVキャッシュのビット数", zh_tw="KV 快取的位元數"),
        {"16": 16, "8": 8, "4": 4},
    ),
)

# %% [markdown] key="errata" lang="ja"
# ## 10. 誤りを探す
#
# 公開されている記事の数字を、同じ道具で検算します。「倍率」は、記事の値÷計算した値です。

# %% [markdown] key="errata" lang="zh-tw"
# ## 10. 找出錯誤
#
# 用同樣的工具，驗算公開文章裡的數字。「倍率」是文章的值÷算出的值。

# %% key="errata-code"
factors = {}
for name, entry in kv_cache.published().items():
    size = kv_cache.formula(kv_cache.config(entry.model), max(entry.tokens, 2))
    ours = size.bytes_per_token if entry.tokens == 1 else size.total_bytes
    factors[name] = entry.says_bytes / ours
    print(f"{factors[name]:5.2f}  {entry.model:12} {entry.tokens:8,}  {entry.source}")
assert abs(factors["llama-70b-128k"] - 1) < 0.001 and factors["llama-70b-2k-wrong"] > 7

# %% [markdown] key="errata-guess" lang="ja"
# 最後の行は、Llama 2 70Bが2,048トークンで「5.24 GB」とする記事です。このモデルは80層で、クエリのヘッドは64、キーとバリューのヘッドは8、$d_h$ は128です（キャッシュに関する数は、Llama 3 70Bと同じです）。記事の数は、どう計算したものでしょうか。

# %% [markdown] key="errata-guess" lang="zh-tw"
# 最後一列的文章說，Llama 2 70B 在 2,048 個詞元時是「5.24 GB」。這個模型有 80 層，查詢的注意力頭有 64 個，鍵和值的注意力頭有 8 個，$d_h$ 是 128（與快取有關的數字和 Llama 3 70B 相同）。文章的數字是怎麼算出來的？

# %% key="errata-found"
with_query_heads = 2 * 80 * 64 * 128 * 2 * 2048
print(f"{with_query_heads:,}   {with_query_heads / 1024:,.0f}   {2 * 80 * 8 * 128 * 2 * 2048:,}")
assert with_query_heads / 1024 == 5_242_880

# %% [markdown] key="errata-after" lang="ja"
# 誤りは2つです。まず、キーとバリューのヘッドの8ではなく、クエリのヘッドの64を使ったことです。これで8倍になりました。次に、単位の混同です。1,024で割った値（5,242,880 KiB）を、そのまま「5.24 GB」と書いています。正しくは671,088,640バイトです。GBでは0.67、GiBでは0.625になります。

# %% [markdown] key="errata-after" lang="zh-tw"
# 錯誤有 2 個。第一，應該用鍵和值的 8 個頭，卻用了查詢的 64 個頭，所以變成 8 倍。第二，單位弄混了：把除以 1,024 的值（5,242,880 KiB）直接寫成「5.24 GB」。正確的是 671,088,640 個位元組；換成 GB 是 0.67，換成 GiB 是 0.625。

# %% [markdown] key="own" lang="ja"
# ## 11. 自分のconfig.json
#
# モデルを公開しているサイトで、config.jsonの中身を見つけて、次の`config`に貼り付けてみましょう。ファイルのパスも使えます。足りない項目があるときは、推測した数ではなく、項目の名前を返します。

# %% [markdown] key="own" lang="zh-tw"
# ## 11. 用自己的 config.json
#
# 到公開模型的網站找一份 config.json，把內容貼到下面的 `config`。也可以用檔案的路徑。如果缺少項目，不會給你猜的數字，而是告訴你缺了什麼。

# %% key="own-code"
config = '{"model_type": "qwen3", "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "hidden_size": 4096}'
print(kv_cache.formula(config, 100_000).sentence())

try:
    kv_cache.formula('{"model_type": "qwen3", "head_dim": 128}', 100_000)
except kv_cache.Refused as refusal:
    print(refusal)

# %% [markdown] key="summary" lang="ja"
# ## 12. まとめ
#
# | 元のページの主張 | 実験でわかったこと |
# |---|---|
# | KVキャッシュは長さに比例する（デコーダー型） | すべての層が全トークンを保存するモデルでは、残差0で比例する。ウィンドウの層は途中で止まり、状態を持つ層は増えない。エンコーダー・デコーダー型にもある |
# | 10万は8千よりはるかに多くのVRAMが必要 | 単位はトークン。Llama 3 8Bのキャッシュは12.2倍（1.00 GiBから12.21 GiB）。Gemma 3 27Bは7.8倍、Mistral 7B v0.1は1.0倍 |
# | 量子化なしでは手元で動かすのは困難 | Llama 3 8Bと100,000トークンなら、16ビットでは48 GiB、重みを4ビットにすれば24 GiBのGPUが必要。GQA、MLA、ウィンドウも同じくらい効く |

# %% [markdown] key="summary" lang="zh-tw"
# ## 12. 整理
#
# | 原網頁的說法 | 我們實測的結果 |
# |---|---|
# | KV 快取與長度成正比（decoder-only） | 每一層都保留全部詞元的模型，殘差是 0，完全成正比。視窗層到一半就停止，有狀態的層不會增加。編碼器－解碼器也有快取 |
# | 10 萬需要的 VRAM 遠超過 8 千 | 單位是詞元。Llama 3 8B 的快取是 12.2 倍（從 1.00 GiB 到 12.21 GiB）。Gemma 3 27B 是 7.8 倍，Mistral 7B v0.1 是 1.0 倍 |
# | 不用量化，很難在自己的電腦上執行 | Llama 3 8B 加上 100,000 個詞元，16 個位元需要 48 GiB 的 GPU，權重改成 4 個位元則需要 24 GiB。GQA、MLA、視窗的效果也差不多大 |

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
# 続きは[演習シート](../../exercises/{{lang}}/{{lesson}}/{{lesson}}.ipynb)で練習しましょう。共通のプロンプトとブロック、GPUに収まる最大のバッチ、量子化したキャッシュの本当の大きさを、自分で計算します。

# %% [markdown] key="next" lang="zh-tw"
# ## 14. 練習題
#
# 接著到[練習題](../../exercises/{{lang}}/{{lesson}}/{{lesson}}.ipynb)動手寫：共用的提示詞與區塊、GPU 放得下的最大批次，以及量化快取真正的大小。
