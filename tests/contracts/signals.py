"""Short, deterministic signals that every listener must take: at any sample rate, mono."""

import numpy as np
from numpy.typing import NDArray


def awkward_clips(sample_rate_hz: int) -> dict[str, NDArray[np.float32]]:
    """One sample, a click, silence, odd lengths, full-scale noise, a square wave at the rails, a view with a stride."""
    rng = np.random.default_rng(0)
    second = np.arange(sample_rate_hz) / sample_rate_hz
    square = np.sign(np.sin(2 * np.pi * 100 * second))
    clips = {
        "one_sample": np.array([0.5]),
        "50_ms": 0.1 * rng.standard_normal(sample_rate_hz // 20),
        "silence_3_s": np.zeros(3 * sample_rate_hz),
        "noise_1_337_s": rng.uniform(-1, 1, round(1.337 * sample_rate_hz)),
        "square_1_s": square,
        "tone_2_s": np.tile(0.3 * np.sin(2 * np.pi * 440 * second), 2),
    }
    as_float32 = {name: clip.astype(np.float32) for name, clip in clips.items()}
    return {**as_float32, "strided": np.repeat(as_float32["tone_2_s"], 2)[::2]}
