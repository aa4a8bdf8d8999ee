"""Distributions: figures that equal those of the whole list, and pictures that hold every count."""

import re
from base64 import b64decode
from collections import Counter
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionaudio_assets.distribution import Panel, as_link, percentiles, picture

NUMBERS = st.one_of(st.integers(0, 300).map(float), st.integers(-100, 100).map(lambda hundredth: hundredth / 100))
NAMES = st.text(min_size=1, max_size=40)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=200))
def test_percentiles_are_those_of_the_whole_list(values: list[int]) -> None:
    found = percentiles(Counter(values))
    for name, share in (("p5", 5), ("median", 50), ("p95", 95)):
        assert found[name] == np.percentile(values, share, method="inverted_cdf")
    assert (found["min"], found["max"]) == (min(values), max(values))
    assert found["mean"] == pytest.approx(np.mean(values))


@given(st.dictionaries(NUMBERS, st.integers(1, 10**6), max_size=60))
def test_a_histogram_has_every_count_in_few_bins_of_one_width(counts: dict[float, int]) -> None:
    drawn = ET.fromstring(picture(Panel("Words", counts)))
    bins = [_number(title.text, r": ([\d,]+)$") for title in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert sum(bins) == sum(counts.values())
    assert len(bins) <= 41
    starts = [_number(title.text, r"^([-\d.e]+):") for title in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert np.allclose(np.diff(starts), np.diff(starts)[:1].mean() if len(starts) > 1 else 0)


@given(st.dictionaries(NUMBERS, st.integers(1, 10**6), min_size=1, max_size=60))
def test_the_axes_of_a_histogram_tell_counts_and_values(counts: dict[float, int]) -> None:
    drawn = ET.fromstring(picture(Panel("Captions", counts, "words")))
    texts = list(drawn.iter("{http://www.w3.org/2000/svg}text"))
    levels = [_number(one.text, r"^([\d,]+)$") for one in texts if one.get("text-anchor") == "end"]
    *values, axis = [one.text for one in texts if one.get("text-anchor") == "middle"]
    bins = [_number(one.text, r": ([\d,]+)$") for one in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert axis == "words"
    assert levels[0] == 0
    assert levels[-1] >= max(bins)
    assert 2 <= len(levels) <= 6
    ticks = [_number(value, r"^([-\d.e]+)$") for value in values]
    assert ticks == sorted(ticks)
    assert 1 <= len(ticks) <= 7
    assert ticks[0] <= min(counts) + 1e-6


@given(st.dictionaries(NAMES, st.integers(1, 10**6), min_size=1, max_size=30))
def test_bars_have_every_count_whatever_the_names(counts: dict[str, int]) -> None:
    drawn = ET.fromstring(picture(Panel("Writers", counts)))
    texts = [text.text or "" for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert sum(_number(text, r"^([\d,]+)$") for text in texts[2::2]) == sum(counts.values())
    assert len(texts) <= 1 + 2 * 6


def test_the_link_of_a_picture_holds_it() -> None:
    svg = picture(Panel("Writers", {"<me> & you": 3}), Panel("Words", {}))
    kind, _, payload = as_link(svg).partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert b64decode(payload).decode() == svg


def _number(text: str | None, pattern: str) -> float:
    found = re.search(pattern, text or "")
    assert found is not None
    return float(found[1].replace(",", ""))
