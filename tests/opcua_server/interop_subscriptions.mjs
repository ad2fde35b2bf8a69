// What node-opcua makes of the rarer services of subscriptions, and of a connection that breaks; prints JSON.
// usage: node interop_subscriptions.mjs opc.tcp://127.0.0.1:4840; after the line BREAK the connection is to be cut.

import opcua from "node-opcua-client";

const { AttributeIds, DataType, MonitoringMode, OPCUAClient, TimestampsToReturn, Variant } = opcua;
const [endpoint] = process.argv.slice(2);
const tag = (name) => `ns=2;s=${name}`;
const seen = {};

const client = OPCUAClient.create({
  endpointMustExist: false,
  connectionStrategy: { maxRetry: -1, initialDelay: 50, maxDelay: 200 },
});
await client.connect(endpoint);
const session = await client.createSession();
const subscription = await session.createSubscription2({
  requestedPublishingInterval: 100,
  requestedLifetimeCount: 1000,
  requestedMaxKeepAliveCount: 10,
  publishingEnabled: true,
});

async function until(happened) {
  const patience = Date.now() + 30_000;
  while (!happened()) {
    if (Date.now() > patience) throw new Error(`nothing happened: ${JSON.stringify(seen)} ${JSON.stringify(heard)}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

async function advance() {
  await session.call({
    objectId: tag("SIM"),
    methodId: tag("SIM.advance"),
    inputArguments: [new Variant({ dataType: DataType.Double, value: 0.1 })],
  });
}

const heard = { opening: [], time: [] };
async function watch(name, into, mode) {
  const item = await subscription.monitor(
    { nodeId: tag(name), attributeId: AttributeIds.Value },
    { samplingInterval: 0, queueSize: 100, discardOldest: true },
    TimestampsToReturn.Both,
    mode,
  );
  item.on("changed", (value) => into.push(value.value.value));
  return item;
}

async function write(value) {
  const variant = new Variant({ dataType: DataType.Double, value });
  await session.write({ nodeId: tag("CV-101.opening"), attributeId: AttributeIds.Value, value: { value: variant } });
}

// A value that is told only when the valve moves.
const opening = await watch("CV-101.opening", heard.opening, MonitoringMode.Reporting);
const time = await watch("SIM.time", heard.time, MonitoringMode.Sampling);
await until(() => heard.opening.length === 1);
const linked = await session.setTriggering({
  subscriptionId: subscription.subscriptionId,
  triggeringItemId: opening.monitoredItemId,
  linksToAdd: [time.monitoredItemId],
  linksToRemove: [],
});
seen.linked = linked.addResults.map((status) => status.name);
await advance();
await advance();
seen.before = heard.time.length;
await write(0.5);
await until(() => heard.time.length >= 3);
seen.triggered = heard.time.length;

// What the server knows of it.
const items = await session.getMonitoredItems(subscription.subscriptionId);
seen.known = [...items.serverHandles].sort().join() === [opening.monitoredItemId, time.monitoredItemId].sort().join();

// The connection breaks, and nothing is lost.
await time.setMonitoringMode(MonitoringMode.Reporting);
const back = new Promise((done) => client.once("after_reconnection", done));
heard.time.length = 0;
console.log("BREAK");
await back;
await advance();
await until(() => heard.time.length >= 4);
seen.times = heard.time;
seen.subscriptionWas = subscription.subscriptionId;

await subscription.terminate();
await session.close();
await client.disconnect();
console.log(JSON.stringify(seen));
