"""Words about numbers."""

import pytest

from resources.english import counted


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0 shards"), (1, "1 shard"), (2, "2 shards"), (1200, "1,200 shards")],
)
def test_a_number_agrees_with_its_noun(count: int, told: str) -> None:
    assert counted(count, "shard") == told


def test_a_number_agrees_with_its_verb() -> None:
    assert [counted(count, "shard is", "shards are") for count in (1, 3)] == ["1 shard is", "3 shards are"]
