"""Analyses made by hand, and the folder that `write_report` makes of the richest one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core.clip import Clip
from lingyin.core.study import Analysis
from lingyin.report import write_report
from tests.report.builders import CASES, aneurysm


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> tuple[Analysis, Clip]:
    """Each hand-made analysis in turn."""
    return CASES[request.param]()


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report folder of the aneurysm, in all languages."""
    folder = tmp_path_factory.mktemp("report") / "aorta"
    write_report(*aneurysm(), folder)
    return folder


@pytest.fixture(scope="session")
def page(written: Path) -> str:
    """Its page."""
    return (written / "report.html").read_text(encoding="utf-8")
