"""COVID-BLUES: six videos per patient, a table of severity and lines, a table of clinical findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.shapes import CLIPS, files_of, find_root, opener, rows_of

_FILE = re.compile(r"patient_(\d+)_([LR]\d)")


class CovidBlues(Reader):
    """Wiedemann et al. A positive test is no pneumonia: it stays among the facts, as does the severity 0 to 3."""

    name = "covid_blues"
    expected = "the table severity.csv and the folder lus_videos with patient_1_L1.mp4"

    def items(self, folder: Path) -> Iterator[Item]:
        root = find_root(folder, "severity.csv", "lus_videos")
        if root is None:
            raise self.misfit(folder)
        table = root / "severity.csv"
        rows = {
            row["video_file"]: row for row in rows_of(table, ("video_file", "Severity Score", "A-lines", "B-lines"))
        }
        tests = self._tests(root / "clinical_variables.csv")
        for path in files_of(root / "lus_videos", CLIPS):
            match = _FILE.fullmatch(path.stem)
            if match is None:
                raise self.misfit(root / "lus_videos")
            row = rows.get(path.stem, {})
            facts = {
                "zone": match[2],
                "severity": row.get("Severity Score", ""),
                "comment": row.get("comments", ""),
                "covid_test": tests.get(match[1], ""),
            }
            yield Item(
                key=path.stem,
                source=path,
                kind="clip",
                open=opener(path),
                labels=self.labels.row(row, table),
                group=match[1],
                subject=match[1],
                licence=self.licence,
                facts={name: text for name, text in facts.items() if text},
            )

    @staticmethod
    def _tests(path: Path) -> dict[str, str]:
        if not path.is_file():
            return {}
        said = {"1": "positive", "0": "negative"}
        return {row["patient_id"]: said.get(row["cov_test"], "") for row in rows_of(path, ("patient_id", "cov_test"))}


READER = CovidBlues()
