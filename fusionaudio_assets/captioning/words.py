"""Words of captions: tokens with their places, stems, and the words that claim nothing.

Two lists decide what a claim is. *Function words* separate claims. *Neutral words* tell when, how often and in what
order something is heard, or that it is heard at all; they need no support of their own. Every other word is a claim.
"""

import re
from dataclasses import dataclass
from functools import cache

import snowballstemmer

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,:]\d+)*")
_BREAK = re.compile(r"[.,;:!?()\[\]\"“”—–\n]")
_stemmer = snowballstemmer.stemmer("english")

_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "feet": "foot", "teeth": "tooth", "geese": "goose",
    "mice": "mouse", "people": "person", "spoke": "speak", "spoken": "speak", "sang": "sing", "sung": "sing",
    "rang": "ring", "rung": "ring", "blew": "blow", "blown": "blow", "fell": "fall", "broke": "break",
    "broken": "break", "ran": "run", "heard": "hear", "flies": "fly", "sawn": "saw", "leaves": "leaf",
    "speech": "speak", "speeches": "speak", "vocals": "vocal", "voices": "voice",
}  # fmt: skip

FUNCTION_WORDS = frozenset(
    """a an the and or but nor so yet with without within of in on at by to from for into onto out off up down over under
    above below underneath beneath beside alongside along against amid among between across around through throughout
    during before after until till since while whilst when where which that this these those who whom whose it its it's
    they them their there there's here as than then like what if though although because not no nor each every any some
    both all more most few several one two three another other others else something also too very just only plus per
    behind atop upon toward towards""".split()
)
"""Words that separate claims."""

_AUXILIARIES = (
    "is are was were be been being am has have having had does do did can could may might will would must".split()
)
_NEUTRAL = """
    sound sounds sounding audible audibly hear hears hearing listen background foreground backdrop recording clip audio scene
    follow follows following followed accompany accompanies accompanied accompanying begin begins beginning start starts
    starting end ends ending stop stops stopping continue continues continuing continuous continuously go goes going come
    comes coming occur occurs happen happens appear appears present remain remains persist persists give gives giving way
    join joins joined mix mixes mixed mixing layer layered set together apart alone once twice again first finally last
    later next now time times moment moments briefly brief short shortly long while whole entire steady steadily repeated
    repeatedly repeat repeats intermittent intermittently occasional occasionally various distinct distinctly clear clearly
    near close opening closing middle midway halfway possibly perhaps probably seem seems suggest suggests suggesting
    resemble resembles resembling might feature features featuring include includes including contain contains alternate
    alternates alternating interrupt interrupts interrupted punctuate punctuated overlap overlaps overlapping nothing
    different same kind sort bit piece stretch turn turns soon simultaneously meanwhile dominate dominates sudden suddenly
    """.split()  # fmt: skip


@dataclass(frozen=True)
class Token:
    """A word or number of a text, with its place ``[start, end)`` in characters and its stem."""

    text: str
    start: int
    end: int
    stem: str


@cache
def stem(word: str) -> str:
    """Reduce a word to what its inflections share: ``"barking"``, ``"barks"`` and ``"Bark"`` are one."""
    plain = word.lower().replace("’", "'").removesuffix("'s")
    plain = _IRREGULAR.get(plain, plain)
    return str(_stemmer.stemWord(plain))


NEUTRAL_STEMS = frozenset(stem(word) for word in (*_NEUTRAL, *_AUXILIARIES))
"""Stems of words that need no support."""


def tokens(text: str) -> list[Token]:
    """Split a text into words and numbers."""
    return [Token(m[0], m.start(), m.end(), stem(m[0])) for m in _TOKEN.finditer(text)]


def content_stems(text: str) -> frozenset[str]:
    """Return the stems of a text's words, without function words."""
    return frozenset(token.stem for token in tokens(text) if token.text.lower() not in FUNCTION_WORDS)


def claim_runs(text: str) -> list[list[Token]]:
    """Return the runs of claiming words: unbroken by function words and punctuation, neutral words left out.

    ``"A dog barks twice while rain falls."`` gives ``[dog, barks]`` and ``[rain, falls]``.
    """
    runs: list[list[Token]] = [[]]
    last_end = 0
    for token in tokens(text):
        if token.text.lower() in FUNCTION_WORDS or _BREAK.search(text, last_end, token.start):
            runs.append([])
        if token.text.lower() not in FUNCTION_WORDS and token.stem not in NEUTRAL_STEMS:
            runs[-1].append(token)
        last_end = token.end
    return [run for run in runs if run]
