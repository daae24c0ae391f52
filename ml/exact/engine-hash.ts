/** SHA-256 of kernels.wasm; written by build-kernels.ts, never by hand. */
export const ENGINE_HASH = "94ed43dd17e0fc4f6d867c62343542254dd6715ecca73ee4922354fb9bac5f27";
