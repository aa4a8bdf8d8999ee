"""What may be said about a clip: each sound that is heard, the music, and all of it together."""

from dataclasses import dataclass

from fusionaudio_assets.captioning.relations import stands_out

CLEAR_SCORE = 0.7
"""From here on no writer may say that there is nothing to tell."""
MUSIC_GROUPS = frozenset({"music", "instrument", "genre", "mood"})
STEADY_GROUPS = frozenset({"weather", "water", "fire", "engine", "vehicle", "noise", "insect", "texture"})
FLOWING_GROUPS = frozenset({*MUSIC_GROUPS, *STEADY_GROUPS, "speech", "singing"})
"""One stream with pauses each; groups are those of `sound_names.yaml`."""


@dataclass(frozen=True)
class Heard:
    """One sound that may be said.

    Attributes:
        label: AudioSet display name, or two joined by " + ".
        group: Its group in `sound_names.yaml`.
        nouns: Noun phrases for it.
        clauses: Clauses for it.
        score: In [0, 1]; 1 for a confirmed label.
        sure: Said plainly; else with care.
        spans: When it is heard; empty when that is unknown.
        coverage: Share of the clip in which it is heard; 0 when unknown.
        implied: Wider classes that are heard whenever it is.
        measured: The spans are those of the signal itself, so that they may be counted and timed.
        manner: How it sounds, as far as all of it was measured to sound so.
    """

    label: str
    group: str
    nouns: tuple[str, ...]
    clauses: tuple[str, ...]
    score: float
    sure: bool
    spans: tuple[tuple[float, float], ...]
    coverage: float
    implied: frozenset[str] = frozenset()
    measured: bool = False
    manner: tuple[str, ...] = ()

    @property
    def start_s(self) -> float | None:
        """When it is first heard, None when unknown."""
        return self.spans[0][0] if self.spans else None

    @property
    def end_s(self) -> float | None:
        """When it is last heard, None when unknown."""
        return self.spans[-1][1] if self.spans else None

    @property
    def flows(self) -> bool:
        """It is one stream with pauses rather than something that comes a number of times."""
        return self.group in FLOWING_GROUPS and not stands_out(self.label)

    @property
    def steady(self) -> bool:
        """It lasts, as rain or an engine does, and so may stand in the background."""
        lasts = not self.spans or self.coverage >= 0.6
        return self.group in STEADY_GROUPS and lasts and not stands_out(self.label)


@dataclass(frozen=True)
class Music:
    """The music of a clip: words without articles, best first; `tempo` is slow, moderate, fast or empty.

    `spans`, `coverage` and `measured` as in `Heard`.
    """

    moods: tuple[str, ...] = ()
    genre: str = ""
    instruments: tuple[str, ...] = ()
    tempo: str = ""
    spans: tuple[tuple[float, float], ...] = ()
    coverage: float = 0.0
    measured: bool = False


@dataclass(frozen=True)
class Facts:
    """What may be said about a clip; sounds in order of time, those of unknown time last."""

    speech: Heard | None
    singing: Heard | None
    music: Music | None
    sounds: tuple[Heard, ...]
    doubtful: tuple[Heard, ...]
    space: str
    silent: bool

    @property
    def clear(self) -> tuple[str, ...]:
        """Names of what is heard so clearly that no writer may leave the clip without a caption."""
        heard = [one for one in (self.speech, self.singing, *self.sounds) if one and one.score >= CLEAR_SCORE]
        return (*(one.nouns[0] for one in heard), *(("music",) if self.music else ()))

    @property
    def empty(self) -> bool:
        """Nothing at all may be said."""
        return not (self.speech or self.singing or self.music or self.sounds or self.doubtful or self.silent)
