"""A solved cycle as pictures for a report: `draw_all` writes each as PNG and as SVG with its text as text.

`ts` is the cycle over the dome, `tq` the temperatures along every exchanger, `grassmann` where the exergy goes,
`curves` the yield around the design. All can be read in black and white at A4.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from twin.studies.design.pictures.curves import draw_curves
from twin.studies.design.pictures.grassmann import draw_grassmann
from twin.studies.design.pictures.heat_curves import draw_tq
from twin.studies.design.pictures.state_diagram import draw_ts
from twin.studies.design.pictures.style import STYLE, save
from twin.studies.design.result import Result

PICTURES: dict[str, Callable[[Result], Figure]] = {
    "ts": draw_ts,
    "tq": draw_tq,
    "grassmann": draw_grassmann,
    "curves": draw_curves,
}


def draw_all(result: Result, folder: str | Path) -> list[Path]:
    """Write every picture into a folder, which is made if need be; returns the files."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return [path for name in PICTURES for path in save(draw(name, result), folder / name)]


def draw(name: str, result: Result) -> Figure:
    """One picture, by its name in PICTURES."""
    with matplotlib.rc_context(STYLE):
        return PICTURES[name](result)
