/**
 * The state of each bootstrap address: reached or not, and the reason. A node that reaches none of them can report this
 * at once instead of waiting in silence.
 */
import { P2pError, type P2pFacts, reasonOf } from "../errors.ts";
import { peerOf } from "./addresses.ts";

export interface BootstrapPeer {
  /** As configured. */
  readonly address: string;
  /** `reached`: it is a peer now. `trying`: the first try is under way. `failed`: it is tried again after pauses. */
  readonly state: "reached" | "trying" | "failed";
  /** Failed tries since the node last reached it, or since the start. */
  readonly failures: number;
  /** The last of these failures. */
  readonly failure: BootstrapFailure | undefined;
}

export interface BootstrapFailure {
  /**
   * DIAL_FAILED: nothing answers at the address. WRONG_NETWORK: the node there is on another chain, or is no PoML node.
   */
  readonly code: P2pFacts["code"] | "UNKNOWN";
  readonly reason: string;
  /** First 16 hex characters of the genesis hash that the node there follows, if it told us. */
  readonly network: string | undefined;
}

interface Entry {
  readonly address: string;
  /** The name by which the dialer knows it: the peer id, or the address while the peer id is unknown. */
  name: string;
  failures: number;
  failure: BootstrapFailure | undefined;
}

export class BootstrapList {
  readonly #entries: readonly Entry[];

  constructor(addresses: readonly string[]) {
    this.#entries = addresses.map((address) => ({
      address,
      name: peerOf(address) ?? address,
      failures: 0,
      failure: undefined,
    }));
  }

  /** A dial of the entry with this name reached `peer`, and this node accepted it. */
  reached(name: string, peer: string): void {
    for (const entry of this.#named(name, peer)) {
      entry.name = peer;
      entry.failures = 0;
      entry.failure = undefined;
    }
  }

  failed(name: string, error: unknown): void {
    for (const entry of this.#named(name)) {
      entry.failures += 1;
      entry.failure = failureOf(error);
    }
  }

  /** @param isPeer whether a peer id is among the accepted ones */
  list(isPeer: (peer: string) => boolean): BootstrapPeer[] {
    return this.#entries.map(({ address, name, failures, failure }) => {
      if (isPeer(name)) return { address, state: "reached", failures: 0, failure: undefined };
      return { address, state: failures === 0 ? "trying" : "failed", failures, failure };
    });
  }

  #named(...names: readonly string[]): Entry[] {
    return this.#entries.filter(({ name }) => names.includes(name));
  }
}

function failureOf(error: unknown): BootstrapFailure {
  if (!(error instanceof P2pError)) {
    return { code: "UNKNOWN", reason: reasonOf(error), network: undefined };
  }
  const { code, facts } = error;
  const network = facts.code === "WRONG_NETWORK" ? facts.actual : undefined;
  const isTold = network !== undefined && /^[0-9a-f]{16}$/.test(network);
  return { code, reason: reasonOf(error), network: isTold ? network : undefined };
}
