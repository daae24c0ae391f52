/** What a node does for jobs: looks at orders, trains, answers for its runs, audits, leads rounds, shares models. */
import type { KeyPair } from "../../chain/crypto/keys.ts";
import { JOB_ENGINES, JOB_KINDS, type JobSpec } from "../../chain/types/job.ts";
import type { BlobFetcher } from "../blobs/blob-fetcher.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/schema.ts";
import type { EventHub } from "../events/event-hub.ts";
import type { Ledger } from "../ledger.ts";
import type { OnBlock } from "../on-block.ts";
import type { Room } from "../storage/room.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { WorkerPool } from "../workers/pool.ts";
import { AuditExchange } from "./audit-exchange.ts";
import { AuditedRuns } from "./audited-runs.ts";
import { Auditor } from "./auditor.ts";
import type { CheckpointKeeper } from "./checkpoint-keeper.ts";
import type { JobFiles } from "./job-files.ts";
import { Manager, type ManagerModules } from "./manager.ts";
import type { ModelFolders } from "./model-folders.ts";
import { ModelPublisher } from "./model-publisher.ts";
import type { ModelOpener } from "./models/model-opener.ts";
import { OrderWatch } from "./orders/order-watch.ts";
import { Participant } from "./participant.ts";
import { TeamMessages } from "./team-messages.ts";

export interface JobServicesOptions {
  readonly keys: KeyPair;
  readonly jobs: Config["jobs"];
}

export interface JobServicesModules {
  readonly ledger: Pick<Ledger, "chain" | "duties" | "host" | "messages">;
  readonly blobs: BlobStore;
  readonly fetcher: BlobFetcher;
  readonly files: JobFiles;
  readonly keeper: CheckpointKeeper;
  readonly models: ModelFolders;
  readonly opener: ModelOpener;
  readonly workers: WorkerPool;
  readonly events: EventHub;
  readonly room: Room;
  readonly clock: Clock;
  readonly log: NodeLog;
  readonly peerOf: (node: number) => string;
  readonly merge: ManagerModules["merge"];
}

/** @returns in the order in which they are told of a block */
export function createJobServices(
  { keys, jobs }: JobServicesOptions,
  { ledger, models, opener, keeper, ...modules }: JobServicesModules,
): OnBlock[] {
  const { publicKey } = keys;
  const { chain, duties, host, messages } = ledger;
  const shared = { ...modules, chain, duties };
  const exchange = new AuditExchange(messages);
  const team = new TeamMessages(messages, modules.clock);
  const allows = (spec: JobSpec): boolean => isAllowed(spec, jobs.allow);
  const memoryBytes = jobs.memoryMib * 1024 * 1024;
  const orders = new OrderWatch({ publicKey, allows, memoryBytes }, shared);
  return [
    orders,
    new Participant({ publicKey }, { ...shared, orders, keeper }),
    new AuditedRuns({ publicKey }, { ...shared, exchange, keeper }),
    new Auditor({ publicKey }, { ...shared, exchange, host }),
    new Manager({ keys }, { ...shared, orders, team }),
    new ModelPublisher({ publicKey }, { ...shared, models, opener }),
  ];
}

function isAllowed(spec: JobSpec, allowed: readonly string[]): boolean {
  return allowed.includes(`${JOB_KINDS[spec.kind]}/${JOB_ENGINES[spec.engine]}`);
}
