"""What every sound describer must satisfy. A new one is one line in `DESCRIBERS`."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from resources.embedded.tag_timeline import TagTimeline
from resources.endpoint_describers import EndpointSoundDescriber
from resources.sound_describer import SoundDescriber, SoundEvent, SoundEvidence
from tests.contracts.adapter_contract import check_identity, check_life_cycle, check_settings_are_frozen_and_known
from tests.contracts.chat_server import MODEL, serving
from tests.contracts.senses import hears

DESCRIBERS: dict[str, SoundDescriber | None] = {"tag-timeline": TagTimeline(), "endpoint": None}

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 160_000).astype(np.float32)
BURST = np.where(np.arange(160_000) // 16_000 == 1, NOISE, 0).astype(np.float32)


@pytest.fixture(params=list(DESCRIBERS))
def describer(request: pytest.FixtureRequest) -> Iterator[SoundDescriber]:
    if adapter := DESCRIBERS[request.param]:
        yield adapter
        return
    with serving(hears) as server:
        yield EndpointSoundDescriber(base_url=server.url, model=MODEL)


def evidence(*events: SoundEvent, audio: NDArray[np.float32] | None = None) -> SoundEvidence:
    """Events of ten seconds, and their sound; silence when there is none."""
    return SoundEvidence(10.0, events, np.zeros(160_000, np.float32) if audio is None else audio)


def test_is_a_good_adapter(describer: SoundDescriber) -> None:
    check_identity(describer)
    check_settings_are_frozen_and_known(describer)
    check_life_cycle(describer)


def test_one_description_a_clip_in_order(describer: SoundDescriber) -> None:
    rain = evidence(SoundEvent("Rain", 0.9, ((0.0, 10.0),)), audio=NOISE)
    dog = evidence(SoundEvent("Bark", 0.9, ((1.0, 2.0),)), audio=BURST)
    both = describer.describe([rain, dog])
    assert both == [describer.describe([rain])[0], describer.describe([dog])[0]]
    assert "rain" in str(both[0]).lower()
    assert "dog" in str(both[1]).lower()
    assert describer.describe([]) == []


def test_nothing_heard_is_nothing_said(describer: SoundDescriber) -> None:
    assert describer.describe([evidence()]) == [""]


def test_the_timeline_tells_when() -> None:
    events = (
        SoundEvent("Chink, clink", 0.8, ((6.0, 6.5), (8.0, 8.4))),
        SoundEvent("Rain", 0.9, ((0.0, 9.9),)),
        SoundEvent("Silence", 0.9, ((0.0, 1.0),)),
        SoundEvent("Dog", 0.1, ((0.0, 1.0),)),
    )
    (text,) = TagTimeline().describe([evidence(*events)])
    assert text == "Throughout, rain falls. From 6.0 to 8.4 s, something clinks on and off."
