// Reads history with node-opcua, a stack of its own, and prints what it saw as JSON.
// usage: node interop_history.mjs opc.tcp://127.0.0.1:4840 START END   (ISO dates)

import opcua from "node-opcua-client";

const { AggregateFunction, AttributeIds, OPCUAClient, ReadRawModifiedDetails, TimestampsToReturn } = opcua;
const { HistoryReadRequest, ReadAtTimeDetails } = opcua;
const [endpoint, from, to] = process.argv.slice(2);
const [start, end] = [new Date(from), new Date(to)];
const tag = (name) => `ns=2;s=${name}`;
const told = (values) => values.map((v) => ({
  value: v.value?.value ?? null,
  type: v.value?.dataType,
  at: v.sourceTimestamp?.toISOString(),
  status: v.statusCode.toString(),
}));

const client = OPCUAClient.create({ endpointMustExist: false, connectionStrategy: { maxRetry: 1 } });
await client.connect(endpoint);
const session = await client.createSession();
const seen = {};

const raw = await session.readHistoryValue(tag("BUF-1.p"), start, end);
seen.raw = told(raw.historyData.dataValues);
const few = await session.readHistoryValue(tag("BUF-1.p"), start, end, { numValuesPerNode: 3, returnBounds: false });
seen.few = { values: told(few.historyData.dataValues), more: (few.continuationPoint?.length ?? 0) > 0 };

seen.aggregates = {};
for (const name of ["Average", "Minimum", "Maximum", "Count", "TimeAverage", "Interpolative"]) {
  const found = await session.readAggregateValue(
    { nodeId: tag("BUF-1.p") }, start, end, AggregateFunction[name], 5000,
  );
  seen.aggregates[name] = told(found.historyData.dataValues);
}

async function history(nodeId, details) {
  const request = new HistoryReadRequest({
    historyReadDetails: details,
    nodesToRead: [{ nodeId, indexRange: null, dataEncoding: { namespaceIndex: 0, name: null } }],
    releaseContinuationPoints: false,
    timestampsToReturn: TimestampsToReturn.Both,
  });
  return (await session.historyRead(request)).results[0];
}
const middle = new Date(start.getTime() + 1500);
const atTime = await history(tag("BUF-1.p"), new ReadAtTimeDetails({ reqTimes: [middle], useSimpleBounds: false }));
seen.atTime = told(atTime.historyData.dataValues);
const modified = await history(tag("BUF-1.p"), new ReadRawModifiedDetails({
  isReadModified: true, startTime: start, endTime: end, numValuesPerNode: 0, returnBounds: false,
}));
seen.modified = modified.statusCode.name;
const notes = await history(tag("CV-101.opening/Annotations"), new ReadRawModifiedDetails({
  isReadModified: false, startTime: start, endTime: end, numValuesPerNode: 0, returnBounds: false,
}));
seen.notes = notes.historyData.dataValues.map((v) => [v.value.value.message, v.value.value.userName]);
const historizing = await session.read({ nodeId: tag("BUF-1.p"), attributeId: AttributeIds.Historizing });
seen.historizing = historizing.value.value;
const access = await session.read({ nodeId: tag("BUF-1.p"), attributeId: AttributeIds.AccessLevel });
seen.access = access.value.value;

await session.close();
await client.disconnect();
console.log(JSON.stringify(seen));
