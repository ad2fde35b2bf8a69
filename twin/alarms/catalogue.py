"""The alarms of a plant: what its units declare, with addresses in the image. Derived, never listed by hand.

A limit watches the transmitter of its tag where there is one with the range for it, as the panel of a plant would: a
frozen transmitter keeps its alarm silent. One tag has one alarm: limits that the plant file gives a tag (kind `alarm`)
come before those of the kind that owns the tag, and these before those of a neighbour.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from twin.alarms.declare import SEVERITY, Declared, Discrepancy, Levels, Limits, System, Texts
from twin.errors import PlantFileError, nearest
from twin.plant_file import PlantSpec, UnitSpec
from twin.tags import Tag, Tags

FAILURE, OVERRUN, CONTROLLER, RECORD = "SIM.failure", "SIM.overrun", "SIM.controller", "SIM.record"
"""System alarms: the plant could not be computed, a scan came late, a controller that promised to write is silent, what
should be kept cannot be written."""


@dataclass(frozen=True)
class Alarm:
    """One alarm of a plant: `tag` is what it looks at, `name` what it is called, `unit` whose it is."""

    name: str
    unit: str
    area: str
    text: str
    text_ja: str
    declared: Declared
    tag: Tag | None = None
    order: Tag | None = None
    condition: Tag | None = None
    limits: tuple[Tag, ...] = ()
    open: Tag | None = None
    acknowledge: Tag | None = None

    def severity(self, extreme: bool = False) -> int:
        """Of its priority, 100 more beyond high high and low low."""
        return SEVERITY[self.declared.priority] + (100 if extreme else 0)


def plant_alarms(spec: PlantSpec, tags: Tags) -> list[Alarm]:
    """Every alarm of a plant, those of the simulation last. PlantFileError if a declaration names no tag."""
    found: dict[str, Alarm] = {}
    covered: set[str] = set()
    instruments = _instruments(spec)
    for unit, declared, rank in _in_order(spec, tags):
        alarm = _resolve(unit, declared, spec, tags)
        assert alarm.tag is not None
        root = _root(alarm.tag.name, spec)
        if isinstance(declared, Limits):
            if root in covered and rank > 0:
                continue
            covered.add(_root(declared.watched, spec) if isinstance(declared, Levels) else root)
            alarm = _measured(alarm, instruments.get(root, ""), tags)
        found[alarm.name] = alarm
    order = {name: i for i, name in enumerate(spec.units)}
    return [*sorted(found.values(), key=lambda alarm: order[alarm.unit]), *system_alarms()]


def _in_order(spec: PlantSpec, tags: Tags) -> list[tuple[UnitSpec, Declared, int]]:
    """What units declare: limits of the plant file, then all on tags of their own, then on those of others."""
    rows = []
    for unit in spec.units.values():
        if hasattr(unit.card, "alarms"):
            for declared in unit.card.alarms():
                own = _name_in(unit.name, declared.tag) in tags
                rows.append((unit, declared, 0 if isinstance(declared, Levels) else (1 if own else 2)))
    return sorted(rows, key=lambda row: row[2])


def _resolve(unit: UnitSpec, declared: Declared, spec: PlantSpec, tags: Tags) -> Alarm:
    def find(name: str) -> Tag:
        own = _name_in(unit.name, name)
        if own not in tags and name not in tags:
            raise PlantFileError(
                f"{spec.path}: unit.{unit.name}: kind {unit.kind.name} declares an alarm on {name}, but there is no "
                f"such tag{nearest(name, tags) or '.'}"
            )
        return tags[own] if own in tags else tags[name]

    alarm = Alarm(
        name=_name_in(unit.name, declared.name or declared.tag),
        unit=unit.name,
        area=unit.site,
        text=declared.text or unit.text or unit.name,
        text_ja=declared.ja or unit.text_ja or unit.text or unit.name,
        declared=declared,
        tag=find(declared.tag),
        condition=find(declared.when[0]) if declared.when else None,
    )
    if isinstance(declared, Discrepancy):
        return replace(alarm, order=find(declared.order))
    if isinstance(declared, Levels):
        limits = tuple(find(name) for name in declared.limits)
        return replace(alarm, limits=limits, open=find(declared.open), acknowledge=find(declared.acknowledge))
    return alarm


def _name_in(unit: str, tag: str) -> str:
    return unit if tag == "value" else f"{unit}.{tag}"


def _instruments(spec: PlantSpec) -> dict[str, str]:
    """Which transmitter measures a tag."""
    return {unit.card.tag: unit.name for unit in reversed(spec.units.values()) if unit.kind.name == "transmitter"}


def _root(name: str, spec: PlantSpec) -> str:
    """The tag that is measured, for the tag of a transmitter."""
    unit = spec.units.get(name)
    return unit.card.tag if unit is not None and unit.kind.name == "transmitter" else name


def _measured(alarm: Alarm, instrument: str, tags: Tags) -> Alarm:
    """The alarm on the instrument, if all its limits lie inside the instrument's range."""
    declared = alarm.declared
    if not instrument or isinstance(declared, Levels) or not isinstance(declared, Limits):
        return alarm
    tag = tags[instrument]
    limits = (declared.low_low, declared.low, declared.high, declared.high_high)
    seen = all(tag.low < limit < tag.high for limit in limits if math.isfinite(limit))
    return replace(alarm, tag=tag) if seen else alarm


def system_alarms() -> Iterator[Alarm]:
    """Alarms of the simulation itself."""
    rows: list[tuple[str, Texts, str, Texts, Texts, Texts]] = [
        (
            FAILURE,
            ("numerical failure", "数値計算異常"),
            "critical",
            ("a volume was emptied, overfilled or heated beyond the tables", "容器の空・過充填・物性表範囲外"),
            ("the plant stands at its last good state", "最後の正常状態で停止"),
            ("undo the last change, restore a snapshot", "直前の操作を戻す、スナップショット復元"),
        ),
        (
            OVERRUN,
            ("scan came late", "スキャン遅れ"),
            "low",
            ("the machine is too busy for the speed", "計算機負荷過大"),
            ("simulated time falls behind", "シミュレーション時刻の遅れ"),
            ("lower the speed", "速度を下げる"),
        ),
        (
            CONTROLLER,
            ("controller silent", "制御装置通信途絶"),
            "high",
            ("controller stopped, network down", "制御装置停止、通信断"),
            ("its outputs stay as they are", "出力値保持"),
            ("check controller and network; take valves in hand", "制御装置・通信の確認、手動操作"),
        ),
        (
            RECORD,
            ("records cannot be written", "記録書込不可"),
            "high",
            ("disk full or gone, database down", "ディスク満杯・喪失、データベース停止"),
            (
                "the plant goes on; history, snapshot or audit log have a gap",
                "運転継続、履歴・スナップショット・監査記録の欠落",
            ),
            ("make room on the disk, start the database", "ディスク空き容量確保、データベース起動"),
        ),
    ]
    for name, (text, ja), priority, cause, consequence, action in rows:
        declared = System(name, text, ja, cause, consequence, action, priority)
        yield Alarm(name, "SIM", "", text, ja, declared)
