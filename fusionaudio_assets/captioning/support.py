"""Is every claim of a caption supported by a cue?

A first, plain test: the words of a caption that claim something, run by run (`words.claim_runs`), must all be among
the words of *one* cue. So "a dog barks" stands where barking was tagged, and "a dog speaks" falls even where both a dog
and speech were, since no cue has a speaking dog.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.captioning.vocabulary import Source, sources
from fusionaudio_assets.captioning.words import Token, claim_runs


@dataclass(frozen=True)
class Claim:
    """A claim, its place ``[start, end)`` in the caption, and the cues that support it.

    Attributes:
        text: The words of the caption.
        supported: Some cue supports it.
        by: The cues, e.g. ``"events: Bark"``; empty when unsupported.
    """

    text: str
    start: int
    end: int
    supported: bool
    by: tuple[str, ...]


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


def check_support(caption: str, cues: Cues) -> Support:
    """Match every claim of a caption with the cues that support it."""
    known = sources(cues)
    return Support(tuple(_claim(caption, run, known) for run in claim_runs(caption)))


def _claim(caption: str, run: Sequence[Token], known: Sequence[Source]) -> Claim:
    stems = {token.stem for token in run}
    by = tuple(dict.fromkeys(source.cue for source in known if stems <= source.stems))
    start, end = run[0].start, run[-1].end
    return Claim(caption[start:end], start, end, bool(by), by)
