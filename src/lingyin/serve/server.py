"""Running the server: one process for one data folder, a link on its first start, then uvicorn until stopped."""

from __future__ import annotations

import ipaddress
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from lingyin.analyze import Engine
from lingyin.core.errors import OutputError, UsageError
from lingyin.serve.access import Access
from lingyin.serve.app import make_app
from lingyin.serve.database import Database
from lingyin.serve.settings import Settings


def run(
    settings: Settings,
    model: Path | None,
    threads: int | None,
    new_token: bool,
    say: Callable[[str], None],
) -> None:
    """Serves until interrupted.

    Args:
        settings: folders and limits.
        model: a model folder instead of the packaged network.
        threads: cores to use for an analysis.
        new_token: make a new token and end all sessions.
        say: takes lines for the terminal.

    Raises:
        OutputError: the data folder cannot be written.
        UsageError: another server uses the folder, or the port is taken.
        ModelError: the network cannot be loaded.
    """
    prepare(settings)
    with alone(settings.data), _database(settings) as database:
        access = Access(database, settings.token, settings.session_s)
        engine = Engine(model, threads)
        check_port(settings)
        server = uvicorn.Server(
            uvicorn.Config(
                make_app(settings, database, access, engine),
                host=settings.host,
                port=settings.port,
                log_level="warning",
                access_log=False,
                server_header=False,
                ws="none",
                timeout_graceful_shutdown=5,
            )
        )
        _greet(settings, access, new_token, say)
        server.run()


def prepare(settings: Settings) -> None:
    """Makes the folders for this user alone, and keeps all temporary files of this process within them.

    Raises:
        OutputError: the data folder cannot be written.
    """
    os.umask(0o077)
    try:
        settings.make_folders()
    except OSError as error:
        problem = f"cannot be written ({error.strerror})"
        raise OutputError(settings.data, problem, "choose another with --data") from error
    tempfile.tempdir = str(settings.temporary)  # uploads and unpacked scans


def _greet(settings: Settings, access: Access, new_token: bool, say: Callable[[str], None]) -> None:
    address = f"http://{_bracketed(settings.host)}:{settings.port}/"
    if new_token or not access.has_token:
        token = access.new_token()
        say(f"open {address}#token={token}")
        say("this link is shown only now and opens everything; --new-token makes another and ends all sessions")
    else:
        say(f"open {address} (with the token of the first start; --new-token makes another)")
    say(f"data: {settings.data}")
    if not _is_loopback(settings.host):
        say("warning: reachable from the network without encryption; put a proxy with TLS before it")
    say("Research use only: decision support, not a diagnosis. Stop with Ctrl-C.")


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    try:
        database = Database(settings.database)
    except (OSError, sqlite3.Error) as error:
        raise OutputError(
            settings.database, f"cannot be opened ({error})", "check it, or choose another --data"
        ) from error
    try:
        yield database
    finally:
        database.close()


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Holds the folder for this process; a lock of SQLite's ends with the process, however that ends."""
    lock = sqlite3.connect(data / "lock.sqlite", timeout=0, isolation_level=None, check_same_thread=False)
    try:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise UsageError(f"{data}: another server uses this folder; stop it or choose another --data") from error
        yield
    finally:
        lock.close()


def check_port(settings: Settings) -> None:
    """Says in a sentence what uvicorn would say in a log line after the link is out."""
    import socket

    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise UsageError(
            f"{settings.host}:{settings.port} cannot be used ({error.strerror}); choose another --host or --port"
        ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
