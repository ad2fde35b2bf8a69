"""Gas management: split ranges, rest, and a circuit that holds both pressures without losing its gas."""

import pytest

from hil.controllers.gas_management import GasManagement
from hil.rig import ControlStation

VALVES = {"load": "CV-L.opening", "unload": "CV-U.opening", "bypass": "CV-B.opening"}
BAR = 1e5


def station_of(**settings) -> ControlStation:
    given = {"p_high": "PT-H", "p_low": "PT-L", "running": "C-1.running", **VALVES} | settings
    station = ControlStation.of({"GM-1": GasManagement(**given)})
    station["PT-H"], station["PT-L"] = 12.5 * BAR, 1.05 * BAR
    station["GM-1.mode"], station["C-1.running"] = 1, 1
    return station


def test_at_rest_the_bypass_is_open_and_nothing_is_loaded():
    station = station_of()
    station["C-1.running"] = 0
    station["PT-H"] = 5.0 * BAR
    station.run(300)
    assert (station["CV-L.opening"], station["CV-U.opening"], station["CV-B.opening"]) == (0.0, 0.0, 1.0)


def test_a_high_suction_pressure_at_rest_does_not_hold_back_the_next_start():
    station = station_of(p_low_most=1.05 * BAR)
    station["C-1.running"], station["PT-L"], station["PT-H"] = 0, 1.1 * BAR, 1.1 * BAR
    station.run(24 * 3600)
    station["C-1.running"], station["PT-L"] = 1, 1.0 * BAR
    station.run(60)
    assert station["CV-L.opening"] > 0.1
    assert station["CV-U.opening"] == 0.0


def test_load_and_unload_share_the_signal_with_a_gap_between():
    station = station_of(gain_high=1e-5, ti_high=1e5, gap=0.1)
    for error, load, unload in (
        (0.0, 0.0, 0.0),
        (0.09, 0.0, 0.0),
        (0.55, 0.5, 0.0),
        (-0.55, 0.0, 0.5),
        (-9.0, 0.0, 1.0),
    ):
        station["GM-1.integral_high"] = 0.0
        station["PT-H"] = (12.5 - error) * BAR
        station.run(1)
        assert station["CV-L.opening"] == pytest.approx(load, abs=1e-9)
        assert station["CV-U.opening"] == pytest.approx(unload, abs=1e-9)


def test_a_falling_low_pressure_takes_capacity_first_then_opens_the_bypass():
    station = station_of(slide="C-1.slide_set", slide_least=0.2, gain_low=1e-4, ti_low=1e5)
    seen = []
    for v in (0.0, 0.5, 1.0, 1.5, 2.0):
        station["GM-1.integral_low"] = v
        station.run(1)
        seen.append((station["C-1.slide_set"], station["CV-B.opening"]))
    expected = [(1.0, 0.0), (0.6, 0.0), (0.2, 0.0), (0.2, 0.5), (0.2, 1.0)]
    assert seen == [pytest.approx(pair, abs=1e-9) for pair in expected]


def test_a_circuit_reaches_both_set_points_and_keeps_its_gas():
    # mass balance of two volumes of 1 m3 and a buffer of 10 m3 at 300 K; the compressor moves what it sucks in
    station = station_of()
    per_kg = 2077.1 * 300.0  # Pa m3/kg, ideal gas
    high, low, buffer = 3.0 * BAR / per_kg, 1.2 * BAR / per_kg, 10.0 * 8.0 * BAR / per_kg
    total = high + low + buffer
    for _ in range(7200):
        station["PT-H"], station["PT-L"] = high * per_kg, low * per_kg
        station.run(1)
        p_high, p_low, p_buffer = high * per_kg, low * per_kg, buffer * per_kg / 10.0
        compressed = 0.04 * p_low / 1.05e5
        returned = 0.03 * p_high / 12.5e5
        load = station["CV-L.opening"] * 0.02 * max(p_buffer - p_low, 0.0) / 7e5
        unload = station["CV-U.opening"] * 0.02 * max(p_high - p_buffer, 0.0) / 4e5
        bypass = station["CV-B.opening"] * 0.06 * (p_high - p_low) / 11.5e5
        high += compressed - returned - unload - bypass
        low += returned + load + bypass - compressed
        buffer += unload - load
    assert high * per_kg == pytest.approx(12.5 * BAR, rel=0.01)
    assert low * per_kg == pytest.approx(1.05 * BAR, rel=0.01)
    assert high + low + buffer == pytest.approx(total, rel=1e-12)


def test_too_much_gas_in_the_circuit_goes_to_the_buffer_though_the_high_pressure_is_low():
    station = station_of()
    station["PT-H"], station["PT-L"] = 8.0 * BAR, 1.2 * BAR
    station.run(600)
    assert station["CV-L.opening"] == 1.0
    station["PT-L"] = 1.6 * BAR
    station.run(600)
    assert (station["CV-L.opening"], station["CV-U.opening"]) == (0.0, 1.0)

    # and back within minutes, since neither integral runs beyond the range of the signal
    station["PT-L"] = 1.05 * BAR
    station.run(200)
    assert station["CV-L.opening"] > 0.5
