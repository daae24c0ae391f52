/**
 * A key seed encrypted with a passphrase: scrypt (N = 2^15, r = 8, p = 1; 32 MiB, about 0.1 s) derives the key of
 * AES-256-GCM. The cost parameters are stored with the text, so that they can be raised later; they are limited when
 * read, so that a hostile file cannot use up the memory.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import { z } from "zod";

const COST = { n: 2 ** 15, r: 8, p: 1 };
const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

export const EncryptedSeed = z.strictObject({
  kdf: z.literal("scrypt"),
  n: z
    .int()
    .min(1024)
    .max(2 ** 20),
  r: z.int().min(1).max(16),
  p: z.int().min(1).max(4),
  salt: hex(16),
  cipher: z.literal("aes-256-gcm"),
  nonce: hex(12),
  tag: hex(16),
  text: hex(32),
});
export type EncryptedSeed = z.infer<typeof EncryptedSeed>;

/**
 * @param seed 32 secret bytes
 * @param bound the owner of the seed (its public key); a text moved to another file cannot be decrypted
 */
export async function encryptSeed(
  seed: Uint8Array,
  passphrase: string,
  bound: Uint8Array,
): Promise<EncryptedSeed> {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", await derive(passphrase, salt, COST), nonce);
  cipher.setAAD(bound);
  const text = Buffer.concat([cipher.update(seed), cipher.final()]);
  return {
    kdf: "scrypt",
    ...COST,
    salt: salt.toString("hex"),
    cipher: "aes-256-gcm",
    nonce: nonce.toString("hex"),
    tag: cipher.getAuthTag().toString("hex"),
    text: text.toString("hex"),
  };
}

/** @returns the seed, or undefined when passphrase or text is wrong */
export async function decryptSeed(
  sealed: EncryptedSeed,
  passphrase: string,
  bound: Uint8Array,
): Promise<Uint8Array | undefined> {
  const key = await derive(passphrase, Buffer.from(sealed.salt, "hex"), sealed);
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(sealed.nonce, "hex"));
  decipher.setAAD(bound);
  decipher.setAuthTag(Buffer.from(sealed.tag, "hex"));
  try {
    const seed = Buffer.concat([
      decipher.update(Buffer.from(sealed.text, "hex")),
      decipher.final(),
    ]);
    return new Uint8Array(seed);
  } catch {
    return undefined;
  }
}

function derive(
  passphrase: string,
  salt: Uint8Array,
  { n, r, p }: { n: number; r: number; p: number },
): Promise<Buffer> {
  const maxmem = 256 * n * r;
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize("NFKC"), salt, 32, { N: n, r, p, maxmem }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
