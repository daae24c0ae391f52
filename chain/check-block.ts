/**
 * Checks of an arriving block: its header before any transaction is applied, and after the transition the roots in it.
 */
import { InvalidBlock } from "./block-error.ts";
import { equalBytes, toHex } from "./crypto/hash.ts";
import { proposerOf } from "./draw/proposer-of.ts";
import type { Head } from "./head.ts";
import type { State } from "./state/state.ts";
import {
  type Block,
  Body,
  Certificate,
  EvidenceList,
  type Header,
  PROTOCOL_VERSION,
  RatingChanges,
  Records,
} from "./types/block.ts";

export function notTheProposer({
  round,
  proposer,
}: {
  round: number;
  proposer: Uint8Array;
}): InvalidBlock {
  return new InvalidBlock(`round ${round} is not this proposer's turn`, {
    code: "NOT_THE_PROPOSER",
    round,
    proposer: toHex(proposer),
  });
}

/** The nodes may have voted for rules that this program does not have. This is no fault of the sender of the block. */
export function checkVersion({ parameters: { protocolVersion } }: State): void {
  if (protocolVersion === PROTOCOL_VERSION) return;
  throw new InvalidBlock(
    `the chain continues with protocol version ${protocolVersion}, but this node supports only up to ${PROTOCOL_VERSION}`,
    { code: "UNKNOWN_VERSION", expected: PROTOCOL_VERSION, actual: protocolVersion },
    { action: "local", remedy: "update the node" },
  );
}

/** The cheap checks, before any transaction is applied. */
export function checkHeader(head: Head, block: Block): void {
  const { header } = block;
  const expected = head.state.height + 1;
  checkVersion(head.state);
  const { protocolVersion } = head.state.parameters;
  if (header.version !== protocolVersion) {
    throw new InvalidBlock(
      `block of version ${header.version}, the chain is at ${protocolVersion}`,
      {
        code: "WRONG_VERSION",
        expected: protocolVersion,
        actual: header.version,
      },
    );
  }
  if (header.height !== expected) {
    throw new InvalidBlock(
      `block of height ${header.height}, expected ${expected}`,
      { code: "WRONG_HEIGHT", expected, actual: header.height },
      { action: "ignore" },
    );
  }
  if (!equalBytes(header.parent, head.hash)) {
    const [want, got] = [toHex(head.hash), toHex(header.parent)];
    throw new InvalidBlock(`parent ${got} is not our head`, {
      code: "UNKNOWN_PARENT",
      expected: want,
      actual: got,
    });
  }
  if (header.time <= head.state.meta.time) {
    throw new InvalidBlock("block time does not move forward", {
      code: "TIME_NOT_AFTER_PARENT",
      parent: head.state.meta.time,
      actual: header.time,
    });
  }
  if (!equalBytes(header.proposer, proposerOf(head.state, header.height, header.round))) {
    throw notTheProposer(header);
  }
  const { blockHash: certified, height } = block.parentCertificate;
  if (expected > 1 && (height !== expected - 1 || !equalBytes(certified, head.hash))) {
    throw new InvalidBlock("the carried certificate is not the parent's", {
      code: "BAD_PARENT_CERTIFICATE",
      reason: "names another block",
    });
  }
  if (expected === 1 && !Certificate.equals(block.parentCertificate, Certificate.defaultValue())) {
    throw new InvalidBlock("the first block has no parent to certify", {
      code: "BAD_PARENT_CERTIFICATE",
      reason: "must be empty at height 1",
    });
  }
  const bytes = bodyBytes(block.body);
  const limit = head.state.parameters.maxBlockBytes;
  if (bytes > limit && block.body.transactions.length > 0) {
    throw new InvalidBlock(`a body of ${bytes} bytes, the limit is ${limit}`, {
      code: "BLOCK_TOO_LARGE",
      bytes,
      limit,
    });
  }
}

/**
 * The bytes that count towards `maxBlockBytes`: transactions, and what follows from them or from the height. What
 * follows from a height may exceed the limit by itself, for example when a window of many thousand nodes is settled;
 * then the block has no transactions.
 */
export function bodyBytes(body: Body): number {
  return Body.value_serializedSize(body);
}

export function checkRoots(computed: Header, given: Header): void {
  if (computed.totalWeight !== given.totalWeight) {
    const [want, got] = [String(computed.totalWeight), String(given.totalWeight)];
    throw new InvalidBlock(`totalWeight is ${got}, expected ${want}`, {
      code: "ROOT_MISMATCH",
      field: "totalWeight",
      expected: want,
      actual: got,
    });
  }
  const roots = [
    "transactionsRoot",
    "recordsRoot",
    "ratingsRoot",
    "evidenceRoot",
    "seatsRoot",
    "stateRoot",
    "parentCertificate",
  ] as const;
  for (const field of roots) {
    if (!equalBytes(computed[field], given[field])) {
      throw rootMismatch(field, computed[field], given[field]);
    }
  }
}

/** The transactions are exactly those that were applied; the rest of the body must be what they led to. */
export function checkBody({ header, body }: Block): void {
  const roots = {
    recordsRoot: Records.hashTreeRoot(body.records),
    ratingsRoot: RatingChanges.hashTreeRoot(body.ratingChanges),
    evidenceRoot: EvidenceList.hashTreeRoot(body.evidence),
  } as const;
  for (const field of ["recordsRoot", "ratingsRoot", "evidenceRoot"] as const) {
    if (!equalBytes(header[field], roots[field])) {
      throw rootMismatch(field, header[field], roots[field]);
    }
  }
}

export function rootMismatch(field: string, want: Uint8Array, got: Uint8Array): InvalidBlock {
  const [expected, actual] = [toHex(want), toHex(got)];
  return new InvalidBlock(`${field} is ${actual}, expected ${expected}`, {
    code: "ROOT_MISMATCH",
    field,
    expected,
    actual,
  });
}
