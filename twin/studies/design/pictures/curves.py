"""How the yield answers to what a designer may choose, with and without LN2, around the design."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twin.errors import Infeasible
from twin.studies.design.cards import Bath
from twin.studies.design.pictures.style import new_figure
from twin.studies.design.result import Result, solve_design
from twin.studies.design.steady import Design

Answer = Result | Infeasible
Quantity = Callable[[Result], float]

LOOKS: dict[bool, dict[str, Any]] = {
    True: {"color": "C0", "linestyle": "-", "label": "with LN2"},
    False: {"color": "C3", "linestyle": (0, (5.0, 1.5)), "label": "without LN2"},
}
RING: dict[str, Any] = {"marker": "o", "linestyle": "", "markerfacecolor": "white", "markersize": 4.5}
FRACTIONS = np.linspace(0.02, 0.99, 98)
EFFECTIVENESS = np.linspace(0.8, 0.999, 100)
PRESSURES = np.geomspace(3e5, 40e5, 140)
STEPS, PATIENCE = 8, 5
"""Steps in which a point is tried again; refusals in a row after which a curve is at its end."""
MOST_ENERGY = 3.0
"""Upper end of the axis of energy, over the least energy of the worse curve."""


def draw_curves(result: Result) -> Figure:
    """Yield against expander fraction, effectiveness and high pressure; energy per litre against pressure."""
    figure = new_figure(6.6)
    axes = figure.subplots(2, 2)
    (by_fraction, by_effectiveness), (by_pressure, energy) = axes
    for ln2, design in variants(result.design).items():
        answers = sweep(partial(with_fraction, design), FRACTIONS, fraction(design))
        _plot(by_fraction, FRACTIONS, answers, percent, ln2)
        answers = sweep(partial(with_effectiveness, design, result), EFFECTIVENESS, effectiveness(result))
        _plot(by_effectiveness, EFFECTIVENESS, answers, percent, ln2)
        answers = sweep(partial(with_p_high, design), PRESSURES, design.machine.p_high)
        _plot(by_pressure, PRESSURES / 1e5, answers, percent, ln2)
        _plot(energy, PRESSURES / 1e5, answers, kWh_per_litre, ln2)
    _finish(result, figure, axes)
    return figure


def percent(answer: Result) -> float:
    """Yield [%]."""
    return 100.0 * answer.yield_


def kWh_per_litre(answer: Result) -> float:
    """Work of the compressor for a litre."""
    return answer.kWh_per_litre


def variants(design: Design) -> dict[bool, Design]:
    """The design with LN2, if it has a place for it, and without."""
    found = {False: dataclasses.replace(design, bath=None)}
    if design.arrangement.has_bath:
        found = {True: dataclasses.replace(design, bath=design.bath or Bath())} | found
    return found


def fraction(design: Design) -> float:
    """Share of the flow that goes to the turbines."""
    return sum(design.turbines[head].share for head in design.arrangement.heads)


def with_fraction(design: Design, value: float) -> Design:
    """The design with another share for all turbines together, in the same proportions."""
    heads, factor = design.arrangement.heads, value / fraction(design)
    more = {
        head: dataclasses.replace(design.turbines[head], share=factor * design.turbines[head].share) for head in heads
    }
    return dataclasses.replace(design, turbines=design.turbines | more)


def effectiveness(result: Result) -> float:
    """Mean effectiveness of the exchangers."""
    return float(np.mean([found.effectiveness for found in result.exchangers]))


def with_effectiveness(design: Design, result: Result, mean: float) -> Design:
    """The design with another mean effectiveness: what each exchanger of the result lacks grows in proportion."""
    factor, cards = (1.0 - mean) / (1.0 - effectiveness(result)), {}
    for found in result.exchangers:
        value = 1.0 - factor * (1.0 - found.effectiveness)
        given: dict[str, Any] = dict.fromkeys(design.exchangers[found.name].given) | {"effectiveness": value}
        cards[found.name] = dataclasses.replace(design.exchangers[found.name], **given)
    return dataclasses.replace(design, exchangers=cards)


def with_p_high(design: Design, p_high: float) -> Design:
    """The design at another high pressure."""
    return dataclasses.replace(design, machine=dataclasses.replace(design.machine, p_high=p_high))


def sweep(vary: Callable[[float], Design], values: np.ndarray, start: float) -> list[Answer | None]:
    """Solve outwards from the value next to the start, each from its neighbour's solution; None beyond the end."""
    middle = int(np.argmin(np.abs(values - start)))
    found: list[Answer | None] = [None] * len(values)
    for way in (range(middle, len(values)), range(middle - 1, -1, -1)):
        last: tuple[float, Result] | None = None
        refused = 0
        for k in way:
            found[k] = answer = _reach(vary, float(values[k]), last)
            refused = 0 if isinstance(answer, Result) else refused + 1
            if isinstance(answer, Result):
                last = float(values[k]), answer
            if refused == PATIENCE:
                break
    return found


def _reach(vary: Callable[[float], Design], value: float, last: tuple[float, Result] | None) -> Answer:
    """Solve from the last solution; if that fails, in small steps, for close to a limit guesses must be good."""
    answer = _solve(vary(value), last[1].kept.x if last else None)
    if isinstance(answer, Result) or last is None:
        return answer
    guess = last[1].kept.x
    for between in np.linspace(last[0], value, STEPS + 1)[1:]:
        answer = _solve(vary(float(between)), guess)
        if isinstance(answer, Infeasible):
            break
        guess = answer.kept.x
    return answer


def _solve(design: Design, guess: np.ndarray | None) -> Answer:
    try:
        return solve_design(design, guess)
    except Infeasible as refusal:
        return refusal


def _plot(axis: Axes, x: np.ndarray, answers: list[Answer | None], quantity: Quantity, ln2: bool) -> None:
    """The curve where there is one, with a ring where it ends."""
    y = np.array([quantity(a) if isinstance(a, Result) else np.nan for a in answers])
    axis.plot(x, y, linewidth=1.7, gid=f"{quantity.__name__} {ln2}", **LOOKS[ln2])
    near = [any(isinstance(a, Infeasible) for a in answers[max(k - 1, 0) : k + 2]) for k in range(len(x))]
    ends = np.isfinite(y) & np.array(near)
    if ends.any():
        axis.plot(
            x[ends], y[ends], color=LOOKS[ln2]["color"], gid=f"ends {ln2}", clip_on=quantity is not percent, **RING
        )


def _finish(result: Result, figure: Figure, axes: np.ndarray) -> None:
    """The design point, labels, legend."""
    machine = result.design.machine
    at = (fraction(result.design), effectiveness(result), machine.p_high / 1e5, machine.p_high / 1e5)
    labels = ("expander fraction of the flow [1]", "mean effectiveness of the exchangers [1]", "high pressure [bar]")
    for axis, x, label in zip(axes.flat, at, (*labels, labels[-1]), strict=True):
        y = kWh_per_litre(result) if axis is axes[1, 1] else percent(result)
        axis.plot([x], [y], "k*", markersize=9, label="design", gid="design")
        axis.set(xlabel=label, ylabel="yield [%]", ylim=(0.0, None))
        axis.margins(x=0.09)
    least = [
        float(np.nanmin(line.get_ydata()))
        for line in axes[1, 1].lines
        if str(line.get_gid()).startswith(kWh_per_litre.__name__)
    ]
    axes[1, 1].set(ylabel="work of the compressor [kWh/L]", ylim=(0.0, MOST_ENERGY * max(least)))
    axes[0, 0].plot([], [], label="limit of what can work", color="black", **RING)
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, handlelength=3.5)
