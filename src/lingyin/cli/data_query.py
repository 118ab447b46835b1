"""`lingyin data query`: SQL over the catalogue of a corpus."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

import typer

from lingyin.core.errors import UsageError

FORMATS = ("table", "csv", "json")
SHOWN = 200  # rows of a table on the screen


def query_corpus(
    sql: Annotated[
        str,
        typer.Argument(
            metavar="SQL",
            help='One statement over the tables catalogue, tree and registry, e.g. "SELECT id FROM catalogue WHERE '
            "list_contains(yes, 'thyroid_nodule') AND len(masks) > 0 AND licence LIKE 'CC BY%'\".",
        ),
    ],
    corpus: Annotated[Path, typer.Option("--corpus", metavar="DIR", help="Folder of the corpus.")] = Path(),
    form: Annotated[str, typer.Option("--format", help="table, csv or json (one object per line).")] = "table",
) -> None:
    """Answer one SQL statement (DuckDB) over the catalogue of a corpus."""
    if form not in FORMATS:
        raise UsageError(f"--format {form!r} is unknown; choose one of {', '.join(FORMATS)}")
    from lingyin.curate.query import query

    answer = query(sql, corpus)
    if form == "json":
        import json

        for row in answer.to_pylist():
            typer.echo(json.dumps(row, ensure_ascii=False, default=_plain))
        return
    rows = [{name: _text(value) for name, value in row.items()} for row in answer.to_pylist()]
    if form == "csv":
        import csv

        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, answer.column_names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        typer.echo(buffer.getvalue(), nl=False)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*answer.column_names, box=None)
    for row in rows[:SHOWN]:
        table.add_row(*row.values())
    console = Console(highlight=False, markup=False)
    console.print(table)
    more = f", {SHOWN} of them shown; --format csv gives all" if len(rows) > SHOWN else ""
    console.print(f"{len(rows)} rows{more}")


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(map(_text, value))
    return value.hex() if isinstance(value, bytes) else str(value)


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
