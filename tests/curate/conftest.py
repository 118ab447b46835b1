"""Opens the look-alike of a layout with its reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lingyin.curate.readers import Item, find_reader
from tests.curate.layouts import LAYOUTS

Open = Callable[[str], dict[str, Item]]


@pytest.fixture
def read(tmp_path: Path) -> Open:
    """Items of a look-alike by key."""

    def opened(name: str) -> dict[str, Item]:
        folder = tmp_path / name
        LAYOUTS[name](folder)
        return {item.key: item for item in find_reader(name).open(folder)}

    return opened
