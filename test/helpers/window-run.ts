/** Takes nodes through a benchmark window: registered, claimed, judged. */
import { POML } from "../../chain/amount.ts";
import { sealOf } from "../../chain/committee/seal.ts";
import { equalBytes, sha256 } from "../../chain/crypto/hash.ts";
import { merkleProof, merkleRoot } from "../../chain/proof/hash-tree.ts";
import { drawnAt } from "../../chain/schedule/drawn-at.ts";
import { type Stages, stagesFrom } from "../../chain/schedule/window-stages.ts";
import { MAX_RETRIES } from "../../chain/types/audit.ts";
import type { Parameters } from "../../chain/types/genesis.ts";
import { VERDICTS } from "../../chain/types/node.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import type { Finding, Payloads, SignedTransaction } from "../../chain/types/transaction.ts";
import type { Check, WindowClaim } from "../../chain/types/window.ts";
import { type Person, person, type TestChain } from "./chain.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Registers nodes that no window has rated, so that nobody draws them. */
export function withUnrated(chain: TestChain, count: number): void {
  const newcomers = Array.from({ length: count }, (_, i) => person(`unrated ${i}`));
  for (const one of newcomers) chain.know(one);
  const value = (to: Uint8Array) => ({ to, amount: 101n * POML });
  chain.advance(
    ...newcomers.map(({ address }, i) =>
      chain.transaction(chain.client, "transfer", value(address), {
        fee: 2n * POML,
        nonce: chain.head.state.account(chain.client.address).nonce + i,
      }),
    ),
  );
  chain.advance(...newcomers.map((one) => chain.transaction(one, "register", registration(one))));
}

/** What a newcomer registers with. */
export function registration(someone: Person): Payloads["register"] {
  const onionLength = someone.onion.length - 1;
  return {
    name: text("newcomer"),
    endpoint: text("/ip4/127.0.0.1/tcp/2/ws"),
    bond: 100n * POML,
    onion: someone.onion[onionLength] ?? new Uint8Array(32),
    onionLength,
  };
}

/** As if all nodes had been measured at their capacity in most of the last windows, so that the pot pays them. */
export function asIfSteady({ head: { state } }: TestChain): void {
  for (const [index, node] of state.nodes.entries()) {
    state.nodes.set(index, { ...node, measured: [node.capacity, node.capacity, node.capacity] });
  }
}

/** The stages of the first regular window, when its claims have verifiers, and when all committees have had their time. */
export function firstWindow(
  chain: TestChain,
): Stages & { readonly checksDrawn: number; readonly ends: number } {
  const { parameters } = chain.head.state;
  const stages = stagesFrom(parameters.windowOffset, "regular", parameters);
  return {
    ...stages,
    checksDrawn: drawnAt(stages.claimsUntil, parameters),
    ends: latestEnd(stages, parameters),
  };
}

/** The last height of a window in which all committees that may be called for come to nothing. */
export function latestEnd(
  { appealsUntil }: Pick<Stages, "appealsUntil">,
  parameters: Parameters,
): number {
  const { verdictBlocks, claimBlocks } = parameters;
  return appealsUntil + MAX_RETRIES * drawnAt(verdictBlocks + claimBlocks, parameters);
}

/** Made-up states of a lane. */
export function laneStates(who: Person, segments: number): Uint8Array[] {
  return Array.from({ length: segments + 1 }, (_, index) => {
    const bytes = new Uint8Array(24);
    bytes.set(who.address);
    new DataView(bytes.buffer).setUint32(20, index);
    return bytes;
  });
}

/** Hashes nobody else can guess, as those of real ones. */
export function laneHashes(who: Person, segments: number): Uint8Array[] {
  return laneStates(who, segments).map((state) => sha256(state));
}

/** A claim of one lane in window 1. */
export function claimOf(
  chain: TestChain,
  who: Person,
  segments: number,
): Payloads["window-commit"] {
  const checkpointRoot = merkleRoot(laneHashes(who, segments));
  return {
    window: 1,
    opens: firstWindow(chain).opens,
    lanes: [{ segments, checkpointRoot }],
    energyMillijoules: 0n,
    energySource: 0,
  };
}

export function claim(chain: TestChain, someone: Person, segments: number): SignedTransaction {
  return chain.transaction(someone, "window-commit", claimOf(chain, someone, segments), {
    fee: 0n,
  });
}

type Verdict = (typeof VERDICTS)[number];

/** What an honest verifier that computed the segment would report, or a liar without proof. */
export function findingOn(
  chain: TestChain,
  claim: WindowClaim,
  { lane, segment }: Pick<Check, "lane" | "segment">,
  verdict: Verdict,
): Finding {
  const base = { lane, segment, verdict: VERDICTS.indexOf(verdict) };
  if (verdict !== "match") return { ...base, endHash: new Uint8Array(32), path: [] };
  const segments = claim.lanes[lane]?.segments ?? 0;
  const hashes = laneHashes(chain.personOfNode(claim.node), segments);
  const endHash = hashes[segment + 1] ?? new Uint8Array(32);
  return { ...base, endHash, path: [...merkleProof(hashes, segment + 1).siblings] };
}

/** What a member of the committee answers: for a mismatch the seal of another state. */
export function sealedFindingOn(
  chain: TestChain,
  claim: WindowClaim,
  member: number,
  verdict: Verdict,
): Finding {
  const { appeal } = claim;
  if (verdict === "not-served") return findingOn(chain, claim, appeal, verdict);
  const { endHash } = findingOn(chain, claim, appeal, "match");
  const reached = verdict === "match" ? endHash : sha256(endHash);
  const seal = sealOf(reached, chain.personOfNode(member).keys.publicKey);
  return { ...findingOn(chain, claim, appeal, "sealed"), endHash: seal };
}

/** Shows what a node's disputed segment is claimed to end in. */
export function showing(chain: TestChain, node: number, by = node): SignedTransaction {
  const claim = claimBy(chain, node);
  const { number: window } = chain.head.state.window;
  const value = { window, node, findings: [findingOn(chain, claim, claim.appeal, "match")] };
  return chain.transaction(chain.personOfNode(by), "window-verdict", value, { fee: 0n });
}

/** Members that sealed the other state of `sealedFindingOn` show that they did; those that shown it do not again. */
export function refutations(chain: TestChain, node: number): SignedTransaction[] {
  const claim = claimBy(chain, node);
  const { number: window } = chain.head.state.window;
  const { endHash: right } = findingOn(chain, claim, claim.appeal, "match");
  const other = sha256(right);
  return claim.appeal.members.flatMap(({ verifier, seal, reached }) => {
    const who = chain.personOfNode(verifier);
    const isOther = equalBytes(seal, sealOf(other, who.keys.publicKey));
    if (!isOther || !equalBytes(reached, ZERO_HASH)) return [];
    const findings = [{ ...findingOn(chain, claim, claim.appeal, "mismatch"), endHash: other }];
    return [chain.transaction(who, "window-verdict", { window, node, findings }, { fee: 0n })];
  });
}

export function claimBy(chain: TestChain, node: number): WindowClaim {
  const claim = chain.head.state.claims.find((one) => one.node === node);
  if (claim === undefined) throw new Error(`node ${node} has no claim`);
  return claim;
}

/** Findings of one node on everything it was drawn for in a node's claim, in window 1. */
export function verdictOf(
  chain: TestChain,
  verifier: number,
  node: number,
  verdict: Verdict,
): SignedTransaction {
  const claim = claimBy(chain, node);
  const isDue = (seat: { verifier: number; verdict: number }): boolean =>
    seat.verifier === verifier && seat.verdict === 0;
  const isMember = claim.appeal.members.some(isDue);
  const due = claim.checks.filter(isDue);
  const places = due.length === 0 && !isMember ? [{ lane: 0, segment: 0 }] : due;
  const findings = places.map((place) => findingOn(chain, claim, place, verdict));
  if (isMember) findings.push(sealedFindingOn(chain, claim, verifier, verdict));
  const value = { window: 1, node, findings };
  return chain.transaction(chain.personOfNode(verifier), "window-verdict", value, { fee: 0n });
}

export function verifiersOf(claim: WindowClaim | undefined): number[] {
  return [...new Set(claim?.checks.map(({ verifier }) => verifier))];
}

/** Every drawn verifier finds the same about every claim; a block for each. */
export function judgeAll(
  chain: TestChain,
  verdictFor: (node: number, position: number) => Verdict,
): void {
  for (const claim of chain.head.state.claims) {
    verifiersOf(claim).forEach((verifier, position) => {
      const verdict = verdictFor(claim.node, position);
      chain.advance(verdictOf(chain, verifier, claim.node, verdict));
    });
  }
  awaitCommittees(chain);
}

/** Goes on until the committees that were called for are drawn. */
export function awaitCommittees(chain: TestChain): void {
  const { claims, parameters } = chain.head.state;
  for (const { appeal } of claims) {
    const drawn = appeal.called === 0 ? 0 : drawnAt(appeal.called, parameters);
    if (chain.height < drawn) chain.advanceTo(drawn);
  }
}

/** The committees hear the disputes, a block for each member; then all show what there is to show. */
export function hearAll(chain: TestChain, verdictFor: (position: number) => Verdict): void {
  for (const { node, appeal } of chain.head.state.claims) {
    appeal.members.forEach(({ verifier }, position) => {
      chain.advance(verdictOf(chain, verifier, node, verdictFor(position)));
    });
  }
  for (const { node, appeal } of chain.head.state.claims) {
    if (appeal.members.length === 0) continue;
    chain.advance(showing(chain, node), ...refutations(chain, node));
  }
}
