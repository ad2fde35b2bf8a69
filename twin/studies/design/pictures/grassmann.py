"""Grassmann's diagram: exergy as a band from compressor to liquid, what is lost leaves to the right, to scale."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from twin.studies.design.arrangement import BATH
from twin.studies.design.pictures.style import WIDTH, new_figure
from twin.studies.design.result import Result

BAND = 2.6
"""Width of all exergy that comes in [in]; the axes count inches, downwards."""
LEFT = 1.35
"""Left edge of the band."""
SHAFT_END = 4.55
"""Where the arrows of the losses begin their heads."""
COLUMNS = (4.8, 6.5, 7.1)
"""Name (from here), kW and percent (up to here)."""
ROW, GAP = 0.16, 0.1
"""Least height of a row, and the space to the next."""
BAND_COLOUR, LOST_COLOUR, LN2_COLOUR = "#a6c8e4", "#fdd9b0", "#ffffff"
LEAST = 5e-4
"""Share of the exergy below which losses are written together."""


def draw_grassmann(result: Result) -> Figure:
    """Work and LN2 in, losses in the order of the gas, liquid out."""
    e = result.exergy
    whole = e["compressor"] + e["ln2"]
    scale = BAND / whole
    rows, others = losses(result)
    height = 1.3 + sum(max(value * scale, ROW) + GAP for _, value in rows) + e["ln2"] * scale
    figure = new_figure(height, layout=None)
    axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axis.set(xlim=(0.0, WIDTH), ylim=(height, 0.0))
    axis.set_axis_off()
    pen = Pen(axis, whole, scale, right=LEFT + BAND)

    pen.write_head()
    pen.take_in("compressor", e["compressor"])
    for name, value in rows:
        if name == BATH:
            pen.take_in_aside("LN2", e["ln2"])
        pen.lose(name, value)
    pen.give_out("liquid", e["product"])
    if others:
        axis.text(COLUMNS[0], pen.y + 0.05, textwrap.fill(f"others: {others}", 42), va="top", fontsize="small")
    return figure


def losses(result: Result) -> tuple[list[tuple[str, float]], str]:
    """Losses in the order in which the gas meets them, the least together; and the names of these."""
    e, a = result.exergy, result.design.arrangement
    order = ["compressor"]
    for name in a.high:
        order += [BATH, "LN2 vapour vented"] if name == BATH else a.branch(name) if name in a.heads else [name]
    order += ["brakes", "JT valve", "dewar", "return valve"]
    rest = [name for name in e["destroyed"] if name not in order]
    rows = [(name, float(e["destroyed"][name])) for name in (*order, *rest) if name in e["destroyed"]]
    least = LEAST * (e["compressor"] + e["ln2"])
    large, small = [row for row in rows if row[1] >= least], [row for row in rows if row[1] < least]
    if small:
        large.append(("others", sum(value for _, value in small)))
    return large, ", ".join(name for name, _ in small)


class Pen:
    """Draws the diagram from top to bottom and knows the edges of the band."""

    def __init__(self, axis: Axes, whole: float, scale: float, right: float) -> None:
        self.axis, self.whole, self.scale = axis, whole, scale
        self.y, self.right, self.left = 0.4, right, right
        self.edge_left: list[tuple[float, float]] = []
        self.edge_right: list[tuple[float, float]] = []

    def write_head(self) -> None:
        """Names of the columns."""
        x = COLUMNS
        for at, text, align in ((x[0], "exergy lost in", "left"), (x[1], "[kW]", "right"), (x[2], "[%]", "right")):
            self.axis.text(at, self.y, text, ha=align, va="center", weight="bold")

    def take_in(self, name: str, value: float) -> None:
        """The band begins, from above."""
        width = value * self.scale
        self.left = self.right - width
        middle, head = 0.5 * (self.left + self.right), self.y
        self.axis.text(middle, head - 0.12, self._sentence(name, value), ha="center", va="bottom")
        self.edge_left, self.edge_right = [(self.left, head)], [(middle, head + 0.15), (self.right, head)]
        self.y += 0.3

    def take_in_aside(self, name: str, value: float) -> None:
        """Another band joins from the left, turning down."""
        w = value * self.scale
        top, bottom, x = self.y, self.y + w, self.left - w
        tail = [(0.2, bottom), (0.2 + 0.1, 0.5 * (top + bottom)), (0.2, top)]
        self._fill(f"in: {name}", [*tail, *_quarter(x, bottom, w, 90.0, 0.0), (x, bottom)], LN2_COLOUR, "////")
        self.axis.text(0.2, top - 0.08, self._sentence(name, value), ha="left", va="bottom")
        self.edge_left += [(self.left, bottom), (x, bottom)]
        self.left, self.y = x, bottom + GAP

    def lose(self, name: str, value: float) -> None:
        """A slice of the band's right edge turns to the right."""
        w = value * self.scale
        row = max(w, ROW)
        top, bottom = self.y + 0.5 * (row - w), self.y + 0.5 * (row + w)
        x, middle, head = self.right - w, 0.5 * (top + bottom), 0.045
        tip = [(SHAFT_END, bottom), (SHAFT_END, bottom + head), (SHAFT_END + 0.12, middle)]
        tip += [(SHAFT_END, top - head), (SHAFT_END, top)]
        self._fill(f"lost: {name}", [*_quarter(self.right, top, w, 180.0, 270.0), *tip], LOST_COLOUR, None)
        self.edge_right += [(self.right, top), (x, top)]
        self.right = x
        for at, text, align in zip(COLUMNS, (name, *self._numbers(value)), ("left", "right", "right"), strict=True):
            self.axis.text(at, middle, text, ha=align, va="center")
        self.y += row + GAP

    def give_out(self, name: str, value: float) -> None:
        """What is left is the product; the band ends in an arrow."""
        left, right, y = self.left, self.left + value * self.scale, self.y + 0.1
        tip = [(right, y), (right + 0.12, y), (0.5 * (left + right), y + 0.3), (left - 0.12, y), (left, y)]
        self._fill("band", [*self.edge_left[::-1], *self.edge_right, *tip], BAND_COLOUR, None)
        self.axis.text(right + 0.25, y + 0.1, self._sentence(name, value), ha="left", va="center", weight="bold")

    def _fill(self, name: str, corners: list[tuple[float, float]], colour: str, hatch: str | None) -> None:
        look = {"facecolor": colour, "edgecolor": "black", "linewidth": 0.6, "hatch": hatch}
        self.axis.add_patch(Polygon(corners, closed=True, gid=name, **look))

    def _numbers(self, value: float) -> tuple[str, str]:
        return f"{value / 1e3:.2f}", f"{100.0 * value / self.whole:.1f}"

    def _sentence(self, name: str, value: float) -> str:
        kW, percent = self._numbers(value)
        return f"{name}  {kW} kW  {percent} %"


def _quarter(x: float, y: float, radius: float, start: float, end: float) -> list[tuple[float, float]]:
    """A quarter of a circle about x, y, with y downwards and angles in degrees against the clock."""
    angle = np.radians(np.linspace(start, end, 17))
    return [(x + radius * float(np.cos(a)), y - radius * float(np.sin(a))) for a in angle]
