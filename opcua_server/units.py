"""OPC UA engineering units of the units that tags are declared in.

The common codes are those of UNECE Recommendation 20 as the OPC Foundation maps them
(UA-Nodeset, Schema/UNECE_to_OPCUA.csv; verified there line by line). The unit id is the code read as a number, one byte
per character: "PAL" is 0x50414C (OPC UA Part 8, 5.6.4.3).
"""

from __future__ import annotations

from asyncua import ua

UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"

# unit of the tag: (common code, symbol, name)
CODES = {
    "1": ("C62", "1", "one"),
    "K": ("KEL", "K", "kelvin"),
    "K/s": ("F12", "K/s", "kelvin per second"),
    "1/K": ("C91", "K⁻¹", "reciprocal kelvin"),
    "Pa": ("PAL", "Pa", "pascal"),
    "1/Pa": ("C96", "Pa⁻¹", "reciprocal pascal"),
    "Pa m3/s": ("G01", "Pa·m³/s", "pascal cubic metre per second"),
    "Pa s": ("C65", "Pa·s", "pascal second"),
    "Pa/m": ("H42", "Pa/m", "pascal per metre"),
    "Pa/K": ("C64", "Pa/K", "pascal per kelvin"),
    "kg": ("KGM", "kg", "kilogram"),
    "kg/s": ("KGS", "kg/s", "kilogram per second"),
    "kg/m3": ("KMQ", "kg/m³", "kilogram per cubic metre"),
    "kg/m2": ("28", "kg/m²", "kilogram per square metre"),
    "kg/(m2 s)": ("H56", "kg/(m²·s)", "kilogram per square metre second"),
    "kg m2": ("B32", "kg·m²", "kilogram metre squared"),
    "kg/kg": ("M29", "kg/kg", "kilogram per kilogram"),
    "kg/mol": ("D74", "kg/mol", "kilogram per mole"),
    "m3/kg": ("A39", "m³/kg", "cubic metre per kilogram"),
    "m": ("MTR", "m", "metre"),
    "m2": ("MTK", "m²", "square metre"),
    "m3": ("MTQ", "m³", "cubic metre"),
    "m3/s": ("MQS", "m³/s", "cubic metre per second"),
    "m3/Pa": ("M71", "m³/Pa", "cubic metre per pascal"),
    "m/s": ("MTS", "m/s", "metre per second"),
    "m2/s": ("S4", "m²/s", "square metre per second"),
    "s": ("SEC", "s", "second"),
    "1/s": ("C97", "s⁻¹", "reciprocal second"),
    "Hz": ("HTZ", "Hz", "hertz"),
    "rad": ("C81", "rad", "radian"),
    "rad/s": ("2A", "rad/s", "radian per second"),
    "N": ("NEW", "N", "newton"),
    "N m": ("NU", "N·m", "newton metre"),
    "J": ("JOU", "J", "joule"),
    "J/K": ("JE", "J/K", "joule per kelvin"),
    "J/kg": ("J2", "J/kg", "joule per kilogram"),
    "J/(kg K)": ("B11", "J/(kg·K)", "joule per kilogram kelvin"),
    "J/m3": ("B8", "J/m³", "joule per cubic metre"),
    "W": ("WTT", "W", "watt"),
    "W/K": ("D52", "W/K", "watt per kelvin"),
    "W/m2": ("D54", "W/m²", "watt per square metre"),
    "W/(m K)": ("D53", "W/(m·K)", "watt per metre kelvin"),
    "W/(m2 K)": ("D55", "W/(m²·K)", "watt per square metre kelvin"),
    "K/W": ("B21", "K/W", "kelvin per watt"),
    "A": ("AMP", "A", "ampere"),
    "V": ("VLT", "V", "volt"),
    "Ohm": ("OHM", "Ω", "ohm"),
    "H": ("81", "H", "henry"),
    "T": ("D33", "T", "tesla"),
    "mol": ("C34", "mol", "mole"),
    "mol/s": ("E95", "mol/s", "mole per second"),
    "mol/m3": ("C36", "mol/m³", "mole per cubic metre"),
    "mol/kg": ("C19", "mol/kg", "mole per kilogram"),
    # what people count in: litres of liquid, hours of running
    "L": ("LTR", "l", "litre"),
    "L/d": ("LD", "l/d", "litre per day"),
    "L/min": ("L2", "l/min", "litre per minute"),
    "min": ("MIN", "min", "minute"),
    "h": ("HUR", "h", "hour"),
    "d": ("DAY", "d", "day"),
    "bar": ("BAR", "bar", "bar"),
    "kW": ("KWT", "kW", "kilowatt"),
    "kWh": ("KWH", "kW·h", "kilowatt hour"),
}


def unit_id(code: str) -> int:
    """The unit id of a UNECE common code: its characters as the bytes of a number."""
    return int.from_bytes(code.encode("ascii"), "big")


def engineering_unit(unit: str) -> ua.EUInformation:
    """What a client is told about a tag's unit; a unit without a common code has the id -1, as Part 8 asks."""
    info = ua.EUInformation()
    if unit in CODES:
        code, symbol, name = CODES[unit]
        info.NamespaceUri, info.UnitId = UNECE, unit_id(code)
    else:
        symbol = name = unit
        info.NamespaceUri, info.UnitId = "urn:hetwin:units", -1
    info.DisplayName = ua.LocalizedText(symbol, "en")
    info.Description = ua.LocalizedText(name, "en")
    return info
