"""English word forms, by the library `inflect`, which is loaded on first use."""

import functools
from typing import TYPE_CHECKING

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
    import inflect  # noqa: PLC0415 - two seconds that commands which write no caption need not spend

    return inflect.engine()
