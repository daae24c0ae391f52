/** What a benchmark tells its devices, and what they report; over the channel of the child process, not the network. */
import type { SearchTask } from "../../../ml/search/search-task.ts";

export interface DeviceSetup {
  readonly index: number;
  /** Of one core that the process may use; 1 does not hold it. */
  readonly share: number;
  /** It hashes for so long before it waits; 0: after each call of the kernel, some 4 ms. */
  readonly breathMs: number;
}

export interface MineOrder {
  /** Sets runs apart: what belongs to another is not counted. */
  readonly run: number;
  readonly task: SearchTask;
  /**
   * alone: every device searches the same nonces from 0 on until it is told to stop, as in solo mining. together: they
   * take leases from the active manager.
   */
  readonly manner: "alone" | "together";
  /** Numbers of the devices that search. */
  readonly miners: readonly number[];
  /** Numbers of the managers, as drawn: the first is active. They may search too. Empty for `alone`. */
  readonly team: readonly number[];
  readonly unitBits: number;
  /** Nonces 0..to are searched. */
  readonly to: bigint;
  /** Milliseconds that pass for the lease protocol in one: its beats and leases last seconds, small blocks do not. */
  readonly pace: number;
}

export type Command =
  | { readonly kind: "connect"; readonly ports: readonly number[] }
  | { readonly kind: "mine"; readonly order: MineOrder }
  | { readonly kind: "stop"; readonly run: number }
  | { readonly kind: "count"; readonly request: number };

export type Report =
  | { readonly kind: "ready"; readonly port: number }
  | { readonly kind: "connected" }
  | { readonly kind: "found"; readonly run: number; readonly nonce: bigint }
  | { readonly kind: "covered"; readonly run: number }
  | { readonly kind: "stopped"; readonly run: number; readonly log: LogSummary | undefined }
  | ({ readonly kind: "count"; readonly request: number } & DeviceCount)
  | { readonly kind: "failed"; readonly reason: string };

/** Since the device was started. */
export interface DeviceCount {
  readonly hashes: number;
  /** Of the whole process. */
  readonly cpuMs: number;
}

/** What the active manager's log says at the end of a run. */
export interface LogSummary {
  /** Units that each device has searched as acknowledged, by its number. */
  readonly searched: readonly number[];
  readonly leases: readonly {
    readonly device: number;
    readonly from: number;
    readonly to: number;
  }[];
  /** How often another manager took over. */
  readonly takeovers: number;
}
