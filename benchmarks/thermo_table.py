"""The helium table against CoolProp HEOS, in one process: how close, and how much faster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np

from thermo import helium, sheet, table, validity
from thermo.eos import P_CRITICAL
from thermo.helium import T_ph, T_sat, h_ps, h_pT, ph_rho_u, state_ph

NAME = "helium property table"
TARGETS = {"worst": 1e-4, "mean": 1e-6, "cold liquid": 1e-3}
N = 20_000


@numba.njit
def sum_T_ph(p: Any, h: Any) -> float:
    total = 0.0
    for i in range(p.size):
        total += T_ph(p[i], h[i])
    return total


@numba.njit
def sum_state_ph(p: Any, h: Any) -> float:
    total = 0.0
    for i in range(p.size):
        s = state_ph(p[i], h[i])
        total += s[0] + s[1] + s[2] + s[3] + s[4] + s[5]
    return total


@numba.njit
def sum_T_sat(p: Any, h: Any) -> float:
    total = 0.0
    for i in range(p.size):
        total += T_sat(p[i])
    return total


@numba.njit
def sum_h_pT(p: Any, T: Any) -> float:
    total = 0.0
    for i in range(p.size):
        total += h_pT(p[i], T[i])
    return total


@numba.njit
def sum_h_ps(p: Any, s: Any) -> float:
    total = 0.0
    for i in range(p.size):
        total += h_ps(p[i], s[i])
    return total


@numba.njit
def sum_vessel(p: Any, rho: Any, u: Any) -> float:
    total = 0.0
    for i in range(p.size):
        total += ph_rho_u(rho[i], u[i], p[i] * 1.0001, 0.0)[0]
    return total


def nanoseconds(loop: Callable[..., float], *columns: np.ndarray) -> float:
    """Time of one call in a jitted loop [ns], the best of many short runs."""
    loop(*columns)
    best = float("inf")
    for _ in range(300):
        start = time.perf_counter()
        loop(*columns)
        best = min(best, time.perf_counter() - start)
    return best / columns[0].size * 1e9


def reference() -> tuple[Any, Any, float, float]:
    """CoolProp's HEOS for helium, and its h and s at our reference state."""
    import CoolProp.CoolProp as coolprop  # noqa: N813  (a module of functions)

    state = coolprop.AbstractState("HEOS", "Helium")
    state.update(coolprop.PT_INPUTS, 101325.0, 300.0)
    return coolprop, state, state.hmass(), state.smass()


def log_uniform(rng: np.random.Generator, low: float, high: float, n: int) -> np.ndarray:
    return np.exp(rng.uniform(np.log(low), np.log(high), n))


def regions(rng: np.random.Generator, n: int) -> Iterator[tuple[str, np.ndarray, np.ndarray, float]]:
    """Where accuracy is judged: (name, p, T, worst allowed)."""
    yield "2.2-330 K, 0.5-30 bar", log_uniform(rng, 0.5e5, 30e5, n), log_uniform(rng, 2.2, 330.0, n), TARGETS["worst"]
    yield (
        "2.2-330 K, 30-250 bar",
        log_uniform(rng, 30e5, 250e5, n),
        log_uniform(rng, 2.2, 330.0, n),
        TARGETS["cold liquid"],
    )
    yield "5.0-5.5 K, 2.0-2.8 bar", rng.uniform(2.0e5, 2.8e5, n), rng.uniform(5.0, 5.5, n), TARGETS["worst"]
    p = rng.uniform(0.5e5, P_CRITICAL, n)
    edge = 1.0 + rng.uniform(-0.005, 0.005, n)
    yield "within 0.5 % of the dome", p, np.array([T_sat(a) for a in p]) * edge, TARGETS["worst"]


def accuracy(n: int) -> list[dict[str, Any]]:
    """Worst and mean relative deviation of T, rho and s from HEOS in each region."""
    coolprop, them, h_0, s_0 = reference()
    rows = []
    for name, pressures, temperatures, allowed in regions(np.random.default_rng(7), n):
        found = []
        for p, T in zip(pressures, temperatures, strict=True):
            if validity.code_pT(p, T) != 0:
                continue
            try:
                them.update(coolprop.PT_INPUTS, p, T)
            except ValueError:  # HEOS refuses states too near the boiling line, and a little above the melting line
                continue
            h, s = them.hmass() - h_0, them.smass() - s_0
            # entropy against R ln(p / vacuum)'s scale: our s passes zero at room temperature
            found.append(
                (T_ph(p, h) / T - 1.0, helium.rho_ph(p, h) / them.rhomass() - 1.0, (helium.s_ph(p, h) - s) / 1e4)
            )
        deviation = np.abs(found)
        for k, quantity in enumerate(("T", "rho", "s")):
            rows.append(row(f"{quantity}, {name}, worst", deviation[:, k].max(), allowed, "relative"))
            rows.append(row(f"{quantity}, {name}, mean", deviation[:, k].mean(), TARGETS["mean"], "relative"))
    return rows


def row(point: str, figure: float, target: float, unit: str, at_least: bool = False) -> dict[str, Any]:
    """One line of the report."""
    met = figure >= target if at_least else figure <= target
    return {
        "point": point,
        "figure": float(figure),
        "target": target,
        "verdict": "met" if met else "missed",
        "unit": unit,
    }


def speed() -> list[dict[str, Any]]:
    """Nanoseconds a call, and the ratio to HEOS in this process."""
    rng = np.random.default_rng(0)
    p, T = log_uniform(rng, 0.5e5, 250e5, N), log_uniform(rng, 8.0, 330.0, N)
    p = np.where(T < 30.0, np.minimum(p, 20e5), p)
    h, raw = h_pT(p, T), helium.rho_ph.raw
    s = np.array([helium.s_ph.raw(a, b) for a, b in zip(p, h, strict=True)])
    rho = np.array([raw(a, b) for a, b in zip(p, h, strict=True)])
    along_p, along_h = np.linspace(13e5, 12.7e5, N), np.linspace(0.0, -1.55e6, N)
    low = np.linspace(0.1e5, 2.2e5, N)

    random = nanoseconds(sum_T_ph, p, h)
    ratio = coolprop_nanoseconds(p[:300], h[:300]) / random
    return [
        row("T(p, h), random states", random, 35.0, "ns"),
        row("T(p, h), along a stream", nanoseconds(sum_T_ph, along_p, along_h), 12.0, "ns"),
        row("T(p, h) against CoolProp HEOS", ratio, 1000.0, "times faster", at_least=True),
        row("T_sat(p)", nanoseconds(sum_T_sat, low, low), 5.0, "ns"),
        row("state_ph: T, rho and slopes", nanoseconds(sum_state_ph, along_p, along_h), 60.0, "ns"),
        row("h(p, T)", nanoseconds(sum_h_pT, p, T), 150.0, "ns"),
        row("h(p, s)", nanoseconds(sum_h_ps, p, s), 150.0, "ns"),
        row("p, h of rho, u, warm", nanoseconds(sum_vessel, p, rho, h - p / rho), 200.0, "ns"),
    ]


def coolprop_nanoseconds(p: np.ndarray, h: np.ndarray) -> float:
    """Time of one T(p, h) of CoolProp HEOS [ns]."""
    coolprop, them, h_0, _ = reference()
    start = time.perf_counter()
    for a, b in zip(p, h, strict=True):
        them.update(coolprop.HmassP_INPUTS, b + h_0, a)
        them.T()
    return (time.perf_counter() - start) / p.size * 1e9


def building() -> list[dict[str, Any]]:
    """Seconds to build the table (compiled code at hand) and milliseconds to read it back."""
    table.build()
    start = time.perf_counter()
    table.build()
    built = time.perf_counter() - start
    start = time.perf_counter()
    table.load()
    read = (time.perf_counter() - start) * 1e3
    return [
        row("table, build", built, 1.5, "s"),
        row("table, read from the cache", read, 50.0, "ms"),
        row("table, size", sheet.LENGTH * 8e-6, 64.0, "MB"),
    ]


def run() -> list[dict[str, Any]]:
    """All figures: point, figure, target, verdict, unit."""
    return [*accuracy(1500), *speed(), *building()]


def main() -> list[dict[str, Any]]:
    """Print the figures as a table and return them."""
    rows = run()
    for found in rows:
        figure = f"{found['figure']:12.4g} {found['unit']:12}"
        print(f"{found['point']:45} {figure} target {found['target']:g}: {found['verdict']}")
    return rows


if __name__ == "__main__":
    main()
