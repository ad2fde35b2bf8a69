"""Compile a chain from its far end, in a process of its own, while the plant that needs it compiles from the near end.

python -m twin.ahead PLANT [FOLDER_OF_KINDS ...]

Both write into the same cache and find there what the other has done, so that on two cores a very first start takes
little more than half the time (`hetwin bench start`). What cannot be compiled by itself is left to the other process.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numba
from numba.core.errors import NumbaError

import twin.step
from thermo.jit import Inner
from twin.compile import Compiled, compile_plant
from twin.plant_file import load_spec

TIME_LOOP = ("advance", "step")
"""Functions of twin/step.py whose calls are compiled, the last call first."""

NUMBERS = {"n": 1, "part": 1, "left": 1, "error": 1.0, "dt": 1.0, "t": 1.0, "stage": 1}
"""Their local numbers, for the types."""


def compile_backwards(compiled: Compiled) -> list[str]:
    """Compile what the time loop calls; the names, in the order done."""
    known = vars(compiled.chain) | {"m": compiled.model, "d": compiled.data} | NUMBERS
    done: list[str] = []
    for name, arguments in reversed(calls()):
        function = getattr(compiled.chain, name, None)
        if not isinstance(function, Inner) or name in done or name in TIME_LOOP:
            continue
        given = [eval(compile(argument, name, "eval"), known) for argument in arguments]
        try:
            function.dispatcher.compile(tuple(numba.typeof(value) for value in given))
        except NumbaError:
            continue
        done.append(name)
    return done


def calls() -> list[tuple[str, list[ast.Expression]]]:
    """Every call of the time loop by name, as written: (name, arguments)."""
    tree = ast.parse(Path(str(twin.step.__file__)).read_text())
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found = [
        node
        for name in TIME_LOOP
        for statement in functions[name].body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    found.sort(key=lambda node: node.lineno if node.lineno > functions["advance"].lineno else 10**6 + node.lineno)
    return [(_name(node), [ast.Expression(argument) for argument in node.args]) for node in found]


def _name(node: ast.Call) -> str:
    assert isinstance(node.func, ast.Name)
    return node.func.id


def main(arguments: list[str]) -> None:
    """The process: a plant by name or file, and folders of further kinds."""
    plant, *folders = arguments
    compile_backwards(compile_plant(load_spec(plant, folders)))


if __name__ == "__main__":
    main(sys.argv[1:])
