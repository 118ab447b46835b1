"""What a catalogue amounts to, counted by DuckDB: no row of millions becomes a Python object."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from lingyin.curate.splits import SPLITS

SHOWN = 8  # examples of a node
_PAIRS = 20  # of sources that share pictures
_IN_SPLITS = ", ".join(f"count(*) FILTER (split = '{split}')" for split in SPLITS)
Row = dict[str, Any]


class Counts:
    """Counts over one catalogue; `kept` in its queries are the pictures that are neither left out nor kept apart."""

    def __init__(self, catalogue: pa.Table) -> None:
        self._connection = duckdb.connect()
        self._connection.register("catalogue", catalogue)
        self._connection.execute("CREATE VIEW kept AS SELECT * FROM catalogue WHERE status = 'kept'")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def groups(self) -> int:
        """Patients, videos and single pictures."""
        return int(self._rows('SELECT count(DISTINCT "group") FROM kept')[0][0])

    def values(self, column: str) -> list[tuple[str, int]]:
        """Each value of a column with its count, the most frequent first."""
        sql = f"SELECT {column}, count(*) FROM kept GROUP BY 1 ORDER BY 2 DESC, 1"
        return [(str(value), int(count)) for value, count in self._rows(sql)]

    def spread(self, expression: str) -> list[float]:
        """Least, quartiles and largest of an expression over the columns."""
        answer = self._rows(f"SELECT quantile_cont({expression}, [0, 0.25, 0.5, 0.75, 1]) FROM kept")[0][0]
        return [float(value) for value in answer]

    def sources(self) -> list[Row]:
        """Of each source: licences, reuse, pictures, those kept, groups, splits, pictures moved, reasons."""
        found = self._rows(
            f"""SELECT source, any_value(data_set), string_agg(DISTINCT licence, ', ' ORDER BY licence),
                string_agg(DISTINCT reuse, ', ' ORDER BY reuse), count(*), count(*) FILTER (status = 'kept'),
                count(DISTINCT "group") FILTER (status = 'kept'),
                count(*) FILTER (status = 'kept' AND given_split <> split), [{_IN_SPLITS}]
                FROM catalogue GROUP BY source ORDER BY source"""
        )
        reasons: dict[str, list[tuple[str, int]]] = {}
        left_out = "SELECT source, reason, count(*) FROM catalogue WHERE reason IS NOT NULL GROUP BY ALL ORDER BY ALL"
        for source, reason, count in self._rows(left_out):
            reasons.setdefault(source, []).append((reason, count))
        names = ("name", "data_set", "licences", "reuse", "rows", "kept", "groups", "moved", "splits")
        return [{**dict(zip(names, row, strict=True)), "reasons": reasons.get(row[0], [])} for row in found]

    def copies(self) -> Row:
        """Groups of copies, pictures that are copies of another, and the sources that share most."""
        groups = (
            "SELECT list_sort(list_distinct(list(source))) AS names, count(*) AS n FROM kept GROUP BY duplicate_group"
        )
        several, copies = self._rows(f"SELECT count(*) FILTER (n > 1), sum(n) - count(*) FROM ({groups})")[0]
        across = self._rows(
            f"""SELECT list_aggregate(names, 'string_agg', ' + '), count(*) FROM ({groups}) WHERE len(names) > 1
                GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {_PAIRS}"""
        )
        return {"groups": several, "copies": int(copies), "across": across}

    def nodes(self) -> dict[str, Row]:
        """Of each code that is affirmed or outlined: pictures that affirm it by split, deny it, outline it; sources."""
        found: dict[str, Row] = {}
        affirmed = f"""SELECT code, count(*), count(DISTINCT source), [{_IN_SPLITS}]
                       FROM (SELECT unnest(yes) AS code, source, split FROM kept) GROUP BY code"""
        for code, count, sources, splits in self._rows(affirmed):
            found[code] = {"yes": count, "sources": sources, "splits": splits, "no": 0, "masks": 0}
        for column in ("masks", "no"):
            for code, count in self._rows(f"SELECT unnest({column}) AS code, count(*) FROM kept GROUP BY code"):
                if code in found or column == "masks":
                    nothing = {"yes": 0, "sources": 0, "splits": [0] * len(SPLITS), "no": 0, "masks": 0}
                    found.setdefault(code, nothing)[column] = count
        return found

    def examples(self) -> dict[str, list[Row]]:
        """Shard, offset and bytes of up to eight pictures of each affirmed code, drawn by their names."""
        found: dict[str, list[Row]] = {}
        drawn = f"""SELECT code, shard, "offset", bytes FROM
                    (SELECT unnest(yes) AS code, id, shard, "offset", bytes FROM kept)
                    QUALIFY row_number() OVER (PARTITION BY code ORDER BY md5(id)) <= {SHOWN} ORDER BY code, md5(id)"""
        for code, shard, offset, size in self._rows(drawn):
            found.setdefault(code, []).append({"shard": shard, "offset": offset, "bytes": size})
        return found

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()
