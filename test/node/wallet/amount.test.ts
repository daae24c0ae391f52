import { expect } from "chai";
import { bigInt, sample } from "fast-check";
import { formatAmount } from "../../../chain/amount.ts";
import { parseAmount } from "../../../node/wallet/amount.ts";
import { expectCode } from "../../helpers/expect-code.ts";

describe("amounts", () => {
  it("reads POML with up to six decimals", () => {
    expect(parseAmount("12.5")).equal(12_500_000n);
    expect(parseAmount("0.000001")).equal(1n);
    expect(parseAmount("7")).equal(7_000_000n);
  });

  it("writes what it reads", () => {
    for (const micro of sample(bigInt(0n, 2n ** 64n - 1n), 200)) {
      expect(parseAmount(formatAmount(micro))).equal(micro);
    }
  });

  for (const text of ["", "-1", "1.", "1.0000001", "1e3", "0x10", "1,5", "99999999999999"]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expectCode(() => parseAmount(text), "BAD_AMOUNT");
    });
  }
});
