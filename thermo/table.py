"""Build the property sheet from the equation of state, and keep it on disk.

The sheet is built in about a second when it is first needed, stored in the cache directory under a digest of the
sources that define it, and read back in a few milliseconds afterwards. No file is ever half written: it is completed
under another name and renamed.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np

from thermo import eos, sheet
from thermo.eos import GAS_CONSTANT, P_CRITICAL, P_LAMBDA, first_rhoT, rho_pT_near, s_rhoT, second_rhoT, solve_ph
from thermo.jit import cache_root, inner, kernel
from thermo.saturation import limits, saturation_table
from thermo.sheet import TILT, h_py

SOURCES = ("eos.py", "memory.py", "saturation.py", "sheet.py", "table.py")
MARGIN = 2
"""Cells by which each branch is continued into the dome and below the valid range."""


@inner
def node(p, rho, T, out):
    """Write (T, pv, s + R ln p), each with f_p at constant y, f_y, f_py, of a solved state to a node."""
    p_r, p_T, h_r, h_T = first_rhoT(rho, T)[1:3] + first_rhoT(rho, T)[4:6]
    p_rr, p_rT, p_TT, h_rr, h_rT, h_TT = second_rhoT(rho, T)
    det = p_r * h_T - p_T * h_r
    det_r = p_rr * h_T + p_r * h_rT - p_rT * h_r - p_T * h_rr
    det_T = p_rT * h_T + p_r * h_TT - p_TT * h_r - p_T * h_rT

    # first derivatives of T and rho, then the mixed ones
    T_p, T_h, r_p, r_h = -h_r / det, p_r / det, h_T / det, -p_T / det
    T_h_r, T_h_T = (p_rr - T_h * det_r) / det, (p_rT - T_h * det_T) / det
    r_h_r, r_h_T = (-p_rT - r_h * det_r) / det, (-p_TT - r_h * det_T) / det
    T_ph = T_h_r * r_p + T_h_T * T_p
    r_ph = r_h_r * r_p + r_h_T * T_p

    T_hh = T_h_r * r_h + T_h_T * T_h
    r_hh = r_h_r * r_h + r_h_T * T_h

    v = 1.0 / rho
    out[0], out[1], out[2], out[3] = T, T_p, T_h, T_ph
    out[4] = p * v
    out[5] = v - p * v * v * r_p
    out[6] = -p * v * v * r_h
    out[7] = -v * v * r_h - p * v * v * r_ph + 2.0 * p * v * v * v * r_p * r_h
    out[8] = s_rhoT(rho, T) + GAS_CONSTANT * np.log(p)
    out[9], out[10], out[11] = GAS_CONSTANT / p - v / T, 1.0 / T, -T_p / (T * T)

    # along the sheet's own axis, y instead of h is held constant
    for k, f_hh in ((0, T_hh), (4, -p * v * v * r_hh + 2.0 * p * v * v * v * r_h * r_h), (8, -T_h / (T * T))):
        out[k + 1] += TILT * out[k + 2]
        out[k + 3] += TILT * f_hh


@inner
def march(p, h, first, last, rho, T, out):
    """Fill the nodes of one isobar from `first` towards `last`, each solved from its neighbour; the last one solved."""
    step = 1 if last >= first else -1
    for j in range(first, last + step, step):
        rho, T, solved = solve_ph(p, h[j], rho, T, 25)
        if not solved:
            return j - step
        node(p, rho, T, out[j])
        if j != last:
            # next guess from this one's slopes
            dh = h[j + step] - h[j]
            T_h, r_h = out[j, 2], -out[j, 6] * rho * rho / p
            T = max(T + T_h * dh, 0.5 * T)
            rho = rho * np.exp(min(max(r_h * dh / rho, -0.7), 0.7))
    return last


@inner
def carry(h, start, stop, out):
    """Continue solved nodes as straight lines in h from `start` (solved) to `stop`."""
    step = 1 if stop >= start else -1
    for j in range(start + step, stop + step, step):
        dh = h[j] - h[start]
        for k in range(0, 12, 4):
            out[j, k] = out[start, k] + dh * out[start, k + 2]
            out[j, k + 1] = out[start, k + 1] + dh * out[start, k + 3]
            out[j, k + 2], out[j, k + 3] = out[start, k + 2], out[start, k + 3]


@inner
def isobar(p, h, low, gas_end, liquid, liquid_end, rho_l, T_l, out):
    """Fill one isobar: gas from the top down to node `gas_end`; liquid from node `liquid` down and up to `liquid_end`.

    `low` is the lowest node worth solving; `liquid` < 0 when there is one branch only. Returns the worst shortfall in
    nodes.
    """
    top = h.size - 1
    T = (h[top] - first_rhoT(1e-6, 300.0)[3]) / (2.5 * GAS_CONSTANT) + 300.0
    reached = march(p, h, top, gas_end, rho_pT_near(p, T, p / (GAS_CONSTANT * T)), T, out)
    short = reached - gas_end
    if liquid < 0:
        carry(h, reached, 0, out)
        return short
    up = march(p, h, liquid, liquid_end, rho_l, T_l, out)
    down = march(p, h, liquid, low, rho_l, T_l, out)
    carry(h, down, 0, out)
    if reached > up + 1:
        carry(h, reached, up + 1, out)
    return max(short, liquid_end - up, down - low)


@kernel
def fill(p, y, plan, start, out):
    """Fill all isobars by plan (low, gas_end, liquid, liquid_end) and start (rho, T of the liquid); worst shortfall."""
    short = 0
    for i in range(p.size):
        low, gas_end, liquid, liquid_end = plan[i, 0], plan[i, 1], plan[i, 2], plan[i, 3]
        h = y + h_py(p[i], 0.0)
        short = max(short, isobar(p[i], h, low, gas_end, liquid, liquid_end, start[i, 0], start[i, 1], out[i]))
    return short


def plan_isobars(
    p: np.ndarray, y: np.ndarray, sat: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which nodes of each isobar to solve as gas and as liquid, and where the liquid starts from."""
    h_l, h_v = sat[:, 1], sat[:, 2]
    theta = np.sqrt(np.clip(1.0 - p / P_CRITICAL, 0.0, None))
    place = np.minimum(theta / sheet.SAT_STEP, sheet.N_SAT)
    rows = np.arange(sheet.N_SAT + 1)
    plan = np.empty((p.size, 4), dtype=np.int64)
    start = np.ones((p.size, 2))
    for i in range(p.size):
        near = slice(max(i - 1, 0), i + 2)
        tilt = TILT * (p[near] - p[i])
        h = h_py(p[i], y)
        if p[near][-1] <= P_LAMBDA or p[i] >= P_CRITICAL:
            lowest = (high[near, 0] - tilt).min() if p[i] < P_LAMBDA else (low[near, 0] - tilt).min()
            end = max(int(np.searchsorted(h, lowest)) - MARGIN, 0)
            plan[i] = end, end, -1, -1
            continue
        beside = [np.interp(place[near], rows, column) - tilt for column in (h_l, h_v)]
        middle = int(np.searchsorted(h, 0.5 * (beside[0].mean() + beside[1].mean())))
        gas_end = max(middle + 1, int(np.searchsorted(h, beside[1].min())) - MARGIN)
        liquid_end = min(middle, int(np.searchsorted(h, beside[0].max())) + MARGIN)
        if theta[i] < 0.15:
            gas_end, liquid_end = middle + 1, middle
        lowest = max(int(np.searchsorted(h, (low[near, 0] - tilt).min())) - MARGIN, 0)
        liquid = int(np.searchsorted(h, np.interp(place[i], rows, h_l))) - 1
        plan[i] = lowest, gas_end, liquid, liquid_end
        start[i] = np.interp(place[i], rows, sat[:, 5]), np.interp(place[i], rows, sat[:, 0])
    return plan, start


def row_bounds(p: np.ndarray, sat: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Bounds in y per pressure cell between which no saturation or limit is met: (lowest, dome from, dome to)."""
    rows = np.zeros((p.size, 4))
    place_rows = np.arange(sheet.N_SAT + 1)
    low, high = (edge[:, 0] - h_py(p, 0.0) for edge in (low, high))
    for i in range(p.size - 1):
        lowest = low[i : i + 2].max() + 1.0
        if p[i] >= P_CRITICAL:
            rows[i, :3] = lowest, np.inf, np.inf
            continue
        if p[i + 1] <= P_LAMBDA:
            rows[i, :3] = np.inf, -np.inf, high[i : i + 2].max() + 1.0
            continue
        inside = np.linspace(p[i], p[i + 1], 33)
        theta = np.sqrt(np.clip(1.0 - inside / P_CRITICAL, 0.0, None))
        place = np.minimum(theta / sheet.SAT_STEP, sheet.N_SAT)
        h_l, h_v = (np.interp(place, place_rows, sat[:, k]) - h_py(inside, 0.0) for k in (1, 2))
        rows[i, :3] = lowest, h_l.min() - 5.0, max(h_v.max() + 5.0, high[i])
        if p[i] < P_LAMBDA:
            rows[i, 0] = np.inf
    return rows


def build() -> np.ndarray:
    """The whole buffer, from the equation of state."""
    buffer = np.zeros(sheet.LENGTH)
    pages = sheet.directory(sheet.CELLS_P, sheet.FIRST_P), sheet.directory(sheet.CELLS_Y, sheet.FIRST_Y)
    buffer[: sheet.DIRECTORY_Y + pages[1].size] = np.concatenate(pages)
    p = sheet.grid(sheet.CELLS_P, sheet.FIRST_P)
    y = sheet.grid(sheet.CELLS_Y, sheet.FIRST_Y)

    sat = saturation_table(np.linspace(0.0, sheet.THETA_LAMBDA, sheet.N_SAT + 1))
    buffer[sheet.SATURATION : sheet.BOILING] = cubics(sat[:, :7], sat[:, 7:] * sheet.SAT_STEP).ravel()
    buffer[sheet.BOILING : sheet.ROWS] = cubics(*boiling(sat)).ravel()

    low, high = np.empty((p.size, 2)), np.empty((p.size, 2))
    limits(p, low, high)
    plan, start = plan_isobars(p, y, sat, low, high)
    nodes = np.empty((p.size, y.size, 12))
    short = fill(p, y, plan, start, nodes)
    if short > 0 or not np.isfinite(nodes).all():
        raise RuntimeError(f"The helium table could not be built: {short} nodes short. Report this as a bug.")
    # (f, f_p, f_y, f_py) of T, pv, s to the order in which lookups read them
    buffer[sheet.NODES : sheet.ENTROPY] = nodes[:, :, [0, 2, 4, 6, 1, 3, 5, 7]].ravel()
    buffer[sheet.ENTROPY : sheet.POWERS] = nodes[:, :, [8, 10, 9, 11]].ravel()
    buffer[sheet.POWERS : sheet.SATURATION] = powers(nodes[:, :, :4], np.diff(p), np.diff(y)).ravel()

    buffer[sheet.ROWS : sheet.LIMITS] = row_bounds(p, sat, low, high).ravel()
    buffer[sheet.LIMITS : sheet.LENGTH] = np.hstack((low, high)).ravel()
    return buffer


def cubics(f: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Coefficients (row, quantity, power) of the cubics between rows; the last row is constant."""
    rise = np.diff(f, axis=0, append=f[-1:])
    after = np.append(slope[1:], slope[-1:], axis=0)
    both = np.stack((f, slope, 3.0 * rise - 2.0 * slope - after, slope + after - 2.0 * rise), axis=-1)
    both[-1, :, 1:] = 0.0
    return both


def powers(f: np.ndarray, dp: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """Coefficients (cell in p, cell in y, power of t, power of u) of the bicubics through nodes (f, f_p, f_y, f_py)."""
    hermite = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [-3.0, -2.0, 3.0, -1.0], [2.0, 1.0, -2.0, 1.0]])
    corners = np.empty((dp.size, dy.size, 4, 4))
    for a in range(4):
        for b in range(4):
            part = f[a // 2 : a // 2 + dp.size, b // 2 : b // 2 + dy.size, a % 2 + 2 * (b % 2)]
            corners[:, :, a, b] = part * (dp[:, None] if a % 2 else 1.0) * (dy if b % 2 else 1.0)
    return hermite @ corners @ hermite.T


def boiling(sat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vapour pressure and its slope (times the step) at even steps of T, by solving the saturation line for T."""
    T = eos.T_LAMBDA + sheet.BOIL_STEP * np.arange(sheet.N_BOIL + 1)
    out = np.empty((T.size, 2))
    vapour_pressure(T, sat, out)
    return out[:, :1], out[:, 1:]


@inner
def cubic(weights, sat, i, k):
    """Quantity k of the saturation rows between row i and the next."""
    return sheet.weigh(weights, sat[i, k], sat[i, k + 7], sat[i + 1, k], sat[i + 1, k + 7])


@kernel
def vapour_pressure(T, sat, out):
    """Fill (p, dp/dT * step) for rising T by inverting the saturation rows (their last row is the lambda point)."""
    n = sat.shape[0] - 1
    step = sheet.SAT_STEP
    i = n - 1
    for k in range(T.size):
        while i > 0 and sat[i, 0] < T[k]:
            i -= 1
        u = 0.5
        for _ in range(40):
            f = cubic(sheet.hermite(u, step), sat, i, 0)
            slope = cubic(sheet.hermite_slope(u, step), sat, i, 0)
            u = min(max(u - (f - T[k]) / (slope * step), 0.0), 1.0)
        theta = (i + u) * step
        out[k, 0] = P_CRITICAL * (1.0 - theta * theta)
        out[k, 1] = 0.0
    # slopes by Clapeyron's equation; at the critical point, where it reads 0 / 0, from the slopes before
    for k in range(T.size):
        theta = (1.0 - out[k, 0] / P_CRITICAL) ** 0.5
        i = min(int(theta / step), n - 1)
        u = theta / step - i
        w = sheet.hermite(u, step)
        latent = cubic(w, sat, i, 2) - cubic(w, sat, i, 1)
        r_l, r_v = cubic(w, sat, i, 5), cubic(w, sat, i, 6)
        if r_l - r_v > 1e-3 * r_l:
            out[k, 1] = latent / (T[k] * (1.0 / r_v - 1.0 / r_l)) * sheet.BOIL_STEP
        else:
            out[k, 1] = 2.0 * out[k - 1, 1] - out[k - 2, 1]


def digest() -> str:
    """Names the table: changes when any source that defines it changes."""
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in SOURCES)).hexdigest()[:16]


def load() -> None:
    """Fill the sheet's memory from the cache, or build it and store it there."""
    path = cache_root() / f"helium-{digest()}.npy"
    try:
        stored = np.load(path, mmap_mode="r")
        if stored.shape == (sheet.LENGTH,):
            sheet.BUFFER[:] = stored
            return
    except (OSError, ValueError):
        pass
    sheet.BUFFER[:] = build()
    store(path)


def store(path: Path) -> None:
    """Write the table under another name, then rename; a cache that cannot be written is done without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            np.save(file, sheet.BUFFER)
        os.replace(file.name, path)
    except OSError:
        return
