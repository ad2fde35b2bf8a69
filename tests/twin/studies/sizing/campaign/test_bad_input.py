"""What is wrong with `[campaign]` is said in one sentence: file, table, field, what to do."""

from __future__ import annotations

import pytest

from tests.twin.studies.sizing.campaign.plants import LONELY, SMALL, written
from twin.errors import PlantFileError
from twin.studies.sizing.campaign import load_campaign

# fmt: off
# ruff: noqa: E501
CASES = {
    "unknown table": (("[campaign.choices]", "[campaign.chioces]"), 'campaign.chioces: there is no such table; did you mean "choices"'),
    "unknown field": (('distance = "100 km"', 'distanse = "100 km"'), 'campaign.site.partner.distanse: not a field of campaign.site; did you mean "distance"'),
    "wrong unit": (('distance = "100 km"', 'distance = "100 kg"'), 'campaign.site.partner.distance: expected a length such as "40 mm", got "100 kg"'),
    "out of range": (("refill_below = 0.8", "refill_below = 1.8"), "campaign.magnet.all.refill_below: expected between 0.05"),
    "unknown site": (("[campaign.site.partner]", "[campaign.site.parner]"), 'campaign.site.parner: no unit has the site "parner"; did you mean "partner"'),
    "unknown unit": (('dewar = "LIQ-1"', 'dewar = "LIQ-2"'), 'campaign.purchase.make-up.dewar: expected a unit of kind storage_dewar or cryocooler_liquefier, got "LIQ-2"; did you mean "LIQ-1"'),
    "no pick-up": (('visit_every = "28 d"', 'visit_every = 0'), 'campaign.site.partner: its magnets get their liquid and its cylinders leave by truck, but no truck ever comes; give visit_every'),
    "no place": (('bank_at_hub = "PLACE-1"', ""), "campaign.site.partner: the cylinders BANK-1 are never picked up; name their place in bank_at_hub"),
    "contradictory": (('bag_volume = "1 m3"', 'bag_volume = "3 m3"'), "campaign.site.partner.bag_volume: BAG-1 and STORE-1 hold 4 m3, which is no whole number of bags of 3 m3"),
    "unknown purifier": (("[campaign.purifier.PUR-1]", "[campaign.purifier.PUR-2]"), 'campaign.purifier.PUR-2: there is no purifier "PUR-2"; did you mean "PUR-1"'),
    "no machine": (('unit = "LIQ-1"\ncontrol', 'unit = ""\ncontrol'), "campaign.liquefier.main.dewar: expected a unit of kind storage_dewar"),
    "missing field": (('control = "LC-1"', ""), "campaign.liquefier.main.control: missing; expected unit of kind dewar_level"),
    "unknown parameter": (('"liquefier.main.scale"', '"liquefier.main.scall"'), 'campaign.choices.liquefier.main.scall: there is no parameter "liquefier.main.scall"; did you mean "liquefier.main.scale"'),
    "unknown in a scenario": (('"site.partner.visit_every" =', '"site.partner.visit_evry" ='), 'campaign.scenario.slow.site.partner.visit_evry: there is no parameter'),
    "wrong unit in a scenario": (('"56 d"', '"56 kg"'), 'campaign.scenario.slow.site.partner.visit_every: expected a time such as "10 min", got "56 kg"'),
}
# fmt: on


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_table_is_one_sentence(case, tmp_path):
    change, sentence = CASES[case]
    path = written(tmp_path, SMALL, change)
    with pytest.raises(PlantFileError) as error:
        load_campaign(path)
    assert str(error.value).startswith(f"{path}: {sentence}")


def test_a_plant_without_campaign_says_what_is_missing():
    with pytest.raises(PlantFileError, match="freia-l140.toml: campaign: missing; a year needs"):
        load_campaign("freia-l140")


def test_a_room_beyond_the_map_of_a_machine_is_refused(tmp_path):
    own = """
[unit.D-1]
kind = "storage_dewar"
volume = "500 L"
[campaign.liquefier.hot]
dewar = "D-1"
control = "LC-1"
machine = "l140"
"""
    path = written(tmp_path, SMALL + own, ('temp = "295 K"', 'temp = "315 K"'))
    with pytest.raises(PlantFileError, match="campaign.liquefier.hot.machine: room: the map of l140 goes from 280 K"):
        load_campaign(path)


def test_a_machine_that_is_not_in_the_catalogue_is_refused(tmp_path):
    own = """
[unit.D-1]
kind = "storage_dewar"
volume = "500 L"
[campaign.liquefier.other]
dewar = "D-1"
control = "LC-1"
machine = "l141"
"""
    with pytest.raises(PlantFileError, match="campaign.liquefier.other.machine: .*l141"):
        load_campaign(written(tmp_path, SMALL + own))


def test_closed_days_that_are_no_days_are_refused(tmp_path):
    with pytest.raises(PlantFileError, match='campaign.calendar: expected .* "13-45"'):
        load_campaign(written(tmp_path, LONELY + '\n[campaign.calendar]\nclosed = "13-45"\n'))


def test_a_series_of_something_unknown_is_refused(tmp_path):
    with pytest.raises(PlantFileError, match="series: expected an ambient's p or a magnet's boil_off"):
        load_campaign(written(tmp_path, LONELY), series={"BAG-1.p": [1.0]})


def test_a_scale_beside_a_choice_of_machines_is_refused(tmp_path):
    """It would make of each machine of the catalogue something else than it is."""
    own = """
[unit.D-1]
kind = "storage_dewar"
volume = "500 L"
[campaign.liquefier.new]
dewar = "D-1"
control = "LC-1"
stock = "BUF-1"
machine = "l140"
scale = 0.67
"""
    text = SMALL.replace("[campaign.choices]", '[campaign.choices]\n"liquefier.new.machine" = ["l140", "l280"]')
    path = written(tmp_path, text + own)
    with pytest.raises(
        PlantFileError, match=r"campaign.liquefier.new.scale: a scale beside a choice of machines \(l14"
    ):
        load_campaign(path)
