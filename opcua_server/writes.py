"""What clients may write, and how they are refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import AddressSpace, AttributeService

from opcua_server.index_range import problem_with
from opcua_server.nodes import variant_type
from twin.errors import BadWrite
from twin.simulation import writable
from twin.tags import Tag

REASONS = {
    "not_writable": ua.StatusCodes.BadNotWritable,
    "out_of_range": ua.StatusCodes.BadOutOfRange,
    "type_mismatch": ua.StatusCodes.BadTypeMismatch,
}

ADMIN = User(role=UserRole.Admin)
"""Who the server itself is."""

Write = Callable[[Tag, float, str], Awaitable[None]]


class TagWrites(AttributeService):
    """asyncua's attribute service, where tags are written through the simulation.

    `switches` are the only other values that clients may write: Booleans, and what throws them.
    """

    def __init__(
        self,
        space: AddressSpace,
        tags: dict[ua.NodeId, Tag],
        write: Write,
        switches: dict[ua.NodeId, Callable[[bool], None]],
    ) -> None:
        super().__init__(space)
        self._tags = tags
        self._write = write
        self._switches = switches

    async def write(self, params: ua.WriteParameters, user: User = ADMIN) -> list[ua.StatusCode]:
        """Answer every item by itself, in order."""
        return [ua.StatusCode(await self._write_one(item, user)) for item in params.NodesToWrite]

    async def _write_one(self, item: ua.WriteValue, user: User) -> int:
        tag = self._tags.get(item.NodeId)
        if tag is not None and item.AttributeId == ua.AttributeIds.Value:
            return await self._write_tag(tag, item, getattr(user, "name", None) or "")
        if item.NodeId in self._switches and item.AttributeId == ua.AttributeIds.Value:
            return self._throw(item)
        if user.role == UserRole.Admin:
            one = ua.WriteParameters()
            one.NodesToWrite = [item]
            return int((await super().write(one, user))[0].value)
        node = self._aspace.get(item.NodeId)
        if node is None:
            return ua.StatusCodes.BadNodeIdUnknown
        known = item.AttributeId in node.attributes
        return ua.StatusCodes.BadNotWritable if known else ua.StatusCodes.BadAttributeIdInvalid

    async def _write_tag(self, tag: Tag, item: ua.WriteValue, person: str) -> int:
        if not writable(tag):
            return ua.StatusCodes.BadNotWritable
        if problem := _problem_of(item, variant_type(tag)):
            return problem
        try:
            await self._write(tag, float(item.Value.Value.Value), person)
        except BadWrite as refused:
            return REASONS[refused.reason]
        return ua.StatusCodes.Good

    def _throw(self, item: ua.WriteValue) -> int:
        problem = _problem_of(item, ua.VariantType.Boolean)
        if not problem:
            self._switches[item.NodeId](bool(item.Value.Value.Value))
        return problem


def _problem_of(item: ua.WriteValue, kind: ua.VariantType) -> int:
    """What is wrong with a write of a whole value of a type; 0 if nothing is."""
    given, variant = item.Value, item.Value.Value
    if item.IndexRange:
        return problem_with(item.IndexRange) or int(ua.StatusCodes.BadWriteNotSupported)
    if given.ServerTimestamp is not None or (given.StatusCode is not None and not given.StatusCode.is_good()):
        return int(ua.StatusCodes.BadWriteNotSupported)
    fits = variant is not None and not variant.is_array and variant.VariantType == kind
    return 0 if fits else int(ua.StatusCodes.BadTypeMismatch)
