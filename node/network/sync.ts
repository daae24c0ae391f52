/**
 * Catching up: asks peers for their height and fetches the blocks this node lacks, range by range,
 * each checked against its certificate. A peer that lies or has nothing is left for another.
 */
import { decodeSsz } from "../../chain/decode.ts";
import { PomlError } from "../../chain/errors.ts";
import { CertifiedBlock, PROTOCOL_VERSION } from "../../chain/types/block.ts";
import { P2pError } from "../../p2p/errors.ts";
import { MAX_BLOCKS, requestBlocks, serveBlocks } from "../../p2p/protocols/blocks.ts";
import type { StreamHost } from "../../p2p/protocols/protocol.ts";
import { exchangeStatus, type Status, serveStatus } from "../../p2p/protocols/status.ts";
import type { Chain } from "../chain/chain.ts";
import type { NodeLog } from "../telemetry/log.ts";

const STATUS_INTERVAL_MS = 5_000;
/** Below the status requests per second a peer grants (p2p/protocols/status.ts). */
const MIN_INTERVAL_MS = 700;
const RANGE_TIMEOUT_MS = 120_000;

export interface SyncModules {
  readonly host: StreamHost & { peers(): { peerId: string }[] };
  readonly chain: Chain;
  readonly log: NodeLog;
}

export class Sync {
  readonly #modules: SyncModules;
  readonly #heights = new Map<string, number>();
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pause: NodeJS.Timeout | undefined;
  #askedAgain = false;
  #stopped = false;
  #syncing = false;

  constructor(modules: SyncModules) {
    this.#modules = modules;
  }

  /** True while a range is being fetched. */
  get syncing(): boolean {
    return this.#syncing;
  }

  async start(): Promise<void> {
    const { host, chain } = this.#modules;
    await serveStatus(host, {
      status: () => this.#status(),
      onStatus: (peer, status) => this.#heard(peer, status),
    });
    await serveBlocks(host, (from, count) => storedBlocks(chain, from, count));
    this.#timer = setInterval(() => this.poke(), STATUS_INTERVAL_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#pause);
    await this.#running;
  }

  /** Looks for missing blocks soon; cheap when there are none. */
  poke(): void {
    if (this.#running !== undefined || this.#pause !== undefined) this.#askedAgain = true;
    if (this.#stopped || this.#running !== undefined || this.#pause !== undefined) return;
    // Every message from ahead calls this; asking more often than peers allow would get us banned.
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (!this.#askedAgain) return;
      this.#askedAgain = false;
      this.poke();
    }, MIN_INTERVAL_MS);
    this.#running = this.#run()
      .catch((error: unknown) => this.#modules.log.warn("sync failed", { reason: String(error) }))
      .finally(() => {
        this.#running = undefined;
      });
  }

  #status(): Status {
    const { chain } = this.#modules;
    return {
      version: PROTOCOL_VERSION,
      genesisHash: chain.genesisRoot,
      height: chain.height,
      headHash: chain.head.hash,
      lowest: chain.store.lowest,
    };
  }

  #heard(peer: string, { height }: Status): void {
    this.#heights.set(peer, height);
    if (height > this.#modules.chain.height + 1) this.poke();
  }

  async #run(): Promise<void> {
    const { host, chain, log } = this.#modules;
    const peers = host.peers().map(({ peerId }) => peerId);
    for (const known of this.#heights.keys())
      if (!peers.includes(known)) this.#heights.delete(known);
    const answers = await Promise.allSettled(
      peers.map(async (peer) =>
        this.#heights.set(peer, (await exchangeStatus(host, peer, this.#status())).height),
      ),
    );
    if (answers.every(({ status }) => status === "rejected")) return;
    const best = [...this.#heights].sort(([, a], [, b]) => b - a);
    try {
      for (const [peer, height] of best) {
        if (this.#stopped || height <= chain.height) break;
        this.#syncing = height > chain.height + 1;
        await this.#fetchFrom(peer, height).catch((error: unknown) => {
          if (error instanceof PomlError) host.report(peer, error);
          log.warn("a peer's blocks did not help", { peer, reason: String(error) });
        });
      }
    } finally {
      this.#syncing = false;
    }
  }

  async #fetchFrom(peer: string, height: number): Promise<void> {
    const { host, chain } = this.#modules;
    while (!this.#stopped && chain.height < height) {
      const from = chain.height + 1;
      const count = Math.min(MAX_BLOCKS, height - chain.height);
      const signal = AbortSignal.timeout(RANGE_TIMEOUT_MS);
      let received = 0;
      for await (const bytes of requestBlocks(host, peer, { from, count }, { signal })) {
        received++;
        await chain.import(decodeSsz("block", CertifiedBlock, bytes));
      }
      if (received === 0) return;
    }
  }
}

async function* storedBlocks(chain: Chain, from: number, count: number): AsyncIterable<Uint8Array> {
  const first = Math.max(1, from);
  for (let height = first; height < from + count && height <= chain.height; height++) {
    const bytes = await chain.store.blockBytes(height);
    if (bytes !== undefined) yield bytes;
    else if (height > first) return;
    else throw new P2pError(`block ${height}: not kept`, { code: "NOT_FOUND", what: "block" });
  }
}
