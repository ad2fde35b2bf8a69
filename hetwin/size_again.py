"""`hetwin size --replay`: the study of a manifest again, refused where it could not give the same bytes."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hetwin.exits import BadInput

if TYPE_CHECKING:
    from hetwin.size import Found, Request

SINGLE = {"--years": "years", "--seed": "seed", "--sampling": "method", "--lang": "lang", "--scenario": "scenario"}
SEVERAL = {"--design": "designs", "--units": "units"}


def replay(path: Path, given: Request, out: Path | None) -> tuple[Request, Found]:
    """Run it; what the manifest does not say (workers, scheduler) is as given."""
    from hetwin.size import run

    if given.plant:
        raise BadInput(f"--replay: {path} names its plant; leave {given.plant} out.")
    manifest = read(path)
    folder = out or path.parent.with_name(f"{path.parent.name}-replay")
    if folder.resolve() == path.parent.resolve():
        raise BadInput(f"--out: {folder} holds the study that is replayed; choose another folder.")
    request = replace(given, out=folder, **asked(manifest, path))
    same_versions(manifest, path)

    def check(digest: str, inputs: Mapping[str, str]) -> None:
        same_inputs(manifest, path, digest, inputs)

    return request, run(request, check)


def read(path: Path) -> dict[str, Any]:
    """A manifest of a report."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict) or not {"command", "inputs", "versions", "files", "model_digest"} <= set(found):
        raise BadInput(f"--replay: {path} is not the manifest.json of a report of hetwin size.")
    return found


def asked(manifest: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The fields of the request that its command says."""
    _, _, plant, *words = manifest["command"]
    found: dict[str, Any] = {"plant": plant}
    for option, word in zip(words[::2], words[1::2], strict=True):
        if option in SINGLE:
            found[SINGLE[option]] = int(word) if option in ("--years", "--seed") else word
        elif option in SEVERAL:
            value = Path(word) if option == "--units" else word
            found[SEVERAL[option]] = (*found.get(SEVERAL[option], ()), value)
        else:
            raise BadInput(f"--replay: {path}: this version of hetwin size knows no option {option}.")
    return found


def same_versions(manifest: Mapping[str, Any], path: Path) -> None:
    """Refuse other versions of what computes and writes; numbers and fonts come from them."""
    from twin.studies.sizing.report.files import versions
    from twin.studies.sizing.report.plots import japanese_font

    here = {**versions(), "font": japanese_font() if manifest["lang"] == "ja" else None}
    there = {**manifest["versions"], "font": manifest["font"]}
    other = [f"{name} {there.get(name)} (here {here.get(name)})" for name in there if there[name] != here.get(name)]
    if other:
        raise BadInput(f"--replay: {path} was made with {', '.join(other)}; install that, or run its command anew.")


def same_inputs(manifest: Mapping[str, Any], path: Path, digest: str, inputs: Mapping[str, str]) -> None:
    """Refuse a plant file, series or map that is not what the study was made from."""
    there = manifest["inputs"]
    other = sorted({*there, *inputs} - {name for name in there if there[name] == inputs.get(name)})
    if other:
        verb = "is" if len(other) == 1 else "are"
        raise BadInput(f"--replay: {', '.join(other)} {verb} not what {path} was made from; bring that back.")
    if digest != manifest["model_digest"]:
        raise BadInput(
            f"--replay: the model is not the one of {path} (digest {manifest['model_digest']}, here {digest}): "
            "its kinds of equipment, machines or code have changed."
        )


def compare(path: Path, folder: Path) -> None:
    """Say whether all files are the same to the byte; raises BadInput if one is not."""
    from twin.studies.sizing.report.files import sha256

    files = read(path)["files"]
    other = [name for name, digest in files.items() if sha256(folder / name) != digest]
    if other:
        raise BadInput(f"--replay: {', '.join(other)} in {folder} differ from those of {path}.")
    print(f"All {len(files)} files are those of {path}, to the byte.", file=sys.stderr)
