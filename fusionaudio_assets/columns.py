"""Kinds of columns that the tables are made of: dataframely's in short, null allowed unless said otherwise.

A description says what a column means. Parts of a list or struct have none: that of the whole tells of them.
"""

from enum import StrEnum
from typing import Any

import dataframely as dy


def text(description: str | None = None) -> dy.String:
    """A string."""
    return dy.String(nullable=True, description=description)


def choice(values: type[StrEnum], description: str | None = None, *, nullable: bool = True) -> dy.String:
    """A string out of `values`: not a polars Enum, whose type would change whenever a value is added."""
    allowed = [value.value for value in values]
    return dy.String(nullable=nullable, description=description, check=lambda expr: expr.is_in(allowed))


def number(description: str | None = None, **bounds: Any) -> dy.Float32:
    """A number within dataframely's bounds `min` and `max`."""
    return dy.Float32(nullable=True, description=description, **bounds)


def share(description: str | None = None) -> dy.Float32:
    """A number in [0, 1]."""
    return number(description, min=0, max=1)


def seconds() -> dy.Float32:
    """A part in seconds."""
    return number(min=0)


def count(description: str | None = None) -> dy.Int32:
    """A number of things."""
    return dy.Int32(nullable=True, description=description, min=0)


def flag(description: str | None = None) -> dy.Bool:
    """True or false."""
    return dy.Bool(nullable=True, description=description)


def many(inner: dy.Column, description: str | None = None) -> dy.List:
    """A list of `inner`."""
    return dy.List(inner, nullable=True, description=description)


def texts(description: str | None = None) -> dy.List:
    """A list of strings."""
    return many(text(), description)


def struct(**fields: dy.Column) -> dy.Struct:
    """A struct of `fields`."""
    return dy.Struct(fields, nullable=True)


def scored(description: str | None = None) -> dy.List:
    """A list of labels with scores."""
    return many(struct(label=text(), score=number()), description)


def clip_sources() -> dy.List:
    """Where a clip comes from."""
    return texts("every name under which these bytes were ingested")


def human_labels() -> dy.List:
    """What people said is in a clip."""
    return many(struct(name=text(), quality=share()), "human labels, quality in [0, 1]")


def claims() -> dy.List:
    """What a caption says, phrase by phrase."""
    claim = struct(text=text(), start=count(), end=count(), supported=flag(), support=share(), by=texts())
    told = "what the caption claims at its characters [start, end), how well that is supported, in [0, 1], and by what"
    return many(claim, told)


def qa_pairs(description: str) -> dy.List:
    """A list of questions with their answers."""
    fields = {name: text() for name in ("question", "answer", "category", "difficulty", "format")}
    return many(struct(**fields, options=texts(), author=text()), description)
