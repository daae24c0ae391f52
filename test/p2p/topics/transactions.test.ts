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
        expect(
          encodeBatches(list).flatMap((bytes) => decodeBatch(bytes).transactions),
        ).to.deep.equal(list);
      }),
    );
  });

  it("hold at most 512 transactions and 256 KiB", () => {
    const small = Array.from({ length: 2 * MAX_BATCH + 1 }, () => new Uint8Array(1).fill(1));
    expect(
      encodeBatches(small).map((batch) => decodeBatch(batch).transactions.length),
    ).to.deep.equal([MAX_BATCH, MAX_BATCH, 1]);
    const large = Array.from({ length: 20 }, () => new Uint8Array(100_000).fill(1));
    const batches = encodeBatches(large);
    expect(batches).to.have.length(10);
    expect(Math.max(...batches.map((batch) => batch.length))).to.be.at.most(LIMIT);
    expect(encodeBatches([new Uint8Array(LIMIT - 12).fill(1)])[0]).to.have.length(LIMIT);
  });

  it("are another message for every offer of the same transactions", () => {
    const list = [Uint8Array.of(1, 2, 3)];
    const [first] = encodeBatches(list);
    const [again] = encodeBatches(list, 7);
    expect(again).to.not.deep.equal(first);
    expect(decodeBatch(again ?? new Uint8Array(0))).to.deep.equal({ offer: 7, transactions: list });
  });

  it("refuse a transaction that fits in no message", () => {
    expect(() => encodeBatches([new Uint8Array(LIMIT - 11)])).to.throw(RangeError);
  });

  it("throw DecodeError for arbitrary bytes, empty batches and empty transactions", () => {
    const [one] = encodeBatches([Uint8Array.of(1)]);
    expect(decodeBatch(one ?? new Uint8Array(0)).transactions).to.have.length(1);
    const emptyTransaction = Uint8Array.of(0, 0, 0, 0, 8, 0, 0, 0, 4, 0, 0, 0);
    for (const bytes of [new Uint8Array(0), emptyTransaction, new Uint8Array(LIMIT + 1)]) {
      expect(() => decodeBatch(bytes)).to.throw(DecodeError);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          const { offer, transactions: decoded } = decodeBatch(bytes);
          expect(encodeBatches(decoded, offer)).to.deep.equal([bytes]);
        } catch (error) {
          expect(error).to.be.instanceOf(DecodeError);
        }
      }),
    );
  });
});
