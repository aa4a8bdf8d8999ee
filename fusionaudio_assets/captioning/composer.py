"""A deterministic writer of captions: one or two plain sentences out of facts.

Events stand in order of time, what lasts stands in the background, music and its character come last. The wording is
picked by a hash of the cues, so that a clip always gets the same caption and a data set many. It claims nothing that
`support` would not accept: both take their words from `resources.sound_names`.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.facts import Facts, Heard, facts_of, plain_words
from fusionaudio_assets.captioning.music_phrases import MusicPhrases, listed
from fusionaudio_assets.captioning.relations import confused_with
from fusionaudio_assets.captioning.timeline import Timeline

NO_FACTS = "no cue is sure enough to say what is heard"
_SILENCE = (
    "Near silence, with no distinct sound.",
    "Almost complete silence, with nothing distinct to hear.",
    "There is near silence throughout.",
)
_CONFUSABLE_BELOW = 0.8


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
    if facts.empty:
        return Composed("", abstained=True, abstain_reason=NO_FACTS)
    rng = random.Random(cues.audible_digest())
    sentences = [rng.choice(_SILENCE)] if facts.silent else _Writer(facts, cues, rng).sentences()
    caption = " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences if sentence)
    return Composed(caption, ambiguities(facts), modalities(facts, cues))


def ambiguities(facts: Facts) -> tuple[str, ...]:
    """Say what the less sure sounds could be taken for."""
    unsure = [one for one in (*facts.sounds, *facts.doubtful) if one.score < _CONFUSABLE_BELOW]
    return tuple(
        f"What is heard as {one.nouns[0]} could be confused with {listed(others, 'or')}."
        for one in unsure
        if (others := confused_with(one.label))
    )


def modalities(facts: Facts, cues: Cues) -> tuple[str, ...]:
    """Return which cues the facts come from."""
    said = {one.label for one in (*facts.sounds, *facts.doubtful, facts.speech, facts.singing) if one}
    used = {
        "labels": any(label.name in said for label in cues.labels),
        "sound": bool(facts.sounds or facts.doubtful or facts.silent),
        "speech": facts.speech is not None,
        "music": facts.music is not None or facts.singing is not None,
    }
    return tuple(name for name, is_used in used.items() if is_used)


class _Writer:
    """Lays out one caption: who comes first, what stands behind, what goes into a second sentence."""

    def __init__(self, facts: Facts, cues: Cues, rng: random.Random) -> None:
        self.facts = facts
        self.rng = rng
        self.timeline = Timeline(cues.duration_s, rng)
        self.manner = cues.speech.manner if cues.speech and cues.speech.present else ""
        self.music = MusicPhrases(facts.music, facts.singing, rng) if facts.music else None
        self.passing_music = self._passing_music()

    def sentences(self) -> list[str]:
        """Return the sentences, each with its full stop."""
        foreground, background = self._layers()
        if self.passing_music:
            foreground = self.timeline.ordered([*foreground, self.passing_music])
            self.music = None
        if not foreground:
            return self._music_first(background)
        first, rest = foreground[:2], foreground[2:]
        lead = self.timeline.sentence(first, alone=self._alone(foreground, background))
        second = self.timeline.sentence(rest, opening=True) if rest else ""
        spare = ""
        if background:
            lead, spare = self._add_background(lead, background)
        if self.music:
            lead, described = self._add_music(lead, crowded=bool(background) or len(first) > 1)
            return [self._located(lead) + ".", _stop(second), _stop(spare), described, self._careful()]
        lead = self._located(lead) if not spare and not second else lead
        return [lead + ".", _stop(second), _stop(spare), self._careful()]

    def _layers(self) -> tuple[list[Heard], list[Heard]]:
        """Split what is heard into foreground, in order of time, and background."""
        facts = self.facts
        speech = replace(facts.speech, clauses=self._manners(facts.speech)) if facts.speech else None
        voices = [one for one in (speech, None if self.music else facts.singing) if one]
        background = [one for one in facts.sounds if one.steady]
        foreground = [one for one in facts.sounds if not one.steady]
        if not foreground and not voices and not self.music:
            foreground, background = background[:2], background[2:]
        return self.timeline.ordered([*voices, *foreground]), background

    def _manners(self, speech: Heard) -> tuple[str, ...]:
        """Return the clauses for speech with its manner, where one plain word tells it."""
        (manner, *_) = (*plain_words([self.manner]), "")
        if not manner or " " in manner:
            return speech.clauses
        article = "an" if manner[0] in "aeiou" else "a"
        return tuple(f"{clause} in {article} {manner} tone" for clause in speech.clauses)

    def _add_background(self, lead: str, background: Sequence[Heard]) -> tuple[str, str]:
        """Put what lasts at the end of the first sentence, or into one of its own where the first is long."""
        if "," in lead or len(background) > 2:
            return lead, f"in the background, {self.timeline.clauses(background)}"
        nouns = listed([self.rng.choice(one.nouns) for one in background])
        return f"{lead}, with {nouns} in the background", ""

    def _add_music(self, lead: str, *, crowded: bool) -> tuple[str, str]:
        assert self.music
        name = self.music.name()
        if crowded:
            return lead, self.music.behind(name) + "."
        joined = self.rng.choice((f"{lead} over {name}", f"{lead} while {name} plays", f"{lead} as {name} plays"))
        if self.facts.singing:
            joined = f"{lead} over {name} with {self.rng.choice(self.facts.singing.nouns)}"
        return joined, self.music.details()

    def _music_first(self, background: Sequence[Heard]) -> list[str]:
        if self.music is None:  # only doubtful sounds
            return [self._careful()]
        lead = self.music.lead()
        if background:
            lead += f", with {listed([self.rng.choice(one.nouns) for one in background])} in the background"
        return [lead + ".", self._careful()]

    def _passing_music(self) -> Heard | None:
        """Return music that does not last as one of the sounds in time, when there are others."""
        facts = self.facts
        if not (self.music and facts.music and facts.music.spans and facts.music.coverage < 0.7):
            return None
        if not (facts.speech or facts.sounds):
            return None
        (first_s, _), (_, last_s) = facts.music.spans[0], facts.music.spans[-1]
        clause, noun = self.music.passing(), self.music.name()
        return Heard("Music", "music", (noun,), (clause,), 1.0, True, ((first_s, last_s),), facts.music.coverage)

    def _alone(self, foreground: Sequence[Heard], background: Sequence[Heard]) -> bool:
        return len(foreground) == 1 and not background and not self.music and not self.facts.doubtful

    def _located(self, sentence: str) -> str:
        if self.facts.space and len(sentence.split()) < 14:
            return f"in what sounds like {self.facts.space}, {sentence}"
        return sentence

    def _careful(self) -> str:
        if not self.facts.doubtful:
            return ""
        nouns = listed([self.rng.choice(one.nouns) for one in self.facts.doubtful], "and")
        if self.facts.speech or self.facts.sounds or self.facts.music or self.facts.singing:
            return self.rng.choice(
                (f"What sounds like {nouns} can also be heard.", f"There is also what sounds like {nouns}.")
            )
        return self.rng.choice((f"What sounds like {nouns} can be heard.", f"There is what sounds like {nouns}."))


def _stop(sentence: str) -> str:
    return f"{sentence}." if sentence else ""
