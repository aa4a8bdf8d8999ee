"""Patterns that are made of words at hand."""

import re

from hypothesis import given
from hypothesis import strategies as st

from fusionaudio_assets.captioning.leaks.tables import folded
from fusionaudio_assets.captioning.words import any_of

PHRASES = st.lists(st.sampled_from(("a dog barks", "dog", "A cat", "rain (heavy)", "b", "a")), max_size=4)
PARTS = st.sampled_from(("a dog barks", " and ", "A Dog", "while ", "rain (heavy)", ", ", "a cat", "b"))


@given(PHRASES, st.lists(PARTS, max_size=6).map("".join))
def test_phrases_that_are_left_out_would_match_nowhere(phrases: list[str], text: str) -> None:
    led_by = ("and ", "while ")
    lean, full = any_of(phrases, text, after=led_by), "|".join(map(re.escape, phrases)) or "(?!)"
    lean_found, found = (re.findall(rf"(?:and|while) (?:{one})", text, re.IGNORECASE) for one in (lean, full))
    assert lean_found == found


@given(st.text(max_size=30))
def test_a_folded_text_keeps_its_length_and_matches_as_if_case_did_not_matter(text: str) -> None:
    assert len(folded(text)) == len(text)
    for letter in "iskaz":
        assert [m.start() for m in re.finditer(letter, folded(text))] == [
            m.start() for m in re.finditer(letter, text, re.IGNORECASE)
        ]
