export const MIB: number = 1024 * 1024;
export const HOUR_MS = 3_600_000;
export const DAY_MS: number = 24 * HOUR_MS;
