"""Load a model or a tokenizer of transformers from a folder; no code of the folder is run."""

import contextlib
import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers

from .filling import silent
from .refusals import Unavailable, refuse

CONFIG = "config.json"
# What must be installed to read a tokenizer that has no tokenizer.json: import names → packages
PIECES = {"sentencepiece": "sentencepiece", "google.protobuf": "protobuf"}
MECAB = {"fugashi": "fugashi", "unidic_lite": "unidic-lite"}
LOCAL: dict[str, Any] = {"local_files_only": True, "token": False, "trust_remote_code": False}


def model(folder: Path, name: str, wanted: str = "") -> Any:
    """Load the model in float32 and eval mode.

    wanted: the class that it should have; "": whichever its config.json names
    Unavailable where transformers has no such class, or where weights are missing
    """
    kind = _class(folder, name, wanted)
    try:
        with silent():
            made, info = kind.from_pretrained(
                folder, dtype=torch.float32, output_loading_info=True, **LOCAL
            )
    except Exception as error:  # whatever the class and its libraries raise
        raise _not_loaded(name, error) from error
    if info["missing_keys"] or info["mismatched_keys"]:
        lost = sorted(map(str, info["missing_keys"] or info["mismatched_keys"]))[0]
        raise refuse("other_weights", name=name, kind=kind.__name__, lost=lost)
    return _plain(made.eval())


def _plain(model: Any) -> Any:
    """Let attention be computed in steps, which can return its weights, where the class can."""
    with contextlib.suppress(ValueError):
        model.set_attn_implementation("eager")
    return model


def config(folder: Path, name: str) -> dict[str, Any]:
    """Return the fields of a folder's config.json; Unavailable where none can be read."""
    try:
        fields = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise refuse("no_config", name=name, folder=folder) from error
    if not isinstance(fields, dict):
        raise refuse("no_config", name=name, folder=folder)
    return fields


def _class(folder: Path, name: str, wanted: str) -> Any:
    """Return the class of transformers that config.json names first."""
    fields = config(folder, name)
    got = (fields.get("architectures") or ["?"])[0]
    if wanted and got != wanted:
        raise refuse("other_architecture", name=name, got=got, want=wanted)
    kind = getattr(transformers, str(got), None)
    if not hasattr(kind, "from_pretrained"):
        reason = "needs_code" if "auto_map" in fields else "no_architecture"
        raise refuse(reason, name=name, got=got, version=transformers.__version__)
    return kind


def tokenizer(folder: Path, name: str) -> Any:
    """Load the tokenizer; Unavailable names the packages that it needs beside the course's own."""
    config(folder, name)
    _refuse_missing_packages(folder, name)
    try:
        with silent():
            return transformers.AutoTokenizer.from_pretrained(folder, **LOCAL)
    except Exception as error:
        raise _not_loaded(name, error) from error


def needs(folder: Path) -> dict[str, str]:
    """Return {import name: package} of what this folder's tokenizer needs."""
    if (folder / "tokenizer.json").exists():
        return {}
    settings = folder / "tokenizer_config.json"
    said = json.loads(settings.read_text(encoding="utf-8")) if settings.exists() else {}
    if said.get("word_tokenizer_type") == "mecab":
        return MECAB
    return PIECES if list(folder.glob("*.model")) else {}


def _refuse_missing_packages(folder: Path, name: str) -> None:
    if missing := absent(needs(folder)):
        reason = "needs_extra" if set(missing) <= set(PIECES.values()) else "needs_packages"
        raise refuse(reason, name=name, packages=" ".join(missing))


def absent(modules: Mapping[str, str]) -> list[str]:
    """Return the packages of {import name: package} that are not installed."""
    return [package for module, package in modules.items() if not _is_there(module)]


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # a package that its own first part lacks
        return False


def _not_loaded(name: str, error: Exception) -> Unavailable:
    why = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return refuse("not_loaded", name=name, why=why)
