/**
 * What 10,000 open things of any kind add to a block in which nothing happens to them: the transition and the
 * entries of the database. Processor time, the least of many blocks; each kind against the same state without it.
 * And what a job costs in memory, under way and settled.
 */
import { buildBlock } from "../../chain/apply-block.ts";
import { proposerOf } from "../../chain/draw/proposer-of.ts";
import type { Head } from "../../chain/head.ts";
import { State } from "../../chain/state/state.ts";
import { Certificate } from "../../chain/types/block.ts";
import { useFastHasher } from "../../node/ssz-hasher.ts";
import { stateWrites } from "../../node/store/state-entries.ts";
import { TestChain } from "../helpers/chain.ts";
import { partsOf } from "../helpers/state.ts";
import { KINDS, type OpenThings } from "./growth/open-things.ts";
import { measureSettledMemory, type SettledMemory } from "./growth/settled-memory.ts";
import { windowBlocks } from "./growth/window-draws.ts";
import type { BenchOptions } from "./main.ts";

const OPEN = 10_000;
const HEIGHT = 1_000;

export interface AddedRow {
  readonly open: string;
  /** Of a block without any. */
  readonly emptyMs: number;
  readonly addedMs: number;
}

export interface Growth {
  readonly added: readonly AddedRow[];
  /** The most that any kind adds. */
  readonly openJobs10000AddedMs: number;
  /** Of the dearer block: one at which 10,000 deadlines come, or one with all draws that an earlier one can schedule. */
  readonly allDueMs: number;
}

export interface WindowRow {
  /** What the block does for 10,000 claims. */
  readonly block: string;
  readonly blockMs: number;
}

export interface WindowDraws {
  readonly windows: readonly WindowRow[];
  /** Of the dearest of them. */
  readonly windowDrawsMs: number;
}

export async function bench({
  quick,
}: BenchOptions): Promise<Growth & WindowDraws & SettledMemory> {
  await useFastHasher();
  // First: what other measurements leave behind would blur it.
  const memory = measureSettledMemory(quick ? 20_000 : 50_000);
  const growth = await measureGrowth(quick ? 12 : 60);
  return { ...growth, ...(await measureWindowDraws(quick ? 2 : 8)), ...memory };
}

/** @param blocks measured of each kind */
export async function measureGrowth(blocks: number): Promise<Growth> {
  await useFastHasher();
  const added = KINDS.filter(({ isDue }) => !isDue).map((kind): AddedRow => {
    const [emptyMs, fullMs] = costs(kind, blocks);
    return { open: kind.name, emptyMs: round2(emptyMs), addedMs: round2(fullMs - emptyMs) };
  });
  const due = KINDS.filter(({ isDue }) => isDue).map((kind) => costs(kind, blocks)[1]);
  return {
    added,
    openJobs10000AddedMs: round2(Math.max(...added.map(({ addedMs }) => addedMs))),
    allDueMs: round2(Math.max(...due)),
  };
}

/** @param times each of them is built on the same head */
export async function measureWindowDraws(times: number): Promise<WindowDraws> {
  await useFastHasher();
  const windows = windowBlocks(HEIGHT, OPEN).map(({ name, chain, head }): WindowRow => {
    const all = Array.from({ length: times }, () => costOf(chain, head));
    return { block: name, blockMs: round2(Math.min(...all)) };
  });
  return { windows, windowDrawsMs: round2(Math.max(...windows.map(({ blockMs }) => blockMs))) };
}

/** The two are taken in turn, so that other load falls on both. */
function costs(kind: OpenThings, blocks: number): [emptyMs: number, fullMs: number] {
  const chain = new TestChain({ parameters: { drawDelay: 4 } });
  const heads = [headWith(chain, kind, 0), headWith(chain, kind, OPEN)] as const;
  const least: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < blocks; i++) {
    least[0] = Math.min(least[0], costOf(chain, heads[0]));
    least[1] = Math.min(least[1], costOf(chain, heads[1]));
  }
  return least;
}

function headWith(chain: TestChain, { fill }: OpenThings, count: number): Head {
  const { hash, state } = chain.head;
  const parts = partsOf(state);
  const meta = { ...parts.meta, height: HEIGHT };
  return { hash, state: State.of({ ...parts, meta, ...fill({ ...parts, meta }, count, OPEN) }) };
}

function costOf(chain: TestChain, head: Head): number {
  const { state } = head;
  const proposer = chain.personOf(proposerOf(state, state.height + 1, 0));
  const { onionLeft } = state.nodes.at(state.nodeIndex(proposer.keys.publicKey) ?? -1);
  const input = {
    round: 0,
    time: state.meta.time + 1000n,
    proposer: proposer.keys.publicKey,
    onionReveal: proposer.onion[onionLeft - 1] ?? new Uint8Array(32),
    parentCertificate: Certificate.defaultValue(),
    transactions: [],
    evidence: [],
  };
  const start = process.cpuUsage();
  const { state: after } = buildBlock(head, input, 1_000_000);
  stateWrites(after.changes());
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

function round2(value: number): number {
  return Math.round(100 * value) / 100;
}
