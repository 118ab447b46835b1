"""The common carotid artery along its course: two walls with intima and media, beneath the neck's muscles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lingyin.io.phantom.anatomy import mottle, wall
from lingyin.io.phantom.canvas import BLOOD, BRIGHT, DARK, FLUID_GAIN, TISSUE, Canvas
from lingyin.io.phantom.probe import Field
from lingyin.io.phantom.scene import Moment, Scene
from lingyin.io.phantom.shapes import Points
from lingyin.io.phantom.texture import fibres

STATIONS = 181


class Carotid(Scene):
    """Thickness of the far wall from lumen-intima to media-adventitia; lumen from inner edge to inner edge."""

    title = "CCA LONG"

    def arrange(self) -> None:
        settled, rng = self.settled, self.rng
        self.slope = float(np.tan(np.radians(settled["tilt_deg"])))
        self.bend = rng.uniform(-0.0022, 0.0022)
        self.phase = rng.uniform(0, 2 * np.pi)
        self.uneven = rng.uniform(0.02, 0.09)
        thick, lumen = settled["intima_media_mm"], settled["lumen_mm"]
        self.middle = settled["top_mm"] + lumen / 2
        half_width = min(19 + 8 * settled["footprint"], 1.2 * settled["depth_mm"])
        reach = abs(self.slope) * half_width + abs(self.bend) * half_width**2
        self.at_least_deep(self.middle + lumen / 2 + thick + reach + 2 * settled["drift_mm"] + 6)
        # a steep course leans over its ends, and the tissue drifts: both stay within the picture
        lean = (lumen / 2 + 1.2 * thick) * (abs(self.slope) + 2 * abs(self.bend) * half_width)
        margin = 1.0 + lean + settled["drift_mm"]
        self.left, self.right = (
            -half_width + margin + rng.uniform(0.0, 0.2 * half_width),
            half_width - margin - rng.uniform(0.0, 0.2 * half_width),
        )
        along = np.linspace(self.left, self.right, 2001)
        self.mean_wave = float(np.sin(0.35 * along + self.phase).mean())

    def _axis(self, x: Field) -> Field:
        return self.middle + self.slope * x + self.bend * x * x

    def _tilt(self, x: Field) -> Field:
        """Cosine of the angle between the course and the horizontal."""
        return np.asarray(1 / np.hypot(1.0, self.slope + 2 * self.bend * x))

    def _thickness(self, x: Field) -> Field:
        wave = np.sin(0.35 * x + self.phase) - self.mean_wave
        return np.asarray(self.settled["intima_media_mm"] * (1 + self.uneven * wave))

    def _lumen(self, moment: Moment) -> float:
        return self.settled["lumen_mm"] - self.settled["pulsation_mm"] * (1 - moment.pulse)

    def background(self, canvas: Canvas) -> None:
        rng = self.rng
        mottle(canvas, rng, 2.0)
        top = self.settled["top_mm"]
        deep = canvas.z - self._axis(canvas.x)
        canvas.add(fibres(rng, canvas.x, deep.astype(np.float32), 2.4, 0.0, 1.2) * (deep > 0), 8.0)
        wall(canvas, rng, 0.22 * top, 0.45 * top)
        if rng.random() < 0.5:  # jugular vein in front
            vein = np.abs(deep + np.float32(self.settled["lumen_mm"] / 2 + 4.2)) - np.float32(rng.uniform(0.7, 1.6))
            canvas.fill(vein.astype(np.float32), BLOOD + 4, FLUID_GAIN, soft_mm=0.5)

    def at_rest(self, x: Field, z: Field, moment: Moment) -> tuple[Field, Field]:
        x, z = super().at_rest(x, z, moment)
        away = z - self._axis(x)
        push = np.float32((self._lumen(moment) - self.settled["lumen_mm"]) / 2)
        return x, (z - np.sign(away) * push * np.exp(-np.abs(away) / np.float32(12))).astype(np.float32)

    def paint(self, canvas: Canvas, moment: Moment) -> None:
        x, z = Scene.at_rest(self, canvas.x, canvas.z, moment)
        away = ((z - self._axis(x)) * self._tilt(x)).astype(np.float32)
        thick = self._thickness(x).astype(np.float32)
        half = np.float32(self._lumen(moment) / 2)
        outside = np.abs(away) - half - thick
        canvas.fill(outside - np.float32(1.3), TISSUE + 9, soft_mm=0.9)
        canvas.fill(outside, DARK + 3, soft_mm=0.12)
        canvas.fill(np.abs(away) - half, BLOOD, FLUID_GAIN, soft_mm=0.15)
        canvas.line(away - half - np.float32(0.1), BRIGHT - 5, 0.13, scatter=0.05, power=4)
        canvas.line(away - half - thick - np.float32(0.12), BRIGHT + 3, 0.2, scatter=0.1, power=3)
        canvas.line(away + half + np.float32(0.1), BRIGHT - 9, 0.16, scatter=0.05, power=4)
        canvas.line(away + half + thick + np.float32(0.12), BRIGHT + 1, 0.26, scatter=0.1, power=3)

    def outlines(self, moment: Moment) -> dict[str, Points]:
        x = np.linspace(self.left, self.right, STATIONS)
        cos = self._tilt(x)
        sin = (self.slope + 2 * self.bend * x) * cos
        near = self._lumen(moment) / 2
        edges = []
        for away in (near, near + self._thickness(x)):
            edges.append(np.column_stack([x - away * sin, self._axis(x) + away * cos]))
        points = np.vstack([edges[0], edges[1][::-1]])
        return {"intima_media": points + np.array([moment.shift_x, moment.shift_z])}

    def measure(self, moments: Sequence[Moment]) -> dict[str, float]:
        x = np.linspace(self.left, self.right, STATIONS)
        step = np.hypot(1.0, self.slope + 2 * self.bend * x)
        return {
            "intima_media_thickness": float(np.average(self._thickness(x), weights=step)),
            "common_carotid_lumen_diameter": max(self._lumen(moment) for moment in moments),
        }
