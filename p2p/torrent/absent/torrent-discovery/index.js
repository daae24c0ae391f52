/** Finds no peers: nodes name them to each other. */
import { EventEmitter } from "node:events";

// biome-ignore lint/style/noDefaultExport: WebTorrent imports it so.
export default class Discovery extends EventEmitter {
  tracker = null;

  complete() {}

  destroy(done = () => {}) {
    queueMicrotask(done);
  }
}
