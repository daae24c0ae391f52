/** Devices of an experiment, each a real process: started, told what to search, timed, and killed. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type {
  Command,
  DeviceCount,
  DeviceSetup,
  LogSummary,
  MineOrder,
  Report,
} from "./control.ts";
import { sum } from "./statistics.ts";

const DEVICE = fileURLToPath(new URL("./device.ts", import.meta.url));
const START_MS = 60_000;
const ANSWER_MS = 60_000;
const BREATH_MS = 20;

export interface FleetOptions {
  readonly devices: number;
  /** Of one core, for each device; default all of it. */
  readonly share?: number;
  /** As in `DeviceSetup`; default 20. Blocks that take less need it finer. */
  readonly breathMs?: number;
}

export type Order = Omit<MineOrder, "run">;

/** How a run went, by the clock of this process. */
export interface RunResult {
  /** From the order to the first find, or until all was covered. */
  readonly ms: number;
  /** Of all devices together, until the last of them had stopped. */
  readonly hashes: number;
  readonly nonce: bigint | undefined;
  readonly log: LogSummary | undefined;
}

/** A device to be killed while the others go on. */
export interface Kill {
  readonly device: number;
  readonly afterMs: number;
}

export interface KilledResult extends RunResult {
  /** What the killed device had hashed in this run. */
  readonly killedHashes: number;
}

export interface Rate {
  /** Of all devices together, by the clock. */
  readonly hashesPerSecond: number;
  /** That they had, all together. */
  readonly cores: number;
}

export class Fleet {
  readonly #devices: readonly Device[];
  #run = 0;

  private constructor(devices: readonly Device[]) {
    this.#devices = devices;
  }

  static async start({
    devices: count,
    share = 1,
    breathMs = BREATH_MS,
  }: FleetOptions): Promise<Fleet> {
    const devices = Array.from(
      { length: count },
      (_, index) => new Device({ index, share, breathMs }),
    );
    try {
      const ready = await Promise.all(devices.map((device) => device.next("ready", START_MS)));
      const connect: Command = { kind: "connect", ports: ready.map(({ port }) => port) };
      const connected = devices.map((device) => device.next("connected", START_MS));
      for (const device of devices) device.tell(connect);
      await Promise.all(connected);
      return new Fleet(devices);
    } catch (error) {
      for (const device of devices) device.kill();
      throw error;
    }
  }

  /** @throws Error when neither a find nor the end of the range comes in time, or a device fails */
  async mine(order: Order, limitMs: number): Promise<RunResult> {
    return this.#mine(order, limitMs, async () => 0);
  }

  /** As `mine`, with a device that dies meanwhile, at once and without a word. */
  async mineWithKill(order: Order, limitMs: number, kill: Kill): Promise<KilledResult> {
    let killedHashes = 0;
    const result = await this.#mine(order, limitMs, async (before) => {
      await elapsed(kill.afterMs);
      const device = this.#devices[kill.device];
      if (device === undefined) return 0;
      killedHashes = (await device.count()).hashes - (before.get(kill.device) ?? 0);
      device.kill();
      return killedHashes;
    });
    return { ...result, killedHashes };
  }

  /** In a stretch of time, begun when the devices have been at it for a while. */
  async rate(
    order: Order,
    { warmUpMs, ms }: { readonly warmUpMs: number; readonly ms: number },
  ): Promise<Rate> {
    const run = ++this.#run;
    const taking = this.#takingPart(order);
    for (const device of taking) device.tell({ kind: "mine", order: { ...order, run } });
    await elapsed(warmUpMs);
    const before = await countsOf(taking);
    const start = performance.now();
    await elapsed(ms);
    const after = await countsOf(taking);
    const passedMs = performance.now() - start;
    await this.#end(taking, run);
    const hashes = sum(after.map((count, at) => count.hashes - (before[at]?.hashes ?? 0)));
    const cpuMs = sum(after.map((count, at) => count.cpuMs - (before[at]?.cpuMs ?? 0)));
    return { hashesPerSecond: (1000 * hashes) / passedMs, cores: cpuMs / passedMs };
  }

  stop(): void {
    for (const device of this.#devices) device.kill();
  }

  /** @param meanwhile may kill a device; resolves to the hashes that are to be added for it */
  async #mine(
    order: Order,
    limitMs: number,
    meanwhile: (before: ReadonlyMap<number, number>) => Promise<number>,
  ): Promise<RunResult> {
    const run = ++this.#run;
    const taking = this.#takingPart(order);
    const before = await this.#hashes(taking);
    const isOfRun = (report: { readonly run: number }): boolean => report.run === run;
    const over = Promise.race(
      taking.flatMap((device) => [
        device.next("found", limitMs, isOfRun),
        device.next("covered", limitMs, isOfRun),
      ]),
    );
    const start = performance.now();
    for (const device of taking) device.tell({ kind: "mine", order: { ...order, run } });
    const ofKilled = meanwhile(before);
    try {
      const report = await over;
      const ms = performance.now() - start;
      const killedHashes = await ofKilled;
      const left = taking.filter(({ isAlive }) => isAlive);
      const log = await this.#end(left, run);
      const after = await this.#hashes(left);
      const started = left.map(({ index }) => before.get(index) ?? 0);
      const hashes = sum([...after.values()]) - sum(started) + killedHashes;
      return { ms, hashes, nonce: report.kind === "found" ? report.nonce : undefined, log };
    } finally {
      for (const device of taking) device.forget();
    }
  }

  /** @returns what the manager that is active at the end has in its log */
  async #end(devices: readonly Device[], run: number): Promise<LogSummary | undefined> {
    const stopped = devices.map((device) =>
      device.next("stopped", ANSWER_MS, (report) => report.run === run),
    );
    for (const device of devices) device.tell({ kind: "stop", run });
    const logs = (await Promise.all(stopped)).map(({ log }) => log);
    return logs.find((log) => log !== undefined);
  }

  async #hashes(devices: readonly Device[]): Promise<Map<number, number>> {
    const counts = await countsOf(devices);
    return new Map(devices.map(({ index }, at) => [index, counts[at]?.hashes ?? 0]));
  }

  #takingPart({ miners, team }: Pick<Order, "miners" | "team">): Device[] {
    const numbers = new Set([...miners, ...team]);
    return this.#devices.filter((device) => numbers.has(device.index) && device.isAlive);
  }
}

function countsOf(devices: readonly Device[]): Promise<DeviceCount[]> {
  return Promise.all(devices.map((device) => device.count()));
}

type Kind = Report["kind"];
type ReportOf<K extends Kind> = Extract<Report, { kind: K }>;

interface Waiter {
  readonly take: (report: Report) => boolean;
  readonly fail: (error: Error) => void;
}

class Device {
  readonly index: number;
  readonly #process: ChildProcess;
  readonly #waiters = new Set<Waiter>();
  #requests = 0;
  isAlive = true;

  constructor(setup: DeviceSetup) {
    this.index = setup.index;
    this.#process = fork(DEVICE, [JSON.stringify(setup)], {
      serialization: "advanced",
      stdio: "inherit",
    });
    this.#process.on("message", (report: Report) => this.#receive(report));
    this.#process.on("exit", () => {
      this.isAlive = false;
    });
  }

  tell(command: Command): void {
    if (this.isAlive) this.#process.send(command);
  }

  /** @throws Error after `limitMs`, or when the device fails */
  next<K extends Kind>(
    kind: K,
    limitMs: number,
    isWanted: (report: ReportOf<K>) => boolean = () => true,
  ): Promise<ReportOf<K>> {
    const promise = new Promise<ReportOf<K>>((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const fail = (error: Error): void => {
        end();
        reject(error);
      };
      const waiter: Waiter = {
        fail,
        take: (report) => {
          if (report.kind !== kind || !isWanted(report as ReportOf<K>)) return false;
          end();
          resolve(report as ReportOf<K>);
          return true;
        },
      };
      const late = (): void => fail(new Error(`device ${this.index}: no ${kind} in ${limitMs} ms`));
      const timer = setTimeout(late, limitMs);
      this.#waiters.add(waiter);
    });
    // Nobody may be waiting for it any more when it fails.
    promise.catch(() => {});
    return promise;
  }

  async count(): Promise<DeviceCount> {
    const request = ++this.#requests;
    const answer = this.next("count", ANSWER_MS, (report) => report.request === request);
    this.tell({ kind: "count", request });
    return answer;
  }

  /** What is still waited for will not come. */
  forget(): void {
    for (const { fail } of this.#waiters) fail(new Error("given up"));
  }

  kill(): void {
    this.isAlive = false;
    this.#process.kill("SIGKILL");
  }

  #receive(report: Report): void {
    if (report.kind === "failed") {
      const error = new Error(`device ${this.index}: ${report.reason}`);
      for (const { fail } of this.#waiters) fail(error);
      return;
    }
    for (const waiter of this.#waiters) waiter.take(report);
  }
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
