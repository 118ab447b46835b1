"""Whatever an engine may find, the sentences say exactly that: every measurement, label, caveat and reason there is."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from lingyin.core.measurements import load_measurements
from lingyin.core.phrases import load_phrases
from lingyin.core.study import LANGUAGES, Category, Certainty, Finding, NotAssessed, Triage
from lingyin.core.tree import Kind, load_tree
from lingyin.report import check_report, sentences
from tests.report.builders import make_clip, make_study, measurement, text

CLIP = make_clip(3)
TREE = load_tree()
LABELS = sorted(code for code in TREE if TREE[code].kind in {Kind.FINDING, Kind.VIEW, Kind.ORGAN, Kind.STRUCTURE})
CATEGORIES = {Kind.FINDING: Category.DIAGNOSIS, Kind.VIEW: Category.VIEW, Kind.ORGAN: Category.ORGAN}
CAVEATS = sorted(load_phrases()["caveat"])
GRADE = text("grade 2 (30 to 40)", "2 级（30–40）", "2 級（30–40）")


@st.composite
def measured(draw: st.DrawFn) -> Finding:
    code = draw(st.sampled_from(sorted(load_measurements())))
    value = draw(st.floats(0.01, 900))
    spread = draw(st.floats(0, 40))
    abnormal = draw(st.sampled_from([None, False, True]))
    return measurement(
        code,
        value,
        load_measurements()[code].unit,
        (max(0.0, value - spread), value + spread),
        abnormal=abnormal,
        urgent=bool(abnormal) and draw(st.booleans()),
        certainty=draw(st.sampled_from([Certainty.PRESENT, Certainty.UNSURE])),
        grade_name=draw(st.sampled_from([{}, GRADE])),
        caveats=draw(st.lists(st.sampled_from(CAVEATS), max_size=3, unique=True)),
    )


@st.composite
def labelled(draw: st.DrawFn) -> Finding:
    code = draw(st.sampled_from(LABELS))
    certainty = draw(st.sampled_from(list(Certainty)))
    abnormal = draw(st.sampled_from([None, True])) if certainty is not Certainty.ABSENT else None
    return Finding(
        code=code,
        category=CATEGORIES.get(TREE[code].kind, Category.STRUCTURE),
        name=dict(TREE[code].name),
        certainty=certainty,
        probability=draw(st.none() | st.floats(0, 1)),
        abnormal=abnormal,
        urgent=bool(abnormal) and draw(st.booleans()),
        caveats=draw(st.lists(st.sampled_from(CAVEATS), max_size=2, unique=True)),
    )


@st.composite
def refused(draw: st.DrawFn) -> NotAssessed:
    code = draw(st.sampled_from(LABELS))
    reason = draw(st.sampled_from(sorted(load_phrases()["reason"])))
    return NotAssessed(code=code, name=dict(TREE[code].name), reason=reason)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    findings=st.lists(measured() | labelled(), max_size=5),
    not_assessed=st.lists(refused(), max_size=4),
    reason=st.sampled_from(sorted(load_phrases()["triage"])),
)
def test_any_study_passes_the_check(findings: list[Finding], not_assessed: list[NotAssessed], reason: str) -> None:
    study = make_study(CLIP, findings, not_assessed=not_assessed, triage=Triage.CANNOT_SAY, triage_reason=reason)
    for lang in LANGUAGES:
        assert check_report(study, sentences(study, lang), lang) == []


def test_every_label_reads_as_a_whole_sentence() -> None:
    for certainty in Certainty:
        findings = [
            Finding(
                code=code,
                category=CATEGORIES.get(TREE[code].kind, Category.STRUCTURE),
                name=dict(TREE[code].name),
                certainty=certainty,
                probability=0.5,
            )
            for code in LABELS
        ]
        study = make_study(CLIP, findings)
        for lang in LANGUAGES:
            assert check_report(study, sentences(study, lang), lang) == []
