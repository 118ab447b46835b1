"""Running the stream: the network loaded once, a server on a port, perhaps a camera or a file that feeds it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lingyin.core.errors import UsageError
from lingyin.serve.signals import stop_event
from lingyin.serve.stream.perceive import load_perception
from lingyin.serve.stream.server import StreamServer
from lingyin.serve.stream.source import Source


def run(
    host: str,
    port: int,
    source: str | None,
    mm_per_px: float | None,
    loop: bool,
    model: Path | None,
    threads: int | None,
    say: Callable[[str], None],
) -> None:
    """Serves until interrupted, or until the file that feeds it ends.

    Args:
        host: address to listen at.
        port: port to listen at.
        source: a file, or `camera:DEVICE`, whose frames are looked at besides those of clients.
        mm_per_px: spacing of the source, where it carries none.
        loop: begin a file again at its end.
        model: a model folder instead of the packaged network.
        threads: cores for one pass.
        say: takes lines for the terminal.

    Raises:
        UsageError: the port is taken.
        InputError: the source cannot be used.
        ModelError: the network cannot be loaded.
    """
    perception = load_perception(model, threads)
    try:
        server = StreamServer(perception, host, port)
    except OSError as error:
        raise UsageError(f"{host}:{port} cannot be used ({error.strerror}); choose another --host or --port") from error
    server.start()
    feed = None
    try:
        say(f"listening for OpenIGTLink IMAGE messages at {host}:{server.port}")
        say("Research use only: decision support, not a diagnosis. Stop with Ctrl-C.")
        with stop_event() as asked:
            if source is None:
                asked.wait()
            else:
                feed = Source(source, server.offer, mm_per_px=mm_per_px, loop=loop)
                feed.start()
                while feed.alive and not asked.wait(0.2):
                    pass
        if feed is not None and feed.error is not None:
            raise feed.error
    finally:
        if feed is not None:
            feed.stop()
        server.stop()
        counts = server.counts
        say(f"looked at {counts['looked']} frames, dropped {server.mailbox.dropped}, failed at {counts['failed']}")
