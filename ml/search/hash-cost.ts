/**
 * The cost of one hash of a shipped algorithm, in operations comparable with those of training: a core does about the
 * same number of either in a second. Blocks of the message before that of the nonce are hashed once and cost nothing.
 */
import type { SearchTask } from "./search-task.ts";
import type { ShippedName } from "./shipped-algorithms.ts";

/** 32-bit operations of one SHA-256 block: 64 rounds of 36, 48 words of schedule of 19. */
const SHA256_BLOCK = 3216;
/** 32-bit operations of one BLAKE2b block: 96 mixings of 22 operations on 64 bits, which count twice. */
const BLAKE2B_BLOCK = 4224;
/** Roughly the operations of a core in a second. It determines the size of a unit, and nothing else. */
export const CORE_OPERATIONS = 16_000_000_000;

type Message = Pick<SearchTask, "prefix" | "suffix" | "nonceBytes">;

const COSTS: Readonly<Record<ShippedName, (message: Message) => number>> = {
  sha256: (message) => SHA256_BLOCK * sha256Blocks(message),
  sha256d: (message) => SHA256_BLOCK * (sha256Blocks(message) + 1),
  blake2b: (message) => BLAKE2B_BLOCK * blocksBehind(message, 128, 0),
};

export function hashOperations(name: ShippedName, message: Message): number {
  return COSTS[name](message);
}

/** SHA-256 ends a message with a bit and its length. */
function sha256Blocks(message: Message): number {
  return blocksBehind(message, 64, 9);
}

function blocksBehind({ prefix, suffix, nonceBytes }: Message, block: number, end: number): number {
  const bytes = prefix.length + nonceBytes + suffix.length + end;
  return Math.ceil(bytes / block) - Math.floor(prefix.length / block);
}
