/**
 * Starts an empty node from a snapshot. The owner trusts one final block. Headers lead from it down to the block of the
 * newest snapshot at or below it, whose header contains the root of the state. So peers need no trust: nothing is
 * accepted that does not follow from the trusted hash. Fetched chunks are kept, so an interrupted start continues where
 * it was; the database changes in one batch.
 */
import { setTimeout as delay } from "node:timers/promises";
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import { verify } from "../../chain/crypto/keys.ts";
import { PomlError } from "../../chain/errors.ts";
import { verifyCertificate } from "../../chain/finality/certificate.ts";
import type { CertifiedBlock, Header } from "../../chain/types/block.ts";
import { Seats } from "../../chain/types/state.ts";
import { requestSnapshots } from "../../p2p/protocols/snapshots.ts";
import type { StreamHost } from "../../p2p/protocols/stream-host.ts";
import { wrongPart } from "../chain/block-parts.ts";
import { formatTrust, type TrustedPoint } from "../config/trust.ts";
import type { PeerClaims } from "../network/peer-claims.ts";
import { SyncError } from "../network/sync-error.ts";
import type { VerifiedBase } from "../store/base-store.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { readSnapshot } from "./create-snapshot.ts";
import { downloadChunks } from "./download-chunks.ts";
import { decodeManifest, manifestId, type SnapshotManifest } from "./manifest.ts";
import { SnapshotError } from "./snapshot-error.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { TrustedChain } from "./trusted-chain.ts";

export interface SnapshotSyncOptions {
  readonly genesisRoot: Uint8Array;
  /** The amount that is conserved on this chain, in micro-POML. */
  readonly supply: bigint;
  readonly trust: TrustedPoint;
  /** How long peers may contradict the trusted block, or offer no snapshot, before it has consequences. */
  readonly patienceMs?: number;
  readonly retryMs?: number;
}

export interface SnapshotSyncModules {
  readonly host: StreamHost;
  readonly claims: PeerClaims;
  readonly snapshots: SnapshotStore;
  readonly log: NodeLog;
}

export type SnapshotStage = "peers" | "headers" | "chunks" | "state";

export interface SnapshotProgress {
  readonly stage: SnapshotStage;
  readonly done: number;
  readonly total: number;
  /** Height of the trusted block. */
  readonly trust: number;
  /** Highest block that a connected peer has; undefined: none has reported it yet. */
  readonly networkHead: number | undefined;
  /** Hash that all peers beyond the trusted height have there instead, hex. */
  readonly contradicted: string | undefined;
}

/** A snapshot, and the peers that offer it. */
interface Offer {
  readonly manifest: SnapshotManifest;
  readonly peers: string[];
}

const PATIENCE_MS = 20_000;
const RETRY_MS = 3_000;
const ASK_MS = 8_000;
const MAX_PEERS_ASKED = 16;
/** Larger snapshots are not fetched, because the size in a manifest is not proven. */
const MAX_SNAPSHOT_BYTES = 8 * 1024 ** 3;
const MAX_HEADERS = 262_144;

export class SnapshotSync {
  readonly #options: SnapshotSyncOptions;
  readonly #modules: SnapshotSyncModules;
  readonly #trusted: TrustedChain;
  #progress: Pick<SnapshotProgress, "stage" | "done" | "total"> = {
    stage: "peers",
    done: 0,
    total: 0,
  };

  constructor(options: SnapshotSyncOptions, modules: SnapshotSyncModules) {
    this.#options = options;
    this.#modules = modules;
    this.#trusted = new TrustedChain(options.trust, modules);
  }

  get progress(): SnapshotProgress {
    const { height: trust } = this.#options.trust;
    const heights = [...this.#modules.claims.all.values()].map(({ height }) => height);
    return {
      ...this.#progress,
      trust,
      networkHead: heights.length === 0 ? undefined : Math.max(...heights),
      contradicted: this.#contradiction(this.#peers()),
    };
  }

  /**
   * A verified state to start from; undefined when the signal fired, or when peers offer none at or below the trusted
   * height, so that only the blocks from genesis are left.
   * @throws SnapshotError TRUST_MISMATCH when all peers that have the trusted height have another block
   */
  async find(signal: AbortSignal): Promise<VerifiedBase | undefined> {
    const { trust, patienceMs = PATIENCE_MS, retryMs = RETRY_MS } = this.#options;
    const { host, log } = this.#modules;
    log.info("looking for a snapshot", { trust: formatTrust(trust) });
    let answeredAt: number | undefined;
    while (!signal.aborted) {
      const peers = this.#peers();
      await this.#trusted.header(trust.height, peers, signal);
      const { offers, answered } = await this.#offers(peers, signal);
      if (answered > 0) answeredAt ??= host.now();
      for (const offer of offers) {
        const base = await this.#tryOffer(offer, peers, signal);
        if (base !== undefined) return base;
      }
      const isOver = answeredAt !== undefined && host.now() - answeredAt >= patienceMs;
      if (isOver) this.#checkContradictions(peers);
      if (isOver && answered > 0 && offers.length === 0) {
        log.warn("no peer has a snapshot at or below the trusted block: starting from genesis");
        return undefined;
      }
      this.#progress = { stage: "peers", done: peers.length, total: 0 };
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
      this.#modules.claims.poke();
    }
    return undefined;
  }

  /** Peers that are beyond the trusted height. */
  #peers(): string[] {
    return [...this.#modules.claims.all]
      .filter(([, { height }]) => height >= this.#options.trust.height)
      .map(([peer]) => peer)
      .slice(0, MAX_PEERS_ASKED);
  }

  #checkContradictions(peers: readonly string[]): void {
    const found = this.#contradiction(peers);
    if (found === undefined) return;
    const { height, hash } = this.#options.trust;
    throw SnapshotError.trustMismatch(height, toHex(hash), found);
  }

  /** The hash that all of these peers have at the trusted height, if it is not the trusted block. */
  #contradiction(peers: readonly string[]): string | undefined {
    const { contradictions } = this.#trusted;
    if (peers.length === 0 || !peers.every((peer) => contradictions.has(peer))) return undefined;
    return contradictions.values().next().value;
  }

  /** The newest usable snapshot first; among equals, the one that most peers have. */
  async #offers(
    peers: readonly string[],
    signal: AbortSignal,
  ): Promise<{ offers: Offer[]; answered: number }> {
    const offers = new Map<string, Offer>();
    let answered = 0;
    await Promise.all(
      peers.map(async (peer) => {
        const manifests = await this.#manifestsOf(peer, signal);
        if (manifests !== undefined) answered++;
        for (const manifest of manifests ?? []) {
          const id = toHex(manifestId(manifest));
          const known = offers.get(id);
          if (known === undefined) offers.set(id, { manifest, peers: [peer] });
          else known.peers.push(peer);
        }
      }),
    );
    const { height } = this.#options.trust;
    const usable = [...offers.values()]
      .filter(
        ({ manifest }) =>
          manifest.height >= 1 &&
          manifest.height <= height &&
          height - manifest.height < MAX_HEADERS &&
          manifest.bytes <= MAX_SNAPSHOT_BYTES,
      )
      .sort((a, b) => b.manifest.height - a.manifest.height || b.peers.length - a.peers.length);
    return { offers: usable, answered };
  }

  /** @returns undefined when the peer did not answer */
  async #manifestsOf(peer: string, signal: AbortSignal): Promise<SnapshotManifest[] | undefined> {
    const { host, log } = this.#modules;
    try {
      const encoded = await requestSnapshots(host, peer, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]),
      });
      return encoded.map(decodeManifest);
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      // The exchange itself has reported these errors.
      if (error.code === "DECODE" || error.code === "BAD_SNAPSHOT") host.report(peer, error);
      log.debug("no snapshots of a peer", { peer, code: error.code });
      return undefined;
    }
  }

  /** @returns undefined when the snapshot is not available, or is false */
  async #tryOffer(
    offer: Offer,
    peers: readonly string[],
    signal: AbortSignal,
  ): Promise<VerifiedBase | undefined> {
    const { host, log } = this.#modules;
    const { height } = offer.manifest;
    try {
      return await this.#fetch(offer, peers, signal);
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      log.warn("a snapshot could not be used", { height, code: error.code, reason: error.message });
      if (error instanceof SnapshotError && error.code === "BAD_SNAPSHOT") {
        for (const peer of offer.peers) host.report(peer, error);
      }
      return undefined;
    }
  }

  async #fetch(
    { manifest, peers: offering }: Offer,
    peers: readonly string[],
    signal: AbortSignal,
  ): Promise<VerifiedBase | undefined> {
    const { trust } = this.#options;
    const { snapshots } = this.#modules;
    const { height } = manifest;
    this.#tell("headers", this.#trusted.depth, trust.height - height + 1);
    const verified = await this.#trusted.header(height, [...offering, ...peers], signal);
    if (verified === undefined) return undefined;
    const { header, hash } = verified;
    checkManifest(manifest, header, hash);
    const check = (block: CertifiedBlock): Promise<void> => this.#checkBlock(block, manifest);
    const certified = await this.#trusted.block(height, [...offering, ...peers], {
      signal,
      check,
    });
    if (certified === undefined) return undefined;
    const total = manifest.chunks.length;
    await downloadChunks(manifest, offering, this.#modules, {
      signal,
      onProgress: (done) => this.#tell("chunks", done, total),
    });
    this.#tell("state", 0, 1);
    const { supply } = this.#options;
    const state = await readSnapshot(manifest, (chunk) => snapshots.chunk(chunk), supply);
    return { state, certified, hash, seats: manifest.seats };
  }

  /** The block follows from the trusted one; its certificate is what later blocks build on. */
  async #checkBlock(certified: CertifiedBlock, { seats }: SnapshotManifest): Promise<void> {
    const altered = wrongPart(certified.block);
    if (altered !== undefined) {
      throw SyncError.badBlocks(
        certified.block.header.height,
        `its ${altered} is not what its header names`,
      );
    }
    const { genesisRoot } = this.#options;
    await verifyCertificate(certified.certificate, seats, { genesisRoot, verify });
  }

  #tell(stage: SnapshotStage, done: number, total: number): void {
    if (this.#progress.stage !== stage) this.#modules.log.info("snapshot sync", { stage, total });
    this.#progress = { stage, done, total };
  }
}

/** @throws SnapshotError BAD_SNAPSHOT when the manifest is not for the block to which the trusted one leads */
function checkManifest(manifest: SnapshotManifest, header: Header, hash: Uint8Array): void {
  if (!equalBytes(manifest.blockHash, hash)) throw SnapshotError.bad("it is of another block");
  if (!equalBytes(manifest.stateRoot, header.stateRoot)) {
    throw SnapshotError.bad("it names another state root than the header of its block");
  }
  if (!equalBytes(Seats.hashTreeRoot(manifest.seats), header.seatsRoot)) {
    throw SnapshotError.bad("it names other seats than the header of its block");
  }
}
