/** Epochs: ranges of heights within which the voting weights are frozen. */
import type { Parameters } from "../types/genesis.ts";

export function epochOf(height: number, parameters: Parameters): number {
  return Math.floor(height / parameters.epochBlocks);
}

/** The last height of the epoch of a height. */
export function epochEnd(height: number, parameters: Parameters): number {
  return (epochOf(height, parameters) + 1) * parameters.epochBlocks - 1;
}

/** True for the last height of an epoch. */
export function endsEpoch(height: number, parameters: Parameters): boolean {
  return (height + 1) % parameters.epochBlocks === 0;
}
