/** What a node does for jobs: looks at orders, trains, answers for its runs, audits, leads rounds, shares models. */
import type { KeyPair } from "../../chain/crypto/keys.ts";
import type { JobSpec } from "../../chain/types/job.ts";
import { trainSpec } from "../../chain/workload/train/train-of.ts";
import { jobKindOf } from "../../chain/workload/workloads.ts";
import type { Config } from "../config/schema.ts";
import type { PeerMessages } from "../network/peer-messages.ts";
import type { OnBlock } from "../on-block.ts";
import { AuditExchange } from "./audit-exchange.ts";
import { AuditedRuns, type AuditedRunsModules } from "./audited-runs.ts";
import { Auditor, type AuditorModules } from "./auditor.ts";
import { JobDispatch, type JobService } from "./dispatch.ts";
import { Manager, type ManagerModules } from "./manager.ts";
import { OrderWatch, type OrderWatchModules } from "./order-watch.ts";
import { TeamMessages } from "./team-messages.ts";
import { engineOf } from "./train/job-engine.ts";
import { ModelPublisher, type PublisherModules } from "./train/model-publisher.ts";
import { Participant, type ParticipantModules } from "./train/participant.ts";

export interface JobServicesOptions {
  readonly keys: KeyPair;
  readonly jobs: Pick<Config["jobs"], "allow" | "memoryMib">;
}

/** What the services need together, and nothing else of a node: a simulation builds them from this list. */
export type JobServicesModules = Omit<
  OrderWatchModules &
    ParticipantModules &
    AuditedRunsModules &
    AuditorModules &
    ManagerModules &
    PublisherModules,
  "orders" | "exchange" | "team"
> & { readonly messages: Pick<PeerMessages, "ask" | "handle"> };

export function createJobServices(
  options: JobServicesOptions,
  modules: JobServicesModules,
): OnBlock[] {
  const { publicKey } = options.keys;
  const { chain, log } = modules;
  const services = { train: createTrainServices(options, modules) };
  return [
    new JobDispatch({ publicKey }, { chain, services, log }),
    new ModelPublisher({ publicKey }, modules),
  ];
}

/** In the order in which they are told of a block. */
function createTrainServices(
  { keys, jobs }: JobServicesOptions,
  { messages, ...shared }: JobServicesModules,
): JobService[] {
  const { publicKey } = keys;
  const exchange = new AuditExchange(messages);
  const team = new TeamMessages(messages, shared.clock);
  const allows = (spec: JobSpec): boolean => isAllowed(spec, jobs.allow);
  const memoryBytes = jobs.memoryMib * 1024 * 1024;
  const orders = new OrderWatch({ publicKey, allows, memoryBytes }, shared);
  return [
    orders,
    new Participant({ ...shared, orders }),
    new AuditedRuns({ publicKey }, { ...shared, exchange }),
    new Auditor({ publicKey }, { ...shared, exchange }),
    new Manager({ keys }, { ...shared, orders, team }),
  ];
}

function isAllowed(spec: JobSpec, allowed: readonly string[]): boolean {
  return allowed.includes(`${jobKindOf(spec)}/${engineOf(trainSpec(spec))}`);
}
