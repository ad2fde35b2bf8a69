"""Which limits of the Japanese High Pressure Gas Safety Act a plant touches. Checks of a design, not legal advice.

Helium is a gas of the first class (Cabinet Order, article 3). Counted for each establishment:

- gas that is compressed to 1 MPa gauge or more: 300 m3 a day (0 degC, 1 atm) and above need a permission, less a
  notification (article 5). The capacity is the nameplate times 24 h.
- compressed gas in store: 300 m3 and above need a notification, 3 000 m3 and above a permission (articles 16, 17-2); a
  vessel of volume V that is filled to P [MPa gauge] counts (10 P + 1) V. Liquefied gas: 10 kg count as 1 m3.
- liquefied gas is high-pressure gas from 0.2 MPa gauge (article 2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from twin.plant_file import PlantSpec, UnitSpec
from twin.quantities import ATMOSPHERE, LIQUID_LITRE

DAY = 86400.0  # s
COMPRESSED = 1e6  # Pa gauge, from which compressed gas counts
LIQUEFIED = 2e5  # Pa gauge, from which liquefied gas counts
MADE = 300.0  # m3/d at 0 degC and 1 atm
STORED = (300.0, 3000.0)  # m3, notification and permission
NEAR = 0.8
"""Share of a limit from which it is reported as near."""


@dataclass(frozen=True)
class Equipment:
    """What counts: a compressor's nameplate [m3/s at 0 degC, 1 atm], or a vessel's volume [m3]; `p` is its gauge."""

    name: str
    place: str
    what: str
    p: float
    amount: float


@dataclass(frozen=True)
class Finding:
    """How a design stands to one limit: `verdict` is one of VERDICTS; `value` and `limit` are in `unit`."""

    place: str
    rule: str
    verdict: str
    value: float
    limit: float
    unit: str
    equipment: tuple[str, ...]

    @property
    def warning(self) -> bool:
        """Whether people must know."""
        return self.verdict != "free"

    def sentence(self, ja: bool = False) -> str:
        """The finding for people."""
        rule, verdict = RULES[self.rule][int(ja)], VERDICTS[self.verdict][int(ja)]
        numbers = f"{_number(self.value)} {self.unit} / {_number(self.limit)} {self.unit}"
        if ja:
            return f"{self.place}: {rule} {numbers}: {verdict} ({'、'.join(self.equipment)})。"
        return f"{self.place}: {rule}, {numbers}: {verdict} ({', '.join(self.equipment)})."


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100.0 else f"{value:.3g}"


RULES = {
    "made": ("gas compressed to 1 MPa gauge or more, nameplate over 24 h", "1 MPa(G)以上に圧縮するガス (定格×24 h)"),
    "pressure": ("discharge pressure of the compressor", "圧縮機の吐出圧力"),
    "stored": ("compressed gas in store", "圧縮ガスの貯蔵量"),
    "liquid": ("pressure of the liquid's vessel", "液化ガス容器の圧力"),
}
VERDICTS = {
    "free": ("outside the law's limit", "法の限度未満"),
    "near": ("below the limit, but near it", "限度未満だが余裕が小さい"),
    "notification": ("a notification is needed", "届出が必要"),
    "permission": ("a permission is needed", "許可が必要"),
    "high-pressure gas": ("counts as high-pressure gas", "高圧ガスに該当"),
}
SOURCES = {
    "made": (
        "verified: article 5 of the Act with article 3 of its Cabinet Order (pages of prefectures); "
        "assumed: capacity counted as nameplate x 24 h",
        "確認済み: 法第5条、施行令第3条 (都道府県の案内)。仮定: 処理能力は定格×24 hで算定",
    ),
    "pressure": (
        "verified: article 2 of the Act; Hiroshima University stays below 1 MPa to be outside",
        "確認済み: 法第2条。広島大学は液化機の圧縮機を1 MPa未満で運転し適用外としている",
    ),
    "stored": (
        "verified: articles 16 and 17-2 of the Act (METI page on storage); assumed: (10 P + 1) V for compressed gas",
        "確認済み: 法第16条、第17条の2 (経済産業省の案内)。仮定: 圧縮ガスは (10P+1)V で算定",
    ),
    "liquid": ("verified: article 2 of the Act: 0.2 MPa", "確認済み: 法第2条 (0.2 MPa)"),
}
"""Where each rule comes from, in English and Japanese."""


def check_law(equipment: Iterable[Equipment]) -> list[Finding]:
    """How each place stands to each limit."""
    listed = list(equipment)
    found = []
    for place in dict.fromkeys(item.place for item in listed):
        here = [item for item in listed if item.place == place]
        found += [*_made(place, here), *_pressures(place, here), *_stored(place, here), *_liquids(place, here)]
    return found


def _made(place: str, here: list[Equipment]) -> Iterator[Finding]:
    counted = [item for item in here if item.what == "compressor" and item.p >= COMPRESSED]
    if not counted:
        return
    value = sum(item.amount for item in counted) * DAY
    verdict = "permission" if value >= MADE else "notification"
    yield Finding(place, "made", verdict, value, MADE, "Nm3/d", tuple(item.name for item in counted))


def _pressures(place: str, here: list[Equipment]) -> Iterator[Finding]:
    """Compressors that stay below the limit of pressure."""
    for item in here:
        if item.what == "compressor" and item.p < COMPRESSED:
            verdict = "near" if item.p >= NEAR * COMPRESSED else "free"
            yield Finding(place, "pressure", verdict, item.p / 1e6, COMPRESSED / 1e6, "MPa(G)", (item.name,))


def _stored(place: str, here: list[Equipment]) -> Iterator[Finding]:
    gas = [item for item in here if item.what == "gas" and item.p >= COMPRESSED]
    liquid = [item for item in here if item.what == "liquid" and item.p >= LIQUEFIED]
    value = sum((10.0 * item.p / 1e6 + 1.0) * item.amount for item in gas)
    value += sum(item.amount * 1e3 * LIQUID_LITRE / 10.0 for item in liquid)
    if value == 0.0:
        return
    passed = [limit for limit in STORED if value >= limit]
    limit = next((limit for limit in STORED if value < limit), STORED[-1])
    verdict = ("near" if value >= NEAR * limit else "free", "notification", "permission")[len(passed)]
    yield Finding(place, "stored", verdict, value, limit, "m3", tuple(item.name for item in gas + liquid))


def _liquids(place: str, here: list[Equipment]) -> Iterator[Finding]:
    """Dewars, by the one of the highest pressure."""
    dewars = sorted((item for item in here if item.what == "liquid"), key=lambda item: -item.p)
    if dewars:
        p = dewars[0].p
        verdict = "high-pressure gas" if p >= LIQUEFIED else "near" if p >= NEAR * LIQUEFIED else "free"
        names = tuple(item.name for item in dewars if verdict == "free" or item.p >= NEAR * LIQUEFIED)
        yield Finding(place, "liquid", verdict, p / 1e6, LIQUEFIED / 1e6, "MPa(G)", names)


# --- what a plant file says ------------------------------------------------------------------------------------------


def equipment_of(spec: PlantSpec, design: Mapping[str, float] | None = None) -> list[Equipment]:
    """What counts in a plant; `design` replaces numbers of units, by names such as "BANK-H.count" or "BANK-*.count"."""
    places = establishments(spec)
    found = []
    for unit in spec.units.values():
        read = READERS.get(unit.kind.name)
        if read is not None:
            what, p, amount = read(spec, unit, _Numbers(unit, design or {}))
            found.append(Equipment(unit.name, places[unit.name], what, p - ATMOSPHERE, amount))
    return found


class _Numbers:
    """A unit's numbers, with those that the design replaces."""

    def __init__(self, unit: UnitSpec, design: Mapping[str, float]) -> None:
        self._unit, self._design = unit, design

    def __getattr__(self, name: str) -> Any:
        full = f"{self._unit.name}.{name}"
        chosen = [value for pattern, value in self._design.items() if pattern == full or fnmatchcase(full, pattern)]
        return chosen[-1] if chosen else getattr(self._unit.card, name)


def _recovery(spec: PlantSpec, unit: UnitSpec, card: Any) -> tuple[str, float, float]:
    """Nameplate: the swept volume, as if filled at 0 degC and 1 atm."""
    return "compressor", card.p_design, card.displacement


def _cycle(spec: PlantSpec, unit: UnitSpec, card: Any) -> tuple[str, float, float]:
    """Its pressure is the set point of the gas management that follows it, else its own relief."""
    follows = [u.card for u in spec.units.values() if getattr(u.card, "running", "") == f"{unit.name}.run"]
    sets = [c.p_high_start for c in follows if hasattr(c, "p_high_start")]
    return "compressor", max(sets, default=card.p_relief), card.displacement


def _bank(spec: PlantSpec, unit: UnitSpec, card: Any) -> tuple[str, float, float]:
    return "gas", card.p_full, card.count * card.volume


def _dewar(spec: PlantSpec, unit: UnitSpec, card: Any) -> tuple[str, float, float]:
    return "liquid", card.p_start, card.volume


READERS = {
    "recovery_compressor": _recovery,
    "screw_compressor": _cycle,
    "cylinder_bank": _bank,
    "storage_dewar": _dewar,
    "portable_dewar": _dewar,
    "cryocooler_liquefier": _dewar,
}
"""What counts of each kind of equipment: what it is, absolute pressure [Pa], amount."""


def establishments(spec: PlantSpec) -> dict[str, str]:
    """The place of each unit: its site if that has an ambient, else the place that its section is piped to."""
    places = {unit.site for unit in spec.units.values() if unit.kind.name == "ambient"}
    if len(places) == 1:
        return dict.fromkeys(spec.units, min(places) or spec.name)
    section: dict[str, str] = {}
    sections = list(dict.fromkeys(unit.site for unit in spec.units.values() if unit.site not in places))
    for site in sections:
        near = Counter(other for unit in spec.units.values() for other in _beside(spec, unit, site) if other in places)
        section[site] = near.most_common(1)[0][0] if near else site
    return {name: section.get(unit.site, unit.site) or spec.name for name, unit in spec.units.items()}


def _beside(spec: PlantSpec, unit: UnitSpec, site: str) -> Iterator[str]:
    """Sites on the other side of the unit's ports, where one side is `site`."""
    for port in unit.kind.ports:
        other = spec.units.get(str(getattr(unit.card, port)).partition(".")[0])
        if other is not None and other.kind.name != "ambient" and site in (unit.site, other.site):
            yield other.site if unit.site == site else unit.site
