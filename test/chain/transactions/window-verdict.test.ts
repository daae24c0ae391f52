import { expect } from "chai";
import { VERDICTS } from "../../../chain/types/node.ts";
import type { Finding } from "../../../chain/types/transaction.ts";
import type { WindowClaim } from "../../../chain/types/window.ts";
import { TestChain } from "../../helpers/chain.ts";
import { expectApplies, expectRefused } from "../../helpers/expect-transaction.ts";
import { claim, findingOn, firstWindow, verdictOf, verifiersOf } from "../../helpers/window-run.ts";

/** Node 0 has claimed and its verifiers are drawn. */
function claimed(): { chain: TestChain; made: WindowClaim; verifiers: readonly number[] } {
  const chain = new TestChain();
  const { closes, claimsUntil } = firstWindow(chain);
  chain.advanceTo(closes);
  chain.advance(claim(chain, chain.personOfNode(0), 30));
  chain.advanceTo(claimsUntil);
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

  it("takes a match only with the end state that was claimed: nobody can say so unseen", () => {
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

  it("refuses NOT_ASSIGNED for whoever was not drawn, for other segments, and before the draw", () => {
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
});
