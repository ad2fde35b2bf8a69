"""The `hetwin` command to which others are added, and the options that several of them have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="hetwin",
    help="A digital twin of helium recovery networks: from magnet boil-off to liquid, on OPC UA.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

PlantName = Annotated[str, typer.Argument(help="A shipped plant or the path of a plant file.")]
Units = Annotated[list[Path] | None, typer.Option("--units", help="Folder with kinds of equipment of your own.")]
Step = Annotated[str | None, typer.Option("--step", help='Step of the model, such as "0.5 s".')]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Snapshot = Annotated[Path | None, typer.Option("--snapshot", help="Start from this snapshot.")]
