"""The chain on the real network: campaign of `herenet`, costs, decision, report."""

from __future__ import annotations

import json

import numpy as np
import pytest

from twin.studies.sizing.costed import Costed
from twin.studies.sizing.outcome import Budget, work_out
from twin.studies.sizing.report import write
from twin.studies.sizing.study import assumptions
from twin.studies.sizing.trade_off import Search

pytestmark = pytest.mark.slow

FEW = Budget(Search(6, 2, all_up_to=4), 16, 4, 16, 2, 2, 3, 16)


@pytest.fixture(scope="module")
def campaign():
    from twin.studies.sizing.campaign import load_campaign

    return load_campaign("herenet")


def test_the_label_of_a_machine_is_the_machine_that_is_bought(campaign) -> None:
    machine = next(p for p in campaign.parameters if p.name == "liquefier.new.machine")
    size = [figure.name for figure in campaign.figures].index("installed.liquefier")
    rows = np.vstack([campaign.design(**{machine.name: label}) for label in ("l70", "l140", "l280")])
    bought = campaign.run(rows, np.zeros(3, np.uint64))[:, size]
    assert bought[0] < bought[1] < bought[2], "the catalogue's names say which is larger"
    assert machine.labels[machine.choices.index(machine.value)] == "own", "what the plant file says"


def test_the_network_is_sized_and_reported(campaign, tmp_path) -> None:
    model = Costed(campaign)
    values, sample = assumptions(campaign, 16, 1)
    outcome = work_out(model, values, sample.seeds, seed=1, scenarios=tuple(campaign.scenarios.values()), budget=FEW)
    assert not model.left_out, "the campaign tells everything that costs"
    write(outcome, tmp_path, "ja")
    result = json.loads((tmp_path / "result.json").read_text())
    assert set(result["phases"]) == set(campaign.scenarios)
    assert result["figures"]["closure"]["q95"] < 1e-9
    causes = sum(found["mean"] for name, found in result["figures"].items() if name.startswith("lost."))
    assert causes == pytest.approx(result["figures"]["lost"]["mean"], rel=1e-9), "every loss has a cause"
    items = sum(found["mean"] for name, found in result["figures"].items() if name.startswith("cost."))
    assert items == pytest.approx(result["figures"]["cost"]["mean"], rel=1e-9)
