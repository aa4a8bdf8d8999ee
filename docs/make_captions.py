"""Write docs/captions.md, what the composer says of the cues in docs/captions.yaml: `python docs/make_captions.py`."""

from pathlib import Path
from typing import Any

import yaml

from fusionaudio_assets.captioning.composer import compose
from fusionaudio_assets.captioning.cues import Cues, EventCue, LabelCue

SOURCE = Path(__file__).with_name("captions.yaml")
TARGET = Path(__file__).with_name("captions.md")
CLIP_S = 10.0


def clips() -> dict[str, Cues]:
    """The sets of cues by what a listener would hear."""
    raw: dict[str, dict[str, Any]] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return {name: _cues(**fields) for name, fields in raw.items()}


def page() -> str:
    """The whole page."""
    parts = [
        "# Captions of the composer",
        "Made from `docs/captions.yaml` by `python docs/make_captions.py`; do not edit. The composer writes wherever "
        "no language model is asked, or its words do not hold. Read all of them when one changes: they should sound "
        "like a person who listened.",
    ]
    return "\n\n".join([*parts, *(_part(name, cues) for name, cues in clips().items())]) + "\n"


def _part(name: str, cues: Cues) -> str:
    composed = compose(cues)
    lines = [f"## {name[0].upper()}{name[1:]}", f"> {composed.caption or f'(no caption: {composed.abstain_reason})'}"]
    if composed.ambiguities:
        lines.append("Ambiguities: " + " ".join(composed.ambiguities))
    return "\n\n".join([*lines, f"<sub>{_shown(cues)}</sub>"])


def _shown(cues: Cues) -> str:
    """The cues in one line."""
    shown = [f"label {label.name}{'' if label.quality is None else f' {label.quality:.0%}'}" for label in cues.labels]
    for event in cues.events:
        times = ", ".join(f"{start:g}–{end:g}" for start, end in event.spans)
        shown.append(f"{event.label} {event.score:g} ({times} s)")
    for one in cues.stretches:
        shown.append(f"sound {one.start_s:g}–{one.end_s:g} s{': ' if one.manner else ''}{', '.join(one.manner)}")
    if music := cues.music:
        tempo = f"{music.tempo_bpm:g} BPM" if music.tempo_bpm else ""
        words = (*music.genres, *music.instruments, *music.moods, tempo)
        shown.append("music: " + (", ".join(filter(None, words)) or "nothing known"))
    return "; ".join([f"{cues.duration_s:g} s", *(["silent"] if cues.silent else shown)])


def _cues(
    labels: list[str] | dict[str, float] | None = None,
    events: dict[str, list[Any]] | None = None,
    duration_s: float = CLIP_S,
    **fields: Any,
) -> Cues:
    rated = labels if isinstance(labels, dict) else dict.fromkeys(labels or ())
    return Cues(
        duration_s=duration_s,
        labels=tuple(LabelCue(name=name, quality=quality) for name, quality in rated.items()),
        events=tuple(
            EventCue(label=label, score=score, spans=tuple(map(tuple, spans)))
            for label, (score, *spans) in (events or {}).items()
        ),
        **fields,
    )


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
