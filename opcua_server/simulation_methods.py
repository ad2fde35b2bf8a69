"""Methods of SIM: time, snapshots, scenarios, faults, and the watch over a controller."""

from __future__ import annotations

import asyncio
from typing import Any

from asyncua import ua

from opcua_server.arguments import Argument
from opcua_server.caller import caller
from opcua_server.plant_methods import Method
from opcua_server.watch import Watch
from twin.errors import BadWrite, TwinError, UnknownTag, nearest
from twin.faults import Fault, plant_faults
from twin.records import MODES
from twin.scenario import SCENARIOS, load_scenario, shipped_scenarios
from twin.simulation import Simulation
from twin.snapshots import Snapshots

KIND = ua.VariantType
TIME = Argument("time", "simulation time reached [s]", "到達時刻 [s]")
NAME = Argument("name", "name", "名前", KIND.String)


def simulation_methods(simulation: Simulation, snapshots: Snapshots, watch: Watch) -> list[Method]:
    """All of them."""

    async def promise(seconds: float) -> None:
        watch.begin(caller(), seconds)

    return [
        *_time_methods(simulation, watch),
        *_snapshot_methods(simulation, snapshots),
        *_scenario_methods(simulation),
        *_fault_methods(simulation),
        Method(
            "SIM.watch",
            "raise the alarm SIM.controller when this session has written nothing and asked for no step for so long; "
            "0 ends it",
            "このセッションから指定時間書込みがない場合に制御装置通信途絶警報を発報、0で解除",
            promise,
            (Argument("seconds", "longest silence on the wall clock [s]", "最長無通信時間 [s]"),),
            by="operator",
        ),
    ]


def _time_methods(simulation: Simulation, watch: Watch) -> list[Method]:
    async def freeze() -> float:
        simulation.write("SIM.mode", MODES.index("paused"))
        return await asyncio.wrap_future(simulation.call(lambda plant: float(plant.time)))

    async def run(speed: float) -> None:
        if not 0.0 < speed <= 1e9:
            raise BadWrite(f"SIM.run: expected a speed above 0, got {speed:g}.", "out_of_range")
        simulation.write("SIM.mode", MODES.index("realtime"))
        simulation.write("SIM.speed", speed)

    async def set_speed(speed: float) -> None:
        simulation.write("SIM.speed", speed)

    async def step(dt: float) -> float:
        watch.hear(caller())
        return await asyncio.wrap_future(simulation.step(dt))

    async def advance(seconds: float) -> float:
        watch.hear(caller())
        return await asyncio.wrap_future(simulation.advance(seconds))

    speed = Argument("speed", "simulated over real time", "速度倍率")
    return [
        Method("SIM.freeze", "stand still", "停止", freeze, (), (TIME,)),
        Method("SIM.run", "run with the wall clock, times the speed", "実時間の指定倍率で運転", run, (speed,)),
        Method("SIM.set_speed", "another speed, in the same mode", "速度変更", set_speed, (speed,)),
        Method(
            "SIM.do_step",
            "advance a plant that stands still, and answer when the new values can be read",
            "停止中に指定時間だけ進める",
            step,
            (Argument("dt", "simulated time [s], a whole number of steps", "進める時間 [s]"),),
            (TIME,),
        ),
        Method(
            "SIM.advance",
            "in mode lockstep: advance the plant, and answer when the new values can be read",
            "同期モードで指定時間だけ進める",
            advance,
            (Argument("seconds", "simulated time to advance [s], a whole number of steps", "進める時間 [s]"),),
            (TIME,),
        ),
    ]


def _snapshot_methods(simulation: Simulation, snapshots: Snapshots) -> list[Method]:
    async def snapshot(name: str) -> float:
        def take(plant: Any) -> tuple[Any, ...]:
            return plant.snapshot(), simulation.alarms.snapshot(), float(plant.time), simulation.scenario_snapshot()

        taken = await asyncio.wrap_future(simulation.call(take))
        await asyncio.to_thread(snapshots.save, name, *taken)
        return float(taken[2])

    async def restore(name: str) -> float:
        kept = snapshots.find(name)
        await asyncio.wrap_future(simulation.restore(kept.plant, kept.alarms, kept.scenario))
        return kept.time

    async def list_snapshots() -> tuple[Any, ...]:
        kept = sorted(snapshots.all().items(), key=lambda pair: pair[1].made)
        return [name for name, _ in kept], [one.time for _, one in kept], [one.made for _, one in kept]

    return [
        Method("SIM.snapshot", "keep the state of plant and alarms", "状態保存", snapshot, (NAME,), (TIME,)),
        Method("SIM.restore", "go back to a snapshot", "状態復元", restore, (NAME,), (TIME,)),
        Method(
            "SIM.list_snapshots",
            "the snapshots that are kept, oldest first",
            "保存済み状態の一覧",
            list_snapshots,
            outputs=(
                Argument("names", "names", "名前", KIND.String, array=True),
                Argument("times", "simulation times [s]", "時刻 [s]", KIND.Double, array=True),
                Argument("made", "when they were made", "保存日時", KIND.DateTime, array=True),
            ),
            by="observer",
        ),
    ]


def _scenario_methods(simulation: Simulation) -> list[Method]:
    async def list_scenarios() -> tuple[Any, ...]:
        return await asyncio.to_thread(_fitting, simulation)

    async def start(name: str) -> float:
        if name not in shipped_scenarios():
            raise UnknownTag(f'There is no scenario "{name}"{nearest(name, shipped_scenarios()) or "."}')
        scenario = await asyncio.to_thread(load_scenario, SCENARIOS / f"{name}.toml", simulation.plant)
        await asyncio.wrap_future(simulation.play(scenario))
        return max((event.at + event.over for event in scenario.events), default=0.0)

    async def stop() -> str:
        playing = simulation.scenario
        await asyncio.wrap_future(simulation.end_scenario())
        return playing.name if playing else ""

    return [
        Method(
            "SIM.list_scenarios",
            "the scenarios of this plant",
            "シナリオ一覧",
            list_scenarios,
            outputs=(
                Argument("names", "names", "名前", KIND.String, array=True),
                Argument("texts", "what happens", "内容", KIND.String, array=True),
            ),
            by="observer",
        ),
        Method(
            "SIM.start_scenario",
            "let a scenario happen from now on",
            "シナリオ開始",
            start,
            (NAME,),
            (Argument("duration", "simulated time until its last event [s]", "最終イベントまでの時間 [s]"),),
        ),
        Method(
            "SIM.stop_scenario",
            "let nothing more of it happen",
            "シナリオ停止",
            stop,
            outputs=(Argument("name", "the scenario that was stopped, if any", "停止したシナリオ", KIND.String),),
        ),
    ]


def _fitting(simulation: Simulation) -> tuple[list[str], list[str]]:
    """Names and descriptions of the shipped scenarios that this plant can play."""
    found = []
    for name in shipped_scenarios():
        try:
            found.append(load_scenario(name, simulation.plant))
        except TwinError:  # of another plant
            continue
    return [scenario.name for scenario in found], [scenario.description for scenario in found]


def _fault_methods(simulation: Simulation) -> list[Method]:
    faults = plant_faults(simulation.plant.spec, simulation.plant.tags)

    def find(name: str) -> Fault:
        if name not in faults:
            raise UnknownTag(f'There is no fault "{name}"{nearest(name, faults) or "."}')
        return faults[name]

    async def list_faults() -> tuple[Any, ...]:
        values = await asyncio.wrap_future(simulation.call(lambda plant: [plant[name] for name in faults]))
        texts = [f"{fault.tag.text} / {fault.tag.text_ja}" for fault in faults.values()]
        return list(faults), texts, values, [fault.healthy for fault in faults.values()]

    async def inject(name: str, value: float) -> None:
        simulation.write(find(name).tag.name, value)

    async def clear(name: str) -> None:
        fault = find(name)
        simulation.write(fault.tag.name, fault.healthy)

    async def clear_all() -> None:
        for fault in faults.values():
            simulation.write(fault.tag.name, fault.healthy)

    return [
        Method(
            "SIM.list_faults",
            "what can go wrong: inputs of the plant, their values now and when all is well",
            "故障一覧",
            list_faults,
            outputs=(
                Argument("names", "names", "名前", KIND.String, array=True),
                Argument("texts", "what each is", "内容", KIND.String, array=True),
                Argument("values", "values now, SI", "現在値", KIND.Double, array=True),
                Argument("healthy", "values when all is well, SI", "正常値", KIND.Double, array=True),
            ),
        ),
        Method(
            "SIM.inject_fault",
            "let something go wrong",
            "故障注入",
            inject,
            (NAME, Argument("value", "value of the input, SI; number of a label", "値")),
        ),
        Method("SIM.clear_fault", "put it right again", "故障解除", clear, (NAME,)),
        Method("SIM.clear_faults", "put everything right again", "全故障解除", clear_all),
    ]
