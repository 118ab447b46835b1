"""Running the node: one process for one data folder, from the first association until it is told to stop."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from lingyin.analyze import Engine
from lingyin.core.errors import OutputError
from lingyin.serve.hush import hush_headers
from lingyin.serve.node.node import Node
from lingyin.serve.node.settings import NodeSettings
from lingyin.serve.server import alone, check_port
from lingyin.serve.settings import Settings
from lingyin.serve.signals import stop_event


def run(
    settings: NodeSettings,
    model: Path | None,
    threads: int | None,
    retry_dead: bool,
    say: Callable[[str], None],
) -> None:
    """Serves until interrupted or terminated.

    Args:
        settings: names, peers, folders and limits.
        model: a model folder instead of the packaged network.
        threads: cores to use for an analysis.
        retry_dead: queue everything in the dead-letter folder again.
        say: takes lines for the terminal.

    Raises:
        OutputError: the data folder cannot be used.
        UsageError: another node uses the folder, the port is taken, or a certificate cannot be used.
        ModelError: the network cannot be loaded.
    """
    os.umask(0o077)
    hush_headers()
    try:
        settings.make_folders()
    except OSError as error:
        raise OutputError(
            settings.data, f"cannot be written ({error.strerror})", "choose another with --data"
        ) from error
    with alone(settings.data):
        engine = Engine(model, threads)
        check_port(Settings(settings.data, settings.host, settings.port))
        try:
            node = Node(settings, engine)
        except (OSError, sqlite3.Error) as error:
            raise OutputError(settings.database, f"cannot be opened ({error})", "choose another --data") from error
        if retry_dead:
            say(f"tried again: {len(node.letters.retry(time.time()))} dead letters")
        with stop_event() as asked:
            node.start()
            _greet(settings, node, say)
            asked.wait()
            say("stopping")
            node.stop()


def _greet(settings: NodeSettings, node: Node, say: Callable[[str], None]) -> None:
    say(f"listening: {settings.aet}@{settings.host}:{settings.port}" + (" (TLS)" if settings.tls else ""))
    say(f"results go to: {settings.send_to}" + (" (TLS)" if settings.send_tls else ""))
    say(f"callers: {', '.join(settings.allow) or 'any'}")
    say(f"data: {settings.data}")
    for table, states in node.state.counts().items():
        if states:
            say(f"{table}: " + ", ".join(f"{count} {state}" for state, count in sorted(states.items())))
    say("Research use only: decision support, not a diagnosis. Stop with Ctrl-C.")
