"""Counter-flow exchangers against closed forms, through whole plants at rest."""

import math

import pytest

from twin.plant import Plant

TEXT = """
description = "Two steady streams along one wall"
step = "1 s"
[unit.AIR]
kind = "ambient"
[unit.HOT]
kind = "buffer"
volume = "2000 m3"
p_start = "5 bar"
temp_start = "300 K"
[unit.COLD]
kind = "buffer"
volume = "2000 m3"
p_start = "5 bar"
temp_start = "200 K"
[unit.H]
kind = "buffer"
volume = "5 L"
p_start = "4.9 bar"
[unit.C]
kind = "buffer"
volume = "5 L"
p_start = "4.9 bar"
temp_start = "250 K"
[unit.SINK]
kind = "buffer"
volume = "5000 m3"
p_start = "1 bar"
[unit.E-1]
kind = "heat_exchanger"
hot_inlet = "HOT"
hot_outlet = "H"
cold_inlet = "COLD"
cold_outlet = "C"
UA = "{UA} W/K"
exponent = 0.0
m_design = "1 g/s"
hot_area = "1 cm2"
cold_area = "1 cm2"
mass = "5 kg"
cells = {cells}
temp_warm_start = "290 K"
temp_cold_start = "210 K"
[unit.CV-H]
kind = "control_valve"
inlet = "H"
outlet = "SINK"
flow_area = "5 mm2"
start = {{opening = {hot}}}
[unit.CV-C]
kind = "control_valve"
inlet = "C"
outlet = "SINK"
flow_area = "5 mm2"
start = {{opening = {cold}}}
"""


def at_rest(tmp_path, UA, hot, cold, cells=12):
    path = tmp_path / "exchanger.toml"
    path.write_text(TEXT.format(UA=UA, hot=hot, cold=cold, cells=cells))
    plant = Plant.load(path)
    plant.run(minutes=30)
    return plant


def effectiveness(ntu, ratio):
    """Counter flow (Kays and London 1984, equation 2-13)."""
    if ratio == pytest.approx(1.0, abs=1e-6):
        return ntu / (1.0 + ntu)
    decay = math.exp(-ntu * (1.0 - ratio))
    return (1.0 - decay) / (1.0 - ratio * decay)


@pytest.mark.parametrize("UA", [20.0, 60.0, 200.0, 600.0])
@pytest.mark.parametrize(("hot", "cold"), [(0.5, 0.58), (0.8, 0.45)])
def test_an_exchanger_at_rest_has_the_effectiveness_of_the_textbook(tmp_path, UA, hot, cold):
    plant = at_rest(tmp_path, UA, hot, cold)
    m_hot, m_cold = plant["E-1.m_hot"], plant["E-1.m_cold"]
    # ideal gas in this range: cp is the same on both sides to 1e-3
    cp = 5193.0
    low, high = sorted((m_hot, m_cold))
    expected = effectiveness(UA / (low * cp), low / high)
    warmed = m_cold * (plant["C.temp"] - plant["COLD.temp"])
    found = warmed / (low * (plant["HOT.temp"] - plant["COLD.temp"]))
    # twelve cells with straight walls: second order, 1 % at the largest number of transfer units
    assert found == pytest.approx(expected, abs=0.01)


def test_more_cells_bring_the_result_closer(tmp_path):
    results = [at_rest(tmp_path, 300.0, 0.5, 0.58, cells)["C.temp"] for cells in (6, 12, 48)]
    assert abs(results[1] - results[2]) < abs(results[0] - results[2])


def test_heat_leaving_one_stream_arrives_in_the_other(tmp_path):
    plant = at_rest(tmp_path, 200.0, 0.5, 0.58)
    link = plant._data.link[plant._data.wall[0].link_x], plant._data.link[plant._data.wall[0].link_y]
    given = link[0].ea_eff - link[0].eb_eff
    taken = link[1].eb_eff - link[1].ea_eff
    assert given == pytest.approx(taken, rel=0.02)  # the rest still follows the cooling vessels into the wall


def test_gas_that_stands_in_a_header_cools_the_end_of_the_block_it_touches(tmp_path):
    """Nothing flows: the cold end loses what its headers take, as a lump of one cell; the warm end keeps its heat."""
    text = TEXT.format(UA=100.0, hot=0.0, cold=0.0, cells=12).replace("4.9 bar", "5 bar")
    text = text.replace('temp_cold_start = "210 K"', 'temp_cold_start = "290 K"').replace('"250 K"', '"290 K"')
    text = text.replace('p_start = "5 bar"\n[unit.C]', 'p_start = "5 bar"\ntemp_start = "290 K"\n[unit.C]')
    path = tmp_path / "standing.toml"
    path.write_text(text)
    plant = Plant.load(path)
    first = plant["E-1.temp_warm"], plant["E-1.temp_cold"]
    plant.run(minutes=10)
    # the header of the cold inlet stays at 200 K; the 4 g in that of the hot outlet go with the block
    headers, cell = 0.05, 5.0 / 12.0 * 890.0 + 4.15 * 3.1
    fallen = 90.0 * (1.0 - math.exp(-headers * 600.0 / cell))
    assert first[1] - plant["E-1.temp_cold"] == pytest.approx(fallen, rel=0.05)
    assert plant["E-1.temp_warm"] >= first[0]
    assert plant.ledger().energy_closure < 1e-12
