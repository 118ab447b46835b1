"""A simulated abdomen in three dimensions: an aorta along z with an aneurysm, cut by the plane of a probe.

The plane's picture is rendered like the phantom aorta's, with its wall, thrombus, spine and vena cava; speckle is drawn
anew for every picture, as it is where the plane moves through tissue.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lingyin.io.phantom.aorta import ANEURYSM_MM, Aorta
from lingyin.io.phantom.canvas import TISSUE, Canvas
from lingyin.io.phantom.parameters import Settled, settle
from lingyin.io.phantom.probe import Screen, make_screen
from lingyin.io.phantom.render import Renderer, Settings
from lingyin.io.phantom.scene import Moment
from lingyin.io.phantom.shapes import Star, ellipse, wobble

DEPTH_MM = 140.0
HALF_LENGTH_MM = 70.0  # the aorta is known from -70 to 70 mm along the body
FIXED_POINT_ROUNDS = 6
MOST_KEPT = 32


@dataclass(frozen=True)
class Pose:
    """Where the probe is: `x_mm` across and `z_mm` along the body, turned by `yaw` about its own axis and leaning by
    `tilt` along the body (radians). All zero: a plain cross-section at the origin."""

    x_mm: float
    z_mm: float
    yaw: float = 0.0
    tilt: float = 0.0


@dataclass(frozen=True)
class Cut:
    """The vessel in the plane: centre sideways and in depth (mm, in the picture), its true diameter there, and by how
    much the slant of the plane stretches it in the two directions."""

    sideways_mm: float
    deep_mm: float
    diameter_mm: float
    wider: float
    deeper: float


@dataclass(frozen=True)
class Vessel:
    """Course and width of the aorta over z (mm): a normal vessel that winds a little, with one bulge."""

    diameter_mm: float
    bulge_mm: float
    bulge_at_mm: float
    bulge_long_mm: float
    top_mm: float
    winds_mm: float
    phase: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Vessel:
        """One of ordinary sizes; its greatest diameter lies between 28 and 55 mm."""
        diameter = rng.uniform(18.0, 24.0)
        return cls(
            diameter_mm=diameter,
            bulge_mm=rng.uniform(28.0, 55.0) - diameter,
            bulge_at_mm=rng.uniform(-35.0, 35.0),
            bulge_long_mm=rng.uniform(16.0, 26.0),
            top_mm=rng.uniform(32.0, 50.0),
            winds_mm=rng.uniform(0.0, 6.0),
            phase=rng.uniform(0.0, 2 * np.pi),
        )

    @property
    def greatest_mm(self) -> float:
        """The greatest diameter along the vessel."""
        return self.diameter_mm + self.bulge_mm

    def diameter_at(self, z_mm: float) -> float:
        """Outer diameter at z."""
        return self.diameter_mm + self.bulge_mm * float(
            np.exp(-(((z_mm - self.bulge_at_mm) / self.bulge_long_mm) ** 2))
        )

    def centre_at(self, z_mm: float) -> tuple[float, float]:
        """Centre across and in depth at z; the bulge grows mostly to the front."""
        across = self.winds_mm * float(np.sin(z_mm / 30.0 + self.phase))
        return across, self.top_mm + 0.5 * self.diameter_mm + 0.3 * (self.diameter_at(z_mm) - self.diameter_mm)

    def cut(self, pose: Pose) -> Cut:
        """The vessel in the probe's plane.

        A point at `u` sideways and `v` deep in the picture lies at x + u cos(yaw) across, v cos(tilt) deep, and
        z + u sin(yaw) + v sin(tilt) along the body: where the vessel's centre is there, found by repetition.
        """
        u, v = 0.0, self.top_mm
        for _ in range(FIXED_POINT_ROUNDS):
            z = float(np.clip(pose.z_mm + u * np.sin(pose.yaw) + v * np.sin(pose.tilt), -200.0, 200.0))
            across, deep = self.centre_at(z)
            u, v = (across - pose.x_mm) / np.cos(pose.yaw), deep / np.cos(pose.tilt)
        z = pose.z_mm + u * float(np.sin(pose.yaw)) + v * float(np.sin(pose.tilt))
        return Cut(float(u), float(v), self.diameter_at(z), float(1 / np.cos(pose.yaw)), float(1 / np.cos(pose.tilt)))


class Section(Aorta):
    """The phantom's aorta, its outline given instead of drawn, and allowed to lie beside the picture."""

    def __init__(self, settled: Settled, rng: np.random.Generator, cut: Cut) -> None:
        self.cut = cut
        super().__init__(settled, rng)

    def arrange(self) -> None:
        """Takes the outline from the cut; what is random stays the same for the same volume."""
        cut, rng = self.cut, self.rng
        radius = cut.diameter_mm / 2
        self.centre_z = cut.deep_mm
        flat = ellipse(0, 0, radius * cut.wider, radius * cut.deeper)
        self.outline = Star(0.0, cut.deep_mm, flat.radii * (1 + 0.008 * wobble(rng, 2, 5)))
        self.wall_mm = min(self.settled["wall_mm"], 0.2 * radius)
        inner = radius - self.wall_mm
        share = self.settled["thrombus"] * float(np.clip((cut.diameter_mm - ANEURYSM_MM) / 10, 0, 1))
        self.has_thrombus = share > 0.02
        turn = rng.uniform(0, 2 * np.pi)
        reach = 0.75 * inner * share
        self.lumen_shift = (reach * float(np.cos(turn)), reach * float(np.sin(turn)))
        self.lumen_shape = 1 + 0.03 * wobble(rng, 2, 4)
        self.lumen_radius = inner * (1 - share)


@dataclass
class Volume:
    """One abdomen; the same seed gives the same vessel and the same tissue."""

    seed: int
    vessel: Vessel = field(init=False)
    screen: Screen = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, 1])
        self.vessel = Vessel.draw(rng)
        self._values = settle(
            "aorta", self.seed, {"probe": "convex", "depth_mm": DEPTH_MM, "gas": 0.0, "frames": 1, "pixel_aspect": 1.0}
        ).values
        self._speckle = np.random.default_rng([self.seed, 2])
        self._resting: dict[tuple[int, int], Canvas] = {}
        self.screen = make_screen(self._section(Cut(0.0, 60.0, 20.0, 1.0, 1.0)).probe, 1.0)

    def picture(self, pose: Pose) -> NDArray[np.uint8]:
        """The B-mode picture `(H, W)` grey that the probe shows at a pose."""
        cut = self.vessel.cut(pose)
        scene = self._section(cut)
        moment = Moment(0, 1.0, cut.sideways_mm, 0.0)
        rest = self._rest(cut)
        x, z = rest.x, rest.z
        renderer = Renderer(scene.probe, self.screen, Settings.of(scene.settled.values), self._speckle)
        real, imaginary, echo, loss = renderer.moved(rest.echo, rest.loss, *scene.at_rest(x, z, moment))
        canvas = Canvas(scene.probe, x, z, echo, loss)
        scene.paint(canvas, moment)
        return np.asarray(renderer.frame(canvas, real, imaginary, 0), np.uint8)

    def _rest(self, cut: Cut) -> Canvas:
        """The tissue around the vessel, painted for whole mm of its depth and width and kept: it takes longest."""
        deep, diameter = round(cut.deep_mm), round(cut.diameter_mm)
        if (deep, diameter) not in self._resting:
            scene = self._section(Cut(0.0, float(deep), float(diameter), 1.0, 1.0))
            x, z = scene.probe.grid()
            canvas = Canvas(scene.probe, x, z, np.full_like(x, TISSUE), np.zeros_like(x))
            scene.background(canvas)
            if len(self._resting) >= MOST_KEPT:
                self._resting.pop(next(iter(self._resting)))
            self._resting[deep, diameter] = canvas
        return self._resting[deep, diameter]

    def offset_mm(self, pose: Pose) -> float:
        """The truth: how far sideways the vessel's centre lies from the middle of the picture."""
        return self.vessel.cut(pose).sideways_mm

    def _section(self, cut: Cut) -> Section:
        """The scene of one cut. The background is drawn from the seed alone, so that it is the same in every plane."""
        values = {
            **self._values,
            "diameter_mm": cut.diameter_mm,
            "top_mm": max(12.0, cut.deep_mm - cut.diameter_mm / 2),
        }
        return Section(Settled("aorta", values, frozenset(values)), np.random.default_rng([self.seed, 3]), cut)
