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

NO_YES = ("no", "yes")
MODES = ("auto", "manual", "forced", "local")
INTERFACE = ua.NodeId(ua.ObjectIds.BaseInterfaceType)

# interface: (text, {component: (labels, text, Japanese)})
CONTROL, PROTECTED, SEQUENCE, VOLUME = "IControlType", "IProtectedType", "ISequenceType", "IVolumeType"
SHAPES: dict[str, tuple[str, dict[str, tuple[tuple[str, ...], str, str]]]] = {
    CONTROL: (
        "An order and what became of it",
        {
            "Mode": (MODES, "who gives the order", "運転モード"),
            "Setpoint": ((), "what the measurement shall be", "設定値"),
            "Measurement": ((), "what is measured", "測定値"),
            "Order": ((), "what it is told", "指令"),
            "Position": ((), "where it is", "位置"),
            "Feedback": (NO_YES, "whether it runs", "運転フィードバック"),
            "Discrepancy": (NO_YES, "order and position or feedback differ now", "不一致"),
            "IOError": (NO_YES, "an instrument that it depends on has failed", "入出力異常"),
            "Simulated": (NO_YES, "the instructor has put an instrument out of order", "模擬入力"),
        },
    ),
    PROTECTED: (
        "What stops it",
        {
            "FullStop": (NO_YES, "stopped by a trip that must be reset", "全停止インターロック"),
            "TemporaryStop": (NO_YES, "stopped until the cause goes away by itself", "一時停止インターロック"),
            "StartInterlock": (NO_YES, "may not start yet", "始動インターロック"),
            "Alarm": (NO_YES, "an alarm of its own values stands", "警報"),
        },
    ),
    SEQUENCE: (
        "A sequence of steps",
        {
            "Step": ((), "present step", "工程"),
            "Elapsed": ((), "time in the present step", "工程経過時間"),
            "Overdue": (NO_YES, "the step takes too long", "工程遅延"),
        },
    ),
}


class KindTypes:
    """Makes types when they are first asked for; `companions`: the companion specifications are there."""

    def __init__(self, writer: ModelWriter, companions: bool) -> None:
        self._writer = writer
        self._companions = companions

    def of(self, kind: Kind) -> ua.NodeId:
        """The type of a kind's units."""
        nodeid = self._writer.id(type_name(kind))
        if not self._writer.has(nodeid):
            self._writer.object_type(self._base(kind), type_name(kind), kind.summary)
            for field, quantity in kind.quantities.items():
                self._component(nodeid, field, _tag_of(kind, field, quantity), MANDATORY)
        return nodeid

    def shape(self, name: str) -> ua.NodeId:
        """An interface."""
        nodeid = self._writer.id(name)
        if not self._writer.has(nodeid):
            text, members = SHAPES[name]
            self._writer.object_type(INTERFACE, name, text)
            for member, (labels, sentence, japanese) in members.items():
                self._component(nodeid, member, _tag(member, sentence, japanese, labels), OPTIONAL)
        return nodeid

    def volume(self) -> ua.NodeId:
        """The interface of what holds helium."""
        nodeid = self._writer.id(VOLUME)
        if not self._writer.has(nodeid):
            self._writer.object_type(INTERFACE, VOLUME, "A volume of helium with its impurities")
            for field, (unit, text, japanese) in NODE_TAGS.items():
                self._component(nodeid, field, _tag(field, text, japanese, unit=unit), OPTIONAL)
        return nodeid

    def implement(self, unit: ua.NodeId, interface: ua.NodeId) -> None:
        """Say that an object has the components of an interface."""
        self._writer.link(unit, HAS_INTERFACE, interface, back=False)

    def _component(self, owner: ua.NodeId, name: str, tag: Tag, rule: ua.NodeId) -> None:
        browse = ua.QualifiedName(name, self._writer.index)
        node = self._writer.look(owner, tag, 0.0, f"{owner.Identifier}/{name}", browse)
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
    return "".join(word.capitalize() for word in kind.name.split("_")) + "Type"


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
