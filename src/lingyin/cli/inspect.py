"""`lingyin inspect`: what an encoder has understood, as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lingyin.core.errors import UsageError


def inspect(
    source: Annotated[Path, typer.Argument(metavar="RUN|WEIGHTS", help="Folder of a run, or encoder.safetensors.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="PAGE.html", help="File for the page.")],
    pictures: Annotated[int, typer.Option("--pictures", min=10, help="How many pictures are shown to it.")] = 300,
    size: Annotated[
        int | None, typer.Option("--size", min=32, help="Their side in pixels; the run's by default.")
    ] = None,
    phantoms: Annotated[
        bool, typer.Option("--phantoms", help="Show phantoms, even where data sets are present.")
    ] = False,
) -> None:
    """Write a page with reconstructions, hard patches, a map of the features, distances and neighbours."""
    if out.suffix != ".html":
        raise UsageError(f"{out}: the page is an .html file; name it {out.stem}.html")

    from lingyin.bench.inspect_page import look, render
    from lingyin.bench.samples import sample_pictures
    from lingyin.core.files import write_file
    from lingyin.pretrain.restore import restore

    learnt = restore(source)
    side = size or (learnt.config.stages[-1].size_px if learnt.config else 224)
    patch = learnt.patch
    if side % patch:
        raise UsageError(f"--size {side}: must be a multiple of the patches' {patch} pixels")
    page = render(look(learnt, sample_pictures(pictures, phantoms=phantoms), side), source)
    write_file(out, page.encode())
    typer.echo(str(out))
