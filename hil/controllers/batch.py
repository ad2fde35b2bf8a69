"""Batches: a liquefier that runs on given weekdays, then decants, and stands until the next time.

    waiting -> start-up -> liquefying -> decanting -> waiting | stand-by | warm-up -> waiting

A university plant runs 8 to 10 h once or twice a week. A batch ends when the dewar is full, the stock is empty or its
time is over; then the storage dewar is pressed up and portable dewars are filled one by one, each through its own line,
until they are full. Afterwards the cold box stands as it is and warms by itself, is kept cold by the compressor, or is
warmed with gas. What a batch made and took is counted, and kept when it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hil.controllers.cold_box_sequence import LIQUEFYING as BOX_LIQUEFYING
from hil.controllers.cold_box_sequence import STOPPED as BOX_STOPPED
from hil.controllers.cold_box_sequence import TRIPPED as BOX_TRIPPED
from hil.controllers.cold_box_sequence import WARM_UP as BOX_WARM_UP
from hil.controllers.scan import due, period, put, wired
from thermo.jit import kernel
from twin.unit import Input, Latch, Param, Wire, action, unit_operation
from twin.words import NO_YES, OFF_AUTO, words

STATES = words("waiting 待ち", "start-up 起動", "liquefying 液化", "decanting 汲出し", "stand-by 待機", "warm-up 昇温")
WAITING, START_UP, LIQUEFYING, DECANTING, STAND_BY, WARM_UP = range(6)
ENDS = words(
    "none なし", "dewar full 満液", "stock empty 在庫切れ", "time over 時間終了", "trip トリップ", "operator 手動"
)
NONE, FULL, EMPTY, TIME_OVER, TRIP, OPERATOR = range(6)
AFTERWARDS = words("stand and warm by itself 自然昇温", "stand-by 待機", "warm-up 昇温")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY = 86400.0
STATIONS = 3

# wires, in the order of the card
(STEP, LEVEL, LITRES, STOCK, ENERGY, LN2, LOSS_1, LOSS_2, LOSS_3) = range(9)
(LEVEL_1, LEVEL_2, LEVEL_3) = range(9, 12)
(TO_COMMAND, TO_HOLD, TO_WARM_UP, TO_DECANTING, TO_PRESS) = range(12, 17)
(TO_LINE_1, TO_LINE_2, TO_LINE_3) = range(17, 20)

EXAMPLE = """
description = "A sequence without a cold box is started for a batch, and stopped when the time is over."
[unit.AIR]
kind = "ambient"
[unit.BUF-1]
kind = "buffer"
volume = "1 m3"
p_start = "10 bar"
[unit.BUF-2]
kind = "buffer"
volume = "1 m3"
[unit.CV-1]
kind = "control_valve"
inlet = "BUF-1"
outlet = "BUF-2"
flow_area = "0.1 mm2"
[unit.SEQ-1]
kind = "cold_box_sequence"
temp_turbine = "BUF-1.temp"
temp_jt = "BUF-1.temp"
cooldown_valve = "CV-1.opening"
purge_time = "60 s"
[unit.BATCH-1]
kind = "batch"
step = "SEQ-1.step"
level = "BUF-2.x"
litres = "BUF-2.mass"
stock = "BUF-1.p"
command = "SEQ-1.command"
days = "Mon"
start_hour = "60 s"
run_time = "5 min"
level_full = 2.0
stock_start = "2 bar"
stock_stop = "1 bar"
"""


@kernel
def planned(s, weekday):
    """Whether a batch is wanted on a day of the week, Monday being 0."""
    days = s.monday, s.tuesday, s.wednesday, s.thursday, s.friday, s.saturday, s.sunday
    return days[weekday] > 0.5


@kernel
def wanted(par, s, image, wire, time):
    """Whether a batch begins now: by hand, or on its day within the hours in which it may begin."""
    if image[wire[LEVEL]] >= s.full_at or (par.has_stock > 0.0 and image[wire[STOCK]] < s.stock_start_at):
        return False
    if s.begin_now > 0.5:
        return True
    day = int(time / DAY)
    since = time - day * DAY - s.start_at
    return planned(s, day % 7) and day != int(s.last_day) and 0.0 <= since < par.start_window


@kernel
def end_reason(par, s, image, wire):
    """What ends the batch; 0 while it goes on."""
    if image[wire[STEP]] == BOX_TRIPPED:
        return TRIP
    if s.end_now > 0.5:
        return OPERATOR
    if int(s.state) == LIQUEFYING and image[wire[LEVEL]] >= s.full_at:
        return FULL
    if par.has_stock > 0.0 and image[wire[STOCK]] < s.stock_stop_at:
        return EMPTY
    return TIME_OVER if s.elapsed >= s.run_for else NONE


@kernel
def station(image, wire, number):
    """Level of the portable dewar at a station."""
    return image[wire[LEVEL_1 + number]]


@kernel
def decant(par, s, image, wire, h):
    """Go on to the first station with a dewar to be filled; true when there is none left."""
    has = par.has_line_1, par.has_line_2, par.has_line_3
    s.filling += h
    at = int(s.station) - 1
    if at < 0 or station(image, wire, at) >= s.decant_to or s.filling > par.decant_limit:
        s.filling = 0.0
        at += 1
        while at < STATIONS and (has[at] < 0.5 or station(image, wire, at) >= s.decant_to - 0.05):
            at += 1
        s.station = float(at + 1)
    s.decanted = s.litres_before - image[wire[LITRES]]
    return at >= STATIONS or image[wire[LEVEL]] <= s.keep


@kernel
def begin(par, s, image, wire, time):
    """Open the books of a batch, and those of a week with its first batch."""
    day = int(time / DAY)
    if day // 7 != int(s.week):
        s.week = float(day // 7)
        s.week_batches = s.week_made = s.week_decanted = s.week_lost = 0.0
        s.week_energy_before, s.week_ln2_before = image[wire[ENERGY]], image[wire[LN2]]
    s.last_day = float(day)
    s.begin_now = s.end_now = 0.0
    s.elapsed = s.start_up = s.lost = s.decanted = s.made = 0.0
    s.energy_before, s.ln2_before, s.litres_before = image[wire[ENERGY]], image[wire[LN2]], image[wire[LITRES]]
    s.ended_by = float(NONE)


@kernel
def close(s):
    """Keep what the batch made and took."""
    s.batches += 1.0
    s.week_batches += 1.0
    s.week_made += s.made
    s.week_decanted += s.decanted
    s.last_made, s.last_decanted, s.last_energy = s.made, s.decanted, s.energy
    s.last_ln2, s.last_lost, s.last_start_up, s.last_elapsed = s.ln2, s.lost, s.start_up, s.elapsed
    s.last_ended_by = s.ended_by


@kernel
def next_state(par, s, image, wire, time, h):
    """The state after this scan."""
    state = int(s.state)
    if state in (WAITING, STAND_BY) and wanted(par, s, image, wire, time):
        begin(par, s, image, wire, time)
        return START_UP
    if state in (START_UP, LIQUEFYING):
        s.made = image[wire[LITRES]] - s.litres_before
        s.ended_by = float(end_reason(par, s, image, wire))
        if s.ended_by > 0.0:
            s.litres_before, s.station, s.filling = image[wire[LITRES]], 0.0, 0.0
            return DECANTING
        if state == START_UP:
            s.start_up = s.elapsed
        return LIQUEFYING if image[wire[STEP]] == BOX_LIQUEFYING else state
    if state == DECANTING and decant(par, s, image, wire, h):
        close(s)
        return WAITING if s.afterwards == 0.0 else (STAND_BY if s.afterwards == 1.0 else WARM_UP)
    if state == STAND_BY and s.afterwards != 1.0:
        return WAITING
    if state == WARM_UP:
        s.warming = max(s.warming, 1.0 if image[wire[STEP]] == BOX_WARM_UP else 0.0)
        return WAITING if s.warming > 0.5 and image[wire[STEP]] == BOX_STOPPED else state
    return state


@kernel
def drive(par, s, image, wire):
    """What each state wants of the sequence, the dewar and the lines."""
    state = int(s.state)
    cold = state == STAND_BY or (state == DECANTING and s.afterwards == 1.0 and s.ended_by != TRIP)
    put(image, wire[TO_COMMAND], par.has_command, 1.0 if cold or state in (START_UP, LIQUEFYING) else 0.0)
    put(image, wire[TO_HOLD], par.has_hold, 1.0 if cold else 0.0)
    if state == WARM_UP and s.warming < 0.5:
        put(image, wire[TO_WARM_UP], par.has_warm_up, 1.0)
    put(image, wire[TO_DECANTING], par.has_decanting, 1.0 if state == DECANTING else 0.0)
    put(image, wire[TO_PRESS], par.has_press, s.p_decant if state == DECANTING else par.p_rest)
    line = int(s.station) if state == DECANTING else 0
    put(image, wire[TO_LINE_1], par.has_line_1, 1.0 if line == 1 else 0.0)
    put(image, wire[TO_LINE_2], par.has_line_2, 1.0 if line == 2 else 0.0)
    put(image, wire[TO_LINE_3], par.has_line_3, 1.0 if line == 3 else 0.0)


@kernel
def batch(par, s, image, wire, clock):
    """One scan: count, find the state, drive the outputs."""
    if not due(clock, par.scan):
        return
    h = period(clock, par.scan)
    loss = image[wire[LOSS_1]] * par.has_loss_1
    loss += image[wire[LOSS_2]] * par.has_loss_2 + image[wire[LOSS_3]] * par.has_loss_3
    s.week_lost += loss * h
    s.week_energy = image[wire[ENERGY]] * par.has_energy_meter - s.week_energy_before
    s.week_ln2 = image[wire[LN2]] * par.has_ln2_meter - s.week_ln2_before
    if START_UP <= int(s.state) <= DECANTING:
        s.elapsed += h
        s.lost += loss * h
        s.energy = image[wire[ENERGY]] * par.has_energy_meter - s.energy_before
        s.ln2 = image[wire[LN2]] * par.has_ln2_meter - s.ln2_before

    if s.mode > 0.5:
        state = next_state(par, s, image, wire, clock.time + par.first_day_number * DAY, h)
        if state == WARM_UP and int(s.state) != WARM_UP:
            s.warming = 0.0
        s.state = float(state)
        drive(par, s, image, wire)


@unit_operation("batch", ja="バッチ運転", update=batch, phase="controller", symbol="controller")
@dataclass(frozen=True, kw_only=True)
class Batch:
    """Batches of a liquefier: start by the calendar, end, decanting, and what each made and took."""

    step: str = Wire("step of the cold-box sequence")
    level: str = Wire("level of the storage dewar")
    litres: str = Wire("liquid in the storage dewar")
    stock: str = Wire("pressure of the gas in stock; empty: always enough", default="")
    energy_meter: str = Wire("electric energy of the compressor", default="")
    ln2_meter: str = Wire("LN2 used", default="")
    loss_1: str = Wire("flow of helium that is lost", default="")
    loss_2: str = Wire("a second one", default="")
    loss_3: str = Wire("a third one", default="")
    level_1: str = Wire("level of the portable dewar at station 1", default="")
    level_2: str = Wire("the same at station 2", default="")
    level_3: str = Wire("the same at station 3", default="")
    command: str = Wire("command of the cold-box sequence")
    hold: str = Wire("`hold` of the sequence: kept in stand-by", default="")
    warm_up: str = Wire("`warm_up` of the sequence", default="")
    decanting: str = Wire("`decanting` of the sequence: shuts the return from the dewar", default="")
    press: str = Wire("set point of the regulator that presses the dewar up", default="")
    line_1: str = Wire("valve of the line to station 1", default="")
    line_2: str = Wire("the same to station 2", default="")
    line_3: str = Wire("the same to station 3", default="")

    days: str = Param("text", 'days on which a batch begins, such as "Mon, Thu"', default="Mon")
    first_day: str = Param("text", "day on which the simulation starts, at 0 h", default="Mon")
    start_hour: float = Param("s", "time of the day at which a batch begins", default=8 * 3600.0, range=(0.0, DAY))
    start_window: float = Param("s", "it may begin this much later", default=4 * 3600.0, range=(1.0, DAY))
    run_time: float = Param("s", "longest batch, start-up included", default=9 * 3600.0, range=(0.0, 1e6))
    level_full: float = Param("1", "level of the dewar at which the batch ends", default=0.9, range=(0.0, 2.0))
    stock_start: float = Param("Pa", "least stock to begin with", default=8e5, range=(0.0, 4e7))
    stock_stop: float = Param("Pa", "stock that ends a batch", default=3e5, range=(0.0, 4e7))
    fill_to: float = Param("1", "level to which portable dewars are filled", default=0.9, range=(0.0, 1.0))
    level_keep: float = Param("1", "level of the storage dewar that is not decanted", default=0.1, range=(0.0, 1.0))
    decant_limit: float = Param("s", "longest filling of one dewar", default=2 * 3600.0, range=(1.0, DAY))
    p_press: float = Param("Pa", "pressure of the storage dewar while it is decanted", default=1.25e5)
    p_rest: float = Param("Pa", "set point of that regulator otherwise", default=1.0e5)
    scan: float = Param("s", "scan period", default=1.0, range=(0.0, 3600.0))

    mode = Input("1", "mode", start=1.0, labels=OFF_AUTO, ja="運転モード")
    monday = Input("1", "batch on Monday", start="on_monday", labels=NO_YES, ja="月曜運転")
    tuesday = Input("1", "batch on Tuesday", start="on_tuesday", labels=NO_YES, ja="火曜運転")
    wednesday = Input("1", "batch on Wednesday", start="on_wednesday", labels=NO_YES, ja="水曜運転")
    thursday = Input("1", "batch on Thursday", start="on_thursday", labels=NO_YES, ja="木曜運転")
    friday = Input("1", "batch on Friday", start="on_friday", labels=NO_YES, ja="金曜運転")
    saturday = Input("1", "batch on Saturday", start="on_saturday", labels=NO_YES, ja="土曜運転")
    sunday = Input("1", "batch on Sunday", start="on_sunday", labels=NO_YES, ja="日曜運転")
    start_at = Input("s", "time of the day of the start", start="start_hour", range=(0.0, DAY), ja="開始時刻")
    run_for = Input("s", "longest batch", start="run_time", range=(0.0, 1e6), ja="運転時間設定")
    full_at = Input("1", "level that ends a batch", start="level_full", range=(0.0, 2.0), ja="満液位")
    stock_start_at = Input(
        "Pa", "least stock to begin with", start="stock_start", range=(0.0, 4e7), by="engineer", ja="開始在庫圧"
    )
    stock_stop_at = Input(
        "Pa", "stock that ends a batch", start="stock_stop", range=(0.0, 4e7), by="engineer", ja="終了在庫圧"
    )
    decant_to = Input("1", "level of filled portable dewars", start="fill_to", range=(0.0, 1.0), ja="汲出し液位")
    keep = Input("1", "level that is not decanted", start="level_keep", range=(0.0, 1.0), by="engineer", ja="残留液位")
    p_decant = Input(
        "Pa", "pressure for decanting", start="p_press", range=(5e4, 2e5), by="engineer", ja="汲出し圧力設定"
    )
    afterwards = Input("1", "after the batch", labels=AFTERWARDS, ja="運転後処置")
    begin_now = Input("1", "begin a batch (goes back by itself)", labels=words("no なし", "begin 開始"), ja="手動開始")
    end_now = Input("1", "end the batch (goes back by itself)", labels=words("no なし", "end 終了"), ja="手動終了")

    state = Latch("1", "state", labels=STATES, ja="バッチ工程")
    ended_by = Latch("1", "what ended the present batch", labels=ENDS, ja="終了理由")
    station = Latch("1", "station that is being filled", range=(0.0, 4.0), ja="汲出し口番号")
    batches = Latch("1", "batches since the beginning", range=(0.0, 1e6), ja="バッチ回数")
    elapsed = Latch("s", "time since the batch began", range=(0.0, 1e6), ja="バッチ経過時間")
    start_up = Latch("s", "time of its start-up", range=(0.0, 1e6), ja="起動時間")
    made = Latch("L", "liquid gained in the storage dewar", range=(-1e4, 1e5), ja="液化量")
    decanted = Latch("L", "liquid that left the storage dewar", range=(-1e4, 1e5), ja="汲出し量")
    energy = Latch("J", "electric energy of the batch", range=(0.0, 1e12), ja="電力量")
    ln2 = Latch("kg", "LN2 of the batch", range=(0.0, 1e5), ja="液体窒素使用量")
    lost = Latch("kg", "helium lost in the batch", range=(0.0, 1e4), ja="ヘリウム損失量")
    last_made = Latch("L", "liquid made by the last batch", range=(-1e4, 1e5), ja="前回液化量")
    last_decanted = Latch("L", "decanted by the last batch", range=(-1e4, 1e5), ja="前回汲出し量")
    last_energy = Latch("J", "energy of the last batch", range=(0.0, 1e12), ja="前回電力量")
    last_ln2 = Latch("kg", "LN2 of the last batch", range=(0.0, 1e5), ja="前回液体窒素使用量")
    last_lost = Latch("kg", "helium lost in the last batch", range=(0.0, 1e4), ja="前回ヘリウム損失量")
    last_start_up = Latch("s", "start-up of the last batch", range=(0.0, 1e6), ja="前回起動時間")
    last_elapsed = Latch("s", "length of the last batch", range=(0.0, 1e6), ja="前回バッチ時間")
    last_ended_by = Latch("1", "what ended the last batch", labels=ENDS, ja="前回終了理由")
    week_batches = Latch("1", "batches of the week", range=(0.0, 1e3), ja="週間バッチ回数")
    week_made = Latch("L", "liquid made in the week", range=(-1e4, 1e5), ja="週間液化量")
    week_decanted = Latch("L", "decanted in the week", range=(-1e4, 1e5), ja="週間汲出し量")
    week_energy = Latch("J", "electric energy of the week, batches and between", range=(0.0, 1e13), ja="週間電力量")
    week_ln2 = Latch("kg", "LN2 of the week", range=(0.0, 1e6), ja="週間液体窒素使用量")
    week_lost = Latch("kg", "helium lost in the week", range=(0.0, 1e4), ja="週間ヘリウム損失量")
    week = Latch("1", "number of the week", range=(0.0, 1e5), ja="週番号")
    last_day = Latch("1", "day of the last batch", start=-1.0, range=(-1.0, 1e6))
    filling = Latch("s", "time of the present filling", range=(0.0, 1e6))
    warming = Latch("1", "the warm-up has begun", labels=NO_YES)
    litres_before = Latch("L", "liquid before", range=(0.0, 1e5))
    energy_before = Latch("J", "energy before", range=(0.0, 1e13))
    ln2_before = Latch("kg", "LN2 before", range=(0.0, 1e7))
    week_energy_before = Latch("J", "energy before the week", range=(0.0, 1e13))
    week_ln2_before = Latch("kg", "LN2 before the week", range=(0.0, 1e7))

    on_monday = property(lambda self: self.on("Mon"))
    on_tuesday = property(lambda self: self.on("Tue"))
    on_wednesday = property(lambda self: self.on("Wed"))
    on_thursday = property(lambda self: self.on("Thu"))
    on_friday = property(lambda self: self.on("Fri"))
    on_saturday = property(lambda self: self.on("Sat"))
    on_sunday = property(lambda self: self.on("Sun"))

    def on(self, day: str) -> float:
        """1 on a day of a batch."""
        return float(day in self.named_days())

    def named_days(self) -> list[str]:
        """The days of the plant file."""
        return [day.strip() for day in self.days.split(",") if day.strip()]

    def check(self) -> None:
        """Days have the names of days, and a line leads to a dewar with a level."""
        for day in (*self.named_days(), self.first_day):
            if day not in WEEKDAYS:
                raise ValueError(f'days: expected days such as "Mon, Thu", got "{day}"')
        for line, level in ((self.line_1, self.level_1), (self.line_2, self.level_2), (self.line_3, self.level_3)):
            if line and not level:
                raise ValueError(f"expected the level of the dewar that {line} fills")

    def derived(self) -> dict[str, float]:
        """The weekday of the start, and which wires lead somewhere."""
        return {"first_day_number": float(WEEKDAYS.index(self.first_day)), **wired(self)}

    @action(ja="バッチ開始")
    def begin(self, plant: Any, unit: str) -> None:
        """Begin a batch now."""
        plant[f"{unit}.begin_now"] = 1

    @action(ja="バッチ終了・払出し")
    def end(self, plant: Any, unit: str) -> None:
        """End the batch and decant."""
        plant[f"{unit}.end_now"] = 1
