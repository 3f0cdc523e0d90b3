export { Html } from "./Html";
export { OutputView } from "./OutputView";
