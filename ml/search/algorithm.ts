/**
 * An algorithm that is ready to search. Its module may come from a stranger: it is checked before it is compiled, reads
 * nothing but its own memory, and everything in its answers that can be checked without hashing is checked. It may
 * still never return, so unknown modules run in a process that can be killed.
 */
import { compareBytes, sha256, toHex } from "../../chain/crypto/hash.ts";
import {
  ABI_VERSION,
  type AlgorithmExports,
  DIGEST_BYTES,
  FIND_BYTES,
  INPUT,
  INPUT_BYTES,
  MAX_STRETCH,
  OUTPUT,
  OUTPUT_BYTES,
} from "./abi.ts";
import { malformed, trapped, wrongResult } from "./algorithm-error.ts";
import { checkModule, type ModuleFacts } from "./check/check-module.ts";
import { badTask, checkSearchTask, nonceSpace, type SearchTask } from "./search-task.ts";

export interface Find {
  readonly nonce: bigint;
  /** 32 bytes. */
  readonly digest: Uint8Array;
}

/** The result of consecutive nonces. */
export interface Stretch {
  /** Nonces with digests at or below the target, in order. */
  readonly finds: readonly Find[];
  /** The smallest digest; of several equal ones, that of the lowest nonce. */
  readonly min: Find;
  /** XOR of the first 8 bytes of all digests. */
  readonly running: Uint8Array;
}

export class Algorithm {
  /** SHA-256 of the module's bytes, as hex. */
  readonly hash: string;
  readonly facts: ModuleFacts;
  readonly #module: WebAssembly.Module;

  private constructor(module: WebAssembly.Module, hash: string, facts: ModuleFacts) {
    this.#module = module;
    this.hash = hash;
    this.facts = facts;
  }

  /** @throws AlgorithmError as `checkModule`, and ALGORITHM_MALFORMED for a module that the runtime refuses */
  static async open(bytes: Uint8Array): Promise<Algorithm> {
    // A copy, so that the bytes cannot change between check and compilation.
    const own = Uint8Array.from(bytes);
    const facts = checkModule(own);
    try {
      return new Algorithm(await WebAssembly.compile(own), toHex(sha256(own)), facts);
    } catch (cause) {
      throw malformed(cause instanceof Error ? cause.message : String(cause));
    }
  }

  /** @throws AlgorithmError BAD_SEARCH_TASK, ALGORITHM_TRAPPED, ALGORITHM_RESULT */
  start(task: SearchTask): Search {
    checkSearchTask(task);
    const { exports } = calling("instantiation", () => new WebAssembly.Instance(this.#module, {}));
    const search = new Search(exports as unknown as AlgorithmExports, task);
    search.use(task);
    return search;
  }
}

/** An instance of an algorithm with its own memory, and its current task. */
export class Search {
  readonly #exports: AlgorithmExports;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #input: number;
  readonly #output: number;
  #task: SearchTask;

  /** Use `Algorithm.start` instead. */
  constructor(exports: AlgorithmExports, task: SearchTask) {
    this.#exports = exports;
    this.#task = task;
    this.#bytes = new Uint8Array(exports.memory.buffer);
    this.#view = new DataView(exports.memory.buffer);
    const abi = calling("abi", () => exports.abi());
    if (abi !== ABI_VERSION) throw wrongResult(`abi() is ${abi}, not ${ABI_VERSION}`);
    this.#input = this.#place("input", INPUT_BYTES);
    this.#output = this.#place("output", OUTPUT_BYTES);
    const [input, output] = [this.#input, this.#output];
    if (input < output + OUTPUT_BYTES && output < input + INPUT_BYTES) {
      throw wrongResult(`input at ${input} and output at ${output} overlap`);
    }
  }

  get task(): SearchTask {
    return this.#task;
  }

  /** Changes to another task. @throws AlgorithmError BAD_SEARCH_TASK, ALGORITHM_TRAPPED */
  use(task: SearchTask): void {
    checkSearchTask(task);
    this.#task = task;
    const { prefix, suffix, nonceBytes, endian, target } = task;
    this.#bytes.set(target, this.#input + INPUT.target);
    this.#bytes.set(prefix, this.#input + INPUT.prefix);
    this.#bytes.set(suffix, this.#input + INPUT.suffix);
    const isBig = endian === "big" ? 1 : 0;
    calling("prepare", () =>
      this.#exports.prepare(prefix.length, suffix.length, nonceBytes, isBig),
    );
  }

  /**
   * Hashes consecutive nonces. The result depends on nothing but the task and the nonces.
   * @param count 1 to 16384
   * @param maxFinds the number of finds to read at most; a target may be so high that every nonce is a find
   * @throws AlgorithmError ALGORITHM_TRAPPED, ALGORITHM_RESULT; BAD_SEARCH_TASK for nonces out of range
   */
  stretch(from: bigint, count: number, maxFinds = MAX_STRETCH): Stretch {
    if (!Number.isInteger(count) || count < 1 || count > MAX_STRETCH) {
      throw badTask("count", `${count} is not between 1 and ${MAX_STRETCH}`);
    }
    const to = from + BigInt(count);
    if (from < 0n || to > nonceSpace(this.#task)) {
      throw badTask("from", `nonces ${from} to ${to} of ${this.#task.nonceBytes} bytes`);
    }
    const found = calling("search", () => this.#exports.search(from, count));
    if (found < 0 || found > count) throw wrongResult(`${found} finds among ${count} nonces`);
    const at = this.#output;
    const min = this.#find(at + OUTPUT.minNonce);
    if (min.nonce < from || min.nonce >= to) {
      throw wrongResult(`smallest digest of nonce ${min.nonce}, which is not in ${from} to ${to}`);
    }
    const finds = Array.from({ length: Math.min(found, maxFinds) }, (_, index) =>
      this.#find(at + OUTPUT.finds + index * FIND_BYTES),
    );
    checkFinds(finds, { from, to, min, target: this.#task.target, found });
    const running = this.#bytes.slice(at + OUTPUT.running, at + OUTPUT.finds);
    return { finds, min, running };
  }

  /** Addresses are unsigned numbers of 32 bits. */
  #place(name: "input" | "output", size: number): number {
    const at = calling(name, () => this.#exports[name]()) >>> 0;
    if (at + size <= this.#bytes.length) return at;
    throw wrongResult(`${size} bytes of ${name} at ${at} end beyond the memory`);
  }

  #find(at: number): Find {
    return {
      nonce: this.#view.getBigUint64(at, true),
      digest: this.#bytes.slice(at + 8, at + 8 + DIGEST_BYTES),
    };
  }
}

interface Bounds {
  readonly from: bigint;
  readonly to: bigint;
  readonly min: Find;
  readonly target: Uint8Array;
  /** The number of finds according to the module. */
  readonly found: number;
}

function checkFinds(finds: readonly Find[], { from, to, min, target, found }: Bounds): void {
  let next = from;
  for (const { nonce, digest } of finds) {
    if (nonce < next || nonce >= to) {
      throw wrongResult(`find of nonce ${nonce} where ${next} to ${to} were left`);
    }
    if (compareBytes(digest, target) > 0) {
      throw wrongResult(`the digest of find ${nonce} is above the target`);
    }
    next = nonce + 1n;
  }
  const isUnder = compareBytes(min.digest, target) <= 0;
  if (isUnder && found === 0) {
    throw wrongResult(
      `the smallest digest, of nonce ${min.nonce}, is under the target and no find`,
    );
  }
}

function calling<T>(call: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    throw trapped(call, cause);
  }
}
