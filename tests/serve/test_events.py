"""The event stream: stages as they come, progress between 0 and 1, one end, also for what ended long ago."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

from tests.serve.conftest import Held, Serve, Served


def parsed(text: str) -> list[tuple[str, dict[str, Any]]]:
    events = []
    for block in text.strip().split("\n\n"):
        if block.startswith(":"):
            continue  # a comment that keeps the line open on a slow machine
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        events.append((fields["event"], json.loads(fields["data"])))
    return events


def test_stages_then_done(served: Served, real_cine: Path) -> None:
    key = served.upload(("heart.dcm", real_cine.read_bytes())).json()["studies"][0]["id"]
    answer = served.client.get(f"/studies/{key}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = parsed(answer.text)
    assert [kind for kind, _ in events[:-1]] == ["stage"] * (len(events) - 1)
    assert events[-1][0] == "done"
    assert events[-1][1]["state"] == "done"
    stages = [study["stage"] for _, study in events]
    assert "network" in stages
    assert all(0 <= study["progress"] <= 1 for _, study in events)
    again = parsed(served.client.get(f"/studies/{key}/events").text)
    assert [kind for kind, _ in again] == ["done"]


def test_deleted_study_ends_its_stream(serve: Serve, held: Held, picture: bytes) -> None:
    with serve(held) as served:
        key = served.upload(("a.png", picture)).json()["studies"][0]["id"]
        texts: list[str] = []
        reader = threading.Thread(target=lambda: texts.append(served.client.get(f"/studies/{key}/events").text))
        reader.start()
        while served.app.state.parts.streams == 0:
            time.sleep(0.01)
        served.client.delete(f"/studies/{key}")
        reader.join(10)
        assert parsed(texts[0])[-1] == ("deleted", {})
        held.go.set()


def test_unknown_study_has_no_stream(served: Served) -> None:
    assert served.client.get("/studies/none/events").status_code == 404
