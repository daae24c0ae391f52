/** The SSZ types expect Node's Buffer as a global: this is the version for browsers (npm `buffer`). */
export { Buffer } from "buffer/index.js";
