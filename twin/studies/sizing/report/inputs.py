"""The tables of a report that tell what went in: inputs with their status, the law, how to make it again."""

from __future__ import annotations

from collections import Counter

from twin.studies.sizing.designs import nearest_choice
from twin.studies.sizing.law import RULES, SOURCES, VERDICTS
from twin.studies.sizing.outcome import Outcome
from twin.studies.sizing.report.numbers import parameter_text, plain
from twin.studies.sizing.report.results import choice_text
from twin.studies.sizing.report.table import Column, Table
from twin.studies.sizing.report.words import Language
from twin.studies.sizing.year_model import Parameter

STATUSES = ("verified", "validated", "calibrated", "assumed")


def status(parameter: Parameter) -> str:
    """Mark of a source: the word before its colon; "unsaid" without one."""
    word = parameter.source.partition(":")[0].strip()
    return word if word in STATUSES else "unsaid"


def inputs(outcome: Outcome) -> tuple[Parameter, ...]:
    """Parameters of the model and prices."""
    return (*outcome.model.parameters, *outcome.model.prices)


def input_table(outcome: Outcome, w: Language) -> Table:
    """Every number that the years depend on."""
    rows = []
    for p in inputs(outcome):
        options = tuple(choice_text(p, k, w.ja) for k in range(len(p.choices)))
        value = choice_text(p, nearest_choice(p), w.ja) if p.labels else parameter_text(p.name, p.unit, p.value, w.ja)
        uncertainty = p.distribution.text if p.distribution is not None else ""
        said = p.source.partition(":")[2].strip() if status(p) != "unsaid" else p.source
        rows.append((p.name, w.text(p), value, uncertainty, ", ".join(options), w(status(p)), said))
    columns = (
        Column("parameter", w("parameter")),
        Column("text", w("meaning")),
        Column("value", w("value")),
        Column("uncertainty", w("distribution_of")),
        Column("choices", w("choices")),
        Column("status", w("status"), "status"),
        Column("source", w("source")),
    )
    return Table("inputs", w("inputs"), columns, rows, inputs_note(outcome, w))


def inputs_note(outcome: Outcome, w: Language) -> str:
    """How many inputs are of each status."""
    count = Counter(status(p) for p in inputs(outcome))
    uncertain = sum(p.distribution is not None for p in outcome.model.parameters)
    marks = {name: count[name] for name in (*STATUSES, "unsaid")}
    return w("inputs_note", uncertain=uncertain, **marks)


def law_table(outcome: Outcome, w: Language) -> Table:
    """Limits of the law, those that are touched first."""
    rows = []
    for finding in sorted(outcome.law, key=lambda finding: not finding.warning):
        rule, verdict = RULES[finding.rule][int(w.ja)], VERDICTS[finding.verdict][int(w.ja)]
        value, limit = (f"{plain(x)} {finding.unit}" for x in (finding.value, finding.limit))
        rows.append(
            (finding.place, rule, value, limit, verdict, ", ".join(finding.equipment), SOURCES[finding.rule][int(w.ja)])
        )
    columns = (
        Column("place", w("place")),
        Column("rule", w("rule")),
        Column("value", w("value")),
        Column("limit", w("limit")),
        Column("verdict", w("verdict")),
        Column("equipment", w("equipment")),
        Column("source", w("source")),
    )
    return Table("law", w("law"), columns, rows, w("law_note"))
