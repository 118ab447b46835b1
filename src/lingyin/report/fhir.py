"""`fhir.json`: the report as an HL7 FHIR R4 bundle, preliminary, with the program as its performer."""

from __future__ import annotations

import hashlib
import json
import uuid
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lingyin.core.study import Category, Certainty, Finding, Laterality, Signature, Study
from lingyin.core.tree import Coding, load_tree
from lingyin.report.concepts import codings_of, site_of
from lingyin.report.grammar import load_grammar
from lingyin.report.sentences import Section, Sentence, sentences
from lingyin.report.view import file_name

SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "LN": "http://loinc.org",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
}
OWN_SYSTEM = "urn:lingyin:label-tree"
UCUM = "http://unitsofmeasure.org"
INTERPRETATIONS = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
SECTIONS = "http://terminology.hl7.org/CodeSystem/v2-0074"
DIGITS = 6
SIDES = {
    Laterality.LEFT: ("7771000", "Left"),
    Laterality.RIGHT: ("24028007", "Right"),
    Laterality.BILATERAL: ("51440002", "Right and left"),
}
LANGUAGE_TAGS = {"en": "en", "zh-Hans": "zh-Hans", "zh-Hant": "zh-Hant"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """The DICOM instance a scan came from, as far as the bundle repeats its header; everything may be absent."""

    study_uid: str
    series_uid: str
    instance_uid: str
    sop_class_uid: str
    patient_id: str = ""
    accession: str = ""
    study_date: str = ""  # YYYY-MM-DD

    @classmethod
    def of(cls, header: Any) -> Origin:
        """From the attributes of a header, by their DICOM keywords."""

        def text(keyword: str) -> str:
            return str(header.get(keyword) or "").strip()

        day = text("StudyDate")
        return cls(
            study_uid=text("StudyInstanceUID"),
            series_uid=text("SeriesInstanceUID"),
            instance_uid=text("SOPInstanceUID"),
            sop_class_uid=text("SOPClassUID"),
            patient_id=text("PatientID"),
            accession=text("AccessionNumber"),
            study_date=f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 and day.isdigit() else "",
        )


def fhir_bundle(study: Study, origin: Origin | None, pdf: bytes | None, lang: str, seed: str) -> bytes:
    """The bundle (FHIR R4 4.0.1) as indented JSON, the same bytes for the same study.

    Args:
        study: the findings.
        origin: where the scan came from; None for a video or a picture, which then has no ImagingStudy.
        pdf: the printed report, named by size and hash as `report.pdf`; None where there is none.
        lang: language of the sentences; English for "all".
        seed: what the identifiers of the resources are derived from.
    """
    tongue = "en" if lang == "all" else lang
    ids = {name: _urn(seed, name) for name in ("device", "study", "report")}
    subject = _subject(origin)
    base: Json = {"subject": subject}
    if origin is not None:
        base["derived"] = [{"reference": ids["study"]}]
    told = {each.finding: each for each in sentences(study, tongue) if each.section is Section.FINDINGS}
    entries: list[tuple[str, Json]] = [(ids["device"], _device(study))]
    if origin is not None:
        entries.append((ids["study"], _imaging_study(origin, subject)))
    results = []
    for index, finding in enumerate(study.findings):
        urn = _urn(seed, f"finding {index}")
        results.append({"reference": urn})
        entries.append((urn, _observation(study, finding, told.get(index), base, ids["device"], tongue)))
    entries.append((ids["report"], _report(study, origin, pdf, tongue, subject, ids, results)))
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": study.created,
        "entry": [{"fullUrl": urn, "resource": resource} for urn, resource in entries],
    }
    return (json.dumps(bundle, ensure_ascii=False, indent=1) + "\n").encode()


def _urn(seed: str, name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'{seed} fhir {name}')}"


def _subject(origin: Origin | None) -> Json:
    """Whom the report is about, by the number in the source's header; nobody is ever named or made up."""
    if origin is not None and origin.patient_id:
        return {"type": "Patient", "identifier": {"value": origin.patient_id}}
    return {"type": "Patient", "display": "not identified in the source"}


def _device(study: Study) -> Json:
    """The program and its weights."""
    return {
        "resourceType": "Device",
        "identifier": [{"system": "urn:lingyin:weights:sha256", "value": study.model.sha256}],
        "status": "active",
        "manufacturer": "Lingyin",
        "deviceName": [{"name": f"{study.program} {study.model.name}", "type": "user-friendly-name"}],
        "version": [
            {"type": {"text": "program"}, "value": study.program_version},
            {"type": {"text": "model"}, "value": f"{study.model.name} {study.model.version}"},
            {"type": {"text": "weights SHA-256"}, "value": study.model.sha256},
        ],
        "note": [{"text": load_grammar("en").ui["banner"]}],
    }


def _imaging_study(origin: Origin, subject: Json) -> Json:
    series: Json = {
        "uid": origin.series_uid,
        "modality": {"system": SYSTEMS["DCM"], "code": "US"},
        "instance": [
            {
                "uid": origin.instance_uid,
                "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{origin.sop_class_uid}"},
            }
        ],
    }
    result: Json = {
        "resourceType": "ImagingStudy",
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{origin.study_uid}"}],
        "status": "available",
        "modality": [{"system": SYSTEMS["DCM"], "code": "US"}],
        "subject": subject,
        "series": [series],
    }
    if origin.study_date:
        result["started"] = origin.study_date
    return result


def _observation(study: Study, finding: Finding, sentence: Sentence | None, base: Json, device: str, lang: str) -> Json:
    result: Json = {
        "resourceType": "Observation",
        "status": study.status.value,
        "category": [{"coding": [{"system": CATEGORIES, "code": "imaging", "display": "Imaging"}]}],
        "code": _concept(finding.code, finding.name, lang),
        "subject": base["subject"],
        "issued": study.created,
        "device": {"reference": device},
    }
    if "derived" in base:
        result["derivedFrom"] = base["derived"]
    result |= _value(finding)
    interpretation = _interpretation(finding)
    if interpretation is not None:
        result["interpretation"] = [{"coding": [{"system": INTERPRETATIONS} | interpretation]}]
    site = site_of(finding.code)
    if site is not None:
        result["bodySite"] = _concept(site, load_tree()[site].name, lang)
    if finding.convention is not None:
        grammar = load_grammar(lang)
        result["method"] = {
            "coding": [{"system": OWN_SYSTEM, "code": finding.convention}],
            "text": grammar.convention.get(finding.convention, finding.convention.replace("-", " ")),
        }
    if finding.rule is not None:
        rule = finding.rule
        words = rule.text.get(lang) or rule.text.get("en", "")
        checked = load_grammar(lang).evidence.get(rule.evidence, rule.evidence)
        result["referenceRange"] = [{"text": f"{words} ({rule.guideline}, {rule.edition}; {checked})"}]
    components = _components(finding, lang)
    if components:
        result["component"] = components
    if sentence is not None:
        result["note"] = [{"text": sentence.text}]
    return result


def _interpretation(finding: Finding) -> Json | None:
    """Abnormal, normal, in doubt; nothing where no rule applies."""
    if finding.urgent:
        return {"code": "AA", "display": "Critical abnormal"}
    if finding.abnormal:
        return {"code": "A", "display": "Abnormal"}
    if finding.certainty is Certainty.UNSURE:
        return {"code": "IND", "display": "Indeterminate"}
    return None if finding.abnormal is None else {"code": "N", "display": "Normal"}


def _value(finding: Finding) -> Json:
    """A measured value with its UCUM unit, else presence as a concept."""
    if finding.value is not None:
        return {"valueQuantity": _quantity(finding.value, finding.unit)}
    concepts = {
        Certainty.PRESENT: ("52101004", "Present"),
        Certainty.ABSENT: ("272519000", "Absent"),
        Certainty.UNSURE: ("82334004", "Indeterminate"),
    }
    code, display = concepts[finding.certainty]
    return {"valueCodeableConcept": {"coding": [{"system": SYSTEMS["SCT"], "code": code, "display": display}]}}


def _quantity(value: float, unit: str | None) -> Json:
    return {"value": round(value, DIGITS), "unit": unit or "1", "system": UCUM, "code": unit or "1"}


def _components(finding: Finding, lang: str) -> list[Json]:
    """The 90 % interval, the calibrated probability, the grade and the frames that show it (1-based)."""
    parts: list[Json] = []
    if finding.interval is not None:
        low, high = finding.interval
        parts.append(
            {
                "code": _own("interval-90", "90 % interval"),
                "valueRange": {"low": _quantity(low, finding.unit), "high": _quantity(high, finding.unit)},
            }
        )
    if finding.probability is not None:
        parts.append(
            {
                "code": _own("probability", "Calibrated probability"),
                "valueQuantity": _quantity(finding.probability, "1"),
            }
        )
    if finding.grade is not None:
        words = finding.grade_name.get(lang) or finding.grade_name.get("en") or finding.grade
        parts.append(
            {
                "code": _own("grade", "Grade by the rule"),
                "valueCodeableConcept": {"coding": [{"system": OWN_SYSTEM, "code": finding.grade}], "text": words},
            }
        )
    if finding.laterality is not None:
        code, display = SIDES[finding.laterality]
        coding = {"system": SYSTEMS["SCT"], "code": code, "display": display}
        parts.append({"code": _own("laterality", "Side"), "valueCodeableConcept": {"coding": [coding]}})
    frames = list(dict.fromkeys(evidence.frame + 1 for evidence in finding.evidence))
    if frames:
        parts.append(
            {"code": _own("frames", "Frames that show it"), "valueString": ", ".join(str(frame) for frame in frames)}
        )
    return parts


def _report(
    study: Study, origin: Origin | None, pdf: bytes | None, lang: str, subject: Json, ids: Json, results: list[Json]
) -> Json:
    concluding = {Section.IMPRESSION, Section.COMPARISON}
    impression = [each.text for each in sentences(study, lang) if each.section in concluding]
    result: Json = {
        "resourceType": "DiagnosticReport",
        "meta": {"tag": [{"system": OWN_SYSTEM, "code": "research-use", "display": load_grammar("en").ui["banner"]}]},
        "language": LANGUAGE_TAGS[lang],
        "status": study.status.value,
        "category": [{"coding": [{"system": SECTIONS, "code": "RUS", "display": "Radiology Ultrasound"}]}],
        "code": {"coding": [{"system": SYSTEMS["LN"], "code": "25061-3"}], "text": load_grammar(lang).ui["title"]},
        "subject": subject,
        "issued": study.signatures[-1].at if study.signatures else study.created,
        "performer": [{"type": "Device", "identifier": {"value": study.model.sha256}, "display": study.program}],
        "result": results,
        "conclusion": "\n".join([*impression, load_grammar(lang).ui["banner"]]),
        "conclusionCode": _conclusions(study, lang),
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": ids["report"]}],
        "presentedForm": _forms(study, pdf, lang),
        "resultsInterpreter": [_signer(each) for each in study.signatures[-1:]],
    }
    if origin is not None:
        result["imagingStudy"] = [{"reference": ids["study"]}]
        if origin.study_date:
            result["effectiveDateTime"] = origin.study_date
        if origin.accession:
            result["basedOn"] = [
                {"type": "ServiceRequest", "identifier": {"type": _accession_type(), "value": origin.accession}}
            ]
    return {key: value for key, value in result.items() if value not in ([], None)}


def _signer(signature: Signature) -> Json:
    """Who signed, by the name that stands on the report; the program knows no directory of practitioners."""
    place = f" ({signature.organisation})" if signature.organisation else ""
    return {"type": "Practitioner", "display": f"{signature.by}{place}"}


def _accession_type() -> Json:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]}


def _conclusions(study: Study, lang: str) -> list[Json]:
    """Diagnoses that are held to be present."""
    return [
        _concept(finding.code, finding.name, lang)
        for finding in study.findings
        if finding.category is Category.DIAGNOSIS and finding.certainty is Certainty.PRESENT and finding.abnormal
    ]


def _forms(study: Study, pdf: bytes | None, lang: str) -> list[Json]:
    """The files beside the bundle: the page and, if written, the PDF with its size and SHA-1 (as FHIR wants it)."""
    title = f"{load_grammar(lang).ui['title']} {file_name(study.clip.source)}"
    forms: list[Json] = []
    if pdf is not None:
        digest = b64encode(hashlib.sha1(pdf, usedforsecurity=False).digest()).decode()
        forms.append(
            {"contentType": "application/pdf", "url": "report.pdf", "size": len(pdf), "hash": digest, "title": title}
        )
    return [*forms, {"contentType": "text/html", "url": "report.html", "title": title}]


def _concept(code: str, name: Mapping[str, str], lang: str) -> Json:
    """Our code and the public ones, with the name in the report's language as text."""
    coding: list[Json] = [_coding(each) for each in codings_of(code) if each.scheme in SYSTEMS]
    coding.append({"system": OWN_SYSTEM, "code": code, "display": name.get("en", code)})
    return {"coding": coding, "text": name.get(lang) or name.get("en") or code}


def _coding(coding: Coding) -> Json:
    return {"system": SYSTEMS[coding.scheme], "code": coding.value, "display": coding.meaning}


def _own(code: str, text: str) -> Json:
    return {"coding": [{"system": OWN_SYSTEM, "code": code}], "text": text}
