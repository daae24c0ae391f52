/** SHA-256 of kernels.wasm; written by build-kernels.ts, never by hand. */
export const ENGINE_HASH = "c68190fe8735cc93e21674d555ce5477843b50c4aa9054544dd0f7b28bec70d1";
