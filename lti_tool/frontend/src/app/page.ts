import type { Workspace } from "./workspace";

/** Saves when the page is left or hidden, and tries again when it or the network is back. */
export function watchPage(window: Window, workspace: Workspace): void {
  const { document } = window;
  window.addEventListener("pagehide", () => workspace.leave());
  window.addEventListener("online", () => workspace.nudge());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) workspace.nudge();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") workspace.leave();
    else workspace.nudge();
  });
}
