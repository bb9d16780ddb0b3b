"""MIT for code, CC BY 4.0 for texts and figures, the OFL beside the fonts: said where it is due."""

import json
import tomllib

import pytest
from places import ROOT

from course_tools.edition import student_edition

FILES = ("LICENSE", "LICENSE-CC-BY-4.0.txt", "src/helpers/display/fonts/OFL.txt")
HOLDER = "the authors of Transformer Triad"


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_the_texts_of_the_licences_are_whole():
    assert f"Copyright (c) 2026 {HOLDER}" in text(FILES[0])
    assert "Permission is hereby granted, free of charge" in text(FILES[0])
    assert text(FILES[1]).startswith("Creative Commons Attribution 4.0 International")
    assert "Section 8 " in text(FILES[1]) and len(text(FILES[1])) > 16_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in text(FILES[2])


@pytest.mark.parametrize("name", ["LICENSE", "README.md", "README.ja.md", "README.zh-tw.md"])
def test_each_licence_is_named_with_its_file_and_its_holder(name):
    shown = text(name)
    assert HOLDER in shown and [file for file in FILES[1:] if file not in shown] == []


def test_the_packages_say_so():
    project = tomllib.loads(text("pyproject.toml"))["project"]
    assert project["license"] == "MIT AND CC-BY-4.0 AND OFL-1.1"
    found = {path.relative_to(ROOT).as_posix() for glob in project["license-files"]
             for path in ROOT.glob(glob)}  # fmt: skip
    assert found == set(FILES)
    assert json.loads(text("tools/node/package.json"))["license"] == "MIT"
    assert json.loads(text("tools/node/package-lock.json"))["packages"][""]["license"] == "MIT"


def test_students_get_all_of_them():
    assert set(FILES) <= {path.as_posix() for path in student_edition.members(ROOT)}
