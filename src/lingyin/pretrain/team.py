"""The processes of a run: one alone, or those that `torchrun` started, which share the micro-batches of every step.

Micro-batch number `part` of a step goes to process `part % size`. Which pictures, views and masks it holds depends on
its number alone, so the number of processes changes nothing but the order in which gradients are added up.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from lingyin.core.errors import LingyinError, UsageError


@dataclass(frozen=True)
class Team:
    """Number of this process and of all; `sharded` where each holds only its share of the weights (FSDP2)."""

    rank: int = 0
    size: int = 1
    sharded: bool = False

    @property
    def leads(self) -> bool:
        """Whether this process writes files and talks to people."""
        return self.rank == 0

    def parts(self, accumulate: int) -> range:
        """Numbers of the micro-batches of a step that are this process's.

        Raises:
            UsageError: they cannot be dealt out evenly.
        """
        if accumulate % self.size:
            raise UsageError(
                f"{self.size} processes cannot share optimiser.accumulate = {accumulate} micro-batches evenly; write a "
                f"multiple of {self.size} (and a smaller optimiser.batch), or start another number of processes"
            )
        return range(self.rank, accumulate, self.size)

    def first(self, work: Callable[[], object]) -> None:
        """`work` by the leading process before the others go on. Raises LingyinError everywhere where it fails."""
        told: list[str | None] = [None]
        if self.leads:
            try:
                work()
            except LingyinError as error:
                if self.size == 1:
                    raise
                told, failed = [str(error)], error
        if self.size == 1:
            return
        distributed.broadcast_object_list(told, src=0)
        if told[0] is not None:
            raise failed if self.leads else LingyinError(told[0])

    def total(self, values: Mapping[str, float]) -> dict[str, float]:
        """Sums over all processes, in double precision; every process names the same values in the same order."""
        if self.size == 1:
            return dict(values)
        summed = torch.tensor(list(values.values()), dtype=torch.float64, device=_device())
        distributed.all_reduce(summed)
        return dict(zip(values, summed.tolist(), strict=True))

    def agree(self, decision: bool) -> bool:
        """What the leading process decided: clocks differ from process to process."""
        if self.size == 1:
            return decision
        told = torch.tensor([int(decision)], device=_device())
        distributed.broadcast(told, src=0)
        return bool(told.item())

    def wrap(self, net: nn.Module, blocks: list[nn.Module], *, some_rest: bool) -> nn.Module:
        """`net` so that gradients are averaged over the processes.

        Args:
            blocks: parts whose weights are gathered one after the other where the team is sharded.
            some_rest: whether some weights take no part in some steps.
        """
        if self.size == 1:
            return net
        if not self.sharded:
            return DistributedDataParallel(net, find_unused_parameters=some_rest)
        for block in blocks:
            fully_shard(block)
        fully_shard(net)
        return net


def exchange_last(net: nn.Module, last: bool) -> AbstractContextManager[object]:
    """Gradients are exchanged once per step: in the way back of the `last` of a process's micro-batches."""
    if isinstance(net, FSDPModule):
        net.set_requires_gradient_sync(last)
    elif isinstance(net, DistributedDataParallel) and not last:
        return net.no_sync()
    return nullcontext()


def whole(value: Tensor) -> Tensor:
    """All of a tensor that may be spread over the processes; every process must ask."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def spread_like(value: Tensor, pattern: Tensor) -> Tensor:
    """A whole tensor spread over the processes as `pattern` is; itself where `pattern` is whole."""
    if isinstance(pattern, DTensor):
        return distribute_tensor(value, pattern.device_mesh, pattern.placements)
    return value


def _device() -> torch.device:
    """Where values must lie that the processes exchange."""
    return torch.device("cuda") if distributed.get_backend() == "nccl" else torch.device("cpu")


@contextmanager
def gathered(*, sharded: bool = False) -> Iterator[Team]:
    """The team that `torchrun` describes in the environment; one alone where it does not.

    Raises:
        UsageError: shares of the weights are asked for, but there is one process only.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        if sharded:
            raise UsageError("one process cannot share the weights; start several with torchrun, or leave --shard out")
        yield Team()
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    yield Team(distributed.get_rank(), size, sharded)
    # After an error the group is left to the end of the process: taking it down waits for others that have gone.
    distributed.barrier()  # nobody leaves while another still writes
    distributed.destroy_process_group()
