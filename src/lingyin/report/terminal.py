"""The short table that the terminal shows after each scan."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from lingyin.core.phrases import phrase
from lingyin.core.study import Study
from lingyin.report.grammar import load_grammar
from lingyin.report.view import file_name, view

STYLES = {"urgent": "bold red", "abnormal": "yellow", "unsure": "magenta", "normal": "green", "none": ""}
TRIAGE_STYLES = {"urgent": "bold white on red", "abnormal": "bold yellow", "normal": "green", "cannot-say": "magenta"}


def study_table(study: Study, lang: str) -> Table:
    """Findings with value, interval and judgement, the most urgent first.

    The triage stands above; its reason, and what was not assessed, below.

    Raises:
        UsageError: another language than `en`, `zh-Hans`, `zh-Hant`.
    """
    grammar = load_grammar(lang)
    shown = view(study, grammar)
    style = TRIAGE_STYLES[study.triage.value]
    small_print = [phrase("triage", study.triage_reason)[lang], *(line.text for line in shown.not_assessed)]
    table = Table(
        title=f"{escape(file_name(study.clip.source))}  [{style}]{grammar.triage[study.triage.value]}[/]",
        title_justify="left",
        caption="\n".join(map(escape, small_print)),
        caption_justify="left",
    )
    for key in ("finding", "result", "interval_90", "judgement"):
        table.add_column(grammar.ui[key], justify="right" if key in {"result", "interval_90"} else "left")
    for row in shown.rows:
        mark = grammar.mark[row.mark] if row.mark != "none" else ""
        judgement = " · ".join(part for part in (mark, row.judgement) if part)
        table.add_row(
            *(escape(cell) for cell in (row.name, row.result, row.interval, judgement)), style=STYLES[row.mark]
        )
    return table
