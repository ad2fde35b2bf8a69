"""Who has which role, as clients find it in ServerCapabilities/RoleSet (Part 18, 4): our four roles and their users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from opcua_server.access import INSTRUCTOR, Role
from opcua_server.caller import caller
from opcua_server.errors import UserRefused
from opcua_server.languages import Japanese
from opcua_server.node_writer import ModelWriter
from opcua_server.standard_nodes import PLANT_INDEX
from opcua_server.users import Users

IDS = ua.ObjectIds
CRITERIA = ua.IdentityCriteriaType
TRUE_OF_ALL = ("ApplicationsExclude", "EndpointsExclude", "CustomConfiguration")
"""No application and no endpoint is excluded, and nobody changes a role over OPC UA (Part 18, 4.4.1)."""


def publish_roles(space: AddressSpace, anonymous: Role | None, users: Users | None) -> None:
    """Add the role of instructors, which the standard does not have, and answer who has which.

    `anonymous` is the role of those without a name. Who has a role is for engineers and instructors only.
    """
    writer = ModelWriter(space, PLANT_INDEX, Japanese())
    text = "Changes what happens to the plant: faults, leaks, weather, time, scenarios."
    role_type, role_set = ua.NodeId(IDS.RoleType), ua.NodeId(IDS.Server_ServerCapabilities_RoleSet)
    writer.component(role_set, "Instructor", role_type, PLANT_INDEX, text=text, path=str(INSTRUCTOR.Identifier))
    nobody = ua.Variant([], ua.VariantType.ExtensionObject, is_array=True)
    own = writer.fact(INSTRUCTOR, "Identities", nobody, data_type=IDS.IdentityMappingRuleType).nodeid
    for name in (name for name in dir(IDS) if name.startswith("WellKnownRole_") and name.endswith(TRUE_OF_ALL)):
        if ua.NodeId(getattr(IDS, name)) in space:
            always = ua.DataValue(ua.Variant(True, ua.VariantType.Boolean))
            space[ua.NodeId(getattr(IDS, name))].attributes[ua.AttributeIds.Value].value = always
    places = {role: ua.NodeId(getattr(IDS, f"WellKnownRole_{role.word.title()}_Identities")) for role in list(Role)[:3]}
    for role, place in {**places, Role.INSTRUCTOR: own}.items():
        value = space[place].attributes[ua.AttributeIds.Value]
        value.value_callback = _reading(role, anonymous, users)


def _reading(role: Role, anonymous: Role | None, users: Users | None) -> Callable[[Any, Any], ua.DataValue]:
    """How asyncua asks for the identities of a role."""

    def read(nodeid: Any, attribute: Any) -> ua.DataValue:
        asking = caller()
        if asking is None or asking.user.rank < Role.ENGINEER:
            return ua.DataValue(StatusCode=ua.StatusCode(ua.StatusCodes.BadUserAccessDenied))
        try:
            rules = list(_rules(role, anonymous, users))
        except (OSError, UserRefused):
            return ua.DataValue(StatusCode=ua.StatusCode(ua.StatusCodes.BadResourceUnavailable))
        return ua.DataValue(ua.Variant(rules, ua.VariantType.ExtensionObject, is_array=True))

    return read


def _rules(role: Role, anonymous: Role | None, users: Users | None) -> Any:
    """Everybody who may do what this role may; more includes less."""
    if anonymous is not None and anonymous >= role:
        yield ua.IdentityMappingRuleType(CRITERIA.Anonymous, "")
    for account in users.all().values() if users is not None else ():
        if account.role >= role and account.hash:
            yield ua.IdentityMappingRuleType(CRITERIA.UserName, account.name)
        if account.role >= role and account.thumbprint:
            yield ua.IdentityMappingRuleType(CRITERIA.Thumbprint, account.thumbprint.upper())
