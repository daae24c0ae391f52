/**
 * `npm test` looks at 20,000 honest leases; POML_SEARCH_LEASES=1000000 at a million, in a minute or so.
 */
import { expect } from "chai";
import { BLOCKS, isUnlikely, unitShare } from "../../../../chain/workload/search/statistics.ts";
import { SearchStory, searchUnit } from "../../../helpers/search-run.ts";
import { Random } from "../../../sim/random.ts";

const LEASES = Number(process.env["POML_SEARCH_LEASES"] ?? 20_000);
const UNITS_OF_A_LEASE = 64;
const NONCES = 2n ** 22n;

/** Shares of a node that leaves out this part of every unit. */
function sharesOf(random: Random, units: number, leftOut = 0): bigint[] {
  return Array.from({ length: units }, () => {
    const share = -Math.log(1 - random.next()) / (1 - leftOut);
    return BigInt(Math.round(share * 2 ** 32));
  });
}

/** Of so many nodes, the part that raises an alarm within so many units, claimed lease by lease. */
function caught(leftOut: number, nodes: number, units: number): number {
  const random = new Random(7);
  let alarms = 0;
  for (let node = 0; node < nodes; node++) {
    const shares = sharesOf(random, units, leftOut);
    for (let end = UNITS_OF_A_LEASE; end <= units; end += UNITS_OF_A_LEASE) {
      if (!isUnlikely(shares.slice(0, end), UNITS_OF_A_LEASE)) continue;
      alarms++;
      break;
    }
  }
  return alarms / nodes;
}

describe("statistics of searched units", function () {
  this.timeout(600_000);

  it("say how large a smallest digest is, as a part of what is usual", () => {
    const digest = new Uint8Array(32);
    digest[0] = 0x80;
    expect(unitShare(2n, digest)).equal(1n << 32n);
    expect(unitShare(1n, digest)).equal(1n << 31n);
    expect(unitShare(NONCES, new Uint8Array(32))).equal(0n);
  });

  it("are those of units that were really searched", () => {
    const story = new SearchStory({ order: { to: 1000n + 640n * 64n } });
    const shares = Array.from({ length: 640 }, (_, unit) =>
      unitShare(64n, searchUnit(story.search, BigInt(unit)).minDigest),
    );
    const mean = Number(shares.reduce((sum, one) => sum + one, 0n)) / 640 / 2 ** 32;
    expect(mean).within(0.85, 1.15);
    expect(isUnlikely(shares, 640)).equal(false);
  });

  it("have limits that an honest sum passes once in a million times", () => {
    for (const { units, limit } of BLOCKS) {
      // P(Gamma(k) > q) is P(Poisson(q) < k).
      const q = Number(limit) / 2 ** 32;
      let logTerm = -q;
      let tail = Math.exp(logTerm);
      for (let j = 1; j < units; j++) {
        logTerm += Math.log(q / j);
        tail += Math.exp(logTerm);
      }
      expect(tail).closeTo(1e-6, 1e-8);
    }
  });

  it(`raise an alarm for none of ${LEASES} honest leases, or for fewer than 5 of a million`, () => {
    const random = new Random(1);
    let alarms = 0;
    const leasesOfANode = 2000;
    for (let done = 0; done < LEASES; done += leasesOfANode) {
      const shares = sharesOf(random, leasesOfANode * UNITS_OF_A_LEASE);
      for (let end = 2560; end <= shares.length; end += 2560) {
        if (isUnlikely(shares.slice(0, end), 2560)) alarms++;
      }
    }
    expect(alarms).below(LEASES > 100_000 ? 5 : 1);
  });

  it("find who leaves out a part of every unit", () => {
    const found = [0.1, 0.2, 0.25, 0.3].map((part) => ({
      part,
      in640: caught(part, 400, 640),
      in2560: caught(part, 100, 2560),
    }));
    for (const { part, in640, in2560 } of found) {
      process.stdout.write(
        `      ${100 * part} % left out: alarm within 640 units ${(100 * in640).toFixed(1)} %, within 2,560 ${(100 * in2560).toFixed(1)} %\n`,
      );
    }
    const [tenth, fifth, quarter, third] = found;
    expect(third?.in640).least(0.99);
    expect(quarter?.in640).least(0.97);
    expect(fifth?.in640).within(0.75, 0.95);
    expect(tenth?.in2560).within(0.6, 0.95);
    expect(quarter?.in2560).equal(1);
  });

  it("look at every unit once, whatever the claims are cut like", () => {
    const calm = Array.from({ length: 640 }, () => 1n << 32n);
    const wild = Array.from({ length: 640 }, () => 2n << 32n);
    const shares = [...calm, ...wild, ...calm];
    expect(isUnlikely(shares.slice(0, 640), 640)).equal(false);
    expect(isUnlikely(shares.slice(0, 1279), 639), "not whole yet").equal(false);
    expect(isUnlikely(shares.slice(0, 1280), 1)).equal(true);
    expect(isUnlikely(shares.slice(0, 1281), 1), "told before").equal(false);
    expect(isUnlikely(shares, shares.length)).equal(true);
    expect(isUnlikely([], 0)).equal(false);
  });
});
