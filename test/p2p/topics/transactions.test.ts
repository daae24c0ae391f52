import { expect } from "chai";
import fc from "fast-check";
import { DecodeError } from "../../../chain/errors.ts";
import { TOPICS } from "../../../p2p/topics/topics.ts";
import { decodeBatch, encodeBatches, MAX_BATCH } from "../../../p2p/topics/transactions.ts";

const LIMIT = TOPICS.transactions.maxBytes;

describe("transaction batches", () => {
  it("round-trip in order", () => {
    const transactions = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }));
    fc.assert(
      fc.property(transactions, (list) => {
        expect(encodeBatches(list).flatMap(decodeBatch)).to.deep.equal(list);
      }),
    );
  });

  it("hold at most 512 transactions and 256 KiB", () => {
    const small = Array.from({ length: 2 * MAX_BATCH + 1 }, () => new Uint8Array(1).fill(1));
    expect(encodeBatches(small).map((batch) => decodeBatch(batch).length)).to.deep.equal([
      MAX_BATCH,
      MAX_BATCH,
      1,
    ]);
    const large = Array.from({ length: 20 }, () => new Uint8Array(100_000).fill(1));
    const batches = encodeBatches(large);
    expect(batches).to.have.length(10);
    expect(Math.max(...batches.map((batch) => batch.length))).to.be.at.most(LIMIT);
    expect(encodeBatches([new Uint8Array(LIMIT - 4).fill(1)])[0]).to.have.length(LIMIT);
  });

  it("refuse a transaction that fits in no message", () => {
    expect(() => encodeBatches([new Uint8Array(LIMIT - 3)])).to.throw(RangeError);
  });

  it("throw DecodeError for arbitrary bytes, empty batches and empty transactions", () => {
    const [one] = encodeBatches([Uint8Array.of(1)]);
    expect(decodeBatch(one ?? new Uint8Array(0))).to.have.length(1);
    const emptyTransaction = Uint8Array.of(4, 0, 0, 0);
    for (const bytes of [new Uint8Array(0), emptyTransaction, new Uint8Array(LIMIT + 1)]) {
      expect(() => decodeBatch(bytes)).to.throw(DecodeError);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          expect(encodeBatches(decodeBatch(bytes))).to.deep.equal([bytes]);
        } catch (error) {
          expect(error).to.be.instanceOf(DecodeError);
        }
      }),
    );
  });
});
