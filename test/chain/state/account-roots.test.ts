import { expect } from "chai";
import fc from "fast-check";
import { accountRoots } from "../../../chain/state/account-roots.ts";
import { Account } from "../../../chain/types/state.ts";

const accounts = fc.array(
  fc.record({
    address: fc.uint8Array({ minLength: 20, maxLength: 20 }),
    balance: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    nonce: fc.nat({ max: 2 ** 32 - 1 }),
  }),
  { maxLength: 40 },
);

describe("accountRoots", () => {
  it("gives the roots the type gives, in order", () => {
    fc.assert(
      fc.property(accounts, (list) => {
        const expected = list.map((account) => Account.hashTreeRoot(account));
        expect(accountRoots(list)).to.deep.equal(expected);
      }),
    );
  });
});
