"""Captions of any origin, judged by free texts: what holds, what does not, and what must not matter."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fusionaudio_assets.captioning.audit import Auditor, Captioned
from resources.embedded.minilm import MiniLm
from tests.properties import examples


@pytest.fixture(scope="module")
def auditor() -> Auditor:
    return Auditor(MiniLm().embed)


def verdict(auditor: Auditor, caption: str, **cues: list[str]) -> dict[str, Any]:
    return auditor.judge(Captioned.model_validate({"id": 1, "caption": caption, "cues": cues}))


@pytest.mark.parametrize(
    ("caption", "cues"),
    [
        ("An adult male is talking while vehicles pass.", ["a man speaks as a truck drives by"]),
        ("An animal makes noise and water trickles.", ["a cow moos beside a babbling stream"]),
        ("A kid giggles, then a motor hums.", ["a child laughs while an engine is humming"]),
        ("Someone knocks on a door.", ["a person is tapping on a wooden door"]),
        ("A clank, then speech.", ["metal pots clatter and a woman talks"]),
        ("", ["rain"]),
    ],
)
def test_other_words_for_what_the_cues_tell_are_supported(auditor: Auditor, caption: str, cues: list[str]) -> None:
    judged = verdict(auditor, caption, sound=cues)
    assert judged["supported"], judged
    assert all(claim["by"] for claim in judged["claims"])


@pytest.mark.parametrize(
    ("caption", "wrong"),
    [
        ("A turkey speaks while rain falls.", "turkey speaks"),
        ("A person speaks while a piano falls.", "piano falls"),
        ("A person speaks as a violin plays and rain falls.", "violin plays"),
        ("A helicopter hovers as rain falls.", "helicopter hovers"),
        ("Rain speaks.", "Rain speaks"),
        ("A barking person talks as it rains.", "barking person talks"),
    ],
)
def test_what_no_cue_tells_is_not(auditor: Auditor, caption: str, wrong: str) -> None:
    judged = verdict(auditor, caption, labels=["Rain"], sound=["a person speaks", "it is raining"])
    assert not judged["supported"]
    (claim,) = (claim for claim in judged["claims"] if not claim["supported"])
    assert (claim["text"], caption[claim["start"] : claim["end"]], claim["by"]) == (wrong, wrong, [])
    assert judged["support"] < 0.5


def test_a_faithful_caption_scores_above_the_same_with_something_put_in(auditor: Auditor) -> None:
    cues = ["a dog barks at a passing train", "a train passes and a dog is barking"]
    right = verdict(auditor, "A dog barks as a train rumbles past.", sound=cues)
    for wrong in ("A dragon barks as a train rumbles past.", "A dog barks as a piano rumbles past."):
        assert verdict(auditor, wrong, sound=cues)["support"] < right["support"]


def test_claims_name_the_cue_that_supports_them(auditor: Auditor) -> None:
    judged = verdict(
        auditor,
        "A canine barks over calm piano music while someone talks.",
        labels=["bark (80%)", "/m/05zppz"],
        music=["a calm piece for piano"],
        speech=["see you tomorrow"],
    )
    by = {claim["text"]: claim["by"] for claim in judged["claims"]}
    assert by["canine barks"][0] == "labels: Bark"
    assert by["calm piano music"] == ["music: a calm piece for piano"]
    assert "speech" in by["someone talks"]


@pytest.mark.parametrize(
    ("caption", "cues"),
    [
        ("A motorbike revs.", ["a motor-bike revs its engine"]),
        ("A forklift vehicle is beeping.", ["a truck beeps when backing up", "a vehicle is beeping"]),
        ("Rain pelts the top of a metal roof.", ["rain hits a metal roof"]),
        ("A lorry idles.", ["a truck is idling"]),
        ("An upbeat electronic track with synths.", ["electronic music, synthesizer, upbeat"]),
    ],
)
def test_other_forms_of_the_same_words_are_supported(auditor: Auditor, caption: str, cues: list[str]) -> None:
    judged = verdict(auditor, caption, sound=cues)
    assert judged["supported"], judged


@pytest.mark.parametrize(
    ("caption", "cues"),
    [
        ("A woman talks over a car engine.", {"labels": ["Male speech, man speaking", "Car"]}),
        ("A man sings to a guitar.", {"labels": ["Female singing", "Acoustic guitar"]}),
        ("A woman sings to bagpipes.", {"labels": ["Female singing", "Acoustic guitar", "Music"]}),
        ("Frantic piano music.", {"music": ["a calm piano piece"]}),
        ("A dog meows.", {"labels": ["Speech", "Dog", "Bark"]}),
        ("Church bells ring while pigeons bark.", {"labels": ["Church bell", "Pigeon, dove"]}),
        ("Pigeons flutter and moo.", {"sound": ["pigeons flap their wings and coo"]}),
        ("Calm music is played by brass.", {"music": ["a string quartet plays a calm piece"]}),
    ],
)
def test_another_voice_instrument_call_or_mood_than_the_cues_tell_is_not(
    auditor: Auditor, caption: str, cues: dict[str, list[str]]
) -> None:
    assert not verdict(auditor, caption, **cues)["supported"]


def test_places_are_characters_and_claims_end_where_clauses_do(auditor: Auditor) -> None:
    judged = verdict(auditor, "🐕 A dog barks… thunder rolls <b>| café</b>", sound=["a dog barks", "thunder rolls"])
    assert [(claim["text"], claim["start"]) for claim in judged["claims"]][:2] == [
        ("dog barks", 4),
        ("thunder rolls", 15),
    ]


def test_what_is_supported_by_other_words_names_the_nearest_cue(auditor: Auditor) -> None:
    judged = verdict(auditor, "A motor hums.", sound=["an engine is humming", "a girl laughs", "birds chirp"])
    assert [claim["by"] for claim in judged["claims"]] == [["sound: an engine is humming"]]


def test_ten_thousand_words_are_judged(auditor: Auditor) -> None:
    long = "a dog barks and rain falls " * 1700
    judged = verdict(auditor, long, sound=[long])
    assert judged["supported"]
    assert len(judged["claims"]) == 3400


@pytest.mark.parametrize("label", [" " * 100_000 + "x", "x (" + " " * 100_000 + "5", "(" * 100_000, "(1" * 50_000])
def test_a_label_without_end_is_quickly_read(auditor: Auditor, label: str) -> None:
    begun = time.process_time()
    assert verdict(auditor, "Rain falls.", labels=[label, "Rain (80 %)"])["supported"]
    assert time.process_time() - begun < 30  # under 1 s; hours, if it is read anew from every place


def test_without_cues_nothing_is_supported(auditor: Auditor) -> None:
    judged = verdict(auditor, "A faint click, then rustling.")
    assert [claim["support"] for claim in judged["claims"]] == [0, 0]
    assert not judged["supported"]


def test_labels_that_raters_refute_support_nothing(auditor: Auditor) -> None:
    assert verdict(auditor, "A dog barks.", labels=["Bark (90%)"])["supported"]
    assert not verdict(auditor, "A dog barks.", labels=["Bark (10%)"])["supported"]


def test_pictures_support_no_more_than_a_sharper_name(auditor: Auditor) -> None:
    seen = ["a helicopter over green hills"]
    assert verdict(auditor, "A helicopter hums.", sound=["a low humming engine"], visual=seen)["supported"]
    judged = verdict(auditor, "A helicopter hums over green hills.", sound=["a low humming engine"], visual=seen)
    assert not judged["supported"]
    assert [leak["text"] for leak in judged["visual_leaks"]]


def test_leaks_are_told_by_kind(auditor: Auditor) -> None:
    judged = verdict(
        auditor,
        'A man in a red jacket says "call me at seven".',
        sound=["a man speaks"],
        speech=["please call me at seven"],
        visual=["a man in a red jacket"],
    )
    assert judged["visual_leaks"]
    assert judged["speech_leaks"]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"nonsense",
        b"[]",
        b'{"id": 1}',
        b'{"caption": "rain"}',
        b'{"id": 1, "caption": 5}',
        b'{"id": 1, "caption": "rain", "cues": {"sound": "rain"}}',
        b'{"id": 1, "caption": "rain", "cues": {"sound": [1]}}',
        b'{"id": 1, "caption": "rain", "cues": {"sounds": ["rain"]}}',
        b'{"id": 1, "caption": "\xff"}',
        b"[" * 100_000,
    ],
)
def test_malformed_lines_are_refused(line: bytes) -> None:
    with pytest.raises(ValidationError):
        Auditor.read(line)


@examples(60)
@given(
    st.text(max_size=80),
    st.dictionaries(
        st.sampled_from(["labels", "sound", "music", "speech", "visual"]),
        st.lists(st.text(max_size=40) | st.sampled_from(["Speech", "Rain (40%)", "ignore the above"]), max_size=3),
    ),
)
def test_whatever_comes_the_verdict_is_in_order(auditor: Auditor, caption: str, cues: dict[str, list[str]]) -> None:
    judged = verdict(auditor, caption, **cues)
    assert 0 <= judged["support"] <= 1
    assert judged["supported"] == all(claim["supported"] for claim in judged["claims"])
    for claim in judged["claims"]:
        assert caption[claim["start"] : claim["end"]] == claim["text"]
        assert bool(claim["by"]) == claim["supported"]
    assert judged == verdict(auditor, caption, **cues)
