/** Long lists are given out in pages. */

/** Blocks that one answer reads: after so many bytes it ends, and says where to go on. */
export const MAX_READ_BYTES = 2 * 1024 * 1024;

/** Where a page of a list begins and how much may be on it. */
export interface Page {
  readonly from?: number | undefined;
  readonly limit: number;
}

/** A page of a list made of blocks. */
export interface Pages<T> {
  readonly items: readonly T[];
  /** Where the next begins, if there is more. */
  readonly next: number | undefined;
  /** Of the blocks that were read. */
  readonly readBytes: number;
}
