"""A Ray cluster makes the corpus that one machine makes, also when one of its workers is killed in the middle."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lingyin.core.errors import InputError, UsageError
from lingyin.curate.build import build_corpus
from lingyin.curate.cluster import ClusterError, versions, work_on
from lingyin.curate.recognise import find_origins, fingerprint
from lingyin.curate.units import Cursor, Unit, make_unit, units_of
from tests.curate.sources import contents, make_source, small

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason='Ray is absent: pip install "lingyin[cluster]"'
)

# In a process of its own: Ray's threads and signal handlers would stay in this one.
SCRIPT = """
import sys
from pathlib import Path

import ray
from ray.cluster_utils import Cluster
from tests.curate.sources import small

from lingyin.curate import cluster as runner
from lingyin.curate.build import build_corpus
from lingyin.curate.cluster import ClusterError

runner.PATIENCE_S = 3.0
source, out, kills = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
workers = [cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20) for _ in range(2)]
cluster.wait_for_nodes()


def tell(stage, done, total):
    if stage == "reading pictures" and done >= 3:
        while len(workers) > 2 - kills:
            cluster.remove_node(workers.pop(), allow_graceful=False)
            print(f"killed after {done} of {total}")


try:
    built = build_corpus([source], out, small(unit_items=2), tell=tell, cluster=cluster.address)
    print("rows", built.head["rows"])
except ClusterError as error:
    print("ClusterError", error)
finally:
    ray.shutdown()
    cluster.shutdown()
"""


def on_two_workers(source: Path, out: Path, kills: int) -> str:
    """What a build said on a cluster of two workers, `kills` of which are killed after the third unit."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(source), str(out), str(kills)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_ray
@pytest.mark.slow
def test_a_worker_killed_in_the_middle_leaves_no_trace_in_the_corpus(tmp_path: Path) -> None:
    source = make_source(tmp_path / "site", count=40)
    build_corpus([source], tmp_path / "one", small(unit_items=2))
    said = on_two_workers(source, tmp_path / "many", kills=1)
    assert "killed after 3 of 20" in said
    assert "rows 40" in said
    assert contents(tmp_path / "many") == contents(tmp_path / "one")


@needs_ray
@pytest.mark.slow
def test_without_any_worker_left_the_build_ends_and_goes_on_later(tmp_path: Path) -> None:
    source = make_source(tmp_path / "site", count=40)
    said = on_two_workers(source, tmp_path / "many", kills=2)
    assert "no node left" in said
    assert not (tmp_path / "many" / "corpus.json").exists()
    assert len(list((tmp_path / "many" / ".work" / "units").glob("*.parquet"))) >= 3
    build_corpus([source], tmp_path / "many", small(unit_items=2))
    build_corpus([source], tmp_path / "one", small(unit_items=2))
    assert contents(tmp_path / "many") == contents(tmp_path / "one")


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    (origin,) = find_origins([make_source(tmp_path / "site", count=3)])
    (unit,) = units_of(origin, fingerprint(origin), 3, small())
    return unit


def test_a_node_gives_the_bytes_of_this_machine(unit: Unit) -> None:
    made, failure = work_on(unit, versions())
    assert failure is None
    assert made == make_unit(unit, Cursor())


def test_a_node_with_other_versions_is_refused(unit: Unit) -> None:
    with pytest.raises(ClusterError, match=r"runs opencv .* instead of 0\.1; install the same"):
        work_on(unit, {**versions(), "opencv": "0.1"})


def test_a_node_that_sees_other_files_is_refused(unit: Unit) -> None:
    made, failure = work_on(replace(unit, mark="that of the machine that asks"), versions())
    assert made is None
    assert failure is not None
    assert failure[0] is InputError
    assert "another one on a node" in failure[2]


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    source = make_source(tmp_path / "site", count=2)
    with pytest.raises(UsageError, match=r"lingyin\[cluster\]"):
        build_corpus([source], tmp_path / "out", small(), cluster="auto")


def test_an_address_without_a_cluster_is_said(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason='Ray is absent: pip install "lingyin[cluster]"')
    source = make_source(tmp_path / "site", count=2)
    with pytest.raises(ClusterError, match="no Ray cluster at nowhere"):
        build_corpus([source], tmp_path / "out", small(), cluster="nowhere")
