/**
 * Draws for work read weights that were frozen before anybody could know the mix they meet. Whoever proposes several
 * blocks in a row knows the mix that the last of them leaves before it builds the first, and could move the weights
 * of its own nodes until the draw suits it. So weights are taken down at the end of an epoch and come into use
 * an epoch later: at least `epochBlocks` lie between what a draw reads and its mix.
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

/** A node that took its whole bond back, or lost its place for good, does no work any more. */
export function hasLeft({ bond, slashedAt }: Pick<NodeRecord, "bond" | "slashedAt">): boolean {
  return bond === 0n || slashedAt !== 0;
}

/** Draws for work give it places now, unless it left. */
export function canBeDrawn(
  { nodes, drawWeights }: Pick<State, "nodes" | "drawWeights">,
  index: number,
): boolean {
  return (drawWeights[index] ?? 0n) > 0n && !hasLeft(nodes.at(index));
}

const counts = new WeakMap<readonly bigint[], number>();

/** No draw can give more nodes than this, which is known without drawing: those with frozen weight. */
export function mostNodes({ drawWeights }: Pick<State, "drawWeights">): number {
  const known = counts.get(drawWeights) ?? drawWeights.filter((weight) => weight > 0n).length;
  counts.set(drawWeights, known);
  return known;
}

interface NodeDraw {
  readonly seed: Uint8Array;
  readonly tag: string;
  readonly count: number;
  /** Never the party itself; false for whoever may not take a place. */
  readonly mayTake?: (node: number) => boolean;
}

/**
 * Node indexes in drawn order. A node that left since the weights were frozen is passed over: the next in the same
 * order takes the place, so that leaving costs a place and moves nobody else's.
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
