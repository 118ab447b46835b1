"""What the verbs that measure share: where the sets lie, how the command is told in results, threads, progress."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from lingyin.core.errors import UsageError


def sets_folder() -> Path:
    """The folder of the prepared sets. Raises UsageError where there is none."""
    from lingyin.core.paths import data_root

    root = data_root()
    if root is None:
        raise UsageError(
            "the benchmark's sets are not there; make them with `lingyin bench prepare FOLDER... -o SETS`, "
            "then set LINGYIN_DATA to SETS"
        )
    return root


def command() -> str:
    """The command as typed, without the paths of this machine."""
    words = [Path(word).name if word.startswith("/") else word for word in sys.argv[1:]]
    return " ".join(["lingyin", *words])


def use_threads(threads: int | None) -> None:
    """As many threads of torch as were asked for."""
    import torch

    if threads:
        torch.set_num_threads(threads)


def say(words: str) -> None:
    """A line of progress."""
    typer.echo(words, err=True)
