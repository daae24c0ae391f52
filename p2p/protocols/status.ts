/** Status exchange: the first message between two nodes, by which a node learns that it is behind. */
import { ContainerType, UintNumberType, type ValueOf } from "@chainsafe/ssz";
import { toHex } from "../../chain/crypto/hash.ts";
import type { PomlError } from "../../chain/errors.ts";
import { Hash, Uint16 } from "../../chain/types/primitive.ts";
import { P2pError } from "../errors.ts";
import { answerRequests } from "./answer.ts";
import { badRequest, badResponse, type Protocol } from "./protocol.ts";
import { type RequestOptions, requestOne } from "./request.ts";
import type { StreamHost } from "./stream-host.ts";

const StatusType = new ContainerType(
  {
    version: Uint16,
    genesisHash: Hash,
    height: new UintNumberType(8),
    headHash: Hash,
    /** Blocks from here to `height` are served; lower ones may be pruned or not fetched yet. */
    lowest: new UintNumberType(8),
  },
  { typeName: "Status", jsonCase: "eth2" },
);
/** `height` and `headHash` are those of the last final block; the rest says which chain it belongs to. */
export type Status = ValueOf<typeof StatusType>;
const STATUS_BYTES = 82;

export const STATUS: Protocol = {
  name: "status",
  maxRequestBytes: STATUS_BYTES,
  maxFrameBytes: STATUS_BYTES,
  maxResponseBytes: STATUS_BYTES,
  stepMs: 5_000,
  totalMs: 10_000,
  maxConcurrent: 4,
  rate: { burst: 20, perSecond: 2 },
};

/**
 * Tells `peer` our status and returns its own.
 * @throws P2pError WRONG_NETWORK when the peer follows another genesis
 */
export async function exchangeStatus(
  host: StreamHost,
  peer: string,
  own: Status,
  options: RequestOptions = {},
): Promise<Status> {
  const reply = await requestOne(host, peer, STATUS, StatusType.serialize(own), options);
  const status = decodeStatus(reply, (reason) => {
    const error = badResponse(peer, STATUS.name, reason);
    host.report(peer, error);
    return error;
  });
  const expected = toHex(own.genesisHash);
  const actual = toHex(status.genesisHash);
  if (expected !== actual) {
    const error = new P2pError(
      `status: the peer is on chain ${actual}, we are on ${expected}`,
      { code: "WRONG_NETWORK", peer, expected, actual },
      { remedy: "check that both nodes use the same genesis file" },
    );
    host.report(peer, error);
    throw error;
  }
  return status;
}

export interface StatusService {
  /** Our status now. */
  status(): Status;
  /** Called when a peer told us its status. */
  onStatus?(peer: string, status: Status): void;
}

export function serveStatus(host: StreamHost, service: StatusService): Promise<void> {
  return answerRequests(host, STATUS, async function* (request, { peer }) {
    const theirs = decodeStatus(request, (reason) => badRequest(peer, STATUS.name, reason));
    service.onStatus?.(peer, theirs);
    yield StatusType.serialize(service.status());
  });
}

/** @param refuse makes the error to throw from a reason */
export function decodeStatus(bytes: Uint8Array, refuse: (reason: string) => PomlError): Status {
  if (bytes.length !== STATUS_BYTES) {
    throw refuse(`expected ${STATUS_BYTES} bytes, got ${bytes.length}`);
  }
  const status = StatusType.deserialize(bytes);
  const { height, lowest } = status;
  if (!Number.isSafeInteger(height) || !Number.isSafeInteger(lowest)) {
    throw refuse("a height is not a safe integer");
  }
  return status;
}
