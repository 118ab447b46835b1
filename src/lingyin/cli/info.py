"""`lingyin info`: what is installed (program, network, heads, scores), read from the manifest alone."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from lingyin.cli.options import Model
from lingyin.version import __version__


def info(
    model: Model = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Show the network, its heads, their scores and limits."""
    from lingyin.runtime.manifest import default_folder, encoder_folder, read_manifest

    folder = model or default_folder()
    manifest = read_manifest(folder)
    apart = read_manifest(encoder_folder()) if model is None else None
    if as_json:
        card: dict[str, Any] = {"program": "lingyin", "version": __version__, "model": manifest.model_dump(mode="json")}
        if apart is not None:
            card["encoder"] = apart.model_dump(mode="json")
        typer.echo(json.dumps(card, indent=1, ensure_ascii=False))
        return
    typer.echo(f"lingyin {__version__}   network {manifest.name} {manifest.version}   research use only")
    if apart is not None:
        typer.echo(f"encoder {apart.name} {apart.version} for `lingyin embed`: {apart.features} features")
    typer.echo(f"{'head':<24} {'task':<9} {'score on test split':<38} answers")
    for head in manifest.heads:
        score = next(iter(head.scores), None)
        words = (
            f"{score.metric} {score.value:.3f} [{score.low:.3f}, {score.high:.3f}] n={score.n}"
            if score
            else "not measured"
        )
        typer.echo(f"{head.name:<24} {head.task:<9} {words:<38} {', '.join(head.labels)[:60]}")
