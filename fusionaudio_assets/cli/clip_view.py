"""All that is known about a clip, grouped for a reader."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fusionaudio_assets.cli.console import printable
from fusionaudio_assets.reasons import meaning_of
from resources.english import counted

Known = Mapping[str, Any]
"""What `show.gather` returns, or the part of one asset in it."""

Lines = Iterator[tuple[str, str]]
"""Names and values of a section."""

_MOST_TAGS = 8
_CLAIM_WIDTH = 32
_CUE_ASSETS = {
    "events": "tags",
    "singing": "tags",
    "sound": "sound_captions",
    "speech": "transcripts",
    "music": "music_captions",
    "visual": "visual_captions",
}
"""Where the kinds of cues come from that `captioning.vocabulary` names; labels are of people."""


def clip_view(known: Known) -> Group:
    """Sections in the order in which a caption is made."""
    parts: list[RenderableType] = []
    for title, lines in _sections(known):
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in lines:
            if value:
                # A Text, not a string: a name in brackets is no markup.
                grid.add_row(f"  {name}", Text(value))
        parts += [Text(title, style="bold"), grid]
    return Group(*parts)


def _sections(known: Known) -> Iterator[tuple[str, Lines]]:
    yield f"Clip {known['clip_id']}", _clip(known["manifest"], known["shard"])
    stages: tuple[tuple[str, str, Callable[[Known], Lines]], ...] = (
        ("Medium", "raw_clips", _medium),
        ("Tags", "tags", _tags),
        ("Stems", "stems", _stems),
        ("Speech", "transcripts", _speech),
        ("Sound", "sound_captions", _description),
        ("Music", "music_captions", _music),
        ("Pictures", "visual_captions", _description),
        ("Caption", "fused_captions", partial(_caption, models=_models(known))),
        ("Score", "caption_scores", _score),
        ("Questions", "qa_pairs", _questions),
        ("Decision", "filtered_dataset", _decision),
    )
    for title, asset, lines in stages:
        passed_over = [override for override in known["overrides"] if override["stage"] == asset]
        yield title, chain(_stage(known[asset], lines), map(_although, passed_over))


def _stage(row: Known | None, lines: Callable[[Known], Lines]) -> Lines:
    if row is None:
        yield "not made", "yet"
    elif row["status"] != "ok":
        detail = f" ({printable(row['detail'])})" if row["detail"] else ""
        yield row["status"], f"{meaning_of(row['reason'])}{detail}"
    else:
        yield from lines(row)
        yield "model", row["model"] or ""


def _although(override: Known) -> tuple[str, str]:
    return "although", f"{override['rule']} is broken ({override['figure']:.4g}): {printable(override['reason'])}"


def _clip(row: Known, shard: str) -> Lines:
    yield "shard", shard
    yield "sources", ", ".join(map(printable, row["sources"] or []))
    yield "file", printable(row["path"])
    yield "segment", _span(row) if row["start_s"] is not None or row["end_s"] is not None else ""
    labels = (_with(label["name"], label["quality"], "{:.0%}") for label in row["labels"] or [])
    yield "labels", printable(", ".join(labels))
    yield "licence", row["license"] or ""
    yield "split", row["split"] or ""


def _medium(row: Known) -> Lines:
    yield "duration", _figure(row["duration_s"], "{:.2f} s")
    yield (
        "sound",
        f"{row['sample_rate_hz']} Hz, channels: {row['source_channels']}, {row['codec']} in {row['container']}",
    )
    yield "loudness", _figure(row["loudness_lufs"], "{:.1f} LUFS") or "not measurable"
    yield "peak", _figure(row["peak_db"], "{:.1f} dBFS")
    frames = counted(row["num_frames"] or 0, "key frame")
    yield "pictures", f"{row['width']}×{row['height']}, {frames}" if row["has_video"] else "none"
    yield "note", row["note"] or ""


def _tags(row: Known) -> Lines:
    yield "classes", _scored((row["tags"] or [])[:_MOST_TAGS])
    for event in row["events"] or []:
        yield "event", f"{_with(event['label'], event['score'])} at {', '.join(map(_span, event['spans']))}"
    for segment in row["segments"] or []:
        yield segment["kind"], _span(segment)
    for stretch in row["stretches"] or []:
        pitch = _figure(stretch["pitch_hz"], ", pitch {:.0f} Hz")
        yield "sounds", f"{_span(stretch)}, {stretch['level_db']:.0f} dB, {stretch['centroid_hz']:.0f} Hz{pitch}"


def _stems(row: Known) -> Lines:
    yield "vocals", _figure(row["vocal_share"], "{:.0%} of the energy")
    yield "the rest", _figure(row["residual_db"], "{:+.1f} dB to the whole")


def _speech(row: Known) -> Lines:
    yield "words", row["text"] or "none recognised"
    yield "language", _with(row["language"] or "unknown", row["language_probability"])
    yield "confident", "yes" if row["confident"] else "no"
    yield "log-prob.", _figure(row["avg_logprob"], "{:.2f} on average")


def _description(row: Known) -> Lines:
    yield "text", row["description"] or "nothing sure"


def _music(row: Known) -> Lines:
    yield from _description(row)
    for name in ("genres", "instruments", "moods", "vocals"):
        yield name, _scored(row[name] or [])
    yield "tempo", _figure(row["tempo_bpm"], "{:.0f} bpm")


def _caption(row: Known, models: Mapping[str, str]) -> Lines:
    yield "caption", row["caption"] or f"none: {row['abstain_reason'] or 'abstained'}"
    yield "author", row["author"] or ""
    yield "cues", ", ".join(row["modalities"] or [])
    for ambiguity in row["ambiguities"] or []:
        yield "ambiguous", ambiguity
    for label in row["left_out"] or []:
        yield "left out", f"the label {printable(label)}, which is no plain name of a sound"
    yield from _claims(row["claims"] or [], models)
    for leak in row["leaks"] or []:
        yield "leak", f"{leak['kind']}: {leak['text']} ({leak['detail']})"
    if row["draft"]:
        yield "draft", row["draft"]
        yield "rejected", row["draft_rejected"] or ""


def _claims(claims: Sequence[Known], models: Mapping[str, str]) -> Lines:
    """Each claim beside the cues that support it, with the models that gave them."""
    width = min(max((len(claim["text"]) for claim in claims), default=0), _CLAIM_WIDTH)
    for number, claim in enumerate(claims):
        mark = "✓" if claim["supported"] else "✗"
        cues = "; ".join(_with_model(cue, models) for cue in claim["by"] or []) or "no cue"
        yield "" if number else "claims", f"{mark} {claim['text']:<{width}}  ← {cues}"


def _with_model(cue: str, models: Mapping[str, str]) -> str:
    model = models.get(cue.partition(":")[0])
    return f"{printable(cue)} [{model}]" if model else printable(cue)


def _models(known: Known) -> dict[str, str]:
    """The model behind each kind of cue."""
    return {kind: row["model"] for kind, asset in _CUE_ASSETS.items() if (row := known[asset]) and row["model"]}


def _score(row: Known) -> Lines:
    yield "similarity", _figure(row["similarity"], "{:.3f}")
    yield "scorer", row["scorer"] or ""
    yield "length", _figure(row["num_words"], "{} words")


def _questions(row: Known) -> Lines:
    for pair in row["pairs"] or []:
        options = f" [{' / '.join(pair['options'])}]" if pair["options"] else ""
        yield f"{pair['category']}", f"{pair['question']}{options} — {pair['answer']}"


def _decision(row: Known) -> Lines:
    if row["kept"]:
        yield "released", "yes"
    for reason in row["drop_reasons"] or []:
        yield "against", meaning_of(reason)


def _scored(labels: Iterable[Known]) -> str:
    return ", ".join(_with(label["label"], label["score"]) for label in labels)


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def _with(name: str, figure: float | None, form: str = "{:.2f}") -> str:
    return name if figure is None else f"{name} ({_figure(figure, form)})"


def _span(bounds: Known) -> str:
    start, end = bounds["start_s"] or 0, bounds["end_s"]
    return f"{start:.1f} s to {'the end' if end is None else f'{end:.1f} s'}"
