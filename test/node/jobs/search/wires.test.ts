/** Bytes from peers about leases: what is malformed is refused with a DecodeError, and nothing else happens. */
import { expect } from "chai";
import { DecodeError } from "../../../../chain/errors.ts";
import {
  decodeLeaseMessage,
  encodeLeaseMessage,
  type LeaseMessage,
  type LeaseOrders,
  type LeaseReport,
  type WireShare,
} from "../../../../node/jobs/search/lease-wire.ts";
import type { MemberMessage } from "../../../../node/jobs/search/leases/member-messages.ts";
import {
  decodeMemberMessages,
  encodeMemberMessages,
} from "../../../../node/jobs/search/member-wire.ts";
import { entry, grant, JOB, promised } from "../../../helpers/lease-team.ts";
import { Random } from "../../../sim/random.ts";

const PLACE = { job: JOB, round: 3 };
const first = entry(undefined, grant(1, 5, 0));
const second = entry(first, grant(2, 6, 10));
const takeover = {
  ...entry(second, { kind: "takeover" }, { manager: 101, view: 1 }),
  proof: { promises: [promised(0, 1, first)], fork: [first.signed, second.signed] as const },
};

const MEMBER_MESSAGES: readonly MemberMessage[] = [
  { kind: "append", view: 1, after: 1, entries: [second, takeover], held: 1 },
  { kind: "holds", view: 1, sequence: 3 },
  { kind: "lacks", view: 1, sequence: 0 },
  { kind: "canvass", view: 65_535 },
  { kind: "promise", signed: promised(2, 7, second) },
  { kind: "decline", view: 2, reason: "forgetful", known: 9 },
  { kind: "fetch", after: 4_294_967_295 },
  { kind: "entries", after: 0, entries: [first] },
  { kind: "head", view: 1, sequence: 2, root: new Uint8Array(32).fill(9) },
];

const share: WireShare = {
  giver: 1,
  taker: 2,
  lease: 3,
  level: 1,
  from: 4n,
  to: 5n,
  signature: new Uint8Array(64).fill(1),
};
const report: LeaseReport = {
  ...PLACE,
  rank: 0,
  rttMs: 7,
  asks: [{ lane: 1, request: 2, holds: [3, 4], lanes: 1 }],
  beats: [{ lane: 1, lease: 3, at: 2n ** 64n - 1n }],
  deliveries: [{ lane: 1, lease: 3, node: 4, searcher: 5, from: 6n, to: 7n }],
  orphans: [{ lane: 1, lease: 2, request: 3, holds: [4], from: 5n, to: 6n }],
  shares: [share],
};
const orders: LeaseOrders = {
  ...PLACE,
  rank: 1,
  view: 2,
  isClosed: 1,
  leases: [{ lane: 1, lease: 2, request: 3, from: 4n, to: 5n, expectedMs: 6 }],
  waits: [{ lane: 1, request: 2, code: 3, ms: 4, lost: 5, rttMs: 6, leaseMs: 7 }],
  spans: [{ lane: 1, lease: 2, from: 3n, to: 4n, isStale: 1, node: 5, searcher: 6 }],
  ends: [{ lane: 1, lease: 2, to: 3n }],
  shares: [],
};
const LEASE_MESSAGES: readonly LeaseMessage[] = [
  { kind: "report", value: report },
  { kind: "orders", value: orders },
  { kind: "find", value: { ...PLACE, nonce: 2n ** 63n } },
  { kind: "who", value: PLACE },
];

/** Flips, cuts, doubles, fills and lengthens. */
function broken(bytes: Uint8Array, random: Random): Uint8Array {
  const out = [...bytes];
  for (let i = random.between(1, 3); i > 0; i--) {
    const at = random.between(0, Math.max(0, out.length - 1));
    const many = random.between(1, 12);
    switch (random.between(0, 4)) {
      case 0:
        out[at] = (out[at] ?? 0) ^ (1 << random.between(0, 7));
        break;
      case 1:
        out.length = at;
        break;
      case 2:
        out.splice(at, 0, ...out.slice(at, at + many));
        break;
      case 3:
        out.fill(random.pick([0, 255]), at, at + many);
        break;
      default:
        out.push(...Array.from({ length: many }, () => random.between(0, 255)));
    }
  }
  return Uint8Array.from(out);
}

/** Refused, or read as something that goes out and comes in again as it is. */
function isHarmless<T>(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
): boolean {
  let value: T;
  try {
    value = decode(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
  expect(decode(encode(value))).deep.equal(value);
  return true;
}

describe("bytes about leases", function () {
  this.timeout(20_000);

  it("come in as they went out, all kinds of messages of members together", () => {
    const bytes = encodeMemberMessages(PLACE, MEMBER_MESSAGES);
    expect(decodeMemberMessages(bytes)).deep.equal({ ...PLACE, messages: MEMBER_MESSAGES });
  });

  it("come in as they went out, all kinds of messages of participants", () => {
    for (const message of LEASE_MESSAGES) {
      expect(decodeLeaseMessage(encodeLeaseMessage(message))).deep.equal(message);
    }
  });

  it("of members are refused when they are malformed, and never anything else", () => {
    const random = new Random(1);
    const encode = ({ job, round, messages }: ReturnType<typeof decodeMemberMessages>) =>
      encodeMemberMessages({ job, round }, messages);
    let refused = 0;
    for (let i = 0; i < 4_000; i++) {
      const right = encodeMemberMessages(PLACE, [random.pick(MEMBER_MESSAGES)]);
      if (!isHarmless(broken(right, random), decodeMemberMessages, encode)) refused++;
    }
    expect(refused).above(1_000);
  });

  it("of participants are refused when they are malformed, and never anything else", () => {
    const random = new Random(2);
    let refused = 0;
    for (let i = 0; i < 4_000; i++) {
      const right = encodeLeaseMessage(random.pick(LEASE_MESSAGES));
      if (!isHarmless(broken(right, random), decodeLeaseMessage, encodeLeaseMessage)) refused++;
    }
    expect(refused).above(1_000);
    for (const empty of [new Uint8Array(0), Uint8Array.of(9), new Uint8Array(1_000)]) {
      expect(() => decodeLeaseMessage(empty)).throw(DecodeError);
    }
  });

  it("that name a promise that is not there, half a fork or an unknown reason are refused", () => {
    const right = encodeMemberMessages(PLACE, [{ kind: "canvass", view: 1 }]);
    // The kind is the first byte of the one message, behind job, round and two offsets.
    const at = 32 + 2 + 4 + 4;
    for (const kind of [4, 9, 255]) {
      const bytes = Uint8Array.from(right);
      bytes[at] = kind;
      expect(() => decodeMemberMessages(bytes), `kind ${kind}`).throw(DecodeError);
    }
  });
});
