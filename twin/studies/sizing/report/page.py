"""The page of a report."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from twin.studies.sizing.designs import Estimate
from twin.studies.sizing.outcome import Outcome
from twin.studies.sizing.report.files import versions
from twin.studies.sizing.report.numbers import Shown, plain, shown, with_error
from twin.studies.sizing.report.plots import moved, pictures
from twin.studies.sizing.report.results import scaled
from twin.studies.sizing.report.table import Table
from twin.studies.sizing.report.words import Language

ORDER = (
    ("figures", ("distribution",)),
    ("front", ("trade_off",)),
    ("next_sizes", ()),
    ("indices", ("sensitivity",)),
    ("information", ()),
    ("losses", ("losses",)),
    ("costs", ("costs",)),
    ("phases", ()),
    ("law", ()),
    ("convergence", ("convergence",)),
    ("screening", ()),
    ("inputs", ()),
)
"""Sections after the decision: the table, and the pictures before it."""
FOLDED = ("front", "indices", "screening", "inputs")
"""Tables that a reader opens when they want them; all are open on paper."""


@functools.cache
def template() -> jinja2.Template:
    """The page's template."""
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("page.html.jinja")


def page(outcome: Outcome, tables: Sequence[Table], w: Language) -> str:
    """One HTML file that needs nothing else."""
    by_name, drawn = {table.name: table for table in tables}, pictures(outcome, w)
    sections = []
    for name, images in ORDER:
        table = by_name.get(name)
        found = [drawn[image] for image in images if image in drawn]
        if table is not None or found:
            title = table.title if table is not None else w(name)
            sections.append(
                {
                    "name": name,
                    "title": title,
                    "table": table,
                    "pictures": found,
                    "notes": notes(outcome, name, table, w),
                }
            )
    return template().render(
        w=w,
        outcome=outcome,
        title=w.fill("title", outcome.model.name),
        sections=sections,
        decision=by_name.get("design"),
        targets=by_name.get("targets"),
        verdict=verdict(outcome, w),
        summary=summary(outcome, w),
        hindsight=hindsight(outcome, w),
        touched=[finding.sentence(w.ja) for finding in outcome.law if finding.warning],
        folded=FOLDED,
        command=shlex.join(outcome.origin.command),
        versions=", ".join(f"{name} {version}" for name, version in versions().items()),
        remarks=[note[int(w.ja)] for note in outcome.origin.notes],
    )


def verdict(outcome: Outcome, w: Language) -> str:
    """The decision in a sentence."""
    decision = outcome.decision
    key = "infeasible" if not decision.feasible else "feasible" if decision.targets else "no_targets"
    confidence = f"{plain(100.0 * decision.confidence)} %"
    found = w(key, rivals=len(decision.candidates), years=f"{decision.years:,}", confidence=confidence)
    close = any(share.mean - 2.0 * share.error < decision.confidence for share in outcome.chosen.met.values())
    return f"{found} {w('narrow')}" if decision.feasible and close else found


def money(estimate: Estimate, w: Language) -> str:
    """An amount of money for people, in a unit that suits its size."""
    how = shown("cost", "JPY", w.ja)
    if abs(how.of(estimate.mean)) < 1.0:
        how = Shown("円", 1.0) if w.ja else Shown("kJPY", 1e-3)
    found = scaled(estimate, how)
    return f"{with_error(found.mean, found.error)} {how.unit}"


def summary(outcome: Outcome, w: Language) -> str:
    """What the design costs and loses in a year, and what that changes, in a sentence."""
    litres = shown("lost", "kg", w.ja)
    parts: dict[str, str] = {}
    for head, found in (("", outcome.chosen.figures), ("d_", outcome.changes)):
        lost = scaled(found["lost"], litres)
        parts |= {f"{head}cost": money(found["cost"], w), f"{head}lost": f"{with_error(lost.mean, lost.error)} L"}
    return w("summary", **parts)


def hindsight(outcome: Outcome, w: Language) -> str:
    """Regret of the recommendation in a sentence."""
    found = outcome.decision.regret
    return w("hindsight", share=f"{100.0 * found.best_share:.0f} %", regret=money(Estimate(found.mean, found.error), w))


def notes(outcome: Outcome, name: str, table: Table | None, w: Language) -> list[str]:
    """Sentences that stand before a section's pictures."""
    found: list[str] = [table.note] if table is not None and table.note else []
    made: dict[str, Any] = {
        "front": lambda: [searched(outcome, w)],
        "indices": lambda: [w("indices_note", chance=w("chance"))],
        "information": lambda: [w("information_note", perfect=money(Estimate(outcome.decision.perfect, 0.0), w))],
        "costs": lambda: cost_notes(outcome, w),
        "phases": lambda: [w("phases_note")],
        "convergence": lambda: [w("convergence_note", moved=moved(outcome, w)), *closure(outcome, w)],
    }
    return found + (made[name]() if name in made else [])


def searched(outcome: Outcome, w: Language) -> str:
    """Which designs were looked at."""
    found = outcome.trade_off
    key = "trade_off_all" if found.complete else "trade_off_some"
    return w(key, count=f"{len(found.designs):,}", all=f"{outcome.space.count:,}", years=f"{found.years:,}")


def cost_notes(outcome: Outcome, w: Language) -> list[str]:
    """Prices elsewhere, and what is not counted."""
    card = outcome.model.economics
    how = shown("cost_per_litre", "JPY/kg", w.ja)
    prices = {"returned": card.charge_returned, "outside": card.charge_outside, "lost": card.helium}
    texts = {name: f"{plain(how.of(price), 4)} {how.unit}" for name, price in prices.items()}
    found = [w("prices_note", **texts)]
    if outcome.model.left_out:
        items = [w.text(item) for item in left_out_items(outcome)]
        found.append(w.fill("left_out", ("、" if w.ja else ", ").join(items)))
    return found


def left_out_items(outcome: Outcome) -> list[Any]:
    """Items of cost that the model tells nothing of."""
    from twin.studies.sizing.economics import ITEMS

    return [item for item in ITEMS if item.name in outcome.model.left_out]


def closure(outcome: Outcome, w: Language) -> list[str]:
    """How well the helium ledger closes."""
    if "closure" not in {figure.name for figure in outcome.model.figures}:
        return []
    return [w.fill("closure", f"{float(outcome.column('closure').max()):.1e}")]
