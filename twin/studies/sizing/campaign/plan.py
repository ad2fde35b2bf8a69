"""The plant's own [[schedule]] as a list of events for the year: time, what, which, value."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.plant_file import Event
from twin.quantities import parse
from twin.studies.sizing.campaign import logistics as does
from twin.studies.sizing.campaign.build import Build
from twin.vessels import RHO_LIQUID

LEVEL = {"portable_dewar": 0.95, "nmr_magnet": 0.9}
"""Level of a `fill_to` that names none, as the actions of these kinds have it."""


def events_of(b: Build, hours: int) -> np.ndarray:
    """The schedule over a number of hours, in order of time. Raises PlantFileError for what a year cannot do."""
    found = []
    for number, event in enumerate(b.spec.schedule):
        rows = _rows(b, event, f"schedule[{number}]")
        if rows is None:
            continue
        times = np.arange(event.at, 3600.0 * hours, event.every) if event.every else [event.at]
        found += [(float(t), number, *rows) for t in times if t < 3600.0 * hours]
    found.sort()
    return np.array([(t, *rest) for t, _, *rest in found], float).reshape(-1, 4)


def _rows(b: Build, event: Event, place: str) -> tuple[float, float, float] | None:
    name, _, act = event.do.partition(".")
    unit = b.spec.units[name]
    vessel = b.find("vessel", name)
    if act == "fill_to" and vessel >= 0:
        level = event.args.get("level", LEVEL.get(unit.kind.name, 0.9))
        return does.FILL_TO, vessel, parse(level, "1")
    if act in ("fill", "refill") and vessel >= 0:
        return does.REFILL, vessel, parse(event.args["volume"], "m3") * RHO_LIQUID
    if act == "exchange" and vessel >= 0:
        return does.EXCHANGE_DEWARS, vessel, b.find("vessel", event.args["other"])
    if act == "exchange" and b.find("bank", name) >= 0:
        return does.EXCHANGE_BANKS, b.find("bank", name), b.find("bank", event.args["other"])
    if act == "swap" and b.find("bag", name) >= 0:
        return does.SWAP, b.find("bag", name), 0.0
    if act == "write":
        return _write(b, event.args, place)
    raise b.refuse(f"{place}.do", f'a year cannot follow "{event.do}"; it knows fill_to, refill, exchange, swap, write')


def _write(b: Build, args: dict[str, Any], place: str) -> tuple[float, float, float] | None:
    """A hand on a compressor's switch; going back to automatic leaves a running compressor running."""
    unit = b.spec.units.get(str(args["tag"]).partition(".")[0])
    compressor = str(getattr(unit.card, "output_to", "")).partition(".")[0] if unit is not None else ""
    k = b.find("compressor", compressor)
    if k < 0 or not str(args["tag"]).endswith(".mode"):
        raise b.refuse(f"{place}.with.tag", f'a year can follow the switch of a compressor only, not "{args["tag"]}"')
    return (does.RUN_COMPRESSOR, k, 1.0) if args["value"] == "on" else None
