// Loads a NodeSet2 file with the models it requires into node-opcua, a stack of its own, and prints what it finds.
// usage: node import_nodeset.mjs FILE TAG...

import { AddressSpace } from "node-opcua-address-space";
import { generateAddressSpace } from "node-opcua-address-space/nodeJS.js";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [file, ...tags] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = path.join(here, "../../node_modules/node-opcua-nodesets/nodesets");
const models = ["", ".Di", ".IRDI", ".IA", ".PADIM", ".Machinery", ".Machinery.ProcessValues"];
const files = models.map((model) => path.join(folder, `Opc.Ua${model}.NodeSet2.xml`));

const space = AddressSpace.create();
await generateAddressSpace(space, [...files, file]);
const index = space.getNamespaceIndex("urn:hetwin:plant");

function found(tag) {
  const node = space.findNode(`ns=${index};s=${tag}`);
  if (!node) return null;
  const parent = node.parent;
  const property = (name) => node.getPropertyByName(name)?.readValue().value.value;
  return {
    name: node.browseName.toString(),
    texts: node.displayName.map((text) => [text.locale, text.text]),
    type: node.typeDefinitionObj?.browseName.toString(),
    access: node.accessLevel,
    unit: property("EngineeringUnits")?.displayName.text,
    range: property("EURange") && [property("EURange").low, property("EURange").high],
    labels: property("EnumStrings")?.map((label) => label.text),
    of: parent?.browseName.toString(),
    ofType: parent?.typeDefinitionObj?.browseName.toString(),
    ofBase: parent?.typeDefinitionObj?.subtypeOfObj?.browseName.toString(),
  };
}

// Alarms with their types, sources and fields, methods with their arguments, namespaces with version and date.
const plain = (argument) => [argument.name, argument.dataType.toString(), argument.description.text];
const values = (node, name) => node.getPropertyByName(name)?.readValue().value.value;
const nodes = [...space.getNamespace("urn:hetwin:plant")._nodeid_index.values()];
const isAlarm = (node) => typeof node.nodeId.value === "string" && node.nodeId.value.endsWith("/alarm");
const alarms = nodes.filter(isAlarm).map((node) => ({
  id: node.nodeId.value,
  type: node.typeDefinitionObj?.browseName.name,
  source: node.findReferencesAsObject("HasCondition", false)[0]?.nodeId.value,
  fields: node.getAggregates().map((child) => child.browseName.name),
}));
const methods = nodes.filter((node) => node.nodeClass === 4).map((node) => ({
  id: node.nodeId.value,
  takes: (values(node, "InputArguments") ?? []).map(plain),
  gives: (values(node, "OutputArguments") ?? []).map(plain),
}));
const namespaces = space.rootFolder.objects.server.namespaces.getComponents().map((node) => ({
  uri: values(node, "NamespaceUri"),
  version: values(node, "NamespaceVersion"),
  date: values(node, "NamespacePublicationDate"),
}));
const tagsFound = Object.fromEntries(tags.map((tag) => [tag, found(tag)]));
console.log(JSON.stringify({ tags: tagsFound, alarms, methods, namespaces }));
space.dispose();
