"""The kernel cache: an edited callee must not be run stale."""

import os
import subprocess
import sys
import textwrap

import pytest

from thermo.jit import Inner, inner, kernel


def run(folder, cache):
    """Import the caller in a process of its own, as a kind from a user's folder; return what it prints."""
    code = textwrap.dedent(
        """
        import importlib.util, sys
        sys.path.insert(0, sys.argv[1])
        import hetwin_caller
        print(hetwin_caller.twice(3.0), sum(hetwin_caller.twice.stats.cache_hits.values()))
        """
    )
    environment = {**os.environ, "HETWIN_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], env=environment, capture_output=True, text=True, check=True
    )
    value, hits = done.stdout.split()
    return float(value), int(hits)


@pytest.mark.slow
def test_an_edited_callee_in_another_file_is_compiled_again(tmp_path):
    folder, cache = tmp_path / "kinds", tmp_path / "cache"
    folder.mkdir()
    (folder / "hetwin_callee.py").write_text(
        "from thermo.jit import kernel\n\n@kernel\ndef once(x):\n    return 1.0 * x\n"
    )
    (folder / "hetwin_caller.py").write_text(
        "from thermo.jit import kernel\nfrom hetwin_callee import once\n\n"
        "@kernel\ndef twice(x):\n    return once(x) + once(x)\n"
    )
    assert run(folder, cache) == (6.0, 0)
    assert run(folder, cache) == (6.0, 1), "the second process loads from the cache"
    (folder / "hetwin_callee.py").write_text(
        "from thermo.jit import kernel\n\n@kernel\ndef once(x):\n    return 10.0 * x\n"
    )
    assert run(folder, cache) == (60.0, 0), "the caller itself was not edited"


def test_an_inner_kernel_runs_as_plain_python_from_python():
    @inner
    def half(x):
        return 0.5 * x

    @kernel
    def quarter(x):
        return half(half(x))

    assert isinstance(half, Inner)
    assert half(3.0) == 1.5
    assert quarter(2.0) == 0.5
