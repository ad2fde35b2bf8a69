"""What halving the step changes in a one-hour cool-down, tag by tag and minute by minute.

Switches (a motor, a filling valve, a step of the sequence) follow scanned, noisy signals, so that the two runs throw
them some seconds apart, and for these seconds the tags behind them differ by all the switch is worth. So each value is
also compared with what the other run has within SHIFT seconds: what is left then is the error of the step.
"""

from __future__ import annotations

import sys

import numpy as np

from twin.plant import Plant

NAME = "step_halving"
PLANT = "teaching"
MINUTES = 60
TARGET = 0.005
SHIFT = 10
"""How far apart in time a switch may be thrown [s]."""


def play(step: float, minutes: int = MINUTES, name: str = PLANT) -> tuple[Plant, np.ndarray]:
    """The plant and its image after every second; the liquefier is started at once."""
    plant = Plant.load(name, step=step)
    for tag in plant.tags.values():
        if tag.kind == "cold_box_sequence" and tag.name.endswith(".command"):
            plant[tag.name] = 1
    rows = []
    for _ in range(60 * minutes + SHIFT):
        plant.run(seconds=1)
        rows.append(plant.image.copy())
    return plant, np.array(rows)


def differences(step: float, minutes: int = MINUTES, name: str = PLANT) -> dict[str, tuple[float, float]]:
    """Largest change of every analog tag of the plant over its range: at the same time, and within SHIFT."""
    plant, whole = play(step, minutes, name)
    _, half = play(step / 2.0, minutes, name)
    changes = {}
    for tag in plant.tags.values():
        if tag.discrete or tag.equipment == "SIM" or tag.role == "latch":
            continue
        at_once = at_all = 0.0
        for minute in range(1, minutes + 1):
            now = 60 * minute - 1
            value, near = whole[now, tag.address], half[now - SHIFT : now + SHIFT + 1, tag.address]
            at_once = max(at_once, abs(value - half[now, tag.address]))
            at_all = max(at_all, near.min() - value, value - near.max())
        span = tag.high - tag.low
        changes[tag.name] = (at_once / span, at_all / span)
    return changes


def run(step: float | None = None, minutes: int = MINUTES, name: str = PLANT) -> list[dict[str, object]]:
    """The worst tag, and how many keep to the target; both ways."""
    step = Plant.load(name).dt if step is None else step
    changes = differences(step, minutes, name)
    rows: list[dict[str, object]] = []
    for way, words in enumerate(("at the same second", f"switches within {SHIFT} s")):
        worst = max(changes, key=lambda tag: changes[tag][way])
        kept = sum(change[way] < TARGET for change in changes.values())
        rows += [
            {
                "point": f"step halving, {name}, {minutes} min cool-down at {step:g} s, {words}, worst tag {worst}",
                "figure": round(changes[worst][way], 6),
                "target": TARGET,
                "unit": "of range",
                "verdict": "pass" if changes[worst][way] < TARGET else "fail",
            },
            {
                "point": f"tags within the target, {words}, of {len(changes)}",
                "figure": kept,
                "target": len(changes),
                "unit": "1",
                "verdict": "pass" if kept == len(changes) else "fail",
            },
        ]
    return rows


if __name__ == "__main__":
    for row in run(float(sys.argv[1]) if len(sys.argv) > 1 else None, name=sys.argv[2] if len(sys.argv) > 2 else PLANT):
        print(row)
