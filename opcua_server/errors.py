"""What can go wrong in the OPC UA server, as one tree.

ServerError
├── PortBusy           another program listens on the port
├── EndpointRefused    the endpoint cannot be served: not an opc.tcp URL, or open to the network without security
├── UnknownCertificate there is no such certificate in the trust list
├── BadCertificate     the server's own certificate cannot be used or renewed
├── UserRefused        a user cannot be added, changed or removed like this
└── AuditBroken        an audit log was changed after it was written, or a part of it is missing
"""

from __future__ import annotations


class ServerError(Exception):
    """Base of everything the server raises on purpose; its text is a sentence for people."""


class PortBusy(ServerError):
    """Another program listens on the port."""


class EndpointRefused(ServerError):
    """The endpoint is not an opc.tcp URL, or would be open to the network without security."""


class UnknownCertificate(ServerError):
    """There is no such certificate in the trust list."""


class BadCertificate(ServerError):
    """The server's own certificate cannot be used or renewed."""


class UserRefused(ServerError):
    """A user cannot be added, changed or removed like this."""


class AuditBroken(ServerError):
    """An audit log was changed after it was written, or a part of it is missing."""
