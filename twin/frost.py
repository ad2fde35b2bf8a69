"""Impurities that freeze out of a flow, lie as frost, and sublime again."""

from __future__ import annotations

from thermo.impurities import p_vap_h2o, p_vap_n2, p_vap_o2
from thermo.jit import kernel
from twin.adsorption import R_HELIUM
from twin.network import R_H2O, R_N2, R_O2, catch, seep

MELTS_N2, MELTS_O2, MELTS_H2O = 63.151, 54.361, 273.16
"""Triple points [K]."""

SUBLIME_TIME = 1.0
"""Least time in which frost can vanish [s]; the last traces go at once, at no less than TRACES [kg/s]."""

TRACES = 1e-12


@kernel
def saturated(temp, p_he):
    """Mass ratios of nitrogen, oxygen and water to helium of partial pressure p_he [Pa] over their frost.

    Above a critical temperature nothing is held back.
    """
    n2 = p_vap_n2(temp) * R_HELIUM / (R_N2 * p_he) if temp < 126.0 else 1e9
    o2 = p_vap_o2(temp) * R_HELIUM / (R_O2 * p_he) if temp < 154.0 else 1e9
    h2o = p_vap_h2o(temp) * R_HELIUM / (R_H2O * p_he) if temp < 332.0 else 1e9
    return n2, o2, h2o


@kernel
def frozen(w, w_sat):
    """Share of an impurity that is above its vapour pressure."""
    return 1.0 - w_sat / w if w > w_sat else 0.0


@kernel
def sublimed(m_flow, w, w_sat, frost):
    """Frost that a flow takes up until it is saturated [kg/s]."""
    if frost <= 0.0:
        return 0.0
    return min(m_flow * max(w_sat - w, 0.0), frost / SUBLIME_TIME + TRACES)


@kernel
def freeze(f, a, frost, temp, stick):
    """A flow out of volume a past a surface of `temp`: what is above its vapour pressure freezes and the share `stick`
    stays in the flow's trap; where the gas is below it, frost sublimes and goes along."""
    if a.w_n2 + a.w_o2 + a.w_h2o + frost.n2 + frost.o2 + frost.h2o <= 0.0:
        return
    n2, o2, h2o = saturated(max(temp, 4.0), max(a.p - a.p_imp, 1e3))
    catch(f, stick * frozen(a.w_n2, n2), stick * frozen(a.w_o2, o2), stick * frozen(a.w_h2o, h2o), 0.0)
    m_flow = max(f.m_flow, 0.0)
    up_n2, up_o2 = sublimed(m_flow, a.w_n2, n2, frost.n2), sublimed(m_flow, a.w_o2, o2, frost.o2)
    seep(f, up_n2, up_o2, sublimed(m_flow, a.w_h2o, h2o, frost.h2o), 0.0)
