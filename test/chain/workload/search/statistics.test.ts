/**
 * `npm test` looks at 20,000 honest leases; POML_SEARCH_LEASES=1000000 at a million, in a minute or so, and prints more
 * exact figures.
 */
import { expect } from "chai";
import {
  isUnlikely,
  LINES,
  MOST_SHARE,
  unitShare,
} from "../../../../chain/workload/search/statistics.ts";
import { SearchStory, searchUnit } from "../../../helpers/search-run.ts";
import { Random } from "../../../sim/random.ts";

const LEASES = Number(process.env["POML_SEARCH_LEASES"] ?? 20_000);
const NODES = LEASES > 100_000 ? 400 : 40;
const UNITS_OF_A_LEASE = 64;
const NONCES = 2n ** 22n;

/** What a node does with a lease, when its tally stands so; the part of its nonces that it leaves out. */
type Policy = (tally: Tally) => number;

/** Of one node in one job, in floating point. */
class Tally {
  units = 0;
  share = 0;
  /** Nonces that it left out, in units. */
  leftOut = 0;

  /** @returns whether the claim raises an alarm */
  claim(random: Random, part: number): boolean {
    for (let unit = 0; unit < UNITS_OF_A_LEASE; unit++) this.share += shareOf(random, part);
    this.units += UNITS_OF_A_LEASE;
    this.leftOut += part * UNITS_OF_A_LEASE;
    return isUnlikely(BigInt(this.units), BigInt(Math.round(this.share * 2 ** 32)));
  }

  /** How far it is from the nearest line, in shares. */
  get room(): number {
    return Math.min(
      ...LINES.map(({ slope, height }) => {
        return (Number(slope) * this.units + Number(height)) / 2 ** 32 - this.share;
      }),
    );
  }
}

/** Of a unit of which this part is left out. */
function shareOf(random: Random, part: number): number {
  return -Math.log(1 - random.next()) / (1 - part);
}

interface Caught {
  /** Nodes with an alarm. */
  readonly part: number;
  /** Units until the alarm, of those with one: in the middle, and of 95 of a hundred. */
  readonly median: number;
  readonly most: number;
  /** Of a node, in units. */
  readonly leftOut: number;
}

function played(policy: Policy, nodes: number, limit: number): Caught {
  const random = new Random(7);
  const until: number[] = [];
  let leftOut = 0;
  for (let node = 0; node < nodes; node++) {
    const tally = new Tally();
    let isAlarm = false;
    while (!isAlarm && tally.units < limit) isAlarm = tally.claim(random, policy(tally));
    until.push(isAlarm ? tally.units : Number.POSITIVE_INFINITY);
    leftOut += tally.leftOut / nodes;
  }
  until.sort((a, b) => a - b);
  const at = (part: number): number => until[Math.floor(part * nodes)] ?? Number.POSITIVE_INFINITY;
  const part = until.filter((units) => units < Number.POSITIVE_INFINITY).length / nodes;
  return { part, median: at(0.5), most: at(0.95), leftOut };
}

function print(name: string, { part, median, most, leftOut }: Caught): void {
  process.stdout.write(
    `      ${name}: alarm for ${(100 * part).toFixed(0)} % of nodes, half of them within ${median} units, 95 % within ${most}; ${leftOut.toFixed(0)} units of work left out\n`,
  );
}

describe("statistics of searched units", function () {
  this.timeout(600_000);

  it("say how large a smallest digest is, as a part of what is usual", () => {
    const digest = new Uint8Array(32);
    digest[0] = 0x80;
    expect(unitShare(2n, digest)).equal(1n << 32n);
    expect(unitShare(1n, digest)).equal(1n << 31n);
    expect(unitShare(NONCES, new Uint8Array(32))).equal(0n);
    expect(unitShare(NONCES, new Uint8Array(32).fill(255))).equal(MOST_SHARE);
  });

  it("are those of units that were really searched", () => {
    const story = new SearchStory({ order: { to: 1000n + 640n * 64n } });
    const shares = Array.from({ length: 640 }, (_, unit) =>
      unitShare(64n, searchUnit(story.search, BigInt(unit)).minDigest),
    );
    const sum = shares.reduce((total, one) => total + one, 0n);
    expect(Number(sum) / 640 / 2 ** 32).within(0.85, 1.15);
    expect(isUnlikely(640n, sum)).equal(false);
  });

  it("have lines that an honest node passes once in a million jobs, all six together", () => {
    // Ville: a line of part p is passed with a chance of exp(-p * height), and each is a sixth of a millionth.
    LINES.forEach(({ slope, height }, i) => {
      const part = 2 ** -(i + 1);
      expect(Number(slope) / 2 ** 32).closeTo(-Math.log(1 - part) / part, 1e-9);
      expect(6e6 * Math.exp((-part * Number(height)) / 2 ** 32)).within(1 - 1e-9, 1);
    });
  });

  it("do not overestimate honest nodes: the smallest of n digests is below what the lines assume", () => {
    // E[exp(p n U)] of the smallest of n is at most 1 / (1 - p), whatever n is.
    for (const nonces of [1, 2, 64, 1000]) {
      for (const part of [1 / 2, 1 / 4, 1 / 64]) {
        const steps = 100_000;
        let mean = 0;
        for (let i = 0; i < steps; i++) {
          const smallest = 1 - (1 - (i + 0.5) / steps) ** (1 / nonces);
          mean += Math.exp(part * nonces * smallest) / steps;
        }
        expect(mean * (1 - part)).at.most(1 + 1e-4);
      }
    }
  });

  it(`raise an alarm for none of ${LEASES} honest leases, or for fewer than 5 of a million`, () => {
    const random = new Random(1);
    let alarms = 0;
    // Whatever the length of a job: from one lease to two thousand.
    for (const leasesOfAJob of [1, 10, 100, 2000]) {
      for (let done = 0; done < LEASES / 4; done += leasesOfAJob) {
        let tally = new Tally();
        for (let lease = 0; lease < leasesOfAJob; lease++) {
          if (!tally.claim(random, 0)) continue;
          alarms++;
          tally = new Tally();
        }
      }
    }
    process.stdout.write(`      ${alarms} alarms for ${LEASES} honest leases\n`);
    expect(alarms).below(LEASES > 100_000 ? 5 : 1);
  });

  it("find a node that leaves out a part of its nonces, however its claims are cut", () => {
    const found = [0.25, 0.1, 0.05, 0.02].map((part) => {
      const few = part < 0.05 ? NODES / 4 : NODES;
      const caught = played(() => part, few, 200 / part ** 2.2);
      print(`${100 * part} % left out`, caught);
      return caught;
    });
    for (const { part } of found) expect(part).equal(1);
    const [quarter, tenth, twentieth, fiftieth] = found;
    expect(quarter?.most).below(1000);
    expect(tenth?.most).below(6000);
    expect(twentieth?.most).below(25_000);
    expect(fiftieth?.most).below(160_000);
  });

  it("find a node that leaves out a quarter within 200 leases, also after a long honest time", () => {
    const turned = played(({ units }) => (units < 6400 ? 0 : 0.25), NODES, 12_800);
    print("honest for 100 leases, then 25 % left out", turned);
    expect(turned.part).equal(1);
  });

  it("leave a node that watches its tally a part of its work that shrinks with the job", () => {
    // It leaves out a quarter while its tally is far from every line, and works when it comes near.
    const watching: Policy = (tally) => (tally.room > 40 ? 0.25 : 0);
    const parts = [2_000, 10_000, 50_000].map((units) => {
      const caught = played(watching, NODES, units);
      print(`25 % left out while its tally allows it, ${units} units`, caught);
      return caught.leftOut / units;
    });
    const [short = 1, longer = 1, long = 1] = parts;
    expect(longer).below(short);
    expect(long).below(longer);
    // No more than 2 * sqrt(2 ln(6e6) / units), which the lines give.
    expect(long).below(0.05);
  });
});
