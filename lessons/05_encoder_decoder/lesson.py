# %% [markdown] key="title" lang="ja"
# # エンコーダー・デコーダー：すべてをテキストからテキストへ（T5）
#
# T5は、翻訳も要約も感情分析も、「テキストを入れると、テキストが出る」という1つの形にそろえたモデルです。このレッスンでは、学習済みの小さなT5に4つのタスクを頼み、事前学習の問題を手で作り、エンコーダーとデコーダーのつなぎ目（交差注意）を図にします。最後に、高い正解率が何を意味し、何を意味しないかを、実験で確かめます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | span corruptionの入力と出力を作れる。交差注意のQ、K、Vの出どころを説明できる。T5のアテンションが元の式とどう違うかを、計算で示せる。高い正解率が汎化を意味しない例を挙げられる |
# | 前提知識 | レッスン01の内容（アテンション、マスク、ヘッド）、損失を下げて学習するという考え方 |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |
#
# 進め方は、これまでと同じく「予想する、実行する、比べる」です。`guess = None`の`None`を、自分の予想に書き換えてから実行しましょう。図を描くコードは、読み飛ばしてかまいません。

# %% [markdown] key="title" lang="zh-tw"
# # 編碼器－解碼器：把任務都變成「文字到文字」的 T5
#
# T5 把翻譯、摘要、情緒分析都統一成同一種形式：輸入一段文字，輸出一段文字。這一課要請一個訓練好的小型 T5 做 4 種任務，親手製作預訓練的題目，再把編碼器和解碼器的接點（交叉注意力）畫成圖。最後用實驗確認：高正確率代表什麼、不代表什麼。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能做出 span corruption 的輸入與輸出；能說明交叉注意力的 Q、K、V 各從哪裡來；能用計算指出 T5 的注意力和原本的公式有何不同；能舉例說明，正確率高不等於泛化 |
# | 先備知識 | 第 01 課的內容（注意力、遮罩、注意力頭），以及「降低損失就是訓練」的概念 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |
#
# 進行方式和前面一樣：「先猜、再執行、再比較」。請先把 `guess = None` 的 `None` 改成你猜的數字再執行。畫圖的程式碼可以跳過不看。

# %% key="imports"
import copy
import math
import random
from collections import Counter
from itertools import combinations, pairwise

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Rectangle

from helpers import results
from helpers.classroom import claims, predict
from helpers.display import charts, figures, show
from helpers.models import encoder_decoder, training
from helpers.world import corpus
from helpers.results import tasks

figures.use(LANG)
torch.set_num_threads(1)
# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# このレッスンで確かめるのは、元のページの次の部分です。
#
# > 3. エンコーダー・デコーダー型(T5)
# > - メカニズム:テキスト対テキスト転移トランスフォーマー。
# > - 動作特性:エンコーダーが入力文字列を高密度な表現に変換し、デコーダーが目的の文字列を生成します。
# > - 最適な用途:翻訳、要約、同等性タスク。
#
# 元のページには、英語のままの問いもあります。「すべての自然言語処理のタスクを、テキストからテキストへの問題として扱うのは、どのアーキテクチャでしょうか」という意味です。答えは10節のクイズで考えます。
#
# > Which architecture treats every NLP task as a "text-to-text" problem?
#
# レッスン01で扱った式 $\operatorname{softmax}(QK^\top/\sqrt{d_k})V$ も、もう一度取り上げます。元の論文のアテンションは、この式の関数1つで計算できました。T5は例外で、この式のとおりには計算しません。

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# 這一課要檢驗的，是原網頁的這個部分。
#
# > 3. 編碼器-解碼器(T5)
# > - 機制:文字到文字轉換變壓器。
# > - 行為:編碼器將輸入字串轉換為密集表示,解碼器則生成目標字串。
# > - 最適合應用於:翻譯、摘要與對應任務。
#
# 原網頁還有一個沒翻譯的問題，意思是：「哪一種架構，把所有的自然語言處理任務都當成文字到文字的問題？」答案留到第 10 節的小測驗再想。
#
# > Which architecture treats every NLP task as a "text-to-text" problem?
#
# 第 01 課介紹的公式 $\operatorname{softmax}(QK^\top/\sqrt{d_k})V$ 也會再出現一次：原論文的注意力，用這個公式的一個函式就能計算；T5 卻是例外，並沒有照這個公式計算。

# %% [markdown] key="world" lang="ja"
# ## 1. 1つのモデル、4つのタスク
#
# このレッスンの文は、すべて小さな文法から作られます。「誰がいつどこで、何をいくつ、どうしたか」という出来事を、日本語と台湾華語の2つの言語で言う文法です。正しい文がすべてわかっているので、モデルの答えを一字一句まで採点できます。1つの文字を1つのトークンとします。
#
# タスクは4つです。どれも、短い言葉（プロンプト）のあとに文を続けて入力します。
#
# - `to_zh_tw`：日本語の文を台湾華語に翻訳する
# - `to_ja`：台湾華語の文を日本語に翻訳する
# - `summary`：3文のお話を1つの文に要約する
# - `sentiment`：お話の最後の気分が、良いか悪いかを答える
#
# 1つの出来事と1つのお話から作った、6つの問題と正解を見てみましょう。

# %% [markdown] key="world" lang="zh-tw"
# ## 1. 一個模型，4 種任務
#
# 這一課的句子都由一套小小的文法產生。這套文法用日文和台灣華語兩種語言，說出同一件事：誰、在哪裡、什麼時候、做了什麼、做了幾個。因為所有正確的句子都已經知道，所以可以一字不差地批改模型的答案。一個字元就是一個詞元。
#
# 任務有 4 種。輸入都是先寫一個簡短的詞（提示，prompt），後面再接句子。
#
# - `to_zh_tw`：把日文句子翻譯成台灣華語
# - `to_ja`：把台灣華語句子翻譯成日文
# - `summary`：把 3 句話的小故事濃縮成 1 句摘要
# - `sentiment`：回答故事最後的心情是好還是壞
#
# 先看看由同一件事和同一個故事做出的 6 道題目與正解。

# %% key="world-code"
rng = random.Random(2)
event, story = corpus.draw(rng, "test"), corpus.draw_story(rng, "test")
for example in corpus.translations(event) + corpus.readings(story):
    print(f"{example.task:10}{example.source}\n{'':8}→ {example.target}")

# %% [markdown] key="ask" lang="ja"
# 学習済みのモデルを読み込みます。構造は本物のT5で、`transformers`の`T5ForConditionalGeneration`です。大きさは、最初に公開されたT5のうち一番小さいT5-Small（約6,000万パラメータ）の約240分の1です。エンコーダーとデコーダーが2層ずつあります。
#
# 学習では、人と場所の組み合わせのうち5分の1を見せていません。採点には、その見せていない組み合わせだけを使います。モデルは、最も確率の高いトークンを1つずつ選んで書きます（貪欲法）。答え全体が、正解と一字一句同じときだけ正解とします。この割合を完全一致率（exact match）と呼びます。
#
# 予想：日本語から台湾華語への翻訳で、完全一致率はいくつになるでしょうか。0から1の数で書きましょう。

# %% [markdown] key="ask" lang="zh-tw"
# 載入訓練好的模型。它的結構是真正的 T5，也就是 `transformers` 的 `T5ForConditionalGeneration`；大小約是最早公開的 T5 裡最小的 T5-Small（約 6,000 萬個參數）的 240 分之 1。編碼器和解碼器各有 2 層。
#
# 訓練時，人物和地點的組合有 5 分之 1 沒有給模型看過；評分只用這些沒看過的組合。模型每次選機率最高的詞元，一個一個寫下去（貪婪解碼）。整個答案和正解一字不差才算對，這個比例叫做完全相符率（exact match）。
#
# 先猜猜看：日文翻成台灣華語，完全相符率會是多少？請寫 0 到 1 之間的數字。

# %% key="ask-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

model = encoder_decoder.load()
held_out = encoder_decoder.examples(200, seed=7, split="test")
exact = encoder_decoder.exact_match(model, held_out)
predict.compare(guess, exact["to_zh_tw"])

# %% key="ask-table"
print(
    T(
        ja=f"パラメータ：{training.parameter_count(model):,}個",
        zh_tw=f"參數：{training.parameter_count(model):,} 個",
    )
)
for task, share in exact.items():
    asked = [e for e in held_out if e.task == task]
    lengths = [
        sum(len(text) for text in side) / len(asked)
        for side in zip(*((e.source, e.target) for e in asked))
    ]
    print(
        T(
            ja=f"{task:10}完全一致 {share:.3f}（{len(asked)}問）　入力 平均{lengths[0]:.1f}文字　答え 平均{lengths[1]:.1f}文字",
            zh_tw=f"{task:10}完全相符 {share:.3f}（{len(asked)} 題）　輸入平均 {lengths[0]:.1f} 個字元　答案平均 {lengths[1]:.1f} 個字元",
        )
    )

# %% [markdown] key="ask-after" lang="ja"
# 4つのタスクを、同じモデルが同じ重みで解いています。入力と答えの長さは、タスクごとに違います。このように、系列を別の長さの系列に変えるタスクを、系列変換（sequence-to-sequence）と呼びます。元のページの「同等性タスク」という用語はなく、意味のわからない訳です。もとの英語は確認できませんが、「翻訳や要約などの系列変換タスク」なら意味が通ります。
#
# 全問正解でも、誤りが絶対にないとは言えません。$n$ 問すべて正解なら、本当の誤り率は95%の確かさで約 $3/n$ 以下です。200問なら1.5%以下、400問なら0.75%以下です。

# %% [markdown] key="ask-after" lang="zh-tw"
# 4 種任務都由同一個模型、用同一組權重完成。輸入和答案的長度，每種任務都不一樣。像這樣把一個序列變成另一個長度的序列，叫做序列到序列（sequence-to-sequence）。原網頁的「對應任務」並不是術語，是意思不明的翻譯。雖然無法確認英文原文，但如果寫成「翻譯、摘要等序列到序列任務」，就說得通了。
#
# 即使全部答對，也不能說絕對不會錯。$n$ 題全對時，在 95% 的信賴水準下，真正的錯誤率大約在 $3/n$ 以下：200 題是 1.5% 以下，400 題是 0.75% 以下。

# %% key="ask-claim"
claims.check("C15", {task: exact[task] for task in ("to_zh_tw", "to_ja", "summary")})

# %% [markdown] key="switch-guess" lang="ja"
# レッスン03のBERTでは、タスクごとに新しい出力層（ヘッド）を付け、正解のラベルで学習しました。では、このT5で翻訳から感情分析に切り替えるとき、モデルの何を取り替えるのでしょうか。
#
# 専用かどうかは、勾配で調べます。答えの損失から勾配が届くパラメータは、そのタスクで使われています。4つのタスクのどれか1つでも勾配が届かないテンソルがあれば、その要素を数えます。
#
# 予想：タスクごとに専用のパラメータは、何個あるでしょうか。

# %% [markdown] key="switch-guess" lang="zh-tw"
# 第 03 課的 BERT，每種任務都要接上新的輸出層，再用正確的標籤訓練。那麼，這個 T5 從翻譯換成情緒分析時，要換掉模型的哪個部分？
#
# 是不是專用，用梯度來檢查：答案的損失能把梯度傳到的參數，就是那種任務用到的參數。4 種任務裡只要有一種傳不到的張量，就把它的元素算進去。
#
# 先猜猜看：專屬於某一種任務的參數有幾個？

# %% key="switch-used"
used = []
for task in corpus.TASKS:
    model.zero_grad()
    batch = encoder_decoder.next_batch([e for e in held_out if e.task == task])()
    model(**batch).loss.backward()
    used.append([p.grad is not None and bool(p.grad.any()) for p in model.parameters()])
model.zero_grad()

# %% key="switch"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

#| ja: 文字の埋め込みは、どのタスクでも使う1つの表として数える
#| zh-tw: 字元的嵌入算成每種任務都會用到的一張表
own = sum(p.numel() for p, *tasks_ in zip(model.parameters(), *used) if not all(tasks_))
predict.compare(guess, own)

# %% key="switch-labels"
moods = [e for e in held_out if e.task == "sentiment"]
said = Counter(encoder_decoder.answer(model, [e.source for e in moods]))
print(said)
claims.check(
    "C23",
    {"own_parameters": own, "labels": sum(said[c] for c in "良悪好壞") / len(moods)},
)

# %% [markdown] key="switch-after" lang="ja"
# 専用のパラメータは0個です。タスクを決めるのは、入力の先頭のプロンプトだけです。感情分析の答えも、ラベルの番号ではなく、「良」「悪」「好」「壞」という文字です。デコーダーは281種類のトークンのどれでも書けるのに、この4つのどれかだけを書きました。書いてよい文字を制限したのではなく、そう学習したからです。

# %% [markdown] key="switch-after" lang="zh-tw"
# 專用的參數是 0 個。決定任務的，只有輸入開頭的提示。情緒分析的答案也不是標籤編號，而是「良」、「悪」、「好」、「壞」這些文字。解碼器可以寫出 281 種詞元中的任何一種，卻只寫了這 4 個。並不是限制它只能寫這些字，而是它學會了這麼寫。

# %% [markdown] key="own-text" lang="ja"
# 自分の文でも試しましょう。`text`を書き換えて、何度でも実行できます。使える文字は、この文法に出てくるものだけです。

# %% [markdown] key="own-text" lang="zh-tw"
# 也用自己的句子試試看。改寫 `text` 之後，可以一再執行。能用的字，只有這套文法裡出現過的字。

# %% key="own-text-code"
text = T(ja="昨日、お姉さんは海辺で鳥を三羽描きました。", zh_tw="姊姊昨天在海邊畫了三隻鳥。")
task = T(ja="to_zh_tw", zh_tw="to_ja")

source = corpus.prompt(task, LANG, text)
unknown = sorted(set(text) - set(corpus.characters()))
if unknown:
    print(T(ja="モデルが知らない文字：", zh_tw="模型不認識的字："), *unknown)
print(source, "→", encoder_decoder.answer(model, [source])[0])

# %% [markdown] key="no-prompt" lang="ja"
# ## 2. プロンプトは何を決めているか
#
# プロンプトを変えたり、外したりすると、どうなるでしょうか。まず、同じ問題をプロンプトなしで入力します。モデルは、プロンプトのない入力を学習していません。
#
# 予想：プロンプトを外すと、`summary`と`sentiment`の正解はどうなるでしょうか。次のa、b、cから選び、`guess = "a"`のように書きましょう。ヒント：外すと、2つのタスクの入力は同じになります。

# %% [markdown] key="no-prompt" lang="zh-tw"
# ## 2. 提示決定了什麼？
#
# 把提示換掉，或是拿掉，會怎麼樣？首先，把同樣的題目拿掉提示再輸入。訓練時，模型從沒看過沒有提示的輸入。
#
# 先猜猜看：拿掉提示之後，`summary` 和 `sentiment` 會答對多少？請從下面的 a、b、c 選一個，寫成 `guess = "a"` 這樣。小提示：拿掉之後，這 2 種任務的輸入就一樣了。

# %% key="no-prompt-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

options = {
    "a": T(ja="要約も気分も、ほぼすべて正解する", zh_tw="摘要和心情都幾乎全對"),
    "b": T(ja="片方の形で答え、合計は1を超えない", zh_tw="只用其中一種的形式回答，加起來不超過 1"),
    "c": T(ja="要約も気分も、ほとんど正解しない", zh_tw="摘要和心情都幾乎不對"),
}
for key, option in options.items():
    print(key, option)

bare = [e._replace(source=e.source.partition("：")[2]) for e in held_out]
without = encoder_decoder.exact_match(model, bare)
total = without["summary"] + without["sentiment"]
predict.choose(guess, options, "a" if total > 1 else "b" if total > 0.2 else "c")

# %% key="no-prompt-table"
for task in corpus.TASKS:
    print(
        T(
            ja=f"{task:10}プロンプトあり {exact[task]:.3f}　なし {without[task]:.3f}",
            zh_tw=f"{task:10}有提示 {exact[task]:.3f}　沒有提示 {without[task]:.3f}",
        )
    )
assert total <= 1 + 1e-9
assert min(without["to_zh_tw"], without["to_ja"]) >= 0.5

# %% [markdown] key="no-prompt-after" lang="ja"
# 同じ入力には、同じ答えしか返せません。要約と気分の両方に正解することはないので、合計は1を超えません。一方、翻訳はプロンプトがなくても、半分以上できています。出来事を1つの文で言う入力に対するタスクは翻訳だけで、言語を見れば向きもわかるからです。
#
# つまり、プロンプトが運ぶのは、入力の文だけではわからない情報です。ここでは「要約か、気分か」がそれに当たります。それでも翻訳の完全一致率が下がるのは、プロンプトのない入力を学習したことがないからです。
#
# 次は、学習のときにはなかった組み合わせです。

# %% [markdown] key="no-prompt-after" lang="zh-tw"
# 輸入相同，答案也只能相同。不可能同時答對摘要和心情，所以加起來不會超過 1。另一方面，翻譯就算沒有提示，也答對一半以上。因為用 1 句話說一件事的輸入，對應的任務只有翻譯，而看語言就知道要往哪邊翻。
#
# 也就是說，提示帶來的，是光看輸入的句子無法知道的資訊；在這裡就是「要摘要，還是要心情」。翻譯的完全相符率還是下降了，是因為模型從沒學過沒有提示的輸入。
#
# 接著看看訓練時沒有出現過的組合。

# %% key="odd-prompts"
there = next(lang for lang in corpus.LANGUAGES if lang != LANG)
task = T(ja="to_zh_tw", zh_tw="to_ja")
odd = [
    #| ja: 気分を尋ねる言葉と、お話の言語を変える（お話はどちらも1節のもの）
    #| zh-tw: 問心情的詞和故事用不同的語言（故事都是第 1 節的那一個）
    corpus.prompt("sentiment", there, story.text(LANG)),
    corpus.prompt("sentiment", LANG, story.text(there)),
    #| ja: お話を翻訳させる
    #| zh-tw: 要求翻譯故事
    corpus.prompt(task, LANG, story.text(LANG)),
    #| ja: 1文を要約させる
    #| zh-tw: 要求替 1 句話做摘要
    corpus.prompt("summary", LANG, corpus.sentence(event, LANG).text),
    #| ja: 文法にない出来事
    #| zh-tw: 文法裡沒有的事
    corpus.prompt(
        task, LANG, T(ja="昨日、犬は公園で健太を描きました。", zh_tw="狗昨天在公園畫了健太。")
    ),
]
for source, answer in zip(odd, encoder_decoder.answer(model, odd)):
    #| ja: もう1つの言語で書かれた答えには、訳を添える
    #| zh-tw: 答案是另一種語言時，附上翻譯
    told = corpus.parse(answer, there)
    print(source, "→", answer, f"（{corpus.sentence(told, LANG).text}）" if told else "")

# %% [markdown] key="odd-prompts-after" lang="ja"
# もっともらしい文が並びますが、頼んだとおりの答えは、ほとんどありません。学習で見た形に寄せて書くからです。最後の文では、犬と健太の役が入れ替わりました。この文法では、何かをするのは、いつも人だからです。
#
# 実物のT5やその後継は、ずっと多くのタスクで学習しているので、新しい頼み方にも応じやすくなっています。それでも、学習した範囲の外で、もっともらしい誤答が出ることは変わりません。

# %% [markdown] key="odd-prompts-after" lang="zh-tw"
# 這些句子看起來有模有樣，但幾乎都不是我們要的。模型會往訓練時看過的樣子靠過去。最後一句裡，狗和健太的角色對調了，因為在這套文法裡，做事的一定是人。
#
# 真正的 T5 和後來的模型，訓練過的任務多得多，比較能應付新的問法。不過，超出訓練範圍時，一樣會寫出看似有理的錯誤答案。

# %% [markdown] key="spans" lang="ja"
# ## 3. 名前と仕組み：span corruption
#
# 元のページが「メカニズム」と呼んでいるものは、T5という名前（Text-to-Text Transfer Transformer）を訳しただけで、仕組みの説明ではありません。仕組みは次の2つです。
#
# - どのタスクも、プロンプトとテキストを入れ、テキストを出す形にする（1節）
# - 事前学習では、入力から連続した区間（スパン）をいくつか抜き、抜いた部分を書かせる。これがspan corruption（スパン破壊）
#
# 抜いた場所には、区間ごとに違う目印を1つ置きます。この目印を、センチネルトークン（sentinel token）と呼びます。正解の側にも同じ目印を書き、それぞれのあとに抜いたトークンを続けます。最後に、終わりを示す目印をもう1つ置きます（論文の図2の形です。公開されている実装では、最後の目印の代わりに`</s>`を置くので、長さは変わりません）。
#
# T5は、トークンの15%を、平均3トークンの区間で抜きます。手順は、次の関数だけです。残す部分と抜く区間を交互に並べるので、最後は必ず抜いた区間になります（この並べ方は、公開されている実装も同じです）。

# %% [markdown] key="spans" lang="zh-tw"
# ## 3. 名稱與機制：span corruption
#
# 原網頁所說的「機制」，只是把 T5 的名稱（Text-to-Text Transfer Transformer）翻譯出來，並沒有說明它怎麼運作；而且 Transfer 是遷移，不是轉換。它的機制是下面這 2 點。
#
# - 不論什麼任務，都寫成「輸入提示和文字，輸出文字」（第 1 節）
# - 預訓練時，從輸入挖掉幾個連續的片段（span），讓模型把挖掉的部分寫出來。這就是 span corruption（片段毀損）
#
# 挖掉的地方，每個片段各放一個不同的記號，叫做哨兵詞元（sentinel token）。正解裡也寫上同樣的記號，後面接著挖掉的詞元；最後再放一個表示結束的記號（這是論文圖 2 的形式；公開的實作不放最後這個記號，而是放 `</s>`，長度一樣）。
#
# T5 會挖掉 15% 的詞元，每個片段平均 3 個詞元。整個步驟只需要下面的函式。留下的部分和挖掉的片段輪流出現，所以最後一定是挖掉的片段（這一點和公開的實作一樣）。


# %% key="spans-code"
def sentinel(n):
    return f"<extra_id_{n}>"


def pieces(total, count, rng):
    #| ja: totalを、正の整数count個の和にランダムに分ける
    #| zh-tw: 把 total 隨機拆成 count 個正整數的和
    cuts = [0, *sorted(rng.sample(range(1, total), count - 1)), total]
    return [b - a for a, b in pairwise(cuts)]


# %% key="spans-corruption"
def span_corruption(tokens, rng, share=0.15, mean_span=3):
    #| ja: Raffel et al. 2020、§3.3.4 → 入力、正解
    #| zh-tw: Raffel et al. 2020，§3.3.4 → 輸入、正解
    n_missing = round(share * len(tokens))
    n_spans = max(1, round(n_missing / mean_span))
    kept = pieces(len(tokens) - n_missing, n_spans, rng)
    missing = pieces(n_missing, n_spans, rng)
    source, target, at = [], [], 0
    for n in range(n_spans):
        source += [*tokens[at : at + kept[n]], sentinel(n)]
        at += kept[n]
        target += [sentinel(n), *tokens[at : at + missing[n]]]
        at += missing[n]
    return source, [*target, sentinel(n_spans)]


# %% key="spans-example"
rng = random.Random(0)
text = story.text(LANG) + corpus.draw_story(rng).text(LANG)
source, target = span_corruption(list(text), rng)
print(text, len(text))
print("".join(source), len(source))
print("".join(target), len(target))

# %% [markdown] key="spans-guess" lang="ja"
# 最後の数は、トークンの数です（目印も1トークンと数えます）。入力は元の文より短く、正解はもっと短くなります。
#
# 512トークンのテキストで試しましょう。抜くのは15%の77トークン、平均3トークンなので26区間です。
#
# 予想：正解の側は、何トークンになるでしょうか。

# %% [markdown] key="spans-guess" lang="zh-tw"
# 每行最後的數字是詞元的個數（記號也算 1 個詞元）。輸入比原文短，正解更短。
#
# 接著用 512 個詞元的文字來試。挖掉 15%，也就是 77 個詞元；平均 3 個詞元，所以有 26 個片段。
#
# 先猜猜看：正解會有幾個詞元？

# %% key="spans-measure"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

texts = []
for _ in range(200):
    joined = ""
    while len(joined) < 512:
        joined += corpus.draw_story(rng).text(LANG)
    texts.append(list(joined[:512]))
corrupted = [span_corruption(tokens, rng) for tokens in texts]
predict.compare(guess, len(corrupted[0][1]))

# %% [markdown] key="spans-check" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 答えは104です。抜いた77トークンに、26個の目印と、最後の1個を足した数です。デコーダーは、512トークン全部ではなく104トークンだけを書きます。
#
# </details>
#
# 情報が失われていないことを、200個のテキストで確かめましょう。次の2つが成り立てば、入力と正解を合わせて、もとのテキストに戻せます。
#
# - 目印は、入力に0番から順に1回ずつ、正解にも同じ順に1回ずつ（と、最後にもう1つ）現れる
# - 目印で区切った断片を、入力、正解、入力、正解の順に交互につなぐと、もとのテキストになる
#
# 2つ目は、この関数が残す部分と抜く区間を交互に置くから使える近道です。区間が先頭にあったり、モデルが書きまちがえたりしても使える復元は、演習シートで書きます。

# %% [markdown] key="spans-check" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 答案是 104：挖掉的 77 個詞元，加上 26 個記號，再加上最後 1 個。解碼器不必寫出全部 512 個詞元，只寫這 104 個。
#
# </details>
#
# 用 200 段文字確認資訊沒有遺失。只要下面 2 點成立，把輸入和正解合起來，就能還原成原本的文字。
#
# - 記號在輸入裡從 0 號開始依序各出現 1 次，在正解裡也照同樣的順序各出現 1 次（最後還有 1 個）
# - 用記號切開後，依照輸入、正解、輸入、正解的順序輪流接起來，就是原本的文字
#
# 第 2 點之所以可行，是因為這個函式讓留下的部分和挖掉的片段輪流出現。如果片段在最前面，或是模型寫錯了，就不能這樣做；能處理這些情形的還原，留到練習題再寫。


# %% key="spans-fragments" hide=true
def is_sentinel(token):
    return token.startswith("<extra_id_")


def fragments(tokens):
    marked = "".join("\n" if is_sentinel(token) else token for token in tokens)
    return [piece for piece in marked.split("\n") if piece]


# %% key="spans-check-code" hide=true
hidden = set()
for tokens, (source, target) in zip(texts, corrupted, strict=True):
    marks = [[t for t in side if is_sentinel(t)] for side in (source, target)]
    assert marks[0] == [sentinel(n) for n in range(len(marks[0]))]
    assert marks[1] == [*marks[0], sentinel(len(marks[0]))]
    in_turn = list(zip(fragments(source), fragments(target), strict=True))
    assert "".join(kept + missing for kept, missing in in_turn) == "".join(tokens)
    at = 0
    for kept, missing in in_turn:
        at += len(kept)
        hidden.update(range(at, at + len(missing)))
        at += len(missing)

# %% key="spans-claim"
spans = [len(piece) for _, target in corrupted for piece in fragments(target)]
n_tokens = sum(map(len, texts))
lengths = [sum(len(pair[side]) for pair in corrupted) / len(texts) for side in (0, 1)]
claims.check(
    "C13",
    {
        "share": sum(spans) / n_tokens,
        "mean_span": sum(spans) / len(spans),
        "one_length": max(Counter(spans).values()) / len(spans),
        "places": len(hidden) / len(texts[0]),
        "source_length": lengths[0],
        "target_length": lengths[1],
    },
)

# %% [markdown] key="spans-after" lang="ja"
# 同じ「穴埋め」でも、BERTのマスク言語モデルとは形が違います。512トークンのとき、次のようになります。
#
# | 学習方法 | 入力 | 損失を計算するトークン |
# |---|---|---|
# | マスク言語モデル（BERT） | 512（長さは変わらない） | 約77（マスクした位置で答える） |
# | span corruption（T5） | 461（区間ごとに目印1つ） | 104（別の系列として書く） |
# | 次トークン予測（GPT） | 512 | 512 |
#
# 抜いた区間の長さは、目印からはわかりません。何トークン抜けたかも含めて、デコーダーが書きます。なお、T5の事前学習で512トークンにそろえるのは、抜いたあとの入力のほうです。もとのテキストは568トークン、正解は114トークンになります（どちらも公開されている実装から。入力と正解には`</s>`を含みます）。
#
# 正直に言うと、1節の小さなモデルは、span corruptionで事前学習していません。4つのタスクを、はじめから直接学習しました。この小さな世界では、それで足りるからです。

# %% [markdown] key="spans-after" lang="zh-tw"
# 同樣是「克漏字」，和 BERT 的遮罩語言模型（masked language model）形式不同。以 512 個詞元為例：
#
# | 訓練方式 | 輸入 | 計算損失的詞元 |
# |---|---|---|
# | 遮罩語言模型（BERT） | 512（長度不變） | 約 77（在被遮住的位置作答） |
# | span corruption（T5） | 461（每個片段 1 個記號） | 104（寫成另一個序列） |
# | 下一個詞元預測（GPT） | 512 | 512 |
#
# 從記號看不出片段有多長。少了幾個詞元，也要由解碼器自己寫出來。順帶一提，T5 預訓練時湊成 512 個詞元的，是挖掉之後的輸入；原文是 568 個詞元，正解是 114 個詞元（都出自公開的實作，輸入和正解包含 `</s>`）。
#
# 老實說，第 1 節的小模型並沒有用 span corruption 預訓練，而是從一開始就直接訓練 4 種任務。在這個小世界裡，這樣就夠了。

# %% [markdown] key="vectors-guess" lang="ja"
# ## 4. エンコーダーは何を渡すのか
#
# 元のページは、エンコーダーが入力を「高密度な表現」に変えると言います。表現は、1つの文に1本のベクトルなのでしょうか。
#
# 予想：次のセルの入力に対して、エンコーダーは64次元のベクトルを何本出すでしょうか。入力の最後には、終わりを表すトークン`</s>`が1つ付きます。

# %% [markdown] key="vectors-guess" lang="zh-tw"
# ## 4. 編碼器交出什麼？
#
# 原網頁說，編碼器會把輸入轉換成「密集表示」。那麼，一個句子的表示，是一個向量嗎？
#
# 先猜猜看：對下一個儲存格的輸入，編碼器會輸出幾個 64 維的向量？輸入的最後，會自動加上一個表示結束的詞元 `</s>`。

# %% key="vectors"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

example = next(e for e in corpus.translations(event) if e.lang == LANG)
inputs = encoder_decoder.TOKENIZER(example.source, return_tensors="pt")
labels = encoder_decoder.TOKENIZER(example.target, return_tensors="pt").input_ids
print(example.source, len(example.source))
with torch.no_grad():
    states = model.encoder(**inputs).last_hidden_state  # (1, S, d_model)
predict.compare(guess, states.size(1))

# %% [markdown] key="wiring" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# トークンごとに1本です。文が長ければ、ベクトルも増えます。
#
# </details>
#
# デコーダーの各層には、自己注意のあとに交差注意（cross-attention）があります。クエリはデコーダーから、キーとバリューはエンコーダーのベクトルから作ります。本当にそうなっているかを、重み行列に入ってくるテンソルを記録して確かめます。
#
# 学習のときと同じように、正解を1つ右にずらしてデコーダーに入力します。$t$ 番目の位置では、正解の $t-1$ 番目までを見て、$t$ 番目を予測します。これを教師強制（teacher forcing）と呼びます。`labels`を渡すと、ずらす処理はモデルが行います。

# %% [markdown] key="wiring" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 每個詞元各有一個向量。句子越長，向量就越多。
#
# </details>
#
# 解碼器的每一層，在自注意力之後還有交叉注意力（cross-attention）：查詢來自解碼器，鍵和值來自編碼器的向量。是不是真的這樣？把送進權重矩陣的張量記錄下來，就能確認。
#
# 和訓練時一樣，把正解往右移一格，輸入解碼器。在第 $t$ 個位置，模型看著正解的前 $t-1$ 個詞元，預測第 $t$ 個。這叫做教師強迫（teacher forcing）。只要傳入 `labels`，模型就會自己往右移。

# %% key="wiring-hook"
came_in, hooks = {}, []


def remember(key):
    def hook(module, arguments):
        came_in[key] = arguments[0]

    return hook


# %% key="wiring-code"
for layer, block in enumerate(model.decoder.block, 1):
    cross = block.layer[1].EncDecAttention
    for name, matrix in (("q", cross.q), ("k", cross.k), ("v", cross.v)):
        hooks.append(matrix.register_forward_pre_hook(remember((layer, name))))
with torch.no_grad():
    out = model(**inputs, labels=labels)
for hook in hooks:
    hook.remove()

# %% key="wiring-check"
for (layer, name), tensor in came_in.items():
    same = tensor.shape == out.encoder_last_hidden_state.shape and tensor.equal(
        out.encoder_last_hidden_state
    )
    print(
        T(
            ja=f"{layer}層目の{name}：形状 {tuple(tensor.shape)}　エンコーダーの出力と同じか {same}",
            zh_tw=f"第 {layer} 層的 {name}：形狀 {tuple(tensor.shape)}　和編碼器的輸出相同嗎 {same}",
        )
    )
key_gap = max(
    (came_in[layer, name] - out.encoder_last_hidden_state).abs().max().item()
    for layer in (1, 2)
    for name in "kv"
)
assert all(came_in[layer, "q"].size(1) == labels.size(1) for layer in (1, 2))

# %% [markdown] key="runs-guess" lang="ja"
# どの層でも、キーとバリューのもとは、エンコーダーの出力そのものでした。クエリだけが、デコーダーから来ています。
#
# 予想：この答えを1トークンずつ書くあいだに、エンコーダーは何回計算されるでしょうか。

# %% [markdown] key="runs-guess" lang="zh-tw"
# 不論哪一層，鍵和值的來源都是編碼器的輸出本身；只有查詢來自解碼器。
#
# 先猜猜看：一個詞元一個詞元地寫出這個答案時，編碼器要計算幾次？

# %% key="runs"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

runs = Counter()
hooks = [
    part.register_forward_hook(lambda *_, name=name: runs.update([name]))
    for name, part in (("encoder", model.encoder), ("decoder", model.decoder))
]
answer = encoder_decoder.answer(model, [example.source])[0]
for hook in hooks:
    hook.remove()
print(answer)
assert runs["decoder"] == len(answer) + 1  # </s>
predict.compare(guess, runs["encoder"])

# %% [markdown] key="pooled" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# エンコーダーは1回、デコーダーは答えのトークンの数だけ（`</s>`も含めて）計算されます。入力全体を先に読むので、エンコーダーには因果マスクがいりません。
#
# </details>
#
# では、ベクトルがトークンごとにあることは、どれくらい大切なのでしょうか。全部のベクトルを、その平均1本に置き換えて翻訳させてみます。

# %% [markdown] key="pooled" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 編碼器只計算 1 次，解碼器則是答案有幾個詞元就計算幾次（包含 `</s>`）。因為是先把整個輸入讀完，所以編碼器不需要因果遮罩。
#
# </details>
#
# 那麼，每個詞元各有一個向量，到底有多重要？把所有的向量都換成它們的平均，也就是同一個向量，再讓模型翻譯看看。


# %% key="pooled-code"
def translate_from(examples, change):
    T(
        ja="""エンコーダーの出力をchangeで変えてから翻訳する → 完全一致率、答え""",
        zh_tw="""用 change 改變編碼器的輸出之後再翻譯 → 完全相符率、答案""",
    )
    inputs = encoder_decoder.TOKENIZER(
        [e.source for e in examples], padding=True, return_tensors="pt"
    )
    with torch.no_grad():
        encoded = model.encoder(**inputs)
        mask = inputs.attention_mask[..., None]  # (B, S, 1)
        encoded.last_hidden_state = change(encoded.last_hidden_state, mask)
        ids = model.generate(
            encoder_outputs=encoded, attention_mask=inputs.attention_mask, max_new_tokens=40
        )
    answers = encoder_decoder.TOKENIZER.batch_decode(ids, skip_special_tokens=True)
    right = [a == e.target for a, e in zip(answers, examples, strict=True)]
    return sum(right) / len(right), answers


# %% key="pooled-average"
def average(states, mask):
    return ((states * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True)).expand_as(states)


translations = [e for e in held_out if e.task.startswith("to_")]
as_is, _ = translate_from(translations, lambda states, mask: states)
pooled, answers = translate_from(translations, average)
print(
    T(
        ja=f"トークンごとのベクトル {as_is:.3f}　平均1本 {pooled:.3f}",
        zh_tw=f"每個詞元一個向量 {as_is:.3f}　平均成一個 {pooled:.3f}",
    )
)
#| ja: もう1つの言語からの翻訳。かっこの中は正解
#| zh-tw: 從另一種語言翻譯過來；括號裡是正確答案
n_shown = next(n for n, e in enumerate(translations) if e.lang != LANG)
print(f"{translations[n_shown].source}（{translations[n_shown].target}）", "→", answers[n_shown])

# %% [markdown] key="pooled-after" lang="ja"
# 平均1本では、翻訳は1つも合いません。文らしい答えは書けますが、中身が違います。ただし、このモデルは1本のベクトルで学習していないので、「1本では決してできない」という証明ではありません。実際、注意機構ができる前のニューラル翻訳モデルは、文全体を1本のベクトルにまとめていました。長い文が苦手だったことが、アテンションが生まれるきっかけになりました。

# %% [markdown] key="pooled-after" lang="zh-tw"
# 平均成一個向量，翻譯就一句也不對。答案看起來像句子，內容卻不一樣。不過，這個模型並不是用一個向量訓練的，所以這不能證明「一個向量絕對做不到」。事實上，在注意力機制出現之前，神經網路的翻譯模型就是把整個句子濃縮成一個向量。這種做法不擅長處理長句，後來才有了注意力。

# %% [markdown] key="map" lang="ja"
# ## 5. 語順が交差すると、交差注意も交差する
#
# 日本語は動詞が最後に来ます。台湾華語では、動詞が目的語より前に来ます。同じ出来事を翻訳するとき、デコーダーは入力のどこを見ているのでしょうか。
#
# どの重みを見るかは、規則で決めます。モデルには2層×4ヘッドの交差注意があり、図が気に入ったものを選べば、何とでも言えてしまうからです。ここでは、4つのヘッドの平均を使います。層は、学習用の50の出来事で、対応する語をよく見ているほうを選びます。図と採点には、評価用の出来事だけを使います。図の文は、その最初の1つです。
#
# 図の行は、書こうとしているトークンです。そのトークンを予測する位置のクエリが、入力のどのトークン（列）をどれだけ参照したかを、色の濃さで表します。四角い枠は、同じ意味の語の位置です。枠はモデルではなく、文法から求めました。

# %% [markdown] key="map" lang="zh-tw"
# ## 5. 語序交叉，注意力也交叉
#
# 日文的動詞放在最後；台灣華語的動詞則放在受詞前面。翻譯同一件事時，解碼器在看輸入的哪裡？
#
# 要看哪個權重，必須有規則。這個模型的交叉注意力有 2 層×4 個頭，如果專挑好看的，怎麼說都行。這裡規定：使用 4 個頭的平均；至於哪一層，用訓練用的 50 件事來選，比較常看對應的詞的那一層就是了。畫圖和評分，只用評估用的事；圖裡的句子是其中的第一個。
#
# 圖的橫列是正要寫的詞元：預測這個詞元的查詢，對輸入的每個詞元（直行）參考了多少，用顏色深淺表示。方框是意思相同的詞所在的位置；方框是由文法得到的，不是模型算的。


# %% key="map-code"
other = {"ja": "zh-tw", "zh-tw": "ja"}
WORDS = {
    "person": T(ja="人", zh_tw="人物"),
    "time": T(ja="時", zh_tw="時間"),
    "place": T(ja="場所", zh_tw="地點"),
    "object": T(ja="目的語", zh_tw="受詞"),
    "number": T(ja="数", zh_tw="數量"),
    "verb": T(ja="動詞", zh_tw="動詞"),
}


def attention_map(net, event, source_lang, layer):
    T(
        ja="""ヘッドの平均 → 重み (T, S)、入力のトークン、出力のトークン、プロンプトの長さ""",
        zh_tw="""各個頭的平均 → 權重 (T, S)、輸入的詞元、輸出的詞元、提示的長度""",
    )
    example = next(e for e in corpus.translations(event) if e.lang == source_lang)
    weights = encoder_decoder.cross_attentions(net, example.source, example.target)
    before = len(example.source) - len(corpus.sentence(event, source_lang).text)
    return weights[layer - 1].mean(0), [*example.source, "</s>"], [*example.target, "</s>"], before


# %% key="map-looks"
def looks(net, event, source_lang, layer):
    T(
        ja="""最初の文字を書くときに最も見た位置、入力での語の位置、出力での語の位置、入力の長さ""",
        zh_tw="""寫第一個字時最常看的位置、詞在輸入裡的位置、詞在輸出裡的位置、輸入的長度""",
    )
    weights, tokens, _, before = attention_map(net, event, source_lang, layer)
    here, there = (corpus.word_spans(event, lang) for lang in (source_lang, other[source_lang]))
    looked = {word: int(weights[span.start].argmax()) - before for word, span in there.items()}
    return looked, here, there, len(tokens)


# %% key="map-layer"
def found(events, layer):
    hits = []
    for event in events:
        for source_lang in other:
            looked, here, there, _ = looks(model, event, source_lang, layer)
            hits += [looked[word] in here[word] for word in WORDS if word in there]
    return sum(hits) / len(hits)


rng = random.Random(1)
practice = [corpus.draw(rng, "train") for _ in range(50)]
by_layer = {layer: found(practice, layer) for layer in (1, 2)}
chosen = max(by_layer, key=by_layer.get)
print(by_layer, "→", chosen)

# %% key="map-figure"
shown = corpus.exam("counted", 1)[0]
fig, axes = plt.subplots(2, 1, figsize=(10, 14))
for ax, (source_lang, target_lang) in zip(axes, other.items()):
    weights, columns, rows, before = attention_map(model, shown, source_lang, chosen)
    figures.matrix(ax, weights, rows=rows, columns=columns, fmt=None, vmin=0, vmax=1)
    here, there = (corpus.word_spans(shown, lang) for lang in (source_lang, target_lang))
    for word in there:
        corner = here[word].start + before - 0.5, there[word].start - 0.5
        size = len(here[word]), len(there[word])
        ax.add_patch(Rectangle(corner, *size, fill=False, edgecolor="#D55E00", linewidth=2))
    ax.set(
        xlabel=T(ja="入力のトークン", zh_tw="輸入的詞元"),
        ylabel=T(ja="書くトークン", zh_tw="要寫的詞元"),
    )

figures.show(
    fig,
    T(
        ja=f"交差注意の重みです。上は「{corpus.sentence(shown, 'ja').text}」から「{corpus.sentence(shown, 'zh-tw').text}」への翻訳、下はその逆です。最初の文字を書くときに、対応する語を最もよく見ている語が多くあります。動詞と、数・目的語の枠は、左上から右下への順に並ばず、入れ替わっています。語の2文字目や助数詞では、枠の外も見ています。",
        zh_tw=f"交叉注意力的權重。上圖是把「{corpus.sentence(shown, 'ja').text}」翻成「{corpus.sentence(shown, 'zh-tw').text}」，下圖相反。大多數的詞，在寫第一個字時，最常看的就是對應的詞。動詞和數量、受詞的方框，並沒有從左上往右下排，而是互相交換了位置。詞的第 2 個字和量詞，也看方框以外的地方。",
    ),
)

# %% [markdown] key="align-guess" lang="ja"
# 1つの図だけでは、たまたまという可能性が残ります。評価用の200の出来事で、数を数えましょう。人、時、場所、目的語、数、動詞のそれぞれについて、その語の最初の文字を書くときに、重みが最大の入力トークンが、対応する語の中にあれば「一致」とします。ランダムに選んだ場合の一致率、つまりチャンスレベル（偶然の水準）は、語の長さ÷入力の長さの平均です。
#
# 予想：一致率はいくつになるでしょうか。0から1の数で書きましょう。

# %% [markdown] key="align-guess" lang="zh-tw"
# 只看一張圖，可能只是碰巧。用評估用的 200 件事來數數看。對人物、時間、地點、受詞、數量、動詞這些詞，看寫出第一個字的時候，權重最大的輸入詞元是不是在對應的詞裡面；是的話就算「相符」。隨機選的相符率，也就是隨機水準（chance level），是「詞的長度÷輸入的長度」的平均。
#
# 先猜猜看：相符率會是多少？請寫 0 到 1 之間的數字。


# %% key="align-graded"
def graded(net, n_events):
    hits, chances = {word: [] for word in WORDS}, []
    swapped, kept_order, counters = [], [], Counter()
    rng = random.Random(99)
    for event_ in [corpus.draw(rng, "test") for _ in range(n_events)]:
        for source_lang in other:
            looked, here, there, n_tokens = looks(net, event_, source_lang, chosen)
            words = [word for word in WORDS if word in there]
            for word in words:
                hits[word].append(looked[word] in here[word])
                chances.append(len(here[word]) / n_tokens)
            #| ja: 書く順にa、b
            #| zh-tw: 書寫的順序是 a、b
            for a, b in combinations(sorted(words, key=lambda word: there[word].start), 2):
                if here[a].start < here[b].start:
                    kept_order.append(looked[a] < looked[b])
                else:
                    swapped.append(looked[a] > looked[b])
            if "counter" in there:
                counters.update(word for word in there if looked["counter"] in here[word])
    return hits, chances, swapped, kept_order, counters


# %% key="align"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


def mean(values):
    return sum(values) / len(values)


hits, chances, swapped, kept_order, counters = graded(model, 200)
aligned = mean([hit for h in hits.values() for hit in h])
chance = mean(chances)
predict.compare(guess, aligned)

# %% key="align-order"
untrained_swapped = graded(encoder_decoder.new(), 50)[2]
print(
    T(
        ja=f"語順が入れ替わる組で、見る順も入れ替わった割合：{len(swapped)}組で{mean(swapped):.3f}　学習していないモデル：{len(untrained_swapped)}組で{mean(untrained_swapped):.3f}",
        zh_tw=f"語序對調的組合中，看的順序也對調的比例：{len(swapped)} 組中 {mean(swapped):.3f}　沒訓練過的模型：{len(untrained_swapped)} 組中 {mean(untrained_swapped):.3f}",
    )
)
print(
    T(
        ja=f"入れ替わらない組で、見る順も同じだった割合：{len(kept_order)}組で{mean(kept_order):.3f}",
        zh_tw=f"語序不變的組合中，看的順序也相同的比例：{len(kept_order)} 組中 {mean(kept_order):.3f}",
    )
)

# %% key="align-figure"
shares = {WORDS[word]: mean(h) for word, h in hits.items()}
errors = [corpus.standard_error(mean(h), len(h)) for h in hits.values()]
fig, ax = plt.subplots(figsize=(7, 3.4))
ax.bar(list(shares), list(shares.values()), yerr=errors, capsize=4)
ax.axhline(chance, color="black", linestyle="--", label=T(ja="チャンスレベル", zh_tw="隨機水準"))
ax.set(
    ylim=(0, 1.3),
    yticks=[0, 0.2, 0.4, 0.6, 0.8, 1],
    ylabel=T(ja="一致率", zh_tw="相符率"),
)
ax.legend(loc="upper right")
listed = charts.listed(shares, marks=" 、、")
figures.show(
    fig,
    T(
        ja=f"語の種類ごとの一致率です。{listed}。破線はチャンスレベルの{chance:.2f}です。エラーバーは標準誤差です。",
        zh_tw=f"各類詞的相符率：{listed}。虛線是隨機水準 {chance:.2f}。誤差線是標準誤差。",
    ),
)

# %% key="align-claim"
claims.check(
    "C14",
    {
        "vectors": len(states[0].unique(dim=0)) / inputs.input_ids.size(1),
        "key_gap": key_gap,
        "encoder_runs": runs["encoder"],
        "pooled": pooled,
        "aligned": aligned,
        "chance": chance,
        "swapped": mean(swapped),
        "swapped_untrained": mean(untrained_swapped),
    },
)
print(
    T(
        ja=f"助数詞を書くときに最も見た語：助数詞 {counters['counter']}回　目的語 {counters['object']}回　動詞 {counters['verb']}回",
        zh_tw=f"寫量詞時最常看的詞：量詞 {counters['counter']} 次　受詞 {counters['object']} 次　動詞 {counters['verb']} 次",
    )
)
assert counters["object"] + counters["verb"] > counters["counter"]

# %% [markdown] key="align-after" lang="ja"
# 一致率は、チャンスレベルよりずっと高い値です。語順が入れ替わる組でも、約8割で、見る順番が正しく入れ替わっています。こちらは順番の二択なので、チャンスレベルは約0.5で、学習していないモデルもそのくらいでした。図の模様は、たまたまではありませんでした。
#
# 一方、一致しない場合にも理由があります。
#
# - 助数詞を書くときは、入力の助数詞だけでなく、目的語や動詞もよく見る（最後の行の数）。三冊の「冊」も三本書の「本」も、数えるものの名詞で決まり、動詞は名詞を絞る手がかりになるから
# - 2文字目以降は、数に入れていない。「花」の次が「子」であることは、デコーダーの自己注意だけでわかる
# - エンコーダーのベクトルは、まわりのトークンの情報も含んでいる。隣の位置を見ても、必要な情報が手に入る
#
# レッスン01で見たように、重みは混ぜる割合です。「見ている」ことと「それを根拠にしている」ことは、同じではありません。

# %% [markdown] key="align-after" lang="zh-tw"
# 相符率遠高於隨機水準。語序對調的組合，約 8 成看的順序也跟著對調；這是順序的二選一，所以隨機水準大約是 0.5，沒訓練過的模型也差不多。圖上的花樣並不是碰巧。
#
# 不相符的地方，也有它的道理。
#
# - 寫量詞時，不只看輸入的量詞，也常看受詞和動詞（最後一行的數字）。因為不管是三冊的「冊」還是三本書的「本」，都由所數的名詞決定，而動詞也是縮小名詞範圍的線索
# - 第 2 個字以後沒有算進去。「花」的後面是「子」，靠解碼器的自注意力就知道了
# - 編碼器的向量也含有周圍詞元的資訊；看隔壁的位置，一樣能得到需要的資訊
#
# 第 01 課說過，權重只是混合的比例。「看著它」和「以它為根據」是兩回事。

# %% [markdown] key="explore" lang="ja"
# 自分でも調べてみましょう。文を書き換え、注意の種類（エンコーダー、デコーダー、交差）、層、ヘッドを選べます。「デコーダーの文」の欄を空にすると、モデルが自分で書いた答えを使います（12トークンまで）。

# %% [markdown] key="explore" lang="zh-tw"
# 自己也來探索看看。可以改寫句子，選擇注意力的種類（編碼器、解碼器、交叉）、層和頭。「解碼器的句子」那一欄留空的話，就使用模型自己寫出的答案（最多 12 個詞元）。

# %% key="explore-code"
from helpers.widgets import AttentionExplorer

viewed = encoder_decoder.load()
#| ja: 重みを取り出せる計算方法に替える
#| zh-tw: 換成可以取出權重的計算方式
viewed.set_attn_implementation("eager")
first = next(e for e in corpus.translations(shown) if e.lang == LANG)
AttentionExplorer(viewed, encoder_decoder.TOKENIZER, text=first.source, target=first.target)

# %% [markdown] key="t5" lang="ja"
# ## 6. T5は√d_kで割らない
#
# 元のページの式を、T5のアテンションと比べます。T5の1層目のエンコーダーの自己注意を取り出し、同じ重み行列で、手で計算します。違いは2つあります。
#
# - スコアを $\sqrt{d_k}$ で割らない（このモデルでは $d_k = 16$）
# - スコアに、キーとクエリの距離だけで決まる数を足す。これが相対位置バイアス（relative position bias）。埋め込みに位置を足すことはしない
#
# つまり、T5の式は $\operatorname{softmax}(QK^\top + B)V$ です。丸め誤差を小さくするため、64ビットで計算します。

# %% [markdown] key="t5" lang="zh-tw"
# ## 6. T5 不除以 √d_k
#
# 把原網頁的公式和 T5 的注意力比較看看。取出 T5 編碼器第 1 層的自注意力，用同樣的權重矩陣親手計算。不同的地方有 2 個。
#
# - 分數不除以 $\sqrt{d_k}$（這個模型的 $d_k = 16$）
# - 分數加上一個只由鍵和查詢的距離決定的數，叫做相對位置偏差（relative position bias）；不在嵌入上加位置
#
# 也就是說，T5 的公式是 $\operatorname{softmax}(QK^\top + B)V$。為了減少捨入誤差，這裡用 64 位元計算。

# %% key="t5-code"
layer = copy.deepcopy(model.encoder.block[0].layer[0]).double()
part = layer.SelfAttention
n_heads, d_k = part.n_heads, part.key_value_proj_dim
with torch.no_grad():
    x = layer.layer_norm(model.shared(inputs.input_ids).double())  # (1, T, d_model)
    bias = part.compute_bias(x.size(1), x.size(1))  # (1, n_heads, T, T)
    library = part(x)[0]


# %% key="t5-by-hand"
def heads(y):  # (1, T, n_heads * d_k) → (1, n_heads, T, d_k)
    return y.view(1, y.size(1), n_heads, d_k).transpose(1, 2)


def by_hand(x, bias, divisor):
    q, k, v = heads(part.q(x)), heads(part.k(x)), heads(part.v(x))
    weights = (q @ k.mT / divisor + bias).softmax(-1)  # (1, n_heads, T, T)
    return part.o((weights @ v).transpose(1, 2).flatten(2))


# %% key="t5-gap"
with torch.no_grad():
    gap = {
        name: (by_hand(x, b, divisor) - library).abs().max().item()
        for name, b, divisor in (
            ("QK + B", bias, 1),
            ("QK/√d + B", bias, math.sqrt(d_k)),
            ("QK", 0, 1),
        )
    }
for name, difference in gap.items():
    print(
        T(
            ja=f"{name:10}ライブラリとの差 {difference:.3g}",
            zh_tw=f"{name:10}與套件的差距 {difference:.3g}",
        )
    )

# %% [markdown] key="init-guess" lang="ja"
# 割らずにバイアスを足すと、ライブラリと一致しました。割っても、バイアスを省いても、一致しません。
#
# レッスン01の7節では、割る場合と割らない場合の両方を学習させて比べました。$d_k$ が大きいときに割らないと、多くの場合、学習が途中で止まりました。T5は、重みの初期値でこれを防いでいます。$W^K$ の標準偏差は $1/\sqrt{d_\text{model}}$ ですが、$W^Q$ の標準偏差は $1/\sqrt{d_\text{model} d_k}$ です。
#
# 予想：$d_k = 16$ のとき、$W^K$ の標準偏差は $W^Q$ の何倍でしょうか。

# %% [markdown] key="init-guess" lang="zh-tw"
# 不除、加上偏差，就和套件一致。一除就不一致，少了偏差也不一致。
#
# 第 01 課第 7 節把除和不除的情形都訓練過，做了比較：$d_k$ 大的時候如果不除，訓練多半會卡在半路。T5 用權重的初始值來避免這個問題：$W^K$ 的標準差是 $1/\sqrt{d_\text{model}}$，$W^Q$ 的標準差則是 $1/\sqrt{d_\text{model} d_k}$。
#
# 先猜猜看：$d_k = 16$ 時，$W^K$ 的標準差是 $W^Q$ 的幾倍？

# %% key="init"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

spread = {"q": [], "k": []}
for seed in range(5):
    fresh = encoder_decoder.new(seed)
    for block in [*fresh.encoder.block, *fresh.decoder.block]:
        for name in spread:
            spread[name].append(getattr(block.layer[0].SelfAttention, name).weight.std().item())
init_ratio = sum(spread["k"]) / sum(spread["q"])
predict.compare(guess, init_ratio, T(ja="倍", zh_tw=" 倍"))

# %% key="init-claim"
claims.check(
    "C05",
    {
        "undivided": gap["QK + B"],
        "divided": gap["QK/√d + B"],
        "without_bias": gap["QK"],
        "init_ratio": init_ratio,
    },
)

# %% [markdown] key="init-after" lang="ja"
# 初期値の比は約4倍、つまり $\sqrt{d_k}$ 倍です。T5は、割り算を式から消したのではなく、$W^Q$ の初期値に移したと言えます。学習が始まると、$W^Q$ は自由に変わります。
#
# ですから、「割らないほうがよい」という話ではありません。学習したときと同じ式で使わなければならない、ということです。学習済みのモデルに、割り算を後から足してみましょう。スコアを割ることは、$W^Q$ を割ることと同じです。

# %% [markdown] key="init-after" lang="zh-tw"
# 初始值的比大約是 4 倍，也就是 $\sqrt{d_k}$ 倍。可以說，T5 並不是把除法從公式裡刪掉，而是把它移到 $W^Q$ 的初始值。訓練開始之後，$W^Q$ 就會自由改變。
#
# 所以，這並不是說「不除比較好」，而是使用時的公式，必須和訓練時一樣。試試看，在訓練好的模型裡硬加上除法。把分數除以某個數，就等於把 $W^Q$ 除以那個數。

# %% key="divide"
divided = copy.deepcopy(model)
with torch.no_grad():
    for name, parameter in divided.named_parameters():
        if name.endswith("Attention.q.weight"):
            parameter /= math.sqrt(d_k)

after_division = encoder_decoder.exact_match(divided, held_out[:600])
for task, share in after_division.items():
    print(T(ja=f"{task:10}√d_kで割ると {share:.3f}", zh_tw=f"{task:10}除以 √d_k 之後 {share:.3f}"))
assert after_division["to_zh_tw"] < exact["to_zh_tw"] - 0.1

# %% [markdown] key="bias" lang="ja"
# 相対位置バイアスも見ておきましょう。学習で決まった数を、距離ごとに描きます。近い距離は1つずつ、遠い距離は何個かまとめて（バケット）、1つの数を使います。まとめ方の計算は、演習シートの課題です。

# %% [markdown] key="bias" lang="zh-tw"
# 也看一下相對位置偏差。把訓練得到的數，依距離畫出來。近的距離各用一個數；遠的距離則好幾個合在一起（bucket），共用一個數。怎麼合併，是練習題的題目。

# %% key="bias-figure"
n = 49
with torch.no_grad():
    by_distance = part.compute_bias(n, n)[0, :, n // 2].T  # (n, n_heads)
distance = torch.arange(n) - n // 2
fig, ax = plt.subplots(figsize=(8, 3.4))
for head in range(n_heads):
    ax.plot(
        distance,
        by_distance[:, head],
        label=T(ja=f"ヘッド{head + 1}", zh_tw=f"第 {head + 1} 個頭"),
    )
ax.set(
    xlabel=T(ja="キーの位置 − クエリの位置", zh_tw="鍵的位置 − 查詢的位置"),
    ylabel=T(ja="バイアス", zh_tw="偏差"),
)
ax.legend()
values = [len(set(by_distance[:, 0].tolist())), n]
figures.show(
    fig,
    T(
        ja=f"エンコーダーの4つのヘッドの相対位置バイアスです。横軸はキーとクエリの距離（−24から24）です。{values[1]}個の距離に対して、値は{values[0]}通りしかありません。遠いところは、線が平らな階段になります。ヘッドごとに、好む距離が違います。",
        zh_tw=f"編碼器 4 個頭的相對位置偏差。橫軸是鍵與查詢的距離（−24 到 24）。{values[1]} 種距離，只有 {values[0]} 種值，所以遠的地方是平坦的階梯。每個頭偏好的距離都不一樣。",
    ),
)
assert values[0] < n

# %% [markdown] key="live" lang="ja"
# ## 7. 何から先に学ぶのか
#
# 1節のモデルは2,500ステップ学習しました。ここでは、同じ形のモデルを、はじめから200ステップだけ学習してみましょう（約20秒）。途中で、同じ4つの問題に答えさせます。学習の途中で止めても、それまでの重みは残ります。

# %% [markdown] key="live" lang="zh-tw"
# ## 7. 先學會什麼？
#
# 第 1 節的模型訓練了 2,500 步。這裡把同樣結構的模型從頭訓練 200 步，看看剛開始是什麼樣子（約 20 秒）。途中會請模型回答同樣的 4 道題目。中途停下來也沒關係，到那時為止訓練好的權重會留著。

# %% key="live-watched"
watched = [
    next(e for e in held_out if e.task == task and e.lang == lang)
    for task, lang in (
        ("to_zh_tw", "ja"),
        ("to_ja", "zh-tw"),
        ("summary", LANG),
        ("sentiment", LANG),
    )
]

# %% key="live-code"
diary = {}


def look(step):
    if step in (50, 100, 200):
        diary[step] = encoder_decoder.answer(young, [e.source for e in watched])


young = encoder_decoder.new(seed=0)
batches = encoder_decoder.next_batch(encoder_decoder.examples(2000))
run = training.train(young, batches, 200, encoder_decoder.LEARNING_RATE, look)
for n, e in enumerate(watched):
    print(e.source)
    for step, answers in diary.items():
        print(T(ja=f"{step:3}ステップ：{answers[n]}", zh_tw=f"第 {step:3} 步：{answers[n]}"))
    print(T(ja=f"     正解：{e.target}", zh_tw=f"    正解：{e.target}"))

assert run.stopped or run.mean_loss(20) < 0.4 * sum(run.losses[:20]) / 20

# %% [markdown] key="live-after" lang="ja"
# 200ステップで、答えの「形」はできてきます。翻訳は翻訳らしく、気分は1つの文字で答えます。しかし、中身はまだ違います。
#
# 続きは、あらかじめ2,500ステップまで学習した記録で見ます（乱数シードを変えた2回。`python -m helpers.results.tasks`で作り直せます）。気分は良いか悪いかの二択なので、チャンスレベルは0.5です。要約も、最後が「よい」か「残念な」かの二択なので、そこ以外ができれば0.5です。

# %% [markdown] key="live-after" lang="zh-tw"
# 訓練 200 步，答案的「樣子」已經出來了：翻譯像翻譯，心情用 1 個字回答。不過，內容還不對。
#
# 接下來的過程，看事先訓練到 2,500 步的紀錄（換了亂數種子的 2 次，用 `python -m helpers.results.tasks` 可以重做）。心情不是好就是壞，隨機水準是 0.5；摘要的最後也是「愉快」和「不愉快」二選一，其他部分都寫對就有 0.5。

# %% key="curve"
curves_of = results.load("tasks")["runs"]
names = {
    "to_zh_tw": T(ja="日本語→台湾華語", zh_tw="日文→台灣華語"),
    "to_ja": T(ja="台湾華語→日本語", zh_tw="台灣華語→日文"),
    "summary": T(ja="要約", zh_tw="摘要"),
    "sentiment": T(ja="気分", zh_tw="心情"),
}
curves = [entry["curve"] for entry in curves_of if entry["recipe"] == "all"]
steps = curves[0]["step"]
fig, ax = plt.subplots(figsize=(8, 4))
means = {}
for task, name in names.items():
    means[task], away = charts.spread(torch.tensor([curve[task] for curve in curves]))
    ax.errorbar(steps, means[task], yerr=away, capsize=3, label=name)
ax.axhline(0.5, color="black", linewidth=1)
x, y = T(ja="ステップ", zh_tw="步數"), T(ja="完全一致率", zh_tw="完全相符率")
charts.frame(ax, x, y, ylim=(0, 1.05))
ax.legend(loc="lower right")

#| ja: チャンスレベルを0、満点を1とした値
#| zh-tw: 把隨機水準當成 0、滿分當成 1
early = steps.index(500)
translated = (means["to_zh_tw"][early] + means["to_ja"][early]).item() / 2
polarity = 2 * means["sentiment"][early].item() - 1
figures.show(
    fig,
    T(
        ja=f"4つのタスクの完全一致率です。点は2回の平均、エラーバーは2回の値の範囲、横線は二択のチャンスレベル（0.5）です。500ステップで、翻訳は平均{translated:.2f}、要約は{means['summary'][early]:.2f}、気分は{means['sentiment'][early]:.2f}です。2,500ステップでは、最も低いタスクも{min(m[-1] for m in means.values()):.2f}です。",
        zh_tw=f"4 種任務的完全相符率。點是 2 次的平均，誤差線是 2 次的範圍，橫線是二選一的隨機水準（0.5）。第 500 步時，翻譯平均 {translated:.2f}，摘要 {means['summary'][early]:.2f}，心情 {means['sentiment'][early]:.2f}。第 2,500 步時，最低的任務也有 {min(m[-1] for m in means.values()):.2f}。",
    ),
)
print(
    T(
        ja=f"500ステップ（チャンスレベルを0、満点を1とする）：翻訳 {translated:.2f}　気分 {polarity:.2f}",
        zh_tw=f"第 500 步（隨機水準為 0，滿分為 1）：翻譯 {translated:.2f}　心情 {polarity:.2f}",
    )
)
assert translated > polarity

# %% [markdown] key="curve-after" lang="ja"
# 20文字近くを正確に書く翻訳のほうが、1つの文字で答える気分より先にできるようになります。意外でしょうか。
#
# 翻訳では、文字ごとに損失があり、語と語の対応を少しずつ覚えられます。気分では、答えが形容詞だけでも、否定だけでも決まりません。「楽しい」なら良い、「楽しくない」なら悪いと答えます。「寂しい」なら悪い、「寂しくない」なら良いと答えます。どちらか片方だけを見ても、当たる確率は0.5のままです。これは排他的論理和（XOR）と同じ形で、片方だけを学んでも、損失は下がりません。

# %% [markdown] key="curve-after" lang="zh-tw"
# 要正確寫出將近 20 個字的翻譯，竟然比只答 1 個字的心情更早學會。很意外吧？
#
# 翻譯時，每個字都有損失，詞與詞的對應可以一點一點記住。心情的答案，光看形容詞不能決定，光看有沒有否定也不能決定：「開心」是好，「不開心」是壞；「寂寞」是壞，「不寂寞」是好。只看其中一邊，猜對的機率仍是 0.5。這和互斥或（XOR）是同樣的形式：只學會其中一邊，損失並不會下降。

# %% [markdown] key="memory" lang="ja"
# ## 8. 正解率1.00は、否定がわかるという意味か
#
# 形容詞は6個、それぞれ否定の有無で2通り、合わせて12種類の言い方があります。しかも、そのすべてが学習データに出てきます。ならば、1.00は「否定を理解した」からでも、「12種類を丸ごと覚えた」からでもありえます。採点に使ったのは、人と場所の新しい組み合わせだけでした。形容詞と否定の組み合わせは、新しくなかったのです。
#
# そこで、形容詞のうち2個（「楽しい」と「寂しい」）だけ、否定した文を学習で一度も見せません。否定しない文は見せ、残りの4個は否定した文も見せます。ほかは1節のモデルと同じです。人なら、「面白くない」と「楽しい」を知っていれば、「楽しくない」がわかります。
#
# 数え方にも注意が要ります。見せなかった言い方は、形容詞2個×言語2つの4通りしかありません。1通りについて50のお話で尋ねても、最後の文の言い方は同じなので、50問とも正解か、50問とも不正解になりがちです。200問のように見えても、硬貨を4回投げたのと変わりません。そこで、問題ではなく「通り」を数えます。気分は二択なので、チャンスレベルは4通りのうち2通りです。
#
# 予想：このモデルは、見せなかった4通りのうち、何通りで正解するでしょうか（半分より多くのお話に正しく答えた言い方を、1通りと数えます）。

# %% [markdown] key="memory" lang="zh-tw"
# ## 8. 正確率 1.00，代表看得懂否定嗎？
#
# 形容詞有 6 個，各有否定和不否定 2 種，總共 12 種說法，而且全都出現在訓練資料裡。那麼，1.00 可能是因為「懂得否定」，也可能只是因為「把 12 種全背起來」。評分時，新的只有人物和地點的組合；形容詞和否定的組合並不是新的。
#
# 所以，挑出 2 個形容詞（「開心」和「寂寞」），訓練時完全不給看它們的否定句。不否定的句子照樣給看，其餘 4 個形容詞的否定句也給看；其他條件和第 1 節的模型一樣。如果是人，知道「不有趣」和「開心」，就懂「不開心」。
#
# 怎麼數也要小心。沒看過的說法只有 2 個形容詞×2 種語言，一共 4 種。就算每種說法用 50 個故事來問，最後一句的說法都一樣，往往不是 50 題全對，就是 50 題全錯。看起來有 200 題，其實和丟 4 次硬幣差不多。所以不數題目，而是數「說法」。心情是二選一，隨機水準是 4 種裡對 2 種。
#
# 先猜猜看：沒看過的 4 種說法，這個模型會答對幾種？（超過一半的故事答對，就算答對 1 種說法。）


# %% key="memory-asked"
def asked(adjective, negated, lang):
    #| ja: この言い方で終わる50のお話について、気分を尋ねる問題
    #| zh-tw: 以這個說法結尾的 50 個故事，詢問心情的題目
    told = [e for s in tasks.stories(adjective, negated) for e in corpus.readings(s)]
    return [e for e in told if (e.task, e.lang) == ("sentiment", lang)]


# %% key="memory-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


memorizer = encoder_decoder.load("never_negated")
withheld = encoder_decoder.NEVER_NEGATED
ways = [(a, n, lang) for a in tasks.ADJECTIVES for n in (False, True) for lang in corpus.LANGUAGES]
share = {way: encoder_decoder.exact_match(memorizer, asked(*way))["sentiment"] for way in ways}
never_shown = [way for way in ways if way[0] in withheld and way[1]]
shown_ways = [way for way in ways if way not in never_shown]
predict.compare(guess, sum(share[way] > 0.5 for way in never_shown), T(ja="通り", zh_tw=" 種"))

# %% key="memory-ways"
print(
    T(
        ja=f"見せた{len(shown_ways)}通り：正解率は{min(share[way] for way in shown_ways):.2f}以上",
        zh_tw=f"看過的 {len(shown_ways)} 種說法：正確率都在 {min(share[way] for way in shown_ways):.2f} 以上",
    )
)
for adjective, negated, lang in never_shown:
    story_ = tasks.stories(adjective, negated)[0]
    #| ja: 最後の文。もう1つの言語には、訳を添える
    #| zh-tw: 最後一句；另一種語言附上翻譯
    said = story_.feeling(lang) + ("" if lang == LANG else f"（{story_.feeling(LANG)}）")
    question = asked(adjective, negated, lang)[0]
    answer = encoder_decoder.answer(memorizer, [question.source])[0]
    correct = T(ja=f"（正解は{question.target}）", zh_tw=f"（正解是{question.target}）")
    print(f"{share[adjective, negated, lang]:.2f}", said, "→", answer, correct)

assert min(share[way] for way in shown_ways) >= 0.95
assert all(min(share[a, True, lang] for a in withheld) < 0.5 for lang in corpus.LANGUAGES)

# %% [markdown] key="memory-after" lang="ja"
# 見せた言い方は、どれもほぼ1.00です。見せなかった4通りのうち、正解したのは1通りでした。チャンスレベルの2通りより少ないのですが、4通りだけでは、偶然とも考えられます。そこで、乱数シードを変えて何回も学習させた記録を見ましょう。○は、その言い方に正解したことを表します。

# %% [markdown] key="memory-after" lang="zh-tw"
# 看過的說法，幾乎都是 1.00；沒看過的 4 種，只答對 1 種。雖然比隨機水準的 2 種少，但只有 4 種，也可能是碰巧。所以再看看換亂數種子訓練好幾次的紀錄。○ 表示答對那種說法。

# %% key="memory-seeds" hide=true
record = results.load("tasks")
seeds = [entry for entry in record["runs"] if entry["recipe"] == "withheld"]
said = [tasks.stories(a, True)[0].feeling(lang) for lang in corpus.LANGUAGES for a in withheld]
right = [tasks.right(entry, "sentiment") for entry in seeds]
rows = [
    [str(entry["seed"]), *("○" if hit else "×" for hit in hits)]
    for entry, hits in zip(seeds, right)
]
show.tabulate([T(ja="シード", zh_tw="亂數種子"), *said], rows)
n_right, n_ways = sum(map(sum, right)), sum(map(len, right))
both = sum(all(pair) for hits in right for pair in (hits[:2], hits[2:]))
print(
    T(
        ja=f"正解：{n_ways}通りのうち{n_right}通り　同じ言語の2つの形容詞の両方に正解：{n_ways // 2}組のうち{both}組",
        zh_tw=f"答對：{n_ways} 種裡的 {n_right} 種　同一種語言的 2 個形容詞都答對：{n_ways // 2} 組裡的 {both} 組",
    )
)
assert len(seeds) >= 5 and both == 0

# %% [markdown] key="memory-seeds-after" lang="ja"
# どのシードの正解率も、0.25か0.50です。全部を合わせた正解の数は、チャンスレベルの半分と、はっきり違うとは言えません。「でたらめより悪い」とまでは言えないのです。
#
# それでも、確かなことがあります。言語ごとに2つの形容詞を1組とすると、両方に正解した組は1つもありませんでした。規則を学んだのなら、すべての組で両方に正解するはずです。でたらめでも、4組に1組は両方に当たる計算です。失敗のしかたは、シードによって違います。片方だけが○の組では、どちらの形容詞にも同じ答えを返しています。両方が×の組では、否定がないかのように、形容詞の意味のまま答えています。
#
# このモデルは、「くない」や「一點也不」で気分をひっくり返す規則を学んだのではなく、言い方と答えの組を覚えたのだと考えられます。学習した4個の形容詞では満点なので、点数だけを見ていたら気づけませんでした。
#
# 「知っている部品を、新しく組み合わせて使う」ことを、構成的汎化（compositional generalization）と呼びます。1節の1.00は、人と場所については新しい組み合わせで測った値ですが、否定については、そうではありません。何を「新しい」として測ったのか、それがいくつあったのかが、正解率の意味を決めます。

# %% [markdown] key="memory-seeds-after" lang="zh-tw"
# 每個亂數種子的正確率都是 0.25 或 0.50。全部合起來，答對的種數和隨機水準（一半）相比，還不能說有明顯的差別，所以也不能說「比亂猜還差」。
#
# 不過，有一件事是確定的。把每種語言的 2 個形容詞當成 1 組，沒有任何 1 組是都答對的。如果學會了規則，應該每一組都全對；就算亂猜，4 組裡也會有 1 組剛好都對。怎麼錯，則隨亂數種子而不同：只有一邊是 ○ 的組，對每個形容詞都給了同樣的答案；兩邊都是 × 的組，則當作沒有否定，照形容詞原本的意思回答。
#
# 這個模型並沒有學會「遇到くない（日文的否定）、一點也不，就把心情反過來」的規則，應該只是把說法和答案一組一組背了下來。看過的 4 個形容詞都拿滿分，所以只看分數，是看不出來的。
#
# 「把已經知道的零件，用新的方式組合起來」，叫做組合泛化（compositional generalization）。第 1 節的 1.00，就人物和地點來說，是用新的組合測的；就否定來說卻不是。用什麼當「新的」來測、「新的」有幾種，決定了正確率的意義。

# %% [markdown] key="recipe" lang="ja"
# では、どうすれば組み合わせられるようになるのでしょうか。2つの方法を試しました。どちらも、2個の形容詞の否定について、気分と要約の答えは見せていません。
#
# - 翻訳で見せる：「少しも楽しくない一日でした。」のような文を、翻訳の問題として加える。否定の形は見るが、良いか悪いかは教わらない
# - 途中を書く：気分の答えを、「良くない、悪」「不好，壞」のように、形容詞の意味、否定、答えの順に書かせる
#
# 予想を立ててから、記録を見ましょう。正解かどうかは、最後の文字で決めます。

# %% [markdown] key="recipe" lang="zh-tw"
# 那麼，怎樣才能讓模型學會組合？我們試了 2 種方法。不論哪一種，那 2 個形容詞的否定句，都沒有給看心情和摘要的答案。
#
# - 在翻譯裡給看：把「那是一點也不開心的一天。」這樣的句子，加進翻譯的題目。會看到否定的形式，但沒有教是好是壞
# - 寫出中間步驟：心情的答案，要像「不好，壞」這樣，依序寫出形容詞的意思、否定、答案（日文則是「良くない、悪」）
#
# 先猜猜看，再看紀錄。對或不對，只看最後一個字。

# %% key="recipe-points" hide=true
recipes = {
    "all": T(ja="すべて見せる", zh_tw="全部給看"),
    "withheld": T(ja="見せない", zh_tw="不給看"),
    "translated": T(ja="翻訳で見せる", zh_tw="在翻譯裡給看"),
    "steps": T(ja="途中を書く", zh_tw="寫出中間步驟"),
}
points = {
    (recipe, task): [
        sum(tasks.right(entry, task)) for entry in record["runs"] if entry["recipe"] == recipe
    ]
    for recipe in recipes
    for task in ("sentiment", "summary")
}

# %% key="recipe-figure"
fig, ax = plt.subplots(figsize=(8, 3.8))
for offset, marker, task in ((-0.3, "o", "sentiment"), (0.1, "s", "summary")):
    groups = [points[recipe, task] for recipe in recipes]
    charts.dots(ax, groups, names[task], marker, offset)
ax.axhline(2, color="black", linestyle="--", linewidth=1)
y = T(ja="正解した言い方（4通りのうち）", zh_tw="答對的說法（4 種裡）")
ticks = dict(enumerate(recipes.values()))
charts.frame(ax, y=y, ticks=ticks, ylim=(-0.2, 4.3), yticks=range(5))
ax.legend()
listed = []
for recipe, name in recipes.items():
    counts = [
        f"{names[t]} {'/'.join(map(str, points[recipe, t]))}" for t in ("sentiment", "summary")
    ]
    listed.append(f"{name} " + "、".join(counts))
listed = "；".join(listed)
figures.show(
    fig,
    T(
        ja=f"2個の形容詞の否定の4通りのうち、正解した数です。○は気分、□は要約、1つの記号が1回の学習、破線は二択のチャンスレベル（2）です。{listed}。",
        zh_tw=f"那 2 個形容詞的否定有 4 種說法，圖中是答對的種數。○ 是心情，□ 是摘要，一個記號是一次訓練，虛線是二選一的隨機水準（2）。{listed}。",
    ),
)

# %% key="recipe-check" hide=true
assert min(points["all", "sentiment"]) == 4 == min(points["steps", "sentiment"])
assert max(points["withheld", "sentiment"] + points["translated", "sentiment"]) <= 2
steps_curves = [entry["curve"] for entry in record["runs"] if entry["recipe"] == "steps"]
assert min(curve["sentiment"][curve["step"].index(250)] for curve in steps_curves) > 0.9

# %% [markdown] key="recipe-after" lang="ja"
# 否定の形を翻訳で見せても、気分で正解したのは、2回の学習の8通りのうち1通りだけです。見たことがあるかどうかの問題ではなかったのです。
#
# 途中を書かせると、気分は2回の学習の8通りすべてで正解しました。でたらめに8通りとも当たるのは、256回に1回です。「楽しい」の意味を書き、否定があるかどうかを書き、最後に、自分が書いた2つを見て答えます。一度に解いていたXORが、簡単な3段に分かれました。7節で最後まで残った気分が、この方法では250ステップで9割を超えます。
#
# 要約には、途中を書かせていません。シード0のモデルでは、要約の最後の「よい」「残念な」も4通りとも正しくなりましたが、シード1では2通りのままでした。同じ重みを使っていても、身につけた手順がほかのタスクに広がるとはかぎりません。
#
# ただし、この方法では形容詞の意味という正解を余分に教えています。また、2つのシードの小さな実験です。「大きなモデルでも必ずこうなる」という証拠ではありません。

# %% [markdown] key="recipe-after" lang="zh-tw"
# 在翻譯裡看過否定的形式，2 次訓練的 8 種說法裡，心情只答對 1 種。可見問題不在於有沒有看過。
#
# 寫出中間步驟，2 次訓練的 8 種說法，心情全部答對；亂猜要 8 種全對，256 次才有 1 次。先寫出「開心」的意思，再寫有沒有否定，最後看著自己寫的 2 樣東西作答：原本一步到位的 XOR，拆成了簡單的 3 步。第 7 節裡最晚學會的心情，用這個方法只要 250 步就超過 9 成。
#
# 摘要並沒有要求寫中間步驟。亂數種子 0 的模型，連摘要最後的「愉快」和「不愉快」也 4 種都寫對了；種子 1 的模型卻只對 2 種。即使共用同一組權重，學會的步驟也不一定能用到別的任務上。
#
# 不過，這個方法多教了「形容詞的意思」這個正解；而且這只是 2 個亂數種子的小實驗，不能證明「大型模型也一定如此」。

# %% [markdown] key="summary" lang="ja"
# ## 9. まとめ
#
# | 元のページの主張 | 実験でわかったこと |
# |---|---|
# | T5のメカニズムは、Text-to-Text Transfer Transformerである | それは名前。仕組みは、どのタスクもテキストからテキストへの形にそろえることと、span corruptionによる事前学習。入力と正解を合わせると、もとのテキストの情報がすべて残る |
# | エンコーダーが入力を「高密度な表現」に変える | 1本ではなく、トークンごとに1本のベクトル。デコーダーは、どの層でも、交差注意のキーとバリューをそこから作る。平均1本に置き換えると、翻訳は壊れた |
# | 最適な用途は翻訳、要約、「同等性タスク」 | 「同等性タスク」という用語はない。「翻訳や要約などの系列変換タスク」なら意味が通る。このモデルは3つとも0.97以上。ほかの型より優れているかは、まだ測っていない |
# | $\operatorname{softmax}(QK^\top/\sqrt{d_k})V$ | 元の論文のアテンションはこのとおり。例外のT5は $\sqrt{d_k}$ で割らず、相対位置バイアスを足す。割り算は $W^Q$ の初期値に移っている |
# | （正解率1.00） | 人と場所の新しい組み合わせでは1.00。見せなかった否定では、2つの形容詞の両方に正解したことがない。途中を書かせると、8通りすべてに正解 |

# %% [markdown] key="summary" lang="zh-tw"
# ## 9. 整理
#
# | 原網頁的說法 | 我們實測的結果 |
# |---|---|
# | T5 的機制是 Text-to-Text Transfer Transformer | 那只是名稱。機制是把每種任務都寫成文字到文字，並用 span corruption 預訓練；輸入和正解合起來，就保有原文的全部資訊 |
# | 編碼器把輸入轉換為「密集表示」 | 不是一個向量，而是每個詞元一個向量。解碼器的每一層，都用它們做出交叉注意力的鍵和值；換成一個平均向量，翻譯就完全不對 |
# | 最適合翻譯、摘要與「對應任務」 | 沒有「對應任務」這個術語；寫成「翻譯、摘要等序列到序列任務」才說得通。這個模型 3 種都在 0.97 以上；是否比其他架構好，還沒有測量 |
# | $\operatorname{softmax}(QK^\top/\sqrt{d_k})V$ | 原論文的注意力就是如此；例外的 T5 不除以 $\sqrt{d_k}$，而是加上相對位置偏差；除法移到了 $W^Q$ 的初始值裡 |
# | （正確率 1.00） | 人物和地點的新組合是 1.00；沒看過的否定，從來沒有 2 個形容詞都答對；寫出中間步驟，8 種說法全部答對 |

# %% [markdown] key="quiz-text" lang="ja"
# ## 10. 確認クイズ
#
# 元のページの問いも入っています。成績には関係しません。間違えた選択肢の説明も読んでみましょう。

# %% [markdown] key="quiz-text" lang="zh-tw"
# ## 10. 小測驗
#
# 原網頁的問題也在裡面。不列入成績。選錯的選項也有說明，不妨讀一讀。

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 11. 演習問題
#
# 続きは[演習シート](../../exercises/{{lang}}/{{lesson}}/{{lesson}}.ipynb)で練習しましょう。span corruptionの逆、教師強制のためのテンソル、T5の相対位置のバケットを、自分で書きます。

# %% [markdown] key="next" lang="zh-tw"
# ## 11. 練習題
#
# 接著到[練習題](../../exercises/{{lang}}/{{lesson}}/{{lesson}}.ipynb)動手寫：span corruption 的還原、教師強迫用的張量，以及 T5 相對位置的 bucket。
