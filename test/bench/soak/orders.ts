/**
 * Small training orders without end, a few under way at any time: clients order, follow, and download
 * each model. Every few orders bring a dataset of their own.
 */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { JobOrder } from "../../../node/api/contract/jobs/job.ts";
import { downloadResult } from "../../../node/cli/job/download.ts";
import { followJob, isComplete } from "../../../node/cli/job/follow.ts";
import { type Identity, newIdentity } from "../../../node/wallet/key-file.ts";
import { flowersCsv } from "../../helpers/flowers.ts";
import type { LocalNetwork, LocalNode } from "../../helpers/local-network.ts";
import { orderJob } from "../../helpers/order-job.ts";

const ROWS = 300;
const JOB_MS = 300_000;
const ORDERS_PER_DATASET = 5;

export class OrderStream {
  opened = 0;
  /** All that was ordered was done, paid and downloaded. */
  completed = 0;
  /** Settled without that. */
  incomplete = 0;
  /** Why others did not get so far. */
  readonly failures: string[] = [];
  /** From the order to its settlement, ms. */
  readonly durations: number[] = [];
  readonly wallets: readonly Identity[];

  /** @param count orders under way at a time; each is paid by an account of its own */
  constructor(count: number) {
    this.wallets = Array.from({ length: count }, newIdentity);
  }

  /** Orders until `end` (by `performance.now()`); returns when the last order is settled. */
  async run(net: LocalNetwork, end: number): Promise<void> {
    await Promise.all(
      this.wallets.map((wallet, i) =>
        this.#orderUntil(end, net, net.at(i % net.nodes.length), wallet),
      ),
    );
  }

  async #orderUntil(
    end: number,
    net: LocalNetwork,
    node: LocalNode,
    wallet: Identity,
  ): Promise<void> {
    let dataset = "";
    for (let turn = 0; performance.now() < end; turn++) {
      const number = ++this.opened;
      try {
        if (turn % ORDERS_PER_DATASET === 0) {
          const csv = flowersCsv(ROWS, number);
          dataset = (await node.client.uploadCsv(`flowers ${number}`, csv, { label: "species" }))
            .id;
        }
        const begin = performance.now();
        if (await this.#order(net, node, wallet, orderOf(number, dataset))) this.completed++;
        else this.incomplete++;
        this.durations.push(performance.now() - begin);
      } catch (error) {
        this.failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  }

  async #order(
    net: LocalNetwork,
    { client }: LocalNode,
    wallet: Identity,
    order: JobOrder,
  ): Promise<boolean> {
    const { id } = await orderJob(client, wallet, order);
    const signal = AbortSignal.timeout(JOB_MS);
    const job = await followJob(client, id, { timeoutMs: JOB_MS, signal });
    if (!isComplete(job)) return false;
    const folder = join(net.directory, `model-${id}`);
    await downloadResult(client, job, folder);
    await rm(folder, { recursive: true });
    return true;
  }
}

function orderOf(number: number, dataset: string): JobOrder {
  return {
    name: `flowers ${number}`,
    dataset,
    model: { preset: "mlp" },
    partition: number % 4 === 0 ? "by-label" : "iid",
    rounds: 1 + (number % 2),
    localEpochs: 1,
    batchSize: 32,
    optimizer: { kind: "sgd", learningRate: 0.05 },
    participants: 4,
    quorum: 3,
    teamSize: 3,
    phaseSeconds: 12,
  };
}
