# %% [markdown] key="set-up-text" lang="ja"
# 最初に、次の2つのセルで準備します。それぞれを選んで、Shift+Enterを押すだけです。上のほうは畳んであり、教材の補助モジュールがある場所を確かめます（開く必要はありません）。
#
# Google Colabで開いた場合だけ、その前に2つのことをしておきます（自分のPCや大学のサーバーでは不要です）。
#
# 1. メニュー「ファイル」の「ドライブにコピーを保存」を選び、そのコピーで進めます。コピーしないと、書いた内容は残りません。
# 2. メニュー「ツール」の「設定」で、コードの自動補完とAIによる候補の表示をオフにします。自分でコードを書く練習のためです。

# %% [markdown] key="set-up-text" lang="zh-tw"
# 請先用下面 2 個儲存格做準備：選取後按 Shift+Enter 就好。上面那個已經摺疊起來，會確認教材的輔助模組放在哪裡（不必展開）。
#
# 只有在 Google Colab 上開啟時，請先做 2 件事（在自己的電腦或學校的伺服器上不需要）：
#
# 1. 點選「檔案」選單的「在雲端硬碟中儲存副本」，之後都用這份副本；沒有副本，寫的內容就不會保留。
# 2. 在「工具」選單的「設定」中，關閉程式碼的自動完成與 AI 建議，這樣才能練習自己寫程式。

# %% key="course" cellView="form" jupyter={"source_hidden": true}
#| ja: @title Jupyter用の準備1：教材の場所を確かめる（コードは開かずに、Shift+Enter）
#| zh-tw: @title Jupyter 的準備 1：確認教材的位置（不必展開程式碼，直接按 Shift+Enter）
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

places = [Path.cwd(), *Path.cwd().parents]
problem = T(
    ja=f"補助モジュールsrc/helpersが、{places[0]}にも、その上のフォルダーにもありません。\n"
    "教材のフォルダーで`python start.py`を実行し、開いた画面の中でこのノートブックを開いてください。",
    zh_tw=f"在 {places[0]} 和它的上層資料夾裡，都找不到輔助模組 src/helpers。\n"
    "請在教材資料夾中執行 `python start.py`，再從開啟的畫面打開這個筆記本。",
)

#| ja: Google Colabでは、教材のフォルダーsrcだけを取得する（2回目からは何もしない）
#| zh-tw: 在 Google Colab 上，只下載教材的 src 資料夾（第 2 次起不再下載）
if "google.colab" in sys.modules:
    address, course = "{{students}}", Path.home() / ".cache" / "transformer-triad"
    places = [course]
    problem = T(
        ja="教材のアドレスがまだ設定されていないので、Colabでは使えません。自分のPCで学ぶか、"
        "担当の先生に知らせてください（設定は`python start.py publish --students URL`）。",
        zh_tw="教材還沒有設定網址，所以無法在 Colab 上使用。請改用自己的電腦，"
        "或告訴授課老師（設定方法：`python start.py publish --students URL`）。",
    )
    for _attempt in (1, 2) if address else ():
        if (course / "src" / "helpers").is_dir():
            break
        print(T(ja="教材を取得しています…", zh_tw="正在下載教材……"))
        course.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=course.parent) as part:
            script = f"""
            git clone --quiet --depth 1 --filter=blob:none --sparse '{address}' '{part}/new' &&
            git -C '{part}/new' sparse-checkout set src &&
            if [ -e '{course}' ]; then mv '{course}' '{part}/old'; fi && mv '{part}/new' '{course}'
            """
            asks_nothing = os.environ | {"GIT_TERMINAL_PROMPT": "0"}
            how = {"shell": True, "capture_output": True, "encoding": "utf-8"}
            git = subprocess.run(script, env=asks_nothing, **how)
        problem = T(
            ja="教材を取得できませんでした。ネットワークを確かめて、もう一度実行してください。\n"
            f"Gitの出力：{git.stderr}",
            zh_tw=f"無法下載教材。請確認網路連線，再執行一次。\nGit 的輸出：{git.stderr}",
        )

for folder in places:
    if (folder / "src" / "helpers").is_dir():
        sys.path.insert(0, str(folder / "src"))
        break
if not find_spec("helpers"):
    raise RuntimeError(problem)

# %% key="set-up"
LANG = "{{lang}}"
#| ja: ModuleNotFoundErrorになったら、すぐ上のセルから実行する
#| zh-tw: 如果出現 ModuleNotFoundError，請從上面的儲存格開始執行
import helpers

helpers.begin("{{lesson}}", LANG)
