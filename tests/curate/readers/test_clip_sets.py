"""Readers of videos and volumes give frames, traced frames, views and measurements that their layouts state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lingyin.core.errors import InputError
from lingyin.curate.readers import find_reader
from tests.curate.conftest import Open
from tests.curate.layouts import LAYOUTS
from tests.curate.makers import AREA, HEIGHT, WIDTH, grey


def test_camus_turns_the_stored_axes_and_scales(read: Open) -> None:
    items = read("camus")
    assert len(items) == 5
    still = items["patient0001_4CH_ED"]
    assert np.array_equal(still.open()[0][..., 0], grey())
    assert still.mm_per_px == pytest.approx((0.3, 0.15))
    assert still.labels["view_apical_four_chamber"] is True
    assert still.labels["phase_end_diastole"] is True
    assert still.labels["image_quality_high"] is True
    assert still.measurements == {"left_ventricular_ejection_fraction_four_chamber": 54.0}
    assert still.masks["left_ventricle_cavity"][0]().sum() == AREA
    assert still.masks["myocardium"][0]().sum() == 4 * WIDTH
    assert {item.group for item in items.values()} == {"patient0001"}


def test_camus_half_cycles_are_clips_with_a_mask_for_each_frame(read: Open) -> None:
    clip = read("camus")["patient0001_4CH_half_sequence"]
    assert len(clip.open()) == 2
    assert np.array_equal(clip.open()[1][..., 0], grey(1))
    assert set(clip.masks["left_ventricle_cavity"]) == {0, 1}
    assert clip.labels["phase_end_diastole"] is None


def test_echonet_dynamic_draws_chords_as_an_outline(read: Open) -> None:
    items = read("echonet_dynamic")
    traced = items["0XA"]
    assert set(traced.masks["left_ventricle_cavity"]) == {0, 2}
    mask = traced.masks["left_ventricle_cavity"][0]()
    assert mask.shape == traced.open()[0].shape[:2]
    assert mask.sum() == 41 * 61  # columns 30 to 70, rows 20 to 80
    assert traced.measurements["left_ventricular_ejection_fraction"] == 55.5
    assert traced.split == "train"
    assert not items["0XB"].masks["left_ventricle_cavity"]


def test_echonet_pediatric_reads_both_views_and_skips_untraced_rows(read: Open) -> None:
    items = read("echonet_pediatric")
    assert items["A4C-CR1"].labels["view_apical_four_chamber"] is True
    assert items["PSAX-CR1"].labels["view_parasternal_short_axis"] is True
    assert items["A4C-CR1"].masks["left_ventricle_cavity"][1]().sum() == AREA
    assert items["A4C-CR1"].split == "fold3"
    assert items["A4C-CR1"].facts == {"Sex": "F", "Age": "9"}


def test_covid_blues_keeps_the_test_result_out_of_the_labels(read: Open) -> None:
    items = read("covid_blues")
    first = items["patient_7_L1"]
    assert first.labels["lung_b_lines"] is True
    assert first.labels["lung_a_lines"] is False
    assert items["patient_7_R2"].labels["lung_b_lines"] is None
    assert first.labels["lung_covid_pneumonia"] is None
    assert first.facts["covid_test"] == "positive"
    assert first.facts["severity"] == "2.0"
    assert first.group == "7"
    assert len(first.open()) == 4


def test_pocus_lung_has_a_licence_for_each_file(read: Open) -> None:
    items = read("pocus_lung")
    covid = items["pocus_videos-convex-Cov-Atlas-1"]
    assert covid.licence == "CC BY-NC 4.0"
    assert covid.labels["lung_covid_pneumonia"] is True
    assert covid.labels["probe_convex"] is True
    assert items["pocus_videos-linear-Reg_Youtube"].licence == "unknown"
    assert items["pocus_videos-linear-Reg_Youtube"].labels["lung_normal"] is True
    assert items["pocus_images-convex-pneu-everyday"].labels["lung_bacterial_pneumonia"] is True


def test_fatty_liver_gives_a_clip_for_each_patient(read: Open) -> None:
    items = read("fatty_liver")
    assert items["1"].labels["hepatic_steatosis"] is False
    assert items["2"].labels["hepatic_steatosis"] is True
    assert items["2"].facts == {"fat_percent": "40"}
    frames = items["2"].open()
    assert len(frames) == 10
    assert np.array_equal(frames[3][..., 0], grey(3))


def test_dicom_folder_numbers_patients_without_naming_them(read: Open) -> None:
    items = read("dicom_folder")
    assert items["a.dcm"].group == items["b.dcm"].group == "patient-0001"
    assert items["c.dcm"].group == "patient-0002"
    assert not any("Q-17" in str(part) for item in items.values() for part in (item.facts, item.group, item.subject))


def test_dicom_folder_gives_a_damaged_file_as_an_item_that_says_so(tmp_path: Path) -> None:
    LAYOUTS["dicom_folder"](tmp_path)
    whole = (tmp_path / "a.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[: len(whole) // 2])
    items = {item.key: item for item in find_reader("dicom_folder").open(tmp_path)}
    assert len(items) == 4
    with pytest.raises(InputError, match=r"cut\.dcm"):
        items["cut.dcm"].open()
    assert items["a.dcm"].open()[0].shape[2] == 3


def test_psfhs_frames_have_the_size_of_the_picture(read: Open) -> None:
    assert read("psfhs")["00001"].open()[0].shape == (HEIGHT, WIDTH, 3)
