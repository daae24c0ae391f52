/** One segment of a claimed lane over the wire: its start state and the Merkle paths of both ends. */
import { ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { decodeSsz } from "../../chain/decode.ts";
import { DecodeError } from "../../chain/errors.ts";
import { Hash, Uint32 } from "../../chain/types/primitive.ts";
import type { PeerMessages } from "../network/peer-messages.ts";

const MAX_STATE_BYTES = 900_000;
const Path = new ListCompositeType(Hash, 32);

const Request = new ContainerType(
  { window: Uint32, index: Uint32 },
  { typeName: "SegmentRequest", jsonCase: "eth2" },
);
const ServedSegment = new ContainerType(
  {
    /** Encoded checkpoint (ml/audit/checkpoint.ts). */
    startState: new ByteListType(MAX_STATE_BYTES),
    startPath: Path,
    endPath: Path,
  },
  { typeName: "ServedSegment", jsonCase: "eth2" },
);
export type ServedSegment = ValueOf<typeof ServedSegment>;

const TIMEOUT_MS = 10_000;

export class SegmentExchange {
  readonly #messages: PeerMessages;

  constructor(messages: PeerMessages) {
    this.#messages = messages;
  }

  /** @param find the segment, or undefined when this node does not have it */
  serve(find: (window: number, index: number) => Promise<ServedSegment | undefined>): void {
    this.#messages.handle("segment", async (body) => {
      if (body.length !== 8) throw new DecodeError("segment request", "expected 8 bytes");
      const { window, index } = Request.deserialize(body);
      const segment = await find(window, index);
      return segment === undefined ? new Uint8Array(0) : encodeSegment(segment);
    });
  }

  /** @returns undefined when the peer does not serve it */
  async ask(peer: string, window: number, index: number): Promise<ServedSegment | undefined> {
    try {
      const request = Request.serialize({ window, index });
      const reply = await this.#messages.ask(peer, "segment", request, TIMEOUT_MS);
      return reply.length === 0 ? undefined : decodeSegment(reply);
    } catch {
      return undefined;
    }
  }
}

export function encodeSegment(segment: ServedSegment): Uint8Array {
  return ServedSegment.serialize(segment);
}

/** @throws DecodeError */
export function decodeSegment(bytes: Uint8Array): ServedSegment {
  return decodeSsz("segment", ServedSegment, bytes);
}
