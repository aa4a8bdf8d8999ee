"""Words about numbers, and forms of nouns."""

import inspect

import pytest

from resources.english import counted, is_plural, with_article


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0 shards"), (1, "1 shard"), (2, "2 shards"), (1200, "1,200 shards")],
)
def test_a_number_agrees_with_its_noun(count: int, told: str) -> None:
    assert counted(count, "shard") == told


def test_a_number_agrees_with_its_verb() -> None:
    assert [counted(count, "shard is", "shards are") for count in (1, 3)] == ["1 shard is", "3 shards are"]


def test_nouns_have_their_forms() -> None:
    assert (with_article("owl"), with_article("one-off"), with_article("unicorn")) == (
        "an owl",
        "a one-off",
        "a unicorn",
    )
    assert [noun for noun in ("dogs", "water", "scissors") if is_plural(noun)] == ["dogs", "scissors"]


def test_the_library_is_loaded_without_the_checks_that_take_seconds_to_make() -> None:
    assert is_plural("dogs")
    import inflect
    import typeguard

    assert "check_argument_types_internal" not in inflect.engine.a.__code__.co_names
    assert inspect.isfunction(typeguard.typechecked)
    assert typeguard.typechecked.__module__.startswith("typeguard")
