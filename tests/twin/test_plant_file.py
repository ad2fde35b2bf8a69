"""Plant files: what is right comes out in SI, what is wrong is said in one sentence with file, table and field."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from twin.errors import PlantFileError
from twin.plant_file import PlantSpec, load_spec, plant_schema, shipped_plants
from twin.unit import KINDS

PLANT = """
description = "Two buffers and a valve."
step = "0.5 s"

[sources]
nist = "NIST SP 811 (2008)"

[unit.AMB-1]
kind = "ambient"
site = "hub"

[unit.AMB-2]
kind = "ambient"
site = "partner"

[unit.BUF-1]
kind = "buffer"
site = "partner"
volume = "500 L"
p_start = "13 bar"
temp_start = "27 degC"
source = {volume = "nist", p_start = "assumed"}

[unit.BUF-2]
kind = "buffer"
volume = 2.0

[unit.CV-101]
kind = "control_valve"
inlet = "BUF-1"
outlet = "BUF-2.vapour"
flow_area = "12 mm2"
start = {opening = "30 %"}
"""

SIREN = '''
"""Siren: a kind with every sort of field."""

from __future__ import annotations

from dataclasses import dataclass

from twin.unit import Input, Param, Wire, action, unit_operation


@unit_operation("siren")
@dataclass(frozen=True)
class Siren:
    """Siren of the user."""

    tones: tuple[float, ...] = Param("Hz", "tones, in turn", default=(440.0,))
    limit: float | None = Param("@measures", "threshold", default=None)
    count: int = Param("1", "number of horns", default=1)
    loud: bool = Param("1", "heard outside", default=True)
    measures: str = Param("text", "unit of the watched tag", default="1")
    watch: str = Wire("tag to watch", default="")

    mode = Input("1", "mode", labels=("off", "auto", "on"))

    def check(self):
        if self.count < 1:
            raise ValueError("a siren needs a horn; expected a count of at least 1")

    @action
    def test(self, plant, unit, duration: float, tone: float = 440.0):
        """Sound it."""
'''


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "campus.toml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def own_kinds(tmp_path: Path) -> Iterator[Path]:
    """A user's folder with the kind `siren`; the registry is put back afterwards."""
    folder = tmp_path / "kinds"
    folder.mkdir()
    (folder / "siren.py").write_text(SIREN)
    before = dict(KINDS)
    yield folder
    KINDS.clear()
    KINDS.update(before)
    for name in [name for name in sys.modules if name.startswith("hetwin_units_")]:
        del sys.modules[name]


def refusal(path: Path, *folders: Path) -> list[str]:
    """The sentences with which the file is refused, without its name and with the nearest right name only."""
    with pytest.raises(PlantFileError) as refused:
        load_spec(path, folders)
    lines = str(refused.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    assert all(line[-1] in ".?" for line in lines)
    return [re.sub(r'( or "[^"]*")+', "", line.removeprefix(f"{path}: ")) for line in lines]


# --- what is right -----------------------------------------------------------------------------------------------


def test_every_number_comes_out_in_si(write: Callable[[str], Path]) -> None:
    spec = load_spec(write(PLANT))
    assert isinstance(spec, PlantSpec)
    assert (spec.name, spec.description, spec.step) == ("campus", "Two buffers and a valve.", 0.5)
    buffer = spec.units["BUF-1"].card
    assert (buffer.volume, buffer.p_start, buffer.temp_start) == (0.5, 1.3e6, 300.15)
    assert spec.units["BUF-2"].card.volume == 2.0
    assert spec.units["CV-101"].card.flow_area == pytest.approx(12e-6)
    assert spec.units["CV-101"].starts == {"opening": 0.3}


def test_a_source_is_named_by_key_or_by_text(write: Callable[[str], Path]) -> None:
    sources = load_spec(write(PLANT)).units["BUF-1"].sources
    assert sources == {"volume": "NIST SP 811 (2008)", "p_start": "assumed"}


def test_ambient_means_the_surroundings_of_the_same_site_else_the_first(write: Callable[[str], Path]) -> None:
    units = load_spec(write(PLANT)).units
    assert units["BUF-1"].card.ambient == "AMB-2"
    assert units["BUF-2"].card.ambient == "AMB-1"


def test_lists_words_switches_labels_and_units_named_by_another_field_are_read(
    write: Callable[[str], Path], own_kinds: Path
) -> None:
    text = '[unit.AL-1]\nkind = "siren"\ntones = ["1 kHz", 500]\nlimit = "13 bar"\nmeasures = "Pa"\ncount = 3\n'
    text += 'loud = false\nwatch = "BUF-1.p"\nstart = {mode = "auto"}\n'
    siren = load_spec(write(PLANT + text), [own_kinds]).units["AL-1"]
    assert (siren.card.tones, siren.card.limit, siren.card.count, siren.card.loud) == ((1000.0, 500.0), 1.3e6, 3, False)
    assert siren.starts == {"mode": 1.0}


def test_the_schedule_keeps_actions_times_and_arguments(write: Callable[[str], Path], own_kinds: Path) -> None:
    text = '[unit.AL-1]\nkind = "siren"\n[[schedule]]\nevery = "7 d"\nat = "9 h"\ndo = "AL-1.test"\n'
    event = load_spec(write(PLANT + text + "with = {duration = 3}\n"), [own_kinds]).schedule[0]
    assert (event.do, event.every, event.at, event.args) == ("AL-1.test", 604800.0, 32400.0, {"duration": 3})


def test_the_content_of_the_file_names_its_digest(write: Callable[[str], Path]) -> None:
    first = load_spec(write(PLANT)).digest
    assert load_spec(write(PLANT)).digest == first
    assert load_spec(write(PLANT.replace("500 L", "501 L"))).digest != first


@pytest.mark.parametrize("name", shipped_plants())
def test_a_shipped_plant_is_read_without_a_word(name: str) -> None:
    spec = load_spec(name)
    assert spec.units
    assert spec.description


# --- what is wrong -----------------------------------------------------------------------------------------------

WRONG = [
    ("wrong unit", '"12 mm2"', '"12 bar"', 'unit.CV-101.flow_area: expected an area such as "12 mm2", got "12 bar".'),
    (
        "unknown kind",
        '"control_valve"',
        '"controll_valve"',
        'unit.CV-101.kind: there is no kind "controll_valve"; did you mean "control_valve"?',
    ),
    (
        "unknown field",
        "flow_area =",
        "stroke_tme = 2\nflow_area =",
        'unit.CV-101.stroke_tme: not a field of a control_valve; did you mean "stroke_time"?',
    ),
    (
        "missing field",
        'flow_area = "12 mm2"',
        "",
        'unit.CV-101.flow_area: missing; expected effective flow area, fully open, an area such as "12 mm2".',
    ),
    (
        "dangling port",
        'inlet = "BUF-1"',
        'inlet = "BUFF-1"',
        'unit.CV-101.inlet: leads to "BUFF-1", but there is no unit "BUFF-1"; did you mean "BUF-1"?',
    ),
    (
        "impossible value",
        '"500 L"',
        '"-500 L"',
        "unit.BUF-1.volume: expected between 1.00 mL and 1e+05 m3, got -500 L.",
    ),
    (
        "impossible start",
        '"30 %"',
        '"130 %"',
        "unit.CV-101.start.opening: expected between 0 and 1.00, got 1.30.",
    ),
    (
        "start of an unknown tag",
        'opening = "30 %"',
        "openning = 0.3",
        'unit.CV-101.start.openning: not a field of the start of a control_valve; did you mean "opening"?',
    ),
    (
        "duplicate unit",
        "[unit.BUF-2]",
        "[unit.BUF-1]",
        "line 24: unit.BUF-1 is declared twice; give each its own name.",
    ),
    (
        "units that differ in case only",
        "[unit.BUF-2]",
        "[unit.buf-1]",
        'unit.buf-1: "BUF-1" differs only in upper and lower case; give each unit its own tag.',
    ),
    (
        "duplicate key",
        "volume = 2.0",
        "volume = 2.0\nvolume = 3.0",
        "line 27: this key is given twice; keep one of them.",
    ),
    ("no TOML", "volume = 2.0", "volume = two", "line 26: not valid TOML: Invalid value."),
    (
        "a dot in a tag",
        "[unit.BUF-2]",
        '[unit."BUF.2"]',
        'unit."BUF.2": a tag is letters, digits, "-" and "_", such as "CV-101".',
    ),
    (
        "source of nothing",
        "{volume =",
        "{volum =",
        'unit.BUF-1.source.volum: there is no field "volum"; did you mean "volume"?',
    ),
    ("wrong step", '"0.5 s"', '"0.5 K"', 'step: expected a time such as "10 min", got "0.5 K".'),
    (
        "no description",
        'description = "Two buffers and a valve."',
        "",
        "description: missing; say in a sentence what the plant is.",
    ),
    (
        "unknown table",
        "[sources]",
        "[source]",
        'source: not a field of a plant file; did you mean "sources"?',
    ),
    (
        "schedule of an unknown unit",
        "start = {opening",
        '[[schedule]]\ndo = "BUF-9.swap"\n#{',
        'schedule[0].do: expected an action such as "BAG-1.swap"; leads to "BUF-9.swap", but there is no unit "BUF-9"; '
        'did you mean "BUF-2"?',
    ),
    (
        "schedule of an unknown action",
        "start = {opening",
        '[[schedule]]\ndo = "BUF-1.swap"\n#{',
        'schedule[0].do: a buffer cannot "swap"; it can do: nothing.',
    ),
]


@pytest.mark.parametrize(("old", "new", "sentence"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_wrong_plant_file_gets_one_sentence(write: Callable[[str], Path], old: str, new: str, sentence: str) -> None:
    assert PLANT.count(old) == 1, "the example must change in one place"
    assert refusal(write(PLANT.replace(old, new))) == [sentence]


def test_all_that_is_wrong_with_the_units_is_said_at_once(write: Callable[[str], Path]) -> None:
    text = PLANT.replace('"12 mm2"', '"12 bar"').replace('"13 bar"', '"13 mm2"').replace('"500 L"', "true")
    assert [line.split(":")[0] for line in refusal(write(text))] == [
        "unit.BUF-1.volume",
        "unit.BUF-1.p_start",
        "unit.CV-101.flow_area",
    ]


def test_a_plant_without_surroundings_is_told_to_add_one(write: Callable[[str], Path]) -> None:
    text = 'description = "x"\n[unit.BUF-1]\nkind = "buffer"\nvolume = 1\n'
    assert refusal(write(text)) == ['unit.BUF-1.ambient: the plant has no unit of kind "ambient"; add one.']


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("count = 2.5", "unit.AL-1.count: expected an integer, got 2.5."),
        ("count = true", "unit.AL-1.count: expected an integer, got True."),
        (
            'tones = "1 kHz"',
            "unit.AL-1.tones: expected a list, each a rate or frequency such as \"50 Hz\", got '1 kHz'.",
        ),
        ('measures = "Pa"\nlimit = "3 K"', 'unit.AL-1.limit: expected a pressure such as "13 bar", got "3 K".'),
        ('start = {mode = "of"}', 'unit.AL-1.start.mode: expected one of off, auto, on, got "of".'),
        ("start = {mode = 3}", "unit.AL-1.start.mode: expected between 0 and 2.00, got 3.00."),
        (
            'watch = "BUF-3.p"',
            'unit.AL-1.watch: leads to "BUF-3.p", but there is no unit "BUF-3"; did you mean "BUF-2"?',
        ),
        ("count = 0", "unit.AL-1: a siren needs a horn; expected a count of at least 1."),
        (
            '[[schedule]]\ndo = "AL-1.tst"',
            'schedule[0].do: a siren cannot "tst"; did you mean "test"?; it can do: test.',
        ),
        ('[[schedule]]\ndo = "AL-1.test"', "schedule[0].with: AL-1.test needs duration."),
        (
            '[[schedule]]\ndo = "AL-1.test"\nwith = {duration = 1, tne = 2}',
            'schedule[0].with: AL-1.test has no argument "tne"; did you mean "tone"?; it takes: duration, tone.',
        ),
    ],
)
def test_a_wrong_field_of_a_users_kind_gets_one_sentence(
    write: Callable[[str], Path], own_kinds: Path, line: str, sentence: str
) -> None:
    assert refusal(write(f'{PLANT}[unit.AL-1]\nkind = "siren"\n{line}\n'), own_kinds) == [sentence]


def test_a_missing_plant_is_answered_with_the_shipped_ones(tmp_path: Path) -> None:
    with pytest.raises(PlantFileError, match=r'^There is no plant "nowhere.toml".*Shipped plants: .*\.$'):
        load_spec("nowhere.toml")
    with pytest.raises(PlantFileError, match=r'^There is no plant "nowhere"'):
        load_spec("nowhere")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert refusal(path) == ["is not UTF-8 text."]


# --- kinds of the user -------------------------------------------------------------------------------------------


def test_a_users_kind_is_an_importable_module_of_a_stable_name(write: Callable[[str], Path], own_kinds: Path) -> None:
    load_spec(write(PLANT), [own_kinds])
    module = sys.modules[KINDS["siren"].card.__module__]
    assert module.__file__ == str(own_kinds / "siren.py")
    assert module.__name__.startswith("hetwin_units_")
    assert module.__name__.endswith("_siren")
    assert KINDS["siren"].summary == "Siren of the user."


def test_a_users_kind_may_not_replace_a_shipped_one(write: Callable[[str], Path], own_kinds: Path) -> None:
    (own_kinds / "siren.py").write_text(SIREN.replace('"siren"', '"buffer"'))
    shipped = KINDS["buffer"]
    with pytest.raises(PlantFileError, match='kind "buffer" exists already in twin.units.buffer'):
        load_spec(write(PLANT), [own_kinds])
    assert KINDS["buffer"] is shipped


def test_a_users_file_that_cannot_be_imported_is_named_with_its_line(
    write: Callable[[str], Path], own_kinds: Path
) -> None:
    (own_kinds / "siren.py").write_text("import math\nvolume = math.sqr(2)\n")
    with pytest.raises(PlantFileError, match=r"siren\.py: cannot be imported: line 2: .*sqr"):
        load_spec(write(PLANT), [own_kinds])


def test_a_missing_folder_of_kinds_is_said(write: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(PlantFileError, match="There is no folder .*elsewhere"):
        load_spec(write(PLANT), [tmp_path / "elsewhere"])


# --- the schema --------------------------------------------------------------------------------------------------


def test_the_schema_knows_every_kind_and_what_its_fields_mean() -> None:
    schema = json.loads(json.dumps(plant_schema()))
    assert schema["required"] == ["description", "unit"]
    assert schema["$defs"].keys() >= KINDS.keys()
    valve = schema["$defs"]["control_valve"]
    assert valve["additionalProperties"] is False
    assert set(valve["required"]) == {"kind", "inlet", "outlet", "flow_area"}
    assert valve["properties"]["flow_area"]["description"] == "effective flow area, fully open [m2]"
    assert valve["properties"]["flow_area"]["examples"] == ["12 mm2"]
