/** Tasks for a search algorithm: what callers pass in, and how it travels. */
import { z } from "zod";
import { fromHex, toHex } from "../../../chain/crypto/hash.ts";
import { MAX_PART_BYTES } from "../../../ml/search/abi.ts";
import type { SearchTask } from "../../../ml/search/search-task.ts";
import type { BlobSource } from "../blob-source.ts";
import { Hash } from "./fields.ts";
import type { InputGroup } from "./work.ts";

/** What to search for, and the module that computes the hashes. */
export interface AlgorithmTask extends SearchTask {
  /** Bytes of the WebAssembly module; their SHA-256 is the algorithm's name. */
  readonly algorithm: BlobSource;
}

const Part = z
  .string()
  .regex(/^(?:[0-9a-f]{2})*$/)
  .max(2 * MAX_PART_BYTES);

/** The fields of orders with the input `algorithm`. */
export const SEARCH_FIELDS = {
  prefix: Part,
  suffix: Part,
  nonceBytes: z.literal([4, 8]),
  endian: z.enum(["little", "big"]),
  target: Hash,
};

const SearchFields = z.object(SEARCH_FIELDS);
type SearchFields = z.infer<typeof SearchFields>;

export function searchFields({
  prefix,
  suffix,
  nonceBytes,
  endian,
  target,
}: SearchTask): SearchFields {
  return {
    prefix: toHex(prefix),
    suffix: toHex(suffix),
    nonceBytes,
    endian,
    target: toHex(target),
  };
}

export function searchTask({
  prefix,
  suffix,
  nonceBytes,
  endian,
  target,
}: SearchFields): SearchTask {
  return {
    prefix: fromHex(prefix),
    suffix: fromHex(suffix),
    nonceBytes,
    endian,
    target: fromHex(target),
  };
}

export function algorithmInput({ algorithm }: AlgorithmTask): InputGroup {
  return { name: "algorithm", blobs: [algorithm], isKept: true };
}
