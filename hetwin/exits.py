"""From an exception to one sentence on stderr and an exit code: 0 done, 1 failed while running, 2 bad input."""

from __future__ import annotations

import os
import sys
import traceback

FAILED, BAD_INPUT = 1, 2

_BAD_INPUT = (
    *("twin.errors.PlantFileError", "twin.errors.UnknownTag", "twin.errors.BadWrite", "twin.errors.SnapshotMismatch"),
    *("twin.errors.Infeasible", "twin.errors.Undetermined", "twin.errors.OutsideMap", "twin.errors.BadStudy"),
    *("opcua_server.errors.UnknownCertificate", "opcua_server.errors.UserRefused", "opcua_server.errors.AuditBroken"),
    *("thermo.errors.OutOfRange", "opcua_server.errors.EndpointRefused", "opcua_server.errors.BadCertificate"),
    "hetwin.exits.BadInput",
)
_RUNNING = ("twin.errors.TwinError", "thermo.errors.ThermoError", "opcua_server.errors.ServerError")


class BadInput(Exception):
    """What the user asked for cannot be; the text is a sentence."""


def report(problem: BaseException) -> int:
    """Say on stderr what happened; returns the exit code. HETWIN_DEBUG=1 shows where an unexpected error came from."""
    if os.environ.get("HETWIN_DEBUG"):
        traceback.print_exception(problem)
    names = {f"{base.__module__}.{base.__name__}" for base in type(problem).__mro__}
    if names & set(_BAD_INPUT):
        print(problem, file=sys.stderr)
        return BAD_INPUT
    if names & set(_RUNNING):
        print(problem, file=sys.stderr)
    elif isinstance(problem, OSError) and problem.filename:
        print(f"{problem.filename}: {problem.strerror}.", file=sys.stderr)
    elif isinstance(problem, ImportError):
        missing = f"hetwin is not completely installed: {problem}; `pip install hetwin` again."
        print(missing if problem.name else problem, file=sys.stderr)
    else:
        text = " ".join(str(problem).split()) or "no more is known"
        print(
            f"hetwin met an error that it did not expect ({type(problem).__name__}: {text}); "
            "HETWIN_DEBUG=1 in front of the command shows where.",
            file=sys.stderr,
        )
    return FAILED
