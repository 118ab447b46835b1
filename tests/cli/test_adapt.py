"""`lingyin adapt` as a user types it: wrong words end at once with a sentence; a good call tells what to do next."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from tests.tasks.own.pictures import class_folders, masked_rows, table
from typer.testing import CliRunner

from lingyin.cli.adapt import adapt
from lingyin.core.errors import InputError, UsageError

app = typer.Typer(pretty_exceptions_enable=False)
app.command()(adapt)


def call(*words: object) -> str:
    """The command's answer; errors come out as they are."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--labels", "many"], "--labels 'many' is no share"),
        (["--labels", "0%"], "--labels '0%' is no share"),
        (["--labels", "140%"], "--labels '140%' is no share"),
        (["--mode", "magic"], "--mode 'magic' is unknown; choose one of auto, frozen, lora, full"),
        (["--classes", "two"], "--classes 'two' is unknown"),
        (["--code", "benign"], "--code 'benign' is not of the form LABEL=CODE"),
    ],
)
def test_wrong_words(tmp_path: Path, words: list[str], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        call("classify", tmp_path, "-o", tmp_path / "model", *words)


def test_a_folder_with_other_things_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(UsageError, match="is there already and is no model folder"):
        call("classify", tmp_path, "-o", tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter.txt").is_file()


def test_data_that_need_mending_leave_no_model(tmp_path: Path) -> None:
    rows = masked_rows(tmp_path, 10)
    rows[2]["mask"], rows[5]["mask"] = "masks/gone.png", "masks/lost.png"
    with pytest.raises(InputError, match="2 problems to mend"):
        call("segment", table(tmp_path, rows), "-o", tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.slow
def test_pictures_to_model_on_the_packaged_network(tmp_path: Path) -> None:
    source = class_folders(tmp_path / "mine", {"benign": 8, "malignant": 8})
    told = call("classify", source, "-o", tmp_path / "model", "--organ", "breast", "--mode", "frozen", "--threads", 1)
    assert "malignant = breast_mass_malignant" in told
    assert "<- chosen" in told
    assert f"lingyin analyze SCAN -o report --model {tmp_path / 'model'}" in told
    from lingyin.cli.predict import predict

    again = typer.Typer(pretty_exceptions_enable=False)
    again.command()(predict)
    words = ["mine", str(source / "benign"), "-o", str(tmp_path / "out"), "--model", str(tmp_path / "model")]
    result = CliRunner().invoke(again, words, catch_exceptions=False)
    assert result.exit_code == 0
    lines = (tmp_path / "out" / "labels.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "source,frame,label,breast_mass_benign,breast_mass_malignant"
    assert len(lines) == 9
