"""The AudioSet hierarchy: what contains what, what implies what."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from resources.errors import ModelUnavailable
from resources.ontology import Ontology, load_ontology

ONTOLOGY = load_ontology()
NAMES = st.sampled_from(ONTOLOGY.names)
LABELS = st.lists(NAMES, max_size=12)


def test_holds_the_published_ontology() -> None:
    assert len(ONTOLOGY) == 632
    assert set(ONTOLOGY.roots) == {
        "Human sounds",
        "Animal",
        "Music",
        "Natural sounds",
        "Sounds of things",
        "Source-ambiguous sounds",
        "Channel, environment and background",
    }
    assert ONTOLOGY["Human voice"].abstract
    assert ONTOLOGY.by_mid("/m/09x0r").name == "Speech"
    assert ONTOLOGY.ancestors("Cello") == {"Bowed string instrument", "Musical instrument", "Music"}
    assert ONTOLOGY.depth("Cello") == 3
    assert "Cello" in ONTOLOGY.descendants("Music")


def test_a_class_with_several_parents_implies_only_what_they_share() -> None:
    assert {"Cat", "Snake", "Steam"} <= ONTOLOGY.ancestors("Hiss")
    assert ONTOLOGY.implied("Hiss") == frozenset()
    assert ONTOLOGY.implied("Growling") == {"Animal"}


def test_most_specific_keeps_the_possible_source_of_an_ambiguous_sound() -> None:
    assert ONTOLOGY.most_specific(["Animal", "Cat", "Hiss", "Music", "Cello", "Cat"]) == ["Cat", "Hiss", "Cello"]


def test_names_are_found_by_id_and_in_any_case() -> None:
    assert ONTOLOGY.display_name("/m/09x0r") == ONTOLOGY.display_name(" speech") == "Speech"
    with pytest.raises(KeyError):
        ONTOLOGY.display_name("No such sound")


def test_a_hiss_raises_no_cat_but_a_cello_raises_music() -> None:
    classes = ("Cat", "Hiss", "Music", "Cello", "Bowed string instrument")
    scores = np.array([[0.1, 0.9, 0.2, 0.8, 0.3]], np.float32)
    expected = np.array([[0.1, 0.9, 0.8, 0.8, 0.8]], np.float32)
    np.testing.assert_array_equal(ONTOLOGY.propagate(scores, classes), expected)


@given(NAMES)
def test_the_hierarchy_holds_together(name: str) -> None:
    sound_class = ONTOLOGY[name]
    assert ONTOLOGY.by_mid(sound_class.mid) is sound_class
    assert name not in ONTOLOGY.ancestors(name)
    assert ONTOLOGY.implied(name) <= ONTOLOGY.ancestors(name)
    assert all(name in ONTOLOGY[parent].children for parent in sound_class.parents)
    assert all(name in ONTOLOGY[child].parents for child in sound_class.children)
    assert all(name in ONTOLOGY.descendants(ancestor) for ancestor in ONTOLOGY.ancestors(name))
    if len(sound_class.parents) == 1:
        (parent,) = sound_class.parents
        assert ONTOLOGY.implied(name) == ONTOLOGY.implied(parent) | {parent}


@given(NAMES, NAMES, NAMES)
def test_being_a_kind_of_is_a_partial_order(a: str, b: str, c: str) -> None:
    assert ONTOLOGY.is_a(a, a)
    assert not (ONTOLOGY.is_a(a, b) and ONTOLOGY.is_a(b, a)) or a == b
    assert not (ONTOLOGY.is_a(a, b) and ONTOLOGY.is_a(b, c)) or ONTOLOGY.is_a(a, c)


@given(LABELS)
def test_most_specific_labels_imply_all_that_was_dropped(labels: list[str]) -> None:
    kept = ONTOLOGY.most_specific(labels)
    implied = frozenset[str]().union(*(ONTOLOGY.implied(label) for label in kept))
    assert set(labels) - set(kept) <= implied
    assert not set(kept) & implied
    assert kept == [label for label in dict.fromkeys(labels) if label in kept]
    assert ONTOLOGY.most_specific(kept) == kept


@given(
    st.lists(NAMES, min_size=1, max_size=60, unique=True).flatmap(
        lambda classes: st.tuples(
            st.just(classes), hnp.arrays(np.float32, (2, len(classes)), elements=st.floats(0, 1, width=32))
        )
    )
)
def test_propagated_scores_agree_with_the_hierarchy(drawn: tuple[list[str], NDArray[np.float32]]) -> None:
    classes, scores = drawn
    raised = ONTOLOGY.propagate(scores, classes)
    assert raised.shape == scores.shape
    assert (raised >= scores).all()
    for column, name in enumerate(classes):
        for above in ONTOLOGY.implied(name) & set(classes):
            assert (raised[:, classes.index(above)] >= raised[:, column]).all()
    np.testing.assert_array_equal(ONTOLOGY.propagate(raised, classes), raised)
    assert set(np.unique(raised)) <= set(np.unique(scores))


@pytest.mark.parametrize("text", ["", "{}", '[{"id": 1}]', "[1]"])
def test_a_file_that_is_no_ontology_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ontology.json"
    path.write_text(text)
    if text == "{}":
        assert len(Ontology.from_json(path)) == 0
        return
    with pytest.raises(ModelUnavailable, match=r"ontology\.json"):
        Ontology.from_json(path)
