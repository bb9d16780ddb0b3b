# %% [markdown] key="title" lang="ja"
# # エンコーダー・デコーダー：すべてをテキストからテキストへ（T5）
#
# 翻訳も要約も感情分析も、1つのモデルに頼めるのでしょうか。T5はどのタスクも「テキストを入れるとテキストが出る」形にそろえ、これを実現しました。このレッスンで調べるのは、タスクは何で切り替わるのか、エンコーダーはデコーダーに何を渡すのか、正解率1.00は何を意味するのか、の3つです。
#
# | 項目 | 内容 |
# |---|---|
# | できるようになること | プロンプトとspan corruptionの仕組みを説明できる。エンコーダーが渡す情報を、実験で調べられる。何が「新しい」問題なのかを区別して、正解率を読める |
# | 前提知識 | レッスン01〜04の内容 |
# | 時間 | 読んで考える時間は約{{minutes}}分。すべてのセルの実行は約{{seconds}}秒（2コアのCPUで測定） |
# | メモリ | 約{{mib}} MiB |

# %% [markdown] key="title" lang="zh-tw"
# # 編碼器－解碼器：把任務都變成「文字到文字」的 T5
#
# 翻譯、摘要、情緒分析，能不能全交給同一個模型？T5 的做法是把每種任務都寫成同樣的形式：輸入一段文字，輸出一段文字。這一課要回答三個問題：切換任務靠的是什麼？編碼器到底交給解碼器什麼？正確率 1.00 又代表什麼？
#
# | 項目 | 內容 |
# |---|---|
# | 學完以後 | 能說明提示和 span corruption 的作用；能設計實驗，查出編碼器交出了什麼；看到正確率時，能分辨題目「新」在哪裡 |
# | 先備知識 | 第 01～04 課的內容 |
# | 時間 | 閱讀與思考約 {{minutes}} 分鐘；執行所有儲存格約 {{seconds}} 秒（以 2 核心 CPU 測量） |
# | 記憶體 | 約 {{mib}} MiB |

# %% key="imports"
import inspect
import math
import random
from collections import Counter

import matplotlib.pyplot as plt
import torch
from transformers.modeling_outputs import BaseModelOutput

from helpers import results
from helpers.classroom import claims, predict
from helpers.display import charts, figures, show
from helpers.models import alignment, encoder_decoder, spans
from helpers.results import tasks
from helpers.world import corpus

figures.use(LANG)
_ = torch.manual_seed(0)
torch.set_num_threads(1)

# %% [markdown] key="page" lang="ja"
# ## 元のページの主張
#
# > 3. エンコーダー・デコーダー型(T5)
# > - メカニズム:テキスト対テキスト転移トランスフォーマー。
# > - 動作特性:エンコーダーが入力文字列を高密度な表現に変換し、デコーダーが目的の文字列を生成します。
# > - 最適な用途:翻訳、要約、同等性タスク。
#
# 「同等性タスク」という用語はありません。おそらく誤訳で、「系列変換（sequence-to-sequence）タスク」、つまり系列を別の系列に変えるタスクとすれば意味が通ります。また、T5はこの型の一例にすぎません。最初のTransformer、壊した文の復元で学ぶBART、音声認識のWhisper、翻訳のNLLBもこの型ですが、すべてのタスクをテキストにそろえてはいません。

# %% [markdown] key="page" lang="zh-tw"
# ## 原網頁的說法
#
# > 3. 編碼器-解碼器(T5)
# > - 機制:文字到文字轉換變壓器。
# > - 行為:編碼器將輸入字串轉換為密集表示,解碼器則生成目標字串。
# > - 最適合應用於:翻譯、摘要與對應任務。
#
# 「對應任務」並不是術語，應該是譯得不好；換成「序列到序列（sequence-to-sequence）任務」，也就是把一個序列變成另一個序列的任務，就說得通了。還有一點要先分清楚：T5 只是這種架構的一個例子。最早的 Transformer、靠修復句子來預訓練的 BART、語音辨識的 Whisper、翻譯的 NLLB 也都是編碼器－解碼器，但並沒有規定所有任務都寫成文字到文字。

# %% [markdown] key="world" lang="ja"
# ## 1. タスクは何で切り替わるのか
#
# レッスン03の小さな世界から4つのタスクを作って確かめましょう。翻訳が2方向（`to_zh_tw`、`to_ja`）、3文のお話を短くまとめる要約（`summary`）、最後の気分が良いか悪いかを答える感情分析（`sentiment`）です。どのタスクでも短い言葉（プロンプト。T5の論文ではprefix）のあとに文を続けて入力します。

# %% [markdown] key="world" lang="zh-tw"
# ## 1. 切換任務靠的是什麼？
#
# 先用第 03 課的小世界做出四種任務：兩個方向的翻譯（`to_zh_tw`、`to_ja`）、把三句話的小故事濃縮成一句的摘要（`summary`），以及回答故事最後的心情是好還是壞的情緒分析（`sentiment`）。不管哪一種，輸入都是簡短的提示（prompt，T5 的論文稱為 prefix），後面再接句子。

# %% key="world-code"
rng = random.Random(2)
event, story = corpus.draw(rng, "test"), corpus.draw_story(rng, "test")
for example in corpus.translations(event) + corpus.readings(story):
    print(f"{example.task:10}{example.source}\n{'':8}→ {example.target}")

# %% [markdown] key="ask" lang="ja"
# これを1つの学習済みモデルに解かせます。構造は本物のT5と同じで、大きさは公開当初の最小モデルT5-Small（約6,000万パラメータ）の約240分の1、エンコーダーとデコーダーは2層ずつです。
#
# 採点には学習で見せていない「人と場所の組み合わせ」だけを使い、答え全体が正解と一字一句同じ割合を、完全一致率（exact match）と呼びます。
#
# 予想：日本語から台湾華語への翻訳の完全一致率は、いくつでしょうか（0〜1）。

# %% [markdown] key="ask" lang="zh-tw"
# 這些題目全部交給同一個訓練好的模型。它的結構和真正的 T5 一樣；最早公開的模型裡，最小的是 T5-Small（約 6,000 萬個參數），我們的模型大約只有它的 1/240，編碼器和解碼器各 2 層。
#
# 評分時，只用訓練時沒出現過的「人物和地點的組合」。整個答案和正確答案一字不差才算對，答對的比例叫做完全相符率（exact match）。
#
# 預測：日文翻成台灣華語，完全相符率是多少（0～1）？

# %% key="ask-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

model = encoder_decoder.load()
held_out = encoder_decoder.examples(100, seed=7, split="test")
exact = encoder_decoder.exact_match(model, held_out)
predict.compare(guess, exact["to_zh_tw"])

# %% [markdown] key="switch-guess" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 1.00です（あとの表のとおり、ほかのタスクも0.97以上）。それでも誤りがないとは言い切れません。本当の誤り率が3%でも、100問とも正解する確率が $0.97^{100} \approx 0.05$ はあるからです。
#
# </details>
#
# レッスン03のBERTでは、タスクごとに新しい出力層を付けました。では、このモデルが翻訳から感情分析に切り替わるとき、使われるパラメータは変わるのでしょうか。答えの損失から勾配が届いた行列は、全体が「そのタスクで使われた」とみなして調べます。
#
# 予想：一部のタスクでしか使われないパラメータは何個あるでしょうか。

# %% [markdown] key="switch-guess" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 是 1.00（從後面的表可以看到，其他任務也都在 0.97 以上）。不過，這還不能斷定它絕不會錯：就算真正的錯誤率是 3%，100 題全對的機率也還有 $0.97^{100} \approx 0.05$。
#
# </details>
#
# 第 03 課的 BERT，每種任務都要接上新的輸出層。那麼，這個模型從翻譯換成情緒分析時，用到的參數會不一樣嗎？要回答這個問題，就從答案的損失做反向傳播：梯度傳得到的矩陣，整個都算是那種任務用到的參數。
#
# 預測：只有部分任務才用到的參數，有幾個？

# %% key="switch"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

used = []
for task in corpus.TASKS:
    batch = encoder_decoder.next_batch([e for e in held_out if e.task == task])()
    model(**batch).loss.backward()
    used.append([p.grad is not None and bool(p.grad.any()) for p in model.parameters()])
    model.zero_grad()
own = sum(p.numel() for p, *by_task in zip(model.parameters(), *used) if not all(by_task))
predict.compare(guess, own, T(ja="個", zh_tw=" 個"))

# %% [markdown] key="no-prompt" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 0個です。感情分析の答えも、専用の出力層がラベルの番号を選ぶのではなく、ほかのタスクと同じ出力層が「良」「悪」などの文字として書くからです。
#
# </details>
#
# つまり、タスクを決めるのは重みではなく入力です。
#
# 予想：プロンプトを外すと、要約と感情分析の入力は同じです。完全一致率はどれでしょうか（`"a"`：ともにほぼ1、`"b"`：合わせて0.2〜1、`"c"`：ともにほぼ0）。

# %% [markdown] key="no-prompt" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 0 個。就連情緒分析，也不是另外接一個輸出層來選標籤編號，而是用同一個輸出層寫出「好」、「壞」這樣的文字。
#
# </details>
#
# 也就是說，決定任務的不是權重，而是輸入。那麼，把開頭的提示拿掉會怎樣？
#
# 預測：拿掉提示之後，摘要和情緒分析的輸入就變成同一段文字。這時的完全相符率會怎樣？（`"a"`：都還是將近 1；`"b"`：加起來 0.2～1；`"c"`：都將近 0。）

# %% key="no-prompt-code"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

options = {
    "a": T(ja="どちらもほぼ1のまま", zh_tw="都還是將近 1"),
    "b": T(ja="合わせて0.2〜1", zh_tw="加起來 0.2～1"),
    "c": T(ja="どちらもほぼ0", zh_tw="都將近 0"),
}
bare = [e._replace(source=e.source.partition("：")[2]) for e in held_out]
without = encoder_decoder.exact_match(model, bare)
both = without["summary"] + without["sentiment"]
predict.choose(guess, options, "a" if both > 1.5 else "b" if both > 0.2 else "c")

# %% key="task-claims"
moods = [e for e in held_out if e.task == "sentiment"]
said = Counter(encoder_decoder.answer(model, [e.source for e in moods]))
rows = [[task, *(f"{share[task]:.2f}" for share in (exact, without))] for task in corpus.TASKS]
show.tabulate(T(ja="タスク|プロンプトあり|なし", zh_tw="任務|有提示|沒有提示"), rows)
claims.check("C15", {task: exact[task] for task in ("to_zh_tw", "to_ja", "summary")})
answered = sum(said[label] for label in "良悪好壞") / len(moods)
claims.check("C23", {"own_parameters": own, "labels": answered})
assert both <= 1 + 1e-9

# %% [markdown] key="handed" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 同じ入力には同じ答えしか返せないので、要約と感情分析を足しても1を超えません。一方、文が1つだけの入力は翻訳の問題にしかなく、向きも言語からわかるので、翻訳は半分以上できます。満点でないのは、プロンプトなしの入力を学習していないためでしょう。
#
# </details>
#
# プロンプトが運ぶのは、文だけではわからない情報、つまり「何をしてほしいか」でした。
#
# ## 2. エンコーダーは何を渡すのか
#
# 元のページの言う「高密度な表現」は、レッスン02で見たとおり、トークンごとに1本のベクトルです。デコーダーは答えを1トークン書くたびに、交差注意でそれらを参照します。
#
# 日本語と台湾華語では語順が違いますが、デコーダーは何番目のベクトルかを知っているから訳せるのでしょうか。エンコーダーの計算のあとで、ベクトルを文ごとにランダムに並べ替えてデコーダーに渡します。
#
# 予想：並べ替えると、完全一致率は、a（1.0）、b（0.5）、c（0.0）のどれに最も近いでしょうか。

# %% [markdown] key="handed" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 輸入相同，答案也只能相同，所以摘要和情緒分析加起來不會超過 1。翻譯卻還能答對一半以上：只有 1 句的輸入一定是翻譯題，看出語言就知道方向。沒有滿分，應該是因為訓練時沒看過不帶提示的輸入。
#
# </details>
#
# 所以，提示帶來的是光看句子無法知道的資訊：要模型做什麼。
#
# ## 2. 編碼器交出了什麼？
#
# 原網頁說，編碼器會把輸入轉換成「密集表示」。第 02 課印出的程式裡，實際交出去的是每個詞元各一個向量；解碼器每寫一個詞元，就用交叉注意力參考它們一次。
#
# 那麼，向量的順序重要嗎？日文和台灣華語的語序不同，解碼器翻得出來，是因為知道每個向量排在第幾個嗎？實驗的做法是：等編碼器算完之後，把每個句子的向量打亂順序，再交給解碼器。
#
# 預測：打亂編碼器輸出的向量之後，翻譯的完全相符率最接近 a（1.0）、b（0.5）、c（0.0）的哪一個？


# %% key="handed-code"
def encode(examples):
    inputs = encoder_decoder.TOKENIZER(
        [e.source for e in examples], padding=True, return_tensors="pt"
    )
    with torch.no_grad():
        return model.encoder(**inputs)[0], inputs.attention_mask  # (B, S, d_model), (B, S)


def translated_from(states):
    #| ja: このベクトルをデコーダーに渡したときの、翻訳の完全一致率
    #| zh-tw: 把這些向量交給解碼器時，翻譯的完全相符率
    encoded = BaseModelOutput(last_hidden_state=states)
    ids = model.generate(encoder_outputs=encoded, attention_mask=mask, max_new_tokens=40)
    answers = encoder_decoder.TOKENIZER.batch_decode(ids, skip_special_tokens=True)
    return sum(a == e.target for a, e in zip(answers, translations)) / len(answers)


translations = [e for e in held_out if e.task.startswith("to_")]
states, mask = encode(translations)

# %% key="shuffle-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None

mixed = states.clone()
for row, n in enumerate(mask.sum(1)):
    mixed[row, :n] = states[row, torch.randperm(n)]

shuffled = translated_from(mixed)
levels = {"a": "1.0", "b": "0.5", "c": "0.0"}
predict.choose(guess, levels, min(levels, key=lambda key: abs(float(levels[key]) - shuffled)))

# %% [markdown] key="letters" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 1.00のままです。交差注意はベクトルの中身だけから重みを決めて足し合わせるので（T5の相対位置バイアスは自己注意にしかありません）、結果は順番によりません。
#
# </details>
#
# それなら順序の情報はベクトルの中にある、と言いたくなりますが、そう言うには対照実験が必要です。
#
# 予想：文字を並べ替えた文を入れると、完全一致率は、a（1.0）、b（0.5）、c（0.0）のどれに最も近いでしょうか。

# %% [markdown] key="letters" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 還是 1.00。交叉注意力只依向量的內容決定權重（T5 只在自注意力加相對位置偏差），再加權相加，而相加的結果和順序無關。
#
# </details>
#
# 看到這裡，很容易接著說：「那順序一定寫在向量裡面了。」不過，要下這個結論，還需要對照實驗。這次在進入編碼器之前，就把句子的字全部打亂，讓語序完全消失。
#
# 預測：先把句子的字打亂，再送進編碼器，翻譯的完全相符率最接近 a（1.0）、b（0.5）、c（0.0）的哪一個？

# %% key="letters-guess"
#| ja: Noneを、"a"、"b"、"c"のどれかに書き換える
#| zh-tw: 把 None 改成 "a"、"b"、"c" 其中一個
guess = None


def scrambled(example):
    prompt, colon, text = example.source.partition("：")
    return example._replace(source=prompt + colon + "".join(rng.sample(text, len(text))))


jumbled = [scrambled(e) for e in translations]
letters = translated_from(encode(jumbled)[0])
predict.choose(guess, levels, min(levels, key=lambda key: abs(float(levels[key]) - letters)))

# %% key="letters-gap"
#| ja: 完全一致率より細かく、正解を書くときのロジットで比べる
#| zh-tw: 比完全相符率更細：用寫正確答案時的 logits 比較
labels = encoder_decoder.TOKENIZER(
    [e.target for e in translations], padding=True, return_tensors="pt"
).input_ids


def logits(states):
    encoded = BaseModelOutput(last_hidden_state=states)
    with torch.no_grad():
        return model(encoder_outputs=encoded, attention_mask=mask, labels=labels).logits


pair = [e.source for e in (translations[0], jumbled[0])]
names = T(ja="元の文：|入れ替え：|訳：", zh_tw="原句：|打亂後：|譯文：").split("|")
for name, text in zip(names, [*pair, *encoder_decoder.answer(model, pair[1:])]):
    print(name, text)
gaps = [(logits(x) - logits(states)).abs().max().item() for x in (mixed, encode(jumbled)[0])]
print(
    T(
        ja=f"ロジットの差の最大値：ベクトルの入れ替え {gaps[0]:.1g}　文字の入れ替え {gaps[1]:.1f}",
        zh_tw=f"logits 的最大差距：打亂向量 {gaps[0]:.1g}　打亂文字 {gaps[1]:.1f}",
    )
)

# %% [markdown] key="damage" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# これもほぼ1.0です。この世界では同じ文字の集まりからできる文が1つしかないので、語順がなくても訳せてしまいます。完全一致率だけでは、2つの実験を区別できません。
#
# </details>
#
# ロジットを見ると区別できます。ベクトルの入れ替えでは丸め誤差ほどしか動かないのに、文字の入れ替えでは大きく動くからです。つまり、ベクトルは順序の情報を持っています。この世界の翻訳にはほとんど要らない情報でしたが、「犬が人をかむ」と「人が犬をかむ」を訳し分けるには必要です。
#
# それでは、何が失われると訳せなくなるでしょうか。ベクトルにノイズを足したり、全部を平均に近づけたりして調べます。

# %% [markdown] key="damage" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 也將近 1.0。在這個小世界裡，同一堆字只能排成一個句子，所以沒有語序也翻得出來。也就是說，只看完全相符率，分不出這兩個實驗的差別。
#
# </details>
#
# 看 logits 就分得出來：打亂向量時，變動只有捨入誤差的程度；打亂文字時，變動很大。可見向量會隨原本的語序而變，的確帶著順序的資訊，只是這個世界的翻譯幾乎用不到。真正的翻譯就用得到了，例如「狗咬人」和「人咬狗」。
#
# 那麼，少了什麼才會翻不出來？接下來替向量加上雜訊，或是讓它們全都往平均靠攏。

# %% key="damage-code"
n = mask.sum(1)[:, None, None]
average = ((states * mask[..., None]).sum(1, keepdim=True) / n).expand_as(states)
noise = 0.5 * states.std() * torch.randn_like(states)
damaged = {
    T(ja="標準偏差の半分のノイズを足す", zh_tw="加上標準差一半的雜訊"): states + noise,
    T(ja="平均との中間にする", zh_tw="往平均靠攏一半"): (states + average) / 2,
    T(ja="平均1本に置き換える", zh_tw="全部換成平均"): average,
}
survived = {name: translated_from(changed) for name, changed in damaged.items()}
for name, share in survived.items():
    print(f"{share:.2f} {name}")

# %% key="handed-runs" hide=true
runs = Counter()
hooks = [
    part.register_forward_hook(lambda *_, name=name: runs.update([name]))
    for name, part in (("encoder", model.encoder), ("decoder", model.decoder))
]
answer = encoder_decoder.answer(model, [translations[0].source])[0]
for hook in hooks:
    hook.remove()
assert runs["decoder"] == len(answer) + 1  # </s>
print(
    T(
        ja=f"{len(answer)}文字の答えを書くあいだの計算：エンコーダー {runs['encoder']}回　デコーダー {runs['decoder']}回",
        zh_tw=f"寫出 {len(answer)} 個字的答案：編碼器計算 {runs['encoder']} 次　解碼器計算 {runs['decoder']} 次",
    )
)

# %% key="handed-claim"
texts = Counter(
    (lang, "".join(sorted(corpus.sentence(e, lang).text)))
    for lang in corpus.LANGUAGES
    for e, _ in corpus.events()
)
noisy, halfway, pooled = survived.values()
claims.check(
    "E51",
    {
        "shuffled": shuffled,
        "shuffled_gap": gaps[0],
        "letters": letters,
        "letters_gap": gaps[1],
        "same_letters": sum(n > 1 for n in texts.values()),
        "noisy": noisy,
        "halfway": halfway,
    },
)

# %% [markdown] key="damage-after" lang="ja"
# ノイズを足しても平均に近づけても半分以上は訳せるのに、平均1本にするとまったく訳せません。このモデルが頼っていたのは、トークンごとに別々のベクトルでした。アテンションが使われる前のニューラル翻訳は、文全体を1本のベクトルにまとめていたので長い文が苦手でした。そこで、必要な語のベクトルをその都度選べるようにしたのがアテンションです（Bahdanau et al. 2015）。
#
# 上の出力のとおり、エンコーダーの計算は1回で済みます（デコーダーは`</s>`を含む答えのトークンごとに1回）。

# %% [markdown] key="damage-after" lang="zh-tw"
# 加上雜訊也好，往平均靠攏也好，都還翻得出一半以上；全部換成一個平均，卻一句都翻不出來。可見這個模型靠的是各自分開的詞元向量。在注意力出現之前，神經網路翻譯把整個句子壓成一個向量，所以不擅長長句；為了能隨時挑出需要的詞，才有了注意力（Bahdanau et al. 2015）。
#
# 另外，從上面的輸出可以看到，編碼器只要計算 1 次（解碼器則是答案的每個詞元各 1 次，包含 `</s>`）。

# %% [markdown] key="map" lang="ja"
# ## 3. デコーダーは、どの語を見て訳すのか
#
# デコーダーは、渡されたベクトルから必要な語を選べているのでしょうか。日本語の動詞は最後に、台湾華語の動詞は目的語より前に来ます。選べているなら、交差注意の重みにもこの入れ替わりが現れるはずです。
#
# 2層×4ヘッドの重みから都合のよいものを選べばどんな結論でも導けるので、4つのヘッドの平均を使い、層は学習用の文で選び、図と採点には評価用の文だけを使うと決めます。

# %% [markdown] key="map" lang="zh-tw"
# ## 3. 解碼器看著哪個詞翻譯？
#
# 拿到這些向量之後，解碼器能挑出需要的詞嗎？日文的動詞放在最後，台灣華語的動詞則在受詞前面。如果挑得出來，交叉注意力的權重應該也會跟著對調。
#
# 權重有 2 層×4 個頭，如果只挑好看的，什麼結論都能得到。所以要先訂好規則：用 4 個頭的平均；要看哪一層，用訓練句來選；畫圖和評分只用評估句。

# %% key="map-layer"
practice = corpus.drawn(50, 1, "train")
by_layer = {layer: alignment.score(model, practice, layer).aligned for layer in (1, 2)}
chosen = max(by_layer, key=by_layer.get)

shown = corpus.exam("counted", 1)[0]
seen = alignment.of(model, shown, "ja", chosen)
for word, span in seen.there.items():
    written = "".join(seen.target[span.start : span.stop])
    print(written, "←", seen.source[seen.looked(word)])

# %% key="map-figure"
names = T(ja="人|時|場所|目的語|数|動詞", zh_tw="人物|時間|地點|受詞|數量|動詞").split("|")
WORDS = dict(zip(alignment.WORDS, names))
fig, ax = plt.subplots(figsize=(9, 6))
figures.matrix(ax, seen.weights, rows=seen.target, columns=seen.source, fmt=None, vmin=0, vmax=1)
for word, name in WORDS.items():
    here, there = seen.here[word], seen.there[word]
    corner = here.start - 0.5, there.start - 0.5
    box = plt.Rectangle(corner, len(here), len(there), fill=False, edgecolor="#D55E00", lw=2)
    ax.add_patch(box)
    ax.annotate(name, (here.stop - 0.4, there.start), va="center", color="#D55E00")
ax.set(
    xlabel=T(ja="入力のトークン", zh_tw="輸入的詞元"),
    ylabel=T(ja="書くトークン", zh_tw="要寫的詞元"),
)
figures.show(
    fig,
    T(
        ja=f"「{corpus.sentence(shown, 'ja').text}」を「{corpus.sentence(shown, 'zh-tw').text}」と訳すときの、{chosen}層目の交差注意の重みです。行は書くトークン、列は入力のトークン、枠は同じ意味の語の位置で、枠は文法から求めました。多くの語で、最初の文字を書くときの重みが、枠の中で最大になっています。動詞と、数、目的語の枠は、左上から右下への順に並ばず、入れ替わっています。",
        zh_tw=f"翻譯「{corpus.sentence(shown, 'ja').text}」（意思是「{corpus.sentence(shown, 'zh-tw').text}」）時，第 {chosen} 層交叉注意力的權重。橫列是要寫的詞元，直行是輸入的詞元；方框是意思相同的詞所在的位置，由文法得到。大多數的詞，在寫第一個字時，方框裡的權重最大。動詞和數量、受詞的方框並沒有從左上往右下排，而是互相對調。",
    ),
)

# %% [markdown] key="align-guess" lang="ja"
# 図1つでは偶然との区別がつかないので、評価用の200の出来事を両方向に訳させ、語の最初の文字を書くときに重みが最大の位置が、対応する語の中にある割合を数えます。ランダムに選んだ位置なら（チャンスレベル）、語の長さ÷入力の長さの平均で約0.08です。
#
# 予想：重みが最大の位置が、対応する語の中にある割合はいくつでしょうか（0〜1）。

# %% [markdown] key="align-guess" lang="zh-tw"
# 只看一張圖，可能只是碰巧。所以改用 200 件評估用的事，從日文和台灣華語各翻譯一次，統計寫出詞的第一個字時，權重最大的位置有多少比例落在對應的詞裡。如果位置是隨機挑的（隨機水準），比例就是「詞的長度÷輸入的長度」的平均，大約 0.08。
#
# 預測：權重最大的位置落在對應的詞裡，占多少比例（0～1）？

# %% key="align"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

found = alignment.score(model, corpus.drawn(200, 99, "test"), chosen)
untrained = alignment.score(encoder_decoder.new(), corpus.drawn(50, 99, "test"), chosen)
predict.compare(guess, found.aligned)

# %% key="align-claim"
for word, hits in found.hits.items():
    print(f"{sum(hits) / len(hits):.2f} {WORDS[word]}")
claims.check(
    "C14",
    {
        "vectors": len(states[0, : mask[0].sum()].unique(dim=0)) / int(mask[0].sum()),
        "encoder_runs": runs["encoder"],
        "pooled": pooled,
        "aligned": found.aligned,
        "chance": found.chance,
        "swapped": found.turned,
        "swapped_untrained": untrained.turned,
    },
)

# %% [markdown] key="align-after" lang="ja"
# 割合は約0.85で、チャンスレベルの約10倍でした。語順が入れ替わる語では、見る順序も約8割で入れ替わっています（二択なので、学習していないモデルでは約5割）。語の対応は教えていないのに、翻訳の学習だけから現れました。
#
# 一致しないこともあるのは、エンコーダーのベクトルが周りの語の情報も含み、隣を見ても足りるためでしょう。重みは混ぜる割合で、判断の根拠とは限りません（レッスン01）。

# %% [markdown] key="align-after" lang="zh-tw"
# 比例大約是 0.85，也就是隨機水準的 10 倍左右。語序對調的詞，看的順序也有約 8 成跟著對調（順序是二選一，沒訓練過的模型大約是 5 成）。沒有人教過詞的對應，只靠訓練翻譯就自己出現了。
#
# 沒對上的地方，可能是因為編碼器的向量本來就含有周圍的資訊，看隔壁的位置也夠用。就像第 01 課說的，權重是混合的比例，不一定是判斷的根據。

# %% [markdown] key="explore" lang="ja"
# 自分の文でも調べてみましょう。「デコーダーの文」を空にすると、モデルが書いた答え（12トークンまで）を使います。

# %% [markdown] key="explore" lang="zh-tw"
# 也可以換成自己的句子來觀察。「解碼器的句子」留空的話，就用模型自己寫出的答案（最多 12 個詞元）。

# %% key="explore-code"
from helpers.widgets import AttentionExplorer

viewed = encoder_decoder.load()
#| ja: 重みを取り出せる計算方法に替える
#| zh-tw: 換成可以取出權重的計算方式
viewed.set_attn_implementation("eager")
first = next(e for e in corpus.translations(shown) if e.lang == LANG)
AttentionExplorer(viewed, encoder_decoder.TOKENIZER, text=first.source, target=first.target)

# %% [markdown] key="spans" lang="ja"
# ## 4. 名前のTransferは、何を指すのか
#
# 元のページの「メカニズム」は、T5という名前（Text-to-Text Transfer Transformer）を訳しただけです。Text-to-Textは1節で確かめましたが、Transfer（転移）とは何を指すのでしょうか。
#
# T5はまず大量の文章で事前学習し、その重みを各タスクに転用します（転移学習、transfer learning）。事前学習の問題は文章から自動で作れます。連続した区間（スパン）をいくつか抜き、その場所に区間ごとに違う目印（センチネルトークン、sentinel token）を置いて、抜いた部分を書かせるのです。これをspan corruption（スパン破壊）と呼び、次の関数で作れます。

# %% [markdown] key="spans" lang="zh-tw"
# ## 4. 名稱裡的 Transfer 指的是什麼？
#
# 原網頁寫的「機制」，只是把 T5 的全名（Text-to-Text Transfer Transformer）翻譯出來，而且 Transfer 是遷移，不是轉換。Text-to-Text 在第 1 節看過了；那麼 Transfer 指的是什麼？
#
# T5 先用大量文字預訓練，再把權重拿到各種任務上使用（遷移學習，transfer learning）。預訓練的題目可以從文字自動做出來：挖掉幾個連續的片段（span），在那裡各放一個不同的記號（哨兵詞元，sentinel token），讓模型寫出挖掉的部分。這叫做 span corruption（片段毀損），用下面的函式就能做出題目。

# %% key="spans-code"
print(inspect.getsource(spans.corrupted))
source, target = spans.corrupted(list(story.text(LANG)), random.Random(0))
print("".join(source), "".join(target), sep="\n")

# %% [markdown] key="spans-guess" lang="ja"
# 上が入力、下が出力側です。出力側は目印とその場所から抜いたトークンを順に並べ、最後に目印をもう1つ置きます（論文の図2の形。公開された実装は`</s>`を置くので、長さは同じです）。T5の設定では、トークンの15%を平均3トークンの区間で抜きます。
#
# 予想：512トークンから77トークンを26区間で抜くと、出力側は何トークンになるでしょうか（目印も数えます）。

# %% [markdown] key="spans-guess" lang="zh-tw"
# 上面是輸入，下面是輸出。輸出依序寫出每個記號和那裡挖掉的詞元，最後再放一個記號（這是論文圖 2 的形式；公開的實作在最後放 `</s>`，長度一樣）。T5 的設定是挖掉 15% 的詞元，每個片段平均 3 個。
#
# 預測：從 512 個詞元裡挖掉 26 個片段、共 77 個詞元，輸出有幾個詞元（記號也算）？

# %% key="spans-measure"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

places = [str(n) for n in range(512)]
made = [spans.corrupted(places, random.Random(seed)) for seed in range(200)]
predict.compare(guess, len(made[0][1]))


# %% key="spans-check" hide=true
def between(side):
    marked = " ".join(token if token.isdigit() else "|" for token in side)
    return [piece.split() for piece in marked.split("|")]


holes = []
for source, target in made:
    marks = [[t for t in side if not t.isdigit()] for side in (source, target)]
    names = [spans.SENTINEL.format(n) for n in range(len(marks[1]))]
    assert marks == [names[:-1], names]
    in_turn = zip(between(source)[:-1], between(target)[1:-1], strict=True)
    pieces = [piece for pair in in_turn for piece in pair]
    assert [place for piece in pieces for place in piece] == places
    holes += pieces[1::2]

# %% key="spans-claim"
sizes = [len(hole) for hole in holes]
claims.check(
    "C13",
    {
        "share": sum(sizes) / (len(made) * len(places)),
        "mean_span": sum(sizes) / len(sizes),
        "one_length": max(Counter(sizes).values()) / len(sizes),
        "places": len({place for hole in holes for place in hole}) / len(places),
        "source_length": sum(len(source) for source, _ in made) / len(made),
        "target_length": sum(len(target) for _, target in made) / len(made),
    },
)

# %% [markdown] key="spans-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 抜いた77と区間ごとの目印26、最後の目印1で、104です。
#
# </details>
#
# 入力は435 + 26の461トークンで、出力側と合わせれば元の文章に戻せます。一方、BERTの穴埋めでは入力が512トークンのままで、損失を計算するのは約77トークンです。
#
# 小さな世界では足りるので、1節のモデルは事前学習なしで4つのタスクを直接学習しました。本物のT5は、ラベルのない約750 GBの文章で先に言葉を学び、それを各タスクに転移します。

# %% [markdown] key="spans-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 挖掉的 77，加上各片段的記號 26、最後的記號 1，一共是 104。
#
# </details>
#
# 輸入是 435 + 26，等於 461 個詞元，和輸出合起來就能還原成原文。同樣是克漏字，BERT 的輸入還是 512 個詞元，其中計算損失的約有 77 個。
#
# 順帶一提，第 1 節的模型沒有預訓練，而是從一開始就直接訓練四種任務；在這個小世界裡，這樣就夠了。真正的 T5 則是先用沒有標籤、約 750 GB 的文字做出題目，學會語言，再遷移到各種任務。

# %% [markdown] key="memory" lang="ja"
# ## 5. 正解率1.00は、否定がわかるという意味か
#
# 1節の感情分析は新しい人と場所の組み合わせでもほぼ満点でした。しかし、気分を表す「形容詞6個×否定の有無×言語2つ」の24通りの言い方はすべて学習に出ています。否定を理解したのか、24通りを丸暗記したのかは、この点数からはわかりません。
#
# そこで、「楽しい」と「寂しい」の否定だけを一度も見せずに、同じ形のモデルを学習させました。否定しない文も、残り4個の形容詞の否定も見せています。人なら「面白くない」と「楽しい」を知っていれば「楽しくない」がわかるはずです。
#
# 見せなかった言い方は、形容詞2個×言語2つの4通りです。50のお話で尋ねても最後の文は同じなので、4枚の硬貨を投げるのと変わりません。そこで、お話ではなく言い方を数えます（半分より多くのお話に正解すれば正解）。
#
# 予想：見せなかった否定4通りのうち、何通りに正解するでしょうか（偶然なら2通り）。

# %% [markdown] key="memory" lang="zh-tw"
# ## 5. 正確率 1.00，代表看得懂否定嗎？
#
# 第 1 節的情緒分析，換了新的人物和地點組合，還是將近滿分。可是表達心情的說法只有「6 個形容詞×否定與否×2 種語言」24 種，而且訓練時全都看過。究竟是懂了否定，還是把 24 種背了起來？只看分數沒辦法知道。
#
# 所以另外訓練一個同樣的模型，訓練資料裡拿掉「開心」和「寂寞」的否定句；不否定的句子，以及其餘四個形容詞的否定句，都照樣保留。如果是人，知道「不有趣」和「開心」，就懂「不開心」。
#
# 沒看過的說法有 2 個形容詞×2 種語言，共 4 種。就算各用 50 個故事來問，最後一句都一樣，所以和丟 4 次硬幣差不多。因此這裡不數故事，而是數說法（超過一半的故事答對，就算答對那種說法）。
#
# 預測：沒看過的 4 種否定說法裡，會答對幾種（隨機水準是 2 種）？


# %% key="memory-code"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None


def asked(adjective, negated, lang):
    told = [e for s in tasks.stories(adjective, negated) for e in corpus.readings(s)]
    return [e for e in told if (e.task, e.lang) == ("sentiment", lang)]


memorizer = encoder_decoder.load("never_negated")
withheld = encoder_decoder.NEVER_NEGATED
ways = [(a, n, lang) for a in tasks.ADJECTIVES for n in (False, True) for lang in corpus.LANGUAGES]
share = {way: encoder_decoder.exact_match(memorizer, asked(*way))["sentiment"] for way in ways}
never_shown = [way for way in ways if way[0] in withheld and way[1]]
predict.compare(guess, sum(share[way] > 0.5 for way in never_shown), T(ja="通り", zh_tw=" 種"))

# %% key="memory-ways" hide=true
shown_ways = [share[way] for way in ways if way not in never_shown]
print(
    T(
        ja=f"見せた{len(shown_ways)}通り：正解率は{min(shown_ways):.2f}以上",
        zh_tw=f"看過的 {len(shown_ways)} 種說法：正確率都在 {min(shown_ways):.2f} 以上",
    )
)
for adjective, negated, lang in never_shown:
    told = tasks.stories(adjective, negated)[0]
    #| ja: 最後の文。もう1つの言語には、訳を添える
    #| zh-tw: 最後一句；另一種語言附上翻譯
    last = told.feeling(lang) + ("" if lang == LANG else f"（{told.feeling(LANG)}）")
    question = asked(adjective, negated, lang)[0]
    answer = encoder_decoder.answer(memorizer, [question.source])[0]
    right = T(ja=f"（正解は{question.target}）", zh_tw=f"（正確答案是{question.target}）")
    print(f"{share[adjective, negated, lang]:.2f}", last, "→", answer, right)

assert min(shown_ways) >= 0.95
assert all(min(share[a, True, lang] for a in withheld) < 0.5 for lang in corpus.LANGUAGES)

# %% [markdown] key="memory-after" lang="ja"
# 見せた20通りはほぼ満点なのに、見せなかった4通りのうち正解は1通りだけでした。もっとも、4通りでは偶然との区別がつかないので、5つの乱数シードの記録を並べます（○は正解）。比べる相手は途中も書くモデル（2シード）で、感情分析の答えを「良くない、悪」のように、形容詞の意味、否定の有無、結論の順に書かせました。こちらも同じ否定を見ていません。

# %% [markdown] key="memory-after" lang="zh-tw"
# 看過的 20 種幾乎滿分，沒看過的 4 種卻只答對 1 種。不過只有 4 種，也可能是碰巧，所以再比較五個亂數種子的紀錄（○ 是答對）。對照的是「寫出中間步驟」的模型（2 個亂數種子）：情緒分析的答案要像「不好，壞」（日文是「良くない、悪」）這樣，先寫出有沒有否定和形容詞的意思，再寫結論。這個模型同樣沒看過那些否定句。

# %% key="memory-seeds" hide=true
record = results.load("tasks")["runs"]
kinds = {
    "withheld": T(ja="答えだけを書く", zh_tw="只寫答案"),
    "steps": T(ja="途中も書く", zh_tw="寫出中間步驟"),
}
last = [tasks.stories(a, True)[0].feeling(lang) for lang in corpus.LANGUAGES for a in withheld]
rows, in_pairs = [], {kind: [] for kind in kinds}
for entry in record:
    if entry["recipe"] in kinds:
        hits = tasks.right(entry, "sentiment")
        marks = ["○" if hit else "×" for hit in hits]
        rows.append([kinds[entry["recipe"]], str(entry["seed"]), *marks])
        in_pairs[entry["recipe"]] += [all(hits[:2]), all(hits[2:])]
show.tabulate([T(ja="学習", zh_tw="訓練"), T(ja="シード", zh_tw="亂數種子"), *last], rows)
assert len(in_pairs["withheld"]) >= 10 and not any(in_pairs["withheld"])
assert all(in_pairs["steps"])

# %% [markdown] key="memory-seeds-after" lang="ja"
# 答えだけを書くモデルが、同じ言語の2つの形容詞の両方に正解したことは、10組のうち一度もありません。否定の規則を学んだのなら、どの組でも正解するはずです。学習に出た言い方と答えの組を覚えていたと考えられます。新しかったのは人と場所の組だけで、否定と形容詞を新しく組み合わせる力（構成的汎化、compositional generalization）は、1節の点数では測られていません。
#
# ところが途中も書かせると、2つのシードの8通りすべてに正解しました（偶然なら $\frac{1}{2^8} = \frac{1}{256}$）。答えは形容詞の良し悪しと否定の有無の両方で決まります。全問正解は、この2つを先に書き、それを読んで結論を出せたためと考えられます。
#
# 答えの前に途中の考えを書かせる方法を、chain-of-thought（思考の連鎖）と呼びます。Wei et al.（2022）は5,400億パラメータのモデルなどに、途中の式を書いた例をいくつか見せるだけで算数の文章題などの正解率を上げました。ここでは小さなモデルに学習で教えたので、途中の正解を余分に与えています。

# %% [markdown] key="memory-seeds-after" lang="zh-tw"
# 把同一種語言的兩個形容詞當成一組，只寫答案的模型，10 組裡沒有一組是兩個都答對的。如果學會了否定的規則，每一組都該全對；可見它沒有學會規則，應該只是把看過的說法和答案背了起來。第 1 節的「新」，新的只有人物和地點的組合；把否定和形容詞用新的方式組合起來的能力（組合泛化，compositional generalization），那個分數根本沒有測到。
#
# 寫出中間步驟之後，兩個亂數種子的 8 種說法卻全部答對（碰巧的機率是 $\frac{1}{2^8} = \frac{1}{256}$）。答案由形容詞的好壞和「有沒有否定」一起決定；能全對，應該是因為它先寫出這兩項，再讀著它們下結論。
#
# 先寫出思考過程再回答，叫做思維鏈（chain-of-thought）。Wei et al.（2022）只在提示裡給幾個寫出過程的例子，就讓 5,400 億個參數等級的大型模型在算術應用題等任務上進步。這裡則是用訓練教會小模型，等於多給了中間步驟的正確答案。

# %% [markdown] key="further-divide" lang="ja" further=true
# ### さらにくわしく：T5は√d_kで割らない

# %% [markdown] key="further-divide" lang="zh-tw" further=true
# ### 更進一步：T5 不除以 √d_k

# %% [markdown] key="t5" lang="ja"
# 元のページの式 $\operatorname{softmax}(QK^\top/\sqrt{d_k})V$ で、T5のアテンションも計算できるのでしょうか。レッスン01で見た最初のTransformerは、この式のとおりでした。そこで、T5のエンコーダーの1層目を取り出し、3通りの式で計算して、ライブラリの結果と比べます。$B$ は、キーとクエリの距離で決まる相対位置バイアス（レッスン02）です。丸め誤差を抑えるため、float64で計算します。

# %% [markdown] key="t5" lang="zh-tw"
# 原網頁的公式 $\operatorname{softmax}(QK^\top/\sqrt{d_k})V$，也能算出 T5 的注意力嗎？第 01 課看過的最早的 Transformer，確實是這個公式。這裡取出 T5 編碼器的第 1 層，用三種公式計算，再和套件的結果比較。$B$ 是由鍵和查詢的距離決定的相對位置偏差（第 02 課）。為了減少捨入誤差，用 float64 計算。

# %% key="t5-code"
import copy

layer = copy.deepcopy(model.encoder.block[0].layer[0]).double()
part = layer.SelfAttention
n_heads, d_k = part.n_heads, part.key_value_proj_dim
ids = encoder_decoder.TOKENIZER(translations[0].source, return_tensors="pt").input_ids
with torch.no_grad():
    x = layer.layer_norm(model.shared(ids).double())  # (1, T, d_model)
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
            ("QKᵀ + B", bias, 1),
            ("QKᵀ/√d_k + B", bias, math.sqrt(d_k)),
            ("QKᵀ", 0, 1),
        )
    }
for name, difference in gap.items():
    print(f"{name:14} {difference:.3g}")

# %% [markdown] key="init-guess" lang="ja"
# 割らずにバイアスを足したときだけ一致しました。しかし、レッスン01の7節では、$d_k = 256$ で割らないと正解率の低いシードがありました。T5が割らずに学習できる理由は、重みの初期値にあります。$W^K$ の標準偏差は $1/\sqrt{d_\text{model}}$、$W^Q$ は $1/\sqrt{d_\text{model} d_k}$ です。
#
# 予想：$d_k = 16$ のとき、$W^K$ の標準偏差は $W^Q$ の何倍でしょうか。

# %% [markdown] key="init-guess" lang="zh-tw"
# 只有不除、並且加上偏差時才一致。可是第 01 課第 7 節裡，$d_k = 256$ 時不除，有的種子就卡住了。T5 不除也能訓練，原因在權重的初始值：$W^K$ 的標準差是 $1/\sqrt{d_\text{model}}$，$W^Q$ 則是 $1/\sqrt{d_\text{model} d_k}$。
#
# 預測：$d_k = 16$ 時，$W^K$ 的標準差是 $W^Q$ 的幾倍？

# %% key="init"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
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
        "undivided": gap["QKᵀ + B"],
        "divided": gap["QKᵀ/√d_k + B"],
        "without_bias": gap["QKᵀ"],
        "init_ratio": init_ratio,
    },
)

# %% [markdown] key="init-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約4倍、つまり $\sqrt{d_k}$ 倍です。T5は、割り算を式から消したのではなく、$W^Q$ の初期値に移したと言えます。
#
# </details>
#
# 大切なのは、割るかどうかではなく、学習したときと同じ式で使うことです。学習済みのモデルに後から割り算を加えると、次のように完全一致率が下がります（スコアを割ることは、$W^Q$ を割ることと同じです）。

# %% [markdown] key="init-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 4 倍，也就是 $\sqrt{d_k}$ 倍。可以說 T5 並不是把除法刪掉，而是把它移到 $W^Q$ 的初始值。
#
# </details>
#
# 重要的不是除不除，而是使用時的公式必須和訓練時一樣。在訓練好的模型裡硬加上除法，完全相符率就會像下面這樣下降（把分數除以某個數，就等於把 $W^Q$ 除以那個數）。

# %% key="divide"
divided = copy.deepcopy(model)
with torch.no_grad():
    for name, parameter in divided.named_parameters():
        if name.endswith("Attention.q.weight"):
            parameter /= math.sqrt(d_k)

after_division = encoder_decoder.exact_match(divided, held_out)
for task, share in after_division.items():
    print(f"{task:10} {exact[task]:.2f} → {share:.2f}")
assert after_division["to_zh_tw"] < exact["to_zh_tw"] - 0.1

# %% [markdown] key="further-order" lang="ja" further=true
# ### さらにくわしく：学ぶ順、訳の量、公開モデル

# %% [markdown] key="further-order" lang="zh-tw" further=true
# ### 更進一步：學習順序、翻譯例句的數量、公開的模型

# %% [markdown] key="order" lang="ja"
# 20文字近くを書く翻訳と、ラベルの文字だけを答える感情分析では、どちらが先にできるようになるでしょうか。1節のモデルと同じ学習の記録（2,500ステップ、2つのシード。`python -m helpers.results.tasks`で作り直せます）を図にします。感情分析は二択なのでチャンスレベルは0.5、要約も、最後の「よい」か「残念な」以外が書ければ0.5になります。

# %% [markdown] key="order" lang="zh-tw"
# 翻譯要寫將近 20 個字，情緒分析只答 1 個字，哪一個先學會？下圖是第 1 節那種訓練的紀錄（2,500 步，兩個亂數種子；用 `python -m helpers.results.tasks` 可以重做）。情緒分析是二選一，隨機水準是 0.5；摘要只要「愉快」和「不愉快」以外的部分都寫對，也有 0.5。

# %% key="order-figure"
task_names = T(
    ja="日本語→台湾華語|台湾華語→日本語|要約|感情分析",
    zh_tw="日文→台灣華語|台灣華語→日文|摘要|情緒分析",
).split("|")
curves = [entry["curve"] for entry in record if entry["recipe"] == "all"]
steps = curves[0]["step"]
fig, ax = plt.subplots(figsize=(8, 4))
means = {}
for task, name in zip(corpus.TASKS, task_names):
    means[task], away = charts.spread(torch.tensor([curve[task] for curve in curves]))
    ax.errorbar(steps, means[task], yerr=away, capsize=3, label=name)
ax.axhline(0.5, color="black", linewidth=1)
x, y = T(ja="ステップ", zh_tw="步數"), T(ja="完全一致率", zh_tw="完全相符率")
charts.frame(ax, x, y, ylim=(0, 1.05))
ax.legend(loc="lower right")
early = {name: means[task][steps.index(500)] for task, name in zip(corpus.TASKS, task_names)}
figures.show(
    fig,
    T(
        ja=f"4つのタスクの完全一致率です。点は2回の平均、エラーバーは2回の値の範囲、横線は0.5です。500ステップでは、{charts.listed(early, marks=' 、、')}です。",
        zh_tw=f"四種任務的完全相符率。點是 2 次的平均，誤差線是 2 次的範圍，橫線是 0.5。第 500 步：{charts.listed(early, marks=' 、、')}。",
    ),
)
assert means["to_zh_tw"][steps.index(500)] > 2 * means["sentiment"][steps.index(500)] - 1

# %% [markdown] key="order-after" lang="ja"
# 長い翻訳のほうが先でした。翻訳では文字ごとに損失があるので、語の対応を少しずつ覚えられます。これに対して感情分析では、形容詞だけ、または否定だけを学んでも、当たる確率が0.5のままです。排他的論理和（XOR）と同じく、両方を組み合わせるまで損失が下がりません。感情分析と要約が途中で約0.75に止まるのは、できるようになる時期が言語によって違うためです。1,250ステップで言語別に採点すると、2つのシードとも、感情分析は台湾華語が満点で、日本語はまだ約0.5でした。

# %% [markdown] key="order-after" lang="zh-tw"
# 比較長的翻譯反而先學會。翻譯的每個字都有損失，詞的對應可以一點一點記住；情緒分析只學會形容詞或只學會否定，猜對的機率仍是 0.5：這和互斥或（XOR）一樣，要兩邊一起用，損失才會下降。情緒分析和摘要在中途停在大約 0.75，是因為學會的時間隨語言而不同。在第 1,250 步依語言分開評分，兩個亂數種子的情緒分析，都是台灣華語已經滿分，日文還是大約 0.5。

# %% [markdown] key="transfer-heading" lang="ja"
# #### 文章から先に学ぶと、訳は少なくて済むのか

# %% [markdown] key="transfer-heading" lang="zh-tw"
# #### 先從文字學起，翻譯例句就可以少一點嗎？

# %% [markdown] key="transfer" lang="ja"
# 4節で見たとおり、T5のTransferとは、文章で学んだ重みをタスクに移すことです。ところが、1節のモデルは事前学習なしで満点でした。8,000の出来事の訳を見せたので、文章から学ぶことが残っていなかった可能性があります。そこで、見せる訳を100の出来事の分だけに減らし、span corruptionで事前学習した重みから始めた場合と、乱数の重みから始めた場合を比べます。
#
# 事前学習に使う文章は、どちらか一方の言語だけで書かれていて、訳は付いていません。1つの文章は、同じ出来事を2通りの言い方で述べます。その30%を抜いて、3,000ステップ学習させました。採点に使う「人と場所の組み合わせ」は、文章にも出てきません。

# %% [markdown] key="transfer" lang="zh-tw"
# 第 4 節說過，T5 的 Transfer 是把從文字學到的權重搬到任務上用。可是第 1 節的模型沒有預訓練就拿到滿分，也許是因為看過 8,000 件事的翻譯，已經沒有什麼需要從文字裡學了。所以這裡只給 100 件事的翻譯，看看起點不同會差多少：一邊是用 span corruption 預訓練過的權重，一邊是亂數的權重。
#
# 預訓練用的每段文字都只有一種語言，沒有附翻譯；同一件事用兩種說法各講一次，挖掉其中的 30%，訓練 3,000 步。評分用的「人物和地點的組合」，這些文字裡也沒有。

# %% key="transfer-texts"
from helpers.models import transfer
from helpers.results import transfer as recorded

problem = next(e for e in transfer.rows(20) if e.lang == LANG)
print(problem.source, problem.target, sep="\n")

transfers = results.load("transfer")["runs"]
hundred = transfer.pairs(100, "pairs 0")
unseen = transfer.pairs(100, "test", "test")


def learned(model, arm):
    #| ja: 訳を150ステップ学習させたあとの、評価用の翻訳の完全一致率
    #| zh-tw: 學 150 步翻譯之後，評估用翻譯的完全相符率
    transfer.learn(model, hundred, steps=150, rate=recorded.chosen(transfers, arm))
    return transfer.scores(model, unseen)["exact"]


from_random = learned(encoder_decoder.new(), "scratch")
print(f"{from_random:.2f}", T(ja="乱数の重みから", zh_tw="從亂數的權重開始"))

# %% [markdown] key="transfer-guess" lang="ja"
# 乱数の重みから150ステップ学習させると、ほとんど訳せません。では、事前学習した重みから、同じ訳を同じステップ数だけ学習させたら、どうなるでしょうか。事前学習では、翻訳を一度も解いていません。
#
# 予想：完全一致率はいくつになるでしょうか（0〜1）。

# %% [markdown] key="transfer-guess" lang="zh-tw"
# 從亂數的權重開始，學 150 步還幾乎翻不出來。那麼，從預訓練過的權重開始，用同樣的翻譯、學同樣的步數，會怎樣？預訓練時，翻譯題一題都沒有做過。
#
# 預測：完全相符率是多少（0～1）？

# %% key="transfer-live"
#| ja: Noneを、予想した数に書き換える
#| zh-tw: 把 None 改成你預測的數字
guess = None

from_text = learned(transfer.load(), "told_twice")
predict.compare(guess, from_text)

# %% [markdown] key="transfer-after" lang="ja"
# <details><summary>実行して、予想と比べたら開く</summary>
#
# 約0.7です（乱数の重みからは約0.05）。
#
# </details>
#
# ただし、150ステップは、乱数の重みには短すぎた可能性があります。そこで、どちらも600ステップまで学習させて、検証で最もよいステップを選び、学習率もそれぞれ、最良の値の両側が悪くなるまで探しました。事前学習の3,000ステップは、これとは別です。出来事が100のとき、乱数の重みでは3つのシードとも600ステップ目が最もよく、続ければまだ伸びる可能性があります。
#
# 文章なら何でもよいのかどうかも、調べておきましょう。互いに関係のない2文をつないだ文章と、文字の順を崩した文章でも同じだけ事前学習し、訳も同じように学習させました。これらの記録を、訳の数を変えた結果とともに並べます（出来事が100のときは、事前学習からやり直した3つのシード、30と300では1つのシード。`python -m helpers.results.transfer`で作り直せます）。

# %% [markdown] key="transfer-after" lang="zh-tw"
# <details><summary>執行並和預測比較之後，再打開</summary>
#
# 大約 0.7（從亂數的權重開始，大約 0.05）。
#
# </details>
#
# 不過，150 步對亂數的權重來說也許太短。所以兩邊最多都練到 600 步，取驗證最好的一步；學習率也各自去試，直到最佳值的兩側都比較差（預訓練的 3,000 步另計；100 件事的時候，亂數的權重在三個亂數種子都是第 600 步最好，再練下去可能還會進步）。
#
# 另外也要看看，是不是什麼文字都行：把彼此無關的兩句接在一起，或把文字的字序打亂，預訓練同樣的步數，再用同樣的方法學翻譯。下面是這些紀錄，連同改變翻譯數量的結果（100 件事從預訓練開始重做了三個亂數種子，30 件和 300 件各只用一個；用 `python -m helpers.results.transfer` 可以重做）。

# %% key="transfer-record" hide=true
starts = {
    "scratch": T(ja="乱数の重みから", zh_tw="亂數的權重"),
    "told_twice": T(ja="事前学習した重みから", zh_tw="預訓練過的權重"),
    "unrelated": T(ja="関係のない2文で事前学習", zh_tw="用無關的兩句預訓練"),
    "shuffled": T(ja="文字の順を崩して事前学習", zh_tw="用打亂字序的文字預訓練"),
}
rows, mean = [], {}
for pairs in sorted(recorded.SEEDS):
    for arm, name in starts.items():
        if pairs not in recorded.ARMS[arm]:
            continue
        both = [recorded.share(transfers, arm, pairs, score) for score in ("exact", "tokens")]
        mean[arm, pairs] = sum(both[0]) / len(both[0])
        told = [" / ".join(f"{value:.2f}" for value in values) for values in both]
        rows.append([str(pairs), name, *told])
show.tabulate(
    T(
        ja="訳した出来事|始め方|完全一致率|トークンの正解率",
        zh_tw="翻譯了幾件事|起點|完全相符率|詞元的正確率",
    ),
    rows,
)

# %% key="transfer-claim"
claims.check(
    "E52",
    {
        "from_text": from_text,
        "from_random": from_random,
        "recorded_text": mean["told_twice", 100],
        "recorded_random": mean["scratch", 100],
        "recorded_unrelated": mean["unrelated", 100],
        "recorded_shuffled": mean["shuffled", 100],
    },
)

# %% [markdown] key="transfer-why" lang="ja"
# 出来事が100のときは、3つのシードのどれでも、事前学習した重みのほうがずっと多くの文を正しく訳せました。事前学習では、訳を一度も見ていません。では、文章の何を学んだことが効いたのでしょうか。
#
# 文字の順を崩した文章で事前学習すると、乱数の重みから始めるよりも、かえって悪くなりました。どの文字が多いかを知るだけでは、役に立たないのです。関係のない2文で事前学習すると、抜けた語は別の所に書かれていなくても文の形は学べるためか、乱数の重みから始めるよりはよいものの、同じ出来事を述べた2文のときには及びませんでした。同じ出来事を述べた2文からは、抜けた語を別の所から探して書くことも学べます。翻訳にも要るこの2つを先に身につけたので、訳からは主に語の対応を学ぶだけで済んだと考えられます。
#
# ところが、300に増やすと、乱数の重みからでもほとんどの文を訳せるようになり、差はほぼなくなります。逆に30では、事前学習した重みからでも2割に届きません。事前学習は訳の代わりにはなりませんが、訳が足りないところを補ってくれるのです。T5の論文の表1も、同じ傾向を示しています（Raffel et al. 2020）。翻訳の評価値BLEUは、英語からルーマニア語への翻訳では、事前学習によって24.04から27.65に上がりました。一方、訳のデータが十分に多い英語からフランス語への翻訳では、39.77から39.82と、ほとんど変わっていません。

# %% [markdown] key="transfer-why" lang="zh-tw"
# 只有 100 件事的翻譯時，三個亂數種子的結論都一樣：從預訓練過的權重開始，翻對的句子多得多。預訓練時一句翻譯都沒看過，那麼，是從文字學到的什麼派上了用場？
#
# 用打亂字序的文字預訓練，結果反而比亂數的權重還差，可見光知道哪些字常出現沒有用。用無關的兩句預訓練，挖掉的詞在其他地方找不到，但應該還是學得到句子怎麼組成，所以比亂數的權重好，只是比不上講同一件事的兩句。講同一件事的兩句，則連怎麼從別處找出缺掉的詞來寫都能學會。這兩樣翻譯也用得上，既然先學會了，翻譯例句要教的，應該主要是詞和詞的對應。
#
# 可是增加到 300 件事，從亂數的權重開始也幾乎都翻得對，差距幾乎消失；反過來只有 30 件事的話，就算預訓練過，翻對的也不到 2 成。預訓練不能代替翻譯例句，但能補上例句不夠的部分。T5 論文的表 1 也有同樣的傾向（Raffel et al. 2020）：翻譯的評分指標 BLEU，英文翻成羅馬尼亞文時，預訓練讓它從 24.04 升到 27.65；翻譯資料夠多的英文翻成法文，則是從 39.77 到 39.82，幾乎沒變。

# %% [markdown] key="further-network" lang="ja"
# #### ネットワークがあれば、公開されているT5で

# %% [markdown] key="further-network" lang="zh-tw"
# #### 有網路的話，用公開的 T5 試試

# %% [markdown] key="network" lang="ja"
# 4節のspan corruptionを、実際に大量の文章で事前学習したT5に解かせてみましょう。タスクの学習をまだしていない、事前学習だけのモデルです。抜いた区間には、番号の付いたセンチネルトークン（`<extra_id_0>`、`<extra_id_1>`）を置きます。
#
# 使うのは、日本語の文章で学習したT5です。先にコースのフォルダーから`python start.py real`を実行し、モデルが使うパッケージを入れておきましょう。そのうえで、次のセルの`network`を`True`に書き換えて実行すると、重みを最初の一度だけ取り寄せます（大きさは先に表示され、メモリも少なくともそれだけ使います）。ネットワークがなければ、書き換えずに先へ進めます。

# %% [markdown] key="network" lang="zh-tw"
# 把第 4 節的 span corruption，交給用大量真實文章預訓練過的 T5 做做看。這個模型只做過預訓練，還沒有學過任何任務。挖掉的片段，放上有編號的哨兵詞元（`<extra_id_0>`、`<extra_id_1>`）。
#
# 這裡用的是多語言的 mT5。請先在教材資料夾執行 `python start.py real`，安裝模型需要的套件，再把下一個儲存格的 `network` 改成 `True` 執行，就會下載權重，只需要下載一次。它的權重很大（下載前會先顯示大小），占用的記憶體也至少有這麼多。沒有網路的話，不改也可以直接往下讀。

# %% key="network-ask"
from helpers.models import real

#| ja: ネットワークを使うなら、Trueに書き換える
#| zh-tw: 要使用網路的話，請改成 True
network = False

texts = T(
    ja="日本の首都は<extra_id_0>です。|毎朝<extra_id_0>を飲んで、<extra_id_1>へ行きます。",
    zh_tw="台灣的首都是<extra_id_0>。|我每天早上喝<extra_id_0>，然後去<extra_id_1>。",
).split("|")
answers = real.ask(T(ja="t5-ja", zh_tw="mt5"), *texts, network=network)

# %% [markdown] key="network-after" lang="ja"
# 答えの長さは、どれも同じだったでしょうか。抜いた区間が何トークンだったのかは入力に書かれていないので、どこで終えるかもデコーダーが決めます。レッスン03のBERTには、この自由がありません。`[MASK]`は1つで1トークンを表し、いくつ並べるかを人が先に決めるからです。自分の文でも、短い区間と長い区間を抜いて比べてみましょう。

# %% [markdown] key="network-after" lang="zh-tw"
# 這些答案的長度都一樣嗎？輸入裡沒有寫挖掉了幾個詞元，所以要寫多長，也由解碼器決定。第 03 課的 BERT 就沒有這種自由：1 個 `[MASK]` 代表 1 個詞元，要放幾個得由人先決定。也用自己的句子，挖掉短的片段和長的片段，比較看看。

# %% [markdown] key="further-recipes" lang="ja" further=true
# ### さらにくわしく：否定を学ばせる別の方法

# %% [markdown] key="further-recipes" lang="zh-tw" further=true
# ### 更進一步：讓模型學會否定的其他方法

# %% [markdown] key="recipes" lang="ja"
# 5節で見せなかった否定を、翻訳の問題でだけ見せる方法も試しました。モデルは否定の形を見ますが、良いか悪いかは教わりません。また、要約でも、5節で見せなかった否定のお話を使い、最後の「よい」「残念な」を採点しました（途中も書かせたのは感情分析だけです）。

# %% [markdown] key="recipes" lang="zh-tw"
# 第 5 節拿掉的否定句，也試過只放進翻譯的題目：這樣模型看得到否定的形式，但沒有人教它是好是壞。摘要也用第 5 節那些否定句的故事，檢查最後的「愉快」「不愉快」寫得對不對（寫出中間步驟的只有情緒分析）。

# %% key="recipe-points" hide=true
recipes = {
    "all": T(ja="すべて見せる", zh_tw="含否定句"),
    "withheld": T(ja="見せない", zh_tw="不含"),
    "translated": T(ja="翻訳だけで見せる", zh_tw="只在翻譯裡"),
    "steps": T(ja="途中も書く", zh_tw="寫出中間步驟"),
}
scored = {"sentiment": task_names[3], "summary": task_names[2]}
points = {
    (recipe, task): [sum(tasks.right(r, task)) for r in record if r["recipe"] == recipe]
    for recipe in recipes
    for task in scored
}
assert min(points["all", "sentiment"]) == 4 == min(points["steps", "sentiment"])
assert max(points["withheld", "sentiment"] + points["translated", "sentiment"]) <= 2

# %% key="recipe-figure"
fig, ax = plt.subplots(figsize=(8, 3.8))
for (task, name), offset, marker in zip(scored.items(), (-0.3, 0.1), "os"):
    charts.dots(ax, [points[recipe, task] for recipe in recipes], name, marker, offset)
ax.axhline(2, color="black", linestyle="--", linewidth=1)
y = T(ja="正解した言い方（4通りのうち）", zh_tw="答對的說法（4 種裡）")
ticks = dict(enumerate(recipes.values()))
charts.frame(ax, y=y, ticks=ticks, ylim=(-0.2, 4.3), yticks=range(5))
ax.legend()
told = [
    f"{scored[task]} {recipes[recipe]} {'/'.join(map(str, values))}"
    for (recipe, task), values in points.items()
]
listed = "、".join(told)
figures.show(
    fig,
    T(
        ja=f"5節で見せなかった否定の4通りのうち、正解した数です。○は感情分析、□は要約、1つの記号が1回の学習、破線はチャンスレベル（2）です。{listed}。",
        zh_tw=f"第 5 節拿掉的 4 種否定說法裡，答對的種數。○ 是情緒分析，□ 是摘要，一個記號是一次訓練，虛線是隨機水準（2）。{listed}。",
    ),
)

# %% [markdown] key="recipe-after" lang="ja"
# 翻訳で否定の形を見せても、感情分析の正解は、2つのシードの8通りのうち1通りでした。つまり、その形を見たことがあるかどうかの問題ではありません。途中も書く学習では、シード0なら要約も4通りとも正しくなりましたが、シード1では2通りでした。同じ重みを使っていても、身につけた手順がほかのタスクに広がるとは限りません。

# %% [markdown] key="recipe-after" lang="zh-tw"
# 就算在翻譯裡看過否定的形式，情緒分析在兩個亂數種子的 8 種說法裡，還是只答對 1 種，可見問題不在看過沒有。寫出中間步驟的訓練，亂數種子 0 連摘要也 4 種全對，種子 1 卻只對 2 種。即使共用同一組權重，學會的步驟也不一定能用到別的任務上。

# %% [markdown] key="summary" lang="ja"
# ## 6. できるようになったこと
#
# - プロンプトとspan corruptionの仕組みを説明し、長さを計算できる（クイズの問1〜3）
# - エンコーダーが渡す情報を、実験で確かめられる（問4、5）
# - 何が「新しい」問題なのかを区別して正解率を読み、学習方法を比べられる（問6、7）

# %% [markdown] key="summary" lang="zh-tw"
# ## 6. 學會了什麼
#
# - 能說明提示和 span corruption 的作用，並算出長度（小測驗第 1～3 題）
# - 能用實驗確認編碼器交出了什麼資訊（第 4、5 題）
# - 能分辨題目「新」在哪裡，據此解讀正確率，比較訓練方法（第 6、7 題）

# %% key="quiz"
from helpers.widgets import Quiz

quiz = Quiz("{{lesson}}")
quiz

# %% [markdown] key="next" lang="ja"
# ## 7. 演習問題
#
# [演習シート](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)では、span corruptionの逆、デコーダーの入力とラベル、T5の相対位置のバケットを自分で書きます。そのあとは[レッスン06](06_decoder_dominance.ipynb)で、なぜデコーダー型が主流になったのかを調べましょう。

# %% [markdown] key="next" lang="zh-tw"
# ## 7. 練習題
#
# 先到[練習題](../../exercises/{{lang}}/{{lesson}}/exercise_{{lesson}}.ipynb)動手寫 span corruption 的還原、解碼器的輸入和標籤，以及 T5 相對位置的 bucket，再前往[第 06 課](06_decoder_dominance.ipynb)，看看解碼器為什麼成為主流。
