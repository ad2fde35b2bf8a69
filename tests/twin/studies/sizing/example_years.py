"""A year model in closed form: losses grow with boil-off and fall with bags; chances of a year come from its seed.

It lives in a module of its own so that worker processes can import it.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.studies.sizing.chunks import Source
from twin.studies.sizing.year_model import Figure, Parameter
from twin.uncertain import Triangular, Uniform

PARAMETERS = (
    Parameter("MAG-1.boil_off", "m3/s", 4e-9, "boil-off", "蒸発量", "assumed", Uniform("", 3e-9, 5e-9)),
    Parameter("site.b.failure", "1", 0.1, "share of failures", "故障率", "assumed", Triangular("", 0.0, 0.1, 0.4)),
    Parameter("site.b.bags", "1", 10.0, "bags", "バッグ数", choices=(6.0, 10.0, 14.0)),
    Parameter("liquefier", "1", 1.0, "machine", "液化機", choices=(0.0, 1.0), labels=("l70", "l140")),
)
FIGURES = (
    Figure("lost", "kg", "lost in the year", "損失"),
    Figure("delivered", "kg", "delivered in the year", "供給"),
    Figure("closure", "1", "closure of the ledger", "収支誤差"),
)
YEAR = 365 * 86400.0


class ClosedForm:
    """Loss = boil-off of a year x (failure + (6 / bags)^2 / 10) + chance; `slow` seconds of work for each row."""

    name = "closed form"
    digest = "closed-form-1"
    parameters = PARAMETERS
    figures = FIGURES

    def __init__(self, slow: float = 0.0) -> None:
        self.slow = slow

    def run(self, values: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        boil_off, failure, bags, machine = values.T
        made = 125.0 * boil_off * YEAR
        chance = np.array([np.random.default_rng(int(seed)).exponential() for seed in seeds])
        lost = made * (failure + 0.1 * (6.0 / bags) ** 2) * (1.2 - 0.2 * machine) + 0.5 * chance
        end = time.process_time() + self.slow * len(seeds)
        while time.process_time() < end:
            pass
        return np.column_stack([lost, made - lost, np.zeros(len(seeds))])


@dataclass(frozen=True)
class SlowSource(Source):
    """Where workers get the model from; `deadly` names a file: who finds it takes it away and dies at once."""

    slow: float = 0.0
    deadly: str = ""
    always: bool = False

    def load(self) -> ClosedForm:
        return Mortal(self.slow, self.deadly, self.always) if self.deadly else ClosedForm(self.slow)


class Mortal(ClosedForm):
    """Kills its own process, once for each file, as the operating system does when memory is short."""

    def __init__(self, slow: float, deadly: str, always: bool) -> None:
        super().__init__(slow)
        self.deadly, self.always, self.parent = Path(deadly), always, os.environ.get("STUDY_PARENT") == str(os.getpid())

    def run(self, values: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        if not self.parent and self.deadly.exists():
            if not self.always:
                self.deadly.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run(values, seeds)
