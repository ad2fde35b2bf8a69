"""What the old `opcua` client sees of a server: browse, read, write, a method, values by subscription; as JSON."""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

from opcua import Client, ua


class Heard:
    def __init__(self) -> None:
        self.values: list[float] = []
        self.enough = threading.Event()

    def datachange_notification(self, node: Any, value: float, data: Any) -> None:
        self.values.append(value)
        if len(self.values) >= 3:
            self.enough.set()


def status(write: Any) -> str:
    try:
        write()
    except ua.UaStatusCodeError as refused:
        return str(ua.StatusCode(refused.code).name)
    return "Good"


def look(client: Client) -> dict[str, Any]:
    opening, pressure = client.get_node("ns=2;s=CV-101.opening"), client.get_node("ns=2;s=BUF-1.p")
    heard = Heard()
    subscription = client.create_subscription(100, heard)
    subscription.subscribe_data_change(client.get_node("ns=2;s=SIM.time"))
    heard.enough.wait(20.0)
    subscription.delete()
    return {
        "objects": [node.get_browse_name().Name for node in client.get_objects_node().get_children()],
        "pressure": pressure.get_value(),
        "unit": pressure.get_child("0:EngineeringUnits").get_value().DisplayName.Text,
        "written": status(lambda: opening.set_value(0.7, ua.VariantType.Double)),
        "read_back": opening.get_value(),
        "out_of_range": status(lambda: opening.set_value(7.0, ua.VariantType.Double)),
        "wrong_type": status(lambda: opening.set_value("open", ua.VariantType.String)),
        "read_only": status(lambda: pressure.set_value(1.0, ua.VariantType.Double)),
        "times": heard.values,
        "state": client.get_node(ua.ObjectIds.Server_ServerStatus_State).get_value(),
    }


if __name__ == "__main__":
    session = Client(sys.argv[1], timeout=20)
    session.connect()
    try:
        print(json.dumps(look(session)))
    finally:
        session.disconnect()
