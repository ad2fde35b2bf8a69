"""Campaign control: the dewar's level and the gas in stock start and stop the liquefier."""

from hil.controllers.dewar_level import WAITS, DewarLevel
from hil.rig import ControlStation

BAR = 1e5


def station_of(**settings) -> ControlStation:
    card = DewarLevel(level="D-1.level", stock="BANK-1.p", command="SEQ-1.command", scan=1.0, **settings)
    station = ControlStation.of({"LC-1": card})
    station["BANK-1.p"] = 100.0 * BAR
    return station


def after(station: ControlStation, level: float, stock: float) -> tuple[float, str]:
    station["D-1.level"], station["BANK-1.p"] = level, stock
    station.run(1)
    return station["SEQ-1.command"], WAITS[int(station["LC-1.waits"])]


def test_it_liquefies_until_the_dewar_is_full_and_again_when_there_is_room():
    station = station_of()
    levels = (0.1, 0.89, 0.9, 0.8, 0.71, 0.7, 0.8)
    assert [after(station, level, 100 * BAR)[0] for level in levels] == [1, 1, 0, 0, 0, 1, 1]


def test_it_waits_for_gas_and_stops_before_the_stock_is_empty():
    station = station_of()
    stocks = (10.0, 19.0, 20.0, 10.0, 5.0, 4.9, 19.0, 21.0)
    seen = [after(station, 0.1, p * BAR) for p in stocks]
    assert [command for command, _ in seen] == [0, 0, 1, 1, 1, 0, 0, 1]
    assert seen[0][1] == "no gas"


def test_a_transfer_is_asked_for_from_its_level_on():
    station = station_of(level_request=0.6)
    seen = []
    for level in (0.5, 0.6, 0.59, 0.57):
        after(station, level, 100 * BAR)
        seen.append(station["LC-1.request"])
    assert seen == [0, 1, 1, 0]


def test_switched_off_it_leaves_the_command_to_people():
    station = station_of()
    station["LC-1.mode"] = 0
    station["SEQ-1.command"] = 1
    assert after(station, 1.0, 0.0) == (1, "off")
