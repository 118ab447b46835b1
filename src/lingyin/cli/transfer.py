"""`lingyin bench few` and `lingyin bench matrix`: what features are worth where they were not made for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lingyin.cli.measuring import command, say, sets_folder, use_threads
from lingyin.cli.options import Threads
from lingyin.core.errors import UsageError

Out = Annotated[Path, typer.Option("-o", "--out", metavar="OUT", help="Folder for cells, results.json and pictures.")]
Encoder = Annotated[
    Path | None,
    typer.Option("--encoder", metavar="PATH", help="Our encoder: a model folder, a run, or encoder.safetensors."),
]
Quick = Annotated[bool, typer.Option("--quick", help="A look in minutes: small pictures, short training.")]


def few(
    organ: Annotated[str, typer.Argument(metavar="ORGAN", help="An organ of the label tree, e.g. breast.")],
    out: Out,
    without: Annotated[
        Path, typer.Option("--without", metavar="RUN", help="Our encoder, pretrained without the sets of ORGAN.")
    ],
    encoder: Encoder = None,
    images: Annotated[str, typer.Option("--images", metavar="LIST", help="Numbers of labelled images.")] = "5,10,20",
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Number of draws of the images.")] = 3,
    scratch: Annotated[bool, typer.Option("--scratch", help="The same network from scratch, too.")] = False,
    quick: Quick = False,
    threads: Threads = None,
) -> None:
    """A handful of labelled images of an organ that pretraining left out, beside an encoder that saw it."""
    counts = _counts(images)
    from lingyin.bench.claims import admitted
    from lingyin.bench.few import WITHOUT, FewPlan, few_rows, run_few, sets_of
    from lingyin.bench.figures import curves
    from lingyin.bench.methods import choose_methods

    sets_of(organ)
    names = [f"{WITHOUT}={without}", "lingyin", "imagenet", *(["scratch"] if scratch else [])]
    plan = FewPlan(organ, counts, admitted(choose_methods(names, encoder)), tuple(range(seeds)), sets_folder())
    from lingyin.bench.publish import publish_rows
    from lingyin.bench.run import PIXELS, QUICK_PIXELS
    from lingyin.bench.teach import Workshop

    use_threads(threads)
    workshop = Workshop(out / "cache", QUICK_PIXELS if quick else PIXELS, quick, say=say)
    rows = few_rows(plan, run_few(plan, out, workshop))
    titles = [chosen.method.title for chosen in plan.methods]
    publish_rows(out, _facts(list(plan.seeds)), rows, {"few-images.png": curves(rows, titles, "labelled images")})
    _tell(rows)
    typer.echo(f"{out / 'results.json'}")


def matrix(
    out: Out,
    encoder: Encoder = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="APP", help="An application or set; may be repeated.")
    ] = None,
    labels: Annotated[int, typer.Option("--labels", min=1, max=100, help="Per cent of labels for asking.")] = 40,
    seed: Annotated[int, typer.Option("--seed", help="Draws of labels, pictures and weights.")] = 0,
    quick: Quick = False,
    threads: Threads = None,
) -> None:
    """From task to task: adapt the encoder to each application, then ask its features about every other."""
    from lingyin.bench.applications import load_applications, select_applications
    from lingyin.bench.claims import admitted
    from lingyin.bench.figures import heat
    from lingyin.bench.matrix import GAIN, MatrixPlan, matrix_rows, run_matrix, table_of, tuning
    from lingyin.bench.methods import choose_methods

    asked = select_applications(only) if only else tuple(each for each in load_applications() if each.transfer)
    (chosen,) = admitted(choose_methods(["lingyin"], encoder))
    plan = MatrixPlan(asked, chosen, labels, seed, sets_folder(), tuning(quick, seed))
    from lingyin.bench.publish import publish_rows
    from lingyin.bench.run import PIXELS, QUICK_PIXELS
    from lingyin.bench.teach import Workshop

    use_threads(threads)
    workshop = Workshop(out / "cache", QUICK_PIXELS if quick else PIXELS, quick, say=say)
    rows = matrix_rows(plan, run_matrix(plan, out, workshop))
    publish_rows(out, _facts([seed]), rows, {"matrix.png": heat(*table_of(rows), f"{GAIN}, %")})
    _tell([row for row in rows if row["metric"] == GAIN])
    typer.echo(f"{out / 'results.json'}")


def _counts(text: str) -> tuple[int, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words or not all(word.isdigit() and int(word) >= 2 for word in words):
        raise UsageError(f"--images {text!r}: give numbers from 2 on, e.g. 5,10,20")
    return tuple(sorted({int(word) for word in words}))


def _facts(seeds: list[int]) -> dict[str, object]:
    from lingyin.pretrain.record import commit, machine

    return {"command": command(), "commit": commit(), "machine": machine(), "seeds": seeds}


def _tell(rows: list[dict[str, object]]) -> None:
    for row in rows:
        if row["value"] is not None:
            figures = f"{row['value']:8.3f}  {row['low']:.3f} to {row['high']:.3f}"
            words = f"{row['application']:<32} {row['metric']:<40.40} {row['labels']:>10} {figures}"
            typer.echo(f"{words:<112} {row['method']}")
