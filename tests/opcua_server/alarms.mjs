// Drives alarms and methods with node-opcua, a stack of its own, and prints what it saw as JSON.
// usage: node alarms.mjs opc.tcp://127.0.0.1:4840

import opcua from "node-opcua-client";

const { AttributeIds, DataType, OPCUAClient, Variant, constructEventFilter, ofType, resolveNodeId } = opcua;
const [endpoint] = process.argv.slice(2);
const tag = (name) => `ns=2;s=${name}`;
const alarm = (name) => `ns=2;s=${name}/alarm`;

const client = OPCUAClient.create({ endpointMustExist: false, connectionStrategy: { maxRetry: 1 } });
await client.connect(endpoint);
const session = await client.createSession();
const seen = {};

async function write(name, dataType, value) {
  const value_ = { value: new Variant({ dataType, value }) };
  return (await session.write({ nodeId: tag(name), attributeId: AttributeIds.Value, value: value_ })).name;
}
async function call(objectId, methodId, ...given) {
  const inputArguments = given.map(([dataType, value]) => new Variant({ dataType, value }));
  const result = await session.call({ objectId, methodId, inputArguments });
  return { status: result.statusCode.name, given: (result.outputArguments ?? []).map((output) => output.value) };
}
const advance = (seconds) => call(tag("SIM"), tag("SIM.advance"), [DataType.Double, seconds]);

// Subscribe to alarms of any kind, as an alarm list does.
const fields = ["EventId", "EventType", "ConditionName", "Message", "Severity", "Retain", "ActiveState.Id",
  "AckedState.Id", "ConfirmedState.Id", "Comment", "SourceName"];
const filter = constructEventFilter([...fields, "ConditionId"], ofType("AlarmConditionType"));
const subscription = await session.createSubscription2({
  requestedPublishingInterval: 50, requestedLifetimeCount: 1000, requestedMaxKeepAliveCount: 10, publishingEnabled: true,
});
const item = await subscription.monitor(
  { nodeId: resolveNodeId("Server"), attributeId: AttributeIds.EventNotifier },
  { samplingInterval: 0, queueSize: 100, discardOldest: true, filter },
  2 /* both timestamps */,
);
const told = [];
let arrived = () => {};
item.on("changed", (values) => {
  const event = Object.fromEntries(fields.map((field, i) => [field, values[i].value]));
  event.conditionId = values[fields.length]?.value?.toString();
  told.push(event);
  arrived();
});
async function next(wanted) {
  const patience = setTimeout(() => { throw new Error(`no event within 20 s: ${wanted}`); }, 20_000);
  for (;;) {
    const found = told.findIndex(wanted);
    if (found >= 0) { clearTimeout(patience); return told.splice(found, 1)[0]; }
    await new Promise((done) => { arrived = done; });
  }
}
const shown = (event) => ({
  name: event.ConditionName, message: event.Message.text, severity: event.Severity, retain: event.Retain,
  active: event["ActiveState.Id"], acked: event["AckedState.Id"], confirmed: event["ConfirmedState.Id"],
  comment: event.Comment.text, source: event.SourceName, condition: event.conditionId,
});

// Another listens in Japanese: to the same events, and to a name.
const reader = OPCUAClient.create({ endpointMustExist: false, connectionStrategy: { maxRetry: 1 } });
const send = reader.performMessageTransaction;
reader.performMessageTransaction = function (request, callback) {
  if ("localeIds" in request) request.localeIds = ["ja-JP", "en"]; // node-opcua has no setting for it
  return send.call(this, request, callback);
};
await reader.connect(endpoint);
const inJapanese = await reader.createSession();
const listening = await inJapanese.createSubscription2({
  requestedPublishingInterval: 50, requestedLifetimeCount: 1000, requestedMaxKeepAliveCount: 10, publishingEnabled: true,
});
async function heard(asked, found) {
  const watched = await listening.monitor(asked.what, { samplingInterval: 0, queueSize: 100, ...asked.how }, 2);
  watched.on("changed", found);
}
const events = { nodeId: resolveNodeId("Server"), attributeId: AttributeIds.EventNotifier };
const words = ["ConditionName", "Message", "ActiveState", "AckedState", "Priority", "Cause"];
seen.japanese = {};
await heard({ what: events, how: { filter: constructEventFilter(words, ofType("AlarmConditionType")) } }, (values) => {
  seen.japanese[values[0].value] ??= values.slice(1).map((each) => each.value.text);
});
await heard({ what: { nodeId: tag("PT-102"), attributeId: AttributeIds.DisplayName } }, (value) => {
  seen.name = [value.value.value.locale, value.value.value.text];
});

// And to what operators do to alarms.
const audited = ["EventType", "SourceName", "SourceNode", "Comment", "ConditionEventId", "ShelvingTime", "Status"];
seen.audit = [];
await heard({ what: events, how: { filter: constructEventFilter(audited, ofType("AuditConditionEventType")) } },
  ([kind, source, node, comment, event, time, status]) => seen.audit.push([
    opcua.ObjectTypeIds[kind.value.value], source.value, node.value.toString(), comment.value?.text ?? null,
    event.value !== null && event.value.equals(trip.EventId), time.value, status.value,
  ]));

// A valve opens, pressure rises, the interlock trips: acknowledge and confirm.
await write("ZC-101.command", DataType.Double, 1.0);
await advance(60.0);
const trip = await next((event) => event.ConditionName === "IL-102.trip" && event["ActiveState.Id"]);
seen.trip = shown(trip);
const condition = alarm("IL-102.trip");
seen.acknowledged = (await session.acknowledgeCondition(condition, trip.EventId, "seen")).name;
seen.after = shown(await next((event) => event.ConditionName === "IL-102.trip" && event["AckedState.Id"]));
seen.again = (await session.acknowledgeCondition(condition, trip.EventId, "again")).name;
seen.confirmed = (await session.confirmCondition(condition, trip.EventId, "done")).name;
seen.done = shown(await next((event) => event.ConditionName === "IL-102.trip" && event["ConfirmedState.Id"]));
seen.stranger = (await session.acknowledgeCondition(condition, Buffer.from("0123456789abcdef"), "no")).name;
seen.commented = (await session.addCommentCondition(condition, trip.EventId, "note")).name;

// Its own list of alarms: subscribes, refreshes, and holds what still concerns anybody.
const list = await opcua.installAlarmMonitoring(session);
await new Promise((done) => setTimeout(done, 1500));
seen.list = list.alarms().map((found) => found.fields.conditionName.value).sort();
await opcua.uninstallAlarmMonitoring(session);

// Shelve, and methods of the plant.
const shelving = `${alarm("ZC-101.air")}/ShelvingState`;
const shelve = "ns=0;i=9213"; // AlarmConditionType.ShelvingState.TimedShelve
seen.shelved = (await call(shelving, shelve, [DataType.Double, 60000])).status;
seen.shelvedAgain = (await call(shelving, shelve, [DataType.Double, 60000])).status;
seen.swap = await call("ns=2;s=/alarms/hall/BAG-1", tag("BAG-1.swap"));
seen.reset = await call("ns=2;s=/alarms/hub/IL-102", tag("IL-102.reset_trip"));
seen.snapshot = await call(tag("SIM"), tag("SIM.snapshot"), [DataType.String, "interop"]);
seen.snapshots = (await call(tag("SIM"), tag("SIM.list_snapshots"))).given[0];
seen.restored = (await call(tag("SIM"), tag("SIM.restore"), [DataType.String, "interop"])).status;
seen.unknown = (await call(tag("SIM"), tag("SIM.restore"), [DataType.String, "nothing"])).status;
const described = await session.getArgumentDefinition(resolveNodeId(tag("D-1.deliver")));
seen.arguments = described.inputArguments.map((argument) => [argument.name, argument.description.text]);

for (let i = 0; seen.audit.length < 7 && i < 200; i++) await new Promise((done) => setTimeout(done, 50));
await listening.terminate();
await inJapanese.close();
await reader.disconnect();
await subscription.terminate();
await session.close();
await client.disconnect();
console.log(JSON.stringify(seen));
