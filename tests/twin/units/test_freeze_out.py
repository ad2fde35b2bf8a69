"""Freeze-out purifier: frost below the vapour pressure, a passage that narrows, regeneration that loses helium."""

import pytest

from thermo.impurities import p_vap_n2
from twin.units.freeze_out import narrowed

PURIFIER = """
[unit.IN]
kind = "buffer"
volume = "1000 m3"
p_start = "10 bar"
[unit.OUT]
kind = "buffer"
volume = "1000 m3"
p_start = "8 bar"
temp_start = "{cold} K"
[unit.COLD]
kind = "buffer"
volume = "5000 m3"
p_start = "2 bar"
temp_start = "{cold} K"
[unit.BACK]
kind = "buffer"
volume = "1000 m3"
p_start = "1.2 bar"
[unit.FO-1]
kind = "freeze_out"
inlet = "IN"
outlet = "OUT"
cold_inlet = "COLD"
cold_outlet = "BACK"
flow_area = "1.2 mm2"
UA = "500 W/K"
temp_cold_start = "{cold} K"
cold_area = {cold_area}
{more}
"""


def purifier(plant_of, cold=30, more="", step=5.0, cold_area=6e-6, **ratios):
    plant = plant_of(PURIFIER.format(cold=cold, more=more, cold_area=cold_area), step=step)
    feed = plant.node("IN")
    for name, ratio in ratios.items():
        feed[name] = ratio * feed.mass
    return plant


def caught(plant):
    return {name: float(plant.node("FO-1")[name]) for name in ("n2", "o2", "h2o")}


def test_what_leaves_is_saturated_at_the_cold_end(plant_of):
    plant = purifier(plant_of, cold=50, n2=1e-2)
    plant.run(hours=2)
    flow, before = 0.0, float(plant.node("OUT").n2)
    at = plant["OUT.mass"]
    plant.run(minutes=10)
    flow = plant["OUT.mass"] - at
    passed = (float(plant.node("OUT").n2) - before) / flow
    expected = p_vap_n2(plant["FO-1.temp_cold"]) / plant["IN.p"] * 2077.2 / 296.8
    assert passed == pytest.approx(expected, rel=0.05)
    assert passed < 0.5 * plant["IN.w_n2"]


def test_all_air_and_water_freeze_at_30_kelvin_and_nothing_is_lost(plant_of):
    plant = purifier(plant_of, n2=1e-3, o2=3e-4, h2o=1e-6)
    total = {s: float(plant.node("IN")[s]) for s in ("n2", "o2", "h2o")}
    plant.run(hours=2)
    assert plant["OUT.w_n2"] < 1e-7
    assert plant["FO-1.frost"] > 1e-3
    for species, mass in total.items():
        now = sum(float(plant.node(name)[species]) for name in ("IN", "OUT", "FO-1", "AMB"))
        assert now == pytest.approx(mass, rel=1e-12)


def test_frost_narrows_the_passage_as_a_lined_tube(plant_of):
    assert narrowed(0.0) == 1.0
    # at constant flow, friction goes with the diameter to the power -5, and D^2 with the open share
    assert narrowed(0.75) ** -2 == pytest.approx(0.5**-5)
    plant = purifier(plant_of, n2=1e-3, more='frost_full = "2 g"')
    plant.run(minutes=5)
    clean = plant["FO-1.m_flow"] / narrowed(plant["FO-1.blocked"])
    while plant["FO-1.blocked"] < 0.5:
        plant.run(minutes=1)
    assert plant["FO-1.m_flow"] == pytest.approx(clean * narrowed(plant["FO-1.blocked"]), rel=0.1)
    plant.run(hours=12)
    assert plant["FO-1.m_flow"] < 0.1 * clean
    assert plant["FO-1.dp"] > 1.5e5


def test_frost_that_warms_up_on_line_comes_through(plant_of):
    plant = purifier(plant_of, cold=80, more='n2_start = "5 g"')
    plant.run(hours=1)
    assert caught(plant)["n2"] < 1e-6
    assert plant["OUT.w_n2"] > 0.0


def test_warming_and_venting_clears_it_and_the_helium_vented_is_booked(plant_of):
    more = 'n2_start = "20 g"\ntemp_warm_start = "60 K"\nstart = { feed = 0.0, vent = 1.0, heater = 1.0 }'
    plant = purifier(plant_of, more=more, cold_area=0.0)
    plant.run(seconds=10)
    assert plant["FO-1.frost"] > 0.019
    vented = plant["FO-1.m_vent"]
    plant.run(hours=8)
    assert plant["FO-1.temp_cold"] > 70.0
    assert caught(plant)["n2"] < 1e-4
    assert plant.ledger().kg_lost["purge"] == pytest.approx(vented * (8 * 3600.0 + 10.0), rel=0.02)
    assert plant.node("AMB").n2 == pytest.approx(0.02 - caught(plant)["n2"], rel=1e-9)
