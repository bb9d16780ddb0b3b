"""Rooms import only rooms of lower floors, nothing in a circle; some load no torch.

The order of the floors is data: house.FLOORS.  Each wall is tried on a planted fault.
"""

import house
import pytest
from places import ROOT

SRC = ROOT / "src"
PACKAGES = list(house.FLOORS)
LIGHT = ["helpers", *(f"helpers.{room}" for room in ("display", "kv_cache", "classroom", "world"))]
# a room, and one that must not be imported there: of its own floor, or of the next one
WALLS = [
    (package, low, high)
    for package, floors in house.FLOORS.items()
    for n, floor in enumerate(floors)
    for low in sorted(floor)
    for high in sorted((floor - {low}) | (floors[n + 1] if n + 1 < len(floors) else set()))
]
WAYS = {
    "plainly": "from ..{room} import a\n",
    "in a function": "def f():\n    from ..{room} import a\n",
    "for types": "import typing\nif typing.TYPE_CHECKING:\n    import {package}.{room}.a\n",
}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_room_imports_upward(package):
    assert house.rooms(SRC, package) == set().union(*house.FLOORS[package])
    assert house.upward(SRC, package) == []


def test_no_modules_import_each_other():
    graph = house.arrows(SRC)
    assert sum(map(len, graph.values())) > 300
    assert house.circles(graph) == []


@pytest.fixture
def sound(tmp_path):
    """A house in which every room imports one of the floor below."""
    for package, floors in house.FLOORS.items():
        for n, floor in enumerate(floors):
            for room in floor:
                below = f"from ..{min(floors[n - 1])} import a\n" if n else ""
                write(tmp_path, f"{package}/{room}/__init__.py", "")
                write(tmp_path, f"{package}/{room}/a.py", below)
    return tmp_path


def write(src, name, text):
    (src / name).parent.mkdir(parents=True, exist_ok=True)
    (src / name).write_text(text, encoding="utf-8")


def test_a_sound_house_has_no_fault(sound):
    assert [house.upward(sound, package) for package in PACKAGES] == [[]] * len(PACKAGES)
    assert house.circles(house.arrows(sound)) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("package, low, high", WALLS)
def test_a_planted_import_is_seen(sound, package, low, high, way):
    write(sound, f"{package}/{low}/b.py", WAYS[way].format(package=package, room=high))
    assert house.upward(sound, package) == [f"{low} imports {high}"]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_room_without_a_floor_is_seen(sound, package):
    write(sound, f"{package}/attic.py", "x = 1\n")
    assert house.upward(sound, package) == ["attic stands on no floor"]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_top_is_not_imported_from_inside(sound, package):
    write(sound, f"{package}/__init__.py", "def begin(): ...\n")
    room = min(house.FLOORS[package][-1])
    write(sound, f"{package}/{room}/b.py", "from .. import begin\n")
    assert house.upward(sound, package) == [f"{room} imports "]


def test_a_planted_circle_is_seen(sound):
    write(sound, "helpers/display/b.py", "from .c import x\n")
    write(sound, "helpers/display/c.py", "def x():\n    from . import b\n")
    assert house.circles(house.arrows(sound)) == [["helpers.display.b", "helpers.display.c"]]


# --- what is loaded ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", LIGHT)
def test_importing_a_room_is_light(name):
    found = house.loaded(f"import {name}", SRC)
    assert "helpers" in found and found & house.HEAVY == set()
