"""How a request wants bad and uncertain data treated: its AggregateConfiguration (OPC 10000-13, 4.2.1.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from asyncua import ua

BAD, SUB_NORMAL = ua.StatusCodes.Bad, ua.StatusCodes.UncertainDataSubNormal


@dataclass(frozen=True)
class Treatment:
    """Shares of an interval in percent from which on its result is bad or good; the defaults are the standard's.

    `sloped` tells how to go on after the last reading where interpolated bounds are used: along the line through the
    last two, or holding the last one.
    """

    uncertain_is_bad: bool = True
    percent_bad: int = 100
    percent_good: int = 100
    sloped: bool = False

    @classmethod
    def asked(cls, wanted: ua.AggregateConfiguration) -> Treatment | None:
        """From a request; None if the percentages exceed 100 or leave a gap between bad and good (4.2.1.2)."""
        if wanted.UseServerCapabilitiesDefaults:
            return cls()
        bad, good = wanted.PercentDataBad, wanted.PercentDataGood
        if bad > 100 or good > 100 or good < 100 - bad:
            return None
        return cls(wanted.TreatUncertainAsBad, bad, good, wanted.UseSlopedExtrapolation)

    def severity(self, good: np.ndarray, uncertain: np.ndarray, bad: np.ndarray) -> np.ndarray:
        """Good (0), SUB_NORMAL or BAD, for amounts of data or of time in an interval (5.4.3.2.1).

        Where both limits are met good wins (4.2.1.2). Uncertain data counts as good if it is not to be treated as bad;
        else it keeps an interval from being good, but does not make it bad: so have it the tables A.5 and A.13.
        """
        whole = good + uncertain + bad
        counted = good if self.uncertain_is_bad else good + uncertain
        enough = 100.0 * counted >= self.percent_good * whole
        spoiled = (bad > 0) & (100.0 * bad >= self.percent_bad * whole)
        return np.where(enough, 0, np.where(spoiled, BAD, SUB_NORMAL))
