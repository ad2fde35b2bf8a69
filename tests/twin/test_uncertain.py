"""Distributions in plant files: what they say comes out in SI, what is wrong is one sentence with its place."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from twin.errors import PlantFileError
from twin.plant_file import PlantSpec, load_spec, plant_schema
from twin.uncertain import Distribution

HOUR = 3600.0
U = np.linspace(0.001, 0.999, 999)

Load = Callable[[str], PlantSpec]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """A plant with one magnet, whose boil-off is as given (0 to 3.6 L/h)."""
    (tmp_path / "magnets.csv").write_text("name,boil_off\na,12\nb,18\nc,\nd,13\n")
    (tmp_path / "wrong.csv").write_text("boil_off\n12\nmany\n")
    (tmp_path / "same.csv").write_text("boil_off\n12\n12\n")

    def load(boil_off: str) -> PlantSpec:
        path = tmp_path / "campus.toml"
        path.write_text(
            'description = "A magnet."\n[unit.AMB-1]\nkind = "ambient"\n'
            f'[unit.MAG-1]\nkind = "nmr_magnet"\nvent = "AMB-1"\nvolume = "150 L"\nboil_off = {boil_off}\n'
        )
        return load_spec(path)

    return load


def boil_off(load: Load, text: str) -> Distribution:
    return load(text).uncertain["MAG-1.boil_off"]


def refusal(load: Load, text: str) -> str:
    with pytest.raises(PlantFileError) as refused:
        load(text)
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence.partition("campus.toml: ")[2]


SCALE = 1e-6 / HOUR
RIGHT = [
    ('"12..18 mL/h"', stats.uniform(12.0, 6.0), 15.0),
    ('"12 mL/h..0.018 L/h"', stats.uniform(12.0, 6.0), 15.0),
    ('{ uniform = ["12 mL/h", "18 mL/h"] }', stats.uniform(12.0, 6.0), 15.0),
    ('{ normal = "15 mL/h", sd = "1.5 mL/h" }', stats.truncnorm(-10.0, 2390.0, 15.0, 1.5), 15.0),
    ('{ normal = "15 mL/h", sd = "9 mL/h" }', stats.truncnorm(-15.0 / 9.0, 398.0, 15.0, 9.0), 15.0),
    ('{ triangular = ["12 mL/h", "14 mL/h", "18 mL/h"] }', stats.triang(2.0 / 6.0, 12.0, 6.0), 14.0),
    ('{ triangular = ["12 mL/h", "12 mL/h", "18 mL/h"] }', stats.triang(0.0, 12.0, 6.0), 12.0),
]


@pytest.mark.parametrize(("text", "reference", "nominal"), RIGHT, ids=[r[0] for r in RIGHT])
def test_a_distribution_is_that_of_the_textbook_and_the_card_has_its_nominal(
    load: Load, text: str, reference: stats.rv_continuous, nominal: float
) -> None:
    spec = load(text)
    found = spec.uncertain["MAG-1.boil_off"]
    np.testing.assert_allclose(found.ppf(U), SCALE * reference.ppf(U), rtol=1e-9)
    card_value = spec.units["MAG-1"].card.boil_off
    assert type(card_value) is float
    assert card_value == found.nominal == pytest.approx(SCALE * nominal)


def test_measured_values_are_read_beside_the_plant_file_and_blanks_are_left_out(load: Load) -> None:
    found = boil_off(load, '{ empirical = "magnets.csv", column = "boil_off", unit = "mL/h" }')
    np.testing.assert_allclose(found.ppf(np.array([0.0, 0.25, 0.5, 1.0])), SCALE * np.array([12.0, 12.5, 13.0, 18.0]))
    assert found.nominal == pytest.approx(SCALE * 13.0)
    assert found.text == "3 values of magnets.csv, column boil_off"


def test_measured_values_that_change_are_another_plant(load: Load, tmp_path: Path) -> None:
    text = '{ empirical = "magnets.csv", column = "boil_off", unit = "mL/h" }'
    first = load(text).digest
    (tmp_path / "magnets.csv").write_text("boil_off\n12\n19\n")
    assert load(text).digest != first


def test_a_normal_distribution_that_is_cut_says_so(load: Load) -> None:
    found = boil_off(load, '{ normal = "15 mL/h", sd = "9 mL/h" }')
    assert found.text.startswith("normal 15 mL/h, sd 9 mL/h, cut at 0")
    assert found.bounds[0] == 0.0
    assert "cut" not in boil_off(load, '{ normal = "15 mL/h", sd = "1.5 mL/h" }').text


@pytest.mark.parametrize("text", [r[0] for r in RIGHT])
def test_a_distribution_survives_the_way_to_another_process(load: Load, text: str) -> None:
    found = boil_off(load, text)
    assert pickle.loads(pickle.dumps(found)) == found


def test_a_plain_number_is_not_uncertain(load: Load) -> None:
    assert load('"15 mL/h"').uncertain == {}


FLOW = 'a volume flow such as "20 m3/h"'
EXAMPLE = '{ normal = "20 m3/h", sd = "20 m3/h" }'
WRONG = [
    ('"18..12 mL/h"', "expected the lower end before the upper one, got 18..12 mL/h."),
    ('"12..18 K"', f'expected {FLOW}, got "12 K".'),
    ('"12..x mL/h"', f'expected {FLOW}, got "12 ".'),
    ('"-1..18 mL/h"', "expected between 0 m3/s and 0.00360 m3/h, got -1e-06 m3/h."),
    ('{ normal = "15 mL/h" }', f"sd: missing; expected a standard deviation, such as {EXAMPLE}."),
    ('{ normal = "15 mL/h", sd = "1 K" }', f'sd: expected {FLOW}, got "1 K".'),
    ('{ normal = "15 mL/h", sd = 0 }', "sd: expected more than zero, got 0."),
    ('{ normal = "15 mL/h", sd = "1 mL/h", mean = 2 }', '"mean" is not a word of normal; it knows normal, sd.'),
    (
        '{ normal = "1 mL/h", sd = "2 mL/h" }',
        "31 % of normal 1 mL/h, sd 2 mL/h lie outside 0 m3/s to 0.00360 m3/h; give a smaller sd, or a triangular "
        "distribution.",
    ),
    (
        '{ triangular = ["12 mL/h", "18 mL/h"] }',
        "triangular: expected a list of 3 (least, most likely, greatest), got ['12 mL/h', '18 mL/h'].",
    ),
    (
        '{ triangular = ["12 mL/h", "19 mL/h", "18 mL/h"] }',
        "expected the least, the most likely and the greatest value in this order, got triangular 12 mL/h, 19 mL/h, "
        "18 mL/h.",
    ),
    (
        '{ gamma = "12 mL/h" }',
        "expected one of uniform, normal, triangular, empirical in the table, such as "
        f"{EXAMPLE}, got {{'gamma': '12 mL/h'}}.",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG, ids=[w[0] for w in WRONG])
def test_a_wrong_distribution_gets_one_sentence_with_its_place(load: Load, text: str, sentence: str) -> None:
    assert refusal(load, text) == f"unit.MAG-1.boil_off: {sentence}"


@pytest.mark.parametrize(
    ("table", "clause"),
    [
        ('empirical = "none.csv", column = "boil_off", unit = "mL/h"', "there is no file "),
        ('empirical = "campus.toml", column = "x"', 'expected a file .csv or .parquet, got "campus.toml"'),
        ('empirical = "magnets.csv", column = "boil_of"', 'no column "boil_of"; did you mean "boil_off"?'),
        ('empirical = "magnets.csv"', 'expected { empirical = "file.csv", column = "name", unit = "…" }'),
        (
            'empirical = "magnets.csv", column = "boil_off", unit = "K"',
            'unit: expected a volume flow such as "20 m3/h"',
        ),
        ('empirical = "magnets.csv", column = "boil_off"', "expected between 0 m3/s and"),
        ('empirical = "wrong.csv", column = "boil_off"', 'row 2: expected a number in column "boil_off", got "many"'),
        ('empirical = "same.csv", column = "boil_off"', "expected at least two different values"),
    ],
)
def test_a_wrong_file_of_values_gets_one_sentence_with_its_place(load: Load, table: str, clause: str) -> None:
    sentence = refusal(load, f"{{ {table} }}")
    assert sentence.startswith("unit.MAG-1.boil_off: ")
    assert clause in sentence


def test_a_temperature_spreads_by_kelvin_not_by_a_point_on_the_scale(tmp_path: Path) -> None:
    path = tmp_path / "campus.toml"
    text = 'description = "Air."\n[unit.AMB-1]\nkind = "ambient"\ntemp = { normal = "20 degC", sd = "SD" }\n'
    path.write_text(text.replace("SD", "2 K"))
    found = load_spec(path).uncertain["AMB-1.temp"]
    assert found.ppf(np.array([0.5, stats.norm.cdf(1.0)])) == pytest.approx([293.15, 295.15])
    path.write_text(text.replace("SD", "2 degC"))
    with pytest.raises(PlantFileError, match='sd: expected a difference, such as "2 K", got "2 degC"'):
        load_spec(path)


def test_the_schema_knows_the_tables_that_are_distributions() -> None:
    schema = json.loads(json.dumps(plant_schema()))
    field = schema["$defs"]["nmr_magnet"]["properties"]["boil_off"]
    assert {"$ref": "#/$defs/distribution"} in field["anyOf"]
    assert {"$ref": "#/$defs/triangular"} in schema["$defs"]["distribution"]["anyOf"]
    assert schema["$defs"]["normal"]["required"] == ["normal", "sd"]
