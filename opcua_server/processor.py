"""What one client asks for, in the order in which the standard allows it: Hello, channel, session, services."""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from asyncua import ua
from asyncua.common.connection import TransportLimits
from asyncua.common.utils import Buffer, ServiceError
from asyncua.crypto import uacrypto
from asyncua.server.uaprocessor import PublishRequestData, UaProcessor
from asyncua.ua.ua_binary import Primitives, uatcp_to_binary

from opcua_server.channel import Channel
from opcua_server.decoding import decode
from opcua_server.encoding import encoded
from opcua_server.explained import explain
from opcua_server.quick_codec import opening
from opcua_server.services import SERVICES, Service
from opcua_server.session import Session
from opcua_server.turns import rest

if TYPE_CHECKING:
    from opcua_server.guard import Guard
    from opcua_server.wire import Wire

IDS = ua.ObjectIds
LEAST_BUFFER = 8192
"""Part 6, 7.1.2.3: what every client must be able to receive."""
OVERHEAD = 1024
"""Bytes of a chunk that may be headers, padding and signature."""
LONGEST_URL = 4096
TRANSPORT = "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"
LONGEST_ENTRY = 200
SPARE_REQUESTS = 10
"""Publish requests that may wait beyond one for each subscription."""

log = logging.getLogger(__name__)


class Processor(UaProcessor):
    """asyncua's processor, where nothing is done before its time or beyond its bound."""

    session: Session | None
    _connection: Channel

    def __init__(self, wire: Wire, guard: Guard, limits: TransportLimits) -> None:
        assert wire.transport is not None
        super().__init__(wire.iserver, wire.transport, limits)
        self.address = wire.address
        self.greeted = False
        self.sent: bytes | None = None
        """The certificate of the application at the other end, with those that it sent along; None without security."""
        self.unfinished_since: float | None = None
        self._guard = guard
        self._bounds = guard.bounds
        self._connection = Channel(self._limits, guard.bounds, self._admit)
        self._answer_limit = guard.bounds.answer

    @property
    def active(self) -> bool:
        """Whether somebody is logged in here."""
        return self.session is not None and self.session.is_activated()

    @property
    def encrypted(self) -> bool:
        """Whether its channel is."""
        return self._connection.encrypted

    @property
    def channel_id(self) -> str:
        return str(self._connection.security_token.ChannelId)

    # --- channel -----------------------------------------------------------------------------------------------------

    async def process(self, header: Any, body: Buffer) -> bool:
        kind = header.MessageType
        if kind == ua.MessageType.Hello:
            self._greet(decode(ua.Hello, body))
            return True
        if not self.greeted:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadTcpMessageTypeInvalid)
        message = self._connection.receive_from_header_and_body(header, body)
        if self._connection.unfinished:
            self.unfinished_since = self.unfinished_since or time.monotonic()
            return True
        self.unfinished_since = None
        if message is None:  # aborted by the client
            return True
        if kind == ua.MessageType.SecureOpen:
            self.open_secure_channel(message.SecurityHeader(), message.SequenceHeader(), message.body())
            return True
        if kind == ua.MessageType.SecureClose:
            self._connection.close()
            return False
        return await self.process_message(message.SequenceHeader(), self._limited(message.body()))

    def _limited(self, body: Buffer) -> Buffer:
        return self._guard.limited(bytes(body))

    def _greet(self, hello: ua.Hello) -> None:
        """Agree on sizes. asyncua would cut its answers into pieces of a byte if asked to."""
        if self.greeted:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadTcpMessageTypeInvalid)
        if min(hello.ReceiveBufferSize, hello.SendBufferSize) < LEAST_BUFFER:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadConnectionRejected)
        if len(hello.EndpointUrl or "") > LONGEST_URL:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadTcpEndpointUrlInvalid)
        self.greeted = True
        self._limits.max_send_buffer = min(hello.ReceiveBufferSize, self._bounds.chunk)
        self._limits.max_recv_buffer = min(hello.SendBufferSize, self._bounds.chunk)
        chunks = hello.MaxChunkCount * (self._limits.max_send_buffer - OVERHEAD)
        self._answer_limit = min(
            hello.MaxMessageSize or self._answer_limit, chunks or self._answer_limit, self._answer_limit
        )
        acknowledge = ua.Acknowledge(
            ReceiveBufferSize=self._limits.max_recv_buffer,
            SendBufferSize=self._limits.max_send_buffer,
            MaxMessageSize=self._bounds.message,
            MaxChunkCount=self._bounds.chunks,
        )
        self._transport.write(uatcp_to_binary(ua.MessageType.Acknowledge, acknowledge))

    def _admit(self, certificate: bytes | None) -> None:
        self._guard.admit(certificate, self.address)
        self.sent = certificate

    async def _answer(self, handle: int, seqhdr: Any, response: Any) -> None:
        """Encode and send, if it is not more than the client can take, or anybody should."""
        response.ResponseHeader.RequestHandle = handle
        try:
            body = await encoded(response, self._answer_limit)
        except ServiceError as problem:
            self.send_response(handle, seqhdr, _fault(problem.code))
            return
        self._transport.write(self._connection.message_to_binary(body, request_id=seqhdr.RequestId))

    # --- services ----------------------------------------------------------------------------------------------------

    async def process_message(self, seqhdr: Any, body: Buffer) -> bool:
        """Do what is asked and answer; a request that fails gets its status, and the client may go on."""
        typeid, header = opening(body)
        try:
            response = await self._serve(typeid, header, seqhdr, body)
        except (ServiceError, ua.UaStatusCodeError) as problem:
            response = _fault(problem.code)
        except Exception:
            log.exception("A request of %s could not be answered.", self.address)
            response = _fault(ua.StatusCodes.BadInternalError)
        code = response.ResponseHeader.ServiceResult.value if response is not None else 0
        self._guard.tally.answered(self.session, typeid.Identifier if typeid.NamespaceIndex == 0 else 0, code)
        if response is not None:
            if header.ReturnDiagnostics:
                explain(response, header.ReturnDiagnostics)
            await self._answer(header.RequestHandle, seqhdr, response)
        return True

    async def _serve(self, typeid: ua.NodeId, header: Any, seqhdr: Any, body: Buffer) -> Any:
        number = typeid.Identifier if typeid.NamespaceIndex == 0 else 0
        handler = HANDLERS.get(number)
        if handler is not None:
            return await handler(self, header, seqhdr, body)
        service = SERVICES.get(number)
        if service is None:
            raise ServiceError(ua.StatusCodes.BadServiceUnsupported)
        return await self._do(service, self._own_session(header), body)

    async def _do(self, service: Service, session: Session, body: Buffer) -> Any:
        since, most = time.perf_counter(), getattr(self._bounds, service.most)
        if most < service.announced(body) <= len(body):
            raise ServiceError(ua.StatusCodes.BadTooManyOperations)
        params: Any = decode(service.params, body)
        await rest(since)
        self._check_count(service.count(params), most)
        results = service.do(session, params)
        return service.answer(await results if inspect.isawaitable(results) else results)

    @staticmethod
    def _check_count(count: int, most: int) -> None:
        """Raises ServiceError for no operation, and for too many of them."""
        if not count:
            raise ServiceError(ua.StatusCodes.BadNothingToDo)
        if count > most:
            raise ServiceError(ua.StatusCodes.BadTooManyOperations)

    def _own_session(self, header: Any) -> Session:
        """The active session of this channel, if that is the one that the request names."""
        session = self.session
        if session is None or header.AuthenticationToken != session.auth_token or session.closed:
            raise ServiceError(ua.StatusCodes.BadSessionIdInvalid)
        if not session.is_activated():
            raise ServiceError(ua.StatusCodes.BadSessionNotActivated)
        session.touch()
        session.audit_entry = (header.AuditEntryId or "")[:LONGEST_ENTRY]
        return session

    async def _get_endpoints(self, header: Any, seqhdr: Any, body: Buffer) -> Any:
        params = decode(ua.GetEndpointsParameters, body)
        if len(params.EndpointUrl or "") > LONGEST_URL:
            raise ServiceError(ua.StatusCodes.BadTcpEndpointUrlInvalid)
        if params.ProfileUris and TRANSPORT not in params.ProfileUris:
            return ua.GetEndpointsResponse()
        return ua.GetEndpointsResponse(Endpoints=await self.iserver.get_endpoints(params, sockname=self.sockname))

    async def _find_servers(self, header: Any, seqhdr: Any, body: Buffer) -> Any:
        """Part 4, 5.5.2: this server knows of itself."""
        params = decode(ua.FindServersParameters, body)
        if len(params.EndpointUrl or "") > LONGEST_URL or len(params.ServerUris or ()) > self._bounds.numbers:
            raise ServiceError(ua.StatusCodes.BadTcpEndpointUrlInvalid)
        wanted, params.ServerUris = params.ServerUris, []
        found = self.iserver.find_servers(params, sockname=self.sockname)
        return ua.FindServersResponse(Servers=[each for each in found if not wanted or each.ApplicationUri in wanted])

    # --- sessions ----------------------------------------------------------------------------------------------------

    async def _create_session(self, header: Any, seqhdr: Any, body: Buffer) -> Any:
        """Part 4, 5.6.2. One session at a time on a channel."""
        params = decode(ua.CreateSessionParameters, body)
        channel, policy = self._connection, self._connection.security_policy
        if not channel.offered:
            raise ServiceError(ua.StatusCodes.BadSecurityPolicyRejected)
        if self.session is not None and not self.session.closed:
            raise ServiceError(ua.StatusCodes.BadTooManySessions)
        nonce, certificate = params.ClientNonce or b"", policy.peer_certificate
        if channel.secured:
            if len(nonce) < 32:
                raise ServiceError(ua.StatusCodes.BadNonceInvalid)
            self._guard.check_application(certificate, params.ClientCertificate, params.ClientDescription)
        session = await self._guard.new_session(self.address, str(params.ClientDescription.ApplicationUri or ""))
        try:
            created = await session.create_session(params, sockname=self.sockname)
        except Exception:
            await session.close_session()
            raise
        session.certificate, session.processor, self.session = certificate, self, session
        session.channel_id, session.sent = self.channel_id, self.sent
        self._guard.told("session created", session, encrypted=channel.encrypted)
        # Without security too: who logs in encrypts the password for it (Part 4, 5.6.2).
        created.ServerCertificate = policy.host_certificate or uacrypto.der_from_x509(self.iserver.certificate)
        created.ServerSignature.Algorithm = policy.AsymmetricSignatureURI
        created.ServerSignature.Signature = policy.asymmetric_cryptography.signature((certificate or b"") + nonce)
        return ua.CreateSessionResponse(Parameters=created)

    async def _activate_session(self, header: Any, seqhdr: Any, body: Buffer) -> Any:
        """Part 4, 5.6.3: who the application and the user are; the session may be one of a channel that was lost."""
        params = decode(ua.ActivateSessionParameters, body)
        session = self.iserver.lookup_external_session(header.AuthenticationToken)
        if not isinstance(session, Session) or session.closed or not self._connection.offered:
            raise ServiceError(ua.StatusCodes.BadSessionIdInvalid)
        if session.certificate != self._connection.security_policy.peer_certificate:
            raise ServiceError(ua.StatusCodes.BadSecurityChecksFailed)
        moved = session.processor is not self
        if moved and (not session.is_activated() or self.active):
            raise ServiceError(ua.StatusCodes.BadSessionIdInvalid)
        self._check_signature(session, params.ClientSignature)
        person = await self._guard.identify(session, params, self._connection, self.address)
        if moved and (person.name, person.rank) != (session.user.name, session.user.rank):
            raise ServiceError(ua.StatusCodes.BadIdentityChangeNotSupported)
        if session.closed:
            raise ServiceError(ua.StatusCodes.BadSessionClosed)
        if moved:
            self._take_over(session)
        return ua.ActivateSessionResponse(Parameters=session.admit(person, params.LocaleIds))

    def _check_signature(self, session: Session, signature: Any) -> None:
        policy = self._connection.security_policy
        try:
            policy.asymmetric_cryptography.verify(
                (policy.host_certificate or b"") + (session.nonce or b""), signature.Signature
            )
        except (uacrypto.InvalidSignature, TypeError):
            raise ServiceError(ua.StatusCodes.BadApplicationSignatureInvalid) from None

    def _take_over(self, session: Session) -> None:
        """A session of another channel goes on here, and its subscriptions are published here."""
        if session.processor is not None:
            session.processor.session = None
        session.processor, session.channel_id, self.session = self, self.channel_id, session
        for found in session.subscriptions():
            found.move(self.forward_publish_response)

    async def _close_session(self, header: Any, seqhdr: Any, body: Buffer) -> Any:
        session = self.session
        if session is None or header.AuthenticationToken != session.auth_token:
            raise ServiceError(ua.StatusCodes.BadSessionIdInvalid)
        delete = Primitives.Boolean.unpack(body)
        self.forget_session()
        await session.close_session(delete)
        return ua.CloseSessionResponse()

    def forget_session(self) -> None:
        """The session ends: whoever waits for notifications waits no longer."""
        self.session = None
        self.dismiss(ua.StatusCodes.BadSessionClosed)

    async def _cancel(self, header: Any, seqhdr: Any, body: Buffer) -> Any:
        """Part 4, 5.7.5: only publish requests wait long enough for that."""
        self._own_session(header)
        handle = decode(ua.CancelParameters, body).RequestHandle
        found = [each for each in self._publish_requests if each.requesthdr.RequestHandle == handle]
        for each in found:
            self._publish_requests.remove(each)
            self.send_response(handle, each.seqhdr, _fault(ua.StatusCodes.BadRequestCancelledByClient))
        response = ua.CancelResponse()
        response.Parameters.CancelCount = len(found)
        return response

    # --- subscriptions -----------------------------------------------------------------------------------------------

    async def _create_subscription(self, header: Any, seqhdr: Any, body: Buffer) -> Any:
        session = self._own_session(header)
        params = decode(ua.CreateSubscriptionParameters, body)
        result = await session.create_subscription(params, self.forward_publish_response, self.get_publish_request)
        return ua.CreateSubscriptionResponse(Parameters=result)

    async def _transfer_subscriptions(self, header: Any, seqhdr: Any, body: Buffer) -> Any:
        session = self._own_session(header)
        params = decode(ua.TransferSubscriptionsParameters, body)
        self._check_count(len(params.SubscriptionIds or ()), self._bounds.numbers)
        response = ua.TransferSubscriptionsResponse()
        response.Parameters.Results = session.transfer_subscriptions(params, self.forward_publish_response)
        return response

    async def _publish(self, header: Any, seqhdr: Any, body: Buffer) -> Any:
        """Part 4, 5.14.5: the request waits until a subscription has something to say."""
        session = self._own_session(header)
        params = decode(ua.PublishParameters, body)
        count, results = session.publish(params.SubscriptionAcknowledgements)
        request = PublishRequestData(requesthdr=header, seqhdr=seqhdr, results=results)
        if session.farewells:
            self._publish_requests.appendleft(request)
            self.say_farewell()
            return None
        for late in self._late(session):
            if await late.publish_results(request):
                return None
        if len(self._publish_requests) >= count + SPARE_REQUESTS:
            self._evict_publish_request()
        self._publish_requests.append(request)
        return None

    def _late(self, session: Session) -> Iterator[Any]:
        """Subscriptions that had nobody to tell, those of the highest priority first; each is asked once."""
        if not self._publish_results_subs:
            return
        mine = [found for found in session.subscriptions() if found.data.SubscriptionId in self._publish_results_subs]
        order = list(self._publish_results_subs)
        for found in sorted(mine, key=lambda each: (-each.priority, order.index(each.data.SubscriptionId))):
            self._publish_results_subs.pop(found.data.SubscriptionId, None)
            yield found

    def say_farewell(self) -> None:
        """Answer a waiting request with what became of a subscription."""
        session = self.session
        if session is None or not session.farewells or not self._publish_requests:
            return
        waiting, gone = self._publish_requests.popleft(), session.farewells.popleft()
        response = ua.PublishResponse(Parameters=gone)
        gone.Results = waiting.results or []
        self.send_response(waiting.requesthdr.RequestHandle, waiting.seqhdr, response)

    def dismiss(self, code: int) -> None:
        """Waiting publish requests will not be answered otherwise."""
        while self._publish_requests:
            waiting = self._publish_requests.popleft()
            self.send_response(waiting.requesthdr.RequestHandle, waiting.seqhdr, _fault(code))

    async def close(self) -> None:
        """The connection is gone. A session with subscriptions waits for its client until it times out."""
        self._connection.admit_nobody()
        session, self.session = self.session, None
        if session is None or session.closed:
            return
        session.detach()
        if not session.is_activated() or not session.subscriptions():
            self._guard.tally.events["session aborted"] += 1
            session.ending = "connection lost"
            await session.close_session(True)


HANDLERS = {
    IDS.GetEndpointsRequest_Encoding_DefaultBinary: Processor._get_endpoints,
    IDS.FindServersRequest_Encoding_DefaultBinary: Processor._find_servers,
    IDS.CreateSessionRequest_Encoding_DefaultBinary: Processor._create_session,
    IDS.ActivateSessionRequest_Encoding_DefaultBinary: Processor._activate_session,
    IDS.CloseSessionRequest_Encoding_DefaultBinary: Processor._close_session,
    IDS.CancelRequest_Encoding_DefaultBinary: Processor._cancel,
    IDS.CreateSubscriptionRequest_Encoding_DefaultBinary: Processor._create_subscription,
    IDS.TransferSubscriptionsRequest_Encoding_DefaultBinary: Processor._transfer_subscriptions,
    IDS.PublishRequest_Encoding_DefaultBinary: Processor._publish,
}
"""What is asked before there is a session, and what belongs to its connection."""


def _fault(code: int) -> ua.ServiceFault:
    response = ua.ServiceFault()
    response.ResponseHeader.ServiceResult = ua.StatusCode(code)
    return response
