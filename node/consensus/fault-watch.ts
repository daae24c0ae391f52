/**
 * Handles keys that sign two messages of which only one is allowed: for another node's key it makes evidence, for this
 * node's key it raises an alarm.
 */
import type { KnownProof } from "../../chain/evidence/check-evidence.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { ClaimWatch } from "./claim-watch.ts";
import type { EvidenceService } from "./evidence-service.ts";
import type { KeyWatch } from "./key-watch.ts";

export interface FaultWatchModules {
  readonly keyWatch: Pick<KeyWatch, "contradiction" | "transaction">;
  readonly evidence: Pick<EvidenceService, "report">;
  readonly log: Pick<NodeLog, "warn">;
}

export class FaultWatch {
  readonly #modules: FaultWatchModules;
  readonly #claims = new ClaimWatch();

  constructor(modules: FaultWatchModules) {
    this.#modules = modules;
  }

  /** Called for two contradictory messages that are valid for a key. */
  fault(publicKey: Uint8Array, proof: KnownProof): void {
    const { keyWatch, evidence, log } = this.#modules;
    if (keyWatch.contradiction(publicKey)) return;
    evidence.report(publicKey, proof).catch((error: unknown) => {
      log.warn("could not report a fault", { reason: String(error) });
    });
  }

  /** Called for a transaction that is valid for its sender's key. */
  transaction(signed: SignedTransaction): void {
    this.#modules.keyWatch.transaction(signed.transaction);
    const proof = this.#claims.see(signed);
    if (proof !== undefined) this.fault(signed.transaction.sender, proof);
  }
}
