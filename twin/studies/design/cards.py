"""What a liquefier is specified by: the machine, its exchangers, its turbines, its LN2 bath."""

from __future__ import annotations

from dataclasses import dataclass

from twin.unit import Param

P_NORMAL = 101325.0


@dataclass(frozen=True, kw_only=True)
class Exchanger:
    """Counter-flow exchanger. One of effectiveness, UA, dT_warm, dT_cold and pinch says how good it is."""

    effectiveness: float | None = Param(
        "1", "duty over the largest duty between the two inlet temperatures", None, (0.01, 0.9999)
    )
    UA: float | None = Param("W/K", "overall conductance at the flow m_design", None, (0.1, 1e7))
    dT_warm: float | None = Param("K", "temperature difference at the warm end", None, (0.001, 100.0))
    dT_cold: float | None = Param("K", "temperature difference at the cold end", None, (0.001, 100.0))
    pinch: float | None = Param("K", "smallest temperature difference along the exchanger", None, (0.001, 100.0))
    m_design: float | None = Param("kg/s", "flow on both sides at which UA holds [as it is]", None, (1e-6, 10.0))
    exponent: float = Param("1", "exponent of flow in UA", 0.6, (0.0, 1.0))
    dp_high: float = Param("1", "pressure drop of the cooled stream over its inlet pressure", 0.0, (0.0, 0.5))
    dp_low: float = Param("1", "pressure drop of the warmed stream over its outlet pressure", 0.0, (0.0, 0.5))
    Q_leak: float = Param("W", "heat from the room", 0.0, (0.0, 1e5))
    cold_share: float | None = Param("1", "share of the cold stream, if two exchangers lie side by side", None, (0, 1))

    @property
    def given(self) -> dict[str, float]:
        """Which of the five says how good it is."""
        names = ("effectiveness", "UA", "dT_warm", "dT_cold", "pinch")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, kw_only=True)
class Turbine:
    """Expansion turbine; with wheel and speed its efficiency follows the speed ratio."""

    share: float = Param("1", "share of the compressor flow", 0.42, (0.0, 1.0))
    efficiency: float = Param(
        "1", "isentropic efficiency, at the best speed ratio if a wheel is given", 0.72, (0.0, 1.0)
    )
    p_out: float | None = Param(
        "Pa", "outlet pressure [the low pressure; between turbines their mean]", None, (1e3, 1e7)
    )
    dp_in: float = Param("1", "pressure drop of the valve before it over the pressure before that", 0.0, (0.0, 0.9))
    diameter: float | None = Param("m", "wheel diameter", None, (1e-3, 0.5))
    speed: float | None = Param("Hz", "rotor speed", None, (10.0, 20000.0))
    ratio_best: float = Param("1", "best ratio of tip speed to spouting velocity", 0.65, (0.3, 1.0))


@dataclass(frozen=True, kw_only=True)
class Bath:
    """LN2 bath of the high-pressure stream."""

    temp_out: float = Param("K", "temperature of the helium after the bath", 80.0, (64.0, 120.0))
    UA: float | None = Param("W/K", "conductance, instead of the temperature", None, (1.0, 1e6))
    temp_bath: float = Param("K", "boiling temperature", 77.355, (63.2, 110.0))
    temp_vent: float | None = Param(
        "K", "temperature at which the vapour is let out [that of the bath]", None, (63.2, 400)
    )


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The liquefier as a whole."""

    flow: float = Param("kg/s", "compressor flow", 0.0316, (1e-6, 10.0))
    p_high: float = Param("Pa", "pressure at the inlet of the cold box", 13e5, (2.5e5, 60e5))
    p_low: float = Param("Pa", "pressure of the return at the outlet of the cold box", 1.05e5, (0.3e5, 3e5))
    p_dewar: float = Param("Pa", "pressure in the dewar", 1.2e5, (0.5e5, 2.2e5))
    temp_in: float = Param(
        "K", "temperature of the gas at the inlet of the cold box, and of the room", 300.0, (250, 350)
    )
    efficiency_isothermal: float = Param("1", "isothermal efficiency of the compressor", 0.55, (0.05, 1.0))
    Q_dewar: float = Param("W", "heat into the dewar and its lines", 0.0, (0.0, 1e5))
    dewar_fills: bool = Param(
        "1", "the liquid stays in a rigid dewar and displaces its vapour [it is withdrawn]", False
    )
    impurity: float = Param("1", "mole fraction of air in the make-up, frozen out in the cold box", 0.0, (0.0, 0.1))
    purge: float = Param("1", "moles of helium lost in regeneration per mole of air frozen out", 1.0, (0.0, 100.0))
