import { expect } from "chai";
import {
  type BodyKind,
  proveInBody,
  proveInState,
  type StateKind,
  verifyInclusion,
} from "../../../chain/light/inclusion.ts";
import type { Header } from "../../../chain/types/block.ts";
import { Job, JobRecord } from "../../../chain/types/job.ts";
import { type InclusionProof, MAX_PROVEN_BYTES, PROVABLE } from "../../../chain/types/light.ts";
import { NodeRecord, RatingChange } from "../../../chain/types/node.ts";
import { Account, StateTree } from "../../../chain/types/state.ts";
import { SignedTransaction } from "../../../chain/types/transaction.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectCode } from "../../helpers/expect-code.ts";
import { commits, jobOf, jobSpec, openJob, roundRecord } from "../../helpers/job-run.ts";
import { LightChain } from "../../helpers/light-chain.ts";

describe("proofs for a light client", () => {
  const ledger = new LightChain(new TestChain());
  const { chain } = ledger;
  const open = openJob(chain, chain.client, jobSpec("job"));
  ledger.advance(open);
  const payments = [1n, 2n, 3n].map((amount, i) =>
    chain.transaction(
      chain.client,
      "transfer",
      { to: chain.client.address, amount },
      { nonce: chain.head.state.account(chain.client.address).nonce + i },
    ),
  );
  ledger.advance(...payments);
  // The job is drawn by now: commits, then the record.
  const committed = ledger.advance(...commits(chain, jobOf(chain, open)));
  const recorded = ledger.advance(roundRecord(chain, jobOf(chain, open)));
  // The window closes without a claim: every rating changes.
  ledger.advanceTo(40);
  const settled = ledger.blocks.find(({ block }) => block.body.ratingChanges.length > 0);
  const head = ledger.blocks.at(-1)?.block.header;
  if (settled === undefined || head === undefined) throw new Error("no ratings changed");

  const proofs: { name: string; header: Header; proof: InclusionProof; leaf: Uint8Array }[] = [];
  const { state } = chain.head;
  const inState = (kind: StateKind, index: number, leaf: Uint8Array): void => {
    proofs.push({ name: kind, header: head, proof: proveInState(state, kind, index), leaf });
  };
  inState("account", 0, Account.serialize(state.accounts.at(0)));
  inState("account", 4, Account.serialize(state.accounts.at(4)));
  inState("node", 3, NodeRecord.serialize(state.nodes.at(3)));
  inState("job", 0, Job.serialize(state.jobs.at(0)));
  const inBody = (kind: BodyKind, { block }: typeof committed, index: number, leaf: Uint8Array) => {
    const proof = proveInBody(block.body, kind, index);
    proofs.push({ name: kind, header: block.header, proof, leaf });
  };
  committed.block.body.transactions.forEach((transaction, index) => {
    inBody("transaction", committed, index, SignedTransaction.serialize(transaction));
  });
  recorded.block.body.records.forEach((record, index) => {
    inBody("record", recorded, index, JobRecord.serialize(record));
  });
  settled.block.body.ratingChanges.forEach((change, index) => {
    inBody("rating-change", settled, index, RatingChange.serialize(change));
  });

  it("covers every kind", () => {
    expect(new Set(proofs.map(({ name }) => name))).to.deep.equal(new Set(PROVABLE));
  });

  it("hold under their header, and say what they prove", () => {
    for (const { name, header, proof, leaf } of proofs) {
      const proven = verifyInclusion(header, proof);
      expect(proven.kind).to.equal(name);
      expect(proven.index).to.equal(proof.index);
      expect(proof.value).to.deep.equal(leaf);
    }
  });

  it("hold for nothing else: value, place, kind, path or header", () => {
    for (const { name, header, proof } of proofs) {
      const refused = (change: Partial<InclusionProof>, under = header): void => {
        expectCode(() => verifyInclusion(under, { ...proof, ...change }), "LIGHT_NOT_INCLUDED");
      };
      const value = proof.value.slice();
      value[0] = (value[0] ?? 0) ^ 1;
      if (name !== "transaction") refused({ value });
      refused({ index: proof.index + 1 });
      refused({ kind: PROVABLE.length });
      refused({ path: proof.path.slice(1) });
      const roots = { stateRoot: header.parent, transactionsRoot: header.parent };
      refused({}, { ...header, ...roots, recordsRoot: header.parent, ratingsRoot: header.parent });
    }
  });

  it("take no position past the end of a list, where the tree goes on with something else", () => {
    const [proof] = proofs.filter(({ name }) => name === "node").map((entry) => entry.proof);
    if (proof === undefined) throw new Error("no proof");
    const index = StateTree.fields.registry.limit;
    expectCode(() => verifyInclusion(head, { ...proof, index }), "LIGHT_NOT_INCLUDED");
    const transaction = { ...proof, kind: PROVABLE.indexOf("transaction"), index: 4096 };
    const value = SignedTransaction.serialize(open);
    expectCode(() => verifyInclusion(head, { ...transaction, value }), "LIGHT_NOT_INCLUDED");
  });

  it("refuse bytes of another form", () => {
    const [first] = proofs;
    if (first === undefined) throw new Error("no proof");
    const value = first.proof.value.slice(1);
    expectCode(() => verifyInclusion(head, { ...first.proof, value }), "DECODE");
  });

  it("have room for the largest of everything", () => {
    const types = [Account, NodeRecord, Job, SignedTransaction, JobRecord, RatingChange];
    expect(Math.max(...types.map(({ maxSize }) => maxSize))).to.be.at.most(MAX_PROVEN_BYTES);
  });

  it("are not made for things that do not exist", () => {
    expect(() => proveInBody(recorded.block.body, "record", 1)).to.throw(RangeError);
    expect(() => proveInState(state, "job", 1)).to.throw(RangeError);
  });
});
