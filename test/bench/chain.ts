/**
 * Transfers through four local nodes: four `poml node` processes, this process as the client of all
 * four. Counts what became final, and how long each took from the call until a client could see
 * its block, both under as much load as the nodes take.
 */
import { type BlockJson, BlockSummary } from "../../node/api/contract/block.ts";
import type { EventJson } from "../../node/api/contract/event.ts";
import { LocalNetwork } from "../helpers/local-network.ts";
import {
  type SubmitStats,
  submitUntil,
  type Transfer,
  TransferLoad,
} from "../helpers/transfer-load.ts";
import { until } from "../helpers/until.ts";
import type { BenchOptions } from "./main.ts";

const NODES = 4;
const SENDERS = 512;
/** Calls under way at each node. */
const CALLS = 4;
/** Transfers that wait for a block at most: more would measure the queue. */
const MAX_WAITING = 1_000;
const WARM_UP_MS = 3_000;
const DRAIN_MS = 60_000;

export interface ChainResult {
  /** Transfers final per second of the measured time. */
  readonly tps: number;
  /** From the call to the block, seen at another node. */
  readonly p50FinalityMs: number;
  readonly p99FinalityMs: number;
  readonly nodes: number;
  readonly seconds: number;
  readonly transfers: number;
  readonly blocks: number;
  readonly largestBlock: number;
  /** Blocks whose first proposer did not make it in time. */
  readonly lateBlocks: number;
  /** Aimed for by proposers, and seen. */
  readonly blockIntervalMs: number;
  readonly meanBlockMs: number;
  /** Answers 429 and 503 of the nodes. */
  readonly slowDowns: number;
}

export async function bench({ quick }: BenchOptions): Promise<ChainResult> {
  const load = new TransferLoad(SENDERS, () => net.genesisRoot);
  const net = await LocalNetwork.create({ nodes: NODES, workers: 0, accounts: load.accounts });
  try {
    await net.start();
    return await measure(net, load, quick ? 12_000 : 45_000);
  } finally {
    await net.stop();
  }
}

async function measure(
  net: LocalNetwork,
  load: TransferLoad,
  loadMs: number,
): Promise<ChainResult> {
  const { client: reader } = net.at(NODES - 1);
  const watch = new BlockWatch();
  const watching = new AbortController();
  const reading = reader.events(undefined, (event) => watch.see(event), watching.signal);
  try {
    await until(() => watch.blocks.length > 0, DRAIN_MS, "block event");
    const begin = performance.now() + WARM_UP_MS;
    const stats: SubmitStats = { submitted: 0, slowDowns: 0 };
    const calledAt = await drive(net, load, { end: begin + loadMs, stats, watch });
    const isDrained = (): boolean => watch.transactions >= stats.submitted;
    await until(isDrained, DRAIN_MS, "block with the last transfer");
    const seen = watch.blocks.filter(({ seenAt }) => seenAt >= begin);
    const seconds = (Math.max(...seen.map(({ seenAt }) => seenAt)) - begin) / 1000;
    const blocks: BlockJson[] = [];
    for (const { height } of seen) blocks.push(await reader.block(height));
    const delays = finalityDelays(blocks, seen, calledAt);
    const { parameters } = await reader.status();
    return {
      tps: Math.round(delays.length / seconds),
      p50FinalityMs: quantile(delays, 0.5),
      p99FinalityMs: quantile(delays, 0.99),
      nodes: NODES,
      seconds: Math.round(seconds * 10) / 10,
      transfers: delays.length,
      blocks: seen.length,
      largestBlock: Math.max(...seen.map(({ transactions }) => transactions)),
      lateBlocks: blocks.filter(({ header }) => header.round > 0).length,
      blockIntervalMs: parameters.blockIntervalMs,
      meanBlockMs: Math.round((seconds * 1000) / seen.length),
      slowDowns: stats.slowDowns,
    };
  } finally {
    watching.abort();
    await reading;
  }
}

/** Several callers a node, each with senders of its own. @returns when each transfer was called */
async function drive(
  net: LocalNetwork,
  load: TransferLoad,
  { end, stats, watch }: { end: number; stats: SubmitStats; watch: BlockWatch },
): Promise<ReadonlyMap<string, number>> {
  const calledAt = new Map<string, number>();
  const callers = NODES * CALLS;
  const isOver = (): boolean => performance.now() >= end;
  const call = async (caller: number): Promise<void> => {
    let turn = 0;
    const next = (): Transfer | undefined => {
      if (stats.submitted - watch.transactions >= MAX_WAITING) return undefined;
      const transfer = load.next(caller + callers * (turn++ % (SENDERS / callers)));
      calledAt.set(transfer.id, performance.now());
      return transfer;
    };
    await submitUntil(net.at(caller % NODES).client, next, { isOver, stats });
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  return calledAt;
}

interface SeenBlock {
  readonly height: number;
  readonly transactions: number;
  readonly seenAt: number;
}

/** When each block reached a client. */
class BlockWatch {
  readonly blocks: SeenBlock[] = [];
  transactions = 0;

  see({ type, data }: EventJson): void {
    if (type !== "block") return;
    const { height, transactions } = BlockSummary.parse(data);
    this.blocks.push({ height, transactions, seenAt: performance.now() });
    this.transactions += transactions;
  }
}

/** Sorted, ms. */
function finalityDelays(
  blocks: readonly BlockJson[],
  seen: readonly { readonly seenAt: number }[],
  calledAt: ReadonlyMap<string, number>,
): number[] {
  const delays = blocks.flatMap(({ transactions }, i) =>
    transactions.flatMap(({ id }) => {
      const called = calledAt.get(id);
      const at = seen[i]?.seenAt;
      return called === undefined || at === undefined ? [] : [at - called];
    }),
  );
  return delays.sort((a, b) => a - b);
}

function quantile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
}
