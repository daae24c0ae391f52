import { type Dataset, shardOfChunks } from "../../ml/dataset/build.ts";
import { decodeChunk } from "../../ml/dataset/chunk.ts";
import type { Split } from "../../ml/dataset/manifest.ts";
import type { Shard } from "../../ml/dataset/shard.ts";

/** A whole split as one shard. */
export function shardOfSplit({ manifest, chunks }: Dataset, split: Split): Shard {
  const parts = manifest[split].map((chunk) =>
    decodeChunk(manifest, chunk, chunks.get(chunk.file) ?? new Uint8Array()),
  );
  return shardOfChunks(manifest, parts);
}
