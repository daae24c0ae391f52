/**
 * A draw uses the mix that comes `drawDelay` blocks after the last value on which it depends was written: a claim, an
 * order, a commitment, a record, a dispute. The proposer of the block with that value may know the mix of that block,
 * and of its own blocks that follow directly. Without the delay it could choose what to write, or when, until the draw
 * suits it.
 */
import type { Parameters } from "../types/genesis.ts";

/** @param fixedAt height of the block after which nothing changes on which the draw depends */
export function drawnAt(fixedAt: number, { drawDelay }: Pick<Parameters, "drawDelay">): number {
  return fixedAt + drawDelay;
}
