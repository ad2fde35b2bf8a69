"""A client that speaks of tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from asyncua import Client, Node, ua

PLANT = Path(__file__).parent.parent / "plants" / "two-vessels.toml"


class Talker:
    """A connected client that speaks of tags."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def node(self, name: str) -> Node:
        return self.client.get_node(ua.NodeId(name, 2))

    async def read(self, name: str, attribute: int = ua.AttributeIds.Value) -> ua.DataValue:
        """What the client is told, bad quality included."""
        request = ua.ReadParameters()
        request.NodesToRead = [ua.ReadValueId(ua.NodeId(name, 2), attribute)]
        return (await self.client.uaclient.read(request))[0]

    async def value(self, name: str) -> Any:
        return (await self.read(name)).Value.Value

    async def write(self, name: str, value: Any, kind: ua.VariantType = ua.VariantType.Double) -> str:
        """Write a value; the name of the status."""
        return await self.write_item(name, ua.DataValue(ua.Variant(value, kind)))

    async def write_item(
        self, name: str, value: ua.DataValue, attribute: int = ua.AttributeIds.Value, part: str | None = None
    ) -> str:
        request = ua.WriteParameters()
        request.NodesToWrite = [ua.WriteValue(ua.NodeId(name, 2), attribute, part, value)]
        return (await self.client.uaclient.write(request))[0].name

    async def advance(self, seconds: float) -> float:
        """Advance the plant in lock-step; the time reached."""
        return await self.node("SIM").call_method(ua.NodeId("SIM.advance", 2), float(seconds))
