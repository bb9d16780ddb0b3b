"""A student's home and a hub of local folders, for the tests of models that come from one."""

import pytest
import stand_in_hub

from helpers.models.real import hub


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home of a student whose token nobody may send, and who does not wait for long."""
    monkeypatch.setenv("TRIAD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_student")
    monkeypatch.setattr(hub, "PATIENCE_S", 5.0)
    return tmp_path / "home"


@pytest.fixture
def server(home, tmp_path, monkeypatch):
    with stand_in_hub.serving(tmp_path / "hub") as served:
        monkeypatch.setenv("HF_ENDPOINT", served.address)
        yield served
