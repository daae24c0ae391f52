/** How a node of a simulation lies, and what it does for it. Everything else of it is as honest as any node. */
import { sha256 } from "../../../chain/crypto/hash.ts";
import type { KeyPair } from "../../../chain/crypto/keys.ts";
import type { Disk } from "../../../node/disk.ts";
import {
  type MergeOutcome,
  type MergeTask,
  mergeFiles,
} from "../../../node/jobs/train/merge/merge-files.ts";
import type { PeerMessages } from "../../../node/network/peer-messages.ts";
import { P2pError } from "../../../p2p/errors.ts";
import type { TrainingLie } from "./stand-in-engine.ts";

export const LIES = [
  "none",
  // As a participant: invents its training, or half of it; serves neither its updates nor its states.
  "invents",
  "skips-part",
  "withholds",
  // As an auditor: what it replays comes to another state.
  "accuses",
  // As a member of a team: merges to another model; signs with garbage; answers heartbeats and nothing else.
  "merges-falsely",
  "signs-garbage",
  "is-mute",
] as const;
export type Lie = (typeof LIES)[number];

export function trainingLieOf(lie: Lie): TrainingLie {
  return lie === "invents" || lie === "skips-part" ? lie : "none";
}

export function garbled({ publicKey }: KeyPair): KeyPair {
  return { publicKey, sign: () => new Uint8Array(64).fill(1) };
}

/** Merges, then moves the last value of the model. */
export async function falsely(task: MergeTask, disk: Disk): Promise<MergeOutcome> {
  const outcome = await mergeFiles(task, disk);
  if (outcome.after === undefined) return outcome;
  const bytes = await disk.readFile(task.output);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await disk.writeFile(task.output, bytes, { flush: true });
  return { ...outcome, after: sha256(bytes) };
}

type Messages = Pick<PeerMessages, "ask" | "handle">;

/** Neither asks for signatures nor gives any. */
export function muted({ ask, handle }: Messages): Messages {
  const isCosign = (subject: string): boolean => subject.startsWith("cosign");
  return {
    handle: (subject, handler) =>
      handle(subject, isCosign(subject) ? () => new Promise(() => {}) : handler),
    ask: (peer, subject, body, timeoutMs) =>
      isCosign(subject)
        ? Promise.reject(new P2pError("mute", { code: "NOT_CONNECTED", peer }))
        : ask(peer, subject, body, timeoutMs),
  };
}
