"""Compiling from the far end: all of the time loop is found, and types of the arguments are right."""

from thermo.jit import Inner
from twin.ahead import TIME_LOOP, calls, compile_backwards
from twin.compile import compile_plant
from twin.plant_file import load_spec


def test_all_that_the_time_loop_calls_is_compiled_backwards() -> None:
    compiled = compile_plant(load_spec("byu"))
    done = compile_backwards(compiled)
    called = [name for name, _ in calls() if isinstance(getattr(compiled.chain, name, None), Inner)]
    assert set(done) == set(called) - set(TIME_LOOP)
    assert done[0] == "update_units"
    assert done.index("carry_impurities") < done.index("march_walls") < done.index("evaluate_units")


def test_the_plant_uses_what_was_compiled_ahead() -> None:
    compiled = compile_plant(load_spec("byu"))
    compile_backwards(compiled)
    before = {name: len(getattr(compiled.chain, name).dispatcher.overloads) for name in compile_backwards(compiled)}
    compiled.chain.step(compiled.model, compiled.data, 0)
    after = {name: len(getattr(compiled.chain, name).dispatcher.overloads) for name in before}
    assert after == before
