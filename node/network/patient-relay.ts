/**
 * Where every seat is a neighbour, the author of a vote or a proposal has sent it to all seats itself, and relaying it
 * only makes copies. So it is relayed later, and only if the height is still open then. A node that the author could
 * not reach gets it a moment later, and usually nothing is sent twice. In a larger network everything is relayed at
 * once.
 */
import { setTimeout as delay } from "node:timers/promises";
import { bytesKey } from "../../chain/crypto/hash.ts";
import type { Verdict } from "../../p2p/topics/gossip.ts";
import type { Chain } from "../chain/chain.ts";

/** Longer than a height usually takes, and shorter than the timeout of any step. */
const PATIENCE_MS = 250;

export interface PatientRelayModules {
  readonly chain: Pick<Chain, "height" | "state">;
  readonly publicKey: Uint8Array;
  peers(): readonly { readonly publicKey: Uint8Array }[];
}

export class PatientRelay {
  readonly #modules: PatientRelayModules;
  readonly #patienceMs: number;
  readonly #stopping = new AbortController();
  #known: { readonly height: number; readonly isFullMesh: boolean } | undefined;

  constructor(modules: PatientRelayModules, patienceMs: number = PATIENCE_MS) {
    this.#modules = modules;
    this.#patienceMs = patienceMs;
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Call it when a neighbour arrives or leaves. */
  peersChanged(): void {
    this.#known = undefined;
  }

  /** The verdict for gossip about a message that has been judged already. */
  async judge(verdict: Verdict): Promise<Verdict> {
    const { height } = this.#modules.chain;
    if (verdict !== "accept" || !this.#isFullMesh(height)) return verdict;
    const { signal } = this.#stopping;
    const waited = await delay(this.#patienceMs, true, { signal, ref: false }).catch(() => false);
    return waited && this.#modules.chain.height === height ? "accept" : "ignore";
  }

  #isFullMesh(height: number): boolean {
    if (this.#known?.height !== height) {
      const { chain, publicKey, peers } = this.#modules;
      const near = new Set(peers().map((peer) => bytesKey(peer.publicKey)));
      near.add(bytesKey(publicKey));
      const isFullMesh = chain.state.seats.every((seat) => near.has(bytesKey(seat.publicKey)));
      this.#known = { height, isFullMesh };
    }
    return this.#known.isFullMesh;
  }
}
