"""Where the terminal writes: results to stdout, everything else to stderr."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

out = Console(highlight=False, markup=False, emoji=False)
"""For results."""

err = Console(stderr=True, highlight=False, markup=False, emoji=False)
"""For progress, remarks and errors."""

_PIPED_WIDTH = 120


def print_table(table: Table, *, min_width: int = 0) -> None:
    """Print a result table as wide as the terminal, or at a fixed width into a pipe; never narrower than asked."""
    width = max(min_width, out.width if out.is_terminal else _PIPED_WIDTH)
    Console(width=width, highlight=False, markup=False, emoji=False).print(table)


def say(message: str) -> None:
    """Tell the user something that is not a result."""
    err.print(message, soft_wrap=True)


def warn(message: str) -> None:
    """Tell the user something to look at."""
    err.print(Text(message, style="yellow"), soft_wrap=True)


def complain(message: str, hint: str = "") -> None:
    """Tell the user what went wrong, in red, and the way out."""
    err.print(Text.assemble((message, "red"), f" {hint}" if hint else ""), soft_wrap=True)


def printable(name: str) -> str:
    """A file name on one line and without control characters, which a terminal would obey."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name)
