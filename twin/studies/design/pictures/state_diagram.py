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
from twin.studies.design.pictures.style import COLD, GREY, HOT, in_points, log_ticks, new_figure, spread
from twin.studies.design.result import Point, Result

COLDEST = 3.0
"""Lower end of the temperature axis [K]."""
GAP = 9.5
"""Between the lines of two labels [pt]."""
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
    limits = (float(s_liq(p_sat(COLDEST))) / 1e3 - 2.6, float(s_pT(machine.p_low, machine.temp_in)) / 1e3 + 4.2)
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
    p = np.concatenate(
        [np.geomspace(p_sat(COLDEST), 0.98 * P_CRITICAL, 80), P_CRITICAL * (1.0 - np.geomspace(2e-2, 1e-9, 60))]
    )
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
            s, temp = np.hstack([_path(*step) for step in steps])
            axis.plot(s / 1e3, temp, label=name, gid=name, **({"linewidth": 1.9} | look))
    for k, turbine in enumerate(result.turbines):
        a, b = result.point(f"{turbine.name}.in"), result.point(f"{turbine.name}.out")
        ideal = float(T_ps(b.p, a.s))
        label = ("turbine, with efficiency", "its isentropic ideal") if k == 0 else (None, None)
        ends = ([a.s / 1e3, b.s / 1e3], [a.temp, b.temp])
        axis.plot(*ends, label=label[0], gid=turbine.name, linewidth=1.9, **TURBINE)
        axis.plot([a.s / 1e3, a.s / 1e3], [a.temp, ideal], label=label[1], gid=f"{turbine.name} ideal", **IDEAL)
        axis.plot([a.s / 1e3], [ideal], "o", color="C2", markersize=3.5, markerfacecolor="white")
        axis.annotate(
            f"{turbine.name}\n{turbine.efficiency:.2f}",
            (0.5 * (a.s + b.s) / 1e3, (a.temp * b.temp) ** 0.5),
            xytext=(5, 0),
            textcoords="offset points",
            fontsize="small",
            va="center",
        )
    axis.plot([p.s / 1e3 for p in result.points], [p.temp for p in result.points], "ko", markersize=3.0, gid="points")


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
    return [(before, jt), (jt, liquid), (liquid, vapour), (vapour, _first_return(result))]


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


def _path(a: Point, b: Point) -> np.ndarray:
    """Entropies and temperatures from state to state, pressure and enthalpy in proportion."""
    part = np.linspace(0.0, 1.0, 80)
    p, h = a.p + part * (b.p - a.p), a.h + part * (b.h - a.h)
    return np.array([s_ph(p, h), T_ph(p, h)])


def _write_names(axis: Axes, result: Result) -> None:
    """Names beside the points: the high pressure's to the left, the return's to the right, none upon another."""
    sides: dict[str, list[tuple[str, Point]]] = {"left": [], "right": []}
    for name, point in _states(result):
        if point.name == "JT.out":
            _write(axis, name, point, (0.0, -12.0), "center")
        elif _is_between(result, point):
            is_inlet = point.name.endswith(".in")
            _write(axis, name, point, (-7.0, 4.0) if is_inlet else (7.0, -5.0), "right" if is_inlet else "left")
        else:
            sides["left" if point.name[0] == "H" or point.name == "D.liquid" else "right"].append((name, point))
    for side, named in sides.items():
        at = in_points(axis, np.array([p.s / 1e3 for _, p in named]), np.array([p.temp for _, p in named]))
        for (name, point), shift in zip(named, spread(at[:, 1], GAP) - at[:, 1], strict=True):
            # isobars lean to the right: a label that goes their way has to keep its distance
            out = 13.0 + max(0.0, 0.65 * (-shift if side == "left" else shift))
            _write(axis, name, point, (-out if side == "left" else out, shift), "right" if side == "left" else "left")


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


def _is_between(result: Result, point: Point) -> bool:
    """Whether this is the outlet or the inlet of a turbine at a pressure between high and low."""
    return any(point in step for step in between_steps(result))


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
