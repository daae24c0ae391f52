/**
 * Ten times what blocks can take, from funded senders, by gossip and through the API at once. The mempool keeps to
 * its cap, blocks go on, an honest transfer that pays more is in within a few blocks, and the event loop stays
 * responsive.
 */
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { devnetParameters } from "../../../chain/genesis.ts";
import { MEMPOOL_LIMITS } from "../../../chain/mempool/limits.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import { payloadOf, SignedTransaction } from "../../../chain/types/transaction.ts";
import { feeFor, signTransaction } from "../../../node/wallet/sign.ts";
import { encodeBatches } from "../../../p2p/topics/transactions.ts";
import { TransferLoad } from "../../helpers/transfer-load.ts";
import { FaultNetwork, pause } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { OutsidePeer } from "./harness/outside-peer.ts";
import { heightOf, metricsOf } from "./harness/probe.ts";

const SENDERS = 400;
const PER_SENDER = 60;
/** So small that the flood is many times what the chain takes meanwhile. */
const MAX_BLOCK_BYTES = 32 * 1024;
const FEE_FACTOR = 20n;
const MAX_BLOCKS = 3;
/** The aim, and the bound on a machine that signs the flood itself. */
const LOOP_AIM_MS = 200;
const MAX_LOOP_MS = 2_000;

describe("transaction flood", function () {
  this.timeout(600_000);

  let net: FaultNetwork;
  const load = new TransferLoad(SENDERS, () => net.local.genesisRoot);

  before(async () => {
    net = await FaultNetwork.start({
      accounts: load.accounts,
      parameters: { maxBlockBytes: MAX_BLOCK_BYTES },
    });
    await net.untilHeight(2);
  });
  after(() => net?.stop());

  it("fills no more than the mempool, and stops no client that pays", async function () {
    await net.guarded(async () => {
      const flood = signAll(load);
      const target = net.at(0);
      const peer = await OutsidePeer.start(net.local.genesisRoot);
      try {
        await peer.join(target, "transactions");
        await metricsOf(target);
        const waiting: number[] = [];
        let isOver = false;
        const watching = (async () => {
          while (!isOver) {
            waiting.push((await target.client.status()).mempool.transactions);
            await pause(250);
          }
        })();
        for (const batch of encodeBatches(flood)) {
          await peer.host.publish("transactions", batch).catch(() => 0);
          await pause(20);
        }
        const from = Math.max(...(await net.heads()));
        const included = await honestTransfer(net);
        await net.untilBlocks(3);
        isOver = true;
        await watching;
        const { loopP99Ms } = await metricsOf(target);
        const { mempool } = await target.client.status();
        measured(this, {
          flood: flood.length,
          mostWaiting: Math.max(...waiting),
          cap: MEMPOOL_LIMITS.transactions,
          honestAfterBlocks: included - from,
          loopP99Ms,
          withinAim: loopP99Ms <= LOOP_AIM_MS,
        });
        expect(Math.max(...waiting), "transactions waiting").most(MEMPOOL_LIMITS.transactions);
        expect(mempool.bytes, "bytes waiting").most(MEMPOOL_LIMITS.bytes);
        expect(included - from, "blocks until the honest transfer").most(MAX_BLOCKS);
        expect(loopP99Ms, "event loop at p99").most(MAX_LOOP_MS);
        await net.expectNoFork();
      } finally {
        await peer.stop();
      }
    });
  });
});

function signAll(load: TransferLoad): Uint8Array[] {
  const signed: Uint8Array[] = [];
  for (let nonce = 0; nonce < PER_SENDER; nonce++) {
    for (let sender = 0; sender < SENDERS; sender++) signed.push(load.next(sender).bytes);
  }
  return signed;
}

/** @returns the height of its block */
async function honestTransfer(net: FaultNetwork): Promise<number> {
  const { client: payer, genesisRoot } = net.local;
  const payload = payloadOf("transfer", { to: net.at(0).identity.address, amount: 1000n });
  const fee = FEE_FACTOR * feeFor(payload, devnetParameters(new Uint8Array(32)));
  const validUntil = (await heightOf(net.at(1))) + 100;
  const draft = { nonce: 0, fee, validUntil, payload };
  const signed = signTransaction(payer.keyPair, genesisRoot, draft);
  await net.at(1).client.submitTransaction(SignedTransaction.serialize(signed));
  const found = await net.at(0).client.waitForTransaction(toHex(transactionId(signed.transaction)));
  return found.height ?? Number.NaN;
}
