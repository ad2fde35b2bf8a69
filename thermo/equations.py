"""Small equations that several kinds of equipment share."""

from __future__ import annotations

from math import exp, log1p, sqrt

from thermo.jit import kernel


@kernel
def nozzle_flux(p_in, rho_in, p_out, kappa):
    """Mass flux [kg/(s m2)] of gas through a nozzle or orifice, choked or not.

    From the pressure [Pa] and density [kg/m3] before it, the pressure after it [Pa] and the isentropic exponent [1].
    Isentropic flow of a gas with constant kappa (White, Fluid Mechanics, ch. 9); multiply by area and discharge
    coefficient. Zero if p_out >= p_in. Near the choked limit it is smooth: its slope there vanishes.

    >>> round(nozzle_flux(2e5, 0.3209, 1e5, 5.0 / 3.0), 2)   # helium, 300 K, just choked (ratio 0.487)
    183.91
    """
    if p_out >= p_in:
        return 0.0
    critical = (2.0 / (kappa + 1.0)) ** (kappa / (kappa - 1.0))
    ratio = max(p_out / p_in, critical)
    swell = ratio ** (2.0 / kappa) - ratio ** ((kappa + 1.0) / kappa)
    return sqrt(2.0 * kappa / (kappa - 1.0) * p_in * rho_in * max(swell, 0.0))


@kernel
def counterflow_effectiveness(ntu, ratio):
    """Effectiveness [1] of a counter-flow exchanger from its NTU and the ratio of heat capacity rates (0 to 1).

    Kays and London, Compact Heat Exchangers, ch. 2.

    >>> counterflow_effectiveness(1.0, 1.0)
    0.5
    >>> round(counterflow_effectiveness(3.0, 0.5), 4)
    0.8744
    """
    slack = 1.0 - ratio
    if ntu * slack < 1e-6:
        return ntu / (1.0 + ntu)
    fade = exp(-ntu * slack)
    return (1.0 - fade) / (1.0 - ratio * fade)


@kernel
def mean_temperature_difference(d_a, d_b):
    """Logarithmic mean of the temperature differences at two ends [K]; zero unless both are positive.

    >>> mean_temperature_difference(5.0, 5.0)
    5.0
    >>> round(mean_temperature_difference(10.0, 5.0), 4)
    7.2135
    """
    if d_a <= 0.0 or d_b <= 0.0:
        return 0.0
    x = d_a / d_b - 1.0
    if abs(x) < 1e-4:
        return d_b * (1.0 + x / 2.0 - x * x / 12.0)
    return d_b * x / log1p(x)
