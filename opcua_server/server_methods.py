"""Methods of the Server object (Part 5, 9): what a session watches, and its values once more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from opcua_server.access import Access, Role
from opcua_server.caller import caller
from opcua_server.condition_methods import UINT, checked_arguments
from opcua_server.subscription import TagSubscription
from opcua_server.subscriptions import TagSubscriptions

IDS, CODES = ua.ObjectIds, ua.StatusCodes


class ServerMethods:
    """GetMonitoredItems and ResendData, of a client's own subscriptions."""

    def __init__(self, space: AddressSpace, subscriptions: TagSubscriptions, access: Access) -> None:
        self._subscriptions = subscriptions
        for number, do in (
            (IDS.Server_GetMonitoredItems, self._monitored_items),
            (IDS.Server_ResendData, self._resend),
        ):
            space.add_method_callback(ua.NodeId(number), self._of_own(do))
            access.allow(ua.NodeId(number), Role.OBSERVER)

    def _of_own(self, do: Callable[[TagSubscription], list[ua.Variant]]) -> Callable[..., Awaitable[Any]]:
        """The method of a subscription, once it is sure that it is the caller's."""

        async def call(parent: ua.NodeId, *arguments: ua.Variant) -> Any:
            if (refused := checked_arguments(arguments, (UINT,))) is not None:
                return refused
            found = self._subscriptions.clients_by_number().get(arguments[0].Value)
            if found is None:
                return ua.StatusCode(CODES.BadSubscriptionIdInvalid)
            if found.session_id != caller().session_id:
                return ua.StatusCode(CODES.BadUserAccessDenied)
            return do(found)

        return call

    def _monitored_items(self, found: TagSubscription) -> list[ua.Variant]:
        """Part 5, 9.1: server handles, client handles."""
        pairs = found.monitored_item_srv.handles()
        return [ua.Variant([pair[k] for pair in pairs], UINT, is_array=True) for k in (0, 1)]

    def _resend(self, found: TagSubscription) -> list[ua.Variant]:
        """Part 5, 9.2."""
        self._subscriptions.repeat(found)
        return []
