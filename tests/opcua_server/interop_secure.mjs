// Connects with node-opcua over a secured channel, as two users, and prints what each was allowed as JSON.
// usage: node interop_secure.mjs ENDPOINT FOLDER    FOLDER holds client.pem (key) and client.crt (certificate, PEM)

import opcua from "node-opcua-client";
import { OPCUACertificateManager } from "node-opcua-certificate-manager";

const { AttributeIds, DataType, MessageSecurityMode, OPCUAClient, SecurityPolicy, UserTokenType, Variant } = opcua;
const [endpoint, folder] = process.argv.slice(2);
const tag = (name) => `ns=2;s=${name}`;

const clientCertificateManager = new OPCUACertificateManager({
  rootFolder: `${folder}/node-pki`,
  automaticallyAcceptUnknownCertificate: true,
});
await clientCertificateManager.initialize();

async function visit(securityPolicy, user, password, securityMode = MessageSecurityMode.SignAndEncrypt, stay = 0) {
  const client = OPCUAClient.create({
    applicationUri: "urn:test:client",
    certificateFile: `${folder}/client.crt`,
    privateKeyFile: `${folder}/client.pem`,
    clientCertificateManager,
    securityMode,
    securityPolicy,
    ...(stay ? { defaultSecureTokenLifetime: stay / 3 } : {}),
    endpointMustExist: true,
    connectionStrategy: { maxRetry: 1 },
  });
  let renewals = 0;
  client.on("security_token_renewed", () => (renewals += 1));
  await client.connect(endpoint);
  const seen = {};
  try {
    const session = await client.createSession({ type: UserTokenType.UserName, userName: user, password });
    const level = await session.read({ nodeId: tag("CV-101.opening"), attributeId: AttributeIds.UserAccessLevel });
    seen.level = level.value.value;
    const value = { value: new Variant({ dataType: DataType.Double, value: 0.6 }) };
    seen.written = (
      await session.write({ nodeId: tag("CV-101.opening"), attributeId: AttributeIds.Value, value })
    ).name;
    if (stay) {
      await new Promise((done) => setTimeout(done, stay));
      const after = await session.read({ nodeId: tag("CV-101.opening"), attributeId: AttributeIds.Value });
      seen.stayed = { renewed: renewals >= 2, value: after.value.value };
    }
    seen.called = (
      await session.call({
        objectId: tag("SIM"),
        methodId: tag("SIM.advance"),
        inputArguments: [new Variant({ dataType: DataType.Double, value: 1.0 })],
      })
    ).statusCode.name;
    await session.close();
  } catch (problem) {
    seen.refused = String(problem.message);
  }
  await client.disconnect();
  return seen;
}

const { None, Sign, SignAndEncrypt } = MessageSecurityMode;
const policies = [
  SecurityPolicy.Basic256Sha256,
  SecurityPolicy.Aes128_Sha256_RsaOaep,
  SecurityPolicy.Aes256_Sha256_RsaPss,
];
const every = {};
for (const policy of policies) {
  for (const mode of [Sign, SignAndEncrypt]) {
    const seen = await visit(policy, "ono", "correct horse", mode);
    every[`${policy.split("#")[1]} ${MessageSecurityMode[mode]}`] = seen.written ?? seen.refused;
  }
}

const answer = {
  every,
  unsecured: await visit(SecurityPolicy.None, "ono", "correct horse", None),
  stayed: await visit(SecurityPolicy.Aes256_Sha256_RsaPss, "ono", "correct horse", SignAndEncrypt, 3000),
  observer: await visit(SecurityPolicy.Aes256_Sha256_RsaPss, "watcher", "correct horse"),
  operator: await visit(SecurityPolicy.Basic256Sha256, "ono", "correct horse"),
  instructor: await visit(SecurityPolicy.Aes128_Sha256_RsaOaep, "teacher", "correct horse"),
  stranger: await visit(SecurityPolicy.Basic256Sha256, "ono", "wrong horse"),
};
await clientCertificateManager.dispose();
console.log(JSON.stringify(answer));
