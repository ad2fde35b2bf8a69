"""A design becomes a plant; run to rest, the twin and the steady solver agree."""

from __future__ import annotations

import pytest

from benchmarks.two_solvers import TEMP_TARGET, YIELD_TARGET, cases, compare
from tests.twin.studies.design.examples import a_design
from twin.plant import Plant
from twin.plant_file import load_spec
from twin.studies.design.arrangement import collins, series
from twin.studies.design.design_file import load_design
from twin.studies.design.plant import plant_file
from twin.studies.design.result import solve_design
from twin.studies.design.start_up import LIQUEFYING, STANDSTILL


@pytest.mark.parametrize("ln2", [True, False])
@pytest.mark.parametrize("arrangement", [collins(1), collins(2), collins(3), series(2)])
def test_the_plant_file_of_a_design_is_in_order(tmp_path, arrangement, ln2):
    heads = len(arrangement.heads)
    split = (0.6,) if arrangement.branches else (0.8 / heads,) * heads
    path = tmp_path / "box.toml"
    path.write_text(plant_file(solve_design(a_design(arrangement, ln2=ln2, split=split))), encoding="utf-8")
    spec = load_spec(path)
    assert {"C-101", "JT", "D-1", "SEQ-1", *arrangement.exchangers, *arrangement.turbines} <= spec.units.keys()


@pytest.mark.slow
@pytest.mark.parametrize("case", cases(), ids=lambda case: case.text)
def test_twin_and_steady_solver_agree(case):
    """0.1 % in yield and 0.1 K in every state point, at the boundary where the plant rests."""
    found = compare(case.design, hours=8.0)
    assert found.yield_difference < YIELD_TARGET
    assert found.worst[1] < TEMP_TARGET


@pytest.mark.slow
def test_vapour_of_the_dewar_through_a_warm_box_at_rest_and_a_start_from_there(tmp_path):
    """Helium of 4 K meets exchangers of 300 K, with nothing flowing on the other side."""
    path = tmp_path / "box.toml"
    path.write_text(plant_file(solve_design(load_design("l140"))) + STANDSTILL, encoding="utf-8")
    plant = Plant.load(path)
    plant["SEQ-1.command"], plant["CV-130.opening"] = 0, 1.0
    plant.run(hours=24)
    assert plant["H6.temp"] < 6.0
    assert plant["H1.temp"] > 100.0
    plant["SEQ-1.command"] = 1
    plant.run(hours=6)
    assert plant["SEQ-1.step"] == LIQUEFYING
    assert plant.ledger().mass_closure < 1e-12
    assert plant.ledger().energy_closure < 1e-11
