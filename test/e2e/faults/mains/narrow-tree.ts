/** A node in whose searches a manager serves two others at most, so that four participants are enough for a tree. */
import { FAN_OUT } from "../../../../node/jobs/search/leases/tree.ts";
import { runAsNode } from "./run-as-node.ts";

Object.assign(FAN_OUT, { most: 2, least: 1 });
await runAsNode({});
