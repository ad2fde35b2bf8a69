"""A study: some variants of a network over the same sample of years, by whoever computes them.

study = Study("herenet", [Variant("more bags", {"site.*.bags": 14.0})], years=512, seed=1)
found = study.run()
print(found.summary())          # pandas: mean, quantiles and their standard errors, for each variant and figure
found.dataset()                 # xarray: design x member x figure, with the members' assumptions
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.studies.sizing.chunks import Given, Source, loaded
from twin.studies.sizing.crew import Crew
from twin.studies.sizing.sampling import Sample, draw
from twin.studies.sizing.study_result import StudyResult
from twin.studies.sizing.variants import AS_IT_IS, Variant, check, table
from twin.studies.sizing.year_model import YearModel
from twin.studies.sizing.years import Progress, Years


@dataclass(frozen=True)
class PlantYears(Source):
    """The campaign of a plant file, by name or path, with folders of further kinds and the series that it names."""

    plant: str
    units: tuple[str, ...] = ()

    def load(self) -> YearModel:
        from twin.studies.sizing.campaign import load_campaign

        model: YearModel = load_campaign(self.plant, self.units)
        return model


def source_of(model: str | Path | YearModel | Source, units: Iterable[str | Path] = ()) -> Source:
    """Where processes get the model from: a plant's name or path, a year model, or a source of one's own."""
    if isinstance(model, (str, Path)):
        return PlantYears(str(model), tuple(map(str, units)))
    return model if isinstance(model, Source) else Given(model.digest, model)


def assumptions(
    model: YearModel, years: int, seed: int, method: str = "sobol", base: Mapping[str, float] | None = None
) -> tuple[np.ndarray, Sample]:
    """Values (members, parameters) of a sample: what is uncertain is drawn, the rest as the plant file or `base` says.

    What `base` gives is known, even if the plant file has it uncertain; the draw is the same with it and without.
    """
    base = base or {}
    columns = [k for k, parameter in enumerate(model.parameters) if parameter.distribution is not None]
    sample = draw([p.distribution for p in model.parameters if p.distribution is not None], years, seed, method)
    values = np.tile([parameter.value for parameter in model.parameters], (len(sample), 1))
    values[:, columns] = sample.values
    for k, parameter in enumerate(model.parameters):
        if parameter.name in base:
            values[:, k] = base[parameter.name]
    return values, sample


class Study:
    """Variants x members of a year model.

    `years` is the number of members, the same for each variant and rounded up to a multiple of 16; all variants meet
    the same assumptions and the same chances, so that their differences have a small error. `base` (a scenario) holds
    for all. `folder` keeps finished years: a study that was interrupted goes on where it stopped.
    """

    def __init__(
        self,
        model: str | Path | YearModel | Source,
        variants: Iterable[Variant] = (),
        years: int = 2048,
        seed: int = 1,
        method: str = "sobol",
        base: Mapping[str, float] | None = None,
        folder: str | Path | None = None,
        units: Iterable[str | Path] = (),
    ) -> None:
        self.source = source_of(model, units)
        self.model: YearModel = loaded(self.source)
        self.variants = tuple(variants) or (Variant(AS_IT_IS),)
        self.base, self.folder = dict(base or {}), folder
        check(self.model, [*self.variants, Variant("base", self.base)])
        self.members, self.sample = assumptions(self.model, years, seed, method, self.base)

    @property
    def plant_years(self) -> int:
        """Rows of the study: variants times members."""
        return len(self.variants) * len(self.members)

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Values (variants x members, parameters) and seeds, variant by variant."""
        fixed = np.repeat(table(self.model, self.variants), len(self.members), axis=0)
        members = np.tile(self.members, (len(self.variants), 1))
        return np.where(np.isnan(fixed), members, fixed), np.tile(self.sample.seeds, len(self.variants))

    def run(
        self,
        workers: int | None = None,
        scheduler: str = "",
        chunk_rows: int | None = None,
        progress: Progress | None = None,
    ) -> StudyResult:
        """Compute what is not there yet, by processes of this machine or by the Dask cluster of `scheduler`."""
        with Years(self.source, self.folder, workers, crew_of(scheduler), chunk_rows, progress) as years:
            figures = years.run(*self.rows())
        shape = (len(self.variants), len(self.members), -1)
        return StudyResult(self.model, self.variants, self.members, self.sample, figures.reshape(shape), years.account)


def crew_of(scheduler: str) -> Crew | None:
    """The workers of a Dask scheduler, or nobody if it is not named."""
    if not scheduler:
        return None
    from twin.studies.sizing.cluster import Cluster

    return Cluster(scheduler)
