"""Operator: the person at the panel, who writes inputs when the schedule says so."""

from dataclasses import dataclass

from twin.errors import TwinError
from twin.unit import Latch, Value, action, unit_operation


@unit_operation("operator", ja="運転員", symbol="person")
@dataclass(frozen=True)
class Operator:
    """Person who starts, stops and sets what no controller does; acts through the schedule or on command."""

    writes = Latch("1", "values written since the start", range=(0.0, 1e9), ja="操作回数")

    @action(
        ja="入力値の書込み",
        takes={"tag": Value("text", "input", "入力タグ"), "value": Value("text", "number, with unit or label", "値")},
        by="instructor",
    )
    def write(self, plant, unit, tag, value):
        """Write an input: a number in SI or with a unit, or one of its labels ("auto")."""
        if isinstance(value, str):
            labels = plant.tags[tag].labels
            if value not in labels:
                raise TwinError(f"{tag}: expected one of {', '.join(labels) or 'no labels'}, got {value!r}.")
            value = float(labels.index(value))
        plant[tag] = float(value)
        plant.image[plant.tags[f"{unit}.writes"].address] += 1.0


EXAMPLE = """
description = "Somebody opens a valve and closes it."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.B-1]
kind = "buffer"
volume = "0.5 m3"
p_start = "3 bar"
[unit.B-2]
kind = "buffer"
volume = "0.5 m3"
[unit.CV-1]
kind = "control_valve"
inlet = "B-1"
outlet = "B-2"
flow_area = "1 mm2"
[unit.OP-1]
kind = "operator"
[[schedule]]
do = "OP-1.write"
at = "1 min"
with = { tag = "CV-1.opening", value = 1.0 }
[[schedule]]
do = "OP-1.write"
at = "2 min"
with = { tag = "CV-1.opening", value = 0.0 }
"""
