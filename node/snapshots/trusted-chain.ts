/**
 * The headers below a block that the owner trusts. Every header names its parent by hash, so going down from the
 * trusted hash needs no signatures, and a peer that sends another header has invented it.
 */
import { setTimeout as delay } from "node:timers/promises";
import { blockHash } from "../../chain/apply-block.ts";
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import { decodeSsz } from "../../chain/decode.ts";
import { PomlError } from "../../chain/errors.ts";
import { type CertifiedBlock, Header } from "../../chain/types/block.ts";
import { requestBlocks, requestHeaders } from "../../p2p/protocols/blocks.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";
import type { TrustedPoint } from "../config/trust.ts";
import { receiveBlock } from "../network/received-block.ts";
import { SyncError } from "../network/sync-error.ts";
import type { NodeLog } from "../telemetry/log.ts";

export interface TrustedChainModules {
  readonly host: StreamHost;
  readonly log: NodeLog;
}

const REQUEST_MS = 8_000;
/** Time between two requests to one peer; it respects the rate that peers grant. */
const REQUEST_GAP_MS = 150;
const MAX_COUNT = 256;
const MIN_COUNT = 2;

interface Link {
  readonly height: number;
  readonly hash: Uint8Array;
}

export class TrustedChain {
  readonly #trust: TrustedPoint;
  readonly #modules: TrustedChainModules;
  readonly #headers = new Map<number, { readonly header: Header; readonly hash: Uint8Array }>();
  /** The highest header that is not fetched yet, known by its hash. */
  #next: Link;
  /** Headers in one request; fewer if blocks are large, because peers then answer with a part. */
  #count = MAX_COUNT;
  /** The hashes that peers have at the trusted height, if not that of the trusted block. */
  readonly #others = new Map<string, string>();

  constructor(trust: TrustedPoint, modules: TrustedChainModules) {
    this.#trust = trust;
    this.#modules = modules;
    this.#next = trust;
  }

  /** How many headers were fetched so far. */
  get depth(): number {
    return this.#headers.size;
  }

  /** By peer, the hash at the trusted height; only peers that contradict the trusted block. */
  get contradictions(): ReadonlyMap<string, string> {
    return this.#others;
  }

  /**
   * The verified header of a height at or below the trusted one; undefined when no peer sent all headers down to it.
   */
  async header(
    height: number,
    peers: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly header: Header; readonly hash: Uint8Array } | undefined> {
    const usable = peers.filter((peer) => !this.#others.has(peer));
    while (this.#next.height >= height && !signal.aborted) {
      const peer = usable[0];
      if (peer === undefined) return undefined;
      const from = Math.max(height, this.#next.height - this.#count + 1);
      if (!(await this.#fetch(peer, from, signal))) usable.shift();
      else await delay(REQUEST_GAP_MS, undefined, { signal }).catch(() => undefined);
    }
    return this.#headers.get(height);
  }

  /**
   * The whole block of a verified header; undefined when no peer sent it.
   * @param check throws a PomlError for a block that differs from its header, or is not certified
   */
  async block(
    height: number,
    peers: readonly string[],
    { signal, check }: { signal: AbortSignal; check(block: CertifiedBlock): Promise<void> },
  ): Promise<CertifiedBlock | undefined> {
    const expected = this.#headers.get(height)?.hash;
    if (expected === undefined) return undefined;
    for (const peer of peers) {
      try {
        const options = { signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]) };
        const range = { from: height, count: 1 };
        for await (const bytes of requestBlocks(this.#modules.host, peer, range, options)) {
          const { certified, hash } = receiveBlock(bytes, height, undefined);
          if (!equalBytes(hash, expected)) {
            throw SyncError.badBlocks(height, `it is ${toHex(hash)}, not ${toHex(expected)}`);
          }
          await check(certified).catch((error: unknown) => {
            if (!(error instanceof PomlError)) throw error;
            throw SyncError.badBlocks(height, error.message, error);
          });
          return certified;
        }
      } catch (error) {
        this.#failed(peer, error);
      }
    }
    return undefined;
  }

  /** @returns false when the peer does not help, so that another must be asked */
  async #fetch(peer: string, from: number, signal: AbortSignal): Promise<boolean> {
    const { host } = this.#modules;
    const count = this.#next.height - from + 1;
    try {
      const headers: Header[] = [];
      const options = { signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]) };
      for await (const bytes of requestHeaders(host, peer, { from, count }, options)) {
        headers.push(decodeSsz("header", Header, bytes));
      }
      if (headers.length === count) return this.#takeDownwards(peer, headers);
      if (headers.length === 0 || this.#count <= MIN_COUNT) return false;
      this.#count = Math.max(MIN_COUNT, Math.min(headers.length, this.#count >> 1));
      return true;
    } catch (error) {
      this.#failed(peer, error);
      return false;
    }
  }

  /** @throws SyncError BAD_BLOCKS for a header that the one above does not name */
  #takeDownwards(peer: string, headers: readonly Header[]): boolean {
    for (const header of headers.toReversed()) {
      const { height, hash: expected } = this.#next;
      const hash = blockHash(header);
      if (!equalBytes(hash, expected)) {
        const found = toHex(hash);
        // Either the peer or the owner is wrong about the trusted block; below it only the peer can be wrong.
        if (height === this.#trust.height) {
          this.#others.set(peer, found);
          return false;
        }
        throw SyncError.badBlocks(height, `its header is ${found}, not ${toHex(expected)}`);
      }
      this.#headers.set(height, { header, hash });
      this.#next = { height: height - 1, hash: header.parent };
    }
    return true;
  }

  #failed(peer: string, error: unknown): void {
    const { host, log } = this.#modules;
    if (error instanceof SyncError) host.report(peer, error);
    log.debug("a peer did not help with the trusted chain", { peer, reason: String(error) });
  }
}
