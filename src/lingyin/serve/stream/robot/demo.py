"""The demo: a stream server and a simulated robot on one machine, told line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lingyin.serve.stream.perceive import load_perception
from lingyin.serve.stream.robot.controller import Reading
from lingyin.serve.stream.robot.probe import Arm
from lingyin.serve.stream.robot.trial import Trial, run_trial
from lingyin.serve.stream.server import StreamServer

LOOPBACK = "127.0.0.1"
TELL_EVERY = 10


@contextmanager
def serving(model: Path | None, threads: int | None) -> Iterator[StreamServer]:
    """A stream server on a free port of loopback.

    Raises:
        ModelError: the network cannot be loaded.
    """
    server = StreamServer(load_perception(model, threads), LOOPBACK, 0)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def run_demo(seed: int, model: Path | None, threads: int | None, say: Callable[[str], None]) -> Trial:
    """One trial with its story; returns it.

    Raises:
        ModelError: the network cannot be loaded.
    """
    count = 0

    def watch(arm: Arm, reading: Reading) -> None:
        nonlocal count
        count += 1
        if count % TELL_EVERY == 1:
            target = reading["target"]
            offset = "none" if target is None else f"{target['offset_mm'][0]:+.1f} mm"
            say(
                f"look {count:3}: {reading['organ']['code'] or reading['organ']['doubt']}, offset {offset}, "
                f"advice {', '.join(reading['advice'])}; probe at {arm.pose.x_mm:+.0f}, {arm.pose.z_mm:+.0f} mm"
            )

    with serving(model, threads) as server:
        trial = run_trial(seed, LOOPBACK, server.port, watch)
    found = trial.outcome.diameter_mm
    say(f"stages: {', '.join(trial.outcome.stages)}; {trial.moves} moves, {trial.looks} looks")
    say(f"vessel {trial.true_offset_mm:+.1f} mm from the middle of the picture in truth")
    measured = "not measured" if found is None else f"{found:.1f} mm"
    say(f"greatest diameter: {measured}, in truth {trial.true_greatest_mm:.1f} mm")
    return trial
