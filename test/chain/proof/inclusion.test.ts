import { expect } from "chai";
import { isIncluded, proveRecord, recordIndex } from "../../../chain/proof/inclusion.ts";
import type { TableList } from "../../../chain/state/tables.ts";
import { Job } from "../../../chain/types/job.ts";
import { NodeRecord } from "../../../chain/types/node.ts";
import { Account } from "../../../chain/types/state.ts";
import { TestChain } from "../../helpers/chain.ts";
import { jobSpec, openJob } from "../../helpers/job-run.ts";

describe("inclusion proofs", () => {
  const chain = new TestChain();
  chain.advance(openJob(chain, chain.client, jobSpec("job")));
  // Past an epoch boundary, so that every part of the tree has moved.
  chain.advanceTo(20);
  const { state } = chain.head;
  const root = chain.blocks.at(-1)?.header.stateRoot ?? new Uint8Array();
  const leaves: [TableList, number, Uint8Array][] = [
    ["accounts", 0, Account.hashTreeRoot(state.accounts.at(0))],
    ["accounts", 4, Account.hashTreeRoot(state.accounts.at(4))],
    ["registry", 2, NodeRecord.hashTreeRoot(state.nodes.at(2))],
    ["jobs", 0, Job.hashTreeRoot(state.jobs.at(0))],
  ];

  it("show that the header's state root holds a record", () => {
    for (const [list, index, leaf] of leaves) {
      const siblings = proveRecord(state, list, index);
      expect(isIncluded(root, leaf, recordIndex(list, index), siblings)).to.equal(true, list);
    }
  });

  it("fail for another record, place, root or path", () => {
    for (const [list, index, leaf] of leaves) {
      const siblings = proveRecord(state, list, index);
      const place = recordIndex(list, index);
      const altered = leaf.slice();
      altered[0] = (altered[0] ?? 0) ^ 1;
      expect(isIncluded(root, altered, place, siblings)).to.equal(false);
      expect(isIncluded(altered, leaf, place, siblings)).to.equal(false);
      expect(isIncluded(root, leaf, recordIndex(list, index + 1), siblings)).to.equal(false);
      expect(isIncluded(root, leaf, place, siblings.slice(1))).to.equal(false);
      expect(isIncluded(root, leaf, place, [...siblings, altered])).to.equal(false);
      for (const [i, sibling] of siblings.entries()) {
        const bent = [...siblings];
        bent[i] = Uint8Array.from(sibling, (byte, at) => (at === 5 ? byte ^ 1 : byte));
        expect(isIncluded(root, leaf, place, bent)).to.equal(false, `${list}, sibling ${i}`);
      }
    }
  });

  it("take no sibling of another length and no empty path", () => {
    const [list, index, leaf] = leaves[0] ?? ["accounts", 0, root];
    const siblings = proveRecord(state, list, index);
    const longer = siblings.with(0, new Uint8Array(33));
    expect(isIncluded(root, leaf, recordIndex(list, index), longer)).to.equal(false);
    expect(isIncluded(root, root, 0n, [])).to.equal(false);
  });
});
