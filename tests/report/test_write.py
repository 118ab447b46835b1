"""The folder as a whole: its files, one pass over the frames, the same bytes every time, whole or not at all."""

from __future__ import annotations

import errno
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from lingyin.core.clip import Clip
from lingyin.core.errors import OutputError, UnreadableError, UsageError
from lingyin.core.study import Analysis, Study
from lingyin.report import folder as folder_module
from lingyin.report import write, write_report
from tests.report.builders import Frames, aneurysm, fetal_head, nothing

FILES = {
    *("dicom", "fhir.json", "outlines.json.gz", "overlay.mp4"),
    *("report.html", "report.json", "report.pdf", "thumbnail.jpg"),
}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_case_gives_a_whole_folder(case: tuple[Analysis, Clip], tmp_path: Path) -> None:
    write_report(*case, tmp_path / "deep" / "report")
    assert names(tmp_path / "deep" / "report") == FILES
    assert names(tmp_path / "deep") == {"report"}
    stored = (tmp_path / "deep" / "report" / "report.json").read_text(encoding="utf-8")
    assert Study.model_validate_json(stored) == case[0].study


def test_frames_are_decoded_once(tmp_path: Path) -> None:
    analysis, clip = aneurysm()
    write_report(analysis, clip, tmp_path / "report")
    assert isinstance(clip.frames, Frames)
    assert clip.frames.reads == len(clip)


def test_same_analysis_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    write_report(*aneurysm(), tmp_path / "report")
    made, known = contents(tmp_path / "report"), contents(written)
    assert [name for name in known if made.get(name) != known[name]] == []
    assert set(made) == set(known)


def test_earlier_report_is_replaced_and_other_files_stay(tmp_path: Path) -> None:
    write_report(*nothing(), tmp_path / "report")
    (tmp_path / "report" / "mine.txt").write_text("keep")
    write_report(*fetal_head(), tmp_path / "report", "en")
    assert names(tmp_path / "report") == FILES | {"mine.txt"}
    assert "head.png" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert names(tmp_path) == {"report"}


def test_unknown_language_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write_report(*nothing(), tmp_path / "report", "fr")
    assert not names(tmp_path)


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_failure_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, earlier: bool
) -> None:
    before = {}
    if earlier:
        write_report(*nothing(), tmp_path / "report")
        before = contents(tmp_path / "report")

    def full(*_: object) -> bytes:
        raise OSError(number, "No space left on device" if number == errno.ENOSPC else "Permission denied")

    monkeypatch.setattr(write, "report_json", full)
    with pytest.raises(OutputError, match="free space") as raised:
        write_report(*aneurysm(), tmp_path / "report")
    assert raised.value.path == str(tmp_path / "report")
    assert names(tmp_path) == ({"report"} if earlier else set())
    if earlier:
        assert contents(tmp_path / "report") == before


def test_failure_while_moving_puts_the_old_report_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_report(*nothing(), tmp_path / "report")
    before = contents(tmp_path / "report")
    move = Path.replace

    def stumble(source: Path, target: Path) -> Path:
        if target.name == "report.json" and target.parent.name == "report" and source.parent.name == ".report.part":
            raise OSError(errno.EIO, "Input/output error")
        return move(source, target)

    monkeypatch.setattr(folder_module.Path, "replace", stumble)
    with pytest.raises(OutputError, match="Input/output error"):
        write_report(*aneurysm(), tmp_path / "report")
    assert contents(tmp_path / "report") == before


def test_frame_that_cannot_be_read_stops_the_report(tmp_path: Path) -> None:
    analysis, clip = aneurysm()

    class Broken(Frames):
        def __getitem__(self, index: int):  # type: ignore[no-untyped-def]
            if index == 20:
                raise UnreadableError("aorta.dcm", "frame 20 is damaged", "copy the file again")
            return super().__getitem__(index)

    broken = Clip(**{**clip.__dict__, "frames": Broken(clip.frames.frames)})  # type: ignore[attr-defined]
    with pytest.raises(UnreadableError, match="frame 20"):
        write_report(analysis, broken, tmp_path / "report")
    assert not names(tmp_path)


def test_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("a file")
    with pytest.raises(OutputError, match="in the way"):
        write_report(*nothing(), tmp_path / "report")
    assert (tmp_path / "report").read_text() == "a file"
    with pytest.raises(OutputError):
        write_report(*nothing(), tmp_path / "report" / "below")


def test_remains_of_a_killed_run_are_cleared(tmp_path: Path) -> None:
    (tmp_path / ".report.part").mkdir()
    (tmp_path / ".report.part" / "overlay.mp4").write_bytes(b"half")
    write_report(*nothing(), tmp_path / "report")
    assert names(tmp_path) == {"report"}


def test_real_limit_on_file_size_is_a_clear_error(tmp_path: Path) -> None:
    """A full disk as the operating system makes it: writes fail in the middle of the video."""
    program = (
        "import sys; from pathlib import Path; from lingyin.core.errors import OutputError\n"
        "from lingyin.report import write_report; from tests.report.builders import aneurysm\n"
        "try: write_report(*aneurysm(), Path(sys.argv[1]))\n"
        "except OutputError as error: print(error); sys.exit(3)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "report")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert done.returncode == 3, done.stderr
    assert "cannot be written" in done.stdout
    assert "Traceback" not in done.stderr
    assert not names(tmp_path)


def test_report_json_holds_no_more_than_the_study(written: Path) -> None:
    stored = json.loads((written / "report.json").read_text(encoding="utf-8"))
    assert set(stored) == set(Study.model_fields)
    assert stored["findings"][1]["interval"] == [45.94, 48.51]
    assert stored["findings"][1]["evidence"][0]["kind"] == "line"
