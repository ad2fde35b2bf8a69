"""What the pictures have in common: size of print, lines that differ without colour, ticks, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator
from scipy.optimize import isotonic_regression

STYLE: Any = {
    "font.size": 9.0,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.frameon": False,
    "legend.fontsize": "small",
    "hatch.linewidth": 0.6,
    "svg.fonttype": "none",
    "svg.hashsalt": "hetwin",
}
"""With `svg.fonttype` none the text of an SVG stays text; the salt keeps its ids from run to run."""
WIDTH = 7.2
"""Width of a picture [in], that of the text on A4."""
DPI = 200
GREY = "0.35"

HOT: dict[str, Any] = {"color": "C3", "linestyle": "-"}
COLD: dict[str, Any] = {"color": "C0", "linestyle": (0, (5.0, 1.5))}
"""Gas that is cooled, and gas that is warmed."""


def new_figure(height: float, layout: Literal["constrained"] | None = "constrained") -> Figure:
    """An empty figure, as wide as the text."""
    return Figure(figsize=(WIDTH, height), layout=layout)


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write PNG and SVG; returns both."""
    png, svg = stem.with_suffix(".png"), stem.with_suffix(".svg")
    with matplotlib.rc_context(STYLE):
        figure.savefig(png, dpi=DPI)
        figure.savefig(svg, metadata={"Date": None})
    return [png, svg]


def log_ticks(axis: Axis, steps: tuple[float, ...] = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)) -> None:
    """Plain numbers at these steps of every decade."""
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def spread(wanted: np.ndarray, gap: float) -> np.ndarray:
    """Places for labels at least a gap apart, moved as little as possible (least squares, order kept)."""
    order, steps = np.argsort(wanted, kind="stable"), gap * np.arange(wanted.size)
    placed = np.empty(wanted.size)
    placed[order] = isotonic_regression(wanted[order] - steps).x + steps
    return placed


def in_points(axis: Axes, at: np.ndarray) -> np.ndarray:
    """Where data lie on the paper [pt], a row each; the layout must have been drawn."""
    return np.asarray(axis.transData.transform(at)) * 72.0 / axis.figure.dpi


def from_points(axis: Axes, at: np.ndarray) -> np.ndarray:
    """The data at a place on the paper [pt], a row each."""
    return np.asarray(axis.transData.inverted().transform(at * axis.figure.dpi / 72.0))
