"""The bundle as `fhir.resources`, which keeps the standard's own schema, reads it; and as the study meant it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lingyin.core.clip import Clip
from lingyin.core.study import LANGUAGES, Analysis, Certainty
from lingyin.io.guard import quiet
from lingyin.report.fhir import UCUM, Origin, fhir_bundle
from lingyin.report.sentences import Section, sentences
from tests.report.builders import aneurysm, breast

with quiet():  # the package warns of its own future
    from fhir.resources.R4B.bundle import Bundle

ORIGIN = Origin("1.2.3", "1.2.3.4", "1.2.3.4.5", "1.2.840.10008.5.1.4.1.1.3.1", "P-204", "A-17", "2016-05-03")
PDF = b"%PDF-1.7 test"


def bundle(analysis: Analysis, origin: Origin | None = ORIGIN, pdf: bytes | None = PDF, lang: str = "en") -> Any:
    return json.loads(fhir_bundle(analysis.study, origin, pdf, lang, "seed"))


def resources(content: Any, kind: str) -> list[Any]:
    return [entry["resource"] for entry in content["entry"] if entry["resource"]["resourceType"] == kind]


@pytest.mark.parametrize("origin", [ORIGIN, None])
@pytest.mark.parametrize("lang", [*LANGUAGES, "all"])
def test_bundle_is_valid(case: tuple[Analysis, Clip], lang: str, origin: Origin | None) -> None:
    text = fhir_bundle(case[0].study, origin, PDF, lang, "seed")
    with quiet():
        parsed = Bundle.model_validate_json(text)
    assert len(parsed.entry) == len(case[0].study.findings) + (2 if origin is None else 3)


def test_the_schema_does_refuse_what_is_wrong() -> None:
    content = bundle(aneurysm()[0])
    resources(content, "Observation")[0]["status"] = {"not": "a code"}
    with quiet(), pytest.raises(ValueError, match="status"):
        Bundle.model_validate(content)


def test_report_is_preliminary_and_no_person_signed_it() -> None:
    (report,) = resources(bundle(aneurysm()[0]), "DiagnosticReport")
    assert report["status"] == "preliminary"
    assert "resultsInterpreter" not in report
    assert report["code"]["coding"][0] == {"system": "http://loinc.org", "code": "25061-3"}
    assert "Research use only" in report["conclusion"]
    assert report["basedOn"][0]["identifier"]["value"] == "A-17"
    assert report["conclusionCode"][0]["coding"][0]["code"] == "67362008"


def test_references_lead_to_entries() -> None:
    content = bundle(aneurysm()[0])
    known = {entry["fullUrl"] for entry in content["entry"]}

    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["reference"]] if "reference" in node else []
            return own + [each for value in node.values() for each in references(value)]
        return [each for value in node for each in references(value)] if isinstance(node, list) else []

    found = references(content)
    assert len(found) > 6
    assert set(found) <= known
    assert len(known) == len(content["entry"])


def test_measurement_keeps_value_unit_interval_and_rule() -> None:
    analysis = aneurysm()[0]
    observed = resources(bundle(analysis), "Observation")[1]
    assert observed["valueQuantity"] == {"value": 47.23, "unit": "mm", "system": UCUM, "code": "mm"}
    interval = next(part["valueRange"] for part in observed["component"] if "valueRange" in part)
    assert (interval["low"]["value"], interval["high"]["value"]) == analysis.study.findings[1].interval
    assert observed["interpretation"][0]["coding"][0]["code"] == "A"
    assert "European Society for Vascular Surgery" in observed["referenceRange"][0]["text"]
    assert observed["bodySite"]["coding"][0]["code"] == "7832008"
    assert observed["method"]["text"] == "outer wall to outer wall"
    assert "SCT" not in json.dumps(observed)  # systems are addresses here, not DICOM's designators
    assert observed["derivedFrom"][0]["reference"] == bundle(analysis)["entry"][1]["fullUrl"]


def test_certainty_is_the_one_of_the_finding() -> None:
    analysis = breast()[0]
    told = {"present": "52101004", "absent": "272519000", "unsure": "82334004"}
    for finding, observed in zip(analysis.study.findings, resources(bundle(analysis), "Observation"), strict=True):
        assert observed["valueCodeableConcept"]["coding"][0]["code"] == told[finding.certainty.value]
        codes = [each["coding"][0]["code"] for each in observed.get("interpretation", [])]
        if finding.urgent:
            assert codes == ["AA"]
        elif finding.certainty is Certainty.UNSURE:
            assert codes == ["IND"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_sentence_is_a_note(case: tuple[Analysis, Clip], lang: str) -> None:
    study = case[0].study
    notes = [each["note"][0]["text"] for each in resources(bundle(case[0], lang=lang), "Observation")]
    told = {each.finding: each.text for each in sentences(study, lang) if each.section is Section.FINDINGS}
    assert notes == [told[index] for index in range(len(study.findings))]


def test_device_carries_program_and_weights() -> None:
    study = aneurysm()[0].study
    (device,) = resources(bundle(aneurysm()[0]), "Device")
    assert study.model.sha256 in {each["value"] for each in device["version"]}
    assert study.program_version in {each["value"] for each in device["version"]}


def test_source_is_named_only_where_it_is_dicom() -> None:
    (imaging,) = resources(bundle(aneurysm()[0]), "ImagingStudy")
    assert imaging["identifier"][0]["value"] == "urn:oid:1.2.3"
    assert imaging["subject"]["identifier"]["value"] == "P-204"
    content = bundle(aneurysm()[0], None)
    assert resources(content, "ImagingStudy") == []
    assert "identifier" not in resources(content, "DiagnosticReport")[0]["subject"]


def test_pdf_is_named_only_where_it_is() -> None:
    (report,) = resources(bundle(aneurysm()[0]), "DiagnosticReport")
    assert report["presentedForm"][0]["size"] == len(PDF)
    (report,) = resources(bundle(aneurysm()[0], pdf=None), "DiagnosticReport")
    assert [form["contentType"] for form in report["presentedForm"]] == ["text/html"]


def test_origin_reads_a_header() -> None:
    header = {"StudyInstanceUID": "1.2", "PatientID": "7", "StudyDate": "20160503", "AccessionNumber": None}
    origin = Origin.of(header)
    assert (origin.study_uid, origin.patient_id, origin.study_date, origin.accession) == ("1.2", "7", "2016-05-03", "")
    assert Origin.of({"StudyDate": "about 2016"}).study_date == ""
