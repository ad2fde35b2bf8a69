"""The sheet's own properties: continuity, cache, and that kernels and Python see the same functions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from thermo import helium, sheet, table
from thermo.jit import cache_root

T_ph = helium.T_ph


def test_values_are_continuous_across_cells() -> None:
    p_nodes = sheet.grid(sheet.CELLS_P, sheet.FIRST_P)[60:-60:7]
    for p in p_nodes:
        for h in (-1.5e6, -1.2e6, -4e5, 8e5):
            below, above = helium.state_ph(np.nextafter(p, 0.0), h), helium.state_ph(p, h)
            assert below[:6] == pytest.approx(above[:6], rel=1e-9)


def test_density_is_continuous_across_the_dome() -> None:
    for p in np.linspace(6e3, 2.28e5, 40):
        for edge in (helium.h_liq.raw(p), helium.h_vap.raw(p)):
            step = 1e-6
            rho = [helium.rho_ph.raw(p, edge + d) for d in (-step, step)]
            assert rho[0] == pytest.approx(rho[1], rel=1e-8)


def test_a_kernel_sees_the_function_that_python_sees() -> None:
    @numba.njit
    def inside(p: float, h: float) -> float:
        return T_ph(p, h)

    assert inside(13e5, -1e6) == T_ph(13e5, -1e6)
    assert inside(1e9, 0.0) > 0.0, "no checks inside kernels"


def test_the_table_is_kept_under_the_digest_of_its_sources() -> None:
    assert (cache_root() / f"helium-{table.digest()}.npy").is_file()


@pytest.mark.slow
def test_processes_that_start_together_share_one_table(tmp_path: Path) -> None:
    code = "from thermo.helium import T_sat; print(T_sat(101325.0))"
    environment = {**os.environ, "HETWIN_CACHE_DIR": str(tmp_path)}
    root = Path(table.__file__).parents[1]
    runs = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=root, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = {run.communicate()[0] for run in runs}
    assert len(answers) == 1
    assert [run.returncode for run in runs] == [0, 0]
    assert len(list(tmp_path.rglob("helium-*.npy"))) == 1
    assert not list(tmp_path.rglob("*.part"))


def test_a_damaged_table_is_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "cache_root", lambda: tmp_path)
    path = tmp_path / f"helium-{table.digest()}.npy"
    path.write_bytes(b"not a table")
    before = sheet.BUFFER.copy()
    table.load()
    assert np.array_equal(sheet.BUFFER, before)
    assert path.stat().st_size > before.nbytes
