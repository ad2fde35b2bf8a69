"""How exchangers and turbines are connected: the order in which the gas meets them.

`high` is the way of the high-pressure gas from the warm end to the JT valve, `low` the way of the return gas from the
dewar to the compressor. In `high` the name of a turbine is where gas branches off to it, in `low` where its exhaust
joins. `branches` names what the branched gas passes, if more than the turbine alone; "E3|E4" are two exchangers side by
side that share the return gas; "LN2" is the bath.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from twin.errors import nearest

BATH = "LN2"


@dataclass(frozen=True)
class Arrangement:
    """The order of equipment along the streams."""

    high: tuple[str, ...]
    low: tuple[str, ...]
    branches: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def branch(self, head: str) -> tuple[str, ...]:
        """What the gas passes that branches off at this turbine."""
        return self.branches.get(head, (head,))

    @property
    def heads(self) -> list[str]:
        """First turbine of each branch, from the warm end."""
        return [name for name in self.high if is_turbine(name)]

    @property
    def chains(self) -> list[list[str]]:
        """The turbines of each branch, in the order in which the gas meets them."""
        return [[step for step in self.branch(head) if is_turbine(step)] for head in self.heads]

    @property
    def turbines(self) -> list[str]:
        """All turbines, from the warm end."""
        return [name for chain in self.chains for name in chain]

    @property
    def exchangers(self) -> list[str]:
        """All exchangers, from the warm end."""
        found = {name for name in self.high if is_exchanger(name)}
        found |= {name for head in self.heads for name in self.branch(head) if is_exchanger(name)}
        return sorted(found, key=lambda name: (len(name), name))

    def place(self, step: str) -> int:
        """Number of the state point of the high-pressure stream before this step: 0 is the warm end."""
        return sum(not is_turbine(name) for name in self.high[: self.high.index(step)])

    @property
    def has_bath(self) -> bool:
        """Whether there is a place for LN2."""
        return BATH in self.high

    def problems(self) -> list[str]:
        """What is wrong with it, a clause each."""
        found = [f"{name}: neither an exchanger (E1), a turbine (T1) nor LN2" for name in self._all() if _odd(name)]
        cold = [name for place in self.low for name in place.split("|")]
        hot = [*self.high, *(name for head in self.heads for name in self.branch(head))]
        for name in sorted({*cold, *hot} - {BATH}):
            side = "the warmed stream (low)", "the cooled stream (high or a branch)"
            if is_exchanger(name):
                found += [
                    f"{name}: passed {n} times by {where}, expected once"
                    for n, where in zip((cold.count(name), hot.count(name)), side, strict=True)
                    if n != 1
                ]
            elif is_turbine(name) and (name in self.high) != (name in cold):
                found.append(f"{name}: branches off in high and joins in low, expected both or neither")
        found += [
            f"branches.{head}: not a turbine in high{nearest(head, self.heads)}"
            for head in self.branches
            if head not in self.heads
        ]
        found += [
            f"branches.{head}: begins with {way[0]}, expected {head}"
            for head, way in self.branches.items()
            if way[:1] != (head,)
        ]
        return found

    def _all(self) -> list[str]:
        places = [*self.high, *self.low, *(name for way in self.branches.values() for name in way)]
        return [name for place in places for name in place.split("|")]


def is_exchanger(name: str) -> bool:
    """Whether this names an exchanger."""
    return name[:1] == "E" and name[1:].isdigit()


def is_turbine(name: str) -> bool:
    """Whether this names a turbine."""
    return name[:1] == "T" and name[1:].isdigit()


def _odd(name: str) -> bool:
    return not (is_exchanger(name) or is_turbine(name) or name == BATH)


def collins(turbines: int = 2) -> Arrangement:
    """Turbines side by side, each between the pressures; its exhaust joins one exchanger further down.

    With two: E1, LN2, E2, branch to T1, E3, E4, branch to T2, E5, E6, JT valve (Collins 1947, with turbines).
    """
    high, low = ["E1", BATH, "E2"], ["E2", "E1"]
    for k in range(1, turbines + 1):
        beside, below = f"E{2 * k + 1}", f"E{2 * k + 2}"
        high += [f"T{k}", beside, below]
        low = [below, f"T{k}", beside, *low]
    return Arrangement(tuple(high), tuple(low))


def series(turbines: int = 2) -> Arrangement:
    """Turbine after turbine, cooled in between beside the JT stream, as in the L140 at FREIA (arXiv 2104.10435)."""
    high: tuple[str, ...]
    low: tuple[str, ...]
    if turbines == 1:
        return collins(1)
    if turbines == 2:
        high, low = ("E1", BATH, "E2", "T1", "E3", "E5"), ("E5", "T1", "E3|E4", "E2", "E1")
        return Arrangement(high, low, {"T1": ("T1", "E4", "T2")})
    high = ("E1", BATH, "E2", "T1", "E3", "E5", "E7")
    low = ("E7", "T1", "E5|E6", "E3|E4", "E2", "E1")
    return Arrangement(high, low, {"T1": ("T1", "E4", "T2", "E6", "T3")})


def three_way(turbines: int = 2) -> Arrangement:
    """Turbines in series; the gas between two is cooled in the third stream of a main exchanger.

    With two: five exchangers along the JT stream, and E6, the third stream of E3, between the turbines; the exhaust
    joins between E4 and E5. So much is published of the L140 at FREIA (arXiv 2104.10435): five counter-flow
    exchangers, three-way ones among them, two turbines. Where the exhaust joins is assumed.
    """
    if turbines == 1:
        return collins(1)
    beside = [(f"E{k + 3}", f"E{turbines + 4 + k}") for k in range(turbines - 1)]
    below, last = f"E{turbines + 2}", f"E{turbines + 3}"
    high = ("E1", BATH, "E2", "T1", *(main for main, _ in beside), below, last)
    low = (last, "T1", below, *(f"{main}|{third}" for main, third in reversed(beside)), "E2", "E1")
    chain = [step for k, (_, third) in enumerate(beside) for step in (third, f"T{k + 2}")]
    return Arrangement(high, low, {"T1": ("T1", *chain)})


ARRANGEMENTS = {"collins": collins, "series": series, "three_way": three_way}
