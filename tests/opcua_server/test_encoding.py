"""What is encoded in bites is what asyncua would send."""

from __future__ import annotations

from typing import Any

import pytest
from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.ua.ua_binary import struct_to_binary

from opcua_server.encoding import encoded

MOST = 1 << 20


def answered(response: Any, results: list[Any]) -> Any:
    getattr(response, "Parameters", response).Results = results
    response.ResponseHeader.RequestHandle = 77
    return response


RESPONSES = [
    answered(ua.ReadResponse(), [ua.DataValue(ua.Variant(0.5)), ua.DataValue(ua.Variant(["a", "b"]))]),
    answered(ua.WriteResponse(), [ua.StatusCode(ua.StatusCodes.BadOutOfRange)] * 3),
    answered(ua.CallResponse(), [ua.CallMethodResult(OutputArguments=[ua.Variant(1.0)])] * 2),
    answered(ua.BrowseResponse(), [ua.BrowseResult(References=[ua.ReferenceDescription()] * 2)] * 2),
    answered(ua.BrowseNextResponse(), [ua.BrowseResult(ContinuationPoint=b"x")] * 2),
    answered(ua.HistoryReadResponse(), [ua.HistoryReadResult()] * 2),
    answered(ua.CreateMonitoredItemsResponse(), [ua.MonitoredItemCreateResult(MonitoredItemId=k) for k in range(9)]),
    answered(ua.ReadResponse(), [ua.DataValue(ua.Variant(0.5))]),
    answered(ua.ReadResponse(), []),
    ua.CreateSubscriptionResponse(),
    ua.ServiceFault(),
    ua.RegisterNodesResponse(),
]


@pytest.mark.parametrize("response", RESPONSES, ids=lambda response: type(response).__name__)
async def test_a_response_in_bites_is_the_same_bytes(response: Any) -> None:
    assert await encoded(response, MOST) == struct_to_binary(response)


@pytest.mark.parametrize("count", [1, 100])
async def test_what_is_too_large_is_refused_and_what_just_fits_is_not(count: int) -> None:
    response = answered(ua.ReadResponse(), [ua.DataValue(ua.Variant("x" * 100))] * count)
    size = len(struct_to_binary(response))
    assert len(await encoded(response, size)) == size
    with pytest.raises(ServiceError) as refused:
        await encoded(response, size - 1)
    assert refused.value.code == ua.StatusCodes.BadResponseTooLarge
