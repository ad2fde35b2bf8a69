"""A link to a plant, in this process or over OPC UA: read tags, write tags, let time pass.

    with OpcUaLink("opc.tcp://127.0.0.1:4840") as link:
        level, pressure = link.read(["BAG-1.level", "PT-101"])
        link.write({"C-1.run": 1})
        link.advance(1.0)

A controller that is given a link cannot tell the carriers apart: values are float64 on both, writes take effect at the
next step on both, a wrong write raises the same error on both, and in lock-step the trajectories agree bit for bit.
"""

from __future__ import annotations

import time
from collections.abc import Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from asyncua import Client, ua
from asyncua.sync import ThreadLoop

from twin.errors import BadWrite, TwinError, UnknownTag

if TYPE_CHECKING:
    from twin.plant import Plant

NAMESPACE = "urn:hetwin:plant"
"""Where hetwin's server keeps its tags; a real plant's server has another."""

REASONS = {
    ua.StatusCodes.BadNotWritable: "not_writable",
    ua.StatusCodes.BadUserAccessDenied: "not_writable",
    ua.StatusCodes.BadOutOfRange: "out_of_range",
    ua.StatusCodes.BadTypeMismatch: "type_mismatch",
}

T = TypeVar("T")


class LinkError(TwinError):
    """The other end cannot be reached, or does not serve what was asked."""


class Link(Protocol):
    """What a controller, a test or a mirror may do with a plant."""

    def read(self, names: Iterable[str]) -> np.ndarray:
        """Present values of the tags, SI, in the order of the names."""

    def write(self, values: Mapping[str, float]) -> None:
        """Set inputs; they take effect at the next step."""

    def advance(self, dt: float) -> None:
        """Let `dt` [s] of simulated time pass."""


class InProcessLink:
    """The plant itself."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant

    def read(self, names: Iterable[str]) -> np.ndarray:
        return np.array([self.plant[name] for name in names])

    def write(self, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self.plant[name] = value

    def advance(self, dt: float) -> None:
        self.plant.run(seconds=dt)


class OpcUaLink:
    """A plant behind an OPC UA server.

    With `lockstep` (the default) the server's simulation is put into that mode and moves only on `advance`; without it
    the plant keeps its own pace, and `advance` waits until that much of its time has passed. `timeout` [s] is how long
    one request may take, a long advance included.
    """

    def __init__(self, url: str, lockstep: bool = True, timeout: float = 60.0, namespace: str = NAMESPACE) -> None:
        self.url = url
        self.lockstep = lockstep
        self._types: dict[str, ua.VariantType] = {}
        self._client = Client(url, timeout=timeout)
        self._loop = ThreadLoop(timeout=None)
        self._loop.start()
        try:
            self._await(self._client.connect())
            self._namespace = self._await(self._client.get_namespace_index(namespace))
            if lockstep:
                self._hold()
        except (OSError, ValueError, TimeoutError) as problem:
            self._loop.stop()
            raise LinkError(f"No plant answers at {url}: {problem or 'no reply in time'}.") from None

    def read(self, names: Iterable[str]) -> np.ndarray:
        names = list(names)
        values = self._read(names)
        return np.array([float(value) for value in values])

    def write(self, values: Mapping[str, float]) -> None:
        self._learn_types(name for name in values if name not in self._types)
        request = ua.WriteParameters()
        request.NodesToWrite = [self._written(name, value) for name, value in values.items()]
        for name, status in zip(values, self._await(self._client.uaclient.write(request)), strict=True):
            if not status.is_good():
                self._refuse(name, status, values[name])

    def advance(self, dt: float) -> None:
        if self.lockstep:
            self._call("SIM.advance", ua.Variant(float(dt), ua.VariantType.Double))
        else:
            self._wait(self.read(["SIM.time"])[0] + dt)

    def close(self) -> None:
        """Say goodbye to the server."""
        if self._loop.is_alive():
            self._await(self._client.disconnect())
            self._loop.stop()

    def __enter__(self) -> OpcUaLink:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.post(work)

    def _hold(self) -> None:
        """Put the simulation into lock-step."""
        labels = [label.Text for label in self._read(["SIM.mode/EnumStrings"])[0]]
        self.write({"SIM.mode": labels.index("lockstep")})

    def _node(self, name: str) -> ua.NodeId:
        return ua.NodeId(name, self._namespace)

    def _read(self, names: list[str]) -> list[Any]:
        """Values of the nodes, NaN from a failed sensor; remembers their types."""
        request = ua.ReadParameters()
        request.NodesToRead = [ua.ReadValueId(self._node(name), ua.AttributeIds.Value) for name in names]
        values = []
        for name, answer in zip(names, self._await(self._client.uaclient.read(request)), strict=True):
            if not answer.StatusCode.is_good() and answer.StatusCode.value != ua.StatusCodes.BadSensorFailure:
                self._refuse(name, answer.StatusCode)
            self._types[name] = answer.Value.VariantType
            values.append(answer.Value.Value)
        return values

    def _learn_types(self, names: Iterable[str]) -> None:
        if missing := list(names):
            self._read(missing)

    def _written(self, name: str, value: float) -> ua.WriteValue:
        """A number in the type that the node holds."""
        kind = self._types[name]
        item = ua.WriteValue()
        item.NodeId, item.AttributeId = self._node(name), ua.AttributeIds.Value
        try:
            item.Value = ua.DataValue(ua.Variant(_as_type(value, kind), kind))
        except (TypeError, ValueError):
            raise BadWrite(f"{name}: expected one number, got {value!r}.", "type_mismatch") from None
        return item

    def _call(self, method: str, *arguments: ua.Variant) -> None:
        request = ua.CallMethodRequest()
        request.ObjectId, request.MethodId = self._node(method.split(".")[0]), self._node(method)
        request.InputArguments = list(arguments)
        (answer,) = self._await(self._client.uaclient.call([request]))
        if answer.StatusCode.value == ua.StatusCodes.BadOutOfService:
            raise LinkError(f"The simulation at {self.url} has stopped: {self._read(['SIM.failure'])[0]}")
        if not answer.StatusCode.is_good():
            shown = ", ".join(str(argument.Value) for argument in arguments)
            raise LinkError(f"{self.url} refused {method}({shown}): {answer.StatusCode.name}.")

    def _wait(self, until: float) -> None:
        while self.read(["SIM.time"])[0] < until - 1e-9 * abs(until):
            time.sleep(0.01)

    def _refuse(self, name: str, status: ua.StatusCode, value: float | None = None) -> None:
        """Raise what the plant itself would have raised."""
        if status.value == ua.StatusCodes.BadNodeIdUnknown:
            raise UnknownTag(f'There is no tag "{name}" at {self.url}.')
        if status.value in REASONS:
            raise BadWrite(f"{name} refused {value!r} at {self.url}: {status.name}.", REASONS[status.value])
        raise LinkError(f"{name} at {self.url}: {status.name}.")


def _as_type(value: float, kind: ua.VariantType) -> float | int | bool:
    """The number as the OPC UA type; a fraction for a discrete node is a ValueError."""
    if kind in (ua.VariantType.Double, ua.VariantType.Float):
        return float(value)
    if value != int(value):
        raise ValueError(value)
    if kind is ua.VariantType.Boolean:
        return bool(value)
    return int(value)
