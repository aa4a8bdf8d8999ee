"""The Dagster instance of a lake: `<lake>/.dagster`, so that terminal, UI, sensors and backfills see the same world."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import dagster as dg
import filelock
from pyarrow.fs import LocalFileSystem
from sqlalchemy.exc import DBAPIError

from fusionaudio_assets.shards import register_shards
from resources.aside import Aside
from resources.errors import LakeError, clause
from resources.lake import Lake

TEMPLATE = Path(__file__).with_name("dagster.yaml")
WORKSPACE = Path(__file__).with_name("workspace.yaml")
"""What `dagster dev` and `dagster-daemon run` are given with `--workspace`."""
_SIGNS_OF_URLS = "?%"


def dagster_home(lake: Lake) -> Path:
    """Folder of the lake's Dagster instance; made with its `dagster.yaml` when it is not there.

    A lake in a bucket keeps its instance where `DAGSTER_HOME` says.

    Raises:
        LakeError: The lake is in a bucket and `DAGSTER_HOME` is not set, or the folder cannot be written, or Dagster
            cannot deal with its name.
    """
    if lake.is_local:
        home = Path(lake.root) / ".dagster"
    elif "DAGSTER_HOME" in os.environ:
        home = Path(os.environ["DAGSTER_HOME"])
    else:
        raise LakeError(
            f"The lake at {lake.uri} is in a bucket, which cannot hold Dagster's own storage.",
            hint="Set DAGSTER_HOME to an absolute folder that holds a dagster.yaml.",
        )
    if any(sign in str(home) for sign in _SIGNS_OF_URLS):
        raise LakeError(
            f"Dagster cannot keep its storage in {home}: a path with ? or % is taken for a URL.",
            hint="Rename the folder.",
        )
    settings = home / "dagster.yaml"
    if not settings.exists():
        with Aside(LocalFileSystem(), str(settings)) as stream:
            stream.write(TEMPLATE.read_bytes())
    return home


def open_instance(lake: Lake) -> dg.DagsterInstance:
    """Open the lake's instance, its shards registered as partitions.

    The environment is set as well, for Dagster's own processes.

    Raises:
        LakeError: Its storage cannot be written, or is damaged.
    """
    home = dagster_home(lake)
    os.environ["DAGSTER_HOME"] = str(home.absolute())
    os.environ["FUSIONAUDIO_LAKE"] = lake.uri if not lake.is_local else str(lake.root)
    # Dagster makes its tables on first use, and two that do so at once hinder each other.
    with filelock.FileLock(home / ".opening.lock"), storage_faults(home), _made_whole(home):
        instance = dg.DagsterInstance.from_config(str(home))
        register_shards(instance, lake.shards())
    return instance


@contextmanager
def _made_whole(home: Path) -> Iterator[None]:
    """Make new databases whole or not at all: Dagster takes one whose making was killed for finished, and for ever."""
    mark = home / ".making"
    if mark.exists():
        for file in home.rglob("*.db*"):  # with what SQLite keeps beside a database
            file.unlink()
    elif next(home.rglob("*.db"), None) is None:
        mark.touch()
    yield
    mark.unlink(missing_ok=True)


@contextmanager
def databases_held_open(home: Path) -> Iterator[None]:
    """Keep Dagster's databases open meanwhile.

    Dagster opens and closes one for every event; whenever nobody else has it open, SQLite then writes its log back,
    waits for the disk, and deletes the log.
    """
    with ExitStack() as held:
        for file in home.rglob("*.db"):
            # What is wrong with a database Dagster finds as well, and tells.
            with suppress(sqlite3.Error):
                connection = held.enter_context(closing(sqlite3.connect(file)))
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield


@contextmanager
def storage_faults(home: str | Path) -> Iterator[None]:
    """Tell faults of Dagster's storage as faults of the lake: nobody should read SQL to learn that a disk is full.

    Raises:
        LakeError: The storage cannot be written, or is damaged.
    """
    try:
        yield
    except DBAPIError as error:
        raise LakeError(
            f"Dagster's storage in {home} cannot be used: {clause(error.orig or error)}.",
            hint="Make room or give write access, then run again; a damaged one may be deleted, the lake stands "
            "without it. Finished batches are kept.",
        ) from error
