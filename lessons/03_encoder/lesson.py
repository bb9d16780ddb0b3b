# %% [markdown] key="title" lang="ja"
# # エンコーダー：穴埋めで学ぶBERT
#
# BERTは、文の一部を隠し、前後の文字から当てる「穴埋め」で学習します。前だけを読むGPTに比べて、前後を読めることは、いつ、どれだけ役立つのでしょうか。答えをすべて計算できる小さな世界で確かめます。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | 双方向のモデルが必要な空欄を見分け、モデルの確率の良し悪しを測り、エンコーダーが有利な答え方を説明できる |
# | 前提知識 | レッスン01と02の内容、確率、交差エントロピー |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |

# %% [markdown] key="title" lang="zh-tw"
# # 編碼器：靠克漏字學習的 BERT
#
# BERT 的訓練方式就像克漏字：遮住句子的一部分，看前後文來猜。和只讀前文的 GPT 相比，前後都讀得到，在什麼時候有用、用處多大？這一課在一個答案全都算得出來的小世界裡，找出這個問題的答案。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能分辨哪些空格需要雙向的模型、能測量模型的機率準不準，也能說明用什麼形式回答時編碼器比較有利 |
# | 先備知識 | 第 01 課和第 02 課的內容、機率、交叉熵 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |

# %% key="imports"
import random

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

from helpers import results
from helpers.classroom import claims, predict
from helpers.display import charts, figures, show
from helpers.models import decoder, encoder, finetune, pretrained, training
from helpers.world import corpus, moods, posterior, tokenizer

figures.use(LANG)
torch.set_num_threads(1)
# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# > 大規模言語モデルの進化は、パラダイムシフトタスク固有のモデルから「統合的事前学習」への移行を特徴としています。これは、単一のアーキテクチャが複数の自然言語処理(NLP)のニーズに適応できるようになる仕組みです。
# >
# > 1. エンコーダー専用(BERT)
# > - メカニズム:マスクされた言語モデル(MLM)。
# > - 動作特性:双方向的な文脈;モデルは入力された文全体を一度に「見る」ことで、隠れた単語を予測します。
# > - 最適な用途:自然言語理解(NLU)、感情分析、固有表現認識(NER)。
#
# 「一度に見る」「最適」は、本当でしょうか。

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# （引文的用字和標點照錄。）
#
# > 大型語言模型的演進標誌著一種范式轉移:從專用任務模型過渡到「統一預訓練」,即單一架構能適應多種自然語言處理需求。
# >
# > 1. 僅編碼器(BERT)
# > - 機制:掩碼語言建模(MLM)。
# > - 行為:雙向上下文;模型一次「看見」整個句子,以預測被遮蔽的詞語。
# > - 最適合應用於:自然語言理解(NLU)、情感分析與命名實體辨識(NER)。
#
# 「一次看見」和「最適合」，真的是這樣嗎？

# %% [markdown] key="world" lang="ja"
# ## 1. 手がかりは、空欄のどちら側にあるか
#
# 前後を読めると有利なのは、どのような空欄でしょうか。調べるには、正解のわかる文がたくさん要るので、レッスン03から06では、小さな文法で作る「小さな世界」の文を使います。「誰が・いつ・どこで・何を・いくつ・どうした」を、4つの文型で、日本語でも台湾華語でも表せます。文はすべて数え上げられ、正しい文かどうかも完全に判定できます。
#
# 次のセルではどの文型でも動詞を「？」にします。台湾華語の「讀」は「読む」、「三本書」は「三冊の本」です。

# %% [markdown] key="world" lang="zh-tw"
# ## 1. 線索在空格的哪一邊？
#
# 前後都讀得到，對哪一種空格有好處？要研究這件事，需要很多已經知道答案的句子。所以，第 03 課到第 06 課使用由小文法產生的「小世界」：「誰、什麼時候、在哪裡、做了什麼、多少」這樣的一件事，可以用四種句型、用台灣華語和日文來表達。所有的句子都數得出來，一串字是不是正確的句子，程式也能完全判斷。
#
# 下面把每種句型的動詞都改成「？」。日文的「読」就是「讀」，「三冊の本」就是「三本書」。

# %% key="world-code"
kinds = {
    "plain": T(ja="基本", zh_tw="基本"),
    "counted": T(ja="数量", zh_tw="數量"),
    "topic": T(ja="主題", zh_tw="主題"),
    "definite": T(ja="全部", zh_tw="全部"),
}
event = corpus.Event("counted", person=0, place="P", time=0, object=0, number=1)
for kind, name in kinds.items():
    told = event._replace(kind=kind, number=None if kind == "plain" else 1)
    print(name)
    for lang in (LANG, T(ja="zh-tw", zh_tw="ja")):
        print("   ", corpus.sentence(told, lang).filled("verb", "？"))

#| ja: 「読」なら正しい文、「飲」なら正しい文ではない
#| zh-tw: 填「讀」是正確的句子，填「喝」就不是
for verb in T(ja="読飲", zh_tw="讀喝"):
    text = corpus.sentence(event, LANG).filled("verb", verb)
    print("○" if corpus.parse(text, LANG) else "×", text)

# %% [markdown] key="ceiling-guess" lang="ja"
# この世界では、物ごとに使う動詞が決まっているので、「本」や「書」が手がかりです。日本語では空欄の左にありますが、台湾華語では文型によって違います。では、左だけを読むと、どこまで当たるでしょうか。「左が同じ文」をすべて集めて数えれば、最善の答え方の正解率が正確に求まります。理論上の上限です。
#
# 予想：台湾華語の「数量」の文で、動詞の空欄の左だけを読みます。動詞は7種類で、出る回数が違い、場所も少し手がかりになります。最善の正解率はいくつでしょうか（0から1）。

# %% [markdown] key="ceiling-guess" lang="zh-tw"
# 在小世界裡，一種東西只配一種動詞，所以「書」這樣的東西就是線索：在日文總是在空格的左邊，在台灣華語則要看句型，左右都有。那麼，只讀左邊的話，最多能答對多少？把「空格左邊相同的句子」全部收集起來數一數，就能精確算出最好的答法的正確率。這個理論上的上限，不需要模型，也不需要亂數。
#
# 預測：台灣華語的「數量」句型，只讀動詞空格的左邊。動詞有七種，出現的次數不同，地點也有一點線索。最高的正確率是多少？（0 到 1）

# %% key="ceiling"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

predict.compare(guess, corpus.ceiling("verb", "counted", "zh-tw"))

# %% [markdown] key="ceiling-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# ランダムに答えた場合（チャンスレベル）は $\frac{1}{7}$（約0.14）です。よく出る動詞があり、場所も手がかりになるので高くなりますが、それでも10回のうち7回は外れます。
#
# </details>
#
# 助数詞と、時の語の最初の文字（「昨」や「明」。手がかりは右の「日」や「ました」）も空欄にします。文型や言語と組み合わせた22の設問について、左だけを読む場合の上限を求めます。

# %% [markdown] key="ceiling-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 亂猜時的正確率（隨機水準，chance level）是 $\frac{1}{7}$（大約 0.14）。有的動詞特別常出現，地點也有一點線索（沒有人在公園洗車），所以比它高。即使如此，10 題還是會錯 7 題。
#
# </details>
#
# 量詞和時間詞（「昨天」的「昨」等；線索是右邊的「天」和「要」等）也可以挖空。和句型、語言搭配，共有 22 種題型（「基本」沒有量詞）。下面算出各自的上限。

# %% key="cells"
names = {
    "verb": T(ja="動詞", zh_tw="動詞"),
    "counter": T(ja="助数詞", zh_tw="量詞"),
    "time": T(ja="時の語", zh_tw="時間詞"),
}
languages = {
    "ja": T(ja="日本語", zh_tw="日文"),
    "zh-tw": T(ja="台湾華語", zh_tw="台灣華語"),
}
sides = {
    "left": T(ja="手がかりが左", zh_tw="線索在左邊"),
    "right": T(ja="手がかりが右", zh_tw="線索在右邊"),
}
for side, title in sides.items():
    print(title, len(corpus.cells(side)))
    for slot, kind, lang in corpus.cells(side):
        ceiling = corpus.ceiling(slot, kind, lang)
        print(f"    {ceiling:.2f}", languages[lang], names[slot], kinds[kind])

# %% [markdown] key="table" lang="ja"
# 9つの設問は左だけで必ず当たりますが（上限1.00）、残りの13では、必ずとはいきません。台湾華語の動詞でも、「全部」の文では「把」が目的語を前に出すので、左だけで決まります。違いを生むのは、言語ではなく手がかりの位置です。
#
# ## 2. 同じ空欄で、エンコーダーとデコーダーを比べる
#
# では、学習したモデルは、この計算のとおりに答えるでしょうか。
#
# | モデル | 読むもの | 学習 |
# |---|---|---|
# | エンコーダー（`BertForMaskedLM`） | 空欄の左と右 | 穴埋め |
# | デコーダー（`GPT2LMHeadModel`） | 空欄の左だけ | 次のトークンの予測 |
#
# どちらも2層、幅64で、学習の文は同じ、計算量（FLOPs）もほぼ同じで、主な違いはマスクと学習方法です（レッスン02の9節）。設問ごとに、「人と場所」の組が学習に出なかった200文を解かせます。
#
# 予想：手がかりが右にある13の設問で、エンコーダーの正解率の平均からデコーダーの平均を引くと、いくつになるでしょうか。

# %% [markdown] key="table" lang="zh-tw"
# 有九種題型，只讀左邊就一定能答對（上限 1.00）；另外 13 種，只讀左邊就無法保證答對。同樣是台灣華語的動詞，在「全部」句型裡，「把」讓受詞移到前面，所以只看左邊就能決定。也就是說，造成差別的不是語言，而是線索的位置。
#
# ## 2. 同樣的空格，比較編碼器和解碼器
#
# 訓練好的模型，表現真的和這個計算一致嗎？
#
# | 模型 | 讀什麼 | 訓練 |
# |---|---|---|
# | 編碼器（`BertForMaskedLM`） | 空格的左邊和右邊 | 克漏字 |
# | 解碼器（`GPT2LMHeadModel`） | 只有空格的左邊 | 預測下一個詞元 |
#
# 模型都是 2 層、寬度 64，訓練的句子相同，運算量（FLOPs）也幾乎相同；主要的差別是遮罩和訓練方式（第 02 課第 9 節）。每種題型各考 200 句，只從可能出現的字裡選，「人與地點」的組合都沒在訓練時出現過。
#
# 預測：線索在右邊的 13 種題型，編碼器的平均正確率減去解碼器的，是多少？

# %% key="table-models"
model, gpt = encoder.load(), decoder.load()
for name, net in (("BERT", model), ("GPT-2", gpt)):
    print(name, f"{training.parameter_count(net):,}")


def grade(model, guesses, n=200):
    T(ja="""{設問: 正解率}""", zh_tw="""{題型: 正確率}""")
    return corpus.grade(lambda events, slot, lang: guesses(model, events, slot, lang), n=n)


def mean(values):
    values = list(values)
    return sum(values) / len(values)


# %% key="table-shares"
shares = {"encoder": grade(model, encoder.guesses), "decoder": grade(gpt, decoder.guesses)}
shares["ceiling"] = {cell: corpus.ceiling(*cell) for cell in corpus.cells()}

#| ja: 入りうる文字から、ランダムに1つ選んだときの正解率
#| zh-tw: 從可能出現的字裡面隨便選一個時的正確率
shares["chance"] = {
    (slot, kind, lang): 1 / len(corpus.candidates(lang, slot))
    for slot, kind, lang in corpus.cells()
}

# %% key="table-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

right_cells = corpus.cells("right")
groups = {
    T(ja="手がかりが左", zh_tw="線索在左邊"): corpus.cells("left"),
    T(ja="手がかりが右：動詞と助数詞", zh_tw="線索在右邊：動詞和量詞"): [
        cell for cell in right_cells if cell[0] != "time"
    ],
    T(ja="手がかりが右：時の語", zh_tw="線索在右邊：時間詞"): [
        cell for cell in right_cells if cell[0] == "time"
    ],
}


def average(name, cells):
    return mean(shares[name][cell] for cell in cells)


predict.compare(guess, average("encoder", right_cells) - average("decoder", right_cells))

# %% key="table-bars" hide=true
names_of = {
    "encoder": T(ja="エンコーダー", zh_tw="編碼器"),
    "decoder": T(ja="デコーダー", zh_tw="解碼器"),
    "ceiling": T(ja="左だけを読む場合の上限", zh_tw="只讀左邊的上限"),
    "chance": T(ja="チャンスレベル", zh_tw="亂猜"),
}


def draw_bars(ax, lang, cells):
    series = {names_of[name]: [shares[name][c] for c in cells] for name in ("encoder", "decoder")}
    figures.bars(
        ax,
        [f"{names[slot]}\n{kinds[kind]}" for slot, kind, _ in cells],
        series,
        intervals={name: [corpus.interval(p, 200) for p in ps] for name, ps in series.items()},
        levels=[shares["ceiling"][cell] for cell in cells],
        level_name=names_of["ceiling"],
    )
    charts.levels(ax, [shares["chance"][c] for c in cells], names_of["chance"], linestyle=":")
    ax.set(title=languages[lang], ylabel=T(ja="正解率", zh_tw="正確率"), ylim=(0, 1.25))
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])


# %% [markdown] key="table-figure-text" lang="ja"
# 黒い太線は左だけを読む場合の上限、点線はチャンスレベル、エラーバーは200文での95%信頼区間（何度も測れば区間の95%が真の値を含む）です。

# %% [markdown] key="table-figure-text" lang="zh-tw"
# 把每種題型的結果畫成圖：黑色粗橫線是只讀左邊時的上限，點線是亂猜的水準，誤差線是用 200 句估計的 95% 信賴區間（重複測量，有 95% 的區間會包含真正的值）。

# %% key="table-figure"
fig, axes = plt.subplots(2, 1, figsize=(11, 7.6), sharey=True)
for ax, lang in zip(axes, (LANG, T(ja="zh-tw", zh_tw="ja"))):
    left, right = ([c for c in corpus.cells(side) if c[2] == lang] for side in ("left", "right"))
    draw_bars(ax, lang, left + right)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2, frameon=False)
    ax.axvline(len(left) - 0.5, color="black", linestyle="--")
    ax.text(len(left) - 0.6, 1.12, T(ja="手がかりが左", zh_tw="線索在左邊"), ha="right")
    ax.text(len(left) - 0.4, 1.12, T(ja="手がかりが右", zh_tw="線索在右邊"), ha="left")
axes[1].get_legend().remove()
means = {group: [average(name, cells) for name in names_of] for group, cells in groups.items()}
told = charts.listed(means, marks="：、；")
figures.show(
    fig,
    T(
        ja=f"22の設問の正解率を棒で表します。上の図が日本語、下の図が台湾華語です。エンコーダー、デコーダー、上限、チャンスレベルの平均は、この順に、{told}です。",
        zh_tw=f"用長條表示 22 種題型的正確率。上圖是台灣華語，下圖是日文。編碼器、解碼器、上限、亂猜的平均依序如下：{told}。",
    ),
)

# %% [markdown] key="square" lang="ja"
# 手がかりが左なら2つのモデルにほとんど差はなく、右なら、ほぼ必ず当てるのはエンコーダーだけです。デコーダーの正解率は上限とほぼ同じです。左だけを読むなら、大きなモデルでも、平均してこれより高くはなりません（時の語の上限はチャンスレベルなので、届いても学習の証拠になりません）。足りないのは知識ではなく、右側の情報です（レッスン04）。
#
# ## 3. 「文全体を一度に見る」を確かめる
#
# 両者の読む範囲は本当に違うのでしょうか。入力の $j$ 番目のトークンだけを書き換えて $i$ 番目の出力が変われば、「$i$ は $j$ を見ている」と決めます。
#
# 予想：エンコーダーで、出力が変わる組 $(i, j)$ の割合はいくつでしょうか（0から1）。

# %% [markdown] key="square" lang="zh-tw"
# 線索在左邊的題型，兩個模型幾乎沒有差別；線索在右邊的題型，就只有編碼器幾乎題題答對。而且，解碼器的正確率和上限幾乎相同。只讀左邊的話，不管模型多大，平均都不可能更高（不過時間詞的上限和亂猜一樣，達到上限也不能當作訓練足夠的證據）。解碼器缺的不是知識，而是右邊的資訊，這一點會在第 04 課確認。
#
# ## 3. 確認「一次看見整個句子」
#
# 它們看得到的範圍，真的不一樣嗎？先為「看見」訂一個可以測量的定義：只改動輸入的第 $j$ 個詞元，如果第 $i$ 個輸出改變了，就表示 $i$ 看得到 $j$。
#
# 預測：編碼器的輸出會改變的組合 $(i, j)$，占多少比例？（0 到 1）


# %% key="square-influence"
def influence(model, tokens, text):
    #| ja: j番目を書き換えたときの、i番目の出力の変化 → (T, T)、行がi、列がj
    #| zh-tw: 改動第 j 個詞元時，第 i 個輸出的變化 → (T, T)，橫列是 i，直行是 j
    x = tokens(tokenizer.tagged(text, LANG), return_tensors="pt").input_ids  # (1, T)
    n = x.size(1)
    original, changed = x.repeat(n, 1), x.repeat(n, 1)  # (T, T)
    for j in range(n):
        #| ja: j行目では、j番目だけを次の番号のトークンに書き換える
        #| zh-tw: 第 j 橫列只把第 j 個詞元換成編號加 1 的詞元
        changed[j, j] = (x[0, j] + 1) % len(tokens)
    with torch.no_grad():
        gap = model(changed).logits - model(original).logits  # (T, T, V)
    return gap.abs().amax(-1).T


# %% key="square-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

short_text = corpus.sentence(event._replace(kind="plain", number=None), LANG).text
full = influence(model, encoder.TOKENIZER, short_text)
causal = influence(gpt, decoder.TOKENIZER, short_text)
predict.compare(guess, (full > 0).float().mean().item())

# %% key="square-figure"
squares = {
    T(ja="エンコーダー（BERT）", zh_tw="編碼器（BERT）"): full > 0,
    T(ja="デコーダー（GPT-2）", zh_tw="解碼器（GPT-2）"): causal > 0,
}
labels = [T(ja="始", zh_tw="始"), T(ja="言", zh_tw="語"), *short_text, T(ja="終", zh_tw="終")]
x, y = T(ja="書き換えたトークン", zh_tw="改動的詞元"), T(ja="出力の位置", zh_tw="輸出的位置")
fig = charts.masks(squares, x, y, size=(12, 6.2), rows=labels, columns=labels)
changes = [f"{int(square.sum())}/{square.numel()}" for square in squares.values()]
figures.show(
    fig,
    T(
        ja=f"列のトークンを書き換えたとき、行の出力が変わったら●、まったく変わらなかったら（差がちょうど0.0なら）×です。「始」「言」「終」は特殊トークンです。エンコーダーは{changes[0]}が●で、正方形がすべて埋まります。デコーダーは{changes[1]}が●で、左下の三角形だけです。",
        zh_tw=f"改動直行的詞元時，橫列的輸出有改變就是 ●，完全沒變（差距剛好是 0.0）就是 ×。「始」、「語」、「終」是特殊詞元。編碼器有 {changes[0]} 是 ●，整個正方形都填滿；解碼器有 {changes[1]} 是 ●，只有左下的三角形。",
    ),
)

# %% key="table-claim"
#| ja: 上限からのずれを、標準誤差を単位にして測り、最大値を取る
#| zh-tw: 以標準誤為單位，測量和上限的差距，取最大值
off_ceiling = max(
    abs(shares["decoder"][cell] - p) / corpus.standard_error(p, 200)
    for cell, p in shares["ceiling"].items()
    if cell in right_cells
)
left_cells, words, times = groups.values()
claims.check(
    "C07",
    {
        "not_seen": int((full == 0).sum()),
        "causal_leak": causal.triu(1).max().item(),
        "gap_words": average("encoder", words) - average("decoder", words),
        "gap_time": average("encoder", times) - average("decoder", times),
        "left_gap": max(abs(shares["encoder"][c] - shares["decoder"][c]) for c in left_cells),
        "worst_cell": min(shares["encoder"].values()),
        "off_ceiling": off_ceiling,
    },
)

# %% [markdown] key="mlm" lang="ja"
# エンコーダーでは、どの出力も入力のすべてのトークンから影響を受け、デコーダーの右上は、ちょうど0.0です。もっとも、見えるのは入力だけなので、`[MASK]`で隠した文字そのものは見えません。
#
# ## 4. 穴埋めの問題を作る
#
# では、前後を読むモデルは、どう学習するのでしょうか。次のトークンの予測は、答えが見えているので使えません。そこで、入力の一部を隠して当てさせるのが、マスク言語モデル（masked language model、MLM）です（Devlin et al. 2019、§3.1）。
#
# 1. 全トークンの15%を選ぶ
# 2. 選んだトークンの80%は`[MASK]`に、10%はランダムなトークンに置き換える。残りの10%は、そのままにする
# 3. 選んだ位置だけで、元のトークンを当てさせる（損失を計算する）
#
# 予想：10,000トークンのうち、`[MASK]`になるのは平均して何個でしょうか。

# %% [markdown] key="mlm" lang="zh-tw"
# 編碼器的每個輸出，都會受到輸入的每一個詞元影響；解碼器的右上角，則剛好是 0.0。不過，看得到的只有輸入，被 `[MASK]` 遮住的字本身還是看不到。
#
# ## 4. 製作克漏字的題目
#
# 那麼，前後都讀的模型要怎麼訓練？不能用「預測下一個詞元」，因為答案已經看得到了。所以要遮住輸入的一部分讓模型猜，這就是遮罩語言模型（masked language model，MLM；Devlin et al. 2019，§3.1）。
#
# 1. 從所有詞元中選出 15%
# 2. 選出的詞元裡，80% 換成 `[MASK]`，10% 換成隨機的詞元，剩下的 10% 維持不變
# 3. 只在選出的位置，讓模型猜原本的詞元（計算損失）
#
# 預測：10,000 個詞元裡，平均有幾個會變成 `[MASK]`？

# %% key="mlm-corrupt"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

#| ja: 特殊トークンの番号は、これより小さい
#| zh-tw: 特殊詞元的編號都比這個數小
n_special, n_vocabulary = len(tokenizer.SPECIAL), len(encoder.TOKENIZER)


def corrupt(ids, rate=0.15, generator=None):
    """ids: (B, T) → inputs (B, T), chosen (B, T)"""
    chosen = (torch.rand(ids.shape, generator=generator) < rate) & (ids >= n_special)
    dice = torch.rand(ids.shape, generator=generator)
    others = torch.randint(n_special, n_vocabulary, ids.shape, generator=generator)
    inputs = torch.where(chosen & (dice < 0.8), encoder.TOKENIZER.mask_token_id, ids)
    inputs = torch.where(chosen & (dice >= 0.8) & (dice < 0.9), others, inputs)
    return inputs, chosen


predict.compare(guess, 10_000 * 0.15 * 0.8)

# %% [markdown] key="mlm-count" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 10,000個の15%は1,500個で、そのうち80%は1,200個です。
#
# </details>
#
# 学習用の1万文で割合を数えます。この教材では各文字がトークンです（実際のモデルの多くは、文字をつないだサブワードを使います）。文字は $n$ 種類なので、ランダムに選んだトークンは、確率 $\frac{1}{n}$ で元と同じになり、元のままの割合は平均では10%をわずかに上回ります。

# %% [markdown] key="mlm-count" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 10,000 個的 15% 是 1,500 個，其中的 80% 是 1,200 個。
#
# </details>
#
# 用訓練用的 1 萬個句子數一數比例。在小世界裡，一個字就是一個詞元（真正的模型大多使用子詞，例如常連著出現的幾個字）。字有 $n$ 種，隨機選到的詞元有 $\frac{1}{n}$ 的機率剛好和原本一樣，所以平均來說，和原本一樣的比例會比 10% 多一點點。

# %% key="mlm-count-code"
rows = encoder.rows(5000)  # (10000, T)
inputs, chosen = corrupt(rows, generator=torch.Generator().manual_seed(0))
print(encoder.TOKENIZER.decode(rows[0]), encoder.TOKENIZER.decode(inputs[0]), sep="\n")

before, after = rows[chosen], inputs[chosen]
became_mask = after == encoder.TOKENIZER.mask_token_id
counted = {
    "chosen": (chosen.sum() / (rows >= n_special).sum()).item(),
    "masked": became_mask.float().mean().item(),
    "random": (~became_mask & (after != before)).float().mean().item(),
    "unchanged": (after == before).float().mean().item(),
}
#| ja: ランダムなトークンが、全部の文字から選ばれているか
#| zh-tw: 隨機的詞元，是不是從所有的字裡面選的
random_ones = after[~became_mask & (after != before)]
kinds_share = random_ones.unique().numel() / (n_vocabulary - n_special)

# %% key="loss-code"
few, few_chosen = inputs[:256], chosen[:256]
seen = few != encoder.TOKENIZER.pad_token_id
#| ja: transformersでは、損失を計算しない位置の正解を-100にする
#| zh-tw: 在 transformers 裡，不計算損失的位置，正確答案設成 -100
labels = rows[:256].masked_fill(~few_chosen, -100)
with torch.no_grad():
    out = model(input_ids=few, attention_mask=seen.long(), labels=labels)
by_hand = F.cross_entropy(out.logits[few_chosen], rows[:256][few_chosen])
loss_gap = abs(by_hand - out.loss).item()
print(f"{by_hand:.4f} {out.loss:.4f}")

claims.check("C06", counted | {"kinds": kinds_share, "loss_gap": loss_gap})


# %% [markdown] key="fill" lang="ja"
# 割合は手順どおりで、選んだ位置だけの損失も`transformers`と一致しました。この教材のモデルは、文字の40%を選び、すべて`[MASK]`にして学習しました（「さらにくわしく」）。
#
# ## 5. モデルの確率は、正しい確率と合うか
#
# モデルは、語彙のすべてのトークンに確率を付けますが、その大きさまで信じてよいのでしょうか。現実の文では正しい確率がわかりませんが、小さな世界なら、見えている文字に合う文をすべて数え上げ、空欄の文字の条件付き確率を正確に計算できます。
#
# 「全部」の文で助数詞を隠し、右にある手がかりを1つずつ消します。目的語を消すと、読むもの（本か詩）を数える「冊」と「編」が残り、正しい確率は0.50ずつです。
#
# 予想：目的語を消すと、「冊」に付ける確率はいくつでしょうか（0から1）。

# %% [markdown] key="fill" lang="zh-tw"
# 比例符合規則，只在選出的位置計算的損失，也和 `transformers` 一致。另外，這一課的模型選出 40% 的字，全部換成 `[MASK]` 來訓練（和 BERT 的差別見「更進一步」）。
#
# ## 5. 模型的機率，和正確的機率一樣嗎？
#
# 模型會替詞彙表裡的每個詞元都算出機率。那麼，除了有沒有答對，連機率的大小也可以相信嗎？現實的句子，沒有人知道正確的機率；在小世界裡，只要把和看得到的字相符的句子全部數出來，就能精確算出空格裡每個字的條件機率。
#
# 在「全部」句型裡遮住量詞，再把右邊的線索一個一個拿掉。拿掉受詞之後，量詞可能是「本」或「首」（書和詩都是拿來讀的），正確的機率各是 0.50。
#
# 預測：拿掉受詞、只留動詞「讀」時，模型給「本」的機率是多少？（0 到 1）

# %% key="fill-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

thing, verb = T(ja="本", zh_tw="書"), T(ja="読み", zh_tw="讀")
with_clues = T(
    ja="昨日、健太は公園でその三？の本を全部読みました。", zh_tw="健太昨天在公園把那三？書都讀了。"
)
without_thing = with_clues.replace(thing, "？")
texts = {
    T(ja="手がかりあり", zh_tw="線索都在"): with_clues,
    T(ja="目的語を消す", zh_tw="拿掉受詞"): without_thing,
    T(ja="動詞も消す", zh_tw="動詞也拿掉"): without_thing.replace(verb, "？" * len(verb)),
}
hidden = {name: text.replace("？", tokenizer.MASK) for name, text in texts.items()}
#| ja: 最初の空欄の確率：モデル（語彙全体）と、正しい値
#| zh-tw: 第一個空格的機率：模型（整個詞彙表）與正確的值
filled = {name: encoder.fill(model, text, LANG)[0] for name, text in hidden.items()}
exact = {name: posterior.exact(text, LANG)[0] for name, text in hidden.items()}

answer = encoder.TOKENIZER.convert_tokens_to_ids(T(ja="冊", zh_tw="本"))
first, second, third = (p[answer].item() for p in filled.values())
predict.compare(guess, second)
assert first > 0.8 and 0.25 < second < 0.75 and third < 0.35

# %% key="fill-figure"
print(*texts.values(), sep="\n")
fig, axes = plt.subplots(1, 3, figsize=(11, 3.4), sharex=True)
said = []
for ax, (name, probabilities) in zip(axes, filled.items()):
    top = probabilities.topk(6)
    labels = encoder.TOKENIZER.convert_ids_to_tokens(top.indices.tolist())
    true = [exact[name].get(label, 0) for label in labels]
    ax.barh(range(6), top.values, color="white", edgecolor="#0072B2", hatch="//")
    ax.plot(true, range(6), "D", label=T(ja="正しい確率", zh_tw="正確的機率"), markevery=1)
    for n, (p, t) in enumerate(zip(top.values.tolist(), true)):
        ax.text(max(p, t) + 0.06, n, f"{p:.2f}", va="center")
    ax.set_yticks(range(6), labels)
    ax.invert_yaxis()
    ax.set(title=name, xlabel=T(ja="確率", zh_tw="機率"), xlim=(0, 1.2), xticks=[0, 0.5, 1])
    best = "、".join(f"{c} {p:.2f} ({t:.2f})" for c, p, t in zip(labels[:3], top.values, true))
    said.append(T(ja=f"「{name}」では{best}", zh_tw=f"「{name}」是 {best}"))
axes[-1].legend(loc="lower right")
all_said = T(ja="、", zh_tw="；").join(said)
figures.show(
    fig,
    T(
        ja=f"空欄に入る助数詞の確率を、上位6つずつ、モデルは棒で、正しい確率は点で表します。上位3つは、{all_said}です（括弧の中は正しい確率）。",
        zh_tw=f"空格裡的量詞的機率，各列出前 6 名；長條是模型，點是正確的機率。前 3 名：{all_said}（括號內是正確的機率）。",
    ),
)

# %% [markdown] key="calibration" lang="ja"
# 手がかりを消すと、正しい確率と同じように、モデルの確率も散らばりましたが、3つの例では偶然と区別できません。そこで、文字の40%を隠し、答えが1つに決まらない空欄を100個集めます。モデルの確率 $p$ と正しい確率 $q$ の違いは、全変動距離（total variation distance）で測ります（$c$ は各トークン、0なら一致）。
#
# $$\frac{1}{2}\sum_c |p(c) - q(c)|$$
#
# ロジットを温度（temperature）$\tau$ で割って求めた確率とも比べます。$\tau$ が1より小さいと、いちばん高い確率がさらに高くなります。
#
# 予想：正しい確率に最も近いのは、どの温度でしょうか。
#
# - `"a"`：$\frac{1}{3}$（自信を強める）
# - `"b"`：$1$（そのまま）
# - `"c"`：$3$（自信を弱める）

# %% [markdown] key="calibration" lang="zh-tw"
# 線索拿掉之後，模型的機率也和正確的機率一樣分散開來。不過，只有三個例子也可能是碰巧。所以，接下來和訓練時一樣遮住 40% 的字，收集 100 個答案不只一種的空格。模型的機率 $p$ 和正確的機率 $q$ 差多少，用總變異距離（total variation distance）來量（$c$ 是詞彙表裡的每個詞元；0 表示完全一致）。
#
# $$\frac{1}{2}\sum_c |p(c) - q(c)|$$
#
# 另外，把 logits 除以溫度（temperature）$\tau$ 再算出機率，也拿來比較。$\tau$ 小於 1，最高的機率會變得更高。
#
# 預測：哪一個溫度的機率，最接近正確的機率？
#
# - `"a"`：$\frac{1}{3}$（更有自信）
# - `"b"`：$1$（原樣）
# - `"c"`：$3$（比較沒自信）


# %% key="calibration-code"
def distance(p, exact):
    """½ Σ |p − q|, p: (V,), exact: {character: q}"""
    q = torch.zeros_like(p)
    q[encoder.TOKENIZER.convert_tokens_to_ids(list(exact))] = torch.tensor([*exact.values()])
    return (p - q).abs().sum().item() / 2


def predicted(model, blanks):
    return [encoder.fill(model, blank.text, LANG)[blank.which] for blank in blanks]


rng, blanks = random.Random(0), []
while len(blanks) < 100:
    blank = posterior.draw(rng, LANG)
    blanks += [blank] * blank.undecided

# %% key="calibration-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

temperatures = {"a": 1 / 3, "b": 1, "c": 3}
plain = predicted(model, blanks)
scaled = {key: [(p.log() / t).softmax(-1) for p in plain] for key, t in temperatures.items()}
gaps = {}
for key, ps in scaled.items():
    gaps[key] = mean(distance(p, blank.exact) for p, blank in zip(ps, blanks))
options = {"a": "1/3", "b": "1", "c": "3"}
predict.choose(guess, options, min(gaps, key=gaps.get))

# %% key="calibration-figure"
fig, axes = plt.subplots(1, 3, figsize=(11, 4), sharey=True)
true = [blank.exact[blank.answer] for blank in blanks]
asked = encoder.TOKENIZER.convert_tokens_to_ids([blank.answer for blank in blanks])
for ax, (key, ps) in zip(axes, scaled.items()):
    ax.axline((0, 0), slope=1, color="black", linestyle=":", linewidth=1.5, marker="")
    ax.plot(true, [p[n].item() for p, n in zip(ps, asked)], "o", fillstyle="none", markevery=1)
    title = T(
        ja=f"温度{options[key]}：距離{gaps[key]:.2f}",
        zh_tw=f"溫度 {options[key]}：距離 {gaps[key]:.2f}",
    )
    charts.frame(ax, T(ja="正しい確率", zh_tw="正確的機率"), title=title, xlim=(0, 1), ylim=(0, 1))
axes[0].set_ylabel(T(ja="モデルの確率", zh_tw="模型的機率"))
told = charts.listed({options[key]: gap for key, gap in gaps.items()})
figures.show(
    fig,
    T(
        ja=f"100個の空欄で、隠した文字に付けた確率です。横軸は正しい確率、縦軸はモデルの確率で、点線に重なれば一致です。温度ごとの距離の平均は、{told}です。",
        zh_tw=f"100 個空格裡，模型給遮住的字的機率。橫軸是正確的機率，縱軸是模型的機率，落在點線上就是一致。各溫度的平均距離：{told}。",
    ),
)

# %% key="calibration-claim"
untrained = predicted(encoder.new(seed=0), blanks)
claims.check(
    "E31",
    {
        "trained": gaps["b"],
        "sharper": gaps["a"],
        "flatter": gaps["c"],
        "untrained": mean(distance(p, blank.exact) for p, blank in zip(untrained, blanks)),
    },
)

# %% [markdown] key="explore" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# そのままの確率です。交差エントロピーの平均を最小にする答えは、正しい確率そのものだからです。
#
# </details>
#
# 確率が正しい頻度と合うことを、キャリブレーション（calibration、較正）と呼びます。現実のモデルでは、正しい確率の代わりに、「確率0.8と答えた問題の8割が当たるか」を数えます。
#
# 次の文を書き換えましょう。「三本」を「三冊」に替えると、「冊」で数える本は読むだけなので、正しい文はなくなります。それでも、モデルは自信のある答えを返すでしょうか。

# %% [markdown] key="explore" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 是原樣的機率：讓平均交叉熵最小的，就是正確的機率本身。
#
# </details>
#
# 給 0.8 機率的題目，真的答對 8 成，這樣的一致叫做校準（calibration）。現實的模型沒有正確的機率可以比，只能這樣數一數。
#
# 改寫下面的句子試試看。在小世界裡，「首」只能用來數詩，而詩只拿來讀，所以把「三把」改成「三首」，就沒有任何正確的句子了。這時候，模型還是會很有自信地回答嗎？

# %% key="explore-known" hide=true
from helpers.widgets import Explorer, Text, knows
from helpers.display.svg import Bar, bars as draw_svg

known = [*corpus.characters(), "？"]


def readable(text):
    if not 1 <= text.count("？") <= 3 or len(text) > 40:
        return T(
            ja="「？」を1〜3個使い、全体を40文字以内にしてください。",
            zh_tw="請使用 1 到 3 個「？」，總長不要超過 40 個字。",
        )
    return knows(known, split=list)(text)


def said_exactly(text):
    try:
        found = posterior.exact(text, LANG)
    except ValueError:
        return T(ja="学習用の文法に、合う文はありません。", zh_tw="訓練用的文法裡沒有這種句子。")
    best = [sorted(blank.items(), key=lambda item: -item[1])[:3] for blank in found]
    told = "／".join("、".join(f"{c} {p:.2f}" for c, p in blank) for blank in best)
    return T(ja=f"正しい確率：{told}。", zh_tw=f"正確的機率：{told}。")


# %% key="explore-code"
def draw(text):
    text = text.replace("？", tokenizer.MASK)
    pictures, sentences = [], []
    for number, probabilities in enumerate(encoder.fill(model, text, LANG), 1):
        top = probabilities.topk(6)
        labels = encoder.TOKENIZER.convert_ids_to_tokens(top.indices.tolist())
        title = T(ja=f"空欄{number}", zh_tw=f"空格 {number}")
        bars = [Bar(label, p) for label, p in zip(labels, top.values.tolist())]
        pictures.append(f"<p>{title}</p>" + draw_svg(bars, title))
        best = "、".join(f"{c} {p:.2f}" for c, p in zip(labels[:3], top.values.tolist()))
        sentences.append(T(ja=f"{title}は{best}。", zh_tw=f"{title}：{best}。"))
    return "".join(pictures), "".join(sentences) + said_exactly(text)


Explorer(
    T(ja="空欄を埋める", zh_tw="填空"),
    draw,
    Text(
        "text",
        T(ja="文（空欄は「？」）", zh_tw="句子（空格寫「？」）"),
        T(ja="昨日、お母さんは町で？を三本買いました。", zh_tw="媽媽昨天在街上買了三把？。"),
        readable,
        known,
    ),
)

# %% [markdown] key="heads" lang="ja"
# 正しい答えがなくても、確率の合計は1なので、モデルは何かを答えます。その確率を信じてよいと確かめたのは、学習と同じ分布の文だけです。
#
# ## 6. 1回の事前学習から、2つのタスクへ
#
# 穴埋めの問題には人の作った正解（ラベル）が要りません。では、これを先に学習しておくと（事前学習）、ラベルの必要なタスクにも役立つのでしょうか。BERTでは学習済みの本体に小さな出力層（ヘッド。アテンションのヘッドとは別）を付け、少しのラベル付きの文で学習を続ける、ファインチューニング（fine-tuning）を行います。
#
# 最初のタスクは固有表現認識（NER）です。「松本」のように人名にも地名にもなる言葉を、前後の文字から、トークンごとに人（PER）、場所（LOC）、それ以外（O）に分けます。本体は、2節と同じ構造で、名前の文もラベルなしで読ませたモデルです。
#
# 予想：64次元のベクトルを3つのスコアに変えるヘッドを付けます。新しく学習を始めるパラメータは、全体の何%でしょうか。

# %% [markdown] key="heads" lang="zh-tw"
# 就算沒有正確答案，機率的總和還是 1，所以模型一定會回答些什麼。前面確認過機率可靠的，只有分布和訓練時相同的句子。
#
# ## 6. 一次預訓練，用在兩種任務
#
# 克漏字可以自動出題，不需要人工的正確答案（標籤）。那麼，先用這種題目訓練（預訓練），對需要標籤的任務也有幫助嗎？BERT 在訓練好的主體（輸出層以外）上裝一個小的輸出層（head，和注意力頭是兩回事），再用少量有標籤的句子繼續訓練，這就是微調（fine-tuning）。
#
# 第一個任務是命名實體辨識（NER）。像「信義」這樣，既可以是人名，也可以是地名的詞，要根據前後的字，替每個詞元標上人（PER）、地點（LOC）或其他（O）。主體和第 2 節的編碼器架構相同，但也讀過有名字的句子（沒有標籤）。
#
# 預測：如果裝上把 64 維向量轉成 3 個分數的 head，從頭開始學的參數占全部的百分之幾？

# %% key="head"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

from transformers import BertForTokenClassification

body = pretrained.load()
tagger = BertForTokenClassification(pretrained.config(num_labels=3))
tagger.bert.load_state_dict(body.bert.state_dict())
for said in finetune.named(LANG, 5, seed=4):
    tagged = [c if tag == "O" else f"{c}/{tag}" for c, tag in zip(said.text, said.tags)]
    print(" ".join(tagged))

new_share = training.parameter_count(tagger.classifier) / training.parameter_count(tagger)
predict.compare(guess, 100 * new_share, T(ja="%", zh_tw="%"))

# %% [markdown] key="tune-guess" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 新しいのは、64×3個の重みと3個のバイアス（bias）だけで、全体の0.2%にもなりません。
#
# </details>
#
# ラベル付きの10文で、本体とヘッドを一緒に学習させ、ランダムな重みから始めた同じ構造のモデルと比べます。事前学習だけで読んだ名前の150文で、名前の文字だけを採点します（半々なら0.5）。
#
# 予想：事前学習をしたモデルの正解率から、ランダムから始めたモデルの正解率を引くと、いくつでしょうか（3つのシードの平均）。

# %% [markdown] key="tune-guess" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 新的只有 64×3 個權重和 3 個偏差（bias），連全部的 0.2% 都不到。
#
# </details>
#
# 用 10 個有標籤的句子，把主體和 head 一起訓練；比較的對象，是從隨機權重開始的相同架構的模型。評分用 150 個句子，只看名字（人或地點，亂猜是 0.5）；這些名字在預訓練時讀過，但沒在有標籤的句子裡出現過。
#
# 預測：有預訓練的模型的正確率，減去從隨機權重開始的，是多少？（三個亂數種子的平均）

# %% key="tune-tuned"
curves = results.load("labels")
#| ja: ステップ数と学習率は、採点とは別の名前を使い、モデルごとに選んである
#| zh-tw: 步數和學習率，是用評分以外的名字，替每個模型分別選的
paces, n_labels = curves["settings"]["chosen"]["names"], 10
unseen = finetune.named(LANG, 150, "test", "never_labelled", test=True)
#| ja: 文の先頭の名前と、途中の名前を、別々に採点する
#| zh-tw: 句首的名字和句中的名字分開評分
tests = [
    finetune.tag_rows(unseen, LANG, pretrained.TOKENIZER, asked) for asked in ("opening", "later")
]


def tuned(start, seed):
    T(ja="""ラベル付きの文にない名前の正解率""", zh_tw="""沒標過的名字的正確率""")
    tagger = finetune.tagger({"pretrained": body, "scratch": None}[start], seed)
    said = finetune.named(LANG, n_labels, seed)
    labelled = finetune.tag_rows(said, LANG, pretrained.TOKENIZER)
    finetune.tune(tagger, labelled, seed, paces[start]["steps"], paces[start]["learning_rate"])
    return mean(finetune.score(tagger, test) for test in tests)


# %% key="tune"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

live = {start: mean(tuned(start, seed) for seed in range(3)) for start in ("pretrained", "scratch")}
predict.compare(guess, live["pretrained"] - live["scratch"])


# %% key="curves-scores" hide=true
def scores_of(task, name, *measures):
    T(ja="""正解率の平均（シード、文の数）""", zh_tw="""正確率的平均（種子、句數）""")
    tables = [curves[task][LANG][name][measure] for measure in measures]
    return torch.tensor([list(table.values()) for table in tables]).mean(0).T


def draw_curves(ax, task, measures, title):
    told = []
    for name, shift, style, label in lines:
        counts = [int(n) for n in curves[task][LANG][name][measures[0]]]
        y, away = charts.spread(scores_of(task, name, *measures))
        ax.errorbar([shift * n for n in counts], y, away, fmt=style, capsize=4, label=label)
        means = "、".join(f"{n}: {v:.2f}" for n, v in zip(counts, y))
        told.append(T(ja=f"{title}、{label}（{means}）", zh_tw=f"{title}，{label}（{means}）"))
    ax.axhline(0.5, color="black", linestyle=":", label=T(ja="チャンスレベル", zh_tw="亂猜"))
    x = T(ja="ラベル付きの文の数", zh_tw="有標籤的句子數")
    charts.frame(ax, x, log="x", ticks=counts, title=title, ylim=(-0.05, 1.1))
    return told


lines = (
    ("pretrained", 0.96, "o-", T(ja="事前学習あり", zh_tw="有預訓練")),
    ("scratch", 1.04, "s--", T(ja="ランダムから", zh_tw="從隨機權重開始")),
)

# %% [markdown] key="curves" lang="ja"
# ラベル付きの文を増やすと、この差はどうなるでしょうか。図は5つのシードの記録で（`python -m helpers.results.labels`）、点は平均、エラーバーは最小から最大、★はいまの値です。

# %% [markdown] key="curves" lang="zh-tw"
# 增加有標籤的句子，這個差距會怎麼變？下圖是五個亂數種子的紀錄（`python -m helpers.results.labels`）：點是平均，誤差線是最小到最大，★ 是剛才的值。下表也有另一個任務（情緒分析）的結果，見最後的「更進一步」。


# %% key="curves-figure" hide=true
fig, ax = plt.subplots(figsize=(6, 4))
unseen_names = ("opening_new", "later_new")
title = T(ja="NER：ラベル付きの文にない名前", zh_tw="NER：有標籤的句子裡沒有的名字")
told = draw_curves(ax, "names", unseen_names, title)
ax.scatter([n_labels] * 2, list(live.values()), 200, "white", marker="*", ec="black", zorder=9)
ax.set_ylabel(T(ja="正解率", zh_tw="正確率"))
ax.legend(loc="lower right")
all_told = T(ja="。", zh_tw="；").join(told)
figures.show(
    fig,
    T(
        ja=f"横軸はラベル付きの文の数（対数）、縦軸は正解率、点線は人か場所かを半々で選ぶ0.5です。5回の平均は次のとおりです。{all_told}。",
        zh_tw=f"橫軸是有標籤的句子數（對數），縱軸是正確率，點線是在人和地點裡亂猜的 0.5。5 次的平均如下：{all_told}。",
    ),
)

# %% key="transfer-claim"
gains = {
    task: (scores_of(task, "pretrained", *these) - scores_of(task, "scratch", *these)).mean().item()
    for task, these in (("names", unseen_names), ("moods", ("new",)))
}
claims.check(
    "C02",
    {
        "gain_live": live["pretrained"] - live["scratch"],
        "gain_names": gains["names"],
        "gain_moods": gains["moods"],
    },
)
claims.check(
    "C03",
    {
        "new_share": new_share,
        "blanks": min(grade(body, pretrained.guesses, n=50).values()),
        "names": live["pretrained"],
        "moods": scores_of("moods", "pretrained", "seen")[:, -1].mean().item(),
    },
)

# %% [markdown] key="causal" lang="ja"
# 10文では、事前学習をしたモデルは、ラベルになかった名前も8割以上を見分けました。ラベル付きの文が増えると、差はほとんどなくなります。少ないラベルで済むのです。2つ目のタスク、感情分析（別のヘッドで文全体を良いか悪いかに分ける）では、学習にも使う表現の正解率は100文で、事前学習の有無によらず0.6から0.8ほどです。採点だけに使う表現なら事前学習が効きます（最後の「さらにくわしく」）。
#
# ## 7. 「理解」に最適なのはエンコーダーか
#
# 同じNERを、2節のデコーダーの本体（名前の文は未学習）にも、ラベル付きの100文で学習させます。各トークンのタグはそのトークンと左側だけから決まります。文の先頭にある名前は、人と場所が半々です。
#
# 予想：先頭の名前では、デコーダーの正解率はいくつでしょうか。

# %% [markdown] key="causal" lang="zh-tw"
# 只有 10 句時，沒標過的名字，有預訓練的模型就有 8 成以上分辨得出來；有標籤的句子變多，差距就幾乎消失。在這個任務裡，有預訓練，少量的標籤就夠了。第二個任務是情緒分析（把整個句子分成好或壞），只換 head。就算有 100 句，有沒有預訓練都只答對 0.6 到 0.8 左右；換成預訓練時也沒讀過的說法，有預訓練的較高，但離夠用還很遠。
#
# ## 7. 最適合「理解」的是編碼器嗎？
#
# 同樣的 NER，也用第 2 節的解碼器主體（沒讀過有名字的句子），以 100 個有標籤的句子來訓練。每個詞元的標記，只由詞元本身和它左邊的內容決定。句首的名字，人和地點各占一半。
#
# 預測：解碼器對句首名字的正確率是多少？

# %% key="causal-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

labelled = finetune.named(LANG, 100, seed=0)
asked_names = finetune.named(LANG, 150, "test", test=True)
by_side = {}
for name, made, tokens in (
    ("pretrained", finetune.tagger(body), pretrained.TOKENIZER),
    ("decoder", finetune.causal_tagger(gpt), decoder.TOKENIZER),
):
    rows_of = finetune.tag_rows(labelled, LANG, tokens)
    finetune.tune(made, rows_of, 0, paces[name]["steps"], paces[name]["learning_rate"])
    for side in ("opening", "later"):
        test = finetune.tag_rows(asked_names, LANG, tokens, side)
        by_side[name, side] = finetune.score(made, test)
predict.compare(guess, by_side["decoder", "opening"])

# %% key="causal-claim"
claims.check(
    "C08",
    {
        "encoder_opening": by_side["pretrained", "opening"],
        "decoder_opening": by_side["decoder", "opening"],
        "decoder_later": by_side["decoder", "later"],
    },
)

# %% [markdown] key="causal-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# チャンスレベルの0.5に近い値です。途中の名前なら、手がかりが左にあるので見分けられます。
#
# </details>
#
# 1回の計算でトークンごとに答えるなら、双方向のほうが有利です。では、実際の大きさのモデルではどうでしょうか。条件をそろえた研究が2つあります。
#
# - Ettin（Weller et al. 2025）は、同じ手順とデータで、2つの型を1,700万から10億パラメータまで対にして学習しました。分類と検索ではエンコーダー、生成ではデコーダーが上で、MNLI（分類）では、4億のエンコーダーが10億のデコーダーを上回りました。
# - Gisserot-Boukhlef et al. 2025は、2.1億から10億パラメータの38のモデルを比べました。MLMのほうがおおむね高い性能ですが、同じ計算量で最もよかったのは、次のトークンの予測のあとにMLMを行う方法です。
#
# 一方、文を読み終えてから言葉で答えさせれば、文全体が左に来ます。この形のデコーダーが、教師あり学習に並ぶNERの結果を得た報告もあります（GPT-NER、Wang et al. 2025）。「最適」は、答え方、費用、ラベルの数と合わせて決まります。

# %% [markdown] key="causal-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 正確率和亂猜的 0.5 差不多。句中的名字，線索在左邊，所以分辨得出來。
#
# </details>
#
# 由此可知：如果只計算一次就要替每個詞元作答，雙向比較有利。那麼，換成實際大小的模型，又是如何？有 2 項研究讓條件保持一致。
#
# - Ettin（Weller et al. 2025）用相同的方法和資料，從 1,700 萬到 10 億個參數，成對訓練了兩種架構。分類和檢索是編碼器比較好，生成是解碼器比較好；在 MNLI（分類）上，4 億參數的編碼器勝過 10 億參數的解碼器。
# - Gisserot-Boukhlef et al. 2025 比較了 2.1 億到 10 億個參數的 38 個模型。大致上 MLM 的表現比較好，但運算量相同時，最好的是先做「預測下一個詞元」、再做 MLM。
#
# 另一方面，讓模型讀完句子再用文字回答，整個句子就都在左邊了。有研究指出，用這種形式的解碼器，NER 的結果可以和用標籤訓練的模型相當（GPT-NER，Wang et al. 2025）。什麼是「最適合」，要連同回答的形式、成本和標籤的數量一起考慮。


# %% [markdown] key="further-80" lang="ja" further=true
# ### さらにくわしく：なぜ、全部を`[MASK]`にしないのか

# %% [markdown] key="further-80" lang="zh-tw" further=true
# ### 更進一步：為什麼不全部換成 `[MASK]`？

# %% [markdown] key="why-80" lang="ja"
# この教材のモデルは、選んだトークンをすべて`[MASK]`にして学習しました。すると、何が起こるでしょうか。何も隠さない、つまり答えの見えている文を入れ、各位置で、そこにあるトークンそのものを答えられるかを測ります。
#
# 予想：正解率はいくつでしょうか（0から1）。

# %% [markdown] key="why-80" lang="zh-tw"
# 這套教材的模型在訓練時，選出的詞元全都換成 `[MASK]`。這樣會怎樣？輸入完全沒有遮住的句子，看看模型在每個位置能不能回答那裡的詞元。答案就在眼前。
#
# 預測：正確率是多少？（0 到 1）

# %% key="why-80-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

plain, plain_seen = rows[:256], rows[:256] != encoder.TOKENIZER.pad_token_id
with torch.no_grad():
    logits = model(input_ids=plain, attention_mask=plain_seen.long()).logits
visible = (logits.argmax(-1) == plain)[plain >= n_special].float().mean().item()
predict.compare(guess, visible)
assert visible < 0.9

# %% [markdown] key="why-80-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 見えているトークンでも、半分ほどしか答えられません。`[MASK]`の位置でしか損失を計算しなかったので、ほかの位置の出力は、何であってもよかったのです。
#
# </details>
#
# この実験でわかるのは、見えている位置の出力に制約がなかったことだけです。あとのタスクで困るとまでは言えません。`[MASK]`は学習にだけ現れ、タスクの入力には現れません。この食い違いを減らすため、BERTは80/10/10にしました。ところが、論文の付録C.2では、全部を`[MASK]`にしても、ファインチューニングの結果はあまり変わっていません（80/10/10、すべて`[MASK]`の順に、MNLIは84.2と84.3、NERは95.4と94.9）。差が大きかったのは、学習済みのベクトルをそのまま使うときです（NERで94.9と94.0）。

# %% [markdown] key="why-80-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 就算看得到，也只答對一半左右。因為只在 `[MASK]` 的位置計算損失，其他位置輸出什麼都無所謂。
#
# </details>
#
# 這個實驗只說明：看得到的位置，輸出不受任何約束。至於之後用在任務上會不會因此變差，不能由此判斷。`[MASK]` 只在預訓練時出現，微調時沒有；BERT 採用 80/10/10 就是為了減少這種落差。不過，論文的附錄 C.2 顯示，就算全部換成 `[MASK]`，微調的結果也差不多（依 80/10/10、全部 `[MASK]` 的順序，MNLI 是 84.2 和 84.3，NER 是 95.4 和 94.9）；差距比較大的，是不微調、直接使用向量的時候（NER 是 94.9 和 94.0）。

# %% [markdown] key="why-80-try" lang="ja"
# では、80/10/10にすると、この小さな世界では何が変わるでしょうか。同じバッチで同じ文字を選び、選んだ文字の扱いだけを変えて、300ステップずつ学習させました（シードは3つで、6節のNERで使うモデルと同じ文法の文を読ませました）。測ったのは、隠れた文字を当てた割合、見えている文字を答えた割合、そして、ラベル付きの10文でファインチューニングしたあと、ラベル付きの文にない名前が人名か地名かを当てた割合です。次の表はその記録です（`python -m helpers.results.corruption`で作り直せます）。

# %% [markdown] key="why-80-try" lang="zh-tw"
# 在小世界改用 80/10/10，會有什麼不同？下面用同樣的批次、選同樣的字，只改變選出的字怎麼處理，各訓練 300 步（亂數種子有三個；讀的句子，和第 6 節 NER 用的模型出自同一套文法）。測量的是遮住的字答對的比例、看得到的字答對的比例，以及用 10 個有標籤的句子微調之後，把其中沒有的名字分成人名和地名的正確率。下表是當時的紀錄（用 `python -m helpers.results.corruption` 可以重做）。

# %% key="why-80-record"
record = results.load("corruption")["runs"]
ways = {"mask": T(ja="すべて[MASK]", zh_tw="全部換成 [MASK]"), "80/10/10": "80/10/10"}
header = T(
    ja="選んだ文字|シード|隠れた文字|見えている文字|名前（日本語）|名前（台湾華語）",
    zh_tw="選出的字|亂數種子|遮住的字|看得到的字|名字（日文）|名字（台灣華語）",
)
measured = [[run["hidden"], run["visible"], *run["names"].values()] for run in record]
show.tabulate(
    header,
    [
        [ways[run["corruption"]], f"{run['seed']}", *(f"{share:.2f}" for share in shares)]
        for run, shares in zip(record, measured)
    ],
)

# %% [markdown] key="why-80-tried" lang="ja"
# 隠れた文字を当てた割合は、どちらも約0.4です。大きく変わったのは見えている文字で、0.2前後から0.7以上に上がりました（約0.5だった上のモデルは、6,000ステップ学習したものです）。80/10/10では、文字が見えている位置でも損失を計算することがあるからです。
#
# 名前を当てた割合は、3つのシードと2つの言語の平均では0.80から0.87に上がりましたが、この6つのうち2つでは、逆に下がっています。しかも、3つのシードの短い学習で（300ステップでは、隠れた文字もまだ4割しか当たりません）、ラベル付きの文もシードごとに1回しか選んでいません。80/10/10がファインチューニングの役に立つとまでは、この記録からは言えません。
#
# この教材のモデルは選ぶ割合も15%ではなく40%です（上の記録も同じです）。1ステップで答え合わせのできる位置が $\frac{40}{15}$（約2.7）倍に増え、短い学習で済むからです。割合が大きいほど、手がかりが減って問題は難しくなります。15%は絶対の数ではなく、BERT-largeでは、40%のほうがよかったという報告もあります（Wettig et al. 2023）。
#
# なお、BERTの事前学習には、2つの文が続いているかを当てる問題（next sentence prediction）もありました。後継のRoBERTaは、これを使いません（Liu et al. 2019）。

# %% [markdown] key="why-80-tried" lang="zh-tw"
# 遮住的字答對的比例，兩者都是 0.4 左右。差別很大的是看得到的字：從 0.2 左右升到 0.7 以上（上面那個大約 0.5 的模型，訓練了 6,000 步）。因為在 80/10/10 裡，看得到字的位置有時也要計算損失。
#
# 名字答對的比例，三個亂數種子、兩種語言平均起來，從 0.80 升到 0.87，但這六組裡有兩組反而下降。而且這只是三個亂數種子的短期訓練（300 步的時候，遮住的字也只答對 4 成），有標籤的句子每個種子也只抽了 1 次。單看這份紀錄，還不能說 80/10/10 對微調有幫助。
#
# 這套教材的模型，選出的比例也不是 15%，而是 40%（上面的紀錄也一樣）。這樣每 1 步可以計算損失的位置就變成 $\frac{40}{15}$（約 2.7）倍，訓練時間比較短。比例越大，線索越少，題目也越難。15% 並不是絕對的數字：有研究指出，對 BERT-large 來說，40% 比較好（Wettig et al. 2023）。
#
# 另外，BERT 的預訓練還有一種題目，是判斷兩個句子是否相連（next sentence prediction）。後來的 RoBERTa 沒有使用它（Liu et al. 2019）。

# %% [markdown] key="further-train" lang="ja" further=true
# ### さらにくわしく：300ステップだけ学習させる

# %% [markdown] key="further-train" lang="zh-tw" further=true
# ### 更進一步：只訓練 300 步

# %% [markdown] key="train" lang="ja"
# 穴埋めの学習では何から覚えるのでしょうか。何も学習していないモデルを、300ステップだけ学習させます。これまで使ったモデル（チェックポイント）は、同じ設定で6,000ステップ学習したもので、約2分かかりました。

# %% [markdown] key="train" lang="zh-tw"
# 用克漏字訓練時，模型最先學會的是什麼？先拿一個完全沒訓練過的模型，只訓練 300 步。前面用的模型（檢查點，checkpoint）則用同樣的設定訓練了 6,000 步，大約 2 分鐘。

# %% key="train-code"
fresh = encoder.new(seed=0)
next_batch = encoder.next_batch(rows)
run = training.train(fresh, next_batch, steps=300, lr=encoder.LEARNING_RATE)


# %% key="train-losses"
def mean_loss(model, n_batches=20):
    draw = encoder.next_batch(rows, seed=1)
    with torch.no_grad():
        return sum(model(**draw()).loss.item() for _ in range(n_batches)) / n_batches


losses = {
    T(ja="学習前", zh_tw="訓練前"): mean_loss(encoder.new(seed=0)),
    T(ja="300ステップ後", zh_tw="300 步後"): mean_loss(fresh),
    T(ja="チェックポイント", zh_tw="檢查點"): mean_loss(model),
}
for name, loss in losses.items():
    print(f"{loss:.2f} {name}")

# %% key="train-figure"
fig, ax = plt.subplots()
*_, shipped = losses.values()
window = torch.tensor(run.losses).unfold(0, 10, 10).mean(1)
steps = [10 * (n + 1) for n in range(len(window))]
ax.plot(steps, window, label=T(ja="いま学習したモデル", zh_tw="剛剛訓練的模型"))
ax.axhline(shipped, color="black", linestyle=":")
ax.text(0, shipped + 0.08, T(ja="チェックポイント", zh_tw="檢查點"))
ax.set(
    xlabel=T(ja="ステップ", zh_tw="步"),
    ylabel=T(ja="損失（10ステップの平均）", zh_tw="損失（10 步的平均）"),
    ylim=(0, None),
)
ax.legend()
figures.show(
    fig,
    T(
        ja=f"横軸はステップ、縦軸は損失です。最初の10ステップの平均は{window[0]:.2f}、最後の10ステップの平均は{window[-1]:.2f}です。点線はチェックポイントの損失で、{shipped:.2f}です。",
        zh_tw=f"橫軸是步數，縱軸是損失。最初 10 步的平均是 {window[0]:.2f}，最後 10 步的平均是 {window[-1]:.2f}。點線是檢查點的損失，{shipped:.2f}。",
    ),
)

# %% [markdown] key="train-score-guess" lang="ja"
# 損失は下がりましたが、穴埋めはどれだけ当たるでしょうか。22の設問を、それぞれ100文で採点します。
#
# 予想：正解率の平均は、学習前は0.2くらい、チェックポイントは1.0に近い値です。300ステップのモデルの平均は、どの範囲でしょうか。
#
# - `"a"`：0.25より低い（学習前とほとんど同じ）
# - `"b"`：0.25から0.6まで
# - `"c"`：0.6より高い

# %% [markdown] key="train-score-guess" lang="zh-tw"
# 損失下降了，那克漏字能答對多少？22 種題型各考 100 句。
#
# 預測：平均正確率在訓練前大約是 0.2，檢查點接近 1.0。只訓練 300 步的模型，平均落在哪個範圍？
#
# - `"a"`：低於 0.25（和訓練前差不多）
# - `"b"`：0.25 到 0.6
# - `"c"`：高於 0.6


# %% key="train-score"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None


models = dict(zip(losses, (encoder.new(seed=0), fresh, model)))
short = {name: grade(each, encoder.guesses, n=100) for name, each in models.items()}
_, after_300, _ = (mean(cells.values()) for cells in short.values())
options = {
    "a": T(ja="0.25より低い", zh_tw="低於 0.25"),
    "b": T(ja="0.25から0.6まで", zh_tw="0.25 到 0.6"),
    "c": T(ja="0.6より高い", zh_tw="高於 0.6"),
}
predict.choose(guess, options, "a" if after_300 < 0.25 else "b" if after_300 <= 0.6 else "c")

# %% key="train-score-table"
for name, cells in short.items():
    print(name)
    for lang in languages:
        slots = {slot: mean(cells[c] for c in cells if c[::2] == (slot, lang)) for slot in names}
        print(
            "   ", languages[lang], {names[slot]: f"{share:.2f}" for slot, share in slots.items()}
        )

# %% [markdown] key="train-after" lang="ja"
# それでも300ステップでは、動詞と助数詞はあまり当たりません。では、何を学んだのでしょうか。どの文にも出てくる文字を隠したときの正解率を調べます。

# %% [markdown] key="train-after" lang="zh-tw"
# 可是，只訓練 300 步，動詞和量詞還是不太會答。那麼，到底學到了什麼？來看看遮住每個句子都會出現的字時，正確率是多少。

# %% key="train-common"
common = encoder.TOKENIZER.convert_tokens_to_ids(list("はで在。"))
right_guesses = []
draw_batch = encoder.next_batch(rows, seed=1)
for _ in range(20):
    batch = draw_batch()
    asked = torch.isin(batch["labels"], torch.tensor(common))
    with torch.no_grad():
        best = fresh(**batch).logits.argmax(-1)
    right_guesses += (best == batch["labels"])[asked].tolist()
print(f"{mean(right_guesses):.2f}")
assert mean(right_guesses) > 0.8

# %% [markdown] key="train-end" lang="ja"
# 日本語の「は」と「で」、台湾華語の「在」（日本語の「で」）、そして「。」なら、もうほとんど当たります。先に覚えたのは、よく出る文字と、その位置でした。空欄を正しく埋めるには、離れた文字どうしの関係を使う必要があり、もっと長い学習が要ります。

# %% [markdown] key="train-end" lang="zh-tw"
# 台灣華語的「在」、日文的「は」（表示主題）和「で」（相當於「在」），以及「。」，已經幾乎都能答對。最先學會的，是常出現的字和它們的位置。要填對動詞和量詞，就必須用到相隔較遠的字之間的關係，得訓練更久。

# %% [markdown] key="further-attend" lang="ja" further=true
# ### さらにくわしく：空欄の参照先と公開モデル

# %% [markdown] key="further-attend" lang="zh-tw" further=true
# ### 更進一步：填空時參考了哪些位置，以及公開的模型

# %% [markdown] key="attend" lang="ja"
# 学習したモデルが、空欄からどのトークンに重みを置いているかを眺めます。レッスン01で確かめたとおり、重みだけでは理由はわかりません。手がかりを使っている証拠は、2節と5節の実験です。

# %% [markdown] key="attend" lang="zh-tw"
# 看看訓練好的模型在填空時，把注意力放在哪些詞元上。第 01 課確認過，只看權重並不知道理由；要證明模型用了線索，得看第 2 節和第 5 節的實驗。

# %% key="attend-code"
from helpers.widgets import AttentionExplorer

viewed = encoder.load()
viewed.set_attn_implementation("eager")
masked_text = with_clues.replace("？", tokenizer.MASK)
AttentionExplorer(viewed, encoder.TOKENIZER, text=tokenizer.tagged(masked_text, LANG))

# %% [markdown] key="further-network" lang="ja"
# #### ネットワークがあれば、公開されているBERTで

# %% [markdown] key="further-network" lang="zh-tw"
# #### 有網路的話，用公開的 BERT 試試

# %% [markdown] key="network" lang="ja"
# ここまでの穴埋めは、どれも小さな世界の文でした。では、実際に書かれた大量の文章で学習したモデルは、空欄に何を入れるのでしょうか。次のセルの2つの文は、空欄の左側がまったく同じで、違うのは右側の動詞だけです。右側も手がかりにしているなら、答えも違うものになるはずです（左側だけを読むモデルなら、どちらにも同じ答えを出すしかありません）。
#
# 使うのは、BERTを改良したModernBERTという型で、日本語の文章を学習したモデルです。次のセルの`network`を`True`に書き換えて実行すると、重みを最初の一度だけ取り寄せます。ログインは要りません。ネットワークがなければ、書き換えずに先へ進めます。

# %% [markdown] key="network" lang="zh-tw"
# 到目前為止的克漏字，都是小世界裡的句子。用大量真實文章訓練過的模型，會在空格填什麼？下一個儲存格的 2 個句子，空格左邊一模一樣，只有右邊的名詞不同。如果模型用了右邊的線索，答案就應該不一樣（只讀左邊的模型，給的答案一定相同）。
#
# 這裡用的是中研院以繁體中文的文章訓練的小型 BERT。把下一個儲存格的 `network` 改成 `True` 再執行，就會下載權重，只需要下載一次，也不必登入。沒有網路就不改，直接往下讀。

# %% key="network-ask"
from helpers.models import real

#| ja: ネットワークを使うなら、Trueに書き換える
#| zh-tw: 要使用網路的話，請改成 True
network = False

texts = T(
    ja="昨日、[MASK]を読みました。|昨日、[MASK]を飲みました。",
    zh_tw="昨天我買了一[MASK]書。|昨天我買了一[MASK]狗。",
).split("|")
answers = real.ask(T(ja="modernbert-ja", zh_tw="bert-zh"), *texts, network=network)

# %% [markdown] key="network-after" lang="ja"
# 答えの並びが違っていれば、モデルは右側の動詞を読んで答えたことになります。自分の文でも試してみましょう。空欄の左側だけを変えた文や、どちら側にも手がかりのない文では、確率はどう変わるでしょうか。ただし、いくつかの文でうまくいっても、どのくらい正しいのかまではわかりません。それを言うには、2節のように、問題をたくさん用意して数える必要があります。

# %% [markdown] key="network-after" lang="zh-tw"
# 答案的順序如果不一樣，就表示模型讀了右邊的名詞。也換成自己的句子試試看：只改空格的左邊，或兩邊都不給線索，機率會怎麼變？不過，試了幾句都答得好，也不代表整體有多準；要說有多準，就得像第 2 節那樣，準備許多題目來計算。

# %% [markdown] key="further-moods" lang="ja" further=true
# ### さらにくわしく：読ませる文を増やした理由と、感情分析

# %% [markdown] key="further-moods" lang="zh-tw" further=true
# ### 更進一步：為什麼要增加句子，以及情緒分析

# %% [markdown] key="unread" lang="ja"
# 5節までのモデルは名前の文字の多くを一度も見ていません。そのような文字の埋め込みベクトルは、学習の間に、どれもほとんど同じになってしまいます。すると、それらの文字でできた名前はどれも同じに見え、実験になりません。そこで、同じ構造のモデルに、名前の文と気持ちの文もラベルなしで読ませて、6,000ステップの穴埋めをさせました。採点に使う文は事前学習にも出していません。埋め込みベクトルがどれだけ似ているかを、コサイン（1なら同じ向き）の平均で比べます。

# %% [markdown] key="unread" lang="zh-tw"
# 前 5 節用的模型，從來沒看過名字裡的許多字。這些字的嵌入向量，在訓練過程中會變得幾乎一模一樣；這樣一來，由這些字組成的名字在模型眼中都一樣，無法實驗。所以，我們讓相同架構的模型也讀了有名字的句子和情緒分析的句子（沒有標籤），做了 6,000 步的克漏字。評分用的句子，預訓練時也沒有出現過。嵌入向量有多相似，用餘弦相似度（1 代表同方向）的平均來比較。

# %% key="unread-code"
tables = (corpus.LEXICON["names"][table][corpus.key(LANG)] for table in corpus.NAMES)
letters = sorted(set("".join(tables)) - {" "})
unread = [n for n in encoder.TOKENIZER.convert_tokens_to_ids(letters) if n not in rows.unique()]
for name, net in (
    (T(ja="5節までのモデル", zh_tw="前 5 節用的模型"), model),
    (T(ja="文を増やしたモデル", zh_tw="增加句子的模型"), body),
):
    vectors = F.normalize(net.get_input_embeddings().weight[unread], dim=1)
    print(f"{(vectors @ vectors.T).mean():.2f}", name)

# %% [markdown] key="feelings" lang="ja"
# 感情分析では、一日を振り返る文から、良い一日（1）か、悪い一日（0）かを当てます。「少しも〜ない」のような否定があるので、形容詞だけでは決まりません。`BertForSequenceClassification`を使い、先頭の特殊トークン`[CLS]`のベクトルから、文全体のクラスを1つ答えさせます。
#
# 表現は形容詞32個×6通りの192通りです。そのうち75通りは、ラベル付きの文にも事前学習の文にも出さず、採点だけに使います。この75通りは、形容詞だけを見てラベル付きの文で多かったほうを答える「近道」を、見破れるように選びました。

# %% [markdown] key="feelings" lang="zh-tw"
# 情緒分析要從回顧一天的句子，判斷那天是好（1）還是壞（0）。因為有「一點也不」這類否定，只看形容詞不能決定。這裡使用 `BertForSequenceClassification`：從開頭的特殊詞元 `[CLS]` 的向量，替整個句子回答一個類別。
#
# 說法由 32 個形容詞各搭配六種講法組成，共 192 種。其中 75 種不放進有標籤的句子，也不放進預訓練的句子，只用來評分。這 75 種是特意挑選的，用來看出模型有沒有走捷徑（只看形容詞，照它在有標籤的句子裡較常屬於哪一類來回答）。

# %% key="feelings-code"
for mood in random.Random(1).sample(moods.EVERY, 6):
    print(int(mood.positive), mood.text(LANG))
for name, some in (
    (T(ja="学習にも使う表現", zh_tw="也用來訓練的說法"), moods.SEEN),
    (T(ja="採点だけに使う表現", zh_tw="只用來評分的說法"), moods.NEW),
):
    right = mean(moods.by_adjective(mood) == mood.positive for mood in some)
    print(f"{len(some)} {right:.2f}", name)

# %% [markdown] key="moods" lang="ja"
# 近道でも、学習にも使う表現なら8割ほど当たりますが、採点だけに使う表現では1つも当たりません。次の図は日本語の5つのシードの記録です。

# %% [markdown] key="moods" lang="zh-tw"
# 也用來訓練的說法，走捷徑也能答對大約 8 成；只用來評分的說法，卻一個也答不對。下圖是台灣華語的紀錄，亂數種子有五個。

# %% key="moods-figure" hide=true
fig, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
told = []
for ax, measure, title in zip(
    axes,
    ("seen", "new"),
    T(ja="学習にも使う表現|採点だけに使う表現", zh_tw="也用來訓練的說法|只用來評分的說法").split("|"),
):
    told += draw_curves(ax, "moods", (measure,), title)
axes[1].axhline(0, color="black", linestyle="--", label=T(ja="近道", zh_tw="捷徑"))
axes[0].set_ylabel(T(ja="正解率", zh_tw="正確率"))
axes[1].legend(loc="upper left")
all_told = T(ja="。", zh_tw="；").join(told)
figures.show(
    fig,
    T(
        ja=f"感情分析の正解率です。横軸はラベル付きの文の数（対数）です。5回の平均は次のとおりです。{all_told}。",
        zh_tw=f"情緒分析的正確率。橫軸是有標籤的句子數（對數）。5 次的平均如下：{all_told}。",
    ),
)

# %% [markdown] key="curves-after" lang="ja"
# - ラベルを付けた文そのものなら、2つのモデルともほぼ覚えます（図にはありません）。しかし、学習にも使う表現の、ラベル付きの文に選ばれなかった残りでは、100文でも0.6から0.8ほどです（図にない台湾華語では、ランダムから始めたほうが少し高い値です）。
# - 採点だけに使う表現では、ランダムから始めたモデルは近道に引きずられ、0.5に届きません。事前学習をしたモデルはそれより高くなりますが、100文で、日本語は0.7ほど、図にない台湾華語は0.5ほどです。
# - つまり、形容詞の良し悪しと否定を組み合わせる決まりは、確かに身についたとは言えません。事前学習では気持ちの文に続けて「みんな笑いました。」のような文も読ませましたが、続きを当てさせても、気持ちに合うほうを選んだ割合は0.5から0.6ほどでした。事前学習をしても文にあることがすべて学べるわけではありません。

# %% [markdown] key="curves-after" lang="zh-tw"
# - 有標籤的句子本身，兩個模型幾乎都記住了（圖上沒有畫）；但在「也用來訓練的說法」裡，換成沒標過的句子，就算有 100 句，台灣華語和日文也都只答對 0.6 到 0.8 左右（在台灣華語，反而是從隨機權重開始的略高）。
# - 只用來評分的說法，從隨機權重開始的模型受到捷徑的影響，不到 0.5；有預訓練的模型比較高，但 100 句時，台灣華語大約 0.5，圖上沒有的日文大約 0.7。
# - 也就是說，「形容詞的好壞要和否定搭配起來」這條規則，還不能說真的學會了。預訓練的句子裡，心情的句子後面也接了「大家都笑了。」之類的句子，可是讓模型猜後面接好或壞的句子，正確率只有 0.5 到 0.6 左右。就算做了預訓練，也不是句子裡有的東西全都學得到。

# %% [markdown] key="summary" lang="ja"
# ## 8. できるようになったこと
#
# - 手がかりの位置から、双方向のモデルが必要な空欄を見分け、片側だけを読む場合の上限を計算できる（クイズの問1、2）
# - 穴埋めの問題を作り、モデルの確率を、正しい確率や実際の頻度と比べられる（問3〜6）
# - ヘッドのパラメータを数え、エンコーダーが有利な答え方を説明できる（問7、8）

# %% [markdown] key="summary" lang="zh-tw"
# ## 8. 學會了什麼
#
# - 能看線索的位置，分辨哪些空格需要雙向的模型，並算出只讀單邊時的上限（小測驗第 1、2 題）
# - 能製作克漏字的題目，並把模型的機率和正確的機率、實際的頻率互相比較（第 3～6 題）
# - 能算出新的 head 有幾個參數，並說明用什麼形式回答時編碼器比較有利（第 7、8 題）

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 9. 演習問題
#
# [演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)で練習してから、[レッスン04](04_decoder.ipynb)に進みましょう。

# %% [markdown] key="next" lang="zh-tw"
# ## 9. 練習題
#
# 先到[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)動手寫，再前往[第 04 課](04_decoder.ipynb)。
