"""Equation of state of helium-4, as jitted kernels of density and temperature with all derivatives.

The Helmholtz energy of Ortiz Vega, Hall, Holste, Harvey and Lemmon ("An equation of state for the thermodynamic
properties of helium", D. O. Ortiz Vega, thesis, Texas A&M University, 2013, and NISTIR 8474, 2023), with the
coefficients of CoolProp 8's own fluid data (`Helium.json`, `OrtizVega-JPCRD-2019`). A test compares every number here
with that file. Only the two constants of the ideal part differ: they place h = s = 0 at 300 K and 101.325 kPa.

Valid from the lambda point, 2.1768 K, to 1500 K. All quantities are per kilogram.

The residual part is a sum of n delta^d tau^t exp(-delta^l - eta (delta - epsilon)^2 - beta (tau - gamma)^2).
"""

from __future__ import annotations

from math import exp, log

from thermo.jit import inner, kernel

MOLAR_MASS = 0.004002602
"""Molar mass of helium-4 [kg/mol]."""
GAS_CONSTANT = 8.3144598 / MOLAR_MASS
"""Specific gas constant of helium [J/(kg K)], with the molar constant this equation was fitted with."""
T_REDUCING = 5.1953
RHO_REDUCING = 17383.7 * MOLAR_MASS
T_CRITICAL = 5.195300013635951
"""Where dp/drho and d2p/drho2 of this equation vanish [K]; CoolProp's superancillary gives the same numbers."""
RHO_CRITICAL = 17384.92290503634 * MOLAR_MASS
P_CRITICAL = 228322.7892147868
T_LAMBDA = 2.1768
"""Lambda point on the saturation line [K]: below it helium II, which this equation does not describe."""
P_LAMBDA = 5039.330380576782

IDEAL_A1 = 0.1871304489697973
IDEAL_A2 = 0.4848903984696551
IDEAL_C = 1.5
REFERENCE_A1 = 13.45594081667125
REFERENCE_A2 = -144.8768302869965
"""Shift of the ideal constants that puts h = s = 0 at 300 K and 101.325 kPa."""

N = (0.015559018, 3.0638932, -4.2420844, 0.054418088, -0.18971904, 0.087856262, 2.2833566, -0.53331595, -0.53296502,
     0.99444915, -0.30078896, -1.6432563, 0.8029102, 0.026838669, 0.04687678, -0.14832766, 0.03016211, -0.019986041,
     0.14283514, 0.007418269, -0.22989793, 0.79224829, -0.049386338)  # fmt: skip
D = (4.0, 1.0, 1.0, 2.0, 2.0, 3.0, 1.0, 1.0, 3.0, 2.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 1.0, 3.0, 2.0, 2.0, 3.0, 2.0, 2.0)
T = (1.0, 0.425, 0.63, 0.69, 1.83, 0.575, 0.925, 1.585, 1.69, 1.51, 2.9, 0.8, 1.26, 3.51, 2.785, 1.0, 4.22, 0.83,
     1.575, 3.447, 0.73, 1.634, 6.13)  # fmt: skip
L = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 1.0, 2.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
ETA = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.5497, 9.245, 4.76323, 6.3826, 8.7023, 0.255,
       0.3523, 0.1492, 0.05, 0.1668, 42.2358)  # fmt: skip
EPSILON = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.596, 0.3423, 0.761, 0.9747, 0.5868, 0.5627,
           2.5346, 3.6763, 4.5245, 5.039, 0.959)  # fmt: skip
BETA = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.2471, 0.0983, 0.1556, 2.6782, 2.7077, 0.6621,
        0.1775, 0.4821, 0.3069, 0.1758, 1357.6577)  # fmt: skip
GAMMA = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.15, 2.54505, 1.2513, 1.9416, 0.5984, 2.2282,
         1.606, 3.815, 1.61958, 0.6407, 1.076)  # fmt: skip


@inner
def residual(delta, tau):
    """Residual Helmholtz energy and its derivatives up to the third, as delta^i tau^j d^(i+j)a / ddelta^i dtau^j.

    In the order 00 10 01 20 11 02 30 21 12 03. Each term is a product of a function of delta and one of tau, whose
    logarithmic derivatives are polynomials.
    """
    a00 = a10 = a01 = a20 = a11 = a02 = a30 = a21 = a12 = a03 = 0.0
    ln_delta, ln_tau = log(delta), log(tau)
    for i in range(23):
        power = delta if L[i] == 1.0 else delta * delta
        power = 0.0 if L[i] == 0.0 else power
        x, y = delta - EPSILON[i], tau - GAMMA[i]
        a = N[i] * exp(D[i] * ln_delta + T[i] * ln_tau - power - ETA[i] * x * x - BETA[i] * y * y)

        # logarithmic derivative in delta, and how it changes
        f1 = D[i] - L[i] * power - 2.0 * ETA[i] * delta * x
        e1 = -L[i] * L[i] * power - 2.0 * ETA[i] * delta * (x + delta)
        e2 = -L[i] * L[i] * L[i] * power - 2.0 * ETA[i] * delta * (x + 3.0 * delta)
        f2 = f1 * (f1 - 1.0) + e1
        f3 = f2 * (f1 - 2.0) + (2.0 * f1 - 1.0) * e1 + e2

        # the same in tau
        g1 = T[i] - 2.0 * BETA[i] * tau * y
        e1 = -2.0 * BETA[i] * tau * (y + tau)
        e2 = -2.0 * BETA[i] * tau * (y + 3.0 * tau)
        g2 = g1 * (g1 - 1.0) + e1
        g3 = g2 * (g1 - 2.0) + (2.0 * g1 - 1.0) * e1 + e2

        a00 += a
        a10 += a * f1
        a01 += a * g1
        a20 += a * f2
        a11 += a * f1 * g1
        a02 += a * g2
        a30 += a * f3
        a21 += a * f2 * g1
        a12 += a * f1 * g2
        a03 += a * g3
    return a00, a10, a01, a20, a11, a02, a30, a21, a12, a03


@kernel
def p_rhoT(rho, T):
    """Pressure [Pa] of density [kg/m3] and temperature [K]."""
    a = residual(rho / RHO_REDUCING, T_REDUCING / T)
    return rho * GAS_CONSTANT * T * (1.0 + a[1])


@kernel
def h_rhoT(rho, T):
    """Specific enthalpy [J/kg] of density [kg/m3] and temperature [K]."""
    return first_rhoT(rho, T)[3]


@kernel
def s_rhoT(rho, T):
    """Specific entropy [J/(kg K)] of density [kg/m3] and temperature [K]."""
    delta, tau = rho / RHO_REDUCING, T_REDUCING / T
    a = residual(delta, tau)
    return entropy(delta, tau, a[0], a[2])


@inner
def entropy(delta, tau, a00, a01):
    """Specific entropy [J/(kg K)] from reduced variables and the residual part."""
    ideal = IDEAL_C - IDEAL_A1 - REFERENCE_A1 - log(delta) - IDEAL_C * log(tau)
    return GAS_CONSTANT * (ideal + a01 - a00)


@kernel
def first_rhoT(rho, T):
    """Pressure and enthalpy with their first derivatives: (p, p_rho, p_T, h, h_rho, h_T), all SI."""
    a = residual(rho / RHO_REDUCING, T_REDUCING / T)
    rt = GAS_CONSTANT * T
    p = rho * rt * (1.0 + a[1])
    p_rho = rt * (1.0 + 2.0 * a[1] + a[3])
    p_T = rho * GAS_CONSTANT * (1.0 + a[1] - a[4])
    h = GAS_CONSTANT * T_REDUCING * (IDEAL_A2 + REFERENCE_A2) + rt * (IDEAL_C + a[2] + 1.0 + a[1])
    h_rho = rt / rho * (a[4] + a[1] + a[3])
    h_T = GAS_CONSTANT * (IDEAL_C - a[5] + 1.0 + a[1] - a[4])
    return p, p_rho, p_T, h, h_rho, h_T


@kernel
def second_rhoT(rho, T):
    """Second derivatives: (p_rhorho, p_rhoT, p_TT, h_rhorho, h_rhoT, h_TT), all SI."""
    a = residual(rho / RHO_REDUCING, T_REDUCING / T)
    r, rt = GAS_CONSTANT, GAS_CONSTANT * T
    p_rhorho = rt / rho * (2.0 * a[1] + 4.0 * a[3] + a[6])
    p_rhoT = r * (1.0 + 2.0 * a[1] + a[3] - 2.0 * a[4] - a[7])
    p_TT = rho * r / T * a[8]
    h_rhorho = rt / (rho * rho) * (a[7] + 2.0 * a[3] + a[6])
    h_rhoT = r / rho * (a[1] + a[3] - a[4] - a[7] - a[8])
    h_TT = r / T * (2.0 * a[5] + a[9] + a[8])
    return p_rhorho, p_rhoT, p_TT, h_rhorho, h_rhoT, h_TT


@kernel
def caloric_rhoT(rho, T):
    """Heat capacities and speed of sound: (cv, cp [J/(kg K)], w [m/s])."""
    a = residual(rho / RHO_REDUCING, T_REDUCING / T)
    cv = GAS_CONSTANT * (IDEAL_C - a[5])
    slope = 1.0 + a[1] - a[4]
    stiffness = 1.0 + 2.0 * a[1] + a[3]
    cp = cv + GAS_CONSTANT * slope * slope / stiffness
    w2 = GAS_CONSTANT * T * (stiffness + slope * slope * GAS_CONSTANT / cv)
    return cv, cp, max(w2, 0.0) ** 0.5


@kernel
def solve_ph(p, h, rho, T, n):
    """Density and temperature of pressure and enthalpy by Newton's method from a guess: (rho, T, converged)."""
    for _ in range(n):
        f = first_rhoT(rho, T)
        det = f[1] * f[5] - f[2] * f[4]
        dp, dh = p - f[0], h - f[3]
        d_rho, d_T = (f[5] * dp - f[2] * dh) / det, (f[1] * dh - f[4] * dp) / det
        scale = 0.3 / max(0.3, abs(d_rho) / rho, abs(d_T) / T)
        rho, T = rho + scale * d_rho, T + scale * d_T
        if not (rho > 0.0 and T > 0.0):
            return rho, T, False
        if abs(d_rho) < 1e-12 * rho and abs(d_T) < 1e-12 * T:
            return rho, T, True
    return rho, T, abs(d_rho) < 1e-9 * rho and abs(d_T) < 1e-9 * T


@kernel
def rho_pT_near(p, T, rho):
    """Density of pressure and temperature by Newton's method from a guess on the same branch; NaN if it fails."""
    for _ in range(60):
        f = first_rhoT(rho, T)
        step = (p - f[0]) / f[1]
        step = min(max(step, -0.3 * rho), 0.3 * rho)
        rho += step
        if abs(step) < 1e-13 * rho:
            return rho
    return rho if abs(step) < 1e-9 * rho else float("nan")
