# %% [markdown] key="title" lang="ja"
# # なぜデコーダー型が主流になったのか
#
# 現在の汎用LLMの多くは、デコーダー型です。では、ほかの型より優れているからでしょうか。このレッスンでは、3つの型を同じ計算量で比べ、大きさを変えて損失の下がり方を測り、「創発」と呼ばれる急な変化がどこから生まれるかを調べます。わかっていること、意見が分かれていること、ここでは確かめられないことを、分けて考えます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | 同じ計算量で、損失の付くトークンの数を比べられる。スケーリング則を当てはめ、予測の誤差と不確かさを示せる。正解率の測り方で「急な変化」が現れる理由を説明できる。構造と学習方法とデータを分けて議論できる |
# | 前提知識 | レッスン03、04、05の内容（3つの型の学習方法）、対数 |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |
#
# 進め方は、これまでと同じく「予想する、実行する、比べる」です。`guess = None`の`None`を、自分の予想した数（選ぶ問題では`"a"`などの記号）に書き換えてから実行しましょう。図や表を描くコードは、読み飛ばしてかまいません。

# %% [markdown] key="title" lang="zh-tw"
# # 為什麼解碼器成為主流
#
# 目前的通用大型語言模型（LLM），大多只有解碼器，叫做 decoder-only 模型。這是因為它比其他架構好嗎？這一課用相同的運算量比較三大架構，改變模型的大小來測量損失怎麼下降，再找出所謂「湧現」的突然變化是從哪裡來的。哪些已經清楚、哪些還有爭議、哪些在這裡無法驗證，會分開來談。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能在相同的運算量下，比較有多少詞元算進損失；能擬合規模定律（scaling law），並說明預測的誤差與不確定性；能說明評分方式為什麼會讓正確率「突然變好」；討論時能把架構、訓練方法和資料分開 |
# | 先備知識 | 第 03、04、05 課的內容（三大架構的訓練方法），以及對數 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |
#
# 進行方式和前面一樣：「先猜、再執行、再比較」。請先把 `guess = None` 的 `None` 改成你猜的數字再執行（選擇題就填 `"a"` 之類的代號）。畫圖和做表格的程式碼可以跳過不看。

# %% key="imports"
import math
import random
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import torch

from helpers import results
from helpers.classroom import claims, predict
from helpers.display import charts, figures, show
from helpers.instruments import measure
from helpers.models import checkpoints, decoder, encoder, encoder_decoder
from helpers.models import scaling, training
from helpers.world import corpus, tokenizer

torch.set_num_threads(1)
figures.use(LANG)

# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# このレッスンで確かめるのは、元のページの次の部分です。
#
# > 重要な洞察:デコーダーの優位性
# >
# > 業界は大きく、デコーダー専用アーキテクチャに集約しています。これは、ゼロショット状況での優れたスケーリング法則と発現する推論能力によるものです。
#
# 英語のままの問いと、課題の模範解答（Step 2）も取り上げます。問いは「大規模言語モデルで、業界がBERT型からGPT型に移ったのはなぜか」という意味です。
#
# > Why did the industry move from BERT-style encoders to GPT-style decoders for Large Language Models?
#
# > Decoder-only models have demonstrated highly predictable performance improvements (Scaling Laws) when increasing parameters and training data. This massive scale unlocks "emergent abilities," allowing a single Decoder-only model to perform zero-shot summarization highly effectively without needing the task-specific fine-tuning often required by smaller Encoder-Decoder setups.
#
# 模範解答の主張は、次のとおりです。デコーダー型の性能は、パラメータとデータを増やすと、ほぼ予測どおりに上がります。その規模が創発的能力を引き出すので、小さなエンコーダー・デコーダーに必要な個別のファインチューニングなしで、ゼロショットの要約ができるというのです。もっともらしく聞こえますが、確かめるべき主張がいくつも入っています。

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# 這一課要檢驗的，是原網頁的這個部分。
#
# > 關鍵洞察:解碼器主導性
# >
# > 行業已大幅集中於僅解碼器架構,因其更優越的擴展法則與零樣本情境下的衍生推理能力。
#
# 另外還有沒翻譯的問題，以及挑戰題的參考答案（Step 2）。問題的意思是：「大型語言模型為什麼從 BERT 這類編碼器，轉向 GPT 這類解碼器？」
#
# > Why did the industry move from BERT-style encoders to GPT-style decoders for Large Language Models?
#
# > Decoder-only models have demonstrated highly predictable performance improvements (Scaling Laws) when increasing parameters and training data. This massive scale unlocks "emergent abilities," allowing a single Decoder-only model to perform zero-shot summarization highly effectively without needing the task-specific fine-tuning often required by smaller Encoder-Decoder setups.
#
# 參考答案的大意是：「decoder-only 模型的參數和資料增加時，表現的進步很容易預測。這樣的規模帶來湧現能力，所以不必像較小的編碼器－解碼器那樣替每個任務微調，就能以零樣本做摘要。」聽起來很有道理，但裡面有好幾個需要檢驗的說法。

# %% [markdown] key="budget" lang="ja"
# ## 1. 同じ計算量で、いくつのトークンから学べるか
#
# まず、学習の効率を比べます。計算量（FLOPs）は、学習の1ステップ（順伝播と逆伝播）に含まれる行列積を数えた値です。予算は、レッスン03のBERTの学習に使った計算量にそろえます。
#
# 読んだトークンのうち、どれだけに損失が付くかは、学習のしかたで変わります。BERTの論文では、文のトークンの15%を隠します。このコースのBERTは、小さなデータで早く学べるように40%を隠しました。GPTでは、先頭を除くすべての位置に、次のトークンを当てる損失が付きます。T5の翻訳や要約では、デコーダーが書く側だけに損失が付きます。
#
# 予想：同じ計算量で学習するとき、GPT-2で損失の付くトークンの数は、15%を隠すBERTの何倍でしょうか。

# %% [markdown] key="budget" lang="zh-tw"
# ## 1. 相同的運算量，能從多少個詞元學習？
#
# 先比較訓練的效率。運算量（FLOPs）是把訓練 1 步（前向與反向傳播）裡的矩陣乘法全部數出來。預算訂為第 03 課訓練 BERT 所用的運算量。
#
# 讀進去的詞元有多少算進損失，要看訓練的方式。BERT 的論文把句子裡 15% 的詞元遮住；這門課的 BERT 為了用少量資料快速學會，遮住了 40%。GPT 除了開頭，每個位置都要猜下一個詞元，都算進損失。T5 做翻譯或摘要時，只有解碼器要寫的那一邊算進損失。
#
# 先猜猜看：用相同的運算量訓練，GPT-2 算進損失的詞元數，是遮住 15% 的 BERT 的幾倍？

# %% key="budget-plans"
budget = checkpoints.card()["encoder"]["training_flops"]
sentences, tasks = decoder.rows(1000), encoder_decoder.examples(1000)
plans = {
    "BERT 15%": (encoder.new(), encoder.next_batch(encoder.rows(1000), rate=0.15)),
    "BERT 40%": (encoder.new(), encoder.next_batch(encoder.rows(1000), rate=0.4)),
    "GPT-2": (decoder.new(), decoder.next_batch(sentences)),
    "T5": (encoder_decoder.new(), encoder_decoder.next_batch(tasks)),
}


# %% key="budget-counts"
def taught_and_read(model, batch):
    #| ja: 損失の付くトークンの数と、読み書きしたトークンの数
    #| zh-tw: 算進損失的詞元數，和讀寫的詞元數
    labels, read = batch["labels"], int(batch["attention_mask"].sum())
    if "GPT2" in type(model).__name__:
        labels = labels[:, 1:]
    taught = int((labels != -100).sum())
    return taught, read + taught * model.config.is_encoder_decoder


# %% key="budget-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

lines, taught, share = [], {}, {}
for name, (model, next_batch) in plans.items():
    batches = [next_batch() for _ in range(8)]
    flops = sum(training.step_flops(model, batch) for batch in batches) / len(batches)
    counts = np.mean([taught_and_read(model, batch) for batch in batches], axis=0)
    steps = budget / flops
    taught[name], share[name] = counts[0] * steps, counts[0] / counts[1]
    line = [name, f"{training.parameter_count(model):,}", f"{flops / 1e6:,.0f}", f"{steps:,.0f}"]
    lines.append([*line, f"{taught[name] / 1e6:.2f}", f"{share[name]:.0%}"])
predict.compare(guess, taught["GPT-2"] / taught["BERT 15%"], T(ja="倍", zh_tw=" 倍"))

# %% key="budget-table"
show.tabulate(
    T(
        ja="モデル|パラメータ|1ステップのMFLOPs|予算で進めるステップ|損失の付くトークン（単位：100万）|読み書きしたトークンに占める割合",
        zh_tw="模型|參數|1 步的 MFLOPs|預算內的步數|算進損失的詞元（單位：100 萬）|占讀寫詞元的比例",
    ),
    lines,
)

# %% key="budget-head" hide=true
#| ja: BERTの出力層を、隠したトークンだけで計算したとき
#| zh-tw: BERT 的輸出層只計算遮住的詞元時
model, next_batch = plans["BERT 15%"]
batch = next_batch()
hidden = torch.zeros(*batch["input_ids"].shape, model.config.hidden_size, requires_grad=True)
with measure.cost() as head:
    model.cls(hidden).sum().backward()
unmasked = 1 - int((batch["labels"] != -100).sum()) / batch["labels"].numel()
saved = head.flops * unmasked / training.step_flops(model, batch)
ratio = taught["GPT-2"] / taught["BERT 15%"]
print(
    T(
        ja=f"GPT-2÷BERT 15%：{ratio:.1f}倍。BERTの出力層を隠したトークンだけで計算すれば、{ratio * (1 - saved):.1f}倍",
        zh_tw=f"GPT-2 ÷ BERT 15%：{ratio:.1f} 倍。BERT 的輸出層只計算遮住的詞元的話：{ratio * (1 - saved):.1f} 倍",
    )
)

# %% [markdown] key="budget-after" lang="ja"
# 同じ計算量でも、損失の付くトークンの数は大きく違います。BERTは、隠さなかったトークンも計算しますが、そこには損失が付きません。`transformers`のBERTは、出力層まで全部のトークンで計算します。もとのBERTの実装のように、出力層を隠したトークンだけで計算すると、差は約6.4倍に縮まります。表の割合が15%や40%より少し低いのは、`[CLS]`などの特殊トークンは隠さないからです。これが、「次のトークンを当てる」学習の利点の1つです。
#
# ただし、これは構造ではなく、学習の問題（目的関数）の違いです。エンコーダー型でも、すべてのトークンに損失が付く学習はできます（ELECTRA、2020年）。また、1つのトークンから学べる量は同じではありません。BERTは前後の両方を見て当てるので、1つの損失が教えることは違います。損失の付くトークンが6倍や7倍でも、その分だけ賢くなるとは言えません。

# %% [markdown] key="budget-after" lang="zh-tw"
# 運算量相同，算進損失的詞元數卻差很多。BERT 連沒有遮住的詞元也要計算，但那些詞元不算進損失。`transformers` 的 BERT 連輸出層都對所有詞元計算；像原本的 BERT 那樣，輸出層只計算遮住的詞元，差距就縮小到大約 6.4 倍。表裡的比例略低於 15% 和 40%，是因為 `[CLS]` 這類特殊詞元不會遮住。這就是「猜下一個詞元」這種訓練的優點之一。
#
# 不過，這是訓練的題目（目標函數）不同，不是架構不同：編碼器也有辦法讓所有詞元都算進損失（ELECTRA，2020 年）。而且從 1 個詞元學到的東西並不一樣多：BERT 看了前後文才猜，同樣是 1 個損失，教的內容不同。算進損失的詞元有 6 倍、7 倍，不代表會聰明那麼多倍。

# %% [markdown] key="able" lang="ja"
# ## 2. 新しいヘッドなしで、何ができるか
#
# 次は、学習したモデルをそのまま使います。新しい出力層（ヘッド）を付けたり、学習し直したりはしません。
#
# BERTに文を書かせてみましょう。BERTは文の長さを決められないので、正しい文の長さをこちらで与えます。全部の文字を`[MASK]`にして、左から順に、BERTの確率に従って文字を選び、埋めていきます。
#
# 予想：GPT-2が書いた文は、9割以上が文法に合います（レッスン04）。BERTが書いた文では、どのくらいの割合でしょうか。0から1の数で書きましょう。

# %% [markdown] key="able" lang="zh-tw"
# ## 2. 不加新的輸出層，能做什麼？
#
# 接下來直接使用訓練好的模型，不接上新的輸出層，也不重新訓練。
#
# 請 BERT 寫句子看看。BERT 不會決定句子的長度，所以由我們給它正確句子的長度。先把所有的字都換成 `[MASK]`，再從左邊開始，照 BERT 給的機率一次抽一個字填進去。
#
# 先猜猜看：GPT-2 寫的句子有 9 成以上符合文法（第 04 課）。BERT 寫的句子，比例會是多少？請寫 0 到 1 之間的數字。

# %% key="able-fill"
bert, gpt = encoder.load(), decoder.load()
tokens = encoder.TOKENIZER


@torch.no_grad()
def fill_from_the_left(length, count, generator):
    #| ja: [MASK]をlength個並べ、左から順に確率で選ぶ
    #| zh-tw: 排 length 個 [MASK]，從左邊開始照機率抽
    masked = tokenizer.tagged(tokenizer.MASK * length, LANG)
    ids = tokens(masked, return_tensors="pt").input_ids.repeat(count, 1)
    for place in (ids[0] == tokens.mask_token_id).nonzero()[:, 0].tolist():
        p = bert(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[:, place].softmax(-1)
        p[:, : len(tokenizer.SPECIAL)] = 0
        ids[:, place] = torch.multinomial(p, 1, generator=generator)[:, 0]
    return tokens.batch_decode(ids, skip_special_tokens=True)


# %% key="able-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

rng, generator = random.Random(0), torch.Generator().manual_seed(0)
true = [corpus.sentence(corpus.draw(rng), LANG).text for _ in range(100)]
by_bert = []
for length, count in sorted(Counter(map(len, true)).items()):
    by_bert += fill_from_the_left(length, count, generator)
by_gpt = decoder.sample(gpt, LANG, 100)
valid = {
    name: sum(corpus.parse(text, LANG) is not None for text in texts) / len(texts)
    for name, texts in (("BERT", by_bert), ("GPT-2", by_gpt))
}
predict.compare(guess, valid["BERT"])

# %% key="able-samples"
for name, texts in (("BERT ", by_bert), ("GPT-2", by_gpt)):
    for text in texts[::25]:
        print(name, text)

# %% [markdown] key="able-after" lang="ja"
# BERTは、6割の文字が見えている文の空欄を当てる練習をしました。全部が隠れた文は、一度も見ていません。長さまで教えても、GPT-2には及びません（割合は言語によって違います）。BERTに文を書かせる方法はほかにもありますが、文の確率を素直に計算できない点は変わりません。なお、これは「マスクを当てるモデルは文を書けない」という意味ではありません。全部が隠れた状態からも練習させた大きなモデル（LLaDA、2025年）は、デコーダー型のLLaMA3 8Bに匹敵すると報告されています。
#
# 3つの型で、できることを1つの表にまとめます。デコーダー型の列には、モデルが2種類あります。上の2行はレッスン04のGPT-2です。下の2行（翻訳と、レッスン05の感情分析）は、「プロンプトと文」の続きとして「答え」を書く、新しいデコーダーです。1節と同じ計算量で学習させました（4層、約21万パラメータ、3つのシードの平均。`python -m helpers.results.prompted`で作り直せます）。
#
# T5の値は、レッスン05の学習の途中で、計算量が同じになった時点のものです（2つのシードの平均）。学習率を下げ切る前なので、T5には少し不利です。空欄の問題は、レッスン03と04の空欄のうち、手がかりが右にある13種類です。

# %% [markdown] key="able-after" lang="zh-tw"
# BERT 練習填空時，句子裡還有 6 成的字看得見；全部遮住的句子，它從沒看過。就算連長度都告訴它，還是比不上 GPT-2（比例依語言而不同）。從 BERT 抽出句子還有別的方法，但它無法直接算出句子的機率，這一點不會變。不過，這不代表「猜遮罩的模型寫不出句子」：從全部遮住的狀態開始練習的大模型（LLaDA，2025 年），據報告能和 decoder-only 的 LLaMA3 8B 相提並論。
#
# 把三大架構能做的事整理成一張表。decoder-only 那一欄有 2 種模型：上面 2 列是第 04 課的 GPT-2；下面 2 列（翻譯，以及第 05 課的情緒分析）用的是另外訓練的解碼器，它把「答案」當成「提示和句子」的後續寫出來，運算量和第 1 節相同（4 層、約 21 萬個參數，3 個亂數種子的平均；用 `python -m helpers.results.prompted` 可以重做）。
#
# T5 的值取自第 05 課的訓練紀錄，是運算量相同的那一步（2 個亂數種子的平均）；那時學習率還沒降到底，對 T5 稍微不利。填空的題目，是第 03、04 課的空格裡，線索在右邊的 13 種。

# %% key="able-blank" hide=true
prompted = results.load("prompted")["runs"]
right = [" ".join(cell) for cell in corpus.cells("right")]
card = checkpoints.card()
blank = {
    name: np.mean([card[name]["as_shipped"]["cells"][cell] for cell in right])
    for name in ("encoder", "decoder")
}


def exact(task):
    #| ja: デコーダーの完全一致率（言語とシードの平均）
    #| zh-tw: 解碼器的完全相符率（語言和亂數種子的平均）
    return np.mean([v for run in prompted for key, v in run["exact"].items() if task in key])


# %% key="able-t5" hide=true
#| ja: T5は、レッスン05の記録から、同じ計算量になるステップの値を使う
#| zh-tw: T5 用第 05 課的紀錄裡，運算量相同的那一步的值
curves = [r["curve"] for r in results.load("tasks")["runs"] if r["recipe"] == "all"]
steps_t5 = budget / card["encoder_decoder"]["training_flops"] * card["encoder_decoder"]["steps"]
place = int(np.abs(np.array(curves[0]["step"]) - steps_t5).argmin())
t5 = {task: np.mean([curve[task][place] for curve in curves]) for task in corpus.TASKS}

translation = (exact("to_zh_tw") + exact("to_ja")) / 2, (t5["to_zh_tw"] + t5["to_ja"]) / 2
mood = exact("sentiment"), t5["sentiment"]

# %% key="able-table" hide=true
blank_row = T(ja="右に手がかりがある空欄（1回の計算）", zh_tw="線索在右邊的空格（計算 1 次）")
write_row = T(ja="文を書く（文法に合う割合）", zh_tw="寫句子（符合文法的比例）")
translate_row = T(ja="翻訳（完全一致率）", zh_tw="翻譯（完全相符率）")
mood_row = T(ja="気分を文字で答える（完全一致率）", zh_tw="用文字回答心情（完全相符率）")
rows = [
    [blank_row, f"{blank['encoder']:.2f}", f"{blank['decoder']:.2f}", "-"],
    [write_row, f"{valid['BERT']:.2f}", f"{valid['GPT-2']:.2f}", "-"],
    [translate_row, "-", *(f"{value:.2f}" for value in translation)],
    [mood_row, "-", *(f"{value:.2f}" for value in mood)],
]
show.tabulate(
    T(
        ja="タスク|エンコーダー型|デコーダー型|エンコーダー・デコーダー型",
        zh_tw="任務|encoder-only|decoder-only|編碼器－解碼器",
    ),
    rows,
)

# %% key="able-claim" hide=true
claims.check(
    "C22",
    {
        "share_bert": share["BERT 15%"],
        "share_gpt": share["GPT-2"],
        "valid_bert": valid["BERT"],
        "valid_gpt": valid["GPT-2"],
        "lengths_bert": np.mean(np.sort([*map(len, by_bert)]) == np.sort([*map(len, true)])),
        "blank_bert": blank["encoder"],
        "blank_gpt": blank["decoder"],
    },
)
assert min(*translation, mood[0]) > 0.9

# %% [markdown] key="able-read" lang="ja"
# 「-」は、試していないところ（T5の上の2行と、BERTの気分）か、形の上でできないところ（BERTの翻訳）です。BERTの出力は入力と同じ長さなので、翻訳には新しい仕組みが必要です。翻訳や気分の小さな差は、型の優劣ではありません。モデルの大きさも、学習したタスクも、シードも違うからです。
#
# デコーダー型は、文を書き、翻訳もし、ラベルも文字で答えます。どれも「続きを書く」という1つの形なので、タスクごとに新しいヘッドはいりません。その代わり、右の手がかりは1回の計算では使えません。候補を1つずつ入れて文全体の確率を比べれば使えますが、候補の数だけ計算がいります（レッスン04）。反対に、1回の計算で空欄を埋めるなら、エンコーダー型のほうがずっと正確です。「エンコーダー型は劣る」という説明は、正しくありません。得意な仕事が違い、汎用の対話には「続きを書く」形が合っていたと考えられます。
#
# 次は、デコーダー型のもう1つの強みとされる、学習していない頼み方への対応です。

# %% [markdown] key="able-read" lang="zh-tw"
# 「-」表示沒有試過（T5 的上面 2 列、BERT 的心情），或形式上做不到（BERT 的翻譯）。BERT 的輸出和輸入一樣長，要翻譯就得加上新的機制。翻譯和心情的小差距，不能當作架構的優劣：模型大小、訓練的任務和亂數種子都不同。
#
# decoder-only 模型會寫句子、會翻譯，也用文字回答標籤。這些全都是「把後面接下去」這一種形式，所以不必替每種任務接上新的輸出層。代價是：計算 1 次用不到右邊的線索；把候選字一個個填進去、比較整句的機率就用得到，但有幾個候選字就要計算幾次（第 04 課）。反過來，只計算 1 次就要填空，編碼器準確得多。所以「編碼器比較差」這種說明並不正確：擅長的工作不同，而通用的對話，應該是剛好適合「把後面接下去」的形式。
#
# 接著看看大家常說的 decoder-only 的另一個長處：應付沒訓練過的問法。

# %% [markdown] key="never" lang="ja"
# ## 3. 一度も見なかった組み合わせ
#
# 2節で翻訳をしたデコーダーには、わざと1つだけ見せなかった組み合わせがあります。「台湾華語のお話を要約する」です。頼む言葉は、お話がどちらの言語でも「要約：」と「気分：」です。「要約：」は、日本語のお話で学びました。台湾華語のお話も、「気分：」の問題で何度も読みました。要約の文は、学習用のお話について、もう一方の言語に翻訳する問題でも学びました。ですから、台湾華語の要約の文も書いたことがあります。正解に出てくる文字も、隣り合う2文字も、すべて学習の答えに出てきます。新しいのは、組み合わせだけです。
#
# 学習していないタスクを、例も見せずに頼むことを、ゼロショット（zero-shot）と呼びます。
#
# 予想：デコーダーは、台湾華語の要約をどのくらいの割合で正しく書けるでしょうか。0から1の数で書きましょう。

# %% [markdown] key="never" lang="zh-tw"
# ## 3. 從沒看過的組合
#
# 第 2 節做翻譯的那個解碼器，有 1 種組合故意不給看：「替台灣華語的故事做摘要」。不論故事是哪一種語言，提示都寫成日文的「要約：」（摘要）和「気分：」（心情）。「要約：」在日文的故事裡學過；台灣華語的故事，在問心情的題目裡讀過很多次；訓練用故事的摘要，也在「翻譯成另一種語言」的題目裡學過，所以台灣華語的摘要句子也寫過。正確答案裡的每個字、每 2 個相鄰的字，全都在訓練的答案裡出現過。只有組合是新的。
#
# 不給例子，直接要求模型做沒訓練過的任務，叫做零樣本（zero-shot）。
#
# 先猜猜看：解碼器寫台灣華語的摘要，正確的比例會是多少？請寫 0 到 1 之間的數字。


# %% key="never-by-seed"
def by_seed(is_right):
    #| ja: 3つのシードの、見せなかった問題での割合
    #| zh-tw: 3 個亂數種子，在沒看過的題目上的比例
    return [np.mean([is_right(pair) for pair in run["withheld"]]) for run in prompted]


# %% key="never-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


never = by_seed(lambda pair: pair["answer"] == pair["target"])
predict.compare(guess, np.mean(never))


# %% key="never-first" hide=true
def clause(text):
    return text.split("，")[0]


first = by_seed(lambda pair: clause(pair["answer"]) == clause(pair["target"]))
translated = by_seed(lambda pair: pair["translated"] == pair["target"])
japanese, moods = (
    [run["exact"][key] for run in prompted] for key in ("summary ja", "sentiment zh-tw")
)

# %% key="never-answers"
tried = {
    T(ja="日本語のお話の要約", zh_tw="替日文故事做摘要"): japanese,
    T(ja="台湾華語のお話の気分", zh_tw="回答台灣華語故事的心情"): moods,
    T(ja="日本語の要約を台湾華語に翻訳", zh_tw="把日文摘要翻譯成台灣華語"): translated,
    T(ja="見せなかった：台湾華語のお話の要約", zh_tw="沒看過：替台灣華語故事做摘要"): never,
    T(ja="その前半（「，」まで）だけ", zh_tw="上一列只看前半（到「，」為止）"): first,
}
header = T(ja="頼んだこと", zh_tw="要求")
seeds = [f"seed {run['seed']}" for run in prompted]
rows = [[name, *(f"{share:.2f}" for share in shares)] for name, shares in tried.items()]
show.tabulate([header, *seeds], rows)


# %% key="never-kind" hide=true
def kind(answer):
    if any("ぁ" <= c <= "ん" for c in answer):
        return T(ja="ひらがなの入った文", zh_tw="夾雜日文平假名的句子")
    if answer and set(answer) <= set("良悪好壞"):
        return T(ja="気分だけ", zh_tw="只回答心情")
    return T(ja="ほか", zh_tw="其他")


# %% key="never-kinds"
answers = [[pair["answer"] for pair in run["withheld"]] for run in prompted]
examples = {kind(answer): answer for of_seed in answers for answer in of_seed}
counts = [Counter(map(kind, of_seed)) for of_seed in answers]
rows = [
    [name, *(f"{count[name] / count.total():.2f}" for count in counts), example]
    for name, example in examples.items()
]
header = T(ja="答えの種類|例", zh_tw="答案的種類|例子").split("|")
show.tabulate([header[0], *seeds, header[1]], rows)
assert min(*japanese, *moods, *translated) > 0.9 and max(*never, *first) < 0.1

# %% [markdown] key="never-after" lang="ja"
# 学習した組み合わせはほぼ満点です。見せなかった要約と同じ文も、日本語の要約からの翻訳として頼めば、どのシードでもすべて正しく書けました。ところが、台湾華語のお話の要約として頼むと、どのシードでも1つも正しく書けません。前半だけを見ても、正しいものは1つもありません。
#
# 考えられる理由は、学習データの偏りです。学習では、「要約：」の答えはいつも日本語でした。また、台湾華語のお話の答えは、いつも気分でした。そう覚えても、学習した組み合わせでは損失が増えません。新しい組み合わせでは、この2つがぶつかります。実際、気分だけの答えが多いシードも、ほとんどがくずれた日本語になるシードもありました。
#
# この小さなデコーダーでは、部品を知っていても、新しい組み合わせはできませんでした。つまり、「デコーダー型だからゼロショットができる」とは言えません。大規模なモデルのゼロショット性能は、はるかに多様な文章とタスクを学習した結果です。構造だけの結果かどうかは、この実験ではわかりません。また、これは1つの組み合わせだけの結果です（シードは3つ）。

# %% [markdown] key="never-after" lang="zh-tw"
# 學過的組合幾乎滿分。沒看過的摘要，同樣的句子如果當成日文摘要的翻譯來要求，不論哪個亂數種子都全部寫對。可是當成台灣華語故事的摘要來要求，卻不論哪個亂數種子都沒有一題寫對；就算只看前半，也沒有一題是對的。
#
# 可能的原因是訓練資料的偏差。訓練時，「要約：」的答案一直都是日文；而台灣華語的故事，答案一直都是心情。這樣記，在學過的組合裡損失並不會增加；到了新的組合，這 2 種習慣就互相衝突。實際上，有的亂數種子大多只回答心情，有的幾乎都變成支離破碎的日文。
#
# 這個小小的解碼器，就算零件全都認識，還是做不到新的組合。也就是說，不能說「因為是解碼器，所以能做零樣本」。大型模型的零樣本表現，來自訓練過多樣得多的文章和任務；是不是只靠架構，這個實驗看不出來。另外，這只是 1 種組合的結果（亂數種子有 3 個）。

# %% [markdown] key="scale" lang="ja"
# ## 4. スケーリング：大きさと損失
#
# 元のページは、スケーリング則が優れていることを理由に挙げています。スケーリング則（scaling law）は、モデルを大きくしたときに損失がどれだけ下がるかを表す経験則です。自分のデータで求めてみましょう。
#
# 文章は、Pythonに付いてくるヘルプ（`pydoc_data.topics`、英語）を使います。長さはPythonの版によって少し違います。1つの文字を1つのトークンとし、64文字を読んで、続く64文字を当てます。学習に使わない項目で損失を測ります。小さいモデルを実際に学習させましょう。`scaling.text(path)`とすれば、自分の文章のファイルでも試せます。
#
# 損失の単位は、自然対数で測った「ナット」です。文字は約100種類なので、でたらめなら $\log 100$ で約4.6ナット、2択まで絞れていれば $\log 2$ で約0.7ナットです。
#
# 予想：4,752パラメータのモデルを400ステップ学習させたときの損失は、文字あたりで次のどれに近いでしょうか。`"a"`：1ナット、`"b"`：2ナット、`"c"`：4ナット。

# %% [markdown] key="scale" lang="zh-tw"
# ## 4. 規模定律：大小與損失
#
# 原網頁舉出的理由是「更優越的擴展法則」。規模定律（scaling law）是經驗法則，描述模型變大時損失會下降多少。這裡用自己的資料算算看。
#
# 文章使用 Python 附帶的說明（`pydoc_data.topics`，英文），長度會因 Python 的版本略有不同。1 個字元當成 1 個詞元：讀 64 個字元，猜接下來的 64 個字元；損失用沒拿來訓練的條目測量。先實際訓練一個小模型。寫成 `scaling.text(path)`，也可以用自己的文章檔案。
#
# 損失的單位是用自然對數計算的 nat。字元大約有 100 種，亂猜的話是 $\log 100$，大約 4.6 nat；如果縮小到只剩 2 種，是 $\log 2$，大約 0.7 nat。
#
# 先猜猜看：4,752 個參數的模型訓練 400 步之後，每個字元的損失最接近哪一個？`"a"`：1 nat，`"b"`：2 nat，`"c"`：4 nat。

# %% key="scale-code"
#| ja: Noneを、予想した記号（"a"、"b"、"c"のどれか）に書き換える
#| zh-tw: 把 None 改成你猜的代號（"a"、"b"、"c" 之一）
guess = None

record = results.load("scaling")
made = record["settings"]
text = scaling.text()
data = scaling.corpus(text)
width = scaling.WIDTHS["decoder"][1]
chosen = next(r for r in record["runs"] if (r["kind"], r["width"]) == ("decoder", width))
small = scaling.new("decoder", width, len(data.characters))
training.train(small, scaling.next_batch("decoder", data), scaling.STEPS["decoder"], chosen["rate"])
live_loss, _ = scaling.exam(small, "decoder", data)
nats = {"a": 1, "b": 2, "c": 4}
options = {key: T(ja=f"{n}ナット", zh_tw=f"{n} nat") for key, n in nats.items()}
predict.choose(guess, options, min(nats, key=lambda key: abs(nats[key] - live_loss)))

# %% key="scale-loss"
print(
    T(
        ja=f"損失：{live_loss:.2f}ナット。この環境の文章：{len(text):,}文字。収録した結果は{made['characters']:,}文字（Python {made['versions']['python']}）",
        zh_tw=f"損失：{live_loss:.2f} nat。這個環境的文章：{len(text):,} 個字元。附帶的結果用了 {made['characters']:,} 個字元（Python {made['versions']['python']}）",
    )
)

# %% [markdown] key="law" lang="ja"
# 大きいモデルの学習には時間がかかるので、残りは収録した結果を使います（`python -m helpers.results.scaling`で作り直せます）。大きさは6種類です。層は2つにそろえ、幅だけを変えました。学習率は大きさごとに2倍ずつ変えて試し、いちばん良い値を選びました。シードを変えて、それぞれ3回学習させてあります。どの大きさも、同じ約160万文字を学習しました。
#
# 損失 $L$ とパラメータ数 $N$ の関係を、下限（floor）$E$ を加えた「べき乗則」で表します。
#
# $$L(N) = E + A N^{-\alpha}$$
#
# $E$ は、モデルをいくら大きくしても残る損失です。文章そのものの予測できなさと、データとステップ数が限られていることの両方が入ります。係数は、`scipy`の最小二乗法で決めます。いちばん大きいモデルは取っておき、ほかの5つの大きさから予測します。下限のない式（$E = 0$）とも比べます。
#
# 予想：いちばん大きいモデル（約31万パラメータ）の損失の予測は、実測と比べてどうなるでしょうか。`"a"`：0.05ナット以上低い（楽観的）、`"b"`：差は0.05ナット未満、`"c"`：0.05ナット以上高い（悲観的）。

# %% [markdown] key="law" lang="zh-tw"
# 大模型訓練起來很花時間，其餘的就用附帶的結果（用 `python -m helpers.results.scaling` 可以重做）。大小有 6 種，都是 2 層，只改變寬度。每種大小都把學習率以 2 倍為單位調整，選出最好的值，再換亂數種子各訓練 3 次。每種大小都學了同樣的大約 160 萬個字元。
#
# 損失 $L$ 和參數個數 $N$ 的關係，用有下限（floor）$E$ 的冪律來表示。
#
# $$L(N) = E + A N^{-\alpha}$$
#
# $E$ 是模型再怎麼變大也會留下的損失，裡面包含文章本身的不可預測，也包含資料和步數有限的影響。係數用 `scipy` 的最小平方法決定。把最大的模型保留起來，用其他 5 種大小來預測它，並和沒有下限的式子（$E = 0$）比較。
#
# 先猜猜看：最大的模型（約 31 萬個參數）的損失，預測值和實測相比會怎樣？`"a"`：低 0.05 nat 以上（太樂觀），`"b"`：相差不到 0.05 nat，`"c"`：高 0.05 nat 以上（太悲觀）。

# %% key="law-columns"
runs = {kind: [r for r in record["runs"] if r["kind"] == kind] for kind in scaling.KINDS}


def columns_of(kind, axis="parameters"):
    #| ja: → 大きさ、損失（学習の回ごと）
    #| zh-tw: → 大小、損失（每次訓練）
    return np.array([r[axis] for r in runs[kind]], float), np.array([r["loss"] for r in runs[kind]])


# %% key="law-code"
#| ja: Noneを、予想した記号（"a"、"b"、"c"のどれか）に書き換える
#| zh-tw: 把 None 改成你猜的代號（"a"、"b"、"c" 之一）
guess = None

sizes, losses = columns_of("decoder")
held_out = sizes == sizes.max()
law = scaling.fit(sizes[~held_out], losses[~held_out])
no_floor = scaling.fit(sizes[~held_out], losses[~held_out], floor=0)

actual = losses[held_out].mean()
error = law(sizes.max()) - actual
error_no_floor = no_floor(sizes.max()) - actual
options = {
    "a": T(ja="0.05ナット以上低い", zh_tw="低 0.05 nat 以上"),
    "b": T(ja="差は0.05ナット未満", zh_tw="相差不到 0.05 nat"),
    "c": T(ja="0.05ナット以上高い", zh_tw="高 0.05 nat 以上"),
}
predict.choose(guess, options, "b" if abs(error) < 0.05 else "a" if error < 0 else "c")

# %% key="law-errors"
for name, found, missed in (
    (T(ja="下限あり", zh_tw="有下限"), law, error),
    (T(ja="下限なし", zh_tw="沒有下限"), no_floor, error_no_floor),
):
    print(
        T(
            ja=f"{name}：L = {found.floor:.2f} + {found.scale:.2f} N^-{found.exponent:.3f}　予測 {found(sizes.max()):.3f}　実測 {actual:.3f}　誤差 {missed:+.3f}",
            zh_tw=f"{name}：L = {found.floor:.2f} + {found.scale:.2f} N^-{found.exponent:.3f}　預測 {found(sizes.max()):.3f}　實測 {actual:.3f}　誤差 {missed:+.3f}",
        )
    )

# %% key="law-figure"
drawn = scaling.bootstrapped(sizes[~held_out], losses[~held_out], draws=60)
axis = np.geomspace(sizes.min(), 3e7, 60)
low, high = scaling.band(drawn, axis)
fig, ax = plt.subplots(figsize=(8, 4.2))
ax.plot(
    sizes[~held_out],
    losses[~held_out],
    "o",
    markevery=1,
    label=T(ja="当てはめに使った結果", zh_tw="用來擬合的結果"),
)
ax.plot(
    sizes[held_out],
    losses[held_out],
    "*",
    markersize=14,
    markevery=1,
    label=T(ja="取っておいた結果", zh_tw="保留的結果"),
)
ax.plot(axis, law(axis), "-", marker="", label=T(ja="下限あり", zh_tw="有下限"))
ax.plot(axis, no_floor(axis), "--", marker="", label=T(ja="下限なし", zh_tw="沒有下限"))
ax.fill_between(
    axis,
    low,
    high,
    alpha=0.25,
    color="grey",
    label=T(ja="ブートストラップの90%", zh_tw="拔靴法的 90%"),
)
ax.set(
    xscale="log",
    xlabel=T(ja="パラメータの数", zh_tw="參數個數"),
    ylabel=T(ja="損失（ナット／文字）", zh_tw="損失（nat／字元）"),
)
ax.legend()
(near_low, far_low), (near_high, far_high) = scaling.band(drawn, [sizes.max(), 1e7])
figures.show(
    fig,
    T(
        ja=f"横軸はパラメータの数（対数目盛り）、縦軸は文字あたりの損失です。点は学習の回ごとの結果、星は取っておいた結果（{actual:.2f}）です。星の大きさでの90%の範囲は{near_low:.2f}から{near_high:.2f}です。1,000万パラメータでの予測は、下限ありで{law(1e7):.2f}（90%の範囲は{far_low:.2f}から{far_high:.2f}）、下限なしで{no_floor(1e7):.2f}です。",
        zh_tw=f"橫軸是參數個數（對數刻度），縱軸是每個字元的損失。圓點是每次訓練的結果，星號是保留的結果（{actual:.2f}）；在星號的大小，90% 的範圍是 {near_low:.2f} 到 {near_high:.2f}。1,000 萬個參數時的預測：有下限是 {law(1e7):.2f}（90% 的範圍是 {far_low:.2f} 到 {far_high:.2f}），沒有下限是 {no_floor(1e7):.2f}。",
    ),
)

# %% key="law-one-out"
rows, floors = [], []
for size, found in scaling.leave_one_out(sizes, losses).items():
    floors.append(found.floor)
    rows.append(
        [f"{size:,.0f}", f"{found.floor:.2f}", f"{found.exponent:.3f}", f"{float(found(1e7)):.2f}"]
    )
show.tabulate(
    T(
        ja="除いた大きさ|下限E|指数α|1,000万パラメータでの予測",
        zh_tw="拿掉的大小|下限 E|指數 α|1,000 萬個參數時的預測",
    ),
    rows,
)

# %% key="law-claim"
claims.check(
    "C31",
    {
        "error": abs(error),
        "no_floor": abs(error_no_floor / error),
        "live": abs(live_loss - losses[sizes == chosen["parameters"]].mean()),
        "floors": max(floors) - min(floors),
    },
)

# %% [markdown] key="law-after" lang="ja"
# 予測は、実測より約0.10ナット低くなりました。大きくした効果を、楽観的に見積もったのです。下限のない式では約0.20ナットで、外れ方は2倍です。大きいモデルほど損失の下がり方が鈍りました。ここでは大きさだけでなく、パラメータあたりの学習した文字数も、約680から約5まで減っています。鈍り方には、データの不足も入っているはずです。
#
# ただし、下限がわかったわけではありません。いちばん大きいモデルを除くと下限の推定は0.72で、ほかの大きさを除くと0.89から1.05です。推定は、いちばん大きいモデルに強く左右されています。また、取っておいたモデルの実測は、ブートストラップ（学習の結果を、重複を許して選び直し、当てはめ直すこと）の90%の範囲にも入りませんでした。この範囲は、測った点のばらつきだけを表していて、式の形が違う可能性は入っていないからです。「よく予測できる」と言えるのは、測った範囲の近くまでです。

# %% [markdown] key="law-after" lang="zh-tw"
# 預測比實測低了大約 0.10 nat：把變大的效果估得太樂觀了。沒有下限的式子低了大約 0.20 nat，誤差是 2 倍。模型越大，損失下降得越慢。不過這裡變的不只是大小：每個參數分到的訓練字元數，也從大約 680 個減少到大約 5 個，所以變慢的原因應該也包含資料不足。
#
# 不過，這並不表示已經知道下限是多少。拿掉最大的模型時，下限的估計是 0.72；拿掉其他大小時是 0.89 到 1.05。這個估計深受最大的模型左右。而且保留的模型，實測值連拔靴法（bootstrap，把訓練結果重複抽樣、重新擬合）的 90% 範圍都沒有落進去。因為這個範圍只表示測量點的分散，並沒有包含「式子的形式可能不對」。所謂「很容易預測」，只限於測量範圍的附近。

# %% [markdown] key="both" lang="ja"
# ## 5. エンコーダー・デコーダーでも、損失は同じように下がるか
#
# スケーリング則が「優れている」と言うからには、ほかの型と比べなければなりません。同じ文章、同じ64文字の問題で、エンコーダー・デコーダー（T5の構造、両側に2層ずつ）も学習させてあります。学習率の選び方とシードの数も同じです。
#
# エンコーダー・デコーダーでは、書く側の64文字だけに損失が付きます。そこで、ステップ数を2倍の800にして、損失の付く文字の数をそろえました。どのトークンも重みのおよそ半分しか通らないので、パラメータ数が同じなら、これで学習の計算量（FLOPs）もほぼそろいます。横軸は計算量にします。
#
# 予想：計算量が $10^{12}$ FLOPsのとき、損失はどちらが低いでしょうか。`"a"`（デコーダーが0.05ナット以上低い）、`"b"`（差は0.05ナット未満）、`"c"`（エンコーダー・デコーダーが0.05ナット以上低い）から選びましょう。

# %% [markdown] key="both" lang="zh-tw"
# ## 5. 編碼器－解碼器的損失，也會同樣下降嗎？
#
# 既然說「更優越」，就必須和其他架構比較。用同樣的文章、同樣的 64 個字元的題目，也訓練了編碼器－解碼器（T5 的結構，兩邊各 2 層）；學習率的選法和亂數種子的數目也相同。
#
# 編碼器－解碼器只有要寫的 64 個字元算進損失，所以把步數增加成 2 倍的 800 步，讓算進損失的字元數相同。每個詞元只經過大約一半的權重，因此參數個數相同時，訓練的運算量（FLOPs）也幾乎相同。橫軸用運算量。
#
# 先猜猜看：運算量是 $10^{12}$ FLOPs 時，哪一種架構的損失比較低？`"a"`：decoder-only 低 0.05 nat 以上，`"b"`：相差不到 0.05 nat，`"c"`：編碼器－解碼器低 0.05 nat 以上。

# %% key="both-laws"
names = {
    "decoder": T(ja="デコーダー", zh_tw="decoder-only 模型"),
    "encoder_decoder": T(ja="エンコーダー・デコーダー", zh_tw="編碼器－解碼器"),
}
spent = {kind: columns_of(kind, "flops") for kind in scaling.KINDS}
at = np.geomspace(
    max(x.min() for x, _ in spent.values()), min(x.max() for x, _ in spent.values()), 30
)
laws = {kind: scaling.fit(*spent[kind]) for kind in scaling.KINDS}
bands = {
    kind: scaling.band(scaling.bootstrapped(*spent[kind], draws=60), at) for kind in scaling.KINDS
}

# %% key="both-code"
#| ja: Noneを、予想した記号（"a"、"b"、"c"のどれか）に書き換える
#| zh-tw: 把 None 改成你猜的代號（"a"、"b"、"c" 之一）
guess = None

gap = float(laws["encoder_decoder"](1e12) - laws["decoder"](1e12))
lows, highs = (np.stack([bands[kind][side] for kind in scaling.KINDS]) for side in (0, 1))
overlap = float((lows.max(0) <= highs.min(0)).mean())
options = {
    "a": T(ja="デコーダーが0.05ナット以上低い", zh_tw="decoder-only 低 0.05 nat 以上"),
    "b": T(ja="差は0.05ナット未満", zh_tw="相差不到 0.05 nat"),
    "c": T(
        ja="エンコーダー・デコーダーが0.05ナット以上低い", zh_tw="編碼器－解碼器低 0.05 nat 以上"
    ),
}
predict.choose(guess, options, "b" if abs(gap) < 0.05 else "a" if gap > 0 else "c")

# %% key="both-figure"
fig, ax = plt.subplots(figsize=(8, 4.2))
for kind, marker, line, hatch in (
    ("decoder", "o", "-", "//"),
    ("encoder_decoder", "s", "--", ".."),
):
    ax.plot(*spent[kind], marker, markevery=1, label=names[kind])
    law_of = T(ja=f"{names[kind]}の式", zh_tw=f"{names[kind]}的式子")
    ax.plot(at, laws[kind](at), line, color="black", marker="", label=law_of)
    band_of = T(ja=f"{names[kind]}の90%の範囲", zh_tw=f"{names[kind]}的 90% 範圍")
    ax.fill_between(at, *bands[kind], alpha=0.2, hatch=hatch, color="grey", label=band_of)
ax.set(
    xscale="log",
    xlabel=T(ja="学習の計算量（FLOPs）", zh_tw="訓練的運算量（FLOPs）"),
    ylabel=T(ja="損失（ナット／文字）", zh_tw="損失（nat／字元）"),
)
ax.legend()
listed = "。".join(
    f"{names[kind]} " + "、".join(f"{x:.2g} {y:.2f}" for x, y in zip(*spent[kind]))
    for kind in scaling.KINDS
)
figures.show(
    fig,
    T(
        ja=f"横軸は計算量（対数目盛り）、縦軸は損失です。実線と斜線はデコーダー、破線と点々はエンコーダー・デコーダーの式と90%の範囲です。範囲は、式の不確かさで、点の散らばりではありません。計算量と損失：{listed}。",
        zh_tw=f"橫軸是運算量（對數刻度），縱軸是損失。實線與斜線是 decoder-only，虛線與點是編碼器－解碼器的式子與 90% 的範圍。範圍是曲線的不確定性，不是資料點的分散。運算量與損失：{listed}。",
    ),
)

# %% key="both-gap" hide=true
print(
    T(
        ja=f"差（エンコーダー・デコーダー − デコーダー）：{gap:+.2f}　範囲が重なる割合：{overlap:.2f}",
        zh_tw=f"差（編碼器－解碼器 − decoder-only）：{gap:+.2f}　範圍重疊的比例：{overlap:.2f}",
    )
)


# %% key="both-blocks"
def listed_run(name, found):
    each = "、".join(f"{run['loss']:.2f}" for run in found)
    return [name, f"{found[0]['parameters']:,}", f"{found[0]['flops']:.2e}", each]


blocks = results.load("blocks")["runs"]
same_blocks = {
    "encoder_decoder_of_blocks": T(
        ja="同じ部品のエンコーダー・デコーダー", zh_tw="同樣零件的編碼器－解碼器"
    ),
    "rotary_of_blocks": T(ja="同じ（交差注意にも位置あり）", zh_tw="同上（交叉注意力也帶位置）"),
}
made_of = {"decoder": (64, "Llama"), "encoder_decoder": (40, "T5")}
rows = [
    listed_run(f"{names[kind]}（{parts}）", [r for r in runs[kind] if r["width"] == width])
    for kind, (width, parts) in made_of.items()
]
gaps = []
for wiring, name in same_blocks.items():
    found = [run for run in blocks if (run["model"], run["product"]) == (wiring, 0.8)]
    rows.append(listed_run(name, found))
    gaps.append(np.mean([r["loss"] for r in found]) - laws["decoder"](found[0]["flops"]))
show.tabulate(
    T(
        ja="モデル|パラメータ|FLOPs|損失（シードごと）",
        zh_tw="模型|參數|FLOPs|損失（各個亂數種子）",
    ),
    rows,
)

# %% key="both-claim"
per_parameter = {
    kind: np.mean([r["flops"] / r["parameters"] for r in runs[kind]]) for kind in scaling.KINDS
}
fall = {kind: np.ptp([r["loss"] for r in runs[kind] if r["seed"] == 0]) for kind in scaling.KINDS}
claims.check(
    "C17",
    {
        "decoder_fall": fall["decoder"],
        "encoder_decoder_fall": fall["encoder_decoder"],
        "flops_ratio": per_parameter["encoder_decoder"] / per_parameter["decoder"],
        "taught_ratio": runs["encoder_decoder"][0]["taught"] / runs["decoder"][0]["taught"],
        "gap": gap,
        "overlap": overlap,
        "width": float((highs - lows).mean()),
        "gap_blocks": float(min(gaps)),
    },
)

# %% [markdown] key="both-after" lang="ja"
# この実験では、どちらの型も大きくすると損失が下がり、だんだん鈍りました。同じ計算量では、デコーダーの損失が約0.2ナット低く、90%の範囲も重なりません。つまり、この条件では、デコーダーのほうが効率よく学びました。
#
# LlamaとT5では、部品（位置の表し方、活性化関数、正規化）も違います。そこで、Llamaと同じ部品だけで作ったエンコーダー・デコーダーも学習させました（表の下の2行。学習率はT5で最も良かった値。`python -m helpers.results.blocks`で作り直せます）。差はほとんど縮まりませんでした。学習率を半分にした記録（シード0だけ）でも、上の行のモデルは1.54のまま、下の行のモデルは1.49から1.48になっただけです。部品の違いが主な原因ではなさそうです。ただし、ほかの違いはそろえられていません。
#
# - 損失の付く文字と計算量はそろえたが、読んだ文章の量は違う。エンコーダー・デコーダーは2倍の窓を読み、同じ文章を約8回読んだ（デコーダーは約4回）
# - デコーダーは、文脈が短い所でも学ぶ。採点は、どちらも64文字を読んだあとの部分だけで行った
# - 最初の重みの大きさは、デコーダーでは探して決めた。ライブラリの値のままだと、幅64で約0.4ナット悪くなる。T5は、ライブラリの値のまま（半分の値では悪くなった）
# - 両側の層の配分は2層ずつだけ。6節のGhorbaniほかによると、合計の大きさだけでは損失は決まらない
# - いちばん大きいエンコーダー・デコーダーは、1つ小さいものとほとんど変わらない。ステップ数が足りない可能性がある
#
# もう1つ大事なのは、損失はゼロショットの性能ではないということです。「続きを当てる」学習の効率では、6節で紹介する大規模な研究も、デコーダー型がやや有利だと報告しています。しかし、使うときの良さは別に測る必要があります。

# %% [markdown] key="both-after" lang="zh-tw"
# 在這個實驗裡，不論哪一種架構，變大時損失都會下降，而且越來越慢。運算量相同時，decoder-only 的損失低了大約 0.2 nat，90% 的範圍也沒有重疊。也就是說，在這些條件下，decoder-only 學得比較有效率。
#
# Llama 和 T5 連零件（位置的表示方式、啟動函數、正規化）都不同。所以又訓練了只用 Llama 的零件組成的編碼器－解碼器（表的最後 2 列；學習率用 T5 最好的那個值；用 `python -m helpers.results.blocks` 可以重做）。差距幾乎沒有縮小。把學習率減半的紀錄（只有亂數種子 0）裡，上面那一列還是 1.54，下面那一列也只從 1.49 變成 1.48。看來零件不同並不是主要原因。不過，還有其他差別沒能控制成一樣。
#
# - 算進損失的字元數和運算量相同，但讀過的文章量不同：編碼器－解碼器讀了 2 倍的視窗，同樣的文章大約讀了 8 遍（decoder-only 約 4 遍）
# - decoder-only 連上下文很短的地方也會學到；評分時則都只看讀完 64 個字元之後的部分
# - decoder-only 的權重初始值，大小是試出來的：照套件的預設值，寬度 64 時會差大約 0.4 nat。T5 則照套件的預設值（改成一半時變差）
# - 兩邊都只試了 2 層。根據第 6 節 Ghorbani 等人的研究，只看總大小無法決定損失
# - 最大的編碼器－解碼器，和小一號的幾乎沒有差別，可能是步數不夠
#
# 還有一點很重要：損失並不等於零樣本的表現。就「猜後續」的訓練效率來說，第 6 節介紹的大規模研究也報告 decoder-only 略為有利；但實際使用時好不好，要另外測量。

# %% [markdown] key="published" lang="ja"
# ## 6. 公表されているスケーリング則
#
# 大規模な実験の結果も、表にしておきます。係数は、論文に書かれた値です（ファイル`history.toml`に、出典と調べた日があります）。HoffmannほかとBesirogluほかの式は、次の形をしています。$N$ はパラメータ数、$D$ は学習のトークン数です。
#
# $$L(N, D) = E + \frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}}$$

# %% [markdown] key="published" lang="zh-tw"
# ## 6. 公開發表的規模定律
#
# 也把大規模實驗的結果整理成表。係數是論文裡寫的值（檔案 `history.toml` 裡有出處和查閱日期）。Hoffmann 等人和 Besiroglu 等人的式子是下面的形式，$N$ 是參數個數，$D$ 是訓練的詞元數。
#
# $$L(N, D) = E + \frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}}$$

# %% key="published-code" hide=true
history = scaling.published()
rows = []
for entry in history["law"]:
    floor = f"{entry['floor']:.2f}" if "floor" in entry else "-"
    exponents = [f"{entry['alpha']:.3f}", f"{entry['beta']:.3f}"]
    rows.append([entry["date"], entry["name"], floor, *exponents, entry["source"]])
show.tabulate(T(ja="年月|論文|下限E|α|β|出典", zh_tw="年月|論文|下限 E|α|β|出處"), rows)
print(T(ja=f"調べた日：{history['read_on']}", zh_tw=f"查閱日期：{history['read_on']}"))

# %% [markdown] key="published-after" lang="ja"
# Kaplanほか（2020）は、埋め込みを除いた $N$ を使い、$N$ だけの式と $D$ だけの式を、下限なしで別々に当てはめました。Hoffmannほか（2022）は下限のある式を使い、「モデルとデータは同じ割合で増やすのがよい」と結論を改めました。そのHoffmannほかが使った3通りの推定方法の3つ目も、Besirogluほか（2024）が追試して、係数と信頼区間に問題があると指摘しました。同じ「法則」でも、係数は当てはめ方と範囲で変わります。
#
# このレッスンの指数を、これらと直接は比べられません。文字を1トークンとし、データは約40万文字だけで、同じ文章を何度も読み、モデルの大きさも、最大のものどうしで数千分の1以下だからです。
#
# 大事なのは、表の3つの式が、どれもデコーダー型だけに当てはめたものだということです。ほかの型より優れていることを示す式ではありません。エンコーダー・デコーダーにも、スケーリング則の研究があります。また、型を比べた研究では、結論が条件で変わります。
#
# - Ghorbaniほか（2021）の要旨：機械翻訳のエンコーダー・デコーダーの損失は、エンコーダーの大きさとデコーダーの大きさの2つで決まる式に従う。指数は両側で異なり、パラメータの合計だけでは予測できない
# - Wangほか（2022）の要旨：教師なしの事前学習だけなら、因果デコーダーのゼロショット性能が最も強い。しかし、入力の全体が見えるモデルをマスク言語モデルで学習し、多くのタスクでファインチューニングすると、実験の中で最も良い
# - Zhangほか（2025、RedLLM）の要旨：事前学習の計算量ではデコーダー型のほうが効率がよい。エンコーダー・デコーダーも同じようにスケールし、指示チューニング（いろいろな指示と答えの例で、さらに学習すること）のあとは同等以上で、文章を生成するときの効率がかなり良い。主流の交代は「厳密な比較分析のないまま」起きた。本文の6節（公開された抜粋で確認）：事前学習だけの段階では、予測の良さ（perplexity）が同じくらいでも、ゼロショットとフューショットの成績はデコーダー型のほうが良い。著者は、能力の差ではなく、学習の目的と評価の形がよく合うことが主な原因だと推測している（確かめられてはいない）

# %% [markdown] key="published-after" lang="zh-tw"
# Kaplan 等人（2020）使用不含嵌入的 $N$，分別擬合只有 $N$ 的式子和只有 $D$ 的式子，都沒有下限。Hoffmann 等人（2022）使用有下限的式子，把結論改成「模型和資料最好以相同的比例增加」。而 Hoffmann 等人用的 3 種估計方法裡的第 3 種，Besiroglu 等人（2024）重做之後，又指出係數和信賴區間有問題。同樣叫做「定律」，係數會隨擬合的方法和範圍而變。
#
# 這一課的指數，不能直接和它們比較：這裡一個字元就是一個詞元，資料只有大約 40 萬個字元，同樣的文章讀了好幾遍，最大的模型也只有論文裡最大模型的幾千分之 1，甚至更小。
#
# 重要的是，表裡的 3 個式子全都只用 decoder-only 模型擬合，並不能說明它比其他架構好。編碼器－解碼器也有規模定律的研究；而比較過不同架構的研究，結論會隨條件改變。
#
# - Ghorbani 等人（2021）的摘要：機器翻譯的編碼器－解碼器，損失由編碼器和解碼器這 2 個大小共同決定；兩邊的指數不同，只看參數總數無法預測
# - Wang 等人（2022）的摘要：如果只做非監督式的預訓練，因果解碼器的零樣本表現最強；但是，看得到整個輸入的模型先用遮罩語言模型訓練，再用許多任務微調，則是他們實驗裡最好的
# - Zhang 等人（2025，RedLLM）的摘要：就預訓練的運算量而言，decoder-only 比較有效率；編碼器－解碼器變大時，進步的幅度也差不多，指令微調（用各種指令和回答的範例再訓練）之後表現相當或更好，推論的效率也好得多。主流換成 decoder-only 時，「沒有經過嚴謹的比較分析」。論文第 6 節（從公開的摘錄確認）：只做完預訓練時，就算預測的準確程度（perplexity）差不多，零樣本和少樣本的表現也是 decoder-only 比較好。作者推測，主要原因不是能力的差別，而是訓練目標和評測的形式比較吻合（尚未驗證）

# %% [markdown] key="emerge" lang="ja"
# ## 7. 創発：なめらかな変化が、急に見えるとき
#
# 小さなモデルにはない能力が、大きなモデルに現れると報告されています。これを、創発的能力（emergent ability）と呼びます（Wei et al. 2022）。その能力は、小さなモデルの成績を延ばしても予測できないとされました。
#
# 4節と同じモデルを、2つの測り方で採点してみましょう。どちらも、文字ごとに、それまでの正しい文章を見せて次の文字を当てさせます。
#
# - 文字ごとの正解率 $p$
# - $k$ 文字が続けて全部正しい割合（完全一致率）
#
# もし文字ごとの正誤が独立なら、完全一致率は $p^k$ です。
#
# 予想：いちばん大きいデコーダーの $p$ は約0.64です。8文字続けて正しい割合は、いくつでしょうか。

# %% [markdown] key="emerge" lang="zh-tw"
# ## 7. 湧現：平滑的變化，什麼時候看起來很突然？
#
# 據報告，有些能力小模型沒有，大模型才出現，稱為湧現能力（emergent ability，Wei et al. 2022）；而且把小模型的成績往外延伸，也預測不到。
#
# 用 2 種方式替第 4 節的同一批模型評分。不論哪一種，每個字元都是給了前面的正確文字之後才猜。
#
# - 每個字元的正確率 $p$
# - 連續 $k$ 個字元全部正確的比例（完全相符率）
#
# 如果每個字元的對錯互相獨立，完全相符率就是 $p^k$。
#
# 先猜猜看：最大的解碼器的 $p$ 約為 0.64。連續 8 個字元都正確的比例是多少？

# %% key="emerge-shares"
ladder = sorted({r["parameters"] for r in runs["decoder"]})
spans = (1, 2, 4, 8)
shares = np.zeros((len(ladder), len(spans)))
for row, size in enumerate(ladder):
    of_size = [r["exact"] for r in runs["decoder"] if r["parameters"] == size]
    shares[row] = np.mean([[exact[str(k)] for k in spans] for exact in of_size], axis=0)

# %% key="emerge-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

p = shares[:, 0]
predict.compare(guess, shares[-1, -1])

# %% key="emerge-figure"
fig, axes = plt.subplots(1, 2, figsize=(11, 3.9))
relative = {f"k = {k}": share / share[-1] for k, share in zip(spans, shares.T)}
x = T(ja="パラメータの数", zh_tw="參數個數")
y = T(ja="最大のモデルを1とした値", zh_tw="相對值（最大的模型 = 1）")
titles = {"x": T(ja="普通の目盛り", zh_tw="線性刻度"), "xy": T(ja="対数目盛り", zh_tw="對數刻度")}
for ax, (log, title) in zip(axes, titles.items()):
    charts.lines(ax, ladder, relative, markevery=1)
    charts.frame(ax, x, y, log=log, title=title)
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
rows = {f"{size:,}": row for size, row in zip(ladder, shares)}
listed = charts.listed(rows, ".4f", "：、。")
figures.show(
    fig,
    T(
        ja=f"同じモデルの、k文字が続けて正しい割合を、最大のモデルを1として描きました。左は普通の目盛り、右は対数目盛りです。kが大きいほど、左では小さいモデルの値が0に近く、途中から急に上がって見えます。もとの割合は、パラメータ数ごとに、k = 1、2、4、8の順に、{listed}。",
        zh_tw=f"同一批模型，連續 k 個字元正確的比例，以最大的模型為 1。左圖是線性刻度，右圖是對數刻度。k 越大，左圖裡小模型的值越接近 0，看起來就像中途突然上升。原本的比例，依參數個數列出 k = 1、2、4、8 的值：{listed}。",
    ),
)

# %% [markdown] key="emerge-after" lang="ja"
# モデルも、答えも同じです。変えたのは測り方だけです。文字ごとの正解率は、どの大きさでも0ではなく、少しずつ上がります。8文字の完全一致率は、小さいモデルではほとんど0で（最小のモデルでは、3回の学習を合わせて約16,000問のうち1問）、途中から急に上がります。対数目盛りで見ると、8文字の完全一致率も、小さいモデルのうちから上がり続けていることがわかります。
#
# では、急に見える値は、どこまで予測できるのでしょうか。ほかの5つの大きさの結果だけから、いちばん大きいモデルの値を予測します。決めることは2つあります。
#
# - 道筋：8文字の完全一致率を直接延ばすか、$p$ を延ばしてから完全一致率に直すか（$\log p^k = k \log p$ なので、2つの対数の関係はほぼ直線）
# - 延ばす目盛り：パラメータ数の対数に対して、値の対数を直線で延ばすか、ロジット（logit、$\log \frac{p}{1-p}$）を直線で延ばすか。対数の直線は、延ばすと1を超えうるが、ロジットなら0から1に収まる
#
# 予想：直接、対数で延ばした予測は、実測より高く外れます。どちらを変えると、より大きく実測に近づくでしょうか。`"a"`（道筋）、`"b"`（目盛り）、`"c"`（どちらもほとんど変わらない）から選びましょう。

# %% [markdown] key="emerge-after" lang="zh-tw"
# 模型一樣，答案也一樣，只有評分方式不同。每個字元的正確率，不管多小的模型都不是 0，而且一點一點上升。8 個字元的完全相符率，小模型幾乎是 0（最小的模型，3 次訓練合計約 16,000 題裡只對 1 題），到中途才突然上升。改用對數刻度，就看得出 8 個字元的完全相符率也是從小模型開始就一直在上升。
#
# 那麼，看起來突然的值，能預測到什麼程度？只用其他 5 種大小的結果，預測最大模型的值。要決定 2 件事。
#
# - 路徑：直接延伸 8 個字元的完全相符率，還是先延伸 $p$，再換算成完全相符率（因為 $\log p^k = k \log p$，兩個對數的關係幾乎是直線）
# - 延伸的尺度：對參數個數的對數，把值的對數用直線延伸，還是把 logit（$\log \frac{p}{1-p}$）用直線延伸。對數的直線延伸下去可能超過 1，logit 則會留在 0 到 1 之間
#
# 先猜猜看：直接用對數延伸的預測，會比實測高。改變哪一個，會讓預測更接近實測？`"a"`：路徑，`"b"`：尺度，`"c"`：都幾乎沒有影響。

# %% key="emerge-lines"
scales = {
    "log": (np.log, np.exp),
    "logit": (lambda share: np.log(share / (1 - share)), lambda y: 1 / (1 + np.exp(-y))),
}


def extended(x, y, to):
    #| ja: (x, y)に当てはめた直線の、toでの値
    #| zh-tw: 對 (x, y) 擬合的直線在 to 的值
    return float(np.polyval(np.polyfit(x, y, 1), to))


# %% key="emerge-foretold"
def foretold(seen, scale, first=0):
    #| ja: seenを延ばした、最大のモデルでの値。firstより小さいモデルは使わない
    #| zh-tw: 把 seen 延伸到最大的模型的值；不使用第 first 個以前的模型
    there, back = scales[scale]
    x, y = np.log(ladder[first:]), there(seen[first:])
    return float(back(extended(x[:-1], y[:-1], x[-1])))


def through_p(scale, first=0):
    used = slice(first, -1)
    there = math.log(foretold(p, scale, first))
    return math.exp(extended(np.log(p[used]), np.log(exact8[used]), there))


# %% key="emerge-predict"
#| ja: Noneを、予想した記号（"a"、"b"、"c"のどれか）に書き換える
#| zh-tw: 把 None 改成你猜的代號（"a"、"b"、"c" 之一）
guess = None

exact8 = shares[:, 3]
told = {
    (route, scale, first): value / exact8[-1]
    for scale in scales
    for first in (0, 1)
    for route, value in (
        ("direct", foretold(exact8, scale, first)),
        ("p", through_p(scale, first)),
    )
}
start = told["direct", "log", 0]
gains = {"a": start / told["p", "log", 0], "b": start / told["direct", "logit", 0], "c": 1.1}
options = {
    "a": T(ja="道筋", zh_tw="路徑"),
    "b": T(ja="目盛り", zh_tw="尺度"),
    "c": T(ja="どちらもほとんど変わらない", zh_tw="都幾乎沒有影響"),
}
predict.choose(guess, options, max(gains, key=gains.get))

# %% key="emerge-table"
names_of = {
    "direct": T(ja="完全一致率を直接", zh_tw="直接延伸完全相符率"),
    "p": T(ja="文字ごとの正解率pから", zh_tw="由每個字元的正確率 p"),
}
rows = [
    [name, *(f"{told[route, scale, first]:.1f}" for first in (0, 1) for scale in scales)]
    for route, name in names_of.items()
]
show.tabulate(
    T(
        ja="予測÷実測|対数|ロジット|対数（最小のモデルを除く）|ロジット（最小のモデルを除く）",
        zh_tw="預測÷實測|對數|logit|對數（不用最小的模型）|logit（不用最小的模型）",
    ),
    rows,
)

# %% key="emerge-scales" hide=true
by_scale = {scale: foretold(p, scale) for scale in scales}
together = exact8[-1] / p[-1] ** 8
print(
    T(
        ja=f"p：実測 {p[-1]:.3f}　予測は対数で {by_scale['log']:.3f}、ロジットで {by_scale['logit']:.3f}。8文字の完全一致率：実測 {exact8[-1]:.4f}はp^8の{together:.1f}倍",
        zh_tw=f"p：實測 {p[-1]:.3f}，對數的預測 {by_scale['log']:.3f}，logit 的預測 {by_scale['logit']:.3f}。8 個字元的完全相符率：實測 {exact8[-1]:.4f} 是 p^8 的 {together:.1f} 倍",
    )
)

# %% key="emerge-claim"
claims.check(
    "C18",
    {
        "largest_step": np.diff(p).max() / (p[-1] - p[0]),
        "smooth": p[-1] / p[0],
        "jump": exact8[-1] / exact8[0],
    },
)
claims.check(
    "C32",
    {
        "route": told["direct", "log", 0] / told["p", "log", 0],
        "link": told["p", "log", 0] / told["p", "logit", 0],
        "hit": told["direct", "log", 0] / told["direct", "log", 1],
        "closest": told["p", "logit", 0],
    },
)

# %% [markdown] key="emerge-explore" lang="ja"
# どの予測も高すぎました。道筋だけを変えても近づかず（8.4倍が8.7倍）、目盛りだけを変えると6.5倍、両方を変えると3.3倍です。最小のモデル（約16,000問のうち、偶然当たったとも考えられる1問）を除くだけでも、4.1倍になります。つまり、「$p$ を通せば予測できる」のではありません。目盛りの選び方と、たった1つの当たりで、予測は大きく動きます。どの選び方でも外れたのは、$p$ の伸びが、いちばん大きいモデルで鈍ったからです。急に見える値の予測が難しいのは、測り方だけでなく、もとの曲線の予測が外れるためでもあります。
#
# いちばん大きいモデルで、実測が $p^k$ より大きいのは、当てやすい所（語の途中など）では続けて当たるからでしょう。文字ごとの正誤は独立ではありません。
#
# 次のセルで、$k$ と目盛りを変えられます。棒は、大きさごとの $p^k$ です。対数目盛りでは、棒の長さが $10^{-4}$ から1までを表します。測り方を変えるだけで、同じモデルが「急に賢くなる」ように見えることを確かめましょう。

# %% [markdown] key="emerge-explore" lang="zh-tw"
# 預測全都偏高。只改變路徑並不會更接近（8.4 倍變成 8.7 倍），只改變尺度是 6.5 倍，一起改變是 3.3 倍。光是不用最小的模型（約 16,000 題裡只對 1 題，可能是湊巧），也會變成 4.1 倍。也就是說，並不是「經由 $p$ 就能預測」：尺度的選擇，以及那僅有的一次命中，就會讓預測差很多。不論怎麼選都不準，是因為到了最大的模型，$p$ 的成長變慢了。看起來突然的值難以預測，不只是因為評分方式，也因為原本的曲線就預測不準。
#
# 最大的模型實測比 $p^k$ 大，應該是因為容易猜的地方（例如單字的中間）會連續猜對：每個字元的對錯並不獨立。
#
# 在下面的儲存格，可以改變 $k$ 和刻度。長條是各種大小的 $p^k$；對數刻度時，長條的長度代表 $10^{-4}$ 到 1。確認看看：只要改變評分方式，同樣的模型就會看起來「突然變聰明」。

# %% key="emerge-explore-code"
from helpers.widgets import Check, Explorer, Range
from helpers.display.svg import Bar, bars

LOWEST = 4  # 10^-4


def draw(k, logarithmic):
    values = [float(share) ** k for share in p]
    heights = [max(0.0, 1 + math.log10(v) / LOWEST) if logarithmic else v for v in values]
    labels = [f"{size:,}" for size in ladder]
    title = T(ja="大きさごとのp^k", zh_tw="各種大小的 p^k")
    told = "、".join(f"{label} {value:.2g}" for label, value in zip(labels, values))
    sentence = T(ja=f"k = {k}のときのp^k：{told}", zh_tw=f"k = {k} 時的 p^k：{told}")
    return bars([Bar(*pair) for pair in zip(labels, heights)], title), sentence


Explorer(
    T(ja="測り方を変える", zh_tw="改變評分方式"),
    draw,
    Range(
        "k",
        T(ja="続けて当てる文字数k", zh_tw="要連續猜對的字元數 k"),
        [1, 2, 4, 8, 16, 32],
        value=4,
    ),
    Check("logarithmic", T(ja="対数目盛り", zh_tw="對數刻度"), False),
)

# %% [markdown] key="dispute" lang="ja"
# ### 3つの立場
#
# 創発については、2022年から2024年の論文のあいだで、意見が分かれています（2026年11月に調べました）。それぞれの主張は、断りがなければ、論文の要旨で確かめました。
#
# - Weiほか（2022）：小さいモデルになく、大きいモデルにある能力を創発的と呼び、多くの例を集めた。論文の表1の例は、半分近くが、少数の例を見せるフューショットで測ったもの
# - Schaefferほか（2023）：急に見えるのは、非線形または不連続な測り方を選んだためで、連続な測り方にしたり、統計の取り方を改善したりすると消える
# - Duほか（2024）：大きさではなく事前学習の損失で並べると、損失がある値を下回ったときに、測り方が連続かどうかにかかわらず、偶然の水準を超えるタスクがある
#
# この節の実験は、Schaefferほかの言う仕組みが「起こりうる」ことを示しただけです。「創発はすべて見かけだ」とは示していません。大きなモデルの推論能力を、この大きさのモデルで確かめることはできません。また、完全一致率が役に立たない値だというわけでもありません。使う人にとっては、「全部正しいかどうか」こそ大事な場合もあります。

# %% [markdown] key="dispute" lang="zh-tw"
# ### 3 種立場
#
# 關於湧現，2022 年到 2024 年的論文意見分歧（2026 年 11 月查閱）。各自的主張，沒有特別註明的，都從論文摘要確認過。
#
# - Wei 等人（2022）：把小模型沒有、大模型才有的能力稱為湧現，並蒐集了許多例子；論文表 1 的例子，將近一半是給幾個範例的少樣本（few-shot）測出來的
# - Schaeffer 等人（2023）：看起來突然，是因為選了非線性或不連續的評分方式；換成連續的評分方式，或用更好的統計，就會消失
# - Du 等人（2024）：不看大小，改看預訓練的損失，當損失低於某個值，不論評分方式是否連續，有些任務才會超過隨機水準
#
# 這一節的實驗，只說明 Schaeffer 等人所說的機制「有可能發生」，並沒有證明「湧現全都是假象」。大型模型的推理能力，用這麼小的模型無法驗證。另外，完全相符率也不是沒有用的數字：對使用的人來說，「是不是全部正確」往往才是重點。

# %% [markdown] key="cannot" lang="ja"
# ## 8. ここでは確かめられないこと
#
# 模範解答の「その規模がゼロショットの要約を可能にする」「小さなエンコーダー・デコーダーには個別のファインチューニングが必要」は、このコースの計算機では確かめられません。自然な文章を要約できる大きさのモデルも、人による評価も必要だからです。そこで、実際に調べた論文を読みます。
#
# Zhangほか（2024、TACL、arXiv:2301.13848）は、10個のLLMの要約を人が評価しました。要旨には次のようにあります。
#
# > First, we find instruction tuning, and not model size, is the key to the LLM's zero-shot summarization capability.
#
# 「ゼロショット要約の鍵は、モデルの大きさではなく、指示チューニングである」という意味です。この論文に従えば、模範解答の「規模」は、「指示チューニング」とするほうが正確です。ただし、ニュース記事の要約を、当時（最初の版は2023年1月）のモデルで調べた結果です。
#
# 模範解答のもう1つの主張（小さなエンコーダー・デコーダーには個別のファインチューニングが必要）は、大きなデコーダー型と小さなエンコーダー・デコーダーを比べています。大きさとチューニングの違いを、構造の違いとして語っているのです。6節のRedLLMのように大きさと学習データをそろえると、ゼロショットの成績は、事前学習だけの段階ではデコーダー型が上で、指示チューニング後のエンコーダー・デコーダーは同等以上でした。

# %% [markdown] key="cannot" lang="zh-tw"
# ## 8. 在這裡無法驗證的事
#
# 參考答案說「這樣的規模讓零樣本摘要成為可能」、「較小的編碼器－解碼器需要個別微調」。這兩點用這門課的電腦無法驗證：既需要大到能替自然文章做摘要的模型，也需要由人來評分。所以改讀實際調查過的論文。
#
# Zhang 等人（2024，TACL，arXiv:2301.13848）請人評比了 10 個 LLM 的摘要。論文摘要寫道：
#
# > First, we find instruction tuning, and not model size, is the key to the LLM's zero-shot summarization capability.
#
# 意思是：「零樣本摘要的關鍵，不是模型的大小，而是指令微調」。依照這篇論文，參考答案裡的「規模」說成「指令微調」比較準確。不過，這是用當時的模型（第一版是 2023 年 1 月）做新聞摘要得到的結果。
#
# 參考答案的另一個說法（較小的編碼器－解碼器需要個別微調），拿大的 decoder-only 和小的編碼器－解碼器相比，是把大小和微調的差別，說成了架構的差別。像第 6 節的 RedLLM 那樣，大小和訓練資料都相同時，只做預訓練的話，零樣本是 decoder-only 比較好；指令微調後，編碼器－解碼器的表現相當或更好。

# %% [markdown] key="timeline" lang="ja"
# ## 9. 何がいつ起きたか
#
# 「業界がデコーダー型に集約した」という主張は、日付を付けて読む必要があります。次の表は、出典のある出来事だけを並べたものです。デコーダー型のモデルは数が多いので、1つだけ載せました。

# %% [markdown] key="timeline" lang="zh-tw"
# ## 9. 什麼時候發生了什麼事
#
# 「業界集中於解碼器」這個說法，要加上日期來讀。下表只列出有出處的事件。decoder-only 的模型太多，只列 1 個。

# %% key="timeline-code" hide=true
kinds = {
    "encoder": T(ja="エンコーダー型", zh_tw="encoder-only"),
    "decoder": T(ja="デコーダー型", zh_tw="decoder-only"),
    "encoder_decoder": T(ja="エンコーダー・デコーダー型", zh_tw="編碼器－解碼器"),
    "study": T(ja="型やスケーリングの研究", zh_tw="架構或規模定律的研究"),
    "diffusion": T(ja="拡散言語モデル（双方向）", zh_tw="擴散語言模型（雙向）"),
    "software": T(ja="推論実行用のソフトウェア", zh_tw="推論用的軟體"),
}
rows = [[e["date"], e["name"], kinds[e["kind"]], e["source"]] for e in history["event"]]
show.tabulate(T(ja="年月|名前|種類|出典", zh_tw="年月|名稱|種類|出處"), rows)
print(T(ja=f"調べた日：{history['read_on']}", zh_tw=f"查閱日期：{history['read_on']}"))

# %% key="timeline-models" hide=true
from transformers import __version__ as installed
from transformers.models.auto import modeling_auto

causal = set(modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
masked = set(modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES)
pairs = set(modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES)
families = {"encoder": masked - pairs, "decoder": causal - masked - pairs, "encoder_decoder": pairs}
for kind, found in families.items():
    print(f"transformers {installed}: {kinds[kind]} {len(found)}")

# %% key="timeline-claim"
total = sum(map(len, families.values()))
claims.check(
    "C16",
    {
        "decoders": len(families["decoder"]) / total,
        "others": total - len(families["decoder"]),
    },
)

# %% [markdown] key="timeline-after" lang="ja"
# 汎用のLLMでは、デコーダー型が主流です。RedLLMの論文も「現在主流のデコーダー型」と書いています。インストールされている`transformers`のモデルの種類を数えても、デコーダー型がいちばん多くなります（使われている量を数えたわけではありません）。しかし、検索や分類では新しいエンコーダー型（ModernBERT）が、要約や翻訳などを想定した新しいエンコーダー・デコーダー型（T5Gemma）が、その後も公開されました。
#
# ソフトウェアの事情もあります。推論実行用のソフトウェアvLLMは、2025年9月にエンコーダー・デコーダー（Whisperを除く）の対応を外し、2026年2月にはBARTを別のプラグインとして案内するようになりました。一方、2023年からT5に対応していたTensorRT-LLMは、新しいPyTorch版にも、T5とBARTへの対応を加えました（変更の提案は2026年5月）。元のページの課題には「最適化が複雑」という理由も出てきますが（レッスン08）、それは構造の優劣ではなく、その時のソフトウェアの状態です。日付とともに変わります。
#
# 主流になった理由は、1つに決められません。少なくとも、次の3つは分けて考えましょう。
#
# - 測れたこと：損失の付くトークンの割合、1つの形で多くのタスクができること
# - 論文が述べているが、条件しだいのこと：事前学習での計算効率、ゼロショット性能
# - 構造と関係のないこと：モデルの大きさ、データ、指示チューニング、ソフトウェア

# %% [markdown] key="timeline-after" lang="zh-tw"
# 通用的 LLM 的確以 decoder-only 為主流，RedLLM 的論文也寫著「目前主流的 decoder-only」。數一數已安裝的 `transformers` 裡的模型種類，也是 decoder-only 最多（這不是使用量）。但在檢索和分類方面，後來仍有新的編碼器（ModernBERT）公開；著眼於摘要和翻譯，也有新的編碼器－解碼器（T5Gemma）公開。
#
# 軟體也有影響。推論引擎 vLLM 在 2025 年 9 月移除了編碼器－解碼器的支援（只留下 Whisper），2026 年 2 月又在文件裡介紹了支援 BART 的外掛；另一方面，TensorRT-LLM 從 2023 年就支援 T5，新的 PyTorch 版也加入了 T5 和 BART 的支援（變更在 2026 年 5 月提出）。原網頁的挑戰題也提到「最佳化很複雜」這個理由（第 08 課），但那說的不是架構的優劣，而是當時軟體的狀態，會隨日期改變。
#
# 成為主流的原因，無法歸結成一個。至少要把下面 3 類分開來想。
#
# - 測得到的：算進損失的詞元比例、用一種形式就能做許多任務
# - 論文提到、但要看條件的：預訓練的運算效率、零樣本的表現
# - 和架構無關的：模型的大小、資料、指令微調、軟體

# %% [markdown] key="summary" lang="ja"
# ## 10. まとめ
#
# | 元のページの主張 | 実験でわかったこと |
# |---|---|
# | 業界はデコーダー型に集約した | 汎用LLMでは正しい。検索や分類、翻訳などでは、ほかの型も新しく公開されている |
# | 優れたスケーリング則によるもの | よく引かれる3つの法則は、デコーダー型だけに当てはめたもので、根拠にならない。この実験では、同じ計算量でデコーダーの損失が約0.2ナット低かった。ゼロショットは、事前学習だけならデコーダー型が上だという大規模な比較がある（Wangほか、RedLLM）。多くのタスクや指示でチューニングしたあとは、そうとは限らない |
# | 予測しやすい（Scaling Laws） | 損失は、測った範囲の近くなら予測できる。ここでは0.10ナットほど楽観的に外れた。下限は1つに決まらず、遠くの予測は不確か |
# | 創発的な推論能力（emergent abilities） | 報告はあるが、意見が分かれている。測り方で急に見えることがある。推論能力は、ここでは確かめられない |
# | 規模がゼロショット要約を可能にする | ここでは確かめられない。指示チューニングが鍵だとする論文がある |
# | BERT型からGPT型に移った理由（答えなし） | 測れた違いは、損失の付くトークンの割合と、続きを書く1つの形。それが理由だったとまでは言えない。エンコーダー型が劣るのではない |

# %% [markdown] key="summary" lang="zh-tw"
# ## 10. 整理
#
# | 原網頁的說法 | 我們實測的結果 |
# |---|---|
# | 業界集中於解碼器（decoder-only） | 就通用 LLM 來說正確；檢索、分類、翻譯等方面，仍有其他架構的新模型公開 |
# | 因為更優越的擴展法則 | 常被引用的 3 個定律只用 decoder-only 擬合，不能當作根據。在這個實驗裡，運算量相同時 decoder-only 的損失低了約 0.2 nat。零樣本方面，有大規模的比較指出只做預訓練時 decoder-only 比較好（Wang 等人、RedLLM）；用許多任務或指令微調之後，就不一定了 |
# | 進步很容易預測（Scaling Laws） | 損失在測量範圍附近可以預測；在這裡樂觀地偏了 0.10 nat 左右。下限無法確定，遠處的預測不確定 |
# | 湧現的推理能力（emergent abilities） | 有報告，但意見分歧。評分方式可能讓變化看起來很突然；推理能力在這裡無法驗證 |
# | 規模讓零樣本摘要成為可能 | 在這裡無法驗證；有論文認為關鍵是指令微調 |
# | 為什麼從 BERT 轉向 GPT（沒有附答案） | 量得到的差別是算進損失的詞元比例，以及「接著寫下去」的單一形式，但不能說這就是原因；編碼器並不是比較差 |

# %% [markdown] key="quiz-text" lang="ja"
# ## 11. 確認クイズ
#
# 元のページの問いも入っています。成績には関係しません。間違えた選択肢の説明も読んでみましょう。

# %% [markdown] key="quiz-text" lang="zh-tw"
# ## 11. 小測驗
#
# 原網頁的問題也在裡面。不列入成績。選錯的選項也有說明，不妨讀一讀。

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 12. 演習問題
#
# 続きは[演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)で練習しましょう。幅のある予測、同じ計算量で損失の付くトークンの数、完全一致率からの逆算を、自分で書きます。

# %% [markdown] key="next" lang="zh-tw"
# ## 12. 練習題
#
# 接著到[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)動手寫：帶有範圍的預測、相同運算量下算進損失的詞元數，以及從完全相符率反推。
