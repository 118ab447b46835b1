"""`lingyin deidentify`: scans in, the same scans without names, dates, numbers and burned-in text out."""

from __future__ import annotations

import json
import secrets
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from lingyin.cli.options import Scans
from lingyin.core.errors import InputError


def deidentify(
    scans: Scans,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder for the new files.")],
    secret: Annotated[
        Path | None,
        typer.Option(
            "--secret",
            metavar="FILE",
            help="File that keeps the secret behind the pseudonyms (made if absent): the same secret, the same names.",
        ),
    ] = None,
    keep_characteristics: Annotated[
        bool, typer.Option("--keep-characteristics", help="Keep sex, age (90 at most), size and weight.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """Take identifiers out of headers and pixels. Without --secret, names and UIDs differ at every run."""
    from rich.console import Console
    from rich.progress import track

    from lingyin.batch import expand
    from lingyin.curate.cleanscan import clean_scan
    from lingyin.curate.pseudonyms import SECRET_BYTES, Pseudonyms, read_secret
    from lingyin.curate.textnet import TextNetwork

    find_text = TextNetwork(thorough=True)
    pseudonyms = Pseudonyms(secrets.token_bytes(SECRET_BYTES) if secret is None else read_secret(secret))
    rows: list[dict[str, Any]] = []
    items = expand(scans)
    for item in track(items, description="de-identifying", console=Console(stderr=True), transient=True):
        try:
            if isinstance(item, InputError):
                raise item
            done = clean_scan(item, out, pseudonyms, find_text, keep_characteristics=keep_characteristics)
            rows.append({"source": str(item.path), **asdict(done)})
            if not as_json:
                typer.echo(f"{item.path} -> {out / done.file} ({done.frames} frames, {len(done.boxes)} texts filled)")
        except InputError as error:
            rows.append({"source": error.path, "error": str(error)})
            typer.echo(f"lingyin: {error}", err=True)
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
    failed = sum("error" in row for row in rows)
    if failed:
        typer.echo(f"lingyin: {failed} of {len(rows)} scans could not be read and were left out", err=True)
        sys.exit(3)
