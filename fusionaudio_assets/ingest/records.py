"""Rows of the manifest: what identifies a clip, and how two accounts of one clip become one."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

Row = dict[str, Any]
"""One clip, with the columns of `fusionaudio_assets.tables.Manifest`."""

ID_LENGTH = 16
"""Hexadecimal digits: two of 2,000,000 clips share an id with a probability of about 1e-7."""

_SEPARATOR = "; "


def clip_id(identity: str, start_s: float | None, end_s: float | None) -> str:
    """Name a clip by its content.

    Args:
        identity: SHA-256 of the file's bytes; of a file that could not be read, its path.
        start_s: Bounds of the segment, counted in milliseconds; both None for the whole file.
        end_s: The same.
    """
    bounds = ":".join("" if bound is None else str(round(bound * 1000)) for bound in (start_s, end_s))
    return hashlib.sha256(f"{identity}:{bounds}".encode()).hexdigest()[:ID_LENGTH]


def manifest_row(
    path: str,
    source: str,
    file_sha256: str | None,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    labels: Mapping[str, float | None] | None = None,
    license: str | None = None,  # noqa: A002 - the column's name
    split: str | None = None,
) -> Row:
    """Make the row of one clip from one account of it; `labels` maps names to quality in [0, 1]."""
    return {
        "clip_id": clip_id(file_sha256 or f"unreadable:{path}", start_s, end_s),
        "path": path,
        "file_sha256": file_sha256,
        "start_s": start_s,
        "end_s": end_s,
        "sources": [source],
        "labels": [{"name": name, "quality": quality} for name, quality in sorted((labels or {}).items())],
        "license": license or None,
        "split": split or None,
    }


def merge(standing: Row, offered: Row) -> Row:
    """Unite two accounts of one clip.

    All sources are kept; labels are united, the higher quality wins; licences and splits that differ are all kept,
    parted by a semicolon. None of this depends on the order. The path is the offered one: it was just seen.
    """
    return {
        **standing,
        "path": offered["path"],
        "sources": sorted({*(standing["sources"] or ()), *(offered["sources"] or ())}),
        "labels": _united_labels(standing["labels"] or (), offered["labels"] or ()),
        "license": _united_text(standing["license"], offered["license"]),
        "split": _united_text(standing["split"], offered["split"]),
    }


def merge_all(rows: Iterable[Row]) -> list[Row]:
    """Unite the accounts of each clip; clips come in the order of their first source, whatever the order of `rows`."""
    clips: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row["path"], reverse=True):
        known = clips.get(row["clip_id"])
        clips[row["clip_id"]] = merge(known, row) if known else row
    return sorted(clips.values(), key=lambda row: (row["sources"][0], row["start_s"] or 0.0, row["clip_id"]))


def best_qualities(labels: Iterable[tuple[str, float | None]]) -> dict[str, float | None]:
    """Unite what is said of each label: the higher quality wins, and any over none."""
    best: dict[str, float | None] = {}
    for name, quality in labels:
        best[name] = max((one for one in (best.get(name), quality) if one is not None), default=None)
    return best


def _united_labels(*accounts: Iterable[Row]) -> list[Row]:
    best = best_qualities((label["name"], label["quality"]) for labels in accounts for label in labels)
    return [{"name": name, "quality": quality} for name, quality in sorted(best.items())]


def _united_text(one: str | None, other: str | None) -> str | None:
    parts = {part for text in (one, other) if text for part in text.split(_SEPARATOR)}
    return _SEPARATOR.join(sorted(parts)) or None
