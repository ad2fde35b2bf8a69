"""The page that shows what hetwin is checked against, written from the checks themselves when the site is built."""

from __future__ import annotations

import os
from typing import Any

from hetwin.validation import CHECKED, FITTED, MET, MISSED, PREDICTED, SLOW, TOLD, Row, Section, Slow, sections

FULL = "HETWIN_DOCS_FULL"
"""Set to 1, the build also runs the checks that take minutes."""

HEAD = """# Validation

Written by the checks themselves when this documentation was built: every figure of ours was computed then, and none
was typed. `hetwin/validation.py` holds the checks; `hetwin bench` prints them with more states and with speeds. How
the model is made is on the page [The model](model.md).

What this page does not show: a transient beside measurements of a real plant. Cool-down times, the decay of vacuum
and the course of a blockage follow from published laws and from parameters that are marked `assumed` in the plant
files; no plant data were at hand to compare them with.
"""


def on_files(files: Any, config: Any) -> Any:
    """Add the page to those in docs/."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, "validation.md", content=page(sections(wanted()), wanted())))
    return files


def wanted() -> tuple[Slow, ...]:
    """The simulations that this build runs."""
    everything = os.environ.get(FULL, "") not in ("", "0")
    return tuple(check for check in SLOW if everything or check.quick)


def page(found: list[Section], simulated: tuple[Slow, ...] = ()) -> str:
    """The whole page."""
    rows = [row for section in found for row in section.rows]
    parts = [HEAD, summary(rows), missed(rows)]
    parts += [f"## {section.title}\n\n{section.text}\n\n{table(section.rows)}" for section in found]
    return "\n".join([*parts, left_out(tuple(check for check in SLOW if check not in simulated))])


def summary(rows: list[Row]) -> str:
    """How many are met, of each basis."""
    judged = [row for row in rows if row.verdict != TOLD]
    words = {
        CHECKED: "properties, laws and balances, against theory or another program",
        FITTED: "published figures that parameters were fitted to, or assumed for",
        PREDICTED: "published figures that had no parameter of their own",
    }
    lines = ["| basis | what | met | of |", "|---|---|---|---|"]
    for basis, text in words.items():
        same = [row for row in judged if row.basis == basis]
        lines.append(f"| {basis} | {text} | {sum(row.verdict == MET for row in same)} | {len(same)} |")
    words = "The last row tells how far a yield can be predicted of a machine of which little is published."
    return "\n".join([*lines, "", words, ""])


def missed(rows: list[Row]) -> str:
    """What is missed, first."""
    bad = tuple(row for row in rows if row.verdict == MISSED)
    return f"## Missed\n\n{table(bad)}" if bad else ""


def table(rows: tuple[Row, ...]) -> str:
    """Rows as a Markdown table, and what their sources are below it."""
    sources = list(dict.fromkeys(row.source for row in rows))
    lines = ["| figure | published | ours | verdict | basis | source |", "|---|---|---|---|---|---|"]
    for row in rows:
        figures = f"{number(row.published, row.unit)} | {number(row.ours, row.unit)}"
        about = f"{shown(row.verdict)} | {row.basis} | {sources.index(row.source) + 1}"
        lines.append(f"| {row.figure} | {figures} | {about} |")
    named = [f"{k}. {text}" for k, text in enumerate(sources, 1)]
    return "\n".join([*lines, "", "Sources:", "", *named, ""])


def number(value: Any, unit: str) -> str:
    """A figure with as many digits as people compare, and its unit."""
    text = f"{value:.5g}" if isinstance(value, (int, float)) else str(value)
    return text if not text or unit in ("1", "relative", "") else f"{text} {unit}"


def shown(verdict: str) -> str:
    """A verdict; what is missed stands out."""
    return f"**{verdict}**" if verdict == MISSED else verdict


def left_out(checks: tuple[Slow, ...]) -> str:
    """The checks that were not run, and how to run them."""
    if not checks:
        return ""
    lines = [
        "## Not run in this build",
        "",
        "These simulate weeks or a year, or a run twice. Run one by its command, or build this page with all of them:",
        "",
        f"    {FULL}=1 make docs",
        "",
        "| check | compared with | basis | command |",
        "|---|---|---|---|",
    ]
    lines += [f"| {check.text} | {check.source} | {check.basis} | `{check.command}` |" for check in checks]
    return "\n".join([*lines, ""])
