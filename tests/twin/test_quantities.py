"""Foreign units at the edges. Conversion factors are checked against their definitions (BIPM, NIST SP 811)."""

from __future__ import annotations

import pytest

from twin.quantities import convert, format, parse


@pytest.mark.parametrize(
    ("text", "si_unit", "value"),
    [
        ("13 bar", "Pa", 1.3e6),
        ("400 psi", "Pa", 2757902.9172672),  # 1 psi = 6894.757293168 Pa, NIST SP 811
        ("14.7 MPa", "Pa", 14.7e6),
        ("20 degC", "K", 293.15),
        ("42 g/s", "kg/s", 0.042),
        ("12 mm2", "m2", 12e-6),
        ("12 mm^2", "m2", 12e-6),
        ("300 ft3", "m3", 8.495053977600001),  # 1 ft = 0.3048 m exactly
        ("15.5 mL/h", "m3/s", 15.5e-6 / 3600.0),
        ("5.5 kW", "W", 5500.0),
        ("40 W/(m2 K)", "W/(m2 K)", 40.0),
        ("5.19 kJ/(kg K)", "J/(kg K)", 5190.0),
        ("0.4 kg/(s bar)", "kg/(s Pa)", 4e-6),
        ("7 d", "s", 604800.0),
        ("3 ppm", "1", 3e-6),
        ("5 %", "1", 0.05),
        ("1e-3", "1", 0.001),
        (".5 L", "m3", 0.0005),
        ("-269 degC", "K", 4.15),
        ("25 JPY/kWh", "JPY/J", 25.0 / 3.6e6),
        ("1900 JPY/(kW month)", "JPY/(W s)", 1.9 / (365.25 * 86400.0 / 12.0)),
        ("5926 JPY/LLHe", "JPY/kg", 47533.767555234954),  # 0.1246692678655 kg of helium in a litre of liquid
        ("1.2 MJPY", "JPY", 1.2e6),
        ("3000 JPY/h", "JPY/s", 3000.0 / 3600.0),
    ],
)
def test_a_quantity_with_a_unit_becomes_si(text: str, si_unit: str, value: float) -> None:
    assert parse(text, si_unit) == pytest.approx(value, rel=1e-14)


def test_a_plain_number_is_taken_as_si() -> None:
    assert parse(1.3e6, "Pa") == 1.3e6
    assert parse(3, "K") == 3.0


def test_gauge_pressures_count_from_the_standard_atmosphere() -> None:
    assert parse("0 barg", "Pa") == 101325.0
    assert parse("5 mbarg", "Pa") == 101825.0
    assert parse("400 psig", "Pa") == pytest.approx(parse("400 psi", "Pa") + 101325.0)


def test_a_turn_counts_as_one_in_hertz_and_as_two_pi_in_radians() -> None:
    assert parse("3000 rpm", "Hz") == pytest.approx(50.0)
    assert parse("3000 rpm", "1/s") == pytest.approx(50.0)
    assert parse("3000 rpm", "rad/s") == pytest.approx(314.1592653589793)


def test_amounts_of_helium_agree_with_its_equation_of_state() -> None:
    from CoolProp.CoolProp import PropsSI

    density = {
        "Nm3": PropsSI("D", "T", 273.15, "P", 101325.0, "Helium"),
        "SCF": PropsSI("D", "T", 288.7055555555555, "P", 101325.0, "Helium") * 0.3048**3,
        "LLHe": PropsSI("D", "Q", 0, "P", 101325.0, "Helium") * 1e-3,
    }
    for unit, mass in density.items():
        assert parse(f"1 {unit}", "kg") == pytest.approx(mass, rel=1e-9), unit  # digits kept in the source
    assert parse("8.5 SCFM", "kg/s") == pytest.approx(8.5 * density["SCF"] / 60.0, rel=1e-9)


@pytest.mark.parametrize(
    ("value", "si_unit", "sentence"),
    [
        ("12 mm2", "Pa", 'expected a pressure such as "13 bar", got "12 mm2"'),
        ("12 bar", "m2", 'expected an area such as "12 mm2", got "12 bar"'),
        ("13", "Pa", 'expected a pressure such as "13 bar", got "13"'),
        ("20 Nm3/h", "m3/s", 'expected a volume flow such as "20 m3/h", got "20 Nm3/h"'),
        ("25 JPY", "JPY/J", 'expected a price of energy, or of power over time such as "25 JPY/kWh", got "25 JPY"'),
        ("12 kg", "JPY", 'expected an amount of money such as "1.2 MJPY", got "12 kg"'),
        ("warm", "K", 'expected a temperature such as "6.5 K", got "warm"'),
        (True, "K", 'expected a temperature such as "6.5 K", got True'),
        (float("nan"), "s", 'expected a time such as "10 min", got nan'),
        ([1.0], "s", 'expected a time such as "10 min", got [1.0]'),
    ],
)
def test_a_wrong_quantity_is_refused_in_a_sentence(value: object, si_unit: str, sentence: str) -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        parse(value, si_unit)
    assert str(refused.value) == sentence


def test_a_mistyped_unit_brings_the_nearest_right_one() -> None:
    with pytest.raises(ValueError, match=r'got "2 barr": unknown unit "barr"; did you mean "bar"'):
        parse("2 barr", "Pa")


@pytest.mark.parametrize(
    ("value", "si_unit", "text"),
    [
        (1.3e6, "Pa", "13.0 bar"),
        (500.0, "Pa", "5.00 mbar"),
        (4.5, "K", "4.50 K"),
        (0.042, "kg/s", "42.0 g/s"),
        (0.0, "kg/s", "0 kg/s"),
        (5500.0, "W", "5.50 kW"),
        (600.0, "s", "10.0 min"),
        (0.3, "1", "0.300"),
        (-0.02, "kg/s", "-20.0 g/s"),
        (3.2e7, "JPY", "32.0 MJPY"),
        (25.0 / 3.6e6, "JPY/J", "25.0 JPY/kWh"),
    ],
)
def test_people_read_three_figures_and_a_familiar_unit(value: float, si_unit: str, text: str) -> None:
    assert format(value, si_unit) == text


@pytest.mark.parametrize("unit", ["bar", "psig", "mbarg", "degC", "g/s", "L/min", "Nm3/h", "kJ/(kg K)"])
def test_what_is_formatted_can_be_read_back(unit: str) -> None:
    si = {"bar": "Pa", "psig": "Pa", "mbarg": "Pa", "degC": "K", "g/s": "kg/s", "L/min": "m3/s"}
    si |= {"Nm3/h": "kg/s", "kJ/(kg K)": "J/(kg K)"}
    there = parse(f"7.25 {unit}", si[unit])
    assert convert(there, si[unit], unit) == pytest.approx(7.25, rel=1e-12)
    assert parse(format(there, si[unit]), si[unit]) == pytest.approx(there, rel=5e-3)  # three figures are shown
