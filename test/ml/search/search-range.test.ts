import { expect } from "chai";
import fc from "fast-check";
import { compareBytes, toHex } from "../../../chain/crypto/hash.ts";
import { type SearchRange, sliceAt, sliceCount } from "../../../chain/search/range.ts";
import type { Algorithm, Find } from "../../../ml/search/algorithm.ts";
import {
  replaySlice,
  type SearchRangeOptions,
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
    for (let call = 0; call < 30; call++) size.took(size.next, size.next * 0.0002);
    expect(size.next).equal(16_384);
    for (let call = 0; call < 30; call++) size.took(size.next, size.next * 4);
    expect(size.next).within(1, 4);
    // A short rest at the end of a slice says nothing about longer calls.
    const before = size.next;
    size.took(before - 1, 0);
    expect(size.next).equal(before);
  });
});
