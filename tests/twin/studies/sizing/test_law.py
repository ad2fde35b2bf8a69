"""Limits of the High Pressure Gas Safety Act: where each verdict begins, and what the shipped network touches."""

from __future__ import annotations

import pytest

from twin.plant_file import load_installed_kinds, load_spec
from twin.quantities import ATMOSPHERE
from twin.studies.sizing.law import RULES, SOURCES, VERDICTS, Equipment, check_law, equipment_of, establishments

HOUR = 3600.0


@pytest.fixture(scope="module")
def herenet():
    load_installed_kinds()
    return load_spec("herenet")


def verdict(*equipment: Equipment, rule: str) -> str:
    return next((f.verdict for f in check_law(equipment) if f.rule == rule), "none")


def compressor(flow: float, p: float = 14.7e6) -> Equipment:
    return Equipment("RC", "site", "compressor", p, flow / HOUR)


@pytest.mark.parametrize(("flow", "expected"), [(12.4, "notification"), (12.5, "permission"), (40.0, "permission")])
def test_a_site_below_12_5_cubic_metres_an_hour_needs_a_notification_only(flow: float, expected: str) -> None:
    assert verdict(compressor(flow), rule="made") == expected


def test_compressors_of_one_establishment_count_together() -> None:
    assert verdict(compressor(8.0), rule="made") == "notification"
    assert verdict(compressor(8.0), compressor(8.0), rule="made") == "permission"


@pytest.mark.parametrize(("p", "expected"), [(0.7e6, "free"), (0.95e6, "near"), (1.0e6, "none")])
def test_a_liquefiers_compressor_below_1_mpa_does_not_count(p: float, expected: str) -> None:
    assert verdict(compressor(400.0, p), rule="pressure") == expected
    assert (verdict(compressor(400.0, p), rule="made") == "permission") == (expected == "none")


@pytest.mark.parametrize(
    ("count", "expected"),
    [(10, "free"), (35, "near"), (44, "notification"), (431, "notification"), (432, "permission")],
)
def test_cylinders_count_by_pressure_and_volume(count: int, expected: str) -> None:
    """(10 x 14.7 + 1) x 0.047 m3 = 6.956 m3 for each cylinder: 300 m3 are 43.1 of them, 3 000 m3 are 431.3."""
    assert verdict(Equipment("BANK", "site", "gas", 14.7e6, count * 0.047), rule="stored") == expected


@pytest.mark.parametrize(("p", "expected"), [(0.02e6, "free"), (0.18e6, "near"), (0.2e6, "high-pressure gas")])
def test_liquid_counts_from_0_2_mpa(p: float, expected: str) -> None:
    assert verdict(Equipment("D-1", "site", "liquid", p, 4.0), rule="liquid") == expected


def test_sections_of_the_hub_are_one_establishment_with_it(herenet) -> None:
    assert set(establishments(herenet).values()) == {"okayama", "yonago", "tottori", "tokushima"}
    assert establishments(herenet)["C-101"] == "okayama"


def test_partners_of_the_network_notify_and_the_hub_is_permitted(herenet) -> None:
    made = {f.place: f for f in check_law(equipment_of(herenet)) if f.rule == "made"}
    assert {place: f.verdict for place, f in made.items()} == {
        "yonago": "notification",
        "tottori": "notification",
        "tokushima": "notification",
        "okayama": "permission",
    }
    assert made["yonago"].value == pytest.approx(8.0 * 24.0)
    assert set(made["okayama"].equipment) == {"RC-H", "C-101", "C-201"}


def test_a_design_replaces_numbers_of_the_file(herenet) -> None:
    few, many = (equipment_of(herenet, {"BANK-H.count": count}) for count in (2.0, 20.0))
    amount = {item.name: item.amount for item in few}["BANK-H"], {item.name: item.amount for item in many}["BANK-H"]
    assert amount == pytest.approx((1.0, 10.0))  # cylinders of 500 L
    assert all(item.p > -ATMOSPHERE for item in few)
    partners = {item.name: item.amount for item in equipment_of(herenet, {"BANK-[YT].count": 20.0})}
    assert partners["BANK-Y"] == partners["BANK-T"] == pytest.approx(2.0 * partners["BANK-K"])


def test_every_finding_reads_as_a_sentence_in_both_languages_and_has_a_source(herenet) -> None:
    for finding in check_law(equipment_of(herenet)):
        assert finding.sentence().endswith(").") and finding.sentence(ja=True).endswith(")。")
        assert VERDICTS[finding.verdict][1] in finding.sentence(ja=True)
    assert set(SOURCES) == set(RULES)
    assert all(en.startswith("verified") and ja.startswith("確認済み") for en, ja in SOURCES.values())
