"""Example clips, decoded for the tests of models."""

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

EXAMPLES = Path(__file__).parents[2] / "examples" / "clips"


def example_audio(name: str, sample_rate_hz: int) -> NDArray[np.float32]:
    """The audio of an example clip, ``(samples,) float32`` mono."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=sample_rate_hz)
    with av.open(EXAMPLES / name) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])
