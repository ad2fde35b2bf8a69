"""What `hetwin size` says on a terminal: how far it is, and what came out, in people's units; and its JSON."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hetwin.size import Found
    from twin.studies.sizing.outcome import Outcome
    from twin.studies.sizing.years import Account, Years


@contextmanager
def told(years: Years) -> Iterator[None]:
    """A line on a terminal that says how far the study is, and how long it still takes."""
    if not sys.stderr.isatty():
        yield
        return
    last = 0.0

    def tell(account: Account) -> None:
        nonlocal last
        if time.monotonic() - last > 0.2:
            last = time.monotonic()
            print(f"\r\033[K{progress(account)}", end="", file=sys.stderr, flush=True)

    years.tell(tell)
    try:
        yield
    finally:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def progress(account: Account) -> str:
    """How far a study is."""
    speed = account.computed / account.elapsed if account.elapsed > 0.0 else math.nan
    part = f"part {account.calls}: {account.ready} of {account.asked} years"
    return part if math.isnan(speed) else f"{part}, {speed:.0f} a second, this part takes {_time(account.left)} more"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def as_dict(found: Found) -> dict[str, Any]:
    """For `--json`: the report's result, and how it was computed."""
    from twin.studies.sizing.report.files import plain_data, result

    account, rows = found.account, converged(found)
    told: dict[str, Any] = plain_data(result(found.outcome))
    told |= {
        "plant_years": account.computed,
        "plant_years_found": account.found,
        "plant_years_per_second_per_core": found.pace,
        "workers": account.workers,
        "seconds": account.elapsed,
        "ledger": {"worst_closure": found.closure},
        "convergence": plain_data(rows),
        "files": [str(path) for path in found.files],
    }
    return told


def converged(found: Found) -> list[dict[str, Any]]:
    """Mean and standard error of each headline figure as the sample doubles, and how far the last doubling moved it."""
    from twin.studies.sizing.outcome import headlines

    figures = {figure.name: (k, figure) for k, figure in enumerate(found.outcome.model.figures)}
    table, rows = found.convergence, []
    for name in headlines(found.outcome.model):
        k, figure = figures[name]
        row = {"figure": name, "unit": figure.unit, "members": table.members.tolist()}
        row |= {"mean": table.mean[:, k].tolist(), "standard_error": table.error[:, k].tolist()}
        rows.append(row | {"moved_by_doubling": float(table.moved[k])})
    return rows


WORDS = {
    "recommended": ("recommended design", "推奨設計"),
    "nearest": ("nearest to the targets", "目標に最も近い設計"),
    "present": ("as in the plant file", "設備ファイルの現状"),
    "figure": ("figure of a year", "年間の値"),
    "unit": ("unit", "単位"),
    "mean": ("mean ± standard error", "平均 ± 標準誤差"),
    "moved": ("moved by the last doubling", "標本倍増による変化"),
    "target": ("target", "目標"),
    "limit": ("limit", "限度"),
    "probability": ("probability", "達成確率"),
    "law": ("law: what this design touches", "高圧ガス保安法: この設計が関わる規定"),
    "errors": ("{:.2f} errors", "誤差の{:.2f}倍"),
    "none": (
        "No design meets every target with a probability of {:.0%}; this is the one that comes nearest.",
        "すべての目標を確率{:.0%}で満たす設計はない。最も近い設計を示す。",
    ),
    "done": (
        "{} plant-years computed, {} found from before; {:.0f} per second and core.",
        "計算{}年、既存{}年、毎秒1コアあたり{:.0f}年。",
    ),
}


def show(found: Found, lang: str = "en") -> None:
    """Design, headline figures with their errors, targets, the law, and where the report is."""
    from hetwin.show import print_table

    outcome, ja = found.outcome, lang == "ja"
    w = {name: texts[int(ja)] for name, texts in WORDS.items()}
    feasible = outcome.decision.feasible
    print_table((w["recommended" if feasible else "nearest"], "", w["present"]), _design_rows(outcome, ja))
    if not feasible:
        print(w["none"].format(outcome.decision.confidence))
    print()
    print_table((w["target"], w["limit"], w["probability"], w["present"]), _target_rows(outcome, lang))
    print()
    print_table((w["figure"], w["unit"], w["mean"], w["moved"]), _figure_rows(found, lang))
    if touched := [finding.sentence(ja) for finding in outcome.law if finding.warning]:
        print("", w["law"], *touched, sep="\n")
    print()
    print(w["done"].format(found.account.computed, found.account.found, found.pace))
    print(*found.files, sep="\n")


def _design_rows(outcome: Outcome, ja: bool) -> Iterator[tuple[str, str, str]]:
    from twin.studies.sizing.report.results import choice_text

    best, present = outcome.chosen.design, outcome.space.present
    for k, parameter in enumerate(outcome.space.parameters):
        yield parameter.name, choice_text(parameter, best[k], ja), choice_text(parameter, present[k], ja)


def _target_rows(outcome: Outcome, lang: str) -> Iterator[tuple[str, ...]]:
    """As the report has them."""
    from twin.studies.sizing.report.results import target_table
    from twin.studies.sizing.report.words import Language

    yield from map(tuple, target_table(outcome, Language(lang)).cells())


def _figure_rows(found: Found, lang: str) -> Iterator[tuple[str, ...]]:
    """Headline figures in the units of the report."""
    from twin.studies.sizing.report.numbers import shown, with_error

    ja, figures = lang == "ja", {figure.name: figure for figure in found.outcome.model.figures}
    for row in converged(found):
        figure, how = figures[row["figure"]], shown(row["figure"], row["unit"], lang == "ja")
        mean = with_error(how.of(row["mean"][-1]), how.of(row["standard_error"][-1]))
        text = (figure.text_ja or figure.text) if ja else figure.text
        moved = row["moved_by_doubling"]
        yield text, how.unit, mean, WORDS["errors"][int(ja)].format(moved) if math.isfinite(moved) else "–"
