import { expect } from "chai";
import { fromHex, sha256 } from "../../../../chain/crypto/hash.ts";
import { ALGORITHM_HASHES } from "../../../../ml/search/algorithm-hashes.ts";
import { CORE_OPERATIONS, hashOperations } from "../../../../ml/search/hash-cost.ts";
import { OrderChecks } from "../../../../node/jobs/search/check-order.ts";
import { inMemory } from "../../../../node/workers/blob-source.ts";
import { searchOrder } from "../../../helpers/search-run.ts";

const SIGNAL = new AbortController().signal;
const prefix = Uint8Array.of(1, 2, 3);
const COST = hashOperations("sha256d", { prefix, suffix: new Uint8Array(0), nonceBytes: 8 });
const SHIPPED = { prefix, algorithm: fromHex(ALGORITHM_HASHES.sha256d), operations: COST };
const OWN = { algorithm: sha256(prefix), operations: 1_000 };

function look(order: Parameters<typeof searchOrder>[1]): Promise<string | undefined> {
  const checks = new OrderChecks({
    algorithms: { source: async () => inMemory(Uint8Array.of(1)) },
    tryAlgorithm: async () => ({ hashesPerSecond: CORE_OPERATIONS / 1_000 }),
    blockIntervalMs: () => 3_000,
  });
  return checks.look({ spec: searchOrder("an order", order) }, SIGNAL);
}

describe("attack: search that costs other than it states", () => {
  it("objects where an algorithm that is known costs other than stated, by however much", async () => {
    expect(await look(SHIPPED)).equal(undefined);
    for (const operations of [1, COST / 1000, COST - 1, COST + 1, 1000 * COST]) {
      const code = await look({ ...SHIPPED, operations: Math.ceil(operations) }).then(
        () => undefined,
        (error: { readonly code: string }) => error.code,
      );
      expect(code, `${operations}`).equal("ALGORITHM_COST");
    }
  });

  it("declines where a module is far slower or faster here than stated", async () => {
    for (const operations of [1_000, 100, 20_000])
      expect(await look({ ...OWN, operations })).equal(undefined);
    for (const operations of [1, 1_000_000])
      expect(await look({ ...OWN, operations })).match(/operations/);
  });

  it("declines units of which a round takes none whole, since nobody is paid for a part", async () => {
    expect(await look({ ...SHIPPED, unitBits: 24 })).equal(undefined);
    expect(await look({ ...SHIPPED, unitBits: 32 })).match(/one unit takes a core about/);
  });
});
