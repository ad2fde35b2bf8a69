"""Machines of a plant measured on the twin: amounts come on top of rates, and the data file says what the twin does."""

import json

import pytest

from twin.errors import TwinError
from twin.plant_file import find_plant, load_spec
from twin.studies.sizing.circuit import circuits
from twin.studies.sizing.measured import Bench, beyond, in_still_air, liquefier, regeneration, store


@pytest.fixture(scope="module")
def stored() -> dict:
    return json.loads(find_plant("herenet").with_suffix(".machines.json").read_text())


def test_amounts_of_a_start_are_what_comes_on_top_of_the_rates():
    taken = {"made": 7.0, "energy": 3.0, "time": 2.0, "level": 0.4, "p_dewar": 1.1e5}
    assert beyond(taken, {"made": 3.0, "energy": 2.0, "p_dewar": 1.05e5}) == {
        "made": 1.0,
        "energy": -1.0,
        "level": 0.4,
        "p_dewar": 1.1e5,
    }


def test_helium_of_what_is_stored_closes(stored):
    for machine in stored["liquefiers"].values():
        for part in (machine["run"], machine["stop"], machine["rest"], *machine["start"]):
            size = max(abs(part[name]) for name in ("feed", "dewar", "circuit", "vent"))
            assert part["feed"] == pytest.approx(part["dewar"] + part["circuit"] + part["vent"], abs=1e-3 * size)


def test_the_new_liquefier_makes_twice_what_the_old_one_makes(stored):
    old, new = stored["liquefiers"]["D-1"]["run"], stored["liquefiers"]["D-2"]["run"]
    for name in ("made", "feed", "energy", "ln2"):
        assert new[name] == pytest.approx(2.0 * old[name], rel=0.03)


def test_liquid_that_is_made_pushes_vapour_out_of_the_dewar(stored):
    # net over gross is 1 - rho_v / rho_l at the dewar's pressure (16.9 / 124.7 at 1 atm), less the heat leak
    for machine in stored["liquefiers"].values():
        assert 0.83 < machine["run"]["dewar"] / machine["run"]["made"] < 0.8645


def test_the_bench_brings_liquid_to_the_dewar_and_the_stock_to_the_point_that_begins_a_campaign():
    plant = in_still_air(load_spec("herenet"))
    bench = Bench(plant, circuits(plant)[1])
    plant["LC-1.mode"] = plant["LC-2.mode"] = 0
    bench.bring_to(0.4, 0.0)
    assert float(plant.node("D-2").level) == pytest.approx(0.4, abs=0.05)  # it flashes from the pressure it starts with
    mass, p = float(plant.node("BUF-1").mass), float(plant.node("BUF-1").p)
    bench.set_stock(1.0)
    assert float(plant.node("BUF-1").mass) == pytest.approx(mass * 7.5e5 / p, rel=1e-9)


def test_a_purifier_without_a_sequence_is_refused():
    spec = load_spec("byu")
    with pytest.raises(TwinError, match=r"unit\.PUR-1"):
        regeneration(spec, "PUR-1")


def test_a_stored_file_can_be_read_again(tmp_path):
    store({"a": 1.0 / 3.0, "b": "text"}, tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": 0.333333, "b": "text"}


@pytest.mark.slow
def test_the_old_liquefier_measured_again_gives_what_is_stored(stored):
    spec = load_spec("herenet")
    found = liquefier(spec, circuits(in_still_air(spec))[0], starts=((0.2, 0.0),))
    for name in ("made", "feed", "energy"):
        assert found["run"][name] == pytest.approx(stored["liquefiers"]["D-1"]["run"][name], rel=0.01)
    assert found["stop"]["vent"] == pytest.approx(stored["liquefiers"]["D-1"]["stop"]["vent"], rel=0.1)
