/**
 * genesis.json: the chain's genesis in a readable form. Bytes are hex, addresses bech32m, amounts and times decimal
 * strings. The root of its content is the chain's identity.
 */

import { open, readFile, rename } from "node:fs/promises";
import { z } from "zod";
import { formatAddress, parseAddress } from "../../chain/crypto/address.ts";
import { fromHex, toHex } from "../../chain/crypto/hash.ts";
import { genesisHead } from "../../chain/genesis.ts";
import { type Genesis, Parameters } from "../../chain/types/genesis.ts";
import { MAX_UINT64 } from "../../chain/uint-range.ts";
import { isCode } from "../wallet/secret-file.ts";
import { ConfigError } from "./config-error.ts";

const MAX_BYTES = 32 * 1024 * 1024;

const uint = (bits: number) =>
  z
    .int()
    .min(0)
    .max(2 ** bits - 1);
const uint64 = z
  .string()
  .regex(/^\d{1,20}$/, "expected a decimal string")
  .transform(BigInt)
  .refine((value) => value <= MAX_UINT64, "does not fit in 64 bits");
const bytes32 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex characters")
  .transform(fromHex);
const text = (limit: number) =>
  z
    .string()
    .transform((value) => new TextEncoder().encode(value))
    .refine((value) => value.length <= limit, `has more than ${limit} bytes of UTF-8`);
const address = z.string().transform((value, context) => {
  try {
    return parseAddress(value);
  } catch (error) {
    context.addIssue(error instanceof Error ? error.message : "not an address");
    return z.NEVER;
  }
});

const ParametersJson = z.strictObject({
  protocolVersion: uint(16),
  blockIntervalMs: uint(32),
  epochBlocks: uint(32),
  maxSeats: uint(16),
  maxBlockBytes: uint(32),
  feeFloor: uint64,
  feeCap: uint64,
  feeRate: uint(32),
  bondPerRating: uint64,
  minBond: uint64,
  unbondingBlocks: uint(32),
  unbondingSeconds: uint(32),
  evidenceBlocks: uint(32),
  evidenceSeconds: uint(32),
  slashShare: uint(32),
  evidenceReward: uint(32),
  skipPenalty: uint64,
  skipShare: uint(32),
  weightChange: uint(32),
  drawDelay: uint(32),
  blockReward: uint64,
  workReward: uint64,
  emissionLimit: uint64,
  windowInterval: uint(32),
  windowOffset: uint(32),
  windowBlocks: uint(32),
  claimBlocks: uint(32),
  verdictBlocks: uint(32),
  surpriseChance: uint(32),
  surpriseBlocks: uint(32),
  verifiers: uint(16),
  segmentsPerVerifier: uint(16),
  baselineTask: uint(16),
  trackInterval: uint(32),
  trackOffset: uint(32),
  trackBlocks: uint(32),
  trackTask: uint(16),
  ratingHalfLife: uint(32),
  falseWorkShare: uint(32),
  energyReference: uint64,
  segmentSteps: uint(32),
  minPricePerSample: uint64,
  minPricePerTeraflop: uint64,
  managerShare: uint(32),
  auditShare: uint(32),
  secondLook: uint(32),
  newcomerAudits: uint(16),
  unitOperations: uint64,
  maxExtensions: uint(16),
  exactEngine: bytes32,
} satisfies Record<keyof Parameters, z.ZodType>);

const GenesisJson = z.strictObject({
  name: text(64),
  time: uint64,
  parameters: ParametersJson,
  accounts: z.array(z.strictObject({ address, balance: uint64 })).max(65_536),
  nodes: z
    .array(
      z.strictObject({
        publicKey: bytes32,
        name: text(64),
        endpoint: text(256),
        bond: uint64,
        onion: bytes32,
        onionLength: uint(16),
        capacity: uint64,
      }),
    )
    .max(128),
});

/** @throws ConfigError GENESIS_MALFORMED; GenesisError when the content breaks the chain's rules */
export function decodeGenesis(json: unknown): Genesis {
  const genesis = decode(GenesisJson, json);
  genesisHead(genesis);
  return genesis;
}

/**
 * Parameters in the form that genesis.json and the API share.
 * @throws ConfigError GENESIS_MALFORMED
 */
export function decodeParameters(json: unknown): Parameters {
  return decode(ParametersJson, json);
}

/** A form for JSON; `decodeGenesis` reverses it. */
export function encodeGenesis(genesis: Genesis): unknown {
  const utf8 = new TextDecoder();
  const parameters: Record<string, unknown> = {};
  for (const key of Object.keys(Parameters.fields) as (keyof Parameters)[]) {
    parameters[key] = plain(genesis.parameters[key]);
  }
  return {
    name: utf8.decode(genesis.name),
    time: genesis.time.toString(),
    parameters,
    accounts: genesis.accounts.map(({ address, balance }) => ({
      address: formatAddress(address),
      balance: balance.toString(),
    })),
    nodes: genesis.nodes.map((node) => ({
      publicKey: toHex(node.publicKey),
      name: utf8.decode(node.name),
      endpoint: utf8.decode(node.endpoint),
      bond: node.bond.toString(),
      onion: toHex(node.onion),
      onionLength: node.onionLength,
      capacity: node.capacity.toString(),
    })),
  };
}

/**
 * @param remedy advice in the error if the file is missing
 * @throws ConfigError NOT_INITIALISED, GENESIS_MALFORMED
 */
export async function readGenesisFile(
  path: string,
  remedy = "make the data directory with `npx poml init --genesis <file>`",
): Promise<Genesis> {
  const content = await readFile(path).catch((error: unknown) => {
    if (!isCode(error, "ENOENT")) throw error;
    throw new ConfigError(
      `${path} does not exist`,
      { code: "NOT_INITIALISED", path },
      remedy,
      error,
    );
  });
  if (content.length > MAX_BYTES) throw malformed("(whole file)", "is larger than 32 MiB");
  let json: unknown;
  try {
    json = JSON.parse(content.toString("utf8"));
  } catch (error) {
    throw malformed("(whole file)", error instanceof Error ? error.message : "not JSON");
  }
  return decodeGenesis(json);
}

export async function writeGenesisFile(path: string, genesis: Genesis): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w", 0o644);
  try {
    await file.writeFile(`${JSON.stringify(encodeGenesis(genesis), null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

function decode<T>(schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw malformed(issue?.path.join(".") || "(whole file)", issue?.message ?? "is not valid");
}

function plain(value: number | bigint | Uint8Array): string | number {
  if (typeof value === "bigint") return value.toString();
  return typeof value === "number" ? value : toHex(value);
}

function malformed(field: string, reason: string): ConfigError {
  return new ConfigError(
    `genesis ${field}: ${reason}`,
    { code: "GENESIS_MALFORMED", field, reason },
    "get the file again from the network's operator and compare its root",
  );
}
