"""What a kind must not be called, and what it must not ask for."""

from dataclasses import dataclass

import pytest

from twin.unit import KINDS, Input, Param, unit_operation


def register(card, kernel=None):
    return unit_operation("test_only", kernel=kernel)(card)


@pytest.mark.parametrize("field", ["param", "tag"])
def test_a_name_that_numpy_keeps_for_itself_is_refused(field):
    """Without compilation a kernel reads NumPy's records, where `s.fill` would be a method."""

    @dataclass(frozen=True)
    class WithParam:
        size: float = Param("m", "a length")

    @dataclass(frozen=True)
    class WithTag:
        fill = Input("1", "an opening")

    with pytest.raises(TypeError, match=r"records of NumPy have \['(size|fill)'\] of their own"):
        register(WithParam if field == "param" else WithTag)
    assert "test_only" not in KINDS


def test_one_name_for_a_parameter_and_a_tag_is_refused():
    @dataclass(frozen=True)
    class Twice:
        level: float = Param("1", "level")

    Twice.level = Input("1", "level")
    with pytest.raises(TypeError, match="both parameters and tags"):
        register(Twice)


def test_a_kernel_may_ask_only_for_what_there_is():
    @dataclass(frozen=True)
    class Empty:
        pass

    def kernel(par, weather):
        """Asks for too much."""

    with pytest.raises(TypeError, match=r"asks for \['weather'\]"):
        register(Empty, kernel)
