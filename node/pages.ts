/** Long lists are returned in pages. */

/** Limit of block bytes read for one answer: then it ends, and says where to continue. */
export const MAX_READ_BYTES = 2 * 1024 * 1024;

/** Where a page of a list begins, and how many entries it may have. */
export interface Page {
  readonly from?: number | undefined;
  readonly limit: number;
}

/** A page of a list that is made from blocks. */
export interface Pages<T> {
  readonly items: readonly T[];
  /** Where the next page begins, if there is more. */
  readonly next: number | undefined;
  /** Bytes of the blocks that were read. */
  readonly readBytes: number;
}
