import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { all, patiently, settled } from "./watched.mjs";

const SELF = { issuerName: "Self", subject: "CN=shop.example", validityInMonths: 6 };
const ELSEWHERE = { issuerName: "Unknown", subject: "CN=shop.example" };

export async function certificates({ client }, name, { pfx, sign }) {
  const quick = { intervalInMs: 100 };
  const made = await settled(client.beginCreateCertificate(name, SELF, { ...quick, tags: { a: "b" } }));
  assert.equal(new X509Certificate(made.cer).subject, "CN=shop.example");
  const { version } = made.properties;
  assert.deepEqual((await client.getCertificateVersion(name, version)).cer, made.cer);
  assert.equal((await client.getCertificate(name)).policy.issuerName, "Self");
  await client.updateCertificatePolicy(name, { ...SELF, validityInMonths: 9 });
  assert.equal((await client.getCertificatePolicy(name)).validityInMonths, 9);
  const changed = await client.updateCertificateProperties(name, version, { tags: { c: "d" } });
  assert.deepEqual(changed.properties.tags, { c: "d" });
  assert.equal((await all(client.listPropertiesOfCertificateVersions(name))).length, 1);
  assert.ok((await all(client.listPropertiesOfCertificates())).some((each) => each.name === name));
  const imported = await client.importCertificate(`${name}-imported`, Buffer.from(pfx, "base64"));
  assert.equal(new X509Certificate(imported.cer).subject, "O=Example\nCN=leaf");

  await signedElsewhere(client, `${name}-merged`, sign);
  await contactsAndIssuers(client, `${name}-issuer`);

  const blob = await client.backupCertificate(name);
  await settled(client.beginDeleteCertificate(name, quick));
  assert.equal((await client.getDeletedCertificate(name)).name, name);
  assert.ok((await all(client.listDeletedCertificates())).some((each) => each.name === name));
  await settled(client.beginRecoverDeletedCertificate(name, quick));
  await settled(client.beginDeleteCertificate(name, quick));
  await client.purgeDeletedCertificate(name);
  assert.equal((await patiently(() => client.restoreCertificateBackup(blob))).name, name);
}

async function signedElsewhere(client, name, sign) {
  await client.beginCreateCertificate(name, ELSEWHERE);
  const poller = await client.getCertificateOperation(name);
  const { csr } = poller.getOperationState().certificateOperation;
  const merged = await client.mergeCertificate(name, [Buffer.from(await sign(Buffer.from(csr).toString("base64")), "base64")]);
  assert.equal(new X509Certificate(merged.cer).subject, "CN=shop.example");
  await client.beginCreateCertificate(name, ELSEWHERE);
  const ended = await client.deleteCertificateOperation(name);
  assert.equal(ended.issuerName ?? ended.status, ended.issuerName ? "Unknown" : "inProgress");
}

async function contactsAndIssuers(client, issuer) {
  const contacts = [{ email: "ada@example.com", name: "Ada", phone: "1" }];
  assert.deepEqual(await client.setContacts(contacts), contacts);
  assert.deepEqual(await client.getContacts(), contacts);
  await client.deleteContacts(); // whose answer this client cannot read
  await assert.rejects(client.getContacts(), { statusCode: 404 });
  const made = await client.createIssuer(issuer, "DigiCert", { accountId: "7", password: "hush" });
  assert.deepEqual([made.provider, made.accountId, made.password], ["DigiCert", "7", undefined]);
  assert.equal((await client.updateIssuer(issuer, { accountId: "8" })).accountId, "8");
  assert.equal((await client.getIssuer(issuer)).accountId, "8");
  assert.ok((await all(client.listPropertiesOfIssuers())).some((each) => each.id.endsWith(`/${issuer}`)));
  assert.equal((await client.deleteIssuer(issuer)).provider, "DigiCert");
}
