"""What the pipeline made of every scene, against the scene's truth."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.comparison import normal
from benchmarks.scenes.captions import SILENCE, Judge, Judged, Verdict
from benchmarks.scenes.compose import Event, Truth
from benchmarks.scenes.signals import average_precision, si_sdr_db
from benchmarks.scenes.synth import RATE_HZ
from fusionaudio_assets.payloads import mono_at
from fusionaudio_assets.stage import Row
from fusionaudio_assets.tables import Status
from resources.audio import resample
from resources.lake import Lake
from resources.ontology import Ontology
from resources.tagger import Tagger, TagScores

KNOWN_SCORE = 0.5
"""The tagger knows a source when its best answer on the stem alone is right, with at least this score."""
_MUSIC_S = 2.5
_VOICE, _SINGING, _MUSIC, _NOISE = "Human voice", "Singing", "Music", "Noise"

Rows = Mapping[str, Row]
"""The rows of one clip by asset."""


@dataclass(frozen=True)
class Separation:
    """SI-SDR of the voice, in dB: in the mixture, and in the separated vocals."""

    before_db: float
    after_db: float


@dataclass(frozen=True)
class Scored:
    """One scene.

    Attributes:
        truth: What is there.
        caption: Empty when there is none.
        author: Who wrote it.
        outcome: caption, abstention or failed.
        judged: The caption against the truth.
        known: Names of the clearly audible sources that the tagger knows.
        gates: For each of separate, transcribe, music: whether it was done and whether it should be; None where the
            truth leaves that open, for a source is there but not clearly.
        words: Reference and recognised words; of scenes with known words.
        invented: Words that count although nobody speaks.
        separation: Of scenes in which known speech was separated.
        drop_reasons: Why the clip would not be released.
    """

    truth: Truth
    caption: str
    author: str
    outcome: str
    judged: Judged
    known: frozenset[str]
    gates: Mapping[str, tuple[bool, bool | None]]
    words: tuple[str, str] | None
    invented: str
    separation: Separation | None
    drop_reasons: tuple[str, ...]

    @property
    def clear(self) -> list[Event]:
        """The clearly audible sources, pure noise apart, which need not be named."""
        return [event for event in self.truth.events if event.clear and not is_noise(event)]

    @property
    def is_silent(self) -> bool:
        """Nothing is there but silence or noise."""
        return all(is_noise(event) for event in self.truth.events)

    @property
    def names_none(self) -> bool:
        """The caption names no source, rightly or wrongly."""
        judged = any(verdict != Verdict.OPEN for _, verdict in self.judged.claims)
        return bool(self.caption) and not (judged or self.judged.named)

    @property
    def gives_source(self) -> bool:
        """The caption names something that is not there."""
        return any(verdict == Verdict.WRONG for _, verdict in self.judged.claims)


def is_noise(event: Event) -> bool:
    """It is noise of no source."""
    return _NOISE in event.labels


class Scorer:
    """Scores the scenes of a folder, see `compose`, by the rows of a lake."""

    def __init__(self, ontology: Ontology, lake: Lake, folder: Path, tagger: Tagger) -> None:
        self.ontology, self.lake, self.folder, self.tagger = ontology, lake, folder, tagger
        self.judge = Judge(ontology)

    def score(self, truths: Sequence[Truth], rows: Mapping[str, Rows]) -> list[Scored]:
        """Score all scenes; rows by the clip's file name."""
        return [
            self._scored(truth, rows[truth.file], known)
            for truth, known in zip(truths, self._known(truths), strict=True)
        ]

    def is_a(self, event: Event, name: str) -> bool:
        """Whether one of the source's labels is, or lies below, a class."""
        return any(self.ontology.is_a(label, name) for label in event.labels)

    def _scored(self, truth: Truth, rows: Rows, known: frozenset[str]) -> Scored:
        fused, heard = rows["fused_captions"], rows["transcripts"]
        caption = fused["caption"] or ""
        failed = fused["status"] == Status.FAILED
        believed = (heard["text"] or "") if heard["confident"] else ""
        spoken = " ".join(event.transcript for event in truth.events if event.transcript)
        silent = not any(self.is_a(event, _VOICE) for event in truth.events)
        return Scored(
            truth=truth,
            caption=caption,
            author=fused["author"] or "",
            outcome="failed" if failed else "caption" if caption else "abstention",
            judged=self.judge.judge(caption, truth),
            known=known,
            gates=self._gates(truth, rows),
            words=(normal(spoken), normal(believed)) if spoken else None,
            invented=believed if silent else "",
            separation=self._separation(truth, rows["stems"]) if spoken else None,
            drop_reasons=tuple(rows["filtered_dataset"]["drop_reasons"] or ()),
        )

    def _gates(self, truth: Truth, rows: Rows) -> dict[str, tuple[bool, bool | None]]:
        voice = self._present(truth, lambda event: self.is_a(event, _VOICE))
        music = self._present(truth, self._is_music)
        other = self._present(truth, lambda event: not self.is_a(event, _VOICE))
        mixed = False if voice is False or other is False else None if None in (voice, other) else True
        wanted = {
            "separate": ("stems", mixed),
            "transcribe": ("transcripts", voice),
            "music": ("music_captions", music),
        }
        return {gate: (rows[asset]["status"] == Status.OK, should) for gate, (asset, should) in wanted.items()}

    def _is_music(self, event: Event) -> bool:
        """Music by nature, or an instrument that plays for a while."""
        lasts_s = sum(end_s - start_s for start_s, end_s in event.spans)
        return self.is_a(event, _MUSIC) and (bool(event.open) or lasts_s >= _MUSIC_S)

    def _present(self, truth: Truth, wanted: Callable[[Event], bool]) -> bool | None:
        clearness = [event.clear for event in truth.events if wanted(event)]
        return True if any(clearness) else None if clearness else False

    def _separation(self, truth: Truth, stems: Row) -> Separation | None:
        if stems["status"] != Status.OK or len(truth.events) < 2:
            return None
        vocals = self.lake.open_payload("stems", "vocals", stems["vocals_file"])
        estimate = mono_at(vocals.read(stems["clip_id"]), RATE_HZ)
        vocals.close()
        parts = [self._stem(truth, index) for index in range(len(truth.events))]
        voice = np.sum([part for part, event in zip(parts, truth.events, strict=True) if event.transcript], axis=0)
        mixture = np.sum(parts, axis=0)
        length = min(len(estimate), len(voice))
        return Separation(si_sdr_db(mixture[:length], voice[:length]), si_sdr_db(estimate[:length], voice[:length]))

    def _known(self, truths: Sequence[Truth]) -> list[frozenset[str]]:
        known = []
        for truth in truths:
            stems = [
                resample(self._stem(truth, index), RATE_HZ, self.tagger.sample_rate_hz)
                for index in range(len(truth.events))
            ]
            names = set()
            for event, scores in zip(truth.events, self.tagger.tag(stems) if stems else [], strict=True):
                answer, score = self._answer(scores)
                if event.clear and score >= KNOWN_SCORE and self.judge.fits(frozenset({answer}), event):
                    names.add(event.source)
            known.append(frozenset(names))
        return known

    def _answer(self, scores: TagScores) -> tuple[str, float]:
        """The best class of a clip, the most specific one of equals, and its score."""
        clip = self.ontology.propagate(scores.scores.max(axis=0), self.tagger.classes)
        ranked = sorted(
            (-score, -self.ontology.depth(name), name)
            for name, score in zip(self.tagger.classes, clip.tolist(), strict=True)
            if name != SILENCE
        )
        return ranked[0][2], -ranked[0][0]

    def _stem(self, truth: Truth, index: int) -> NDArray[np.float32]:
        audio: NDArray[np.float32] = soundfile.read(self.folder / f"stems/{truth.name}-{index}.flac", dtype="float32")[
            0
        ]
        return audio


def tag_precision(scored: Sequence[Scored], rows: Mapping[str, Rows], ontology: Ontology) -> dict[str, float]:
    """Average precision of each class that is a label of some scene, over the scenes where its presence is known.

    Not known is it where a source may be called so (`accepts`), where music may hold it (`open`), and where it is
    there but not clearly.
    """
    classes = sorted({label for one in scored for event in one.truth.events for label in event.labels})
    found = {}
    for name in classes:
        pairs = [
            (there, _score(rows[one.truth.file], name))
            for one in scored
            if (there := _there(one.truth, name, ontology)) is not None
        ]
        if any(there for there, _ in pairs):
            found[name] = average_precision([there for there, _ in pairs], [score for _, score in pairs])
    return found


def _score(rows: Rows, name: str) -> float:
    return next((tag["score"] for tag in rows["tags"]["tags"] or [] if tag["label"] == name), 0.0)


def _there(truth: Truth, name: str, ontology: Ontology) -> bool | None:
    labelled = [event for event in truth.events if any(ontology.is_a(label, name) for label in event.labels)]
    if labelled:
        return True if any(event.clear for event in labelled) else None
    may_be = any(ontology.is_a(one, name) for event in truth.events for one in event.accepts)
    is_open = any(ontology.is_a(name, family) for event in truth.events for family in event.open)
    return None if may_be or is_open else False
