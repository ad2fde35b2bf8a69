"""Heat through the insulation of a cold box: multilayer in good vacuum, gas in bad, and who lies in the jacket."""

from __future__ import annotations

import math

from thermo.jit import kernel

R = 8.314462618
"""Molar gas constant [J/(mol K)]."""

T_GAUGE = 300.0
"""Temperature at which the vacuum gauge sits and amounts of gas are counted [K]."""

HELIUM, AIR, WATER = 0, 1, 2
MOLAR_MASS = (0.004002602, 0.0289652, 0.018015268)
HEAT_RATIO = (5.0 / 3.0, 1.4, 1.33)
CONDUCTIVITY = (0.112, 0.0174, 0.0125)
"""Of the gases at about 190 K, the middle between room and LN2 [W/(m K)]."""
ACCOMMODATION = (0.3, 0.9, 1.0)
"""Of one warm surface, contaminated as in practice: helium 0.3, air 0.8-0.9 (Corruccini, Vacuum 7-8, 1959, 19)."""


@kernel
def feel_vacuum(s, image, wire):
    """How much the heat leak has grown by the vacuum of the jacket: after each step, 0 without a jacket."""
    s.leak_growth = image[wire[0]]


@kernel
def multilayer(layers, density, emissivity, temp_warm, temp_cold):
    """Heat flux [W/m2] through aluminised film with silk net in high vacuum; density in layers per metre.

    Lockheed equation (Keller, Cunnington and Glassford, NASA CR-134477, 1974): contact, and radiation.
    """
    mean = 0.5 * (temp_warm + temp_cold)
    contact = 8.95e-8 * (0.01 * density) ** 2.56 * mean * (temp_warm - temp_cold) / (layers + 1.0)
    return contact + 5.39e-10 * emissivity * (temp_warm**4.67 - temp_cold**4.67) / layers


@kernel
def free_molecule(gas):
    """Conduction between two parallel plates per pressure [W/(m2 K Pa)], gauge at T_GAUGE, full accommodation:
    (kappa + 1)/(kappa - 1) sqrt(R / (8 pi M T)) (Knudsen 1911; Corruccini 1959)."""
    kappa = HEAT_RATIO[gas]
    return (kappa + 1.0) / (kappa - 1.0) * math.sqrt(R / (8.0 * math.pi * MOLAR_MASS[gas] * T_GAUGE))


@kernel
def between_layers(gas, layers):
    """The same across a blanket: gap behind gap, each with the accommodation of its two equal surfaces."""
    alpha = ACCOMMODATION[gas]
    return free_molecule(gas) * alpha / (2.0 - alpha) / (layers + 1.0)


@kernel
def gas_conductance(p_he, p_air, p_water, layers, thickness):
    """Conductance of residual gas through a blanket [W/(m2 K)]: free molecules and the viscous limit in series.

    1/U = 1/U_fm + 1/U_c bridges the two (Sherman 1963; Springer, Adv. Heat Transfer 7, 1971, 163). In the viscous limit
    the mixture conducts as its mean by pressure.
    """
    p = p_he + p_air + p_water
    if p <= 0.0:
        return 0.0
    free = p_he * between_layers(HELIUM, layers) + p_air * between_layers(AIR, layers)
    free += p_water * between_layers(WATER, layers)
    mean = (p_he * CONDUCTIVITY[HELIUM] + p_air * CONDUCTIVITY[AIR] + p_water * CONDUCTIVITY[WATER]) / p
    viscous = mean / thickness
    return free * viscous / (free + viscous)


@kernel
def impinging(gas):
    """Pumping speed of a black surface [m/s]: sqrt(R T / (2 pi M)) (O'Hanlon, A User's Guide to Vacuum Technology)."""
    return math.sqrt(R * T_GAUGE / (2.0 * math.pi * MOLAR_MASS[gas]))
