"""What every test may rely on: all kinds are registered, and a skipped test can be made to count as a failure."""

from __future__ import annotations

import pytest

from twin.kinds import load_kinds

load_kinds()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fail-on-skip", action="store_true", help="fail the run when any test was skipped")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if not session.config.getoption("--fail-on-skip"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped:
        reporter.write_line(f"{len(skipped)} tests were skipped, and --fail-on-skip is set.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
