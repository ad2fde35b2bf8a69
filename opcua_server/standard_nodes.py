"""The nodes that every OPC UA server has, and those of companion specifications, unpacked when they are asked for.

asyncua builds its 6 174 standard nodes anew at every start, which takes 1 to 2 s; a client looks at a few hundred of
them. The first start keeps them pickled one by one, later starts load that file in 40 ms. asyncua's own `shelf_file` is
the same idea over dbm, but rebuilds at every start where Python has no dbm other than dbm.dumb. The 2 000 nodes of the
companion specifications are in the same cache.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import pickle
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.server.address_space import NodeData
from asyncua.server.internal_server import InternalServer

from opcua_server import companion
from opcua_server.languages import Japanese
from opcua_server.standard_corrections import correct
from thermo.jit import cache_root

log = logging.getLogger(__name__)


PLANT_INDEX = 2
"""Namespace of the plant's own nodes, some of which are made when they are asked for."""

Key = tuple[int, int | str]
"""Namespace and identifier of a node."""


class LazyNodes(dict[ua.NodeId, NodeData]):
    """Nodes by id; those of the standard stay pickled until somebody looks at them."""

    def __init__(self, pickles: dict[Key, bytes]) -> None:
        super().__init__()
        self._pickles = pickles
        self.make: Callable[[ua.NodeId | None], None] = lambda nodeid: None
        """Makes the nodes of ours that are made when they are asked for: this one, or all of them."""

    def __missing__(self, nodeid: ua.NodeId) -> NodeData:
        if nodeid.NamespaceIndex == PLANT_INDEX and nodeid in self:
            return self[nodeid]
        packed = self._pickles.pop((nodeid.NamespaceIndex, nodeid.Identifier), None)
        if packed is None:
            raise KeyError(nodeid)
        node: NodeData = pickle.loads(packed)
        self[nodeid] = node
        return node

    def get(self, nodeid: ua.NodeId, default: Any = None) -> Any:
        try:
            return self[nodeid]
        except KeyError:
            return default

    def __contains__(self, nodeid: object) -> bool:
        if super().__contains__(nodeid):
            return True
        if not isinstance(nodeid, ua.NodeId):
            return False
        if nodeid.NamespaceIndex == PLANT_INDEX:
            self.make(nodeid)
            return super().__contains__(nodeid)
        return (nodeid.NamespaceIndex, nodeid.Identifier) in self._pickles

    def __len__(self) -> int:
        return super().__len__() + len(self._pickles)

    def __iter__(self) -> Iterator[ua.NodeId]:
        self._unpack_all()
        return super().__iter__()

    def keys(self) -> Any:
        self._unpack_all()
        return super().keys()

    def values(self) -> Any:
        self._unpack_all()
        return super().values()

    def items(self) -> Any:
        self._unpack_all()
        return super().items()

    def made(self) -> list[NodeData]:
        """Nodes that are unpacked, ours among them."""
        return list(super().values())

    def _unpack_all(self) -> None:
        self.make(None)
        for index, identifier in list(self._pickles):
            self.get(ua.NodeId(identifier, index))


class CachedServer(InternalServer):
    """asyncua's server core with the standard nodes from the cache; `nodesets` is the folder of companion models."""

    def __init__(self, nodesets: Path | None = None) -> None:
        self.nodesets = nodesets
        self.japanese = Japanese()
        super().__init__()

    async def load_standard_address_space(self, shelf_file: Path | None = None) -> None:
        name = f"opcua-nodes-3-asyncua-{version('asyncua')}"
        if self.nodesets is not None:
            name += f"-{companion.digest(self.nodesets)}"
        file = cache_root() / f"{name}.pickle"
        pickles = _read(file)
        if pickles is None:
            log.info("First start with asyncua %s: building the standard nodes once, 2 to 5 s.", version("asyncua"))
            was_enabled = gc.isenabled()
            gc.disable()  # a million small objects, none of them garbage
            await super().load_standard_address_space()
            correct(self.aspace)
            if self.nodesets is not None:
                await companion.load(self.aspace, self.nodesets)
            pickles = await asyncio.to_thread(_pickled, self.aspace)
            if was_enabled:
                gc.enable()
            _write(file, pickles)
        self.aspace._nodes = LazyNodes(pickles)


def prepare() -> None:
    """Fill the cache, so that the next server starts quickly."""
    asyncio.run(CachedServer(companion.find_nodesets()).load_standard_address_space())


def _pickled(aspace: Any) -> dict[Key, bytes]:
    return {
        (nodeid.NamespaceIndex, nodeid.Identifier): pickle.dumps(node, pickle.HIGHEST_PROTOCOL)
        for nodeid, node in aspace._nodes.items()
    }


def _read(file: Path) -> dict[Key, bytes] | None:
    try:
        nodes = pickle.loads(file.read_bytes())
    except (OSError, pickle.UnpicklingError, EOFError):
        return None
    return nodes if isinstance(nodes, dict) else None


def _write(file: Path, nodes: dict[Key, bytes]) -> None:
    """Write the cache in one move, so that two first starts at once do no harm; a read-only home costs only time."""
    draft = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(pickle.dumps(nodes, pickle.HIGHEST_PROTOCOL))
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
