import { expect } from "chai";
import { merkleProof, merkleRoot } from "../../../chain/proof/hash-tree.ts";
import { VERDICTS } from "../../../chain/types/node.ts";
import type { Finding } from "../../../chain/types/transaction.ts";
import type { WindowClaim } from "../../../chain/types/window.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import {
  awaitCommittees,
  claim,
  claimBy,
  findingOn,
  firstWindow,
  judgeAll,
  sealedFindingOn,
  showing,
  verdictOf,
  verifiersOf,
} from "../../helpers/window-run.ts";

/** Node 0 has claimed and its verifiers are drawn. */
function claimed(): { chain: TestChain; made: WindowClaim; verifiers: readonly number[] } {
  const chain = new TestChain();
  const { closes, checksDrawn } = firstWindow(chain);
  chain.advanceTo(closes);
  chain.advance(claim(chain, chain.personOfNode(0), 30));
  chain.advanceTo(checksDrawn);
  const [made] = chain.head.state.claims;
  if (made === undefined) throw new Error("no claim");
  return { chain, made, verifiers: verifiersOf(made) };
}

const verdicts = (chain: TestChain): (number | undefined)[] =>
  (chain.head.state.claims[0]?.checks ?? []).map(({ verdict }) => verdict);

describe("window-verdict", () => {
  it("is written beside its verifier", () => {
    const { chain, verifiers } = claimed();
    const [, second = -1] = verifiers;
    chain.advance(verdictOf(chain, second, 0, "not-served"));
    expect(verdicts(chain)).to.deep.equal([0, 3]);
  });

  it("takes a match only with the claimed end state, so that nobody can report one without a replay", () => {
    const { chain, made } = claimed();
    const [check] = made.checks;
    if (check === undefined) throw new Error("no check");
    const send = (finding: Finding) => {
      const value = { window: 1, node: 0, findings: [finding] };
      return chain.transaction(chain.personOfNode(check.verifier), "window-verdict", value);
    };
    const honest = findingOn(chain, made, check, "match");
    const wrong: Finding[] = [
      { ...honest, endHash: new Uint8Array(32) },
      { ...honest, path: [] },
      { ...honest, path: honest.path.slice(1) },
      // The start state of the segment, which the claimant does serve.
      {
        ...findingOn(chain, made, { lane: 0, segment: check.segment - 1 }, "match"),
        ...check,
        verdict: 0,
      },
    ];
    for (const finding of wrong) expectRefused(chain, send(finding), "BAD_FIELD");
    chain.advance(send(honest));
    expect(verdicts(chain)).to.include(1);
  });

  it("refuses NOT_ASSIGNED for nodes that were not drawn, for other segments, and before the draw", () => {
    const { chain, made, verifiers } = claimed();
    for (const node of [0, 1, 2, 3]) {
      const verdict = verdictOf(chain, node, 0, "mismatch");
      if (verifiers.includes(node)) expectApplies(chain, verdict);
      else expectRefused(chain, verdict, "NOT_ASSIGNED");
    }
    const [check] = made.checks;
    const elsewhere = { lane: 0, segment: ((check?.segment ?? 0) + 1) % 30 };
    const findings = [findingOn(chain, made, elsewhere, "mismatch")];
    const value = { window: 1, node: 0, findings };
    const verifier = chain.personOfNode(check?.verifier ?? -1);
    expectRefused(chain, chain.transaction(verifier, "window-verdict", value), "NOT_ASSIGNED");

    const early = new TestChain();
    early.advanceTo(firstWindow(early).closes);
    early.advance(claim(early, early.personOfNode(0), 30));
    expectRefused(early, verdictOf(early, verifiers[0] ?? -1, 0, "mismatch"), "NOT_ASSIGNED");
  });

  it("refuses UNKNOWN_NODE for a stranger", () => {
    const { chain, made } = claimed();
    const findings = [findingOn(chain, made, { lane: 0, segment: 0 }, "mismatch")];
    const value = { window: 1, node: 0, findings };
    const meddling = chain.transaction(chain.client, "window-verdict", value, { fee: 0n });
    expectRefused(chain, meddling, "UNKNOWN_NODE");
  });

  it("refuses ALREADY_DONE for a second verdict", () => {
    const { chain, made, verifiers } = claimed();
    const [first = -1] = verifiers;
    chain.advance(verdictOf(chain, first, 0, "mismatch"));
    const place = made.checks.find(({ verifier }) => verifier === first);
    if (place === undefined) throw new Error("no check");
    const value = { window: 1, node: 0, findings: [findingOn(chain, made, place, "match")] };
    const again = chain.transaction(chain.personOfNode(first), "window-verdict", value);
    expectRefused(chain, again, "ALREADY_DONE");
  });

  it("refuses NO_WINDOW without a claim to judge, and once claims are settled", () => {
    const { chain, made, verifiers } = claimed();
    const verifier = chain.personOfNode(verifiers[0] ?? -1);
    const findings = [findingOn(chain, made, { lane: 0, segment: 0 }, "mismatch")];
    const about = (node: number, window: number) =>
      chain.transaction(verifier, "window-verdict", { window, node, findings });
    expectRefused(chain, about(1, 1), "NO_WINDOW");
    expectRefused(chain, about(0, 2), "NO_WINDOW");
    chain.advanceTo(firstWindow(chain).verdictsUntil);
    expectRefused(chain, about(0, 1), "NO_WINDOW");
  });

  it("refuses BAD_FIELD for a verdict nobody knows, and for none", () => {
    const { chain, made, verifiers } = claimed();
    const verifier = chain.personOfNode(verifiers[0] ?? -1);
    const [check] = made.checks;
    const odd = { ...findingOn(chain, made, check ?? { lane: 0, segment: 0 }, "mismatch") };
    for (const findings of [[], [{ ...odd, verdict: VERDICTS.length }]]) {
      const value = { window: 1, node: 0, findings };
      const transaction = chain.transaction(verifier, "window-verdict", value, { fee: 0n });
      expect(expectRefused(chain, transaction, "BAD_FIELD").field).to.equal("findings");
    }
  });

  it("takes no finding of the first stage after its last block", () => {
    const { chain, verifiers } = claimed();
    const [accuser = -1, late = -1] = verifiers;
    chain.advance(verdictOf(chain, accuser, 0, "mismatch"));
    chain.advanceTo(firstWindow(chain).verdictsUntil - 1);
    expectApplies(chain, verdictOf(chain, late, 0, "match"));
    chain.advance();
    awaitCommittees(chain);
    const { appeal, checks } = claimBy(chain, 0);
    expect(appeal.members).not.to.have.length(0);
    const place = checks.find(({ verifier }) => verifier === late);
    if (place === undefined) throw new Error("no check");
    const findings = [findingOn(chain, claimBy(chain, 0), place, "match")];
    const value = { window: 1, node: 0, findings };
    const verdict = chain.transaction(chain.personOfNode(late), "window-verdict", value);
    expectRefused(chain, verdict, "NO_WINDOW");
  });
});

describe("window-verdict of a committee", () => {
  /** Node 0's claim is disputed and a committee drawn. */
  function appealed(): { chain: TestChain; members: number[]; stranger: number } {
    const chain = new TestChain({ founders: 9 });
    const { closes, checksDrawn } = firstWindow(chain);
    chain.advanceTo(closes);
    chain.advance(claim(chain, chain.personOfNode(0), 30));
    chain.advanceTo(checksDrawn);
    judgeAll(chain, () => "mismatch");
    const members = claimBy(chain, 0).appeal.members.map(({ verifier }) => verifier);
    const stranger = [1, 2, 3, 4, 5, 6, 7, 8].find((node) => !members.includes(node)) ?? -1;
    return { chain, members, stranger };
  }

  const send = (chain: TestChain, from: number, ...findings: Finding[]) => {
    const value = { window: 1, node: 0, findings };
    return chain.transaction(chain.personOfNode(from), "window-verdict", value, { fee: 0n });
  };
  const appealOf = (chain: TestChain) => claimBy(chain, 0).appeal;
  const found = (chain: TestChain, verdict: (typeof VERDICTS)[number]) =>
    findingOn(chain, claimBy(chain, 0), appealOf(chain), verdict);

  it("is kept with its seal", () => {
    const { chain, members } = appealed();
    const [first = -1, second = -1] = members;
    const seal = sealedFindingOn(chain, claimBy(chain, 0), first, "match");
    chain.advance(send(chain, first, seal));
    chain.advance(verdictOf(chain, second, 0, "not-served"));
    const kept = appealOf(chain).members;
    expect(kept.map(({ verdict }) => verdict)).to.deep.equal([4, 3, 0, 0, 0]);
    expect(kept[0]?.seal).to.deep.equal(seal.endHash);
    expect(kept[1]?.seal).to.deep.equal(new Uint8Array(32));
  });

  it("refuses an accusation in the clear before all have answered, and a seal with a path", () => {
    const { chain, members } = appealed();
    const [member = -1] = members;
    expectRefused(chain, send(chain, member, found(chain, "mismatch")), "NO_WINDOW");
    const seal = sealedFindingOn(chain, claimBy(chain, 0), member, "match");
    const padded = { ...seal, path: [new Uint8Array(32)] };
    expectRefused(chain, send(chain, member, padded), "BAD_FIELD");
    expectApplies(chain, send(chain, member, seal));
  });

  it("refuses BAD_FIELD for a seal in place of a verifier's finding", () => {
    const { chain, made, verifiers } = claimed();
    const [check] = made.checks;
    if (check === undefined) throw new Error("no check");
    const seal = findingOn(chain, made, check, "sealed");
    expectRefused(chain, send(chain, verifiers[0] ?? -1, seal), "BAD_FIELD");
  });

  it("refuses NOT_ASSIGNED for a node that is not a member", () => {
    const { chain, stranger } = appealed();
    expectRefused(chain, send(chain, stranger, found(chain, "sealed")), "NOT_ASSIGNED");
    expectRefused(chain, send(chain, 0, found(chain, "sealed")), "NOT_ASSIGNED");
  });

  it("refuses ALREADY_DONE for a second answer, NO_WINDOW for a late one", () => {
    const { chain, members } = appealed();
    const [first = -1, second = -1] = members;
    chain.advance(verdictOf(chain, first, 0, "mismatch"));
    const again = sealedFindingOn(chain, claimBy(chain, 0), first, "match");
    expectRefused(chain, send(chain, first, again), "ALREADY_DONE");
    chain.advanceTo(firstWindow(chain).sealsUntil - 1);
    expectApplies(chain, verdictOf(chain, second, 0, "match"));
    chain.advance();
    expectRefused(chain, verdictOf(chain, second, 0, "match"), "NO_WINDOW");
  });

  it("is opened by the claimant or a member once all have answered", () => {
    const { chain, members, stranger } = appealed();
    const [last = -1, ...rest] = members;
    for (const member of rest) chain.advance(verdictOf(chain, member, 0, "match"));
    for (const node of [0, last]) {
      expectRefused(chain, showing(chain, 0, node), "NO_WINDOW");
    }
    chain.advance(verdictOf(chain, last, 0, "match"));
    expect(chain.height).to.be.below(firstWindow(chain).sealsUntil);
    expectRefused(chain, showing(chain, 0, stranger), "NOT_ASSIGNED");
    const wrong = { ...found(chain, "match"), endHash: new Uint8Array(32).fill(1) };
    expectRefused(chain, send(chain, 0, wrong), "BAD_FIELD");
    for (const node of [0, last]) expectApplies(chain, showing(chain, 0, node));
    expectRefused(
      chain,
      send(chain, 0, found(chain, "match"), found(chain, "match")),
      "ALREADY_DONE",
    );
    chain.advance(showing(chain, 0));
    expect(chain.head.state.claims).to.have.length(0);
  });

  it("refuses BAD_FIELD for an end state of zero, which would be shown for ever", () => {
    const { chain, members } = appealed();
    chain.advance(verdictOf(chain, members[0] ?? -1, 0, "match"));
    chain.advanceTo(firstWindow(chain).sealsUntil);
    const { state } = chain.head;
    const claim = claimBy(chain, 0);
    const [{ segments } = { segments: 0 }] = claim.lanes;
    const hashes = Array.from({ length: segments + 1 }, () => new Uint8Array(32));
    state.claims = [{ ...claim, lanes: [{ segments, checkpointRoot: merkleRoot(hashes) }] }];
    const { lane, segment } = claim.appeal;
    const path = [...merkleProof(hashes, segment + 1).siblings];
    const finding = { lane, segment, verdict: 0, endHash: new Uint8Array(32), path };
    const value = { window: 1, node: 0, findings: [finding] };
    const shown = chain.transaction(chain.personOfNode(0), "window-verdict", value, { fee: 0n });
    const facts = expectRefused(chain, shown, "BAD_FIELD");
    expect(facts.reason).to.contain("zero");
  });

  it("is opened after the last block for answers, whichever nodes were silent", () => {
    const { chain, members } = appealed();
    chain.advance(verdictOf(chain, members[0] ?? -1, 0, "match"));
    chain.advanceTo(firstWindow(chain).sealsUntil);
    expectApplies(chain, showing(chain, 0));
    chain.advance(showing(chain, 0));
    expect(chain.head.state.claims).to.have.length(0);
    expect(chain.head.state.nodes.at(0).bond).to.equal(1000_000_000n);
  });
});
