/**
 * Nodes that send transactions to each other in memory, each with its own copy of one chain, so that one can
 * be a block behind. Messages are dropped where a link is cut, and, as in gossip, where they were seen before.
 */
import { createHash } from "node:crypto";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { Mempool } from "../../chain/mempool/pool.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import type { Block } from "../../chain/types/block.ts";
import type { Parameters } from "../../chain/types/genesis.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import type { FinalBlock } from "../../node/chain/chain.ts";
import { ClientTransactions } from "../../node/chain/client-transactions.ts";
import { DutySender } from "../../node/chain/duty-sender.ts";
import { OwnTransactions, type OwnValues } from "../../node/chain/own-transactions.ts";
import type { Fate } from "../../node/chain/pending-upkeep.ts";
import { TransactionService } from "../../node/chain/transaction-service.ts";
import type { NodeLog } from "../../node/telemetry/log.ts";
import { type Person, TestChain } from "./chain.ts";

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Settings of one node's memory; the default mempool unless given. */
export interface SendingOptions {
  readonly parameters?: Partial<Parameters>;
  readonly mempool?: () => Mempool;
}

export class SendingNetwork {
  readonly nodes: SendingNode[];

  /** @param count founders of a chain, each with a node */
  constructor(count: number, options: SendingOptions = {}) {
    this.nodes = Array.from({ length: count }, (_, index) => new SendingNode(index, this, options));
  }

  at(index: number): SendingNode {
    const node = this.nodes[index];
    if (node === undefined) throw new RangeError(`no node ${index}`);
    return node;
  }

  /** A block of what waits at one node, taken by all but those that are behind. */
  async block(from: SendingNode, behind: readonly SendingNode[] = []): Promise<Block> {
    for (const node of this.nodes) await node.settle();
    const block = from.chain.build(from.mempool.select(from.chain.head.state, 1_000_000, 100));
    for (const node of this.nodes) if (!behind.includes(node)) node.take(block);
    for (const node of this.nodes) await node.settle();
    return block;
  }
}

export class SendingNode {
  readonly chain: TestChain;
  readonly person: Person;
  readonly log: LogLine[] = [];
  /** What survives a restart. */
  readonly #values = new Map<string, Uint8Array>();
  readonly #network: SendingNetwork;
  readonly #options: SendingOptions;
  readonly #seen = new Set<string>();
  isCutOff = false;
  mempool!: Mempool;
  transactions!: TransactionService;
  duties!: DutySender;
  clients!: ClientTransactions;
  #listeners: ((final: FinalBlock) => void)[] = [];
  #running: Promise<unknown>[] = [];

  constructor(index: number, network: SendingNetwork, options: SendingOptions) {
    this.#network = network;
    this.#options = options;
    const { parameters } = options;
    this.chain = new TestChain(parameters === undefined ? {} : { parameters });
    this.person = this.chain.founders[index] ?? this.chain.client;
    this.#start();
  }

  get state() {
    return this.chain.head.state;
  }

  /** As after a crash: only what was written is left. */
  async restart(): Promise<void> {
    await this.settle();
    this.transactions.stop();
    this.#start();
    await this.duties.resume();
    await this.clients.resume();
  }

  take(block: Block): void {
    this.chain.take(block);
    const final = { block, hash: this.chain.head.hash } as FinalBlock;
    for (const listener of this.#listeners) listener(final);
  }

  /** Waits for all that follows from blocks and messages so far. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) {
      await Promise.all(this.#running.splice(0));
      await this.duties.idle();
      await this.clients.idle();
      this.transactions.flush();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** As a client's wallet does through this node's API. */
  async handIn(signed: SignedTransaction): Promise<void> {
    await this.transactions.submit(signed);
    this.clients.keep([signed]);
  }

  /** Everything that waits here is gone. */
  lose(): void {
    for (const { transaction } of this.mempool.transactions()) {
      this.mempool.remove(transactionId(transaction));
    }
  }

  receive(message: Uint8Array): void {
    const name = createHash("sha256").update(message).digest("hex");
    if (this.isCutOff || this.#seen.has(name)) return;
    this.#seen.add(name);
    this.#running.push(
      this.transactions.onBatch(message).then(
        (verdict) => {
          if (verdict === "accept") this.#publish(message);
        },
        () => {},
      ),
    );
  }

  #publish(message: Uint8Array): void {
    this.#seen.add(createHash("sha256").update(message).digest("hex"));
    if (this.isCutOff) return;
    for (const node of this.#network.nodes) if (node !== this) node.receive(message);
  }

  #start(): void {
    const { chain } = this;
    const store: OwnValues = {
      own: async (name) => this.#values.get(name),
      putOwn: async (name, value) => void this.#values.set(name, value),
    };
    this.#listeners = [];
    const view = {
      get state() {
        return chain.head.state;
      },
      get height() {
        return chain.height;
      },
      genesisRoot: chain.genesisRoot,
      onBlock: (listener: (final: FinalBlock) => void) => {
        this.#listeners.push(listener);
        return () => {};
      },
    };
    const log = this.#logger();
    const peers = (): number => (this.isCutOff ? 0 : this.#network.nodes.length - 1);
    this.mempool = this.#options.mempool?.() ?? new Mempool();
    this.transactions = new TransactionService({
      chain: view,
      mempool: this.mempool,
      verified: new WeakSet(),
      log,
      seen: () => {},
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      publish: async (_, message) => this.#publish(message),
    });
    const { mempool, transactions } = this;
    const own = new OwnTransactions({ store });
    const fate = async (id: Uint8Array): Promise<Fate> => {
      const isIn = ({ body }: Block): boolean =>
        body.transactions.some(({ transaction }) => equalBytes(transactionId(transaction), id));
      return chain.blocks.some(isIn) ? "final" : "overtaken";
    };
    this.duties = new DutySender(
      { keys: this.person.keys },
      { chain: view, mempool, transactions, own, log, fate, peers },
    );
    const clientsOwn = new OwnTransactions({ store, name: "client-transactions" });
    this.clients = new ClientTransactions({
      chain: view,
      mempool,
      transactions,
      own: clientsOwn,
      log,
      peers,
    });
  }

  #logger(): NodeLog {
    const note =
      (level: string) =>
      (message: string, fields: LogLine["fields"] = {}) => {
        this.log.push({ level, message, fields });
      };
    const log: NodeLog = {
      debug: note("debug"),
      info: note("info"),
      warn: note("warn"),
      error: note("error"),
      child: () => log,
    };
    return log;
  }
}
