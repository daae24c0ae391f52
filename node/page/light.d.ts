/** The script that the node serves under this name is the bundle of these sources. */
export * from "./light/light.ts";
