"""The tables of a report that tell results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from twin.quantities import LIQUID_LITRE, parse
from twin.studies.sizing.designs import Design, Estimate
from twin.studies.sizing.outcome import Outcome, headlines
from twin.studies.sizing.report.numbers import Shown, parameter_text, plain, shown
from twin.studies.sizing.report.table import Column, Table
from twin.studies.sizing.report.words import Language
from twin.studies.sizing.sensitivity import CHANCE, OTHERS, Sensitivity
from twin.studies.sizing.year_model import Figure, Parameter

MOST_DESIGNS = 40
"""Designs of the front that a table shows at most; all of them are in the files."""
MOST_VALUES = 6
"""Values of information that do not stand out of the noise are shown for so many inputs; all are in `result.json`."""
LEAST_EFFECT = 0.005
"""Effects of inputs below this share of the largest are not shown; all of them are in `result.json`."""


def tables(outcome: Outcome, w: Language) -> list[Table]:
    """All of them, in the order of the report."""
    made = [
        design_table(outcome, w),
        target_table(outcome, w),
        figure_table(outcome, w),
        front_table(outcome, w),
        next_size_table(outcome, w),
        index_table(outcome, w),
        screening_table(outcome, w),
        information_table(outcome, w),
        loss_table(outcome, w),
        cost_table(outcome, w),
        phase_table(outcome, w),
    ]
    return [table for table in made if table.rows]


def scaled(estimate: Estimate, how: Shown) -> Estimate:
    """In the unit that is shown."""
    return Estimate(how.of(estimate.mean), how.of(estimate.error))


def figure_of(outcome: Outcome, name: str) -> Figure:
    """A figure of the model by name."""
    return next(figure for figure in outcome.model.figures if figure.name == name)


def choice_text(parameter: Parameter, k: int, ja: bool) -> str:
    """A choice for people: its label, or its value with unit."""
    if parameter.labels:
        return parameter.labels[k]
    return parameter_text(parameter.name, parameter.unit, parameter.choices[k], ja)


def design_table(outcome: Outcome, w: Language) -> Table:
    """What to take, beside what the plant file describes."""
    best, present = outcome.chosen.design, outcome.space.present
    rows = [
        (p.name, w.text(p), choice_text(p, best[k], w.ja), choice_text(p, present[k], w.ja))
        for k, p in enumerate(outcome.space.parameters)
    ]
    columns = (
        Column("parameter", w("parameter")),
        Column("text", w("meaning")),
        Column("recommended", w("recommended" if outcome.decision.feasible else "nearest")),
        Column("present", w("present")),
    )
    return Table("design", w("decision"), columns, rows)


def target_table(outcome: Outcome, w: Language) -> Table:
    """How probable it is that a year meets each target."""
    rows = []
    for target in outcome.decision.targets:
        how = shown(target.name, target.unit, w.ja)
        limit = f"{'≥' if target.least else '≤'} {plain(how.of(target.limit))} {how.unit}".strip()
        rows.append((w.text(target), limit, outcome.chosen.met[target.name], outcome.present.met[target.name]))
    columns = (
        Column("target", w("target")),
        Column("limit", w("limit")),
        Column("probability", w("probability"), "share"),
        Column("present", w("present"), "share"),
    )
    return Table("targets", w("targets"), columns, rows)


def figure_table(outcome: Outcome, w: Language) -> Table:
    """The first figures of the recommended design: mean, spread, and against the present one."""
    rows = []
    for name in headlines(outcome.model):
        figure, column = figure_of(outcome, name), outcome.column(name)
        how = shown(name, figure.unit, w.ja)
        low, middle, high = (how.of(float(q)) for q in np.quantile(column, (0.05, 0.5, 0.95)))
        estimates = (outcome.chosen.figures[name], outcome.present.figures[name], outcome.changes[name])
        mean, present, change = (scaled(e, how) for e in estimates)
        rows.append((w.text(figure), how.unit, mean, low, middle, high, present, change))
    columns = (
        Column("figure", w("figure")),
        Column("unit", w("unit")),
        Column("mean", w("mean"), "estimate"),
        Column("q05", w("q05"), "number"),
        Column("median", w("median"), "number"),
        Column("q95", w("q95"), "number"),
        Column("present", w("present"), "estimate"),
        Column("change", w("change"), "estimate"),
    )
    return Table("figures", w("figures"), columns, rows)


def objective(name: str, w: Language) -> tuple[Shown, str]:
    """How an objective is shown, and its title."""
    how = shown(name, {"cost": "JPY", "lost": "kg"}[name], w.ja)
    return how, w.fill(f"{name}_axis", how.unit)


def front_table(outcome: Outcome, w: Language) -> Table:
    """The Pareto front."""
    found = outcome.trade_off
    rows = [_design_row(outcome, found.designs[k], k, w) for k in found.front[:MOST_DESIGNS]]
    columns = [Column(p.name, p.name) for p in outcome.space.parameters]
    columns += [Column(name, objective(name, w)[1], "estimate") for name in found.names]
    return Table("front", w("trade_off"), columns, rows)


def _design_row(outcome: Outcome, design: Design, k: int, w: Language) -> tuple[Any, ...]:
    found = outcome.trade_off
    estimates = [
        scaled(Estimate(float(found.objectives[k, j]), float(found.errors[k, j])), objective(name, w)[0])
        for j, name in enumerate(found.names)
    ]
    choices = (choice_text(p, design[j], w.ja) for j, p in enumerate(outcome.space.parameters))
    return (*choices, *estimates)


def next_size_table(outcome: Outcome, w: Language) -> Table:
    """What one step of each choice changes."""
    money, litres = objective("cost", w)[0], objective("lost", w)[0]
    rows = []
    for step in outcome.next_sizes:
        parameter = next(p for p in outcome.space.parameters if p.name == step.parameter)
        k = outcome.space.parameters.index(parameter)
        texts = [choice_text(parameter, d[k], w.ja) for d in (outcome.decision.chosen.design, step.design)]
        changes = [scaled(step.changes["cost"], money), scaled(step.changes["lost"], litres)]
        each, per = _each(parameter, step.per_unit)
        each = w("piece") if each == "1" else each
        value = scaled(per["cost"], money) if each else None
        rows.append((parameter.name, *texts, *changes, meets(outcome, step.design, w), value, each))
    columns = (
        Column("parameter", w("parameter")),
        Column("from", w("from")),
        Column("to", w("to")),
        Column("cost_change", w.fill("cost_change", money.unit), "estimate"),
        Column("lost_change", w("lost_change"), "estimate"),
        Column("meets", w("meets")),
        Column("cost_each", f"{w('cost_each')} ({money.unit})", "estimate"),
        Column("each", w("each")),
    )
    return Table("next_sizes", w("next_sizes"), columns, rows, w("next_sizes_note"))


def meets(outcome: Outcome, design: Design, w: Language) -> str | None:
    """Whether a design that was compared meets the targets."""
    found = next((c for c in outcome.decision.candidates if c.design == design), None)
    if found is None or not outcome.decision.targets:
        return None
    return w("yes" if found.feasible(outcome.decision.confidence) else "misses")


def _each(parameter: Parameter, changes: dict[str, Estimate]) -> tuple[str, dict[str, Estimate]]:
    """The unit for which a value is told (a bag, a cylinder, 1 m3, 1 L/h) and the changes for it; else no unit."""
    counted = parameter.unit == "1" and all(value == round(value) for value in parameter.choices)
    units = {"m3": ("m3", 1.0), "kg": ("L", LIQUID_LITRE)} | ({"1": ("1", 1.0)} if counted else {})
    unit, size = units.get(parameter.unit, ("", 1.0))
    if parameter.unit == "kg/s":
        foreign = "Nm3/h" if "purifier" in parameter.name else "LLHe/h"
        unit, size = foreign.replace("LLHe", "L"), parse(f"1 {foreign}", "kg/s")
    if parameter.labels:
        unit = ""  # things have no order
    return unit, {name: Estimate(e.mean * size, e.error * size) for name, e in changes.items()}


def input_text(outcome: Outcome, name: str, w: Language) -> str:
    """An input of a sensitivity for people."""
    if name in (CHANCE, OTHERS):
        return w(name)
    return w.text(next(p for p in outcome.model.parameters if p.name == name))


def _measures(outcome: Outcome, found: Sensitivity | None, w: Language) -> list[tuple[str, str, str]]:
    """Figure and input of each row of a sensitivity, the most important input first."""
    if found is None:
        return []
    key = next(iter(found.measures))
    rows = []
    for name in found.figures:
        values = found.of(name, key)
        rows += [(name, w.text(figure_of(outcome, name)), i) for i in sorted(values, key=lambda i: -values[i])]
    return rows


def index_table(outcome: Outcome, w: Language) -> Table:
    """Sobol's indices; the errors are half-widths of 95 % intervals over 1.96."""
    found, rows = outcome.indices, []
    for figure, text, name in _measures(outcome, found, w):
        assert found is not None
        both = [
            Estimate(found.of(figure, key)[name], found.of(figure, f"{key}_conf")[name] / 1.96)
            for key in ("total", "first")
        ]
        rows.append((text, name, input_text(outcome, name, w), *both))
    columns = (
        Column("figure", w("figure")),
        Column("input", w("input")),
        Column("text", w("meaning")),
        Column("total", w("total"), "estimate"),
        Column("first", w("first"), "estimate"),
    )
    return Table("indices", w("sensitivity"), columns, rows)


def screening_table(outcome: Outcome, w: Language) -> Table:
    """Morris' measures in the figure's unit."""
    found, rows = outcome.screening, []
    for figure, text, name in _measures(outcome, found, w):
        assert found is not None
        how = shown(figure, figure_of(outcome, figure).unit, w.ja)
        effect = Estimate(found.of(figure, "mu_star")[name], found.of(figure, "mu_star_conf")[name] / 1.96)
        spread = how.of(found.of(figure, "sigma")[name])
        if effect.mean > LEAST_EFFECT * max(found.of(figure, "mu_star").values()):
            rows.append((text, name, input_text(outcome, name, w), how.unit, scaled(effect, how), spread))
    columns = (
        Column("figure", w("figure")),
        Column("input", w("input")),
        Column("text", w("meaning")),
        Column("unit", w("unit")),
        Column("effect", w("effect"), "estimate"),
        Column("spread", w("spread"), "number"),
    )
    return Table("screening", w("screening"), columns, rows, w("screening_note"))


def information_table(outcome: Outcome, w: Language) -> Table:
    """Value of perfect information of each assumption that has any."""
    how = shown("cost", "JPY", w.ja)
    rows = []
    for k, value in enumerate(outcome.decision.information):
        if value.value > 0.0 and (k < MOST_VALUES or value.matters):
            estimate = scaled(Estimate(value.value, value.error), how)
            text = input_text(outcome, value.name, w)
            rows.append((value.name, text, estimate, w("yes") if value.matters else w("no")))
    columns = (
        Column("input", w("input")),
        Column("text", w("meaning")),
        Column("value", w.fill("evppi", how.unit), "estimate"),
        Column("matters", w("matters")),
    )
    return Table("information", w("information"), columns, rows)


def _parts(outcome: Outcome, head: str) -> list[Figure]:
    """Figures `head.PART` that are not zero in all years, the largest first."""
    parts = [figure for figure in outcome.model.figures if figure.name.startswith(head)]
    means = {figure.name: float(outcome.column(figure.name).mean()) for figure in parts}
    return sorted((f for f in parts if means[f.name] != 0.0), key=lambda f: -means[f.name])


def _part_table(outcome: Outcome, w: Language, head: str, key: str, title: str, names: Sequence[str]) -> Table:
    total = outcome.column(head.rstrip(".")).mean()
    rows = []
    for figure, text in zip(_parts(outcome, head), names, strict=True):
        how, column = shown(figure.name, figure.unit, w.ja), outcome.column(figure.name)
        rows.append((text, how.unit, scaled(Estimate.of(column), how), float(column.mean() / total)))
    columns = (
        Column(key, w(key)),
        Column("unit", w("unit")),
        Column("mean", w("mean"), "estimate"),
        Column("share", w("share"), "share"),
    )
    return Table(title, w(title), columns, rows)


def loss_table(outcome: Outcome, w: Language) -> Table:
    """Helium lost by cause."""
    names = [w.cause(figure.name.removeprefix("lost.")) for figure in _parts(outcome, "lost.")]
    return _part_table(outcome, w, "lost.", "cause", "losses", names)


def cost_table(outcome: Outcome, w: Language) -> Table:
    """Cost by item."""
    return _part_table(outcome, w, "cost.", "item", "costs", [w.text(f) for f in _parts(outcome, "cost.")])


def phase_table(outcome: Outcome, w: Language) -> Table:
    """Figures of each phase, a column for each."""
    if not outcome.phases:
        return Table("phases", w("phases"), (), ())
    rows = []
    for name in headlines(outcome.model):
        figure = figure_of(outcome, name)
        how = shown(name, figure.unit, w.ja)
        rows.append((w.text(figure), how.unit, *(scaled(phase.figures[name], how) for phase in outcome.phases)))
    heads = [Column(phase.scenario.name, w.text(phase.scenario), "estimate") for phase in outcome.phases]
    return Table("phases", w("phases"), (Column("figure", w("figure")), Column("unit", w("unit")), *heads), rows)
