# %% [markdown] key="title" lang="ja"
# # KVキャッシュ：見積もってから測る
#
# 長い文章を扱うモデルは手元のGPUに収まるでしょうか。決めるのは、重みと、前のトークンのキーとバリューを保存するKVキャッシュ（KV cache）です。その大きさを計算し、本物のモデルで確かめてから答えます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | `config.json`からキャッシュのバイト数を計算し、何がそれを変えるかを説明し、GPUに収まるかを判断できる |
# | 前提知識 | レッスン01（アテンション）とレッスン04（生成） |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |

# %% [markdown] key="title" lang="zh-tw"
# # KV 快取：先估算，再實測
#
# 能處理長文章的模型，自己的 GPU 放得下嗎？關鍵在於權重，以及 KV 快取（KV cache）：模型把前面詞元的鍵和值存起來，重複使用。這一課先預測快取有多少位元組，確認和真正的模型一個位元組都不差，再回答這個問題。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能從 `config.json` 算出快取的位元組數；能說明它會因什麼而改變；能判斷 GPU 放不放得下 |
# | 先備知識 | 第 01 課（注意力）與第 04 課（生成） |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |

# %% key="imports"
import inspect
import random
import time

import matplotlib.pyplot as plt
import torch
from transformers import LlamaConfig, LlamaForCausalLM, T5Config, T5ForConditionalGeneration

from helpers import kv_cache
from helpers.classroom import claims, predict
from helpers.display import charts, figures, show
from helpers.instruments import measure
from helpers.models import decoder

figures.use(LANG)
_ = torch.manual_seed(0)
_ = torch.set_grad_enabled(False)
torch.set_num_threads(1)

# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# > デコーダー専用モデルでは、KVキャッシュシーケンス長に比例して増加します。10万単語のコンテキストウィンドウは8千単語のものよりも大幅に多くのVRAMを必要とします。そのため、量子化なしで長文コンテキストモデルをローカルに展開することは困難です。（原文のまま）
#
# 確かめるのは長さに比例すること（C19）、10万と8千の違い（C20）、量子化なしでは難しいこと（C21）です。GiBは $2^{30}$ バイトで、GB（$10^9$ バイト）より約7%大きい単位です。

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# > 在僅解碼器模型中,KV 快取隨序列長度線性增長。10萬上下文視窗所需之 VRAM 显著超過 8 千視窗,因此若無量化技術,本地部署長上下文模型將極具挑戰性。（原文如此）
#
# 要檢驗的是：大小與長度成正比（C19）；10 萬和 8 千差很多（C20）；不用量化就很困難（C21）。單位要留意：GiB 是 $2^{30}$ 個位元組，比 GB（$10^9$ 個位元組）大 7% 左右。

# %% [markdown] key="why" lang="ja"
# ## 1. なぜ保存するのか
#
# 保存しないと計算はどれだけ増えるでしょうか。レッスン04のデコーダーに、同じ文を2通りの方法で書かせます。毎回全部を計算し直す方法と、前のトークンのキーとバリューを`past_key_values`に保存し、新しい1トークンだけを計算する方法です。
#
# 予想：2トークンから始めて20トークンを生成するとき、計算し直す方法のFLOPsは保存する方法の何倍でしょうか。

# %% [markdown] key="why" lang="zh-tw"
# ## 1. 為什麼要存起來
#
# 不存起來的話，要多算多少？讓第 04 課的解碼器用兩種方法寫同一個句子：每次都從頭全部重算；或是把前面詞元的鍵和值存進 `past_key_values`，只計算新的 1 個詞元。
#
# 預測：從 2 個詞元開始，再生成 20 個詞元時，全部重算的 FLOPs，是存起來的方法的幾倍？

# %% key="why-ways"
model = decoder.load()
#| ja: 計算を数えられる実装に切り替える
#| zh-tw: 換成可以計數的實作
model.set_attn_implementation("eager")
start = decoder.beginnings([""], LANG)


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
#| zh-tw: 把 None 改成你預測的數字
guess = None

with measure.cost() as slow:
    text_recomputed = recompute(start, 20)
with measure.cost() as fast:
    text_cached = with_cache(start, 20)

assert torch.equal(text_recomputed, text_cached)
predict.compare(guess, slow.flops / fast.flops, T(ja="倍", zh_tw=" 倍"))

# %% [markdown] key="phases" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約11倍です。計算するトークンは $2 + 3 + \dots + 21 = 230$ 個と21個です。因果マスクでは後ろに何を足しても前の出力は変わらないので、前のキーとバリューを使い回せます。
#
# </details>
#
# キャッシュを使う生成は、プロンプトをまとめて計算するプリフィル（prefill）と、続きを1トークンずつ計算するデコード（decode）の2段階です。最初のトークンが出るまでの時間をTTFT（time to first token）、そのあとの1トークンあたりの時間をTPOT（time per output token）と呼びます。
#
# 「キャッシュがあれば、1トークンの計算はO(1)」は本当でしょうか。小さなGPT-2でプロンプトの長さ $n$ を変えて測ります。

# %% [markdown] key="phases" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 11 倍。要計算的詞元，分別是 $2 + 3 + \dots + 21 = 230$ 個和 21 個。使用因果遮罩時，不管後面加上什麼，前面的輸出都不會變，所以前面的鍵和值可以重複使用。
#
# </details>
#
# 使用快取的生成分成兩個階段：先一次算完整段提示，這叫預填充（prefill）；再一個一個算出後面的詞元，這叫解碼（decode）。第一個詞元出現前的時間是 TTFT（time to first token），之後平均每個詞元的時間是 TPOT（time per output token）。
#
# 常聽到「有了快取，每個詞元的運算量就是 O(1)」。真的嗎？這裡用小 GPT-2，改變提示的長度 $n$ 來測量。

# %% key="phases-code" show=true
from transformers import GPT2LMHeadModel

longer = GPT2LMHeadModel(decoder.config(n_positions=4096)).eval()
longer.set_attn_implementation("eager")
step_flops, rows = [], []
for n in (256, 512, 1024, 2048):
    prompt, one = torch.ones(1, n, dtype=torch.long), torch.ones(1, 1, dtype=torch.long)
    with measure.cost() as prefill:
        past = longer(input_ids=prompt, use_cache=True).past_key_values
    with measure.cost() as step:
        longer(input_ids=one, past_key_values=past)
    begin = time.perf_counter()
    past = longer(input_ids=prompt, use_cache=True).past_key_values
    first = time.perf_counter()
    longer(input_ids=one, past_key_values=past)
    ttft, tpot = 1000 * (first - begin), 1000 * (time.perf_counter() - first)
    step_flops.append(step.flops)
    rows.append([f"{n:,}", f"{prefill.flops:,}", f"{ttft:.0f}", f"{step.flops:,}", f"{tpot:.0f}"])

head = ["n", T(ja="プリフィルのFLOPs", zh_tw="預填充的 FLOPs"), "TTFT（ms）"]
show.tabulate([*head, T(ja="デコードのFLOPs", zh_tw="解碼的 FLOPs"), "TPOT（ms）"], rows)
#| ja: 2つの層のどちらでも、保存した1トークンごとに、qkᵀとバリューの和で`2 * 64`ずつ
#| zh-tw: 2 層都一樣，存起來的每個詞元：qkᵀ 和值的加總各要 `2 * 64`
assert step_flops[1] - step_flops[0] == 2 * (2 * 64 + 2 * 64) * 256

# %% [markdown] key="phases-after" lang="ja"
# 新しいクエリは保存したすべてのキーと内積を取り、バリューも足し合わせるので、保存したトークンが1つ増えるたびにデコードのFLOPsは512ずつ増え、O(1)ではなくO(n)になります。

# %% [markdown] key="phases-after" lang="zh-tw"
# 每多存 1 個詞元，解碼的 FLOPs 就增加 512，因為新的查詢要和存起來的每一個鍵算內積，再把每一個值加總起來。所以不是 O(1)，而是 O(n)。

# %% [markdown] key="hand" lang="ja"
# ## 2. 手で計算する
#
# では、キャッシュはどれだけ大きいでしょうか。1つの層が1トークンのために保存するのはキーとバリューだけです。
#
# $$\text{bytes} = 2 \times n_\text{kv} \times d_h \times b$$
#
# 2はキーとバリュー、$n_\text{kv}$ はキーとバリューのヘッドの数（`num_key_value_heads`。クエリのヘッドの数ではありません）、$d_h$ はヘッド1つの次元（`head_dim`）、$b$ は値1つのバイト数（bfloat16なら2）です。
#
# Llama 3 8Bは32層で、クエリのヘッドは32、キーとバリューのヘッドは8、$d_h$ は128です。
#
# 予想：bfloat16では1トークン増えると全部の層で何バイト増えるでしょうか。

# %% [markdown] key="hand" lang="zh-tw"
# ## 2. 動手計算
#
# 那麼，快取究竟有多大？一層為一個詞元保存的，只有鍵和值。
#
# $$\text{bytes} = 2 \times n_\text{kv} \times d_h \times b$$
#
# 2 是鍵和值；$n_\text{kv}$ 是鍵和值的注意力頭數（`num_key_value_heads`，不是查詢的注意力頭數）；$d_h$ 是每個頭的維度（`head_dim`）；$b$ 是一個數字的位元組數（bfloat16 是 2）。
#
# Llama 3 8B 有 32 層，查詢的注意力頭有 32 個，鍵和值的注意力頭有 8 個，$d_h$ 是 128。
#
# 預測：用 bfloat16 時，每多 1 個詞元，所有的層一共增加多少位元組？

# %% key="hand-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

llama = kv_cache.config("llama-3-8b")
by_hand = 2 * llama.num_key_value_heads * (llama.hidden_size // llama.num_attention_heads) * 2
by_hand *= llama.num_hidden_layers
predict.compare(guess, by_hand, T(ja="バイト", zh_tw=" 個位元組"))

# %% [markdown] key="roads" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# $2 \times 8 \times 128 \times 2 = 4096$ バイトが32層分で、131,072バイトです。
#
# </details>
#
# この値を3つの方法で確かめます。
#
# - 式：`kv_cache.formula`は設定だけで計算する
# - `meta`：`kv_cache.on_meta`は本物のコードを本物の大きさで動かし、形だけを計算する（メモリは使わない）
# - 実測：`kv_cache.measured`は小さな本物のモデルのキャッシュを数える

# %% [markdown] key="roads" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 一層是 $2 \times 8 \times 128 \times 2 = 4096$ 個位元組，32 層一共是 131,072 個位元組。
#
# </details>
#
# 這樣算，和真正的模型一致嗎？用三種方法來確認。
#
# - 公式：`kv_cache.formula` 只用設定來計算
# - `meta`：`kv_cache.on_meta` 以真正的大小執行真正的程式碼，但只計算形狀（不占記憶體）
# - 實測：`kv_cache.measured` 逐一數出真正的小模型快取裡的張量

# %% key="roads-meta"
by_formula, on_meta = kv_cache.formula(llama, 100_000), kv_cache.on_meta(llama, 100_000)
print(on_meta.sentence())
print(T(ja="パラメータ数：", zh_tw="參數量："), f"{kv_cache.parameter_count(llama):,}")
assert by_formula.total_bytes == on_meta.total_bytes == 100_000 * by_hand

# %% key="roads-measured"
small = LlamaConfig(
    vocab_size=100,
    hidden_size=128,
    intermediate_size=256,
    num_hidden_layers=4,
    num_attention_heads=8,
    num_key_value_heads=2,
)
tiny = LlamaForCausalLM(small).eval()
real = kv_cache.measured(tiny, 200)
assert real.total_bytes == kv_cache.formula(small, 200, dtype="float32").total_bytes
real

# %% [markdown] key="errata" lang="ja"
# ## 3. 誤りを探す
#
# 3つの方法は一致し、パラメータ数も公表された8.03Bどおりでした。公開記事の数を検算すると、どの行が誤りでしょうか。

# %% [markdown] key="errata" lang="zh-tw"
# ## 3. 找出錯誤
#
# 三種方法完全一致，參數量也和公布的 8.03B 相同。有了這個工具，就能驗算公開文章裡的數字。哪幾個橫列是錯的？

# %% key="errata-code"
factors, rows = {}, []
with_query_heads = 2 * 80 * 64 * 128 * 2 * 2048
assert with_query_heads / 1024 == 5_242_880
for name, entry in kv_cache.published().items():
    size = kv_cache.formula(kv_cache.config(entry.model), max(entry.tokens, 2))
    ours = size.bytes_per_token if entry.tokens == 1 else size.total_bytes
    factors[name] = entry.says_bytes / ours
    cells = [entry.article, f"{entry.tokens:,}", f"{entry.says_bytes:,}", f"{ours:,}"]
    rows.append([*cells, f"{factors[name]:.2f}", entry.source])
head = [
    T(ja="記事のモデル", zh_tw="文章裡的模型"),
    T(ja="トークン（1は、1トークンあたり）", zh_tw="詞元（1 是每個詞元）"),
    T(ja="記事（バイト）", zh_tw="文章（位元組）"),
    T(ja="計算（バイト）", zh_tw="算出（位元組）"),
    T(ja="記事÷計算", zh_tw="文章÷算出"),
    T(ja="出典", zh_tw="出處"),
]
show.tabulate(head, rows)
assert abs(factors["llama-70b-128k"] - 1) < 0.001 and factors["llama-70b-2k-wrong"] > 7

# %% [markdown] key="errata-guess" lang="ja"
# 最後の行はLlama 2 70B（80層、クエリのヘッド64、キーとバリューのヘッド8、$d_h$ は128）が2,048トークンで「5.24 GB」になるという記事です。どう計算した数でしょうか。
#
# <details><summary>考えてから開く</summary>
#
# 8ではなく64のヘッドで計算して8倍になり、しかも1,024で割った5,242,880 KiBをkBとみなしたようです。正しくは0.67 GBです。4.00の行も誤りで、記事の式とも合いません（1.01は丸めの差）。
#
# </details>

# %% [markdown] key="errata-guess" lang="zh-tw"
# 最後一個橫列的文章說，Llama 2 70B（80 層，查詢的注意力頭 64 個，鍵和值的注意力頭 8 個，$d_h$ 是 128）在 2,048 個詞元時是「5.24 GB」。這個數字是怎麼算出來的？
#
# <details><summary>想過之後再打開</summary>
#
# 看來是該用 8 個頭的地方用了 64 個頭，所以變成 8 倍；再除以 1,024 得到的 5,242,880 KiB，又當成了 kB。正確的是 0.67 GB。另外，4.00 的橫列也是錯的，連文章自己的公式也對不上；1.01 則只是四捨五入的差。
#
# </details>

# %% [markdown] key="linear" lang="ja"
# ## 4. 長さに比例するか
#
# 最初の主張は長さに比例することなので、小さなLlamaのキャッシュを5つの長さで測り、両端の傾きで原点を通る直線を引きます。
#
# 予想：直線からのずれ（残差）は最大で何バイトでしょうか。

# %% [markdown] key="linear" lang="zh-tw"
# ## 4. 真的與長度成正比嗎
#
# 第一個說法是與長度成正比。用五種長度測量小 Llama 的快取，再用兩端求出斜率，畫一條通過原點的直線。
#
# 預測：和直線的差距（殘差），最大是多少位元組？

# %% key="linear-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

lengths = [16, 50, 128, 300, 512]
sizes = [kv_cache.measured(tiny, n).total_bytes for n in lengths]
slope = (sizes[-1] - sizes[0]) / (lengths[-1] - lengths[0])
residual = max(abs(size - slope * n) for n, size in zip(lengths, sizes))
predict.compare(guess, residual, T(ja="バイト", zh_tw=" 個位元組"))

# %% [markdown] key="window" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 0で、このモデルでは完全に比例します。
#
# </details>
#
# では、どのモデルでも比例するでしょうか。Mistral 7B v0.1は近くの4,096トークンだけを参照し（スライディングウィンドウ）、Gemma 3 27Bでは6層ごとに5層がウィンドウ（1,024トークン）です。Mambaは大きさの決まった状態だけを持ちます。

# %% [markdown] key="window" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 是 0，這個模型完全成正比。
#
# </details>
#
# 那麼，所有的模型都成正比嗎？Mistral 7B v0.1 只看附近的 4,096 個詞元（滑動視窗）；Gemma 3 27B 每 6 層就有 5 層是視窗（1,024 個詞元）；Mamba 只有大小固定的狀態。

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
        zh_tw=f"橫軸是長度（1,024 到 131,072 個詞元），縱軸是 KV 快取的大小（GiB），都是對數刻度。bfloat16，批次大小 1。圖例的數字是最右端 131,072 個詞元時的大小：{names}。兩條 Llama 的線是平行的直線。Gemma 3 27B 一開始增加得比較慢，越長就越接近與 Llama 平行。Mistral 7B v0.1 從 4,095 個詞元開始、Mamba 2.8B 從一開始，就是水平線。",
    ),
)

# %% [markdown] key="window-after" lang="ja"
# ウィンドウの層は古いトークンを捨てますが（transformersは次の1つの分を空け、4,095個を残す）、その分のメモリはいつ解放されるでしょうか。小さなMistral（ウィンドウは16）で、見えている量と実際に確保している量を比べます。

# %% [markdown] key="window-after" lang="zh-tw"
# 視窗層會丟掉舊的詞元（新的詞元自己也占 1 個，所以 transformers 只保留 4,095 個）。丟掉的部分，記憶體什麼時候才會釋放？用小 Mistral（視窗是 16），比較看得到的位元組數和實際占用的位元組數。

# %% key="window-cache" hide=true
from transformers import MistralConfig, MistralForCausalLM

sizes_of_mistral = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
heads_of_mistral = {"num_attention_heads": 4, "num_key_value_heads": 2}
small_mistral = MistralConfig(
    vocab_size=100, sliding_window=16, **sizes_of_mistral, **heads_of_mistral
)
mistral = MistralForCausalLM(small_mistral).eval()
cache = mistral(torch.ones(1, 1000, dtype=torch.long), use_cache=True).past_key_values
after_reading = kv_cache.measured(cache).held
mistral(torch.ones(1, 1, dtype=torch.long), past_key_values=cache, use_cache=True)
after_writing = kv_cache.measured(cache).held

moments = {
    T(ja="1,000トークンを読んだ直後", zh_tw="剛讀完 1,000 個詞元"): after_reading,
    T(ja="次の1トークンを生成したあと", zh_tw="再生成 1 個詞元之後"): after_writing,
}
head = ["", T(ja="見えているバイト数", zh_tw="看得到的位元組數")]
head += [T(ja="確保しているバイト数", zh_tw="實際占用的位元組數")]
show.tabulate(head, [[name, f"{h.payload:,}", f"{h.storage:,}"] for name, h in moments.items()])
assert after_reading.payload == after_writing.payload

# %% [markdown] key="pair" lang="ja"
# 直後のキャッシュは長いテンソルの末尾のビュー（view）で、見えている量の60倍以上を確保します。解放は次の1トークンの生成時なので、見積もりでは両方を考えます（7節）。
#
# T5のようなエンコーダー・デコーダー型ではどうでしょうか。
#
# 予想：入力は256トークンのまま、出力を8トークンから64トークンに増やすと、交差注意のキャッシュは何倍になるでしょうか。

# %% [markdown] key="pair" lang="zh-tw"
# 剛讀完時，視窗層只是指向長張量末端的檢視（view），實際占用的是看得到的 60 倍以上，要等到再生成 1 個詞元才會釋放。估算時，兩者都要考慮（第 7 節）。
#
# 那麼，像 T5 這樣的編碼器－解碼器又如何？
#
# 預測：輸入固定為 256 個詞元，輸出從 8 個詞元增加到 64 個詞元，交叉注意力的快取會變成幾倍？

# %% key="pair-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

shape = {"d_model": 64, "d_ff": 128, "d_kv": 16, "num_heads": 4, "num_layers": 2}
t5 = T5ForConditionalGeneration(T5Config(vocab_size=100, decoder_start_token_id=0, **shape)).eval()
parts = {}
for source, target in ((256, 8), (256, 64), (512, 8)):
    parts[source, target] = kv_cache.measured(t5, target, encoder_len=source).parts

cross_growth = parts[256, 64]["cross_keys"] / parts[256, 8]["cross_keys"]
own_growth = parts[256, 64]["keys"] / parts[256, 8]["keys"]
assert parts[512, 8]["cross_keys"] == 2 * parts[256, 8]["cross_keys"]
predict.compare(guess, cross_growth, T(ja="倍", zh_tw=" 倍"))

# %% [markdown] key="lengths" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 交差注意の分は入力の長さで決まるので、1倍です。出力とともに増えるのは自己注意の分だけです。
#
# </details>
#
# 2つ目の主張は8千と10万の違いで、比例するLlama 3 8Bでは12.2倍です。
#
# 予想：6層ごとに1層だけが全トークンを保存するGemma 3 27Bでは、100,000トークンのキャッシュは8,192トークンの何倍でしょうか。

# %% [markdown] key="lengths" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 1 倍。交叉注意力的部分由輸入的長度決定；會隨著輸出增加的，只有自注意力的部分。
#
# </details>
#
# 第二個說法是 8 千和 10 萬的差別。成正比的 Llama 3 8B 是 12.2 倍。
#
# 預測：Gemma 3 27B 每 6 層只有 1 層保留全部的詞元。100,000 個詞元的快取，是 8,192 個詞元時的幾倍？

# %% key="lengths-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

lengths_shown = (8_192, 100_000)
growth, rows = {}, []
for key in shown:
    config = kv_cache.config(key)
    short, long = (kv_cache.formula(config, n) for n in lengths_shown)
    growth[key] = long.total_bytes / short.total_bytes
    rows.append([config.name_or_path, f"{short.gib:.2f}", f"{long.gib:.2f}", f"{growth[key]:.1f}"])
predict.compare(guess, growth["gemma-3-27b"], T(ja="倍", zh_tw=" 倍"))

# %% key="c19-c20"
head = [T(ja="モデル", zh_tw="模型")]
head += [T(ja=f"{n:,}トークンで（GiB）", zh_tw=f"{n:,} 個詞元時（GiB）") for n in lengths_shown]
show.tabulate([*head, T(ja="倍率", zh_tw="倍率")], rows)
windowed = kv_cache.config("mistral-7b-v0.1")
proportional = {
    "residual": residual,
    "window_growth": kv_cache.formula(windowed, 100_000).bytes_per_token,
    "cross_growth": cross_growth,
    "own_growth": own_growth,
}
claims.check("C19", proportional)
longer_needs_more = {
    "full": growth["llama-3-8b"],
    "mixed": growth["gemma-3-27b"],
    "window": growth["mistral-7b-v0.1"],
    "gib": kv_cache.formula(llama, 100_000).gib,
}
claims.check("C20", longer_needs_more)

# %% [markdown] key="kinds" lang="ja"
# ## 5. 1トークン分を減らす設計
#
# 長さが同じでも、1トークン分を小さくできないでしょうか。図は、クエリのヘッド（Q）がキーとバリューのヘッド（KV）をどう共有するかを表し、保存するのは太い枠の箱だけです。MLA（multi-head latent attention）は、全ヘッドに共通の圧縮した潜在ベクトルと位置（RoPE）の分だけを保存します。

# %% [markdown] key="kinds" lang="zh-tw"
# ## 5. 縮小每個詞元快取的設計
#
# 長度不變，能不能讓每個詞元占得更少？下圖是查詢的頭（Q）怎麼共用鍵和值的頭（KV）；只有粗框的方塊才會保存。MLA（multi-head latent attention）保存的只有所有的頭共用、壓縮過的潛在向量，以及位置（RoPE）的部分。

# %% key="heads-figure"
from helpers.display import head_diagrams

head_diagrams.sharing()

# %% [markdown] key="kinds-guess" lang="ja"
# 32層、クエリのヘッド32、$d_h = 128$ のモデルで、キーとバリューのヘッドを32（MHA）、8（GQA、grouped-query attention）、1（MQA）にします。MLAの潜在ベクトルは512次元、位置の分は64次元です。
#
# 予想：1トークンのキャッシュは、MHAではMLAの何倍でしょうか。

# %% [markdown] key="kinds-guess" lang="zh-tw"
# 模型大小相同（32 層、32 個查詢的頭、$d_h = 128$），把鍵和值的頭設成 32（MHA）、8（GQA，grouped-query attention）、1（MQA）個。MLA 的潛在向量是 512 維，位置的部分是 64 維。
#
# 預測：1 個詞元的快取，MHA 是 MLA 的幾倍？

# %% key="kinds-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

layers, head_dim, bytes_each = 32, 128, 2
#| ja: 1層が1トークンのために保存する数
#| zh-tw: 一層為一個詞元保存多少數字
numbers = {
    "MHA": 2 * 32 * head_dim,
    "GQA": 2 * 8 * head_dim,
    "MQA": 2 * 1 * head_dim,
    "MLA": 512 + 64,
}
predict.compare(guess, numbers["MHA"] / numbers["MLA"], T(ja="倍", zh_tw=" 倍"))

# %% key="kinds-check"
from transformers import DeepseekV3Config

same = {"hidden_size": 4096, "num_hidden_layers": layers, "num_attention_heads": 32}
designs = {
    "MHA": LlamaConfig(**same, num_key_value_heads=32),
    "GQA": LlamaConfig(**same, num_key_value_heads=8),
    "MQA": LlamaConfig(**same, num_key_value_heads=1),
    "MLA": DeepseekV3Config(**same, num_key_value_heads=32, kv_lora_rank=512, qk_rope_head_dim=64),
}
for name, design in designs.items():
    found = kv_cache.on_meta(design, 8_192).total_bytes
    assert found == layers * numbers[name] * bytes_each * 8_192, name
    print(f"{name}  {found / 2**30:.3f} GiB")

deepseek = kv_cache.formula(kv_cache.config("deepseek-v3"), 8_192)
print(deepseek.sentence())
assert deepseek.bytes_per_token == 61 * numbers["MLA"] * bytes_each

# %% [markdown] key="kinds-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# $2 \times 32 \times 128 = 8192$ 個と576個なので、約14.2倍です。
#
# </details>
#
# 手計算は本物のコード（MLAはDeepSeek-V3）と一致しました。61層、6,710億パラメータの本物のDeepSeek-V3でも、1トークン分はLlama 3 8Bの131,072バイトより小さくなっています。大きさを決めるのはパラメータ数ではなく、層の数と、キーとバリューの持ち方です。

# %% [markdown] key="kinds-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 是 $2 \times 32 \times 128 = 8192$ 個和 576 個，大約 14.2 倍。
#
# </details>
#
# 算出的值和真正的程式碼（MLA 用的是 DeepSeek-V3）全部一致。輸出的最後一句說的是真正的 DeepSeek-V3：61 層，6,710 億個參數；一個詞元的快取，卻比 Llama 3 8B 的 131,072 個位元組還小。可見決定大小的不是參數量，而是層數，以及鍵和值的保存方式。

# %% [markdown] key="quant" lang="ja"
# ## 6. 量子化：ビットを減らす
#
# 3つ目の主張にある量子化（quantization）は、数を少ないビットで表すことで、重みにもKVキャッシュにも使えます。4ビットで表せるのは16種類の値だけなので、数を64個ずつなどのグループに分け、グループごとに値の間隔（スケール）と最小値を16ビットずつで保存します（スケール情報）。1つの数は平均で $4 + 2 \times 16 / 64 = 4.5$ ビットです。
#
# 代わりに生じる誤差で、答えはどれだけ変わるでしょうか。レッスン04のデコーダーに200の文の最初の8トークンを読ませ、キャッシュを量子化してから続きを書かせます（グループは8個ずつ）。
#
# 予想：2ビットにすると文法に合う文は何%になるでしょうか（量子化しないときは100%）。`"a"`：50%未満、`"b"`：50%から90%、`"c"`：90%以上。

# %% [markdown] key="quant" lang="zh-tw"
# ## 6. 量化：減少位元
#
# 第三個說法提到的量化（quantization），是用比較少的位元來表示數字，權重和 KV 快取都能用。4 位元只能表示 16 種值，所以把數字分組，例如每 64 個一組，每組另外保存量化參數：間隔（scale）和最小值，各用 16 位元。平均一個數字是 $4 + 2 \times 16 / 64 = 4.5$ 位元。
#
# 變小的代價是數值會有誤差。那麼，答案會變多少？這裡讓第 04 課的解碼器讀 200 個句子的前 8 個詞元，把快取量化之後，再讓它接著寫（每組 8 個）。
#
# 預測：量化成 2 位元之後，符合文法的句子占百分之多少？（不量化時是 100%）`"a"`：不到 50%；`"b"`：50% 到 90%；`"c"`：90% 以上。

# %% key="quant-write"
from helpers.kv_cache import writing_on

original = writing_on.write(LANG)


def quantised_to(bits, keys_per="channel"):
    def change(keys, values):
        k = kv_cache.quantise(keys.half(), bits, 8, keys_per)
        v = kv_cache.quantise(values.half(), bits, 8)
        assert k.bytes * 8 == keys.numel() * kv_cache.stored_bits(bits, 8)
        return k.restore().float(), v.restore().float()

    return writing_on.differences(original, writing_on.write(LANG, change), LANG)


#| ja: Noneを、選んだ記号（"a"、"b"、"c"のどれか）に書き換える
#| zh-tw: 把 None 改成你選的代號（"a"、"b"、"c" 其中一個）
guess = None

errors = {bits: quantised_to(bits) for bits in (8, 4, 3, 2, 1)}
share = 100 * errors[2]["valid"]
options = {"a": "0–50%", "b": "50–90%", "c": "90–100%"}
predict.choose(guess, options, "a" if share < 50 else "b" if share < 90 else "c")

# %% key="quant-table"
head = [
    T(ja="ビット", zh_tw="位元"),
    T(ja="スケール情報を含むビット", zh_tw="含量化參數的位元"),
    T(
        ja="次のトークンの確率のKLダイバージェンス（0なら同じ）",
        zh_tw="下一個詞元機率的 KL 散度（0 是相同）",
    ),
    T(ja="変わった文", zh_tw="改變的句子"),
    T(ja="文法に合う文", zh_tw="符合文法的句子"),
]
rows = []
for bits, e in errors.items():
    shares = [f"{e['kl']:.6f}", f"{e['changed']:.1%}", f"{e['valid']:.1%}"]
    rows.append([f"{bits}", f"{kv_cache.stored_bits(bits, 8):g}", *shares])
show.tabulate(head, rows)

# %% [markdown] key="quant-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 90%以上です（スケール情報を含めて6ビット）。ビットを減らすとまず文が変わりますが、多くは文法に合う別の文です。
#
# </details>
#
# 確率の変化や変わった文の割合だけでは、答えの良し悪しはわかりません。答えの質とバイト数はトレードオフなので、使いたいタスクで測りましょう。

# %% [markdown] key="quant-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 90% 以上（含量化參數是 6 位元）。位元變少時，首先是句子開始不一樣，但很多只是變成另一個符合文法的句子。
#
# </details>
#
# 只看機率變了多少、句子變了多少，看不出答案好不好。位元組數與答案的品質互有取捨（trade-off），要用自己想做的任務來測量。

# %% [markdown] key="fit" lang="ja"
# ## 7. 手元のGPUに収まるか
#
# 推論エンジンのvLLMは、GPUのメモリのうち`gpu_memory_utilization`の割合だけを使い、重みや途中の計算結果（アクティベーション）などを引いた残りをキャッシュに充てます。`kv_cache.fits`も同じ規則で、割合は0.9とします。GPUでの実測ではありません。
#
# - GPUのメモリ：ドライバーが報告する量（48 GBのL40Sなら44.99 GiB）
# - 途中の計算結果：プロンプトを512トークンずつ計算し（chunked prefill）、スコアの行列は残さない（FlashAttention。8節の補足）
# - 4ビットの重み：層の中の行列だけ。埋め込みと出力の行列は16ビットのまま
# - 実行環境：1 GiBと仮定
#
# 予想：Llama 3 8B（重みは16ビット）で100,000トークンを扱うには、全部で何GiB必要でしょうか。

# %% [markdown] key="fit" lang="zh-tw"
# ## 7. 自己的 GPU 放得下嗎
#
# 回到開頭的問題。推論引擎 vLLM 只用 GPU 記憶體的一定比例（`gpu_memory_utilization`），扣掉權重、計算的中間結果（activation）等，剩下的才拿來放快取。`kv_cache.fits` 也用同樣的規則，比例設為 0.9。這是估算，沒有在 GPU 上實測。
#
# - GPU 的記憶體：驅動程式回報的量（48 GB 的 L40S 是 44.99 GiB）
# - 中間結果：提示每次只算 512 個詞元（chunked prefill），而且不保留分數矩陣（FlashAttention，見第 8 節後面的「更進一步」）
# - 4 位元的權重：只有各層裡面的矩陣，嵌入和輸出的矩陣維持 16 位元
# - 執行環境：假設是 1 GiB
#
# 預測：Llama 3 8B（權重 16 位元）要處理 100,000 個詞元，一共需要多少 GiB？

# %% key="fit-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

fit = kv_cache.fits("llama-3-8b", "rtx-4090", 100_000)
predict.compare(guess, fit.total_bytes / 2**30, " GiB")

# %% key="fit-shown"
fit

# %% key="c21"
#| ja: モデル、方法、fitsに渡すもの
#| zh-tw: 模型、做法、傳給 fits 的引數
llama_3, mistral_7, at_once = "llama-3-8b", "mistral-7b-v0.1", {"chunk": None}
none = T(ja="量子化なし", zh_tw="不量化")
whole = T(ja="量子化なし、一度に読む", zh_tw="不量化，一次讀完")
both = {"weight_bits": 4, "cache_bits": 4}
ways = {
    "none": (llama_3, none, {}),
    "weights4": (llama_3, T(ja="重みを4ビット", zh_tw="權重 4 位元"), {"weight_bits": 4}),
    "cache8": (llama_3, T(ja="キャッシュを8ビット", zh_tw="快取 8 位元"), {"cache_bits": 8}),
    "both4": (llama_3, T(ja="両方を4ビット", zh_tw="兩者都是 4 位元"), both),
    "one_shot": (llama_3, whole, at_once),
    "window": (mistral_7, none, {}),
    "window_one_shot": (mistral_7, whole, at_once),
}
needed, rows = {}, []
for key, (name, way, how) in ways.items():
    fit = kv_cache.fits(name, "rtx-4090", 100_000, **how)
    card = kv_cache.smallest(name, 100_000, **how)
    needed[key] = (fit.total_bytes - fit.lines["overhead"]) / 2**30
    rows.append([fit.model, way, f"{fit.total_bytes / 2**30:.1f}", f"{card.gb} GB"])
head = [
    T(ja="モデル", zh_tw="模型"),
    T(ja="方法", zh_tw="做法"),
    T(ja="必要（GiB）", zh_tw="需要（GiB）"),
    "GPU",
]
show.tabulate(head, rows)
claims.check("C21", needed)

# %% [markdown] key="fit-after" lang="ja"
# 量子化なしのLlama 3 8Bは32 GBに0.4 GiBの余裕で収まります。24 GBではキャッシュだけを8ビットにしても足りず、重みを4ビットにすると収まります。プロンプトを一度に読むと途中の計算結果だけで約11 GiBです。Mistral 7B v0.1の行は、まだ解放されていない分（4節）も含みます。
#
# 収まるかは量子化のほか、モデルと読み方でも変わります。条件を変え、帯がGPUの線を超えるところを探しましょう。

# %% [markdown] key="fit-after" lang="zh-tw"
# 不量化的 Llama 3 8B 放得進 32 GB 的 GPU，但只剩 0.4 GiB。24 GB 的 GPU，只把快取量化成 8 位元還是不夠，權重量化成 4 位元就放得下。如果一次讀完提示，光是中間結果就大約 11 GiB。Mistral 7B v0.1 的橫列，也包含用 transformers 時第 4 節提到的、看不到的部分。
#
# 所以，放不放得下，不只看量化，也看選哪個模型、怎麼讀提示。改變條件，找出長條在哪裡超過 GPU 的容量線。

# %% key="explore-code"
from helpers.widgets import Explorer, Range, Select

keys = ["llama-3-8b", "llama-2-7b", "llama-3-70b", "mistral-7b-v0.1", "gemma-3-27b", "qwen3-8b"]
decoders = {kv_cache.models()[key].name: key for key in keys}
formats = {"bfloat16": 16, "float32": 32, "fp8": "fp8", "int8": 8, "int4": 4}


def draw(model, length, batch, chunk, gpu, **bits):
    fit = kv_cache.fits(model, gpu, length, batch_size=batch, chunk=chunk, **bits)
    at_once = kv_cache.fits(model, gpu, length, batch_size=batch, chunk=None, **bits)
    return kv_cache.waterfall(fit, list(kv_cache.gpus().values()), at_once), fit.sentence()


Explorer(
    T(ja="メモリの内訳", zh_tw="記憶體用在哪裡"),
    draw,
    Select("model", T(ja="モデル", zh_tw="模型"), decoders),
    Range("length", T(ja="長さ", zh_tw="長度"), [1024 * 2**i for i in range(8)], value=8192),
    Range("batch", T(ja="バッチサイズ", zh_tw="批次大小"), [1, 2, 4, 8, 16], value=1),
    Range("chunk", T(ja="読む単位", zh_tw="每段詞元"), [2**n for n in range(7, 14)], value=512),
    Select("gpu", "GPU", {f"{g.name} ({g.gb} GB)": key for key, g in kv_cache.gpus().items()}),
    Select("weight_bits", T(ja="重みの形式", zh_tw="權重的格式"), formats),
    Select("cache_bits", T(ja="KVキャッシュの形式", zh_tw="KV 快取的格式"), formats),
)

# %% [markdown] key="paged" lang="ja"
# ## 8. ブロックに分けて割り当てる
#
# 多くの系列を扱うサーバーは、長さのわからない系列にどれだけのメモリを確保すればよいでしょうか。系列ごとに最大の2,048トークン分を、連続した領域に確保するとします。64個の系列の長さは平均約550トークンの対数正規分布から引きます。
#
# 予想：確保したメモリのうち使われないのは何%でしょうか。

# %% [markdown] key="paged" lang="zh-tw"
# ## 8. 切成區塊來配置
#
# 伺服器同時處理許多序列，事先不知道每個序列會變多長，該保留多少記憶體？先假設每個序列都保留最長 2,048 個詞元的連續空間；64 個序列的長度，從平均約 550 個詞元的對數常態分布抽出。
#
# 預測：保留的記憶體裡，沒有用到的占百分之多少？

# %% key="paged-reserve"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

rng = random.Random(0)
drawn = [min(2048, round(rng.lognormvariate(6, 0.8))) for _ in range(64)]
reserved_waste = 1 - sum(drawn) / (len(drawn) * 2048)
predict.compare(guess, 100 * reserved_waste, "%")

# %% [markdown] key="paged-table" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約74%です。
#
# </details>
#
# そこでvLLMのPagedAttentionは、メモリを小さなブロック（ここでは16トークン）に分け、必要になるたびに割り当てます。使うブロックの番号は、系列ごとのブロックテーブル（block table）に並べます。
#
# 予想：同じ64個の系列で使われない割合は何%でしょうか。

# %% [markdown] key="paged-table" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 74%。
#
# </details>
#
# 所以 vLLM 的 PagedAttention 把記憶體切成小區塊（這裡是 16 個詞元），需要時才一塊一塊配置。用了哪些區塊，依序記在每個序列的區塊表（block table）裡。下面的儲存格會先印出它的程式碼，再執行。
#
# 預測：同樣的 64 個序列，沒有用到的變成百分之多少？

# %% key="paged-code"
print(inspect.getsource(kv_cache.PagedCache))

#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

paged = kv_cache.PagedCache(64 * 128, 16)
for number, length in enumerate(drawn):
    paged.begin(f"{number}")
    for token in range(length):
        paged.append(f"{number}", token)
paged_waste = 1 - sum(drawn) / (paged.taken * paged.block)
predict.compare(guess, 100 * paged_waste, "%")

# %% [markdown] key="prefix" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約1.4%で、空くのは系列ごとの最後のブロックの一部だけです。
#
# </details>
#
# 因果マスクでは始まりが同じならキーとバリューも同じなので、いくつもの系列が同じブロックを指せます。共通の部分を一度だけ保存するのがプレフィックスキャッシュ（prefix caching）です。
#
# 予想：8人が1,000トークンのプロンプトを共有し、50トークンずつ書き足します。共有しないときのブロック数は、共有するときの何倍でしょうか。

# %% [markdown] key="prefix" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 1.4%。空著的，只有各序列最後一個區塊的一部分。
#
# </details>
#
# 使用因果遮罩時，只要開頭相同，鍵和值也相同，所以好幾個序列也能指向同一個區塊。共同的部分只存一份，就叫前綴快取（prefix caching）。
#
# 預測：8 個人共用 1,000 個詞元的提示，各自再寫 50 個詞元。不共用時的區塊數，是共用時的幾倍？

# %% key="prefix-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None


def blocks_of_users(is_shared):
    cache = kv_cache.PagedCache(1_000, 16)
    cache.begin("prompt")
    for token in range(1_000):
        cache.append("prompt", token)
    for user in "ABCDEFGH":
        cache.begin(user, like="prompt" if is_shared else "")
        rest = range(1_000, 1_050) if is_shared else range(1_050)
        for token in rest:
            cache.append(user, token)
        assert cache.read(user).tolist() == list(range(1_050))
    cache.end("prompt")
    return cache.taken


blocks = {is_shared: blocks_of_users(is_shared) for is_shared in (False, True)}
predict.compare(guess, blocks[False] / blocks[True], T(ja="倍", zh_tw=" 倍"))

# %% key="paged-claim"
names = {False: T(ja="共有なし", zh_tw="不共用"), True: T(ja="共有あり", zh_tw="共用")}
head = [
    "",
    T(ja="ブロック", zh_tw="區塊"),
    T(ja="Llama 3 8Bのバイト数", zh_tw="Llama 3 8B 的位元組數"),
]
show.tabulate(
    head, [[names[s], f"{b}", kv_cache.amount(b * 16 * by_hand)] for s, b in blocks.items()]
)
claims.check(
    "E71",
    {
        "reserved": reserved_waste,
        "paged": paged_waste,
        "shared": blocks[False] / blocks[True],
    },
)

# %% [markdown] key="prefix-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約5.6倍です。共有するのは埋まった62ブロックで、半端な8トークンはコピーして書き足します（copy on write。2026年11月の既定では、TensorRT-LLMがコピー、vLLMが再計算）。
#
# </details>

# %% [markdown] key="prefix-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 5.6 倍。共用的是填滿的 62 個區塊；沒填滿的 8 個詞元各自複製再寫（copy on write；2026 年 11 月的預設做法：TensorRT-LLM 是複製，vLLM 是重算）。
#
# </details>

# %% [markdown] key="further" lang="ja" further=true
# ### さらにくわしく：`config.json`、MLA、追い出し、$n \times n$ の行列

# %% [markdown] key="further" lang="zh-tw" further=true
# ### 更進一步：`config.json`、MLA、逐出、$n \times n$ 的矩陣

# %% [markdown] key="further-own" lang="ja"
# #### 自分のconfig.json
#
# モデルを公開しているサイトで`config.json`の中身を見つけ、次のセルの`{`から`}`までを消して代わりに貼り付けましょう。前後の`r"""`と`"""`は残してください。画像も扱うモデルなどでは、言語モデルの部分を計算します。

# %% [markdown] key="further-own" lang="zh-tw"
# #### 用自己的 config.json
#
# 到公開模型的網站找一份 `config.json`。刪掉下面儲存格裡從 `{` 到 `}` 的內容，再把它貼進去；前後的 `r"""` 和 `"""` 要留著。能看圖片的模型，只計算語言模型的部分。

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
# 層の数のように、なければ計算できない項目がファイルにないとき、プログラムはその名前を伝え、数は返しません。ほかの項目は、transformersのクラスの既定値で補い、補った項目を文の最後に並べます。`num_key_value_heads`を除くと、どうなるでしょうか。

# %% [markdown] key="own-missing" lang="zh-tw"
# 檔案缺少層數這種必要的項目時，程式會指出缺了哪一項，不給任何數字。其他的項目會用 transformers 類別的預設值補上，並且列在句子最後。如果拿掉 `num_key_value_heads`，會變成怎樣？

# %% key="own-missing-code"
without_heads = {"model_type": "qwen3", "num_hidden_layers": 36, "hidden_size": 4096}
without_heads |= {"num_attention_heads": 32, "head_dim": 128}
print(kv_cache.formula(without_heads, 100_000).sentence())
try:
    kv_cache.formula({"model_type": "qwen3", "head_dim": 128}, 100_000)
except kv_cache.Refused as refusal:
    print(refusal)

# %% [markdown] key="own-after" lang="ja"
# キャッシュは4倍になりました。補われた32は、クエリのヘッドの数と同じです。項目が1つないだけで、3節の記事と同じ間違いをしてしまいます。補った項目があるときは、本物の値を確かめましょう。

# %% [markdown] key="own-after" lang="zh-tw"
# 快取變成 4 倍。補上的 32 剛好等於查詢的注意力頭數：只是少了一個項目，就犯了和第 3 節那篇文章一樣的錯。看到有補上的項目時，請確認真正的值。

# %% [markdown] key="further-characters" lang="ja"
# #### 10万トークンは何文字か
#
# 元のページは単語で数えていますが、正しい単位はトークンです。10万トークンが何文字になるかは、トークナイザー（文章をトークンに分けるもの）によって違います。公表されている値と、この教材の文章で数えた値を並べます。幅のある値は、小さいほうを使います。

# %% [markdown] key="further-characters" lang="zh-tw"
# #### 10 萬個詞元是多少個字
#
# 原網頁沒有寫單位，其實數的是詞元。10 萬個詞元是多少個字，要看用的是哪個分詞器（tokenizer，把文字切成詞元的工具）。下面把公布的數字，和用這份教材的文章數出來的數字放在一起比較。

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

# %% [markdown] key="further-quant" lang="ja"
# #### 誤差はどこまで伝わるか
#
# KIVIという論文は、キーはチャネルごと、バリューはトークンごとにグループを作る方法を提案しており、ここまでの測定もこの方法でした。左の図では、キー、バリュー、アテンションの出力の誤差（誤差の大きさ÷もとの値の大きさ）を並べます。右の図では、次のトークンの確率のKLダイバージェンスを、キーもトークンごとにした場合と比べます。

# %% [markdown] key="further-quant" lang="zh-tw"
# #### 誤差會傳到哪裡
#
# 論文 KIVI 提出的方法是：鍵依通道分組，值依詞元分組；前面的測量用的就是這種方法。左圖畫出鍵、值、注意力輸出的誤差（誤差的大小÷原本的大小）；右圖則用下一個詞元機率的 KL 散度，和鍵也依詞元分組的做法比較。

# %% key="quant-errors"
by_token = {bits: quantised_to(bits, "token") for bits in errors}
for bits in errors:
    #| ja: 2つの方法で違うのは、キーの分け方だけ
    #| zh-tw: 兩種方法只有鍵的分組不同
    assert errors[bits]["values"] == by_token[bits]["values"]
    assert errors[bits]["keys"] != by_token[bits]["keys"]
for kind in ("keys", "values", "attention", "kl"):
    assert errors[2][kind] > 10 * errors[8][kind]

# %% key="quant-figure"
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
each = [kv_cache.stored_bits(bits, 8) for bits in errors]
names = {
    "keys": T(ja="キー", zh_tw="鍵"),
    "values": T(ja="バリュー", zh_tw="值"),
    "attention": T(ja="アテンションの出力", zh_tw="注意力的輸出"),
}
charts.lines(left, each, {name: [e[k] for e in errors.values()] for k, name in names.items()})
ways = {
    T(ja="キーはチャネルごと", zh_tw="鍵依通道分組"): errors,
    T(ja="キーもトークンごと", zh_tw="鍵也依詞元分組"): by_token,
}
charts.lines(right, each, {name: [e["kl"] for e in way.values()] for name, way in ways.items()})
x_label = T(ja="1つの数のビット（スケール情報を含む）", zh_tw="一個數字的位元（含量化參數）")
kl = T(ja="KLダイバージェンス", zh_tw="KL 散度")
for ax, y in ((left, T(ja="誤差の割合", zh_tw="誤差的比例")), (right, kl)):
    charts.frame(ax, x_label, y, log="y", ticks=each)
    ax.legend()
best, worst = errors[8], errors[2]
figures.show(
    fig,
    T(
        ja=f"横軸は、1つの数のビット数（スケール情報を含む）で、縦軸は対数目盛りです。左の図は、キーをチャネルごとに量子化したときの誤差の割合です。ビットを減らすほど大きくなり、キーの誤差は8ビットで{best['keys']:.2g}、2ビットで{worst['keys']:.2g}です。アテンションの出力の誤差は、キーやバリューの誤差より小さくなっています。右の図は、次のトークンの確率の変化です。8ビットで{best['kl']:.2g}、2ビットで{worst['kl']:.2g}です。",
        zh_tw=f"橫軸是一個數字的位元數（含量化參數），縱軸是對數刻度。左圖是鍵依通道量化時的誤差比例：位元越少，誤差越大；鍵的誤差在 8 位元時是 {best['keys']:.2g}，2 位元時是 {worst['keys']:.2g}。注意力輸出的誤差，比鍵和值的誤差小。右圖是下一個詞元的機率變化：8 位元時是 {best['kl']:.2g}，2 位元時是 {worst['kl']:.2g}。",
    ),
)

# %% [markdown] key="quant-ways" lang="ja"
# この小さなデコーダーでは、どちらのキーの分け方がよいとも言えません。KLダイバージェンスは、8ビットと4ビットではどちらも小さく、それより少ないビットでは、条件によって大小が入れ替わります。KIVIが報告しているのは、一部のチャネルの値だけがとても大きくなる（外れ値がある）、大規模なモデルでの差です。
#
# transformersの量子化キャッシュでも、見積もりと実物を比べましょう。fp8（8ビットの浮動小数点数）のスケールは、テンソル1つに4バイトだけです。

# %% [markdown] key="quant-ways" lang="zh-tw"
# 在這個小小的解碼器上，說不上哪一種鍵的分組方式比較好：8 位元和 4 位元時，KL 散度都很小；位元再少，哪一種比較小就要看情況。KIVI 論文指出的差別，出現在部分通道的值特別大（有離群值）的大型模型。
#
# transformers 的量化快取，也來比較估算和實測的大小。fp8（8 位元的浮點數）的 scale，一個張量只占 4 個位元組。

# %% key="quant-real-code"
from transformers import QuantizedCache

fp8 = QuantizedCache(backend="fp8", config=small)
tiny(input_ids=torch.ones(1, 200, dtype=torch.long), past_key_values=fp8, use_cache=True)
held = kv_cache.measured(fp8).total_bytes
estimate = kv_cache.quantised(small, 200, bits=8, backend="fp8").total_bytes
print("float32", f"{real.total_bytes:,}")
print(T(ja="fp8（見積もり）：", zh_tw="fp8（估算）："), f"{estimate:,}")
print(T(ja="fp8（実測）：", zh_tw="fp8（實測）："), f"{held:,}")
assert held == estimate

# %% [markdown] key="further-chunked" lang="ja"
# #### 分けて読んでも、結果は同じか
#
# 7節の見積もりでは、プロンプトを512トークンずつ読むことにしました（chunked prefill）。分けて読んだモデルは、一度に読んだモデルと同じ答えを出すのでしょうか。因果マスクで見えるのは前のトークンだけなので、前のキーとバリューがキャッシュに残っていれば、同じになるはずです。1節で書いた文を、1トークンずつから全部一度にまで、あらゆる大きさに分けて読ませ、ロジットとキャッシュを一度に読んだときと比べます。途中の計算結果のピークは、1,024トークンを128トークンずつ読んで比べます。

# %% [markdown] key="further-chunked" lang="zh-tw"
# #### 分段讀，結果一樣嗎
#
# 第 7 節的估算，是假設提示每次只讀 512 個詞元（chunked prefill）。分段讀的模型，答案會和一次讀完的模型一樣嗎？因果遮罩只看得到前面的詞元，只要前面的鍵和值還留在快取裡，應該要一樣才對。這裡拿第 1 節寫出的句子，從每次 1 個詞元到一次全部，各種大小都分段讀一遍，再比較 logits 和快取。中間結果的峰值，則是把 1,024 個詞元每次讀 128 個，和一次讀完來比較。

# %% key="chunked-code"
from helpers.kv_cache import chunked

print(inspect.getsource(chunked.prefill))
whole_length = text_cached.size(1)
gaps = [chunked.gap(model, text_cached, size) for size in range(1, whole_length + 1)]

prompt, peaks = torch.ones(1, 1024, dtype=torch.long), {}
for size in (128, 1024):
    with measure.cost() as reading:
        chunked.prefill(longer, prompt, size)
    peaks[size] = reading.peak_bytes
claims.check("E73", {"gap": max(gaps), "peak": peaks[128] / peaks[1024]})

# %% [markdown] key="chunked-after" lang="ja"
# どの大きさでも、差は丸め誤差だけでした。分けて変わるのは結果ではなく、途中の計算結果の大きさと、読んでいる間にほかの系列のデコードを挟めることです。コードで大切なのはマスクの位置で、`kept + 1`が1つずれるだけで、未来のトークンが見えたり、自分自身が見えなくなったりします（教材のテストは、そのような誤りを見つけることも確かめています）。

# %% [markdown] key="chunked-after" lang="zh-tw"
# 不管分成多大，差距都只有捨入誤差。分段改變的不是結果，而是中間結果的大小，以及讀到一半時可以插入其他序列的解碼。程式裡最要緊的是遮罩的位置：`kept + 1` 只要偏了一格，就會看到未來的詞元，或是看不到自己（教材的測試也確認過，這樣的錯誤都抓得到）。

# %% [markdown] key="further-absorb" lang="ja"
# #### MLAの吸収と、層の間の共有
#
# MLAは、潜在ベクトル $c$ から、キー $c W_K$ とバリュー $c W_V$ を計算し直します。しかし、トークンを1つ生成するたびに全トークン分を計算し直すのでは、キャッシュの意味がありません。そこで、行列を掛ける順を変えます。$q \cdot (c W_K)$ は $(q W_K^\top) \cdot c$ と同じなので、$W_K$ をクエリの側に、$W_V$ を出力の側に先に掛けておけば、$c$ をそのまま使えます。これを吸収（absorption）と呼びます。
#
# 予想：1,000トークンを保存したとき、計算し直す方法のFLOPsは、吸収する方法の何倍でしょうか（位置の分は省きます）。

# %% [markdown] key="further-absorb" lang="zh-tw"
# #### MLA 的吸收，以及跨層共用
#
# MLA 會從潛在向量 $c$ 重新算出鍵 $c W_K$ 和值 $c W_V$。可是每生成 1 個詞元，就要重算全部的詞元，快取就沒有意義了。所以改變矩陣相乘的順序：$q \cdot (c W_K)$ 等於 $(q W_K^\top) \cdot c$，只要先把 $W_K$ 乘在查詢那邊、把 $W_V$ 乘在輸出那邊，就能直接使用 $c$。這叫吸收（absorption）。
#
# 預測：存了 1,000 個詞元時，重新計算的 FLOPs 是吸收的幾倍？（位置的部分省略不計。）

# %% key="absorb-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

latent, q = torch.randn(1000, 512), torch.randn(32, 1, 128)  # (n, 512), (heads, 1, d_h)
w_k, w_v = torch.randn(2, 32, 512, 128) / 512**0.5
with measure.cost() as rebuilding:
    k, v = latent @ w_k, latent @ w_v  # (heads, n, d_h)
    rebuilt = (q @ k.mT / 128**0.5).softmax(-1) @ v
with measure.cost() as absorbing:
    scores = (q @ w_k.mT) @ latent.T / 128**0.5
    absorbed = scores.softmax(-1) @ latent @ w_v

absorb_gap = (rebuilt - absorbed).abs().max().item()
absorb_ratio = rebuilding.flops / absorbing.flops
predict.compare(guess, absorb_ratio, T(ja="倍", zh_tw=" 倍"))

# %% [markdown] key="across" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約114倍で、出力の差は丸め誤差だけです（ただし、保存した1トークンあたりのアテンションの計算は、計算し直したキーとバリューを使うときの4倍です）。吸収したMLAの計算は、512次元のヘッド1つを共有するMQAと同じ形になります。
#
# </details>
#
# もう1つ、層の間でキーとバリューを共有する設計もあります（cross-layer sharing）。Gemma 3nは、35層のうち15層が、ほかの層のキーとバリューを使います。

# %% [markdown] key="across" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 114 倍；輸出只差捨入誤差（不過，存起來的每 1 個詞元，注意力的運算是使用重新算出的鍵和值時的 4 倍）。吸收之後的 MLA，計算方式就像共用 1 個 512 維的頭的 MQA。
#
# </details>
#
# 還有一種設計，是讓不同的層共用鍵和值（cross-layer sharing）。Gemma 3n 的 35 層裡，有 15 層使用其他層的鍵和值。

# %% key="across-code"
from transformers import Gemma3nTextConfig

shared_layers = {
    n: kv_cache.formula(Gemma3nTextConfig(num_kv_shared_layers=n), 8_192) for n in (0, 15)
}
for n, size in shared_layers.items():
    print(n, kv_cache.amount(size.total_bytes))
across_ratio = shared_layers[0].total_bytes / shared_layers[15].total_bytes

# %% [markdown] key="further-evict" lang="ja"
# #### 捨てる、移す：追い出し、アテンションシンク、オフロード
#
# それでも入らないときは、どうすればよいでしょうか。1つは、使われそうもないトークンのキーとバリューを捨てることです（追い出し、eviction）。レッスン04のデコーダーに8トークンを読ませ、1つだけを捨てて、次のトークンの分布の変化をKLダイバージェンスで測ります。
#
# 予想：最も新しいトークンを捨てたときの変化は、1番目のトークンを捨てたときの何倍でしょうか（けたの見当でかまいません）。

# %% [markdown] key="further-evict" lang="zh-tw"
# #### 丟掉或搬走：逐出、attention sink、卸載
#
# 如果還是放不下，怎麼辦？一種做法是丟掉不太會用到的詞元的鍵和值，這叫逐出（eviction）。讓第 04 課的解碼器讀 8 個詞元，只丟掉其中 1 個，用 KL 散度測量下一個詞元的分布變了多少。
#
# 預測：丟掉最新的詞元，變化是丟掉第 1 個詞元時的幾倍（猜數量級就好）？

# %% key="evict-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None


def without(place):
    kept = [n for n in range(writing_on.READ) if n != place]
    changed = writing_on.write(LANG, lambda k, v: (k[:, :, kept], v[:, :, kept]))
    return writing_on.differences(original, changed, LANG)


dropped = {place: without(place) for place in range(writing_on.READ)}
evict_ratio = dropped[7]["kl"] / dropped[0]["kl"]
predict.compare(guess, evict_ratio, T(ja="倍", zh_tw=" 倍"))

# %% key="evict-table"
names = (
    T(ja="捨てた位置", zh_tw="丟掉的位置"),
    T(ja="KLダイバージェンス", zh_tw="KL 散度"),
    T(ja="変わった文", zh_tw="改變的句子"),
    T(ja="文法に合う文", zh_tw="符合文法的句子"),
)
rows = [
    [f"{place + 1}", f"{e['kl']:.4f}", f"{e['changed']:.1%}", f"{e['valid']:.1%}"]
    for place, e in dropped.items()
]
show.tabulate(names, rows)
loaded_seconds = kv_cache.formula(llama, 100_000).total_bytes / (16e9 * 16 * 128 / 130 / 8)
print(
    T(
        ja="移しておいたキャッシュをGPUに戻す秒数（100,000トークン、下限）：",
        zh_tw="把移走的快取搬回 GPU 的秒數（100,000 個詞元，下限）：",
    ),
    f"{loaded_seconds:.2f}",
)

# %% key="evict-claim"
claims.check(
    "E72",
    {
        "absorb_gap": absorb_gap,
        "absorb_ratio": absorb_ratio,
        "across_ratio": across_ratio,
        "evict_ratio": evict_ratio,
        "loaded_seconds": loaded_seconds,
    },
)

# %% [markdown] key="evict-after" lang="ja"
# 同じ1つでも、どれを捨てるかで影響は大きく違います。この小さなモデルでは、最新のトークンの影響が最も大きく、1番目を捨てても分布はほとんど変わりません。一方、大規模なモデルでは、意味と関係なく、先頭のトークンに大きなアテンション重みが集まることがあり、アテンションシンク（attention sink）と呼ばれます。そこでStreamingLLM（Xiao et al. 2024）は、先頭の数トークンと、新しいトークンだけを残します。
#
# もう1つは、キャッシュをCPUのメモリに移すことです（オフロード、offload）。Llama 3 8Bの100,000トークン分をGPUに戻すには、PCIe 4.0の16レーンで、約0.42秒が下限です。トークンごとに戻すのでは遅すぎますが、しばらく止まる会話のキャッシュを移しておくのには使えます。

# %% [markdown] key="evict-after" lang="zh-tw"
# 同樣只丟 1 個，丟哪一個，影響差很多。在這個小模型裡，影響最大的是最新的詞元；丟掉第 1 個詞元，分布幾乎不變。不過大型模型裡，開頭的詞元不管意思如何，常會吸走很多注意力，也就是先前學過的 attention sink。所以 StreamingLLM（Xiao et al. 2024）只保留開頭的幾個詞元和最新的詞元。
#
# 另一種做法是把快取搬到 CPU 的記憶體，這叫卸載（offload）。把 Llama 3 8B 的 100,000 個詞元的快取搬回 GPU，用 PCIe 4.0 的 16 條通道，至少要大約 0.42 秒。每個詞元都搬一次就太慢了，但可以用來暫存停下來的對話。

# %% [markdown] key="further-tiles" lang="ja"
# #### n×nの行列を作らずに計算する
#
# キャッシュのほかにも、系列とともに増えるメモリがあります。計算の途中に置くスコアの行列です。元のページは、FlashAttentionのおかげでデコーダー型は長い系列を扱いやすい、とも述べています（C29）。何が減り、何が減らないのかを測ります。

# %% [markdown] key="further-tiles" lang="zh-tw"
# #### 不建立 n×n 的矩陣
#
# 隨著序列變長而增加的記憶體，不只有快取，還有計算過程中的分數矩陣。原網頁也說，有了 FlashAttention，decoder-only 就比較容易處理長上下文（C29）。到底少了什麼、什麼沒有少，接下來實測看看。

# %% [markdown] key="tiles" lang="ja"
# トークンが $n$ 個なら、スコアは $n^2$ 個あります。float32なら $4 n^2$ バイトで、行列積2つ（$QK^\top$ と、アテンション重み×$V$）のFLOPsは $4 n^2 d_k$ です。$n$ を2倍にすると、どちらも4倍になります。この行列は、どうしても作らなければならないのでしょうか。FlashAttentionは、アテンションをGPUで速く計算する手法で、この行列を作らずに済ませます。キーとバリューを小さなタイルに分け、次の3つを更新しながら進みます。
#
# - $m$：これまでに見たスコアの最大値
# - $l$：これまでの $e^{s-m}$ の合計（$s$ はスコア）
# - $a$：これまでの $e^{s-m} v$ の合計
#
# 新しいタイルで最大値が変わったら、これまでの $l$ と $a$ に $e^{m_\text{old} - m_\text{new}}$ を掛けて、基準を新しい最大値にそろえます。最後の $a / l$ は、アテンション重みでバリューを混ぜた結果と同じです。softmaxで使った「最大値を引く」工夫（レッスン01の4節）が、ここでも役に立ちます。
#
# まず、クエリが1つ、スコアが4つの小さな例で、2つずつのタイルに分けてみましょう。

# %% [markdown] key="tiles" lang="zh-tw"
# $n$ 個詞元有 $n^2$ 個分數。用 float32 就是 $4 n^2$ 個位元組；兩次矩陣乘法（$QK^\top$，還有注意力權重乘上 $V$）的 FLOPs 是 $4 n^2 d_k$。$n$ 變成 2 倍，兩者都變成 4 倍。這個矩陣，真的非建立不可嗎？FlashAttention 是在 GPU 上快速計算注意力的方法，它不建立這個矩陣。先把鍵和值切成小塊，再一塊一塊往下算，同時更新下面 3 個量。
#
# - $m$：到目前為止的最大分數
# - $l$：到目前為止 $e^{s-m}$ 的總和（$s$ 是分數）
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
# 預測：$n = 2048$ 時，分塊計算的 FLOPs（矩陣乘法）是一般計算的幾倍？一半就寫 0.5，一樣就寫 1。

# %% key="tiles-measure"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
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
# 接著確認結果和一般計算相同，沒有遮罩和因果遮罩都要比。
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
# FlashAttentionはマスクなしでも使えるので、原理としてはデコーダー型だけの利点ではありません。実際のソフトウェアがどの型に対応しているかは別の問題で、レッスン08で調べます。

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
# FlashAttention 沒有遮罩時也能用，所以原理上並不是 decoder-only 獨有的優點。實際的軟體支援哪些架構，則是另一個問題，第 08 課會查證。

# %% [markdown] key="tiles-terminal" lang="ja"
# 50万個を超えるキーでも、同じ方法が使えます。次のセルのターミナルで、実験`online-softmax`を実行してみましょう。キーとバリューはタイルごとに作って捨てるので、すべてが同時にメモリに載ることはありません。
#
# 予想：タイルは128個あります。最大値 $m$ が新しい値に変わるのは、そのうち何回でしょうか。ヒント：1番目のタイルでは必ず変わります。2番目が1番目を超える確率は $\frac{1}{2}$、3番目がそれまでの2つを超える確率は $\frac{1}{3}$ です。進み方を示す行の $m$ に注目しましょう。

# %% [markdown] key="tiles-terminal" lang="zh-tw"
# 就算有 50 萬個以上的鍵，同樣的方法也能用。請在下面儲存格的終端機執行實驗 `online-softmax`。鍵和值都是一塊一塊產生、用完就丟，不會全部同時放在記憶體裡。
#
# 預測：總共 128 塊，其中有幾次會讓最大值 $m$ 換成新的值？提示：第 1 塊一定會換；第 2 塊超過第 1 塊的機率是 $\frac{1}{2}$，第 3 塊超過前面 2 塊的機率是 $\frac{1}{3}$。執行時，請留意進度那一行的 $m$。

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
# ## 9. できるようになったこと
#
# - `config.json`からキャッシュのバイト数を計算し、公表された数の誤りを見つけられる（問1、2、3）
# - 長さ、ヘッド、ビット数、ブロックを変えると、キャッシュがどう変わるかを説明できる（問4、5、6、7）
# - 重みや途中の計算結果も合わせて、GPUに収まるかを判断できる（問8、9）

# %% [markdown] key="summary" lang="zh-tw"
# ## 9. 學會了什麼
#
# - 能從 `config.json` 算出快取的位元組數，並找出公開數字裡的錯誤（小測驗第 1、2、3 題）
# - 能說明改變長度、注意力頭、位元數、區塊，快取會怎麼變（第 4、5、6、7 題）
# - 能把權重、快取、中間結果加起來，判斷 GPU 放不放得下（第 8、9 題）

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 10. 演習問題
#
# [演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)で練習してから、[レッスン08](08_bottleneck_challenge.ipynb)に進みましょう。

# %% [markdown] key="next" lang="zh-tw"
# ## 10. 練習題
#
# 先到[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)動手寫，再前往[第 08 課](08_bottleneck_challenge.ipynb)。
