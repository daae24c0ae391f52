/** Takes nodes through a benchmark window: registered, claimed, judged. */
import { sha256 } from "../../chain/crypto/hash.ts";
import { POML } from "../../chain/genesis.ts";
import { merkleProof, merkleRoot } from "../../chain/proof/hash-tree.ts";
import { type Stages, stagesFrom } from "../../chain/rating/window.ts";
import { VERDICTS } from "../../chain/types/node.ts";
import type { Finding, Payloads, SignedTransaction } from "../../chain/types/transaction.ts";
import type { Check, WindowClaim } from "../../chain/types/window.ts";
import type { Person, TestChain } from "./chain.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

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

/** The stages of the first regular window. */
export function firstWindow(chain: TestChain): Stages {
  const { parameters } = chain.head.state;
  return stagesFrom(parameters.windowOffset, "regular", parameters);
}

/** Made-up states of a lane: hashes nobody else can guess, as those of real ones. */
export function laneHashes(who: Person, segments: number): Uint8Array[] {
  return Array.from({ length: segments + 1 }, (_, index) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, index);
    return sha256(who.address, bytes);
  });
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

/** Findings of one verifier on everything it was drawn for in a node's claim, in window 1. */
export function verdictOf(
  chain: TestChain,
  verifier: number,
  node: number,
  verdict: Verdict,
): SignedTransaction {
  const claim = chain.head.state.claims.find((one) => one.node === node);
  if (claim === undefined) throw new Error(`node ${node} has no claim`);
  const due = [...claim.checks, ...claim.appeal].filter(
    (check) => check.verifier === verifier && check.verdict === 0,
  );
  const places = due.length === 0 ? [{ lane: 0, segment: 0 }] : due;
  const findings = places.map((place) => findingOn(chain, claim, place, verdict));
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
}

/** The committees hear the disputes; a block for each member. */
export function hearAll(chain: TestChain, verdictFor: (position: number) => Verdict): void {
  for (const { node, appeal } of chain.head.state.claims) {
    appeal.forEach(({ verifier }, position) => {
      chain.advance(verdictOf(chain, verifier, node, verdictFor(position)));
    });
  }
}
