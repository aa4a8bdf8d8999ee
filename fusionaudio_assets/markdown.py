"""Markdown for people: tables in data cards, reports and the metadata of the Dagster UI."""

import re
from collections.abc import Iterable

_MARKUP = re.compile(r"[\\`*_\[\]|~&]|(?<=\w):(?=//)|(?<=\bwww)\.", re.IGNORECASE)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table; the text of others in it has gone through `cell` or `code`."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str, most: int = 1_000) -> str:
    """Text of others as plain text: no markup, link or picture, which a browser would fetch; of `most` characters."""
    return _MARKUP.sub(r"\\\g<0>", one_line(text, most)).replace("<", "&lt;")


def code(text: str) -> str:
    """A name in a monospaced font."""
    return "`" + one_line(text).replace("`", "'").replace("|", r"\|") + "`"


def one_line(text: str, most: int = 1_000) -> str:
    """Text of others on one line, cut after `most` characters, without those that XML forbids and terminals obey."""
    told = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return told if len(told) <= most else f"{told[: most - 1]}…"
