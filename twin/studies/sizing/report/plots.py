"""The pictures of a report, as SVG that stands in the page and takes its colour of print from there."""

from __future__ import annotations

import functools
import io
import logging
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from twin.studies.sizing.designs import Estimate
from twin.studies.sizing.outcome import Outcome
from twin.studies.sizing.report.numbers import plain
from twin.studies.sizing.report.results import cost_table, figure_of, loss_table, objective
from twin.studies.sizing.report.table import Table
from twin.studies.sizing.report.words import Language
from twin.studies.sizing.sensitivity import CHANCE, OTHERS

INK = "#0a0b0c"
"""Stands for the page's colour of print and is replaced by it."""
BLUE, ORANGE, GREY = "#3f7fd6", "#dd8122", "#8a8f98"
WIDTH = 7.6
JAPANESE = (
    *("IPAexGothic", "IPAGothic", "IPAPGothic", "Noto Sans CJK JP", "Noto Sans JP", "TakaoGothic", "VL Gothic"),
    *("Hiragino Sans", "Yu Gothic", "Meiryo", "MS Gothic"),
)
"""Families that have Japanese glyphs, in the order of preference."""
log = logging.getLogger(__name__)


@functools.cache
def japanese_font() -> str | None:
    """A family with Japanese glyphs on this machine; a warning says if there is none."""
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    if not known & set(JAPANESE):
        for path in font_manager.findSystemFonts():  # installed since matplotlib wrote its list
            if re.search(r"ipa|noto.*(cjk|jp)|takao|gothic", Path(path).name.lower()):
                font_manager.fontManager.addfont(path)
        known = {entry.name for entry in font_manager.fontManager.ttflist}
    found = next((name for name in JAPANESE if name in known), None)
    if found is None:
        log.warning(
            "No Japanese font on this machine: the pictures of the report have English labels. "
            "Install one, for example fonts-ipafont-gothic."
        )
    return found


def style(w: Language, name: str) -> Any:
    """Settings of matplotlib: print in the page's colour, glyphs as outlines, the same bytes each time."""
    family = ([japanese_font()] if w.ja else []) + ["DejaVu Sans"]
    colours = dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "grid.color"), INK
    )
    return colours | {
        "font.family": family,
        "font.size": 9.0,
        "axes.axisbelow": True,
        "axes.grid": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.alpha": 0.15,
        "legend.frameon": False,
        "axes.unicode_minus": False,
        "svg.fonttype": "path",
        "svg.hashsalt": f"hetwin {name}",
        "savefig.transparent": True,
    }


def pictures(outcome: Outcome, language: Language) -> dict[str, str]:
    """SVG of every picture, by name."""
    w = language if not language.ja or japanese_font() else Language("en")
    drawn = {
        "trade_off": trade_off,
        "sensitivity": sensitivity,
        "distribution": distribution,
        "convergence": convergence,
    }
    found = {}
    for name, draw in drawn.items():
        with matplotlib.rc_context(style(w, name)):
            figure = draw(outcome, w)
            if figure is not None:
                found[name] = svg(figure, language(name))
    for table, colour in ((loss_table(outcome, w), BLUE), (cost_table(outcome, w), ORANGE)):
        if table.rows:
            with matplotlib.rc_context(style(w, table.name)):
                found[table.name] = svg(bars(table, colour), table.title)
    return found


def svg(figure: Figure, label: str) -> str:
    """The picture as an element of a page."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    head = re.search(r"<svg[^>]*>", text)
    assert head is not None
    box = re.search(r'viewBox="([^"]*)"', head[0])
    assert box is not None
    start = f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{box[1]}" role="img" aria-label="{label}">'
    return (start + text[head.end() :]).replace(INK, "currentColor").strip()


def readable(axis: Axes, x: bool = False, y: bool = False) -> None:
    """Thousands apart, no more ticks than there is room for."""
    for wanted, one in ((x, axis.xaxis), (y, axis.yaxis)):
        if wanted:
            one.set_major_locator(MaxNLocator(6))
            one.set_major_formatter(FuncFormatter(lambda value, _: plain(value, 5)))


def trade_off(outcome: Outcome, w: Language) -> Figure:
    """Every design that was evaluated, and the front."""
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    axis = figure.subplots()
    found = outcome.trade_off
    (money, x_title), (litres, y_title) = objective("cost", w), objective("lost", w)
    x, y = money.of(1.0) * found.objectives[:, 0], litres.of(1.0) * found.objectives[:, 1]
    axis.plot(x, y, "o", color=GREY, markersize=3.5, alpha=0.6, label=w("dominated"), markeredgewidth=0.0)
    k = list(found.front)
    dx, dy = money.of(1.0) * found.errors[k, 0], litres.of(1.0) * found.errors[k, 1]
    axis.errorbar(x[k], y[k], dy, dx, "o-", color=BLUE, markersize=4.5, linewidth=1.2, elinewidth=0.6, label=w("front"))
    marks = (
        (outcome.decision.chosen.design, "*", ORANGE, "recommended" if outcome.decision.feasible else "nearest"),
        (outcome.space.present, "D", INK, "present"),
    )
    for design, mark, colour, key in marks:
        at = found.designs.index(design) if design in found.designs else None
        if at is not None:
            axis.plot(x[at], y[at], mark, color=colour, markersize=13 if mark == "*" else 7, label=w(key), zorder=5)
    axis.set(xlabel=x_title, ylabel=y_title)
    readable(axis, x=True, y=True)
    axis.margins(0.06)
    axis.legend()
    return figure


def sensitivity(outcome: Outcome, w: Language) -> Figure | None:
    """Total and first-order indices of each figure."""
    found = outcome.indices
    if found is None:
        return None
    names = [name for name in found.figures if max(found.of(name, "total").values()) > 0.0]
    if not names:
        return None
    height = 0.55 + 0.24 * len(found.inputs)
    figure = Figure(figsize=(WIDTH, 0.2 + height * len(names)), layout="constrained")
    axes = np.atleast_1d(figure.subplots(len(names), 1))
    for axis, name in zip(axes, names, strict=True):
        _index_bars(axis, outcome, name, w)
    axes[0].legend(loc="lower right")
    return figure


def _index_bars(axis: Axes, outcome: Outcome, name: str, w: Language) -> None:
    found = outcome.indices
    assert found is not None
    total = found.of(name, "total")
    order = sorted(total, key=lambda i: total[i])
    place = np.arange(len(order))  # inputs go by their names here: many magnets have one text
    for key, colour, shift in (("total", BLUE, 0.2), ("first", ORANGE, -0.2)):
        values, widths = found.of(name, key), found.of(name, f"{key}_conf")
        x, error = [max(values[i], 0.0) for i in order], [widths[i] for i in order]
        axis.barh(place + shift, x, 0.38, color=colour, label=w(key), xerr=error, error_kw={"ecolor": INK, "lw": 0.8})
    axis.set_yticks(place, [w(i) if i in (CHANCE, OTHERS) else i for i in order])
    axis.set_xlim(0.0, 1.0)
    axis.grid(False, axis="y")
    axis.set_title(w.text(figure_of(outcome, name)), loc="left", fontsize="medium")


def _wrapped(text: str, width: int = 34) -> str:
    """A label on at most two lines; Japanese glyphs are twice as wide."""
    wide = sum(ord(letter) > 0x2FFF for letter in text)
    width = width if wide * 2 < len(text) else width // 2
    return "\n".join(textwrap.wrap(text, width, max_lines=2, placeholder="…"))


def bars(table: Table, colour: str) -> Figure:
    """Parts of a whole."""
    figure = Figure(figsize=(WIDTH, 0.7 + 0.27 * len(table.rows)), layout="constrained")
    axis = figure.subplots()
    rows = list(reversed(table.rows))
    estimates: Sequence[Estimate] = [row[2] for row in rows]
    labels, error = [_wrapped(str(row[0])) for row in rows], [2.0 * e.error for e in estimates]
    axis.barh(labels, [e.mean for e in estimates], color=colour, xerr=error, error_kw={"ecolor": INK, "lw": 0.8})
    axis.set_xlabel(str(rows[0][1]))
    readable(axis, x=True)
    axis.grid(False, axis="y")
    return figure


def distribution(outcome: Outcome, w: Language) -> Figure:
    """Histograms of the years' cost and loss."""
    figure = Figure(figsize=(WIDTH, 2.3), layout="constrained")
    for axis, name, colour in zip(figure.subplots(1, 2), ("cost", "lost"), (ORANGE, BLUE), strict=True):
        how, title = objective(name, w)
        column = how.of(1.0) * outcome.column(name)
        bins = np.histogram_bin_edges(column, min(40, max(5, int(np.sqrt(len(column))))))
        axis.hist(column, bins, weights=np.full(len(column), 100.0 / len(column)), color=colour)
        axis.axvline(float(column.mean()), color=INK, linewidth=1.0)
        axis.set(xlabel=title, ylabel="%")
        readable(axis, x=True)
    return figure


def convergence(outcome: Outcome, w: Language) -> Figure:
    """Mean over the first years, and two standard errors around it."""
    figure = Figure(figsize=(WIDTH, 2.3), layout="constrained")
    for axis, name, colour in zip(figure.subplots(1, 2), ("cost", "lost"), (ORANGE, BLUE), strict=True):
        how, title = objective(name, w)
        sizes, means, errors = running(how.of(1.0) * outcome.column(name))
        axis.fill_between(sizes, means - 2.0 * errors, means + 2.0 * errors, color=colour, alpha=0.25, linewidth=0.0)
        axis.plot(sizes, means, color=colour, marker="o", markersize=3.0)
        axis.set_xscale("log", base=2)
        axis.set_xticks(sizes, [f"{n:,}" for n in sizes], fontsize="small")
        axis.minorticks_off()
        axis.set(xlabel=w("years_axis"), ylabel=title)
        readable(axis, y=True)
    return figure


def running(column: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sizes, each twice the last, up to all years; means of the first years and their standard errors."""
    sizes = [len(column)]
    while sizes[0] >= 32 and len(sizes) < 6:
        sizes.insert(0, sizes[0] // 2)
    estimates = [Estimate.of(column[:n]) for n in sizes]
    return np.array(sizes), np.array([e.mean for e in estimates]), np.array([e.error for e in estimates])


def moved(outcome: Outcome, w: Language) -> str:
    """How far the last doubling of the sample moved the means, in standard errors of half the sample."""
    parts = []
    for name in ("cost", "lost", "recovery"):
        if name in {figure.name for figure in outcome.model.figures}:
            _, means, errors = running(outcome.column(name))
            steps = abs(means[-1] - means[-2]) / errors[-2] if len(means) > 1 and errors[-2] > 0.0 else 0.0
            parts.append(w("moved", figure=w.text(figure_of(outcome, name)), times=f"{steps:.2f}"))
    return ", ".join(parts)
