"""Specifications from files, and what is said of wrong ones."""

from __future__ import annotations

import pytest

from twin.errors import PlantFileError
from twin.studies.design.design_file import load_design
from twin.studies.design.result import solve_design

GOOD = """
description = "a small one"
ln2 = false
[machine]
flow = "20 g/s"
p_high = "14 bar"
[exchangers]
effectiveness = 0.96
[exchanger.E1]
UA = "2.5 kW/K"
[turbine.T2]
share = 0.38
efficiency = 0.7
"""


def written(tmp_path, text):
    path = tmp_path / "box.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_becomes_a_design_in_si(tmp_path):
    design = load_design(written(tmp_path, GOOD))
    assert design.machine.flow == pytest.approx(0.02)
    assert design.exchangers["E1"].given == {"UA": pytest.approx(2500.0)}
    assert design.exchangers["E2"].given == {"effectiveness": 0.96}
    assert (design.turbines["T1"].share, design.turbines["T2"].share) == (0.42, 0.38)
    assert design.bath is None
    assert solve_design(design).yield_ > 0.03


def test_an_arrangement_of_ones_own(tmp_path):
    text = """
[arrangement]
high = ["E1", "LN2", "E2", "T1", "E3", "E4", "E5"]
low = ["E5", "E4", "T1", "E3", "E2", "E1"]
"""
    design = load_design(written(tmp_path, text))
    assert design.arrangement.exchangers == ["E1", "E2", "E3", "E4", "E5"]
    assert solve_design(design).yield_ > 0.03


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[machine]\nflow = "13 bar"', 'machine.flow: expected a mass flow such as "42 g/s", got "13 bar"'),
        ("[machine]\nflwo = 1", 'machine.flwo: not a field of [machine]; did you mean "flow"'),
        ('arrangement = "colins"', 'arrangement: expected collins, series, three_way or a table, got "colins"'),
        ("number_of_turbines = 4", "number_of_turbines: expected 1 to 3, got 4"),
        ("[turbine.T3]\nshare = 0.1", 'turbine.T3: this arrangement has no such turbine; did you mean "T'),
        ("[exchanger.E1]\nUA = 1e4\npinch = 1.0", "exchanger.E1: UA and pinch say the same; give one of them"),
        ('[arrangement]\nhigh = ["E1", "T1", "E2"]\nlow = ["E2", "E1"]', "T1: branches off in high and joins in low"),
        ('[arrangement]\nhigh = ["E1", "E2"]\nlow = ["E2"]', "E1: passed 0 times by the warmed stream"),
        ("[exchangers]\neffectiveness = 1.2", "exchangers.effectiveness: expected between"),
        ("[bad", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path, text, sentence):
    with pytest.raises(PlantFileError) as refusal:
        load_design(written(tmp_path, text))
    assert sentence in str(refusal.value)
    assert "box.toml" in str(refusal.value)


def test_a_missing_file_names_what_there_is():
    with pytest.raises(PlantFileError, match='there is no machine or file "l41"'):
        load_design("l41")
