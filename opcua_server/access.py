"""Who may write and call what: four roles, each of which may do what the one before it may, and more.

observer    reads and subscribes
operator    what is on the panel: set points, modes, commands, acknowledging alarms
engineer    how things are tuned and protected: gains, limits, bypasses
instructor  what happens to the plant: faults, leaks, weather, time, scenarios

Which of them a tag needs is said where the tag is declared (`Input(..., by="engineer")`); methods say it when they are
added. Whoever adds a method calls `allow`; a method that nobody allowed is the instructor's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import AttributeValue

from twin.simulation import writable
from twin.tags import Tag


class Role(IntEnum):
    """What a person may do; more includes less."""

    OBSERVER = 1
    OPERATOR = 2
    ENGINEER = 3
    INSTRUCTOR = 4

    @property
    def word(self) -> str:
        return self.name.lower()


WELL_KNOWN = {
    Role.OBSERVER: ua.NodeId(ua.ObjectIds.WellKnownRole_Observer),
    Role.OPERATOR: ua.NodeId(ua.ObjectIds.WellKnownRole_Operator),
    Role.ENGINEER: ua.NodeId(ua.ObjectIds.WellKnownRole_Engineer),
    Role.INSTRUCTOR: ua.NodeId(ua.ObjectIds.WellKnownRole_Supervisor),
}
"""Our roles among those of Part 3, 4.9.2."""

READ, WRITE = 1, 2  # bits of AccessLevel
REFRESH = (ua.ObjectIds.ConditionType_ConditionRefresh, ua.ObjectIds.ConditionType_ConditionRefresh2)


@dataclass
class Person(User):
    """Who a session belongs to; nobody has no name. For asyncua all are plain users, and none its admin."""

    role: UserRole = UserRole.User
    name: str | None = ""
    rank: Role = Role.OBSERVER
    by: str = "Anonymous"
    """How it was found out: Anonymous, UserName or Certificate."""


class Access:
    """Answers for every session what it may write and call."""

    def __init__(self, tags: dict[ua.NodeId, Tag]) -> None:
        self._tags = tags
        self._methods: dict[ua.NodeId, Role] = {ua.NodeId(number): Role.OBSERVER for number in REFRESH}
        self._switches: set[ua.NodeId] = set()

    def allow(self, method: ua.NodeId, role: Role) -> None:
        """From this role on the method may be called."""
        self._methods[method] = role

    def allow_writing(self, node: Any, role: Role) -> None:
        """From this role on a variable, asyncua's NodeData, may be written though it is no tag."""
        self._switches.add(node.nodeid)
        self._methods[node.nodeid] = role
        level = ua.DataValue(ua.Variant(READ | WRITE, ua.VariantType.Byte))
        node.attributes[ua.AttributeIds.AccessLevel] = AttributeValue(level)

    def writable(self, node: ua.NodeId) -> bool:
        """Whether somebody may write this."""
        tag = self._tags.get(node)
        return node in self._switches if tag is None else writable(tag)

    def needed(self, node: ua.NodeId) -> Role | None:
        """The least role that may write this tag or call this method; None for a tag that nobody writes."""
        tag = self._tags.get(node)
        if tag is not None:
            return Role[tag.by.upper()] if writable(tag) else None
        return self._methods.get(node, Role.INSTRUCTOR)

    def may(self, session: Any, node: ua.NodeId) -> bool:
        """Whether this session may write this tag or call this method."""
        needed = self.needed(node)
        return needed is not None and session.user.rank >= needed

    def attribute(self, session: Any, node: Any, attribute: int) -> ua.Variant | None:
        """An attribute that differs from session to session; None if it does not, or the node has no such thing.

        `node` is asyncua's NodeData.
        """
        nodeid, attributes = node.nodeid, node.attributes
        if attribute == ua.AttributeIds.UserAccessLevel and ua.AttributeIds.AccessLevel in attributes:
            level = attributes[ua.AttributeIds.AccessLevel].value.Value.Value
            if (nodeid in self._tags or nodeid in self._switches) and not self.may(session, nodeid):
                level &= ~WRITE
            return ua.Variant(level, ua.VariantType.Byte)
        if attribute == ua.AttributeIds.UserWriteMask and ua.AttributeIds.WriteMask in attributes:
            return ua.Variant(0, ua.VariantType.UInt32)
        if attribute == ua.AttributeIds.UserExecutable and ua.AttributeIds.Executable in attributes:
            return ua.Variant(self.may(session, nodeid), ua.VariantType.Boolean)
        if attribute in (ua.AttributeIds.RolePermissions, ua.AttributeIds.UserRolePermissions):
            own = session.user.rank if attribute == ua.AttributeIds.UserRolePermissions else Role.INSTRUCTOR
            permissions = [self._permissions(node, role) for role in Role if role <= own]
            return ua.Variant(permissions, ua.VariantType.ExtensionObject)
        return None

    def _permissions(self, node: Any, role: Role) -> ua.RolePermissionType:
        may = ua.PermissionType.Browse | ua.PermissionType.Read | ua.PermissionType.ReceiveEvents
        needed = self.needed(node.nodeid)
        if needed is not None and role >= needed:
            if node.nodeid in self._tags or node.nodeid in self._switches:
                may |= ua.PermissionType.Write
            elif ua.AttributeIds.Executable in node.attributes:
                may |= ua.PermissionType.Call
        return ua.RolePermissionType(RoleId=WELL_KNOWN[role], Permissions=may)
