"""Numbers as people read them: helium in litres of liquid, energy in MWh, money in millions or 万円, few digits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from twin.quantities import LIQUID_LITRE, YEAR, convert, display_unit


@dataclass(frozen=True)
class Shown:
    """The unit in which a figure is shown, and how many of it make one SI unit."""

    unit: str
    factor: float

    def of(self, value: float) -> float:
        """The value in this unit."""
        return value * self.factor


SHARES = ("recovery", "unmet_share", "air_share")
_PLAIN = {
    "J": Shown("MWh", 1.0 / 3.6e9),
    "W": Shown("kW", 1e-3),
    "s": Shown("h", 1.0 / 3600.0),
    "m": Shown("km", 1e-3),
    "kg/s": Shown("L/h", 3600.0 / LIQUID_LITRE),
}


def shown(name: str, unit: str, ja: bool = False) -> Shown:
    """How a figure of a year is shown; helium is counted in litres of liquid at 1 atm."""
    if unit == "JPY":
        return Shown("万円", 1e-4) if ja else Shown("MJPY", 1e-6)
    if unit == "JPY/kg" and "ln2" not in name:
        return Shown("円/L" if ja else "JPY/L", LIQUID_LITRE)
    if unit == "kg" and "ln2" not in name:
        return Shown("L", 1.0 / LIQUID_LITRE)
    if name in SHARES or (unit == "1" and name.endswith(("share", "recovery"))):
        return Shown("%", 100.0)
    return _PLAIN.get(unit, Shown("" if unit in ("1", "text") else unit, 1.0))


def parameter_text(name: str, unit: str, value: float, ja: bool = False) -> str:
    """A number of the plant file with its unit."""
    if unit in ("JPY", "JPY/kg"):
        how = shown(name, unit, ja)
        return f"{plain(how.of(value))} {how.unit}"
    if unit == "kg" and "ln2" not in name:
        return f"{plain(value / LIQUID_LITRE)} L"
    if unit == "kg/s":
        target = "Nm3/h" if "purifier" in name else "LLHe/h"
        return f"{plain(convert(value, unit, target))} {target.replace('LLHe', 'L')}"
    if unit == "m3" and value >= 1.0 and "bag" not in name.lower():
        return f"{value * 1000.0:,.0f} L"
    if unit == "m" and value >= 1000.0:
        return f"{plain(value / 1000.0)} km"
    if unit == "s" and value >= 2.0 * YEAR:
        return f"{plain(value / YEAR)} a"
    if unit == "1/s" and value > 0.0:
        return f"{plain(value * YEAR)} 1/a"
    target = display_unit(value, unit) if value else unit
    number = convert(value, unit, target) if target != unit else value
    return f"{plain(number)} {target}".removesuffix(" 1").removesuffix(" text")


def plain(value: float, figures: int = 3) -> str:
    """A number with so many figures, thousands apart, no exponent where people would not write one."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞"
    if value == 0.0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size < -4 or size > 9:
        return f"{value:.{figures - 1}e}"
    digits = max(0, figures - 1 - size)
    text = f"{round(value, figures - 1 - size):,.{digits}f}" if size < figures else f"{value:,.0f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_error(mean: float, error: float) -> str:
    """A mean and its standard error, to two figures of the error; without it where it is below 0.05 %."""
    if not math.isfinite(mean) or not math.isfinite(error):
        return plain(mean)
    if error <= 5e-4 * abs(mean):
        return plain(mean, 4)
    place = math.floor(math.log10(error)) - 1
    if float(f"{error:.1e}") >= 9.95 * 10.0 ** (place + 1):
        place += 1
    digits = max(0, -place)
    low = round(mean, -place)
    return f"{low:,.{digits}f} ± {round(error, -place):,.{digits}f}".replace("-0 ", "0 ")
