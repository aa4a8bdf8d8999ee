"""Ways to spoil one clip of a shard, of which `cases` makes the cases of each rule."""

from tests.checks.shards import Shard, Spoil


def edit(asset: str, **columns: object) -> Spoil:
    """Replace columns of a row."""

    def spoil(shard: Shard, clip: int) -> None:
        shard.edit(asset, clip, **columns)

    return spoil


def item(asset: str, column: str, **fields: object) -> Spoil:
    """Replace fields of the first item of a list."""

    def spoil(shard: Shard, clip: int) -> None:
        shard.item(asset, clip, column, **fields)

    return spoil


def skip(asset: str, reason: str = "no_caption") -> Spoil:
    """Make a row a skipped one."""
    return edit(asset, status="skipped", reason=reason)


def fail(asset: str, reason: str) -> Spoil:
    """Make a row a failed one."""
    return edit(asset, status="failed", reason=reason, detail=f"{reason} for a test")


def no_row(shard: Shard, clip: int) -> None:
    """Take the row away."""
    gone = shard.rows["manifest"][clip]["clip_id"]
    shard.rows["tags"] = [row for row in shard.rows["tags"] if row["clip_id"] != gone]


def row_twice(shard: Shard, clip: int) -> None:
    """Give a clip two rows."""
    shard.rows["tags"].append(shard.rows["tags"][clip])


def row_of_no_clip(shard: Shard, clip: int) -> None:
    """Give a row to a clip that is not in the manifest."""
    shard.rows["tags"].append(shard.rows["tags"][clip] | {"clip_id": f"unknown {clip}"})


def label_kept_less(shard: Shard, clip: int) -> None:
    """Drop a clip that alone has a label: call it on half of the clips."""
    shard.edit("raw_clips", clip, labels=[{"name": "Rain", "quality": 1.0}])
    shard.edit("filtered_dataset", clip, kept=False, drop_reasons=["low_similarity"])


def caption(text: str | None) -> Spoil:
    """Write another caption."""
    return edit("fused_captions", caption=text)


def transcript(text: str) -> Spoil:
    """Write another transcript."""
    return edit("transcripts", text=text)


def pair(**fields: object) -> Spoil:
    """Change the first question, a multiple choice."""
    return item("qa_pairs", "pairs", **fields)


def open_pair(question: str, answer: str) -> Spoil:
    """Ask something else."""
    return pair(question=question, answer=answer, format="open")
