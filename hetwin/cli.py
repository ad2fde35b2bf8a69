"""The `hetwin` command. Everything heavy is imported by the command that needs it, so that `--help` is quick."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from hetwin.app import Json, PlantName, Snapshot, Step, Units, app
from hetwin.audit import audit
from hetwin.security import trust, user
from hetwin.study_commands import studies

app.add_typer(studies)
app.add_typer(trust, name="trust")
app.add_typer(user, name="user")
app.add_typer(audit, name="audit")


def _config(context: typer.Context, path: Path | None) -> Path | None:
    from hetwin.serve_file import take_config

    return take_config(context, path)


def _print_config(context: typer.Context, wanted: bool) -> None:
    from hetwin.serve_file import print_config

    print_config(context, wanted)


@app.command()
def serve(
    context: typer.Context,
    plant: PlantName = "teaching",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the OPC UA endpoint.")] = 4840,
    mode: Annotated[str, typer.Option(help="realtime, scaled, asap, lockstep or paused.")] = "realtime",
    speed: Annotated[float, typer.Option(help="Simulated seconds per second; other than 1 is mode scaled.")] = 1.0,
    units: Units = None,
    step: Step = None,
    snapshot: Snapshot = None,
    out: Annotated[Path | None, typer.Option(help="Folder of history and snapshot [out/PLANT].")] = None,
    history: Annotated[str | None, typer.Option(help="File or PostgreSQL URL [OUT/history.sqlite].")] = None,
    interval: Annotated[str | None, typer.Option(help="Simulated time between two records [every scan].")] = None,
    dead_band: Annotated[str, typer.Option(help="Moves to leave out, a share of each range.")] = "0 %",
    keep: Annotated[str, typer.Option(help="How long to keep every record.")] = "30 d",
    keep_minutes: Annotated[str, typer.Option(help="How long to keep minutes and events.")] = "730 d",
    fresh: Annotated[bool, typer.Option("--fresh", help="Start anew, not from the last snapshot.")] = False,
    secure: Annotated[bool, typer.Option("--secure", help="Certificates and users, as in a plant network.")] = False,
    pki: Annotated[Path | None, typer.Option("--pki", help="Folder of certificates and users [OUT/pki].")] = None,
    anonymous: Annotated[
        str, typer.Option(help="With --secure, the role on this machine of those without a name, or none.")
    ] = "observer",
    unsecured: Annotated[bool, typer.Option("--unsecured", help="With --secure, channels without it too.")] = False,
    history_role: Annotated[
        str, typer.Option(help="From which role on history may be read: observer, operator, engineer or instructor.")
    ] = "observer",
    audit_keep: Annotated[str, typer.Option(help="How long to keep closed files of the audit log.")] = "730 d",
    http_port: Annotated[int | None, typer.Option(help="Port on this machine of /health and /metrics [none].")] = None,
    log_format: Annotated[str, typer.Option(help="text or json, an object a line.")] = "text",
    stop_delay: Annotated[str, typer.Option(help="Warning that connected clients get before a stop.")] = "2 s",
    away: Annotated[str, typer.Option(help="How long clients are told that the server will be away.")] = "60 s",
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", help="Options in a TOML file; the command line wins.", callback=_config, is_eager=True
        ),
    ] = None,
    print_config: Annotated[
        bool,
        typer.Option(
            "--print-config", help="Print such a file with all defaults.", callback=_print_config, is_eager=True
        ),
    ] = False,
) -> None:
    """Serve a plant on OPC UA until Ctrl-C; it goes on from its last snapshot, and its history is kept."""
    from hetwin.commands import audit_days as days
    from hetwin.commands import check_mode, check_ports, keeping, load, operation
    from hetwin.serve import security
    from hetwin.serve import serve as run_server
    from opcua_server.users import role_of

    check_mode(mode, speed)
    reads = role_of(history_role)
    operated = operation(http_port, log_format, stop_delay, away)
    check_ports(host, port, secure, http_port)
    loaded = load(plant, units, step, snapshot)
    out = out or Path("out") / loaded.name
    secured = security(secure, pki or out / "pki", out / "audit.jsonl", anonymous, unsecured)
    secured = replace(secured, bounds=context.meta.get("hetwin.bounds", secured.bounds), audit_days=days(audit_keep))
    secured = replace(secured, history=reads)
    kept = keeping(out, history, interval, dead_band, (keep, keep_minutes))
    kept = replace(kept, fresh=fresh, begun=snapshot)
    raise typer.Exit(run_server(loaded, f"opc.tcp://{host}:{port}", mode, speed, kept, secured, operated))


@app.command()
def run(
    plant: PlantName,
    hours: Annotated[float, typer.Option(help="Simulated hours.")] = 0.0,
    days: Annotated[float, typer.Option(help="Simulated days, added to the hours.")] = 0.0,
    scenario: Annotated[str | None, typer.Option(help="A shipped scenario or the path of one.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for history, CSV, picture and snapshot.")] = None,
    interval: Annotated[str | None, typer.Option(help="Time between two rows [a thousandth of the run].")] = None,
    tag: Annotated[list[str] | None, typer.Option(help='Tags to record, such as "BAG-*" [all].')] = None,
    units: Units = None,
    step: Step = None,
    snapshot: Snapshot = None,
    as_json: Json = False,
) -> None:
    """Run a plant without a server, as fast as it goes; CSV, a picture and the ledger come out."""
    from hetwin import headless
    from hetwin.commands import load
    from hetwin.options import duration
    from hetwin.show import print_json

    loaded = load(plant, units, step, snapshot)
    seconds = 3600.0 * (hours + 24.0 * days)
    outcome = headless.run(loaded, seconds, scenario, out, duration("--interval", interval), tag or [])
    found = headless.result(loaded, outcome)
    if as_json:
        print_json(found)
    else:
        print("\n".join(headless.sentences(found)))
    if outcome.failure is not None:
        raise outcome.failure


@app.command()
def check(plant: PlantName, units: Units = None, as_json: Json = False) -> None:
    """Read a plant file and say what is wrong with it, a sentence for each."""
    from hetwin.commands import summary
    from hetwin.show import print_json

    found = summary(plant, units)
    if as_json:
        print_json(found)
        return
    sources = ", ".join(f"{number} {word}" for word, number in found["sources"].items() if number)
    print(
        f"{found['path']} is in order: {found['units']} units of {found['kinds']} kinds, {found['tags']} tags, "
        f"{found['volumes']} volumes, step {found['step']:g} s. Sources of the units: {sources}."
    )


@app.command()
def tags(
    plant: PlantName,
    pattern: Annotated[str, typer.Argument(help='Which tags, such as "BAG-*".')] = "*",
    writable: Annotated[bool, typer.Option("--writable", help="Only what can be written.")] = False,
    units: Units = None,
    as_json: Json = False,
) -> None:
    """List the tags of a plant with unit, range and meaning."""
    from hetwin.commands import list_tags, tag_row
    from hetwin.show import print_json, print_table

    found = list_tags(plant, pattern, writable, units)
    if as_json:
        print_json([dict(vars(tag)) for tag in found])
    else:
        print_table(("tag", "role", "unit", "range", "meaning"), map(tag_row, found))


@app.command()
def plants(as_json: Json = False) -> None:
    """List the plants that come with hetwin."""
    from hetwin.commands import list_plants
    from hetwin.show import print_json, print_table

    found = list_plants()
    if as_json:
        print_json(found)
    else:
        print_table(("plant", "what it is"), [(row["name"], row["description"]) for row in found])


@app.command()
def nodeset(
    plant: PlantName,
    out: Annotated[Path | None, typer.Option(help="File to write [out/PLANT.NodeSet2.xml].")] = None,
    units: Units = None,
    as_json: Json = False,
) -> None:
    """Write a plant's OPC UA information model as a NodeSet2 file, for import into PLC and SCADA tools."""
    from hetwin.commands import write_nodeset
    from hetwin.show import print_json

    path, nodes = write_nodeset(plant, out, units)
    if as_json:
        print_json({"file": str(path), "nodes": nodes})
    else:
        print(f"{path}: {nodes} nodes, types and instances, texts in English and Japanese.")


@app.command()
def schema(units: Units = None) -> None:
    """Print the JSON Schema of plant files, for editors."""
    from hetwin.show import print_json
    from twin.kinds import load_kinds
    from twin.plant_schema import plant_schema

    load_kinds(units or ())
    print_json(plant_schema())


@app.command()
def bench(
    name: Annotated[list[str] | None, typer.Argument(help="Which benchmarks [all].")] = None, as_json: Json = False
) -> None:
    """Print every figure that the project promises, beside its target."""
    from hetwin.bench import COLUMNS, find_benchmarks, written
    from hetwin.show import print_json, print_table

    results = {}
    for benchmark in find_benchmarks(name or []):
        results[benchmark.name] = rows = benchmark.run()
        if not as_json:
            print_table(COLUMNS, [[written(row[key]) for key in COLUMNS] for row in rows], title=benchmark.name)
            print()
    if as_json:
        print_json(results)


def main() -> None:
    """Run the command; whatever goes wrong is one sentence on stderr and an exit code."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has gone, as in `hetwin tags teaching | head`
        sys.stderr.close()
        sys.exit(0)
    except Exception as problem:
        from hetwin.exits import report

        sys.exit(report(problem))
