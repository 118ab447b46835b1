"""Tracings of EchoNet beyond the plain layout: what is absent, not traced or not whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core.errors import InputError
from lingyin.curate.readers.echonet import EchonetDynamic, EchonetPediatric

LIST = "FileName,EF,ESV,EDV,Split\n"
TRACED = "FileName,X1,Y1,X2,Y2,Frame\n"


def dynamic(root: Path, rows: str, traced: str = "", videos: tuple[str, ...] = ("A",)) -> Path:
    (root / "Videos").mkdir(parents=True)
    (root / "FileList.csv").write_text(LIST + rows, "utf-8")
    (root / "VolumeTracings.csv").write_text(TRACED + traced, "utf-8")
    for name in videos:
        (root / "Videos" / f"{name}.avi").touch()
    return root


def test_cells_that_are_empty_give_no_measurement_and_no_split(tmp_path: Path) -> None:
    (item,) = EchonetDynamic().items(dynamic(tmp_path, "A,60,,90,\n"))
    assert item.measurements == {
        "left_ventricular_ejection_fraction": 60.0,
        "left_ventricle_end_diastolic_volume": 90.0,
    }
    assert (item.key, item.group, item.split) == ("A", "A", None)


def test_an_axis_with_one_chord_encloses_nothing_and_two_chords_do(tmp_path: Path) -> None:
    axis = "A.avi,50,20,50,80,{0}\n"
    one = axis.format(1) + "A.avi,30,40,70,40,1\n"
    two = axis.format(2) + "A.avi,30,40,70,40,2\nA.avi,30,60,50,60,2\n"
    (item,) = EchonetDynamic().items(dynamic(tmp_path, "A,60,40,90,VAL\n", one + two))
    (outlines,) = item.masks.values()
    assert set(outlines) == {2}
    mask = outlines[2]()
    assert mask[40, 30:71].all()
    assert mask[60, 30:51].all()
    assert not mask[60, 52:].any()
    assert not mask[:40].any()


def test_a_video_that_is_absent_and_a_word_for_a_number_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing although FileList"):
        list(EchonetDynamic().items(dynamic(tmp_path / "absent", "A,60,40,90,VAL\n", videos=())))
    with pytest.raises(InputError, match="EF"):
        list(EchonetDynamic().items(dynamic(tmp_path / "word", "A,good,40,90,VAL\n")))


def test_a_folder_without_the_parts_is_a_misfit(tmp_path: Path) -> None:
    (tmp_path / "A4C").mkdir()
    for reader in (EchonetDynamic(), EchonetPediatric()):
        with pytest.raises(InputError):
            list(reader.items(tmp_path))
    (tmp_path / "A4C" / "FileList.csv").write_text("FileName,EF,Split\n", "utf-8")
    with pytest.raises(InputError, match="A4C"):
        list(EchonetPediatric().items(tmp_path))
