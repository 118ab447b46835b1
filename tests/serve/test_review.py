"""The physician's work through the API: what was seen is signed, once; priors are found; agreement, labels follow."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lingyin.io.phantom import make_phantom, write_phantom
from lingyin.report.reopen import read_study
from lingyin.report.review import problems_of
from tests.serve.conftest import Served

DIAMETER = "abdominal_aorta_diameter"


def aorta(tmp_path: Path, name: str, day: str, diameter: float, patient: str = "LY-0042") -> tuple[str, bytes]:
    """A phantom scan of one patient on one day."""
    import pydicom

    path = tmp_path / name
    write_phantom(make_phantom("aorta", seed=7, diameter_mm=diameter, frames=4), path)
    dataset = pydicom.dcmread(path)
    dataset.PatientID, dataset.StudyDate, dataset.PatientSex = patient, day, "M"
    dataset.StudyInstanceUID = dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = (
        f"2.25.{int(hashlib.sha256(name.encode()).hexdigest()[:20], 16)}"
    )
    dataset.save_as(path)
    return name, path.read_bytes()


@pytest.fixture
def study(served: Served, tmp_path: Path) -> dict[str, Any]:
    """A done study of an aneurysm."""
    scan = aorta(tmp_path, "aorta.dcm", "20250301", 47.0)
    return served.ended(served.upload(scan).json()["studies"][0]["id"])


def signing(study: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"by": "Dr Wang", "seen_sha256": study["report_sha256"], **fields}


def test_signature_corrects_and_moves_the_study_and_is_noted(served: Served, study: dict[str, Any]) -> None:
    key = study["id"]
    assert (study["status"], study["triage"]) == ("preliminary", "abnormal")
    edits = [{"action": "set", "code": DIAMETER, "value": 21.0}]
    answer = served.client.post(f"/studies/{key}/signature", json=signing(study, edits=edits, comment="measured again"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["triage"] == "normal"
    after = served.client.get(f"/studies/{key}").json()
    assert (after["status"], after["triage"]) == ("final", "normal")
    stored = read_study(served.settings.reports / key)
    assert problems_of(stored) == []
    assert stored.signatures[0].before.triage == "abnormal"
    line = served.client.get("/audit").json()["lines"][0]
    assert line["action"] == f"sign {answer.json()['sha256'][:16]}"
    assert line["study"] == key
    assert served.client.get("/studies?state=ended").json()["studies"][0]["status"] == "final"
    (month,) = served.client.get("/agreement").json()
    assert (month["reports"], month["changed"], month["rejected"]) == (1, 1, 0)
    pack = zipfile.ZipFile(io.BytesIO(served.client.get("/corrections.zip").content))
    assert {"corrections.csv", "describe.csv", f"measure-{DIAMETER}.csv"} <= set(pack.namelist())
    assert b",21," in pack.read(f"measure-{DIAMETER}.csv")
    assert list(served.settings.temporary.iterdir()) == []


def test_all_files_come_in_one_and_the_log_tells_who_took_them(served: Served, study: dict[str, Any]) -> None:
    answer = served.client.get(f"/studies/{study['id']}/report.zip")
    pack = zipfile.ZipFile(io.BytesIO(answer.content))
    assert {"report.pdf", "report.html", "report.json", "fhir.json", "dicom/sr.dcm"} <= set(pack.namelist())
    log = served.client.get("/audit", params={"study": study["id"]}).json()
    assert [line["action"] for line in log["lines"]] == ["view report.zip", "upload"]
    assert log["total"] == 2
    assert served.client.get("/audit", params={"study": "none"}).json()["total"] == 0


def test_what_was_not_seen_is_not_signed(served: Served, study: dict[str, Any]) -> None:
    url = f"/studies/{study['id']}/signature"
    assert served.client.post(url, json=signing(study)).status_code == 200
    again = served.client.post(url, json=signing(study))
    assert again.status_code == 409
    assert "not the one you saw" in again.json()["detail"]


def test_report_changed_behind_the_servers_back_is_not_signed(served: Served, study: dict[str, Any]) -> None:
    """Whoever takes the signatures out of a file computes no hash wrongly, but the server remembers the last one."""
    key = study["id"]
    served.client.post(f"/studies/{key}/signature", json=signing(study))
    path = served.settings.reports / key / "report.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    report |= {"signatures": [], "status": "preliminary"}
    path.write_text(json.dumps(report), encoding="utf-8")
    seen = served.client.get(f"/studies/{key}").json()
    refused = served.client.post(f"/studies/{key}/signature", json=signing(seen))
    assert refused.status_code == 409
    assert "outside this server" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"by": ""}, 422),
        ({"by": " "}, 422),
        ({"edits": [{"action": "reject", "code": "spleen"}]}, 422),
        ({"edits": [{"action": "set", "code": DIAMETER}]}, 422),
        ({"edits": [{"action": "set", "code": DIAMETER, "value": "tall"}]}, 422),
        ({"seen_sha256": "0" * 64}, 409),
    ],
)
def test_wrong_requests_change_nothing(
    served: Served, study: dict[str, Any], fields: dict[str, Any], status: int
) -> None:
    answer = served.client.post(f"/studies/{study['id']}/signature", json=signing(study) | fields)
    assert answer.status_code == status, answer.text
    assert served.client.get(f"/studies/{study['id']}").json()["report_sha256"] == study["report_sha256"]


def test_study_without_a_report_cannot_be_signed(served: Served) -> None:
    assert served.client.post("/studies/none/signature", json=signing({"report_sha256": "0" * 64})).status_code == 404
    assert served.client.get("/corrections.zip").status_code == 404


def test_later_study_of_the_patient_is_compared_and_the_prior_offered(
    served: Served, study: dict[str, Any], tmp_path: Path
) -> None:
    other = served.upload(aorta(tmp_path, "other.dcm", "20260301", 52.0, patient="LY-0099")).json()["studies"][0]["id"]
    assert served.ended(other)["state"] == "done"
    later = served.upload(aorta(tmp_path, "later.dcm", "20260301", 52.0)).json()["studies"][0]["id"]
    assert served.ended(later)["state"] == "done"
    report = served.client.get(f"/studies/{later}/files/report.json").json()
    assert report["comparison"]["prior_date"] == "2025-03-01"
    growth = report["comparison"]["growth"][0]
    assert growth["per_year"] == pytest.approx(5.0, abs=2.5)
    (offered,) = served.client.get(f"/studies/{later}/others").json()
    assert (offered["id"], offered["made"]) == (study["id"], "2025-03-01")
    assert served.client.get(f"/studies/{other}/files/report.json").json()["comparison"] is None
    served.client.delete(f"/studies/{study['id']}")
    assert served.client.get(f"/studies/{later}/others").json() == []
    with served.access._database.reading() as db:
        rows = " ".join(
            str(tuple(row)) for table in ("patients", "reviews") for row in db.execute(f"SELECT * FROM {table}")
        )
    assert "LY-0042" not in rows


def test_dicom_results_carry_the_patient_of_the_upload(served: Served, study: dict[str, Any]) -> None:
    import pydicom

    for name in ("sr.dcm", "pdf.dcm"):
        dataset = pydicom.dcmread(served.settings.reports / study["id"] / "dicom" / name, stop_before_pixels=True)
        assert (dataset.PatientID, dataset.StudyDate) == ("LY-0042", "20250301")


def test_catalogue_names_what_may_be_added(served: Served) -> None:
    entries = {each["code"]: each for each in served.client.get("/catalogue").json()}
    assert entries[DIAMETER]["unit"] == "mm"
    assert entries["abdominal_aortic_aneurysm"]["unit"] is None
    assert entries["abdominal_aortic_aneurysm"]["name"]["zh-Hans"] == "腹主动脉瘤"
