/**
 * Key files: one Ed25519 identity as JSON, plain for test networks or encrypted with a passphrase. Nodes and clients
 * use the same form.
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { addressOf, formatAddress } from "../../chain/crypto/address.ts";
import { equalBytes, fromHex, toHex } from "../../chain/crypto/hash.ts";
import { type KeyPair, keyPairFromSeed } from "../../chain/crypto/keys.ts";
import { decryptSeed, EncryptedSeed, encryptSeed } from "./key-cipher.ts";
import { readSecretFile, writeSecretFile } from "./secret-file.ts";
import { WalletError } from "./wallet-error.ts";

/** Everything that an identity needs; `seed` must not leave the process. */
export interface Identity {
  /** 32 secret bytes. */
  readonly seed: Uint8Array;
  readonly keyPair: KeyPair;
  /** 20 bytes. */
  readonly address: Uint8Array;
}

/** Asks a person (or the environment) for the passphrase of `path`; undefined = there is none. */
export type AskPassphrase = (path: string) => Promise<string | undefined>;

const hex32 = z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex characters");
const KeyFile = z.strictObject({
  version: z.literal(1),
  address: z.string().max(100),
  publicKey: hex32,
  secret: z.union([z.strictObject({ seed: hex32 }), EncryptedSeed]),
});
type KeyFile = z.infer<typeof KeyFile>;

export function identityFromSeed(seed: Uint8Array): Identity {
  const keyPair = keyPairFromSeed(seed);
  return { seed, keyPair, address: addressOf(keyPair.publicKey) };
}

export function newIdentity(): Identity {
  return identityFromSeed(new Uint8Array(randomBytes(32)));
}

/** @throws WalletError KEY_FILE_EXISTS */
export async function writeKeyFile(
  path: string,
  identity: Identity,
  passphrase?: string,
): Promise<void> {
  const { publicKey } = identity.keyPair;
  const file: KeyFile = {
    version: 1,
    address: formatAddress(identity.address),
    publicKey: toHex(publicKey),
    secret:
      passphrase === undefined
        ? { seed: toHex(identity.seed) }
        : await encryptSeed(identity.seed, passphrase, publicKey),
  };
  await writeSecretFile(path, `${JSON.stringify(file, null, 2)}\n`);
}

/**
 * @throws WalletError KEY_FILE_MISSING, KEY_FILE_EXPOSED, KEY_FILE_MALFORMED, PASSPHRASE_NEEDED,
 *   PASSPHRASE_WRONG
 */
export async function readKeyFile(path: string, ask?: AskPassphrase): Promise<Identity> {
  const file = parseKeyFile(path, await readSecretFile(path));
  const publicKey = fromHex(file.publicKey);
  const seed =
    "seed" in file.secret
      ? fromHex(file.secret.seed)
      : await unseal(path, file.secret, publicKey, ask);
  const identity = identityFromSeed(seed);
  if (!equalBytes(identity.keyPair.publicKey, publicKey)) {
    throw malformed(path, "publicKey does not belong to the secret");
  }
  return identity;
}

async function unseal(
  path: string,
  sealed: EncryptedSeed,
  publicKey: Uint8Array,
  ask: AskPassphrase | undefined,
): Promise<Uint8Array> {
  const passphrase = await ask?.(path);
  if (passphrase === undefined) {
    throw new WalletError(
      `${path} is sealed with a passphrase`,
      { code: "PASSPHRASE_NEEDED", path },
      "set POML_PASSPHRASE or run the command in a terminal",
    );
  }
  const seed = await decryptSeed(sealed, passphrase, publicKey);
  if (seed === undefined) {
    throw new WalletError(
      `the passphrase does not open ${path}`,
      { code: "PASSPHRASE_WRONG", path },
      "try again; without the passphrase the key cannot be restored",
    );
  }
  return seed;
}

/** @throws WalletError KEY_FILE_MALFORMED */
export function parseKeyFile(path: string, text: string): KeyFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The message of the parser may quote the secret, so it is not kept as the cause.
    throw malformed(path, "not JSON");
  }
  const parsed = KeyFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw malformed(path, `field ${issue?.path.join(".") || "(whole file)"} is wrong`);
}

function malformed(path: string, reason: string): WalletError {
  return new WalletError(
    `${path}: ${reason}`,
    { code: "KEY_FILE_MALFORMED", path, reason },
    "restore the file from a backup",
  );
}
