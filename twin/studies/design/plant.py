"""A plant file of a solved design: the same machine with volumes, valves, controllers, to run in the twin.

Openings are sized for the design's own flows, so the plant comes to rest close to the design point: nozzles and JT
valve from the flow law of the twin, exchangers from the conductance found, wheels for their best speed ratio.
What a steady design does not know (volumes, masses, the compressor station) is scaled from `freia-l140` by flow and
marked `assumed`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thermo.helium import rho_ph
from twin.network import orifice_flow
from twin.quantities import format
from twin.studies.design.arrangement import BATH, is_exchanger, is_turbine
from twin.studies.design.hardware import bath_conductance, built_exchanger
from twin.studies.design.result import Point, Result
from twin.studies.design.steady import return_pressures

FLOW_FREIA = 0.042
"""Flow of the plant that volumes are scaled from [kg/s]."""
DP_HIGH, DP_LOW, DP_INLET = 5e-4, 1e-3, 2e-4
"""Pressure drop over pressure where the design has none."""
JT_OPENING = 0.5
SPEED_RATED, SPEED_DESIGN = 5000.0, 3200.0
"""Rated and design speed of a turbine [Hz]: warm gas drives it faster, and it must not trip on the way down."""
DRAG = 0.01
MASS_PER_UA = 0.025
"""Mass of an aluminium exchanger over its conductance [kg K/W], as in freia-l140."""
UA_BATH = 1e5
APPROACH = 8.0
"""Gas and oil over the cooling water [K], which is that much colder than the gas has to be."""
VOLUMETRIC, LEAKAGE = 0.95, 0.008
"""Volumetric efficiency of a screw compressor: at ratio 1, and its fall per unit of pressure ratio."""
P_HIGH_RISE = 1.08
"""High pressure at which gas management takes gas away, over that of the design."""

Table = dict[str, Any]


def plant_file(result: Result, leak: float = 0.0) -> str:
    """The text of a plant file for `hetwin run` and `hetwin serve`.

    `leak` is the conductance to the room [W/K] of exchangers whose card has no heat leak.
    """
    tables = {"AIR": {"kind": "ambient", "temp": format(result.design.machine.temp_in, "K")}}
    for name, table in Writer(result, leak).units():
        tables[name] = {"kind": table.pop("kind"), **table}
    text = result.design.description.split("\n")[0] or "A liquefier by design"
    lines = [f'description = "{text.rstrip(".")}; made by hetwin design"', 'step = "1 s"']
    for name, table in tables.items():
        lines += ["", f"[unit.{name}]"]
        lines += [f"{key} = {_toml(value)}" for key, value in table.items()]
        lines += ['source = "assumed: sized by hetwin design"']
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    return repr(value)


class Writer:
    """The units of a plant, table by table."""

    def __init__(self, result: Result, leak: float = 0.0) -> None:
        self._result, self._design, self._leak = result, result.design, leak
        self._a, self._m = result.design.arrangement, result.design.machine
        self._size = self._m.flow / FLOW_FREIA
        self._places = [place for place in reversed(self._a.low) if not is_turbine(place)]

    def units(self) -> Iterator[tuple[str, Table]]:
        """Name and table of every unit but the room."""
        yield from self._station()
        yield from self._volumes()
        yield from self._exchangers()
        yield from self._turbines()
        yield from self._cold_end()
        yield from self._control()

    def _station(self) -> Iterator[tuple[str, Table]]:
        m, size = self._m, self._size
        yield "BUF-101", _buffer(300.0 * size, 10e5, 400.0 * size)
        yield "LP-101", _buffer(0.8 * size, m.p_low, 2.0 * size) | {"p_max": "3 bar"}
        yield "HP-101", _buffer(1.2 * size, 0.5 * m.p_high, 5.0 * size) | {"p_max": _si(2.0 * m.p_high, "Pa")}
        ratio = m.p_high / m.p_low
        back = self._result.point("L0")
        h = back.h + (m.flow - back.m_flow) / m.flow * (self._result.point("H0").h - back.h)
        swept = m.flow / float(rho_ph(m.p_low, h)) / (VOLUMETRIC - LEAKAGE * (ratio - 1.0))
        yield (
            "C-101",
            {
                "kind": "screw_compressor",
                "suction": "LP-101",
                "discharge": "HP-101",
                "displacement": _si(swept, "m3/s"),
                "volumetric": VOLUMETRIC,
                "leakage": LEAKAGE,
                "power_rated": _si(1.25 * self._result.power, "W"),
                "efficiency_isothermal": m.efficiency_isothermal,
                "idle_share": 0.0,
                "UA_oil": _si(self._result.power / APPROACH, "W/K"),
                "approach": _si(APPROACH, "K"),
                "start": {"temp_water": m.temp_in - APPROACH},
                "p_relief": _si(1.3 * m.p_high, "Pa"),
            },
        )
        for name, inlet, outlet, area in (
            ("CV-101", "BUF-101", "LP-101", 30e-6),
            ("CV-102", "HP-101", "BUF-101", 60e-6),
            ("CV-103", "HP-101", "LP-101", 60e-6),
            ("CV-100", "HP-101", "H0", 400e-6),
        ):
            yield name, _valve(inlet, outlet, area * size)

    def _volumes(self) -> Iterator[tuple[str, Table]]:
        litres = {"H": 0.01, "L": 0.03}
        yield "H0", _buffer(0.01 * self._size, self._m.p_low)
        for point in self._result.points:
            side, number = point.name[0], point.name[1:]
            if side in litres and number.isdigit() and number != "0":
                shrink = max(1.0 - 0.12 * int(number), 0.2)
                table = _buffer(litres[side] * shrink * self._size, self._m.p_low)
                yield (
                    point.name,
                    table | ({"p_max": "3 bar"} if side == "L" else {"p_max": _si(2 * self._m.p_high, "Pa")}),
                )

    def _exchangers(self) -> Iterator[tuple[str, Table]]:
        found = {row.name: row for row in self._result.exchangers}
        for name, (hot_in, hot_out, p_hot) in self._hot_ends().items():
            card, row = self._design.exchangers[name], found[name]
            k = next(i for i, place in enumerate(self._places) if name in place.split("|"))
            before, after = f"L{k + 1}", "LP-101" if k == 0 else f"L{k}"
            cold, warm = self._result.point(before), self._hot_point(name, hot_in)
            built = built_exchanger(row, card)
            mass = max(MASS_PER_UA * row.UA, 2.0 * self._size)
            yield (
                name,
                {
                    "kind": "heat_exchanger",
                    "hot_inlet": hot_in,
                    "hot_outlet": hot_out,
                    "cold_inlet": before,
                    "cold_outlet": after,
                    "UA": _si(built.UA or 0.0, "W/K"),
                    "m_design": _si(row.m_hot, "kg/s"),
                    "exponent": card.exponent,
                    "hot_area": _area(row.m_hot, p_hot, warm, (card.dp_high or DP_HIGH) * p_hot),
                    "cold_area": _area(row.m_cold, cold.p, cold, (card.dp_low or DP_LOW) * cold.p),
                    "mass": _si(mass, "kg"),
                    "cells": 24,
                    "UA_leak": _si(card.Q_leak / 200.0 or self._leak, "W/K"),
                    "UA_headers": "5 mW/K",
                },
            )

    def _hot_ends(self) -> dict[str, tuple[str, str, float]]:
        """Volumes before and after the cooled stream of each exchanger, and its inlet pressure."""
        found, k, p = {}, 0, self._m.p_high
        for name in self._a.high:
            if is_turbine(name):
                continue
            if is_exchanger(name):
                found[name] = (f"H{k}", f"H{k + 1}", p)
                p *= 1.0 - self._design.exchangers[name].dp_high
            k += 1
        turbines = {row.name: row for row in self._result.turbines}
        for head in self._a.heads:
            chain = self._a.branch(head)
            for before, name, after in zip(chain, chain[1:], chain[2:], strict=False):
                if is_exchanger(name):
                    found[name] = (f"{before}-OUT", f"{after}-IN", turbines[before].p_out)
        return found

    def _hot_point(self, name: str, volume: str) -> Point:
        return self._result.point(volume.replace("-OUT", ".out"))

    def _turbines(self) -> Iterator[tuple[str, Table]]:
        for head in self._a.heads:
            chain = [name for name in self._a.branch(head) if is_turbine(name)]
            at = self._a.place(head)
            joins = self._a.low[self._a.low.index(head) + 1]
            k = next(i for i, place in enumerate(self._places) if place == joins)
            for name in chain:
                inlet, outlet = f"{name}-IN", f"{name}-OUT" if name != chain[-1] else f"L{k + 1}"
                yield inlet, _buffer(0.002 * self._size, self._m.p_low)
                if name != chain[-1]:
                    yield outlet, _buffer(0.003 * self._size, self._m.p_low)
                if name == head:
                    point = self._result.point(f"{name}.in")
                    area = _area(point.m_flow, point.p, point, DP_INLET * point.p)
                    yield f"CV-11{self._a.heads.index(head)}", _valve(f"H{at}", inlet, float(area.split()[0]))
                yield name, self._turbine(name, inlet, outlet)

    def _turbine(self, name: str, inlet: str, outlet: str) -> Table:
        row = next(row for row in self._result.turbines if row.name == name)
        card, state = self._design.turbines[name], self._result.point(f"{name}.in")
        head = row.power / row.m_flow / row.efficiency
        speed = card.speed or SPEED_DESIGN
        rated = speed * SPEED_RATED / SPEED_DESIGN
        diameter = card.diameter or card.ratio_best * (2.0 * head) ** 0.5 / (3.141592653589793 * speed)
        share = speed / rated
        return {
            "kind": "turbine",
            "inlet": inlet,
            "outlet": outlet,
            "nozzle_area": _area(row.m_flow, row.p_in, state, row.p_in - row.p_out),
            "diameter": _si(diameter, "m"),
            "efficiency": card.efficiency,
            "ratio_best": card.ratio_best,
            "speed_rated": _si(rated, "Hz"),
            "power_rated": _si(row.power / (share**3 + DRAG * share**2), "W"),
            "drag": DRAG,
        }

    def _cold_end(self) -> Iterator[tuple[str, Table]]:
        m, size, last = self._m, self._size, f"H{sum(not is_turbine(name) for name in self._a.high)}"
        jt, vapour = self._result.point(last), self._result.point("D.vapour")
        area = float(_area(jt.m_flow, jt.p, jt, jt.p - m.p_dewar).split()[0])
        yield (
            "JT",
            {"kind": "jt_valve", "inlet": last, "outlet": "D-1", "flow_area": _si(area / JT_OPENING, "m2")},
        )
        back = f"L{len(self._places)}"
        dp = max(m.p_dewar - return_pressures(self._design)["dewar"], 1e-3 * m.p_dewar)
        area = float(_area(vapour.m_flow, vapour.p, vapour, dp).split()[0])
        yield "CV-130", _valve("D-1.vapour", back, area) | {"start": {"opening": 1.0}}
        warm = self._places[min(1, len(self._places) - 1)]
        k = self._places.index(warm)
        yield "CV-120", _valve(last, f"L{k + 1}", 20e-6 * size)
        yield (
            "D-1",
            {
                "kind": "storage_dewar",
                "volume": _si(2.0 * size, "m3"),
                "level_start": 0.2,
                "p_start": _si(m.p_dewar, "Pa"),
                "mass": _si(200.0 * size, "kg"),
                "UA_leak": _si(m.Q_dewar / (m.temp_in - vapour.temp), "W/K"),
            },
        )
        if BATH in self._a.high:
            yield from self._bath()

    def _bath(self) -> Iterator[tuple[str, Table]]:
        at = self._a.place(BATH)
        before = self._result.point(f"H{at}")
        yield (
            "PC",
            {
                "kind": "precooler",
                "inlet": f"H{at}",
                "outlet": f"H{at + 1}",
                "UA": _si(bath_conductance(self._result) or 1e3 * self._size, "W/K"),
                "UA_bath": _si(UA_BATH, "W/K"),
                "m_design": _si(before.m_flow, "kg/s"),
                "flow_area": _area(before.m_flow, before.p, before, 0.1 * DP_HIGH * before.p),
                "mass": _si(15.0 * self._size, "kg"),
                "bath_volume": _si(0.05 * self._size, "m3"),
                "fill_max": _si(0.1 * self._size, "kg/s"),
            },
        )

    def _control(self) -> Iterator[tuple[str, Table]]:
        m, heads, steps = self._m, self._a.heads, sum(not is_turbine(name) for name in self._a.high)
        gas = {"kind": "gas_management", "p_high": "HP-101.p", "p_low": "LP-101.p", "running": "C-101.run"}
        gas |= {"load": "CV-101.opening", "unload": "CV-102.opening", "bypass": "CV-103.opening"}
        limits = {"p_high_start": P_HIGH_RISE * m.p_high, "p_low_start": m.p_low - 5e3, "p_low_most": m.p_low}
        yield "GM-101", gas | {key: _si(value, "Pa") for key, value in limits.items()}
        if BATH in self._a.high:
            level = {"kind": "on_off", "measurement": "PC.level", "output_to": "PC.opening", "value_on": 0.5}
            yield "LIC-1", level | {"on_at_start": 0.5, "off_at_start": 0.7, "start": {"mode": "off"}}
        at = self._a.place(heads[0])
        sequence: Table = {"kind": "cold_box_sequence", "running": "C-101.run", "p_high": "HP-101.p"}
        sequence |= {"temp_turbine": f"H{at}.temp", "temp_jt": f"H{steps}.temp", "level": "D-1.level"}
        for i, _ in enumerate(heads):
            ending = "" if i == 0 else f"_{i + 1}"
            sequence |= {f"turbine_trip{ending}": f"TP-{i + 1}.trip", f"turbine_valve{ending}": f"CV-11{i}.opening"}
        sequence |= {"compressor": "C-101.run", "gas_management": "GM-101.mode", "inlet_valve": "CV-100.opening"}
        sequence |= {"ln2": "LIC-1.mode"} if BATH in self._a.high else {}
        sequence |= {"cooldown_valve": "CV-120.opening", "jt_valve": "JT.opening", "jt_fixed": JT_OPENING}
        sequence |= {"ramp_time": "100 s", "p_ready": _si(0.85 * m.p_high, "Pa"), "purge_time": "60 s"}
        with_ln2 = {"with_ln2": float(self._design.bath is not None)} if BATH in self._a.high else {}
        yield "SEQ-1", sequence | {"temp_jt_start": "25 K", "start": {"command": "start"} | with_ln2}
        for i, head in enumerate(heads):
            speed = 1.2 * SPEED_RATED / SPEED_DESIGN * (self._design.turbines[head].speed or SPEED_DESIGN)
            guard = {"kind": "turbine_protection", "speed": f"{head}.speed", "valve": f"CV-11{i}.opening"}
            yield f"TP-{i + 1}", guard | {"speed_high": _si(speed, "Hz")}
        cool_down = {"kind": "pid", "measurement": "HP-101.p", "output_to": "SEQ-1.cooldown_target", "unit": "Pa"}
        cool_down |= {"high": "20 bar", "setpoint_start": _si(1.03 * m.p_high, "Pa"), "action": "direct"}
        yield "PIC-2", cool_down | {"K": 1.5, "Ti": "200 s", "output_low": 0.1}


def _si(value: float, unit: str) -> str:
    return f"{float(value):.9g} {unit}"


def _buffer(volume: float, p: float, UA: float = 0.0) -> Table:
    table: Table = {"kind": "buffer", "volume": _si(volume, "m3"), "p_start": _si(p, "Pa")}
    return table | ({"UA": _si(UA, "W/K")} if UA else {})


def _valve(inlet: str, outlet: str, area: float) -> Table:
    return {"kind": "control_valve", "inlet": inlet, "outlet": outlet, "flow_area": _si(area, "m2")}


def _area(m_flow: float, p: float, state: Point, dp: float) -> str:
    """Flow area that passes this flow with this pressure drop, by the twin's own flow law."""
    return _si(m_flow / orifice_flow(dp, p, float(rho_ph(p, state.h)), 1.0)[0], "m2")
