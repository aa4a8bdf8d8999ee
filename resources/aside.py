"""Files that appear whole or not at all."""

import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

from pyarrow import fs

from resources.errors import LakeError

_TAG = 8
"""Hexadecimal digits that tell writers of the same file apart."""


def aside_of(target: Path) -> Path:
    """A hidden name beside `target`, for what becomes `target` when all of it is written."""
    return target.with_name(f".{target.name}.{uuid4().hex[:_TAG]}")


def sweep(folder: Path, names: str) -> None:
    """Remove what killed writers left in a folder; for whoever alone writes under these names (a glob)."""
    for abandoned in folder.glob(f".{names}.{'[0-9a-f]' * _TAG}"):
        if abandoned.is_dir():
            shutil.rmtree(abandoned)
        else:
            abandoned.unlink()


class Aside:
    """An output stream whose file appears under its name only when all of it is written.

    Locally it is renamed into place; for a bucket it is written to a temporary file and sent as one object, since a
    stream to a bucket that is closed half-way would leave half an object.
    """

    def __init__(self, files: fs.FileSystem, target: str, *, durable: bool = True) -> None:
        self.files = files
        self.target = target
        self.is_local = isinstance(files, fs.LocalFileSystem)
        self.durable = durable and self.is_local
        folder = Path(target).parent if self.is_local else Path(tempfile.gettempdir())
        self.aside = aside_of(folder / PurePosixPath(target).name)
        self.stream: Any = None

    def __enter__(self) -> Any:
        try:
            self.aside.parent.mkdir(parents=True, exist_ok=True)
            self.stream = self.aside.open("wb")
        except OSError as error:
            raise self._error(error) from error
        return self.stream

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            self._finish()
            if kind is None:
                self._place()
        except OSError as failure:
            raise self._error(failure) from failure
        finally:
            self.aside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise self._error(error) from error

    def _finish(self) -> None:
        """Write what is still in memory; on a full disk that fails, and the file is closed all the same."""
        try:
            self.stream.flush()
            if self.durable:
                os.fsync(self.stream.fileno())  # a rename must not outlive a power cut with its content lost
        finally:
            self.stream.close()

    def _place(self) -> None:
        if self.is_local:
            self.aside.replace(self.target)
            return
        # Not through a stream of our own: an interrupt would close it and so complete half an object.
        fs.copy_files(str(self.aside), self.target, fs.LocalFileSystem(), self.files)

    def _error(self, error: OSError) -> LakeError:
        hint = "Make room or give write access, then run again: finished batches are kept."
        if isinstance(error, FileExistsError | NotADirectoryError):
            hint = "A file stands where a folder is needed: name another place."
        return LakeError(f"{self.target} cannot be written: {error.strerror or error}.", hint=hint)
