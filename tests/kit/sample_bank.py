"""A quiz bank of one question of each kind; every text that must stay hidden says SECRET."""


def both(word):
    return {"ja": f"{word}・日本語", "zh_tw": f"{word}・中文"}


def choice(id, right):
    return {"id": id, "right": right, "text": both(f"選 {id}"), "why": both(f"SECRET-why-{id}")}


BANK = {
    "lesson": "sample",
    "question": [
        {
            "id": "q1",
            "kind": "single",
            "text": both("`softmax` <b>"),
            "hint": both("SECRET-hint-1"),
            "choice": [choice(id, id == "b") for id in "abcd"],
        },
        {
            "id": "q2",
            "kind": "numeric",
            "text": both("何倍"),
            "hint": both("SECRET-hint-2"),
            "answer": 12.2,
            "tolerance": 0.1,
            "unit": {"ja": "倍", "zh_tw": "倍"},
            "why_right": both("SECRET-why-right"),
            "why_wrong": both("SECRET-why-wrong"),
            "mistake": [{"value": 12.5, "tolerance": 0.05, "why": both("SECRET-mistake")}],
        },
        {
            "id": "q3",
            "kind": "multiple",
            "text": both("どれ"),
            "hint": both("SECRET-hint-3"),
            "choice": [choice(id, id in "ac") for id in "abcd"],
        },
    ],
}
