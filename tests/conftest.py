"""Shared by all tests: where the real data lies, a phantom aneurysm, and the command line called as a user types it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

from lingyin.core.paths import data_root

# All try the same examples, so that a change and not the draw decides; HYPOTHESIS_PROFILE=explore tries new ones.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real data sets; the test is skipped where it is absent."""
    root = data_root()
    if root is None:
        pytest.skip("real data sets absent: set LINGYIN_DATA or place them in ../shared/data")
    return root


@pytest.fixture(scope="session")
def real_cine() -> Path:
    """The real 30-frame ultrasound cine that pydicom ships."""
    from pydicom.data import get_testdata_file

    path = get_testdata_file("examples_ybr_color.dcm", download=False)
    if path is None:
        pytest.skip("this build of pydicom came without its example files")
    return Path(str(path))


@pytest.fixture(scope="session")
def lingyin() -> Run:
    """Runs the command in a process of its own; keyword `env` adds variables."""
    import os

    def run(
        *words: str | Path, env: dict[str, str] | None = None, **options: object
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lingyin.cli.main", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env={**os.environ, "COLUMNS": "200", **(env or {})},
            **options,  # type: ignore[call-overload]
        )

    return run


@pytest.fixture(scope="session")
def aneurysm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom of a 47 mm abdominal aortic aneurysm with its truth beside it."""
    from lingyin.io.phantom import make_phantom, write_phantom

    path = tmp_path_factory.mktemp("phantom") / "aneurysm.dcm"
    write_phantom(make_phantom("aorta", seed=7, diameter_mm=47.0), path)
    return path
