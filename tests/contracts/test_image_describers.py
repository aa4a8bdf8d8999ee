"""What every image describer must satisfy. A new one is a class that gives it, as `TestEndpoint` does."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from resources.embedded.efficientnet import EfficientNetLite0
from resources.endpoint_describers import EndpointImageDescriber
from resources.image_describer import ImageDescriber, VisualDescription
from resources.media import KeyFrame
from tests.contracts.adapter_contract import check_identity, check_life_cycle, check_settings_are_frozen_and_known
from tests.contracts.chat_server import MODEL, serving
from tests.contracts.senses import sees


def described(describer: ImageDescriber, clips: Sequence[Sequence[KeyFrame]]) -> list[VisualDescription]:
    """What the describer says, all of it without an error."""
    answers = describer.describe(clips)
    descriptions = [answer for answer in answers if isinstance(answer, VisualDescription)]
    assert len(descriptions) == len(answers), answers
    return descriptions


class DescriberContract:
    """Tests of the fixture `describer`, which a subclass defines."""

    @pytest.fixture
    def clips(self) -> list[list[KeyFrame]]:
        """No frames, one, many; upright, wide, of one pixel, of one colour."""
        rng = np.random.default_rng(0)
        shapes = [(64, 48), (48, 640), (1, 1), (225, 224), (300, 2)]
        pictures = [rng.integers(0, 256, (*shape, 3), np.uint8) for shape in shapes]
        pictures.append(np.zeros((80, 80, 3), np.uint8))
        frames = [KeyFrame.of(Image.fromarray(picture), float(i)) for i, picture in enumerate(pictures)]
        return [[], frames[:1], frames, [], frames[::-1]]

    def test_is_a_good_adapter(self, describer: ImageDescriber) -> None:
        check_identity(describer)
        check_settings_are_frozen_and_known(describer)
        check_life_cycle(describer)

    def test_descriptions_follow_the_frames(self, describer: ImageDescriber, clips: list[list[KeyFrame]]) -> None:
        descriptions = described(describer, clips)
        assert [[seen.time_s for seen in d.frames] for d in descriptions] == [
            [f.time_s for f in clip] for clip in clips
        ]
        for seen in (seen for description in descriptions for seen in description.frames):
            assert all(0 <= label.score <= 1 for label in seen.labels)
            assert all(first.score >= second.score for first, second in pairwise(seen.labels))

    def test_a_batch_gives_what_single_clips_give_in_order(
        self, describer: ImageDescriber, clips: list[list[KeyFrame]]
    ) -> None:
        singles = [described(describer, [clip])[0] for clip in clips]
        for together, alone in zip(described(describer, clips[::-1])[::-1], singles, strict=True):
            for seen, expected in zip(together.frames, alone.frames, strict=True):
                scores = {label.label: label.score for label in expected.labels}
                assert {label.label: label.score for label in seen.labels} == pytest.approx(scores, abs=1e-4)

    def test_no_frames_show_nothing(self, describer: ImageDescriber) -> None:
        assert describer.describe([]) == []
        assert describer.describe([[]]) == [VisualDescription((), "")]


class TestEfficientNetLite0(DescriberContract):
    @pytest.fixture(scope="class", params=[0.5, 0.0])
    @classmethod
    def describer(cls, request: pytest.FixtureRequest) -> ImageDescriber:
        return EfficientNetLite0(floor=request.param)


class TestEndpoint(DescriberContract):
    @pytest.fixture(scope="class")
    @classmethod
    def describer(cls) -> Iterator[ImageDescriber]:
        with serving(sees) as server:
            yield EndpointImageDescriber(base_url=server.url, model=MODEL)
