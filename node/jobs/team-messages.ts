/** What the managers of a job's team ask each other: "are you there?" and "sign this record". */
import { ContainerType } from "@chainsafe/ssz";
import { decodeSsz } from "../../chain/decode.ts";
import { TrainingRecord } from "../../chain/types/job.ts";
import { Hash, Signature, Uint8 } from "../../chain/types/primitive.ts";
import type { PeerMessages } from "../network/peer-messages.ts";
import { JobError } from "./job-error.ts";

const Reply = new ContainerType(
  { signed: Uint8, signature: Signature },
  { typeName: "CosignReply", jsonCase: "eth2" },
);
const HEARTBEAT_MS = 2_000;

/** @returns the signature, or refuses with a reason */
export type Cosigner = (record: TrainingRecord, peer: string) => Promise<Uint8Array>;

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
    this.#messages.handle("cosign", async (body, peer) => {
      const record = decodeSsz("record", TrainingRecord, body);
      try {
        return Reply.serialize({ signed: 1, signature: await cosign(record, peer) });
      } catch (error) {
        if (!(error instanceof JobError)) throw error;
        return Reply.serialize({ signed: 0, signature: new Uint8Array(64) });
      }
    });
    this.#messages.handle("heartbeat", async (body) => {
      return Uint8Array.of(active(decodeSsz("heartbeat", Hash, body)) ? 1 : 0);
    });
  }

  /** @throws P2pError; JobError COSIGN_REFUSED when the member computed something else */
  async askCosignature(
    peer: string,
    record: TrainingRecord,
    timeoutMs: number,
  ): Promise<Uint8Array> {
    const body = TrainingRecord.serialize(record);
    const reply = decodeSsz(
      "cosign reply",
      Reply,
      await this.#messages.ask(peer, "cosign", body, timeoutMs),
    );
    if (reply.signed === 1) return reply.signature;
    throw new JobError(
      "a team member does not agree with the record",
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
