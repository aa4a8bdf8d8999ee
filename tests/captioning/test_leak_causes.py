"""Why a leak is one: a sentence for each cause."""

import pytest

from fusionaudio_assets.captioning.cues import Cues, SpeechCue, VisualCue
from fusionaudio_assets.captioning.leaks import Cause, find_leaks


def clip(sound: str, said: str = "", seen: str = "") -> Cues:
    speech = SpeechCue(present=True, text=said) if said else None
    return Cues(duration_s=10, sound=sound, speech=speech, visual=VisualCue(description=seen) if seen else None)


LEAKS = [
    (
        Cause.COLOUR,
        "A PURPLE guitar is strummed loudly.",
        "PURPLE",
        clip("A guitar is strummed.", seen="A purple guitar."),
    ),
    (Cause.CLOTHING, "A dancer in a ripped veil spins to tambourines.", "in a ripped veil", clip("Tambourines.")),
    (
        Cause.LOOK,
        "A violinist plays beneath a painted ceiling.",
        "painted",
        clip("A violin.", seen="A painted ceiling."),
    ),
    (Cause.POSTURE, "A fox watches as an owl hoots.", "watches as an owl", clip("An owl hoots.", seen="A fox.")),
    (Cause.CAMERA, "The image is blurry while static hisses.", "The image is blurry", clip("static hisses")),
    (Cause.WRITTEN, "The words NEW YORK pass while a train rattles.", "words NEW YORK", clip("A train rattles.")),
    (Cause.SILENT_THING, "A mountain rises behind the ticking bike.", "mountain", clip("A bicycle ticks.")),
    (Cause.PLACE, "A kettle whistles in a pantry.", "pantry", clip("A kettle whistles.", seen="A kettle in a pantry.")),
    (Cause.PICTURED, "A nun giggles.", "nun", clip("A woman giggles.", seen="A nun on a bus.")),
    (Cause.QUOTED, 'The phrase "stay hungry" is spoken.', '"stay hungry"', clip("a man speaks", said="stay hungry")),
    (Cause.ADDRESS, "A woman recommends petpal.io.", "petpal.io", clip("a woman speaks", said="petpal dot io")),
    (Cause.SOMEBODY, "Mr Brown coughs.", "Mr Brown", clip("a man coughs")),
    (Cause.NAMED, "A coach named Bill shouts.", "named Bill", clip("a man shouts", said="come on Bill")),
    (Cause.REPORTED, "He whispers that he can swim.", "whispers that he can swim", clip("A man whispers.")),
    (Cause.UNHEARD_NAME, "A man shouts at Olga.", "Olga", clip("a man shouts", said="Ольга иди сюда")),
    (
        Cause.SAME_WORDS,
        "A voice says yes, yes, of course.",
        "yes, yes, of course",
        clip("a voice", said="yes yes of course"),
    ),
    (Cause.SHARED_WORD, "Fans chant the name Okoro.", "Okoro", clip("fans chant", said="okoro okoro")),
    (Cause.AKIN, "A commentator names Silva as the scorer.", "scorer", clip("a man shouts", said="Silva scores")),
    (Cause.NUMBER, "A man calls the score, forty love.", "forty", clip("a man speaks", said="forty love")),
]


@pytest.mark.parametrize(("cause", "caption", "text", "cues"), LEAKS)
def test_a_leak_tells_its_cause(cause: Cause, caption: str, text: str, cues: Cues) -> None:
    assert (cause, text) in {(leak.cause, leak.text) for leak in find_leaks(caption, cues)}


def test_every_cause_has_a_sentence() -> None:
    assert {cause for cause, *_ in LEAKS} == set(Cause)
