"""Measures of signals and scores."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def si_sdr_db(estimate: FloatArray, reference: FloatArray) -> float:
    """Scale-invariant signal-to-distortion ratio (Le Roux et al. 2019), means removed.

    Args:
        estimate: ``(samples,) float32``.
        reference: ``(samples,) float32``, not all zero.

    Returns:
        dB; bounded to ±100.
    """
    estimated, wanted = (signal.astype(np.float64) - signal.mean() for signal in (estimate, reference))
    target = (estimated @ wanted) / (wanted @ wanted) * wanted
    error = estimated - target
    return 10 * math.log10((target @ target + 1e-10 * (wanted @ wanted)) / (error @ error + 1e-10 * (wanted @ wanted)))


def average_precision(truth: Sequence[bool], scores: Sequence[float]) -> float:
    """Area under the precision-recall curve as a sum over recall steps; equal scores are one step.

    Args:
        truth: Whether the class is there; at least once.
        scores: Of the same clips.
    """
    there, ranked = np.asarray(truth, bool), np.asarray(scores, np.float64)
    area, recall_before = 0.0, 0.0
    for threshold in np.unique(ranked)[::-1]:
        chosen = ranked >= threshold
        recall = float((there & chosen).sum() / there.sum())
        area += (recall - recall_before) * float(there[chosen].mean())
        recall_before = recall
    return area


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, hits / of
    middle = share + z * z / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, (middle - spread) / (1 + z * z / of)), min(1.0, (middle + spread) / (1 + z * z / of))
