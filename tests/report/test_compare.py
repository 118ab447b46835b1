"""Growth between two studies: arithmetic, intervals, and what must not be compared."""

from __future__ import annotations

from datetime import date

import pytest

from lingyin.core.errors import UsageError
from lingyin.core.study import Certainty, Finding, Laterality, Study
from lingyin.report import check_report, sentences
from lingyin.report.compare import compare
from tests.report.builders import clip_info, diagnosis, make_clip, make_study, measurement

CLIP = make_clip(2)
DIAMETER = "abdominal_aorta_diameter"
THEN, NOW = date(2025, 3, 1), date(2026, 3, 1)


def aorta(value: float, spread: float = 1.0, **fields: object) -> Finding:
    return measurement(DIAMETER, value, "mm", (value - spread, value + spread), abnormal=value >= 30, **fields)


def study(*findings: Finding, calibrated: bool = True) -> Study:
    return make_study(CLIP, list(findings), clip=clip_info(CLIP, calibrated=calibrated))


def between(prior: Study, now: Study, then: date = THEN) -> object:
    return compare(prior, now, then, NOW, "ab" * 32, "patient-id")


def test_growth_per_year_with_its_interval() -> None:
    found = compare(study(aorta(42.0)), study(aorta(47.0)), THEN, NOW, "ab" * 32, "patient-id")
    (growth,) = found.growth
    assert growth.difference == pytest.approx(5.0)
    assert growth.per_year == pytest.approx(5.0 * 365.25 / 365)
    assert growth.difference_interval == pytest.approx((5 - 2**0.5, 5 + 2**0.5))
    assert growth.verdict == "grown"
    after = study(aorta(47.0)).model_copy(update={"comparison": found})
    told = [each.text for each in sentences(after, "en") if each.section == "comparison"]
    assert told == [
        "Compared with the study of 2025-03-01, 365 days earlier.",
        "Abdominal aortic diameter: 42.0 mm on 2025-03-01, 47.0 mm now; difference +5.0 mm "
        "(90 % interval +3.6 to +6.4 mm), +5.0 mm per year (90 % interval +3.6 to +6.4 mm); increased.",
    ]
    assert [each.text for each in sentences(after, "zh-Hans") if each.section == "comparison"][1] == (
        "腹主动脉直径：2025-03-01 为 42.0 mm，本次为 47.0 mm；差值 +5.0 mm（90% 区间 +3.6–+6.4 mm），"
        "每年 +5.0 mm（90% 区间 +3.6–+6.4 mm）；增大。"
    )
    assert all(check_report(after, sentences(after, lang), lang) == [] for lang in ("en", "zh-Hans", "zh-Hant"))


@pytest.mark.parametrize(
    ("prior", "now", "verdict"),
    [(aorta(47.0), aorta(42.0), "shrunk"), (aorta(46.5), aorta(47.0), "unchanged")],
)
def test_verdict_follows_the_interval(prior: Finding, now: Finding, verdict: str) -> None:
    assert compare(study(prior), study(now), THEN, NOW, "", "asserted").growth[0].verdict == verdict


def test_value_without_interval_gives_no_verdict() -> None:
    bare = aorta(42.0).model_copy(update={"interval": None})
    growth = compare(study(bare), study(aorta(47.0)), THEN, NOW, "", "asserted").growth[0]
    assert (growth.verdict, growth.difference_interval, growth.per_year_interval) == ("not-certain", None, None)


def test_studies_close_together_have_no_rate() -> None:
    growth = compare(study(aorta(42.0)), study(aorta(47.0)), date(2026, 2, 1), NOW, "", "asserted").growth[0]
    assert growth.per_year is None
    assert growth.difference == pytest.approx(5.0)


LEFT, RIGHT = Laterality.LEFT, Laterality.RIGHT


@pytest.mark.parametrize(
    ("prior", "now", "reason"),
    [
        (study(), study(aorta(47.0)), "not-measured-before"),
        (study(aorta(42.0)), study(), "not-measured-now"),
        (study(aorta(42.0, laterality=LEFT)), study(aorta(47.0, laterality=RIGHT)), "other-side"),
        (study(aorta(42.0)), study(aorta(47.0, laterality=RIGHT)), "other-side"),
        (study(aorta(42.0), calibrated=False), study(aorta(47.0)), "uncalibrated"),
        (study(aorta(42.0), aorta(43.0)), study(aorta(47.0)), "several-values"),
        (
            study(aorta(42.0).model_copy(update={"convention": "inner-to-inner"})),
            study(aorta(47.0)),
            "other-convention",
        ),
    ],
)
def test_what_must_not_be_compared_is_named_with_its_reason(prior: Study, now: Study, reason: str) -> None:
    found = compare(prior, now, THEN, NOW, "", "patient-id")
    assert found.growth == []
    assert [(each.code, each.reason) for each in found.not_compared] == [(DIAMETER, reason)]


def test_same_side_is_compared_with_its_own() -> None:
    prior = study(aorta(42.0, laterality=LEFT), aorta(30.0, laterality=RIGHT))
    now = study(aorta(47.0, laterality=RIGHT), aorta(44.0, laterality=LEFT))
    found = compare(prior, now, THEN, NOW, "", "patient-id")
    assert [(each.finding, each.prior_value) for each in found.growth] == [(0, 30.0), (1, 42.0)]


def test_what_is_new_and_what_is_gone() -> None:
    gone = diagnosis("breast_mass_malignant", Certainty.PRESENT, 0.9, abnormal=True)
    absent = diagnosis("breast_mass_malignant", Certainty.ABSENT, 0.02, abnormal=False)
    found = compare(study(gone), study(absent, aorta(47.0)), THEN, NOW, "", "patient-id")
    assert found.appeared == [1]
    assert [each.code for each in found.vanished] == ["breast_mass_malignant"]
    silent = compare(study(gone), study(aorta(47.0)), THEN, NOW, "", "patient-id")
    assert silent.vanished == [], "what is not mentioned has not disappeared"


def test_prior_must_be_earlier() -> None:
    with pytest.raises(UsageError, match="not earlier"):
        compare(study(), study(), NOW, NOW, "", "patient-id")
