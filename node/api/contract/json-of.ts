/** A chain value in JSON: bytes as lower-case hex, bigint as a decimal string. */
export type JsonOf<T> = T extends Uint8Array | bigint
  ? string
  : T extends readonly (infer Item)[]
    ? readonly JsonOf<Item>[]
    : T extends object
      ? { readonly [K in keyof T]: JsonOf<T[K]> }
      : T;
