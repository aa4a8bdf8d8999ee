"""Fingerprints: equal for equal work, different for different work, and the same from one release to the next."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fusionaudio_assets.reasons import Reason
from fusionaudio_assets.stage import PayloadRef, Skip, Work
from fusionaudio_assets.stage.fingerprint import Fingerprinter, canonical_json
from resources.adapter import Json, runtime
from tests.stage.conftest import LENGTHS, Ruler, stage_profile

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def shuffled(value: Any, order: random.Random) -> Any:
    """The same value with the keys of all its objects in another order."""
    if isinstance(value, dict):
        keys = list(value)
        order.shuffle(keys)
        return {key: shuffled(value[key], order) for key in keys}
    return [shuffled(one, order) for one in value] if isinstance(value, list) else value


def of(work: Work | Skip, **settings: Any) -> str:
    return Fingerprinter(LENGTHS, stage_profile(**settings)).of(work)


@given(value=VALUES, order=st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(value: Json, order: random.Random) -> None:
    assert canonical_json(shuffled(value, order)) == canonical_json(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [-float("inf")]])
def test_what_is_no_json_is_refused(value: Json) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(value)


@given(one=st.dictionaries(st.text(), VALUES, max_size=4), other=st.dictionaries(st.text(), VALUES, max_size=4))
def test_different_inputs_have_different_fingerprints(one: dict[str, Json], other: dict[str, Json]) -> None:
    assume(canonical_json(one) != canonical_json(other))
    assert of(Work(one)) != of(Work(other))


def test_values_do_not_run_together() -> None:
    """As they do where columns are joined into one string."""
    inputs: list[dict[str, Json]] = [{"a": "ab", "b": "c"}, {"a": "a", "b": "bc"}, {"a": "a,b", "b": "c"}, {"a": "1"}]
    inputs += [{"a": 1}, {"a": 1.5}, {"a": True}, {"a": None}, {}, {"a": [1]}, {"a": [[1]]}, {"a": "\udc80"}]
    assert len({of(Work(one)) for one in inputs}) == len(inputs)


def test_payloads_count_by_their_content_alone() -> None:
    audio = PayloadRef("raw_clips", "audio", "s-1.parquet", "0" * 64)
    one = of(Work({}, {"audio": audio}))
    assert of(Work({}, {"audio": replace(audio, file="s-2.parquet", asset="stems")})) == one
    assert of(Work({}, {"audio": replace(audio, sha256="1" * 64)})) != one
    assert of(Work({}, {"vocals": audio})) != one


def test_what_does_not_change_the_output_does_not_change_the_fingerprint() -> None:
    one = of(Work({"x": 1}))
    assert of(Work({"x": 1}, audio_s=3.5, locator="/elsewhere.wav")) == one
    assert of(Work({"x": 1}), batch_size=3, min_length=7) == one


class Timed(Ruler):
    """A ruler with a setting that changes nothing but its speed."""

    threads: int = runtime(1, "threads")

    @property
    def model_name(self) -> str:
        return "timed"


def test_settings_of_speed_stay_out() -> None:
    assert of(Work({}), ruler=Timed(threads=8)) == of(Work({}), ruler=Timed())
    assert of(Work({}), ruler=Timed(scale=2)) != of(Work({}), ruler=Timed())
    assert of(Work({}), ruler=Timed()) != of(Work({}), ruler=Ruler())


def test_a_skip_outlives_the_model_that_it_did_not_need() -> None:
    skip = Skip(Reason.TOO_SHORT, "3 characters")
    assert of(skip, ruler=Ruler(scale=2), plus=1) == of(skip)
    assert of(Skip(Reason.TOO_SHORT, "4 characters")) != of(skip)
    assert of(Skip(Reason.SILENT, "3 characters")) != of(skip)


def test_the_stage_counts() -> None:
    one = of(Work({}))
    for changed in (
        replace(LENGTHS, version="2"),
        replace(LENGTHS, name="other"),
        replace(LENGTHS, also=lambda _: {"x": 1}),
    ):
        assert Fingerprinter(changed, stage_profile()).of(Work({})) != one


def test_fingerprints_stay_what_they_are() -> None:
    """A change here makes every lake compute everything anew: then it must be meant, and said to the users."""
    work = Work({"text": "Grüße 🐒", "score": 0.1, "spans": [[0.0, 1.5]], "none": None}, {"audio": _AUDIO})
    assert of(work) == "3eb9ed926b18e625ba647e2a60d8f46abb330088219e942e8c62d3f48d10d067"
    assert (
        of(Skip(Reason.TOO_SHORT, "3 characters")) == "7b824336fde77780d0815a453fbba1a9da73ecf209b50e8fd8f3f4173a96f767"
    )


_AUDIO = PayloadRef("raw_clips", "audio", "s-1.parquet", "0" * 64)
