/**
 * Evidence that waits for a block: at most one piece per accused node, because a node can be convicted only once, and a
 * limited number in all. Pure; the caller verifies signatures first.
 */
import type { State } from "../state/state.ts";
import type { Evidence } from "../types/evidence.ts";
import { MAX_EVIDENCE } from "../types/primitive.ts";
import { checkEvidence } from "./check-evidence.ts";
import { InvalidEvidence } from "./evidence-error.ts";

const POOL_LIMIT = 256;

export class EvidencePool {
  readonly #byNode = new Map<number, Evidence>();

  get size(): number {
    return this.#byNode.size;
  }

  has(node: number): boolean {
    return this.#byNode.has(node);
  }

  /**
   * @throws InvalidEvidence EVIDENCE_KNOWN, EVIDENCE_POOL_FULL, and as checkEvidence
   */
  add(state: State, evidence: Evidence): void {
    const { node } = evidence;
    if (this.#byNode.has(node)) {
      throw new InvalidEvidence(
        `a fault of node ${node} is known already`,
        { code: "EVIDENCE_KNOWN", node },
        { action: "ignore" },
      );
    }
    checkEvidence(state, evidence);
    if (this.#byNode.size >= POOL_LIMIT) {
      throw new InvalidEvidence(
        "no room for more evidence",
        { code: "EVIDENCE_POOL_FULL", limit: POOL_LIMIT },
        { action: "ignore" },
      );
    }
    this.#byNode.set(node, evidence);
  }

  /** Forgets evidence that has become superfluous or too old with a new head. */
  afterBlock(state: State): void {
    for (const [node, evidence] of this.#byNode) {
      try {
        checkEvidence(state, evidence);
      } catch (error) {
        if (!(error instanceof InvalidEvidence)) throw error;
        this.#byNode.delete(node);
      }
    }
  }

  /** The evidence for the next block, oldest first. */
  select(): Evidence[] {
    return [...this.#byNode.values()].slice(0, MAX_EVIDENCE);
  }
}
