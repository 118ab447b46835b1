"""`lingyin curate`: folders of scans and data sets to one clean, labelled, split corpus; a killed run goes on."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer


def curate(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Folders: published sets, folders of sets, a folder with labels.csv, DICOM files or pictures. "
            "READER=FOLDER names the reader.",
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="CORPUS", help="Folder of the corpus.")],
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes (default: one per core).")] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            metavar="ADDRESS",
            help="Let a Ray cluster decode: HOST:PORT of its head, or `auto` on one of its nodes. Sources must lie "
            "under the same paths on every node. The corpus is the same, byte for byte.",
        ),
    ] = None,
    longest_side: Annotated[
        int | None, typer.Option("--longest-side", metavar="PX", help="Larger crops are scaled down to this.")
    ] = None,
    lossless: Annotated[bool, typer.Option("--lossless", help="Store PNG in place of JPEG.")] = False,
    frames: Annotated[
        int | None, typer.Option("--frames", min=1, help="Most frames stored of a clip; annotated ones first.")
    ] = None,
    val: Annotated[float | None, typer.Option("--val", help="Share of val where a set has no splits.")] = None,
    test: Annotated[float | None, typer.Option("--test", help="Share of test where a set has no splits.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Of drawn splits and the order in shards.")] = None,
    shard_mb: Annotated[float | None, typer.Option("--shard-mb", help="Largest shard, in 10^6 bytes.")] = None,
    clean: Annotated[
        str | None,
        typer.Option(help="Remove burned-in text: own (default; not in published sets), all, or none."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print corpus.json in place of words.")] = False,
) -> None:
    """Build a corpus: shards, a Parquet catalogue and a card with pictures; or go on building it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from lingyin.curate.build import build_corpus
    from lingyin.curate.settings import settings_with

    settings = settings_with(
        longest_side_px=longest_side,
        jpeg_quality=0 if lossless else None,
        frames_per_clip=frames,
        val_share=val,
        test_share=test,
        seed=seed,
        shard_mb=shard_mb,
        clean=clean,
    )
    began = time.monotonic()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)

        def tell(stage: str, done: int, total: int) -> None:
            progress.update(task, description=stage, completed=done, total=total or None)

        with redirect_stdout(sys.stderr):  # where Ray shall tell what befalls its nodes; the answer has the other one
            built = build_corpus(sources, out, settings, workers or os.cpu_count() or 1, tell, cluster)
    if as_json:
        typer.echo(json.dumps(built.head, indent=1, sort_keys=True, ensure_ascii=False))
        return
    sources_read = ", ".join(f"{source['name']} ({source['reader']})" for source in built.head["sources"])
    typer.echo(f"sources: {sources_read}")
    counts = ", ".join(f"{count:,} {name}" for name, count in built.head["splits"].items())
    left = ", ".join(f"{count:,} {name}" for name, count in built.head["reasons"].items())
    typer.echo(f"{built.head['status']['kept']:,} pictures kept: {counts}")
    if left:
        typer.echo(f"left out or kept apart: {left}")
    took = f"{time.monotonic() - began:.1f} s"
    typer.echo(f"{built.written} files written in {took}" if built.written else f"nothing has changed ({took})")
    typer.echo(f"{out / 'card.html'}")
