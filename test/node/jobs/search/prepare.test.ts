/** What an order to search becomes: what is filled in, what it costs, and what is refused by name. */
import { expect } from "chai";
import { toHex } from "../../../../chain/crypto/hash.ts";
import { searchSpec } from "../../../../chain/workload/search/search-of.ts";
import { unitCount, unitLength } from "../../../../chain/workload/search/units.ts";
import { hashOperations } from "../../../../ml/search/hash-cost.ts";
import { findShipped } from "../../../../ml/search/shipped-algorithms.ts";
import { SearchOrder } from "../../../../node/api/contract/jobs/search-order.ts";
import { toSearchRequest } from "../../../../node/api/job-order.ts";
import { fillUnitBits, noncesOfAFind, targetOf } from "../../../../node/jobs/search/fill-search.ts";
import { type PrepareSearchModules, prepareSearch } from "../../../../node/jobs/search/prepare.ts";
import { TEST_PARAMETERS } from "../../../helpers/chain.ts";
import { expectCodeAsync } from "../../../helpers/expect-code.ts";

const UNKNOWN = "ab".repeat(32);

function modules(changes: Partial<PrepareSearchModules> = {}): PrepareSearchModules {
  return {
    find: async () => undefined,
    keep: async () => Buffer.from(SHA256D, "hex"),
    tryModule: async () => {
      throw new Error("nothing to try");
    },
    parameters: () => ({ ...TEST_PARAMETERS, minPricePerTeraflop: 1_000_000n }),
    drawable: () => 4,
    nodes: () => 4,
    openJobs: () => 0,
    ...changes,
  };
}

const SHA256D = findShipped("sha256d")?.hash ?? "";

const prepare = (changes: object, changed: Partial<PrepareSearchModules> = {}) => {
  const order = SearchOrder.parse({ kind: "search", algorithm: "sha256d", ...changes });
  return prepareSearch(toSearchRequest(order), modules(changed));
};

describe("preparing a search", () => {
  it("fills in what is left open, and says so", async () => {
    const { spec, price, escrow, notes } = await prepare({ prefix: "68656c6c6f", zeroBits: 24 });
    const search = searchSpec(spec);
    expect(toHex(search.algorithm)).equal(SHA256D);
    expect(toHex(search.target)).equal(`000000${"ff".repeat(29)}`);
    expect(search.to - search.from).equal(8n << 24n);
    expect(search).include({ nonceBytes: 8, endian: 0, mode: 0, redundancy: 0, findBonus: 0n });
    expect(spec).include({ participants: 4, quorum: 3, teamSize: 3 });
    expect(Buffer.from(spec.name).toString()).equal("sha256d, 24 zero bits");
    expect(escrow > price).equal(true);
    expect(notes.join("\n"))
      .contain("a find takes 16777216 on average")
      .and.contain("1 in 2981")
      .and.contain("4 nodes can be drawn now");
  });

  it("says when there hardly is a find among the nonces that a client chose", async () => {
    const noteOf = async (changes: object) => (await prepare(changes)).notes.join("\n");
    expect(await noteOf({ zeroBits: 24, to: 1 << 20 })).contain("with a chance of 93.9 %");
    const never = { mode: "all", target: "00".repeat(32), to: 5000 };
    expect(await noteOf(never))
      .contain("takes 2^256 on average")
      .and.contain("more than 99.9 %");
    expect(await noteOf({ zeroBits: 8, to: 1 << 20 })).not.contain("with a chance of");
    expect(await noteOf({ target: "ff".repeat(32) })).contain("nearly every nonce is a find");
    expect(await noteOf({ zeroBits: 4 })).contain("less than 1 in a billion");
  });

  it("draws no more nodes than there are units, and asks no more of them to deliver", async () => {
    const crowdOf = async (changes: object) => {
      const { spec } = await prepare({ mode: "all", zeroBits: 8, ...changes });
      return [Number(unitCount(searchSpec(spec))), spec.participants, spec.quorum];
    };
    expect(await crowdOf({ to: 1 })).deep.equal([1, 1, 1]);
    expect(await crowdOf({ to: 1000 })).deep.equal([1, 1, 1]);
    expect(await crowdOf({ to: 2048 })).deep.equal([2, 2, 2]);
    expect(await crowdOf({ to: 2049 })).deep.equal([3, 3, 2]);
    expect(await crowdOf({ to: 2048, participants: 10 })).deep.equal([2, 10, 2]);
    expect(await crowdOf({ to: 5000 })).deep.equal([5, 4, 3]);
  });

  it("cuts units of a quarter of a second, for few nonces smaller ones", async () => {
    const bitsOf = async (changes: object) => searchSpec((await prepare(changes)).spec).unitBits;
    // A core does some 3 million of these hashes in a second.
    expect(await bitsOf({ zeroBits: 32 })).equal(19);
    expect(await bitsOf({ zeroBits: 32, suffix: "00".repeat(256) })).equal(18);
    const { spec } = await prepare({ mode: "all", target: "00".repeat(32), to: 1_000_000 });
    expect(Number(unitCount(searchSpec(spec)))).within(128, 1024);
    for (const bits of [1, 8, 20, 40, 56]) {
      for (const operations of [1, 3000, 4_000_000_000]) {
        const nonces = 1n << BigInt(bits);
        const unitBits = fillUnitBits(nonces, operations);
        const units = unitCount({ from: 0n, to: nonces, unitBits });
        expect(unitBits).within(6, 32);
        expect(units <= 1n << 32n, `2^${bits} nonces of ${operations}`).equal(true);
      }
    }
  });

  it("prices by what the chain takes at least, or by what the order says", async () => {
    const range = { mode: "all", target: "00".repeat(32), to: String(2 ** 24) };
    const message = { prefix: new Uint8Array(), suffix: new Uint8Array(), nonceBytes: 8 } as const;
    const operations = hashOperations("sha256d", message);
    const { spec } = await prepare(range);
    const unit = unitLength(searchSpec(spec)) * BigInt(operations);
    expect(spec.pricePerUnit).equal((unit * 1_000_000n + 10n ** 12n - 1n) / 10n ** 12n);
    const dear = await prepare({ ...range, pricePerGigahash: "50000000000" });
    expect(dear.spec.pricePerUnit > spec.pricePerUnit).equal(true);
    const cheap = await expectCodeAsync(
      () => prepare({ ...range, pricePerGigahash: "1" }),
      "BAD_ORDER",
    );
    expect(cheap.facts).include({ field: "pricePerGigahash" });
    const least = /\((\d+) micro-POML\)/.exec(cheap.remedy ?? "")?.[1] ?? "";
    await prepare({ ...range, pricePerGigahash: least });
    const poor = await expectCodeAsync(
      () => prepare({ ...range, maxSpend: "5" }),
      "BUDGET_BELOW_PRICE",
    );
    expect(poor.facts).include({ field: "maxSpend" });
    const bonus = await prepare({ ...range, bonus: "7000000" });
    expect(bonus.price - (await prepare(range)).price >= 7_000_000n).equal(true);
  });

  it("refuses what cannot be meant, and names the field", async () => {
    const refused = async (changes: object, field: string, code = "BAD_ORDER") => {
      const { facts, remedy } = await expectCodeAsync(() => prepare(changes), code);
      expect(facts, JSON.stringify(changes)).include({ field });
      expect(remedy, field).to.be.a("string");
    };
    await refused({}, "target");
    await refused({ zeroBits: 8, target: "00".repeat(32) }, "zeroBits");
    await refused({ zeroBits: 8, mode: "best" }, "to");
    await refused({ zeroBits: 8, mode: "all" }, "to");
    await refused({ zeroBits: 60 }, "to");
    await refused({ zeroBits: 40, nonceBytes: 4 }, "nonceBytes");
    await refused({ zeroBits: 8, from: String(2n ** 64n - 1n) }, "nonceBytes");
    await refused({ zeroBits: 8, operations: 1 }, "operations");
    await refused({ zeroBits: 8, from: 9, to: 9 }, "to");
    await refused({ zeroBits: 8, from: 10, to: 9 }, "to");
    await refused({ zeroBits: 8, nonceBytes: 4, to: 2 ** 33 }, "to");
    await refused({ zeroBits: 8, to: String(2n ** 57n) }, "to");
    await refused({ zeroBits: 8, quorum: 5, participants: 5 }, "spec.quorum", "BAD_FIELD");
    const named = await expectCodeAsync(
      () => prepare({ algorithm: "md5", zeroBits: 8 }),
      "ALGORITHM_UNKNOWN",
    );
    expect(named.message).contain("md5").and.contain("sha256d");
    const hash = { algorithm: UNKNOWN, zeroBits: 8 };
    const absent = await expectCodeAsync(() => prepare(hash), "ALGORITHM_UNKNOWN");
    expect(absent.remedy).contain("npx poml algorithm add");
  });

  it("takes a module that the node has, by what it does here", async () => {
    const report = { hash: UNKNOWN, bytes: 3, functions: 5, pages: 11, hashesPerSecond: 1_000_000 };
    const { spec, notes } = await prepare(
      { algorithm: UNKNOWN, zeroBits: 8 },
      {
        find: async () => Uint8Array.of(1, 2, 3),
        keep: async () => new Uint8Array(32),
        tryModule: async () => report as Awaited<ReturnType<PrepareSearchModules["tryModule"]>>,
      },
    );
    expect(toHex(searchSpec(spec).algorithm)).equal(UNKNOWN);
    expect(searchSpec(spec).operations).equal(16_000);
    expect(notes.join()).contain("only nodes whose owners allow this algorithm");
  });
});

describe("targets", () => {
  it("begin with so many zero bits", () => {
    expect(toHex(targetOf(0))).equal("ff".repeat(32));
    expect(toHex(targetOf(1))).equal(`7f${"ff".repeat(31)}`);
    expect(toHex(targetOf(12))).equal(`000f${"ff".repeat(30)}`);
    expect(toHex(targetOf(255))).equal(`${"00".repeat(31)}01`);
    for (const bits of [0, 1, 8, 13, 40]) {
      expect(noncesOfAFind(targetOf(bits))).equal(1n << BigInt(bits));
    }
    expect(noncesOfAFind(new Uint8Array(32))).equal(1n << 256n);
  });
});
