"""Logs and answers keep silent: no file name, no patient data, not even in the words of an exception."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from lingyin.core.clip import Clip
from lingyin.core.study import Analysis
from tests.serve.conftest import Serve, Served

SECRET = "Zhang-San-1970"


class Broken:
    """An engine with a defect whose words quote the patient."""

    def analyze(self, clip: Clip, progress: Callable[[str, int, int], None] | None = None) -> Analysis:
        raise ValueError(f"PatientName {SECRET}")


def test_defect_of_the_engine_fails_one_study_and_names_no_patient_in_the_log(
    serve: Serve, picture: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="lingyin"), serve(Broken()) as served:
        key = served.upload((f"{SECRET}.png", picture)).json()["studies"][0]["id"]
        study = served.ended(key)
        assert study["state"] == "failed"
        assert study["error"] == f"{SECRET}.png: a defect of the program (ValueError); please report it"
        assert served.client.get("/health").json()["status"] == "ok", "the worker goes on"
    assert f"study {key} met a defect: ValueError" in caplog.text
    assert SECRET not in caplog.text


def test_defect_of_a_route_is_500_without_a_word_of_it(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise KeyError(SECRET)

    monkeypatch.setattr(served.app.state.parts.store, "page", broken)
    answer = served.client.get("/studies")
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert "KeyError" in caplog.text
    assert SECRET not in caplog.text


def test_damaged_scan_is_not_named_in_the_log(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="lingyin"):
        served.ended(served.upload((f"{SECRET}.png", b"\x89PNG\r\n\x1a\nx")).json()["studies"][0]["id"])
    assert "cannot be read: UnreadableError" in caplog.text
    assert SECRET not in caplog.text
