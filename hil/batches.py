"""What the batches of a run made and took: read from the tags of its batch controllers whenever one has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hil.controllers.batch import ENDS

if TYPE_CHECKING:
    from twin.plant import Plant

LOOK = 3600.0
"""Longest time between two looks [s]; batches are hours apart."""
JOULE_PER_KWH = 3.6e6


class BatchBook:
    """The batches of a plant, one row for each that has ended."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.units = [name for name, unit in plant.spec.units.items() if unit.kind.name == "batch"]
        self.rows: list[dict[str, Any]] = []
        self._seen = {unit: plant[f"{unit}.batches"] for unit in self.units}

    def look(self) -> None:
        """Write down a batch that has ended since the last look."""
        for unit in self.units:
            number = self.plant[f"{unit}.batches"]
            if number > self._seen[unit]:
                self._seen[unit] = number
                self.rows.append({"unit": unit, "batch": int(number), "ended_at": self.plant.time, **self._last(unit)})

    def _last(self, unit: str) -> dict[str, Any]:
        value = self._reader(unit, "last")
        found = figures(value)
        found["start_up_seconds"] = value("start_up")
        found["seconds"] = value("elapsed")
        found["ended_by"] = ENDS[int(value("ended_by"))]
        return found

    def weeks(self) -> list[dict[str, Any]]:
        """The present week of every batch controller, what lies between batches included."""
        found = []
        for unit in self.units:
            value = self._reader(unit, "week")
            found.append({"unit": unit, "batches": int(value("batches")), **figures(value)})
        return found

    def _reader(self, unit: str, prefix: str) -> Any:
        return lambda name: self.plant[f"{unit}.{prefix}_{name}"]

    def result(self) -> dict[str, Any] | None:
        """For JSON; null for a plant without batches."""
        return {"each": self.rows, "week": self.weeks()} if self.units else None


def figures(value: Any) -> dict[str, Any]:
    """Litres, energy, LN2 and loss, for a batch or a week."""
    litres, energy = value("made"), value("energy") / JOULE_PER_KWH
    return {
        "litres": litres,
        "litres_decanted": value("decanted"),
        "kwh": energy,
        "kwh_per_litre": energy / litres if litres > 0.0 else None,
        "kg_ln2": value("ln2"),
        "kg_helium_lost": value("lost"),
    }


def sentences(found: dict[str, Any] | None) -> list[str]:
    """The same for people."""
    if found is None:
        return []
    lines = []
    for row in found["each"]:
        lines.append(
            f"{row['unit']}, batch {row['batch']}: {spent(row)}; start-up {row['start_up_seconds'] / 3600.0:.1f} h of "
            f"{row['seconds'] / 3600.0:.1f} h, ended by: {row['ended_by']}."
        )
    for week in found["week"]:
        lines.append(f"{week['unit']}, week: {week['batches']} batches, {spent(week)}.")
    return lines


def spent(row: dict[str, Any]) -> str:
    """Litres and what they took."""
    each = f" ({row['kwh_per_litre']:.2f} kWh/L)" if row["kwh_per_litre"] is not None else ""
    return (
        f"{row['litres']:.0f} L made, {row['litres_decanted']:.0f} L decanted, {row['kwh']:.0f} kWh{each}, "
        f"{row['kg_ln2']:.0f} kg LN2, {1000.0 * row['kg_helium_lost']:.0f} g helium lost"
    )
