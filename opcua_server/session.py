"""A client's session: it sees, changes and ends what is its own, and is answered according to who its user is."""

from __future__ import annotations

import asyncio
import math
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asyncua import ua
from asyncua.common.utils import ServiceError, create_nonce
from asyncua.server.internal_session import InternalSession, SessionState

from opcua_server.access import Person
from opcua_server.browsing import Pages
from opcua_server.caller import calling, speaks_japanese
from opcua_server.continuation import ContinuationPoints
from opcua_server.index_range import part_of
from opcua_server.languages import browsed_in_japanese, read_in_japanese
from opcua_server.tally import SessionTally
from opcua_server.turns import in_bites

if TYPE_CHECKING:
    from opcua_server.guard import Guard
    from opcua_server.processor import Processor

VALUE = ua.AttributeIds.Value
PERSONAL = frozenset(
    {
        ua.AttributeIds.UserAccessLevel,
        ua.AttributeIds.UserWriteMask,
        ua.AttributeIds.UserExecutable,
        ua.AttributeIds.RolePermissions,
        ua.AttributeIds.UserRolePermissions,
    }
)
"""Attributes whose value depends on who asks."""
DENIED = ua.StatusCodes.BadUserAccessDenied
GROUP = 50
"""Monitored items that are made or changed in one go."""
USERS = 10
"""Of one session, one after the other, that are remembered."""


class Session(InternalSession):
    """asyncua's session with rights, bounds and a token that nobody can guess."""

    user: Person

    def __init__(self, guard: Guard, core: Any, address: str, application: str) -> None:
        super().__init__(core, core.aspace, core.subscription_service, address, user=Person())
        self.address = address
        self.application = application
        self.locales: tuple[str, ...] = ()  # that the client likes, best first
        """Languages that the client wants, the best first."""
        self.certificate: bytes | None = None
        self.processor: Processor | None = None
        self.tally = SessionTally()
        self._guard = guard
        self._bounds = guard.bounds
        self._pages = Pages(core.view_service, guard.bounds)
        self.history_points: ContinuationPoints[Any] = ContinuationPoints(guard.bounds.history_points)
        self.auth_token = ua.NodeId(os.urandom(32), 0, ua.NodeIdType.ByteString)
        self.external = True
        core.register_external_session(self)

    @property
    def closed(self) -> bool:
        return self.state == SessionState.Closed

    @property
    def in_use(self) -> bool:
        """Whether somebody is logged in and connected; the others make room for newcomers (Part 4, 5.7.2)."""
        return self.is_activated() and self.processor is not None

    @property
    def rank(self) -> tuple[bool, float]:
        """Who makes room first: one that was never activated, then the one that was heard of the longest ago."""
        return self.is_activated(), self._last_activity

    # --- life --------------------------------------------------------------------------------------------------------

    async def create_session(self, params: ua.CreateSessionParameters, sockname: Any = None) -> ua.CreateSessionResult:
        low, high = self._bounds.session_time
        wanted = params.RequestedSessionTimeout / 1e3
        params.RequestedSessionTimeout = 1e3 * (min(max(wanted, low), high) if math.isfinite(wanted) else high)
        result = await super().create_session(params, sockname)
        result.MaxRequestMessageSize = self._bounds.message
        self.tally.introduce(params)
        return result

    def admit(self, person: Person, locales: list[str] | None) -> ua.ActivateSessionResult:
        """From now on the session is this person's, who wants these languages; those of before if none are named."""
        self.locales = tuple(locales or ()) or self.locales
        if not self.is_activated():
            InternalSession._current_connections += 1
        self.user, self.nonce, self.state = person, create_nonce(32), SessionState.Activated
        self.tally.users.append(person.name or "anonymous")
        del self.tally.users[:-USERS]
        self.touch()
        self._start_timeout_watchdog()
        return ua.ActivateSessionResult(ServerNonce=self.nonce)

    async def close_session(self, delete_subs: bool = True) -> None:
        if not self.closed:
            self._guard.told("session closed", self)
            self._guard.tally.events["session timed out"] += asyncio.current_task() is self._timeout_task
        await super().close_session(delete_subs)

    # --- values ------------------------------------------------------------------------------------------------------

    async def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        if not params.MaxAge >= 0.0:
            raise ServiceError(ua.StatusCodes.BadMaxAgeInvalid)
        if params.TimestampsToReturn not in tuple(ua.TimestampsToReturn)[:4]:
            raise ServiceError(ua.StatusCodes.BadTimestampsToReturnInvalid)
        once: dict[tuple[ua.NodeId, int], ua.DataValue] = {}
        return await in_bites(lambda wanted: self._look(wanted, once), params.NodesToRead)

    def _look(self, wanted: ua.ReadValueId, once: dict[tuple[ua.NodeId, int], ua.DataValue]) -> ua.DataValue:
        """An attribute as this session sees it; what a request names again and again is made once."""
        place = wanted.NodeId, wanted.AttributeId
        found = once.get(place)
        if found is None:
            with calling(self):
                found = once[place] = self.aspace.read_attribute_value(*place)
        if wanted.AttributeId in PERSONAL:
            found = self._personal(wanted, found)
        elif wanted.AttributeId == VALUE and wanted.IndexRange:
            found = part_of(found, wanted.IndexRange)
        if speaks_japanese(self):
            found = read_in_japanese(self.iserver.japanese, wanted, found)
        if wanted.DataEncoding is not None and wanted.DataEncoding.Name not in (None, "", "Default Binary"):
            found = ua.DataValue(StatusCode=ua.StatusCode(ua.StatusCodes.BadDataEncodingUnsupported))
        return found

    def _personal(self, wanted: ua.ReadValueId, stored: ua.DataValue) -> ua.DataValue:
        node = self.aspace.get(wanted.NodeId)
        mine = None if node is None else self._guard.access.attribute(self, node, wanted.AttributeId)
        return stored if mine is None else ua.DataValue(mine)

    async def write(self, params: ua.WriteParameters) -> list[ua.StatusCode]:
        """Only what this user may write goes any further; all of it is on record."""
        return await in_bites(self._write_one, params.NodesToWrite)

    async def _write_one(self, item: ua.WriteValue) -> ua.StatusCode:
        access = self._guard.access
        if item.AttributeId == VALUE and access.writable(item.NodeId) and not access.may(self, item.NodeId):
            status = ua.StatusCode(DENIED)
        else:
            one = ua.WriteParameters(NodesToWrite=[item])
            status = (await self.iserver.attribute_service.write(one, user=self.user))[0]
        self._guard.written(self, item, status)
        return status

    async def call(self, params: list[ua.CallMethodRequest]) -> list[ua.CallMethodResult]:
        return await in_bites(self._call_one, params)

    async def _call_one(self, method: ua.CallMethodRequest) -> ua.CallMethodResult:
        if method.MethodId in self.aspace and not self._guard.access.may(self, method.MethodId):
            result = ua.CallMethodResult(StatusCode=ua.StatusCode(DENIED))
        else:
            with calling(self):
                (result,) = await self.iserver.method_service.call([method])
        self._guard.called(self, method, result)
        return result

    async def history_read(self, params: ua.HistoryReadParameters) -> list[ua.HistoryReadResult]:
        self.history_points.begin()
        with calling(self):
            return await super().history_read(params)

    # --- address space -----------------------------------------------------------------------------------------------

    async def browse(self, params: ua.BrowseParameters) -> list[ua.BrowseResult]:
        return self._in_language(await self._pages.browse(params))

    async def browse_next(self, parameters: ua.BrowseNextParameters) -> list[ua.BrowseResult]:
        return self._in_language(self._pages.next(parameters))

    def _in_language(self, results: list[ua.BrowseResult]) -> list[ua.BrowseResult]:
        if speaks_japanese(self):
            for result in results:
                texts = self.iserver.japanese
                result.References = [browsed_in_japanese(texts, found) for found in result.References or ()]
        return results

    async def translate_browsepaths_to_nodeids(self, params: list[ua.BrowsePath]) -> list[ua.BrowsePathResult]:
        return await in_bites(self._translate, params)

    def _translate(self, path: ua.BrowsePath) -> ua.BrowsePathResult:
        elements = path.RelativePath.Elements
        if not elements:
            return ua.BrowsePathResult(StatusCode=ua.StatusCode(ua.StatusCodes.BadNothingToDo))
        if len(elements) > self._bounds.path_elements:
            return ua.BrowsePathResult(StatusCode=ua.StatusCode(ua.StatusCodes.BadQueryTooComplex))
        return self.iserver.view_service.translate_browsepaths_to_nodeids([path])[0]

    # --- subscriptions -----------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[Any]:
        """Those of this session."""
        everybodys = self.subscription_service.subscriptions.values()
        return [found for found in everybodys if found.session_id == self.session_id]

    def _owns(self, number: int) -> bool:
        found = self.subscription_service.subscriptions.get(number)
        return found is not None and found.session_id == self.session_id

    def _own(self, number: int) -> None:
        """Raises BadSubscriptionIdInvalid for a subscription of somebody else, as if it were not there."""
        if not self._owns(number):
            raise ServiceError(ua.StatusCodes.BadSubscriptionIdInvalid)

    async def _each_own(self, numbers: list[int], do: Any) -> list[ua.StatusCode]:
        """Do something to those that are this session's; the others get their status in the same order."""
        own = list(dict.fromkeys(number for number in numbers if self._owns(number)))
        done = dict(zip(own, await do(own), strict=True)) if own else {}
        missing = ua.StatusCode(ua.StatusCodes.BadSubscriptionIdInvalid)
        return [done.pop(number, missing) for number in numbers]

    async def create_subscription(
        self, params: ua.CreateSubscriptionParameters, callback: Any, request_callback: Any = None
    ) -> ua.CreateSubscriptionResult:
        if len(self.subscriptions()) >= self._bounds.subscriptions_per_session:
            raise ServiceError(ua.StatusCodes.BadTooManySubscriptions)
        return await super().create_subscription(params, callback, request_callback)

    def modify_subscription(self, params: ua.ModifySubscriptionParameters) -> ua.ModifySubscriptionResult:
        self._own(params.SubscriptionId)
        return super().modify_subscription(params)

    async def delete_subscriptions(self, ids: list[int]) -> list[ua.StatusCode]:
        return await self._each_own(ids, super().delete_subscriptions)

    async def set_publishing_mode(self, params: ua.SetPublishingModeParameters) -> list[ua.StatusCode]:
        async def switch(own: list[int]) -> list[ua.StatusCode]:
            of_mine = ua.SetPublishingModeParameters(params.PublishingEnabled, own)
            return await self.subscription_service.set_publishing_mode(of_mine)

        return await self._each_own(params.SubscriptionIds, switch)

    async def create_monitored_items(self, params: ua.CreateMonitoredItemsParameters) -> Any:
        self._own(params.SubscriptionId)
        wanted = len(params.ItemsToCreate)
        mine = sum(found.monitored_item_srv.count() for found in self.subscriptions())
        if mine + wanted > self._bounds.items_per_session or self._guard.items() + wanted > self._bounds.items:
            raise ServiceError(ua.StatusCodes.BadTooManyMonitoredItems)
        return await _in_groups(super().create_monitored_items, params, "ItemsToCreate")

    async def modify_monitored_items(self, params: ua.ModifyMonitoredItemsParameters) -> Any:
        self._own(params.SubscriptionId)
        return await _in_groups(super().modify_monitored_items, params, "ItemsToModify")

    async def set_monitoring_mode(self, params: ua.SetMonitoringModeParameters) -> list[ua.StatusCode]:
        self._own(params.SubscriptionId)
        return await _in_groups(super().set_monitoring_mode, params, "MonitoredItemIds")

    async def delete_monitored_items(self, params: ua.DeleteMonitoredItemsParameters) -> list[ua.StatusCode]:
        self._own(params.SubscriptionId)
        return await _in_groups(super().delete_monitored_items, params, "MonitoredItemIds")

    def republish(self, params: ua.RepublishParameters) -> ua.NotificationMessage:
        self._own(params.SubscriptionId)
        kept = self.subscription_service.subscriptions[params.SubscriptionId]._not_acknowledged_results
        if params.RetransmitSequenceNumber not in kept:
            raise ServiceError(ua.StatusCodes.BadMessageNotAvailable)
        return super().republish(params)

    def publish(self, acks: Any = None) -> tuple[int, list[ua.StatusCode]]:
        """Take acknowledgements; how many subscriptions there are, and what became of each acknowledgement."""
        count = len(self.subscriptions())
        if not count:
            raise ServiceError(ua.StatusCodes.BadNoSubscription)
        if len(acks or ()) > self._bounds.subscriptions_per_session * self._bounds.unacknowledged:
            raise ServiceError(ua.StatusCodes.BadTooManyOperations)
        return count, [ua.StatusCode(self._acknowledge(ack)) for ack in acks or ()]

    def _acknowledge(self, ack: ua.SubscriptionAcknowledgement) -> int:
        if not self._owns(ack.SubscriptionId):
            return int(ua.StatusCodes.BadSubscriptionIdInvalid)
        found = self.subscription_service.subscriptions[ack.SubscriptionId]
        if ack.SequenceNumber not in found._not_acknowledged_results:
            return int(ua.StatusCodes.BadSequenceNumberUnknown)
        found.publish([ack.SequenceNumber])
        return int(ua.StatusCodes.Good)

    async def transfer_subscriptions(self, params: ua.TransferSubscriptionsParameters, callback: Any) -> Any:
        """From another session of the same user, or of the same application where nobody has a name."""
        results = []
        for number in params.SubscriptionIds or ():
            found = self.subscription_service.subscriptions.get(number)
            if found is None:
                results.append(ua.TransferResult(ua.StatusCode(ua.StatusCodes.BadSubscriptionIdInvalid)))
            elif not self._may_take(found.session_id):
                results.append(ua.TransferResult(ua.StatusCode(DENIED)))
            else:
                single = ua.TransferSubscriptionsParameters([number], params.SendInitialValues)
                results += await super().transfer_subscriptions(single, callback)
        return results

    def _may_take(self, owner: ua.NodeId) -> bool:
        other = self._guard.session(owner)
        if other is None or other is self:
            return other is self
        same = (other.user.name, other.certificate) == (self.user.name, self.certificate)
        return same and (self.certificate is not None or other.address == self.address)

    def touch(self) -> None:
        self._last_activity = time.monotonic()


async def _in_groups(do: Any, params: Any, field: str) -> list[Any]:
    """The results of a service that is carried out for some of its items after the other."""
    items = getattr(params, field)
    groups = [replace(params, **{field: items[k : k + GROUP]}) for k in range(0, len(items), GROUP)]
    return [result for results in await in_bites(do, groups) for result in results]
