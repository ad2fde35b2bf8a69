"""Where helium boils, melts, and stops being described: exact solutions of the equation of state, for the table build.

The melting line is that of Datchi, Loubeyre and LeToullec (Phys. Rev. B 61, 2000, 6535), in the form CoolProp uses for
helium (its pressures are shifted by -1.6 MPa, so it refuses a little early).
"""

from __future__ import annotations

import numpy as np

from thermo.eos import (
    GAS_CONSTANT,
    P_CRITICAL,
    P_LAMBDA,
    T_CRITICAL,
    T_LAMBDA,
    first_rhoT,
    rho_pT_near,
    s_rhoT,
)
from thermo.jit import inner, kernel

MELTING_P = 1606700.0
MELTING_EXPONENT = 1.565
RHO_LIQ_LAMBDA = 146.01632
RHO_VAP_LAMBDA = 1.1743981


@inner
def T_melt(p):
    """Melting temperature [K] of pressure [Pa]; Simon's equation after Datchi et al. (2000)."""
    return (p / MELTING_P + 2.0) ** (1.0 / MELTING_EXPONENT)


@kernel
def T_lowest(p):
    """Lowest valid temperature [K] at a pressure [Pa]: the lambda point, or the melting line above 2.2 MPa."""
    return max(T_LAMBDA, T_melt(p))


@kernel
def saturate(p, T, rho_l, rho_v):
    """Boiling state at a pressure by Newton's method on equal p and Gibbs energy: (T, rho_liquid, rho_vapour)."""
    for _ in range(30):
        low, high = first_rhoT(rho_l, T), first_rhoT(rho_v, T)
        s_l, s_v = s_rhoT(rho_l, T), s_rhoT(rho_v, T)
        gap = low[3] - high[3] - T * (s_l - s_v) + (p - low[0]) / rho_l - (p - high[0]) / rho_v
        d_T = gap / (s_l - s_v)
        rho_l += (p - low[0] - low[2] * d_T) / low[1]
        rho_v += (p - high[0] - high[2] * d_T) / high[1]
        T += d_T
        if abs(d_T) < 1e-11 * T:
            break
    return T, rho_l, rho_v


@kernel
def saturation_nodes(theta, out):
    """Fill rows (T, h_l, h_v, s_l, s_v, rho_l, rho_v, then their derivatives by theta = sqrt(1 - p/pc)).

    `theta` falls from the lambda point towards the critical point; the last state starts the next one.
    """
    T, rho_l, rho_v = T_LAMBDA, RHO_LIQ_LAMBDA, RHO_VAP_LAMBDA
    for i in range(theta.size):
        p = P_CRITICAL * (1.0 - theta[i] * theta[i])
        if i > 0:
            step = theta[i] - theta[i - 1]
            T += step * out[i - 1, 7]
            rho_l += step * out[i - 1, 12]
            rho_v += step * out[i - 1, 13]
        T, rho_l, rho_v = saturate(p, T, rho_l, rho_v)
        low, high = first_rhoT(rho_l, T), first_rhoT(rho_v, T)
        slope = T * (1.0 / rho_v - 1.0 / rho_l) / (high[3] - low[3])
        turn = -2.0 * theta[i] * P_CRITICAL
        out[i, 0], out[i, 7] = T, turn * slope
        for k in range(2):
            f = low if k == 0 else high
            rho = rho_l if k == 0 else rho_v
            d_rho = (1.0 - f[2] * slope) / f[1]
            d_h = f[4] * d_rho + f[5] * slope
            out[i, 1 + k], out[i, 8 + k] = f[3], turn * d_h
            out[i, 3 + k], out[i, 10 + k] = s_rhoT(rho, T), turn * (d_h - 1.0 / rho) / T
            out[i, 5 + k], out[i, 12 + k] = rho, turn * d_rho


def saturation_table(theta: np.ndarray) -> np.ndarray:
    """Saturation rows for rising `theta` from 0 (critical) to the lambda point.

    Below theta = 0.005 liquid and vapour are too alike to be solved for; there the rows follow the polynomials in theta
    that the neighbouring rows obey (liquid at +theta and vapour at -theta are one smooth curve of this equation).
    """
    rows = np.empty((theta.size, 14))
    near = int(np.searchsorted(theta, 0.005))
    falling = np.ascontiguousarray(theta[near:][::-1])
    solved = np.empty((falling.size, 14))
    saturation_nodes(falling, solved)
    rows[near:] = solved[::-1]

    # one signed curve through the critical point: h, s, rho of liquid at +theta, of vapour at -theta
    fit = slice(near, int(np.searchsorted(theta, 0.03)))
    signed = np.concatenate((theta[fit], -theta[fit]))
    small = theta[:near]
    for low, high in ((1, 2), (3, 4), (5, 6)):
        curve = np.polynomial.Polynomial.fit(signed, np.concatenate((rows[fit, low], rows[fit, high])), 9)
        for column, sign in ((low, 1.0), (high, -1.0)):
            rows[:near, column] = curve(sign * small)
            rows[:near, column + 7] = sign * curve.deriv()(sign * small)
    square = np.polynomial.Polynomial.fit(theta[fit] ** 2, rows[fit, 0] - T_CRITICAL, 5)
    rows[:near, 0] = T_CRITICAL + square(small**2)
    rows[:near, 7] = 2.0 * small * square.deriv()(small**2)
    return rows


@kernel
def limits(p, liquid, vapour):
    """Enthalpy at the lowest valid temperature and its slope in p, as liquid and as gas: fills (h, dh/dp) rows."""
    rho_l = RHO_LIQ_LAMBDA
    for i in range(p.size):
        T = T_lowest(p[i])
        rise = 0.0
        if T > T_LAMBDA:
            rise = T / (MELTING_EXPONENT * (p[i] + 2.0 * MELTING_P))
        rho_l = rho_pT_near(p[i], T, rho_l)
        f = first_rhoT(rho_l, T)
        liquid[i, 0], liquid[i, 1] = f[3], f[4] * (1.0 - f[2] * rise) / f[1] + f[5] * rise

        rho_v = rho_pT_near(min(p[i], P_LAMBDA), T_LAMBDA, min(p[i], P_LAMBDA) / (GAS_CONSTANT * T_LAMBDA))
        f = first_rhoT(rho_v, T_LAMBDA)
        vapour[i, 0], vapour[i, 1] = f[3], f[4] / f[1]
