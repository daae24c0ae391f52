/**
 * A node's services for jobs. The frame looks at orders, answers for the node's runs, audits, and leads rounds, for all
 * kinds of work; each kind adds the rest (`KindDuties`).
 */
import type { KeyPair } from "../../chain/crypto/keys.ts";
import { JOB_KINDS, type JobKind } from "../../chain/types/job.ts";
import type { Config } from "../config/schema.ts";
import type { PeerMessages } from "../network/peer-messages.ts";
import type { OnBlock } from "../on-block.ts";
import { AuditExchange } from "./audit-exchange.ts";
import { AuditedRuns, type AuditedRunsModules } from "./audited-runs.ts";
import { Auditor, type AuditorModules } from "./auditor.ts";
import { JobDispatch } from "./dispatch.ts";
import type { JobKindParts } from "./kind-duties.ts";
import { Manager, type ManagerModules } from "./manager.ts";
import { OrderWatch, type OrderWatchModules } from "./order-watch.ts";
import { type SearchModules, searchParts } from "./search/search-parts.ts";
import { ServicesByKind } from "./services-by-kind.ts";
import { TeamMessages } from "./team-messages.ts";
import { type TrainModules, trainParts } from "./train/train-parts.ts";

export interface JobServicesOptions {
  readonly keys: KeyPair;
  readonly jobs: Pick<Config["jobs"], "allow" | "memoryMib">;
  readonly dataDir: string;
}

/** Everything that the services need from a node, and nothing else; a simulation builds them from this list. */
export type JobServicesModules = Omit<
  OrderWatchModules &
    AuditedRunsModules &
    AuditorModules &
    ManagerModules &
    TrainModules &
    SearchModules,
  "kinds" | "orders" | "exchange" | "team"
> & { readonly messages: Pick<PeerMessages, "ask" | "handle"> };

export function createJobServices(
  { keys, jobs, dataDir }: JobServicesOptions,
  { messages, ...shared }: JobServicesModules,
): OnBlock[] {
  const { publicKey } = keys;
  const { chain, log } = shared;
  const exchange = new AuditExchange(messages);
  const team = new TeamMessages(messages, shared.clock);
  const memoryBytes = jobs.memoryMib * 1024 * 1024;
  const parts: Readonly<Record<JobKind, JobKindParts>> = {
    train: trainParts({ publicKey, memoryBytes }, { ...shared, exchange }),
    search: searchParts({ keys, dataDir }, { ...shared, messages, exchange }),
  };
  const kinds = mapKinds(({ duties }) => duties, parts);
  const orders = new OrderWatch({ publicKey, allow: jobs.allow }, { ...shared, kinds });
  const services = [
    orders,
    new ServicesByKind(
      mapKinds((kind) => kind.services(orders), parts),
      log,
    ),
    new AuditedRuns({ publicKey }, { ...shared, kinds, exchange }),
    new Auditor({ publicKey }, { ...shared, kinds }),
    new Manager({ keys }, { ...shared, kinds, orders, team }),
  ];
  const watchers = JOB_KINDS.flatMap((kind) => parts[kind].watchers);
  return [new JobDispatch({ publicKey }, { chain, services, log }), ...watchers];
}

function mapKinds<T>(
  of: (parts: JobKindParts) => T,
  parts: Readonly<Record<JobKind, JobKindParts>>,
): Readonly<Record<JobKind, T>> {
  const entries = JOB_KINDS.map((kind) => [kind, of(parts[kind])] as const);
  return Object.fromEntries(entries) as Record<JobKind, T>;
}
