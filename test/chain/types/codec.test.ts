import type { Type } from "@chainsafe/ssz";
import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../../chain/crypto/hash.ts";
import { Certificate, CertifiedBlock, Proposal } from "../../../chain/types/block.ts";
import { Evidence } from "../../../chain/types/evidence.ts";
import { Genesis } from "../../../chain/types/genesis.ts";
import { Job } from "../../../chain/types/job.ts";
import { NodeRecord } from "../../../chain/types/node.ts";
import { Account, Meta, Seats } from "../../../chain/types/state.ts";
import { Track, TrackEntry } from "../../../chain/types/track.ts";
import { SignedTransaction } from "../../../chain/types/transaction.ts";
import { Vote } from "../../../chain/types/vote.ts";
import { WindowClaim } from "../../../chain/types/window.ts";
import { arbitraryOf } from "../../helpers/ssz-arbitrary.ts";

/** Everything that travels or is stored. */
const TYPES: Readonly<Record<string, Type<unknown>>> = {
  SignedTransaction,
  Vote,
  Proposal,
  Certificate,
  Evidence,
  CertifiedBlock,
  Genesis,
  Account,
  NodeRecord,
  WindowClaim,
  Track,
  TrackEntry,
  Job,
  Meta,
  Seats,
};

/** Decoded and encoded again, or undefined where the decoder refuses. */
function reencoded(type: Type<unknown>, bytes: Uint8Array): string | undefined {
  let value: unknown;
  try {
    value = type.deserialize(bytes);
  } catch (error) {
    expect(error).to.be.instanceOf(Error);
    return undefined;
  }
  return toHex(type.serialize(value));
}

describe("SSZ types", () => {
  for (const [name, type] of Object.entries(TYPES)) {
    it(`${name} keeps every value and root over a round trip`, () => {
      fc.assert(
        fc.property(arbitraryOf(type), (value) => {
          const bytes = type.serialize(value);
          const back = type.deserialize(bytes);
          expect(toHex(type.serialize(back))).to.equal(toHex(bytes));
          expect(toHex(type.hashTreeRoot(back))).to.equal(toHex(type.hashTreeRoot(value)));
        }),
        { seed: 11, numRuns: 20 },
      );
    });

    it(`${name} has one encoding only: bytes that decode are what they encode to`, () => {
      const mutation = fc.record({
        value: arbitraryOf(type),
        at: fc.nat(),
        byte: fc.integer({ min: 1, max: 255 }),
        cut: fc.integer({ min: -2, max: 2 }),
      });
      fc.assert(
        fc.property(mutation, ({ value, at, byte, cut }) => {
          const good = type.serialize(value);
          const bytes = new Uint8Array(Math.max(0, good.length + cut));
          bytes.set(good.subarray(0, bytes.length));
          const place = at % Math.max(1, bytes.length);
          bytes[place] = (bytes[place] ?? 0) ^ byte;
          expect(reencoded(type, bytes)).to.be.oneOf([undefined, toHex(bytes)]);
        }),
        { seed: 12, numRuns: 60 },
      );
    });
  }
});
