"""Token and sessions: stored hashed in a file of mode 600, exchanged for a strict cookie, ended when they should."""

from __future__ import annotations

import stat
from typing import Any

from lingyin.serve.access import MAX_REFUSED
from tests.serve.conftest import Served

WRITE = {"X-Lingyin": "1"}


def test_token_is_stored_hashed_for_the_owner_only(served: Served) -> None:
    path = served.settings.token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert served.token not in path.read_text()
    assert len(path.read_text()) == 64
    everything = b"".join(each.read_bytes() for each in served.settings.data.rglob("*") if each.is_file())
    assert served.token.encode() not in everything
    assert stat.S_IMODE(served.settings.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(served.settings.database.stat().st_mode) == 0o600


def test_cookie_is_strict_and_hidden_from_scripts_and_ends_with_logout(served: Served) -> None:
    answer = served.stranger.post("/session", json={"token": served.token}, headers=WRITE)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    secret = served.stranger.cookies["lingyin"]
    assert secret != served.token
    assert served.stranger.delete("/session", headers=WRITE).status_code == 204
    assert served.stranger.get("/studies", headers={"Cookie": f"lingyin={secret}"}).status_code == 401


def test_wrong_token_opens_nothing_and_is_noted(served: Served) -> None:
    answer = served.stranger.post("/session", json={"token": "wrong"}, headers=WRITE)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert served.client.get("/audit").json()["lines"][0]["action"] == "refused login"


def test_many_wrong_tokens_are_slowed_and_do_not_fill_the_log(served: Served) -> None:
    answers = [served.stranger.post("/session", json={"token": "wrong"}, headers=WRITE) for _ in range(MAX_REFUSED + 5)]
    assert [answer.status_code for answer in answers] == [401] * MAX_REFUSED + [429] * 5
    assert answers[-1].headers["retry-after"] == "60"
    assert served.client.get("/audit").json()["total"] == MAX_REFUSED
    right = served.stranger.post("/session", json={"token": served.token}, headers=WRITE)
    assert right.status_code == 204, "others' mistakes keep nobody out"


def test_new_token_ends_the_old_one_and_all_sessions(served: Served) -> None:
    served.stranger.post("/session", json={"token": served.token}, headers=WRITE)
    assert served.stranger.get("/health").status_code == 200
    served.access.new_token()
    assert served.stranger.get("/health").status_code == 401
    assert served.client.get("/health").status_code == 401


def test_session_runs_out(serve: Any) -> None:
    with serve(session_s=-1) as served:
        served.stranger.post("/session", json={"token": served.token}, headers=WRITE)
        assert served.stranger.get("/health").status_code == 401


def test_audit_says_who_did_what(served: Served) -> None:
    served.stranger.post("/session", json={"token": served.token}, headers=WRITE)
    key = served.upload(("secret-name.png", b"\x89PNG\r\n\x1a\nx")).json()["studies"][0]["id"]
    served.ended(key)
    served.stranger.delete(f"/studies/{key}", headers=WRITE)
    page = served.client.get("/audit", params={"limit": 3}).json()
    assert [line["action"] for line in page["lines"]] == ["delete", "upload", "login"]
    assert page["lines"][0]["who"].startswith("session:")
    assert page["lines"][1]["who"] == "token"
    assert page["lines"][0]["study"] == key
    assert "secret-name" not in str(page)
