"""Result tables in documents, written from `docs/results/*.json`, so that no number is typed by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lingyin.bench.sidebyside import several, wide_table
from lingyin.bench.words import summary

BLOCK = re.compile(
    r"<!-- results: (?P<name>[\w-]+)(?P<only> only: (?P<metrics>[^>]+?))? -->\n.*?<!-- end results -->", re.DOTALL
)


def table(result: dict[str, Any], metrics: Sequence[str] = ()) -> str:
    """Markdown table of one result file: a line per row, value with its 95 % interval, then how it was made.

    With `metrics` only the rows of these, and no others, are shown. Of a benchmark, where rows decide between methods,
    the methods stand side by side, with the gains below; so do encoders that answer the same probes.
    """
    made = f"Made by `{result['command']}` on {result['machine']}."
    if not metrics and any(row.get("decides") for row in result["rows"]):
        return f"{summary(result)}\n\n{made}"
    if not metrics and several(result["rows"]):
        return f"{wide_table(result['rows'])}\n\nmacro-F1 / AUROC. {made}"
    lines = ["| application | metric | value | 95 % interval | n |", "|---|---|---|---|---|"]
    for row in result["rows"]:
        if metrics and row["metric"] not in metrics:
            continue
        interval = "" if row.get("low") is None else f"{row['low']:.3f} to {row['high']:.3f}"
        value = "undefined" if row["value"] is None else f"{row['value']:.3f}"
        lines.append(f"| {row['application']} | {row['metric']} | {value} | {interval} | {row['n']} |")
    return "\n".join([*lines, "", made])


def refresh(document: Path, results: Path) -> bool:
    """Rewrites every results block of a document; True when something changed.

    Raises:
        FileNotFoundError: a block names a result file that does not exist.
    """
    before = document.read_text(encoding="utf-8")

    def fill(match: re.Match[str]) -> str:
        result = json.loads((results / f"{match['name']}.json").read_text(encoding="utf-8"))
        metrics = [metric.strip() for metric in (match["metrics"] or "").split(";") if metric.strip()]
        opening = f"<!-- results: {match['name']}{match['only'] or ''} -->"
        return f"{opening}\n{table(result, metrics)}\n<!-- end results -->"

    after = BLOCK.sub(fill, before)
    if after != before:
        document.write_text(after, encoding="utf-8")
    return after != before
