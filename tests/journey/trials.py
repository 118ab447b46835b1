"""Trials of the node in a department: undisturbed, killed again and again, its archive away, letters that go dead."""

from __future__ import annotations

import logging
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pydicom import dcmread
from pydicom.uid import generate_uid
from tests.journey.department import NodeProcess, Orthanc, find_orthanc, find_storescu, start_sender
from tests.serve.node.conftest import image
from tests.waiting import free_port

from lingyin.io.phantom import make_phantom, write_phantom

log = logging.getLogger(__name__)
SENDERS, PER_STUDY = 4, 5
KINDS = ("aorta", "thyroid", "carotid", "ovary")
STALLED_S = 600.0
Figures = dict[str, float]
State = dict[str, list[str]]


class Department:
    """A node, an archive and four scanners over one folder, with what came of them."""

    def __init__(self, folder: Path, images: Path, *words: str) -> None:
        self.folder, self.images = folder, images
        self.wanted = sorted(path.stem for path in images.rglob("*.dcm"))
        node_port, archive_port = free_port(), free_port()
        peer = f"ORTHANC@127.0.0.1:{archive_port}"
        self.node = NodeProcess(folder / "node", peer, "--quiet-seconds", "2", *words, port=node_port)
        self.archive = Orthanc(_found(find_orthanc()), folder / "orthanc", node_port, archive_port)
        self._storescu = _found(find_storescu())
        self._senders = [threading.Thread(target=self._send, args=(each,)) for each in sorted(images.iterdir())]
        self._giving_up = threading.Event()

    def send(self) -> None:
        """Starts the scanners."""
        for each in self._senders:
            each.start()

    def _send(self, folder: Path) -> None:
        """One scanner: sends all of its images again until all are confirmed."""
        while start_sender(self._storescu, self.node.port, folder).wait() and not self._giving_up.wait(0.5):
            pass

    def state(self) -> Figures:
        """How far the node is: images stored and done, results made and sent."""
        told = "SELECT 'images' AS kind, state, count(*) AS n FROM images GROUP BY state"
        rows = self.node.ask(f"{told} UNION ALL SELECT 'results', state, count(*) FROM results GROUP BY state")
        counts = {(row["kind"], row["state"]): row["n"] for row in rows}
        return {
            "stored": sum(n for (kind, _), n in counts.items() if kind == "images"),
            "done": counts.get(("images", "done"), 0),
            "made": sum(n for (kind, _), n in counts.items() if kind == "results"),
            "sent": counts.get(("results", "sent"), 0),
            "waiting": counts.get(("results", "waiting"), 0),
        }

    def progress(self) -> float:
        """The same as a share of everything."""
        now, total = self.state(), len(self.wanted)
        delivered = now["sent"] / now["made"] * now["done"] if now["made"] else 0.0
        return (now["stored"] + now["done"] + delivered) / (3 * total)

    def wait(self, true: Callable[[], bool]) -> None:
        """Waits, telling how far it is; ends everything where nothing moves any more."""
        last, moved, told = -1.0, time.monotonic(), 0.0
        while not true():
            now = self.progress()
            if now != last:
                last, moved = now, time.monotonic()
            if time.monotonic() - told > 10:
                told = time.monotonic()
                log.info(", ".join(f"{n:g} {word}" for word, n in self.state().items()))
            if self.node.ended or time.monotonic() - moved > STALLED_S:
                raise AssertionError(f"nothing moves any more; see {self.folder}")
            time.sleep(0.2)

    def finished(self) -> bool:
        """Whether every image is done and every result delivered."""
        now = self.state()
        return now["done"] == len(self.wanted) and now["sent"] == now["made"]

    def close(self) -> None:
        """Ends all of it."""
        self._giving_up.set()
        self.node.end(signal.SIGKILL)
        self.archive.stop()
        for each in self._senders:
            if each.is_alive():
                each.join()

    def kinds(self) -> State:
        """Classes of the results of each image: the end state, apart from times and identifiers."""
        query = "SELECT images.sop_instance AS image, results.sop_class AS made FROM results, images "
        query += "WHERE results.image=images.seq"
        made: State = {}
        for row in self.node.ask(query):
            made.setdefault(row["image"], []).append(row["made"])
        return {image: sorted(classes) for image, classes in made.items()}

    def figures(self, seconds: float) -> Figures:
        """What the node and the archive hold in the end."""
        images, results = self.node.rows("images"), self.node.rows("results")
        reported, held = self.archive.reported(), self.archive.instances()
        names = [tags["SOPInstanceUID"] for tags in held.values()]
        made = {row["sop_instance"] for row in results}
        return {
            "images sent": len(self.wanted),
            "images stored": len({row["sop_instance"] for row in images} & set(self.wanted)),
            "images with exactly one report in the archive": sum(reported.count(each) == 1 for each in self.wanted),
            "images lost": len(set(self.wanted) - set(reported)),
            "images doubled": len(images) - len(self.wanted) + len(reported) - len(set(reported)),
            "results in the archive": len(names),
            "results missing or unknown in the archive": len(made ^ set(names)) + len(names) - len(set(names)),
            "deliveries for each result": sum(row["attempts"] for row in results) / max(1, len(results)),
            "seconds from the first image to the last result": seconds,
        }


def run(name: str, folder: Path, images: Path, disturb: Callable[[Department], Figures]) -> tuple[Figures, State]:
    """One trial: figures, and the end state."""
    log.info(f"== {name}")
    place = folder / name.replace(" ", "-")
    shutil.rmtree(place, ignore_errors=True)  # of a run that was broken off
    department = Department(place, images)
    try:
        department.archive.start()
        department.node.start()
        began = time.monotonic()
        department.send()
        extra = disturb(department)
        department.wait(department.finished)
        figures = department.figures(time.monotonic() - began) | extra
        figures["ended cleanly"] = float(department.node.end(signal.SIGTERM) == 0)
        return figures, department.kinds()
    finally:
        department.close()


def disturbing(kills: int, away_s: float, rng: random.Random) -> Callable[[Department], Figures]:
    """Kills the node at moments spread over storing, analysing and delivering; has the archive away in the middle."""

    def kill(department: Department) -> None:
        log.info(f"killed at {department.progress():.0%}")
        department.node.end(signal.SIGKILL)
        department.node.start()

    def disturb(department: Department) -> Figures:
        waited = 0.0
        for number in range(kills):
            moment = (number + rng.random()) / (kills + 0.5)
            department.wait(lambda moment=moment: department.progress() >= moment)
            if number == kills // 2:
                department.wait(lambda: department.state()["sent"] > 0)
                department.archive.stop()
                log.info("the archive is away")
                kill(department)
                began = time.monotonic()
                department.wait(
                    lambda began=began: time.monotonic() > began + away_s and department.state()["waiting"] > 0
                )
                waited = department.state()["waiting"]
                department.archive.start()
                log.info("the archive is back")
            else:
                kill(department)
        return {"kills": kills, "seconds the archive was away": away_s, "results that waited for it": waited}

    return disturb


def dead_letters(folder: Path, images: Path) -> Figures:
    """The archive is away for longer than results are tried, one image is damaged, one letter is taken out by hand."""
    log.info("== dead letters")
    damaged = next(images.rglob("*.dcm"))
    dataset = dcmread(damaged)
    dataset.Rows = 9600
    dataset.save_as(damaged)
    shutil.rmtree(folder / "dead-letters", ignore_errors=True)
    department = Department(folder / "dead-letters", images, "--attempts", "3")
    letters = department.node.data / "dead-letter"
    try:
        department.node.start()
        department.send()

        def dead(table: str) -> int:
            return sum(row["state"] == "dead" for row in department.node.rows(table))

        def told() -> int:
            return sum(path.with_suffix(".json").exists() for path in letters.glob("*.dcm"))

        def given_up() -> bool:
            now = department.state()
            is_done = now["done"] == len(department.wanted) - 1 and dead("images") == 1
            return is_done and now["made"] == dead("results") == told() - 1

        department.wait(given_up)
        count, in_folder = dead("results") + dead("images"), told()
        department.node.end(signal.SIGTERM)
        next(letters.glob("*-sr.dcm")).unlink()
        department.node.start()
        back = len(list(letters.glob("*.dcm")))
        department.node.end(signal.SIGTERM)
        department.archive.start()
        department.node.start("--retry-dead")
        department.wait(lambda: department.state()["sent"] == department.state()["made"] and told() == 1)
        held = department.archive.instances()
        return {
            "images and results given up": count,
            "of them in the folder, with a reason": in_folder,
            "in the folder after one was taken out": back,
            "results delivered once tried again": len(held),
            "results made": department.state()["made"],
            "letters left (the damaged image)": len(list(letters.glob("*.dcm"))),
        }
    finally:
        department.close()


def make_images(folder: Path, count: int, seed: int) -> None:
    """A folder of stills for each scanner, named by their identifiers: one of ten a phantom, the others dark noise."""
    folder.mkdir()
    for number in range(count):
        study = number // PER_STUDY
        if number % 10 == 0:
            path = folder / "phantom.dcm"
            write_phantom(make_phantom(KINDS[number // 10 % len(KINDS)], seed + number, frames=1), path)
            dataset = dcmread(path)
            path.unlink()
            path.with_suffix(".json").unlink()
        else:
            dataset = image(seed + number)
        dataset.PatientID = f"N{study}"
        dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study", str(seed), str(study)])
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=["image", str(seed), str(number)])
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        scanner = folder / f"scanner-{study % SENDERS}"
        scanner.mkdir(exist_ok=True)
        dataset.save_as(scanner / f"{dataset.SOPInstanceUID}.dcm", enforce_file_format=True)


def _found(program: str | None) -> str:
    assert program is not None, "Orthanc or DCMTK's storescu is absent"
    return program
