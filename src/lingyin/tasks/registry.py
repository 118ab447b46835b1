"""The seven task kinds by name, each made anew from its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from lingyin.core.errors import UsageError
from lingyin.tasks.contract import Task

KINDS: Mapping[str, str] = {
    "classify": "Classify",
    "segment": "Segment",
    "detect": "Detect",
    "landmark": "Landmark",
    "measure": "Measure",
    "enhance": "Enhance",
    "describe": "Describe",
}


def from_spec(kind: str, spec: Mapping[str, Any]) -> Task[Any, Any]:
    """The task that `Task.spec` described; lists become tuples again.

    Raises:
        UsageError: there is no such kind.
    """
    if kind not in KINDS:
        raise UsageError(f"no task kind {kind!r}; choose one of {', '.join(KINDS)}")
    maker: Callable[..., Task[Any, Any]] = getattr(import_module(f"lingyin.tasks.{kind}"), KINDS[kind])
    return maker(**{name: tuple(value) if isinstance(value, list) else value for name, value in spec.items()})
