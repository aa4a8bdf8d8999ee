"""Instruments, emotions and genres are those of the caption's own words, each once."""

import pytest

from fusionaudio_assets.captioning.named import Named, named


@pytest.mark.parametrize(
    ("caption", "found"),
    [
        (
            "Calm, slow jazz music plays, with an electric guitar, guitars and drums.",
            Named(("drum", "electric guitar", "guitar"), ("calm",), ("jazz",)),
        ),
        ("A rock falls and something pops in the house.", Named()),
        ("Exciting rock music over a pop melody.", Named((), ("exciting",), ("pop", "rock"))),
        ("Hip hop music with bass and brass.", Named(("bass", "brass"), (), ("hip hop",))),
        ("A woman speaks in an excited tone.", Named((), ("excited",), ())),
        ("Country music; a Hammond organ.", Named(("hammond organ",), (), ("country",))),
        ("Slow, sad classical piano music.", Named(("piano",), ("sad",), ("classical",))),
        ("Someone types on a keyboard while a horn honks.", Named()),
        ("", Named()),
    ],
)
def test_what_a_caption_names(caption: str, found: Named) -> None:
    assert named(caption) == found
