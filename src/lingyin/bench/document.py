"""The result of a run as `docs/results` has it: rows with intervals, gains over peers, the worth of few labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lingyin.bench.applications import Application
from lingyin.bench.gains import Compared, application_gain, mean_gain
from lingyin.bench.methods import Chosen
from lingyin.bench.metrics import Interval, Ints, bootstrap, figures_of
from lingyin.bench.run import Outcome, Plan
from lingyin.bench.sheets import Sheet, Statistic
from lingyin.bench.words import FEW, GAIN

ROW_DRAWS, QUICK_DRAWS = 1000, 200
SCRATCH = "scratch"


@dataclass(frozen=True)
class Scores:
    """One method's sheets of one application and label budget, one per seed; they ask the same images."""

    sheets: tuple[Sheet, ...]

    def statistic(self, metric: str) -> Statistic:
        """Mean over the seeds of a metric on some images."""
        each = [sheet.statistics()[metric] for sheet in self.sheets]

        def mean(rows: Ints) -> float:
            values = np.array([statistic(rows) for statistic in each])
            return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")

        return mean

    @property
    def metrics(self) -> tuple[str, ...]:
        return tuple(self.sheets[0].statistics())

    def measured(self, metric: str, draws: int) -> Interval:
        return bootstrap(self.statistic(metric), self.sheets[0].subjects, draws)


def compare(application: Application, ours: Scores, peers: Mapping[str, Scores]) -> Compared:
    """Ours beside others by the metric that decides."""
    return Compared(
        application.name,
        ours.sheets[0].subjects.tolist(),
        application.lower_is_better,
        ours.statistic(application.metric),
        {name: each.statistic(application.metric) for name, each in peers.items()},
    )


class Table:
    """The scores of a run by application, method and label budget."""

    def __init__(self, plan: Plan, outcome: Outcome) -> None:
        self.plan = plan
        self.draws = QUICK_DRAWS if plan.quick else ROW_DRAWS
        grouped: dict[tuple[str, str, int], list[Sheet]] = {}
        for (application, method, percent, _), sheet in outcome.sheets.items():
            grouped.setdefault((application, method, percent), []).append(sheet)
        self.scores = {key: Scores(tuple(sheets)) for key, sheets in grouped.items()}
        self.facts = outcome.facts

    def at_most(self, application: str, method: str) -> Scores | None:
        """A method's scores with all the labels that the run gave it; None where it does not learn this."""
        budgets = [percent for name, other, percent in self.scores if (name, other) == (application, method)]
        return self.scores[application, method, max(budgets)] if budgets else None

    @property
    def ours(self) -> tuple[Chosen, ...]:
        return tuple(chosen for chosen in self.plan.methods if chosen.method.ours)

    def peers(self, application: str) -> dict[str, Scores]:
        """Scores of all methods that are not ours and saw no label, with all labels."""
        names = [each.name for each in self.plan.methods if not each.method.ours and not each.method.saw_labels]
        return {name: found for name in names if (found := self.at_most(application, name)) is not None}

    def compared(self, application: Application, ours: str) -> Compared | None:
        """Our method beside its peers; None where there is nothing to compare."""
        mine, peers = self.at_most(application.name, ours), self.peers(application.name)
        return compare(application, mine, peers) if mine is not None and peers else None


def rows_of(table: Table) -> list[dict[str, Any]]:
    """Every metric of every application and method with its interval, the deciding one first; of smaller label budgets
    that one alone."""
    applications = {each.name: each for each in table.plan.applications}
    methods = {chosen.name: chosen for chosen in table.plan.methods}
    rows = []
    for (name, method, percent), scores in table.scores.items():
        application = applications[name]
        most = percent == max(other for app, who, other in table.scores if (app, who) == (name, method))
        for metric in sorted(scores.metrics, key=lambda metric: metric != application.metric):
            decides = metric == application.metric
            if not decides and not most:  # smaller budgets are there for the curve
                continue
            draws = table.draws if decides and most else QUICK_DRAWS
            measured = scores.measured(metric, draws)
            images = int(_mean_fact(table, name, method, percent, "train_images"))
            row = _row(application, methods[method], f"{percent} %", metric, measured)
            rows.append(row | {"decides": decides, "images": images})
    return rows


def _row(application: Application, chosen: Chosen, labels: str, metric: str, measured: Interval) -> dict[str, Any]:
    unit = f", {application.unit}" if application.unit and metric == application.metric else ""
    return {
        "application": application.name,
        "task": application.task,
        "method": chosen.method.title,
        "labels": labels,
        "metric": metric + unit,
        **figures_of(measured),
        "claimed": application.claimed and not chosen.method.saw_labels,
    }


def _mean_fact(table: Table, name: str, method: str, percent: int, fact: str) -> float:
    found = [facts[fact] for key, facts in table.facts.items() if key[:3] == (name, method, percent)]
    return float(np.mean(found))


def gain_rows(table: Table) -> list[dict[str, Any]]:
    """For each method of ours: the gain over the best peer per application, and the mean over the claimed ones."""
    rows = []
    for chosen in table.ours:
        pairs = [(each, table.compared(each, chosen.name)) for each in table.plan.applications]
        known = [(application, compared) for application, compared in pairs if compared is not None]
        ahead = 0
        for application, compared in known:
            peer, gain = application_gain(compared, table.draws)
            row = _row(application, chosen, "all of the run", GAIN, gain)
            ahead += row["claimed"] and gain.value > 0
            rows.append(row | {"peer": _title(table, peer)})
        claims = not chosen.method.saw_labels
        counted = [compared for application, compared in known if claims and application.claimed]
        if counted:
            whole = mean_gain(counted, table.draws)
            rows.append(
                {
                    "application": "all claimed",
                    "task": "all",
                    "method": chosen.method.title,
                    "labels": f"ahead on {ahead} of {len(counted)}",
                    "metric": f"mean {GAIN}",
                    **figures_of(whole),
                    "claimed": True,
                }
            )
    return rows


def few_label_rows(table: Table) -> list[dict[str, Any]]:
    """Our method with few labels against the same network from scratch with all: the gain, per application."""
    rows = []
    for chosen in table.ours:
        for application in table.plan.applications:
            mine = table.scores.get((application.name, chosen.name, FEW))
            theirs = table.scores.get((application.name, SCRATCH, 100))
            if mine is None or theirs is None:
                continue
            _, gain = application_gain(compare(application, mine, {SCRATCH: theirs}), table.draws)
            metric = f"relative gain with {FEW} % of the labels over scratch with 100 %"
            rows.append(_row(application, chosen, f"{FEW} %", metric, gain))
    return rows


def _title(table: Table, name: str) -> str:
    return next(each.method.title for each in table.plan.methods if each.name == name)


def result(table: Table, command: str, commit: str | None, machine: str, encoders: Mapping[str, str]) -> dict[str, Any]:
    """The whole result file; `encoders` says by method which weights it started from."""
    rows: Sequence[dict[str, Any]] = [*rows_of(table), *gain_rows(table), *few_label_rows(table)]
    return {
        "command": command,
        "commit": commit,
        "machine": machine,
        "seeds": list(table.plan.seeds),
        "quick": table.plan.quick,
        "encoders": dict(encoders),
        "rows": list(rows),
    }
