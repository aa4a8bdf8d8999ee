"""English word forms, by the library `inflect`, which is loaded on first use."""

import functools
from typing import TYPE_CHECKING
from unittest import mock

if TYPE_CHECKING:
    import inflect


def with_article(noun: str) -> str:
    """``"a dog"``, ``"an owl"``."""
    return str(_engine().a(noun))


def is_plural(noun: str) -> bool:
    """True for ``"dogs"``, and for what inflect takes for a plural."""
    return bool(_engine().singular_noun(noun))


@functools.cache
def _engine() -> "inflect.engine":
    # On import inflect has typeguard rewrite its code to check types at every call, which takes two seconds; without,
    # a hundredth. What it is given here is checked already, by mypy.
    with mock.patch("typeguard.typechecked", lambda decorated: decorated):
        import inflect  # noqa: PLC0415

    return inflect.engine()
