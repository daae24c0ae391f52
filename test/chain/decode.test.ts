import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../chain/crypto/hash.ts";
import { decodeSsz } from "../../chain/decode.ts";
import { DecodeError } from "../../chain/errors.ts";
import { SignedTransaction } from "../../chain/types/transaction.ts";
import { TestChain } from "../helpers/chain.ts";
import { expectCode } from "../helpers/expect-code.ts";

describe("decodeSsz", () => {
  const chain = new TestChain();
  const payment = { to: chain.client.address, amount: 1n };
  const good = SignedTransaction.serialize(chain.transaction(chain.client, "transfer", payment));

  /** The bytes of what was decoded, or undefined where DECODE was thrown; anything else fails. */
  const reencoded = (bytes: Uint8Array): string | undefined => {
    try {
      const value = decodeSsz("transaction", SignedTransaction, bytes);
      return toHex(SignedTransaction.serialize(value));
    } catch (error) {
      if (error instanceof DecodeError) return undefined;
      throw error;
    }
  };

  it("takes what was encoded", () => {
    expect(reencoded(good)).to.equal(toHex(good));
  });

  it("says what the bytes should have been", () => {
    const error = expectCode(
      () => decodeSsz("transaction", SignedTransaction, good.subarray(1)),
      "DECODE",
    );
    expect(error.message).to.include("transaction: not the SSZ of a SignedTransaction");
    expect(error.action).to.equal("reject");
  });

  it("throws nothing but DECODE at random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(reencoded(bytes)).to.be.oneOf([undefined, toHex(bytes)]);
      }),
      { seed: 13, numRuns: 500 },
    );
  });

  it("throws nothing but DECODE at one altered byte, wherever it is", () => {
    let refused = 0;
    for (let at = 0; at < good.length; at++) {
      const bytes = good.with(at, (good[at] ?? 0) ^ 0x41);
      const result = reencoded(bytes);
      if (result === undefined) refused++;
      else expect(result).to.equal(toHex(bytes));
    }
    // Offsets and the selector do not bend.
    expect(refused).to.be.within(9, 20);
  });
});
