/** What the managers of a job's team ask each other: "are you there?", "sign this record" or "this refusal". */
import { ContainerType } from "@chainsafe/ssz";
import { decodeSsz } from "../../chain/decode.ts";
import { RoundRefusal, TrainingRecord } from "../../chain/types/job.ts";
import { Hash, Signature, Uint8 } from "../../chain/types/primitive.ts";
import type { PeerMessages } from "../network/peer-messages.ts";
import { JobError } from "./job-error.ts";

const Reply = new ContainerType(
  { signed: Uint8, signature: Signature },
  { typeName: "CosignReply", jsonCase: "eth2" },
);
const HEARTBEAT_MS = 2_000;

/** What a team says of a round: its record, or why it has none. */
export type Verdict =
  | { readonly kind: "record"; readonly value: TrainingRecord }
  | { readonly kind: "refusal"; readonly value: RoundRefusal };

/** @returns the signature, or refuses with a reason */
export type Cosigner = (verdict: Verdict, peer: string) => Promise<Uint8Array>;

export class TeamMessages {
  readonly #messages: PeerMessages;

  constructor(messages: PeerMessages) {
    this.#messages = messages;
  }

  /**
   * @param cosign throws JobError COSIGN_REFUSED
   * @param active answers whether this node works on a job
   */
  serve(cosign: Cosigner, active: (job: Uint8Array) => boolean): void {
    const answer = async (verdict: Verdict, peer: string): Promise<Uint8Array> => {
      try {
        return Reply.serialize({ signed: 1, signature: await cosign(verdict, peer) });
      } catch (error) {
        if (!(error instanceof JobError)) throw error;
        return Reply.serialize({ signed: 0, signature: new Uint8Array(64) });
      }
    };
    this.#messages.handle("cosign", (body, peer) =>
      answer({ kind: "record", value: decodeSsz("record", TrainingRecord, body) }, peer),
    );
    this.#messages.handle("cosign-refusal", (body, peer) =>
      answer({ kind: "refusal", value: decodeSsz("refusal", RoundRefusal, body) }, peer),
    );
    this.#messages.handle("heartbeat", async (body) => {
      return Uint8Array.of(active(decodeSsz("heartbeat", Hash, body)) ? 1 : 0);
    });
  }

  /** @throws P2pError; JobError COSIGN_REFUSED when the member computed something else */
  async askCosignature(
    peer: string,
    { kind, value }: Verdict,
    timeoutMs: number,
  ): Promise<Uint8Array> {
    const [subject, body] =
      kind === "record"
        ? (["cosign", TrainingRecord.serialize(value)] as const)
        : (["cosign-refusal", RoundRefusal.serialize(value)] as const);
    const reply = decodeSsz(
      "cosign reply",
      Reply,
      await this.#messages.ask(peer, subject, body, timeoutMs),
    );
    if (reply.signed === 1) return reply.signature;
    throw new JobError(
      "a team member does not agree",
      { code: "COSIGN_REFUSED", reason: "its own result differs" },
      { action: "ignore" },
    );
  }

  /** False when the peer does not answer in time. */
  async isAlive(peer: string, job: Uint8Array): Promise<boolean> {
    try {
      const reply = await this.#messages.ask(peer, "heartbeat", job, HEARTBEAT_MS);
      return reply[0] === 1;
    } catch {
      return false;
    }
  }
}
