/** Shares, rates and factors are counted in millionths: so many make the whole. */
export const MILLION = 1_000_000n;
/** The same, for what is reckoned with numbers. */
export const WHOLE = 1_000_000;
