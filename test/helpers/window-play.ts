/** Whole benchmark windows of a test chain: what each node does, and honest verifiers of all of it. */
import { drawnAt } from "../../chain/schedule/drawn-at.ts";
import type { TestChain } from "./chain.ts";
import {
  awaitCommittees,
  claimOf,
  findingOn,
  latestEnd,
  refutations,
  sealedFindingOn,
  showing,
} from "./window-run.ts";

/** What a node does in a window. */
export interface Play {
  /** 0 = no claim. */
  readonly segments: number;
  /** Segments whose claimed end state is not what a replay gives. */
  readonly isFalse?: (segment: number) => boolean;
  readonly serves?: boolean;
}

/** Runs window `number` with these plays by node; verifiers and committees are honest. */
export function playWindow(chain: TestChain, number: number, plays: readonly Play[]): void {
  while (chain.head.state.window.number < number) chain.advance();
  const { parameters, window } = chain.head.state;
  const { opens, closes, claimsUntil } = window;
  chain.advanceTo(closes);
  const claims = plays.flatMap(({ segments }, node) => {
    if (segments === 0) return [];
    const who = chain.personOfNode(node);
    const value = { ...claimOf(chain, who, segments), window: number, opens };
    return [chain.transaction(who, "window-commit", value, { fee: 0n })];
  });
  chain.advance(...claims);
  chain.advanceTo(drawnAt(claimsUntil, parameters));
  // Two rounds: the checks, then whatever went before a committee.
  for (let stage = 0; stage < 2 && chain.head.state.claims.length > 0; stage++) {
    verifyHonestly(chain, number, plays);
  }
  showAll(chain);
  if (chain.head.state.window.settledAt === 0) chain.advanceTo(latestEnd(window, parameters));
}

/** Everybody drawn replays what is still open; a block for each claim. */
export function verifyHonestly(chain: TestChain, window: number, plays: readonly Play[]): void {
  for (const made of chain.head.state.claims) {
    const play = plays[made.node];
    const foundOn = (segment: number) =>
      play?.serves === false ? "not-served" : play?.isFalse?.(segment) ? "mismatch" : "match";
    const { checks, appeal } = made;
    const open = [...checks, ...appeal.members].filter(({ verdict }) => verdict === 0);
    const verifiers = [...new Set(open.map(({ verifier }) => verifier))];
    const verdicts = verifiers.map((verifier) => {
      const isOwn = (seat: { verifier: number }): boolean => seat.verifier === verifier;
      const findings = checks
        .filter((check) => isOwn(check) && check.verdict === 0)
        .map((check) => findingOn(chain, made, check, foundOn(check.segment)));
      if (appeal.members.some(isOwn)) {
        findings.push(sealedFindingOn(chain, made, verifier, foundOn(appeal.segment)));
      }
      const value = { window, node: made.node, findings };
      return chain.transaction(chain.personOfNode(verifier), "window-verdict", value, { fee: 0n });
    });
    if (verdicts.length > 0) chain.advance(...verdicts);
  }
  awaitCommittees(chain);
}

/** Claimants show the end of what committees have looked at, and members what they came to instead. */
export function showAll(chain: TestChain): void {
  const disputes = chain.head.state.claims.filter(({ appeal }) => appeal.members.length > 0);
  const shown = disputes.flatMap(({ node }) => [showing(chain, node), ...refutations(chain, node)]);
  if (shown.length > 0) chain.advance(...shown);
}
