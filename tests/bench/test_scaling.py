"""The plan on paper agrees with what can be counted by hand, and grows as it must."""

from __future__ import annotations

import copy

import pytest

from lingyin.bench.scaling import Step, count_step, load_assumptions, markdown, plan, view_seconds
from lingyin.nets.vit import SIZES


def test_arithmetic_agrees_with_the_formula() -> None:
    """2 flops per weight and token, attention's two products, three times for the way there and back; but for the first
    layer, which needs no gradient of the picture."""
    step = count_step("tiny", (128, 3, 4), 128, 0.25)
    dim, depth, _ = SIZES["tiny"]
    seen, whole = 16 + 5, 64 + 5
    encoder = depth * (24 * seen * dim**2 + 4 * seen**2 * dim) + 2 * 16 * 256 * dim * 2 / 3
    decoder = 3 * (24 * whole * 128**2 + 4 * whole**2 * 128) + 2 * seen * dim * 128 + 2 * 64 * 128 * 256
    assert step.flops == pytest.approx(3 * (encoder + decoder), rel=0.01)


def test_more_gpus_take_less_time_and_more_exchange() -> None:
    known, step = load_assumptions(), Step(parameters=100_000_000, flops=2e10, kept_bytes=5e7)
    few, many = (plan(step, 0.0, gpus, 0.4, known) for gpus in (8, 64))
    assert few["hours"] > many["hours"] > few["hours"] / 8  # the exchange is not free
    assert few["exchange_ms"] < many["exchange_ms"] < many["step_ms"]
    assert few["memory_gb"] == many["memory_gb"] == pytest.approx(2.0 + 5e7 * known["plan"]["batch_per_gpu"] / 1e9)


def test_figures_without_exchange_are_plain_arithmetic() -> None:
    known = copy.deepcopy(load_assumptions())
    known["plan"] |= {
        "images": 1000,
        "epochs": 1,
        "views": 1,
        "batch_per_gpu": 10,
        "overlap": 1.0,
        "euro_per_gpu_hour": 2,
    }
    known["gpu"]["bf16_flops"] = 100.0
    found = plan(Step(1, 50.0, 0.0), 0.0, 4, 0.5, known)
    assert found["step_ms"] == pytest.approx(10_000)
    assert found["hours"] == pytest.approx(1000 / 40 * 10 / 3600)
    assert found["euros"] == pytest.approx(found["hours"] * 8)


def test_gpus_wait_where_views_are_made_too_slowly() -> None:
    known, step = load_assumptions(), Step(parameters=1_000_000, flops=1e9, kept_bytes=1e6)
    fast, slow = (plan(step, view_s, 8, 0.4, known) for view_s in (1e-9, 1e-3))
    assert fast["views_over_learning"] < 1 < slow["views_over_learning"]
    assert slow["step_ms"] == pytest.approx(known["plan"]["batch_per_gpu"] / known["plan"]["cores_per_gpu"])
    assert slow["hours"] > fast["hours"]
    assert 0 < view_seconds(32, count=2, rounds=1) < 1


def test_the_table_shows_runs_and_what_was_counted() -> None:
    known = load_assumptions()
    figures = plan(Step(1_000_000, 1e9, 1e6), 1e-4, 8, 0.4, known)
    rows = [
        {"application": "a run", "metric": name, "value": value, "low": value, "high": 2 * value}
        for name, value in figures.items()
    ]
    counted = {"application": "a core", "metric": "views_per_s", "value": 900.0, "low": 900.0, "high": 900.0}
    lines = markdown([counted, *rows]).splitlines()
    assert lines[0] == "- a core: 900 views per s"
    assert lines[-1].startswith("| a run | ")
    assert lines[-1].count("|") == lines[-2].count("|") == 10
    assert " to " in lines[-1]
