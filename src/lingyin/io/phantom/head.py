"""A fetal head in the plane of the thalami: skull, midline, cavum, thalami and choroid plexus, in amniotic fluid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingyin.io.phantom.anatomy import mottle, soft_organ, wall
from lingyin.io.phantom.canvas import BRIGHT, FLUID, FLUID_GAIN, MUSCLE, TISSUE, Canvas
from lingyin.io.phantom.probe import Field
from lingyin.io.phantom.scene import Moment, Scene
from lingyin.io.phantom.shapes import Points, Star, ellipse, wobble
from lingyin.io.phantom.texture import clouds


def perimeter(half_long: float, half_short: float) -> float:
    """Circumference of an ellipse in the unit of its half axes, by a fine polygon."""
    angle = np.linspace(0, 2 * np.pi, 20001)
    return float(np.hypot(np.diff(half_long * np.cos(angle)), np.diff(half_short * np.sin(angle))).sum())


class FetalHead(Scene):
    """All diameters and the circumference run along the outer edge of the skull, which is an exact ellipse."""

    title = "OB HEAD"

    def arrange(self) -> None:
        settled, rng = self.settled, self.rng
        index = settled["cephalic_index"]
        self.half_long = settled["circumference_mm"] / perimeter(1.0, index)
        self.half_short = index * self.half_long
        turn = np.radians(settled["turn_deg"])
        height = float(np.hypot(self.half_long * np.sin(turn), self.half_short * np.cos(turn)))
        half_width = float(np.hypot(self.half_long * np.cos(turn), self.half_short * np.sin(turn)))
        top = max(rng.uniform(22, 40), 1.55 * half_width - 40 - 0.0 * height)
        self.at_least_deep(top + 2 * height + 12)
        if half_width > 45:
            settled.suit("footprint", max(settled["footprint"], 0.75))
        self.x, self.z, self.turn = rng.uniform(-4, 4), top + height, float(turn)
        self.skull_mm = float(np.clip(0.022 * 2 * self.half_short, 1.0, 2.4))

    def _skull(self, moment: Moment) -> Star:
        return ellipse(self.x + moment.shift_x, self.z + moment.shift_z, self.half_long, self.half_short, self.turn)

    def _along(self, x: Field, z: Field) -> tuple[Field, Field]:
        """Coordinates along and across the midline, in half axes."""
        dx, dz = x - np.float32(self.x), z - np.float32(self.z)
        cos, sin = np.float32(np.cos(self.turn)), np.float32(np.sin(self.turn))
        return (dx * cos + dz * sin) / self.half_long, (dz * cos - dx * sin) / self.half_short

    def background(self, canvas: Canvas) -> None:
        rng, x, z = self.rng, canvas.x, canvas.z
        mottle(canvas, rng, 2.4)
        skull = ellipse(self.x, self.z, self.half_long, self.half_short, self.turn)
        fluid = skull.grown(rng.uniform(3, 10))
        pocket = Star(fluid.x, fluid.z, fluid.radii * (1 + 0.09 * wobble(rng, 2, 5)))
        canvas.fill(pocket.distance(x, z), FLUID + 14, soft_mm=1.5)
        placenta = Star(self.x + rng.uniform(-40, 40), self.z - self.half_short - 16, np.full(360, 20.0))
        soft_organ(canvas, rng, placenta, TISSUE + 1, 1.5)
        canvas.fill(skull.grown(2.2).distance(x, z), TISSUE, soft_mm=1.2)
        along, across = self._along(x, z)
        inside = skull.grown(-self.skull_mm).distance(x, z)
        brain = np.float32(MUSCLE - 9) + clouds(rng, x.shape, (36.0, 22.0), 3) * np.float32(1.8)
        canvas.fill(inside, brain, soft_mm=0.8)
        self._brain(canvas, along, across, inside)
        wall(canvas, rng, rng.uniform(5, 10), rng.uniform(4, 8))

    def _brain(self, canvas: Canvas, along: Field, across: Field, inside: Field) -> None:
        rng = self.rng
        flip = float(rng.choice([-1.0, 1.0]))  # face to the left or right
        along = along * np.float32(flip)
        within = inside < -1
        broken = ((along < -0.32) | (along > 0.42)) & (np.abs(along) < 0.94)
        falx = np.exp(-((across * np.float32(self.half_short) / np.float32(0.9)) ** 2)) * broken * within
        canvas.echo += falx * np.maximum(np.float32(BRIGHT - 5) - canvas.echo, 0)
        for side in (-1.0, 1.0):
            thalamus = np.hypot((along - 0.02) / 0.2, (across - np.float32(0.17 * side)) / 0.17)
            canvas.fill((thalamus - 1).astype(np.float32) * 8, MUSCLE - 13, soft_mm=1.5)
            plexus = np.hypot((along - 0.42) / 0.2, (across - np.float32(0.4 * side)) / 0.1)
            canvas.fill((plexus - 1).astype(np.float32) * 6, TISSUE - 1, soft_mm=2.0)
            insula = np.abs(np.hypot((along + 0.05) / 0.5, across / 0.62) - 1) * np.float32(0.55 * self.half_short)
            echo = np.exp(-((insula / np.float32(1.0)) ** 2)) * (across * side > 0.3) * within
            canvas.echo += echo * np.maximum(np.float32(TISSUE + 2) - canvas.echo, 0)
        cavum = np.maximum(np.abs((along + 0.42) / 0.12), np.abs(across / 0.075))
        canvas.fill((cavum - 1).astype(np.float32) * 3, FLUID + 14, FLUID_GAIN, soft_mm=0.8)
        edge = np.exp(-(((np.abs(across) - 0.085) * np.float32(self.half_short) / np.float32(0.6)) ** 2))
        edge *= np.abs(along + 0.42) < 0.12
        canvas.echo += edge * np.maximum(np.float32(BRIGHT - 7) - canvas.echo, 0)

    def paint(self, canvas: Canvas, moment: Moment) -> None:
        outer = self._skull(moment).distance(canvas.x, canvas.z)
        middle = np.abs(outer + np.float32(self.skull_mm / 2)) - np.float32(self.skull_mm / 2)
        facing = np.abs(np.gradient(outer, axis=0)) / np.float32(self.probe.sample_mm)
        bone = np.clip(np.float32(0.5) - middle / np.float32(0.35), 0, 1)
        level = np.float32(BRIGHT + 3) - np.float32(15) * (1 - np.clip(facing, 0, 1)) ** 1.5
        canvas.echo += bone * (level - canvas.echo)
        canvas.loss += bone * np.float32(1.1)

    def outlines(self, moment: Moment) -> dict[str, Points]:
        return {"fetal_skull": self._skull(moment).polygon()}

    def measure(self, moments: Sequence[Moment]) -> dict[str, float]:  # noqa: ARG002 - the skull does not change
        return {
            "fetal_head_circumference": perimeter(self.half_long, self.half_short),
            "biparietal_diameter": 2 * self.half_short,
            "occipitofrontal_diameter": 2 * self.half_long,
        }
