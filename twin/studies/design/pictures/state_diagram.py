"""Temperature over entropy: the cycle over the dome of helium."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thermo.eos import P_CRITICAL, T_CRITICAL
from thermo.helium import T_ph, T_ps, T_sat, p_sat, s_liq, s_ph, s_pT, s_vap
from twin.studies.design.arrangement import is_turbine
from twin.studies.design.cards import Machine
from twin.studies.design.pictures.style import COLD, GREY, HOT, from_points, in_points, log_ticks, new_figure, spread
from twin.studies.design.result import Point, Result, TurbineFound

COLDEST = 3.0
"""Lower end of the temperature axis [K]."""
GAP, OUT = 9.5, 12.0
"""Between the lines of two labels, and from an isobar to its labels [pt]."""
ROOM = 1.5e3
"""Width of the text at a turbine, in entropy [J/(kg K)]."""
SAME = 1e-6
"""Relative difference of pressure and temperature below which two points are one state."""

TURBINE: dict[str, Any] = {"color": "C2", "linestyle": (0, (7.0, 1.5, 1.5, 1.5))}
IDEAL: dict[str, Any] = {"color": "C2", "linestyle": (0, (2.5, 2.0)), "linewidth": 0.9}
VALVE: dict[str, Any] = {"color": "C1", "linestyle": (0, (1.0, 1.0))}

Step = tuple[Point, Point]


def draw_ts(result: Result) -> Figure:
    """The cycle: dome, isobars, streams, turbines with their ideal, JT valve, state points with their names."""
    figure = new_figure(9.4)
    axis = figure.subplots()
    machine = result.design.machine
    limits = (float(s_liq(p_sat(COLDEST))) / 1e3 - 3.4, float(s_pT(machine.p_low, machine.temp_in)) / 1e3 + 4.2)
    axis.set(yscale="log", ylim=(COLDEST, 1.25 * machine.temp_in), xlim=limits)
    axis.set_xlabel("specific entropy, zero at 300 K and 1.01325 bar [kJ/(kg K)]")
    axis.set_ylabel("temperature [K]")
    log_ticks(axis.yaxis, (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0))

    _draw_dome(axis)
    _draw_isobars(axis, machine)
    _draw_streams(axis, result)
    axis.legend(loc="upper left", handlelength=3.5)
    figure.draw_without_rendering()
    _write_names(axis, result)
    return figure


def _draw_dome(axis: Axes) -> None:
    below = 1.0 - p_sat(COLDEST) / P_CRITICAL
    p = P_CRITICAL * (1.0 - np.geomspace(below, 1e-9, 160))  # dense at the critical point, where the dome is flat
    s = np.concatenate([s_liq(p), s_vap(p)[::-1]])
    temp = T_sat(p)
    axis.plot(s / 1e3, np.concatenate([temp, temp[::-1]]), color="black", linewidth=1.2, gid="dome")
    s_critical = 0.5 * float(s_liq(P_CRITICAL) + s_vap(P_CRITICAL)) / 1e3
    axis.plot([s_critical], [T_CRITICAL], "k+", markersize=8, label="critical point", gid="critical point")


def _draw_isobars(axis: Axes, machine: Machine) -> None:
    kinds = (("high", machine.p_high, "-"), ("dewar", machine.p_dewar, "--"), ("low", machine.p_low, ":"))
    for name, p, line in kinds:
        temp = np.geomspace(COLDEST, 1.25 * machine.temp_in, 400)
        s = s_pT(p, temp)
        if p < P_CRITICAL:
            temp, s = _through_dome(p, temp, s)
        label = f"isobar, {name} {p / 1e5:.4g} bar"
        axis.plot(s / 1e3, temp, color=GREY, linestyle=line, linewidth=0.8, label=label, gid=f"isobar {name}")


def _through_dome(p: float, temp: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An isobar with its two saturated states, between which it is level."""
    boiling = T_sat(p)
    k = int(np.searchsorted(temp, boiling))
    return np.insert(temp, k, [boiling, boiling]), np.insert(s, k, [s_liq(p), s_vap(p)])


def _draw_streams(axis: Axes, result: Result) -> None:
    kinds: tuple[tuple[str, list[Step], dict[str, Any]], ...] = (
        ("high-pressure stream", high_steps(result), HOT),
        ("between turbines", between_steps(result), HOT | {"linewidth": 1.2}),
        ("JT valve, dewar", valve_steps(result), VALVE),
        ("return stream", return_steps(result), COLD),
    )
    for name, steps, look in kinds:
        if steps:
            s, temp = _path_along(steps, sort=name == "return stream")
            axis.plot(s / 1e3, temp, label=name, gid=name, **({"linewidth": 1.9} | look))
    for turbine in result.turbines:
        _draw_turbine(axis, result, turbine, is_first=turbine is result.turbines[0])
    axis.plot([p.s / 1e3 for p in result.points], [p.temp for p in result.points], "ko", markersize=3.0, gid="points")


def _draw_turbine(axis: Axes, result: Result, turbine: TurbineFound, is_first: bool) -> None:
    a, b = result.point(f"{turbine.name}.in"), result.point(f"{turbine.name}.out")
    ideal = float(T_ps(b.p, a.s))
    labels = ("turbine, with efficiency", "its isentropic ideal") if is_first else (None, None)
    ends = ([a.s / 1e3, b.s / 1e3], [a.temp, b.temp])
    axis.plot(*ends, label=labels[0], gid=turbine.name, linewidth=1.9, **TURBINE)
    axis.plot([a.s / 1e3, a.s / 1e3], [a.temp, ideal], label=labels[1], gid=f"{turbine.name} ideal", **IDEAL)
    axis.plot([a.s / 1e3], [ideal], "o", color="C2", markersize=3.5, markerfacecolor="white")

    # the text goes to the right if it has room before the low isobar
    s, temp, machine = 0.5 * (a.s + b.s), (a.temp * b.temp) ** 0.5, result.design.machine
    is_right = bool(s_pT(machine.p_low, temp) - s > ROOM)
    look: dict[str, Any] = {"ha": "left" if is_right else "right", "va": "center", "fontsize": "small"}
    _place(
        axis, f"{turbine.name}\n{turbine.efficiency:.2f}", (s if is_right else a.s, temp), 5 if is_right else -4, look
    )


def _place(axis: Axes, text: str, at: tuple[float, float], aside: float, look: dict[str, Any]) -> None:
    axis.annotate(text, (at[0] / 1e3, at[1]), xytext=(aside, 0.0), textcoords="offset points", **look)


def high_steps(result: Result) -> list[Step]:
    """From the inlet of the cold box to the JT valve."""
    points = [point for point in result.points if point.name.startswith("H")]
    return list(pairwise(points))


def between_steps(result: Result) -> list[Step]:
    """From the outlet of a turbine to the inlet of the next in its branch."""
    a = result.design.arrangement
    chains = [[name for name in a.branch(head) if is_turbine(name)] for head in a.heads]
    return [
        (result.point(f"{one}.out"), result.point(f"{other}.in")) for chain in chains for one, other in pairwise(chain)
    ]


def valve_steps(result: Result) -> list[Step]:
    """The JT isenthalp, the phases that part in the dewar, the valve of the return."""
    before = next(point for point in reversed(result.points) if point.name.startswith("H"))
    jt, liquid, vapour = (result.point(name) for name in ("JT.out", "D.liquid", "D.vapour"))
    return [(before, jt), (liquid, vapour), (vapour, _first_return(result))]


def _first_return(result: Result) -> Point:
    return next(point for point in result.points if point.name.startswith("L"))


def return_steps(result: Result) -> list[Step]:
    """From the dewar to the compressor; streams side by side one after the other."""
    found: list[Step] = []
    start = _first_return(result)
    after: list[Point] = []
    for point in result.points[result.points.index(start) + 1 :]:
        if point.name.startswith("L"):
            for end in after:
                found += [(start, end), (end, point)]
            start, after = point, []
        else:
            after.append(point)
    return found


def _path_along(steps: list[Step], sort: bool) -> np.ndarray:
    """The steps with gaps between; sorted by entropy where streams side by side would hide each other's dashes."""
    gap = np.full((2, 1), np.nan)
    path = np.hstack([part for step in steps for part in (_path(*step), gap)])
    return path[:, np.argsort(path[0])] if sort else path


def _path(a: Point, b: Point) -> np.ndarray:
    """Entropies and temperatures from state to state, pressure and enthalpy in proportion."""
    part = np.linspace(0.0, 1.0, 80)
    p, h = a.p + part * (b.p - a.p), a.h + part * (b.h - a.h)
    return np.array([s_ph(p, h), T_ph(p, h)])


def _write_names(axis: Axes, result: Result) -> None:
    """Names beside the points: left of the high isobar and right of the low one, none upon another."""
    machine = result.design.machine
    sides: dict[bool, list[tuple[str, Point]]] = {True: [], False: []}
    for name, point in _states(result):
        if point.name == "JT.out":
            _write(axis, name, point, (0.0, -12.0), "center")
        else:
            is_left = point.name[0] == "H" or point.name == "D.liquid" or point.name.endswith(".in")
            sides[is_left].append((name, point))
    for is_left, named in sides.items():
        p, sign, align = (machine.p_high, -1.0, "right") if is_left else (machine.p_low, 1.0, "left")
        at = in_points(axis, np.array([[point.s / 1e3, point.temp] for _, point in named]))
        height = spread(at[:, 1], GAP)
        edge = _isobar_at(axis, p, height)
        for (name, point), (x, y), level, beside in zip(named, at, height, edge, strict=True):
            _write(axis, name, point, (beside + sign * OUT - x, level - y), align)


def _isobar_at(axis: Axes, p: float, height: np.ndarray) -> np.ndarray:
    """Where an isobar passes these heights on the paper, both in points; of the dome its vapour."""
    temp = from_points(axis, np.column_stack([height, height]))[:, 1]
    if p < P_CRITICAL:
        temp = np.maximum(temp, 1.001 * T_sat(p))
    return in_points(axis, np.column_stack([s_pT(p, temp) / 1e3, temp]))[:, 0]


def _states(result: Result) -> list[tuple[str, Point]]:
    """State points with the names of all that are the same state."""
    groups: list[list[Point]] = []
    for point in result.points:
        for group in groups:
            one = group[0]
            if abs(point.p / one.p - 1.0) < SAME and abs(point.temp / one.temp - 1.0) < SAME and point.x == one.x:
                group.append(point)
                break
        else:
            groups.append([point])
    return [(", ".join(point.name for point in group), group[0]) for group in groups]


def _write(axis: Axes, name: str, point: Point, offset: tuple[float, float], align: str) -> None:
    axis.annotate(
        name,
        (point.s / 1e3, point.temp),
        xytext=offset,
        textcoords="offset points",
        ha=align,
        va="center",
        fontsize="small",
        gid=f"name {name}",
        arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": GREY, "shrinkA": 1.0, "shrinkB": 1.5},
    )
