/**
 * `poml storage`: shows the files of jobs on a node's disk, by kind, and the deleted ones. It works on a stopped node,
 * too.
 */
import { Command } from "commander";
import type { StorageJson } from "../../api/contract/storage.ts";
import { type ApiOptions, addApiOptions, connect, dataDirOf } from "../api-options.ts";
import type { CliContext } from "../context.ts";
import { CliError } from "../exit-codes.ts";
import { mebibytes, shortHash } from "../format.ts";
import { withOfflineNode } from "../offline.ts";
import type { Output } from "../output.ts";

/** The largest number of deletions printed for people; --json has all of them. */
const SHOWN = 10;

const REASONS: Readonly<Record<StorageJson["deletions"][number]["reason"], string>> = {
  old: "no job needed it",
  "settled-long-ago": "its job was settled long ago",
  "over-quota": "its kind was over the quota",
  "low-disk": "the disk got low",
};

export function storageCommand(context: CliContext): Command {
  return addApiOptions(new Command("storage"))
    .description("show the files of jobs on a node's disk, running or stopped")
    .action(async (options: ApiOptions) => {
      const found = await storageOf(options, context);
      context.output.result(found, () => show(context.output, found));
    });
}

async function storageOf(options: ApiOptions, context: CliContext): Promise<StorageJson> {
  try {
    return await (await connect(options, context)).storage();
  } catch (error) {
    if (!(error instanceof CliError) || error.facts.code !== "NODE_NOT_RUNNING") throw error;
    return offline(options, context);
  }
}

async function offline(options: ApiOptions, context: CliContext): Promise<StorageJson> {
  const { loadConfig } = await import("../../config/load.ts");
  const { offlineReport } = await import("../../storage/offline-report.ts");
  const { storageJson } = await import("../../api/encode/storage.ts");
  const flags = { "data-dir": dataDirOf(options, context) };
  const settings = await loadConfig({ flags, env: context.env });
  return withOfflineNode("storage", options, context, async ({ dataDir, genesis }) => {
    context.output.note(`the node in ${dataDir} is stopped: these are the files in its directory`);
    return storageJson(await offlineReport(dataDir, genesis, settings, Date.now()));
  });
}

function show(output: Output, storage: StorageJson): void {
  output.table(
    ["kind", "files", "size", "needed", "promised", "quota", "oldest kept", "until"],
    storage.kinds.map(({ kind, files, bytes, neededBytes, heldBytes, quotaBytes, oldest }) => [
      kind,
      files,
      mebibytes(bytes),
      mebibytes(neededBytes),
      mebibytes(heldBytes),
      mebibytes(quotaBytes),
      oldest === undefined ? "-" : `${nameOf(oldest.name)} of ${dateOf(oldest.touchedAt)}`,
      oldest === undefined ? "-" : untilOf(oldest.until),
    ]),
  );
  output.line();
  output.fields({
    free: mebibytes(storage.freeBytes),
    "jobs leave": `${mebibytes(storage.jobsMinFreeBytes)} (disk.jobsMinFreeMib)${storage.hasJobRoom ? "" : ": NO ROOM, no files of jobs are taken"}`,
    "chain leaves": `${mebibytes(storage.minFreeBytes)} (disk.minFreeMib)`,
    counted: dateOf(storage.countedAt),
  });
  showDeletions(output, storage.deletions);
}

function showDeletions(output: Output, deletions: StorageJson["deletions"]): void {
  output.line();
  if (deletions.length === 0) {
    output.line("Nothing was deleted.");
    return;
  }
  output.line(
    deletions.length > SHOWN ? `Last deleted (${SHOWN} of ${deletions.length}):` : "Last deleted:",
  );
  output.table(
    ["when", "kind", "name", "size", "why"],
    deletions
      .slice(0, SHOWN)
      .map(({ at, kind, name, bytes, reason }) => [
        dateOf(at),
        kind,
        nameOf(name),
        mebibytes(bytes),
        REASONS[reason],
      ]),
  );
}

function nameOf(name: string): string {
  return name.length > 16 ? shortHash(name) : name;
}

function untilOf(until: number | undefined): string {
  return until === undefined ? "it is not needed any more" : dateOf(until);
}

/** In UTC, to the minute. */
function dateOf(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
