"""Find media files below a folder, and hash them."""

import errno
import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

MEDIA_SUFFIXES = frozenset({
    ".3g2", ".3gp", ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".amr", ".ape", ".asf", ".au", ".avi", ".awb", ".caf",
    ".eac3", ".f4v", ".flac", ".flv", ".m2ts", ".m4a", ".m4b", ".m4v", ".mka", ".mkv", ".mov", ".mp2", ".mp3", ".mp4",
    ".mpeg", ".mpg", ".mts", ".oga", ".ogg", ".ogv", ".opus", ".snd", ".spx", ".ts", ".tta", ".vob", ".w64", ".wav",
    ".wave", ".weba", ".webm", ".wma", ".wmv", ".wv",
})  # fmt: skip
"""Names that are taken for media in a folder. A file that is listed by the user is taken whatever its name."""


@dataclass(frozen=True)
class Found:
    """One media file: where it is, and its name as the user knows it (relative to what was scanned)."""

    path: Path
    name: str


@dataclass
class Scan:
    """What lies below a folder.

    Attributes:
        media: In order of name.
        ignored: Number of files passed over because of their name, by suffix (empty for none).
        refused: Files and folders that were not taken though they may hold media, each a sentence.
    """

    media: list[Found] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)


def scan_folder(folder: Path, table: Path | None = None) -> Scan:
    """Find the media files below a folder. Hidden files and folders are passed over; links must stay inside.

    Args:
        folder: Where to look.
        table: A file that tells of the media: it is no medium that was overlooked.
    """
    scan = Scan()
    root, known = folder.resolve(), table and table.absolute()

    def unreadable(error: OSError) -> None:
        scan.refused.append(f"The folder {printable(str(error.filename))} cannot be read: {error.strerror}.")

    for directory, folders, files in os.walk(folder, onerror=unreadable):
        here = Path(directory)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if (here / name).is_symlink() and not _inside(here / name, root):
                scan.refused.append(_outside(here / name))
        for name in sorted(files):
            is_table = known is not None and name == known.name and (here / name).absolute() == known
            if not (is_table or name.startswith(".")):
                _take(here / name, folder, root, scan)
    scan.media.sort(key=lambda found: found.name)
    return scan


def printable(name: str) -> str:
    """Escape what a name holds that is no text or would break a line."""
    return repr(os.fsencode(name).decode(errors="backslashreplace"))


def hash_files(paths: Iterable[Path]) -> dict[Path, str | None]:
    """Give the SHA-256 of each file's bytes, None for one that cannot be read: decoding it will say why."""
    unique = list(dict.fromkeys(paths))
    with ThreadPoolExecutor() as threads:
        return dict(zip(unique, threads.map(_sha256, unique), strict=True))


def _take(path: Path, folder: Path, root: Path, scan: Scan) -> None:
    if path.suffix.lower() not in MEDIA_SUFFIXES:
        scan.ignored[path.suffix.lower()] += 1
    elif path.is_symlink() and not _inside(path, root):
        scan.refused.append(_outside(path))
    elif not is_text(str(path)):
        scan.refused.append(f"{printable(str(path))} has a name that is not UTF-8. Rename it.")
    else:
        scan.media.append(Found(path.absolute(), path.relative_to(folder).as_posix()))


def is_text(name: str) -> bool:
    """Tell whether a name can be stored as UTF-8; file systems allow any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _inside(link: Path, root: Path) -> bool:
    try:
        return link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        return False


def _outside(link: Path) -> str:
    if _is_circle(link):
        return f"{printable(str(link))} is a link that leads back to itself. Remove it."
    return f"{printable(str(link))} is a link that leads out of the folder. Copy the file, or list it in a text file."


def _is_circle(link: Path) -> bool:
    try:
        link.stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def _sha256(path: Path) -> str | None:
    try:
        if not path.is_file():  # a pipe would be waited on for ever
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
