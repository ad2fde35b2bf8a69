"""Heat capacity, conductivity and stored energy of solids from 2 K to room temperature and a little above.

From the NIST Cryogenic Material Properties database (trc.nist.gov/cryogenics; E. D. Marquardt, J. P. Le and R.
Radebaugh, "Cryogenic material properties database", Cryocoolers 11, 2000): log10 y is a polynomial in log10 T, fitted
from 4 to 300 K within 5 % (heat capacity) and 0.5 to 2 % (conductivity). Aluminium is 6061-T6 (NIST gives 3003-F, of
which brazed exchangers are made, the same heat capacity), copper OFHC with a residual resistance ratio of 50,
stainless steel 304. Below 4 K heat capacity follows a T + b T^3 and conductivity T^n, both tangent to the fit where
that is possible; above 300 K both run on straight with the slopes between 300 and 400 K of Incropera and DeWitt
(Fundamentals of Heat and Mass Transfer, appendix A).

A solid is told by a code: `cp_material(COPPER, 77.0)`. Its energy, `e_material`, is the integral of its heat capacity
from 0 K. Kernels read one small table, uniform within each power of two of T: energy is a cubic in every cell, heat
capacity its slope, and `temp_material` the inverse of that same cubic, so energy and temperature belong together to
round-off. Outside 1 to 1024 K kernels continue smoothly.
"""

from __future__ import annotations

import numpy as np

from thermo.jit import inner, kernel
from thermo.memory import bits_of, fma, reserve, symbol
from thermo.public import public

ALUMINIUM, COPPER, STAINLESS_STEEL = 0, 1, 2
NAMES = ("aluminium", "copper", "stainless steel")
T_COLDEST, T_HOTTEST = 2.0, 450.0

CP = (
    (46.6467, -314.292, 866.662, -1298.3, 1162.27, -637.795, 210.351, -38.3094, 2.96344),
    (-1.91844, -0.15973, 8.61013, -18.996, 21.9661, -12.7328, 3.54322, -0.3797, 0.0),
    (22.0061, -127.5528, 303.647, -381.0098, 274.0328, -112.9212, 24.7593, -2.239153, 0.0),
)
"""log10 of heat capacity [J/(kg K)] in powers of log10 T."""
K = (
    (0.07918, 1.0957, -0.07277, 0.08084, 0.02803, -0.09464, 0.04179, -0.00571, 0.0),
    (),
    (-1.4087, 1.3982, 0.2543, -0.6260, 0.2334, 0.4256, -0.4658, 0.1650, -0.0199),
)
"""log10 of conductivity [W/(m K)] in powers of log10 T; copper has a form of its own."""
K_COPPER = ((1.8743, -0.6018, 0.26426, -0.051276, 0.003723), (1.0, -0.41538, 0.13294, -0.0219, 0.0014871))
"""log10 of conductivity of copper, RRR 50, as a ratio of polynomials in the root of T."""
CP_RISE, K_RISE = (0.46, 0.12, 0.38), (0.09, -0.08, 0.017)
"""Slopes of heat capacity [J/(kg K2)] and conductivity [W/(m K2)] above 300 K."""
FIT_LOW, FIT_HIGH = 4.0, 300.0

# The table. Per solid: 10 powers of two of T in 32 cells of (energy cubic, conductivity cubic); first guesses of T,
# cubics too, over 36 powers of two of energy in 16 cells; the ends. Then, for all, (1 / width, offset) per octave.
OCTAVES, CELLS = 10, 32
E_OCTAVES, E_CELLS, E_FIRST = 36, 16, -12
GUESSES = OCTAVES * CELLS * 8
ENDS = GUESSES + E_OCTAVES * E_CELLS * 4
PER_SOLID = ENDS + 4
OF_T = 3 * PER_SOLID
OF_E = OF_T + 2 * OCTAVES
BUFFER = reserve("hetwin_solids", OF_E + 2 * E_OCTAVES)
solids = symbol("hetwin_solids")


def fit_cp(material: int, T: np.ndarray) -> np.ndarray:
    """Heat capacity [J/(kg K)] by the published fit and its continuations."""
    inside = np.clip(T, FIT_LOW, FIT_HIGH)
    curve = np.polynomial.Polynomial(CP[material])
    x = np.log10(inside)
    fit = 10.0 ** curve(x)
    power = curve.deriv()(np.log10(FIT_LOW))
    low, high = 10.0 ** curve(np.log10([FIT_LOW, FIT_HIGH]))

    # a T + b T^3 with the fit's value and slope at 4 K, as far as both stay positive
    b = low * np.clip((power - 1.0) / 2.0, 0.0, 1.0) / FIT_LOW**3
    a = low / FIT_LOW - b * FIT_LOW**2
    return np.where(
        T < FIT_LOW, a * T + b * T**3, np.where(T > FIT_HIGH, high + CP_RISE[material] * (T - FIT_HIGH), fit)
    )


def fit_k(material: int, T: np.ndarray) -> np.ndarray:
    """Conductivity [W/(m K)] by the published fit and its continuations."""

    def log_k(x: np.ndarray) -> np.ndarray:
        if material != COPPER:
            return np.polynomial.Polynomial(K[material])(x)
        root = 10.0 ** (0.5 * x)
        return np.polynomial.Polynomial(K_COPPER[0])(root) / np.polynomial.Polynomial(K_COPPER[1])(root)

    edges = np.log10([FIT_LOW, FIT_HIGH])
    power = (log_k(edges[:1] + 1e-5) - log_k(edges[:1] - 1e-5)) / 2e-5
    low, high = 10.0 ** log_k(edges)
    cold = low * (T / FIT_LOW) ** power
    hot = high + K_RISE[material] * (T - FIT_HIGH)
    inside = 10.0 ** log_k(np.log10(np.clip(T, FIT_LOW, FIT_HIGH)))
    return np.where(T < FIT_LOW, cold, np.where(T > FIT_HIGH, hot, inside))


def cubics(f: np.ndarray, slope: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Coefficients (cell, power) of Hermite cubics from node values and slopes times the cell's width, at both ends."""
    start, end = slope
    rise = np.diff(f)
    return np.stack((f[:-1], start, 3.0 * rise - 2.0 * start - end, start + end - 2.0 * rise), axis=-1)


def octaves(first: int, count: int, cells: int) -> np.ndarray:
    """Width of the cells of each power of two."""
    return 2.0 ** np.arange(first, first + count) / cells


def fill(material: int) -> None:
    """Write the table of one solid."""
    T = np.concatenate([*(w * (CELLS + np.arange(CELLS)) for w in octaves(0, OCTAVES, CELLS)), [2.0**OCTAVES]])
    width = np.diff(T)

    # energy: exact at the nodes by Gauss-Legendre integration of the fit, below 1 K of a T + b T^3
    x, w = np.polynomial.legendre.leggauss(8)
    below = 0.5 * float(np.dot(w, fit_cp(material, 0.5 * (1.0 + x))))
    within = 0.5 * width * (fit_cp(material, T[:-1, None] + 0.5 * width[:, None] * (1.0 + x)) @ w)
    e = below + np.concatenate(([0.0], np.cumsum(within)))
    cp = fit_cp(material, T)
    k = fit_k(material, T)
    k_slope = (fit_k(material, T * (1.0 + 1e-6)) - fit_k(material, T * (1.0 - 1e-6))) / (2e-6 * T)

    part = BUFFER[material * PER_SOLID : (material + 1) * PER_SOLID]
    cells = part[:GUESSES].reshape(-1, 8)
    cells[:, :4] = cubics(e, (cp[:-1] * width, cp[1:] * width))
    cells[:, 4:] = cubics(k, (k_slope[:-1] * width, k_slope[1:] * width))

    # first guess of T: cubics between the ends of each cell of energy
    ends = np.concatenate([w * (E_CELLS + np.arange(E_CELLS)) for w in octaves(E_FIRST, E_OCTAVES, E_CELLS)])
    ends = np.append(ends, 2.0 ** (E_FIRST + E_OCTAVES))
    guess = np.interp(ends, e, T)
    for _ in range(4):
        near = np.searchsorted(T, guess).clip(1, T.size - 1) - 1
        u = (guess - T[near]) / width[near]
        now = cells[near, 0] + u * (cells[near, 1] + u * (cells[near, 2] + u * cells[near, 3]))
        guess = np.clip(guess + (ends - now) / fit_cp(material, guess), 1.0, 1024.0)
    slope = 1.0 / fit_cp(material, guess)
    step = np.diff(ends)
    part[GUESSES:ENDS] = cubics(guess, (slope[:-1] * step, slope[1:] * step)).ravel()
    part[ENDS:] = e[0], cp[0] / e[0], e[-1], cp[-1]


for _start, _first, _count, _cells in ((OF_T, 0, OCTAVES, CELLS), (OF_E, E_FIRST, E_OCTAVES, E_CELLS)):
    BUFFER[_start : _start + 2 * _count : 2] = 1.0 / octaves(_first, _count, _cells)
    BUFFER[_start + 1 : _start + 2 * _count : 2] = _cells * (np.arange(_count) - 1)
for _material in range(3):
    fill(_material)


@inner
def cell_of(T):
    """Cell of a temperature from 1 to 1024 K: (number, position 0..1, cells per kelvin)."""
    q = solids()
    entry = OF_T + 2 * ((bits_of(T) >> 52) - 1023)
    place = fma(T, q[entry], q[entry + 1])
    i = int(place)
    return i, place - i, q[entry]


@inner
def energy_and_cp(material, T):
    """Energy [J/kg] and heat capacity [J/(kg K)] from the table, continued outside it."""
    q = solids()
    base = material * PER_SOLID
    if T <= 1.0:
        # e ~ T^n with the value and slope at 1 K
        n = q[base + ENDS + 1]
        e = q[base + ENDS] * max(T, 1e-9) ** n
        return e, n * e / max(T, 1e-9)
    if not T < 1024.0:
        return q[base + ENDS + 2] + q[base + ENDS + 3] * (T - 1024.0), q[base + ENDS + 3]
    i, u, per_kelvin = cell_of(T)
    a = base + 8 * i
    e = fma(u, fma(u, fma(u, q[a + 3], q[a + 2]), q[a + 1]), q[a])
    return e, per_kelvin * fma(u, fma(u, 3.0 * q[a + 3], 2.0 * q[a + 2]), q[a + 1])


@kernel
def code_T(material, T):
    """0 if the solid is known and T [K] is within 2 to 450 K."""
    return 0 if 0 <= material <= 2 and T_COLDEST <= T <= T_HOTTEST else 1


@kernel
def code_e(material, e):
    """0 if the solid is known and its energy belongs to 2 to 450 K."""
    if not (0 <= material <= 2 and abs(e) < 1e300):
        return 1
    return 0 if T_COLDEST <= temp_of_energy(int(material), e) * (1.0 + 1e-12) <= T_HOTTEST * (1.0 + 1e-9) else 1


def explain(code: int, given: dict[str, float]) -> str:
    """Why a solid's property is refused, and what to do."""
    if not 0 <= given["material"] <= 2:
        return "no such solid; use the codes ALUMINIUM, COPPER or STAINLESS_STEEL of thermo.materials."
    return f"solids are described from {T_COLDEST:g} to {T_HOTTEST:g} K; keep the temperature within."


@inner
def temp_of_energy(material, e):
    """See `temp_material`."""
    q = solids()
    base = material * PER_SOLID
    if not q[base + ENDS] < e < q[base + ENDS + 2]:
        if e <= q[base + ENDS]:
            return (max(e, 1e-30) / q[base + ENDS]) ** (1.0 / q[base + ENDS + 1])
        return 1024.0 + (e - q[base + ENDS + 2]) / q[base + ENDS + 3]
    entry = OF_E + 2 * ((bits_of(e) >> 52) - (1023 + E_FIRST))
    place = fma(e, q[entry], q[entry + 1])
    i = int(place)
    u = place - i
    a = base + GUESSES + 4 * i
    T = fma(u, fma(u, fma(u, q[a + 3], q[a + 2]), q[a + 1]), q[a])
    for _ in range(8):
        now, cp = energy_and_cp(material, T)
        step = (e - now) / cp
        T += step
        if abs(step) < 1e-6 * T:
            break
    return T


@public(code_T, explain)
def cp_material(material, T):
    """Heat capacity [J/(kg K)] of a solid (by code) at a temperature [K], 2 to 450 K.

    >>> round(cp_material(COPPER, 77.0))
    196
    """
    return energy_and_cp(int(material), T)[1]


@public(code_T, explain)
def e_material(material, T):
    """Energy [J/kg] of a solid above 0 K at a temperature [K], 2 to 450 K: the integral of its heat capacity.

    >>> round(e_material(COPPER, 300.0) / 1e3, 1)
    80.3
    """
    return energy_and_cp(int(material), T)[0]


@public(code_e, explain)
def temp_material(material, e):
    """Temperature [K] of a solid from its energy [J/kg]: the inverse of `e_material`, by Newton's method.

    >>> round(temp_material(COPPER, e_material(COPPER, 4.2)), 9)
    4.2
    """
    return temp_of_energy(int(material), e)


@public(code_T, explain)
def k_material(material, T):
    """Thermal conductivity [W/(m K)] of a solid (by code) at a temperature [K], 2 to 450 K.

    >>> round(k_material(STAINLESS_STEEL, 300.0), 1)
    15.3
    """
    q = solids()
    T = min(max(T, 1.0), 1023.0)
    i, u, _ = cell_of(T)
    a = int(material) * PER_SOLID + 8 * i + 4
    return fma(u, fma(u, fma(u, q[a + 3], q[a + 2]), q[a + 1]), q[a])
