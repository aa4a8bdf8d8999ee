import av
import numpy as np
import pytest
from PIL import Image

from resources.embedded.efficientnet import EfficientNetLite0, _prepare
from resources.media import KeyFrame
from tests.resources.media import EXAMPLES


def test_a_screen_is_seen_on_a_screen() -> None:
    """The clip shows a terminal window; ImageNet's nearest class is "website"."""
    with av.open(EXAMPLES / "terminal_speaker.mp4") as video:
        picture = next(video.decode(video=0)).to_image()  # type: ignore[no-untyped-call]
    (description,) = EfficientNetLite0().describe([[KeyFrame.of(picture, 0.0)]])
    assert description.frames[0].labels[0].label == "website"
    assert description.description == "Possibly in the picture: website."


def test_nothing_sure_is_not_described() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8))
    (description,) = EfficientNetLite0(floor=0.9).describe([[KeyFrame.of(noise, 0.0), KeyFrame.of(noise, 1.0)]])
    assert [frame.labels for frame in description.frames] == [(), ()]
    assert description.description == ""


def test_the_network_sees_the_centre_in_its_own_range() -> None:
    picture = np.zeros((200, 400, 3), np.uint8)
    picture[:, 100:300] = (255, 127, 0)
    prepared = _prepare(picture)
    assert prepared.shape == (3, 224, 224)
    assert prepared[:, 100, 100].tolist() == pytest.approx([1.0, 0.0, -127 / 128])
    assert prepared.std(axis=(1, 2)) == pytest.approx([0, 0, 0], abs=1e-6)
