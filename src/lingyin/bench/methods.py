"""The methods that the benchmark compares, as checked records, and how the words of `--methods` choose among them."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from lingyin.bench.applications import FitKind
from lingyin.core.errors import UsageError
from lingyin.core.paths import packaged
from lingyin.tasks.contract import Needs
from lingyin.tasks.fit import FitSettings, settings_for

GIVEN, OWN = "given", "own"
NETWORKS: tuple[FitKind, ...] = ("classify", "regress", "masks", "facts", "restore")


class Method(BaseModel):
    """One method of `methods.toml`; see the words at the top of that file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str
    kind: Literal["frozen", "whole", "unet", "filter"]
    encoder: str = ""
    loader: Literal["", "vitmae"] = ""
    learning: str = "heads"
    fits: tuple[FitKind, ...] = NETWORKS
    ours: bool = False
    saw_labels: bool = False
    default: bool = False


@dataclass(frozen=True)
class Chosen:
    """A method with the weights that it starts from, where it needs a path."""

    name: str
    method: Method
    path: Path | None = None


@functools.cache
def _document() -> dict[str, Any]:
    return tomllib.loads(packaged("lingyin.bench", "methods.toml").read_text(encoding="utf-8"))


@functools.cache
def load_methods() -> dict[str, Method]:
    """All methods by name, in the order of the file."""
    return {name: Method.model_validate(table) for name, table in _document().items() if name != "learning"}


def choose_methods(words: Sequence[str] = (), encoder: Path | None = None) -> tuple[Chosen, ...]:
    """Methods by `NAME` or `NAME=PATH`, in the order of the file; the default ones where nothing is named.

    `encoder` is what our method starts from; the packaged one where it is None.

    Raises:
        UsageError: an unknown name, or one that needs a path and has none; all are listed.
    """
    known = load_methods()
    asked = dict(word.partition("=")[::2] for word in words) or {n: "" for n, m in known.items() if m.default}
    unknown = sorted(set(asked) - set(known))
    if unknown:
        raise UsageError(f"no method is called {', '.join(unknown)}; there are {', '.join(known)}")
    homeless = [name for name, path in asked.items() if known[name].encoder == GIVEN and not path]
    if homeless:
        raise UsageError(f"{', '.join(homeless)}: name the weights as well, e.g. --methods {homeless[0]}=FOLDER")
    return tuple(
        Chosen(name, method, Path(asked[name]) if asked[name] else encoder if method.encoder == OWN else None)
        for name, method in known.items()
        if name in asked
    )


def learning(method: Method, needs: Needs, seed: int, *, quick: bool) -> tuple[FitSettings, int]:
    """How a method's heads or networks learn, and the side in pixels of what whole networks see (0: the square's)."""
    table = _document()["learning"][f"quick-{method.learning}" if quick else method.learning]
    changes = {name: tuple(value) if isinstance(value, list) else value for name, value in table[needs.value].items()}
    return settings_for(needs, seed=seed, **changes), int(table.get("pixels", 0))
