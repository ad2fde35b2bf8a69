"""What halving the step changes in a one-hour cool-down, tag by tag and minute by minute."""

from __future__ import annotations

import sys

import numpy as np

from twin.plant import Plant

NAME = "step_halving"
PLANT = "teaching"
MINUTES = 60
TARGET = 0.005


def play(step: float, minutes: int = MINUTES, name: str = PLANT) -> tuple[Plant, np.ndarray]:
    """The plant and its image after every minute; the liquefier is started at once."""
    plant = Plant.load(name, step=step)
    for tag in plant.tags.values():
        if tag.kind == "cold_box_sequence" and tag.name.endswith(".command"):
            plant[tag.name] = 1
    rows = []
    for _ in range(minutes):
        plant.run(minutes=1)
        rows.append(plant.image.copy())
    return plant, np.array(rows)


def differences(step: float, minutes: int = MINUTES, name: str = PLANT) -> dict[str, float]:
    """Largest change of every analog tag that is a measurement of the plant, relative to its range."""
    plant, whole = play(step, minutes, name)
    _, half = play(step / 2.0, minutes, name)
    changes = {}
    for tag in plant.tags.values():
        if tag.discrete or tag.equipment == "SIM" or tag.role == "latch":
            continue
        change = np.abs(whole[:, tag.address] - half[:, tag.address]).max()
        changes[tag.name] = float(change / (tag.high - tag.low))
    return changes


def run(step: float | None = None, minutes: int = MINUTES, name: str = PLANT) -> list[dict[str, object]]:
    """The worst tag, and how many keep to the target."""
    step = Plant.load(name).dt if step is None else step
    changes = differences(step, minutes, name)
    worst = max(changes, key=lambda tag: changes[tag])
    kept = sum(change < TARGET for change in changes.values())
    return [
        {
            "point": f"step halving, {name}, {minutes} min cool-down at {step:g} s, worst tag {worst}",
            "figure": round(changes[worst], 6),
            "target": TARGET,
            "unit": "of range",
            "verdict": "met" if changes[worst] < TARGET else "missed",
        },
        {
            "point": f"tags within the target, of {len(changes)}",
            "figure": kept,
            "target": len(changes),
            "unit": "1",
            "verdict": "met" if kept == len(changes) else "missed",
        },
    ]


if __name__ == "__main__":
    for row in run(float(sys.argv[1]) if len(sys.argv) > 1 else None, name=sys.argv[2] if len(sys.argv) > 2 else PLANT):
        print(row)
