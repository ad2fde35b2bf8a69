"""The `hetwin` command. Everything heavy is imported by the command that needs it, so that `--help` is quick."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from hetwin.audit import audit
from hetwin.security import trust, user

app = typer.Typer(
    name="hetwin",
    help="A digital twin of helium recovery networks: from magnet boil-off to liquid, on OPC UA.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(trust, name="trust")
app.add_typer(user, name="user")
app.add_typer(audit, name="audit")

PlantName = Annotated[str, typer.Argument(help="A shipped plant or the path of a plant file.")]
Units = Annotated[list[Path] | None, typer.Option("--units", help="Folder with kinds of equipment of your own.")]
Step = Annotated[str | None, typer.Option("--step", help='Step of the model, such as "0.5 s".')]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Snapshot = Annotated[Path | None, typer.Option("--snapshot", help="Start from this snapshot.")]


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
    from hetwin.commands import check_mode, keeping, load, operation
    from hetwin.serve import security
    from hetwin.serve import serve as run_server

    check_mode(mode, speed)
    operated = operation(http_port, log_format, stop_delay, away)
    loaded = load(plant, units, step, snapshot)
    out = out or Path("out") / loaded.name
    secured = security(secure, pki or out / "pki", out / "audit.jsonl", anonymous, unsecured)
    secured = replace(secured, bounds=context.meta.get("hetwin.bounds", secured.bounds), audit_days=days(audit_keep))
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
def props(
    p: Annotated[str | None, typer.Option("--p", help='Pressure, such as "13 bar".')] = None,
    temp: Annotated[str | None, typer.Option("--temp", help='Temperature, such as "6.5 K".')] = None,
    h: Annotated[str | None, typer.Option("--h", help='Specific enthalpy, such as "-1400 kJ/kg".')] = None,
    s: Annotated[str | None, typer.Option("--s", help='Specific entropy, such as "-20 kJ/(kg K)".')] = None,
    x: Annotated[str | None, typer.Option("--x", help="Vapour quality, 0 to 1.")] = None,
    as_json: Json = False,
) -> None:
    """Print a state of helium from two of its quantities."""
    from hetwin.loading import progress_line
    from hetwin.props import rows, state
    from hetwin.show import print_json, print_table

    with progress_line():
        found = state({"p": p, "temp": temp, "h": h, "s": s, "x": x})
    if as_json:
        print_json(found)
    else:
        print_table(("", "value", "meaning"), rows(found))


@app.command()
def design(
    machine: Annotated[str | None, typer.Argument(help="A published machine or the path of a specification.")] = None,
    flow: Annotated[str | None, typer.Option(help='Compressor flow, such as "31.6 g/s".')] = None,
    p_high: Annotated[str | None, typer.Option(help='High pressure, such as "13 bar".')] = None,
    p_low: Annotated[str | None, typer.Option(help='Pressure of the return, such as "1.05 bar".')] = None,
    p_dewar: Annotated[str | None, typer.Option(help='Pressure in the dewar, such as "1.2 bar".')] = None,
    temp_in: Annotated[str | None, typer.Option(help='Temperature of gas and room, such as "300 K".')] = None,
    effectiveness: Annotated[
        str | None, typer.Option(help="Of every exchanger that has no value of its own in the file, 0 to 1.")
    ] = None,
    ua: Annotated[str | None, typer.Option("--ua", help='Conductance of every exchanger, such as "10 kW/K".')] = None,
    pinch: Annotated[str | None, typer.Option(help='Least temperature difference of every exchanger: "0.5 K".')] = None,
    turbine_efficiency: Annotated[str | None, typer.Option(help="Isentropic, of every turbine.")] = None,
    efficiency_isothermal: Annotated[str | None, typer.Option(help="Of the compressor.")] = None,
    split: Annotated[str | None, typer.Option(help='Share of each turbine, such as "0.42,0.40".')] = None,
    ln2: Annotated[bool | None, typer.Option("--ln2/--no-ln2", help="With or without liquid nitrogen.")] = None,
    arrangement: Annotated[
        str | None, typer.Option(help="collins (turbines side by side), series or three_way.")
    ] = None,
    turbines: Annotated[int | None, typer.Option(help="Number of turbines, 1 to 3.")] = None,
    heat_leak: Annotated[str | None, typer.Option(help='Heat into the dewar and its lines, such as "5 W".')] = None,
    impurity: Annotated[str | None, typer.Option(help='Air in the make-up, such as "1 %".')] = None,
    filling: Annotated[bool, typer.Option("--filling", help="The liquid stays in the dewar [is withdrawn].")] = False,
    optimise: Annotated[str | None, typer.Option(help="What to choose: split, p_high, p_between, with commas.")] = None,
    objective: Annotated[str, typer.Option(help="yield or energy.")] = "yield",
    out: Annotated[Path | None, typer.Option(help="Folder for pictures: PNG and SVG.")] = None,
    plant_file: Annotated[Path | None, typer.Option("--plant", help="Write it as a plant file of this name.")] = None,
    as_json: Json = False,
) -> None:
    """Solve a liquefier at steady state: yield, state points, exchangers, exergy; refuse what cannot work."""
    from hetwin import design as study
    from hetwin.loading import progress_line
    from hetwin.show import print_json

    names = ("flow", "p_high", "p_low", "p_dewar", "temp_in", "effectiveness", "pinch", "turbine_efficiency", "split")
    given = {name: value for name, value in locals().items() if name in names}
    given |= {"efficiency_isothermal": efficiency_isothermal, "Q_dewar": heat_leak, "impurity": impurity, "UA": ua}
    given |= {"ln2": ln2, "arrangement": arrangement, "turbines": turbines, "dewar_fills": filling}
    with progress_line():
        found = study.run(machine, given, optimise, objective)
        files = study.draw(found, out) + study.write_plant(found, plant_file)
    if as_json:
        print_json(found.as_dict() | {"files": [str(path) for path in files]})
    else:
        study.show(found)
        print(*files, sep="\n", end="\n" if files else "")


@app.command()
def machines(as_json: Json = False) -> None:
    """List the published machines, and what was published of them beside what our cycle gives."""
    from hetwin import machines as catalogue
    from hetwin.loading import progress_line
    from hetwin.show import print_json

    with progress_line():
        found = catalogue.list_machines()
    if as_json:
        print_json(found)
    else:
        catalogue.show(found)


@app.command()
def calibrate(
    machine: Annotated[str, typer.Argument(help="A published machine or the path of a specification.")],
    data: Annotated[Path, typer.Argument(help="Measured operating points, TOML or CSV.")],
    fit: Annotated[str | None, typer.Option(help="What to fit, with commas [turbine_efficiency,Q_dewar].")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the calibrated machine into this file.")] = None,
    as_json: Json = False,
) -> None:
    """Fit a machine to measured operating points: estimates, standard errors, and what the data cannot tell."""
    from hetwin import calibrate as study
    from hetwin.loading import progress_line
    from hetwin.show import print_json

    with progress_line():
        found = study.run(machine, data, fit, out)
    if as_json:
        print_json(found.as_dict())
    else:
        study.show(found)


@app.command("map")
def performance_map(
    machine: Annotated[str, typer.Argument(help="A published machine or the path of a specification.")],
    out: Annotated[Path | None, typer.Option(help="File of the map [out/MACHINE.map.json].")] = None,
    at: Annotated[str | None, typer.Option(help='Read one value: "suction=1.02 bar,purity=99 %,ln2=yes".')] = None,
    start_up: Annotated[bool, typer.Option("--start-up", help="Add start-ups of the dynamic model.")] = False,
    as_json: Json = False,
) -> None:
    """Make the performance map of a machine, or read it: litres, power, LN2 and losses at any conditions."""
    from hetwin import performance_map as study
    from hetwin.loading import progress_line
    from hetwin.show import print_json

    point = None if at is None else study.conditions(at)
    with progress_line():
        found, path = study.run(machine, out, point is None and not start_up, start_up)
    if point is not None:
        value = study.read(found, point)
        print_json(value) if as_json else study.show_point(value)
    elif as_json:
        print_json(found.as_dict() | {"file": str(path)})
    else:
        study.show(found, path)


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
def size(
    plant: Annotated[str, typer.Argument(help="A shipped plant or the path of a plant file.")] = "",
    years: Annotated[
        int, typer.Option(help="Years of the recommended design; designs are compared over fewer.")
    ] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of assumptions and chances.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report and of finished years [out/PLANT-size].")
    ] = None,
    lang: Annotated[str, typer.Option(help="Language of the report, en or ja.")] = "en",
    scenario: Annotated[str | None, typer.Option(help="A scenario of the plant file that holds for all years.")] = None,
    design: Annotated[
        list[str] | None, typer.Option(help='Leave these choices only, such as "BANK-H.count=20,30"; may be repeated.')
    ] = None,
    sampling: Annotated[str, typer.Option(help="sobol or lhs (Latin hypercube).")] = "sobol",
    workers: Annotated[int | None, typer.Option(help="Processes of this machine [one for each core].")] = None,
    scheduler: Annotated[str, typer.Option(help="Use the Dask cluster of this scheduler, tcp://host:8786.")] = "",
    units: Units = None,
    replay: Annotated[
        Path | None, typer.Option(help="Run the study of this manifest.json again and compare its files to the byte.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Size a network: which design loses and costs least in a year, and how sure that is; a report comes out."""
    from hetwin import size as study
    from hetwin import size_again, size_told
    from hetwin.show import print_json

    folder = out or Path("out") / f"{Path(plant).stem}-size"
    chosen, folders = tuple(design or ()), tuple(units or ())
    request = study.Request(plant, years, seed, folder, lang, folders, scenario, chosen, sampling, workers, scheduler)
    if replay is not None:
        request, found = size_again.replay(replay, request, out)
    else:
        found = study.run(request)
    if as_json:
        print_json(size_told.as_dict(found))
    else:
        size_told.show(found, request.lang)
    if replay is not None:
        size_again.compare(replay, request.out)


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
