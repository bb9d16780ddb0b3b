"""A file is written whole or not at all."""

import os
import stat

import pytest

from helpers.files import write_whole


def left(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("content", "data"), [("è\r\n字", "è\r\n字".encode()), (b"\xff\x00", b"\xff\x00"), ("", b"")]
)
def test_text_and_bytes_stand_in_the_file_as_they_were_given(tmp_path, content, data):
    path = tmp_path / "made" / "here" / "a.json"
    write_whole(path, content)
    assert path.read_bytes() == data and left(path.parent) == ["a.json"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_who_stops_half_way_leaves_the_old_file(tmp_path, monkeypatch, call):
    def stop(*_):
        raise KeyboardInterrupt

    path = tmp_path / "a.json"
    write_whole(path, "old")
    monkeypatch.setattr(os, call, stop)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "old" and left(tmp_path) == ["a.json"]


def test_what_cannot_be_encoded_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half of a pair: \ud83d")
    assert path.read_text(encoding="utf-8") == "old" and left(tmp_path) == ["a.txt"]


def test_the_content_is_on_the_disk_before_the_name_leads_to_it(tmp_path, monkeypatch):
    order = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, n=name, r=real: (order.append((n, a)), r(*a))[1])
    path = tmp_path / "a.txt"
    write_whole(path, "new")
    (first, _), (second, (part, target)) = order
    assert (first, second, target) == ("fsync", "replace", path)
    assert part.parent == path.parent and part.name.startswith(path.name)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_permissions_are_kept_and_a_new_file_has_the_usual_ones(tmp_path):
    path, usual = tmp_path / "a.txt", tmp_path / "b.txt"
    usual.write_bytes(b"")
    write_whole(path, "1")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)
    path.chmod(0o640)
    write_whole(path, "2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_file_system_without_permissions_takes_the_new_file(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    path = tmp_path / "a.txt"
    write_whole(path, "old")
    monkeypatch.setattr(os, "chmod", refused)
    write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "new" and left(tmp_path) == ["a.txt"]
