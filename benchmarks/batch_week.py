"""A week of two batches of the university plant: litres, energy, LN2, loss and start-up, batch by batch.

Targets: 1.0 kWh/L is the compressor of an L140-class machine with LN2 at steady state; a batch pays its cool-down on
top. Start-up from warm 3 to 6 h and after some days 1 to 2 h are what operators tell (assumed). LN2 is 3 kg per kg of
helium made, and what exchangers and the cool-down lose.
"""

from __future__ import annotations

from typing import Any

from hil.batches import LOOK, BatchBook
from twin.ledger import Ledger
from twin.plant import Plant

NAME = "batch week"
PLANT = "university-l70"
DAYS = 7
STARTS = ((3.0, 6.0), (1.0, 2.0))
"""Start-up of the first and the second batch [h]."""
ENERGY = (0.8, 3.0)
"""Of a batch with LN2 [kWh/L]: steady state, and a cool-down of most of its time."""
CLOSES = 1e-9


def week(name: str = PLANT, days: float = DAYS) -> tuple[dict[str, Any], Ledger]:
    """What the batches made, and the books."""
    plant = Plant.load(name)
    book = BatchBook(plant)
    for _ in range(round(days * 86400.0 / LOOK)):
        plant.run(seconds=LOOK)
        book.look()
    found = book.result()
    assert found is not None, f"{name} has no batch controller"
    return found, plant.ledger()


def run() -> list[dict[str, Any]]:
    """All figures of the week."""
    found, ledger = week()
    rows = []
    for batch, limits in zip(found["each"], STARTS, strict=False):
        words = f"batch {batch['batch']}"
        rows.append(within(f"{words}: start-up", batch["start_up_seconds"] / 3600.0, limits, "h"))
        rows += figures(words, batch)
    rows.append(within("batches of the week", len(found["each"]), (2, 2), "1"))
    rows += figures("week", found["week"][0])
    rows.append(within("mass ledger of the week", ledger.mass_closure, (0.0, CLOSES), "relative"))
    return rows


def figures(words: str, of: dict[str, Any]) -> list[dict[str, Any]]:
    """Lines of a batch or a week."""
    rows = [within(f"{words}: energy", of["kwh_per_litre"], ENERGY, "kWh/L")]
    for key, unit in (("litres", "L"), ("litres_decanted", "L"), ("kwh", "kWh"), ("kg_ln2", "kg")):
        rows.append(
            {"point": f"{words}: {key}", "figure": round(of[key], 1), "target": "", "unit": unit, "verdict": ""}
        )
    lost = 1000.0 * of["kg_helium_lost"]
    return [
        *rows,
        {"point": f"{words}: helium lost", "figure": round(lost, 1), "target": "", "unit": "g", "verdict": ""},
    ]


def within(point: str, figure: float, limits: tuple[float, float], unit: str) -> dict[str, Any]:
    """A line with a range to keep to."""
    kept = limits[0] <= figure <= limits[1]
    target = f"{limits[0]:g} to {limits[1]:g}"
    return {"point": point, "figure": figure, "target": target, "unit": unit, "verdict": "pass" if kept else "fail"}


if __name__ == "__main__":
    for line in run():
        print(line)
