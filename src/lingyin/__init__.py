"""Lingyin (聆音): an ultrasound scan in, a measured report out, in which every sentence points at its pixels."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from lingyin.version import __version__

if TYPE_CHECKING:
    from lingyin.api import Engine, Study

__all__ = ["Engine", "Study", "__version__", "analyze"]


def analyze(scan: str | Path, *, model: str | Path | None = None, mm_per_px: float | None = None) -> Study:
    """Analyses one scan with a fresh engine; for several scans make one `Engine` and keep it.

    Args:
        scan: a DICOM file, video or picture.
        model: folder of another network than the packaged one.
        mm_per_px: spacing of the stored picture in mm, where the file itself carries none.

    Raises:
        InputError: the file cannot be used; the message names it and the remedy.
        ModelError: the network cannot be loaded.
    """
    from lingyin.api import Engine as ApiEngine

    return ApiEngine(model).analyze(scan, mm_per_px=mm_per_px)


def __getattr__(name: str) -> object:
    """Loads the rest of the API on first use, so that `import lingyin` stays instant."""
    if name in {"Engine", "Study"}:
        from lingyin import api

        return getattr(api, name)
    raise AttributeError(f"module 'lingyin' has no attribute {name!r}")


class _Package(ModuleType):
    """Keeps `lingyin.analyze` the function: importing the room of that name would otherwise hide it."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name == "analyze" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
