/**
 * Somebody opens jobs, cancels and settles them, again and again: the places are free again, but if every settled job
 * stayed in the memory of every node, nodes would run out of it. A settled job leaves no more than its root there, 64
 * of them in one node of the tree, and has paid for a place all the same.
 */
import { Tree } from "@chainsafe/persistent-merkle-tree";
import { expect } from "chai";
import { toHex } from "../../chain/crypto/hash.ts";
import { jobPrice } from "../../chain/job/price.ts";
import { isIncluded, proveRecord, recordIndex } from "../../chain/proof/inclusion.ts";
import { PACKED, PackedRoots } from "../../chain/state/packed-roots.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { Job } from "../../chain/types/job.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { TestChain } from "../helpers/chain.ts";
import { jobSpec } from "../helpers/job-run.ts";

const JOBS = 2 * PACKED;
/** Orders for which one block has room. */
const PER_BLOCK = 32;

describe("attack: fill the memory of nodes with settled jobs", function () {
  this.timeout(60_000);

  it("leaves nothing but roots in memory, and each job has paid for its place", () => {
    const chain = new TestChain();
    const { client } = chain;
    const balance = (): bigint => chain.head.state.account(client.address).balance;
    const burned = (): bigint => chain.head.state.meta.burned;
    const before = { balance: balance(), burned: burned() };
    const inTurn = (make: (nonce: number, i: number) => SignedTransaction): SignedTransaction[] => {
      const { nonce } = chain.head.state.account(client.address);
      const all = Array.from({ length: JOBS }, (_, i) => make(nonce + i, i));
      for (let i = 0; i < JOBS; i += PER_BLOCK) chain.advance(...all.slice(i, i + PER_BLOCK));
      return all;
    };
    const { parameters } = chain.head.state;
    const opened = inTurn((nonce, i) => {
      const spec = jobSpec(`job ${i}`);
      const escrow = jobPrice(spec, parameters) + 1_000_000n;
      return chain.transaction(client, "job-open", { spec, escrow }, { nonce });
    });
    for (const kind of ["job-cancel", "job-settle"] as const) {
      inTurn((nonce, i) => {
        const job = transactionId((opened[i] as SignedTransaction).transaction);
        return chain.transaction(client, kind, { job }, { nonce });
      });
    }
    const { state } = chain.head;
    const root = state.root();
    expect([state.jobs.length, state.jobs.activeCount]).to.deep.equal([JOBS, 0]);
    for (let index = 0; index < JOBS; index++) {
      const { id, phase } = chain.job(index);
      expect(phase, `job ${index}`).to.equal(6);
      expect(state.jobs.get(index)).to.equal(undefined);
      expect(state.jobIndex(id)).to.equal(undefined);
      const place = recordIndex("jobs", index);
      const stretch = new Tree(state.tree().node).getNode(place / BigInt(PACKED));
      expect(stretch).to.be.instanceOf(PackedRoots);
      const leaf = Job.hashTreeRoot(chain.job(index));
      const path = proveRecord(state, "jobs", index);
      expect(isIncluded(root, leaf, place, path), `proof of ${toHex(id)}`).to.equal(true);
    }
    const after = { balance: balance(), burned: burned() };
    const lost = before.balance - after.balance;
    const burnedByJobs = after.burned - before.burned;
    process.stdout.write(
      `      attacker: balance ${before.balance} -> ${after.balance}, ${lost / BigInt(JOBS)} a job, ` +
        `${burnedByJobs / BigInt(JOBS)} of it burned; weight and rating: none; victims: unchanged\n`,
    );
    expect(burnedByJobs >= BigInt(JOBS) * parameters.feeFloor, "every place is paid").to.equal(
      true,
    );
    expect(lost > burnedByJobs, "and the fees beside it").to.equal(true);
  });
});
