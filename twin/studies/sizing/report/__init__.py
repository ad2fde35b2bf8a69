"""The report of a sizing study: JSON, CSV, Parquet, Excel and one self-contained page, in English or Japanese.

`write(outcome, out, lang)` puts into the folder `out`:

    report.html     the page; opens without a network, light or dark, prints
    report.xlsx     its tables and all years
    result.json     everything in SI by machine names
    TABLE.csv       its tables, numbers as people read them, units in the rows or heads
    years.parquet   every year of the recommended design, SI
    designs.parquet every design that was evaluated, SI
    manifest.json   command, seed, versions, digests of inputs and files: what is needed to make the same bytes again

No file holds a date or a duration.
"""

from __future__ import annotations

from pathlib import Path

from twin.studies.sizing.outcome import Outcome

__all__ = ["write"]


def write(outcome: Outcome, out: str | Path, lang: str = "en") -> list[Path]:
    """Write all files; returns their paths, the manifest last."""
    from twin.studies.sizing.report import files
    from twin.studies.sizing.report.inputs import input_table, law_table
    from twin.studies.sizing.report.page import page
    from twin.studies.sizing.report.plots import japanese_font
    from twin.studies.sizing.report.results import tables
    from twin.studies.sizing.report.words import Language

    w, folder = Language(lang), Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    made = [*tables(outcome, w), input_table(outcome, w)]
    made += [law_table(outcome, w)] if outcome.law else []
    years = files.years_frame(outcome)
    written = [folder / f"{table.name}.csv" for table in made]
    for path, table in zip(written, made, strict=True):
        files.write_csv(path, table.frame())
    others = [
        folder / name for name in ("result.json", "years.parquet", "designs.parquet", "report.xlsx", "report.html")
    ]
    files.write_json(others[0], files.result(outcome))
    files.write_parquet(others[1], years)
    files.write_parquet(others[2], files.designs_frame(outcome))
    files.write_excel(others[3], made, years)
    others[4].write_text(page(outcome, made, w), encoding="utf-8")
    last = folder / "manifest.json"
    files.write_json(last, files.manifest(outcome, lang, [*written, *others], japanese_font() if w.ja else None))
    return [*written, *others, last]
