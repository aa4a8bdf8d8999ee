"""The AudioSet ontology: 632 sound classes and how they contain each other.

Gemmeke et al., "Audio Set: An ontology and human-labeled dataset for audio events", ICASSP 2017. The hierarchy is a
directed graph without circles, not a tree: *Hiss* stands under *Cat*, *Snake*, *Steam* and *Onomatopoeia*. So a hiss
is **a** descendant of *Cat*, but hearing one does not imply a cat. This module keeps the two apart: `ancestors` are all
classes above, `implied` only those on every path to the top, which is what a score or a label may be carried to.
"""

import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resources.embedded.weights import revision, weight_path
from resources.errors import ModelUnavailable


@dataclass(frozen=True)
class SoundClass:
    """One class of the ontology.

    Attributes:
        mid: Machine id, e.g. ``"/m/09x0r"``, as the segment lists of AudioSet name it.
        name: Display name, unique, e.g. ``"Speech"``.
        description: What the class is, in prose.
        parents: Display names of the classes directly above; empty at the top.
        children: Display names of the classes directly below, in the ontology's order.
        abstract: Groups other classes and never labels audio itself.
        blacklisted: Left out of AudioSet's labels, too hard to tell by ear.
    """

    mid: str
    name: str
    description: str
    parents: tuple[str, ...]
    children: tuple[str, ...]
    abstract: bool
    blacklisted: bool


class Ontology:
    """Look-ups and hierarchy of sound classes. Names are AudioSet display names; an unknown one raises `KeyError`."""

    def __init__(self, classes: Iterable[SoundClass]) -> None:
        self._by_name = {sound_class.name: sound_class for sound_class in classes}
        self._by_mid = {sound_class.mid: sound_class for sound_class in self._by_name.values()}
        self._ancestors: dict[str, frozenset[str]] = {}
        self._implied: dict[str, frozenset[str]] = {}

    @classmethod
    def from_json(cls, path: Path) -> "Ontology":
        """Read the ontology as AudioSet publishes it (``ontology.json``).

        Raises:
            ModelUnavailable: The file is not an ontology.
        """
        try:
            records = json.loads(path.read_text(encoding="utf-8"))
            name_of = {record["id"]: record["name"] for record in records}
            children = {record["name"]: [name_of[mid] for mid in record["child_ids"]] for record in records}
            parents: dict[str, list[str]] = {name: [] for name in children}
            for parent, names in children.items():
                for name in names:
                    parents[name].append(parent)
            return cls(
                SoundClass(
                    mid=record["id"],
                    name=(name := record["name"]),
                    description=record["description"],
                    parents=tuple(parents[name]),
                    children=tuple(children[name]),
                    abstract="abstract" in record["restrictions"],
                    blacklisted="blacklist" in record["restrictions"],
                )
                for record in records
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ModelUnavailable(f"{path} is not an AudioSet ontology: {error!r}.") from error

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> SoundClass:
        return self._by_name[name]

    def __len__(self) -> int:
        return len(self._by_name)

    @property
    def names(self) -> tuple[str, ...]:
        """All display names, in the ontology's order."""
        return tuple(self._by_name)

    @property
    def roots(self) -> tuple[str, ...]:
        """The classes at the top."""
        return tuple(name for name, sound_class in self._by_name.items() if not sound_class.parents)

    def by_mid(self, mid: str) -> SoundClass:
        """The class with this machine id."""
        return self._by_mid[mid]

    def display_name(self, label: str) -> str:
        """The display name behind `label`, which may be a machine id or a display name in any case.

        Raises:
            KeyError: No class is called so.
        """
        if label in self._by_name:
            return label
        if label in self._by_mid:
            return self._by_mid[label].name
        return self._by_folded_name[label.strip().casefold()]

    @functools.cached_property
    def _by_folded_name(self) -> dict[str, str]:
        return {name.casefold(): name for name in self._by_name}

    def ancestors(self, name: str) -> frozenset[str]:
        """All classes above `name`, on any path; without `name` itself."""
        if name not in self._ancestors:
            parents = self._by_name[name].parents
            self._ancestors[name] = frozenset(parents).union(*(self.ancestors(parent) for parent in parents))
        return self._ancestors[name]

    def implied(self, name: str) -> frozenset[str]:
        """The classes above `name` on *every* path to the top: what is heard for certain when `name` is.

        A growl may be a dog's or a lion's, but it is an animal's.
        """
        if name not in self._implied:
            parents = self._by_name[name].parents
            through = [self.implied(parent) | {parent} for parent in parents]
            self._implied[name] = frozenset.intersection(*through) if through else frozenset()
        return self._implied[name]

    def is_a(self, child: str, ancestor: str) -> bool:
        """Whether `ancestor` is `child` or stands above it on some path."""
        return child == ancestor or ancestor in self.ancestors(child)

    def descendants(self, name: str) -> frozenset[str]:
        """All classes below `name`, on any path; without `name` itself."""
        children = self._by_name[name].children
        return frozenset(children).union(*(self.descendants(child) for child in children))

    def depth(self, name: str) -> int:
        """Steps on the shortest path to the top; 0 at the top."""
        return min((self.depth(parent) + 1 for parent in self._by_name[name].parents), default=0)

    def most_specific(self, labels: Iterable[str]) -> list[str]:
        """Drop the labels that another one implies, and repetitions; the rest stays in order.

        A possible but not implied ancestor stays, for it adds to what is known: *Cat* beside *Hiss*.
        """
        unique = list(dict.fromkeys(labels))
        covered = frozenset[str]().union(*(self.implied(label) for label in unique))
        return [label for label in unique if label not in covered]

    def propagate(self, scores: NDArray[np.float32], classes: Sequence[str]) -> NDArray[np.float32]:
        """Make scores agree with the hierarchy: a class scores at least what any class that implies it does.

        Args:
            scores: ``(..., classes)`` in any range.
            classes: Display name of each column; may be any part of the ontology.

        Returns:
            A new array of the same shape, nowhere smaller.
        """
        raised = np.array(scores, copy=True)
        for column, below in self._implying_columns(tuple(classes)):
            np.max(scores[..., below], axis=-1, out=raised[..., column])
        return raised

    @functools.lru_cache(maxsize=8)  # noqa: B019  an ontology lives as long as its process
    def _implying_columns(self, classes: tuple[str, ...]) -> list[tuple[int, NDArray[np.intp]]]:
        """For each column that another one implies: its index, and those of itself and the columns that imply it."""
        below: dict[str, list[int]] = {name: [] for name in classes}
        for column, name in enumerate(classes):
            for implied in self.implied(name):
                if implied in below:
                    below[implied].append(column)
        return [(column, np.array([column, *below[name]])) for column, name in enumerate(classes) if below[name]]


ONTOLOGY = "audioset_ontology"
"""Its name among the weights."""


def ontology_revision() -> str:
    """SHA-256 of the ontology that `load_ontology` gives, known without loading it."""
    return revision(ONTOLOGY)


@functools.cache
def load_ontology() -> Ontology:
    """The ontology from the cache of weights.

    Raises:
        WeightsMissing: It has not been fetched.
    """
    return Ontology.from_json(weight_path(ONTOLOGY))
