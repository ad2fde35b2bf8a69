"""`hetwin trust` and `hetwin user`: who may connect to a secured server. A running server follows within a second."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hetwin.audit import on_record

if TYPE_CHECKING:
    from opcua_server.trust import Entry, TrustList
    from opcua_server.users import Users

trust = typer.Typer(help="Certificates of clients and of the server itself.", no_args_is_help=True)
user = typer.Typer(help="Users of a secured server: list, add, password, role, remove.", no_args_is_help=True)

Plant = Annotated[str, typer.Option("--plant", help="The plant that is served; its folder is out/PLANT/pki.")]
Pki = Annotated[Path | None, typer.Option("--pki", help="Folder of certificates and users [out/PLANT/pki].")]
Which = Annotated[str, typer.Argument(help="Thumbprint, or how it begins.")]
Name = Annotated[str, typer.Argument(help="Name of the user.")]
Stdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

COLUMNS = ("thumbprint", "name", "application", "until", "trusted", "authority")


def folder(plant: str, pki: Path | None) -> Path:
    """Where a served plant keeps its certificates and users."""
    return pki or Path("out") / Path(plant).stem / "pki"


@trust.command("list")
def list_certificates(plant: Plant = "teaching", pki: Pki = None, as_json: Json = False) -> None:
    """Show trusted and rejected certificates, and those of authorities."""
    from hetwin.show import print_json, print_table

    rows = [entry.as_dict() for entry in _list(plant, pki).entries()]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(COLUMNS, [[_yes(row[column]) for column in COLUMNS] for row in rows])
    else:
        print(f"No certificate is in {folder(plant, pki)} yet: a client that connects is kept there for your decision.")


@trust.command()
def accept(which: Which, plant: Plant = "teaching", pki: Pki = None) -> None:
    """Let a rejected client connect from now on."""
    found = _list(plant, pki)
    with on_record(folder(plant, pki)) as note:
        entry = found.accept(which)
        note("certificate trusted", **_about(entry))
    print(f"Trusted: {entry.label}.")


@trust.command()
def reject(which: Which, plant: Plant = "teaching", pki: Pki = None) -> None:
    """Let a trusted client connect no longer."""
    found = _list(plant, pki)
    with on_record(folder(plant, pki)) as note:
        entry = found.reject(which)
        note("certificate rejected", **_about(entry))
    print(f"Rejected: {entry.label}. A running server ends its sessions within a second.")


@trust.command("add")
def add_certificate(
    file: Annotated[Path, typer.Argument(help="Certificate in DER or PEM.")],
    issuer: Annotated[
        bool, typer.Option("--issuer", help="An authority between a trusted one and its clients; trusts nobody.")
    ] = False,
    plant: Plant = "teaching",
    pki: Pki = None,
) -> None:
    """Trust the certificate in a file: a client, or an authority whose clients may connect."""
    from opcua_server.trust import TrustList

    with on_record(folder(plant, pki)) as note:
        entry = TrustList(folder(plant, pki)).add(file, issuer)
        note("issuer added" if issuer else "certificate trusted", **_about(entry))
    print(f"{'Known as an authority' if issuer else 'Trusted'}: {entry.label}.")


@trust.command("crl")
def add_list(
    file: Annotated[Path, typer.Argument(help="Revocation list of a known authority, in DER or PEM.")],
    plant: Plant = "teaching",
    pki: Pki = None,
) -> None:
    """Take an authority's list of certificates that it has revoked, in place of its older one."""
    found = _list(plant, pki)
    with on_record(folder(plant, pki)) as note:
        authority, number = found.add_list(file)
        note("revocation list taken", revoked=number, **_about(authority))
    what = "1 certificate is" if number == 1 else f"{number} certificates are"
    print(f"Taken: {what} revoked by {authority.label}. A running server ends their sessions within a second.")


@trust.command("remove")
def remove_certificate(which: Which, plant: Plant = "teaching", pki: Pki = None) -> None:
    """Forget a certificate, trusted or not."""
    found = _list(plant, pki)
    with on_record(folder(plant, pki)) as note:
        entry = found.remove(which)
        note("certificate removed", **_about(entry))
    print(f"Removed: {entry.label}.")


@trust.command()
def own(plant: Plant = "teaching", pki: Pki = None, as_json: Json = False) -> None:
    """Show the server's own certificate."""
    from hetwin.show import print_json
    from opcua_server.certificates import CERTIFICATE, expiry_warning, host_names
    from opcua_server.errors import BadCertificate
    from opcua_server.trust import Entry, load_certificate

    file = folder(plant, pki) / "own" / CERTIFICATE
    if not file.exists():
        raise BadCertificate(f"There is no certificate in {file.parent} yet; the first start with --secure makes one.")
    certificate = load_certificate(file)
    about = {name: text for name, text in Entry(file, certificate).as_dict().items() if name in COLUMNS[:4]}
    if as_json:
        print_json(about | {"hosts": host_names(certificate), "file": str(file)})
        return
    print(*(f"{name:12}{text}" for name, text in about.items()), sep="\n")
    print(f"{'hosts':12}{', '.join(host_names(certificate))}\n{'file':12}{file}")
    if warning := expiry_warning(certificate):
        print(warning)


@trust.command()
def renew(
    host: Annotated[str, typer.Option(help="Name or address under which clients find the server, to be added.")] = "",
    plant: Plant = "teaching",
    pki: Pki = None,
) -> None:
    """Make a new certificate for the server, valid for five years; clients have to trust it anew."""
    from opcua_server.certificates import renew as make
    from opcua_server.certificates import thumbprint

    with on_record(folder(plant, pki)) as note:
        made = make(folder(plant, pki) / "own", host)
        note("certificate renewed", certificate=thumbprint(made), until=f"{made.not_valid_after_utc:%Y-%m-%d}")
    print(
        f"Renewed: {thumbprint(made)}, until {made.not_valid_after_utc:%Y-%m-%d}. A running server shows it to whoever "
        "connects from now on; clients have to trust it anew. The old pair is kept beside it."
    )


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
    elif rows:
        heads = ("user", "role", "password", "certificate")
        print_table(heads, [[_yes(cell) for cell in row.values()] for row in rows])
    else:
        print(f"No user is in {folder(plant, pki)} yet; `hetwin user add NAME --role operator` adds one.")


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
    with on_record(folder(plant, pki)) as note:
        account = _users(plant, pki).add(name, role, password, thumbprint)
        note("user added", user=name, role=account.role.word, certificate=thumbprint)
    print(f"Added: {account.name}, {account.role.word}.")


@user.command("password")
def change_password(name: Name, password_stdin: Stdin = False, plant: Plant = "teaching", pki: Pki = None) -> None:
    """Give a user a new password; sessions that are open are ended."""
    users = _users(plant, pki)
    users.known(name)
    password = _password(password_stdin)
    with on_record(folder(plant, pki)) as note:
        users.set_password(name, password)
        note("password changed", user=name)
    print(f"Changed: the password of {name}. A running server ends the user's sessions within a second.")


@user.command("role")
def change_role(
    name: Name,
    role: Annotated[str, typer.Argument(help="observer, operator, engineer or instructor.")],
    plant: Plant = "teaching",
    pki: Pki = None,
) -> None:
    """Give a user another role."""
    users = _users(plant, pki)
    with on_record(folder(plant, pki)) as note:
        before, account = users.known(name).role, users.set_role(name, role)
        note("role given", user=name, role=account.role.word, before=before.word)
    print(f"Changed: {name} is {account.role.word}, was {before.word}. Open sessions follow within a second.")


@user.command("remove")
def remove_user(name: Name, plant: Plant = "teaching", pki: Pki = None) -> None:
    """Remove a user; sessions that are open are ended."""
    with on_record(folder(plant, pki)) as note:
        _users(plant, pki).remove(name)
        note("user removed", user=name)
    print(f"Removed: {name}. A running server ends the user's sessions within a second.")


def _list(plant: str, pki: Path | None) -> TrustList:
    """The trust list of a server that has been started. Raises BadInput if there is none."""
    from hetwin.exits import BadInput
    from opcua_server.trust import TrustList

    place = folder(plant, pki)
    if not place.is_dir():
        raise BadInput(
            f"There is no folder {place}: `hetwin serve {plant} --secure` makes it; --plant or --pki say which."
        )
    return TrustList(place)


def _about(entry: Entry) -> dict[str, object]:
    """A certificate in the audit log."""
    return {"certificate": entry.thumbprint, "name": entry.as_dict()["name"]}


def _yes(cell: object) -> str:
    return {True: "yes", False: "no"}[cell] if isinstance(cell, bool) else str(cell)


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
