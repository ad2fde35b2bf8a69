"""Where in a scenario a player stands, so that a restored or restarted plant goes on with it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from twin.errors import SnapshotMismatch
from twin.scenario import Ramp, Scenario


@dataclass(frozen=True)
class ScenarioSnapshot:
    """A scenario, when it began [s], and the ramps that have begun, with the value that each began at.

    Which events have happened follows from the time of the plant, so this fits a snapshot of the plant that is a little
    older than itself: what happened since happens again.
    """

    scenario: Scenario
    start: float
    ramps: tuple[Ramp, ...]

    def to_bytes(self) -> bytes:
        """As JSON, the scenario with it: its file may be another one by then."""
        return _ADAPTER.dump_json(self, indent=1)

    @classmethod
    def from_bytes(cls, raw: bytes) -> ScenarioSnapshot:
        """Read what `to_bytes` wrote. Raises SnapshotMismatch on anything else."""
        try:
            return _ADAPTER.validate_json(raw)
        except ValidationError:
            raise SnapshotMismatch(
                "This is not the state of a scenario; hetwin writes it beside its snapshots."
            ) from None


_ADAPTER = TypeAdapter(ScenarioSnapshot)
