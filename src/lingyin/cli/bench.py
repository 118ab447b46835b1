"""`lingyin bench`: measures encoders on many applications with few labels; `lingyin bench prepare` makes the sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lingyin.cli.measuring import command, say, sets_folder, use_threads
from lingyin.cli.options import Threads
from lingyin.cli.transfer import few, matrix
from lingyin.core.errors import UsageError

bench = typer.Typer(
    name="bench",
    help="Compare encoders and peers on the benchmark's applications, with intervals; a killed run goes on.",
    rich_markup_mode=None,
    invoke_without_command=True,
)
bench.command("few")(few)
bench.command("matrix")(matrix)
QUICK = ("40,100", 1)  # label budgets in per cent, number of seeds
FULL = ("10,20,40,60,100", 3)


@bench.callback()
def measure(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="OUT", help="Folder for cells, table and pictures.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A look in minutes: few applications, small pictures, one seed.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="APP", help="An application, set or task; may be repeated.")
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option("--methods", metavar="NAME[=PATH]", help="A method, with its weights; may be repeated."),
    ] = None,
    labels: Annotated[
        str | None, typer.Option("--labels", metavar="LIST", help="Label budgets in per cent, e.g. 10,40,100.")
    ] = None,
    seeds: Annotated[int | None, typer.Option("--seeds", min=1, help="Number of seeds.")] = None,
    encoder: Annotated[
        Path | None,
        typer.Option("--encoder", metavar="PATH", help="Our encoder: a model folder, a run, or encoder.safetensors."),
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List applications and methods, and stop.")] = False,
    threads: Threads = None,
) -> None:
    """Measure; or `lingyin bench prepare FOLDER... -o OUT`."""
    if context.invoked_subcommand:
        return None
    if list_all:
        return _list()
    if out is None:
        raise UsageError("name the folder for the results: lingyin bench -o OUT")
    budgets, draws = QUICK if quick else FULL
    percents = _percents(labels or budgets)

    from lingyin.bench.applications import select_applications
    from lingyin.bench.claims import admitted
    from lingyin.bench.methods import choose_methods

    applications, named = select_applications(only or (), quick=quick), choose_methods(methods or (), encoder)
    chosen = admitted(named)
    root = sets_folder()

    from lingyin.bench.publish import publish
    from lingyin.bench.run import Plan, run
    from lingyin.bench.teach import Workshop
    from lingyin.pretrain.record import commit, machine

    use_threads(threads)
    plan = Plan(applications, chosen, percents, tuple(range(seeds or draws)), root, quick)
    workshop = Workshop(out / "cache", plan.size, quick, say=say)
    outcome = run(plan, out, workshop)
    started = {each.name: str(each.path or each.method.encoder) for each in chosen if each.method.encoder}
    found = publish(plan, outcome, out, workshop.cache, command(), commit(), machine(), started)
    for row in found["rows"]:
        if row.get("decides") and row["value"] is not None:
            interval = f"{row['low']:.3f} to {row['high']:.3f}"
            words = f"{row['application']:<40} {row['metric']:<26} {row['labels']:>6} {row['value']:8.3f}  {interval}"
            typer.echo(f"{words:<108} {row['method']}")
        elif row["metric"].startswith("mean relative gain") and row["value"] is not None:
            gain = ", ".join(f"{100 * row[key]:.1f} %" for key in ("value", "low", "high"))
            typer.echo(f"{row['metric']}: {gain} (value, interval); {row['labels']}; {row['method']}")
    typer.echo(f"{out / 'README.md'}")
    return None


@bench.command("prepare")
def prepare_sets(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="Folders with unpacked downloads of public sets.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="SETS", help="Folder for the rebuilt sets.")],
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="SET", help="Only this set; may be repeated.")
    ] = None,
) -> None:
    """Rebuild the benchmark's sets from your own downloads, found by content; says what is missing."""
    from lingyin.bench.prepare import prepare

    done, found = prepare(folders, out, only or (), say=say)
    typer.echo(f"{'set':<24} {'pictures':>13} {'outlines':>13}  original")
    for each in done:
        counts = (f"{each.pictures}/{each.of_pictures}", f"{each.outlines}/{each.of_outlines}")
        typer.echo(f"{each.name:<24} {counts[0]:>13} {counts[1]:>13}  {each.original.source}; {each.original.licence}")
    for each in done:
        if each.missing:
            typer.echo(f"{each.name}: {len(each.missing)} originals missing; published copy: {each.original.copy_of}")
        if each.pictures and each.outlines < each.of_outlines and not each.original.reader:
            typer.echo(f"{each.name}: outlines cannot be rebuilt, because no reader knows its published layout")
        for problem in each.problems:
            typer.echo(f"{each.name}: {problem}")
    for path in found.archives:
        typer.echo(f"{path}: an archive, not looked into; unpack it and run again")
    typer.echo(f"{found.looked_at} pictures and clips looked at, {sum(e.pictures for e in done)} rebuilt under {out}")


def _list() -> None:
    from lingyin.bench.applications import load_applications
    from lingyin.bench.methods import load_methods

    for each in load_applications():
        marks = ("quick" if each.quick else "") + ("" if each.claimed else " not counted")
        typer.echo(f"{each.name:<46} {each.task:<9} {each.set:<22} {each.metric:<20} {marks}")
    for name, method in load_methods().items():
        typer.echo(f"{name:<46} {method.kind:<9} {method.title}")


def _percents(text: str) -> tuple[int, ...]:
    words = [word.strip().removesuffix("%").strip() for word in text.split(",") if word.strip()]
    if not words or not all(word.isdigit() and 1 <= int(word) <= 100 for word in words):
        raise UsageError(f"--labels {text!r}: give per cent from 1 to 100, e.g. 10,40,100")
    return tuple(sorted({int(word) for word in words}))
