"""Is a shard up to date? Answered from a few file footers, where planning it would derive the work of every clip.

A mark beside the checkpoints says under which code, settings and upstream tables a table was found to be what would
come out again. It only ever saves time: without it, or when anything differs, the shard is planned.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

import resources
from fusionaudio_assets.stage.attempts import note_name
from fusionaudio_assets.stage.checkpoint import folder_of_batches
from fusionaudio_assets.stage.fingerprint import canonical_json, sha256_text, stage_identity
from fusionaudio_assets.stage.plan import plan_shard
from fusionaudio_assets.stage.spec import Stage
from fusionaudio_assets.tables import Status
from resources.adapter import Json
from resources.lake import Lake
from resources.profile import StageProfile

CONDITIONS = "conditions"
"""Key in a table's footer of the conditions under which it was made, as JSON."""

_PACKAGES = (Path(__file__).parents[1], Path(resources.__file__).parent)


@dataclass(frozen=True)
class Standing:
    """How the table of a shard stands to what would come out again.

    Attributes:
        current: It was made from what now stands above it.
        changed: A run would change it: it is not current, or holds failures to be tried again, or a run that was
            stopped or died has left batches of it behind.
    """

    current: bool
    changed: bool


def look(
    stage: Stage[Any, Any], shard: str, lake: Lake, profile: StageProfile, retry: Collection[str] | None = None
) -> Standing:
    """See how a shard stands, planning it only when no mark tells; `retry` as for `plan_shard`.

    Raises:
        LakeError: A table above is missing or of other clips.
    """
    if not lake.has_table(stage.name, shard):
        return Standing(current=False, changed=True)
    inputs, content = inputs_of(stage, shard, lake, profile), lake.content_of(stage.name, shard)
    left_behind = bool(lake.files(folder_of_batches(stage, shard))) or lake.has_file(note_name(stage, shard))
    # A mark tells nothing of failures for good that are to be tried again this once.
    if not retry and is_current(stage, shard, lake, inputs=inputs, content=content):
        return Standing(current=True, changed=left_behind)
    plan = plan_shard(stage, shard, lake, profile, retry)
    if not plan.changed:
        mark_current(stage, shard, lake, plan.reused, inputs=inputs, content=content)
    return Standing(plan.current, plan.changed or left_behind)


def conditions_of(stage: Stage[Any, Any], shard: str, lake: Lake, profile: StageProfile) -> dict[str, Json]:
    """All that decides a shard's table, to be taken before it is planned: tables above may change then.

    A table above that is missing, or does not tell its content since another program wrote it, is null.
    """
    return {
        "code": _code_sha256(),
        "identity": stage_identity(stage, profile),
        "gate": profile.gate.model_dump(mode="json"),
        "reads": {asset: lake.content_of(asset, shard) for asset in stage.reads},
    }


def inputs_of(stage: Stage[Any, Any], shard: str, lake: Lake, profile: StageProfile) -> str | None:
    """`inputs_in` the conditions as they are now."""
    return inputs_in(conditions_of(stage, shard, lake, profile))


def inputs_in(conditions: Mapping[str, Json]) -> str | None:
    """SHA-256 of conditions; None when they are not known in full."""
    reads = conditions["reads"]
    assert isinstance(reads, dict)
    return None if None in reads.values() else sha256_text(canonical_json(dict(conditions)))


def is_current(stage: Stage[Any, Any], shard: str, lake: Lake, *, inputs: str | None, content: str | None) -> bool:
    """True when planning the shard is known to change nothing: never where a table does not tell its content."""
    name = _mark_name(stage, shard)
    if inputs is None or content is None or not lake.has_file(name):
        return False
    return lake.read_text(name) == _mark(inputs, content)


def mark_current(
    stage: Stage[Any, Any], shard: str, lake: Lake, table: pl.DataFrame, *, inputs: str | None, content: str | None
) -> None:
    """Note that `table`, of that content, is what comes out of `inputs`.

    One with a failure that must be tried again is not noted.
    """
    if inputs is None or content is None:
        return
    if table.filter((pl.col("status") == Status.FAILED.value) & ~pl.col("permanent")).is_empty():
        lake.write_text(_mark_name(stage, shard), _mark(inputs, content), durable=False)


def _mark(inputs: str, content: str) -> str:
    return f"{inputs} {content}\n"


def _mark_name(stage: Stage[Any, Any], shard: str) -> str:
    return f".work/{stage.name}/{shard}.current"


@cache
def _code_sha256() -> str:
    """Hash of all that `derive` may consist of: whoever edits a gate's code must not be told that nothing changed."""
    files = [path for package in _PACKAGES for path in package.rglob("*.*") if path.suffix in {".py", ".yaml", ".txt"}]
    return sha256_text("".join(sha256_text(path.read_text(encoding="utf-8")) for path in sorted(files)))
