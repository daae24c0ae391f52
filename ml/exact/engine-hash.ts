/** SHA-256 of kernels.wasm; written by build-kernels.ts, never by hand. */
export const ENGINE_HASH = "ac1146b531c8727e164092ee74ab267116a2c8546ad8d6ec31ffdf92630dd9e9";
