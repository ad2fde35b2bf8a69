"""What a solved cycle says: state points, exchangers, yield, energy; and the refusals that only a solution shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from thermo.eos import GAS_CONSTANT
from thermo.helium import T_ph, h_pT, h_vap, rho_ph, s_ph, x_ph
from thermo.nitrogen import refrigeration_n2
from twin.errors import Infeasible
from twin.quantities import LIQUID_LITRE
from twin.studies.design import cycle as c
from twin.studies.design.arrangement import BATH, is_exchanger, is_turbine
from twin.studies.design.exergy import Stream, exergy_account
from twin.studies.design.steady import Compiled, Design, compile_design, frozen_at, return_pressures

SOLVED = 1e-8
"""Largest residual that counts as solved."""
LEAST_PINCH = 1e-3
"""Smallest temperature difference of an exchanger that can be built [K]."""
LEAST_YIELD = 1e-6
IDEAL_WORK = 6831e3
"""Least work from gas at 300 K, 1 atm to boiling liquid at 1 atm [J/kg] (CoolProp 8.0.0 helium)."""


@dataclass(frozen=True)
class Point:
    """A state point: SI units; x is the vapour quality."""

    name: str
    text: str
    p: float
    temp: float
    h: float
    s: float
    rho: float
    x: float
    m_flow: float


@dataclass(frozen=True)
class ExchangerFound:
    """What an exchanger does, SI units; `pinch_at` is the part of the duty from the warm end."""

    name: str
    Q_flow: float
    effectiveness: float
    UA: float
    pinch: float
    pinch_at: float
    dT_warm: float
    dT_cold: float
    NTU: float
    m_hot: float
    m_cold: float


@dataclass(frozen=True)
class TurbineFound:
    """What a turbine does, SI units."""

    name: str
    m_flow: float
    power: float
    efficiency: float
    p_in: float
    p_out: float
    temp_in: float
    temp_out: float
    x_out: float


@dataclass(frozen=True)
class Result:
    """A solved design. `kept` are the arrays of the kernels, for pictures and for the next guess."""

    design: Design
    yield_: float
    litres_per_hour: float
    make_up: float
    power: float
    kWh_per_litre: float
    ln2: float
    ln2_per_litre: float
    points: tuple[Point, ...]
    exchangers: tuple[ExchangerFound, ...]
    turbines: tuple[TurbineFound, ...]
    exergy: dict[str, Any]
    closure: dict[str, float]
    warnings: tuple[str, ...]
    kept: Compiled

    def point(self, name: str) -> Point:
        """The state point of this name."""
        return next(point for point in self.points if point.name == name)

    def as_dict(self) -> dict[str, Any]:
        """Everything but the arrays, with the documented keys of `hetwin design --json`."""
        own = ("litres_per_hour", "make_up", "power", "kWh_per_litre", "ln2", "ln2_per_litre", "exergy", "closure")
        parts = {name: [vars(row) for row in getattr(self, name)] for name in ("points", "exchangers", "turbines")}
        found = {"yield": self.yield_} | {name: getattr(self, name) for name in own} | parts
        return found | {"warnings": list(self.warnings)}


def solve_design(design: Design, guess: np.ndarray | None = None) -> Result:
    """The steady state of a design; Infeasible names the component that cannot work and the reason."""
    compiled = compile_design(design)
    worst = compiled.solve(guess)
    if guess is not None and not worst < SOLVED:
        worst = compiled.solve()
    refuse_what_cannot_work(compiled, worst)
    return read_result(compiled)


def refuse_what_cannot_work(compiled: Compiled, worst: float) -> None:
    """Raise Infeasible for the first component, from the cold end, whose state is impossible."""
    design, found, m = compiled.design, compiled.found, compiled.design.machine
    names = design.arrangement.exchangers
    if not worst < SOLVED:
        raise Infeasible("cycle", _unsolved(compiled, worst))
    if found[c.LIQUID] <= LEAST_YIELD * m.flow:
        raise Infeasible("JT valve", _too_warm(compiled))
    if found[c.M_VAPOUR] <= 0.0:
        raise Infeasible("dewar", "no vapour is left to cool the exchangers; branch less gas off to the turbines")
    for name, e in zip(reversed(names), compiled.exchangers[::-1], strict=True):
        if not e[c.PINCH] > LEAST_PINCH:
            raise Infeasible(name, _crossing(e))
        if not e[c.H_HOT_IN] > e[c.H_HOT_OUT]:
            raise Infeasible(name, "would warm the stream that it has to cool")


def _unsolved(compiled: Compiled, worst: float) -> str:
    left = compiled.found[c.M_JT] / compiled.design.machine.flow
    cure = f"; the turbines leave {100.0 * left:.2g} % of the flow to the JT valve, leave more" if left < 0.15 else ""
    return f"no steady state was found, the duties still miss by {worst:.2g} of 100 kJ per kg of flow{cure}"


def _too_warm(compiled: Compiled) -> str:
    m, last = compiled.design.machine, _p_jt(compiled)
    if not compiled.found[c.H_JT] < h_pT(last, m.temp_in):
        return "the gas reaches it as warm as it enters the cold box; the turbines give no cold"
    got = T_ph(last, compiled.found[c.H_JT])
    limit = T_ph(last, h_vap(m.p_dewar) - m.Q_dewar / compiled.found[c.M_JT])
    return (
        f"the gas reaches it at {got:.2f} K; from {last / 1e5:.4g} bar it must be colder than {limit:.2f} K to leave "
        f"any liquid at {m.p_dewar / 1e5:.4g} bar"
    )


def _crossing(e: np.ndarray) -> str:
    hot = e[c.PINCH_HOT]
    return (
        f"the temperatures cross: where {100.0 * e[c.PINCH_AT]:.0f} % of its duty is done from the warm end, the "
        f"cooled stream would be at {hot:.2f} K and the warmed one at {hot - e[c.PINCH]:.2f} K; ask for less "
        "effectiveness or for other flows"
    )


def _p_jt(compiled: Compiled) -> float:
    last = [name for name in compiled.design.arrangement.high if is_exchanger(name)][-1]
    return float(compiled.exchangers[compiled.design.arrangement.exchangers.index(last), c.P_HOT_OUT])


def read_result(compiled: Compiled) -> Result:
    """Everything worth knowing of a solved cycle."""
    design, found, m = compiled.design, compiled.found, compiled.design.machine
    product = float(found[c.MAKE_UP])
    litres = product / LIQUID_LITRE * 3600.0
    power = m.flow * GAS_CONSTANT * m.temp_in * math.log(m.p_high / m.p_low) / m.efficiency_isothermal
    ln2 = _ln2(compiled)
    points = tuple(_points(compiled))
    account = exergy_account(streams(compiled), design, found, power, ln2)
    turbines = tuple(_turbines(compiled))
    wet = [f"{t.name}: its exhaust is wet, {100.0 * (1.0 - t.x_out):.1f} % liquid" for t in turbines if t.x_out < 1.0]
    return Result(
        design=design,
        yield_=product / m.flow,
        litres_per_hour=litres,
        make_up=product + float(found[c.LOST]),
        power=power,
        kWh_per_litre=power / 1e3 / litres,
        ln2=ln2,
        ln2_per_litre=ln2 / (product / LIQUID_LITRE),
        points=points,
        exchangers=tuple(_exchangers(compiled)),
        turbines=turbines,
        exergy=account.as_dict(product * IDEAL_WORK),
        closure=account.closure,
        warnings=tuple(wet),
        kept=compiled,
    )


def _ln2(compiled: Compiled) -> float:
    bath = compiled.design.bath
    if bath is None or compiled.general[c.BATH_MODE] == c.BATH_OFF:
        return 0.0
    taken = compiled.found[c.Q_BATH] + (compiled.found[c.Q_FROZEN] if frozen_at(compiled.design) is None else 0.0)
    return float(taken / refrigeration_n2(bath.temp_bath, bath.temp_vent or bath.temp_bath))


def streams(compiled: Compiled) -> list[Stream]:
    """Every passage of gas through a component: flow, pressures and enthalpies on both sides."""
    design, f, m = compiled.design, compiled.found, compiled.design.machine
    a, names = design.arrangement, design.arrangement.exchangers
    behind, found = return_pressures(design), []
    for name, e in zip(names, compiled.exchangers, strict=True):
        found.append(Stream(name, e[c.M_HOT], e[c.P_HOT_IN], e[c.H_HOT_IN], e[c.P_HOT_OUT], e[c.H_HOT_OUT]))
        found.append(Stream(name, e[c.M_COLD], e[c.P_COLD_IN], e[c.H_COLD_IN], e[c.P_COLD_OUT], e[c.H_COLD_OUT]))
    for name, t in zip(a.turbines, compiled.turbines, strict=True):
        before = t[c.P_IN] / (1.0 - design.turbines[name].dp_in)
        if before > t[c.P_IN]:
            found.append(Stream(f"valve of {name}", t[c.M_TURBINE], before, t[c.H_IN], t[c.P_IN], t[c.H_IN]))
        found.append(Stream(name, t[c.M_TURBINE], t[c.P_IN], t[c.H_IN], t[c.P_OUT], t[c.H_OUT]))
    if compiled.general[c.BATH_MODE] != c.BATH_OFF:
        p = compiled.pressures[0, a.high.index(BATH)]
        found.append(Stream(BATH, _bath_flow(compiled), p, f[c.H_BATH_IN], p, f[c.H_BATH_OUT]))

    p_jt, p_back = _p_jt(compiled), behind["dewar"]
    found.append(Stream("JT valve", f[c.M_JT], p_jt, f[c.H_JT], m.p_dewar, f[c.H_JT]))
    found.append(Stream("return valve", f[c.M_VAPOUR], m.p_dewar, f[c.H_VAPOUR], p_back, f[c.H_VAPOUR]))
    found += _mixed(compiled, behind)
    return found


def _bath_flow(compiled: Compiled) -> float:
    before = compiled.design.arrangement.high[: compiled.design.arrangement.high.index(BATH)]
    heads = compiled.design.arrangement.heads
    return float(
        compiled.design.machine.flow - sum(compiled.branch[heads.index(t), 0] for t in before if is_turbine(t))
    )


def _mixed(compiled: Compiled, behind: dict[str, float]) -> list[Stream]:
    """Where streams of the return join: each stream to the mixed enthalpy."""
    a, names, found = compiled.design.arrangement, compiled.design.arrangement.exchangers, []
    m, h = compiled.found[c.M_VAPOUR], compiled.found[c.H_VAPOUR]
    for place in a.low:
        parts = []
        if is_turbine(place):
            other, _, h_other = compiled.branch[a.heads.index(place)]
            parts = [(m, h), (other, h_other)]
        else:
            rows = [compiled.exchangers[names.index(name)] for name in place.split("|")]
            m, h = sum(e[c.M_COLD] for e in rows), rows[0][c.H_COLD_OUT]
            parts = [(e[c.M_COLD], e[c.H_COLD_OUT]) for e in rows] if len(rows) > 1 else []
        if parts:
            m = sum(part[0] for part in parts)
            h = sum(part[0] * part[1] for part in parts) / m
            p, where = behind[place], f"mixing at {place}"
            found += [Stream(where, part[0], p, part[1], p, h) for part in parts]
    return found


Bare = tuple[str, str, float, float, float]
"""A state point before its properties are known: name, text, p, h, flow."""


def _points(compiled: Compiled) -> list[Point]:
    """All state points, in the order of the gas."""
    bare = [*_supply_points(compiled), *_return_points(compiled)]
    p, h = np.array([row[2] for row in bare]), np.array([row[3] for row in bare])
    temp, s, rho, x = T_ph(p, h), s_ph(p, h), rho_ph(p, h), x_ph(p, h)
    return [
        Point(name, text, *map(float, (p[k], temp[k], h[k], s[k], rho[k], x[k], m_flow)))
        for k, (name, text, _, _, m_flow) in enumerate(bare)
    ]


def _supply_points(compiled: Compiled) -> list[Bare]:
    """H on the high side, counted from the warm end; turbines, JT valve and dewar."""
    a, f, m = compiled.design.arrangement, compiled.found, compiled.design.machine
    row = {name: compiled.exchangers[a.exchangers.index(name)] for name in a.exchangers}
    turbine = dict(zip(a.turbines, compiled.turbines, strict=True))
    h_in = h_pT(m.p_high, m.temp_in)
    found, flow, k = [("H0", "inlet of the cold box", m.p_high, h_in, m.flow)], m.flow, 0
    for at, name in enumerate(a.high):
        if is_turbine(name):
            flow -= compiled.branch[a.heads.index(name), 0]
            continue
        k += 1
        p = compiled.pressures[0, at]
        h = f[c.H_BATH_OUT] if name == BATH else row[name][c.H_HOT_OUT]
        found.append((f"H{k}", f"high pressure, after {name}", p, h, flow))
    for head in a.heads:
        for name in a.branch(head):
            if is_turbine(name):
                t = turbine[name]
                found.append((f"{name}.in", f"inlet of {name}", t[c.P_IN], t[c.H_IN], t[c.M_TURBINE]))
                found.append((f"{name}.out", f"outlet of {name}", t[c.P_OUT], t[c.H_OUT], t[c.M_TURBINE]))
    found.append(("JT.out", "after the JT valve", m.p_dewar, f[c.H_JT], f[c.M_JT]))
    found.append(("D.liquid", "liquid in the dewar", m.p_dewar, f[c.H_LIQUID], f[c.LIQUID]))
    found.append(("D.vapour", "vapour from the dewar", m.p_dewar, f[c.H_VAPOUR], f[c.M_VAPOUR]))
    return found


def _return_points(compiled: Compiled) -> list[Bare]:
    """L on the low side, counted from the warm end: before an exchanger, and after it."""
    a, f, found = compiled.design.arrangement, compiled.found, []
    row = dict(zip(a.exchangers, compiled.exchangers, strict=True))
    places = [place.split("|") for place in a.low if not is_turbine(place)]
    for k, place in zip(range(len(places) - 1, -1, -1), places, strict=True):
        rows = [row[name] for name in place]
        m = sum(e[c.M_COLD] for e in rows)
        text = f"low pressure, before {' and '.join(place)}"
        found.append((f"L{k + 1}", text, rows[0][c.P_COLD_IN], rows[0][c.H_COLD_IN], m))
        for name, e in zip(place, rows, strict=True):
            found.append((f"{name}.out", f"low pressure, after {name}", e[c.P_COLD_OUT], e[c.H_COLD_OUT], e[c.M_COLD]))
    m_back = sum(row[name][c.M_COLD] for name in places[-1])
    return [*found, ("L0", "return to the compressor", compiled.design.machine.p_low, f[c.H_SUCTION], m_back)]


def _exchangers(compiled: Compiled) -> list[ExchangerFound]:
    rows = []
    for name, e in zip(compiled.design.arrangement.exchangers, compiled.exchangers, strict=True):
        q, back = e[c.M_HOT] * (e[c.H_HOT_IN] - e[c.H_HOT_OUT]), e[c.M_COLD] * (e[c.H_COLD_OUT] - e[c.H_COLD_IN])
        hot, cold = q / max(e[c.T_HOT_IN] - e[c.T_HOT_OUT], 1e-9), back / max(e[c.T_COLD_OUT] - e[c.T_COLD_IN], 1e-9)
        ends = e[c.T_HOT_IN] - e[c.T_COLD_OUT], e[c.T_HOT_OUT] - e[c.T_COLD_IN]
        quality = (q, q / e[c.Q_MOST], e[c.UA_FOUND], e[c.PINCH], e[c.PINCH_AT])
        values = (*quality, *ends, e[c.UA_FOUND] / min(hot, cold), e[c.M_HOT], e[c.M_COLD])
        rows.append(ExchangerFound(name, *map(float, values)))
    return rows


def _turbines(compiled: Compiled) -> list[TurbineFound]:
    t = compiled.turbines
    power = t[:, c.M_TURBINE] * (t[:, c.H_IN] - t[:, c.H_OUT])
    inlet, outlet = (t[:, c.P_IN], t[:, c.H_IN]), (t[:, c.P_OUT], t[:, c.H_OUT])
    machine = (t[:, c.M_TURBINE], power, t[:, c.EFFICIENCY_NOW], inlet[0], outlet[0])
    columns = [column.tolist() for column in (*machine, T_ph(*inlet), T_ph(*outlet), x_ph(*outlet))]
    rows = zip(compiled.design.arrangement.turbines, *columns, strict=True)
    return [TurbineFound(*row) for row in rows]
