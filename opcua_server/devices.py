"""Units as devices of the companion specifications: name plate, health, signals, machines. All from cards and tags.

    DI         name plate and DeviceHealth of every unit
    PA-DIM     a transmitter's AnalogSignal, a switch's TwoStateDiscreteSignal, a valve's or positioner's ControlSignal
    Machinery  identification and process values of compressors, purifiers, liquefiers, and of the places that hold heat
               exchangers: the cold box

Health follows NAMUR NE 107 as far as the kind has a sign of it: the status of a transmitter, the fault of a switch, a
broken turbine. Everything else cannot fail in the twin, and is NORMAL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from asyncua import ua
from asyncua.server.address_space import NodeData

from opcua_server.companion import DI, MACHINERY, PADIM, PROCESS_VALUES
from opcua_server.derived import Lookup
from opcua_server.kind_types import moves_a_stem, order_of
from opcua_server.node_writer import ModelWriter, english
from opcua_server.nodes import FOLDER, ORGANIZES
from twin.plant_file import UnitSpec
from twin.tags import Tag, Tags

NORMAL, FAILURE, CHECK_FUNCTION, OFF_SPEC, MAINTENANCE_REQUIRED = range(5)
HEALTH = ("NORMAL", "FAILURE", "CHECK_FUNCTION", "OFF_SPEC", "MAINTENANCE_REQUIRED")
HEALTH_TYPE = ua.NodeId(6244, DI)
SAYS = {"good": NORMAL, "none": NORMAL, "whole": NORMAL, "under range": OFF_SPEC, "over range": OFF_SPEC}
"""What a label of `status`, `fault` or `broken` says of a device's health; all other labels are a failure."""

MACHINES = ("compressor", "purifier", "liquefier")
"""Symbols of the kinds that are machines by themselves."""
SLIDING_STEM, DIRECT = 0, 0
"""Of PA-DIM's ActuatorType and OperatingDirection: valves of the twin have a stem and open with the signal."""


class Devices:
    """Adds to the objects of units what the companion specifications ask for; `interval` [ms] is that of the scans."""

    def __init__(
        self, writer: ModelWriter, plant: str, tags: Tags, units: Mapping[str, UnitSpec], interval: float
    ) -> None:
        self._writer, self._plant, self._tags, self._units, self._interval = writer, plant, tags, units, interval
        self._measured = {unit.card.tag: unit.name for unit in units.values() if unit.kind.name == "transmitter"}
        self.looks: list[tuple[NodeData, Tag]] = []

    def name_plate(self, node: ua.NodeId, unit: UnitSpec) -> None:
        """Who made it, what it is, which one it is: DI's IVendorNameplateType and ITagNameplateType."""
        for name, value in self._plate(unit.name, unit.kind.name, unit.kind.summary).items():
            self._writer.fact(node, name, value, DI)

    def health(self, unit: UnitSpec) -> Lookup:
        """How the health of a unit follows from its tags."""
        for field in ("status", "fault", "broken"):
            name = f"{unit.name}.{field}"
            if name in self._tags and self._tags[name].discrete:
                tag = self._tags[name]
                return Lookup(tag.address, tuple(SAYS.get(label, FAILURE) for label in tag.labels))
        return Lookup(0, (NORMAL,))

    def signals(self, node: ua.NodeId, unit: UnitSpec) -> None:
        """The signal set of what measures or moves a stem."""
        kind = unit.kind
        if kind.phase == "sensor":
            value = self._tags[unit.name]
            if value.discrete:
                self._signal(node, unit.name, 1037, "TwoStateDiscreteSignal", value, 1141)
            else:
                self._analog(node, unit, value)
        elif moves_a_stem(kind):
            order, position = (self._tags[f"{unit.name}.{field}"] for field in (order_of(kind), "position"))
            self._control(node, unit.name, order, position)

    def machine(self, node: ua.NodeId, name: str, model: str, text: str, values: Iterable[Tag]) -> None:
        """Identification and process values of a machine, and its place among the machines."""
        writer = self._writer
        plate = self._plate(name, model, text)
        identification = writer.component(node, "Identification", ua.NodeId(1012, MACHINERY), DI)
        for field in ("Manufacturer", "Model", "ProductInstanceUri", "SerialNumber", "SoftwareRevision"):
            writer.fact(identification, field, plate[field], DI)
        monitoring = writer.component(node, "Monitoring", ua.NodeId(1014, MACHINERY), MACHINERY)
        process = writer.component(monitoring, "Process", FOLDER, MACHINERY)
        for tag in values:
            signal_tag = self._measured.get(tag.name, tag.name)
            signal = writer.component(process, signal_tag, ua.NodeId(1003, PROCESS_VALUES), writer.index, ORGANIZES)
            writer.fact(signal, "SignalTag", signal_tag, PADIM)
            self._look(signal, "AnalogSignal", self._tags[signal_tag], 1111)
        writer.organize(ua.NodeId(1001, MACHINERY), node)

    def values_of(self, unit: UnitSpec) -> list[Tag]:
        """What a machine makes known: its analog outputs."""
        own = (self._tags[f"{unit.name}.{field}"] for field, q in unit.kind.quantities.items() if q.role == "output")
        return [tag for tag in own if not tag.discrete]

    def values_in(self, units: list[UnitSpec]) -> list[Tag]:
        """What transmitters measure of these units; without transmitters, what the turbines among them make known."""
        names = {unit.name for unit in units}
        measured = [self._tags[tag] for tag in self._measured if self._tags[tag].equipment in names]
        return measured or [tag for unit in units if unit.kind.symbol == "turbine" for tag in self.values_of(unit)]

    def _plate(self, name: str, model: str, text: str) -> dict[str, object]:
        of_software = release()
        return {
            "Manufacturer": english("hetwin"),
            "ManufacturerUri": "https://pypi.org/project/hetwin",
            "Model": english(model.replace("_", " ")),
            "ProductCode": model,
            "HardwareRevision": "",  # there is none: a simulated device
            "SoftwareRevision": of_software,
            "DeviceRevision": of_software,
            "DeviceManual": "",
            "DeviceClass": text,
            "SerialNumber": f"{self._plant}/{name}",
            "ProductInstanceUri": f"urn:hetwin:{self._plant}:{name}",
            "RevisionCounter": -1,  # DI, table 13: not counted
            "AssetId": name,
        }

    def _signal(self, node: ua.NodeId, name: str, kind: int, member: str, tag: Tag, variable: int) -> ua.NodeId:
        """A signal with its ISA tag and its value; the node of the signal."""
        signals = self._writer.component(node, "SignalSet", ua.NodeId(1021, PADIM), PADIM)
        signal = self._writer.component(signals, name, ua.NodeId(kind, PADIM), self._writer.index)
        self._writer.fact(signal, "SignalTag", name, PADIM)
        self._look(signal, member, tag, variable)
        return signal

    def _analog(self, node: ua.NodeId, unit: UnitSpec, value: Tag) -> None:
        signal = self._signal(node, unit.name, 1022, "AnalogSignal", value, 1111)
        shown = self._writer.id(f"{signal.Identifier}/AnalogSignal")
        sensed = f"{unit.name}.sensed"
        if sensed in self._tags:  # what the element senses, whatever fault the instrument has
            self._look(shown, "ActualValue", self._tags[sensed], ua.ObjectIds.BaseDataVariableType, 0)
        if hasattr(unit.card, "lag"):
            self._writer.fact(shown, "Damping", float(unit.card.lag), PADIM)

    def _control(self, node: ua.NodeId, name: str, order: Tag, position: Tag) -> None:
        signal = self._signal(node, name, 1023, "ControlSignal", position, 1125)
        shown = self._writer.id(f"{signal.Identifier}/ControlSignal")
        self._look(shown, "Setpoint", order, ua.ObjectIds.BaseAnalogType, 0)
        self._dictionary(shown, "ActuatorType", SLIDING_STEM, 1192)
        self._dictionary(shown, "OperatingDirection", DIRECT, 1195)

    def _dictionary(self, owner: ua.NodeId, name: str, value: int, declared: int) -> None:
        """A value out of a dictionary, with the meanings that the type declares."""
        writer = self._writer
        kind = ua.NodeId(ua.ObjectIds.MultiStateDictionaryEntryDiscreteType)
        node = writer.variable(owner, f"{owner.Identifier}/{name}", kind, value, ua.VariantType.UInt32, "")
        writer.name(node.nodeid, ua.QualifiedName(name, PADIM))
        writer.copy_properties(ua.NodeId(declared, PADIM), node.nodeid)

    def _look(self, owner: ua.NodeId, member: str, tag: Tag, kind: int, index: int = PADIM) -> None:
        browse, path = ua.QualifiedName(member, PADIM), f"{owner.Identifier}/{member}"
        node = self._writer.look(owner, tag, self._interval, path, browse, ua.NodeId(kind, index), title=member)
        self.looks.append((node, tag))


def places_with_exchangers(units: Mapping[str, UnitSpec]) -> dict[str, list[UnitSpec]]:
    """Areas of the plant that hold heat exchangers, which are cold boxes, with their units."""
    areas = {unit.site for unit in units.values() if unit.kind.symbol == "exchanger"}
    return {area: [unit for unit in units.values() if unit.site == area] for area in areas}


@cache
def release() -> str:
    """The version of hetwin, which takes a millisecond to find out and is on every name plate."""
    try:
        return version("hetwin")
    except PackageNotFoundError:
        return "0"
