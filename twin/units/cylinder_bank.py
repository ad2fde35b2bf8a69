"""Cylinder bank: a bundle of cylinders or one long cylinder; real gas, heat to the room through the steel."""

from dataclasses import dataclass

from thermo.jit import kernel
from twin.alarms.declare import Limits
from twin.network import heat
from twin.unit import Node, Output, Param, Port, State, Value, action, unit_operation
from twin.vessels import RHO_LIQUID, exchange

CP_STEEL = 460.0  # J/(kg K), chrome-molybdenum steel at 300 K


@kernel
def cylinder_bank(par, s, node, port):
    """Natural convection inside, to steel of one temperature, from which the room takes it."""
    room, gas = node[port[0]], node[port[1]]
    inside = par.UA_gas * (s.temp_steel - gas.temp)
    heat(gas, inside, par.UA_gas)
    s.Q_flow = par.UA_room * (room.temp - s.temp_steel)
    s.d_temp_steel = (s.Q_flow - inside) / par.heat_capacity
    s.l_temp_steel = (par.UA_room + par.UA_gas) / par.heat_capacity
    s.filling = gas.p / par.p_full
    s.litres = 1000.0 * gas.mass / RHO_LIQUID


@unit_operation("cylinder_bank", ja="ボンベ集合体", kernel=cylinder_bank, symbol="cylinders")
@dataclass(frozen=True, kw_only=True)
class CylinderBank:
    """Bundle of gas cylinders, or long cylinders of a trailer, or medium-pressure tanks."""

    ambient: str = Port("room", default="ambient")
    count: int = Param("1", "number of cylinders", default=1, range=(1, 10000))
    volume: float = Param("m3", "inner volume of one", default=0.047, range=(1e-3, 100.0))
    mass: float = Param("kg", "steel of one", default=55.0, range=(0.1, 1e5))
    surface: float = Param("m2", "surface of one", default=1.2, range=(1e-2, 1e3))
    p_full: float = Param("Pa", "filling pressure, absolute", default=14.8e6, range=(2e5, 1e8))
    p_start: float = Param("Pa", "pressure at the start", default=2e5, range=(1e4, 1e8))
    temp_start: float = Param("K", "temperature at the start", default=300.0, range=(230.0, 330.0))
    h_gas: float = Param("W/(m2 K)", "heat transfer from gas to steel", default=20.0, range=(0.0, 1e4))
    h_room: float = Param("W/(m2 K)", "heat transfer from steel to the room", default=6.0, range=(0.0, 1e4))
    n2_start: float = Param("1", "nitrogen in the gas at the start, kg per kg helium", default=0.0, range=(0.0, 0.5))
    o2_start: float = Param("1", "oxygen in the gas at the start, kg per kg helium", default=0.0, range=(0.0, 0.1))
    h2o_start: float = Param("1", "water in the gas at the start, kg per kg helium", default=0.0, range=(0.0, 0.1))
    h2_start: float = Param("1", "hydrogen in the gas at the start, kg per kg helium", default=0.0, range=(0.0, 0.1))

    temp_steel = State("K", "steel temperature", start="temp_start", range=(200.0, 400.0), stiff=True, ja="容器温度")
    filling = Output("1", "pressure over the filling pressure", range=(0.0, 1.2), ja="充填率")
    litres = Output("L", "content as litres of liquid at 1 atm", range=(0.0, 1e5), ja="液換算量")
    Q_flow = Output("W", "heat from the room", range=(-1e4, 1e4), ja="周囲からの熱")

    @property
    def volume_total(self):
        """All cylinders together [m3]."""
        return self.count * self.volume

    def nodes(self):
        """The gas of all cylinders."""
        air = {"n2": self.n2_start, "o2": self.o2_start, "h2o": self.h2o_start, "h2": self.h2_start}
        return {
            "gas": Node(
                self.volume_total, self.p_start, self.temp_start, impurities=air, p_range=(0.0, 1.25 * self.p_full)
            )
        }

    def derived(self):
        """Conductances and heat capacity of the whole bank."""
        surface = self.count * self.surface
        return {
            "UA_gas": self.h_gas * surface,
            "UA_room": self.h_room * surface,
            "heat_capacity": self.count * self.mass * CP_STEEL,
        }

    @action(
        ja="トラック輸送によるボンベ入替え",
        takes={"other": Value("text", "unit that it changes places with", "交換相手")},
    )
    def exchange(self, plant, unit, other):
        """The truck: this bank and another of the same size change places, with what they hold."""
        exchange(plant, unit, other)
        for name in ("temp_steel",):
            one, two = (plant.tags[f"{u}.{name}"].address for u in (unit, other))
            plant.image[one], plant.image[two] = plant.image[two], plant.image[one]

    def alarms(self):
        """Full."""
        return [
            Limits(
                "filling",
                "bank full",
                "ボンベ満杯",
                high_high=1.03,
                high=0.995,
                dead_band=0.01,
                cause=("filled to its pressure", "充填圧力到達"),
                consequence=("the compressor trips at its discharge", "圧縮機が吐出圧でトリップ"),
                action=("change to the next bank", "次のボンベへ切替"),
            )
        ]


EXAMPLE = """
description = "A full bundle levels out into an empty one."
step = "1 s"
[unit.AMB]
kind = "ambient"
[unit.BANK-1]
kind = "cylinder_bank"
count = 20
p_start = "147 bar"
[unit.BANK-2]
kind = "cylinder_bank"
count = 20
p_start = "2 bar"
[unit.CV-1]
kind = "control_valve"
inlet = "BANK-1"
outlet = "BANK-2"
flow_area = "3 mm2"
start = { opening = 1.0 }
[[schedule]]
do = "BANK-1.exchange"
at = "6 min"
with = { other = "BANK-2" }
"""
