"""Starting costs little: help and info load none of the heavy libraries."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "openvino", "cv2", "av", "pydicom", "numpy", "PIL"}


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["info"], ["info", "--json"], ["analyze", "--help"]])
def test_no_heavy_library_is_loaded(words: list[str]) -> None:
    code = (
        "import sys, json\n"
        f"sys.argv = ['lingyin', *{words!r}]\n"
        "from lingyin.cli.main import run\n"
        "try:\n    run()\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "print('\\n' + json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(json.loads(done.stdout.splitlines()[-1]))


def test_info_lists_heads_with_scores() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lingyin.cli.main", "info", "--json"], capture_output=True, text=True, check=True
    )
    card = json.loads(done.stdout)
    heads = {head["name"]: head for head in card["model"]["heads"]}
    assert {"organ", "breast_diagnosis", "fetal_skull", "abdominal_aorta_outer"} <= set(heads)
    assert any(head["scores"] for head in heads.values())
