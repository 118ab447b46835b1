"""`lingyin data`: the registry of public ultrasound sets, and a corpus asked and exported; no network is used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from lingyin.cli.data_export import export
from lingyin.cli.data_query import query_corpus

if TYPE_CHECKING:
    from lingyin.curate.registry import DataSet

data = typer.Typer(
    name="data",
    help="Public ultrasound data sets: what there is, under which licence, which can be read; and your own corpus.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
data.command("query")(query_corpus)
data.command("export")(export)
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@data.command("list")
def list_sets(
    organ: Annotated[
        str | None, typer.Option("--organ", metavar="CODE", help="Only sets of this organ or region of the tree.")
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(
            "--licence", metavar="TEXT", help="`open`, `research`, or a part of the licence's text, e.g. 'CC BY 4.0'."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the sets of the registry."""
    from lingyin.curate.registry import load_registry, select_sets

    chosen = select_sets(load_registry().values(), organ, licence)
    if as_json:
        typer.echo(json.dumps([entry.model_dump(mode="json") for entry in chosen], indent=1, ensure_ascii=False))
        return
    typer.echo(f"{'name':<22} {'organs':<34} {'size':<18} {'reuse':<9} {'reader':<19} licence")
    for entry in chosen:
        typer.echo(
            f"{entry.name:<22} {_short(', '.join(entry.organs), 34):<34} {_size(entry):<18} {entry.reuse:<9} "
            f"{entry.reader or '-':<19} {_short(entry.licence, 40)}"
        )
    readable = sum(entry.reader is not None for entry in chosen)
    typer.echo(f"{len(chosen)} sets, {readable} with a reader, {sum(e.reuse == 'yes' for e in chosen)} open to all")


@data.command("show")
def show_set(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name that `lingyin data list` prints.")],
    as_json: AsJson = False,
) -> None:
    """Show all that is known of one set."""
    from lingyin.curate.registry import find_set

    entry = find_set(name)
    if as_json:
        typer.echo(json.dumps(entry.model_dump(mode="json"), indent=1, ensure_ascii=False))
        return
    cited = entry.citation
    lines = {
        "name": entry.name,
        "title": entry.title,
        "organs": ", ".join(entry.organs),
        "labels": ", ".join(entry.tasks),
        "holds": f"{entry.media}: {_size(entry)}",
        "subjects": "unknown" if entry.subjects is None else f"{entry.subjects:,}",
        "countries": ", ".join(entry.countries) or "unknown",
        "devices": ", ".join(entry.devices) or "unknown",
        "licence": entry.licence,
        "reuse": entry.reuse,
        "address": entry.address,
        "cite": f"{cited.author}, {cited.venue}, {cited.year or 'unknown year'}",
        "reader": entry.reader or "none",
        "checked": entry.checked,
        "notes": entry.notes or "-",
    }
    for label, text in lines.items():
        typer.echo(f"{label:<10} {text}")


def _size(entry: DataSet) -> str:
    counts = [(entry.images, "img"), (entry.videos, "vid")]
    return ", ".join(f"{count:,} {unit}" for count, unit in counts if count is not None) or "unknown"


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
