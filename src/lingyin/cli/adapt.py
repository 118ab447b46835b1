"""`lingyin adapt`: a head of one's own from a few labelled pictures, ready for `analyze` and `predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lingyin.cli.options import Threads
from lingyin.core.errors import UsageError

if TYPE_CHECKING:
    from lingyin.tasks.adapt import Adapted

MODES = ("auto", "frozen", "lora", "full")
CLASSES = ("exclusive", "several", "ordinal")


def adapt(
    task: Annotated[
        str,
        typer.Argument(metavar="TASK", help="classify, segment, detect, landmark, measure, enhance or describe."),
    ],
    data: Annotated[
        Path,
        typer.Argument(metavar="DATA", help="A folder with a folder per class, a prepared set, or a CSV of pictures."),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="MODEL", help="Folder for the new model.")],
    labels: Annotated[str, typer.Option("--labels", help="Share of the training labels to use, e.g. 40%.")] = "100%",
    column: Annotated[
        str | None, typer.Option("--column", help="Column of the labels, where several could be.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What the new head is called (default: like DATA).")
    ] = None,
    organ: Annotated[
        str | None, typer.Option("--organ", help="Organ shown (default: what the packaged network recognises).")
    ] = None,
    code: Annotated[
        list[str] | None, typer.Option("--code", metavar="LABEL=CODE", help="Code of the label tree for a label.")
    ] = None,
    classes: Annotated[
        str, typer.Option("--classes", help="exclusive, several (a;b in one cell) or ordinal (grades).")
    ] = "exclusive",
    unit: Annotated[str, typer.Option("--unit", help="Unit of a measurement.")] = "",
    harm: Annotated[str, typer.Option("--harm", help="What to undo: noise, blur, low_resolution or shadow.")] = "noise",
    encoder: Annotated[
        str | None, typer.Option("--encoder", help="Another encoder: a model folder, a pretraining run, `imagenet`.")
    ] = None,
    base: Annotated[
        Path | None, typer.Option("--base", metavar="DIR", help="Model folder that the head is added to.")
    ] = None,
    mode: Annotated[
        str, typer.Option("--mode", help="frozen, lora or full; auto tries what the data bear, val decides.")
    ] = "auto",
    seed: Annotated[int, typer.Option("--seed", help="Draws of splits, views and weights.")] = 0,
    threads: Threads = None,
) -> None:
    """Learn a task from your own labelled pictures; the result is a model folder for --model."""
    choices = {"--mode": (mode, MODES), "--classes": (classes, CLASSES)}
    for option, (given, known) in choices.items():
        if given not in known:
            raise UsageError(f"{option} {given!r} is unknown; choose one of {', '.join(known)}")
    budget, codes = _share(labels), _pairs(code or [])
    _writable(out)
    from lingyin.tasks.device import require_train

    require_train(threads)
    from lingyin.runtime.manifest import default_folder, read_manifest
    from lingyin.tasks.adapt import Request, adapt
    from lingyin.tasks.own.labels import Wanted

    size = read_manifest(base or default_folder()).input_size
    wanted = Wanted(task, size, column, name, classes, unit, harm)  # type: ignore[arg-type]
    request = Request(data, out, wanted, encoder, base, budget, mode, organ, codes, seed)  # type: ignore[arg-type]
    _tell(adapt(request, lambda line: typer.echo(line, err=True)), request.wanted.kind, out)


def _share(text: str) -> float:
    """`40%` or `0.4` as a share."""
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise UsageError(f"--labels {text!r} is no share; write e.g. 40%")
    return share


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        label, found, value = text.partition("=")
        if not found or not label or not value:
            raise UsageError(f"--code {text!r} is not of the form LABEL=CODE")
        pairs[label] = value
    return pairs


def _writable(out: Path) -> None:
    """A folder with other things in it must not be replaced by a model."""
    from lingyin.runtime.manifest import MANIFEST

    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file()):
        raise UsageError(f"{out}: is there already and is no model folder; choose another place")


def _tell(made: Adapted, kind: str, out: Path) -> None:
    described = made.described
    for called, code in zip(described.called, described.entry.labels, strict=True):
        if called != code:
            typer.echo(f"  {called} = {code}")
    for trial in made.trials:
        scores = "  ".join(f"{name} {value:.3f}" for name, value in trial.metrics.items())
        typer.echo(f"val   {trial.mode:<7} {scores}{'  <- chosen' if trial.mode == made.won else ''}")
    if made.test:
        typer.echo("test          " + "  ".join(f"{name} {value:.3f}" for name, value in made.test.items()))
    typer.echo(f"{out}: {made.seconds:.0f} s; card: {out / 'CARD.md'}, pictures: {out / 'log'}")
    if described.spoken:
        typer.echo(f"try: lingyin analyze SCAN -o report --model {out}")
    else:
        heads = described.entry.labels if kind == "segment" else [described.entry.name]
        typer.echo(f"try: lingyin predict {heads[0]} IMAGE... -o out --model {out}")
        if kind in {"classify", "segment", "describe"}:
            typer.echo("reports cannot speak of these labels yet: give --organ, and --code LABEL=CODE for each label")
