"""Rules of a year: trucks, demand limit, power cuts, failures, purifier, users, scenarios."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.studies.sizing.campaign.plants import SMALL, written
from twin.studies.sizing.campaign import load_campaign

USERS = """
[campaign.users.lab]
dewar = "LIQ-1"
bag = "BAG-2"
demand = "600 LLHe/a"
recovery = 0.8
flash = 0.1
delay = "1 d"
"""


@pytest.fixture
def year(tmp_path):
    def of(*changes: tuple[str, str], text: str = SMALL):
        return load_campaign(written(tmp_path, text, *changes)).year(seed=2)

    return of


def test_the_truck_comes_by_its_plan(year):
    figures, _ = year()
    assert figures["trips"] == 13  # every 28 days from the seventh day on
    assert figures["distance"] == pytest.approx(13 * 2 * 100e3)


def test_what_is_lost_is_named(year):
    figures, _ = year()
    assert figures["lost"] == pytest.approx(sum(v for k, v in figures.items() if k.startswith("lost.")), rel=1e-12)


def test_a_limit_of_demand_forbids_starts_in_its_hours(year):
    every_day = '\n[campaign.calendar]\nholidays = "none"\nclosed = ""\nweekends = true\n'
    cap = '[campaign.power]\ncap = "1 W"\ncap_begin = "6 h"\ncap_end = "20 h"\n'
    free, capped = (year(text=SMALL + text)[1] for text in (every_day, every_day + cap))
    begun = [(h["main.mode"] > 0.0) & (h["main.mode"].shift(1) == 0.0) for h in (free, capped)]
    hours = [(h.index[b].to_numpy() / 3600.0 - 1.0) % 24.0 for h, b in zip((free, capped), begun, strict=True)]
    by_day = [int(((hour >= 6.0) & (hour < 20.0)).sum()) for hour in hours]
    assert by_day[0] > 0
    assert by_day[1] == 0
    assert len(hours[1]) > 0


def test_without_power_the_bag_fills_and_vents(year):
    dark = '[campaign.site.hub]\npower_cuts = "50 1/a"\ncut_time = "5 d"\n'
    assert year(text=SMALL + dark)[0]["lost.relief"] > year()[0]["lost.relief"] + 1.0


def test_a_compressor_that_never_works_loses_what_boils_off(year):
    broken = ('bag_volume = "1 m3"', 'bag_volume = "1 m3"\nfailures = "3000 1/a"\nrepair_time = "300 d"')
    good, bad = year()[0], year(broken)[0]
    boiled = 0.02 * 8760.0 * 0.12467 * 0.864  # kg a year
    assert bad["lost.relief"] - good["lost.relief"] > 0.5 * boiled


def test_regeneration_costs_what_its_table_says(year):
    figures, _ = year(
        ('capacity = "10 Nm3/h"', 'capacity = "10 Nm3/h"\nregeneration_loss = "0.1 kg"\non_line = "20 d"')
    )
    assert figures["regenerations"] in (16, 17, 18)
    assert figures["lost.purge"] == pytest.approx(0.1 * figures["regenerations"], rel=0.05)  # and a little by the drain


def test_users_lose_the_share_that_they_do_not_return(year):
    without, served = year()[0], year(text=SMALL + USERS)[0]
    taken = served["delivered"] - without["delivered"]
    assert taken + served["unmet"] - without["unmet"] == pytest.approx(600.0 * 0.12467, rel=0.05)
    assert served["lost.users"] == pytest.approx(0.2 * 0.9 * taken, rel=0.05)  # all but the flash, days apart


def test_the_hub_gives_more_liquid_from_phase_to_phase():
    herenet = load_campaign("herenet")
    given = [figure.name for figure in herenet.figures].index("decanted")
    found = []
    for phase in ("phase-1", "phase-2", "phase-3"):
        values = np.tile(herenet.design(**herenet.scenarios[phase].values), (8, 1))
        found.append(herenet.run(values, np.arange(8))[:, given].mean())
    assert found[0] < found[1] < found[2]


def test_a_quench_loses_the_liquid_of_the_magnet(year):
    figures, hours = year(("quenches = 0", 'quenches = "3 1/a"'))
    assert figures["lost.quench"] > 3.0
    assert hours["MAG-1.level"].min() < 0.1
