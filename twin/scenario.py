"""Scenarios: what happens to a plant at which time, from a TOML file, checked against the plant's tags and actions.

    description = "The power fails during a refill."
    plant = "teaching"

    [[event]]
    at = "10 min"
    text = "The magnet is refilled."
    do = "MAG-1.refill"
    with = {amount = "60 L"}

    [[event]]
    at = "25 min"
    set = {"CC-1.run" = "off", "CV-101.opening" = "20 %"}

    [[event]]
    at = "40 min"
    ramp = {"AMB-1.barometer" = "985 mbar"}
    over = "2 h"

    [[event]]
    at = "3 h"
    expect = {"MAG-1.p" = ["1.0 bar", "1.3 bar"]}

Times count from the start of the scenario. An expectation that is not met is reported, it does not stop the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, Required

from pydantic import Field, TypeAdapter

from twin.checked import Place, checked, labelled, quantity_type, refuse, table_type
from twin.errors import PlantFileError, TwinError, nearest
from twin.plant_file import action_problem, read_toml
from twin.quantities import format, parse
from twin.tags import Tag, Tags

if TYPE_CHECKING:
    from twin.plant import Plant
    from twin.plant_file import PlantSpec

SCENARIOS = Path(__file__).parent / "scenarios"
RAMP_STEPS = 200
"""Writes that make up a ramp, at most; fewer when the plant's step is coarser."""


@dataclass(frozen=True)
class ScenarioEvent:
    """What happens `at` [s] after the start: writes, ramps `over` [s], an action, expected ranges."""

    at: float
    text: str = ""
    writes: dict[str, float] = field(default_factory=dict)
    ramps: dict[str, float] = field(default_factory=dict)
    over: float = 0.0
    do: str = ""
    args: dict[str, Any] = field(default_factory=dict)
    expect: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """A scenario file, checked and in SI, events in order of time."""

    name: str
    path: Path
    description: str
    events: tuple[ScenarioEvent, ...]
    plant: str = ""


@dataclass(frozen=True)
class Finding:
    """Whether an expected range was met: the tag's value at a time [s]."""

    time: float
    tag: str
    value: float
    low: float
    high: float
    unit: str

    @property
    def met(self) -> bool:
        return self.low <= self.value <= self.high

    def __str__(self) -> str:
        value, low, high = (format(number, self.unit) for number in (self.value, self.low, self.high))
        words = "as expected" if self.met else "but was expected"
        return f"At {format(self.time, 's')} {self.tag} was {value}, {words} between {low} and {high}."


_EVENT: Any = table_type(
    "event",
    {
        "at": Required[quantity_type("s", "time after the start of the scenario", (0.0, 1e12))],
        "text": NotRequired[Annotated[str, Field(description="what happens, for people")]],
        "set": NotRequired[dict[str, Any]],
        "ramp": NotRequired[dict[str, Any]],
        "over": NotRequired[quantity_type("s", "length of the ramp", (1e-3, 1e12))],
        "do": NotRequired[str],
        "with": NotRequired[dict[str, Any]],
        "expect": NotRequired[dict[str, list[Any]]],
    },
)
_FILE: Any = table_type(
    "scenario", {"description": Required[str], "plant": NotRequired[str], "event": Required[list[_EVENT]]}
)
_ADAPTER = TypeAdapter(_FILE)


def shipped_scenarios() -> list[str]:
    """Names of the scenarios that come with the package."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def load_scenario(name_or_path: str | Path, plant: Plant) -> Scenario:
    """Read a scenario by name or path and check it against the plant; PlantFileError says all that is wrong."""
    path = _find(name_or_path)
    table, problems = checked(_ADAPTER, read_toml(path), _known, _wanted)
    refuse(path, problems)
    if table.get("plant", plant.name) != plant.name:
        refuse(path, [f'plant: this scenario is for the plant "{table["plant"]}", not "{plant.name}"'])
    events = []
    for number, row in enumerate(table["event"]):
        event, wrong = _read_event(row, plant.tags, plant.spec)
        problems += [f"event[{number}].{clause}" for clause in wrong]
        events.append(event)
    refuse(path, problems)
    return Scenario(
        path.stem, path, table["description"].strip(), tuple(sorted(events, key=lambda e: e.at)), plant.name
    )


def _find(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.is_file():
        return path
    if (shipped := SCENARIOS / f"{path}.toml").is_file():
        return shipped
    names = shipped_scenarios()
    wrong = nearest(path.stem, names)
    raise PlantFileError(
        f'There is no scenario "{name_or_path}"{wrong}. Shipped scenarios: {", ".join(names) or "none"}.'
    )


def _known(place: Place) -> tuple[str, list[str]]:
    if place[0] == "event":
        return "an event", list(_EVENT.__annotations__)
    return "a scenario", list(_FILE.__annotations__)


def _wanted(place: Place) -> str:
    return {
        "at": 'expected a time such as "10 min"',
        "description": "say in a sentence what happens",
        "event": "a scenario needs at least one [[event]]",
    }[place[-1]]


def _read_event(row: dict[str, Any], tags: Tags, spec: PlantSpec) -> tuple[ScenarioEvent, list[str]]:
    problems: list[str] = []
    writes = _read_writes("set", row.get("set", {}), tags, problems)
    ramps = _read_writes("ramp", row.get("ramp", {}), tags, problems)
    expect = _read_ranges(row.get("expect", {}), tags, problems)
    if bool(ramps) != ("over" in row):
        problems.append('over: a ramp needs `ramp` and `over`, such as over = "10 min"')
    if "do" in row and (wrong := action_problem(row["do"], row.get("with", {}), spec.units)):
        problems.append(wrong)
    if not (row.keys() & {"set", "ramp", "do", "expect", "text"}):
        problems.append("at: nothing happens; expected `set`, `ramp`, `do`, `expect` or `text`")
    do, args = row.get("do", ""), row.get("with", {})
    return ScenarioEvent(
        row["at"], row.get("text", ""), writes, ramps, row.get("over", 0.0), do, args, expect
    ), problems


def _read_writes(key: str, table: dict[str, Any], tags: Tags, problems: list[str]) -> dict[str, float]:
    writes = {}
    for name, value in table.items():
        tag = _tag(f"{key}.{name}", name, tags, problems)
        if tag is None:
            continue
        if not tag.writable:
            problems.append(f'{key}."{name}": cannot be written, it is an {tag.role}')
            continue
        try:
            writes[name] = labelled(value, tag.labels, tag.unit, (tag.low, tag.high))
        except ValueError as wrong:
            problems.append(f'{key}."{name}": {wrong}')
    return writes


def _read_ranges(table: dict[str, list[Any]], tags: Tags, problems: list[str]) -> dict[str, tuple[float, float]]:
    ranges = {}
    for name, limits in table.items():
        tag = _tag(f"expect.{name}", name, tags, problems)
        if tag is None:
            continue
        if len(limits) != 2:
            problems.append(f'expect."{name}": expected the lowest and the highest value, got {limits!r}')
            continue
        try:
            low, high = (parse(limit, tag.unit) for limit in limits)
            ranges[name] = (low, high)
        except ValueError as wrong:
            problems.append(f'expect."{name}": {wrong}')
    return ranges


def _tag(place: str, name: str, tags: Tags, problems: list[str]) -> Tag | None:
    if name in tags:
        return tags[name]
    key = place.split(".")[0]
    problems.append(f'{key}."{name}": there is no such tag{nearest(name, tags)}')
    return None


@dataclass(frozen=True)
class Ramp:
    """A tag on its way: from `first` at `begin` [s] to `last` at `end` [s]."""

    tag: str
    begin: float
    end: float
    first: float
    last: float

    def value(self, time: float) -> float:
        share = min(max((time - self.begin) / (self.end - self.begin), 0.0), 1.0)
        return self.first + share * (self.last - self.first)


class ScenarioPlayer:
    """Plays a scenario on a plant from the plant's present time on."""

    def __init__(self, plant: Plant, scenario: Scenario, tell: Callable[[float, str], None] | None = None) -> None:
        self.plant = plant
        self.scenario = scenario
        self.findings: list[Finding] = []
        self.start = plant.time
        self.ramps: list[Ramp] = []
        self._next = 0
        self._ramped = -math.inf  # time up to which the ramps are written
        self._tell = tell or (lambda time, text: None)

    def resume(self, start: float, ramps: Sequence[Ramp]) -> None:
        """Stand where a player stood that began at `start`, as far as the plant's time says."""
        time = self.plant.time
        self.start, self.ramps, self._ramped = start, [ramp for ramp in ramps if ramp.begin <= time], time
        self._next = sum(event.at <= self._due() for event in self.scenario.events) if time > start else 0

    def run(self, seconds: float) -> None:
        """Advance the plant, letting happen what is due on the way."""
        end = self.plant.time + seconds
        half = 0.5 * self.plant.dt
        while True:
            self._fire()
            left = end - self.plant.time
            if left <= half:
                return
            steps = max(1, round(min(left, self._time_to_next()) / self.plant.dt))
            self.plant.run(seconds=steps * self.plant.dt)

    @property
    def duration(self) -> float:
        """Time of the last thing that happens, after the start [s]."""
        return max((event.at + event.over for event in self.scenario.events), default=0.0)

    @property
    def done(self) -> bool:
        """Whether everything has happened."""
        return self._next == len(self.scenario.events) and not self._going()

    def _going(self) -> list[Ramp]:
        """Ramps that are not at their end."""
        return [ramp for ramp in self.ramps if ramp.end > self._ramped]

    def _due(self) -> float:
        """The time of the scenario [s]; half a step early counts as due, so that nothing comes a step late."""
        return self.plant.time - self.start + 0.5 * self.plant.dt

    def _fire(self) -> None:
        """Do what is due at the plant's time."""
        events = self.scenario.events
        while self._next < len(events) and events[self._next].at <= self._due():
            event, self._next = events[self._next], self._next + 1
            try:
                self._happen(event)
            except TwinError as problem:
                when = format(event.at, "s")
                raise TwinError(f"{self.scenario.path}: the event at {when} cannot happen: {problem}") from problem
        for ramp in self._going():
            self.plant[ramp.tag] = ramp.value(self.plant.time)
        self._ramped = self.plant.time

    def _happen(self, event: ScenarioEvent) -> None:
        plant = self.plant
        if event.text:
            self._tell(plant.time, event.text)
        for tag, value in event.writes.items():
            self.ramps = [ramp for ramp in self.ramps if ramp.tag != tag]
            plant[tag] = value
        for tag, value in event.ramps.items():
            self.ramps = [ramp for ramp in self.ramps if ramp.tag != tag]
            self.ramps.append(Ramp(tag, plant.time, plant.time + event.over, plant[tag], value))
        if event.do:
            plant.do(event.do, **event.args)
        for tag, (low, high) in event.expect.items():
            finding = Finding(plant.time, tag, plant[tag], low, high, plant.tags[tag].unit)
            self.findings.append(finding)
            self._tell(plant.time, str(finding))

    def _time_to_next(self) -> float:
        """Seconds until something has to be done."""
        events = self.scenario.events
        waits = [ramp_step(ramp.end - ramp.begin, self.plant.dt) for ramp in self._going()]
        waits += [ramp.end - self.plant.time for ramp in self._going()]
        if self._next < len(events):
            waits.append(self.start + events[self._next].at - self.plant.time)
        return max(min(waits, default=math.inf), 0.0)


def ramp_step(length: float, dt: float) -> float:
    """Seconds between two writes of a ramp: whole steps of the plant."""
    return max(1.0, math.ceil(length / RAMP_STEPS / dt)) * dt
