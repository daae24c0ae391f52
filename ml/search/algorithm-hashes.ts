/** SHA-256 of algorithms/*.wasm; written by build-kernels.ts; do not edit. */
export const ALGORITHM_HASHES = {
  sha256: "831ed83d600af1e7b229bada96f64cd244ba3088b8d72627e5d160fb268ff0f2",
  sha256d: "5eb463acaf5a738588df8e518b1550d16b18ac215b92e76566d7ad21532ec078",
  blake2b: "003cd4056a77132ab789b59684d942deb8dafd17b3a2cf748917807729634817",
} as const;
