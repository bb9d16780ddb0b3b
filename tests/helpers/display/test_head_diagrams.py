"""The drawing of shared heads: each query reads one kept box, and the boxes are those counted."""

import itertools

import pytest

from helpers.display import head_diagrams
from helpers.language import say


@pytest.fixture(params=say.COMPLETE)
def panels(request):
    say.use(request.param)
    yield {panel.name: panel for panel in head_diagrams.sharing().panels}
    say.use("ja")


def test_each_query_reads_one_box_and_equal_groups_share(panels):
    assert list(panels) == ["MHA", "GQA", "MQA", "MLA"]
    for name, panel in panels.items():
        read = [arrow.start for arrow in panel.arrows]
        assert [arrow.end for arrow in panel.arrows] == [f"q{n}" for n in range(8)]
        groups = [len(list(group)) for _, group in itertools.groupby(read)]
        assert groups == [8 // head_diagrams.KEPT[name]] * head_diagrams.KEPT[name]
        kept = [box.key for box in panel.boxes if box.look == "cross"]
        assert kept == list(dict.fromkeys(read))
        assert f"{len(kept)}" in panel.sentences[0]


def test_no_box_touches_another_and_each_text_lies_in_its_box(panels):
    for panel in panels.values():
        boxes = [box for box in panel.boxes if box.look in ("attention", "cross")]
        for one, other in itertools.combinations(boxes, 2):
            apart = one.right < other.x or other.right < one.x
            assert apart or one.top < other.up or other.top < one.up
        assert all(box.x >= -1 and box.right <= head_diagrams.WIDTH + 1 for box in boxes)


def test_words_say_what_the_drawing_shows(panels):
    told = str(head_diagrams.sharing())
    assert all(name in told for name in panels)
    assert str(head_diagrams.sharing("GQA")).count("MHA") == 0
    with pytest.raises(KeyError):
        head_diagrams.sharing("XQA")
