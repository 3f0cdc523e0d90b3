import { createContext } from "preact";
import { useContext, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Workspace } from "../app/workspace";
import type { Language } from "../i18n/translate";
import type { Attempt } from "../state/model";
import type { Store } from "../state/store";

/** What components are given instead of reaching for it. */
export interface Services {
  workspace: Workspace;
  store: Store;
  language: Language;
  nonce: string;
  /** Server's clock minus ours is in the attempt; this is ours, in ms since the epoch. */
  now: () => number;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (!services) throw new Error("A component stands outside ServicesContext.Provider.");
  return services;
}

/** A part of the store's state; the component renders again only when that part has changed. */
export function useStore<T>(select: (store: Store) => T): T {
  const { store } = useServices();
  const [, render] = useState(0);
  const value = select(store);
  const latest = useRef({ select, value });
  latest.current = { select, value };
  useLayoutEffect(
    () =>
      store.subscribe(() => {
        if (latest.current.select(store) !== latest.current.value) render((turn) => turn + 1);
      }),
    [store],
  );
  return value;
}

/** A part of the attempt; only for components that exist while an attempt is shown. */
export function useAttempt<T>(select: (attempt: Attempt) => T): T {
  return useStore(({ state }) => {
    if (state.phase !== "ready") throw new Error("No attempt is shown.");
    return select(state.attempt);
  });
}
