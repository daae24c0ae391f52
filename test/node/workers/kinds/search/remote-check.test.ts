/** How often what a remote worker searched is hashed again. */
import { expect } from "chai";
import type { UnitResult } from "../../../../../ml/search/search-units.ts";
import { inMemory } from "../../../../../node/workers/blob-source.ts";
import { SearchLease } from "../../../../../node/workers/kinds/search/lease.ts";
import {
  CHECKED_ONE_OF,
  RemoteCheck,
} from "../../../../../node/workers/kinds/search/remote-check.ts";
import type { Draw } from "../../../../../node/workers/kinds/spot-check.ts";
import { expectCodeAsync } from "../../../../helpers/expect-code.ts";

const WORKER = { id: "remote-1", address: "127.0.0.1", machine: "m", isChecked: true };
const unitOf = (unit: bigint): UnitResult => ({
  unit,
  minNonce: unit * 64n,
  minDigest: new Uint8Array(32),
  running: new Uint8Array(8),
});
const unitsOf = (from: number, to: number): UnitResult[] =>
  Array.from({ length: to - from }, (_, index) => unitOf(BigInt(from + index)));

function setUp(draw: Draw, again = async (unit: bigint) => unitOf(unit)) {
  const told: bigint[] = [];
  const asked: bigint[] = [];
  const task = {
    algorithm: inMemory(Uint8Array.of(1)),
    prefix: new Uint8Array(0),
    suffix: new Uint8Array(0),
    nonceBytes: 8,
    endian: "little",
    target: new Uint8Array(32),
    unitBits: 6,
    jobFrom: 0n,
    jobTo: 64n * 1000n,
    from: 0n,
    to: 1000n,
  } as const;
  const lease = new SearchLease(task, {
    onUnits: (units) => told.push(...units.map(({ unit }) => unit)),
  });
  const failures: unknown[] = [];
  const check = new RemoteCheck(WORKER, lease, {
    draw,
    again: (unit) => {
      asked.push(unit);
      return again(unit);
    },
    digestOf: async () => new Uint8Array(32),
    onFailed: (error) => failures.push(error),
  });
  return { check, told, asked, failures };
}

describe("the check of a remote search", () => {
  it("hashes each unit again with a chance of one in eight, however long the task is", async () => {
    for (const length of [1, 3, 8, 11, 24]) {
      const counts = new Array<number>(length).fill(0);
      for (let drawn = 0; drawn < CHECKED_ONE_OF; drawn++) {
        const { check, told, asked } = setUp(() => drawn);
        check.units(unitsOf(0, length));
        await check.end();
        expect(told).deep.equal(unitsOf(0, length).map(({ unit }) => unit));
        for (const unit of asked) counts[Number(unit)] = (counts[Number(unit)] ?? 0) + 1;
      }
      expect(counts, `${length} units`).deep.equal(new Array<number>(length).fill(1));
    }
  });

  it("reports no unit of a group before its check, whatever comes meanwhile, and then all in order", async () => {
    let answer: (unit: UnitResult) => void = () => {};
    const first = new Promise<UnitResult>((resolve) => {
      answer = resolve;
    });
    const { check, told, asked } = setUp(
      () => 2,
      async (unit) => (unit === 2n ? first : unitOf(unit)),
    );
    check.units(unitsOf(0, 5));
    check.units(unitsOf(5, 20));
    await new Promise(setImmediate);
    expect([told, asked]).deep.equal([[], [2n]]);
    answer(unitOf(2n));
    await check.end();
    expect(told).deep.equal(unitsOf(0, 20).map(({ unit }) => unit));
    expect(asked).deep.equal([2n, 10n, 18n]);
  });

  for (const [what, change] of [
    ["running digest", { running: new Uint8Array(8).fill(1) }],
    ["smallest digest", { minDigest: new Uint8Array(32).fill(1) }],
    ["nonce of it", { minNonce: 10n * 64n + 1n }],
  ] as const) {
    it(`finds another ${what}, and uses nothing from there on`, async () => {
      const { check, told, failures } = setUp(
        () => 2,
        async (unit) => (unit === 10n ? { ...unitOf(unit), ...change } : unitOf(unit)),
      );
      check.units(unitsOf(0, 40));
      await expectCodeAsync(() => check.end(), "SPOT_CHECK");
      expect(failures).length(1);
      expect(told).deep.equal(unitsOf(0, 8).map(({ unit }) => unit));
    });
  }

  it("drops unchecked units when the worker is lost, also if their check ends later", async () => {
    let answer: (unit: UnitResult) => void = () => {};
    const { check, told } = setUp(
      () => 0,
      () =>
        new Promise<UnitResult>((resolve) => {
          answer = resolve;
        }),
    );
    check.units(unitsOf(0, 8));
    await new Promise(setImmediate);
    check.close();
    answer(unitOf(0n));
    await new Promise(setImmediate);
    expect(told).deep.equal([]);
  });

  it("hashes every find again, and takes no more than a task may have", async () => {
    const { check, failures } = setUp(() => 7);
    const find = { nonce: 3n, digest: new Uint8Array(32).fill(9) };
    check.find(find);
    await expectCodeAsync(() => check.end(), "SPOT_CHECK");
    expect(failures).length(1);
    const { check: other } = setUp(() => 7);
    const many = (): void => {
      for (let nonce = 0n; nonce < 65n; nonce++) {
        other.find({ nonce, digest: new Uint8Array(32) });
      }
    };
    expect(many).throw("more than 64 finds");
  });
});
