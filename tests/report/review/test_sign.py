"""Signing: who, when and what was there before stay in the report; every form follows; every later change shows."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pydicom
import pytest

from lingyin.core.errors import InputError, UsageError
from lingyin.core.study import LANGUAGES, Status
from lingyin.io.guard import quiet
from lingyin.report import check_report, rewrite, sentences
from lingyin.report.reopen import read_study, reopen
from lingyin.report.review import Edit, parse_edits, parse_set, problems_of, sign_report
from lingyin.report.review.sign import with_signature
from tests.report.builders import Frames, aneurysm

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
DIAMETER = "abdominal_aorta_diameter"


def test_signature_keeps_who_when_what_and_the_original(report: Path) -> None:
    original = read_study(report)
    sign_report(report, " Dr  Wang\t王 ", [parse_set(f"{DIAMETER}=28.4")], organisation="Ward 3", comment="ok", at=AT)
    sign_report(report, "Dr Li", [Edit(action="reject", code=DIAMETER)], at=AT)
    study = read_study(report)
    first, second = study.signatures
    assert (first.by, first.organisation, first.at) == ("Dr Wang 王", "Ward 3", "2026-03-04T05:06:07+00:00")
    assert first.before.findings == original.findings
    assert first.before.triage == original.triage
    assert second.before.findings[1].value == 28.4
    assert study.status == "amended"
    assert problems_of(study) == []


def test_every_form_says_that_it_is_signed_and_by_whom(report: Path) -> None:
    with quiet():
        earlier = pydicom.dcmread(report / "dicom" / "sr.dcm")
    sign_report(report, "Dr Wang 王", [parse_set(f"{DIAMETER}=28.4")], organisation="Ward 3", at=AT)
    page = (report / "report.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "Signed by Dr Wang 王 (Ward 3) on 2026-03-04 05:06 UTC." in page
    assert "Before: Abdominal aortic diameter: 47.2 mm" in page
    assert "已签名" in page
    bundle = json.loads((report / "fhir.json").read_text(encoding="utf-8"))
    resources = [entry["resource"] for entry in bundle["entry"]]
    (diagnostic,) = [each for each in resources if each["resourceType"] == "DiagnosticReport"]
    assert diagnostic["status"] == "final"
    assert diagnostic["resultsInterpreter"][0]["display"] == "Dr Wang 王 (Ward 3)"
    with quiet():
        sr = pydicom.dcmread(report / "dicom" / "sr.dcm")
        pdf = pydicom.dcmread(report / "dicom" / "pdf.dcm", stop_before_pixels=True)
    assert (sr.VerificationFlag, sr.PreliminaryFlag, sr.CompletionFlag) == ("VERIFIED", "FINAL", "COMPLETE")
    (observer,) = sr.VerifyingObserverSequence
    assert observer.VerifyingObserverName.family_name == "Dr Wang 王"
    assert (observer.VerifyingOrganization, observer.VerificationDateTime) == ("Ward 3", "20260304050607+0000")
    assert sr.SOPInstanceUID != earlier.SOPInstanceUID
    assert sr.StudyInstanceUID == earlier.StudyInstanceUID
    predecessor = sr.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert predecessor.ReferencedSOPInstanceUID == earlier.SOPInstanceUID
    assert (earlier.VerificationFlag, earlier.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert pdf.VerificationFlag == "VERIFIED"
    assert (report / "report.pdf").read_bytes()[:5] == b"%PDF-"


def test_unsigned_report_is_preliminary_everywhere(written: Path) -> None:
    assert read_study(written).status == "preliminary"
    assert "no physician has checked and signed" in (written / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r'"value": 28\.4', '"value": 29.4'),
        (r'"by": "Dr Wang"', '"by": "Dr Wong"'),
        (r'"value": 47\.23', '"value": 27.23'),
        (r'"at": "2026-03-04', '"at": "2026-03-05'),
        (r'"status": "final"', '"status": "preliminary"'),
        (r'"triage": "normal"', '"triage": "abnormal"'),
    ],
)
def test_any_later_change_is_found_and_stops_the_next_signature(report: Path, pattern: str, replacement: str) -> None:
    sign_report(report, "Dr Wang", [parse_set(f"{DIAMETER}=28.4")], at=AT)
    path = report / "report.json"
    changed, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), count=1)
    assert count == 1
    path.write_text(changed, encoding="utf-8")
    assert problems_of(read_study(report))
    with pytest.raises(InputError, match="changed since it was signed"):
        sign_report(report, "Dr Li")


def test_removed_signature_is_found() -> None:
    study = aneurysm()[0].study
    assert problems_of(study.model_copy(update={"status": Status.FINAL}))


@pytest.mark.parametrize("name", ["", "  \n", "x" * 65])
def test_signer_needs_a_name(report: Path, name: str) -> None:
    with pytest.raises(UsageError, match="name must have"):
        sign_report(report, name)


def test_edit_that_fails_changes_nothing(report: Path) -> None:
    before = {path: path.read_bytes() for path in report.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=r"edit 2 \(spleen\)"):
        sign_report(report, "Dr Li", [parse_set(f"{DIAMETER}=30"), Edit(action="reject", code="spleen")])
    assert {path: path.read_bytes() for path in report.rglob("*") if path.is_file()} == before


def test_edits_are_read_from_a_file_and_all_mistakes_are_named(tmp_path: Path) -> None:
    path = tmp_path / "edits.json"
    path.write_text(json.dumps({"edits": [{"action": "set", "code": DIAMETER, "value": 31}]}))
    assert parse_edits(path)[0].value == 31
    path.write_text(json.dumps([{"action": "set", "code": "x"}, {"action": "paint", "code": "y"}]))
    with pytest.raises(InputError, match=r"nothing is set.*1\.action"):
        parse_edits(path)
    for text in ("", "{}", "7", '[{"action": "set", "code": "x", "value": NaN}]'):
        path.write_text(text)
        with pytest.raises(InputError, match=r"edits\.json"):
            parse_edits(path)


@pytest.mark.parametrize("text", ["x", "x=tall", "=5"])
def test_set_of_another_form_is_refused(text: str) -> None:
    with pytest.raises((UsageError), match="CODE=VALUE"):
        parse_set(text)


@pytest.mark.parametrize("name", ["A", "S", "on", "1", "王", "frame <b>"])
def test_names_of_any_shape_are_told_and_checked(name: str) -> None:
    analysis = aneurysm(2)[0]
    signed = with_signature(analysis.study, analysis.study, [], name, name, AT.isoformat(), f"{name}: ok")
    for lang in LANGUAGES:
        assert check_report(signed, sentences(signed, lang), lang) == []
        spoilt = [replace(each, text=each.text.replace(name, "Zoe", 1)) for each in sentences(signed, lang)]
        assert check_report(signed, spoilt, lang)


def test_another_scan_under_the_same_name_is_not_drawn(report: Path, tmp_path: Path) -> None:
    before = reopen(report)
    assert rewrite._is_same(aneurysm()[1], before)
    clip = aneurysm()[1]
    other = replace(clip, frames=Frames([255 - frame for frame in clip.frames]))
    assert not rewrite._is_same(other, before)
    assert not rewrite._is_same(aneurysm(29)[1], before)


def test_folder_that_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"report\.json"):
        sign_report(tmp_path, "Dr Li")
    (tmp_path / "report.json").write_text('{"a": 1}')
    with pytest.raises(InputError, match="is no report"):
        sign_report(tmp_path, "Dr Li")
