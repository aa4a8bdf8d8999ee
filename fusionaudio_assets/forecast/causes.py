"""Why rows are made anew: what a table was made from, held part by part against what stands now.

All rows of a table were made, or found to be what would come out, under the conditions in its footer: one comparison
tells the cause for all of its rows that a fingerprint no longer fits.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fusionaudio_assets.stage import Plan, Row
from fusionaudio_assets.tables import Status
from resources.adapter import Json


class Cause(StrEnum):
    """Why a row is made anew."""

    NEW_CLIP = "new clip"
    NO_TABLE = "no table"
    OLD_TABLE = "table of another version"
    MODEL = "new model"
    PROMPT = "new prompt"
    SETTINGS = "new settings"
    CODE = "new code version"
    GATE = "gate decides anew"
    UPSTREAM = "upstream changed"
    AGAIN = "failed, tried again"
    TOGETHER = "another clip of its shard changed"
    UNKNOWN = "not recorded"


_OF_IDENTITY = (Cause.MODEL, Cause.PROMPT, Cause.SETTINGS, Cause.CODE)
"""Causes that lie in a stage's identity; of several the first is told."""

_LONGEST = 24


@dataclass(frozen=True)
class Difference:
    """One part of a stage's identity that changed, e.g. ``params.min_words: 4 → 6``."""

    cause: Cause
    text: str


@dataclass(frozen=True)
class Comparison:
    """What differs between the conditions of a table and those of now.

    Attributes:
        known: The table tells its conditions.
        identity: Parts of the stage's identity that differ.
        gate: The gate's settings differ.
        code: The code differs, the stage's version apart.
        reads: Tables above whose content differs.
    """

    known: bool
    identity: tuple[Difference, ...] = ()
    gate: bool = False
    code: bool = False
    reads: tuple[str, ...] = ()

    @property
    def of_work(self) -> Cause:
        """Why the work of a clip is another one, or the same under another fingerprint."""
        if not self.known:
            return Cause.UNKNOWN
        changed = {difference.cause for difference in self.identity}
        return next((cause for cause in _OF_IDENTITY if cause in changed), self.of_decision)

    @property
    def of_decision(self) -> Cause:
        """Why a clip is worked on or skipped, other than before."""
        if not self.known:
            return Cause.UNKNOWN
        if self.gate:
            return Cause.GATE
        return Cause.CODE if self.code and not self.reads else Cause.UPSTREAM


def compare(before: str | None, now: Mapping[str, Json]) -> Comparison:
    """Hold the conditions in a table's footer against those of now.

    Args:
        before: JSON of the conditions; None when the table does not tell them.
        now: The conditions.
    """
    if before is None:
        return Comparison(known=False)
    then: dict[str, Any] = json.loads(before)
    found: dict[str, Any] = dict(now)
    return Comparison(
        known=True,
        identity=tuple(_differences(then["identity"], found["identity"])),
        gate=then["gate"] != found["gate"],
        code=then["code"] != found["code"],
        reads=tuple(asset for asset, content in found["reads"].items() if then["reads"].get(asset) != content),
    )


def causes(plan: Plan, comparison: Comparison, absent: Cause) -> dict[str, Cause]:
    """Why each row is computed or settled, by clip.

    Args:
        plan: Of a stage and shard.
        comparison: Of the table that stands.
        absent: Why there is no row of a clip.
    """
    columns = ("clip_id", "status", "permanent", "fingerprint")
    rows = {row["clip_id"]: row for row in plan.standing.select(columns).to_dicts()}
    found = {
        pending.clip_id: _of(rows.get(pending.clip_id), pending.fingerprint, comparison, absent)
        for pending in plan.todo
    }
    for row in plan.settled:
        found[row["clip_id"]] = comparison.of_decision if row["clip_id"] in rows else absent
    return found


def _of(row: Row | None, fingerprint: str, comparison: Comparison, absent: Cause) -> Cause:
    if row is None:
        return absent
    if row["status"] == Status.FAILED and not row["permanent"]:
        return Cause.AGAIN
    if row["fingerprint"] == fingerprint:
        return Cause.TOGETHER
    return comparison.of_decision if row["status"] == Status.SKIPPED else comparison.of_work


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    """Parts of two identities that differ; a model that was replaced is told once, by its name."""
    models = {"then": then["models"], "now": now["models"]}
    for role in sorted({*models["then"], *models["now"]}):
        before, after = models["then"].get(role, {}), models["now"].get(role, {})
        names = [[part.get(key) for key in ("adapter", "model")] for part in (before, after)]
        if names[0] != names[1]:
            told = [name or adapter for adapter, name in names]
            yield Difference(Cause.MODEL, f"{role}: {told[0]} → {told[1]}")
        else:
            for path, text in _parts(before, after, role):
                yield Difference(_cause_in_model(path), text)
    for part in ("version", "params", "also"):
        for path, text in _parts({part: then[part]}, {part: now[part]}):
            yield Difference(_cause_in_stage(path), text)


def _cause_in_model(path: str) -> Cause:
    part = path.split(".")[1]
    return {"revision": Cause.MODEL, "version": Cause.CODE}.get(part, Cause.SETTINGS)


def _cause_in_stage(path: str) -> Cause:
    if path.startswith(("params.prompt", "also.prompt")):
        return Cause.PROMPT
    return Cause.SETTINGS if path.startswith("params") else Cause.CODE


def _parts(then: Any, now: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Dotted paths at which two JSON values differ, each with a text that tells both."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted({*then, *now}):
            yield from _parts(then.get(key), now.get(key), f"{path}.{key}" if path else key)
    elif then != now:
        yield path, f"{path}: {_short(then)} → {_short(now)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
