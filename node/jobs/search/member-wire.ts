/** Messages between the members of a search's team, as bytes (leases/member-messages.ts). */
import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { decodeSsz } from "../../../chain/decode.ts";
import { DecodeError } from "../../../chain/errors.ts";
import { SignedLeaseEntry, SignedLeasePromise } from "../../../chain/types/lease.ts";
import {
  Hash,
  MAX_TEAM,
  Uint8,
  Uint16,
  Uint32,
  ZERO_HASH,
} from "../../../chain/types/primitive.ts";
import type { LogEntry, MemberMessage, TakeoverProof } from "./leases/member-messages.ts";

/** Messages that travel together, at most. */
export const MAX_MESSAGES = 64;
/** Entries of one message, at most. */
export const MAX_ENTRIES = 1024;

const WireEntry = new ContainerType(
  {
    signed: SignedLeaseEntry,
    /** Of a takeover, more than half of the team; else none. */
    promises: new ListCompositeType(SignedLeasePromise, MAX_TEAM),
    /** None, or two. */
    fork: new ListCompositeType(SignedLeaseEntry, 2),
  },
  { typeName: "LeaseLogEntry", jsonCase: "eth2" },
);
type WireEntry = ValueOf<typeof WireEntry>;

const WireMessage = new ContainerType(
  {
    kind: Uint8,
    view: Uint16,
    sequence: Uint32,
    held: Uint32,
    reason: Uint8,
    /** Of a head. */
    root: Hash,
    entries: new ListCompositeType(WireEntry, MAX_ENTRIES),
    promises: new ListCompositeType(SignedLeasePromise, 1),
  },
  { typeName: "LeaseMemberMessage", jsonCase: "eth2" },
);

type WireMessage = ValueOf<typeof WireMessage>;

const WireMessages = new ContainerType(
  { job: Hash, round: Uint16, messages: new ListCompositeType(WireMessage, MAX_MESSAGES) },
  { typeName: "LeaseMemberMessages", jsonCase: "eth2" },
);

export const WireEntries = new ListCompositeType(WireEntry, MAX_ENTRIES);

/** Wire values; append only. */
const KINDS = [
  "append",
  "holds",
  "lacks",
  "canvass",
  "promise",
  "decline",
  "fetch",
  "entries",
  "head",
] as const satisfies readonly MemberMessage["kind"][];
const REASONS = ["view", "alive", "barred", "expelled", "forgetful"] as const;

export interface RoundPlace {
  readonly job: Uint8Array;
  readonly round: number;
}

export interface PlacedMessages extends RoundPlace {
  readonly messages: readonly MemberMessage[];
}

export function encodeMemberMessages(
  { job, round }: RoundPlace,
  messages: readonly MemberMessage[],
): Uint8Array {
  return WireMessages.serialize({ job, round, messages: messages.map(wireMessage) });
}

function wireMessage(message: MemberMessage): WireMessage {
  const none = { root: ZERO_HASH, entries: [], promises: [] };
  const blank = { view: 0, sequence: 0, held: 0, reason: 0, ...none };
  return { kind: KINDS.indexOf(message.kind), ...blank, ...fieldsOf(message) };
}

function fieldsOf(message: MemberMessage): Partial<WireMessage> {
  switch (message.kind) {
    case "append": {
      const { view, after, entries, held } = message;
      return { view, sequence: after, held, entries: entries.map(wireEntry) };
    }
    case "holds":
    case "lacks":
      return { view: message.view, sequence: message.sequence };
    case "canvass":
      return { view: message.view };
    case "promise":
      return { promises: [message.signed] };
    case "decline": {
      const { view, known, reason } = message;
      return { view, sequence: known, reason: REASONS.indexOf(reason) };
    }
    case "fetch":
      return { sequence: message.after };
    case "entries":
      return { sequence: message.after, entries: message.entries.map(wireEntry) };
    case "head":
      return { view: message.view, sequence: message.sequence, root: message.root };
  }
}

const ROUND_AT = 32;
const MESSAGES_AT = ROUND_AT + 2;

/**
 * The round that messages are about, before any of them is decoded: they may be a MiB.
 * @throws DecodeError
 */
export function placeOfMemberMessages(bytes: Uint8Array): RoundPlace {
  if (bytes.length < MESSAGES_AT) throw bad(`${bytes.length} bytes, which hold no job and round`);
  const round = Uint16.deserialize(bytes.subarray(ROUND_AT, MESSAGES_AT));
  return { job: bytes.slice(0, ROUND_AT), round };
}

/** @throws DecodeError */
export function decodeMemberMessages(bytes: Uint8Array): PlacedMessages {
  const { job, round, messages } = decodeSsz("lease messages of a member", WireMessages, bytes);
  return { job, round, messages: messages.map(memberMessage) };
}

function memberMessage(wire: WireMessage): MemberMessage {
  const { view, sequence, held } = wire;
  const entries = wire.entries.map(logEntry);
  const kind: (typeof KINDS)[number] | undefined = KINDS[wire.kind];
  switch (kind) {
    case "append":
      return { kind, view, after: sequence, entries, held };
    case "holds":
    case "lacks":
      return { kind, view, sequence };
    case "canvass":
      return { kind, view };
    case "promise": {
      const [signed] = wire.promises;
      if (signed === undefined) throw bad("a promise that is not there");
      return { kind, signed };
    }
    case "decline": {
      const reason = REASONS[wire.reason];
      if (reason === undefined) throw bad(`reason ${wire.reason}`);
      return { kind, view, reason, known: sequence };
    }
    case "fetch":
      return { kind, after: sequence };
    case "entries":
      return { kind, after: sequence, entries };
    case "head":
      return { kind, view, sequence, root: wire.root };
    case undefined:
      throw bad(`kind ${wire.kind}`);
  }
}

export function wireEntry({ signed, proof }: LogEntry): WireEntry {
  const { promises = [], fork = [] } = proof ?? {};
  return { signed, promises: [...promises], fork: [...fork] };
}

/** @throws DecodeError */
export function logEntry({ signed, promises, fork }: WireEntry): LogEntry {
  if (promises.length === 0 && fork.length === 0) return { signed };
  const [first, second] = fork;
  if (first !== undefined && second === undefined) throw bad("half a fork");
  const proof: TakeoverProof = {
    promises,
    ...(first !== undefined && second !== undefined && { fork: [first, second] as const }),
  };
  return { signed, proof };
}

function bad(reason: string): DecodeError {
  return new DecodeError("lease message of a member", reason);
}
