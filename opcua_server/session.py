"""A client's session: it sees, changes and ends what is its own, and is answered according to who its user is."""

from __future__ import annotations

import asyncio
import ipaddress
import math
import os
import time
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from asyncua import ua
from asyncua.common.utils import ServiceError, create_nonce
from asyncua.server.internal_session import InternalSession, SessionState

from opcua_server.access import Person
from opcua_server.audit_events import Written
from opcua_server.browsing import Pages
from opcua_server.caller import calling, one_moment, speaks_japanese
from opcua_server.continuation import ContinuationPoints
from opcua_server.index_range import part_of
from opcua_server.languages import browsed_in_japanese, read_in_japanese
from opcua_server.method_calls import problem_of
from opcua_server.tally import SessionTally
from opcua_server.timestamps import KINDS, stamped
from opcua_server.turns import in_bites

if TYPE_CHECKING:
    from opcua_server.guard import Guard
    from opcua_server.processor import Processor

VALUE = ua.AttributeIds.Value
PERSONAL = frozenset(
    {
        ua.AttributeIds.UserAccessLevel,
        ua.AttributeIds.UserWriteMask,
        ua.AttributeIds.Executable,
        ua.AttributeIds.UserExecutable,
        ua.AttributeIds.RolePermissions,
        ua.AttributeIds.UserRolePermissions,
    }
)
"""Attributes that are asked for when they are read: most depend on who asks."""
DENIED = ua.StatusCodes.BadUserAccessDenied
GROUP = 50
"""Monitored items that are made or changed in one go."""
BAD = 0x80000000
"""Bit of a status."""
Once = dict[tuple[ua.NodeId, int], ua.DataValue]
"""What a request has read already, by node and attribute."""
LOGIN = 2.0
"""Between the making of a session and its activation [s]; after that nobody is expected."""
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
        self.sent: bytes | None = None
        """The certificate with those of authorities that came with it."""
        self.processor: Processor | None = None
        self.farewells: deque[ua.PublishResult] = deque(maxlen=guard.bounds.subscriptions_per_session)
        """That subscriptions are no longer this session's, and why."""
        self.channel_id = ""
        """Of the channel that it was created or activated on last."""
        self.audit_entry = ""
        """How the client calls its present request in a log of its own."""
        self.ending = "by the client"
        """Why it was closed, or will be."""
        self.tally = SessionTally()
        self._guard = guard
        self._bounds = guard.bounds
        self._pages = Pages(core.view_service, guard.bounds)
        self.history_points: ContinuationPoints[Any] = ContinuationPoints(guard.bounds.history_points)
        self.auth_token = ua.NodeId(os.urandom(32), 0, ua.NodeIdType.ByteString)
        self.external = True
        number = InternalSession._counter  # asyncua's own ids are those of the standard's nodes
        self.session_id: ua.NodeId = ua.NodeId(number, 1)
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
        """Who makes room first: the one that was heard of the longest ago, but for those that are about to log in."""
        logging_in = not self.is_activated() and time.monotonic() - self._last_activity < LOGIN
        return logging_in, self._last_activity

    @property
    def private(self) -> bool:
        """Whether nobody listens to what it is sent: it is encrypted, or stays on this machine."""
        encrypted = self.processor is not None and self.processor.encrypted
        return encrypted or ipaddress.ip_address(self.address.partition("%")[0]).is_loopback

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
        self.locales = tuple(filter(None, locales or ())) or self.locales
        first = not self.is_activated()
        InternalSession._current_connections += first
        self.user, self.nonce, self.state = person, create_nonce(32), SessionState.Activated
        for found in self.subscriptions():
            found.owner = self.owner
            found.monitored_item_srv.values.look_again()
        self.tally.users.append(person.name or "anonymous")
        del self.tally.users[:-USERS]
        self.touch()
        self._start_timeout_watchdog()
        if first:
            self._guard.opened(self)
        return ua.ActivateSessionResult(ServerNonce=self.nonce)

    async def close_session(self, delete_subs: bool = True) -> None:
        if not self.closed:
            self._guard.closed(self)
            if asyncio.current_task() is self._timeout_task:
                self.ending = "timed out"
                self._guard.tally.events["session timed out"] += 1
            self._guard.told("session closed", self, reason=self.ending)
        if not delete_subs:
            self._leave_behind()
        await super().close_session(delete_subs)

    # --- values ------------------------------------------------------------------------------------------------------

    async def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        """Part 4, 5.11.2. Values are never older than a scan, so any MaxAge is met."""
        times = params.TimestampsToReturn
        if not params.MaxAge >= 0.0:
            raise ServiceError(ua.StatusCodes.BadMaxAgeInvalid)
        if times not in KINDS:
            raise ServiceError(ua.StatusCodes.BadTimestampsToReturnInvalid)
        japanese, once = speaks_japanese(self), Once()

        def answered(wanted: ua.ReadValueId) -> ua.DataValue:
            return stamped(self._look(wanted, japanese, once), wanted.AttributeId == VALUE, times)

        with calling(self), one_moment():
            return await in_bites(answered, params.NodesToRead)

    def look(self, wanted: ua.ReadValueId) -> ua.DataValue:
        """An attribute as this session sees it: its user's rights, its language, the part and the encoding it wants."""
        with calling(self):
            return self._look(wanted, speaks_japanese(self), Once())

    def _look(self, wanted: ua.ReadValueId, japanese: bool, once: Once) -> ua.DataValue:
        """What a request names again and again is made `once`."""
        place = wanted.NodeId, wanted.AttributeId
        found = once.get(place)
        if found is None:
            found = once[place] = self.aspace.read_attribute_value(*place)
        if wanted.AttributeId in PERSONAL:
            found = self._personal(wanted, found)
        if found.StatusCode is not None and found.StatusCode.value & BAD:
            return found
        if japanese:
            found = read_in_japanese(self.iserver.japanese, wanted, found)
        if wanted.IndexRange:
            found = part_of(found, wanted.IndexRange)
        encoding = wanted.DataEncoding.Name if wanted.DataEncoding is not None else None
        return self._encoded(wanted, found) if encoding else found

    def _encoded(self, wanted: ua.ReadValueId, found: ua.DataValue) -> ua.DataValue:
        """Only structures have encodings (Part 4, 5.11.2.4), and ours the binary one."""
        kind = found.Value.VariantType if found.Value is not None else None
        if wanted.AttributeId != VALUE or kind != ua.VariantType.ExtensionObject:
            return ua.DataValue(StatusCode=ua.StatusCode(ua.StatusCodes.BadDataEncodingInvalid))
        if wanted.DataEncoding != ua.QualifiedName("Default Binary", 0):
            return ua.DataValue(StatusCode=ua.StatusCode(ua.StatusCodes.BadDataEncodingUnsupported))
        return found

    def _personal(self, wanted: ua.ReadValueId, stored: ua.DataValue) -> ua.DataValue:
        node = self.aspace.get(wanted.NodeId)
        mine = None if node is None else self._guard.access.attribute(self, node, wanted.AttributeId)
        return stored if mine is None else ua.DataValue(mine)

    async def write(self, params: ua.WriteParameters) -> list[ua.StatusCode]:
        """Only what this user may write goes any further; all of it is on record."""
        done = await in_bites(self._write_one, params.NodesToWrite)
        self._guard.written(self, done)
        return [one.status for one in done]

    async def _write_one(self, item: ua.WriteValue) -> Written:
        access = self._guard.access
        tag = item.AttributeId == VALUE and access.writable(item.NodeId)
        old = self.aspace.read_attribute_value(item.NodeId, VALUE).Value if tag else None
        if tag and not access.may(self, item.NodeId):
            status = ua.StatusCode(DENIED)
        else:
            one = ua.WriteParameters(NodesToWrite=[item])
            with calling(self):
                status = (await self.iserver.attribute_service.write(one, user=self.user))[0]
        return Written(item, old, status)

    async def call(self, params: list[ua.CallMethodRequest]) -> list[ua.CallMethodResult]:
        return await in_bites(self._call_one, params)

    async def _call_one(self, method: ua.CallMethodRequest) -> ua.CallMethodResult:
        if problem := problem_of(self.aspace, method):
            result = ua.CallMethodResult(StatusCode=ua.StatusCode(problem))
        elif not self._guard.access.may(self, method.MethodId):
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

    async def history_update(self, params: ua.HistoryUpdateParameters) -> list[ua.HistoryUpdateResult]:
        """All of it is on record, done or refused."""
        with calling(self):
            results: list[ua.HistoryUpdateResult] = await self.iserver.history_manager.update_history(params)
        for details, result in zip(params.HistoryUpdateDetails, results, strict=True):
            self._guard.history_updated(self, details, result)
        return results

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
        if not elements[-1].TargetName or not elements[-1].TargetName.Name:
            return ua.BrowsePathResult(StatusCode=ua.StatusCode(ua.StatusCodes.BadBrowseNameInvalid))
        if path.StartingNode not in self.aspace:
            return ua.BrowsePathResult(StatusCode=ua.StatusCode(ua.StatusCodes.BadNodeIdUnknown))
        if len(elements) > self._bounds.path_elements:
            return ua.BrowsePathResult(StatusCode=ua.StatusCode(ua.StatusCodes.BadQueryTooComplex))
        return self.iserver.view_service.translate_browsepaths_to_nodeids([path])[0]

    # --- subscriptions -----------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[Any]:
        """Those of this session."""
        mine = self.session_id.Identifier  # comparing node ids as a whole, fifty for each request, takes 20 us
        everybodys = self.subscription_service.subscriptions.values()
        return [found for found in everybodys if found.session_id.Identifier == mine]

    def _owns(self, number: int) -> bool:
        found = self.subscription_service.subscriptions.get(number)
        return found is not None and found.session_id.Identifier == self.session_id.Identifier

    def _own(self, number: int) -> Any:
        """The subscription, which lives on for being asked for.

        Raises BadSubscriptionIdInvalid for one of somebody else, as if it were not there.
        """
        if not self._owns(number):
            raise ServiceError(ua.StatusCodes.BadSubscriptionIdInvalid)
        found = self.subscription_service.subscriptions[number]
        found.alive()
        return found

    @property
    def owner(self) -> tuple[Any, ...]:
        """Who may take a subscription over: the same user of the same application (Part 4, 5.14.7)."""
        return self.user.name, self.certificate, None if self.certificate is not None else self.address

    async def create_subscription(
        self, params: ua.CreateSubscriptionParameters, callback: Any, request_callback: Any = None
    ) -> ua.CreateSubscriptionResult:
        if len(self.subscriptions()) >= self._bounds.subscriptions_per_session:
            raise ServiceError(ua.StatusCodes.BadTooManySubscriptions)
        result = await super().create_subscription(params, callback, request_callback)
        self.subscription_service.subscriptions[result.SubscriptionId].owner = self.owner
        return result

    def modify_subscription(self, params: ua.ModifySubscriptionParameters) -> ua.ModifySubscriptionResult:
        self._own(params.SubscriptionId)
        return super().modify_subscription(params)

    async def delete_subscriptions(self, ids: list[int]) -> list[ua.StatusCode]:
        own = [number for number in dict.fromkeys(ids) if self._owns(number)]
        done = dict(zip(own, await super().delete_subscriptions(own), strict=True))
        self._dismiss()
        return [done.pop(number, ua.StatusCode(ua.StatusCodes.BadSubscriptionIdInvalid)) for number in ids]

    async def set_publishing_mode(self, params: ua.SetPublishingModeParameters) -> list[ua.StatusCode]:
        statuses = []
        for number in params.SubscriptionIds:
            if self._owns(number):
                await self._own(number).set_publishing_mode(params.PublishingEnabled)
            code = ua.StatusCodes.Good if self._owns(number) else ua.StatusCodes.BadSubscriptionIdInvalid
            statuses.append(ua.StatusCode(code))
        return statuses

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

    def set_triggering(self, params: ua.SetTriggeringParameters) -> ua.SetTriggeringResult:
        """Part 4, 5.13.5."""
        items = self._own(params.SubscriptionId).monitored_item_srv
        added, removed = items.set_triggering(
            params.TriggeringItemId, params.LinksToAdd or [], params.LinksToRemove or []
        )
        return ua.SetTriggeringResult(added, [], removed, [])

    def republish(self, params: ua.RepublishParameters) -> ua.NotificationMessage:
        message: ua.NotificationMessage = self._own(params.SubscriptionId).republish(params.RetransmitSequenceNumber)
        return message

    def publish(self, acks: Any = None) -> tuple[int, list[ua.StatusCode]]:
        """Take acknowledgements; how many subscriptions there are, and what became of each acknowledgement."""
        mine = self.subscriptions()
        if not mine and not self.farewells:
            raise ServiceError(ua.StatusCodes.BadNoSubscription)
        if len(acks or ()) > self._bounds.subscriptions_per_session * self._bounds.unacknowledged:
            raise ServiceError(ua.StatusCodes.BadTooManyOperations)
        for found in mine:
            found.alive()
        return len(mine), [ua.StatusCode(self._acknowledge(ack)) for ack in acks or ()]

    def _acknowledge(self, ack: ua.SubscriptionAcknowledgement) -> int:
        if not self._owns(ack.SubscriptionId):
            return int(ua.StatusCodes.BadSubscriptionIdInvalid)
        kept = self.subscription_service.subscriptions[ack.SubscriptionId].kept
        known = kept.pop(ack.SequenceNumber, None) is not None
        return int(ua.StatusCodes.Good if known else ua.StatusCodes.BadSequenceNumberUnknown)

    def transfer_subscriptions(
        self, params: ua.TransferSubscriptionsParameters, callback: Any
    ) -> list[ua.TransferResult]:
        """From another session of the same user and application, which may have ended (Part 4, 5.14.7)."""
        return [self._take(number, params.SendInitialValues, callback) for number in params.SubscriptionIds]

    def _take(self, number: int, repeat: bool, callback: Any) -> ua.TransferResult:
        found = self.subscription_service.clients_by_number().get(number)
        if found is None:
            return ua.TransferResult(ua.StatusCode(ua.StatusCodes.BadSubscriptionIdInvalid))
        if found.owner != self.owner:
            return ua.TransferResult(ua.StatusCode(DENIED))
        if self._owns(number):
            self._own(number)
        elif len(self.subscriptions()) >= self._bounds.subscriptions_per_session:
            return ua.TransferResult(ua.StatusCode(ua.StatusCodes.BadTooManySubscriptions))
        else:
            self.subscription_service.hand_over(found, self.session_id, callback)
        if repeat:
            self.subscription_service.repeat(found)
        return ua.TransferResult(ua.StatusCode(), list(found.kept))

    def part_with(self, subscription: Any, code: int) -> None:
        """A subscription is no longer this session's: the next answer to a Publish request says so."""
        message = ua.NotificationMessage(subscription._notification_seq, datetime.now(UTC))
        message.NotificationData.append(ua.StatusChangeNotification(ua.StatusCode(code)))
        self.farewells.append(ua.PublishResult(subscription.data.SubscriptionId, [], False, message))
        if self.processor is not None:
            self.processor.say_farewell()
        self._dismiss()

    def _dismiss(self) -> None:
        """Without a subscription nothing will ever be published."""
        if self.processor is not None and not self.subscriptions():
            self.processor.dismiss(ua.StatusCodes.BadNoSubscription)

    def detach(self) -> None:
        """There is no connection to publish on."""
        self.processor = None
        for found in self.subscriptions():
            found.detach()

    def _leave_behind(self) -> None:
        """Subscriptions outlive their session as long as a session lives without a word, for another one to take."""
        self.detach()
        for found in self.subscriptions():
            found.until = time.monotonic() + self._bounds.session_time[1]

    def touch(self) -> None:
        self._last_activity = time.monotonic()


async def _in_groups(do: Any, params: Any, field: str) -> list[Any]:
    """The results of a service that is carried out for some of its items after the other."""
    items = getattr(params, field)
    groups = [replace(params, **{field: items[k : k + GROUP]}) for k in range(0, len(items), GROUP)]
    return [result for results in await in_bites(do, groups) for result in results]
