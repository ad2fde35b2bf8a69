"""What can go wrong in the twin, as one tree.

TwinError
├── PlantFileError      a plant file, scenario or unit folder cannot be used: file, table, field, cure
├── UnknownTag          no such tag; names the nearest ones
├── BadWrite            a tag cannot take this value: not writable, out of range, wrong type
├── Infeasible          a specified machine cannot work: component and reason
├── Undetermined        parameters that measured data cannot tell apart
├── OutsideMap          conditions or a machine that a performance map does not hold for
├── BadStudy            what a study was asked for cannot be: a design, a number of years, a series, a scheduler
├── StudyFailed         a study broke off: its workers died; finished chunks are kept
├── SnapshotMismatch    a snapshot belongs to another plant or another version
└── NumericalFailure    a step produced a bad number: tag, time, likely cause, cure
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class TwinError(Exception):
    """Base of everything the twin raises on purpose; its text is a sentence for people."""

    def __reduce__(self) -> Any:
        return _again, (type(self), self.args, self.__dict__)  # so that it survives the way from another process


def _again(kind: type[TwinError], args: tuple[Any, ...], fields: dict[str, Any]) -> TwinError:
    """The error as it was, whatever its constructor asks for."""
    found = kind.__new__(kind, *args)
    found.__dict__.update(fields)
    return found


class PlantFileError(TwinError):
    """A plant file, scenario or unit folder cannot be used."""


class UnknownTag(TwinError, KeyError):
    """No tag of this name."""

    def __str__(self) -> str:
        return str(self.args[0])


class BadWrite(TwinError, ValueError):
    """A tag cannot take this value; `reason` is "not_writable", "out_of_range" or "type_mismatch"."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text)
        self.reason = reason


class Infeasible(TwinError):
    """A specified machine cannot work: which component, and why."""

    def __init__(self, component: str, reason: str) -> None:
        super().__init__(f"{component}: {reason}.")
        self.component = component
        self.reason = reason


class Undetermined(TwinError):
    """Parameters to be fitted that the data cannot tell apart, or say nothing of."""


class OutsideMap(TwinError):
    """Conditions or a machine that a performance map does not hold for."""


class BadStudy(TwinError):
    """What a study was asked for cannot be."""


class StudyFailed(TwinError):
    """A study broke off; the chunks that were finished are kept."""


class SnapshotMismatch(TwinError):
    """A snapshot belongs to another plant or another version of the sources."""


class NumericalFailure(TwinError):
    """A step produced a bad number; the plant stands at its last good state."""

    def __init__(self, text: str, tag: str, time: float) -> None:
        super().__init__(text)
        self.tag = tag
        self.time = time


def nearest(name: str, known: Iterable[str]) -> str:
    """A clause that offers the nearest right names, or nothing: `; did you mean "CV-101"?`."""
    matches = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    if not matches:
        return ""
    quoted = " or ".join(f'"{match}"' for match in matches)
    return f"; did you mean {quoted}?"
