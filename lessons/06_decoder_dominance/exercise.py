# %% [markdown] key="title" lang="ja"
# # 演習06：数字で議論する
#
# レッスン06の考え方を使い、スケーリング、アシスタントの学習、創発に使われる3つの計算を書きます。答えがレッスンにも補助モジュールにもない、一歩進んだ問題です。どれも、渡された数だけで計算する関数です。
#
# | 課題 | 内容 | 配点 |
# |---|---|---|
# | `predicted` | まだ学習していない大きさの損失と、予測の幅を求める | 4 |
# | `preference_loss` | 好まれた答えを出やすくする損失（DPO） | 3 |
# | `inverted` | 完全一致率から、1トークンごとの正解率を逆算する | 3 |
# | 記述 | デコーダー型が主流になった理由についての意見を検討する | 4 |
#
# 目安は60分です。`raise NotImplementedError`の行を消して、そこにコードを書きましょう。すぐ下の確認セルを実行すると、「未完成」「おしい」「正解」のどれかとヒントが表示されます。コードが途中で止まったときは、エラーの内容が表示されます。提出後の採点では、別の入力でも確かめます。

# %% [markdown] key="title" lang="zh-tw"
# # 練習 06：拿數字來討論
#
# 運用第 06 課學到的想法，動手寫出規模定律、助理的訓練和湧現會用到的三種計算。答案不在課文裡，也不在輔助模組裡：每一題都要再往前想一步。這些函式都只用傳入的數字來計算。
#
# | 題目 | 內容 | 配分 |
# |---|---|---|
# | `predicted` | 預測還沒訓練的大小的損失，並給出範圍 | 4 |
# | `preference_loss` | 讓受偏好的回答更容易出現的損失（DPO） | 3 |
# | `inverted` | 從完全相符率，反推每個詞元的正確率 | 3 |
# | 問答題 | 評論一段關於解碼器為什麼成為主流的意見 | 4 |
#
# 大約需要 60 分鐘。請刪掉 `raise NotImplementedError` 那一行，把程式碼寫在那裡，再執行緊接在下面的檢查儲存格，就會看到「尚未作答」、「還差一點」或「答對了」，以及小提示。程式執行到一半出錯時，會顯示錯誤內容。繳交後批改時，還會用別的輸入再檢查一次。

# %% key="imports"
import math

import numpy as np
import torch

from helpers.classroom import check

# %% [markdown] key="predicted-text" lang="ja"
# ## 課題1：`predicted`（4点）
#
# 大きさ $N$ と損失 $L$ の組から、下限を加えた「べき乗則」 $L = E + A N^{-\alpha}$ を当てはめ、まだ学習していない大きさ`size`の損失を予測します。下限は1つに決まりにくいので、データと矛盾しない下限をすべて使って、予測の幅も求めます。
#
# 手順は次のとおりです。
#
# - `floors`の候補 $E$ ごとに、$\log(L - E)$ を $\log N$ の1次式で当てはめる（最小二乗法。`np.polyfit`を使えます）
# - その式で求めた損失（$E$ を足して、もとの単位に戻したもの）と、実際の損失との差の2乗平均の平方根を、当てはめの誤差とする
# - 誤差がいちばん小さい候補の、`size`での予測を`best`とする
# - 誤差が`noise`以下の候補すべてについて`size`での予測を求め、その最小を`low`、最大を`high`とする
#
# `(best, low, high)`を返してください。どの候補も、損失の最小値より小さいとします。誤差が`noise`以下の候補は、少なくとも1つあるとします。

# %% [markdown] key="predicted-text" lang="zh-tw"
# ## 第 1 題：`predicted`（4 分）
#
# 從大小 $N$ 和損失 $L$ 的資料，擬合有下限的冪律 $L = E + A N^{-\alpha}$，預測還沒訓練的大小 `size` 的損失。下限很難定出唯一的值，所以要用所有和資料不矛盾的下限，求出預測的範圍。
#
# 步驟如下。
#
# - 對 `floors` 裡的每個候選 $E$，把 $\log(L - E)$ 擬合成 $\log N$ 的一次式（最小平方法，可以使用 `np.polyfit`）
# - 用那個式子求出損失（加回 $E$，回到原本的單位），和實際損失的差取平方平均再開根號（RMSE），就是擬合的誤差
# - 誤差最小的候選，在 `size` 的預測就是 `best`
# - 誤差在 `noise` 以下的所有候選，都求出在 `size` 的預測，最小的是 `low`，最大的是 `high`
#
# 請回傳 `(best, low, high)`。每個候選都小於損失的最小值，而且至少有一個候選的誤差在 `noise` 以下。


# %% key="predicted" task="predicted"
def predicted(sizes, losses, size, floors, noise):
    """sizes, losses, floors: lists of float → best, low, high"""
    ### BEGIN SOLUTION
    x, y = np.log(sizes), np.array(losses)
    found = []
    for floor in floors:
        line = np.polyfit(x, np.log(y - floor), 1)
        fitted = floor + np.exp(np.polyval(line, x))
        error = float(np.sqrt(((fitted - y) ** 2).mean()))
        found.append((error, float(floor + np.exp(np.polyval(line, math.log(size))))))
    fitting = [loss for error, loss in found if error <= noise]
    return min(found)[1], min(fitting), max(fitting)
    ### END SOLUTION


# %% key="predicted-check" points=4
def curve(floor, scale, exponent, sizes):
    return [floor + scale * n**-exponent for n in sizes]


trained = [2e3, 6e3, 2e4, 6e4, 2e5]
candidates = [n / 20 for n in range(26)]

with check.task("predicted"):
    exact = curve(1.0, 20.0, 0.3, trained)
    best, low, high = check.unpack(predicted(trained, exact, 1e7, candidates, 1e-3), 3)
    check.close(
        torch.tensor(best),
        torch.tensor(curve(1.0, 20.0, 0.3, [1e7])[0]),
        atol=1e-4,
        hint=T(
            ja="下限が1のデータなのに、遠くの予測が合いません。候補の下限を引いてから対数を取り、予測では足し戻しているでしょうか。",
            zh_tw="資料的下限是 1，遠處的預測卻不對。有沒有先減去候選的下限再取對數，預測時再加回來？",
        ),
    )
    #| ja: 測定らしく揺らした損失。期待する値は、候補を1つずつ調べて求めた
    #| zh-tw: 像實際測量那樣有誤差的損失。期望的值，是逐一檢查候選求出的
    rough = [3.07, 2.43, 2.05, 1.72, 1.53]
    best, low, high = check.unpack(predicted(trained, rough, 1e7, candidates, 0.03), 3)
    check.close(
        torch.tensor(best),
        torch.tensor(1.217318),
        atol=1e-4,
        hint=T(
            ja="誤差の小さい候補の選び方を見直しましょう。誤差は、対数ではなく、もとの損失の単位で測ります。",
            zh_tw="重新檢查怎麼選出誤差最小的候選。誤差要用原本損失的單位來量，不是用對數。",
        ),
    )
    check.close(
        torch.tensor([low, high]),
        torch.tensor([1.163337, 1.277081]),
        atol=1e-4,
        hint=T(
            ja="幅は、矛盾しない下限すべての予測から決まります。予測にnoiseを足し引きした値ではありません。",
            zh_tw="範圍由所有不矛盾的下限的預測決定，不是把預測加減 noise。",
        ),
    )
    print(
        T(
            ja=f"予測 {best:.3f}（{low:.3f}から{high:.3f}）",
            zh_tw=f"預測 {best:.3f}（{low:.3f} 到 {high:.3f}）",
        )
    )

    ### BEGIN HIDDEN TESTS
    def one_by_one(sizes, losses, size, floors, noise):
        T(ja="""行列の式で、候補を1つずつ調べる""", zh_tw="""用矩陣的式子逐一檢查候選""")
        table = []
        for floor in floors:
            a = np.stack([np.log(sizes), np.ones(len(sizes))], 1)
            slope, height = np.linalg.lstsq(a, np.log(np.subtract(losses, floor)), rcond=None)[0]
            told = [floor + math.exp(height) * n**slope for n in [*sizes, size]]
            gaps = [(x - y) ** 2 for x, y in zip(told, losses)]
            table.append((math.sqrt(sum(gaps) / len(gaps)), told[-1]))
        near = [row[1] for row in table if row[0] <= noise]
        return min(table)[1], min(near), max(near)

    for seed in range(5):
        shaken = 0.03 * np.random.default_rng(seed).standard_normal(len(trained))
        y = [loss + float(s) for loss, s in zip(curve(0.6, 9.0, 0.2, trained), shaken)]
        floors = [n / 30 for n in range(int(30 * min(y)))]
        got = torch.tensor(check.unpack(predicted(trained, y, 3e6, floors, 0.06), 3))
        hidden = T(ja="別のデータでも確かめてみましょう。", zh_tw="請用其他資料再檢查一次。")
        check.close(
            got, torch.tensor(one_by_one(trained, y, 3e6, floors, 0.06)), atol=1e-4, hint=hidden
        )
    ### END HIDDEN TESTS


# %% key="predicted-wrong-no-floor" wrong="predicted"
def predicted(sizes, losses, size, floors, noise):
    line = np.polyfit(np.log(sizes), np.log(losses), 1)
    best = float(np.exp(np.polyval(line, math.log(size))))
    return best, best, best


# %% key="predicted-wrong-log-error" wrong="predicted"
def predicted(sizes, losses, size, floors, noise):
    found = []
    for floor in floors:
        line = np.polyfit(np.log(sizes), np.log(np.subtract(losses, floor)), 1)
        gaps = np.polyval(line, np.log(sizes)) - np.log(np.subtract(losses, floor))
        error = float(np.sqrt((gaps**2).mean()))
        found.append((error, float(floor + np.exp(np.polyval(line, math.log(size))))))
    fitting = [loss for error, loss in found if error <= max(noise, min(found)[0])]
    return min(found)[1], min(fitting), max(fitting)


# %% key="predicted-wrong-plus-minus" wrong="predicted"
def predicted(sizes, losses, size, floors, noise):
    found = []
    for floor in floors:
        line = np.polyfit(np.log(sizes), np.log(np.subtract(losses, floor)), 1)
        gaps = floor + np.exp(np.polyval(line, np.log(sizes))) - losses
        found.append(
            (float((gaps**2).mean()), float(floor + np.exp(np.polyval(line, math.log(size)))))
        )
    best = min(found)[1]
    return best, best - noise, best + noise


# %% [markdown] key="preference-text" lang="ja"
# ## 課題2：`preference_loss`（3点）
#
# 指示チューニングのあとには、2つの答えのうち、人が好むほうを出やすくする学習がよく行われます。その1つ、DPO（Direct Preference Optimization、Rafailov et al. 2023）の損失を書きましょう。
#
# 答え $y$ の良さは、学習中のモデル $\pi$ が、学習前のモデル $\pi_0$ に比べて、その答えをどれだけ出しやすくなったかで表します。
#
# $$r(y) = \beta \left( \log \pi(y) - \log \pi_0(y) \right)$$
#
# 好まれた答え $y_w$ が、もう一方の答え $y_l$ に勝つ確率は、Bradley–Terryモデルに従うとします。
#
# $$P(y_w \succ y_l) = \frac{e^{r(y_w)}}{e^{r(y_w)} + e^{r(y_l)}}$$
#
# 損失は、組ごとの $-\log P$ の平均です。入力は、次のとおりです。
#
# - `logits`、`before`：$\pi$ と $\pi_0$ のロジットで、形状は(2B, T, V)。前半のB行が好まれた答え、後半のB行が同じ質問へのもう一方の答え
# - `ids`：トークンの番号(2B, T)。質問のあとに、答えが続く
# - `answer`：答えのトークンの位置だけが`True`の(2B, T)。$\log \pi(y)$ は、これらのトークンの、それより前を見たときの対数確率の和
#
# ロジットは、レッスン04と同じく、位置ごとに「次の」トークンを予測します。どんなに大きい差でも、`inf`や`nan`にならないようにしてください。

# %% [markdown] key="preference-text" lang="zh-tw"
# ## 第 2 題：`preference_loss`（3 分）
#
# 指令微調之後，常會再做一種訓練：有兩個回答時，讓人偏好的那一個更容易出現。這裡要寫的是其中一種方法 DPO（Direct Preference Optimization，Rafailov et al. 2023）的損失。
#
# 回答 $y$ 有多好，用「訓練中的模型 $\pi$ 比起訓練前的模型 $\pi_0$，變得多容易寫出它」來表示。
#
# $$r(y) = \beta \left( \log \pi(y) - \log \pi_0(y) \right)$$
#
# 受偏好的回答 $y_w$ 勝過另一個回答 $y_l$ 的機率，假設遵守 Bradley–Terry 模型。
#
# $$P(y_w \succ y_l) = \frac{e^{r(y_w)}}{e^{r(y_w)} + e^{r(y_l)}}$$
#
# 損失是 $-\log P$ 對每一組取的平均。輸入如下。
#
# - `logits`、`before`：$\pi$ 和 $\pi_0$ 的 logits，形狀是 (2B, T, V)。前半 B 個橫列是受偏好的回答，後半 B 個橫列是同樣問題的另一個回答
# - `ids`：詞元的編號 (2B, T)，問題後面接著回答
# - `answer`：只有回答的詞元位置是 `True` 的 (2B, T)。$\log \pi(y)$ 是這些詞元各自在「只看前面」時的對數機率的總和
#
# 和第 04 課一樣，logits 在每個位置預測的是「下一個」詞元。不論差距多大，都不可以出現 `inf` 或 `nan`。


# %% key="preference-loss" task="preference_loss"
def preference_loss(logits, before, ids, answer, beta):
    """logits, before: (2B, T, V)  ids, answer: (2B, T)  →  ()"""

    ### BEGIN SOLUTION
    def log_probability(scores):
        each = scores[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
        return (each * answer[:, 1:]).sum(1)

    chosen, rejected = (beta * (log_probability(logits) - log_probability(before))).chunk(2)
    return -torch.nn.functional.logsigmoid(chosen - rejected).mean()
    ### END SOLUTION


# %% key="preference-loss-check" points=3
generator = torch.Generator().manual_seed(0)
now, old = torch.randn(2, 4, 6, 5, generator=generator)
ids = torch.randint(5, (4, 6), generator=generator)
ids[2:, :3] = ids[:2, :3]
place = torch.arange(6)
answer = (place >= 3) & (place < torch.tensor([[6], [5], [4], [6]]))

with check.task("preference_loss"):
    check.close(
        preference_loss(now, now, ids, answer, 0.3),
        torch.tensor(math.log(2)),
        atol=1e-5,
        hint=T(
            ja="学習を始める前は、答えの良さは0です。勝つ確率はいくつになりますか。",
            zh_tw="開始訓練之前，回答的好壞都是 0。這時勝過的機率是多少？",
        ),
    )
    certain = torch.zeros(2, 3, 2)
    certain[0, 1, 1] = certain[1, 1, 0] = 2.0
    told = preference_loss(
        certain,
        torch.zeros(2, 3, 2),
        torch.tensor([[0, 0, 1], [0, 0, 1]]),
        torch.tensor([[False, False, True], [False, False, True]]),
        1.0,
    )
    check.close(
        told,
        torch.tensor(0.126928),
        atol=1e-5,
        hint=T(
            ja="好まれた答えだけが出やすくなったときの値が違います。差の向きと、どの位置のロジットが答えのトークンを予測するかを確かめましょう。",
            zh_tw="只有受偏好的回答變得容易出現時，值不對。請檢查相減的方向，以及預測回答詞元的是哪個位置的 logits。",
        ),
    )
    moved = now.clone()
    moved[:, [0, 1, 5]] += torch.randn(4, 3, 5, generator=generator)
    check.close(
        preference_loss(moved, old, ids, answer, 0.3),
        preference_loss(now, old, ids, answer, 0.3),
        atol=1e-5,
        hint=T(
            ja="質問の中のトークンと、最後の位置のロジットは、損失に関係しません。",
            zh_tw="問題裡的詞元，以及最後一個位置的 logits，都和損失無關。",
        ),
    )
    check.close(
        preference_loss(now, old, ids, answer, 0.3),
        torch.tensor(0.365577),
        atol=1e-5,
        hint=T(
            ja="対数確率は、答えのトークンについての和です（平均ではありません）。学習前のモデルの分も引いたでしょうか。",
            zh_tw="對數機率是回答詞元的總和（不是平均）。有沒有減去訓練前的模型？",
        ),
    )
    check.that(
        bool(torch.isfinite(preference_loss(1e4 * now, old, ids, answer, 1.0))),
        hint=T(
            ja="差が大きいと、値が無限大になります。指数を取ってから対数を取っていないでしょうか。",
            zh_tw="差距很大時，值變成無限大。是不是先取指數再取對數？",
        ),
    )
    print(f"{float(preference_loss(now, old, ids, answer, 0.3)):.4f}")

    ### BEGIN HIDDEN TESTS
    hidden = T(ja="別の入力でも確かめてみましょう。", zh_tw="請用其他輸入再檢查一次。")

    def reward(now, old, row, marks, beta):
        told = 0.0
        for scores, sign in ((now, 1), (old, -1)):
            for t in range(1, len(row)):
                if marks[t]:
                    each = [math.exp(score) for score in scores[t - 1]]
                    told += sign * math.log(each[row[t]] / sum(each))
        return beta * told

    for size, beta in ((1, 0.1), (3, 0.7)):
        now, old = torch.randn(2, 2 * size, 7, 4, generator=generator)
        ids = torch.randint(4, (2 * size, 7), generator=generator)
        answer = torch.rand(2 * size, 7, generator=generator) < 0.6
        given = zip(now.tolist(), old.tolist(), ids.tolist(), answer.tolist(), strict=True)
        worth = [reward(*row, beta) for row in given]
        pairs = zip(worth[:size], worth[size:], strict=True)
        wanted = sum(-math.log(math.exp(w) / (math.exp(w) + math.exp(x))) for w, x in pairs) / size
        got = preference_loss(now, old, ids, answer, beta)
        check.close(got, torch.tensor(wanted), atol=1e-4, hint=hidden)
    ### END HIDDEN TESTS


# %% key="preference-loss-wrong-mean" wrong="preference_loss"
def preference_loss(logits, before, ids, answer, beta):
    def log_probability(scores):
        each = scores[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
        return (each * answer[:, 1:]).sum(1) / answer.sum(1)

    chosen, rejected = (beta * (log_probability(logits) - log_probability(before))).chunk(2)
    return -torch.nn.functional.logsigmoid(chosen - rejected).mean()


# %% key="preference-loss-wrong-not-shifted" wrong="preference_loss"
def preference_loss(logits, before, ids, answer, beta):
    def log_probability(scores):
        each = scores.log_softmax(-1).gather(-1, ids[..., None])[..., 0]
        return (each * answer).sum(1)

    chosen, rejected = (beta * (log_probability(logits) - log_probability(before))).chunk(2)
    return -torch.nn.functional.logsigmoid(chosen - rejected).mean()


# %% key="preference-loss-wrong-whole-text" wrong="preference_loss"
def preference_loss(logits, before, ids, answer, beta):
    def log_probability(scores):
        return scores[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0].sum(1)

    chosen, rejected = (beta * (log_probability(logits) - log_probability(before))).chunk(2)
    return -torch.nn.functional.logsigmoid(chosen - rejected).mean()


# %% key="preference-loss-wrong-no-reference" wrong="preference_loss"
def preference_loss(logits, before, ids, answer, beta):
    each = logits[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
    chosen, rejected = (beta * (each * answer[:, 1:]).sum(1)).chunk(2)
    return -torch.nn.functional.logsigmoid(chosen - rejected).mean()


# %% key="preference-loss-wrong-overflow" wrong="preference_loss"
def preference_loss(logits, before, ids, answer, beta):
    def log_probability(scores):
        each = scores[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
        return (each * answer[:, 1:]).sum(1)

    chosen, rejected = (beta * (log_probability(logits) - log_probability(before))).chunk(2)
    return -(chosen.exp() / (chosen.exp() + rejected.exp())).log().mean()


# %% [markdown] key="inverted-text" lang="ja"
# ## 課題3：`inverted`（3点）
#
# あるモデルに、$k$ トークンの答えの問題を`n`問解かせたら、`hits`問が完全一致でした。トークンごとの正誤は独立で、正解率 $p$ はどこでも同じだとします。次の3つを返してください。
#
# - `p`：1トークンごとの正解率。`hits`が0でも $p$ が0だとは言えないので、そのときは完全一致率の95%の上限 $\min(1, 3/n)$（$n$ 問すべて外れる確率 $(1-q)^n$ が5%になる $q$ は、およそ $3/n$ です）から求めた、$p$ の上限を返します
# - `exact`：同じ $p$ のとき、`longer`トークンの答えの完全一致率
# - `items`：`longer`トークンの問題で、1問以上の完全一致が95%以上の確率で見つかるために必要な、最も少ない問題数（整数）。`exact`が1なら1問です
#
# 例：`hits=25`、`n=100`、`k=2`なら $p = 0.5$ です。`longer=3`なら、完全一致率は $0.125$ で、必要な問題数は23です。

# %% [markdown] key="inverted-text" lang="zh-tw"
# ## 第 3 題：`inverted`（3 分）
#
# 讓某個模型做 `n` 題，每題的答案有 $k$ 個詞元，結果 `hits` 題完全相符。假設每個詞元的對錯互相獨立，正確率 $p$ 處處相同。請回傳下面 3 個值。
#
# - `p`：每個詞元正確率的估計值。`hits` 是 0 時，不能說 $p$ 就是 0；完全相符率的 95% 上限是 $\min(1, 3/n)$（$n$ 題全都沒對的機率 $(1-q)^n$ 等於 5% 時，$q$ 大約是 $3/n$），請回傳由它求出的 $p$ 的上限
# - `exact`：$p$ 相同時，答案有 `longer` 個詞元的完全相符率
# - `items`：做 `longer` 個詞元的題目時，要有 95% 以上的機率至少出現 1 題完全相符，最少需要幾題（整數）；`exact` 是 1 時就是 1 題
#
# 例如：`hits=25`、`n=100`、`k=2` 時，$p = 0.5$。`longer=3` 時，完全相符率是 $0.125$，需要的題數是 23。


# %% key="inverted" task="inverted"
def inverted(hits, n, k, longer):
    """→ p, exact, items"""
    ### BEGIN SOLUTION
    share = hits / n if hits else min(1.0, 3 / n)
    p = share ** (1 / k)
    exact = p**longer
    items = 1 if exact >= 0.95 else math.ceil(math.log(0.05) / math.log1p(-exact))
    return p, exact, items
    ### END SOLUTION


# %% key="inverted-check" points=3
with check.task("inverted"):
    p, exact, items = check.unpack(inverted(25, 100, 2, 3), 3)
    check.close(
        torch.tensor(float(p)),
        torch.tensor(0.5),
        hint=T(
            ja="k個が全部正しい確率は、pのk乗です。その逆は、kで割ることではありません。",
            zh_tw="k 個全部正確的機率是 p 的 k 次方。反過來算，並不是除以 k。",
        ),
    )
    check.close(
        torch.tensor(float(exact)),
        torch.tensor(0.125),
        hint=T(
            ja="pは合っています。longerトークンの完全一致率は、pから計算し直します。",
            zh_tw="p 是對的。longer 個詞元的完全相符率，要從 p 重新計算。",
        ),
    )
    check.that(
        items == 23,
        hint=T(
            ja="「1問も当たらない」確率が5%以下になる問題数を考えましょう。平均で1問当たる数では足りません。",
            zh_tw="想一想：要幾題，「1 題都沒對」的機率才會在 5% 以下？平均答對 1 題的題數還不夠。",
        ),
    )
    p, exact, items = check.unpack(inverted(0, 300, 8, 8), 3)
    check.close(
        torch.tensor(float(p)),
        torch.tensor(0.01**0.125),
        hint=T(
            ja="1問も当たらなくても、正解率が0だとは限りません。上限3/nを使いましょう。",
            zh_tw="1 題都沒對，也不代表正確率是 0。請使用上限 3/n。",
        ),
    )
    check.that(
        inverted(10, 10, 3, 9)[2] == 1,
        hint=T(
            ja="いつも正しいときは、何問で足りるでしょうか。対数が計算できない場合に注意しましょう。",
            zh_tw="每次都答對時，需要幾題？小心對數無法計算的情形。",
        ),
    )
    print(
        T(
            ja=f"300問で1問も当たらなくても、pは{p:.2f}まであり得ます。",
            zh_tw=f"300 題裡 1 題都沒對，p 還是可能高達 {p:.2f}。",
        )
    )
    ### BEGIN HIDDEN TESTS
    hidden = T(ja="別の問題数でも確かめてみましょう。", zh_tw="請用其他題數再檢查一次。")
    cases = (80, 100, 4, 20), (0, 50, 5, 10), (10, 10, 3, 9), (3, 400, 6, 12), (0, 2, 4, 8)
    for hits, n, k, longer in cases:
        p, exact, items = check.unpack(inverted(hits, n, k, longer), 3)
        share = hits / n if hits else min(1.0, 3 / n)
        check.close(torch.tensor(float(p**k)), torch.tensor(share), hint=hidden)
        check.close(torch.tensor(float(exact)), torch.tensor(share ** (longer / k)), hint=hidden)
        misses = 1 - share ** (longer / k)
        check.that(misses**items <= 0.05 + 1e-9, hint=hidden)
        check.that(items == 1 or misses ** (items - 1) > 0.05 - 1e-9, hint=hidden)
    ### END HIDDEN TESTS


# %% key="inverted-wrong-divided" wrong="inverted"
def inverted(hits, n, k, longer):
    p = hits / n / k
    return p, p**longer, 1


# %% key="inverted-wrong-same-length" wrong="inverted"
def inverted(hits, n, k, longer):
    share = hits / n if hits else 3 / n
    return share ** (1 / k), share, math.ceil(math.log(0.05) / math.log(1 - share))


# %% key="inverted-wrong-one-on-average" wrong="inverted"
def inverted(hits, n, k, longer):
    p = (hits / n if hits else 3 / n) ** (1 / k)
    return p, p**longer, math.ceil(1 / p**longer)


# %% key="inverted-wrong-zero" wrong="inverted"
def inverted(hits, n, k, longer):
    p = (hits / n) ** (1 / k)
    exact = p**longer
    if exact in (0, 1):
        return p, exact, 1
    return p, exact, math.ceil(math.log(0.05) / math.log(1 - exact))


# %% [markdown] key="essay-text" lang="ja"
# ## 記述問題（4点）
#
# ある人が、次のように言いました。
#
# 「デコーダー型が主流になったのは、スケーリング則がほかの型より優れているからだ。大きくすれば推論能力が突然現れるので、エンコーダー型やエンコーダー・デコーダー型はもう必要ない。」
#
# この意見の正しい点と、根拠が足りない点を、レッスン06で測った数を2つ以上使って、300字前後で説明してください。
#
# | 観点 | 点 |
# |---|---|
# | 学習対象トークンの数や、できるタスクについて、測った数で述べている | 1 |
# | スケーリングについて、測った数とその不確かさを述べている | 1 |
# | 創発について、測り方の影響と、わかっていないことを述べている | 1 |
# | ほかの型が使われている例、または構造以外の理由を、日付や出典とともに述べている | 1 |

# %% [markdown] key="essay-text" lang="zh-tw"
# ## 問答題（4 分）
#
# 有人這樣說：
#
# 「decoder-only 成為主流，是因為它的規模定律比其他架構好。只要夠大，推理能力就會突然出現，所以編碼器和編碼器－解碼器已經不需要了。」
#
# 請說明這段話哪裡對、哪裡根據不足。至少要用到 2 個在第 06 課測出的數字，約 300 字。
#
# | 評分項目 | 分數 |
# |---|---|
# | 用實測數字說明算進損失的詞元，或做得到的任務 | 1 |
# | 用實測數字說明規模定律，以及它的不確定性 | 1 |
# | 說明評分方式對湧現的影響，以及還不清楚的事 | 1 |
# | 舉出仍在使用其他架構的例子，或架構以外的原因，並附上日期或出處 | 1 |

# %% [markdown] key="essay" lang="ja" points=4
# ### BEGIN SOLUTION
# 汎用LLMでデコーダー型が主流なのは正しいです。測れた理由は、読んだトークンの95%が学習対象になること（15%を隠すBERTでは13%）と、続きを書く1つの形で翻訳も気分も答えられることです。しかし、よく引かれるスケーリング則はデコーダー型だけに当てはめたものです。レッスンの小さな実験では、同じ計算量でデコーダーの損失が約0.2ナット低く、部品をそろえても差は残りましたが、読んだ文章の量が違い、ゼロショットは測っていません。最大のモデルの予測も0.10ナット外れました。推論能力は測っていません。8文字の完全一致率が急に上がって見えたのは、測り方の影響で、創発そのものは意見が分かれています。ほかの型も必要です。右に手がかりがある空欄では、1回の計算なら、BERTは1.00、GPT-2は0.26でした。ModernBERT（2024年12月）やT5Gemma（2025年7月）も公開されています。
# ### END SOLUTION

# %% [markdown] key="essay" lang="zh-tw" points=4
# ### BEGIN SOLUTION
# 通用 LLM 以 decoder-only 為主流，這一點是對的。測得到的理由是：讀寫的詞元有 95% 算進損失（遮住 15% 的 BERT 是 13%），以及只用「接著寫下去」1 種形式，就能回答翻譯和心情。但是，常被引用的規模定律只用 decoder-only 擬合。在課文的小實驗裡，運算量相同時 decoder-only 的損失低了約 0.2 nat，換成同樣的零件差距也還在，可是讀過的文章量不同，也沒有測量零樣本；最大模型的預測也差了 0.10 nat。推理能力並沒有測量。8 個字元的完全相符率看起來突然上升，是評分方式的影響；湧現本身意見分歧。其他架構也仍有用處：線索在右邊的空格，只計算 1 次時，BERT 是 1.00，GPT-2 是 0.26。ModernBERT（2024 年 12 月）和 T5Gemma（2025 年 7 月）後來也公開了。
# ### END SOLUTION
