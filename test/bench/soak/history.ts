/** Samples of all nodes over time, summed up by phase, and what their differences come to in a day. */
import type { LocalNetwork } from "../../helpers/local-network.ts";
import { type BlockWatch, quantile } from "../chain/block-watch.ts";
import { type Vitals, vitalsOf } from "./vitals.ts";

export interface Sample {
  /** Ms since the start. */
  readonly at: number;
  /** Orders completed. */
  readonly orders: number;
  readonly nodes: readonly Vitals[];
}

/** Medians over the samples of a phase of the mean of all nodes, unless it says otherwise. */
export interface Phase {
  readonly minute: number;
  readonly orders: number;
  readonly descriptors: number;
  readonly rssMb: number;
  /** The least of the phase: what garbage collection left. */
  readonly heapMb: number;
  readonly diskMb: number;
  /** Of the worst node. */
  readonly eventLoopP99Ms: number;
  readonly blockP50Ms: number;
  readonly blockP99Ms: number;
  readonly descriptorKinds: Readonly<Record<string, number>>;
  readonly diskKinds: Readonly<Record<string, number>>;
}

/** From the first phase to the last. */
export interface Growth {
  readonly minutes: number;
  readonly orders: number;
  readonly descriptors: number;
  readonly rssPercent: number;
  readonly heapPercent: number;
  readonly diskMb: number;
  readonly diskKbPerOrder: number;
  readonly perDay: {
    readonly orders: number;
    readonly descriptors: number;
    readonly rssMb: number;
    readonly heapMb: number;
    readonly diskMb: number;
    /** MB. */
    readonly diskKinds: Readonly<Record<string, number>>;
  };
}

const DAY_MINUTES = 24 * 60;

export async function takeSample(
  net: LocalNetwork,
  moment: Pick<Sample, "at" | "orders">,
): Promise<Sample> {
  return { ...moment, nodes: await Promise.all(net.nodes.map(vitalsOf)) };
}

/** @param span ms since the start, which was at `begin` */
export function phaseOf(
  all: readonly Sample[],
  watch: BlockWatch,
  { begin, from, to }: { begin: number; from: number; to: number },
): Phase {
  const inside = all.filter(({ at }) => at >= from && at <= to);
  const samples = inside.length > 0 ? inside : [nearest(all, (from + to) / 2)];
  const middle = (of: (vitals: Vitals) => number): number =>
    median(samples.map(({ nodes }) => mean(nodes.map(of))));
  const least = (of: (vitals: Vitals) => number): number =>
    mean(
      samples[0]?.nodes.map((_, i) =>
        Math.min(...samples.flatMap(({ nodes }) => nodes[i] ?? []).map(of)),
      ) ?? [],
    );
  const kinds = (of: (vitals: Vitals) => Readonly<Record<string, number>>) => {
    const names = new Set(samples.flatMap(({ nodes }) => nodes.flatMap((v) => Object.keys(of(v)))));
    return Object.fromEntries(
      [...names].sort().map((name) => [name, round2(middle((vitals) => of(vitals)[name] ?? 0))]),
    );
  };
  const seen = watch.between(begin + from, begin + to).map(({ seenAt }) => seenAt);
  const gaps = seen.slice(1).map((at, i) => at - (seen[i] ?? at));
  gaps.sort((a, b) => a - b);
  return {
    minute: round2((from + to) / 2 / 60_000),
    orders: Math.round(median(samples.map(({ orders }) => orders))),
    descriptors: Math.round(middle((vitals) => vitals.descriptors)),
    rssMb: round2(middle((vitals) => vitals.rssMb)),
    heapMb: round2(least((vitals) => vitals.heapMb)),
    diskMb: round2(middle((vitals) => vitals.diskMb)),
    eventLoopP99Ms: Math.round(
      median(samples.map(({ nodes }) => Math.max(...nodes.map((one) => one.eventLoopP99Ms)))),
    ),
    blockP50Ms: quantile(gaps, 0.5),
    blockP99Ms: quantile(gaps, 0.99),
    descriptorKinds: kinds((vitals) => vitals.descriptorKinds),
    diskKinds: kinds((vitals) => vitals.diskKinds),
  };
}

export function growthOf(first: Phase, last: Phase): Growth {
  const minutes = last.minute - first.minute;
  const orders = last.orders - first.orders;
  const perDay = (of: (phase: Phase) => number): number =>
    Math.round(((of(last) - of(first)) * DAY_MINUTES) / minutes);
  const percent = (of: (phase: Phase) => number): number =>
    Math.round((1000 * (of(last) - of(first))) / of(first)) / 10;
  const diskMb = round2(last.diskMb - first.diskMb);
  return {
    minutes: round2(minutes),
    orders,
    descriptors: last.descriptors - first.descriptors,
    rssPercent: percent(({ rssMb }) => rssMb),
    heapPercent: percent(({ heapMb }) => heapMb),
    diskMb,
    diskKbPerOrder: Math.round((1000 * diskMb) / Math.max(1, orders)),
    perDay: {
      orders: perDay((phase) => phase.orders),
      descriptors: perDay((phase) => phase.descriptors),
      rssMb: perDay((phase) => phase.rssMb),
      heapMb: perDay((phase) => phase.heapMb),
      diskMb: perDay((phase) => phase.diskMb),
      diskKinds: Object.fromEntries(
        Object.keys(last.diskKinds).map((kind) => [
          kind,
          perDay(({ diskKinds }) => diskKinds[kind] ?? 0),
        ]),
      ),
    },
  };
}

function nearest(samples: readonly Sample[], at: number): Sample {
  const sorted = samples.toSorted((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at));
  const first = sorted[0];
  if (first === undefined) throw new RangeError("no samples");
  return first;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function round2(value: number): number {
  return Math.round(100 * value) / 100;
}
