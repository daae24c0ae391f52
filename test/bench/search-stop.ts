/**
 * How soon a find at one worker ends the hashing of all others: four nodes of eight lanes each, joined over loopback,
 * where each lane is a worker process with the lowest priority, 16 to a core where there are two. The workers note
 * themselves when a find was made and when their last call of the kernel ended; nothing is added to what they send.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchOptions } from "./main.ts";
import { type NodeTimes, StopNetwork } from "./search-stop/network.ts";
import { NOTES_FOLDER, takeNotes, type WorkerNotes } from "./search-stop/notes.ts";

const NODES = 4;
const LANES = 32;
const QUICK_FINDS = 12;
const FINDS = 64;
/** The first searches warm everything up. */
const WARM_UP = 2;
/** No search begins later. */
const MOST_MS = 400_000;

export interface SearchStopBench {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly load: number };
  readonly lanes: number;
  readonly finds: number;
  /** From a find until the last call of any other lane ended, in milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly longest: number;
  /** The same until a lane ended, over all lanes. */
  readonly laneP50: number;
  readonly laneP95: number;
  /** Hashes of the other lanes in calls that ended after the find, over all hashes before it. */
  readonly share: number;
  /** The same hashes as milliseconds of the whole machine, for each find: below 1 % of a search 100 times as long. */
  readonly lostMs: number;
  /** The rest of the unit of the find, which is searched to its end, in the same way. */
  readonly lastUnitMs: number;
  /** Since the find, in milliseconds. */
  readonly steps: readonly { readonly step: string; readonly p50: number; readonly p95: number }[];
}

/** Of one find. */
interface Measured {
  readonly steps: ReadonlyMap<string, number>;
  readonly lanes: readonly number[];
  readonly hashes: { readonly before: number; readonly after: number; readonly last: number };
  readonly searchedMs: number;
}

export async function bench({ quick, only }: BenchOptions): Promise<SearchStopBench> {
  const lanes = only === undefined ? LANES : Number(only);
  if (!Number.isInteger(lanes) || lanes < NODES || lanes % NODES !== 0) {
    throw new RangeError(`--only ${only}: give a number of lanes, a multiple of ${NODES}`);
  }
  const folder = await mkdtemp(join(tmpdir(), "poml-search-stop-"));
  const notes = join(folder, "notes");
  await mkdir(notes);
  process.env[NOTES_FOLDER] = notes;
  const network = new StopNetwork(NODES, lanes / NODES);
  const measured: Measured[] = [];
  const wanted = quick ? QUICK_FINDS : FINDS;
  try {
    await network.start();
    const over = performance.now() + MOST_MS;
    for (let run = 0; measured.length < wanted && performance.now() < over; run++) {
      const times = await network.search(join(folder, String(run)));
      const one = measure(await takeNotes(notes), times, lanes);
      if (run >= WARM_UP && one !== undefined) measured.push(one);
    }
  } finally {
    await network.stop();
    await rm(folder, { recursive: true, force: true });
  }
  if (measured.length === 0) throw new Error(`no find was measured within ${MOST_MS} ms`);
  return summary(lanes, measured);
}

/** @returns undefined for a find before all lanes hashed: its end tells nothing */
function measure(
  workers: readonly WorkerNotes[],
  times: NodeTimes,
  lanes: number,
): Measured | undefined {
  const finder = workers
    .filter(({ foundAt }) => foundAt !== undefined)
    .reduce<WorkerNotes | undefined>((first, one) => {
      return (one.foundAt ?? 0) < (first?.foundAt ?? Number.POSITIVE_INFINITY) ? one : first;
    }, undefined);
  const at = finder?.foundAt;
  if (finder === undefined || at === undefined) throw new Error("a search without a find");
  const hashed = workers.filter(({ calls }) => (calls[0]?.[0] ?? at) < at);
  if (hashed.length < lanes) return undefined;
  // One with a find of its own before it heard of this one searches its unit to the end, too.
  const others = workers.filter(({ foundAt }) => foundAt === undefined);
  const ends = others.map(({ calls }) => Math.max(0, (calls.at(-1)?.[0] ?? at) - at));
  const told = others.flatMap(({ toldAt }) => toldAt.find((time) => time >= at) ?? []);
  const since = (time: number | undefined): number => (time ?? Number.NaN) - at;
  return {
    steps: new Map([
      ["the worker tells its node", since(finder.sentAt)],
      ["its node hears", since(times.foundAt)],
      ["its node tells others", since(times.leftAt)],
      ["the last node hears", since(times.heardAt)],
      ["the last node tells its workers", since(times.endedAt)],
      ["half of the workers hear", since(part(told, 0.5))],
      ["the last worker hears", since(Math.max(...told))],
      ["the last worker has stopped", Math.max(...ends)],
    ]),
    lanes: ends,
    hashes: {
      before: hashesOf(workers, (time) => time <= at),
      after: hashesOf(others, (time) => time > at),
      last: hashesOf([finder], (time) => time > at),
    },
    searchedMs: at - Math.min(...workers.map(({ calls }) => calls[0]?.[0] ?? at)),
  };
}

function hashesOf(workers: readonly WorkerNotes[], isMeant: (time: number) => boolean): number {
  const calls = workers.flatMap((worker) => worker.calls).filter(([time]) => isMeant(time));
  return calls.reduce((sum, [, hashes]) => sum + hashes, 0);
}

function summary(lanes: number, measured: readonly Measured[]): SearchStopBench {
  const sum = (value: (one: Measured) => number): number =>
    measured.reduce((all, one) => all + value(one), 0);
  const before = sum(({ hashes }) => hashes.before);
  const after = sum(({ hashes }) => hashes.after);
  const msPerHash = sum(({ searchedMs }) => searchedMs) / before;
  const stops = measured.map((one) => Math.max(...one.lanes));
  const each = measured.flatMap((one) => one.lanes);
  const names = [...(measured[0]?.steps.keys() ?? [])];
  return {
    machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, load: loadavg()[0] ?? 0 },
    lanes,
    finds: measured.length,
    p50: part(stops, 0.5),
    p95: part(stops, 0.95),
    longest: part(stops, 1),
    laneP50: part(each, 0.5),
    laneP95: part(each, 0.95),
    share: Math.round((1e5 * after) / before) / 1e5,
    lostMs: Math.round((msPerHash * after) / measured.length),
    lastUnitMs: Math.round((msPerHash * sum(({ hashes }) => hashes.last)) / measured.length),
    steps: names.map((step) => {
      const values = measured.map((one) => one.steps.get(step) ?? Number.NaN);
      return { step, p50: part(values, 0.5), p95: part(values, 0.95) };
    }),
  };
}

/** The value that so much of the others is not above. */
function part(values: readonly number[], share: number): number {
  const at = Math.max(0, Math.ceil(share * values.length) - 1);
  return Math.round(10 * (values.toSorted((a, b) => a - b)[at] ?? Number.NaN)) / 10;
}
