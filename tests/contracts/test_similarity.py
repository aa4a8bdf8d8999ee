"""What every caption scorer must satisfy. A new scorer is a class that gives it, as `TestTagBridge` does."""

import numpy as np
import pytest

from resources.embedded.minilm import DIMENSIONS, MiniLm, TagBridge
from resources.similarity import CaptionedClip, SimilarityScorer
from tests.contracts.adapter_contract import check_identity, check_life_cycle, check_settings_are_frozen_and_known

PAIRS = (
    ("A dog barks while rain falls.", (("Bark", 0.9), ("Rain", 0.6))),
    ("A violin plays slow classical music.", (("Violin, fiddle", 0.9), ("Music", 0.9))),
    ("A person speaks over the hum of an engine.", (("Speech", 0.9), ("Engine", 0.7))),
    ("Glass shatters.", (("Shatter", 0.8), ("Glass", 0.8))),
)


class ScorerContract:
    """Tests of the fixture `scorer`, which a subclass defines."""

    def test_is_a_good_adapter(self, scorer: SimilarityScorer) -> None:
        check_identity(scorer)
        check_settings_are_frozen_and_known(scorer)
        check_life_cycle(scorer)

    def test_scores_are_cosines_in_order(self, scorer: SimilarityScorer) -> None:
        clips = [CaptionedClip(caption, labels, np.zeros(48_000, np.float32)) for caption, labels in PAIRS]
        scores = scorer.score(clips)
        assert len(scores) == len(clips)
        assert all(-1 <= score <= 1 for score in scores)
        assert scorer.score(clips[::-1])[::-1] == pytest.approx(scores, abs=1e-6)
        assert scorer.score([]) == []


class TestTagBridge(ScorerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def scorer(cls) -> SimilarityScorer:
        return TagBridge()


def test_the_tag_bridge_prefers_the_caption_of_the_clip() -> None:
    bridge = TagBridge()
    grid = [[bridge.score([CaptionedClip(caption, labels)])[0] for caption, _ in PAIRS] for _, labels in PAIRS]
    for row, scores in enumerate(grid):
        assert max(range(len(PAIRS)), key=scores.__getitem__) == row
        assert scores[row] > 0.5
    assert bridge.score([CaptionedClip("A dog barks.")]) == [0.0]


def test_embeddings_are_unit_vectors_that_know_what_is_alike() -> None:
    vectors = MiniLm().embed(["a dog barks", "barking of a dog", "the tax office", ""])
    assert vectors.shape == (4, DIMENSIONS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.6
    assert vectors[0] @ vectors[2] < 0.3
    assert MiniLm().embed([]).shape == (0, DIMENSIONS)
