"""`lingyin data query` and `lingyin data export` as a user types them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.curate.sources import make_source, small
from typer.testing import CliRunner

from lingyin.cli.data import data
from lingyin.core.errors import UsageError
from lingyin.curate.build import build_corpus

SQL = "SELECT key, masks, mm_per_px_x FROM catalogue WHERE list_contains(yes, 'liver_lesion_malignant') ORDER BY key"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    make_source(root / "site", count=6)
    build_corpus([root / "site"], root / "out", small())
    return root / "out"


def run(*words: str | Path) -> str:
    done = CliRunner().invoke(data, [*map(str, words)], catch_exceptions=False, env={"COLUMNS": "120"})
    assert done.exit_code == 0
    return done.stdout


def test_an_answer_as_table_csv_and_json(corpus: Path) -> None:
    table = run("query", SQL, "--corpus", corpus)
    assert "000.png" in table
    assert "2 rows" in table
    rows = list(csv.DictReader(run("query", SQL, "--corpus", corpus, "--format", "csv").splitlines()))
    assert [row["masks"] for row in rows] == ["liver_outline", "liver_outline"]
    lines = run("query", SQL, "--corpus", corpus, "--format", "json").splitlines()
    assert [json.loads(line)["key"] for line in lines] == ["000.png", "003.png"]
    assert json.loads(lines[0])["mm_per_px_x"] == pytest.approx(float(rows[0]["mm_per_px_x"]))


def test_bytes_and_nothing_are_shown_as_text(corpus: Path) -> None:
    sql = "SELECT digest, reason FROM catalogue LIMIT 1"
    (row,) = csv.DictReader(run("query", sql, "--corpus", corpus, "--format", "csv").splitlines())
    assert len(bytes.fromhex(row["digest"])) == 16
    assert row["reason"] == ""
    assert json.loads(run("query", sql, "--corpus", corpus, "--format", "json"))["digest"] == row["digest"]


@pytest.mark.parametrize("words", [("SELECT nonesuch",), (SQL, "--format", "xml")])
def test_wrong_usage(corpus: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        run("query", *words, "--corpus", corpus)


def test_an_export_says_what_it_wrote(corpus: Path, tmp_path: Path) -> None:
    assert "6 pictures" in run("export", corpus, "--to", "coco", "-o", tmp_path / "coco")
    assert (tmp_path / "coco" / "annotations" / "instances_train.json").is_file()
    with pytest.raises(UsageError, match="no export"):
        run("export", corpus, "--to", "voc", "-o", tmp_path / "voc")
