"""Wrong words on the command line are answered with a sentence before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from lingyin.cli.node import node
from lingyin.core.errors import OutputError, UsageError

GOOD = ["--aet", "LINGYIN", "--port", "11112", "--send-to", "ARCHIVE@127.0.0.1:4242"]


def run(*words: str) -> None:
    app = typer.Typer()
    app.command()(node)
    result = CliRunner().invoke(app, [*GOOD, *words], catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--send-to", "ARCHIVE"], "AET@HOST:PORT"),
        (["--aet", "A\\B"], "AE title"),
        (["--allow", "MUCH TOO LONG A TITLE"], "AE title"),
        (["--known", "X@y"], "AET@HOST:PORT"),
        (["--tls-key", "key.pem"], "--tls-cert"),
        (["--send-tls"], "--tls-cert"),
        (["--lang", "fr"], "fr"),
        (["--results", "sr,video"], "kinds"),
    ],
)
def test_wrong_words_are_named(words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run(*words)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="--data"):
        run("--data", str(tmp_path / "file" / "node"))
