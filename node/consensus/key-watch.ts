/**
 * Detects that another node signs with this node's key: a vote, a proposal or a claim of work, received or in a final
 * block, that is valid for the key and was not signed by this node. Two nodes with one key contradict each other sooner
 * or later, which costs the bond. So this node signs nothing more until its owner allows it, even after restarts.
 *
 * This node's own messages also come back by gossip, even after a restart; the journal contains them. And anybody can
 * repeat messages of the node's earlier runs, so only heights that began while this process was running count.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { blockHash } from "../../chain/apply-block.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { isSameWork } from "../../chain/evidence/duplicate-claim.ts";
import type { Proposal } from "../../chain/types/block.ts";
import { type Payloads, payloadIf, type Transaction } from "../../chain/types/transaction.ts";
import type { Vote } from "../../chain/types/vote.ts";
import type { Chain, FinalBlock } from "../chain/chain.ts";
import type { Clock } from "../clock.ts";
import { writeDurably } from "../durable-file.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { Journal } from "./journal.ts";

export type HeardKind = "vote" | "proposal" | "claim" | "contradiction";

export interface HeardElsewhere {
  readonly kind: HeardKind;
  /** Height of the chain when it was received. */
  readonly height: number;
}

export class KeyElsewhere extends PomlError<{ code: "KEY_ELSEWHERE" } & HeardElsewhere> {
  constructor(heard: HeardElsewhere) {
    super(
      `this node's key signs elsewhere (a ${heard.kind} it did not sign, at height ${heard.height})`,
      { code: "KEY_ELSEWHERE", ...heard },
      { action: "local", remedy: KEY_ELSEWHERE_REMEDY },
    );
  }
}

export const KEY_ELSEWHERE_REMEDY =
  "find and stop the other node that has this key, then restart this one with --resume-signing";

export interface KeyWatchOptions {
  readonly dataDir: string;
  readonly publicKey: Uint8Array;
  /** The owner confirms that the other node is stopped. */
  readonly resume: boolean;
}

export interface KeyWatchModules {
  readonly chain: Pick<Chain, "height" | "state" | "tip" | "onBlock">;
  readonly journal: Pick<Journal, "entries" | "maySign">;
  readonly clock: Pick<Clock, "now">;
  readonly log: NodeLog;
}

const FILE = "key-heard-elsewhere.json";
/** The times of blocks come from their proposers; this exceeds the difference between honest clocks. */
const CLOCK_MARGIN_MS = 10_000;
const TELL_EVERY_BLOCKS = 120;
const CLAIMS_KEPT = 64;

export class KeyWatch {
  readonly #path: string;
  readonly #publicKey: Uint8Array;
  readonly #modules: KeyWatchModules;
  readonly #startedAt: number;
  /** Own claims by window. */
  readonly #claims = new Map<number, Payloads["window-commit"]>();
  /** Heights above this one began while this process was running. */
  #liveFrom: number | undefined;
  #heard: HeardElsewhere | undefined;
  /** After a resumption: the other node may have signed up to this height. */
  #bar = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #noting: Promise<void> = Promise.resolve();

  private constructor(options: KeyWatchOptions, modules: KeyWatchModules) {
    this.#path = join(options.dataDir, FILE);
    this.#publicKey = options.publicKey;
    this.#modules = modules;
    this.#startedAt = modules.clock.now();
    modules.chain.onBlock((final) => this.#onBlock(final));
  }

  static async open(options: KeyWatchOptions, modules: KeyWatchModules): Promise<KeyWatch> {
    const watch = new KeyWatch(options, modules);
    const noted = await readNote(watch.#path);
    if (noted === undefined) return watch;
    if (!options.resume) {
      watch.#heard = noted;
      watch.#tell();
      return watch;
    }
    await rm(watch.#path);
    watch.#bar = Math.max(noted.height, modules.chain.height) + 1;
    modules.log.warn("signs again, because its owner confirmed that no other node has its key", {
      above: watch.#bar,
    });
    return watch;
  }

  /** The foreign message that was received; while it is defined, this node signs nothing. */
  get heard(): HeardElsewhere | undefined {
    return this.#heard;
  }

  /** Whether consensus messages of the current height, and duties, may be signed. */
  get maySign(): boolean {
    return this.#heard === undefined && this.#modules.chain.height >= this.#bar;
  }

  /** @throws KeyElsewhere */
  check(): void {
    if (this.#heard !== undefined) throw new KeyElsewhere(this.#heard);
  }

  /** Waits until the received message is recorded on disk. */
  async idle(): Promise<void> {
    await this.#noting;
  }

  /** Called for a vote that is valid for a key. */
  vote(publicKey: Uint8Array, vote: Vote): void {
    if (!this.#isOurs(publicKey, vote.height)) return;
    const isSaid = this.#modules.journal
      .entries(vote.height)
      .some((entry) => entry.kind === "vote" && equalBytes(entry.vote.signature, vote.signature));
    if (!isSaid) this.#trip("vote");
  }

  /** Called for a proposal that is valid for a key. */
  proposal(publicKey: Uint8Array, { height, round, validRound, block }: Proposal): void {
    if (!this.#isOurs(publicKey, height)) return;
    const hash = blockHash(block.header);
    const isSaid = this.#modules.journal
      .entries(height)
      .some(
        (entry) =>
          entry.kind === "proposal" &&
          entry.proposal.round === round &&
          entry.proposal.validRound === validRound &&
          equalBytes(blockHash(entry.proposal.block.header), hash),
      );
    if (!isSaid) this.#trip("proposal");
  }

  /** Must be called before a transaction of this node is sent. */
  said(transaction: Transaction): void {
    const claim = payloadIf("window-commit", transaction);
    if (claim === undefined) return;
    this.#claims.set(claim.window, claim);
    const oldest = this.#claims.keys().next();
    if (this.#claims.size > CLAIMS_KEPT && !oldest.done) this.#claims.delete(oldest.value);
  }

  /** Called for a transaction that is valid for its sender's key. */
  transaction(transaction: Transaction): void {
    const claim = payloadIf("window-commit", transaction);
    if (claim === undefined || !this.#isOurs(transaction.sender, claim.opens)) return;
    const own = this.#claims.get(claim.window);
    if (own === undefined || !isSameWork(own, claim)) this.#trip("claim");
  }

  /**
   * Called for two contradictory messages that are valid for a key.
   * @returns whether it is this node's key
   */
  contradiction(publicKey: Uint8Array): boolean {
    const isOurs = equalBytes(publicKey, this.#publicKey);
    if (isOurs) this.#trip("contradiction");
    return isOurs;
  }

  #isOurs(publicKey: Uint8Array, height: number): boolean {
    if (!equalBytes(publicKey, this.#publicKey)) return false;
    const isLive = this.#liveFrom !== undefined && height > this.#liveFrom;
    return isLive && this.#modules.journal.maySign(height);
  }

  #onBlock(final: FinalBlock): void {
    this.#look(final);
    const { state } = this.#modules.chain;
    const isLive = Number(state.meta.time) >= this.#startedAt + CLOCK_MARGIN_MS;
    if (this.#liveFrom === undefined && isLive) this.#liveFrom = state.height;
    if (this.#heard !== undefined) this.#tell();
  }

  /** Neighbours relay few of the messages that every node has, so the contents of final blocks decide in the end. */
  #look({ block, certificate, hash }: FinalBlock): void {
    const { chain, journal } = this.#modules;
    const { height, proposer } = block.header;
    const entries = journal.entries(height);
    if (this.#isOurs(proposer, height)) {
      const isSaid = entries.some(
        (entry) =>
          entry.kind === "proposal" && equalBytes(blockHash(entry.proposal.block.header), hash),
      );
      if (!isSaid) this.#trip("proposal");
    }
    for (const { seat, signature } of certificate.signatures) {
      const holder = chain.tip.seats[seat];
      if (holder === undefined || !this.#isOurs(holder.publicKey, height)) continue;
      const isSaid = entries.some(
        (entry) => entry.kind === "vote" && equalBytes(entry.vote.signature, signature),
      );
      if (!isSaid) this.#trip("vote");
    }
  }

  #trip(kind: HeardKind): void {
    if (this.#heard !== undefined) return;
    const { chain, log } = this.#modules;
    const heard = { kind, height: chain.height };
    this.#heard = heard;
    this.#tell();
    this.#noting = writeDurably(this.#path, `${JSON.stringify(heard)}\n`).catch((error) => {
      log.error("could not note that the key was heard elsewhere", { reason: String(error) });
    });
  }

  #tell(): void {
    if (this.#heard === undefined) return;
    const { chain, log } = this.#modules;
    if (chain.height - this.#toldAt < TELL_EVERY_BLOCKS) return;
    this.#toldAt = chain.height;
    const { code, message } = new KeyElsewhere(this.#heard);
    log.error(`${message}: it votes, proposes and claims nothing more`, {
      code,
      remedy: KEY_ELSEWHERE_REMEDY,
    });
  }
}

/** A record that cannot be read still forbids signing. */
async function readNote(path: string): Promise<HeardElsewhere | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { kind, height } = JSON.parse(text) as Partial<HeardElsewhere>;
    if (typeof kind === "string" && Number.isInteger(height)) return { kind, height: height ?? 0 };
  } catch {
    // Incomplete or edited.
  }
  return { kind: "contradiction", height: 0 };
}
