/** The content of a snapshot: the state after one final block, as chunks named by their SHA-256. */
import { ContainerType, ListCompositeType, UintNumberType, type ValueOf } from "@chainsafe/ssz";
import { decodeSsz } from "../../chain/decode.ts";
import { Hash, Uint32 } from "../../chain/types/primitive.ts";
import { Seats } from "../../chain/types/state.ts";
import { SnapshotError } from "./snapshot-error.ts";
import { CHUNK_BYTES } from "./state-stream.ts";

const MAX_CHUNKS = 65_536;

export const SnapshotManifest = new ContainerType(
  {
    height: Uint32,
    blockHash: Hash,
    stateRoot: Hash,
    /** The seats that certified the block. */
    seats: Seats,
    /** Length of the stream; every chunk except the last has 1 MiB. */
    bytes: new UintNumberType(8),
    /** SHA-256 of each chunk. */
    chunks: new ListCompositeType(Hash, MAX_CHUNKS),
  },
  { typeName: "SnapshotManifest", jsonCase: "eth2" },
);
export type SnapshotManifest = ValueOf<typeof SnapshotManifest>;

/** @throws DecodeError, SnapshotError BAD_SNAPSHOT */
export function decodeManifest(bytes: Uint8Array): SnapshotManifest {
  const manifest = decodeSsz("snapshot manifest", SnapshotManifest, bytes);
  const expected = Math.ceil(manifest.bytes / CHUNK_BYTES);
  if (manifest.chunks.length === 0 || manifest.chunks.length !== expected) {
    throw SnapshotError.bad(`${manifest.chunks.length} chunks for ${manifest.bytes} bytes`);
  }
  return manifest;
}

/** The id of a snapshot: nodes with the same state have the same id. */
export function manifestId(manifest: SnapshotManifest): Uint8Array {
  return SnapshotManifest.hashTreeRoot(manifest);
}
