"""Could a draft's claim be accepted because embeddings find a cue for it, where the words differ?

    python -m benchmarks.embeddings PAIRS

Claims of BRACE's pairs that no cue entails (`benchmarks.grounding` tells of PAIRS): those of the faithful caption are
true, those with a word that was put in are not. A claim would be accepted when, in one cue, each of its words has one
at least so near, and the logistic model finds it at least so likely. Thresholds are chosen on the clips that the model
was fitted on, each left out of the fit in turn; what counts is what they do on the clips set aside. Words of measure
must be the cue's own, a narrower name than the cue's claims more than it says, and an agent must be able to make the
sound.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from benchmarks.grounding import UNFITTED, Pair, examples, known, split, words_put_in
from fusionaudio_assets.captioning.lexicon import lexicon
from fusionaudio_assets.captioning.likelihood import Embed, Likelihood, Terms, wrong_agent
from fusionaudio_assets.captioning.support import ground
from fusionaudio_assets.captioning.words import Token, claim_runs
from resources.embedded.minilm import MiniLm

_FOLDS = 5
_NEARNESS = [step / 20 for step in range(18)]
_LIKELIHOOD = [0.0, 0.58, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98]
_NEAR = 0.4
"""Nearness from which on a cue is found at all: half of the words that were put in do not reach it."""
_Z = 1.96


@dataclass(frozen=True)
class Open:
    """Claims that no cue entails: how near the nearest cue is to each, how likely it is, and whether it is true."""

    nearness: NDArray[np.float64]
    likelihood: NDArray[np.float64]
    is_true: NDArray[np.bool_]

    def accepted(self, nearness: float, likelihood: float) -> NDArray[np.bool_]:
        """Return for each claim that would be accepted whether it is true."""
        return self.is_true[(self.nearness >= nearness) & (self.likelihood >= likelihood)]


def open_claims(pairs: Sequence[Pair], likelihood_of: Callable[[str], Likelihood]) -> Open:
    """Gather the claims of pairs, each once for its cues; `likelihood_of` gives the model for a clip."""
    found: dict[tuple[str, ...], tuple[float, float, bool]] = {}
    for pair in pairs:
        likelihood = likelihood_of(pair["clip"])
        terms = likelihood.terms(known(pair))
        for run, is_true in _claims(pair):
            text = " ".join(token.text.lower() for token in run)
            if ground(text, terms.known).unsupported and not any(wrong_agent(run, at) for at in range(len(run))):
                likely = likelihood.support(run, terms)
                found[text, str(is_true), *pair["references"]] = (nearness(run, terms, likelihood), likely, is_true)
    figures = np.array(list(found.values()))
    return Open(figures[:, 0], figures[:, 1], figures[:, 2].astype(bool))


def nearness(run: Sequence[Token], terms: Terms, likelihood: Likelihood) -> float:
    """Return how near the nearest cue's words are to the farthest word of a claim; 0 where it may not be near."""
    words, near = lexicon(), likelihood.nearness_to_each(run, terms)
    for index, source in enumerate(terms.known):
        for at, token in enumerate(run):
            if near[index, at] < 1 and (token.stem in words.measures or words.wider(token.stem) & source.stems):
                near[index, at] = 0
    return float(near.min(axis=1).max())


def rules(tuned: Open) -> dict[str, tuple[float, float]]:
    """Return the surest thresholds, least nearness and least likelihood, of three kinds of rule."""
    kinds = {
        "by embeddings alone": [(near, 0.0) for near in _NEARNESS],
        "by likelihood alone": [(0.0, likely) for likely in _LIKELIHOOD],
        "by both, a cue being near": [(near, likely) for near in _NEARNESS if near >= _NEAR for likely in _LIKELIHOOD],
    }
    return {name: max(pairs, key=lambda rule: interval(tuned.accepted(*rule))[0]) for name, pairs in kinds.items()}


def interval(right: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson)."""
    if not len(right):
        return 0.0, 1.0
    n, share = len(right), float(right.mean())
    middle, scale = share + _Z**2 / (2 * n), 1 + _Z**2 / n
    spread = float(_Z * np.sqrt(share * (1 - share) / n + (_Z / (2 * n)) ** 2))
    return (middle - spread) / scale, (middle + spread) / scale


def left_out_in_turn(pairs: Sequence[Pair], embed: Embed) -> Open:
    """Gather claims, each judged by coefficients that were fitted without its clip."""
    words = examples(pairs, Likelihood(embed, UNFITTED))
    clips = np.array([pair["clip"] for pair in pairs])
    model: dict[str, Likelihood] = {}
    for rest, held in GroupKFold(_FOLDS).split(pairs, groups=clips):
        fitted = Likelihood(embed, words.fitted(np.isin(words.clips, clips[rest])))
        model |= dict.fromkeys(clips[held].tolist(), fitted)
    return open_claims(pairs, model.__getitem__)


def _claims(pair: Pair) -> Iterator[tuple[list[Token], bool]]:
    wrong = set(words_put_in(pair["faithful"], pair["hallucinated"]))
    yield from ((run, True) for run in claim_runs(pair["faithful"]))
    yield from ((run, False) for run in claim_runs(pair["hallucinated"]) if wrong & {token.start for token in run})


def main() -> None:
    """Choose the thresholds, and print what they would do on either side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, metavar="PAIRS")
    pairs = [json.loads(line) for line in parser.parse_args().pairs.read_text(encoding="utf-8").splitlines()]
    embed = MiniLm(2).embed
    tuned_pairs, held_pairs = split(pairs)
    tuned, all_fitted = left_out_in_turn(tuned_pairs, embed), Likelihood(embed)
    held = open_claims(held_pairs, lambda _: all_fitted)
    for name, side in (("left out in turn", tuned), ("set aside", held)):
        print(f"{name}: {len(side.is_true)} claims that no cue entails, {side.is_true.mean():.3f} true")
    for name, (near, likely) in rules(tuned).items():
        print(f"{name}: nearness {near:.2f}, likelihood {likely:.2f}")
        for side_name, side in (("left out in turn", tuned), ("set aside", held)):
            right = side.accepted(near, likely)
            low, high = interval(right)
            print(f"  {side_name}: {len(right)} accepted, {right.mean():.3f} true ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
