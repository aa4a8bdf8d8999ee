"""The labelled sentences of `data/leaks.jsonl`: who leaks, where, and what each clip's cues are.

``dev`` and ``held-out`` were written before the rules, ``later``, ``last``, ``final``, ``fresh``, ``second``,
``third``, ``fourth``, ``fifth`` and ``sixth`` each before the next round of mending. The first run on each set stands
in docs/quality.md; since then all of them may be tuned on. ``second-author``, ``second-author-b`` and ``third-author``
to ``eighth-author`` are by seven who had seen no rule, each sentence labelled for both kinds; ``by-cause`` and
``by-cause-b`` to ``by-cause-m`` were written for the causes of wrong flags; ``spoken`` and ``shared-words`` with its
``-b`` and ``-c`` are on speech alone. The leaks of these have no places, but for those of ``second-author``.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fusionaudio_assets.captioning.cues import Cues, LabelCue, MusicCue, SpeechCue, VisualCue
from fusionaudio_assets.captioning.leaks import Leak, find_leaks

_FILE = Path(__file__).parent / "data" / "leaks.jsonl"
_RATED = re.compile(r"(.+) \((\d+)%\)")


@dataclass(frozen=True)
class Sentence:
    """One labelled sentence: the kind of leak that it was written for, whether it leaks, and the places."""

    id: str
    kind: str
    leak: bool
    split: str
    caption: str
    spans: Sequence[str]
    cues: Cues

    def found(self) -> list[Leak]:
        """Leaks of its kind that are found in it."""
        return [leak for leak in find_leaks(self.caption, self.cues) if leak.kind == self.kind]


def sentences(split: str, file: Path = _FILE) -> list[Sentence]:
    """Read the sentences of a split."""
    records = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [
        Sentence(
            **{key: one[key] for key in ("id", "kind", "leak", "split", "caption", "spans")}, cues=_cues(one["cues"])
        )
        for one in records
        if one["split"] == split
    ]


def _cues(texts: dict[str, Any]) -> Cues:
    rated = [match for match in map(_RATED.fullmatch, texts.get("labels", ())) if match]
    return Cues(
        duration_s=10,
        labels=tuple(LabelCue(name=match[1], quality=int(match[2]) / 100) for match in rated),
        sound=" ".join(texts.get("sound", ())),
        music=MusicCue(description=" ".join(texts["music"])) if "music" in texts else None,
        speech=SpeechCue(present=True, text=" ".join(texts["speech"])) if "speech" in texts else None,
        visual=VisualCue(description=" ".join(texts["visual"])) if "visual" in texts else None,
    )
