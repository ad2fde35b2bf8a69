"""A network in a dozen lines with every figure of a campaign: what reports are tested on. Not a model of a plant."""

from __future__ import annotations

import numpy as np

from tests.twin.studies.sizing.examples import Closed, years
from twin.quantities import LIQUID_LITRE
from twin.studies.sizing.costed import Costed
from twin.studies.sizing.law import Equipment, check_law
from twin.studies.sizing.outcome import Budget, Origin, Outcome, Scenario, work_out
from twin.studies.sizing.targets import Targets
from twin.studies.sizing.trade_off import Search
from twin.studies.sizing.year_model import Figure, Parameter
from twin.uncertain import Uniform

HOUR = 3600.0


def between(low: float, high: float) -> Uniform:
    """Anything between two values."""
    return Uniform(f"{low:.3g}..{high:.3g}", low, high)


FLOW = LIQUID_LITRE / HOUR  # kg/s of one litre an hour
PARAMETERS = (
    Parameter(
        "liquefier.new.machine",
        "1",
        1.0,
        "new liquefier",
        "新液化機",
        "assumed: catalogue",
        None,
        (0.0, 1.0, 2.0),
        ("l70", "l140", "l280"),
    ),
    Parameter(
        "site.*.bags", "1", 10.0, "bags of a site", "拠点のバッグ数", "verified: news 14950", None, (6, 10, 14, 20)
    ),
    Parameter("D-2.volume", "m3", 2.0, "storage dewar", "貯槽", "assumed: example", None, (1.0, 2.0, 4.0)),
    Parameter(
        "MAG-Y1.boil_off",
        "m3/s",
        4.3e-9,
        "boil-off of a magnet",
        "マグネット蒸発量",
        "assumed: class of magnet",
        between(3.3e-9, 5.5e-9),
    ),
    Parameter(
        "users.lab.demand",
        "kg/s",
        10 * FLOW,
        "demand of the laboratories",
        "研究室の需要",
        "assumed: example",
        between(5 * FLOW, 15 * FLOW),
    ),
    Parameter(
        "users.lab.recovery", "1", 0.9, "share that returns", "回収率", "calibrated: meters", between(0.85, 0.95)
    ),
    Parameter(
        "economics.electricity", "JPY/J", 7e-6, "energy charge", "電力量料金", "assumed: tariff", between(5e-6, 9e-6)
    ),
    Parameter("site.yonago.distance", "m", 130e3, "way to the hub", "ハブまでの距離", "validated: map"),
    Parameter("purifier.PUR-1.capacity", "kg/s", 2e-3, "purifier", "精製器能力", ""),
)
FIGURES = tuple(
    Figure(name, unit, text, ja)
    for name, unit, text, ja in (
        ("liquid_made", "kg", "helium liquefied", "液化量"),
        ("delivered", "kg", "liquid delivered", "供給量"),
        ("bought", "kg", "helium bought", "購入量"),
        ("lost", "kg", "helium lost", "損失量"),
        ("lost.relief", "kg", "helium lost: relief", "損失 (放出)"),
        ("lost.users", "kg", "helium lost: users", "損失 (利用者)"),
        ("lost.quench", "kg", "helium lost: quench", "損失 (クエンチ)"),
        ("unmet", "kg", "demand that was not served", "未供給量"),
        ("recovery", "1", "recovery", "回収率"),
        ("energy", "J", "electric energy", "電力量"),
        ("power_peak", "W", "largest power", "最大電力"),
        ("ln2", "kg", "liquid nitrogen", "液体窒素"),
        ("trips", "1", "trips of trucks", "配送回数"),
        ("staff_time", "s", "work of staff", "作業時間"),
        ("closure", "1", "largest relative error of the helium ledger", "収支誤差"),
        ("installed.liquefier", "kg/s", "new liquefiers", "新設液化機能力"),
        ("installed.dewar", "m3", "new dewars", "新設貯槽容量"),
        ("installed.bags", "m3", "new bags", "増設バッグ容積"),
    )
)
RATES = np.array([20.0, 40.0, 80.0]) * FLOW  # the machine runs a tenth of the year


def law(values: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """A year: what the machine cannot make is unmet, what the bags cannot hold is lost."""
    machine, bags, dewar, boil_off, demand, recovery = values.T[:6]
    year = 3.15e7
    rate = RATES[machine.astype(int)]
    made = np.minimum(demand * year, 0.25 * rate * year * (1.0 + 0.05 * luck))
    unmet = demand * year - made
    relief = 20.0 * boil_off / 4.3e-9 * np.exp(-bags / 8.0) * np.exp(0.2 * luck)
    users, quench = (1.0 - recovery) * made, np.where(luck > 1.5, 9.0, 0.0)
    lost = relief + users + quench
    energy = 1.1 * 3.6e6 * made / LIQUID_LITRE
    rows = [made, made, lost, lost, relief, users, quench, unmet, 1.0 - lost / made, energy, 5e7 * rate, 4.0 * made]
    rows += [
        24.0 + 0.0 * made,
        3.6e5 + 9e3 * bags,
        1e-13 * (1.0 + luck**2),
        rate,
        dewar,
        3.0 * np.maximum(bags - 10, 0),
    ]
    return np.column_stack(rows)


def network() -> Costed:
    """The year model with its costs."""
    return Costed(Closed("example", PARAMETERS, FIGURES, law))


QUICK = Budget(
    Search(8, 6, all_up_to=64),
    search_years=32,
    rivals=8,
    rival_years=64,
    trajectories=4,
    base_sample=32,
    inputs_apart=3,
)


def an_outcome(count: int = 256, seed: int = 5, budget: Budget = QUICK, targets: Targets | None = None) -> Outcome:
    """The whole study on the example."""
    model = network()
    values, seeds = years(model, count, seed)
    return work_out(
        model,
        values,
        seeds,
        seed=seed,
        targets=targets or Targets(recovery=0.8, unmet=0.05),
        scenarios=(
            Scenario("phase-1", {"users.lab.demand": 5 * FLOW}, "Phase 1: gas is collected", "第1段階: ガス回収"),
            Scenario(
                "phase-3", {"users.lab.demand": 15 * FLOW}, "Phase 3: nearly all is returned", "第3段階: ほぼ全量返却"
            ),
        ),
        law=check_law(
            [
                Equipment("RC-Y", "yonago", "compressor", 14.7e6, 8.0 / HOUR),
                Equipment("D-2", "okayama", "liquid", 2e4, 2.0),
            ]
        ),
        origin=Origin(
            ("hetwin", "size", "example", "--years", str(count), "--seed", str(seed)),
            {"example.toml": "0" * 64},
            "An example, not a plant.",
            (("boil-off: 3 gaps of 2 h filled", "蒸発量: 2 h の欠測3か所を補間"),),
        ),
        budget=budget,
    )
