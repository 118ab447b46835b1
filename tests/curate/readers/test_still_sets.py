"""Readers of still pictures give the labels, groups, masks and scales that their layouts state."""

from __future__ import annotations

import numpy as np
import pytest

from tests.curate.conftest import Open
from tests.curate.makers import AREA, BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH


def test_busi_joins_several_masks_and_leaves_normal_ones_blank(read: Open) -> None:
    items = read("busi")
    assert len(items) == 3
    benign = items["benign (1)"]
    assert benign.labels["breast_mass_benign"] is True
    assert benign.masks["breast_lesion"][0]().sum() == AREA + 25
    normal = items["normal (1)"]
    assert normal.labels["breast_normal"] is True
    assert normal.labels["breast_lesion"] is False
    assert not normal.masks["breast_lesion"][0]().any()


def test_bus_bra_keeps_the_views_of_a_patient_together(read: Open) -> None:
    items = read("bus_bra")
    assert items["bus_0001-l"].group == items["bus_0001-r"].group == "1"
    assert items["bus_0002-l"].group == "2"
    assert items["bus_0002-l"].labels["breast_mass_malignant"] is True
    assert items["bus_0002-l"].labels["bi_rads_5"] is True
    assert items["bus_0001-l"].facts["Histology"] == "Fibroadenoma"
    assert items["bus_0001-l"].masks["breast_lesion"][0]().sum() == AREA


def test_breast_lesions_usg_reads_the_workbook(read: Open) -> None:
    items = read("breast_lesions_usg")
    ill, well = items["case001"], items["case002"]
    assert ill.labels["breast_mass_benign"] is True
    assert ill.labels["bi_rads_4a"] is True
    assert ill.labels["breast_mass_shape_oval"] is True
    assert ill.labels["breast_skin_thickened"] is False
    assert ill.masks["breast_lesion"][0]().sum() == AREA
    assert well.labels["breast_normal"] is True
    assert well.labels["breast_lesion"] is False
    assert not well.masks


def test_mmotu_takes_classes_from_the_lists_and_no_lesion_from_a_normal_ovary(read: Open) -> None:
    items = read("mmotu")
    assert items["1"].labels["ovarian_simple_cyst"] is True
    assert items["1"].masks["ovarian_lesion"][0]().sum() == AREA
    assert items["2"].labels["ovary_normal"] is True
    assert not items["2"].masks
    assert items["3"].labels["ovarian_tumour_malignant"] is True
    assert (items["1"].split, items["3"].split) == ("train", "val")


def test_ddti_draws_the_outlines_of_the_case_file(read: Open) -> None:
    items = read("ddti")
    assert set(items) == {"1_1", "2_1"}  # 1_2 and 2_2 are named but were never published
    assert items["1_1"].labels["ti_rads_4a"] is True
    assert items["1_1"].labels["thyroid_nodule_suspicious"] is False
    assert items["2_1"].labels["thyroid_nodule_suspicious"] is None
    assert items["1_1"].masks["thyroid_nodule"][0]().sum() == AREA
    assert items["1_1"].facts == {"composition": "solid"}


def test_ddti_crops_of_one_case_stay_together(read: Open) -> None:
    items = read("ddti_crops")
    assert {item.group for item in items.values()} == {"7"}
    assert items["7_1"].labels["thyroid_nodule_suspicious"] is True
    assert items["7_1(2)"].labels["ti_rads_4b"] is None


def test_tn3k_keeps_the_published_split(read: Open) -> None:
    items = read("tn3k")
    assert {key: item.split for key, item in items.items()} == {"trainval-0000": "train", "test-0000": "test"}
    assert items["test-0000"].masks["thyroid_nodule"][0]().sum() == pytest.approx(AREA, rel=0.1)  # JPEG edges


def test_hc18_fills_the_ellipse_and_parts_neither_a_woman_nor_the_two_numberings(read: Open) -> None:
    items = read("hc18")
    first, second = items["training_set/010_HC"], items["training_set/010_2HC"]
    assert first.group == second.group
    assert items["test_set/000_HC"].group != items["training_set/000_HC"].group
    assert first.mm_per_px == (0.1, 0.1)
    assert first.measurements == {"fetal_head_circumference": 44.3}
    inside = first.masks["fetal_skull"][0]()
    assert inside[20, 28]
    assert inside.sum() == pytest.approx(np.pi * 20 * 12, rel=0.1)
    assert not items["test_set/000_HC"].masks
    assert not items["test_set/000_HC"].measurements


def test_fetal_planes_names_organ_and_plane(read: Open) -> None:
    items = read("fetal_planes_db")
    brain = items["Patient00001_Plane3_1_of_1"]
    assert brain.labels["view_fetal_head_transventricular"] is True
    assert brain.group == "1"
    assert brain.split == "train"
    assert items["Patient00002_Plane5_1_of_1"].labels["fetal_femur"] is True
    assert items["Patient00002_Plane5_1_of_1"].split == "test"
    assert not items["Patient00001_Plane1_1_of_2"].labels.yes


def test_psfhs_takes_the_head_and_not_the_symphysis(read: Open) -> None:
    item = read("psfhs")["00001"]
    assert item.masks["fetal_skull"][0]().sum() == AREA
    assert item.open()[0].shape == (HEIGHT, WIDTH, 3)


def test_ctrus_cuts_jpeg_masks_and_groups_by_patient(read: Open) -> None:
    items = read("ctrus")
    assert items["A"].group == items["B"].group == "1"
    assert items["A"].labels["image_quality_high"] is True
    assert items["B"].labels["image_quality_low"] is True
    assert items["A"].masks["colon_wall"][0]().sum() == pytest.approx(AREA, rel=0.1)


def test_usgra_tells_vessel_from_nerve(read: Open) -> None:
    masks = read("usgra")["0001"].masks
    assert masks["nerve"][0]().sum() == AREA
    assert masks["vessel"][0]().sum() == 4 * WIDTH


def test_dl_track_marks_each_structure_on_its_own_pictures(read: Open) -> None:
    items = read("dl_track")
    assert set(items["apo-img_00001"].masks) == {"aponeurosis"}
    assert set(items["fasc-img_00001"].masks) == {"fascicle"}


def test_cubs_fills_between_the_boundaries_and_keeps_both_sides_of_a_subject(read: Open) -> None:
    items = read("cubs")
    assert {item.group for item in items.values()} == {"clin_0001"}
    left = items["clin_0001_L"]
    assert left.mm_per_px == (0.06, 0.06)
    rows, columns = np.nonzero(left.masks["intima_media"][0]())
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (TOP, BOTTOM, LEFT, RIGHT)


def test_gbcu_says_no_more_of_benign_ones_than_it_knows(read: Open) -> None:
    items = read("gbcu")
    assert items["im00001"].labels["gallbladder_normal"] is True
    assert items["im00002"].labels["gallbladder_normal"] is False
    assert items["im00002"].labels["gallbladder_mass"] is None
    assert items["im00003"].labels["gallbladder_mass"] is True
    assert [items[key].split for key in sorted(items)] == ["train", "train", "test"]


def test_aul_draws_liver_mass_and_sector(read: Open) -> None:
    items = read("aul")
    assert set(items["Benign-1"].masks) == {"liver_outline", "liver_lesion", "scan_sector"}
    assert set(items["Normal-1"].masks) == {"liver_outline", "scan_sector"}
    assert items["Malignant-1"].labels["liver_lesion_malignant"] is True
    assert items["Benign-1"].masks["liver_lesion"][0]().sum() == AREA


def test_kidney_us_takes_structures_that_the_tree_has(read: Open) -> None:
    items = read("kidney_us")
    assert set(items) == {"1_a"}  # a table names a withdrawn picture
    assert set(items["1_a"].masks) == {"kidney_outline"}
    assert items["1_a"].masks["kidney_outline"][0]().sum() == AREA
    assert items["1_a"].labels["view_kidney_long"] is True
    assert items["1_a"].facts["Quality"] == "Good"


def test_nerve_kaggle_groups_by_subject_and_keeps_empty_masks(read: Open) -> None:
    items = read("nerve_kaggle")
    assert [items[key].group for key in ("1_1", "1_2", "2_1")] == ["1", "1", "2"]
    assert not items["1_2"].masks["nerve"][0]().any()


def test_unity_marks_points_and_closes_the_curve(read: Open) -> None:
    items = read("unity")
    assert len(items) == 2
    assert len({item.group for item in items.values()}) == 1  # two frames of one video
    assert sorted(item.split or "" for item in items.values()) == ["train", "val"]
    item = next(iter(items.values()))
    assert item.points["lv-apex-endo"][0].tolist() == [[12.5, 8.0]]
    assert "curve-la-endo" not in item.points
    assert item.masks["left_ventricle_cavity"][0]().sum() == AREA
