"""`hetwin trust`, `hetwin user`, `hetwin audit`: who may connect to a secured server, and what was done there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from opcua_server.users import Users

trust = typer.Typer(help="Certificates of clients: list, accept, reject, add, remove.", no_args_is_help=True)
user = typer.Typer(help="Users of a secured server: list, add, password, remove.", no_args_is_help=True)
audit = typer.Typer(help="The record of who did what.", no_args_is_help=True)

Plant = Annotated[str, typer.Option("--plant", help="The plant that is served; its folder is out/PLANT/pki.")]
Pki = Annotated[Path | None, typer.Option("--pki", help="Folder of certificates and users [out/PLANT/pki].")]
Which = Annotated[str, typer.Argument(help="Thumbprint, or how it begins.")]
Name = Annotated[str, typer.Argument(help="Name of the user.")]
Stdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

COLUMNS = ("thumbprint", "name", "application", "until", "trusted")


def folder(plant: str, pki: Path | None) -> Path:
    """Where a served plant keeps its certificates and users."""
    return pki or Path("out") / Path(plant).stem / "pki"


@trust.command("list")
def list_certificates(plant: Plant = "teaching", pki: Pki = None, as_json: Json = False) -> None:
    """Show trusted and rejected certificates."""
    from hetwin.show import print_json, print_table
    from opcua_server.trust import TrustList

    rows = [entry.as_dict() for entry in TrustList(folder(plant, pki)).entries()]
    if as_json:
        print_json(rows)
    else:
        print_table(COLUMNS, [[str(row[column]) for column in COLUMNS] for row in rows])


@trust.command()
def accept(which: Which, plant: Plant = "teaching", pki: Pki = None) -> None:
    """Let a rejected client connect from now on."""
    from opcua_server.trust import TrustList

    entry = TrustList(folder(plant, pki)).accept(which)
    print(f"Trusted: {entry.as_dict()['name']}, {entry.thumbprint}.")


@trust.command()
def reject(which: Which, plant: Plant = "teaching", pki: Pki = None) -> None:
    """Let a trusted client connect no longer."""
    from opcua_server.trust import TrustList

    entry = TrustList(folder(plant, pki)).reject(which)
    print(f"Rejected: {entry.as_dict()['name']}, {entry.thumbprint}. Sessions that are open stay open.")


@trust.command("add")
def add_certificate(
    file: Annotated[Path, typer.Argument(help="Certificate in DER or PEM.")], plant: Plant = "teaching", pki: Pki = None
) -> None:
    """Trust the certificate in a file: a client, or an authority whose clients may connect."""
    from opcua_server.trust import TrustList

    entry = TrustList(folder(plant, pki)).add(file)
    print(f"Trusted: {entry.as_dict()['name']}, {entry.thumbprint}.")


@trust.command("remove")
def remove_certificate(which: Which, plant: Plant = "teaching", pki: Pki = None) -> None:
    """Forget a certificate, trusted or not."""
    from opcua_server.trust import TrustList

    entry = TrustList(folder(plant, pki)).remove(which)
    print(f"Removed: {entry.as_dict()['name']}, {entry.thumbprint}.")


@user.command("list")
def list_users(plant: Plant = "teaching", pki: Pki = None, as_json: Json = False) -> None:
    """Show users and roles."""
    from hetwin.show import print_json, print_table

    rows = [
        {"user": found.name, "role": found.role.word, "password": bool(found.hash), "certificate": found.thumbprint}
        for found in _users(plant, pki).all().values()
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(("user", "role", "password", "certificate"), [[str(cell) for cell in row.values()] for row in rows])


@user.command("add")
def add_user(
    name: Name,
    role: Annotated[str, typer.Option(help="observer, operator, engineer or instructor.")] = "observer",
    certificate: Annotated[Path | None, typer.Option(help="Log in with this certificate, no password.")] = None,
    password_stdin: Stdin = False,
    plant: Plant = "teaching",
    pki: Pki = None,
) -> None:
    """Add a user, who logs in with a password or a certificate."""
    password = None if certificate is not None else _password(password_stdin)
    thumbprint = "" if certificate is None else _thumbprint(certificate)
    account = _users(plant, pki).add(name, role, password, thumbprint)
    print(f"Added: {account.name}, {account.role.word}.")


@user.command("password")
def change_password(name: Name, password_stdin: Stdin = False, plant: Plant = "teaching", pki: Pki = None) -> None:
    """Give a user a new password."""
    _users(plant, pki).set_password(name, _password(password_stdin))
    print(f"Changed: the password of {name}.")


@user.command("remove")
def remove_user(name: Name, plant: Plant = "teaching", pki: Pki = None) -> None:
    """Remove a user; sessions that are open stay open."""
    _users(plant, pki).remove(name)
    print(f"Removed: {name}.")


@audit.command()
def verify(file: Annotated[Path, typer.Argument(help="An audit log, such as out/PLANT/audit.jsonl.")]) -> None:
    """Check the chain of hashes; say where it breaks."""
    from opcua_server.audit import verify as check

    print(f"{file}: {check(file)} lines, the chain is whole.")


def _users(plant: str, pki: Path | None) -> Users:
    from opcua_server.users import Users

    return Users(folder(plant, pki) / "users.json")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


def _thumbprint(file: Path) -> str:
    from cryptography.hazmat.primitives import hashes

    from opcua_server.errors import UnknownCertificate
    from opcua_server.trust import load_certificate

    try:
        return load_certificate(file).fingerprint(hashes.SHA256()).hex()
    except ValueError as problem:
        raise UnknownCertificate(f"{file} is no certificate in DER or PEM: {problem}.") from None
