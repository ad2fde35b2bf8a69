"""Purifier sequence: bed change, regeneration by time and by measurement, breakthrough, one bed."""

import pytest

from hil.controllers.purifier_sequence import PHASES, STEPS, PurifierSequence
from hil.rig import ControlStation

BED = {
    f"{v}_{x}": f"CV-{v.upper()}{x.upper()}"
    for x in "ab"
    for v in ("feed", "heater", "coolant", "purge", "vacuum", "fill")
}
TIMES = {
    "on_line_for": 1000.0,
    "isolate_for": 5.0,
    "warm_for": 100.0,
    "purge_for": 50.0,
    "evacuate_for": 40.0,
    "pressurise_for": 30.0,
    "cool_for": 80.0,
}
REGENERATION = 5 + 100 + 50 + 40 + 30 + 80


def by_time(**settings) -> ControlStation:
    card = PurifierSequence(impurity="AT-1", permit="PS-1", **BED, **(TIMES | settings))
    station = ControlStation.of({"SEQ-1": card})
    station["PS-1"], station["SEQ-1.command"] = 1, 1
    return station


def beds(station: ControlStation) -> tuple[str, str]:
    return STEPS[int(station["SEQ-1.bed_a"])], STEPS[int(station["SEQ-1.bed_b"])]


def open_valves(station: ControlStation, bed: str) -> set[str]:
    return {name for name, tag in BED.items() if name.endswith(bed) and station[tag] == 1.0}


def test_both_beds_are_cooled_and_one_goes_on_line():
    station = by_time()
    station.run(1)
    assert beds(station) == ("cooling", "cooling")
    assert open_valves(station, "_a") == {"coolant_a"}
    station.run(81)
    assert beds(station) == ("on line", "ready")
    assert open_valves(station, "_a") == {"feed_a", "coolant_a"}
    assert station["SEQ-1.online"] == 1


def test_a_bed_that_had_its_time_is_regenerated_while_the_other_is_on_line():
    station = by_time()
    station.run(82)
    station.run(1000)
    assert beds(station) == ("isolated", "on line")
    assert station["SEQ-1.online"] == 2
    walk = [("warming", 5, {"heater_a", "purge_a"}), ("purging", 100, {"heater_a", "purge_a"})]
    walk += [("evacuating", 50, {"vacuum_a"}), ("pressurising", 40, {"fill_a"}), ("cooling", 30, {"coolant_a"})]
    for step, after, valves in walk:
        station.run(after)
        assert beds(station) == (step, "on line")
        assert open_valves(station, "_a") == valves
    station.run(80)
    assert beds(station) == ("ready", "on line")


def test_the_beds_take_turns_for_days():
    station = by_time()
    changes, last = 0, 0.0
    for _ in range(5000):
        station.run(1)
        online = station["SEQ-1.online"]
        if online not in (0.0, last):
            changes, last = changes + 1, online
        assert not (station["CV-FEEDA"] == 1 and station["CV-FEEDB"] == 1)
    assert changes == 5
    assert station["SEQ-1.breakthroughs"] == 0


def test_breakthrough_takes_a_bed_off_at_once_even_when_the_other_is_not_ready():
    station = by_time()
    station.run(82 + 1000 + 20)
    assert beds(station) == ("warming", "on line")
    station["AT-1"] = 1e-5
    station.run(10)
    assert beds(station) == ("warming", "on line")
    station.run(1)
    assert beds(station) == ("warming", "isolated")
    assert (station["SEQ-1.online"], station["SEQ-1.breakthroughs"]) == (0, 1)


def test_people_can_ask_for_a_bed_change():
    station = by_time()
    station.run(100)
    station["SEQ-1.change"] = 1
    station.run(1)
    assert beds(station) == ("isolated", "on line")
    assert station["SEQ-1.change"] == 0


def test_without_its_permit_the_bed_waits_and_keeps_its_time():
    station = by_time()
    station.run(82 + 600)
    station["PS-1"] = 0
    station.run(500)
    assert beds(station) == ("ready", "ready")
    station["PS-1"] = 1
    station.run(1)
    assert beds(station) == ("ready", "on line")  # the fresher one
    assert station["SEQ-1.used_a"] == 602.0  # on line from the 81st second, counted to the scan that lost the permit


def test_with_thermometers_and_gauges_it_goes_by_what_they_show():
    wires = {"temp_a": "TT-A", "p_a": "PT-A"}
    station = by_time(**wires)
    station["TT-A"], station["PT-A"] = 90.0, 10e5
    station.run(500)
    assert beds(station)[0] == "cooling"
    station["TT-A"] = 80.0
    station.run(1)
    assert beds(station)[0] == "ready"

    station["SEQ-1.bed_a"] = STEPS.index("warming")
    station.run(500)
    assert beds(station)[0] == "warming"
    station["TT-A"] = 301.0
    station.run(1)
    assert beds(station)[0] == "purging"
    station.run(500)
    assert beds(station)[0] == "evacuating"
    station["PT-A"] = 5e3
    station.run(1)
    assert beds(station)[0] == "pressurising"
    station["PT-A"] = 6e5
    station.run(1)
    assert beds(station)[0] == "cooling"


def test_a_single_bed_interrupts_its_work_to_be_regenerated():
    station = by_time(beds=1)
    station.run(82)
    assert beds(station) == ("on line", "idle")
    station.run(1000)
    assert beds(station) == ("isolated", "idle")
    station.run(REGENERATION)
    assert beds(station) == ("on line", "idle")


def test_the_sequence_has_one_step_for_both_beds_and_counts_its_time():
    station = by_time()
    seen = []
    for _ in range(82 + 1000 + 100):
        station.run(1)
        step = PHASES[int(station["SEQ-1.step"])]
        seen += [step] if seen[-1:] != [step] else []
    assert seen == ["preparing", "bed A on line", "bed B on line"]
    assert station["SEQ-1.elapsed"] == pytest.approx(100.0, abs=2.0)
    station["PS-1"] = 0
    station.run(1)
    assert PHASES[int(station["SEQ-1.step"])] == "ready"
    assert station["SEQ-1.elapsed"] == 0.0
    assert [word.ja for word in PHASES] == ["停止", "準備", "待機", "A塔吸着", "B塔吸着"]
