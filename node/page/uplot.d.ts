/** The script that the node serves under this name is that of the npm package. */
export { default } from "uplot";
