/**
 * A process that opens a data directory as a node does and says everything it would answer, as one line of JSON.
 * Damage may end it inside LevelDB; that is what it is a process of its own for.
 * Arguments: data directory, hashes of the chain's transactions (hex, comma-separated), `repair` to repair first.
 */
import { join } from "node:path";
import { fromHex, toHex } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import { genesisHead } from "../../chain/genesis.ts";
import { readGenesisFile } from "../../node/config/genesis-file.ts";
import { repairStore } from "../../node/maintenance/repair-store.ts";
import { openStore } from "../../node/store/open.ts";
import { scrub } from "../../node/store/scrub.ts";
import { createLog } from "../../node/telemetry/log.ts";

/** Hash by height and height by transaction; a code where it refuses to answer. */
export interface Answers {
  readonly refused?: { readonly code: string; readonly remedy: string | undefined };
  readonly height: number;
  readonly stateRoot: string;
  readonly damaged: readonly number[];
  readonly blocks: readonly string[];
  readonly transactions: readonly (number | string)[];
}

const [, , dataDir = "", ids = "", repair] = process.argv;
process.stdout.write(`${JSON.stringify(await answers())}\n`);

async function answers(): Promise<Partial<Answers>> {
  try {
    const genesis = genesisHead(await readGenesisFile(join(dataDir, "genesis.json")));
    if (repair === "repair") await repairStore(dataDir, genesis);
    const { store, head, check } = await openStore(dataDir, genesis);
    const damaged = new Set(check.damaged);
    const modules = { store, log: createLog("silent"), now: () => 0 };
    const signal = new AbortController().signal;
    await scrub({ ...modules, damaged: (height) => damaged.add(height) }, signal);
    const { height } = head.state;
    const blocks: string[] = [];
    for (let at = 1; at <= height; at++) {
      blocks.push(await codeOr(async () => toHex((await hashAt(at)) ?? new Uint8Array(0))));
    }
    const transactions: (number | string)[] = [];
    for (const id of ids.split(",")) {
      transactions.push(
        await codeOr(async () => (await store.transactionPlace(fromHex(id)))?.height ?? "unknown"),
      );
    }
    const stateRoot = toHex(head.state.root());
    await store.close();
    return { height, stateRoot, damaged: [...damaged], blocks, transactions };

    async function hashAt(at: number): Promise<Uint8Array | undefined> {
      return (await store.block(at))?.certificate.blockHash;
    }
  } catch (error) {
    if (!(error instanceof PomlError)) throw error;
    return { refused: { code: String(error.code), remedy: error.remedy } };
  }
}

async function codeOr<T>(answer: () => Promise<T>): Promise<T | string> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof PomlError) return String(error.code);
    throw error;
  }
}
