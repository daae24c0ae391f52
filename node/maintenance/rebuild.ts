/**
 * Replays the chain from its own blocks into a new database: every certificate is verified, every block applied. The
 * result is right whatever else the old database contains.
 */

import { verify } from "../../chain/crypto/keys.ts";
import { verifyCertificate } from "../../chain/finality/certificate.ts";
import type { Head } from "../../chain/head.ts";
import type { CertifiedBlock } from "../../chain/types/block.ts";
import { MAX_UINT32 } from "../../chain/uint-range.ts";
import { Chain, type ProveBlock } from "../chain/chain.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { put } from "../store/database.ts";
import { numberKey, range } from "../store/keys.ts";
import { unseal } from "../store/sealed.ts";
import { readLinked } from "../store/self-check.ts";
import type { ScanOptions } from "./verify-store.ts";

export interface RebuildOptions extends ScanOptions {
  /** Height to stop at; default: the last available block. */
  readonly to?: number | undefined;
}

const BATCH = 64;

/**
 * @param source the damaged store; only its blocks and the values of services are used
 * @param target a store that contains only the genesis
 * @returns the height reached, below the first block that is missing, damaged, or does not apply
 */
export async function rebuild(
  source: ChainStore,
  target: ChainStore,
  genesis: Head,
  { to = MAX_UINT32, onProgress = () => {}, signal }: RebuildOptions = {},
): Promise<number> {
  const { state, hash: genesisRoot } = genesis;
  const tip = { header: undefined, certificate: undefined, seats: state.seats };
  // The certificates verified here cover the signatures of transactions.
  const verified = { has: () => true, add: () => {} };
  const chain = new Chain(
    { genesisRoot, head: genesis, tip },
    { store: target, verified, known: (signed) => signed },
  );
  const prove: ProveBlock = ({ certificate }, head) =>
    verifyCertificate(certificate, head.state.seats, { genesisRoot, verify });
  const aim = Math.min(to, source.height === 0 ? to : source.height);
  while (chain.height < to) {
    signal?.throwIfAborted();
    const blocks = await nextBlocks(source, chain.height + 1, Math.min(BATCH, to - chain.height));
    const before = chain.height;
    await chain.importAll(blocks, prove).catch(() => undefined);
    onProgress(chain.height / Math.max(1, aim), `block ${chain.height}`);
    if (chain.height < before + BATCH) break;
  }
  await copyOwn(source, target);
  return chain.height;
}

async function nextBlocks(
  source: ChainStore,
  from: number,
  count: number,
): Promise<CertifiedBlock[]> {
  const blocks: CertifiedBlock[] = [];
  for (let height = from; height < from + count; height++) {
    const found = await readLinked(source, height, undefined);
    if (found === undefined) break;
    blocks.push(found.certified);
  }
  return blocks;
}

/** Copies the values that services of the node store for themselves, if they are undamaged. */
async function copyOwn(source: ChainStore, target: ChainStore): Promise<void> {
  for await (const [key, sealed] of source.db.rawEntries(range("own"))) {
    const value = unseal(key, sealed);
    if (value !== undefined) await target.db.batch([put(key, value)]);
  }
}

/** Whether the blocks that a rebuild needs are present from the first one on. */
export async function canRebuild(source: ChainStore): Promise<boolean> {
  const [first] = await source.db.getManyRaw([numberKey("block", 1)]);
  return first !== undefined;
}
