import { render } from "preact";
import { attemptApi } from "./api/attempt";
import { Http, renewToken } from "./api/http";
import { Session } from "./api/session";
import { dropTicket, newId, readBoot, readNonce, savesData } from "./app/boot";
import { systemClock } from "./app/clock";
import { askForHeight } from "./app/frame";
import { watchPage } from "./app/page";
import { localStorageOf, tabIdOf } from "./app/storage";
import { Workspace } from "./app/workspace";
import { App } from "./components/App";
import { contentReady } from "./components/content";
import { ServicesContext } from "./components/context";
import { streamReader } from "./events/stream";
import { languageFor } from "./i18n/translate";
import { Checker, type CheckerParts, type CheckerThread } from "./rules/checker";
import { Store } from "./state/store";
import "./styles/main.css";

const boot = readBoot(document);
const send = window.fetch.bind(window);
const store = new Store();
const session = new Session(
  boot.token,
  (token) => renewToken(send, token),
  systemClock,
  () => store.dispatch({ type: "session.expired" }),
);
const workspace = new Workspace({
  api: attemptApi(new Http(session, send), boot.api, systemClock.now),
  session,
  read: streamReader(`${boot.api}/events`, session, send, systemClock),
  store,
  clock: systemClock,
  random: Math.random,
  newId,
  storage: localStorageOf(window),
  attemptId: boot.attempt_id,
  tabId: tabIdOf(window, newId),
  checker: savesData(navigator) ? null : checker,
});

function checker(parts: Pick<CheckerParts, "cells" | "show">): Checker {
  return new Checker({
    ...parts,
    clock: systemClock,
    thread: () =>
      new Worker(new URL("./rules/worker.ts", import.meta.url), { type: "module" }) as CheckerThread,
    python: boot.python,
    locale: boot.locale.split(/[-_]/)[0] ?? "en",
    warn: (message) => console.warn(`Casebook: ${message}`),
  });
}

const root = document.getElementById("workspace");
if (!root) throw new Error("The page has no #workspace; its template must print one.");
session.start(boot.expires_at ?? null);
watchPage(window, workspace);
if (boot.resized_by && window.parent !== window) {
  const fit = askForHeight(window, boot.resized_by);
  new ResizeObserver(fit).observe(document.body);
}
dropTicket(window);
void workspace.load();
void Promise.all([languageFor(boot.locale), contentReady()]).then(([language]) => {
  document.documentElement.lang = language.locale;
  root.textContent = "";
  render(
    <ServicesContext.Provider
      value={{ workspace, store, language, nonce: readNonce(document), now: systemClock.now }}
    >
      <App title={boot.title} />
    </ServicesContext.Provider>,
    root,
  );
});
