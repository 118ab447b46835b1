"""Bad input: a sentence with file and remedy, exit code 3, no traceback, nothing half-written, the others go on."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from tests.conftest import Run
from tests.io.video_makers import moving, write_video


def _bad_files(folder: Path, cine: Path) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    whole = cine.read_bytes()
    (folder / "empty.dcm").write_bytes(b"")
    (folder / "text.dcm").write_text("hello\n")
    (folder / "cut-early.dcm").write_bytes(whole[:5000])
    (folder / "cut-late.dcm").write_bytes(whole[: len(whole) * 2 // 3])
    (folder / "noise.mp4").write_bytes(np.random.default_rng(1).bytes(3000))
    (folder / "empty.png").write_bytes(b"")
    (folder / "cut.zip").write_bytes(b"PK\x03\x04rubbish")
    (folder / "none").mkdir()
    ct = get_testdata_file("CT_small.dcm", download=False)
    (folder / "ct.dcm").write_bytes(Path(str(ct)).read_bytes())
    bare = dcmread(cine)
    del bare.PixelData
    bare.save_as(folder / "no-pixels.dcm")
    write_video(folder / "no-frames.mp4", moving(1)[:0].reshape(0, 48, 64, 3), "mpeg4")
    os.mkfifo(folder / "pipe.dcm")
    return {path.name: path for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory, real_cine: Path) -> dict[str, Path]:
    return _bad_files(tmp_path_factory.mktemp("bad"), real_cine)


def _no_folder_in(out: Path) -> bool:
    return not [path for path in out.iterdir() if path.is_dir()]


def test_every_bad_file_is_named_with_a_remedy(lingyin: Run, bad: dict[str, Path], tmp_path: Path) -> None:
    """All in one run, which is also the test that none of them stops the next."""
    done = lingyin("analyze", *bad.values(), "-o", tmp_path / "out")
    said = done.stdout + done.stderr
    assert done.returncode == 3, said
    assert "Traceback" not in said
    rows = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert [(Path(row["source"]).name, row["status"], row["exit_code"]) for row in rows] == [
        (name, "failed", 3) for name in bad
    ]
    for name, row in zip(bad, rows, strict=True):
        assert name in said
        path, problem, remedy = _parts(row["error"])
        assert path.endswith(name)
        assert problem
        assert remedy
    assert _no_folder_in(tmp_path / "out")


def _parts(sentence: str) -> tuple[str, str, str]:
    """`<file>: <what is wrong>; <what to do>`."""
    path, _, rest = sentence.partition(": ")
    problem, _, remedy = rest.partition("; ")
    return path, problem, remedy


@pytest.mark.parametrize("name", ["empty.dcm", "cut-late.dcm", "none"])
def test_a_bad_file_alone_fails_the_command(lingyin: Run, bad: dict[str, Path], name: str, tmp_path: Path) -> None:
    done = lingyin("analyze", bad[name], "-o", tmp_path / "out")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert name in done.stdout + done.stderr
    assert _no_folder_in(tmp_path / "out")


def test_missing_path(lingyin: Run, tmp_path: Path) -> None:
    done = lingyin("analyze", tmp_path / "missing.dcm", "-o", tmp_path / "out")
    assert done.returncode == 3
    assert "missing.dcm" in done.stdout + done.stderr


def test_one_bad_file_does_not_stop_the_others(
    lingyin: Run, bad: dict[str, Path], aneurysm: Path, tmp_path: Path
) -> None:
    done = lingyin("analyze", bad["text.dcm"], aneurysm, bad["cut-late.dcm"], "-o", tmp_path / "out")
    assert done.returncode == 3
    rows = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert [row["status"] for row in rows] == ["failed", "done", "failed"]
    assert "text.dcm" in rows[0]["error"]
    assert (tmp_path / "out" / rows[1]["folder"] / "report.html").is_file()


@pytest.mark.parametrize("words", [["--lang", "fr"], ["--no-such-option"], []])
def test_wrong_usage_is_exit_code_2(lingyin: Run, words: list[str], aneurysm: Path) -> None:
    scan = [str(aneurysm), "-o", "unused"] if words else []
    assert lingyin("analyze", *scan, *words).returncode == 2


def test_no_permission_to_write(lingyin: Run, aneurysm: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = lingyin("analyze", aneurysm, "-o", tmp_path / "file" / "out")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "-o" in done.stderr


def test_full_disk_leaves_no_report_that_looks_whole(lingyin: Run, aneurysm: Path, tmp_path: Path) -> None:
    def small_files_only() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    done = lingyin("analyze", aneurysm, "-o", tmp_path / "out", preexec_fn=small_files_only)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "out").glob("*/report.json"))


def test_tampered_model_is_refused(lingyin: Run, aneurysm: Path, tmp_path: Path) -> None:
    import shutil

    from lingyin.runtime.manifest import default_folder

    shutil.copytree(default_folder(), tmp_path / "model")
    weights = tmp_path / "model" / "network.bin"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    done = lingyin("analyze", aneurysm, "-o", tmp_path / "out", "--model", tmp_path / "model")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert os.fspath(tmp_path / "model") in done.stderr
