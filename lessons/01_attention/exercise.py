# %% [markdown] key="title" lang="ja"
# # 演習01：アテンションのその先へ
#
# レッスン01の考え方を使い、実際のLLMで使われている4つの仕組みを書きます。答えはレッスンにも補助モジュールにもない、一歩進んだ問題です。アテンションの計算には、`F.scaled_dot_product_attention`を使えます。
#
# | 課題 | 内容 | 配点 |
# |---|---|---|
# | `merge` | 2つに分けて計算したアテンションを1つにまとめる | 3 |
# | `window_mask` | スライディングウィンドウのマスク | 2 |
# | `grouped` | マルチヘッドの重みから、グループ化クエリアテンション（GQA）を作る | 3 |
# | `packed` | 複数の文書を詰めた系列のマスクと位置 | 2 |
# | 記述 | アテンション重みについての意見を検討する | 4 |
#
# 目安は60分です。`raise NotImplementedError`の行を消して、そこにコードを書きましょう。すぐ下の確認セルを実行すると、「未完成」「おしい」「正解」のどれかとヒントが表示されます。コードが途中で止まったときは、エラーの内容が表示されます。提出後の採点では、別の入力でも確かめます。

# %% [markdown] key="title" lang="zh-tw"
# # 練習 01：注意力的下一步
#
# 運用第 01 課學到的想法，動手寫出 LLM 實際使用的 4 種機制。答案不在課文裡，也不在輔助模組裡：每一題都要再往前想一步。計算注意力時，可以使用 `F.scaled_dot_product_attention`。
#
# | 題目 | 內容 | 配分 |
# |---|---|---|
# | `merge` | 把分成 2 段計算的注意力合併起來 | 3 |
# | `window_mask` | 滑動視窗的遮罩 | 2 |
# | `grouped` | 從多頭注意力的權重，做出分組查詢注意力（GQA） | 3 |
# | `packed` | 把多份文件接成一個序列時的遮罩與位置 | 2 |
# | 問答題 | 評論一段關於注意力權重的意見 | 4 |
#
# 大約需要 60 分鐘。請刪掉 `raise NotImplementedError` 那一行，把程式碼寫在那裡，再執行緊接在下面的檢查儲存格，就會看到「尚未作答」、「還差一點」或「答對了」，以及小提示。程式執行到一半出錯時，會顯示錯誤內容。繳交後批改時，還會用別的輸入再檢查一次。

# %% key="imports"
import math

import torch
import torch.nn.functional as F

from helpers.classroom import check

torch.set_num_threads(1)


def picture(mask):
    T(ja="""●は参照できる、×は参照できない""", zh_tw="""●：看得到，×：看不到""")
    return "\n".join("".join("●" if cell else "×" for cell in row) for row in mask.tolist())


def from_picture(text):
    return torch.tensor([[cell == "●" for cell in row] for row in text.split()])


# %% [markdown] key="merge-text" lang="ja"
# ## 課題1：`merge`（3点）
#
# 長い文書では、キーとバリューを2つの部分AとBに分け、別々のGPUでアテンションを計算することがあります。部分ごとに、次の2つが手に入ります。
#
# - `out`：その部分のキーとバリューだけで計算した出力。形状は`(…, T, d)`
# - `lse`（log-sum-exp）：クエリごとの $\log \sum_j e^{s_j}$（softmaxの分母の対数）。$s_j$ はその部分のスコア（$\sqrt{d}$ で割ったあと）で、形状は`(…, T)`
#
# `…`は、バッチやヘッドなど、0個以上の次元です。AとBを合わせた4つのテンソルだけから、キー全体で計算したときの出力と`lse`を求めてください。元のスコアは使えません。
#
# 例：AのスコアがどれもBのスコアよりずっと大きければ、答えは`out_a`に近づきます。

# %% [markdown] key="merge-text" lang="zh-tw"
# ## 第 1 題：`merge`（3 分）
#
# 文件很長時，會把鍵和值分成 A、B 兩個部分，放在不同的 GPU 上計算注意力。每個部分都會得到下面兩樣東西。
#
# - `out`：只用那個部分的鍵和值算出的輸出，形狀是 `(…, T, d)`
# - `lse`（log-sum-exp）：每個查詢的 $\log \sum_j e^{s_j}$（softmax 分母的對數）。$s_j$ 是那個部分的分數（已經除以 $\sqrt{d}$），形狀是 `(…, T)`
#
# `…` 是批次、注意力頭等維度，可能有 0 個或更多。請只用 A 和 B 的這 4 個張量，求出使用全部的鍵時的輸出和 `lse`。原本的分數不能用。
#
# 例如：如果 A 的分數全都遠大於 B 的分數，答案就會接近 `out_a`。


# %% key="merge" task="merge"
def merge(out_a, lse_a, out_b, lse_b):
    """out_a, out_b: (…, T, d)  lse_a, lse_b: (…, T) → out (…, T, d), lse (…, T)"""
    ### BEGIN SOLUTION
    lse = torch.logaddexp(lse_a, lse_b)
    #| ja: 全体の分母に占める、AとBの割合（合計は1）
    #| zh-tw: A 和 B 在整個分母裡各占的比例（總和是 1）
    share_a, share_b = (lse_a - lse).exp(), (lse_b - lse).exp()
    return share_a[..., None] * out_a + share_b[..., None] * out_b, lse
    ### END SOLUTION


# %% key="merge-check" points=3
def one_part(q, k, v):
    scores = q @ k.mT / math.sqrt(q.size(-1))
    return scores.softmax(-1) @ v, scores.logsumexp(-1)


def try_merge(q, k, v, cut):
    parts = (
        one_part(q, k[..., :cut, :], v[..., :cut, :]),
        one_part(q, k[..., cut:, :], v[..., cut:, :]),
    )
    return check.unpack(merge(*parts[0], *parts[1]), 2)


with check.task("merge"):
    g = torch.Generator().manual_seed(1)
    q, k, v = (torch.randn(n, 8, generator=g) for n in (5, 12, 12))
    out, lse = try_merge(q, k, v, 3)
    check.close(
        out,
        F.scaled_dot_product_attention(q, k, v),
        name="out",
        hint=T(
            ja="Aの出力とBの出力を混ぜます。混ぜる割合は、softmaxの分母のうち、AとBがそれぞれ占める分です。",
            zh_tw="要把 A 和 B 的輸出混合起來。混合的比例，就是 softmax 的分母裡 A 和 B 各占的份量。",
        ),
    )
    check.close(
        lse,
        one_part(q, k, v)[1],
        name="lse",
        hint=T(
            ja="出力は合っています。lseは「和の対数」です。対数どうしの和とは違います。",
            zh_tw="輸出是對的。lse 是「總和的對數」，和「對數的總和」不一樣。",
        ),
    )
    out, lse = try_merge(400 * q, k, v, 3)
    check.close(
        out,
        F.scaled_dot_product_attention(400 * q, k, v),
        name="out",
        atol=1e-4,
        hint=T(
            ja="スコアが大きいと、途中の計算結果があふれます。レッスンの4節では、どう防いだでしょうか。",
            zh_tw="分數很大時，中間的值會溢位。課文第 4 節是怎麼避免的？",
        ),
    )
    q, k, v = (torch.randn(2, n, 8, generator=g) for n in (5, 12, 12))
    check.close(
        try_merge(q, k, v, 4)[0],
        F.scaled_dot_product_attention(q, k, v),
        name="out",
        hint=T(
            ja="バッチの次元が前に付いた入力で、結果が違います。どの次元をそろえているか、確かめましょう。",
            zh_tw="輸入前面多了批次的維度時，結果不對。請確認你對齊的是哪個維度。",
        ),
    )
    ### BEGIN HIDDEN TESTS
    for seed, cut in ((2, 1), (3, 20), (4, 39)):
        g = torch.Generator().manual_seed(seed)
        q, k, v = (torch.randn(2, n, 16, generator=g) for n in (7, 40, 40))
        hidden = T(
            ja="別の長さの入力でも確かめてみましょう。", zh_tw="請用其他長度的輸入再檢查一次。"
        )
        out, lse = try_merge(30 * q, k, v, cut)
        check.close(out, F.scaled_dot_product_attention(30 * q, k, v), atol=1e-4, hint=hidden)
        check.close(lse, one_part(30 * q, k, v)[1], atol=1e-3, hint=hidden)
    ### END HIDDEN TESTS


# %% key="merge-wrong-average" wrong="merge"
def merge(out_a, lse_a, out_b, lse_b):
    return (out_a + out_b) / 2, torch.logaddexp(lse_a, lse_b)


# %% key="merge-wrong-sum-of-logs" wrong="merge"
def merge(out_a, lse_a, out_b, lse_b):
    lse = torch.logaddexp(lse_a, lse_b)
    return (lse_a - lse).exp()[..., None] * out_a + (lse_b - lse).exp()[
        ..., None
    ] * out_b, lse_a + lse_b


# %% key="merge-wrong-overflow" wrong="merge"
def merge(out_a, lse_a, out_b, lse_b):
    total = lse_a.exp() + lse_b.exp()
    mixed = (lse_a.exp() / total)[..., None] * out_a + (lse_b.exp() / total)[..., None] * out_b
    return mixed, total.log()


# %% [markdown] key="window-text" lang="ja"
# ## 課題2：`window_mask`（2点）
#
# 長い系列を扱うモデルには、近くのトークンだけを参照する層があります（スライディングウィンドウ）。さらに、先頭のいくつかのトークンだけは、どのクエリからも参照できるようにする方法があります。
#
# 次の条件を満たすマスクを返してください。形状は`(n, n)`、dtypeは`torch.bool`、`True`が「参照してよい」です。
#
# - 未来のトークンは参照しない
# - 自分を含めて、直近の`window`個を参照する
# - 先頭の`n_global`個のトークンは、（未来でなければ）どのクエリからも参照できる
# - それ以外のトークンは参照しない
#
# `n=6`、`window=2`、`n_global=1`のときの期待する図です（行がクエリ、列がキー）。
#
# ```
# ●×××××
# ●●××××
# ●●●×××
# ●×●●××
# ●××●●×
# ●×××●●
# ```

# %% [markdown] key="window-text" lang="zh-tw"
# ## 第 2 題：`window_mask`（2 分）
#
# 處理長序列的模型，有些層只看附近的詞元（滑動視窗）。另外還有一種做法：最前面的幾個詞元，任何查詢都看得到。
#
# 請回傳符合下列條件的遮罩。形狀是 `(n, n)`，dtype 是 `torch.bool`，`True` 代表「可以看」。
#
# - 不看未來的詞元
# - 看最近的 `window` 個詞元，包含自己
# - 最前面的 `n_global` 個詞元（只要不在未來），任何查詢都看得到
# - 其他的詞元都看不到
#
# `n=6`、`window=2`、`n_global=1` 時，應該得到下圖（橫列是查詢，直行是鍵）。
#
# ```
# ●×××××
# ●●××××
# ●●●×××
# ●×●●××
# ●××●●×
# ●×××●●
# ```


# %% key="window" task="window_mask"
def window_mask(n, window, n_global=0):
    """→ (n, n) bool"""
    ### BEGIN SOLUTION
    query, key = torch.arange(n)[:, None], torch.arange(n)
    near = query - key < window
    return (near | (key < n_global)) & (key <= query)
    ### END SOLUTION


# %% key="window-check" points=2
with check.task("window_mask"):
    check.shape(window_mask(6, 2), (6, 6), torch.bool)
    check.that(
        not window_mask(6, 2, 1).triu(1).any(),
        hint=T(
            ja="右上の三角形に●があります。未来のトークンが見えています。",
            zh_tw="右上三角形裡有 ●，看到未來的詞元了。",
        ),
    )
    band = from_picture("●××××× ●●×××× ×●●××× ××●●×× ×××●●× ××××●●")
    check.equal(
        window_mask(6, 2),
        band,
        hint=T(
            ja="各行の●を数えてみましょう。windowの個数には、自分も含まれます。",
            zh_tw="數一數每一橫列的 ●。window 的個數包含自己。",
        ),
    )
    check.equal(
        window_mask(6, 2, 1),
        from_picture("●××××× ●●×××× ●●●××× ●×●●×× ●××●●× ●×××●●"),
        hint=T(
            ja="どのクエリからも「参照される」のは、先頭のトークンです。行と列のどちらの条件でしょうか。",
            zh_tw="任何查詢都「看得到」的，是最前面的詞元。這是橫列的條件，還是直行的條件？",
        ),
    )
    print(picture(window_mask(6, 2, 1)))
    ### BEGIN HIDDEN TESTS
    for n, window, n_global in ((9, 3, 2), (5, 1, 0), (7, 10, 3), (8, 2, 8)):
        rows = [[j <= i and (i - j < window or j < n_global) for j in range(n)] for i in range(n)]
        hidden = T(ja="別の大きさでも確かめてみましょう。", zh_tw="請用其他大小再檢查一次。")
        check.equal(window_mask(n, window, n_global), torch.tensor(rows), hint=hidden)
    ### END HIDDEN TESTS


# %% key="window-wrong-future" wrong="window_mask"
def window_mask(n, window, n_global=0):
    i, j = torch.arange(n)[:, None], torch.arange(n)
    return ((i - j).abs() < window) | (j < n_global)


# %% key="window-wrong-off-by-one" wrong="window_mask"
def window_mask(n, window, n_global=0):
    i, j = torch.arange(n)[:, None], torch.arange(n)
    return ((i - j <= window) | (j < n_global)) & (j <= i)


# %% key="window-wrong-rows" wrong="window_mask"
def window_mask(n, window, n_global=0):
    i, j = torch.arange(n)[:, None], torch.arange(n)
    return ((i - j < window) | (i < n_global)) & (j <= i)


# %% [markdown] key="grouped-text" lang="ja"
# ## 課題3：`grouped`（3点）
#
# グループ化クエリアテンション（GQA）では、いくつかのクエリのヘッドで、1組のキーとバリューのヘッドを共有します。キーとバリューのヘッドが減るので、その分だけKVキャッシュも小さくなります。
#
# 学習済みのマルチヘッドアテンションは、次の手順でGQAに変えられます（Ainslie et al. 2023、§2.1）。
#
# - `n_heads`個のヘッドを、隣どうしで同じ数ずつ、`n_kv_heads`個のグループに分ける（割り切れる数だけを使います）
# - グループの中で、キーの重み行列を平均して1つにまとめる。バリューも同じ
# - 各クエリのヘッドは、自分のグループのキーとバリューを使う
#
# 変えただけでは性能が落ちるので、実際には、このあと少し追加で学習させます。
#
# 入力`x`とマルチヘッドの重み`w_q`、`w_k`、`w_v`（形状はどれも`(d_model, n_heads * head_dim)`、列はヘッドの順に並ぶ）から、ヘッドごとの出力`(n_heads, T, head_dim)`を計算してください。出力をつないだり、出力用の行列を掛けたりはしません。マスクも不要です。

# %% [markdown] key="grouped-text" lang="zh-tw"
# ## 第 3 題：`grouped`（3 分）
#
# 分組查詢注意力（GQA）讓好幾個查詢的注意力頭，共用同一組鍵和值的注意力頭。鍵和值的注意力頭變少，KV 快取也就跟著變小。
#
# 訓練好的多頭注意力，可以用下面的步驟改成 GQA（Ainslie et al. 2023，§2.1）。
#
# - 把 `n_heads` 個注意力頭，相鄰的分在同一組，平均分成 `n_kv_heads` 組（一定可以整除）
# - 在每一組裡，把鍵的權重矩陣平均成一份；值的也一樣
# - 每個查詢的注意力頭，使用自己那一組的鍵和值
#
# 只改結構的話，品質會下降，所以實務上改完還要再訓練一小段。
#
# 給定輸入 `x` 和多頭注意力的權重 `w_q`、`w_k`、`w_v`（形狀都是 `(d_model, n_heads * head_dim)`，直行依注意力頭的順序排列），請算出每個注意力頭的輸出 `(n_heads, T, head_dim)`。不必把輸出接起來，也不必乘上輸出用的矩陣；遮罩也不需要。


# %% key="grouped" task="grouped"
def grouped(x, w_q, w_k, w_v, n_heads, n_kv_heads):
    """x: (T, d_model), each w: (d_model, n_heads * head_dim) → (n_heads, T, head_dim)"""

    ### BEGIN SOLUTION
    def heads(w, n):  # (d_model, n * head_dim) → (n, d_model, head_dim)
        return w.view(len(w), n, -1).transpose(0, 1)

    size = n_heads // n_kv_heads
    pooled = [heads(w, n_heads).unflatten(0, (n_kv_heads, size)).mean(1) for w in (w_k, w_v)]
    k, v = ((x @ w).repeat_interleave(size, 0) for w in pooled)  # (n_heads, T, head_dim)
    return F.scaled_dot_product_attention(x @ heads(w_q, n_heads), k, v)
    ### END SOLUTION


# %% key="grouped-check" points=3
def random_heads(n, seed, d_model=12, head_dim=4):
    return torch.randn(n, d_model, head_dim, generator=torch.Generator().manual_seed(seed))


def side_by_side(heads):  # (n, d_model, head_dim) → (d_model, n * head_dim)
    return torch.cat(list(heads), 1)


def one_by_one(x, q_heads, k_heads, v_heads):
    T(
        ja="""PyTorchで、ヘッドを1つずつ計算する → (n_heads, T, head_dim)""",
        zh_tw="""用 PyTorch 逐一計算每個注意力頭 → (n_heads, T, head_dim)""",
    )
    triples = zip(q_heads, k_heads, v_heads, strict=True)
    return torch.stack([F.scaled_dot_product_attention(x @ q, x @ k, x @ v) for q, k, v in triples])


with check.task("grouped"):
    x = torch.randn(5, 12, generator=torch.Generator().manual_seed(0))
    q_heads, k_heads, v_heads = (random_heads(4, seed) for seed in (1, 2, 3))
    weights = [side_by_side(heads) for heads in (q_heads, k_heads, v_heads)]
    check.close(
        grouped(x, *weights, 4, 4),
        one_by_one(x, q_heads, k_heads, v_heads),
        hint=T(
            ja="n_kv_headsとn_headsが同じなら、普通のマルチヘッドアテンションです。列をヘッドに分ける順番を確かめましょう。",
            zh_tw="n_kv_heads 等於 n_heads 時，就是一般的多頭注意力。請確認直行是依什麼順序分給各個頭的。",
        ),
    )
    same_k, same_v = k_heads[:1].expand(4, -1, -1), v_heads[:1].expand(4, -1, -1)
    want = one_by_one(x, q_heads, same_k, same_v)
    check.close(
        grouped(x, weights[0], side_by_side(same_k), side_by_side(same_v), 4, 1),
        want,
        hint=T(
            ja="同じヘッドどうしをまとめたら、元のヘッドと同じ値になるはずです。",
            zh_tw="把相同的注意力頭合成一份，數值應該和原本的一樣。",
        ),
    )
    twin_k, twin_v = k_heads[[0, 0, 2, 2]], v_heads[[0, 0, 2, 2]]
    want = one_by_one(x, q_heads, twin_k, twin_v)
    check.close(
        grouped(x, weights[0], side_by_side(twin_k), side_by_side(twin_v), 4, 2),
        want,
        hint=T(
            ja="どのヘッドとどのヘッドが同じグループでしょうか。問題文の分け方を読み直しましょう。",
            zh_tw="哪些注意力頭是同一組？請再讀一次題目的分組方式。",
        ),
    )
    shift = random_heads(1, 4) * torch.tensor([1.0, -1.0, 1.0, -1.0])[:, None, None]
    shifted = side_by_side(twin_k + shift), side_by_side(twin_v + shift)
    check.close(
        grouped(x, weights[0], *shifted, 4, 2),
        want,
        hint=T(
            ja="グループのすべてのヘッドを、同じ割合で使っているでしょうか。",
            zh_tw="同一組的每個注意力頭，是不是都用了相同的比例？",
        ),
    )
    ### BEGIN HIDDEN TESTS
    for n_heads, n_kv_heads, seed in ((6, 2, 5), (6, 3, 6), (8, 1, 7)):
        q_heads, k_heads, v_heads = (random_heads(n_heads, 10 * seed + i) for i in range(3))
        group = torch.arange(n_heads) // (n_heads // n_kv_heads)
        mixing = torch.nn.functional.one_hot(group).float()
        mixing = mixing @ mixing.T / mixing.sum(0).max()  # (n_heads, n_heads): average of the group
        mean_k, mean_v = (
            torch.einsum("hg,gij->hij", mixing, heads) for heads in (k_heads, v_heads)
        )
        weights = [side_by_side(heads) for heads in (q_heads, k_heads, v_heads)]
        hidden = T(
            ja="別のヘッド数でも確かめてみましょう。", zh_tw="請用其他的注意力頭數再檢查一次。"
        )
        got = grouped(x, *weights, n_heads, n_kv_heads)
        check.close(got, one_by_one(x, q_heads, mean_k, mean_v), hint=hidden)
    ### END HIDDEN TESTS


# %% key="grouped-wrong-sum" wrong="grouped"
def grouped(x, w_q, w_k, w_v, n_heads, n_kv_heads):
    def split(w):
        return w.view(len(w), n_heads, -1).transpose(0, 1)

    size = n_heads // n_kv_heads
    k, v = (
        (x @ split(w).unflatten(0, (n_kv_heads, size)).sum(1)).repeat_interleave(size, 0)
        for w in (w_k, w_v)
    )
    return F.scaled_dot_product_attention(x @ split(w_q), k, v)


# %% key="grouped-wrong-every-other" wrong="grouped"
def grouped(x, w_q, w_k, w_v, n_heads, n_kv_heads):
    def split(w):
        return w.view(len(w), n_heads, -1).transpose(0, 1)

    size = n_heads // n_kv_heads
    k, v = (
        (x @ split(w).unflatten(0, (size, n_kv_heads)).mean(0)).repeat(size, 1, 1)
        for w in (w_k, w_v)
    )
    return F.scaled_dot_product_attention(x @ split(w_q), k, v)


# %% key="grouped-wrong-first-head" wrong="grouped"
def grouped(x, w_q, w_k, w_v, n_heads, n_kv_heads):
    def split(w):
        return w.view(len(w), n_heads, -1).transpose(0, 1)

    size = n_heads // n_kv_heads
    k, v = ((x @ split(w)[::size]).repeat_interleave(size, 0) for w in (w_k, w_v))
    return F.scaled_dot_product_attention(x @ split(w_q), k, v)


# %% [markdown] key="packed-text" lang="ja"
# ## 課題4：`packed`（2点）
#
# 学習では、短い文書をつなげて、1本の長い系列にすることがあります（パッキング）。何も工夫しないと、ある文書のトークンが、前にある別の文書を参照してしまいます。
#
# 文書の長さのリスト`lengths`から、次の2つを、この順のタプルで返してください。
#
# - マスク：形状は`(n, n)`、dtypeは`torch.bool`。同じ文書の中で、自分と、それより前のトークンだけを参照する（`n`は長さの合計）
# - 位置：形状は`(n,)`、dtypeは`torch.int64`。文書ごとに0から始まる
#
# `lengths=[2, 3]`のとき、マスクは次の図、位置は`[0, 1, 0, 1, 2]`です。
#
# ```
# ●××××
# ●●×××
# ××●××
# ××●●×
# ××●●●
# ```

# %% [markdown] key="packed-text" lang="zh-tw"
# ## 第 4 題：`packed`（2 分）
#
# 訓練時，常把許多短文件接成一個長序列（packing）。如果什麼都不做，某份文件的詞元就會看到前一份文件的詞元。
#
# 請根據文件長度的串列 `lengths`，依序用 tuple 回傳下面兩樣東西。
#
# - 遮罩：形狀是 `(n, n)`，dtype 是 `torch.bool`。只能看同一份文件裡的自己和前面的詞元（`n` 是長度總和）
# - 位置：形狀是 `(n,)`，dtype 是 `torch.int64`。每份文件都從 0 開始
#
# `lengths=[2, 3]` 時，遮罩如下圖，位置是 `[0, 1, 0, 1, 2]`。
#
# ```
# ●××××
# ●●×××
# ××●××
# ××●●×
# ××●●●
# ```


# %% key="packed" task="packed"
def packed(lengths):
    """→ mask (n, n) bool, positions (n,) int64, n = sum(lengths)"""
    ### BEGIN SOLUTION
    document = torch.repeat_interleave(torch.tensor(lengths))  # 0 0 1 1 1 …
    same = document[:, None] == document
    positions = torch.cat([torch.arange(length) for length in lengths])
    return same.tril(), positions
    ### END SOLUTION


# %% key="packed-check" points=2
def apart(x, lengths):
    T(
        ja="""因果マスクを使い、PyTorchで文書を1つずつ計算する → (n, d)""",
        zh_tw="""使用因果遮罩，用 PyTorch 逐一計算每份文件 → (n, d)""",
    )
    pieces = [p[None] for p in x.split(list(lengths))]
    outputs = [F.scaled_dot_product_attention(p, p, p, is_causal=True)[0] for p in pieces]
    return torch.cat(outputs)


with check.task("packed"):
    lengths = [2, 3, 1, 4]
    mask, positions = check.unpack(packed(lengths), 2)
    check.shape(mask, (10, 10), torch.bool)
    check.that(
        not mask.triu(1).any(),
        hint=T(
            ja="右上の三角形に●があります。未来のトークンが見えています。",
            zh_tw="右上三角形裡有 ●，看到未來的詞元了。",
        ),
    )
    x = torch.randn(10, 8, generator=torch.Generator().manual_seed(0))
    together = F.scaled_dot_product_attention(x[None], x[None], x[None], attn_mask=mask)[0]
    check.close(
        together,
        apart(x, lengths),
        hint=T(
            ja="文書を別々に計算したときと、出力が違います。文書の境目を越えて参照していないでしょうか。",
            zh_tw="輸出和各份文件分開計算時不同。是不是跨過了文件的交界？",
        ),
    )
    check.equal(
        positions,
        torch.tensor([0, 1, 0, 1, 2, 0, 0, 1, 2, 3]),
        hint=T(
            ja="マスクは合っています。位置は、どこで0に戻るでしょうか。",
            zh_tw="遮罩是對的。位置應該在哪裡回到 0？",
        ),
    )
    print(picture(packed([2, 3])[0]))
    ### BEGIN HIDDEN TESTS
    for lengths in ([1], [1, 1, 1], [7, 2, 5], [3, 3]):
        mask, positions = packed(lengths)
        place = [(d, i) for d, length in enumerate(lengths) for i in range(length)]
        rows = [[a == c and b >= d for c, d in place] for a, b in place]
        hidden = T(
            ja="別の長さの組でも確かめてみましょう。", zh_tw="請用其他的長度組合再檢查一次。"
        )
        check.equal(mask, torch.tensor(rows), hint=hidden)
        check.equal(positions, torch.tensor([i for _, i in place]), hint=hidden)
    ### END HIDDEN TESTS


# %% key="packed-wrong-one-document" wrong="packed"
def packed(lengths):
    n = sum(lengths)
    return torch.ones(n, n).tril().bool(), torch.cat([torch.arange(length) for length in lengths])


# %% key="packed-wrong-future" wrong="packed"
def packed(lengths):
    document = torch.repeat_interleave(torch.tensor(lengths))
    return document[:, None] == document, torch.cat([torch.arange(length) for length in lengths])


# %% key="packed-wrong-positions" wrong="packed"
def packed(lengths):
    document = torch.repeat_interleave(torch.tensor(lengths))
    return (document[:, None] == document).tril(), torch.arange(sum(lengths))


# %% [markdown] key="essay-text" lang="ja"
# ## 記述問題（4点）
#
# ある人が、次のように言いました。
#
# 「アテンション重みが最大の語は、モデルがその答えを出した理由である。だから、重みの図を見せれば、モデルの判断を説明したことになる。」
#
# この意見の正しい点と誤っている点を、レッスン01で測った数を2つ以上使って、300字前後で説明してください。
#
# | 観点 | 点 |
# |---|---|
# | アテンション重みが何の割合かを述べている | 1 |
# | 重みが最大のトークンを隠すと答えが変わった例を、測った数で述べている | 1 |
# | 隠しても答えが変わらなかった例を、測った数で述べている | 1 |
# | 「理由」と言うために、どのような確認が要るかを述べている | 1 |

# %% [markdown] key="essay-text" lang="zh-tw"
# ## 問答題（4 分）
#
# 有人這樣說：
#
# 「注意力權重最大的詞，就是模型給出那個答案的理由。所以只要給人看權重的圖，就等於解釋了模型的判斷。」
#
# 請說明這段話哪裡對、哪裡不對。至少要用到 2 個在第 01 課測出的數字，約 300 字。
#
# | 評分項目 | 分數 |
# |---|---|
# | 說明注意力權重是什麼的比例 | 1 |
# | 舉出遮住權重最大的詞元、答案就改變的例子，並附上實測數字 | 1 |
# | 舉出遮住之後答案沒有改變的例子，並附上實測數字 | 1 |
# | 說明要稱為「理由」，還需要做什麼確認 | 1 |

# %% [markdown] key="essay" lang="ja" points=4
# ### BEGIN SOLUTION
# アテンション重みは、バリューを混ぜる割合です。それが答えの理由と一致することもあります。「色は？」などの質問に答えるモデルでは、答えの語の重みが平均0.99を超え、重みが最大のトークンを隠すと、評価用の正解率は1.00から0.25より低い値に下がりました。ほかのトークンを1つ隠しても1.00のままでした。しかし、いつもそうだとはかぎりません。「（質問なし）」では、重みの約7割が2つの助詞に付いたのに、重みが最大のトークンを隠しても、正解率は1.00のままでした。したがって、図だけでは理由とは言えません。そのトークンを隠して答えが変わるか、ほかのトークンを隠した場合と違うかを、いくつかの乱数シードで確かめる必要があります。
# ### END SOLUTION

# %% [markdown] key="essay" lang="zh-tw" points=4
# ### BEGIN SOLUTION
# 注意力權重是混合各個值的比例。它有時候確實和答案的理由一致：在回答「顏色？」等問題的模型裡，答案詞元的平均權重超過 0.99；把權重最大的詞元遮住，評估資料的正確率就從 1.00 掉到 0.25 以下；遮住其他 1 個詞元，則維持在 1.00。但不是每次都這樣：遇到「（不提問）」時，大約 7 成的權重落在 2 個不可能是答案的詞元上；可是把權重最大的詞元遮住，正確率還是 1.00。所以只看圖不能說是理由，還要實際遮住那個詞元，看答案會不會改變，並和遮住其他詞元的情形比較，而且要用幾個不同的亂數種子確認。
# ### END SOLUTION
