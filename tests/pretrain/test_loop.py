"""The loop: killed at any moment and resumed it gives the same bytes; wrong use and broken files are told clearly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lingyin.core.errors import ModelError, OutputError, UsageError
from lingyin.core.files import write_file
from lingyin.nets.lite0 import Lite0
from lingyin.nets.spark import MaskedLite0
from lingyin.nets.weights import load_encoder, load_vit
from lingyin.pretrain import loop, record
from lingyin.pretrain.checkpoint import NAME, list_differences
from lingyin.pretrain.config import PretrainConfig
from lingyin.pretrain.learner import Learner, make_encoder
from lingyin.pretrain.restore import restore
from tests.pretrain.small import CONVOLUTIONAL, small_config, small_corpus

DRAW = record.draw_curves


@pytest.fixture(autouse=True)
def small_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "open_corpus", lambda *_: small_corpus())
    monkeypatch.setattr(record, "draw_curves", lambda history: f"{len(history)} rows".encode())  # drawing takes longest


class _KilledError(Exception):
    """Stands for a killed process."""


def run_until(config: PretrainConfig, run: Path, step: int) -> None:
    def stop(tick: loop.Tick) -> None:
        if tick.step == step:
            raise _KilledError

    with pytest.raises(_KilledError):
        loop.pretrain(config, run, watch=stop)


@pytest.mark.parametrize(("stopped", "bf16"), [(1, False), (3, True), (5, False)])
def test_a_stopped_run_resumes_to_the_same_bytes(tmp_path: Path, stopped: int, bf16: bool) -> None:
    optimiser = {"rate": 2e-3, "batch": 4, "views": 2, "accumulate": 2, "bf16": bf16}
    config = small_config(optimiser=optimiser)
    whole = loop.pretrain(config, tmp_path / "whole").read_bytes()
    run_until(config, tmp_path / "broken", stopped)
    assert loop.pretrain(config, tmp_path / "broken", resume=True).read_bytes() == whole
    rows = json.loads((tmp_path / "broken" / "history.json").read_text())
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows == json.loads((tmp_path / "whole" / "history.json").read_text())


@pytest.mark.parametrize("bf16", [False, True])
def test_a_convolutional_run_resumes_to_the_same_bytes(tmp_path: Path, bf16: bool) -> None:
    optimiser = {"rate": 2e-3, "batch": 4, "views": 2, "bf16": bf16, "encoder_share": 0.2, "ema_decay": 0.9}
    config = small_config(steps=4, optimiser=optimiser, **CONVOLUTIONAL)
    whole = loop.pretrain(config, tmp_path / "whole").read_bytes()
    run_until(config, tmp_path / "broken", 3)
    assert loop.pretrain(config, tmp_path / "broken", resume=True).read_bytes() == whole
    learnt, start = load_encoder(tmp_path / "whole" / loop.ENCODER), make_encoder(config.encoder)
    assert isinstance(learnt, Lite0)
    assert isinstance(start, MaskedLite0)
    again = restore(tmp_path / "whole")
    assert (again.patch, again.step) == (32, 4)
    assert again.restorer is not None
    assert again.predictor is not None
    images = torch.rand(1, 1, 64, 64)
    torch.testing.assert_close(
        again.encoder(images.expand(-1, 3, -1, -1)).cls, learnt(images.expand(-1, 3, -1, -1)).cls, atol=5e-2, rtol=0
    )
    assert not torch.equal(learnt.stem.get_parameter("conv.weight"), start.net.stem.get_parameter("conv.weight").half())


@pytest.mark.slow
def test_two_threads_resume_to_the_same_bytes(tmp_path: Path) -> None:
    config = small_config(threads=2)
    try:
        whole = loop.pretrain(config, tmp_path / "whole").read_bytes()
        run_until(config, tmp_path / "broken", 3)
        assert loop.pretrain(config, tmp_path / "broken", resume=True).read_bytes() == whole
    finally:
        torch.set_num_threads(1)


@pytest.mark.slow
def test_a_killed_process_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    """SIGKILL at several moments, from before the first checkpoint on."""
    code = (
        "import sys; from pathlib import Path; from lingyin.pretrain import loop;"
        "from tests.pretrain.small import small_config, small_corpus;"
        "loop.open_corpus = lambda *_: small_corpus();"
        "loop.pretrain(small_config(steps=40), Path(sys.argv[1]), resume=True)"
    )
    words = [sys.executable, "-c", code]
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])}
    whole = loop.pretrain(small_config(steps=40), tmp_path / "whole").read_bytes()
    broken = tmp_path / "broken"
    for wait_s in (0.0, 0.1, 0.4):
        process = subprocess.Popen([*words, str(broken)], env=here)
        deadline = time.monotonic() + 60
        before = (broken / NAME).stat().st_mtime_ns if (broken / NAME).exists() else 0
        while time.monotonic() < deadline and process.poll() is None:
            if (broken / NAME).exists() and (broken / NAME).stat().st_mtime_ns != before:
                break
            time.sleep(0.01)
        time.sleep(wait_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run([*words, str(broken)], env=here, check=True)
    assert (broken / "encoder.safetensors").read_bytes() == whole


def test_everything_is_left_beside_the_weights(tmp_path: Path) -> None:
    config = small_config()
    encoder = load_vit(loop.pretrain(config, tmp_path))
    assert encoder.architecture == config.encoder.architecture
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["images_seen"] == 6 * 12
    assert card["config"] == config.model_dump(mode="json")
    assert card["data"]["sets"]["kind0"] == {"images": 3, "licence": "drawn"}
    assert (tmp_path / "curves.png").read_bytes() == b"6 rows"


def test_curves_are_a_picture() -> None:
    history = [{"step": step + 1.0, "total": 1.0 / (step + 1), "pixels": 1.0} for step in range(900)]
    assert DRAW(history).startswith(b"\x89PNG")


def test_written_weights_are_the_average(tmp_path: Path) -> None:
    """Without averaging the last weights are written; with it they differ from those."""
    plain = {"rate": 2e-3, "batch": 6, "views": 2, "ema_decay": 0.0}
    last = load_vit(loop.pretrain(small_config(optimiser=plain), tmp_path / "last"))
    mean = load_vit(loop.pretrain(small_config(optimiser=plain | {"ema_decay": 0.9}), tmp_path / "mean"))
    assert not torch.equal(last.embed.weight, mean.embed.weight)


def test_a_folder_with_a_run_is_not_written_over(tmp_path: Path) -> None:
    loop.pretrain(small_config(), tmp_path)
    with pytest.raises(UsageError, match="--resume"):
        loop.pretrain(small_config(), tmp_path)


def test_another_config_is_refused_with_its_differences(tmp_path: Path) -> None:
    run_until(small_config(), tmp_path, 3)
    with pytest.raises(UsageError) as refused:
        loop.pretrain(small_config(seed=4, hard={"weight": 0.2}), tmp_path, resume=True)
    assert "seed: 3 in the checkpoint, 4 now" in str(refused.value)
    assert "hard.weight: 0.1 in the checkpoint, 0.2 now" in str(refused.value)


def test_other_images_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_until(small_config(), tmp_path, 3)
    other = small_corpus()
    object.__setattr__(other, "sha256", "1" * 64)
    monkeypatch.setattr(loop, "open_corpus", lambda *_: other)
    with pytest.raises(UsageError, match="images are not those"):
        loop.pretrain(small_config(), tmp_path, resume=True)


def test_a_tampered_checkpoint_and_a_foreign_one_are_refused(tmp_path: Path) -> None:
    run_until(small_config(), tmp_path, 3)
    data = bytearray((tmp_path / NAME).read_bytes())
    data[-3] ^= 1
    (tmp_path / NAME).write_bytes(data)
    with pytest.raises(ModelError, match="checksum"):
        loop.pretrain(small_config(), tmp_path, resume=True)
    save_file({"x": torch.zeros(1)}, tmp_path / NAME)
    with pytest.raises(ModelError, match="not weights of this program"):
        loop.pretrain(small_config(), tmp_path, resume=True)


def test_an_encoder_is_no_checkpoint(tmp_path: Path) -> None:
    encoder = loop.pretrain(small_config(), tmp_path / "run")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / NAME).write_bytes(encoder.read_bytes())
    with pytest.raises(ModelError, match="not a checkpoint"):
        loop.pretrain(small_config(), tmp_path / "other", resume=True)


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_until(small_config(), tmp_path, 3)
    kept = (tmp_path / NAME).read_bytes()
    forward = Learner.forward

    def broken(self: Learner, *inputs: object) -> dict[str, torch.Tensor]:
        return {name: value * float("nan") for name, value in forward(self, *inputs).items()}  # type: ignore[arg-type]

    monkeypatch.setattr(Learner, "forward", broken)
    with pytest.raises(ModelError, match="loss of step 3 is nan"):
        loop.pretrain(small_config(), tmp_path, resume=True)
    assert (tmp_path / NAME).read_bytes() == kept
    monkeypatch.setattr(Learner, "forward", forward)
    assert loop.pretrain(small_config(), tmp_path, resume=True).is_file()


def test_a_full_disk_leaves_the_file_before_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.bin"
    write_file(path, b"old", durable=True)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lingyin.core.files.os.fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write_file(path, b"new", durable=True)
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["x.bin"]


def test_differences_name_the_place() -> None:
    assert list_differences({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}) == ["a.c: 2 in the checkpoint, 3 now"]
