"""Messages that are not quite right: valid requests of every service, changed by bytes, lengths, counts and by mixing.

dice = random.Random(7)
await raw.send(Mutations(dice).message(raw))
"""

from __future__ import annotations

import dataclasses
import random
import struct
from typing import Any

from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

from benchmarks.clients.raw_opcua import FRAME, Raw, frame, hello

LENGTHS = (-(1 << 31), -5, -1, 0, 1, 255, 65_536, 1 << 24, (1 << 31) - 1)
SKIPPED = {"CloseSessionRequest", "ServiceFault"}


TOKEN = b"\xa5" * 32
"""In the place of the secret of a session, until it is sent."""
LONGEST = 60_000


class Mutations:
    """Made from `count` valid requests, which take longer to encode than to change."""

    def __init__(self, dice: random.Random, count: int = 500) -> None:
        self._dice = dice
        self._contents = [self._encoded() for _ in range(count)]

    def message(self, raw: Raw) -> bytes:
        """A message whose content is not quite right."""
        return raw.message(self._content(raw))

    def last(self, raw: Raw) -> bytes:
        """What a server can hardly answer: a broken frame, a wrong number, a chunk out of order."""
        kind = self._dice.random()
        if not raw.channel or kind < 0.4:
            return self._frame(raw)
        if kind < 0.7:
            return self._wrong_number(raw)
        return raw.message(self._content(raw), self._dice.choice((b"C", b"A")))

    def _encoded(self) -> bytes:
        request = _request(self._dice)
        request.RequestHeader.AuthenticationToken = ua.NodeId(TOKEN, 0, ua.NodeIdType.ByteString)
        return bytes(struct_to_binary(request))

    def _content(self, raw: Raw) -> bytes:
        content = self._dice.choice(self._contents)
        if isinstance(raw.session.Identifier, bytes):
            content = content.replace(TOKEN, raw.session.Identifier)
        if self._dice.random() < 0.15:  # the parameters of one service under the number of another
            return self._dice.choice(self._contents)[:4] + content[4:]
        change = self._dice.choice((_bytes_changed, _length_changed, _length_changed, _cut, _doubled))
        return change(content, self._dice)[:LONGEST]

    def _frame(self, raw: Raw) -> bytes:
        """Something before, beside or instead of a message."""
        dice = self._dice
        start = dice.choice((hello(), raw.open_message(), frame(b"MSG", dice.randbytes(40)), frame(b"CLO", bytes(16))))
        if dice.random() < 0.3:
            return dice.randbytes(dice.randint(1, 200))
        if dice.random() < 0.3:
            return FRAME.pack(start[:3], start[3:4], dice.getrandbits(32)) + start[8:]
        return _bytes_changed(start, dice)

    def _wrong_number(self, raw: Raw) -> bytes:
        message = bytearray(raw.message(self._content(raw)))
        at = 8 + 4 * self._dice.randrange(4)  # channel, token, sequence or request
        wrong = (0, 1, self._dice.getrandbits(32), (1 << 32) - 1)
        message[at : at + 4] = struct.pack("<I", self._dice.choice(wrong))
        return bytes(message)


def _bytes_changed(content: bytes, dice: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(dice.randint(1, 6)):
        changed[dice.randrange(len(changed))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.getrandbits(8)))
    return bytes(changed)


def _length_changed(content: bytes, dice: random.Random) -> bytes:
    """A length or a count that is not that of what follows: any four bytes that could be one."""
    low = 60 if len(content) > 70 else 4  # mostly behind the header of the request
    places = [i for i in range(low, len(content) - 3) if 0 <= int.from_bytes(content[i : i + 4], "little") <= 64]
    at = dice.choice(places or [max(len(content) - 4, 0)])
    return content[:at] + struct.pack("<i", dice.choice(LENGTHS)) + content[at + 4 :]


def _cut(content: bytes, dice: random.Random) -> bytes:
    return content[: dice.randrange(1, len(content))]


def _doubled(content: bytes, dice: random.Random) -> bytes:
    """A part of it many times."""
    at = dice.randrange(len(content))
    return content[:at] + content[at : at + dice.randint(1, 64)] * dice.randint(2, 500) + content[at:]


def _request(dice: random.Random) -> Any:
    """A valid request of any service, its lists filled with plausible entries."""
    kind = dice.choice(_kinds())
    request = kind()
    parameters = getattr(request, "Parameters", None)
    if parameters is not None:
        _fill(parameters, dice, 0)
    request.RequestHeader.RequestHandle = dice.getrandbits(16)
    return request


def _kinds() -> list[type]:
    """All requests of the standard that asyncua can encode, but for the end of the own session."""
    if not _KINDS:
        for name in sorted(vars(ua)):
            kind = getattr(ua, name)
            is_request = name.endswith("Request") and dataclasses.is_dataclass(kind) and name not in SKIPPED
            if is_request and "RequestHeader" in {f.name for f in dataclasses.fields(kind)}:
                _KINDS.append(kind)
    return _KINDS


_KINDS: list[type] = []
NODES = (
    *(ua.NodeId("SIM.time", 2), ua.NodeId("V-1.p", 2), ua.NodeId("SIM.advance", 2), ua.NodeId("SIM", 2)),
    *(ua.NodeId(ua.ObjectIds.Server), ua.NodeId(ua.ObjectIds.ObjectsFolder), ua.NodeId(ua.ObjectIds.RootFolder)),
    *(ua.NodeId(), ua.NodeId(b"x" * 8, 1, ua.NodeIdType.ByteString), ua.NodeId(99, 99)),
)
VALUES = (0.5, float("nan"), True, 3, "text", [1.0, 2.0], [True], b"bytes", None)


def _fill(owner: Any, dice: random.Random, depth: int) -> None:
    """Give the fields of a structure values; lists get some entries."""
    for entry in dataclasses.fields(owner):
        value = getattr(owner, entry.name)
        if not entry.init or isinstance(value, ua.ExtensionObject):
            continue
        hint = str(entry.type)
        if isinstance(value, list) and depth < 3:
            value.extend(_entries(hint, dice, depth))
        elif isinstance(value, ua.NodeId):
            setattr(owner, entry.name, dice.choice(NODES))
        elif isinstance(value, ua.DataValue):
            setattr(owner, entry.name, ua.DataValue(ua.Variant(dice.choice(VALUES))))
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            if dataclasses.is_dataclass(value) and depth < 3:
                _fill(value, dice, depth + 1)
        elif isinstance(value, float):
            setattr(owner, entry.name, dice.choice((0.0, -1.0, 100.0, 1e300, float("nan"))))
        elif type(value) is int and entry.name != "Encoding":
            setattr(owner, entry.name, dice.choice((0, 1, 2, 13, 255)))


def _entries(hint: str, dice: random.Random, depth: int) -> list[Any]:
    name = hint.rpartition("ua.")[2].rstrip("]'\" ")
    kind: Any = getattr(ua, name, None)
    count = dice.choice((0, 1, 2, 5))
    if name in ("NodeId", "ExpandedNodeId"):
        return [dice.choice(NODES) for _ in range(count)]
    if name in ("IntegerId", "UInt32", "Counter"):
        return [dice.choice((0, 1, 2, 77)) for _ in range(count)]
    if name in ("ByteString", "ContinuationPoint"):
        return [dice.randbytes(8) for _ in range(count)]
    if name in ("String", "LocaleId"):
        return ["en"] * count
    if name == "Variant":
        return [ua.Variant(dice.choice(VALUES)) for _ in range(count)]
    if kind is None or not dataclasses.is_dataclass(kind):
        return []
    make: Any = kind
    made = [make() for _ in range(count)]
    for entry in made if kind is not ua.ExtensionObject else ():
        _fill(entry, dice, depth + 1)
    return made
