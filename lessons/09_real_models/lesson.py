# %% [markdown] key="title" lang="ja"
# # 本物のモデルでも成り立つか
#
# これまでのモデルは、どれもこのコースのために学習させた小さなものでした。そこで見たことは、ほかの人が学習させた重みでも成り立つのでしょうか。このレッスンでは、公開されているデコーダーとエンコーダーを1つずつ読み込み、これまでの測り方を当てて、何が同じで何が変わるのかを調べます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | 公開された重みを読み込み、トークナイザー、構造、層、ヘッドを自分で測り、小さなモデルの結果をどこまで広げてよいかを判断できる |
# | 前提知識 | レッスン02のブロック、レッスン04の帰納ヘッド、レッスン07の式 |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |
#
# 使うのは、主に4ビットに量子化された重み（レッスン07の6節）で、合わせて約190 MBです。読み込むときにfloat32に戻します。最初に一度だけ、ネットワークのある場所で、コースのフォルダーから`python start.py real`を実行しておきましょう。GPUは要りません。

# %% [markdown] key="title" lang="zh-tw"
# # 換成真正的模型，還成立嗎？
#
# 前面用的模型，都是為這門課訓練的小模型。在它們身上看到的現象，換成別人訓練好的權重，還會成立嗎？這一課載入公開的解碼器和編碼器各一個，用同樣的方法再測一遍，看看哪些不變、哪些變了。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能載入公開的權重，自己測量分詞器、結構、各層與注意力頭，並判斷小模型的結果可以推廣到哪裡 |
# | 先備知識 | 第 02 課的區塊、第 04 課的歸納頭、第 07 課的公式 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |
#
# 使用的權重大多量化成 4 位元（第 07 課第 6 節），合計約 190 MB，載入時再換回 float32。只要在最初下載一次：請先在有網路的地方，到教材資料夾執行 `python start.py real`。不需要 GPU。

# %% key="imports"
from collections import Counter
from itertools import pairwise

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

from helpers import blueprint, kv_cache, results
from helpers.classroom import claims, predict
from helpers.display import charts, figures, show
from helpers.instruments import causality
from helpers.language import say
from helpers.models import decoder, induction, inside, positions, real, sentences, triad, weights
from helpers.world import parallel

figures.use(LANG)
_ = torch.set_grad_enabled(False)
torch.set_num_threads(1)

# %% [markdown] key="bpe" lang="ja"
# ## 1. トークンはどう作られるのか
#
# 文字の1つ1つがトークンだった小さな世界と違い、本物のモデルの多くは、バイト対符号化（byte-pair encoding、BPE）でトークンを決めます。文章をUTF-8のバイトに分け（ひらがなも常用の漢字も3バイトです）、隣り合う2つの組のうち最も多いものをまとめること（マージ）を、決めた回数だけ繰り返す方法です。
#
# どの順にまとまるのかを、このコースの文章（レッスン01から04の「わかったこと」）で見ましょう。
#
# 予想：300回マージすると、1トークンは平均で何文字になるでしょうか（最初は約0.4文字です）。

# %% [markdown] key="bpe" lang="zh-tw"
# ## 1. 詞元是怎麼來的？
#
# 在小世界裡，每個字就是一個詞元。真正的模型大多用位元組對編碼（byte-pair encoding，BPE）決定詞元：先把文章拆成位元組，再把最常相鄰的 2 個接起來（合併），重複到指定的次數。在 UTF-8 裡，常用的漢字和注音符號都占 3 個位元組。
#
# 哪些會先接起來，哪些要到後來？就拿這門課的文章（第 01 到 04 課的「我們實測的結果」），一次一次地看。
#
# 預測：合併 300 次之後，平均 1 個詞元有幾個字（一開始大約是 0.4 個字）？


# %% key="bpe-code"
def most_common(tokens):
    return Counter(pairwise(tokens)).most_common(1)[0][0]


def merge(tokens, pair):
    merged = []
    for token in tokens:
        if merged and (merged[-1], token) == pair:
            merged[-1] += token
        else:
            merged.append(token)
    return merged


lessons = ("01_attention", "02_block", "03_encoder", "04_decoder")
entries = [entry for name in lessons for entry in claims.of_lesson(name).values()]
prose = "".join(say.choose(entry["found"]) for entry in entries)
tokens = [bytes([byte]) for byte in prose.encode()]

# %% key="bpe-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

merges = []
for _ in range(300):
    merges.append(most_common(tokens))
    tokens = merge(tokens, merges[-1])
predict.compare(guess, len(prose) / len(tokens), T(ja="文字", zh_tw=" 個字"))

# %% key="bpe-table"
rows = [
    [f"{n}", *map(real.shown, merges[n - 1]), real.shown(b"".join(merges[n - 1]))]
    for n in (1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 300)
]
show.tabulate(T(ja="回|左|右|まとめたもの", zh_tw="次|左|右|合併的結果"), rows)

# %% [markdown] key="bpe-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 文字1つ分くらいになりますが、初めのうちにまとまるのは、文字の一部のバイトです（`E3 80`のように16進数で表示）。それらがやがて文字になり、さらに、よく使う語になります。
#
# </details>
#
# つまり、何がトークンになるかは、マージを決めるときに使った文章で決まります。では、その言語が違うと、同じ内容を書くのに要るトークンはどれだけ変わるのでしょうか。SmolLM2（約1.35億パラメータのデコーダー、Instruct版）のトークナイザーは、英語が中心の文章から作られました。multilingual-e5-small（エンコーダー）のものは、約100言語の文章から、BPEとは別の方法で作られました。100の出来事を3つの言語で言った文を、それぞれに渡して比べます。
#
# 予想：SmolLM2のトークナイザーでは、日本語の文のトークン数は、同じ内容の英語の文の何倍でしょうか。

# %% [markdown] key="bpe-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約是 1 個字。剛開始合併的，是字裡面的一部分位元組（例如 `E3 80`，以 16 進位表示），接著湊成字，再變成常用的詞。
#
# </details>
#
# 也就是說，什麼會變成詞元，要看合併規則是從什麼文章訂出來的。那麼，換一種語言，寫同樣的內容要用的詞元會差多少？SmolLM2（大約 1.35 億個參數的解碼器，Instruct 版）的分詞器，是從以英文為主的文章訂出來的；multilingual-e5-small（編碼器）的分詞器，用的則是大約 100 種語言的文章，方法也不是 BPE。把 100 件事用 3 種語言各說一遍，分別交給它們比較。
#
# 預測：用 SmolLM2 的分詞器，台灣華語句子的詞元數，是同樣內容的英文句子的幾倍？

# %% key="tokens-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

events = parallel.different(100)
told = {lang: [parallel.sentence(e, lang) for e in events] for lang in parallel.LANGUAGES}


def counted(name):
    tokenizer = real.load(name, "tokenizer")
    return {lang: sum(len(real.split(tokenizer, x)) for x in told[lang]) for lang in told}


counts = {name: counted(name) for name in ("smollm2", "e5")}
pieces = real.load("smollm2", "tokenizer")
predict.compare(guess, counts["smollm2"][LANG] / counts["smollm2"]["en"], T(ja="倍", zh_tw=" 倍"))

# %% key="tokens-table"
letters = {lang: sum(map(len, texts)) for lang, texts in told.items()}
per_token = {
    name: {lang: letters[lang] / n for lang, n in found.items()} for name, found in counts.items()
}
languages = dict(
    zip(("ja", "zh-tw", "en"), T(ja="日本語|台湾華語|英語", zh_tw="日文|台灣華語|英文").split("|"))
)
rows = [
    [name, *(f"{found[lang]:.2f}" for found in per_token.values())]
    for lang, name in languages.items()
]
for lang in languages:
    print(" | ".join(map(real.shown, real.split(pieces, told[lang][0]))))
show.tabulate(
    T(ja="文字数／トークン|SmolLM2|multilingual-e5", zh_tw="字數／詞元|SmolLM2|multilingual-e5"),
    rows,
)

# %% [markdown] key="tokens-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 漢字の多くが1つのトークンにまとまらず、バイトのまま残ったので、日本語では約2.8倍、台湾華語でも約2倍になります。
#
# </details>
#
# この違いは、コンテキストに入る文章の長さとメモリに現れます。SmolLM2のコンテキスト長（扱える長さ）は8,192トークンなので、入るのは英語で約3万6千文字、日本語で約4千文字です（字ごとの情報量が違うので、内容の差は上の比）。同じ内容のKVキャッシュも、トークン数の比で大きくなります。

# %% [markdown] key="tokens-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 許多漢字沒能成為 1 個詞元，一直停留在位元組，所以台灣華語大約是 2 倍，日文則大約是 2.8 倍。
#
# </details>
#
# 這個差距會反映在上下文和記憶體上。SmolLM2 的上下文長度（一次能處理多少詞元）是 8,192 個詞元，英文放得下大約 3 萬 6 千個字元，台灣華語卻只放得下大約 4 千個字（一個字說得比較多，內容的差距是上面的倍數）。寫同樣的內容時，KV 快取也會照詞元數的倍數變大。

# %% key="tokens-claim"
claims.check(
    "E90",
    {
        "english": per_token["smollm2"]["en"],
        "japanese": per_token["smollm2"]["ja"],
        "mandarin": per_token["smollm2"]["zh-tw"],
        "e5_japanese": per_token["e5"]["ja"],
        "e5_mandarin": per_token["e5"]["zh-tw"],
    },
)

# %% [markdown] key="load" lang="ja"
# ## 2. 設定を読み、重みを数える
#
# 次は、SmolLM2の重みを読み込み、これまでの計算が本物の設定にも当てはまるかを調べます。`config.json`の項目は、レッスン02と07で調べました。この設定だけからパラメータ数を計算し、読み込んだ重みの数と比べましょう。

# %% [markdown] key="load" lang="zh-tw"
# ## 2. 讀設定、數權重
#
# 接著載入 SmolLM2 的權重，看看前面的算法對真正的設定是否也適用。`config.json` 的項目，第 02 課和第 07 課都查過了。所以只用設定就能算出參數量，再和實際數出來的比較。

# %% key="load-code"
lm = real.load("smollm2")
config = lm.config
fields = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
for name in (*fields, "num_key_value_heads", "head_dim", "vocab_size", "tie_word_embeddings"):
    print(f"{name:20} {getattr(config, name)}")

by_config = blueprint.parts(config)
parameters = sum(p.numel() for p in lm.parameters())
assert sum(by_config.values()) == parameters
show.tabulate(["", T(ja="パラメータ", zh_tw="參數")], [[k, f"{v:,}"] for k, v in by_config.items()])

# %% [markdown] key="bytes" lang="ja"
# 設定から計算した数は、数えた結果と1個も違いませんでした。続いてレッスン07の式を確かめるため、SmolLM2に文の続きを書かせ、そのときにできたキャッシュのバイト数を数えます。
#
# 予想：float32（4バイト）では、1トークンが増えるたびに、キャッシュは何バイト増えるでしょうか（上の設定から計算できます）。

# %% [markdown] key="bytes" lang="zh-tw"
# 用設定算出的數量，和實際數出來的一個都不差。接著是第 07 課的公式：讓 SmolLM2 接著寫下去，再數一數它留下的快取。
#
# 預測：用 float32（4 個位元組）時，每多 1 個詞元，快取會增加多少位元組？請用上面的設定計算。

# %% key="bytes-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

prompt = pieces("The capital of Japan is", return_tensors="pt").input_ids
written = lm.generate(prompt, max_new_tokens=20, do_sample=False, return_dict_in_generate=True)
measured = kv_cache.measured(written.past_key_values)
kept = written.past_key_values.get_seq_length()
print(pieces.decode(written.sequences[0]))
predict.compare(guess, measured.total_bytes / kept, T(ja="バイト", zh_tw=" 個位元組"))

# %% [markdown] key="same" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# クエリのヘッドは9ですが、保存するのは3つのヘッドのキーとバリューだけなので、$2 \times 3 \times 64 \times 4 \times 30 = 46080$ バイトになります。
#
# </details>
#
# ## 3. 同じブロックか、同じ因果マスクか
#
# 大きさは合いましたが、中の計算も同じかどうかは、まだわかりません。レッスン02で読んだ120行の`triad.py`にこの重みを渡すと、30層を通した最後のロジットは、どれだけ違うでしょうか。因果マスク（レッスン01）とRoPE（レッスン02）も、そのときの測り方で確かめます。

# %% [markdown] key="same" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 查詢的注意力頭有 9 個，但存起來的只有 3 個頭的鍵和值，所以是 $2 \times 3 \times 64 \times 4 \times 30 = 46080$ 個位元組。
#
# </details>
#
# ## 3. 區塊相同嗎？因果遮罩相同嗎？
#
# 大小對了，剩下的疑問是內部的計算是否也相同。把這些權重交給第 02 課那個 120 行的 `triad.py`，經過 30 層之後，最後的 logits 會差多少？因果遮罩（第 01 課）和 RoPE（第 02 課）也照當時的方法檢查。

# %% key="same-code"
logits = lm(prompt).logits
ours = triad.decoder(prompt, *weights.take(lm))
triad_gap = ((ours - logits).abs().max() / logits.abs().max()).item()
seen = causality.influence(lm)
scores = positions.trained(lm, query=prompt[0, 1].item(), key=prompt[0, 0].item())
rope_drift = max(positions.drift(head) / head.abs().max().item() for head in scores)

gap_of, drift_of = T(
    ja="triad.pyとの差÷最大のロジット：|同じ距離のスコアの差÷最大のスコア：",
    zh_tw="與 triad.py 的差距÷最大的 logits：|相同距離的分數差÷最大的分數：",
).split("|")
print(gap_of, f"{triad_gap:.1e}")
print(T(ja="後ろのトークンの影響：", zh_tw="後面詞元的影響："), seen.past)
print(drift_of, f"{rope_drift:.1e}")

# %% key="same-claim"
claims.check(
    "E91",
    {
        "parameters": parameters,
        "bytes": measured.total_bytes / kept,
        "bytes_gap": measured.total_bytes
        - kv_cache.formula(config, kept, dtype="float32").total_bytes,
        "triad_gap": triad_gap,
        "past": seen.past,
        "later": seen.later,
        "rope_drift": rope_drift,
    },
)

# %% [markdown] key="norms" lang="ja"
# 構造についての結果は、どれもそのまま成り立ちました。重みによらない性質なので、モデルの大きさにも左右されません。
#
# ## 4. 残差ストリームの中
#
# ここからは、構造では決まらない、学習の結果を調べます。レッスン02では、残差ストリームのベクトルが層を通るたびに長くなりました。本物でもそうでしょうか。英語の文章4つの先頭64トークンをSmolLM2に読ませ、層ごとの長さを、最初のトークンとほかのトークンに分けて測ります。
#
# 予想：真ん中の層で、最初のトークンのベクトルは、ほかのトークンの何倍の長さでしょうか。レッスン04の2層のGPT-2では、1層目のあとで約2倍です（5節で測ります）。

# %% [markdown] key="norms" lang="zh-tw"
# 結構方面的結果全部成立。這些性質不管權重是多少都成立，所以和模型大小無關。
#
# ## 4. 殘差流裡面
#
# 接下來要看的，是結構決定不了、訓練出來的結果。第 02 課看到，殘差流的向量每通過一層就變長。真正的模型也是這樣嗎？讓 SmolLM2 讀 4 段英文文章的前 64 個詞元，分成第一個詞元和其他詞元，測量每一層的向量有多長。
#
# 預測：在正中間那一層，第一個詞元的向量是其他詞元的幾倍長？第 04 課那個 2 層的 GPT-2，通過第 1 層之後大約是 2 倍（第 5 節會測）。

# %% key="norms-guess"
#| ja: Noneを、予想した倍率に書き換える
#| zh-tw: 把 None 改成你預測的倍數
guess = None

ids = torch.tensor([pieces(text).input_ids[:64] for text in parallel.PASSAGES])  # (4, 64)
out = lm(ids, output_hidden_states=True, output_attentions=True)
streams, attentions, final = out.hidden_states[:-1], out.attentions, out.logits.argmax(-1)
#| ja: ロジットは50 MBあり、もう使わない
#| zh-tw: logits 有 50 MB，用不到了
del out
lengths = torch.stack([x.norm(dim=-1) for x in streams])  # (layers, 4, 64)
first, others = lengths[..., 0].mean(1), lengths[..., 1:].mean((1, 2))
half = config.num_hidden_layers // 2
predict.compare(guess, (first[half] / others[half]).item(), T(ja="倍", zh_tw=" 倍"))

# %% key="norms-figure"
names = T(ja="最初のトークン|ほかのトークン（平均）", zh_tw="第一個詞元|其他詞元（平均）").split(
    "|"
)
fig, ax = plt.subplots(figsize=(7, 3.4))
charts.lines(ax, range(len(streams)), dict(zip(names, (first, others))))
x, y = T(ja="通った層の数", zh_tw="通過的層數"), T(ja="ベクトルの長さ", zh_tw="向量的長度")
charts.frame(ax, x, y, log="y")
ax.legend()
told_lengths = [f"{series[half]:,.0f}" for series in (first, others)]
figures.show(
    fig,
    T(
        ja=f"横軸は通った層の数、縦軸はベクトルの長さ（対数目盛り）です。真ん中の層では、最初のトークンが{told_lengths[0]}、ほかのトークンの平均が{told_lengths[1]}です。",
        zh_tw=f"橫軸是通過的層數，縱軸是向量的長度（對數刻度）。在正中間那一層，第一個詞元是 {told_lengths[0]}，其他詞元平均是 {told_lengths[1]}。",
    ),
)

# %% [markdown] key="norms-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# ほかのトークンは少しずつ長くなりますが、最初のトークンだけは途中の層で一気に長くなり、約150倍に達します。このような極端な値は多くのLLMで見つかり、massive activationと呼ばれます（Sun et al. 2024）。
#
# </details>
#
# ## 5. 最初のトークンに集まる重み
#
# これほど長い最初のトークンは、何かの役に立っているのでしょうか。手がかりはアテンション重みで、17番目以降のトークンは、すべての層とヘッドの平均で、重みの約0.38を最初のトークンに向けています（均等に分ければ約0.03です）。この現象を、アテンションシンク（attention sink）と呼びます（Xiao et al. 2024）。文章の始まりは4つとも違う単語なので、その意味は大事ではなさそうです。そこで、トークンを1つだけ見えなくして、損失がどう変わるかを測ります。
#
# 予想：損失が1以上増えるのは、どの場合でしょうか。
#
# - `"a"`：最初のトークンを、17番目以降からだけ見えなくする
# - `"b"`：2番目のトークンを、17番目以降からだけ見えなくする
# - `"c"`：最初のトークンを、2番目以降のすべてから見えなくする

# %% [markdown] key="norms-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 150 倍。其他詞元隨著層數慢慢變長，只有第一個詞元在中途的某一層突然變得很長。這種極端的值在許多 LLM 裡都找得到，叫做 massive activation（Sun et al. 2024）。
#
# </details>
#
# ## 5. 集中在第一個詞元的權重
#
# 變得這麼長的第一個詞元，有什麼用處嗎？線索是注意力權重：第 17 個起的詞元，平均所有的層和頭，把大約 0.38 的權重放在第一個詞元上；平分的話，大約只有 0.03。這個現象叫做 attention sink（Xiao et al. 2024）。4 段文章開頭的單字都不同，所以重要的應該不是它的意思。那麼，看不到其中 1 個詞元，後面的損失會怎麼變？
#
# 預測：哪一種做法，會讓損失增加 1 以上？
#
# - `"a"`：只讓第 17 個起的詞元看不到第一個詞元
# - `"b"`：只讓第 17 個起的詞元看不到第 2 個詞元
# - `"c"`：讓第 2 個起的所有詞元都看不到第一個詞元

# %% key="sink-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

start = 16
sink = torch.stack(attentions)[..., start:, 0].mean().item()
hidden = {"a": (0, start), "b": (1, start), "c": (0, 1)}
plain = inside.loss(lm, ids, start)
added = {
    name: inside.loss(lm, ids, start, inside.hidden_key(64, key, since)) - plain
    for name, (key, since) in hidden.items()
}
print(T(ja="何も隠さないときの損失", zh_tw="什麼都不遮的損失"), f"{plain:.2f}")
print(T(ja="増えた分", zh_tw="增加的量"), {name: round(value, 2) for name, value in added.items()})
options = {
    "a": T(ja="最初を、17番目以降から", zh_tw="第一個，從第 17 個起"),
    "b": T(ja="2番目を、17番目以降から", zh_tw="第 2 個，從第 17 個起"),
    "c": T(ja="最初を、2番目以降のすべてから", zh_tw="第一個，從第 2 個起"),
}
predict.choose(guess, options, max(added, key=added.get))

# %% [markdown] key="sink-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 大きく増えるのは`"a"`だけで、損失は約3.2から約6.2になりました。`"c"`で増えないのは、2番目のトークンが新しい「最初」になり、その役目を引き継ぐからだと考えられます。重みの合計は必ず1なので、参照したいものがないヘッドには、重みの捨て場所が必要だと説明されています。途中で失うと、その分の重みがほかのトークンに流れ込みます。
#
# </details>
#
# この結果はレッスン07の節約方法にもかかわり、古いトークンをキャッシュから捨てるときも、最初の数トークンは残す必要があります（Xiao et al. 2024）。小さなモデルにもこの役目のトークンがあるのか、レッスン04のGPT-2で測ってみましょう。

# %% [markdown] key="sink-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 只有 `"a"`：損失從大約 3.2 增加到大約 6.2。`"c"` 沒有增加，應該是因為第 2 個詞元成了新的「第一個」，接下了同樣的角色。權重的總和一定是 1，所以有一種解釋是：沒有東西要看的頭，需要一個地方安放權重；中途失去這個地方，權重就會流到其他詞元。
#
# </details>
#
# 這和第 07 課節省記憶體的方法也有關：就算要丟掉快取裡舊的詞元，最前面的幾個也要留著（Xiao et al. 2024）。那麼，小模型也有這種角色的詞元嗎？用第 04 課的 GPT-2，照樣測一次。

# %% key="sink-small"
gpt2, n, since = decoder.load(), 20, 10
gpt2.set_attn_implementation("eager")
rows = decoder.rows(60)
small_ids = rows[(rows != decoder.TOKENIZER.pad_token_id).sum(1) >= n][:, :n]
small = gpt2(small_ids, output_hidden_states=True, output_attentions=True)
small_sink = torch.stack(small.attentions)[..., since:, 0].mean().item()
without_first = inside.hidden_key(n, 0, since)
small_added = inside.loss(gpt2, small_ids, since, without_first)
small_added -= inside.loss(gpt2, small_ids, since)
small_length = small.hidden_states[1].norm(dim=-1)
small_ratio = (small_length[:, 0].mean() / small_length[:, 1:].mean()).item()
print(T(ja="最初のトークンへの重み", zh_tw="放在第一個詞元的權重"), f"{small_sink:.2f}")
print(T(ja="隠したときに増えた損失", zh_tw="遮住後增加的損失"), f"{small_added:.3f}")

# %% key="sink-claim"
claims.check(
    "E92",
    {
        "ratio": (first[half] / others[half]).item(),
        "growth": (others[-1] / others[1]).item(),
        "small_ratio": small_ratio,
    },
)
claims.check(
    "E93",
    {
        "sink": sink,
        "first": added["a"],
        "second": added["b"],
        "for_all": added["c"],
        "small_sink": small_sink,
        "small_first": small_added,
    },
)

# %% [markdown] key="lens" lang="ja"
# 最初のトークンへの重みは均等に分けた場合（約0.07）より小さく、隠しても損失は変わらないので、小さなモデルにはアテンションシンクがありません。
#
# ## 6. 答えは何層目で決まるのか
#
# 残差ストリームには各層の出力が足されていくので、途中のベクトルも、最後の正規化と出力の行列に通せば、「いまの時点での予測」を読めるはずです。この方法を、ロジットレンズ（logit lens）と呼びます（nostalgebraist 2020）。2層のGPT-2では、1層目のあとで約80%の位置の予測が、最後の予測と同じです。
#
# 予想：30層のSmolLM2では、15層目のあとで、最後と同じ予測になっている位置は何%でしょうか。

# %% [markdown] key="lens" lang="zh-tw"
# 小模型沒有 attention sink：放在第一個詞元的權重，比平分（大約 0.07）還小，遮住它，損失也不變。
#
# ## 6. 答案在第幾層決定？
#
# 每一層的輸出，都會加到殘差流上。既然如此，中途的向量只要通過最後的正規化和輸出的矩陣，應該就能讀出「目前的預測」。這個方法叫做 logit lens（nostalgebraist 2020）。2 層的 GPT-2，在第 1 層之後，大約 80% 的位置已經和最後的預測相同。
#
# 預測：30 層的 SmolLM2，在第 15 層之後，有百分之幾的位置已經和最後的預測相同？

# %% key="lens-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

agreement = []
for stream in streams:
    early = lm.lm_head(lm.model.norm(stream)).argmax(-1)
    agreement.append((early == final)[:, 1:].double().mean().item())
predict.compare(guess, 100 * agreement[half], "%")

# %% key="lens-figure"
fig, ax = plt.subplots(figsize=(7, 3.2))
charts.lines(ax, range(len(agreement)), {"SmolLM2": agreement})
y = T(ja="最後と同じ予測の割合", zh_tw="與最後預測相同的比例")
charts.frame(ax, T(ja="通った層の数", zh_tw="通過的層數"), y, ylim=(0, 1.05))
told_shares = [f"{agreement[k]:.2f}" for k in (half, len(agreement) - 1)]
figures.show(
    fig,
    T(
        ja=f"横軸は通った層の数、縦軸は最後と同じ予測になった位置の割合です。真ん中の層で{told_shares[0]}、最後の層の手前で{told_shares[1]}です。",
        zh_tw=f"橫軸是通過的層數，縱軸是預測已經和最後相同的位置所占的比例。正中間那一層是 {told_shares[0]}，最後一層之前是 {told_shares[1]}。",
    ),
)

# %% key="lens-claim" hide=true
late = 9 * config.num_hidden_layers // 10
early = gpt2.lm_head(gpt2.transformer.ln_f(small.hidden_states[1])).argmax(-1)
small_agreement = (early == small.logits.argmax(-1)).double().mean().item()
claims.check(
    "E94", {"half": agreement[half], "late": agreement[late], "small_half": small_agreement}
)

# %% [markdown] key="lens-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約8%にとどまり、増え始めるのは20層目あたりからです。ただし、前半の層が何もしていないとは言えず、わかるのは、出力の行列で読める形にまだなっていないことだけです。
#
# </details>
#
# 自分の文でも試せます。

# %% [markdown] key="lens-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 8%，從第 20 層左右才開始增加。這不表示前半的層沒有作用，只能說還沒有變成輸出矩陣讀得懂的形式。
#
# </details>
#
# 也用自己寫的句子，一層一層讀讀看。

# %% key="lens-explorer"
from helpers.widgets import LensExplorer

LensExplorer(lm, pieces, text="The capital of Japan is")

# %% [markdown] key="heads" lang="ja"
# ## 7. 帰納ヘッドはあるか
#
# レッスン04の2層のモデルは、ランダムな列の2回目を、1つ前を見るヘッドと帰納ヘッドで続けました。そのための学習をしていないSmolLM2にも、同じヘッドがあるのでしょうか。24個のランダムなトークンの列を、レッスン04のように2回続けて読ませ、270個のヘッドのうち、「同じトークンの次」への重みが最も大きい5つを選びます。そして、別の列でその5つの出力を0にし、ほかの5つを止めた場合（3回）と比べます。
#
# 予想：そのままなら2回目の正解率は約0.6ですが、最も強い5つを止めると、いくつになるでしょうか。

# %% [markdown] key="heads" lang="zh-tw"
# ## 7. 有歸納頭嗎？
#
# 第 04 課那個 2 層的模型，靠「看前一個」的頭和歸納頭，照抄隨機序列的第 2 遍。SmolLM2 並沒有為此訓練過，也有同樣的頭嗎？照第 04 課的測法，讓它把 24 個隨機詞元連讀 2 遍：從 270 個頭裡，選出放在「同一個詞元的下一個」的權重最大的 5 個，再換一批序列，把這 5 個頭的輸出改成 0。為了比較，也從其他的頭裡隨機選 5 個，試 3 次。
#
# 預測：什麼都不改時，第 2 遍大約答對 0.6。停掉最強的 5 個頭，正確率會變成多少？

# %% key="heads-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

symbols = range(len(pieces.all_special_ids), config.vocab_size)
looked = induction.attention(lm, 24, 8, symbols)
heads = inside.strongest(looked["target"], 5)


def copied(silent):
    with inside.silenced(lm, silent):
        return induction.accuracy(lm, 24, 16, symbols, seed=1)


drawn = torch.rand(looked["target"].shape, generator=torch.Generator().manual_seed(0))
rest = inside.strongest(drawn, drawn.numel())
rest = [head for head in rest if head not in heads]
as_it_is, without = copied([]), copied(heads)
at_random = [copied(rest[5 * k : 5 * k + 5]) for k in range(3)]
predict.compare(guess, without)

# %% key="heads-table"
kinds = {
    "previous": T(ja="1つ前", zh_tw="前一個"),
    "target": T(ja="同じトークンの次", zh_tw="同一個詞元的下一個"),
}
for name, kind in kinds.items():
    top = {f"({a + 1}, {b + 1})": looked[name][a, b] for a, b in inside.strongest(looked[name], 4)}
    print(kind, T(ja="（層、ヘッド）", zh_tw="（層，頭）"), charts.listed(top))
random_ones = " ".join(f"{share:.2f}" for share in at_random)
rows = [
    [T(ja="そのまま", zh_tw="什麼都不改"), f"{as_it_is:.2f}"],
    [T(ja="最も強い5つを止める", zh_tw="停掉最強的 5 個"), f"{without:.2f}"],
    [T(ja="ほかの5つを止める（3回）", zh_tw="停掉其他 5 個（3 次）"), random_ones],
]
show.tabulate(["", T(ja="2回目の正解率", zh_tw="第 2 遍的正確率")], rows)

# %% key="heads-claim"
claims.check(
    "E95",
    {
        "accuracy": as_it_is,
        "lost": as_it_is - without,
        "lost_at_random": as_it_is - sum(at_random) / 3,
        "target": looked["target"].max().item(),
        "previous": looked["previous"].max().item(),
    },
)

# %% [markdown] key="heads-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# ほぼ0で、270個のうち5つを止めただけで写せなくなりました。ほかの5つを止めてもあまり下がらないので、数が減ったためではありません。1つ前を見るヘッドも、その前の層にあります。
#
# </details>
#
# 2層のモデルで見た仕組みは、誰もそう学習させていない30層のモデルの中にもありました。

# %% [markdown] key="heads-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 幾乎是 0。270 個頭只停掉 5 個，就沒辦法照抄了；停掉其他 5 個，則沒有降低多少，可見不是因為頭變少。「看前一個」的頭，也在比較前面的層裡。
#
# </details>
#
# 2 層模型裡的機制，在這個 30 層的模型裡也找得到，而且沒有人刻意這樣訓練它。

# %% [markdown] key="further-sampling" lang="ja" further=true
# ### さらにくわしく：本物のロジットでの温度とtop-p、チャットの書式

# %% [markdown] key="further-sampling" lang="zh-tw" further=true
# ### 更進一步：真實 logits 的溫度與 top-p，以及對話的格式

# %% [markdown] key="sampling" lang="ja"
# 8節まで実行したあとなら、まず`lm = real.load("smollm2")`を実行します。温度とtop-pを、49,152個のトークンの確率で試します。答えの決まった文「The capital of Japan is」と、続きがいろいろある文「Once upon a time, there was a」を比べます。
#
# 予想：top-pを0.9にすると、「Once upon a time, there was a」の続きには、いくつのトークンが残るでしょうか（温度は1）。

# %% [markdown] key="sampling" lang="zh-tw"
# 已經執行過第 8 節的話，先執行 `lm = real.load("smollm2")`。用 49,152 個詞元的機率試試溫度與 top-p：比較答案固定的「The capital of Japan is」，和有很多種接法的「Once upon a time, there was a」。
#
# 預測：top-p 設成 0.9 時，「Once upon a time, there was a」後面會留下幾個詞元（溫度是 1）？


# %% key="sampling-code"
def kept_tokens(text, temperature=1.0, top_p=0.9):
    logits = lm(pieces(text, return_tensors="pt").input_ids).logits[0, -1]
    shares = (logits / temperature).softmax(-1).sort(descending=True).values
    return int((shares.cumsum(0) < top_p).sum()) + 1


# %% key="sampling-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

fact, story = "The capital of Japan is", "Once upon a time, there was a"
nucleus = {(text, t): kept_tokens(text, t) for text in (fact, story) for t in (0.5, 1.0, 2.0)}
predict.compare(guess, nucleus[story, 1.0], T(ja="個", zh_tw=" 個"))

# %% key="sampling-table"
rows = [[text, *(f"{nucleus[text, t]:,}" for t in (0.5, 1.0, 2.0))] for text in (fact, story)]
head = T(ja="残るトークン|温度0.5|温度1|温度2", zh_tw="留下的詞元|溫度 0.5|溫度 1|溫度 2")
show.tabulate(head, rows)
claims.check(
    "E97",
    {"fact": nucleus[fact, 1.0], "story": nucleus[story, 1.0], "hot": nucleus[fact, 2.0]},
)

# %% [markdown] key="chat" lang="ja"
# top-pが残す数は、文脈によって約15個から約700個まで変わります。top-kのように数を固定すると、どちらかの文には合いません。温度2では、答えが決まる文にも1万個近くが残りました。
#
# Instruct版は、指示チューニング（レッスン06）をしたものです。そのときの会話は、決まった書式（チャットテンプレート、chat template）で書かれていました。同じ質問を、そのまま渡した場合と、書式に入れて渡した場合とで比べます。

# %% [markdown] key="chat" lang="zh-tw"
# top-p 留下的數量隨上下文而變，從大約 15 個到大約 700 個。固定數量的 top-k，總有一邊不合適。溫度 2 時，就連答案確定的句子也留下將近 1 萬個。
#
# Instruct 版經過指令微調（第 06 課）；當時的對話都寫成固定的格式（對話範本，chat template）。同一個問題，直接交給它，和放進格式裡再交給它，結果有什麼不同？

# %% key="chat-code"
question = "What is the capital of Japan?"
chat = pieces.apply_chat_template(
    [{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False
)
for text in (question, chat):
    ids = pieces(text, return_tensors="pt").input_ids
    print(pieces.decode(lm.generate(ids, max_new_tokens=30, do_sample=False)[0]), end="\n---\n")

# %% [markdown] key="chat-after" lang="ja"
# そのまま渡すと、質問のあとに発言の終わりを表す記号（`<|im_end|>`）を書いて、止まります。モデルにとっては、利用者の発言の続きだからです。書式に入れると、アシスタントの番になるので、答えを書きます。つまり、チャットができるのは、モデルの構造が違うからではなく、書式というトークンの並びの続きを書くように学習したからです。

# %% [markdown] key="chat-after" lang="zh-tw"
# 直接交給它，它會在問題後面寫下結束發言的記號（`<|im_end|>`），然後停住，因為對模型來說，它還在接寫使用者的發言。放進格式裡，接下來輪到助理，它就寫出回答。所以，「會聊天」並不是因為模型的結構不同，而是因為學過接著這種格式寫下去；格式本身，也只是一串詞元。

# %% [markdown] key="further-own" lang="ja"
# #### 自分で選んだモデルを調べる

# %% [markdown] key="further-own" lang="zh-tw"
# #### 檢查自己選的模型

# %% [markdown] key="own" lang="ja"
# 構造から決まる性質は、どのモデルでも同じように確かめられます。`any_model.check`は、パラメータ数、あとのトークンの影響、KVキャッシュのバイト数、位置をずらしたときの変化を測り、設定からわかる値と並べます。次のセルでは、読み込んであるSmolLM2を調べます。
#
# `lm`の代わりに、モデルを保存したフォルダーや、Hugging Face Hubでの名前（`"ckiplab/bert-tiny-chinese"`など）も書けます。Hubのモデルは、大きさとライセンスを表示してから、最初の一度だけ取り寄せます（`python start.py real --list`で、小さなモデルの一覧を見られます）。ネットワークがないときや読み込めないときは、理由と対処が表示されます。

# %% [markdown] key="own" lang="zh-tw"
# 由結構決定的性質，不管哪個模型都能用同樣的方法檢查。`any_model.check` 會測量參數量、後面詞元的影響、KV 快取的位元組數，以及位置移動時的變化，和由設定推得的值並列。下一個儲存格檢查的，是已經載入的 SmolLM2。
#
# 也可以把 `lm` 換成存放模型的資料夾，或 Hub 上的名稱（例如 `"ckiplab/bert-tiny-chinese"`）。Hub 的模型會先顯示大小和授權條款再下載，而且只下載一次（執行 `python start.py real --list`，可以看到容易試的小模型一覽）。沒有網路，或模型無法載入時，會說明原因和該怎麼做。

# %% key="own-check"
from helpers import any_model

findings = any_model.check(lm)

# %% [markdown] key="own-after" lang="ja"
# 測った値が設定からわかる値と違うモデルが見つかったら、`config.json`のどの項目が理由なのかを調べてみましょう。式そのものが当てはまらないのか、式に入っていない項目があるのか、そこまで区別できれば、違いを説明できます。

# %% [markdown] key="own-after" lang="zh-tw"
# 如果找到實測值和推得的值不一致的模型，就查查看是 `config.json` 的哪一項造成的。公式本身不適用，還是有公式沒考慮到的項目？分辨出這一點，才能說明差別從何而來。

# %% [markdown] key="encoder" lang="ja"
# ## 8. エンコーダー：言語を越えて同じ文を探す
#
# もう一方のmultilingual-e5-smallは、12層のBERTです。文の意味を1つのベクトルで表すように学習させてあるので、言語が違っても、同じ内容の文は近いベクトルになるはずです。文の前に`query:`を付け（e5の決まり）、全トークンの出力を平均したベクトル（平均プーリング）を使って、1節の100個の出来事について、日本語の文に最も近い台湾華語の文を探します。
#
# 予想：e5で日本語の文から台湾華語の文を探す正解率は、いくつでしょうか（0〜1、偶然なら0.01）。

# %% [markdown] key="encoder" lang="zh-tw"
# ## 8. 編碼器：跨語言找出同一句話
#
# 前面看的都是解碼器，現在換成編碼器：multilingual-e5-small 是 12 層的 BERT。它的訓練目標是用一個向量表示句子的意思，所以意思相同的句子，就算語言不同，也應該得到相近的向量。在句子前面加上 `query:`（e5 的規定），把所有詞元的輸出平均成一個向量（平均池化），再拿第 1 節的 100 件事，替每個日文句子找出最接近的台灣華語句子。
#
# 預測：用 e5 替日文句子找台灣華語句子，正確率是多少（0～1；亂猜是 0.01）？

# %% key="encoder-load"
#| ja: デコーダーはもう使わないので、メモリを空ける
#| zh-tw: 解碼器用不到了，釋放記憶體
del lm, streams, stream, attentions, logits, ours, written
bert, words = real.load("e5"), real.load("e5", "tokenizer")


def means(texts):
    outputs = sentences.read(bert, words, texts)  # 100 × (T, width)
    return torch.stack([F.normalize(x.mean(0), dim=0) for x in outputs])


# %% key="encoder-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

vectors = {lang: means(texts) for lang, texts in told.items()}


def found(asked, offered):
    nearest = (vectors[asked] @ vectors[offered].T).argmax(1)
    return (nearest == torch.arange(len(events))).double().mean().item()


predict.compare(guess, found("ja", "zh-tw"))

# %% [markdown] key="pairs" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# ほぼ1で、言語が違っても、同じ出来事の文が見つかりました。
#
# </details>
#
# ただし、日本語と台湾華語には同じ漢字があるので、それだけで見つかったとも考えられます。意味を使わず、同じ文字の割合だけで選んだ場合を、文字を共有しない英語とも比べましょう。

# %% [markdown] key="pairs" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 幾乎是 1：就算語言不同，說同一件事的句子幾乎都找得到。
#
# </details>
#
# 不過，日文和台灣華語有相同的漢字，也可能只是靠這一點找到的。如果完全不管意思，只比較相同的字占多少，結果會怎樣？也和沒有共同文字的英文比較看看。

# %% key="pairs-table"
by_letters = {lang: sentences.by_letters(told["ja"], told[lang]) for lang in ("zh-tw", "en")}
rows = [
    [languages["ja"] + " → " + languages[lang], f"{found('ja', lang):.2f}", f"{share:.2f}"]
    for lang, share in by_letters.items()
]
show.tabulate(T(ja="|multilingual-e5|文字だけで選ぶ", zh_tw="|multilingual-e5|相同的字"), rows)

# %% [markdown] key="roles" lang="ja"
# 漢字の重なりだけでも約0.9の割合で当たるので、日本語と台湾華語の結果からは、意味をとらえているとは言えません。文字の重なりが役に立たない英語でも約0.96の割合で当たったので、手がかりは文字だけではないと言えます。基準と比べなければ、この違いには気づけませんでした。
#
# 次に、平均で失われるものを調べるため、「健太は花子を待っていました。」と「花子は健太を待っていました。」のように、2人を入れ替えた文の組を使います。
#
# 予想：2人を入れ替えた台湾華語訳より、正しい訳のほうが日本語の文に近い割合は、いくつでしょうか（当てずっぽうなら0.5）。

# %% [markdown] key="roles" lang="zh-tw"
# 光靠相同的漢字就能答對大約 0.9，所以日文對台灣華語的結果，不能證明它懂得意思。英文沒有相同的字可以靠，卻也答對大約 0.96，這才看得出它不是只比對文字。沒有拿基準來比，就不會發現這件事。
#
# 最後看看平均會失去什麼：拿「健太在等花子。」和「花子在等健太。」這樣，兩個人對調的句子來比較。
#
# 預測：日文句子離正確的翻譯比較近，還是離兩個人對調的翻譯比較近？請猜「正確的比較近」的比例（亂猜是 0.5）。

# %% key="roles-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

asked, right = (means(parallel.exchanged(lang)) for lang in ("ja", "zh-tw"))
#| ja: 2つずつ入れ替える
#| zh-tw: 每 2 句對調
wrong = right.unflatten(0, (-1, 2)).flip(1).flatten(0, 1)
told_apart = ((asked * right).sum(1) > (asked * wrong).sum(1)).double().mean().item()
alike = (right * wrong).sum(1).mean().item()
predict.compare(guess, told_apart)

# %% key="encoder-claim"
both = causality.influence(bert)
claims.check(
    "E96",
    {
        "least": both.changes.min().item(),
        "mandarin": found("ja", "zh-tw"),
        "english": found("ja", "en"),
        "letters_mandarin": by_letters["zh-tw"],
        "letters_english": by_letters["en"],
        "roles": told_apart,
        "alike": alike,
    },
)

# %% [markdown] key="roles-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 0.6くらいで、当てずっぽうをわずかに上回るだけです。2人を入れ替えた文どうしは、同じ語でできているので、平均するとほとんど同じベクトルになります（コサイン類似度は約0.99）。
#
# </details>
#
# では、平均する前には、何が起きているのでしょうか。次のセルで12層、144個のヘッドから1つを選び、どのトークンがどれを参照しているかを、自分の文でも調べてみましょう。

# %% [markdown] key="roles-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 0.6，只比亂猜好一點。兩個人對調的句子，用的詞一模一樣，平均之後幾乎是同一個向量（餘弦相似度大約 0.99）。
#
# </details>
#
# 那麼，平均之前發生了什麼？執行下一個儲存格，從 12 層、144 個頭裡選擇，就能看到每個詞元在參考誰；也換成自己的句子試試看。

# %% key="explorer"
from helpers.widgets.explorers.attention import AttentionExplorer

AttentionExplorer(bert, words, text=told[LANG][0])

# %% [markdown] key="held" lang="ja"
# ## 9. 何が同じで、何が変わったのか
#
# 小さなモデル（2層のGPT-2）とSmolLM2で測った値を並べて、最初の疑問に答えましょう。

# %% [markdown] key="held" lang="zh-tw"
# ## 9. 哪些不變，哪些變了
#
# 把小模型（2 層的 GPT-2）和 SmolLM2 測出的值排在一起，回答最初的問題。

# %% key="held-table" hide=true
names = T(
    ja="後ろのトークンの影響|KVキャッシュ：式と実測の差|正しく写す割合（2回目）|最初のトークンへの重み|それを隠して増えた損失|半分の層で、最後と同じ予測",
    zh_tw="後面詞元的影響|KV 快取：公式與實測的差|第 2 遍照抄的正確率|放在第一個詞元的權重|遮住它增加的損失|一半的層數時，與最後預測相同",
).split("|")
gpt2_past = causality.influence(gpt2).past
gpt2_bytes = kv_cache.measured(gpt2, 20).total_bytes
gpt2_gap = gpt2_bytes - kv_cache.formula(gpt2.config, 20, dtype="float32").total_bytes
bytes_gap = measured.total_bytes - kv_cache.formula(config, kept, dtype="float32").total_bytes
made = [run for run in results.load("induction")["runs"] if run["layers"] == 2]
copies = sum(run["accuracy"]["12"] for run in made) / len(made)
ours = [f"{gpt2_past}", f"{gpt2_gap}", f"{copies:.2f}", f"{small_sink:.2f}"]
ours += [f"{small_added:.2f}", f"{small_agreement:.2f}"]
theirs = [f"{seen.past}", f"{bytes_gap}", f"{as_it_is:.2f}", f"{sink:.2f}", f"{added['a']:.2f}"]
theirs += [f"{agreement[half]:.2f}"]
words_for = T(ja="同じ|仕組みは同じ|変わった", zh_tw="不變|機制不變|變了").split("|")
verdicts = [words_for[n] for n in (0, 0, 1, 2, 2, 2)]
head = T(ja="|小さなモデル|SmolLM2|結果", zh_tw="|小模型|SmolLM2|結果")
show.tabulate(head, [list(row) for row in zip(names, ours, theirs, verdicts)])
print(
    T(
        ja="写す割合：左はレッスン04の7節のモデルの記録で、列の長さは12。SmolLM2では24",
        zh_tw="照抄的正確率：左邊是第 04 課第 7 節那種模型的紀錄，序列的長度是 12；SmolLM2 是 24",
    )
)

# %% [markdown] key="held-after" lang="ja"
# - 同じだった：構造から決まる性質。KVキャッシュの式、因果マスク、ブロックの計算は、重みによらず同じです。学習で生まれる帰納ヘッドの仕組みも、同じように見つかりました。
# - 変わった：アテンションシンク、極端に長いベクトル、予測が決まる深さ。小さなモデルだけを見ていたら、気づけませんでした。
# - わからない：違いが、大きさのためか、学習データの量や種類のためか。2つのモデルは、部品と量子化も含めて多くの点で違うので、区別するには、1つだけを変えたモデルが必要です（レッスン06の実験のように）。
#
# 小さなモデルの実験は、仕組みを1つずつ確かめるのに向いています。そのまま大きなモデルに広げてよいかどうかは、このように測って決めます。

# %% [markdown] key="held-after" lang="zh-tw"
# - 不變：由結構決定的事。KV 快取的公式、因果遮罩、區塊的計算，不管權重是多少都一樣；像歸納頭這樣從訓練中產生的機制，也找到了。
# - 變了：attention sink、極端長的向量、預測在多深的地方決定。只看小模型，不會發現這些。
# - 看不出來：差別來自模型大小，還是訓練資料的量或種類？這兩個模型連零件、有沒有量化都不同，要分辨，就需要只改其中一項的模型（像第 06 課的實驗那樣）。
#
# 小模型的實驗，適合把機制一個一個弄清楚；能不能推廣到大模型，就像這樣實際測過再決定。

# %% [markdown] key="summary" lang="ja"
# ## 10. できるようになったこと
#
# - トークナイザーを自分の言語で測り、費用に直せる（クイズの問1、2）
# - 公開された重みを読み込み、構造と、中で起きていることを確かめられる（問3、4、5、6）
# - 基準と比べ、結果をどこまで広げてよいかを判断できる（問7、8）

# %% [markdown] key="summary" lang="zh-tw"
# ## 10. 學會了什麼
#
# - 能用自己的語言測量分詞器，並換算成成本（小測驗第 1、2 題）
# - 能載入公開的權重，檢查它的結構和內部發生的事（第 3、4、5、6 題）
# - 能和基準比較，判斷結果可以推廣到哪裡（第 7、8 題）

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 11. 演習問題
#
# [演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)で、このレッスンの測り方を自分で書いてみましょう。コースのレッスンはこれで終わりです。気になるモデルが公開されたら、同じ方法で測ってみてください。

# %% [markdown] key="next" lang="zh-tw"
# ## 11. 練習題
#
# 到[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)，親手寫出這一課的測量方法。這門課到這裡就結束了，以後看到感興趣的模型公開，不妨用同樣的方法測測看。
