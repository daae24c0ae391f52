/** When each block reached a client, and which transfers were in it. */

import type { PomlClient } from "../../../node/api/client.ts";
import { BlockSummary } from "../../../node/api/contract/block.ts";
import type { EventJson } from "../../../node/api/contract/event.ts";

export interface SeenBlock {
  readonly height: number;
  readonly round: number;
  readonly transactions: number;
  /** By `performance.now()`. */
  readonly seenAt: number;
}

export class BlockWatch {
  readonly blocks: SeenBlock[] = [];
  /** In all blocks seen. */
  transactions = 0;
  readonly #client: PomlClient;
  readonly #stop = new AbortController();
  readonly #reading: Promise<unknown>;

  constructor(client: PomlClient) {
    this.#client = client;
    this.#reading = client.events(undefined, (event) => this.#see(event), this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  /** Blocks that arrived within these moments. */
  between(begin: number, end: number): SeenBlock[] {
    return this.blocks.filter(({ seenAt }) => seenAt >= begin && seenAt < end);
  }

  /** From the call to the block, ms, sorted. @param calledAt by transaction id */
  async delays(
    blocks: readonly SeenBlock[],
    calledAt: ReadonlyMap<string, number>,
  ): Promise<number[]> {
    const delays: number[] = [];
    for (const { height, seenAt } of blocks) {
      const { transactions } = await this.#client.block(height);
      for (const { id } of transactions) {
        const called = calledAt.get(id);
        if (called !== undefined) delays.push(seenAt - called);
      }
    }
    return delays.sort((a, b) => a - b);
  }

  #see({ type, data }: EventJson): void {
    if (type !== "block") return;
    const { height, round, transactions } = BlockSummary.parse(data);
    this.blocks.push({ height, round, transactions, seenAt: performance.now() });
    this.transactions += transactions;
  }
}

/** Of sorted values, rounded. */
export function quantile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
}
