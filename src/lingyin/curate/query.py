"""SQL over a corpus: the catalogue, the label tree and the registry of public sets as three tables, read-only."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from lingyin.core.errors import UsageError
from lingyin.core.tree import load_tree
from lingyin.curate.corpus import Corpus
from lingyin.curate.registry import load_registry

TABLES = ("catalogue", "tree", "registry")


def query(sql: str, folder: Path) -> pa.Table:
    """The answer to one statement.

    Tables: `catalogue` (a row per picture, kept, apart or left out), `tree` (code, kind, parent, region, organ, English
    and Chinese name), `registry` (a row per public set). The statement can neither change nor reach anything else.

    Raises:
        InputError: `folder` holds no finished corpus.
        UsageError: the statement is wrong; the message is that of DuckDB.
    """
    import duckdb

    catalogue = Corpus(folder, None).catalogue()
    with duckdb.connect(config={"enable_external_access": "false", "lock_configuration": "true"}) as connection:
        for name, table in zip(TABLES, (catalogue, _tree(), _registry()), strict=True):
            connection.register(name, table)
        try:
            answer = connection.sql(sql)
            return pa.table({}) if answer is None else answer.to_arrow_table()
        except duckdb.Error as error:
            raise UsageError(f"the statement cannot be answered ({error}); tables: {', '.join(TABLES)}") from error


def _tree() -> pa.Table:
    tree = load_tree()
    return pa.Table.from_pylist(
        [
            {
                "code": code,
                "kind": node.kind.value,
                "parent": node.parent,
                "region": tree.region_of(code),
                "organ": tree.organ_of(code),
                "name": node.name["en"],
                "name_zh": node.name["zh-Hans"],
            }
            for code, node in tree.items()
        ]
    )


def _registry() -> pa.Table:
    rows = [entry.model_dump(mode="json", exclude={"citation"}) for entry in load_registry().values()]
    return pa.Table.from_pylist(rows)
