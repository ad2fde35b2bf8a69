"""The live view of a served plant in a terminal: key figures by site, trouble, endpoint, speed, overruns."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hetwin.key_figures import KeyFigures, clock, key_figures, written
from twin.alarms.event import messages

if TYPE_CHECKING:
    from twin.alarms.catalogue import Alarm
    from twin.alarms.event import AlarmState
    from twin.simulation import Simulation

MOST_ALARMS = 8  # lines
PERIOD = 0.5  # s between two pictures; drawn in a thread of its own, away from the server's event loop


class ConsoleView:
    """Draws the newest scan of a simulation until it is stopped."""

    def __init__(self, simulation: Simulation, endpoint: str, console: Console | None = None) -> None:
        self._simulation = simulation
        self._endpoint = endpoint
        self._console = console or Console(highlight=False)
        self._figures = key_figures(simulation.plant)
        self._image = simulation.plant.image.copy()
        self._time = simulation.plant.time
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._draw, name="console view", daemon=True)

    def start(self) -> None:
        """Begin to draw."""
        self._unsubscribe = self._simulation.subscribe(self._take)
        self._thread.start()

    def stop(self) -> None:
        """Leave the last picture on the screen."""
        self._unsubscribe()
        self._stopping.set()
        self._thread.join()

    def _take(self, image: np.ndarray, time: float) -> None:
        self._image, self._time = image, time

    def _draw(self) -> None:
        with Live(self.picture(), console=self._console, auto_refresh=False, screen=False) as live:
            while not self._stopping.wait(PERIOD):
                live.update(self.picture(), refresh=True)

    def picture(self) -> RenderableType:
        """The newest scan."""
        sites: dict[str, list[KeyFigures]] = {}
        for figures in self._figures:
            sites.setdefault(figures.site, []).append(figures)
        rows = max(6, self._console.size.height - 8)
        panels: list[RenderableType] = []
        for site, units in sites.items():
            panels += [self._panel(site, units[i : i + rows]) for i in range(0, len(units), rows)]
        return Group(self._head(), Columns(panels), self._foot())

    def _head(self) -> Text:
        simulation, plant = self._simulation, self._simulation.plant
        speed = "as fast as it goes" if simulation.mode == "asap" else f"{simulation.speed:g} times real time"
        head = Text()
        head.append(plant.name, style="bold")
        head.append(f"  {clock(self._time)}   {simulation.mode}, {speed}   overruns {simulation.overruns}   ")
        head.append(self._endpoint, style="cyan")
        return head

    def _panel(self, site: str, units: list[KeyFigures]) -> Panel:
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="bold")
        for _ in range(max(len(figures.tags) for figures in units)):
            table.add_column(justify="right", min_width=9)
        for figures in units:
            table.add_row(figures.unit, *(written(tag, self._image) for tag in figures.tags))
        return Panel(table, title=site or self._simulation.plant.name, title_align="left", expand=False)

    def _foot(self) -> Text:
        failure = self._simulation.failure
        if failure is not None:
            return Text(str(failure), style="bold red")
        alarms = self._simulation.alarms.open()
        if alarms:
            return self._alarms(alarms)
        return Text("No open alarm. Ctrl-C saves and stops.", style="dim")

    def _alarms(self, alarms: list[tuple[Alarm, AlarmState]]) -> Text:
        """The most urgent alarms, a line each: red calls, yellow is acknowledged, dim has gone unacknowledged."""
        lines = Text()
        for alarm, state in alarms[:MOST_ALARMS]:
            style = "dim" if not state.active else ("yellow" if state.acked else "bold red")
            text, _ = messages(alarm, "active" if state.active else "returned", state.levels, state.value)
            lines.append(f"{state.name:24}{text}\n", style=style)
        left = len(alarms) - MOST_ALARMS
        lines.append(f"and {left} more" if left > 0 else "Ctrl-C saves and stops.", style="dim")
        return lines
