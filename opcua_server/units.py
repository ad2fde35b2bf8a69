"""OPC UA engineering units of the units that tags are declared in.

The common codes are those of UNECE Recommendation 20 as the OPC Foundation maps them
(UA-Nodeset, Schema/UNECE_to_OPCUA.csv; verified there line by line). The unit id is the code read as a number, one byte
per character: "PAL" is 0x50414C (OPC UA Part 8, 5.6.4.3).
"""

from __future__ import annotations

from asyncua import ua

UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"

# unit of the tag: (common code, symbol, name, name in Japanese)
CODES = {
    "1": ("C62", "1", "one", "一"),
    "K": ("KEL", "K", "kelvin", "ケルビン"),
    "K/s": ("F12", "K/s", "kelvin per second", "ケルビン毎秒"),
    "1/K": ("C91", "K⁻¹", "reciprocal kelvin", "毎ケルビン"),
    "Pa": ("PAL", "Pa", "pascal", "パスカル"),
    "1/Pa": ("C96", "Pa⁻¹", "reciprocal pascal", "毎パスカル"),
    "Pa m3/s": ("G01", "Pa·m³/s", "pascal cubic metre per second", "パスカル立方メートル毎秒"),
    "Pa s": ("C65", "Pa·s", "pascal second", "パスカル秒"),
    "Pa/m": ("H42", "Pa/m", "pascal per metre", "パスカル毎メートル"),
    "Pa/K": ("C64", "Pa/K", "pascal per kelvin", "パスカル毎ケルビン"),
    "kg": ("KGM", "kg", "kilogram", "キログラム"),
    "kg/s": ("KGS", "kg/s", "kilogram per second", "キログラム毎秒"),
    "kg/m3": ("KMQ", "kg/m³", "kilogram per cubic metre", "キログラム毎立方メートル"),
    "kg/m2": ("28", "kg/m²", "kilogram per square metre", "キログラム毎平方メートル"),
    "kg/(m2 s)": ("H56", "kg/(m²·s)", "kilogram per square metre second", "キログラム毎平方メートル毎秒"),
    "kg m2": ("B32", "kg·m²", "kilogram metre squared", "キログラム平方メートル"),
    "kg/kg": ("M29", "kg/kg", "kilogram per kilogram", "キログラム毎キログラム"),
    "kg/mol": ("D74", "kg/mol", "kilogram per mole", "キログラム毎モル"),
    "m3/kg": ("A39", "m³/kg", "cubic metre per kilogram", "立方メートル毎キログラム"),
    "m": ("MTR", "m", "metre", "メートル"),
    "m2": ("MTK", "m²", "square metre", "平方メートル"),
    "m3": ("MTQ", "m³", "cubic metre", "立方メートル"),
    "m3/s": ("MQS", "m³/s", "cubic metre per second", "立方メートル毎秒"),
    "m3/Pa": ("M71", "m³/Pa", "cubic metre per pascal", "立方メートル毎パスカル"),
    "m/s": ("MTS", "m/s", "metre per second", "メートル毎秒"),
    "m2/s": ("S4", "m²/s", "square metre per second", "平方メートル毎秒"),
    "s": ("SEC", "s", "second", "秒"),
    "1/s": ("C97", "s⁻¹", "reciprocal second", "毎秒"),
    "Hz": ("HTZ", "Hz", "hertz", "ヘルツ"),
    "rad": ("C81", "rad", "radian", "ラジアン"),
    "rad/s": ("2A", "rad/s", "radian per second", "ラジアン毎秒"),
    "N": ("NEW", "N", "newton", "ニュートン"),
    "N m": ("NU", "N·m", "newton metre", "ニュートンメートル"),
    "J": ("JOU", "J", "joule", "ジュール"),
    "J/K": ("JE", "J/K", "joule per kelvin", "ジュール毎ケルビン"),
    "J/kg": ("J2", "J/kg", "joule per kilogram", "ジュール毎キログラム"),
    "J/(kg K)": ("B11", "J/(kg·K)", "joule per kilogram kelvin", "ジュール毎キログラム毎ケルビン"),
    "J/m3": ("B8", "J/m³", "joule per cubic metre", "ジュール毎立方メートル"),
    "W": ("WTT", "W", "watt", "ワット"),
    "W/K": ("D52", "W/K", "watt per kelvin", "ワット毎ケルビン"),
    "W/m2": ("D54", "W/m²", "watt per square metre", "ワット毎平方メートル"),
    "W/(m K)": ("D53", "W/(m·K)", "watt per metre kelvin", "ワット毎メートル毎ケルビン"),
    "W/(m2 K)": ("D55", "W/(m²·K)", "watt per square metre kelvin", "ワット毎平方メートル毎ケルビン"),
    "K/W": ("B21", "K/W", "kelvin per watt", "ケルビン毎ワット"),
    "A": ("AMP", "A", "ampere", "アンペア"),
    "V": ("VLT", "V", "volt", "ボルト"),
    "Ohm": ("OHM", "Ω", "ohm", "オーム"),
    "H": ("81", "H", "henry", "ヘンリー"),
    "T": ("D33", "T", "tesla", "テスラ"),
    "mol": ("C34", "mol", "mole", "モル"),
    "mol/s": ("E95", "mol/s", "mole per second", "モル毎秒"),
    "mol/m3": ("C36", "mol/m³", "mole per cubic metre", "モル毎立方メートル"),
    "mol/kg": ("C19", "mol/kg", "mole per kilogram", "モル毎キログラム"),
    # what people count in: litres of liquid, hours of running
    "L": ("LTR", "l", "litre", "リットル"),
    "L/d": ("LD", "l/d", "litre per day", "リットル毎日"),
    "L/min": ("L2", "l/min", "litre per minute", "リットル毎分"),
    "min": ("MIN", "min", "minute", "分"),
    "h": ("HUR", "h", "hour", "時"),
    "d": ("DAY", "d", "day", "日"),
    "bar": ("BAR", "bar", "bar", "バール"),
    "kW": ("KWT", "kW", "kilowatt", "キロワット"),
    "kWh": ("KWH", "kW·h", "kilowatt hour", "キロワット時"),
}


def unit_id(code: str) -> int:
    """The unit id of a UNECE common code: its characters as the bytes of a number."""
    return int.from_bytes(code.encode("ascii"), "big")


def engineering_unit(unit: str, japanese: bool = False) -> ua.EUInformation:
    """What a client is told about a tag's unit; a unit without a common code has the id -1, as Part 8 asks."""
    info = ua.EUInformation()
    if unit in CODES:
        code, symbol, english, japanese_name = CODES[unit]
        name = japanese_name if japanese else english
        info.NamespaceUri, info.UnitId = UNECE, unit_id(code)
    else:
        symbol = name = unit
        info.NamespaceUri, info.UnitId = "urn:hetwin:units", -1
    locale = "ja" if japanese else "en"
    info.DisplayName = ua.LocalizedText(symbol, locale)
    info.Description = ua.LocalizedText(name, locale)
    return info
