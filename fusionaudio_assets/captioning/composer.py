"""A deterministic writer of captions: one to three plain sentences out of facts.

What lasts frames what happens, events stand in order of time, steady sounds lie behind, and music comes with its
character. The wording is picked by a hash of the cues, so that a clip always gets the same caption and a data set many.
It claims nothing that `support` would not accept: both take their words from `resources.sound_names`.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.facts import FAINT_LUFS, facts_of
from fusionaudio_assets.captioning.heard import Facts, Heard
from fusionaudio_assets.captioning.layers import in_order, layers_of, music_frames
from fusionaudio_assets.captioning.lone import Lone
from fusionaudio_assets.captioning.music_phrases import MusicPhrases
from fusionaudio_assets.captioning.relations import confused_with
from fusionaudio_assets.captioning.timeline import Timeline
from fusionaudio_assets.captioning.unnamed import unnamed_sounds
from fusionaudio_assets.captioning.wording import Wording, are, is_curt, joined

NO_FACTS = "no cue is sure enough to say what is heard"
_SILENCE = ("There is almost complete silence.", "It is almost completely silent.")
_CONFUSABLE_BELOW = 0.8
_SHORT_WORDS, _PLAIN_WORDS = 10, 5
_OUTDOORS = "outdoors"
_REST_S, _REST = 4.0, 0.74
"""Quiet of this length, and of this share of the clip, is told of."""
_IN_ORDER = frozenset({"then", "followed", "after"})
_FURTHER = re.compile(r", (?:and|then|with|along|followed|while|as)\b")
_BINDING = frozenset({"while", "as"})


@dataclass(frozen=True)
class Composed:
    """A caption with what goes with it, or an abstention.

    Attributes:
        caption: Empty when abstained.
        ambiguities: What could be confused by ear, one sentence each.
        modalities: Cues that the caption draws on, out of labels, sound, speech, music.
        abstained: There is too little to say.
        abstain_reason: Why; empty when there is a caption.
    """

    caption: str
    ambiguities: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    abstained: bool = False
    abstain_reason: str = ""


def compose(cues: Cues) -> Composed:
    """Write a caption from the audible cues; transcript and pictures are not looked at."""
    facts = facts_of(cues)
    unnamed = unnamed_sounds(cues, facts)
    if facts.empty and not unnamed:
        return Composed("", abstained=True, abstain_reason=NO_FACTS)
    rng = random.Random(cues.audible_digest())
    sentences = [rng.choice(_SILENCE)] if facts.silent else _Writer(facts, unnamed, cues, rng).sentences()
    return Composed(" ".join(sentences), ambiguities(facts), modalities(facts, cues, unnamed))


def ambiguities(facts: Facts) -> tuple[str, ...]:
    """Say what the less sure sounds could be taken for."""
    unsure = [one for one in (*facts.sounds, *facts.doubtful) if one.score < _CONFUSABLE_BELOW]
    return tuple(
        f"What is heard as {one.nouns[0].removeprefix('the sound of ')} could be confused with {joined(others, 'or')}."
        for one in unsure
        if (others := confused_with(one.label))
    )


def modalities(facts: Facts, cues: Cues, unnamed: Sequence[Heard] = ()) -> tuple[str, ...]:
    """Return which cues the facts come from."""
    said = {one.label for one in (*facts.sounds, *facts.doubtful, facts.speech, facts.singing) if one}
    used = {
        "labels": any(label.name in said for label in cues.labels),
        "sound": bool(facts.sounds or facts.doubtful or facts.silent or unnamed),
        "speech": facts.speech is not None,
        "music": facts.music is not None or facts.singing is not None,
    }
    return tuple(name for name, is_used in used.items() if is_used)


class _Writer:
    """Lays out one caption: what stands in front, what behind, what goes into a second sentence."""

    def __init__(self, facts: Facts, unnamed: tuple[Heard, ...], cues: Cues, rng: random.Random) -> None:
        self.rng = rng
        self.facts = facts
        self.unnamed = unnamed
        self.cues = cues
        self.duration_s = cues.duration_s
        spoken = (self.facts.speech, self.facts.singing, *self.facts.sounds, *unnamed)
        self.wording = Wording([one for one in spoken if one], cues.duration_s, rng)
        self.music = MusicPhrases(facts.music, facts.singing, rng) if facts.music else None

    def sentences(self) -> list[str]:
        """Return the sentences, each with its capital and full stop."""
        layers = layers_of(self.facts, self.unnamed, self.duration_s, music_leads=self.music is not None)
        events, behind, music = list(layers.events), list(layers.behind), self.music
        if music and not layers.empty and (passing := self._passing_music(music)):
            events, music = in_order([*events, passing]), None
        front = [*layers.lasting, *events]
        if len(front) == 1 and not (music or behind):
            faint = self.cues.loudness_lufs is not None and self.cues.loudness_lufs <= FAINT_LUFS
            told = [Lone(self.wording, faint=faint).sentence(front[0])]
        else:
            told = Timeline(self.wording, self.rng).sentences(layers.lasting, events) if front else []
        if told and music and behind:
            told.append(f"in the background, {self._clauses(behind)} and {music.full()} plays")
        elif told and music:
            told = self._over_music(told, music, front)
        elif music:
            told = self._before_background([self._music_alone(music)], behind)
        elif behind:
            told = self._before_background(told, behind)
        told = self._hushed(self._located(told))
        return [f"{text[0].upper()}{text[1:]}." for text in (*told, self._careful(alone=not told)) if text]

    def _hushed(self, told: list[str]) -> list[str]:
        """Say that it goes quiet where most of the clip is silence after one sound, as it was measured."""
        stretches, facts = self.cues.stretches, self.facts
        heard = [one for one in (facts.speech, facts.singing, facts.music, *facts.sounds, *self.unnamed) if one]
        if not (stretches and all(one.spans for one in heard)) or facts.doubtful or len(told) != 1:
            return told
        end_s = max(stretches[-1].end_s, *(one.spans[-1][1] for one in heard))
        if self.duration_s - end_s < max(_REST_S, _REST * self.duration_s) or _IN_ORDER & set(told[0].split()):
            return told
        text = told[0].removesuffix(" near the start").removesuffix(" at the start")
        return [f"{text}, followed by silence"]

    def _over_music(self, told: list[str], music: MusicPhrases, front: Sequence[Heard]) -> list[str]:
        if len(front) == 1 and self.wording.tells_little(front[0]):
            noun, again = self.wording.noun(front[0]), self.wording.again(front[0])
            if not again and not music.singing and (when := self.wording.when(front[0])):
                return [f"{music.clause()}, with {noun}{when}"]
            return [f"{noun} {are(noun)} heard{again} over {music.heard()}"]
        return [music.under(told[0])] if len(told) == 1 and _is_short(told[0]) else [*told, music.behind()]

    def _music_alone(self, music: MusicPhrases) -> str:
        text, heard = music.lead(), music.music
        timed = Heard("Music", "music", (), (), 1.0, True, heard.spans, heard.coverage, measured=heard.measured)
        extent = Lone(self.wording).extent(timed, told=True) if is_curt(text) else ""
        told = f"{text}{extent}"
        return f"{music.heard()} can be heard{extent}" if is_curt(told) else told

    def _before_background(self, told: list[str], behind: Sequence[Heard]) -> list[str]:
        """Put what lasts behind at an end of a short sentence, or into one of its own."""
        if not behind:
            return told
        *before, last = told
        nouns, words = joined([self.wording.noun(one) for one in behind]), set(last.split())
        named = any(map(self.wording.tells_little, behind))
        if before or not _is_short(last) or words & (_BINDING | _IN_ORDER):
            if named:
                return [*told, f"{nouns} can be heard in the background"]
            clauses = self._clauses(behind)
            return [*told, self.rng.choice((f"in the background, {clauses}", f"{clauses} in the background"))]
        options = []
        if "over" not in words and "sound" not in nouns:
            options.append(f"{last} over {nouns if 'noise' in nouns else f'the sound of {nouns}'}")
        if named:
            options.append(f"{last}, with {nouns} in the background")
        else:
            clauses = self._clauses(behind)
            options += [f"{last} while {clauses} in the background", f"{clauses} while {last}"]
        return [self.rng.choice(options)]

    def _clauses(self, sounds: Sequence[Heard]) -> str:
        return joined([self.wording.clause(one) for one in sounds])

    def _passing_music(self, music: MusicPhrases) -> Heard | None:
        """Return music that does not last as one of the sounds in time."""
        heard = music.music
        if music_frames(heard, self.duration_s):
            return None
        (start_s, _), (_, end_s) = heard.spans[0], heard.spans[-1]
        clause = music.passing(begins=start_s > 0.2 * self.duration_s, to_end=end_s > 0.9 * self.duration_s)
        return Heard("Music", "music", (music.noun(),), (clause,), 1.0, True, ((start_s, end_s),), heard.coverage)

    def _located(self, told: list[str]) -> list[str]:
        """Say where it sounds to be, before or after a sentence that has room for it."""
        if not (self.facts.space and told):
            return told
        first, *rest = told
        place = _OUTDOORS if self.facts.space == f"the {_OUTDOORS}" else f"in what sounds like {self.facts.space}"
        is_plain = len(first.split()) <= _PLAIN_WORDS and not {"over", *_BINDING, *_IN_ORDER} & set(first.split())
        options = [f"{place}, {first}"] if len(first.split()) < 14 else []
        if is_plain and place != _OUTDOORS:
            options.append(f"{first} {place}")
        return [self.rng.choice(options), *rest] if options else told

    def _careful(self, *, alone: bool) -> str:
        if not self.facts.doubtful:
            return ""
        nouns = joined([self.wording.noun(one) for one in self.facts.doubtful])
        if alone:  # "it" would be what is told before
            return f"it sounds like {nouns}"
        return self.rng.choice(
            (f"what sounds like {nouns} can also be heard", f"there is also what sounds like {nouns}")
        )


def _is_short(text: str) -> bool:
    return len(text.split()) <= _SHORT_WORDS and not _FURTHER.search(text)
