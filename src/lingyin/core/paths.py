"""Where things lie: data shipped with the package, and the real data sets where they are present."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path


def packaged(package: str, *parts: str) -> Path:
    """Path of a file that travels inside the package, e.g. `packaged("lingyin.core", "data", "tree.toml")`."""
    return Path(str(files(package))).joinpath(*parts)


def data_root() -> Path | None:
    """Folder of the real data sets: `$LINGYIN_DATA`, else `../shared/data` beside the checkout; None if absent."""
    named = os.environ.get("LINGYIN_DATA")
    candidates = [Path(named)] if named else [Path("../shared/data"), Path(__file__).parents[4] / "shared" / "data"]
    for candidate in candidates:
        if (candidate / "README.md").is_file():
            return candidate.resolve()
    return None
