"""The READMEs' picture of the attention masks, in English, Japanese and Taiwan Mandarin.

    python -m course_tools.makers.pictures

Run it again when a word of the picture changes.
"""

from helpers.language.say import LANGUAGES

from .. import command
from ..command import ROOT

WORDS = {
    "en": {
        "title": "Three architectures, told apart by who may look at whom",
        "desc": "Three grids. A row is the token that looks, a column is the token that is looked "
        "at; a filled cell means that it may. Encoder: every cell is filled. Decoder: only the "
        "diagonal and what lies left of it, a staircase. Encoder–decoder: a full square for the "
        "source, a striped rectangle where the target looks at the whole source, and a staircase "
        "for the target itself.",
        "encoder": "Encoder",
        "decoder": "Decoder",
        "both": "Encoder–decoder",
        "bert": "BERT: every token sees all",
        "gpt": "GPT: itself and the past",
        "t5": "T5: both, joined",
        "source": "source",
        "target": "target",
        "row": "row: the token that looks",
        "column": "column: the token looked at",
        "may": "may look",
        "may_not": "may not",
        "cross": "cross-attention, its own layer",
        "end": "One attention function, different masks: lesson 01 builds it and measures what "
        "each mask does.",
    },
    "ja": {
        "title": "3つの型の違い：どのトークンがどのトークンを参照できるか",
        "desc": "3つの表。行は参照する側のトークン、列は参照される側のトークンで、塗られたます目は"
        "参照できることを表す。エンコーダー：すべてのます目が塗られている。デコーダー：対角線と"
        "その左だけが階段状に塗られている。エンコーダー・デコーダー：入力はすべて塗られた正方形、"
        "出力が入力全体を参照する部分は斜線の長方形、出力どうしは階段状。",
        "encoder": "エンコーダー",
        "decoder": "デコーダー",
        "both": "エンコーダー・デコーダー",
        "bert": "BERT：すべてのトークンを参照",
        "gpt": "GPT：自分とそれより前を参照",
        "t5": "T5：2つをつないだ型",
        "source": "入力",
        "target": "出力",
        "row": "行：参照する側のトークン",
        "column": "列：参照される側のトークン",
        "may": "参照できる",
        "may_not": "参照できない",
        "cross": "交差注意（別の層）",
        "end": "アテンションの関数は同じで、マスクが違います。レッスン01で関数を書き、"
        "マスクごとの働きを測ります。",
    },
    "zh-tw": {
        "title": "三大架構的差別：哪個詞元看得到哪個詞元",
        "desc": "三張表格。橫列是正在看的詞元，直行是被看的詞元，塗滿的格子代表看得到。編碼器："
        "每一格都塗滿。解碼器：只塗滿對角線與它的左邊，像樓梯一樣。編碼器－解碼器：輸入是全部塗滿的"
        "正方形，輸出看整個輸入的部分是畫斜線的長方形，輸出彼此之間則像樓梯一樣。",
        "encoder": "編碼器",
        "decoder": "解碼器",
        "both": "編碼器－解碼器",
        "bert": "BERT：每個詞元都看得到全部",
        "gpt": "GPT：只看自己和前面的詞元",
        "t5": "T5：把兩者接起來",
        "source": "輸入",
        "target": "輸出",
        "row": "橫列：正在看的詞元",
        "column": "直行：被看的詞元",
        "may": "看得到",
        "may_not": "看不到",
        "cross": "交叉注意力（另外一層）",
        "end": "注意力函式只有一個，不同的是遮罩。第 01 課會親手寫出這個函式，"
        "再實測每種遮罩的作用。",
    },
}
# Every pattern cell is 24 wide, and every corner a multiple of 24 from its group's origin.
PICTURE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 384" width="860" height="384" \
role="img" aria-labelledby="title desc" lang="{lang}" xml:lang="{lang}" \
font-family="sans-serif" fill="#111">
  <title id="title">{title}</title>
  <desc id="desc">{desc}</desc>
  <defs>
    <pattern id="no" width="24" height="24" patternUnits="userSpaceOnUse">\
<rect x="1.5" y="1.5" width="21" height="21" fill="#fff" stroke="#aaa"/></pattern>
    <pattern id="yes" width="24" height="24" patternUnits="userSpaceOnUse">\
<rect width="24" height="24" fill="#fff"/>\
<rect x="1" y="1" width="22" height="22" fill="#1f4e79"/></pattern>
    <pattern id="cross" width="24" height="24" patternUnits="userSpaceOnUse">\
<rect width="24" height="24" fill="#fff"/>\
<rect x="1.5" y="1.5" width="21" height="21" fill="#fff" stroke="#a34700"/>\
<path d="M2 14 14 2M2 22 22 2M10 22 22 10" stroke="#a34700" stroke-width="2.5"/></pattern>
  </defs>
  <rect width="860" height="384" fill="#fff"/>

  <g font-size="19" font-weight="bold">
    <text x="48" y="34">{encoder}</text>
    <text x="288" y="34">{decoder}</text>
    <text x="552" y="34">{both}</text>
  </g>
  <g font-size="15">
    <text x="48" y="56">{bert}</text>
    <text x="288" y="56">{gpt}</text>
    <text x="552" y="56">{t5}</text>
  </g>

  <rect x="48" y="72" width="144" height="144" fill="url(#yes)"/>

  <rect x="288" y="72" width="144" height="144" fill="url(#no)"/>
  <path d="M288 72h24v24h24v24h24v24h24v24h24v24h24v24H288z" fill="url(#yes)"/>

  <rect x="552" y="72" width="144" height="144" fill="url(#yes)"/>
  <rect x="552" y="216" width="144" height="96" fill="url(#cross)"/>
  <rect x="696" y="216" width="96" height="96" fill="url(#no)"/>
  <path d="M696 216h24v24h24v24h24v24h24v24H696z" fill="url(#yes)"/>

  <g font-size="14">
    <text x="544" y="149" text-anchor="end">{source}</text>
    <text x="544" y="269" text-anchor="end">{target}</text>
    <text x="624" y="332" text-anchor="middle">{source}</text>
    <text x="744" y="332" text-anchor="middle">{target}</text>
  </g>

  <g font-size="15">
    <text x="48" y="248">{row}</text>
    <text x="48" y="270">{column}</text>
    <g transform="translate(48 284)">
      <rect width="24" height="24" fill="url(#yes)"/><text x="32" y="18">{may}</text>
    </g>
    <g transform="translate(170 284)">
      <rect width="24" height="24" fill="url(#no)"/><text x="32" y="18">{may_not}</text>
    </g>
    <g transform="translate(310 284)">
      <rect width="24" height="24" fill="url(#cross)"/><text x="32" y="18">{cross}</text>
    </g>
    <text x="48" y="360">{end}</text>
  </g>
</svg>
"""


def pictures() -> dict[str, str]:
    """Return {file: the picture in one language}."""
    tags = {"en": "en"} | LANGUAGES
    return {file_of(x): PICTURE.format(lang=tags[x], **words) for x, words in WORDS.items()}


def file_of(lang: str) -> str:
    """Return the path of the picture in one language, from the repository's root."""
    return "docs/masks.svg" if lang == "en" else f"docs/masks.{lang}.svg"


def main(argv: list[str]) -> int:
    """Write every picture."""
    command.parser("pictures", __doc__).parse_args(argv)
    for name, picture in pictures().items():
        (ROOT / name).write_text(picture, encoding="utf-8", newline="\n")
        print(name)
    return 0


if __name__ == "__main__":
    command.run(main)
