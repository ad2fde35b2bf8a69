"""A design as a plant: the plant file's units with the numbers and machines that were chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twin.plant_file import PlantSpec, UnitSpec
from twin.quantities import NORMAL_M3
from twin.studies.design.design_file import load_design
from twin.studies.sizing.campaign.own_machine import OWN
from twin.studies.sizing.circuit import owner

if TYPE_CHECKING:
    from twin.studies.sizing.campaign.campaign import Campaign

OF_UNITS = ("bank", "bag", "vessel", "compressor")
"""Tables of the year whose rows are units, with the names of their cards' fields."""


def built(campaign: Campaign, values: Mapping[str, float]) -> PlantSpec:
    """The plant with the values of a design, for what is asked of plants: the law, a drawing, the dynamic twin.

    The place of a site's cylinders at the hub follows the site. A machine of the catalogue brings its compressor, at
    the flow and pressure of its design point; of the cold box nothing is changed.
    """
    changes: dict[str, dict[str, Any]] = {}
    for name, table, row, field in campaign.places:
        if table in OF_UNITS and name in values:
            changes.setdefault(campaign.rows_of(table)[row], {})[field] = values[name]
    for name, card in campaign.liquefiers.items():
        chosen = campaign.chosen_machine(name, values)
        if chosen not in ("", OWN):
            for unit, fields in compressor_of(campaign.spec, card.control, chosen, card.scale).items():
                changes.setdefault(unit, {}).update(fields)
    units = {name: _with(unit, changes.get(name, {})) for name, unit in campaign.spec.units.items()}
    return dataclasses.replace(campaign.spec, units=units)


def compressor_of(spec: PlantSpec, control: str, machine: str, scale: float) -> dict[str, dict[str, float]]:
    """Numbers of the units that are the compressor of a machine: its nameplate and the pressure that it holds."""
    sequence = spec.units.get(owner(str(getattr(spec.units[control].card, "command", ""))))
    if sequence is None or not getattr(sequence.card, "compressor", ""):
        return {}
    at = load_design(machine).machine
    found = {owner(sequence.card.compressor): {"displacement": scale * at.flow / NORMAL_M3}}
    manager = owner(getattr(sequence.card, "gas_management", ""))
    return found | ({manager: {"p_high_start": at.p_high}} if manager else {})


def _with(unit: UnitSpec, fields: Mapping[str, Any]) -> UnitSpec:
    known = {name: value for name, value in fields.items() if hasattr(unit.card, name)}
    return dataclasses.replace(unit, card=dataclasses.replace(unit.card, **known)) if known else unit
