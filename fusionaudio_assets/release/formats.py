"""The formats of a release. Each writer takes clips batch by batch and holds no more than one of them.

Parquet is typed so that Hugging Face `datasets` gives the column `audio` as Audio: a struct of bytes and path, and the
feature's name in the schema's metadata. The paper's training JSON is a list of
``{audio_id, instruction, input, dataset, task, output}``.
"""

import json
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

MAX_FILE_BYTES = 500_000_000
"""A Parquet file is closed once it is larger, as Hugging Face's own are."""

CAPTION_INSTRUCTION = "Describe in detail what can be heard in this audio clip."
DATASET = "fusionaudio"
_AUDIO = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_HF_METADATA = {"huggingface": json.dumps({"info": {"features": {"audio": {"_type": "Audio"}}}})}


class Writer(ABC):
    """One format; `write` may be called any number of times, `close` once."""

    @abstractmethod
    def __init__(self, folder: Path) -> None:
        """Open files in a folder that is there and holds none of this format."""

    @abstractmethod
    def write(self, clips: pl.DataFrame, audio: Sequence[bytes] | None) -> None:
        """Write clips.

        Args:
            clips: Table `Release`.
            audio: FLAC of each clip, None when audio is released by reference.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish the files."""


class ParquetWriter(Writer):
    """``data/<split>-<number>.parquet``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "data"
        self._folder.mkdir()
        self._open: dict[str, tuple[pq.ParquetWriter, Path]] = {}
        self._files: Counter[str] = Counter()

    def write(self, clips: pl.DataFrame, audio: Sequence[bytes] | None) -> None:
        """Write clips to the files of their splits."""
        splits = clips["split"].map_elements(split_name, pl.String, skip_nulls=False)
        table = _with_audio(clips, audio)
        for split in splits.unique(maintain_order=True):
            self._write(split, table.filter(pa.array(splits == split)))

    def close(self) -> None:
        """Write the footers."""
        for writer, _ in self._open.values():
            writer.close()
        self._open.clear()

    def _write(self, split: str, table: pa.Table) -> None:
        if split not in self._open:
            path = self._folder / f"{split}-{self._files[split]:05d}.parquet"
            self._files[split] += 1
            self._open[split] = (pq.ParquetWriter(path, table.schema, compression="zstd"), path)
        writer, path = self._open[split]
        writer.write_table(table)
        if path.stat().st_size > MAX_FILE_BYTES:
            writer.close()
            del self._open[split]


class JsonlWriter(Writer):
    """``captions.jsonl``: one object a line, the columns of the table `Release`, and `audio`."""

    def __init__(self, folder: Path) -> None:
        self._stream = (folder / "captions.jsonl").open("wb")
        self._audio = _AudioFolder(folder)

    def write(self, clips: pl.DataFrame, audio: Sequence[bytes] | None) -> None:
        """Append lines."""
        names = pl.Series("audio", self._audio.names(clips, audio), pl.String)
        clips.select("clip_id", names, pl.exclude("clip_id")).write_ndjson(self._stream)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class GamaWriter(Writer):
    """``gama.json``: the paper's training format, an entry for each caption and each question-answer pair."""

    def __init__(self, folder: Path) -> None:
        self._stream = (folder / "gama.json").open("w", encoding="utf-8")
        self._audio = _AudioFolder(folder)
        self._between = "[\n"

    def write(self, clips: pl.DataFrame, audio: Sequence[bytes] | None) -> None:
        """Append entries."""
        for name, clip in zip(self._audio.names(clips, audio), clips.iter_rows(named=True), strict=True):
            for entry in training_entries(name, clip):
                self._stream.write(self._between + json.dumps(entry, ensure_ascii=False))
                self._between = ",\n"

    def close(self) -> None:
        """End the list."""
        self._stream.write("\n]\n" if self._between == ",\n" else "[]\n")
        self._stream.close()


def training_entries(audio_id: str, clip: dict[str, Any]) -> list[dict[str, str]]:
    """Entries of the paper's training format for one row of the table `Release`."""

    def entry(task: str, instruction: str, output: str) -> dict[str, str]:
        return {
            "audio_id": audio_id,
            "instruction": instruction,
            "input": "",
            "dataset": DATASET,
            "task": task,
            "output": output,
        }

    pairs = [entry("qa", *_question_and_answer(pair)) for pair in clip["qa"] or []]
    return [entry("caption", CAPTION_INSTRUCTION, clip["caption"]), *pairs]


def audio_references(clips: pl.DataFrame) -> list[str]:
    """Where the audio of each clip comes from: the source's name as it was ingested.

    A segment carries its bounds as a temporal media fragment (W3C, Media Fragments URI 1.0, ``name#t=30,40`` in
    seconds), so that nobody loads the whole of a long source in its place.
    """
    return [
        f"{sources[0] if sources else clip_id}{_fragment(start_s, end_s)}"
        for clip_id, sources, start_s, end_s in clips.select("clip_id", "sources", "start_s", "end_s").iter_rows()
    ]


def split_name(split: str | None) -> str:
    """A split's name as Hugging Face allows it: letters, digits and underscores; train when there is none."""
    name = re.sub(r"\W+", "_", split or "", flags=re.ASCII).strip("_")
    return f"{name}_" if name == "all" else name or "train"


class _AudioFolder:
    """``audio/<clip>.flac``, for formats that cannot hold sound themselves."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "audio"

    def names(self, clips: pl.DataFrame, audio: Sequence[bytes] | None) -> list[str]:
        """How to refer to the audio of each clip; writes it when it is given."""
        if audio is None:
            return audio_references(clips)
        self._folder.mkdir(exist_ok=True)
        names = [f"{clip_id}.flac" for clip_id in clips["clip_id"]]
        for name, flac in zip(names, audio, strict=True):
            path = self._folder / name
            if not path.exists():
                path.write_bytes(flac)
        return [f"audio/{name}" for name in names]


def _with_audio(clips: pl.DataFrame, audio: Sequence[bytes] | None) -> pa.Table:
    values: list[dict[str, Any]]
    if audio is None:
        values = [{"bytes": None, "path": path} for path in audio_references(clips)]
    else:
        values = [
            {"bytes": flac, "path": f"{clip_id}.flac"} for clip_id, flac in zip(clips["clip_id"], audio, strict=True)
        ]
    table = clips.to_arrow(compat_level=pl.CompatLevel.oldest())
    table = table.cast(pa.schema([(field.name, _plain(field.type)) for field in table.schema]))
    return table.add_column(1, "audio", pa.array(values, _AUDIO)).replace_schema_metadata(_HF_METADATA)


def _plain(kind: pa.DataType) -> pa.DataType:
    """Strings and lists with 32-bit offsets, which every reader of Parquet types as plain ones."""
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _plain(field.type)) for field in kind])
    return kind


def _question_and_answer(pair: dict[str, Any]) -> tuple[str, str]:
    """The texts of a pair; a choice lists its options with letters, and the answer carries the letter of its own."""
    lettered = {
        option: f"({letter}) {option}" for letter, option in zip(ascii_lowercase, pair["options"] or (), strict=False)
    }
    if not lettered:
        return pair["question"], pair["answer"]
    question = f"{pair['question']} Choose the most suitable answer from options: {' '.join(lettered.values())}"
    return question, lettered.get(pair["answer"], pair["answer"])


def _fragment(start_s: float | None, end_s: float | None) -> str:
    if start_s is None and end_s is None:
        return ""
    end = "" if end_s is None else f",{end_s:.3f}".rstrip("0").rstrip(".")
    return f"#t={start_s or 0:.3f}".rstrip("0").rstrip(".") + end
