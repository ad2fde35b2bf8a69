"""Address spaces of plants without a server, and how to find one's way in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asyncua import ua

from opcua_server.on_paper import PlantOnPaper, put_on_paper
from twin.compile import compile_plant
from twin.plant_file import load_spec

ID = ua.ObjectIds
HAS_TYPE, HAS_SUBTYPE, HAS_RULE, HAS_INTERFACE = (
    ID.HasTypeDefinition,
    ID.HasSubtype,
    ID.HasModellingRule,
    ID.HasInterface,
)
ORGANIZES, HAS_COMPONENT, HAS_PROPERTY = ID.Organizes, ID.HasComponent, ID.HasProperty


class ModelSpace:
    """The address space of a plant, with its model and nodes."""

    def __init__(self, paper: PlantOnPaper, spec: Any, compiled: Any) -> None:
        self.core, self.model, self.nodes = paper.core, paper.model, paper.nodes
        self.spec, self.tags, self.image = spec, compiled.tags, compiled.data.image

    def __getitem__(self, nodeid: ua.NodeId) -> Any:
        return self.core.aspace[nodeid]

    def own(self) -> list[Any]:
        """Nodes of the plant and of its kinds."""
        return [node for node in self.core.aspace._nodes.made() if node.nodeid.NamespaceIndex in (2, 3)]

    def targets(self, nodeid: ua.NodeId, *kinds: int, forward: bool = True) -> Iterator[ua.NodeId]:
        for found in self[nodeid].references:
            standard = found.ReferenceTypeId.NamespaceIndex == 0
            if found.IsForward == forward and standard and found.ReferenceTypeId.Identifier in kinds:
                yield found.NodeId

    def browse_name(self, nodeid: ua.NodeId) -> ua.QualifiedName:
        return self[nodeid].attributes[ua.AttributeIds.BrowseName].value.Value.Value

    def children(self, nodeid: ua.NodeId) -> dict[str, ua.NodeId]:
        """Children by name; several may have one in different namespaces, the last counts."""
        below = self.targets(nodeid, ORGANIZES, HAS_COMPONENT, HAS_PROPERTY)
        return {self.browse_name(child).Name: child for child in below}

    def find(self, unit: str, *path: str) -> ua.NodeId:
        """A node below a unit."""
        nodeid = self.nodes.units[unit]
        for name in path:
            nodeid = self.children(nodeid)[name]
        return nodeid

    def value(self, unit: str, *path: str) -> Any:
        return self[self.find(unit, *path)].attributes[ua.AttributeIds.Value].value.Value.Value

    def type_of(self, nodeid: ua.NodeId) -> ua.NodeId:
        return next(self.targets(nodeid, HAS_TYPE))

    def types_of(self, nodeid: ua.NodeId) -> Iterator[ua.NodeId]:
        """Its type and all types that this one is derived from."""
        found = list(self.targets(nodeid, HAS_TYPE))
        while found:
            yield found[0]
            found = list(self.targets(found[0], HAS_SUBTYPE, forward=False))


async def model_space(plant: str | Path, nodesets: Path | None) -> ModelSpace:
    """The model of a plant as the server builds it, alarms and methods included."""
    spec = load_spec(plant)
    compiled = compile_plant(spec)
    paper = await put_on_paper(spec, compiled.tags, len(compiled.data.image), nodesets)
    paper.core.aspace._nodes.make(None)
    return ModelSpace(paper, spec, compiled)
