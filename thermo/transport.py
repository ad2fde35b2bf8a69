"""Viscosity and thermal conductivity of helium-4 as functions of density and temperature.

Viscosity: Arp, McCarty and Friend, "Thermophysical properties of helium-4 from 0.8 to 1500 K with pressures to
2000 MPa", NIST Technical Note 1334 (revised), 1998. Conductivity: Hands and Arp, "A correlation of thermal conductivity
data for helium", Cryogenics 21 (1981) 697, with its critical enhancement. CoolProp uses both, and is what they are
checked against: the same to round-off, but for the critical enhancement between 3.5 and 12 K, which follows the paper
here and makes up to 3 % of difference. Both are stated to hold within 1 to 10 % of the data, worst in dense liquid.
"""

from __future__ import annotations

from math import exp, log

from thermo.jit import inner


@inner
def mu_rhoT(rho, T):
    """Dynamic viscosity [Pa s] of density [kg/m3] and temperature [K]; Arp, McCarty and Friend (1998)."""
    r = rho * 1e-3
    x = log(min(T, 300.0))
    b = -47.5295259 / x + 87.6799309 + x * (-42.0741589 + x * (8.33128289 - x * 0.589252385))
    c = 547.309267 / x - 904.870586 + x * (431.404928 + x * (-81.4504854 + x * 5.37008433))
    d = -1684.39324 / x + 3331.08630 + x * (-1632.19172 + x * (308.804413 - x * 20.2936367))
    dilute = -0.135311743 / x + 1.00347841 + x * (1.20654649 + x * (-0.149564551 + x * 0.0125208416))
    dense = exp(dilute + r * (b + r * (c + r * d)))
    if T <= 100.0:
        return dense * 1e-7
    hot = 196.0 * exp(0.71938 * log(T) + 12.451 / T - 295.67 / (T * T) - 4.1249)
    return (dense + hot - exp(dilute)) * 1e-7


@inner
def k_rhoT(rho, T, compressibility, p_T):
    """Thermal conductivity [W/(m K)]; Hands and Arp (1981).

    Besides density [kg/m3] and temperature [K] it takes the isothermal compressibility [1/Pa] and dp/dT at constant
    density [Pa/K] of the equation of state, which the enhancement near the critical point needs.
    """
    dilute = 2.7870034e-3 * exp(
        0.7034007057 * log(T) + (3.739232544 + (-26.20316969 + (59.82252246 - 49.26397634 / T) / T) / T) / T
    )
    root = T ** (1.0 / 3.0)
    dense = (1.862970530e-4 - 7.275964435e-7 * T + root * (-1.427549651e-4 + root * 3.290833592e-5)) * rho
    dense += (-5.213335363e-8 + root * (4.492659933e-8 - root * 5.924416513e-9)) * rho**3
    last = 7.087321137e-6 + root * (-6.013335678e-6 + root * 8.067145814e-7) + 3.995125013e-7 / T
    dense += last * rho * rho * log(rho / 68.0)
    if not 3.5 < T < 12.0:
        return dilute + dense
    return dilute + dense + critical_conductivity(rho, T, compressibility, p_T)


@inner
def critical_conductivity(rho, T, compressibility, p_T):
    """What fluctuations near the critical point add to the conductivity [W/(m K)]; Hands and Arp (1981), eq. 10."""
    d_T, d_rho = abs(1.0 - T / 5.18992), abs(1.0 - rho / 69.158)
    distance = (d_T / 0.2) ** 2 + (d_rho / 0.25) ** 2
    bar = compressibility
    if distance <= 1.0:
        bar = distance * compressibility + (1.0 - distance) * scaled_compressibility(rho, d_T, max(d_rho, 1e-9))
    mass, boltzmann, reach = 6.6455255e-27, 1.38066e-23, 4.633e-10
    length = (mass * bar * boltzmann * T**3 / rho) ** 0.5 / (18.849555921538759 * mu_rhoT(rho, T) * reach)
    return length * p_T * p_T * exp(-18.66 * d_T * d_T - 4.25 * d_rho**4)


@inner
def scaled_compressibility(rho, d_T, d_rho):
    """Isothermal compressibility [1/Pa] by the scaled equation of state that Hands and Arp use within W = 1."""
    x0, e1, e2, beta, gamma, delta = 0.392, 2.8461, 0.27156, 0.3554, 1.1743, 4.304
    x = d_T / d_rho ** (1.0 / beta)
    reach = 1.0 + x / x0
    power = reach ** (2.0 * beta)
    term = 1.0 + e2 * power
    h = e1 * reach * term ** ((gamma - 1.0) / (2.0 * beta))
    slope = h / (x0 * reach) + h * (gamma - 1.0) * e2 * power / (x0 * reach * term)
    return 1.0 / (d_rho ** (delta - 1.0) * (delta * h - x / beta * slope) * (rho / 69.158) ** 2 * 2.2746e5)
