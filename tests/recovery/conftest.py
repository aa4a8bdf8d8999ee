"""A terminal whose commands can be stopped, and a lake of two shards that it has finished."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recovery.lakes import SELECT, write_profile, write_tones
from tests.recovery.terminal import Terminal, terminal


@pytest.fixture(scope="package")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    with terminal(tmp_path_factory.mktemp("outputs")) as opened:
        yield opened


@pytest.fixture(scope="package")
def ingested(tmp_path_factory: pytest.TempPathFactory, shell: Terminal) -> Path:
    """A lake of two shards with three clips each that nothing was computed of; not to be changed."""
    folder = tmp_path_factory.mktemp("ingested")
    media = folder / "media"
    media.mkdir()
    write_tones(media, 6)
    lake = folder / "lake"
    assert shell.run("init", "--lake", lake, "--profile", write_profile(folder, "doubles")).code == 0
    assert shell.run("ingest", media, "--lake", lake, "--shard-size", 3).code == 0
    return lake


@pytest.fixture(scope="package")
def finished(ingested: Path, shell: Terminal) -> Path:
    """The same lake, with what one undisturbed run made of it in the stages of `SELECT`; not to be changed."""
    lake = ingested.with_name("finished")
    shutil.copytree(ingested, lake)
    ended = shell.run("run", "--lake", lake, "--select", SELECT)
    assert ended.code == 0, ended.output
    return lake


@pytest.fixture
def lake(tmp_path: Path, ingested: Path) -> Path:
    """A lake to work on."""
    return Path(shutil.copytree(ingested, tmp_path / "lake"))
