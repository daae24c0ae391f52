/** The largest values of the unsigned integers that SSZ containers hold. */

export const MAX_UINT32: number = 2 ** 32 - 1;
export const MAX_UINT64: bigint = 2n ** 64n - 1n;
