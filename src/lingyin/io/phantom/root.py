"""Aortic root in the parasternal short axis: three sinuses with cusps, between right heart and left atrium."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingyin.io.phantom.anatomy import mottle, soft_organ, wall
from lingyin.io.phantom.canvas import BLOOD, BRIGHT, FAT, FLUID_GAIN, MUSCLE, TISSUE, Canvas
from lingyin.io.phantom.scene import Moment, Scene, narrowest
from lingyin.io.phantom.shapes import Points, Star, wobble


class AorticRoot(Scene):
    """The diameter runs from leading edge to leading edge: it holds the near wall and ends at the lumen's far edge."""

    title = "PSAX AV"

    def arrange(self) -> None:
        settled, rng = self.settled, self.rng
        diameter = settled["diameter_mm"]
        settled.suit("top_mm", max(settled["top_mm"], 0.62 * diameter))
        centre_z = settled["top_mm"] + diameter / 2
        self.at_least_deep(settled["top_mm"] + 1.9 * diameter + 12)
        room = max(0.0, 0.55 * centre_z - diameter / 2)
        settled.suit("offset_mm", float(np.clip(settled["offset_mm"], -room, room)))
        angle = np.radians(np.arange(360))
        self.turn = rng.uniform(-0.25, 0.25) + np.pi / 6
        sinuses = 1 + rng.uniform(0.012, 0.035) * np.cos(3 * (angle - self.turn)) + 0.006 * wobble(rng, 2, 4)
        size = diameter / narrowest(Star(0, 0, sinuses).polygon())
        self.leading = Star(settled["offset_mm"], centre_z, sinuses * size)
        # the near wall belongs to the section, the far wall does not
        self.near_wall = settled["wall_mm"] * np.clip(-np.sin(angle), 0, 1)
        self.far_wall = settled["wall_mm"] * (1 - np.clip(-np.sin(angle), 0, 1))
        self.left_side = rng.uniform(0.85, 1.25)

    def _section(self, moment: Moment) -> Star:
        factor = 1 - self.settled["pulsation_mm"] * (1 - moment.pulse) / self.settled["diameter_mm"]
        rest = self.leading
        return Star(rest.x + moment.shift_x, rest.z + moment.shift_z, rest.radii * factor)

    def background(self, canvas: Canvas) -> None:
        rng, root = self.rng, self.leading
        diameter, top = self.settled["diameter_mm"], self.settled["top_mm"]
        mottle(canvas, rng, 2.2)
        canvas.echo -= 3
        x, z = canvas.x, canvas.z
        ventricle = Star(
            root.x - 0.2 * diameter,
            root.z - 0.1 * diameter,
            (0.55 * diameter + min(0.47 * diameter, 0.5 * top)) * (1 + 0.1 * wobble(rng, 2, 4)),
        )
        right = ventricle.distance(x, z)
        above = (root.z - np.float32(0.15 * diameter)) - z
        side = np.float32(0.9 * diameter) - np.abs(x - np.float32(root.x) + np.float32(0.1 * diameter))
        band = np.maximum(right, -np.minimum(above + 0.45 * np.abs(x - np.float32(root.x)), side + 30))
        canvas.fill(right - np.float32(5), MUSCLE + 4, soft_mm=1.5)
        canvas.fill(band, BLOOD + 6, FLUID_GAIN / 3, soft_mm=1.2)
        atrium = Star(
            root.x + 0.1 * diameter,
            root.z + 1.12 * diameter,
            0.62 * diameter * self.left_side * (1 + 0.09 * wobble(rng, 2, 4)),
        )
        left = atrium.distance(x, z)
        canvas.fill(left - np.float32(2.4), TISSUE + 2, soft_mm=1.0)
        canvas.fill(left, BLOOD + 4, FLUID_GAIN / 3, soft_mm=1.0)
        other = Star(root.x - 1.05 * diameter, root.z + 0.75 * diameter, 0.5 * diameter * (1 + 0.1 * wobble(rng, 2, 4)))
        right_atrium = other.distance(x, z)
        canvas.fill(right_atrium - np.float32(2), TISSUE, soft_mm=1.0)
        canvas.fill(right_atrium, BLOOD + 5, FLUID_GAIN / 3, soft_mm=1.0)
        fat = self.leading.grown(self.settled["wall_mm"] + 1.5).distance(x, z)
        canvas.fill(fat, FAT + 2, soft_mm=2.0)
        if rng.random() < 0.5:  # lung at one side
            lung = Star(
                float(rng.choice([-1, 1])) * 0.55 * canvas.probe.depth_mm,
                0.45 * canvas.probe.depth_mm,
                np.full(360, 24.0),
            )
            soft_organ(canvas, rng, lung, TISSUE + 4, 2.0)
        wall(canvas, rng, rng.uniform(4, 9), min(rng.uniform(5, 10), 0.3 * top))

    def paint(self, canvas: Canvas, moment: Moment) -> None:
        section = self._section(moment)
        lumen = Star(section.x, section.z, section.radii - self.near_wall)
        outer = Star(section.x, section.z, section.radii + self.far_wall)
        outside, inside = outer.distance(canvas.x, canvas.z), lumen.distance(canvas.x, canvas.z)
        canvas.fill(outside, TISSUE + 7, soft_mm=0.4)
        canvas.fill(inside, BLOOD + 2, FLUID_GAIN / 3, soft_mm=0.6)
        canvas.line(outside, BRIGHT - 2, 0.6, scatter=0.15)
        canvas.line(inside, BRIGHT - 1, 0.6, scatter=0.15)
        self._cusps(canvas, section, moment.pulse)

    def _cusps(self, canvas: Canvas, section: Star, pulse: float) -> None:
        """Closed, the cusps meet in a three-pointed star; open, they lie near the wall as a triangle."""
        dx, dz = canvas.x - np.float32(section.x), canvas.z - np.float32(section.z)
        radius, angle = np.hypot(dx, dz), np.arctan2(dz, dx)
        reach = float(section.radii.mean()) - self.settled["wall_mm"]
        opened = float(np.clip((pulse - 0.45) / 0.3, 0, 1))
        for number in range(3):
            at = self.turn + np.pi / 3 + number * 2 * np.pi / 3
            if opened < 0.6:
                turned = (angle - np.float32(at) + np.pi) % np.float32(2 * np.pi) - np.pi
                away = np.abs(radius * np.sin(turned)) + 20 * (np.cos(turned) < 0)
                away = np.maximum(away, radius - np.float32(reach * 0.97))
                leaf = away - np.float32(0.1) + np.float32(0.06) * radius * 0
                canvas.line(leaf.astype(np.float32), BRIGHT - 5, 0.55, scatter=0.45)
            else:
                middle = at + np.pi / 3
                across = dx * np.cos(np.float32(middle)) + dz * np.sin(np.float32(middle))
                leaf = np.maximum(np.abs(across - np.float32(reach * 0.62)), radius - np.float32(reach * 0.96))
                canvas.line(leaf.astype(np.float32), BRIGHT - 7, 0.5, scatter=0.35)

    def outlines(self, moment: Moment) -> dict[str, Points]:
        return {"aortic_root_lumen": self._section(moment).polygon()}

    def measure(self, moments: Sequence[Moment]) -> dict[str, float]:
        return {"aortic_root_diameter": max(narrowest(self._section(moment).polygon()) for moment in moments)}
