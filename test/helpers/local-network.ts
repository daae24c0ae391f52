/**
 * A network of real `poml node` processes on loopback that tests may kill, damage and start again.
 * All nodes are founders, of equal rating unless told otherwise, and no window or track opens, so
 * who may be missing for a quorum is known: any one of four equal ones.
 */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { POML } from "../../chain/amount.ts";
import { fromHex, toHex } from "../../chain/crypto/hash.ts";
import { devnetParameters, genesisRoot } from "../../chain/genesis.ts";
import type { Genesis, Parameters } from "../../chain/types/genesis.ts";
import { ENGINE_HASH } from "../../ml/exact/engine-hash.ts";
import { PomlClient } from "../../node/api/client.ts";
import { ManagedProcess } from "../../node/cli/devnet/managed-process.ts";
import { freePorts } from "../../node/cli/devnet/ports.ts";
import { dataDirPaths, initDataDir, readApiToken } from "../../node/config/data-dir.ts";
import { type Identity, newIdentity } from "../../node/wallet/key-file.ts";
import { textBytes } from "../../node/wallet/payload.ts";
import { peerIdOf } from "../../p2p/identity.ts";
import { founder } from "./founder.ts";
import { until } from "./until.ts";

/** On a machine that is busy with other things. */
const START_MS = 300_000;
const STOP_GRACE_MS = 10_000;
const BOND = 1000n * POML;
/** 100 GFLOP/s; below what the bond lets count. */
const CAPACITY = 100_000_000n;

export interface LocalNetworkOptions {
  readonly nodes: number;
  /** Training processes per node, default 1. */
  readonly workers?: number;
  readonly parameters?: Partial<Parameters>;
  /** Accounts with money besides the client's and the nodes'. */
  readonly accounts?: readonly { readonly address: Uint8Array; readonly balance: bigint }[];
  /** Rating of each node, micro-GFLOP/s, below what the bond lets count. Default: all equal. */
  readonly capacities?: readonly bigint[];
  /** How the nodes find each other. Default: all through the first, directly. */
  readonly wiring?: (nodes: readonly LocalNode[]) => Promise<(node: LocalNode) => Wiring>;
  /** Programs that run in place of `poml`, by node. */
  readonly mains?: Readonly<Record<number, string>>;
  /** Environment of single nodes besides this process's own. */
  readonly env?: Readonly<Record<number, Readonly<Record<string, string>>>>;
  /** How the processes run, default memory. */
  readonly favour?: "memory" | "speed";
  /** Settings of every node's config.json beyond names and addresses. */
  readonly settings?: {
    readonly api?: { readonly uploadMib?: number };
    readonly disk?: { readonly minFreeMib?: number; readonly jobsMinFreeMib?: number };
    readonly quota?: Readonly<Record<string, number>>;
  };
}

interface NodePorts {
  readonly p2p: number;
  readonly api: number;
  readonly torrent: number;
}

export interface Wiring {
  /** Addresses of others, ending in `/p2p/ID`. */
  readonly bootstrap: readonly string[];
  /** What it tells others of itself; empty: where it listens. */
  readonly announce: readonly string[];
}

interface Launch {
  readonly main?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly favour?: "memory" | "speed" | undefined;
}

export class LocalNode {
  readonly name: string;
  readonly dataDir: string;
  readonly identity: Identity;
  readonly ports: NodePorts;
  readonly logPath: string;
  /** POML_FAIL_AT of the next process. */
  failAt: string | undefined;
  readonly #launch: Launch;
  #client: PomlClient | undefined;
  #process: ManagedProcess | undefined;

  constructor(name: string, directory: string, ports: NodePorts, launch: Launch = {}) {
    this.#launch = launch;
    this.name = name;
    this.dataDir = join(directory, name);
    this.logPath = join(directory, `${name}.log`);
    this.identity = newIdentity();
    this.ports = ports;
  }

  get client(): PomlClient {
    if (this.#client === undefined) throw new TypeError(`${this.name} was never started`);
    return this.#client;
  }

  get publicKey(): string {
    return toHex(this.identity.keyPair.publicKey);
  }

  get p2pAddress(): string {
    return `/ip4/127.0.0.1/tcp/${this.ports.p2p}/ws`;
  }

  get isRunning(): boolean {
    return this.#process?.isRunning === true;
  }

  /** Of the process that was started last. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts the process without waiting for it. @param flags further flags of `poml node` */
  async launch(...flags: readonly string[]): Promise<ManagedProcess> {
    if (this.isRunning) throw new TypeError(`${this.name} runs already`);
    this.#process = await this.#spawn(this.logPath, flags);
    return this.#process;
  }

  /** A second process on the same data directory; the caller sees to its end. */
  twin(...flags: readonly string[]): Promise<ManagedProcess> {
    return this.#spawn(`${this.logPath}.twin`, flags);
  }

  /** Starts the process and waits until its API answers. */
  async start(...flags: readonly string[]): Promise<void> {
    const token = await readApiToken(dataDirPaths(this.dataDir).apiToken);
    const client = new PomlClient(`http://127.0.0.1:${this.ports.api}`, { token });
    this.#client = client;
    const child = await this.launch(...flags);
    const answers = async (): Promise<boolean> => {
      if (!child.isRunning) throw await child.unexpectedEnd();
      return client.status().then(
        () => true,
        () => false,
      );
    };
    await until(answers, START_MS, `answer from ${this.name}`);
  }

  /** SIGKILL: no chance to finish or write anything. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#running().ended;
  }

  signal(name: NodeJS.Signals): void {
    const { pid } = this.#running();
    if (pid !== undefined) process.kill(pid, name);
  }

  async stop(): Promise<void> {
    await this.#process?.stop(STOP_GRACE_MS);
  }

  #spawn(logPath: string, flags: readonly string[]): Promise<ManagedProcess> {
    const args = ["node", "--data-dir", this.dataDir, ...flags];
    const { main, env, favour = "memory" } = this.#launch;
    return ManagedProcess.start({
      name: this.name,
      args,
      logPath,
      env: { ...withoutSettings(process.env), ...env, POML_FAIL_AT: this.failAt },
      favour,
      ...(main === undefined ? {} : { main }),
    });
  }

  #running(): ManagedProcess {
    if (this.#process === undefined) throw new TypeError(`${this.name} was never started`);
    return this.#process;
  }
}

export class LocalNetwork {
  readonly directory: string;
  readonly genesisRoot: Uint8Array;
  readonly nodes: readonly LocalNode[];
  /** Holds money and runs no node. */
  readonly client: Identity;
  #keepsLogs = false;

  private constructor(parts: Pick<LocalNetwork, "directory" | "genesisRoot" | "nodes" | "client">) {
    this.directory = parts.directory;
    this.genesisRoot = parts.genesisRoot;
    this.nodes = parts.nodes;
    this.client = parts.client;
  }

  /** Writes genesis and data directories; starts nothing. */
  static async create(options: LocalNetworkOptions): Promise<LocalNetwork> {
    const directory = await mkdtemp(join(tmpdir(), "poml-net-"));
    const ports = await freePorts(3 * options.nodes);
    const nodes = Array.from({ length: options.nodes }, (_, index) => {
      const [p2p = 0, api = 0, torrent = 0] = ports.slice(3 * index, 3 * index + 3);
      const launch = {
        main: options.mains?.[index],
        env: options.env?.[index],
        favour: options.favour,
      };
      return new LocalNode(`node-${index + 1}`, directory, { p2p, api, torrent }, launch);
    });
    const wiringOf = (await options.wiring?.(nodes)) ?? ((node) => throughFirst(node, nodes));
    const client = newIdentity();
    // Nodes dial what the chain says, too: where the wiring hides an address, the chain must not tell it.
    const endpointOf = (node: LocalNode): string => wiringOf(node).announce[0] ?? node.p2pAddress;
    const genesis = foundGenesis(nodes, client, { ...options, endpointOf });
    for (const node of nodes) {
      await mkdir(node.dataDir, { mode: 0o700 });
      await initDataDir(node.dataDir, { genesis, identity: node.identity });
      const settings = settingsOf(node, wiringOf(node), options);
      await writeFile(dataDirPaths(node.dataDir).config, JSON.stringify(settings));
    }
    return new LocalNetwork({ directory, genesisRoot: genesisRoot(genesis), nodes, client });
  }

  /** All nodes up, connected, and the first block made. */
  async start(): Promise<void> {
    try {
      await Promise.all(this.nodes.map((node) => node.start()));
      const height = (): Promise<number> =>
        this.at(0)
          .client.status()
          .then(
            (status) => status.height,
            () => 0,
          );
      await until(async () => (await height()) > 0, START_MS, "first block");
    } catch (error) {
      throw this.explained(error);
    }
  }

  /** Adds to a failure where the logs are, and leaves them there. */
  explained(failure: unknown): Error {
    this.#keepsLogs = true;
    const where = `(logs of the nodes: ${this.directory})`;
    // The message of a DOMException, such as a timeout, cannot be changed.
    if (!(failure instanceof Error) || failure instanceof DOMException) {
      return new Error(`${String(failure)}\n${where}`, { cause: failure });
    }
    failure.message += `\n${where}`;
    return failure;
  }

  at(index: number): LocalNode {
    const node = this.nodes[index];
    if (node === undefined) throw new RangeError(`no node ${index}`);
    return node;
  }

  named(name: string): LocalNode {
    return this.at(this.nodes.findIndex((node) => node.name === name));
  }

  /** Some running node besides `node`. */
  witness(node: LocalNode): LocalNode {
    const other = this.nodes.find((each) => each !== node && each.isRunning);
    if (other === undefined) throw new RangeError("no other node runs");
    return other;
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  /** Stops every process and removes the directory, unless its logs are needed. */
  async stop(): Promise<void> {
    await this.stopAll();
    if (this.#keepsLogs) return;
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function foundGenesis(
  nodes: readonly LocalNode[],
  client: Identity,
  {
    accounts = [],
    parameters,
    capacities,
    endpointOf,
  }: LocalNetworkOptions & { endpointOf(node: LocalNode): string },
): Genesis {
  return {
    name: textBytes("name", "test", 64),
    time: BigInt(Date.now()),
    parameters: {
      ...devnetParameters(fromHex(ENGINE_HASH)),
      windowOffset: 1_000_000,
      surpriseChance: 0,
      trackInterval: 0,
      ...parameters,
    },
    accounts: [
      { address: client.address, balance: 100_000n * POML },
      ...nodes.map(({ identity }) => ({ address: identity.address, balance: 100n * POML })),
      ...accounts,
    ],
    nodes: nodes.map((node, index) =>
      founder(node.identity.seed, {
        name: node.name,
        endpoint: endpointOf(node),
        bond: BOND,
        capacity: capacities?.[index] ?? CAPACITY,
      }),
    ),
  };
}

/** Every node is told of the first one, and the first of the second: it may be restarted too. */
function throughFirst(node: LocalNode, [first, second]: readonly LocalNode[]): Wiring {
  const contact = node === first ? second : first;
  if (contact === undefined) return { bootstrap: [], announce: [] };
  const peer = peerIdOf(contact.identity.keyPair.publicKey);
  return { bootstrap: [`${contact.p2pAddress}/p2p/${peer}`], announce: [] };
}

function settingsOf(
  node: LocalNode,
  { bootstrap, announce }: Wiring,
  options: LocalNetworkOptions,
) {
  const { p2p, api, torrent } = node.ports;
  return {
    name: node.name,
    workers: options.workers ?? 1,
    p2p: { listen: [`/ip4/127.0.0.1/tcp/${p2p}/ws`], announce, bootstrap },
    api: { ...options.settings?.api, host: "127.0.0.1", port: api },
    torrent: { host: "127.0.0.1", port: torrent },
    disk: { ...options.settings?.disk },
    quota: { ...options.settings?.quota },
  };
}

/** Settings meant for the process that runs the tests must not reach the nodes. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("POML_")));
}
