"""Reports of one patient find each other by number and date; strangers never do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import Dataset
from typer import Typer
from typer.testing import CliRunner

from lingyin.cli.compare import compare as compare_verb
from lingyin.cli.sign import sign as sign_verb
from lingyin.core.errors import InputError, LingyinError, UsageError
from lingyin.core.study import Analysis
from lingyin.report import write_report
from lingyin.report.priors import add_comparison, compare_batch, compare_folders, match_batch
from lingyin.report.reopen import read_study
from lingyin.report.review import sign_report
from tests.report.builders import aneurysm


def scan(folder: Path, day: str, patient: str, diameter: float, **header: str) -> Path:
    """A report of a scan of one patient on one day."""
    analysis, clip = aneurysm(2)
    number = f"2.25.{abs(hash((day, patient, diameter))) % 10**12}"
    uids = {"sop_instance_uid": number, "series_instance_uid": f"{number}1", "study_instance_uid": f"{number}2"}
    uids["sop_class_uid"] = "1.2.840.10008.5.1.4.1.1.3.1"
    clip = replace(clip, source=replace(clip.source, **uids))
    findings = [
        each.model_copy(update={"value": diameter, "interval": (diameter - 1, diameter + 1)}) if each.value else each
        for each in analysis.study.findings
    ]
    info = analysis.study.clip.model_copy(update=uids)
    study = analysis.study.model_copy(update={"findings": findings, "clip": info})
    dataset = Dataset()
    for keyword, value in {"PatientID": patient, "StudyDate": day, **header}.items():
        setattr(dataset, keyword, value)
    write_report(Analysis(study, analysis.outlines), clip, folder, "en", pdf=False, header=dataset)
    return folder


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("priors")
    return {
        "first": scan(out / "first", "20240301", "P1", 40.0, PatientSex="M"),
        "second": scan(out / "second", "20250301", "P1", 44.0, PatientSex="M"),
        "third": scan(out / "third", "20260301", "P1", 47.0, PatientSex="M"),
        "stranger": scan(out / "stranger", "20240401", "P2", 30.0),
        "namesake": scan(out / "namesake", "20240501", "P1", 30.0, PatientSex="F"),
        "nobody": scan(out / "nobody", "20240601", "ANONYMOUS", 30.0),
    }


def test_each_study_finds_the_latest_earlier_one_of_its_patient(studies: dict[str, Path]) -> None:
    pairs = {now.name: prior.name for prior, now in match_batch(studies.values())}
    assert pairs == {"second": "first", "third": "second"}


def test_strangers_are_refused(studies: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="different patients: the patient number"):
        compare_folders(studies["stranger"], studies["third"])
    with pytest.raises(UsageError, match="different patients: the sex"):
        compare_folders(studies["namesake"], studies["third"], same_patient=True)
    with pytest.raises(UsageError, match="no patient number"):
        compare_folders(studies["nobody"], studies["nobody"])
    with pytest.raises(UsageError, match="not earlier"):
        compare_folders(studies["third"], studies["first"])
    with pytest.raises(InputError, match=r"report\.json|sr\.dcm"):
        compare_folders(studies["first"].parent / "none", studies["third"])


def test_batch_writes_the_comparison_into_every_form_once(studies: dict[str, Path]) -> None:
    done = compare_batch(studies.values())
    assert {now.name: prior.name for now, prior in done.items()} == {"second": "first", "third": "second"}
    third = studies["third"]
    comparison = read_study(third).comparison
    assert comparison is not None
    assert comparison.growth[0].difference == pytest.approx(3.0)
    words = "difference +3.0 mm"
    assert words in (third / "report.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    bundle = json.loads((third / "fhir.json").read_text(encoding="utf-8"))
    assert any(words in str(entry["resource"].get("conclusion")) for entry in bundle["entry"])
    before = (third / "report.json").stat().st_mtime_ns
    assert compare_batch(studies.values()).keys() == done.keys()
    assert (third / "report.json").stat().st_mtime_ns == before


def test_signed_report_is_not_compared_afterwards(studies: dict[str, Path]) -> None:
    found = compare_folders(studies["first"], studies["third"])
    sign_report(studies["third"], "Dr Li")
    with pytest.raises(UsageError, match="compare first, then sign"):
        add_comparison(studies["third"], found)


def run(verb: object, *words: object) -> tuple[int, str]:
    app = Typer()
    app.command()(verb)  # type: ignore[type-var]
    done = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(done.exception, LingyinError):
        return done.exception.exit_code, str(done.exception)
    return done.exit_code, done.output


def test_compare_verb_tells_or_refuses(studies: dict[str, Path]) -> None:
    code, said = run(compare_verb, studies["first"] / "report.json", studies["second"] / "report.json")
    assert (code, "difference +4.0 mm" in said) == (0, True)
    code, said = run(compare_verb, studies["first"], studies["second"], "--json")
    assert json.loads(said)["days"] == 365
    code, said = run(compare_verb, studies["stranger"], studies["second"])
    assert (code, "different patients" in said) == (2, True)


def test_sign_verb_corrects_verifies_and_exports(studies: dict[str, Path], tmp_path: Path) -> None:
    second = studies["second"]
    code, said = run(sign_verb, second, "--by", "Dr Li", "--set", "abdominal_aorta_diameter=31")
    assert code == 0, said
    assert "changed   abdominal_aorta_diameter" in said
    code, said = run(sign_verb, second, "--verify", "--corrections", tmp_path / "labels")
    assert code == 0, said
    assert "1 signatures, unchanged" in said
    measured = (tmp_path / "labels" / "measure-abdominal_aorta_diameter.csv").read_text(encoding="utf-8").splitlines()
    assert measured[0] == "image,label,subject,split,mm_per_px"
    image, label, *_ = measured[1].split(",")
    assert label == "31"
    assert (tmp_path / "labels" / image).read_bytes()[:2] == b"\xff\xd8"
    assert run(sign_verb, second)[0] == 2
    assert run(sign_verb, second, "--set", "abdominal_aorta_diameter=31")[0] == 2
    path = second / "report.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"by": "Dr Li"', '"by": "Dr Lo"'), encoding="utf-8")
    code, said = run(sign_verb, second, "--verify")
    assert (code, "signature 1 was altered" in said) == (3, True)
