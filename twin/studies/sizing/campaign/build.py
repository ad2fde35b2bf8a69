"""Lay out a member's memory: rows of records from the plant's units and `[campaign]`, and where each parameter goes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.errors import PlantFileError
from twin.plant_file import PlantSpec, UnitSpec
from twin.studies.sizing.campaign import records as r
from twin.studies.sizing.campaign.japanese import japanese
from twin.studies.sizing.campaign.tables import ONE, CampaignSpec
from twin.studies.sizing.year_model import Parameter


def named(unit: str, text: str) -> str:
    """What a number is, after what its unit is."""
    return f"{unit}: {text}" if unit and text else text


@dataclass
class Build:
    """Rows by table, the ledger's nodes, parameters by name and the places they go to."""

    spec: PlantSpec
    campaign: CampaignSpec
    rows: dict[str, list[dict[str, float]]] = field(default_factory=lambda: {name: [] for name in r.TABLES})
    names: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in r.TABLES})
    nodes: list[str] = field(default_factory=lambda: [*r.CAUSES, "bought"])
    parameters: dict[str, Parameter] = field(default_factory=dict)
    places: list[tuple[str, str, int, str]] = field(default_factory=list)
    """Parameter, table, row, field."""

    def refuse(self, place: str, sentence: str) -> PlantFileError:
        """The error of something wrong at a place of the file."""
        return PlantFileError(f"{self.spec.path}: {place}: {sentence}.")

    def row(self, table: str, name: str, **values: float) -> int:
        """Add a row; fields that are not given are zero. Returns its number."""
        self.rows[table].append({key: float(value) for key, value in values.items()})
        self.names[table].append(name)
        return len(self.rows[table]) - 1

    def node(self, name: str) -> int:
        """Add a node to the ledger."""
        self.nodes.append(name)
        return len(self.nodes) - 1

    def find(self, table: str, name: str) -> int:
        """The row of a name, or -1."""
        return self.names[table].index(name) if name in self.names[table] else -1

    def unit_values(self, table: str, row: int, unit: UnitSpec, **fields: str) -> None:
        """Take parameters of a unit's card: field of the record = field of the card."""
        for here, there in fields.items():
            meta = unit.kind.params[there].metadata
            name = f"{unit.name}.{there}"
            if name not in self.parameters:
                known = unit.uncertain.get(there)
                source = unit.sources.get(there, unit.sources.get("", ""))
                value = float(getattr(unit.card, there))
                text = named(unit.text, meta["text"]), named(unit.text_ja, japanese(unit.kind.name, there))
                self.parameters[name] = Parameter(name, meta["unit"], value, *text, source, known)
            self.bind(name, table, row, here)

    def table_values(self, table: str, row: int, path: str, card: Any, skip: tuple[str, ...] = ()) -> None:
        """Take all numbers of a `[campaign]` table that the record has a field for."""
        known = self.campaign.tables.get(path)
        for f in dataclasses.fields(card):
            value = getattr(card, f.name)
            if f.name in skip or isinstance(value, str) or f.name not in r.TABLES[table]:
                continue
            name = f"{path}.{f.name}"
            sources = known.sources if known else {}
            source = sources.get(f.name, sources.get("", "assumed"))
            unit, text = f.metadata["unit"], (f.metadata["text"], japanese(path.partition(".")[0], f.name))
            uncertain = known.uncertain.get(f.name) if known else None
            self.parameters.setdefault(name, Parameter(name, unit, float(value), *text, source, uncertain))
            self.bind(name, table, row, f.name)

    def derived(self, name: str, unit: str, value: float, text: str, source: str = "") -> None:
        """A parameter that the file does not spell out."""
        head, _, field_ = name.partition(".")
        self.parameters[name] = Parameter(name, unit, value, text, japanese(head, field_.rpartition(".")[2]), source)

    def bind(self, name: str, table: str, row: int, field_: str) -> None:
        """Where a parameter goes."""
        assert field_ in r.TABLES[table], (table, field_)
        self.places.append((name, table, row, field_))
        self.rows[table][row][field_] = self.parameters[name].value

    def other_tables(self) -> None:
        """Numbers of tables that are of other studies (economics, targets): parameters of the study all the same."""
        own = {"calendar", "weather", "truck", "power"}
        for path, table in self.campaign.tables.items():
            if path in ONE and path not in own:
                for name, distribution in table.uncertain.items():
                    meta = next(f.metadata for f in dataclasses.fields(table.card) if f.name == name)
                    full, source = f"{path}.{name}", table.sources.get(name, table.sources.get("", ""))
                    value = float(getattr(table.card, name))
                    self.parameters[full] = Parameter(
                        *(full, meta["unit"], value, meta["text"], meta.get("text_ja", "")), source, distribution
                    )

    def sizes(self) -> dict[str, int]:
        """Rows of every table."""
        return {name: len(rows) for name, rows in self.rows.items()}

    def image(self) -> np.ndarray:
        """The first image."""
        sizes = self.sizes()
        image = np.zeros(r.image_size(sizes))
        views = r.views(image, sizes)
        for table, rows in self.rows.items():
            for k, row in enumerate(rows):
                for key, value in row.items():
                    views[table][key][k] = value
        return image

    def address(self, table: str, row: int, field_: str) -> int:
        """Place of a field in the image."""
        at, sizes = 0, self.sizes()
        for name, fields in r.TABLES.items():
            if name == table:
                return at + row * len(fields) + fields.index(field_)
            at += len(fields) * sizes[name]
        raise KeyError(table)
