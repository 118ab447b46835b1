"""Copies of one written report, so that each test may sign and spoil its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def report(written: Path, tmp_path: Path) -> Path:
    """A report folder of the aneurysm (47.2 mm) that a test may change."""
    return Path(shutil.copytree(written, tmp_path / "aorta"))
