"""`lingyin analyze`: scans in, one folder with report, evidence and overlay video each, and a worklist."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lingyin.cli.options import Model, Scans, Threads
from lingyin.core.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from lingyin.batch import Hooks, Row
    from lingyin.core.study import Study

LANGS = ("en", "zh-Hans", "zh-Hant", "all")


def analyze(
    scans: Scans,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder for the reports.")],
    lang: Annotated[str, typer.Option(help="Language of the report: en, zh-Hans, zh-Hant or all.")] = "all",
    model: Model = None,
    mm_per_px: Annotated[
        float | None,
        typer.Option("--mm-per-px", min=1e-4, help="Spacing in mm for pictures and videos that carry none."),
    ] = None,
    guideline: Annotated[
        list[str] | None,
        typer.Option("--guideline", metavar="TOPIC=NAME", help="Judge by this guideline, e.g. aorta=esc2024."),
    ] = None,
    gestational_age: Annotated[
        str | None,
        typer.Option("--gestational-age", metavar="W+D", help="Age of a pregnancy by dates, e.g. 24+3."),
    ] = None,
    prior: Annotated[
        Path | None,
        typer.Option("--prior", metavar="REPORT", help="report.json of an earlier study of the same patient."),
    ] = None,
    threads: Threads = None,
    again: Annotated[bool, typer.Option("--again", help="Repeat scans that are already done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json instead of tables.")] = False,
    no_pdf: Annotated[bool, typer.Option("--no-pdf", help="Leave out report.pdf and its DICOM object.")] = False,
    fail_on_abnormal: Annotated[
        bool, typer.Option("--fail-on-abnormal", help="Exit with 4 when anything was abnormal.")
    ] = False,
) -> None:
    """Analyse scans and write a report with evidence for each."""
    if lang not in LANGS:
        raise UsageError(f"--lang {lang!r} is unknown; choose one of {', '.join(LANGS)}")
    from rich.console import Console

    from lingyin.analyze.options import read_options
    from lingyin.batch import analyze_all

    options = read_options(guideline or [], gestational_age)
    console = Console(stderr=as_json)
    with ExitStack() as stack:
        hooks = _hooks(console, stack, "en" if lang == "all" else lang, quiet=as_json)
        rows = analyze_all(
            scans,
            out,
            lang=lang,
            model=model,
            mm_per_px=mm_per_px,
            threads=threads,
            again=again,
            pdf=not no_pdf,
            options=options,
            prior=prior,
            hooks=hooks,
        )
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False))
    else:
        _closing_words(console, rows, out)
    sys.exit(_exit_code(rows, fail_on_abnormal))


def _hooks(console: Console, stack: ExitStack, lang: str, *, quiet: bool) -> Hooks:
    """A progress bar over the scans with the stage of the present one; a table after each."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from lingyin.batch import Hooks
    from lingyin.report.terminal import study_table

    progress = stack.enter_context(
        Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
    )
    overall = progress.add_task("scans", total=None)
    current = progress.add_task("", total=None, visible=False)

    def started(source: str, index: int, total: int) -> None:
        progress.update(overall, completed=index, total=total)
        progress.update(current, description=Path(source).name[:40], visible=True, completed=0, total=None)

    def stage(name: str, done: int, total: int) -> None:
        progress.update(current, description=name, completed=done, total=total)

    def finished(row: Row, study: Study | None) -> None:
        progress.advance(overall)
        if row.status == "failed":
            console.print(f"[red]failed[/red] {row.error}", highlight=False, soft_wrap=True)
        elif study is not None and not quiet:
            console.print(study_table(study, lang))

    return Hooks(started, stage, finished)


def _closing_words(console: Console, rows: list[Row], out: Path) -> None:
    done = [row for row in rows if row.status == "done"]
    for row in done[:20]:
        console.print(f"{row.triage:<10} {out / str(row.folder) / 'report.html'}", highlight=False, soft_wrap=True)
    if len(rows) > 1:
        console.print(f"{len(done)} of {len(rows)} scans done; worklist: {out / 'index.html'}", highlight=False)
    console.print("Research use only: decision support, not a diagnosis.", style="dim", highlight=False)


def _exit_code(rows: list[Row], fail_on_abnormal: bool) -> int:
    """The gravest thing that happened: a defect of ours (1), an unusable input (3), an abnormal scan (4), or 0."""
    codes = {row.exit_code for row in rows if row.status == "failed"}
    if codes:
        return 1 if 1 in codes else 3
    abnormal = any(row.triage in {"abnormal", "urgent"} for row in rows)
    return 4 if abnormal and fail_on_abnormal else 0
