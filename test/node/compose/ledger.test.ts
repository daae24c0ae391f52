import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import { addressOf } from "../../../chain/crypto/address.ts";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { keyPairFromSeed } from "../../../chain/crypto/keys.ts";
import { devnetParameters, genesisHead } from "../../../chain/genesis.ts";
import type { Genesis } from "../../../chain/types/genesis.ts";
import { payloadOf } from "../../../chain/types/transaction.ts";
import { systemClock } from "../../../node/clock.ts";
import { createLedger, type Ledger } from "../../../node/compose/ledger.ts";
import { createLog } from "../../../node/telemetry/log.ts";
import { founder } from "../../helpers/founder.ts";
import { until } from "../../helpers/until.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const seedOf = (index: number): Uint8Array => sha256(text(`ledger ${index}`));

function genesisOf(count: number): Genesis {
  const people = Array.from({ length: count }, (_, i) => keyPairFromSeed(seedOf(i)));
  return {
    name: text("ledger test"),
    time: BigInt(Date.now()),
    parameters: {
      ...devnetParameters(sha256(text("engine"))),
      blockIntervalMs: 100,
      epochBlocks: 4,
    },
    accounts: people.map(({ publicKey }) => ({
      address: addressOf(publicKey),
      balance: 100n * POML,
    })),
    nodes: people.map((_, i) => founder(seedOf(i), { name: `node ${i}` })),
  };
}

describe("ledger: four nodes over real sockets", function () {
  this.timeout(60_000);
  const folders: string[] = [];
  const ledgers: (Ledger | undefined)[] = [];
  let genesis: Genesis;
  let bootstrap = "";

  async function launch(index: number): Promise<Ledger> {
    const dataDir = folders[index] ?? (await mkdtemp(join(tmpdir(), "poml-ledger-")));
    folders[index] = dataDir;
    const seed = seedOf(index);
    const ledger = await createLedger(
      {
        dataDir,
        seed,
        keys: keyPairFromSeed(seed),
        genesis: genesisHead(genesis),
        resync: false,
        minFreeBytes: 0,
        keepBlocks: 0,
        p2p: {
          listen: ["/ip4/127.0.0.1/tcp/0/ws"],
          announce: [],
          bootstrap: bootstrap === "" ? [] : [bootstrap],
        },
      },
      { clock: systemClock, log: createLog("silent") },
    );
    await ledger.start();
    if (bootstrap === "") bootstrap = ledger.host.multiaddrs()[0] ?? "";
    ledgers[index] = ledger;
    return ledger;
  }

  const heights = (): number[] => ledgers.flatMap((l) => (l === undefined ? [] : [l.chain.height]));

  before(async () => {
    genesis = genesisOf(4);
    for (let i = 0; i < 4; i++) await launch(i);
  });

  after(async () => {
    for (const ledger of ledgers) await ledger?.stop();
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  it("finalises blocks and agrees on every one of them", async () => {
    await until(() => Math.min(...heights()) >= 8, 30_000, "height 8 on all nodes");
    const hashes = await Promise.all(
      ledgers.map(async (ledger) => (await ledger?.chain.store.block(8))?.certificate.blockHash),
    );
    const distinct = new Set(hashes.map((hash) => (hash === undefined ? "" : toHex(hash))));
    expect([...distinct]).to.have.length(1);
    expect([...distinct][0]).to.have.length(64);
  });

  it("makes a transfer submitted to one node final on another", async () => {
    const [first, , , last] = ledgers;
    if (first === undefined || last === undefined) throw new Error("a node is missing");
    const to = sha256(text("someone")).slice(0, 20);
    await first.duties.send(payloadOf("transfer", { to, amount: 3n * POML }));
    await until(() => last.chain.state.account(to).balance === 3n * POML, 15_000, "the transfer");
  });

  it("goes on without one of four, and the one catches up from its store", async () => {
    await ledgers[3]?.stop();
    const stoppedAt = ledgers[3]?.chain.height ?? 0;
    ledgers[3] = undefined;
    const before = Math.min(...heights());
    await until(() => Math.min(...heights()) >= before + 4, 30_000, "four more blocks");
    const back = await launch(3);
    expect(back.chain.height).to.be.at.least(stoppedAt);
    const target = Math.max(...heights()) + 2;
    await until(() => back.chain.height >= target, 30_000, "the returned node to follow");
  });
});
