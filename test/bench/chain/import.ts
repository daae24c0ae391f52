/**
 * How fast final blocks from peers get in: one full block whose signatures are new or known, and many
 * small ones the way a node catches up.
 */
import { CertifiedBlock } from "../../../chain/types/block.ts";
import { SignedTransaction } from "../../../chain/types/transaction.ts";
import { importRange } from "../../../node/network/range-importer.ts";
import { type ReceivedBlock, receiveBlock } from "../../../node/network/received-block.ts";
import { BlockFactory } from "./block-factory.ts";
import { ImportTarget } from "./import-target.ts";
import { inWorkFolder } from "./work-folder.ts";

const TRANSFERS = 2000;
const ACCOUNTS = 20_000;
/** As many as a peer is asked for at once. */
const RANGE = 128;

export interface ImportResult {
  readonly importUncachedMs: number;
  readonly importCachedMs: number;
}

/** @param rounds blocks of each kind; the best counts, since other load only adds */
export function benchImport(rounds: number): Promise<ImportResult> {
  return inWorkFolder((directory) => measureImport(rounds, directory));
}

async function measureImport(rounds: number, directory: string): Promise<ImportResult> {
  const shape = { blocks: 2 * rounds, senders: TRANSFERS, accounts: ACCOUNTS };
  const factory = new BlockFactory(shape);
  const target = await ImportTarget.open(factory, directory);
  const importOne = async (isKnown: boolean): Promise<number> => {
    const certified = factory.next(factory.transfers(TRANSFERS));
    const bytes = CertifiedBlock.serialize(certified);
    if (isKnown) {
      for (const signed of certified.block.body.transactions) {
        target.hear(SignedTransaction.deserialize(SignedTransaction.serialize(signed)));
      }
    }
    const begin = performance.now();
    await target.chain.import(CertifiedBlock.deserialize(bytes));
    return performance.now() - begin;
  };
  try {
    const uncached: number[] = [];
    const cached: number[] = [];
    for (let round = 0; round < rounds; round++) {
      uncached.push(await importOne(false));
      cached.push(await importOne(true));
    }
    return {
      importUncachedMs: Math.round(Math.min(...uncached)),
      importCachedMs: Math.round(Math.min(...cached)),
    };
  } finally {
    await target.close();
  }
}

/**
 * @param factory at genesis; it makes the blocks
 * @param directory where the chain is on disk afterwards
 * @returns blocks a second, each with one transfer and four signatures
 */
export async function benchCatchUp(
  factory: BlockFactory,
  directory: string,
  blocks: number,
): Promise<number> {
  const encoded: Uint8Array[] = [];
  for (let i = 0; i < blocks; i++) {
    encoded.push(CertifiedBlock.serialize(factory.next(factory.transfers(1))));
  }
  const target = await ImportTarget.open(factory, directory);
  try {
    const begin = performance.now();
    for (let from = 1; from <= blocks; from += RANGE) {
      const received: ReceivedBlock[] = [];
      encoded.slice(from - 1, from - 1 + RANGE).forEach((bytes, i) => {
        received.push(receiveBlock(bytes, from + i, received.at(-1)));
      });
      const range = { from, peer: "", blocks: received, bytes: 0 };
      await importRange(target.chain, range, AbortSignal.timeout(60_000));
    }
    return Math.round((blocks * 1000) / (performance.now() - begin));
  } finally {
    await target.close();
  }
}
