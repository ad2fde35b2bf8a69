"""The performance map of a machine: its error, its laws, what it refuses, its file."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math

import numpy as np
import pytest

from tests.twin.studies.design.examples import a_design
from twin.errors import Infeasible, OutsideMap, PlantFileError
from twin.quantities import LIQUID_LITRE
from twin.studies.design.arrangement import collins, series
from twin.studies.design.cards import Bath
from twin.studies.design.design_file import load_design
from twin.studies.design.performance_map import (
    OUTPUTS,
    build_map,
    default_axes,
    load_map,
    machine_digest,
    measured_error,
    save_map,
    with_start_ups,
)
from twin.studies.design.rating import Conditions, hardware_of, rate
from twin.studies.design.result import solve_design
from twin.studies.design.start_up import failed, start_ups

SMALL = {
    "suction": np.array([0.95e5, 1.05e5, 1.15e5]),
    "purity": np.array([0.95, 1.0]),
    "dewar": np.array([1.1e5, 1.2e5, 1.4e5]),
    "room": np.array([295.0, 300.0]),
    "ln2": np.array([0.0, 1.0]),
}


def a_machine(**changes):
    return a_design(series(), split=(0.6,), **changes)


@pytest.fixture(scope="module")
def hardware():
    return hardware_of(a_machine())


@pytest.fixture(scope="module")
def a_map():
    return build_map("series", a_machine(), axes=SMALL, checks=40)


def at(hardware, **changes) -> Conditions:
    return dataclasses.replace(hardware.design_point, **changes)


# the machine off design


@pytest.mark.parametrize("ln2", [True, False])
@pytest.mark.parametrize("arrangement", [collins(1), collins(2), series(2), series(3)])
def test_at_the_design_point_the_hardware_gives_what_the_design_gives(arrangement, ln2):
    """To 1e-6: conductances are found by Simpson's rule on either side."""
    heads = len(arrangement.heads)
    split = (0.6,) if arrangement.branches else (0.8 / heads,) * heads
    design = a_design(arrangement, ln2=ln2, split=split)
    hardware, wanted = hardware_of(design, Bath()), solve_design(design)
    found = rate(hardware, hardware.design_point)
    assert found.box.litres_per_hour == pytest.approx(wanted.litres_per_hour, rel=1e-6)
    assert found.power == pytest.approx(wanted.power, rel=1e-9)
    assert found.box.ln2 == pytest.approx(wanted.ln2, rel=1e-6)


@pytest.mark.parametrize("change", [{"suction": 0.9e5}, {"suction": 1.15e5}, {"ln2": False}, {"room": 285.0}])
def test_nozzles_conductances_and_the_first_law_hold_off_design(hardware, change):
    found = rate(hardware, at(hardware, **change)).box
    for t in found.turbines:
        assert t.m_flow * math.sqrt(t.temp_in) / t.p_in == pytest.approx(hardware.nozzles[t.name], rel=1e-6)
    for e in found.exchangers:
        card = hardware.rated.exchangers[e.name]
        hot, cold = ((m / card.m_design) ** card.exponent for m in (e.m_hot, e.m_cold))
        assert pytest.approx(card.UA / (0.5 / hot + 0.5 / cold), rel=1e-6) == e.UA
    assert abs(found.closure["energy"]) < 1e-9


def test_lower_suction_pressure_means_less_flow_and_fewer_litres_while_the_compressor_is_the_limit(hardware):
    """Up to the design's suction pressure; beyond, the high pressure comes to its limit and nozzles decide."""
    found = [rate(hardware, at(hardware, suction=p)) for p in (0.85e5, 0.95e5, 1.0e5, 1.05e5)]
    for less, more in itertools.pairwise(found):
        assert less.flow < more.flow
        assert less.box.litres_per_hour < more.box.litres_per_hour
        assert less.box.design.machine.p_high < more.box.design.machine.p_high


@pytest.mark.parametrize("ln2", [True, False])
def test_air_in_the_feed_costs(hardware, ln2):
    """Without LN2 it costs litres; with it the bath freezes the air, which costs nitrogen. Helium it costs always."""
    pure, dirty = (rate(hardware, at(hardware, purity=purity, ln2=ln2)).box for purity in (1.0, 0.97))
    assert dirty.make_up - dirty.yield_ * dirty.design.machine.flow > 0.0
    if ln2:
        assert dirty.ln2 > pure.ln2
        assert dirty.litres_per_hour == pytest.approx(pure.litres_per_hour, rel=1e-6)
    else:
        assert dirty.litres_per_hour < pure.litres_per_hour


def test_liquid_nitrogen_helps(hardware):
    with_ln2, without = (rate(hardware, at(hardware, ln2=ln2)) for ln2 in (True, False))
    assert with_ln2.box.litres_per_hour > 1.5 * without.box.litres_per_hour
    assert without.box.ln2 == 0.0


def test_what_the_turbines_cannot_swallow_is_bypassed(hardware):
    found = rate(hardware, at(hardware, ln2=False))
    assert found.flow > found.box.design.machine.flow
    assert found.power > found.box.power


def test_a_machine_without_a_bath_refuses_nitrogen():
    hardware = hardware_of(a_machine(ln2=False))
    with pytest.raises(Infeasible, match="LN2: this machine has no LN2 bath"):
        rate(hardware, at(hardware, ln2=True))


# the map


def test_the_stated_error_holds_at_fresh_random_points(a_map, hardware):
    fresh = measured_error(a_map, hardware, 30, seed=77)
    for name in OUTPUTS:
        assert 0.0 < a_map.error[name].largest < 0.05
        assert fresh[name].largest <= a_map.error[name].bound
        assert fresh[name].points > 15


def test_on_the_grid_the_map_is_the_solver(a_map, hardware):
    wanted = solve_design(a_machine())
    found = a_map.read()
    assert found["litres"] * 1e3 * LIQUID_LITRE == pytest.approx(
        wanted.litres_per_hour * LIQUID_LITRE / 3600.0, rel=1e-6
    )
    assert found["power"] == pytest.approx(wanted.power, rel=1e-6)
    off = rate(hardware, Conditions(0.95e5, 0.95, 1.4e5, 295.0, False))
    found = a_map.read(suction=0.95e5, purity=0.95, dewar=1.4e5, room=295.0, ln2=0)
    assert found["litres"] * 3.6e6 == pytest.approx(off.box.litres_per_hour, rel=1e-6)
    assert found["helium_lost"] == pytest.approx(
        off.box.make_up - off.box.yield_ * off.box.design.machine.flow, rel=1e-6
    )


def test_a_year_of_hours_is_read_at_once(a_map):
    random = np.random.default_rng(3)
    hours = {"suction": random.uniform(1e5, 1.05e5, 8760), "room": random.uniform(295.0, 300.0, 8760)}
    found = a_map.read(**hours, ln2=random.integers(0, 2, 8760))
    one = a_map.read(suction=hours["suction"][17], room=hours["room"][17], ln2=0)
    assert found["litres"].shape == (8760,)
    assert not np.isnan(found["litres"]).any()
    again = a_map.read(suction=hours["suction"][17:19], room=hours["room"][17:19], ln2=0)
    assert one["litres"] == again["litres"][0]


def test_what_cannot_work_is_not_a_number_with_its_reason_and_never_zero(a_map):
    impossible = {"suction": 1.12e5, "dewar": 1.12e5}
    assert np.isnan(a_map.read(**impossible)["litres"])
    assert "cannot give vapour to the return" in a_map.why_not(**impossible)
    assert not np.isnan(a_map.read(suction=1.12e5)["litres"]), "a neighbour without weight does no harm"
    assert (a_map.values[..., 0][~np.isnan(a_map.values[..., 0])] > 0.0).all()
    assert len(a_map.reasons) == np.isnan(a_map.values[..., 0]).sum()


def test_it_does_not_extrapolate(a_map):
    with pytest.raises(OutsideMap, match="suction: the map of series goes from 0.950 bar to 1.15 bar, got 1.30 bar"):
        a_map.read(suction=1.3e5)
    with pytest.raises(OutsideMap, match="purity: the map of series goes from 95 % to 100 %, got 90 %"):
        a_map.read(purity=[0.99, 0.9])
    with pytest.raises(OutsideMap, match="ln2: expected 0 or 1"):
        a_map.read(ln2=0.5)
    with pytest.raises(OutsideMap, match="p_low: expected one of suction"):
        a_map.read(p_low=1e5)
    with pytest.raises(OutsideMap, match="suction"):
        a_map.read(suction=math.nan)


def test_the_file_gives_the_map_back(a_map, tmp_path):
    path = tmp_path / "series.map.json"
    save_map(a_map, path)
    found = load_map(path, machine_digest(a_machine()))
    np.testing.assert_allclose(found.values, a_map.values, rtol=1e-8)
    assert found.reasons == a_map.reasons
    assert found.error == a_map.error
    assert (found.machine, found.digest, found.version, found.date) == (
        "series",
        a_map.digest,
        a_map.version,
        a_map.date,
    )
    save_map(found, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_the_file_says_what_it_is(a_map, tmp_path):
    save_map(a_map, tmp_path / "map.json")
    found = json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))
    assert [row["unit"] for row in found["axes"]] == ["Pa", "1", "Pa", "K", "1"]
    assert all(row["text"] for row in found["axes"] + found["outputs"])
    assert found["error"]["outputs"]["litres"]["bound"] > 0.0
    assert None in found["values"]


def test_the_map_of_another_machine_is_refused(a_map, tmp_path):
    path = tmp_path / "map.json"
    save_map(a_map, path)
    with pytest.raises(OutsideMap, match=r"map\.json: was made for another machine than is asked for: series"):
        load_map(path, machine_digest(a_machine(efficiency=0.71)))
    assert machine_digest(a_machine()) == machine_digest(dataclasses.replace(a_machine(), description="the same"))


def test_what_is_not_a_map_is_refused(tmp_path):
    path = tmp_path / "map.json"
    for text, sentence in (
        ("hello", "is not JSON"),
        ("[]", "is not a performance map"),
        ('{"form": 1}', "is not a perf"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(PlantFileError, match=sentence):
            load_map(path)
    with pytest.raises(PlantFileError, match="cannot be read"):
        load_map(tmp_path / "none.json")


def test_the_design_is_on_every_axis(hardware):
    axes = default_axes(hardware)
    for name, axis in axes.items():
        assert float(getattr(hardware.design_point, name)) in axis
        assert (np.diff(axis) > 0.0).all()


# the dynamic model


@pytest.mark.slow
def test_a_start_after_a_weekend_is_shorter_than_from_warm(a_map, tmp_path):
    """Nitrogen shortens that from warm; after a batch with it the box is colder than it could make it."""
    runs = list(start_ups(solve_design(load_design("l140"))))
    assert [(run.start, run.ln2) for run in runs] == [
        ("warm", True),
        ("warm", False),
        ("weekend", True),
        ("weekend", False),
    ]
    assert [run.problem for run in runs] == [""] * 4
    warm, warm_slow, weekend, weekend_slow = runs
    assert 600.0 < weekend.time < warm.time < warm_slow.time
    assert weekend.time <= weekend_slow.time < warm_slow.time
    for run in runs:
        assert (run.ln2_used > 0.0) == run.ln2
        assert run.energy > 0.0
        assert run.helium_vented == 0.0, "its circuit is closed"
    save_map(with_start_ups(a_map, runs), tmp_path / "map.json")
    assert [repr(run) for run in load_map(tmp_path / "map.json").start_ups] == [repr(run) for run in runs]


def test_a_start_that_failed_says_so_in_the_file(a_map, tmp_path):
    run = failed("weekend", True, "no liquid came in 24 h")
    save_map(with_start_ups(a_map, [run]), tmp_path / "map.json")
    (found,) = load_map(tmp_path / "map.json").start_ups
    assert math.isnan(found.time) and found.problem == run.problem
    assert "NaN" not in (tmp_path / "map.json").read_text(encoding="utf-8")
