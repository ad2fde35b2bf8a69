"""Viscosity and thermal conductivity of helium-4 as functions of density and temperature.

Viscosity: Arp, McCarty and Friend, "Thermophysical properties of helium-4 from 0.8 to 1500 K with pressures to
2000 MPa", NIST Technical Note 1334 (revised), 1998. Conductivity: Hands and Arp, "A correlation of thermal conductivity
data for helium", Cryogenics 21 (1981) 697, with its critical enhancement. CoolProp uses both, and is what they are
checked against; both are stated to hold within 1-10 % of the data, worst in the dense liquid.
"""

from __future__ import annotations

from math import exp, log

from thermo.jit import kernel


@kernel
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
