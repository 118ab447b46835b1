"""`lingyin predict`: the raw output of one head, as a table, or as pictures at the image's own size."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lingyin.cli.options import Model, Threads
from lingyin.core.errors import UsageError

if TYPE_CHECKING:
    from lingyin.cli.frames import FrameWalk
    from lingyin.runtime.manifest import Head


def predict(
    head: Annotated[str, typer.Argument(metavar="TASK_HEAD", help="Name of a head; `lingyin info` lists them.")],
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Pictures, clips, or folders of them.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder for the table or the pictures.")],
    frames: Annotated[int, typer.Option("--frames", min=1, help="Most frames taken of one clip, evenly spaced.")] = 16,
    model: Model = None,
    threads: Threads = None,
) -> None:
    """Run one head of the network over images, without rules or report."""
    from lingyin.cli.frames import FrameWalk, finish
    from lingyin.runtime import load_network
    from lingyin.runtime.manifest import default_folder, read_manifest

    known = {entry.name: entry for entry in read_manifest(model or default_folder()).heads}
    if head not in known:
        raise UsageError(f"no head {head!r}; choose one of {', '.join(sorted(known))}")
    walk = FrameWalk(images, load_network(model, threads), most_frames=frames, stage=head)
    if known[head].task == "classify":
        _write_table(walk, known[head], out)
    elif known[head].task in {"segment", "enhance"}:
        _write_pictures(walk, known[head], out)
    else:
        _write_answers(walk, known[head], out)
    finish(walk)


def _write_table(walk: FrameWalk, head: Head, out: Path) -> None:
    """`labels.csv`: source, frame, the most likely label, and a calibrated probability per label."""
    from lingyin.core.files import write_file

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["source", "frame", "label", *head.labels])
    for step in walk:
        row = step.outputs.probabilities[head.name]
        table.writerow([step.source, step.frame, head.labels[int(row.argmax())], *(f"{value:.6f}" for value in row)])
    write_file(out / "labels.csv", text.getvalue().encode())
    typer.echo(f"{walk.frames_seen} images: {out / 'labels.csv'}")


def _write_answers(walk: FrameWalk, head: Head, out: Path) -> None:
    """`values.csv`, `points.csv` or `boxes.csv`: answers with their uncertainty, in pixels of the image."""
    from lingyin.core.files import write_file
    from lingyin.runtime.answers import COLUMNS, answer_rows

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["source", "frame", *COLUMNS[head.task]])
    for step in walk:
        for row in answer_rows(head, step.outputs.raw[head.name], step.prepared, step.mm_per_px):
            table.writerow([step.source, step.frame, *row])
    name = {"measure": "values.csv", "landmark": "points.csv", "detect": "boxes.csv"}[head.task]
    write_file(out / name, text.getvalue().encode())
    typer.echo(f"{walk.frames_seen} images: {out / name}")


def _write_pictures(walk: FrameWalk, head: Head, out: Path) -> None:
    """`masks/<name>.png`, 0 or 255, or `pictures/<name>.png`, at the image's own size; frames of a clip get their
    number behind the name."""
    import cv2

    from lingyin.core.files import write_file
    from lingyin.runtime.decode import mask_on_frame

    used: set[str] = set()
    folder = out / ("masks" if head.task == "segment" else "pictures")
    for step in walk:
        stem = Path(step.source).stem + ("" if step.frames == 1 else f"_f{step.frame:05d}")
        name, again = stem, 1
        while name in used:
            again += 1
            name = f"{stem}-{again}"
        used.add(name)
        masks = head.task == "segment"
        grid = step.outputs.masks[head.name] if masks else step.outputs.raw[head.name]
        whole = mask_on_frame(grid, step.prepared, step.height, step.width)
        drawn = (whole >= head.threshold) * 255 if masks else (whole * 255).round()
        write_file(folder / f"{name}.png", cv2.imencode(".png", drawn.astype("uint8"))[1].tobytes())
    typer.echo(f"{walk.frames_seen} {folder.name}: {folder}")
