/**
 * Which light blocks lead from one block to another in few steps: as far as the seats are linked, halving the distance
 * where they are not. Signatures are not checked here; the client that follows the route checks them.
 */
import type { LightBlock } from "../types/light.ts";
import { grown, type Trusted } from "./trusted.ts";
import { isLinked } from "./verify.ts";

export interface RouteSource {
  /** The newest kept change of seats at or below `height`, if it is above `above`. */
  changeUpTo(height: number, above: number): Promise<LightBlock | undefined>;
  /** The oldest kept change of seats above `height`. */
  changeAfter(height: number): Promise<LightBlock | undefined>;
}

export interface Route {
  /** In order; if the route is complete, the last one is the target. */
  readonly blocks: readonly LightBlock[];
  /** False when more steps are needed, or when this node does not keep a change of seats on the way. */
  readonly isComplete: boolean;
}

/** @param limit the largest number of steps */
export async function findRoute(
  from: Trusted,
  target: LightBlock,
  { source, limit }: { readonly source: RouteSource; readonly limit: number },
): Promise<Route> {
  const blocks: LightBlock[] = [];
  let at = from;
  while (target.header.height > at.height) {
    if (blocks.length === limit) return { blocks, isComplete: false };
    const next = await farthestLinked(at, target, source);
    if (next === undefined) return { blocks, isComplete: false };
    blocks.push(next);
    at = grown(at, next, next.certificate.blockHash);
  }
  return { blocks, isComplete: true };
}

async function farthestLinked(
  at: Trusted,
  target: LightBlock,
  source: RouteSource,
): Promise<LightBlock | undefined> {
  if (isLinked(at, target)) return target;
  let beyond = target.header.height;
  while (beyond > at.height + 1) {
    const middle = at.height + Math.floor((beyond - at.height) / 2);
    const candidate = await source.changeUpTo(middle, at.height);
    if (candidate === undefined) break;
    if (isLinked(at, candidate)) return candidate;
    beyond = candidate.header.height;
  }
  const first = await source.changeAfter(at.height);
  return first !== undefined && first.header.height < target.header.height && isLinked(at, first)
    ? first
    : undefined;
}
