/** Blocks solved one after another by several arms in turn: the same blocks for all, block by block. */
import { blockTask, expectedHashes } from "./blocks.ts";
import type { Fleet, Order } from "./fleet.ts";

export interface Arm {
  readonly name: string;
  readonly manner: Order["manner"];
  readonly miners: readonly number[];
  readonly team: readonly number[];
}

/** Of one arm, block by block. */
export interface ArmTimes {
  readonly arm: Arm;
  readonly ms: readonly number[];
  readonly hashes: readonly number[];
}

export interface SolveOptions {
  readonly seed: number;
  readonly blocks: number;
  readonly difficulty: number;
  readonly pace: number;
}

/**
 * Units so small that a block has some for everybody, and so large that a lane does not wait for its second lease: the
 * first has four units, and the lane asks for the next after one.
 */
const UNITS_A_BLOCK = 8;
const LEAST_UNIT_BITS = 8;
const MOST_UNIT_BITS = 18;
const LIMIT_MS = 300_000;

export async function solveInTurn(
  fleet: Fleet,
  arms: readonly Arm[],
  { seed, blocks, difficulty, pace }: SolveOptions,
): Promise<ArmTimes[]> {
  const times = arms.map((arm) => ({ arm, ms: [] as number[], hashes: [] as number[] }));
  const bits = Math.round(Math.log2(expectedHashes(difficulty) / UNITS_A_BLOCK));
  const unitBits = Math.min(MOST_UNIT_BITS, Math.max(LEAST_UNIT_BITS, bits));
  for (let height = 1; height <= blocks; height++) {
    const task = blockTask(seed, height, difficulty);
    const inOrder = height % 2 === 1 ? times : times.toReversed();
    for (const { arm, ms, hashes } of inOrder) {
      const { manner, miners, team } = arm;
      const order = { task, manner, miners, team, unitBits, to: 2n ** 32n, pace };
      const result = await fleet.mine(order, LIMIT_MS);
      ms.push(result.ms);
      hashes.push(result.hashes);
    }
  }
  return times;
}

/** Devices 0 to count - 1, each with its own search of the same nonces. */
export function alone(count: number): Arm {
  return { name: `alone, ${count}`, manner: "alone", miners: firstOf(count), team: [] };
}

/** Devices 0 to count - 1, up to three of which are managers; all of them search. */
export function together(count: number): Arm {
  const team = firstOf(Math.min(3, count));
  return { name: `together, ${count}`, manner: "together", miners: firstOf(count), team };
}

function firstOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
