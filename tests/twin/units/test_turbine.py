"""Turbine: the impurity that freezes in it, the wheel that breaks, brake and bearing that fail."""

import pytest

from thermo.helium import h_ps, s_ph

TURBINE = """
[unit.IN]
kind = "buffer"
volume = "1000 m3"
p_start = "13 bar"
temp_start = "{temp} K"
[unit.OUT]
kind = "buffer"
volume = "5000 m3"
p_start = "1.3 bar"
temp_start = "30 K"
[unit.CV-1]
kind = "control_valve"
inlet = "IN"
outlet = "TI"
flow_area = "60 mm2"
stroke_time = "0.1 s"
start = {{ opening = 1.0 }}
[unit.TI]
kind = "buffer"
volume = "2 L"
p_start = "12 bar"
temp_start = "{temp} K"
[unit.T-1]
kind = "turbine"
inlet = "TI"
outlet = "OUT"
nozzle_area = "4 mm2"
diameter = "22 mm"
efficiency = 0.7
power_rated = "3 kW"
[unit.TP-1]
kind = "turbine_protection"
speed = "T-1.speed"
p_bearing = "T-1.p_bearing"
broken = "T-1.broken"
valve = "CV-1.opening"
"""


def turbine(plant_of, temp=40, step=0.5, **ratios):
    plant = plant_of(TURBINE.format(temp=temp), step=step)
    for name, ratio in ratios.items():
        for node in ("IN", "TI"):
            plant.node(node)[name] = ratio * plant.node(node).mass
    plant.run(seconds=30)
    return plant


def test_pure_helium_is_expanded_with_the_efficiency_given(plant_of):
    plant = turbine(plant_of)
    h, p = plant["TI.h"], plant["TI.p"]
    assert plant["T-1.dh_s"] == pytest.approx(h - h_ps(plant["OUT.p"], s_ph(p, h)), rel=1e-6)
    assert plant["T-1.efficiency_now"] == pytest.approx(0.7, abs=0.07)
    assert plant["T-1.iced"] == 0.0
    assert plant["T-1.broken"] == 0.0


def test_nitrogen_that_freezes_narrows_the_nozzle_and_spoils_the_efficiency(plant_of):
    plant = turbine(plant_of, n2=1e-6)
    clean, sharp = plant["T-1.m_flow"], plant["T-1.efficiency_now"]
    while plant["T-1.iced"] < 0.3:
        plant.run(seconds=10)
    assert plant["T-1.m_flow"] == pytest.approx(0.7 * clean, rel=0.05)
    assert plant["T-1.efficiency_now"] < 0.85 * sharp
    ice = plant["T-1.n2"]
    assert ice == pytest.approx(0.3 * 20e-6, rel=0.1)


def test_ice_grows_by_the_share_that_sticks_of_what_is_frozen(plant_of):
    plant = turbine(plant_of, n2=1e-7)
    ice, mass = plant["T-1.n2"], plant["OUT.mass"]
    plant.run(minutes=5)
    grown = plant["T-1.n2"] - ice
    assert grown == pytest.approx(0.05 * 1e-7 * (plant["OUT.mass"] - mass), rel=0.05)  # a little is vapour


def test_air_below_its_vapour_pressure_passes(plant_of):
    plant = turbine(plant_of, temp=90, n2=1e-6, o2=1e-7)
    plant.run(minutes=10)
    assert plant["T-1.iced"] < 1e-9
    assert plant["OUT.w_n2"] > 0.0


def test_the_wheel_breaks_and_only_a_repair_helps(plant_of):
    plant = turbine(plant_of, n2=2e-5)
    nitrogen = sum(float(plant.node(n).n2) for n in ("IN", "TI", "OUT", "T-1", "AMB"))
    plant.run(minutes=20)
    assert plant["T-1.broken"] == 1.0
    assert plant["T-1.speed"] == pytest.approx(0.0, abs=1.0)
    assert plant["T-1.power"] == pytest.approx(0.0, abs=1.0)
    assert plant.tags["TP-1.trip"].labels[int(plant["TP-1.trip"])] == "broken"
    assert plant["CV-1.opening"] == 0.0

    plant["T-1.reset"] = 1
    plant["TP-1.reset"] = 1
    plant.run(seconds=10)
    assert plant["T-1.broken"] == 1.0
    assert plant["TP-1.trip"] != 0.0

    plant.do("T-1.repair")
    plant["TP-1.reset"] = 1
    plant.run(seconds=10)
    assert plant["T-1.broken"] == 0.0
    assert plant["TP-1.trip"] == 0.0
    assert plant["T-1.iced"] == 0.0
    now = sum(float(plant.node(n).n2) for n in ("IN", "TI", "OUT", "T-1", "AMB"))
    assert now == pytest.approx(nitrogen, rel=1e-12)


def test_ice_goes_again_when_the_gas_warms_up(plant_of):
    plant = turbine(plant_of, temp=200)
    plant.node("T-1").n2 = 5e-6
    plant.node("T-1").o2 = 1e-6
    plant.run(minutes=2)
    assert plant["T-1.iced"] < 1e-6


def test_a_failed_brake_lets_it_overspeed_and_both_protections_trip(plant_of):
    plant = turbine(plant_of, step=0.1)
    assert plant["T-1.speed"] < 5500.0
    plant["T-1.brake_lost"] = 1
    plant.run(seconds=20)
    assert plant.tags["T-1.tripped"].labels[int(plant["T-1.tripped"])] == "overspeed"
    assert plant.tags["TP-1.trip"].labels[int(plant["TP-1.trip"])] == "overspeed"
    assert plant["CV-1.opening"] == 0.0


def test_without_bearing_gas_the_rotor_stops_and_gas_passes_uncooled(plant_of):
    plant = turbine(plant_of)
    plant["T-1.p_bearing"] = 3e5
    plant.run(seconds=3)
    assert plant["T-1.speed"] < 10.0
    assert plant["T-1.m_flow"] > 0.01
    assert plant["T-1.efficiency_now"] == pytest.approx(0.0, abs=1e-3)
    assert plant.tags["T-1.tripped"].labels[int(plant["T-1.tripped"])] == "bearing gas"
    plant.run(seconds=5)
    assert plant.tags["TP-1.trip"].labels[int(plant["TP-1.trip"])] == "bearing pressure"
    plant["T-1.p_bearing"] = 6e5
    plant["T-1.reset"] = 1
    plant["TP-1.reset"] = 1
    plant.run(seconds=2)
    plant["CV-1.opening"] = 1.0
    plant["T-1.reset"] = 0
    plant.run(seconds=30)
    assert plant["T-1.tripped"] == 0.0
    assert plant["T-1.speed"] > 3000.0


def test_helium_does_not_run_backwards_through_the_nozzles(plant_of):
    text = (
        TURBINE.format(temp=40)
        .replace('p_start = "12 bar"', 'p_start = "1 bar"')
        .replace("opening = 1.0", "opening = 0.0")
    )
    plant = plant_of(text, step=0.5)
    before = plant["TI.mass"]
    plant.run(seconds=10)
    assert plant["OUT.p"] > plant["TI.p"]
    assert plant["T-1.m_flow"] == 0.0
    assert plant["TI.mass"] == pytest.approx(before, rel=1e-9)
