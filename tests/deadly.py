"""Models that take their process with them, for runs in processes of their own."""

import os
import signal
import time
from collections.abc import Sequence

from resources.tagger import TagScores
from tests.doubles import FloatArray, Tags


class DeadlyTags(Tags):
    """A tagger that dies natively of clips of one length, or hangs at them."""

    dies_at_samples: int
    dies_of_probe: bool = False
    hangs: bool = False

    def probe(self) -> None:
        if self.dies_of_probe:
            os.kill(os.getpid(), signal.SIGSEGV)

    def tag(self, clips: Sequence[FloatArray]) -> list[TagScores]:
        if any(clip.size == self.dies_at_samples or self.dies_of_probe for clip in clips):
            if self.hangs:
                time.sleep(1000)
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().tag(clips)
