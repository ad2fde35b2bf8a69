"""Measured series that replace a model over the year: barometer, boil-off, gas meter, level; from CSV or Parquet.

    [campaign.series]
    "AIR-H.p" = { file = "barometer.csv", column = "p", time = "time", unit = "hPa" }
    "MAG-Y1.boil_off" = { file = "meter.csv", column = "Nm3", time = "time", unit = "Nm3", counter = true }
    "MAG-T1.boil_off" = { file = "level.parquet", column = "level", time = "time", unit = "%", volume = "120 L" }

What the year takes is the mean of each hour. A counter and a level become a flow by their differences, between resets
and refills. Gaps of up to `fill` lie on the line between their neighbours; in longer ones the model steps in; a series
that lacks more than the share `missing` of the year is refused.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NotRequired, Required

import numpy as np
from pydantic import Field, TypeAdapter

from twin.checked import Place, checked, quantity_type, refuse, table_type
from twin.columns import numbers, read_columns
from twin.plant_file import PlantSpec
from twin.quantities import LIQUID_LITRE, Unit, read_unit
from twin.studies.sizing.readings import (
    DAY,
    HOUR,
    HOURS,
    Readings,
    Report,
    clean,
    evaporated,
    filled,
    hourly_flow,
    hourly_mean,
    without_resets,
)

GAS_SHARE = 1.0 - 16.90 / 124.67
"""Share of evaporated liquid that leaves as gas: its vapour takes the room that it leaves (saturation at 1 atm)."""
PLAUSIBLE = {"p": (5e4, 1.1e5), "boil_off": (0.0, 1e-6)}
"""What can be [SI]; anything else is an error of a probe or of a file."""
UNITS = {"p": "Pa", "boil_off": "m3/s"}
REFILL = 0.02
"""Rise of a level over the volume that is a refill."""
FILL = {"readings": 6.0 * HOUR, "differences": 31.0 * DAY * HOUR}
MISSING = 0.2

ENTRY: Any = table_type(
    "series",
    {
        "file": Required[Annotated[str, Field(description="CSV or Parquet, beside the plant file")]],
        "column": Required[Annotated[str, Field(description="column of the readings")]],
        "time": Required[Annotated[str, Field(description="column of the times")]],
        "unit": Required[Annotated[str, Field(description="unit of the readings")]],
        "zone": NotRequired[Annotated[str, Field(description="where the plant is, for times with an offset from UTC")]],
        "year": NotRequired[Annotated[int, Field(description="which year; that of most readings if absent")]],
        "counter": NotRequired[Annotated[bool, Field(description="the reading is an amount that rises", strict=True)]],
        "volume": NotRequired[quantity_type("m3", "volume of the vessel whose level was read", (1e-6, 1e3))],
        "fill": NotRequired[quantity_type("s", "longest gap that is filled from both sides", (0.0, 1e8))],
        "missing": NotRequired[quantity_type("1", "largest share of the year without data", (0.0, 1.0))],
        "source": NotRequired[str],
    },
)
_ADAPTER: TypeAdapter[Any] = TypeAdapter(ENTRY)


@dataclass(frozen=True)
class Series:
    """Means of the hours of a year [SI], NaN where the model steps in, for the field `name` such as "AIR-H.p"."""

    name: str
    file: Path
    hours: np.ndarray
    report: Report

    def sentence(self, ja: bool = False) -> str:
        """What was found in the file and what became of it, for people."""
        facts = dataclasses.asdict(self.report)
        words = [text[int(ja)].format(facts[key]) for key, text in FACTS.items() if facts[key]]
        if ja:
            return f"{self.name}: {self.file.name}の{self.report.rows}行({self.report.year}年)。{'、'.join(words)}。"
        return f"{self.name}: {self.report.rows} rows of {self.file.name}, year {self.report.year}; {', '.join(words)}."


FACTS = {
    "blank": ("{} without a time or a number", "時刻または値の欠落{}行"),
    "elsewhere": ("{} of other years", "他の年{}行"),
    "unsorted": ("{} out of order", "時刻の逆転{}行"),
    "duplicates": ("{} twice", "重複{}行"),
    "implausible": ("{} outside what can be", "異常値{}行"),
    "jumps": ("{} resets or refills", "リセットまたは補充{}回"),
    "gaps": ("{} gaps", "欠測{}区間"),
    "longest": ("the longest {} h", "最長{} h"),
    "filled": ("{} h filled on the line between neighbours", "線形補間{} h"),
    "missing": ("{} h left to the model", "モデルで代替{} h"),
}


def series_of(spec: PlantSpec) -> dict[str, Series]:
    """The measured series that a plant file names."""
    return read_series(spec.campaign.get("series", {}), spec.path)


def read_series(raw: Any, plant_file: Path) -> dict[str, Series]:
    """The series of `[campaign.series]`, by name; PlantFileError says what is wrong with each in a sentence."""
    if not isinstance(raw, dict):
        refuse(plant_file, [f'campaign.series: expected entries such as "AIR-H.p" = {{ file = … }}, got {raw!r}'])
    found, problems = {}, []
    for name, entry in raw.items():
        place = f'campaign.series."{name}"'
        if not isinstance(entry, dict):
            problems.append(f"{place}: {_wanted(())}, got {entry!r}")
            continue
        table, wrong = checked(_ADAPTER, entry, _known, _wanted)
        problems += [f"{place}.{clause}" for clause in wrong]
        try:
            if not wrong:
                found[name] = one_series(name, table, plant_file.parent)
        except ValueError as problem:
            problems.append(f"{place}: {problem}")
    refuse(plant_file, problems)
    return found


def _known(place: Place) -> tuple[str, list[str]]:
    return "a series", list(ENTRY.__annotations__)


def _wanted(place: Place) -> str:
    return 'expected { file = "…", column = "…", time = "…", unit = "…" }'


def one_series(name: str, table: dict[str, Any], folder: Path) -> Series:
    """A checked entry, read; ValueError is a clause for people."""
    what = name.rpartition(".")[2]
    if what not in UNITS:
        raise ValueError(f'what is measured may be {" or ".join(UNITS)}, such as "AIR-H.p", got "{name}"')
    file = folder / table["file"]
    columns = read_columns(file, [table["time"], table["column"]])
    how = _way(what, table)
    values = numbers(columns[table["column"]], file) * how.factor + how.offset
    readings, report = clean(columns[table["time"]], values, table.get("zone", ""), table.get("year"), how.limits)
    hours, jumps = how.hours(readings, table)
    low, high = PLAUSIBLE[what]
    hours = np.where((hours >= low) & (hours <= high), hours, np.nan)
    hours, report = filled(hours, table.get("fill", FILL["readings"]), dataclasses.replace(report, jumps=jumps))
    limit = table.get("missing", MISSING)
    if report.missing > limit * HOURS:
        raise ValueError(
            f"{report.missing} of {HOURS} hours of {report.year} have no data, more than {100.0 * limit:.0f} % "
            f"(longest gap {report.longest} h); give more data, or raise `missing`"
        )
    return Series(name, file, hours, report)


# --- from what was read to what the year takes -----------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """Readings times `factor` plus `offset` are in SI and within `limits`; what they are of."""

    sort: str
    factor: float
    offset: float
    limits: tuple[float, float]

    def hours(self, readings: Readings, table: dict[str, Any]) -> tuple[np.ndarray, int]:
        """Means of hours, and resets or refills on the way."""
        longest = table.get("fill", FILL["differences"])
        if self.sort == "counter":
            cut, jumps = without_resets(readings)
            return hourly_flow(cut, longest), jumps
        if self.sort == "level":
            cut, jumps = evaporated(readings, REFILL * table.get("volume", float(np.max(readings.values, initial=0.0))))
            return hourly_flow(cut, longest), jumps
        return hourly_mean(readings), 0


PRESSURE, SHARE, VOLUME, MASS = (read_unit(text).powers for text in ("Pa", "1", "m3", "kg"))
FLOW, MASS_FLOW = (read_unit(text).powers for text in ("m3/s", "kg/s"))
AS_LIQUID = 1.0 / (1e3 * LIQUID_LITRE * GAS_SHARE)
"""Liquid that evaporated for a kilogram of gas that left [m3/kg]."""
ANY = (0.0, np.inf)
WANTED = {
    "p": 'a pressure such as "hPa"',
    "boil_off": 'a flow of liquid "mL/h" or of gas "Nm3/h", a counter "Nm3" with counter = true, or a level "%" or "L"',
}


def _way(what: str, table: dict[str, Any]) -> Way:
    """What the readings are, by their unit."""
    text, counter = table["unit"], table.get("counter", False)
    try:
        unit = read_unit(text)
    except ValueError as wrong:
        raise ValueError(f"unit: {wrong}") from None
    found = _ways(what, unit, table).get((unit.powers, counter))
    if found is None:
        raise ValueError(f'unit: expected {WANTED[what]}, got "{text}"' + (" with counter = true" if counter else ""))
    return found


def _ways(what: str, unit: Unit, table: dict[str, Any]) -> dict[tuple[tuple[int, ...], bool], Way]:
    if what == "p":
        return {(PRESSURE, False): Way("readings", unit.factor, unit.offset, PLAUSIBLE["p"])}
    found = {
        (FLOW, False): Way("readings", unit.factor, 0.0, PLAUSIBLE["boil_off"]),
        (MASS_FLOW, False): Way("readings", unit.factor * AS_LIQUID, 0.0, PLAUSIBLE["boil_off"]),
        (MASS, True): Way("counter", unit.factor * AS_LIQUID, 0.0, ANY),
        (VOLUME, False): Way("level", unit.factor, 0.0, (0.0, table.get("volume", np.inf))),
    }
    if "volume" in table:
        found[SHARE, False] = Way("level", unit.factor * table["volume"], 0.0, (0.0, table["volume"]))
    elif unit.powers == SHARE:
        raise ValueError('volume: missing; a level in "%" needs the volume of the vessel, such as "120 L"')
    return found
