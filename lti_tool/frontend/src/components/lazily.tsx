import type { ComponentType, FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useServices } from "./context";

/** A part of the page whose code is a file of its own. */
export interface Part<P> extends FunctionComponent<P> {
  /** Fetches the code; rejects if it cannot be had. */
  fetch(): Promise<void>;
}

type State<P> = { code: ComponentType<P> | null; missing: boolean };

/**
 * A component that is fetched when it is first shown; until then there is nothing in its place.
 * Fetched before, it is there at once. Browsers do not fetch a module again that has failed, so
 * its place then says to reload.
 */
export function lazily<P extends object>(load: () => Promise<ComponentType<P>>): Part<P> {
  let code: ComponentType<P> | null = null;
  const fetch = async () => {
    code ??= await load();
  };
  function Lazy(props: P) {
    const [{ code: Code, missing }, show] = useState<State<P>>(() => ({ code, missing: false }));
    useEffect(() => {
      if (Code) return;
      let shown = true;
      const done = (failed: boolean) => shown && show({ code, missing: failed });
      void fetch().then(() => done(false), () => done(true));
      return () => {
        shown = false;
      };
    }, [Code]);
    if (Code) return <Code {...props} />;
    return missing ? <Missing /> : null;
  }
  return Object.assign(Lazy, { fetch });
}

function Missing() {
  const { t } = useServices().language;
  return <p class="notice notice-attention" data-testid="part-missing">{t("page.partMissing")}</p>;
}
