"""`lingyin phantom`: writes a synthetic scan with exact truth beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lingyin.core.errors import UsageError


def phantom(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="aorta, aortic-root, thyroid, ovary, fetal-head, left-ventricle or carotid."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE.dcm", help="The scan; the truth goes to FILE.json.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Draws all that is not set.")] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Sets a value; may be given several times."),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Print what can be set of KIND, and stop.")] = False,
) -> None:
    """Make a synthetic ultrasound cine whose measurements are known exactly."""
    from lingyin.io.phantom.parameters import parameters_of

    known = parameters_of(kind)
    if listed:
        width = max(map(len, known))
        for name, parameter in known.items():
            typer.echo(f"{name:<{width}}  {parameter.domain:<24}  {parameter.help}")
        return
    if out is None:
        raise UsageError("say where the scan goes: -o FILE.dcm")
    if out.suffix.lower() == ".json":
        raise UsageError(f"{out}: this name is for the truth; give the scan another suffix, such as .dcm")
    chosen = _parse(settings or [])

    from lingyin.io.phantom import make_phantom, write_phantom

    made = make_phantom(kind, seed, **chosen)
    write_phantom(made, out)
    typer.echo(f"{len(made.frames)} frames: {out}")
    for code, entry in made.truth["measurements"].items():
        unit = "" if entry["unit"] == "1" else f" {entry['unit']}"
        typer.echo(f"{code} {entry['value']}{unit}")


def _parse(settings: list[str]) -> dict[str, str]:
    """`name=value` words as a table."""
    chosen: dict[str, str] = {}
    for word in settings:
        name, equals, value = word.partition("=")
        if not (name and equals and value):
            raise UsageError(f"--set {word}: write name=value, such as depth_mm=140")
        if name in chosen:
            raise UsageError(f"--set {name} is given twice")
        chosen[name] = value
    return chosen
