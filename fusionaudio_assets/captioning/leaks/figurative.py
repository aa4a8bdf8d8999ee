"""Words of sight that are used of sound: "golden overtones", "a shadow of a melody", "the chorus glows"."""

from collections.abc import Sequence
from functools import cache

from fusionaudio_assets.captioning.leaks.naming import names_a_sound
from fusionaudio_assets.captioning.leaks.tables import raw, stems, words
from fusionaudio_assets.captioning.lexicon import INSTRUMENT, lexicon
from fusionaudio_assets.captioning.vocabulary import sound_stems
from fusionaudio_assets.captioning.words import FUNCTION_WORDS, NEUTRAL_STEMS, Token
from resources.sound_names import known_labels, sound_name

_FREE = stems(raw()["free"])
_COLOURS = words(raw()["groups"]["colour"])
_ADJECTIVE_ENDINGS = ("y", "ing", "ed", "ic", "al", "ous", "ful", "less", "ish", "ant", "ent", "ive")
_ARTICLES = words("a an the its their his her some")
_PLAYED = words("line lines figure figures part parts section sections playing work")
_OF_INSTRUMENTS = words(raw()["said_of_instruments"])
_SHAPES = words(raw()["shapes_of_sound"])
_BELLS = stems("bell bells chimes gong triangle")
_REACH = 4


def qualifies_a_sound(said: Sequence[Token], index: int) -> bool:
    """Whether a word is an adjective of a sound, or what one does or is like: "a smoky mood", "the flute dances"."""
    token = said[index]
    word = token.text.lower()
    if _is_made_of_sound(said, index):
        return True
    if word.endswith(_ADJECTIVE_ENDINGS) or word in _COLOURS or lexicon().kind(token.stem) in {"quality", "substance"}:
        return _before_a_sound(said, index) or _done_by_a_sound(said, index)
    before = said[index - 1] if index else token
    several = before.end + 1 == token.start and before.text.endswith("s") and not before.text.endswith("'s")
    done = word.endswith("s") != several  # "the flute dances", "bells paint"
    return done and (_done_by_a_sound(said, index) or _done_by_an_instrument(said, index))


def _is_made_of_sound(said: Sequence[Token], index: int) -> bool:
    """Whether a word tells what a sound is like: "a wall of bass"."""
    after = said[index + 1 : index + 3 + _REACH]
    if len(after) < 2 or after[0].text.lower() != "of":
        return False
    if after[1].stem in _named("instrument"):  # "a shadow of the melody", while "a picture of the guitar" shows one
        return True
    shaped = said[index].text.lower() in _SHAPES  # "a haze of fuzz guitar"
    for token in after[1:]:
        if is_sonic(token) or names_a_sound(token.stem) or (shaped and is_instrument(token.stem)):
            return True
        if shaped and token.text.lower() not in FUNCTION_WORDS:
            continue
        plain = token.text.lower() in _ARTICLES or token.text.lower().endswith(_ADJECTIVE_ENDINGS)
        if not (plain or token.stem in _FREE or lexicon().kind(token.stem) == "quality"):
            return False
    return False


def _done_by_an_instrument(said: Sequence[Token], index: int) -> bool:
    """Whether a verb tells what an instrument does: "the flute, light and airy, dances"."""
    for token in reversed(said[max(0, index - _REACH) : index]):
        if token.stem in _named("instrument") and lexicon().kind(token.stem) in {INSTRUMENT, "music"}:
            return True
        if token.text.lower() != "and" and not (token.stem in _FREE or lexicon().kind(token.stem) == "quality"):
            return False
    return False


def sounds_so(said: Sequence[Token], index: int) -> bool:
    """Whether a word that is said of looks tells how an instrument before it sounds: "triangles glint"."""
    if said[index].text.lower() not in _OF_INSTRUMENTS:
        return False
    for token in reversed(said[max(0, index - _REACH) : index]):
        if token.stem in _BELLS or token.stem in _named("instrument"):
            return True
        plain = token.stem in _FREE or lexicon().kind(token.stem) == "quality"
        if token.text.lower() not in _OF_INSTRUMENTS | {"and"} and not plain:
            return False
    return False


def tells_of_sound(said: Sequence[Token], first: int, last: int) -> bool:
    """Whether the words from `first` to `last` are said of a sound rather than of a thing."""
    return _before_a_sound(said, last) or _of_a_sound(said, last) or _done_by_a_sound(said, first)


def _before_a_sound(said: Sequence[Token], last: int) -> bool:
    """Whether only adjectives stand between here and a word for sound: "bright, golden, ringing overtones"."""
    for place, token in enumerate(said[last + 1 : last + 1 + _REACH], last + 1):
        word = token.text.lower()
        if is_sonic(token) and not _may_be_done(token):
            return True
        alike = word == "like" or (place + 1 < len(said) and said[place + 1].text == "like")  # "rain-like noise"
        qualifies = (
            alike or word.endswith(_ADJECTIVE_ENDINGS) or lexicon().kind(token.stem) in {"quality", "music", "group"}
        )
        if word != "and" and not qualifies and token.stem not in _named("instrument"):
            return _is_made_of_sound(said, place) or _is_played(said, place)
    return False


def _is_played(said: Sequence[Token], place: int) -> bool:
    """Whether a word is of music because an instrument stands before it: "clarinet line", "guitar figure"."""
    return said[place].text.lower() in _PLAYED and said[place - 1].stem in _named("instrument")


def _of_a_sound(said: Sequence[Token], last: int) -> bool:
    """Whether "of" and a word for sound or music follow: "clouds of reverb", "flashes of brass"."""
    after = said[last + 1 : last + 2 + _REACH]
    if not after or after[0].text.lower() != "of":
        return False
    for token in after[1:]:
        if is_sonic(token) or token.stem in _named("instrument"):
            return True
        if token.text.lower() in FUNCTION_WORDS - _ARTICLES:
            return False
    return False


def _done_by_a_sound(said: Sequence[Token], first: int) -> bool:
    """Whether a sound comes before of which this is told: "the tone is thick, warm and golden"."""
    after = said[first + 1 : first + 2]
    attributive = bool(after) and after[0].start == said[first].end + 1 and after[0].text.lower() not in FUNCTION_WORDS
    if said[first].text[0].isupper():  # a sentence of its own
        return False
    for place in range(first - 1, max(0, first - _REACH - 1) - 1, -1):
        token = said[place]
        word = token.text.lower()
        if attributive and said[first - 1].end + 1 < said[first].start:  # "the music is loud, red lights flash"
            return False
        if is_sonic(token) or (place and _is_played(said, place)):
            return True
        joins = (
            word in {"and", "is", "are"} or token.stem in NEUTRAL_STEMS or token.stem in _FREE or word.endswith("ly")
        )
        if word in FUNCTION_WORDS - {"and"} or not (joins or lexicon().kind(token.stem) == "quality"):
            return False
    return False


def is_sonic(token: Token) -> bool:
    """Whether a word names a sound, a quality of one, or music; no thing that makes it."""
    return token.stem in _sounds()


def is_instrument(one: str) -> bool:
    """Whether a stem names what music is played on."""
    return (
        one in _BELLS
        or lexicon().kind(one) == INSTRUMENT
        or (one in _named("instrument") and lexicon().kind(one) == "music")
    )


def _may_be_done(token: Token) -> bool:
    """Whether a word for sound may be a verb: a blonde that "hums"."""
    return token.text.endswith("s") and token.stem in lexicon().sounding


@cache
def _named(*groups: str) -> frozenset[str]:
    labels = (label for label in known_labels() if sound_name(label).group in groups)
    return frozenset[str]().union(*map(sound_stems, labels))


@cache
def _sounds() -> frozenset[str]:
    """Return the stems of the nouns for sounds; not of those that name a thing, or what a being does, as well."""
    beings = _named("instrument", "human", "voice", "speech", "animal")
    nouns = frozenset(one for one in lexicon().sounding if lexicon().kind(one) not in {"action", "animal", "person"})
    return (nouns - beings - stems(raw()["sounding_things"])) | (
        stems(raw()["sound_nouns"]) | stems(raw()["groups"]["sonic"]) - _named("instrument")
    )
