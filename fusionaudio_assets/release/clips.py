"""The kept clips of a lake, shard by shard, joined from the tables that say something about them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from fusionaudio_assets.tables import Release, polars_schema
from fusionaudio_assets.versions import check_columns
from resources.english import counted
from resources.errors import LakeError
from resources.lake import Lake
from resources.payload_reader import PayloadReader
from resources.row_groups import ROW_GROUP

DECISIONS = "filtered_dataset"
_COLUMNS = {
    "raw_clips": ("labels", "sources", "start_s", "end_s", "sample_rate_hz", "channels", "audio_sha256", "audio_file"),
    "fused_captions": ("caption", "ambiguities", "claims"),
}
_DECIDED = ("caption", "author", "modalities", "similarity", "scorer", "duration_s", "license", "split")
_SCHEMA = polars_schema(Release)


@dataclass(frozen=True)
class ReleasedShard:
    """The kept clips of one shard.

    Attributes:
        key: The shard.
        clips: Table `Release`, in the order of the shard.
        audio_files: Payload file of each clip's audio, in the same order.
        has_qa: False when question-answer pairs were not made for the shard.
        decisions: The whole table `filtered_dataset` of the shard: kept, drop_reasons.
    """

    key: str
    clips: pl.DataFrame
    audio_files: list[str]
    has_qa: bool
    decisions: pl.DataFrame


def released_shards(lake: Lake, refused: Collection[str] = ()) -> Iterator[ReleasedShard]:
    """Every shard that was decided on but those refused, in the order of the keys; one is in memory at a time.

    Raises:
        LakeError: A table is missing, or was made anew since the decisions of the shard were taken.
    """
    for key in lake.shards(DECISIONS):
        if key not in refused:
            yield _released(lake, key)


def _released(lake: Lake, key: str) -> ReleasedShard:
    decisions = _needed(lake, DECISIONS, key, ("kept", "drop_reasons", *_DECIDED))
    clips = decisions.filter(pl.col("kept")).drop("kept", "drop_reasons")
    for asset, columns in _COLUMNS.items():
        found = _needed(lake, asset, key, columns)
        clips = clips.join(found, on="clip_id", how="left", suffix="_now", maintain_order="left")
    outdated = clips.filter(pl.col("caption").ne_missing(pl.col("caption_now")))
    if outdated.height:
        raise LakeError(
            f"{counted(outdated.height, 'caption')} of the shard {key} changed after it was decided what to release.",
            hint="Bring the lake up to date with `fusionaudio run`.",
        )
    qa = _read(lake, "qa_pairs", key, ("pairs",))
    if qa is None:
        clips = clips.with_columns(qa=pl.lit(None, _SCHEMA["qa"]))
    else:
        clips = clips.join(qa.rename({"pairs": "qa"}), on="clip_id", how="left", maintain_order="left")
    typed = clips.select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())
    return ReleasedShard(key, typed, clips["audio_file"].to_list(), qa is not None, decisions)


def _needed(lake: Lake, asset: str, key: str, columns: Sequence[str]) -> pl.DataFrame:
    found = _read(lake, asset, key, columns)
    if found is None:
        raise LakeError(f"{asset} has no table for the shard {key}.", hint="Make it anew with `fusionaudio run`.")
    return found


def _read(lake: Lake, asset: str, key: str, columns: Sequence[str]) -> pl.DataFrame | None:
    frame = lake.read_table(asset, key, ["clip_id", *columns])
    if frame is not None:
        check_columns(asset, key, frame, frame.columns)
    return frame


@dataclass
class AudioSource:
    """Reads the audio of kept clips out of the lake, one payload file open at a time."""

    lake: Lake
    _file: str = ""
    _reader: PayloadReader | None = field(default=None, repr=False)

    def batches(self, shard: ReleasedShard) -> Iterator[tuple[pl.DataFrame, list[bytes]]]:
        """The clips of a shard with their FLAC, a row group at a time.

        Raises:
            LakeError: A payload file cannot be read or does not hold a clip.
        """
        for start in range(0, shard.clips.height, ROW_GROUP):
            clips = shard.clips.slice(start, ROW_GROUP)
            files = shard.audio_files[start : start + ROW_GROUP]
            yield clips, [self._flac(clip, file) for clip, file in zip(clips["clip_id"], files, strict=True)]

    def close(self) -> None:
        """Close the open file."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _flac(self, clip_id: str, file: str) -> bytes:
        if self._reader is None or file != self._file:
            self.close()
            self._reader, self._file = self.lake.open_payload("raw_clips", "audio", file), file
        flac: bytes = self._reader.read(clip_id)["bytes"]
        return flac
