/**
 * What a window of 10,000 claims costs in the blocks that look at all of them: the one that draws verifiers and
 * segments, the one that draws committees if every claim is disputed, and the one that sets the ratings.
 */
import { sha256, uint32Bytes } from "../../../chain/crypto/hash.ts";
import type { Head } from "../../../chain/head.ts";
import { NO_APPEAL } from "../../../chain/rating/appeal.ts";
import { type Stages, stagesFrom } from "../../../chain/schedule/window-stages.ts";
import { State } from "../../../chain/state/state.ts";
import { ZERO_HASH } from "../../../chain/types/primitive.ts";
import type { Check, WindowClaim } from "../../../chain/types/window.ts";
import { TestChain } from "../../helpers/chain.ts";
import { type Parts, partsOf } from "../../helpers/state.ts";

const FAR = 1_000_000;
const VERIFIERS = 3;
const SEGMENTS = 4;
const DRAW_DELAY = 4;
const MATCH = 1;
const MISMATCH = 2;

/** A chain whose next block is one of these. */
export interface WindowBlock {
  readonly name: string;
  readonly chain: TestChain;
  readonly head: Head;
}

export function windowBlocks(height: number, claims: number): WindowBlock[] {
  const blocks: [name: string, make: (parts: Parts) => Partial<Parts>][] = [
    ["verifiers of all claims", () => toCheck(height, claims)],
    ["committees for all claims", () => allDisputed(height, claims)],
    ["ratings", () => allVerified(height, claims)],
  ];
  return blocks.map(([name, make]) => {
    const chain = new TestChain({
      parameters: { drawDelay: DRAW_DELAY, verifiers: VERIFIERS, segmentsPerVerifier: SEGMENTS },
    });
    const parts = partsOf(chain.head.state);
    const meta = { ...parts.meta, height };
    const state = State.of({ ...parts, meta, ...crowd(parts, claims), ...make(parts) });
    return { name, chain, head: { hash: chain.head.hash, state } };
  });
}

/** Nodes of different weight, as many as there are claims. */
function crowd({ nodes }: Parts, count: number): Partial<Parts> {
  const [sample] = nodes;
  if (sample === undefined) throw new RangeError("no node to copy");
  const all = Array.from({ length: count }, (_, i) => {
    return nodes[i] ?? { ...sample, publicKey: hashOf(i), weight: 0n };
  });
  return { nodes: all, drawWeights: all.map((_, i) => 1_000_000n + BigInt(i)) };
}

function toCheck(height: number, claims: number): Partial<Parts> {
  return {
    window: windowOf({ claimsUntil: height + 1 - DRAW_DELAY }),
    claims: some(claims, (node) => claimOf(node, [])),
  };
}

function allDisputed(height: number, claims: number): Partial<Parts> {
  const appeal = { ...NO_APPEAL, called: height + 1 - DRAW_DELAY };
  return {
    window: windowOf({ claimsUntil: height - 100 }),
    claims: some(claims, (node) => ({
      ...claimOf(node, checksOf(node, claims, MISMATCH)),
      appeal,
    })),
  };
}

function allVerified(height: number, claims: number): Partial<Parts> {
  return {
    window: windowOf({ claimsUntil: height - 100, verdictsUntil: height + 1 }),
    claims: some(claims, (node) => claimOf(node, checksOf(node, claims, MATCH))),
  };
}

function windowOf(stages: Partial<Stages>): Parts["window"] {
  const { parameters } = new TestChain().head.state;
  return {
    ...stagesFrom(1, "regular", { ...parameters, verdictBlocks: FAR }),
    closes: 10,
    ...stages,
    number: 1,
    kind: 0,
    settledAt: 0,
    mix: ZERO_HASH,
    openedAt: 0n,
    closedAt: 60_000n,
  };
}

function checksOf(node: number, claims: number, first: number): Check[] {
  return some(VERIFIERS * SEGMENTS, (i) => ({
    verifier: (node + 1 + (i % VERIFIERS)) % claims,
    lane: 0,
    segment: i,
    verdict: i === 0 ? first : MATCH,
  }));
}

function claimOf(node: number, checks: Check[]): WindowClaim {
  return {
    node,
    lanes: some(2, (i) => ({ segments: 100, checkpointRoot: hashOf(i) })),
    energyMillijoules: 0n,
    energySource: 0,
    claimed: 30_000n,
    checks,
    appeal: NO_APPEAL,
  };
}

function some<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

function hashOf(i: number): Uint8Array {
  return sha256(uint32Bytes(i));
}
