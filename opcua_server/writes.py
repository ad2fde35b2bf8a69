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
    """asyncua's attribute service, where tags are written through the simulation and nothing else is writable."""

    def __init__(self, space: AddressSpace, tags: dict[ua.NodeId, Tag], write: Write) -> None:
        super().__init__(space)
        self._tags = tags
        self._write = write

    async def write(self, params: ua.WriteParameters, user: User = ADMIN) -> list[ua.StatusCode]:
        """Answer every item by itself, in order."""
        return [ua.StatusCode(await self._write_one(item, user)) for item in params.NodesToWrite]

    async def _write_one(self, item: ua.WriteValue, user: User) -> int:
        tag = self._tags.get(item.NodeId)
        if tag is not None and item.AttributeId == ua.AttributeIds.Value:
            return await self._write_tag(tag, item, getattr(user, "name", None) or "")
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
        given = item.Value
        if item.IndexRange:
            return problem_with(item.IndexRange) or ua.StatusCodes.BadWriteNotSupported
        if given.ServerTimestamp is not None or (given.StatusCode is not None and not given.StatusCode.is_good()):
            return ua.StatusCodes.BadWriteNotSupported
        variant = given.Value
        if variant is None or variant.is_array or variant.VariantType != variant_type(tag):
            return ua.StatusCodes.BadTypeMismatch
        try:
            await self._write(tag, float(variant.Value), person)
        except BadWrite as refused:
            return REASONS[refused.reason]
        return ua.StatusCodes.Good
