"""How long a liquefier takes from its start to liquid: warm, and after a cold weekend.

Warm is 300 K throughout. The cold weekend follows a day of liquefaction: stopped on Friday evening, started again on
Monday morning, left alone in between. The ranges are what operators of small liquefiers tell, 3 to 6 h from warm and 1
to 2 h from a cold weekend; they are not confirmed by a publication (assumed).
"""

from __future__ import annotations

import sys
from typing import Any

from twin.plant import Plant

NAME = "cool down"
PLANTS = ("freia-l140", "teaching")
FROM_WARM = (3.0, 6.0)
"""From 300 K to liquid [h]."""
FROM_WEEKEND = (1.0, 2.0)
"""From the end of a weekend to liquid [h]."""
RUN = 4.0
"""Liquefaction before the weekend [h]."""
WEEKEND = 62.0
"""From Friday 18 h to Monday 8 h [h]."""
MOST = 12.0
"""A start that takes longer has failed [h]."""
LIQUEFYING = 8
"""Step of the cold-box sequence."""
MARKS = (("turbine inlet at 80 K", "H3.temp", 80.0), ("JT inlet at 20 K", "H5.temp", 20.0))


def run(plants: tuple[str, ...] = PLANTS) -> list[dict[str, Any]]:
    """Times of both starts of every plant."""
    rows = []
    for name in plants:
        plant = standing(name)
        rows += times(name, "from 300 K", start(plant), FROM_WARM)
        plant.run(hours=RUN)
        stop(plant)
        plant.run(hours=WEEKEND)
        rows += times(name, "after a cold weekend", start(plant), FROM_WEEKEND)
    return rows


def standing(name: str) -> Plant:
    """The plant with its liquefier standing still; whatever else may start it is off."""
    plant = Plant.load(name)
    for unit, spec in plant.spec.units.items():
        if spec.kind.name in ("dewar_level", "batch"):
            plant[f"{unit}.mode"] = 0
    plant["SEQ-1.command"] = 0
    return plant


def stop(plant: Plant) -> None:
    """Stop the liquefier."""
    plant["SEQ-1.command"] = 0


def start(plant: Plant) -> dict[str, float]:
    """Start it and wait for liquid; hours until every mark, none for what was not reached."""
    plant["SEQ-1.command"] = 1
    begin, reached = plant.time, {}
    used, taken = plant["PC.ln2_used"], plant["C-101.energy"]
    reached["begin"] = plant["E1.temp_cold"]
    while plant["SEQ-1.step"] != LIQUEFYING and plant.time - begin < 3600.0 * MOST:
        plant.run(minutes=1)
        hours = (plant.time - begin) / 3600.0
        for words, tag, temp in MARKS:
            if words not in reached and plant[tag] <= temp:
                reached[words] = hours
    if plant["SEQ-1.step"] == LIQUEFYING:
        reached["first liquid"] = (plant.time - begin) / 3600.0
    reached["LN2"] = plant["PC.ln2_used"] - used
    reached["energy"] = (plant["C-101.energy"] - taken) / 3.6e6
    return reached


def times(name: str, words: str, reached: dict[str, float], limits: tuple[float, float]) -> list[dict[str, Any]]:
    """Lines of one start."""
    rows = [row(f"{name} {words}: cold end of the first exchanger at the start", reached["begin"], "K")]
    rows += [row(f"{name} {words}: {mark}", reached.get(mark), "h") for mark, _, _ in MARKS]
    hours = reached.get("first liquid")
    kept = hours is not None and limits[0] <= hours <= limits[1]
    rows.append(row(f"{name} {words}: first liquid", hours, "h", f"{limits[0]:g} to {limits[1]:g}", kept))
    rows.append(row(f"{name} {words}: LN2", reached["LN2"], "kg"))
    rows.append(row(f"{name} {words}: compressor", reached["energy"], "kWh"))
    return rows


def row(point: str, figure: float | None, unit: str, target: str = "", kept: bool | None = None) -> dict[str, Any]:
    """One line of the report."""
    verdict = "" if kept is None else ("pass" if kept else "fail")
    figure = None if figure is None else round(figure, 2)
    return {"point": point, "figure": figure, "target": target, "unit": unit, "verdict": verdict}


if __name__ == "__main__":
    for line in run(tuple(sys.argv[1:]) or PLANTS):
        print(line)
