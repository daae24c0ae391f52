import { expect } from "chai";
import { checkEvidence, evidenceHeight } from "../../../chain/evidence/check-evidence.ts";
import { verifyEvidence } from "../../../chain/evidence/verify-evidence.ts";
import { phaseOf } from "../../../chain/job/phase.ts";
import type { DuplicateLease, Evidence } from "../../../chain/types/evidence.ts";
import { doubleLease, doubleVote, usurpedLease } from "../../helpers/evidence.ts";
import { expectCode, expectCodeAsync } from "../../helpers/expect-code.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import { SearchStory } from "../../helpers/search-run.ts";

/** Takes a block with this evidence. */
function convict({ chain }: SearchStory, evidence: Evidence): void {
  const block = chain.build([], 0, 1_000_000, [evidence]);
  expect(block.body.evidence).has.length(1);
  chain.take(block);
}

describe("faults in a log of leases", () => {
  const story = new SearchStory({ order: { teamSize: 5 } });
  const { chain, job } = story;
  const { state } = chain.head;
  const team = job.team.map((node) => ({ node, who: chain.personOfNode(node) }));
  const [first, second] = team;
  if (first === undefined || second === undefined) throw new Error("no team");

  it("are two logs of one manager, proven by both signatures", async () => {
    const evidence = doubleLease(chain, first.who, job);
    await verifyEvidence(state, chain.genesisRoot, evidence);
    expect(evidenceHeight(evidence)).equal(undefined);
    await expectCodeAsync(
      () => verifyEvidence(state, new Uint8Array(32), evidence),
      "EVIDENCE_BAD_SIGNATURE",
    );
  });

  it("are an entry of a view that is another's turn", async () => {
    await verifyEvidence(state, chain.genesisRoot, usurpedLease(chain, second.who, job));
    const own = usurpedLease(chain, second.who, job, { view: 1 });
    expectCode(() => checkEvidence(state, own), "EVIDENCE_OWN_TURN");
  });

  it("are not two entries that one honest manager may write", () => {
    const { proof } = doubleLease(chain, first.who, job);
    const { first: a, second: b } = proof.value as DuplicateLease;
    const other = (fields: Partial<typeof a.entry>) => ({ ...b, entry: { ...b.entry, ...fields } });
    const pair = (one: typeof a, two: typeof a): Evidence => {
      return { node: first.node, proof: { ...proof, value: { first: one, second: two } } };
    };
    const refused = (evidence: Evidence, code: string) =>
      expectCode(() => checkEvidence(state, evidence), code);
    refused(pair(a, a), "EVIDENCE_SAME_VALUE");
    refused(pair(b, a), "EVIDENCE_NOT_CANONICAL");
    for (const fields of [{ sequence: 2 }, { view: 5 }, { round: 2 }, { manager: second.node }]) {
      const evidence = [pair(a, other(fields)), pair(other(fields), a)];
      const codes = evidence.map((piece) => {
        try {
          checkEvidence(state, piece);
          return "none";
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
      expect(codes.sort()).deep.equal(["EVIDENCE_NOT_CANONICAL", "EVIDENCE_UNRELATED"]);
    }
    refused({ ...doubleLease(chain, first.who, job), node: second.node }, "EVIDENCE_UNRELATED");
  });

  it("are none outside the team, nor of a job that is over", () => {
    const outside = state.nodes.length - 1;
    const stranger = Array.from({ length: outside + 1 }, (_, node) => node).find(
      (node) => !job.team.includes(node),
    );
    const who = chain.personOfNode(stranger ?? -1);
    expectCode(() => checkEvidence(state, doubleLease(chain, who, job)), "EVIDENCE_NO_TEAM");
    const unknown = { ...job, id: new Uint8Array(32).fill(7) };
    const evidence = doubleLease(chain, first.who, unknown);
    expectCode(() => checkEvidence(state, evidence), "EVIDENCE_NO_TEAM");
  });

  it("cost bond, rating and the place in the team: no post, no signature, no credits", () => {
    const own = new SearchStory({ order: { teamSize: 5 } });
    const [bad = -1, good = -1] = own.job.team;
    own.commitAll([0n], [1n], [2n], [3n]);
    own.advance(own.record());
    own.commitAll([4n], [5n], [6n], [7n]);
    expect(own.job.credits[0]).equal(2);
    const { bond } = own.chain.head.state.nodes.at(bad);
    convict(own, doubleLease(own.chain, own.chain.personOfNode(bad), own.job, { round: 2 }));
    const after = own.chain.head.state.nodes.at(bad);
    expect(after.bond < bond && after.rating === 0n && after.slashedAt > 0).equal(true);
    expect(own.job.expelled).deep.equal([bad]);
    expect(own.job.credits[0]).equal(0);
    expectRefused(own.chain, own.record(), "NOT_ASSIGNED");
    const others = { manager: good, members: [1, 2, 3, 4] };
    expectRefused(own.chain, own.record({}, { manager: good }), "BAD_FIELD");
    expectRefused(own.chain, own.record({}, { manager: good, members: [1, 2] }), "BAD_FIELD");
    own.advance(own.record({}, others));
    while (phaseOf(own.job) === "training") {
      own.commitAll(...own.dealt());
      own.advance(own.record({}, others));
    }
    own.settled();
    expect(own.job.settlement.managers > 0n).equal(true);
  });

  it("put a member out of all its teams, since nobody is punished twice", () => {
    const own = new SearchStory({ nodes: 5, order: { teamSize: 5, participants: 2 } });
    const [bad = -1, good = -1] = own.job.team;
    own.commitAll(...own.dealt());
    // A fault that has nothing to do with this job.
    convict(own, doubleVote(own.chain, own.chain.personOfNode(bad)));
    expect(own.job.expelled).deep.equal([]);
    expectRefused(own.chain, own.record({}, { manager: good }), "BAD_FIELD");
    expectApplies(own.chain, own.record({}, { manager: good, members: [1, 2, 3, 4] }));
  });
});
