"""What rides along with helium: vapour and sublimation pressures of N2, O2, H2O and H2, and their adsorption.

Vapour over liquid: the ancillary equations of CoolProp 8's fluid data, fitted to the reference equations of Span et
al. (2000) for nitrogen, Schmidt and Wagner (1985) for oxygen and Leachman et al. (2009) for normal hydrogen, within
0.01 %; water by Murphy and Koop (Q. J. R. Meteorol. Soc. 131, 2005, 1539). Vapour over solid: nitrogen by Fray and
Schmitt (Planet. Space Sci. 57, 2009, 2053), within 5 %; ice by Murphy and Koop, above 110 K within 0.1 %; oxygen and
hydrogen from the triple point by Clausius and Clapeyron with the heat of sublimation there, within about 20 % at half
the triple temperature. Far below, where no molecule leaves a cold surface in a plant's lifetime, kernels return 0 or
nearly so.

Adsorption: filling of micropores after Dubinin and Astakhov, W = W0 exp(-(R T ln(p0 / p) / E)^2); hydrogen on charcoal
by Richard, Benard and Chahine (Adsorption 15, 2009, 43). The equations are published; pore volumes and energies are
typical values of coconut charcoal and of zeolite 5A and count as `assumed`.
"""

from __future__ import annotations

from math import exp, log, tanh

from thermo.jit import inner, kernel
from thermo.public import public

N2, O2, H2O, H2 = 0, 1, 2, 3
NAMES = ("nitrogen", "oxygen", "water", "hydrogen")
MOLAR_MASS = (0.02801348, 0.0319988, 0.018015268, 0.00201588)
T_TRIPLE = (63.151, 54.361, 273.16, 13.957)
T_CRITICAL = (126.192, 154.581, 647.096, 33.145)
CHARCOAL, MOLECULAR_SIEVE = 0, 1

R = 8.314462618
"""Molar gas constant [J/(mol K)]."""
O2_SUBLIMATION, O2_TRANSITION, O2_T_TRANSITION = 8212.0, 743.0, 43.80
"""Heat of sublimation of oxygen at its triple point, and more below 43.8 K [J/mol, J/mol, K]."""
H2_SUBLIMATION = 1032.0
"""Heat of sublimation of normal hydrogen at its triple point [J/mol]."""

PORE_VOLUME = (0.45e-3, 0.22e-3)
"""Micropore volume of charcoal and of zeolite 5A [m3/kg]; assumed."""
LIQUID_DENSITY = (808.0, 1142.0, 998.0, 70.8)
"""Density of the adsorbed phase, taken as the boiling liquid's [kg/m3]."""
ENERGY = ((5940.0, 5940.0, 2500.0, 0.0), (12600.0, 9500.0, 20000.0, 3500.0))
"""Characteristic energy E of charcoal (18 kJ/mol times an affinity of 0.33 for air) and of zeolite 5A [J/mol]."""


@inner
def p_n2(T):
    """Vapour pressure of nitrogen [Pa]: Fray and Schmitt over solid, Span et al. over liquid."""
    if T >= 63.151:
        z = max(1.0 - T / 126.192, 0.0)
        root = z**0.5
        series = z * (-6.12445284 + 1.26327220 * root - 0.765910082 * z * root - 1.77570564 * z**4)
        return 3395800.0 * exp(126.192 / T * series)
    x = 1.0 / T
    if T >= 35.61:
        return 1e5 * exp(8.514 + x * (-458.4 + x * (-19870.0 + x * (4.8e5 - x * 4.524e6))))
    return 1e5 * exp(12.40 + x * (-807.4 + x * (-3926.0 + x * (6.297e4 + x * (-4.633e5 + x * 1.325e6)))))


@inner
def p_o2(T):
    """Vapour pressure of oxygen [Pa]; over solid by the heat of sublimation."""
    if T >= 54.361:
        z = max(1.0 - T / 154.581, 0.0)
        series = -7.645535357219451 * z**1.019 + 2.4214288702883655 * z**1.177 + 9.642620060548747 * z**2.44
        series += -10.094822869854763 * z**2.493 - 1.6856689587691926 * z**5.646 + 1.2776407609527567 * z**10.887
        return 5043000.0 * exp(154.581 / T * series)
    fall = O2_SUBLIMATION / R * (1.0 / T - 1.0 / 54.361)
    if T < O2_T_TRANSITION:
        fall += O2_TRANSITION / R * (1.0 / T - 1.0 / O2_T_TRANSITION)
    return 146.277647 * exp(-fall)


@inner
def p_h2o(T):
    """Vapour pressure of water [Pa] over ice and over liquid; Murphy and Koop (2005), eqs. 7 and 10."""
    ln_T = log(T)
    if T <= 273.16:
        return exp(9.550426 - 5723.265 / T + 3.53068 * ln_T - 0.00728332 * T)
    warm = 54.842763 - 6763.22 / T - 4.210 * ln_T + 0.000367 * T
    return exp(warm + tanh(0.0415 * (T - 218.8)) * (53.878 - 1331.22 / T - 9.44523 * ln_T + 0.014025 * T))


@inner
def p_h2(T):
    """Vapour pressure of normal hydrogen [Pa]; over solid by the heat of sublimation, rotation frozen."""
    if T >= 13.957:
        z = max(1.0 - T / 33.145, 0.0)
        series = -0.5553870929135406 * z**0.882 - 7.0852972599030295 * z**1.072 + 0.006868538454095541 * z**1.355
        series += 0.8295514415153659 * z**2.61 - 0.08773773693832483 * z**8.191 + 3.754274235303921 * z**1.239
        return 1296400.0 * exp(33.145 / T * series)
    at_zero = H2_SUBLIMATION / R - 2.5 * 13.957
    return 7357.828 * exp(at_zero * (1.0 / 13.957 - 1.0 / T)) * (T / 13.957) ** 2.5


@inner
def p_any(species, T):
    """Vapour pressure [Pa] of a species by code."""
    if species == N2:
        return p_n2(T)
    if species == O2:
        return p_o2(T)
    return p_h2o(T) if species == H2O else p_h2(T)


@kernel
def code_species(species, T):
    """0 if the species has a vapour pressure at T [K]; 1 unknown species; 2 too cold; 3 above its critical point."""
    if not 0 <= species <= 3:
        return 1
    if not T >= 4.0:
        return 2
    return 0 if T_CRITICAL[int(species)] >= T else 3


@kernel
def code_n2(T):
    return code_species(N2, T)


@kernel
def code_o2(T):
    return code_species(O2, T)


@kernel
def code_h2o(T):
    return code_species(H2O, T) if not T > 332.0 else 3


@kernel
def code_h2(T):
    return code_species(H2, T)


def explain(code: int, given: dict[str, float]) -> str:
    """Why a vapour pressure is refused, and what to do."""
    if code == 1:
        return "no such impurity; use the codes N2, O2, H2O or H2 of thermo.impurities."
    if code == 2:
        return "vapour pressures are described from 4 K up; a colder surface holds every impurity, so use 0."
    return "there is no vapour pressure above the critical point (for water: above 332 K, where the equation ends)."


@public(code_n2, explain)
def p_vap_n2(T):
    """Vapour or sublimation pressure of nitrogen [Pa] of temperature [K], 4 to 126 K.

    >>> round(p_vap_n2(65.0))
    17407
    """
    return p_n2(T)


@public(code_o2, explain)
def p_vap_o2(T):
    """Vapour or sublimation pressure of oxygen [Pa] of temperature [K], 4 to 154 K.

    >>> round(p_vap_o2(90.188) / 101325.0, 3)
    1.0
    """
    return p_o2(T)


@public(code_h2o, explain)
def p_vap_h2o(T):
    """Vapour or sublimation pressure of water [Pa] of temperature [K], 4 to 332 K.

    >>> round(p_vap_h2o(273.16), 1)
    611.7
    """
    return p_h2o(T)


@public(code_h2, explain)
def p_vap_h2(T):
    """Vapour or sublimation pressure of normal hydrogen [Pa] of temperature [K], 4 to 33 K.

    >>> round(p_vap_h2(20.369) / 101325.0, 2)
    1.0
    """
    return p_h2(T)


@public(code_species, explain)
def p_vap(species, T):
    """Vapour or sublimation pressure [Pa] of an impurity, by code, at a temperature [K]."""
    return p_any(species, T)


@kernel
def code_loading(adsorbent, species, T, p):
    """0 if the loading is described; 1 unknown codes; 2 outside 60 to 350 K or a negative pressure."""
    if not (0 <= species <= 3 and 0 <= adsorbent <= 1):
        return 1
    return 0 if 60.0 <= T <= 350.0 and 0.0 <= p < 1e8 else 2


def explain_loading(code: int, given: dict[str, float]) -> str:
    """Why a loading is refused, and what to do."""
    if code == 1:
        return "no such pair; use CHARCOAL or MOLECULAR_SIEVE and N2, O2, H2O or H2 of thermo.impurities."
    return "adsorption is described from 60 to 350 K and for pressures from 0 to 10 MPa; keep the bed within."


@public(code_loading, explain_loading)
def loading(adsorbent, species, T, p):
    """Mass of impurity that an adsorbent holds in equilibrium [kg/kg], at T [K] and its partial pressure [Pa].

    Above the critical temperature p0 is p_c (T / T_c)^2 after Dubinin. Water freezes out long before it is adsorbed.

    >>> round(loading(CHARCOAL, N2, 77.36, 1.0), 3)
    0.077
    """
    if not p > 0.0:
        return 0.0
    kind, bed = int(species), int(adsorbent)
    if kind == H2 and bed == CHARCOAL:
        ratio = R * T / (3080.0 + 18.9 * T) * log(1.47e9 / p)
        return 71.6 * MOLAR_MASS[H2] * exp(-ratio * ratio)
    if T_CRITICAL[kind] > T:
        full = p_any(kind, T)
    else:
        full = (3395800.0 if kind == N2 else (5043000.0 if kind == O2 else 1296400.0)) * (T / T_CRITICAL[kind]) ** 2
    room = PORE_VOLUME[bed] * LIQUID_DENSITY[kind]
    if p >= full:
        return room
    ratio = R * T * log(full / p) / ENERGY[bed][kind]
    return room * exp(-ratio * ratio)
