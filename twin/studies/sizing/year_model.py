"""What a study needs of a model of a year: named parameters in, named figures out, one row for each year.

A study knows nothing of bags and trucks. It draws rows of parameter values, calls `run` and looks at the figures. A
design is a set of values for the parameters that have `choices`; an uncertain assumption is a parameter that has a
`distribution`; a scenario is a set of values for any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from twin.uncertain import Distribution


@dataclass(frozen=True)
class Parameter:
    """A number of the plant file, SI: `name` is its path there, such as "MAG-Y1.boil_off" or "site.yonago.bags"."""

    name: str
    unit: str
    value: float
    text: str
    text_ja: str = ""
    source: str = ""
    """Where the number comes from: "verified: …", "validated: …", "calibrated: …" or "assumed: …"."""
    distribution: Distribution | None = None
    choices: tuple[float, ...] = ()
    """The values among which a design chooses; empty for what is not a matter of design."""
    labels: tuple[str, ...] = ()
    """Names of the choices where a choice is a thing and not a number: machines of the catalogue."""


@dataclass(frozen=True)
class Figure:
    """A result of a year, SI: `name` such as "lost" or "lost.relief"."""

    name: str
    unit: str
    text: str
    text_ja: str = ""


class YearModel(Protocol):
    """A network over a year."""

    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str:
        """Names all that the figures depend on besides values and seeds: plant file, maps, series, version."""
        ...

    @property
    def parameters(self) -> tuple[Parameter, ...]: ...

    @property
    def figures(self) -> tuple[Figure, ...]: ...

    def run(self, values: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        """Figures (n, figures) of n years from parameter values (n, parameters) and seeds (n,) of their chances.

        A row depends on its own values and seed only, to the bit, so that any split into chunks gives the same bytes.
        Two designs with one seed meet the same weather, failures and quenches. Releases the GIL while it computes.
        """
        ...
