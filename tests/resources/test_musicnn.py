import numpy as np
import pytest
from numpy.typing import NDArray

from resources.embedded.music_tags import MSD_TAGS, MTT_TAGS, describe_music, sort_tags, sort_vocals
from resources.embedded.musicnn import Musicnn
from resources.embedded.musicnn_graph import TAGS
from resources.embedded.tempo import measure_tempo
from resources.music_describer import Labelled
from tests.resources.media import example_audio

RATE_HZ = Musicnn.sample_rate_hz


def test_music_is_described() -> None:
    """A slow blues with drums and guitar, about 68 beats a minute."""
    (description,) = Musicnn().describe([example_audio("morning_coffee.mp3", RATE_HZ)])
    assert {"guitar", "drums"} <= {label.label for label in description.instruments}
    assert {label.label for label in description.genres} <= {"jazz", "blues"}
    assert description.tempo_bpm == pytest.approx(68, abs=2)
    assert description.vocals == ()
    assert description.description.startswith(f"Slow {description.genres[0].label} music with ")
    assert description.description.endswith(", at about 68 BPM.")


def test_both_networks_have_fifty_tags() -> None:
    assert len(set(MTT_TAGS)) == len(set(MSD_TAGS)) == TAGS


@pytest.mark.parametrize(
    ("words", "tempo_bpm", "expected"),
    [
        ({}, None, ""),
        ({}, 119.6, "Music, at about 120 BPM."),
        (
            {"moods": ["slow", "calm", "sad"], "genres": ["ambient"], "instruments": ["piano"]},
            None,
            "Slow, calm ambient music with piano.",
        ),
        (
            {"moods": ["slow", "fast"], "instruments": ["harp", "flute"]},
            60.0,
            "Slow music with harp and flute, at about 60 BPM.",
        ),
        (
            {"genres": ["R&B"], "instruments": ["drums"], "vocals": ["female vocals", "choir"]},
            None,
            "R&B music with drums and female vocals.",
        ),
    ],
)
def test_the_sentence(words: dict[str, list[str]], tempo_bpm: float | None, expected: str) -> None:
    kinds = ("genres", "instruments", "moods", "vocals")
    genres, instruments, moods, vocals = ([Labelled(word, 0.5) for word in words.get(kind, [])] for kind in kinds)
    assert describe_music(genres, instruments, moods, vocals, tempo_bpm) == expected


def test_synonyms_are_one_label_and_the_floor_holds() -> None:
    scores = {"heavy metal": 0.3, "metal": 0.5, "pop": 0.1, "80s": 0.9, "drums": 0.8}
    assert sort_tags(scores, "genres", 0.2) == (Labelled("metal", 0.5),)


def test_vocals_yield_to_instrumental_music_and_the_particular_word_wins() -> None:
    assert sort_vocals({"singing": 0.3, "no vocals": 0.4}, 0.2) == ()
    assert sort_vocals({"singing": 0.5, "woman": 0.3}, 0.2) == (Labelled("female vocals", 0.3),)
    assert sort_vocals({"singing": 0.5}, 0.2) == (Labelled("vocals", 0.5),)


def beats(bpm: float, duration_s: float = 10.0) -> NDArray[np.float32]:
    """Decaying chords on every beat, over a little noise."""
    times = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    chord = np.sum([np.sin(2 * np.pi * hz * times) for hz in (220.0, 277.0, 330.0)], axis=0)
    noise = np.random.default_rng(0).standard_normal(len(times))
    signal: NDArray[np.float64] = 0.1 * chord * np.exp(-3 * (times * bpm / 60 % 1)) + 0.01 * noise
    return signal.astype(np.float32)


@pytest.mark.parametrize("bpm", [60, 72, 90, 100, 120, 128, 140, 160])
def test_a_tempo_is_measured_up_to_its_octave(bpm: int) -> None:
    found = measure_tempo(beats(bpm), RATE_HZ, least_clarity=0.3)
    assert found is not None
    assert min(abs(found * octave / bpm - 1) for octave in (0.5, 1.0, 2.0)) < 0.01


@pytest.mark.parametrize("name", ["reading_austen.wav", "terminal_speaker.mp4", "silence.wav", "monkeys.flac"])
def test_what_has_no_beat_has_no_tempo(name: str) -> None:
    assert measure_tempo(example_audio(name, RATE_HZ), RATE_HZ, least_clarity=0.3) is None


def test_noise_a_constant_and_a_short_clip_have_no_tempo() -> None:
    noise = np.random.default_rng(0).standard_normal(10 * RATE_HZ).astype(np.float32)
    for clip in (noise, np.ones(10 * RATE_HZ, np.float32), beats(120, 2.0), np.zeros(0, np.float32)):
        assert measure_tempo(clip, RATE_HZ, least_clarity=0.3) is None
