"""Object types: one for every kind of equipment in the plant, from its card, and the interfaces that kinds share.

A type has the inputs, states, latches and outputs that the card declares as components, with their texts, units, ranges
and labels. It is derived from the type of the companion specification that fits: PA-DIM for what measures or moves a
stem, DI for other equipment and for controllers. Interfaces say what units have that no card declares by itself:

    IVolumeType       a volume of helium: pressure, temperature, mass, impurities …
    IControlType      an order and what became of it: mode, order, position, feedback, discrepancy, I/O error, simulated
    IProtectedType    what stops it: full stop, temporary stop, start interlock, alarm
    ISequenceType     a sequence: step, elapsed, overdue
"""

from __future__ import annotations

import math

from asyncua import ua

from opcua_server import companion
from opcua_server.node_writer import HAS_INTERFACE, MANDATORY, OPTIONAL, ModelWriter
from opcua_server.nodes import OBJECT
from twin.records import NODE_TAGS
from twin.tags import Tag
from twin.unit import Kind, Quantity
from twin.words import NO_YES, words

MODES = words("auto 自動", "manual 手動", "forced 強制", "local 現場")
AUTO, MANUAL, FORCED, LOCAL = range(4)
MANY = 30
"""Quantities that a kind may have before its inputs are an object of their own, and all else another."""
PARTS = {"inputs": ("what people and programs set", "設定"), "values": ("what follows from it", "状態")}
"""Those two objects."""
INTERFACE = ua.NodeId(ua.ObjectIds.BaseInterfaceType)

ANY = None
"""Labels of what is analog in one kind and discrete in another."""

# interface: (text, name in Japanese, {component: (labels, text, Japanese)})
CONTROL, PROTECTED, SEQUENCE, VOLUME = "IControlType", "IProtectedType", "ISequenceType", "IVolumeType"
SHAPES: dict[str, tuple[str, str, dict[str, tuple[tuple[str, ...] | None, str, str]]]] = {
    CONTROL: (
        "An order and what became of it",
        "制御",
        {
            "Mode": (MODES, "who gives the order", "運転モード"),
            "Setpoint": ((), "what the measurement shall be", "設定値"),
            "Measurement": (ANY, "what is measured", "測定値"),
            "Order": (ANY, "what it is told", "指令"),
            "Position": ((), "where it is", "位置"),
            "Feedback": (NO_YES, "whether it runs", "運転フィードバック"),
            "Discrepancy": (NO_YES, "order and position or feedback differ for longer than they may", "不一致"),
            "IOError": (NO_YES, "an instrument that it depends on has failed", "入出力異常"),
            "Simulated": (NO_YES, "the instructor has put an instrument out of order", "模擬入力"),
        },
    ),
    PROTECTED: (
        "What stops it",
        "保護",
        {
            "FullStop": (NO_YES, "stopped by a trip that must be reset", "全停止インターロック"),
            "TemporaryStop": (NO_YES, "stopped until the cause goes away by itself", "一時停止インターロック"),
            "StartInterlock": (NO_YES, "may not start yet", "始動インターロック"),
            "Alarm": (NO_YES, "an alarm of its own values stands", "警報"),
        },
    ),
    SEQUENCE: (
        "A sequence of steps",
        "シーケンス",
        {
            "Step": (ANY, "present step", "工程"),
            "Elapsed": ((), "time in the present step", "工程経過時間"),
            "Overdue": (NO_YES, "the step takes too long", "工程遅延"),
        },
    ),
}


class KindTypes:
    """Makes types when they are first asked for; `units` writes the plant's own nodes.

    `companions`: the companion specifications are there.
    """

    def __init__(self, writer: ModelWriter, units: ModelWriter, companions: bool) -> None:
        self._writer, self._units = writer, units
        self._companions = companions

    def of(self, kind: Kind) -> ua.NodeId:
        """The type of a kind's units."""
        nodeid = self._writer.id(type_name(kind))
        if not self._writer.has(nodeid):
            self._writer.object_type(self._base(kind), type_name(kind), kind.summary)
            self._writer.japanese.names[nodeid] = (kind.ja, "")
            for field, quantity in kind.quantities.items():
                owner = self.part(nodeid, part_of(kind, field), MANDATORY)
                self._component(owner, field, _tag_of(kind, field, quantity), MANDATORY)
        return nodeid

    def part(self, owner: ua.NodeId, name: str, rule: ua.NodeId | None = None) -> ua.NodeId:
        """The part of a unit or of its type that holds some of its quantities; itself for no name."""
        if not name:
            return owner
        writer = self._writer_of(owner)
        nodeid = writer.id(f"{owner.Identifier}/{name}")
        if not writer.has(nodeid):
            text, japanese = PARTS[name]
            writer.component(owner, name, OBJECT, self._writer.index, text=text)
            writer.japanese.names[nodeid] = (japanese, "")
            if rule is not None:
                writer.rule(nodeid, rule)
        return nodeid

    def shape(self, name: str) -> ua.NodeId:
        """An interface."""
        nodeid = self._writer.id(name)
        if not self._writer.has(nodeid):
            text, title, members = SHAPES[name]
            self._writer.object_type(INTERFACE, name, text)
            self._writer.japanese.names[nodeid] = (title, "")
            for member, (labels, sentence, japanese) in members.items():
                data_type = ua.NodeId(ua.ObjectIds.BaseDataType) if labels is ANY else None
                self._component(nodeid, member, _tag(member, sentence, japanese, labels or ()), OPTIONAL, data_type)
        return nodeid

    def volume(self) -> ua.NodeId:
        """The interface of what holds helium."""
        nodeid = self._writer.id(VOLUME)
        if not self._writer.has(nodeid):
            self._writer.object_type(INTERFACE, VOLUME, "A volume of helium with its impurities")
            self._writer.japanese.names[nodeid] = ("ヘリウム容積", "")
            for field, (unit, text, japanese) in NODE_TAGS.items():
                self._component(nodeid, field, _tag(field, text, japanese, unit=unit), OPTIONAL)
        return nodeid

    def implement(self, unit: ua.NodeId, interface: ua.NodeId) -> None:
        """Say that an object has the components of an interface."""
        self._writer.refer(unit, HAS_INTERFACE, interface, back=False)

    def allow(self, discrepancy: ua.NodeId, tolerance: float, delay: float) -> None:
        """How far and how long [s] order and feedback may differ, as the alarm of Part 9, 5.8.23, says it."""
        writer, index = self._writer_of(discrepancy), self._writer.index
        writer.fact(discrepancy, "Tolerance", tolerance, index)
        writer.fact(discrepancy, "ExpectedTime", 1e3 * delay, index, ua.ObjectIds.Duration)

    def _writer_of(self, owner: ua.NodeId) -> ModelWriter:
        """Parts of types are of their namespace, those of units of the plant's."""
        return self._writer if owner.NamespaceIndex == self._writer.index else self._units

    def _component(
        self, owner: ua.NodeId, name: str, tag: Tag, rule: ua.NodeId, data_type: ua.NodeId | None = None
    ) -> None:
        browse = ua.QualifiedName(name, self._writer.index)
        node = self._writer.look(owner, tag, 0.0, f"{owner.Identifier}/{name}", browse, data_type=data_type)
        if name == "Discrepancy":
            self.allow(node.nodeid, 0.0, 0.0)
        self._writer.rule(node.nodeid, rule)

    def _base(self, kind: Kind) -> ua.NodeId:
        if not self._companions:
            return OBJECT
        if kind.phase == "sensor" or moves_a_stem(kind):
            return ua.NodeId(1009, companion.PADIM)  # PADIMType
        equipment = kind.phase in ("equipment", "actuator") and kind.symbol != "person"
        return ua.NodeId(1002 if equipment else 15063, companion.DI)  # DeviceType, ComponentType


def type_name(kind: Kind) -> str:
    """`control_valve` is a ControlValveType."""
    return class_name(kind.name) + "Type"


def class_name(name: str) -> str:
    """`control_valve` is a ControlValve, a cold box a ColdBox."""
    return "".join(word.capitalize() for word in name.replace(" ", "_").split("_"))


def part_of(kind: Kind, field: str) -> str:
    """The part of a unit that holds a quantity, where the kind has many; else none."""
    if len(kind.quantities) <= MANY:
        return ""
    return "inputs" if kind.quantities[field].role == "input" else "values"


def moves_a_stem(kind: Kind) -> bool:
    """Whether a kind has a position that follows an order: a valve, a positioner."""
    position = kind.quantities.get("position")
    return position is not None and position.role != "input" and order_of(kind) in ("opening", "command")


def order_of(kind: Kind) -> str:
    """The input that tells a kind of equipment what to do, if there is one."""
    if kind.symbol in ("leak", "person"):
        return ""
    inputs = (name for name in ("opening", "command", "run", "on") if name in kind.quantities)
    return next((name for name in inputs if kind.quantities[name].role == "input"), "")


def _tag_of(kind: Kind, field: str, quantity: Quantity) -> Tag:
    """A quantity of the card as a tag that belongs to no plant; units that the plant file chooses are left open."""
    unit = "" if quantity.unit.startswith("@") else quantity.unit
    low, high = quantity.range or (0.0, 1.0 if unit == "1" else math.inf)
    if quantity.labels:
        low, high = 0.0, len(quantity.labels) - 1.0
    return _tag(field, quantity.text, quantity.text_ja, quantity.labels, unit, quantity.role, low, high)


def _tag(
    name: str,
    text: str,
    japanese: str,
    labels: tuple[str, ...] = (),
    unit: str = "",
    role: str = "output",
    low: float = 0.0,
    high: float = math.inf,
) -> Tag:
    return Tag(name, -1, unit, text, role, low, high, labels, "", "", "", japanese)
