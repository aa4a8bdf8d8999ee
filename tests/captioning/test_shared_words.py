"""Words that a caption shares with the transcript: told, or by chance."""

import pytest

from fusionaudio_assets.captioning.cues import Cues, SpeechCue
from fusionaudio_assets.captioning.leaks import find_leaks


@pytest.mark.parametrize(
    ("caption", "transcript", "leaked"),
    [
        ("Rain comes down hard while a man talks.", "it comes down hard", False),
        ("A man shouts that it comes down hard.", "it comes down hard", True),
        ("A puck cracks against the boards, and a man's pitch climbs.", "off the boards and in", False),
        ("The road is shut, according to a woman.", "the road is shut", True),
        ("Birch burns quickest, notes a man.", "birch burns quickest of all", True),
        ("Voicemail, thin and tinny: dinner is off.", "dinner is off", True),
        ("A woman talks, her voice like a struck gong.", "the gong man", False),
        ("A woman talks of a gong.", "the gong man", True),
        ("Step by step, a woman gives instructions.", "step one", False),
        ("A man talks with an odd squeak.", "the odd one", False),
        ("A boy shows off his dinosaur facts.", "the dinosaur had tiny arms", True),
        ("A campaign ad pushes solar panels.", "solar panels save", True),
        ("A woman reads in a plain, unadorned voice.", "plain as day", False),
        ("A joke told in a flat voice.", "he told me", False),
    ],
)
def test_words_in_common_count_where_speech_is_told_of(caption: str, transcript: str, leaked: bool) -> None:
    clip = Cues(duration_s=10, sound="Rain, a man, a woman.", speech=SpeechCue(present=True, text=transcript))
    assert bool(find_leaks(caption, clip)) == leaked


@pytest.mark.parametrize(
    ("caption", "leaked"),
    [
        ("A woman complains in French that she has lost her keys.", True),
        ("A woman complains in French, rummaging with a jingle.", False),
        ("A girl introduces herself as Amira.", True),
        ("A host introduces the band as a drum roll swells.", False),
        ("A man narrates as if telling a ghost story.", False),
        ("A man tells a ghost story.", False),
        ("A man tells a story about a ghost.", True),
        ("A smooth, glinting whine that turns raw is heard.", False),
        ("A man whines that turnips are dear.", True),
        ("A woman explains what she does.", False),
        ("A woman explains what went wrong.", True),
    ],
)
def test_a_language_a_genre_or_a_noise_reports_nothing(caption: str, leaked: bool) -> None:
    assert bool(find_leaks(caption, Cues(duration_s=10, sound="A band."))) == leaked


@pytest.mark.parametrize(("transcript", "leaked"), [("はなこです", True), ("dzień dobry", False)])
def test_a_name_that_another_script_hides_is_a_leak(transcript: str, leaked: bool) -> None:
    clip = Cues(duration_s=10, sound="A woman.", speech=SpeechCue(present=True, text=transcript))
    assert bool(find_leaks("A woman, Hanako, speaks.", clip)) == leaked


@pytest.mark.parametrize(
    ("caption", "leaked"),
    [
        ("Hikers squelch by, with complaints of a group of hikers.", False),
        ("A man voices complaints of bus fares.", True),
        ("An announcement that nobody could follow echoes.", False),
        ("An announcement that nobody will be let in echoes.", True),
        ("A slow argument goes on about who knows what.", False),
        ("A slow argument goes on about rent.", True),
        ("A man talks his way through the verse.", False),
        ('The audience goes "ooh".', False),
        ('The audience goes "more".', True),
    ],
)
def test_how_and_by_whom_something_is_said_is_heard(caption: str, leaked: bool) -> None:
    assert bool(find_leaks(caption, Cues(duration_s=10, sound="Voices."))) == leaked
