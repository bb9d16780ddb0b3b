"""What the hub says that a repository holds: files with sizes and hashes, the licence."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMIT = re.compile(r"[0-9a-f]{40}")
NAME = re.compile(r"\w[\w.-]*")  # of a file in the repository's own folder
TOKENIZER = re.compile(
    r"tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json|added_tokens\.json|"
    r"vocab\.(txt|json)|merges\.txt|.*\.(model|jinja)"
)
CONFIG = re.compile(r"(generation_)?config\.json")
# Weights, in the order in which they are preferred: the last one is a pickle, read without code
WEIGHTS = [
    re.compile(r"model(-\d+-of-\d+)?\.safetensors(\.index\.json)?"),
    re.compile(r"pytorch_model(-\d+-of-\d+)?\.bin(\.index\.json)?"),
]
CHUNK = 1 << 20


@dataclass(frozen=True)
class HubFile:
    """One file of a repository.

    hash: its SHA-256 where is_large, else git's SHA-1 of the file with a head
    """

    name: str
    bytes: int
    hash: str
    is_large: bool

    def hash_of(self, path: Path) -> str:
        """Compute this kind of hash of a file on this machine."""
        made = hashlib.sha256() if self.is_large else hashlib.sha1(usedforsecurity=False)
        if not self.is_large:
            made.update(b"blob %d\0" % path.stat().st_size)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                made.update(chunk)
        return made.hexdigest()


@dataclass(frozen=True)
class Listing:
    """What one commit of a repository holds."""

    commit: str
    files: tuple[HubFile, ...]
    licence: str
    is_gated: bool

    def of(self, role: str) -> list[HubFile]:
        """Return the files that a model or a tokenizer is loaded from."""
        if role == "tokenizer":
            return [
                f for f in self.files if CONFIG.fullmatch(f.name) or TOKENIZER.fullmatch(f.name)
            ]
        weights = next((found for form in WEIGHTS if (found := self._named(form))), [])
        return [*self._named(CONFIG), *weights]

    def _named(self, form: re.Pattern) -> list[HubFile]:
        return [file for file in self.files if form.fullmatch(file.name)]


def read(fields: Mapping[str, Any]) -> Listing:
    """Read the hub's answer.  KeyError, TypeError or ValueError where it is another one's."""
    if not COMMIT.fullmatch(fields["sha"]):
        raise ValueError(f"sha is {fields['sha']!r:.60}, expected 40 hexadecimal digits")
    files = [_file(entry) for entry in fields["siblings"] if NAME.fullmatch(entry["rfilename"])]
    licences = [tag.removeprefix("license:") for tag in fields.get("tags", []) if "license:" in tag]
    return Listing(fields["sha"], tuple(files), ", ".join(licences), bool(fields.get("gated")))


def _file(entry: Mapping[str, Any]) -> HubFile:
    large = entry.get("lfs")
    digest = large["sha256"] if large else entry["blobId"]
    return HubFile(entry["rfilename"], int(entry["size"]), digest, bool(large))
