"""`lingyin stream`: live frames in over OpenIGTLink, for each what it shows and where its target lies."""

from __future__ import annotations

from typing import Annotated

import typer

from lingyin.cli.options import Model, Threads
from lingyin.core.errors import UsageError


def stream(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen at.")] = 18944,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    source: Annotated[
        str | None,
        typer.Option(metavar="FILE|camera:DEVICE", help="Look at these frames too, and send answers to all clients."),
    ] = None,
    mm_per_px: Annotated[
        float | None, typer.Option("--mm-per-px", metavar="MM", help="Spacing of the source where it carries none.")
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Begin a file again at its end.")] = False,
    robot_demo: Annotated[
        bool, typer.Option("--robot-demo", help="Have a simulated robot find and measure a simulated aorta, and stop.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Start and anatomy of the demo.")] = 0,
    model: Model = None,
    threads: Threads = None,
) -> None:
    """Look at live frames and steer a hand or a robot."""
    try:
        if robot_demo:
            from lingyin.serve.stream.robot.demo import run_demo

            run_demo(seed, model, threads, typer.echo)
        else:
            from lingyin.serve.stream.run import run

            run(host, port, source, mm_per_px, loop, model, threads, typer.echo)
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed; run: pip install 'lingyin[serve]'") from error
