"""Several processes: the same losses as one at the same global batch, and killed ones resume to the same bytes."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lingyin.core.errors import LingyinError, UsageError
from lingyin.nets.weights import load_vit, read_tensors
from lingyin.pretrain import loop, record
from lingyin.pretrain.checkpoint import NAME
from lingyin.pretrain.learner import Learner
from lingyin.pretrain.team import Team, gathered
from tests.pretrain.small import small_config, small_corpus
from tests.waiting import free_port

TIMEOUT_S = 300.0
SERVER = multiprocessing.get_context("forkserver")  # imports torch once, before there are threads, and forks from there
SERVER.set_forkserver_preload(["torch.distributed.fsdp", "lingyin.pretrain.loop"])


@pytest.fixture(autouse=True)
def small_data() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        make_small(patch)
        yield


def make_small(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(loop, "open_corpus", lambda *_: small_corpus())
    patch.setattr(record, "draw_curves", lambda _: b"drawn")


def no_corpus(patch: pytest.MonkeyPatch, run: Path) -> None:
    def fail(*_: object) -> None:
        raise UsageError("no such set")

    patch.setattr(loop, "open_corpus", fail)


def no_number(patch: pytest.MonkeyPatch, run: Path) -> None:
    """The losses of the second process are NaN once there is a checkpoint."""
    forward = Learner.forward

    def broken(self: Learner, *inputs: Any) -> dict[str, torch.Tensor]:
        wrong = os.environ["RANK"] == "1" and (run / NAME).exists()
        return {name: value * (float("nan") if wrong else 1.0) for name, value in forward(self, *inputs).items()}

    patch.setattr(Learner, "forward", broken)


def settings(accumulate: int, **more: Any) -> dict[str, Any]:
    return {"optimiser": {"rate": 2e-3, "batch": 4, "views": 2, "accumulate": accumulate, "ema_decay": 0.9}} | more


Fault = Callable[[pytest.MonkeyPatch, Path], None]


def one(
    rank: int, facts: dict[str, str], run: Path, config: dict[str, Any], sharded: bool, told: Any, fault: Fault | None
) -> None:
    """A process of a team, in an environment as torchrun makes it."""
    os.environ |= facts | {"RANK": str(rank), "LOCAL_RANK": str(rank)}
    patch = pytest.MonkeyPatch()
    make_small(patch)
    if fault:
        fault(patch, run)
    try:
        loop.pretrain(small_config(**config), run, resume=True, sharded=sharded)
    except LingyinError as error:
        told.put(str(error))


def start(
    run: Path, config: dict[str, Any], *, sharded: bool = False, size: int = 2, fault: Fault | None = None
) -> tuple[list[Any], Any]:
    """The processes of a team, and where errors of theirs are told."""
    facts = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "WORLD_SIZE": str(size),
        "GLOO_SOCKET_IFNAME": "lo",
    }
    told = SERVER.SimpleQueue()
    words = facts, run, config, sharded, told, fault
    processes = [SERVER.Process(target=one, args=(rank, *words), daemon=True) for rank in range(size)]
    for each in processes:
        each.start()
    return processes, told


def together(run: Path, config: dict[str, Any], *, sharded: bool = False, fault: Fault | None = None) -> list[str]:
    """Runs a team to its end; the errors that were told."""
    processes, told = start(run, config, sharded=sharded, fault=fault)
    for each in processes:
        each.join(TIMEOUT_S)
        assert each.exitcode == 0
    return [told.get() for _ in iter(told.empty, True)]


def alone(run: Path, config: dict[str, Any]) -> None:
    loop.pretrain(small_config(**config), run)


def curve(run: Path) -> np.ndarray[Any, Any]:
    rows = json.loads((run / "history.json").read_text())
    return np.array([[row.get(name, 0.0) for name in sorted(rows[-1])] for row in rows])


def test_two_processes_with_one_micro_batch_each_give_the_bytes_of_one(tmp_path: Path) -> None:
    """Two gradients have one sum, whichever comes first, so not even the last bit differs."""
    alone(tmp_path / "one", settings(2))
    together(tmp_path / "two", settings(2))
    for name in ("encoder.safetensors", "history.json"):
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    cards = [json.loads((tmp_path / each / "card.json").read_text()) for each in ("one", "two")]
    assert cards[0]["images_seen"] == cards[1]["images_seen"] == 6 * 4 * 2 * 2


@pytest.mark.slow
def test_more_micro_batches_give_the_same_curve_to_rounding(tmp_path: Path) -> None:
    alone(tmp_path / "one", settings(4))
    together(tmp_path / "two", settings(4))
    np.testing.assert_allclose(curve(tmp_path / "two"), curve(tmp_path / "one"), rtol=1e-5)


@pytest.mark.slow
def test_shared_weights_give_the_same_curve_and_an_ordinary_checkpoint(tmp_path: Path) -> None:
    """FSDP2: a checkpoint of it is one of DDP, and of one process."""
    alone(tmp_path / "one", settings(2))
    assert not together(tmp_path / "two", settings(2), sharded=True)
    np.testing.assert_allclose(curve(tmp_path / "two"), curve(tmp_path / "one"), rtol=1e-5)
    one, two = (read_tensors(tmp_path / each / NAME)[0] for each in ("one", "two"))
    assert {name: value.shape for name, value in one.items()} == {name: value.shape for name, value in two.items()}
    assert load_vit(tmp_path / "two" / loop.ENCODER).dim == 32


@pytest.mark.slow
@pytest.mark.parametrize("sharded", [False, True])
def test_killed_processes_resume_to_the_same_bytes(tmp_path: Path, sharded: bool) -> None:
    """SIGKILL at several moments to one process; the other cannot go on alone and is ended, as by torchrun."""
    config = settings(2, steps=16)
    together(tmp_path / "whole", config, sharded=sharded)
    broken = tmp_path / "broken"
    for victim, wait_s in ((1, 0.0), (0, 0.15)):
        processes, _ = start(broken, config, sharded=sharded)
        before, deadline = _written(broken), time.monotonic() + TIMEOUT_S
        while _written(broken) == before and processes[victim].is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(wait_s)
        for each in (processes[victim], *processes):
            each.kill()
            each.join()
    assert _written(broken)
    together(broken, config, sharded=sharded)
    for name in ("encoder.safetensors", "history.json"):
        assert (broken / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def _written(run: Path) -> int:
    return (run / NAME).stat().st_mtime_ns if (run / NAME).exists() else 0


def test_micro_batches_are_dealt_by_their_number() -> None:
    dealt = [list(Team(rank, 3).parts(6)) for rank in range(3)]
    assert dealt == [[0, 3], [1, 4], [2, 5]]
    with pytest.raises(UsageError, match="multiple of 3"):
        Team(0, 3).parts(4)


def test_one_process_cannot_share_weights() -> None:
    with pytest.raises(UsageError, match="torchrun"), gathered(sharded=True):
        pass


def test_uneven_micro_batches_are_told_by_all(tmp_path: Path) -> None:
    told = together(tmp_path, settings(3))
    assert [each.startswith("2 processes cannot share optimiser.accumulate = 3") for each in told] == [True, True]
    assert not (tmp_path / NAME).exists()


def test_what_the_first_process_fails_at_is_told_by_all(tmp_path: Path) -> None:
    """The corpus cannot be packed: none goes on without it, and none waits for ever."""
    assert together(tmp_path, settings(2), fault=no_corpus) == ["no such set", "no such set"]


def test_a_loss_that_is_not_finite_in_one_process_stops_all(tmp_path: Path) -> None:
    told = together(tmp_path, settings(2), fault=no_number)
    assert ["loss of step" in each and "nan" in each for each in told] == [True, True]
    assert read_tensors(tmp_path / NAME)[1]["step"] == 2
