"""`lingyin data export`: a corpus in the form that other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    corpus: Annotated[str, typer.Argument(metavar="CORPUS", help="Folder or address of the corpus.")],
    form: Annotated[str, typer.Option("--to", metavar="FORM", help="coco, dicom, huggingface or nnunet.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder for the files.")],
    organ: Annotated[
        str | None, typer.Option("--organ", metavar="CODE", help="Only pictures that show this node of the tree.")
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option("--licence", help="`open`: only what anybody may use again; `research`: and research sets."),
    ] = None,
) -> None:
    """Write the pictures of a corpus as COCO, DICOM with Segmentations, Hugging Face or nnU-Net raw; splits stay."""
    from lingyin.curate.export import export_corpus

    count = export_corpus(corpus, form, out, organ, licence)
    typer.echo(f"{count} pictures: {out}")
