/** Two running nodes of one key, each with a disk of its own, that hear of each other through others. */

import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import { addressOf } from "../../../chain/crypto/address.ts";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { keyPairFromSeed } from "../../../chain/crypto/keys.ts";
import { devnetParameters, genesisHead } from "../../../chain/genesis.ts";
import type { Genesis } from "../../../chain/types/genesis.ts";
import { systemClock } from "../../../node/clock.ts";
import { createLedger, type Ledger } from "../../../node/compose/ledger.ts";
import { createLog } from "../../../node/telemetry/log.ts";
import { founder } from "../../helpers/founder.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";
import { until } from "../../helpers/until.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const seedOf = (name: string): Uint8Array => sha256(text(name));
const WAIT_MS = 90_000;
const NAMES = ["twin", "first", "second", "third", "fourth"];

describe("two nodes with one key", function () {
  this.timeout(2 * WAIT_MS);
  const folders = new TemporaryFolders();
  const running: Ledger[] = [];

  afterEach(async () => {
    await Promise.all(running.splice(0).map((ledger) => ledger.stop()));
    await folders.removeAll();
  });

  const genesis: Genesis = {
    name: text("two nodes"),
    time: BigInt(Date.now()),
    parameters: {
      ...devnetParameters(sha256(text("engine"))),
      windowOffset: 1_000_000,
      surpriseChance: 0,
      trackInterval: 0,
    },
    accounts: NAMES.map((name) => {
      const address = addressOf(keyPairFromSeed(seedOf(name)).publicKey);
      return { address, balance: 100n * POML };
    }),
    nodes: NAMES.map((name) =>
      founder(seedOf(name), {
        name,
        bond: 1000n * POML,
        // The others make blocks without the twins.
        capacity: name === "twin" ? 50_000_000n : 100_000_000n,
      }),
    ),
  };

  async function start(name: string, dataDir: string, ...peers: Ledger[]): Promise<Ledger> {
    const seed = seedOf(name);
    const bootstrap = peers.flatMap(({ host }) => host.multiaddrs());
    const options = {
      dataDir,
      seed,
      keys: keyPairFromSeed(seed),
      genesis: genesisHead(genesis),
      resync: false,
      minFreeBytes: 0,
      keepBlocks: 0,
      p2p: { listen: ["/ip4/127.0.0.1/tcp/0/ws"], announce: [], bootstrap },
    };
    const ledger = await createLedger(options, { clock: systemClock, log: createLog("silent") });
    await ledger.start();
    running.push(ledger);
    return ledger;
  }

  it("both stop signing, the others go on, and nobody loses a bond to a node that listens", async () => {
    const [left, right] = [
      await start("first", await folders.create()),
      await start("second", await folders.create()),
    ];
    const others = [
      left,
      right,
      await start("third", await folders.create(), left, right),
      await start("fourth", await folders.create(), left, right),
    ];
    const twins = [
      await start("twin", await folders.create(), left),
      await start("twin", await folders.create(), right),
    ];
    const heard = (): number => twins.filter(({ keyWatch }) => keyWatch.heard !== undefined).length;
    await until(() => heard() > 0, WAIT_MS, "twin that heard of the other");
    for (const { keyWatch } of others) expect(keyWatch.heard).to.equal(undefined);
    const { height } = left.chain;
    await until(() => left.chain.height > height + 3, WAIT_MS, "blocks without the twins");
  });
});
