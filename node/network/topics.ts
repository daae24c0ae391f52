/** Passes gossip messages to the services concerned, and tells gossip what to relay. */
import type { Host } from "../../p2p/host.ts";
import type { RightOfWay } from "../chain/right-of-way.ts";
import type { TransactionService } from "../chain/transaction-service.ts";
import type { EvidenceService } from "../consensus/evidence-service.ts";
import type { ConsensusGossip } from "./consensus-gossip.ts";
import type { PatientRelay } from "./patient-relay.ts";

export interface TopicModules {
  readonly host: Pick<Host, "subscribe">;
  readonly transactions: Pick<TransactionService, "onBatch">;
  readonly evidence: Pick<EvidenceService, "onMessage">;
  readonly gossip: Pick<ConsensusGossip, "onVote" | "onProposal">;
  readonly relay: Pick<PatientRelay, "judge">;
  readonly way: Pick<RightOfWay, "urgent">;
}

export function subscribeTopics(modules: TopicModules): void {
  const { host, transactions, evidence, gossip, relay, way } = modules;
  host.subscribe("transactions", (message) => transactions.onBatch(message));
  host.subscribe("votes", async (message) =>
    relay.judge(await way.urgent(() => gossip.onVote(message))),
  );
  host.subscribe("evidence", (message) => evidence.onMessage(message));
  host.subscribe("proposals", async (message) =>
    relay.judge(await way.urgent(() => gossip.onProposal(message))),
  );
}
