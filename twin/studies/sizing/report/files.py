"""The files of a report, the same bytes for the same outcome: JSON and Parquet in SI, CSV and Excel for people."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import platform
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.studies.sizing.designs import Estimate
from twin.studies.sizing.outcome import Outcome
from twin.studies.sizing.report.table import Table

EPOCH = "2000-01-01T00:00:00Z"
"""Stands for every date that a format insists on."""
PACKAGES = (
    "hetwin",
    "numpy",
    "scipy",
    "numba",
    "SALib",
    "pymoo",
    "pandas",
    "pyarrow",
    "openpyxl",
    "matplotlib",
    "jinja2",
)
FORM = 1
"""Version of `result.json` and of the manifest."""


def versions() -> dict[str, str]:
    """What computed the outcome and wrote the files."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def write_json(path: Path, content: Any) -> None:
    """Text with stable order and no number that JSON does not know."""
    path.write_text(json.dumps(plain_data(content), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def plain_data(value: Any) -> Any:
    """As JSON knows it: numbers that are not finite become null, an estimate its mean and standard error."""
    if isinstance(value, Estimate):
        return plain_data({"mean": value.mean, "standard_error": value.error})
    if isinstance(value, dict):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain_data(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain_data(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def result(outcome: Outcome) -> dict[str, Any]:
    """Everything in SI, by machine names."""
    decision, space = outcome.decision, outcome.space
    return {
        "form": FORM,
        "plant": outcome.model.name,
        "digest": outcome.model.digest,
        "seed": outcome.seed,
        "years": outcome.years,
        "recommended": _design(outcome, outcome.chosen.design),
        "present": _design(outcome, space.present),
        "units": {p.name: p.unit for p in space.parameters} | {f.name: f.unit for f in outcome.model.figures},
        "meets_all_targets": decision.feasible,
        "confidence": decision.confidence,
        "targets": [
            {
                "figure": t.name,
                "unit": t.unit,
                "limit": t.limit,
                "at_least": t.least,
                "probability": outcome.chosen.met[t.name],
            }
            for t in decision.targets
        ],
        "figures": {f.name: _summary(outcome.column(f.name), f.unit) for f in outcome.model.figures},
        "change_from_present": outcome.changes,
        "regret": vars(decision.regret),
        "value_of_information": {"all": decision.perfect, "each": [vars(value) for value in decision.information]},
        "next_sizes": [
            {
                "parameter": n.parameter,
                "unit": n.unit,
                "from": n.from_value,
                "to": n.to_value,
                "label": n.label,
                "changes": n.changes,
            }
            for n in outcome.next_sizes
        ],
        "trade_off": {
            "years": outcome.trade_off.years,
            "all_designs": outcome.trade_off.complete,
            "front": [_design(outcome, design) for design in outcome.trade_off.best],
        },
        "sensitivity": {
            s.method: {"inputs": s.inputs, "figures": s.figures, "years": s.years} | s.measures
            for s in (outcome.screening, outcome.indices)
            if s is not None
        },
        "phases": {p.scenario.name: {"figures": p.figures, "probability": p.met} for p in outcome.phases},
        "law": [vars(finding) | {"warning": finding.warning} for finding in outcome.law],
        "costs_not_counted": outcome.model.left_out,
    }


def _design(outcome: Outcome, design: Sequence[int]) -> dict[str, Any]:
    values, labels = outcome.space.values(tuple(design)), outcome.space.labels(tuple(design))
    return {name: labels[name] or value for name, value in values.items()}


def _summary(column: np.ndarray, unit: str) -> dict[str, Any]:
    low, middle, high = np.quantile(column, (0.05, 0.5, 0.95))
    estimate = Estimate.of(column)
    spread = {"q05": low, "median": middle, "q95": high}
    return {"unit": unit, "mean": estimate.mean, "standard_error": estimate.error} | spread


def years_frame(outcome: Outcome) -> pd.DataFrame:
    """Every year of the recommended design: its seed, its assumptions, its figures, SI."""
    moving = {
        p.name: outcome.values[:, k] for k, p in enumerate(outcome.model.parameters) if p.distribution is not None
    }
    figures = {f.name: outcome.figures[:, k] for k, f in enumerate(outcome.model.figures)}
    return pd.DataFrame({"seed": outcome.seeds} | moving | figures)


def designs_frame(outcome: Outcome) -> pd.DataFrame:
    """Every design that was evaluated: its choices, its objectives, whether it is on the front, SI."""
    found = outcome.trade_off
    names = [p.name for p in outcome.space.parameters]
    chosen = {n: [outcome.space.values(design)[n] for design in found.designs] for n in names}
    for k, name in enumerate(found.names):
        chosen |= {name: list(found.objectives[:, k]), f"{name}_se": list(found.errors[:, k])}
    return pd.DataFrame(chosen | {"front": [k in found.front for k in range(len(found.designs))]})


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """A frame as CSV, numbers to the last digit."""
    frame.to_csv(path, index=False, lineterminator="\n")


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """A frame as Parquet."""
    frame.to_parquet(path, index=False, compression="zstd")


def write_excel(path: Path, tables: Sequence[Table], years: pd.DataFrame) -> None:
    """A workbook with a sheet for each table, and the years."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    out = io.BytesIO()
    with pd.ExcelWriter(out, engine="openpyxl") as book:
        for table in tables:
            table.frame(titles=True).to_excel(book, sheet_name=table.name[:31], index=False)
        years.assign(seed=years["seed"].astype(str)).to_excel(book, sheet_name="years", index=False)
        for sheet in book.book.worksheets:
            sheet.freeze_panes = "A2"
            for k, cells in enumerate(sheet.iter_cols(max_row=min(sheet.max_row, 40)), 1):
                cells[0].font = Font(bold=True)
                longest = max(_width(cell.value) for cell in cells)
                sheet.column_dimensions[get_column_letter(k)].width = min(max(10, longest + 2), 60)
    path.write_bytes(_timeless(out.getvalue()))


def _width(value: Any) -> int:
    """Columns that a cell takes; Japanese glyphs take two."""
    text = f"{value:.6g}" if isinstance(value, float) else str("" if value is None else value)
    return sum(2 if ord(letter) > 0x2FFF else 1 for letter in text)


def _timeless(book: bytes) -> bytes:
    """The same workbook without the time of its writing."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>" + EPOCH.encode(), content)
            new.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def manifest(outcome: Outcome, lang: str, written: Sequence[Path], font: str | None) -> dict[str, Any]:
    """What is needed to make the report again, and the SHA-256 of each file."""
    return {
        "form": FORM,
        "command": list(outcome.origin.command),
        "plant": outcome.model.name,
        "seed": outcome.seed,
        "years": outcome.years,
        "lang": lang,
        "model_digest": outcome.model.digest,
        "inputs": dict(outcome.origin.inputs),
        "versions": versions(),
        "font": font,
        "files": {path.name: sha256(path) for path in sorted(written)},
    }


def sha256(path: Path) -> str:
    """Digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
