"""What the documentation's build writes by itself: the kinds of equipment, from the cards that the solver uses."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from twin.kinds import load_kinds
from twin.quantities import convert, display_unit
from twin.unit import KINDS, PHASES, Kind

HEAD = """# Kinds of equipment

Written from the sources when this documentation was built. Every kind is one file; a kind of your own is one more, in a
folder that `--units` names.
"""


def on_config(config: Any) -> Any:
    """Every decision record is in the navigation."""
    folder = Path(config.docs_dir)
    records = sorted(folder.glob("decisions/*.md"))
    config.nav.append({"Decisions": [{_title(path): str(path.relative_to(folder))} for path in records]})
    return config


def _title(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")


def on_files(files: Files, config: Any) -> Files:
    """Add the page to those in docs/."""
    load_kinds()
    files.append(File.generated(config, "kinds.md", content=kinds_page()))
    return files


def kinds_page() -> str:
    """All kinds, by what they are."""
    lines = [HEAD]
    for phase in PHASES:
        kinds = sorted((kind for kind in KINDS.values() if kind.phase == phase), key=lambda kind: kind.name)
        if kinds:
            lines.append(f"\n## {phase.capitalize()}\n")
            lines += [_section(kind) for kind in kinds]
    return "\n".join(lines)


def _section(kind: Kind) -> str:
    lines = [f"### {kind.name}", "", kind.summary, "", "| field | unit | meaning | default |", "|---|---|---|---|"]
    for name, field in {**kind.ports, **kind.wires, **kind.params}.items():
        unit = field.metadata.get("unit", "port" if "port" in field.metadata else "tag")
        lines.append(f"| `{name}` | {unit} | {field.metadata['text']} | {_default(field)} |")
    if kind.quantities:
        lines += ["", "| tag | role | unit | meaning |", "|---|---|---|---|"]
        lines += [f"| `{name}` | {q.role} | {q.unit} | {_meaning(q)} |" for name, q in kind.quantities.items()]
    for name, action in kind.actions.items():
        lines += ["", f"Action `{name}`: {(action.__doc__ or '').strip().partition(chr(10))[0]}"]
    return "\n".join([*lines, ""])


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is dataclasses.MISSING:
        return "required"
    if isinstance(field.default, float) and field.metadata.get("unit", "@")[0] != "@":
        si_unit = field.metadata["unit"]
        unit = display_unit(field.default, si_unit)
        number = field.default if unit == si_unit else convert(field.default, si_unit, unit)
        return f"{number:.6g} {unit}".removesuffix(" 1")
    return str(field.default) if field.default not in ("", None, ()) else ""


def _meaning(quantity: Any) -> str:
    labels = ", ".join(f"{i} {label}" for i, label in enumerate(quantity.labels))
    return f"{quantity.text} ({labels})" if labels else quantity.text
