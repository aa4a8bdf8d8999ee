"""What is measured of a table: shares of its clips, and means over them, each with its standard error.

A figure is named for what it is: `mean/words`, `share/kept`, and `share/modality/music` for one value of many. Beside
these stands the share of the clips that have any such value, as `share/modality/any`: a value that a shard does not
name has the share 0 there, or next to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

SCHEMA = pl.Schema({"shard": pl.String, "name": pl.String, "value": pl.Float64, "error": pl.Float64, "clips": pl.Int64})
"""One row a figure: `error` is the standard error of `value`, null for a single clip; `clips` those that it is over."""

LEAST_SHOWN = 0.05
"""Rarer values of many are compared and not shown."""

LEAST_MEASURED = 0.01
"""Still rarer ones are left out: figures of many shards are in memory at once, and tags have hundreds of values."""

OF_MANY = r"^(share/[^/]+)/."
"""Names of shares by a value: what they are shares of goes before."""

ANY = "/any"
"""Ends the name of the share of clips that have any of many values."""

_ALL = pl.lit(value=True)
_OK = pl.col("status") == "ok"
_CAPTIONED = pl.col("caption").is_not_null()


@dataclass(frozen=True)
class Mean:
    """The mean of a number over the clips that have it."""

    name: str
    number: pl.Expr

    def of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The figure by shard."""
        numbers = frame.select("shard", value=self.number.cast(pl.Float64)).filter(pl.col("value").is_finite())
        return numbers.group_by("shard").agg(
            name=pl.lit(f"mean/{self.name}"),
            error=pl.col("value").std() / pl.len().sqrt(),
            clips=pl.len(),
            value=pl.col("value").mean(),
        )


@dataclass(frozen=True)
class Share:
    """The share of clips of which a condition holds."""

    name: str
    condition: pl.Expr
    among: pl.Expr = _OK

    def of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The figure by shard."""
        among = frame.filter(self.among).select("shard", holds=self.condition.fill_null(value=False))
        shares = among.group_by("shard").agg(value=pl.col("holds").mean(), clips=pl.len())
        return with_error(shares.with_columns(name=pl.lit(f"share/{self.name}")))


@dataclass(frozen=True)
class Shares:
    """The share of clips by a value, or by several of which a clip may have many; and of those that have any."""

    name: str
    values: pl.Expr
    among: pl.Expr = _OK

    def of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The figures by shard."""
        among = frame.filter(self.among).select("shard", value=self.values)
        value, values = pl.col("value"), among
        if is_many := isinstance(among.schema["value"], pl.List):
            among = among.with_columns(value.fill_null([]).list.drop_nulls().list.unique())
            values = among.explode("value", empty_as_null=True)
        has_any = value.list.len() > 0 if is_many else value.is_not_null()
        clips = among.group_by("shard").agg(clips=pl.len(), any=has_any.sum())
        counted = (
            values.drop_nulls()
            .group_by("shard", "value")
            .len()
            .join(clips, on="shard")
            .filter(pl.col("len") >= LEAST_MEASURED * pl.col("clips"))
        )
        named = pl.concat(
            [
                clips.select("shard", name=pl.lit(f"share/{self.name}{ANY}"), count=pl.col("any")),
                counted.select("shard", name=pl.format("share/{}/{}", pl.lit(self.name), "value"), count=pl.col("len")),
            ],
            how="vertical_relaxed",
        ).join(clips, on="shard")
        return with_error(named.with_columns(value=pl.col("count") / pl.col("clips")))


Figure = Mean | Share | Shares


def with_error(shares: pl.DataFrame) -> pl.DataFrame:
    """Shares with their standard error, as if each of two more clips had fallen on either side (Agresti and Coull).

    So a share of 0 or 1 of few clips is not taken for certain.
    """
    likely = (pl.col("value") * pl.col("clips") + 1) / (pl.col("clips") + 2)
    return shares.with_columns(error=(likely * (1 - likely) / (pl.col("clips") + 2)).sqrt())


def _words(column: str) -> pl.Expr:
    return pl.col(column).str.count_matches(r"\S+")


def _best(column: str) -> pl.Expr:
    return pl.col(column).list.first().struct.field("label")


EVERY_STAGE: tuple[Figure, ...] = (
    Share("failed", pl.col("status") == "failed", pl.col("status") != "skipped"),
    Shares("skipped", pl.when(pl.col("status") == "skipped").then(pl.col("reason")), _ALL),
)
OF_ASSET: Mapping[str, tuple[Figure, ...]] = {
    "raw_clips": (
        Mean("duration_s", pl.col("duration_s")),
        Mean("loudness_lufs", pl.col("loudness_lufs")),
        Share("with_video", pl.col("has_video")),
    ),
    "tags": (
        Shares("best_tag", _best("tags")),
        Share("with_speech", pl.col("speech_s") > 0),
        Share("with_music", pl.col("music_s") > 0),
    ),
    "stems": (Mean("vocal_share", pl.col("vocal_share")),),
    "transcripts": (
        Share("confident", pl.col("confident")),
        Mean("avg_logprob", pl.col("avg_logprob")),
        Shares("language", pl.col("language")),
    ),
    "sound_captions": (Mean("words", _words("description")),),
    "music_captions": (Mean("tempo_bpm", pl.col("tempo_bpm")), Shares("genre", _best("genres"))),
    "fused_captions": (
        Mean("words", _words("caption")),
        Share("abstained", pl.col("abstained")),
        Shares("author", pl.col("author"), _CAPTIONED),
        Shares("modality", pl.col("modalities"), _CAPTIONED),
        Share("with_leak", pl.col("leaks").list.len() > 0, _CAPTIONED),
    ),
    "caption_scores": (Mean("similarity", pl.col("similarity")),),
    "qa_pairs": (Mean("pairs", pl.col("num_pairs")),),
    "filtered_dataset": (Share("kept", pl.col("kept")), Shares("dropped", pl.col("drop_reasons"))),
}
"""What is measured of each asset beside what is measured of every stage."""


def figures_of(asset: str) -> Sequence[Figure]:
    """All figures of an asset; those that tell most to people first."""
    return (*OF_ASSET.get(asset, ()), *EVERY_STAGE)


def measure(asset: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Measure a table, or several.

    Args:
        asset: Whose table it is.
        frame: Its rows, with the column `shard`.

    Returns:
        Figures in the schema `SCHEMA`, ordered by shard, and as they are declared; none where there is nothing to
        measure.
    """
    found = [
        figure.of(frame).select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()).sort("shard", "name")
        for figure in figures_of(asset)
    ]
    return pl.concat(found).sort("shard", maintain_order=True)


def as_metadata(figures: pl.DataFrame) -> dict[str, float]:
    """The figures of one shard that people are shown, by name."""
    is_of_many = pl.col("name").str.contains(OF_MANY) & ~pl.col("name").str.ends_with(ANY)
    shown = figures.filter(~is_of_many | (pl.col("value") >= LEAST_SHOWN))
    return {name: round(value, 4) for name, value in shown.select("name", "value").iter_rows()}
