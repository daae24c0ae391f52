/**
 * Draws for work use weights that were frozen before anybody could know the mix of the draw. A proposer of several
 * blocks in a row knows, before it builds the first of them, the mix after the last, and could move the weights of its
 * own nodes until the draw suits it. So weights are recorded at the end of an epoch and used an epoch later: at least
 * `epochBlocks` lie between the weights of a draw and its mix.
 */

import type { State } from "../state/state.ts";
import type { NodeRecord } from "../types/node.ts";
import { weights } from "../weight/weight.ts";
import { drawWithoutReplacement } from "./weighted.ts";

/** Runs at the end of an epoch. */
export function freezeDrawWeights(state: State): void {
  state.drawWeights = state.nextDrawWeights;
  const next = weights(state);
  const isSame =
    next.length === state.nextDrawWeights.length &&
    next.every((weight, node) => weight === state.nextDrawWeights[node]);
  if (!isSame) state.nextDrawWeights = next;
}

/** A node that took back its whole bond, or was slashed, does no more work. */
export function hasLeft({ bond, slashedAt }: Pick<NodeRecord, "bond" | "slashedAt">): boolean {
  return bond === 0n || slashedAt !== 0;
}

/** Whether draws for work can choose this node now. */
export function canBeDrawn(
  { nodes, drawWeights }: Pick<State, "nodes" | "drawWeights">,
  index: number,
): boolean {
  return (drawWeights[index] ?? 0n) > 0n && !hasLeft(nodes.at(index));
}

const counts = new WeakMap<readonly bigint[], number>();

/** The largest number of nodes that a draw can give, known without drawing: those with frozen weight. */
export function mostNodes({ drawWeights }: Pick<State, "drawWeights">): number {
  const known = counts.get(drawWeights) ?? drawWeights.filter((weight) => weight > 0n).length;
  counts.set(drawWeights, known);
  return known;
}

interface NodeDraw {
  readonly seed: Uint8Array;
  readonly tag: string;
  readonly count: number;
  /** Returns false for a node that may not take a place, such as the party concerned. */
  readonly mayTake?: (node: number) => boolean;
}

/**
 * Node indexes in drawn order. A node that has left since the weights were frozen is skipped, and the next one in the
 * same order takes its place. So leaving gives up one's own place and changes no other.
 */
export function drawNodes(state: State, { seed, tag, count, mayTake }: NodeDraw): number[] {
  return drawWithoutReplacement(
    seed,
    tag,
    state.drawWeights,
    count,
    (node) => !hasLeft(state.nodes.at(node)) && (mayTake === undefined || mayTake(node)),
  );
}
