/** Parses options and arguments that are paths; `~` is expanded first. */
import { expandPath } from "../config/path.ts";

/** A parser for commander. @param field named in the message, e.g. `out` */
export function pathOption(field: string): (text: string) => string {
  return (text) => expandPath(field, text);
}
