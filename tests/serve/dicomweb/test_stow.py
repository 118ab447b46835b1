"""STOW-RS judges each object by its content, keeps all that is good or nothing, and leaves no trace after deletion."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import CTImageStorage

from lingyin.serve.dicomweb.stow import CANNOT_UNDERSTAND, MISMATCH, NOT_SUPPORTED, shown_name
from lingyin.serve.keeping import backup, restore
from lingyin.serve.settings import Settings
from tests.serve.conftest import Held, Serve, Served, serving
from tests.serve.dicomweb.conftest import KIND, Scan, body, only_study, packed, stow


def failures(answer: Any) -> dict[str, int]:
    told = Dataset.from_json(answer.json())
    return {each.ReferencedSOPInstanceUID: each.FailureReason for each in told.get("FailedSOPSequence", [])}


def assert_nothing_kept(served: Served) -> None:
    assert served.client.get("/studies").json()["total"] == 0
    assert served.client.get("/dicomweb/instances").json() == []
    for folder in (served.settings.scans, served.settings.uploads, served.settings.temporary):
        assert list(folder.iterdir()) == []


def test_good_and_bad_objects_are_told_apart(served: Served, scan: Scan) -> None:
    good, other = scan(), scan()
    foreign = scan(StudyInstanceUID=good.StudyInstanceUID, SOPClassUID=CTImageStorage, Modality="CT")
    answer = stow(served, good, foreign, other, b"%PDF-1.7", study=f"/{good.StudyInstanceUID}")
    assert answer.status_code == 202
    assert failures(answer) == {foreign.SOPInstanceUID: NOT_SUPPORTED, other.SOPInstanceUID: MISMATCH}
    told = Dataset.from_json(answer.json())
    assert [each.FailureReason for each in told.OtherFailuresSequence] == [CANNOT_UNDERSTAND]
    (taken,) = told.ReferencedSOPSequence
    assert taken.ReferencedSOPInstanceUID == good.SOPInstanceUID
    assert served.client.get(taken.RetrieveURL, headers={"Accept": "application/dicom"}).content == packed(good)
    assert served.client.get("/studies").json()["total"] == 1


def test_what_is_no_scan_is_409_whatever_it_says_it_is(served: Served, scan: Scan) -> None:
    bare = packed(scan())[132:]  # without the preamble it is no file of PS3.10
    for content in (b"", b"hello", b"%PDF-1.7", b"\0" * 128 + b"DICM", b"\x89PNG\r\n\x1a\n" + b"x" * 99, bare):
        answer = stow(served, content)
        assert answer.status_code == 409, content
        assert answer.headers["content-type"] == "application/dicom+json"
    assert_nothing_kept(served)


def test_every_cut_of_a_scan_is_answered(served: Served, scan: Scan) -> None:
    whole = packed(scan())
    for size in [*range(132, 700, 53), len(whole) // 2]:
        assert stow(served, whole[:size]).status_code in {200, 409}


def test_identifiers_that_lead_elsewhere_are_not_understood(served: Served, scan: Scan) -> None:
    wrong = scan()
    uid = wrong.StudyInstanceUID.encode()
    raw = packed(wrong).replace(uid, b"../../../etc/".ljust(len(uid), b"x"), 1)
    assert stow(served, raw).status_code == 409
    assert_nothing_kept(served)


def test_same_object_again_is_fine_and_not_analysed_twice(served: Served, scan: Scan) -> None:
    twice = scan()
    assert stow(served, twice, twice).status_code == 200
    study = only_study(served)
    assert stow(served, scan(SOPInstanceUID=twice.SOPInstanceUID)).status_code == 200, "the first one stays"
    assert only_study(served) == study
    assert len(list(served.settings.scans.iterdir())) == 1


def test_own_results_are_not_analysed_again(served: Served, scan: Scan) -> None:
    assert stow(served, scan()).status_code == 200
    study = only_study(served)
    results = [path.read_bytes() for path in (served.settings.reports / study["id"] / "dicom").glob("*.dcm")]
    served.client.delete(f"/studies/{study['id']}")
    answer = stow(served, *results)
    assert answer.status_code == 409
    assert set(failures(answer).values()) == {NOT_SUPPORTED}
    assert_nothing_kept(served)


def test_bodies_that_are_not_what_they_say(served: Served) -> None:
    for kind, content, status in (
        ("application/dicom", b"", 415),
        ("multipart/related; boundary=line", body(b"x"), 415),
        ('multipart/related; type="application/dicom"', body(b"x"), 415),
        ('multipart/related; type="application/dicom+xml"; boundary=line', body(b"x"), 415),
        ("multipart/form-data; boundary=line", body(b"x"), 415),
        (KIND, b"", 400),
        (KIND, b"no part", 400),
        (KIND, body(b"x")[:-2], 400),
        (KIND.replace("line", "b" * 300), b"--" + b"b" * 300, 400),
    ):
        answer = served.client.post("/dicomweb/studies", content=content, headers={"Content-Type": kind})
        assert answer.status_code == status, (kind, content)
    assert_nothing_kept(served)


def test_limits_hold_here_too(serve: Serve, held: Held, scan: Scan) -> None:
    with serve(held, max_waiting=2) as served:
        answer = stow(served, scan(), scan(), scan())
        assert answer.status_code == 400, "more parts than may ever wait"
        assert stow(served, scan()).status_code == 200
        answer = stow(served, scan(), scan())
        assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
        assert len(list(served.settings.scans.iterdir())) == 1, "all or none"
        assert len(list(served.settings.uploads.iterdir())) == 1
        assert stow(served, scan()).status_code == 200
        assert stow(served, scan()).status_code == 503
        held.go.set()


def test_too_large_is_413(serve: Serve, scan: Scan) -> None:
    with serve(max_upload_bytes=100_000) as served:
        assert stow(served, scan()).status_code == 413
        assert_nothing_kept(served)


def test_order_of_arrival_is_the_order_of_the_queue(serve: Serve, held: Held, scan: Scan) -> None:
    with serve(held) as served:
        stow(served, *(scan(InstanceNumber=number) for number in (3, 1, 2)))
        stow(served, scan(InstanceNumber=4))
        waiting = served.client.get("/studies", params={"state": "waiting"}).json()["studies"]
        assert [study["name"] for study in waiting] == [f"US 2025-03-01 2.{number}" for number in (3, 1, 2, 4)]
        held.go.set()


def test_deletion_leaves_no_word_of_the_patient_in_any_file(served: Served, scan: Scan) -> None:
    stow(served, scan(PatientName="Geheim^Gerda", PatientID="G-4711"))
    study = only_study(served)
    assert len(served.client.get("/dicomweb/instances").json()) > 1
    served.client.delete(f"/studies/{study['id']}")
    assert_nothing_kept(served)
    everything = b"".join(each.read_bytes() for each in served.settings.data.rglob("*") if each.is_file())
    assert b"Geheim" not in everything
    assert b"G-4711" not in everything


def test_kept_scan_survives_a_restart_and_comes_back_from_a_backup(tmp_path: Path, engine: Any, scan: Scan) -> None:
    sent = scan()
    address = f"/dicomweb/studies/{sent.StudyInstanceUID}"
    with serving(tmp_path, engine) as served:
        stow(served, sent)
        only_study(served)
        (served.settings.scans / "stray.dcm").write_bytes(b"of a killed process")
    with serving(tmp_path, engine) as served:
        assert len(list(served.settings.scans.iterdir())) == 1
        before = served.client.get(f"{address}/metadata").json()
        backup(served.settings, tmp_path / "ward.tar")
    restore(Settings(tmp_path / "again" / "data"), tmp_path / "ward.tar")
    with serving(tmp_path / "again", engine) as served:
        assert served.client.get(f"{address}/metadata").json() == before
        fetched = served.client.get(
            f"{address}/series/{sent.SeriesInstanceUID}/instances/{sent.SOPInstanceUID}",
            headers={"Accept": "application/dicom; transfer-syntax=*"},
        )
        assert fetched.content == packed(sent)


def test_scan_without_a_file_name_is_called_by_what_is_no_patient() -> None:
    header = Dataset()
    assert shown_name(header) == "US"
    header.PatientName, header.StudyDate, header.InstanceNumber = "Wang^Wei", "20250301", 7
    assert shown_name(header) == "US 2025-03-01 7"


def test_damaged_value_in_a_header_is_not_quoted_in_the_log(
    served: Served, scan: Scan, caplog: pytest.LogCaptureFixture
) -> None:
    sent = scan()
    raw = packed(sent).replace(b"DA\x08\x0020250301", b"DA\x08\x00ZhangSan", 1)
    assert b"ZhangSan" in raw
    with caplog.at_level(logging.DEBUG):
        assert stow(served, raw).status_code == 200
        assert only_study(served)["state"] == "done"
        (header,) = [
            each
            for each in served.client.get(f"/dicomweb/studies/{sent.StudyInstanceUID}/metadata").json()
            if each["00080018"]["Value"] == [sent.SOPInstanceUID]
        ]
    assert header["00100020"]["Value"] == ["LY-7"]
    assert "ZhangSan" not in caplog.text
