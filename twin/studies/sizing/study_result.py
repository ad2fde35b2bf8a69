"""What a study found, as pandas and xarray, with standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twin.errors import BadStudy, nearest
from twin.studies.sizing import sampling
from twin.studies.sizing.sampling import Convergence, Sample
from twin.studies.sizing.variants import Variant
from twin.studies.sizing.year_model import YearModel
from twin.studies.sizing.years import Account

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class StudyResult:
    """Figures (variants, members, figures) of a study, SI."""

    model: YearModel
    variants: tuple[Variant, ...]
    members: np.ndarray
    """Values (members, parameters) before a variant changes them."""
    sample: Sample
    figures: np.ndarray
    account: Account

    def column(self, figure: str, variant: str | None = None) -> np.ndarray:
        """One figure of each member, of a variant (default: the first)."""
        names = [each.name for each in self.model.figures]
        if figure not in names:
            clause = nearest(figure, names) or f"; there are {', '.join(names)}."
            raise BadStudy(f'{self.model.name}: there is no figure "{figure}"{clause}')
        return self.figures[self._place(variant), :, names.index(figure)]

    def _place(self, variant: str | None) -> int:
        names = [each.name for each in self.variants]
        if variant is None:
            return 0
        if variant not in names:
            raise BadStudy(f'there is no design "{variant}" in the study{nearest(variant, names) or "."}')
        return names.index(variant)

    def frame(self) -> pd.DataFrame:
        """A row for each variant and member: figures, by name."""
        import pandas as pd

        names = [variant.name for variant in self.variants]
        index = pd.MultiIndex.from_product([names, range(len(self.members))], names=["design", "member"])
        columns = [figure.name for figure in self.model.figures]
        return pd.DataFrame(self.figures.reshape(-1, len(columns)), index, columns)

    def dataset(self) -> xr.Dataset:
        """`figures` (design, member, figure), `assumptions` (member, parameter) and `seeds` (member), with units."""
        import xarray as xr

        model = self.model
        coordinates = {
            "design": [variant.name for variant in self.variants],
            "figure": [figure.name for figure in model.figures],
            "parameter": [parameter.name for parameter in model.parameters],
            "unit_of_figure": ("figure", [figure.unit for figure in model.figures]),
            "unit_of_parameter": ("parameter", [parameter.unit for parameter in model.parameters]),
        }
        data = {
            "figures": (("design", "member", "figure"), self.figures),
            "assumptions": (("member", "parameter"), self.members),
            "seeds": (("member",), self.sample.seeds),
        }
        about = {"model": model.name, "digest": model.digest, "seed": self.sample.seed, "sampling": self.sample.method}
        return xr.Dataset(data, coordinates, about)

    def summary(self) -> pd.DataFrame:
        """Mean and quantiles of each figure of each variant, each with its standard error `…_se`."""
        import pandas as pd

        rows = {}
        for variant, figures in zip(self.variants, self.figures, strict=True):
            means, errors = sampling.mean(figures)
            for k, figure in enumerate(self.model.figures):
                row = {"unit": figure.unit, "mean": means[k], "mean_se": errors[k]}
                for share in QUANTILES:
                    name = f"p{100 * share:02.0f}"
                    row[name], row[f"{name}_se"] = sampling.quantile(figures[:, k], share)
                rows[variant.name, figure.name] = row
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["design", "figure"])

    def probability(
        self, figure: str, least: float = -np.inf, most: float = np.inf, variant: str | None = None
    ) -> tuple[float, float]:
        """Probability that a figure lies between `least` and `most`, and its standard error."""
        column = self.column(figure, variant)
        value, error = sampling.mean((column >= least) & (column <= most))
        return float(value), float(error)

    def difference(self, figure: str, variant: str, than: str | None = None) -> tuple[float, float]:
        """Mean of a figure of `variant` less that of `than` (default: the first), member by member, and its error."""
        value, error = sampling.mean(self.column(figure, variant) - self.column(figure, than))
        return float(value), float(error)

    def convergence(self, variant: str | None = None) -> Convergence:
        """Means and errors of all figures for an eighth, a quarter, half and the whole of the sample."""
        return sampling.convergence(self.figures[self._place(variant)])
