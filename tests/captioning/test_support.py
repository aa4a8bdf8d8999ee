"""What supports a claim, and what must not."""

import pytest

from fusionaudio_assets.captioning.cues import Cues, EventCue, VisualCue
from fusionaudio_assets.captioning.support import check_support
from tests.captioning import clips


def unsupported(caption: str, cues: Cues) -> list[str]:
    return [claim.text for claim in check_support(caption, cues).unsupported]


@pytest.mark.parametrize(
    "caption",
    [
        "A person is speaking while a dog barks, with wind blowing in the background.",
        "Someone talks; then the barking of a dog is heard.",
    ],
)
def test_inflections_and_synonyms_are_supported(caption: str) -> None:
    assert unsupported(caption, clips.SPEECH_AND_DOG_SEEN) == []


@pytest.mark.parametrize(
    ("caption", "wrong"),
    [
        ("A dog speaks while wind blows.", ["dog speaks"]),
        ("A turkey speaks.", ["turkey speaks"]),
        ("A man speaks.", ["man speaks"]),
        ("A person speaks in the park.", ["park"]),
        ("A white dog barks.", ["white dog barks"]),
        ("Piano music plays.", ["Piano music plays"]),
    ],
)
def test_what_no_cue_says_is_unsupported(caption: str, wrong: list[str]) -> None:
    assert unsupported(caption, clips.SPEECH_AND_DOG_SEEN) == wrong


def test_claims_have_places_and_name_their_cues() -> None:
    caption = "A dog barks."
    (claim,) = check_support(caption, clips.SPEECH_AND_DOG_SEEN).claims
    assert caption[claim.start : claim.end] == claim.text == "dog barks"
    assert claim.by == ("events: Bark",)


def test_wider_names_are_supported_where_the_ontology_implies_them() -> None:
    assert unsupported("An animal can be heard.", clips.DOG_THEN_HORN) == []


def test_sight_sharpens_a_generic_sound_only() -> None:
    seen = VisualCue(labels=("helicopter",), description="A helicopter over green hills.")
    generic = Cues(duration_s=5, events=(EventCue(label="Engine", score=0.8),), visual=seen)
    named = Cues(duration_s=5, events=(EventCue(label="Bark", score=0.8),), visual=seen)
    assert unsupported("A helicopter engine runs.", generic) == []
    assert unsupported("A helicopter can be heard.", named) == ["helicopter"]
    assert unsupported("An engine runs over green hills.", generic) == ["green hills"]
