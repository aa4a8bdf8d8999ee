"""Where errors become messages, for every command: what is wrong, why, and the way out."""

import os
import signal
from typing import Any

import typer
from typer.core import TyperGroup

from fusionaudio_assets.cli.console import complain
from fusionaudio_assets.cli.supervisor import STOPPING
from resources.errors import ResourceError, clause


class Guarded(TyperGroup):
    """Commands whose errors are told in words and by the exit code: 1 for a failure, 130 for Ctrl-C."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command, deaf to no signal any more.

        Raises:
            Exit: The command failed, was stopped or says so itself.
        """
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
            return super().invoke(ctx)
        except ResourceError as error:
            complain(str(error))
        except KeyboardInterrupt:
            complain("Stopped.", "What was finished is kept; the same command goes on from there.")
            raise typer.Exit(130) from None
        except BrokenPipeError:
            raise  # the reader of a pipe went away: Typer ends quietly
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            complain(f"{where}{error.strerror or error}.", "Nothing that was finished is lost; mend it and run again.")
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            if type(error).__module__.startswith(("typer", "click")) or "FUSIONAUDIO_TRACEBACK" in os.environ:
                raise
            complain(
                f"A fault in fusionaudio: {type(error).__name__}: {clause(error)}.",
                "Please report it with what FUSIONAUDIO_TRACEBACK=1 shows.",
            )
        raise typer.Exit(1)
