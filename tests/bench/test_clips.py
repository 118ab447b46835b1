"""Triage of labelled clips: who was seen in training, and shares counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.bench.clips import LabelledClip, labelled_clips, triage_rows, wilson
from lingyin.core.errors import UnreadableError
from lingyin.core.study import Triage


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "labels.csv").write_text(text, encoding="utf-8")


def test_clips_of_the_training_split_and_of_its_patients_are_seen(tmp_path: Path) -> None:
    write(
        tmp_path,
        "videos",
        "file,label\nReg_pat1Image_1.mpeg,regular\nReg_pat1Image_2.mpeg,regular\nVir_a.mp4,Viral pneumonia\n"
        "Cov_b.mov,COVID-19\nReg_pat2Image_3.mpeg,regular\n",
    )
    write(
        tmp_path,
        "lung_pocus",
        "id,split,video\n0,train,Reg_pat1Image_1.mpeg\n1,test,Reg_pat1Image_2.mpeg\n2,train,Cov_b.mov\n3,val,Vir_a.mp4\n4,train,\n",
    )
    clips = labelled_clips(tmp_path)
    assert [clip.seen for clip in clips] == [True, True, False, True, False]
    assert [clip.abnormal for clip in clips] == [False, False, True, True, False]
    assert clips[0].path == tmp_path / "videos" / "Reg_pat1Image_1.mpeg"


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no such table"):
        labelled_clips(tmp_path)


def test_rows_count_flags_clearances_and_doubts() -> None:
    def clip(label: str, seen: bool) -> LabelledClip:
        return LabelledClip(Path("x"), label, seen)

    clips = [clip("COVID-19", True), clip("Viral pneumonia", False), clip("Viral pneumonia", False)]
    clips += [clip("regular", False), clip("regular", False), clip("regular", True)]
    triages = [Triage.URGENT, Triage.ABNORMAL, Triage.CANNOT_SAY, Triage.NORMAL, Triage.ABNORMAL, Triage.NORMAL]
    rows = {(row["application"], row["metric"].split(" (")[0]): row for row in triage_rows(clips, triages)}
    unseen, every = "lung, clips not seen in training", "lung, all clips"
    assert (rows[unseen, "sensitivity"]["value"], rows[unseen, "sensitivity"]["n"]) == (0.5, 2)
    assert (rows[unseen, "specificity"]["value"], rows[unseen, "specificity"]["n"]) == (0.5, 2)
    assert (rows[every, "sensitivity"]["value"], rows[every, "specificity"]["value"]) == (0.6667, 0.6667)
    assert rows[every, "normal clips flagged"]["value"] == 0.3333
    assert rows[every, "cannot say"]["value"] == pytest.approx(1 / 6, abs=1e-4)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"), [(10, 10, 0.722, 1.0), (0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763)]
)
def test_wilsons_interval_keeps_its_width_at_the_ends(hits: int, total: int, low: float, high: float) -> None:
    """Values of Newcombe 1998, Statistics in Medicine 17:857."""
    share, below, above = wilson(hits, total)
    assert share == hits / total
    assert (below, above) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))
