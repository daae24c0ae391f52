/**
 * Fetches blocks that are damaged on this node's disk from peers, one by one, in the background. The block above gives
 * the hash of the block that belongs there, and carries its certificate. So no peer needs to be trusted: a block with
 * another hash is dropped.
 */
import { blockHash } from "../../chain/apply-block.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { decodeSsz } from "../../chain/decode.ts";
import { PomlError } from "../../chain/errors.ts";
import { type Block, type Certificate, CertifiedBlock } from "../../chain/types/block.ts";
import { requestBlocks } from "../../p2p/protocols/blocks.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";
import { wrongPart } from "../chain/block-parts.ts";
import type { Chain } from "../chain/chain.ts";
import { crashPoint } from "../crash-points.ts";
import { noteDamaged, readDamaged } from "../store/damage-notes.ts";
import { readLinked } from "../store/self-check.ts";
import type { NodeLog } from "../telemetry/log.ts";

export interface BlockRepairModules {
  readonly host: StreamHost & { peers(): readonly { readonly peerId: string }[] };
  readonly chain: Chain;
  readonly log: NodeLog;
}

const FETCH_MS = 20_000;
/** Between attempts while no peer has the missing block. */
const RETRY_MS = 15_000;

export class BlockRepair {
  readonly #modules: BlockRepairModules;
  readonly #retryMs: number;
  readonly #damaged = new Set<number>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #repaired = 0;

  constructor(modules: BlockRepairModules, { retryMs = RETRY_MS }: { retryMs?: number } = {}) {
    this.#modules = modules;
    this.#retryMs = retryMs;
  }

  /** The number of blocks that wait for a peer. */
  get waiting(): number {
    return this.#damaged.size;
  }

  /** The number of blocks repaired since the start. */
  get repaired(): number {
    return this.#repaired;
  }

  /** @param found damaged heights that the check at start found */
  async start(found: readonly number[]): Promise<void> {
    const { store } = this.#modules.chain;
    for (const height of [...found, ...(await readDamaged(store.db))]) this.#damaged.add(height);
    store.onDamage((height) => this.report(height));
    if (this.#damaged.size === 0) return;
    this.#modules.log.warn("damaged blocks will be fetched from peers", {
      blocks: this.#damaged.size,
    });
    await noteDamaged(store.db, [...this.#damaged]);
    this.#poke();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#retry);
    await this.#running;
  }

  /** Reports a damaged block. */
  report(height: number): void {
    if (this.#damaged.has(height)) return;
    this.#damaged.add(height);
    this.#modules.log.warn("a block is damaged and will be fetched from a peer", { height });
    this.#poke();
  }

  #poke(): void {
    if (this.#running !== undefined || this.#stopping.signal.aborted) return;
    clearTimeout(this.#retry);
    this.#running = this.#run()
      .catch((error: unknown) => {
        this.#modules.log.warn("could not mend blocks", { reason: String(error) });
      })
      .finally(() => {
        this.#running = undefined;
        if (this.#damaged.size === 0 || this.#stopping.signal.aborted) return;
        this.#retry = setTimeout(() => this.#poke(), this.#retryMs);
      });
  }

  /** From the newest block down: a block gives the hash of the one below it. */
  async #run(): Promise<void> {
    const { store } = this.#modules.chain;
    const before = this.#repaired;
    for (const height of [...this.#damaged].sort((a, b) => b - a)) {
      if (this.#stopping.signal.aborted) return;
      if (height < store.lowest || height > store.height) this.#damaged.delete(height);
      else if (await this.#mend(height)) this.#damaged.delete(height);
    }
    if (this.#repaired > before || this.#damaged.size === 0) {
      await noteDamaged(store.db, [...this.#damaged]);
    }
  }

  /** @returns whether the block is whole now */
  async #mend(height: number): Promise<boolean> {
    const { chain, host, log } = this.#modules;
    const wanted = await this.#wanted(height);
    if (wanted === undefined) return false;
    const present = await readLinked(chain.store, height, wanted.hash);
    if (present !== undefined && wrongPart(present.certified.block) === undefined) return true;
    for (const { peerId } of host.peers()) {
      try {
        const block = await this.#fetch(peerId, height, wanted.hash);
        if (block === undefined) continue;
        crashPoint("block-fetched");
        await chain.store.restore({ block, certificate: wanted.certificate });
        this.#repaired++;
        log.info("a damaged block was mended", { height, peer: peerId });
        return true;
      } catch (error) {
        if (!(error instanceof PomlError)) throw error;
        log.debug("a peer could not mend a block", { height, peer: peerId, code: error.code });
      }
    }
    return false;
  }

  /** The hash that the block at this height must have, according to the block above or the head itself. */
  async #wanted(
    height: number,
  ): Promise<{ hash: Uint8Array; certificate: Certificate } | undefined> {
    const { chain } = this.#modules;
    if (height === chain.height) {
      const { certificate } = chain.tip;
      return certificate && { hash: chain.head.hash, certificate };
    }
    const above = await readLinked(chain.store, height + 1, undefined);
    if (above === undefined) {
      this.#damaged.add(height + 1);
      return undefined;
    }
    const { header, parentCertificate } = above.certified.block;
    return { hash: header.parent, certificate: parentCertificate };
  }

  async #fetch(peer: string, height: number, hash: Uint8Array): Promise<Block | undefined> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(FETCH_MS)]);
    const range = { from: height, count: 1 };
    for await (const bytes of requestBlocks(this.#modules.host, peer, range, {
      signal,
      use: "repair",
    })) {
      const { block } = decodeSsz("block", CertifiedBlock, bytes);
      const isIt = equalBytes(blockHash(block.header), hash) && wrongPart(block) === undefined;
      return isIt ? block : undefined;
    }
    return undefined;
  }
}
