"""Small plants for tests of the year."""

from __future__ import annotations

from pathlib import Path

LONELY = """
description = "One magnet, one bag, nobody comes."
[unit.AIR]
kind = "ambient"
site = "lab"
temp = "293 K"
p_swing = "0 mbar"
[unit.MAG-1]
kind = "nmr_magnet"
site = "lab"
vent = "BAG-1"
volume = "1000 L"
level_start = 0.9
boil_off = "15 mL/h"
vapour_cooling = 0
[unit.BAG-1]
kind = "gas_bag"
site = "lab"
volume = "1 m3"
permeability = 0
filling_start = 0.05
[campaign.weather]
stochastic = false
[campaign.site.lab]
power_cuts = 0
[campaign.magnet.MAG-1]
quenches = 0
refill_below = 0.05
"""

SMALL = """
description = "A partner and a hub with a cold head."
[unit.AIR]
kind = "ambient"
temp = "295 K"
p_swing = "6 mbar"
[unit.MAG-1]
kind = "nmr_magnet"
site = "partner"
vent = "BAG-1"
supply = "TD-1"
volume = "100 L"
boil_off = "20 mL/h"
level_start = 0.8
[unit.BAG-1]
kind = "gas_bag"
site = "partner"
volume = "1 m3"
store = "STORE-1"
[unit.STORE-1]
kind = "gas_bag"
site = "partner"
volume = "3 m3"
[unit.RC-1]
kind = "recovery_compressor"
site = "partner"
suction = "STORE-1"
discharge = "BANK-1"
displacement = "8 m3/h"
power_rated = "4 kW"
[unit.BANK-1]
kind = "cylinder_bank"
site = "partner"
count = 10
p_start = "12 bar"
[unit.TD-1]
kind = "portable_dewar"
site = "partner"
supply = "TD-2"
vent = "BAG-1"
volume = "60 L"
[unit.TD-2]
kind = "portable_dewar"
site = "hub"
supply = "LIQ-1.dewar"
vent = "BAG-2"
volume = "60 L"
[unit.BAG-2]
kind = "gas_bag"
site = "hub"
volume = "10 m3"
[unit.RC-2]
kind = "recovery_compressor"
site = "hub"
suction = "BAG-2"
discharge = "BANK-2"
displacement = "15 m3/h"
power_rated = "7 kW"
[unit.BANK-2]
kind = "cylinder_bank"
site = "hub"
count = 20
p_start = "40 bar"
[unit.PLACE-1]
kind = "cylinder_bank"
site = "hub"
count = 10
p_start = "12 bar"
[unit.PCV-1]
kind = "regulator"
inlet = "PLACE-1"
outlet = "RAW-1"
flow_area = "1 mm2"
p_start = "12 bar"
[unit.PCV-2]
kind = "regulator"
inlet = "BANK-2"
outlet = "RAW-1"
flow_area = "1 mm2"
p_start = "11 bar"
[unit.RAW-1]
kind = "buffer"
site = "hub"
volume = "0.2 m3"
p_start = "11 bar"
[unit.PUR-1]
kind = "purifier"
site = "hub"
inlet = "RAW-1"
outlet = "PURE-1"
inlet_area = "2 mm2"
flow_area = "2 mm2"
bed_mass = "5 kg"
[unit.PCV-3]
kind = "regulator"
inlet = "PURE-1"
outlet = "BUF-1"
flow_area = "2 mm2"
p_start = "8 bar"
[unit.PURE-1]
kind = "buffer"
site = "hub"
volume = "0.2 m3"
p_start = "10 bar"
[unit.BUF-1]
kind = "buffer"
site = "hub"
volume = "5 m3"
p_start = "6 bar"
[unit.LIQ-1]
kind = "cryocooler_liquefier"
site = "hub"
feed = "BUF-1"
vent = "BAG-2"
rate_nominal = "22 LLHe/d"
level_start = 0.6
[unit.LC-1]
kind = "dewar_level"
site = "hub"
level = "LIQ-1.dewar.level"
stock = "BUF-1.p"
command = "LIQ-1.run"
level_full = 0.9
level_resume = 0.8
stock_start = "5 bar"
stock_stop = "2 bar"
[campaign.site.partner]
bag_volume = "1 m3"
bank_at_hub = "PLACE-1"
visit_every = "28 d"
visit_first = "7 d"
distance = "100 km"
[campaign.magnet.all]
refill_below = 0.8
quenches = 0
[campaign.purifier.PUR-1]
capacity = "10 Nm3/h"
[campaign.liquefier.main]
unit = "LIQ-1"
control = "LC-1"
[campaign.purchase.make-up]
dewar = "LIQ-1"
below = 0.1
amount = "50 LLHe"
[campaign.choices]
"liquefier.main.scale" = [0.5, 1, 2]
[campaign.scenario.slow]
text = "the truck comes every eight weeks"
"site.partner.visit_every" = "56 d"
"""


def written(folder: Path, text: str, *changes: tuple[str, str]) -> Path:
    """A plant file with some of its text replaced."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "plant.toml"
    path.write_text(text)
    return path
