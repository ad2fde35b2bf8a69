"""What the pictures of a design show: read back from the lines, texts and polygons that were drawn."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text

from hetwin.cli import main
from thermo.eos import T_CRITICAL
from thermo.helium import h_ps, h_pT, s_ph, s_pT
from twin.studies.design import cycle as c
from twin.studies.design.design_file import make_design
from twin.studies.design.pictures import PICTURES, draw, draw_all
from twin.studies.design.pictures.curves import sweep, with_effectiveness, with_fraction, with_p_high
from twin.studies.design.pictures.grassmann import BAND, losses
from twin.studies.design.pictures.heat_curves import temperatures
from twin.studies.design.pictures.style import save, spread
from twin.studies.design.result import Result, solve_design

CASES = {
    "collins": {},
    "collins without LN2": {"ln2": False},
    "three turbines": {"number_of_turbines": 3},
    "one turbine without LN2": {"number_of_turbines": 1, "ln2": False},
    "series": {"arrangement": "series"},
    "three in series without LN2": {"arrangement": "series", "number_of_turbines": 3, "ln2": False},
    "with pressure drops": {"exchangers": {"dp_high": 0.01, "dp_low": 0.005}},
}


@pytest.fixture(scope="module", params=CASES)
def result(request: pytest.FixtureRequest) -> Result:
    return solve_design(make_design(CASES[request.param]))


@pytest.fixture(scope="module")
def collins() -> Result:
    return solve_design(make_design({}))


@pytest.fixture(scope="module")
def curves(collins: Result) -> Figure:
    return draw("curves", collins)


def line(axis: Axes, name: str) -> Line2D:
    (found,) = (one for one in axis.lines if one.get_gid() == name)
    return found


def data(axis: Axes, name: str) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.asarray(values, float) for values in line(axis, name).get_data())


# Temperature over entropy.


def test_ts_has_units_and_a_logarithmic_temperature(result: Result) -> None:
    (axis,) = draw("ts", result).axes
    assert axis.get_yscale() == "log"
    assert axis.get_ylabel() == "temperature [K]"
    assert axis.get_xlabel().endswith("[kJ/(kg K)]")


def test_the_dome_passes_through_the_critical_point(collins: Result) -> None:
    (axis,) = draw("ts", collins).axes
    (s, temp), (s_critical, T_critical) = data(axis, "dome"), data(axis, "critical point")
    assert T_critical[0] == T_CRITICAL
    assert temp.max() == pytest.approx(T_CRITICAL, rel=1e-6)
    top = int(temp.argmax())
    # the curve is flat there: its last cells, 1e-9 of the pressure below, are 1e-3 kJ/(kg K) wide
    assert s[top] == pytest.approx(s_critical[0], abs=2e-3)
    assert np.all(np.diff(s) > 0.0)


def test_points_of_the_cycle_lie_on_its_streams(result: Result) -> None:
    (axis,) = draw("ts", result).axes
    drawn = np.hstack([line.get_data() for line in axis.lines if line.get_gid() not in (None, "points", "dome")])
    for point in result.points:
        distance = np.hypot(drawn[0] - point.s / 1e3, np.log(drawn[1] / point.temp))
        assert np.nanmin(distance) < 1e-6, point.name


def test_isobars_are_those_of_the_machine(collins: Result) -> None:
    (axis,) = draw("ts", collins).axes
    m = collins.design.machine
    for name, p in (("high", m.p_high), ("low", m.p_low), ("dewar", m.p_dewar)):
        s, temp = data(axis, f"isobar {name}")
        assert s[-1] * 1e3 == pytest.approx(s_pT(p, temp[-1]), rel=1e-12)


def test_the_ideal_of_a_turbine_is_isentropic_and_colder(result: Result) -> None:
    (axis,) = draw("ts", result).axes
    for turbine in result.turbines:
        s, temp = data(axis, f"{turbine.name} ideal")
        a, b = result.point(f"{turbine.name}.in"), result.point(f"{turbine.name}.out")
        assert s[0] == s[1] == a.s / 1e3
        assert temp[1] <= b.temp  # equal where both are wet
        if b.p < 1.01 * result.design.machine.p_low and temp[1] > 4.5:
            dh = (a.h - b.h) / (a.h - h_pT(b.p, temp[1]))
            assert dh == pytest.approx(turbine.efficiency, rel=1e-6)
        assert a.h - turbine.efficiency * (a.h - h_ps(b.p, a.s)) == pytest.approx(b.h, rel=1e-9)


def test_the_JT_line_keeps_its_enthalpy(collins: Result) -> None:
    (axis,) = draw("ts", collins).axes
    s, temp = (values[:80] for values in data(axis, "JT valve, dewar"))
    p = np.linspace(13e5, 1.2e5, 80)
    h = collins.point("JT.out").h
    assert s * 1e3 == pytest.approx(s_ph(p, np.full(80, h)), rel=1e-9)
    assert temp[-1] == pytest.approx(collins.point("JT.out").temp, rel=1e-9)


def test_every_point_is_named_once(result: Result) -> None:
    (axis,) = draw("ts", result).axes
    names = ", ".join(text.get_text() for text in axis.texts if str(text.get_gid()).startswith("name ")).split(", ")
    assert sorted(names) == sorted(point.name for point in result.points)


def test_no_label_lies_on_another_or_outside(result: Result) -> None:
    figure = draw("ts", result)
    figure.draw_without_rendering()
    (axis,) = figure.axes
    boxes = {text.get_text(): Text.get_window_extent(text) for text in axis.texts if isinstance(text, Annotation)}
    boxes["legend"] = axis.get_legend().get_window_extent()
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        shared = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert min(shared) <= 1.0, (one, other, shared)  # a pixel: boxes are taller than their letters
    for name, box in boxes.items():
        assert axis.bbox.x0 <= box.x0 and box.x1 <= axis.bbox.x1, name


def test_labels_keep_their_distance_and_move_no_further_than_they_must() -> None:
    assert spread(np.array([0.0, 100.0, 1.0]), 10.0).tolist() == [-4.5, 100.0, 5.5]


# Temperature over heat.


def test_every_exchanger_has_a_panel_with_its_pinch(result: Result) -> None:
    figure = draw("tq", result)
    assert len(figure.axes) == 2 * len(result.exchangers)
    for k, found in enumerate(result.exchangers):
        above, below = figure.axes[2 * k : 2 * k + 2]
        assert above.get_title("left") == found.name
        assert above.get_ylabel() == "temperature [K]"
        assert below.get_xlabel() in ("heat from the warm end [kW]", "heat from the warm end [W]")
        assert f"effectiveness {found.effectiveness:.4f}" in above.get_title("right")
        at, ends = data(above, "pinch")
        heat, _ = data(above, "cooled")
        assert at / heat[-1] == pytest.approx([found.pinch_at] * 2, abs=1e-12)
        assert ends[0] - ends[1] == pytest.approx(found.pinch, rel=1e-9)
        assert data(below, "pinch value")[1][0] == found.pinch


def test_the_pinch_is_the_smallest_difference_drawn(result: Result) -> None:
    figure = draw("tq", result)
    for found, below in zip(result.exchangers, figure.axes[1::2], strict=True):
        _, difference = data(below, "difference")
        # the survey of the solver has 65 places, the drawing these and those between
        assert difference.min() == pytest.approx(found.pinch, rel=1e-2)
        assert difference.min() <= found.pinch * (1.0 + 1e-12)


def test_curves_along_an_exchanger_are_those_of_the_solver(result: Result) -> None:
    for found, e in zip(result.exchangers, result.kept.exchangers, strict=True):
        part = np.linspace(0.0, 1.0, 2 * 512 + 1)
        hot, cold = temperatures(e, part)
        assert (hot[0], cold[-1]) == pytest.approx((e[c.T_HOT_IN], e[c.T_COLD_IN]), rel=1e-12)
        weights = np.array([1.0, *[4.0, 2.0] * 511, 4.0, 1.0]) / (3.0 * 1024)
        # Simpson with 16 times the panels of the solver
        assert found.Q_flow * float(weights @ (1.0 / (hot - cold))) == pytest.approx(found.UA, rel=2e-3)


# Exergy.


def heights(figure: Figure, start: str, x: float) -> dict[str, float]:
    """Thickness of polygons where a vertical line at x cuts them [in]."""
    found = {}
    for patch in figure.axes[0].patches:
        if str(patch.get_gid()).startswith(start):
            found[patch.get_gid()] = thickness(patch.get_path().vertices, x, 0)
    return found


def thickness(corners: np.ndarray, at: float, axis: int) -> float:
    """Length that a polygon covers on a line along the other axis; of corners closed."""
    a, b = corners[:-1, axis], corners[1:, axis]
    cut = (a - at) * (b - at) < 0.0
    part = (at - a[cut]) / (b[cut] - a[cut])
    crossings = np.sort(corners[:-1, 1 - axis][cut] + part * np.diff(corners[:, 1 - axis])[cut])
    return float((crossings[1::2] - crossings[::2]).sum())


def test_widths_of_the_grassmann_diagram_balance(result: Result) -> None:
    figure = draw("grassmann", result)
    lost = heights(figure, "lost: ", 4.5)
    aside = heights(figure, "in: ", 0.5)
    (band,) = (patch.get_path().vertices for patch in figure.axes[0].patches if patch.get_gid() == "band")
    compressor = thickness(band, 0.551, 1)
    liquid = thickness(band, band[:, 1].max() - 0.301, 1)
    came, went = compressor + sum(aside.values()), liquid + sum(lost.values())
    assert came == pytest.approx(BAND, rel=1e-9)
    assert came == pytest.approx(went, rel=1e-6)
    e = result.exergy
    assert liquid / came == pytest.approx(e["efficiency"], rel=1e-6)
    assert lost["lost: JT valve"] / came == pytest.approx(
        e["destroyed"]["JT valve"] / (e["compressor"] + e["ln2"]), rel=1e-9
    )
    assert bool(aside) == (e["ln2"] > 0.0)


def test_every_loss_is_written_with_kW_and_percent(result: Result) -> None:
    texts = [text.get_text() for text in draw("grassmann", result).axes[0].texts]
    whole = result.exergy["compressor"] + result.exergy["ln2"]
    rows, others = losses(result)
    for name, value in rows:
        k = texts.index(name, texts.index("[%]"))
        assert texts[k + 1 : k + 3] == [f"{value / 1e3:.2f}", f"{100.0 * value / whole:.1f}"]
    assert {"[kW]", "[%]"} < set(texts)
    named = {name for name, _ in rows} - {"others"} | set(others.split(", ") if others else ())
    assert named == set(result.exergy["destroyed"])


def test_losses_come_in_the_order_of_the_gas(collins: Result) -> None:
    names = [name for name, _ in losses(collins)[0]]
    order = ["compressor", "E1", "LN2", "LN2 vapour vented", "E2", "T1", "E3", "E4", "T2", "E5", "E6", "brakes"]
    assert names[: len(order)] == order


# Curves.


def test_curves_have_labels_with_units(curves: Figure) -> None:
    labels = [(axis.get_xlabel(), axis.get_ylabel()) for axis in curves.axes]
    assert labels == [
        ("expander fraction of the flow [1]", "yield [%]"),
        ("mean effectiveness of the exchangers [1]", "yield [%]"),
        ("high pressure [bar]", "yield [%]"),
        ("high pressure [bar]", "work of the compressor [kWh/L]"),
    ]


@pytest.mark.parametrize("ln2", [True, False])
def test_yield_has_its_maximum_inside_the_expander_fractions(curves: Figure, ln2: bool) -> None:
    x, y = data(curves.axes[0], f"percent {ln2}")
    best = int(np.nanargmax(y))
    assert 0.5 < x[best] < 0.9
    is_there = np.flatnonzero(np.isfinite(y))
    assert y[best] > 1.3 * max(y[is_there[0]], y[is_there[-1]])
    assert np.all(np.diff(y[is_there[0] : best + 1]) > 0.0) and np.all(np.diff(y[best : is_there[-1] + 1]) < 0.0)


@pytest.mark.parametrize("ln2", [True, False])
def test_yield_falls_steeply_with_effectiveness(curves: Figure, ln2: bool) -> None:
    x, y = data(curves.axes[1], f"percent {ln2}")
    x, y = x[np.isfinite(y)], y[np.isfinite(y)]
    assert np.all(np.diff(y) > 0.0)
    # one percent of effectiveness is worth more than two percent of the yield
    slope = np.gradient(np.log(y), x)[np.searchsorted(x, 0.97)]
    assert slope > 2.0


def test_LN2_always_helps(curves: Figure) -> None:
    for axis in curves.axes[1:3]:
        (_, cooled), (_, dry) = data(axis, "percent True"), data(axis, "percent False")
        both = np.isfinite(cooled) & np.isfinite(dry)
        assert np.all(cooled[both] > dry[both])


def test_the_design_lies_on_its_curves(curves: Figure, collins: Result) -> None:
    for axis, name in zip(curves.axes, ["percent True"] * 3 + ["kWh_per_litre True"], strict=True):
        (x, y), (at, value) = data(axis, name), data(axis, "design")
        assert value[0] == (collins.kWh_per_litre if "kWh" in name else 100.0 * collins.yield_)
        assert np.interp(at[0], x, y) == pytest.approx(value[0], rel=1e-3)  # chord of a cell


def test_what_cannot_work_is_left_open(curves: Figure) -> None:
    _, y = data(curves.axes[0], "percent True")
    ends = data(curves.axes[0], "ends True")[0]
    assert np.isnan(y[0]) and np.isnan(y[-1]) and ends.size == 2


@pytest.mark.parametrize("vary", ["fraction", "effectiveness", "p_high"])
def test_a_sweep_gives_what_a_design_of_its_own_gives(collins: Result, vary: str) -> None:
    d = collins.design
    made, values, start = {
        "fraction": (lambda x: with_fraction(d, x), np.linspace(0.6, 0.85, 6), 0.82),
        "effectiveness": (lambda x: with_effectiveness(d, collins, x), np.linspace(0.9, 0.98, 6), 0.97),
        "p_high": (lambda x: with_p_high(d, x), np.linspace(8e5, 18e5, 6), 13e5),
    }[vary]
    for value, answer in zip(values, sweep(made, values, start), strict=True):
        assert isinstance(answer, Result)
        assert answer.yield_ == pytest.approx(solve_design(made(float(value))).yield_, rel=1e-8)


def test_exchangers_given_by_conductance_can_be_varied_in_effectiveness(collins: Result) -> None:
    cards = {row.name: {"UA": 1.1 * row.UA} for row in collins.exchangers}
    by_UA = solve_design(make_design({"exchanger": cards}))
    mean = float(np.mean([row.effectiveness for row in by_UA.exchangers]))
    same = solve_design(with_effectiveness(by_UA.design, by_UA, mean))
    assert same.yield_ == pytest.approx(by_UA.yield_, rel=1e-8)


# Files.


def test_draw_all_writes_png_and_svg_whose_text_is_text(collins: Result, tmp_path: Path) -> None:
    files = draw_all(collins, tmp_path / "new" / "folder")
    assert sorted(path.name for path in files) == sorted(f"{n}.{kind}" for n in PICTURES for kind in ("png", "svg"))
    for path in files:
        if path.suffix == ".png":
            assert path.read_bytes().startswith(b"\x89PNG")
        else:
            texts = {node.text for node in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")}
            assert {"ts": "H3, T1.in", "tq": "E6", "grassmann": "JT valve", "curves": "yield [%]"}[path.stem] in texts


def test_the_same_result_is_the_same_file(collins: Result, tmp_path: Path) -> None:
    # of the other pictures the layout is solved by matplotlib, whose last digits change from time to time
    one, other = (save(draw("grassmann", collins), tmp_path / name) for name in ("one", "other"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]


def test_hetwin_design_writes_the_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["hetwin", "design", "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as done:
        main()
    assert not done.value.code
    assert str(tmp_path / "out" / "ts.png") in capsys.readouterr().out
    assert len(list((tmp_path / "out").iterdir())) == 2 * len(PICTURES)
