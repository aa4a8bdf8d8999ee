"""What the leak detectors must do with any text, and with sentences that are told apart by one rule."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionaudio_assets.captioning.cues import Cues, LabelCue, SpeechCue, VisualCue
from fusionaudio_assets.captioning.leaks import find_leaks
from tests.captioning.strategies import cues, hostile

WORDS = st.sampled_from(
    (
        "a",
        "dog",
        "in",
        "red",
        "says",
        "that",
        "seven",
        "men",
        "sit",
        "www.x.com",
        '"',
        "'",
        "about",
        "Anna",
        "tall",
        "²",
    )
)
texts = st.text(max_size=200) | hostile | st.lists(WORDS, max_size=12).map(" ".join)


@given(texts, cues)
def test_a_leak_stands_in_the_caption(caption: str, clip: Cues) -> None:
    for leak in find_leaks(caption, clip):
        assert 0 <= leak.start < leak.end <= len(caption)
        assert caption[leak.start : leak.end] == leak.text
        assert leak.kind in {"visual", "speech"}
        assert leak.reason


@given(texts)
def test_what_the_sound_description_says_is_no_leak(caption: str) -> None:
    clip = Cues(
        duration_s=5,
        sound=caption,
        speech=SpeechCue(present=True, text=caption),
        visual=VisualCue(description=caption),
    )
    assert find_leaks(caption, clip) == []


@pytest.mark.parametrize("caption", ["Into a red haze the horn fades.", "To mist.", "Are red strings heard?"])
def test_a_caption_may_begin_with_any_word(caption: str) -> None:
    find_leaks(caption, Cues(duration_s=5, visual=VisualCue(description="Mist, a haze, red strings.")))


@pytest.mark.parametrize(
    ("caption", "kinds"),
    [
        ("A man wearing headphones speaks.", {"visual"}),
        ("A man speaks and cites example.com.", {"speech"}),
        ("A motorcycle with a large headlamp is parked on grass.", {"visual"}),
        ("A bright brass tone sounds over white noise.", set()),
        ("An orange juice advert is announced in a warm voice.", set()),
    ],
)
def test_without_any_cue_too(caption: str, kinds: set[str]) -> None:
    """Captions of other data sets come without cues: the paper's own, and harmless ones."""
    assert {leak.kind for leak in find_leaks(caption, Cues(duration_s=10))} == kinds


def test_a_seen_source_sharpens_a_vague_sound_that_no_label_names() -> None:
    rumble = Cues(duration_s=10, sound="A low rumble.", visual=VisualCue(description="An aeroplane."))
    assert find_leaks("An aeroplane rumbles.", rumble) == []
    named = rumble.model_copy(update={"labels": (LabelCue(name="Truck", quality=1.0),)})
    assert [leak.text for leak in find_leaks("An aeroplane rumbles.", named)] == ["aeroplane"]


@pytest.mark.parametrize(
    ("caption", "transcript", "leaked"),
    [
        ("A voice names channel 121.5.", "contact one two one decimal five", True),
        ("The bidding passes 250 before a knock.", "two hundred two twenty two fifty sold", True),
        ("Tickets for the 8:15 are checked by a man.", "the eight fifteen to Leeds", True),
        ("A man refuses to go below three hundred rupees.", "teen sau se kam nahin", True),
        ("A girl speaks to her seven cats.", "seven babies in all", True),
        ("Bells ring eight times at 120 bpm.", "it is eight o'clock, one hundred twenty guests", False),
        ("A hundred voices sing.", "one hundred", False),
    ],
)
def test_numbers_are_compared_in_words_and_digits(caption: str, transcript: str, leaked: bool) -> None:
    clip = Cues(duration_s=10, sound="Voices, bells, a cat.", speech=SpeechCue(present=True, text=transcript))
    assert bool(find_leaks(caption, clip)) == leaked


@pytest.mark.parametrize(
    ("caption", "leaked"),
    [
        ("A man whispers, warning someone not to move.", True),
        ("A man's voice, slightly distorted, gives the frequency.", True),
        ("A woman shouts at the others to hurry.", True),
        ("A voice, pleading and cracked, speaks.", False),
        ("A dog barks and another answers in the distance.", False),
        ("A man speaks as though reading from a script.", False),
        ("A woman sings a melody that climbs.", False),
        ("Children squabble over whose turn it is.", True),
        ("A man talks at length about dark matter.", True),
        ("A man talks at about the same pace.", False),
        ("Two friends go on and on about a washing machine.", True),
        ("A ranger's warning that the bridge is down crackles.", True),
        ("A ranger gives a warning that rises and falls.", False),
        ("A woman explains to her son that it is late.", True),
        ("A woman explains, in a voice that shakes.", False),
        ("A trainer's voice pushes for two more lifts.", True),
        ("A man counts breaths, one to eight.", True),
        ("A nurse lets someone know the results are fine.", True),
        ("An old man grumbles in a thick accent about diesel.", True),
        ("A man tells of his farm, told at an unhurried pace.", True),
        ("A story is told at an unhurried pace.", False),
        ("Two men disagree on how to mend the pump.", True),
        ("A customer wants a refund.", True),
        ("A debate host cuts off a guest.", False),
        ("A man offers a low grunt.", False),
        ("A voice gives a single command and a heavy gate clanks.", False),
    ],
)
def test_reported_speech_is_told_from_manner(caption: str, leaked: bool) -> None:
    assert bool(find_leaks(caption, Cues(duration_s=10))) == leaked


def test_words_of_one_family_are_the_same_word() -> None:
    clip = Cues(
        duration_s=10, sound="A man.", speech=SpeechCue(present=True, text="to forgive the gravitational force")
    )
    assert [leak.text for leak in find_leaks("Forgiveness and gravity, with a graveyard.", clip)] == [
        "Forgiveness",
        "gravity",
    ]


SCRAPE = Cues(
    duration_s=10,
    sound="metal scrapes on china",
    visual=VisualCue(description="a nurse with a fork and a white plate, a mirror, a kitchen"),
)


@pytest.mark.parametrize(
    ("caption", "leaked"),
    [
        ("A fork scrapes against a plate.", []),
        ("The scrape of a fork.", []),
        ("A fork clatters.", []),
        ("A fork scrapes in front of a mirror.", ["mirror"]),
        ("A fork scrapes beside a mirror.", ["mirror"]),
        ("A nurse scrapes a plate.", []),
        ("A nurse speaks, a plate scrapes.", ["nurse"]),
        ("A plate scrapes in a kitchen.", ["kitchen"]),
        ("A plate scrapes in a restaurant.", ["restaurant"]),
        ("A white plate scrapes.", ["white"]),
    ],
)
def test_a_seen_thing_is_no_leak_where_it_makes_the_sound(caption: str, leaked: list[str]) -> None:
    assert [leak.text for leak in find_leaks(caption, SCRAPE)] == leaked


@pytest.mark.parametrize(
    ("caption", "leaked"),
    [
        ("A guitar with golden overtones.", []),
        ("Clouds of reverb and a flash of brass.", []),
        ("The tone is bright and golden.", []),
        ("A golden guitar plays.", ["golden"]),
        ("A blonde hums.", ["blonde"]),
        ("A red car crashes.", ["red"]),
    ],
)
def test_words_of_sight_may_tell_of_sound(caption: str, leaked: list[str]) -> None:
    assert [leak.text for leak in find_leaks(caption, Cues(duration_s=10))] == leaked


TOLD = Cues(
    duration_s=10,
    sound="A man talks.",
    speech=SpeechCue(present=True, text="a fisherman put this lighthouse up"),
    visual=VisualCue(description="A man in a red coat by a lighthouse and a fence."),
)


@pytest.mark.parametrize(
    ("caption", "leaked"),
    [
        ("A man recounts how a fisherman built the lighthouse.", []),
        ("A man points out how tall the lighthouse is.", []),
        ("A man takes visitors through the history of the lighthouse.", []),
        ("He built the lighthouse, a man says.", []),
        ("A man recounts how the lighthouse was built beside a fence.", ["fence"]),
        ("A man beside a lighthouse talks.", []),
        ("A man beside a fence talks.", ["fence"]),
        ("A man praises the red lighthouse.", ["red"]),
    ],
)
def test_what_is_spoken_of_is_no_picture(caption: str, leaked: list[str]) -> None:
    assert [leak.text for leak in find_leaks(caption, TOLD) if leak.kind == "visual"] == leaked


@pytest.mark.parametrize(
    ("caption", "leaked"),
    [
        ("A hum comes through, grey and featureless.", []),
        ("The trumpets blaze and the cymbals glitter.", []),
        ("A hazy hum is a solid block of noise.", []),
        ("The trumpets glitter under the lamps.", ["glitter"]),
        ("A grey guitar hums.", ["grey"]),
        ("A hum sounds, grey walls around it.", ["grey"]),
    ],
)
def test_a_clause_on_sound_alone_shows_nothing(caption: str, leaked: list[str]) -> None:
    clip = Cues(
        duration_s=10,
        sound="A hum, trumpets, cymbals.",
        visual=VisualCue(description="Grey concrete blocks, glittering lights."),
    )
    assert [leak.text for leak in find_leaks(caption, clip) if leak.kind == "visual"] == leaked


@pytest.mark.parametrize(
    ("sound", "caption", "leaked"),
    [
        ("A man prays in a church.", "A priest prays.", []),
        ("A man talks.", "A priest talks.", ["priest"]),
        ("Sheep bleat and a man whistles.", "A shepherd whistles.", []),
        ("A man whistles.", "A shepherd whistles.", ["shepherd"]),
        ("Sheep bleat.", "A flock bleats.", []),
        ("A motor hums.", "A motor hums below a flock.", ["flock"]),
        ("A dog barks.", "A guard dog barks.", []),
        ("An engine revs.", "A dirt bike's engine revs.", []),
        ("An engine revs.", "An engine revs beside a heap of dirt.", ["dirt"]),
    ],
)
def test_who_makes_a_sound_may_be_named_by_it(sound: str, caption: str, leaked: list[str]) -> None:
    shown = VisualCue(description="A priest, a shepherd and a flock of sheep, a guard dog, a dirt bike.")
    found = find_leaks(caption, Cues(duration_s=10, sound=sound, visual=shown))
    assert [leak.text for leak in found if leak.kind == "visual"] == leaked


@pytest.mark.parametrize("words", ["dog barks ", "park ", "red ", "kitchen ", "herd of "])
def test_words_without_end_take_a_time_that_grows_with_their_number(words: str) -> None:
    clip = Cues(duration_s=10, sound="Rain falls.", visual=VisualCue(description="A dog in a red park by a kitchen."))
    begun = time.process_time()
    find_leaks(words * 1000, clip)
    assert time.process_time() - begun < 3
