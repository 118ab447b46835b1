"""From an outlined lesion on painted frames to descriptors, category and advice, through the engine."""

from __future__ import annotations

import numpy as np
import pytest

from lingyin.analyze import Engine
from lingyin.analyze.options import NO_OPTIONS, Options
from lingyin.core.clip import Frame
from lingyin.core.study import LANGUAGES, Category, Finding, Study
from tests.analyze.clips import CALIBRATION, HEIGHT, WIDTH, make_clip
from tests.analyze.fakes import FakeNetwork, ellipse, head

CENTRE = (160.0, 120.0)


def painted(number: int, axes: tuple[float, float], level: float, around: float = 110.0) -> Frame:
    """Even tissue with a lesion of another level; carries its number as `clips.speckle` does."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    lesion = np.hypot((columns - CENTRE[0]) / axes[0], (rows - CENTRE[1]) / axes[1]) <= 1
    noise = np.random.default_rng(number).normal(0, 8, (HEIGHT, WIDTH))
    grey = np.where(lesion, level, around) + noise * (np.where(lesion, level, around) / 110)
    frame = np.repeat(np.clip(grey, 0, 255)[..., None], 3, axis=2).astype(np.uint8)
    frame[0, 0] = (number % 256, number // 256, 0)
    return frame


def study(
    organ: str,
    structure: str,
    axes: tuple[float, float],
    level: float,
    options: Options = NO_OPTIONS,
    spacing: tuple[float, float] | None = CALIBRATION,
) -> Study:
    network = FakeNetwork(
        (organ, "none"),
        lambda _number: [0.95, 0.05],
        [head("lesion", "segment", (structure,), [organ], caveats=["few-training-subjects"])],
        {structure: lambda _number: ellipse((HEIGHT, WIDTH), CENTRE, axes)},
    )
    clip = make_clip(6, spacing, frames=[painted(number, axes, level) for number in range(6)])
    return Engine(network=network, options=options).analyze(clip).study  # type: ignore[arg-type]


def category(found: Study) -> Finding:
    return next(each for each in found.findings if each.category is Category.ASSESSMENT)


def descriptors(found: Study) -> set[str]:
    return {each.code for each in found.findings if each.category is Category.DESCRIPTOR}


def test_a_tall_hypoechoic_nodule_is_described_scored_and_advised_upon() -> None:
    found = study("thyroid", "thyroid_nodule", (26, 34), 82)
    assert {"nodule_solid", "nodule_hypoechoic", "nodule_taller_than_wide", "nodule_margin_smooth"} <= descriptors(
        found
    )
    result = category(found)
    assert result.code == "acr_ti_rads_5"  # 2 + 2 + 3 points
    assert result.abnormal is True
    assert "points: 7" in result.grade_name["en"]
    assert result.rule is not None
    assert "fine-needle biopsy" in result.rule.text["en"]
    assert "descriptors-from-grey-levels" in result.caveats
    assert "few-training-subjects" in result.caveats
    assert len(result.evidence) == 3
    assert all(evidence.polygons for evidence in result.evidence)
    assert set(result.grade_name) == set(LANGUAGES)


def test_what_stays_open_gives_a_range_that_names_what_would_narrow_it() -> None:
    result = category(study("thyroid", "thyroid_nodule", (40, 28), 101))
    assert result.code == "acr_ti_rads"
    assert result.grade == "acr_ti_rads_3_to_acr_ti_rads_4"
    assert result.grade_name["en"].startswith("TR3 to TR4; points: 3 to 4;")
    assert "to narrow it: echogenicity" in result.grade_name["en"]


def test_the_chinese_system_is_an_option() -> None:
    options = Options({"thyroid": "ctirads2020"})
    result = category(study("thyroid", "thyroid_nodule", (26, 34), 82, options))
    assert result.name["zh-Hans"].startswith("C-TIRADS")
    assert result.rule is not None
    assert result.rule.id == "thyroid-category-ctirads2020"
    assert "comet-tail artefacts" in result.grade_name["en"]


def test_a_simple_cyst_of_the_ovary_asks_for_the_menopausal_status_only_where_it_matters() -> None:
    small = category(study("ovary", "ovarian_lesion", (29, 23), 4))
    assert (small.code, small.grade) == ("o_rads", "o_rads_1_to_o_rads_2")
    assert small.grade_name["en"].endswith("to narrow it: menopausal status")
    large = category(study("ovary", "ovarian_lesion", (70, 55), 4))
    assert large.code == "o_rads_2"


def test_a_breast_cyst_is_probably_not_suspicious_and_no_order_is_given() -> None:
    found = study("breast", "breast_lesion", (44, 28), 4)
    result = category(found)
    assert result.code == "bi_rads_2"
    assert result.rule is not None
    assert not any(word in result.rule.text["en"] for word in ("biopsy", "follow-up"))
    assert "breast_mass_shape_oval" in descriptors(found)


def test_without_calibration_there_is_a_category_and_no_advice_by_size() -> None:
    result = category(study("thyroid", "thyroid_nodule", (26, 34), 82, spacing=None))
    assert result.code.startswith("acr_ti_rads")
    assert result.rule is not None
    assert " mm: " not in result.rule.text["en"]


def test_a_lesion_too_small_to_describe_is_not_scored() -> None:
    found = study("thyroid", "thyroid_nodule", (5, 4), 82)
    assert not descriptors(found)
    assert all(each.category is not Category.ASSESSMENT for each in found.findings)
    assert {item.code: item.reason for item in found.not_assessed}["acr_ti_rads"] == "descriptors-not-seen"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_words_of_a_category_hold_no_blank(lang: str) -> None:
    words = category(study("ovary", "ovarian_lesion", (34, 27), 4)).grade_name[lang]
    assert "{" not in words
    assert "  " not in words


def test_an_open_category_keeps_the_scan_from_being_called_normal() -> None:
    found = study("thyroid", "thyroid_nodule", (13, 9), 4)
    result = category(found)
    assert result.abnormal is False or found.triage != "normal"
