/** SHA-256 of kernels.wasm; written by build-kernels.ts, never by hand. */
export const ENGINE_HASH = "9bd182e975bd8f15f11325f17f1d94fe7ee39e82f37aa93727fddf13d127fe14";
