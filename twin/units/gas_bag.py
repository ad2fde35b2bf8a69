"""Gas bag: a soft volume at the pressure of the air, with relief, permeation both ways and swapping."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.alarms.declare import Limits
from twin.errors import TwinError
from twin.network import R_H2O, R_N2, R_O2, heat, seep, transfer
from twin.openings import relief
from twin.unit import Link, Node, Output, Param, Port, Value, action, unit_operation

NORMAL_HE, NORMAL_N2, NORMAL_O2, NORMAL_H2O = 0.17848, 1.2504, 1.4290, 0.8036
"""Densities at 0 degC and 101 325 Pa [kg/m3], water as if ideal."""

AIR_N2, AIR_O2, AIR_H2O = 0.781, 0.209, 0.012
"""Mole shares of room air, 50 % relative humidity at 20 degC."""

FLAT, SLACK = 0.02, 0.05
"""Volume of an empty bag, and of one without tension, as shares of the full volume."""


@kernel
def gas_bag(par, s, node, port, link):
    """Relief above the full pressure; permeation by partial pressure (Fick); heat through the wall."""
    room, bag = node[port[0]], node[port[1]]
    s.over = bag.p - room.p
    s.m_relief = relief(link[0], bag, room, par.relief_area, par.p_full, 1.3 * par.p_full, 0.0)

    through = par.permeability * par.wall_area * NORMAL_HE
    s.m_permeation = through * (bag.p - bag.p_imp)
    transfer(link[1], s.m_permeation, bag.h, through, 0.0)

    per_kg = bag.temp / bag.vol
    n2 = par.permeability_n2 * NORMAL_N2 * (AIR_N2 * room.p - bag.n2 * R_N2 * per_kg)
    o2 = par.permeability_o2 * NORMAL_O2 * (AIR_O2 * room.p - bag.o2 * R_O2 * per_kg)
    h2o = par.permeability_h2o * NORMAL_H2O * (AIR_H2O * room.p - bag.h2o * R_H2O * per_kg)
    seep(link[2], par.wall_area * max(n2, 0.0), par.wall_area * max(o2, 0.0), par.wall_area * max(h2o, 0.0), 0.0)

    heat(bag, par.UA * (room.temp - bag.temp), par.UA)
    s.content = bag.vol
    s.filling = bag.vol / par.volume
    s.air_ppm = 1e6 * (bag.w_n2 * R_N2 + bag.w_o2 * R_O2) / 2077.2


@kernel
def follow_barometer(node, port):
    """The air outside does work V dp on what is inside when its pressure changes; the bag follows at once."""
    room, bag = node[port[0]], node[port[1]]
    rise = room.p - bag.p_out
    bag.energy += bag.vol * rise
    bag.q_total += bag.vol * rise
    bag.p_out = room.p
    bag.p += rise


@unit_operation("gas_bag", ja="ガスバッグ", kernel=gas_bag, update=follow_barometer, symbol="bag")
@dataclass(frozen=True, kw_only=True)
class GasBag:
    """Gas bag (or several on one line) at the pressure of the air."""

    ambient: str = Port("room", default="ambient")
    volume: float = Param("m3", "volume when full", range=(1e-3, 1e4))
    filling_start: float = Param("1", "filling at the start", default=0.3, range=(0.05, 1.0))
    temp_start: float = Param("K", "temperature at the start", default=300.0, range=(230.0, 330.0))
    p_ambient: float = Param("Pa", "air pressure at the start", default=101325.0, range=(5e4, 1.2e5))
    p_full: float = Param("Pa", "gauge pressure when full; its relief opens", default=300.0, range=(20.0, 5e3))
    relief_area: float = Param("m2", "effective area of the relief", default=5e-4, range=(1e-7, 0.1))
    wall_area: float = Param("m2", "wall; 0 takes that of a pillow, 6 volume^(2/3)", default=0.0, range=(0.0, 1e4))
    permeability: float = Param("m3/(m2 s Pa)", "helium out, at 0 degC, 1 atm", default=6.2825e-16, range=(0.0, 1e-9))
    permeability_n2: float = Param("m3/(m2 s Pa)", "nitrogen in", default=6e-17, range=(0.0, 1e-9))
    permeability_o2: float = Param("m3/(m2 s Pa)", "oxygen in", default=2.4e-16, range=(0.0, 1e-9))
    permeability_h2o: float = Param("m3/(m2 s Pa)", "water vapour in", default=1e-14, range=(0.0, 1e-9))
    UA: float = Param("W/K", "heat through the wall; 0 takes 5 W/(m2 K)", default=0.0, range=(0.0, 1e6))
    store: str = Param("text", "bag that takes the gas when this one is swapped", default="")

    over = Output("Pa", "pressure over the room", range=(-500.0, 1000.0), ja="差圧")
    content = Output("m3", "volume", range=(0.0, 200.0), ja="体積")
    filling = Output("1", "volume over the full volume", range=(0.0, 1.2), ja="バッグ充満率")
    m_relief = Output("kg/s", "helium through the relief", range=(0.0, 0.1), ja="逃し流量")
    m_permeation = Output("kg/s", "helium through the wall", range=(0.0, 1e-5), ja="透過流量")
    air_ppm = Output("1", "air in the helium, mole parts per million", range=(0.0, 1e6), ja="空気混入量")

    def nodes(self):
        """The gas: limp up to the full volume, then on its relief."""
        p = self.p_ambient + (self.filling_start - SLACK) * self.p_full / (1.0 - SLACK)
        return {
            "gas": Node(
                SLACK * self.volume,
                p,
                self.temp_start,
                compliance=(1.0 - SLACK) * self.volume / self.p_full,
                volume_min=FLAT * self.volume,
                p_ambient=self.p_ambient,
                p_range=(8e4, 1.1e5),
            )
        }

    def links(self):
        """Relief, helium through the wall, air through the wall."""
        return [Link("gas", "ambient"), Link("gas", "ambient"), Link("ambient", "gas")]

    def derived(self):
        """Wall and heat transfer of a pillow where not given."""
        wall = self.wall_area or 6.0 * self.volume ** (2.0 / 3.0)
        return {"wall_area": wall, "UA": self.UA or 5.0 * wall}

    def losses(self):
        """Relief and permeation."""
        return {0: "relief", 1: "permeation"}

    @action(ja="バッグ交換", gives=Value("m3", "gas carried to the store", "移送量"))
    def swap(self, plant, unit):
        """Hose an empty bag to the magnet and carry the full one to the store, as far as it has room; returns m3."""
        if not self.store:
            raise TwinError(f"{unit} has no store; name the unit that takes its gas in unit.{unit}.store.")
        bag, store = plant.node(unit), plant.node(self.store)
        room = plant.spec.units[self.store].card.volume - float(store.vol)
        carried = min(float(bag.vol) - SLACK * self.volume, room)
        if carried <= 0.0:
            return 0.0
        plant.move(unit, self.store, carried * float(bag.rho))
        return carried

    def alarms(self):
        """Too full, too empty, air in the gas."""
        return [
            Limits(
                "filling",
                "bag filling",
                "バッグ充満率",
                high_high=0.98,
                high=0.9,
                low=0.08,
                low_low=0.04,
                dead_band=0.01,
                on_delay=5.0,
                exclusive=False,
                priority="high",
                cause=(
                    "recovery compressor stopped or slower than the boil-off; when low: it draws too much",
                    "回収圧縮機の停止または能力不足、低い場合は吸込み過大",
                ),
                consequence=(
                    "helium is lost through the relief; when low: air is drawn in",
                    "安全弁からヘリウム放出、低い場合は空気吸入",
                ),
                action=(
                    "start or stop the recovery compressor, or swap the bag",
                    "回収圧縮機の起動または停止、バッグ交換",
                ),
            ),
            Limits(
                "air_ppm",
                "air in the bag",
                "バッグ内空気混入",
                high_high=50000.0,
                high=20000.0,
                dead_band=500.0,
                on_delay=60.0,
                cause=(
                    "a leak on the suction side, an open hose, permeation into gas that stood long",
                    "吸込側の漏れ、ホース開放、長期滞留による透過",
                ),
                consequence=("the beds of the purifier are loaded early", "精製器の早期破過"),
                action=("find the leak; vent the bag if it is spoilt", "漏れ箇所の特定、汚染時はバッグを放出"),
            ),
        ]


EXAMPLE = """
description = "A bag fills, vents and is swapped."
step = "1 s"
[unit.AMB]
kind = "ambient"
p_swing = "500 Pa"
[unit.B-1]
kind = "buffer"
volume = "0.5 m3"
p_start = "3 bar"
[unit.CV-1]
kind = "control_valve"
inlet = "B-1"
outlet = "BAG-1"
flow_area = "5 mm2"
start = { opening = 0.5 }
[unit.BAG-1]
kind = "gas_bag"
volume = "1 m3"
store = "BAG-2"
[unit.BAG-2]
kind = "gas_bag"
volume = "2 m3"
[[schedule]]
do = "BAG-1.swap"
at = "5 min"
"""
