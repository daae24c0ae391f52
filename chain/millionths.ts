/** Shares, rates and factors are counted in millionths; this is the whole. */
export const MILLION = 1_000_000n;
/** The same as a number. */
export const WHOLE = 1_000_000;
