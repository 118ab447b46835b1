"""Whatever the API's own description allows, and more: no route answers with a defect (5xx) to any of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.serve.conftest import Served
from tests.serve.dicomweb.conftest import KIND, body

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

pytestmark = pytest.mark.slow
EXAMPLES = 25
BUSY = {503, 507}  # said on purpose, with the time to wait


@pytest.fixture
def described(online: tuple[Served, str], picture: bytes) -> tuple[Served, str, str, Any]:
    """A server, its address, the id of a finished report in it, and the server's description of itself."""
    served, url = online
    key = served.upload(("scan.png", picture)).json()["studies"][0]["id"]
    assert served.ended(key)["state"] == "done"
    return served, url, key, schemathesis.openapi.from_dict(served.client.get("/openapi.json").json())


@schemathesis.serializer("multipart/related")
def framed(_context: Any, value: Any) -> bytes:
    """A drawn body as the one part of a STOW-RS request."""
    return body(getattr(value, "data", str(value).encode("utf-8", "replace")))


def aim(case: Any, served: Served, key: str, real: bool) -> dict[str, str]:
    """Lets a drawn call meet the report that exists, so that more than "there is no such study" is tried; headers."""
    headers = {"Authorization": f"Bearer {served.token}"}
    if str(case.media_type).startswith("multipart/related"):
        headers["Content-Type"] = KIND
    if real and "key" in (case.path_parameters or {}) and case.method != "DELETE":
        case.path_parameters["key"] = key
        if isinstance(case.body, dict) and "seen_sha256" in case.body:
            case.body["seen_sha256"] = served.client.get(f"/studies/{key}").json()["report_sha256"]
    return headers


def try_out(operation: Any, served: Served, url: str, key: str) -> set[int]:
    """Draws requests for one route; the statuses of its answers, none of which is a defect."""
    seen: set[int] = set()

    @settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(), real=st.booleans())
    def draw(case: Any, real: bool) -> None:
        answer = case.call(headers=aim(case, served, key, real), base_url=url)
        seen.add(answer.status_code)
        assert answer.status_code < 500 or answer.status_code in BUSY, (answer.status_code, case.as_curl_command())

    draw()
    return seen


def test_no_drawn_request_meets_a_defect(described: tuple[Served, str, str, Any]) -> None:
    served, url, key, schema = described
    operations = [result.ok() for result in schema.get_all_operations()]
    tried = {each.label: try_out(each, served, url, key) for each in operations}
    assert len(tried) > 10
    assert [label for label, seen in tried.items() if not seen or seen == {401}] == [], "every route was reached"
    assert {200, 404, 422} <= set.union(*tried.values()), "and more than its refusals"
