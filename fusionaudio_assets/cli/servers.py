"""`fusionaudio models stop`: model servers that outlived the runs that started them."""

import time

import typer

from fusionaudio_assets.cli.console import say
from resources.local_server import LocalServer, running


def stop(*, dry_run: bool) -> None:
    """End every server that is up on this machine, and print which; or print only."""
    servers = running()
    for server in servers:
        if not dry_run:
            server.stop()
        typer.echo(_line(server))
    if not servers:
        say("No model server is up.")


def _line(server: LocalServer) -> str:
    minutes = (time.time() - server.started_s) / 60
    return f"{server.title}\t{server.url}\tprocess {server.pid}\tup {minutes:.0f} min"
