"""The plant on OPC UA: every tag as a node with unit, range, text, time and quality."""

from opcua_server.errors import EndpointRefused, PortBusy, ServerError
from opcua_server.server import ENDPOINT, TwinServer

__all__ = ["ENDPOINT", "EndpointRefused", "PortBusy", "ServerError", "TwinServer"]
