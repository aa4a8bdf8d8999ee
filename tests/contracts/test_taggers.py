"""What every tagger must satisfy. A new tagger is a class that gives it, as `TestYamnet` does."""

import numpy as np
import pytest
from numpy.typing import NDArray

from resources.embedded.yamnet import Yamnet
from resources.ontology import load_ontology
from resources.tagger import Tagger
from tests.contracts.adapter_contract import check_identity, check_life_cycle, check_settings_are_frozen_and_known
from tests.contracts.signals import awkward_clips


class TaggerContract:
    """Tests of the fixture `tagger`, which a subclass defines."""

    @pytest.fixture
    def clips(self, tagger: Tagger) -> list[NDArray[np.float32]]:
        return list(awkward_clips(tagger.sample_rate_hz).values())

    def test_is_a_good_adapter(self, tagger: Tagger) -> None:
        check_identity(tagger)
        check_settings_are_frozen_and_known(tagger)
        check_life_cycle(tagger)

    def test_classes_are_unique_display_names_of_the_ontology(self, tagger: Tagger) -> None:
        assert len(set(tagger.classes)) == len(tagger.classes)
        assert set(tagger.classes) <= set(load_ontology().names)

    def test_scores_are_shaped_bounded_and_cover_the_clip(
        self, tagger: Tagger, clips: list[NDArray[np.float32]]
    ) -> None:
        results = tagger.tag(clips)
        assert len(results) == len(clips)
        for clip, result in zip(clips, results, strict=True):
            frames, classes = result.scores.shape
            assert result.scores.dtype == np.float32
            assert classes == len(tagger.classes)
            whole = result.scores.max(axis=0) if result.clip is None else result.clip
            assert whole.dtype == np.float32
            assert whole.shape == (classes,)
            for scores in (result.scores, whole):
                assert (scores >= 0).all()
                assert (scores <= 1).all()
            assert (frames - 1) * result.hop_s + result.window_s >= len(clip) / tagger.sample_rate_hz
            assert (frames - 1) * result.hop_s < max(len(clip) / tagger.sample_rate_hz, 1e-9)

    def test_a_batch_gives_what_single_clips_give_in_order(
        self, tagger: Tagger, clips: list[NDArray[np.float32]]
    ) -> None:
        singles = [tagger.tag([clip])[0] for clip in clips]
        for together, alone in zip(tagger.tag(clips), singles, strict=True):
            np.testing.assert_allclose(together.scores, alone.scores, atol=1e-4)
        backwards = tagger.tag(clips[::-1])[::-1]
        for together, alone in zip(backwards, singles, strict=True):
            np.testing.assert_allclose(together.scores, alone.scores, atol=1e-4)

    def test_no_clips_give_no_scores(self, tagger: Tagger) -> None:
        assert tagger.tag([]) == []

    def test_clips_are_not_written_to(self, tagger: Tagger, clips: list[NDArray[np.float32]]) -> None:
        before = [clip.copy() for clip in clips]
        tagger.tag(clips)
        for clip, copy in zip(clips, before, strict=True):
            np.testing.assert_array_equal(clip, copy)


class TestYamnet(TaggerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def tagger(cls) -> Tagger:
        return Yamnet()
