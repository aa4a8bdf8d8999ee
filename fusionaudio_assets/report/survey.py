"""Count what the report tells, some shards at a time: memory does not grow with the number of shards."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import polars as pl

from fusionaudio_assets import ledger
from fusionaudio_assets.captioning.named import KINDS, named
from fusionaudio_assets.distribution import percentiles
from fusionaudio_assets.figures import OUTLYING, drift, refresh
from fusionaudio_assets.report.queries import CAPTIONS, CLIPS, COUNTS, EXAMPLES, GROUPS, HEARD, TABLES
from resources.errors import LakeError
from resources.lake import Lake

SHARDS_AT_ONCE = 64

OF_MUSIC = ", music"
"""Ending of the names of figures over captions that draw on music alone."""

_SUMS = ("clips", "captions", "kept", "words", "scored", "similarity")


@dataclass
class Group:
    """Clips that have something in common.

    Attributes:
        clips: Number of clips.
        captions: Those with a caption.
        kept: Those that are kept.
        words: Words of all captions together.
        scored: Captions with a score.
        similarity: Sum of the scores.
    """

    clips: int = 0
    captions: int = 0
    kept: int = 0
    words: int = 0
    scored: int = 0
    similarity: float = 0.0

    def add(self, sums: Mapping[str, Any]) -> None:
        """Take in the same clips of more shards."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + (sums[name] or 0))

    @property
    def kept_share(self) -> float:
        """Share of the clips that are kept."""
        return self.kept / self.clips

    @property
    def mean_words(self) -> float | None:
        """Words a caption; None without any."""
        return self.words / self.captions if self.captions else None

    @property
    def mean_similarity(self) -> float | None:
        """Mean score; None without any."""
        return self.similarity / self.scored if self.scored else None


@dataclass
class Report:
    """What was found in a lake.

    Attributes:
        shards: Shards that were taken as far as the decision on each clip.
        unfinished: Shards that were not, of which only failures are told.
        groups: Clips by kind of group (all, author, modality, label) and name.
        counts: Clips by value, or by two, under the names of the queries.
        named: Captions by name, under instruments, emotions and genres.
        numbers_named: Captions by how many different ones they name, under the same, and under ``"instruments, music"``
            and so on of captions that draw on music.
        failures: Rows by stage and reason, of all shards.
        examples: Captions that fit their clip best and worst, by `best` and `worst`.
        drifted: Figures of shards that stand out, in the schema `DRIFT_SCHEMA` and with the column `asset`, farthest
            first.
        compared: Number of shards whose figures could be compared in any stage.
    """

    shards: int = 0
    unfinished: int = 0
    groups: dict[str, dict[str, Group]] = field(default_factory=lambda: {name: {} for name in GROUPS})
    counts: dict[str, Counter[Any]] = field(default_factory=lambda: {name: Counter() for name in COUNTS})
    named: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in KINDS})
    numbers_named: dict[str, Counter[int]] = field(
        default_factory=lambda: {name: Counter() for kind in KINDS for name in (kind, f"{kind}{OF_MUSIC}")}
    )
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"best": [], "worst": []})
    drifted: pl.DataFrame = field(default_factory=pl.DataFrame)
    compared: int = 0

    @property
    def all(self) -> Group:
        """All clips of the finished shards."""
        return self.groups["all"].get("", Group())

    def largest(self, kind: str) -> list[tuple[str, Group]]:
        """Names and groups of a kind, those of most clips first."""
        return sorted(self.groups[kind].items(), key=lambda item: (-item[1].clips, item[0]))

    @property
    def standing_out(self) -> set[str]:
        """Shards with figures that stand out."""
        return set(self.drifted["shard"])

    @property
    def numbers_of_cues(self) -> Counter[int]:
        """Captions by how many cues they draw on."""
        numbers: Counter[int] = Counter()
        for names, count in self.counts["cues"].items():
            numbers[len(names.split(" + ")) if names else 0] += count
        return numbers

    @property
    def share_of_several_cues(self) -> float:
        """Share of the captions that draw on two cues or more; 0 without captions."""
        numbers = self.numbers_of_cues
        return sum(count for number, count in numbers.items() if number > 1) / max(numbers.total(), 1)

    @property
    def expected_word_errors(self) -> float | None:
        """Share of words that the recogniser itself expects to be wrong; None without words.

        One minus the mean probability that it gives its words. There is nothing to compare the words with, and the
        probabilities are not calibrated: it tells shards and models apart, and is no word error rate.
        """
        words = self.counts["word_probability"]
        return 1 - percentiles(words)["mean"] if words else None


def survey(lake: Lake, *, examples: int) -> Report:
    """Look at all captions of a lake.

    Args:
        lake: The lake.
        examples: Number of best and worst captions to keep.

    Raises:
        LakeError: No shard was finished, or a table cannot be read.
    """
    standing = [set(lake.shards(asset)) for asset in TABLES]
    finished = sorted(set.intersection(*standing))
    if not finished:
        raise LakeError(
            f"No shard of the lake at {lake.uri} was taken as far as the decision on its clips.",
            hint="Make captions first with `fusionaudio run`.",
        )
    report = Report(shards=len(finished), unfinished=len(set(lake.shards()) - set(finished)))
    with ledger.reading(lake) as connection:
        for start in range(0, len(finished), SHARDS_AT_ONCE):
            some = finished[start : start + SHARDS_AT_ONCE]
            for table in (CLIPS, HEARD):
                connection.execute(table, {"first": some[0], "last": some[-1]})
            _add(report, connection, examples)
    failed = ledger.counts(lake).filter(pl.col("status") == "failed")
    for stage, reason, clips in failed.select("stage", "reason", "clips").iter_rows():
        report.failures[stage, reason] += clips
    _compare(report, lake)
    return report


def _add(report: Report, connection: duckdb.DuckDBPyConnection, examples: int) -> None:
    """Take in the shards that were read into the connection."""
    for kind, query in GROUPS.items():
        for row in _rows(connection, query):
            report.groups[kind].setdefault(row["name"] or "", Group()).add(row)
    for name, query in COUNTS.items():
        for row in _rows(connection, query):
            key = (row["value"], row["more"]) if "more" in row else row["value"]
            report.counts[name][key] += row["clips"]
    _add_named(report, connection)
    for name, (direction, sign) in {"best": ("DESC", -1), "worst": ("ASC", 1)}.items():
        found = [*report.examples[name], *_rows(connection, EXAMPLES.format(direction=direction, most=examples))]
        report.examples[name] = sorted(found, key=lambda row: (sign * row["similarity"], row["clip_id"]))[:examples]


def _add_named(report: Report, connection: duckdb.DuckDBPyConnection) -> None:
    """Take in what the captions name."""
    for row in _rows(connection, CAPTIONS):
        words = named(row["caption"])
        for kind in KINDS:
            names = getattr(words, kind)
            report.named[kind].update(names)
            for figure in (kind, *([f"{kind}{OF_MUSIC}"] if row["musical"] else [])):
                report.numbers_named[figure][len(names)] += 1


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> Iterable[dict[str, Any]]:
    rows: list[dict[str, Any]] = connection.sql(query).pl().to_dicts()
    return rows


def _compare(report: Report, lake: Lake) -> None:
    """Find the shards that stand out, from their kept figures."""
    found, compared = [], set()
    for stage in ledger.STAGES:
        figures = refresh(lake, stage)
        distances = drift(figures, figures)
        compared |= set(distances["shard"])
        found.append(distances.filter(pl.col("distance") > OUTLYING).select(pl.lit(stage).alias("asset"), pl.all()))
    report.drifted = pl.concat(found).sort("distance", "shard", "name", descending=[True, False, False])
    report.compared = len(compared)
