"""Where a server listens: an address that may be served, and a port that is free."""

from __future__ import annotations

import errno
import ipaddress
import socket
from contextlib import suppress
from urllib.parse import urlparse

from opcua_server.errors import EndpointRefused, PortBusy

ENDPOINT = "opc.tcp://127.0.0.1:4840"


class Endpoint:
    """Of a url. Raises EndpointRefused for one that is none, or that nobody should serve without security."""

    def __init__(self, url: str, secured: bool) -> None:
        self.url = url
        self.host, self.port = _address_of(url, secured)

    def check(self) -> None:
        """Find out before any work whether the port is free. Raises PortBusy, EndpointRefused."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as problem:
                raise self.refused(problem) from None

    def refused(self, problem: OSError) -> Exception:
        """Why it cannot be served, in a sentence."""
        if problem.errno == errno.EADDRINUSE:
            return PortBusy(
                f"Port {self.port} on {self.host} is busy: another program listens there, perhaps another hetwin; "
                f"stop it or choose another endpoint, such as opc.tcp://{self.host}:{self.port + 1}."
            )
        return EndpointRefused(f"{self.url} cannot be served: {problem.strerror}.")


def _address_of(endpoint: str, secured: bool) -> tuple[str, int]:
    """Host and port of an endpoint; only one that is secured is for other machines."""
    url = urlparse(endpoint)
    try:
        port = url.port
    except ValueError:
        port = None
    if url.scheme != "opc.tcp" or not url.hostname or not port:
        raise EndpointRefused(f'"{endpoint}" is not an endpoint such as "{ENDPOINT}".')
    host = "127.0.0.1" if url.hostname == "localhost" else url.hostname
    with suppress(ValueError):
        if secured or ipaddress.ip_address(host).is_loopback:
            return host, port
    raise EndpointRefused(
        f"{endpoint} would let anybody on the network move valves: without certificates hetwin serves only this "
        f"machine, for instance {ENDPOINT}; `--secure` serves a network."
    )
