/**
 * Orders that nobody can carry out, opened by a client that signs what no node would prepare: its model, manifest or
 * weights are files that the node it runs has put on its disk. The drawn nodes find it out before any worker sees it,
 * the job ends at once, its client pays, and every lane goes on. An order that is only too large is declined.
 */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import { formatAddress } from "../../../chain/crypto/address.ts";
import { fromHex, sha256, toHex } from "../../../chain/crypto/hash.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import { JobSpec } from "../../../chain/types/job.ts";
import { payloadOf, SignedTransaction } from "../../../chain/types/transaction.ts";
import type { PomlClient } from "../../../node/api/client.ts";
import { followJob, isBalanced } from "../../../node/cli/job/follow.ts";
import { signTransaction } from "../../../node/wallet/sign.ts";
import { flowersCsv } from "../../helpers/flowers.ts";
import { withFields } from "../../helpers/job-run.ts";
import { LocalNetwork } from "../../helpers/local-network.ts";
import { layer, sequential } from "../../helpers/models.ts";
import { measured } from "./harness/measured.ts";

const SETTLED_MS = 240_000;
const PHASE_BLOCKS = 200;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const dense = (config: object): object =>
  sequential(
    layer("Dense", "first", { batch_input_shape: [null, 4], units: 8, ...config }),
    layer("Dense", "last", { units: 3, activation: "softmax" }),
  );
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

/** By what is hostile: field of the specification, and the file it names. */
const ORDERS: Readonly<
  Record<string, readonly ["model" | "dataset" | "initialParameters", Uint8Array]>
> = {
  "a scale of 1e308": [
    "model",
    json(
      dense({ kernel_initializer: { class_name: "VarianceScaling", config: { scale: 1e308 } } }),
    ),
  ],
  "1e9 units": ["model", json(dense({ units: 1e9 }))],
  "nesting of a million": ["model", utf8("[".repeat(1e6) + "]".repeat(1e6))],
  "a model of other parameters": ["model", json(dense({ units: 9 }))],
  "a manifest that is none": ["dataset", utf8("{}")],
  "weights of another length": ["initialParameters", new Uint8Array(40)],
};

describe("orders that nobody can carry out", function () {
  this.timeout(SETTLED_MS + 120_000);

  let net: LocalNetwork;
  let client: PomlClient;
  let dataset: string;

  before(async () => {
    net = await LocalNetwork.create({ nodes: 4 });
    await net.start();
    client = net.at(0).client;
    dataset = (await client.uploadCsv("flowers", flowersCsv(150), { label: "species" })).id;
  });
  after(() => net?.stop());

  async function open(spec: JobSpec, price: string): Promise<string> {
    const { nextNonce } = await client.account(formatAddress(net.client.address));
    const payload = payloadOf("job-open", { spec, escrow: BigInt(price) });
    const draft = { nonce: nextNonce, fee: POML, validUntil: 100_000, payload };
    const signed = signTransaction(net.client.keyPair, net.genesisRoot, draft);
    await client.submitTransaction(SignedTransaction.serialize(signed));
    const id = toHex(transactionId(signed.transaction));
    await client.waitForTransaction(id);
    return id;
  }

  async function prepared(units = 8): Promise<{ spec: JobSpec; price: string; notes: string[] }> {
    const { specBytes, price, notes } = await client.prepareJob({
      name: "hostile",
      dataset,
      model: { layersModel: dense({ units }) as Record<string, unknown> },
      participants: 4,
      quorum: 3,
      phaseSeconds: PHASE_BLOCKS / 2,
    });
    return { spec: JobSpec.deserialize(fromHex(specBytes)), price, notes };
  }

  /** Ids of worker processes; another process has another one. */
  async function lanes(): Promise<string[]> {
    const all = await Promise.all(net.nodes.map(({ client: one }) => one.status()));
    return all.flatMap(({ workers }) => workers.map(({ id, state }) => `${id} ${state}`));
  }

  for (const [what, [field, bytes]] of Object.entries(ORDERS)) {
    it(`${what}: the job ends at once, and its client pays`, async function () {
      try {
        const hash = sha256(bytes);
        const folder = join(net.at(0).dataDir, "blobs");
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, toHex(hash)), bytes);
        const { spec, price } = await prepared();
        const id = await open(withFields(spec, { [field]: hash }), price);
        const begin = (await client.status()).height;
        const seen = new Set<string>();
        const watch = setInterval(() => {
          lanes().then(
            (all) => {
              for (const lane of all) seen.add(lane);
            },
            () => {},
          );
        }, 1_000);
        const job = await followJob(client, id, {
          timeoutMs: SETTLED_MS,
          signal: AbortSignal.timeout(SETTLED_MS),
        }).finally(() => clearInterval(watch));
        const blocks = (await client.status()).height - begin;
        const burned = job.settlement?.burned ?? "0";
        measured(this, { blocks, burned, price, reason: job.outcome.reason });
        expect(job.outcome.reason).to.match(/^Nobody can carry this order out/);
        expect(blocks, "a phase did not run out").to.be.below(PHASE_BLOCKS);
        expect(BigInt(burned) * 10n >= BigInt(price) - 10n).to.equal(true);
        expect(isBalanced(job)).to.equal(true);
        expect([...seen].filter((lane) => /suspect|failed|starting/.test(lane))).to.deep.equal([]);
      } catch (error) {
        throw net.explained(error);
      }
    });
  }

  it("an order above what owners allow is declined, and costs no more than its place", async function () {
    try {
      const { spec, price, notes } = await prepared(4_000_000);
      expect(notes.join()).to.contain("jobs.memoryMib");
      const id = await open(spec, price);
      const begin = (await client.status()).height;
      const job = await followJob(client, id, {
        timeoutMs: SETTLED_MS,
        signal: AbortSignal.timeout(SETTLED_MS),
      });
      const blocks = (await client.status()).height - begin;
      measured(this, { blocks, reason: job.outcome.reason });
      expect(job.outcome.reason).to.contain("took no part");
      expect(BigInt(job.settlement?.burned ?? price) * 100n < BigInt(price)).to.equal(true);
      expect(blocks).to.be.below(PHASE_BLOCKS);
    } catch (error) {
      throw net.explained(error);
    }
  });
});
