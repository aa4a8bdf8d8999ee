"""English word forms. Those of any noun are known to the library `inflect`, which is loaded on first use."""

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import inflect

_KEPT = 4096
"""Nouns of which a form is kept: there are a few thousand, but names of strangers have no end."""


def counted(count: int, one: str, many: str = "") -> str:
    """A number with what it counts: ``"1 shard"``, ``"1,200 shards"``.

    Args:
        count: How many.
        one: What follows the number 1, which may go as far as the verb: ``"shard is"``.
        many: What follows any other number; by default `one` with an s.
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


@functools.lru_cache(maxsize=_KEPT)
def with_article(noun: str) -> str:
    """``"a dog"``, ``"an owl"``."""
    return str(_engine().a(noun))


@functools.lru_cache(maxsize=_KEPT)
def is_plural(noun: str) -> bool:
    """True for ``"dogs"``, and for what inflect takes for a plural."""
    return bool(_engine().singular_noun(noun))


def present_participle(verb: str) -> str:
    """``"barking"`` for ``"barks"``."""
    return str(_engine().present_participle(verb))


@functools.cache
def _engine() -> "inflect.engine":
    """The library, without the checks of types that it has made for itself: they take two seconds to make."""
    import typeguard  # noqa: PLC0415 - as below

    names = vars(typeguard)
    checking = names["typechecked"]
    names["typechecked"] = lambda checked: checked
    try:
        import inflect  # noqa: PLC0415 - commands that write no caption need not wait for it
    finally:
        names["typechecked"] = checking
    return inflect.engine()
