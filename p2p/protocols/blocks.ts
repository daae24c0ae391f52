/**
 * Block ranges for catching up. Blocks are opaque here: the caller encodes, checks and orders them.
 * A response may stop short of what was asked (end of chain, size limit) and the requester goes on from there.
 * A height the server knows of but does not keep (pruned, or not fetched yet) is NOT_FOUND; one it does not
 * know of is an empty response.
 */
import { ContainerType, UintNumberType } from "@chainsafe/ssz";
import { Uint16 } from "../../chain/types/primitive.ts";
import { answerRequests } from "./answer.ts";
import { badRequest, badResponse, type Protocol, type StreamHost } from "./protocol.ts";
import { type RequestOptions, sendRequest } from "./request.ts";

const RangeType = new ContainerType(
  { from: new UintNumberType(8), count: Uint16 },
  { typeName: "BlockRange", jsonCase: "eth2" },
);
const RANGE_BYTES = 10;

export interface BlockRange {
  readonly from: number;
  /** 1 to 256. */
  readonly count: number;
}

export const MAX_BLOCKS = 256;

export const BLOCKS: Protocol = {
  name: "blocks",
  maxRequestBytes: RANGE_BYTES,
  maxFrameBytes: 4 * 1024 * 1024,
  maxResponseBytes: 32 * 1024 * 1024,
  stepMs: 10_000,
  totalMs: 120_000,
  maxConcurrent: 2,
  rate: { burst: 32, perSecond: 8 },
};

/** Yields the encoded blocks `from`, `from + 1`, … as they arrive; fewer than `count` is no error. */
export async function* requestBlocks(
  host: StreamHost,
  peer: string,
  range: BlockRange,
  options: RequestOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const problem = problemOf(range);
  if (problem !== undefined) throw new RangeError(`block range: ${problem}`);
  let received = 0;
  for await (const block of sendRequest(host, peer, BLOCKS, RangeType.serialize(range), options)) {
    received += 1;
    if (received > range.count) {
      const error = badResponse(peer, BLOCKS.name, `more than the ${range.count} blocks asked for`);
      host.report(peer, error);
      throw error;
    }
    yield block;
  }
}

/** @param blocks yields the encoded blocks of a range; may end early; throws NOT_FOUND when it lacks the first */
export function serveBlocks(
  host: StreamHost,
  blocks: (from: number, count: number) => AsyncIterable<Uint8Array>,
): Promise<void> {
  return answerRequests(host, BLOCKS, async function* (request, { peer }) {
    const refuse = (reason: string): Error => badRequest(peer, BLOCKS.name, reason);
    if (request.length !== RANGE_BYTES) throw refuse(`expected ${RANGE_BYTES} bytes`);
    const range = RangeType.deserialize(request);
    const problem = problemOf(range);
    if (problem !== undefined) throw refuse(problem);
    let total = 0;
    let sent = 0;
    for await (const block of blocks(range.from, range.count)) {
      total += block.length;
      if (total > BLOCKS.maxResponseBytes || sent === range.count) return;
      sent += 1;
      yield block;
    }
  });
}

function problemOf({ from, count }: BlockRange): string | undefined {
  if (!Number.isSafeInteger(from) || from < 0) return `from: expected a height, got ${from}`;
  if (!Number.isInteger(count) || count < 1 || count > MAX_BLOCKS) {
    return `count: expected 1 to ${MAX_BLOCKS}, got ${count}`;
  }
  return undefined;
}
