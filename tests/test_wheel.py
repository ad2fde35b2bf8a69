"""The wheel, installed into an environment of its own and used from outside the repository."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
ROOMS = ("thermo", "twin", "hil", "opcua_server", "hetwin", "benchmarks")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the build backend that is installed."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(out.glob("hetwin-*.whl"))


@pytest.fixture
def environment(wheel: Path, tmp_path: Path) -> Path:
    """A fresh environment that holds the wheel; what hetwin depends on is borrowed from this one."""
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    install(python, wheel)
    borrowed = Path(sysconfig.get_paths()["purelib"])
    site = next((tmp_path / "env" / "lib").glob("python*/site-packages"))
    (site / "borrowed.pth").write_text(f"{borrowed}\n")
    return python


def install(python: Path, wheel: Path) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index"]
    subprocess.run([*command, "--force-reinstall", str(wheel)], check=True, capture_output=True, text=True)


def call(python: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, "-c", code], cwd=python.parent, capture_output=True, text=True, check=False)


def test_every_room_is_imported_from_the_wheel_and_not_from_the_repository(environment: Path) -> None:
    code = f"import json; print(json.dumps([__import__(name).__file__ for name in {ROOMS}]))"
    done = call(environment, code)
    assert done.returncode == 0, done.stderr
    for file in json.loads(done.stdout):
        assert Path(file).is_relative_to(environment.parent.parent), file


def test_plants_scenarios_and_kinds_are_in_the_wheel(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    for pattern in ("plants/*.toml", "scenarios/*.toml", "units/*.py", "studies/design/machines/*.toml"):
        wanted = {f"twin/{path.relative_to(ROOT / 'twin')}" for path in (ROOT / "twin").glob(pattern)}
        assert wanted
        assert wanted <= inside


@pytest.mark.skipif(not (ROOT / "node_modules" / "node-opcua-nodesets").is_dir(), reason="run `npm ci` first")
def test_the_companion_specifications_are_in_the_wheel_with_their_licence(wheel: Path, environment: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert {"opcua_server/nodesets/LICENSE", "opcua_server/nodesets/Opc.Ua.PADIM.NodeSet2.xml"} <= inside
    done = call(environment, "from opcua_server.companion import find_nodesets; print(find_nodesets())")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(environment.parent.parent)


def test_the_command_lists_and_checks_a_plant_of_the_wheel(environment: Path) -> None:
    hetwin = environment.parent / "hetwin"
    listed = subprocess.run([hetwin, "plants", "--json"], cwd=environment.parent, capture_output=True, text=True)
    assert listed.returncode == 0, listed.stderr
    plants = json.loads(listed.stdout)
    assert {row["name"] for row in plants} == {path.stem for path in (ROOT / "twin" / "plants").glob("*.toml")}
    assert all(Path(row["path"]).is_relative_to(environment.parent.parent) for row in plants)

    code = "from twin.plant_file import load_spec; print(len(load_spec('teaching').units))"
    done = call(environment, code)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


def test_the_wheel_declares_the_names_it_is_imported_by(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    declared = Parser().parsestr(archive.read(metadata).decode()).get_all("Import-Name")
    assert sorted(declared or []) == sorted(ROOMS)


def test_pypis_thermo_in_the_same_environment_is_answered_by_one_sentence(environment: Path, tmp_path: Path) -> None:
    """Two packages own the file thermo/__init__.py; the one installed last wins."""
    foreign = tmp_path / "thermo-0.4.2-py3-none-any.whl"
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("thermo/__init__.py", '"""Chemical engineering design library."""\n__version__ = "0.4.2"\n')
        archive.writestr("thermo-0.4.2.dist-info/METADATA", "Metadata-Version: 2.1\nName: thermo\nVersion: 0.4.2\n")
        archive.writestr(
            "thermo-0.4.2.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("thermo-0.4.2.dist-info/RECORD", "")
    install(environment, foreign)

    done = subprocess.run(
        [environment.parent / "hetwin", "check", "teaching"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "is PyPI's package `thermo`, not hetwin's: give the twin an environment of its own" in done.stderr
    assert call(environment, "import twin").stderr.strip().splitlines()[-1].startswith("ImportError: ")
