/** Options and arguments that are paths: `~` is expanded before anything looks at them. */
import { expandPath } from "../config/path.ts";

/** For commander. @param field for the message, e.g. `out` */
export function pathOption(field: string): (text: string) => string {
  return (text) => expandPath(field, text);
}
