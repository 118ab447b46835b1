"""`lingyin pretrain`: trains an encoder from a config; a killed run goes on where it stopped."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer


def pretrain(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file, e.g. configs/tiny.toml.")],
    run: Annotated[Path, typer.Option("--run", metavar="DIR", help="Folder of the run: weights, curves, card.")],
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Steps in all, instead of the config's.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the folder's checkpoint, if there is one.")
    ] = False,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="Processor threads; all by default.")] = None,
    shard: Annotated[
        bool, typer.Option("--shard", help="Under torchrun: each process holds a share of the weights (FSDP2).")
    ] = False,
    probe_every: Annotated[
        int | None,
        typer.Option("--probe-every", metavar="STEPS", min=1, help="Probe on val at checkpoints; probe.png."),
    ] = None,
    without: Annotated[
        str | None, typer.Option("--without", metavar="ORGAN", help="Leave out all sets that show this organ.")
    ] = None,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Write curves for TensorBoard, too.")] = False,
) -> None:
    """Train an encoder on unlabelled and labelled ultrasound images; the result is DIR/encoder.safetensors.

    On several processes: torchrun --nproc-per-node N -m -- lingyin.cli.main pretrain CONFIG --run DIR
    """
    if "WORLD_SIZE" in os.environ:  # DDP warns of unused weights in steps that use all; said before torch is loaded
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")

    from lingyin.pretrain.config import read_config

    checked = read_config(config, steps, threads)
    if without:
        from lingyin.core.paths import data_root
        from lingyin.pretrain.without import leave_out

        checked = leave_out(checked, without, data_root())

    from lingyin.pretrain.loop import Tick, Watch, pretrain

    leads = os.environ.get("RANK", "0") == "0"
    watchers: list[Watch] = []
    if leads and probe_every:
        from lingyin.bench.early import EarlyProbe
        from lingyin.bench.probes import probe_for

        watchers.append(EarlyProbe(run, probe_for(checked), probe_every))
    if leads and tensorboard:
        from lingyin.bench.early import Board

        watchers.append(Board(run))
    live = sys.stderr.isatty()
    told = -1e9

    def watch(tick: Tick) -> None:
        nonlocal told
        for each in watchers:
            each(tick)
        now = time.monotonic()
        if tick.step < tick.steps and now - told < (0.5 if live else 30):
            return
        told = now
        left = time.strftime("%H:%M:%S", time.gmtime(tick.seconds_left))
        losses = "  ".join(f"{name} {value:.4f}" for name, value in tick.losses.items())
        line = f"step {tick.step}/{tick.steps}  {tick.images_per_s:.0f} images/s  {left} left  {losses}"
        typer.echo(f"\r{line}\x1b[K" if live else line, err=True, nl=not live or tick.step == tick.steps)

    weights = pretrain(checked, run, resume=resume, watch=watch, sharded=shard)
    if leads:
        typer.echo(str(weights))
