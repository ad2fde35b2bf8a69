"""A state of helium for people and programs: `hetwin props --p "13 bar" --temp "6.5 K"`."""

from __future__ import annotations

import math

from hetwin.exits import BadInput
from hetwin.options import quantity

GIVEN = {"p": "Pa", "temp": "K", "h": "J/kg", "s": "J/(kg K)", "x": "1"}
"""What may be given, and its unit."""

ROWS = {
    "p": ("Pa", "pressure"),
    "temp": ("K", "temperature"),
    "rho": ("kg/m3", "density"),
    "h": ("J/kg", "specific enthalpy"),
    "s": ("J/(kg K)", "specific entropy"),
    "u": ("J/kg", "specific internal energy"),
    "cp": ("J/(kg K)", "isobaric specific heat"),
    "w": ("m/s", "speed of sound"),
    "mu": ("Pa s", "viscosity"),
    "k": ("W/(m K)", "thermal conductivity"),
    "x": ("1", "vapour quality"),
}


def state(given: dict[str, str | None]) -> dict[str, float]:
    """The whole state from two of p, temp, h, s, x; h = s = 0 at 300 K and 101.325 kPa."""
    values = {name: quantity(f"--{name}", text, GIVEN[name]) for name, text in given.items() if text is not None}
    p, h = _pressure_and_enthalpy(values)
    return _state(p, h)


def _pressure_and_enthalpy(values: dict[str, float]) -> tuple[float, float]:
    from thermo.helium import h_liq, h_ps, h_pT, h_vap, p_sat

    match sorted(values):
        case ["p", "temp"]:
            return values["p"], h_pT(values["p"], values["temp"])
        case ["h", "p"]:
            return values["p"], values["h"]
        case ["p", "s"]:
            return values["p"], h_ps(values["p"], values["s"])
        case ["p", "x"] | ["temp", "x"]:
            x = values["x"]
            if not 0.0 <= x <= 1.0:
                raise BadInput(f"--x: expected a vapour quality from 0 to 1, got {x:g}.")
            p = values["p"] if "p" in values else p_sat(values["temp"])
            return p, (1.0 - x) * h_liq(p) + x * h_vap(p)
    raise BadInput("A state needs --p with one of --temp, --h, --s, --x; or --temp with --x.")


def _state(p: float, h: float) -> dict[str, float]:
    from thermo.helium import T_ph, cp_ph, k_ph, mu_ph, rho_ph, s_ph, u_ph, w_ph, x_ph

    found = {"p": p, "temp": T_ph(p, h), "rho": rho_ph(p, h), "h": h, "s": s_ph(p, h), "u": u_ph(p, h)}
    found |= {"cp": cp_ph(p, h), "w": w_ph(p, h), "mu": mu_ph(p, h), "k": k_ph(p, h), "x": x_ph(p, h)}
    if 0.0 < found["x"] < 1.0:  # two phases side by side have no viscosity or conductivity of their own
        found |= {"mu": math.nan, "k": math.nan}
    return {name: float(value) for name, value in found.items()}


def rows(found: dict[str, float]) -> list[tuple[str, str, str]]:
    """Name, value and meaning, for a table."""
    shown = [(name, _written(found[name], unit), text) for name, (unit, text) in ROWS.items() if name != "x"]
    return [*shown, ("x", _phase(found), "vapour quality or phase")]


def _phase(found: dict[str, float]) -> str:
    from thermo.helium import P_CRITICAL, T_CRITICAL

    if 0.0 < found["x"] < 1.0:
        return f"{found['x']:.4f}"
    if found["p"] > P_CRITICAL and found["temp"] > T_CRITICAL:
        return "supercritical"
    return "gas" if found["x"] >= 1.0 else "liquid"


def _written(value: float, unit: str) -> str:
    if not math.isfinite(value):
        return "infinite" if value > 0.0 else "-"
    if unit in ("K", "kg/m3", "m/s"):
        return f"{value:.6g} {unit}"
    if unit in ("J/kg", "J/(kg K)"):
        return f"{value / 1000.0:.6g} k{unit}"
    if unit == "Pa s":
        return f"{value * 1e6:.4g} uPa s"
    if unit == "W/(m K)":
        return f"{value * 1000.0:.4g} mW/(m K)"
    return f"{value / 1e5:.6g} bar"
