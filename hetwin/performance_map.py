"""`hetwin map`: the performance map of a machine, made or read; its error, a few rows, one value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hetwin.exits import BadInput
from hetwin.options import quantity
from twin.quantities import convert, format

if TYPE_CHECKING:
    from twin.studies.design.performance_map import PerformanceMap

SHOWN = {"litres": "L/h", "power": "kW", "ln2_flow": "kg/h", "helium_lost": "g/h", "flow": "g/s"}
"""Units in which people read the outputs."""
HEADS = ("litres", "power", "LN2", "helium lost", "flow")
YES_NO = {"yes": 1.0, "no": 0.0, "1": 1.0, "0": 0.0, "true": 1.0, "false": 0.0}


def run(machine: str, out: Path | None, fresh: bool, start_up: bool) -> tuple[PerformanceMap, Path]:
    """The map of a machine from its file, or made and written there; start-ups are added if asked for and missing."""
    from twin.studies.design import performance_map as maps
    from twin.studies.design.design_file import find_design, load_design
    from twin.studies.design.result import solve_design
    from twin.studies.design.start_up import start_ups

    design = load_design(machine)
    bath = design.bath or load_design(machine, ln2=True).bath
    path = out or Path("out") / f"{find_design(machine).stem}.map.json"
    with progress() as told:
        made = fresh or not path.exists()
        if not made:
            found = maps.load_map(path, maps.machine_digest(design, bath))
        else:
            found = maps.build_map(find_design(machine).stem, design, bath, told=lambda *at: told("states", *at))
        if start_up and not found.start_ups:
            runs = enumerate(start_ups(solve_design(design)), 1)
            total = 4 if design.bath else 2
            found = maps.with_start_ups(found, [(told("start-ups", k, total), run)[1] for k, run in runs])
        elif not made:
            return found, path
    path.parent.mkdir(parents=True, exist_ok=True)
    maps.save_map(found, path)
    return found, path


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar with the time left, on stderr, when that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True, highlight=False)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("states", total=None)
        yield lambda text, done, total: bar.update(task, description=text, completed=done, total=total)


def conditions(text: str) -> dict[str, float]:
    """Conditions such as `suction=1.02 bar,purity=99 %,ln2=yes`, SI."""
    from twin.errors import nearest
    from twin.studies.design.performance_map import AXES

    found = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if name not in AXES or not equals:
            raise BadInput(f'--at: expected {", ".join(AXES)}, each as NAME=VALUE, got "{part}"{nearest(name, AXES)}')
        if name == "ln2" and value.lower() not in YES_NO:
            raise BadInput(f'--at: ln2: expected yes or no, got "{value}".')
        found[name] = YES_NO[value.lower()] if name == "ln2" else quantity(f"--at {name}", value, AXES[name][0])
    return found


def read(found: PerformanceMap, at: dict[str, float]) -> dict[str, Any]:
    """The outputs at one point, SI; Infeasible with the reason if the machine cannot work there."""
    from twin.errors import Infeasible

    values = {name: float(value) for name, value in found.read(**at).items()}
    if values["litres"] != values["litres"]:
        raise Infeasible("map", f"no value, since nearby {found.why_not(**at).rstrip('.')}")
    return {"at": found.design_point | at, "outputs": values, "bound": {k: e.bound for k, e in found.error.items()}}


def show_point(point: dict[str, Any]) -> None:
    """Print the outputs at one point."""
    from hetwin.show import print_table

    rows = [
        (
            head,
            _value(name, point["outputs"][name]),
            f"± {100.0 * point['bound'][name]:.2g} % of the largest on the map",
        )
        for head, name in zip(HEADS, SHOWN, strict=True)
    ]
    print_table(("", "value", "error of the interpolation"), rows)


def show(found: PerformanceMap, path: Path) -> None:
    """Print a few rows of the map, its error, the start-ups and the file."""
    from hetwin.show import print_table

    print_table(("LN2", "suction", "feed", *HEADS), list(_rows(found)), title=f"{found.machine}, otherwise as designed")
    print()
    errors = [
        (head, *(f"{100.0 * value:.3f} %" for value in (error.mean, error.largest, error.bound)), str(error.points))
        for head, error in zip(HEADS, found.error.values(), strict=True)
    ]
    print_table(("error, of the largest value", "mean", "largest", "stated bound", "points"), errors)
    if found.start_ups:
        print()
        print_table(("start", "LN2", "first liquid", "energy", "LN2 used", "vented", "dewar gave"), _starts(found))
    cannot = f"; {len(found.reasons)} of its states cannot work" if found.reasons else ""
    print(f"\n{path}: {found.values[..., 0].size} states, machine {found.digest}{cannot}")


def _rows(found: PerformanceMap) -> Iterator[tuple[str, ...]]:
    suction, purity = found.axes["suction"], found.axes["purity"]
    for ln2 in found.axes["ln2"][::-1]:
        for p in (suction[0], found.design_point["suction"], suction[-1]):
            for feed in (purity[-1], purity[0]):
                at = {"suction": p, "purity": feed, "ln2": ln2}
                values = [_value(name, float(value)) for name, value in found.read(**at).items()]
                if "nan" in values[0]:
                    values = [found.why_not(**at), "", "", "", ""]
                yield ("yes" if ln2 else "no", format(p, "Pa"), f"{100.0 * feed:.4g} %", *values)


def _starts(found: PerformanceMap) -> Iterator[tuple[str, ...]]:
    for run in found.start_ups:
        used = (format(run.ln2_used, "kg"), format(run.helium_vented, "kg"), format(run.litres_spent, "m3"))
        values = (format(run.time, "s"), format(run.energy, "J"), *used)
        yield (run.start, "yes" if run.ln2 else "no", *(values if not run.problem else (run.problem, "", "", "", "")))


def _value(name: str, value: float) -> str:
    from twin.studies.design.performance_map import OUTPUTS

    return f"{convert(value, OUTPUTS[name][0], SHOWN[name]):.4g} {SHOWN[name]}"
