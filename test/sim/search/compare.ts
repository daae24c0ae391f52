/**
 * The same range on leases as here, and on static chunks as hash crackers hand them out: chunks of ten minutes by a
 * benchmark, handed on when they were silent for 30 s. One lane of four dies each minute and another takes its place.
 */
import { Random } from "../random.ts";
import { Timeline } from "../timeline.ts";
import { type FleetResult, simulateFleet } from "./fleet.ts";

export interface Comparison {
  readonly leases: Pick<FleetResult, "tookMs" | "wasted" | "isCovered">;
  readonly chunks: {
    readonly tookMs: number;
    readonly wasted: number;
    readonly isCovered: boolean;
  };
}

const LANES = 4;
/** Units are 2^16 nonces: 2^30 nonces at 3 M/s a lane. */
const UNITS = 2 ** 14;
const UNITS_A_MS = 3_000 / 2 ** 16;
const CHUNK_MS = 600_000;
const BENCHMARK_MS = 30_000;
const IDLE_MS = 30_000;
const MINUTE_MS = 60_000;
const LIMIT_MS = 24 * 3_600_000;

/** @param keeps whether a chunk that is handed on goes on where its last report was, every 5 s, or from its begin */
export function compare(seed: number, keeps: boolean, times = 8): Comparison {
  const bareMs = (times * UNITS) / UNITS_A_MS / LANES;
  const leases = simulateFleet({
    seed,
    lanes: LANES,
    fastest: 1,
    slowest: UNITS_A_MS,
    rttMs: [20, 80],
    churn: 0,
    oneDeathMs: MINUTE_MS,
    bareMs,
  });
  return { leases, chunks: staticChunks(seed, times * UNITS, keeps) };
}

interface Chunk {
  from: number;
  readonly to: number;
}

function staticChunks(seed: number, units: number, keeps: boolean): Comparison["chunks"] {
  const random = new Random(seed);
  const timeline = new Timeline();
  const size = Math.floor(UNITS_A_MS * CHUNK_MS);
  const waiting: Chunk[] = [];
  for (let from = 0; from < units; from += size)
    waiting.push({ from, to: Math.min(units, from + size) });
  let left = units;
  let hashed = 0;
  const lanes = Array.from({ length: LANES }, () => ({ life: 0 }));
  const works = new Map<number, { chunk: Chunk; since: number }>();
  const serve = (lane: number): void => {
    const { life = 0 } = lanes[lane] ?? {};
    const chunk = waiting.shift();
    if (chunk === undefined) {
      timeline.after(5_000, () => {
        if (lanes[lane]?.life === life) serve(lane);
      });
      return;
    }
    works.set(lane, { chunk, since: timeline.now });
    timeline.after((chunk.to - chunk.from) / UNITS_A_MS, () => {
      if (lanes[lane]?.life !== life) return;
      works.delete(lane);
      hashed += chunk.to - chunk.from;
      left -= chunk.to - chunk.from;
      serve(lane);
    });
  };
  const die = (): void => {
    const lane = random.between(0, LANES - 1);
    const seat = lanes[lane];
    const work = works.get(lane);
    if (seat !== undefined) seat.life++;
    if (work !== undefined) {
      works.delete(lane);
      const { chunk, since } = work;
      const done = Math.floor((timeline.now - since) * UNITS_A_MS);
      hashed += done;
      const reported = keeps
        ? Math.floor(done * (1 - 5_000 / Math.max(5_000, timeline.now - since)))
        : 0;
      left -= reported;
      chunk.from += reported;
      timeline.after(IDLE_MS, () => waiting.unshift(chunk));
    }
    timeline.after(1_000 + BENCHMARK_MS, () => serve(lane));
    timeline.after(MINUTE_MS, die);
  };
  for (const lane of lanes.keys()) timeline.after(BENCHMARK_MS, () => serve(lane));
  timeline.after(MINUTE_MS, die);
  timeline.run(LIMIT_MS, () => left <= 0);
  return {
    tookMs: timeline.now,
    wasted: (hashed - (units - left)) / Math.max(1, hashed),
    isCovered: left <= 0,
  };
}
