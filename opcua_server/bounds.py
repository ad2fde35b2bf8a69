"""How much of the machine clients may use. What exceeds a bound is refused or its connection closed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Times in seconds, sizes in bytes, the rest are counts."""

    # Connections
    connections: int = 500
    connections_per_address: int = 250
    hello_time: float = 5.0
    """From connecting to the first message."""
    activation_time: float = 30.0
    """From connecting, or from the end of a session, to an active session."""
    message_time: float = 10.0
    """From the first byte of a message to its last."""

    # Messages
    chunk: int = 65_535
    message: int = 1 << 20
    chunks: int = 128
    fields: int = 24_000
    """Fields of one message: a byte on the wire can become a hundred in memory, and takes microseconds to decode."""
    inbox: int = 1 << 18
    """Received and not yet looked at; then the client has to wait."""
    answer: int = 4 << 20
    """Of one request."""
    outbox: int = 1 << 18
    """Answered and not fetched; then the client has to wait."""
    unsent: int = 8 << 20
    """Answered, published and not fetched; then the client is dropped."""
    fetch_time: float = 10.0
    """In which a client has to fetch what fills the outbox, or is dropped."""
    certificate: int = 16_384
    token_time: tuple[float, float] = (10.0, 3600.0)
    """Lifetime of the keys of a channel."""

    # Sessions
    sessions: int = 300
    sessions_per_address: int = 250
    session_time: tuple[float, float] = (5.0, 600.0)
    subscriptions: int = 1000
    subscriptions_per_session: int = 50
    items: int = 200_000
    items_per_session: int = 50_000
    event_queue: int = 1000
    waiting_values: int = 100_000
    """Of the tags of a subscription, until they are published; with many subscriptions each has less room."""
    waiting_in_all: int = 500_000
    waiting_bytes: int = 8 << 20
    """In memory, of values of a subscription that are no tags; with many such subscriptions each has less room."""
    waiting_bytes_in_all: int = 256 << 20
    unacknowledged: int = 100
    """Notifications of a subscription that are kept to be sent again."""
    kept: int = 1 << 20
    """Bytes of them."""

    # Operations of one request
    reads: int = 2500
    writes: int = 1000
    calls: int = 100
    browses: int = 1000
    paths: int = 1000
    path_elements: int = 32
    items_per_call: int = 1000
    numbers: int = 1000
    """Of subscriptions, or nodes to register, in one request."""
    history_reads: int = 100
    history_updates: int = 100
    references: int = 1000
    """Of one node in one answer; the rest comes by BrowseNext."""
    references_in_all: int = 20_000
    """In one answer."""
    continuation_points: int = 10
    """Of a session, for Browse."""
    history_points: int = 100
    """Of a session, for HistoryRead."""

    # Audit log
    audit_file: int = 64 << 20
    """Of the file that is written; it is closed at this size, or when the day ends."""
    audit_space: int = 20 << 30
    """Of all closed files, packed; then the oldest go."""

    # Strangers
    free_failures: int = 3
    """Wrong passwords before a user and an address have to wait."""
    first_wait: float = 1.0
    longest_wait: float = 300.0
    rejected: int = 100
    """Certificates kept for `hetwin trust accept`."""
