"""`lingyin curate` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from tests.curate.sources import make_source
from typer.testing import CliRunner

from lingyin.cli.curate import curate
from lingyin.core.errors import UsageError

app = typer.Typer()
app.command()(curate)
OPTIONS = ["--clean", "none", "--workers", "1", "--longest-side", "64", "--frames", "2"]


def run(*words: str | Path) -> str:
    done = CliRunner().invoke(app, [*map(str, words), *OPTIONS], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_a_corpus_is_built_and_then_left_alone(tmp_path: Path) -> None:
    source = make_source(tmp_path / "site")
    first = run(source, "-o", tmp_path / "out")
    assert "12 pictures kept: " in first
    assert "site (csv_table)" in first
    assert (tmp_path / "out" / "card.html").is_file()
    assert "nothing has changed" in run(source, "-o", tmp_path / "out")
    head = json.loads(run(source, "-o", tmp_path / "out", "--json"))
    assert head == json.loads((tmp_path / "out" / "corpus.json").read_text("utf-8"))


def test_pictures_can_be_stored_without_loss(tmp_path: Path) -> None:
    head = json.loads(run(make_source(tmp_path / "site"), "-o", tmp_path / "out", "--lossless", "--json"))
    assert head["settings"]["jpeg_quality"] == 0
    assert b".png" in (tmp_path / "out" / "shards" / head["shards"][0]["name"]).read_bytes()


@pytest.mark.parametrize("words", [["--val", "0.6", "--test", "0.5"], ["--val", "-1"], ["--longest-side", "1"]])
def test_impossible_settings_are_wrong_usage(tmp_path: Path, words: list[str]) -> None:
    source = make_source(tmp_path / "site", count=2)
    with pytest.raises(UsageError):
        CliRunner().invoke(app, [str(source), "-o", str(tmp_path / "out"), *words], catch_exceptions=False)
    assert not (tmp_path / "out").exists()
