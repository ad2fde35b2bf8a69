"""A year of a plant as a model for studies: parameters in, figures out, thousands of years at once.

campaign = load_campaign("herenet")
figures = campaign.run(np.tile(campaign.nominal, (1000, 1)), np.arange(1000))
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.plant_file import PlantSpec, load_spec
from twin.studies.sizing.campaign import hub_parts, machines, parts
from twin.studies.sizing.campaign import records as r
from twin.studies.sizing.campaign.build import Build
from twin.studies.sizing.campaign.calendar import working_days
from twin.studies.sizing.campaign.design import scenarios_of, set_choices
from twin.studies.sizing.campaign.plan import events_of
from twin.studies.sizing.campaign.tables import CampaignSpec, read_campaign
from twin.studies.sizing.campaign.year import run_many, run_year
from twin.studies.sizing.series import series_of
from twin.studies.sizing.year_model import Figure, Parameter

HOURS = 8760
VERSION = 1
"""Of the model: part of the digest of every campaign."""
PRESSURES = 64


def load_campaign(
    plant: str | Path | PlantSpec,
    units: Iterable[str | Path] = (),
    series: Mapping[str, np.ndarray] | None = None,
) -> Campaign:
    """The year of a plant by name, file or specification. Raises PlantFileError with a sentence.

    `series` are measured hours that replace a model: "AIR-Y.p" [Pa], "MAG-Y1.boil_off" [m3/s]; not-a-number is a gap.
    Without them, those of `[campaign.series]`.
    """
    spec = plant if isinstance(plant, PlantSpec) else load_spec(plant, units)
    if series is None:
        series = {name: measured.hours for name, measured in series_of(spec).items()}
    return Campaign(spec, series)


class Campaign:
    """A network over a year: a YearModel."""

    def __init__(self, spec: PlantSpec, series: Mapping[str, np.ndarray]) -> None:
        self.spec, self.name = spec, spec.name
        b = self._build = Build(spec, read_campaign(spec.campaign, spec.path, spec.sources))
        parts.add_sites(b)
        parts.add_bags(b)
        parts.add_vessels(b)
        parts.add_banks(b)
        raw = hub_parts.add_purifiers(b)
        self._machines = hub_parts.add_liquefiers(b)
        parts.add_compressors(b)
        hub_parts.add_demand(b)
        hub_parts.check_visits(b)
        b.other_tables()
        set_choices(b)
        self.scenarios = scenarios_of(b)
        self.parameters: tuple[Parameter, ...] = tuple(b.parameters.values())
        self.figures = tuple(Figure(*row) for row in r.FIGURES)
        self.nominal = np.array([p.value for p in self.parameters])
        self._constants = self._make_constants(raw, series)
        self._image = b.image()
        self._wire()
        content = (
            f"{VERSION} {spec.digest} {self._machines!r} {[(k, v.tobytes()) for k, v in sorted(series.items())]!r}"
        )
        self.digest = hashlib.sha256(content.encode()).hexdigest()[:16]

    # running

    def run(self, values: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Figures (n, figures) of n years; a row depends on its own values and seed only."""
        return self._run(values, seeds, HOURS)

    def year(self, values: np.ndarray | None = None, seed: int = 0) -> tuple[pd.Series, pd.DataFrame]:
        """Figures and the hours of one member."""
        return self._traced(values, seed, HOURS, self._constants)

    def week(self, hours: int = 168, values: np.ndarray | None = None) -> tuple[pd.Series, pd.DataFrame]:
        """The plant from its starting state by its own schedule, under the ambient's wave, without chances."""
        calm = ("power_cuts", "failures", "quenches", "attended")
        constants = self._constants._replace(events=events_of(self._build, hours))
        return self._traced(values, 0, hours, constants, calm)

    def design(self, **changes: float | str) -> np.ndarray:
        """The nominal values with some changed: `design(**{"BANK-H.count": 24})`; raises KeyError for unknown names."""
        values = self.nominal.copy()
        for name, value in changes.items():
            k = self.place(name)
            labels = self.parameters[k].labels
            values[k] = labels.index(value) if isinstance(value, str) else value
        return values

    def place(self, name: str) -> int:
        """Number of a parameter."""
        return [p.name for p in self.parameters].index(name)

    # what was built of the file

    @property
    def tables(self) -> CampaignSpec:
        """`[campaign]` as read."""
        return self._build.campaign

    @property
    def liquefiers(self) -> dict[str, Any]:
        """Cards of the liquefiers."""
        return self._build.campaign.many("liquefier")

    @property
    def places(self) -> list[tuple[str, str, int, str]]:
        """Where each parameter goes: its name, table, row and field of the year's records."""
        return self._build.places

    def rows_of(self, table: str) -> list[str]:
        """Names of the rows of a table."""
        return self._build.names[table]

    def chosen_machine(self, liquefier: str, values: Mapping[str, float]) -> str:
        """The machine of a liquefier in a design; empty for one that was measured or has a cold head."""
        name = f"liquefier.{liquefier}.machine"
        found = next((p for p in self.parameters if p.name == name), None)
        if found is None or not found.labels:
            return str(self.liquefiers[liquefier].machine) if found else ""
        return found.labels[int(values.get(name, found.value))]

    # inside

    def _make_constants(self, raw: np.ndarray, series: Mapping[str, np.ndarray]) -> r.Constants:
        b = self._build
        calendar = b.campaign.one("calendar")
        try:
            days = working_days(calendar.year, calendar.holidays, calendar.closed, calendar.weekends)
        except ValueError as wrong:
            raise b.refuse("campaign.calendar", str(wrong)) from None
        compressors = [b.spec.units[name] for name in b.names["compressor"]]
        top = 1.1 * max([row["p_stop"] for row in b.rows["compressor"]], default=2e5)
        grid = np.linspace(0.0, top, PRESSURES)
        work = np.zeros((len(compressors), PRESSURES, 2))
        for k, unit in enumerate(compressors):
            site = int(b.rows["compressor"][k]["site"])
            work[k] = machines.compressor_table(unit.card, b.rows["site"][site]["temp"], grid)
        follow = calendar.follow_schedule
        events = events_of(b, HOURS) if follow else np.empty((0, 4))
        measured = self._measured(series)
        gas = machines.gas_table()
        return r.Constants(work, float(grid[1]), gas, machines.RHO_STEP, raw, days, events, *measured)

    def _measured(self, series: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Measured pressures by site, and boil-off over the card's by vessel."""
        b = self._build
        longest = max([len(values) for values in series.values()], default=0)
        air = np.full((len(b.names["site"]), longest), np.nan)
        boil = np.full((len(b.names["vessel"]), longest), np.nan)
        for name, values in series.items():
            unit, _, what = name.partition(".")
            if what == "boil_off" and (k := b.find("vessel", unit)) >= 0:
                boil[k, : len(values)] = np.asarray(values, float) / b.rows["vessel"][k]["boil_off"]
            elif what == "p" and unit in b.spec.units and b.spec.units[unit].kind.name == "ambient":
                for k, site in enumerate(b.names["site"]):
                    if parts.top.ambient_of(b.spec, site).name == unit:
                        air[k, : len(values)] = values
            else:
                raise b.refuse(
                    "series", f'expected an ambient\'s p or a magnet\'s boil_off, such as "AIR.p", got "{name}"'
                )
        return air, boil

    def _wire(self) -> None:
        """Where each parameter goes in the image, and where what machines give goes."""
        b, numbers = self._build, {p.name: k for k, p in enumerate(self.parameters)}
        pairs = [(b.address(t, row, f), numbers[name]) for name, t, row, f in b.places if name in numbers]
        extra = len(self.parameters)
        for k, _ in self._machines:
            fields = [f.name for f in dataclasses.fields(machines.Machine)]
            pairs += [(b.address("liquefier", k, f), extra + j) for j, f in enumerate(fields)]
            extra += len(fields)
        self._where = np.array([a for a, _ in pairs], dtype=np.int64)
        self._places = np.array([p for _, p in pairs], dtype=np.int64)

    def _with_machines(self, values: np.ndarray) -> np.ndarray:
        """The values, and what the chosen machines give."""
        columns = [values]
        for k, choices in self._machines:
            table = np.array([dataclasses.astuple(one) for one in choices])
            chosen = values[:, self.place(f"liquefier.{self._build.names['liquefier'][k]}.machine")].astype(int)
            if chosen.min() < 0 or chosen.max() >= len(table):
                name = self._build.names["liquefier"][k]
                raise ValueError(f"liquefier.{name}.machine: expected 0 to {len(table) - 1}, got {chosen.max()}.")
            columns.append(table[chosen])
        return np.ascontiguousarray(np.hstack(columns))

    def _memory(self) -> tuple[np.ndarray, r.Member]:
        sizes = self._build.sizes()
        image = np.zeros(len(self._image))
        nodes = len(self._build.nodes)
        ledger = (np.zeros(nodes), np.zeros(nodes), np.zeros(len(r.FIGURES)), np.zeros(1))
        return image, r.Member(**r.views(image, sizes), mass=ledger[0], air=ledger[1], out=ledger[2], moved=ledger[3])

    def _run(self, values: np.ndarray, seeds: np.ndarray, hours: int) -> np.ndarray:
        values = np.atleast_2d(np.asarray(values, float))
        seeds = np.asarray(seeds).astype(np.int64)
        if values.shape != (len(seeds), len(self.parameters)):
            expected = f"({len(seeds)}, {len(self.parameters)})"
            raise ValueError(
                f"{self.name}: expected values of shape {expected}, a row for each seed, got {values.shape}."
            )
        out = np.zeros((len(seeds), len(r.FIGURES)))
        image, member = self._memory()
        rows = np.arange(len(seeds))
        full = self._with_machines(values)
        nothing = np.empty((0, 0))
        run_many(
            *(self._constants, member, image, self._image, rows, self._where, full, self._places, seeds, hours),
            *(out, nothing),
        )
        self._installed(values, full, out)
        return out

    def _traced(
        self,
        values: np.ndarray | None,
        seed: int,
        hours: int,
        constants: r.Constants,
        calm: tuple[str, ...] = (),
    ) -> tuple[pd.Series, pd.DataFrame]:
        values = np.atleast_2d(self.nominal if values is None else np.asarray(values, float))
        full = self._with_machines(values)
        image, member = self._memory()
        image[:] = self._image
        image[self._where] = full[0, self._places]
        if calm:
            member.network.follow[:], member.network.stochastic[:] = 1.0, 0.0
        for name in r.TABLES:
            for field in r.TABLES[name]:
                if field in calm:
                    getattr(member, name)[field][:] = 0.0
        names = self._columns()
        trace = np.zeros((hours, len(names)))
        run_year(constants, member, seed, hours, trace)
        out = member.out.copy()[None]
        self._installed(values, full, out)
        index = pd.Index(3600.0 * np.arange(1, hours + 1), name="time")
        figures = pd.Series(out[0], [figure.name for figure in self.figures])
        return figures, pd.DataFrame(trace, index, names)

    def _columns(self) -> list[str]:
        names = self._build.names
        found = [f"{site}.p" for site in names["site"]] + [f"{vessel}.level" for vessel in names["vessel"]]
        for bag in names["bag"]:
            found += [f"{bag}.filling", f"{bag}.store.filling"]
        found += [f"{name}.mode" for name in names["liquefier"]]
        return [*found, *(f"{node}.mass" for node in self._build.nodes), "energy"]

    def _installed(self, values: np.ndarray, full: np.ndarray, out: np.ndarray) -> None:
        """What a design buys, beyond what stands there."""
        b = self._build
        for k, name in enumerate(b.names["liquefier"]):
            card = b.campaign.many("liquefier")[name]
            if not card.new:
                continue
            rate = self._value(values, full, "liquefier", k, "rate") * self._value(
                values, full, "liquefier", k, "scale"
            )
            out[:, r.PLACE["installed.liquefier"]] += rate
            vessel = int(b.rows["liquefier"][k]["vessel"])
            out[:, r.PLACE["installed.dewar"]] += self._value(values, full, "vessel", vessel, "volume")
        for k in range(len(b.names["bank"])):
            more = self._value(values, full, "bank", k, "count") - b.rows["bank"][k]["count"]
            out[:, r.PLACE["installed.cylinders"]] += np.maximum(more, 0.0) * self._value(
                values, full, "bank", k, "volume"
            )
        for k in range(len(b.names["site"])):
            more = self._value(values, full, "site", k, "bags") - b.rows["site"][k].get("bags", 0.0)
            out[:, r.PLACE["installed.bags"]] += np.maximum(more, 0.0) * b.rows["site"][k].get("bag_volume", 0.0)
        for k in range(len(b.names["bag"])):
            more = self._value(values, full, "bag", k, "volume") - b.rows["bag"][k]["volume"]
            if not b.rows["site"][int(b.rows["bag"][k]["site"])].get("bags"):  # else they are counted above
                out[:, r.PLACE["installed.bags"]] += np.maximum(more, 0.0)
        for k in range(len(b.names["purifier"])):
            capacity = self._value(values, full, "purifier", k, "capacity")
            changed = capacity != b.rows["purifier"][k]["capacity"]
            out[:, r.PLACE["installed.purifier"]] += np.where(changed, capacity, 0.0)

    def _value(self, values: np.ndarray, full: np.ndarray, table: str, row: int, field: str) -> np.ndarray:
        """A field of the image for every row of values."""
        found = np.flatnonzero(self._where == self._build.address(table, row, field))
        if len(found):
            return np.asarray(full[:, self._places[found[-1]]])
        return np.full(len(values), self._build.rows[table][row].get(field, 0.0))


def with_campaign(spec: PlantSpec, campaign: dict[str, Any]) -> PlantSpec:
    """A plant with other `[campaign]` tables."""
    return dataclasses.replace(spec, campaign=campaign)
