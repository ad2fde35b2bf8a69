"""What the commands share: load a plant, read options, list plants and tags."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hetwin.exits import BadInput
from hetwin.loading import load_plant, progress_line
from hetwin.options import duration, quantity

if TYPE_CHECKING:
    from hetwin.serve import Keeping, Operation
    from twin.plant import Plant
    from twin.plant_file import PlantSpec
    from twin.tags import Tag

SOURCE_WORDS = ("verified", "validated", "assumed")


def load(name: str, units: list[Path] | None, step: str | None, snapshot: Path | None) -> Plant:
    """A plant as the options ask for it, from a snapshot if there is one."""
    plant = load_plant(name, units, duration("--step", step))
    if snapshot is not None:
        from twin.plant import Snapshot

        plant.restore(Snapshot.from_bytes(snapshot.read_bytes()))
    return plant


def keeping(out: Path, history: str | None, interval: str | None, dead_band: str, keep: tuple[str, str]) -> Keeping:
    """What `hetwin serve` keeps, as the options ask for it."""
    from hetwin.serve import Keeping
    from twin.history import Retention

    raw, minutes = duration("--keep", keep[0]), duration("--keep-minutes", keep[1])
    band = quantity("--dead-band", dead_band, "1")
    if not 0.0 <= band < 1.0:
        raise BadInput(f"--dead-band: expected 0 % to 99 % of a range, got {dead_band}.")
    assert raw and minutes
    return Keeping(out, history, duration("--interval", interval) or 0.0, band, Retention(raw, minutes))


def audit_days(keep: str) -> float:
    """How long `hetwin serve` keeps closed files of its audit log, in days."""
    seconds = duration("--audit-keep", keep)
    assert seconds
    return seconds / 86400.0


def operation(http_port: int | None, log_format: str, stop_delay: str, away: str) -> Operation:
    """How `hetwin serve` is watched and stopped, as the options ask for it."""
    from hetwin.logs import FORMATS
    from hetwin.serve import Operation

    if log_format not in FORMATS:
        raise BadInput(f'--log-format: expected {" or ".join(FORMATS)}, got "{log_format}".')
    delay, gone = quantity("--stop-delay", stop_delay, "s"), duration("--away", away)
    if not 0.0 <= delay <= 3600.0:
        raise BadInput(f"--stop-delay: expected 0 s to 1 h, got {stop_delay}.")
    return Operation(http_port, log_format, delay, gone)


def check_ports(host: str, port: int, secure: bool, http_port: int | None) -> None:
    """Refuse a port that is none, or busy, before anything is loaded. Raises PortBusy, EndpointRefused."""
    from hetwin.monitor import check_port
    from opcua_server.endpoint import Endpoint

    for option, number in (("--port", port), ("--http-port", http_port)):
        if number is not None and not 1 <= number <= 65535:
            raise BadInput(f"{option}: expected 1 to 65535, got {number}.")
    if port == http_port:
        raise BadInput(f"--port, --http-port: expected two ports, got {port} for both.")
    Endpoint(f"opc.tcp://{host}:{port}", secure).check()
    if http_port is not None:
        check_port(http_port)


def check_mode(mode: str, speed: float) -> None:
    """Refuse a mode or speed that does not exist, before anything is loaded."""
    from twin.errors import nearest
    from twin.simulation import MODES

    if mode not in MODES:
        raise BadInput(f'--mode: there is no mode "{mode}"{nearest(mode, MODES)}; the modes are {", ".join(MODES)}.')
    if not 0.0 < speed < 1e9:
        raise BadInput(f"--speed: expected a number above zero, got {speed:g}.")


def list_plants() -> list[dict[str, str]]:
    """Name, description and file of every shipped plant."""
    from twin.plant_file import PLANTS

    found = []
    for path in sorted(PLANTS.glob("*.toml")):
        text = tomllib.loads(path.read_text(encoding="utf-8")).get("description", "")
        found.append({"name": path.stem, "description": " ".join(text.split()), "path": str(path)})
    return found


def _compiled(name: str, units: list[Path] | None) -> Any:
    """A plant's specification and tags, without compiling the time loop."""
    with progress_line():
        from twin.compile import compile_plant
        from twin.plant_file import load_spec

        spec = load_spec(name, units or ())
        return spec, compile_plant(spec)


def list_tags(name: str, pattern: str, writable: bool, units: list[Path] | None) -> list[Tag]:
    """Tags of a plant that match the pattern."""
    from twin.history import choose

    _, compiled = _compiled(name, units)
    found = [compiled.tags[tag] for tag in choose(compiled.tags, [pattern])]
    return [tag for tag in found if tag.writable or not writable]


def write_nodeset(name: str, out: Path | None, units: list[Path] | None) -> tuple[Path, int]:
    """Write a plant's information model; the file and how many nodes it has."""
    import asyncio

    from opcua_server.nodeset import export

    spec, compiled = _compiled(name, units)
    path = out or Path("out") / f"{spec.name}.NodeSet2.xml"
    with progress_line():
        return path, asyncio.run(export(spec, compiled.tags, len(compiled.data.image), path))


def tag_row(tag: Tag) -> tuple[str, ...]:
    """A tag for the table."""
    span = " ".join(f"{i}={label}" for i, label in enumerate(tag.labels)) or f"{tag.low:g} .. {tag.high:g}"
    return tag.name, tag.role, tag.unit, span, tag.text


def summary(name: str, units: list[Path] | None) -> dict[str, Any]:
    """What a plant file holds; raises PlantFileError when it cannot be used."""
    spec, compiled = _compiled(name, units)
    sources = {**dict.fromkeys((*SOURCE_WORDS, "cited", "mixed", "without"), 0)}
    for unit in spec.units.values():
        words = {_source_word(text) for text in unit.sources.values()}
        sources[words.pop() if len(words) == 1 else "mixed" if words else "without"] += 1
    return {
        "plant": spec.name,
        "path": str(spec.path),
        "description": spec.description,
        "step": spec.step,
        "units": len(spec.units),
        "kinds": len({unit.kind.name for unit in spec.units.values()}),
        "tags": len(compiled.tags),
        "volumes": len(compiled.node_names),
        "schedule": len(spec.schedule),
        "campaign": campaign_parameters(spec),
        "sources": sources,
    }


def campaign_parameters(spec: PlantSpec) -> int:
    """Parameters of the plant's year; 0 if it has no `[campaign]`. PlantFileError when that cannot be used."""
    if not spec.campaign:
        return 0
    from twin.studies.sizing.campaign import load_campaign

    return len(load_campaign(spec).parameters)


def _source_word(text: str) -> str:
    return next((word for word in SOURCE_WORDS if text.lower().startswith(word)), "cited")
