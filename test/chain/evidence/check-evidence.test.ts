import { expect } from "chai";
import { checkEvidence, evidenceHeight } from "../../../chain/evidence/check-evidence.ts";
import { verifyEvidence } from "../../../chain/evidence/verify-evidence.ts";
import type { DuplicateClaim, Evidence } from "../../../chain/types/evidence.ts";
import { type Person, TestChain } from "../../helpers/chain.ts";
import { doubleClaim, doubleProposal, doubleVote } from "../../helpers/evidence.ts";
import { expectCode, expectCodeAsync } from "../../helpers/expect-code.ts";
import { claimOf, firstWindow } from "../../helpers/window-run.ts";

function start(): { chain: TestChain; guilty: Person } {
  const chain = new TestChain();
  chain.advanceTo(firstWindow(chain).checksDrawn);
  const [, guilty = chain.client] = chain.founders;
  return { chain, guilty };
}

describe("evidence", () => {
  const kinds = { doubleVote, doubleProposal, doubleClaim } as const;
  for (const [name, make] of Object.entries(kinds)) {
    const evidence = ({ chain, guilty }: ReturnType<typeof start>): Evidence =>
      name === "doubleClaim" ? doubleClaim(chain, guilty) : make(chain, guilty, chain.height);

    it(`of a ${name} is taken with both signatures`, async () => {
      const run = start();
      await verifyEvidence(run.chain.head.state, run.chain.genesisRoot, evidence(run));
    });

    it(`of a ${name} refuses EVIDENCE_BAD_SIGNATURE of another chain`, async () => {
      const run = start();
      const other = new TestChain({ parameters: { feeRate: 1 } });
      await expectCodeAsync(
        () => verifyEvidence(run.chain.head.state, other.genesisRoot, evidence(run)),
        "EVIDENCE_BAD_SIGNATURE",
      );
    });
  }

  it("refuses EVIDENCE_BAD_SIGNATURE when it names an innocent node", async () => {
    const { chain, guilty } = start();
    const evidence = { ...doubleVote(chain, guilty, chain.height), node: 0 };
    await expectCodeAsync(
      () => verifyEvidence(chain.head.state, chain.genesisRoot, evidence),
      "EVIDENCE_BAD_SIGNATURE",
    );
  });

  it("refuses EVIDENCE_UNRELATED when a claim names another node than its sender", () => {
    const { chain, guilty } = start();
    const evidence = { ...doubleClaim(chain, guilty), node: 0 };
    expectCode(() => checkEvidence(chain.head.state, evidence), "EVIDENCE_UNRELATED");
  });

  it("refuses EVIDENCE_UNKNOWN_NODE", () => {
    const { chain, guilty } = start();
    const evidence = { ...doubleVote(chain, guilty, chain.height), node: 4 };
    expectCode(() => checkEvidence(chain.head.state, evidence), "EVIDENCE_UNKNOWN_NODE");
  });

  it("refuses EVIDENCE_FROM_THE_FUTURE", () => {
    const { chain, guilty } = start();
    const evidence = doubleVote(chain, guilty, chain.height + 1);
    expectCode(() => checkEvidence(chain.head.state, evidence), "EVIDENCE_FROM_THE_FUTURE");
  });

  it("refuses EVIDENCE_WRONG_KIND: two transactions that claim nothing", () => {
    const { chain, guilty } = start();
    const evidence = doubleClaim(chain, guilty);
    const transfer = chain.transaction(guilty, "bond", { amount: 1n });
    const value: DuplicateClaim = { first: transfer, second: transfer };
    const bad = { ...evidence, proof: { ...evidence.proof, value } } as Evidence;
    expectCode(() => checkEvidence(chain.head.state, bad), "EVIDENCE_WRONG_KIND");
  });

  it("takes no fault in the same claim sent twice", () => {
    const { chain, guilty } = start();
    const value = claimOf(chain, guilty, 3);
    const first = chain.transaction(guilty, "window-commit", value, { nonce: 0 });
    const second = chain.transaction(guilty, "window-commit", value, { nonce: 1 });
    const evidence = doubleClaim(chain, guilty);
    const same = {
      ...evidence,
      proof: { ...evidence.proof, value: { first, second } },
    } as Evidence;
    expectCode(() => checkEvidence(chain.head.state, same), "EVIDENCE_SAME_VALUE");
  });

  it("belongs to the height of the vote, or of the window's opening", () => {
    const { chain, guilty } = start();
    expect(evidenceHeight(doubleVote(chain, guilty, 7))).to.equal(7);
    expect(evidenceHeight(doubleClaim(chain, guilty))).to.equal(firstWindow(chain).opens);
  });
});

describe("the age of a fault", () => {
  /** 32 heights and 10 s: blocks of 100 ms reach the heights first, blocks of 1 s the time. */
  const cases = [
    { name: "fast blocks wait for the time", stepMs: 100n, expiresAfterHeights: 100 },
    { name: "slow blocks wait for the heights", stepMs: 1000n, expiresAfterHeights: 32 },
  ];
  for (const { name, stepMs, expiresAfterHeights } of cases) {
    it(`expires when heights and time have both passed: ${name}`, () => {
      const chain = new TestChain({ stepMs });
      const [guilty = chain.client] = chain.founders;
      const evidence = doubleVote(chain, guilty, 1);
      const isTaken = (): boolean => {
        try {
          checkEvidence(chain.head.state, evidence);
          return true;
        } catch {
          return false;
        }
      };
      chain.advanceTo(expiresAfterHeights);
      expect(isTaken()).to.equal(true);
      // Marks are an epoch apart, so a fault may be punished one epoch longer, never shorter.
      chain.advanceTo(expiresAfterHeights + 2 * chain.head.state.parameters.epochBlocks);
      expectCode(() => checkEvidence(chain.head.state, evidence), "EVIDENCE_EXPIRED");
      expect(chain.head.state.timeMarks.length).to.be.below(20);
    });
  }
});
