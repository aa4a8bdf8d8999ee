"""A terminal to test in."""

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from fusionaudio_assets.cli import console
from fusionaudio_assets.cli.app import app

Terminal = Callable[..., Result]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Run `fusionaudio` with arguments; an exception that reaches the user fails the test."""
    monkeypatch.delenv("FUSIONAUDIO_LAKE", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(console.out, "width", 200)  # it was made before, and may have seen another COLUMNS

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run
