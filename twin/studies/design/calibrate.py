"""Fit a liquefier's parameters to measured operating points: weighted least squares with bounds.

Minimised is the sum of squares of (model - measured) / standard uncertainty (scipy's trust-region reflective method).
Standard errors and correlations are those of the linearised model, (J' J)^-1 with J the weighted Jacobian at the
solution; they hold as far as the given uncertainties do, and chi-square per degree of freedom says how far that is. A
direction in which the parameters may move without moving any measured value is found by the singular values of J, each
parameter scaled by its range.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import chi2 as chi_square

from twin.errors import Infeasible, PlantFileError, Undetermined, nearest
from twin.quantities import format
from twin.studies.design.cards import Bath
from twin.studies.design.catalogue import figures_of
from twin.studies.design.parameters import Parameter, applied, find_parameters
from twin.studies.design.plant_data import MEASURED, OperatingPoint
from twin.studies.design.result import Result, solve_design
from twin.studies.design.steady import Design

DEFAULT = ("turbine_efficiency", "Q_dewar")
STEP = 1e-4
"""Step of the finite differences over the range of a parameter."""
BLIND = 1e-3
"""A direction is blind if the whole range along it moves the data by less than this many uncertainties."""
NEARLY_BLIND = 1e-6
"""The same against the direction that the data see best: the noise of the finite differences."""
WEAK = 0.5
"""A parameter is hardly determined if its standard error exceeds this share of its range."""
EVALUATIONS = 60
WRONG = 1e3
"""Residual of a design that cannot work."""


@dataclass(frozen=True)
class Residual:
    """A measured value beside that of the fitted model, SI."""

    point: str
    name: str
    measured: float
    uncertainty: float
    fitted: float

    @property
    def deviation(self) -> float:
        """Fitted less measured, in standard uncertainties."""
        return (self.fitted - self.measured) / self.uncertainty


@dataclass(frozen=True)
class Calibration:
    """A fit: estimates and standard errors in SI, their correlation, and how well the model agrees with the data."""

    parameters: tuple[Parameter, ...]
    estimate: np.ndarray
    error: np.ndarray
    correlation: np.ndarray
    chi2: float
    dof: int
    residuals: tuple[Residual, ...]
    remarks: tuple[str, ...]
    design: Design
    helium_leak: float

    @property
    def chi2_per_dof(self) -> float:
        """Chi-square per degree of freedom; not a number without any."""
        return self.chi2 / self.dof if self.dof else float("nan")

    def as_dict(self) -> dict[str, Any]:
        """With the documented keys of `hetwin calibrate --json`."""
        rows = zip(self.parameters, self.estimate, self.error, strict=True)
        return {
            "parameters": [
                {"name": p.name, "estimate": value, "error": error, "unit": p.unit, "low": p.low, "high": p.high}
                for p, value, error in rows
            ],
            "correlation": self.correlation.tolist(),
            "chi2": self.chi2,
            "dof": self.dof,
            "chi2_per_dof": self.chi2_per_dof,
            "residuals": [vars(row) | {"deviation": row.deviation} for row in self.residuals],
            "remarks": list(self.remarks),
        }


def calibrate(design: Design, points: Sequence[OperatingPoint], fit: Sequence[str] = DEFAULT) -> Calibration:
    """Fit the named parameters to the data.

    Names: `turbine_efficiency`, `UA_factor` (on the conductance of the exchangers), `Q_leak` (heat into each
    exchanger), for all or for one as in `turbine_efficiency.T1`; `share.T1`; `helium_leak` (helium lost from the
    circuit, which make-up replaces) and every number of the machine, such as `Q_dewar` or `efficiency_isothermal`.

    Undetermined if the data cannot tell the parameters apart; Infeasible if the machine cannot work as the data say.
    """
    parameters = tuple(find_parameters(design, fit))
    model = Model(design, tuple(points), parameters)
    if model.size < len(parameters):
        raise Undetermined(
            f"{len(parameters)} parameters cannot be found from {model.size} measured values; "
            "fit fewer or measure more."
        )
    start = np.array([p.start for p in parameters])
    model.refuse(start)
    low, width = np.array([p.low for p in parameters]), np.array([p.range for p in parameters])
    found = least_squares(
        lambda x: model.deviations(low + x * width),
        np.clip((start - low) / width, 1e-3, 1.0 - 1e-3),
        jac=lambda x: model.jacobian(low + x * width) * width,
        bounds=(0.0, 1.0),
        xtol=1e-10,
        ftol=1e-12,
        gtol=1e-10,
        max_nfev=EVALUATIONS,
    )
    estimate = low + found.x * width
    jacobian = model.jacobian(estimate)
    blind = blind_directions(parameters, jacobian)
    if blind:
        raise Undetermined(" ".join(blind))
    covariance = np.linalg.inv(jacobian.T @ jacobian)
    error = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(error, error)
    residuals = model.residuals(estimate)
    chi2, dof = float(sum(row.deviation**2 for row in residuals)), model.size - len(parameters)
    fitted, leak = applied(design, parameters, estimate)
    remarks = remarks_of(parameters, estimate, error, correlation, chi2, dof)
    if found.status == 0:
        remarks.insert(0, f"The fit had not come to rest after {EVALUATIONS} evaluations; begin nearer to the plant.")
    return Calibration(
        parameters, estimate, error, correlation, chi2, dof, tuple(residuals), tuple(remarks), fitted, leak
    )


class Model:
    """The measured values as functions of the parameters."""

    def __init__(self, design: Design, points: tuple[OperatingPoint, ...], parameters: tuple[Parameter, ...]) -> None:
        self._design, self._points, self._parameters = design, points, parameters
        self._guess: dict[int, np.ndarray] = {}
        self.size = sum(len(point.measured) for point in points)

    def refuse(self, x: np.ndarray) -> None:
        """Raise what is wrong with the machine at these values, or with what was set and measured."""
        for k, point in enumerate(self._points):
            for p in self._parameters:
                if p.kind in point.machine or (p.kind == "share" and point.split is not None):
                    raise PlantFileError(f'"{point.name}" sets what is to be fitted, {p.name}; do one or the other.')
            try:
                self._values(k, x)
            except Infeasible as problem:
                raise Infeasible(problem.component, f'at "{point.name}", to begin with: {problem.reason}') from None

    def deviations(self, x: np.ndarray) -> np.ndarray:
        """(model - measured) / uncertainty of every measured value."""
        rows = []
        for k, point in enumerate(self._points):
            wanted = np.array([m.value for m in point.measured.values()])
            spread = np.array([m.uncertainty for m in point.measured.values()])
            try:
                rows.append((self._values(k, x) - wanted) / spread)
            except Infeasible:
                rows.append(np.full(wanted.size, WRONG))
        return np.concatenate(rows)

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Slopes of the deviations, by central differences that stay within the bounds."""
        columns = []
        for k, p in enumerate(self._parameters):
            up, down = x.copy(), x.copy()
            up[k], down[k] = min(x[k] + STEP * p.range, p.high), max(x[k] - STEP * p.range, p.low)
            columns.append((self.deviations(up) - self.deviations(down)) / (up[k] - down[k]))
        return np.column_stack(columns)

    def residuals(self, x: np.ndarray) -> list[Residual]:
        """Every measured value beside that of the model."""
        rows = []
        for k, point in enumerate(self._points):
            values = self._values(k, x)
            pairs = zip(point.measured.items(), values, strict=True)
            rows += [Residual(point.name, name, m.value, m.uncertainty, float(value)) for (name, m), value in pairs]
        return rows

    def _values(self, k: int, x: np.ndarray) -> np.ndarray:
        """What the model gives for the measured values of a point."""
        point = self._points[k]
        design, leak = applied(at_point(self._design, point), self._parameters, x)
        result = solve_design(design, self._guess.get(k))
        self._guess[k] = result.kept.x
        return np.array([measured_of(result, name, leak) for name in point.measured])


def at_point(design: Design, point: OperatingPoint) -> Design:
    """The design as it was set at an operating point; give a design with its bath if any point has LN2."""
    changes: dict[str, Any] = dict(point.machine)
    machine = dataclasses.replace(design.machine, **changes)
    bath = design.bath if point.ln2 is None else (design.bath or Bath()) if point.ln2 else None
    turbines, heads = dict(design.turbines), design.arrangement.heads
    if point.split is not None:
        if len(point.split) != len(heads):
            raise PlantFileError(f'"{point.name}": split has {len(point.split)} shares, expected {", ".join(heads)}.')
        for head, share in zip(heads, point.split, strict=True):
            turbines[head] = dataclasses.replace(turbines[head], share=share)
    return dataclasses.replace(design, machine=machine, bath=bath, turbines=turbines)


def measured_of(result: Result, name: str, leak: float) -> float:
    """A measured value as the model gives it, SI."""
    if name == "make_up":
        return result.make_up + leak
    if name in MEASURED:
        return figures_of(result)[name]
    temperatures = {point.name: point.temp for point in result.points}
    if name not in temperatures:
        clause = nearest(name, [*MEASURED, *temperatures]) or f"; known are {', '.join([*MEASURED, *temperatures])}."
        raise PlantFileError(f'there is nothing called "{name}" to measure{clause}')
    return temperatures[name]


def blind_directions(parameters: Sequence[Parameter], jacobian: np.ndarray) -> list[str]:
    """A sentence for every direction in which the parameters may move without moving the data."""
    scaled = jacobian * np.array([p.range for p in parameters])
    _, values, directions = np.linalg.svd(scaled, full_matrices=False)
    limit = max(BLIND, NEARLY_BLIND * float(values[0]))
    return [_blind(parameters, way) for value, way in zip(values, directions, strict=True) if value < limit]


def _blind(parameters: Sequence[Parameter], way: np.ndarray) -> str:
    """Which parameters the data cannot tell apart."""
    way = way * np.sign(way[np.argmax(np.abs(way))])
    moved = [(p, part * p.range) for p, part in zip(parameters, way, strict=True) if abs(part) > 0.01]
    if len(moved) == 1:
        return f"The data say nothing of {moved[0][0].name}; do not fit it, or measure what depends on it."
    first, step = moved[0]
    others = " and ".join(f"{p.name} by {_shown(change / step * 0.01 * first.range, p)}" for p, change in moved[1:])
    return (
        f"The data cannot tell {' and '.join(p.name for p, _ in moved)} apart: moving {first.name} by "
        f"{_shown(0.01 * first.range, first)} and {others} changes no measured value; fit fewer of them."
    )


def _shown(value: float, p: Parameter) -> str:
    return f"{value:+.3g}" if p.unit == "1" else ("+" if value > 0.0 else "") + format(value, p.unit)


def remarks_of(
    parameters: Sequence[Parameter],
    estimate: np.ndarray,
    error: np.ndarray,
    correlation: np.ndarray,
    chi2: float,
    dof: int,
) -> list[str]:
    """What to know before the numbers are used, a sentence each."""
    found = []
    for p, value, spread in zip(parameters, estimate, error, strict=True):
        if min(value - p.low, p.high - value) < 1e-3 * p.range:
            found.append(f"{p.name} stands at the end of its range; its standard error does not count there.")
        elif spread > WEAK * p.range:
            found.append(f"{p.name} is hardly determined: its standard error is {spread / p.range:.1g} of its range.")
    pairs = [(i, j) for i in range(len(parameters)) for j in range(i) if abs(correlation[i, j]) > 0.98]
    for i, j in pairs:
        found.append(
            f"{parameters[j].name} and {parameters[i].name} are almost the same to these data: correlation "
            f"{correlation[i, j]:.3f}."
        )
    if dof > 0 and chi_square.sf(chi2, dof) < 0.01:
        found.append(
            f"The model disagrees with the data: chi-square is {chi2:.3g} with {dof} degrees of freedom; the "
            "uncertainties are too small, or the machine differs from what is assumed of it."
        )
    if dof == 0:
        found.append("As many parameters as measured values: the fit cannot show whether the model is right.")
    return found
