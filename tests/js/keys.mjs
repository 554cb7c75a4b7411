import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { all, patiently, settled } from "./watched.mjs";

const POLICY = JSON.stringify({
  version: "1.0.0",
  anyOf: [{ authority: "https://attestation.example", allOf: [{ claim: "c", equals: "v" }] }],
});
const NO_SUCH_OPERATION = [404, 405];

export async function keys(watched, name, version) {
  const { client } = watched;
  const quick = { intervalInMs: 100 };
  const made = await client.createKey(name, "RSA", { keySize: 2048 });
  assert.equal(made.keyType, "RSA");
  assert.equal((await client.createEcKey(`${name}-ec`, { curve: "P-384" })).key.crv, "P-384");
  assert.equal((await client.createRsaKey(`${name}-rsa`, { hsm: true })).keyType, "RSA-HSM");
  await watched.isRefused("createOctKey", [400], `${name}-oct`);
  await watched.isRefused("getRandomBytes", [400, ...NO_SUCH_OPERATION], 8);
  assert.equal(new URL(client.getCryptographyClient(name).keyID).pathname, `/keys/${name}`);
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = Object.fromEntries(
    Object.entries(privateKey.export({ format: "jwk" })).map(([part, value]) => [
      part,
      part === "kty" ? value : Buffer.from(value, "base64url"),
    ]),
  );
  const imported = await client.importKey(`${name}-imported`, { ...jwk, keyOps: ["sign", "verify"] });
  assert.deepEqual(Buffer.from(imported.key.n), jwk.n);

  const changed = await client.updateKeyProperties(name, { tags: { a: "b" } });
  assert.deepEqual(changed.properties.tags, { a: "b" });
  assert.deepEqual((await client.getKey(name)).properties.tags, { a: "b" });
  if (version >= "7.3") {
    const rotated = await client.rotateKey(name);
    assert.notEqual(rotated.properties.version, made.properties.version);
    const action = { action: "Rotate", timeAfterCreate: "P90D" };
    const kept = await client.updateKeyRotationPolicy(name, { expiresIn: "P2Y", lifetimeActions: [action] });
    assert.equal(kept.expiresIn, "P2Y");
    assert.equal((await client.getKeyRotationPolicy(name)).lifetimeActions[0].timeAfterCreate, "P90D");
    const releasePolicy = { encodedPolicy: Buffer.from(POLICY) };
    await client.createRsaKey(`${name}-released`, { hsm: true, exportable: true, releasePolicy });
    assert.equal((await client.releaseKey(`${name}-released`, "token")).value.split(".").length, 3);
  } else {
    await watched.isRefused("rotateKey", NO_SUCH_OPERATION, name);
    await watched.isRefused("updateKeyRotationPolicy", NO_SUCH_OPERATION, name, {});
    await watched.isRefused("getKeyRotationPolicy", NO_SUCH_OPERATION, name);
    await watched.isRefused("releaseKey", NO_SUCH_OPERATION, name, "token");
  }
  if (version >= "7.6") assert.ok((await client.getKeyAttestation(`${name}-rsa`)).properties.attestation);
  else await watched.isRefused("getKeyAttestation", NO_SUCH_OPERATION, name);
  assert.equal((await all(client.listPropertiesOfKeyVersions(name))).length, version >= "7.3" ? 2 : 1);
  assert.ok((await all(client.listPropertiesOfKeys())).some((each) => each.name === name));

  const blob = await client.backupKey(name);
  await settled(client.beginDeleteKey(name, quick));
  assert.equal((await client.getDeletedKey(name)).name, name);
  assert.ok((await all(client.listDeletedKeys())).some((each) => each.name === name));
  await settled(client.beginRecoverDeletedKey(name, quick));
  await settled(client.beginDeleteKey(name, quick));
  await client.purgeDeletedKey(name);
  assert.equal((await patiently(() => client.restoreKeyBackup(blob))).name, name);
}

export async function cryptography({ client }) {
  const plain = Buffer.from("plain");
  const cipher = await client.encrypt({ algorithm: "RSA-OAEP-256", plaintext: plain });
  const back = await client.decrypt({ algorithm: "RSA-OAEP-256", ciphertext: cipher.result });
  assert.deepEqual(Buffer.from(back.result), plain);
  const wrapped = await client.wrapKey("RSA-OAEP", plain);
  assert.deepEqual(Buffer.from((await client.unwrapKey("RSA-OAEP", wrapped.result)).result), plain);
  const digest = Buffer.alloc(32, 7);
  const signed = await client.sign("PS256", digest);
  assert.equal((await client.verify("PS256", digest, signed.result)).result, true);
  assert.equal((await client.verify("PS256", Buffer.alloc(32, 8), signed.result)).result, false);
  const data = await client.signData("RS512", plain);
  assert.equal((await client.verifyData("RS512", plain, data.result)).result, true);
}
