"""Read and check a plant file; foreign units become SI here and nowhere else.

Everything wrong with a file is said in one sentence each: file, table, field, what was expected, nearest right name.
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.checked import refuse
from twin.errors import PlantFileError, nearest
from twin.kinds import load_installed_kinds, load_kinds, load_shipped_kinds, load_units
from twin.plant_schema import plant_schema, read_file_table, read_unit_table
from twin.uncertain import Distribution, taken_apart
from twin.unit import KINDS, Kind

__all__ = [
    "Event",
    "PlantSpec",
    "UnitSpec",
    "find_plant",
    "load_installed_kinds",
    "load_kinds",
    "load_shipped_kinds",
    "load_spec",
    "load_units",
    "plant_schema",
    "shipped_plants",
]

PLANTS = Path(__file__).parent / "plants"
DEFAULT_STEP = 1.0  # s
UNIT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class UnitSpec:
    """One unit of the plant: its card holds parameters in SI, ports and wires."""

    name: str
    kind: Kind
    card: Any
    site: str = ""
    text: str = ""
    text_ja: str = ""
    starts: dict[str, float] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    """Where the numbers come from, by field; "" stands for all others."""
    uncertain: dict[str, Distribution] = field(default_factory=dict)
    """What the file gives as distributions, by field; the card has the nominal value."""


@dataclass(frozen=True)
class Event:
    """An action that happens by itself: once at `at` [s], or in every period of `every` [s] at `at` within it."""

    do: str
    at: float = 0.0
    every: float | None = None
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PlantSpec:
    """A plant file, checked and in SI."""

    name: str
    path: Path
    description: str
    step: float
    units: dict[str, UnitSpec]
    sources: dict[str, str] = field(default_factory=dict)
    schedule: list[Event] = field(default_factory=list)
    digest: str = ""
    """Names the content of the file, so that a snapshot knows which plant it belongs to."""
    campaign: dict[str, Any] = field(default_factory=dict)
    """Tables of `[campaign]` as written; studies of a year read them, the dynamic twin does not."""

    @property
    def uncertain(self) -> dict[str, Distribution]:
        """Distributions of uncertain parameters by name, such as "MAG-Y1.boil_off"."""
        units = self.units.values()
        return {f"{unit.name}.{key}": found for unit in units for key, found in unit.uncertain.items()}


def shipped_plants() -> list[str]:
    """Names of the plants that come with the package."""
    return sorted(path.stem for path in PLANTS.glob("*.toml"))


def find_plant(name_or_path: str | Path) -> Path:
    """The file of a shipped plant's name or of a path."""
    path = Path(name_or_path)
    if path.suffix == ".toml" or len(path.parts) > 1:
        if path.is_file():
            return path
    elif (shipped := PLANTS / f"{path}.toml").is_file():
        return shipped
    names = shipped_plants()
    wrong = nearest(path.stem, names)
    raise PlantFileError(f'There is no plant "{name_or_path}"{wrong}. Shipped plants: {", ".join(names) or "none"}.')


def load_spec(name_or_path: str | Path, units: Iterable[str | Path] = ()) -> PlantSpec:
    """Read a plant by name or path; `units` are folders of further kinds. PlantFileError says all that is wrong."""
    path = find_plant(name_or_path)
    load_kinds(units)
    raw = read_toml(path)
    table, problems = read_file_table(raw)
    refuse(path, problems)
    specs, problems = _read_units(table, path.parent)
    refuse(path, problems)
    specs, problems = _connect(specs)
    schedule, more = _read_schedule(table.get("schedule", []), specs)
    refuse(path, problems + more)
    return PlantSpec(
        path.stem,
        path,
        table["description"].strip(),
        table.get("step", DEFAULT_STEP),
        specs,
        table.get("sources", {}),
        schedule,
        _digest(path, specs),
        campaign=table.get("campaign", {}),
    )


def _digest(path: Path, specs: dict[str, UnitSpec]) -> str:
    """Of the file and of the measured values that it takes from others."""
    found = hashlib.sha256(path.read_bytes())
    for unit in specs.values():
        for key, distribution in unit.uncertain.items():
            found.update(f"{unit.name}.{key} {distribution!r}".encode())
    return found.hexdigest()[:16]


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; PlantFileError if it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise PlantFileError(f"{path}: cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise PlantFileError(f"{path}: is not UTF-8 text.") from None
    except tomllib.TOMLDecodeError as problem:
        raise PlantFileError(f"{path}: {_toml_sentence(str(problem))}.") from None


def _toml_sentence(problem: str) -> str:
    text, _, place = problem.removesuffix(")").partition(" (at ")
    twice = re.fullmatch(r"Cannot declare \((.*)\) twice", text)
    if twice:
        table = ".".join(part.strip(" '\"") for part in twice[1].split(",") if part.strip())
        text = f"{table} is declared twice; give each its own name"
    elif text == "Cannot overwrite a value":
        text = "this key is given twice; keep one of them"
    else:
        text = f"not valid TOML: {text}"
    return f"{place.partition(',')[0]}: {text}" if place else text


def _read_units(table: dict[str, Any], folder: Path) -> tuple[dict[str, UnitSpec], list[str]]:
    specs: dict[str, UnitSpec] = {}
    problems: list[str] = []
    for name, raw in table["unit"].items():
        taken = next((other for other in specs if other.lower() == name.lower()), None)
        if not UNIT_NAME.fullmatch(name):
            problems.append(f'unit."{name}": a tag is letters, digits, "-" and "_", such as "CV-101"')
        elif taken:
            problems.append(f'unit.{name}: "{taken}" differs only in upper and lower case; give each unit its own tag')
        else:
            spec, wrong = _read_unit(name, raw, table.get("sources", {}), folder)
            problems += wrong
            if spec is not None:
                specs[name] = spec
    return specs, problems


def _read_unit(name: str, raw: Any, sources: dict[str, str], folder: Path) -> tuple[UnitSpec | None, list[str]]:
    place = f"unit.{name}"
    if not isinstance(raw, dict) or not isinstance(raw.get("kind"), str):
        return None, [f'{place}.kind: missing; expected a kind of equipment such as "gas_bag"']
    kind = KINDS.get(raw["kind"])
    if kind is None:
        return None, [f"{place}.kind: {_unknown_kind(raw['kind'])}"]
    table, problems = read_unit_table(kind, raw, folder)
    if problems:
        return None, [f"{place}.{problem}" for problem in problems]
    table, uncertain = taken_apart(table)

    declared = {f.name for f in dataclasses.fields(kind.card)}
    try:
        card = kind.card(**{key: value for key, value in table.items() if key in declared})
        if hasattr(card, "check"):
            card.check()
    except ValueError as wrong:
        return None, [f"{place}: {wrong}"]
    given, problems = _read_sources(table.get("source", {}), sources, declared)
    texts = {key: table.get(key, "") for key in ("site", "text", "text_ja")}
    spec = UnitSpec(name, kind, card, starts=dict(table.get("start", {})), sources=given, uncertain=uncertain, **texts)
    return spec, [f"{place}.{problem}" for problem in problems]


def _unknown_kind(name: str) -> str:
    clause = f'there is no kind "{name}"{nearest(name, KINDS)}'
    if "did you mean" in clause:
        return clause
    if not any(kind.card.__module__.startswith("hil.") for kind in KINDS.values()):
        clause += "; is it one of hil.controllers? import hil.controllers first"
    return f"{clause}; a kind of your own is found with --units DIR"


def _read_sources(
    source: str | dict[str, str], known: dict[str, str], fields: set[str]
) -> tuple[dict[str, str], list[str]]:
    table = {"": source} if isinstance(source, str) else source
    problems = [
        f'source.{key}: there is no field "{key}"{nearest(key, fields)}' for key in table if key and key not in fields
    ]
    return {key: known.get(text, text) for key, text in table.items()}, problems


def _connect(specs: dict[str, UnitSpec]) -> tuple[dict[str, UnitSpec], list[str]]:
    """Check that ports and wires lead somewhere, and give "ambient" its name."""
    connected, problems = {}, []
    for spec in specs.values():
        changes = {}
        for key in spec.kind.ports:
            target = getattr(spec.card, key)
            if target == "ambient" and "ambient" not in specs:
                target = changes[key] = _ambient(spec, specs)
                if not target:
                    problems.append(f'unit.{spec.name}.{key}: the plant has no unit of kind "ambient"; add one')
            elif target and target.split(".")[0] not in specs:
                problems.append(f"unit.{spec.name}.{key}: {_no_unit(target, specs)}")
        for key in spec.kind.wires:
            target = getattr(spec.card, key)
            if target and target.split(".")[0] not in specs:
                problems.append(f"unit.{spec.name}.{key}: {_no_unit(target, specs)}")
        card = dataclasses.replace(spec.card, **changes)
        connected[spec.name] = dataclasses.replace(spec, card=card)
    return connected, problems


def _ambient(spec: UnitSpec, specs: dict[str, UnitSpec]) -> str:
    """The surroundings of the unit's site, else the first there are."""
    around = [other for other in specs.values() if other.kind.name == "ambient"]
    same = [other for other in around if other.site == spec.site]
    return (same or around)[0].name if around else ""


def _no_unit(target: str, specs: Iterable[str]) -> str:
    unit = target.split(".")[0]
    return f'leads to "{target}", but there is no unit "{unit}"{nearest(unit, specs)}'


def _read_schedule(table: list[dict[str, Any]], specs: dict[str, UnitSpec]) -> tuple[list[Event], list[str]]:
    events, problems = [], []
    for number, row in enumerate(table):
        wrong = action_problem(row["do"], row.get("with", {}), specs)
        if wrong:
            problems.append(f"schedule[{number}].{wrong}")
        if row.get("every") is not None and row.get("at", 0.0) >= row["every"]:
            problems.append(f"schedule[{number}].at: lies outside the period; expected less than `every`")
        events.append(Event(row["do"], row.get("at", 0.0), row.get("every"), row.get("with", {})))
    return events, problems


def action_problem(do: str, args: dict[str, Any], specs: dict[str, UnitSpec]) -> str:
    """What is wrong with an action and its arguments, as `do: …`, or nothing."""
    unit, _, name = do.partition(".")
    if unit not in specs:
        return f'do: expected an action such as "BAG-1.swap"; {_no_unit(do, specs)}'
    actions = specs[unit].kind.actions
    if name not in actions:
        known = ", ".join(actions) or "nothing"
        return f'do: a {specs[unit].kind.name} cannot "{name}"{nearest(name, actions)}; it can do: {known}'
    parameters = list(inspect.signature(actions[name]).parameters.values())[3:]  # after self, plant, unit
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return ""
    names = [p.name for p in parameters]
    unknown = [key for key in args if key not in names]
    if unknown:
        return f'with: {do} has no argument "{unknown[0]}"{nearest(unknown[0], names)}; it takes: {", ".join(names)}'
    missing = [p.name for p in parameters if p.default is p.empty and p.name not in args]
    return f"with: {do} needs {', '.join(missing)}" if missing else ""
