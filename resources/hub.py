"""Checkpoints of large models: from a folder, or a pinned commit of the Hugging Face hub that was fetched before.

What is fetched lies in the hub's own cache (``HF_HOME`` moves it, ``HF_ENDPOINT`` names a mirror), so that other
programs use it as well, e.g. a server of the same model. Reading never downloads. Of a repository only those files are
fetched that are read, and none that could run code.
"""

import functools
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.utils.tqdm import disable_progress_bars
from pydantic import AfterValidator

from resources.errors import ModelUnavailable, WeightsMissing, clause

TRANSFORMERS = ("*.json", "*.safetensors", "*.txt", "*.model")
"""Files of a checkpoint in the format of transformers."""

CTRANSLATE2 = ("*.json", "*.txt", "model.bin")
"""The same of CTranslate2, whose `model.bin` is a format of its own, not a pickle."""

_WEIGHTS = (".safetensors", ".bin")
_GIT_DIGITS, _SHA256_DIGITS = 40, 64
_CHUNK = 1 << 20

_FETCH_HINT = "Run `fusionaudio models fetch` where the hub can be reached; `fusionaudio models` tells what is missing."


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as a profile names it.

    Attributes:
        model: A folder, or a name of the hub such as ``"org/name"``.
        commit: The hub's commit, 40 hexadecimal digits; empty for a folder.
        files: Patterns of the files that are read.
        setting: Setting that holds `model`, for messages.
        commit_setting: The same of `commit`.
    """

    model: str
    commit: str
    files: tuple[str, ...] = TRANSFORMERS
    setting: str = "model"
    commit_setting: str = "hub_revision"

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of this machine."""
        return Path(self.model).is_dir()

    @property
    def revision(self) -> str:
        """The commit of the hub, or SHA-256 of the files in a folder.

        Raises:
            ModelUnavailable: There is no such folder and no commit is given.
        """
        if self.is_folder:
            stats = [(path, path.stat()) for path in self._paths_in(Path(self.model))]
            return _folder_sha256(tuple((path, stat.st_size, stat.st_mtime_ns) for path, stat in stats))
        if not self.commit:
            raise ModelUnavailable(
                f"`{self.setting}` = {self.model!r}: there is no such folder, and no commit is given to take it from "
                "the hub at.",
                hint=f"Set {self.commit_setting} to the commit to use.",
            )
        return self.commit

    def folder(self) -> Path:
        """Where its files lie; those of the hub are hashed on the first call of a process.

        Raises:
            WeightsMissing: They were not fetched, or not all of them, or a file is damaged.
            ModelUnavailable: As `revision`.
        """
        folder = self.located()
        if not self.is_folder:
            for path in self._paths_in(folder):
                _check(path)
        return folder

    def located(self) -> Path:
        """Where its files lie; what is in them is not looked at.

        Raises:
            WeightsMissing: They were not fetched, or not all of them.
            ModelUnavailable: As `revision`.
        """
        if self.is_folder:
            return Path(self.model)
        where = self._name
        try:
            folder = Path(
                huggingface_hub.snapshot_download(
                    self.model, revision=self.commit, allow_patterns=list(self.files), local_files_only=True
                )
            )
        except (OSError, ValueError) as error:
            raise WeightsMissing(
                f"{where} is not on this machine, or not all of it; it was looked for in {constants.HF_HUB_CACHE}.",
                hint=_FETCH_HINT,
            ) from error
        if not any(path.suffix in _WEIGHTS for path in self._paths_in(folder)):
            raise WeightsMissing(
                f"{where} holds no weights of a kind that is read: {', '.join(self.files)}.",
                hint=f"Name another commit as {self.commit_setting}, or another model.",
            )
        return folder

    def size_bytes(self) -> int:
        """Size of its files on this machine.

        Raises:
            WeightsMissing: As `located`.
        """
        return sum(path.stat().st_size for path in self._paths_in(self.located()))

    def download_bytes(self) -> int:
        """What `fetch` would download.

        Raises:
            WeightsMissing: As `fetch`.
        """
        return sum(file.file_size or 0 for file in self._asked(dry_run=True) if file.will_download)

    def fetch(self) -> Path:
        """Download what is missing, and hash it.

        Raises:
            WeightsMissing: The hub cannot be reached, has no such commit or file, or refuses it.
            ModelUnavailable: As `revision`.
        """
        if not self.is_folder:
            self._asked(dry_run=False)
        return self.folder()

    @property
    def _name(self) -> str:
        """What messages call it."""
        return f"{self.model} at {self.revision[:12]} (`{self.setting}`, `{self.commit_setting}`)"

    def _asked(self, *, dry_run: bool) -> list[huggingface_hub.DryRunFileInfo]:
        """What the hub says it has, or, unless it is a dry run, gives."""
        where = self._name
        disable_progress_bars()  # they would break up the terminal's own
        try:
            given = huggingface_hub.snapshot_download(
                self.model, revision=self.revision, allow_patterns=list(self.files), dry_run=dry_run
            )
        except huggingface_hub.errors.GatedRepoError as error:
            raise WeightsMissing(
                f"{where} is given only to those who accepted its licence.",
                hint=f"Accept it at {constants.ENDPOINT}/{self.model} and put your token into HF_TOKEN.",
            ) from error
        except (huggingface_hub.errors.RepositoryNotFoundError, huggingface_hub.errors.RevisionNotFoundError) as error:
            raise WeightsMissing(
                f"{constants.ENDPOINT} has no {where}, or does not show it.",
                hint=f"Correct `{self.setting}` or `{self.commit_setting}`; for a private one put your token into "
                "HF_TOKEN.",
            ) from error
        except (OSError, ValueError) as error:
            raise WeightsMissing(
                f"{where} cannot be fetched from {constants.ENDPOINT}: {clause(error).splitlines()[0]}.",
                hint="See that the hub can be reached and HF_HUB_OFFLINE is not set, or set HF_ENDPOINT to a mirror; "
                f"or bring the files from another machine into {constants.HF_HUB_CACHE}.",
            ) from error
        return given if isinstance(given, list) else []

    def _paths_in(self, folder: Path) -> list[Path]:
        names = sorted(path.name for path in folder.iterdir() if path.is_file())
        return [folder / name for name in names if any(fnmatch(name, pattern) for pattern in self.files)]


def is_commit(revision: str) -> bool:
    """Whether it names one state of a repository for ever: branches and tags move."""
    return bool(re.fullmatch("[0-9a-f]{40}", revision))


def _pinned(revision: str) -> str:
    if revision and not is_commit(revision):
        raise ValueError("give a commit of 40 hexadecimal digits: branches and tags move")
    return revision


Commit = Annotated[str, AfterValidator(_pinned)]
"""A setting that holds a commit of the hub, or is empty."""


def _check(path: Path) -> None:
    """Hash a file of the hub's cache, once while it stays as it is.

    A file there is a link to one that is called after the hash that the hub told: SHA-256 of large ones, git's of
    others. Where links cannot be made there is nothing to compare with.
    """
    if path.is_symlink():
        blob = path.resolve()
        _check_blob(path, blob, blob.stat().st_size, blob.stat().st_mtime_ns)


@functools.cache
def _check_blob(path: Path, blob: Path, size_bytes: int, changed_ns: int) -> None:
    expected = blob.name
    if len(expected) == _SHA256_DIGITS:
        digest = hashlib.sha256()
    elif len(expected) == _GIT_DIGITS:
        digest = hashlib.sha1(b"blob %d\0" % size_bytes, usedforsecurity=False)
    else:
        return
    for part in _parts(blob):
        digest.update(part)
    if digest.hexdigest() != expected:
        raise WeightsMissing(
            f"{path} is damaged: its hash is {digest.hexdigest()}, expected {expected}.",
            hint=f"Delete {blob} and run `fusionaudio models fetch`.",
        )


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while part := stream.read(_CHUNK):
            yield part


@functools.cache
def _folder_sha256(files: tuple[tuple[Path, int, int], ...]) -> str:
    """One hash of names and contents; sizes and times of change tell when to take it again."""
    digest = hashlib.sha256()
    for path, _, _ in files:
        with path.open("rb") as stream:
            digest.update(f"{path.name}:{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()
