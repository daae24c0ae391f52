/** What a block costs a node as the chain grows: by seats (agreement alone) and by accounts (state). */
import { applyBlock } from "../../../chain/apply-block.ts";
import { Block } from "../../../chain/types/block.ts";
import { costPerBlock } from "../seats.ts";
import { BlockFactory } from "./block-factory.ts";

const SEATS = [4, 16, 64, 100] as const;
const ACCOUNTS = [1_000, 10_000, 100_000, 1_000_000] as const;
const TRANSFERS = 500;
const ROUNDS = 3;

export interface GrowthRow {
  readonly seats?: number;
  readonly accounts?: number;
  /** Processor time. */
  readonly msPerBlock: number;
}

/** @param maxAccounts leaves out larger states: making one takes longer than the measurement */
export function benchGrowth(seatMs: number, maxAccounts: number): GrowthRow[] {
  const rows: GrowthRow[] = SEATS.map((seats) => {
    return { seats, msPerBlock: round2(costPerBlock(seats, seatMs).microseconds / 1000) };
  });
  for (const accounts of ACCOUNTS) {
    if (accounts <= maxAccounts) rows.push({ accounts, msPerBlock: costOfState(accounts) });
  }
  return rows;
}

/** Of a block of transfers to accounts all over the state. */
function costOfState(accounts: number): number {
  const factory = new BlockFactory({ blocks: ROUNDS, senders: TRANSFERS, accounts });
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    factory.next(factory.transfers(TRANSFERS), ({ certified }) => {
      const arriving = Block.deserialize(Block.serialize(certified.block));
      const start = process.cpuUsage();
      applyBlock(factory.head, arriving);
      const { user, system } = process.cpuUsage(start);
      least = Math.min(least, (user + system) / 1000);
    });
  }
  return round2(least);
}

function round2(value: number): number {
  return Math.round(100 * value) / 100;
}
