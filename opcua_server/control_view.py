"""Controllers, machines and valves in the shape that control engineers know from CERN's UNICOS: order, feedback, stops.

Each member is a second look at a tag, or is derived from tags; a unit gets those for which its kind has the signal:

    Mode            of the controller that moves it, or its own: auto; forced: the operator has it, and no program takes
                    it back; local: it is operated at its own panel (`place`); all other modes are manual
    Order           the input `opening`, `command`, `run` or `on`; the output of a controller, the command of a sequence
    Position        `position`, or `speed` as a share of the full one
    Feedback        `running`
    Discrepancy     order against position or feedback, for longer than the kind's own alarm allows; without one at once
    FullStop        its own latched trip, or that of an interlock which holds its order
    TemporaryStop   its permit, or its power, is missing
    StartInterlock  a permissive of a sequence is missing
    Alarm           an alarm that watches one of its tags, directly or through a transmitter, stands
    IOError         a transmitter that it is, or is wired to, has failed
    Simulated       the instructor has put such a transmitter or switch out of order

The names are those of P. Gayet and R. Barillere, "UNICOS: a framework to build industry-like control systems",
ICALEPCS 2005.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from opcua_server.derived import AnyOf, Differs, Lookup, Rule
from opcua_server.kind_types import AUTO, CONTROL, FORCED, LOCAL, MANUAL, PROTECTED, SEQUENCE, order_of
from twin.alarms.declare import Discrepancy
from twin.plant_file import UnitSpec
from twin.tags import Tag, Tags

TOLERANCE = 0.05
"""Difference of order and position that is none, share of the full stroke."""

Member = tuple[str, str, Tag | Rule]
"""Interface, component, and the tag that it shows or how it is derived."""


class ControlView:
    """Finds the members of every unit, from the cards and the wires of the plant file."""

    def __init__(self, units: Mapping[str, UnitSpec], tags: Tags) -> None:
        self._units, self._tags = units, tags
        self._by_name = dict(tags)  # looked up without a search for the nearest name
        self._wired = {name: dict(self._wires(unit)) for name, unit in units.items()}
        self._acting = {name: self._written_by(name) for name in units}

    def members(self, name: str) -> Iterator[Member]:
        """What a unit shows."""
        unit = self._units[name]
        yield from self._control(unit)
        yield from self._protection(unit)
        if unit.kind.phase == "controller":
            yield from self._sequence(unit)

    def _control(self, unit: UnitSpec) -> Iterator[Member]:
        order = self._order(unit)
        yield from self._mode_word(unit, order)
        for member, field in (("Setpoint", "setpoint"), ("Position", "position"), ("Feedback", "running")):
            if (tag := self._own(unit, field)) is not None and (field != "running" or len(tag.labels) == 2):
                yield CONTROL, member, tag
        if (measured := self._wired[unit.name].get("measurement")) is not None:
            yield CONTROL, "Measurement", measured
        if order is not None:
            yield CONTROL, "Order", order
            yield from self._discrepancy(unit, order)
        yield from self._instruments(unit)

    def _mode_word(self, unit: UnitSpec, order: Tag | None) -> Iterator[Member]:
        mode, place = self._mode(unit, order), self._own(unit, "place")
        if mode is not None:
            unless = place.address if place is not None else -1
            yield CONTROL, "Mode", Lookup(mode.address, tuple(map(_code, mode.labels)), unless, LOCAL)
        elif place is not None:
            yield CONTROL, "Mode", Lookup(place.address, (AUTO, LOCAL))

    def _discrepancy(self, unit: UnitSpec, order: Tag) -> Iterator[Member]:
        position = self._own(unit, "position")
        speed = self._own(unit, "speed")
        declared = self._declared(unit)
        if position is None and speed is not None and (speed.low, speed.high) == (0.0, 1.0):
            yield CONTROL, "Position", speed
        if declared is not None:
            yield CONTROL, "Discrepancy", declared
        elif position is not None and not order.discrete:
            yield CONTROL, "Discrepancy", Differs(order.address, position.address, TOLERANCE)

    def _declared(self, unit: UnitSpec) -> Differs | None:
        """What the kind itself calls a discrepancy: the same tags, tolerance, delay and condition as its alarm."""
        for alarm in unit.card.alarms() if hasattr(unit.card, "alarms") else ():
            if isinstance(alarm, Discrepancy):
                order, feedback = self._own(unit, alarm.order), self._own(unit, alarm.tag)
                if order is None or feedback is None:
                    continue
                tag, low, high = alarm.when or ("", -math.inf, math.inf)
                gate = self._own(unit, tag) or order
                when = (gate.address, low, high)
                return Differs(order.address, feedback.address, alarm.tolerance, alarm.on_delay, when)
        return None

    def _instruments(self, unit: UnitSpec) -> Iterator[Member]:
        """Its own status and fault if it is an instrument, those of the instruments it reads otherwise."""
        names = [unit.name] if unit.kind.phase == "sensor" else []
        names += [tag.equipment for tag in self._wired[unit.name].values() if tag.kind in ("transmitter", "switch")]
        found = [self._units[name] for name in dict.fromkeys(names)]
        status = [tag for one in found if (tag := self._own(one, "status")) is not None and "failed" in tag.labels]
        faults = [tag.address for one in found if (tag := self._own(one, "fault")) is not None]
        if status:
            failed = status[0].labels.index("failed")
            yield CONTROL, "IOError", AnyOf(tuple(tag.address for tag in status), failed - 0.5)
        if faults:
            yield CONTROL, "Simulated", AnyOf(tuple(faults))

    def _protection(self, unit: UnitSpec) -> Iterator[Member]:
        trips = [self._own(unit, "trip"), self._own(unit, "tripped")]
        trips += [self._own(other, "trip") for other in self._acting[unit.name] if other.kind.symbol == "interlock"]
        yield from _any(PROTECTED, "FullStop", (tag for tag in trips if tag is not None and tag.role == "latch"))
        wires = self._wired[unit.name]
        permit = wires.get("permit") or wires.get("power")
        if permit is not None:
            yield PROTECTED, "TemporaryStop", Lookup(permit.address, (1, 0))
        missing = self._own(unit, "missing")
        yield from _any(PROTECTED, "StartInterlock", [missing] if missing is not None else [])
        yield from _any(PROTECTED, "Alarm", self._alarms(unit))

    def _alarms(self, unit: UnitSpec) -> Iterator[Tag]:
        """Values of the alarms that watch a tag of this unit; a transmitter stands for what it measures."""
        for other in self._units.values():
            if other.kind.symbol != "alarm" or (watched := self._wired[other.name].get("tag")) is None:
                continue
            measured = self._wired[watched.equipment].get("tag") if watched.kind == "transmitter" else None
            if unit.name in (watched.equipment, measured.equipment if measured else "", other.name):
                yield self._tags[other.name]

    def _sequence(self, unit: UnitSpec) -> Iterator[Member]:
        step = self._own(unit, "step") or self._own(unit, "state") or self._own(unit, "waits")
        if step is None or len(step.labels) < 3:
            return
        yield SEQUENCE, "Step", step
        for member, field in (("Elapsed", "elapsed"), ("Overdue", "overdue")):
            if (tag := self._own(unit, field)) is not None:
                yield SEQUENCE, member, tag

    def _order(self, unit: UnitSpec) -> Tag | None:
        if unit.kind.phase == "controller":
            outputs = (self._own(unit, field) for field in ("output", "on", "command"))
            return next((tag for tag in outputs if tag is not None), None)
        return self._own(unit, order_of(unit.kind))

    def _mode(self, unit: UnitSpec, order: Tag | None) -> Tag | None:
        """Its own mode, or that of the first controller that writes its order."""
        if unit.kind.phase == "controller":
            return self._labelled(unit)
        if order is None:
            return None
        writers = [other for other in self._acting[unit.name] if order in self._wired[other.name].values()]
        return next((mode for other in writers if (mode := self._labelled(other)) is not None), None)

    def _labelled(self, unit: UnitSpec) -> Tag | None:
        mode = self._own(unit, "mode")
        return mode if mode is not None and "auto" in mode.labels else None  # a mode of operation is another thing

    def _own(self, unit: UnitSpec, field: str) -> Tag | None:
        return self._by_name.get(f"{unit.name}.{field}")

    def _wires(self, unit: UnitSpec) -> Iterator[tuple[str, Tag]]:
        for field in unit.kind.wires:
            if (target := getattr(unit.card, field)) and target in self._tags:
                yield field, self._tags[target]

    def _written_by(self, name: str) -> list[UnitSpec]:
        """Controllers that are wired to an input of the unit, which only makes sense for writing it."""
        return [
            other
            for other in self._units.values()
            if other.kind.phase == "controller"
            and any(tag.equipment == name and tag.writable for tag in self._wired[other.name].values())
        ]


def _code(label: str) -> int:
    """The word of UNICOS for a mode of a kind."""
    return AUTO if label == "auto" else FORCED if label.startswith("forced") else MANUAL


def _any(shape: str, member: str, tags: Iterable[Tag]) -> Iterator[Member]:
    addresses = tuple(tag.address for tag in tags)
    if addresses:
        yield shape, member, AnyOf(addresses)
