"""Browsing in pages (Part 4, 5.8): as many references as the client and the bounds allow, the rest by BrowseNext."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from asyncua import ua
from asyncua.server.address_space import ViewService

from opcua_server.bounds import Bounds

A = TypeVar("A")
B = TypeVar("B")

BITE = 0.005  # s that the event loop is held in one go


class Views(ViewService):
    """asyncua's view service, which walks the tree of reference types anew for every reference, with a memory."""

    def __init__(self, aspace: object) -> None:
        super().__init__(aspace)
        self._subtypes: dict[ua.NodeId, frozenset[ua.NodeId]] = {}

    def _suitable_reftype(self, ref1: ua.NodeId, ref2: ua.NodeId, subtypes: bool) -> bool:
        if ref1.is_null() or ref1 == ref2:
            return True
        if not subtypes:
            return False
        if ref1 not in self._subtypes:
            self._subtypes[ref1] = frozenset(self._get_sub_ref(ref1))
        return ref2 in self._subtypes[ref1]

    def is_reference_type(self, nodeid: ua.NodeId) -> bool:
        """Whether there is such a type; null stands for all."""
        if nodeid.is_null():
            return True
        node = self._aspace.get(nodeid)
        return node is not None and _class_of(node) == ua.NodeClass.ReferenceType

    def _navigate(self, start_nodeid: ua.NodeId, elements: list[ua.RelativePathElement]) -> list[ua.NodeId]:
        """Each target once: a path there and back again would multiply them."""
        present = [start_nodeid]
        for element in elements:
            found = (target for node in present for target in self._targets(element, node))
            present = [node for node in dict.fromkeys(found) if node in self._aspace]
        return present

    def _targets(self, element: ua.RelativePathElement, node: ua.NodeId) -> list[ua.NodeId]:
        """Without a name, all that the references lead to (Part 4, 7.30)."""
        if element.TargetName and element.TargetName.Name:
            found: list[ua.NodeId] = self._find_elements_in_node(element, node)
            return found
        kinds = (element.ReferenceTypeId, element.IncludeSubtypes)
        return [
            found.NodeId
            for found in self._aspace[node].references
            if found.IsForward != element.IsInverse
            and self._suitable_reftype(kinds[0], found.ReferenceTypeId, kinds[1])
        ]


class Pages:
    """The open continuation points of one session."""

    def __init__(self, views: Views, bounds: Bounds) -> None:
        self._views = views
        self._bounds = bounds
        self._open: dict[bytes, tuple[list[ua.ReferenceDescription], int]] = {}

    async def browse(self, params: ua.BrowseParameters) -> list[ua.BrowseResult]:
        """The references of each node, or their first page."""
        if not params.View.ViewId.is_null():
            return [_refused(ua.StatusCodes.BadViewIdUnknown) for _ in params.NodesToBrowse]
        most = min(params.RequestedMaxReferencesPerNode or self._bounds.references, self._bounds.references)
        return await in_bites(lambda wanted: self._browse(wanted, most), params.NodesToBrowse)

    def _browse(self, wanted: ua.BrowseDescription, most: int) -> ua.BrowseResult:
        if wanted.BrowseDirection not in tuple(ua.BrowseDirection)[:3]:
            return _refused(ua.StatusCodes.BadBrowseDirectionInvalid)
        if not self._views.is_reference_type(wanted.ReferenceTypeId):
            return _refused(ua.StatusCodes.BadReferenceTypeIdInvalid)
        found = self._views._browse(wanted)
        if not found.StatusCode.is_good():
            return _refused(ua.StatusCodes.BadNodeIdUnknown)
        return self._page(found.References, most)

    def _page(self, references: list[ua.ReferenceDescription], most: int) -> ua.BrowseResult:
        """The first of them, and a continuation point for the rest."""
        if len(references) <= most:
            return ua.BrowseResult(References=references)
        if len(self._open) >= self._bounds.continuation_points:
            return _refused(ua.StatusCodes.BadNoContinuationPoints)
        point = os.urandom(8)
        self._open[point] = references[most:], most
        return ua.BrowseResult(ContinuationPoint=point, References=references[:most])

    def next(self, params: ua.BrowseNextParameters) -> list[ua.BrowseResult]:
        """Go on where a continuation point is, or forget it."""
        results = []
        for point in params.ContinuationPoints:
            rest = self._open.pop(point, None)
            if rest is None:
                results.append(_refused(ua.StatusCodes.BadContinuationPointInvalid))
            elif params.ReleaseContinuationPoints:
                results.append(ua.BrowseResult())
            else:
                results.append(self._page(*rest))
        return results


async def in_bites(do: Callable[[A], B], items: Iterable[A]) -> list[B]:
    """Do something with each, giving the loop to others in between."""
    results, start = [], time.perf_counter()
    for item in items:
        results.append(do(item))
        if time.perf_counter() - start > BITE:
            await asyncio.sleep(0)
            start = time.perf_counter()
    return results


def _class_of(node: object) -> ua.NodeClass:
    return node.attributes[ua.AttributeIds.NodeClass].value.Value.Value  # type: ignore[attr-defined]


def _refused(code: int) -> ua.BrowseResult:
    return ua.BrowseResult(StatusCode=ua.StatusCode(code))
