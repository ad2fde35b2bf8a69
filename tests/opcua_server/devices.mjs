// What node-opcua, a stack of its own, finds of devices and machines, going by the companion specifications alone.
// usage: node devices.mjs opc.tcp://127.0.0.1:4840

import opcua from "node-opcua-client";

const { AttributeIds, BrowseDirection, OPCUAClient } = opcua;
const [endpoint] = process.argv.slice(2);
const client = OPCUAClient.create({ endpointMustExist: false, connectionStrategy: { maxRetry: 1 } });
await client.connect(endpoint);
const session = await client.createSession();
const uris = await session.readNamespaceArray();
const index = (name) => uris.indexOf(`http://opcfoundation.org/UA/${name}/`);
const [di, padim, machinery, processValues] = ["DI", "PADIM", "Machinery", "Machinery/ProcessValues"].map(index);

async function related(nodeId, referenceTypeId, browseDirection = BrowseDirection.Forward) {
  const { references } = await session.browse({
    nodeId, browseDirection, referenceTypeId, includeSubtypes: true, resultMask: 63,
  });
  return references.map((found) => ({
    id: found.nodeId.toString(), index: found.browseName.namespaceIndex, name: found.browseName.name,
    type: found.typeDefinition?.toString(),
  }));
}
const children = (id) => related(id, "HierarchicalReferences");
const child = async (id, ns, ...names) => {
  for (const name of names) id = (await children(id)).find((one) => one.index === ns && one.name === name)?.id;
  return id;
};
const value = async (nodeId) => (await session.read({ nodeId, attributeId: AttributeIds.Value })).value.value;
const plain = (found) => found?.text ?? found;
async function bases(type) {
  const found = [];
  for (let one = [{ id: type }]; one.length; one = await related(one[0].id, "HasSubtype", BrowseDirection.Inverse))
    found.push(one[0].id);
  return found;
}

// Machines, by the folder that Machinery gives them.
const seen = { uris, machines: {}, devices: {} };
for (const machine of await children(`ns=${machinery};i=1001`)) {
  if (machine.type === "ns=0;i=58" && machine.index === 0) continue;
  const plate = await child(machine.id, di, "Identification");
  if (!plate) continue;
  const process = await child(await child(machine.id, machinery, "Monitoring"), machinery, "Process");
  const identification = {};
  for (const property of await related(plate, "HasProperty")) identification[property.name] = plain(await value(property.id));
  const values = {};
  for (const one of await children(process)) {
    const signal = await child(one.id, padim, "AnalogSignal");
    const unit = await value(await child(signal, 0, "EngineeringUnits"));
    values[one.name] = {
      isProcessValue: one.type === `ns=${processValues};i=1003`,
      tag: await value(await child(one.id, padim, "SignalTag")),
      unit: unit.displayName.text,
      value: await value(signal),
    };
  }
  seen.machines[machine.name] = { identification, values };
}

// Devices, by the set that DI gives them.
for (const kind of await children(`ns=${di};i=5001`)) {
  for (const device of kind.index === 2 ? await children(kind.id) : []) {
    const plate = {};
    for (const name of ["Manufacturer", "Model", "SerialNumber", "DeviceClass", "ProductInstanceUri", "AssetId"])
      plate[name] = plain(await value(await child(device.id, di, name)));
    const health = await child(device.id, di, "DeviceHealth");
    const signals = await child(device.id, padim, "SignalSet");
    const signal = signals && (await children(signals))[0];
    const analog = signal && (await child(signal.id, padim, "AnalogSignal"));
    const types = await bases(device.type);
    seen.devices[device.name] = {
      plate,
      health: await value(health),
      isPadim: types.includes(`ns=${padim};i=1009`),
      isDevice: types.includes(`ns=${di};i=1002`),
      signalTag: signal && (await value(await child(signal.id, padim, "SignalTag"))),
      range: analog && (await value(await child(analog, 0, "EURange"))),
    };
  }
}
await session.close();
await client.disconnect();
console.log(JSON.stringify(seen));
