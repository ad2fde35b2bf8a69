"""`hetwin audit`: the record of who did what; and the lines that other commands add to it."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

audit = typer.Typer(help="The record of who did what.", no_args_is_help=True)


@audit.command()
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="The file that is written [out/PLANT/audit.jsonl]; the others are beside it.")
    ] = None,
    plant: Annotated[str, typer.Option("--plant", help="The plant that is served.")] = "teaching",
    with_hash: Annotated[str, typer.Option("--hash", help="Also look for a line with this hash.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Follow the chain of hashes through all files of a log; say where it breaks or what is missing."""
    from hetwin.show import print_json
    from opcua_server.audit_chain import examine

    file = file or Path("out") / Path(plant).stem / "audit.jsonl"
    found = examine(file, with_hash.strip().lower())
    if as_json:
        print_json(vars(found) | {"file": str(file)})
        return
    files = "1 file" if found.files == 1 else f"{found.files} files"
    pruned = f" Files up to number {found.pruned} were deleted because of their age." if found.pruned else ""
    print(f"{file}: {found.lines} lines in {files}, the chain is whole.{pruned} Last hash: {found.last}")


@contextmanager
def on_record(pki: Path) -> Iterator[Callable[..., None]]:
    """Write what is decided into the audit log of the server with this folder of certificates.

    The log is opened first, so that nothing is decided off the record.
    """
    from opcua_server.audit import AuditLog
    from opcua_server.security import audit_of

    log = AuditLog(audit_of(pki))

    def note(event: str, **said: Any) -> None:
        log.append(event, by=_operator(), **said)

    try:
        yield note
    finally:
        log.close()


def _operator() -> str:
    """Who types the command, as the system knows them; behind sudo, who called it."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return "unknown"
