"""SQL over a corpus: the three tables, and nothing else within reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from lingyin.core.errors import InputError, UsageError
from lingyin.curate.build import build_corpus
from lingyin.curate.query import query
from tests.curate.sources import make_source, small


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("query")
    make_source(root / "site")
    build_corpus([root / "site"], root / "out", small())
    return root / "out"


def test_pictures_by_label_and_mask(folder: Path) -> None:
    sql = "SELECT key FROM catalogue WHERE list_contains(yes, 'liver_lesion_malignant') AND len(masks) > 0 ORDER BY key"
    assert query(sql, folder).column("key").to_pylist() == ["000.png", "003.png", "006.png", "009.png"]


def test_the_tree_and_the_registry_can_be_joined(folder: Path) -> None:
    sql = """SELECT t.name, count(*) AS n FROM (SELECT unnest(yes) AS code FROM catalogue) JOIN tree t USING (code)
             WHERE t.kind = 'organ' GROUP BY ALL"""
    assert query(sql, folder).to_pylist() == [{"name": "liver", "n": 12}]
    assert query("SELECT title FROM registry WHERE name = 'hc18'", folder).num_rows == 1


@pytest.mark.parametrize(
    "sql",
    ["SELECT nonesuch FROM catalogue", "SELECT * FROM '/etc/passwd'", "COPY catalogue TO 'x.csv'", "SET threads = 1"],
)
def test_what_is_wrong_or_reaches_out_is_refused(folder: Path, sql: str) -> None:
    with pytest.raises(UsageError, match="cannot be answered"):
        query(sql, folder)


def test_a_corpus_is_needed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished corpus"):
        query("SELECT 1", tmp_path)
