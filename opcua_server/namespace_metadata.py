"""What a client is told of our namespaces: version and date, which nodes are always the same (Part 5, 6.3.13).

The companion specifications bring their own such objects. Ours have the release of hetwin as version, and as date that
of the newest file which they are derived from: the cards of the kinds, for the plant its file too.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from asyncua import ua

from opcua_server.node_writer import ModelWriter
from opcua_server.nodes import COMPONENT
from twin.plant_file import UnitSpec

NAMESPACES = ua.NodeId(ua.ObjectIds.Server_Namespaces)
METADATA = ua.NodeId(ua.ObjectIds.NamespaceMetadataType)


def published(units: Mapping[str, UnitSpec], plant_file: Path) -> tuple[datetime, datetime]:
    """Dates of the kinds and of the plant."""
    cards = {sys.modules[unit.kind.card.__module__].__file__ for unit in units.values()}
    of_kinds = _newest([Path(card) for card in cards if card])
    return of_kinds, max(of_kinds, _newest([plant_file]))


def built() -> datetime:
    """The date of the newest of the server's own files: the BuildDate of BuildInfo (Part 5, 12.4)."""
    return _newest(list(Path(__file__).parent.glob("*.py")))


def describe_namespace(writer: ModelWriter, uri: str, version: str, date: datetime) -> ua.NodeId:
    """Add the metadata of a writer's namespace to the server's namespaces."""
    node = writer.component(NAMESPACES, uri, METADATA, writer.index, COMPONENT)
    writer.fact(node, "NamespaceUri", uri)
    writer.fact(node, "NamespaceVersion", version)
    writer.fact(node, "NamespacePublicationDate", date)
    writer.fact(node, "IsNamespaceSubset", False)
    by_name = ua.Variant([ua.IdType.String.value], ua.VariantType.Int32)
    writer.fact(node, "StaticNodeIdTypes", by_name, data_type=ua.ObjectIds.IdType)
    no_range = ua.Variant([], ua.VariantType.String, is_array=True)
    writer.fact(node, "StaticNumericNodeIdRange", no_range, data_type=ua.ObjectIds.NumericRange)
    writer.fact(node, "StaticStringNodeIdPattern", "")
    return node


def _newest(files: list[Path]) -> datetime:
    """To the second: a file that was packed and unpacked has the same."""
    return datetime.fromtimestamp(max((int(file.stat().st_mtime) for file in files if file.is_file()), default=0), UTC)
