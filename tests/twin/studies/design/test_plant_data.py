"""Reading measured operating points: TOML and CSV say the same, and bad input is one sentence each."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.errors import PlantFileError
from twin.studies.design.plant_data import Measured, OperatingPoint, read_points

TOML = """
[[point]]
name = "with LN2"
set = {ln2 = true, flow = "42 g/s", split = [0.7]}
[point.measured]
litres = "121 +- 3 L/h"
"T1.in" = "35.2 ± 0.5 K"
yield = {value = "10 %", uncertainty = "0.2 %"}
"""
CSV = """name,set.ln2,set.flow [g/s],set.split,litres [L/h],u litres [L/h],T1.in [K],u T1.in [K],yield [%],u yield [%]
with LN2,yes,42,0.7,121,3,35.2,0.5,10,0.2
"""


def read(tmp_path: Path, text: str, name: str = "data.toml") -> list[OperatingPoint]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_points(path)


@pytest.mark.parametrize(("text", "name"), [(TOML, "data.toml"), (CSV, "data.csv")])
def test_both_forms_say_the_same(tmp_path: Path, text: str, name: str) -> None:
    (point,) = read(tmp_path, text, name)
    assert (point.name, point.ln2, point.split, point.machine) == ("with LN2", True, (0.7,), {"flow": 0.042})
    assert point.measured["litres"].value == pytest.approx(121.0 / 3.6e6)
    assert point.measured["litres"].uncertainty == pytest.approx(3.0 / 3.6e6)
    assert point.measured["T1.in"] == Measured(35.2, 0.5)
    assert point.measured["yield"].value == pytest.approx(0.1)
    assert point.measured["yield"].uncertainty == pytest.approx(0.002)


def test_an_empty_cell_was_not_measured(tmp_path: Path) -> None:
    (point,) = read(tmp_path, "name,litres [L/h],u litres [L/h],T1.in [K],u T1.in [K]\na,121,3,,\n", "data.csv")
    assert list(point.measured) == ["litres"]


def test_an_uncertainty_in_celsius_is_a_difference(tmp_path: Path) -> None:
    (point,) = read(tmp_path, '[[point]]\n[point.measured]\n"L0" = "20 +- 0.5 degC"\n')
    assert point.measured["L0"].value == pytest.approx(293.15)
    assert point.measured["L0"].uncertainty == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no operating point: expected"),
        ("[[point]]\nname = 'a'\n", r'point 1 \("a"\): expected a table `set` and a table `measured`'),
        ("[[point]]\n[point.measured]\nlitres = '121 L/h'\n", "measured.litres: expected a value with its standard"),
        ("[[point]]\n[point.measured]\nlitres = '121 +- 0 L/h'\n", "uncertainty must be above zero"),
        ("[[point]]\n[point.measured]\nlitres = '121 +- 3 bar'\n", "measured.litres: expected a volume flow"),
        ("[[point]]\nset = {flwo = 1}\n[point.measured]\nlitres = '1 +- 1 L/h'\n", 'did you mean "flow"'),
        (
            "[[point]]\nset = {p_high = '1 bar'}\n[point.measured]\nlitres = '1 +- 1 L/h'\n",
            "set.p_high: expected between",
        ),
        (
            "[[point]]\nset = {ln2 = 'maybe'}\n[point.measured]\nlitres = '1 +- 1 L/h'\n",
            'expected true or false, got "maybe"',
        ),
        (
            "[[point]]\nmesured = {}\n[point.measured]\nlitres = '1 +- 1 L/h'\n",
            "point 1.mesured: expected name, set or",
        ),
    ],
)
def test_bad_toml_is_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(PlantFileError, match=sentence):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,litres [L/h]\na,121\n", 'column "litres": expected a column "u litres"'),
        ("name,litres [L/h],u litres [L/h]\na,121\n", "line 2: expected 3 columns, got 2"),
        ("name,litres [L/h],u litres [L/h]\na,many,3\n", "measured.litres: expected a volume flow"),
        ("name,litres [L/h],u litres [L/h]\na,121,\n", "measured.litres: expected value and uncertainty"),
    ],
)
def test_bad_csv_is_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(PlantFileError, match=sentence):
        read(tmp_path, text, "data.csv")


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    for name in ("none.csv", "none.toml"):
        with pytest.raises(PlantFileError, match="cannot be read: No such file"):
            read_points(tmp_path / name)
