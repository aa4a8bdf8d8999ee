"""Property tests see the same examples in every run, so that a verdict is one about the code."""

import importlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st


def examples_seen() -> list[tuple[int, str]]:
    seen = []

    @given(st.integers(), st.text())
    def look(number: int, text: str) -> None:
        seen.append((number, text))

    look()
    return seen


def test_examples_are_the_same_whatever_was_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = examples_seen()
    assert len(before) == 100
    constants = [*range(10**6, 10**6 + 500), *(f"word {number}" for number in range(500))]
    (tmp_path / "many_constants.py").write_text(f"CONSTANTS = {constants}\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("many_constants")
    assert examples_seen() == before
