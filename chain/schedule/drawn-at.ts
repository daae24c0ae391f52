/**
 * A draw takes the mix that comes `drawDelay` blocks after the last thing it depends on was written: a claim, an
 * order, a commitment, a record, a dispute. Whoever proposes the block that takes such a thing may know the mix of
 * that block and of those of its own that follow, and could choose what to write, or when, until the draw suits it.
 */
import type { Parameters } from "../types/genesis.ts";

/** @param fixedAt height of the block after which nothing that the draw depends on changes */
export function drawnAt(fixedAt: number, { drawDelay }: Pick<Parameters, "drawDelay">): number {
  return fixedAt + drawDelay;
}
