/**
 * Messages between the participants of a search and its team: reports of lanes, orders of the manager, finds. Each is
 * bounded by its type, and hostile until decoded; who may send it is checked by whoever takes it.
 */
import { ContainerType, ListBasicType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { decodeSsz } from "../../../chain/decode.ts";
import { DecodeError } from "../../../chain/errors.ts";
import { Hash, Signature, Uint8, Uint16, Uint32, Uint64 } from "../../../chain/types/primitive.ts";
import { MAX_LANES } from "./leases/step.ts";

/** Leases that a lane has at the same time, at most. */
export const MAX_HELD = 16;
/** Signed shares that go with one message, at most. */
export const MAX_SHARES = 64;
/** By `rank`: whoever it is that gives leases, or that is asked for them. */
export const RANKS = ["manager", "sub-manager"] as const;
export type Rank = (typeof RANKS)[number];

const OPTIONS = { jsonCase: "eth2" } as const;
const Place = { job: Hash, round: Uint16 };
const OfLease = { lane: Uint16, lease: Uint32 };

const LeaseAsk = new ContainerType(
  {
    lane: Uint16,
    request: Uint32,
    /** Leases that the lane has and that are not settled. */
    holds: new ListBasicType(Uint32, MAX_HELD),
    /** Lanes under it; 1 for a lane. */
    lanes: Uint16,
  },
  { typeName: "LeaseAsk", ...OPTIONS },
);
const LeaseBeat = new ContainerType(
  { ...OfLease, at: Uint64 },
  { typeName: "LeaseBeat", ...OPTIONS },
);

/** Units that somebody below this lane has searched, or that this one has of a lease whose giver is gone. */
const LeaseDelivery = new ContainerType(
  { ...OfLease, node: Uint32, searcher: Uint16, from: Uint64, to: Uint64 },
  { typeName: "LeaseDelivery", ...OPTIONS },
);
/** A lane whose parent is gone asks for the rest of these units of the parent's lease. */
const LeaseOrphan = new ContainerType(
  {
    ...OfLease,
    request: Uint32,
    holds: new ListBasicType(Uint32, MAX_HELD),
    from: Uint64,
    to: Uint64,
  },
  { typeName: "LeaseOrphan", ...OPTIONS },
);
/** A share of a lease, with its giver's signature (lease-shares.ts). */
const WireShare = new ContainerType(
  {
    giver: Uint32,
    taker: Uint32,
    lease: Uint32,
    level: Uint8,
    from: Uint64,
    to: Uint64,
    signature: Signature,
  },
  { typeName: "LeaseWireShare", ...OPTIONS },
);
export type WireShare = ValueOf<typeof WireShare>;

/** From a participant to the manager, or to its sub-manager. */
const LeaseReport = new ContainerType(
  {
    ...Place,
    /** Index into RANKS: as whom the receiver is asked. */
    rank: Uint8,
    /** Round trip to the manager, as the participant measured it. */
    rttMs: Uint16,
    asks: new ListCompositeType(LeaseAsk, MAX_LANES),
    beats: new ListCompositeType(LeaseBeat, MAX_LANES),
    deliveries: new ListCompositeType(LeaseDelivery, MAX_LANES),
    orphans: new ListCompositeType(LeaseOrphan, MAX_LANES),
    /** Of what the sender says it had from others. */
    shares: new ListCompositeType(WireShare, MAX_SHARES),
  },
  { typeName: "LeaseReport", ...OPTIONS },
);
export type LeaseReport = ValueOf<typeof LeaseReport>;

const LeaseGiven = new ContainerType(
  { ...OfLease, request: Uint32, from: Uint64, to: Uint64, expectedMs: Uint32 },
  { typeName: "LeaseGiven", ...OPTIONS },
);
const LeaseWait = new ContainerType(
  {
    lane: Uint16,
    request: Uint32,
    /** Index into WAIT_CODES. */
    code: Uint8,
    /** Ask again after so long. */
    ms: Uint32,
    /** Of TOO_FAR alone, else 0: thousandths of its time that the lane lost, its way here, its mean lease. */
    lost: Uint16,
    rttMs: Uint16,
    leaseMs: Uint32,
  },
  { typeName: "LeaseWait", ...OPTIONS },
);
const LeaseSpan = new ContainerType(
  {
    ...OfLease,
    from: Uint64,
    to: Uint64,
    /** 1: these units are another's. */
    isStale: Uint8,
    /** The lane of the node that searched them: of another than the receiver where that is a sub-manager. */
    node: Uint32,
    searcher: Uint16,
  },
  { typeName: "LeaseSpan", ...OPTIONS },
);
const LeaseEnd = new ContainerType(
  { ...OfLease, to: Uint64 },
  { typeName: "LeaseEnd", ...OPTIONS },
);

/** closed: the round takes no more work. turned: and the next one has begun, ahead of the chain. Append only. */
export const ROUND_ENDS = ["open", "closed", "turned"] as const;
export type RoundEnd = (typeof ROUND_ENDS)[number];

/** From the manager, or a sub-manager, to a participant. */
const LeaseOrders = new ContainerType(
  {
    ...Place,
    /** Index into RANKS: as whom the sender speaks. */
    rank: Uint8,
    /** Of a sub-manager 0. */
    view: Uint16,
    /** Index into ROUND_ENDS. */
    isClosed: Uint8,
    leases: new ListCompositeType(LeaseGiven, MAX_LANES),
    waits: new ListCompositeType(LeaseWait, MAX_LANES),
    /** Units that are on the log. */
    spans: new ListCompositeType(LeaseSpan, MAX_LANES),
    ends: new ListCompositeType(LeaseEnd, MAX_LANES),
    /** From a sub-manager: what its leases are parts of. */
    shares: new ListCompositeType(WireShare, MAX_SHARES),
  },
  { typeName: "LeaseOrders", ...OPTIONS },
);
export type LeaseOrders = ValueOf<typeof LeaseOrders>;

/** From whoever found a nonce, to everybody who works on the search. */
const FindNotice = new ContainerType(
  { ...Place, nonce: Uint64 },
  {
    typeName: "FindNotice",
    ...OPTIONS,
  },
);
export type FindNotice = ValueOf<typeof FindNotice>;

/** "Who manages now?" */
const ManagerQuestion = new ContainerType(Place, {
  typeName: "ManagerQuestion",
  ...OPTIONS,
});
export type ManagerQuestion = ValueOf<typeof ManagerQuestion>;

const LeaseReply = new ContainerType(
  {
    /** Index into LEASE_REPLIES. */
    answer: Uint8,
    /** 1 + the view whose manager is active, as far as the answering member knows; 0: none that it knows. */
    view: Uint16,
  },
  {
    typeName: "LeaseReply",
    ...OPTIONS,
  },
);
/** `elsewhere`: this node does not manage the round, or does not know it. */
export const LEASE_REPLIES = ["taken", "elsewhere"] as const;
export interface LeaseReply {
  readonly answer: (typeof LEASE_REPLIES)[number];
  readonly view: number | undefined;
}

/** Wire values. */
export const WAIT_CODES = ["NOTHING_FREE", "RESTING", "TOO_FAR", "CLOSED"] as const;

/** Wire values; append only. */
const KINDS = ["report", "orders", "find", "who"] as const;

export type LeaseMessage =
  | { readonly kind: "report"; readonly value: LeaseReport }
  | { readonly kind: "orders"; readonly value: LeaseOrders }
  | { readonly kind: "find"; readonly value: FindNotice }
  | { readonly kind: "who"; readonly value: ManagerQuestion };

export function encodeLeaseMessage(message: LeaseMessage): Uint8Array {
  const bytes = bodyOf(message);
  const encoded = new Uint8Array(1 + bytes.length);
  encoded[0] = KINDS.indexOf(message.kind);
  encoded.set(bytes, 1);
  return encoded;
}

function bodyOf(message: LeaseMessage): Uint8Array {
  switch (message.kind) {
    case "report":
      return LeaseReport.serialize(message.value);
    case "orders":
      return LeaseOrders.serialize(message.value);
    case "find":
      return FindNotice.serialize(message.value);
    case "who":
      return ManagerQuestion.serialize(message.value);
  }
}

/** @throws DecodeError */
export function decodeLeaseMessage(bytes: Uint8Array): LeaseMessage {
  const kind: (typeof KINDS)[number] | undefined = KINDS[bytes[0] ?? KINDS.length];
  const body = bytes.subarray(1);
  switch (kind) {
    case "report":
      return { kind, value: decodeSsz(kind, LeaseReport, body) };
    case "orders":
      return { kind, value: decodeSsz(kind, LeaseOrders, body) };
    case "find":
      return { kind, value: decodeSsz(kind, FindNotice, body) };
    case "who":
      return { kind, value: decodeSsz(kind, ManagerQuestion, body) };
    case undefined:
      throw new DecodeError("lease message", `unknown kind ${bytes[0]}`);
  }
}

export function encodeLeaseReply({ answer, view }: LeaseReply): Uint8Array {
  return LeaseReply.serialize({
    answer: LEASE_REPLIES.indexOf(answer),
    view: view === undefined ? 0 : view + 1,
  });
}

/** @throws DecodeError */
export function decodeLeaseReply(bytes: Uint8Array): LeaseReply {
  const { answer, view } = decodeSsz("lease reply", LeaseReply, bytes);
  return {
    answer: LEASE_REPLIES[answer] ?? "elsewhere",
    view: view === 0 ? undefined : view - 1,
  };
}
