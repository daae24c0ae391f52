/**
 * Adds a range of received blocks to the chain, in order and in batches; as much as possible is verified ahead
 * (proof-ahead.ts). It distinguishes two failures: a lie of the peer, and this node's inability to follow what the
 * network made final. Only the first says anything about the peer.
 */
import { equalBytes } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import type { Head } from "../../chain/head.ts";
import type { CertifiedBlock } from "../../chain/types/block.ts";
import { wrongPart } from "../chain/block-parts.ts";
import type { BlockSink, Chain } from "../chain/chain.ts";
import { ProofAhead } from "./proof-ahead.ts";
import type { BlockRange } from "./range-fetcher.ts";
import { SyncError } from "./sync-error.ts";

/** Number of blocks that are written to the disk together. */
const BATCH_BLOCKS = 64;

/**
 * Resolves when the whole range is in the chain, by this call or otherwise, or when the signal fires.
 * @throws SyncError BAD_BLOCKS, CANNOT_FOLLOW; StoreError
 */
export async function importRange(
  chain: Chain<BlockSink>,
  range: BlockRange,
  signal: AbortSignal,
): Promise<void> {
  const missing = range.blocks
    .map(({ certified }) => certified)
    .filter(({ block }) => block.header.height > chain.height);
  const proofs = new ProofAhead(missing, chain);
  const { blocks } = proofs;
  const first = blocks[0]?.block.header.height ?? 0;
  const prove = async (certified: CertifiedBlock, { state, hash }: Head): Promise<void> => {
    const { height, parent } = certified.block.header;
    if (!equalBytes(parent, hash)) {
      throw SyncError.badBlocks(height, "it does not follow the final block before it");
    }
    await proofs.prove(height - first, state).catch((error: unknown) => {
      if (!(error instanceof PomlError)) throw error;
      throw SyncError.badBlocks(height, error.message, error);
    });
  };
  let at = 0;
  while (at < blocks.length && !signal.aborted) {
    const batch = blocks.slice(at, at + batchLength(chain, blocks.length - at));
    at += batch.length;
    try {
      await chain.importAll(batch, prove);
    } catch (error) {
      throw blameOf(error, batch, chain.height + 1);
    }
  }
}

/** A batch ends with its epoch, so that the state is then exactly as that block left it. */
function batchLength({ height, state }: Chain<BlockSink>, left: number): number {
  const { epochBlocks } = state.parameters;
  const untilEpoch = epochBlocks - ((height + 1) % epochBlocks);
  return Math.min(left, BATCH_BLOCKS, untilEpoch);
}

/** The side at fault when the block at `height` was refused although its certificate was valid. */
function blameOf(error: unknown, batch: readonly CertifiedBlock[], height: number): unknown {
  if (!(error instanceof PomlError) || error instanceof SyncError) return error;
  const refused = batch.find(({ block }) => block.header.height === height);
  if (error.action !== "reject" || refused === undefined) return error;
  const altered = wrongPart(refused.block);
  return altered === undefined
    ? SyncError.cannotFollow(height, error.message, error)
    : SyncError.badBlocks(height, `its ${altered} is not what was certified`, error);
}
