"""Drift: how far a shard's figures lie from those of the lake's shards.

The distance of a figure is its difference from the median of all shards in units of their spread, which is their
median absolute deviation made comparable with a standard deviation: the modified z-score of Iglewicz and Hoaglin (How
to detect and handle outliers, ASQC 1993; NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.17), by which more than
3.5 is an outlier. Neither a few odd shards nor the shard itself, which is one of them, move a median much. Where the
others agree better than a shard of its size could, the figure's own standard error is the unit, and differences that
nobody would act on are within the bound whatever the spread.

It takes enough shards of enough clips, and says how a shard stood to those that were there at the time: it warns.
"""

import polars as pl

from fusionaudio_assets.figures.measure import ANY, OF_MANY, with_error

OUTLYING = 3.5
"""Distances beyond this stand out (Iglewicz and Hoaglin)."""
MIN_SHARDS = 8
MIN_CLIPS = 30
"""A figure over fewer clips is neither judged nor counted among those of the lake."""
LEAST_SHARE = 0.05
LEAST_OF_MEDIAN = 0.1
"""Differences that nobody would act on: of a share, and of a mean relative to the median."""

DRIFT_SCHEMA = pl.Schema(
    {
        "shard": pl.String,
        "name": pl.String,
        "value": pl.Float64,
        "median": pl.Float64,
        "spread": pl.Float64,
        "shards": pl.Int64,
        "distance": pl.Float64,
    }
)
"""One row for every figure of a shard that can be compared; `shards` is the number of those behind the median."""

_NORMAL = 1.4826
"""The standard deviation of a normal distribution in units of its median absolute deviation."""


def drift(own: pl.DataFrame, lake: pl.DataFrame) -> pl.DataFrame:
    """Compare shards with the lake.

    Args:
        own: Figures of the shards to be judged, as `measure` returns them.
        lake: Figures of the lake's shards, or of a sample of them; the judged ones may be among them.

    Returns:
        Distances in the schema `DRIFT_SCHEMA`, without any where too few shards or clips are there.
    """
    names = pl.concat([own, lake]).select("name", of=pl.col("name").str.extract(OF_MANY)).drop_nulls().unique()
    norms = (
        _complete(lake, names)
        .filter(pl.col("clips") >= MIN_CLIPS)
        .with_columns(median=pl.col("value").median().over("name"))
        .group_by("name", "median")
        .agg(spread=_NORMAL * (pl.col("value") - pl.col("median")).abs().median(), shards=pl.len())
        .filter(pl.col("shards") >= MIN_SHARDS)
    )
    is_share = pl.col("name").str.starts_with("share/")
    least = pl.when(is_share).then(LEAST_SHARE).otherwise(LEAST_OF_MEDIAN * pl.col("median").abs())
    unit = pl.max_horizontal("spread", "error", least / OUTLYING)
    distance = pl.when(unit > 0).then((pl.col("value") - pl.col("median")).abs() / unit).otherwise(0.0)
    compared = _complete(own, names).filter(pl.col("clips") >= MIN_CLIPS).join(norms, on="name")
    return (
        compared.with_columns(distance=distance)
        .select(pl.col(name).cast(dtype) for name, dtype in DRIFT_SCHEMA.items())
        .sort("shard", "distance", "name", descending=[False, True, False])
    )


def _complete(figures: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """`figures` and the shares of 0 of values that a shard does not name."""
    totals = figures.filter(pl.col("name").str.ends_with(ANY)).select(
        "shard", "clips", of=pl.col("name").str.strip_suffix(ANY)
    )
    unnamed = totals.join(names, on="of").join(figures, on=["shard", "name"], how="anti")
    zeros = with_error(unnamed.select("shard", "name", "clips", value=pl.lit(0.0)))
    return pl.concat([figures, zeros.select(figures.columns)])
