/** Runs `poml` in this process against a fixture node, and keeps what it prints. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { Output, type Sink } from "../../../node/cli/output.ts";
import { runCli } from "../../../node/cli/program.ts";
import { identityFromSeed, writeKeyFile } from "../../../node/wallet/key-file.ts";
import { startApi, type TestApi, TOKEN } from "../api/support.ts";

export interface CliRun {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Collector implements Sink {
  text = "";
  write(text: string): void {
    this.text += text;
  }
}

export async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliRun> {
  const stdout = new Collector();
  const stderr = new Collector();
  const exit = await runCli(args, {
    output: new Output(stdout, stderr),
    env,
    signal: AbortSignal.timeout(20_000),
    askPassphrase: async () => env.POML_PASSPHRASE,
  });
  return { exit, stdout: stdout.text, stderr: stderr.text };
}

/** A node whose chain makes a block now and then, and a client with money on it. */
export class CliStage {
  readonly directory: string;
  readonly test: TestApi;
  readonly #blocks: NodeJS.Timeout;

  private constructor(directory: string, test: TestApi) {
    this.directory = directory;
    this.test = test;
    this.#blocks = setInterval(() => test.node.advance(), 20);
  }

  static async open(): Promise<CliStage> {
    const directory = await mkdtemp(join(tmpdir(), "poml-cli-"));
    const stage = new CliStage(directory, await startApi());
    const client = identityFromSeed(sha256(new TextEncoder().encode("client")));
    await writeKeyFile(stage.wallet, client);
    return stage;
  }

  get wallet(): string {
    return join(this.directory, "client.key");
  }

  /** Like `run`, with the node, its token and the client's wallet in the environment. */
  run(...args: string[]): Promise<CliRun> {
    return run(args, {
      POML_API: this.test.url,
      POML_TOKEN: TOKEN,
      POML_WALLET: this.wallet,
      POML_DATA_DIR: this.directory,
    });
  }

  /** The JSON a command prints with --json. */
  async json(...args: string[]): Promise<Record<string, unknown>> {
    const { stdout } = await this.run(...args, "--json");
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  async close(): Promise<void> {
    clearInterval(this.#blocks);
    await this.test.stop();
    await rm(this.directory, { recursive: true });
  }
}
