"""`lingyin deidentify` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from lingyin.cli.deidentify import deidentify
from lingyin.io.phantom import make_phantom, write_phantom

app = typer.Typer()
app.command()(deidentify)


def test_a_good_and_a_bad_file(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr", reason="the extra `curate` is not installed")
    write_phantom(make_phantom("carotid", seed=1, frames=1), tmp_path / "Okonkwo.dcm")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    words = [str(tmp_path / "Okonkwo.dcm"), str(tmp_path / "broken.png"), "-o", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(app, [*words, "--secret", str(tmp_path / "key")])
    assert result.exit_code == 3
    rows = json.loads(result.stdout)
    assert rows[0]["kind"] == "dicom"
    assert "broken.png" in rows[1]["error"]
    written = list((tmp_path / "out").iterdir())
    assert [path.name for path in written] == [rows[0]["file"]]
    assert b"PHANTOM-CAROTID" not in written[0].read_bytes()
    again = CliRunner().invoke(app, [words[0], *words[2:], "--secret", str(tmp_path / "key")])
    assert json.loads(again.stdout)[0]["file"] == rows[0]["file"]
