"""Counts of a release, and the hash that is its version. Read-only: it says what a release would hold."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from fusionaudio_assets import ledger
from fusionaudio_assets.checks.admission import EVERY_SHARD, Admission
from fusionaudio_assets.distribution import percentiles
from fusionaudio_assets.release.clips import DECISIONS, ReleasedShard, released_shards
from fusionaudio_assets.stage.fingerprint import canonical_json, sha256_text
from resources.adapter import Json
from resources.english import counted
from resources.errors import LakeError
from resources.lake import Lake

FORMAT = 1
"""Raise when the files of a release change for the same clips."""

_OVERRIDES = """
    SELECT rule, reason, count(DISTINCT shard) FROM overrides WHERE shard IN ?
    GROUP BY rule, reason ORDER BY rule, reason
"""


@dataclass
class Figures:
    """Counts of a release, all made from what it holds.

    Attributes:
        shards: Shards that are released.
        unfinished_shards: Shards of the lake that were not decided on, and are not in the release.
        refused_shards: Shards that a gate keeps out of the release, with what it says.
        clips: Clips of the shards that are released.
        kept: Clips that are released.
        drop_reasons: Clips by the reasons against them; a clip may have several.
        audio_s: Seconds of released audio.
        words: Captions by number of words.
        authors: Captions by who wrote them.
        modalities: Captions by the cues that they draw on.
        scorers: Captions by their scorer.
        licences: Released clips by licence; the empty string stands for none known.
        splits: Released clips by split; the empty string stands for none.
        qa_pairs: Question-answer pairs by category.
        shards_without_qa: Shards for which pairs were not made.
        models: Rows by stage and model, of all clips.
        overrides: Shards by rule that was passed over for one of their tables, and by the reason given.
    """

    shards: int = 0
    unfinished_shards: int = 0
    refused_shards: dict[str, str] = field(default_factory=dict)
    clips: int = 0
    kept: int = 0
    drop_reasons: Counter[str] = field(default_factory=Counter)
    audio_s: float = 0.0
    words: Counter[int] = field(default_factory=Counter)
    authors: Counter[str] = field(default_factory=Counter)
    modalities: Counter[str] = field(default_factory=Counter)
    scorers: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    qa_pairs: Counter[str] = field(default_factory=Counter)
    shards_without_qa: int = 0
    models: dict[str, dict[str, int]] = field(default_factory=dict)
    overrides: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, shard: ReleasedShard) -> None:
        """Count the clips of one more shard."""
        clips = shard.clips
        self.shards += 1
        self.shards_without_qa += not shard.has_qa
        self.clips += shard.decisions.height
        self.kept += clips.height
        self.drop_reasons.update(shard.decisions["drop_reasons"].explode().drop_nulls())
        self.audio_s += float(clips["duration_s"].sum() or 0)
        self.words.update(len(caption.split()) for caption in clips["caption"])
        self.authors.update(clips["author"].drop_nulls())
        self.modalities.update(clips["modalities"].explode().drop_nulls())
        self.scorers.update(clips["scorer"].drop_nulls())
        self.licences.update(clips["license"].fill_null(""))
        self.splits.update(clips["split"].fill_null(""))
        pairs = clips["qa"].drop_nulls().explode().drop_nulls()
        self.qa_pairs.update(pairs.struct.field("category").fill_null("") if len(pairs) else [])

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, in an order that depends on the figures alone."""
        figures = vars(self) | {"audio_s": round(self.audio_s, 1)}
        counters = {name: _ordered(value) for name, value in figures.items() if isinstance(value, Counter)}
        words = percentiles(self.words)
        return figures | counters | {"words": words | {"mean": round(words["mean"], 2)}}


@dataclass(frozen=True)
class Survey:
    """What a release would hold.

    Attributes:
        figures: Its counts.
        rows_sha256: SHA-256 of the released rows.
        version: Twelve hex digits made from the rows and the counts: the same content is the same version.
    """

    figures: Figures
    rows_sha256: str
    version: str


def survey(lake: Lake, admission: Admission = EVERY_SHARD, *, with_audio: bool) -> Survey:
    """Read all that would be released, once.

    Args:
        lake: The lake.
        admission: Shards that are kept out, and rules that are passed over.
        with_audio: The release is to hold the sound.

    Raises:
        LakeError: Nothing was decided on, nothing is kept, or the lake is not up to date.
    """
    figures, rows = Figures(), RowsHash()
    for shard in released_shards(lake, admission.refused):
        figures.add(shard)
        rows.update(shard.clips)
    figures.unfinished_shards = len(set(lake.shards()) - set(lake.shards(DECISIONS)))
    figures.refused_shards = dict(admission.refused)
    _refuse_nothing(lake, figures)
    rows_of = ledger.counts(lake).drop_nulls("model").group_by("stage", "model").agg(pl.col("clips").sum())
    for stage in ledger.STAGES:
        models = rows_of.filter(pl.col("stage") == stage).sort("model").select("model", "clips")
        if models.height:
            figures.models[stage] = dict(models.iter_rows())
    released = [key for key in lake.shards(DECISIONS) if key not in admission.refused]
    for rule, reason, shards in ledger.query(lake, _OVERRIDES, [released]).iter_rows():
        figures.overrides.setdefault(rule, {})[reason] = shards
    for (rule, reason), shards in admission.passed_over.items():
        figures.overrides.setdefault(rule, {})[reason] = shards
    content: Json = {"format": FORMAT, "rows": rows.hexdigest(), "figures": figures.as_json(), "with_audio": with_audio}
    return Survey(figures, rows.hexdigest(), sha256_text(canonical_json(content))[:12])


class RowsHash:
    """SHA-256 over released rows, shard by shard."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def update(self, clips: pl.DataFrame) -> None:
        """Take in the rows of the next shard."""
        self._hash.update(clips.write_ndjson().encode())

    def hexdigest(self) -> str:
        """The hash so far."""
        return self._hash.hexdigest()


def _refuse_nothing(lake: Lake, figures: Figures) -> None:
    if figures.kept:
        return
    if not figures.shards and figures.refused_shards:
        raise LakeError(
            f"No shard of the lake at {lake.uri} may be released: "
            f"{counted(len(figures.refused_shards), 'is', 'are')} refused. "
            f"{next(iter(figures.refused_shards.values()))}"
        )
    if not figures.shards:
        raise LakeError(
            f"Nothing in the lake at {lake.uri} was decided on yet, so there is nothing to release.",
            hint="Ingest clips and make them into captions with `fusionaudio run`.",
        )
    reasons = ", ".join(f"{reason} {count}" for reason, count in figures.drop_reasons.most_common())
    raise LakeError(
        f"The lake at {lake.uri} holds {counted(figures.clips, 'clip')} and none is kept, so there is no release: "
        f"{reasons}.",
        hint="`fusionaudio show CLIP` tells what is against a clip; the thresholds are in the profile.",
    )


def _ordered(counter: Mapping[Any, int]) -> dict[Any, int]:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))
