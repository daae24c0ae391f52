/**
 * Checks whether a module is an algorithm that this node could run: first its bytes, then a trial in a helper process,
 * where it also hashes nonces for commands, which have no workers.
 */
import { AlgorithmError } from "../../ml/search/algorithm-error.ts";
import { checkModule } from "../../ml/search/check/check-module.ts";
import type { HelperCall, HelperFor, HelperLimits } from "../helpers/helper.ts";
import { HelperError, limitText } from "../helpers/helper-error.ts";
import type { HashAnswer, HashTask } from "./hash-nonces.ts";
import type { AnswerOf } from "./of-module.ts";
import type { ModuleAnswer, ModuleReport, ModuleTask } from "./probe-module.ts";

/**
 * The limits of a trial. It hashes about 4,000 messages before it measures, so an algorithm that takes more than some
 * milliseconds per hash is refused: a search with it could not be stopped in time.
 */
const LIMITS: HelperLimits = {
  timeMs: 120_000,
  cpuMs: 20_000,
  memoryBytes: 512 * 1024 * 1024,
};

/**
 * @param limits default: those of every node
 * @throws AlgorithmError for any fault of the module; HelperError HELPER_LOST, HELPER_STOPPED
 */
export async function checkAlgorithm(
  bytes: Uint8Array,
  helper: HelperFor<"algorithm", ModuleTask, ModuleAnswer>,
  call: HelperCall,
  limits: HelperLimits = LIMITS,
): Promise<ModuleReport> {
  checkModule(bytes);
  return reportOf(helper.run("algorithm", { bytes }, limits, call));
}

/**
 * Digests of single nonces, of which there are few: the limits are those of a trial.
 * @returns 32 bytes for each nonce, in order
 * @throws as checkAlgorithm
 */
export async function hashWith(
  task: HashTask,
  helper: HelperFor<"hash", HashTask, HashAnswer>,
  call: HelperCall,
): Promise<readonly Uint8Array[]> {
  checkModule(task.bytes);
  return reportOf(helper.run("hash", task, LIMITS, call));
}

async function reportOf<Report>(answering: Promise<AnswerOf<Report>>): Promise<Report> {
  try {
    const answer = await answering;
    if (answer.isGood) return answer.report;
    const { message, facts, remedy } = answer;
    throw new AlgorithmError(message, facts, remedy === undefined ? {} : { remedy });
  } catch (error) {
    throw error instanceof HelperError ? endless(error) : error;
  }
}

function endless(error: HelperError): Error {
  const { facts } = error;
  if (facts.code !== "HELPER_LIMIT") return error;
  const { what, limit } = facts;
  return new AlgorithmError(
    `the module was stopped: its trial took more than ${limitText({ what, limit })}`,
    { code: "ALGORITHM_ENDLESS", what, limit },
    { remedy: "look for a loop without end; a hash may take some milliseconds at most" },
  );
}
