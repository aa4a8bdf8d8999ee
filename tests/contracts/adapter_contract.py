"""What every adapter must satisfy, whatever its kind. Contract tests of a kind call these for each of its adapters."""

import json
import warnings
from importlib.metadata import version
from typing import Any

import pytest
from pydantic import ValidationError

from resources.adapter import Adapter
from resources.errors import ModelUnavailable, SettingError


def check_identity(adapter: Adapter) -> None:
    """The identity is plain JSON, equal for equal settings, and moves with what decides the output, only."""
    assert json.loads(json.dumps(adapter.identity)) == adapter.identity
    assert type(adapter)(**adapter.model_dump()).identity == adapter.identity
    assert adapter.model_name
    assert [f"{name} {version(name)}" for name in adapter.libraries] == list(adapter.library_versions)
    for name, field in type(adapter).model_fields.items():
        is_runtime = isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra.get("runtime"))
        other = type(adapter).model_construct(**{**dict(adapter), name: _another(getattr(adapter, name))})
        assert (_settings(other) == _settings(adapter)) is is_runtime, name


def check_settings_are_frozen_and_known(adapter: Adapter) -> None:
    """A profile with an unknown setting does not load, and nobody changes a setting under a loaded model."""
    with pytest.raises(ValidationError):
        type(adapter)(**{**adapter.model_dump(), "no_such_setting": 1})
    for name in type(adapter).model_fields:
        with pytest.raises(ValidationError):
            setattr(adapter, name, getattr(adapter, name))


def check_life_cycle(adapter: Adapter) -> None:
    """Loading twice is harmless, the probe passes, and a closed adapter can be closed again and loaded again."""
    identity = adapter.identity
    adapter.load()
    adapter.load()
    adapter.probe()
    adapter.close()
    adapter.close()
    adapter.probe()
    assert adapter.identity == identity


def _settings(adapter: Adapter) -> Any:
    """The settings in the identity; None when they name weights or a file that do not exist."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Pydantic serializer warnings")  # a value of another type
            return adapter.identity["settings"]
    except (ModelUnavailable, SettingError):
        return None


def _another(value: Any) -> Any:
    """A value of the same kind that differs."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "-other"
        case None:
            return "other"
        case tuple():
            return (*value, 0.123)
        case dict():
            return {**value, "other": 1}
        case _:
            raise TypeError(f"Teach this helper to change a {type(value).__name__}.")
