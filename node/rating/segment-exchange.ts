/** One segment of a claimed lane on the wire: its start state, and the Merkle paths of both ends. */
import { ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { decodeSsz } from "../../chain/decode.ts";
import { Hash, Uint8, Uint32 } from "../../chain/types/primitive.ts";
import type { PeerMessages } from "../network/peer-messages.ts";

const MAX_STATE_BYTES = 900_000;
const Path = new ListCompositeType(Hash, 32);

const SegmentRequest = new ContainerType(
  { window: Uint32, lane: Uint8, index: Uint32 },
  { typeName: "SegmentRequest", jsonCase: "eth2" },
);
export type SegmentPlace = ValueOf<typeof SegmentRequest>;
const ServedSegment = new ContainerType(
  {
    /** Encoded checkpoint (ml/training/checkpoint.ts). */
    startState: new ByteListType(MAX_STATE_BYTES),
    startPath: Path,
    endPath: Path,
  },
  { typeName: "ServedSegment", jsonCase: "eth2" },
);
export type ServedSegment = ValueOf<typeof ServedSegment>;

export class SegmentExchange {
  readonly #messages: PeerMessages;

  constructor(messages: PeerMessages) {
    this.#messages = messages;
  }

  /** @param find the segment, or undefined when this node does not have it */
  serve(find: (place: SegmentPlace, peer: string) => Promise<ServedSegment | undefined>): void {
    this.#messages.handle("segment", async (body, peer) => {
      const segment = await find(decodeSsz("segment request", SegmentRequest, body), peer);
      return segment === undefined ? new Uint8Array(0) : encodeSegment(segment);
    });
  }

  /** @returns undefined when the peer does not serve it */
  async ask(
    peer: string,
    place: SegmentPlace,
    timeoutMs: number,
  ): Promise<ServedSegment | undefined> {
    try {
      const request = SegmentRequest.serialize(place);
      const reply = await this.#messages.ask(peer, "segment", request, timeoutMs);
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
