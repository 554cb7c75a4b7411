import assert from "node:assert/strict";
import { all, patiently, settled } from "./watched.mjs";

export async function secrets({ client }, name) {
  const quick = { intervalInMs: 100 };
  const first = await client.setSecret(name, "grüße", { contentType: "text/plain", tags: { a: "b" } });
  assert.deepEqual([first.value, first.properties.tags], ["grüße", { a: "b" }]);
  const second = await client.setSecret(name, "two");
  assert.equal((await client.getSecret(name)).value, "two");
  assert.equal((await client.getSecret(name, { version: first.properties.version })).value, "grüße");
  const ends = new Date("2030-01-01T00:00:00Z");
  const changed = await client.updateSecretProperties(name, second.properties.version, { expiresOn: ends });
  assert.deepEqual(changed.properties?.expiresOn ?? changed.expiresOn, ends);
  assert.equal((await all(client.listPropertiesOfSecretVersions(name))).length, 2);
  assert.ok((await all(client.listPropertiesOfSecrets())).some((each) => each.name === name));

  const blob = await client.backupSecret(name);
  await settled(client.beginDeleteSecret(name, quick));
  assert.equal((await client.getDeletedSecret(name)).name, name);
  assert.ok((await all(client.listDeletedSecrets())).some((each) => each.name === name));
  await settled(client.beginRecoverDeletedSecret(name, quick));
  await settled(client.beginDeleteSecret(name, quick));
  await client.purgeDeletedSecret(name);
  await patiently(() => client.restoreSecretBackup(blob));
  assert.equal((await client.getSecret(name)).value, "two");
}
