"""Foreign units at the edges: `parse("13 bar", "Pa")` reads a quantity into SI, `format` shows one to people.

A unit is a product of symbols such as `W/(m2 K)`, `L/min` or `mm2`. Conventions:

- Gauge pressures (`psig`, `barg`, `mbarg`, `kPag`, `MPag`) count from the standard atmosphere, 101 325 Pa.
- `Nm3` is the mass of helium in one cubic metre at 0 degC and 101 325 Pa, 0.178481 kg; `SCF` that in one cubic foot at
  60 degF, 4.78186 g; `LLHe` that in one litre of liquid boiling at 101 325 Pa, 0.124669 kg. So `Nm3/h`, `SCFM` and
  `LLHe/h` are mass flows. (verified: CoolProp 8.0.0, helium)
- A turn counts as one: `3000 rpm` is 50 Hz, 50 1/s and 314.16 rad/s.
- Money is a quantity of its own, in `JPY`: `25 JPY/kWh`, `5926 JPY/LLHe`, `1.2 MJPY`. A `month` is a twelfth of a year.
- Temperatures in `degC` are points on the scale; a temperature difference is written in `K`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from twin.errors import nearest

ATMOSPHERE = 101325.0  # Pa, standard atmosphere (CGPM 1954)
NORMAL_M3 = 0.17848116765722  # kg of helium in 1 m3 at 273.15 K, 101325 Pa (CoolProp 8.0.0)
STANDARD_FT3 = 0.00478186115641  # kg of helium in 1 ft3 at 288.7056 K, 101325 Pa (CoolProp 8.0.0)
LIQUID_LITRE = 0.1246692678655  # kg of helium in 1 L of saturated liquid at 101325 Pa (CoolProp 8.0.0)
PSI = 6894.757293168  # Pa
FOOT = 0.3048  # m
YEAR = 31557600.0  # s, Julian year
TURN = 1.0 / (2.0 * math.pi)  # turns in a radian


@dataclass(frozen=True)
class Unit:
    """SI = factor x number + offset; `powers` are those of kg, m, s, K, A, mol and JPY."""

    powers: tuple[int, ...]
    factor: float
    offset: float = 0.0


_PRESSURE, _VOLUME, _POWER, _ENERGY = (
    (1, -1, -2, 0, 0, 0, 0),
    (0, 3, 0, 0, 0, 0, 0),
    (1, 2, -3, 0, 0, 0, 0),
    (1, 2, -2, 0, 0, 0, 0),
)
_MASS, _LENGTH, _TIME, _TEMP = (
    (1, 0, 0, 0, 0, 0, 0),
    (0, 1, 0, 0, 0, 0, 0),
    (0, 0, 1, 0, 0, 0, 0),
    (0, 0, 0, 1, 0, 0, 0),
)
_ONE, _RATE, _MONEY = (0,) * 7, (0, 0, -1, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0, 1)

_FACTORS: dict[tuple[int, ...], dict[str, float]] = {
    _ONE: {"1": 1.0, "%": 0.01, "ppm": 1e-6, "ppb": 1e-9, "rev": 1.0, "rad": TURN},
    _PRESSURE: {"Pa": 1.0, "hPa": 100.0, "kPa": 1e3, "MPa": 1e6, "ubar": 0.1, "mbar": 100.0, "bar": 1e5}
    | {"atm": ATMOSPHERE, "psi": PSI, "Torr": ATMOSPHERE / 760.0},
    _TEMP: {"K": 1.0, "mK": 1e-3},
    _MASS: {"kg": 1.0, "g": 1e-3, "mg": 1e-6, "t": 1e3, "Nm3": NORMAL_M3, "SCF": STANDARD_FT3, "LLHe": LIQUID_LITRE},
    (1, 0, -1, 0, 0, 0, 0): {"SCFM": STANDARD_FT3 / 60.0},
    _LENGTH: {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "km": 1e3, "in": 0.0254, "ft": FOOT},
    _VOLUME: {"L": 1e-3, "mL": 1e-6},
    _TIME: {"s": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0, "d": 86400.0, "month": YEAR / 12.0, "a": YEAR},
    _RATE: {"Hz": 1.0, "kHz": 1e3, "rpm": 1.0 / 60.0},
    _POWER: {"W": 1.0, "mW": 1e-3, "kW": 1e3, "MW": 1e6},
    _ENERGY: {"J": 1.0, "kJ": 1e3, "MJ": 1e6, "Wh": 3600.0, "kWh": 3.6e6},
    (1, 1, -2, 0, 0, 0, 0): {"N": 1.0, "kN": 1e3},
    (0, 0, 0, 0, 1, 0, 0): {"A": 1.0, "mA": 1e-3},
    (1, 2, -3, 0, -1, 0, 0): {"V": 1.0, "kV": 1e3},
    (1, 2, -3, 0, -2, 0, 0): {"Ohm": 1.0},
    (1, 2, -2, 0, -2, 0, 0): {"H": 1.0},
    (1, 0, -2, 0, -1, 0, 0): {"T": 1.0},
    (0, 0, 0, 0, 0, 1, 0): {"mol": 1.0, "mmol": 1e-3},
    _MONEY: {"JPY": 1.0, "kJPY": 1e3, "MJPY": 1e6},
}
SYMBOLS = {name: Unit(powers, factor) for powers, table in _FACTORS.items() for name, factor in table.items()}

_SCALES = {
    "degC": Unit(_TEMP, 1.0, 273.15),
    **{f"{name}g": Unit(_PRESSURE, SYMBOLS[name].factor, ATMOSPHERE) for name in ("psi", "bar", "mbar", "kPa", "MPa")},
}
"""Units with an offset: they stand alone, never in a product."""

_ALIASES = {
    "°C": "degC",
    "°": "deg",
    "l": "L",
    "litre": "L",
    "hour": "h",
    "day": "d",
    "sec": "s",
    "kg/kg": "1",
    "": "1",
}

_EXAMPLES: dict[tuple[int, ...], tuple[str, str]] = {
    _ONE: ("a number", "0.3"),
    _PRESSURE: ("a pressure", "13 bar"),
    _TEMP: ("a temperature", "6.5 K"),
    _MASS: ("a mass", "12 kg"),
    (1, 0, -1, 0, 0, 0, 0): ("a mass flow", "42 g/s"),
    _VOLUME: ("a volume", "50 L"),
    (0, 3, -1, 0, 0, 0, 0): ("a volume flow", "20 m3/h"),
    (0, 2, 0, 0, 0, 0, 0): ("an area", "12 mm2"),
    _LENGTH: ("a length", "40 mm"),
    _TIME: ("a time", "10 min"),
    _RATE: ("a rate or frequency", "50 Hz"),
    _POWER: ("a power", "5.5 kW"),
    _ENERGY: ("an energy", "20 kJ"),
    _MONEY: ("an amount of money", "1.2 MJPY"),
    (-1, -2, 2, 0, 0, 0, 1): ("a price of energy, or of power over time", "25 JPY/kWh"),
    (-1, 0, 0, 0, 0, 0, 1): ("a price of a mass", "5926 JPY/LLHe"),
    (0, -3, 0, 0, 0, 0, 1): ("a price of a volume", "12 kJPY/L"),
    (0, -1, 0, 0, 0, 0, 1): ("a price of a distance", "150 JPY/km"),
    (0, 0, -1, 0, 0, 0, 1): ("a wage", "3000 JPY/h"),
    (1, 2, -3, -1, 0, 0, 0): ("a heat conductance", "15 W/K"),
    (1, 0, -3, -1, 0, 0, 0): ("a heat transfer coefficient", "40 W/(m2 K)"),
    (0, 2, -2, 0, 0, 0, 0): ("a specific energy", "20.6 kJ/kg"),
    (0, 2, -2, -1, 0, 0, 0): ("a specific heat or entropy", "5.19 kJ/(kg K)"),
    (1, -3, 0, 0, 0, 0, 0): ("a density", "125 kg/m3"),
    (-1, 4, 2, 0, 0, 0, 0): ("a compliance", "0.02 m3/Pa"),
    (0, 0, 0, 0, 1, 0, 0): ("a current", "90 A"),
}

_NUMBER = re.compile(r"\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*")
_SYMBOL = re.compile(r"(%|1|[A-Za-z°]+(?:m3)?)\^?(-?\d)?")


def parse(value: object, si_unit: str = "") -> float:
    """A quantity in SI: a plain number is taken as SI, a string carries its unit. ValueError says what was expected.

    Without `si_unit` any unit will do.
    """
    if not si_unit and isinstance(value, str) and (match := _NUMBER.fullmatch(value)):
        unit = read_unit(match[2])
        return float(match[1].replace("_", "")) * unit.factor + unit.offset
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number, text = float(value), si_unit
    elif isinstance(value, str) and (match := _NUMBER.fullmatch(value)):
        number, text = float(match[1].replace("_", "")), match[2]
    else:
        raise ValueError(_expected(si_unit, value))
    if not math.isfinite(number):
        raise ValueError(_expected(si_unit, value))
    return _to_si(number, text, si_unit, value)


def unit_of(text: str) -> str:
    """The unit that stands behind a number: "mL/h" of "15 mL/h"; empty if there is none or no number."""
    match = _NUMBER.fullmatch(text)
    return match[2] if match else ""


def convert(value: float, unit: str, other: str) -> float:
    """A number in `unit` as a number in `other`."""
    target = read_unit(other)
    source = read_unit(unit)
    if source.powers != target.powers:
        raise ValueError(f'"{unit}" and "{other}" measure different things.')
    return (value * source.factor + source.offset - target.offset) / target.factor


def read_unit(text: str) -> Unit:
    """The unit a text such as "W/(m2 K)" stands for; ValueError if a symbol is unknown."""
    text = _ALIASES.get(text.strip(), text.strip())
    if text in _SCALES:
        return _SCALES[text]
    upper, _, lower = text.partition("/")
    powers, factor = list(_ONE), 1.0
    for part, sign in ((upper, 1), (lower, -1)):
        for symbol, exponent in _symbols(part):
            n = sign * exponent
            powers = [p + n * q for p, q in zip(powers, symbol.powers, strict=True)]
            factor *= symbol.factor**n
    return Unit(tuple(powers), factor)


def _symbols(part: str) -> list[tuple[Unit, int]]:
    words = part.replace("(", " ").replace(")", " ").replace("*", " ").replace("·", " ").replace("/", " ").split()
    found = []
    for word in words:
        name, exponent = word, 1
        if name not in SYMBOLS and name not in _ALIASES and (match := _SYMBOL.fullmatch(word)):
            name, exponent = match[1], int(match[2] or 1)
        name = _ALIASES.get(name, name)
        if name not in SYMBOLS:
            raise ValueError(f'unknown unit "{name}"{nearest(name, [*SYMBOLS, *_SCALES])}')
        found.append((SYMBOLS[name], exponent))
    return found


def _to_si(number: float, text: str, si_unit: str, given: object) -> float:
    if text == si_unit:
        return number
    try:
        target = read_unit(si_unit)
        unit = read_unit(text)
    except ValueError as problem:
        raise ValueError(f"{_expected(si_unit, given)}: {problem}") from None
    if unit.powers != target.powers:
        raise ValueError(_expected(si_unit, given))
    return (number * unit.factor + unit.offset - target.offset) / target.factor


def describe(si_unit: str) -> tuple[str, str]:
    """What a unit measures, in words, and an example: ("an area", "12 mm2")."""
    fallback = (f"a value in {si_unit}", f"1.5 {si_unit}")
    try:
        return _EXAMPLES.get(read_unit(si_unit).powers, fallback)
    except ValueError:
        return fallback


def _expected(si_unit: str, given: object) -> str:
    shown = f'"{given}"' if isinstance(given, str) else repr(given)
    name, example = describe(si_unit) if si_unit else ("a quantity", "13 bar")
    return f'expected {name} such as "{example}", got {shown}'


_DISPLAY: dict[str, tuple[tuple[float, str], ...]] = {
    "Pa": ((2e4, "bar"), (0.0, "mbar")),
    "kg/s": ((1.0, "kg/s"), (1e-5, "g/s"), (0.0, "mg/s")),
    "kg": ((1.0, "kg"), (0.0, "g")),
    "m3": ((1.0, "m3"), (1e-4, "L"), (0.0, "mL")),
    "m3/s": ((0.0, "m3/h"),),
    "m2": ((0.1, "m2"), (0.0, "mm2")),
    "m": ((1.0, "m"), (0.0, "mm")),
    "W": ((1e6, "MW"), (1e3, "kW"), (1.0, "W"), (0.0, "mW")),
    "J": ((3.6e6, "kWh"), (1e3, "kJ"), (0.0, "J")),
    "J/kg": ((0.0, "kJ/kg"),),
    "J/(kg K)": ((0.0, "kJ/(kg K)"),),
    "JPY": ((1e6, "MJPY"), (1e4, "kJPY"), (0.0, "JPY")),
    "JPY/J": ((0.0, "JPY/kWh"),),
    "JPY/(W s)": ((0.0, "JPY/(kW month)"),),
    "JPY/m3": ((0.0, "JPY/L"),),
    "JPY/m": ((0.0, "JPY/km"),),
    "JPY/s": ((0.0, "JPY/h"),),
    "s": ((172800.0, "d"), (7200.0, "h"), (120.0, "min"), (0.0, "s")),
}
"""For each SI unit, what people read from which size upward."""


def display_unit(value: float, si_unit: str) -> str:
    """The unit in which people would read this value."""
    for least, unit in _DISPLAY.get(si_unit, ()):
        if abs(value) >= least:
            return unit if value != 0.0 else si_unit
    return si_unit


def format(value: float, si_unit: str) -> str:
    """The value for people, three or four figures and a familiar unit: `format(1.3e6, "Pa")` is "13.0 bar"."""
    unit = display_unit(value, si_unit)
    number = convert(value, si_unit, unit) if unit != si_unit else value
    text = _figures(number)
    return text if unit in ("1", "text", "") else f"{text} {unit}"


def _figures(number: float) -> str:
    if not math.isfinite(number):
        return str(number)
    if abs(number) < 1e-15:
        return "0"
    size = abs(number)
    if size >= 1e5 or size < 1e-3:
        return f"{number:.3g}"
    return f"{number:.{max(0, 2 - math.floor(math.log10(size)))}f}"
