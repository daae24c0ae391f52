/** The requests of a job's managers to each other: a heartbeat, and the request to sign a record or a refusal. */
import { ContainerType } from "@chainsafe/ssz";
import { decodeSsz } from "../../chain/decode.ts";
import { JobRecord, RoundRefusal } from "../../chain/types/job.ts";
import { Hash, Signature, Uint8 } from "../../chain/types/primitive.ts";
import type { Clock } from "../clock.ts";
import type { PeerMessages } from "../network/peer-messages.ts";
import { JobError } from "./job-error.ts";

const Reply = new ContainerType(
  {
    /** 0: refused; 1: signed; 2: ask again, because the member has not merged the round yet. */
    signed: Uint8,
    signature: Signature,
  },
  { typeName: "CosignReply", jsonCase: "eth2" },
);
/** A busy member answers late; a member that is gone is not connected, which is visible at once. */
const HEARTBEAT_MS = 5_000;
/** One answer counts for all jobs that ask within this time, because members of one job are members of many. */
const HEARTBEAT_COUNTS_MS = 1_000;
/** Longest time for which a request is held; a member that needs longer answers that it should be asked again. */
const HOLD_MS = 1_000;
const ASK_AGAIN_MS = 1_000;
const NO_SIGNATURE = new Uint8Array(64);

/** The statement of a team about a round: its record, or why it has none. */
export type Verdict =
  | { readonly kind: "record"; readonly value: JobRecord }
  | { readonly kind: "refusal"; readonly value: RoundRefusal };

/** @returns the signature, or the reason for a refusal */
export type Cosigner = (verdict: Verdict, peer: string) => Promise<Uint8Array>;

type Messages = Pick<PeerMessages, "ask" | "handle">;
type TeamClock = Pick<Clock, "monotonic" | "sleep">;

export class TeamMessages {
  readonly #messages: Messages;
  readonly #clock: TeamClock;
  /** By peer. */
  readonly #heartbeats = new Map<string, { readonly askedAt: number; answer: Promise<boolean> }>();

  constructor(messages: Messages, clock: TeamClock) {
    this.#messages = messages;
    this.#clock = clock;
  }

  /**
   * @param cosign throws JobError COSIGN_REFUSED
   * @param active answers whether this node works on a job
   */
  serve(cosign: Cosigner, active: (job: Uint8Array) => boolean): void {
    const answer = async (
      verdict: Verdict,
      peer: string,
      signal: AbortSignal,
    ): Promise<Uint8Array> => {
      try {
        const later = this.#clock.sleep(HOLD_MS, signal).then(() => undefined);
        const signature = await Promise.race([cosign(verdict, peer), later]);
        const signed = signature === undefined ? 2 : 1;
        return Reply.serialize({ signed, signature: signature ?? NO_SIGNATURE });
      } catch (error) {
        if (!(error instanceof JobError)) throw error;
        return Reply.serialize({ signed: 0, signature: NO_SIGNATURE });
      }
    };
    this.#messages.handle("cosign", (body, peer, signal) =>
      answer({ kind: "record", value: decodeSsz("record", JobRecord, body) }, peer, signal),
    );
    this.#messages.handle("cosign-refusal", (body, peer, signal) =>
      answer({ kind: "refusal", value: decodeSsz("refusal", RoundRefusal, body) }, peer, signal),
    );
    this.#messages.handle("heartbeat", async (body) => {
      return Uint8Array.of(active(decodeSsz("heartbeat", Hash, body)) ? 1 : 0);
    });
  }

  /**
   * Asks until the member has merged the round, too.
   * @throws P2pError; JobError COSIGN_REFUSED when the member has another result, or none in time
   */
  async askCosignature(
    peer: string,
    { kind, value }: Verdict,
    timeoutMs: number,
  ): Promise<Uint8Array> {
    const [subject, body] =
      kind === "record"
        ? (["cosign", JobRecord.serialize(value)] as const)
        : (["cosign-refusal", RoundRefusal.serialize(value)] as const);
    const end = this.#clock.monotonic() + timeoutMs;
    for (;;) {
      const leftMs = end - this.#clock.monotonic();
      if (leftMs <= 0) throw refused("it has not merged the round in time");
      const bytes = await this.#messages.ask(peer, subject, body, Math.ceil(leftMs));
      const reply = decodeSsz("cosign reply", Reply, bytes);
      if (reply.signed === 1) return reply.signature;
      if (reply.signed !== 2) throw refused("its own result differs");
      await this.#clock.sleep(ASK_AGAIN_MS);
    }
  }

  /** False when the peer does not answer in time. */
  isAlive(peer: string, job: Uint8Array): Promise<boolean> {
    const now = this.#clock.monotonic();
    for (const [name, { askedAt }] of this.#heartbeats) {
      if (now - askedAt >= HEARTBEAT_COUNTS_MS) this.#heartbeats.delete(name);
    }
    const known = this.#heartbeats.get(peer);
    if (known !== undefined) return known.answer;
    const answer = this.#messages.ask(peer, "heartbeat", job, HEARTBEAT_MS).then(
      (reply) => reply[0] === 1,
      () => false,
    );
    this.#heartbeats.set(peer, { askedAt: now, answer });
    return answer;
  }
}

function refused(reason: string): JobError {
  return new JobError(
    `a team member does not sign: ${reason}`,
    { code: "COSIGN_REFUSED", reason },
    { action: "ignore" },
  );
}
