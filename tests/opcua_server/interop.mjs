// Drives the server with node-opcua, a stack of its own, and prints what it saw as JSON.
// usage: node interop.mjs opc.tcp://127.0.0.1:4840

import opcua from "node-opcua-client";

const { AttributeIds, BrowseDirection, DataType, OPCUAClient, Variant } = opcua;
const [endpoint] = process.argv.slice(2);
const tag = (name) => `ns=2;s=${name}`;
const status = (code) => code.name;

const client = OPCUAClient.create({ endpointMustExist: false, connectionStrategy: { maxRetry: 1 } });
await client.connect(endpoint);
const session = await client.createSession();
const seen = {};

// Browse from Objects down to the valve.
async function children(nodeId) {
  const { references } = await session.browse({
    nodeId,
    browseDirection: BrowseDirection.Forward,
    referenceTypeId: "HierarchicalReferences",
    includeSubtypes: true,
    resultMask: 63,
  });
  return references.map((reference) => ({
    name: reference.browseName.name,
    id: reference.nodeId.toString(),
    type: reference.typeDefinition.toString(),
    title: reference.displayName.text,
  }));
}
async function descend(nodeId, ...names) {
  let id = nodeId;
  for (const name of names) id = (await children(id)).find((child) => child.name === name).id;
  return id;
}
const valve = await descend("i=85", "two-vessels", "hub", "CV-101");
seen.browsed = Object.fromEntries((await children(valve)).map((child) => [child.name, child]));

// The type of the valve and what it is derived from, and the valve among the devices.
const superType = async (nodeId) => {
  const { references } = await session.browse({
    nodeId,
    browseDirection: BrowseDirection.Inverse,
    referenceTypeId: "HasSubtype",
    resultMask: 63,
  });
  return references[0];
};
const placed = (await children(await descend("i=85", "two-vessels", "hub"))).find((child) => child.name === "CV-101");
const type = await session.read({ nodeId: placed.type, attributeId: AttributeIds.BrowseName });
seen.type = [type.value.value.name, (await superType(placed.type)).browseName.name];
seen.device = await descend("i=85", "DeviceSet", "control_valve", "CV-101");

// Read a value with its times, unit, range and text.
const pressure = await session.read({ nodeId: tag("BUF-1.p"), attributeId: AttributeIds.Value });
seen.pressure = {
  value: pressure.value.value,
  type: DataType[pressure.value.dataType],
  status: status(pressure.statusCode),
  age: Date.now() - pressure.sourceTimestamp.getTime(),
};
const property = async (name) => (await session.read({ nodeId: tag(name), attributeId: AttributeIds.Value })).value.value;
const unit = await property("BUF-1.p/EngineeringUnits");
seen.unit = { symbol: unit.displayName.text, id: unit.unitId, namespace: unit.namespaceUri };
const range = await property("CV-101.opening/EURange");
seen.range = [range.low, range.high];
seen.modes = (await property("SIM.mode/EnumStrings")).map((label) => label.text);
const text = await session.read({ nodeId: tag("CV-101.opening"), attributeId: AttributeIds.Description });
seen.text = text.value.value.text;

// Write well and badly.
async function write(name, dataType, value) {
  return status(await session.write({
    nodeId: tag(name),
    attributeId: AttributeIds.Value,
    value: { value: new Variant({ dataType, value }) },
  }));
}
seen.written = await write("CV-101.opening", DataType.Double, 0.7);
seen.readBack = (await session.read({ nodeId: tag("CV-101.opening"), attributeId: AttributeIds.Value })).value.value;
seen.refused = {
  range: await write("CV-101.opening", DataType.Double, 1.5),
  nan: await write("CV-101.opening", DataType.Double, NaN),
  type: await write("CV-101.opening", DataType.Float, 0.5),
  output: await write("BUF-1.p", DataType.Double, 1e5),
  property: await write("BUF-1.p/EURange", DataType.Double, 1.0),
  unknown: await write("CV-999.opening", DataType.Double, 0.5),
};

// Subscribe, and see helium flow.
const subscription = await session.createSubscription2({
  requestedPublishingInterval: 100,
  requestedLifetimeCount: 1000,
  requestedMaxKeepAliveCount: 10,
  publishingEnabled: true,
});
const pressures = [];
const item = await subscription.monitor(
  { nodeId: tag("BUF-1.p"), attributeId: AttributeIds.Value },
  { samplingInterval: 100, queueSize: 10, discardOldest: true },
  2 /* both timestamps */,
);
await new Promise((done, fail) => {
  const patience = setTimeout(() => fail(new Error("no changes within 10 s")), 10_000);
  item.on("changed", (value) => {
    pressures.push(value.value.value);
    if (pressures.length >= 5) {
      clearTimeout(patience);
      done();
    }
  });
});
seen.pressures = pressures;

// Lock-step by method.
seen.mode = await write("SIM.mode", DataType.UInt32, seen.modes.indexOf("lockstep"));
const before = (await session.read({ nodeId: tag("SIM.time"), attributeId: AttributeIds.Value })).value.value;
const called = await session.call({
  objectId: await descend("i=85", "two-vessels", "SIM"),
  methodId: tag("SIM.advance"),
  inputArguments: [new Variant({ dataType: DataType.Double, value: 2.0 })],
});
const after = (await session.read({ nodeId: tag("SIM.time"), attributeId: AttributeIds.Value })).value.value;
seen.advance = { status: status(called.statusCode), reached: called.outputArguments?.[0]?.value, before, after };

await subscription.terminate();
await session.close();
await client.disconnect();
console.log(JSON.stringify(seen));
