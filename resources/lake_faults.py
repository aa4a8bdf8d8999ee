"""What to say of a table that cannot be read: which file, why, and the way out."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from resources.errors import LakeError, clause

_MANIFEST = "manifest"


def unreadable(path: str, error: Exception) -> LakeError:
    """A file is gone or damaged."""
    return LakeError(f"{path} cannot be read: {clause(error)}.", hint=way_back(PurePosixPath(path).parent.name))


def lacking(path: str, columns: Iterable[str]) -> LakeError:
    """A table lacks columns that are asked for."""
    told = f"{path} was written by another version of fusionaudio: it has no column {', '.join(sorted(columns))}."
    return LakeError(told, hint=way_on(PurePosixPath(path).parent.name))


def way_back(asset: str) -> str:
    """How to get a damaged table of an asset back: a run makes them all anew, but not a manifest."""
    if asset == _MANIFEST:
        return "Restore the file from a copy, or delete all files of its shard and ingest their sources again."
    return "Delete the file and run again: the shard is made anew."


def way_on(asset: str) -> str:
    """How to get a table of this version from one of another."""
    if asset == _MANIFEST:
        return "Use the version that made the lake, or ingest the clips into a new one."
    return "`fusionaudio run` makes it anew."
