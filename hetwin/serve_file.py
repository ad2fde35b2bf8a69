"""The file of `hetwin serve --config`: every option of the command under a sensible name, and the bounds on clients.

    plant = "byu"
    port = 4841
    [history]
    keep = "90 d"
    [bounds]
    sessions = 50

What is given on the command line wins. `hetwin serve --print-config` prints all of it with its defaults.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired

import typer
from pydantic import Field, TypeAdapter

from hetwin.logs import FORMATS
from opcua_server.bounds import Bounds
from twin.checked import Place, checked, quantity_type, refuse, table_type
from twin.errors import PlantFileError
from twin.records import MODES

Text = Annotated[str, Field(strict=True, min_length=1)]
Flag = Annotated[bool, Field(strict=True)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
File = Annotated[str, Field(strict=True, min_length=1), "a path, from the folder of the file"]
ROLES = ("observer", "operator", "engineer", "instructor")
LONGEST = 1e10  # s


def _time(text: str, least: float = 1e-6) -> Any:
    return quantity_type("s", text, (least, LONGEST))


TABLES: dict[str, dict[str, tuple[str, Any]]] = {
    "": {
        "plant": ("plant", Text),
        "host": ("host", Text),
        "port": ("port", Port),
        "mode": ("mode", Literal[tuple(MODES)]),
        "speed": ("speed", Annotated[float, Field(gt=0.0, lt=1e9)]),
        "units": ("units", list[File]),
        "step": ("step", _time("step of the model")),
        "snapshot": ("snapshot", File),
        "out": ("out", File),
        "fresh": ("fresh", Flag),
    },
    "history": {
        "where": ("history", Text),
        "interval": ("interval", _time("simulated time between two records")),
        "dead_band": ("dead_band", quantity_type("1", "share of each range", (0.0, 0.99))),
        "keep": ("keep", _time("how long to keep every record")),
        "keep_minutes": ("keep_minutes", _time("how long to keep minutes and events")),
    },
    "security": {
        "secure": ("secure", Flag),
        "pki": ("pki", File),
        "anonymous": ("anonymous", Literal[*ROLES, "none"]),
        "unsecured": ("unsecured", Flag),
        "history": ("history_role", Literal[ROLES]),
        "audit_keep": ("audit_keep", _time("how long to keep closed files of the audit log")),
    },
    "operation": {
        "http_port": ("http_port", Port),
        "log_format": ("log_format", Literal[FORMATS]),
        "stop_delay": ("stop_delay", _time("warning before a stop", 0.0)),
        "away": ("away", _time("how long the server is expected to be away")),
    },
}
"""By table and key of the file: the parameter of the command, and what the value must be."""

PATHS = ("snapshot", "out", "pki")


@dataclass(frozen=True)
class ServeFile:
    """What a file asks for: parameters of the command, and bounds that differ from the usual ones."""

    options: dict[str, Any]
    bounds: Bounds


def read_serve_file(path: Path) -> ServeFile:
    """Read and check. Raises PlantFileError with a sentence for each problem."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as problem:
        raise PlantFileError(f"{path}: {problem}.") from None
    except UnicodeDecodeError:
        raise PlantFileError(f"{path}: this is no text in UTF-8.") from None
    found, problems = checked(_adapter(), raw, _known, lambda place: "")
    refuse(path, problems)
    bounds = found.pop("bounds", {})
    problems = [f"bounds.{name}: expected the lower one first, got {v}" for name, v in bounds.items() if _falls(v)]
    refuse(path, problems)
    options: dict[str, Any] = {}
    for table, keys in TABLES.items():
        given = found.get(table, {}) if table else found
        options |= {keys[key][0]: value for key, value in given.items() if key in keys}
    return ServeFile(_from_folder(options, path.parent), Bounds(**bounds))


def _adapter() -> TypeAdapter[Any]:
    top: dict[str, Any] = {key: NotRequired[kind] for key, (_, kind) in TABLES[""].items()}
    for table, keys in TABLES.items():
        if table:
            inner = {key: NotRequired[kind] for key, (_, kind) in keys.items()}
            top[table] = NotRequired[table_type(table, inner)]
    bounds = {found.name: NotRequired[_bound(found.default)] for found in fields(Bounds)}
    top["bounds"] = NotRequired[table_type("bounds", bounds)]
    return TypeAdapter(table_type("serve", top))


def _bound(usual: Any) -> Any:
    """A bound is a number above zero of the kind of the usual one, or a pair of them."""
    if isinstance(usual, tuple):
        number = Annotated[float, Field(gt=0.0, lt=LONGEST)]
        return tuple[number, number]
    whole = Annotated[int, Field(strict=True, ge=1, le=1 << 40)]
    return whole if isinstance(usual, int) else Annotated[float, Field(gt=0.0, lt=LONGEST)]


def _falls(value: Any) -> bool:
    return isinstance(value, tuple) and value[0] > value[1]


def _known(place: Place) -> tuple[str, list[str]]:
    """The owner of an unknown field, and the fields that it has."""
    table = str(place[0]) if len(place) > 1 else ""
    if table == "bounds":
        return "[bounds]", [found.name for found in fields(Bounds)]
    others = [] if table else [*(name for name in TABLES if name), "bounds"]
    return f"[{table}]" if table else "the file", [*TABLES[table], *others]


def _from_folder(options: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Paths are those from the folder of the file; quantities are texts, as on the command line."""
    found = {name: repr(value) if name in QUANTITIES else value for name, value in options.items()}
    for name in PATHS:
        if name in found:
            found[name] = str(folder / found[name])
    if "units" in found:
        found["units"] = [str(folder / each) for each in found["units"]]
    if "history" in found and "://" not in found["history"]:
        found["history"] = str(folder / found["history"])
    if found.get("plant", "").endswith(".toml"):
        found["plant"] = str(folder / found["plant"])
    return found


QUANTITIES = ("step", "interval", "dead_band", "keep", "keep_minutes", "audit_keep", "stop_delay", "away")


# --- as options of the command ---------------------------------------------------------------------------------------


def take_config(context: typer.Context, path: Path | None) -> Path | None:
    """Of `--config`, before all other options: what the file says is their default."""
    if path is not None:
        found = read_serve_file(path)
        context.default_map = {**(context.default_map or {}), **found.options}
        context.meta["hetwin.bounds"] = found.bounds
    return path


def print_config(context: typer.Context, wanted: bool) -> None:
    """Of `--print-config`: a file with every default, and done."""
    if wanted:
        print("\n".join(_lines({parameter.name: parameter for parameter in context.command.params})))
        raise typer.Exit


def _lines(parameters: dict[Any, Any]) -> Iterator[str]:
    yield "# hetwin serve --config FILE: every line that begins with #: shows a default"
    for table, keys in TABLES.items():
        if table:
            yield f"\n[{table}]"
        for key, (name, _) in keys.items():
            yield f"# {getattr(parameters[name], 'help', '')}"
            default = parameters[name].default
            yield f"#: {key} =" if default is None else f"#: {key} = {_toml(default)}"
    yield "\n[bounds]"
    for found in fields(Bounds):
        yield f"#: {found.name} = {_toml(found.default)}"


def _toml(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
