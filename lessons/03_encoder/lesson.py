# %% [markdown] key="title" lang="ja"
# # エンコーダー：穴埋めで学ぶBERT
#
# BERTは、文の一部を隠し、前後を読んで当てる「穴埋め」で学習するモデルです。このレッスンでは、正しい答えがすべてわかっている小さな世界の文を使います。穴埋めの問題を手で作り、前後を読むモデルと、前だけを読むモデルを、同じ空欄で比べます。そのあと、学習済みの1つのモデルから、2つのタスクのモデルを作ります。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | 穴埋めの問題（15%、80/10/10）を自分で作れる。双方向のモデルにだけ答えられる空欄を、手がかりの位置から言い当てられる。事前学習が役に立つ場合と立たない場合を、測った数で説明できる |
# | 前提知識 | レッスン01と02の内容（アテンション、マスク、ブロック）、確率、交差エントロピー、損失を下げて学習するという考え方 |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |
#
# 進め方は、これまでと同じく「予想する、実行する、比べる」です。`guess = None`の`None`を、自分の予想した数に書き換えてから実行しましょう。図を描くコードは、読み飛ばしてかまいません。

# %% [markdown] key="title" lang="zh-tw"
# # 編碼器：靠克漏字學習的 BERT
#
# BERT 的訓練方式就像克漏字測驗：把句子的一部分遮住，讀前後文來猜。這一課使用一個小世界的句子，裡面每一題的正確答案都是已知的。先親手出克漏字的題目，再讓「前後文都讀」的模型和「只讀前文」的模型填同樣的空格，互相比較。最後，從一個訓練好的模型，做出兩種任務的模型。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能自己出克漏字的題目（15%、80/10/10）；看線索的位置，就能說出哪些空格只有雙向的模型答得出來；能用實測的數字，說明預訓練在什麼時候有用、什麼時候沒用 |
# | 先備知識 | 第 01 課和第 02 課的內容（注意力、遮罩、區塊）、機率、交叉熵，以及「降低損失就是訓練」的概念 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |
#
# 進行方式和前面一樣：「先猜、再執行、再比較」。請先把 `guess = None` 的 `None` 改成你猜的數字再執行。畫圖的程式碼可以跳過不看。

# %% key="imports"
import random

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

from helpers import results
from helpers.classroom import claims, predict
from helpers.display import charts, figures, show
from helpers.models import decoder, encoder, finetune, pretrained, training
from helpers.world import corpus, moods, tokenizer

figures.use(LANG)
torch.set_num_threads(1)
# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# このレッスンで確かめるのは、元のページの次の部分です。
#
# > 大規模言語モデルの進化は、パラダイムシフトタスク固有のモデルから「統合的事前学習」への移行を特徴としています。これは、単一のアーキテクチャが複数の自然言語処理(NLP)のニーズに適応できるようになる仕組みです。
# >
# > 1. エンコーダー専用(BERT)
# > - メカニズム:マスクされた言語モデル(MLM)。
# > - 動作特性:双方向的な文脈;モデルは入力された文全体を一度に「見る」ことで、隠れた単語を予測します。
# > - 最適な用途:自然言語理解(NLU)、感情分析、固有表現認識(NER)。
#
# 「双方向」「一度に見る」「最適」は、それぞれ何を測れば確かめられるでしょうか。

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# 這一課要檢驗的，是原網頁的這個部分。
#
# > 大型語言模型的演進標誌著一種范式轉移:從專用任務模型過渡到「統一預訓練」,即單一架構能適應多種自然語言處理需求。
# >
# > 1. 僅編碼器(BERT)
# > - 機制:掩碼語言建模(MLM)。
# > - 行為:雙向上下文;模型一次「看見」整個句子,以預測被遮蔽的詞語。
# > - 最適合應用於:自然語言理解(NLU)、情感分析與命名實體辨識(NER)。
#
# （引文的用字和標點照錄。）「雙向」、「一次看見」、「最適合」，分別要測量什麼才能確認？

# %% [markdown] key="world" lang="ja"
# ## 1. 小さな世界の文
#
# このレッスンの文は、すべて小さな文法から作られます。「誰が・いつ・どこで・何を・いくつ・どうした」という1つの出来事を、4通りの言い方で、日本語でも台湾華語でも言えます。

# %% [markdown] key="world" lang="zh-tw"
# ## 1. 小世界的句子
#
# 這一課的句子，全都來自一套小文法。「誰、什麼時候、在哪裡、做了什麼、多少」這樣的一件事，可以有 4 種句型，用台灣華語和日文都說得出來。

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
        print("   ", corpus.sentence(told, lang).text)

# %% [markdown] key="parse" lang="ja"
# 文法が小さいので、ある文字列がこの世界の正しい文かどうかを、プログラムで完全に判定できます（構文解析）。動詞、助数詞、時制、場所の1つでも合わなければ、正しい文ではありません。このレッスンの採点は、すべてこの判定によります。

# %% [markdown] key="parse" lang="zh-tw"
# 因為文法很小，一串字是不是這個世界的正確句子，程式可以完全判斷出來（剖析）。動詞、量詞、時態、地點，只要有一個不合，就不是正確的句子。這一課的計分，全都根據這個判斷。

# %% key="parse-code"
right = corpus.sentence(event, LANG)
wrong = [
    right.filled("verb", T(ja="飲", zh_tw="喝")),
    right.filled("counter", T(ja="枚", zh_tw="隻")),
    right.text.replace(T(ja="ました", zh_tw="昨天"), T(ja="ます", zh_tw="明天")),
]
for text in [right.text, *wrong]:
    is_sentence = corpus.parse(text, LANG) is not None
    print("○" if is_sentence else "×", text)

assert corpus.parse(right.text, LANG) == event
assert not any(corpus.parse(text, LANG) for text in wrong)

# %% [markdown] key="tokens" lang="ja"
# ### 1つの文字を、1つのトークンにする
#
# 空欄をちょうど1つのトークンにしたいので、このレッスンでは1つの文字を1つのトークンとします。文の前後には、特殊トークンを付けます。`[CLS]`は文の始まり、`[SEP]`は終わり、`<ja>`と`<zh-tw>`は言語の印です。
#
# 実際のモデルの多くは、よく隣り合う文字をつないだサブワードを使います。最後の行は、この世界の文から作ったサブワードの例です。

# %% [markdown] key="tokens" lang="zh-tw"
# ### 一個字就是一個詞元
#
# 為了讓空格剛好是一個詞元，這一課把一個字當成一個詞元。句子的前後要加上特殊詞元：`[CLS]` 是句首，`[SEP]` 是句尾，`<ja>` 和 `<zh-tw>` 標示語言。
#
# 真正的模型大多使用子詞（subword），也就是把常常相鄰的字接在一起。輸出的最後一行，是用這個世界的句子做出來的子詞。

# %% key="tokens-code"
ids = encoder.TOKENIZER(tokenizer.tagged(right.text, LANG)).input_ids
print(len(ids), encoder.TOKENIZER.convert_ids_to_tokens(ids))

rng = random.Random(0)
many = [corpus.sentence(corpus.draw(rng, "train"), LANG).text for _ in range(1000)]
print(tokenizer.subwords(many, 300).tokenize(right.text))

# %% [markdown] key="split" lang="ja"
# 学習と評価には、別の文を使います。「誰が」と「どこで」の192通りの組み合わせのうち39通りは、学習には一度も出しません。どの人も、どの場所も、学習には出てきます。出てこないのは、組み合わせだけです。

# %% [markdown] key="split" lang="zh-tw"
# 訓練和評估要用不同的句子。「誰」和「在哪裡」的 192 種組合裡，有 39 種在訓練時完全不會出現。每個人、每個地點在訓練時都看得到，看不到的只有組合。

# %% key="split-code"
pairs = [
    corpus.Event("plain", who, place, 0, 0, None)
    for who in corpus.PEOPLE
    for place in corpus.PLACES
]
kept = [pair for pair in pairs if corpus.held_out(pair)]
print(len(pairs), len(kept))
assert (len(pairs), len(kept)) == (192, 39)

# %% [markdown] key="sides" lang="ja"
# ## 2. 手がかりは、空欄のどちら側にあるか
#
# 同じ出来事の、同じ「動詞」を空欄にします。日本語の動詞は文の最後に、台湾華語の動詞は目的語の前にあります。そのため、動詞を決める手がかり（この例では「本」や「書」）は、日本語では空欄の左に、台湾華語では右にあります。台湾華語の「讀」は「読む」、「書」は「本」のことです。

# %% [markdown] key="sides" lang="zh-tw"
# ## 2. 線索在空格的哪一邊？
#
# 同一件事，把同樣的「動詞」挖空。台灣華語的動詞在受詞前面，日文的動詞在句尾。所以，決定動詞的線索（這個例子裡是「書」和「本」），在台灣華語裡是在空格的右邊，在日文卻是在左邊。日文的「読」就是「讀」，「本」就是「書」。

# %% key="sides-code"
for lang in ("ja", "zh-tw"):
    print(corpus.sentence(event, lang).filled("verb", "？"))

# %% [markdown] key="ceiling-guess" lang="ja"
# では、空欄の左だけを読んで答えるとします。この世界の文はすべて数え上げられるので、「左が同じ文」を全部集めれば、最善の答え方と、その正解率が正確に求まります。モデルも乱数も使わない、理論上の上限です。
#
# 予想：台湾華語の「数量」の文で、動詞の空欄の左だけを読みます。動詞は7種類で、場所も少し手がかりになります。最善の正解率はいくつでしょうか（0から1）。

# %% [markdown] key="ceiling-guess" lang="zh-tw"
# 假設只讀空格左邊就要回答。這個世界的句子全都數得出來，所以只要把「左邊相同的句子」全部收集起來，就能精確算出最好的答法和它的正確率。這是理論上的上限，不需要模型，也不需要亂數。
#
# 先猜猜看：台灣華語的「數量」句型，只讀動詞空格的左邊。動詞有 7 種，地點也提供一點線索。最高的正確率是多少？（0 到 1）

# %% key="ceiling"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

predict.compare(guess, corpus.ceiling("verb", "counted", "zh-tw"))

# %% [markdown] key="ceiling-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# でたらめに選んだときの正解率（チャンスレベル）は、$\frac{1}{7}$（約0.14）です。それより高いのは、場所が少しだけ手がかりになるからです（車は公園では洗いません）。それでも、10回のうち7回は外れます。
#
# </details>
#
# 空欄は動詞だけではありません。助数詞と、時を表す文字（「昨」「明」など）も空欄にします。文の種類との組み合わせは、2つの言語で合わせて22通りです。この1つ1つを「マス」と呼びます。

# %% [markdown] key="ceiling-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 亂猜時的正確率是 $\frac{1}{7}$（大約 0.14）。比它高，是因為地點提供了一點線索（沒有人在公園洗車）。即使如此，10 題還是會錯 7 題。
#
# </details>
#
# 空格不只是動詞，量詞和表示時間的字（「昨」、「明」等）也可以挖空。和句型搭配起來，兩種語言一共有 22 種，以下把每一種叫做一「格」。

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
    "left": T(ja="左だけで決まる", zh_tw="只看左邊就能決定"),
    "right": T(ja="右も必要", zh_tw="還需要右邊"),
}
for side, title in sides.items():
    print(title, len(corpus.cells(side)))
    for slot, kind, lang in corpus.cells(side):
        ceiling = corpus.ceiling(slot, kind, lang)
        print(f"    {ceiling:.2f}", languages[lang], names[slot], kinds[kind])

# %% [markdown] key="cells-after" lang="ja"
# 9マスは、左だけを読めば必ず当たります（上限1.00）。残りの13マスは、左だけでは必ず当たるとは言えません。同じ台湾華語の動詞でも、「全部」の文では手がかりが左に来ます。「把」が、目的語を動詞の前に出すからです。つまり、違いを生むのは言語ではなく、手がかりの位置です。
#
# どのマスも、文全体を読めば答えは1つに決まります。

# %% [markdown] key="cells-after" lang="zh-tw"
# 有 9 格只讀左邊就一定能答對（上限 1.00）；另外 13 格，只讀左邊無法保證答對。同樣是台灣華語的動詞，在「全部」句型裡，線索就跑到左邊，因為「把」讓受詞移到動詞前面。也就是說，造成差別的不是語言，而是線索的位置。
#
# 每一格，只要讀完整個句子，答案都只有一個。

# %% [markdown] key="mlm" lang="ja"
# ## 3. 穴埋めの問題を作る
#
# BERTの学習方法を、マスク言語モデル（masked language model、MLM）と呼びます。BERTの論文（Devlin et al. 2019、§3.1）の手順は、次のとおりです。
#
# 1. 全トークンの15%を選ぶ
# 2. 選んだトークンの80%は`[MASK]`に、10%はランダムなトークンに置き換える。残りの10%は、そのままにする
# 3. 選んだ位置だけで、元のトークンを当てさせる（損失を計算する）
#
# 予想：10,000トークンのうち、`[MASK]`になるのは平均して何個でしょうか。

# %% [markdown] key="mlm" lang="zh-tw"
# ## 3. 出克漏字的題目
#
# BERT 的訓練方式叫做遮罩語言模型（masked language model，MLM）。BERT 論文（Devlin et al. 2019，§3.1）的步驟如下。
#
# 1. 從所有詞元中選出 15%
# 2. 選出的詞元裡，80% 換成 `[MASK]`，10% 換成隨機的詞元，剩下的 10% 維持不變
# 3. 只在選出的位置，讓模型猜原本的詞元（計算損失）
#
# 先猜猜看：10,000 個詞元裡，平均有幾個會變成 `[MASK]`？

# %% key="mlm-corrupt"
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


# %% key="mlm-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

predict.compare(guess, 10_000 * 0.15 * 0.8)

# %% [markdown] key="mlm-one" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 10,000個の15%は1,500個で、そのうちの80%は1,200個です。
#
# </details>
#
# 1つの文で見てみましょう。実行するたびに同じ結果になるように、乱数シードを決めておきます。シードを変えると、隠れる位置も変わります。

# %% [markdown] key="mlm-one" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 10,000 個的 15% 是 1,500 個，其中的 80% 是 1,200 個。
#
# </details>
#
# 先看一個句子。為了讓每次執行的結果都相同，這裡固定亂數種子；換一個種子，遮住的位置也會跟著改變。

# %% key="mlm-one-code"
row = torch.tensor([ids])
inputs, chosen = corrupt(row, generator=torch.Generator().manual_seed(805))
for before, after in zip(row[chosen].tolist(), inputs[chosen].tolist()):
    print(*encoder.TOKENIZER.convert_ids_to_tokens([before, after]), sep=" → ")
print("".join(encoder.TOKENIZER.convert_ids_to_tokens(inputs[0].tolist())))

# %% [markdown] key="mlm-count" lang="ja"
# ### 数えて確かめる
#
# 学習用の1万文で数えます。ランダムに選んだトークンが、たまたま元と同じになることもあります。文字は $n$ 種類なので、その確率は $\frac{1}{n}$ です。したがって、元と同じままの割合は $0.1 + \frac{0.1}{n}$ になるはずです。

# %% [markdown] key="mlm-count" lang="zh-tw"
# ### 數數看
#
# 用訓練用的 1 萬個句子來數。隨機選到的詞元，也可能剛好和原本一樣；字有 $n$ 種，所以機率是 $\frac{1}{n}$。因此，和原本一樣的比例應該是 $0.1 + \frac{0.1}{n}$。

# %% key="mlm-count-code"
rows = encoder.rows(5000)  # (10000, T)
inputs, chosen = corrupt(rows, generator=torch.Generator().manual_seed(0))
characters = rows >= n_special
before, after = rows[chosen], inputs[chosen]

became_mask = after == encoder.TOKENIZER.mask_token_id
counted = {
    "chosen": (chosen.sum() / characters.sum()).item(),
    "masked": became_mask.float().mean().item(),
    "random": (~became_mask & (after != before)).float().mean().item(),
    "unchanged": (after == before).float().mean().item(),
}
#| ja: ランダムなトークンが、全部の文字から選ばれているか
#| zh-tw: 隨機的詞元，是不是從所有的字裡面選的
random_ones = after[~became_mask & (after != before)]
kinds_share = random_ones.unique().numel() / (n_vocabulary - n_special)
by_chance = 0.1 / (n_vocabulary - n_special)
expected = {"chosen": 0.15, "masked": 0.8, "random": 0.1 - by_chance, "unchanged": 0.1 + by_chance}

# %% key="mlm-count-print"
print(
    T(
        ja=f"文字のトークン{characters.sum():,}個のうち、{chosen.sum():,}個を選んだ",
        zh_tw=f"{characters.sum():,} 個文字詞元裡，選中了 {chosen.sum():,} 個",
    )
)
titles = {
    "chosen": T(ja="選んだ", zh_tw="選中"),
    "masked": T(ja="[MASK]に変えた", zh_tw="換成 [MASK]"),
    "random": T(ja="別の文字に変えた", zh_tw="換成別的字"),
    "unchanged": T(ja="そのまま", zh_tw="保持原樣"),
}
for name, share in counted.items():
    print(f"{share:.4f} ({expected[name]:.4f})", titles[name])

# %% [markdown] key="loss" lang="ja"
# ### 損失を計算するのは、選んだ位置だけ
#
# `transformers`では、損失を計算しない位置の正解（`labels`）を-100にします。学習済みのモデルで、手で計算した損失と比べます。モデルは、本物の`BertForMaskedLM`クラスです。ただし、2層、幅64、約13万パラメータの、とても小さなBERTです。

# %% [markdown] key="loss" lang="zh-tw"
# ### 只在選出的位置計算損失
#
# 在 `transformers` 裡，不計算損失的位置，正確答案（`labels`）要設成 -100。用訓練好的模型，和親手算出的損失比較看看。模型是真正的 `BertForMaskedLM` 類別，但只有 2 層、寬度 64、約 13 萬個參數，是非常小的 BERT。

# %% key="loss-code"
model = encoder.load()
few, few_chosen = inputs[:256], chosen[:256]
seen = few != encoder.TOKENIZER.pad_token_id
labels = rows[:256].masked_fill(~few_chosen, -100)
with torch.no_grad():
    out = model(input_ids=few, attention_mask=seen.long(), labels=labels)
by_hand = F.cross_entropy(out.logits[few_chosen], rows[:256][few_chosen])
loss_gap = abs(by_hand - out.loss).item()
print(type(model).__name__, f"{training.parameter_count(model):,}", f"{by_hand:.4f} {out.loss:.4f}")

claims.check("C06", counted | {"kinds": kinds_share, "loss_gap": loss_gap})

# %% [markdown] key="why-80" lang="ja"
# ### なぜ、全部を`[MASK]`にしないのか
#
# この教材のモデルは、簡単にするため、選んだトークンをすべて`[MASK]`にして学習しました。すると、何が起こるでしょうか。何も隠さない文を入れ、各位置で、そこにあるトークンそのものを答えられるかを測ります。答えは目の前に見えています。
#
# 予想：正解率はいくつでしょうか（0から1）。

# %% [markdown] key="why-80" lang="zh-tw"
# ### 為什麼不全部換成 `[MASK]`？
#
# 為了簡單，這套教材的模型在訓練時，選出的詞元全都換成 `[MASK]`。這樣會怎樣？輸入完全沒有遮住的句子，看看模型在每個位置能不能回答那裡的詞元。答案就在眼前。
#
# 先猜猜看：正確率是多少？（0 到 1）

# %% key="why-80-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
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
# この実験でわかるのは、見えている位置の出力に制約がなかったことだけです。あとのタスクで困るとまでは言えません。タスクの入力に`[MASK]`は現れないので、BERTは食い違いを減らすために80/10/10にしました。ところが、論文の付録C.2では、全部を`[MASK]`にしても、ファインチューニングの結果はあまり変わっていません（MNLIは84.2と84.3、NERは95.4と94.9。前が80/10/10）。差が大きかったのは、学習済みのベクトルをそのまま使うときです（NERで94.9と94.0）。

# %% [markdown] key="why-80-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 就算看得到，也只答對一半左右。因為只在 `[MASK]` 的位置計算損失，其他位置輸出什麼都無所謂。
#
# </details>
#
# 這個實驗只說明：看得到的位置，輸出不受任何約束。至於之後用在任務上會不會因此變差，不能由此判斷。任務的輸入裡不會出現 `[MASK]`，BERT 採用 80/10/10 就是為了減少這種落差。不過，論文的附錄 C.2 顯示，就算全部換成 `[MASK]`，微調的結果也差不多（MNLI 是 84.2 和 84.3，NER 是 95.4 和 94.9，前者是 80/10/10）；差距比較大的，是直接使用訓練好的向量的時候（NER 是 94.9 和 94.0）。

# %% [markdown] key="why-80-try" lang="ja"
# では、80/10/10にすると、この小さな世界では何が変わるでしょうか。同じバッチで同じ文字を選び、選んだ文字の扱いだけを変えて、300ステップずつ学習させました（シードは3つで、8節のNERで使うモデルと同じ文法の文を読ませました）。測ったのは、隠れた文字を当てた割合、見えている文字を答えた割合、そして、ラベル付きの10文でファインチューニングしたあと、ラベルにない名前が人名か地名かを当てた割合です。次の表は、その記録です（`python -m helpers.results.corruption`で作り直せます）。

# %% [markdown] key="why-80-try" lang="zh-tw"
# 那麼改用 80/10/10，在這個小世界裡會有什麼不同？下面用同樣的批次、選同樣的字，只改變選出的字怎麼處理，各訓練 300 步（亂數種子有 3 個；讀的句子，和第 8 節 NER 用的模型出自同一套文法）。測量的是遮住的字答對的比例、看得到的字答對的比例，以及用 10 個有標籤的句子微調之後，分辨標籤裡沒有的名字是人名還是地名的正確率。下表是當時的紀錄（用 `python -m helpers.results.corruption` 可以重做）。

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
# 隠れた文字を当てた割合は、どちらも約0.4です。大きく変わったのは、見えている文字です。0.2前後から0.7以上に上がりました（約0.5だった上のモデルは、6,000ステップ学習したものです）。80/10/10では、文字が見えている位置でも損失を計算することがあるからです。
#
# 名前を当てた割合は、6組の平均では0.80から0.87に上がりました。しかし、6組のうち2組では、逆に下がっています。しかも、3つのシードの短い学習で（300ステップでは、隠れた文字もまだ4割しか当たりません）、ラベル付きの文もシードごとに1回しか選んでいません。80/10/10がファインチューニングの役に立つとまでは、この記録からは言えません。差がはっきり出たのは、見えている位置の出力だけです。
#
# この教材のモデルは、選ぶ割合も15%ではなく40%です（上の記録も同じです）。1ステップで答え合わせのできる位置が $\frac{40}{15}$（約2.7）倍に増え、短い学習で済むからです。割合が大きいほど、手がかりが減って問題は難しくなります。15%は絶対の数ではなく、BERTの大きいほうのモデルでは、40%のほうがよかったという報告もあります（Wettig et al. 2023）。
#
# なお、BERTの事前学習には、2つの文が続いているかを当てる問題（next sentence prediction）もありました。後継のRoBERTaは、これを使いません（Liu et al. 2019）。

# %% [markdown] key="why-80-tried" lang="zh-tw"
# 遮住的字答對的比例，兩者都是 0.4 左右。差別很大的是看得到的字：從 0.2 左右升到 0.7 以上（上面那個大約 0.5 的模型，訓練了 6,000 步）。因為在 80/10/10 裡，看得到字的位置有時也要計算損失。
#
# 名字答對的比例，6 組平均從 0.80 升到 0.87，但 6 組裡有 2 組反而下降。而且這只是 3 個亂數種子的短期訓練（300 步的時候，遮住的字也只答對 4 成），有標籤的句子每個種子也只抽了 1 次。單看這份紀錄，還不能說 80/10/10 對微調有幫助；差距明顯的，只有看得到的位置的輸出。
#
# 這套教材的模型，選出的比例也不是 15%，而是 40%（上面的紀錄也一樣）。這樣每 1 步能對答案的位置就變成 $\frac{40}{15}$（約 2.7）倍，訓練時間比較短。比例越大，線索越少，題目也愈難。15% 並不是絕對的數字：有研究報告，對較大的 BERT 模型來說，40% 比較好（Wettig et al. 2023）。
#
# 另外，BERT 的預訓練還有一種題目，是判斷兩個句子是否相連（next sentence prediction）。後來的 RoBERTa 沒有使用它（Liu et al. 2019）。

# %% [markdown] key="train" lang="ja"
# ## 4. 学習させてみる
#
# 何も学習していないモデルを、300ステップだけ学習させます。配布している学習済みの重み（チェックポイント）は、同じ設定で6,000ステップ学習したものです。CPUで約2分かかりました。

# %% [markdown] key="train" lang="zh-tw"
# ## 4. 訓練看看
#
# 先拿一個完全沒訓練過的模型，只訓練 300 步。教材附的已訓練權重（檢查點，checkpoint），是用同樣的設定訓練了 6,000 步，在 CPU 上大約花了 2 分鐘。

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
# 損失は下がりました。では、穴埋めはどれだけ当たるでしょうか。学習に出なかった組み合わせの文で、22マスをそれぞれ100問ずつ採点します。答えは、そのマスに入りうる文字の中から選ばせます。
#
# 予想：学習前は0.2くらい、チェックポイントは1.0に近い値です。300ステップのモデルの平均は、どれでしょうか。
#
# - a：0.25より低い（学習前とほとんど同じ）
# - b：0.25から0.6まで
# - c：0.6より高い

# %% [markdown] key="train-score-guess" lang="zh-tw"
# 損失下降了，那克漏字能答對多少？用訓練時沒出現過的組合，22 格各考 100 題。答案從那一格可能出現的字裡面選。
#
# 先猜猜看：訓練前大約是 0.2，檢查點接近 1.0。只訓練 300 步的模型，平均是哪一個？
#
# - a：低於 0.25（和訓練前差不多）
# - b：0.25 到 0.6
# - c：高於 0.6


# %% key="train-grade"
def grade(model, guesses, n=200):
    T(ja="""{マス: 正解率}""", zh_tw="""{格: 正確率}""")
    return corpus.grade(lambda events, slot, lang: guesses(model, events, slot, lang), n=n)


def mean(values):
    values = list(values)
    return sum(values) / len(values)


# %% key="train-score"
#| ja: Noneを、選んだ記号（"a"、"b"、"c"）に書き換える
#| zh-tw: 把 None 改成你選的代號（"a"、"b"、"c"）
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
# 損失が大きく下がったのに、300ステップでは、動詞と助数詞はあまり当たりません。では、何を学んだのでしょうか。どの文にも出てくる文字を隠したときの正解率を調べます。

# %% [markdown] key="train-after" lang="zh-tw"
# 損失下降了很多，但只訓練 300 步，動詞和量詞還是不太會答。那麼，到底學到了什麼？來看看遮住每個句子都會出現的字時，正確率是多少。

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
# 日本語の「は」と「で」、台湾華語の「在」（日本語の「で」）、そして「。」なら、もうほとんど当たります。先に覚えたのは、よく出る文字と、その位置でした。空欄を正しく埋めるには、離れた文字どうしの関係を使わなければならず、もっと長い学習が要ります。ここから先は、チェックポイントを使います。

# %% [markdown] key="train-end" lang="zh-tw"
# 台灣華語的「在」、日文的「は」（表示主題，類似「呢」）和「で」（相當於「在」），以及「。」，已經幾乎都能答對。最先學會的，是常出現的字和它們的位置。要填對空格，就必須用到相隔較遠的字之間的關係，得訓練更久。接下來都使用檢查點。

# %% [markdown] key="fill" lang="ja"
# ## 5. 空欄を埋めて、確率を見る
#
# モデルは、空欄に入る文字を1つだけ答えるのではなく、語彙のすべてのトークンに確率を付けます。「全部」の文で助数詞を隠し、手がかりを1つずつ消してみましょう。手がかりは、どちらの言語でも空欄の右にある目的語と動詞です。
#
# 予想：目的語だけを消したとき、元の助数詞の確率はいくつになるでしょうか（0から1）。動詞は「読」（「讀」）のまま見えています。

# %% [markdown] key="fill" lang="zh-tw"
# ## 5. 填空，看機率
#
# 模型不是只回答一個字，而是替詞彙表裡的每個詞元都算出機率。在「全部」句型裡遮住量詞，再把線索一個一個拿掉。不管哪一種語言，線索都是空格右邊的受詞和動詞。
#
# 先猜猜看：只拿掉受詞時，原本那個量詞的機率是多少？（0 到 1）動詞「讀」還看得到。

# %% key="fill-texts"
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

# %% key="fill-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

answer = encoder.TOKENIZER.convert_tokens_to_ids(T(ja="冊", zh_tw="本"))
filled = {}
for name, text in texts.items():
    #| ja: 最初の空欄の、語彙全体の確率
    #| zh-tw: 第一個空格在整個詞彙表上的機率
    filled[name] = encoder.fill(model, text.replace("？", tokenizer.MASK), LANG)[0]

predict.compare(guess, list(filled.values())[1][answer].item())

# %% key="fill-figure"
for name, text in texts.items():
    print(f"{filled[name][answer]:.3f}", text)
fig, axes = plt.subplots(1, 3, figsize=(11, 3.4), sharex=True)
said = []
for ax, (name, probabilities) in zip(axes, filled.items()):
    top = probabilities.topk(6)
    labels = encoder.TOKENIZER.convert_ids_to_tokens(top.indices.tolist())
    bars = ax.barh(range(6), top.values, color="white", edgecolor="#0072B2", hatch="//")
    ax.bar_label(bars, fmt="%.2f", padding=3)
    ax.set_yticks(range(6), labels)
    ax.invert_yaxis()
    ax.set(title=name, xlabel=T(ja="確率", zh_tw="機率"), xlim=(0, 1.2), xticks=[0, 0.5, 1])
    best = "、".join(f"{c} {p:.2f}" for c, p in zip(labels[:3], top.values.tolist()))
    said.append(T(ja=f"「{name}」では{best}", zh_tw=f"「{name}」是 {best}"))
all_said = T(ja="、", zh_tw="；").join(said)
figures.show(
    fig,
    T(
        ja=f"空欄に入る助数詞の確率を、上位6つずつ棒で表しています。上位3つは、{all_said}です。",
        zh_tw=f"用長條表示空格裡的量詞的機率，各列出前 6 名。前 3 名：{all_said}。",
    ),
)
first, second, third = (p[answer].item() for p in filled.values())
assert first > 0.8 and second < 0.75 and third < 0.35

# %% [markdown] key="fill-after" lang="ja"
# 手がかりがそろっていれば、「冊」でほぼ決まりです。目的語を消すと、読むもの（本か詩か）を数える「冊」と「編」が残ります。動詞も消すと、確率は多くの助数詞に散らばります。モデルは、空欄の右にある手がかりを使っていたことになります。しかも、消すほど迷いが大きくなっています。

# %% [markdown] key="fill-after" lang="zh-tw"
# 線索都在的時候，幾乎確定是「本」。拿掉受詞之後，剩下「本」和「首」，分別用來數書和詩，都是可以讀的東西。動詞也拿掉，機率就分散到許多量詞上。可見模型用的正是空格右邊的線索，而且拿掉得愈多，猶豫就愈大。

# %% [markdown] key="explore" lang="ja"
# 今度は、好きな文で試しましょう。空欄にする文字を「？」にします。空欄は3つまで使えます。
#
# たとえば「本」は、日本語では名詞にも助数詞にもなります。「昨日、お母さんは町で？を三本買いました。」と「昨日、お母さんは町で？を三冊買いました。」を比べてみましょう。あとの文には、正しい答えがありません。モデルは何と答えるでしょうか。

# %% [markdown] key="explore" lang="zh-tw"
# 換成自己想的句子試試看。想挖空的字改成「？」，最多可以有 3 個空格。
#
# 例如「把」，在台灣華語裡既是量詞，也用在「把那三把傘都買了」這種句型。比較看看「媽媽昨天在街上買了三把？。」和「媽媽昨天在街上買了三首？。」。後面那一句沒有正確答案，模型會回答什麼？

# %% key="explore-known" hide=true
from helpers.widgets import Explorer, Text, knows
from helpers.display.svg import Bar, bars as draw_bars

known = [*corpus.characters(), "？"]


def readable(text):
    if not 1 <= text.count("？") <= 3 or len(text) > 40:
        return T(
            ja="「？」を1〜3個使い、全体を40文字以内にしてください。",
            zh_tw="請使用 1 到 3 個「？」，總長不要超過 40 個字。",
        )
    return knows(known, split=list)(text)


# %% key="explore-code"
def draw(text):
    pictures, sentences = [], []
    found = encoder.fill(model, text.replace("？", tokenizer.MASK), LANG)
    for number, probabilities in enumerate(found, 1):
        top = probabilities.topk(6)
        labels = encoder.TOKENIZER.convert_ids_to_tokens(top.indices.tolist())
        title = T(ja=f"空欄{number}", zh_tw=f"空格 {number}")
        rows_of = [Bar(label, p) for label, p in zip(labels, top.values.tolist())]
        pictures.append(f"<p>{title}</p>" + draw_bars(rows_of, title))
        best = "、".join(f"{c} {p:.2f}" for c, p in zip(labels[:3], top.values.tolist()))
        sentences.append(T(ja=f"{title}は{best}。", zh_tw=f"{title}：{best}。"))
    return "".join(pictures), "".join(sentences)


Explorer(
    T(ja="空欄を埋める", zh_tw="填空"),
    draw,
    Text(
        "text",
        T(ja="文（空欄は？）", zh_tw="句子（空格用？）"),
        T(ja="昨日、お母さんは町で？を三本買いました。", zh_tw="媽媽昨天在街上買了三把？。"),
        readable,
        known,
    ),
)

# %% [markdown] key="explore-after" lang="ja"
# 正しい答えのない文でも、確率の合計は1なので、モデルは何かを答えます。確率が高いことは、答えが正しいことを意味しません。

# %% [markdown] key="explore-after" lang="zh-tw"
# 就算句子沒有正確答案，機率的總和還是 1，所以模型一定會回答些什麼。機率高，不代表答案正確。

# %% [markdown] key="square" lang="ja"
# ## 6. 「全体を一度に見る」を確かめる
#
# 「見る」を、測れる言い方にします。入力の $j$ 番目のトークンだけを別の文字に書き換え、$i$ 番目の出力が変わったら、$i$ は $j$ を見ています。すべての $i$ と $j$ の組を調べて、表にします。レッスン01の因果マスクでは、右上の三角形がちょうど0でした。
#
# 予想：この文は、特殊トークンを含めて $n$ トークンです。エンコーダーで、出力が変わる組の割合はいくつでしょうか（0から1）。

# %% [markdown] key="square" lang="zh-tw"
# ## 6. 確認「一次看見整個句子」
#
# 先把「看見」換成可以測量的說法：只把輸入的第 $j$ 個詞元換成別的字，如果第 $i$ 個輸出改變了，就表示 $i$ 看得到 $j$。把所有的 $i$ 和 $j$ 都試過，做成一張表。第 01 課的因果遮罩，右上角的三角形剛好是 0。
#
# 先猜猜看：這個句子連同特殊詞元共有 $n$ 個詞元。編碼器的輸出會改變的組合，占多少比例？（0 到 1）


# %% key="square-influence"
def influence(model, tokens, text):
    """|output i − output i after token j was changed|, (T, T): row i, column j"""
    x = tokens(tokenizer.tagged(text, LANG), return_tensors="pt").input_ids  # (1, T)
    n = x.size(1)
    changed = x.repeat(n, 1)
    #| ja: j行目では、j番目だけを次の番号のトークンに書き換える
    #| zh-tw: 第 j 橫列只把第 j 個詞元換成編號加 1 的詞元
    changed.fill_diagonal_(0)
    changed += torch.diag((x[0] + 1) % n_vocabulary)
    with torch.no_grad():
        base = model(input_ids=x, attention_mask=torch.ones_like(x)).logits
        others = model(input_ids=changed, attention_mask=torch.ones_like(changed)).logits
    return (others - base).abs().amax(-1).T


# %% key="square-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


short_text = corpus.sentence(event._replace(kind="plain", number=None), LANG).text
gpt = decoder.load()
squares = {
    T(ja="エンコーダー（BERT）", zh_tw="編碼器（BERT）"): influence(
        model, encoder.TOKENIZER, short_text
    ),
    T(ja="デコーダー（GPT-2）", zh_tw="解碼器（GPT-2）"): influence(
        gpt, decoder.TOKENIZER, short_text
    ),
}
full, causal = squares.values()
predict.compare(guess, (full > 0).float().mean().item())

# %% key="square-figure"
labels = [T(ja="始", zh_tw="始"), T(ja="言", zh_tw="語"), *short_text, T(ja="終", zh_tw="終")]
reached = {title: square > 0 for title, square in squares.items()}
x, y = T(ja="書き換えたトークン", zh_tw="改動的詞元"), T(ja="出力の位置", zh_tw="輸出的位置")
fig = charts.masks(reached, x, y, size=(12, 6.2), rows=labels, columns=labels)
changes = [f"{int((square > 0).sum())}/{square.numel()}" for square in squares.values()]
figures.show(
    fig,
    T(
        ja=f"列のトークンを書き換えたとき、行の出力が変わったら●、まったく変わらなかったら（差がちょうど0.0なら）×です。「始」「言」「終」は特殊トークンです。エンコーダーは{changes[0]}が●で、正方形がすべて埋まります。デコーダーは{changes[1]}が●で、左下の三角形だけです。",
        zh_tw=f"改動直行的詞元時，橫列的輸出有改變就是 ●，完全沒變（差距剛好是 0.0）就是 ×。「始」、「語」、「終」是特殊詞元。編碼器有 {changes[0]} 是 ●，整個正方形都填滿；解碼器有 {changes[1]} 是 ●，只有左下的三角形。",
    ),
)

# %% [markdown] key="square-after" lang="ja"
# 正方形がすべて埋まりました。どの出力も、入力のどのトークンの影響も受けます。デコーダーの右上の三角形は、ちょうど0.0です。
#
# ただし、「文全体」には但し書きが要ります。まず、見えるのは「入力」の全体です。`[MASK]`で隠した文字は、入力にありません。何の文字を隠したかは、モデルには決して伝わりません。次に、入力の長さには上限があります。BERTは512トークン、この教材のモデルは64トークンまでです。

# %% [markdown] key="square-after" lang="zh-tw"
# 整個正方形都填滿了：每個輸出都會受到輸入的每一個詞元影響。解碼器右上角的三角形，則剛好是 0.0。
#
# 不過，「整個句子」要加上但書。首先，看得到的是「輸入」的全部；被 `[MASK]` 遮住的字不在輸入裡，原本是什麼字，模型絕對不會知道。其次，輸入的長度有上限：BERT 是 512 個詞元，這套教材的模型是 64 個詞元。

# %% [markdown] key="attend" lang="ja"
# 学習したモデルが、空欄からどこを見ているかも、アテンション重みで眺めてみましょう。層とヘッドを選べます。レッスン01で確かめたとおり、重みだけで理由はわかりません。手がかりを使っている証拠は、5節と7節の実験のほうです。

# %% [markdown] key="attend" lang="zh-tw"
# 也來看看注意力權重，了解訓練好的模型從空格看了哪裡。可以自己選層和注意力頭。第 01 課確認過，只看權重並不知道理由；模型確實用了線索的證據，在第 5 節和第 7 節的實驗。

# %% key="attend-code"
from helpers.widgets import AttentionExplorer

viewed = encoder.load()
viewed.set_attn_implementation("eager")
masked_text = with_clues.replace("？", tokenizer.MASK)
AttentionExplorer(viewed, encoder.TOKENIZER, text=tokenizer.tagged(masked_text, LANG))

# %% [markdown] key="table" lang="ja"
# ## 7. 同じ空欄で、エンコーダーとデコーダーを比べる
#
# いよいよ、2節の22マスを、2つのモデルに解かせます。
#
# | モデル | 読むもの | 学習 |
# |---|---|---|
# | エンコーダー（`BertForMaskedLM`） | 空欄の左と右 | 穴埋め |
# | デコーダー（`GPT2LMHeadModel`） | 空欄の左だけ | 次のトークンの予測 |
#
# どちらも2層、幅64で、パラメータは約13万個と約12万個です。学習の文は同じで、学習に使ったFLOPsもほぼ同じです。主な違いは、マスクと学習方法です。ほかに、層正規化の位置（BERTは足したあと、GPT-2は計算の前）と、BERTの出力の前にだけある小さな層も違います。
#
# マスごとに、「誰が」と「どこで」の組み合わせが学習に出なかった文から、200問を解かせます。ただし、空欄の答えは「誰が」にはよらず、「どこで」にもほとんどよりません。まったく同じ文は学習に出ていない、という以上の意味はありません。
#
# 予想：手がかりが右にあるマスで、エンコーダーの平均からデコーダーの平均を引くと、いくつになるでしょうか。

# %% [markdown] key="table" lang="zh-tw"
# ## 7. 同樣的空格，比較編碼器和解碼器
#
# 現在讓兩個模型來填第 2 節的 22 格。
#
# | 模型 | 讀什麼 | 訓練 |
# |---|---|---|
# | 編碼器（`BertForMaskedLM`） | 空格的左邊和右邊 | 克漏字 |
# | 解碼器（`GPT2LMHeadModel`） | 只有空格的左邊 | 預測下一個詞元 |
#
# 都是 2 層、寬度 64，參數約 13 萬和 12 萬個；訓練的句子相同，訓練用的 FLOPs 也幾乎相同。主要的差別是遮罩和訓練方式；此外，層正規化的位置（BERT 在相加之後，GPT-2 在計算之前）不同，BERT 的輸出之前還多了一個小的層。
#
# 每一格各考 200 題，句子裡「誰」和「在哪裡」的組合都沒在訓練時出現過。不過，空格的答案和「誰」無關，和「在哪裡」也幾乎無關；這樣做，只保證訓練時沒看過一模一樣的句子。
#
# 先猜猜看：線索在右邊的那些格，編碼器的平均減去解碼器的平均，是多少？

# %% key="table-shares"
shares = {"encoder": grade(model, encoder.guesses), "decoder": grade(gpt, decoder.guesses)}
shares["ceiling"] = {cell: corpus.ceiling(*cell) for cell in corpus.cells()}

#| ja: 入りうる文字から、でたらめに1つ選んだときの正解率
#| zh-tw: 從可能出現的字裡面隨便選一個時的正確率
shares["chance"] = {
    (slot, kind, lang): 1 / len(corpus.candidates(lang, slot))
    for slot, kind, lang in corpus.cells()
}

# %% key="table-groups"
right_cells = corpus.cells("right")
groups = {
    T(ja="左だけで決まる", zh_tw="只看左邊就能決定"): corpus.cells("left"),
    T(ja="右も必要：動詞と助数詞", zh_tw="還需要右邊：動詞和量詞"): [
        cell for cell in right_cells if cell[0] != "time"
    ],
    T(ja="右も必要：時の語", zh_tw="還需要右邊：時間詞"): [
        cell for cell in right_cells if cell[0] == "time"
    ],
}

# %% key="table-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


def average(name, cells):
    return mean(shares[name][cell] for cell in cells)


gap_left, gap_words, gap_time = (
    average("encoder", cells) - average("decoder", cells) for cells in groups.values()
)
predict.compare(guess, average("encoder", right_cells) - average("decoder", right_cells))

# %% [markdown] key="table-figure-text" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# エンコーダーはほぼ必ず当てますが、デコーダーが当てるのは4問に1問ほどです。
#
# </details>
#
# マスごとに図にします。エラーバーは、200問から推定した95%信頼区間（Wilsonの方法）です。太い横線は、左だけを読む場合の理論上の上限（2節）、点線はチャンスレベルです。

# %% [markdown] key="table-figure-text" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 編碼器幾乎都答對，解碼器大約 4 題只答對 1 題。
#
# </details>
#
# 逐格畫成圖。誤差線是用 200 題估計的 95% 信賴區間（Wilson 方法）。粗橫線是只讀左邊時的理論上限（第 2 節），點線是亂猜的水準。

# %% key="table-told" hide=true
names_of = {
    "encoder": T(ja="エンコーダー", zh_tw="編碼器"),
    "decoder": T(ja="デコーダー", zh_tw="解碼器"),
    "ceiling": T(ja="上限", zh_tw="上限"),
    "chance": T(ja="チャンスレベル", zh_tw="亂猜"),
}
told = []
for group, cells in groups.items():
    means = "、".join(f"{text} {average(name, cells):.2f}" for name, text in names_of.items())
    told.append(
        T(
            ja=f"{group}（{len(cells)}マス）：{means}。",
            zh_tw=f"{group}（{len(cells)} 格）：{means}。",
        )
    )

# %% key="table-figure"
fig, axes = plt.subplots(2, 1, figsize=(11, 7.6), sharey=True)
for ax, lang in zip(axes, (LANG, T(ja="zh-tw", zh_tw="ja"))):
    cells = [cell for side in ("left", "right") for cell in corpus.cells(side) if cell[2] == lang]
    n_left = sum(cell in corpus.cells("left") for cell in cells)
    series = {names_of[name]: [shares[name][c] for c in cells] for name in ("encoder", "decoder")}
    figures.bars(
        ax,
        [f"{names[slot]}\n{kinds[kind]}" for slot, kind, _ in cells],
        series,
        intervals={name: [corpus.interval(p, 200) for p in ps] for name, ps in series.items()},
        levels=[shares["ceiling"][cell] for cell in cells],
        level_name=T(ja="左だけを読む場合の上限", zh_tw="只讀左邊的上限"),
    )
    chances = [shares["chance"][cell] for cell in cells]
    charts.levels(ax, chances, names_of["chance"], linestyle=":")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=4, frameon=False)
    ax.axvline(n_left - 0.5, color="black", linestyle="--")
    ax.text(n_left - 0.6, 1.12, T(ja="手がかりは左", zh_tw="線索在左邊"), ha="right")
    ax.text(n_left - 0.4, 1.12, T(ja="手がかりは右", zh_tw="線索在右邊"), ha="left")
    ax.set(title=languages[lang], ylabel=T(ja="正解率", zh_tw="正確率"), ylim=(0, 1.25))
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
axes[1].get_legend().remove()
figures.show(
    fig,
    T(
        ja=f"22マスの正解率を棒で表します。上の図が日本語、下の図が台湾華語です。平均は次のとおりです。{''.join(told)}",
        zh_tw=f"用長條表示 22 格的正確率。上圖是台灣華語，下圖是日文。平均如下：{''.join(told)}",
    ),
)

# %% [markdown] key="table-after" lang="ja"
# - 手がかりが左にあるマスでは、2つのモデルに差がありません。
# - 手がかりが右にあるマスでは、エンコーダーだけが当てます。
# - デコーダーの正解率は、上限とほぼ同じです。左だけを読んで答えるなら、誰にも、どんなに大きなモデルにも、平均してこれ以上は当てられません。
# - 時の語の8マスでは、上限がチャンスレベルと同じ0.25です。ここでは、何も学習していないモデルでも上限に届きます。デコーダーの学習が足りている証拠になるのは、上限がチャンスレベルより高い動詞と助数詞の5マスと、左だけで決まる9マスです。
#
# デコーダーが上限にあることを、数でも確かめます。標準誤差 $\sqrt{p(1-p)/200}$ を単位にして、上限からのずれを測り、いちばん大きいものを取ります。

# %% [markdown] key="table-after" lang="zh-tw"
# - 線索在左邊的格，兩個模型沒有差別。
# - 線索在右邊的格，只有編碼器答得出來。
# - 解碼器的正確率和上限幾乎相同。只讀左邊就要回答的話，不管是誰、不管模型多大，平均都不可能更好。
# - 時間詞的 8 格，上限和亂猜一樣是 0.25；什麼都沒學過的模型，在這裡也達得到上限。能證明解碼器學得夠好的，是上限比亂猜高的 5 格（動詞和量詞），以及只看左邊就能決定的 9 格。
#
# 也用數字確認解碼器剛好在上限：以標準誤差 $\sqrt{p(1-p)/200}$ 為單位，測量和上限的差距，取最大的一個。

# %% key="table-claim"
off_ceiling = max(
    abs(shares["decoder"][cell] - p) / corpus.standard_error(p, 200)
    for cell, p in shares["ceiling"].items()
    if cell in right_cells
)
left_cells = corpus.cells("left")
claims.check(
    "C07",
    {
        "not_seen": int((full == 0).sum()),
        "causal_leak": causal.triu(1).max().item(),
        "gap_words": gap_words,
        "gap_time": gap_time,
        "left_gap": max(abs(shares["encoder"][c] - shares["decoder"][c]) for c in left_cells),
        "worst_cell": min(shares["encoder"].values()),
        "off_ceiling": off_ceiling,
    },
)

# %% [markdown] key="table-limits" lang="ja"
# この実験が示すのは、1回の計算で、空欄のどちら側を使えるかの違いです。デコーダーが、右の手がかりの知識を持っていないわけではありません。候補を1つずつ入れた文全体の確率を比べれば、同じデコーダーが、右に手がかりのある空欄にも答えられます。これを確かめる実験は、レッスン04で行います。

# %% [markdown] key="table-limits" lang="zh-tw"
# 這個實驗呈現的，是只計算一次時，用得到空格哪一邊的差別，並不表示解碼器沒有學到右邊線索的知識。如果把候選的字一個一個填進去，比較整個句子的機率，同一個解碼器也能回答線索在右邊的空格。這個實驗會在第 04 課進行。

# %% [markdown] key="heads" lang="ja"
# ## 8. 1回の事前学習から、2つのタスクへ
#
# 穴埋めには、人の作った正解（ラベル）が要りません。文の一部を隠すだけで、問題を自動的に作れます。こうして先に学習することを事前学習と呼びます。次に、学習済みの本体の上に、小さな出力層（ヘッド）を新しく付け、少しのラベル付きの文でタスクを学習します。これがファインチューニングです。アテンションヘッドの「ヘッド」とは別のものです。
#
# 1つ目のタスクは、固有表現認識（NER）です。「松本」のように、人の名前にも場所の名前にもなる言葉を、トークンごとに人（PER）、場所（LOC）、それ以外（O）に分けます。

# %% [markdown] key="heads" lang="zh-tw"
# ## 8. 一次預訓練，用在兩種任務
#
# 克漏字不需要人工的正確答案（標籤），只要遮住句子的一部分，就能自動出題。像這樣先訓練好，叫做預訓練。接著在訓練好的主體上，裝上新的小輸出層（head），用少量有標籤的句子學會任務，這就是微調（fine-tuning）。這裡的 head 和注意力頭是兩回事。
#
# 第一個任務是命名實體辨識（NER）。像「信義」這樣，既可以是人名，也可以是地名的詞，要替每個詞元標上人（PER）、地點（LOC）或其他（O）。

# %% key="named"
for said in finetune.named(LANG, 5, seed=4):
    tagged = [c if tag == "O" else f"{c}/{tag}" for c, tag in zip(said.text, said.tags)]
    print(" ".join(tagged))

# %% [markdown] key="unread" lang="ja"
# ### 事前学習の文を増やす
#
# 言葉そのものを見ても、人か場所かは決まりません。前後の文字で決まります。
#
# ところで、7節までのモデルは、名前の文字の多くを一度も見ていません。そのような文字の埋め込みベクトルは、学習の間に、どれもほとんど同じになってしまいます。すると、知らない名前も知っている名前も同じに見え、実験になりません。そこで、同じ構造のモデルに、名前の文と気持ちの文もラベルなしで読ませて、6,000ステップの穴埋めをさせました。採点に使う文は、事前学習にも出していません。埋め込みベクトルがどれだけ似ているかを、コサイン（1なら同じ向き）の平均で比べます。

# %% [markdown] key="unread" lang="zh-tw"
# ### 增加預訓練的句子
#
# 光看詞本身，看不出是人還是地點，要看前後的字才能決定。
#
# 不過，到第 7 節為止的模型，名字裡的許多字從來沒看過。這些字的嵌入向量，在訓練過程中會變得幾乎一模一樣；這樣一來，沒看過的名字和看過的名字在模型眼中沒有分別，實驗就不成立。所以，我們讓相同架構的模型也讀了名字和心情的句子（沒有標籤），做了 6,000 步的克漏字。評分用的句子，預訓練時也沒有出現過。嵌入向量有多相似，用餘弦（1 代表同方向）的平均來比較。

# %% key="unread-code"
body = pretrained.load()
tables = (corpus.LEXICON["names"][table][corpus.key(LANG)] for table in corpus.NAMES)
letters = sorted(set("".join(tables)) - {" "})
unread = [n for n in encoder.TOKENIZER.convert_tokens_to_ids(letters) if n not in rows.unique()]
for name, net in (
    (T(ja="7節までのモデル", zh_tw="到第 7 節為止的模型"), model),
    (T(ja="文を増やしたモデル", zh_tw="增加句子的模型"), body),
):
    vectors = F.normalize(net.get_input_embeddings().weight[unread], dim=1)
    print(f"{(vectors @ vectors.T).mean():.2f}", name)

# %% [markdown] key="head-guess" lang="ja"
# `BertForTokenClassification`は、BERTの本体に、64次元のベクトルを3つのスコアに変える行列を付けたモデルです。本体の重みには、穴埋めで学習したものを写します。
#
# 予想：全パラメータのうち、新しく学習を始めるヘッドのパラメータは、何%でしょうか。

# %% [markdown] key="head-guess" lang="zh-tw"
# `BertForTokenClassification` 是在 BERT 的主體上，加一個把 64 維向量轉成 3 個分數的矩陣。主體的權重，直接複製克漏字訓練出來的結果。
#
# 先猜猜看：全部的參數裡，從頭開始學的 head 占百分之幾？

# %% key="head"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

from transformers import BertForTokenClassification

tagger = BertForTokenClassification(pretrained.config(num_labels=3))
print(tagger.bert.load_state_dict(body.bert.state_dict()))
print(tagger.classifier)

new_share = training.parameter_count(tagger.classifier) / training.parameter_count(tagger)
predict.compare(guess, 100 * new_share, " %")

# %% [markdown] key="tune-guess" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 新しいのは、64×3個の重みと3個のバイアス（bias）だけです。全体の0.2%にもなりません。
#
# </details>
#
# ラベルを付けた10文で、本体とヘッドを一緒に学習します。比べる相手は、まったく同じモデルを、ランダムな重みから始めたものです。公平に比べるため、ステップ数と学習率は、採点とは別の名前を使って、モデルごとに選んであります。乱数シードは3通り試します。
#
# 採点には、ラベル付きの文に一度も出てこなかった名前（日本語なら「石川」など）の150文を使います。文の先頭にある名前と、途中にある名前の正解率を別々に求め、その平均を取ります。先頭の名前の手がかりは、右にしかありません。
#
# 予想：事前学習をしたモデルの正解率から、ランダムから始めたモデルの正解率を引くと、平均していくつになるでしょうか。

# %% [markdown] key="tune-guess" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 新的只有 64×3 個權重和 3 個偏差（bias），連全部的 0.2% 都不到。
#
# </details>
#
# 用 10 個有標籤的句子，把主體和 head 一起訓練。比較的對象，是完全相同、但從隨機權重開始的模型。為了公平，步數和學習率是分別替每個模型選的，選的時候用的是和評分不同的名字。亂數種子試 3 個。
#
# 評分時，使用 150 個句子，裡面的名字從沒在有標籤的句子裡出現過（台灣華語例如「仁愛」）。句首的名字和句中的名字，分別算出正確率，再取平均。句首的名字，線索只在右邊。
#
# 先猜猜看：有預訓練的模型的正確率，減去從隨機權重開始的模型，平均是多少？

# %% key="tune-tests"
curves = results.load("labels")
paces, n_labels = curves["settings"]["chosen"]["names"], 10
unseen = finetune.named(LANG, 150, "test", "never_labelled", test=True)
tests = [
    finetune.tag_rows(unseen, LANG, pretrained.TOKENIZER, asked) for asked in ("opening", "later")
]


# %% key="tune-tuned"
def tuned(start, seed):
    T(ja="""知らない名前の正解率""", zh_tw="""沒看過的名字的正確率""")
    tagger = finetune.tagger({"pretrained": body, "scratch": None}[start], seed)
    said = finetune.named(LANG, n_labels, seed)
    labelled = finetune.tag_rows(said, LANG, pretrained.TOKENIZER)
    finetune.tune(tagger, labelled, seed, paces[start]["steps"], paces[start]["learning_rate"])
    return mean(finetune.score(tagger, test) for test in tests)


# %% key="tune"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

live = {start: mean(tuned(start, seed) for seed in range(3)) for start in ("pretrained", "scratch")}
predict.compare(guess, live["pretrained"] - live["scratch"])

# %% [markdown] key="feelings" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 10文だけでも、事前学習をしたモデルは、知らない名前の9割ほどを見分けます。ランダムから始めたモデルは、6割から7割ほどです。
#
# </details>
#
# 2つ目のタスクは、感情分析です。一日を振り返る文から、良い一日（1）か、悪い一日（0）かを当てます。「少しも〜ない」のような否定があるので、形容詞だけでは決まりません。今度は、`BertForSequenceClassification`を使います。`[CLS]`の位置のベクトルから、文全体のクラスを1つ答えるモデルです。
#
# 表現は、形容詞32個×6通りの192通りです。そのうち75通りは、ラベルにも事前学習の文にも出さず、採点だけに使います。この75通りは、近道を見破れるように選びました。近道とは、形容詞だけを見て、ラベルで多かったほうを答えるやり方です。

# %% [markdown] key="feelings" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 只用 10 個句子，有預訓練的模型就能分辨大約 9 成沒看過的名字；從隨機權重開始的模型，大約是 6 成到 7 成。
#
# </details>
#
# 第二個任務是情緒分析：從回顧一天的句子，判斷那天是好（1）還是壞（0）。因為有「一點也不」這類否定，只看形容詞不能決定。這次使用 `BertForSequenceClassification`：從 `[CLS]` 位置的向量，替整個句子回答一個類別。
#
# 說法是 32 個形容詞×6 種，共 192 種。其中 75 種不放進標籤，也不放進預訓練的句子，只用來評分。這 75 種是特別挑過的，為的是看穿捷徑。捷徑是指只看形容詞，回答標籤裡比較常見的那一類。

# %% key="feelings-code"
for mood in random.Random(1).sample(moods.EVERY, 6):
    print(int(mood.positive), mood.text(LANG))
for name, some in (
    (T(ja="ラベルに出す表現", zh_tw="放進標籤的說法"), moods.SEEN),
    (T(ja="採点だけに使う表現", zh_tw="只用來評分的說法"), moods.NEW),
):
    right = mean(moods.by_adjective(mood) == mood.positive for mood in some)
    print(f"{len(some)} {right:.2f}", name)

# %% [markdown] key="curves" lang="ja"
# 近道でも、ラベルに出す表現なら8割ほど当たりますが、採点だけに使う表現では1つも当たりません。
#
# ### ラベル付きの文の数を変える
#
# ラベル付きの文の数を変え、乱数シードを5通り試した結果を、教材に付けてあります（`python -m helpers.results.labels`で作り直せます）。ラベル付きの文に、同じ文はありません。点は5回の平均、エラーバーは最小から最大まで、★は、いま実行した3回の平均です。

# %% [markdown] key="curves" lang="zh-tw"
# 放進標籤的說法，走捷徑也能答對大約 8 成；只用來評分的說法，卻一個也答不對。
#
# ### 改變有標籤的句子數
#
# 教材附上了事先做好的結果：改變有標籤的句子數，各試 5 個亂數種子（可以用 `python -m helpers.results.labels` 重做）。有標籤的句子，每一句都不同。點是 5 次的平均，誤差線是最小到最大，★ 是剛才執行 3 次的平均。


# %% key="curves-scores" hide=true
def scores_of(task, name, *measures):
    T(ja="""正解率の平均（シード、文の数）""", zh_tw="""正確率的平均（種子、句數）""")
    tables = [curves[task][LANG][name][measure] for measure in measures]
    return torch.tensor([list(table.values()) for table in tables]).mean(0).T


# %% key="curves-panels" hide=true
unseen_names = ("opening_new", "later_new")
panels = (
    ("names", unseen_names, T(ja="NER：ラベルにない名前", zh_tw="NER：標籤裡沒有的名字")),
    ("moods", ("seen",), T(ja="感情分析：ラベルに出す表現", zh_tw="情緒分析：放進標籤的說法")),
    ("moods", ("new",), T(ja="感情分析：採点だけの表現", zh_tw="情緒分析：只用來評分的說法")),
)
lines = (
    ("pretrained", 0.96, "o-", T(ja="事前学習あり", zh_tw="有預訓練")),
    ("scratch", 1.04, "s--", T(ja="ランダムから", zh_tw="從隨機權重開始")),
)

# %% key="curves-figure" hide=true
fig, axes = plt.subplots(1, 3, figsize=(12, 4), sharey=True)
told = []
for ax, (task, measures, title) in zip(axes, panels):
    for name, shift, style, label in lines:
        counts = [int(n) for n in curves[task][LANG][name][measures[0]]]
        y, away = charts.spread(scores_of(task, name, *measures))
        ax.errorbar([shift * n for n in counts], y, away, fmt=style, capsize=4, label=label)
        means = "、".join(f"{n}: {v:.2f}" for n, v in zip(counts, y))
        told.append(T(ja=f"{title}、{label}（{means}）", zh_tw=f"{title}，{label}（{means}）"))
    ax.axhline(0.5, color="black", linestyle=":", label=T(ja="チャンスレベル", zh_tw="亂猜"))
    x = T(ja="ラベル付きの文の数", zh_tw="有標籤的句子數")
    charts.frame(ax, x, log="x", ticks=counts, title=title, ylim=(-0.05, 1.1))
axes[0].scatter([n_labels] * 2, list(live.values()), 200, "white", marker="*", ec="black", zorder=9)
axes[2].axhline(0, color="black", linestyle="--", label=T(ja="近道", zh_tw="捷徑"))
axes[0].set_ylabel(T(ja="正解率", zh_tw="正確率"))
axes[2].legend(loc="upper left")
all_told = T(ja="。", zh_tw="；").join(told)
figures.show(
    fig,
    T(
        ja=f"横軸はラベル付きの文の数（対数）、縦軸は正解率です。5回の平均は次のとおりです。{all_told}。",
        zh_tw=f"橫軸是有標籤的句子數（對數），縱軸是正確率。5 次的平均如下：{all_told}。",
    ),
)

# %% [markdown] key="curves-after" lang="ja"
# - ラベルにない名前では、ラベル付きの文が少ないほど、事前学習の効果が大きくなります。100文では、ランダムから始めたモデルも0.95を超え、差はほとんどなくなります。事前学習をしておけば、少ないラベルで済みます。
# - 感情分析では、ラベルを付けた文そのものなら、2つのモデルともほぼ覚えます。しかし、ラベルに出す表現の残りでは、100文でも0.6から0.8ほどです（台湾華語では、ランダムから始めたほうが少し高い値です）。採点だけに使う表現では、ランダムから始めたモデルは近道に引きずられ、0.5に届きません。事前学習をしたモデルはそれより高くなりますが、100文で、日本語は0.7ほど、台湾華語は0.5ほどです。
# - つまり、形容詞の良し悪しと否定を組み合わせる決まりは、確かに身についたとは言えません。事前学習の文では、気持ちの文に続けて「みんな笑いました。」のような文も読ませましたが、続きを当てさせても、気持ちに合うほうを選んだ割合は0.5から0.6ほどでした。事前学習をしても、文にあることがすべて学べるわけではありません。
# - 「事前学習は、いつもこれだけ役に立つ」とは言えません。効果の大きさは、タスクと、ラベル付きの文の数によって違います。

# %% [markdown] key="curves-after" lang="zh-tw"
# - 標籤裡沒有的名字，有標籤的句子越少，預訓練的效果越大；到了 100 句，從隨機權重開始的模型也超過 0.95，幾乎沒有差距。有預訓練，只要少量的標籤就夠了。
# - 情緒分析的部分，有標籤的句子本身，兩個模型幾乎都記住了；但是放進標籤的說法裡剩下的那些，就算有 100 句，也只有 0.6 到 0.8 左右（台灣華語是從隨機權重開始的略高）。只用來評分的說法，從隨機權重開始的模型受到捷徑的影響，不到 0.5；有預訓練的模型比較高，但 100 句時，日文大約 0.7，台灣華語大約 0.5。
# - 也就是說，「形容詞的好壞要和否定搭配起來」這條規則，還不能說真的學會了。預訓練的句子裡，心情的句子後面也接了「大家都笑了。」之類的句子，可是讓模型猜後面接什麼，選對心情的比例只有 0.5 到 0.6 左右。就算做了預訓練，也不是句子裡有的東西全都學得到。
# - 不能說「預訓練永遠這麼有用」。效果有多大，要看任務和有標籤的句子數。

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

# %% key="transfer-c03"
claims.check(
    "C03",
    {
        "new_share": new_share,
        "blanks": min(grade(body, pretrained.guesses, n=50).values()),
        "names": live["pretrained"],
        "moods": scores_of("moods", "pretrained", "seen")[:, -1].mean().item(),
    },
)

# %% [markdown] key="c03-after" lang="ja"
# 1つの構造（アーキテクチャ）が、ヘッドを替えるだけで、穴埋め、タグ付け、分類の3つに使えました。ただし、ここではタスクごとに別のモデルを学習しています。「1つのモデルに、言葉で頼むだけで何でもさせる」のは、このあとの段階です（GPT-2やGPT-3のプロンプト、指示チューニング）。構造、学習方法、学習済みのモデルは、分けて考えましょう。

# %% [markdown] key="c03-after" lang="zh-tw"
# 同一種架構，只要換 head，就能用在克漏字、標記和分類 3 種任務上。不過，這裡是替每個任務各訓練一個模型；「同一個模型，只要用文字提出要求，什麼都能做」是下一個階段的事（GPT-2、GPT-3 的提示，以及指令微調）。架構、訓練方式、訓練好的模型，這三者要分開來想。

# %% [markdown] key="causal" lang="ja"
# ## 9. 「理解」に最適なのはエンコーダーか
#
# 同じNERを、7節のデコーダーの本体でも、ラベル付きの100文で学習させます。`GPT2ForTokenClassification`は、各トークンのタグを、そのトークンと左側だけから決めます。採点するのは、ラベルに出た名前です（文は別です）。文の先頭にある名前は、人と場所が半々です。
#
# 予想：先頭の名前に対するデコーダーの正解率は、いくつになるでしょうか。

# %% [markdown] key="causal" lang="zh-tw"
# ## 9. 最適合「理解」的是編碼器嗎？
#
# 同樣的 NER，也用第 7 節的解碼器主體，以 100 個有標籤的句子來訓練。`GPT2ForTokenClassification` 只根據詞元本身和它左邊的內容，決定每個詞元的標記。評分的是標籤裡出現過的名字（句子不同）。句首的名字，人和地點各占一半。
#
# 先猜猜看：解碼器對句首名字的正確率是多少？

# %% key="causal-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
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

# %% key="causal-figure"
fig, ax = plt.subplots()
sides_of = {
    "opening": T(ja="文の先頭の名前（手がかりは右）", zh_tw="句首的名字（線索在右邊）"),
    "later": T(ja="文の途中の名前（手がかりは左）", zh_tw="句中的名字（線索在左邊）"),
}
bars_of, spreads, told = {}, {}, []
for name, label in (
    ("pretrained", T(ja="エンコーダー", zh_tw="編碼器")),
    ("decoder", T(ja="デコーダー", zh_tw="解碼器")),
):
    each = [torch.tensor(curves["names"][LANG][name][side]["100"]) for side in sides_of]
    bars_of[label] = [y.mean().item() for y in each]
    spreads[label] = [(y.min().item(), y.max().item()) for y in each]
    told.append(label + "：" + "、".join(f"{value:.2f}" for value in bars_of[label]))
figures.bars(ax, list(sides_of.values()), bars_of, intervals=spreads)
ax.axhline(0.5, color="black", linestyle=":")
ax.set(ylabel=T(ja="正解率", zh_tw="正確率"), ylim=(0, 1.1))
all_told = T(ja="。", zh_tw="；").join(told)
figures.show(
    fig,
    T(
        ja=f"先頭の名前と途中の名前の正解率を、教材に付けた5回の平均で示します。エラーバーは最小から最大まで、点線はチャンスレベルの0.5です。{all_told}。",
        zh_tw=f"句首和句中的名字的正確率，用教材附的 5 次結果的平均表示。誤差線是最小到最大，點線是亂猜的 0.5。{all_told}。",
    ),
)

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
# デコーダーは、文の途中の名前ならタグを付けられます。先頭の名前だけが、チャンスレベルのままです。7節と同じ理由なので、ラベル付きの文を増やしても変わりません。
#
# ここから言えるのは、「トークンごとに、1回の計算で答えさせるなら、双方向のほうが有利」ということです。「理解は、いつでもエンコーダーが上」とは言えません。
#
# - 大きなデコーダーに、文を読み終えてから言葉で答えさせる方法もあります。文を書き写しながら名前に印を付けさせる方法で、教師あり学習に並ぶNERの結果を得たという報告があります（GPT-NER、Wang et al. 2025）。この形なら、答える前に文全体が左側に来ます。
# - エンコーダーが古くなったわけでもありません。2024年のModernBERTは、8,192トークンまで読め、2兆トークンで学習しました。この論文は、BERTのようなエンコーダー型が、検索や分類では大きなデコーダー型より性能と大きさの釣り合いがよい、というところから出発しています（Warner et al. 2024）。
#
# 「最適」かどうかは、正解率だけでなく、計算の費用、速さ、ラベルの数と合わせて決まります。

# %% [markdown] key="causal-after" lang="zh-tw"
# 句中的名字，解碼器也標得出來。只有句首的名字和亂猜一樣；理由和第 7 節相同，所以就算增加有標籤的句子，也不會改變。
#
# 由此可以說的是：「如果只計算一次就要替每個詞元作答，雙向比較有利」；不能說「理解任務永遠是編碼器比較好」。
#
# - 也可以讓大型的解碼器讀完句子之後，再用文字回答。有研究報告，讓模型一邊抄寫句子、一邊在名字上做記號，NER 的結果就和監督式學習相當（GPT-NER，Wang et al. 2025）。用這種形式，回答之前，整個句子都已經在左邊了。
# - 編碼器也沒有過時。2024 年的 ModernBERT 最長可以讀 8,192 個詞元，用 2 兆個詞元訓練；這篇論文的出發點是：在檢索和分類上，像 BERT 這樣的 encoder-only 模型，效能與大小之間的取捨比大型的 decoder-only 模型好（Warner et al. 2024）。
#
# 是不是「最適合」，不只看正確率，還要一起考慮計算的成本、速度，以及標籤的數量。

# %% [markdown] key="summary" lang="ja"
# ## 10. まとめ
#
# | 元のページの主張 | 実験でわかったこと |
# |---|---|
# | タスク固有のモデルから、事前学習へ移った | ラベル付きの30文で、知らない名前もほぼすべて見分けられた。ランダムから始めたモデルとの差は、ラベル付きの文が増えると縮んだ |
# | 1つの構造が、複数のタスクに使える | ヘッドを替えるだけで、穴埋め、NER、感情分析に使えた（感情分析の正解率は高くない）。ここでは、タスクごとに1つずつモデルができる |
# | BERTの仕組みはMLM | 15%を選び、80/10/10に分け、選んだ位置だけで損失を計算する。15%も80/10/10も、絶対の数ではない |
# | 文全体を一度に見る | 見えるのは入力の全体。隠した文字は見えず、長さには上限がある |
# | 理解、感情分析、NERに最適 | 手がかりが右にあるとき、1回で答えるなら双方向が有利。左にあるときは差がない |

# %% [markdown] key="summary" lang="zh-tw"
# ## 10. 整理
#
# | 原網頁的說法 | 我們實測的結果 |
# |---|---|
# | 從專用任務模型過渡到預訓練 | 只要 30 個有標籤的句子，連沒看過的名字也幾乎都能分辨；和從隨機權重開始的模型的差距，會隨著有標籤的句子增加而縮小 |
# | 單一架構能用在多種任務 | 只換 head，就能用在克漏字、NER 和情緒分析（情緒分析的正確率不高）；在這裡，每個任務各有 1 個模型 |
# | BERT 的機制是 MLM | 選出 15%，分成 80/10/10，只在選出的位置計算損失；15% 和 80/10/10 都不是絕對的數字 |
# | 一次看見整個句子 | 看得到的是整個輸入；遮住的字看不到，長度也有上限 |
# | 最適合理解、情緒分析、NER | 線索在右邊、又要一次回答時，雙向比較有利；線索在左邊時沒有差別 |

# %% [markdown] key="quiz-text" lang="ja"
# ## 11. 確認クイズ
#
# 成績には関係しません。間違えた選択肢の説明も読んでみましょう。

# %% [markdown] key="quiz-text" lang="zh-tw"
# ## 11. 小測驗
#
# 不列入成績。選錯的選項也有說明，不妨讀一讀。

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 12. 演習問題
#
# 続きは[演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)で練習しましょう。単語をまるごと隠すマスク、文のもっともらしさの採点、タグの列から名前を取り出す処理を、自分で書きます。
#
# 右側の手がかりを、デコーダーは本当に使えないのでしょうか。[レッスン04](04_decoder.ipynb)で確かめます。

# %% [markdown] key="next" lang="zh-tw"
# ## 12. 練習題
#
# 接著到[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)動手寫：把整個詞一起遮住的遮罩、替句子的通順程度評分，以及從一串標記中取出名字。
#
# 解碼器真的用不到右邊的線索嗎？到[第 04 課](04_decoder.ipynb)確認。
