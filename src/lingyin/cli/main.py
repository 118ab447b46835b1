"""The `lingyin` command: registers one verb per file and turns errors into one sentence and an exit code."""

from __future__ import annotations

import sys
import traceback

import typer

from lingyin.cli.ablate import ablate
from lingyin.cli.adapt import adapt
from lingyin.cli.analyze import analyze
from lingyin.cli.bench import bench
from lingyin.cli.compare import compare
from lingyin.cli.curate import curate
from lingyin.cli.data import data
from lingyin.cli.deidentify import deidentify
from lingyin.cli.embed import embed
from lingyin.cli.info import info
from lingyin.cli.inspect import inspect
from lingyin.cli.node import node
from lingyin.cli.phantom import phantom
from lingyin.cli.predict import predict
from lingyin.cli.pretrain import pretrain
from lingyin.cli.serve import serve
from lingyin.cli.sign import sign
from lingyin.cli.stream import stream
from lingyin.core.errors import LingyinError
from lingyin.version import __version__

app = typer.Typer(
    name="lingyin",
    help="Lingyin 聆音: an ultrasound scan in, a measured report out. Research use; not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
PROGRAM = (analyze, sign, compare, serve, node, stream, deidentify, phantom, info, embed, predict)
WORKSHOP = (curate, pretrain, adapt, ablate, inspect)
for verb in (*PROGRAM, *WORKSHOP):
    app.command()(verb)
app.add_typer(data, name="data")
app.add_typer(bench, name="bench")


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"lingyin {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: bool = typer.Option(
        False, "--version", help="Print the version and stop.", callback=_print_version, is_eager=True
    ),
) -> None:
    """Global options."""


def run() -> None:
    """Entry point. Exit codes: 0 done, 1 a defect of ours, 2 wrong usage, 3 bad input or output, 4 abnormal found."""
    try:
        app()
    except LingyinError as error:
        typer.echo(f"lingyin: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("lingyin: interrupted; the same command goes on where it stopped", err=True)
        sys.exit(130)
    except Exception:
        traceback.print_exc()
        typer.echo("lingyin: this is a defect of the program; please report it with the lines above", err=True)
        sys.exit(1)


if __name__ == "__main__":
    run()
