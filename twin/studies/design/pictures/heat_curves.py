"""Temperature over heat: the two streams of every exchanger, their difference ΔT below, the pinch marked."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from thermo.helium import T_ph
from twin.quantities import convert, display_unit, format
from twin.studies.design import cycle as c
from twin.studies.design.pictures.style import COLD, HOT, log_ticks, new_figure
from twin.studies.design.result import ExchangerFound, Result

COLUMNS = 2
ROW_HEIGHT = 2.35
"""Height of a panel with its labels [in]."""
WIDE = 2.5
"""Ratio of the highest to the lowest temperature from which the scale is logarithmic."""


def draw_tq(result: Result) -> Figure:
    """A panel for every exchanger, from the warm end."""
    rows = -(-len(result.exchangers) // COLUMNS)
    figure = new_figure(0.4 + ROW_HEIGHT * rows)
    grid = figure.add_gridspec(rows, COLUMNS)
    for k, (found, e) in enumerate(zip(result.exchangers, result.kept.exchangers, strict=True)):
        cell = grid[k // COLUMNS, k % COLUMNS].subgridspec(2, 1, height_ratios=(2.6, 1.0), hspace=0.0)
        above = figure.add_subplot(cell[0])
        below = figure.add_subplot(cell[1], sharex=above)
        draw_exchanger(above, below, found, e)
    for column in range(COLUMNS):
        figure.align_ylabels([axis for k, axis in enumerate(figure.axes) if k // 2 % COLUMNS == column])
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, handlelength=3.5)
    return figure


def draw_exchanger(above: Axes, below: Axes, found: ExchangerFound, e: np.ndarray) -> None:
    """Temperatures above, their difference below."""
    part = np.linspace(0.0, 1.0, 129)
    hot, cold = temperatures(e, part)
    unit = display_unit(found.Q_flow, "W")
    heat = part * convert(found.Q_flow, "W", unit)
    at = found.pinch_at * float(heat[-1])

    above.plot(heat, hot, label="cooled stream", gid="cooled", linewidth=1.7, **HOT)
    above.plot(heat, cold, label="warmed stream", gid="warmed", linewidth=1.7, **COLD)
    ends = [float(temp[0]) for temp in temperatures(e, np.array([found.pinch_at]))]
    above.plot([at, at], ends, "k-", marker="_", linewidth=1.2, label="pinch", gid="pinch")
    if hot[0] > WIDE * cold[-1]:
        above.set_yscale("log")
        log_ticks(above.yaxis)
    above.set_ylabel("temperature [K]")
    above.tick_params(bottom=False, labelbottom=False)
    quality = f"UA {format(found.UA, 'W/K')}, effectiveness {found.effectiveness:.4f}"
    above.set_title(found.name, loc="left", fontsize="medium", weight="bold")
    above.set_title(quality, loc="right", fontsize="small")

    below.plot(heat, hot - cold, color="black", linewidth=1.0, gid="difference")
    below.plot([at], [found.pinch], "ko", markersize=4, gid="pinch value")
    _write_pinch(below, at, found)
    below.set(xlabel=f"heat from the warm end [{unit}]", ylabel="ΔT [K]")
    below.set(xlim=(-0.02 * heat[-1], 1.02 * heat[-1]), ylim=(0.0, 1.3 * float((hot - cold).max())))
    below.yaxis.set_major_locator(MaxNLocator(2))


def _write_pinch(below: Axes, at: float, found: ExchangerFound) -> None:
    """The value above the mark, on the side where the panel goes on."""
    side = -1 if found.pinch_at > 0.5 else 1
    below.annotate(
        format(found.pinch, "K"),
        (at, found.pinch),
        xytext=(3.0 * side, 6.0),
        textcoords="offset points",
        ha="left" if side > 0 else "right",
        va="bottom",
        fontsize="small",
    )


def temperatures(e: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cooled and warmed stream where this part of the duty is done, from the warm end (as `cycle.along`)."""
    hot = T_ph(
        e[c.P_HOT_IN] + part * (e[c.P_HOT_OUT] - e[c.P_HOT_IN]), e[c.H_HOT_IN] + part * (e[c.H_HOT_OUT] - e[c.H_HOT_IN])
    )
    cold = T_ph(
        e[c.P_COLD_OUT] + part * (e[c.P_COLD_IN] - e[c.P_COLD_OUT]),
        e[c.H_COLD_OUT] + part * (e[c.H_COLD_IN] - e[c.H_COLD_OUT]),
    )
    return hot, cold
