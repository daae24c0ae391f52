import { BitArray, BitListType, ByteVectorType, ContainerType, type Type } from "@chainsafe/ssz";
import { expect } from "chai";
import fc from "fast-check";
import { sha256, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { NO_APPEAL } from "../../../chain/rating/appeal.ts";
import { rootOf, rootsOf } from "../../../chain/state/batch-roots.ts";
import { RatingChanges } from "../../../chain/types/block.ts";
import { Job } from "../../../chain/types/job.ts";
import { NodeRecord } from "../../../chain/types/node.ts";
import { Uint32 } from "../../../chain/types/primitive.ts";
import { CastParameterVote, Unbonding } from "../../../chain/types/state.ts";
import { TrackEntry } from "../../../chain/types/track.ts";
import { SignedTransaction } from "../../../chain/types/transaction.ts";
import { WindowClaim } from "../../../chain/types/window.ts";
import { TestChain } from "../../helpers/chain.ts";
import { commits, jobOf, jobSpec, openJob } from "../../helpers/job-run.ts";

/** Fresh copies, so that nothing is known of them, one asked alone and one in the batch. */
function expectSame<V>(type: Type<V>, values: readonly V[]): void {
  const copies = values.map((value) => type.deserialize(type.serialize(value)));
  const alone = values.map((value) =>
    type.hashTreeRoot(type.deserialize(type.serialize(value))).slice(),
  );
  expect(rootsOf(type, copies)).to.deep.equal(alone);
  // Once more: what was kept is right too.
  expect(rootsOf(type, copies)).to.deep.equal(alone);
}

const hashOf = (i: number): Uint8Array => sha256(uint32Bytes(i));
const some = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

function claimOf(node: number, lanes: number, checks: number, members: number): WindowClaim {
  return {
    node,
    lanes: some(lanes, (i) => ({ segments: i, checkpointRoot: hashOf(i) })),
    energyMillijoules: 2n ** 64n - 1n,
    energySource: 3,
    claimed: BigInt(node),
    checks: some(checks, (i) => ({ verifier: 2 ** 32 - 1, lane: i, segment: i, verdict: 3 })),
    appeal: {
      ...NO_APPEAL,
      members: some(members, (i) => {
        return { verifier: i, verdict: 1, seal: hashOf(i), reached: hashOf(node) };
      }),
    },
  };
}

/** The same list, which says when one of its elements is read. */
function watching<T>(list: T[], onRead: () => void): T[] {
  return new Proxy(list, {
    get(target, name) {
      if (typeof name === "string" && /^\d+$/.test(name)) onRead();
      return Reflect.get(target, name);
    },
  });
}

describe("roots of many values", () => {
  it("are those of the type, for claims with lists of every length", () => {
    const counts = fc.record({ lanes: fc.nat(64), checks: fc.nat(256), members: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 8 }), (list) => {
        expectSame(
          WindowClaim,
          list.map(({ lanes, checks, members }, i) => claimOf(i, lanes, checks, members)),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("are those of the type, for nodes with names and measurements of every length", () => {
    const { nodes } = new TestChain().head.state;
    const shape = fc.record({
      name: fc.uint8Array({ maxLength: 64 }),
      endpoint: fc.uint8Array({ maxLength: 256 }),
      measured: fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 5 }),
      bond: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      failed: fc.nat(2 ** 32 - 1),
    });
    fc.assert(
      fc.property(fc.array(shape, { maxLength: 12 }), (shapes) => {
        expectSame(
          NodeRecord,
          shapes.map((one) => ({ ...nodes.at(0), ...one })),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("are those of the type, for jobs under way and the small records of the state", () => {
    const chain = new TestChain();
    const open = openJob(chain, chain.client, jobSpec("job", { rounds: 1 }));
    chain.advance(open);
    chain.advance();
    const transactions = commits(chain, jobOf(chain, open));
    chain.advance(...transactions);
    const job = jobOf(chain, open);
    const auditors = some(70, (node) => ({ node, segments: 2 * node }));
    expectSame(Job, [job, { ...job, auditors, refused: [], phase: 1 }, Job.defaultValue()]);
    expectSame(SignedTransaction, transactions);
    expectSame(TrackEntry, [
      { ...TrackEntry.defaultValue(), counts: some(100, (i) => i), node: 1 },
      TrackEntry.defaultValue(),
    ]);
    expectSame(
      Unbonding,
      some(5, (node) => ({ node, amount: 7n, freeAtHeight: node, freeAtTime: 9n })),
    );
    expectSame(
      CastParameterVote,
      some(3, (node) => ({ node, parameter: 3, value: hashOf(node) })),
    );
  });

  it("are those of the type for parts that are hashed one by one", () => {
    const Odd = new ContainerType({
      bits: new BitListType(40),
      long: new ByteVectorType(96),
      one: new ContainerType({ only: Uint32 }),
    });
    expectSame(
      Odd,
      some(5, (i) => ({
        bits: BitArray.fromBoolArray(some(i, (bit) => bit % 2 === 0)),
        long: new Uint8Array(96).fill(i),
        one: { only: i },
      })),
    );
  });

  it("are right for more values than are worked on together, and for none", () => {
    expectSame(
      WindowClaim,
      some(600, (i) => claimOf(i, 1, i % 4, 0)),
    );
    expect(rootsOf(WindowClaim, [])).to.deep.equal([]);
  });

  it("of a long list are remembered while it is the same list", () => {
    const auditors = some(100, (node) => ({ node, segments: 1 }));
    const job = { ...Job.defaultValue(), auditors };
    const roots = rootsOf(Job, [job, { ...job, round: 1 }, job]);
    expect(roots).to.deep.equal(
      [job, { ...job, round: 1 }, job].map((one) => Job.hashTreeRoot(one)),
    );
    let reads = 0;
    const watched = { ...job, round: 2, auditors: watching(auditors, () => reads++) };
    rootsOf(Job, [watched]);
    const once = reads;
    expect(once).to.be.at.least(100);
    rootsOf(Job, [{ ...watched, round: 3 }]);
    expect(reads, "none of its elements is looked at").to.equal(once);
    const changed = { ...job, auditors: auditors.with(7, { node: 7, segments: 2 }) };
    expect(rootsOf(Job, [changed])).to.deep.equal([Job.hashTreeRoot(changed)]);
  });

  it("of one list, which a block has", () => {
    const factors = { capacity: 1n, quality: 2, reliability: 3, energy: 4, freshness: 5 };
    for (const count of [0, 1, 300]) {
      const changes = some(count, (node) => {
        return { node, cause: 1, fault: 0, window: 1, segments: 2, factors, before: 3n, after: 4n };
      });
      expect(rootOf(RatingChanges, changes)).to.deep.equal(RatingChanges.hashTreeRoot(changes));
    }
  });

  it("are made with as few calls for many as for one: a value twice in a list is hashed once", () => {
    const vote = { node: 1, parameter: 2, value: hashOf(1) };
    const [first, second] = rootsOf(CastParameterVote, [vote, vote]);
    expect(first).to.deep.equal(second);
    expect(CastParameterVote.knownRoot(vote)).to.deep.equal(first);
  });
});
