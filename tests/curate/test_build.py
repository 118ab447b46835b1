"""A build from source to corpus: labels, splits, drops, nothing rewritten, and the same bytes after any kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from lingyin.core.errors import InputError, OutputError
from lingyin.curate.build import Built, build_corpus
from lingyin.curate.join import prove
from lingyin.curate.splits import LeakError
from lingyin.curate.workplace import Workplace, locked
from tests.curate.sources import contents, make_source, small, speckle

Rows = dict[str, dict[str, Any]]


def built(*sources: Path, out: Path, **changes: object) -> tuple[Built, Rows]:
    """What a build says, and the rows of its catalogue by the file's name in its source."""
    done = build_corpus(sources, out, small(**changes))
    rows = pq.read_table(out / "catalogue.parquet").to_pylist()
    return done, {f"{row['source']}/{row['key']}": row for row in rows}


def test_a_folder_becomes_a_corpus(tmp_path: Path) -> None:
    source = make_source(tmp_path / "site")
    done, rows = built(source, out=tmp_path / "out")
    assert done.head["status"] == {"kept": 12}
    assert sum(done.head["splits"].values()) == 12
    first = rows["site/000.png"]
    assert (first["organ"], first["region"], first["masks"]) == ("liver", "region_abdomen", ["liver_outline"])
    assert "liver_lesion_malignant" in first["yes"]
    assert "liver_lesion_malignant" in rows["site/001.png"]["no"]
    assert "liver_lesion_malignant" not in rows["site/002.png"]["yes"] + rows["site/002.png"]["no"]
    assert first["mm_per_px_x"] == pytest.approx(0.2 * first["source_width"] / 64, rel=0.02)
    assert first["width"] == 64
    by_subject = {row["subject"]: row["split"] for row in rows.values()}
    assert all(row["split"] == by_subject[row["subject"]] for row in rows.values())
    prove(pq.read_table(tmp_path / "out" / "catalogue.parquet"))


def test_published_splits_stay_and_copies_of_test_pictures_go_to_test(tmp_path: Path) -> None:
    one = make_source(tmp_path / "one", splits=True)
    two = make_source(tmp_path / "two", count=2, first=100)
    copy = Image.open(one / "004.png")  # of subject 2: test
    copy.convert("RGB").save(two / "000.png", format="JPEG", quality=95)  # subject s0 of two, with 001.png
    _, rows = built(one, two, out=tmp_path / "out")
    assert rows["one/004.png"]["split"] == "test"
    assert rows["one/000.png"]["split"] == "train"
    assert rows["two/000.png"]["duplicate_group"] == rows["one/004.png"]["duplicate_group"]
    assert rows["two/000.png"]["split"] == "test"
    assert rows["two/001.png"]["split"] == "test"  # the same subject
    assert [rows[key]["is_copy"] for key in ("one/004.png", "two/000.png")] == [False, True]


def test_what_is_no_use_stands_in_the_catalogue_with_its_reason(tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    (folder / "liver").mkdir(parents=True)
    Image.fromarray(speckle(1)).save(folder / "liver" / "DOE^JANE.png")
    Image.fromarray(np.zeros((60, 80), np.uint8)).save(folder / "black.png")
    (folder / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    done, rows = built(folder, out=tmp_path / "out")
    assert done.head["reasons"] == {"empty": 1, "unreadable": 1}
    assert {row["status"] for row in rows.values()} == {"kept", "dropped"}
    stored = contents(tmp_path / "out")
    assert not any(b"DOE" in content for name, content in stored.items() if not name.startswith(".work"))


def test_again_with_nothing_changed_nothing_is_written(tmp_path: Path) -> None:
    source, out = make_source(tmp_path / "site"), tmp_path / "out"
    first, _ = built(source, out=out)
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.name != "lock"}
    again, _ = built(source, out=out)
    assert (first.written > 0, again.written) == (True, 0)
    assert again.head == first.head
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.name != "lock"} == times


def test_only_what_a_change_touches_is_decoded_again(tmp_path: Path) -> None:
    one, two, out = make_source(tmp_path / "one"), make_source(tmp_path / "two", first=50), tmp_path / "out"
    built(one, two, out=out)
    before = {path.name for path in Workplace(out).units.iterdir()}
    make_source(two, count=13, first=50)
    built(one, two, out=out)
    after = {path.name for path in Workplace(out).units.iterdir()}
    assert {name for name in before if name.startswith("one-")} <= after
    assert not {name for name in before if name.startswith("two-")} & after
    built(one, two, out=tmp_path / "fresh")
    assert contents(out) == contents(tmp_path / "fresh")


@pytest.mark.parametrize("what", ["shards", "catalogue.parquet", "card.html"])
def test_what_was_removed_is_written_again(tmp_path: Path, what: str) -> None:
    source, out = make_source(tmp_path / "site"), tmp_path / "out"
    built(source, out=out)
    whole = contents(out)
    chosen = next((out / what).iterdir()) if what == "shards" else out / what
    chosen.unlink()
    assert built(source, out=out)[0].written == 2  # and the head, which is gone while anything else changes
    assert contents(out) == whole


def test_many_processes_make_the_same_bytes(tmp_path: Path) -> None:
    source = make_source(tmp_path / "site")
    build_corpus([source], tmp_path / "one", small(), workers=1)
    build_corpus([source], tmp_path / "two", small(), workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_errors_of_a_source_reach_the_caller_from_other_processes(tmp_path: Path) -> None:
    source = make_source(tmp_path / "site")
    table = source / "labels.csv"
    build_corpus([source], tmp_path / "out", small())
    table.write_text(table.read_text("utf-8").replace("0.2", "big"), "utf-8")
    with pytest.raises(InputError, match="mm_per_px is 'big', not a number"):
        build_corpus([source], tmp_path / "out", small(), workers=2)
    assert (tmp_path / "out" / "corpus.json").is_file()  # the old corpus stays whole


def test_sources_without_a_picture_are_refused(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    Image.fromarray(np.zeros((60, 80), np.uint8)).save(tmp_path / "scans" / "black.png")
    with pytest.raises(InputError, match=r"no picture can be kept \(1 empty\)"):
        build_corpus([tmp_path / "scans"], tmp_path / "out", small())


def test_one_build_at_a_time(tmp_path: Path) -> None:
    source = make_source(tmp_path / "site")
    with locked(Workplace(tmp_path / "out")), pytest.raises(OutputError, match="built by another run"):
        build_corpus([source], tmp_path / "out", small())


def test_a_leak_stops_the_build_before_anything_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = make_source(tmp_path / "site"), tmp_path / "out"
    built(source, out=out)
    whole = contents(out)
    make_source(source, count=13)

    def careless(components: np.ndarray, *_: object) -> np.ndarray:
        return np.arange(len(components)) % 3

    monkeypatch.setattr("lingyin.curate.join.assign_splits", careless)
    with pytest.raises(LeakError, match="would be in"):
        built(source, out=out)
    assert {name: whole[name] for name in whole if not name.startswith(".work")} == {
        name: content for name, content in contents(out).items() if not name.startswith(".work")
    }


class Killed(BaseException):
    """Stands for the end of the process: nothing that a build does may catch it."""


@pytest.fixture
def kill_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], list[int]]:
    """Ends the build at the n-th change of a name on the disk; odd ones just before it, even ones just after."""
    count = [0]
    limit: list[int | None] = [None]

    def counting(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*words: Any, **options: Any) -> Any:
            count[0] += 1
            if limit[0] is not None and count[0] >= limit[0] and limit[0] % 2:
                raise Killed
            result = change(*words, **options)
            if limit[0] is not None and count[0] >= limit[0]:
                raise Killed
            return result

        return changed

    for name in ("replace", "unlink"):
        monkeypatch.setattr(Path, name, counting(getattr(Path, name)))

    def arm(number: int | None) -> list[int]:
        count[0], limit[0] = 0, number
        return count

    return arm


@pytest.mark.parametrize("begun", [False, True], ids=["first build", "after a change"])
def test_killed_at_every_write_the_bytes_are_those_of_an_unbroken_run(
    tmp_path: Path, kill_at: Callable[[int | None], list[int]], begun: bool
) -> None:
    source = make_source(tmp_path / "site", count=6)

    def changed(number: int) -> None:
        """The source before (0) or after (1) the change, each with times of its own."""
        Image.fromarray(speckle(900 + number)).save(source / "003.png")
        for path in source.iterdir():
            os.utime(path, ns=(number, number))

    def prepare(out: Path) -> None:
        if begun:
            changed(0)
            build_corpus([source], out, small())
        changed(1)

    prepare(tmp_path / "whole")
    count = kill_at(None)
    build_corpus([source], tmp_path / "whole", small())
    whole, writes = contents(tmp_path / "whole"), count[0]
    assert writes > 8
    for number in range(1, writes + 1):
        out = tmp_path / f"killed-{number}"
        kill_at(None)
        prepare(out)
        kill_at(number)
        with pytest.raises(Killed):
            build_corpus([source], out, small())
        kill_at(None)
        if (out / "corpus.json").is_file():  # whoever reads now reads the old corpus or the new one, whole
            head = json.loads((out / "corpus.json").read_text("utf-8"))
            assert {shard["bytes"] for shard in head["shards"]} == {
                path.stat().st_size for path in (out / "shards").glob("*.tar")
            }
        build_corpus([source], out, small())
        assert contents(out) == whole, number


BUILD = """
import sys
from pathlib import Path
from tests.curate.sources import small
from lingyin.curate.build import build_corpus
print("go", flush=True)
build_corpus([Path(sys.argv[1])], Path(sys.argv[2]), small(unit_items=2), workers=int(sys.argv[3]))
"""


@pytest.mark.slow
def test_killed_at_20_random_moments_the_bytes_are_those_of_an_unbroken_run(tmp_path: Path) -> None:
    source = make_source(tmp_path / "site", count=40)
    words = [sys.executable, "-c", BUILD, str(source)]
    here = Path(__file__).parents[2]

    def run(folder: str, workers: int, moment: float | None = None) -> tuple[int, float]:
        """Exit status, and seconds from the build's first step to its end."""
        process = subprocess.Popen(
            [*words, str(tmp_path / folder), str(workers)], cwd=here, stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdout is not None
            process.stdout.readline()
            began = time.monotonic()
            if moment is not None:
                time.sleep(moment)
                process.send_signal(signal.SIGKILL)
        return process.returncode, time.monotonic() - began

    _, seconds = run("whole", 1)
    killed = 0
    for moment in np.random.default_rng(20).uniform(0, seconds / 4, 20):  # each goes on where the last one was killed
        killed += run("out", 1, moment)[0] == -signal.SIGKILL
    assert killed
    assert run("out", 2)[0] == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
