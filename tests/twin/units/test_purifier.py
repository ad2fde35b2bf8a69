"""Purifier: condensing, adsorbing, breaking through, regenerating."""

import pytest

from thermo.impurities import CHARCOAL, N2, loading, p_vap_n2

LINE = """
[unit.BANK-1]
kind = "cylinder_bank"
count = 400
p_start = "{p} bar"
n2_start = {n2}
h2_start = {h2}
[unit.PUR-1]
kind = "purifier"
inlet = "BANK-1"
outlet = "B-1"
inlet_area = "4 mm2"
flow_area = "0.5 mm2"
bed_mass = "{bed} kg"
p_start = "{p} bar"
{more}
[unit.B-1]
kind = "buffer"
volume = "200 m3"
p_start = "1.5 bar"
UA = "5 kW/K"
"""


def line(plant_of, p=20, n2=1e-3, h2=0.0, bed=20.0, more="", step=10.0):
    return plant_of(LINE.format(p=p, n2=n2, h2=h2, bed=bed, more=more), step=step)


def test_a_fresh_bed_gives_helium_fit_for_the_cold_box(plant_of):
    plant = line(plant_of)
    plant.run(hours=1)
    assert plant["PUR-1.m_pure"] > 1e-4
    assert plant["B-1.w_n2"] * 4.0026 / 28.013 < 1e-6
    assert plant["B-1.temp"] == pytest.approx(300.0, abs=6.0)
    assert plant.ledger().impurity_closure < 1e-12
    assert plant.ledger().energy_closure < 1e-9


def test_it_breaks_through_when_the_feed_has_brought_the_equilibrium_load(plant_of):
    plant = line(plant_of, n2=0.01, bed=0.1, step=5.0)
    feed = plant["BANK-1.mass"]
    partial = 0.01 * 296.8 / 2077.2 * 20e5
    capacity = 0.1 * loading(CHARCOAL, N2, 78.4, partial)
    while plant["PUR-1.slip_a"] < 0.5:
        plant.run(minutes=1)
    brought = 0.01 * (feed - plant["BANK-1.mass"])
    assert brought == pytest.approx(capacity, rel=0.15)  # looked at once a minute
    plant.run(hours=1)
    assert plant["B-1.w_n2"] > 1e-5


def test_hydrogen_comes_through_long_before_nitrogen(plant_of):
    plant = line(plant_of, n2=1e-4, h2=1e-6, bed=0.05)
    plant.run(hours=2)
    assert plant["B-1.w_h2"] > 1e-8
    assert plant["B-1.w_n2"] < 1e-9


def test_condensing_leaves_the_vapour_pressure_over_the_total(plant_of):
    plant = line(plant_of, p=140, n2=0.3)
    plant.run(hours=1)
    share = plant["PUR-1.cold.w_n2"] * 296.8 / 2077.2
    assert share == pytest.approx(p_vap_n2(plant["PUR-1.temp_bath"]) / plant["BANK-1.p"], rel=0.15)
    assert plant["PUR-1.sump.n2"] > 0.0


def test_regeneration_empties_a_bed_and_loses_helium_on_purpose(plant_of):
    plant = line(plant_of, n2=0.01, bed=2.0)
    plant.run(hours=1)
    held = plant["PUR-1.bed_a.n2"]
    for name, value in {"feed_a": 0, "feed_b": 1, "coolant_a": 0, "heater_a": 1, "purge_a": 1}.items():
        plant[f"PUR-1.{name}"] = value
    plant.run(hours=6)
    assert held > 0.01
    assert plant["PUR-1.bed_a.n2"] < 0.01 * held
    lost = plant.ledger().kg_lost["purge"]
    assert 5e-5 * 5 * 3600 < lost < 5e-5 * 6 * 3600 + 0.03 * 20.0
    assert plant["PUR-1.bed_b.n2"] > 0.0


def test_a_warm_bed_catches_nothing(plant_of):
    plant = line(plant_of, more="cooled = false\nstart = { ln2 = 0, coolant_a = 0.0 }")
    plant.run(hours=1)
    assert plant["B-1.w_n2"] > 1e-5
    assert plant["PUR-1.bed_a.n2"] == 0.0
