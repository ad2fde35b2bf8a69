"""Cold adsorber: catches air at 80 K and hydrogen at 20 K, breaks through, is regenerated with warm gas."""

import pytest

from thermo.impurities import CHARCOAL, H2, N2, loading

BED = """
[unit.IN]
kind = "buffer"
volume = "10000 m3"
p_start = "13 bar"
temp_start = "{temp} K"
[unit.AD-1]
kind = "cold_adsorber"
inlet = "IN"
outlet = "OUT"
purge_gas = "WARM"
flow_area = "4 mm2"
bed_mass = "{bed} kg"
temp_start = "{temp} K"
UA_leak = 0
{more}
[unit.OUT]
kind = "buffer"
volume = "1000 m3"
p_start = "1.1 bar"
temp_start = "{temp} K"
[unit.WARM]
kind = "buffer"
volume = "20 m3"
p_start = "10 bar"
UA = "1 kW/K"
"""


def adsorber(plant_of, temp=80, bed=1.0, more="", step=5.0, **ratios):
    plant = plant_of(BED.format(temp=temp, bed=bed, more=more), step=step)
    feed = plant.node("IN")
    for name, ratio in ratios.items():
        feed[name] = ratio * feed.mass
    return plant


def test_at_80_kelvin_it_keeps_air_from_what_lies_behind(plant_of):
    plant = adsorber(plant_of, n2=1e-5, o2=3e-6)
    brought = float(plant.node("IN").n2)
    plant.run(hours=1)
    assert plant["AD-1.m_flow"] > 0.005
    assert plant["OUT.w_n2"] < 1e-9
    assert plant["AD-1.n2"] > 0.0
    assert plant["AD-1.dp"] == pytest.approx(plant["IN.p"] - plant["OUT.p"])
    everywhere = sum(plant.node(name).n2 for name in ("IN", "OUT", "AD-1"))
    assert everywhere == pytest.approx(brought, rel=1e-12)
    assert abs(plant.ledger().energy_closure) < 1e-9


def test_it_breaks_through_when_the_feed_has_brought_the_equilibrium_load(plant_of):
    plant = adsorber(plant_of, n2=1e-3, bed=1.0, step=2.0)
    start = plant["IN.mass"]
    capacity = loading(CHARCOAL, N2, 80.0, 1e-3 * 296.8 / 2077.2 * 13e5)
    while plant["AD-1.slip"] < 0.5:
        plant.run(seconds=20)
    assert 1e-3 * (start - plant["IN.mass"]) == pytest.approx(capacity, rel=0.05)
    plant.run(hours=1)
    assert plant["OUT.w_n2"] > 1e-6


def test_hydrogen_needs_the_bed_at_20_kelvin(plant_of):
    slipped = {}
    for temp in (80, 20):
        plant = adsorber(plant_of, temp=temp, bed=0.5, h2=1e-5)
        plant.run(hours=1)
        slipped[temp] = plant["OUT.w_h2"]
    assert slipped[20] < 1e-10
    assert slipped[80] > 1e-8
    assert loading(CHARCOAL, H2, 80.0, 1.0) < 0.01


def test_warm_purge_empties_it_and_loses_helium_which_is_booked(plant_of):
    plant = adsorber(plant_of, bed=2.0, n2=1e-4)
    plant.run(hours=1)
    held = plant["AD-1.n2"]
    before = plant["WARM.mass"]
    for name, value in {"feed": 0, "purge": 1, "heater": 1}.items():
        plant[f"AD-1.{name}"] = value
    plant.run(hours=8)
    assert held > 1e-3
    assert plant["AD-1.temp_bed"] > 280.0
    assert plant["AD-1.n2"] < 0.01 * held
    ledger = plant.ledger()
    pores = 0.015 * 7.6
    assert before - plant["WARM.mass"] == pytest.approx(2e-4 * 8 * 3600.0, rel=1e-3)
    assert ledger.kg_lost["purge"] == pytest.approx(2e-4 * 8 * 3600.0 + pores, rel=0.02)
    assert abs(ledger.mass_closure) < 1e-12


def test_the_purge_alone_warms_the_bed_by_what_it_brings(plant_of):
    plant = adsorber(plant_of, more="UA = 1e4\ncells = 20\nstart = { feed = 0.0, purge = 1.0 }", step=1.0)
    plant.run(hours=1)
    heat = 2e-4 * 3600.0 * 5193.0 * (300.0 - 80.0)  # all of it stays while the cold end is cold
    steel = 25.0 * 330.0  # J/K, stainless steel between 80 and 200 K, mean
    assert plant["AD-1.temp_bed"] - 80.0 == pytest.approx(heat / steel, rel=0.15)


def test_a_bed_that_has_warmed_up_lets_air_through(plant_of):
    plant = adsorber(plant_of, temp=200, n2=1e-5)
    plant.run(hours=1)
    assert plant["AD-1.slip"] == 1.0
    assert plant["OUT.w_n2"] > 1e-7
