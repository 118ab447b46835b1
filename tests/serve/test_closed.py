"""Closed by default: no token no data at any route, other names and other sites are turned away, headers everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.serve.conftest import BASE, Served

OPEN = {("GET", "/"), ("GET", "/page/{name}"), ("POST", "/session")}
WRITE = {"X-Lingyin": "1"}


def routes(router: Any) -> Iterator[tuple[str, str]]:
    """Every method and path of an application, those of its included routers too."""
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes(inner)
        else:
            for method in route.methods:
                yield method, route.path


def test_every_route_but_the_shell_needs_the_token(served: Served) -> None:
    found = set(routes(served.app))
    assert {("GET", "/studies"), ("DELETE", "/studies/{key}"), ("GET", "/openapi.json"), ("GET", "/audit")} <= found
    for method, path in found:
        if (method, path) in OPEN or method == "HEAD":
            continue
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "lingyin=wrong"}, {"Authorization": "x"}):
            answer = served.stranger.request(method, path, headers={**WRITE, **headers})
            assert answer.status_code == 401, (method, path, headers)
            assert answer.json() == {"detail": "a token is needed"}


@pytest.mark.parametrize("path", ["/nothing", "/docs", "/redoc", "/page", "/studies/", "/%2e%2e/token"])
def test_unknown_paths_need_the_token_too(served: Served, path: str) -> None:
    assert served.stranger.get(path).status_code == 401


def test_shell_is_open_and_holds_only_its_own_parts(served: Served) -> None:
    for name in ("page.css", "report.css", "app.js", "words.js", "words.json"):
        assert served.stranger.get(f"/page/{name}").status_code == 200
    assert "<h1" in served.stranger.get("/").text
    for name in ("..%2fapp.py", "app.py", "schema.sql", "%2e%2e%2fphrases.toml"):
        assert served.stranger.get(f"/page/{name}").status_code in (401, 404)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "["])
def test_other_host_names_are_turned_away(served: Served, host: str) -> None:
    assert served.client.get("/studies", headers={"Host": host}).status_code == 421
    assert served.stranger.get("/", headers={"Host": host}).status_code == 421


def test_own_names_and_plain_addresses_are_known(serve: Any) -> None:
    with serve(names=("Ward.local",)) as served:
        for host in ("127.0.0.1:8765", "localhost", "[::1]:8765", "192.168.1.4", "ward.local:80"):
            assert served.client.get("/studies", headers={"Host": host}).status_code == 200


def test_cookie_writes_need_the_header_and_the_own_site(served: Served) -> None:
    browser = served.stranger
    assert browser.post("/session", json={"token": served.token}, headers=WRITE).status_code == 204
    assert browser.get("/studies").status_code == 200
    for headers in ({}, {**WRITE, "Origin": "https://evil.example"}, {**WRITE, "Origin": "null"}):
        for method, path in (("DELETE", "/studies/x"), ("POST", "/studies"), ("DELETE", "/session")):
            assert browser.request(method, path, headers=headers).status_code == 403, (method, headers)
    assert browser.delete("/studies/x", headers={**WRITE, "Origin": BASE}).status_code == 404


def test_login_from_another_site_is_refused(served: Served) -> None:
    assert served.stranger.post("/session", json={"token": served.token}).status_code == 403


def test_headers_stand_on_every_answer(served: Served) -> None:
    answers = [
        served.stranger.get("/"),
        served.stranger.get("/studies"),
        served.stranger.get("/", headers={"Host": "evil.example"}),
        served.client.get("/studies"),
        served.client.get("/studies/none"),
        served.client.post("/studies"),
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_api_description_is_complete(served: Served) -> None:
    described = served.client.get("/openapi.json").json()
    shown = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    assert ("POST", "/studies") in shown
    assert "503" in described["paths"]["/studies"]["post"]["responses"]
    assert {path for _, path in routes(served.app)} - {path for _, path in shown} == {
        "/",
        "/page/{name}",
        "/openapi.json",
        "/studies/{key}/files/{name:path}",  # described as {name}
    }
