"""A model with fewer choices: those that are named, the rest as the plant file has it."""

from __future__ import annotations

import pytest

from tests.twin.studies.sizing.example_network import network
from twin.errors import BadStudy
from twin.studies.sizing.designs import DesignSpace
from twin.studies.sizing.variants import only


def test_only_the_named_choices_are_left_and_the_rest_is_as_it_was() -> None:
    model = network()
    names = [parameter.name for parameter in DesignSpace.of(model).parameters]
    few = only(model, names[0])
    assert [p.name for p in DesignSpace.of(few).parameters] == names[:1]
    assert [(p.name, p.value) for p in few.parameters] == [(p.name, p.value) for p in model.parameters]


def test_a_choice_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadStudy, match='there is no parameter "bagz"'):
        only(network(), "bagz")
