# %% [markdown] key="title" lang="ja"
# # 演習07：メモリを設計する
#
# レッスン07の式を、推論エンジンが実際に出会う4つの場面に広げます。答えはレッスンにも補助モジュールにもありません。どの課題も、数を受け取り、数を返す関数です。
#
# | 課題 | 内容 | 配点 |
# |---|---|---|
# | `shared_bytes` | 同じプロンプトを共有するキャッシュ | 3 |
# | `paged` | ブロック単位の割り当てと、その無駄 | 3 |
# | `largest_batch` | ウィンドウの層が混ざったモデルで、GPUに収まる最大のバッチ | 3 |
# | `kivi_bytes` | キーとバリューの量子化のしかたが違うキャッシュの大きさ | 4 |
# | 記述 | 10万文字のサービスの計画を検討する | 4 |
#
# 目安は75分です。`raise NotImplementedError`の行を消して、そこにコードを書きましょう。すぐ下の確認セルを実行すると、「未完成」「おしい」「正解」のどれかとヒントが表示されます。提出後の採点では、別の数でも確かめます。

# %% [markdown] key="title" lang="zh-tw"
# # 練習 07：規劃記憶體
#
# 把第 07 課的公式，延伸到推論引擎實際會遇到的四種情況。答案不在課文裡，也不在輔助模組裡。每一題都是接收數字、回傳數字的函式。
#
# | 題目 | 內容 | 配分 |
# |---|---|---|
# | `shared_bytes` | 共用同一段提示的快取 | 3 |
# | `paged` | 以區塊配置記憶體，以及浪費了多少 | 3 |
# | `largest_batch` | 混有視窗層的模型，GPU 放得下的最大批次 | 3 |
# | `kivi_bytes` | 鍵和值量化方式不同時，快取的大小 | 4 |
# | 問答題 | 評論一份處理 10 萬字的服務計畫 | 4 |
#
# 大約需要 75 分鐘。請刪掉 `raise NotImplementedError` 那一行，把程式碼寫在那裡，再執行緊接在下面的檢查儲存格，就會看到「尚未作答」、「還差一點」或「答對了」，以及小提示。繳交後批改時，還會用別的數字再檢查一次。

# %% key="imports"
import math

from helpers.classroom import check

# %% [markdown] key="shared-text" lang="ja"
# ## 課題1：`shared_bytes`（3点）
#
# 因果マスクのモデルでは、前のトークンのキーとバリューは、後ろに何が続いても変わりません。そのため、始まりが同じ系列は、同じ部分のキャッシュを一度だけ保存すれば足ります。
#
# あるサービスでは、すべての利用者の系列が、同じ`system`個のトークンの説明文で始まります。そのあとに、利用者ごとの文書が続きます。利用者は、自分の文書に何度も質問します。どの質問も文書のすぐあとに続き、前の質問と答えは含みません。
#
# - 引数`model`は辞書：`{"layers": 32, "n_heads": 32, "n_kv_heads": 8, "head_dim": 128, "bits": 16}`
# - 引数`users`はリスト：利用者ごとに、文書の長さと、質問1回ごとの長さ（答えを含む）のリスト。例：`[(5000, [100, 300]), (800, [50])]`
#
# `bits`は、数1つのビット数です。共有できるものをすべて共有したとき、すべての利用者のすべての質問のキャッシュを同時に保存すると、合わせて何バイトになるでしょうか。整数で返してください。

# %% [markdown] key="shared-text" lang="zh-tw"
# ## 第 1 題：`shared_bytes`（3 分）
#
# 使用因果遮罩的模型，不管後面接什麼，前面詞元的鍵和值都不會變。所以開頭相同的序列，相同部分的快取只要存一份就夠了。
#
# 某個服務裡，所有使用者的序列都以同一段說明開頭，長度是 `system` 個詞元；後面接著每位使用者自己的文件。使用者會針對自己的文件問好幾次；每次提問都直接接在文件後面，不包含前面的問答。
#
# - 引數 `model` 是字典：`{"layers": 32, "n_heads": 32, "n_kv_heads": 8, "head_dim": 128, "bits": 16}`
# - 引數 `users` 是串列：每位使用者的文件長度，以及每 1 次提問的長度（包含回答）的串列。例如 `[(5000, [100, 300]), (800, [50])]`
#
# `bits` 是一個數字的位元數。能共用的全部共用時，要同時保存所有使用者、所有提問的快取，一共是多少位元組？請回傳整數。


# %% key="shared" task="shared_bytes"
def shared_bytes(model, system, users):
    """→ bytes"""
    ### BEGIN SOLUTION
    one_token = 2 * model["layers"] * model["n_kv_heads"] * model["head_dim"] * model["bits"] // 8
    tokens = system + sum(document + sum(turns) for document, turns in users)
    return tokens * one_token
    ### END SOLUTION


# %% key="shared-check" points=3
TINY = {"layers": 2, "n_heads": 8, "n_kv_heads": 2, "head_dim": 4, "bits": 16}

with check.task("shared_bytes"):
    alone = shared_bytes(TINY, 100, [(0, [0])])
    check.that(
        alone != 100 * 64 * 4,
        hint=T(
            ja="保存するのは、どのヘッドの数でしょうか。クエリは保存しません。",
            zh_tw="要保存的是哪一種注意力頭？查詢是不保存的。",
        ),
    )
    check.that(
        alone != 100 * 64 // 2,
        hint=T(
            ja="ちょうど半分です。トークンごとに保存するものを、もう一度数えてみましょう。",
            zh_tw="剛好少了一半。每個詞元要保存哪些東西，再數一次看看。",
        ),
    )
    check.that(
        alone != 100 * 64 * 8,
        hint=T(
            ja="答えがビットになっていないでしょうか。バイトは8ビットです。",
            zh_tw="答案是不是變成位元了？8 個位元是 1 個位元組。",
        ),
    )
    check.that(
        alone == 100 * 64,
        hint=T(
            ja="利用者がひとりで、文書も質問もないときの答えが違います。トークンあたりのバイト数から確かめましょう。",
            zh_tw="只有一位使用者、沒有文件也沒有提問時，答案就不對了。先確認每個詞元是多少位元組。",
        ),
    )
    check.that(
        shared_bytes(TINY, 100, [(10, [5]), (20, [5])]) == (100 + 30 + 10) * 64,
        hint=T(
            ja="利用者が増えたときの答えが違います。全員に共通の部分は、何回保存すれば足りますか。",
            zh_tw="使用者變多時，答案就不對了。所有人共同的部分，要存幾份才夠？",
        ),
    )
    check.that(
        shared_bytes(TINY, 100, [(10, [5, 5, 5])]) == (100 + 10 + 15) * 64,
        hint=T(
            ja="同じ利用者が何度も質問したときの答えが違います。その人の文書は、質問のたびに保存し直しますか。",
            zh_tw="同一位使用者問好幾次時，答案就不對了。他的文件，每問一次就要重新存一份嗎？",
        ),
    )
    ### BEGIN HIDDEN TESTS
    hidden = T(ja="別の数でも確かめてみましょう。", zh_tw="請用其他數字再檢查一次。")
    for model, system, users in (
        (TINY | {"bits": 8}, 7, [(3, [1]), (4, [2, 2]), (0, [9])]),
        (TINY | {"layers": 61, "n_kv_heads": 1}, 0, [(1000, [10, 20])]),
        (TINY | {"bits": 4, "head_dim": 64}, 2000, []),
    ):
        bits_of_one = 2 * model["layers"] * model["n_kv_heads"] * model["head_dim"] * model["bits"]
        tokens = system
        for document, turns in users:
            tokens += document
            for turn in turns:
                tokens += turn
        check.that(shared_bytes(model, system, users) == tokens * bits_of_one / 8, hint=hidden)
    ### END HIDDEN TESTS


# %% key="shared-wrong-query-heads" wrong="shared_bytes"
def shared_bytes(model, system, users):
    one_token = 2 * model["layers"] * model["n_heads"] * model["head_dim"] * model["bits"] // 8
    return one_token * (system + sum(document + sum(turns) for document, turns in users))


# %% key="shared-wrong-keys-only" wrong="shared_bytes"
def shared_bytes(model, system, users):
    one_token = model["layers"] * model["n_kv_heads"] * model["head_dim"] * model["bits"] // 8
    return one_token * (system + sum(document + sum(turns) for document, turns in users))


# %% key="shared-wrong-bits" wrong="shared_bytes"
def shared_bytes(model, system, users):
    one_token = 2 * model["layers"] * model["n_kv_heads"] * model["head_dim"] * model["bits"]
    return one_token * (system + sum(document + sum(turns) for document, turns in users))


# %% key="shared-wrong-prompt-for-each-user" wrong="shared_bytes"
def shared_bytes(model, system, users):
    one_token = 2 * model["layers"] * model["n_kv_heads"] * model["head_dim"] * model["bits"] // 8
    return one_token * sum(system + document + sum(turns) for document, turns in users)


# %% key="shared-wrong-document-for-each-question" wrong="shared_bytes"
def shared_bytes(model, system, users):
    one_token = 2 * model["layers"] * model["n_kv_heads"] * model["head_dim"] * model["bits"] // 8
    return one_token * (system + sum(document + t for document, turns in users for t in turns))


# %% [markdown] key="paged-text" lang="ja"
# ## 課題2：`paged`（3点）
#
# vLLMなどの推論エンジンは、キャッシュを16トークンなどの「ブロック」単位で割り当てます。ブロックの一部しか使わなくても、ブロック1つ分のメモリが必要です。
#
# 同じプロンプトから、いくつもの答えを生成することがあります。プロンプトのうち、ブロックがちょうど埋まった部分は、すべての答えで共有します。はみ出した最後の部分は共有できないので、答えごとに、自分のブロックへコピーしてから続きを書き足します。
#
# 次の2つを、この順のタプルで返してください（どちらも整数）。
#
# - 割り当てるバイト数
# - そのうち、どのトークンも入っていない部分のバイト数
#
# 引数は、プロンプトの長さ`prompt`、答えの長さのリスト`answers`、1トークンのバイト数`token_bytes`、ブロックの大きさ`block`です。
#
# 例：`block=16`、`prompt=20`、`answers=[4, 12]`なら、共有するのはブロック1つ（16トークン）です。答えごとの分は、4 + 4 = 8トークンでブロック1つ、4 + 12 = 16トークンでもブロック1つです。合わせてブロック3つ、48トークン分になります。

# %% [markdown] key="paged-text" lang="zh-tw"
# ## 第 2 題：`paged`（3 分）
#
# vLLM 等推論引擎以「區塊」（例如 16 個詞元）為單位配置快取。就算只用到區塊的一部分，也需要 1 個區塊的記憶體。
#
# 有時候會從同一段提示生成好幾個回答。提示裡剛好填滿區塊的部分，由所有的回答共用。最後填不滿的部分不能共用，所以每個回答要先把它複製到自己的區塊，再接著往下寫。
#
# 請依下面的順序，以 tuple 回傳兩個整數。
#
# - 配置的位元組數
# - 其中沒有放任何詞元的位元組數
#
# 引數是提示的長度 `prompt`、各個回答長度的串列 `answers`、1 個詞元的位元組數 `token_bytes`、區塊的大小 `block`。
#
# 例如 `block=16`、`prompt=20`、`answers=[4, 12]` 時，共用的是 1 個區塊（16 個詞元）。各個回答的部分：4 + 4 = 8 個詞元用 1 個區塊，4 + 12 = 16 個詞元也用 1 個區塊。合計 3 個區塊，也就是 48 個詞元的量。


# %% key="paged" task="paged"
def paged(prompt, answers, token_bytes, block=16):
    """→ allocated, empty (bytes)"""
    ### BEGIN SOLUTION
    shared, rest = divmod(prompt, block)
    blocks = shared + sum(math.ceil((rest + answer) / block) for answer in answers)
    used = shared * block + sum(rest + answer for answer in answers)
    return blocks * block * token_bytes, (blocks * block - used) * token_bytes
    ### END SOLUTION


# %% key="paged-check" points=3
def try_paged(*given):
    allocated, empty = check.unpack(paged(*given), 2)
    return allocated, empty


with check.task("paged"):
    check.that(
        try_paged(32, [16], 10, 16)[0] == 48 * 10,
        hint=T(
            ja="どの部分もちょうどブロックに収まるとき、割り当てるブロックは3つです。トークンをバイトに直していますか。",
            zh_tw="每個部分都剛好填滿區塊時，應該配置 3 個區塊。有沒有把詞元換算成位元組？",
        ),
    )
    check.that(
        try_paged(0, [1, 17], 1, 16)[0] == 48,
        hint=T(
            ja="1トークンでも入れば、ブロックが1つ必要です。17トークンでは、いくつでしょうか。",
            zh_tw="只要放進 1 個詞元，就需要 1 個區塊。17 個詞元需要幾個？",
        ),
    )
    check.that(
        try_paged(64, [16, 16, 16], 1, 16)[0] == 64 + 48,
        hint=T(
            ja="プロンプトの埋まったブロックは、答えがいくつあっても一度だけ数えます。",
            zh_tw="提示填滿的區塊，不管有幾個回答，都只算一次。",
        ),
    )
    check.that(
        try_paged(20, [4, 12], 1, 16)[0] == 48,
        hint=T(
            ja="プロンプトのはみ出した部分は、どの答えのブロックに入りますか。答えと別のブロックにはなりません。",
            zh_tw="提示填不滿的部分，要放進誰的區塊？它不會和回答分開成另外的區塊。",
        ),
    )
    check.that(
        try_paged(20, [4, 12], 1, 16)[1] == 48 - (16 + 8 + 16),
        hint=T(
            ja="割り当ては合っています。何も入っていない部分は、割り当てから、入っているトークンを引いた残りです。コピーしたトークンも、入っています。",
            zh_tw="配置的量是對的。沒有放東西的部分，是配置的量減掉已經放進去的詞元；複製過去的詞元也算放進去了。",
        ),
    )
    ### BEGIN HIDDEN TESTS
    hidden = T(ja="別の数でも確かめてみましょう。", zh_tw="請用其他數字再檢查一次。")
    for prompt, answers, size, block in (
        (100, [7] * 5, 3, 16),
        (15, [1], 2, 32),
        (33, [31, 1], 1, 8),
    ):
        tokens = []
        for answer in answers:
            tokens.append((prompt % block) + answer)
        blocks = prompt // block + sum(-(-n // block) for n in tokens)
        filled = prompt // block * block + sum(tokens)
        want = (blocks * block * size, (blocks * block - filled) * size)
        check.that(try_paged(prompt, answers, size, block) == want, hint=hidden)
    ### END HIDDEN TESTS


# %% key="paged-wrong-no-blocks" wrong="paged"
def paged(prompt, answers, token_bytes, block=16):
    return (prompt + sum(answers)) * token_bytes, 0


# %% key="paged-wrong-not-shared" wrong="paged"
def paged(prompt, answers, token_bytes, block=16):
    blocks = sum(math.ceil((prompt + answer) / block) for answer in answers)
    used = sum(prompt + answer for answer in answers)
    return blocks * block * token_bytes, (blocks * block - used) * token_bytes


# %% key="paged-wrong-own-block-for-the-rest" wrong="paged"
def paged(prompt, answers, token_bytes, block=16):
    blocks = math.ceil(prompt / block) + sum(math.ceil(answer / block) for answer in answers)
    used = prompt + sum(answers)
    return blocks * block * token_bytes, (blocks * block - used) * token_bytes


# %% key="paged-wrong-copies-not-counted" wrong="paged"
def paged(prompt, answers, token_bytes, block=16):
    shared, rest = divmod(prompt, block)
    blocks = shared + sum(math.ceil((rest + answer) / block) for answer in answers)
    used = prompt + sum(answers)
    return blocks * block * token_bytes, (blocks * block - used) * token_bytes


# %% [markdown] key="batch-text" lang="ja"
# ## 課題3：`largest_batch`（3点）
#
# GPUの残りのメモリに、同じ長さの系列をいくつ同時に置けるでしょうか。モデルの設定は、次の辞書で渡されます。
#
# ```
# {"n_heads": 16, "n_kv_heads": 8, "head_dim": 128, "full_layers": 8, "window_layers": 24, "window": 1024}
# ```
#
# `full_layers`は全トークンを保存する層の数、`window_layers`はスライディングウィンドウを使う層の数です。後者は、レッスン07の4節で見たとおり、最大で`window - 1`トークンを保存します。
#
# 規則も、レッスン07の7節と同じです。ドライバーが報告するGPUのメモリ`mib`（MiB）のうち、0.9の割合だけを使います。そこから、`fixed_bytes`（重みと途中の計算結果を合わせたバイト数）と実行環境の1 GiBを引いた残りに、KVキャッシュを置きます。途中の計算結果は一度に読むトークンの数で決まるので、系列の数によらないとします。数1つは2バイトです。長さ`length`の系列を同時に置ける最大の数（整数）を返してください。1つも置けないときは0です。

# %% [markdown] key="batch-text" lang="zh-tw"
# ## 第 3 題：`largest_batch`（3 分）
#
# GPU 剩下的記憶體，最多能同時放幾個一樣長的序列？模型的設定以下面的字典傳入。
#
# ```
# {"n_heads": 16, "n_kv_heads": 8, "head_dim": 128, "full_layers": 8, "window_layers": 24, "window": 1024}
# ```
#
# `full_layers` 是保留全部詞元的層數，`window_layers` 是使用滑動視窗的層數。就像第 07 課第 4 節看到的，視窗層最多保留 `window - 1` 個詞元。
#
# 規則也和第 07 課第 7 節相同：驅動程式回報的 GPU 記憶體 `mib`（MiB），只用其中 0.9 的比例；扣掉 `fixed_bytes`（權重加上計算的中間結果，單位是位元組）和執行環境的 1 GiB，剩下的用來放 KV 快取。中間結果由一次讀多少詞元決定，所以假設和序列的個數無關。一個數字是 2 個位元組。請回傳長度 `length` 的序列最多能同時放幾個（整數）；一個都放不下時是 0。


# %% key="batch" task="largest_batch"
def largest_batch(model, length, mib, fixed_bytes):
    """→ number of sequences"""
    ### BEGIN SOLUTION
    one = 2 * model["n_kv_heads"] * model["head_dim"] * 2
    kept = model["full_layers"] * length
    kept += model["window_layers"] * min(length, model["window"] - 1)
    room = 0.9 * mib * 2**20 - fixed_bytes - 2**30
    return max(0, math.floor(room / (one * kept)))
    ### END SOLUTION


# %% key="batch-check" points=3
MODEL = {
    "n_heads": 16,
    "n_kv_heads": 8,
    "head_dim": 128,
    "full_layers": 8,
    "window_layers": 24,
    "window": 1024,
}


def fixed_for(batch, length, mib, kept_in_window):
    T(
        ja="""ちょうどbatch個が収まる、キャッシュ以外のバイト数""",
        zh_tw="""剛好放得下 batch 個時，快取以外的位元組數""",
    )
    tokens = 8 * length + 24 * kept_in_window
    return 0.9 * mib * 2**20 - 2**30 - batch * tokens * 2 * 8 * 128 * 2


with check.task("largest_batch"):
    plain = largest_batch(MODEL | {"window_layers": 0}, 1000, 2162, 0)
    check.that(
        plain != 28,
        hint=T(
            ja="少し足りません。1 MiBと1 GiBは、それぞれ何バイトでしょうか。",
            zh_tw="少了一點。1 MiB 和 1 GiB 各是多少位元組？",
        ),
    )
    check.that(
        plain != 32,
        hint=T(
            ja="少し多すぎます。割合を掛けるのは、引いた残りに対してでしょうか。",
            zh_tw="多了一點。比例要乘在扣掉之後剩下的部分上嗎？",
        ),
    )
    check.that(
        plain != 62,
        hint=T(
            ja="多すぎます。メモリを使うものを、すべて引きましたか。",
            zh_tw="太多了。使用記憶體的東西，全部都扣掉了嗎？",
        ),
    )
    check.that(
        plain != 14,
        hint=T(
            ja="約半分です。クエリのヘッドの数で計算していませんか。",
            zh_tw="大約少了一半。是不是用了查詢的注意力頭數？",
        ),
    )
    check.that(
        plain != 58,
        hint=T(
            ja="約2倍です。キーとバリューの両方を数えていますか。",
            zh_tw="大約是 2 倍。鍵和值都有算嗎？",
        ),
    )
    check.that(
        plain == 29,
        hint=T(
            ja="ウィンドウを使う層がなく、`fixed_bytes`が0のモデルで、答えが違います。規則を、順に確かめましょう。",
            zh_tw="沒有視窗層、`fixed_bytes` 是 0 的模型，答案就不對了。把規則一項一項確認看看。",
        ),
    )
    fixed = fixed_for(10.1, 20_000, 24_564, 1023)
    check.that(
        largest_batch(MODEL, 20_000, 24_564, fixed) > 5,
        hint=T(
            ja="少なすぎます。ウィンドウの層は、長い系列でも全部のトークンを保存するでしょうか。",
            zh_tw="太少了。序列很長時，視窗層也會保留全部的詞元嗎？",
        ),
    )
    fixed = fixed_for(10.1, 500, 24_564, 500)
    check.that(
        largest_batch(MODEL, 500, 24_564, fixed) == 10,
        hint=T(
            ja="系列がウィンドウより短いとき、ウィンドウの層は何トークンを保存しますか。",
            zh_tw="序列比視窗短的時候，視窗層會保留幾個詞元？",
        ),
    )
    fixed = fixed_for(100.005, 2000, 24_564, 1023)
    check.that(
        largest_batch(MODEL, 2000, 24_564, fixed) == 100,
        hint=T(
            ja="ほぼ合っています。ウィンドウの層が保存するのは、ちょうど`window`個でしょうか。",
            zh_tw="幾乎對了。視窗層保留的詞元，剛好是 `window` 個嗎？",
        ),
    )
    check.that(
        largest_batch(MODEL, 2000, 8_188, 9 * 2**30) == 0,
        hint=T(
            ja="`fixed_bytes`だけでGPUより大きいとき、答えは0です。負の数にはなりません。",
            zh_tw="光是 `fixed_bytes` 就比 GPU 大的時候，答案是 0，不會是負數。",
        ),
    )
    ### BEGIN HIDDEN TESTS
    hidden = T(ja="別の数でも確かめてみましょう。", zh_tw="請用其他數字再檢查一次。")
    for batch, length, mib in ((3, 100_000, 81_559), (77, 900, 16_376), (1, 131_072, 46_068)):
        kept = min(length, 1023)
        for factor, want in ((1.0005, batch), (0.9995, batch - 1)):
            fixed = fixed_for(batch * factor, length, mib, kept)
            check.that(largest_batch(MODEL, length, mib, fixed) == want, hint=hidden)
    ### END HIDDEN TESTS


# %% key="batch-wrong-query-heads" wrong="largest_batch"
def largest_batch(model, length, mib, fixed_bytes):
    one = 2 * model["n_heads"] * model["head_dim"] * 2
    kept = model["full_layers"] * length + model["window_layers"] * min(length, model["window"] - 1)
    return max(0, math.floor((0.9 * mib * 2**20 - fixed_bytes - 2**30) / (one * kept)))


# %% key="batch-wrong-keys-only" wrong="largest_batch"
def largest_batch(model, length, mib, fixed_bytes):
    one = model["n_kv_heads"] * model["head_dim"] * 2
    kept = model["full_layers"] * length + model["window_layers"] * min(length, model["window"] - 1)
    return max(0, math.floor((0.9 * mib * 2**20 - fixed_bytes - 2**30) / (one * kept)))


# %% key="batch-wrong-gb" wrong="largest_batch"
def largest_batch(model, length, mib, fixed_bytes):
    one = 2 * model["n_kv_heads"] * model["head_dim"] * 2
    kept = model["full_layers"] * length + model["window_layers"] * min(length, model["window"] - 1)
    return max(0, math.floor((0.9 * mib * 10**6 - fixed_bytes - 10**9) / (one * kept)))


# %% key="batch-wrong-share-of-the-rest" wrong="largest_batch"
def largest_batch(model, length, mib, fixed_bytes):
    one = 2 * model["n_kv_heads"] * model["head_dim"] * 2
    kept = model["full_layers"] * length + model["window_layers"] * min(length, model["window"] - 1)
    return max(0, math.floor(0.9 * (mib * 2**20 - fixed_bytes - 2**30) / (one * kept)))


# %% key="batch-wrong-no-overhead" wrong="largest_batch"
def largest_batch(model, length, mib, fixed_bytes):
    one = 2 * model["n_kv_heads"] * model["head_dim"] * 2
    kept = model["full_layers"] * length + model["window_layers"] * min(length, model["window"] - 1)
    return max(0, math.floor((0.9 * mib * 2**20 - fixed_bytes) / (one * kept)))


# %% key="batch-wrong-window-ignored" wrong="largest_batch"
def largest_batch(model, length, mib, fixed_bytes):
    one = 2 * model["n_kv_heads"] * model["head_dim"] * 2
    kept = (model["full_layers"] + model["window_layers"]) * length
    return max(0, math.floor((0.9 * mib * 2**20 - fixed_bytes - 2**30) / (one * kept)))


# %% key="batch-wrong-window-always-full" wrong="largest_batch"
def largest_batch(model, length, mib, fixed_bytes):
    one = 2 * model["n_kv_heads"] * model["head_dim"] * 2
    kept = model["full_layers"] * length + model["window_layers"] * (model["window"] - 1)
    return max(0, math.floor((0.9 * mib * 2**20 - fixed_bytes - 2**30) / (one * kept)))


# %% key="batch-wrong-w-tokens" wrong="largest_batch"
def largest_batch(model, length, mib, fixed_bytes):
    one = 2 * model["n_kv_heads"] * model["head_dim"] * 2
    kept = model["full_layers"] * length + model["window_layers"] * min(length, model["window"])
    return max(0, math.floor((0.9 * mib * 2**20 - fixed_bytes - 2**30) / (one * kept)))


# %% [markdown] key="kivi-text" lang="ja"
# ## 課題4：`kivi_bytes`（4点）
#
# KIVIという方法は、キーとバリューを別々のやり方で量子化します。新しいトークンは、しばらく16ビットのまま残します。1つの層の、1つの系列を考えます。
#
# - キー：トークンが`residual`個たまるたびに、まとめて量子化する。そのため、最後の`length % residual`個は16ビットのまま残る。グループは、チャネル（`n_kv_heads * head_dim`個）ごとに、続いた`group`個のトークンである
# - バリュー：最後の`residual`個のトークンは、いつも16ビットのまま残す（`length`が`residual`以下なら、全部）。それより前のトークンは、トークンごとに、`n_kv_heads * head_dim`個の数を`group`個ずつのグループに分けて量子化する
#
# `residual`は`group`の倍数で、`n_kv_heads * head_dim`は`group`で割り切れるとします。量子化した数は`bits`ビットです。どのグループも、最小値と間隔を16ビットずつで保存します。
#
# 長さ`length`の系列のキャッシュは、1つの層で何バイトになるでしょうか。整数で返してください。

# %% [markdown] key="kivi-text" lang="zh-tw"
# ## 第 4 題：`kivi_bytes`（4 分）
#
# KIVI 這個方法，用不同的方式量化鍵和值，而且新的詞元會先維持 16 位元一陣子。這裡只考慮一層、一個序列。
#
# - 鍵：詞元每累積到 `residual` 個，就一起量化。所以最後的 `length % residual` 個維持 16 位元。分組方式是每個通道（共 `n_kv_heads * head_dim` 個）各自把連續的 `group` 個詞元當成一組
# - 值：最後的 `residual` 個詞元一直維持 16 位元（`length` 不超過 `residual` 時，就是全部）。更前面的詞元，每個詞元的 `n_kv_heads * head_dim` 個數字，每 `group` 個分成一組來量化
#
# 這裡假設 `residual` 是 `group` 的倍數，`n_kv_heads * head_dim` 可以被 `group` 整除。量化後的數字是 `bits` 位元。每一組都要保存最小值和間隔，各用 16 位元。
#
# 長度 `length` 的序列，一層的快取是多少位元組？請回傳整數。


# %% key="kivi" task="kivi_bytes"
def kivi_bytes(length, n_kv_heads, head_dim, bits, group, residual):
    """→ bytes of one layer"""
    ### BEGIN SOLUTION
    channels = n_kv_heads * head_dim
    fresh = channels * (length % residual + min(length, residual))
    quantised = 2 * channels * length - fresh
    groups = quantised // group
    return (quantised * bits + groups * 2 * 16 + fresh * 16) // 8
    ### END SOLUTION


# %% key="kivi-check" points=4
with check.task("kivi_bytes"):
    #| ja: 1トークンのキーの数（バリューも同じ）
    #| zh-tw: 一個詞元的鍵有幾個數字（值也一樣）
    one = 8 * 128
    whole, part, fresh = one * 2 * 640, one * (640 + 512), one * 128
    check.that(
        kivi_bytes(640, 8, 128, 16, 64, 128) != whole * 16,
        hint=T(
            ja="答えがビットになっていないでしょうか。バイトは8ビットです。",
            zh_tw="答案是不是變成位元了？8 個位元是 1 個位元組。",
        ),
    )
    check.that(
        kivi_bytes(640, 8, 128, 4, 64, 128) not in (whole // 2, part // 2 + fresh * 2),
        hint=T(
            ja="数の分だけで、グループのスケールと最小値が入っていません。",
            zh_tw="只算了數字的部分，沒有算每一組的量化參數。",
        ),
    )
    few = one * 2 * 100
    check.that(
        kivi_bytes(100, 8, 128, 4, 64, 128) != few // 2 + few // 64 * 4,
        hint=T(
            ja="長さが`residual`より短いとき、量子化する数はありますか。",
            zh_tw="長度比 `residual` 短時，有需要量化的數字嗎？",
        ),
    )
    check.that(
        kivi_bytes(640, 8, 128, 4, 64, 128) != whole // 2 + whole // 64 * 4,
        hint=T(
            ja="長さが`residual`で割り切れるとき、キーはすべて量子化されます。バリューもそうでしょうか。",
            zh_tw="長度可以被 `residual` 整除時，鍵全部都會量化。值也是這樣嗎？",
        ),
    )
    old = one * 2 * 512
    check.that(
        kivi_bytes(640, 8, 128, 4, 64, 128) != old // 2 + old // 64 * 4 + fresh * 2 * 2,
        hint=T(
            ja="バリューの最後の部分は合っています。キーは、`residual`個たまるたびに量子化します。640個では、いくつ残るでしょうか。",
            zh_tw="值的最後一段是對的。鍵每累積到 `residual` 個就會量化；有 640 個時，會剩下幾個？",
        ),
    )
    check.that(
        kivi_bytes(640, 8, 128, 4, 64, 128) == part // 2 + part // 64 * 4 + fresh * 2,
        hint=T(
            ja="長さが`residual`で割り切れるときの答えが違います。グループはいくつあり、1つのグループのスケールと最小値は何ビットでしょうか。16ビットのまま残る数に、それらはありません。",
            zh_tw="長度可以被 `residual` 整除時，答案就不對了。一共有幾組？每一組的量化參數是幾位元？維持 16 位元的數字沒有量化參數。",
        ),
    )
    more = one * 80
    check.that(
        kivi_bytes(720, 8, 128, 4, 64, 128) - kivi_bytes(640, 8, 128, 4, 64, 128)
        == more * 2 + more // 2 + more // 64 * 4,
        hint=T(
            ja="長さが640から720に増えたとき、16ビットのまま残る数は、キーとバリューで、それぞれどう変わるでしょうか。",
            zh_tw="長度從 640 增加到 720 時，維持 16 位元的數字，鍵和值各會怎麼變？",
        ),
    )
    check.that(
        kivi_bytes(100, 8, 128, 4, 64, 128) == 100 * one * 2 * 2,
        hint=T(
            ja="長さが`residual`より短いときの答えが違います。16ビットのまま残す数が、全部の数より多くなっていませんか。",
            zh_tw="長度比 `residual` 短時，答案就不對了。維持 16 位元的數字，有沒有比全部的數字還多？",
        ),
    )
    ### BEGIN HIDDEN TESTS
    hidden = T(ja="別の数でも確かめてみましょう。", zh_tw="請用其他數字再檢查一次。")
    for length, heads, dim, bits, group, residual in (
        (63, 2, 64, 2, 32, 32),
        (31, 4, 32, 8, 32, 64),
        (1000, 1, 64, 4, 16, 128),
        (256, 2, 32, 4, 32, 128),
    ):
        key_groups = length // residual * (residual // group)
        keys = heads * dim * (key_groups * (group * bits + 32) + length % residual * 16)
        old = length - residual if length > residual else 0
        values = old * (heads * dim // group) * (group * bits + 32)
        values += (length - old) * heads * dim * 16
        found = kivi_bytes(length, heads, dim, bits, group, residual)
        check.that(found == (keys + values) // 8, hint=hidden)
    ### END HIDDEN TESTS


# %% key="kivi-wrong-bits" wrong="kivi_bytes"
def kivi_bytes(length, n_kv_heads, head_dim, bits, group, residual):
    return 2 * n_kv_heads * head_dim * length * bits


# %% key="kivi-wrong-no-scales" wrong="kivi_bytes"
def kivi_bytes(length, n_kv_heads, head_dim, bits, group, residual):
    channels = n_kv_heads * head_dim
    fresh = channels * (length % residual + min(length, residual))
    return ((2 * channels * length - fresh) * bits + fresh * 16) // 8


# %% key="kivi-wrong-one-number-a-group" wrong="kivi_bytes"
def kivi_bytes(length, n_kv_heads, head_dim, bits, group, residual):
    channels = n_kv_heads * head_dim
    fresh = channels * (length % residual + min(length, residual))
    quantised = 2 * channels * length - fresh
    return (quantised * bits + quantised // group * 16 + fresh * 16) // 8


# %% key="kivi-wrong-no-rest" wrong="kivi_bytes"
def kivi_bytes(length, n_kv_heads, head_dim, bits, group, residual):
    numbers = 2 * n_kv_heads * head_dim * length
    return (numbers * bits + numbers // group * 32) // 8


# %% key="kivi-wrong-values-as-keys" wrong="kivi_bytes"
def kivi_bytes(length, n_kv_heads, head_dim, bits, group, residual):
    channels = n_kv_heads * head_dim
    fresh = 2 * channels * (length % residual)
    quantised = 2 * channels * length - fresh
    return (quantised * bits + quantised // group * 32 + fresh * 16) // 8


# %% key="kivi-wrong-keys-as-values" wrong="kivi_bytes"
def kivi_bytes(length, n_kv_heads, head_dim, bits, group, residual):
    channels = n_kv_heads * head_dim
    fresh = 2 * channels * min(length, residual)
    quantised = 2 * channels * length - fresh
    return (quantised * bits + quantised // group * 32 + fresh * 16) // 8


# %% key="kivi-wrong-by-group" wrong="kivi_bytes"
def kivi_bytes(length, n_kv_heads, head_dim, bits, group, residual):
    channels = n_kv_heads * head_dim
    fresh = channels * (length % group + min(length, residual))
    quantised = 2 * channels * length - fresh
    return (quantised * bits + quantised // group * 32 + fresh * 16) // 8


# %% key="kivi-wrong-short" wrong="kivi_bytes"
def kivi_bytes(length, n_kv_heads, head_dim, bits, group, residual):
    channels = n_kv_heads * head_dim
    fresh = channels * (length % residual + residual)
    quantised = 2 * channels * length - fresh
    return (quantised * bits + quantised // group * 32 + fresh * 16) // 8


# %% [markdown] key="essay-text" lang="ja"
# ## 記述問題（4点）
#
# ある会社が、24 GBのGPU1枚とLlama 3 8B（16ビット）で、10万文字の文書を扱うサービスを計画しています。担当者の説明は、次のとおりです。
#
# > Llama 3 8BはGQAなのでKVキャッシュは小さい。重みは16 GBだから、24 GBのGPUなら8 GB余る。10万文字でも問題ない。足りなければFlashAttentionでキャッシュを減らせる。
#
# 計画の問題点を、レッスン07で測った数を2つ以上使って説明してください。そのうえで、メモリに収まる方法を1つ提案してください（300字前後）。
#
# | 観点 | 点 |
# |---|---|
# | 文字とトークンの違いを指摘している | 1 |
# | キャッシュの大きさを、測った数で示している | 1 |
# | FlashAttentionについての誤りを、理由とともに指摘している | 1 |
# | 収まる方法を、数で裏づけて提案している | 1 |

# %% [markdown] key="essay-text" lang="zh-tw"
# ## 問答題（4 分）
#
# 某家公司打算用 1 張 24 GB 的 GPU 和 Llama 3 8B（16 位元），推出處理 10 萬字文件的服務。負責人說：
#
# > Llama 3 8B 用的是 GQA，KV 快取很小。權重是 16 GB，24 GB 的 GPU 還剩 8 GB，10 萬字也沒問題。不夠的話，用 FlashAttention 就能讓快取變小。
#
# 請用至少 2 個第 07 課測出的數字，說明這個計畫的問題，再提出 1 個記憶體放得下的方法（約 300 字）。
#
# | 評分項目 | 分數 |
# |---|---|
# | 指出字和詞元的不同 | 1 |
# | 用實測數字說明快取的大小 | 1 |
# | 指出關於 FlashAttention 的錯誤，並寫出理由 | 1 |
# | 提出放得下的方法，並用數字佐證 | 1 |

# %% [markdown] key="essay" lang="ja" points=4
# ### BEGIN SOLUTION
# まず、モデルが数えるのは文字ではなくトークンです。10万文字が何トークンになるかは、トークナイザーによって違います。かりに100,000トークンとしても、Llama 3 8Bのキャッシュは1トークンで131,072バイト、全部で12.21 GiBです。重みは16.06 GB、つまり14.96 GiBなので、合わせると約27 GiBになり、ドライバーが報告する約24 GiBには収まりません。GQAで小さくなっても、残りの約9 GiBより大きいのです。FlashAttentionは途中の行列を作らないだけで、保存するキーとバリューは減りません。収めるには、重みを4ビットに量子化します。16ビットのまま残る埋め込みと出力の行列、それにスケール情報を含めて、約5.6 GiBです。キャッシュ、途中の計算結果、実行環境の1 GiBと合わせても約18.9 GiBで（入力を512トークンずつ読む場合）、24 GBのGPUで使える21.6 GiBに収まります。ただし、Llama 3 8Bが学習した長さは8,192トークンなので、長い文書に対応したモデルを選ぶ必要もあります。
# ### END SOLUTION

# %% [markdown] key="essay" lang="zh-tw" points=4
# ### BEGIN SOLUTION
# 首先，模型數的不是字，而是詞元；10 萬字會變成幾個詞元，要看分詞器。就算剛好是 100,000 個詞元，Llama 3 8B 的快取每個詞元是 131,072 個位元組，一共 12.21 GiB。權重是 16.06 GB，也就是 14.96 GiB，加起來大約 27 GiB，放不進驅動程式回報的大約 24 GiB。雖然 GQA 讓快取變小，還是比剩下的大約 9 GiB 大。FlashAttention 只是不建立計算過程中的矩陣，要保存的鍵和值並沒有減少。要放得下，可以把權重量化成 4 位元：連同維持 16 位元的嵌入與輸出矩陣，以及量化參數，大約 5.6 GiB；加上快取、中間結果和執行環境的 1 GiB，大約 18.9 GiB（輸入每段讀 512 個詞元時），放得進 24 GB 的 GPU 能用的 21.6 GiB。不過，Llama 3 8B 訓練時的長度是 8,192 個詞元，所以還要選擇支援長文件的模型。
# ### END SOLUTION
