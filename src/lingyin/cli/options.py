"""Options that several verbs share, so that they read and behave the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Scans = Annotated[
    list[str],
    typer.Argument(metavar="SCAN...", help="DICOM file, video, picture, or a folder or archive of them; or `demo`."),
]
Model = Annotated[
    Path | None, typer.Option("--model", metavar="DIR", help="A model folder instead of the packaged network.")
]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Cores to use (default: all).")]
