"""Plant file -> constant model, process image and tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.chain import load_chain
from twin.elimination import Pattern
from twin.image import lay_out_image
from twin.layout import collect
from twin.plant_file import PlantSpec, UnitSpec
from twin.records import CELL_WORK
from twin.start import start_cells, start_nodes
from twin.tags import Tags
from twin.unit import SPECIES, Link
from twin.wiring import kind_table, number_rows, wire_flows

STATE = np.dtype([("value", "i8"), ("rate", "i8"), ("stiff", "i8")])


@dataclass
class Compiled:
    """What a plant file became: the chain's module, its model and data, and the tags."""

    chain: Any
    model: Any
    data: Any
    tags: Tags
    node_names: list[str]
    links: list[tuple[UnitSpec, Link]]
    wall_names: list[str]


def compile_plant(spec: PlantSpec) -> Compiled:
    """Compile a checked plant file. Raises PlantFileError with one sentence."""
    layout = collect(spec)
    chain = load_chain(layout.kinds)
    image, views, tags = lay_out_image(layout)
    node_card, pattern = number_rows(layout)
    link, wall = wire_flows(layout, node_card, pattern)

    model = {
        "dt": spec.step,
        "node_first": views["node first"],
        "cell_first": views["cell first"],
        "node_card": node_card,
        "program": pattern.program(),
        "state": state_table(views["fields"]),
    }
    data = _scratch(image, views, node_card, pattern, link, wall, len(model["state"]))
    for kind in layout.kinds:
        model[f"u_{kind.name}"] = kind_table(layout, kind, tags, views["spare first"])
        data[f"s_{kind.name}"] = views["s"][kind.name]

    start_nodes(layout, node_card, views["node"])
    start_cells(layout, wall, views["cell"])
    return Compiled(
        chain=chain,
        model=chain.Model(**model),
        data=chain.Data(**data),
        tags=tags,
        node_names=[name for name, _, _ in layout.nodes],
        links=layout.links,
        wall_names=[f"{unit.name}.{name}" for unit, name, _ in layout.walls],
    )


def _scratch(
    image: np.ndarray, views: dict[str, Any], card: Any, pattern: Pattern, link: Any, wall: Any, n: int
) -> dict[str, Any]:
    """Everything else that `step` writes."""
    rows, nodes = pattern.n, len(card)
    return {
        "image": image,
        "saved": image.copy(),
        "clock": views["clock"][0],
        "node": views["node"],
        "cell": views["cell"],
        "link_total": views["link_total"],
        "wall_total": views["wall_total"],
        "link": link,
        "wall": wall,
        "work": np.zeros(len(views["cell"]), CELL_WORK).view(np.recarray),
        "blocks": np.zeros((pattern.waste + 1, 4)),
        "inverse": np.zeros((rows, 4)),
        "rhs": np.zeros((rows + 1, 2)),
        "delta": np.zeros((rows + 1, 2)),
        "species_blocks": np.zeros((pattern.waste + 1, len(SPECIES))),
        "species_rhs": np.zeros((rows + 1, len(SPECIES))),
        "h_lin": np.zeros(nodes),
        "stage": np.zeros((nodes + len(views["cell"]), 2)),
        "q_1": np.zeros(nodes),
        "q_eff": np.zeros(nodes),
        "k_lin": np.zeros(3 * nodes),
        "state_rate": np.zeros(n),
        "state_decay": np.ones(n),
    }


def state_table(fields: list[tuple[int, int, int]]) -> Any:
    return np.array(fields, dtype=STATE).view(np.recarray)
