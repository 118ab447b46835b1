"""What leaves: results follow signatures, a form nobody can give is 406, reading is noted, nothing else is reached."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.serve.conftest import Served, serving
from tests.serve.dicomweb.conftest import Scan, only_study, stow

JPEG = "1.2.840.10008.1.2.4.50"


Shelf = tuple[Served, str]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("", 200),
        ("*/*", 200),
        ("application/dicom", 200),
        ('multipart/related; type="application/dicom"', 200),
        ('multipart/related; type="application/dicom"; transfer-syntax=*', 200),
        (f'multipart/related; type="application/dicom"; transfer-syntax={JPEG}, */*', 200),
        (f'multipart/related; type="application/dicom"; transfer-syntax={JPEG}', 406),
        ('multipart/related; type="application/octet-stream"', 406),
        ("image/png", 406),
        ('"', 406),
    ],
)
def test_form_of_the_answer(shelf: Shelf, accept: str, status: int) -> None:
    served, address = shelf
    answer = served.client.get(address, headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_one_file_alone_is_for_one_object(shelf: Shelf) -> None:
    served, address = shelf
    study = address.partition("/series/")[0]
    assert served.client.get(study, headers={"Accept": "application/dicom"}).status_code == 406
    assert served.client.get(study).headers["content-type"].startswith("multipart/related;")


def test_headers_are_json_only(shelf: Shelf) -> None:
    served, address = shelf
    assert served.client.get(f"{address}/metadata", headers={"Accept": "application/dicom+xml"}).status_code == 406
    assert served.client.get("/dicomweb/studies", headers={"Accept": "application/dicom+xml"}).status_code == 406
    answer = served.client.get(f"{address}/metadata", headers={"Accept": "application/json"})
    assert answer.headers["content-type"] == "application/dicom+json"
    assert answer.json()[0]["00080005"] == {"vr": "CS", "Value": ["ISO_IR 192"]}


@pytest.mark.parametrize("place", ["/studies/1.2.3", "/studies/1.2.3/metadata", "/studies/1.2/series/3/instances/4"])
def test_unknown_objects_are_404(shelf: Shelf, place: str) -> None:
    served, _ = shelf
    assert served.client.get(f"/dicomweb{place}").status_code == 404


@pytest.mark.parametrize("name", ["..", "%2e%2e", "..%2f..%2ftoken", "1.2'--", "a"])
def test_what_is_no_identifier_is_refused(served: Served, name: str) -> None:
    assert served.client.get(f"/dicomweb/studies/{name}/metadata").status_code in {404, 422}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("PatientID=LY-7", 200),
        ("00100020=LY-7", 200),
        ("PatientID=", 200),
        ("includefield=all", 200),
        ("includefield=00081030,StudyDescription&fuzzymatching=true", 200),
        ("limit=0", 200),
        ("Nonsense=1", 400),
        ("SOPInstanceUID=1.2", 400),
        ("PixelData=1", 400),
        ("includefield=Nonsense", 400),
        ("limit=-1", 400),
        ("offset=x", 400),
        ("limit=99999999999999999999&offset=99999999999999999999", 200),
        ("PatientName=" + "*a" * 600, 400),
    ],
)
def test_searches_that_are_understood_or_not(shelf: Shelf, query: str, status: int) -> None:
    served, _ = shelf
    answer = served.client.get(f"/dicomweb/studies?{query}")
    assert answer.status_code == status
    if status == 200 and "limit" not in query:
        assert len(answer.json()) == 1


def test_rest_of_a_search_is_announced(shelf: Shelf) -> None:
    served, _ = shelf
    answer = served.client.get("/dicomweb/instances?limit=1")
    assert len(answer.json()) == 1
    total = len(served.client.get("/dicomweb/instances").json())
    assert answer.headers["warning"].startswith(f'299 - "{total - 1} more')


def test_reading_is_noted_without_a_word_of_the_patient(shelf: Shelf) -> None:
    served, address = shelf
    served.client.get("/dicomweb/studies?PatientName=Wang*")
    served.client.get(f"{address}/metadata")
    served.client.get(address)
    page = served.client.get("/audit", params={"limit": 3}).json()
    assert [line["action"] for line in page["lines"]] == [
        "fetch over DICOMweb",
        "fetch headers over DICOMweb",
        "search over DICOMweb",
    ]
    assert page["lines"][0]["study"] == only_study(served)["id"]
    assert "Wang" not in json.dumps(page)


def kinds(served: Served) -> list[str]:
    entries = served.client.get("/dicomweb/instances").json()
    return sorted(each["00080018"]["Value"][0] for each in entries)


def test_signed_results_take_the_place_of_the_earlier_ones(served: Served, scan: Scan) -> None:
    stow(served, scan())
    study, before = only_study(served), kinds(served)
    signing = {"by": "Dr Wang", "seen_sha256": study["report_sha256"]}
    assert served.client.post(f"/studies/{study['id']}/signature", json=signing).status_code == 200
    after = kinds(served)
    assert after != before
    for uid in after:
        (entry,) = served.client.get(f"/dicomweb/instances?SOPInstanceUID={uid}").json()
        assert served.client.get(entry["00081190"]["Value"][0]).status_code == 200


def test_reports_of_an_earlier_release_are_listed_at_the_start(tmp_path: Path, engine: Any, picture: bytes) -> None:
    with serving(tmp_path, engine) as served:
        served.ended(served.upload(("a.png", picture)).json()["studies"][0]["id"])
        before = kinds(served)
        parts = served.app.state.parts
        with parts.reviews.database.transaction() as db:
            db.execute("DELETE FROM instances")
            db.execute("DELETE FROM indexed")
        assert kinds(served) == []
    with serving(tmp_path, engine) as served:
        assert served.app.state.parts.index.catch_up(parts.store.done()) in {0, 1}
        assert kinds(served) == before != []
