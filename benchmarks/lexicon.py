"""Makes `captioning/lexicon.txt` out of WordNet: what kind of thing a word names, and what wider names it has.

    python -m benchmarks.lexicon DICT > fusionaudio_assets/captioning/lexicon.txt

DICT is the folder of WordNet 3.0's database files (``data.noun`` ...; Debian's package wordnet-base has them). Needs
the package wordfreq, which says which words are common enough to stand in a caption. A word is of the kind of its most
frequent sense; `grounding.yaml` corrects where sound captions mean another one.
"""

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from wordfreq import zipf_frequency

from fusionaudio_assets.captioning.words import stem
from resources.ontology import load_ontology

CONCRETE = {
    "noun.animal": "animal",
    "noun.person": "person",
    "noun.food": "food",
    "noun.plant": "plant",
    "noun.location": "place",
    "noun.body": "body",
    "noun.substance": "substance",
    "noun.object": "nature",
    "noun.phenomenon": "phenomenon",
    "noun.artifact": "artifact",
    "noun.group": "group",
    "noun.communication": "communication",
}
BY_HYPERNYM = {
    "music": ("musical_instrument", "music", "musical_composition", "musical_organization", "musician"),
    "vehicle": ("vehicle",),
}
OF_THINGS = frozenset({"animal", "food", "plant", "substance", "nature", "phenomenon", "artifact", "music", "vehicle"})
PART_OF_SPEECH = {"v": "action", "a": "quality", "r": "quality"}
PLACES = (
    "room building establishment mercantile_establishment housing shelter facility building_complex stadium "
    "playing_field airfield road thoroughfare passageway stairway public_square marketplace municipality "
    "tract vegetation geological_formation body_of_water"
)
PLACE_SHARE = 0.35
"""A place is named where at least this share of a word's uses tells of one."""
THING_KINDS = frozenset({"artifact", "vehicle", "music", "food", "plant", "substance", "nature", "body"})
THING_SHARE = 0.25
"""A noun may name a thing where at least this share of its uses does."""
SOUND_NOUNS, SOUND_VERBS = ("sound", "noise"), ("sound", "ring", "beep")
COMMON_ZIPF, COMMON_CONCRETE_ZIPF = 3.0, 2.5
TOO_WIDE = (
    "entity abstraction object whole artifact thing matter event act instrumentality substance attribute relation "
    "group state process part change move make be device unit equipment material conveyance implement article "
    "structure being organism chordate vertebrate placental mammal commodity product creation covering container beast "
    "brute fauna creature mortal medium message solid fluid causal agent phenomenon conditions"
)
LICENCE = """\
# Kinds and wider names of English words, made by benchmarks/lexicon.py out of WordNet 3.0 and the AudioSet ontology.
# WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved. THIS SOFTWARE AND DATABASE IS PROVIDED "AS
# IS" AND PRINCETON UNIVERSITY MAKES NO REPRESENTATIONS OR WARRANTIES, EXPRESS OR IMPLIED. Permission to use, copy,
# modify and distribute it for any purpose and without fee is granted, provided that this notice stands on all copies.
# AudioSet ontology by Google, CC BY-SA 4.0.
"""
_NOUNS = (
    "Tops act animal artifact attribute body cognition communication event feeling food group location motive object "
    "person phenomenon plant possession process quantity relation shape state substance time"
)
_VERBS = (
    "body change cognition communication competition consumption contact creation emotion motion perception "
    "possession social stative weather"
)
_LEXICOGRAPHER_FILES = [
    *("adj.all", "adj.pert", "adv.all"),
    *(f"noun.{name}" for name in _NOUNS.split()),
    *(f"verb.{name}" for name in _VERBS.split()),
    "adj.ppl",
]
"""Names of WordNet's files by their numbers."""

Synset = tuple[str, str]
"""Part of speech and offset."""


@dataclass
class WordNet:
    """The part of WordNet that is used here."""

    lexical: dict[Synset, int] = field(default_factory=dict)
    words: dict[Synset, list[str]] = field(default_factory=dict)
    above: dict[Synset, list[Synset]] = field(default_factory=dict)
    senses: dict[str, dict[str, list[Synset]]] = field(default_factory=lambda: defaultdict(dict))
    counts: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    def ranked(self, word: str) -> list[tuple[float, Synset]]:
        """Return senses with how often each was tagged, the most frequent first; a name's own are left out."""
        found = [
            (self.counts[word, part, number] + 0.5 / number, synset)
            for part, synsets in self.senses.get(word, {}).items()
            for number, synset in enumerate(synsets, 1)
            if not self.words[synset][0][:1].isupper()
        ]
        return sorted(found, reverse=True)

    def closure(self, synset: Synset) -> dict[Synset, int]:
        """Return the synset and all above it, with the number of steps."""
        steps, queue = {synset: 0}, [synset]
        for one in queue:
            for upper in self.above[one]:
                if upper not in steps:
                    steps[upper] = steps[one] + 1
                    queue.append(upper)
        return steps


def read_wordnet(folder: Path) -> tuple[WordNet, list[str]]:
    """Read the database files; also return the names of the lexicographers' files, by number."""
    net = WordNet()
    for name, part in (("noun", "n"), ("verb", "v"), ("adj", "a"), ("adv", "r")):
        for line in _lines(folder / f"data.{name}"):
            cells = line.partition(" | ")[0].split()
            synset, number = (part, cells[0]), int(cells[3], 16)
            rest = cells[4 + 2 * number + 1 :]
            net.lexical[synset] = int(cells[1])
            net.words[synset] = [cells[4 + 2 * index].partition("(")[0] for index in range(number)]
            net.above[synset] = [
                (rest[i + 2], rest[i + 1]) for i in range(0, len(rest) - 3, 4) if rest[i] in {"@", "@i"}
            ]
        for line in _lines(folder / f"index.{name}"):
            cells = line.split()
            net.senses[cells[0]][part] = [(part, offset) for offset in cells[-int(cells[2]) :]]
    for line in _lines(folder / "cntlist.rev"):
        key, number_text, count = line.split()
        lemma, _, code = key.partition("%")
        net.counts[lemma, "_nvara"[int(code[0])], int(number_text)] += int(count)
    return net, _LEXICOGRAPHER_FILES


def kind_of(net: WordNet, files: list[str], word: str) -> str:
    """Return the kind of a word's most frequent sense; empty for abstract nouns and unknown words."""
    ranked = net.ranked(word)
    if not ranked:
        return ""
    weight, synset = ranked[0]
    if synset[0] != "n":
        nouns = [(count, one) for count, one in ranked if one[0] == "n"]
        if not nouns or nouns[0][0] < weight / 3:
            return PART_OF_SPEECH[synset[0]]
        synset = nouns[0][1]
    above = net.closure(synset)
    for kind, heads in BY_HYPERNYM.items():
        if any(net.senses[head]["n"][0] in above for head in heads):
            return kind
    return CONCRETE.get(files[net.lexical[synset]], "")


def names_a_sound(net: WordNet, files: list[str], word: str) -> bool:
    """Whether one of a word's commoner senses is a kind of sound or of sounding."""
    heads = {one for head in SOUND_NOUNS for one in net.senses[head]["n"] if files[net.lexical[one]] == "noun.event"}
    heads |= set(net.senses["sound"]["v"])
    heads |= {
        one for head in SOUND_VERBS[1:] for one in net.senses[head]["v"] if files[net.lexical[one]] == "verb.perception"
    }
    return any(heads & net.closure(synset).keys() for _, synset in net.ranked(word)[:6])


def names_a_place(net: WordNet, word: str) -> bool:
    """Whether a word is mostly the name of a place: a room, a building, a road, a piece of land or water."""
    heads = {net.senses[head]["n"][0] for head in PLACES.split()}
    ranked = net.ranked(word)
    told = sum(weight for weight, synset in ranked if synset[0] == "n" and heads & net.closure(synset).keys())
    return bool(ranked) and told >= PLACE_SHARE * sum(weight for weight, _ in ranked)


def may_name_a_thing(net: WordNet, files: list[str], word: str) -> bool:
    """Whether a good share of a noun's uses tells of a thing that can be touched: "crane", "match", "printer"."""
    ranked = [(weight, synset) for weight, synset in net.ranked(word) if synset[0] == "n"]
    told = sum(weight for weight, synset in ranked if CONCRETE.get(files[net.lexical[synset]]) in THING_KINDS)
    return bool(ranked) and told >= THING_SHARE * sum(weight for weight, _ in ranked)


def wider_names(net: WordNet, word: str) -> list[str]:
    """Return synonyms and the one-word names above the first noun sense, the nearest first."""
    nouns = [synset for _, synset in net.ranked(word) if synset[0] == "n"][:1]
    verbs = [synset for _, synset in net.ranked(word)[:2] if synset[0] == "v"]
    found: dict[str, None] = {}
    for synset in nouns:
        for upper in sorted(net.closure(synset).items(), key=lambda item: (item[1], item[0])):
            if not set(net.words[upper[0]][:1]) & set(TOO_WIDE.split()):
                found.update(dict.fromkeys(net.words[upper[0]]))
    for synset in verbs:
        found.update(dict.fromkeys(net.words[synset]))
    return [one for one in found if re.fullmatch("[a-z]{3,}", one) and one != word and zipf_frequency(one, "en") >= 2.5]


def main() -> None:
    """Write the lexicon to stdout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DICT")
    net, files = read_wordnet(parser.parse_args().folder)
    kinds: dict[str, list[str]] = defaultdict(list)
    wider: dict[str, list[str]] = {}
    sounding: list[str] = []
    places: list[str] = []
    things: list[str] = []
    for word in sorted(word for word in net.senses if re.fullmatch("[a-z]{3,}", word)):
        zipf = zipf_frequency(word, "en")
        kind = kind_of(net, files, word)
        if zipf >= COMMON_CONCRETE_ZIPF and names_a_sound(net, files, word):
            sounding.append(word)
        if zipf >= COMMON_CONCRETE_ZIPF and names_a_place(net, word):
            places.append(word)
        if zipf >= COMMON_CONCRETE_ZIPF and kind not in THING_KINDS and may_name_a_thing(net, files, word):
            things.append(word)
        if kind and zipf >= (COMMON_CONCRETE_ZIPF if kind in {*CONCRETE.values(), *BY_HYPERNYM} else COMMON_ZIPF):
            kinds[kind].append(word)
            if (kind in OF_THINGS or word in sounding[-1:]) and (names := wider_names(net, word)):
                wider[word] = names[:4]
    print(LICENCE, end="")
    for kind, words in sorted(kinds.items()):
        print(f"[kind {kind}]", *_wrapped(words), sep="\n")
    print("[sounding]", *_wrapped(sounding), sep="\n")
    print("[places]", *_wrapped(places), sep="\n")
    print("[things]", *_wrapped(things), sep="\n")
    print("[familiar]", *_wrapped(_familiar()), sep="\n")
    print("[wider]", *(f"{word}: {' '.join(names)}" for word, names in wider.items()), sep="\n")


def _familiar() -> Iterator[str]:
    """Yield the stems in the names and descriptions of sound classes, each with the number of classes that have it."""
    ontology = load_ontology()
    counts: Counter[str] = Counter()
    for name in ontology.names:
        counts.update({stem(word) for word in re.findall("[A-Za-z]{3,}", f"{name} {ontology[name].description}")})
    yield from (f"{one}={count}" for one, count in sorted(counts.items()))


def _wrapped(words: list[str] | Iterator[str]) -> Iterator[str]:
    line = ""
    for word in words:
        if len(line) + len(word) > 118:
            yield line
            line = ""
        line = f"{line} {word}".strip()
    yield line


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="latin-1") as file:
        yield from (line for line in file if not line.startswith("  "))


if __name__ == "__main__":
    main()
