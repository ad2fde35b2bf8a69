"""What hetwin is checked against, as rows: published or reference value, ours, verdict and source.

Every figure of ours is computed when it is asked for. Checks that simulate are told apart (SLOW) and run only if
asked for.
"""

from __future__ import annotations

import dataclasses
import importlib
import itertools
import re
from dataclasses import dataclass
from typing import Any

from benchmarks import published_machines, steady_design, thermo_table
from thermo.eos import GAS_CONSTANT, P_CRITICAL, T_CRITICAL
from thermo.helium import T_ph, T_sat, h_liq, h_ps, h_pT, h_vap, rho_liq, rho_pT, rho_vap, s_liq, s_ph, s_pT, x_ph
from thermo.nitrogen import h_vap_n2, rho_liq_n2
from twin.errors import Infeasible
from twin.studies.design.catalogue import Entry, names, read_machine
from twin.studies.design.design_file import load_design, make_design
from twin.studies.design.result import Result, solve_design
from twin.studies.design.steady import Design

MET, MISSED, TOLD = "met", "missed", "told"
"""Verdicts; what is told explains another row and can be neither met nor missed."""

FITTED, PREDICTED, CHECKED = "fitted", "predicted", "checked"
"""A figure that a parameter was chosen for says little; one that came out says something; checks have no parameter."""

COOLPROP = "CoolProp 8.0.0, equation of state of Ortiz Vega et al. (2013; NISTIR 8474, 2023)"
SPAN = "Span et al., J. Phys. Chem. Ref. Data 29 (2000) 1361"
BARRON = "Barron, Cryogenic Systems, 2nd ed. 1985, chapter 3"
FREIA = "FREIA, arXiv 2104.10435"
GANNI = "Ganni, on liquid nitrogen in helium liquefiers"
HETWIN = "limit set by hetwin"

ATM = 101325.0
CP = 5193.0
"""Specific heat of helium gas [J/(kg K)]."""
MACHINES = ("l140", "l70", "tcf20", "aachen")


@dataclass(frozen=True)
class Row:
    """One check. `published` is the value or the words to compare with."""

    figure: str
    published: float | str
    ours: float | str
    unit: str
    verdict: str
    source: str
    basis: str = CHECKED


@dataclass(frozen=True)
class Section:
    """Checks that belong together."""

    title: str
    text: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Slow:
    """A benchmark that simulates: its module, what it is compared with, whether parameters were fitted, and whether it
    is done within half a minute."""

    module: str
    source: str
    basis: str
    quick: bool = False

    @property
    def command(self) -> str:
        """What runs it."""
        return f"hetwin bench {self.module}"

    @property
    def text(self) -> str:
        """What it does, as its module says."""
        return (importlib.import_module(f"benchmarks.{self.module}").__doc__ or "").strip().partition("\n")[0]

    def rows(self) -> list[Row]:
        """Run it now."""
        module = importlib.import_module(f"benchmarks.{self.module}")
        found = []
        for row in module.run():
            basis = CHECKED if row["point"].startswith("first law") else self.basis
            found.append(from_benchmark(row | {"point": f"{module.NAME}: {row['point']}"}, self.source, basis))
        return found


SLOW = (
    Slow("two_solvers", "the steady solver of hetwin, given the same boundary", CHECKED, quick=True),
    Slow("freia_steady", f"{FREIA}; energy: isothermal work at an efficiency of 0.50 to 0.55", FITTED, quick=True),
    Slow("byu_year", "BYU, labs.chem.byu.edu, system details; AMMRL, March 2022", FITTED),
    Slow("weeks", "conservation of mass and energy; replay to the bit", CHECKED),
    Slow("step_halving", "the same run at half the step", CHECKED),
)


def sections(simulated: tuple[Slow, ...] = ()) -> list[Section]:
    """All checks, and those of SLOW that are asked for."""
    found = [
        Section("Properties of helium and nitrogen", PROPERTIES_TEXT, tuple(properties())),
        Section("The property table", TABLE_TEXT, tuple(property_table())),
        Section("Laws of a helium liquefier", LAWS_TEXT, tuple(laws())),
        Section("Balances of the steady solver", CLOSURES_TEXT, tuple(closures())),
        Section("The steady solver against another program", OTHER_TEXT, tuple(other_program())),
        Section("Published machines", MACHINES_TEXT, tuple(machines())),
        Section("Why some figures are missed", WHY_TEXT, tuple(explanations())),
    ]
    return found + [Section(f"Simulated: {slow.module}", slow.text, tuple(slow.rows())) for slow in simulated]


def close(
    figure: str, published: float, ours: float, unit: str, within: float, source: str, basis: str = CHECKED
) -> Row:
    """A row whose verdict is whether ours is within so much of what is published."""
    verdict = MET if abs(float(ours) - published) <= within else MISSED
    return Row(figure, published, float(ours), unit, verdict, source, basis)


def at_most(figure: str, ours: float, most: float, unit: str, source: str, basis: str = CHECKED) -> Row:
    """A row whose verdict is whether ours stays below a limit."""
    return Row(figure, f"at most {most:g}", float(ours), unit, MET if ours <= most else MISSED, source, basis)


def from_benchmark(row: dict[str, Any], source: str, basis: str = CHECKED) -> Row:
    """A row of a benchmark with its source."""
    verdict = {"pass": MET, "met": MET, "": TOLD}.get(row["verdict"], MISSED)
    return Row(row["point"], row["target"], row["figure"], row["unit"], verdict, source, basis)


PROPERTIES_TEXT = """Single states that plant engineers know by heart, with h = s = 0 at 300 K and 101.325 kPa. Ours
come from the property table; a difference of more than the last digit printed is a miss. Values of helium are those
of the same equation of state, computed by CoolProp: they check table and reference state, not the equation itself."""


def properties() -> list[Row]:
    """Helium and nitrogen at states that everybody knows."""
    rows = [
        close("critical temperature", 5.1953, T_CRITICAL, "K", 5e-5, COOLPROP),
        close("critical pressure", 2.283, P_CRITICAL / 1e5, "bar", 5e-4, COOLPROP),
        close("vapour density, boiling at 1 atm", 16.90, rho_vap(ATM), "kg/m3", 6e-3, COOLPROP),
    ]
    boiling = ((1.01325, 4.2238, 124.67, 20.56), (1.2, 4.409, 120.7, 19.33), (1.3, 4.5, 118.5, 18.6))
    for bar, temp, rho, latent in (*boiling, (1.5, 4.667, 113.8, 16.94)):
        p, words = 1e5 * bar, f"boiling at {bar:g} bar"
        rows += [
            close(f"temperature, {words}", temp, T_sat(p), "K", 6e-4, COOLPROP),
            close(f"liquid density, {words}", rho, rho_liq(p), "kg/m3", 0.06, COOLPROP),
            close(f"heat of evaporation, {words}", latent, (h_vap(p) - h_liq(p)) / 1e3, "kJ/kg", 6e-3, COOLPROP),
        ]
    least = 300.0 * (s_pT(ATM, 300.0) - s_liq(ATM)) - (h_pT(ATM, 300.0) - h_liq(ATM))
    rows.append(close("least work of liquefaction, 300 K, 1 atm", 6831.0, least / 1e3, "kJ/kg", 0.6, COOLPROP))
    boil_off = 3600.0 / (h_vap(ATM) - h_liq(ATM)) / rho_liq(ATM) * 1e3
    rows.append(close("boil-off of one watt at 1 atm", 1.40, boil_off, "L/h", 6e-3, COOLPROP))
    for temp, litres in ((273.15, 699.0), (293.15, 750.0), (300.15, 768.0)):
        found = rho_liq(ATM) / rho_pT(ATM, temp)
        rows.append(close(f"litres of gas at {temp:g} K per litre of liquid", litres, found, "1", 0.6, COOLPROP))
    full = rho_pT(14.7e6, 288.15)
    rows += [
        close("47 L cylinder, 14.7 MPa, 15 degC", 1.077, 0.047 * full, "kg", 6e-4, COOLPROP),
        close("Z at 14.7 MPa, 15 degC", 1.072, 14.7e6 / (full * GAS_CONSTANT * 288.15), "1", 6e-4, COOLPROP),
        close("47 L cylinder, 19.6 MPa, 15 degC", 1.405, 0.047 * rho_pT(19.6e6, 288.15), "kg", 6e-4, COOLPROP),
    ]
    for bar, flash in ((1.2, 5.0), (1.3, 7.8), (1.5, 13.4)):
        found = 100.0 * x_ph(ATM, h_liq(1e5 * bar))
        rows.append(close(f"flash from {bar:g} bar to 1 atm", flash, found, "%", 0.06, COOLPROP))
    for temp, liquid in ((5.0, 0.650), (6.0, 0.451), (7.0, 0.196), (7.5, 0.044), (8.0, 0.0)):
        found = 1.0 - x_ph(1.2e5, h_pT(13e5, temp))
        rows.append(
            close(f"liquid after a JT valve, 13 to 1.2 bar, from {temp:g} K", liquid, found, "1", 6e-4, COOLPROP)
        )
    for bar, temp, outlets in ((13.0, 40.0, (15.6, 20.4, 22.9)), (5.0, 12.0, (6.81, 7.64, 8.06))):
        for efficiency, outlet in zip((1.0, 0.8, 0.7), outlets, strict=True):
            h = h_pT(1e5 * bar, temp)
            found = T_ph(1.25e5, h - efficiency * (h - h_ps(1.25e5, s_ph(1e5 * bar, h))))
            words = f"turbine outlet, {temp:g} K and {bar:g} to 1.25 bar, efficiency {efficiency:g}"
            rows.append(close(words, outlet, found, "K", 0.05 if outlet > 10.0 else 6e-3, COOLPROP))
    return [
        *rows,
        close("heat of evaporation of nitrogen, 77.355 K", 199.2, h_vap_n2(77.355) / 1e3, "kJ/kg", 0.2, SPAN),
        close("density of liquid nitrogen, 77.355 K", 806.0, rho_liq_n2(77.355), "kg/m3", 0.5, SPAN),
    ]


TABLE_TEXT = """All kernels read helium from one table over pressure and enthalpy. Here it is compared with CoolProp's
own evaluation of the equation of state at random states. The benchmark `hetwin bench thermo_table` takes more states,
and measures the speed."""


def property_table(states: int = 300) -> list[Row]:
    """Worst and mean deviation of temperature, density and entropy, region by region."""
    source = "CoolProp as installed, HEOS of helium, in the same process"
    rows = []
    for found in thermo_table.accuracy(states):
        rows.append(at_most(found["point"], found["figure"], found["target"], found["unit"], source))
    return rows


LAWS_TEXT = """What every model of a helium liquefier must show, whatever its parameters are. They tell a wrong model
from a possible one, not a good one from a poor one: that LN2 about doubles the output of every machine here is met by
the Aachen liquefier of the model too, whose published ratio is smaller (see the published machines)."""


def laws() -> list[Row]:
    """Interior maximum, exchangers, LN2, JT inlet, terms of the first law, LN2 per helium."""
    rows = [interior_maximum(arrangement, ln2) for arrangement in ("collins", "three_way") for ln2 in (True, False)]
    for name in MACHINES:
        rows += exchangers_decide(name)
    for name in MACHINES:
        both = [solve_design(load_design(name, ln2=ln2)) for ln2 in (True, False)]
        gain = both[0].litres_per_hour / both[1].litres_per_hour
        source = f"about 2: {FREIA}, and TU Darmstadt"
        rows.append(close(f"{name}: litres with LN2 over without", 2.0, gain, "1", 0.4, source))
        warmest = max(jt_inlet(result) for result in both)
        rows.append(at_most(f"{name}: JT inlet, the warmer of both", warmest, 7.6, "K", COOLPROP))
    warmest = T_ph(13e5, h_vap(1.2e5))
    return [
        *rows,
        close("warmest JT inlet that leaves liquid, 13 to 1.2 bar", 7.5, warmest, "K", 0.2, COOLPROP),
        *first_law_terms(),
        close("LN2 per make-up, near-perfect exchangers, vapour used", 3.0, ln2_per_helium(), "g/g", 0.5, GANNI),
    ]


def yield_of(design: Design) -> float:
    """Yield, or nothing where the machine cannot work."""
    try:
        return solve_design(design).yield_
    except Infeasible:
        return 0.0


def interior_maximum(arrangement: str, ln2: bool) -> Row:
    """The share of the turbines at the highest yield; the yield must rise before it and fall after it."""
    design = make_design({"arrangement": arrangement, "ln2": ln2, "exchangers": {"effectiveness": 0.96}})
    most = 0.495 if arrangement == "collins" else 0.98
    shares = [0.05 + k * (most - 0.05) / 18 for k in range(19)]
    yields = []
    for share in shares:
        cards = {name: dataclasses.replace(card, share=share) for name, card in design.turbines.items()}
        yields.append(yield_of(dataclasses.replace(design, turbines=cards)))
    best = yields.index(max(yields))
    rises = [b > a for a, b in itertools.pairwise(value for value in yields if value > 0.0)]
    inside = 0 < best < len(yields) - 1 and rises == sorted(rises, reverse=True)
    words = f"share of each branch at the highest yield, {arrangement}, {'with' if ln2 else 'without'} LN2"
    return Row(words, f"inside 0.05 to {most:g}", shares[best], "1", MET if inside else MISSED, BARRON)


def exchanging(design: Design, effectiveness: float, only: tuple[str, ...] = ()) -> Design:
    """The design with exchangers of this effectiveness, all of them or only some."""
    cards = {
        name: dataclasses.replace(card, effectiveness=effectiveness) if not only or name in only else card
        for name, card in design.exchangers.items()
    }
    return dataclasses.replace(design, exchangers=cards)


def exchangers_decide(name: str) -> list[Row]:
    """What a hundredth of effectiveness costs without LN2, and that poor exchangers leave no liquid."""
    design = load_design(name, ln2=False)
    yields = [yield_of(exchanging(design, value)) for value in (0.98, 0.97, 0.96, 0.95, 0.94)]
    least = min(100.0 * (1.0 - worse / better) for better, worse in itertools.pairwise(yields))
    source = f"{BARRON}; {HETWIN}"
    lost = Row(
        f"{name}: yield lost per hundredth of effectiveness, at least",
        "over 5",
        least,
        "%",
        MET if least > 5.0 else MISSED,
        source,
    )
    poor = 100.0 * yield_of(exchanging(design, 0.85))
    return [lost, close(f"{name}: yield at an effectiveness of 0.85", 0.0, poor, "%", 0.0, source)]


def jt_inlet(result: Result) -> float:
    """Temperature before the JT valve [K]."""
    return [point for point in result.points if point.name.startswith("H")][-1].temp


def first_law_terms() -> list[Row]:
    """The three terms per kilogram of flow, and that they are what the turbines of a machine give."""
    source = f"first law, enthalpies of {COOLPROP}"
    gas = h_pT(ATM, 300.0)
    rows = [
        close("cooling that 6 % of liquid needs", 94.0, 0.06 * (gas - h_liq(1.2e5)) / 1e3, "kJ/kg", 0.5, source),
        close("what throttling 13 bar at 300 K takes", 3.9, (h_pT(13e5, 300.0) - gas) / 1e3, "kJ/kg", 0.05, source),
        close("what a kelvin at the warm end takes", 5.2, (gas - h_pT(ATM, 299.0)) / 1e3, "kJ/kg", 0.05, source),
    ]
    for name in MACHINES:
        result = solve_design(load_design(name, ln2=False, machine={"impurity": 0.0}))
        m, y = result.design.machine, result.yield_
        given = sum(t.power for t in result.turbines) / m.flow
        taken = y * (h_pT(m.p_low, m.temp_in) - h_liq(m.p_dewar)) + m.Q_dewar / m.flow
        taken += h_pT(m.p_high, m.temp_in) - h_pT(m.p_low, m.temp_in)
        taken += (1.0 - y) * CP * (m.temp_in - result.point("L0").temp)
        words = f"{name}: turbines against liquid, throttling, warm end and heat leak"
        rows.append(at_most(words, abs(given / taken - 1.0), 1e-3, "relative", source))
    return rows


def ln2_per_helium() -> float:
    """LN2 over make-up of an L140 whose warm exchangers are near perfect and use the cold of the vapour."""
    design = load_design("l140", bath={"temp_vent": 290.0})
    result = solve_design(exchanging(exchanging(design, 0.9999, ("E1",)), 0.995, ("E2",)))
    return result.ln2 / result.make_up


CLOSURES_TEXT = """Mass, energy and exergy that are missing in a solved machine, the worst of eight: four machines
with and without LN2. The exergy balance compares what each component destroys (from its entropy) with what crosses
the boundary, so that it checks both laws at once."""


def closures() -> list[Row]:
    """The worst closure of each kind."""
    results = [solve_design(load_design(name, ln2=ln2)) for name in MACHINES for ln2 in (True, False)]
    over = {"mass": "over the flow", "energy": "over the cooling", "exergy": "over the compressor's work"}
    rows = []
    for kind, words in over.items():
        worst = max(abs(result.closure[kind]) for result in results)
        law = "conservation" if kind != "exergy" else "Gouy and Stodola (Kotas 1995, chapter 3)"
        rows.append(at_most(f"{kind} missing, {words}", worst, 1e-3, "relative", f"{law}; {HETWIN}"))
    return rows


OTHER_TEXT = """The same cycle, written a second time with CoolProp and scipy: other unknowns, other properties,
another root finder (`benchmarks/steady_design.py`). Two Collins machines, given effectiveness."""


def other_program() -> list[Row]:
    """Relative difference in yield from CoolProp and scipy."""
    rows = []
    for ln2 in (True, False):
        result, plain = solve_design(steady_design.example(ln2)), steady_design.Plain(ln2)
        difference = abs(plain.solve(plain.start(result)) / result.yield_ - 1.0)
        words = f"yield {'with' if ln2 else 'without'} LN2, difference"
        rows.append(at_most(words, difference, 1e-4, "relative", "CoolProp as installed and scipy.optimize.root"))
    return rows


MACHINES_TEXT = """One set of parameters for each machine (`twin/studies/design/machines`). **Fitted** figures are
those that a parameter was chosen for: that they are met shows that such a machine exists, not that it was predicted.
**Predicted** figures had no parameter of their own. Allowed is 10 %, of FREIA's yields one percentage point."""


def machines() -> list[Row]:
    """Every published figure of the catalogue, ratios with to without LN2, and energy."""
    rows = []
    for entry in map(read_machine, names()):
        figures = [(point, name) for point in entry.points for name in point.figures]
        for (point, _), row in zip(figures, published_machines.published(entry), strict=True):
            basis = FITTED if fitted(entry, point.source, row["target"]) else PREDICTED
            rows.append(from_benchmark(row, entry.sources[point.source], basis))
    both = {
        name: (published_machines.case(read_machine(name), True), published_machines.case(read_machine(name), False))
        for name in ("l140", "tcf20", "aachen")
    }
    for name, target, source, basis in (
        ("tcf20", 54.0 / 27.0, "darmstadt", FITTED),
        ("aachen", 30.0 / 22.0, "aachen", PREDICTED),
    ):
        found = published_machines.ratio(name, both[name], target)
        rows.append(from_benchmark(found, read_machine(name).sources[source], basis))
    for result, target, words in zip(both["l140"], (1.0, 1.7), ("with", "without"), strict=True):
        found = published_machines.checked(
            f"l140 energy {words} LN2", result.kWh_per_litre, target, "kWh/L", published_machines.RATIO_TOLERANCE
        )
        source = "calculated: isothermal work at an efficiency of 0.50 to 0.55 over FREIA's yields"
        rows.append(from_benchmark(found, source, FITTED))
    return rows


def fitted(entry: Entry, source: str, published: float) -> bool:
    """Whether a value of the machine's file was calibrated to this figure: its origin names source and figure."""
    for name in entry.calibrated():
        text = entry.origin[name]
        numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]
        if source in re.findall(r"\w+", text) and (not numbers or any(abs(published - n) < 1e-6 * n for n in numbers)):
            return True
    return False


WHY_TEXT = """What an assumption would have to be for a missed or doubtful figure to come out; nothing is met or
missed here. The turbines of a machine have the same nozzles with and without LN2, which
`twin/studies/design/nozzles.py` takes into account."""


def explanations() -> list[Row]:
    """The rows of the benchmark of published machines that explain."""
    entries = {name: read_machine(name) for name in MACHINES}
    both = {
        name: (published_machines.case(entry, True), published_machines.case(entry, False))
        for name, entry in entries.items()
    }
    rows = published_machines.why_aachen(entries["aachen"])
    rows += published_machines.why_freia_and_darmstadt(both, entries)
    source = "hetwin, the machine with the change that the row names; published beside it"
    return [from_benchmark(row | {"point": row["point"].removeprefix("why: ")}, source, PREDICTED) for row in rows]
