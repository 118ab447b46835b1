"""Label sets keep their logic, and every value of every data set has a place in the tree."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingyin.core.errors import CatalogueError
from lingyin.core.labels import DatasetLabels, LabelSet, dataset_labels, parse_dataset_labels
from lingyin.core.tree import load_tree

CODES = tuple(load_tree())


def test_yes_implies_ancestors_and_denies_rivals_with_all_below() -> None:
    labels = LabelSet.close(yes=["breast_normal"])
    assert labels["breast"] is True
    assert labels["region_breast"] is True
    assert labels["breast_lesion"] is False
    assert labels["breast_mass_malignant"] is False
    assert labels["bi_rads_4"] is None


def test_no_implies_no_for_descendants_and_nothing_above() -> None:
    labels = LabelSet.close(no=["thyroid_nodule"])
    assert labels["thyroid_nodule_suspicious"] is False
    assert labels["acr_ti_rads_5"] is False
    assert labels["thyroid"] is None


def test_a_deep_yes_denies_rivals_of_its_ancestors() -> None:
    labels = LabelSet.close(yes=["lung_covid_pneumonia"])
    assert labels["lung_viral_pneumonia"] is True
    assert labels["lung_bacterial_pneumonia"] is False
    assert labels["lung_normal"] is False


def test_vector_is_signed_and_in_order() -> None:
    labels = LabelSet.close(yes=["breast_mass_benign"])
    vector = labels.as_vector(["breast_mass_malignant", "breast_mass_benign", "bi_rads_2", "breast"])
    assert vector.dtype == np.int8
    assert vector.tolist() == [-1, 1, 0, 1]
    assert labels.as_vector([]).shape == (0,)


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        (["breast_normal", "breast_mass_benign"], []),
        (["phase_end_diastole", "phase_end_systole"], []),
        (["liver_cyst"], ["liver"]),
        (["liver"], ["region_abdomen"]),
    ],
)
def test_contradictions(yes: list[str], no: list[str]) -> None:
    with pytest.raises(CatalogueError, match="contradict"):
        LabelSet.close(yes, no)


def test_unknown_codes_are_named() -> None:
    with pytest.raises(CatalogueError, match="no such code: liverwurst, spline"):
        LabelSet.close(["spline"], ["liverwurst"])


def test_joining_closes_again_and_finds_contradictions() -> None:
    joined = LabelSet.close(["phase_end_systole"]) | LabelSet.close(["view_apical_two_chamber"])
    assert joined["heart"] is True
    assert joined["view_apical_four_chamber"] is False
    with pytest.raises(CatalogueError, match="phase_end_diastole"):
        joined | LabelSet.close(["phase_end_diastole"])


@settings(max_examples=60, deadline=None)
@given(yes=st.sets(st.sampled_from(CODES), max_size=3), no=st.sets(st.sampled_from(CODES), max_size=3))
def test_closure_holds_for_any_statement(yes: set[str], no: set[str]) -> None:
    tree = load_tree()
    try:
        labels = LabelSet.close(yes, no)
    except CatalogueError:
        above = {code for stated in yes for code in tree.path(stated)}
        denied = no | {rival for code in above for rival in tree.rivals(code)}
        assert any(code in denied for code in above)
        return
    assert yes <= labels.yes
    assert no <= labels.no
    assert labels.yes.isdisjoint(labels.no)
    assert all(labels.yes.issuperset(tree.ancestors(code)) for code in labels.yes)
    assert all(labels.no.issuperset(tree.descendants(code)) for code in labels.no)
    assert all(labels.no.issuperset(tree.rivals(code)) for code in labels.yes)
    assert LabelSet.close(labels.yes, labels.no) == labels


def set_of(**table: Any) -> DatasetLabels:
    return parse_dataset_labels({"common": {"ignored": ["id"]}, "x": {"organ": "breast", **table}})["x"]


def test_a_row_joins_its_cells() -> None:
    ovary = dataset_labels()["ovary_mmotu"]
    labels = ovary.row({"malignancy": "malignant", "tumour_type": "High-grade_Serous_Cystadenoma", "split": "test"})
    assert labels["ovarian_high_grade_serous_carcinoma"] is True
    assert labels["ovarian_lesion"] is True
    assert labels["ovarian_tumour_benign"] is False
    assert labels["ovary_normal"] is False


def test_an_empty_cell_says_nothing() -> None:
    ovary = dataset_labels()["ovary_mmotu"]
    assert ovary.row({"malignancy": ""}) == ovary.base == LabelSet.close(["ovary"])


def test_cells_that_contradict_one_another() -> None:
    with pytest.raises(CatalogueError, match="contradict"):
        dataset_labels()["ovary_mmotu"].row({"malignancy": "malignant", "tumour_type": "Teratoma"})


def test_an_unknown_value_is_named() -> None:
    with pytest.raises(CatalogueError, match="breast_busi: column 'diagnosis' has the unknown value 'odd'"):
        dataset_labels()["breast_busi"].row({"diagnosis": "odd"})


def test_denied_codes_are_written_with_a_mark() -> None:
    videos = dataset_labels()["videos"].labels
    assert videos["b_lines"]["0"]["lung_b_lines_confluent"] is False
    assert videos["b_lines"]["1"]["lung_b_lines"] is True


def test_the_mask_of_a_normal_ovary_is_no_lesion() -> None:
    ovary = dataset_labels()["ovary_mmotu"]
    assert ovary.structures == {"mask_lesion": "ovarian_lesion"}
    assert ovary.mask_is_blank(ovary.row({"malignancy": "normal"}))
    assert not ovary.mask_is_blank(ovary.row({"malignancy": "benign"}))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"organ": "breast_lesion"}, "'breast_lesion' is not an organ"),
        ({"organs": "breast"}, "unknown keys organs"),
        ({"masks": {"m": "breast"}}, "'breast' is not a structure"),
        ({"masks": {"m": "wall"}}, "'wall' is not a structure"),
        ({"measurements": {"mm": "breast"}}, "no measurement 'breast'"),
        ({"labels": {"c": {"v": ["brest"]}}}, "no such code: brest"),
        ({"labels": {"c": {"v": ["!breast"]}}}, "contradict"),
        ({"mask_blank_when": ["brest"]}, "mask_blank_when"),
    ],
)
def test_a_set_that_contradicts_the_tree(table: dict[str, Any], message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        set_of(**table)


def test_ignored_columns_are_those_of_all_sets_and_its_own() -> None:
    assert set_of(ignored=["link"]).ignored == {"id", "link"}


@pytest.mark.data
def test_every_column_and_value_of_every_set_is_mapped(real_data: Path) -> None:
    files = sorted(real_data.glob("*/labels.csv"))
    assert {path.parent.name for path in files} == set(dataset_labels())
    for path in files:
        known = dataset_labels()[path.parent.name]
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        mapped = {*known.labels, *known.structures, *known.measurements}
        assert mapped <= set(rows[0]), f"{known.name}: a mapped column is not in the file"
        assert set(rows[0]) <= mapped | known.ignored, f"{known.name}: a column has no meaning"
        for column, values in known.labels.items():
            found = {row[column] for row in rows} - {""}
            assert found
            assert found <= set(values), f"{known.name}: values of {column}"
        for row in rows:
            assert known.organ in known.row(row).yes
            assert all(float(row[column]) > -1e-9 for column in known.measurements if row[column])
