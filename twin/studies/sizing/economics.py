"""What a year of the network costs: the table `[campaign.economics]` of a plant file, and the items of the cost.

A cost is a figure of the year (energy, helium bought, trips, …) times its price; equipment is paid for by an annuity.
What a design buys is told by the figures `installed.liquefier` [kg/s], `installed.dewar` [m3 of liquid],
`installed.cylinders` [m3 of water volume], `installed.bags` [m3] and `installed.purifier` [kg/s]: new equipment only,
what stands there is paid for. Each price may be uncertain: where the year model has a parameter `economics.NAME`, the
row's value holds, else that of the card.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from twin.quantities import YEAR
from twin.studies.sizing.price import Number
from twin.studies.sizing.year_model import YearModel

KYOTO = "verified: Kyoto University 2024: {} JPY/L"
ISSP = "verified: ISSP liquefies outside gas for 860 JPY/L"
BUDGET = "assumed: order of magnitude of budget offers"


@dataclass(frozen=True, kw_only=True)
class Economics:
    """Prices, wages, investments, their lives and the interest."""

    electricity: float = Number("JPY/J", "25 JPY/kWh", "energy charge", "電力量料金", "assumed", (0.0, 1e-4))
    demand: float = Number(
        "JPY/(W s)", "1900 JPY/(kW month)", "demand charge on the year's peak power", "基本料金", "assumed", (0.0, 4e-6)
    )
    ln2: float = Number("JPY/kg", "90 JPY/kg", "liquid nitrogen", "液体窒素", "assumed", (0.0, 1e5))
    helium: float = Number(
        "JPY/kg", "5926 JPY/LLHe", "helium bought", "購入ヘリウム", KYOTO.format("5 926") + " lost", (0.0, 1e7)
    )
    unmet: float = Number(
        "JPY/kg",
        "6786 JPY/LLHe",
        "liquid bought elsewhere for demand that is not served",
        "供給できない需要を外部から購入する液体ヘリウム",
        "verified: 5 926 JPY/L for helium (Kyoto University 2024) + 860 JPY/L to liquefy it (ISSP)",
        (0.0, 1e7),
    )
    trip: float = Number("JPY", "20 kJPY", "a trip of the truck", "輸送1回", "assumed", (0.0, 1e7))
    distance: float = Number("JPY/m", "150 JPY/km", "distance of the truck", "輸送距離", "assumed", (0.0, 10.0))
    labour: float = Number("JPY/s", "3000 JPY/h", "time of staff", "人件費", "assumed", (0.0, 100.0))
    liquefier: float = Number("JPY", "250 MJPY", "liquefier of the reference size", "基準液化機", BUDGET, (0.0, 1e11))
    liquefier_size: float = Number(
        "kg/s", "100 LLHe/h", "reference size of the liquefier", "基準液化機の能力", BUDGET, (1e-6, 10.0)
    )
    dewar: float = Number("JPY/m3", "10 kJPY/L", "storage dewar by volume", "貯槽", BUDGET, (0.0, 1e9))
    cylinders: float = Number(
        "JPY/m3", "2 kJPY/L", "high-pressure cylinders by water volume", "高圧容器", BUDGET, (0.0, 1e9)
    )
    bags: float = Number("JPY/m3", "50 JPY/L", "gas bags by volume", "ガスバッグ", BUDGET, (0.0, 1e9))
    purifier: float = Number("JPY", "40 MJPY", "purifier of the reference size", "基準精製器", BUDGET, (0.0, 1e11))
    purifier_size: float = Number(
        "kg/s", "50 Nm3/h", "reference size of the purifier", "基準精製器の能力", BUDGET, (1e-6, 10.0)
    )
    exponent: float = Number(
        "1",
        0.6,
        "exponent of size in the price of machines",
        "機器価格の規模指数",
        "assumed: six-tenths rule",
        (0.0, 1.0),
    )
    liquefier_life: float = Number("s", "20 a", "life of the liquefier", "液化機の耐用年数", "assumed", (YEAR, 1e10))
    dewar_life: float = Number("s", "20 a", "life of the storage dewar", "貯槽の耐用年数", "assumed", (YEAR, 1e10))
    cylinders_life: float = Number("s", "20 a", "life of the cylinders", "高圧容器の耐用年数", "assumed", (YEAR, 1e10))
    bags_life: float = Number("s", "5 a", "life of the bags", "ガスバッグの耐用年数", "assumed", (YEAR, 1e10))
    purifier_life: float = Number("s", "20 a", "life of the purifier", "精製器の耐用年数", "assumed", (YEAR, 1e10))
    interest: float = Number("1", 0.02, "interest a year", "年利率", "assumed", (0.0, 1.0))
    maintenance: float = Number(
        "1", 0.03, "maintenance a year over investment", "投資額に対する年間保守費", "assumed", (0.0, 1.0)
    )
    charge_returned: float = Number(
        "JPY/kg",
        "282 JPY/LLHe",
        "charge to a user who returns the gas, elsewhere",
        "回収利用者への供給単価 (他機関)",
        KYOTO.format("282") + " to a user who returns the gas",
        (0.0, 1e7),
    )
    charge_outside: float = Number(
        "JPY/kg",
        "860 JPY/LLHe",
        "charge for liquefying outside gas, elsewhere",
        "外部ガスの再液化単価 (他機関)",
        ISSP,
        (0.0, 1e7),
    )


Prices = Mapping[str, np.ndarray | float]
"""Values of the card's fields: one for all years, or one for each."""


@dataclass(frozen=True)
class Item:
    """One item of the yearly cost: what `figure` counts costs `law(prices, figure)` [JPY a year]."""

    name: str
    figure: str
    law: Callable[[Prices, np.ndarray], np.ndarray]
    text: str
    text_ja: str


def annuity(interest: np.ndarray | float, life: np.ndarray | float) -> np.ndarray:
    """Share of an investment that is paid each year: r / (1 - (1 + r)^-n), and 1/n without interest; `life` in s."""
    years, r = np.asarray(life, float) / YEAR, np.asarray(interest, float)
    safe = np.where(r > 0.0, r, 1.0)
    return np.where(r > 0.0, safe / -np.expm1(-years * np.log1p(safe)), 1.0 / years)


def _machine(name: str) -> Callable[[Prices, np.ndarray], np.ndarray]:
    """Price of a machine by its size: K (size / reference)^exponent; nothing for no machine."""
    return lambda p, size: np.where(size > 0.0, p[name] * (size / p[f"{name}_size"]) ** p["exponent"], 0.0)


def _by_volume(name: str) -> Callable[[Prices, np.ndarray], np.ndarray]:
    return lambda p, volume: p[name] * volume


INVESTMENTS: dict[str, tuple[Callable[[Prices, np.ndarray], np.ndarray], str, str]] = {
    "liquefier": (_machine("liquefier"), "liquefier", "液化機"),
    "dewar": (_by_volume("dewar"), "storage dewar", "貯槽"),
    "cylinders": (_by_volume("cylinders"), "cylinders", "高圧容器"),
    "bags": (_by_volume("bags"), "gas bags", "ガスバッグ"),
    "purifier": (_machine("purifier"), "purifier", "精製器"),
}
"""What `installed.NAME` costs to buy [JPY], and its names."""


def _times(name: str, factor: float = 1.0) -> Callable[[Prices, np.ndarray], np.ndarray]:
    return lambda p, amount: p[name] * amount * factor


def _capital(name: str) -> Callable[[Prices, np.ndarray], np.ndarray]:
    buy = INVESTMENTS[name][0]
    return lambda p, amount: buy(p, amount) * (annuity(p["interest"], p[f"{name}_life"]) + p["maintenance"])


ITEMS = (
    Item("energy", "energy", _times("electricity"), "electric energy", "電力量"),
    Item("demand", "power_peak", _times("demand", YEAR), "demand charge", "基本料金"),
    Item("ln2", "ln2", _times("ln2"), "liquid nitrogen", "液体窒素"),
    Item("helium", "bought", _times("helium"), "helium bought", "購入ヘリウム"),
    Item("unmet", "unmet", _times("unmet"), "liquid bought elsewhere", "外部購入の液体ヘリウム"),
    Item("trips", "trips", _times("trip"), "trips", "輸送 (回数)"),
    Item("distance", "distance", _times("distance"), "distance", "輸送 (距離)"),
    Item("labour", "staff_time", _times("labour"), "staff", "人件費"),
    *(
        Item(
            f"capital.{name}",
            f"installed.{name}",
            _capital(name),
            f"{text}: capital and maintenance",
            f"{ja}: 償却と保守",
        )
        for name, (_, text, ja) in INVESTMENTS.items()
    ),
)


@dataclass(frozen=True)
class AnnualCost:
    """Cost of each year [JPY] by item; items whose figure the year model does not know are `left_out`."""

    items: dict[str, np.ndarray]
    left_out: tuple[str, ...]

    @property
    def total(self) -> np.ndarray:
        """Sum of the items [JPY a year]."""
        return np.sum(list(self.items.values()), axis=0)

    def per_mass(self, delivered: np.ndarray) -> np.ndarray:
        """Cost over helium delivered [JPY/kg]; infinite where nothing was."""
        return np.divide(self.total, delivered, out=np.full(len(delivered), np.inf), where=delivered > 0.0)


def prices(model: YearModel, values: np.ndarray, card: Economics) -> dict[str, np.ndarray | float]:
    """Every field of the card: the column of the model's parameter `economics.NAME` if there is one."""
    columns = {parameter.name: k for k, parameter in enumerate(model.parameters)}
    found: dict[str, np.ndarray | float] = dict(dataclasses.asdict(card))
    for name in found:
        if (column := columns.get(f"economics.{name}")) is not None:
            found[name] = values[:, column]
    return found


def annual_cost(model: YearModel, values: np.ndarray, figures: np.ndarray, card: Economics | None = None) -> AnnualCost:
    """What each year (a row of `values` and of `figures`) costs."""
    paid = prices(model, values, card or Economics())
    columns = {figure.name: k for k, figure in enumerate(model.figures)}
    known = [item for item in ITEMS if item.figure in columns]
    costs = {item.name: item.law(paid, figures[:, columns[item.figure]]) for item in known}
    return AnnualCost(costs, tuple(item.name for item in ITEMS if item not in known))
