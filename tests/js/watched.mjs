// Microsoft's clients behind a proxy that notes which methods did their work.

// Methods that TypeScript calls private: they are on the prototypes all the same.
const PRIVATE = new Set([
  "disambiguateDecryptArguments",
  "disambiguateEncryptArguments",
  "disambiguateUpdateKeyPropertiesArgs",
  "ensureValid",
  "fetchKey",
  "getKeyMaterial",
  "getProvider",
  "initializeIV",
]);

/** One client. `client` is called as ever; `report` tells what is still missing. */
export class Watched {
  constructor(client, name) {
    this.name = name;
    this.done = new Set();
    this.refused = new Set();
    this.client = new Proxy(client, {
      get: (target, method) => {
        const found = target[method];
        if (typeof found !== "function") return found;
        return (...given) => this.#noted(method, found.apply(target, given));
      },
    });
    this.wanted = methods(client);
  }

  /** Call a method that the vault must refuse, as Azure refuses it in a vault of this kind or this API version. */
  async isRefused(method, statuses, ...given) {
    try {
      await this.client[method](...given);
    } catch (error) {
      if (!statuses.includes(error.statusCode)) throw error;
      this.refused.add(method);
      return;
    }
    throw new Error(`${method} was not refused`);
  }

  report() {
    const left = this.wanted.filter((method) => !this.done.has(method));
    return {
      client: this.name,
      wanted: this.wanted.length,
      refused: left.filter((method) => this.refused.has(method)).sort(),
      missing: left.filter((method) => !this.refused.has(method)).sort(),
    };
  }

  #noted(method, result) {
    if (typeof result?.then !== "function") {
      this.done.add(method);
      return result;
    }
    return result.then((answer) => {
      this.done.add(method);
      return answer;
    });
  }
}

function methods(client) {
  const prototype = Object.getPrototypeOf(client);
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, found]) => typeof found.value === "function" && name !== "constructor" && !PRIVATE.has(name))
    .map(([name]) => name);
}

/** All items of a list, over all its pages. */
export async function all(list) {
  const items = [];
  for await (const page of list.byPage({ maxPageSize: 5 })) items.push(...page);
  return items;
}

/** The result of an operation that takes its time. */
export async function settled(begun) {
  return (await begun).pollUntilDone();
}

/** Try again until the vault no longer says that something before has not settled. */
export async function patiently(act) {
  for (const until = Date.now() + 20_000; ; ) {
    try {
      return await act();
    } catch (error) {
      if (![404, 409].includes(error.statusCode) || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
