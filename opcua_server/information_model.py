"""What units are to a client beyond folders of tags: typed objects, devices, machines, controllers, in two views.

    by place   Objects / <plant> / <area> / <unit>; an area of more than fifty units has a shelf for each class
    by kind    Objects / DeviceSet / <kind> / <unit>

Both show the same objects. Everything is derived from the cards of the kinds, the plant file and the tags.
"""

from __future__ import annotations

from collections import Counter

from asyncua import ua
from asyncua.server.address_space import AddressSpace, NodeData

from opcua_server.companion import DI, MODELS
from opcua_server.control_view import ControlView
from opcua_server.derived import DerivedValues, Differs, Rule
from opcua_server.devices import HEALTH, HEALTH_TYPE, MACHINES, Devices, places_with_exchangers, release, signs_of
from opcua_server.kind_types import CONTROL, SHAPES, KindTypes, moves_a_stem, part_of
from opcua_server.languages import Japanese
from opcua_server.namespace_metadata import describe_namespace, published
from opcua_server.node_writer import ModelWriter
from opcua_server.nodes import FOLDER, NAMESPACE, OBJECT
from opcua_server.standard_nodes import PLANT_INDEX
from twin.plant_file import PlantSpec, UnitSpec
from twin.records import NODE_TAGS
from twin.tags import Tag, Tags
from twin.unit import Kind
from twin.words import NO_YES

KINDS_NAMESPACE = "urn:hetwin:kinds"
KINDS_INDEX = 3
FIFTY = 50
"""Units that an area may have before it gets shelves."""
SHELVES = {"equipment": "機器", "valves": "弁", "instruments": "計器", "controllers": "制御"}
"""Shelves of an area, and what they are in Japanese."""


def namespaces(companions: bool) -> list[str]:
    """Namespaces of the server in the order of their indices, from that of the plant on."""
    return [NAMESPACE, KINDS_NAMESPACE, *(model.uri for model in MODELS if companions)]


class InformationModel:
    """The model of one plant with its tags; `size` is that of its image, `period` [s] that of its scans.

    `companions` says that the address space holds the companion specifications.
    """

    def __init__(
        self,
        space: AddressSpace,
        spec: PlantSpec,
        tags: Tags,
        size: int,
        period: float,
        companions: bool,
    ) -> None:
        units = spec.units
        self.japanese = Japanese()
        self.writer = ModelWriter(space, PLANT_INDEX, self.japanese)
        self.derived = DerivedValues(size)
        self.looks: list[tuple[NodeData, Tag]] = []
        self.ailing: dict[str, int] = {}
        self._spec, self._tags, self._units, self._companions = spec, tags, units, companions
        self._interval = period * 1000.0
        self._kinds = ModelWriter(space, KINDS_INDEX, self.japanese)
        self._types = KindTypes(self._kinds, self.writer, companions)
        self._devices = Devices(self.writer, spec.name, tags, units, self._interval)
        self._control = ControlView(units, tags)
        self._areas: dict[str, ua.NodeId] = {}
        self._placed: dict[str, ua.NodeId] = {}
        self._volumes: dict[ua.NodeId, None] = {}
        numbers = Counter(unit.site for unit in units.values())
        self._crowded = {area for area, number in numbers.items() if number > FIFTY}

    def place(self, root: ua.NodeId, tag: Tag) -> tuple[ua.NodeId, ua.NodeId]:
        """The object that holds a tag, and that of its unit: C-1 / stage1 for C-1.stage1.p."""
        if tag.equipment not in self._units:  # the simulation itself
            sim = self.writer.group(root, "SIM", "SIM", OBJECT, "the simulation")
            self.japanese.names[sim] = ("SIM", "シミュレーション")
            return sim, sim
        unit = self._units[tag.equipment]
        home = parent = self._placed.get(tag.equipment) or self._new_unit(root, unit)
        field = _field(tag)
        if field in unit.kind.quantities:
            return self._types.part(home, part_of(unit.kind, field)), home
        for part in field.split(".")[:-1]:
            parent = self.writer.group(parent, f"{parent.Identifier}/{part}", part, OBJECT)
        return parent, home

    def variable(self, parent: ua.NodeId, tag: Tag) -> NodeData:
        """The variable of a tag, by the name that its type gives it."""
        unit = self._units.get(tag.equipment)
        field = _field(tag)
        index = KINDS_INDEX if unit is not None and field in unit.kind.quantities else PLANT_INDEX
        last = field.rpartition(".")[2]
        browse = ua.QualifiedName(last if unit is not None else tag.name, index)
        if index == PLANT_INDEX and last in NODE_TAGS:
            browse.NamespaceIndex = KINDS_INDEX  # of IVolumeType
            self._volumes.setdefault(parent)
        return self.writer.look(parent, tag, self._interval, tag.name, browse, title=tag.name)

    def furnish(self, root: ua.NodeId, units: dict[str, ua.NodeId]) -> None:
        """Interfaces, name plates, signals, machines, the view by kind, and what there is to say of our namespaces."""
        of_kinds, of_plant = published(self._units, self._spec.path)
        describe_namespace(self.writer, NAMESPACE, release(), of_plant)
        describe_namespace(self._kinds, KINDS_NAMESPACE, release(), of_kinds)
        for volume in self._volumes:
            self._types.implement(volume, self._types.volume())
        by_kind = self._device_set()
        for name, unit in self._units.items():
            if name not in units:
                continue  # a unit without tags
            self._show_control(units[name], unit)
            shelf = self.writer.component(by_kind, unit.kind.name, FOLDER, PLANT_INDEX, text=unit.kind.summary)
            self.japanese.names[shelf] = (unit.kind.ja, "")
            self.writer.organize(shelf, units[name])
            if self._companions:
                self._show_device(units[name], unit)
        if self._companions:
            self._show_places(root)
            self.looks += self._devices.looks

    def _new_unit(self, root: ua.NodeId, unit: UnitSpec) -> ua.NodeId:
        parent = self._areas.get(unit.site)
        if parent is None:
            path = f"{root.Identifier}/{unit.site}"
            parent = self.writer.group(root, path, unit.site, FOLDER) if unit.site else root
            self._areas[unit.site] = parent
        path = f"{parent.Identifier}/{unit.name}"
        if unit.site in self._crowded:
            shelf = _shelf(unit.kind)
            parent = self.writer.group(parent, f"{parent.Identifier}//{shelf}", shelf, FOLDER)
            self.japanese.names[parent] = (SHELVES[shelf], "")
        text = unit.text or unit.kind.summary
        node = self.writer.group(parent, path, unit.name, self._types.of(unit.kind), text)
        self.japanese.names[node] = (unit.name, unit.text_ja or unit.kind.ja)
        self._placed[unit.name] = node
        return node

    def _device_set(self) -> ua.NodeId:
        """DI's, or a folder of that name."""
        if self._companions:
            return ua.NodeId(5001, DI)
        objects = ua.NodeId(ua.ObjectIds.ObjectsFolder)
        return self.writer.group(objects, "/DeviceSet", "DeviceSet", FOLDER, "all units, by kind")

    def _show_control(self, node: ua.NodeId, unit: UnitSpec) -> None:
        interfaces = set()
        for shape, member, shown in self._control.members(unit.name):
            tag = shown if isinstance(shown, Tag) else self._derive(unit, shape, member, shown)
            look = self._look(node, tag, member, KINDS_INDEX)
            if isinstance(shown, Differs):
                self._types.allow(look, shown.tolerance, shown.delay)
            interfaces.add(shape)
        for shape in sorted(interfaces):
            self._types.implement(node, self._types.shape(shape))

    def _derive(self, unit: UnitSpec, shape: str, member: str, rule: Rule) -> Tag:
        labels, text, japanese = SHAPES[shape][2][member]
        variant = ua.VariantType.UInt32 if (shape, member) == (CONTROL, "Mode") else ua.VariantType.Boolean
        return self.derived.add(f"{unit.name}.{member}", rule, labels or NO_YES, _owner(unit), variant, text, japanese)

    def _show_device(self, node: ua.NodeId, unit: UnitSpec) -> None:
        self._devices.name_plate(node, unit)
        rule, text = self._devices.health(unit), "health after NAMUR NE 107"
        for sign in signs_of(unit):
            name = f"{unit.name}.{sign.tag}"
            self.ailing[name] = max(self.ailing.get(name, 0), sign.state)
        variant = ua.VariantType.Int32
        tag = self.derived.add(f"{unit.name}.DeviceHealth", rule, HEALTH, _owner(unit), variant, text, "機器の健全性")
        self._look(node, tag, "DeviceHealth", DI, HEALTH_TYPE)
        self._devices.signals(node, unit)
        if unit.kind.symbol in MACHINES:
            self._devices.machine(node, unit.name, unit.kind.name, self._devices.values_of(unit))

    def _show_places(self, root: ua.NodeId) -> None:
        """A place with heat exchangers is a cold box, which is a machine too."""
        for area, units in places_with_exchangers(self._units).items():
            name, values = area or "cold box", self._devices.values_in(units)
            self._devices.machine(self._areas.get(area, root), name, "cold box", values)

    def _look(
        self, owner: ua.NodeId, tag: Tag, member: str, index: int, data_type: ua.NodeId | None = None
    ) -> ua.NodeId:
        path, browse = f"{owner.Identifier}/{member}", ua.QualifiedName(member, index)
        node = self.writer.look(owner, tag, self._interval, path, browse, data_type=data_type)
        self.looks.append((node, tag))
        return node.nodeid


def _field(tag: Tag) -> str:
    """What a tag is within its unit: `opening`, `stage1.p`; the value of an instrument has the name of the unit."""
    return tag.name.removeprefix(tag.equipment).lstrip(".") or "value"


def _owner(unit: UnitSpec) -> Tag:
    """Stands for the unit where a derived value asks whose it is."""
    return Tag(unit.name, -1, "1", "", "output", 0.0, 1.0, (), unit.name, unit.kind.name, unit.site)


def _shelf(kind: Kind) -> str:
    """The class of equipment that a kind belongs to."""
    if kind.phase in ("sensor", "controller"):
        return "instruments" if kind.phase == "sensor" else "controllers"
    return "valves" if moves_a_stem(kind) or "valve" in kind.symbol else "equipment"
