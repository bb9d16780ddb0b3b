# %% [markdown] key="set-up-text" lang="ja"
# 最初に、次のセルを実行して準備します。言語を決め、教材の補助モジュールを読み込みます。

# %% [markdown] key="set-up-text" lang="zh-tw"
# 先執行下面的儲存格做準備：設定語言，並載入教材的輔助模組。

# %% key="set-up"
import sys
from pathlib import Path

LANG = T(ja="ja", zh_tw="zh-tw")
for folder in (Path.cwd(), *Path.cwd().parents):
    if (folder / "src" / "helpers").is_dir():
        sys.path.insert(0, str(folder / "src"))
        break

import helpers

helpers.begin("{{lesson}}", LANG)
