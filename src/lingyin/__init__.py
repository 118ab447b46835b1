"""Lingyin (聆音): an ultrasound scan in, a measured report out, in which every sentence points at its pixels."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from lingyin.version import __version__

if TYPE_CHECKING:
    from lingyin.api import Engine, Study

__all__ = ["Engine", "Study", "__version__", "analyze"]


def analyze(
    scan: str | Path,
    *,
    model: str | Path | None = None,
    mm_per_px: float | None = None,
    guidelines: Mapping[str, str] | None = None,
    gestational_age_weeks: float | None = None,
) -> Study:
    """Analyses one scan with a fresh engine; for several scans make one `Engine` and keep it.

    Args:
        scan: a DICOM file, video or picture.
        model: folder of another network than the packaged one.
        mm_per_px: spacing of the stored picture in mm, where the file itself carries none.
        guidelines: choices among guidelines by topic, e.g. `{"aorta": "esc2024", "thyroid": "ctirads2020"}`.
        gestational_age_weeks: age of a pregnancy by dates, for growth centiles.

    Raises:
        InputError: the file cannot be used; the message names it and the remedy.
        ModelError: the network cannot be loaded.
        CatalogueError: an unknown guideline was chosen.
    """
    from lingyin.analyze.options import Options
    from lingyin.api import Engine as ApiEngine

    options = Options(dict(guidelines or {}), gestational_age_weeks)
    return ApiEngine(model, options=options).analyze(scan, mm_per_px=mm_per_px)


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
