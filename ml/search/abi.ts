/** The interface between the host and an algorithm's module; docs/search-algorithms.md explains it. */

export const ABI_VERSION = 1;
/** The largest module, in bytes. */
export const MAX_MODULE_BYTES = 256 * 1024;
/** The largest memory, in pages of 64 KiB: 16 MiB. */
export const MAX_PAGES = 256;
export const PAGE_BYTES = 65_536;
/** The largest number of nonces of one call. */
export const MAX_STRETCH = 2 ** 14;
/** The largest prefix, and the largest suffix, in bytes. */
export const MAX_PART_BYTES = 256;
export const DIGEST_BYTES = 32;

/** Offsets in the input. */
export const INPUT = { target: 0, prefix: 32, suffix: 32 + MAX_PART_BYTES } as const;
export const INPUT_BYTES = 32 + 2 * MAX_PART_BYTES;

/** Offsets in the output: the smallest digest with its nonce, the running digest, the finds. */
export const OUTPUT = { minNonce: 0, minDigest: 8, running: 40, finds: 48 } as const;
export const FIND_BYTES = 8 + DIGEST_BYTES;
export const OUTPUT_BYTES = OUTPUT.finds + MAX_STRETCH * FIND_BYTES;

export type ValueType = "i32" | "i64";

export interface Signature {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** The functions that a module exports. */
export const FUNCTIONS = {
  abi: { parameters: [], results: ["i32"] },
  input: { parameters: [], results: ["i32"] },
  output: { parameters: [], results: ["i32"] },
  prepare: { parameters: ["i32", "i32", "i32", "i32"], results: [] },
  search: { parameters: ["i64", "i32"], results: ["i32"] },
} as const satisfies Readonly<Record<string, Signature>>;

/** The same functions as JavaScript calls them. */
export interface AlgorithmExports {
  readonly memory: WebAssembly.Memory;
  abi(): number;
  input(): number;
  output(): number;
  prepare(prefixBytes: number, suffixBytes: number, nonceBytes: number, bigEndian: number): void;
  search(from: bigint, count: number): number;
}
