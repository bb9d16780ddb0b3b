# %% [markdown] key="title" lang="ja"
# # デコーダー：続きを1トークンずつ書くGPT
#
# GPTが学習で解くのは、「次のトークンを当てる」という1種類の問題だけです。それだけのモデルから、何を取り出せるのでしょうか。小さな本物のGPT-2から、文の確率、空欄の答え、新しい文、文脈から学ぶ力を順に取り出し、「前だけを見る」ことの限界も測ります。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | 文の確率を求めて候補を比べ、どのトークンの情報がどこまで届くかを層をたどって説明し、モデルが書いた文を基準と比べて評価できる |
# | 前提知識 | レッスン02のブロック、レッスン03の小さな世界の文法、確率と対数 |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |

# %% [markdown] key="title" lang="zh-tw"
# # 解碼器：一次接一個詞元的 GPT
#
# GPT 訓練時只做一種題目：「猜下一個詞元」。只會這件事的模型，能拿來做什麼？這一課要從一個很小、但結構貨真價實的 GPT-2 身上，得到句子的機率、空格的答案、新的句子，以及從上下文學習的能力；也要測量「只看前面」讓它做不到什麼。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能算出句子的機率、用它比較候選答案；能一層一層追查某個詞元的資訊會傳到哪裡；能拿出適當的基準，評估模型寫的句子 |
# | 先備知識 | 第 02 課的區塊、第 03 課的小世界文法、機率與對數 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |

# %% key="imports"
import math
import random

import matplotlib.pyplot as plt
import torch

from helpers import results
from helpers.classroom import claims, predict
from helpers.display import charts, figures, show
from helpers.instruments import causality
from helpers.models import decoder, encoder, encoder_decoder, induction, training
from helpers.world import corpus, samples, tokenizer
from helpers.world.corpus import LANGUAGES

#| ja: 勾配は、6節と7節の学習でだけ使う
#| zh-tw: 只有第 6 節和第 7 節的訓練會用到梯度
_ = torch.set_grad_enabled(False)
torch.set_num_threads(1)
figures.use(LANG)

# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# > 2. デコーダー専用(GPT)
# > - メカニズム:自己回帰モデル。
# > - 動作特性:左から右への順次処理;前の文脈に基づいて次のトークンを厳密に予測する(因果マスキング)。
# > - 最適な用途:自然言語生成(NLG)や創造的な文章作成。これは、GPT-4やLlama 3などの現代の大規模言語モデル(LLM)の基盤となっています。
#
# 「自己回帰」は1、2節、「順次処理」と「厳密に」は4節、「最適」は3、5、6節、GPT-4とLlama 3は「さらにくわしく」で確かめます。

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# > 2. 僅解碼器(GPT)
# > - 機制:自回歸建模。
# > - 行為:從左到右處理;僅根據先前的上下文嚴格預測下一個詞元(因果遮蔽)。
# > - 最適合應用於:自然語言生成(NLG)與創意寫作。這正是現代大語言模型如 GPT-4 與 Llama 3 的基礎。
#
# （引文的用字和標點照錄。）「自回歸」在第 1、2 節檢驗，「從左到右處理」和「嚴格」在第 4 節，「最適合」在第 3、5、6 節；GPT-4 和 Llama 3 在「更進一步」。

# %% [markdown] key="tokens" lang="ja"
# ## 1. 次のトークンの確率から、文の確率へ
#
# GPTは、文のどこで、何を予測しているのでしょうか。レッスン03の小さな世界の文で見てみます。1つの文字を1つのトークンとし、始まり`<s>`、言語`<ja>`と`<zh-tw>`、終わり`</s>`を付けます。`model`は、レッスン03のデコーダー（2層、幅64のGPT-2）です。ある位置のロジット（softmaxの前のスコア）は、そこまでを読んだときの「次のトークン」の予測です。

# %% [markdown] key="tokens" lang="zh-tw"
# ## 1. 從下一個詞元的機率，到句子的機率
#
# GPT 在句子的哪裡，預測了什麼？用第 03 課那個小世界的句子來觀察。一個字就是一個詞元，再加上開頭 `<s>`、語言 `<ja>` 和 `<zh-tw>`、結尾 `</s>`。`model` 就是第 03 課的解碼器：2 層、寬度 64 的 GPT-2。某個位置的 logits（softmax 前的分數），是讀到那裡時，對「下一個詞元」的預測。

# %% key="tokens-code"
model, tokens = decoder.load(), decoder.TOKENIZER

event = corpus.Event("counted", person=0, place="P", time=0, object=0, number=1)
text = corpus.sentence(event, LANG).text
ids = tokens(tokenizer.tagged(text, LANG), return_tensors="pt").input_ids  # (1, n)
n = ids.size(1)
print(text, f"n = {n}")


def start_of(lang, text=""):
    #| ja: 後ろに付く終わりのトークンを取る
    #| zh-tw: 去掉自動加在後面的結尾詞元
    return tokens(tokenizer.tagged(text, lang), return_tensors="pt").input_ids[:, :-1]


# %% key="next-token" show=true
logits = model(ids).logits  # (1, n, V)
best = logits[0, :-1].softmax(-1).max(-1)
names = tokens.convert_ids_to_tokens(ids[0])
likeliest = tokens.convert_ids_to_tokens(best.indices)
rows = []
for t in range(n - 1):
    read = "".join(names[max(0, t - 5) : t + 1])
    rows.append([read, names[t + 1], likeliest[t], f"{best.values[t]:.2f}"])
show.tabulate(
    T(
        ja="ここまで（最後の6トークン）|次のトークン|最も確率の高い予測|その確率",
        zh_tw="目前的上文（只列最後 6 個詞元）|下一個詞元|機率最高的預測|它的機率",
    ),
    rows,
)

# %% [markdown] key="shift" lang="ja"
# 誰が、いつ、何をしたかは自由に選べるので確率が分かれ、選ぶ余地のない活用や文末では1に近くなります。
#
# では、この予測をどう学習させるのでしょうか。位置 $t$ の正解は、位置 $t+1$ のトークンです。文そのものが $n - 1$ 個の問題と答えになり、人手のラベルは要りません。損失は、正解に付けた確率の対数に、マイナスを付けた値の平均です（交差エントロピー）。
#
# 予想：学習前のモデルは、281種類のトークンに、ほぼ均等な確率を付けます。損失はいくつでしょうか（自然対数）。

# %% [markdown] key="shift" lang="zh-tw"
# 誰、什麼時候、做了什麼，都可以自由選擇，所以機率會分散；沒得選的地方，例如固定的字和句尾，機率就接近 1。
#
# 那麼，要怎麼訓練出這樣的預測？位置 $t$ 的正確答案，就是位置 $t+1$ 的詞元。句子本身就提供了 $n - 1$ 題和答案，不需要有人標註。損失是「正確詞元的機率取對數、加上負號」的平均（交叉熵）。
#
# 預測：還沒訓練的模型，給 281 種詞元的機率幾乎相同。損失是多少（取自然對數）？


# %% key="shift-code"
def next_token_loss(logits, ids, real):
    """logits: (B, n, V)  ids: (B, n)  real: (B, n), 0 = [PAD]"""
    predicted, target, counts = logits[:, :-1], ids[:, 1:], real[:, 1:]
    #| ja: gatherは、Vの次元から、正解のトークンの値を1つずつ取り出す
    #| zh-tw: gather 沿著 V 那一維，逐一取出正確詞元的值
    logp = predicted.log_softmax(-1).gather(-1, target[..., None])[..., 0]  # (B, n - 1)
    return -(logp * counts).sum() / counts.sum()


# %% key="shift-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

training_rows = decoder.rows()
batch = decoder.next_batch(training_rows)()
losses = {}
for name, net in (("untrained", decoder.new()), ("trained", model)):
    out = net(**batch)
    losses[name] = next_token_loss(out.logits, batch["input_ids"], batch["attention_mask"]).item()
    assert abs(losses[name] - out.loss.item()) < 1e-4
predict.compare(guess, losses["untrained"])

# %% [markdown] key="chain" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 均等なら $\log 281 \approx 5.64$ です。`labels`には入力をそのまま渡します。`transformers`が中でずらすので、自分でもずらすと、2つ先を当てる問題になります。
#
# </details>
#
# では、文全体の確率はどう求めるのでしょうか。自己回帰（autoregressive）モデルは、これを次のトークンの確率の積として表します。
#
# $$p(x_1, \dots, x_n) = \prod_{t=2}^{n} p(x_t \mid x_1, \dots, x_{t-1})$$
#
# 先頭の $x_1$ はいつも`<s>`なので、掛けません。対数を取ると、積は和になります。入力を1トークンずつ長くしながら $n - 1$ 回計算した値、文全体を1回入力した値、`transformers`の損失を $-(n - 1)$ 倍した値の3つを比べましょう。本当に確率なら、ある列を1トークン延ばした281通りの確率の合計を、元の列の確率で割れば、1になるはずです。

# %% [markdown] key="chain" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 機率完全平均時是 $\log 281 \approx 5.64$。`labels` 直接用輸入就好，`transformers` 內部會錯開；如果又自己錯開一次，就變成猜後面第 2 個詞元了。
#
# </details>
#
# 那麼，整個句子的機率怎麼求？GPT 把句子的機率寫成每一步「下一個詞元」機率的連乘積，這叫做自迴歸（autoregressive）。
#
# $$p(x_1, \dots, x_n) = \prod_{t=2}^{n} p(x_t \mid x_1, \dots, x_{t-1})$$
#
# 開頭的 $x_1$ 一定是 `<s>`，所以不用乘。取對數之後，連乘就變成相加。把三種方式的結果拿來比較：輸入每次加長一個詞元、計算 $n - 1$ 次；整個句子只輸入 1 次；從 `transformers` 的損失換算（損失是平均，所以要乘上 $-(n - 1)$）。此外，如果真的是機率，把前半段多接 1 個詞元的 281 種序列的機率加總，再除以前半段的機率，就應該等於 1。


# %% key="chain-code"
def log_probability(model, ids):
    """ids: (B, n) → log p(x_2, …, x_n | x_1), (B,)"""
    logp = model(ids).logits[:, :-1].log_softmax(-1)  # (B, n - 1, V)
    return logp.gather(-1, ids[:, 1:, None])[..., 0].sum(-1)


# %% key="chain-check"
one_by_one = 0.0
for t in range(1, n):
    next_logits = model(ids[:, :t]).logits[0, -1]  # (V,)
    one_by_one += next_logits.log_softmax(-1)[ids[0, t]].item()
at_once = log_probability(model, ids).item()
from_loss = -(n - 1) * model(ids, labels=ids).loss.item()
print(f"{one_by_one:.5f}  {at_once:.5f}  {from_loss:.5f}  p = {math.exp(at_once):.3g}")

prefix, vocabulary = ids[:, :8], torch.arange(len(tokens))[:, None]  # (1, 8), (V, 1)
longer = torch.cat([prefix.expand(len(tokens), -1), vocabulary], 1)  # (V, 9)
total = log_probability(model, longer).exp().sum().item()
sum_ratio = total / log_probability(model, prefix).exp().item()
print(tokens.decode(prefix[0]), f"{sum_ratio:.6f}")

# %% [markdown] key="entropy" lang="ja"
# ## 2. 損失はどこまで下がるか
#
# 3つの方法で同じ確率になりました。では、長く学習を続ければ、損失は0になるのでしょうか。昨日か明日か、本か梨かは文法が自由に選ぶので、確実に当てられるモデルはありません。この自由の大きさがエントロピー（entropy）で、新しく作った文で測る限り、文の損失（言語のトークンを除く $-\log p$ の合計）の平均はこれを下回りません。
#
# 「人と場所」の組み合わせの約20%は、学習用の文から除いてあります（レッスン03の採点に使った組）。この学習用の文法のエントロピーは約11.68ナット（nat、自然対数の単位）で、$e^{11.68} \approx 118{,}000$ 通りから均等に選ぶのと同じ不確かさです。
#
# 予想：学習用の文法から新しく作った文では、モデルの損失の平均は何ナットでしょうか。

# %% [markdown] key="entropy" lang="zh-tw"
# ## 2. 損失最低能降到多少？
#
# 前面的三種方式得到同樣的機率。接下來想知道的是，這個機率能和文法的機率多接近：一直訓練下去，損失會變成 0 嗎？昨天還是明天、書還是梨子，由文法自由選擇，沒有模型能每次都猜對。這份自由有多大，叫做熵（entropy）。只要用新造的句子測量，句子的損失（$-\log p$ 的總和，不含語言的詞元）平均起來就不會比熵小。
#
# 「人與地點」的組合大約有 20% 沒放進訓練資料（第 03 課評分用的句子，就是用這些組合造的）。語言定好之後，這個訓練用文法的熵大約是 11.68 nat（自然對數的單位），相當於從 $e^{11.68} \approx 118{,}000$ 種可能裡均勻地選一種。
#
# 預測：用訓練用的文法新造句子，模型每句的損失平均是多少 nat？


# %% key="entropy-code"
def sentence_losses(split, count=1000):
    #| ja: 新しく作った文の -log p（ナット）の平均と標準誤差
    #| zh-tw: 新造句子的 -log p（nat）的平均與標準誤
    rng, each = random.Random(1), []
    drawn = [corpus.draw(rng, split) for _ in range(count)]
    for lang in LANGUAGES:
        texts = [corpus.sentence(event, lang).text for event in drawn]
        each.append(-decoder.log_probability(model, texts, lang))
    values = torch.cat(each)  # (2 * count,)
    return values.mean().item(), values.std().item() / math.sqrt(len(values))


# %% key="entropy-guess"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

floor = corpus.entropy("train")
(seen, seen_error), (unseen, unseen_error) = map(sentence_losses, ("train", "test"))
predict.compare(guess, seen, T(ja="ナット", zh_tw=" nat"))

# %% key="entropy-claim"
print(
    T(
        ja=f"文法のエントロピー {floor:.2f}　モデル {seen:.2f} ± {seen_error:.2f}　除いた組み合わせ {unseen:.2f} ± {unseen_error:.2f}（ナット、±は標準誤差）",
        zh_tw=f"文法的熵 {floor:.2f}　模型 {seen:.2f} ± {seen_error:.2f}　拿掉的組合 {unseen:.2f} ± {unseen_error:.2f}（nat，± 是標準誤）",
    )
)
claims.check(
    "C09",
    {
        "one_by_one": abs(one_by_one - at_once),
        "from_loss": abs(from_loss - at_once),
        "sum_ratio": sum_ratio,
        "above_entropy": seen - floor,
    },
)

# %% [markdown] key="blank" lang="ja"
# 損失とエントロピーの差の約0.2ナットは、モデルの分布が文法の分布からずれている分です（KLダイバージェンス）。次のトークンを当てるだけの学習で、文の確率は限界の近くまで正確になりました。一方、除いた組み合わせの文では、損失が大きく増えました（理由は6節）。
#
# ## 3. 空欄の右にある手がかりを、文の確率で使う
#
# 正確な文の確率は、穴埋めにも使えます。次の空欄（＿）には助数詞が入りますが、決め手の名詞は右にあり、左から右への1回の計算では使えません。
#
# そこで、候補を1つずつ空欄に入れ、文全体の確率を比べます（リスコアリング、rescoring）。合わない候補ではあとの名詞の確率が下がるはずです。

# %% [markdown] key="blank" lang="zh-tw"
# 模型的損失只比熵大 0.2 nat 左右。這個差距表示模型的分布偏離文法的分布多少（KL 散度）。只靠猜下一個詞元，句子的機率就準確到接近理論的極限。不過，拿掉的組合寫成的句子，損失卻大了許多；原因留到第 6 節。
#
# ## 3. 用句子的機率，利用空格右邊的線索
#
# 有了準確的句子機率，不只能寫句子，也能填空。下面句子的空格（＿）要填量詞，關鍵的名詞在空格右邊；從左到右只計算一次的話，空格的預測用不到那個名詞。
#
# 所以把候選字一個個填進空格，比較整句的機率。如果量詞不搭，到了後面的名詞，機率應該就會變低。這叫做重新評分（rescoring）。

# %% key="blank-code"
told = corpus.sentence(event._replace(kind="definite"), LANG)
candidates = corpus.candidates(LANG, "counter")
print(told.filled("counter", "＿"), "→", told.answer("counter"))

#| ja: 空欄の左だけを読む、1回の計算
#| zh-tw: 只讀空格左邊，計算一次
next_p = model(start_of(LANG, told.left("counter"))).logits[0, -1].softmax(-1)
one_pass = next_p[tokens.convert_tokens_to_ids(list(candidates))]

#| ja: 候補を入れた文全体の確率
#| zh-tw: 填入候選字之後，整句的機率
filled = [tokenizer.tagged(told.filled("counter", c), LANG) for c in candidates]
whole = log_probability(model, tokens(filled, return_tensors="pt").input_ids)  # (candidates,)
for p in (one_pass, whole.softmax(0)):
    best = p.topk(5)
    print(*(f"{candidates[i]} {v:.3f}" for v, i in zip(best.values, best.indices.tolist())))
assert candidates[whole.argmax()] == told.answer("counter")

# %% [markdown] key="cells" lang="ja"
# 上の行が1回の計算、下の行がリスコアリングです。同じ重みのまま、確率が正解に集まりました。偶然でないことを、手がかりが右にある13の設問（レッスン03の2節）で、200文ずつ確かめます。比べる相手は3つです。
#
# - 最頻の答え（majority baseline）：最もよく当たる候補をいつも答える
# - 1回の計算：空欄の左だけを読んで答える
# - 上限：左だけを読む場合の、最高の正解率（文法から計算）
#
# 予想：リスコアリングの正解率は、13の設問の平均でいくつでしょうか。

# %% [markdown] key="cells" lang="zh-tw"
# 上面一行是計算一次的結果，下面一行是重新評分。權重完全相同，分散的機率卻集中到正確答案上。為了確認不是這一句碰巧如此，接著用線索在右邊的 13 種題型（第 03 課第 2 節），每種 200 句來測量。拿來比較的正確率有三種。
#
# - 固定回答（majority baseline）：永遠回答最常對的那個候選字
# - 計算一次：只讀空格左邊來回答
# - 上限：只讀空格左邊時，理論上能達到的最高正確率（由文法算出）
#
# 預測：重新評分的正確率，13 種平均是多少？


# %% key="cells-graded"
def graded(answer):
    return corpus.grade(lambda events, slot, lang: answer(model, events, slot, lang), side="right")


def mean(shares):
    return sum(shares) / len(shares)


# %% key="cells-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

by_answer = {"one_pass": graded(decoder.guesses), "rescored": graded(decoder.rescored)}
cells = corpus.cells("right")
by_answer["ceiling"] = {cell: corpus.ceiling(*cell) for cell in cells}
by_answer["blind"] = {cell: corpus.constant(*cell) for cell in cells}
predict.compare(guess, mean(by_answer["rescored"].values()))

# %% key="cells-figure"
groups = {
    T(ja="動詞と助数詞（5問）", zh_tw="動詞和量詞（五種）"): [c for c in cells if c[0] != "time"],
    T(ja="時の語（8問）", zh_tw="時間詞（八種）"): [c for c in cells if c[0] == "time"],
}
averages = {
    name: [mean([shares[cell] for cell in group]) for group in groups.values()]
    for name, shares in by_answer.items()
}
labels = T(ja="最頻の答え|1回の計算|リスコアリング", zh_tw="固定回答|計算一次|重新評分").split(
    "|"
)
drawn = dict(zip(labels, (averages[name] for name in ("blind", "one_pass", "rescored"))))
fig, ax = plt.subplots(figsize=(7, 3.4))
limit = T(ja="左だけを読む場合の上限", zh_tw="只讀左邊的上限")
figures.bars(ax, list(groups), drawn, levels=averages["ceiling"], level_name=limit)
ax.set(ylabel=T(ja="正解率", zh_tw="正確率"), ylim=(0, 1.08))
told = charts.listed(dict(zip(groups, zip(*drawn.values(), averages["ceiling"]))))
figures.show(
    fig,
    T(
        ja=f"縦軸は正解率の平均です。最頻の答え、1回の計算、リスコアリング、上限（太い横線）の順に、{told}。",
        zh_tw=f"縱軸是平均正確率。依序是固定回答、計算一次、重新評分、上限（粗橫線）：{told}。",
    ),
)

# %% [markdown] key="causal" lang="ja"
# 1回の計算は、左にも少し手がかりのある動詞と助数詞では上限に、手がかりのない時の語では最頻の答えに並びました。ところが、リスコアリングではどちらもほぼ1.00です。因果マスクは、1回の計算で使える情報を制限しますが、学んだ知識は制限しません。
#
# その代わり、候補の数（4から18）だけ計算が必要です（エンコーダーなら1回）。デコーダー型でも、手がかりを先に並べ、最後に答えさせれば、1回で使えます。
#
# ## 4. 未来を変えると、過去は変わるか
#
# 1節では、文全体を1回入力するだけで、すべての位置の予測が求まりました。これが正しいのは、どの予測も、後ろのトークンに影響されない場合だけです。12個のトークンを1つずつ書き換え、12か所の出力の変化を測りましょう。BERT、T5のデコーダー、1つ先まで見えるマスクを渡したGPT-2（わざと作った誤り）も調べます。
#
# 予想：どの層も1つ先まで見えるとき、2層のモデルの出力には、何トークン先までの影響が届くでしょうか。

# %% [markdown] key="causal" lang="zh-tw"
# 計算一次時，動詞和量詞（左邊也有一點線索）的正確率幾乎等於上限，沒有線索的時間詞則接近固定回答。可是改用重新評分，兩者都幾乎是 1.00。因果遮罩限制的，是單次計算看得到的資訊，而不是模型學到的知識。
#
# 代價是：候選字有幾個（4 到 18 個），就要計算幾句；編碼器則只要一次。解碼器只要讓線索排在前面、答案最後才寫，計算一次也用得到線索。
#
# ## 4. 改動未來，過去會變嗎？
#
# 在第 1 節，整個句子只輸入一次，就求出了所有位置的預測。這樣做要正確，前提是每個位置的預測都不受後面的詞元影響。真的是這樣嗎？把 12 個隨機詞元逐一改動，測量 12 個位置的輸出各變了多少。另外也檢查 BERT、T5 的解碼器，以及故意做錯的：GPT-2 配上看得到後面一個詞元的遮罩。
#
# 預測：遮罩看得到後面一個時，每一層都看得到「後面一個」，而模型有 2 層。模型的輸出，最遠會受到後面第幾個詞元影響？

# %% key="probe-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

one_ahead = torch.ones(12, 12).tril(1).bool()[None, None]  # (1, 1, T, T)
leaky = causality.influence(model, attention_mask=one_ahead)
predict.compare(guess, leaky.ahead, T(ja="トークン先", zh_tw=" 個詞元"))

# %% key="probe-figure"
ours = causality.influence(model)
bert = causality.influence(encoder.load())
t5 = causality.influence(encoder_decoder.load())
found = {
    "GPT-2": ours,
    T(ja="GPT-2、1つ先が見えるマスク", zh_tw="GPT-2，看得到後面一個"): leaky,
    "BERT": bert,
    T(ja="T5のデコーダー", zh_tw="T5 的解碼器"): t5,
}
marked = {title: influence.changes > 0 for title, influence in found.items()}
changed_at = T(ja="書き換えた位置", zh_tw="改動的位置")
fig = charts.masks(marked, changed_at, T(ja="出力の位置", zh_tw="輸出的位置"), size=(13, 3.9))
counts = "、".join(f"{name} {int((f.changes > 0).sum())}" for name, f in found.items())
figures.show(
    fig,
    T(
        ja=f"列のトークンを書き換えたとき、行の出力が変われば●、変化がちょうど0.0なら×です。144組のうち●の数は、{counts}です。GPT-2とT5のデコーダーでは、右上の三角形がすべて×です。1つ先が見えるマスクでは、2つ先まで●があります。BERTでは、すべて●です。",
        zh_tw=f"改動直行的詞元時，橫列的輸出有變就是 ●，變化剛好是 0.0 就是 ×。144 組裡 ● 的數量：{counts}。GPT-2 和 T5 的解碼器，右上三角形全是 ×；看得到後面一個的遮罩，● 一直延伸到後面第 2 個；BERT 則全是 ●。",
    ),
)

# %% [markdown] key="parallel" lang="ja"
# 1層目で1つ先の情報が入り、2層目がその位置を見るので、影響は2つ先まで届きます。情報は層ごとに運ばれます（7節）。誤ったマスクで学習させると、答えが見えるので損失はかえって下がり、順調に見えてしまいます。
#
# 正しいマスクでは過去の変化はちょうど0.0だったので、学習では文全体を1回入力すれば済みます。しかし生成では、前のトークンを書くまで次へ進めないので、1トークンごとに計算します。
#
# 予想：$n$ トークンの文を、入力を1トークンずつ長くしながら $n$ 回計算すると、合わせて何トークン分の計算になるでしょうか（$n$ は1節）。

# %% [markdown] key="parallel" lang="zh-tw"
# 第 1 層先帶進後面一個的資訊，第 2 層再去看那個位置，所以影響會傳到後面第 2 個：每疊一層，資訊就能再多傳一段（到了第 7 節，這件事會派上用場）。如果用錯的遮罩訓練，模型等於看著答案猜，損失反而變小，看起來就像訓練得很順利。
#
# 遮罩正確時，過去的變化剛好是 0.0，所以訓練時整個句子只要輸入一次。那麼，生成也只要一次嗎？前一個詞元寫出來之前，後一個還不存在，所以每寫一個詞元都得計算一次。
#
# 預測：$n$ 個詞元的句子，輸入每次加長一個、計算 $n$ 次，總共要算幾個詞元？（$n$ 在第 1 節印出來了。）


# %% key="parallel-ways"
def in_sequence(model, ids):
    return torch.stack([model(ids[:, :t]).logits[0, -1] for t in range(1, ids.size(1) + 1)])


# %% key="parallel-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

sizes, gaps = [], {}
for name, net in (("GPT-2", model), ("BERT", encoder.load())):
    hook = net.register_forward_pre_hook(lambda _, inputs: sizes.append(inputs[0].numel()))
    one_after_the_other = in_sequence(net, ids)  # (n, V)
    hook.remove()
    gaps[name] = (net(ids).logits[0] - one_after_the_other).abs().max().item()
predict.compare(guess, sum(sizes) / len(gaps), T(ja="トークン分", zh_tw=" 個詞元"))

# %% key="parallel-claim"
claims.check(
    "C10",
    {
        "probe_past": ours.past,
        "t5_past": t5.past,
        "leaky_past": leaky.past,
        "bert_past": bert.past,
        "parallel_gap": gaps["GPT-2"],
        "bert_gap": gaps["BERT"],
    },
)

# %% [markdown] key="generate" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# $1 + 2 + \cdots + n = n(n+1)/2$ トークン分です。前の位置の結果は変わらないので、保存しておけば、毎回1トークン分で済みます（KVキャッシュ、レッスン07）。ただし、モデルを実行する回数は $n$ 回のままです。
#
# </details>
#
# 1回の計算と $n$ 回の計算のロジットは、GPT-2では丸め誤差の範囲で一致しますが、BERTでは、文が長くなるたびに前の位置の出力も変わるので一致しません。元のページの「左から右への順次処理」は、生成にだけ当てはまります。
#
# ## 5. 文を書かせる：貪欲法とサンプリング
#
# 最後の位置のロジットから次のトークンを選んで付け、`</s>`が出るまで繰り返せば、文を生成できます。選び方は2つです。
#
# - 貪欲法（greedy decoding）：確率が最も高いトークンを選ぶ
# - サンプリング（sampling）：確率に従って、ランダムに選ぶ

# %% [markdown] key="generate" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# $1 + 2 + \cdots + n = n(n+1)/2$ 個詞元。前面位置的結果不會變，存起來重複使用的話，每次只要算一個新的詞元（KV 快取，第 07 課）；不過，執行模型的次數還是 $n$ 次。
#
# </details>
#
# 計算一次與計算 $n$ 次的 logits，在 GPT-2 只差捨入誤差，在 BERT 則不一致：句子每加長一次，前面位置的輸出也跟著改變。所以原網頁說的「從左到右處理」，只有生成時才是如此。
#
# ## 5. 請模型寫句子：貪婪解碼與取樣
#
# 生成句子的迴圈很短：從最後一個位置的 logits 選出下一個詞元，接到後面，一直重複到出現 `</s>`。這裡試兩種選法。
#
# - 貪婪解碼（greedy decoding）：選機率最高的詞元
# - 取樣（sampling）：依照機率隨機抽選


# %% key="generate-code"
def greedy(logits):
    return logits.argmax()


def sampled(logits, temperature=1.0):
    return torch.multinomial((logits / temperature).softmax(-1), 1)


def generate(model, ids, pick, most=40):
    #| ja: idsの形状は(1, n)から(1, n + m)になる（mは書いたトークンの数）
    #| zh-tw: ids 的形狀從 (1, n) 變成 (1, n + m)，m 是寫出的詞元數量
    for _ in range(most):
        logits = model(ids).logits[0, -1]  # (V,)
        ids = torch.cat([ids, pick(logits).view(1, 1)], 1)
        if ids[0, -1] == tokens.eos_token_id:
            break
    return ids


# %% key="generate-write"
torch.manual_seed(0)
for pick in (greedy, sampled):
    for _ in range(3):
        written = generate(model, start_of(LANG), pick)
        print(f"{pick.__name__:8}", tokens.decode(written[0], skip_special_tokens=True))

#| ja: transformersのgenerateも、同じトークンを選ぶ
#| zh-tw: transformers 的 generate 也會選出同樣的詞元
for lang in LANGUAGES:
    [theirs] = decoder.continued(model, lang, [""], do_sample=False)
    mine = generate(model, start_of(lang), greedy)[0]
    assert tokens.decode(mine, skip_special_tokens=True) == theirs

# %% [markdown] key="greedy" lang="ja"
# 貪欲法では何度書かせても同じ文になります。いつも確率が最も高いトークンを選ぶのですから、文の確率も最も高いのでしょうか。2つの言語で書き出し（2文字）を100個ずつ選び（重複あり）、2つの方法で続きを書かせ、文の確率を比べます。
#
# 予想：サンプリングで書いた文のうち、貪欲法の文より確率の高いものは、どのくらいあるでしょうか。
#
# - `"a"`：0%
# - `"b"`：1%くらい
# - `"c"`：20%くらい

# %% [markdown] key="greedy" lang="zh-tw"
# 貪婪解碼不管寫幾次，都是同樣的句子。每一步都選機率最高的詞元，寫出來的應該就是機率最高的句子吧？真的嗎？兩種語言各準備 100 個開頭（句子的前兩個字，有重複），從同樣的開頭，用兩種方法接著寫，再比較整句的機率。
#
# 預測：取樣寫出的句子裡，機率比貪婪解碼的句子還高的，大約占多少？
#
# - `"a"`：0%
# - `"b"`：1% 左右
# - `"c"`：20% 左右

# %% key="greedy-write"
rng = random.Random(2)
drawn = [corpus.draw(rng, "train") for _ in range(100)]
by_way = {"greedy": {}, "sampled": {}, "grammar": {}}
for lang in LANGUAGES:
    texts = [corpus.sentence(e, lang).text for e in drawn]
    starts = [text[:2] for text in texts]
    by_way["greedy"][lang] = decoder.continued(model, lang, starts, do_sample=False)
    by_way["sampled"][lang] = decoder.continued(model, lang, starts)
    by_way["grammar"][lang] = texts


def likelihoods(way):
    found = by_way[way].items()
    return torch.cat([decoder.log_probability(model, texts, lang) for lang, texts in found])


# %% key="greedy-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

likelier = (likelihoods("sampled") > likelihoods("greedy")).double().mean().item()
options = {"a": "0%", "b": "1%", "c": "20%"}
values = {"a": 0, "b": 0.01, "c": 0.2}
predict.choose(guess, options, min(values, key=lambda key: abs(values[key] - likelier)))

# %% key="greedy-table" hide=true
labels = T(ja="貪欲法|サンプリング|文法から作る", zh_tw="貪婪解碼|取樣|從文法抽").split("|")
shares, rows = {}, []
for way, label in zip(by_way, labels):
    written = [(lang, text) for lang, texts in by_way[way].items() for text in texts]
    events = [corpus.parse(text, lang) for lang, text in written]
    shares[way] = {
        "valid": mean([event is not None for event in events]),
        "distinct": len(set(written)) / len(written),
        "open": mean([event.kind in ("plain", "counted") for event in events if event]),
    }
    errors = [corpus.standard_error(share, len(written)) for share in shares[way].values()]
    told = [f"{share:.2f} ± {e:.2f}" for share, e in zip(shares[way].values(), errors)]
    rows.append([label, *told, f"{likelihoods(way).mean():.2f}"])
show.tabulate(
    T(
        ja="書き方|正しい文|異なる文|「基本」と「数量」の文|log pの平均",
        zh_tw="寫法|正確的句子|不同的句子|基本和數量句型|log p 的平均",
    ),
    rows,
)

# %% key="greedy-claim"
claims.check(
    "E41",
    {
        "likelier": likelier,
        "greedy_valid": shares["greedy"]["valid"],
        "sampled_valid": shares["sampled"]["valid"],
        "greedy_open": shares["greedy"]["open"],
        "sampled_open": shares["sampled"]["open"] - shares["grammar"]["open"],
    },
)

# %% [markdown] key="greedy-after" lang="ja"
# サンプリングした文の20〜25%が、貪欲法の文より高い確率をもっていました。最も確率の高いトークンを選び続けても、最も確率の高い文になるとは限りません。しかも貪欲法は、文法の半分を占める「基本」と「数量」の文を、ほとんど書きません。
#
# なぜでしょうか。「全部」の文では続く文字が1つに決まり、そこに確率が集まります。「基本」と「数量」は合わせればもっと確率が高いのに、多くの文字に分かれています。そのため貪欲法は「全部」の文へ進みますが、その先で「基本」にはない数も選ぶので、文の確率は低くなります。
#
# サンプリングは、文型を文法とほぼ同じ割合で書きますが、ときどき確率の低いトークンを選んで誤ります。誤りを減らす方法を下の図で試しましょう。
#
# - 温度（temperature）$\tau$：ロジットを $\tau$ で割る。小さいほど、確率の高いトークンに集中する
# - top-k、top-p：確率の高い順に、$k$ 個、または合計が $p$ に届くまでのトークンだけを残す

# %% [markdown] key="greedy-after" lang="zh-tw"
# 從同樣的開頭抽出的句子裡，機率比貪婪解碼還高的占 20～25%。也就是說，每一步都選機率最高的詞元，得到的不一定是機率最高的句子。不僅如此，文法裡占一半的基本句型和數量句型，貪婪解碼幾乎不寫。
#
# 為什麼？這一節最後的圖，是某個開頭後面的詞元機率。「全部」句型接的都是「把」，機率集中在這一個字；「基本」和「數量」句型加起來機率更高，但第一個字分成好幾種。所以貪婪解碼走進「全部」句型，看不出之後還得選「基本」句型沒有的數字，整句的機率反而比較低。
#
# 取樣寫出的句型比例則和文法差不多，代價是偶爾會抽到錯的。要減少抽中低機率的詞元，有下面幾種調整方法，請在圖上試試看。
#
# - 溫度（temperature）$\tau$：把 logits 除以 $\tau$。越小，就越集中在機率高的詞元
# - top-k、top-p：只留下機率最高的 $k$ 個，或從高到低累加到 $p$ 的那些詞元

# %% key="sampling-explorer"
from helpers.widgets import SamplingExplorer

beginning = T(ja="昨日、花子は村で", zh_tw="花子昨天在村子裡")
SamplingExplorer(model, tokens, text=tokenizer.tagged(beginning, LANG))

# %% [markdown] key="train" lang="ja"
# ## 6. 書いた文は、学習データの外に出るか
#
# 正しい文を書いても、学習用の文を写しただけの可能性があります。そこで、学習を始めたばかりのモデル（300ステップまで）と`model`（6,195ステップ）に文を書かせ、正しい文に占める割合を数えます。
#
# - 新しい文：学習用の文のどれとも一致しない文。学習用の文法から作り直しても一部は偶然一致するので、その場合の割合を基準にする
# - 未知の組：学習から除いた「人と場所」の組み合わせを含む文。文法全体では0.20を占める
#
# 予想：`model`では未知の組の割合はいくつでしょうか。

# %% [markdown] key="train" lang="zh-tw"
# ## 6. 寫出的句子，超出訓練資料了嗎？
#
# 就算句子都正確，也可能只是照抄訓練資料。所以請剛開始訓練的模型（前 300 步）和 `model`（6,195 步）寫句子，數一數正確的句子裡有多少屬於下面的情形。
#
# - 新句子：和訓練資料的任何一句都不同。不過，就算從訓練用的文法重新抽句子，也會有一些剛好相同，所以要以那個比例為基準
# - 沒看過的組合：含有訓練時拿掉的「人與地點」組合。在整個文法裡占 0.20
#
# 預測：`model` 的「沒看過的組合」比例是多少？

# %% key="train-look"
known = set(tokens.batch_decode(training_rows, skip_special_tokens=True))
student, stages = decoder.new(), {}


def look(net, count):
    texts = {lang: decoder.sample(net, lang, count) for lang in LANGUAGES}
    return samples.both(samples.judge(texts[lang], lang, known) for lang in LANGUAGES)


def after_step(step):
    if step in (100, 200, 300):
        stages[step] = look(student, 200)


with torch.enable_grad():
    batches = decoder.next_batch(training_rows)
    training.train(student, batches, 300, decoder.LEARNING_RATE, after_step)

# %% key="train-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

judged = stages[decoder.STEPS] = look(model, 500)
by_grammar = samples.new_by_grammar(known)
predict.compare(guess, judged.share("unseen")[0])

# %% key="train-figure"
steps = [step for step, found in stages.items() if found.valid >= samples.FEW]
labels = T(ja="正しい|新しい|未知の組", zh_tw="正確|新句子|沒看過的組合").split("|")
exact = by_grammar, math.exp(corpus.entropy("test") - corpus.entropy())
names = T(
    ja="新しい（文法から作る場合）|未知の組（文法全体）",
    zh_tw="新句子（從文法抽）|沒看過的組合（整個文法）",
).split("|")
fig, ax = plt.subplots(figsize=(7.5, 3.8))
drawn = dict(zip(names, exact))
for (name, level), style in zip(drawn.items(), (":", "--")):
    ax.axhline(level, color="black", linestyle=style, marker="", label=name)
for name, label in zip(("valid", "new", "unseen"), labels):
    drawn[label], errors = zip(*(stages[step].share(name) for step in steps))
    ax.errorbar(range(len(steps)), drawn[label], errors, capsize=3, markevery=1, label=label)
x, y = T(ja="学習のステップ数", zh_tw="訓練步數"), T(ja="割合", zh_tw="比例")
marked = [f"{step:,}" for step in steps]
charts.frame(ax, x, y, ticks=dict(enumerate(marked)), ylim=(0, 1.02))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
about = T(ja="縦軸は割合、エラーバーは標準誤差です。", zh_tw="縱軸是比例，誤差線是標準誤。")
told = charts.listed(drawn, marks="：、。")
figures.show(fig, f"{x}：{'、'.join(marked)}。{about}{told}。")

# %% key="train-claim"
print(
    T(
        ja=f"新しい文の割合：モデル {judged.share('new')[0]:.3f} ± {judged.share('new')[1]:.3f}　文法から作る場合 {by_grammar:.3f}",
        zh_tw=f"新句子的比例：模型 {judged.share('new')[0]:.3f} ± {judged.share('new')[1]:.3f}　從文法抽 {by_grammar:.3f}",
    )
)
#| ja: 時の語の上限は最頻の答えと同じなので、動詞と助数詞の5問で比べる
#| zh-tw: 時間詞的上限等於固定回答，所以用動詞和量詞的五種來比較
claims.check(
    "C11",
    {
        "valid": judged.share("valid")[0],
        "new": judged.share("new")[0] - by_grammar,
        "unseen": judged.share("unseen")[0],
        "blind": averages["blind"][0],
        "one_pass": averages["one_pass"][0],
        "ceiling": averages["ceiling"][0],
        "rescored": mean(by_answer["rescored"].values()),
    },
)

# %% [markdown] key="train-after" lang="ja"
# 9割を超える文が正しく、新しい文の割合も、文法から作り直す場合とほとんど変わりません（丸暗記なら0）。
#
# 次は、未知の組です。学習の初めのころは、人と場所を別々の部品のように組み合わせ、文法全体と同じくらいの割合で書いていました。ところが学習を続けると、ほとんど書かなくなります。損失を下げるには、学習データに一度も現れない組み合わせを「ないもの」として覚えるのがいちばんよいからです（2節の損失の理由）。生成に「最適」かを言うには、「新しい文を書ける」ことと「学習データの範囲を越える」ことを、分けて測る必要があります。

# %% [markdown] key="train-after" lang="zh-tw"
# 9 成以上的句子正確，新句子的比例也和從文法重新抽的幾乎相同；如果是死背，新句子應該是 0。
#
# 有意思的是「沒看過的組合」。訓練初期，比例和整個文法差不多，模型應該是把人和地點當成各自獨立的零件來組合。可是繼續訓練之後，就幾乎不再寫，第 2 節拿掉的組合也因此損失較大：模型記住了哪些組合從來沒出現過，把它們當成不存在。以降低損失為目標，這正是最好的做法。所以，要說生成「最適合」，得把「寫得出新句子」和「超出訓練資料的範圍」分開測量。

# %% [markdown] key="context" lang="ja"
# ## 7. 文脈から学ぶ：1層と2層
#
# ここまでは学習データから覚えたことを使ってきました。では、一度も見ていない並びを、読んでいる文脈だけから続けられるでしょうか。重みを変えずに、プロンプト（モデルに渡す文章）の例から答え方をつかむことを、文脈内学習（in-context learning）と呼びます（Brown et al. 2020）。
#
# それを支える計算の1つを学習させましょう。互いに異なる記号のランダムな列を2回続けて読ませ、2回目を当てさせます。毎回違うので、「前に同じ記号が出たとき、次に何が来たか」を文脈から見つけるしかありません。これを行うヘッドを、帰納ヘッド（induction head）と呼びます（Olsson et al. 2022）。
#
# 長さ5から12の列で2層のモデルを学習させ、長さ12で測ります。2回目にまだ出ていない記号から選ぶだけでも、約0.27は当たります。1層のモデルは2,000ステップでも平均0.35でした（教材の記録、3つのシードで0.11から0.53）。
#
# 予想：2層のモデルの正解率は、500ステップでいくつでしょうか（0から1）。

# %% [markdown] key="context" lang="zh-tw"
# ## 7. 從上下文學習：1 層與 2 層
#
# 到目前為止，模型用的都是從訓練資料記住的東西。那麼，訓練時從沒看過的順序，能不能只靠正在讀的上下文接下去？不改變權重，只靠提示（prompt，交給模型的文字）裡的例子就抓到回答的方式，叫做情境學習（in-context learning，Brown et al. 2020）。
#
# 來訓練可能支撐這種能力的一種計算：把一串不重複的隨機符號連續讀 2 遍，猜出第 2 遍的內容。順序每次都不同，沒辦法記在權重裡，只能在上下文裡找出「前面出現同一個符號時，後面接的是什麼」。做這件事的注意力頭，叫做歸納頭（induction head，Olsson et al. 2022）。
#
# 用長度 5 到 12 的符號串訓練 2 層的模型，在長度 12 測量。光是從第 2 遍還沒出現的符號裡猜，也能猜中約 0.27（開頭不計）。1 層的模型就算訓練 2,000 步，平均也只有 0.35（教材附的紀錄，三個亂數種子是 0.11 到 0.53）。
#
# 預測：2 層的模型訓練 500 步，能答對多少？（0 到 1）

# %% key="context-train"
copier = induction.new(layers=2)
with torch.enable_grad():
    batches = induction.next_batch()
    training.train(copier, batches, induction.STEPS, induction.LEARNING_RATE, tell_loss=False)

# %% key="context-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

lengths = [6, 9, 12, 14, 16, 20]
copied = [induction.accuracy(copier, length) for length in lengths]
predict.compare(guess, copied[lengths.index(12)])

# %% key="context-heads" hide=true
made = results.load("induction")["runs"]
shallow = [list(run["accuracy"].values()) for run in made if run["layers"] == 1]
unused = [induction.chance(length)["unused"] for length in lengths]
seen_by = induction.attention(copier, 12)
grid = [[seen_by[name][layer].max().item() for name in ("previous", "target")] for layer in (0, 1)]

# %% key="context-figure" hide=true
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), width_ratios=[1.4, 1])
labels = T(
    ja="2層|1層（記録の平均）|まだ出ていない記号から選ぶ",
    zh_tw="2 層|1 層（紀錄的平均）|從還沒出現的符號裡猜",
).split("|")
curves = dict(zip(labels, (copied, charts.spread(shallow)[0], unused)))
for (label, y), style in zip(curves.items(), ("-o", "--s", ":")):
    left.plot(lengths, y, style, label=label, markevery=1)
left.axvline(12, color="black", linestyle=":")
x = T(ja="列の長さ（学習は12まで）", zh_tw="符號串的長度（訓練時最長 12）")
charts.frame(left, x, T(ja="正解率", zh_tw="正確率"), ylim=(0, 1.05))
left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2, frameon=False)
layers = T(ja="1層目|2層目", zh_tw="第 1 層|第 2 層").split("|")
columns = T(ja="1つ前|同じ記号の次", zh_tw="前一個|同一個符號的下一個").split("|")
figures.matrix(right, grid, rows=layers, columns=columns, vmin=0, vmax=1)
told, heads = (charts.listed(rows) for rows in (curves, dict(zip(layers, grid))))
about = T(
    ja="左は、列の長さ（6から20）ごとの正解率です。", zh_tw="左圖是各種長度（6 到 20）的正確率。"
)
about += told + T(
    ja="。右は、2層のモデルで、各層の最も強いヘッドが1つ前の記号と、前に同じ記号が出た場所の次に向けた重みです。",
    zh_tw="。右圖是 2 層的模型裡，每層最強的注意力頭放在前一個符號，以及同一個符號先前出現處的下一個的權重。",
)
figures.show(fig, about + heads)

# %% key="context-claim"
claims.check(
    "E42",
    {
        "two_layers": copied[lengths.index(12)],
        "one_layer": mean([run[lengths.index(12)] for run in shallow]),
        "previous": grid[0][0],
        "target": grid[1][1],
        "longer": copied[-1],
    },
)

# %% [markdown] key="context-after" lang="ja"
# 2層のモデルは、毎回違う列を、文脈から読んで続けました。右の図では、1層目のヘッドが1つ前の記号を、2層目のヘッドが「前に同じ記号が出た場所の、次」を参照しています。4節のように情報は層を重ねて運ばれ、1層目が各位置に「前は何だったか」を書き込み、2層目がそれを目印に探すと考えられます。1層には書き込んでから探す機会がありません。1層で解くには、2層より指数関数的に大きなモデルが必要だと証明されています（Sanford et al. 2024）。
#
# ただし、学習より長い列では正解率が下がり、大きなモデルの文脈内学習がすべてこの仕組みだとも限りません。

# %% [markdown] key="context-after" lang="zh-tw"
# 每次都不同的符號串，2 層的模型讀了上下文就能接下去。右圖提供了線索：第 1 層的注意力頭看前一個符號，第 2 層的注意力頭看「同一個符號先前出現處的下一個」。就像第 4 節那樣，資訊是一層接一層傳過去的：第 1 層應該是先在每個位置寫下「我前面是什麼」，第 2 層再拿它當線索去找。只有 1 層的模型，沒有機會先寫好線索再去找。而且已經有論文證明：只有 1 層的話，模型得比 2 層的大上指數級，才解得了這類題目（Sanford et al. 2024）。
#
# 不過，比訓練時長的符號串，正確率就會下降。大型模型的情境學習是不是全靠這個機制，從這個實驗也看不出來。

# %% [markdown] key="further-temperature" lang="ja" further=true
# ### さらにくわしく：温度とtop-pの効果

# %% [markdown] key="further-temperature" lang="zh-tw" further=true
# ### 更進一步：溫度與 top-p 的效果

# %% [markdown] key="temperature" lang="ja"
# 温度を0.1から3まで変えて200文ずつ書かせ、正しい文の割合と、異なる文の割合（重複を除いた数÷200）を比べます。次に、温度を1.6に上げたまま、確率の低いトークンだけを捨てます。

# %% [markdown] key="temperature" lang="zh-tw"
# 把溫度從 0.1 調到 3，每種溫度寫 200 句，比較正確句子的比例，以及不同句子的比例（去掉重複後的數量÷200）。接著讓溫度維持在 1.6，只丟掉機率低的詞元。


# %% key="temperature-measure"
def quality(count=200, **options):
    texts = decoder.sample(model, LANG, count, **options)
    return samples.judge(texts, LANG, known).share("valid")[0], len(set(texts)) / count


temperatures = [0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.3, 1.6, 2.0, 3.0]
curve = [quality(temperature=value) for value in temperatures]
valid_shares, distinct_shares = zip(*curve)
settings = {"-": {}, "top-k = 5": {"top_k": 5}, "top-p = 0.9": {"top_p": 0.9}}
filtered = {name: quality(temperature=1.6, **options) for name, options in settings.items()}

# %% key="temperature-code"
fig, ax = plt.subplots(figsize=(7, 3.6))
for y, label in (
    (valid_shares, T(ja="正しい文", zh_tw="正確的句子")),
    (distinct_shares, T(ja="異なる文", zh_tw="不同的句子")),
):
    errors = [corpus.standard_error(share, 200) for share in y]
    ax.errorbar(temperatures, y, errors, markevery=1, label=label)
x, y = T(ja="温度", zh_tw="溫度"), T(ja="割合", zh_tw="比例")
charts.frame(ax, x, y, log="x", ticks=temperatures, ylim=(0, 1.03))
ax.legend()
pairs = charts.listed({f"{t:g}": both for t, both in zip(temperatures, curve)}, marks=" ／、")
figures.show(
    fig,
    T(
        ja=f"横軸は温度（対数目盛り）、縦軸は割合、エラーバーは標準誤差です。温度、正しい文の割合／異なる文の割合の順に、{pairs}です。",
        zh_tw=f"橫軸是溫度（對數刻度），縱軸是比例，誤差線是標準誤。依序是溫度、正確句子的比例／不同句子的比例：{pairs}。",
    ),
)

# %% key="filters-code"
header = T(
    ja="残すトークン（温度1.6）|正しい文|異なる文",
    zh_tw="留下的詞元（溫度 1.6）|正確的句子|不同的句子",
)
rows = [[name, f"{valid:.2f}", f"{distinct:.2f}"] for name, (valid, distinct) in filtered.items()]
show.tabulate(header, rows)
assert valid_shares[0] > 0.9 > distinct_shares[0] and valid_shares[-1] < 0.3 < distinct_shares[-1]
assert filtered["top-p = 0.9"][0] > filtered["-"][0] + 0.2

# %% [markdown] key="filters-after" lang="ja"
# 温度を下げると貪欲法に近づき、文は正しくても同じものばかりになります。上げすぎると、どの文も異なる代わりに、正しい文が減ります。1回の確率は小さくても、20回ほど選ぶうちに、確率の低いトークンをどこかで1つは選んでしまうからです。top-pでそれを捨てると、多様さを保ったまま、正しい文が増えました。

# %% [markdown] key="filters-after" lang="zh-tw"
# 溫度調低就接近貪婪解碼，句子雖然正確，卻老是那幾句；調得太高，每句都不同，正確的卻變少：每次抽中低機率詞元的機會雖小，但一句要抽將近 20 次，總會抽中一次。用 top-p 把它們丟掉，就能在保有多樣性的同時，讓正確的句子變多。

# %% [markdown] key="further-llama" lang="ja" further=true
# ### さらにくわしく：Llama 3とGPT-4、公開モデル

# %% [markdown] key="further-llama" lang="zh-tw" further=true
# ### 更進一步：Llama 3 和 GPT-4，以及公開的模型

# %% [markdown] key="llama" lang="ja"
# Llama 3の設定は公開されています（読み方はレッスン02）。そこで、形状だけを記録する`meta`デバイスの上に8Bを作ってパラメータを数え、同じクラスの小さなモデルで、4節の実験をします。`causality.probe`に渡す名前を`"Qwen3ForCausalLM"`や`"BertLMHeadModel"`に変えれば、好きなモデルを調べられます。

# %% [markdown] key="llama" lang="zh-tw"
# Llama 3 的設定是公開的（讀法在第 02 課）。這裡在只記形狀的 `meta` 裝置上建立 8B 版，數參數，再用同類別的小模型做第 4 節的實驗。把傳給 `causality.probe` 的名稱換成 `"Qwen3ForCausalLM"` 或 `"BertLMHeadModel"`，就能檢查你喜歡的模型。

# %% key="llama-code"
from transformers import AutoConfig, LlamaForCausalLM

from helpers import blueprint

with torch.device("meta"):
    llama = LlamaForCausalLM(AutoConfig.for_model(**blueprint.config("llama-3-8b")))
parameters = training.parameter_count(llama)
print(type(llama).__name__, f"{parameters:,}")
print(*(name for name, _ in llama.model.layers[0].named_children()))
small_llama = causality.probe("LlamaForCausalLM")

# %% key="llama-claim"
claims.check(
    "C12",
    {"parameters": parameters, "past": small_llama.past, "later": small_llama.later},
)

# %% [markdown] key="llama-after" lang="ja"
# 交差注意はなく、過去の変化もちょうど0.0なので、Llama 3はデコーダー型です。一方、GPT-4の構造は公開されていません。技術報告書（OpenAI 2023、§2）は、次のように述べています。
#
# > GPT-4 is a Transformer-style model pre-trained to predict the next token in a document […] this report contains no further details about the architecture (including model size), hardware, training compute, dataset construction, training method, or similar.
#
# 「文書の次のトークンを予測するように事前学習した、Transformer型のモデル」とだけあり、構造の詳細は書かれていません。デコーダー型だと広く考えられていますが、確かめる方法はありません。

# %% [markdown] key="llama-after" lang="zh-tw"
# 裡面沒有交叉注意力，過去的變化也剛好是 0.0，所以 Llama 3 是 decoder-only。至於 GPT-4，官方並未公開架構。技術報告（OpenAI 2023，§2）是這樣寫的。
#
# > GPT-4 is a Transformer-style model pre-trained to predict the next token in a document […] this report contains no further details about the architecture (including model size), hardware, training compute, dataset construction, training method, or similar.
#
# 報告只說它是「預訓練來預測文件中下一個詞元的 Transformer 類模型」，沒有提供架構的細節。一般認為它是 decoder-only，但沒有辦法查證。

# %% [markdown] key="further-network" lang="ja"
# #### ネットワークがあれば、公開されているGPT-2で

# %% [markdown] key="further-network" lang="zh-tw"
# #### 有網路的話，用公開的 GPT-2 試試

# %% [markdown] key="network" lang="ja"
# このレッスンのモデルが書けるのは、小さな世界の文だけです。では、実際の文章で学習したGPT-2に続きを書かせると、5節で比べた書き方の違いは、どう表れるでしょうか。次のセルでは、同じ書き出しの続きを、貪欲法で1回、top-p（0.9）で3回書かせます。
#
# 使うのは、日本語の文章で学習した小さなGPT-2です。文字をトークンに分ける部分が、コースにないパッケージを使うので、先にコースのフォルダーから`python start.py real`を実行しておきましょう。そのうえで、次のセルの`network`を`True`に書き換えて実行すると、重みを最初の一度だけ取り寄せます。ネットワークがなければ、書き換えずに先へ進めます。

# %% [markdown] key="network" lang="zh-tw"
# 這一課的模型，只會寫小世界裡的句子。換成用真實文章訓練的 GPT-2，第 5 節比較過的寫法會有什麼差別？下一個儲存格從同樣的開頭，用貪婪解碼寫 1 次，用 top-p（0.9）寫 3 次。
#
# 這裡用的是中研院以繁體中文的文章訓練的小型 GPT-2，不需要其他套件（有些模型需要，先執行 `python start.py real` 就會裝好）。把下一個儲存格的 `network` 改成 `True` 再執行，就會下載權重，只需要下載一次。沒有網路的話，不改也可以直接往下讀。

# %% key="network-ask"
from helpers.models import real

#| ja: ネットワークを使うなら、Trueに書き換える
#| zh-tw: 要使用網路的話，請改成 True
network = False

text = T(ja="昔々、あるところに", zh_tw="從前從前，有一個")
answers = real.ask(T(ja="gpt2-ja", zh_tw="gpt2-zh"), text, network=network)

# %% [markdown] key="network-after" lang="ja"
# 貪欲法は何度実行しても同じ続きになり、同じ語句を繰り返しやすいことが報告されています（Holtzman et al. 2020）。手元の4つの続きでは、どうだったでしょうか。書き出しを変えたときも同じ傾向になるか、繰り返しの数を数えて比べてみましょう。文の形が整っていても、内容が正しいかどうかは別の問題です。このモデルが学習したのは、次に来やすいトークンだけだからです。

# %% [markdown] key="network-after" lang="zh-tw"
# 貪婪解碼不管執行幾次，接下去的內容都一樣；有研究指出，它還容易一再重複同樣的詞句（Holtzman et al. 2020）。你得到的這 4 段是不是這樣？換一個開頭，數數看重複的次數，再比較一次。就算句子的形式很像樣，內容對不對又是另一回事，因為這個模型學的只是「接下來可能出現哪個詞元」。

# %% [markdown] key="summary" lang="ja"
# ## 8. できるようになったこと
#
# - 次のトークンの確率から文の確率を求め、それで候補を比べられる（クイズの問1、2、3）
# - どのトークンの情報がどこまで届くかを、層をたどって説明できる（問4、5、6）
# - モデルが書いた文を、適切な基準と比べて評価できる（問7、8）

# %% [markdown] key="summary" lang="zh-tw"
# ## 8. 學會了什麼
#
# - 能從下一個詞元的機率求出句子的機率，並用它比較候選答案（小測驗第 1、2、3 題）
# - 能一層一層追查，說明某個詞元的資訊會傳到哪裡（第 4、5、6 題）
# - 能拿出適當的基準，評估模型寫的句子（第 7、8 題）

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 9. 演習問題
#
# [演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)では、文書を詰めた系列の損失、min-pサンプリング、貪欲法が見落とす文を見つけるビームサーチの1ステップを書きます。次は、[レッスン05](05_encoder_decoder.ipynb)です。

# %% [markdown] key="next" lang="zh-tw"
# ## 9. 練習題
#
# [練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)要動手寫的有：把多份文件接成一個序列時的損失、min-p 取樣，以及能找回貪婪解碼錯過的句子的集束搜尋（1 步）。之後請前往[第 05 課](05_encoder_decoder.ipynb)。
