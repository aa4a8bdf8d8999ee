"""The tables of `leak_words.yaml`: sets of words, and the patterns that are made of them."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from fusionaudio_assets.captioning.words import stem

_SMALL = str.maketrans("İıſ", "iis")
"""Letters that count as small ones of ASCII where case does not matter, and that `lower` keeps or makes longer."""


@cache
def raw() -> dict[str, Any]:
    """Return the file as it stands."""
    text = files("fusionaudio_assets.captioning").joinpath("leak_words.yaml").read_text(encoding="utf-8")
    tables: dict[str, Any] = yaml.safe_load(text)
    return tables


def words(block: str) -> frozenset[str]:
    """Return the words of a block."""
    return frozenset(block.split())


def stems(block: str) -> frozenset[str]:
    """Return the stems of the words of a block."""
    return frozenset(map(stem, block.split()))


def pattern(alternatives: Iterable[str]) -> re.Pattern[str]:
    """Return one pattern of many, of whole words, for `folded` texts; ``{name}`` is any word of that group.

    Small letters on both sides cost a third of the time that it takes to match without regard to case.
    """
    groups = {name: "(?:" + "|".join(block.split()) + ")" for name, block in raw()["groups"].items()}
    named = re.compile(r"\{([a-z]+)\}")
    filled = (named.sub(lambda match: groups[match[1]], one) for one in alternatives)
    return re.compile(r"(?<![\w-])(?:" + "|".join(filled) + r")(?![\w-])")


def folded(text: str) -> str:
    """Return a text of the same length in small letters, as `pattern` needs it."""
    return text.translate(_SMALL).lower()
