"""AudioSet classes in English: what to call a sound, and the clause that says it is heard.

The wording lives in `sound_names.yaml`, one line a class, by group. Display names ("Chink, clink") are labels, not
English; whoever writes about sounds (`embedded.tag_timeline`, the composer, prompts, the support test) takes the words
from here, so that what is written and what is accepted share one vocabulary.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import yaml

from resources.english import is_plural, with_article

_FALLBACK_GROUP = "other"


@dataclass(frozen=True)
class SoundName:
    """How one class is said.

    Attributes:
        label: AudioSet display name.
        group: Kind of sound, a top-level key of `sound_names.yaml`; ``"other"`` for a class that is not in it.
        nouns: Noun phrases, ``"a dog barking"``: they follow "with" or "followed by". At least one.
        clauses: Clauses in the present tense, ``"a dog barks"``. At least one.
        words: Further words that a caption may use for it and that are never written by us.
    """

    label: str
    group: str
    nouns: tuple[str, ...]
    clauses: tuple[str, ...]
    words: tuple[str, ...]


def sound_name(label: str) -> SoundName:
    """Return how a class is said; a label that is no known class gets a plain wording of its own."""
    return _table().get(label) or _fallback(label)


def known_labels() -> tuple[str, ...]:
    """Return the display names that have a wording, in the order of the file."""
    return tuple(_table())


@cache
def wording_sha256() -> str:
    """Return the SHA-256 of the file: it decides whatever is written with words from here."""
    return hashlib.sha256(_text().encode()).hexdigest()


def bare(noun: str) -> str:
    """Strip the article of a noun phrase: ``"an acoustic guitar"`` becomes ``"acoustic guitar"``."""
    return re.sub(r"^(?:an?|the) ", "", noun)


@cache
def _table() -> dict[str, SoundName]:
    raw = yaml.safe_load(_text())
    return {label: _parse(label, group, line) for group, lines in raw.items() for label, line in lines.items()}


def _text() -> str:
    return files("resources").joinpath("sound_names.yaml").read_text(encoding="utf-8")


def _parse(label: str, group: str, line: str) -> SoundName:
    nouns, clauses, words = ([part.strip() for part in cell.split(" / ")] for cell in (f"{line} | | ".split("|")[:3]))
    verb = "plays" if group == "instrument" else "can be heard"
    return SoundName(
        label=label,
        group=group,
        nouns=tuple(nouns),
        clauses=tuple(clause for clause in clauses if clause) or (f"{nouns[0]} {verb}",),
        words=tuple(words[0].split()),
    )


@lru_cache(maxsize=4096)  # names of strangers have no end
def _fallback(label: str) -> SoundName:
    """Word a class outside the table: its first name, lower case, with an article, as "the sound of ..."."""
    plain = re.sub(r"\(.*?\)", " ", label).split(",")[0]
    plain = " ".join(re.findall(r"[A-Za-z]+(?:'[A-Za-z]+)?", plain)).lower()
    if not plain:
        noun = "an unnamed sound"
    elif plain.endswith("ing") or is_plural(plain):  # mass nouns and plurals take no article
        noun = f"the sound of {plain}"
    else:
        noun = f"the sound of {with_article(plain)}"
    return SoundName(label, _FALLBACK_GROUP, (noun,), (f"{noun} can be heard",), ())
