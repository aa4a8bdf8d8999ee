"""Which part of a file is the clip."""

from dataclasses import dataclass
from pathlib import Path

from resources.errors import ClipError
from resources.media.files import shown
from resources.media.types import MediaSettings

PRECUT_TOLERANCE_S = 1.0
"""A file whose length differs from its segment's by no more is taken as the segment itself, cut out before."""


@dataclass(frozen=True)
class Window:
    """The part of a file that makes the clip, in seconds from the file's start; `end_s` None for up to the end."""

    start_s: float = 0.0
    end_s: float | None = None
    note: str | None = None


def find_window(
    path: Path, duration_s: float | None, start_s: float | None, end_s: float | None, settings: MediaSettings
) -> Window:
    """Decide which part of a file is the clip.

    A segment within the file is cut out. A file about as long as its segment, or shorter and wholly before it, was cut
    before and is taken whole. Any other segment that ends after the file is shortened, with a note.

    Raises:
        ClipError: segment_outside, too_long or too_short.
    """
    if start_s is None and end_s is None:
        if duration_s is not None and duration_s > settings.max_duration_s:
            raise _too_long(path, duration_s, settings)
        return Window()
    start = start_s or 0.0
    if end_s is None and duration_s is not None and duration_s - start < settings.min_duration_s:
        raise _outside(path, start, end_s, duration_s)
    end = end_s if end_s is not None else duration_s
    if end is not None and end - start > settings.max_duration_s:
        raise _too_long(path, end - start, settings)
    if end is not None and end - start < settings.min_duration_s:
        raise ClipError("too_short", f"The segment [{start:g}, {end:g}) s of {shown(path)} is too short to hear.")
    if duration_s is None or end is None or end <= duration_s:
        return Window(start, end)
    if abs(duration_s - (end - start)) <= PRECUT_TOLERANCE_S or (start >= duration_s and duration_s < end - start):
        return Window(note="The file is taken whole: it is no longer than its segment." if start else None)
    if duration_s - start < settings.min_duration_s:
        raise _outside(path, start, end, duration_s)
    return Window(start, None, f"The segment is shortened: it ends at {end:g} s, the file at {duration_s:.2f} s.")


def _outside(path: Path, start_s: float, end_s: float | None, duration_s: float) -> ClipError:
    segment = f"[{start_s:g}, {'end' if end_s is None else f'{end_s:g}'}) s"
    return ClipError(
        "segment_outside", f"The segment {segment} starts after the end of {shown(path)} at {duration_s:.2f} s."
    )


def _too_long(path: Path, duration_s: float, settings: MediaSettings) -> ClipError:
    return ClipError(
        "too_long",
        f"{shown(path)} would make a clip of {duration_s:.0f} s, more than the limit of {settings.max_duration_s:g} s. "
        "Give segments with start and end times, or raise the limit.",
    )
