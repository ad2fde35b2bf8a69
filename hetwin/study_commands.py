"""Commands that ask what a machine or a network would do, without serving it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hetwin.app import Json, Units

studies = typer.Typer()


@studies.command()
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


@studies.command()
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


@studies.command()
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


@studies.command()
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


@studies.command("map")
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


@studies.command()
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
