/** What is heard of keys that sign two messages where one is allowed: of another node evidence, of this one an alarm. */
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

  /** Two messages that hold under a key contradict each other. */
  fault(publicKey: Uint8Array, proof: KnownProof): void {
    const { keyWatch, evidence, log } = this.#modules;
    if (keyWatch.contradiction(publicKey)) return;
    evidence.report(publicKey, proof).catch((error: unknown) => {
      log.warn("could not report a fault", { reason: String(error) });
    });
  }

  /** A transaction that holds under its sender's key. */
  transaction(signed: SignedTransaction): void {
    this.#modules.keyWatch.transaction(signed.transaction);
    const proof = this.#claims.see(signed);
    if (proof !== undefined) this.fault(signed.transaction.sender, proof);
  }
}
