"""`lingyin serve`: the web page and its API on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lingyin.cli.options import Model, Threads
from lingyin.core.errors import UsageError


def serve(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen at.")] = 8765,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Where scans and reports are kept.")
    ] = None,
    model: Model = None,
    threads: Threads = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Host name under which browsers reach the server.")
    ] = None,
    max_upload_mb: Annotated[int, typer.Option(min=1, help="Largest upload, in MB.")] = 2048,
    max_waiting: Annotated[int, typer.Option(min=1, help="Most studies that may wait.")] = 1000,
    keep_days: Annotated[
        int | None, typer.Option("--keep-days", min=1, help="Remove studies after this many days.")
    ] = None,
    backup: Annotated[
        Path | None, typer.Option("--backup", metavar="FILE", help="Only write a backup of --data, then stop.")
    ] = None,
    restore: Annotated[
        Path | None, typer.Option("--restore", metavar="FILE", help="Only unpack a backup into --data, then stop.")
    ] = None,
    new_token: Annotated[bool, typer.Option("--new-token", help="Make a new link; the old one ends.")] = False,
) -> None:
    """Serve the web page and its API."""
    try:
        from lingyin.serve.server import run
        from lingyin.serve.settings import Settings, default_data
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed; run: pip install 'lingyin[serve]'") from error

    settings = Settings(
        data=(data or default_data()).absolute(),
        host=host,
        port=port,
        names=tuple(name or ()),
        max_upload_bytes=max_upload_mb << 20,
        max_waiting=max_waiting,
        keep_days=keep_days,
    )
    if backup is not None or restore is not None:
        from lingyin.serve import keeping

        if backup is not None:
            typer.echo(f"{keeping.backup(settings, backup)} files: {backup}")
        if restore is not None:
            typer.echo(f"{keeping.restore(settings, restore)} files: {settings.data}")
        return
    run(settings, model, threads, new_token, typer.echo)
