/** What an auditor gets from a participant: digests of its run, and files by hash. Every wait has a limit. */
import { equalBytes, sha256, toHex } from "../../chain/crypto/hash.ts";
import { digestsRoot } from "../../chain/proof/hash-tree.ts";
import type { Audit } from "../../chain/types/audit.ts";
import type { Job } from "../../chain/types/job.ts";
import { P2pError } from "../../p2p/errors.ts";
import { intoMemory } from "../../p2p/protocols/blob.ts";
import type { BlobPeers } from "../blobs/blob-peers.ts";
import type { Clock } from "../clock.ts";
import type { AuditExchange, ServedRun } from "./audit-exchange.ts";
import type { JudgeOptions } from "./replay-finding.ts";

const OUR_HASTE: readonly string[] = ["BUSY", "RATE_LIMITED"];
const ASK_TRIES = 4;
/** The participant may see the draw a block later. */
export const ASK_PAUSE_MS = 1_000;
const ASK_MS = 10_000;
/**
 * The longest waits for digests, for an update and for a state: each is the time left of the stage divided by this.
 * Together with the pauses between tries they take 15/16 of it.
 */
export const ASK_PART = 16;
export const UPDATE_PART = 4;
export const STATE_PART = 4;

/**
 * The digests of its states that the participant sends, if they fit its commitment.
 * @param count of the states
 */
export async function fetchRun(
  { id }: Pick<Job, "id">,
  { round, look, checkpointRoot }: Audit,
  count: number,
  { peer, signal, stageMs }: JudgeOptions,
  {
    exchange,
    clock,
  }: {
    readonly exchange: Pick<AuditExchange, "ask">;
    readonly clock: Pick<Clock, "sleep">;
  },
): Promise<ServedRun | undefined> {
  const partMs = Math.ceil(stageMs / ASK_PART);
  for (let attempt = 0; attempt < ASK_TRIES; attempt++) {
    if (attempt > 0) await clock.sleep(Math.min(ASK_PAUSE_MS, partMs), signal);
    const served = await exchange.ask(peer, { job: id, round, look }, Math.min(ASK_MS, partMs));
    if (served === undefined) continue;
    const { digests } = served;
    if (digests.length === count && equalBytes(digestsRoot(digests), checkpointRoot)) return served;
  }
  return undefined;
}

export interface WantedBlob {
  readonly hash: Uint8Array;
  readonly maxBytes: number;
  /** The longest wait for the blob. */
  readonly limitMs: number;
}

/** Undefined when the participant does not serve it. */
export async function fetchBlob(
  { hash, maxBytes, limitMs }: WantedBlob,
  { peer, signal }: JudgeOptions,
  {
    peers,
    clock,
  }: {
    readonly peers: Pick<BlobPeers, "request">;
    readonly clock: Pick<Clock, "timeout">;
  },
): Promise<Uint8Array | undefined> {
  const limit = AbortSignal.any([signal, clock.timeout(Math.ceil(limitMs))]);
  try {
    const bytes = await intoMemory((sink) =>
      peers.request(peer, hash, sink, { maxBytes, signal: limit, use: "audit" }),
    );
    return toHex(sha256(bytes)) === toHex(hash) ? bytes : undefined;
  } catch (error) {
    signal.throwIfAborted();
    // A limit on how often this node asks says nothing about the participant.
    if (error instanceof P2pError && OUR_HASTE.includes(error.code)) throw error;
    if (error instanceof P2pError || limit.aborted) return undefined;
    throw error;
  }
}
