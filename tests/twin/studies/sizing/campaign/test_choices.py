"""Choices of a design as the plant file names them, and how they stand to the values of the file."""

import numpy as np
import pytest

from tests.twin.studies.sizing.campaign.plants import SMALL, written
from twin.errors import PlantFileError
from twin.studies.sizing.campaign import load_campaign
from twin.studies.sizing.designs import DesignSpace

DAY = 86400.0


def choosing(tmp_path, *lines):
    text = SMALL.replace("[campaign.choices]", "\n".join(["[campaign.choices]", *lines]))
    assert text != SMALL
    return load_campaign(written(tmp_path, text))


def parameter(model, name):
    return next(p for p in model.parameters if p.name == name)


def test_the_value_of_the_file_is_always_among_the_choices(tmp_path):
    """So that the design called present is what the file describes; 28 d stands there."""
    model = choosing(tmp_path, '"site.partner.visit_every" = ["56 d", "14 d"]')
    assert parameter(model, "site.partner.visit_every").choices == (14 * DAY, 28 * DAY, 56 * DAY)
    space = DesignSpace.of(model)
    assert space.values(space.present)["site.partner.visit_every"] == 28 * DAY


def test_what_is_chosen_is_not_uncertain_too(tmp_path):
    text = SMALL.replace("[campaign.choices]", '[campaign.choices]\n"MAG-1.boil_off" = ["15 mL/h"]')
    path = written(tmp_path, text.replace('boil_off = "20 mL/h"', 'boil_off = "18..22 mL/h"'))
    with pytest.raises(PlantFileError, match="campaign.choices.MAG-1.boil_off: MAG-1.boil_off is chosen here and unc"):
        load_campaign(path)


def test_a_larger_bag_is_bought_for_what_it_holds_more(tmp_path):
    model = choosing(tmp_path, '"BAG-2.volume" = ["10 m3", "30 m3"]')
    values = np.array([model.design(**{"BAG-2.volume": volume}) for volume in (10.0, 30.0)])
    figures = [figure.name for figure in model.figures]
    bought = model.run(values, np.array([1, 1]))[:, figures.index("installed.bags")]
    assert bought == pytest.approx([0.0, 20.0])
