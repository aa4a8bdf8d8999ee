"""Is every claim of a caption supported by a cue?

A caption is cut into runs of claiming words (`words.claim_runs`), "adult male speaks" or "rain falls", and each run is
held against what every single cue supports. A run is *entailed* when one cue has all its words, their synonyms or
narrower names: "an animal" where barking was tagged. So "a dog speaks" falls even where both a dog and speech were,
since no cue has a speaking dog, and dogs do not speak.

The pipeline takes nothing less: its cues are all that is known, and its captions are made of them. Captions of other
origin are judged with a `Likelihood` as well, which tells how well what is not entailed still fits the cues. Either way
embeddings find the cue that comes nearest; that it is near makes no claim true (docs/quality.md).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.likelihood import Likelihood, wrong_agent
from fusionaudio_assets.captioning.vocabulary import SIGNAL, Source, sources
from fusionaudio_assets.captioning.words import Token, claim_runs


@dataclass(frozen=True)
class Claim:
    """A claim, its place ``[start, end)`` in the caption, and the cues that support it.

    Attributes:
        text: The words of the caption.
        supported: Some cue supports it.
        by: The cues, e.g. ``"events: Bark"``; empty when unsupported.
        support: How well, in [0, 1]; 1 when a cue entails it.
    """

    text: str
    start: int
    end: int
    supported: bool
    by: tuple[str, ...]
    support: float = 1.0

    def told(self) -> dict[str, Any]:
        """The claim as it stands in tables and verdicts."""
        return {
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "supported": self.supported,
            "support": round(self.support, 4),
            "by": list(self.by),
        }


@dataclass(frozen=True)
class Support:
    """The claims of a caption. `share` is the supported share of them, 1 when it claims nothing."""

    claims: tuple[Claim, ...]

    @property
    def unsupported(self) -> tuple[Claim, ...]:
        """The claims that no cue supports."""
        return tuple(claim for claim in self.claims if not claim.supported)

    @property
    def share(self) -> float:
        """Supported share of the claims, in [0, 1]."""
        return 1 - len(self.unsupported) / len(self.claims) if self.claims else 1.0

    @property
    def score(self) -> float:
        """How well the cues bear out the caption, in [0, 1]: as its weakest claim, and a tenth as all of them."""
        each = [claim.support for claim in self.claims]
        return 0.9 * min(each, default=1.0) + 0.1 * math.prod(each)


def check_support(caption: str, cues: Cues, likelihood: Likelihood | None = None) -> Support:
    """Match every claim of a caption with the cues that support it."""
    return ground(caption, sources(cues), likelihood)


def ground(caption: str, known: Sequence[Source], likelihood: Likelihood | None = None) -> Support:
    """Match every claim of a caption with what is known of a clip.

    Args:
        caption: Any text in English.
        known: What the cues support.
        likelihood: Judges claims that are not entailed; without it they are unsupported.
    """
    terms = likelihood.terms(known) if likelihood else None
    entailed = [(run, _entailing(run, known)) for run in claim_runs(caption)]
    if likelihood:  # all at once, since one at a time they take several times as long
        likelihood.vectors([token.text.lower() for run, by in entailed if not by for token in run])
    claims = []
    for run, said in entailed:
        start, end = run[0].start, run[-1].end
        by, support = said, float(bool(said))
        if not by and likelihood and terms and terms.surfaces:
            support = likelihood.support(run, terms)
            by = likelihood.nearest(run, terms) if support >= likelihood.weights.threshold else ()
        claims.append(Claim(caption[start:end], start, end, bool(by), by, support))
    return Support(tuple(claims))


_SILENCE = frozenset({"events: Silence", "labels: Silence"})


def names_a_source(by: Iterable[str]) -> bool:
    """Whether a caption says what is heard, or that there is silence, and not only how something sounds.

    The silence after a sound without a name gives it none.

    Args:
        by: The cues that support its claims.
    """
    cues = set(by)
    named = {cue for cue in cues if cue.partition(":")[0] != SIGNAL}
    return bool(named - _SILENCE if named < cues else named)


def nearest_cues(claim: Claim, known: Sequence[Source], likelihood: Likelihood) -> tuple[str, ...]:
    """Return the cues that come nearest to a claim, though none may support it."""
    run = [token for run in claim_runs(claim.text) for token in run]
    return likelihood.nearest(run, likelihood.terms(known))


def _entailing(run: Sequence[Token], known: Sequence[Source]) -> tuple[str, ...]:
    """Return the cues that say it in these words; or else, where it can be, in narrower ones."""
    stems = {token.stem for token in run}
    said = [source.cue for source in known if stems <= source.stems]
    if not said and not any(wrong_agent(run, index) for index in range(len(run))):
        said = [source.cue for source in known if stems <= source.wider_stems]
    return tuple(dict.fromkeys(said))
