"""The `fusionaudio` command: a terminal for people and a contract for scripts."""

from fusionaudio_assets.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """Entry point of the installed command."""
    app(prog_name="fusionaudio")
