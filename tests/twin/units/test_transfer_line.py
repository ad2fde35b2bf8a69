"""Transfer line: cool-down first, then liquid; small fills waste most."""

from thermo.materials import STAINLESS_STEEL, e_material

LINE = """
[unit.D-1]
kind = "portable_dewar"
volume = "500 L"
level_start = 0.8
p_start = "1.2 bar"
crack = "40 kPa"
[unit.D-2]
kind = "portable_dewar"
volume = "200 L"
level_start = 0.02
vent = "BAG-1"
vent_area = "200 mm2"
[unit.BAG-1]
kind = "gas_bag"
volume = "100 m3"
filling_start = 0.1
[unit.TL-1]
kind = "transfer_line"
inlet = "D-1"
outlet = "D-2"
flow_area = "8 mm2"
temp_start = "{temp} K"
start = {{ opening = {opening} }}
"""


def line(plant_of, temp=300, opening=1.0, step=1.0):
    return plant_of(LINE.format(temp=temp, opening=opening), step=step)


def test_a_closed_line_carries_nothing(plant_of):
    plant = line(plant_of, opening=0.0)
    plant.run(minutes=10)
    assert plant["TL-1.carried"] == 0.0


def test_the_tube_is_cooled_and_then_liquid_flows_faster(plant_of):
    plant = line(plant_of)
    plant.run(seconds=20)
    warm = plant["TL-1.m_flow"]
    plant.run(minutes=10)
    assert plant["TL-1.temp_end"] < 6.0
    assert plant["TL-1.m_flow"] > 1.5 * warm
    assert plant["D-2.litres"] > 20.0
    assert plant.ledger().mass_closure < 1e-12
    assert plant.ledger().energy_closure < 1e-9


def test_small_fills_waste_most(plant_of):
    shares = []
    for minutes in (2, 20):
        plant = line(plant_of)
        litres = 100.0 * 2.0 * 0.02
        plant.run(minutes=minutes)
        shares.append((plant["D-2.litres"] - litres) * 0.12467 / plant["TL-1.carried"])
    assert shares[0] < shares[1] - 0.05


def test_a_cold_line_saves_the_heat_of_its_steel(plant_of):
    warm, cold = line(plant_of), line(plant_of, temp=5)
    for plant in (warm, cold):
        while plant["TL-1.carried"] < 3.0:
            plant.run(seconds=1)
    saved = (cold["D-2.litres"] - warm["D-2.litres"]) * 0.12467
    heat = 1.5 * (e_material(STAINLESS_STEEL, 300.0) - e_material(STAINLESS_STEEL, 5.0))
    # between all the cold of the gas being used, and only the heat of evaporation
    assert 0.3 * heat / 1.5e6 < saved < heat / 20.0e3
