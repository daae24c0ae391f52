/** `poml snapshot`: the snapshots in the data directory of a node that does not run. */
import { Command } from "commander";
import type { SnapshotManifest } from "../../snapshots/manifest.ts";
import type { SnapshotStore } from "../../snapshots/snapshot-store.ts";
import type { ChainStore } from "../../store/chain-store.ts";
import { addDataDirOption, type DataDirOptions, dataDirOf } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { mebibytes } from "../format.ts";
import { wholeNumber } from "../whole-number.ts";

/** The largest number of snapshots that a node offers to peers. */
const MAX_KEPT = 16;

export function snapshotCommand(context: CliContext): Command {
  const command = new Command("snapshot").description(
    "snapshots of the state, offline; a running node makes and offers them by itself",
  );
  command.addCommand(
    addDataDirOption(new Command("create"))
      .description("make one of the newest block")
      .action((options: DataDirOptions) => create(options, context)),
  );
  command.addCommand(
    addDataDirOption(new Command("list"))
      .description("show those that are kept")
      .action((options: DataDirOptions) => list(options, context)),
  );
  command.addCommand(
    addDataDirOption(new Command("verify"))
      .description("check chunks, state root and block of each, or of one height")
      .argument("[height]", "height of the snapshot")
      .action((height: string | undefined, options: DataDirOptions) =>
        verify(height, options, context),
      ),
  );
  return command;
}

async function create(options: DataDirOptions, context: CliContext): Promise<void> {
  const { createSnapshot } = await import("../../snapshots/create-snapshot.ts");
  const manifest = await withDataDir(options, context, async ({ store, snapshots, head }) => {
    const { state, hash } = head;
    const seats = await store.tipSeats();
    if (state.height === 0 || seats === undefined) {
      throw new CliError(
        "the chain has no block yet",
        { code: "NO_SNAPSHOT", exit: EXIT.notFound },
        "start the node and let it catch up first",
      );
    }
    const captured = { parts: state.parts(), blockHash: hash, stateRoot: state.root(), seats };
    return createSnapshot(captured, snapshots, MAX_KEPT);
  });
  const shown = await show(manifest);
  context.output.result(shown, () => context.output.fields(shown));
}

async function list(options: DataDirOptions, context: CliContext): Promise<void> {
  const { SnapshotStore } = await import("../../snapshots/snapshot-store.ts");
  const snapshots = await SnapshotStore.open(dataDirOf(options, context));
  const shown = await Promise.all((await snapshots.list()).map(show));
  context.output.result({ snapshots: shown }, () => {
    if (shown.length === 0) context.output.line("none");
    else {
      context.output.table(
        ["height", "size", "chunks", "block"],
        shown.map(({ height, bytes, chunks, blockHash }) => [
          height,
          mebibytes(bytes),
          chunks,
          blockHash,
        ]),
      );
    }
  });
}

async function verify(
  height: string | undefined,
  options: DataDirOptions,
  context: CliContext,
): Promise<void> {
  const { conserved } = await import("../../../chain/supply/supply.ts");
  const { readSnapshot } = await import("../../snapshots/create-snapshot.ts");
  const wanted = height === undefined ? undefined : wholeNumber("height", height);
  const verified = await withDataDir(options, context, async ({ store, snapshots, head }) => {
    const supply = conserved(head.state);
    const all = await snapshots.list();
    const chosen = all.filter((one) => wanted === undefined || one.height === wanted);
    if (wanted !== undefined && chosen.length === 0) {
      throw new CliError(
        `no snapshot of height ${wanted}`,
        { code: "NO_SNAPSHOT", exit: EXIT.notFound },
        "`npx poml snapshot list` shows those that are kept",
      );
    }
    for (const manifest of chosen) {
      await readSnapshot(manifest, (hash) => snapshots.chunk(hash), supply);
      await checkBlock(store, manifest);
    }
    return Promise.all(chosen.map(show));
  });
  context.output.result({ verified: true, snapshots: verified }, () => {
    for (const one of verified) context.output.line(`${one.height}: holds, ${one.blockHash}`);
    if (verified.length === 0) context.output.line("none");
  });
}

/** @throws SnapshotError BAD_SNAPSHOT when the local chain has another block or state at that height */
async function checkBlock(store: ChainStore, manifest: SnapshotManifest): Promise<void> {
  const { equalBytes } = await import("../../../chain/crypto/hash.ts");
  const { SnapshotError } = await import("../../snapshots/snapshot-error.ts");
  if (manifest.height < store.lowest) return;
  const stored = await store.block(manifest.height);
  if (
    stored === undefined ||
    !equalBytes(stored.certificate.blockHash, manifest.blockHash) ||
    !equalBytes(stored.block.header.stateRoot, manifest.stateRoot)
  ) {
    throw SnapshotError.bad(`it is not of block ${manifest.height} of this chain`);
  }
}

interface Opened {
  readonly store: ChainStore;
  readonly snapshots: SnapshotStore;
  readonly head: import("../../../chain/head.ts").Head;
}

/** @throws StoreError STORE_IN_USE while the node runs */
async function withDataDir<T>(
  options: DataDirOptions,
  context: CliContext,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const { dataDirPaths } = await import("../../config/data-dir.ts");
  const { readGenesisFile } = await import("../../config/genesis-file.ts");
  const { genesisHead } = await import("../../../chain/genesis.ts");
  const { SnapshotStore } = await import("../../snapshots/snapshot-store.ts");
  const { openStore } = await import("../../store/open.ts");
  const { useFastHasher } = await import("../../ssz-hasher.ts");
  const { root, genesis } = dataDirPaths(dataDirOf(options, context));
  useFastHasher();
  const { store, head } = await openStore(root, genesisHead(await readGenesisFile(genesis)));
  try {
    return await use({ store, head, snapshots: await SnapshotStore.open(root) });
  } finally {
    await store.close();
  }
}

async function show({ height, blockHash, stateRoot, bytes, chunks }: SnapshotManifest) {
  const { toHex } = await import("../../../chain/crypto/hash.ts");
  return {
    height,
    blockHash: toHex(blockHash),
    stateRoot: toHex(stateRoot),
    bytes,
    chunks: chunks.length,
  };
}
