/** Takes nodes through a benchmark window: registered, claimed, judged. */
import { sha256 } from "../../chain/crypto/hash.ts";
import { POML } from "../../chain/genesis.ts";
import { type WindowSchedule, windowSchedule } from "../../chain/rating/window.ts";
import { VERDICTS } from "../../chain/types/node.ts";
import type { Payloads, SignedTransaction } from "../../chain/types/transaction.ts";
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

export function firstWindow(chain: TestChain): WindowSchedule {
  return windowSchedule(1, chain.head.state.parameters);
}

export function claim(chain: TestChain, someone: Person, segments: number): SignedTransaction {
  const checkpointRoot = sha256(someone.address, Uint8Array.of(segments));
  const value = { window: 1, segments, checkpointRoot };
  return chain.transaction(someone, "window-commit", value, { fee: 0n });
}

export function verdictOf(
  chain: TestChain,
  verifier: number,
  node: number,
  verdict: (typeof VERDICTS)[number],
): SignedTransaction {
  const value = { window: 1, node, verdict: VERDICTS.indexOf(verdict) };
  return chain.transaction(chain.personOfNode(verifier), "window-verdict", value, { fee: 0n });
}

/** Every drawn verifier finds the same about every claim; a block for each. */
export function judgeAll(
  chain: TestChain,
  verdictFor: (node: number, position: number) => (typeof VERDICTS)[number],
): void {
  for (const { node, verifiers } of chain.head.state.claims) {
    verifiers.forEach((verifier, position) => {
      chain.advance(verdictOf(chain, verifier, node, verdictFor(node, position)));
    });
  }
}
