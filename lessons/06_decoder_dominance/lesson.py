# %% [markdown] key="title" lang="ja"
# # なぜデコーダー型が主流になったのか
#
# いまの汎用LLMの多くはデコーダー型ですが、それはほかの型より優れているからでしょうか。このレッスンでは、よく挙げられる理由を1つずつ実験にかけ、測って確かめられるものと条件しだいのものに分けます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | 同じ計算量で型を比べ、大きいモデルの損失を予測し、能力がどこから来たかを調べられる |
# | 前提知識 | レッスン03〜05の内容、対数 |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |

# %% [markdown] key="title" lang="zh-tw"
# # 為什麼解碼器成為主流
#
# 目前的通用大型語言模型（LLM），大多只有解碼器，也就是 decoder-only 模型。這是因為它比其他架構好嗎？這一課把常聽到的理由一個一個拿來做實驗，分清楚哪些真的量得出來，哪些要看條件。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能用相同的運算量比較架構，能預測更大模型的損失，也能檢查能力是從哪裡來的 |
# | 先備知識 | 第 03～05 課的內容，以及對數 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |

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
from helpers.models import assistant, checkpoints, decoder, encoder, encoder_decoder
from helpers.models import scaling, training
from helpers.world import corpus, tokenizer

torch.set_num_threads(1)
figures.use(LANG)

# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# > 重要な洞察:デコーダーの優位性
# >
# > 業界は大きく、デコーダー専用アーキテクチャに集約しています。これは、ゼロショット状況での優れたスケーリング法則と発現する推論能力によるものです。
#
# 元のページの英語の解答例は、さらに3つを主張します。パラメータとデータを増やせば性能はほぼ予測どおりに上がり（highly predictable）、その規模が創発的能力（emergent abilities、上の「発現する」）を引き出すといいます。だから、小さなエンコーダー・デコーダーと違ってファインチューニングなしで要約できるというのです。

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# > 關鍵洞察:解碼器主導性
# >
# > 行業已大幅集中於僅解碼器架構,因其更優越的擴展法則與零樣本情境下的衍生推理能力。
#
# 原網頁的英文參考答案還多了三個說法：只要增加參數和資料，表現的進步就很容易預測（highly predictable）；這樣的規模帶來湧現能力（emergent abilities，也就是上面的「衍生」）；所以不必像較小的編碼器－解碼器那樣替每個任務微調，就能做摘要。

# %% [markdown] key="budget" lang="ja"
# ## 1. 同じ計算量で、いくつのトークンから学べるか
#
# 業界がBERT型からGPT型に移った理由として、まず学習の効率が挙げられます。レッスン03のBERTの学習に使った計算量（FLOPs）を予算とし、いくつのトークンから学べるかを数えます。
#
# ただし、損失を計算するトークン（以下「学習対象トークン」）は、読んだトークンのすべてではありません。BERTでは隠した部分（論文では15%、このコースでは40%）だけ、GPTでは先頭を除く全部、T5ではデコーダーが書く側だけです。
#
# 予想：同じ計算量で学習するとき、GPT-2の学習対象トークンは、15%を隠すBERTの何倍でしょうか。

# %% [markdown] key="budget" lang="zh-tw"
# ## 1. 相同的運算量，能從多少個詞元學習？
#
# 談到為什麼從 BERT 轉向 GPT，第一個常聽到的理由是訓練效率。那就以第 03 課訓練 BERT 所用的運算量（FLOPs）為預算，數一數模型能從多少個詞元學到東西。
#
# 不過，讀進去的詞元不是每個都會算進損失。BERT 只算遮住的部分，GPT 除了開頭全部都算，T5 只算解碼器要寫的那一邊。BERT 的論文遮住 15%，這門課的 BERT 則遮住 40%。
#
# 預測：用相同的運算量訓練，GPT-2 算進損失的詞元數，是遮住 15% 的 BERT 的幾倍？

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
    #| ja: 学習対象トークンの数と、読み書きしたトークンの数
    #| zh-tw: 算進損失的詞元數，和讀寫的詞元數
    labels, read = batch["labels"], int(batch["attention_mask"].sum())
    if "GPT2" in type(model).__name__:
        labels = labels[:, 1:]
    taught = int((labels != -100).sum())
    return taught, read + taught * model.config.is_encoder_decoder


# %% key="budget-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
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

# %% key="budget-table" hide=true
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

show.tabulate(
    T(
        ja="モデル|パラメータ|1ステップのMFLOPs|予算内で実行できるステップ数|学習対象トークン（単位：100万）|全トークンに占める割合",
        zh_tw="模型|參數|1 步的 MFLOPs|同樣運算量可訓練的步數|算進損失的詞元（單位：100 萬）|占全部詞元的比例",
    ),
    lines,
)

# %% [markdown] key="budget-after" lang="ja"
# GPT-2は約7.6倍の学習対象トークンを得ました。BERTは、損失のないトークンも計算するからです（$1 \div 0.15 \approx 6.7$ より大きいのは、主に特殊トークンを隠さないため）。出力層を隠したトークンだけで計算しても、約6.4倍です。
#
# これは確かな利点ですが、構造ではなく、何を予測させるか（目的関数）の違いです。エンコーダー型にもすべてのトークンで学ぶ方法があります（ELECTRA、2020年）。1トークンの損失から得られる情報も異なるので、7.6倍賢くなるとは言えません。

# %% [markdown] key="budget-after" lang="zh-tw"
# GPT-2 算進損失的詞元大約是 7.6 倍，因為 BERT 連沒有遮住的詞元也要計算，那裡卻沒有損失（比 $1 \div 0.15 \approx 6.7$ 還多，主要是因為特殊詞元不會遮住）。就算輸出層只計算遮住的詞元，仍有大約 6.4 倍。
#
# 這確實是「預測下一個詞元」的優點。不過，差別不在架構，而在拿什麼當訓練目標（目標函數）：編碼器也有辦法讓每個詞元都算進損失（ELECTRA，2020 年）。而且 BERT 看了前後文才回答，同樣是一個詞元的損失，帶來的資訊並不相同，所以不能說聰明 7.6 倍。

# %% [markdown] key="able" lang="ja"
# ## 2. 新しいヘッドなしで、何ができるか
#
# 次の理由は使い道の広さなので、新しい出力層（ヘッド）を付けずに仕事をさせましょう。GPT-2が書いた文は9割以上が文法に合いましたが（レッスン04）、BERTならどうでしょうか。
#
# BERTは文の長さを決められないので、正しい文の文字数と同じ数の`[MASK]`を並べ、左から順に、BERTの確率に従って1つずつ選びます。
#
# 予想：BERTが書いた文のうち、文法に合う割合はいくつでしょうか（0〜1）。

# %% [markdown] key="able" lang="zh-tw"
# ## 2. 不加新的輸出層，能做什麼？
#
# 下一個理由是用途廣。這裡不接新的輸出層，直接請訓練好的模型做事。GPT-2 寫的句子有 9 成以上符合文法（第 04 課）；那麼，請 BERT 寫句子會怎樣？
#
# BERT 不會決定句子的長度，所以先照正確的句子的字數排好 `[MASK]`，再從左邊開始，照 BERT 給的機率一次抽 1 個字填進去。
#
# 預測：BERT 寫的句子裡，符合文法的比例是多少（0～1）？

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
#| zh-tw: 把 None 改成你預測的數字
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

# %% key="able-blank" hide=true
#| ja: 空欄の正解率は、レッスン03と04のモデルの記録から
#| zh-tw: 填空的正確率取自第 03、04 課的模型的紀錄
right = [" ".join(cell) for cell in corpus.cells("right")]
card = checkpoints.card()
blank = {
    name: np.mean([card[name]["as_shipped"]["cells"][cell] for cell in right])
    for name in ("encoder", "decoder")
}
for name, texts in (("BERT ", by_bert), ("GPT-2", by_gpt)):
    print(name, *texts[::40])
write_row = T(ja="文を書く（文法に合う割合）", zh_tw="寫句子（符合文法的比例）")
blank_row = T(ja="右に手がかりがある空欄（1回の計算）", zh_tw="線索在右邊的空格（單次前向計算）")
rows = [
    [write_row, f"{valid['BERT']:.2f}", f"{valid['GPT-2']:.2f}"],
    [blank_row, f"{blank['encoder']:.2f}", f"{blank['decoder']:.2f}"],
]
show.tabulate(T(ja="タスク|BERT|GPT-2", zh_tw="任務|BERT|GPT-2"), rows)

# %% key="able-claim" hide=true
claims.check(
    "C22",
    {
        "share_bert": share["BERT 15%"],
        "share_gpt": share["GPT-2"],
        "valid_bert": valid["BERT"],
        "valid_gpt": valid["GPT-2"],
        "valid_gap": valid["GPT-2"] - valid["BERT"],
        "lengths_bert": np.mean(np.sort([*map(len, by_bert)]) == np.sort([*map(len, true)])),
        "blank_bert": blank["encoder"],
        "blank_gpt": blank["decoder"],
    },
)

# %% [markdown] key="able-after" lang="ja"
# 書く仕事ではGPT-2が、右に手がかりがある空欄を1回で埋める仕事ではBERTが大きく上回りました。BERTは文字の6割が見えている文でしか学習しておらず、GPT-2は空欄の右側の手がかりを1回の計算では使えないからです。優劣ではなく、学習した仕事の違いです。
#
# それでも「続きを書く」形は便利です。翻訳もラベルの予測も続きとして書けば1つのモデルで済みます。では、学習しなかった頼みごとはどうでしょうか。

# %% [markdown] key="able-after" lang="zh-tw"
# 寫句子是 GPT-2 大勝；線索在右邊的空格，只計算 1 次就要填好，則是 BERT 大勝。BERT 訓練時，平均有 6 成的字看得見，全部遮住的句子它從沒看過；反過來，GPT-2 只算一次的話，用不到空格右邊的線索。所以並不是誰比較差，而是練習的工作不同。
#
# 不過，對話時沒辦法預先知道對方會要求什麼，「接下去寫」這種形式就很方便：翻譯也好、回答標籤也好，都當成後續寫出來，一個模型就夠了。那麼，如果要求它做沒訓練過的事呢？

# %% [markdown] key="never" lang="ja"
# ## 3. 一度も見なかった組み合わせ
#
# 学習していないタスクを例も見せずに頼むことをゼロショット（zero-shot）と呼び、デコーダー型の長所とされます。「続きを書く」形でさえあれば、できるでしょうか。
#
# そこで、4層のデコーダーにレッスン05の4つのタスクを学習させました。頼む言葉はお話の言語によらず「要約：」や「気分：」で、「台湾華語のお話の要約」だけは見せていません。部品はすべて教えてあり、「要約：」は日本語のお話で、台湾華語のお話は「気分：」の問題で、要約の文は翻訳の問題で学んでいます。
#
# 予想：台湾華語のお話の要約を、台湾華語で正しく書ける割合はいくつでしょうか（0〜1）。

# %% [markdown] key="never" lang="zh-tw"
# ## 3. 從沒看過的組合
#
# 不給例子，直接要求模型做沒訓練過的事，叫做零樣本（zero-shot）。大家常說這是 decoder-only 的長處。只要用「接下去寫」的形式，就做得到嗎？
#
# 這裡拿一個 4 層的解碼器，訓練它做第 05 課的四種任務。不論故事是哪一種語言，提示都寫成日文的「要約：」（摘要）、「気分：」（心情）等，只有「台灣華語故事的摘要」故意不放進訓練資料。不過，零件全都教過：「要約：」在日文故事裡學過，台灣華語的故事在問心情的題目裡讀過，摘要的句子本身也在翻譯題裡寫過。新的只有組合。
#
# 預測：它用台灣華語替台灣華語的故事寫摘要，正確的比例是多少（0～1）？

# %% key="never-code"
prompted = results.load("prompted")["runs"]


def by_seed(is_right):
    #| ja: 3つのシードの、見せなかった問題での割合
    #| zh-tw: 三個亂數種子，在沒看過的題目上的比例
    return [np.mean([is_right(pair) for pair in run["withheld"]]) for run in prompted]


#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

never = by_seed(lambda pair: pair["answer"] == pair["target"])
predict.compare(guess, np.mean(never))

# %% key="never-answers" hide=true
translated = by_seed(lambda pair: pair["translated"] == pair["target"])
japanese, moods = (
    [run["exact"][key] for run in prompted] for key in ("summary ja", "sentiment zh-tw")
)
tried = {
    T(ja="日本語のお話の要約", zh_tw="替日文故事做摘要"): japanese,
    T(ja="台湾華語のお話の気分", zh_tw="回答台灣華語故事的心情"): moods,
    T(ja="日本語の要約を台湾華語に翻訳", zh_tw="把日文摘要翻譯成台灣華語"): translated,
    T(ja="見せなかった：台湾華語のお話の要約", zh_tw="沒看過：替台灣華語故事做摘要"): never,
}
assert min(*japanese, *moods, *translated) > 0.9 and max(never) < 0.1
seed = T(ja="シード", zh_tw="亂數種子 ")
header = [T(ja="頼んだこと", zh_tw="要求"), *(f"{seed}{run['seed']}" for run in prompted)]
show.tabulate(header, [[name, *(f"{x:.2f}" for x in shares)] for name, shares in tried.items()])
print(T(ja="見せなかった要約への答えの例", zh_tw="沒看過的摘要，回答的例子"))
for run in prompted:
    told = " / ".join(pair["answer"] for pair in run["withheld"][5:9])
    print(f"{seed}{run['seed']}", told)

# %% [markdown] key="never-after" lang="ja"
# 学習した組み合わせはほぼ満点で、要約と同じ文も翻訳として頼めばすべて書けました。ところが、見せなかった組み合わせの正解率はどのシードでも0です。学習では、「要約：」の答えはいつも日本語で、台湾華語のお話の答えはいつも気分でした。そう覚えても損失は増えません。上の答えの例も、気分のラベルか日本語の文（の断片）で、2つの規則のどちらかに従っています。
#
# つまり、「デコーダー型だからゼロショットができる」とは言えません。何を学べば答えられるのかは、7節で調べます。

# %% [markdown] key="never-after" lang="zh-tw"
# 學過的組合幾乎滿分；就連要寫的摘要本身，當成翻譯來要求也全都寫得出來。可是沒看過的組合，不論哪個亂數種子，正確率都是 0。訓練時，「要約：」的答案一直是日文，台灣華語故事的答案一直是心情；這樣記並不會增加損失。上面的回答也都是心情的標籤，或是日文的句子（片段），符合兩條規則的其中一條。
#
# 所以，不能說「因為是解碼器，就能做零樣本」。要學什麼才能回應要求，第 7 節再來研究。

# %% [markdown] key="scale" lang="ja"
# ## 4. スケーリング：大きいモデルの損失を予測する
#
# 解答例の「ほぼ予測どおり」の根拠は、モデルの大きさと損失の関係を表すスケーリング則（scaling law）です。
#
# 文章はPython付属のヘルプ（英語、約44万文字）です。文字1つを1トークンとし、9割を128文字の窓で学習させ、残りの窓の後ろの64文字で採点します。損失の単位はナット（nat）で、約100種類の文字に同じ確率を付ければ $\log 100 \approx 4.6$ です。まず、小さいモデルを1つ学習させます。

# %% [markdown] key="scale" lang="zh-tw"
# ## 4. 規模定律：預測更大模型的損失
#
# 參考答案說「進步很容易預測」，根據是模型大小與損失的關係，也就是規模定律（scaling law，原網頁的「擴展法則」）。它能準到什麼程度？這裡用自己的資料來檢查。
#
# 文章用 Python 附帶的說明（英文，約 44 萬個字元）。1 個字元當成 1 個詞元，9 成用 128 個字元的視窗訓練，其餘的視窗以後面的 64 個評分。損失的單位是 nat（用自然對數計算）：如果大約 100 種字元的機率都相同，損失是 $\log 100 \approx 4.6$。先在這裡訓練 1 個小模型。

# %% key="scale-code"
record = results.load("scaling")
data = scaling.corpus(scaling.text())
width = scaling.WIDTHS["decoder"][1]
chosen = next(r for r in record["runs"] if (r["kind"], r["width"]) == ("decoder", width))
small = scaling.new("decoder", width, len(data.characters))
training.train(small, scaling.next_batch("decoder", data), scaling.STEPS["decoder"], chosen["rate"])
live_loss, _ = scaling.exam(small, "decoder", data)
runs = {kind: [r for r in record["runs"] if r["kind"] == kind] for kind in scaling.KINDS}
recorded = np.mean([r["loss"] for r in runs["decoder"] if r["width"] == width])


def columns_of(kind, axis="parameters"):
    #| ja: → 大きさ、損失（学習の回ごと）
    #| zh-tw: → 大小、損失（每次訓練）
    return np.array([r[axis] for r in runs[kind]], float), np.array([r["loss"] for r in runs[kind]])


print(
    T(
        ja=f"{chosen['parameters']:,}パラメータの損失：{live_loss:.2f}ナット（収録した結果は{recorded:.2f}）",
        zh_tw=f"{chosen['parameters']:,} 個參數的損失：{live_loss:.2f} nat（附帶的結果是 {recorded:.2f}）",
    )
)

# %% [markdown] key="law" lang="ja"
# 同じ文章で、幅だけを変えた6つの大きさの結果を収録してあります（Llama型の2層、学習率は大きさごとに選び、シードは3つ）。そこに、モデルをいくら大きくしても残る下限 $E$ を加えた「べき乗則」（power law）を当てはめ、下限と係数を求めます。$N$ はパラメータ数です。
#
# $$L(N) = E + A N^{-\alpha}$$
#
# 最大のモデル（約31万パラメータ）は当てはめに使わず、ほかの5つの大きさから、測った範囲の外を予測します（外挿、extrapolation）。下限のない式（$E = 0$）とも比べます。
#
# 予想：最大のモデルの損失の予測は、実測と比べてどうなるでしょうか。
#
# - `"a"`：0.05ナット以上低い（楽観的）
# - `"b"`：差は0.05ナット未満
# - `"c"`：0.05ナット以上高い（悲観的）

# %% [markdown] key="law" lang="zh-tw"
# 同樣的文章，只改變寬度，訓練了六種大小，結果附在教材裡（都是 2 層的 Llama；每種大小各自挑選學習率，三個亂數種子）。接著用冪律（power law）來擬合，並加上模型再怎麼變大也會留下的下限 $E$；$N$ 是參數量。
#
# $$L(N) = E + A N^{-\alpha}$$
#
# 最大的模型（約 31 萬個參數）留作驗證，不參與擬合，由其他五種大小外推（extrapolation），也就是預測測量範圍以外的值。同時和沒有下限的式子（$E = 0$）比較。
#
# 預測：最大的模型的損失，預測值和實測相比會怎樣？
#
# - `"a"`：低 0.05 nat 以上（太樂觀）
# - `"b"`：相差不到 0.05 nat
# - `"c"`：高 0.05 nat 以上（太悲觀）

# %% key="law-code"
#| ja: Noneを、予想した記号（"a"、"b"、"c"のどれか）に書き換える
#| zh-tw: 把 None 改成你預測的代號（"a"、"b"、"c" 之一）
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

# %% key="law-figure" hide=true
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
    label=T(ja="検証に残した結果", zh_tw="留作驗證的結果"),
)
ax.plot(axis, law(axis), "-", marker="", label=T(ja="下限あり", zh_tw="有下限"))
ax.plot(axis, no_floor(axis), "--", marker="", label=T(ja="下限なし", zh_tw="沒有下限"))
ax.fill_between(
    axis,
    low,
    high,
    alpha=0.25,
    color="grey",
    label=T(ja="式の90%の範囲", zh_tw="曲線的 90% 範圍"),
)
ax.set(
    xscale="log",
    xlabel=T(ja="パラメータ数", zh_tw="參數量"),
    ylabel=T(ja="損失（ナット／文字）", zh_tw="損失（nat／字元）"),
)
ax.legend()
(near_low, far_low), (near_high, far_high) = scaling.band(drawn, [sizes.max(), 1e7])
figures.show(
    fig,
    T(
        ja=f"横軸はパラメータ数（対数目盛り）、縦軸は文字あたりの損失です。点は学習の回ごとの結果、星は検証に残した結果（{actual:.2f}）です。灰色は、学習結果を重複ありで選び直した（ブートストラップ）式の90%の範囲で、星の位置では{near_low:.2f}から{near_high:.2f}です。1,000万パラメータでの予測は、下限ありで{law(1e7):.2f}（90%の範囲は{far_low:.2f}から{far_high:.2f}）、下限なしで{no_floor(1e7):.2f}です。",
        zh_tw=f"橫軸是參數量（對數刻度），縱軸是每個字元的損失。圓點是每次訓練的結果，星號是留作驗證的結果（{actual:.2f}）；在星號的大小，90% 的範圍（由重複抽樣估計，稱為拔靴法，bootstrap）是 {near_low:.2f} 到 {near_high:.2f}。1,000 萬個參數時的預測：有下限是 {law(1e7):.2f}（90% 的範圍是 {far_low:.2f} 到 {far_high:.2f}），沒有下限是 {no_floor(1e7):.2f}。",
    ),
)

# %% key="law-claim" hide=true
for name, found, missed in (
    (T(ja="下限あり", zh_tw="有下限"), law, error),
    (T(ja="下限なし", zh_tw="沒有下限"), no_floor, error_no_floor),
):
    print(
        T(
            ja=f"{name}：L = {found.floor:.2f} + {found.scale:.2f} ÷（Nの{found.exponent:.3f}乗）、予測 {found(sizes.max()):.3f}、実測 {actual:.3f}、誤差 {missed:+.3f}",
            zh_tw=f"{name}：L = {found.floor:.2f} + {found.scale:.2f} ÷（N 的 {found.exponent:.3f} 次方），預測 {found(sizes.max()):.3f}，實測 {actual:.3f}，誤差 {missed:+.3f}",
        )
    )
floors = [found.floor for found in scaling.leave_one_out(sizes, losses).values()]
claims.check(
    "C31",
    {
        "error": -error,
        "no_floor": error_no_floor / error,
        "live": abs(live_loss - recorded),
        "floors": max(floors) - min(floors),
    },
)

# %% [markdown] key="law-after" lang="ja"
# 予測は実測より約0.10ナット低く、楽観的でした。下限のない式の誤差は約2倍です。大きさを倍にしたときに損失が下がる割合は、実際にはだんだん小さくなるのに、この式では一定だからです。
#
# 実測は灰色の範囲にも入りません。式の形の誤りやデータの不足は、選び直しのばらつきには表れないのです。測った大きさのすぐ外でも外れるので、遠くの予測はさらに疑いましょう。

# %% [markdown] key="law-after" lang="zh-tw"
# 預測值比實測低了大約 0.10 nat，偏樂觀。沒有下限的式子，誤差大約是 2 倍：它假設大小加倍時，損失總是降低同樣的比例，實際的比例卻越來越小。
#
# 灰色範圍是把訓練結果重複抽樣、反覆擬合所得曲線的散布，實測值卻落在範圍外：「式子的形式不對」和「訓練的文章不夠」，都不會反映在裡面。連緊鄰測量範圍的預測都會偏，更遠的就更不能盡信。

# %% [markdown] key="compute" lang="ja"
# 大きさだけでなく、データの量も損失を決めます。学習トークン数を $D$ とすると、学習の計算量はおよそ $C = 6ND$ です（順伝播が $2ND$、逆伝播が $4ND$）。Hoffmann et al.（2022）の表では、同じ計算量で損失が最も小さいのはおよそ $D = 20N$ のときです。2つの式から、最もよい大きさは $N = \sqrt{C/120}$ です。
#
# 最大のモデルの計算量（約 $3.6 \times 10^{12}$）に当てはめると約17万で、31万は大きすぎます。そこで、同じ計算量で、それに近い約16万パラメータのモデルを長く学習させました。
#
# 予想：16万のモデルの損失は、31万のモデルと比べてどうなるでしょうか。`"a"`：0.02ナット以上低い、`"b"`：差は0.02ナット未満、`"c"`：0.02ナット以上高い

# %% [markdown] key="compute" lang="zh-tw"
# 除了大小，資料量也會決定損失。訓練的詞元數寫成 $D$，訓練的運算量大約是 $C = 6ND$（前向傳播 $2ND$，反向傳播 $4ND$）。從 Hoffmann et al.（2022）的表可以讀出，運算量相同時，損失最小的大約是 $D = 20N$ 的時候。由這兩個式子，最合適的大小是 $N = \sqrt{C/120}$。
#
# 把最大模型的運算量（約 $3.6 \times 10^{12}$）代進去，答案大約是 17 萬，也就是說 31 萬太大了。所以另外用相同的運算量，把大小和這個答案接近、大約 16 萬個參數的模型訓練得更久。
#
# 預測：16 萬的模型，損失和 31 萬的模型相比會怎樣？`"a"`：低 0.02 nat 以上，`"b"`：相差不到 0.02 nat，`"c"`：高 0.02 nat 以上

# %% key="compute-code"
#| ja: Noneを、予想した記号（"a"、"b"、"c"のどれか）に書き換える
#| zh-tw: 把 None 改成你預測的代號（"a"、"b"、"c" 之一）
guess = None


def estimated(run, attention):
    #| ja: C = 6ND。attentionは、スコアと重み付きの和の分（2層、128文字の窓）
    #| zh-tw: C = 6ND；attention 是分數和加權總和的部分（2 層、128 個字元的視窗）
    scores = 12 * scaling.LAYERS * (scaling.READ + scaling.WRITTEN) * run["width"]
    return (6 * run["parameters"] + attention * scores) * run["taught"] / run["flops"]


largest = [r for r in runs["decoder"] if r["parameters"] == sizes.max()]
wanted = (largest[0]["flops"] / (6 * 20)) ** 0.5
longer = results.load("compute")["runs"]
gain = actual - np.mean([run["loss"] for run in longer])
options = {
    "a": T(ja="0.02ナット以上低い", zh_tw="低 0.02 nat 以上"),
    "b": T(ja="差は0.02ナット未満", zh_tw="相差不到 0.02 nat"),
    "c": T(ja="0.02ナット以上高い", zh_tw="高 0.02 nat 以上"),
}
predict.choose(guess, options, "b" if abs(gain) < 0.02 else "a" if gain > 0 else "c")

# %% key="compute-claim" hide=true
rows = [
    [
        f"{r['parameters']:,}",
        f"{r['taught']:,}",
        f"{r['taught'] / r['parameters']:.1f}",
        f"{estimated(r, False):.2f}",
        f"{estimated(r, True):.2f}",
        f"{r['loss']:.3f}",
    ]
    for r in largest + longer
]
show.tabulate(
    T(ja="N|D|D÷N|6ND÷C|同、アテンション込み|損失", zh_tw="N|D|D÷N|6ND÷C|連注意力也算|損失"),
    rows,
)
error = sum(np.var([r["loss"] for r in of], ddof=1) / len(of) for of in (largest, longer)) ** 0.5
print(
    T(ja="損失の差と標準誤差（ナット）：", zh_tw="損失差與標準誤（nat）："),
    f"{gain:.3f} ± {error:.3f}",
)
claims.check(
    "E60",
    {
        "six": estimated(largest[0], False),
        "counted": estimated(largest[0], True),
        "wanted": wanted / sizes.max(),
        "tokens": longer[0]["taught"] / longer[0]["parameters"],
        "gain": gain,
    },
)

# %% [markdown] key="compute-after" lang="ja"
# 16万のモデルの損失は、3つのシードの平均1.152で、31万のモデルより $0.09 \pm 0.01$ ナット低くなりました（±は標準誤差）。予測どおり、半分の大きさで約1.8倍読ませたほうがよかったのです。
#
# ただし、わかったのは31万が大きすぎることだけです。$D$ も新しい文章ではなく、同じ文章を約7.5回読んだトークン数です。

# %% [markdown] key="compute-after" lang="zh-tw"
# 16 萬的模型，三個亂數種子的平均損失是 1.152，比 31 萬的模型低了 $0.09 \pm 0.01$ nat（± 是標準誤）。正如預測，大小減半、文章讀到大約 1.8 倍比較好。
#
# 不過，由此知道的只是「31 萬太大」。而且這裡的 $D$ 不是一直讀新的文章，而是把同一份文章重複讀大約 7.5 遍的詞元數。

# %% [markdown] key="both" lang="ja"
# ## 5. エンコーダー・デコーダーでも、損失は同じように下がるか
#
# スケーリング則が「優れている」と言うには、比べる相手が必要です。そこで、同じ文章と採点でエンコーダー・デコーダー（T5、両方とも2層ずつ）も学習させました。学習対象トークンの数をそろえ、4節の式の $N$ を計算量 $C$ に替えて、同じ $C$ で比べます。
#
# 予想：計算量が $10^{12}$ FLOPsのとき、損失はどちらが低いでしょうか。
#
# - `"a"`：デコーダーが0.05ナット以上低い
# - `"b"`：差は0.05ナット未満
# - `"c"`：エンコーダー・デコーダーが0.05ナット以上低い

# %% [markdown] key="both" lang="zh-tw"
# ## 5. 編碼器－解碼器的損失，也會同樣下降嗎？
#
# 要說「更優越」，就得有可以比較的架構。所以用同樣的文章和評分方式，也訓練了編碼器－解碼器（T5，編碼器和解碼器各 2 層）。算進損失的詞元數和 decoder-only 相同；把第 4 節式子的 $N$ 換成運算量 $C$ 來擬合，在相同的 $C$ 比較損失。
#
# 預測：運算量是 $10^{12}$ FLOPs 時，哪一種架構的損失比較低？
#
# - `"a"`：decoder-only 低 0.05 nat 以上
# - `"b"`：相差不到 0.05 nat
# - `"c"`：編碼器－解碼器低 0.05 nat 以上

# %% key="both-laws" hide=true
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
#| zh-tw: 把 None 改成你預測的代號（"a"、"b"、"c" 之一）
guess = None

gap = float(laws["encoder_decoder"](1e12) - laws["decoder"](1e12))
options = {
    "a": T(ja="デコーダーが0.05ナット以上低い", zh_tw="decoder-only 低 0.05 nat 以上"),
    "b": T(ja="差は0.05ナット未満", zh_tw="相差不到 0.05 nat"),
    "c": T(
        ja="エンコーダー・デコーダーが0.05ナット以上低い", zh_tw="編碼器－解碼器低 0.05 nat 以上"
    ),
}
predict.choose(guess, options, "b" if abs(gap) < 0.05 else "a" if gap > 0 else "c")

# %% key="both-figure" hide=true
fig, ax = plt.subplots(figsize=(8, 4.2))
for kind, marker, line, hatch in (
    ("decoder", "o", "-", "//"),
    ("encoder_decoder", "s", "--", ".."),
):
    ax.plot(*spent[kind], marker, markevery=1, label=names[kind])
    law_of = T(ja=f"{names[kind]}の式", zh_tw=f"{names[kind]}的擬合曲線")
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
        zh_tw=f"橫軸是運算量（對數刻度），縱軸是損失。實線與斜線是 decoder-only，虛線與點是編碼器－解碼器的擬合曲線與 90% 的範圍。範圍是曲線的不確定性，不是資料點的散布。運算量與損失：{listed}。",
    ),
)


# %% key="both-blocks" hide=true
from helpers.results import blocks


def listed_run(name, found):
    each = "、".join(f"{run['loss']:.2f}" for run in found)
    return [name, f"{found[0]['parameters']:,}", f"{found[0]['flops']:.2e}", each]


same_blocks = {
    "encoder_decoder_of_blocks": T(
        ja="同じ部品のエンコーダー・デコーダー", zh_tw="同樣零件的編碼器－解碼器"
    ),
    "rotary_of_blocks": T(ja="同上（交差注意にも位置あり）", zh_tw="同上（交叉注意力也帶位置）"),
}
made_of = {"decoder": (64, "Llama"), "encoder_decoder": (40, "T5")}
rows = [
    listed_run(f"{names[kind]}（{parts}）", [r for r in runs[kind] if r["width"] == width])
    for kind, (width, parts) in made_of.items()
]
gaps = []
for wiring, name in same_blocks.items():
    found = blocks.best_runs(wiring)
    rows.append(listed_run(name, found))
    gaps.append(np.mean([r["loss"] for r in found]) - laws["decoder"](found[0]["flops"]))
show.tabulate(
    T(
        ja="モデル|パラメータ|FLOPs|損失（シードごと）",
        zh_tw="模型|參數|FLOPs|損失（各個亂數種子）",
    ),
    rows,
)

# %% key="both-points" hide=true
t5 = [r for r in runs["encoder_decoder"] if r["width"] == 40]
t5_loss, t5_flops = (np.mean([r[name] for r in t5]) for name in ("loss", "flops"))
flops, measured_losses = spent["decoder"]
costs = np.unique(flops)
means = [measured_losses[flops == cost].mean() for cost in costs]
gap_points = t5_loss - np.interp(np.log(t5_flops), np.log(costs), means)
gap_t5 = t5_loss - laws["decoder"](t5_flops)
starts = [r for r in results.load("blocks")["runs"] if r.get("spread") == 0.02]
library = starts[0]["loss"] - t5_loss
print(
    T(
        ja=f"幅40のT5との損失の差：デコーダーの点を結んだ線から {gap_points:.2f}、式から {gap_t5:.2f}、ライブラリの初期値のデコーダー（幅64）から {-library:.2f}",
        zh_tw=f"寬度 40 的 T5 的損失差：和 decoder-only 各點的連線比 {gap_points:.2f}，和擬合曲線比 {gap_t5:.2f}，和套件初始值的 decoder-only（寬度 64）比 {-library:.2f}",
    )
)

# %% key="both-claim" hide=true
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
        "gap_points": gap_points,
        "width": float(np.mean([high - low for low, high in bands.values()])),
        "gap_blocks": float(min(gaps)) - gap_t5,
        "library": library,
    },
)

# %% [markdown] key="both-after" lang="ja"
# どちらの型も、大きくすると損失はおおむね下がり、下がり方はだんだん鈍りました。同じ計算量ではデコーダーの損失が約0.2ナット低く、測った点でも順序は同じです。
#
# LlamaとT5の部品の違いが原因でしょうか。Llamaの部品だけで作ったエンコーダー・デコーダーでも（表の下の2行）、差は縮まりませんでした。ただし、重みの初期値を調整したのはデコーダーだけで、しないと順序は逆です（「条件をどこまでそろえたか」）。
#
# 大規模な比較でも、事前学習の効率とゼロショットはデコーダー型が有利ですが、指示チューニング（7節）後はエンコーダー・デコーダーが同等以上です（RedLLM、「公表された研究」）。

# %% [markdown] key="both-after" lang="zh-tw"
# 不論哪一種架構，變大時損失大致都會下降，而且越來越慢。運算量相同時，decoder-only 的損失低了大約 0.2 nat，看測量點本身，高低順序也一樣。
#
# 會不會是零件不同（decoder-only 用 Llama 的，另一邊用 T5 的）造成的？只用 Llama 的零件組成編碼器－解碼器（表的最後 2 個橫列），差距並沒有縮小。所以在只調整過 decoder-only 權重初始值的這些條件下，decoder-only 學得比較有效率；不調整的話，結果會反過來（見「更進一步」的「條件控制到什麼程度」，其他還沒控制的變因也整理在那裡）。
#
# 大規模的比較也發現，預訓練的效率和零樣本是 decoder-only 占優勢，指令微調（第 7 節）之後則是編碼器－解碼器相當或更好（RedLLM，見「更進一步：公開發表的研究」）。

# %% [markdown] key="emerge" lang="ja"
# ## 6. 創発：なめらかな変化が、急に見えるとき
#
# 小さいモデルになく、大きいモデルに急に現れ、予測できないと報告されている能力を創発的能力（emergent ability）と呼びます（Wei et al. 2022）。本当に急なのか、4節のデコーダーを2つの測り方で採点しましょう。
#
# - 文字ごとの正解率 $p$
# - $k$ 文字が続けて正しい割合（完全一致率）。文字ごとの正誤が独立なら $p^k$ になる
#
# 予想：最大のデコーダーの $p$ は約0.64です。8文字が続けて正しい割合はいくつでしょうか。

# %% [markdown] key="emerge" lang="zh-tw"
# ## 6. 湧現：平滑的變化，什麼時候看起來很突然？
#
# 有論文指出，有些能力小模型沒有，到了大模型才突然出現，而且無法預測，稱為湧現能力（emergent ability，Wei et al. 2022）。真的是突然出現的嗎？要回答這個問題，就用兩種方式替第 4 節的解碼器評分。
#
# - 每個字元的正確率 $p$
# - 連續 $k$ 個字元全部正確的比例（完全相符率）。如果每個字元的對錯互相獨立，就是 $p^k$
#
# 預測：最大的解碼器，$p$ 約為 0.64。連續 8 個字元都正確的比例是多少？

# %% key="emerge-code"
ladder = sorted({r["parameters"] for r in runs["decoder"]})
spans = (1, 2, 4, 8)
shares = np.zeros((len(ladder), len(spans)))
for row, size in enumerate(ladder):
    of_size = [r["exact"] for r in runs["decoder"] if r["parameters"] == size]
    shares[row] = np.mean([[exact[str(k)] for k in spans] for exact in of_size], axis=0)

#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

p = shares[:, 0]
predict.compare(guess, shares[-1, -1])

# %% key="emerge-figure" hide=true
fig, axes = plt.subplots(1, 2, figsize=(11, 3.9))
relative = {f"k = {k}": share / share[-1] for k, share in zip(spans, shares.T)}
x = T(ja="パラメータ数", zh_tw="參數量")
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
        zh_tw=f"同一批模型，連續 k 個字元正確的比例，以最大的模型為 1。左圖是線性刻度，右圖是對數刻度。k 越大，左圖裡小模型的值越接近 0，看起來就像中途突然上升。原本的比例，依參數量列出 k = 1、2、4、8 的值：{listed}。",
    ),
)

# %% [markdown] key="emerge-after" lang="ja"
# 実測は約0.04で、$0.64^8 \approx 0.03$ より高いので、正誤は独立ではありません。同じモデルでも、文字ごとの正解率は少しずつ、8文字の完全一致率は途中から急に上がって見えますが、対数目盛りでは初めから上がり続けています。
#
# では、急に見える値も予測できるでしょうか。ほかの5つの大きさから、最大のモデルの8文字の完全一致率を外挿するとき、選べることは2つです。
#
# - 道筋：完全一致率を直接延ばすか、$p$ を延ばし、$\log p$ から完全一致率の対数を求める直線で換算するか
# - 目盛り：$\log N$ に対して、値 $x$ の対数を直線で延ばすか、ロジット（logit、$\log \frac{x}{1-x}$。割合に戻しても1を超えない）を延ばすか
#
# 予想：完全一致率の対数を直接延ばした予測は、高すぎます。どちらを変えると実測に近づくでしょうか。`"a"`：道筋、`"b"`：目盛り、`"c"`：どちらもほとんど近づかない

# %% [markdown] key="emerge-after" lang="zh-tw"
# 實測大約是 0.04，比 $0.64^8 \approx 0.03$ 高，可見字元之間的對錯並不獨立。模型一樣，只有評分方式不同，每個字元的正確率是一點一點上升，8 個字元的完全相符率卻像是中途突然上升；改用對數刻度，就看得出它從小模型開始一直在上升。
#
# 那麼，看起來突然的值，能不能事先預測？用其他五種大小，外推最大的模型的 8 個字元完全相符率。可以選擇的有 2 件事。
#
# - 路徑：直接外推完全相符率，還是先外推 $p$，再換算成完全相符率（換算用的直線，由 $\log p$ 和完全相符率的對數擬合）
# - 尺度：橫軸都是 $\log N$，用直線延伸的是值 $x$ 的對數，還是 logit（$\log \frac{x}{1-x}$，換算回比例也不會超過 1）
#
# 預測：把完全相符率的對數直接延伸，預測會偏高。改變哪一個，會更接近實測？`"a"`：路徑，`"b"`：尺度，`"c"`：都幾乎沒有影響

# %% key="emerge-foretold"
scales = {
    "log": (np.log, np.exp),
    "logit": (lambda share: np.log(share / (1 - share)), lambda y: 1 / (1 + np.exp(-y))),
}


def extended(x, y, to):
    #| ja: (x, y)に当てはめた直線の、toでの値
    #| zh-tw: 對 (x, y) 擬合的直線在 to 的值
    return float(np.polyval(np.polyfit(x, y, 1), to))


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
#| zh-tw: 把 None 改成你預測的代號（"a"、"b"、"c" 之一）
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
    "c": T(ja="どちらもほとんど近づかない", zh_tw="都幾乎沒有影響"),
}
predict.choose(guess, options, max(gains, key=gains.get))

# %% key="emerge-table" hide=true
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

by_scale = {scale: foretold(p, scale) for scale in scales}
together = exact8[-1] / p[-1] ** 8
print(
    T(
        ja=f"p：実測 {p[-1]:.3f}　予測は対数で {by_scale['log']:.3f}、ロジットで {by_scale['logit']:.3f}。8文字の完全一致率：実測 {exact8[-1]:.4f}はpの8乗の{together:.1f}倍",
        zh_tw=f"p：實測 {p[-1]:.3f}，對數的預測 {by_scale['log']:.3f}，logit 的預測 {by_scale['logit']:.3f}。8 個字元的完全相符率：實測 {exact8[-1]:.4f} 是 p 的 8 次方的 {together:.1f} 倍",
    )
)

# %% key="emerge-claim" hide=true
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

# %% [markdown] key="emerge-read" lang="ja"
# 予測÷実測は、道筋だけを変えても近づかず（8.4が8.7）、目盛りだけなら6.5、両方なら3.3でした。約16,000問で1問だけ当てた最小のモデルを除くだけでも、4.1になります。外挿を左右したのは道筋と目盛りの組み合わせと、たった1つの当たりでした。
#
# 急な変化を見たら、まず測り方を変えてみましょう。大きなモデルの推論能力もそうなのかは、意見が分かれています（「公表された研究」のWei、Schaeffer、Du）。

# %% [markdown] key="emerge-read" lang="zh-tw"
# 看預測÷實測的值，只改變路徑並不會更準（8.4 變成 8.7），只改變尺度是 6.5，都改是 3.3。而且最小的模型在大約 16,000 題裡只答對 1 題，光是不用這個模型就變成 4.1。左右外推結果的，是路徑和尺度的搭配，以及僅僅 1 次的命中。
#
# 所以，看到突然的變化時，值得先換個評分方式看看。不過，這個實驗只說明「評分方式有可能讓變化顯得突然」；大型模型的推理能力究竟如何，學界看法分歧（見「公開發表的研究」的 Wei、Schaeffer、Du）。

# %% [markdown] key="assistant" lang="ja"
# ## 7. 次のトークンの予測から、アシスタントへ
#
# 次のトークンの予測だけで事前学習したモデルをベースモデル（base model）と呼びます。頼みごとに答えさせるには、質問と答えの例も学習させます（指示チューニング、instruction tuning）。それで何が身につき、何が失われるでしょうか。
#
# レッスン04のGPT-2をベースモデルにして、300ステップだけチューニングしました。質問は文のあとに、語を1つ`[MASK]`に替えた同じ文を続けたもので、その語を答えさせます。人、時、場所の3種類を学習させ、物を問う4つ目は見せません。
#
# 予想：文法に合う文の割合は、チューニング前は0.97でした。チューニング後はいくつでしょうか（0〜1）。

# %% [markdown] key="assistant" lang="zh-tw"
# ## 7. 從預測下一個詞元到助理
#
# 只用「預測下一個詞元」做完預訓練的模型，叫做基礎模型（base model）。要讓它回應要求，就再拿問題和回答的範例訓練它，這就是指令微調（instruction tuning）。這樣會學到什麼，又會失去什麼？
#
# 這裡把第 04 課的 GPT-2 當成基礎模型，只微調 300 步。題目是：一個句子，後面接上把一個詞換成 `[MASK]` 的同一句，要寫出那個詞。訓練時只問人、時間、地點這 3 種，第 4 種問物品的題目故意不放進來。
#
# 預測：寫出的句子符合文法的比例，微調之前是 0.97。微調之後是多少（0～1）？

# %% key="assistant-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

made = results.load("assistant")
stages = {"base": [made["base"]]}
for name in ("tuned", "mixed"):
    stages[name] = [run for run in made["runs"] if run["model"] == name]


def measured(run):
    #| ja: 学習した質問と4つ目の質問の正解率、文法に合う割合、文の損失
    #| zh-tw: 訓練過的題目和第 4 種題目的正確率、符合文法的比例、句子的損失
    taught = [run["exact"][task] for task in assistant.TASKS if task != assistant.WITHHELD]
    return [np.mean(taught), run["exact"][assistant.WITHHELD], run["valid"], run["text_loss"]]


found = {name: np.mean([measured(run) for run in of], 0) for name, of in stages.items()}
predict.compare(guess, found["tuned"][2])

# %% key="assistant-table" hide=true
what = T(
    ja="学習した3種類の質問（正解率）|4つ目の、物を問う質問（正解率）|書いた文が文法に合う割合|文の損失（ナット／文）",
    zh_tw="訓練過的三種題目（正確率）|第 4 種，問物品的題目（正確率）|寫出的句子符合文法的比例|句子的損失（nat／句）",
).split("|")
rows = [[name, *(f"{x:.2f}" for x in values)] for name, *values in zip(what, *found.values())]
show.tabulate(
    T(
        ja="3つのシードの平均|ベースモデル|質問だけを学習|質問と文を交互に学習",
        zh_tw="三個亂數種子的平均|基礎模型|只訓練題目|題目和句子輪流訓練",
    ),
    rows,
)
one = next(one for one in assistant.questions(1, 3, "test") if one.lang == LANG)
print(
    T(ja="ベースモデルの答え", zh_tw="基礎模型的回答"),
    one.source,
    "→",
    assistant.answers(gpt, [one]),
)


# %% key="assistant-claim" hide=true
def commonest(task, lang, asked):
    #| ja: 最も多い語だけを答え続けたときの正解率
    #| zh-tw: 一直只答最常見的詞的正確率
    words = Counter(one.target for one in asked if (one.task, one.lang) == (task, lang))
    return max(words.values()) / words.total()


asked = assistant.questions(400, 7, "test")
taught = [task for task in assistant.TASKS if task != assistant.WITHHELD]
chance = np.mean([commonest(task, lang, asked) for task in taught for lang in ("ja", "zh-tw")])
print(
    T(ja="いつも最も多い語を答えたときの正解率：", zh_tw="總是答最常見的詞的正確率："),
    f"{chance:.2f}",
)
claims.check(
    "E61",
    {
        "base": found["base"][0],
        "chance": chance,
        "answered": found["tuned"][0],
        "fourth": found["tuned"][1],
        "forgotten": found["tuned"][2],
        "loss": found["tuned"][3] / found["base"][3],
        "kept": found["mixed"][2],
        "mixed": found["mixed"][0],
    },
)

# %% [markdown] key="assistant-after" lang="ja"
# ベースモデルは答える例を見ていないので、どの質問にも正解しませんでした。質問だけを学習させると、3種類の質問の約4割に正解しました（いつも最も多い語を答えれば約0.18）。ところが、文法に合う文は1つも書けなくなりました（破滅的忘却、catastrophic forgetting）。同じ数の質問を文と交互に（計600ステップ）学習させると、ほとんど忘れずに約7割正解しました。
#
# それでも、物を問う質問の正解は0のままです。同じ型でも、頼みごとに答える力は何を学習したかで変わります。
#
# 冒頭の主張に戻ると、測れたのは学習の効率と「続きを書く」形の使いやすさです。損失の外挿は楽観的に外れ、ゼロショットと創発は、何を学習し、どう測るかで変わりました。

# %% [markdown] key="assistant-after" lang="zh-tw"
# 基礎模型沒看過回答問題的例子，所以一題也沒有答對。只訓練題目的話，三種題目大約答對 4 成（都猜最常見的詞的話，約 0.18），卻連 1 個符合文法的句子都寫不出來，這叫做災難性遺忘（catastrophic forgetting）。如果題目的數量不變，和句子輪流訓練（一共 600 步），就幾乎不會忘記，還答對大約 7 成。
#
# 但問物品的題目仍然是 0。架構相同，回應要求的能力也隨學過什麼而變。
#
# 回到一開始的問題：在這些小實驗裡，真正量得出來的是訓練效率，以及「接下去寫」這種形式的方便。損失的預測偏樂觀；零樣本和湧現，則要看學過什麼、怎麼評分。

# %% [markdown] key="further-preference" lang="ja" further=true
# ### さらにくわしく：DPO、条件のそろえ方、測り方

# %% [markdown] key="further-preference" lang="zh-tw" further=true
# ### 更進一步：DPO、控制的條件、評分方式

# %% [markdown] key="preference" lang="ja"
# #### 好みから学ぶ（DPO）
#
# 指示チューニングのあとには、2つの答えのどちらが好まれたかから学ぶ段階がよく続きます。DPO（損失の式と $\beta$ は演習シートの課題2にあります。先に読みましょう）を、7節のアシスタント（質問と文を交互に学習したもの）に使うと、何を得て、何を失うでしょうか。
#
# ここでは、人の代わりに答えの正誤が好みを決めます。チューニングするモデル自身の間違いには、そのモデルが正しい答えより高い確率を付けていることが多いので、組にすると、学習前の勝率だけが不当に低くなります。そこで、間違えた答えは、シードの違う2つのアシスタントから集め、一方の間違いから学び、他方の間違いで検査します。検査には、人と場所の組を一度も見ていない質問を使います。
#
# - 勝率：正しい答えに、間違えた答えより高い確率を付けた組の割合（当てずっぽうなら0.5）
# - $\beta$：小さいほど、学習前のモデルから離れてもよい
# - 学習率：検査に使わない質問と文で、2通りに選ぶ。1つは勝率が最も高いもの、もう1つは、文の損失の増え方が1割以内のもののうち、正解率が最も高いもの。選ぶのに使うのはシード0だけで、学習はどれも200ステップ
#
# 予想：$\beta = 0.1$ で、勝率が最も高い学習率を選びました。3種類の質問に正しく答える割合は、学習前の約0.7からいくつになるでしょうか（0〜1）。

# %% [markdown] key="preference" lang="zh-tw"
# #### 從偏好學習（DPO）
#
# 指令微調之後，常會再加一個階段：從兩個回答裡人比較喜歡哪一個來學習。把練習題第 2 題的 DPO 損失（$\beta$ 也見該題）用在第 7 節的助理（題目和句子輪流訓練的那個）上，會得到什麼，又會失去什麼？
#
# 這裡不請人來選，由答案的對錯決定偏好。要訓練的模型自己答錯的回答，通常它給的機率本來就比正確回答高；拿來配對，只有訓練前的勝率會不公平地偏低。所以答錯的回答，改從其他亂數種子的 2 個助理收集：用其中一個的錯誤來訓練，用另一個的錯誤來檢查。檢查時用的題目，人物和地點的組合都沒看過。
#
# - 勝率：正確回答的機率高於答錯的回答的組，占多少比例（亂猜是 0.5）
# - $\beta$：越小，可以離訓練前的模型越遠
# - 學習率：用檢查時不用的題目和句子，以 2 種方式挑選。一種選勝率最高的；另一種只看句子的損失增加不超過 1 成的，從中選正確率最高的。挑選時只用亂數種子 0，每次都訓練 200 步
#
# 預測：$\beta = 0.1$，選了勝率最高的學習率。三種題目答對的比例，會從訓練前的大約 0.7 變成多少（0～1）？

# %% key="preference-code"
from helpers.results import preference as tuning

#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

made = results.load("preference")["runs"]
ways = {("before", ""): tuning.runs_of(made, "before", 0.0)}
for how in (0.1, 1.0, "chosen"):
    for by in tuning.RULES:
        ways[how, by] = tuning.runs_of(made, how, tuning.best(made, how, by))


def judged(runs):
    #| ja: 3つのシードの、正解率から文の損失までの7つの値
    #| zh-tw: 3 個亂數種子的 7 個值，從正確率到句子的損失
    names = ("wins", "chosen", "rejected", "divergence", "valid", "text_loss")
    right = [measured(run)[0] for run in runs]
    return np.array([right, *([run[name] for run in runs] for name in names)])  # (7, 3)


found = {way: judged(runs) for way, runs in ways.items()}
change = {way: (values - found["before", ""]).mean(1) for way, values in found.items()}
predict.compare(guess, found[0.1, "wins"][0].mean())

# %% key="preference-table" hide=true
names = {
    "before": T(ja="学習前", zh_tw="訓練前"),
    0.1: "β = 0.1",
    1.0: "β = 1",
    "chosen": T(ja="正しい答えだけを学習", zh_tw="只訓練正確的回答"),
}
rules = {
    "": "",
    "wins": T(ja="、勝率で選ぶ", zh_tw="，依勝率挑選"),
    "right": T(ja="、正解率で選ぶ", zh_tw="，依正確率挑選"),
}
rows = []
for (how, by), of in ways.items():
    cells = [f"{x.mean():.2f} ± {x.std(ddof=1):.2f}" for x in found[how, by]]
    rows.append([names[how] + rules[by], f"{of[0]['rate']:g}", *cells])
head = T(
    ja="シード3つの平均と標準偏差|学習率|正解率|勝率|正しい答えの対数確率（ナット）|間違えた答えの対数確率（ナット）|学習前とのKL（最初のトークン、ナット）|文法に合う文の割合|文の損失（ナット／文）",
    zh_tw="三個亂數種子的平均與標準差|學習率|正確率|勝率|正確回答的對數機率（nat）|答錯的回答的對數機率（nat）|與訓練前的 KL（回答的第一個詞元，nat）|符合文法的句子的比例|句子的損失（nat／句）",
)
show.tabulate(head, rows)

# %% key="preference-claim" hide=true
lost = {way: values[6].mean() / found["before", ""][6].mean() for way, values in found.items()}
claims.check(
    "E62",
    {
        "wins_before": found["before", ""][1].mean(),
        "right": found[0.1, "wins"][0].mean(),
        "chosen": change[0.1, "wins"][2],
        "rejected": change[0.1, "wins"][3],
        "lost": lost[0.1, "wins"],
        "right_careful": change[0.1, "right"][0],
        "right_near": change[1.0, "right"][0],
        "wins_near": change[1.0, "right"][1],
        "wins_more": change[1.0, "wins"][1],
        "valid_more": change[1.0, "wins"][5],
        "control": change["chosen", "right"][0],
        "control_wins": change["chosen", "right"][1],
        "control_lost": lost["chosen", "right"],
    },
)

# %% [markdown] key="preference-after" lang="ja"
# $\beta = 0.1$ で学習率を勝率だけで選ぶと、モデルは壊れました。正しく答えられる質問はほぼなくなり、文法に合う文も書けません。それでも、選ぶのに使ったシード0では勝率が最も高かったので、試した中で最も大きいこの学習率が選ばれました（ほかのシードでは、勝率さえ上がりませんでした）。
#
# 壊れても勝率が上がりうるのは、DPOが見ているのが、2つの答えの差だけだからです。表のとおり、正しい答えの確率が下がっても、間違えた答えの確率がそれ以上に下がれば、差は開きます。空いた確率は、どちらでもない答えに移りました（Razin et al. 2024、arXiv:2410.08847が報告したlikelihood displacement）。
#
# 正解率と文の損失で選べば、モデルは壊れません。$\beta = 1$ では勝率が少し上がりましたが、正解率は、平均するとどちらの $\beta$ でも少し下がりました。同じ $\beta = 1$ でも、勝率で選ぶと勝率はさらに上がる代わりに、文法に合う文が減ります。
#
# では、間違えた答えは要るのでしょうか。同じ組の正しい答えだけを同じ数だけ学習させると（表の最後の2行）、勝率も正解率も上がりました。ただし、正解率で選んでも文法に合う文は0.92から0.75に減り、勝率で選ぶと、ここでも文が書けなくなります。正しい答えを書けるなら、それで学習させるのが近道です。好みの学習が要るのは、どちらがよいかは言えても、よい答えを書いて渡すのは難しいときです。どの学習でも、得たものの隣に、失ったものを並べて判断しましょう。

# %% [markdown] key="preference-after" lang="zh-tw"
# $\beta = 0.1$ 時只依勝率挑選學習率，模型就失去了原有的能力：題目幾乎都答不對，也寫不出符合文法的句子。即使如此，在用來挑選的亂數種子 0，它的勝率最高，所以選中了這個學習率，也就是試過的裡面最大的值（換成其他亂數種子，連勝率都沒有上升）。
#
# 原有的能力沒了，勝率卻還可能上升，是因為 DPO 看的只是兩個回答的差距。從表可以看出，就算正確回答的機率降低，只要答錯的回答降得更多，差距就會拉開；空出來的機率，跑到兩者以外的回答去了（Razin et al. 2024，arXiv:2410.08847 報告的 likelihood displacement）。
#
# 依正確率和句子的損失挑選，就不會這樣。$\beta = 1$ 的勝率稍微上升；正確率平均來說，不論哪個 $\beta$ 都稍微下降。同樣是 $\beta = 1$，依勝率挑選時勝率上升得更多，代價是符合文法的句子變少。
#
# 那麼，真的需要答錯的回答嗎？只用同樣那些組的正確回答訓練，數量相同（表的最後兩個橫列），勝率和正確率都上升了。就算依正確率挑選，符合文法的句子也從 0.92 降到 0.75；依勝率挑選，則一句也不符合文法。寫得出正確答案的話，用它訓練才是捷徑。需要從偏好學習的，是說得出哪一個比較好、卻很難寫出好答案的時候。不論哪種訓練，都要把得到的和失去的放在一起看。

# %% [markdown] key="further-even" lang="ja"
# #### 条件をどこまでそろえたか

# %% [markdown] key="further-even" lang="zh-tw"
# #### 條件控制到什麼程度

# %% [markdown] key="even-list" lang="ja"
# 学習対象トークンの数をそろえ、同じ計算量の所で比べましたが、次の点に注意が必要です。
#
# - エンコーダー・デコーダーは2倍の数の窓を読むので、同じ文章を約8回読む（デコーダーは約4回）
# - デコーダーは、文脈が短い所でも損失を計算する。採点は、どちらも64文字を読んだあとだけで行った
# - 重みの初期値の標準偏差を調整したのは、デコーダーだけ。ライブラリの値のままだと、幅64で損失が約0.4ナット高くなり（学習率は探し直していない）、幅40のT5より約0.2ナット高くなって、順序が逆になる。T5で試したのはライブラリの値とその半分だけで、その差はシードによる違いより小さい
# - 層の配分は2層ずつだけを試した。配分によって損失は変わる（Ghorbani et al. 2021）
# - 最大のエンコーダー・デコーダーの損失は、1つ小さいものとほとんど変わらない。ステップ数が足りない可能性がある
# - 同じ部品の2つのモデルの学習率も、損失が最も小さい値の両側がそれより悪くなるまで、倍々または半分ずつに変えて探した（シード0）
#
# 次の表は、4節の6つの大きさから1つずつ除いて当てはめたときの係数です。下限 $E$ の推定は、いちばん大きいモデルを除くと0.72、ほかでは0.89から1.05で、遠くの予測はそれに合わせて大きく動きます。

# %% [markdown] key="even-list" lang="zh-tw"
# 算進損失的詞元數相同，也在相同的運算量比較；其他條件如下。
#
# - 編碼器－解碼器讀的視窗數量是 2 倍，所以同樣的文章大約讀了 8 遍（decoder-only 約 4 遍）
# - decoder-only 連上下文很短的位置也算損失；評分則都只看讀完 64 個字元之後的部分
# - 只有 decoder-only 調整過權重初始值的標準差。照套件的預設值，寬度 64 時損失大約高 0.4 nat（學習率沒有重找），比寬度 40 的 T5 還高 0.2 nat 左右，高低順序反過來；T5 只試過套件的預設值和它的一半，兩者的差比亂數種子造成的差還小
# - 層數只試了各 2 層；怎麼分配會影響損失（Ghorbani et al. 2021）
# - 最大的編碼器－解碼器，和小一號的幾乎沒有差別，可能是步數不夠
# - 相同零件的兩個模型，學習率也是逐次加倍或減半，直到最佳值的兩側都試過，而且都比較差（亂數種子 0）
#
# 下表是第 4 節的六種大小每次拿掉 1 種，重新擬合的係數。下限 $E$ 的估計，拿掉最大的模型是 0.72，拿掉其他則是 0.89 到 1.05，遠處的預測也跟著大幅改變。

# %% key="law-one-out"
rows = [
    [f"{size:,.0f}", f"{found.floor:.2f}", f"{found.exponent:.3f}", f"{float(found(1e7)):.2f}"]
    for size, found in scaling.leave_one_out(sizes, losses).items()
]
show.tabulate(
    T(
        ja="除いた大きさ|下限E|指数α|1,000万パラメータでの予測",
        zh_tw="拿掉的大小|下限 E|指數 α|1,000 萬個參數時的預測",
    ),
    rows,
)

# %% [markdown] key="further-measure" lang="ja"
# #### 測り方を変えてみる

# %% [markdown] key="further-measure" lang="zh-tw"
# #### 改變評分方式

# %% [markdown] key="measure-text" lang="ja"
# 次のセルで、$k$ と目盛りを変えられます。棒は大きさごとの $p^k$ で、対数目盛りでは棒の長さが $10^{-4}$ から1までを表します。同じモデルが「急に賢くなる」のは、どんなときでしょうか。

# %% [markdown] key="measure-text" lang="zh-tw"
# 在下面的儲存格，可以改變 $k$ 和刻度。長條是各種大小的 $p^k$；對數刻度時，長條的長度代表 $10^{-4}$ 到 1。同樣的模型，什麼時候會「突然變聰明」？

# %% key="emerge-explore-code"
from helpers.widgets import Check, Explorer, Range
from helpers.display.svg import Bar, bars

LOWEST = 4  # 10^-4


def draw(k, logarithmic):
    values = [float(share) ** k for share in p]
    heights = [max(0.0, 1 + math.log10(v) / LOWEST) if logarithmic else v for v in values]
    labels = [f"{size:,}" for size in ladder]
    title = T(ja="大きさごとの、pのk乗", zh_tw="不同模型大小的 p 的 k 次方")
    told = "、".join(f"{label} {value:.2g}" for label, value in zip(labels, values))
    sentence = T(ja=f"k = {k}のときの、pのk乗：{told}", zh_tw=f"k = {k} 時，p 的 k 次方：{told}")
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

# %% [markdown] key="further-published" lang="ja" further=true
# ### さらにくわしく：公表された研究

# %% [markdown] key="further-published" lang="zh-tw" further=true
# ### 更進一步：公開發表的研究

# %% [markdown] key="published-table" lang="ja"
# 主流になった理由を論じるには、だれが、いつ、どの条件で調べた結果かを知る必要があります。そこで、出典を確かめたものを、年月の順に並べました（最後の行は抜粋から）。
#
# | 年月 | 研究 | 条件 | 結果 |
# |---|---|---|---|
# | 2020-01 | Kaplan et al.（arXiv:2001.08361、§1.2） | デコーダー型。$N$ は埋め込みを除く | $N$ の式、$D$ の式、両方を合わせた式。どれも下限なし |
# | 2021-09 | Ghorbani et al.（arXiv:2109.07740、要旨） | 機械翻訳のエンコーダー・デコーダー | 損失は、エンコーダーとデコーダーの大きさの2つで決まる。合計だけでは予測できない |
# | 2022-03 | Hoffmann et al.（arXiv:2203.15556、§3） | デコーダー型 | 下限のある式。モデルとデータを同じ割合で増やすのがよい |
# | 2022-04 | Wang et al.（arXiv:2204.05832、要旨） | 型と目的関数の組み合わせ | 教師なしの事前学習だけなら、因果デコーダーのゼロショットが最も強い。入力の全体が見えるモデルをマスク言語モデルで学習し、多くのタスクでチューニングすると、実験の中で最も良い |
# | 2022-06 | Wei et al.（arXiv:2206.07682、要旨と表1） | さまざまなモデルの成績 | 大きいモデルだけにある能力を集めた。表1の例の半分近くは、例を見せて頼むフューショット（few-shot） |
# | 2023-01 | Zhang et al.（arXiv:2301.13848、要旨） | 10個のLLMのニュース要約を、人が評価 | ゼロショット要約の鍵は「モデルの大きさではなく、指示チューニング」 |
# | 2023-04 | Schaeffer et al.（arXiv:2304.15004、要旨） | 創発とされた成績の測り直し | 急に見えるのは、非線形または不連続な測り方のため。連続な測り方や、よりよい統計では消える |
# | 2024-03 | Du et al.（arXiv:2403.15796、要旨） | 大きさではなく、事前学習の損失で並べる | 測り方が連続でも、損失がある値を下回ったときに、チャンスレベルを超えるタスクがある |
# | 2024-04 | Besiroglu et al.（arXiv:2404.10102、要旨） | Hoffmann et al.の3つ目の推定方法の追試 | もとの論文の係数と信頼区間に問題がある |
# | 2025-07 | Weller et al.、Ettin（arXiv:2507.11412、要旨） | 同じデータと手順で学習した、エンコーダー型とデコーダー型の対（1,700万から10億パラメータ） | 分類と検索はエンコーダー型、生成はデコーダー型が上。反対の目的関数で学習を続けても、はじめからその型で学習したモデルに及ばない |
# | 2025-10 | Zhang et al.、RedLLM（arXiv:2510.26622、要旨） | 1.5億から80億パラメータ、同じ1.6兆トークン | 事前学習の計算量では、デコーダー型の効率がよい。指示チューニングのあとは、エンコーダー・デコーダーが同等以上で、推論の効率も高い |
# | 2025-10 | 同じ論文の6節（emergentmind.comの抜粋） | 事前学習だけの段階 | 予測のよさ（perplexity）が同じくらいでも、ゼロショットとフューショットはデコーダー型が上。著者の推測では、学習の目的と評価の形が合うためで、能力の差ではない（検証されていない） |
#
# Kaplan et al.、Hoffmann et al.、Besiroglu et al.の式は、どれもデコーダー型だけに当てはめたものです。したがって、ほかの型より優れている根拠にはなりません。解答例の「規模がゼロショット要約を可能にする」も、このコースの計算機では確かめられません。2023年のZhang et al.に従えば、「規模」は「指示チューニング」とするほうが正確です。
#
# 続く表は、式の係数、モデルやソフトウェアが公開された年月、型ごとのモデルの種類の数（`transformers`）です。ソフトウェアの対応は、構造の優劣とは別に、時とともに変わります。たとえばvLLMは、2025年9月にエンコーダー・デコーダー（Whisperを除く）の対応を外し、2026年2月にはBARTを別のプラグインとして案内しました。

# %% [markdown] key="published-table" lang="zh-tw"
# 討論為什麼成為主流時，要知道是誰、什麼時候、在什麼條件下得到的結果。所以把查證過出處的研究依年月列在下表（最後一個橫列取自摘錄）。
#
# | 年月 | 研究 | 條件 | 結果 |
# |---|---|---|---|
# | 2020-01 | Kaplan et al.（arXiv:2001.08361，§1.2） | decoder-only；$N$ 不含嵌入 | $N$ 的式子、$D$ 的式子，以及合併兩者的式子；都沒有下限 |
# | 2021-09 | Ghorbani et al.（arXiv:2109.07740，摘要） | 機器翻譯的編碼器－解碼器 | 損失由編碼器和解碼器這兩個大小共同決定，只看總數無法預測 |
# | 2022-03 | Hoffmann et al.（arXiv:2203.15556，§3） | decoder-only | 有下限的式子；模型和資料最好以相同的比例增加 |
# | 2022-04 | Wang et al.（arXiv:2204.05832，摘要） | 架構與目標函數的組合 | 只做非監督式預訓練時，因果解碼器的零樣本最強；看得到整個輸入的模型先用遮罩語言模型訓練，再用許多任務微調，則是實驗裡最好的 |
# | 2022-06 | Wei et al.（arXiv:2206.07682，摘要與表 1） | 各種模型的成績 | 蒐集大模型才有的能力；表 1 的例子將近一半是先給幾個例子的少樣本（few-shot） |
# | 2023-01 | Zhang et al.（arXiv:2301.13848，摘要） | 由人評比 10 個 LLM 的新聞摘要 | 零樣本摘要的關鍵「不是模型大小，而是指令微調」 |
# | 2023-04 | Schaeffer et al.（arXiv:2304.15004，摘要） | 重新評量被稱為湧現的成績 | 看起來突然，是因為評分方式非線性或不連續；換成連續的評分，或用更好的統計，就會消失 |
# | 2024-03 | Du et al.（arXiv:2403.15796，摘要） | 不看大小，改看預訓練的損失 | 就算評分方式連續，有些任務也要等損失低於某個值才超過隨機水準 |
# | 2024-04 | Besiroglu et al.（arXiv:2404.10102，摘要） | 重做 Hoffmann et al. 的第三種估計法 | 原論文的係數和信賴區間有問題 |
# | 2025-07 | Weller et al.，Ettin（arXiv:2507.11412，摘要） | 用同樣的資料和步驟訓練的成對編碼器與解碼器（1,700 萬到 10 億個參數） | 分類和檢索是編碼器比較好，生成是解碼器比較好；改用相反的目標函數繼續訓練，也比不上一開始就這樣訓練的模型 |
# | 2025-10 | Zhang et al.，RedLLM（arXiv:2510.26622，摘要） | 1.5 億到 80 億個參數，同樣的 1.6 兆個詞元 | 預訓練的運算量是 decoder-only 比較有效率；指令微調之後，編碼器－解碼器的表現相當或更好，推論也更有效率 |
# | 2025-10 | 同一篇論文第 6 節（emergentmind.com 的摘錄） | 只做完預訓練時 | 就算預測的準確程度（perplexity）差不多，零樣本和少樣本也是 decoder-only 比較好。作者推測是訓練目標和評測形式比較吻合，不是能力的差別（尚未驗證） |
#
# Kaplan et al.、Hoffmann et al.、Besiroglu et al. 的式子，全都只用 decoder-only 擬合，所以不能當作「比其他架構好」的根據。參考答案說「規模讓零樣本摘要成為可能」，這門課的電腦無法驗證；依照 2023 年 Zhang et al. 的論文，「規模」說成「指令微調」比較準確。
#
# 下面兩張表是式子的係數，以及模型和軟體公開的年月；最後是 `transformers` 裡各種架構的模型有幾種。軟體的支援會隨時間改變，和架構的優劣無關：例如 vLLM 在 2025 年 9 月移除了編碼器－解碼器的支援（只留下 Whisper），2026 年 2 月又在文件裡介紹支援 BART 的外掛。

# %% key="published-code" hide=true
history = scaling.published()
rows = []
for entry in history["law"]:
    floor = f"{entry['floor']:.2f}" if "floor" in entry else "-"
    exponents = [f"{entry['alpha']:.3f}", f"{entry['beta']:.3f}"]
    rows.append([entry["date"], entry["name"], floor, *exponents, entry["source"]])
show.tabulate(T(ja="年月|論文|下限E|α|β|出典", zh_tw="年月|論文|下限 E|α|β|出處"), rows)
print(T(ja=f"調べた日：{history['read_on']}", zh_tw=f"查閱日期：{history['read_on']}"))

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
    count = T(ja=f"{len(found)}種類", zh_tw=f"{len(found)} 種")
    print(f"transformers {installed}: {kinds[kind]} {count}")

# %% key="timeline-claim" hide=true
total = sum(map(len, families.values()))
claims.check(
    "C16",
    {
        "decoders": len(families["decoder"]) / total,
        "others": total - len(families["decoder"]),
    },
)

# %% [markdown] key="summary" lang="ja"
# ## 8. できるようになったこと
#
# - 同じ計算量で型を比べ、そろっていない条件を指摘できる（クイズの問1、2、3）
# - 大きいモデルの損失を外挿し、どこまで信じられるかを言える（問4、5）
# - 急に現れた能力や頼みごとに答える力がどこから来たのかを調べられる（問6、7、8）

# %% [markdown] key="summary" lang="zh-tw"
# ## 8. 學會了什麼
#
# - 能用相同的運算量比較架構，指出哪些條件沒有控制一致（小測驗第 1、2、3 題）
# - 能外推更大模型的損失，並說明可以相信到什麼程度（第 4、5 題）
# - 能檢查突然出現的能力、回應要求的能力是從哪裡來的（第 6、7、8 題）

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 9. 演習問題
#
# [演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)で、人の好みから学ぶ損失（DPO）などを自分で書いてから、[レッスン07](07_kv_cache.ipynb)に進みましょう。デコーダーの実行時にメモリを占めるKVキャッシュを測ります。

# %% [markdown] key="next" lang="zh-tw"
# ## 9. 練習題
#
# 先在[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)裡寫出從偏好學習的損失（DPO）等，再前往[第 07 課](07_kv_cache.ipynb)：測量解碼器執行時占用記憶體的 KV 快取。
