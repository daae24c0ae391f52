/**
 * What a drawn auditor requests from a participant: the Merkle digests of all its states, and the name of the state
 * with which the segment begins. It never gets the state with which the segment ends, because that is the auditor's
 * proof.
 */
import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { decodeSsz } from "../../chain/decode.ts";
import { PomlError } from "../../chain/errors.ts";
import { MAX_AUDIT_PROOF } from "../../chain/types/audit.ts";
import { Hash, Uint8, Uint16 } from "../../chain/types/primitive.ts";
import type { PeerMessages } from "../network/peer-messages.ts";

const Request = new ContainerType(
  { job: Hash, round: Uint16, look: Uint8 },
  { typeName: "AuditRequest", jsonCase: "eth2" },
);
export type AuditRequest = ValueOf<typeof Request>;

const ServedRun = new ContainerType(
  {
    /** `leafDigest` of the hash of each state. */
    digests: new ListCompositeType(Hash, MAX_AUDIT_PROOF),
    /** SHA-256 of the encoded start state, which is a blob of the participant; zero if none is needed. */
    startState: Hash,
  },
  { typeName: "ServedRun", jsonCase: "eth2" },
);
export type ServedRun = ValueOf<typeof ServedRun>;

type Messages = Pick<PeerMessages, "ask" | "handle">;

export class AuditExchange {
  readonly #messages: Messages;

  constructor(messages: Messages) {
    this.#messages = messages;
  }

  /** @param find undefined when this node has no such run, or when the peer may not ask for it */
  serve(find: (request: AuditRequest, peer: string) => Promise<ServedRun | undefined>): void {
    this.#messages.handle("audit", async (body, peer) => {
      const run = await find(decodeSsz("audit request", Request, body), peer);
      return run === undefined ? new Uint8Array(0) : ServedRun.serialize(run);
    });
  }

  /** @returns undefined when the peer does not serve it */
  async ask(
    peer: string,
    request: AuditRequest,
    timeoutMs: number,
  ): Promise<ServedRun | undefined> {
    try {
      const body = Request.serialize(request);
      const reply = await this.#messages.ask(peer, "audit", body, timeoutMs);
      return reply.length === 0 ? undefined : decodeSsz("served run", ServedRun, reply);
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      return undefined;
    }
  }
}
