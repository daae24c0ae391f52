import { expect } from "chai";
import { EvidencePool } from "../../../chain/evidence/pool.ts";
import { TestChain } from "../../helpers/chain.ts";
import { doubleProposal, doubleVote } from "../../helpers/evidence.ts";
import { expectCode } from "../../helpers/expect-code.ts";

describe("EvidencePool", () => {
  it("keeps one piece per accused and forgets the punished", () => {
    const chain = new TestChain();
    const [guilty = chain.client, other = chain.client] = chain.founders;
    chain.advance();
    const pool = new EvidencePool();
    const { state } = chain.head;
    pool.add(state, doubleVote(chain, guilty, 1));
    expectCode(() => pool.add(state, doubleProposal(chain, guilty, 1)), "EVIDENCE_KNOWN");
    pool.add(state, doubleProposal(chain, other, 1));
    expect(pool.select()).to.have.length(2);
    const [first] = pool.select();
    chain.take(chain.build([], 0, 1_000_000, first === undefined ? [] : [first]));
    pool.afterBlock(chain.head.state);
    expect(pool.select().map(({ node }) => node)).to.deep.equal([1]);
    expectCode(
      () => pool.add(chain.head.state, doubleVote(chain, guilty, 1)),
      "EVIDENCE_ALREADY_PUNISHED",
    );
  });

  it("stays empty under forged, premature and unknown pieces", () => {
    const chain = new TestChain();
    const [guilty = chain.client] = chain.founders;
    const pool = new EvidencePool();
    for (let i = 0; i < 200; i++) {
      const evidence = { ...doubleVote(chain, guilty, 2 + i), node: i };
      try {
        pool.add(chain.head.state, evidence);
      } catch {
        // Refused, as it must be.
      }
    }
    expect(pool.size).to.equal(0);
  });
});
