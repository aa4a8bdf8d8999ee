"""What is spoken of is no picture: the matter of talk that a caption reports, and what only stands beside it.

"Reviews a pair of shoes" has the shoes from the talk, whatever the pictures show; "reviews a pair of shoes beside a
door" has the door from them. So what a verb of saying governs is spoken of, as far as a word of place or posture; of
what follows, and of colours and looks, only what the transcript has too.
"""

from collections.abc import Sequence

from fusionaudio_assets.captioning.leaks.leak import Cause, Leak, words_at
from fusionaudio_assets.captioning.leaks.tables import raw, words
from fusionaudio_assets.captioning.words import Token

_APPEARANCE = frozenset({Cause.COLOUR, Cause.CLOTHING, Cause.LOOK, Cause.POSTURE, Cause.CAMERA})
_STANDING_BY = words(raw()["standing_by"]) | words(raw()["posture"])
_LISTING = words("and or a an the his her their its some")
_LED_BY = 2
"""A verb of saying and the preposition that leads to its matter: "grumbles at"."""


def is_spoken_of(
    looked: Leak, told: Sequence[Leak], said: Sequence[Token], seen: frozenset[str], spoken: frozenset[str]
) -> bool:
    """Whether what could be a picture is but told of.

    Args:
        looked: A visual leak.
        told: The speech leaks of the same caption.
        said: The words of the caption.
        seen: Stems of what the pictures show.
        spoken: Stems of the transcript.
    """
    around = [one for one in told if one.start <= looked.start and looked.end <= one.end]
    own = {token.stem for token in words_at(said, looked.start, looked.end)}
    if own <= spoken and looked.cause not in _APPEARANCE | {Cause.WRITTEN}:
        return True  # who says it names it by ear, wherever the caption tells it
    if not around or own.isdisjoint(seen):
        return bool(around) or (own.isdisjoint(seen) and any(_goes_on(one, looked, said) for one in told))
    if looked.cause in _APPEARANCE:
        return not own.isdisjoint(spoken)
    report = max(around, key=lambda one: one.end - one.start)
    before = {token.text.lower() for token in list(words_at(said, report.start, looked.start))[_LED_BY:]}
    if not spoken or looked.start == report.start:
        return False
    thing = own.union(token.stem for token in words_at(said, looked.end, looked.end + 2))  # of a "frozen canal" too
    return before.isdisjoint(_STANDING_BY) or not thing.isdisjoint(spoken)


def _goes_on(report: Leak, looked: Leak, said: Sequence[Token]) -> bool:
    """Whether a list in what is said goes on to a word: "praises the red wine and the white cheese"."""
    between = [token.text.lower() for token in words_at(said, report.end, looked.start)]
    return report.end < looked.start and between[:1] in (["and"], ["or"]) and _LISTING.issuperset(between)
