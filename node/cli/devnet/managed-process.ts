/**
 * One `poml` process started by this one: its log file, its end, and stopping it for certain. The
 * open IPC channel tells the child when this process is gone, so that nothing is left behind.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { close, open } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CliError, EXIT } from "../exit-codes.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
/** For many processes on one machine: these flags save some 45 MB in each process, at the price of slower code. */
const SMALL: readonly string[] = [
  "--max-semi-space-size=1",
  "--v8-pool-size=1",
  "--optimize-for-size",
];
const openFile = promisify(open);
const closeFile = promisify(close);

export interface ProcessOptions {
  readonly name: string;
  /** Arguments after `poml`. */
  readonly args: readonly string[];
  /** Both outputs go here. */
  readonly logPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The program to run instead of `poml`. */
  readonly main?: string;
  /** What matters more: memory, as with the many processes of a devnet (default), or speed, as on a server. */
  readonly favour?: "memory" | "speed";
}

export class ManagedProcess {
  readonly name: string;
  readonly logPath: string;
  /** Resolves with the reason when the process has ended, e.g. `exit status 1`. Never rejects. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  #isRunning = true;

  private constructor(name: string, logPath: string, child: ChildProcess) {
    this.name = name;
    this.logPath = logPath;
    this.#child = child;
    this.ended = new Promise((resolve) => {
      const end = (reason: string): void => {
        this.#isRunning = false;
        resolve(reason);
      };
      child.once("exit", (code, signal) => end(signal ?? `exit status ${code}`));
      child.once("error", (error) => end(error.message));
    });
  }

  static async start({
    name,
    args,
    logPath,
    env,
    main = MAIN,
    favour = "memory",
  }: ProcessOptions): Promise<ManagedProcess> {
    const log = await openFile(logPath, "a", 0o600);
    try {
      const flags = favour === "memory" ? SMALL : [];
      const child = spawn(process.execPath, [...flags, main, ...args], {
        stdio: ["ignore", log, log, "ipc"],
        env: { MALLOC_ARENA_MAX: "2", ...env },
      });
      return new ManagedProcess(name, logPath, child);
    } finally {
      await closeFile(log);
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** The last lines it wrote. */
  async tail(lines = 8): Promise<string> {
    const text = await readFile(this.logPath, "utf8").catch(() => "");
    return text.trimEnd().split("\n").slice(-lines).join("\n");
  }

  /** The error to report when the process has ended unexpectedly. */
  async unexpectedEnd(): Promise<CliError> {
    const reason = await this.ended;
    return new CliError(
      `${this.name} ended (${reason}); the end of ${this.logPath}:\n${await this.tail()}`,
      { code: "PROCESS_ENDED", exit: EXIT.failure, field: this.name },
      "the log has the whole story",
    );
  }

  /** Asks it to stop; after `graceMs` it is killed. */
  async stop(graceMs: number): Promise<void> {
    if (!this.#isRunning) return;
    this.#child.kill("SIGTERM");
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
    await this.ended;
    clearTimeout(killer);
  }
}
