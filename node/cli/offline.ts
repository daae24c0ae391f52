/**
 * The common part of commands on a stopped node's database: the genesis, a progress bar, and the handling of
 * interrupts.
 */
import type { Head } from "../../chain/head.ts";
import type { ScanOptions } from "../maintenance/verify-store.ts";
import { type DataDirOptions, dataDirOf } from "./api-options.ts";
import type { CliContext } from "./context.ts";
import { createProgress } from "./progress.ts";

export interface OfflineNode {
  readonly dataDir: string;
  readonly genesis: Head;
  readonly scan: ScanOptions;
}

/** @param work gets the progress bar of this name */
export async function withOfflineNode<T>(
  name: string,
  options: DataDirOptions,
  context: CliContext,
  work: (node: OfflineNode) => Promise<T>,
): Promise<T> {
  const { dataDirPaths } = await import("../config/data-dir.ts");
  const { readGenesisFile } = await import("../config/genesis-file.ts");
  const { genesisHead } = await import("../../chain/genesis.ts");
  const { useFastHasher } = await import("../ssz-hasher.ts");
  useFastHasher();
  const dataDir = dataDirOf(options, context);
  const genesis = genesisHead(await readGenesisFile(dataDirPaths(dataDir).genesis));
  const progress = await createProgress(context.output);
  const bar = progress.bar(name, { isMain: true });
  const onProgress = (done: number, text: string): void => bar.update(done, text);
  try {
    return await work({ dataDir, genesis, scan: { onProgress, signal: context.signal } });
  } finally {
    progress.stop();
  }
}
