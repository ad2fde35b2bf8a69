"""Endurance: 100 sessions that watch 1 000 tags at 10 Hz for ten minutes, on `hetwin serve` with all that it does.

    hetwin bench opcua_soak                                        four minutes of warm-up and ten measured
    python -m benchmarks.opcua_soak --minutes 1 --warm-up 0.5      tried out

The server keeps history, alarms and snapshots, fills its diagnostics, and is scraped at /metrics as Prometheus would;
an operator brings about an alarm every second and acknowledges it. Its memory is read from outside, once a second.
The warm-up is as long as it takes until every buffer has been used once: the history folds its first block after 2 048
scans, three and a half minutes. Drift is the median of the last sixth of the measured time over that of the first.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import multiprocessing
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from asyncua import Client, ua

from benchmarks.opcua_load import Listener
from benchmarks.servers.chain import MOVING, PERIOD, chain, moving
from benchmarks.servers.served import Served, free_port, serving

NAME = "opcua_soak"
SESSIONS, TAGS = 100, 1000
MINUTES, WARM_UP = 10.0, 4.0
SCRAPE = 15
"""Seconds between two looks at /metrics."""
COUNTED = ("hetwin_overruns_total", "hetwin_history_lost_total", "hetwin_connections_refused_total")


def run(minutes: float = MINUTES, warm_up: float = WARM_UP) -> list[dict[str, Any]]:
    """Serve, subscribe, warm up, measure."""
    with tempfile.TemporaryDirectory() as folder:
        plant, http = Path(folder) / "chain.toml", free_port()
        plant.write_text(chain(TAGS // len(MOVING) + 8, alarms=1))
        with serving(plant, "--out", folder, "--http-port", http) as server:
            heard, found = _heard(server, http, 60.0 * minutes, 60.0 * warm_up)
            size = (Path(folder) / "history.sqlite").stat().st_size
    memory, sixth = np.array(found["memory"]), max(len(found["memory"]) // 6, 1)
    first, last = np.median(memory[:sixth]), np.median(memory[-sixth:])
    expected = SESSIONS * TAGS / PERIOD
    whole = f"{SESSIONS} sessions of {TAGS} tags at {1.0 / PERIOD:.0f} Hz, {minutes:g} min"
    return [
        _row(f"{whole}: memory, drift", 100.0 * (last / first - 1.0), "%", "< 1", last / first < 1.01),
        _row("memory, median", np.median(memory) / 2**20, "MiB", "", True),
        _row("memory, most over least", 100.0 * (memory.max() / memory.min() - 1.0), "%", "", True),
        _row("overruns (SIM.overruns)", found[COUNTED[0]], "1", "0", not found[COUNTED[0]]),
        _row("scans and events that the history lacks", found[COUNTED[1]], "1", "0", not found[COUNTED[1]]),
        _row("connections dropped", found[COUNTED[2]], "1", "0", not found[COUNTED[2]]),
        _row("messages missing in their numbers", heard["lost"], "1", "0", not heard["lost"]),
        _row(
            "notifications that came", 100.0 * heard["rate"] / expected, "%", "> 99.5", heard["rate"] > 0.995 * expected
        ),
        _row("from the scan to the client, p99", 1e3 * heard["p99"], "ms", "", True),
        _row("alarms brought about and acknowledged", found["alarms"], "1", "", True),
        _row("processor of the server", found["core"], "cores", "", True),
        _row("processor of all clients", heard["core"], "cores", "", True),
        _row("history on disk at the end", size / 2**20, "MiB", "", True),
    ]


def _row(point: str, figure: float, unit: str, target: str, met: bool) -> dict[str, Any]:
    verdict = "" if not target else "met" if met else "missed"
    return {"point": point, "figure": float(figure), "unit": unit, "target": target, "verdict": verdict}


def _heard(server: Served, http: int, seconds: float, warm_up: float) -> tuple[dict[str, float], dict[str, Any]]:
    """What the clients found, and what was seen of the server meanwhile."""
    context = multiprocessing.get_context("spawn")
    ready, answer = context.Event(), context.Queue()
    asyncio.run(server.listening())
    clients = context.Process(target=_listen, args=(server.port, seconds, warm_up, ready, answer), daemon=True)
    clients.start()
    try:
        if not ready.wait(1200.0):
            raise RuntimeError("The clients did not get ready.")
        found = asyncio.run(_watch(server, http, seconds, warm_up))
        return answer.get(timeout=600.0), found
    finally:
        clients.terminate()
        clients.join()


# --- the server, seen from outside -------------------------------------------------------------------------------


async def _watch(server: Served, http: int, seconds: float, warm_up: float) -> dict[str, Any]:
    """Memory once a second, processor time, counters and alarms of the measured time."""
    operator = await server.first_client()
    alarm = Alarm(operator)
    await alarm.listen()
    await _each_second(warm_up, server, http, alarm)
    began, before = server.processor, _counted(http)
    alarm.acknowledged = 0
    memory = await _each_second(seconds, server, http, alarm)
    core = (server.processor - began) / seconds
    counted = {name: value - before[name] for name, value in _counted(http).items()}
    await operator.disconnect()
    return {"memory": memory, "core": core, "alarms": alarm.acknowledged, **counted}


async def _each_second(seconds: float, server: Served, http: int, alarm: Alarm) -> list[float]:
    memory, end = list[float](), time.monotonic() + seconds
    while time.monotonic() < end:
        await alarm.toggle(on=len(memory) % 2 == 0)
        if len(memory) % SCRAPE == 0:
            _counted(http)
        memory.append(server.resident)
        await asyncio.sleep(1.0)
    return memory


class Alarm:
    """An alarm that is brought about by its limit, heard, and acknowledged."""

    def __init__(self, client: Client) -> None:
        self.acknowledged = 0
        self._client = client
        self._limit = client.get_node(ua.NodeId("PA-0.at_high", 2))
        self._condition = ua.NodeId("PA-0/alarm", 2)

    async def listen(self) -> None:
        """Hear of it, as any client of alarms would."""
        self._subscription = await self._client.create_subscription(1e3 * PERIOD, self)
        await self._subscription.subscribe_events(ua.ObjectIds.Server, ua.ObjectIds.AlarmConditionType)

    async def toggle(self, on: bool) -> None:
        """Put the limit below the pressure or above it."""
        value = ua.Variant(1e5 if on else 25e5, ua.VariantType.Double)
        await self._limit.write_value(ua.DataValue(value))

    async def event_notification(self, event: Any) -> None:
        """asyncua's client calls this."""
        if getattr(event, "ConditionName", None) == "PA-0" and not getattr(event, "AckedState/Id", True):
            arguments = [
                ua.Variant(event.EventId, ua.VariantType.ByteString),
                ua.Variant(ua.LocalizedText("seen", "en")),
            ]
            method = ua.NodeId(ua.ObjectIds.AcknowledgeableConditionType_Acknowledge)
            request = ua.CallMethodRequest(self._condition, method, arguments)
            (result,) = await self._client.uaclient.call([request])
            self.acknowledged += result.StatusCode.is_good()


def _counted(http: int) -> dict[str, float]:
    """Counters of /metrics, summed over their labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{http}/metrics", timeout=60.0) as answer:
        lines = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
    pairs = [line.rsplit(" ", 1) for line in lines]
    return {wanted: sum(float(n) for name, n in pairs if name.partition("{")[0] == wanted) for wanted in COUNTED}


# --- the clients -------------------------------------------------------------------------------------------------


def _listen(port: int, seconds: float, warm_up: float, ready: Any, answer: Any) -> None:
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    answer.put(asyncio.run(_listen_all(port, seconds, warm_up, ready)))


async def _listen_all(port: int, seconds: float, warm_up: float, ready: Any) -> dict[str, float]:
    names = [(name, 2) for name in moving(TAGS)]
    listeners = [Listener(port) for _ in range(SESSIONS)]
    for listener in listeners:
        await listener.connect(names)
    ready.set()
    await asyncio.sleep(warm_up)
    for listener in listeners:
        listener.clear()
    began, used = time.monotonic(), time.process_time()
    await asyncio.sleep(seconds)
    took = time.monotonic() - began
    delays = [delay for listener in listeners for delay in listener.delays]
    return {
        "rate": sum(listener.count for listener in listeners) / took,
        "lost": sum(listener.lost for listener in listeners),
        "p99": float(np.quantile(delays, 0.99)) if delays else float("nan"),
        "core": (time.process_time() - used) / took,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long to measure")
    parser.add_argument("--warm-up", type=float, default=WARM_UP, help="minutes before that")
    asked = parser.parse_args()
    for row in run(asked.minutes, asked.warm_up):
        print(f"{row['point']:65} {row['figure']:10.4g} {row['unit']:5} {row['target']:6} {row['verdict']}")


if __name__ == "__main__":
    main()
