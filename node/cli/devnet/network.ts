/**
 * A network of real `poml node` processes on this machine. Founders are in the genesis. If there are more than three
 * nodes, the last one joins by transaction, as any stranger would.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { formatAmount, POML } from "../../../chain/amount.ts";
import { toHex } from "../../../chain/crypto/hash.ts";
import { genesisRoot } from "../../../chain/genesis.ts";
import { PomlClient } from "../../api/client.ts";
import { dataDirPaths, initDataDir, readApiToken } from "../../config/data-dir.ts";
import { readEndpoints } from "../../config/endpoints.ts";
import { writeGenesisFile } from "../../config/genesis-file.ts";
import { type Identity, newIdentity, writeKeyFile } from "../../wallet/key-file.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { FOUNDER_BOND, foundGenesis } from "./found.ts";
import { ManagedProcess } from "./managed-process.ts";
import {
  type Benchmark,
  benchmarkProcess,
  type MeasuredMachine,
  measureMachine,
  shareOfMachine,
} from "./measure.ts";
import { clientWalletOf, type DevnetNode, type DevnetPlan, readPlan } from "./plan.ts";
import { freePorts } from "./ports.ts";

const MAX_FOUNDERS = 3;
const START_DEADLINE_MS = 60_000;
const STOP_GRACE_MS = 8000;
const MAX_RESTARTS = 3;

export interface DevnetOptions {
  readonly directory: string;
  readonly nodes: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Rates the founders; default `poml benchmark`. */
  readonly benchmark?: Benchmark;
}

export interface RunningNode extends DevnetNode {
  readonly client: PomlClient;
  /** Another one after a restart. */
  process: ManagedProcess;
}

export class Devnet implements DevnetPlan {
  readonly directory: string;
  readonly nodes: readonly DevnetNode[];
  readonly genesisRoot: string;
  readonly client: Identity;
  readonly clientWallet: string;
  readonly running: RunningNode[] = [];
  readonly #env: DevnetOptions["env"];
  #isStopping = false;

  private constructor(options: Pick<DevnetOptions, "directory" | "env">, parts: DevnetPlan) {
    this.directory = options.directory;
    this.#env = childEnvironment(options.env);
    this.nodes = parts.nodes;
    this.genesisRoot = parts.genesisRoot;
    this.client = parts.client;
    this.clientWallet = parts.clientWallet;
  }

  /**
   * Benchmarks the machine, which rates the founders, and writes every data directory; starts nothing.
   * @throws CliError BENCHMARK_FAILED before anything is written
   */
  static async create(
    options: DevnetOptions,
    onMeasured: (machine: MeasuredMachine, ofEach: bigint) => void,
  ): Promise<Devnet> {
    const { directory, benchmark = benchmarkProcess(childEnvironment(options.env)) } = options;
    const machine = await measureMachine(benchmark);
    const nodes = await planNodes(options);
    const capacity = shareOfMachine(machine.capacity, nodes.length, availableParallelism());
    onMeasured(machine, capacity);
    const founders = nodes
      .filter(({ isFounder }) => isFounder)
      .map((node) => ({ ...node, capacity, endpoint: `/ip4/127.0.0.1/tcp/${node.ports.p2p}/ws` }));
    const client = newIdentity();
    const treasury = newIdentity();
    const genesis = foundGenesis({ founders, client, treasury, now: Date.now() });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeGenesisFile(join(directory, "genesis.json"), genesis);
    const clientWallet = clientWalletOf(directory);
    await writeKeyFile(clientWallet, client);
    await writeKeyFile(join(directory, "treasury.key"), treasury);
    for (const node of nodes) {
      await initDataDir(node.dataDir, { genesis, identity: node.identity });
      await writeSettings(node, []);
    }
    const root = toHex(genesisRoot(genesis));
    return new Devnet(options, { nodes, genesisRoot: root, client, clientWallet });
  }

  /**
   * Opens the network that a directory already contains.
   * @throws CliError NOT_A_NETWORK
   */
  static async open(options: Omit<DevnetOptions, "nodes">): Promise<Devnet> {
    return new Devnet(options, await readPlan(options.directory));
  }

  /** Starts the first node, then all others with its address. Resolves when every API answers. */
  async start(signal: AbortSignal): Promise<void> {
    const [first, ...others] = this.nodes;
    if (first === undefined) return;
    await this.#startOne(first, [], signal);
    const bootstrap = (await readEndpoints(first.dataDir))?.p2p ?? [];
    await Promise.all(others.map((node) => this.#startOne(node, bootstrap, signal)));
    const order = this.nodes.map(({ name }) => name);
    this.running.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  }

  /**
   * Starts nodes again that ended by themselves, as a service manager would.
   * @param onEnd called with the reason
   * @throws CliError PROCESS_ENDED when a node ends too often; otherwise it does not return
   */
  supervise(onEnd: (text: string) => void): Promise<never> {
    return Promise.race(this.running.map((node) => this.#keepAlive(node, onEnd)));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.running.map((node) => node.process.stop(STOP_GRACE_MS)));
  }

  async #keepAlive(node: RunningNode, onEnd: (text: string) => void): Promise<never> {
    for (let restarts = 0; ; restarts++) {
      const end = await node.process.unexpectedEnd();
      if (this.#isStopping) return new Promise(() => {});
      if (restarts === MAX_RESTARTS) throw end;
      onEnd(`${end.message}\nstarting ${node.name} again`);
      node.process = await this.#spawn(node);
      if (this.#isStopping) await node.process.stop(STOP_GRACE_MS);
    }
  }

  /** Deletes the nodes' directories, 130 MB in all; wallets, genesis and model stay. */
  async discardNodes(): Promise<void> {
    await Promise.all(this.nodes.map(({ dataDir }) => rm(dataDir, { recursive: true })));
  }

  #spawn({ name, dataDir }: DevnetNode): Promise<ManagedProcess> {
    return ManagedProcess.start({
      name,
      args: ["node", "--data-dir", dataDir],
      logPath: join(dataDir, "node.log"),
      env: this.#env,
    });
  }

  async #startOne(
    node: DevnetNode,
    bootstrap: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const paths = dataDirPaths(node.dataDir);
    await writeSettings(node, bootstrap);
    // The file may be there from an earlier run that was killed.
    await rm(paths.endpoints, { force: true });
    const process = await this.#spawn(node);
    const token = await readApiToken(paths.apiToken);
    const client = new PomlClient(`http://127.0.0.1:${node.ports.api}`, { token });
    this.running.push({ ...node, process, client });
    const wait = AbortSignal.any([signal, AbortSignal.timeout(START_DEADLINE_MS)]);
    await Promise.race([
      untilServing(node, wait),
      process.ended.then(async () => {
        throw await process.unexpectedEnd();
      }),
    ]);
  }
}

/** Lets the node answer on the ports it was given. */
async function untilServing(node: DevnetNode, signal: AbortSignal): Promise<void> {
  for (;;) {
    // Written by the node once everything listens.
    if ((await readEndpoints(node.dataDir)) !== undefined) return;
    try {
      await delay(50, undefined, { signal });
    } catch (cause) {
      throw new CliError(
        `${node.name} did not start in time`,
        { code: "TIMEOUT", exit: EXIT.failure, field: node.name },
        `see ${join(node.dataDir, "node.log")}`,
        cause,
      );
    }
  }
}

async function planNodes({ directory, nodes }: DevnetOptions): Promise<DevnetNode[]> {
  const ports = await freePorts(3 * nodes);
  return Array.from({ length: nodes }, (_, index) => ({
    name: `node-${index + 1}`,
    dataDir: join(directory, `node-${index + 1}`),
    identity: newIdentity(),
    isFounder: index < MAX_FOUNDERS,
    ports: {
      p2p: ports[3 * index] ?? 0,
      api: ports[3 * index + 1] ?? 0,
      torrent: ports[3 * index + 2] ?? 0,
    },
  }));
}

async function writeSettings(node: DevnetNode, bootstrap: readonly string[]): Promise<void> {
  const settings = settingsOf(node, bootstrap);
  const { config } = dataDirPaths(node.dataDir);
  await writeFile(config, `${JSON.stringify(settings, null, 2)}\n`);
}

/** config.json of one node; with it `poml node --data-dir …` starts the same node again. */
function settingsOf(node: DevnetNode, bootstrap: readonly string[]): unknown {
  return {
    name: node.name,
    workers: 1,
    p2p: { listen: [`/ip4/127.0.0.1/tcp/${node.ports.p2p}/ws`], bootstrap },
    api: { host: "127.0.0.1", port: node.ports.api },
    torrent: { host: "127.0.0.1", port: node.ports.torrent },
    autoRegister: { enabled: !node.isFounder, bond: formatAmount(FOUNDER_BOND) },
  };
}

/** The amount that a newcomer gets, in micro-POML: its bond and something for fees. */
export const NEWCOMER_FUNDS = FOUNDER_BOND + 10n * POML;

/** Settings meant for this command must not reach the nodes. */
function childEnvironment(env: DevnetOptions["env"]): DevnetOptions["env"] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("POML_")));
}
