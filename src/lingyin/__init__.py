"""Lingyin (聆音): an ultrasound scan in, a measured report out, in which every sentence points at its pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingyin.version import __version__

if TYPE_CHECKING:
    from lingyin.api import Engine, analyze

__all__ = ["Engine", "__version__", "analyze"]


def __getattr__(name: str) -> object:
    """Loads the API on first use, so that `import lingyin` stays instant."""
    if name in {"Engine", "analyze"}:
        from lingyin import api

        return getattr(api, name)
    raise AttributeError(f"module 'lingyin' has no attribute {name!r}")
