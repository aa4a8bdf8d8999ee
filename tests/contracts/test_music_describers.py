"""What every music describer must satisfy. A new describer is one line in `DESCRIBERS`."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from resources.embedded.musicnn import Musicnn
from resources.endpoint_describers import EndpointMusicDescriber
from resources.music_describer import Labelled, MusicDescriber, MusicDescription
from tests.contracts.adapter_contract import check_identity, check_life_cycle, check_settings_are_frozen_and_known
from tests.contracts.chat_server import MODEL, serving
from tests.contracts.senses import knows_music
from tests.contracts.signals import awkward_clips

DESCRIBERS: dict[str, MusicDescriber | None] = {"musicnn": Musicnn(), "endpoint": None}


@pytest.fixture(params=list(DESCRIBERS), scope="module")
def describer(request: pytest.FixtureRequest) -> Iterator[MusicDescriber]:
    if adapter := DESCRIBERS[request.param]:
        yield adapter
        return
    with serving(knows_music) as server:
        yield EndpointMusicDescriber(base_url=server.url, model=MODEL)


@pytest.fixture
def clips(describer: MusicDescriber) -> list[NDArray[np.float32]]:
    return list(awkward_clips(describer.sample_rate_hz).values())


def described(describer: MusicDescriber, clips: Sequence[NDArray[np.float32]]) -> list[MusicDescription]:
    """What the describer says, all of it without an error."""
    answers = describer.describe(clips)
    descriptions = [answer for answer in answers if isinstance(answer, MusicDescription)]
    assert len(descriptions) == len(answers), answers
    return descriptions


def test_is_a_good_adapter(describer: MusicDescriber) -> None:
    check_identity(describer)
    check_settings_are_frozen_and_known(describer)
    check_life_cycle(describer)


def test_descriptions_are_well_formed(describer: MusicDescriber, clips: list[NDArray[np.float32]]) -> None:
    descriptions = described(describer, clips)
    assert len(descriptions) == len(clips)
    for description in descriptions:
        for labels in (description.genres, description.instruments, description.moods, description.vocals):
            assert len({label.label for label in labels}) == len(labels)
            assert all(0 <= label.score <= 1 for label in labels)
            assert all(first.score >= second.score for first, second in pairwise(labels))
        assert description.tempo_bpm is None or 20 <= description.tempo_bpm <= 400
        assert description.description == description.description.strip()


def test_a_batch_gives_what_single_clips_give_in_order(
    describer: MusicDescriber, clips: list[NDArray[np.float32]]
) -> None:
    singles = [described(describer, [clip])[0] for clip in clips]
    for together, alone in zip(described(describer, clips[::-1])[::-1], singles, strict=True):
        assert together.description == alone.description
        assert _scores(together.raw) == pytest.approx(_scores(alone.raw), abs=1e-4)


def test_silence_and_nothing_have_no_music(describer: MusicDescriber) -> None:
    assert describer.describe([np.zeros(5 * describer.sample_rate_hz, np.float32)]) == [MusicDescription()]
    assert describer.describe([]) == []


def _scores(labels: tuple[Labelled, ...]) -> dict[str, float]:
    return {label.label: label.score for label in labels}
