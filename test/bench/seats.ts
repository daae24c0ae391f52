/**
 * How often a draw of seats gives somebody more than a third of them, exactly, with the chain's parameters; what as
 * many seats cost in bytes; and what agreement on one block costs a node as they grow: the reducer alone, no
 * signatures.
 */
import { runSteadyHeight } from "../sim/steady-height.ts";
import { measureGrowth } from "./growth.ts";
import type { BenchOptions } from "./main.ts";
import { thirds } from "./seats/thirds.ts";

const SEATS = [4, 16, 64, 100, 512] as const;

export interface SeatCost {
  readonly seats: number;
  /** Processor time of one node for one block. */
  readonly microseconds: number;
  readonly eventsPerNode: number;
  readonly microsecondsPerEvent: number;
}

export async function bench({ quick }: BenchOptions): Promise<object> {
  const budgetMs = quick ? 500 : 3_000;
  const costs = SEATS.map((seats) => costPerBlock(seats, budgetMs));
  const [first, last] = [costs.at(0), costs.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError("no seats");
  // Exponent e of cost ~ seats^e: 1 = linear.
  const exponent =
    Math.log(last.microseconds / first.microseconds) / Math.log(last.seats / first.seats);
  const { openJobs10000AddedMs } = await measureGrowth(quick ? 5 : 30);
  return { ...thirds(), costs, exponent: Number(exponent.toFixed(2)), openJobs10000AddedMs };
}

/** The least of as many heights as fit into the time: other load only adds. */
export function costPerBlock(seats: number, budgetMs: number): SeatCost {
  const weights = Array.from({ length: seats }, (_, i) => BigInt(100 + i));
  let least = Number.POSITIVE_INFINITY;
  let events = 0;
  const end = performance.now() + budgetMs;
  do {
    const start = process.cpuUsage();
    ({ events } = runSteadyHeight(weights));
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, user + system);
  } while (performance.now() < end);
  const microseconds = least / seats;
  const eventsPerNode = events / seats;
  return {
    seats,
    microseconds: Number(microseconds.toFixed(1)),
    eventsPerNode,
    microsecondsPerEvent: Number((microseconds / eventsPerNode).toFixed(2)),
  };
}
