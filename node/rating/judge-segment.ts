/**
 * Replays one segment of a claim and returns the finding. A failure on this node's side is thrown; the claimant is
 * never blamed for it.
 */
import { unreachable } from "../../chain/committee/seal.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { verifyMerkleProof } from "../../chain/proof/hash-tree.ts";
import type { Place } from "../../chain/rating/draw-segments.ts";
import type { Verdict } from "../../chain/rating/verdict.ts";
import { laneSeed } from "../../chain/rating/window.ts";
import { VERDICTS } from "../../chain/types/node.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import type { Finding } from "../../chain/types/transaction.ts";
import type { WindowClaim } from "../../chain/types/window.ts";
import type { Chain } from "../chain/chain.ts";
import type { Clock } from "../clock.ts";
import { WorkerError } from "../workers/worker-error.ts";
import type { Workers } from "../workers/workers.ts";
import type { Patience } from "./patience.ts";
import type { SegmentExchange, ServedSegment } from "./segment-exchange.ts";

export interface JudgeModules {
  readonly chain: Pick<Chain, "state">;
  readonly workers: Pick<Workers, "replay">;
  readonly segments: Pick<SegmentExchange, "ask">;
  readonly clock: Pick<Clock, "monotonic" | "sleep">;
  /** Peer id of a node. */
  peerOf(node: number): string;
}

/**
 * `endHash` is that of the state that the replay reached. If it could reach none, it is the value that all replays use
 * instead.
 */
export type Found =
  | { readonly verdict: "match"; readonly endHash: Uint8Array; readonly path: Uint8Array[] }
  | { readonly verdict: "mismatch"; readonly endHash: Uint8Array }
  | { readonly verdict: "not-served" };

const REPLAY_MS = 60_000;

/**
 * @param patience with this claimant, shared by all segments of the claim
 * @throws WorkerError
 */
export async function judgeSegment(
  claim: WindowClaim,
  place: Place,
  patience: Patience,
  modules: JudgeModules,
): Promise<Found> {
  const { lane, segment } = place;
  const claimed = claim.lanes[lane];
  const served = await fetchSegment(claim, place, patience, modules);
  if (claimed === undefined || served === undefined) return { verdict: "not-served" };
  const count = claimed.segments + 1;
  const start = { index: segment, count, siblings: served.startPath };
  if (!verifyMerkleProof(claimed.checkpointRoot, sha256(served.startState), start)) {
    return { verdict: "not-served" };
  }
  const endHash = await replayed(claim, place, served.startState, modules);
  if (endHash === undefined) {
    return {
      verdict: "mismatch",
      endHash: unreachable("no-state", claimed.checkpointRoot, segment),
    };
  }
  const end = { index: segment + 1, count, siblings: served.endPath };
  if (!verifyMerkleProof(claimed.checkpointRoot, endHash, end)) {
    return { verdict: "mismatch", endHash };
  }
  return { verdict: "match", endHash, path: served.endPath };
}

/**
 * A finding for the chain.
 * @param proof of a match, or the seal as `endHash`
 */
export function findingOn(
  { lane, segment }: Place,
  verdict: Verdict,
  proof: Partial<Pick<Finding, "endHash" | "path">> = {},
): Finding {
  const { endHash = ZERO_HASH, path = [] } = proof;
  return { lane, segment, verdict: VERDICTS.indexOf(verdict), endHash, path };
}

/** Undefined when the committed start state is not a state of this task. */
async function replayed(
  claim: WindowClaim,
  { lane, segment }: Place,
  startState: Uint8Array,
  { workers, chain }: JudgeModules,
): Promise<Uint8Array | undefined> {
  // No worker accepts an empty input.
  if (startState.length === 0) return undefined;
  const { parameters, window, nodes } = chain.state;
  const seed = laneSeed(window.mix, nodes.at(claim.node).publicKey, lane);
  const { baselineTask: task, segmentSteps: stepsPerSegment } = parameters;
  try {
    const work = { task, seed, index: segment, stepsPerSegment, startState };
    return (await workers.replay(work, { deadlineMs: REPLAY_MS })).slice();
  } catch (error) {
    const { facts } = error instanceof WorkerError ? error : {};
    if (facts?.code === "TASK_FAILED" && facts.reason === "BAD_CHECKPOINT") return undefined;
    throw error;
  }
}

function fetchSegment(
  { node }: WindowClaim,
  { lane, segment: index }: Place,
  patience: Patience,
  { chain, segments, peerOf }: JudgeModules,
): Promise<ServedSegment | undefined> {
  const place = { window: chain.state.window.number, lane, index };
  return patience.ask((timeoutMs) => segments.ask(peerOf(node), place, timeoutMs));
}
