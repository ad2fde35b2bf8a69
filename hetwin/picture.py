"""A picture of a run: one panel per kind of quantity, time across."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hetwin.key_figures import key_figures
from twin.quantities import convert, display_unit

if TYPE_CHECKING:
    from twin.history import Series
    from twin.plant import Plant

PANELS = {
    "Pa": "pressure",
    "K": "temperature",
    "kg/s": "mass flow",
    "L": "liquid",
    "1": "share",
    "W": "power",
    "Hz": "speed",
}
"""Units that get a panel, from top to bottom."""
LINES = 10
"""Lines in a panel; what moves most comes first."""


def draw(plant: Plant, series: Series, path: Path) -> None:
    """Write the picture as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    panels = [(unit, names) for unit in PANELS if (names := _lines(plant, series, unit))]
    if not panels:
        panels = [(series.units[0], list(series.names[:LINES]))]
    time, time_unit = _time(series.time)

    figure, axes = plt.subplots(
        len(panels), 1, figsize=(11.0, 1.0 + 2.6 * len(panels)), sharex=True, squeeze=False, layout="constrained"
    )
    for axis, (unit, names) in zip(axes[:, 0], panels, strict=True):
        largest = max(float(np.nanmax(np.abs(series[name]))) for name in names)
        shown = display_unit(largest, unit)
        for name in names:
            values = (
                np.array([convert(value, unit, shown) for value in series[name]]) if shown != unit else series[name]
            )
            axis.plot(time, values, label=name, linewidth=1.3)
        axis.set_ylabel(f"{PANELS.get(unit, '')} [{shown}]".strip())
        axis.grid(alpha=0.3)
        axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize="small")
    axes[-1, 0].set_xlabel(f"time [{time_unit}]")
    axes[0, 0].set_title(f"{plant.name}: {plant.description}", loc="left", fontsize="medium", wrap=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def drawn(plant: Plant, recorded: Sequence[str]) -> list[str]:
    """Recorded tags that the picture may show: key figures; whatever there is, if none of them is recorded."""
    names = {tag.name for figures in key_figures(plant) for tag in figures.tags if not tag.labels}
    return [name for name in recorded if name in names] or list(recorded)


def _lines(plant: Plant, series: Series, unit: str) -> list[str]:
    """Key figures of a unit that are in the history: those that move most, in the order of the plant."""
    tags = [tag for figures in key_figures(plant) for tag in figures.tags if tag.unit == unit and not tag.labels]
    names = [tag.name for tag in tags if tag.name in series.names]
    spans = {name: float(np.ptp(series[name])) for name in names}
    still = 1e-3 * max(spans.values(), default=0.0)
    moving = sorted((name for name in names if spans[name] > still), key=lambda name: -spans[name])[:LINES]
    return [name for name in names if name in moving]


def _time(seconds: np.ndarray) -> tuple[np.ndarray, str]:
    span = float(np.ptp(seconds)) if len(seconds) else 0.0
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if span > 3.0 * size:
            return seconds / size, unit
    return seconds, "s"
