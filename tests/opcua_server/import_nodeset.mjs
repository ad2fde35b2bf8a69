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
console.log(JSON.stringify(Object.fromEntries(tags.map((tag) => [tag, found(tag)]))));
space.dispose();
