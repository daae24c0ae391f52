/** Makes a snapshot of a state, and checks whether a stored one is still valid. */
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import { State } from "../../chain/state/state.ts";
import type { StateParts } from "../../chain/state/state-parts.ts";
import { conserved } from "../../chain/supply/supply.ts";
import type { Seat } from "../../chain/types/node.ts";
import { crashPoint } from "../crash-points.ts";
import type { SnapshotManifest } from "./manifest.ts";
import { SnapshotError } from "./snapshot-error.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { decodeState, encodeState } from "./state-stream.ts";

/** A state at the moment when it became final. */
export interface CapturedState {
  readonly parts: StateParts;
  readonly blockHash: Uint8Array;
  readonly stateRoot: Uint8Array;
  /** The seats that certified the block. */
  readonly seats: readonly Seat[];
}

export async function createSnapshot(
  { parts, blockHash, stateRoot, seats }: CapturedState,
  snapshots: SnapshotStore,
  keep: number,
): Promise<SnapshotManifest> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of encodeState(parts)) {
    chunks.push(await snapshots.putChunk(chunk));
    bytes += chunk.length;
  }
  const { height } = parts.meta;
  const manifest = { height, blockHash, stateRoot, seats: [...seats], bytes, chunks };
  crashPoint("snapshot-written");
  await snapshots.add(manifest, keep);
  return manifest;
}

/**
 * Reads the state of a snapshot. A root does not say whether its job is settled, and the maker of a snapshot could give
 * a root for a job that is under way. But the money of every such job is in its record, and all money must be accounted
 * for.
 * @param chunk returns the bytes of a chunk by its hash; it must have verified them
 * @param supply the amount that is conserved on this chain, from its genesis
 * @throws SnapshotError BAD_SNAPSHOT when it is not the state that the manifest names, NO_SNAPSHOT when a chunk is
 * missing
 */
export async function readSnapshot(
  manifest: SnapshotManifest,
  chunk: (hash: Uint8Array) => Promise<Uint8Array | undefined>,
  supply: bigint,
): Promise<State> {
  const parts = await decodeState(chunksOf(manifest, chunk));
  const state = State.of(parts);
  if (state.height !== manifest.height) {
    throw SnapshotError.bad(`its state is of height ${state.height}, not ${manifest.height}`);
  }
  if (!equalBytes(state.root(), manifest.stateRoot)) {
    throw SnapshotError.bad(`its state has root ${toHex(state.root())}`);
  }
  const missing = supply - conserved(state);
  if (missing !== 0n) {
    throw SnapshotError.bad(`${missing} micro-POML of jobs under way are missing in its state`);
  }
  return state;
}

async function* chunksOf(
  { height, bytes, chunks }: SnapshotManifest,
  chunk: (hash: Uint8Array) => Promise<Uint8Array | undefined>,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for (const hash of chunks) {
    const found = await chunk(hash);
    if (found === undefined) {
      throw SnapshotError.none(`chunk ${toHex(hash)} of snapshot ${height} is missing`);
    }
    total += found.length;
    yield found;
  }
  if (total !== bytes) throw SnapshotError.bad(`${total} bytes, not ${bytes}`);
}
