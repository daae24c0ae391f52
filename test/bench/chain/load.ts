/**
 * Transfers through four `poml node` processes, this process as the client of all four: how many become
 * final a second when there are always more, and how long one takes at half of that. Transfers are
 * signed beforehand and handed in by the batch.
 */
import { setTimeout as delay, setImmediate as pause } from "node:timers/promises";
import { ApiError } from "../../../node/api/api-error.ts";
import { LocalNetwork, type LocalNode } from "../../helpers/local-network.ts";
import { type Transfer, TransferLoad, type TransferQueue } from "../../helpers/transfer-load.ts";
import { until } from "../../helpers/until.ts";
import { BlockWatch, quantile } from "./block-watch.ts";
import { vitalsOf } from "./node-metrics.ts";

const NODES = 4;
const SENDERS = 1024;
const BATCH = 128;
/** Transfers signed for a node before others get a turn. */
const SLICE = 128;
/** Transfers that wait for a block at most: more would measure the queue. */
const MAX_WAITING = 4_000;
const BLOCK_INTERVAL_MS = 500;
/** The node is told to slow down, not asked again at once. */
const BACK_OFF_MS = 50;
/** Between two batches to one node at half load. */
const PACE_MS = 100;
const SETTLE_MS = 1_000;
const DRAIN_MS = 60_000;

export interface LoadPlan {
  readonly warmUpMs: number;
  readonly fullMs: number;
  readonly halfMs: number;
  /** Transfers signed while the nodes start; more are signed on the way. */
  readonly prepared: number;
}

export interface LoadResult {
  /** Transfers final per second. */
  readonly tps: number;
  /** From the call to the block as seen at another node, at half that load. */
  readonly p50FinalityMs: number;
  readonly p99FinalityMs: number;
  readonly rssIdleMb: number;
  readonly rssLoadedMb: number;
  readonly eventLoopP99Ms: number;
  readonly load: {
    readonly seconds: number;
    readonly transfers: number;
    readonly blocks: number;
    readonly largestBlock: number;
    /** Blocks whose first proposer did not make it in time. */
    readonly lateBlocks: number;
    readonly meanBlockMs: number;
    /** Answers 429 and 503. */
    readonly slowDowns: number;
    /** Processor time, which says more than the clock where other programs run beside. */
    readonly nodeCpuMsPerTransfer: number;
    readonly clientCpuMsPerTransfer: number;
    readonly halfLoadTps: number;
    readonly halfLoadTransfers: number;
  };
  readonly settings: Readonly<Record<string, number>>;
}

interface Handed {
  transfers: number;
  slowDowns: number;
  readonly calledAt: Map<string, number>;
}

export async function benchLoad(plan: LoadPlan): Promise<LoadResult> {
  const load = new TransferLoad(SENDERS, () => net.genesisRoot);
  const net = await LocalNetwork.create({
    nodes: NODES,
    workers: 0,
    accounts: load.accounts,
    parameters: { blockIntervalMs: BLOCK_INTERVAL_MS },
    favour: "speed",
  });
  try {
    const queues = Array.from({ length: NODES }, (_, part) => load.queue(part, NODES));
    await Promise.all([net.start(), prepare(queues, Math.ceil(plan.prepared / NODES))]);
    return await measure(net, queues, plan);
  } finally {
    await net.stop();
  }
}

/** A slice at a time, so that the nodes can be started meanwhile. */
async function prepare(queues: readonly TransferQueue[], each: number): Promise<void> {
  for (let ready = 0; ready < each; ) {
    ready = Math.min(each, ready + SLICE);
    for (const queue of queues) queue.prepare(ready);
    await pause();
  }
}

async function measure(
  net: LocalNetwork,
  queues: readonly TransferQueue[],
  plan: LoadPlan,
): Promise<LoadResult> {
  const watch = new BlockWatch(net.at(NODES - 1).client);
  const handed: Handed = { transfers: 0, slowDowns: 0, calledAt: new Map() };
  const isDrained = (): boolean => watch.transactions >= handed.transfers;
  try {
    await until(() => watch.blocks.length > 0, DRAIN_MS, "block event");
    await delay(SETTLE_MS);
    const idle = await vitalsOf(net.nodes);

    const begin = performance.now() + plan.warmUpMs;
    const end = begin + plan.fullMs;
    const full = feedAll(net, queues, {
      handed,
      isOver: () => performance.now() >= end,
      count: () => (handed.transfers - watch.transactions < MAX_WAITING ? BATCH : 0),
      paceMs: 0,
    });
    await delay(plan.warmUpMs);
    const warm = await vitalsOf(net.nodes);
    const clientCpu = process.cpuUsage();
    const finalBefore = watch.transactions;
    await full;
    const loaded = await vitalsOf(net.nodes);
    const { user, system } = process.cpuUsage(clientCpu);
    const counted = watch.transactions - finalBefore;
    await until(isDrained, DRAIN_MS, "block with the last transfer");
    const blocks = watch.between(begin, end);
    const transfers = blocks.reduce((sum, block) => sum + block.transactions, 0);
    const tps = (transfers * 1000) / plan.fullMs;

    const halfTps = tps / 2;
    const halfBegin = performance.now();
    handed.calledAt.clear();
    let due = 0;
    await feedAll(net, queues, {
      handed,
      isOver: () => performance.now() >= halfBegin + plan.halfMs,
      count: () => {
        due += (halfTps * PACE_MS) / 1000 / NODES;
        const now = Math.floor(due);
        due -= now;
        return now;
      },
      paceMs: PACE_MS,
    });
    await until(isDrained, DRAIN_MS, "block with the last transfer");
    const delays = await watch.delays(watch.between(halfBegin, Infinity), handed.calledAt);
    return {
      tps: Math.round(tps),
      p50FinalityMs: quantile(delays, 0.5),
      p99FinalityMs: quantile(delays, 0.99),
      rssIdleMb: idle.rssMb,
      rssLoadedMb: loaded.rssMb,
      eventLoopP99Ms: loaded.eventLoopP99Ms,
      load: {
        seconds: plan.fullMs / 1000,
        transfers,
        blocks: blocks.length,
        largestBlock: Math.max(0, ...blocks.map((block) => block.transactions)),
        lateBlocks: blocks.filter(({ round }) => round > 0).length,
        meanBlockMs: Math.round(plan.fullMs / Math.max(1, blocks.length)),
        slowDowns: handed.slowDowns,
        nodeCpuMsPerTransfer: round2((loaded.cpuMs - warm.cpuMs) / NODES / counted),
        clientCpuMsPerTransfer: round2((user + system) / 1000 / counted),
        halfLoadTps: Math.round(halfTps),
        halfLoadTransfers: delays.length,
      },
      settings: {
        nodes: NODES,
        senders: SENDERS,
        batch: BATCH,
        blockIntervalMs: BLOCK_INTERVAL_MS,
        maxWaiting: MAX_WAITING,
      },
    };
  } finally {
    await watch.stop();
  }
}

interface Feeding {
  readonly handed: Handed;
  isOver(): boolean;
  /** Transfers for the next batch. */
  count(): number;
  readonly paceMs: number;
}

async function feedAll(
  net: LocalNetwork,
  queues: readonly TransferQueue[],
  feeding: Feeding,
): Promise<void> {
  await Promise.all(queues.map((queue, i) => feed(net.at(i), queue, feeding)));
}

/** One batch after another to one node; told to slow down, it sends the same batch again later. */
async function feed(
  { client }: LocalNode,
  queue: TransferQueue,
  { handed, isOver, count, paceMs }: Feeding,
): Promise<void> {
  let next = performance.now();
  while (!isOver()) {
    const batch = queue.take(count());
    const now = performance.now();
    for (const { id } of batch) handed.calledAt.set(id, now);
    while (batch.length > 0 && !(await handIn(client, batch, handed))) await delay(BACK_OFF_MS);
    next += paceMs;
    const pause = paceMs === 0 && batch.length > 0 ? 0 : Math.max(next - performance.now(), 5);
    if (pause > 0) await delay(pause);
  }
}

async function handIn(
  client: LocalNode["client"],
  batch: readonly Transfer[],
  handed: Handed,
): Promise<boolean> {
  try {
    const results = await client.submitTransactions(batch.map(({ bytes }) => bytes));
    const problem = results.find((result) => result.problem !== undefined)?.problem;
    if (problem !== undefined) throw new Error(`a transfer was refused: ${problem.detail}`);
    handed.transfers += batch.length;
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || ![429, 503].includes(error.status)) throw error;
    handed.slowDowns++;
    return false;
  }
}

function round2(value: number): number {
  return Math.round(100 * value) / 100;
}
