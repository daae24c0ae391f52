/**
 * `poml algorithm`: lists the algorithms of searches, and checks whether the user's own module could be one of them.
 */
import { Command } from "commander";
import { fromHex, sha256, toHex } from "../../../chain/crypto/hash.ts";
import { PomlError } from "../../../chain/errors.ts";
import type { AlgorithmList } from "../../api/contract/algorithm.ts";
import { type ApiOptions, addApiOptions, connect, type WalletOptions } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { usageError } from "../exit-codes.ts";
import { hashRate, mebibytes } from "../format.ts";
import { pathOption } from "../path-option.ts";
import { readModuleFile } from "../search/module-file.ts";
import { addKeyOption, sendSigned } from "./bond.ts";

/** The helper process belongs to this command. */
const TURN = { group: "algorithm", member: "" } as const;

export function algorithmCommand(context: CliContext): Command {
  const algorithm = new Command("algorithm").description("what searches hash with");
  algorithm.addCommand(
    addApiOptions(new Command("list"))
      .description("show what searches can hash with: shipped, certified, allowed; open votes")
      .action((options: ApiOptions) => list(options, context)),
  );
  algorithm.addCommand(
    new Command("check")
      .description("check a WebAssembly module that is to be an algorithm, in a process of its own")
      .argument("<file>", "the module, a .wasm file", pathOption("file"))
      .action((file: string) => check(file, context)),
  );
  algorithm.addCommand(
    addApiOptions(new Command("add"))
      .description("bring a module to the node, so that searches can name it by its hash")
      .argument("<file>", "the module, a .wasm file", pathOption("file"))
      .action((file: string, options: ApiOptions) => add(file, options, context)),
  );
  algorithm.addCommand(
    addKeyOption(addApiOptions(new Command("certify")))
      .description("vote with a node's weight that every node may run an algorithm")
      .argument("<algorithm>", "name of a shipped one, hash of a module, or a .wasm file")
      .option("--against", "vote to take it off the list, or take a vote for it back")
      .action((text: string, options: CertifyOptions) => certify(text, options, context)),
  );
  return algorithm;
}

type CertifyOptions = ApiOptions & WalletOptions & { readonly against?: boolean };

async function certify(text: string, options: CertifyOptions, context: CliContext): Promise<void> {
  const { algorithmVotePayload } = await import("../../wallet/payload.ts");
  const hash = await hashOf(text);
  context.output.note(`the vote is on the module ${toHex(hash)}`);
  await sendSigned(algorithmVotePayload(hash, options.against !== true), options, context);
}

/** A file is checked before anybody votes for it. @throws CliError BAD_ARGUMENT, FILE_NOT_FOUND; AlgorithmError */
async function hashOf(text: string): Promise<Uint8Array> {
  const { findShipped } = await import("../../../ml/search/shipped-algorithms.ts");
  const shipped = findShipped(text.toLowerCase());
  if (shipped !== undefined) return fromHex(shipped.hash);
  if (/^[0-9a-f]{64}$/i.test(text)) return fromHex(text.toLowerCase());
  if (!text.endsWith(".wasm") && !text.includes("/")) {
    throw usageError(
      "algorithm",
      `${JSON.stringify(text)} is no shipped algorithm, no hash and no .wasm file`,
      "`npx poml algorithm list` shows the shipped ones",
    );
  }
  const { checkModule } = await import("../../../ml/search/check/check-module.ts");
  const bytes = await readModuleFile(text);
  checkModule(bytes);
  return sha256(bytes);
}

async function list(options: ApiOptions, context: CliContext): Promise<void> {
  const { showAlgorithms, showShipped } = await import("../search/algorithm-list.ts");
  let answer: AlgorithmList;
  try {
    answer = await (await connect(options, context)).algorithms();
  } catch (error) {
    const isNamed = options.api ?? options.dataDir ?? context.env.POML_API;
    if (isNamed !== undefined || !(error instanceof PomlError) || !isUnreachable(error))
      throw error;
    context.output.note(
      "no node answers here, so these are the shipped ones alone; a node also knows certified ones and open votes",
    );
    return showShipped(context.output);
  }
  context.output.result(answer, () => showAlgorithms(context.output, answer));
}

const UNREACHABLE = ["UNREACHABLE", "NODE_NOT_RUNNING", "NOT_INITIALISED"];

function isUnreachable({ code }: PomlError): boolean {
  return UNREACHABLE.includes(code);
}

async function add(file: string, options: ApiOptions, context: CliContext): Promise<void> {
  const bytes = await readModuleFile(file);
  const added = await (await connect(options, context)).addAlgorithm(bytes);
  context.output.result({ file, ...added }, () => {
    context.output.fields({ hash: added.hash, speed: hashRate(added.hashesPerSecond) });
    context.output.command("Search with it: ", `npx poml search --algorithm ${added.hash}`);
  });
}

async function check(file: string, { output, signal }: CliContext): Promise<void> {
  const { checkAlgorithm } = await import("../../search/check-algorithm.ts");
  const { findShipped } = await import("../../../ml/search/shipped-algorithms.ts");
  const { PAGE_BYTES } = await import("../../../ml/search/abi.ts");
  const { newHelper } = await import("../../compose/helpers.ts");
  const { SILENT } = await import("../../../p2p/log.ts");
  const bytes = await readModuleFile(file);
  const helper = newHelper(SILENT);
  try {
    const report = await checkAlgorithm(bytes, helper, { signal, turn: TURN });
    const shipped = findShipped(report.hash)?.name;
    output.result({ file, ...report, ...(shipped && { shipped }) }, () =>
      output.fields({
        hash: report.hash,
        module: `${report.bytes} bytes, ${report.functions} functions`,
        memory: `${mebibytes(report.pages * PAGE_BYTES)} of its own`,
        speed: `${hashRate(report.hashesPerSecond)} here, in its first moments`,
        verdict: shipped === undefined ? "keeps the rules" : `the shipped ${shipped}`,
      }),
    );
  } finally {
    await helper.stop();
  }
}
