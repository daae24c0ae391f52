/**
 * Brings a range of received blocks into the chain, in order; what can be verified ahead is
 * (proof-ahead.ts). A failure is told apart: a lie of the peer, or our own inability to follow what
 * the network made final. Only the first says anything about the peer.
 */
import { equalBytes } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { wrongPart } from "../chain/block-parts.ts";
import type { Chain, ProveBlock } from "../chain/chain.ts";
import { ProofAhead } from "./proof-ahead.ts";
import type { BlockRange } from "./range-fetcher.ts";
import type { ReceivedBlock } from "./received-block.ts";
import { SyncError } from "./sync-error.ts";

/**
 * Returns when all of the range is in the chain, by this or by other means, or the signal fired.
 * @throws SyncError BAD_BLOCKS, CANNOT_FOLLOW; StoreError
 */
export async function importRange(
  chain: Chain,
  range: BlockRange,
  signal: AbortSignal,
): Promise<void> {
  const blocks = range.blocks.filter((_, i) => range.from + i > chain.height);
  const proofs = new ProofAhead(
    blocks.map(({ certified }) => certified),
    chain.tip,
    chain,
  );
  for (const [index, received] of blocks.entries()) {
    if (signal.aborted) return;
    await importOne(chain, received, async (_, state) => {
      if (!equalBytes(received.certified.block.header.parent, chain.head.hash)) {
        throw SyncError.badBlocks(state.height + 1, "it does not follow the final block before it");
      }
      await proofs.prove(index, state).catch((error: unknown) => {
        if (!(error instanceof PomlError)) throw error;
        throw SyncError.badBlocks(state.height + 1, error.message, error);
      });
    });
  }
}

async function importOne(
  chain: Chain,
  { certified }: ReceivedBlock,
  prove: ProveBlock,
): Promise<void> {
  try {
    await chain.import(certified, prove);
  } catch (error) {
    if (!(error instanceof PomlError) || error instanceof SyncError) throw error;
    if (error.action !== "reject") throw error;
    const { height } = certified.block.header;
    const altered = wrongPart(certified.block);
    throw altered === undefined
      ? SyncError.cannotFollow(height, error.message, error)
      : SyncError.badBlocks(height, `its ${altered} is not what was certified`, error);
  }
}
