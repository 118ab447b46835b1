"""`lingyin embed`: one feature vector per image from the packaged encoder, for probes and search."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import typer

from lingyin.cli.options import Model, Scans, Threads
from lingyin.core.errors import UsageError


def embed(
    scans: Scans,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE.npz", help="File for the features.")],
    frames: Annotated[
        int, typer.Option("--frames", min=1, help="Most frames taken of one clip, evenly spaced; a still gives one.")
    ] = 16,
    model: Model = None,
    threads: Threads = None,
) -> None:
    """Write features (N, D), source and frame of every image as a NumPy archive."""
    if out.suffix != ".npz":
        raise UsageError(f"{out}: features go into a .npz file; name it {out.stem}.npz")
    import numpy as np

    from lingyin.cli.frames import FrameWalk, finish
    from lingyin.core.files import write_file
    from lingyin.runtime import load_network
    from lingyin.runtime.manifest import encoder_folder

    network = load_network(model or encoder_folder(), threads, heads=False)
    walk = FrameWalk(scans, network, most_frames=frames, stage="embedding")
    features, sources, indices = [], [], []
    for step in walk:
        features.append(step.outputs.features)
        sources.append(step.source)
        indices.append(step.frame)
    if features:
        buffer = io.BytesIO()
        np.savez(buffer, features=np.stack(features), source=np.array(sources), frame=np.array(indices, dtype=np.int64))
        write_file(out, buffer.getvalue())
        typer.echo(f"{len(features)} vectors of {features[0].shape[0]} numbers: {out}")
    finish(walk)
