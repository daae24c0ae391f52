/**
 * Fetches ranges of blocks, or of headers alone, to catch up with the chain. Both are opaque here: the caller encodes,
 * checks and orders them. A response may end before the requested range does (end of the chain, size limit); the
 * requester continues from there. If the server knows of a height but does not keep its block (pruned, or not fetched
 * yet), the answer is NOT_FOUND; if it does not know of the height, the answer is empty.
 */
import { ContainerType, UintNumberType } from "@chainsafe/ssz";
import { Uint16 } from "../../chain/types/primitive.ts";
import { answerRequests } from "./answer.ts";
import { badRequest, badResponse, type Protocol } from "./protocol.ts";
import { type RequestOptions, sendRequest } from "./request.ts";
import type { StreamHost } from "./stream-host.ts";

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

const MAX_BLOCKS = 256;

export const BLOCKS: Protocol = {
  name: "blocks",
  maxRequestBytes: RANGE_BYTES,
  maxFrameBytes: 4 * 1024 * 1024,
  maxResponseBytes: 32 * 1024 * 1024,
  stepMs: 10_000,
  totalMs: 120_000,
  // Two for catching up (range-plan.ts), and one for mending.
  maxConcurrent: 3,
  rate: { burst: 32, perSecond: 8 },
};

/** Headers alone, for a node that only follows the links between blocks. */
const HEADERS: Protocol = {
  name: "headers",
  maxRequestBytes: RANGE_BYTES,
  maxFrameBytes: 4 * 1024,
  maxResponseBytes: MAX_BLOCKS * 4 * 1024,
  stepMs: 10_000,
  totalMs: 60_000,
  maxConcurrent: 2,
  rate: { burst: 32, perSecond: 8 },
};

/** Yields the encoded items `from`, `from + 1`, …; may end early; throws NOT_FOUND when the first is missing. */
export type ServeRange = (from: number, count: number) => AsyncIterable<Uint8Array>;

/** Yields the encoded blocks `from`, `from + 1`, … as they arrive; fewer than `count` is no error. */
export function requestBlocks(
  host: StreamHost,
  peer: string,
  range: BlockRange,
  options: RequestOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  return requestRange(host, peer, BLOCKS, range, options);
}

export function serveBlocks(host: StreamHost, blocks: ServeRange): Promise<void> {
  return serveRange(host, BLOCKS, blocks);
}

/** As `requestBlocks`, with encoded headers. */
export function requestHeaders(
  host: StreamHost,
  peer: string,
  range: BlockRange,
  options: RequestOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  return requestRange(host, peer, HEADERS, range, options);
}

export function serveHeaders(host: StreamHost, headers: ServeRange): Promise<void> {
  return serveRange(host, HEADERS, headers);
}

async function* requestRange(
  host: StreamHost,
  peer: string,
  protocol: Protocol,
  range: BlockRange,
  options: RequestOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const problem = problemOf(range);
  if (problem !== undefined) throw new RangeError(`block range: ${problem}`);
  let received = 0;
  for await (const item of sendRequest(host, peer, protocol, encodeRange(range), options)) {
    received += 1;
    if (received > range.count) {
      const error = badResponse(peer, protocol.name, `more than the ${range.count} asked for`);
      host.report(peer, error);
      throw error;
    }
    yield item;
  }
}

function serveRange(host: StreamHost, protocol: Protocol, items: ServeRange): Promise<void> {
  return answerRequests(host, protocol, async function* (request, { peer }) {
    const range = decodeRange(request, (reason) => badRequest(peer, protocol.name, reason));
    let total = 0;
    let sent = 0;
    for await (const item of items(range.from, range.count)) {
      total += item.length;
      if (total > protocol.maxResponseBytes || sent === range.count) return;
      sent += 1;
      yield item;
    }
  });
}

export function encodeRange(range: BlockRange): Uint8Array {
  return RangeType.serialize(range);
}

/** @param refuse makes the error to throw from a reason */
export function decodeRange(bytes: Uint8Array, refuse: (reason: string) => Error): BlockRange {
  if (bytes.length !== RANGE_BYTES) throw refuse(`expected ${RANGE_BYTES} bytes`);
  const range = RangeType.deserialize(bytes);
  const problem = problemOf(range);
  if (problem !== undefined) throw refuse(problem);
  return range;
}

function problemOf({ from, count }: BlockRange): string | undefined {
  if (!Number.isSafeInteger(from) || from < 0) return `from: expected a height, got ${from}`;
  if (!Number.isInteger(count) || count < 1 || count > MAX_BLOCKS) {
    return `count: expected 1 to ${MAX_BLOCKS}, got ${count}`;
  }
  return undefined;
}
