"""Layouts of the records that kernels see: volumes, flows, walls and cells.

Everything that a plant remembers lies in the process image (float64); flows and walls also have scratch records that
are written anew in every evaluation.
"""

from __future__ import annotations

import numpy as np

NODE_STATES = ("mass", "energy", "n2", "o2", "h2o", "h2")
"""Conserved content of a volume: helium [kg], energy [J], impurities [kg]."""

NODE_FIELDS = (
    *NODE_STATES,
    "q_total",  # J, heat booked into the volume since the start
    "p",  # Pa, with the partial pressure of the impurities
    "temp",  # K
    "h",  # J/kg
    "rho",  # kg/m3
    "x",  # 1, vapour quality
    "level",  # 1, liquid share of the volume
    "rho_p",  # kg/(m3 Pa), at constant h
    "rho_h",  # kg2/(m3 J), at constant p
    "t_p",  # K/Pa, at constant h
    "t_h",  # K kg/J, at constant p
    "h_l",  # J/kg, of the liquid that a low outlet draws
    "h_v",  # J/kg, of the vapour that a high outlet draws
    "rho_l",  # kg/m3
    "rho_v",  # kg/m3
    "p_imp",  # Pa, partial pressure of the impurities
    "w_n2",  # kg impurity per kg helium
    "w_o2",
    "w_h2o",
    "w_h2",
    "p_out",  # Pa, pressure outside a bag
    "p_rate",  # Pa/s, its rate
    "vol",  # m3, present volume
    "q",  # W, heat into the volume (each evaluation)
    "k",  # W/K, -d q / d temp (each evaluation)
)

NODE = np.dtype([(name, "f8") for name in NODE_FIELDS])

NODE_TAGS = {
    "p": ("Pa", "pressure", "圧力"),
    "temp": ("K", "temperature", "温度"),
    "mass": ("kg", "helium mass", "ヘリウム質量"),
    "h": ("J/kg", "specific enthalpy", "比エンタルピー"),
    "rho": ("kg/m3", "density", "密度"),
    "x": ("1", "vapour quality", "乾き度"),
    "level": ("1", "liquid share of the volume", "液位"),
    "w_n2": ("kg/kg", "nitrogen per helium", "窒素混入比"),
    "w_o2": ("kg/kg", "oxygen per helium", "酸素混入比"),
    "w_h2o": ("kg/kg", "water per helium", "水分混入比"),
    "w_h2": ("kg/kg", "hydrogen per helium", "水素混入比"),
}
"""Which fields of a volume are tags: unit and text."""

NODE_CARD = np.dtype(
    [
        ("volume", "f8"),  # m3
        ("compliance", "f8"),  # m3/Pa, zero for a rigid volume
        ("volume_min", "f8"),  # m3
        ("fixed", "i8"),
        ("inert", "i8"),
        ("row", "i8"),  # row in the linear system; the last row is a waste row for fixed volumes
    ]
)

LINK = np.dtype(
    [
        ("a", "i8"),
        ("b", "i8"),
        ("draw_a", "i8"),  # 0 mixture, 1 vapour, 2 liquid
        ("draw_b", "i8"),
        ("wall", "i8"),  # -1 without
        ("side", "i8"),  # 0 first flow along the wall, 1 the one against it
        ("trap", "i8"),  # -1 without
        ("k_aa", "i8"),  # blocks of the linear system
        ("k_ab", "i8"),
        ("k_ba", "i8"),
        ("k_bb", "i8"),
        ("m_slow", "f8"),  # kg/s, slow mean of the size of the flow
        # written by the unit's kernel
        ("m_flow", "f8"),  # kg/s, positive from a to b
        ("h", "f8"),  # J/kg, where the flow comes from
        ("dh", "f8"),  # J/kg, added on the way by work or cooling
        ("dh_h", "f8"),  # d dh / d h of where the flow comes from
        ("g_a", "f8"),  # kg/(s Pa), d m_flow / d p_a
        ("g_b", "f8"),
        ("g_h", "f8"),  # kg2/(s J), d m_flow / d h of the volume it comes from
        ("c", "f8"),  # d h / d h_upstream: 1, or 0 where a saturated phase is drawn
        ("ua", "f8"),  # W/K, along the wall
        ("catch_n2", "f8"),  # share of an impurity that ends in the trap
        ("catch_o2", "f8"),
        ("catch_h2o", "f8"),
        ("catch_h2", "f8"),
        ("s_n2", "f8"),  # kg/s of an impurity alone, from the trap (or a) to b
        ("s_o2", "f8"),
        ("s_h2o", "f8"),
        ("s_h2", "f8"),
        # written by the march along the wall
        ("h_out", "f8"),  # J/kg, where the flow arrives
        # linearisation of the first stage
        ("l_m", "f8"),
        ("l_h", "f8"),
        ("l_h_out", "f8"),
        ("l_c", "f8"),
        ("l_arrive", "f8"),  # d (h + dh) / d h of where the flow comes from
        ("l_ga", "f8"),
        ("l_gb", "f8"),
        ("l_gh", "f8"),
        # rates of the stages and of the whole step
        ("m_1", "f8"),
        ("ea_1", "f8"),
        ("eb_1", "f8"),
        ("m_eff", "f8"),
        ("ea_eff", "f8"),
        ("eb_eff", "f8"),
    ]
)

LINK_TOTAL = np.dtype([("m_total", "f8"), ("w_total", "f8"), ("m_slow", "f8")])
"""Remembered of each flow: helium passed [kg], work put into it [J], slow mean of its size [kg/s]."""

WALL = np.dtype(
    [
        ("first", "i8"),  # first cell
        ("n", "i8"),
        ("material", "i8"),
        ("link_x", "i8"),  # first flow, -1 without
        ("link_y", "i8"),  # flow against it, -1 without
        ("k_xa", "i8"),  # blocks (row b of x, column a of y) and so on
        ("k_xb", "i8"),
        ("k_ya", "i8"),
        ("k_yb", "i8"),
        ("mass", "f8"),  # kg of one cell
        ("conductance", "f8"),  # m, conduction area over distance between two cells
        # written by the unit's kernel
        ("sink_temp", "f8"),  # K
        ("sink_ua", "f8"),  # W/K of the whole wall
        ("q", "f8"),  # W into the whole wall, evenly
        ("q_first", "f8"),  # W into its first cell
        ("q_last", "f8"),  # W into its last cell
        # written by the network
        ("temp_mean", "f8"),
        ("temp_first", "f8"),
        ("temp_last", "f8"),
        ("q_1", "f8"),
        ("q_eff", "f8"),
        ("l_ua", "f8"),
        # response of the outlets, enthalpies [J/kg], to inlet enthalpies and flow changes
        ("xx", "f8"),
        ("xy", "f8"),
        ("x0", "f8"),
        ("xmx", "f8"),
        ("xmy", "f8"),
        ("yx", "f8"),
        ("yy", "f8"),
        ("y0", "f8"),
        ("ymx", "f8"),
        ("ymy", "f8"),
    ]
)

CELL = np.dtype([("e", "f8"), ("temp", "f8"), ("rise", "f8")])
"""Remembered of each wall cell: energy [J], temperature [K] and its rise along the cell [K]."""

CELL_WIDTH = len(CELL.names or ())

CELL_WORK = np.dtype(
    [
        ("cap", "f8"),  # J/K
        ("f", "f8"),  # W, present rate of the energy
        ("cap_lin", "f8"),
        ("k_1", "f8"),
        ("k_eff", "f8"),
        ("d", "f8"),  # diagonal of the linear system
        ("ax", "f8"),
        ("bx", "f8"),
        ("ay", "f8"),
        ("by", "f8"),
        ("qx", "f8"),  # W from the first flow
        ("qy", "f8"),
        ("p", "f8"),
        ("q", "f8"),
        ("r0", "f8"),
        ("rx", "f8"),
        ("ry", "f8"),
        ("u", "f8"),
        ("v", "f8"),
        ("w0", "f8"),
        ("wx", "f8"),
        ("wy", "f8"),
        ("dt_", "f8"),  # K, change of the stage
    ]
)

MODES = ("realtime", "scaled", "asap", "lockstep", "paused")
"""Modes of the clock, in the order of `SIM.mode`."""

CLOCK = np.dtype([(name, "f8") for name in ("time", "step", "speed", "mode", "overruns", "dt", "parts", "part")])
"""Head of the process image."""
