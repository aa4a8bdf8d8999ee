"""The data card: what a release holds, how it was made, and where its limits are. Made from `release.json` alone."""

from collections.abc import Mapping
from typing import Any

import yaml

from fusionaudio_assets.markdown import cell, table
from fusionaudio_assets.reasons import meaning_of
from fusionaudio_assets.release.formats import split_name
from fusionaudio_assets.tables import Release
from resources.english import counted

_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
_FILES = {
    "parquet": ("`data/*.parquet`", "one row a clip; `audio` loads as the Audio feature of Hugging Face `datasets`"),
    "jsonl": ("`captions.jsonl`", "the same rows, one JSON object a line"),
    "gama": ("`gama.json`", "a list of `{audio_id, instruction, input, dataset, task, output}` for training"),
}


def data_card(record: Mapping[str, Any]) -> str:
    """Markdown with the YAML header that the Hugging Face hub reads.

    Args:
        record: The content of `release.json`.
    """
    sections = (
        _summary(record),
        _files(record),
        _captions(record),
        _selection(record),
        _licences(record),
        _models(record),
        _limits(record),
    )
    return f"---\n{yaml.safe_dump(_header(record), sort_keys=False)}---\n\n" + "\n\n".join(sections) + "\n"


def _header(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "pretty_name": f"Audio captions {record['version']}",
        "license": "other",
        "license_name": "per-clip",
        "language": ["en"],
        "task_categories": ["audio-text-to-text"],
        "tags": ["audio-captioning", "fusionaudio"],
        "size_categories": [next((name for most, name in _SIZES if record["kept"] < most), "n>10M")],
        "configs": [{"config_name": "default", "data_files": _data_files(record)}],
    }


def _data_files(record: Mapping[str, Any]) -> list[dict[str, str]]:
    if "parquet" in record["formats"]:
        names = dict.fromkeys(split_name(split) for split in record["splits"])
        return [{"split": name, "path": f"data/{name}-*.parquet"} for name in names]
    return [{"split": "train", "path": "captions.jsonl" if "jsonl" in record["formats"] else "gama.json"}]


def _summary(record: Mapping[str, Any]) -> str:
    num_pairs = sum(record["qa_pairs"].values())
    pairs = f", and {counted(num_pairs, 'question-answer pair')}" if num_pairs else ""
    return "\n".join(
        [
            f"# Audio captions, release {record['version']}",
            "",
            f"{counted(record['kept'], 'audio clip')} ({_length(record['audio_s'])}), each with one caption about "
            f"what can be heard{pairs}. Made on {record['created'][:10]} by "
            f"fusionaudio {record['fusionaudio']} with the profile `{record['profile']['name']}`: "
            f"{record['profile']['description'] or 'no description'}",
        ]
    )


def _files(record: Mapping[str, Any]) -> str:
    columns = table(("column", "meaning"), ((f"`{n}`", c.description or "") for n, c in Release.columns().items()))
    audio = (
        "The sound is part of the release, as 24-bit FLAC."
        if record["with_audio"]
        else "The sound is not part of the release: `audio` names the source as it was ingested, and a segment of a "
        "longer source carries its bounds in seconds (`name#t=30,40`). `audio_sha256` tells whether you have the same "
        "samples."
    )
    files = table(("file", "content"), (_FILES[name] for name in record["formats"]))
    return f"## Files\n\n{files}\n\n{audio}\n\n{columns}"


def _captions(record: Mapping[str, Any]) -> str:
    words, kept = record["words"], record["kept"]
    shares = ", ".join(f"{name} {count / kept:.0%}" for name, count in record["modalities"].items())
    lines = [
        "## Captions",
        "",
        f"* Words: mean {words['mean']}, median {words['median']}, 5th to 95th percentile {words['p5']} to "
        f"{words['p95']}, least {words['min']}, most {words['max']}.",
        f"* Written by: {_counted(record['authors'])}.",
        f"* Cues drawn on: {shares or 'not recorded'}.",
        f"* Scored by: {_counted(record['scorers']) or 'no scorer'}.",
    ]
    if record["qa_pairs"]:
        lines.append(f"* Question-answer pairs: {_counted(record['qa_pairs'])}.")
    return "\n".join(lines)


def _selection(record: Mapping[str, Any]) -> str:
    dropped = record["clips"] - record["kept"]
    clips, kept = counted(record["clips"], "clip"), counted(record["kept"], "is", "are")
    text = f"## Selection\n\nOf {clips} {kept} released and {counted(dropped, 'is', 'are')} not."
    if dropped:
        rows = ((f"`{name}`", meaning_of(name), f"{count:,}") for name, count in record["drop_reasons"].items())
        text += " A clip may have several reasons against it.\n\n" + table(("reason", "meaning", "clips"), rows)
    return text


def _licences(record: Mapping[str, Any]) -> str:
    rows = ((cell(name) or "not stated", f"{count:,}") for name, count in record["licences"].items())
    return (
        "## Licences\n\nEach clip keeps the licence of its source, in the column `license`. The captions say nothing "
        f"about what the licence of a clip allows.\n\n{table(('licence', 'clips'), rows)}"
    )


def _models(record: Mapping[str, Any]) -> str:
    rows = (
        (f"`{stage}`", cell(model), f"{count:,}")
        for stage, models in record["models"].items()
        for model, count in models.items()
    )
    return f"## Models\n\n{table(('stage', 'model', 'clips of the lake'), rows)}"


def _limits(record: Mapping[str, Any]) -> str:
    limits = [
        "Captions are written by machines from what other machines heard. They were not checked by people; expect "
        "wrong, missing and too general statements.",
        "Checks for what was seen or said, and for claims without support, find much and not all.",
        "The similarity threshold is the profile's. It was not calibrated on human judgements of these clips.",
        "Captions are in English. Sounds that the tagger does not know by name are not described.",
        "Duplicates were looked for within a shard only, and no overlap with public test sets was looked for.",
    ]
    if record["profile"]["name"] == "embedded":
        limits.append("The profile `embedded` uses small models meant for trying things out, not the best there are.")
    if unfinished := record["unfinished_shards"]:
        limits.append(f"Not finished and left out: {counted(unfinished, 'shard')} of the lake.")
    if refused := record["refused_shards"]:
        shard, told = next(iter(refused.items()))
        limits.append(
            f"Refused by a gate and left out: {counted(len(refused), 'shard')}, for example {shard}: {cell(told)}"
        )
    if without_qa := record["shards_without_qa"]:
        limits.append(f"{counted(without_qa, 'shard has', 'shards have')} no question-answer pairs: none were made.")
    limits += [
        f"Made although the rule `{rule}` is broken: {counted(shards, 'shard')}; the reason given: {cell(reason)}"
        for rule, reasons in record["overrides"].items()
        for reason, shards in reasons.items()
    ]
    if unknown := record["licences"].get("", 0):
        limits.append(f"The licence of {counted(unknown, 'clip')} is not known: clear it before you pass them on.")
    return "## Limits\n\n" + "\n".join(f"* {limit}" for limit in limits)


def _length(audio_s: float) -> str:
    return f"{audio_s / 3600:,.1f} h" if audio_s >= 3600 else f"{audio_s / 60:.1f} min"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name or 'other'} {count:,}" for name, count in counts.items())
