"""What a report says about time, sentence by sentence, and the checker that finds each of them left out or wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lingyin.core.study import Certainty, Change, Comparison, Growth, NotAssessed, Signature, Study
from lingyin.report.check_history import check_change, check_growth, missing_history, verdict_of, without_signers
from lingyin.report.grammar import load_grammar
from lingyin.report.history import comparison_sentences, content_after, content_of, review_sentences, signed
from lingyin.report.statement import Sentence
from tests.report.builders import diagnosis, make_clip, make_study, measurement, text

EN = load_grammar("en")
CODE = "abdominal_aorta_diameter"
GONE = NotAssessed(code="gone", name=text("old cyst", "旧囊肿", "舊囊腫"), reason="not-visible")


def aorta(value: float) -> Study:
    return make_study(make_clip(1), [measurement(CODE, value, "mm", (value - 1, value + 1))])


def compared(**fields: object) -> Study:
    """47.2 mm a year and a day after 45.2 mm."""
    growth = Growth(
        finding=0,
        prior_value=45.2,
        difference=2.0,
        difference_interval=(0.5, 3.5),
        per_year=2.0 * 365.25 / 366,
        per_year_interval=(0.5, 3.5),
        verdict="grown",
    ).model_copy(update=fields)
    found = Comparison(
        prior_date="2025-03-01",
        date="2026-03-02",
        days=366,
        prior_sha256="a",
        identity="patient-id",
        growth=[growth],
        vanished=[GONE],
    )
    return aorta(47.2).model_copy(update={"comparison": found})


def signature(by: str, before: Study, *changes: Change, comment: str | None = None) -> Signature:
    return Signature(
        by=by,
        organisation="Ward 3",
        at="2026-03-02T08:09:10Z",
        comment=comment,
        changes=list(changes),
        before=content_of(before),
        content_sha256="c",
        previous_sha256="p",
        sha256="s",
    )


def twice_signed() -> Study:
    """47.2 mm by the program, 48.0 by the first signer, 49.0 by the second, who comments."""
    change = Change(code=CODE, kind="changed", before=0, after=0)
    signatures = [
        signature("Dr. A", aorta(47.2), change),
        signature("Dr. B", aorta(48.0), change, comment="measured anew"),
    ]
    return aorta(49.0).model_copy(update={"signatures": signatures})


def everything(study: Study) -> list[Sentence]:
    return [*comparison_sentences(study, EN), *review_sentences(study, EN)]


def test_each_signature_tells_its_own_before_and_after() -> None:
    said = list(review_sentences(twice_signed(), EN))
    told = {each.change: each.text for each in said if each.change}
    sides = {(0, 0, "before"): 47.2, (0, 0, "after"): 48.0, (1, 0, "before"): 48.0, (1, 0, "after"): 49.0}
    assert told.keys() == sides.keys()
    assert all(f": {value} mm (" in told[place] for place, value in sides.items())
    assert said[0].text == "Signed by Dr. A (Ward 3) on 2026-03-02 08:09 UTC."
    assert said[-1].text == "Comment of Dr. B: measured anew"


def test_content_after_the_last_signature_is_what_the_study_says() -> None:
    study = twice_signed()
    assert content_after(study, 0) == content_of(aorta(48.0))
    assert content_after(study, 1) == content_of(study)


@pytest.mark.parametrize(
    ("value", "words"), [(3.25, "+3.3 mm"), (-1.0, "\u22121.0 mm"), (0.04, "0.0 mm"), (-0.04, "0.0 mm")]
)
def test_a_difference_carries_its_sign_unless_it_rounds_to_nothing(value: float, words: str) -> None:
    assert signed(value, CODE, "mm", EN) == words


def test_growth_is_told_with_both_values_and_passes_its_check() -> None:
    study = compared()
    assert study.comparison is not None
    since, growth, gone = comparison_sentences(study, EN)
    assert "2025-03-01, 366 days earlier" in since.text
    assert "45.2 mm on 2025-03-01, 47.2 mm now; difference +2.0 mm (90 % interval +0.5 to +3.5 mm)" in growth.text
    assert "old cyst" in gone.text
    assert list(check_growth(growth.text, study.comparison.growth[0], study, EN)) == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"difference": 3.0}, "not that of the two values"),
        ({"per_year": 2.5}, "not the difference over the time"),
        ({"verdict": "shrunk"}, "wrongly"),
        ({"difference_interval": (-0.5, 3.5)}, "wrongly"),
    ],
)
def test_wrong_sums_and_verdicts_are_found_even_where_the_sentence_repeats_them(
    fields: dict[str, object], problem: str
) -> None:
    study = compared(**fields)
    assert study.comparison is not None
    growth = study.comparison.growth[0]
    sentence = next(each for each in comparison_sentences(study, EN) if each.finding == 0)
    assert [each for each in check_growth(sentence.text, growth, study, EN) if problem in each]


@pytest.mark.parametrize(
    ("old", "new"), [("45.2", "45.1"), ("+2.0", "\u22122.0"), ("2025-03-01", "2024-03-01"), ("+3.5", "+3.6")]
)
def test_a_wrong_figure_in_the_sentence_of_a_growth_is_found(old: str, new: str) -> None:
    study = compared()
    assert study.comparison is not None
    sentence = next(each for each in comparison_sentences(study, EN) if each.finding == 0)
    assert old in sentence.text
    assert list(check_growth(sentence.text.replace(old, new), study.comparison.growth[0], study, EN))


def test_the_verdict_needs_an_interval_clear_of_zero() -> None:
    intervals = [(0.1, 2.0), (-2.0, -0.1), (0.0, 2.0), (-2.0, 0.0), None]
    assert [verdict_of(each) for each in intervals] == ["grown", "shrunk", "unchanged", "unchanged", "not-certain"]


@pytest.mark.parametrize("make", [compared, twice_signed])
def test_every_sentence_about_time_is_missed_when_it_is_left_out(make: Callable[[], Study]) -> None:
    study = make()
    said = everything(study)
    assert list(missing_history(study, said, EN)) == []
    for index, left_out in enumerate(said):
        assert list(missing_history(study, said[:index] + said[index + 1 :], EN)), left_out.text


@pytest.mark.parametrize("days", ["36 days", "1366 days", "a year"])
def test_a_wrong_time_since_the_prior_study_is_found(days: str) -> None:
    study = compared()
    said = [replace(each, text=each.text.replace("366 days", days)) for each in everything(study)]
    assert any("how long ago" in problem for problem in missing_history(study, said, EN))


def test_two_like_signatures_need_two_sentences() -> None:
    study = aorta(47.2)
    study = study.model_copy(update={"signatures": [signature("A", study)] * 2})
    said = everything(study)
    assert list(missing_history(study, said, EN)) == []
    assert len(list(missing_history(study, said[1:], EN))) == 1


def test_history_that_the_study_does_not_hold_is_found() -> None:
    plain = aorta(47.2)
    assert "prior study that was not given" in "".join(missing_history(plain, everything(compared()), EN))
    assert list(missing_history(plain, [], EN)) == ["whether a physician has signed is told wrongly"]


def test_a_change_is_checked_against_its_own_side() -> None:
    study = twice_signed()
    told = [each for each in everything(study) if each.change]
    assert [problem for each in told for problem in check_change(each, study, EN)] == []
    swapped = Sentence(told[0].text, None, told[0].section, told[1].change)
    assert list(check_change(swapped, study, EN))
    nowhere = Sentence(told[0].text, None, told[0].section, (2, 0, "before"))
    assert "does not exist" in next(iter(check_change(nowhere, study, EN)))


def test_a_signers_name_is_taken_out_as_a_word_only() -> None:
    study = aorta(47.2)
    study = study.model_copy(update={"signatures": [signature("A", study)]})
    left = without_signers("Signed by A (Ward 3): Aorta, A-4", study)
    assert " ".join(left.split()) == "Signed by ( ): Aorta, -4"


def test_a_rejected_finding_is_told_once_as_it_was() -> None:
    cyst = diagnosis("breast_mass_benign", Certainty.PRESENT, 0.9)
    before = make_study(make_clip(1), [cyst])
    rejected = Change(code=cyst.code, kind="rejected", before=0)
    study = make_study(make_clip(1), []).model_copy(update={"signatures": [signature("A", before, rejected)]})
    told = [each for each in review_sentences(study, EN) if each.change]
    assert [each.change for each in told] == [(0, 0, "before")]
    assert told[0].text.startswith(EN.change["rejected"])
    assert list(missing_history(study, everything(study), EN)) == []
