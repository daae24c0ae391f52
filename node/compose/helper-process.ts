/**
 * Entry point of a helper process: it runs one task after another, and reports the start and the end of each. Its
 * parent ends it when a task exceeds its limits; it ends itself when its parent ends. The code for a task is loaded
 * with the first task of its kind.
 */
import { constants } from "node:os";
import { PomlError } from "../../chain/errors.ts";
import { endWithParent } from "../helpers/end-with-parent.ts";
import type { HelperReply } from "../helpers/helper-messages.ts";
import { lowerPriority } from "../lower-priority.ts";
import type { KnownRequest } from "./helper-tasks.ts";

const MAX_TEXT = 1024;

function reply(message: HelperReply): void {
  if (process.connected) process.send?.(message, () => {});
}

const MODULES = {
  algorithm: () => import("../search/probe-module.ts"),
  hash: () => import("../search/hash-nonces.ts"),
  inspect: () => import("../jobs/train/orders/inspect-order.ts"),
  merge: () => import("../jobs/train/merge/merge-files.ts"),
  model: () => import("../jobs/train/models/open-model.ts"),
} as const;

async function carryOut(request: KnownRequest): Promise<HelperReply> {
  switch (request.kind) {
    case "algorithm": {
      const { probeModule } = await MODULES.algorithm();
      return { kind: "done", result: await probeModule(request.task) };
    }
    case "hash": {
      const { hashNonces } = await MODULES.hash();
      return { kind: "done", result: await hashNonces(request.task) };
    }
    case "inspect": {
      const { inspectOrder } = await MODULES.inspect();
      return { kind: "done", result: await inspectOrder(request.task) };
    }
    case "merge": {
      const { mergeFiles } = await MODULES.merge();
      return { kind: "done", result: await mergeFiles(request.task) };
    }
    case "model": {
      const { openModel } = await MODULES.model();
      return { kind: "done", result: await openModel(request.task) };
    }
    default:
      return request satisfies never;
  }
}

async function answer(request: KnownRequest): Promise<void> {
  try {
    await MODULES[request.kind]();
    reply({ kind: "started" });
    reply(await carryOut(request));
  } catch (error) {
    const code = error instanceof PomlError ? error.code : "INTERNAL";
    const message = error instanceof Error ? error.message : String(error);
    reply({ kind: "failed", code, message: message.slice(0, MAX_TEXT) });
  }
  globalThis.gc?.();
}

endWithParent();
lowerPriority(constants.priority.PRIORITY_BELOW_NORMAL);
process.on("SIGINT", () => {});
process.once("disconnect", () => process.exit(0));
process.on("message", (request: KnownRequest) => void answer(request));
