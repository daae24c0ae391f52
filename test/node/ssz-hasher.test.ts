import { expect } from "chai";
import { toHex } from "../../chain/crypto/hash.ts";
import { useFastHasher } from "../../node/ssz-hasher.ts";
import { TestChain } from "../helpers/chain.ts";

describe("useFastHasher", () => {
  it("gives the roots the default hasher gives", async () => {
    const run = (): string => {
      const chain = new TestChain();
      const to = chain.founders[0]?.address ?? new Uint8Array(20);
      for (let i = 0; i < 20; i++) {
        chain.advance(chain.transaction(chain.client, "transfer", { to, amount: BigInt(i + 1) }));
      }
      return toHex(chain.head.hash);
    };
    const before = run();
    await useFastHasher();
    expect(run()).to.equal(before);
  });
});
