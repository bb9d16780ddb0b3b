# %% [markdown] key="title" lang="ja"
# # 演習03：穴埋めのその先へ
#
# レッスン03の考え方を使い、実際に使われている3つの手法を書きます。答えはレッスンにも補助モジュールにもない、一歩進んだ問題です。
#
# | 課題 | 内容 | 配点 |
# |---|---|---|
# | `mask_words` | 単語をまるごと隠すマスク（whole word masking） | 3 |
# | `pseudo_log_likelihood` | エンコーダーで、文のもっともらしさを採点する | 3 |
# | `entities` | タグの列から、名前の範囲を取り出す | 3 |
# | 記述 | エンコーダーについての意見を検討する | 4 |
#
# 目安は60分です。`raise NotImplementedError`の行を消して、そこにコードを書きましょう。すぐ下の確認セルを実行すると、「未完成」「おしい」「正解」のどれかとヒントが表示されます。コードが途中で止まったときは、エラーの内容が表示されます。提出後の採点では、別の入力でも確かめます。

# %% [markdown] key="title" lang="zh-tw"
# # 練習 03：克漏字的下一步
#
# 運用第 03 課學到的想法，動手寫出 3 種實際使用的方法。答案不在課文裡，也不在輔助模組裡：每一題都要再往前想一步。
#
# | 題目 | 內容 | 配分 |
# |---|---|---|
# | `mask_words` | 把整個詞一起遮住（whole word masking） | 3 |
# | `pseudo_log_likelihood` | 用編碼器替句子的通順程度評分 | 3 |
# | `entities` | 從一串標記中取出名字的範圍 | 3 |
# | 問答題 | 評論一段關於編碼器的意見 | 4 |
#
# 大約需要 60 分鐘。請刪掉 `raise NotImplementedError` 那一行，把程式碼寫在那裡，再執行緊接在下面的檢查儲存格，就會看到「尚未作答」、「還差一點」或「答對了」，以及小提示。程式執行到一半出錯時，會顯示錯誤內容。繳交後批改時，還會用別的輸入再檢查一次。

# %% key="imports"
import torch

from helpers.classroom import check
from helpers.models import encoder
from helpers.world import tokenizer

torch.set_num_threads(1)

# %% [markdown] key="whole-text" lang="ja"
# ## 課題1：`mask_words`（3点）
#
# 「公園」の「園」だけを隠すと、「公」を見ればほとんど当たります。これでは、離れた手がかりを使う練習になりません。そこで、BERTの新しい版は、単語のトークンをまるごと隠すようにしました（whole word masking）。
#
# 次の入力から、モデルへの入力`inputs`と正解`labels`を、この順のタプルで返してください。どちらも形状は`(B, T)`、dtypeは`torch.int64`です。
#
# - `ids`：トークンの番号、`(B, T)`
# - `word_of`：各トークンが、その文の何番目の単語に入るか（0から）、`(B, T)`。特殊トークンとパディングは-1
# - `draws`：単語ごとの乱数（0以上1未満）、`(B, W)`。`W`は、いちばん単語の多い文の単語の数
# - `rate`：隠す割合。乱数が`rate`より小さい単語を、まるごと隠す
# - `mask_id`：`[MASK]`の番号
#
# 隠した位置の`inputs`は`mask_id`、`labels`は元の番号にします。隠さない位置の`inputs`は元の番号、`labels`は-100です。-1の位置は、決して隠しません。80/10/10の置き換えは、ここでは行いません。
#
# 例：`word_of`が`[-1, 0, 0, 1, -1]`、`draws`が`[0.1, 0.9]`、`rate`が0.15なら、2番目と3番目のトークンを隠します。

# %% [markdown] key="whole-text" lang="zh-tw"
# ## 第 1 題：`mask_words`（3 分）
#
# 只遮住「公園」的「園」，看到「公」幾乎就猜得到，練習不到怎麼使用遠處的線索。所以後來的 BERT 版本，改成把一個詞的詞元全部遮住（whole word masking）。
#
# 請根據下面的資料，用 tuple 依序回傳 `inputs`（模型的輸入）和 `labels`（正確答案）。形狀都是 `(B, T)`，dtype 都是 `torch.int64`。
#
# - `ids`：詞元的編號，`(B, T)`
# - `word_of`：每個詞元屬於句子裡的第幾個詞（從 0 開始），`(B, T)`。特殊詞元和填補（padding）是 -1
# - `draws`：每個詞的亂數（大於或等於 0、小於 1），`(B, W)`。`W` 是詞最多的句子的詞數
# - `rate`：遮住的比例。亂數小於 `rate` 的詞，整個遮住
# - `mask_id`：`[MASK]` 的編號
#
# 遮住的位置，`inputs` 是 `mask_id`，`labels` 是原本的編號；沒遮住的位置，`inputs` 是原本的編號，`labels` 是 -100。-1 的位置一律不遮。這裡不做 80/10/10 的替換。
#
# 例如：`word_of` 是 `[-1, 0, 0, 1, -1]`，`draws` 是 `[0.1, 0.9]`，`rate` 是 0.15，就遮住第 2 個和第 3 個詞元。


# %% key="whole" task="mask_words"
def mask_words(ids, word_of, draws, rate, mask_id):
    """ids, word_of: (B, T) int64  draws: (B, W) → inputs, labels (B, T) int64"""
    ### BEGIN SOLUTION
    #| ja: 特殊トークンの-1は、いったん0に直してから引き、あとで除く
    #| zh-tw: 特殊詞元的 -1 先改成 0 再查，最後再排除
    draw = draws.gather(1, word_of.clamp_min(0))
    hidden = (draw < rate) & (word_of >= 0)
    return ids.masked_fill(hidden, mask_id), ids.masked_fill(~hidden, -100)
    ### END SOLUTION


# %% key="whole-check" points=3
with check.task("mask_words"):
    ids = torch.tensor([[2, 31, 32, 40, 51, 52, 3], [2, 60, 61, 62, 70, 3, 0]])
    word_of = torch.tensor([[-1, 0, 0, 1, 2, 2, -1], [-1, 0, 0, 0, 1, -1, -1]])
    draws = torch.tensor([[0.1, 0.9, 0.8], [0.7, 0.05, 0.9]])
    #| ja: 隠す単語は、1つ目の文では31と32、2つ目の文では70
    #| zh-tw: 遮住的詞，第 1 句是 31 和 32，第 2 句是 70
    want_inputs = torch.tensor([[2, 4, 4, 40, 51, 52, 3], [2, 60, 61, 62, 4, 3, 0]])
    want_labels = torch.full((2, 7), -100)
    want_labels[0, 1], want_labels[0, 2], want_labels[1, 4] = 31, 32, 70
    inputs, labels = check.unpack(mask_words(ids, word_of, draws, 0.15, 4), 2)
    check.equal(
        inputs == 4,
        want_inputs == 4,
        hint=T(
            ja="1つの単語のトークンは、全部隠すか、全部見せるかのどちらかです。乱数は、どの単語のものでしょうか。",
            zh_tw="同一個詞的詞元，不是全部遮住，就是全部看得到。亂數是屬於哪一個詞的？",
        ),
    )
    check.equal(
        inputs,
        want_inputs,
        hint=T(
            ja="隠さなかった位置の入力が、元の番号と違います。",
            zh_tw="沒有遮住的位置，輸入和原本的編號不同。",
        ),
    )
    check.equal(
        labels,
        want_labels,
        hint=T(
            ja="入力は合っています。損失を計算するのは、どの位置でしょうか。",
            zh_tw="輸入是對的。要在哪些位置計算損失？",
        ),
    )
    last = torch.tensor([[0.9, 0.9, 0.01], [0.9, 0.9, 0.01]])
    inputs, labels = mask_words(ids, word_of, last, 0.15, 4)
    check.that(
        (inputs == ids)[word_of < 0].all() and (labels == -100)[word_of < 0].all(),
        hint=T(
            ja="最後の単語の乱数が小さいとき、特殊トークンまで隠れています。-1は、何番目として読まれたでしょうか。",
            zh_tw="最後一個詞的亂數很小時，連特殊詞元也被遮住了。-1 被當成第幾個了？",
        ),
    )

    ### BEGIN HIDDEN TESTS
    def one_at_a_time(ids, word_of, draws, rate, mask_id):
        T(
            ja="""同じことを、トークンを1つずつ見て行う""",
            zh_tw="""同樣的事，一個詞元一個詞元做""",
        )
        inputs, labels = ids.tolist(), [[-100] * len(row) for row in ids.tolist()]
        for b, row in enumerate(word_of.tolist()):
            for t, word in enumerate(row):
                if word >= 0 and draws[b, word].item() < rate:
                    labels[b][t], inputs[b][t] = inputs[b][t], mask_id
        return torch.tensor(inputs), torch.tensor(labels)

    for seed, rate in ((1, 0.15), (2, 0.5), (3, 1.0), (4, 0.0)):
        g = torch.Generator().manual_seed(seed)
        ids = torch.randint(10, 99, (5, 12), generator=g)
        word_of = torch.randint(0, 2, (5, 12), generator=g).cumsum(1)
        word_of = word_of.masked_fill(torch.rand(5, 12, generator=g) < 0.2, -1)
        draws = torch.rand(5, 13, generator=g)
        inputs, labels = mask_words(ids, word_of, draws, rate, 7)
        want_inputs, want_labels = one_at_a_time(ids, word_of, draws, rate, 7)
        hidden = T(ja="別の文でも確かめてみましょう。", zh_tw="請用其他句子再檢查一次。")
        check.equal(inputs, want_inputs, hint=hidden)
        check.equal(labels, want_labels, hint=hidden)
    ### END HIDDEN TESTS


# %% key="whole-wrong-by-token" wrong="mask_words"
def mask_words(ids, word_of, draws, rate, mask_id):
    draw = torch.nn.functional.pad(draws, (0, ids.size(1) - draws.size(1)), value=1.0)
    hidden = (draw < rate) & (word_of >= 0)
    return ids.masked_fill(hidden, mask_id), ids.masked_fill(~hidden, -100)


# %% key="whole-wrong-special" wrong="mask_words"
def mask_words(ids, word_of, draws, rate, mask_id):
    hidden = draws.gather(1, word_of % draws.size(1)) < rate
    return ids.masked_fill(hidden, mask_id), ids.masked_fill(~hidden, -100)


# %% key="whole-wrong-labels" wrong="mask_words"
def mask_words(ids, word_of, draws, rate, mask_id):
    hidden = (draws.gather(1, word_of.clamp_min(0)) < rate) & (word_of >= 0)
    return ids.masked_fill(hidden, mask_id), ids


# %% [markdown] key="pseudo-text" lang="ja"
# ## 課題2：`pseudo_log_likelihood`（3点）
#
# デコーダーは、次のトークンの対数確率を足せば、文全体の対数確率を計算できます。エンコーダーでは、それができません。代わりに、トークンを1つずつ隠し、隠したトークンの対数確率を足した値を使います。これを疑似対数尤度（pseudo-log-likelihood）と呼びます（Salazar et al. 2020）。
#
# $$\operatorname{PLL}(x) = \sum_t \log p(x_t \mid x_1, \dots, x_{t-1}, x_{t+1}, \dots, x_T)$$
#
# 隠して計算するところまでは、済んでいます。文ごとの疑似対数尤度を、形状`(B,)`のテンソルで返してください。
#
# - `ids`：元のトークンの番号、`(B, T)`
# - `counted`：足すトークンは`True`、特殊トークンとパディングは`False`、`(B, T)`
# - `log_probs`：対数確率、`(B, T, T, V)`。`log_probs[b, s, t]`は、文`b`の`s`番目のトークンだけを隠したときの、`t`番目の位置での、語彙全体の対数確率
#
# 例：どの対数確率も $\log \frac{1}{V}$ で、足すトークンが5つなら、答えは $-5 \log V$ です。

# %% [markdown] key="pseudo-text" lang="zh-tw"
# ## 第 2 題：`pseudo_log_likelihood`（3 分）
#
# 解碼器只要把下一個詞元的對數機率加起來，就能算出整個句子的對數機率；編碼器做不到。所以改成一次遮住一個詞元，把被遮住的詞元的對數機率加起來。這個值叫做偽對數概似（pseudo-log-likelihood，Salazar et al. 2020）。
#
# $$\operatorname{PLL}(x) = \sum_t \log p(x_t \mid x_1, \dots, x_{t-1}, x_{t+1}, \dots, x_T)$$
#
# 遮住並計算機率的部分已經做好了。請回傳每個句子的偽對數概似，形狀是 `(B,)` 的張量。
#
# - `ids`：原本的詞元編號，`(B, T)`
# - `counted`：要加總的詞元是 `True`，特殊詞元和填補（padding）是 `False`，`(B, T)`
# - `log_probs`：對數機率，`(B, T, T, V)`。`log_probs[b, s, t]` 是只遮住句子 `b` 的第 `s` 個詞元時，在第 `t` 個位置、整個詞彙表的對數機率
#
# 例如：每個對數機率都是 $\log \frac{1}{V}$，要加總的詞元有 5 個，答案就是 $-5 \log V$。


# %% key="pseudo" task="pseudo_log_likelihood"
def pseudo_log_likelihood(ids, counted, log_probs):
    """ids: (B, T)  counted: (B, T) bool  log_probs: (B, T, T, V) → (B,)"""
    ### BEGIN SOLUTION
    #| ja: 隠した位置と、読む位置が同じもの (B, T, V)
    #| zh-tw: 遮住的位置和讀取的位置相同者 (B, T, V)
    own = log_probs.diagonal(dim1=1, dim2=2).transpose(1, 2)
    each = own.gather(2, ids[..., None]).squeeze(2)  # (B, T)
    return each.masked_fill(~counted, 0).sum(1)
    ### END SOLUTION


# %% key="pseudo-check" points=3
def masked_passes(model, texts, lang):
    T(
        ja="""本物のエンコーダーで、1つずつ隠して計算する → ids, counted, log_probs""",
        zh_tw="""用真正的編碼器，一次遮住一個來計算 → ids, counted, log_probs""",
    )
    inputs = encoder.TOKENIZER([tokenizer.tagged(text, lang) for text in texts], padding=True)
    ids = torch.tensor(inputs["input_ids"])  # (B, T)
    n = ids.size(1)
    copies = ids[:, None].repeat(1, n, 1)  # (B, T, T)
    copies[:, torch.arange(n), torch.arange(n)] = encoder.TOKENIZER.mask_token_id
    seen = torch.tensor(inputs["attention_mask"])[:, None].expand(-1, n, -1)
    with torch.no_grad():
        out = model(input_ids=copies.flatten(0, 1), attention_mask=seen.flatten(0, 1))
    log_probs = out.logits.log_softmax(-1).unflatten(0, (len(texts), n))
    return ids, ids >= len(tokenizer.SPECIAL), log_probs


with check.task("pseudo_log_likelihood"):
    #| ja: 対数確率の代わりに、電卓で確かめられる数を使う。期待する値は、1つずつ足して求めた
    #| zh-tw: 用計算機算得出的數代替對數機率。期望的值，是一個一個加起來求出的
    ids = torch.arange(18).reshape(3, 6) * 5 % 9
    log_probs = -(torch.arange(972) * 37 % 101).reshape(3, 6, 6, 9) / 8
    every = torch.ones(3, 6).bool()
    uniform = torch.full((3, 6, 6, 9), 1 / 9).log()
    check.close(
        pseudo_log_likelihood(ids, every, uniform),
        6 * uniform[:, 0, 0, 0],
        hint=T(
            ja="どの確率も同じなのに、値が違います。トークンの数だけ足しているか、確かめましょう。",
            zh_tw="機率全都相同，值卻不對。請確認是不是加了詞元數那麼多項。",
        ),
    )
    check.close(
        pseudo_log_likelihood(ids, every, log_probs),
        torch.tensor([-36.375, -51.0, -31.5]),
        hint=T(
            ja="隠していないときの確率が混ざっています。どの回の、どの位置を読むのでしょうか。",
            zh_tw="混進了沒有遮住時的機率。該讀哪一次、哪個位置的值？",
        ),
    )
    some = torch.tensor([[False, True, True, True, True, False]] * 3)
    some[1, 4] = False
    check.close(
        pseudo_log_likelihood(ids, some, log_probs),
        torch.tensor([-24.25, -24.625, -21.0]),
        hint=T(
            ja="全部のトークンを足すときは合っています。特殊トークンとパディングは、どう扱うのでしょうか。",
            zh_tw="全部加總時是對的。特殊詞元和填補要怎麼處理？",
        ),
    )
    texts = T(
        ja="昨日、健太は公園で本を三冊読みました。|昨日、健太は公園で本を三匹読みました。",
        zh_tw="健太昨天在公園讀了三本書。|健太昨天在公園讀了三隻書。",
    ).split("|")
    passes = masked_passes(encoder.load(), texts, LANG)
    for text, value in zip(texts, pseudo_log_likelihood(*passes)):
        print(f"{value:7.2f} {text}")

    ### BEGIN HIDDEN TESTS
    def added_up(ids, counted, log_probs):
        T(
            ja="""同じことを、Pythonのループで行う → (B,)""",
            zh_tw="""同樣的事，用 Python 的迴圈做 → (B,)""",
        )
        places = [[t for t, yes in enumerate(row) if yes] for row in counted.tolist()]
        sums = [
            sum(log_probs[b, t, t, ids[b, t]].item() for t in row) for b, row in enumerate(places)
        ]
        return torch.tensor(sums)

    for seed, (b, t, v) in enumerate([(1, 4, 5), (4, 9, 3), (2, 1, 7)], 10):
        g = torch.Generator().manual_seed(seed)
        ids = torch.randint(0, v, (b, t), generator=g)
        counted = torch.rand(b, t, generator=g) < 0.7
        log_probs = torch.randn(b, t, t, v, generator=g).log_softmax(-1)
        hidden = T(ja="別の大きさでも確かめてみましょう。", zh_tw="請用其他大小再檢查一次。")
        got = pseudo_log_likelihood(ids, counted, log_probs)
        check.close(got, added_up(ids, counted, log_probs), hint=hidden)
    ### END HIDDEN TESTS


# %% key="pseudo-wrong-mean" wrong="pseudo_log_likelihood"
def pseudo_log_likelihood(ids, counted, log_probs):
    own = log_probs.diagonal(dim1=1, dim2=2).transpose(1, 2)
    each = own.gather(2, ids[..., None]).squeeze(2)
    return each.masked_fill(~counted, 0).sum(1) / counted.sum(1)


# %% key="pseudo-wrong-one-pass" wrong="pseudo_log_likelihood"
def pseudo_log_likelihood(ids, counted, log_probs):
    each = log_probs[:, 0].gather(2, ids[..., None]).squeeze(2)
    return each.masked_fill(~counted, 0).sum(1)


# %% key="pseudo-wrong-everything" wrong="pseudo_log_likelihood"
def pseudo_log_likelihood(ids, counted, log_probs):
    own = log_probs.diagonal(dim1=1, dim2=2).transpose(1, 2)
    return own.gather(2, ids[..., None]).squeeze(2).sum(1)


# %% [markdown] key="entities-text" lang="ja"
# ## 課題3：`entities`（3点）
#
# レッスンのタグは、人（PER）、場所（LOC）、それ以外（O）の3種類でした。これだけでは、「松本福島」のように同じ種類の名前が続いたとき、どこが切れ目かわかりません。そこで、名前の最初のトークンに`B-`、2番目からに`I-`を付ける方法が使われます（BIO）。
#
# タグのリストから、名前の範囲のリストを返してください。範囲は`(kind, start, end)`（種類、始まり、終わり）のタプルで、`end`は最後のトークンの次の番号です（Pythonのスライスと同じ）。左から順に並べます。
#
# モデルは、規則に合わないタグも出します。次のように読みます。
#
# - `B-`は、いつも新しい名前を始める
# - `I-`は、すぐ前が同じ種類の名前の途中なら、それを続ける。そうでなければ、新しい名前を始める
#
# | タグ | 答え |
# |---|---|
# | `["B-PER", "I-PER", "O", "B-LOC"]` | `[("PER", 0, 2), ("LOC", 3, 4)]` |
# | `["B-LOC", "B-LOC", "I-LOC"]` | `[("LOC", 0, 1), ("LOC", 1, 3)]` |
# | `["O", "I-PER", "I-LOC"]` | `[("PER", 1, 2), ("LOC", 2, 3)]` |

# %% [markdown] key="entities-text" lang="zh-tw"
# ## 第 3 題：`entities`（3 分）
#
# 課文的標記有人（PER）、地點（LOC）、其他（O）3 種。但是，像「信義大同」這樣，同種類的名字連在一起時，就看不出從哪裡切開。所以常用的方法，是在名字開頭的詞元加上 `B-`，從第 2 個起加上 `I-`（BIO）。
#
# 請根據標記的串列，回傳名字範圍的串列。範圍是 `(kind, start, end)`（種類、開始、結束）的 tuple，`end` 是最後一個詞元的下一個編號（和 Python 的切片相同），由左至右排列。
#
# 模型也會輸出不合規則的標記，這時請這樣解讀：
#
# - `B-` 一定開始一個新的名字
# - `I-` 如果緊接在同種類的名字後面，就是那個名字的延續；否則開始一個新的名字
#
# | 標記 | 答案 |
# |---|---|
# | `["B-PER", "I-PER", "O", "B-LOC"]` | `[("PER", 0, 2), ("LOC", 3, 4)]` |
# | `["B-LOC", "B-LOC", "I-LOC"]` | `[("LOC", 0, 1), ("LOC", 1, 3)]` |
# | `["O", "I-PER", "I-LOC"]` | `[("PER", 1, 2), ("LOC", 2, 3)]` |


# %% key="entities" task="entities"
def entities(tags):
    T(
        ja="""tags: 文字列のリスト → (kind, start, end) のリスト""",
        zh_tw="""tags: 字串的串列 → (kind, start, end) 的串列""",
    )
    ### BEGIN SOLUTION
    found, kind_before = [], ""
    for at, tag in enumerate(tags):
        mark, _, kind = tag.partition("-")
        if mark == "I" and kind == kind_before:
            _, start, _ = found.pop()
            found.append((kind, start, at + 1))
        elif kind:
            found.append((kind, at, at + 1))
        kind_before = kind
    return found
    ### END SOLUTION


# %% key="entities-check" points=3
with check.task("entities"):

    def same(got, *want):
        return list(map(tuple, got)) == list(want)

    check.that(
        same(entities(["B-PER", "I-PER", "O", "B-LOC", "O"]), ("PER", 0, 2), ("LOC", 3, 4)),
        hint=T(
            ja="離れた2つの名前の範囲が違います。終わりは、最後のトークンの次の番号です。",
            zh_tw="兩個分開的名字，範圍不對。結束是最後一個詞元的下一個編號。",
        ),
    )
    check.that(
        same(entities(["O", "B-LOC", "I-LOC"]), ("LOC", 1, 3)),
        hint=T(
            ja="文の最後にある名前を、取り出せているでしょうか。",
            zh_tw="句子最後面的名字，有取出來嗎？",
        ),
    )
    check.that(
        same(entities(["B-LOC", "B-LOC", "I-LOC", "O"]), ("LOC", 0, 1), ("LOC", 1, 3)),
        hint=T(
            ja="同じ種類の名前が続くと、1つになっています。切れ目の印は何でしょうか。",
            zh_tw="同種類的名字連在一起時，被合成一個了。切開的記號是什麼？",
        ),
    )
    check.that(
        same(entities(["O", "I-PER", "I-LOC", "O"]), ("PER", 1, 2), ("LOC", 2, 3)),
        hint=T(
            ja="`I-`の前に、同じ種類の名前がない場合を確かめましょう。",
            zh_tw="請檢查 `I-` 前面沒有同種類名字的情況。",
        ),
    )
    check.that(
        same(entities([])) and same(entities(["O", "O"])),
        hint=T(
            ja="名前がない文では、空のリストになります。", zh_tw="沒有名字的句子，答案是空的串列。"
        ),
    )
    ### BEGIN HIDDEN TESTS
    for tags, want in (
        (["B-A", "I-A", "I-A", "B-A"], [("A", 0, 3), ("A", 3, 4)]),
        (["I-A", "O", "I-A", "I-A"], [("A", 0, 1), ("A", 2, 4)]),
        (["B-A", "I-B", "I-A", "I-A"], [("A", 0, 1), ("B", 1, 2), ("A", 2, 4)]),
        (["B-A", "O", "O", "B-B", "I-B"], [("A", 0, 1), ("B", 3, 5)]),
    ):
        hidden = T(ja="別のタグの列でも確かめてみましょう。", zh_tw="請用其他的標記再檢查一次。")
        check.that(same(entities(tags), *want), hint=hidden)
    ### END HIDDEN TESTS


# %% key="entities-wrong-merged" wrong="entities"
def entities(tags):
    found, before = [], ""
    for at, tag in enumerate([*tags]):
        kind = tag.partition("-")[2]
        if kind and kind == before:
            found[-1] = (kind, found[-1][1], at + 1)
        elif kind:
            found.append((kind, at, at + 1))
        before = kind
    return found


# %% key="entities-wrong-last" wrong="entities"
def entities(tags):
    found, start, before = [], 0, ""
    for at, tag in enumerate(tags):
        mark, _, kind = tag.partition("-")
        if mark != "I" or kind != before:
            if before:
                found.append((before, start, at))
            start, before = at, kind
    return found


# %% key="entities-wrong-inclusive" wrong="entities"
def entities(tags):
    found, before = [], ""
    for at, tag in enumerate(tags):
        mark, _, kind = tag.partition("-")
        if mark == "I" and kind == before:
            found[-1] = (kind, found[-1][1], at)
        elif kind:
            found.append((kind, at, at))
        before = kind
    return found


# %% key="entities-wrong-only-after-b" wrong="entities"
def entities(tags):
    found, before = [], ""
    for at, tag in enumerate(tags):
        mark, _, kind = tag.partition("-")
        if mark == "B":
            found.append((kind, at, at + 1))
        elif mark == "I" and kind == before:
            found[-1] = (kind, found[-1][1], at + 1)
        before = kind if mark == "B" or kind == before else ""
    return found


# %% [markdown] key="essay-text" lang="ja"
# ## 記述問題（4点）
#
# ある人が、次のように言いました。
#
# 「穴埋めの正解率は、エンコーダーが1.00、デコーダーが0.3未満だった。だから、エンコーダーのほうが言語をよく理解している。分類やNERには、いつでもエンコーダーを使うべきだ。」
#
# この意見の正しい点と行きすぎた点を、レッスン03で測った数を2つ以上使って、300字前後で説明してください。
#
# | 観点 | 点 |
# |---|---|
# | 手がかりが右にある空欄と左にある空欄を分けて、測った数で述べている | 1 |
# | デコーダーの正解率が理論上の上限にあることと、その意味を述べている | 1 |
# | NERの結果を、手がかりの位置と結び付けて述べている | 1 |
# | 「いつでも」に対する反対の例か条件を、理由とともに述べている | 1 |

# %% [markdown] key="essay-text" lang="zh-tw"
# ## 問答題（4 分）
#
# 有人這樣說：
#
# 「克漏字的正確率，編碼器是 1.00，解碼器不到 0.3。所以編碼器比較理解語言。分類和 NER，永遠都應該用編碼器。」
#
# 請說明這段話哪裡對、哪裡說得太過頭。至少要用到 2 個在第 03 課測出的數字，約 300 字。
#
# | 評分項目 | 分數 |
# |---|---|
# | 把線索在右邊和左邊的空格分開，用實測數字說明 | 1 |
# | 說明解碼器的正確率已到理論上限，以及這代表什麼 | 1 |
# | 把 NER 的結果和線索的位置連結起來說明 | 1 |
# | 針對「永遠」，舉出反例或條件，並寫出理由 | 1 |

# %% [markdown] key="essay" lang="ja" points=4
# ### BEGIN SOLUTION
# 数そのものは正しいです。手がかりが右にある設問では、エンコーダーの平均は1.00、デコーダーは約0.26でした。しかし、手がかりが左にある設問では、どちらもほぼ1.00です。右の設問でのデコーダーの値は、左だけを読む場合の理論上の上限とほぼ同じでした。左だけを読むなら誰にも当てられないのであって、言語を理解していない証拠にはなりません。NERも同じです。文の先頭の名前では、デコーダーは、ラベル付きの文が100あっても約0.5（チャンスレベル）でしたが、文の途中の名前ではほぼ1.0でした。ですから、トークンごとに1回で答えさせ、手がかりが右にあるなら、エンコーダーが有利です。一方、文を読み終えてから言葉で答えさせる方法なら、大きなデコーダーも同じ仕事ができます。どちらを使うかは、費用、速さ、ラベルの数も合わせて決めるべきです。
# ### END SOLUTION

# %% [markdown] key="essay" lang="zh-tw" points=4
# ### BEGIN SOLUTION
# 數字本身沒有錯：線索在右邊的題型，編碼器平均是 1.00，解碼器大約是 0.26。但線索在左邊的題型，兩者都接近 1.00。而且解碼器在右邊那些題型的值，和只讀左邊時的理論上限幾乎相同。只讀左邊的話，不管是誰都答不出來，所以不能當作「不理解語言」的證據。NER 也一樣：句首的名字，就算有標籤的句子有 100 句，解碼器還是大約 0.5（和亂猜一樣）；句中的名字則接近 1.0。因此，如果要替每個詞元一次就回答，而且線索在右邊，編碼器比較有利。但如果讓模型讀完句子之後再用文字回答，大型的解碼器也能做同樣的工作。要用哪一種，還得一起考慮成本、速度和標籤的數量。
# ### END SOLUTION
