import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import { addressOf } from "../../../chain/crypto/address.ts";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { keyPairFromSeed } from "../../../chain/crypto/keys.ts";
import { devnetParameters, genesisHead } from "../../../chain/genesis.ts";
import { payloadOf } from "../../../chain/types/transaction.ts";
import { systemClock } from "../../../node/clock.ts";
import { createLedger, type Ledger } from "../../../node/compose/ledger.ts";
import { createLog } from "../../../node/telemetry/log.ts";
import { founder } from "../../helpers/founder.ts";
import { until } from "../../helpers/until.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("DutySender", function () {
  this.timeout(60_000);
  const seed = sha256(text("duty sender"));
  const keys = keyPairFromSeed(seed);
  const address = addressOf(keys.publicKey);
  const to = sha256(text("receiver")).slice(0, 20);
  let dataDir = "";
  let ledger: Ledger | undefined;

  /** One founder with blocks every two seconds: time to stop between sending and the block. */
  async function launch(): Promise<Ledger> {
    const genesis = genesisHead({
      name: text("duty sender"),
      time: 1_700_000_000_000n,
      parameters: { ...devnetParameters(sha256(text("engine"))), blockIntervalMs: 2000 },
      accounts: [{ address, balance: 100n * POML }],
      nodes: [founder(seed)],
    });
    const p2p = { listen: ["/ip4/127.0.0.1/tcp/0/ws"], announce: [], bootstrap: [] };
    const options = {
      dataDir,
      seed,
      keys,
      genesis,
      resync: false,
      minFreeBytes: 0,
      keepBlocks: 0,
      p2p,
    };
    const made = await createLedger(options, { clock: systemClock, log: createLog("silent") });
    await made.start();
    ledger = made;
    return made;
  }

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "poml-duties-"));
  });
  after(async () => {
    await ledger?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it("sends once more the duties that were not final when the node stopped", async () => {
    const first = await launch();
    await until(() => first.chain.height >= 1, 20_000, "the first block");
    await first.duties.send(payloadOf("transfer", { to, amount: 3n * POML }));
    await first.duties.send(payloadOf("transfer", { to, amount: 4n * POML }));
    const { height } = first.chain;
    await first.stop();
    expect(first.chain.height).to.equal(height);
    expect(first.chain.state.account(to).balance).to.equal(0n);
    const second = await launch();
    await until(() => second.chain.state.account(to).balance > 0n, 20_000, "the transfers");
    expect(second.chain.state.account(to).balance).to.equal(7n * POML);
    expect(second.chain.state.account(address).nonce).to.equal(2);
    await second.stop();
    const third = await launch();
    const start = third.chain.height;
    await until(() => third.chain.height > start, 20_000, "another block");
    expect(third.chain.state.account(to).balance).to.equal(7n * POML);
  });
});
