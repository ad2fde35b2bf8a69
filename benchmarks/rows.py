"""A row of a benchmark's table."""

from __future__ import annotations

from typing import Any


def row(point: str, figure: float, unit: str, target: str = "", met: bool = True) -> dict[str, Any]:
    """A figure beside its target; without a target it is for information."""
    verdict = ("pass" if met else "fail") if target else ""
    return {"point": point, "figure": figure, "unit": unit, "target": target, "verdict": verdict}
