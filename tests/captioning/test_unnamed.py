"""What is told of sounds by what was measured of them."""

import re
from typing import Any

import pytest

from fusionaudio_assets.captioning.composer import compose
from fusionaudio_assets.captioning.cues import Cues, MusicCue, StretchCue
from fusionaudio_assets.captioning.facts import facts_of
from fusionaudio_assets.captioning.leaks import find_leaks
from fusionaudio_assets.captioning.stretches import manner
from fusionaudio_assets.captioning.support import check_support
from tests.captioning import clips


def heard(start_s: float, end_s: float, *words: str, level_db: float = -20.0) -> StretchCue:
    return StretchCue(start_s=start_s, end_s=end_s, level_db=level_db, manner=words)


def words(*stretches: StretchCue, **fields: Any) -> str:
    """A caption in lower case, of which every claim is supported and nothing leaks."""
    cues = Cues(duration_s=10, stretches=stretches, **fields)
    caption = compose(cues).caption
    assert not check_support(caption, cues).unsupported
    assert not find_leaks(caption, cues)
    return caption.lower()


def test_what_nobody_can_name_is_told_as_it_sounds() -> None:
    caption = words(heard(1, 3, "low"), heard(6, 6.2, "sharp", "high-pitched"))
    assert caption == "a low sound is followed by a sharp, high-pitched sound."


def test_sounds_that_are_alike_are_counted() -> None:
    assert words(heard(1, 2, "low"), heard(4, 5, "low")) == "there are two short, low sounds."
    assert words(*(heard(at_s, at_s + 1, "tonal") for at_s in (1, 4, 7))) == "a short tone sounds three times."


def test_each_of_several_tones_may_rise() -> None:
    tones = (heard(1, 2.2, "tonal", "rising"), heard(4, 5.2, "tonal", "rising"))
    assert words(*tones) == "two short tones rise in pitch."


def test_a_sound_beside_a_voice_is_not_one_of_the_voice() -> None:
    speech = clips.event("Speech", 0.9, (1.5, 10))
    beep = words(heard(0, 0.9, "high-pitched", "shrill"), heard(1.5, 10), events=(speech,))
    assert re.fullmatch("a short, shrill tone sounds, and then .* (speaks|talks).", beep)


def test_sounds_that_differ_by_degrees_are_counted_together() -> None:
    caption = words(heard(1, 3, "unsteady"), heard(5, 7, "fluctuating"))
    assert caption in {"there are two wavering sounds.", "two wavering sounds are heard."}


@pytest.mark.parametrize(("every_s", "told"), [(0.5, "rapidly"), (1.0, "steadily"), (2.0, "steadily")])
def test_what_comes_at_regular_intervals_is_told_by_its_pace(every_s: float, told: str) -> None:
    ticks = words(*(heard(2 + every_s * number, 2.1 + every_s * number, "sharp") for number in range(5)))
    assert ticks == f"a sharp sound repeats {told}."


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        (("tonal",), "tone"),
        (("low-pitched",), "low tone"),
        (("unsteady", "high-pitched"), "wavering, high tone"),
    ],
)
def test_what_has_a_pitch_is_a_tone_and_what_hisses_a_noise(manner: tuple[str, ...], said: str) -> None:
    assert words(heard(0, 10, *manner)) == f"there is a {said} throughout."


def test_what_is_steady_is_told_so_where_there_is_room() -> None:
    assert words(heard(0, 10, "steady", "high", "noisy")) == "there is a steady, high-pitched noise throughout."
    assert words(heard(0, 10, "steady", "low"), loudness_lufs=-45) == "there is a faint, low sound throughout."
    assert words(heard(0, 10, "steady"), loudness_lufs=-45) == "there is a faint sound throughout."


@pytest.mark.parametrize(
    ("end_s", "manner", "said"),
    [
        (6, ("tonal", "falling"), "a long tone slowly falls in pitch."),
        (3, ("low", "fading"), "a low sound fades away."),
        (3, ("unsteady",), "a wavering sound is heard briefly."),
        (6, ("fluctuating",), "a long, fluctuating sound is heard."),
        (6, ("unsteady", "sinking"), "a long, wavering sound slowly dies away."),
        (2, ("high-pitched", "shrill"), "a short, shrill tone sounds near the start."),
    ],
)
def test_how_a_lone_sound_goes_on_is_told(end_s: float, manner: tuple[str, ...], said: str) -> None:
    assert words(heard(2, end_s + 1, *manner), heard(9.8, 9.9, level_db=-60)) == said


def test_the_signal_tells_when_the_tagger_knows_what() -> None:
    bark = clips.event("Bark", 0.9, (0.7, 2.6), (4.6, 6.1))
    (one,) = facts_of(Cues(duration_s=10, events=(bark,), stretches=(heard(1, 2.3), heard(5, 5.8)))).sounds
    assert (one.spans, one.measured) == (((1.0, 2.3), (5.0, 5.8)), True)
    assert "twice" in words(heard(1, 2.3), heard(5, 5.8), events=(bark,))


def test_a_sound_that_goes_on_beside_the_stretches_is_not_cut_to_them() -> None:
    rain = clips.event("Rain", 0.9, (0, 10))
    (one,) = facts_of(Cues(duration_s=10, events=(rain,), stretches=(heard(4, 5),))).sounds
    assert (one.spans, one.measured) == (((0.0, 10.0),), False)


def test_what_is_masked_has_not_stopped() -> None:
    vacuum = clips.event("Vacuum cleaner", 0.9, (0, 2), (5, 10))
    (one,) = facts_of(Cues(duration_s=10, events=(vacuum,), stretches=(heard(2.2, 4.8, "tonal"),))).sounds
    assert one.spans == ((0.0, 10.0),)
    assert "tone" in words(heard(2.2, 4.8, "tonal"), events=(vacuum,))


def test_what_follows_a_named_sound_is_told_and_what_belongs_to_it_is_not() -> None:
    bark = clips.event("Bark", 0.9, (0.7, 2.6))
    caption = words(heard(1, 2.3), heard(6, 7, "low"), events=(bark,))
    assert caption == "a dog barks, followed by a short, low sound."
    assert "low sound" not in words(heard(1, 2.3, "low"), events=(bark,))


def test_quiet_is_told_only_where_all_is_over() -> None:
    bark = clips.event("Bark", 0.9, (0.7, 2.6))
    hushed = re.compile("followed by silence")
    assert hushed.search(words(heard(1, 2.3), events=(bark,)))
    assert not hushed.search(words(heard(1, 2.3), heard(8, 9.5), events=(bark,)))
    rain = clips.event("Rain", 0.9, (0, 10))
    assert not hushed.search(words(heard(1, 2.3), events=(bark, rain)))
    assert not hushed.search(words(heard(1, 2.3), events=(bark,), music=MusicCue(genres=("jazz",))))


def test_quiet_is_told_only_where_it_is_most_of_the_clip() -> None:
    bark = clips.event("Bark", 0.9, (0.7, 6.2))
    caption = words(heard(1, 6), events=(bark,))
    assert not re.search("quiet|silence", caption)


def test_a_faint_sound_is_told_as_faint() -> None:
    speech = clips.event("Speech", 0.9, (0.5, 9.9))
    assert "faintly" in words(heard(0.5, 9.9), events=(speech,), loudness_lufs=-45)
    assert words(heard(0, 10, "low"), loudness_lufs=-45) == "there is a faint, low sound throughout."


def test_nothing_is_unnamed_where_the_time_of_a_sound_is_unknown() -> None:
    assert "low" not in words(heard(1, 2.3, "low"), music=MusicCue(genres=("jazz",)))


def test_music_of_three_seconds_has_no_tempo() -> None:
    slow = MusicCue(genres=("jazz",), tempo_bpm=60)
    brief, whole = (clips.event("Music", 0.9, span) for span in ((1.0, 4.0), (0.0, 10.0)))
    assert "slow" not in words(heard(1, 4), events=(brief,), music=slow)
    assert "slow" in words(heard(0, 10), events=(whole,), music=slow)


@pytest.mark.parametrize(
    ("measures", "said"),
    [
        ({"centroid_hz": 200.0}, ("low",)),
        ({"centroid_hz": 4000.0, "flatness": 0.5, "spread_db": 1.0}, ("steady", "high", "noisy")),
        ({"pitch_hz": 150.0, "glide_semitones": 0.0}, ("low-pitched",)),
        ({"pitch_hz": 2000.0, "glide_semitones": 5.0}, ("high-pitched", "rising")),
        ({"growth_db": -20.0, "spread_db": 9.0}, ("fading",)),
        ({"spread_db": 7.0}, ("unsteady",)),
        ({"spread_db": 9.0}, ("fluctuating",)),
        ({"growth_db": -6.0, "spread_db": 7.0}, ("unsteady", "sinking")),
        ({"growth_db": 6.0, "pitch_hz": 100.0, "glide_semitones": 5.0}, ("low-pitched", "deep", "rising")),
        ({"pitch_hz": 3000.0}, ("high-pitched", "shrill")),
        ({"end_s": 0.1, "growth_db": -20.0}, ("sharp",)),
        ({}, ()),
    ],
)
def test_measures_have_words_and_what_is_middling_has_none(measures: dict[str, float], said: tuple[str, ...]) -> None:
    middling = {"start_s": 0.0, "end_s": 2.0, "growth_db": 0.0, "spread_db": 4.0, "centroid_hz": 1000.0}
    unpitched = {"flatness": 0.01, "pitch_hz": None, "glide_semitones": None}
    assert manner(**(middling | unpitched | measures)) == said  # type: ignore[arg-type]


def test_a_second_sound_of_a_kind_is_another() -> None:
    tones = (heard(1, 3, "tonal", "rising"), heard(5, 5.9, "tonal"))
    assert words(*tones) == "a tone rises in pitch, and then a short tone sounds."
    deep = (heard(1, 3, "tonal", "fading"), heard(5, 7.5, "tonal"))
    assert words(*deep) == "a tone fades away, then another sounds."
