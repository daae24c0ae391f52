/**
 * Months in minutes: four `poml node` processes under small orders without a pause, and what they hold at
 * the start, in the middle and at the end. What grows there grows without end.
 */

import { setTimeout as delay } from "node:timers/promises";
import { POML } from "../../chain/amount.ts";
import { LocalNetwork } from "../helpers/local-network.ts";
import { BlockWatch, quantile } from "./chain/block-watch.ts";
import { describeMachine, type Machine } from "./chain/machine.ts";
import type { BenchOptions } from "./main.ts";
import {
  type Growth,
  growthOf,
  type Phase,
  phaseOf,
  type Sample,
  takeSample,
} from "./soak/history.ts";
import { OrderStream } from "./soak/orders.ts";

const NODES = 4;
const AT_A_TIME = 5;
/** For files of jobs; so small that they reach it in a quarter of an hour. */
/** MiB; small, so that files leave while it runs. */
const QUOTA = { blobsMib: 64, datasetsMib: 1, modelsMib: 1 };
const MINUTES = 10;
const QUICK_MINUTES = 2;
const SAMPLES = 40;
const MIN_SAMPLE_MS = 5_000;
/** Descriptors, memory and disk are compared from here on: before, caches fill for the first time. */
const WARM_UP_SHARE = 0.15;
/** Start, middle and end are so long. */
const PHASE_SHARE = 0.15;

export interface SoakResult {
  readonly minutes: number;
  readonly orders: {
    readonly opened: number;
    readonly completed: number;
    readonly incomplete: number;
    readonly failures: readonly string[];
    readonly p50Seconds: number;
    readonly p99Seconds: number;
  };
  readonly blocks: number;
  /** Start (after the warm-up), middle, end: means over all nodes, the worst where it says so. */
  readonly phases: readonly Phase[];
  readonly growth: Growth;
  readonly settings: Readonly<Record<string, number>>;
  readonly machine: Machine;
}

export async function bench({ quick, minutes: wanted }: BenchOptions): Promise<SoakResult> {
  const machine = describeMachine();
  const minutes = wanted ?? (quick ? QUICK_MINUTES : MINUTES);
  const orders = new OrderStream(AT_A_TIME);
  const net = await LocalNetwork.create({
    nodes: NODES,
    accounts: orders.wallets.map(({ address }) => ({ address, balance: 1_000_000n * POML })),
    settings: { quota: QUOTA },
    favour: "speed",
  });
  try {
    await net.start();
    return { ...(await soak(net, orders, minutes)), machine };
  } catch (error) {
    throw net.explained(error);
  } finally {
    await net.stop();
  }
}

async function soak(
  net: LocalNetwork,
  orders: OrderStream,
  minutes: number,
): Promise<Omit<SoakResult, "machine">> {
  const begin = performance.now();
  const ms = 60_000 * minutes;
  const sampleMs = Math.max(MIN_SAMPLE_MS, ms / SAMPLES);
  const watch = new BlockWatch(net.at(0).client);
  const samples: Sample[] = [];
  let missed = 0;
  try {
    const ordering = orders.run(net, begin + ms);
    let isOver = false;
    const over = ordering.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await Promise.race([delay(sampleMs), over]);
      const moment = { at: performance.now() - begin, orders: orders.completed };
      const sample = await takeSample(net, moment).catch((error: unknown) => error);
      if (isSample(sample)) samples.push(sample);
      else missed++;
      process.stderr.write(`  ${isSample(sample) ? progressOf(sample, watch) : sample}\n`);
    }
    await over;
  } finally {
    await watch.stop();
  }
  const end = performance.now() - begin;
  const length = PHASE_SHARE * end;
  const from = (at: number): Phase => phaseOf(samples, watch, { begin, from: at, to: at + length });
  const first = { name: "start", ...from(WARM_UP_SHARE * end) };
  const last = { name: "end", ...from(end - length) };
  const phases = [first, { name: "middle", ...from((end - length) / 2) }, last];
  const durations = orders.durations.toSorted((a, b) => a - b);
  return {
    minutes: Math.round(end / 6000) / 10,
    orders: {
      opened: orders.opened,
      completed: orders.completed,
      incomplete: orders.incomplete,
      failures: orders.failures,
      p50Seconds: quantile(durations, 0.5) / 1000,
      p99Seconds: quantile(durations, 0.99) / 1000,
    },
    blocks: watch.blocks.length,
    phases,
    growth: growthOf(first, last),
    settings: {
      nodes: NODES,
      atATime: AT_A_TIME,
      ...QUOTA,
      samples: samples.length,
      missedSamples: missed,
    },
  };
}

function isSample(value: unknown): value is Sample {
  return typeof value === "object" && value !== null && "nodes" in value;
}

function progressOf({ at, orders, nodes }: Sample, watch: BlockWatch): string {
  const mean = (of: (one: Sample["nodes"][number]) => number): string =>
    (nodes.reduce((sum, one) => sum + of(one), 0) / nodes.length).toFixed(0);
  const parts = [
    `${(at / 60_000).toFixed(1)} min`,
    `${orders} orders`,
    `${watch.blocks.length} blocks`,
    `${mean((one) => one.descriptors)} descriptors`,
    `RSS ${mean((one) => one.rssMb)} MB`,
    `heap ${mean((one) => one.heapMb)} MB`,
    `disk ${mean((one) => one.diskMb)} MB`,
    `loop p99 ${mean((one) => one.eventLoopP99Ms)} ms`,
  ];
  return parts.join(", ");
}
