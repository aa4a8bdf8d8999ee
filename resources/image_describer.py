"""Image describers: what is seen in the key frames of a clip."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from resources.adapter import Adapter
from resources.errors import ClipError
from resources.media import KeyFrame
from resources.music_describer import Labelled


@dataclass(frozen=True)
class SeenFrame:
    """What is seen in one key frame: labels, best first, above the model's floor; may be empty."""

    time_s: float
    labels: tuple[Labelled, ...]


@dataclass(frozen=True)
class VisualDescription:
    """What is seen in a clip: frame by frame, and one plain description (empty when nothing is sure)."""

    frames: tuple[SeenFrame, ...]
    description: str


class ImageDescriber(Adapter):
    """Protocol of an image describer."""

    def ahead(self, frame: KeyFrame) -> None:
        """Be shown a key frame that is soon to be described; by default this does nothing.

        Workers call it, in threads: a model that scales pictures does so here, and its device need not wait.
        """

    @abstractmethod
    def describe(self, clips: Sequence[Sequence[KeyFrame]]) -> Sequence[VisualDescription | ClipError]:
        """Describe the key frames of each clip, one description, or the clip's own error, a clip, in order."""
