"""`lingyin sign`: correct and sign a report, check its signatures, or export signed reports as training labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lingyin.core.errors import InputError, UsageError


def sign(
    reports: Annotated[list[Path], typer.Argument(metavar="REPORT_FOLDER...", help="Folders with a report.json.")],
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who signs.")] = None,
    organisation: Annotated[
        str | None, typer.Option("--organisation", metavar="NAME", help="Where the signer works.")
    ] = None,
    edit: Annotated[Path | None, typer.Option("--edit", metavar="FILE", help="Corrections as JSON.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="CODE=VALUE", help="A number, present, absent, unsure, left or right."),
    ] = None,
    reject: Annotated[
        list[str] | None, typer.Option("--reject", metavar="CODE", help="Take a finding out of the report.")
    ] = None,
    comment: Annotated[str | None, typer.Option(help="The signer's own words, for the report.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Only check the chain of signatures.")] = False,
    corrections: Annotated[
        Path | None, typer.Option("--corrections", metavar="DIR", help="Export signed reports as training labels.")
    ] = None,
) -> None:
    """Correct and sign a report; everything it said before is kept."""
    edited = edit is not None or bool(set_) or bool(reject)
    if by is None and not verify and corrections is None:
        raise UsageError("say who signs (--by NAME), or ask for --verify or --corrections DIR")
    if by is None and (edited or comment or organisation):
        raise UsageError("corrections and comments need a signer (--by NAME)")
    if edited and len(reports) > 1:
        raise UsageError("corrections belong to one report; name one folder")
    folders = [path.parent if path.name == "report.json" else path for path in reports]
    if by is not None:
        for folder in folders:
            _sign(folder, by, edit, set_ or [], reject or [], organisation, comment)
    if verify:
        _verify(folders)
    if corrections is not None:
        from lingyin.report.review.labels import export_corrections

        done = export_corrections(folders, corrections)
        typer.echo(f"{done.labels} labels of {done.reports} signed reports ({done.skipped} skipped): {corrections}")


def _sign(
    folder: Path,
    by: str,
    edit: Path | None,
    set_: list[str],
    reject: list[str],
    organisation: str | None,
    comment: str | None,
) -> None:
    from lingyin.report.review import Edit, parse_edits, parse_set, sign_report

    edits = [] if edit is None else parse_edits(edit)
    edits += [Edit(action="reject", code=code) for code in reject]
    edits += [parse_set(each) for each in set_]
    study = sign_report(folder, by, edits, organisation=organisation, comment=comment)
    signature = study.signatures[-1]
    for change in signature.changes:
        typer.echo(f"  {change.kind:<9} {change.code}{' (by the rule)' if change.by_rule else ''}")
    typer.echo(f"{folder}: {study.status.value}, {study.triage.value}; signature {signature.sha256}")


def _verify(folders: list[Path]) -> None:
    from lingyin.report.reopen import read_study
    from lingyin.report.review import problems_of

    for folder in folders:
        study = read_study(folder)
        problems = problems_of(study)
        if problems:
            remedy = "restore it from a backup, or analyse the scan again"
            raise InputError(folder / "report.json", "; ".join(problems), remedy)
        last = f"; signature {study.signatures[-1].sha256}" if study.signatures else ""
        typer.echo(f"{folder}: {study.status.value}, {len(study.signatures)} signatures, unchanged{last}")
