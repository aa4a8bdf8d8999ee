"""The scores of `benchmarks.scenes` on captions and signals whose score is plain to see."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from benchmarks.scenes.bank import Bank, image_of, open_bank
from benchmarks.scenes.captions import Judge, Order, Verdict
from benchmarks.scenes.compose import CLEAR_SNR_DB, Event, Truth, compose, placed, record, rms_db, sounding
from benchmarks.scenes.mentions import Reader
from benchmarks.scenes.signals import average_precision, si_sdr_db, wilson
from benchmarks.scenes.synth import MADE, RATE_HZ, made
from resources.ontology import load_ontology

CROW = Event("crow", ("Animal", "Bird", "Crow", "Caw"), ("Squawk",), (), "", ((1.0, 3.0),), -20, 50)
OWL = Event("owl", ("Bird", "Owl", "Hoot"), (), (), "", ((6.0, 7.0),), -20, 50)
SPEECH = Event("line", ("Speech",), (), (), "he was not an ill disposed young man", ((0.0, 9.0),), -20, 5)
MUSIC = Event("piece", ("Music",), (), ("Music",), "", ((0.0, 10.0),), -25, 5)
HISS = Event("white", ("Noise", "White noise"), ("Hiss",), (), "", ((0.0, 10.0),), -30, 40)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(load_ontology())


def scene(*events: Event, **more: Any) -> Truth:
    return Truth("scene", "test", "scene.flac", 10.0, events, **more)


@pytest.mark.parametrize(
    ("caption", "events", "verdicts", "named"),
    [
        ("A crow caws, then an owl hoots.", (CROW, OWL), "right right", {"crow", "owl"}),
        ("A bird calls twice.", (CROW,), "right", {"crow"}),
        ("An animal can be heard.", (OWL,), "right", set()),
        ("A crow talks.", (CROW,), "wrong", {"crow"}),
        ("A dog barks while an owl hoots.", (OWL,), "wrong right", {"owl"}),
        ("A man speaks.", (SPEECH,), "wrong", set()),
        ("Slow piano music plays.", (MUSIC,), "right", {"piece"}),
        ("Slow music with a piano in the background.", (MUSIC,), "right open", {"piece"}),
        ("Music plays, and someone sings.", (MUSIC,), "right wrong", {"piece"}),
        ("Music plays over chatter.", (CROW,), "wrong wrong", set()),
        ("Near silence, with no distinct sound.", (), "right", set()),
        ("Near silence.", (CROW,), "wrong", set()),
        ("A crow caws, and the rest is quiet.", (CROW,), "right open", {"crow"}),
        ("A hiss, then all is quiet.", (HISS,), "right wrong", {"white"}),
        ("A short, low-pitched sound is heard twice.", (CROW,), "", set()),
        ("A short, low tone sounds, then two noises.", (CROW,), "", set()),
        ("Noise, then a dial tone.", (CROW,), "wrong wrong", set()),
        ("A crow caws, followed by silence.", (CROW,), "right open", {"crow"}),
        ("A steady hiss, without speech.", (HISS,), "right", {"white"}),
        ("Jazz music plays.", (MUSIC,), "right", {"piece"}),
        ("Jazz music plays.", (OWL,), "wrong", set()),
        ("A flute plays.", (MUSIC,), "open", {"piece"}),
        ("A flute plays.", (OWL,), "wrong", set()),
        ("Rain falls steadily.", (HISS,), "wrong", set()),
        ("In what sounds like a small room, a bird calls.", (CROW,), "open right", {"crow"}),
        ("", (CROW,), "", set()),
    ],
)
def test_claims_are_judged_by_what_is_there(
    judge: Judge, caption: str, events: tuple[Event, ...], verdicts: str, named: set[str]
) -> None:
    judged = judge.judge(caption, scene(*events))
    assert [str(verdict) for _, verdict in judged.claims] == verdicts.split()
    assert judged.named == named


@pytest.mark.parametrize(
    ("caption", "told"),
    [
        ("A crow caws, then an owl hoots.", Order.RIGHT),
        ("An owl hoots after a crow caws.", Order.RIGHT),
        ("An owl hoots, followed by a crow.", Order.WRONG),
        ("A crow caws while an owl hoots.", Order.WRONG),
        ("A crow caws, and an owl hoots.", Order.UNTOLD),
    ],
)
def test_order_of_sounds_apart(judge: Judge, caption: str, told: Order) -> None:
    assert judge.judge(caption, scene(CROW, OWL)).order == (("crow", "owl", told),)


@pytest.mark.parametrize(
    ("caption", "lengths"),
    [("A crow caws for about two seconds.", ((2, True),)), ("A crow caws for five seconds or so.", ((5, False),))],
)
def test_seconds_are_held_against_the_sources(
    judge: Judge, caption: str, lengths: tuple[tuple[int, bool], ...]
) -> None:
    assert judge.judge(caption, scene(CROW)).lengths == lengths


def test_sounds_that_begin_together_are_not_told_one_after_the_other(judge: Judge) -> None:
    later, at_once = (replace(OWL, spans=((onset_s, 4.0),)) for onset_s in (2.0, 0.2))
    told = {
        (caption, owl.onset_s): judge.judge(caption, scene(MUSIC, owl)).order[0][2]
        for caption in ("Music plays, then an owl hoots.", "An owl hoots, then music plays.", "Music, as an owl hoots.")
        for owl in (later, at_once)
    }
    assert list(told.values()) == [Order.UNTOLD, Order.WRONG, Order.WRONG, Order.WRONG, Order.UNTOLD, Order.UNTOLD]


@pytest.mark.parametrize(
    ("caption", "leaks"),
    [
        ("A crow caws.", ()),
        ("A crow caws near a cow on the grass.", ("cow", "grass")),
        ("The video shows a crow.", ("video", "shows")),
        ("Someone says that he was not an ill man.", ("he was not", "was not an", "not an ill")),
        ("A crow caws 12 times.", ("12",)),
    ],
)
def test_leaks_are_words_of_picture_or_transcript(judge: Judge, caption: str, leaks: tuple[str, ...]) -> None:
    truth = scene(CROW, SPEECH, picture="cow", picture_words=("cow", "grass", "bird"))
    assert judge.judge(caption, truth).leaks == leaks


def test_words_that_nobody_knows_are_handed_back() -> None:
    (claim,) = Reader(load_ontology()).read("A zorgle quacks.")
    assert claim.unread == ("zorgle",)
    assert claim.mentions == (frozenset({"Quack"}),)


def test_a_claim_is_wrong_as_a_whole(judge: Judge) -> None:
    assert judge.judge("A duck caws.", scene(CROW)).claims == (("a duck caws", Verdict.WRONG),)


def test_si_sdr_knows_no_scale_and_falls_with_noise() -> None:
    rng = np.random.default_rng(0)
    voice, noise = rng.standard_normal((2, 50_000)).astype(np.float32)
    assert si_sdr_db(3 * voice, voice) == pytest.approx(105, abs=5)
    assert si_sdr_db(voice + noise, voice) == pytest.approx(0, abs=0.2)
    assert si_sdr_db(voice + 0.1 * noise, voice) == pytest.approx(20, abs=0.2)


@pytest.mark.parametrize(
    ("truth", "scores", "area"),
    [
        ([True, True, False], [0.9, 0.8, 0.1], 1.0),
        ([False, True], [0.9, 0.1], 0.5),
        ([True, False, True, False], [0.9, 0.8, 0.7, 0.6], (1 + 2 / 3) / 2),
        ([True, False], [0.5, 0.5], 0.5),
    ],
)
def test_average_precision(truth: list[bool], scores: list[float], area: float) -> None:
    assert average_precision(truth, scores) == pytest.approx(area)


def test_an_interval_holds_its_share() -> None:
    low, high = wilson(19, 20)
    assert 0.7 < low < 0.95 < high < 1


@pytest.mark.parametrize("name", sorted(MADE))
def test_layers_stand_at_their_level_and_time(name: str) -> None:
    clip = placed(made(name), {"at_s": 2.0, "for_s": 3.0, "level_db": -33.0}, 8.0)
    assert rms_db(clip, sounding(clip)) == pytest.approx(-33.0, abs=0.1)
    assert not clip[: 2 * RATE_HZ].any()
    assert not clip[5 * RATE_HZ + 1 :].any()


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, Truth]]:
    """Without sounds and extras, and but a few of the scenes."""
    folder = tmp_path_factory.mktemp("scenes")
    bank = open_bank(load_ontology(), Path("examples/clips"), None, None)
    wanted = {"austen", "coffee", "pink", "alarm_clock"}
    few = Bank({name: bank.sources[name] for name in wanted}, bank.pictures, ("alarm_clock",))
    return folder, {truth.name: truth for truth in compose(few, folder)}


def test_scenes_are_made_of_what_a_machine_has(composed: tuple[Path, Mapping[str, Truth]]) -> None:
    folder, truths = composed
    assert {"solo-alarm-clock", "speech-over-music", "digital-silence", "noise-bursts"} <= truths.keys()
    assert "crow-then-owl" not in truths
    for truth in truths.values():
        assert (folder / "clips" / truth.file).is_file()
        assert json.loads(json.dumps(record(truth)))["name"] == truth.name


def test_stems_add_up_and_levels_are_as_told(composed: tuple[Path, Mapping[str, Truth]]) -> None:
    folder, truths = composed
    truth = truths["speech-over-loud-music"]
    mixture, _ = soundfile.read(folder / "clips" / truth.file, dtype="float32")
    stems = [soundfile.read(folder / f"stems/{truth.name}-{index}.flac", dtype="float32")[0] for index in (0, 1)]
    assert np.abs(mixture - sum(stems)).max() < 0.01  # the floor is left
    music, speech = truth.events
    assert (music.level_db, speech.level_db) == (-22.0, -20.0)
    assert speech.snr_db > CLEAR_SNR_DB
    assert speech.onset_s == pytest.approx(1.5, abs=0.1)
    assert speech.offset_s == pytest.approx(8.6, abs=0.1)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"bee\.ogg is missing"):
        open_bank(load_ontology(), Path("examples/clips"), None, tmp_path)


def test_a_picture_of_a_clip_is_a_frame_of_it() -> None:
    bank = open_bank(load_ontology(), Path("examples/clips"), None, None)
    assert image_of(bank.pictures["bunny"]).size == (1280, 720)
