"""`lingyin compare`: what changed since a prior study of the same patient, in words, as JSON, or in the report."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


def compare(
    prior: Annotated[Path, typer.Argument(metavar="PRIOR", help="report.json of the earlier study.")],
    now: Annotated[Path, typer.Argument(metavar="NOW", help="report.json of the present study.")],
    lang: Annotated[str, typer.Option(help="Language: en, zh-Hans or zh-Hant.")] = "en",
    write: Annotated[bool, typer.Option("--write", help="Put the comparison into every form of the report.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
    same_patient: Annotated[
        bool, typer.Option("--same-patient", help="Vouch for it where a report carries no patient number.")
    ] = False,
    prior_date: Annotated[
        datetime | None, typer.Option("--prior-date", formats=["%Y-%m-%d"], help="Where PRIOR carries no date.")
    ] = None,
    date: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Where NOW carries no date.")
    ] = None,
) -> None:
    """Compare a report with a prior one of the same patient."""
    from lingyin.report.grammar import load_grammar
    from lingyin.report.history import comparison_sentences
    from lingyin.report.priors import add_comparison, compare_folders
    from lingyin.report.reopen import read_study

    grammar = load_grammar(lang)
    found = compare_folders(
        prior,
        now,
        same_patient=same_patient,
        prior_date=None if prior_date is None else prior_date.date(),
        now_date=None if date is None else date.date(),
    )
    if write:
        add_comparison(now, found)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    for sentence in comparison_sentences(read_study(now).model_copy(update={"comparison": found}), grammar):
        typer.echo(sentence.text)
