"""The questions that the facts of a clip allow, each with its answer."""

import random
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Literal

import yaml

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.heard import Facts, Heard
from fusionaudio_assets.captioning.relations import confused_with
from fusionaudio_assets.captioning.vocabulary import audible_stems, sound_stems
from fusionaudio_assets.captioning.wording import joined
from resources.sound_names import known_labels, sound_name

Category = Literal["perception", "characteristics", "quality", "environment", "inference", "application"]
Difficulty = Literal["basic", "intermediate", "advanced", "complex"]
Format = Literal["open", "choice", "yes_no", "labels", "interval"]

_ABSENT = 4
"""One for a question with yes or no, three for a choice."""

_ABSENT_GROUPS = frozenset(
    ("animal", "bell", "blast", "engine", "human", "impact", "home", "signal", "tool", "vehicle", "voice", "water")
)


@dataclass(frozen=True)
class QaPair:
    """One question with its answer.

    Attributes:
        answer: A sentence; for a choice the right option in full; for labels ``"a; b"``; ``"Yes"`` or ``"No"``.
        options: The four options of a choice, else empty.
        author: The model that wrote it, or ``"composer"``.
    """

    question: str
    answer: str
    category: Category
    difficulty: Difficulty
    format: Format
    options: tuple[str, ...] = ()
    author: str = "composer"


def candidates(facts: Facts, cues: Cues, rng: random.Random) -> list[QaPair]:
    """Return every question that the facts answer; wording and options are picked by `rng`."""
    if facts.silent:
        return _about_silence()
    heard = [one for one in (facts.speech, facts.singing, *facts.sounds) if one]
    absent = _absent(cues, rng)
    pairs = _about_presence(facts, heard, absent, rng)
    pairs += _about_time(heard)
    pairs += _about_music(facts, rng)
    pairs += _about_scene(facts, heard)
    return pairs


def _about_silence() -> list[QaPair]:
    return [
        QaPair("Can any distinct sound be heard?", "No", "perception", "basic", "yes_no"),
        QaPair("How would you describe the recording?", "It is close to silent.", "quality", "intermediate", "open"),
        QaPair("Which sounds can be heard?", "silence", "perception", "basic", "labels"),
    ]


def _about_presence(facts: Facts, heard: list[Heard], absent: list[str], rng: random.Random) -> list[QaPair]:
    nouns = [one.nouns[0] for one in heard] + (["music"] if facts.music else [])
    if not nouns:
        return []
    pairs = [QaPair("Which sounds can be heard?", "; ".join(nouns), "perception", "basic", "labels")]
    right = rng.choice(nouns)
    asked, answer = rng.choice([(right, "Yes"), *((wrong, "No") for wrong in absent[:1])])
    pairs.append(QaPair(f"Can you hear {asked}?", answer, "perception", "basic", "yes_no"))
    question = rng.choice(("Which of these can be heard?", "Which of these sounds occurs in the clip?"))
    if len(absent) == _ABSENT:
        pairs.append(_choice(question, right, absent[1:], rng))
    behind = [one.nouns[0] for one in heard if one.steady]
    if behind and len(behind) < len(nouns):
        answer = f"{joined(behind)} can be heard in the background."
        pairs.append(QaPair("What lasts in the background?", _sentence(answer), "perception", "intermediate", "open"))
    return pairs


def _about_time(heard: list[Heard]) -> list[QaPair]:
    timed = sorted((one for one in heard if one.spans), key=lambda one: one.spans[0])
    pairs = []
    for first, second in pairwise(timed):
        if second.spans[0][0] >= first.spans[-1][1]:
            question = f"What can be heard after {first.nouns[0]}?"
            answer = _sentence(f"{second.clauses[0]}.")
            pairs.append(QaPair(question, answer, "characteristics", "intermediate", "open"))
        elif second.spans[0][0] < first.spans[0][1]:
            question = f"Can {first.nouns[0]} and {second.nouns[0]} be heard at the same time?"
            pairs.append(QaPair(question, "Yes", "inference", "intermediate", "yes_no"))
    for one in timed:
        if len(one.spans) == 1 and one.coverage < 0.85:
            (start_s, end_s), *_ = one.spans
            answer = f"{start_s:.1f} to {end_s:.1f} seconds"
            question = f"When can {one.nouns[0]} be heard?"
            pairs.append(QaPair(question, answer, "characteristics", "advanced", "interval"))
    by_length = sorted(timed, key=lambda one: -one.coverage)
    if len(by_length) > 1 and by_length[0].coverage > by_length[1].coverage + 0.2:
        answer = f"The sound that lasts longest is {by_length[0].nouns[0]}."
        pairs.append(QaPair("Which sound lasts longest?", answer, "characteristics", "advanced", "open"))
    return pairs


def _about_music(facts: Facts, rng: random.Random) -> list[QaPair]:
    music = facts.music
    if music is None:
        return []
    pairs = []
    if music.tempo:
        others = [word for word in ("slow", "moderate", "fast") if word != music.tempo]
        wrong = [*others, "no steady beat at all"]
        pairs.append(_choice("Which describes the tempo of the music?", music.tempo, wrong, rng, "characteristics"))
    if music.instruments:
        answer = "; ".join(music.instruments)
        pairs.append(QaPair("Which instruments can be heard?", answer, "characteristics", "advanced", "labels"))
    if music.moods:
        answer = f"The music is {joined(music.moods)}."
        pairs.append(QaPair("How does the music feel?", answer, "inference", "advanced", "open"))
        scene = f"It would suit a scene that should feel {joined(music.moods)}."
        pairs.append(QaPair("What kind of scene would this music suit?", scene, "application", "complex", "open"))
    if music.genre:
        answer = f"It is {music.genre} music."
        pairs.append(QaPair("What genre is the music?", answer, "characteristics", "intermediate", "open"))
    return pairs


def _about_scene(facts: Facts, heard: list[Heard]) -> list[QaPair]:
    pairs = []
    tables = _tables()
    for one in heard:
        if place := tables["places"].get(one.label):
            answer = f"Probably {place}, for {one.nouns[0]} can be heard."
            question = "Where was this probably recorded, and what tells?"
            pairs.append(QaPair(question, answer, "environment", "advanced", "open"))
        if use := tables["uses"].get(one.group):
            question = "What could this recording be used for?"
            pairs.append(QaPair(question, f"It could serve {use}.", "application", "complex", "open"))
        if others := confused_with(one.label):
            question = f"What could a listener take {one.nouns[0]} for?"
            answer = f"It could be taken for {joined(others, 'or')}."
            pairs.append(QaPair(question, answer, "inference", "complex", "open"))
        if one.group == "noise":
            question = "What affects the quality of the recording?"
            pairs.append(QaPair(question, _sentence(f"{one.clauses[0]}."), "quality", "intermediate", "open"))
    if facts.speech:
        voice_alone = len(heard) == 1 and facts.music is None
        answer = "Yes" if voice_alone else "No"
        pairs.append(QaPair("Is the voice free of other sounds?", answer, "quality", "intermediate", "yes_no"))
    return pairs


def _choice(
    question: str, right: str, wrong: list[str], rng: random.Random, category: Category = "perception"
) -> QaPair:
    options = list(wrong)
    rng.shuffle(options)
    options.insert(rng.randrange(len(options) + 1), right)
    return QaPair(question, right, category, "intermediate", "choice", tuple(options))


def _absent(cues: Cues, rng: random.Random) -> list[str]:
    """Return four things that are surely not heard, fewer where cues have words for nearly everything.

    No cue has a word for them, and none is confused with one.
    """
    tagged = (event.label for event in cues.events)  # at any score
    audible = audible_stems(cues).union(*map(sound_stems, tagged), *(sound_stems(label.name) for label in cues.labels))
    near = {other for event in cues.events for other in confused_with(event.label)}
    labels = [label for label in _askable() if label not in near]
    absent: list[str] = []
    for label in rng.sample(labels, len(labels)):
        if not sound_stems(label) & audible and (noun := sound_name(label).nouns[0]) not in absent:
            absent.append(noun)
        if len(absent) == _ABSENT:
            break
    return absent


@cache
def _askable() -> tuple[str, ...]:
    """Return the classes whose absence may be asked for."""
    return tuple(label for label in known_labels() if sound_name(label).group in _ABSENT_GROUPS)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


@cache
def _tables() -> dict[str, dict[str, str]]:
    text = files("fusionaudio_assets.captioning").joinpath("qa_tables.yaml").read_text(encoding="utf-8")
    raw: dict[str, dict[str, str]] = yaml.safe_load(text)
    return raw
