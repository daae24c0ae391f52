/**
 * Evidence on its way to a block: what this node observed and what peers pass on. It is verified once, kept in the
 * pool, and gossiped. The rules of the chain decide what a proven fault costs.
 */

import { decodeSsz } from "../../chain/decode.ts";
import { type KnownProof, makeEvidence } from "../../chain/evidence/check-evidence.ts";
import { InvalidEvidence } from "../../chain/evidence/evidence-error.ts";
import { EvidencePool } from "../../chain/evidence/pool.ts";
import { verifyEvidence } from "../../chain/evidence/verify-evidence.ts";
import type { State } from "../../chain/state/state.ts";
import { Evidence } from "../../chain/types/evidence.ts";
import type { Verdict } from "../../p2p/topics/gossip.ts";
import type { Chain } from "../chain/chain.ts";
import type { NodeLog } from "../telemetry/log.ts";

export interface EvidenceServiceModules {
  readonly chain: Chain;
  readonly log: NodeLog;
  publish(topic: "evidence", message: Uint8Array): Promise<unknown>;
}

export class EvidenceService {
  readonly #modules: EvidenceServiceModules;
  readonly #pool = new EvidencePool();

  constructor(modules: EvidenceServiceModules) {
    this.#modules = modules;
    modules.chain.onBlock(({ block }) => {
      this.#pool.afterBlock(modules.chain.state);
      for (const { node } of block.body.evidence) modules.log.warn("a node was slashed", { node });
    });
  }

  /** The number of pieces that wait for a block. */
  get waiting(): number {
    return this.#pool.size;
  }

  select(): readonly Evidence[] {
    return this.#pool.select();
  }

  /** Reports two contradictory messages of one key; their signatures have been verified. */
  async report(publicKey: Uint8Array, proof: KnownProof): Promise<void> {
    const { chain, log } = this.#modules;
    const node = chain.state.nodeIndex(publicKey);
    if (node === undefined || chain.state.nodes.at(node).slashedAt !== 0) return;
    log.warn("a node signed two messages where one is allowed", { node, kind: proof.kind });
    try {
      await this.submit(makeEvidence(node, proof));
    } catch (error) {
      if (!(error instanceof InvalidEvidence)) throw error;
      log.debug("evidence of this node was not accepted", { code: error.code });
    }
  }

  /** @throws InvalidEvidence */
  async submit(evidence: Evidence): Promise<void> {
    await this.#admit(evidence);
    await this.#modules.publish("evidence", Evidence.serialize(evidence));
  }

  async onMessage(bytes: Uint8Array): Promise<Verdict> {
    const evidence = decodeSsz("evidence", Evidence, bytes);
    if (this.#pool.has(evidence.node)) return "ignore";
    await this.#admit(evidence);
    return "accept";
  }

  async #admit(evidence: Evidence): Promise<void> {
    await verifyEvidence(this.#next(), this.#modules.chain.genesisRoot, evidence);
    this.#pool.add(this.#next(), evidence);
  }

  /** The state at the current height, at which faults are observed. */
  #next(): State {
    const { state } = this.#modules.chain;
    const next = state.fork();
    next.meta = { ...next.meta, height: state.height + 1 };
    return next;
  }
}
