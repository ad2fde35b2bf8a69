"""Numbers as people read them."""

from __future__ import annotations

import pytest

from twin.quantities import LIQUID_LITRE, NORMAL_M3
from twin.studies.sizing.report.numbers import parameter_text, plain, shown, with_error


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (12345.6, "12,346"),
        (127.4, "127"),
        (99.96, "100"),
        (1.5, "1.5"),
        (0.01234, "0.0123"),
        (-8.156, "-8.16"),
        (1.5e-12, "1.50e-12"),
        (float("inf"), "∞"),
        (float("nan"), "–"),
    ],
)
def test_three_figures_are_enough(value: float, text: str) -> None:
    assert plain(value) == text


@pytest.mark.parametrize(
    ("mean", "error", "text"),
    [
        (12345.6, 61.0, "12,346 ± 61"),
        (12345.6, 610.0, "12,350 ± 610"),
        (0.95, 0.0049, "0.9500 ± 0.0049"),
        (83.62, 0.73, "83.62 ± 0.73"),
        (5.0, 0.0, "5"),
        (0.463372, 0.000031, "0.4634"),
        (1.0, 0.0996, "1.00 ± 0.10"),
        (2.0, 0.0994, "2.000 ± 0.099"),
    ],
)
def test_a_mean_is_told_to_two_figures_of_its_error(mean: float, error: float, text: str) -> None:
    assert with_error(mean, error) == text


def test_helium_is_counted_in_litres_energy_in_mwh_money_in_millions_or_man_yen() -> None:
    assert shown("lost", "kg").of(LIQUID_LITRE) == pytest.approx(1.0)
    assert shown("lost", "kg").unit == "L" and shown("ln2", "kg").unit == "kg"
    assert shown("energy", "J").of(3.6e9) == pytest.approx(1.0)
    assert shown("cost", "JPY").of(2.5e6) == pytest.approx(2.5)
    assert shown("cost", "JPY", ja=True).of(2.5e6) == pytest.approx(250.0)
    assert shown("recovery", "1").of(0.93) == pytest.approx(93.0) and shown("trips", "1").unit == ""
    assert shown("cost_per_litre", "JPY/kg").of(5926.0 / LIQUID_LITRE) == pytest.approx(5926.0)


@pytest.mark.parametrize(
    ("name", "unit", "value", "text"),
    [
        ("purifier.PUR-1.capacity", "kg/s", 12.0 * NORMAL_M3 / 3600.0, "12 Nm3/h"),
        ("users.campus.demand", "kg/s", 1.5 * LIQUID_LITRE / 3600.0, "1.5 L/h"),
        ("D-2.volume", "m3", 2.0, "2,000 L"),
        ("site.yonago.bag_volume", "m3", 1.0, "1 m3"),
        ("economics.helium", "JPY/kg", 5926.0 / LIQUID_LITRE, "5,926 JPY/L"),
        ("economics.electricity", "JPY/J", 25.0 / 3.6e6, "25 JPY/kWh"),
        ("site.yonago.failures", "1/s", 0.5 / 31557600.0, "0.5 1/a"),
        ("site.yonago.distance", "m", 140e3, "140 km"),
        ("economics.dewar_life", "s", 20.0 * 31557600.0, "20 a"),
        ("MAG-Y1.level_start", "1", 0.729, "0.729"),
        ("site.yonago.drive_time", "s", 9000.0, "2.5 h"),
    ],
)
def test_numbers_of_the_plant_file_carry_a_familiar_unit(name: str, unit: str, value: float, text: str) -> None:
    assert parameter_text(name, unit, value) == text
