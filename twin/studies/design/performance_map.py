"""The performance map of a machine: what it gives at any conditions, for studies of a year.

A grid of steady states of the hardware (`rating`) over suction pressure, purity of the feed, dewar pressure, room
temperature, with and without LN2, interpolated linearly. A map knows its own error, found at random points between the
grid; it knows the machine it was made for; it does not extrapolate. Where the machine cannot work, the map holds
not-a-number and the reason, never zero.

The file is JSON: axes, units, values, reasons, error, digest of the machine, version, date.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import importlib.metadata
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from twin.errors import Infeasible, OutsideMap, PlantFileError
from twin.quantities import LIQUID_LITRE, format
from twin.studies.design import cycle as c
from twin.studies.design.cards import Bath
from twin.studies.design.rating import Conditions, Hardware, Operation, hardware_of, rate
from twin.studies.design.start_up import StartUp
from twin.studies.design.steady import Design

FORM = 1
"""Form of the file; readers of another form refuse it."""
AXES = {
    "suction": ("Pa", "suction pressure of the compressor, which is that of the return"),
    "purity": ("1", "mole fraction of helium in the feed, the rest is air"),
    "dewar": ("Pa", "pressure in the dewar"),
    "room": ("K", "temperature of the gas at the inlet of the cold box, and of the room"),
    "ln2": ("1", "1 with LN2, 0 without"),
}
OUTPUTS = {
    "litres": ("m3/s", "liquid gained, as volume at 1 atm"),
    "power": ("W", "of the compressor"),
    "ln2_flow": ("kg/s", "liquid nitrogen"),
    "helium_lost": ("kg/s", "helium lost with the air that is frozen out"),
    "flow": ("kg/s", "flow of the compressor"),
}
SPANS = {
    "suction": (0.85, 0.925, 1.0, 1.02, 1.04, 1.06, 1.08, 1.1),
    "dewar": (0.95, 1.0, 1.4),
}
"""Knots over the design's value; close where the high pressure comes to its limit, and litres have a bend."""
PURITIES = (0.9, 0.925, 0.95, 0.975, 1.0)
ROOMS = (280.0, 285.0, 290.0, 295.0, 300.0, 305.0, 310.0)
CHECKS = 120
"""Random points at which the interpolation is compared with the solver."""
SAFETY = 1.5
"""The stated bound over the largest error found: a fresh point may be a little worse than all that were tried."""


@dataclass(frozen=True)
class Error:
    """Error of an output, over its largest value on the map: largest and mean of `points` found, and the bound."""

    largest: float
    mean: float
    bound: float
    points: int


@dataclass(frozen=True)
class PerformanceMap:
    """Steady states of a machine on a grid; `values` has an axis for each of AXES, then one for OUTPUTS."""

    machine: str
    digest: str
    axes: dict[str, np.ndarray]
    values: np.ndarray
    reasons: dict[tuple[int, ...], str]
    design_point: dict[str, float]
    error: dict[str, Error] = dataclasses.field(default_factory=dict)
    start_ups: tuple[StartUp, ...] = ()
    version: str = ""
    date: str = ""

    def read(self, **conditions: Any) -> dict[str, np.ndarray]:
        """Outputs in SI at conditions in SI, numbers or arrays of one shape; what is not given is the design's.

        Not-a-number where a neighbour on the grid cannot work (`why_not` says why). OutsideMap beyond the axes.
        """
        if odd := set(conditions) - set(AXES):
            raise OutsideMap(f"{', '.join(sorted(odd))}: expected one of {', '.join(AXES)}.")
        given = self.design_point | conditions
        asked = np.broadcast_arrays(*(np.asarray(given[name], float) for name in AXES))
        for name, values in zip(AXES, asked, strict=True):
            self._refuse_outside(name, values)
        found = np.full((*asked[0].shape, len(OUTPUTS)), np.nan)
        where, ln2 = np.stack(asked[:-1], axis=-1), asked[-1]
        grid = tuple(axis for name, axis in self.axes.items() if name != "ln2")
        for k, state in enumerate(self.axes["ln2"]):
            if (chosen := ln2 == state).any():
                found[chosen] = _interpolated(grid, self.values[..., k, :], where[chosen])
        return {name: found[..., i] for i, name in enumerate(OUTPUTS)}

    def _refuse_outside(self, name: str, values: np.ndarray) -> None:
        axis = self.axes[name]
        if name == "ln2":
            if not np.isin(values, axis).all():
                has = "with and without LN2" if len(axis) > 1 else "without LN2 only; this machine has no bath"
                raise OutsideMap(f"ln2: expected 0 or 1; the map of {self.machine} is {has}.")
            return
        outside = ~((values >= axis[0]) & (values <= axis[-1]))
        if outside.any():
            low, high, got = (_shown(name, value) for value in (axis[0], axis[-1], values[outside].flat[0]))
            raise OutsideMap(
                f"{name}: the map of {self.machine} goes from {low} to {high}, got {got}; it does not extrapolate."
            )

    def why_not(self, **conditions: float) -> str:
        """Why there is no value here: the reason of the nearest state of the grid that cannot work; else empty."""
        given, cells = self.design_point | conditions, []
        for name, axis in self.axes.items():
            k = int(np.clip(np.searchsorted(axis, given[name]), 1, max(len(axis) - 1, 1)))
            cells.append([k - 1, k] if name != "ln2" else [int(np.searchsorted(axis, given[name]))])
        near = [self.reasons[corner] for corner in itertools.product(*cells) if corner in self.reasons]
        return near[0] if near else ""

    def as_dict(self) -> dict[str, Any]:
        """The content of the file."""
        return {
            "form": FORM,
            "what": "performance map of a helium liquefier; steady states, SI, interpolate linearly",
            "machine": self.machine,
            "digest": self.digest,
            "hetwin": self.version,
            "date": self.date,
            "axes": [
                {"name": name, "unit": unit, "text": text, "values": self.axes[name].tolist()}
                for name, (unit, text) in AXES.items()
            ],
            "outputs": [{"name": name, "unit": unit, "text": text} for name, (unit, text) in OUTPUTS.items()],
            "design_point": self.design_point,
            "error": {
                "of": "the interpolation against the solver at random points, over the largest value on the map",
                "outputs": {name: vars(error) for name, error in self.error.items()},
            },
            "infeasible": [{"at": list(at), "reason": reason} for at, reason in self.reasons.items()],
            "start_ups": [{key: _known(value) for key, value in vars(run).items()} for run in self.start_ups],
            "values": [None if value != value else float(f"{value:.9g}") for value in self.values.flat],
        }


def _interpolated(grid: tuple[np.ndarray, ...], values: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Linear in every axis; not-a-number if a state that cannot work has any weight."""
    lacking = np.isnan(values[..., :1])
    both = np.concatenate([np.where(lacking, 0.0, values), lacking], axis=-1)
    found = RegularGridInterpolator(grid, both)(where)
    found[found[:, -1] > 1e-9, :-1] = np.nan
    return np.asarray(found[:, :-1])


def machine_digest(design: Design, bath: Bath | None = None) -> str:
    """What tells one machine from another: a digest of everything in its specification but the description."""
    cards = dataclasses.asdict(dataclasses.replace(design, description=""))
    cards["spare_bath"] = None if bath is None or design.bath is not None else dataclasses.asdict(bath)
    return hashlib.sha256(json.dumps(cards, sort_keys=True).encode()).hexdigest()[:16]


def default_axes(hardware: Hardware) -> dict[str, np.ndarray]:
    """The axes of a map; the design's own value is on every one of them."""
    at = hardware.design_point
    knots = {"purity": PURITIES, "room": ROOMS, "ln2": (0.0, 1.0) if hardware.rated.bath else (0.0,)}
    knots |= {name: tuple(getattr(at, name) * share for share in shares) for name, shares in SPANS.items()}
    own = {name: float(getattr(at, name)) for name in AXES}
    others = {name: [k for k in knots[name] if abs(k - own[name]) > 1e-9 * abs(k)] for name in AXES}
    return {name: np.sort([own[name], *others[name]]) for name in AXES}


def build_map(
    name: str,
    design: Design,
    bath: Bath | None = None,
    *,
    axes: dict[str, np.ndarray] | None = None,
    checks: int = CHECKS,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> PerformanceMap:
    """The map of a machine, with its error; `bath` is its LN2 bath if the design runs without, `told` hears how far."""
    hardware = hardware_of(design, bath)
    axes = axes or default_axes(hardware)
    shape = tuple(len(axis) for axis in axes.values())
    total = int(np.prod(shape)) + checks
    values, reasons = np.full((*shape, len(OUTPUTS)), np.nan), {}
    for done, (at, found) in enumerate(_states(hardware, axes, shape)):
        if isinstance(found, str):
            reasons[at] = found
        else:
            values[at] = found
        told(done + 1, total)
    if np.isnan(values).all():
        raise Infeasible("map", f"no point of it can work; the first one: {next(iter(reasons.values()))}")
    given = {key: float(value) for key, value in vars(hardware.design_point).items()}
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    version = importlib.metadata.version("hetwin")
    digest = machine_digest(design, bath)
    blank = PerformanceMap(name, digest, axes, values, reasons, given, version=version, date=today)
    return dataclasses.replace(
        blank, error=measured_error(blank, hardware, checks, told=lambda k: told(total - checks + k, total))
    )


def _states(
    hardware: Hardware, axes: dict[str, np.ndarray], shape: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], np.ndarray | str]]:
    """Every state of the grid or the reason why there is none, each guessed from a neighbour."""
    solved: dict[tuple[int, ...], Operation] = {}
    for at in np.ndindex(shape):
        before = (tuple(n - (i == k) for i, n in enumerate(at)) for k in reversed(range(len(shape) - 1)) if at[k])
        near = next((solved[step] for step in before if step in solved), None)
        point = conditions(dict(zip(axes, (axis[k] for axis, k in zip(axes.values(), at, strict=True)), strict=True)))
        try:
            solved[at] = rate(hardware, point, near)
            yield at, outputs(solved[at])
        except Infeasible as problem:
            yield at, str(problem)


def conditions(values: dict[str, float]) -> Conditions:
    """Conditions from numbers by the names of the axes."""
    return Conditions(**{name: bool(values[name]) if name == "ln2" else float(values[name]) for name in AXES})  # type: ignore[arg-type]


def outputs(found: Operation) -> np.ndarray:
    """The outputs of a state, in their order, SI."""
    box = found.box
    litres = box.yield_ * box.design.machine.flow / LIQUID_LITRE / 1e3
    return np.array([litres, found.power, box.ln2, float(box.kept.found[c.LOST]), found.flow])


def measured_error(
    map_: PerformanceMap, hardware: Hardware, points: int, seed: int = 1, told: Callable[[int], None] = lambda k: None
) -> dict[str, Error]:
    """The error of the interpolation at random points where the map has values."""
    differences = np.array(list(_differences(map_, hardware, points, seed, told))).reshape(-1, len(OUTPUTS))
    found = {}
    for i, name in enumerate(OUTPUTS):
        column = differences[:, i]
        largest, mean = (float(column.max()), float(column.mean())) if len(column) else (np.nan, np.nan)
        found[name] = Error(largest, mean, SAFETY * largest, len(column))
    return found


def _differences(
    map_: PerformanceMap, hardware: Hardware, points: int, seed: int, told: Callable[[int], None]
) -> Iterator[np.ndarray]:
    scale = np.nanmax(np.abs(map_.values.reshape(-1, len(OUTPUTS))), axis=0)
    scale[scale == 0.0] = 1.0
    random = np.random.default_rng(seed)
    for k in range(points):
        ends = {name: (axis[0], axis[-1]) for name, axis in map_.axes.items()}
        at = {name: float(random.uniform(*end)) for name, end in ends.items()}
        at["ln2"] = float(random.choice(map_.axes["ln2"]))
        read = np.array(list(map_.read(**at).values()))
        told(k + 1)
        if np.isnan(read).any():
            continue
        yield np.abs(read - outputs(rate(hardware, conditions(at)))) / scale


def save_map(map_: PerformanceMap, path: str | Path) -> None:
    """Write the file."""
    Path(path).write_text(json.dumps(map_.as_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_map(path: str | Path, digest: str | None = None) -> PerformanceMap:
    """Read a map; OutsideMap if `digest` is that of another machine, PlantFileError if the file is not a map."""
    path = Path(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise PlantFileError(f"{path}: cannot be read: {problem.strerror}.") from None
    except ValueError:
        raise PlantFileError(f"{path}: is not JSON.") from None
    if not isinstance(found, dict) or found.get("form") != FORM or not _same_columns(found):
        raise PlantFileError(f"{path}: is not a performance map of this version of hetwin; make it again.")
    map_ = _from_dict(found)
    if digest is not None and digest != map_.digest:
        raise OutsideMap(
            f"{path}: was made for another machine than is asked for: {map_.machine}, digest {map_.digest}, and not "
            f"{digest}; make it again with `hetwin map`."
        )
    return map_


def _same_columns(found: dict[str, Any]) -> bool:
    known = {"axes": AXES, "outputs": OUTPUTS}
    return all([row.get("name") for row in found.get(key, [])] == list(names) for key, names in known.items())


def _from_dict(found: dict[str, Any]) -> PerformanceMap:
    axes = {row["name"]: np.array(row["values"], float) for row in found["axes"]}
    shape = (*(len(axis) for axis in axes.values()), len(OUTPUTS))
    return PerformanceMap(
        found["machine"],
        found["digest"],
        axes,
        np.array([np.nan if value is None else value for value in found["values"]]).reshape(shape),
        {tuple(row["at"]): row["reason"] for row in found["infeasible"]},
        found["design_point"],
        {name: Error(**row) for name, row in found["error"]["outputs"].items()},
        tuple(_start_up(row) for row in found["start_ups"]),
        found["hetwin"],
        found["date"],
    )


def with_start_ups(map_: PerformanceMap, runs: Iterable[StartUp]) -> PerformanceMap:
    """The map with start-ups of the dynamic model."""
    return dataclasses.replace(map_, start_ups=tuple(runs))


def _start_up(row: dict[str, Any]) -> StartUp:
    given: dict[str, Any] = {key: float("nan") if value is None else value for key, value in row.items()}
    return StartUp(**given)


def _known(value: Any) -> Any:
    """The value, or None in place of not-a-number, which JSON does not have."""
    return None if value != value else value


def _shown(name: str, value: float) -> str:
    return f"{100.0 * value:.4g} %" if name == "purity" else format(float(value), AXES[name][0])
