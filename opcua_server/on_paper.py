"""The whole address space of a plant that nobody runs: objects, tags, alarms and methods, for export and for checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from opcua_server.condition_fields import Condition, Moment, condition_fields
from opcua_server.condition_nodes import ConditionNodes
from opcua_server.event_filter import Fields
from opcua_server.information_model import InformationModel
from opcua_server.nodes import PlantNodes, build_nodes
from opcua_server.plant_methods import add_methods, unit_methods
from opcua_server.simulation_methods import simulation_methods
from opcua_server.standard_nodes import CachedServer
from opcua_server.watch import Watch
from twin.actions import Action, plant_actions
from twin.alarms.catalogue import plant_alarms
from twin.alarms.engine import AlarmEngine
from twin.alarms.table import limits_of
from twin.plant_file import PlantSpec
from twin.simulation import Simulation
from twin.snapshots import Snapshots
from twin.tags import Tags

PERIOD = 0.1  # s, of the scans of a server


@dataclass(frozen=True)
class _Plant:
    """As much of a plant as methods are declared from."""

    spec: PlantSpec
    tags: Tags
    actions: list[Action]


@dataclass(frozen=True)
class _Standstill:
    """A simulation that is only looked at."""

    plant: _Plant


@dataclass(frozen=True)
class PlantOnPaper:
    """An address space with the plant in it."""

    core: CachedServer
    model: InformationModel
    nodes: PlantNodes
    conditions: ConditionNodes


async def put_on_paper(spec: PlantSpec, tags: Tags, size: int, nodesets: Path | None) -> PlantOnPaper:
    """Build what a server of this plant would have, whose image holds `size` values."""
    core = CachedServer(nodesets)
    await core.init()
    space = core.aspace
    model = InformationModel(space, spec, tags, size, PERIOD, nodesets is not None)
    nodes = build_nodes(space, spec.name, spec.description, tags, model)

    # alarms at rest
    engine = AlarmEngine(plant_alarms(spec, tags), tags, size)
    conditions = ConditionNodes(space, nodes, engine.alarms, lambda condition: _at_rest(engine, condition))

    # methods that nobody calls
    standstill = cast(Simulation, _Standstill(_Plant(spec, tags, plant_actions(spec))))
    add_methods(space, nodes, nodes.units["SIM"], simulation_methods(standstill, Snapshots(None), Watch(engine, list)))
    for unit, methods in unit_methods(standstill).items():
        add_methods(space, nodes, nodes.units[unit], methods)
    return PlantOnPaper(core, model, nodes, conditions)


def _at_rest(engine: AlarmEngine, condition: Condition) -> Fields:
    state: Any = engine.state(condition.alarm.name)
    moment = Moment(state, b"", ("", ""), "", "", datetime.fromtimestamp(0, UTC), 0.0, limits_of(condition.alarm))
    return condition_fields(condition, moment, japanese=False)
