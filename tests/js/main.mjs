// Call every public method of Microsoft's clients, in one API version, and print what came of it as JSON.
// Asked through the environment: VAULT_URL, AUTHORITY, TENANT_ID, CLIENT_ID, CLIENT_SECRET, API_VERSION, PFX, SIGNER.

import { readFileSync } from "node:fs";
import { ClientSecretCredential } from "@azure/identity";
import { CertificateClient } from "@azure/keyvault-certificates";
import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";
import { SecretClient } from "@azure/keyvault-secrets";
import { certificates } from "./certificates.mjs";
import { cryptography, keys } from "./keys.mjs";
import { secrets } from "./secrets.mjs";
import { Watched } from "./watched.mjs";

const { VAULT_URL, AUTHORITY, TENANT_ID, CLIENT_ID, CLIENT_SECRET, API_VERSION, PFX, SIGNER } = process.env;
const credential = new ClientSecretCredential(TENANT_ID, CLIENT_ID, CLIENT_SECRET, {
  authorityHost: AUTHORITY,
  disableInstanceDiscovery: true,
});
const options = {
  disableChallengeResourceVerification: true,
  ...(API_VERSION === "newest" ? {} : { serviceVersion: API_VERSION }),
};
const name = `js-${API_VERSION.replaceAll(".", "-")}`;
const reports = [];

async function play(client, className, journey) {
  const watched = new Watched(client, className);
  await journey(watched);
  reports.push(watched.report());
}

async function sign(csr) {
  const answer = await fetch(SIGNER, { method: "POST", body: csr });
  return answer.text();
}

const keyClient = new KeyClient(VAULT_URL, credential, options);
await play(new SecretClient(VAULT_URL, credential, options), "SecretClient", (watched) => secrets(watched, name));
await play(keyClient, "KeyClient", (watched) => keys(watched, name, API_VERSION === "newest" ? "9" : API_VERSION));
const key = await keyClient.createRsaKey(`${name}-cryptography`);
await play(new CryptographyClient(key.id, credential, options), "CryptographyClient", cryptography);
await play(new CertificateClient(VAULT_URL, credential, options), "CertificateClient", (watched) =>
  certificates(watched, `${name}-certificate`, { pfx: readFileSync(PFX, "utf8"), sign }),
);
console.log(JSON.stringify(reports));
