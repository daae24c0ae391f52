/** What the SSZ types expect of a global: Node's Buffer, in the form made for browsers (npm `buffer`). */
export { Buffer } from "buffer/index.js";
