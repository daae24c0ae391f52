/** Addresses: the first 20 bytes of SHA-256 of a public key, shown as bech32m (BIP 350) `poml1…`. */
import { bech32m } from "@scure/base";
import { PomlError } from "../errors.ts";
import { bytesKey, sha256 } from "./hash.ts";

const PREFIX = "poml";

export class AddressError extends PomlError<{ code: "BAD_ADDRESS"; reason: string }> {}

/** By array object: the sender of a transaction is looked up at every step of its way. */
const addresses = new WeakMap<Uint8Array, Uint8Array>();
/** By content: the same senders appear again and again, each time in another array. */
const recent = new Map<string, Uint8Array>();
const RECENT = 8192;

/** @param publicKey must not be changed afterwards */
export function addressOf(publicKey: Uint8Array): Uint8Array {
  let address = addresses.get(publicKey);
  if (address === undefined) {
    address = recentAddressOf(publicKey);
    addresses.set(publicKey, address);
  }
  return address;
}

function recentAddressOf(publicKey: Uint8Array): Uint8Array {
  const key = bytesKey(publicKey);
  let address = recent.get(key);
  if (address === undefined) {
    address = sha256(publicKey).slice(0, 20);
    const oldest = recent.keys().next();
    if (recent.size >= RECENT && !oldest.done) recent.delete(oldest.value);
    recent.set(key, address);
  }
  return address;
}

const keys = new WeakMap<Uint8Array, string>();

/**
 * The address as a key for a Map; cached by array object.
 * @param address must not be changed afterwards
 */
export function addressKey(address: Uint8Array): string {
  let key = keys.get(address);
  if (key === undefined) {
    key = bytesKey(address);
    keys.set(address, key);
  }
  return key;
}

export function formatAddress(address: Uint8Array): string {
  return bech32m.encode(PREFIX, bech32m.toWords(address));
}

/** @throws AddressError BAD_ADDRESS */
export function parseAddress(text: string): Uint8Array {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new AddressError(
      `address ${JSON.stringify(text.slice(0, 80))}: ${reason}`,
      { code: "BAD_ADDRESS", reason },
      { cause, remedy: "an address starts with poml1; `npx poml wallet show` prints your own" },
    );
  };
  try {
    const { prefix, words } = bech32m.decode(text as `${string}1${string}`);
    if (prefix !== PREFIX) return refuse(`prefix is ${prefix}, expected ${PREFIX}`);
    const bytes = bech32m.fromWords(words);
    if (bytes.length !== 20) return refuse(`has ${bytes.length} bytes, expected 20`);
    return new Uint8Array(bytes);
  } catch (error) {
    if (error instanceof AddressError) throw error;
    return refuse("not a bech32m address (mistyped?)", error);
  }
}
