"""What every separator must satisfy. A new separator is a class that gives it, as `TestSpleeter` does."""

import numpy as np
import pytest
from numpy.typing import NDArray

from resources.embedded.spleeter import Spleeter
from resources.separator import Separator
from tests.contracts.adapter_contract import check_identity, check_life_cycle, check_settings_are_frozen_and_known
from tests.contracts.signals import awkward_clips


class SeparatorContract:
    """Tests of the fixture `separator`, which a subclass defines."""

    @pytest.fixture
    def mixtures(self, separator: Separator) -> list[NDArray[np.float32]]:
        """Mono and stereo, mixed in length."""
        clips = awkward_clips(separator.sample_rate_hz).values()
        stereo = [np.stack([clip, 0.5 * clip[::-1]]).astype(np.float32) for clip in clips]
        return [*(clip[None] for clip in clips), *stereo]

    def test_is_a_good_adapter(self, separator: Separator) -> None:
        check_identity(separator)
        check_settings_are_frozen_and_known(separator)
        check_life_cycle(separator)

    def test_vocals_have_the_shape_of_the_mixture(
        self, separator: Separator, mixtures: list[NDArray[np.float32]]
    ) -> None:
        before = [mixture.copy() for mixture in mixtures]
        vocals = separator.separate(mixtures)
        assert [v.shape for v in vocals] == [m.shape for m in mixtures]
        assert all(v.dtype == np.float32 and np.isfinite(v).all() for v in vocals)
        assert all(np.array_equal(m, b) for m, b in zip(mixtures, before, strict=True))

    def test_a_batch_gives_what_single_mixtures_give_in_order(
        self, separator: Separator, mixtures: list[NDArray[np.float32]]
    ) -> None:
        singles = [separator.separate([mixture])[0] for mixture in mixtures]
        for together, alone in zip(separator.separate(mixtures[::-1])[::-1], singles, strict=True):
            np.testing.assert_allclose(together, alone, atol=1e-4)

    def test_silence_and_nothing_hold_no_vocals(self, separator: Separator) -> None:
        (vocals,) = separator.separate([np.zeros((2, 3 * separator.sample_rate_hz), np.float32)])
        assert np.abs(vocals).max() < 1e-4
        assert separator.separate([]) == []
        assert separator.separate([np.zeros((1, 0), np.float32)])[0].shape == (1, 0)

    def test_mono_is_the_mean_of_the_same_in_stereo(self, separator: Separator) -> None:
        mono = awkward_clips(separator.sample_rate_hz)["noise_1_337_s"][None]
        in_mono, in_stereo = separator.separate([mono, np.repeat(mono, 2, axis=0)])
        np.testing.assert_allclose(in_mono[0], in_stereo.mean(axis=0), atol=1e-4)


class TestSpleeter(SeparatorContract):
    @pytest.fixture(scope="class")
    @classmethod
    def separator(cls) -> Separator:
        return Spleeter()
