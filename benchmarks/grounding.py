"""How well grounding tells faithful captions from hallucinated ones, and how its coefficients are fitted.

    python -m benchmarks.grounding PAIRS report     figures on the clips that were set aside
    python -m benchmarks.grounding PAIRS fit        fit the coefficients on the other clips and write them
    python -m benchmarks.grounding PAIRS errors     what goes wrong on the clips that were fitted on, left out in turn
    python -m benchmarks.grounding PAIRS speed      seconds for 10,000 captions with their leaks, from a cold start

PAIRS is JSONL: ``{"clip", "references": [..], "faithful", "hallucinated"}`` a line; the references are the cues. Clips
are split by a fixed seed; no clip stands on both sides.
"""

import argparse
import difflib
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from fusionaudio_assets.captioning.audit import Auditor
from fusionaudio_assets.captioning.likelihood import (
    FEATURES,
    Embed,
    Likelihood,
    Weights,
    needs_judging,
    weights,
    wrong_agent,
)
from fusionaudio_assets.captioning.support import Support, ground
from fusionaudio_assets.captioning.vocabulary import Source, text_sources
from fusionaudio_assets.captioning.words import claim_runs, tokens
from resources.embedded.minilm import MiniLm

SEED = 0
TUNED_SHARE = 0.6
NUM_CAPTIONS = 10_000
WEIGHTS_FILE = Path("fusionaudio_assets/captioning/grounding_weights.yaml")
UNFITTED = Weights(0.0, np.zeros(len(FEATURES)), 0.5)
_STRENGTH = 1.0
_FOLDS = 5
_RESAMPLES = 2000
_NOTE = """\
# Logistic model of how unlikely a word of a caption is by the cues: coefficients of `likelihood.FEATURES`, written by
# `python -m benchmarks.grounding PAIRS fit` (L2 penalty, C = {strength}). Fitted on {words} words of {pairs} pairs of
# {clips} clips of the AudioCaps_Hallu part of BRACE; the other clips are kept for the report. The threshold is the
# middle of those whose balanced accuracy, on clips left out of the fit in turn, is within one standard error of the
# highest.
"""

Pair = dict[str, Any]
Supports = list[tuple[Support, Support]]
"""Of each pair the faithful caption's and the hallucinated one's."""


@dataclass(frozen=True)
class Examples:
    """Words that need judging: features ``(words, features)``, whether each was put in, and its clip."""

    features: NDArray[np.float64]
    put_in: NDArray[np.bool_]
    clips: NDArray[np.str_]

    def fitted(self, chosen: NDArray[np.bool_] | slice = slice(None), threshold: float = 0.5) -> Weights:
        """Fit the coefficients on some of them."""
        model = LogisticRegression(C=_STRENGTH, max_iter=5000).fit(self.features[chosen], self.put_in[chosen])
        return Weights(round(float(model.intercept_[0]), 3), model.coef_[0].round(3), threshold)


@dataclass(frozen=True)
class Figures:
    """What is reported: for each pair whether the right one scores higher (half for a tie), and for each threshold."""

    pairs: Sequence[Pair]
    supports: Supports

    @property
    def right_of_pair(self) -> NDArray[np.float64]:
        """1 where the faithful caption has the higher support, one half where both have the same, else 0."""
        gaps = np.array([faithful.score - hallucinated.score for faithful, hallucinated in self.supports])
        halves: NDArray[np.float64] = (np.sign(gaps) + 1) / 2
        return halves

    def kept(self, threshold: float) -> NDArray[np.bool_]:
        """Whether all claims of either caption reach a threshold, ``(pairs, 2)``."""
        weakest = [[min((c.support for c in one.claims), default=1.0) for one in both] for both in self.supports]
        return np.array(weakest) >= threshold

    def right_at(self, threshold: float) -> NDArray[np.float64]:
        """For each pair the mean of whether either caption is judged right."""
        kept = self.kept(threshold)
        return (kept[:, 0].astype(np.float64) + ~kept[:, 1]) / 2

    def best_threshold(self) -> float:
        """The middle of the thresholds whose balanced accuracy is within one standard error of the highest."""
        candidates = np.linspace(0.01, 0.99, 99)
        reached = [self.right_at(one) for one in candidates]
        best = max(reached, key=lambda right: float(right.mean()))
        least = best.mean() - best.std() / np.sqrt(len(best))
        return round(
            float(np.median([one for one, right in zip(candidates, reached, strict=True) if right.mean() >= least])), 2
        )

    def told(self, threshold: float) -> str:
        """The figures in words."""
        lines = [
            f"{name}: {values.mean():.3f} ({low:.3f} to {high:.3f})"
            for name, values in (
                ("right one of a pair", self.right_of_pair),
                (f"balanced accuracy at {threshold}", self.right_at(threshold)),
            )
            for low, high in [self._interval(values)]
        ]
        faithful, hallucinated = self.kept(threshold).mean(axis=0)
        ties = float((self.right_of_pair == 0.5).mean())
        lines.append(f"faithful kept {faithful:.3f}, hallucinated refused {1 - hallucinated:.3f}, ties {ties:.3f}")
        return "\n".join(lines)

    def _interval(self, values: NDArray[np.float64]) -> tuple[float, float]:
        """Return the 95 % bootstrap interval of a mean, drawing clips, not pairs."""
        clips = np.array([pair["clip"] for pair in self.pairs])
        by_clip = [values[clips == clip] for clip in np.unique(clips)]
        rng = np.random.default_rng(SEED)
        draws = rng.integers(len(by_clip), size=(_RESAMPLES, len(by_clip)))
        low, high = np.percentile([np.concatenate([by_clip[i] for i in draw]).mean() for draw in draws], [2.5, 97.5])
        return float(low), float(high)


def split(pairs: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs to tune on and those to report on."""
    clips = sorted({pair["clip"] for pair in pairs})
    random.Random(SEED).shuffle(clips)
    tuned = set(clips[: int(len(clips) * TUNED_SHARE)])
    return [pair for pair in pairs if pair["clip"] in tuned], [pair for pair in pairs if pair["clip"] not in tuned]


def known(pair: Pair) -> list[Source]:
    """Return the cues of a pair."""
    return [source for text in pair["references"] for source in text_sources("sound", text)]


def judge(pairs: Sequence[Pair], likelihood: Likelihood) -> Supports:
    """Ground both captions of each pair."""
    cues = [known(pair) for pair in pairs]
    return [
        (ground(pair["faithful"], own, likelihood), ground(pair["hallucinated"], own, likelihood))
        for pair, own in zip(pairs, cues, strict=True)
    ]


def examples(pairs: Sequence[Pair], likelihood: Likelihood) -> Examples:
    """Return the words of both captions that the cues do not have."""
    found: list[tuple[NDArray[np.float64], bool, str]] = []
    for pair in pairs:
        terms = likelihood.terms(known(pair))
        wrong = set(words_put_in(pair["faithful"], pair["hallucinated"]))
        for side, places in (("faithful", set[int]()), ("hallucinated", wrong)):
            found += [
                (likelihood.features(run, index, terms), run[index].start in places, pair["clip"])
                for run in claim_runs(pair[side])
                for index in range(len(run))
                if needs_judging(run[index], terms) and not wrong_agent(run, index)
            ]
    features, put_in, clips = zip(*found, strict=True)
    return Examples(np.array(features), np.array(put_in), np.array(clips))


def left_out_in_turn(pairs: Sequence[Pair], words: Examples, embed: Embed) -> Figures:
    """Judge every pair by coefficients that were fitted without its clip."""
    clips = np.array([pair["clip"] for pair in pairs])
    judged: dict[int, tuple[Support, Support]] = {}
    for rest, held in GroupKFold(_FOLDS).split(pairs, groups=clips):
        likelihood = Likelihood(embed, words.fitted(np.isin(words.clips, clips[rest])))
        judged.update(zip(held.tolist(), judge([pairs[index] for index in held], likelihood), strict=True))
    return Figures(pairs, [judged[index] for index in range(len(pairs))])


def words_put_in(faithful: str, hallucinated: str) -> Iterator[int]:
    """Yield where the words stand that make the other caption a hallucination."""
    right, wrong = tokens(faithful), tokens(hallucinated)
    matcher = difflib.SequenceMatcher(None, [t.text.lower() for t in right], [t.text.lower() for t in wrong])
    for what, _, _, start, end in matcher.get_opcodes():
        if what != "equal":
            yield from (token.start for token in wrong[start:end])


def fit(tuned: Sequence[Pair], embed: Embed) -> None:
    """Write the coefficients."""
    words = examples(tuned, Likelihood(embed, UNFITTED))
    figures = left_out_in_turn(tuned, words, embed)
    threshold = figures.best_threshold()
    print(f"Clips left out in turn\n{figures.told(threshold)}")
    fitted = words.fitted(threshold=threshold)
    clips = len({pair["clip"] for pair in tuned})
    note = _NOTE.format(strength=_STRENGTH, words=len(words.put_in), pairs=len(tuned), clips=clips)
    values = {
        "threshold": threshold,
        "bias": fitted.bias,
        "coefficients": dict(zip(FEATURES, fitted.coefficients.tolist(), strict=True)),
    }
    WEIGHTS_FILE.write_text(note + yaml.safe_dump(values, sort_keys=False), encoding="utf-8")


def tell_errors(tuned: Sequence[Pair], embed: Embed) -> None:
    """Print each caption that is judged wrongly, with the claims that decided."""
    figures = left_out_in_turn(tuned, examples(tuned, Likelihood(embed, UNFITTED)), embed)
    kept = figures.kept(weights().threshold)
    for pair, both, (faithful, hallucinated) in zip(tuned, figures.supports, kept, strict=True):
        for wrong, side, support in ((not faithful, "faithful", both[0]), (hallucinated, "hallucinated", both[1])):
            if wrong:
                doubtful = ", ".join(f"{c.text} {c.support:.2f}" for c in support.claims if c.support < 1)
                print(f"{side}: {pair[side].strip()}\n  claims: {doubtful}\n  cues: {' / '.join(pair['references'])}")


def time_captions(pairs: Sequence[Pair]) -> None:
    """Print how long it takes to judge many captions, the loading of the model included."""
    lines = [
        json.dumps({"id": index, "caption": pair[side], "cues": {"sound": pair["references"]}}).encode()
        for index, (pair, side) in enumerate((pair, side) for side in ("faithful", "hallucinated") for pair in pairs)
    ]
    lines = (lines * (NUM_CAPTIONS // len(lines) + 1))[:NUM_CAPTIONS]
    begin_s = time.perf_counter()
    auditor = Auditor(MiniLm().embed)
    for line in lines:
        auditor.judge(auditor.read(line))
    print(f"{len(lines)} captions grounded and searched for leaks in {time.perf_counter() - begin_s:.1f} s on one core")


def main() -> None:
    """Run one of the four."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, metavar="PAIRS")
    parser.add_argument("what", choices=("report", "fit", "errors", "speed"))
    arguments = parser.parse_args()
    pairs = [json.loads(line) for line in arguments.pairs.read_text(encoding="utf-8").splitlines()]
    tuned, held = split(pairs)
    embed = MiniLm(2).embed
    if arguments.what == "fit":
        fit(tuned, embed)
    elif arguments.what == "errors":
        tell_errors(tuned, embed)
    elif arguments.what == "speed":
        time_captions(pairs)
    else:
        print(f"{len(held)} pairs of {len({pair['clip'] for pair in held})} clips that were set aside")
        print(Figures(held, judge(held, Likelihood(embed))).told(weights().threshold))


if __name__ == "__main__":
    main()
