"""The main journey over the API: a scan is uploaded, analysed, its report read and nothing else, and it is deleted."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.serve.conftest import Held, Serve, Served


def test_real_cine_becomes_a_report(served: Served, real_cine: Path) -> None:
    answer = served.upload(("heart.dcm", real_cine.read_bytes()))
    assert answer.status_code == 202
    assert answer.json()["refused"] == []
    study = served.ended(answer.json()["studies"][0]["id"])
    assert (study["state"], study["name"], study["organ"]["en"]) == ("done", "heart.dcm", "heart")
    assert study["triage"] in {"urgent", "abnormal", "normal", "cannot-say"}
    assert {"report.html", "report.json", "overlay.mp4"} <= set(study["files"])
    base = f"/studies/{study['id']}/files"
    report = served.client.get(f"{base}/report.json").json()
    assert report["clip"]["source"] == "heart.dcm"
    assert report["triage"] == study["triage"]
    page = served.client.get(f"{base}/report.html")
    assert page.headers["content-disposition"].startswith("inline")
    assert page.headers["content-security-policy"].startswith("sandbox allow-scripts;")
    assert page.headers["x-frame-options"] == "SAMEORIGIN"
    assert str(served.settings.data) not in page.text
    assert served.client.get(f"{base}/overlay.mp4").headers["content-disposition"].startswith("attachment")
    assert list(served.settings.uploads.iterdir()) == [], "the scan goes once its report is written"
    assert list(served.settings.temporary.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["../../token", "..%2f..%2ftoken", "%2e%2e/%2e%2e/lingyin.sqlite", "/etc/passwd", "%2fetc%2fpasswd", "", "."],
)
def test_files_outside_the_report_do_not_exist(served: Served, picture: bytes, name: str) -> None:
    key = served.upload(("a.png", picture)).json()["studies"][0]["id"]
    assert served.ended(key)["state"] == "done"
    (served.settings.reports / key / "link").symlink_to(served.settings.token)
    for path in (name, "link"):
        answer = served.client.get(f"/studies/{key}/files/{path}")
        assert answer.status_code == 404, path
    assert "link" not in served.client.get(f"/studies/{key}").json()["files"]


def test_many_files_and_an_archive(served: Served, picture: bytes) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ward/one.png", picture)
        archive.writestr("ward/two.png", picture)
        archive.writestr("notes.txt", "nothing")
    answer = served.upload(
        ("folder\\plain.png", picture),
        ("cd.zip", packed.getvalue()),
        ("letter.txt", b"Dear colleague"),
    ).json()
    assert [study["name"] for study in answer["studies"]] == ["plain.png", "cd.zip/one.png", "cd.zip/two.png"]
    assert [refusal["name"] for refusal in answer["refused"]] == ["letter.txt"]
    assert answer["refused"][0]["reason"].startswith("letter.txt: is no scan")
    ended = [served.ended(study["id"]) for study in answer["studies"]]
    assert [study["state"] for study in ended] == ["done"] * 3
    assert list(served.settings.uploads.iterdir()) == []


def test_spacing_comes_from_the_form_or_a_sidecar(serve: Serve, held: Held, picture: bytes) -> None:
    held.go.set()
    with serve(held) as served:
        beside = ("b.png.json", json.dumps({"mm_per_px": 0.25}).encode())
        for answer in (
            served.upload(("a.png", picture), mm_per_px="0.3"),
            served.upload(beside, ("b.png", picture)),
            served.upload(("c.png", picture)),
        ):
            (study,) = answer.json()["studies"]
            assert served.ended(study["id"])["state"] == "done"
        assert served.upload(("a.png", picture), mm_per_px="-1").status_code == 422
    assert [spacing for spacing in held.spacings if spacing] == [0.3, 0.25]


def test_damaged_scan_fails_with_its_own_name(served: Served, real_cine: Path) -> None:
    key = served.upload(("cut.dcm", real_cine.read_bytes()[:5000])).json()["studies"][0]["id"]
    study = served.ended(key)
    assert study["state"] == "failed"
    assert study["error"].startswith("cut.dcm: ")
    assert str(served.settings.data) not in study["error"]
    assert study["files"] == []
    assert served.client.get(f"/studies/{key}/files/report.html").status_code == 404


def test_delete_leaves_nothing_but_a_line(served: Served, picture: bytes) -> None:
    key = served.upload(("Zhang-San-1970.png", picture)).json()["studies"][0]["id"]
    served.ended(key)
    assert served.client.delete(f"/studies/{key}").status_code == 204
    assert served.client.get(f"/studies/{key}").status_code == 404
    assert served.client.delete(f"/studies/{key}").status_code == 404
    assert served.client.get("/studies").json()["total"] == 0
    assert not (served.settings.reports / key).exists()
    everything = b"".join(each.read_bytes() for each in served.settings.data.rglob("*") if each.is_file())
    assert b"Zhang-San" not in everything
    assert served.client.get("/audit").json()["lines"][0]["study"] == key


def test_deleting_a_running_study_leaves_nothing(serve: Serve, held: Held, picture: bytes) -> None:
    with serve(held) as served:
        first, second = (
            served.upload((name, picture)).json()["studies"][0]["id"] for name in ("first.png", "second.png")
        )
        assert held.entered.wait(10)
        assert served.client.delete(f"/studies/{first}").status_code == 204
        held.go.set()
        assert served.ended(second)["state"] == "done"
        assert [path.name for path in served.settings.reports.iterdir()] == [second]
        assert list(served.settings.uploads.iterdir()) == []
