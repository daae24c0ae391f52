import { Tree } from "@chainsafe/persistent-merkle-tree";
import { expect } from "chai";
import fc from "fast-check";
import { sha256, toHex, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { phaseCode } from "../../../chain/job/phase.ts";
import { isIncluded, proveRecord, recordIndex } from "../../../chain/proof/inclusion.ts";
import { PACKED, PackedRoots, rootsUnder, subtreeOf } from "../../../chain/state/packed-roots.ts";
import { State } from "../../../chain/state/state.ts";
import { Job } from "../../../chain/types/job.ts";
import { StateTree } from "../../../chain/types/state.ts";
import { TestChain } from "../../helpers/chain.ts";
import { jobOf, jobSpec, openJob } from "../../helpers/job-run.ts";
import { partsOf } from "../../helpers/state.ts";

const jobWith = (index: number, phase: "training" | "settled"): Job => ({
  ...Job.defaultValue(),
  id: sha256(uint32Bytes(index)),
  phase: phaseCode(phase),
  round: index,
});

/** A state that saw these jobs opened, and settled in the order given, a block each. */
function stateAfter(count: number, settling: readonly number[]): { state: State; jobs: Job[] } {
  const { state } = new TestChain().head;
  const jobs = Array.from({ length: count }, (_, index) => jobWith(index, "training"));
  const opening = state.fork();
  for (const job of jobs) opening.jobs.push(job);
  opening.root();
  state.absorb(opening);
  for (const index of settling) {
    const block = state.fork();
    const settled = jobWith(index, "settled");
    jobs[index] = settled;
    block.jobs.set(index, settled);
    block.root();
    state.absorb(block);
  }
  return { state, jobs };
}

const jobsRootOf = (state: State): string => {
  const { gindex } = StateTree.getPathInfo(["jobs"]);
  return toHex(new Tree(state.tree().node).getRoot(gindex));
};
const nodeOver = (state: State, index: number) => {
  const { gindex } = StateTree.getPathInfo(["jobs", index]);
  return new Tree(state.tree().node).getNode(gindex / BigInt(PACKED));
};

describe("PackedRoots", () => {
  const roots = Array.from({ length: PACKED }, (_, i) => sha256(uint32Bytes(i)));

  it("is the subtree that its roots would be, in its root, its proofs and its leaves", () => {
    const packed = PackedRoots.of(roots);
    const plain = subtreeOf(roots);
    expect(toHex(packed.root)).to.equal(toHex(plain.root));
    expect(rootsUnder(plain)).to.deep.equal(rootsUnder(packed));
    for (const at of [0, 1, 37, PACKED - 1]) {
      const gindex = BigInt(PACKED + at);
      const proof = new Tree(packed).getSingleProof(gindex);
      expect(proof.map(toHex)).to.deep.equal(new Tree(plain).getSingleProof(gindex).map(toHex));
      expect(toHex(new Tree(packed).getRoot(gindex))).to.equal(toHex(roots[at] ?? Uint8Array.of()));
    }
    expect(() => PackedRoots.of(roots.slice(1))).to.throw(RangeError);
  });

  it("takes another leaf without a change of itself", () => {
    const packed = PackedRoots.of(roots);
    const tree = new Tree(packed);
    const changed = roots.with(5, sha256(Uint8Array.of(1)));
    tree.setNode(BigInt(PACKED + 5), subtreeOf(changed).left.left.left.right.left.right);
    expect(toHex(tree.root)).to.equal(toHex(subtreeOf(changed).root));
    expect(toHex(packed.root)).to.equal(toHex(subtreeOf(roots).root));
  });
});

describe("settled jobs in a state", () => {
  it("leave it, while its root and the proofs of all jobs stay those of their records", () => {
    const all = Array.from({ length: 2 * PACKED + 9 }, (_, index) => index);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: all.length }),
        fc.shuffledSubarray(all, { minLength: 0 }),
        (count, order) => {
          const settling = order.filter((index) => index < count);
          const { state, jobs } = stateAfter(count, settling);
          const expected = toHex(StateTree.fields.jobs.hashTreeRoot(jobs));
          expect(jobsRootOf(state)).to.equal(expected);
          expect(state.jobs.length).to.equal(count);
          expect(state.jobs.activeCount).to.equal(count - settling.length);
          for (const [index, job] of jobs.entries()) {
            const isSettled = settling.includes(index);
            expect(state.jobs.get(index) === undefined).to.equal(isSettled);
            expect(state.jobIndex(job.id)).to.equal(isSettled ? undefined : index);
            expect(toHex(state.jobRoot(index))).to.equal(toHex(Job.hashTreeRoot(job)));
          }
          const stored = State.of({ ...state.parts(), jobs: partsOf(state).jobs });
          expect(toHex(stored.root())).to.equal(toHex(state.root()));
          expect(stored.jobs.length).to.equal(count);
          expect([...stored.jobs.activeEntries()]).to.deep.equal([...state.jobs.activeEntries()]);
        },
      ),
      { seed: 3, numRuns: 5 },
    );
  });

  it("stand in one node of the tree where all of a stretch are settled, and can be proven there", () => {
    const stretch = Array.from({ length: PACKED }, (_, i) => i);
    const { state, jobs } = stateAfter(PACKED + 3, [...stretch.slice(1), PACKED + 1]);
    expect(nodeOver(state, 0)).not.to.be.instanceOf(PackedRoots);
    const last = state.fork();
    const first = jobWith(0, "settled");
    last.jobs.set(0, first);
    const root = last.root();
    state.absorb(last);
    expect(nodeOver(state, 0)).to.be.instanceOf(PackedRoots);
    expect(nodeOver(state, PACKED)).not.to.be.instanceOf(PackedRoots);
    expect(toHex(state.root())).to.equal(toHex(root));
    for (const [index, job] of [first, ...jobs.slice(1)].entries()) {
      const path = proveRecord(state, "jobs", index);
      const leaf = Job.hashTreeRoot(job);
      expect(isIncluded(root, leaf, recordIndex("jobs", index), path), `${index}`).to.equal(true);
    }
  });

  it("do so when a state is made from its parts, and in states that continue from it", () => {
    const { state, jobs } = stateAfter(
      2 * PACKED,
      Array.from({ length: 100 }, (_, i) => i),
    );
    const again = State.of(state.parts());
    expect(nodeOver(again, 0)).to.be.instanceOf(PackedRoots);
    const block = again.fork();
    for (let index = 100; index < 2 * PACKED; index++) {
      jobs[index] = jobWith(index, "settled");
      block.jobs.set(index, jobWith(index, "settled"));
    }
    block.root();
    again.absorb(block);
    expect(nodeOver(again, PACKED)).to.be.instanceOf(PackedRoots);
    expect(jobsRootOf(again)).to.equal(toHex(StateTree.fields.jobs.hashTreeRoot(jobs)));
  });

  it("are under way to a candidate that does not settle them, whatever another does", () => {
    const { state } = stateAfter(3, []);
    const before = toHex(state.root());
    const dropped = state.fork();
    dropped.jobs.set(1, jobWith(1, "settled"));
    dropped.root();
    const other = state.fork();
    expect(other.jobs.at(1)).to.deep.equal(jobWith(1, "training"));
    expect(other.jobs.activeCount).to.equal(3);
    expect(toHex(other.root())).to.equal(before);
    state.absorb(other);
    expect(state.jobs.activeCount).to.equal(3);
    expect(state.jobs.at(1).phase).to.equal(phaseCode("training"));
  });

  it("are unknown to the rules in the block that settles them and in those that follow", () => {
    const chain = new TestChain();
    const { client } = chain;
    const open = openJob(chain, client, jobSpec("job"));
    chain.advance(open);
    const { id } = jobOf(chain, open);
    const { nonce } = chain.head.state.account(client.address);
    const settle = (at: number) =>
      chain.transaction(client, "job-settle", { job: id }, { nonce: nonce + at });
    const block = chain.build([
      chain.transaction(client, "job-cancel", { job: id }, { nonce }),
      settle(1),
      settle(2),
    ]);
    expect(block.body.transactions).to.have.length(2);
    chain.take(block);
    expect(chain.build([settle(2)]).body.transactions).to.have.length(0);
    expect(chain.head.state.jobs.get(0)).to.equal(undefined);
    expect(jobOf(chain, open).phase).to.equal(phaseCode("settled"));
  });
});
