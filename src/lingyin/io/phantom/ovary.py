"""An ovary with one cyst and some follicles, before bowel and pelvic wall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingyin.io.phantom.anatomy import mottle, soft_organ
from lingyin.io.phantom.canvas import BRIGHT, FLUID, FLUID_GAIN, TISSUE, Canvas
from lingyin.io.phantom.scene import Moment, Scene, widest
from lingyin.io.phantom.shapes import Points, Star, ellipse, wobble


class Ovary(Scene):
    """Long axis is the cyst's greatest extent (its wall's inner edge), short axis the longest chord across it."""

    title = "OVARY"

    def arrange(self) -> None:
        settled, rng = self.settled, self.rng
        long, ratio = settled["long_axis_mm"], settled["axis_ratio"]
        top = rng.uniform(14, 24) if settled.values["probe"] == "endocavity" else rng.uniform(30, 45)
        top = max(top, 0.3 * long)
        self.at_least_deep(top + long + 18)
        tilt = rng.uniform(-0.6, 0.6)
        shape = ellipse(0, 0, 1.0, ratio, tilt)
        shape = Star(0, 0, shape.radii * (1 + rng.uniform(0.01, 0.04) * wobble(rng, 2, 5)))
        size = long / widest(shape.polygon())[0]
        self.cyst = Star(rng.uniform(-6, 6), top + long / 2, shape.radii * size)
        self.ovary = Star(
            self.cyst.x + rng.uniform(-0.1, 0.1) * long,
            self.cyst.z + 2,
            np.maximum(self.cyst.radii * 1.12 + 3.5, 13 * (1 + 0.08 * wobble(rng, 2, 4))),
        )

    def background(self, canvas: Canvas) -> None:
        rng = self.rng
        mottle(canvas, rng, 3.0)
        canvas.echo += 1
        depth = canvas.probe.depth_mm
        for _ in range(int(rng.integers(4, 9))):
            loop = Star(
                rng.uniform(-0.6, 0.6) * depth,
                rng.uniform(0.3, 1) * depth,
                rng.uniform(5, 14) * (1 + 0.2 * wobble(rng, 2, 5)),
            )
            soft_organ(canvas, rng, loop, TISSUE + rng.uniform(-10, 3), 2.0)
        soft_organ(canvas, rng, self.ovary, TISSUE - 4, 1.5)
        radius = float(self.ovary.radii.mean())
        for _ in range(int(rng.integers(2, 6))):
            turn = rng.uniform(0, 2 * np.pi)
            small = Star(
                self.ovary.x + 0.86 * radius * float(np.cos(turn)),
                self.ovary.z + 0.86 * radius * float(np.sin(turn)),
                rng.uniform(1.2, 3.2) * (1 + 0.1 * wobble(rng, 2, 4)),
            )
            canvas.fill(small.distance(canvas.x, canvas.z), FLUID + 10, FLUID_GAIN, soft_mm=0.8)
        distance = self.cyst.distance(canvas.x, canvas.z)
        rim = np.exp(-(((distance - np.float32(0.7)) / np.float32(0.9)) ** 2))
        canvas.add(rim, 6.0)
        canvas.fill(distance, FLUID + 12, 1.5 * FLUID_GAIN, soft_mm=0.5)
        strength = self.settled["septum"]
        if strength > 0:
            turn = rng.uniform(-0.6, 0.6)
            across = (canvas.x - np.float32(self.cyst.x)) * np.sin(turn) + (
                canvas.z - np.float32(self.cyst.z)
            ) * np.cos(turn)
            bent = (
                across
                - np.float32(0.1) * self.settled["long_axis_mm"]
                + 0.006 * (canvas.x - np.float32(self.cyst.x)) ** 2
            )
            sheet = np.exp(-((bent / np.float32(0.7)) ** 2)) * (distance < 0)
            canvas.echo += sheet * np.float32(strength) * np.maximum(np.float32(BRIGHT - 8) - canvas.echo, 0)

    def _cyst_at(self, moment: Moment) -> Star:
        return Star(self.cyst.x + moment.shift_x, self.cyst.z + moment.shift_z, self.cyst.radii)

    def paint(self, canvas: Canvas, moment: Moment) -> None:
        canvas.line(self._cyst_at(moment).distance(canvas.x, canvas.z), BRIGHT - 2, 0.5, scatter=0.1)

    def outlines(self, moment: Moment) -> dict[str, Points]:
        return {"ovarian_lesion": self._cyst_at(moment).polygon()}

    def measure(self, moments: Sequence[Moment]) -> dict[str, float]:
        long, short = widest(self._cyst_at(moments[0]).polygon())
        return {"ovarian_lesion_long_axis": long, "ovarian_lesion_short_axis": short}
