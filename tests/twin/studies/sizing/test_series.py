"""Measured series: what loggers and people leave becomes hours of a year, and what was done to it is said."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from twin.errors import PlantFileError
from twin.plant_file import PLANTS
from twin.quantities import NORMAL_M3
from twin.studies.sizing.campaign import load_campaign
from twin.studies.sizing.series import AS_LIQUID, Series, read_series

HOURS = 8760
Write = Callable[..., Path]
TIMES = pd.date_range("2025-01-01 00:05", periods=6 * HOURS, freq="10min")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A CSV file with columns t and x, or a Parquet file if it is called so."""

    def write(times: object, values: object, name: str = "data.csv") -> Path:
        frame, path = pd.DataFrame({"t": times, "x": values}), tmp_path / name
        frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
        return path

    return write


def read(path: Path, name: str = "AIR-H.p", **entry: object) -> Series:
    table = {"file": path.name, "column": "x", "time": "t", "unit": "hPa"} | entry
    return read_series({name: table}, path.parent / "plant.toml")[name]


def refusal(path: Path, name: str = "AIR-H.p", **entry: object) -> str:
    with pytest.raises(PlantFileError) as refused:
        read(path, name, **entry)
    sentence = str(refused.value)
    assert "\n" not in sentence and sentence[-1] in ".?"
    return sentence.partition("plant.toml: ")[2]


def wave(times: pd.DatetimeIndex) -> np.ndarray:
    """A barometer in hPa."""
    return 1010.0 + 10.0 * np.sin(2.0 * np.pi * (times.day_of_year.to_numpy() + times.hour.to_numpy() / 24.0) / 5.0)


# --- readings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["data.csv", "data.parquet"])
def test_hours_are_the_means_of_their_readings_in_si(write: Write, name: str) -> None:
    values = wave(TIMES) + np.tile([-1.0, 1.0, -2.0, 2.0, -3.0, 3.0], HOURS)
    found = read(write(TIMES, values, name))
    np.testing.assert_allclose(found.hours, 100.0 * values.reshape(HOURS, 6).mean(axis=1))
    assert (found.report.rows, found.report.year, found.report.missing) == (6 * HOURS, 2025, 0)


def test_rows_in_any_order_and_rows_given_twice_give_the_same_hours_and_are_counted(write: Write) -> None:
    order = np.random.default_rng(1).permutation(len(TIMES))
    times, values = TIMES[order], wave(TIMES)[order]
    found = read(write(np.append(times, times[:7]), np.append(values, values[:7])))
    np.testing.assert_allclose(found.hours, read(write(TIMES, wave(TIMES))).hours, rtol=1e-12)
    assert found.report.duplicates == 7
    assert found.report.unsorted > 0


def test_a_short_gap_lies_between_its_neighbours_and_a_long_one_is_left_to_the_model(write: Write) -> None:
    keep = np.ones(len(TIMES), bool)
    keep[6 * 100 : 6 * 104] = keep[6 * 1000 : 6 * 1030] = False
    found = read(write(TIMES[keep], wave(TIMES)[keep]))
    line = np.linspace(found.hours[99], found.hours[104], 6)[1:-1]
    np.testing.assert_allclose(found.hours[100:104], line)
    assert np.all(np.isnan(found.hours[1000:1030]))
    report = found.report
    assert (report.gaps, report.longest, report.filled, report.missing) == (2, 30, 4, 30)
    assert found.sentence() == (
        "AIR-H.p: 52356 rows of data.csv, year 2025; 2 gaps, the longest 30 h, 4 h filled on the line between "
        "neighbours, 30 h left to the model."
    )
    assert found.sentence(ja=True) == (
        "AIR-H.p: data.csvの52356行(2025年)。欠測2区間、最長30 h、線形補間4 h、モデルで代替30 h。"
    )


def test_nothing_lies_outside_what_was_measured(write: Write) -> None:
    rng = np.random.default_rng(2)
    chosen = np.sort(rng.choice(len(TIMES), 20_000, replace=False))
    values = wave(TIMES)[chosen]
    found = read(write(TIMES[chosen], values)).hours
    assert 100.0 * values.min() <= np.nanmin(found) <= np.nanmax(found) <= 100.0 * values.max()


def test_error_codes_and_blanks_are_left_out_and_counted(write: Write) -> None:
    values = wave(TIMES)
    values[::50], values[3] = -9999.0, np.nan
    found = read(write(TIMES, values))
    assert np.nanmin(found.hours) > 99_000.0
    assert found.report.implausible == len(values[::50])
    assert found.report.blank == 1


def test_times_with_an_offset_are_moved_to_the_clock_of_the_plant(write: Write) -> None:
    utc = TIMES.tz_localize("Asia/Tokyo").tz_convert("UTC")
    texts = utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    here = read(write(TIMES, wave(TIMES))).hours
    assert np.array_equal(read(write(texts, wave(TIMES)), zone="Asia/Tokyo").hours, here)
    assert np.array_equal(read(write(utc, wave(TIMES), "utc.parquet"), zone="Asia/Tokyo").hours, here)
    assert 'such as zone = "Asia/Tokyo"' in refusal(write(texts, wave(TIMES)))
    assert 'there is no time zone "Asia/Tokio"' in refusal(write(texts, wave(TIMES)), zone="Asia/Tokio")


def test_the_year_of_most_readings_is_taken_or_the_one_that_is_named(write: Write) -> None:
    times = pd.date_range("2024-03-01", "2025-12-31 23:00", freq="h")
    path = write(times, np.where(times.year == 2024, 1000.0, 1020.0))
    assert read(path).report.year == 2025
    assert read(path).report.elsewhere == int(np.sum(times.year == 2024))
    assert np.nanmax(read(path, year=2024).hours) == 100_000.0


# --- what becomes a flow -------------------------------------------------------------------------------------------


def test_a_gas_meter_that_was_reset_gives_the_flow_between_its_readings(write: Write) -> None:
    times = pd.date_range("2025-01-01", periods=366, freq="D")
    rate = 0.4  # Nm3 a day
    meter = rate * np.arange(366.0) % 100.0  # it starts again at 100
    found = read(write(times, meter), "MAG-1.boil_off", unit="Nm3", counter=True)
    expected = rate * NORMAL_M3 / 86400.0 * AS_LIQUID
    known = ~np.isnan(found.hours)
    np.testing.assert_allclose(found.hours[known], expected, rtol=1e-9)
    assert found.report.jumps == 1
    assert found.report.missing == 24  # the day of the reset is left to the model


def test_a_level_gives_boil_off_between_refills(write: Write) -> None:
    times = pd.date_range("2025-01-01", periods=HOURS, freq="h")
    volume, boil_off = 0.12, 15e-6 / 3600.0
    fall = boil_off * 3600.0 / volume
    level = 0.9 - fall * (np.arange(HOURS) % 2000)
    level += np.random.default_rng(3).normal(0.0, 0.001, HOURS)  # the probe's noise is far above the fall of an hour
    found = read(write(times, 100.0 * level), "MAG-1.boil_off", unit="%", volume="120 L")
    assert found.report.jumps == 4
    assert np.nanmean(found.hours) == pytest.approx(boil_off, rel=0.02)  # four ends, each with 0.001 of 0.25
    assert np.nanmin(found.hours) >= 0.0


def test_a_slow_refill_counts_once_and_is_no_boil_off(write: Write) -> None:
    times = pd.date_range("2025-01-01", periods=6 * HOURS, freq="10min")
    hours = np.arange(6 * HOURS) / 6.0
    level = np.interp(hours, [0.0, 3000.0, 3002.0, 8760.0], [90.0, 60.0, 90.0, 32.4])
    found = read(write(times, level), "MAG-1.boil_off", unit="L", volume="150 L")
    expected = 0.01e-3 / 3600.0
    assert found.report.jumps == 1
    np.testing.assert_allclose(np.nanmean(found.hours), expected, rtol=1e-3)
    assert np.nanmax(found.hours) < 1.05 * expected


def test_a_flow_meter_of_gas_is_taken_as_liquid(write: Write) -> None:
    found = read(write(TIMES, np.full(len(TIMES), 0.02)), "MAG-1.boil_off", unit="Nm3/h")
    np.testing.assert_allclose(found.hours, 0.02 * NORMAL_M3 / 3600.0 * AS_LIQUID)


# --- what is wrong -------------------------------------------------------------------------------------------------


WRONG: list[tuple[str, dict[str, object], str]] = [
    ("AIR-H.temp", {}, 'what is measured may be p or boil_off, such as "AIR-H.p", got "AIR-H.temp"'),
    ("AIR-H.p", {"unit": "K"}, 'unit: expected a pressure such as "hPa", got "K"'),
    ("AIR-H.p", {"unit": "hpa"}, 'unit: unknown unit "hpa"; did you mean "hPa"'),
    ("MAG-1.boil_off", {"unit": "m3", "counter": True}, 'got "m3" with counter = true'),
    ("MAG-1.boil_off", {"unit": "%"}, 'volume: missing; a level in "%" needs the volume of the vessel'),
    ("AIR-H.p", {"column": "y"}, 'data.csv has no column "y"'),
    ("AIR-H.p", {"file": "none.csv"}, "there is no file "),
    ("AIR-H.p", {"year": 2019}, "8760 of 8760 hours of 2019 have no data, more than 20 %"),
    ("AIR-H.p", {"colum": "x"}, 'colum: not a field of a series; did you mean "column"'),
    ("AIR-H.p", {"fill": "3 K"}, 'fill: expected a time such as "10 min", got "3 K"'),
]


@pytest.mark.parametrize(("name", "entry", "clause"), WRONG, ids=[w[2][:40] for w in WRONG])
def test_a_wrong_entry_gets_one_sentence_with_its_place(
    write: Write, name: str, entry: dict[str, object], clause: str
) -> None:
    sentence = refusal(write(TIMES, wave(TIMES)), name, **entry)
    assert sentence.startswith(f'campaign.series."{name}"')
    assert clause in sentence


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlantFileError, match=r'campaign.series."AIR-H.p".file: missing; expected'):
        read_series({"AIR-H.p": {"column": "x", "time": "t", "unit": "hPa"}}, tmp_path / "plant.toml")


def test_too_little_of_the_year_is_refused_with_its_longest_gap(write: Write) -> None:
    half = len(TIMES) // 2
    sentence = refusal(write(TIMES[:half], wave(TIMES)[:half]))
    assert "4380 of 8760 hours of 2025 have no data, more than 20 % (longest gap 4380 h)" in sentence
    assert read(write(TIMES[:half], wave(TIMES)[:half]), missing="60 %").report.missing == 4380


@pytest.mark.parametrize(
    ("times", "clause"),
    [
        (["2025-01-01 00:00", "yesterday"], 'row 2: expected a time such as "2025-04-01 09:00", got "yesterday"'),
        (["2025-01-01T00:00Z", "2025-01-01T01:00"], "some of the times have an offset from UTC and some have not"),
        ([1, 2], 'expected times such as "2025-04-01 09:00" in column "t", got 1'),
        ([None, None], "there are no readings in the file"),
    ],
)
def test_times_that_cannot_be_understood_are_said(write: Write, times: list[object], clause: str) -> None:
    assert clause in refusal(write(times, [1000.0, 1001.0]))


def test_a_reading_that_is_no_number_is_said_with_its_row(write: Write) -> None:
    sentence = refusal(write(["2025-01-01 00:00", "2025-01-01 01:00"], ["1000", "ice"]))
    assert 'row 2: expected a number in column "x", got "ice"' in sentence


@pytest.mark.slow
def test_a_measured_barometer_is_the_air_of_its_site_and_the_model_steps_in_where_it_was_off(write: Write) -> None:
    times, gap = pd.date_range("2025-01-01", periods=HOURS, freq="h"), slice(1000, 1030)
    values = 1000.0 + 10.0 * np.sin(np.arange(HOURS) / 50.0)
    write(np.delete(times, gap), np.delete(values, gap), "barometer.csv")
    plant = write([], [], "unused.csv").with_name("campus.toml")
    entry = '"AIR-Y.p" = { file = "barometer.csv", column = "x", time = "t", unit = "hPa" }'
    plant.write_text(f"{(PLANTS / 'herenet.toml').read_text()}\n[campaign.series]\n{entry}\n")
    shutil.copy(PLANTS / "herenet.machines.json", plant.with_suffix(".machines.json"))
    campaign = load_campaign(plant)
    figures, hours = campaign.year()
    air = hours["yonago.p"].to_numpy()
    np.testing.assert_allclose(np.delete(air, gap), 100.0 * np.delete(values, gap))
    assert np.all(np.isfinite(air[gap]))
    assert abs(figures["closure"]) < 1e-9
    assert campaign.digest != load_campaign("herenet").digest
