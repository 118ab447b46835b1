"""A thyroid lobe in cross-section with one nodule, between trachea and carotid artery."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingyin.io.phantom.anatomy import mottle, soft_organ, wall
from lingyin.io.phantom.canvas import BLOOD, BRIGHT, FLUID_GAIN, GAS_LOSS, GLAND, MUSCLE, TISSUE, Canvas
from lingyin.io.phantom.scene import Moment, Scene, widest
from lingyin.io.phantom.shapes import Points, Star, ellipse, wobble
from lingyin.io.phantom.texture import clouds, fibres


class Thyroid(Scene):
    """Long axis is the nodule's greatest extent, short axis the longest chord at right angles to it."""

    title = "THYROID TRANS"

    def arrange(self) -> None:
        settled, rng = self.settled, self.rng
        long, short = settled["long_axis_mm"], settled["long_axis_mm"] * settled["axis_ratio"]
        self.side = float(rng.choice([-1.0, 1.0]))  # where the trachea lies
        self.top = rng.uniform(10, 13)
        half_height = max(rng.uniform(7, 9.5), short / 2 + 2)
        half_width = max(rng.uniform(11, 15), long / 2 + 2.5)
        self.at_least_deep(self.top + 2 * half_height + 10)
        settled.suit("footprint", max(settled["footprint"], min(1.0, (half_width + 2 - 19) / 8 + 0.3)))
        x, z = -self.side * rng.uniform(0, 2), self.top + half_height
        lobe = ellipse(x, z, half_width, half_height, -self.side * rng.uniform(0, 0.12))
        self.lobe = Star(lobe.x, lobe.z, lobe.radii * (1 + 0.04 * wobble(rng, 2, 4)))
        shape = ellipse(0, 0, 1.0, settled["axis_ratio"], rng.uniform(-0.3, 0.3))
        shape = Star(0, 0, shape.radii * (1 + rng.uniform(0.01, 0.05) * wobble(rng, 2, 6)))
        size = long / widest(shape.polygon())[0]
        slack_x, slack_z = max(0.0, half_width - long / 2 - 2), max(0.0, half_height - short / 2 - 1.5)
        self.nodule = Star(
            x + rng.uniform(-0.7, 0.7) * slack_x, z + rng.uniform(-0.7, 0.7) * slack_z, shape.radii * size
        )

    def background(self, canvas: Canvas) -> None:
        rng, side = self.rng, self.side
        x, z, lobe = canvas.x, canvas.z, self.lobe
        mottle(canvas, rng, 2.0)
        deep = z - np.float32(lobe.z + float(lobe.radii[90]) + 2)
        canvas.fill(-deep - np.float32(0), TISSUE - 1, soft_mm=2.0)
        canvas.fill(-deep, MUSCLE - 1, soft_mm=2.0)
        canvas.add(fibres(rng, x, z, 2.0, rng.uniform(-0.1, 0.1), 1.0) * (deep > 0), 9.0)
        wall(canvas, rng, rng.uniform(3, 5), max(3.0, self.top - rng.uniform(4.5, 6.0)))
        width = float(lobe.radii[0])
        trachea = Star(lobe.x + side * (width + 7.5), lobe.z + 1.5, np.full(360, 9.0))
        distance = trachea.distance(x, z)
        soft_organ(canvas, rng, lobe, GLAND, 1.0)
        isthmus = ellipse(lobe.x + side * (width + 4), trachea.z - 10.8, 12.0, 2.2)
        soft_organ(canvas, rng, isthmus, GLAND, 1.0)
        canvas.fill(distance, TISSUE - 4, soft_mm=0.6)
        canvas.fill(distance + np.float32(1.6), -40.0, GAS_LOSS, soft_mm=0.6)
        front = np.exp(-(((distance + 1.8) / np.float32(0.5)) ** 2)) * np.clip((trachea.z - z) / 4, 0, 1)
        canvas.echo += front * np.maximum(np.float32(BRIGHT + 2) - canvas.echo, 0)
        artery = Star(lobe.x - side * (width + 4.2), lobe.z + rng.uniform(0, 3), np.full(360, rng.uniform(3, 3.8)))
        vessel = artery.distance(x, z)
        canvas.fill(vessel, TISSUE + 6, soft_mm=0.4)
        canvas.fill(vessel + np.float32(0.9), BLOOD, FLUID_GAIN, soft_mm=0.4)
        vein = ellipse(artery.x - side * 7.5, artery.z - 4, rng.uniform(3.5, 5), rng.uniform(2, 3.6))
        canvas.fill(vein.distance(x, z), BLOOD + 2, FLUID_GAIN, soft_mm=0.7)
        self._paint_nodule(canvas)

    def _paint_nodule(self, canvas: Canvas) -> None:
        rng, settled = self.rng, self.settled
        distance = self.nodule.distance(canvas.x, canvas.z)
        level = settled["nodule_db"]
        fluid = level < -20
        texture = clouds(rng, canvas.x.shape, (26.0, 16.0), 3) * np.float32(0.5 if fluid else 1.6)
        canvas.fill(distance, np.float32(GLAND + level) + texture, FLUID_GAIN * 2 if fluid else 0.0, soft_mm=0.5)
        rim = np.exp(-(((distance + np.float32(0.45)) / np.float32(0.5)) ** 2))
        canvas.add(rim, -9.0 * settled["halo"])
        if not fluid and rng.random() < 0.35:
            specks = (rng.random(canvas.x.shape) < 0.004) & (distance < -1.0)
            canvas.echo += specks * np.maximum(np.float32(BRIGHT + 2) - canvas.echo, 0)

    def paint(self, canvas: Canvas, moment: Moment) -> None:
        """Nothing of it changes but by the drift of the whole."""

    def _outline(self, moment: Moment) -> Points:
        return Star(self.nodule.x + moment.shift_x, self.nodule.z + moment.shift_z, self.nodule.radii).polygon()

    def outlines(self, moment: Moment) -> dict[str, Points]:
        return {"thyroid_nodule": self._outline(moment)}

    def measure(self, moments: Sequence[Moment]) -> dict[str, float]:
        long, short = widest(self._outline(moments[0]))
        return {"thyroid_nodule_long_axis": long, "thyroid_nodule_short_axis": short}
