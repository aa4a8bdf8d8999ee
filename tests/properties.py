"""How many examples a property is worth."""

from hypothesis import settings

_USUAL = 100
"""Examples of a property that says nothing else."""


def examples(usual: int) -> settings:
    """So many examples where others have 100, for a property that takes long; in a search as many times more."""
    return settings(max_examples=usual * settings().max_examples // _USUAL)
