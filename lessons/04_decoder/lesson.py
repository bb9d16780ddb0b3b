# %% [markdown] key="title" lang="ja"
# # デコーダー：続きを1トークンずつ書くGPT
#
# GPTは、文の続きを1トークンずつ書くモデルです。学習で解く問題は1つだけで、「次のトークンを当てる」ことです。このレッスンでは、小さな本物のGPT-2に文を書かせ、その文を正確な文法で採点します。そして、「前だけを見る」ことで何ができて、何ができないかを測ります。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | 次トークン予測の損失と、文の確率を、手で計算できる。「未来が見えない」ことを、どんなモデルでも調べられる。文を生成するコードを自分で書ける。因果マスクが制限するものとしないものを、測った数で説明できる |
# | 前提知識 | レッスン01と02の内容（アテンション、因果マスク、ブロック）、確率と対数、損失を下げて学習するという考え方 |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |
#
# 進め方は、これまでと同じく「予想する、実行する、比べる」です。`guess = None`の`None`を、自分の予想した数に書き換えてから実行しましょう。図や表を描くコードは、読み飛ばしてかまいません。

# %% [markdown] key="title" lang="zh-tw"
# # 解碼器：一次接一個詞元的 GPT
#
# GPT 會把句子接下去，一次寫一個詞元（token）。訓練時只做一種題目：「猜下一個詞元」。這一課要請一個真正的、但很小的 GPT-2 寫句子，用精確的文法批改，再測量「只看前面」做得到什麼、做不到什麼。
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能親手算出「猜下一個詞元」的損失與句子的機率；能檢查任何模型是不是「看不到未來」；能自己寫出產生句子的程式；能用實測的數字，說明因果遮罩限制了什麼、沒有限制什麼 |
# | 先備知識 | 第 01 課和第 02 課的內容（注意力、因果遮罩、區塊）、機率與對數，以及「降低損失就是訓練」的概念 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |
#
# 進行方式和前面一樣：「先猜、再執行、再比較」。請先把 `guess = None` 的 `None` 改成你猜的數字再執行。畫圖和做表格的程式碼可以跳過不看。

# %% key="imports"
import math
import random
import statistics
import time

import matplotlib.pyplot as plt
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from helpers import results
from helpers.classroom import claims, predict
from helpers.display import charts, figures, show
from helpers.instruments import causality
from helpers.models import checkpoints, decoder, encoder, encoder_decoder, induction, training
from helpers.world import corpus, samples, tokenizer
from helpers.world.corpus import LANGUAGES

#| ja: 勾配は、8節と12節の学習でだけ使う
#| zh-tw: 只有第 8 節和第 12 節的訓練會用到梯度
_ = torch.set_grad_enabled(False)
torch.set_num_threads(1)
figures.use(LANG)

# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# このレッスンで確かめるのは、元のページの次の部分です。
#
# > 2. デコーダー専用(GPT)
# > - メカニズム:自己回帰モデル。
# > - 動作特性:左から右への順次処理;前の文脈に基づいて次のトークンを厳密に予測する(因果マスキング)。
# > - 最適な用途:自然言語生成(NLG)や創造的な文章作成。これは、GPT-4やLlama 3などの現代の大規模言語モデル(LLM)の基盤となっています。
#
# 主張は4つあります。自己回帰であること（4節まで）、左から右へ前だけを見て処理すること（5節と6節）、生成に最適であること（7節から10節）、GPT-4とLlama 3がこの型であること（11節）です。

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# 這一課要檢驗的，是原網頁的這個部分。
#
# > 2. 僅解碼器(GPT)
# > - 機制:自回歸建模。
# > - 行為:從左到右處理;僅根據先前的上下文嚴格預測下一個詞元(因果遮蔽)。
# > - 最適合應用於:自然語言生成(NLG)與創意寫作。這正是現代大語言模型如 GPT-4 與 Llama 3 的基礎。
#
# 這裡有 4 個說法：模型是自迴歸（autoregressive）的（到第 4 節為止）；從左到右、只看前面（第 5 節和第 6 節）；最適合產生文字（第 7 節到第 10 節）；GPT-4 和 Llama 3 屬於這種架構（第 11 節）。

# %% [markdown] key="tokens" lang="ja"
# ## 1. 文をトークンの列にする
#
# このレッスンの文は、すべて小さな文法から作られます。誰が、いつ、どこで何をいくつどうしたかという出来事を、日本語と台湾華語で言う文法です。正しい文がすべてわかっているので、モデルが書いた文を正確に採点できます。
#
# 文字1つを、1つのトークンとします。さらに、3つの特殊トークンを付けます。`<s>`は始まり、`<ja>`と`<zh-tw>`は言語、`</s>`は終わりを表します。

# %% [markdown] key="tokens" lang="zh-tw"
# ## 1. 把句子變成一串詞元
#
# 這一課的句子都由一套小小的文法產生。這套文法用日文和台灣華語，說出同一件事：「誰、什麼時候、在哪裡、做了什麼、做了幾個」。因為所有正確的句子都已經知道，所以能精確批改模型寫的句子。
#
# 一個字元就是一個詞元，另外再加上 3 個特殊詞元（special token）：`<s>` 是開頭，`<ja>` 和 `<zh-tw>` 是語言，`</s>` 是結尾。

# %% key="tokens-code"
model, tokens = decoder.load(), decoder.TOKENIZER

event = corpus.Event("counted", person=0, place="P", time=0, object=0, number=1)
text = corpus.sentence(event, LANG).text
ids = tokens(tokenizer.tagged(text, LANG), return_tensors="pt").input_ids  # (1, n)

n = ids.size(1)
print(text)
print(" ".join(tokens.convert_ids_to_tokens(ids[0])))
print(T(ja=f"トークンの数：{n}", zh_tw=f"詞元數：{n}"))

# %% [markdown] key="model" lang="ja"
# `model`は、`transformers`の`GPT2LMHeadModel`です。構造は公開されているGPT-2と同じで、大きさだけを2層、幅64に縮めました。学習済みの重みを読み込んであります。元のページが挙げている型なので、GPTを使います。
#
# 出力は、位置ごとに1つのロジット（logits、softmax前のスコア）の列です。ある位置のロジットは、「次に来るトークン」の予測です。
#
# 予想：上の文は、次のトークンを当てる問題をいくつ含んでいるでしょうか。

# %% [markdown] key="model" lang="zh-tw"
# `model` 是 `transformers` 的 `GPT2LMHeadModel`，結構和公開的 GPT-2 相同，只是縮小成 2 層、寬度 64，並載入了訓練好的權重。原網頁舉的例子是 GPT，所以這裡也用 GPT。
#
# 模型在每個位置輸出一列 logits（softmax 前的分數）。某個位置的 logits，就是對「下一個詞元」的預測。
#
# 先猜猜看：上面的句子裡，「猜下一個詞元」的題目總共有幾題？

# %% key="model-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

logits = model(ids).logits  # (1, n, V)
print(
    T(
        ja=f"ロジットの形状：{tuple(logits.shape)}　パラメータ：{training.parameter_count(model):,}個",
        zh_tw=f"logits 的形狀：{tuple(logits.shape)}　參數：{training.parameter_count(model):,} 個",
    )
)
predict.compare(guess, n - 1, T(ja="問", zh_tw=" 題"))

# %% [markdown] key="model-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 最後の`</s>`のあとには何も来ないので、問題は $n - 1$ 個です。文にラベルを付ける人はいりません。文そのものが、問題と答えになります。
#
# </details>
#
# 各位置で、モデルがいちばん高い確率を付けたトークンを見てみましょう。

# %% [markdown] key="model-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 最後的 `</s>` 後面沒有東西了，所以題目有 $n - 1$ 題。不需要有人來標註答案：句子本身既是題目，也是答案。
#
# </details>
#
# 接著看看，模型在每個位置給哪個詞元的機率最高。

# %% key="next-token"
best = logits[0, :-1].softmax(-1).max(-1)
names = tokens.convert_ids_to_tokens(ids[0])
rows = []
for t in range(n - 1):
    likely, p = tokens.convert_ids_to_tokens([best.indices[t]])[0], best.values[t].item()
    rows.append(["".join(names[max(0, t - 5) : t + 1]), names[t + 1], likely, f"{p:.2f}"])
show.tabulate(
    T(
        ja="ここまで（最後の6トークン）|次のトークン|モデルの候補|その確率",
        zh_tw="到這裡為止（最後 6 個詞元）|下一個詞元|模型的首選|首選的機率",
    ),
    rows,
)

# %% [markdown] key="shift" lang="ja"
# 誰が、いつ、何をしたかは自由に選べるので、そこでは確率が分かれます。選べないところ、例えば動詞のあとの活用や文末では、確率が1に近くなります。
#
# ## 2. ラベルを1つずらして損失を計算する
#
# 損失は、正解のトークンに付けた確率の対数に、マイナスを付けて平均したものです（交差エントロピー）。位置 $t$ の正解は、位置 $t+1$ のトークンです。そこで、ロジットの最後の1つと、ラベルの最初の1つを捨てて、1つずらして並べます。長さの違う文をそろえる`[PAD]`は、数えません。
#
# 予想：まだ何も学習していないモデルは、281個のトークンにほぼ均等な確率を付けます。損失はいくつでしょうか（対数は自然対数）。

# %% [markdown] key="shift" lang="zh-tw"
# 誰、什麼時候、做了什麼，都可以自由選擇，所以在這些地方機率會分散。沒得選的地方，例如固定的字和句尾，機率就接近 1。
#
# ## 2. 把標籤錯開一格，算出損失
#
# 損失是「正確詞元的機率取對數、加上負號，再取平均」（交叉熵）。位置 $t$ 的正確答案，是位置 $t+1$ 的詞元。所以丟掉最後一個 logits 和第一個標籤，錯開一格再對齊。`[PAD]` 只是用來補齊不同長度的句子，不計算在內。
#
# 先猜猜看：還沒訓練的模型，對 281 個詞元給的機率幾乎相同。損失會是多少（取自然對數）？


# %% key="shift-loss"
def next_token_loss(logits, ids, real):
    """logits: (B, n, V)  ids: (B, n)  real: (B, n), 0 = [PAD]"""
    predicted, target, counts = logits[:, :-1], ids[:, 1:], real[:, 1:]
    logp = predicted.log_softmax(-1).gather(-1, target[..., None])[..., 0]  # (B, n - 1)
    return -(logp * counts).sum() / counts.sum()


# %% key="shift-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


training_rows = decoder.rows()
batch = decoder.next_batch(training_rows)()
untrained = decoder.new()
losses = {}
for name, net in (("untrained", untrained), ("trained", model)):
    out = net(**batch)
    mine = next_token_loss(out.logits, batch["input_ids"], batch["attention_mask"]).item()
    losses[name] = mine, out.loss.item()
    assert abs(mine - out.loss.item()) < 1e-4

predict.compare(guess, losses["untrained"][0])

# %% key="shift-print"
for name, (mine, theirs) in losses.items():
    print(f"{name:10} {mine:.6f}  transformers: {theirs:.6f}")

# %% [markdown] key="shift-after" lang="ja"
# 均等に当てる場合は $\log 281 \approx 5.64$ です。`transformers`の損失とも一致しました。`transformers`では、`labels`にずらしていない入力をそのまま渡します。ずらす処理は、モデルの中で行われます。自分でもずらすと、2つ先のトークンを当てる問題になってしまいます。よくある間違いです。
#
# 反対に、どこでもずらさないと、答えのトークンが入力に見えているので、写すだけの問題になります。損失は下がりますが、文は書けるようになりません。

# %% [markdown] key="shift-after" lang="zh-tw"
# 機率完全平均時是 $\log 281 \approx 5.64$。結果也和 `transformers` 的損失一致。使用 `transformers` 時，`labels` 直接放沒有錯開的輸入就好，錯開的動作由模型自己做。如果自己又錯開一次，就會變成猜後面第 2 個詞元，這是很常見的錯誤。
#
# 反過來，如果從頭到尾都沒有錯開，答案就在輸入裡看得到，題目變成照抄。損失雖然會下降，模型卻學不會寫句子。

# %% [markdown] key="chain" lang="ja"
# ## 3. 文の確率は、次のトークンの確率の積
#
# 自己回帰とは、文の確率を、次のトークンの確率の積として表すことです。
#
# $$p(x_1, \dots, x_n) = \prod_{t=2}^{n} p(x_t \mid x_1, \dots, x_{t-1})$$
#
# $x_1$ はいつも`<s>`なので、その確率は1です。対数を取ると、積は和になります。同じ値を、3つの方法で求めます。
#
# - 1トークンずつ：入力を1つずつ長くしながら、モデルを $n - 1$ 回実行する
# - 1回で：文全体を入力し、すべての位置の予測を一度に使う
# - `transformers`の損失から：損失は平均なので、 $-(n - 1)$ 倍する

# %% [markdown] key="chain" lang="zh-tw"
# ## 3. 句子的機率，是每個詞元的機率連乘
#
# 自迴歸的意思是：把句子的機率，寫成「下一個詞元的機率」的連乘積。
#
# $$p(x_1, \dots, x_n) = \prod_{t=2}^{n} p(x_t \mid x_1, \dots, x_{t-1})$$
#
# $x_1$ 一定是 `<s>`，所以機率是 1。取對數之後，乘積就變成總和。用下面 3 種方法求同一個值。
#
# - 一次一個詞元：輸入每次加長 1 個，把模型執行 $n - 1$ 次
# - 一次算完：輸入整個句子，同時使用所有位置的預測
# - 從 `transformers` 的損失換算：損失是平均，所以要乘上 $-(n - 1)$


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

print(f"{one_by_one:.5f}  {at_once:.5f}  {from_loss:.5f}")
print(
    T(ja=f"この文の確率：{math.exp(at_once):.3g}", zh_tw=f"這個句子的機率：{math.exp(at_once):.3g}")
)

# %% [markdown] key="chain-sum" lang="ja"
# 3つの値は、丸め誤差を除いて同じです。
#
# 確率であるからには、足すと合うはずです。途中までの列のうしろに、281個のトークンを1つずつ付けてみます。281通りの確率を合計すると、途中までの列の確率に戻るでしょうか。合計を、途中までの列の確率で割って確かめます。

# %% [markdown] key="chain-sum" lang="zh-tw"
# 3 個值相同（只差捨入誤差）。
#
# 既然是機率，加起來就應該吻合。取句子的前半段，在後面各接上 281 個詞元中的一個。把這 281 種機率加總，會等於前半段的機率嗎？用總和除以前半段的機率來確認。

# %% key="chain-sum-code"
vocabulary = torch.arange(len(tokens))[:, None]  # (V, 1)
prefix = ids[:, :8]
longer = torch.cat([prefix.expand(len(tokens), -1), vocabulary], 1)  # (V, 9)

total = log_probability(model, longer).exp().sum().item()
sum_ratio = total / log_probability(model, prefix).exp().item()
print(tokens.decode(prefix[0]), f"{sum_ratio:.6f}")

# %% [markdown] key="entropy" lang="ja"
# ## 4. 損失はどこまで下がるか
#
# 学習しても、損失は0になりません。昨日か明日か、本か梨かは、文法が自由に選ぶからです。選び方の数がわかっているので、限界を正確に計算できます。これが、文法のエントロピーです。どんなモデルでも、新しく作った文で測れば、文の損失（$-\log p$）の平均はエントロピーより小さくなりません。
#
# 単位はナット（nat、自然対数の単位）です。学習用の文のエントロピーは約11.68ナットで、およそ $e^{11.68} \approx 118{,}000$ 通りから均等に選ぶのと同じ散らばりです。
#
# 学習に使う文からは、「人と場所」の組み合わせの約5分の1を除いてあります。例えば、花子が市場にいる文は、学習に一度も出てきません。除いた組み合わせの文の損失も測ります。
#
# 予想：学習用の文法から新しく作った1,000文で測ると、このモデルの損失の平均は何ナットでしょうか。

# %% [markdown] key="entropy" lang="zh-tw"
# ## 4. 損失最低能降到多少？
#
# 再怎麼訓練，損失也不會變成 0。因為是昨天還是明天、是書還是梨子，都由文法自由選擇。選法有幾種是已知的，所以極限可以精確算出來，這就是文法的熵（entropy）。不管什麼模型，只要用新造的句子測量，句子的損失（$-\log p$）平均起來都不會比熵小。
#
# 單位是 nat（以自然對數計算）。訓練用句子的熵大約是 11.68 nat，相當於從 $e^{11.68} \approx 118{,}000$ 種可能裡平均選一種。
#
# 訓練用的句子裡，拿掉了大約 5 分之 1 的「人與地點」組合。例如，花子在市場的句子，訓練時從來沒有出現過。用拿掉的組合寫成的句子，也來測量損失。
#
# 先猜猜看：用訓練用的文法新造 1,000 個句子來測量，這個模型的平均損失是多少 nat？


# %% key="entropy-losses"
def sentence_losses(model, split, count=1000):
    #| ja: 新しく作った文の -log p（ナット）。両方の言語 → (2 * count,)
    #| zh-tw: 新造句子的 -log p（nat），兩種語言都有 → (2 * count,)
    rng = random.Random(1)
    drawn = [corpus.draw(rng, split) for _ in range(count)]
    told = {lang: [corpus.sentence(e, lang).text for e in drawn] for lang in LANGUAGES}
    return -torch.cat([decoder.log_probability(model, told[lang], lang) for lang in LANGUAGES])


def mean_and_error(values):
    return values.mean().item(), values.std().item() / math.sqrt(len(values))


# %% key="entropy-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


floor = corpus.entropy("train")
seen, seen_error = mean_and_error(sentence_losses(model, "train"))
unseen, unseen_error = mean_and_error(sentence_losses(model, "test"))
predict.compare(guess, seen, T(ja="ナット", zh_tw=" nat"))

# %% key="entropy-claim"
print(
    T(
        ja=f"文法のエントロピー {floor:.2f}　モデル {seen:.2f} ± {seen_error:.2f}　除いた組み合わせ {unseen:.2f} ± {unseen_error:.2f}（ナット、±は標準誤差）",
        zh_tw=f"文法的熵 {floor:.2f}　模型 {seen:.2f} ± {seen_error:.2f}　拿掉的組合 {unseen:.2f} ± {unseen_error:.2f}（nat，± 是標準誤差）",
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

# %% [markdown] key="entropy-after" lang="ja"
# モデルの損失は、エントロピーよりわずかに大きいだけです。差は、モデルがまだ文法と違うところの大きさです（カルバック・ライブラー情報量と呼びます）。
#
# 除いた組み合わせの文では、損失が大きく増えました。文法としては正しい文なのに、モデルは「一度も見なかった組み合わせは、起こりにくい」と学んだからです。このことは、8節でもう一度出てきます。

# %% [markdown] key="entropy-after" lang="zh-tw"
# 模型的損失只比熵大一點點。這個差距，就是模型和文法還不一樣的程度（叫做 KL 散度）。
#
# 拿掉的組合所寫成的句子，損失增加很多。這些句子在文法上是正確的，但模型學到的是「從來沒看過的組合，不太會發生」。這件事在第 8 節還會再出現一次。

# %% [markdown] key="causal" lang="ja"
# ## 5. 未来を変えると、過去は変わるか
#
# 3節では、文全体を1回入力するだけで、すべての位置の予測が正しく求まりました。それが許されるのは、どの位置の予測も、それよりうしろのトークンに影響されないときだけです。影響されるなら、答えを見ながら当てていることになります。
#
# 予想：8番目のトークンだけを書き換えます。出力が変わる位置は、いくつあるでしょうか（トークンの数 $n$ は、1節で表示しました）。

# %% [markdown] key="causal" lang="zh-tw"
# ## 5. 改動未來，過去會變嗎？
#
# 第 3 節只輸入一次整個句子，就求出了所有位置的預測。能這樣做，前提是每個位置的預測都不受後面的詞元影響；否則就等於看著答案在猜。
#
# 先猜猜看：只改動第 8 個詞元，會有幾個位置的輸出改變？（詞元數 $n$ 在第 1 節印出來了。）

# %% key="causal-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

changed = ids.clone()
#| ja: 8番目のトークン
#| zh-tw: 第 8 個詞元
changed[0, 7] = tokens.convert_tokens_to_ids("山")
difference = (model(changed).logits - model(ids).logits).abs().amax(-1)[0]  # (n,)

past_change = difference[:7].max().item()
predict.compare(guess, int((difference > 0).sum()))

# %% key="causal-print"
print([f"{value:.2g}" for value in difference.tolist()])

# %% [markdown] key="probe" lang="ja"
# 7番目までの変化は、ちょうど0です。因果マスクでは、未来のスコアを $-\infty$ にするので、重みは正確に0になります（レッスン01の9節）。
#
# `causality.influence`は、この実験をどんなモデルにも行う道具です。ランダムな12個のトークンを1つずつ書き換え、12か所の出力の変化を全部測ります。4つの場合を調べます。
#
# - このレッスンのGPT-2
# - 同じGPT-2に、1つ先のトークンまで見えるマスクを渡したもの（わざと作った失敗）
# - レッスン03のBERT
# - レッスン05のT5のデコーダー
#
# 予想：2番目では、どの層も「1つ先まで」見えます。層は2つあります。最後の出力には、何トークン先までの影響が届くでしょうか。

# %% [markdown] key="probe" lang="zh-tw"
# 到第 7 個為止，變化都剛好是 0。因果遮罩把未來的分數設成 $-\infty$，權重就會是精確的 0（第 01 課第 9 節）。
#
# `causality.influence` 這個工具，可以對任何模型做這個實驗。它把 12 個隨機的詞元逐一改動，再測量 12 個位置的輸出各變了多少。這裡檢查 4 種情形。
#
# - 這一課的 GPT-2
# - 同一個 GPT-2，但遮罩看得到後面 1 個詞元（故意做錯的）
# - 第 03 課的 BERT
# - 第 05 課的 T5 的解碼器
#
# 先猜猜看：在第 2 種情形裡，每一層都看得到「後面 1 個」，而且總共有 2 層。最後的輸出，會受到後面第幾個詞元為止的影響？

# %% key="probe-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
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
    T(ja="GPT-2、1つ先が見えるマスク", zh_tw="GPT-2，看得到後面 1 個"): leaky,
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
        ja=f"列のトークンを書き換えたとき、行の出力が変われば●、変化がちょうど0.0なら×です。144マスのうち●の数は、{counts}です。GPT-2とT5のデコーダーでは、右上の三角形がすべて×です。1つ先が見えるマスクでは、2つ先まで●があります。BERTでは、すべて●です。",
        zh_tw=f"改動直行的詞元時，橫列的輸出有變就是 ●，變化剛好是 0.0 就是 ×。144 格裡 ● 的數量：{counts}。GPT-2 和 T5 的解碼器，右上三角形全是 ×；看得到後面 1 個的遮罩，● 一直延伸到後面第 2 個；BERT 則全是 ●。",
    ),
)

# %% [markdown] key="probe-after" lang="ja"
# 1つ先が見える層を2つ重ねると、2つ先まで見えます。マスクを1つずらす間違いだけで、層を重ねるほど未来が漏れます。このまま学習させると、答えを見ながら当てるので、損失はかえって小さくなります。損失だけを見ていると、気づけません。
#
# BERTですべてが●になるのは、失敗ではありません。前後の両方を見るのが、エンコーダーの役目です。ただし、そのままでは「次のトークンを当てる」学習はできません。
#
# 好きなモデルでも調べられます。`causality.probe`に`transformers`のクラスの名前を渡すと、ランダムな重みの小さなモデルを作って調べます。名前を`"LlamaForCausalLM"`、`"MistralForCausalLM"`、`"BertLMHeadModel"`などに変えて、実行してみましょう。

# %% [markdown] key="probe-after" lang="zh-tw"
# 把看得到後面 1 個的層疊 2 層，就看得到後面第 2 個。遮罩只要錯開一格，疊的層數越多，未來就漏得越多。如果就這樣訓練，模型等於看著答案猜，損失反而變小；只看損失，是發現不了的。
#
# BERT 全是 ●，並不是出錯：同時看前後文，正是編碼器的工作。只是這樣就不能直接拿來訓練「猜下一個詞元」。
#
# 也可以檢查你喜歡的模型：把 `transformers` 的類別名稱傳給 `causality.probe`，就會建立一個權重隨機的小模型來檢查。請把名稱換成 `"LlamaForCausalLM"`、`"MistralForCausalLM"`、`"BertLMHeadModel"` 等等，再執行看看。

# %% key="probe-any"
causality.probe("Qwen3ForCausalLM").verdict

# %% [markdown] key="parallel" lang="ja"
# ## 6. 学習は並列、生成は逐次
#
# 元のページは「左から右への順次処理」と書いています。これは、半分だけ正しい説明です。
#
# - 学習：文はもう全部あるので、1回の実行で、すべての位置の予測を同時に計算できる
# - 生成：次のトークンは、前のトークンを書くまで存在しないので、1トークンに1回、実行するしかない
#
# 2つの計算が同じ予測になることを確かめます。同じ文を、1回で計算した場合と、入力を1トークンずつ長くして $n$ 回計算した場合とで、ロジットを比べます。同じことをBERTでも行います。
#
# 予想：並列の計算では、モデルは $n$ トークン分を1回で計算します。逐次の計算では、$n$ 回を合わせて、何トークン分を計算するでしょうか（$n$ は1節で表示しました）。

# %% [markdown] key="parallel" lang="zh-tw"
# ## 6. 訓練可以平行，產生只能依序
#
# 原網頁說「從左到右處理」，這只對了一半。
#
# - 訓練：句子已經全部都有了，所以執行 1 次模型，就能同時算出所有位置的預測
# - 產生：前一個詞元寫出來之前，後一個還不存在，所以每個詞元都得執行 1 次
#
# 接著確認兩種計算的預測相同。同一個句子，一種是一次算完，一種是輸入每次加長 1 個詞元、計算 $n$ 次，再比較 logits。對 BERT 也做同樣的事。
#
# 先猜猜看：平行計算時，模型 1 次就算完 $n$ 個詞元。依序計算時，$n$ 次加起來總共要算幾個詞元？（$n$ 在第 1 節印出來了。）


# %% key="parallel-ways"
def in_parallel(model, ids):
    return model(ids).logits[0]  # (n, V)


def in_sequence(model, ids):
    return torch.stack([model(ids[:, :t]).logits[0, -1] for t in range(1, ids.size(1) + 1)])


# %% key="parallel-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


sizes = []
hook = model.register_forward_pre_hook(lambda _, inputs: sizes.append(inputs[0].numel()))
in_sequence(model, ids)
hook.remove()
predict.compare(guess, sum(sizes), T(ja="トークン分", zh_tw=" 個詞元"))


# %% key="parallel-fastest"
def fastest(compute, model, ids, repeats=5):
    #| ja: 秒。最初の1回は準備運動なので、数えない
    #| zh-tw: 秒；第 1 次是暖身，不計算在內
    seconds = []
    for _ in range(1 + repeats):
        started = time.perf_counter()
        compute(model, ids)
        seconds.append(time.perf_counter() - started)
    return min(seconds[1:])


# %% key="parallel-gaps"
gaps = {}
for name, net in (("GPT-2", model), ("BERT", encoder.load())):
    gaps[name] = (in_parallel(net, ids) - in_sequence(net, ids)).abs().max().item()
    fast, slow = (1000 * fastest(compute, net, ids) for compute in (in_parallel, in_sequence))
    print(
        T(
            ja=f"{name}　ロジットの差の最大値 {gaps[name]:.2g}　並列（1回） {fast:.1f}ミリ秒　逐次（{n}回） {slow:.1f}ミリ秒",
            zh_tw=f"{name}　logits 的最大差距 {gaps[name]:.2g}　平行（1 次）{fast:.1f} 毫秒　依序（{n} 次）{slow:.1f} 毫秒",
        )
    )

# %% key="parallel-claim"
claims.check(
    "C10",
    {
        "past_change": past_change,
        "probe_past": ours.past,
        "t5_past": t5.past,
        "leaky_past": leaky.past,
        "bert_past": bert.past,
        "parallel_gap": gaps["GPT-2"],
        "bert_gap": gaps["BERT"],
    },
)

# %% [markdown] key="parallel-after" lang="ja"
# GPT-2では、2つの計算は丸め誤差の範囲で一致しました（長さの違う計算どうしなので、ちょうど0.0にはなりません）。BERTでは一致しません。前の位置の出力も、うしろのトークンに影響されるからです。
#
# 逐次の計算は、実行が $n$ 回で、計算するトークンは $1 + 2 + \cdots + n = n(n+1)/2$ 個分です。同じトークンを、何度も計算し直しています。この2つの数は、どの機械でも同じです。一方、上の時間は目安にすぎません。ほかのプログラムが動いていると、時間の比は何倍も変わります。
#
# 前の位置の結果は変わらないので、保存して使い回せば、1回につき新しいトークン1つの計算で済みます。これがKVキャッシュ（KV cache）です。KVキャッシュを扱うレッスンで、くわしく調べます。それでも、実行の回数は減りません。

# %% [markdown] key="parallel-after" lang="zh-tw"
# 對 GPT-2 來說，兩種計算一致，只差捨入誤差（因為長度不同，所以不會剛好是 0.0）。對 BERT 來說就不一致，因為前面位置的輸出也會受後面的詞元影響。
#
# 依序計算要執行 $n$ 次，總共算 $1 + 2 + \cdots + n = n(n+1)/2$ 個詞元，同樣的詞元一再重算。這兩個數在任何機器上都一樣。相對地，上面的時間只能當參考：如果同時有其他程式在執行，時間的倍數可能差上好幾倍。
#
# 既然前面位置的結果不會變，就可以存起來重複使用，每次只要算 1 個新的詞元。這就是 KV 快取（KV cache），介紹 KV 快取的那一課會仔細研究。不過，執行的次數還是不會減少。

# %% [markdown] key="generate" lang="ja"
# ## 7. 生成のループを手で書く
#
# 生成は、短いループで書けます。最後の位置のロジットから次のトークンを選び、列に付け、`</s>`が出るまで繰り返します。選び方は2つ試します。
#
# - 貪欲法（greedy decoding）：いちばん確率の高いトークンを選ぶ
# - サンプリング：モデルの確率どおりに、くじを引く

# %% [markdown] key="generate" lang="zh-tw"
# ## 7. 親手寫產生句子的迴圈
#
# 產生句子，只需要一個短短的迴圈：從最後一個位置的 logits 選出下一個詞元，接到後面，一直重複到出現 `</s>` 為止。選法試兩種。
#
# - 貪婪解碼（greedy decoding）：選機率最高的詞元
# - 取樣（sampling）：照模型的機率抽籤


# %% key="generate-code"
def generate(model, ids, pick, most=40):
    """ids: (1, n)  pick: (V,) → token  → (1, n + what was written)"""
    for _ in range(most):
        logits = model(ids).logits[0, -1]  # (V,)
        ids = torch.cat([ids, pick(logits).view(1, 1)], 1)
        if ids[0, -1] == tokens.eos_token_id:
            break
    return ids


# %% key="generate-pick"
def greedy(logits):
    return logits.argmax()


def sampled(logits, temperature=1.0):
    return torch.multinomial((logits / temperature).softmax(-1), 1)


def start_of(lang, text=""):
    #| ja: うしろに付く終わりのトークンを取る
    #| zh-tw: 去掉自動加在後面的結尾詞元
    return tokens(tokenizer.tagged(text, lang), return_tensors="pt").input_ids[:, :-1]


# %% key="generate-write"
torch.manual_seed(0)
for pick in (greedy, sampled):
    for _ in range(3):
        written = generate(model, start_of(LANG), pick)
        print(f"{pick.__name__:8}", tokens.decode(written[0], skip_special_tokens=True))

# %% [markdown] key="generate-check" lang="ja"
# 貪欲法では、何度実行しても同じ文になります。`transformers`の`generate`と同じトークンが並ぶことも、いくつかの書き出しで確かめましょう。

# %% [markdown] key="generate-check" lang="zh-tw"
# 貪婪解碼不管執行幾次，都會寫出同樣的句子。再用幾個不同的開頭，確認寫出的詞元和 `transformers` 的 `generate` 相同。

# %% key="generate-check-code"
rng = random.Random(0)
beginnings = []
for lang in LANGUAGES:
    told = [corpus.sentence(corpus.draw(rng), lang).text for _ in range(5)]
    beginnings += [start_of(lang)] + [start_of(lang, text[:5]) for text in told]

for start in beginnings:
    theirs = model.generate(
        start, attention_mask=torch.ones_like(start), do_sample=False, max_new_tokens=40
    )
    assert generate(model, start, greedy).equal(theirs)
print(T(ja=f"{len(beginnings)}個の書き出しすべてで一致", zh_tw=f"{len(beginnings)} 個開頭全部一致"))

# %% [markdown] key="train" lang="ja"
# ## 8. 学習させて、書いた文を採点する
#
# 何も知らないモデルを、300ステップだけ学習させます（10秒から20秒）。途中で文を書かせ、文法で採点します。次の3つの割合を数えます。
#
# - 正しい：書いた文のうち、文法に合うものの割合。一字でも違えば数えない
# - 新しい：正しい文のうち、学習用の文にないものの割合
# - 未知の組：正しい文のうち、学習から除いた「人と場所」の組み合わせを含むものの割合
#
# 最後に、ずっと長く（6,195ステップ）学習させた`model`と比べます。
#
# 予想：文法どおりに書けば、未知の組の割合は約0.20です。長く学習させたモデルでは、いくつになるでしょうか。

# %% [markdown] key="train" lang="zh-tw"
# ## 8. 訓練模型，批改它寫的句子
#
# 讓一個什麼都不會的模型只訓練 300 步（10 到 20 秒）。途中請它寫句子，用文法批改，計算下面 3 種比例。
#
# - 正確：寫出的句子裡，符合文法的比例；錯 1 個字就不算
# - 新句子：正確的句子裡，訓練資料中沒有的比例
# - 沒看過的組合：正確的句子裡，含有訓練時拿掉的「人與地點」組合的比例
#
# 最後再和訓練久得多（6,195 步）的 `model` 比較。
#
# 先猜猜看：如果完全照著文法寫，「沒看過的組合」的比例大約是 0.20。訓練很久的模型會是多少？

# %% key="train-look"
known = set(tokens.batch_decode(training_rows, skip_special_tokens=True))
stages, written = {}, {}


def look(step, model, count=200):
    texts = {lang: decoder.sample(model, lang, count) for lang in LANGUAGES}
    stages[step] = samples.both(samples.judge(texts[lang], lang, known) for lang in LANGUAGES)
    written[step] = texts[LANG][0]


def after_step(step):
    if step in (100, 200, 300):
        look(step, student)


# %% key="train-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

student = decoder.new()
look(0, student)
with torch.enable_grad():
    run = training.train(
        student, decoder.next_batch(training_rows), 300, decoder.LEARNING_RATE, after_step
    )
final = checkpoints.card()["decoder"]["steps"]
look(final, model, 500)

unseen_share = stages[final].share("unseen")[0]
predict.compare(guess, unseen_share)


# %% key="train-grammar"
def shown(share, error):
    return "-" if math.isnan(share) else f"{share:.3f} ± {error:.3f}"


#| ja: 学習用の文法から引いた文。乱数シードは、学習用の文（0）と変える
#| zh-tw: 從訓練用的文法抽出的句子；亂數種子和訓練資料（0）不同
rng = random.Random(1)
drawn = [corpus.draw(rng, "train") for _ in range(500)]
told = {lang: [corpus.sentence(e, lang).text for e in drawn] for lang in LANGUAGES}
grammar = samples.both(samples.judge(told[lang], lang, known) for lang in LANGUAGES)

# %% key="train-table" show=true
measures = ("valid", "new", "unseen")
header = T(
    ja="ステップ|正しい|新しい|未知の組|書いた文の例",
    zh_tw="步數|正確|新句子|沒看過的組合|寫出的句子（例）",
)
rows = [
    [f"{step:,}", *(shown(*judged.share(name)) for name in measures), written[step]]
    for step, judged in stages.items()
]
by_grammar = T(ja="文法から引く", zh_tw="從文法抽")
rows.append([by_grammar, *(shown(*grammar.share(name)) for name in measures), told[LANG][0]])
show.tabulate(header, rows)
assert stages[300].valid > stages[100].valid

# %% key="train-figure"
fig, ax = plt.subplots(figsize=(7.5, 3.8))
steps = [step for step, judged in stages.items() if judged.valid >= samples.FEW]
labels = T(ja="正しい|新しい|未知の組", zh_tw="正確|新句子|沒看過的組合").split("|")
plotted = {}
for name, label in zip(measures, labels):
    plotted[label], errors = zip(*(stages[step].share(name) for step in steps))
    ax.errorbar(range(len(steps)), plotted[label], errors, capsize=3, markevery=1, label=label)
exact = math.exp(corpus.entropy("test") - corpus.entropy())
pairs = T(ja="文法での、未知の組の割合", zh_tw="文法裡「沒看過的組合」的比例")
ax.axhline(exact, color="black", linestyle=":", label=pairs)
x, y = T(ja="学習のステップ数", zh_tw="訓練步數"), T(ja="割合", zh_tw="比例")
charts.frame(ax, x, y, ticks=dict(enumerate(map("{:,}".format, steps))), ylim=(0, 1.02))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))

series = charts.listed(plotted, marks="：、。")
figures.show(
    fig,
    T(
        ja=f"横軸は学習のステップ数（{'、'.join(map(str, steps))}）、縦軸は割合、エラーバーは標準誤差です。{series}。文法での未知の組の割合は{exact:.2f}です。",
        zh_tw=f"橫軸是訓練步數（{'、'.join(map(str, steps))}），縱軸是比例，誤差線是標準誤差。{series}。文法裡「沒看過的組合」的比例是 {exact:.2f}。",
    ),
)

# %% [markdown] key="train-after" lang="ja"
# 学習が進むと、正しい文の割合が上がります。正しい文の多くは、学習用の文のどれとも違います。それがどれくらい多いのかは、表の最後の行と比べればわかります。学習用の文法から新しく文を引いても、約1割は学習用の文と同じになります。長く学習させたモデルの割合は、これとほとんど変わりません。学習用の文を丸暗記しているなら、この割合は0になるはずです。「-」は、数えられる文が少なすぎて、割合を出せないところです。
#
# おもしろいのは、未知の組です。学習の途中では、文法と同じくらいの割合で書きます。人と場所を、別々の部品として組み合わせていると考えられます。ところが、長く学習させると、ほとんど書かなくなります。学習データにない組み合わせを「ないもの」として覚えたのです。損失を下げるという目標からは、これが正解です。「新しい文を書ける」ことと「学習データの範囲を越える」ことは、別のことです。

# %% [markdown] key="train-after" lang="zh-tw"
# 訓練越久，正確句子的比例越高。正確的句子大多和訓練資料裡的任何一句都不同。這樣算不算多，和表格的最後一列比較就知道：就算從訓練用的文法重新抽句子，也有約 1 成和訓練資料的句子相同。訓練很久的模型，比例和它幾乎一樣；如果是死背，這個比例應該是 0。「-」表示可以計算的句子太少，算不出比例。
#
# 有意思的是「沒看過的組合」。訓練到一半時，出現的比例和文法差不多，模型應該是把人和地點當成各自獨立的零件來組合。可是訓練久了，就幾乎不再出現：模型記住了哪些組合從來沒在訓練資料裡出現過，把它們當成「不存在」。以降低損失為目標的話，這才是正確答案。「寫得出新句子」和「超出訓練資料的範圍」是兩回事。

# %% [markdown] key="temperature" lang="ja"
# ## 9. 温度、top-k、top-p
#
# サンプリングでは、確率を少し変形してから引くことがよくあります。
#
# - 温度（temperature）$\tau$：ロジットを $\tau$ で割ってからsoftmaxを計算する。小さいほど、確率の高いトークンに集中する
# - top-k：確率の高い $k$ 個だけを残す
# - top-p：確率の高い順に足していき、合計が $p$ に届くまでのトークンだけを残す
#
# まず、温度を0.1から3まで変えて、文を200個ずつ書かせます。正しい文の割合と、異なる文の割合（重複を除いた数÷200）を比べます。

# %% [markdown] key="temperature" lang="zh-tw"
# ## 9. 溫度、top-k、top-p
#
# 取樣時，常常先把機率調整一下再抽。
#
# - 溫度（temperature）$\tau$：先把 logits 除以 $\tau$，再計算 softmax。越小，就越集中在機率高的詞元
# - top-k：只留下機率最高的 $k$ 個
# - top-p：從機率最高的開始累加，只留下加總到 $p$ 為止的詞元
#
# 先把溫度從 0.1 調到 3，每種溫度寫 200 個句子，比較正確句子的比例，以及不同句子的比例（去掉重複後的數量÷200）。


# %% key="temperature-measure" hide=true
def quality(count=200, **options):
    texts = decoder.sample(model, LANG, count, **options)
    return samples.judge(texts, LANG, known).share("valid")[0], len(set(texts)) / count


temperatures = [0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.3, 1.6, 2.0, 3.0]
curve = [quality(temperature=value) for value in temperatures]
valid_shares, distinct_shares = zip(*curve)

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
        zh_tw=f"橫軸是溫度（對數刻度），縱軸是比例，誤差線是標準誤差。依序是溫度、正確句子的比例／不同句子的比例：{pairs}。",
    ),
)
assert valid_shares[0] > 0.9 > distinct_shares[0] and valid_shares[-1] < 0.3 < distinct_shares[-1]

# %% [markdown] key="filters" lang="ja"
# 温度が低いと、文は正しくても、同じ文ばかりになります。温度が高いと、どの文も異なりますが、正しい文になりません。温度を上げたまま、確率の低いトークンだけを捨てるとどうなるでしょうか。温度は1.6にそろえます。

# %% [markdown] key="filters" lang="zh-tw"
# 溫度低，句子雖然正確，卻老是同樣的句子；溫度高，每句都不同，卻不成句子。如果溫度維持很高，只丟掉機率低的詞元，會怎樣呢？溫度都固定在 1.6。

# %% key="filters-code"
settings = {"-": {}, "top-k = 5": {"top_k": 5}, "top-p = 0.9": {"top_p": 0.9}}
results = {name: quality(temperature=1.6, **options) for name, options in settings.items()}
header = T(ja="残すトークン|正しい文|異なる文", zh_tw="留下的詞元|正確的句子|不同的句子")
rows = [[name, f"{valid:.2f}", f"{distinct:.2f}"] for name, (valid, distinct) in results.items()]
show.tabulate(header, rows)
assert results["top-p = 0.9"][0] > results["-"][0] + 0.2

# %% [markdown] key="filters-after" lang="ja"
# 失敗の多くは、確率の低いトークンを1つ引いたことから始まります。1回の確率は小さくても、20回ほど引くうちに、どこかで当たってしまいます。確率の低いトークンを捨てると、多様さを保ったまま、正しい文が増えます。
#
# 次の図では、書き出しと設定を自由に変えて、次のトークンの確率を見られます。書き出しは、言語のトークンから始めます。

# %% [markdown] key="filters-after" lang="zh-tw"
# 多數的失敗，都是從抽到 1 個機率很低的詞元開始的。單獨一次的機率雖小，但抽了 20 次左右，總會在某處抽中。把機率低的詞元丟掉，就能在維持變化的同時，讓正確的句子變多。
#
# 在下面的圖裡，可以自由改變開頭和設定，觀察下一個詞元的機率。開頭要從語言的詞元寫起。

# %% key="sampling-explorer"
from helpers.widgets import SamplingExplorer

beginning = T(ja="昨日、健太は公園で", zh_tw="健太昨天在公園")
SamplingExplorer(model, tokens, text=tokenizer.tagged(beginning, LANG))

# %% [markdown] key="blank" lang="ja"
# ## 10. 右側の手がかりは、本当に使えないのか
#
# 元のページは、デコーダー型の用途として生成だけを挙げています。文の理解、例えば穴埋めはできないのでしょうか。次の文の空欄（＿）に入るのは助数詞で、手がかりの名詞は空欄の右にあります。

# %% [markdown] key="blank" lang="zh-tw"
# ## 10. 右邊的線索，真的用不到嗎？
#
# 原網頁列出的解碼器用途，只有產生文字。那麼，它做不到理解句子，例如填空（克漏字）嗎？下面句子的空格（＿）要填量詞，線索是空格右邊的名詞。

# %% key="blank-code"
told = corpus.sentence(event._replace(kind="definite"), LANG)
candidates = corpus.candidates(LANG, "counter")
print(told.filled("counter", "＿"), T(ja="　正解：", zh_tw="　正解："), told.answer("counter"))

candidate_ids = tokens.convert_tokens_to_ids(list(candidates))
next_p = model(start_of(LANG, told.left("counter"))).logits[0, -1].softmax(-1)
one_pass = dict(zip(candidates, next_p[candidate_ids].tolist()))
for candidate, p in sorted(one_pass.items(), key=lambda item: -item[1])[:5]:
    print(candidate, f"{p:.3f}")

# %% [markdown] key="blank-after" lang="ja"
# 左から右への1回の計算では、空欄の予測に右側の名詞は入りません。だから、確率は分かれたままです。
#
# しかし、3節で見たように、このモデルは文全体の確率も計算できます。そこで、候補を1つずつ入れた文を全部作り、文全体の確率を比べます。候補のうしろに来る名詞が合わなければ、名詞のところで確率が下がるはずです。これを再スコアリング（rescoring）と呼びます。

# %% [markdown] key="blank-after" lang="zh-tw"
# 從左到右計算 1 次時，空格的預測不包含右邊的名詞，所以機率一直是分散的。
#
# 不過，第 3 節看過，這個模型也能算出整個句子的機率。那就把每個候選字都填進去，造出所有的句子，再比較整句的機率。如果後面的名詞和候選字不搭，機率應該會在名詞那裡變低。這叫做重新評分（rescoring）。

# %% key="rescore-code"
filled = [tokenizer.tagged(told.filled("counter", c), LANG) for c in candidates]
whole = log_probability(model, tokens(filled, return_tensors="pt").input_ids)  # (candidates,)
rescored = dict(zip(candidates, whole.softmax(0).tolist()))
for candidate, p in sorted(rescored.items(), key=lambda item: -item[1])[:5]:
    print(candidate, f"{p:.4f}", f"log p = {whole[candidates.index(candidate)].item():.2f}")
assert max(rescored, key=rescored.get) == told.answer("counter")

# %% [markdown] key="cells" lang="ja"
# 同じ重みのまま、正解に確率が集まりました。学習し直してはいません。
#
# これを、手がかりが右にある13種類の空欄で行います。それぞれ200文、人と場所は学習から除いた組み合わせだけです。次の4つの正解率を比べます。
#
# - いつも同じ答え：文を見ずに、いちばんよく当たる候補をいつも選ぶ。これが、この空欄のチャンスレベル（偶然の水準）
# - 1回の計算：空欄の左だけから選ぶ
# - 上限：空欄の左だけから選ぶときに、理論上できる最高の正解率。文法から正確に計算した値
# - 再スコアリング：文全体の確率がいちばん高い候補を選ぶ
#
# 予想：再スコアリングの正解率は、13種類の平均でいくつになるでしょうか。

# %% [markdown] key="cells" lang="zh-tw"
# 權重完全沒變，也沒有重新訓練，機率卻集中到正解上了。
#
# 接著對線索在右邊的 13 種空格都這樣做。每種 200 句，人與地點只用訓練時拿掉的組合。比較下面 4 種正確率。
#
# - 永遠同一個答案：不看句子，永遠選最常對的那個候選字，也就是這種空格的隨機水準（chance level）
# - 計算 1 次：只看空格左邊來選
# - 上限：只看空格左邊時，理論上能達到的最高正確率，由文法精確算出
# - 重新評分：選整句機率最高的候選字
#
# 先猜猜看：重新評分的正確率，13 種平均會是多少？


# %% key="cells-graded"
def graded(answer):
    return corpus.grade(lambda events, slot, lang: answer(model, events, slot, lang), side="right")


def mean(shares):
    return sum(shares) / len(shares)


def always_the_same(slot, kind, lang):
    #| ja: 文を見ない答えで、いちばん高い正解率。文法から正確に計算する
    #| zh-tw: 不看句子時最高的正確率，由文法精確算出
    told = [(event, weight) for event, weight in corpus.events() if event.kind == kind]
    right = [
        sum(weight * corpus.chance(event, slot, lang, c) for event, weight in told)
        for c in corpus.candidates(lang, slot)
    ]
    return max(right) / sum(weight for _, weight in told)


# %% key="cells-shares"
single = graded(decoder.guesses)
multiple = graded(decoder.rescored)
ceilings = {cell: corpus.ceiling(*cell) for cell in single}
blind = {cell: always_the_same(*cell) for cell in single}
passes = [len(corpus.candidates(lang, slot)) for slot, _, lang in single]

# %% key="cells-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None


kinds = dict(zip(corpus.KINDS, T(ja="基本 数量 主題 全部", zh_tw="基本 數量 主題 全部").split()))
for kind, name in kinds.items():
    example = event._replace(kind=kind, number=None if kind == "plain" else 1)
    print(name, *(corpus.sentence(example, lang).text for lang in LANGUAGES))
predict.compare(guess, mean(multiple.values()))

# %% key="cells-figure"
slots = dict(zip(corpus.SLOTS, T(ja="動詞 助数詞 時の語", zh_tw="動詞 量詞 時間詞").split()))
languages = dict(zip(LANGUAGES, T(ja="日本語 台湾華語", zh_tw="日文 台灣華語").split()))
names = [f"{slots[slot]}、{kinds[kind]}、{languages[lang]}" for slot, kind, lang in single]

fig, ax = plt.subplots(figsize=(8, 5.2))
y = range(len(names))
errors = [corpus.standard_error(share, 200) for share in single.values()]
ax.errorbar(
    list(single.values()),
    y,
    xerr=errors,
    fmt="o",
    capsize=3,
    markevery=1,
    label=T(ja="1回の計算", zh_tw="計算 1 次"),
)
ax.plot(
    list(blind.values()),
    y,
    "kx",
    markevery=1,
    label=T(ja="いつも同じ答え", zh_tw="永遠同一個答案"),
)
ax.plot(
    list(ceilings.values()), y, "k|", markersize=14, markevery=1, label=T(ja="上限", zh_tw="上限")
)
ax.plot(
    list(multiple.values()), y, "s", markevery=1, label=T(ja="再スコアリング", zh_tw="重新評分")
)
ax.set_yticks(y, names)
ax.invert_yaxis()
ax.set(xlabel=T(ja="正解率", zh_tw="正確率"), xlim=(0, 1.05))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plotted = zip(blind.values(), single.values(), ceilings.values(), multiple.values())
lines = charts.listed(dict(zip(names, plotted)))
figures.show(
    fig,
    T(
        ja=f"縦軸は空欄の種類（空欄、文の形、言語）、横軸は正解率、エラーバーは標準誤差です。1回の計算（丸）は上限（縦線）の近くに、再スコアリング（四角）は右端にあります。時の語では、いつも同じ答え（×）が上限と重なります。順に、いつも同じ答え、1回の計算、上限、再スコアリングです。{lines}。",
        zh_tw=f"縱軸是空格的種類（空格、句型、語言），橫軸是正確率，誤差線是標準誤差。計算 1 次（圓點）都在上限（直線）附近，重新評分（方塊）都在右端。時間詞的「永遠同一個答案」（×）和上限重疊。依序是永遠同一個答案、計算 1 次、上限、重新評分：{lines}。",
    ),
)

# %% key="cells-claim"
print(
    T(
        ja=f"1つの空欄に必要な文の数：1回の計算では1、再スコアリングでは{min(passes)}から{max(passes)}",
        zh_tw=f"每個空格要計算的句子數：計算 1 次是 1，重新評分是 {min(passes)} 到 {max(passes)}",
    )
)
#| ja: 左にも手がかりが少しある空欄。ほかの8種類では、上限が「いつも同じ答え」と等しい
#| zh-tw: 左邊也有一點線索的空格；其餘 8 種的上限就等於「永遠同一個答案」
telling = [cell for cell in single if ceilings[cell] > blind[cell] + 1e-9]
claims.check(
    "C11",
    {
        "valid": stages[final].share("valid")[0],
        "new": stages[final].share("new")[0],
        "blind": mean([blind[cell] for cell in telling]),
        "one_pass": mean([single[cell] for cell in telling]),
        "ceiling": mean([ceilings[cell] for cell in telling]),
        "rescored": mean(multiple.values()),
    },
)

# %% [markdown] key="cells-after" lang="ja"
# 時の語の8種類では、上限は0.25です。候補は4つで、左に手がかりがまったくないので、いつも同じ答えでも0.25は当たります。この8種類では、学習したモデルと何も知らないモデルを区別できません。区別できるのは、左にも手がかりが少しある、動詞と助数詞の5種類です。いつも同じ答えなら平均0.20、1回の計算は0.27、上限は0.29でした。
#
# つまり、1回の計算は、左の手がかりをほぼ使いきっていますが、上限は超えられません。図で上限を少し超える点は、200文だけで測ったための誤差です。因果マスクが制限するのは、この「1回の計算」です。モデルが知っていることではありません。同じモデルが、文全体を見れば、助数詞も時制も知っていました。
#
# その代わり、計算は候補の数だけ増えます。空欄が2つになれば、候補の数は掛け算で増えます。エンコーダーなら、1回で済みます（レッスン03）。大規模なデコーダー型は、「次の文の空欄に入る語を答えてください」のように、手がかりを先に並べて、答えを最後に書かせます。これなら手がかりはすべて左にあるので、1回の計算でも使えます。

# %% [markdown] key="cells-after" lang="zh-tw"
# 時間詞的 8 種，上限是 0.25：候選字有 4 個，左邊完全沒有線索，所以永遠寫同一個答案也能對 0.25。用這 8 種，分不出訓練過的模型和什麼都不會的模型。分得出來的，是左邊也有一點線索的動詞和量詞，共 5 種：永遠同一個答案平均是 0.20，計算 1 次是 0.27，上限是 0.29。
#
# 可見計算 1 次時，幾乎用盡了左邊的線索，但不可能超過上限。圖中略高於上限的點，是只用 200 句測量而產生的誤差。因果遮罩限制的，是這種「計算 1 次」的做法，不是模型知道的東西。同一個模型，只要看整個句子，量詞和時態它都知道。
#
# 代價是：候選字有幾個，就要多算幾句。空格變成 2 個時，候選的組合會相乘。編碼器只要計算 1 次（第 03 課）。大型的解碼器則會把線索全部放在前面，例如「請回答下面句子的空格要填什麼」，讓答案寫在最後。這樣線索都在左邊，計算 1 次也用得到。

# %% [markdown] key="llama" lang="ja"
# ## 11. 本物のLLMの設計図を読む
#
# 元のページは、GPT-4とLlama 3をこの型の例に挙げています。Llama 3の構造は公開されています。次のセルの数は、Llama 3 8Bの設定ファイル（`config.json`、2024年4月公開）の値です。層やヘッドの数は、論文（Llama Team 2024、§3.2、表3）にも書かれています。
#
# 80億個のパラメータをメモリに置く必要はありません。`meta`デバイスでは、テンソルは形状だけを持ち、中身を持ちません。
#
# 予想：パラメータ1つを2バイト（bfloat16）で保存すると、全部で何GiBになるでしょうか（1 GiB = $2^{30}$ バイト）。

# %% [markdown] key="llama" lang="zh-tw"
# ## 11. 讀真正的 LLM 的設計圖
#
# 原網頁把 GPT-4 和 Llama 3 當作這種架構的例子。Llama 3 的結構是公開的。下面儲存格裡的數字，是 Llama 3 8B 設定檔（`config.json`，2024 年 4 月公開）的值；層數和注意力頭的數量，論文（Llama Team 2024，§3.2，表 3）裡也有。
#
# 不必把 80 億個參數放進記憶體。在 `meta` 裝置上，張量只有形狀，沒有內容。
#
# 先猜猜看：每個參數用 2 個位元組（bfloat16）儲存，總共是多少 GiB？（1 GiB = $2^{30}$ 個位元組）

# %% key="llama-config"
config = LlamaConfig(
    vocab_size=128_256,
    hidden_size=4096,
    intermediate_size=14_336,
    num_hidden_layers=32,
    num_attention_heads=32,
    num_key_value_heads=8,
)
with torch.device("meta"):
    llama = LlamaForCausalLM(config)
assert all(p.is_meta for p in llama.parameters())

# %% key="llama-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

parameters = training.parameter_count(llama)
predict.compare(guess, 2 * parameters / 2**30, " GiB")

# %% key="llama-print"
print(f"{parameters:,}")

# %% [markdown] key="llama-parts" lang="ja"
# 部品ごとの内訳も数えます。`self_attn`はアテンション、`mlp`はフィードフォワード層、`lm_head`はロジットを作る行列です。エンコーダーも、交差注意もありません。

# %% [markdown] key="llama-parts" lang="zh-tw"
# 再數一數每種零件各占多少。`self_attn` 是注意力，`mlp` 是前饋網路，`lm_head` 是算出 logits 的矩陣。裡面沒有編碼器，也沒有交叉注意力。

# %% key="llama-parts-code"
parts = {"embed_tokens": 0, "self_attn": 0, "mlp": 0, "norm": 0, "lm_head": 0}
for name, parameter in llama.named_parameters():
    parts[next(part for part in parts if part in name)] += parameter.numel()
header = T(ja="部品|パラメータ|割合", zh_tw="零件|參數|比例")
rows = [[part, f"{count:,}", f"{count / parameters:.1%}"] for part, count in parts.items()]
show.tabulate(header, rows)

# %% key="llama-claim"
small_llama = causality.probe("LlamaForCausalLM")
claims.check(
    "C12",
    {
        "parameters": parameters,
        "mlp_share": parts["mlp"] / parameters,
        "past": small_llama.past,
        "later": small_llama.later,
    },
)

# %% [markdown] key="llama-after" lang="ja"
# Llama 3 8Bのパラメータは、8,030,261,248個です。同じクラスで作った小さなモデルの因果性も、確かめました。フィードフォワード層が全体の約7割を占め、アテンションは2割に届きません。
#
# 一方、GPT-4の構造は公開されていません。技術報告書（OpenAI 2023、§2）には、次のように書かれています。
#
# > GPT-4 is a Transformer-style model pre-trained to predict the next token in a document […] this report contains no further details about the architecture (including model size), hardware, training compute, dataset construction, training method, or similar.
#
# 「文書の次のトークンを予測するように事前学習した、Transformer型のモデル」とあります。しかし、構造については、大きさも含めて、それ以上の情報を載せていません。デコーダー型だと広く考えられていますが、確かめる方法はありません。このコースで実際のモデルの数が必要なときは、Llama 3など、設定が公開されているモデルを使います。

# %% [markdown] key="llama-after" lang="zh-tw"
# Llama 3 8B 的參數有 8,030,261,248 個；用同一個類別建立的小模型，也確認符合因果。前饋網路占了全部的 7 成左右，注意力不到 2 成。
#
# 至於 GPT-4，官方並未公開架構。技術報告（OpenAI 2023，§2）是這樣寫的。
#
# > GPT-4 is a Transformer-style model pre-trained to predict the next token in a document […] this report contains no further details about the architecture (including model size), hardware, training compute, dataset construction, training method, or similar.
#
# 報告只說它是「預訓練來預測文件中下一個詞元的 Transformer 類模型」；至於架構，連同模型大小在內，沒有提供更多細節。一般認為它是 decoder-only（僅含解碼器），但沒有辦法查證。這門課需要真實模型的數字時，會使用 Llama 3 等公開設定的模型。

# %% [markdown] key="context" lang="ja"
# ## 12. 文脈から学ぶ：1層と2層
#
# GPT-3の論文（Brown et al. 2020）は、重みを変えずに、プロンプトに並べた例から答え方をつかめることを示しました。これを、文脈内学習（in-context learning）と呼びます。その部品の1つを、自分で学習させてみましょう。
#
# 問題は、ランダムな記号の列を2回続けて読ませ、2回目を当てさせることです。記号の並びは毎回違うので、重みに覚えておくことはできません。「前に同じ記号が出たとき、次に何が来たか」を、文脈の中から見つけるしかありません。これをする仕組みを、誘導ヘッド（induction head）と呼びます（Olsson et al. 2022）。
#
# 学習では、長さ5から12の列を使います。1層のモデルと2層のモデルを学習させ、長さ12で比べます。列に出た12種類からでたらめに選べば、$1/12$ で約0.08です。1つの列の記号はすべて違うので、2回目にまだ出ていない記号から選べば、平均で約0.27まで上がります。文脈から順番を読んでいると言えるのは、これを超えたときです。
#
# 予想：2層のモデルの正解率を、0から1の数で書きましょう。1層ではどうなるかも、考えてみましょう。

# %% [markdown] key="context" lang="zh-tw"
# ## 12. 從上下文學習：1 層與 2 層
#
# GPT-3 的論文（Brown et al. 2020）指出：不改變權重，模型也能從提示裡的例子抓到回答的方式，這叫做情境學習（in-context learning）。這裡就親手訓練其中的一個零件。
#
# 題目是：把一串隨機的符號連續讀 2 遍，並猜出第 2 遍的內容。符號的順序每次都不同，所以沒辦法記在權重裡，只能在上下文裡找出「前面出現同一個符號時，後面接的是什麼」。做這件事的機制叫做歸納頭（induction head，Olsson et al. 2022）。
#
# 訓練用長度 5 到 12 的符號串。分別訓練 1 層和 2 層的模型，在長度 12 比較。從串裡出現過的 12 種亂猜，是 $1/12$，大約 0.08。同一串的符號都不重複，所以只從第 2 遍還沒出現的符號裡猜，平均可以到大約 0.27。要超過這個值，才能說它從上下文讀出了順序。
#
# 先猜猜看：2 層模型的正確率是多少？請寫 0 到 1 之間的數字，也想一想 1 層會怎樣。

# %% key="context-train"
copiers = {}
for layers in (1, 2):
    copiers[layers], batches = induction.new(layers), induction.next_batch()
    with torch.enable_grad():
        training.train(copiers[layers], batches, induction.STEPS, induction.LEARNING_RATE)

# %% key="context-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你猜的數字
guess = None

lengths = [6, 9, 12, 14, 16, 20]
copied = {
    layers: [induction.accuracy(model, n) for n in lengths] for layers, model in copiers.items()
}
predict.compare(guess, copied[2][lengths.index(12)])

# %% key="context-others" hide=true
made_before = [
    r for r in results.load("induction")["runs"] if (r["layers"], r["steps"]) == (1, 2400)
]
longer = [statistics.mean(run["accuracy"][str(n)] for run in made_before) for n in lengths]
by_chance = {name: [induction.chance(n)[name] for n in lengths] for name in ("unused", "any")}

# %% key="context-heads" hide=true
seen = {layers: induction.attention(model, 12) for layers, model in copiers.items()}
labels, grid = [], []
for layers in (1, 2):
    for layer in range(layers):
        labels.append(
            T(ja=f"{layers}層モデルの{layer + 1}層目", zh_tw=f"{layers} 層模型的第 {layer + 1} 層")
        )
        grid.append([seen[layers][name][layer].max().item() for name in ("previous", "target")])

# %% key="context-figure" hide=true
fig, (left, mid) = plt.subplots(1, 2, figsize=(11, 3.8), width_ratios=[1.2, 1])
for layers, values in copied.items():
    left.plot(lengths, values, label=T(ja=f"{layers}層", zh_tw=f"{layers} 層"))
left.plot(lengths, longer, "--", label=T(ja="1層、2,400ステップ", zh_tw="1 層，2,400 步"))
at_random = {
    T(ja="まだ出ていない記号から選ぶ", zh_tw="從還沒出現的符號裡猜"): by_chance["unused"],
    T(ja="列の記号から選ぶ", zh_tw="從串裡的符號裡猜"): by_chance["any"],
}
charts.lines(left, lengths, at_random, linestyle=":", color="grey", marker="")
left.axvline(12, color="black", linestyle=":")
x = T(ja="列の長さ（学習は12まで）", zh_tw="符號串的長度（訓練到 12 為止）")
charts.frame(left, x, T(ja="正解率", zh_tw="正確率"), ylim=(0, 1.05))
left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2, frameon=False)
columns = T(ja="1つ前|次の位置", zh_tw="前一個|下一個位置").split("|")
figures.matrix(mid, grid, rows=labels, columns=columns, vmin=0, vmax=1)
curves = zip(*copied.values(), longer, *by_chance.values())
told = charts.listed(dict(zip(lengths, curves)), marks=" ／、")
heads = charts.listed(dict(zip(labels, grid)), marks=" ／、")
figures.show(
    fig,
    T(
        ja=f"左は、列の長さと正解率です。破線は1層を2,400ステップ学習させた記録、点線は選ぶだけで当たる割合です。長さ、1層／2層／1層（2,400ステップ）／まだ出ていない記号から選ぶ／列の記号から選ぶの順に、{told}。右は、各層でいちばん強いヘッドの重みの平均です（1なら、その位置だけを見ています）。「1つ前」は直前の記号、「次の位置」は、前に同じ記号が出た場所の次です。1つ前／次の位置の順に、{heads}。",
        zh_tw=f"左圖是符號串的長度與正確率。虛線是 1 層訓練 2,400 步的紀錄，點線是光用猜的就會中的比例。依序是長度、1 層／2 層／1 層（2,400 步）／從還沒出現的符號裡猜／從串裡的符號裡猜：{told}。右圖是每一層最強的注意力頭的平均權重（1 表示只看那個位置）。「前一個」是緊接在前面的符號，「下一個位置」是前面出現同一個符號處的下一個。依序是前一個／下一個位置：{heads}。",
    ),
)

# %% key="context-check" hide=true
two_layers, one_layer = (copied[layers][lengths.index(12)] for layers in (2, 1))
assert two_layers > 0.8 and one_layer < by_chance["unused"][lengths.index(12)]
assert copied[2][-1] < 0.5
assert grid[2][1] > 0.4 > grid[0][1]

# %% [markdown] key="context-after" lang="ja"
# 長さ12で、2層のモデルはほぼ全部当てました。1層のモデルは、同じ600ステップでは、まだ出ていない記号から選ぶ割合（上の点線）を超えません。ステップ数を2,400に増やした記録（破線、3つのシードの平均。`python -m helpers.results.induction`で作り直せます）では、学習した長さでその割合に並ぶか、少し超えました（長さ12では0.27、0.30、0.46）。それでも、2層には遠く及びません。学習不足のせいだけではなさそうです。1層では、2層に比べて指数関数的に大きくしない限り、この種の問題を解けないことが証明されています（Sanfordほか2024、arXiv:2408.14332、要旨）。
#
# 2層のモデルがどう解いているかは、右の図が手がかりになります。2層のモデルでは、1層目のヘッドが「1つ前の記号」を見て、2層目のヘッドが「前に同じ記号が出た場所の、次」を見ています。1層目が「自分の前は何だったか」を各位置に書き込み、2層目がそれを手がかりに探していると考えられます。
#
# ただし、学習より長い列では、急に当たらなくなります。規則を完全に理解したのではなく、学習した長さの範囲で動く仕組みを身につけたのです。また、この実験はデコーダー型で行いましたが、「デコーダー型だけが文脈から学べる」ことは示していません。小さなモデルの1つの部品を見ただけなので、大きなモデルの文脈内学習がすべてこの仕組みによるとも言えません。

# %% [markdown] key="context-after" lang="zh-tw"
# 符號串長度是 12 時，2 層的模型幾乎全部答對。1 層的模型用同樣的 600 步訓練，沒有超過從還沒出現的符號裡猜的比例（上面的點線）。步數增加到 2,400 的紀錄（虛線，3 個亂數種子的平均；用 `python -m helpers.results.induction` 可以重做），在訓練過的長度和那個比例差不多，或稍微超過（長度 12 是 0.27、0.30、0.46），但還是遠不如 2 層。看來不只是訓練不夠。已經有論文證明：只有 1 層的話，除非比 2 層大上指數倍，否則解不了這類題目（Sanford 等人 2024，arXiv:2408.14332，摘要）。
#
# 2 層的模型怎麼解題，右圖提供了線索。在 2 層的模型裡，第 1 層的注意力頭看「前一個符號」，第 2 層的注意力頭看「前面同一個符號的下一個位置」。第 1 層先在每個位置寫下「我前面是什麼」，第 2 層應該就是拿它當線索去找。
#
# 不過，符號串比訓練時長，就突然答不對了。它並不是完全理解了規則，而是學會了在訓練過的長度範圍內有效的機制。另外，這個實驗用的是 decoder-only 模型，但並沒有證明「只有 decoder-only 能從上下文學習」；這也只是小模型裡的一個零件，不能說大型模型的情境學習全都是這樣。

# %% [markdown] key="summary" lang="ja"
# ## 13. まとめ
#
# | 元のページの主張 | 実験でわかったこと |
# |---|---|
# | 自己回帰モデルである | 正しい。次のトークンの確率の積が、文の確率になる。損失は文法のエントロピーの近くまで下がり、それより小さくはならない |
# | 左から右への順次処理で、前の文脈から次を予測する | 見るのは前だけで、未来を変えたときの過去の変化はちょうど0.0。ただし、順次なのは生成で、学習は1回の実行で全位置を計算する |
# | 生成に最適 | 生成はできる。正しい文は9割を超え、多くは新しい文。ただし、学習から除いた組み合わせはほとんど書かない。文全体を採点すれば、右側の手がかりも使える |
# | GPT-4やLlama 3の基盤 | Llama 3は公開された設定どおり。GPT-4の構造は非公開 |

# %% [markdown] key="summary" lang="zh-tw"
# ## 13. 整理
#
# | 原網頁的說法 | 我們實測的結果 |
# |---|---|
# | 機制是自迴歸 | 正確。把下一個詞元的機率連乘，就是句子的機率。損失會降到接近文法的熵，但不會比它小 |
# | 從左到右處理，根據前面的上下文預測下一個 | 的確只看前面：改動未來，過去的變化剛好是 0.0。不過依序的只有產生；訓練時執行 1 次就算完所有位置 |
# | 最適合產生文字 | 能產生文字：正確的句子超過 9 成，而且大多是新句子。但訓練時拿掉的組合幾乎不會寫。只要替整句評分，右邊的線索也用得到 |
# | GPT-4 和 Llama 3 的基礎 | Llama 3 有公開的設定可查；GPT-4 的架構並未公開 |

# %% [markdown] key="quiz-text" lang="ja"
# ## 14. 確認クイズ
#
# 成績には関係しません。間違えた選択肢の説明も読んでみましょう。

# %% [markdown] key="quiz-text" lang="zh-tw"
# ## 14. 小測驗
#
# 不列入成績。選錯的選項也有說明，不妨讀一讀。

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 15. 演習問題
#
# 続きは[演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)で練習しましょう。文書を詰めた系列の損失、min-pサンプリング、ビームサーチの1ステップを、自分で書きます。

# %% [markdown] key="next" lang="zh-tw"
# ## 15. 練習題
#
# 接著到[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)動手寫：把多份文件接在一起時的損失、min-p 取樣，以及集束搜尋的 1 步。
