import { expect } from "chai";
import fc from "fast-check";
import { compareBytes, toHex } from "../../../chain/crypto/hash.ts";
import { type Cut, unitAt, unitCount } from "../../../chain/workload/search/units.ts";
import type { Algorithm, Find } from "../../../ml/search/algorithm.ts";
import { runUnits } from "../../../ml/search/run-units.ts";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import {
  type SearchStep,
  type SearchUnitsOptions,
  searchUnits,
  type UnitResult,
} from "../../../ml/search/search-units.ts";
import { openShipped } from "../../../ml/search/shipped-algorithms.ts";
import { StretchSize } from "../../../ml/search/stretch-size.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { expectedStretch } from "../../helpers/search-referee.ts";

const TASK: SearchTask = {
  prefix: new TextEncoder().encode("block "),
  suffix: new TextEncoder().encode("."),
  nonceBytes: 4,
  endian: "big",
  target: Uint8Array.of(0x04, ...new Uint8Array(31)),
};

interface Whole {
  readonly units: readonly UnitResult[];
  readonly finds: readonly Find[];
  readonly hashes: number;
}

interface Part extends SearchUnitsOptions {
  readonly from?: bigint;
  readonly to?: bigint;
}

function searchAll(
  algorithm: Algorithm,
  cut: Cut,
  { from = 0n, to = unitCount(cut), ...options }: Part = {},
): Whole {
  const units: UnitResult[] = [];
  const finds: Find[] = [];
  let hashes = 0;
  for (const step of searchUnits(algorithm.start(TASK), { cut, from, to }, options)) {
    hashes += step.hashes;
    finds.push(...step.finds);
    if (step.ended !== undefined) units.push(step.ended);
  }
  return { units, finds, hashes };
}

describe("a search of units", () => {
  let algorithm: Algorithm;
  before(async () => {
    algorithm = await openShipped("sha256");
  });

  it("gives the units and finds of a plain loop, also where the last unit is shorter", () => {
    const cut = { from: 1000n, to: 2_300n, unitBits: 6 };
    const { units, finds, hashes } = searchAll(algorithm, cut);
    expect(hashes).equal(1300);
    expect(finds).deep.equal(expectedStretch("sha256", TASK, 1000n, 1300).finds);
    expect(units.map(({ unit }) => unit)).deep.equal(
      Array.from({ length: 21 }, (_, i) => BigInt(i)),
    );
    for (const { unit, minNonce, minDigest, running } of units) {
      const { from, to } = unitAt(cut, unit);
      const wanted = expectedStretch("sha256", TASK, from, Number(to - from));
      expect(minNonce).equal(wanted.min.nonce);
      expect(compareBytes(minDigest, wanted.min.digest)).equal(0);
      expect(toHex(running)).equal(toHex(wanted.running));
    }
  });

  it("gives the same result however it is cut into steps, and wherever it continues", () => {
    const size = fc.integer({ min: 1, max: 500 });
    const sizes = fc.array(size, { minLength: 1, maxLength: 5 });
    const cuts = fc.record({
      from: fc.bigInt({ min: 0n, max: 2n ** 31n }),
      count: fc.bigInt({ min: 1n, max: 9000n }),
      unitBits: fc.integer({ min: 6, max: 12 }),
    });
    fc.assert(
      fc.property(cuts, sizes, ({ from, count, unitBits }, steps) => {
        const cut = { from, to: from + count, unitBits };
        const whole = searchAll(algorithm, cut);
        let step = 0;
        const stretch = () => steps[step++ % steps.length] ?? 1;
        expect(searchAll(algorithm, cut, { stretch })).deep.equal(whole);
        const middle = unitCount(cut) / 2n;
        const first = searchAll(algorithm, cut, { to: middle });
        const rest = searchAll(algorithm, cut, { from: middle });
        expect([...first.units, ...rest.units]).deep.equal(whole.units);
        expect([...first.finds, ...rest.finds]).deep.equal(whole.finds);
      }),
      { numRuns: 30 },
    );
  });

  it("reads no more finds than wanted, and units come out the same", () => {
    const cut = { from: 0n, to: 4096n, unitBits: 12 };
    const whole = searchAll(algorithm, cut);
    expect(whole.finds.length).above(20);
    const few = searchAll(algorithm, cut, { maxFinds: () => 5, stretch: () => 4096 });
    expect(few).deep.equal({ ...whole, finds: whole.finds.slice(0, 5) });
    expect(searchAll(algorithm, cut, { maxFinds: () => 0 })).deep.equal({ ...whole, finds: [] });
  });

  it("has no units beyond the last", () => {
    const cut = { from: 0n, to: 65n, unitBits: 6 };
    expect(() => searchAll(algorithm, cut, { to: 3n })).throw(RangeError);
  });

  it("refuses nonces that do not exist", () => {
    const search = algorithm.start(TASK);
    expectCode(() => search.stretch(2n ** 32n - 3n, 4), "BAD_SEARCH_TASK");
    expectCode(() => search.stretch(-1n, 4), "BAD_SEARCH_TASK");
    expectCode(() => search.stretch(0n, 0), "BAD_SEARCH_TASK");
    expectCode(() => search.stretch(0n, 16_385), "BAD_SEARCH_TASK");
    expect(search.stretch(2n ** 32n - 4n, 4).min.nonce < 2n ** 32n).equal(true);
  });

  it("refuses tasks with the field that is wrong", () => {
    const wrong: readonly (readonly [field: string, change: object])[] = [
      ["prefix", { prefix: new Uint8Array(257) }],
      ["suffix", { suffix: new Uint8Array(257) }],
      ["nonceBytes", { nonceBytes: 5 }],
      ["endian", { endian: "middle" }],
      ["target", { target: new Uint8Array(31) }],
    ];
    for (const [field, change] of wrong) {
      const task = { ...TASK, ...change } as SearchTask;
      const { facts } = expectCode(() => algorithm.start(task), "BAD_SEARCH_TASK");
      expect(facts).deep.include({ field });
    }
  });

  it("takes steps that last about as long as wanted", () => {
    const size = new StretchSize();
    const call = (msPerNonce: number): void => size.took(size.next, size.next * msPerNonce);
    for (let calls = 0; calls < 20; calls++) call(0.0002);
    expect(size.next).equal(4_992);
    // Calls that waited for the processor change nothing as long as some did not.
    for (let calls = 0; calls < 50; calls++) {
      call(calls % 7 === 0 ? 0.0002 : 0.1);
      expect(size.next).equal(4_992);
    }
    for (let calls = 0; calls < 20; calls++) call(0.4);
    expect(size.next).equal(2);
    for (let calls = 0; calls < 20; calls++) call(100);
    expect(size.next).equal(1);
    // A clock too coarse to see a call.
    for (let calls = 0; calls < 20; calls++) call(0);
    expect(size.next).equal(16_384);
  });

  it("can be stopped between two steps, and is told of each", () => {
    const search = algorithm.start(TASK);
    const steps: SearchStep[] = [];
    let now = 0;
    runUnits(
      search,
      { cut: { from: 0n, to: 1n << 20n, unitBits: 20 }, from: 0n, to: 1n },
      {
        // Each look at it is 0.3 ms later.
        clock: { now: () => (now += 0.3) },
        isOver: () => steps.length === 21,
        onStep: (step) => steps.push(step),
      },
    );
    expect(steps.length).equal(21);
    expect(steps.map(({ hashes }) => hashes).slice(0, 3)).deep.equal([1, 2, 4]);
  });

  it("continues at a given unit and ends with the last one", () => {
    const cut = { from: 77n, to: 77n + 6_400n, unitBits: 7 };
    const units: UnitResult[] = [];
    runUnits(
      algorithm.start(TASK),
      { cut, from: 45n, to: 50n },
      {
        clock: performance,
        isOver: () => false,
        onStep: ({ ended }) => {
          if (ended !== undefined) units.push(ended);
        },
      },
    );
    expect(units).deep.equal(searchAll(algorithm, cut).units.slice(45));
  });

  describe("on a core that others share", () => {
    const FIND_FREE: SearchTask = { ...TASK, target: new Uint8Array(32) };
    let now: number;
    /** What the next call and the next pause take, in milliseconds. */
    let callMs: number;
    let pauseMs: number;

    /** @returns for each step the number of pauses before it, and its hashes */
    function run(steps: number, before: (step: number) => void): [number, number][] {
      const seen: [number, number][] = [];
      let pauses = 0;
      now = 0;
      runUnits(
        algorithm.start(FIND_FREE),
        { cut: { from: 0n, to: 1n << 30n, unitBits: 30 }, from: 0n, to: 1n },
        {
          clock: { now: () => now },
          isOver: () => {
            if (seen.length === steps) return true;
            before(seen.length);
            // The clock stands still but for this.
            now += callMs;
            return false;
          },
          onStep: ({ hashes }) => seen.push([pauses, hashes]),
          giveWay: () => {
            pauses++;
            now += pauseMs;
          },
        },
      );
      return seen;
    }

    const pausesOf = (seen: readonly [number, number][]): number[] =>
      seen.map(([pauses]) => pauses);

    it("keeps its turn while few share it", () => {
      const seen = run(12, (step) => {
        callMs = step % 3 === 0 ? 9 : 1;
      });
      expect(pausesOf(seen)).deep.equal(Array.from({ length: 12 }, () => 0));
    });

    it("gives up its turn after every call while many share it, and no longer", () => {
      const seen = run(12, (step) => {
        callMs = step === 2 ? 40 : 1;
        pauseMs = step < 8 ? 15 : 0.1;
      });
      expect(pausesOf(seen)).deep.equal([0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 7, 7]);
    });

    it("does not count its pauses as hashing: its calls stay as long", () => {
      const sizes = (ms: number): number[] => {
        const seen = run(40, (step) => {
          callMs = step === 5 ? 40 : 0.5;
          pauseMs = ms;
        });
        return seen.map(([, hashes]) => hashes);
      };
      expect(sizes(15)).deep.equal(sizes(0));
    });
  });
});
