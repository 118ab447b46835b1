"""`lingyin ablate`: the same training with each part of the method off in turn; what each part is worth."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lingyin.pretrain.loop import Tick, Watch


def ablate(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file with all parts on.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="DIR", help="Folder for the runs, the table, the figure.")
    ],
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many seeds, counted up from the config's.")] = 3,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="Steps of every run, not the config's.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, help="Processor threads; all by default.")] = None,
    only: Annotated[
        list[str] | None, typer.Option("--probe", metavar="NAME", help="A probe to measure with; may be repeated.")
    ] = None,
) -> None:
    """Measure the effect of each part on val, with intervals. The same command goes on where it stopped."""
    from lingyin.pretrain.config import read_config

    checked = read_config(config, steps, threads)

    import json

    from lingyin.bench.ablate import ablate, table
    from lingyin.bench.effects import interval_figure
    from lingyin.bench.probes import probe_for
    from lingyin.core.files import write_file
    from lingyin.pretrain.record import commit, machine

    probe = probe_for(checked, only)
    numbers = [checked.seed + index for index in range(seeds)]
    rows = table(ablate(checked, out, numbers, probe, _watch))
    words = "".join(f" {name} {value}" for name, value in (("--steps", steps), ("--threads", threads)) if value)
    words += "".join(f" --probe '{name}'" for name in only or [])
    result = {
        "command": f"lingyin ablate {config} -o {out} --seeds {seeds}{words}",
        "commit": commit(),
        "machine": machine(),
        "seeds": numbers,
        "probe": probe.name,
        "rows": rows,
    }
    write_file(out / "ablation.json", (json.dumps(result, indent=1, ensure_ascii=False) + "\n").encode())
    effects = [row for row in rows if row["metric"].startswith("effect")]
    title = f"{checked.name}: what each part adds ({seeds} seeds, {checked.steps} steps)"
    write_file(out / "ablation.png", interval_figure(effects, title))
    for row in rows:
        typer.echo(
            f"{row['method']:32} {row['metric']:20} {row['value']:+.4f}  {row['low']:+.4f} to {row['high']:+.4f}"
        )
    typer.echo(f"{out / 'ablation.json'}\n{out / 'ablation.png'}")


def _watch(name: str) -> Watch:
    told = time.monotonic()
    typer.echo(name, err=True)

    def watch(tick: Tick) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told > (5 if sys.stderr.isatty() else 60):
            told = now
            line = f"  step {tick.step}/{tick.steps}  {tick.images_per_s:.0f} images/s  {tick.seconds_left:.0f} s left"
            typer.echo(line, err=True)

    return watch
