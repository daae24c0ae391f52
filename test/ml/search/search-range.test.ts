import { expect } from "chai";
import fc from "fast-check";
import { compareBytes, toHex } from "../../../chain/crypto/hash.ts";
import { type SearchRange, sliceAt, sliceCount } from "../../../chain/workload/search/range.ts";
import type { Algorithm, Find } from "../../../ml/search/algorithm.ts";
import { runLease } from "../../../ml/search/run-lease.ts";
import {
  replaySlice,
  type SearchRangeOptions,
  type SearchStep,
  type SliceResult,
  searchRange,
} from "../../../ml/search/search-range.ts";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import { openShipped } from "../../../ml/search/shipped.ts";
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
  readonly slices: readonly SliceResult[];
  readonly finds: readonly Find[];
  readonly hashes: number;
}

function searchAll(algorithm: Algorithm, range: SearchRange, options?: SearchRangeOptions): Whole {
  const slices: SliceResult[] = [];
  const finds: Find[] = [];
  let hashes = 0;
  for (const step of searchRange(algorithm.start(TASK), range, options)) {
    hashes += step.hashes;
    finds.push(...step.finds);
    if (step.ended !== undefined) slices.push(step.ended);
  }
  return { slices, finds, hashes };
}

describe("a search of a range", () => {
  let algorithm: Algorithm;
  before(async () => {
    algorithm = await openShipped("sha256");
  });

  it("gives the slices and finds of a plain loop", () => {
    const range = { from: 1000n, to: 2_300n };
    const { slices, finds, hashes } = searchAll(algorithm, range);
    expect(hashes).equal(1300);
    expect(finds).deep.equal(expectedStretch("sha256", TASK, 1000n, 1300).finds);
    expect(slices.length).equal(sliceCount(range));
    for (const { index, minNonce, minDigest, running } of slices) {
      const { from, to } = sliceAt(range, index);
      const wanted = expectedStretch("sha256", TASK, from, Number(to - from));
      expect(minNonce).equal(wanted.min.nonce);
      expect(compareBytes(minDigest, wanted.min.digest)).equal(0);
      expect(toHex(running)).equal(toHex(wanted.running));
    }
  });

  it("gives the same however it is cut into steps, and from wherever it goes on", () => {
    const size = fc.integer({ min: 1, max: 500 });
    const sizes = fc.array(size, { minLength: 1, maxLength: 5 });
    const ranges = fc.tuple(
      fc.bigInt({ min: 0n, max: 2n ** 31n }),
      fc.integer({ min: 1, max: 9000 }),
    );
    fc.assert(
      fc.property(ranges, sizes, ([from, count], steps) => {
        const range = { from, to: from + BigInt(count) };
        const whole = searchAll(algorithm, range);
        let step = 0;
        const stretch = () => steps[step++ % steps.length] ?? 1;
        expect(searchAll(algorithm, range, { stretch })).deep.equal(whole);
        const middle = sliceCount(range) >> 1;
        const first = searchAll(algorithm, range, { endSlice: middle });
        const rest = searchAll(algorithm, range, { slice: middle });
        expect([...first.slices, ...rest.slices]).deep.equal(whole.slices);
        expect([...first.finds, ...rest.finds]).deep.equal(whole.finds);
        expect(replaySlice(algorithm.start(TASK), range, middle)).deep.equal(whole.slices[middle]);
      }),
      { numRuns: 30 },
    );
  });

  it("refuses nonces that there are not", () => {
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
    expect(size.next).equal(16_384);
    // Calls that waited for the processor change nothing as long as some did not.
    for (let calls = 0; calls < 50; calls++) {
      call(calls % 7 === 0 ? 0.0002 : 0.1);
      expect(size.next).equal(16_384);
    }
    for (let calls = 0; calls < 20; calls++) call(4);
    expect(size.next).equal(2);
    for (let calls = 0; calls < 20; calls++) call(100);
    expect(size.next).equal(1);
    // A clock too coarse to see a call.
    for (let calls = 0; calls < 20; calls++) call(0);
    expect(size.next).equal(16_384);
  });

  it("can be stopped between two steps, and is told of each", async () => {
    const range = { from: 0n, to: 1n << 20n };
    const search = algorithm.start(TASK);
    const stop = new AbortController();
    const steps: SearchStep[] = [];
    let now = 0;
    let breaths = 0;
    const parts = {
      // Each look at it is 3 ms later.
      clock: { now: () => (now += 3) },
      signal: stop.signal,
      onStep: (step: SearchStep) => steps.push(step),
      breathe: async () => {
        breaths++;
        if (breaths === 3) stop.abort(new Error("found elsewhere"));
      },
    };
    const error = await runLease(search, { range }, parts).catch((reason: Error) => reason);
    expect(error).instanceOf(Error).with.property("message", "found elsewhere");
    // Seven calls of 3 ms, then a breath.
    expect(steps.length).equal(21);
    expect(steps.map(({ hashes }) => hashes).slice(0, 3)).deep.equal([1, 2, 4]);
  });

  it("goes on at a slice and ends with the rest of the claim", async () => {
    const range = { from: 77n, to: 77n + 6_400n };
    const parts = {
      clock: performance,
      signal: new AbortController().signal,
      onStep: () => {},
      breathe: () => Promise.resolve(),
    };
    const whole = await runLease(algorithm.start(TASK), { range }, parts);
    expect(whole).deep.equal(searchAll(algorithm, range).slices);
    const rest = await runLease(algorithm.start(TASK), { range, slice: 60 }, parts);
    expect(rest).deep.equal(whole.slice(60));
  });
});
